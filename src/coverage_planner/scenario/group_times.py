"""Travel times of several groups, with one search for all that travel alike."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.scenario.scenario import Group
from coverage_planner.traveltime.detours import describe_detours, pick_stretches, place_starts, search_detours
from coverage_planner.traveltime.engine import check_limit, entry_delays, search_pairs
from coverage_planner.traveltime.times import Direction, TravelTimes
from coverage_planner.units import MS_PER_S, Progress

_Pairs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


def with_parking(facilities: gpd.GeoDataFrame, parking_s: float) -> gpd.GeoDataFrame:
    """Add what arriving costs besides the way to the delay of every door.

    Parameters
    ----------
    facilities
        Stations or candidates; column ``entry_delay_s`` if they have delays of their own (empty for none).
    parking_s
        Seconds: parking, locking the bicycle.

    Returns
    -------
    geopandas.GeoDataFrame
        The facilities themselves where nothing is added; else a copy in which ``entry_delay_s`` is greater by
        `parking_s`.

    Raises
    ------
    ConfigError
        `parking_s` is no time.
    SchemaError
        A delay of the facilities is no time.
    """
    if not 0 <= parking_s < np.inf:
        raise ConfigError(f"parking_s must be seconds from 0 up, got {parking_s:g}; correct it")
    if parking_s == 0:
        return facilities
    entry_delays(facilities)  # refuses what is no time
    own = pd.Series(0.0, index=facilities.index)
    if "entry_delay_s" in facilities.columns:
        given = facilities["entry_delay_s"]
        own = pd.to_numeric(given, errors="coerce").where(given.notna(), 0.0).astype(np.float64)
    return facilities.assign(entry_delay_s=own + parking_s)


def group_times(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    groups: Sequence[Group],
    *,
    limit_s: Mapping[str, float],
    snap_limit_m: float = SNAP_LIMIT_M,
    direction: Direction = "to_facility",
    threads: int | None = None,
    progress: Progress | None = None,
) -> dict[str, TravelTimes]:
    """Compute the travel times of several groups, searching once for all groups that travel alike.

    Groups travel alike when they have the same mode, parking time and kind of visit. Their demand is put side by side,
    searched up to the largest of their limits, and cut apart again.

    Parameters
    ----------
    network
        The network, built for the modes of all groups.
    facilities
        Stations or candidates, as for `travel_times`.
    groups
        The groups; names must not repeat. Ids may repeat between groups.
    limit_s
        Group name -> how far to search, seconds from door to door; for groups that pass by the longest detour.
    snap_limit_m
        Farthest a point may lie from its street, metres.
    direction
        'to_facility' or 'from_facility'. Detours go both ways and do not depend on it.
    threads
        How many threads; all processors by default. The result does not depend on it.
    progress
        Called with (groups done, groups in all).

    Returns
    -------
    dict
        Group name -> times, in the order of `groups`: for groups that stay those of `travel_times` on
        ``with_parking(facilities, group.parking_s)``, for groups that pass by those of `detour_times`, bit for bit.

    Raises
    ------
    ConfigError
        Names repeat, a group has no limit, or a limit or the direction cannot be.
    CrsError, NetworkError, SchemaError
        As of `travel_times` and `detour_times`.
    """
    names = [group.name for group in groups]
    if len(set(names)) < len(names):
        raise ConfigError(f"names of groups must not repeat, got {name_some(names)}; rename one")
    lacking = [name for name in names if name not in limit_s]
    if lacking:
        raise ConfigError(f"limit_s must have a limit of every group, missing {name_some(lacking)}; add them")
    if direction not in ("to_facility", "from_facility"):
        raise ConfigError(f"direction must be one of to_facility, from_facility, got {direction!r}; correct it")
    alike: dict[tuple[str, float, str], list[Group]] = {}
    for group in groups:
        alike.setdefault((group.mode, group.parking_s, group.visit), []).append(group)
    found: dict[str, TravelTimes] = {}
    for (_, parking_s, _), members in alike.items():
        parked = with_parking(facilities, parking_s)
        found |= _times_alike(network, parked, members, limit_s, snap_limit_m, direction, threads)
        if progress is not None:
            progress(len(found), len(groups))
    return {name: found[name] for name in names}


def _times_alike(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    groups: Sequence[Group],
    limit_s: Mapping[str, float],
    snap_limit_m: float,
    direction: Direction,
    threads: int | None,
) -> dict[str, TravelTimes]:
    """Search once for groups with the same mode, parking time and kind of visit."""
    mode, passing = groups[0].mode, groups[0].visit == "pass"
    graph = network.graph(mode)
    limits_ms = {group.name: check_limit(limit_s[group.name]) for group in groups}
    tables = list({id(group.demand): group.demand for group in groups}.values())  # groups may share a table
    last = np.cumsum([len(table) for table in tables])
    begins = {id(table): int(end) - len(table) for table, end in zip(tables, last, strict=True)}
    doors = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    delay_ms = entry_delays(facilities)
    limit_ms = max(limits_ms.values())
    if passing:
        picked = [pick_stretches(network, table, mode).to_crs(network.crs) for table in tables]
        stretches = pd.concat(picked, ignore_index=True)
        places = place_starts(network, graph, stretches)
        pairs = search_detours(
            network, graph, doors, stretches, limit_ms=limit_ms, threads=threads, progress=None, delay_ms=delay_ms
        )
    else:
        places = snap_points(network, _put_together(network, tables), mode, limit_m=snap_limit_m)
        pairs = search_pairs(
            network, graph, doors, places, limit_ms=limit_ms, reverse=direction == "to_facility", threads=threads,
            progress=None, delay_ms=delay_ms,
        )  # fmt: skip
    facility_snaps, snaps = doors.to_frame(network.crs), places.to_frame(network.crs)
    found = {}
    for group in groups:
        begin = begins[id(group.demand)]
        end = begin + len(group.demand)
        indptr, indices, milliseconds = _cut(pairs, begin, end, limits_ms[group.name])
        found[group.name] = TravelTimes(
            facility_ids=doors.ids,
            demand_ids=places.ids[begin:end],
            indptr=indptr,
            indices=indices,
            seconds=(milliseconds / MS_PER_S).astype(np.float32),
            limit_s=float(limit_s[group.name]),
            direction=direction,
            mode_name=mode,
            mode_description=describe_detours(graph.mode) if passing else graph.mode.describe(),
            facility_snaps=facility_snaps,
            demand_snaps=snaps.iloc[begin:end].reset_index(drop=True),
        )
    return found


def _put_together(network: RoadNetwork, tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put the points of several tables into one, in the network's CRS."""
    points = [table.geometry.to_crs(network.crs).to_numpy() for table in tables]
    ids = [table["id"].to_numpy(dtype=object) for table in tables]
    return gpd.GeoDataFrame({"id": np.concatenate(ids)}, geometry=np.concatenate(points), crs=network.crs)


def _cut(pairs: _Pairs, begin: int, end: int, limit_ms: int) -> _Pairs:
    """Keep the columns from `begin` to `end` (exclusive) and the times within the limit."""
    indptr, indices, milliseconds = pairs
    keep = (indices >= begin) & (indices < end) & (milliseconds <= limit_ms)
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    counts = np.bincount(rows[keep], minlength=len(indptr) - 1)
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return first, indices[keep] - np.int32(begin), milliseconds[keep]
