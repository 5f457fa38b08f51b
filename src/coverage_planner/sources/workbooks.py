"""Workbooks: which sheet, its cells as text, and what a workbook knows of its cells beside their values."""

import re
import warnings
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree as ET
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from coverage_planner.errors import ConfigError, CoveragePlannerError, InputError, name_some
from coverage_planner.sources.layouts import Extras, NumberedRow, column_letters, lay_out
from coverage_planner.sources.packed_files import check_workbook_file
from coverage_planner.sources.raw_tables import ERROR_VALUE, NO_SAVED_VALUE, RawTable, cell_text, unreadable

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION_IDS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
_TRUE = {"1", "true"}
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")
#: The most rows that a sheet can have, by the format.
MOST_ROWS = 1_048_576


#: What openpyxl, zipfile and the XML parser raise for files that are damaged.
_OF_BROKEN_FILES = (
    BadZipFile, InvalidFileException, ET.ParseError, zlib.error, EOFError, OSError, LookupError, ValueError, TypeError,
    AttributeError, RuntimeError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True)
class _Sheet:
    title: str
    hidden: bool
    part: str


@dataclass
class _Seen:
    """What the XML of a sheet says beside its values."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[str] = field(default_factory=list)
    formulas: list[tuple[int, int]] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)


def read_workbook(
    file: Path, *, sheet: str | None = None, header_row: int | None = None, named: Iterable[str] = ()
) -> RawTable:
    """Read a sheet of a workbook.

    Rows and cells come as text; the first sheet that is not hidden is taken unless one is named.

    Parameters
    ----------
    file
        A file named .xlsx or .xlsm.
    sheet
        Name of the sheet.
    header_row, named
        As for `find_header`.

    Raises
    ------
    SourceError
        The file cannot be read, is of another kind, encrypted, or unsafe to unpack.
    InputError
        It has no column names or no values.
    ConfigError
        There is no such sheet; nothing stands in `header_row`.
    """
    check_workbook_file(file)
    try:
        with ZipFile(file) as archive:
            sheets = _sheets(archive)
            chosen = _chosen(file, sheets, sheet)
            seen = _look(file.name, archive, chosen.part)
    except _OF_BROKEN_FILES as error:
        if isinstance(error, CoveragePlannerError):
            raise
        raise unreadable(file, error) from error
    notes = _notes(sheets, chosen, seen, asked=sheet is not None)
    rows = _rows(file, chosen.title, seen)
    # openpyxl warns of styles and validations that it drops; they do not touch the values
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="openpyxl")
        return lay_out(file.name, rows, header_row=header_row, named=named, extras=_extras(seen), notes=notes)


def _sheets(archive: ZipFile) -> list[_Sheet]:
    """Return the sheets of a workbook in their order; charts and macros are none."""
    relations = {
        relation.get("Id", ""): relation
        for relation in ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - no entities in it
    }
    book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - checked to declare no entities
    sheets = []
    for space in (_MAIN, _STRICT):
        for entry in book.iter(f"{space}sheet"):
            relation = relations[next((entry.get(name, "") for name in _RELATION_IDS if name in entry.attrib), "")]
            if relation.get("Type", "").endswith("/worksheet"):
                target = relation.get("Target", "")
                part = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
                sheets.append(_Sheet(entry.get("name", ""), entry.get("state", "visible") != "visible", part))
    return sheets


def _chosen(file: Path, sheets: list[_Sheet], name: str | None) -> _Sheet:
    titles = [sheet.title for sheet in sheets]
    if name is None:
        visible = [sheet for sheet in sheets if not sheet.hidden]
        if visible:
            return visible[0]
        raise ConfigError(
            f"a sheet of {file.name} must be named, got none and all are hidden ({name_some(titles)}); say sheet='…'"
        )
    if name not in titles:
        raise ConfigError(f"sheet must be one of {titles} in {file.name}, got {name!r}; correct it")
    return sheets[titles.index(name)]


def _notes(sheets: list[_Sheet], chosen: _Sheet, seen: _Seen, *, asked: bool) -> tuple[str, ...]:
    """Return what should be known of the whole sheet."""
    others = [sheet.title for sheet in sheets if sheet != chosen and not sheet.hidden]
    hidden = [sheet.title for sheet in sheets if sheet.hidden and sheet != chosen]
    notes = []
    if chosen.hidden:
        notes.append(f"the sheet is hidden in the workbook: {chosen.title}")
    if hidden and not asked:
        notes.append(f"hidden sheets were not read: {', '.join(hidden)}")
    if others and not asked:
        notes.append(f"only the sheet {chosen.title} was read, not: {', '.join(others)}")
    if seen.hidden_columns:
        notes.append(f"hidden columns were read too: {', '.join(seen.hidden_columns)}")
    if seen.formulas:
        addresses = [f"{column_letters(column)}{row}" for row, column in seen.formulas]
        notes.append(f"formulas without a saved value (open the workbook in Excel and save it) {name_some(addresses)}")
    return tuple(notes)


def _extras(seen: _Seen) -> Extras:
    return Extras(
        merged=seen.merged,
        hidden_rows=frozenset(seen.hidden_rows),
        faults=dict.fromkeys(seen.formulas, NO_SAVED_VALUE) | dict.fromkeys(seen.errors, ERROR_VALUE),
        errors=seen.errors,
        stray_cells=True,
    )


def _rows(file: Path, title: str, seen: _Seen) -> Iterator[NumberedRow]:
    in_error = {row for row, _ in seen.errors}
    try:
        with file.open("rb") as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            page: Any = book[title]
            page.reset_dimensions()  # some programs write a wrong extent
            for number, row in enumerate(page.iter_rows(min_row=1, min_col=1, values_only=True), start=1):
                cells = [cell_text(cell) for cell in row]
                if number in in_error:
                    cells = ["" if (number, at) in seen.errors else text for at, text in enumerate(cells)]
                yield number, cells
    except _OF_BROKEN_FILES as error:
        raise unreadable(file, error) from error


def _look(source: str, archive: ZipFile, part: str) -> _Seen:
    """Read what the XML of a sheet says beside its values, in one pass and bounded memory."""
    seen = _Seen()
    number = column = 0
    rows = ET.Element("")
    with archive.open(part) as stream:
        for event, element in ET.iterparse(stream, events=("start", "end")):  # noqa: S314 - no entities in it
            tag = element.tag.rpartition("}")[2]
            if event == "start":
                if tag == "sheetData":
                    rows = element
                elif tag == "row":
                    number, column = _row_number(element, number + 1, source), -1
                continue
            if tag == "c":
                address = _ADDRESS.fullmatch(element.get("r", ""))
                column = _column(address[1]) if address else column + 1
                _look_at_cell(seen, element, number, column)
            elif tag == "mergeCell":
                left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(element.get("ref", "")))
                seen.merged.append((top, left - 1, min(bottom, MOST_ROWS), right - 1))
            elif tag == "col" and element.get("hidden") in _TRUE:
                seen.hidden_columns.append(column_letters(int(element.get("min", "1")) - 1))
            elif tag == "row":
                if element.get("hidden") in _TRUE:
                    seen.hidden_rows.add(number)
                rows.clear()
    return seen


def _row_number(row: ET.Element, following: int, source: str) -> int:
    number = int(row.get("r", following))
    if number > MOST_ROWS:
        raise InputError(
            f"{source} must have sheets of at most {MOST_ROWS:,} rows, as Excel has, got row {number:,}; save it anew, "
            "or as CSV"
        )
    return number


def _look_at_cell(seen: _Seen, cell: ET.Element, row: int, column: int) -> None:
    children = {child.tag.rpartition("}")[2]: child for child in cell}
    value = (children["v"].text or "") if "v" in children else ""
    if cell.get("t") == "e":
        seen.errors[row, column] = value
    elif "f" in children and not value and cell.get("t") != "str":
        seen.formulas.append((row, column))


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
