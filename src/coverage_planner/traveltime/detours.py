"""Detours of drivers who pass by: how much longer their way becomes when they call at a station.

Demand that moves is not served by a station near its home but by one near its way: a flow is covered when leaving the
road, calling at the station and coming back to the road takes at most so much longer than driving on (Hodgson 1990;
Berman, Larson & Fouska 1992; with detours of limited length Kim & Kuby 2012). Here each flow is the passing of one
stretch of main road, from the middle of the stretch to a place some kilometres ahead (`network.main_roads`).
"""

from typing import cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import InputError, SchemaError, name_some
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, SNAPPED, Positions, snap_points
from coverage_planner.schema import require_metric
from coverage_planner.traveltime.engine import check_limit, entry_delays, search_pairs
from coverage_planner.traveltime.times import Direction, TravelTimes
from coverage_planner.units import LONGEST_MS, MS_PER_S, Progress, to_milliseconds

_Pairs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]

#: What of a stretch the search needs.
_COLUMNS = (
    "id", "mode", "start_edge", "start_fraction", "start_heading", "end_edge", "end_fraction", "end_heading", "pass_s",
)  # fmt: skip
#: A stretch whose point lies farther from its place on the network belongs to another network, metres.
_SAME_PLACE_M = 1.0


def detour_times(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    stretches: gpd.GeoDataFrame,
    *,
    mode: str,
    limit_s: float,
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> TravelTimes:
    """Compute by how much calling at each station lengthens the way of drivers who pass by.

    The detour of a station is t(start -> station) + entry delay + t(station -> end) - t(start -> end along the road),
    at least zero: the road is not always the fastest way, so the way by a station may even be faster than driving on.
    The access legs at the station are walked, there and back. Nobody turns round inside a street: a station on the
    other side of a dual carriageway, or behind the driver, costs the way round.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Stations or candidates: columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    stretches
        Stretches of `network.main_roads.build_stretches`, of the same network and mode.
    mode
        Name of a mode of the network.
    limit_s
        Longest detour in seconds.
    direction
        Only noted in the result: a detour goes to the station and back to the road.
    snap_limit_m
        Farthest a station may lie from its street, metres.
    threads
        How many threads; all processors by default. The result does not depend on it.
    progress
        Called with (facilities done, facilities in all) in either of two searches, one after the other.

    Returns
    -------
    TravelTimes
        Facilities in rows, stretches in columns; ``seconds`` are detours, and ``mode_description`` says so.

    Raises
    ------
    ConfigError
        The limit or the number of threads is not positive.
    CrsError, NetworkError
        No metric CRS; no such mode in the network.
    InputError
        The stretches are of another network or mode.
    SchemaError
        The stretches lack columns; an entry delay is negative.
    """
    limit_ms = check_limit(limit_s)
    graph = network.graph(mode)
    chosen = pick_stretches(network, stretches, mode)
    doors = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    indptr, indices, milliseconds = search_detours(
        network, graph, doors, chosen, limit_ms=limit_ms, threads=threads, progress=progress,
        delay_ms=entry_delays(facilities),
    )  # fmt: skip
    starts = place_starts(network, graph, chosen)
    return TravelTimes(
        facility_ids=doors.ids,
        demand_ids=starts.ids,
        indptr=indptr,
        indices=indices,
        seconds=(milliseconds / MS_PER_S).astype(np.float32),
        limit_s=float(limit_s),
        direction=direction,
        mode_name=mode,
        mode_description=describe_detours(graph.mode),
        facility_snaps=doors.to_frame(network.crs),
        demand_snaps=starts.to_frame(network.crs),
    )


def describe_detours(mode: Mode) -> str:
    """Say the mode and its speed, and that the minutes are those of a detour."""
    return f"{mode.describe()}, detour"


def pick_stretches(network: RoadNetwork, stretches: gpd.GeoDataFrame, mode: str) -> gpd.GeoDataFrame:
    """Take what the search needs of stretches, after checking that they are of this network and mode.

    Raises
    ------
    CrsError, SchemaError
        No metric CRS; columns are missing.
    InputError
        The stretches are of another network or mode, or a value cannot be.
    """
    require_metric(stretches, "stretches")
    lacking = [column for column in _COLUMNS if column not in stretches.columns]
    if lacking:
        raise SchemaError(
            f"stretches must have the columns of build_stretches, missing {name_some(lacking)}; build them with "
            "build_stretches and keep its columns"
        )
    ids = stretches["id"].to_numpy(dtype=object)
    table = cast("gpd.GeoDataFrame", stretches[[*_COLUMNS, stretches.geometry.name]].reset_index(drop=True))
    wrong = np.array(table["mode"] != mode, dtype=bool)
    if wrong.any():
        raise InputError(
            f"stretches must be built for mode {mode!r}; not so for {name_some(ids[wrong])}; build them again with "
            "build_stretches for this mode"
        )
    n_edges = len(network.edges)
    for end in ("start", "end"):
        edge, fraction = table[f"{end}_edge"].to_numpy(dtype=float), table[f"{end}_fraction"].to_numpy(dtype=float)
        heading = table[f"{end}_heading"].to_numpy(dtype=float)
        wrong |= ~((edge >= 0) & (edge < n_edges) & (edge == np.floor(edge)))
        wrong |= ~((fraction >= 0) & (fraction <= 1) & (np.abs(heading) == 1))
    pass_s = table["pass_s"].to_numpy(dtype=float)
    wrong |= ~((pass_s >= 0) & (pass_s < LONGEST_MS / MS_PER_S))
    if not wrong.any():
        places = _places(network, table["start_edge"].to_numpy(dtype=np.int32), table["start_fraction"].to_numpy())
        wrong = ~(
            shapely.distance(shapely.points(places), table.geometry.to_crs(network.crs).to_numpy()) <= _SAME_PLACE_M
        )
    if wrong.any():
        raise InputError(
            f"stretches must be places on this network; not so for {name_some(ids[wrong])}; build them again with "
            "build_stretches from this network"
        )
    return table


def place_starts(network: RoadNetwork, graph: ModeGraph, stretches: gpd.GeoDataFrame) -> Positions:
    """Return where drivers begin to pass by: the middles of the stretches."""
    return _place(network, graph, stretches, "start")


def search_detours(
    network: RoadNetwork,
    graph: ModeGraph,
    doors: Positions,
    stretches: gpd.GeoDataFrame,
    *,
    limit_ms: int,
    threads: int | None,
    progress: Progress | None,
    delay_ms: NDArray[np.int64] | None = None,
) -> _Pairs:
    """Search all detours within the limit; CSR: indptr, stretch numbers (rising in each row), milliseconds.

    One search back from the stations to the starts and one on from the stations to the ends, both as far as the longest
    detour and the longest passing together; then row by row what both have found.
    """
    pass_ms = to_milliseconds(stretches["pass_s"].to_numpy(dtype=np.float64))
    farthest_ms = min(limit_ms + int(pass_ms.max(initial=0)), LONGEST_MS - 1)
    allowed_ms = limit_ms + pass_ms
    to_station, to_end = (
        _search_leg(network, graph, doors, stretches, end, farthest_ms, allowed_ms, threads, progress, delay)
        for end, delay in (("start", delay_ms), ("end", None))
    )
    found, there, back = np.intersect1d(to_station[0], to_end[0], assume_unique=True, return_indices=True)
    columns = found % max(len(stretches), 1)
    milliseconds = to_station[1][there].astype(np.int64) + to_end[1][back] - pass_ms[columns]
    keep = milliseconds <= limit_ms
    rows = found[keep] // max(len(stretches), 1)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=len(doors.ids))))).astype(np.int64)
    return indptr, columns[keep].astype(np.int32), np.maximum(milliseconds[keep], 0).astype(np.int32)


def _search_leg(
    network: RoadNetwork,
    graph: ModeGraph,
    doors: Positions,
    stretches: gpd.GeoDataFrame,
    end: str,
    limit_ms: int,
    allowed_ms: NDArray[np.int64],
    threads: int | None,
    progress: Progress | None,
    delay_ms: NDArray[np.int64] | None,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Search from the starts to the stations, or from the stations to the ends.

    Returns rising numbers of pairs (row of the station x number of stretches + stretch) and milliseconds, without pairs
    that alone take longer than the way by the station may.
    """
    indptr, indices, milliseconds = search_pairs(
        network, graph, doors, _place(network, graph, stretches, end), limit_ms=limit_ms, reverse=end == "start",
        threads=threads, progress=progress, delay_ms=delay_ms,
        heading=stretches[f"{end}_heading"].to_numpy(dtype=np.int8),
    )  # fmt: skip
    keep = milliseconds <= allowed_ms[indices]
    rows = np.repeat(np.arange(len(doors.ids), dtype=np.int64), np.diff(indptr))
    return rows[keep] * len(stretches) + indices[keep], milliseconds[keep]


def _place(network: RoadNetwork, graph: ModeGraph, stretches: gpd.GeoDataFrame, end: str) -> Positions:
    """Return positions on the road itself, without access legs."""
    edge = stretches[f"{end}_edge"].to_numpy(dtype=np.int32)
    fraction = stretches[f"{end}_fraction"].to_numpy(dtype=np.float64)
    return Positions(
        ids=stretches["id"].to_numpy(dtype=object),
        edge=edge,
        fraction=fraction,
        access_m=np.zeros(len(edge)),
        on_island=graph.island[edge],
        status=np.full(len(edge), SNAPPED, dtype=object),
        xy=_places(network, edge, fraction),
    )


def _places(network: RoadNetwork, edge: NDArray[np.int32], fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shape (p, 2): coordinates of places on edges."""
    lines = network.edges.geometry.to_numpy()[edge]
    return shapely.get_coordinates(shapely.line_interpolate_point(lines, fraction, normalized=True))
