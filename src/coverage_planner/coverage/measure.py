"""Travel times and a cutoff -> who is covered."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import InputError, name_some
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes


@dataclass(frozen=True, eq=False)
class Coverage:
    """Who is covered within a cutoff.

    Attributes
    ----------
    points
        One row per demand point, in the table's order: ``id``, ``demand``, ``covered`` (time <= cutoff),
        ``facility_id`` (nearest facility within the limit; NA beyond), ``time_s`` (float32; NaN beyond the limit),
        ``n_facilities`` (facilities within the cutoff).
    facilities
        One row per facility: ``id``, ``catchment_demand`` (demand within the cutoff, overlaps counted),
        ``exclusive_demand`` (demand within the cutoff of this facility alone), ``mean_time_s`` (demand-weighted, over
        its catchment; NaN where empty).
    cutoff_s
        Longest acceptable time, seconds; equal counts as covered.
    limit_s
        How far the search went, seconds.
    mode_description
        Which mode and speed the time means.
    times
        The travel times that coverage was measured from.
    """

    points: pd.DataFrame
    facilities: pd.DataFrame
    cutoff_s: float
    limit_s: float
    mode_description: str
    times: TravelTimes

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Shape (d,): whether each demand point is covered."""
        return self.points["covered"].to_numpy(dtype=bool)

    @property
    def covered_demand(self) -> float:
        """Demand that is covered, each point counted once."""
        return float(self.points["demand"].to_numpy()[self.covered].sum())

    @property
    def covered_demand_share(self) -> float:
        """Covered demand as a share of all demand; NaN where there is no demand."""
        total = float(self.points["demand"].sum())
        return self.covered_demand / total if total > 0 else float("nan")

    @property
    def covered_point_share(self) -> float:
        """Covered points as a share of all points, weights ignored; NaN where there are none."""
        return float(self.covered.mean()) if len(self.points) else float("nan")


def assign_nearest(times: TravelTimes) -> pd.DataFrame:
    """Find each demand point's nearest facility within the limit.

    Equal times go to the facility that stands first in the table.

    Parameters
    ----------
    times
        Sparse travel times.

    Returns
    -------
    pandas.DataFrame
        One row per demand point, in order: ``id``, ``facility_id`` (NA where none is within the limit), ``time_s``
        (float32, NaN where none).
    """
    n_demand = len(times.demand_ids)
    rows = np.repeat(np.arange(len(times.facility_ids)), np.diff(times.indptr))
    order = np.lexsort((rows, times.seconds, times.indices))
    columns = times.indices[order]
    first = np.ones(len(columns), dtype=bool)
    first[1:] = columns[1:] != columns[:-1]
    winners = order[first]
    facility = np.full(n_demand, None, dtype=object)
    facility[times.indices[winners]] = times.facility_ids[rows[winners]]
    seconds = np.full(n_demand, np.nan, dtype=np.float32)
    seconds[times.indices[winners]] = times.seconds[winners]
    return pd.DataFrame({"id": times.demand_ids, "facility_id": facility, "time_s": seconds})


def require_same_rows(table: gpd.GeoDataFrame, ids: NDArray[np.object_], what: str) -> None:
    """Raise unless a table has the very rows, in the same order, that the travel times were computed for.

    Parameters
    ----------
    table
        Column ``id``.
    ids
        The labels of the travel times.
    what
        'demand' or 'facilities', for the message.

    Raises
    ------
    InputError
        Other rows, or another order.
    """
    given = table["id"].to_numpy(dtype=object)
    if len(given) == len(ids) and (given == ids).all():
        return
    only_one = sorted({str(label) for label in set(given) ^ set(ids)})
    where = f"ids in only one of them {name_some(only_one)}" if only_one else "in another order"
    raise InputError(
        f"{what} must be the table the travel times were computed for, in the same order; "
        f"got {len(given)} rows for {len(ids)}, {where}; compute the times for this table"
    )


def measure_coverage(times: TravelTimes, demand: gpd.GeoDataFrame, cutoff_s: float) -> Coverage:
    """Measure who is within the cutoff of a facility.

    Coverage comes from each demand point's own network time, never from a polygon.

    Parameters
    ----------
    times
        Sparse travel times of these demand points.
    demand
        The demand table the times were computed for (columns ``id``, ``demand``).
    cutoff_s
        Longest acceptable time in seconds, at most ``times.limit_s``; a time equal to it counts as covered.

    Returns
    -------
    Coverage
        Shares, nearest facilities, catchments.

    Raises
    ------
    ConfigError
        The cutoff is not positive or beyond the limit.
    InputError
        The demand table is not the one the times were computed for.
    """
    check_table(demand, "demand")
    require_same_rows(demand, times.demand_ids, "demand")
    ids = times.demand_ids
    inside = times.within(cutoff_s)
    weights = demand["demand"].to_numpy(dtype=float)
    n_facilities = np.bincount(inside.indices, minlength=len(ids))
    points = assign_nearest(times)
    points.insert(1, "demand", weights)
    points["covered"] = n_facilities > 0
    points["n_facilities"] = n_facilities
    rows = np.repeat(np.arange(len(times.facility_ids)), np.diff(inside.indptr))
    pair_demand = weights[inside.indices]
    alone = n_facilities[inside.indices] == 1

    def per_facility(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(rows, weights=values, minlength=len(times.facility_ids)).astype(np.float64)

    catchment = per_facility(pair_demand)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_time = per_facility(pair_demand * inside.seconds) / catchment
    facilities = pd.DataFrame(
        {
            "id": times.facility_ids,
            "catchment_demand": catchment,
            "exclusive_demand": per_facility(pair_demand * alone),
            "mean_time_s": mean_time,
        }
    )
    return Coverage(points, facilities, float(cutoff_s), times.limit_s, times.mode_description, times)


def measure_gains(coverage: Coverage, covered_before: NDArray[np.bool_]) -> pd.DataFrame:
    """Split each facility's catchment into demand that was covered before and demand that was not.

    Parameters
    ----------
    coverage
        Coverage of the scenario with the new facilities.
    covered_before
        Shape (d,): whether each demand point was covered without them.

    Returns
    -------
    pandas.DataFrame
        One row per facility, in order: ``id``, ``newly_covered_demand`` and ``overlap_existing_demand``, whatever other
        new facilities do; they add up to the catchment.
    """
    inside = coverage.times.within(coverage.cutoff_s)
    rows = np.repeat(np.arange(len(inside.facility_ids)), np.diff(inside.indptr))
    demand = coverage.points["demand"].to_numpy(dtype=float)[inside.indices]
    before = covered_before[inside.indices]

    def per_facility(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(rows, weights=values, minlength=len(inside.facility_ids)).astype(np.float64)

    return pd.DataFrame(
        {
            "id": inside.facility_ids,
            "newly_covered_demand": per_facility(demand * ~before),
            "overlap_existing_demand": per_facility(demand * before),
        }
    )
