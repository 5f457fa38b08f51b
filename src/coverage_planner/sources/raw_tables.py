"""A file's rows as they stand in it, with what reading them brought to light."""

import datetime as dt
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import SourceError, name_some
from coverage_planner.schema import Rejections

AnyPath = str | PathLike[str]

#: A mask over the rows and what is wrong where it is true.
Fault = tuple[NDArray[np.bool_], str]

# Why a row of a spreadsheet is no data.
TOTAL = "a total or an average, not data"
NOTE = "a note beside the table, not data"
HEADER_AGAIN = "the column names again, not data"
# What is wrong with a cell of a workbook.
NO_SAVED_VALUE = "a formula without a saved value (open the workbook in Excel and save it)"
ERROR_VALUE = "an error of the workbook, such as #N/A"
# What should be known of a cell or a row that was taken.
HIDDEN_ROW = "the row is hidden in the workbook"
FILLED_FROM_MERGED = "taken from the cell that it is merged with"
STRAY_CELLS = "cells right of the column names were left out"
SWALLOWED = "a cell goes over several lines as if they were rows: is a quotation mark left open?"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class CellRemark:
    """What should be known of a cell: number of its row, column of the file ("" for the whole row), its text."""

    row: int
    column: str
    given: str
    remark: str


@dataclass(frozen=True, eq=False)
class RawTable:
    """A file's rows as they stand in it.

    Everything that is known by row is keyed by row number, so it stays true when rows are left out.

    Attributes
    ----------
    source
        File name, for messages.
    table
        One row per row of the file, blank rows left out. Cells of spreadsheets are text, "" where blank. Column names
        of a spreadsheet have single spaces for line breaks; those of a header of two rows are joined as 'upper/lower';
        one that is blank over values is called 'column C'.
    row_numbers
        Shape (rows,): numbers as a spreadsheet shows them, or feature numbers from 1.
    geometry
        Geometries of a vector layer, with its CRS; None for a spreadsheet.
    overlong
        Shape (rows,): the row has more cells than the header has names.
    header_row
        Number of the (last) row of column names; 0 for a vector layer.
    row_faults
        Row number -> why the row is no data: a total, a note below the table, the column names again.
    cell_faults
        Column -> row number -> what is wrong with the cell, which is "" here.
    error_texts
        (row number, column) -> the text of a cell that holds an error of the workbook, such as '#N/A'.
    merged
        Column -> numbers of the rows whose cell is part of a vertically merged cell. A number in one does not belong
        to each of its rows unless it is a coordinate.
    remarks
        Cells that were filled from a merged cell, rows that are hidden.
    notes
        What was recognised about the whole file: encoding, delimiter, rows above the header, hidden sheets.
    """

    source: str
    table: pd.DataFrame
    row_numbers: NDArray[np.int64]
    geometry: gpd.GeoSeries | None
    overlong: NDArray[np.bool_]
    header_row: int = 0
    row_faults: Mapping[int, str] = field(default_factory=dict)
    cell_faults: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    error_texts: Mapping[tuple[int, str], str] = field(default_factory=dict)
    merged: Mapping[str, frozenset[int]] = field(default_factory=dict)
    remarks: tuple[CellRemark, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def row_word(self) -> str:
        """What messages call a row."""
        return "row" if self.geometry is None else "feature"

    @property
    def first_row(self) -> int:
        """Number of the first row that can hold values."""
        return self.header_row + 1

    def rows(self, keep: NDArray[np.bool_]) -> "RawTable":
        """Return only the rows where `keep` is true."""
        return RawTable(
            self.source,
            self.table[keep].reset_index(drop=True),
            self.row_numbers[keep],
            None if self.geometry is None else self.geometry[keep].reset_index(drop=True),
            self.overlong[keep],
            self.header_row,
            self.row_faults,
            self.cell_faults,
            self.error_texts,
            self.merged,
            self.remarks,
            self.notes,
        )

    def name_rows(self, wrong: NDArray[np.bool_]) -> str:
        """Count the rows where `wrong` is true and show the first, for messages."""
        return name_some(f"{self.row_word} {number}" for number in self.row_numbers[wrong])

    def merged_rows(self, column: str) -> NDArray[np.bool_]:
        """Return which rows have a part of a vertically merged cell in a column of the file."""
        return np.isin(self.row_numbers, [*self.merged.get(column, ())])


def reading_faults(raw: RawTable, found: Mapping[str, str], needed: Collection[str]) -> list[Fault]:
    """Return the rows that reading showed to be no data, or to have no value in a cell that counts.

    Parameters
    ----------
    raw
        The file.
    found
        Name of this package -> column of the file.
    needed
        Those of `found` without whose cell a row cannot be used; the cells of the others are blank and remarked on.
    """
    faults = [_fault(raw, raw.row_faults, reason, "") for reason in dict.fromkeys(raw.row_faults.values())]
    for name, column in found.items():
        if name in needed:
            cells = raw.cell_faults.get(column, {})
            faults += [_fault(raw, cells, reason, f"{name} is ") for reason in dict.fromkeys(cells.values())]
    return faults


def _fault(raw: RawTable, by_row: Mapping[int, str], reason: str, prefix: str) -> Fault:
    return np.isin(raw.row_numbers, [row for row, why in by_row.items() if why == reason]), prefix + reason


def remark_reading(
    raw: RawTable,
    labels: NDArray[np.object_],
    keep: NDArray[np.bool_],
    found: Mapping[str, str],
    *,
    table: str,
    rejected: Rejections,
) -> None:
    """Hand to `rejected` what should be known of the rows that were taken, and of the file as a whole.

    Parameters
    ----------
    raw
        The file.
    labels, keep
        Shape (rows,): the rows' ids, and which were taken.
    found
        Name of this package -> column of the file; remarks on other columns are left out.
    table
        Which input, as for `Rejections.remark`.
    rejected
        What is appended to. Notes on the whole file stand at its header's row, without id and column.
    """
    for note in raw.notes:
        rejected.remark(
            source=raw.source, table=table, labels=[""], row_numbers=[raw.header_row], column="", given=[""],
            remark=note,
        )  # fmt: skip
    label_of = dict(zip(raw.row_numbers[keep].tolist(), labels[keep], strict=True))
    names = {"": "", **{column: name for name, column in found.items()}}
    lost = [
        CellRemark(row, column, raw.error_texts.get((row, column), ""), reason)
        for column, cells in raw.cell_faults.items()
        for row, reason in cells.items()
    ]
    for remark in sorted((*raw.remarks, *lost), key=lambda known: (known.row, known.column)):
        if remark.row in label_of and remark.column in names:
            rejected.remark(
                source=raw.source, table=table, labels=[label_of[remark.row]], row_numbers=[remark.row],
                column=names[remark.column], given=[remark.given], remark=remark.remark,
            )  # fmt: skip


def log_notes(raw: RawTable) -> RawTable:
    """Say the notes of a file in the log and return it."""
    for note in raw.notes:
        _LOG.info("%s: %s", raw.source, note)
    return raw


def existing_file(path: AnyPath) -> Path:
    """Return `path` as a Path if a file is there, else raise SourceError."""
    file = Path(path)
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise SourceError(f"an input must be a file that exists, found {found} at {file}; check the path")
    return file


def unreadable(file: Path, error: Exception) -> SourceError:
    """Return the error of a file that cannot be read, to be raised."""
    said = " ".join(str(error).split())
    return SourceError(
        f"{file.name} must be a readable {file.suffix} file, got: {said}; close it in other programs or export it anew"
    )


def cell_text(value: Any) -> str:
    """Return a cell as text: "" for a missing value, no ".0" after whole numbers, dates without midnight, times HH:MM.

    A duration, as a workbook has where the hours go to 24 and beyond, is hours and minutes too.
    """
    if isinstance(value, str):
        return value.strip()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _time_text(value) if isinstance(value, dt.date | dt.time | dt.timedelta) else str(value).strip()


def _time_text(value: dt.date | dt.time | dt.timedelta) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")
    if isinstance(value, dt.time):
        return value.strftime("%H:%M:%S" if value.second else "%H:%M")
    return value.isoformat()
