"""The nearest facility of every demand point, or the k nearest, in one sweep from all facilities."""

from dataclasses import dataclass
from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.search_graph import SearchGraph
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime._lane_kernels import FAR, Sources
from coverage_planner.traveltime._sweep_kernels import NOBODY, join_nearest, sweep_k_nearest, sweep_nearest
from coverage_planner.traveltime.engine import (
    check_limit,
    entry_delays,
    group_by,
    link_positions,
    list_targets,
    seed_times,
)
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S

_LABEL = np.int64(0xFFFFFFFF)


@dataclass(frozen=True, eq=False)
class Seeds:
    """Where a sweep starts: nodes (q,) and words (q,), milliseconds in the upper half and the label in the lower."""

    nodes: NDArray[np.int32]
    keys: NDArray[np.int64]


def make_seeds(nodes: NDArray[np.int32], ms: NDArray[np.int64], labels: NDArray[np.integer]) -> Seeds:
    """Pack nodes, times and labels of the same shape; those at or beyond `FAR` are left out."""
    kept = ms < FAR
    return Seeds(nodes[kept].astype(np.int32), (ms[kept] << 32) | labels[kept].astype(np.int64))


def make_buckets(graph: SearchGraph, seeds: Seeds, limit_ms: int) -> NDArray[np.int32]:
    """Set aside a ring of buckets: room for the longest arc, and for the latest seed that is within the limit."""
    latest = min(int((seeds.keys >> 32).max(initial=0)), limit_ms)
    wanted = (max(graph.longest_ms, latest) >> graph.bucket_shift) + 2
    return np.full(1 << (wanted - 1).bit_length(), -1, dtype=np.int32)


def sweep(graph: SearchGraph, seeds: Seeds, *, limit_ms: int, k: int = 1) -> NDArray[np.int64]:
    """Find the k nearest labels of every node.

    Parameters
    ----------
    graph
        Arcs in the direction of search.
    seeds
        Where to start.
    limit_ms
        How far, milliseconds.
    k
        How many labels each node keeps.

    Returns
    -------
    numpy.ndarray
        Shape (n, k), int64, rising in each row: milliseconds in the upper half, the label in the lower; `NOBODY` where
        there is none within the limit.
    """
    n_nodes = len(graph.first) - 1
    beyond = np.int64(limit_ms + 1) << 32
    best = np.full((n_nodes, k), beyond, dtype=np.int64)
    buckets, waiting = make_buckets(graph, seeds, limit_ms), np.full(n_nodes, -2, dtype=np.int32)
    arguments = (graph.first, graph.arcs, graph.bucket_shift, seeds.nodes, seeds.keys, buckets, waiting)
    if k == 1:
        sweep_nearest(*arguments, best[:, 0])
    else:
        sweep_k_nearest(*arguments, best)
    best[best >= beyond] = NOBODY
    return best


def nearest_facilities(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    mode: str,
    limit_s: float,
    k: int = 1,
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
) -> pd.DataFrame:
    """Find the k nearest facilities of every demand point within a limit.

    One search from all facilities together, so the cost does not grow with their number. The times are those of
    `travel_times`, to the millisecond.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    demand
        Columns ``id``, ``geometry`` (points); metric CRS.
    mode
        Name of a mode of the network.
    limit_s
        How far to search, seconds from door to door.
    k
        How many facilities per demand point, for example 2 for backup coverage.
    direction
        'to_facility' (workers travel to the station) or 'from_facility'.
    snap_limit_m
        Farthest a point may lie from its street, metres.

    Returns
    -------
    pandas.DataFrame
        One row per demand point and rank, in the order of `demand`: ``demand_id``, ``rank`` (from 1), ``facility_id``,
        ``time_s`` (float32). Demand points with fewer than k facilities within the limit have fewer rows. Of equally
        near facilities the one higher up in the table comes first.

    Raises
    ------
    ConfigError
        The limit or `k` is not positive, or the direction is unknown.
    CrsError, SchemaError, NetworkError
        No metric CRS; an entry delay that is no time; no such mode in the network.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ConfigError(
            f"k must be a whole number of at least 1, got {k!r}; it says how many facilities to find per demand point"
        )
    if direction not in get_args(Direction):
        raise ConfigError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
    limit_ms = check_limit(limit_s)
    graph = network.graph(mode)
    sources = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    targets = snap_points(network, demand, mode, limit_m=snap_limit_m)
    found = search_nearest(
        network,
        graph,
        sources,
        targets,
        limit_ms=limit_ms,
        reverse=direction == "to_facility",
        k=min(int(k), max(len(facilities), 1)),
        delay_ms=entry_delays(facilities),
    )
    row, rank = np.nonzero(found != NOBODY)
    keys = found[row, rank]
    return pd.DataFrame(
        {
            "demand_id": targets.ids[row],
            "rank": rank + 1,
            "facility_id": sources.ids[keys & _LABEL],
            "time_s": ((keys >> 32) / MS_PER_S).astype(np.float32),
        }
    )


def search_nearest(
    network: RoadNetwork,
    graph: ModeGraph,
    sources: Positions,
    targets: Positions,
    *,
    limit_ms: int,
    reverse: bool,
    k: int = 1,
    delay_ms: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Find the k nearest sources of every target: shape (t, k), words as of `sweep`, labels are rows of `sources`."""
    starts = link_positions(network, graph, sources, reverse=reverse, delay_ms=delay_ms)
    arrivals = link_positions(network, graph, targets, reverse=reverse)
    ends = list_targets(arrivals, n_nodes=len(network.nodes), n_edges=len(network.edges), limit_ms=limit_ms)
    numbers = np.repeat(np.arange(len(starts.edge)), 2).reshape(-1, 2)
    seeds = make_seeds(starts.ends, seed_times(starts), numbers)
    best = sweep(graph.entering if reverse else graph.leaving, seeds, limit_ms=limit_ms, k=k)
    source_first, edge_sources = group_by(starts.edge, len(graph.forward_ms))
    found = np.full((len(ends.edge), k), NOBODY, dtype=np.int64)
    facing = Sources(starts.ends, seed_times(starts), starts.edge, starts.access, starts.fraction, starts.along)
    join_nearest(best, facing, source_first, edge_sources.astype(np.int32), ends, limit_ms, found)
    return found
