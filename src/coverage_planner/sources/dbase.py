"""The raw bytes of a Shapefile's texts (.dbf), to recognise their encoding.

The layout of the file is that of dBASE III: a head of 32 bytes (number of records at 4, length of the head at 8, of a
record at 10), 32 bytes for each field (name at 0, type at 11, length at 16), and the records.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from zipfile import ZipFile

import numpy as np

from coverage_planner.sources.encodings import PLAUSIBLE, everyday_share
from coverage_planner.sources.packed_files import BROKEN_PACKED
from coverage_planner.sources.raw_tables import unreadable

_HEAD = 32
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Texts:
    """The different texts of a .dbf file that are not plain ASCII, and whether each fills its field to the end."""

    cells: dict[bytes, bool]


def read_texts(file: Path, part: str) -> Texts:
    """Return the texts of a .dbf file that are not plain ASCII, its field names among them.

    Parameters
    ----------
    file
        The Shapefile, or the packed file it is in.
    part
        Path of the .dbf file, or its name in the packed file.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    cells: dict[bytes, bool] = {}
    try:
        with _opened(file, part) as stream:
            head = stream.read(_HEAD)
            count, head_length = int.from_bytes(head[4:8], "little"), int.from_bytes(head[8:10], "little")
            length = int.from_bytes(head[10:12], "little")
            fields = stream.read(max(head_length - _HEAD, 0))
            places = []
            at = 1  # the first byte of a record says whether it is deleted
            for start in range(0, len(fields) - 31, _HEAD):
                field = fields[start : start + _HEAD]
                if field[0] == 0x0D:  # noqa: PLR2004 - the mark of the end
                    break
                name = field[:11].split(b"\0")[0]
                if not name.isascii():
                    cells[name] = len(name) >= 10  # noqa: PLR2004 - length of a field name
                if field[11:12] == b"C":
                    places.append((at, field[16]))
                at += field[16]
            if length:
                _collect(stream, count, length, places, cells)
    except BROKEN_PACKED as error:
        raise unreadable(file, error) from error
    return Texts(cells)


def recognise_texts(texts: Texts) -> str | None:
    """Return 'utf-8' or 'gb18030' where the texts are that beyond doubt, else None.

    The last character of a text that fills its field may be cut.
    """
    as_utf8, as_gb18030 = _decoded(texts, "utf-8"), _decoded(texts, "gb18030")
    chinese = as_gb18030 is not None and everyday_share(as_gb18030) >= PLAUSIBLE
    if as_utf8 is not None and not (chinese and max(as_utf8) < "\u2e80"):
        return "utf-8"
    return "gb18030" if chinese and as_utf8 is None else None


@contextmanager
def _opened(file: Path, part: str) -> Iterator[IO[bytes]]:
    if file.suffix.lower() == ".zip":
        with ZipFile(file) as archive, archive.open(part) as stream:
            yield stream
    else:
        with Path(part).open("rb") as stream:
            yield stream


def _collect(
    stream: IO[bytes], count: int, length: int, places: list[tuple[int, int]], cells: dict[bytes, bool]
) -> None:
    at_once = max(_BLOCK // length, 1)
    for begun in range(0, count, at_once):
        block = stream.read(length * min(at_once, count - begun))
        records = np.frombuffer(block[: len(block) // length * length], dtype=np.uint8).reshape(-1, length)
        for at, width in places:
            field = records[:, at : at + width]
            for row in field[(field > 0x7F).any(axis=1)]:  # noqa: PLR2004 - beyond ASCII
                text = row.tobytes()
                bare = text.rstrip(b" \0")
                # a character of two bytes can leave the last place of a field free
                cells[bare] = cells.get(bare, False) or len(bare) >= width - 2


def _decoded(texts: Texts, codec: str) -> str | None:
    parts = []
    for cell, full in texts.cells.items():
        try:
            parts.append(cell.decode(codec))
        except UnicodeDecodeError as error:
            if not full or error.end < len(cell) or len(cell) - error.start > 3:  # noqa: PLR2004 - bytes of one
                return None
            parts.append(cell[: error.start].decode(codec))
    return "".join(parts)
