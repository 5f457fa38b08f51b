"""Who finds room: demand goes to the nearest station that has some left, and what that does to the stations."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.demand_parts import average_in_groups, split_demand
from coverage_planner.coverage.measure import require_same_rows
from coverage_planner.errors import InputError, name_some
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import MS_PER_S, to_milliseconds

#: Pairs that are looked at between two sievings; few enough that most of what is settled never reaches the loop.
_CHUNK = 1 << 15


@dataclass(frozen=True, eq=False)
class Assignment:
    """Demand assigned to the nearest station with room.

    Attributes
    ----------
    facilities
        One row per facility, in the table's order: ``id``, ``capacity`` (NaN: no limit), ``nearest_demand`` (what
        would come if everybody went to the nearest open facility within the cutoff), ``crowding`` (nearest_demand /
        capacity; NaN without a limit, or where nobody comes to a capacity of zero; infinite where somebody does),
        ``assigned_demand`` (never above the capacity), ``shortage`` (nearest_demand beyond the capacity; 0 without a
        limit), ``full`` (no room is left), ``mean_time_s`` (over its assigned demand; NaN where there is none).
    points
        One row per demand point, in the table's order: ``id``, ``demand``, ``assigned_demand``,
        ``unassigned_demand`` (together the demand), ``time_s`` (float64, mean over its assigned demand; NaN where there
        is none), ``facility_id`` (that of the largest part, of equal parts the nearest; missing where there is none).
    parts
        One row per pair with assigned demand, nearest first: ``facility_id``, ``demand_id``, ``assigned_demand``,
        ``time_s`` (float32). At most as many rows as there are facilities and demand points together.
    cutoff_s
        Longest acceptable time, seconds; equal counts.
    """

    facilities: pd.DataFrame
    points: pd.DataFrame
    parts: pd.DataFrame
    cutoff_s: float

    @property
    def assigned_demand(self) -> float:
        """Demand that found room."""
        return float(self.points["assigned_demand"].sum())

    @property
    def unassigned_demand(self) -> float:
        """Demand without any room within the cutoff, that without any station included."""
        return float(self.points["unassigned_demand"].sum())


def assign_with_room(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    capacity_people: NDArray[np.float64],
    *,
    cutoff_s: float,
    open_: NDArray[np.bool_] | None = None,
) -> Assignment:
    """Assign demand to the nearest station with room, and say how crowded nearest stations alone would be.

    The stable assignment: no demand point has demand unassigned, or assigned to a farther station, while a nearer one
    has room or holds people who come from farther away (Gale & Shapley 1962; with demand that may be divided Baïou &
    Balinski 2002). Points and stations both prefer short times, so it is unique, and it is found by going through all
    pairs once, nearest first: as many people as are left at the point and have room at the station are assigned.
    Equal times go first to the facility, then to the demand point, that stands first in its table.

    Demand is counted in whole decimal parts (`split_demand`): sums are exact, nothing gets lost or is made up.

    Parameters
    ----------
    times
        Sparse travel times of these demand points.
    demand
        The demand table the times were computed for (columns ``id``, ``demand``).
    capacity_people
        Shape (f,): how much demand each facility serves; NaN or infinite: no limit.
    cutoff_s
        Longest acceptable time in seconds, at most ``times.limit_s``; a time equal to it counts.
    open_
        Shape (f,): whether each facility is open (and counts); all are by default.

    Returns
    -------
    Assignment
        Tables of facilities, points and assigned parts.

    Raises
    ------
    ConfigError
        The cutoff is not positive or beyond the limit.
    InputError
        The demand table is not the one the times were computed for; an array has another length than the facilities;
        a capacity is negative.
    """
    check_table(demand, "demand")
    require_same_rows(demand, times.demand_ids, "demand")
    times.require_cutoff(cutoff_s)
    n_facilities, n_points = len(times.facility_ids), len(times.demand_ids)
    capacity = _check_capacity(times, capacity_people)
    is_open = _check_open(times, open_)
    weights = demand["demand"].to_numpy(dtype=np.float64)
    parts, per_unit = split_demand(weights)

    rows = np.repeat(np.arange(n_facilities, dtype=np.int32), np.diff(times.indptr))
    kept = np.flatnonzero((times.seconds <= np.float32(cutoff_s)) & is_open[rows])
    # Pairs stand by facility, then by demand point, so a stable order by time breaks ties as promised.
    kept = kept[np.argsort(times.seconds[kept], kind="stable")]
    rows, columns, seconds = rows[kept], times.indices[kept], times.seconds[kept]

    nearest = _sum_parts(parts, _find_first(rows, columns, n_points), n_facilities)
    room = _split_room(capacity, parts, per_unit)
    pairs, taken = _fill_in_order(rows, columns, parts, room)
    row, column, time_ms = rows[pairs], columns[pairs], to_milliseconds(seconds[pairs].astype(np.float64))
    at_facility, at_point = _sum_parts(taken, row, n_facilities), _sum_parts(taken, column, n_points)
    assigned = np.where(at_point == parts, weights, np.minimum(at_point / per_unit, weights))
    limit = np.where(np.isinf(capacity), np.nan, capacity)
    with np.errstate(invalid="ignore", divide="ignore"):
        crowding = nearest / per_unit / limit
    labels = np.array([*times.facility_ids, None], dtype=object)  # -1 is the last
    facilities = {
        "id": times.facility_ids,
        "capacity": limit,
        "nearest_demand": nearest / per_unit,
        "crowding": crowding,
        "assigned_demand": np.fmin(at_facility / per_unit, limit),
        "shortage": np.maximum(nearest - room, 0) / per_unit,
        "full": is_open & (at_facility == room),
        "mean_time_s": average_in_groups(time_ms, taken, row, n_facilities) / MS_PER_S,
    }
    points = {
        "id": times.demand_ids,
        "demand": weights,
        "assigned_demand": assigned,
        "unassigned_demand": weights - assigned,
        "time_s": average_in_groups(time_ms, taken, column, n_points) / MS_PER_S,
        "facility_id": labels[_find_largest(row, column, taken, n_points)],
    }
    flows = {
        "facility_id": times.facility_ids[row],
        "demand_id": times.demand_ids[column],
        "assigned_demand": taken / per_unit,
        "time_s": seconds[pairs],
    }
    return Assignment(pd.DataFrame(facilities), pd.DataFrame(points), pd.DataFrame(flows), float(cutoff_s))


def find_shortages(assignment: Assignment) -> pd.DataFrame:
    """List the stations that more people come to than they have room for, the largest shortage first.

    Parameters
    ----------
    assignment
        What `assign_with_room` returned.

    Returns
    -------
    pandas.DataFrame
        The rows of ``assignment.facilities`` with a shortage, ranked by shortage, then by crowding, then by their place
        in the table; ``rank`` (from 1) stands first.
    """
    short = assignment.facilities[assignment.facilities["shortage"] > 0]
    ranked = short.sort_values(["shortage", "crowding"], ascending=False, kind="stable").reset_index(drop=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def _check_capacity(times: TravelTimes, capacity_people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the capacities, infinite where there is no limit."""
    capacity = np.asarray(capacity_people, dtype=np.float64)
    _require_length(times, capacity, "capacity_people")
    if (capacity < 0).any():
        raise InputError(
            f"capacity_people must be at least 0 (NaN: no limit), got less in facilities "
            f"{name_some(times.facility_ids[capacity < 0])}; correct them"
        )
    return np.where(np.isnan(capacity), np.inf, capacity)


def _check_open(times: TravelTimes, open_: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    if open_ is None:
        return np.ones(len(times.facility_ids), dtype=np.bool_)
    _require_length(times, open_, "open_")
    return np.asarray(open_, dtype=np.bool_)


def _require_length(times: TravelTimes, values: NDArray[Any], name: str) -> None:
    if values.shape != times.facility_ids.shape:
        raise InputError(
            f"{name} must have one value per facility of the times, got shape {values.shape} for "
            f"{len(times.facility_ids)} facilities; take them from the table the times were computed for"
        )


def _split_room(capacity: NDArray[np.float64], parts: NDArray[np.int64], per_unit: float) -> NDArray[np.int64]:
    """Write capacities in parts; room that nobody can fill is one part more than all demand."""
    beyond = int(parts.sum()) + 1
    enough = 2.0 * beyond / per_unit  # small enough to count, and well above all demand for any rounding
    return np.minimum(np.rint(np.minimum(capacity, enough) * per_unit).astype(np.int64), beyond)


def _find_first(rows: NDArray[np.int32], columns: NDArray[np.int32], n_points: int) -> NDArray[np.int64]:
    """Row of the first pair of each demand point, -1 where it has none."""
    first = np.full(n_points, -1, dtype=np.int64)
    first[columns[::-1]] = rows[::-1]  # of repeated places the last assigned stays
    return first


def _fill_in_order(
    rows: NDArray[np.int32], columns: NDArray[np.int32], parts: NDArray[np.int64], room: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Assign pair by pair what is left at the point and has room at the facility; which pairs, and how much.

    Each pair that gets something empties its point or fills its facility, so there are few of them. Pairs whose point
    is empty or whose facility is full by now are sieved out in bulk before the loop sees them.
    """
    left, free = parts.copy(), room.copy()
    left_at, free_at = left.data, free.data
    pairs: list[int] = []
    taken: list[int] = []
    for start in range(0, len(rows), _CHUNK):
        row, column = rows[start : start + _CHUNK], columns[start : start + _CHUNK]
        alive = np.flatnonzero((left[column] > 0) & (free[row] > 0))
        for pair, facility, point in zip(
            (alive + start).tolist(), row[alive].tolist(), column[alive].tolist(), strict=True
        ):
            part = min(left_at[point], free_at[facility])
            if part:
                left_at[point] -= part
                free_at[facility] -= part
                pairs.append(pair)
                taken.append(part)
    return np.array(pairs, dtype=np.int64), np.array(taken, dtype=np.int64)


def _sum_parts(parts: NDArray[np.int64], place: NDArray[np.integer], n_places: int) -> NDArray[np.int64]:
    """Sum whole parts by place; those at -1 are left out."""
    there = place >= 0
    total = np.zeros(n_places, dtype=np.int64)
    np.add.at(total, place[there], parts[there])
    return total


def _find_largest(
    row: NDArray[np.int32], column: NDArray[np.int32], taken: NDArray[np.int64], n_points: int
) -> NDArray[np.int64]:
    """Row of the facility with the largest part of each demand point, of equal parts the first; -1: none."""
    order = np.lexsort((-np.arange(len(taken)), taken, column))
    largest = np.full(n_points, -1, dtype=np.int64)
    largest[column[order]] = row[order]  # of repeated places the last assigned stays
    return largest
