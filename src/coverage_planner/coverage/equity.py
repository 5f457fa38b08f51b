"""Who has far to go: how access time is spread over people, communities and subdistricts."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.areas import assign_areas
from coverage_planner.coverage.demand_parts import average_in_groups, split_demand
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.schema import check_table
from coverage_planner.units import MS_PER_S, to_milliseconds

_FIGURES = (
    "n_points", "demand", "reached_demand", "unreached_demand", "covered_demand", "uncovered_demand",
    "covered_demand_share", "beyond_twice_demand", "beyond_twice_share", "mean_time_s", "median_time_s", "p90_time_s",
    "gini",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Equity:
    """How access time is spread.

    All of these columns, below called the figures, stand in `summary`, `areas` and `worst`: ``n_points``, ``demand``,
    ``reached_demand`` (with a time), ``unreached_demand`` (without), ``covered_demand`` (time <= cutoff),
    ``uncovered_demand`` (the rest, unreached demand included), ``covered_demand_share``, ``beyond_twice_demand`` (time
    > 2 x cutoff, and unreached demand), ``beyond_twice_share`` (shares of all demand; NaN without demand),
    ``mean_time_s``, ``median_time_s``, ``p90_time_s`` (the shortest time within which half, or nine tenths, of the
    reached demand is), ``gini`` (of the times of the reached demand; 0: all alike). Times and Gini are NaN where no
    demand is reached.

    Attributes
    ----------
    summary
        One row: the figures.
    lorenz
        The Lorenz curve of access time over the reached demand, from shortest to longest time: ``people_share`` and
        ``time_share``, both from 0 to 1, one row at (0, 0) and one per different time; no rows where no demand is
        reached.
    areas
        One row per community and then per subdistrict, in order: ``area_kind`` ('community', 'subdistrict'), ``id``,
        ``name``, ``subdistrict``, the figures. Without areas no rows; without subdistricts only communities.
    worst
        The worst-served list: communities with uncovered demand, ranked by uncovered demand, then by mean time (one
        without any counts as longest), then by their place in the table: ``rank`` (from 1), ``id``, ``name``,
        ``subdistrict``, ``uncovered_demand_share``, the figures.
    cutoff_s
        Longest acceptable time, seconds.
    """

    summary: pd.DataFrame
    lorenz: pd.DataFrame
    areas: pd.DataFrame
    worst: pd.DataFrame
    cutoff_s: float


def measure_equity(
    time_s: NDArray[np.floating],
    demand: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    areas: gpd.GeoDataFrame | None = None,
    limit_s: float | None = None,
) -> Equity:
    """Measure how access time is spread over people, and who is served worst.

    The Gini coefficient is half the mean difference of two people's times, as a share of the mean time (Gini 1912)::

        G = sum over i, j of w_i w_j |t_i - t_j| / (2 W^2 mean)  =  (1 / mean) x integral of F (1 - F) dt

    with weights *w*, their sum *W*, and *F(t)* the share of people with at most *t* (Dorfman 1979). It is twice the
    area between the Lorenz curve (Lorenz 1905) and the diagonal. 0: all have the same time, all zero included; it is
    at most 1 less the smallest share that one point has of the people. Demand that reaches no station is left out of
    it and of the curve, and stands beside it.

    Parameters
    ----------
    time_s
        Shape (d,): seconds to the nearest station, NaN or infinite where none is reached. Search at least twice the
        cutoff far, better without practical limit: `nearest_facilities` with a large ``limit_s``, then
        ``found.set_index("demand_id")["time_s"].reindex(demand["id"]).to_numpy()``.
    demand
        Columns ``id``, ``demand``, ``geometry``; metric CRS.
    cutoff_s
        Longest acceptable time, seconds; equal counts as covered.
    areas
        Communities: columns ``id``, ``name``, maybe ``subdistrict``; polygons in a metric CRS. A point belongs to the
        area that `assign_areas` finds, and to that area's subdistrict.
    limit_s
        How far the search for `time_s` went; given, it is checked.

    Returns
    -------
    Equity
        Summary, Lorenz curve, areas, worst-served list.

    Raises
    ------
    ConfigError
        The cutoff is not positive; the limit is below twice the cutoff.
    InputError
        `time_s` has another length than the demand, or negative times.
    CrsError, SchemaError
        A table lacks a metric CRS or a column.
    """
    check_table(demand, "demand")
    seconds = _check_times(time_s, demand)
    if not 0 < cutoff_s < np.inf:
        raise ConfigError(f"cutoff_s must be positive, got {cutoff_s:g}; give the longest acceptable time in seconds")
    if limit_s is not None and limit_s < 2 * cutoff_s:
        raise ConfigError(
            f"limit_s must be at least twice the cutoff ({2 * cutoff_s:g} s), got {limit_s:g}; search farther, "
            "or it is not known who is beyond"
        )
    parts, per_unit = split_demand(demand["demand"].to_numpy(dtype=np.float64))
    people = _People(np.asarray(seconds, dtype=np.float64), parts, per_unit, float(cutoff_s))
    everybody = np.zeros(len(parts), dtype=np.int64)
    summary = _measure_groups(people, everybody, 1)
    by_area = _measure_areas(people, demand, areas)
    return Equity(summary, _draw_lorenz(people), by_area, _rank_worst(by_area), float(cutoff_s))


@dataclass(frozen=True, eq=False)
class _People:
    """Shape (d,): seconds (NaN: none) and whole parts of demand; parts per unit of demand; the cutoff."""

    seconds: NDArray[np.float64]
    parts: NDArray[np.int64]
    per_unit: float
    cutoff_s: float


@dataclass(frozen=True, eq=False)
class _Spread:
    """Different times within each group, ascending: group, milliseconds and whole parts, all of shape (n,)."""

    group: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    parts: NDArray[np.int64]


def _check_times(time_s: NDArray[np.floating], demand: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Return the times, NaN where there is none."""
    seconds = np.asarray(time_s)
    if seconds.shape != (len(demand),):
        raise InputError(
            f"time_s must have one value per demand point, got shape {seconds.shape} for {len(demand)} points; "
            "bring the times into the order of the demand table"
        )
    if (seconds < 0).any():
        raise InputError(
            f"time_s must be at least 0, less in demand points {name_some(demand['id'][seconds < 0])}; correct them"
        )
    return np.where(np.isfinite(seconds), seconds, np.nan)


def _spread_times(people: _People, group: NDArray[np.int64]) -> _Spread:
    """Put people with the same time in the same group together; those at -1 or without time or demand are left out."""
    there = np.flatnonzero((group >= 0) & (people.parts > 0) & ~np.isnan(people.seconds))
    time_ms, group, parts = to_milliseconds(people.seconds[there]), group[there], people.parts[there]
    order = np.lexsort((time_ms, group))
    time_ms, group, parts = time_ms[order], group[order], parts[order]
    new = np.ones(len(group), dtype=np.bool_)
    new[1:] = (group[1:] != group[:-1]) | (time_ms[1:] != time_ms[:-1])
    first = np.flatnonzero(new)
    return _Spread(group[first], time_ms[first], np.add.reduceat(parts, first) if len(first) else parts)


def _measure_groups(people: _People, group: NDArray[np.int64], n_groups: int) -> pd.DataFrame:
    """Work out the figures of each group; points at -1 belong to none."""

    def total(parts: NDArray[np.int64], kept: NDArray[np.bool_]) -> NDArray[np.float64]:
        kept = kept & (group >= 0)
        summed = np.zeros(n_groups, dtype=np.int64)
        np.add.at(summed, group[kept], parts[kept])
        return summed / people.per_unit

    # Times and cutoff are compared as float32, as everywhere else.
    seconds = people.seconds.astype(np.float32)
    anybody = np.ones(len(group), dtype=np.bool_)
    demand = total(people.parts, anybody)
    covered = total(people.parts, seconds <= np.float32(people.cutoff_s))
    beyond = total(people.parts, ~(seconds <= np.float32(2 * people.cutoff_s)))
    spread = _spread_times(people, group)
    with np.errstate(invalid="ignore"):
        figures = {
            "n_points": np.bincount(group[group >= 0], minlength=n_groups),
            "demand": demand,
            "reached_demand": total(people.parts, ~np.isnan(seconds)),
            "unreached_demand": total(people.parts, np.isnan(seconds)),
            "covered_demand": covered,
            "uncovered_demand": total(people.parts, ~(seconds <= np.float32(people.cutoff_s))),
            "covered_demand_share": covered / demand,
            "beyond_twice_demand": beyond,
            "beyond_twice_share": beyond / demand,
            **_describe_spread(spread, n_groups),
        }
    return pd.DataFrame(figures)[list(_FIGURES)]


def _describe_spread(spread: _Spread, n_groups: int) -> dict[str, NDArray[np.float64]]:
    """Mean, median, ninth decile in seconds, and Gini coefficient of each group; NaN where it is empty."""
    group, time_ms = spread.group, spread.time_ms
    ends = np.searchsorted(group, np.arange(n_groups), side="right")
    starts = np.searchsorted(group, np.arange(n_groups))
    filled = ends > starts
    summed = np.append(0, np.cumsum(spread.parts))
    whole = summed[ends] - summed[starts]
    mean_ms = average_in_groups(time_ms, spread.parts, group, n_groups)

    def quantile(tenths: int) -> NDArray[np.float64]:
        """Shortest time within which so many tenths of the people are, counted in whole parts."""
        wanted = summed[starts] + (whole * tenths + 9) // 10
        place = np.searchsorted(summed[1:], wanted[filled])
        found = np.full(n_groups, np.nan)
        found[filled] = time_ms[place] / MS_PER_S
        return found

    share = (summed[1:] - summed[starts][group]) / whole[group]
    step_ms = np.append(np.diff(time_ms), 0)  # steps from one group to the next count nothing: there the share is one
    apart_ms = np.bincount(group, weights=step_ms * share * (1.0 - share), minlength=n_groups)
    gini = np.divide(apart_ms, mean_ms, out=np.where(filled, 0.0, np.nan), where=filled & (mean_ms > 0))
    return {
        "mean_time_s": mean_ms / MS_PER_S,
        "median_time_s": quantile(5),
        "p90_time_s": quantile(9),
        "gini": gini,
    }


def _draw_lorenz(people: _People) -> pd.DataFrame:
    spread = _spread_times(people, np.zeros(len(people.parts), dtype=np.int64))
    if not len(spread.parts):
        return pd.DataFrame({"people_share": np.empty(0), "time_share": np.empty(0)})
    people_share = np.append(0.0, np.cumsum(spread.parts) / spread.parts.sum())
    spent = np.cumsum(spread.parts * spread.time_ms.astype(np.float64))
    time_share = people_share if spent[-1] == 0 else np.append(0.0, spent / spent[-1])
    return pd.DataFrame({"people_share": people_share, "time_share": time_share})


def _measure_areas(people: _People, demand: gpd.GeoDataFrame, areas: gpd.GeoDataFrame | None) -> pd.DataFrame:
    names = ["area_kind", "id", "name", "subdistrict"]
    if areas is None:
        return pd.DataFrame(columns=[*names, *_FIGURES])
    check_table(areas, "areas")
    community = assign_areas(demand, areas).to_numpy()
    within = areas["subdistrict"] if "subdistrict" in areas else pd.Series(None, index=areas.index, dtype=object)
    number, found = pd.factorize(within.to_numpy(dtype=object))
    tables = [
        _measure_groups(people, community, len(areas)).assign(
            area_kind="community",
            id=areas["id"].to_numpy(dtype=object),
            name=areas["name"].to_numpy(dtype=object),
            subdistrict=within.to_numpy(dtype=object),
        ),
        _measure_groups(people, np.append(number, -1)[community], len(found)).assign(
            area_kind="subdistrict", id=found, name=found, subdistrict=found
        ),
    ]
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)[[*names, *_FIGURES]]


def _rank_worst(areas: pd.DataFrame) -> pd.DataFrame:
    columns = ["rank", "id", "name", "subdistrict", "uncovered_demand_share", *_FIGURES]
    short = areas[(areas["area_kind"] == "community") & (areas["uncovered_demand"] > 0)]
    order = np.lexsort(
        (-short["mean_time_s"].fillna(np.inf).to_numpy(dtype=float), -short["uncovered_demand"].to_numpy(dtype=float))
    )
    ranked = short.iloc[order].reset_index(drop=True)
    return ranked.assign(
        rank=np.arange(1, len(ranked) + 1), uncovered_demand_share=ranked["uncovered_demand"] / ranked["demand"]
    )[columns]
