"""Compiled many-to-many search: sixteen sources at once, one lane each, on packed arcs.

Sources that are near each other reach much the same streets. So their times stand side by side, one row of lanes per
node, and an arc is relaxed for all of them in a few vector instructions. A node waits in the bucket of its earliest new
time and is looked at again whenever a lane improves; the times are the same in whatever order nodes are looked at,
because the shortest time is unique. Buckets: Dial (1969); looking again at nodes of one bucket: Meyer & Sanders (2003).

Rows are handed out in the order in which nodes are reached, so that every batch uses the same few, which the processor
still has at hand from the batch before, however large the network is. Lanes hold the time *left* of the limit: reached
is positive, so memory that is still zero needs no filling.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._vector_kernels import LANES, lowest_bit, meet_rows, relax_row

#: Milliseconds of what is not reached.
FAR = np.int32(np.iinfo(np.int32).max)

_SHIFT = np.uint64(32)
_HEAD = np.uint64(0x7FFFFFFF)
_DEAD_END = np.uint64(1 << 31)
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_TWELVE = np.uint64(12)
_LOW_SIX = np.uint64(63)
#: Marks of `Work.waiting`: a row in no bucket (so that new memory says it), and the last one of its bucket.
_NOWHERE, _LAST = np.int32(0), np.int32(-1)


class Sources(NamedTuple):
    """Where searches start, s of them, in an order in which neighbours follow each other.

    ``nodes``, ``ms`` (s, 2): the ends of the source's edge, and the time until one has passed each, access leg
    included (beyond any limit where the way is not allowed); ``edge`` (s,): -1 where the source has no street;
    ``access`` (s,): time of the access leg; ``fraction`` (s,): place along the edge; ``along`` (s, 2): a coordinate in
    milliseconds along each way of travel, -1 where not allowed.
    """

    nodes: NDArray[np.int32]
    ms: NDArray[np.int64]
    edge: NDArray[np.int32]
    access: NDArray[np.int64]
    fraction: NDArray[np.float64]
    along: NDArray[np.int64]


class Targets(NamedTuple):
    """Where searches end, t of them.

    ``nodes``, ``offsets`` (t, 2): the ends of the target's edge, and the time from having passed each to the target's
    door, beyond the limit where the way is not allowed; ``edge``, ``access``, ``fraction``, ``along``: as in `Sources`;
    ``node_first``, ``node_targets`` and ``edge_first``, ``edge_targets``: CSR of the targets that each node leads to,
    and on each edge. Where these are empty every node is a target.
    """

    nodes: NDArray[np.int32]
    offsets: NDArray[np.int32]
    edge: NDArray[np.int32]
    access: NDArray[np.int64]
    fraction: NDArray[np.float64]
    along: NDArray[np.int64]
    node_first: NDArray[np.int64]
    node_targets: NDArray[np.int32]
    edge_first: NDArray[np.int64]
    edge_targets: NDArray[np.int32]


class Work(NamedTuple):
    """Memory of one thread, used again for all its searches; all zero or empty between them but `nodes` and `listed`.

    ``rows`` (n,): the row of each node reached, 0 for all others; ``left`` (n + 1, LANES): time left, the row 0 stays
    zero; ``nodes``, ``waiting`` (n + 1,): the node of each row, and the next row in the same bucket; ``buckets``: the
    first row in each; ``node_bits``, ``target_bits``, ``direct_bits``: what is found, one bit each, with summaries;
    ``listed``: the same as a list, rising.
    """

    rows: NDArray[np.int32]
    left: NDArray[np.int32]
    nodes: NDArray[np.int32]
    waiting: NDArray[np.int32]
    buckets: NDArray[np.int32]
    node_bits: NDArray[np.uint64]
    node_summary: NDArray[np.uint64]
    target_bits: NDArray[np.uint64]
    target_summary: NDArray[np.uint64]
    direct_bits: NDArray[np.uint64]
    listed: NDArray[np.int32]


def make_work(n_nodes: int, n_targets: int, n_buckets: int) -> Work:
    """Set aside the memory of one thread: 80 bytes and a bit per node at most, four bytes and two bits per target."""

    def bits(n: int) -> NDArray[np.uint64]:
        return np.zeros((n >> 6) + 1, dtype=np.uint64)

    def summary(n: int) -> NDArray[np.uint64]:
        return np.zeros((n >> 12) + 1, dtype=np.uint64)

    return Work(
        rows=np.zeros(n_nodes, dtype=np.int32),
        left=np.zeros((n_nodes + 1, LANES), dtype=np.int32),
        nodes=np.zeros(n_nodes + 1, dtype=np.int32),
        waiting=np.zeros(n_nodes + 1, dtype=np.int32),
        buckets=np.full(n_buckets, _LAST, dtype=np.int32),
        node_bits=bits(n_nodes),
        node_summary=summary(n_nodes),
        target_bits=bits(n_targets),
        target_summary=summary(n_targets),
        direct_bits=bits(n_targets),
        listed=np.empty(max(n_nodes, n_targets), dtype=np.int32),
    )


@compiled
def _mark(bits: NDArray[np.uint64], summary: NDArray[np.uint64], number: np.uint64) -> None:
    bits[number >> _SIX] |= _ONE << (number & _LOW_SIX)
    summary[number >> _TWELVE] |= _ONE << ((number >> _SIX) & _LOW_SIX)


@compiled
def _list_marked(bits: NDArray[np.uint64], summary: NDArray[np.uint64], listed: NDArray[np.int32]) -> int:
    """Write the marked numbers into `listed`, rising, unmark them and return how many there are."""
    count = 0
    for block in range(len(summary)):
        words = summary[block]
        summary[block] = 0
        while words:
            word = (np.uint64(block) << _SIX) + lowest_bit(words)
            words &= words - _ONE
            marked = bits[word]
            bits[word] = 0
            while marked:
                listed[count] = np.int32((word << _SIX) + lowest_bit(marked))
                marked &= marked - _ONE
                count += 1
    return count


@compiled
def _wait(work: Work, row: np.uint64, bucket: np.uint64) -> None:
    work.waiting[row] = work.buckets[bucket]
    work.buckets[bucket] = np.int32(row)


@compiled
def spread(
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    batch: int,
    work: Work,
) -> int:
    """Search from the sources `batch` to `batch + LANES`; return how many rows are used, which begin with row 1."""
    full = np.int64(limit) + 1
    width = np.uint64(shift)
    unused = np.uint64(1)
    n_waiting = 0
    for lane in range(min(LANES, len(sources.edge) - batch)):
        source = batch + lane
        if sources.edge[source] < 0:
            continue
        for end in range(2):
            start = sources.ms[source, end]
            node = np.uint64(sources.nodes[source, end])
            row = np.uint64(work.rows[node])
            if start <= limit and full - start > work.left[row, lane]:
                if row == 0:
                    row = unused
                    unused += _ONE
                    work.rows[node] = row
                    work.nodes[row] = node
                work.left[row, lane] = full - start
                if work.waiting[row] == _NOWHERE:
                    _wait(work, row, np.uint64(start) >> width)
                    n_waiting += 1
    bucket = np.uint64(0)
    while n_waiting > 0:
        found = work.buckets[bucket]
        if found == _LAST:
            bucket += _ONE
            continue
        tail = np.uint64(found)
        node = np.uint64(work.nodes[tail])
        work.buckets[bucket] = work.waiting[tail]
        work.waiting[tail] = _NOWHERE
        n_waiting -= 1
        for k in range(first[node], first[node + _ONE]):
            arc = arcs[np.uint64(k)]
            head = arc & _HEAD
            row = np.uint64(work.rows[head])
            row = unused if row == 0 else row  # still all zero: given to the node only where a lane is raised
            best = relax_row(work.left, tail, row, np.int32(arc >> _SHIFT))
            if best > 0:
                work.rows[head] = row
                work.nodes[row] = head
                unused += np.uint64(row == unused)
                if not arc & _DEAD_END and work.waiting[row] == _NOWHERE:
                    _wait(work, row, max(bucket, np.uint64(full - best) >> width))
                    n_waiting += 1
    return int(unused) - 1


@compiled
def clear_rows(n_rows: int, work: Work) -> None:
    """Make the rows zero again that `spread` has used."""
    for row in range(1, n_rows + 1):
        work.rows[work.nodes[row]] = 0
        for lane in range(LANES):
            work.left[row, lane] = 0


@compiled
def list_nodes(n_rows: int, work: Work) -> int:
    """List the nodes reached, rising, and return how many there are."""
    for row in range(1, n_rows + 1):
        _mark(work.node_bits, work.node_summary, np.uint64(work.nodes[row]))
    return _list_marked(work.node_bits, work.node_summary, work.listed)


@compiled
def _list_targets(n_rows: int, sources: Sources, batch: int, targets: Targets, work: Work) -> int:
    """List the targets that the nodes reached lead to, and those on the sources' own edges; return how many."""
    for row in range(1, n_rows + 1):
        node = work.nodes[row]
        for entry in range(targets.node_first[node], targets.node_first[node + 1]):
            _mark(work.target_bits, work.target_summary, np.uint64(targets.node_targets[entry]))
    for source in range(batch, min(batch + LANES, len(sources.edge))):
        edge = sources.edge[source]
        if edge < 0:
            continue
        for entry in range(targets.edge_first[edge], targets.edge_first[edge + 1]):
            target = np.uint64(targets.edge_targets[entry])
            _mark(work.target_bits, work.target_summary, target)
            work.direct_bits[target >> _SIX] |= _ONE << (target & _LOW_SIX)
    return _list_marked(work.target_bits, work.target_summary, work.listed)


@compiled
def _see_directly(
    sources: Sources, batch: int, targets: Targets, target: int, full: int, row: NDArray[np.int32]
) -> np.uint64:
    """Raise the lanes of the sources on the target's own edge, which see it along the edge; return those lanes."""
    within = np.uint64(0)
    for lane in range(min(LANES, len(sources.edge) - batch)):
        source = batch + lane
        if sources.edge[source] != targets.edge[target]:
            continue
        ahead = targets.fraction[target] - sources.fraction[source]
        for way in range(2):
            here, there = sources.along[source, way], targets.along[target, way]
            if here >= 0 and there >= 0 and (ahead >= 0 if way == 0 else ahead <= 0):
                left = full - (sources.access[source] + (there - here) + targets.access[target])
                if left > 0:
                    row[lane] = max(np.int64(row[lane]), left)
                    within |= _ONE << np.uint64(lane)
    return within


@compiled
def _write_lanes(
    within: np.uint64,
    number: np.int32,
    all_left: np.int32,
    row: NDArray[np.int32],
    lane_targets: NDArray[np.int32],
    lane_times: NDArray[np.int32],
    filled: NDArray[np.uint64],
) -> None:
    """Write a number and its time to each of the lanes `within` reach."""
    while within:
        lane = lowest_bit(within)
        within &= within - _ONE
        place = filled[lane]
        lane_targets[place] = number
        lane_times[place] = all_left - row[lane]
        filled[lane] = place + _ONE


@compiled
def _collect(
    n_found: int,
    full: int,
    sources: Sources,
    batch: int,
    targets: Targets,
    work: Work,
    lane_targets: NDArray[np.int32],
    lane_times: NDArray[np.int32],
    filled: NDArray[np.uint64],
) -> None:
    """Write the targets listed and their times, lane by lane, from where `filled` says on.

    One function with plain arrays: handing the tuples on for every target would cost more than the rest of it.
    """
    rows, left, nodes, offsets = work.rows, work.left, targets.nodes, targets.offsets
    listed, direct_bits = work.listed, work.direct_bits
    row = np.empty(LANES, np.int32)
    all_left = np.int32(full)
    for k in range(n_found):
        target = np.uint64(listed[k])
        within = meet_rows(
            left,
            np.uint64(rows[nodes[target, 0]]),
            offsets[target, 0],
            np.uint64(rows[nodes[target, 1]]),
            offsets[target, 1],
            row,
        )
        direct = (direct_bits[target >> _SIX] >> (target & _LOW_SIX)) & _ONE
        if direct:
            direct_bits[target >> _SIX] ^= _ONE << (target & _LOW_SIX)
            within |= _see_directly(sources, batch, targets, int(target), full, row)
        _write_lanes(within, listed[k], all_left, row, lane_targets, lane_times, filled)


@compiled
def copy_part(
    source: NDArray[np.int32],
    begin: int | np.int64,
    target: NDArray[np.int32],
    place: int | np.int64,
    count: int | np.int64,
) -> None:
    """Copy `count` entries; a loop, because slices of arrays take numba seconds to compile."""
    for k in range(count):
        target[place + k] = source[begin + k]


@compiled
def _collect_nodes(
    n_found: int,
    full: int,
    work: Work,
    lane_targets: NDArray[np.int32],
    lane_times: NDArray[np.int32],
    filled: NDArray[np.uint64],
) -> None:
    """Write the nodes listed and their times, as `_collect` does targets."""
    rows, left, listed = work.rows, work.left, work.listed
    row = np.empty(LANES, np.int32)
    all_left = np.int32(full)
    for k in range(n_found):
        reached = np.uint64(rows[listed[k]])
        within = meet_rows(left, reached, np.int32(0), reached, all_left, row)
        _write_lanes(within, listed[k], all_left, row, lane_targets, lane_times, filled)


@compiled
def search_batch(
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    batch: int,
    targets: Targets,
    work: Work,
    full: int,
    lane_targets: NDArray[np.int32],
    lane_times: NDArray[np.int32],
    filled: NDArray[np.uint64],
) -> tuple[NDArray[np.int32], NDArray[np.int32], int]:
    """Search from one batch; lane l's targets and times then stand from ``l * room`` to ``filled[l]``, rising.

    Returns the two arrays, which may have been enlarged, and `room`.
    """
    n_rows = spread(first, arcs, shift, limit, sources, batch, work)
    at_nodes = len(targets.node_first) == 0
    n_found = list_nodes(n_rows, work) if at_nodes else _list_targets(n_rows, sources, batch, targets, work)
    room = n_found + 1
    if LANES * room > len(lane_targets):
        lane_targets, lane_times = np.empty(2 * LANES * room, np.int32), np.empty(2 * LANES * room, np.int32)
    for lane in range(LANES):
        filled[lane] = lane * room
    if at_nodes:
        _collect_nodes(n_found, full, work, lane_targets, lane_times, filled)
    else:
        _collect(n_found, full, sources, batch, targets, work, lane_targets, lane_times, filled)
    clear_rows(n_rows, work)
    return lane_targets, lane_times, room
