"""The blocks of an OpenStreetMap PBF, one at a time: where they stand and what kinds of objects they hold.

Source of the format: https://wiki.openstreetmap.org/wiki/PBF_Format.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from coverage_planner.sources._pbf_kernels import decode_differences, split_messages

#: Limits that the format sets, in bytes.
_MOST_HEADER, _MOST_BLOB = 64 * 1024, 32 * 1024 * 1024
_VARINT, _BYTES, _FIXED64, _FIXED32 = 0, 2, 1, 5
_NANO = 1e-9


class DamagedBlockError(RuntimeError):
    """The bytes are not what the format says; `osm_file.reading` turns it into a `SourceError`."""


@dataclass(frozen=True)
class Frame:
    """A block as it stands in the file: its header and its compressed content."""

    kind: str
    offset: int
    data: bytes
    content: memoryview


@dataclass(frozen=True, eq=False)
class Block:
    """What a block holds, uncompressed.

    Attributes
    ----------
    data
        Its bytes; empty where only pyosmium can read them (a compression that is not zlib).
    dense
        Where groups of densely packed nodes begin and end.
    ways
        Where the message of each way begins and ends, shape (ways, 2), int64.
    kinds
        Letters of what is inside: n, w, r; 'o' for nodes that are not densely packed.
    granularity, lat_offset, lon_offset
        How coordinates become billionths of a degree.
    """

    data: NDArray[np.uint8]
    dense: list[tuple[int, int]] = field(default_factory=list)
    ways: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    kinds: str = ""
    granularity: int = 100
    lat_offset: int = 0
    lon_offset: int = 0


def read_frames(path: Path, offsets: list[int] | None = None) -> Iterator[Frame]:
    """Yield the blocks of a file in order, or only those that begin at `offsets`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if offsets is not None:
            for offset in offsets:
                file.seek(offset)
                yield _read_frame(file, size)
            return
        while file.tell() < size:
            yield _read_frame(file, size)


def _read_frame(file: BinaryIO, size: int) -> Frame:
    offset = file.tell()
    lead = file.read(4)
    length = int.from_bytes(lead, "big")
    if len(lead) < 4 or not 0 < length <= _MOST_HEADER:  # noqa: PLR2004 - four bytes
        raise DamagedBlockError(f"no block of a PBF begins at byte {offset}")
    header = file.read(length)
    kind, blob_size = "", -1
    for number, value in read_fields(header, 0, len(header)):
        if number == 1 and isinstance(value, tuple):
            kind = header[slice(*value)].decode("ascii", "replace")
        elif number == 3 and isinstance(value, int):  # noqa: PLR2004 - datasize
            blob_size = value
    if not 0 <= blob_size <= _MOST_BLOB:
        raise DamagedBlockError(f"the block at byte {offset} says a size of {blob_size} bytes")
    blob = file.read(blob_size)
    if len(blob) < blob_size:
        raise DamagedBlockError(f"the file of {size} bytes ends within the block at byte {offset}")
    data = lead + header + blob
    return Frame(kind, offset, data, memoryview(data)[4 + length :])


def read_fields(
    data: bytes | memoryview | NDArray[np.uint8], begin: int, end: int
) -> Iterator[tuple[int, int | tuple[int, int]]]:
    """Yield number and value of each field of a message: a number, or where its bytes begin and end."""
    at = begin
    while at < end:
        key, at = read_varint(data, at, end)
        wire = key & 7
        if wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
            continue
        value, at = read_varint(data, at, end)
        if wire == _VARINT:
            yield key >> 3, value
        elif wire == _BYTES and value <= end - at:
            yield key >> 3, (at, at + value)
            at += value
        else:
            raise DamagedBlockError(f"a field of kind {wire} with {value} bytes at {at} of {end}")


def read_varint(data: bytes | memoryview | NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return a number and where the next one begins."""
    value = shift = 0
    while at < end:
        byte = int(data[at])
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:  # noqa: PLR2004 - the eighth bit says that more follows
            return value, at
        shift += 7
    raise DamagedBlockError(f"a number is cut short at byte {end} of a block")


def inflate(frame: Frame) -> bytes | None:
    """Return the content of a block; None where it is compressed in another way than zlib."""
    size = 0
    for number, value in read_fields(frame.content, 0, len(frame.content)):
        if number == 2 and isinstance(value, int):  # noqa: PLR2004 - raw_size
            size = value
        elif number == 1 and isinstance(value, tuple):
            return bytes(frame.content[slice(*value)])
        elif number == 3 and isinstance(value, tuple):  # noqa: PLR2004 - zlib_data
            unpack = zlib.decompressobj()
            try:
                data = unpack.decompress(frame.content[slice(*value)], _MOST_BLOB)
            except zlib.error as error:
                raise DamagedBlockError(f"the block at byte {frame.offset} cannot be unpacked: {error}") from error
            if not unpack.eof or (size and len(data) != size):
                raise DamagedBlockError(f"the block at byte {frame.offset} unpacks to another size than it says")
            return data
    return None


def open_block(frame: Frame) -> Block:
    """Unpack a block and find what it holds."""
    content = inflate(frame)
    if content is None:
        return Block(np.empty(0, dtype=np.uint8), kinds="?")
    groups: list[tuple[int, int]] = []
    scale = {17: 100, 19: 0, 20: 0}
    for number, value in read_fields(content, 0, len(content)):
        if number == 2 and isinstance(value, tuple):  # noqa: PLR2004 - primitivegroup
            groups.append(value)
        elif number in scale and isinstance(value, int):
            scale[number] = value - (1 << 64) if value >= 1 << 63 else value
    data = np.frombuffer(content, dtype=np.uint8)
    dense: list[tuple[int, int]] = []
    ways = [np.empty((0, 2), dtype=np.int64)]
    kinds = set()
    for begin, end in groups:
        # a group holds one kind of object
        number, value = next(read_fields(content, begin, end), (0, 0))
        kinds.add({1: "o", 2: "n", 3: "w", 4: "r"}.get(number, ""))
        if number == 2 and isinstance(value, tuple):  # noqa: PLR2004 - dense
            dense.append(value)
        elif number == 3:  # noqa: PLR2004 - ways
            ways.append(split_messages(data, begin, end))
    spans = np.concatenate(ways)
    if (spans < 0).any():
        raise DamagedBlockError(f"the list of ways in the block at byte {frame.offset} is cut short")
    return Block(data, dense, spans, "".join(sorted(kinds)), scale[17], scale[19], scale[20])


def dense_nodes(block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return ids, longitudes and latitudes of the densely packed nodes of a block, in degrees."""
    parts = []
    for begin, end in block.dense:
        found = {
            number: decode_differences(block.data, *value)
            for number, value in read_fields(block.data, begin, end)
            if number in (1, 8, 9) and isinstance(value, tuple)
        }
        none = np.empty(0, dtype=np.int64)
        ids, lat, lon = (found.get(number, none) for number in (1, 8, 9))
        if not len(ids) == len(lat) == len(lon):
            raise DamagedBlockError(f"{len(ids)} nodes with {len(lat)} latitudes and {len(lon)} longitudes")
        parts.append((ids, lon, lat))
    ids, lon, lat = (np.concatenate([part[column] for part in parts]) for column in range(3))
    return ids, _degrees(lon, block.granularity, block.lon_offset), _degrees(lat, block.granularity, block.lat_offset)


def _degrees(values: NDArray[np.int64], granularity: int, offset: int) -> NDArray[np.float64]:
    return (values * granularity + offset).astype(np.float64) * _NANO
