"""Roads -> one network for all modes.

Street pieces become edges between junctions: nodes where only two pieces meet that every mode may use alike disappear
into the edge, unless a mode waits there. A barrier that stops some mode becomes an edge of length zero that this mode
may not use.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import NetworkError
from coverage_planner.network._kernels import walk_chains
from coverage_planner.network.access import barrier_blocks, rate_segments, snappable
from coverage_planner.network.delays import find_signals, node_delays
from coverage_planner.network.mode_graph import SMALL_COMPONENT_M, build_mode_graph, list_islands
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from coverage_planner.network.road_network import NOT_ALLOWED, RoadNetwork
from coverage_planner.schema import Roads
from coverage_planner.units import LONGEST_MS, speed_mps, to_milliseconds

_LOG = logging.getLogger(__name__)


def build_network(
    roads: Roads,
    *,
    modes: Mapping[str, Mode] = DEFAULT_MODES,
    small_component_m: float = SMALL_COMPONENT_M,
) -> RoadNetwork:
    """Build one network for several modes.

    Parameters
    ----------
    roads
        Streets as read.
    modes
        Mode name -> `Mode`; the rules of access stand in `network.access`.
    small_component_m
        Components with less street than this, in metres, count as islands (the largest never does).

    Returns
    -------
    RoadNetwork
        Junctions and edges in Hilbert-curve order, with one `ModeGraph` per mode.

    Raises
    ------
    NetworkError
        There is no street, or none that any of the modes may use, or no mode.
    """
    table = roads.segments
    if table.empty:
        raise NetworkError("a network must have at least one street, got an empty table of roads; check the input file")
    if not modes:
        raise NetworkError(
            "a network must be built for at least one mode, got none; leave modes out for the usual four"
        )
    speeds = np.column_stack([column for mode in modes.values() for column in rate_segments(table, mode)])
    usable = np.isfinite(speeds).any(axis=1)
    if not usable.any():
        raise NetworkError(
            f"at least one street must be open to {', '.join(modes)}; of {len(table)} streets none is; "
            "check the columns highway, access, foot, bicycle and motor_vehicle"
        )
    lost_m = float(table["length_m"].to_numpy()[~usable].sum())
    if lost_m:
        _LOG.info("%d streets (%.1f km) are open to no mode and were left out", (~usable).sum(), lost_m / 1000)
    kept = table[usable].reset_index(drop=True)
    speeds = speeds[usable]
    node_ids, ends = np.unique(kept[["u", "v"]].to_numpy(dtype=np.int64), return_inverse=True)
    pieces = _Pieces(
        ends=ends.reshape(-1, 2),
        length_m=kept["length_m"].to_numpy(dtype=np.float64),
        speeds=speeds,
        snappable=snappable(kept),
        geometry=kept.geometry.to_numpy(),
        row=np.arange(len(kept)),
    )
    blocked = _blocked_by_node(node_ids, roads.nodes, modes)
    delay_ms = _delays(pieces, node_ids, roads.nodes, blocked, modes)
    pieces, node_ids = _open_barriers(pieces, node_ids, blocked)
    # whoever passes a barrier passes the node that its first street keeps: the twins cost nothing
    delay_ms = np.pad(delay_ms, ((0, len(node_ids) - len(delay_ms)), (0, 0)))
    edges, speeds, steppable = _join_chains(pieces, kept, np.asarray(delay_ms.any(axis=1)))
    nodes, edges, order, node_order = order_along_curve(edges, node_ids)
    graphs = {
        name: build_mode_graph(
            mode,
            edges,
            forward_ms=_milliseconds(edges["length_m"].to_numpy(), speeds[order, 2 * k]),
            backward_ms=_milliseconds(edges["length_m"].to_numpy(), speeds[order, 2 * k + 1]),
            delay_ms=delay_ms[node_order, k],
            snappable=steppable[order],
            small_component_m=small_component_m,
        )
        for k, (name, mode) in enumerate(modes.items())
    }
    return RoadNetwork(
        nodes=nodes,
        edges=edges,
        graphs=graphs,
        obstacles=roads.obstacles,
        islands=list_islands(edges, graphs),
        source=roads.source,
    )


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Street pieces as arrays: ends (s, 2), lengths, speeds (s, 2 x modes) in km/h, source row (-1: a barrier)."""

    ends: NDArray[np.int64]
    length_m: NDArray[np.float64]
    speeds: NDArray[np.float64]
    snappable: NDArray[np.bool_]
    geometry: NDArray[np.object_]
    row: NDArray[np.int64]


def _blocked_by_node(
    node_ids: NDArray[np.int64], nodes: gpd.GeoDataFrame, modes: Mapping[str, Mode]
) -> NDArray[np.bool_]:
    """Shape (nodes, modes): whether a barrier on each node stops the mode."""
    blocked = np.zeros((len(node_ids), len(modes)), dtype=bool)
    if not nodes.empty:
        stops = np.column_stack([barrier_blocks(nodes, mode) for mode in modes.values()])
        barrier_ids = nodes["node_id"].to_numpy(dtype=np.int64)
        relevant = stops.any(axis=1) & np.isin(barrier_ids, node_ids)
        at = np.searchsorted(node_ids, barrier_ids[relevant])
        np.logical_or.at(blocked, at, stops[relevant])  # two barriers may stand on one node
    return blocked


def _delays(
    pieces: _Pieces,
    node_ids: NDArray[np.int64],
    nodes: gpd.GeoDataFrame,
    blocked: NDArray[np.bool_],
    modes: Mapping[str, Mode],
) -> NDArray[np.int32]:
    """Shape (nodes, modes): milliseconds that passing each node costs, before barriers are opened."""
    if not any(mode.has_delays for mode in modes.values()):
        return np.zeros(blocked.shape, dtype=np.int32)
    signals = nodes["node_id"].to_numpy(dtype=np.int64)[find_signals(nodes)]
    allowed = np.isfinite(pieces.speeds)
    return node_delays(pieces.ends, pieces.length_m, allowed, np.isin(node_ids, signals), blocked, modes)


def _open_barriers(
    pieces: _Pieces, node_ids: NDArray[np.int64], blocked_by_node: NDArray[np.bool_]
) -> tuple[_Pieces, NDArray[np.int64]]:
    """Give each street at a blocking barrier an end of its own, joined by an edge only for the modes that pass."""
    if not blocked_by_node.any():
        return pieces, node_ids
    flat = pieces.ends.ravel()
    at_barrier = np.flatnonzero(np.asarray(blocked_by_node.any(axis=1))[flat])
    at_barrier = at_barrier[np.argsort(flat[at_barrier], kind="stable")]
    barrier_nodes = flat[at_barrier]
    first = np.ones(len(barrier_nodes), dtype=bool)
    first[1:] = barrier_nodes[1:] != barrier_nodes[:-1]
    moved = at_barrier[~first]  # the first street keeps the node, every other gets a twin of it
    if not len(moved):
        return pieces, node_ids
    old = flat[moved]
    twins = len(node_ids) + np.arange(len(moved))
    flat = flat.copy()
    flat[moved] = twins
    coordinates = _end_coordinates(pieces.geometry)[moved]
    passing = np.where(np.repeat(blocked_by_node[old], 2, axis=1), np.nan, 1.0)
    barrier_lines = shapely.linestrings(np.repeat(coordinates[:, np.newaxis, :], 2, axis=1))
    return (
        _Pieces(
            ends=np.vstack([flat.reshape(-1, 2), np.column_stack([old, twins])]),
            length_m=np.concatenate([pieces.length_m, np.zeros(len(moved))]),
            speeds=np.vstack([pieces.speeds, passing]),
            snappable=np.concatenate([pieces.snappable, np.zeros(len(moved), dtype=bool)]),
            geometry=np.concatenate([pieces.geometry, barrier_lines]),
            row=np.concatenate([pieces.row, np.full(len(moved), -1)]),
        ),
        np.concatenate([node_ids, node_ids[old]]),
    )


def _end_coordinates(lines: NDArray[np.object_]) -> NDArray[np.float64]:
    """Shape (2 s, 2): coordinates of the first and the last vertex of each line in turn."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    last = np.cumsum(np.bincount(owner, minlength=len(lines))) - 1
    first = np.concatenate(([0], last[:-1] + 1))
    ends: NDArray[np.float64] = coordinates[np.column_stack([first, last]).ravel()]
    return ends


def _join_chains(
    pieces: _Pieces, source: gpd.GeoDataFrame, stays: NDArray[np.bool_]
) -> tuple[gpd.GeoDataFrame, NDArray[np.float64], NDArray[np.bool_]]:
    """Join pieces at nodes where only two meet and every mode may go on as before; edges, speeds, snappable.

    A node that `stays` is not passed through: some mode waits there.
    """
    u, v = pieces.ends.T
    n_nodes = int(pieces.ends.max()) + 1
    flat = pieces.ends.ravel()
    by_node = np.argsort(flat, kind="stable")
    incident = by_node // 2
    indptr = np.concatenate(([0], np.cumsum(np.bincount(flat, minlength=n_nodes))))

    keys = np.column_stack([pieces.speeds, pieces.snappable[:, np.newaxis]])
    swapped = keys.copy()
    swapped[:, :-1] = pieces.speeds.reshape(len(u), -1, 2)[:, :, ::-1].reshape(len(u), -1)
    both = pd.DataFrame(np.nan_to_num(np.vstack([keys, swapped]), nan=-1.0))
    codes = both.groupby(list(both.columns), sort=False).ngroup().to_numpy()
    as_drawn, as_reversed = codes[: len(u)], codes[len(u) :]
    two = np.flatnonzero(np.diff(indptr) == 2)  # noqa: PLR2004 - one street comes, one goes
    first, second = incident[indptr[two]], incident[indptr[two] + 1]
    into = np.where(v[first] == two, as_drawn[first], as_reversed[first])
    out = np.where(u[second] == two, as_drawn[second], as_reversed[second])
    barrier = (pieces.row[first] < 0) | (pieces.row[second] < 0)
    passes = np.zeros(n_nodes, dtype=bool)
    passes[two] = (first != second) & (into == out) & ~barrier & ~stays[two]

    order, backwards, starts = walk_chains(u, v, indptr, incident, passes)
    heads, tails = order[starts[:-1]], order[starts[1:] - 1]
    from_v, to_u = backwards[starts[:-1]], backwards[starts[1:] - 1]
    speeds = pieces.speeds[heads].copy()
    columns = speeds.shape[1]
    speeds[from_v] = speeds[from_v].reshape(-1, columns // 2, 2)[:, :, ::-1].reshape(-1, columns)
    chain = np.repeat(np.arange(len(heads)), np.diff(starts))
    longest = np.lexsort((order, -pieces.length_m[order], chain))
    labelled = pieces.row[order[longest[starts[:-1]]]]
    edges = gpd.GeoDataFrame(
        {
            "u": np.where(from_v, v[heads], u[heads]),
            "v": np.where(to_u, u[tails], v[tails]),
            "length_m": np.add.reduceat(pieces.length_m[order], starts[:-1]),
            "highway": _label(source, "highway", labelled, "barrier"),
            "name": _label(source, "name", labelled, None),
        },
        geometry=_join_lines(pieces.geometry, order, backwards, starts),
        crs=source.crs,
    )
    return edges, speeds, pieces.snappable[heads]


def _label(source: gpd.GeoDataFrame, column: str, rows: NDArray[np.int64], barrier: str | None) -> NDArray[np.object_]:
    labels = np.full(len(rows), None, dtype=object)
    if column in source.columns:
        values = source[column].to_numpy(dtype=object)[rows]
        labels[:] = np.where(pd.isna(values), None, values)
    labels[rows < 0] = barrier
    return labels


def _join_lines(
    lines: NDArray[np.object_], order: NDArray[np.int64], backwards: NDArray[np.bool_], starts: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Concatenate lines into one per chain, turning those walked backwards and dropping repeated joints."""
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    counts = np.bincount(owner, minlength=len(lines))
    begins = np.cumsum(counts) - counts
    joint = np.ones(len(order), dtype=np.int64)
    joint[starts[:-1]] = 0
    taken = counts[order] - joint
    entry = np.repeat(np.arange(len(order)), taken)
    step = np.arange(len(entry)) - np.repeat(np.cumsum(taken) - taken, taken) + joint[entry]
    position = np.where(
        backwards[entry], begins[order[entry]] + counts[order[entry]] - 1 - step, begins[order[entry]] + step
    )
    chain_of_entry = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    joined: NDArray[np.object_] = shapely.linestrings(coordinates[position], indices=chain_of_entry[entry])
    return joined


def order_along_curve(
    edges: gpd.GeoDataFrame, node_ids: NDArray[np.int64]
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Order nodes along a Hilbert curve and edges by their nodes, for locality in memory.

    Parameters
    ----------
    edges
        ``u``, ``v`` (entries of `node_ids`), ``length_m``, ``geometry`` from u to v, and columns to keep.
    node_ids
        The source's label of each node.

    Returns
    -------
    nodes, edges, edge_order, node_order
        The tables of `RoadNetwork` (nodes without edges left out), the row that each edge had before, and the entry of
        `node_ids` that each node had.
    """
    used, ends = np.unique(edges[["u", "v"]].to_numpy(), return_inverse=True)
    ends = ends.reshape(-1, 2)
    coordinates = np.empty((len(used), 2))
    coordinates[ends.ravel()] = _end_coordinates(edges.geometry.to_numpy())
    points = gpd.GeoSeries(shapely.points(coordinates), crs=edges.crs)
    curve = np.lexsort((node_ids[used], points.hilbert_distance().to_numpy()))
    rank = np.empty(len(used), dtype=np.int64)
    rank[curve] = np.arange(len(used))
    nodes = gpd.GeoDataFrame({"node_id": node_ids[used][curve]}, geometry=points.to_numpy()[curve], crs=edges.crs)
    ends = rank[ends]
    low, high = ends.min(axis=1), ends.max(axis=1)
    order = np.lexsort((edges["length_m"].to_numpy(), high, low))
    sorted_edges = edges.iloc[order].reset_index(drop=True)
    sorted_edges["u"] = ends[order, 0].astype(np.int32)
    sorted_edges["v"] = ends[order, 1].astype(np.int32)
    return nodes, sorted_edges, order, used[curve]


def _milliseconds(length_m: NDArray[np.float64], speed_kph: NDArray[np.float64]) -> NDArray[np.int32]:
    allowed = np.isfinite(speed_kph)
    milliseconds = to_milliseconds(length_m / speed_mps(np.where(allowed, speed_kph, 1.0)))
    too_long = allowed & (milliseconds >= LONGEST_MS)
    if too_long.any():
        raise NetworkError(
            f"a street must take less than {LONGEST_MS / 3.6e6:.0f} hours; {too_long.sum()} do not, "
            f"the longest has {length_m[too_long].max():.0f} m; check length_m and the speeds of the modes"
        )
    return np.where(allowed, milliseconds, NOT_ALLOWED).astype(np.int32)
