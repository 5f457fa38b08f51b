"""Workbooks: which sheet, its cells as text, and what a workbook knows of its cells beside their values."""

import warnings
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat
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
_BLOCK = 1 << 16
#: The most rows that a sheet can have, by the format.
MOST_ROWS = 1_048_576


#: What openpyxl, zipfile and the XML parser raise for files that are damaged.
_OF_BROKEN_FILES = (
    BadZipFile, InvalidFileException, ET.ParseError, expat.ExpatError, zlib.error, EOFError, OSError, LookupError,
    ValueError, TypeError, AttributeError, RuntimeError, OverflowError,
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
    looker = _Looker(source)
    with archive.open(part) as stream:
        while block := stream.read(_BLOCK):
            looker.parser.Parse(block)
        looker.parser.Parse(b"", True)  # noqa: FBT003 - the end
    return looker.seen


class _Looker:
    """Hears the elements of a sheet as they begin; only of a formula or an error does it hear text and end too."""

    def __init__(self, source: str) -> None:
        self.seen = _Seen()
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self._source = source
        self._row = 0
        self._address = ""  # of the last cell that says its own
        self._behind = 0  # how many cells behind it
        self._error = False
        self._calculated_text = False
        self._formula = False
        self._in_value = False
        self._value: list[str] = []

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            address = attributes.get("r", "")
            self._address, self._behind = (address, 0) if address else (self._address, self._behind + 1)
            kind = attributes.get("t")
            self._error, self._calculated_text, self._formula = kind == "e", kind == "str", False
            if self._error:
                self._listen()
        elif tag == "v":
            self._in_value = True
        elif tag == "f":
            self._formula = True
            self._listen()
        elif tag == "row":
            self._begin_row(attributes)
        elif tag == "mergeCell":
            left, top, right, bottom = (int(bound or 0) for bound in range_boundaries(attributes.get("ref", "")))
            self.seen.merged.append((top, left - 1, min(bottom, MOST_ROWS), right - 1))
        elif tag == "col" and attributes.get("hidden") in _TRUE:
            self.seen.hidden_columns.append(column_letters(int(attributes.get("min", "1")) - 1))

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._row = int(attributes.get("r", self._row + 1))
        self._address, self._behind = "", 0
        if self._row > MOST_ROWS:
            raise InputError(
                f"{self._source} must have sheets of at most {MOST_ROWS:,} rows, as Excel has, got row {self._row:,}; "
                "save it anew, or as CSV"
            )
        if attributes.get("hidden") in _TRUE:
            self.seen.hidden_rows.add(self._row)

    def _listen(self) -> None:
        self._in_value, self._value = False, []
        self.parser.CharacterDataHandler = self._text
        self.parser.EndElementHandler = self._end

    def _text(self, text: str) -> None:
        if self._in_value:
            self._value.append(text)

    def _end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "v":
            self._in_value = False
        if tag != "c":
            return
        self.parser.CharacterDataHandler = self.parser.EndElementHandler = None
        place = (self._row, _column(self._address) + self._behind)
        value = "".join(self._value)
        if self._error:
            self.seen.errors[place] = value
        elif self._formula and not value and not self._calculated_text:
            self.seen.formulas.append(place)


def _column(address: str) -> int:
    """Return the column of an address such as 'AB7', counted from 0; -1 for none."""
    number = 0
    for letter in address.rstrip("0123456789"):
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
