"""Figures that name their cell in an exported table, and sentences that have no other figures.

Whoever reads a generated sentence can look every figure up: in HTML it stands in ``<data>`` with the table, row and
column that it was taken from and the value as the CSV file has it.
"""

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

import pandas as pd

from coverage_planner.errors import ConfigError
from coverage_planner.report.column_kinds import Kind
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import COLUMNS
from coverage_planner.report.words import Language

_PERCENT = 100.0
#: Least magnitude that a figure with one decimal place shows.
_LEAST = 0.1
#: Significant digits of ratios.
_RATIO_DIGITS = 3
_WHOLE = frozenset({"count", "place", "count_change"})
#: Minutes that planners set, mostly whole ones: written '15', not '15.0'.
_ROUND = frozenset({"cutoff_min"})
_MINUS = "\u2212"


@dataclass(frozen=True)
class Cell:
    """One cell of an exported table.

    Attributes
    ----------
    table
        Stem of the CSV file.
    row
        Row of its data, from 0.
    column
        Its column.
    value
        What it holds, as the CSV file has it: shares from 0 to 1.
    kind
        What the column is (`column_kinds.Kind`); it decides how the figure is written.
    magnitude
        Whether the figure is written without its sign, because the words beside it say it ('312 fewer').
    """

    table: str
    row: int
    column: str
    value: float | str
    kind: Kind
    magnitude: bool = False

    def text(self, language: Language) -> str:
        """Return the figure as people read it.

        Raises
        ------
        ValueError
            The cell is empty: whoever writes the sentence says so in words.
        """
        if is_missing(self.value):
            raise ValueError(
                f"a figure in a sentence must have a value, got none in {self.place}; say in words that there is none"
            )
        if isinstance(self.value, str):
            return str(speech(language).say(self.column, self.value))
        if self.kind == "flag":
            return str(speech(language).say(self.column, bool(self.value)))
        return write_figure(abs(self.value) if self.magnitude else self.value, self.kind)

    def html(self, language: Language) -> str:
        """Return the figure in a ``<data>`` element that names its cell.

        Raises
        ------
        ValueError
            The cell is empty.
        """
        said = escape(self.text(language))
        return f'<data value="{escape(self.value)}" data-cell="{escape(self.place)}">{said}</data>'

    @property
    def place(self) -> str:
        """Where the cell is: table/row/column."""
        return f"{self.table}/{self.row}/{self.column}"


@dataclass(frozen=True)
class Sentence:
    """A sentence whose figures are cells.

    Attributes
    ----------
    template
        The words, without any digit, with a place such as ``{share}`` for each cell and name.
    cells
        Place -> the cell that fills it.
    names
        Place -> a name from the data or the plan, such as that of a scenario; it may hold digits.

    Raises
    ------
    ValueError
        The template has a digit of its own, or places that nothing fills.
    """

    template: str
    cells: Mapping[str, Cell]
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        pieces = list(Formatter().parse(self.template))
        digits = re.findall(r"\d+", "".join(words for words, *_ in pieces))
        if digits:
            raise ValueError(
                f"a sentence must take all figures from cells, got {digits} in {self.template!r}; give them as cells"
            )
        empty = {place for _, place, *_ in pieces if place is not None} - {*self.cells, *self.names}
        if empty:
            raise ValueError(f"a sentence must fill all its places, {sorted(empty)} of {self.template!r} have nothing")

    def text(self, language: Language) -> str:
        """Return the sentence as plain text.

        Raises
        ------
        ValueError
            A cell is empty.
        """
        return self.template.format(**{place: cell.text(language) for place, cell in self.cells.items()}, **self.names)

    def html(self, language: Language) -> str:
        """Return the sentence as HTML: cells in ``<data>``, names in ``<bdi>``, everything escaped.

        Raises
        ------
        ValueError
            A cell is empty.
        """
        filled = {place: cell.html(language) for place, cell in self.cells.items()}
        named = {place: f"<bdi>{escape(name)}</bdi>" for place, name in self.names.items()}
        return escape(self.template, braces=False).format(**filled, **named)


def find_cell(
    tables: Mapping[str, pd.DataFrame],
    table: str,
    column: str,
    *,
    magnitude: bool = False,
    **key: object,
) -> Cell | None:
    """Return the cell of a column in the one row that a key names; None where there is no such row or no value.

    Parameters
    ----------
    tables
        Name of the CSV file without its suffix -> table, rows in the order of the file (`Results.tables`).
    table
        Which one.
    column
        Column of `table_columns.COLUMNS`.
    magnitude
        Whether the figure is written without its sign.
    **key
        Column=value of the row, for example ``scenario="today", group="walkers"``.

    Raises
    ------
    ConfigError
        Several rows have this key.
    """
    rows = tables.get(table)
    if rows is None or column not in rows or any(name not in rows for name in key):
        return None
    wanted = pd.Series(data=True, index=rows.index)
    for name, value in key.items():
        wanted &= rows[name].isna() if value is None else rows[name] == value
    places = wanted.to_numpy().nonzero()[0]
    if len(places) > 1:
        raise ConfigError(
            f"a key must name one row of {table}, got {len(places)} rows for {dict(key)}; give more columns of the key"
        )
    return cell_at(rows, table, int(places[0]), column, magnitude=magnitude) if len(places) else None


def cell_at(rows: pd.DataFrame, table: str, row: int, column: str, *, magnitude: bool = False) -> Cell | None:
    """Return the cell of a row by its place from 0; None where it is empty.

    Parameters
    ----------
    rows
        The whole table, rows in the order of the file.
    table
        Its name.
    row, column
        Where the cell is.
    magnitude
        Whether the figure is written without its sign.
    """
    value = rows[column].iloc[row]
    if is_missing(value):
        return None
    kind = "number" if column in _ROUND else COLUMNS[column].kind
    return Cell(table, row, column, _plain(value, kind), kind, magnitude)


def is_missing(value: object) -> bool:
    """Return whether a cell has no value: None, NaN or empty text."""
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value))


def write_figure(value: float, kind: Kind, *, signed: bool = False) -> str:
    """Write a number of a kind as people read it, the same in every language.

    Shares stand in per cent and changes of shares in points, both with one decimal place, minutes too; counts, demand
    and cost by thousands, with one decimal place where they are not whole; metres whole; ratios with three digits. What
    would be rounded to nothing or to all is written '<0.1' or '>99.9'.

    Parameters
    ----------
    value
        A finite number; shares and their changes from 0 to 1.
    kind
        What it is.
    signed
        Whether a rise gets a plus sign.
    """
    sign = _MINUS if value < 0 else "+" if signed and value > 0 else ""
    size = abs(value)
    if kind in {"share", "share_change"}:
        said = _tenths(size * _PERCENT, most=_PERCENT if kind == "share" and size < 1 else None)
        said = f"{said} %" if kind == "share" else said
    elif kind in _WHOLE:
        said = f"{size:,.0f}"
    elif kind == "metres":
        said = f"{size:,.0f}" if size >= 1 or size == 0 else "<1"
    elif kind == "degrees":
        said = f"{size:.5f}"
    elif kind == "ratio":
        said = _significant(size)
    elif kind == "minutes":
        said = _tenths(size)
    else:
        said = _tenths(size)
        said = said.removesuffix(".0")
    if said.startswith("<"):
        return f">{_MINUS}{said[1:]}" if value < 0 else said
    return sign + said


def _tenths(size: float, most: float | None = None) -> str:
    """Write with one decimal place; what is neither nothing nor all never looks as if it were."""
    rounded = round(size, 1)
    if size > 0 and rounded < _LEAST:
        return f"<{_LEAST}"
    if most is not None and rounded >= most:
        return f">{most - _LEAST:.1f}"
    return f"{rounded:,.1f}"


def _significant(size: float) -> str:
    if size == 0:
        return "0"
    places = max(0, _RATIO_DIGITS - 1 - math.floor(math.log10(size)))
    return f"{size:,.{places}f}"


def _plain(value: Any, kind: Kind) -> float | str:
    if kind == "text":
        return str(value)
    if kind == "flag":
        return bool(value)
    return int(value) if kind in {"count", "count_change", "place"} else float(value)


def escape(text: object, *, braces: bool = True) -> str:
    """Return text that shows as it is in HTML, and that `str.format` leaves alone unless `braces` is false."""
    escaped = html.escape(str(text), quote=True)
    return escaped.replace("{", "&#123;").replace("}", "&#125;") if braces else escaped
