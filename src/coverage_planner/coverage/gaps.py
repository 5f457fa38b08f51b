"""Uncovered demand -> ranked gaps, and why each point is uncovered."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order
from scipy.spatial import cKDTree

from coverage_planner.coverage._gap_kernels import find_exposed
from coverage_planner.coverage.measure import Coverage, require_same_rows
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAPPED, TOO_FAR
from coverage_planner.schema import check_table
from coverage_planner.traveltime.detours import describe_detours
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import speed_mps

#: Why a demand point has no station within the cutoff. The first that applies is given.
#:
#: - outside_data: no street for the mode within the snap limit, and the point lies outside the convex hull of all
#:   streets that were read: some straight line through it has every street on one side.
#: - snapped_too_far: no street for the mode within the snap limit.
#: - no_road_connection: the streets here lead to no station however long one travels (an island, one-way streets that
#:   only lead away), or there is no way onto them (water, a railway or a wall in between).
#: - barrier: a station is near in a straight line and far over the streets (`BARRIER_DETOUR`).
#: - no_station_in_reach: all other points.
REASONS = ("outside_data", "snapped_too_far", "no_road_connection", "barrier", "no_station_in_reach")

#: Why a demand point is unserved although a station is within the cutoff (`coverage.reasons`).
STATION_REASONS = ("capacity_full", "closed_then", "without_service", "satellite_without_hub")

_WORDS = (*REASONS, *STATION_REASONS)

#: A barrier is said where the way over the streets is more than this many times the straight line.
BARRIER_DETOUR = 2.0

#: Points of the gap's outline for each quarter of the circle around a demand point.
_QUARTER_SEGMENTS = 8

_COLUMNS = (
    "id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares", "nearest_facility_m", "geometry",
)  # fmt: skip


def find_gaps(
    coverage: Coverage,
    demand: gpd.GeoDataFrame,
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    link_m: float = 150.0,
    reason: pd.Series | None = None,
) -> gpd.GeoDataFrame:
    """Find the connected areas of uncovered demand, the one with most demand first.

    A gap is a piece of the union of discs with radius `link_m` around the uncovered demand points: points closer than
    twice `link_m` share a gap (the discs are polygons, so within 0.5 % of that distance they may not). Each uncovered
    point lies in exactly one gap. Gaps keep their holes; they are outlines to look at and to search sites in, and no
    measure of area is taken from them: a covered point may lie between uncovered ones.

    Parameters
    ----------
    coverage
        Coverage of these demand points, for the mode, direction and cutoff in question.
    demand
        The demand table the coverage was measured for.
    network
        The network the travel times were computed on.
    facilities
        The facilities the travel times were computed for.
    link_m
        Half the distance in metres up to which uncovered points share a gap.
    reason
        Index of `demand`: why each point is unserved, None where it is served; of `explain_unserved`. Then the gaps are
        those of the points that have a reason, whatever `coverage` covers. By default `explain_uncovered`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id`` ('G01' is the gap with most uncovered demand; equal ones from west to east, then south to north),
        ``rank`` (from 1), ``uncovered_demand``, ``n_points``, ``reason`` (of `REASONS` and `STATION_REASONS`, the one
        with most demand), ``reason_shares`` (for example 'no_station_in_reach 82 %; barrier 18 %', by demand; by points
        where the gap has no demand), ``nearest_facility_m`` (straight line to the nearest facility that has a street
        position, mean over the demand; NaN where there is none), ``geometry`` (Polygon, the network's CRS). No rows
        where all is covered.

    Raises
    ------
    ConfigError
        `link_m` is not positive.
    InputError
        Demand or facilities are not the tables the coverage was measured for, or the reasons are not those of the
        demand points.
    NetworkError
        The network was not built for the mode.
    """
    if not 0 < link_m < np.inf:
        raise ConfigError(f"link_m must be a positive length in metres, got {link_m:g}")
    explained = explain_uncovered(coverage, demand, network, facilities)
    why = _checked_reasons(explained if reason is None else reason, demand)
    uncovered = np.flatnonzero(pd.notna(why))
    points = demand.geometry.to_crs(network.crs).to_numpy()[uncovered]
    outlines, gap = _outline(points, link_m)
    table = pd.DataFrame(
        {
            "gap": gap,
            "demand": coverage.points["demand"].to_numpy(dtype=float)[uncovered],
            "distance_m": _nearest_facility_m(points, network, facilities, coverage.times),
            "reason": why[uncovered],
        }
    )
    described = _describe(table, len(outlines))
    west, south = shapely.bounds(outlines).reshape(-1, 4)[:, :2].T
    order = np.lexsort((south, west, -described["uncovered_demand"].to_numpy()))
    gaps = gpd.GeoDataFrame(described.iloc[order].reset_index(drop=True), geometry=outlines[order], crs=network.crs)
    digits = max(2, len(str(len(gaps))))
    gaps["rank"] = np.arange(1, len(gaps) + 1)
    gaps["id"] = pd.Series([f"G{rank:0{digits}d}" for rank in gaps["rank"]], dtype=object)
    return gaps[list(_COLUMNS)]


def explain_uncovered(
    coverage: Coverage, demand: gpd.GeoDataFrame, network: RoadNetwork, facilities: gpd.GeoDataFrame
) -> pd.Series:
    """Say for each uncovered demand point why it is uncovered.

    Parameters
    ----------
    coverage
        Coverage of these demand points.
    demand
        The demand table the coverage was measured for.
    network
        The network the travel times were computed on.
    facilities
        The facilities the travel times were computed for.

    Returns
    -------
    pandas.Series
        Index of `demand`; one of `REASONS`, None where the point is covered.

    Raises
    ------
    InputError
        Demand, facilities or network are not those the coverage was measured for.
    NetworkError
        The network was not built for the mode.

    Notes
    -----
    A barrier stands between a point and its stations where the straight line to the nearest station is at most
    ``speed * cutoff / BARRIER_DETOUR``, half of what the cutoff reaches, and yet the point is uncovered: whoever goes
    there covers more than twice the straight line. The speed is the mode's (``speed_kph * urban_factor``). For drivers
    who pass by, the cutoff is a detour, there and back: near is half of that. Stations without a street position serve
    nobody and count for no reason.
    """
    reason = name_spatial_reasons(coverage.times, demand, network, facilities, coverage.cutoff_s)
    reason[coverage.covered] = None
    return pd.Series(reason, index=demand.index, name="reason", dtype=object)


def name_spatial_reasons(
    times: TravelTimes, demand: gpd.GeoDataFrame, network: RoadNetwork, facilities: gpd.GeoDataFrame, cutoff_s: float
) -> NDArray[np.object_]:
    """Say for each demand point why no station is within the cutoff, whether or not one is.

    Parameters
    ----------
    times
        Travel times of these demand points and facilities.
    demand, network, facilities
        As for `explain_uncovered`.
    cutoff_s
        Longest acceptable time, seconds.

    Returns
    -------
    numpy.ndarray
        Shape (d,): one of `REASONS`; means nothing where a station is within the cutoff.

    Raises
    ------
    InputError, NetworkError
        As of `explain_uncovered`.
    """
    check_table(demand, "demand")
    check_table(facilities, "facilities")
    require_same_rows(demand, times.demand_ids, "demand")
    require_same_rows(facilities, times.facility_ids, "facilities")
    graph = network.graph(times.mode_name)
    _require_same_network(network, times)

    status = times.demand_snaps["status"].to_numpy()
    points = demand.geometry.to_crs(network.crs).to_numpy()
    reach_m = speed_mps(graph.mode.speed_kph * graph.mode.urban_factor) * cutoff_s
    if _are_detours(graph, times):
        reach_m /= 2.0  # the cutoff is for the way there and back
    near = _nearest_facility_m(points, network, facilities, times) <= reach_m / BARRIER_DETOUR
    too_far = status == TOO_FAR
    outside = too_far.copy()
    outside[too_far] = ~shapely.intersects(network.hull, points[too_far])
    holds = {
        "no_station_in_reach": np.ones(len(demand), dtype=bool),
        "barrier": near,
        "no_road_connection": (status != SNAPPED) | ~_has_way(network, graph, times),
        "snapped_too_far": too_far,
        "outside_data": outside,
    }
    reason = np.full(len(demand), None, dtype=object)
    for word in reversed(REASONS):
        reason[holds[word]] = word
    return reason


def _checked_reasons(reason: pd.Series, demand: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if not reason.index.equals(demand.index):
        raise InputError(
            f"reasons must have one entry per demand point, with the same index; got {len(reason)} for {len(demand)} "
            "points; make them with explain_unserved for this table"
        )
    why = reason.to_numpy(dtype=object)
    known = pd.isna(why) | np.isin(why.astype(str), _WORDS)
    if not known.all():
        raise InputError(
            f"reasons must be among {', '.join(_WORDS)}; got {why[~known][0]!r} in "
            f"{name_some(demand['id'].to_numpy()[~known])}; make them with explain_unserved"
        )
    return why


def _require_same_network(network: RoadNetwork, times: TravelTimes) -> None:
    last = max(int(snaps["edge"].max()) if len(snaps) else -1 for snaps in (times.demand_snaps, times.facility_snaps))
    if last >= len(network.edges):
        raise InputError(
            f"network must be the one the travel times were computed on; they name edge {last}, "
            f"it has {len(network.edges)} edges; compute the times on this network"
        )


def _nearest_facility_m(
    points: NDArray[np.object_], network: RoadNetwork, facilities: gpd.GeoDataFrame, times: TravelTimes
) -> NDArray[np.float64]:
    """Straight line from each point to the nearest facility that has a street position; NaN where there is none."""
    on_street = (times.facility_snaps["status"] == SNAPPED).to_numpy()
    stations = shapely.get_coordinates(facilities.geometry.to_crs(network.crs).to_numpy()[on_street])
    if not len(stations):
        return np.full(len(points), np.nan)
    distance_m, _ = cKDTree(stations).query(shapely.get_coordinates(points))
    return np.asarray(distance_m, dtype=np.float64)


def _are_detours(graph: ModeGraph, times: TravelTimes) -> bool:
    return times.mode_description == describe_detours(graph.mode)


def _goes_there(graph: ModeGraph, times: TravelTimes) -> bool:
    """Whether demand travels to the facilities, as drivers who pass by do in any case."""
    return times.direction == "to_facility" or _are_detours(graph, times)


def _has_way(network: RoadNetwork, graph: ModeGraph, times: TravelTimes) -> NDArray[np.bool_]:
    """Whether the streets lead from each demand point to any facility, or back where that is the way asked for.

    Where no facility has a street position, no street is to blame: all True.
    """
    if not (times.facility_snaps["status"] == SNAPPED).any():
        return np.ones(len(times.demand_ids), dtype=bool)
    to_facility = _goes_there(graph, times)
    starts = _ends(network, graph, times.facility_snaps, leaving=not to_facility)
    seen = _search(graph, starts[starts >= 0], reverse=to_facility)
    doors = _ends(network, graph, times.demand_snaps, leaving=to_facility)
    return np.asarray((seen[doors] & (doors >= 0)).any(axis=1) | _meet_on_edge(graph, times))


def _ends(network: RoadNetwork, graph: ModeGraph, snaps: gpd.GeoDataFrame, *, leaving: bool) -> NDArray[np.int64]:
    """Nodes to which one leaves each position (or from which one comes); shape (p, 2), -1 where there is none."""
    edge = snaps["edge"].to_numpy()
    u, v = network.edges["u"].to_numpy()[edge], network.edges["v"].to_numpy()[edge]
    forward_end, backward_end = (v, u) if leaving else (u, v)
    forward = np.where((edge >= 0) & (graph.forward_ms[edge] >= 0), forward_end, -1)
    backward = np.where((edge >= 0) & (graph.backward_ms[edge] >= 0), backward_end, -1)
    return np.column_stack([forward, backward]).astype(np.int64)


def _search(graph: ModeGraph, starts: NDArray[np.int64], *, reverse: bool) -> NDArray[np.bool_]:
    """Which nodes can be reached from any of the starts; shape (n + 1,), the last entry is False."""
    indptr = graph.reverse_indptr if reverse else graph.indptr
    heads = graph.reverse_heads if reverse else graph.heads
    n_nodes = len(indptr) - 1
    # one more node, from which an arc leads to every start
    indptr = np.append(indptr, indptr[-1] + len(starts))
    heads = np.concatenate([heads, starts])
    arcs = csr_array((np.ones(len(heads), dtype=np.int8), heads, indptr), shape=(n_nodes + 1, n_nodes + 1))
    seen = np.zeros(n_nodes + 1, dtype=bool)
    seen[breadth_first_order(arcs, n_nodes, directed=True, return_predecessors=False)] = True
    seen[n_nodes] = False
    return seen


def _meet_on_edge(graph: ModeGraph, times: TravelTimes) -> NDArray[np.bool_]:
    """Whether each demand point has a facility on its own edge, in a direction that is allowed."""
    n_edges = len(graph.forward_ms)
    first, last = np.full(n_edges + 1, np.inf), np.full(n_edges + 1, -np.inf)
    stations = times.facility_snaps[times.facility_snaps["edge"] >= 0]
    np.minimum.at(first, stations["edge"].to_numpy(), stations["fraction"].to_numpy())
    np.maximum.at(last, stations["edge"].to_numpy(), stations["fraction"].to_numpy())
    edge, place = times.demand_snaps["edge"].to_numpy(), times.demand_snaps["fraction"].to_numpy()
    ahead, behind = place <= last[edge], place >= first[edge]  # no street position: place is NaN, both are False
    if not _goes_there(graph, times):
        ahead, behind = behind, ahead
    return np.asarray((ahead & (graph.forward_ms[edge] >= 0)) | (behind & (graph.backward_ms[edge] >= 0)))


def _outline(points: NDArray[np.object_], link_m: float) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the pieces of the union of discs, and for each point the number of its piece.

    Only the discs at the outline are united. What they enclose is inside if any disc covers it, and a hole otherwise.
    """
    if not len(points):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    places = np.unique(shapely.get_coordinates(points), axis=0)
    rim = shapely.union_all(_discs(places[_at_rim(places, link_m)], link_m))
    left, bottom, right, top = shapely.bounds(rim)
    around = shapely.box(left - 1, bottom - 1, right + 1, top + 1)
    rest = np.asarray(shapely.get_parts(shapely.difference(around, rim)), dtype=object)
    witness = shapely.point_on_surface(rest)
    near: Any = cKDTree(places).query_ball_point(shapely.get_coordinates(witness), link_m)
    face = np.repeat(np.arange(len(rest)), [len(found) for found in near])
    place = np.concatenate([np.empty(0, dtype=np.int64), *near]).astype(np.int64)
    covered = np.unique(face[shapely.intersects(_discs(places[place], link_m), witness[face])])
    pieces = shapely.get_parts(shapely.union_all([*rest[covered], rim]))
    pieces = pieces[~shapely.is_empty(pieces)]
    gap = np.empty(len(points), dtype=np.int64)
    piece, point = shapely.STRtree(points).query(pieces, predicate="intersects")
    gap[point] = piece
    return pieces, gap


def _discs(places: NDArray[np.float64], radius_m: float) -> NDArray[np.object_]:
    return np.asarray(shapely.buffer(shapely.points(places), radius_m, quad_segs=_QUARTER_SEGMENTS), dtype=object)


def _at_rim(places: NDArray[np.float64], radius_m: float) -> NDArray[np.bool_]:
    """Shape (p,): whether the disc round each place may lie at the outline of the union."""
    corners = shapely.get_coordinates(_discs(np.zeros((1, 2)), radius_m))[:-1]
    inside_m = radius_m * np.cos(np.pi / len(corners))
    where = np.floor((places - places.min(axis=0)) / (2.0 * radius_m)).astype(np.int64)
    n_columns = int(where[:, 0].max()) + 2
    cell = where[:, 1] * n_columns + where[:, 0]
    order = np.argsort(cell, kind="stable")
    exposed = np.empty(len(places), dtype=bool)
    exposed[order] = find_exposed(places[order], cell[order], n_columns, corners, inside_m)
    return exposed


def _describe(table: pd.DataFrame, n_gaps: int) -> pd.DataFrame:
    """Sum up the points of each gap: demand, number, reasons, mean distance."""
    gap = table["gap"].to_numpy()
    demand = np.bincount(gap, weights=table["demand"], minlength=n_gaps)
    # a gap without demand is described by its points, each of weight one
    weight = np.where(demand[gap] > 0, table["demand"], 1.0)
    total = np.bincount(gap, weights=weight, minlength=n_gaps)
    by_reason = np.stack(
        [np.bincount(gap, weights=weight * (table["reason"] == word), minlength=n_gaps) for word in _WORDS], axis=1
    )
    shares = by_reason / total[:, None]
    return pd.DataFrame(
        {
            "uncovered_demand": demand,
            "n_points": np.bincount(gap, minlength=n_gaps),
            "reason": np.array(_WORDS, dtype=object)[by_reason.argmax(axis=1)],
            "reason_shares": pd.Series([_spell(row) for row in shares], dtype=object),
            "nearest_facility_m": np.bincount(gap, weights=weight * table["distance_m"], minlength=n_gaps) / total,
        }
    )


def _spell(shares: NDArray[np.float64]) -> str:
    """Write shares as text, the largest first; shares that round to nothing are written '<1 %'."""
    order = [row for row in np.argsort(-shares, kind="stable") if shares[row] > 0]
    percent = [round(100 * shares[row]) for row in order]
    return "; ".join(
        f"{_WORDS[row]} {'<1' if whole == 0 else whole} %" for row, whole in zip(order, percent, strict=True)
    )
