"""Compiled many-to-many search: sixteen sources at once, one lane each, on packed arcs.

Sources that are near each other reach much the same streets. So their times stand side by side, one row of lanes per
node, and an arc is relaxed for all of them in a few vector instructions. A node waits in the bucket of its earliest new
time and is looked at again whenever a lane improves; the times are the same in whatever order nodes are looked at,
because the shortest time is unique. Buckets: Dial (1969); looking again at nodes of one bucket: Meyer & Sanders (2003).

Lanes hold the time *left* of the limit: reached is positive, so memory that is still zero needs no filling.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

LANES = 16
_INT = ir.IntType(32)
_ROW = ir.VectorType(_INT, LANES)

_SHIFT = np.uint64(32)
_HEAD = np.uint64(0x7FFFFFFF)
_DEAD_END = np.uint64(1 << 31)
_ONE = np.uint64(1)
_SIX = np.uint64(6)
_TWELVE = np.uint64(12)
_LOW_SIX = np.uint64(63)
#: Marks of `Work.waiting`: a node in no bucket, and the last one of its bucket.
_NOWHERE, _LAST = np.int32(-2), np.int32(-1)


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
    and on each edge.
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
    """Memory of one thread, used again for all its searches; all zero or empty between them.

    ``left`` (n, LANES): time left at each node; ``waiting`` (n,): the next node in the same bucket; ``buckets``: the
    first node in each; ``node_bits``, ``target_bits``, ``direct_bits``: what was reached, one bit each, with the
    summaries of `target_bits` and `node_bits`; ``listed``: the same as a list, rising.
    """

    left: NDArray[np.int32]
    waiting: NDArray[np.int32]
    buckets: NDArray[np.int32]
    node_bits: NDArray[np.uint64]
    node_summary: NDArray[np.uint64]
    target_bits: NDArray[np.uint64]
    target_summary: NDArray[np.uint64]
    direct_bits: NDArray[np.uint64]
    listed: NDArray[np.int32]


def make_work(n_nodes: int, n_targets: int, n_buckets: int) -> Work:
    """Set aside the memory of one thread: 72 bytes and two bits per node, four bytes and two bits per target."""

    def bits(n: int) -> NDArray[np.uint64]:
        return np.zeros((n >> 6) + 1, dtype=np.uint64)

    def summary(n: int) -> NDArray[np.uint64]:
        return np.zeros((n >> 12) + 1, dtype=np.uint64)

    return Work(
        left=np.zeros((n_nodes, LANES), dtype=np.int32),
        waiting=np.full(n_nodes, _NOWHERE, dtype=np.int32),
        buckets=np.full(n_buckets, _LAST, dtype=np.int32),
        node_bits=bits(n_nodes),
        node_summary=summary(n_nodes),
        target_bits=bits(n_targets),
        target_summary=summary(n_targets),
        direct_bits=bits(n_targets),
        listed=np.empty(max(n_nodes, n_targets), dtype=np.int32),
    )


def _splat(builder: ir.IRBuilder, value: ir.Value) -> ir.Value:
    nothing = ir.Constant(_ROW, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(_INT, 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(_INT, LANES), [0] * LANES))


def _row(context: Any, builder: ir.IRBuilder, kind: types.Array, array: ir.Value, number: ir.Value) -> ir.Value:
    data = context.make_array(kind)(context, builder, array).data
    begin = builder.gep(data, [builder.mul(number, ir.Constant(number.type, LANES))])
    return builder.bitcast(begin, _ROW.as_pointer())


def _call_reduction(builder: ir.IRBuilder, name: str, row: ir.Value) -> ir.Value:
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_INT, [_ROW]), name)  # type: ignore[no-untyped-call]
    return builder.call(reduce, [row])


def _relax_row(_typing: Any, left: Any, _tail: Any, _head: Any, _ms: Any) -> tuple[Any, Any]:
    """Raise the lanes of `head` to those of `tail` less `ms`; return the highest lane that was raised, 0 if none.

    Written in LLVM's vectors because its optimiser does not find them in a loop over one array. It runs on every
    processor: where there are no such registers, LLVM uses shorter ones.
    """
    signature = types.int32(left, types.uint64, types.uint64, types.int32)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, tail, head, ms = arguments
        source = _row(context, builder, signature.args[0], array, tail)
        target = _row(context, builder, signature.args[0], array, head)
        offered = builder.sub(builder.load(source, align=4), _splat(builder, ms))
        present = builder.load(target, align=4)
        raised = builder.icmp_signed(">", offered, present)
        builder.store(builder.select(raised, offered, present), target, align=4)
        news = builder.select(raised, offered, ir.Constant(_ROW, [0] * LANES))
        return _call_reduction(builder, "llvm.vector.reduce.smax.v16i32", news)

    return signature, generate


def _meet_rows(_typing: Any, left: Any, _u: Any, _from_u: Any, _v: Any, _from_v: Any, out: Any) -> tuple[Any, Any]:
    """Fill `out` with the better of the lanes of `u` less `from_u` and of `v` less `from_v`.

    Return the lanes that are positive, one bit each.
    """
    signature = types.uint64(left, types.uint64, types.int32, types.uint64, types.int32, out)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, u, from_u, v, from_v, out = arguments
        at_u = builder.load(_row(context, builder, signature.args[0], array, u), align=4)
        at_v = builder.load(_row(context, builder, signature.args[0], array, v), align=4)
        by_u = builder.sub(at_u, _splat(builder, from_u))
        by_v = builder.sub(at_v, _splat(builder, from_v))
        best = builder.select(builder.icmp_signed(">", by_u, by_v), by_u, by_v)
        target = _row(context, builder, signature.args[5], out, ir.Constant(ir.IntType(64), 0))
        builder.store(best, target, align=4)
        above = builder.icmp_signed(">", best, ir.Constant(_ROW, [0] * LANES))
        return builder.zext(builder.bitcast(above, ir.IntType(LANES)), ir.IntType(64))

    return signature, generate


def _lowest_bit(_typing: Any, word: Any) -> tuple[Any, Any]:
    """Return the number of the lowest bit set in a word that is not zero."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(word), generate


#: The three as numba calls them: without the typing context, which it adds itself.
relax_row: Any = intrinsic(_relax_row)
meet_rows: Any = intrinsic(_meet_rows)
lowest_bit: Any = intrinsic(_lowest_bit)


@njit(cache=True, nogil=True, inline="always")
def _mark(bits: NDArray[np.uint64], summary: NDArray[np.uint64], number: np.uint64) -> None:
    bits[number >> _SIX] |= _ONE << (number & _LOW_SIX)
    summary[number >> _TWELVE] |= _ONE << ((number >> _SIX) & _LOW_SIX)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True, inline="always")
def _wait(work: Work, node: np.uint64, bucket: np.uint64) -> None:
    work.waiting[node] = work.buckets[bucket]
    work.buckets[bucket] = np.int32(node)


@njit(cache=True, nogil=True)
def _spread(
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    batch: int,
    work: Work,
) -> int:
    """Search from the sources `batch` to `batch + LANES`; list the nodes reached in `work.listed`, return how many."""
    full = np.int64(limit) + 1
    width = np.uint64(shift)
    n_waiting = 0
    for lane in range(min(LANES, len(sources.edge) - batch)):
        source = batch + lane
        if sources.edge[source] < 0:
            continue
        for end in range(2):
            start = sources.ms[source, end]
            node = np.uint64(sources.nodes[source, end])
            if start <= limit and full - start > work.left[node, lane]:
                work.left[node, lane] = full - start
                _mark(work.node_bits, work.node_summary, node)
                if work.waiting[node] == _NOWHERE:
                    _wait(work, node, np.uint64(start) >> width)
                    n_waiting += 1
    bucket = np.uint64(0)
    while n_waiting > 0:
        found = work.buckets[bucket]
        if found == _LAST:
            bucket += _ONE
            continue
        node = np.uint64(found)
        work.buckets[bucket] = work.waiting[node]
        work.waiting[node] = _NOWHERE
        n_waiting -= 1
        for k in range(first[node], first[node + _ONE]):
            arc = arcs[np.uint64(k)]
            head = arc & _HEAD
            best = relax_row(work.left, node, head, np.int32(arc >> _SHIFT))
            if best > 0:
                _mark(work.node_bits, work.node_summary, head)
                if not arc & _DEAD_END and work.waiting[head] == _NOWHERE:
                    _wait(work, head, max(bucket, np.uint64(full - best) >> width))
                    n_waiting += 1
    return _list_marked(work.node_bits, work.node_summary, work.listed)


@njit(cache=True, nogil=True)
def _mark_targets(n_reached: int, sources: Sources, batch: int, targets: Targets, work: Work) -> None:
    """Mark the targets that the nodes reached lead to, and those on the sources' own edges."""
    for k in range(n_reached):
        node = work.listed[k]
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


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
    left, nodes, offsets = work.left, targets.nodes, targets.offsets
    listed, direct_bits = work.listed, work.direct_bits
    row = np.empty(LANES, np.int32)
    all_left = np.int32(full)
    for k in range(n_found):
        target = np.uint64(listed[k])
        within = meet_rows(
            left,
            np.uint64(nodes[target, 0]),
            offsets[target, 0],
            np.uint64(nodes[target, 1]),
            offsets[target, 1],
            row,
        )
        direct = (direct_bits[target >> _SIX] >> (target & _LOW_SIX)) & _ONE
        if direct:
            direct_bits[target >> _SIX] ^= _ONE << (target & _LOW_SIX)
            within |= _see_directly(sources, batch, targets, int(target), full, row)
        while within:
            lane = lowest_bit(within)
            within &= within - _ONE
            place = filled[lane]
            lane_targets[place] = listed[k]
            lane_times[place] = all_left - row[lane]
            filled[lane] = place + _ONE


@njit(cache=True, nogil=True)
def _copy(source: NDArray[np.int32], begin: int, target: NDArray[np.int32], place: int, count: int) -> None:
    """Copy `count` entries; a loop, because slices of arrays take numba seconds to compile."""
    for k in range(count):
        target[place + k] = source[begin + k]


@njit(cache=True, nogil=True)
def _grown(array: NDArray[np.int32], used: int, wanted: int) -> NDArray[np.int32]:
    larger = np.empty(wanted, np.int32)
    _copy(array, 0, larger, 0, used)
    return larger


@njit(cache=True, nogil=True)
def _search_batch(
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
    n_reached = _spread(first, arcs, shift, limit, sources, batch, work)
    _mark_targets(n_reached, sources, batch, targets, work)
    reached = np.empty(n_reached, np.int32)
    _copy(work.listed, 0, reached, 0, n_reached)
    n_found = _list_marked(work.target_bits, work.target_summary, work.listed)
    room = n_found + 1
    if LANES * room > len(lane_targets):
        lane_targets, lane_times = np.empty(2 * LANES * room, np.int32), np.empty(2 * LANES * room, np.int32)
    for lane in range(LANES):
        filled[lane] = lane * room
    _collect(n_found, full, sources, batch, targets, work, lane_targets, lane_times, filled)
    for k in range(n_reached):
        for lane in range(LANES):
            work.left[reached[k], lane] = 0
    return lane_targets, lane_times, room


@njit(cache=True, nogil=True)
def many_to_many(
    begin: int,
    end: int,
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    targets: Targets,
    work: Work,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search from sources `begin` to `end` (exclusive; `begin` a multiple of the lanes) to all targets within `limit`.

    Parameters
    ----------
    first, arcs, shift
        A `network.search_graph.SearchGraph`.
    limit
        Milliseconds.

    Returns
    -------
    counts, targets, times
        Targets per source, their numbers rising within a source, milliseconds.
    """
    full = limit + 1
    counts = np.zeros(end - begin, np.int64)
    out_targets, out_times = np.empty(4096, np.int32), np.empty(4096, np.int32)
    total = 0
    lane_targets, lane_times = np.empty(LANES * 256, np.int32), np.empty(LANES * 256, np.int32)
    filled = np.zeros(LANES, np.uint64)
    for batch in range(begin, end, LANES):
        lane_targets, lane_times, room = _search_batch(
            first, arcs, shift, limit, sources, batch, targets, work, full, lane_targets, lane_times, filled
        )
        for lane in range(min(LANES, end - batch)):
            count = int(filled[lane]) - lane * room
            counts[batch - begin + lane] = count
            if total + count > len(out_targets):
                wanted = max(total + count, 2 * len(out_targets))
                out_targets, out_times = _grown(out_targets, total, wanted), _grown(out_times, total, wanted)
            _copy(lane_targets, lane * room, out_targets, total, count)
            _copy(lane_times, lane * room, out_times, total, count)
            total += count
    return counts, out_targets[:total], out_times[:total]


@njit(cache=True, nogil=True)
def place_rows(
    rows: NDArray[np.int64],
    counts: NDArray[np.int64],
    found: NDArray[np.int32],
    times: NDArray[np.int32],
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    milliseconds: NDArray[np.int32],
) -> None:
    """Copy the results of one chunk, source by source, to their rows of the whole."""
    taken = 0
    for k in range(len(rows)):
        begin = indptr[rows[k]]
        _copy(found, taken, indices, begin, counts[k])
        _copy(times, taken, milliseconds, begin, counts[k])
        taken += counts[k]


@njit(cache=True, nogil=True)
def sum_targets(
    begin: int,
    end: int,
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    limit: int,
    sources: Sources,
    targets: Targets,
    work: Work,
    weights: NDArray[np.float64],
    cutoffs: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Search as `many_to_many` does and add up the targets of each source instead of writing them down.

    Returns
    -------
    points, sums, weighted_ms
        Shape (end - begin, cutoffs): targets within each rising cutoff, their weights, and weights times milliseconds.
        Targets are added in rising order, so that sums do not depend on how sources are put together.
    """
    full = limit + 1
    n_cutoffs = len(cutoffs)
    points = np.zeros((end - begin, n_cutoffs), np.int64)
    sums, weighted_ms = np.zeros((end - begin, n_cutoffs)), np.zeros((end - begin, n_cutoffs))
    lane_targets, lane_times = np.empty(LANES * 256, np.int32), np.empty(LANES * 256, np.int32)
    filled = np.zeros(LANES, np.uint64)
    for batch in range(begin, end, LANES):
        lane_targets, lane_times, room = _search_batch(
            first, arcs, shift, limit, sources, batch, targets, work, full, lane_targets, lane_times, filled
        )
        for lane in range(min(LANES, end - batch)):
            row = batch - begin + lane
            for place in range(lane * room, filled[lane]):
                band = 0
                while lane_times[place] > cutoffs[band]:
                    band += 1
                weight = weights[lane_targets[place]]
                points[row, band] += 1
                sums[row, band] += weight
                weighted_ms[row, band] += weight * lane_times[place]
            for band in range(1, n_cutoffs):
                points[row, band] += points[row, band - 1]
                sums[row, band] += sums[row, band - 1]
                weighted_ms[row, band] += weighted_ms[row, band - 1]
    return points, sums, weighted_ms
