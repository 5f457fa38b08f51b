"""Text files of rows: which encoding, which delimiter, and the rows themselves."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from coverage_planner.errors import InputError
from coverage_planner.sources.encodings import recognise_encoding
from coverage_planner.sources.headers import known_names
from coverage_planner.sources.layouts import Extras, NumberedRow, lay_out
from coverage_planner.sources.packed_files import check_text_file
from coverage_planner.sources.raw_tables import RawTable, unreadable

#: Delimiters that are recognised, in the order in which they are believed, and what notes call them.
DELIMITERS = {
    ",": "comma",
    "\t": "tab",
    ";": "semicolon",
    "，": "full-width comma",
    "；": "full-width semicolon",
    "|": "|",
}
_USUAL = {".csv": ",", ".tsv": "\t", ".txt": "\t"}
_SAMPLE = 100  # lines in which the delimiter is looked for


def read_csv(
    file: Path, *, encoding: str | None = None, header_row: int | None = None, named: Iterable[str] = ()
) -> RawTable:
    """Read a text file of rows; its encoding, delimiter and column names are found.

    Parameters
    ----------
    file
        The file.
    encoding
        Encoding as said by the planner.
    header_row, named
        As for `find_header`.

    Raises
    ------
    SourceError
        The file cannot be opened.
    InputError
        It has no column names or no values, is not text in one encoding, or not well-formed.
    ConfigError
        There is no such encoding; nothing stands in `header_row`.
    """
    check_text_file(file)
    codec, said = recognise_encoding(file, encoding)
    delimiter, skip, noted = _delimiter(file, codec)
    notes = tuple(note for note in (said, noted) if note)
    swallowed: dict[int, str] = {}
    rows = _rows(file, codec, delimiter, skip, swallowed)
    return lay_out(file.name, rows, header_row=header_row, named=named, notes=notes, extras=Extras(swallowed=swallowed))


def _rows(file: Path, codec: str, delimiter: str, skip: int, swallowed: dict[int, str]) -> Iterator[NumberedRow]:
    """Yield the rows, and note cells that go over several lines and look like rows."""
    line = skip
    try:
        with file.open(encoding=codec, newline="") as lines:
            for _ in range(skip):
                lines.readline()
            parsed = csv.reader(lines, delimiter=delimiter, strict=True)
            for number, row in enumerate(parsed, start=1):
                if skip + parsed.line_num > line + 1:
                    holding = [cell for cell in row if _holds_rows(cell, delimiter, len(row))]
                    if holding:
                        swallowed[number] = holding[0]
                line = skip + parsed.line_num
                yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise InputError(
            f"{file.name} must be a well-formed CSV file, got: {error}, in the row that begins in line {line + 1} (a "
            "quotation mark left open looks so too); correct it, or save the file anew as CSV"
        ) from error
    except OSError as error:
        raise unreadable(file, error) from error


def _holds_rows(cell: str, delimiter: str, width: int) -> bool:
    """Tell whether rows have got into a cell: it has all delimiters of a row for each of its line breaks."""
    breaks = len(cell.splitlines()) - 1
    return breaks > 0 and width > 1 and cell.count(delimiter) == breaks * (width - 1)


def _delimiter(file: Path, codec: str) -> tuple[str, int, str]:
    """Return the delimiter, how many lines to leave out before the rows, and a note where it is not the usual one."""
    try:
        with file.open(encoding=codec, newline="") as lines:
            sample = [line for line in islice(lines, _SAMPLE) if line.strip()]
    except OSError as error:
        raise unreadable(file, error) from error
    usual = _USUAL.get(file.suffix.lower(), ",")
    start = sample[0].strip().strip('"').casefold() if sample else ""
    if start.startswith("sep=") and len(start) == len("sep=") + 1:
        return start[-1], 1, _said(start[-1], usual)
    if file.suffix.lower() == ".tsv" and any("\t" in line for line in sample):
        return "\t", 0, ""
    best = max((usual, *DELIMITERS), key=lambda delimiter: (_fit(sample, delimiter), delimiter == usual))
    return best, 0, _said(best, usual)


def _said(delimiter: str, usual: str) -> str:
    return "" if delimiter == usual else f"cells are delimited by: {DELIMITERS.get(delimiter, delimiter)}"


def _fit(sample: list[str], delimiter: str) -> tuple[int, int]:
    """Return how well a delimiter fits: names of columns that are known with it, cells in rows of the usual width."""
    try:
        rows = [row for row in csv.reader(sample, delimiter=delimiter) if any(row)]
    except csv.Error:
        return (0, 0)
    if not rows:
        return (0, 0)
    width, count = max(Counter(map(len, rows)).items(), key=lambda item: (item[1] * (item[0] - 1), item[0]))
    names = max((known_names([cell.strip() for cell in row]) for row in rows if len(row) > 1), default=0)
    return names, count * (width - 1)
