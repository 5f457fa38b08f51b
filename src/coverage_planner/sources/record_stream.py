"""A CSV file of millions of records -> chunks of its wanted columns as text, in bounded memory.

pyarrow's streaming reader was chosen because it alone says which rows have too many or too few cells, and leaves cells
as text, so that one bad number does not change how its neighbours are read. On clean UTF-8 pandas reads in half the
time (benchmarks/records.py).

The bytes are taken for Latin-1 whatever their encoding is: digits are the same bytes in UTF-8, GBK and GB18030, and
separators, quotes and line ends are no part of a Chinese character there, so that a file of mixed or unknown encoding
counts like any other. Only the names of columns are decoded.
"""

import codecs
import csv
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.sources.tables import AnyPath, existing_file

#: Bytes of the file that are parsed at a time.
BLOCK_BYTES = 1 << 20

_KINDS = (".csv", ".txt", ".tsv")
#: Whichever stands most often in the first row; none is a byte of a Chinese character.
_SEPARATORS = (",", "\t", ";")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LONGEST_HEADER = 1 << 16


@dataclass(frozen=True, eq=False)
class RecordFile:
    """A file of records: its place, the names of its columns and how it is written."""

    path: Path
    names: Sequence[str]
    separator: str
    encoding: str

    @property
    def source(self) -> str:
        """The file's name, for messages."""
        return self.path.name


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive records.

    Attributes
    ----------
    rows
        Shape (records,): row numbers, the header is row 1. A cell that holds a line break makes no second row.
    cells
        Name of this package -> pyarrow text array of shape (records,), null where blank.
    malformed
        Rows before the end of the chunk that have more or fewer cells than the first row; they are no records.
    overlong
        Those of `malformed` that go over several lines, as where a quotation mark is closed too late.
    read_bytes
        How much of the file has been read.
    """

    rows: NDArray[np.int64]
    cells: Mapping[str, Any]
    malformed: NDArray[np.int64]
    overlong: NDArray[np.int64]
    read_bytes: int


def open_records(path: AnyPath, encoding: str | None = None) -> RecordFile:
    """Read the names of the columns of a file of records.

    Parameters
    ----------
    path
        ``.csv``, ``.txt`` or ``.tsv``, cells separated by commas, tabs or semicolons, names of columns in the first
        row.
    encoding
        Encoding of the names; by default that of the byte order mark, else UTF-8 where the first row is that, else
        GB18030.

    Raises
    ------
    SourceError
        The file is missing or of another kind.
    InputError
        It is empty, or the first row is in none of the encodings.
    ConfigError
        There is no such encoding.
    """
    file = existing_file(path)
    if file.suffix.lower() not in _KINDS:
        raise SourceError(
            f"records must be a file of a known kind ({', '.join(_KINDS)}), got {file.name}; save them as CSV"
        )
    with file.open("rb") as stream:
        start = stream.read(_LONGEST_HEADER)
    marked = next((codec for mark, codec in _MARKS if start.startswith(mark)), None)
    codec = encoding or marked or ("utf-8" if _is_utf8(_first_line(start)) else "gb18030")
    try:
        # half a character at the end of what was read is no matter, the first line is
        text = start.decode(codec, errors="replace")
    except LookupError as error:
        raise ConfigError(
            f"encoding must be one that Python knows, got {encoding!r} for {file.name}; use 'utf-8' or 'gb18030'"
        ) from error
    first = text.removeprefix("\ufeff").splitlines()[:1]
    separator = max(_SEPARATORS, key="".join(first).count)
    names = next(csv.reader(first, delimiter=separator), [])
    names = [name.strip() for name in names]
    if not any(names):
        raise InputError(f"{file.name} must have the names of its columns in the first row, got none; add them")
    if any("\ufffd" in name for name in names):
        raise InputError(
            f"the first row of {file.name} must be text in {codec}, got {names}; say its encoding, for example "
            "encoding='gb18030'"
        )
    return RecordFile(file, names, separator, "utf-16" if codec.startswith(("utf-16", "utf_16")) else "latin-1")


def stream_records(file: RecordFile, wanted: Mapping[str, str]) -> Iterator[Chunk]:
    """Yield the records of a file.

    Parameters
    ----------
    file
        From `open_records`.
    wanted
        Name of this package -> column of the file.

    Raises
    ------
    InputError
        The file is not well-formed: a quotation mark is never closed, for example.
    SourceError
        The file cannot be read to its end.
    """
    numbers = _RowNumbers()
    labels = [str(number) for number in range(len(file.names))]  # names may repeat where nobody looks
    columns = {name: labels[file.names.index(column)] for name, column in wanted.items()}
    with _reading(file, numbers), file.path.open("rb") as stream:
        reader = arrow_csv.open_csv(
            stream,
            # one thread, because only then are rows numbered
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=BLOCK_BYTES, skip_rows=1, column_names=labels, encoding=file.encoding
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=file.separator,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=numbers.skip,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=sorted(set(columns.values())),
                column_types=dict.fromkeys(labels, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        for batch in reader:
            rows, malformed = numbers.of(batch.num_rows)
            cells = {name: batch.column(label) for name, label in columns.items()}
            yield Chunk(rows, cells, malformed, numbers.overlong_among(malformed), stream.tell())
        numbers.check()
        rows, malformed = numbers.of(0, last=True)
        nothing = dict.fromkeys(columns, pa.array([], pa.string()))
        yield Chunk(rows, nothing, malformed, numbers.overlong_among(malformed), stream.tell())


@dataclass(eq=False)
class _RowNumbers:
    """Numbers the rows, of which pyarrow leaves out those that are malformed and says which these are."""

    next_row: int = 2
    skipped: "array[int]" = field(default_factory=lambda: array("q"))
    overlong: "array[int]" = field(default_factory=lambda: array("q"))
    unclosed: int | None = None

    def skip(self, row: Any) -> str:
        """Note a malformed row; pyarrow calls this."""
        self.skipped.append(row.number)
        if "\n" in row.text:
            self.overlong.append(row.number)
            if row.text.count('"') % 2:
                self.unclosed = row.number
        return "skip"

    def check(self) -> None:
        """Raise where a quotation mark took the rest of the file into one cell."""
        if self.unclosed is not None:
            raise pa.ArrowInvalid(f"row {self.unclosed} goes on to the end of the file")

    def overlong_among(self, malformed: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which of some malformed rows go over several lines, and forget these."""
        overlong = np.array(self.overlong, dtype=np.int64)
        passed = np.isin(overlong, malformed)
        self.overlong = array("q", overlong[~passed].tolist())
        return overlong[passed]

    def of(self, n_rows: int, *, last: bool = False) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers of the next rows and of the malformed ones among and before them."""
        # those of blocks that were parsed ahead wait for their turn
        skipped = np.array(self.skipped, dtype=np.int64)
        rows = np.arange(self.next_row, self.next_row + n_rows + len(skipped))
        if len(skipped):
            rows = np.setdiff1d(rows, skipped)[:n_rows]
        if len(rows):
            self.next_row = int(rows[-1]) + 1
        passed = np.ones(len(skipped), dtype=np.bool_) if last else skipped < self.next_row
        self.skipped = array("q", skipped[~passed].tolist())
        return rows, skipped[passed]


def _first_line(start: bytes) -> bytes:
    return start.splitlines()[0] if start else b""


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _reading(file: RecordFile, numbers: _RowNumbers) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, UnicodeError) as error:
        raise InputError(
            f"{file.source} must be a well-formed CSV file, got after row {numbers.next_row - 1}: {error}; a quotation "
            "mark that is never closed looks so; correct the file or save it anew as CSV"
        ) from error
    except OSError as error:
        raise SourceError(
            f"{file.source} must be readable to its end, got: {error}; close it in other programs or copy it anew"
        ) from error
