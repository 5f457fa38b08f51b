"""Whether a file is what its name says, and whether a packed one is safe to unpack."""

import zlib
from collections.abc import Iterable
from pathlib import Path
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from coverage_planner.errors import SourceError
from coverage_planner.sources.raw_tables import unreadable

#: What zipfile raises for packed files that are damaged, encrypted, or packed in a way that it does not know.
BROKEN_PACKED = (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, LookupError, ValueError)

#: Most bytes that a packed file may hold in all, most files in it, and most bytes per packed byte (deflate cannot give
#: more than about 1030; workbooks stay below 100) for files in it that are larger than `_SMALL`.
MOST_UNPACKED = 1_000_000_000
MOST_ENTRIES = 10_000
MOST_RATIO = 300
_SMALL = 10_000_000

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: In UTF-16, as the old format names its parts: an encrypted workbook of today's format is packed in the old one.
_ENCRYPTED_PART = "EncryptedPackage".encode("utf-16-le")
_SAVE_AS = "open it in Excel or WPS and save it as .xlsx"

_TEXT_KINDS = (
    (b"PK\x03\x04", "a packed file such as a workbook", "rename it to .xlsx if it is one, or save it as 'CSV UTF-8'"),
    (_OLD_OR_ENCRYPTED, "an old or encrypted workbook", f"{_SAVE_AS} without a password"),
    (b"SQLite format 3\x00", "a database", "rename it to .gpkg if it is a GeoPackage"),
    (b"%PDF", "a PDF file", "export the table as .xlsx or CSV"),
)


def check_text_file(file: Path) -> None:
    """Raise SourceError where a file that is named as text is a workbook, a packed file or a database."""
    start = _first_bytes(file, 16)
    for mark, kind, advice in _TEXT_KINDS:
        if start.startswith(mark):
            raise SourceError(f"{file.name} must be a text file as its name says, got {kind}; {advice}")


def check_workbook_file(file: Path) -> None:
    """Raise where a file named .xlsx is of another kind, encrypted, or not safe to unpack.

    Nothing is unpacked but the first bytes of its XML parts.

    Raises
    ------
    SourceError
        The file is a workbook of another format, encrypted, a text file, damaged, or unpacks to too much.
    """
    start = _first_bytes(file, 4096)
    if not start:
        raise SourceError(f"{file.name} must be a readable .xlsx workbook, got an empty file; export it anew")
    if start.startswith(_OLD_OR_ENCRYPTED):
        encrypted = _ENCRYPTED_PART in file.read_bytes()
        kind = "one with a password" if encrypted else "one in the old format of .xls, .et or .wps"
        raise SourceError(
            f"{file.name} must be a readable .xlsx workbook without a password, got {kind}; {_SAVE_AS}"
            f"{' without the password' if encrypted else ''}"
        )
    if not start.startswith(b"PK") and start.strip():
        kind = _text_kind(start)
        if kind:
            raise SourceError(f"{file.name} must be a readable .xlsx workbook, got {kind}; {_SAVE_AS}")
    check_packed(file)
    try:
        with ZipFile(file) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in names and "mimetype" in names:
                raise SourceError(
                    f"{file.name} must be a readable .xlsx workbook, got an OpenDocument file (.ods); {_SAVE_AS}"
                )
            for part in archive.infolist():
                if part.filename.endswith((".xml", ".rels")):
                    _check_no_doctype(file, archive, part)
    except BROKEN_PACKED as error:
        raise unreadable(file, error) from error


def check_packed(file: Path, *, most_ratio: int | None = MOST_RATIO) -> None:
    """Check by its list of contents that a packed file is safe to unpack.

    Parameters
    ----------
    file
        The packed file.
    most_ratio
        Most bytes per packed byte; None where the blanks of a honest file pack to nothing, as a Shapefile's do.

    Raises
    ------
    SourceError
        It is damaged, or holds more than `MOST_UNPACKED` bytes, more than `MOST_ENTRIES` files, or files packed more
        tightly than any table is.
    """
    try:
        with ZipFile(file) as archive:
            parts = archive.infolist()
    except BROKEN_PACKED as error:
        raise unreadable(file, error) from error
    size = sum(part.file_size for part in parts)
    tight = "" if most_ratio is None else _too_tight(parts, most_ratio)
    if size > MOST_UNPACKED or len(parts) > MOST_ENTRIES or tight:
        raise SourceError(
            f"{file.name} must unpack to at most {MOST_UNPACKED / 1e6:,.0f} MB in at most {MOST_ENTRIES:,} files"
            f"{f', packed at most {most_ratio}:1' if most_ratio else ''}; got {size / 1e6:,.0f} MB in {len(parts):,} "
            f"files{f', {tight} packed more tightly' if tight else ''}: such a file can fill the memory; "
            "if it is honest, save it as CSV"
        )


def _too_tight(parts: Iterable[ZipInfo], most_ratio: int) -> str:
    return next(
        (part.filename for part in parts if part.file_size > max(_SMALL, most_ratio * max(part.compress_size, 1))), ""
    )


def _first_bytes(file: Path, count: int) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(count)
    except OSError as error:
        raise unreadable(file, error) from error


def _text_kind(start: bytes) -> str:
    """Return what a file that is no packed one looks like, "" where that cannot be said."""
    begins = start.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if begins.startswith((b"<html", b"<!doctype html", b"<table", b"<meta")):
        return "a web page with a table (some programs export these as .xls)"
    if begins.startswith(b"<?xml"):
        return "an XML file"
    if b"\0" not in start and any(delimiter in start for delimiter in (b",", b"\t", b";", b"|")):
        return "a text file; rename it to .csv, or"
    return ""


def _check_no_doctype(file: Path, archive: ZipFile, part: ZipInfo) -> None:
    """Refuse a part whose XML declares entities, which can grow without end; workbooks have none."""
    declared: list[str] = []
    begun: list[str] = []
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = lambda name, *_: declared.append(name)
    parser.StartElementHandler = lambda name, _: begun.append(name)
    with archive.open(part) as stream:
        while not declared and not begun and (block := stream.read(4096)):
            try:
                parser.Parse(block)
            except expat.ExpatError:
                break  # the reader says what is wrong with it
    if declared:
        raise SourceError(
            f"{file.name} must be a readable .xlsx workbook, got a document type declaration in {part.filename}, as "
            f"no workbook has and harmful files do; {_SAVE_AS}"
        )
