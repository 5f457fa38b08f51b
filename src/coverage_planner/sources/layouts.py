"""Where the column names of a spreadsheet stand, and which rows below them are data."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.sources.headers import known_names, plain
from coverage_planner.sources.raw_tables import (
    FILLED_FROM_MERGED,
    HEADER_AGAIN,
    HIDDEN_ROW,
    NOTE,
    STRAY_CELLS,
    SWALLOWED,
    TOTAL,
    CellRemark,
    RawTable,
)

#: A row's number as a spreadsheet shows it, and its cells.
NumberedRow = tuple[int, list[str]]

#: Rows with something in them among which the column names are looked for.
_LOOKED_AT = 60
_CHUNK = 20_000

_NUMBER = re.compile(r"[-+]?[\d０-９][\d０-９,，.．:/\-年月日 eE%°′″'\"]*[日%°′″'\"NSEWnsew]?")
_TOTALS = "合计|总计|小计|共计|总和|汇总|累计|平均|平均值|平均数|均值|合計|總計"
_TOTAL = re.compile(rf"(?:{_TOTALS}|(?:grand|sub)?total|sum|average|mean)", re.IGNORECASE)
_LABELLED_TOTAL = re.compile(
    rf"(?:{_TOTALS})(?:[(:].*|[\d.]+\D?)?|.{{1,12}}(?:合计|总计|小计|共计)|total:.*", re.IGNORECASE
)
#: What a total or a note has in it; most rows do not, and are not looked at closer.
_SUSPECT = re.compile("计|計|总|平均|均值|汇|total|sum|average|mean|[:：]", re.IGNORECASE)
_NOTE = re.compile(
    r"(?:注|备注|附注|说明|附|填表人|填表说明|填表单位|填表日期|填报人|填报单位|填报日期|填报时间|制表人?|制表单位|制表日期|"
    r"审核人?|审批人?|复核人?|负责人|联系人|联系电话|经办人|统计人|统计时间|统计截止|截止日期|截至|数据来源|资料来源|来源|"
    r"单位|日期|制图|note|notes|source)\s*[\d一二三四五六七八九十]*\s*[:：].*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Extras:
    """What a workbook knows of its cells beside their texts; columns count from 0.

    Attributes
    ----------
    merged
        (first row, first column, last row, last column) of every merged cell.
    hidden_rows
        Row numbers.
    faults
        (row, column) -> what is wrong with the cell.
    errors
        (row, column) -> text of a cell that holds an error.
    stray_cells
        Cells right of the column names are remarked on; in a text file they are a fault of the row, whose cells may
        all have moved.
    swallowed
        Row -> a cell over several lines that look like rows; known by the time that the row comes.
    """

    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden_rows: frozenset[int] = frozenset()
    faults: Mapping[tuple[int, int], str] = field(default_factory=dict)
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)
    stray_cells: bool = False
    swallowed: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """Names of the columns, the number of their (last) row, and what stands above them."""

    names: list[str]
    row: int
    notes: tuple[str, ...]


def find_header(
    source: str, first_rows: Sequence[NumberedRow], *, header_row: int | None = None, named: Iterable[str] = ()
) -> Header:
    """Find the column names among the first rows of a spreadsheet.

    They are in the first row that has at least two known names of columns, in half of its cells or more; else in the
    first row that has at least half as many cells as rows of the table have, without numbers where there is such a
    row. A row below it belongs to it where it has cells only under cells of the upper row that stretch over several
    columns.

    Parameters
    ----------
    source
        File name, for messages.
    first_rows
        The first rows with something in them, numbered.
    header_row
        The number of their row, as said by the planner.
    named
        Names of columns that the planner gave.

    Raises
    ------
    ConfigError
        Nothing stands in `header_row`.
    """
    place = _place(first_rows, frozenset(plain(name) for name in named)) if header_row is None else -1
    if header_row is not None:
        numbers = [number for number, _ in first_rows]
        if header_row not in numbers:
            raise ConfigError(
                f"header_row must be a row of {source} with column names in it, got {header_row}, where nothing "
                f"stands; the first rows with something in them are {numbers[:5]}; correct it"
            )
        place = numbers.index(header_row)
    upper = first_rows[place][1]
    names, last = upper, place
    if place + 1 < len(first_rows) and _is_lower(upper, first_rows[place + 1][1]):
        names, last = _joined(upper, first_rows[place + 1][1]), place + 1
    elif place > 0 and _is_lower(first_rows[place - 1][1], upper):
        names, place = _joined(first_rows[place - 1][1], upper), place - 1
    width = max((at + 1 for at, name in enumerate(names) if name), default=0)
    clean = [_one_line(name) or f"column {column_letters(at)}" for at, name in enumerate(names[:width])]
    row = first_rows[last][0]
    above = "; ".join(_one_line(cell) for _, cells in first_rows[:place] for cell in cells if cell)
    notes = [f"column names are in row {row}, not read above it: {above[:80]}"] if above else []
    if last > place:
        notes.append(f"column names are in two rows, joined: {first_rows[place][0]} and {row}")
    return Header(clean, row, tuple(notes))


def lay_out(
    source: str,
    rows: Iterable[NumberedRow],
    *,
    header_row: int | None = None,
    named: Iterable[str] = (),
    extras: Extras | None = None,
    notes: tuple[str, ...] = (),
) -> RawTable:
    """Return the rows of a spreadsheet under their column names.

    Parameters
    ----------
    source
        File name, for messages.
    rows
        All rows, numbered; read once, in pieces, so that a large file costs little more than its texts.
    header_row, named
        As for `find_header`.
    extras
        What a workbook knows of its cells.
    notes
        What is known of the whole file already.

    Raises
    ------
    InputError
        No column names, or no row of values under them.
    ConfigError
        Nothing stands in `header_row`.
    """
    known = extras or Extras()
    filled = ((number, cells) for number, cells in rows if any(cells))
    most = _LOOKED_AT if header_row is None else max(_LOOKED_AT, header_row + 1)
    first = list(islice(filled, most))
    header = find_header(source, first, header_row=header_row, named=named) if first else Header([], 0, ())
    below = (row for row in chain(first, filled) if row[0] > header.row)
    collected = _Collected(header.names, known)
    for row in below:
        collected.add(*row)
    if not collected.numbers:
        known_too = f" ({'; '.join(notes)})" if notes else ""
        raise InputError(
            f"{source} must have column names and at least one row of values under them, got 0 rows of values under "
            f"{header.names}{known_too}; check the export and the sheet"
        )
    return collected.table(source, header, (*notes, *header.notes))


class _Collected:
    """The rows of a table as they come in, their texts packed."""

    def __init__(self, names: list[str], extras: Extras) -> None:
        self.names = names
        self.numbers: list[int] = []
        self.row_faults: dict[int, str] = {}
        self._overlong: list[bool] = []
        self._remarks: list[CellRemark] = []
        self._extras = extras
        self._open: list[list[str]] = []
        self._packed: list[list[pa.Array]] = []
        self._names = frozenset(
            part for name in names for part in (name, name.partition("/")[0], name.rpartition("/")[2])
        )
        #: merged cells that reach below their first row, in descending order: the next is the last
        self._to_come = sorted((cell for cell in extras.merged if cell[2] > cell[0]), reverse=True)
        self._within: list[tuple[int, int, int, int]] = []
        self._merged_texts: dict[tuple[int, int], str] = {}
        self._merged: dict[str, set[int]] = {}

    def add(self, number: int, cells: list[str]) -> None:
        width = len(self.names)
        why = self._why_no_data(cells)
        if why:
            self.row_faults[number] = why
        row = cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))]
        if self._to_come or self._within:
            row = self._filled(number, row, data=not why)
        if number in self._extras.hidden_rows:
            self._remarks.append(CellRemark(number, "", "", HIDDEN_ROW))
        if number in self._extras.swallowed:
            self._remarks.append(CellRemark(number, "", self._extras.swallowed[number], SWALLOWED))
        stray = [cell for cell in cells[width:] if cell]
        if stray and self._extras.stray_cells:
            self._remarks.append(CellRemark(number, "", "; ".join(stray), STRAY_CELLS))
        self.numbers.append(number)
        self._overlong.append(bool(stray) and not self._extras.stray_cells)
        self._open.append(row)
        if len(self._open) >= _CHUNK:
            self._pack()

    def table(self, source: str, header: Header, notes: tuple[str, ...]) -> RawTable:
        self._pack()
        packed = {at: pa.chunked_array([part[at] for part in self._packed]) for at in range(len(self.names))}
        frame = pd.DataFrame({at: pd.Series(texts, dtype="string[pyarrow]") for at, texts in packed.items()})
        frame.columns = pd.Index(self.names, dtype=object)
        rows = set(self.numbers)
        cell_faults: dict[str, dict[int, str]] = {}
        for (row, at), fault in self._extras.faults.items():
            if row in rows and at < len(self.names):
                cell_faults.setdefault(self.names[at], {})[row] = fault
        errors = {
            (row, self.names[at]): text for (row, at), text in self._extras.errors.items() if at < len(self.names)
        }
        return RawTable(
            source,
            frame,
            np.array(self.numbers, dtype=np.int64),
            None,
            np.array(self._overlong, dtype=np.bool_),
            header.row,
            self.row_faults,
            cell_faults,
            errors,
            {name: frozenset(merged) for name, merged in self._merged.items()},
            tuple(self._remarks),
            notes,
        )

    def _pack(self) -> None:
        if self._open:
            self._packed.append([pa.array(column, type=pa.large_string()) for column in zip(*self._open, strict=True)])
            self._open = []

    def _why_no_data(self, cells: list[str]) -> str:
        labels = list(islice((cell for cell in cells if cell), 3))
        first = labels[0]
        if first in self._names and self._repeats_header(cells):
            return HEADER_AGAIN
        if not _SUSPECT.search(",".join(labels)):
            return ""
        squeezed = "".join(first.split())
        if _LABELLED_TOTAL.fullmatch(squeezed.replace("（", "(").replace("：", ":")):
            return TOTAL
        if any(_TOTAL.fullmatch("".join(label.split())) for label in labels):
            return TOTAL
        return NOTE if _NOTE.fullmatch(first) else ""

    def _repeats_header(self, cells: list[str]) -> bool:
        pairs = [(_one_line(cell), name) for cell, name in zip(cells, self.names, strict=False) if cell]
        same = [cell in {name, name.partition("/")[0], name.rpartition("/")[2]} for cell, name in pairs]
        return len(same) > 1 and all(same)

    def _filled(self, number: int, cells: list[str], *, data: bool) -> list[str]:
        """Return a row with the cells that are merged with one above; a row that is no data gets none."""
        row = [*cells]
        while self._to_come and self._to_come[-1][0] <= number:
            self._within.append(self._to_come.pop())
        self._within = [cell for cell in self._within if cell[2] >= number]
        for top, left, _, _ in self._within:
            if left >= len(row):
                continue
            if top == number:
                self._merged_texts[top, left] = row[left]
            text = self._merged_texts.get((top, left), "")
            if not text or not data:
                continue
            self._merged.setdefault(self.names[left], set()).add(number)
            if top < number and not row[left]:
                row[left] = text
                self._remarks.append(CellRemark(number, self.names[left], text, FILLED_FROM_MERGED))
        return row


def _place(rows: Sequence[NumberedRow], named: frozenset[str]) -> int:
    """Return which of the first rows has the column names."""
    filled = [sum(map(bool, cells)) for _, cells in rows]
    usual = sorted(filled)[min(len(filled) - 1, len(filled) * 4 // 5)]
    least = min(2, usual) if usual < 4 else (usual + 1) // 2  # noqa: PLR2004 - half of four is two
    wordy = [not any(_NUMBER.fullmatch(cell) for cell in cells) for _, cells in rows]
    known = [
        known_names(cells) + sum(plain(cell) in named for cell in cells) if words else 0
        for (_, cells), words in zip(rows, wordy, strict=True)
    ]
    places = range(len(rows))
    for place in places:
        if known[place] >= 2 and 2 * known[place] >= filled[place]:  # noqa: PLR2004 - one word can be a title or a value
            return place
    if known[0] == filled[0]:
        return 0
    full = [place for place in places if filled[place] >= least]
    return next(chain((place for place in full if wordy[place]), full), 0)


def _is_lower(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Whether a row is the lower half of a header whose upper cells stretch over several columns."""
    if any(_NUMBER.fullmatch(cell) or "：" in cell or ":" in cell for cell in (*upper, *lower)):
        return False
    if sum(map(bool, upper)) < 2 or not any(lower):  # noqa: PLR2004 - one cell alone is a title
        return False
    spans = _spans(upper, max(len(upper), len(lower)))
    under = [(parent, [at for at in columns if at < len(lower) and lower[at]]) for parent, columns in spans]
    stretched = all(len(columns) > 1 for (_, columns), (_, at) in zip(spans, under, strict=True) if at)
    headed = all(parent for parent, at in under if at)
    children = [lower[at] for _, columns in under for at in columns]
    return stretched and headed and known_names(children) > 0


def _spans(upper: Sequence[str], width: int) -> list[tuple[str, list[int]]]:
    """Return the cells of a row with the columns that each stretches over: its own and the blank ones behind it."""
    spans: list[tuple[str, list[int]]] = []
    for at in range(width):
        text = upper[at] if at < len(upper) else ""
        if text or not spans:
            spans.append((text, [at]))
        else:
            spans[-1][1].append(at)
    return spans


def _joined(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    names = [""] * max(len(upper), len(lower))
    for parent, columns in _spans(upper, len(names)):
        for at in columns:
            child = lower[at] if at < len(lower) else ""
            names[at] = f"{parent}/{child}" if child and child != parent else parent if at == columns[0] else ""
    return names


def _one_line(name: str) -> str:
    return " ".join(name.replace("\ufeff", "").split())


def column_letters(at: int) -> str:
    """Return the letters of a column as a spreadsheet shows them: 0 is A, 26 is AA."""
    text = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        text = chr(ord("A") + rest) + text
    return text
