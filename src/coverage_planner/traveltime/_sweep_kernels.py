"""Compiled sweeps: one search from all facilities, in which every node learns the nearest, or the k nearest.

A facility's time and number stand in one word, time above, so the smaller word is the nearer facility and of two
equally near ones the lower row. Buckets and looking again are as in `_lane_kernels`. Every node knows its k nearest
when its neighbours know theirs: a facility that is among the k nearest of a node is among those of the node before it.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._lane_kernels import Sources, Targets

#: No facility: later than any time.
NOBODY = np.int64(np.iinfo(np.int64).max)
_SHIFT = np.int64(32)
_LABEL = np.int64(0xFFFFFFFF)
_ONE = np.uint64(1)
_HEAD = np.uint64(0x7FFFFFFF)
_DEAD_END = np.uint64(1 << 31)
_WEIGHT = np.uint64(0xFFFFFFFF00000000)
_NOWHERE, _LAST = np.int32(-2), np.int32(-1)


@compiled
def _put(waiting: NDArray[np.int32], buckets: NDArray[np.int32], node: np.uint64, place: np.int64) -> None:
    waiting[node] = buckets[place]
    buckets[place] = np.int32(node)


@compiled
def _take(waiting: NDArray[np.int32], buckets: NDArray[np.int32], place: np.int64) -> np.uint64:
    node = np.uint64(buckets[place])
    buckets[place] = waiting[node]
    waiting[node] = _NOWHERE
    return node


@compiled
def sweep_nearest(
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    seed_nodes: NDArray[np.int32],
    seed_keys: NDArray[np.int64],
    buckets: NDArray[np.int32],
    waiting: NDArray[np.int32],
    best: NDArray[np.int64],
) -> None:
    """Spread from the seeds until every node knows its nearest facility.

    Parameters
    ----------
    first, arcs, shift
        A `network.search_graph.SearchGraph`.
    seed_nodes, seed_keys
        Nodes, and words of time and label.
    buckets
        A power of two of them, all -1, that hold the longest arc and the latest seed; they are so again afterwards.
    waiting
        Shape (n,), all -2, and so again afterwards.
    best
        Shape (n,), everywhere the first word beyond the limit on entry; lowered where reached.
    """
    mask = np.int64(len(buckets) - 1)
    n_waiting = 0
    for k in range(len(seed_nodes)):
        node, key = np.uint64(seed_nodes[k]), seed_keys[k]
        if key >= best[node]:
            continue
        best[node] = key
        if waiting[node] == _NOWHERE:
            _put(waiting, buckets, node, ((key >> _SHIFT) >> shift) & mask)
            n_waiting += 1
    bucket = np.int64(0)
    while n_waiting > 0:
        if buckets[bucket & mask] == _LAST:
            bucket += 1
            continue
        node = _take(waiting, buckets, bucket & mask)
        n_waiting -= 1
        here = best[node]
        for k in range(first[node], first[node + _ONE]):
            arc = arcs[np.uint64(k)]
            head = arc & _HEAD
            there = here + np.int64(arc & _WEIGHT)
            if there < best[head]:
                best[head] = there
                if not arc & _DEAD_END and waiting[head] == _NOWHERE:
                    _put(waiting, buckets, head, max(bucket, (there >> _SHIFT) >> shift) & mask)
                    n_waiting += 1


@compiled
def _insert(row: NDArray[np.int64], key: np.int64) -> bool:
    """Put a word into a rising row that keeps the best of every label; return whether it has a place there."""
    last = len(row) - 1
    if key >= row[last]:
        return False
    place = 0
    while row[place] <= key:
        if row[place] & _LABEL == key & _LABEL:
            return False
        place += 1
    gone = place  # the same facility on a longer way, or else the last of the row, makes room
    while gone < last and row[gone] & _LABEL != key & _LABEL:
        gone += 1
    for k in range(gone, place, -1):
        row[k] = row[k - 1]
    row[place] = key
    return True


@compiled
def sweep_k_nearest(
    first: NDArray[np.uint32],
    arcs: NDArray[np.uint64],
    shift: int,
    seed_nodes: NDArray[np.int32],
    seed_keys: NDArray[np.int64],
    buckets: NDArray[np.int32],
    waiting: NDArray[np.int32],
    best: NDArray[np.int64],
) -> None:
    """Spread from the seeds until every node knows its k nearest facilities.

    ``best`` has shape (n, k), everywhere the first word beyond the limit on entry; its rows rise. The rest is as in
    `sweep_nearest`.
    """
    mask = np.int64(len(buckets) - 1)
    n_waiting = 0
    for k in range(len(seed_nodes)):
        node, key = np.uint64(seed_nodes[k]), seed_keys[k]
        if _insert(best[node], key) and waiting[node] == _NOWHERE:
            _put(waiting, buckets, node, ((key >> _SHIFT) >> shift) & mask)
            n_waiting += 1
    bucket = np.int64(0)
    while n_waiting > 0:
        if buckets[bucket & mask] == _LAST:
            bucket += 1
            continue
        node = _take(waiting, buckets, bucket & mask)
        n_waiting -= 1
        here = best[node]
        for k in range(first[node], first[node + _ONE]):
            arc = arcs[np.uint64(k)]
            head = arc & _HEAD
            row = best[head]
            earliest = NOBODY
            for rank in range(len(here)):
                there = here[rank] + np.int64(arc & _WEIGHT)
                if there >= row[len(row) - 1]:
                    break
                if _insert(row, there):
                    earliest = min(earliest, there)
            if earliest != NOBODY and waiting[head] == _NOWHERE:
                _put(waiting, buckets, head, max(bucket, (earliest >> _SHIFT) >> shift) & mask)
                n_waiting += 1


@compiled
def join_nearest(
    best: NDArray[np.int64],
    sources: Sources,
    source_first: NDArray[np.int64],
    edge_sources: NDArray[np.int32],
    targets: Targets,
    limit: int,
    found: NDArray[np.int64],
) -> None:
    """Fill `found`, shape (t, k), with the k nearest facilities of each target.

    Parameters
    ----------
    best
        Shape (n, k): what the nodes know.
    source_first, edge_sources
        CSR of the facilities on each edge, which see a target on it directly.
    """
    farthest = (np.int64(limit) << _SHIFT) | _LABEL
    for target in range(len(targets.edge)):
        edge = targets.edge[target]
        if edge < 0:
            continue
        row = found[target]
        for end in range(2):
            offset = np.int64(targets.offsets[target, end])
            if offset > limit:
                continue
            known = best[targets.nodes[target, end]]
            for rank in range(len(known)):
                if known[rank] == NOBODY or known[rank] + (offset << _SHIFT) > farthest:
                    break
                key = known[rank] + (offset << _SHIFT)
                _insert(row, key)
        for entry in range(source_first[edge], source_first[edge + 1]):
            source = edge_sources[entry]
            ahead = targets.fraction[target] - sources.fraction[source]
            for way in range(2):
                here, there = sources.along[source, way], targets.along[target, way]
                if here >= 0 and there >= 0 and (ahead >= 0 if way == 0 else ahead <= 0):
                    time = sources.access[source] + (there - here) + targets.access[target]
                    if time <= limit:
                        _insert(row, (time << _SHIFT) | np.int64(source))
