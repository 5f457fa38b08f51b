"""One pass over an OpenStreetMap PBF that finds what lies in a region, block by block; and the writing of it."""

from array import array
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from os import cpu_count
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.filter import IdFilter
from osmium.osm import NODE, RELATION, WAY

from coverage_planner.errors import SourceError
from coverage_planner.sources._pbf_kernels import MARK_BITS, decode_differences, locate_refs, touch_ways
from coverage_planner.sources.pbf_blocks import DamagedBlockError, Frame, dense_nodes, open_block, read_frames

#: Blocks are handed to pyosmium together, as many as make up so many bytes.
_TOGETHER = 4 * 1024 * 1024
#: But not of ids further apart: pyosmium's filter takes 4 MB for every 2**25 numbers in which there is an id.
_IDS_TOGETHER = 2**28
#: Blocks unpacked ahead per thread, and the most threads that are of use.
_AHEAD, _MOST_THREADS = 4, 4
_KINDS = {"n": NODE, "w": WAY, "r": RELATION}
_ORDER = "nwr"
_MASK = (1 << MARK_BITS) - 1
_PER_DEGREE = 1e7
_NONE = np.empty(0, dtype=np.int64)


class UnsortedFileError(SourceError):
    """The objects of a file do not stand in the order that one pass needs."""


@dataclass
class Found:
    """The objects of one kind: where their blocks stand, and the ids of those to keep."""

    kind: str
    offsets: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    last: list[int] = field(default_factory=list)
    parts: list[NDArray[np.int64]] = field(default_factory=list)
    read: int = 0

    def note(self, offset: int, ids: NDArray[np.int64], chosen: NDArray[np.int64]) -> None:
        """Take a block into the list; raise unless it continues where the last one ended."""
        if not len(ids):
            return
        if ids[0] <= (self.last[-1] if self.last else 0) or (np.diff(ids) <= 0).any():
            raise UnsortedFileError(
                "the objects of a file to clip must be sorted by kind and by positive ids without repeats, not so in "
                f"the block at byte {offset}; sort it: osmium sort FILE -o sorted.osm.pbf"
            )
        self.read += len(ids)
        self.offsets.append(offset)
        self.first.append(int(ids[0]))
        self.last.append(int(ids[-1]))
        self.parts.append(chosen)

    def ids(self) -> NDArray[np.int64]:
        """Return the ids to keep, ascending."""
        return np.concatenate([_NONE, *self.parts])

    def blocks_of(self, ids: NDArray[np.int64]) -> list[int]:
        """Return the numbers of the blocks that may hold given ids."""
        block = np.searchsorted(np.array(self.last, dtype=np.int64), ids)
        inside = block < len(self.last)
        inside[inside] &= np.array(self.first, dtype=np.int64)[block[inside]] <= ids[inside]
        return [int(number) for number in np.unique(block[inside])]


@dataclass(eq=False)
class Sift:
    """What one pass finds.

    Attributes
    ----------
    head
        The header block of the file, for pyosmium, which reads no block without it.
    nodes, ways, relations
        Where each kind stands, and what is to be kept.
    edge_refs
        Nodes of the ways to keep that have nodes outside the region, too.
    members
        Ways of the multipolygons to keep.
    """

    head: bytes
    nodes: Found = field(default_factory=lambda: Found("n"))
    ways: Found = field(default_factory=lambda: Found("w"))
    relations: Found = field(default_factory=lambda: Found("r"))
    edge_refs: list[NDArray[np.int64]] = field(default_factory=list)
    members: "array[int]" = field(default_factory=lambda: array("q"))
    kept_nodes: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    kept_ways: NDArray[np.int64] = field(default_factory=lambda: _NONE)
    marks: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(1 << MARK_BITS, dtype=np.uint8))


@dataclass(frozen=True, eq=False)
class Opened:
    """A block, unpacked.

    Attributes
    ----------
    frame
        The block as it stands in the file.
    kinds
        Letters of what is inside: n, w, r.
    node_ids, inside
        Its nodes, and those of them that lie in the region.
    data, located
        Its ways: bytes, and what `locate_refs` found in them. The second is None where only pyosmium can read them.
    """

    frame: Frame
    kinds: str
    node_ids: NDArray[np.int64]
    inside: NDArray[np.int64]
    data: NDArray[np.uint8]
    located: NDArray[np.int64] | None


def sift_file(path: Path, head: bytes, region: Any) -> Iterator[tuple[Sift, int]]:
    """Pass over a file once; yield after each block what has been found so far, and how many bytes are done.

    Raises
    ------
    UnsortedFileError
        The objects are not sorted by kind and id.
    DamagedBlockError
        The file is damaged or cut short.
    """
    found = Sift(head)
    reached = _ORDER[0]
    for opened in _open_ahead(path, head, region):
        for kind in sorted(opened.kinds, key=_ORDER.index):
            if _ORDER.index(kind) < _ORDER.index(reached):
                raise UnsortedFileError(
                    "a file to clip must hold first its nodes, then ways, then relations, not so in the block at byte "
                    f"{opened.frame.offset}; sort it: osmium sort FILE -o sorted.osm.pbf"
                )
            if kind != reached:
                _close(found)
                reached = kind
            _TAKE[kind](found, opened)
        yield found, opened.frame.offset + len(opened.frame.data)
    _close(found)


def _close(found: Sift) -> None:
    """Put together what is kept of the kinds that are through."""
    found.kept_nodes, found.kept_ways = found.nodes.ids(), found.ways.ids()
    found.marks[found.kept_nodes & _MASK] = 1


def _take_nodes(found: Sift, opened: Opened) -> None:
    found.nodes.note(opened.frame.offset, opened.node_ids, opened.inside)


def _take_ways(found: Sift, opened: Opened) -> None:
    if opened.located is None:
        ids, touched, refs = _touch_slowly(found, opened)
    else:
        ids = opened.located[:, 0]
        touched = touch_ways(opened.data, opened.located, found.marks, found.kept_nodes)
        edge = opened.located[touched == 1, 1:].tolist()
        refs = [decode_differences(opened.data, begin, end) for begin, end in edge]
    found.edge_refs += refs
    found.ways.note(opened.frame.offset, ids, ids[touched > 0])


def _touch_slowly(found: Sift, opened: Opened) -> tuple[NDArray[Any], NDArray[Any], list[NDArray[np.int64]]]:
    """Return what the compiled loops do, where only pyosmium can read the block."""
    ids, touched, edge = [], [], []
    for way in objects_in(found.head + opened.frame.data, "w"):
        refs = np.array([node.ref for node in way.nodes], dtype=np.int64)
        inside = np.isin(refs, found.kept_nodes)
        ids.append(way.id)
        touched.append(0 if not inside.any() else 1 + int(inside.all()))
        if touched[-1] == 1:
            edge.append(refs)
    return np.array(ids, dtype=np.int64), np.array(touched, dtype=np.int64), edge


def _take_relations(found: Sift, opened: Opened) -> None:
    """Choose the relations that have a kept node or way as a member."""
    ids: list[int] = []
    areas: dict[int, list[int]] = {}
    rows: dict[str, array[int]] = {"n": array("q"), "w": array("q")}
    refs: dict[str, array[int]] = {"n": array("q"), "w": array("q")}
    for row, relation in enumerate(objects_in(found.head + opened.frame.data, "r")):
        ids.append(relation.id)
        for member in relation.members:
            if member.type in refs:
                rows[member.type].append(row)
                refs[member.type].append(member.ref)
        if relation.tags.get("type") == "multipolygon":
            areas[row] = [member.ref for member in relation.members if member.type == "w"]
    hit = np.zeros(len(ids), dtype=bool)
    for kind, kept in (("n", found.kept_nodes), ("w", found.kept_ways)):
        member = np.isin(np.array(refs[kind], dtype=np.int64), kept)
        hit[np.array(rows[kind], dtype=np.int64)[member]] = True
    for row in np.flatnonzero(hit).tolist():
        found.members.extend(areas.get(row, []))
    all_ids = np.array(ids, dtype=np.int64)
    found.relations.note(opened.frame.offset, all_ids, all_ids[hit])


_TAKE = {"n": _take_nodes, "w": _take_ways, "r": _take_relations}


def find_present(path: Path, head: bytes, found: Found, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of some ids that the file has, ascending; an extract lacks what lies beyond its own edge."""
    parts = (objects_in(head + data, found.kind, here) for data, here in _read_together(path, found, ids))
    return np.array([one.id for part in parts for one in part], dtype=np.int64)


def find_refs(path: Path, head: bytes, ways: Found, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nodes of some ways, from the blocks that hold them."""
    refs: array[int] = array("q")
    for data, here in _read_together(path, ways, ids):
        for way in objects_in(head + data, "w", here):
            refs.extend([node.ref for node in way.nodes])
    return np.array(refs, dtype=np.int64)


def write_found(path: Path, head: bytes, found: Found, ids: NDArray[np.int64], writer: Any) -> None:
    """Write objects of one kind, by their ids, as they stand in the file."""
    for data, here in _read_together(path, found, ids):
        with osmium.io.Reader(osmium.io.FileBuffer(head + data, "pbf"), _KINDS[found.kind]) as reader:
            osmium.apply(reader, IdFilter(here.tolist()), writer)


def _read_together(path: Path, found: Found, ids: NDArray[np.int64]) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
    """Yield the bytes of blocks that hold given ids, some blocks at a time, with those of the ids that they hold."""
    numbers = found.blocks_of(ids)
    together: list[bytes] = []
    begin = 0
    frames = read_frames(path, [found.offsets[number] for number in numbers])
    for row, (number, frame) in enumerate(zip(numbers, frames, strict=True)):
        together.append(frame.data)
        is_last = row + 1 == len(numbers)
        if is_last or found.last[numbers[row + 1]] - ids[begin] > _IDS_TOGETHER or sum(map(len, together)) >= _TOGETHER:
            end = int(np.searchsorted(ids, found.last[number], side="right"))
            yield b"".join(together), ids[begin:end]
            together, begin = [], end


def objects_in(data: bytes, kinds: str, ids: NDArray[np.int64] | None = None) -> Iterator[Any]:
    """Yield the objects of a PBF in memory, or those of given ids; each is gone when the next one comes."""
    entities = osmium.osm.NOTHING
    for kind in kinds:
        entities |= _KINDS[kind]
    processor = osmium.FileProcessor(osmium.io.FileBuffer(data, "pbf"), entities)
    if ids is not None:
        processor.with_filter(IdFilter(ids.tolist()))
    yield from processor


def _open_ahead(path: Path, head: bytes, region: Any) -> Iterator[Opened]:
    """Yield the blocks of a file in order, unpacked by other threads while earlier ones are looked at."""
    threads = min(_MOST_THREADS, cpu_count() or 1)
    work = partial(_open, head=head, region=region)
    waiting: deque[Future[Opened]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for frame in read_frames(path):
            if frame.kind == "OSMData":
                waiting.append(pool.submit(work, frame))
            if len(waiting) > threads * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _open(frame: Frame, *, head: bytes, region: Any) -> Opened:
    block = open_block(frame)
    if set(block.kinds) - set(_ORDER):
        return _open_slowly(frame, head, region)
    ids = inside = _NONE
    if block.dense:
        ids, lon, lat = dense_nodes(block)
        inside = ids[_lie_in(region, lon, lat)]
    located = locate_refs(block.data, block.ways[:, 0].copy(), block.ways[:, 1].copy())
    if (located[:, 2] < 0).any():
        raise DamagedBlockError(f"a way in the block at byte {frame.offset} is cut short")
    return Opened(frame, block.kinds, ids, inside, block.data, located)


def _open_slowly(frame: Frame, head: bytes, region: Any) -> Opened:
    """Open a block that only pyosmium can read: its nodes stand one by one, or it is packed in another way."""
    ids: list[int] = []
    places: list[tuple[float, float]] = []
    kinds = set()
    for one in objects_in(head + frame.data, _ORDER):
        kinds.add(one.type_str())
        if one.is_node():
            ids.append(one.id)
            places.append((one.location.x / _PER_DEGREE, one.location.y / _PER_DEGREE))
    node_ids = np.array(ids, dtype=np.int64)
    lon, lat = np.array(places, dtype=float).reshape(-1, 2).T
    inside = node_ids[_lie_in(region, lon, lat)]
    return Opened(frame, "".join(kinds), node_ids, inside, np.empty(0, dtype=np.uint8), None)


def _lie_in(region: Any, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    west, south, east, north = region.bounds
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    near = np.flatnonzero(inside)
    inside[near] = shapely.intersects_xy(region, lon[near], lat[near])
    return np.asarray(inside)
