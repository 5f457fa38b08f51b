"""From street positions to the arrays that the compiled searches take, and threads over the facilities.

All times are whole milliseconds. A position on the edge (u, v) of times F (u to v) and B (v to u), at the fraction p,
is ``a = round(p F)`` from u and ``F - a`` to v, ``b = round(p B)`` to u and ``B - b`` from v. Because the parts are
defined by the way one really travels, searching back from the facility gives the very same numbers as searching forth
from the demand point. A position exactly at an end of its edge is at the junction: it may leave and be entered there
whatever the direction of the edge. Whoever goes on along another street passes the junction and pays its delay.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from queue import SimpleQueue
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, SchemaError, name_some
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.search_graph import SearchGraph
from coverage_planner.network.snap import Positions
from coverage_planner.traveltime._lane_kernels import FAR, Sources, Targets, Work, make_work
from coverage_planner.traveltime._pair_kernels import many_to_many, place_rows, sum_targets
from coverage_planner.traveltime._vector_kernels import LANES
from coverage_planner.units import LONGEST_MS, MS_PER_S, Progress, speed_mps, to_milliseconds

_CHUNKS_PER_THREAD = 8
#: How many chunks for each thread are begun before the first of them is read.
_RESULTS_AHEAD = 4
#: The queue has at most this many buckets, however far one searches.
_MOST_BUCKETS = 8192

_Found = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class Links:
    """How positions connect to the ends of their edges, in milliseconds, in the direction of search.

    Attributes
    ----------
    edge
        Shape (p,), int32: -1 where the position was rejected.
    access
        Shape (p,): time of the access leg, with the delay at the door if there is one.
    ends
        Shape (p, 2), int32: nodes u and v of the edge (of edge 0 where the position was rejected).
    leaving
        Shape (p, 2): time from the position until (u, v) has been passed, access leg left out; -1 where not allowed.
    arriving
        Shape (p, 2): time from having passed (u, v) to the position; `FAR` where not allowed.
    fraction
        Shape (p,): place along the edge, 0 at u, 1 at v.
    along
        Shape (p, 2): a coordinate along each way of travel (u to v, v to u): from one position to another ahead of it
        on the same edge takes the difference of their coordinates; -1 where the way is not allowed.
    """

    edge: NDArray[np.int32]
    access: NDArray[np.int64]
    ends: NDArray[np.int32]
    leaving: NDArray[np.int64]
    arriving: NDArray[np.int64]
    fraction: NDArray[np.float64]
    along: NDArray[np.int64]


def link_positions(
    network: RoadNetwork,
    graph: ModeGraph,
    positions: Positions,
    *,
    reverse: bool,
    delay_ms: NDArray[np.int64] | None = None,
    heading: NDArray[np.int8] | None = None,
) -> Links:
    """Work out how positions connect to the ends of their edges.

    Parameters
    ----------
    network, graph
        The network and the graph of the mode.
    positions
        Where the points touch the streets.
    reverse
        Search back, from where people go to where they come from.
    delay_ms
        Shape (p,): time that each point's door takes besides the access leg.
    heading
        Shape (p,): 1 for who is on the way from u to v, -1 for who is on the way back and cannot turn round before the
        end of the street; 0, and by default, for who may go either way.
    """
    snapped = positions.snapped
    edge = np.where(snapped, positions.edge, 0)
    has_edges = len(graph.forward_ms) > 0
    forward = graph.forward_ms[edge].astype(np.int64) if has_edges else np.full(len(edge), -1)
    backward = graph.backward_ms[edge].astype(np.int64) if has_edges else np.full(len(edge), -1)
    ends: NDArray[np.int32] = network.edges[["u", "v"]].to_numpy(dtype=np.int32)
    ends = ends[edge] if has_edges else np.zeros((len(edge), 2), dtype=np.int32)
    fraction = np.where(snapped, positions.fraction, 0.0)
    from_u = np.rint(fraction * forward).astype(np.int64)
    to_u = np.rint(fraction * backward).astype(np.int64)
    to_v, from_v = forward - from_u, backward - to_u
    no_forward, no_backward = ~snapped | (forward < 0), ~snapped | (backward < 0)
    if heading is not None:
        no_forward, no_backward = no_forward | (heading < 0), no_backward | (heading > 0)
    away, back = np.column_stack([to_u, to_v]), np.column_stack([from_u, from_v])
    no_away, no_back = np.column_stack([no_backward, no_forward]), np.column_stack([no_forward, no_backward])
    if reverse:  # searching back, u to v means that somebody really travels from v to u
        away, back, no_away, no_back = back, away, no_back, no_away
        along = np.column_stack([backward - from_v, forward - from_u])
    else:
        along = np.column_stack([from_u, from_v])
    passing = graph.delay_ms[ends].astype(np.int64) if has_edges else np.zeros(ends.shape, dtype=np.int64)
    at_end = snapped[:, np.newaxis] & np.column_stack([fraction == 0.0, fraction == 1.0])
    leaving = np.where(at_end, 0, np.where(no_away, -1, away))
    arriving = np.where(at_end, 0, np.where(no_back, np.int64(FAR), back))
    needless = (at_end & (passing == 0))[:, ::-1]  # no way by the other end is shorter than by the junction itself
    leaving = np.where(needless | (leaving < 0), -1, leaving + passing)
    arriving = np.where(needless, np.int64(FAR), arriving)
    access = to_milliseconds(np.where(snapped, positions.access_m, 0.0) / speed_mps(graph.mode.access_speed_kph))
    if delay_ms is not None:
        access = access + delay_ms
    no_way = np.column_stack([no_backward, no_forward] if reverse else [no_forward, no_backward])
    return Links(positions.edge, access, ends, leaving, arriving, fraction, np.where(no_way, -1, along))


def check_limit(limit_s: float) -> int:
    """Return a limit of the search in milliseconds.

    Raises
    ------
    ConfigError
        It is not positive, or too large for the engine.
    """
    if not 0 < limit_s < LONGEST_MS / MS_PER_S:
        raise ConfigError(f"limit_s must be positive and below {LONGEST_MS // MS_PER_S} s, got {limit_s:g}")
    return round(limit_s * MS_PER_S)


def entry_delays(points: pd.DataFrame) -> NDArray[np.int64] | None:
    """Return the time that each point's door takes, milliseconds: its column ``entry_delay_s``, empty for none.

    Raises
    ------
    SchemaError
        A delay is no number, negative, or too large for the engine.
    """
    if "entry_delay_s" not in points.columns:
        return None
    given = points["entry_delay_s"]
    seconds = pd.to_numeric(given, errors="coerce").where(given.notna(), 0.0).to_numpy(dtype=np.float64)
    wrong = ~((seconds >= 0) & (seconds < LONGEST_MS / MS_PER_S))
    if wrong.any():
        raise SchemaError(
            f"entry_delay_s must be seconds from 0 up; not so in {name_some(points['id'].to_numpy()[wrong])}; correct "
            "it, or leave the cell empty where nobody waits at the door"
        )
    return to_milliseconds(seconds)


def seed_times(links: Links) -> NDArray[np.int64]:
    """Shape (p, 2): time from each door until the ends of its edge have been passed; FAR where not allowed."""
    return np.where(links.leaving >= 0, links.leaving + links.access[:, np.newaxis], np.int64(FAR))


def group_by(keys: NDArray[np.int32], n_keys: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """CSR of entry numbers per key (negative keys left out), rising within a key."""
    order = np.argsort(keys, kind="stable")
    order = order[np.searchsorted(keys[order], 0) :]
    counts = np.bincount(keys[order], minlength=n_keys)
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), order


def list_sources(links: Links) -> tuple[Sources, NDArray[np.int64]]:
    """Put the positions into an order in which neighbours follow each other; also return that order."""
    order = np.lexsort((np.arange(len(links.edge)), links.edge))  # edges lie along a curve that fills the plane
    sources = Sources(
        nodes=links.ends[order],
        ms=seed_times(links)[order],
        edge=links.edge[order],
        access=links.access[order],
        fraction=links.fraction[order],
        along=links.along[order],
    )
    return sources, order


def list_targets(links: Links, *, n_nodes: int, n_edges: int, limit_ms: int) -> Targets:
    """Arrange the positions as targets."""
    offsets = np.minimum(links.arriving + links.access[:, np.newaxis], limit_ms + 1)
    leads = np.where(offsets <= limit_ms, links.ends, -1).ravel().astype(np.int32)
    node_first, entries = group_by(leads, n_nodes)
    edge_first, edge_targets = group_by(links.edge, n_edges)
    return Targets(
        nodes=links.ends,
        offsets=offsets.astype(np.int32),
        edge=links.edge,
        access=links.access,
        fraction=links.fraction,
        along=links.along,
        node_first=node_first,
        node_targets=(entries // 2).astype(np.int32),
        edge_first=edge_first,
        edge_targets=edge_targets.astype(np.int32),
    )


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
    delay_ms: NDArray[np.int64] | None = None,
    heading: NDArray[np.int8] | None = None,
) -> _Found:
    """Search all pairs within the limit; CSR: indptr, target numbers (rising in each row), milliseconds.

    The result does not depend on the number of threads. An interrupt stops after the running chunks. `heading` is that
    of the targets, see `link_positions`.
    """
    starts, order = list_sources(link_positions(network, graph, sources, reverse=reverse, delay_ms=delay_ms))
    links = link_positions(network, graph, targets, reverse=reverse, heading=heading)
    ends = list_targets(links, n_nodes=len(network.nodes), n_edges=len(network.edges), limit_ms=limit_ms)
    packed = graph.entering if reverse else graph.leaving
    return _search_all(packed, starts, order, ends, limit_ms, threads, progress)


def sum_pairs(
    network: RoadNetwork,
    graph: ModeGraph,
    sources: Positions,
    targets: Positions,
    weights: NDArray[np.float64],
    *,
    cutoffs_ms: Sequence[int],
    reverse: bool,
    threads: int | None,
    progress: Progress | None,
    delay_ms: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Add up the targets within rising cutoffs of each source without storing the pairs.

    Returns
    -------
    points, sums, weighted_ms
        Shape (sources, cutoffs): targets, their weights, and the sum of weight times milliseconds. The same bits for
        any number of threads.
    """
    starts, order = list_sources(link_positions(network, graph, sources, reverse=reverse, delay_ms=delay_ms))
    links = link_positions(network, graph, targets, reverse=reverse)
    limit_ms = cutoffs_ms[-1]
    ends = list_targets(links, n_nodes=len(network.nodes), n_edges=len(network.edges), limit_ms=limit_ms)
    packed = graph.entering if reverse else graph.leaving
    cutoffs = np.asarray(cutoffs_ms, dtype=np.int64)
    points = np.zeros((len(order), len(cutoffs)), dtype=np.int64)
    sums, weighted_ms = np.zeros(points.shape), np.zeros(points.shape)
    chunks = run_chunks(sum_targets, packed, starts, ends, limit_ms, threads, progress, weights, cutoffs)
    for begin, end, part in chunks:
        points[order[begin:end]], sums[order[begin:end]], weighted_ms[order[begin:end]] = part
    return points, sums, weighted_ms


def no_targets() -> Targets:
    """Make targets of which there are none, for searches that ask the nodes."""
    pairs, nothing, none = np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    return Targets(
        nodes=pairs,
        offsets=pairs,
        edge=nothing,
        access=none,
        fraction=np.empty(0),
        along=np.empty((0, 2), dtype=np.int64),
        node_first=none,
        node_targets=nothing,
        edge_first=none,
        edge_targets=nothing,
    )


def search_nodes(
    graph: ModeGraph, sources: NDArray[np.integer], *, limit_ms: int, reverse: bool = False, threads: int | None = None
) -> _Found:
    """Search from nodes to all nodes within the limit; CSR: indptr, node numbers (rising in each row), milliseconds.

    Parameters
    ----------
    graph
        The graph of a mode.
    sources
        Shape (s,): node numbers.
    limit_ms
        Farthest time, milliseconds.
    reverse
        Times from the nodes to the sources instead.
    threads
        How many threads; all processors by default.
    """
    n_sources = len(sources)
    order = np.argsort(sources, kind="stable")
    chosen = np.asarray(sources, dtype=np.int32)[order]
    starts = Sources(
        nodes=np.column_stack([chosen, chosen]),
        ms=np.tile(np.array([0, FAR], dtype=np.int64), (n_sources, 1)),
        edge=np.zeros(n_sources, dtype=np.int32),
        access=np.empty(0, dtype=np.int64),  # asked only where source and target lie on one edge
        fraction=np.empty(0),
        along=np.empty((0, 2), dtype=np.int64),
    )
    ends = no_targets()
    return _search_all(graph.entering if reverse else graph.leaving, starts, order, ends, limit_ms, threads, None)


def _search_all(
    graph: SearchGraph,
    sources: Sources,
    order: NDArray[np.intp],
    targets: Targets,
    limit_ms: int,
    threads: int | None,
    progress: Progress | None,
) -> _Found:
    """Search all pairs and put the rows, found in `order`, where they belong."""
    parts = list(run_chunks(many_to_many, graph, sources, targets, limit_ms, threads, progress))
    counts = np.zeros(len(order), dtype=np.int64)
    for begin, end, part in parts:
        counts[order[begin:end]] = part[0]
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    indices, milliseconds = np.empty(indptr[-1], dtype=np.int32), np.empty(indptr[-1], dtype=np.int32)
    while parts:  # what has been placed is let go
        begin, end, (chunk_counts, found, times) = parts.pop()
        place_rows(order[begin:end], chunk_counts, found, times, indptr, indices, milliseconds)
    return indptr, indices, milliseconds


def run_chunks(
    kernel: Callable[..., Any],
    graph: SearchGraph,
    sources: Sources,
    targets: Targets,
    limit_ms: int,
    threads: int | None,
    progress: Progress | None,
    *extra: Any,
) -> Iterator[tuple[int, int, Any]]:
    """Run a compiled search over chunks of sources in threads; yield begin, end and result of each chunk in order.

    Every thread has memory of its own, used again for all its chunks. An interrupt stops after the running chunks.

    Raises
    ------
    ConfigError
        The number of threads is not positive.
    """
    if threads is not None and threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads}; leave it out to use all processors")
    n_sources = len(sources.edge)
    threads = min(threads or os.cpu_count() or 1, max(1, -(-n_sources // LANES)))
    shift = graph.bucket_shift
    while limit_ms >> shift >= _MOST_BUCKETS:
        shift += 1
    n_buckets = (limit_ms >> shift) + 1
    works: SimpleQueue[Work] = SimpleQueue()
    for _ in range(threads):
        works.put(make_work(len(graph.first) - 1, len(targets.nodes), n_buckets))

    def search(begin: int, end: int) -> Any:
        work = works.get()
        try:
            return kernel(begin, end, graph.first, graph.arcs, shift, limit_ms, sources, targets, work, *extra)
        finally:
            works.put(work)

    chunk = LANES * max(1, min(16, n_sources // (LANES * threads * _CHUNKS_PER_THREAD)))
    bounds = [(begin, min(begin + chunk, n_sources)) for begin in range(0, n_sources, chunk)]
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        running: deque[Future[Any]] = deque()
        ahead = iter(bounds)
        for begin, end in bounds:  # what has been read is let go, and few results wait to be read
            running.extend(
                pool.submit(search, *ends) for ends in islice(ahead, _RESULTS_AHEAD * threads - len(running))
            )
            yield begin, end, running.popleft().result()
            if progress is not None:
                progress(end, n_sources)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
