"""The nearest station that has what people lack, however far it is."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.lacks import GroupServing, Lack
from coverage_planner.traveltime.nearest import nearest_facilities
from coverage_planner.traveltime.times import TravelTimes

_NOBODY = -1


@dataclass(frozen=True)
class Search:
    """How far, and over what, the nearest station is looked for.

    Attributes
    ----------
    network
        The streets.
    farthest_s
        How far, seconds.
    snap_limit_m
        Farthest access leg, metres.
    """

    network: RoadNetwork
    farthest_s: float = 3600.0
    snap_limit_m: float = SNAP_LIMIT_M


def find_nearest_giving(
    search: Search,
    facilities: gpd.GeoDataFrame,
    found: GroupServing,
    lack: Lack,
    gives: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the nearest station that gives what is lacking, for each point that lacks it.

    People who pass by have detours: for them no station is looked for beyond the limit of their times.

    Parameters
    ----------
    search
        How far to look.
    facilities
        The stations.
    found
        The group.
    lack
        What it lacks.
    gives
        Shape (f,): the stations that have it.

    Returns
    -------
    row, seconds
        Shape (d,): row of the station, of equally near ones the first, and its time; -1 and NaN where there is none or
        nothing is lacking.
    """
    n_points = len(lack.missing)
    row, seconds = np.full(n_points, _NOBODY, dtype=np.int64), np.full(n_points, np.nan)
    wanted = lack.missing > 0
    if not gives.any():
        return row, seconds
    if found.group.visit == "pass":
        return _nearest_stored(found.times, gives, wanted)
    givers = facilities[gives].reset_index(drop=True)
    nearest = nearest_facilities(
        search.network,
        with_parking(givers, found.group.parking_s),
        found.group.demand[wanted].reset_index(drop=True),
        mode=found.group.mode,
        limit_s=max(search.farthest_s, found.times.limit_s),
        direction=found.times.direction,
        snap_limit_m=search.snap_limit_m,
    )
    place = pd.Index(found.group.demand["id"]).get_indexer(nearest["demand_id"])
    row[place] = np.flatnonzero(gives)[pd.Index(givers["id"]).get_indexer(nearest["facility_id"])]
    seconds[place] = nearest["time_s"].to_numpy(dtype=np.float64)
    return row, seconds


def _nearest_stored(
    times: TravelTimes, gives: NDArray[np.bool_], wanted: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = np.repeat(np.arange(len(times.facility_ids)), np.diff(times.indptr))
    kept = np.flatnonzero(gives[rows] & wanted[times.indices])
    kept = kept[np.lexsort((rows[kept], times.seconds[kept]))][::-1]  # of repeated places the last assigned stays
    row, seconds = np.full(len(wanted), _NOBODY, dtype=np.int64), np.full(len(wanted), np.nan)
    row[times.indices[kept]] = rows[kept]
    seconds[times.indices[kept]] = times.seconds[kept]
    return row, seconds


def largest_part(
    row: NDArray[np.int64], seconds: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[int, float, float]:
    """Return the station that is nearest for most demand, how much, and its demand-weighted mean time.

    Parameters
    ----------
    row, seconds
        Shape (p,): nearest station of each point (-1: none) and its time.
    weight
        Shape (p,): demand of each point.

    Returns
    -------
    row, demand, mean_time_s
        Of equally much demand the station that stands first; -1, 0 and NaN where there is none.
    """
    there = row != _NOBODY
    if not there.any():
        return _NOBODY, 0.0, np.nan
    sums = np.bincount(row[there], weights=weight[there])
    best = int(np.argmax(sums))
    own = row == best
    return best, float(sums[best]), float(np.average(seconds[own], weights=weight[own]))
