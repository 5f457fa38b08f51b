"""Two plans beside each other: who gains and loses, by area and service, which stations and gaps differ."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.areas import OUTSIDE, assign_areas
from coverage_planner.scenario.plan_figures import (
    AREA_COLUMNS,
    CIRCLE_MEASURES,
    MEASURES,
    SERVICE_MEASURES,
    STATION_TEXTS,
    PlanFigures,
)
from coverage_planner.units import to_milliseconds

#: What becomes of a demand point between two plans; a number of `point_changes` is a place here.
CHANGES = ("gained", "lost", "kept", "uncovered")
#: Times beyond this many times the cutoff do not count as known: every plan is searched at least so far.
KNOWN_PER_CUTOFF = 2.0
#: Facts of a station in which two plans may differ; ``place`` is where it stands.
STATION_FACTS = (*STATION_TEXTS, "capacity", "place")

_MS_PER_MIN = 60_000.0
_THOUSAND = 1000.0
_SAME_PLACE_M = 0.01

#: Columns of the tables, in order.
PAIR_COLUMNS = (
    "before", "after", "group", "demand",
    *(f"{change}_demand" for change in CHANGES), *(f"{change}_points" for change in CHANGES),
    *(f"change_{measure}" for measure in (*MEASURES, *CIRCLE_MEASURES)),
    "timed_demand", "person_minutes_saved", "nearer_demand", "farther_demand",
    "n_gaps_closed", "n_gaps_smaller", "n_gaps_left", "n_gaps_grown", "n_gaps_new",
    "n_opened", "n_closed", "n_changed", "cost_opened", "n_without_cost", "cost_per_gained",
    "cost_per_thousand_gained",
)  # fmt: skip
AREA_PAIR_COLUMNS = (
    "before", "after", "group", "id", "name", "subdistrict", "n_points", "demand", "covered_demand_before",
    "covered_demand_after", "covered_demand_share_before", "covered_demand_share_after", "gained_demand",
    "lost_demand", "change_covered_demand", "change_covered_demand_share",
)  # fmt: skip
SERVICE_PAIR_COLUMNS = (
    "before", "after", "group", "service", "cutoff_min", "demand",
    *(f"{measure}_{side}" for measure in SERVICE_MEASURES for side in ("before", "after")),
    *(f"change_{measure}" for measure in SERVICE_MEASURES),
)  # fmt: skip
STATION_PAIR_COLUMNS = ("before", "after", "what", "id", "name", "kind", "level", "cost", "changed", "geometry")
GAP_PAIR_COLUMNS = (
    "before", "after", "group", "what", "id", "reason", "uncovered_demand_before", "uncovered_demand_after",
    "gained_demand", "lost_demand", "geometry",
)  # fmt: skip


def point_changes(before: PlanFigures, after: PlanFigures, group: str) -> NDArray[np.int64]:
    """Return what becomes of each demand point; shape (d,), a place in `CHANGES`."""
    was = before.points[group]["covered"].to_numpy(dtype=np.bool_)
    now = after.points[group]["covered"].to_numpy(dtype=np.bool_)
    return np.asarray(np.select([~was & now, was & ~now, was & now], [0, 1, 2], 3), dtype=np.int64)


def compare_pair(before: PlanFigures, after: PlanFigures, gaps: pd.DataFrame, stations: pd.DataFrame) -> pd.DataFrame:
    """Return one row per group: `PAIR_COLUMNS`.

    Parameters
    ----------
    before, after
        The plans; changes are the second's figure less the first's.
    gaps, stations
        `compare_gaps` and `compare_stations` of the same two.
    """
    opened = stations[stations["what"] == "opened"]
    costs = opened["cost"].to_numpy(dtype=np.float64)
    cost = float(costs.sum()) if not np.isnan(costs).any() else np.nan
    shared = {
        "before": before.name,
        "after": after.name,
        **{f"n_{what}": int((stations["what"] == what).sum()) for what in ("opened", "closed", "changed")},
        "cost_opened": cost,
        "n_without_cost": int(np.isnan(costs).sum()),
    }
    rows = []
    for place, group in enumerate(before.points):
        was, now = before.overall.iloc[place], after.overall.iloc[place]
        row = {**shared, "group": group, "demand": was["demand"], **_sums(before, after, group)}
        row |= {f"change_{m}": now[m] - was[m] for m in (*MEASURES, *CIRCLE_MEASURES)}
        row |= _minutes(before, after, group, float(was["cutoff_s"]))
        mine = gaps["what"][gaps["group"] == group]
        row |= {f"n_gaps_{what}": int((mine == what).sum()) for what in ("closed", "smaller", "left", "grown", "new")}
        gained = row["gained_demand"]
        has_price = len(opened) > 0 and gained > 0
        row["cost_per_gained"] = cost / gained if has_price else np.nan
        row["cost_per_thousand_gained"] = _THOUSAND * cost / gained if has_price else np.nan
        rows.append(row)
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def _sums(before: PlanFigures, after: PlanFigures, group: str) -> dict[str, Any]:
    change = point_changes(before, after, group)
    weights = before.points[group]["demand"].to_numpy(dtype=np.float64)
    demand = np.bincount(change, weights=weights, minlength=len(CHANGES))
    count = np.bincount(change, minlength=len(CHANGES))
    return {f"{what}_demand": float(demand[i]) for i, what in enumerate(CHANGES)} | {
        f"{what}_points": int(count[i]) for i, what in enumerate(CHANGES)
    }


def known_ms(plan: PlanFigures, group: str, cutoff_s: float) -> NDArray[np.int64]:
    """Return each point's time in milliseconds; -1 where none is known within twice the cutoff."""
    seconds = plan.points[group]["time_s"].to_numpy(dtype=np.float64)
    known = seconds <= KNOWN_PER_CUTOFF * cutoff_s  # NaN is not
    return np.where(known, to_milliseconds(np.where(known, seconds, 0.0)), -1)


def _minutes(before: PlanFigures, after: PlanFigures, group: str, cutoff_s: float) -> dict[str, float]:
    was, now = known_ms(before, group, cutoff_s), known_ms(after, group, cutoff_s)
    both = (was >= 0) & (now >= 0)
    weights = before.points[group]["demand"].to_numpy(dtype=np.float64)
    return {
        "timed_demand": float(weights[both].sum()),
        "person_minutes_saved": float((weights * (was - now))[both].sum() / _MS_PER_MIN),
        "nearer_demand": float(weights[both & (now < was)].sum()),
        "farther_demand": float(weights[both & (now > was)].sum()),
    }


# --- areas and services ---


def assign_points(plan: PlanFigures, areas: gpd.GeoDataFrame) -> dict[str, NDArray[np.int64]]:
    """Return the row of `areas` in which each group's points lie (`OUTSIDE`: none)."""
    return {group: assign_areas(points, areas).to_numpy(dtype=np.int64) for group, points in plan.points.items()}


def join_subdistricts(areas: gpd.GeoDataFrame, missing: str) -> gpd.GeoDataFrame:
    """Join communities by their subdistrict, in order of first appearance; those without one stand as `missing`.

    No rows where no community names one.
    """
    if areas["subdistrict"].isna().all():
        return areas.head(0)
    named = areas["subdistrict"].fillna(missing)
    joined = areas.geometry.groupby(named.to_numpy(dtype=object), sort=False).agg(
        lambda parts: shapely.union_all(parts.to_numpy())
    )
    names = joined.index.to_numpy(dtype=object)
    columns = {"id": names, "name": names, "subdistrict": names}
    return gpd.GeoDataFrame(columns, geometry=joined.to_numpy(), crs=areas.crs)


def compare_areas(
    before: PlanFigures, after: PlanFigures, areas: gpd.GeoDataFrame, where: Mapping[str, NDArray[np.int64]]
) -> pd.DataFrame:
    """Return one row per group and area: `AREA_PAIR_COLUMNS`.

    Parameters
    ----------
    before, after
        The plans.
    areas
        Communities or subdistricts: `AREA_COLUMNS`.
    where
        `assign_points` of these areas.
    """
    tables = []
    for group, position in where.items():
        inside = position != OUTSIDE
        rows = position[inside]
        weights = before.points[group]["demand"].to_numpy(dtype=np.float64)[inside]
        change = point_changes(before, after, group)[inside]
        was = before.points[group]["covered"].to_numpy(dtype=np.bool_)[inside]
        now = after.points[group]["covered"].to_numpy(dtype=np.bool_)[inside]

        def total(values: NDArray[np.float64], rows: NDArray[np.int64] = rows) -> NDArray[np.float64]:
            return np.bincount(rows, weights=values, minlength=len(areas)).astype(np.float64)

        demand, covered_before, covered_after = total(weights), total(weights * was), total(weights * now)
        with np.errstate(invalid="ignore", divide="ignore"):
            share_before, share_after = covered_before / demand, covered_after / demand
        columns = {
            "before": before.name,
            "after": after.name,
            "group": group,
            **{name: areas[name].to_numpy(dtype=object) for name in AREA_COLUMNS},
            "n_points": np.bincount(rows, minlength=len(areas)),
            "demand": demand,
            "covered_demand_before": covered_before,
            "covered_demand_after": covered_after,
            "covered_demand_share_before": share_before,
            "covered_demand_share_after": share_after,
            "gained_demand": total(weights * (change == 0)),
            "lost_demand": total(weights * (change == 1)),
            "change_covered_demand": covered_after - covered_before,
            "change_covered_demand_share": share_after - share_before,
        }
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)[list(AREA_PAIR_COLUMNS)]


def compare_services(before: PlanFigures, after: PlanFigures) -> pd.DataFrame:
    """Return one row per group and service that both plans have: `SERVICE_PAIR_COLUMNS`."""
    keys = ["group", "service"]
    figures = [*keys, *SERVICE_MEASURES]
    table = before.services.merge(after.services[figures], on=keys, suffixes=("_before", "_after"))
    changes = {f"change_{m}": table[f"{m}_after"] - table[f"{m}_before"] for m in SERVICE_MEASURES}
    return table.assign(before=before.name, after=after.name, **changes)[list(SERVICE_PAIR_COLUMNS)]


# --- stations and gaps ---


def compare_stations(before: PlanFigures, after: PlanFigures) -> gpd.GeoDataFrame:
    """Return one row per station that differs, opened ones first: `STATION_PAIR_COLUMNS`.

    ``changed`` names the facts of `STATION_FACTS` that differ, separated by ';'. A cost is no fact of a station.
    """
    was, now = before.stations.set_index("id"), after.stations.set_index("id")
    rows: list[dict[str, Any]] = [
        _station_row("opened", label, now.loc[label]) for label in now.index if label not in was.index
    ]
    rows += [_station_row("closed", label, was.loc[label]) for label in was.index if label not in now.index]
    for label in now.index:
        if label in was.index and (changed := _differences(was.loc[label], now.loc[label])):
            rows.append(_station_row("changed", label, now.loc[label]) | {"changed": ";".join(changed)})
    # text that is missing stays None
    columns: dict[str, Any] = {
        name: pd.Series([row.get(name) for row in rows], dtype=np.float64 if name == "cost" else object)
        for name in STATION_PAIR_COLUMNS
    }
    table = pd.DataFrame(columns).assign(before=before.name, after=after.name)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=before.stations.crs)


def _station_row(what: str, label: str, station: "pd.Series[Any]") -> dict[str, Any]:
    known = {name: station[name] for name in ("name", "kind", "level", "cost", "geometry")}
    return {"what": what, "id": label, "changed": None, **known}


def _differences(one: "pd.Series[Any]", other: "pd.Series[Any]") -> list[str]:
    found = [name for name in STATION_FACTS if name != "place" and not _same(one[name], other[name])]
    return [*found, "place"] if one["geometry"].distance(other["geometry"]) > _SAME_PLACE_M else found


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (pd.isna(one) and pd.isna(other))


def compare_gaps(before: PlanFigures, after: PlanFigures) -> gpd.GeoDataFrame:
    """Return one row per gap before, and one per gap after in which demand is newly uncovered: `GAP_PAIR_COLUMNS`.

    A gap before is 'closed' where all its points are covered after, 'smaller' where some are, and 'left' where none
    is. A gap after is 'new' where all its points were covered before, 'grown' where some were. For gaps before,
    ``uncovered_demand_after`` is what stays uncovered of the same points; for gaps after, ``uncovered_demand_before``
    is what was uncovered already.
    """
    tables = []
    for group in before.points:
        change = point_changes(before, after, group)
        old = _gap_rows(before, group, change, moved=0, words=("closed", "smaller", "left"))
        new = _gap_rows(after, group, change, moved=1, words=("new", "grown", ""))
        tables += [old, new[new["what"] != ""]]
    stacked = pd.concat(tables, ignore_index=True).assign(before=before.name, after=after.name)
    return gpd.GeoDataFrame(stacked[list(GAP_PAIR_COLUMNS)], geometry="geometry", crs=before.stations.crs)


def _gap_rows(
    plan: PlanFigures, group: str, change: NDArray[np.int64], *, moved: int, words: Sequence[str]
) -> pd.DataFrame:
    """Describe a plan's gaps by its points that changed sides; words for all of them, some, none."""
    gaps, points = plan.gaps[group], plan.points[group]
    uncovered = np.flatnonzero(~points["covered"].to_numpy(dtype=np.bool_))
    tree = shapely.STRtree(points.geometry.to_numpy()[uncovered])
    gap, point = tree.query(gaps.geometry.to_numpy(), predicate="intersects")
    point = uncovered[point]
    weights = points["demand"].to_numpy(dtype=np.float64)[point]
    is_moved = change[point] == moved
    n = len(gaps)
    every, some = np.bincount(gap, minlength=n), np.bincount(gap[is_moved], minlength=n)
    demand = np.bincount(gap, weights=weights, minlength=n)
    stays = np.bincount(gap, weights=weights * ~is_moved, minlength=n)
    part = np.bincount(gap, weights=weights * is_moved, minlength=n)
    is_old, none = moved == 0, np.zeros(n)
    return pd.DataFrame(
        {
            "group": group,
            "what": np.select([some == every, some > 0], list(words[:2]), words[2]).astype(object),
            "id": gaps["id"].to_numpy(dtype=object),
            "reason": gaps["reason"].to_numpy(dtype=object),
            "uncovered_demand_before": demand if is_old else stays,
            "uncovered_demand_after": stays if is_old else demand,
            "gained_demand": part if is_old else none,
            "lost_demand": none if is_old else part,
            "geometry": gaps.geometry.to_numpy(),
        }
    )
