"""Pieces of the report: what is written, sentences, tables and pictures as HTML with every figure naming its cell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from coverage_planner.report.cells import Cell, Sentence, cell_at, escape, find_cell, write_figure
from coverage_planner.report.column_kinds import Kind
from coverage_planner.report.results import Results
from coverage_planner.report.speech import Speech
from coverage_planner.report.table_columns import COLUMNS
from coverage_planner.report.words import Language

if TYPE_CHECKING:
    from coverage_planner.report.charts import Picture

#: Rows that a table of the report shows at most; the CSV file has all.
MOST_ROWS = 15

#: More columns than this have to stand closer.
_MANY = 9
#: Columns of names, which get more room.
_NAMES = frozenset({"name", "nearest_name", "hub_name", "reason", "answer"})
#: Columns whose words stand in the list of needs only.
_OWN_WORDS = frozenset({"lack", "answer"})
_SIGNED = frozenset({"change", "share_change", "count_change"})


@dataclass(frozen=True, eq=False)
class Report:
    """What a report is made from.

    Attributes
    ----------
    home
        The results folder; None where it is not known.
    results
        Its tables, layers and run.json.
    language
        'zh' or 'en'.
    said, words
        How the language says what stands in tables, and the report's own texts.
    settings
        Title, organisation, author, date, approval_number, boundary_source, notes, data; None where not given.
    """

    home: Path | None
    results: Results
    language: Language
    said: Speech
    words: Mapping[str, str]
    settings: Mapping[str, Any]

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """The tables of the results."""
        return self.results.tables

    @property
    def ours(self) -> Mapping[str, Any]:
        """What write_results wrote into run.json."""
        found: Mapping[str, Any] = self.results.run["results"]
        return found

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan's settings; empty where the results do not come from a plan."""
        plan = self.results.run.get("plan")
        return plan if isinstance(plan, dict) else {}

    @property
    def scenarios(self) -> list[str]:
        """Today, then the proposed scenario; one of them where only one was evaluated."""
        return list(dict.fromkeys(self.tables["overall"]["scenario"]))

    @property
    def latest(self) -> str:
        """The proposed scenario, or the only one."""
        return self.scenarios[-1]

    @property
    def groups(self) -> list[str]:
        """All groups, the headline group first."""
        return list(dict.fromkeys(self.tables["overall"]["group"]))

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return bool(self.ours.get("synthetic"))

    @property
    def source(self) -> str:
        """Whose streets these are, and that the data are made up where they are."""
        streets = str(self.ours.get("streets") or self.words["not_stated"])
        return f"{streets} · synthetic data 合成数据" if self.synthetic else streets

    def cell(self, table: str, column: str, key: Mapping[str, object], *, magnitude: bool = False) -> Cell | None:
        """Return the cell of a column in the one row that a key names; see `find_cell`."""
        return find_cell(self.tables, table, column, magnitude=magnitude, **key)


# --- sentences ---


def sentence(report: Report, key: str, cells: Mapping[str, Cell | None], names: Mapping[str, str] | None = None) -> str:
    """Return one of the report's sentences as HTML; "" where one of its cells has no value.

    Parameters
    ----------
    report
        The report.
    key
        Of `report_words`.
    cells
        Place -> cell.
    names
        Place -> name or word.
    """
    known = {place: cell for place, cell in cells.items() if cell is not None}
    if len(known) < len(cells):
        return ""
    return f'<span class="said">{Sentence(report.words[key], known, names or {}).html(report.language)}</span>'


def items(sentences: Sequence[str]) -> str:
    """Return sentences as a list; "" where there are none."""
    said = "".join(f"<li>{text}</li>" for text in sentences if text)
    return f"<ul>{said}</ul>" if said else ""


def file_name(name: str) -> str:
    """Return the name of a file as HTML."""
    return f'<code class="file">{escape(name)}</code>'


def of_run(path: Sequence[str | int], value: float, kind: Kind = "number") -> str:
    """Return a number of run.json as HTML that says where it stands there."""
    place = "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)
    said = escape(write_figure(value, kind))
    return f'<data value="{escape(value)}" data-run="{escape(place)}">{said}</data>'


def of_rows(table: str, count: int, where: Mapping[str, str] | None = None) -> str:
    """Return a number of rows as HTML that says of which table, and which rows of it."""
    chosen = f' data-where="{escape(json.dumps(dict(where), ensure_ascii=False))}"' if where else ""
    return f'<data value="{count}" data-rows="{escape(table)}"{chosen}>{count:,}</data>'


# --- tables ---


def rows_of(table: pd.DataFrame, where: Mapping[str, str]) -> list[int]:
    """Return the places of the rows that have these values, in the order of the table."""
    wanted = pd.Series(data=True, index=table.index)
    for column, value in where.items():
        wanted &= table[column] == value
    return [int(place) for place in wanted.to_numpy().nonzero()[0]]


def table_html(
    report: Report,
    name: str,
    rows: Sequence[int],
    columns: Sequence[str],
    *,
    title: str,
    where: Mapping[str, str] | None = None,
    n_rows: int | None = None,
) -> str:
    """Return rows of an exported table as HTML; "" where there are none.

    Parameters
    ----------
    report
        The report.
    name
        The table.
    rows
        Places of the rows to show, from 0; only the first `MOST_ROWS` are.
    columns
        What to show; columns without any value in these rows are left out.
    title
        Its caption, as HTML.
    where
        What the rows have in common, so that the caption can say of how many rows these are.
    n_rows
        How many rows of the table there are to show; those of `where` by default.
    """
    table, shown = report.tables[name], list(rows)[:MOST_ROWS]
    if not shown:
        return ""
    kept = [column for column in columns if column in table and table[column].iloc[shown].notna().any()]
    head = "".join(
        f'<th scope="col"{_side(column)}>{escape(report.said.heading(column, name))}</th>' for column in kept
    )
    body = "".join(
        "<tr>" + "".join(_cell(report, name, row, column) for column in kept) + "</tr>" for row in shown
    )  # fmt: skip
    every = len(rows_of(table, where or {})) if n_rows is None else n_rows
    counted = of_rows(name, every, where)
    template = report.words["rows_all" if every == len(shown) else "rows_some"]
    said = escape(template, braces=False).format(
        shown=f'<data value="{len(shown)}" data-shown="">{len(shown)}</data>',
        rows=counted,
        file=file_name(f"{name}.csv"),
    )
    label = f"caption-{name}-{shown[0]}"
    kind = "table many" if len(kept) > _MANY else "table"
    return (
        f'<figure class="{kind}" data-table="{name}" tabindex="0" aria-labelledby="{label}">'
        f'<table><caption id="{label}">{title}</caption><thead><tr>{head}</tr></thead>'
        f'<tbody>{body}</tbody></table><figcaption class="said">{said}</figcaption></figure>'
    )


def plain_table(label: str, head: str, body: str, kind: str = "") -> str:
    """Return a table that is no part of an exported one; `label` names it for who does not see it.

    Parameters
    ----------
    label
        What it holds; plain text.
    head, body
        Its rows as HTML.
    kind
        A further class.
    """
    return (
        f'<figure class="{f"table {kind}".strip()}" tabindex="0" aria-label="{escape(label)}"><table><thead><tr>{head}'
        f"</tr></thead><tbody>{body}</tbody></table></figure>"
    )


def _side(column: str) -> str:
    if COLUMNS[column].kind in {"text", "flag"}:
        return ' class="name"' if column in _NAMES else ""
    return ' class="n"'


def _cell(report: Report, name: str, row: int, column: str) -> str:
    cell = cell_at(report.tables[name], name, row, column)
    side = _side(column)
    if cell is None:
        return f"<td{side}>–</td>"
    if cell.kind in _SIGNED and not isinstance(cell.value, str):
        said = escape(write_figure(cell.value, cell.kind, signed=True))
        value = f'<data value="{escape(cell.value)}" data-cell="{escape(cell.place)}">{said}</data>'
        return f"<td{side}>{value}</td>"
    word = report.words.get(f"{column}_{cell.value}") if column in _OWN_WORDS else None
    if word is not None:
        value = f'<data value="{escape(cell.value)}" data-cell="{escape(cell.place)}">{escape(word)}</data>'
        return f"<td{side}>{value}</td>"
    return f"<td{side}>{cell.html(report.language)}</td>"


# --- pictures ---


@dataclass(frozen=True)
class Key:
    """An entry of a legend: what is drawn how.

    Attributes
    ----------
    mark
        'area', 'line', 'dash', 'dots', 'square', 'disc', 'ring', 'small', 'triangle' or 'bar'.
    colour
        Its colour.
    text
        What it means, as HTML.
    edge
        Colour of its border; none where "".
    """

    mark: str
    colour: str
    text: str
    edge: str = ""


def figure_html(picture: "Picture", *, title: str, alt: str, keys: Sequence[Key], source: str) -> str:
    """Return a picture with heading, legend and source.

    Parameters
    ----------
    picture
        The picture.
    title
        Its caption, as HTML.
    alt
        What it shows, for whoever does not see it; plain text.
    keys
        The legend.
    source
        Whose data it shows, as HTML.
    """
    width, height = picture.size
    legend = "".join(f"<li>{_swatch(key)}<span>{key.text}</span></li>" for key in keys)
    return (
        f'<figure class="picture"><figcaption>{title}</figcaption>'
        f'<img src="{picture.uri}" alt="{escape(alt)}" width="{width}" height="{height}">'
        + (f'<ul class="legend">{legend}</ul>' if legend else "")
        + f'<p class="source">{source}</p></figure>'
    )


def _swatch(key: Key) -> str:
    edge = f' stroke="{key.edge}" stroke-width="1.2"' if key.edge else ""
    shapes = {
        "area": f'<rect x="1" y="2" width="20" height="10" fill="{key.colour}"{edge}/>',
        "bar": f'<rect x="1" y="4" width="20" height="7" fill="{key.colour}"{edge}/>',
        "line": f'<path d="M1 7H21" stroke="{key.colour}" stroke-width="2.4"/>',
        "dash": f'<path d="M1 7H21" stroke="{key.colour}" stroke-width="2.2" stroke-dasharray="5 3"/>',
        "dots": f'<path d="M1 7H21" stroke="{key.colour}" stroke-width="1.6" stroke-dasharray="1.5 2.5"/>',
        "square": f'<rect x="6" y="2" width="10" height="10" fill="{key.colour}"{edge}/>',
        "small": f'<rect x="8" y="4" width="6" height="6" fill="{key.colour}"{edge}/>',
        "disc": f'<circle cx="11" cy="7" r="6" fill="{key.colour}"{edge}/>',
        "triangle": f'<path d="M11 2 16 12H6Z" fill="{key.colour}"/>',
        "ring": f'<circle cx="11" cy="7" r="4.5" fill="#fff" stroke="{key.colour}" stroke-width="2"/>',
    }
    return f'<svg class="key" width="22" height="14" viewBox="0 0 22 14" aria-hidden="true">{shapes[key.mark]}</svg>'
