"""From street positions to the arrays that the compiled searches take, and threads over the facilities.

All times are whole milliseconds. A position on the edge (u, v) of times F (u to v) and B (v to u), at the fraction p,
is ``a = round(p F)`` from u and ``F - a`` to v, ``b = round(p B)`` to u and ``B - b`` from v. Because the parts are
defined by the way one really travels, searching back from the facility gives the very same numbers as searching forth
from the demand point. A position exactly at an end of its edge is at the junction: it may leave and be entered there
whatever the direction of the edge.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import Positions
from coverage_planner.traveltime._kernels import FAR, many_to_many
from coverage_planner.units import Progress, speed_mps, to_milliseconds

_CHUNKS_PER_THREAD = 16


@dataclass(frozen=True, eq=False)
class Links:
    """How positions connect to the ends of their edges, in milliseconds, in the direction of search.

    Attributes
    ----------
    edge
        Shape (p,), int32: -1 where the position was rejected.
    access
        Shape (p,): time of the access leg.
    leaving, arriving
        Shape (p, 2): time from the position to (u, v), and from (u, v) to it, access leg left out; -1 where not
        allowed.
    fraction
        Shape (p,): place along the edge, 0 at u, 1 at v.
    along
        Shape (p, 2): a coordinate along each way of travel (u to v, v to u): from one position to another ahead of it
        on the same edge takes the difference of their coordinates; -1 where the way is not allowed.
    """

    edge: NDArray[np.int32]
    access: NDArray[np.int64]
    leaving: NDArray[np.int64]
    arriving: NDArray[np.int64]
    fraction: NDArray[np.float64]
    along: NDArray[np.int64]


def search_graph(graph: ModeGraph, *, reverse: bool) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Return the adjacency to search: leaving arcs, or entering arcs when searching back from the destination."""
    if reverse:
        return graph.reverse_indptr, graph.reverse_heads, graph.reverse_weights_ms
    return graph.indptr, graph.heads, graph.weights_ms


def link_positions(graph: ModeGraph, positions: Positions, *, reverse: bool) -> Links:
    """Work out how positions connect to the ends of their edges."""
    snapped = positions.snapped
    edge = np.where(snapped, positions.edge, 0)
    has_edges = len(graph.forward_ms) > 0
    forward = graph.forward_ms[edge].astype(np.int64) if has_edges else np.full(len(edge), -1)
    backward = graph.backward_ms[edge].astype(np.int64) if has_edges else np.full(len(edge), -1)
    fraction = np.where(snapped, positions.fraction, 0.0)
    from_u = np.rint(fraction * forward).astype(np.int64)
    to_u = np.rint(fraction * backward).astype(np.int64)
    to_v, from_v = forward - from_u, backward - to_u
    no_forward, no_backward = ~snapped | (forward < 0), ~snapped | (backward < 0)

    def masked(values: NDArray[np.int64], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.where(missing, -1, values)

    leaving = np.column_stack([masked(to_u, no_backward), masked(to_v, no_forward)])
    arriving = np.column_stack([masked(from_u, no_forward), masked(from_v, no_backward)])
    at_end = snapped[:, np.newaxis] & np.column_stack([fraction == 0.0, fraction == 1.0])
    leaving[at_end] = arriving[at_end] = 0
    access = to_milliseconds(np.where(snapped, positions.access_m, 0.0) / speed_mps(graph.mode.access_speed_kph))
    if reverse:  # searching back, u to v means that somebody really travels from v to u
        leaving, arriving = arriving, leaving
        along = np.column_stack([masked(backward - from_v, no_backward), masked(forward - from_u, no_forward)])
    else:
        along = np.column_stack([masked(from_u, no_forward), masked(from_v, no_backward)])
    return Links(positions.edge, access, leaving, arriving, fraction, along)


def seed_times(links: Links) -> NDArray[np.int64]:
    """Shape (p, 2): time from each door to the ends of its edge; FAR where not allowed."""
    return np.where(links.leaving >= 0, links.leaving + links.access[:, np.newaxis], np.int64(FAR))


def edge_ends(network: RoadNetwork, links: Links) -> NDArray[np.int32]:
    """Shape (p, 2): the end nodes of each position's edge (of edge 0 where it was rejected)."""
    ends: NDArray[np.int32] = network.edges[["u", "v"]].to_numpy(dtype=np.int32)
    if not len(ends):
        return np.zeros((len(links.edge), 2), dtype=np.int32)
    return ends[np.maximum(links.edge, 0)]


def group_by(
    keys: NDArray[np.int32], n_keys: int, *later: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """CSR of entry numbers per key (negative keys left out), ordered by `later` within a key."""
    by: list[NDArray[np.integer]] = [np.arange(len(keys)), *later, keys]
    order = np.lexsort(by)
    order = order[keys[order] >= 0]
    counts = np.bincount(keys[order], minlength=n_keys)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), order


def search_pairs(
    network: RoadNetwork,
    graph: ModeGraph,
    sources: Positions,
    targets: Positions,
    *,
    limit_ms: int,
    reverse: bool,
    threads: int | None,
    progress: Progress | None,
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Search all pairs within the limit; CSR: indptr, target numbers, milliseconds.

    The result does not depend on the number of threads. An interrupt stops after the running chunks.
    """
    if threads is not None and threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads}")
    threads = threads or os.cpu_count() or 1
    start = link_positions(graph, sources, reverse=reverse)
    end = link_positions(graph, targets, reverse=reverse)
    n_nodes, n_edges = len(network.nodes), len(network.edges)
    edge_indptr, edge_targets = group_by(end.edge, n_edges)
    offsets = np.where(end.arriving >= 0, end.arriving + end.access[:, np.newaxis], np.int64(FAR)).ravel()
    nodes = np.where(offsets <= limit_ms, edge_ends(network, end).ravel(), -1)
    nodes = np.where(np.repeat(end.edge, 2) >= 0, nodes, -1)
    node_indptr, entries = group_by(nodes, n_nodes, offsets)
    indptr, heads, weights = search_graph(graph, reverse=reverse)
    arguments = (
        indptr, heads, weights, edge_ends(network, start), seed_times(start), start.edge, start.access,
        start.fraction, start.along,
        node_indptr, (entries // 2).astype(np.int32), offsets[entries].astype(np.int32),
        edge_indptr, edge_targets.astype(np.int32), end.access, end.fraction, end.along, limit_ms,
    )  # fmt: skip
    n_sources = len(start.edge)
    chunk = max(1, min(256, -(-n_sources // (threads * _CHUNKS_PER_THREAD))))
    bounds = [(first, min(first + chunk, n_sources)) for first in range(0, n_sources, chunk)]
    parts = list(_run(bounds, arguments, threads, progress, n_sources))
    counts = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, dtype=np.int64)
    found = np.concatenate([part[1] for part in parts]) if parts else np.empty(0, dtype=np.int32)
    times = np.concatenate([part[2] for part in parts]) if parts else np.empty(0, dtype=np.int32)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), found, times


def _run(
    bounds: list[tuple[int, int]],
    arguments: tuple[Any, ...],
    threads: int,
    progress: Progress | None,
    total: int,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]]:
    """Run the chunks in threads and yield their results in order."""
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        futures = [pool.submit(many_to_many, first, last, *arguments) for first, last in bounds]
        for (_, last), future in zip(bounds, futures, strict=True):
            yield future.result()
            if progress is not None:
                progress(last, total)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
