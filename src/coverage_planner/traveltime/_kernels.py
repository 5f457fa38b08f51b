"""Compiled searches: Dijkstra's algorithm in whole milliseconds on CSR adjacency, bounded by a limit.

The queue is a 4-ary heap of 64-bit keys (time in the upper half, node in the lower), so an entry is compared and moved
in one instruction and equal times leave in node order: results do not depend on the order of the input.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAR = np.int32(np.iinfo(np.int32).max)
_SHIFT = np.int64(32)
_NODE = np.int64(0xFFFFFFFF)


@njit(cache=True, nogil=True, inline="always")
def _push(heap: NDArray[np.int64], size: int, key: np.int64) -> None:
    i = size
    while i > 0:
        parent = (i - 1) >> 2
        if heap[parent] <= key:
            break
        heap[i] = heap[parent]
        i = parent
    heap[i] = key


@njit(cache=True, nogil=True, inline="always")
def _sift(heap: NDArray[np.int64], size: int) -> None:
    """Restore the heap after its first entry was taken and `size` entries remain, the last of them homeless."""
    key = heap[size]
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if heap[other] < heap[best]:
                best = other
        if heap[best] >= key:
            break
        heap[i] = heap[best]
        i = best
    heap[i] = key


@njit(cache=True, nogil=True)
def settle(
    indptr: NDArray[np.int64],
    heads: NDArray[np.int32],
    weights: NDArray[np.int32],
    seed_nodes: NDArray[np.int32],
    seed_ms: NDArray[np.int64],
    limit: int,
    dist: NDArray[np.int32],
    heap: NDArray[np.int64],
    reached: NDArray[np.int32],
) -> tuple[int, NDArray[np.int64]]:
    """Search from the seeds; fill `dist` (FAR where not reached) and `reached`; return the count and the heap.

    `dist` must be FAR everywhere on entry; the caller resets it through `reached`. The heap may have been enlarged.
    """
    size = 0
    count = 0
    for k in range(len(seed_nodes)):
        node, start = seed_nodes[k], seed_ms[k]
        if start <= limit and start < dist[node]:
            if dist[node] == FAR:
                reached[count] = node
                count += 1
            dist[node] = start
            if size == len(heap):
                heap = np.concatenate((heap, np.empty_like(heap)))
            _push(heap, size, (np.int64(start) << _SHIFT) | np.int64(node))
            size += 1
    while size > 0:
        key = heap[0]
        size -= 1
        if size > 0:
            _sift(heap, size)
        node = key & _NODE
        time = key >> _SHIFT
        if time > dist[node]:
            continue
        for k in range(indptr[node], indptr[node + 1]):
            head = heads[k]
            there = time + weights[k]
            if there <= limit and there < dist[head]:
                if dist[head] == FAR:
                    reached[count] = head
                    count += 1
                dist[head] = there
                if size == len(heap):
                    heap = np.concatenate((heap, np.empty_like(heap)))
                _push(heap, size, (there << _SHIFT) | np.int64(head))
                size += 1
    return count, heap


@njit(cache=True, nogil=True)
def many_to_many(
    first: int,
    last: int,
    indptr: NDArray[np.int64],
    heads: NDArray[np.int32],
    weights: NDArray[np.int32],
    source_nodes: NDArray[np.int32],
    source_ms: NDArray[np.int64],
    source_edge: NDArray[np.int32],
    source_access: NDArray[np.int64],
    source_fraction: NDArray[np.float64],
    source_along: NDArray[np.int64],
    node_indptr: NDArray[np.int64],
    node_targets: NDArray[np.int32],
    node_offsets: NDArray[np.int32],
    edge_indptr: NDArray[np.int64],
    edge_targets: NDArray[np.int32],
    target_access: NDArray[np.int64],
    target_fraction: NDArray[np.float64],
    target_along: NDArray[np.int64],
    limit: int,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search from sources `first` to `last` (exclusive) to all targets within `limit`.

    Parameters
    ----------
    indptr, heads, weights
        CSR adjacency in the direction of search; milliseconds per arc.
    source_nodes, source_ms
        Shape (s, 2): end nodes u, v of the source's edge and the time to get there, access leg included; FAR where the
        way is not allowed.
    source_edge, source_access
        Shape (s,): the source's edge (-1: none) and access time.
    source_fraction, target_fraction
        Shapes (s,), (t,): place along the edge, 0 at u, 1 at v.
    source_along, target_along
        Shapes (s, 2), (t, 2): time from u to the position along the edge, and from v to it; -1 where not allowed.
    node_indptr, node_targets, node_offsets
        CSR: targets on the edges at each node, by rising time from the node to the target's door.
    edge_indptr, edge_targets, target_access
        CSR of targets per edge, and each target's access time.

    Returns
    -------
    counts, targets, times
        Targets per source, their numbers rising within a source, milliseconds.
    """
    n_nodes = len(indptr) - 1
    dist = np.full(n_nodes, FAR, np.int32)
    reached = np.empty(n_nodes, np.int32)
    heap = np.empty(1024, np.int64)
    best = np.full(len(target_access), FAR, np.int32)
    touched = np.empty(len(target_access), np.int32)
    counts = np.zeros(last - first, np.int64)
    out_targets = np.empty(4096, np.int32)
    out_times = np.empty(4096, np.int32)
    total = 0
    for source in range(first, last):
        edge = source_edge[source]
        if edge < 0:
            continue
        n_touched = 0
        for k in range(edge_indptr[edge], edge_indptr[edge + 1]):  # both on one edge: they see each other directly
            target = edge_targets[k]
            for way in range(2):
                here, there = source_along[source, way], target_along[target, way]
                ahead = target_fraction[target] - source_fraction[source]
                if here >= 0 and there >= 0 and (ahead >= 0 if way == 0 else ahead <= 0):
                    time = source_access[source] + (there - here) + target_access[target]
                    if time <= limit and time < best[target]:
                        if best[target] == FAR:
                            touched[n_touched] = target
                            n_touched += 1
                        best[target] = time
        count, heap = settle(
            indptr, heads, weights, source_nodes[source], source_ms[source], limit, dist, heap, reached
        )
        for i in range(count):
            node = reached[i]
            left = limit - dist[node]
            for k in range(node_indptr[node], node_indptr[node + 1]):
                if node_offsets[k] > left:
                    break
                target = node_targets[k]
                time = dist[node] + node_offsets[k]
                if time < best[target]:
                    if best[target] == FAR:
                        touched[n_touched] = target
                        n_touched += 1
                    best[target] = time
            dist[node] = FAR
        found = np.sort(touched[:n_touched])
        if total + n_touched > len(out_targets):
            room = max(2 * len(out_targets), total + n_touched)
            grown_targets, grown_times = np.empty(room, np.int32), np.empty(room, np.int32)
            grown_targets[:total], grown_times[:total] = out_targets[:total], out_times[:total]
            out_targets, out_times = grown_targets, grown_times
        for i in range(n_touched):
            out_targets[total + i] = found[i]
            out_times[total + i] = best[found[i]]
            best[found[i]] = FAR
        total += n_touched
        counts[source - first] = n_touched
    return counts, out_targets[:total].copy(), out_times[:total].copy()


@njit(cache=True, nogil=True)
def node_times(
    indptr: NDArray[np.int64],
    heads: NDArray[np.int32],
    weights: NDArray[np.int32],
    seed_nodes: NDArray[np.int32],
    seed_ms: NDArray[np.int64],
    limit: int,
) -> NDArray[np.int32]:
    """Shape (n,): milliseconds from the nearest seed to every node; FAR beyond the limit."""
    n_nodes = len(indptr) - 1
    dist = np.full(n_nodes, FAR, np.int32)
    settle(
        indptr, heads, weights, seed_nodes, seed_ms, limit, dist, np.empty(1024, np.int64), np.empty(n_nodes, np.int32)
    )
    return dist
