"""One search for each facility by itself, sixteen neighbours at a time, and something done with each result."""

from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import Positions
from coverage_planner.traveltime._isochrone_kernels import gather_lane
from coverage_planner.traveltime._lane_kernels import FAR, Sources, Targets, Work, clear_rows, list_nodes, spread
from coverage_planner.traveltime._vector_kernels import LANES
from coverage_planner.traveltime.engine import link_positions, list_sources, no_targets, run_chunks
from coverage_planner.units import Progress

#: What to do with a search: nodes reached, milliseconds at all nodes, the facility as a row of seeds (1, 4).
Use = Callable[[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]], Any]


def search_each(
    network: RoadNetwork,
    graph: ModeGraph,
    positions: Positions,
    use: Use,
    *,
    limit_ms: int,
    reverse: bool,
    delay_ms: NDArray[np.int64] | None,
    threads: int | None,
    progress: Progress | None,
) -> Iterator[tuple[int, Any]]:
    """Search from each position by itself; yield its row and what `use` made of the search.

    Parameters
    ----------
    network, graph
        The network and the graph of the mode.
    positions
        Where the facilities touch the streets; those that do not are left out.
    use
        Called in one of the threads; the arrays are used again after it returns.
    limit_ms
        How far to search, milliseconds.
    reverse
        Search back, from where people go to where they come from.
    delay_ms
        Shape (facilities,): what each door takes besides the access leg.
    threads
        How many threads; all processors by default. The results do not depend on it.
    progress
        Called with (facilities done, facilities in all).
    """
    sources, order = list_sources(link_positions(network, graph, positions, reverse=reverse, delay_ms=delay_ms))
    n_nodes = len(network.nodes)
    memory: SimpleQueue[NDArray[np.int32]] = SimpleQueue()

    def search(
        begin: int,
        end: int,
        first: NDArray[np.uint32],
        arcs: NDArray[np.uint64],
        shift: int,
        limit: int,
        sources: Sources,
        _targets: Targets,
        work: Work,
    ) -> list[tuple[int, Any]]:
        try:
            dist = memory.get_nowait()
        except Empty:
            dist = np.full(n_nodes, FAR, dtype=np.int32)
        made = []
        for batch in range(begin, end, LANES):
            n_rows = spread(first, arcs, shift, limit, sources, batch, work)
            listed = work.listed[: list_nodes(n_rows, work)]
            for lane in range(min(LANES, end - batch)):
                source = batch + lane
                if sources.edge[source] < 0:
                    continue
                nodes = gather_lane(work.rows, work.left, lane, limit + 1, listed, dist)
                seed = [[sources.edge[source], sources.fraction[source], sources.access[source], 0.0]]
                made.append((int(order[source]), use(nodes, dist, np.array(seed, dtype=np.float64))))
                dist[nodes] = FAR
            clear_rows(n_rows, work)
        memory.put(dist)
        return made

    packed = graph.entering if reverse else graph.leaving
    for _, _, made in run_chunks(search, packed, sources, no_targets(), limit_ms, threads, progress):
        yield from made
