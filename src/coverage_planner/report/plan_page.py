"""The comparison of plans as one HTML page: summary, tables, one map of what changes and two maps side by side."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coverage_planner import __version__
from coverage_planner.errors import InputError, name_some
from coverage_planner.report import styles
from coverage_planner.report.cells import Cell, is_missing, write_figure
from coverage_planner.report.map_assets import map_options, map_scripts, map_style
from coverage_planner.report.map_data import MapData, map_data
from coverage_planner.report.map_words import map_words
from coverage_planner.report.page_parts import asset, leaflet_css, leaflet_js, to_json
from coverage_planner.report.panel import escape
from coverage_planner.report.plan_columns import PLAN_COLUMNS
from coverage_planner.report.plan_summary import SummaryPart, summarise_plans
from coverage_planner.report.plan_tables import plan_tables, say_words
from coverage_planner.report.plan_words import plan_words
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language
from coverage_planner.scenario.compare import compare
from coverage_planner.scenario.scenario import Outcome

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

_LANG = {"zh": "zh-CN", "en": "en"}
_FRAME_PX = 900
#: The measures of the table of key figures, in order; those that nobody has are left out.
_KEY = (
    "covered_demand_share", "covered_demand", "covered_point_share", "covered_area_share", "covered_road_share",
    "mean_time_min", "full_demand_share", "full_week_share", "open_week_share", "open_night_share", "unassigned_demand",
    "n_facilities",
)  # fmt: skip
#: Tables that the page shows for one pair of plans, and their columns; one group at a time where they have groups.
SHOWN: Mapping[str, tuple[str, ...]] = {
    "by_subdistrict": (
        "name", "demand", "covered_demand_share_before", "covered_demand_share_after", "gained_demand", "lost_demand",
        "change_covered_demand",
    ),
    "by_community": (
        "name", "subdistrict", "demand", "covered_demand_share_before", "covered_demand_share_after", "gained_demand",
        "lost_demand", "change_covered_demand",
    ),
    "by_service": (
        "service", "cutoff_min", "covered_demand_share_before", "covered_demand_share_after",
        "change_covered_demand_share", "covered_hour_share_before", "covered_hour_share_after",
        "change_covered_hour_share",
    ),
    "stations": ("what", "id", "name", "kind", "level", "cost", "changed"),
    "gaps": ("what", "id", "reason", "uncovered_demand_before", "uncovered_demand_after"),
}  # fmt: skip
_SIDES = ("before", "after")
_DIGITS = 9


@dataclass(frozen=True)
class PlanPage:
    """A page that compares plans.

    Attributes
    ----------
    html
        The whole document.
    """

    html: str

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page to a file and return its path."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8", newline="\n")
        return target

    def _repr_html_(self) -> str:
        """Show the page in a notebook, in a frame of its own."""
        return (
            f'<iframe srcdoc="{html.escape(self.html, quote=True)}" style="width:100%;height:{_FRAME_PX}px;border:0" '
            'title="coverage-planner"></iframe>'
        )


def draw_plans(
    outcomes: Sequence[Outcome],
    *,
    circles: "Sequence[Circle] | None" = None,
    language: Language = "zh",
    title: str | None = None,
    synthetic: bool = False,
) -> PlanPage:
    """Draw a comparison of plans: a summary, tables, and maps of what is gained, lost and kept.

    Parameters
    ----------
    outcomes
        At least two outcomes of the same groups and demand, today first.
    circles
        `measure_circle` of each outcome, in the same order, where services and hours are to be compared too.
    language
        'zh' or 'en'.
    title
        Heading of the page.
    synthetic
        Whether the data are made up; the page then says so.

    Returns
    -------
    PlanPage
        One file that asks no network; ``.save(path)`` writes it, a notebook shows it.

    Raises
    ------
    ConfigError
        Fewer than two outcomes, a name repeats, or the language is unknown.
    InputError
        The outcomes cannot be compared.
    """
    tables = plan_tables(compare(outcomes, circles=circles), synthetic=synthetic)
    data = map_data(outcomes, circles=circles, title=title, synthetic=synthetic)
    parts = summarise_plans(tables, language)
    return PlanPage(plan_page(tables, parts, data, language=language, title=title, synthetic=synthetic))


def plan_page(
    tables: Mapping[str, pd.DataFrame],
    parts: Sequence[SummaryPart],
    data: MapData,
    *,
    language: Language = "zh",
    title: str | None = None,
    synthetic: bool = False,
) -> str:
    """Return the page.

    Parameters
    ----------
    tables
        `plan_tables`; figures on the page name their cells in these.
    parts
        `summarise_plans` of the tables.
    data
        The streets, stations and demand that the maps draw, of the same plans in the same order.
    language
        'zh' or 'en'.
    title
        Heading of the page.
    synthetic
        Whether the data are made up.

    Returns
    -------
    str
        An HTML document without any request; all texts escaped.
    """
    said = plan_words(language)
    names = list(dict.fromkeys(tables["overall"]["scenario"]))
    payload = {
        "names": names,
        "scenarios": _places(data, names),
        "pairs": [[names.index(a), names.index(b)] for a, b in _pairs(tables["pairs"])],
        "groups": list(dict.fromkeys(tables["overall"]["group"])),
        "tables": {name: _payload(tables[name], name, language) for name in SHOWN if len(tables[name])},
        "said": dict(said),
    }
    told = {
        "page": payload,
        "words": dict(map_words(language)),
        "options": map_options(language, compact=True),
    }
    start = 'coveragePlans.open(JSON.parse(document.getElementById("coverage-page").textContent), '
    start += 'JSON.parse(document.getElementById("coverage-data").textContent));'
    script = "\n".join([leaflet_js(), map_scripts(), asset("plan_tables.js"), asset("plan_page.js"), start])
    heading = title or said["page"]
    note = f'<p class="synthetic">{escape(said["synthetic"])}</p>' if synthetic else ""
    kind = f'<p class="kind">{escape(said["page"])}</p>' if title else ""
    foot = f"<p>{escape(said['files'])}</p>{_sources(data.content, said)}<p>coverage-planner {__version__}</p>"
    body = [
        f'<header>{kind}<h1>{escape(heading)}</h1><p class="plans">{_listed(names)}</p>{note}</header>',
        _summary(parts, said, language),
        _maps(said, data.content),
        _key_table(tables["overall"], names, said, language),
        *(_shown(name, said) for name in SHOWN if len(tables[name])),
        f"<footer>{foot}</footer>",
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{_LANG[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="generator" content="coverage-planner compare">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(said['page'])}{f' · {escape(title)}' if title else ''}</title>\n"
        f"<style>\n{leaflet_css()}{map_style()}{_colours()}{asset('plan_page.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{chr(10).join(body)}\n</main>\n"
        f'<script type="application/json" id="coverage-page">{to_json(told)}</script>\n'
        f'<script type="application/json" id="coverage-data">{to_json(dict(data.content))}</script>\n'
        f"<script>\n{script}\n</script>\n</body>\n</html>\n"
    )


def _colours() -> str:
    """Return the colours of what changes, as the maps have them."""
    colours = {"gained": styles.GAINED, "lost": styles.LOST, "kept": styles.KEPT}
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in colours.items())} }}\n"


def _pairs(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(dict.fromkeys(zip(table["before"], table["after"], strict=True)))


def _places(data: MapData, names: Sequence[str]) -> list[int]:
    """Return the place of each plan among the scenarios of the map."""
    drawn = [str(scenario["name"]) for scenario in data.content["scenarios"]]
    missing = [name for name in names if name not in drawn]
    if missing:
        raise InputError(
            f"the map must have every plan of the tables, got {name_some(drawn)}; missing {name_some(missing)}; make "
            "it from the same plans"
        )
    return [drawn.index(name) for name in names]


def _listed(names: Sequence[str]) -> str:
    return " · ".join(f"<bdi>{escape(name)}</bdi>" for name in names)


def _summary(parts: Sequence[SummaryPart], said: Mapping[str, str], language: Language) -> str:
    blocks = []
    for part in parts:
        heading = said["arrow"].format(before=part.before, after=part.after)
        lines = "".join(f"<li>{sentence.html(language)}</li>" for sentence in part.sentences)
        blocks.append(f"<article><h3>{escape(heading)}</h3><ul>{lines}</ul></article>")
    return (
        f'<section id="summary"><h2>{escape(said["summary"])}</h2>'
        f'<p class="hint">{escape(said["summary_note"])}</p><div class="parts">{"".join(blocks)}</div></section>'
    )


def _key_table(overall: pd.DataFrame, names: Sequence[str], said: Mapping[str, str], language: Language) -> str:
    """Return the table of key figures: a row per group and measure, a column per plan, changes beside the figures."""
    speaks = speech(language)
    head = "".join(f'<th scope="col" class="number"><bdi>{escape(name)}</bdi></th>' for name in names)
    bodies = []
    rows = {key: place for place, key in enumerate(zip(overall["group"], overall["scenario"], strict=True))}
    for group in dict.fromkeys(overall["group"]):
        mine = [rows[group, name] for name in names]
        lines = []
        for measure in _KEY:
            values = [overall[measure].iloc[row] for row in mine]
            if all(is_missing(value) for value in values):
                continue
            cells = "".join(
                f'<td class="number">{_figure(overall, row, measure, language)}'
                f"{_change(overall, mine[0], row, measure, said) if place else ''}</td>"
                for place, row in enumerate(mine)
            )
            heading = PLAN_COLUMNS[measure].heading(language)
            lines.append(f'<tr><th scope="row">{escape(heading)}</th>{cells}</tr>')
        mode = speaks.say("mode", overall["mode"].iloc[mine[0]])
        cutoff = write_figure(float(overall["cutoff_min"].iloc[mine[0]]), "number")
        about = f"{escape(mode)} · {escape(speaks.heading('cutoff_min'))} {cutoff}"
        who = f'<th scope="rowgroup" colspan="{len(names) + 1}"><bdi>{escape(group)}</bdi> <small>{about}</small></th>'
        bodies.append(f'<tbody><tr class="group">{who}</tr>{"".join(lines)}</tbody>')
    return (
        f'<section id="key"><h2>{escape(said["key"])}</h2><div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(said["key"])}"><table class="key"><thead><tr><th scope="col">'
        f"{escape(speaks.texts['measure'])}</th>{head}</tr></thead>{''.join(bodies)}</table></div></section>"
    )


def _figure(overall: pd.DataFrame, row: int, column: str, language: Language) -> str:
    value = overall[column].iloc[row]
    if is_missing(value):
        return "–"
    plain = value.item() if isinstance(value, np.generic) else value
    return Cell("overall", row, column, plain, PLAN_COLUMNS[column].kind).html(language)


def _change(overall: pd.DataFrame, first: int, row: int, measure: str, said: Mapping[str, str]) -> str:
    """Return the change against the first plan, with its sign and the way that it points."""
    column = f"change_{measure}"
    if column not in overall or is_missing(overall[column].iloc[row]):
        return ""
    value = float(overall[column].iloc[row])
    kind = PLAN_COLUMNS[measure].kind
    if write_figure(overall[measure].iloc[first], kind) == write_figure(overall[measure].iloc[row], kind):
        return f' <small class="same">{escape(said["same"])}</small>'
    shown = write_figure(value, PLAN_COLUMNS[column].kind, signed=True)
    place = f"overall/{row}/{column}"
    return f' <small><data value="{value!r}" data-cell="{place}">{escape(shown)}</data></small>'


def _maps(said: Mapping[str, str], content: Mapping[str, Any]) -> str:
    hours = content.get("week") is not None
    selects = [("pair", said["pair"]), ("group", said["group"])]
    if hours:
        selects += [("what", said["service"]), ("slot", said["hour"])]
    fields = "".join(
        f'<label class="field">{escape(label)}<select id="plan-{name}"></select></label>' for name, label in selects
    )
    signs = "".join(
        f'<span><i class="sign {name}"></i>{escape(said[name])}</span>' for name in ("gained", "lost", "kept")
    )
    return (
        f'<section id="maps"><h2>{escape(said["maps"])}</h2><div class="controls">{fields}</div>'
        f'<h3 id="change-title">{escape(said["change_map"])}</h3><p class="signs">{signs}</p>'
        f'<div class="map wide" id="map-change" role="region" aria-labelledby="change-title"></div>'
        f'<h3 id="two-title">{escape(said["two_maps"])}</h3><p class="hint">{escape(said["two_maps_note"])}</p>'
        '<div class="two"><figure><figcaption id="caption-before"></figcaption>'
        '<div class="map" id="map-before" role="region" aria-labelledby="caption-before"></div></figure>'
        '<figure><figcaption id="caption-after"></figcaption>'
        '<div class="map" id="map-after" role="region" aria-labelledby="caption-after"></div></figure></div>'
        f'<p class="wait" id="maps-wait" role="status">{escape(said["maps_wait"])}</p></section>'
    )


def _shown(name: str, said: Mapping[str, str]) -> str:
    return (
        f'<section class="shown" id="table-{name}"><h2>{escape(said[name])}</h2><p class="hint which"></p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(said[name])}"></div></section>'
    )


def _sources(content: Mapping[str, Any], said: Mapping[str, str]) -> str:
    lines = [str(text) for text in content.get("attributions") or []]
    named = (("boundary", "boundary_source"), ("approval", "approval"))
    lines += [f"{said[key]}: {content[name]}" for key, name in named if content.get(name)]
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _payload(table: pd.DataFrame, name: str, language: Language) -> dict[str, Any]:
    """Return a table as the page reads it: columns with headings and kinds; rows with their pair, group and place."""
    speaks = speech(language)
    texts = plan_words(language)
    spoken = say_words(table, name, texts, language)
    pairs = {pair: place for place, pair in enumerate(_pairs(table))}
    groups = list(dict.fromkeys(table["group"])) if "group" in table else []
    columns = SHOWN[name]
    cells = {column: [_plain(speaks.say(column, value)) for value in spoken[column].tolist()] for column in columns}
    about = zip(table["before"], table["after"], table["group"] if groups else [None] * len(table), strict=True)
    keys = [[*pair, group] for *pair, group in about]
    return {
        "columns": [_column(column, language) for column in columns],
        "pairs": [list(pair) for pair in pairs],
        "groups": groups,
        "rows": [
            [pairs[key[0], key[1]], groups.index(key[2]) if groups else -1, row, *(cells[c][row] for c in columns)]
            for row, key in enumerate(keys)
        ],
    }


def _column(name: str, language: Language) -> dict[str, Any]:
    """Return a column's heading and kind; of a figure of one of the two plans, which one: 0 or 1."""
    column = PLAN_COLUMNS[name]
    base, _, side = name.rpartition("_")
    if side not in _SIDES:
        return {"name": name, "heading": column.heading(language), "kind": column.kind}
    return {
        "name": name,
        "heading": PLAN_COLUMNS[base].heading(language),
        "kind": column.kind,
        "side": _SIDES.index(side),
    }


def _plain(value: Any) -> Any:
    if is_missing(value):
        return None
    if isinstance(value, float):
        return round(value, _DIGITS)
    return value.item() if isinstance(value, np.generic) else value
