"""Scenarios side by side: who gains, who loses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.scenario.plan_figures import CIRCLE_MEASURES, PlanFigures, measure_plan
from coverage_planner.scenario.plan_pairs import (
    CHANGES,
    assign_points,
    compare_areas,
    compare_gaps,
    compare_pair,
    compare_services,
    compare_stations,
    join_subdistricts,
    point_changes,
)
from coverage_planner.scenario.scenario import Outcome

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

_MEASURES = (
    "covered_demand", "covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share",
    "mean_time_s",
)  # fmt: skip
_AREAS = ("group", "scenario", "id", "name", "demand", "covered_demand_share", "change_covered_demand_share")
#: What stands for the subdistrict of communities that name none.
NO_SUBDISTRICT = "(none)"
_S_PER_MIN = 60.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """Differences between scenarios; the first is the baseline.

    Pairs are every two scenarios, ``before`` standing first in the order given: today and plan A, today and plan B,
    plan A and plan B. A change is the figure of ``after`` less that of ``before``.

    Attributes
    ----------
    overall
        One row per group and scenario: ``group``, ``scenario``, its figures, and for each measure ``change_…`` against
        the baseline.
    points
        Group name -> one row per demand point and later scenario: ``id``, ``scenario``, ``demand``, ``time_before_s``,
        ``time_after_s``, ``change`` ('gained', 'lost', 'kept', 'uncovered').
    areas
        One row per group, scenario and community: ``covered_demand_share`` and ``change_covered_demand_share``; empty
        where the outcomes have no communities.
    pairs
        One row per pair and group (`plan_pairs.PAIR_COLUMNS`): demand and points gained, lost, kept and uncovered in
        both; changes of all figures; minutes saved; gaps; stations opened and closed, and what they cost.
    communities, subdistricts
        One row per pair, group and area (`plan_pairs.AREA_PAIR_COLUMNS`); no rows without communities.
    services
        One row per pair, group and service (`plan_pairs.SERVICE_PAIR_COLUMNS`); no rows without circles.
    stations
        One row per pair and station that differs (`plan_pairs.STATION_PAIR_COLUMNS`).
    gaps
        One row per pair, group and gap (`plan_pairs.GAP_PAIR_COLUMNS`).
    plans
        The figures that were compared, in order.
    """

    overall: pd.DataFrame
    points: Mapping[str, pd.DataFrame]
    areas: pd.DataFrame
    pairs: pd.DataFrame
    communities: pd.DataFrame
    subdistricts: pd.DataFrame
    services: pd.DataFrame
    stations: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    plans: tuple[PlanFigures, ...]


def compare(outcomes: Sequence[Outcome], *, circles: "Sequence[Circle] | None" = None) -> Comparison:
    """Compare scenarios with the first of them, and with each other.

    Parameters
    ----------
    outcomes
        At least two outcomes of the same groups and demand, the baseline first.
    circles
        `measure_circle` of each outcome, in the same order, where services and hours are to be compared too.

    Returns
    -------
    Comparison
        Tables of differences.

    Raises
    ------
    ConfigError
        Fewer than two outcomes, a scenario's name repeats, or the circles are not those of the outcomes.
    InputError
        The outcomes have not the same groups with the same demand, mode, cutoff and direction, or not the same CRS.
    """
    _require_comparable(outcomes)
    found: Sequence[Circle | None] = [None] * len(outcomes) if circles is None else circles
    if [getattr(circle, "scenario", None) for circle in found] != [
        None if circles is None else outcome.scenario.name for outcome in outcomes
    ]:
        raise ConfigError(
            f"circles must be those of the outcomes in the same order, got "
            f"{name_some(circle.scenario for circle in circles or ())} for "
            f"{name_some(outcome.scenario.name for outcome in outcomes)}; measure one circle per outcome"
        )
    systems = {outcome.scenario.name: outcome.network.crs for outcome in outcomes}
    if len(set(systems.values())) > 1:
        raise InputError(
            f"compared scenarios must be on networks of one CRS, got {name_some(set(systems.values()))}; evaluate them "
            "on the same network"
        )
    plans = [measure_plan(outcome, circle) for outcome, circle in zip(outcomes, found, strict=True)]
    return compare_figures(plans, overall=compare_overall(outcomes))


def compare_overall(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return only the table ``overall`` of `compare`, for a fraction of the work.

    Raises
    ------
    ConfigError, InputError
        As of `compare`.
    """
    _require_comparable(outcomes)
    baseline = outcomes[0]
    return pd.concat([_overall(baseline, outcome) for outcome in outcomes], ignore_index=True)


def compare_figures(plans: Sequence[PlanFigures], *, overall: pd.DataFrame | None = None) -> Comparison:
    """Compare plans by their figures, wherever these come from.

    Parameters
    ----------
    plans
        Figures of the same groups, demand and communities; the baseline first.
    overall
        The table of that name; made of the figures by default.

    Returns
    -------
    Comparison
        Tables of differences.

    Raises
    ------
    ConfigError
        Fewer than two plans, or a name repeats.
    """
    require_names([plan.name for plan in plans])
    baseline = plans[0]
    pairs, gaps, stations = [], [], []
    for before, after in combinations(plans, 2):
        gaps.append(compare_gaps(before, after))
        stations.append(compare_stations(before, after))
        pairs.append(compare_pair(before, after, gaps[-1], stations[-1]))
    communities = baseline.areas
    subdistricts = join_subdistricts(communities, NO_SUBDISTRICT)
    where = assign_points(baseline, communities)
    wider = assign_points(baseline, subdistricts)
    by_community = _each(plans, lambda one, other: compare_areas(one, other, communities, where))
    return Comparison(
        overall=_plain_overall(plans) if overall is None else overall,
        points={group: _points(plans, group) for group in baseline.points},
        areas=_areas(by_community, [plan.name for plan in plans]),
        pairs=pd.concat(pairs, ignore_index=True),
        communities=by_community,
        subdistricts=_each(plans, lambda one, other: compare_areas(one, other, subdistricts, wider)),
        services=_each(plans, compare_services),
        stations=_stack(stations),
        gaps=_stack(gaps),
        plans=tuple(plans),
    )


def require_names(names: Sequence[str]) -> None:
    """Raise unless there are at least two scenarios, with names of their own.

    Raises
    ------
    ConfigError
        Fewer than two, or a name repeats.
    """
    if len(names) < 2 or len(set(names)) < len(names):  # noqa: PLR2004 - a comparison takes two
        raise ConfigError(f"compare needs at least two scenarios with different names, got {name_some(names)}")


def _require_comparable(outcomes: Sequence[Outcome]) -> None:
    require_names([outcome.scenario.name for outcome in outcomes])
    for outcome in outcomes[1:]:
        _require_same_groups(outcomes[0], outcome)


def _require_same_groups(one: Outcome, other: Outcome) -> None:
    if list(one.groups) != list(other.groups):
        raise InputError(
            f"compared scenarios must have the same groups, got {list(one.groups)} and {list(other.groups)}"
        )
    for name in one.groups:
        a, b = one.groups[name], other.groups[name]
        same_points = a.coverage.points[["id", "demand"]].equals(b.coverage.points[["id", "demand"]])
        same_travel = (a.group.cutoff_s, a.group.mode, a.times.direction) == (
            b.group.cutoff_s, b.group.mode, b.times.direction,
        )  # fmt: skip
        if not same_points or not same_travel:
            raise InputError(
                f"group {name!r} must have the same demand points, mode, cutoff and direction in "
                f"{one.scenario.name!r} and {other.scenario.name!r}; evaluate both with the same Group and direction"
            )


def _overall(baseline: Outcome, outcome: Outcome) -> pd.DataFrame:
    rows = []
    for name, group in outcome.groups.items():
        row = group.shares.copy()
        before = baseline.groups[name].shares
        row.insert(0, "scenario", outcome.scenario.name)
        row.insert(0, "group", name)
        changes = {f"change_{measure}": row[measure] - before[measure] for measure in _MEASURES}
        rows.append(row.assign(**changes))
    return pd.concat(rows, ignore_index=True)


def _plain_overall(plans: Sequence[PlanFigures]) -> pd.DataFrame:
    first = plans[0].overall
    tables = []
    for plan in plans:
        table = plan.overall.drop(columns=list(CIRCLE_MEASURES)).assign(scenario=plan.name)
        table["mean_time_s"] = table["mean_time_min"] * _S_PER_MIN
        was = first.assign(mean_time_s=first["mean_time_min"] * _S_PER_MIN)
        tables.append(table.assign(**{f"change_{m}": table[m] - was[m] for m in _MEASURES}))
    return pd.concat(tables, ignore_index=True)


def _each(plans: Sequence[PlanFigures], compared: Callable[[PlanFigures, PlanFigures], pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([compared(one, other) for one, other in combinations(plans, 2)], ignore_index=True)


def _stack(tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    filled = [table for table in tables if len(table)] or [tables[0]]
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=tables[0].crs)


def _points(plans: Sequence[PlanFigures], group: str) -> pd.DataFrame:
    before = plans[0].points[group]
    tables = [
        pd.DataFrame(
            {
                "id": before["id"],
                "scenario": after.name,
                "demand": before["demand"],
                "time_before_s": before["time_s"],
                "time_after_s": after.points[group]["time_s"],
                "change": np.array(CHANGES, dtype=object)[point_changes(plans[0], after, group)],
            }
        )
        for after in plans[1:]
    ]
    return pd.concat(tables, ignore_index=True)


def _areas(by_community: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Take from the pairs with the baseline what each scenario means for each community."""
    tables = []
    for name in names:
        wanted = by_community["before"] == names[0]
        side = "before" if name == names[0] else "after"
        table = by_community[wanted & (by_community["after"] == (names[1] if name == names[0] else name))]
        change = (
            0.0 * table["change_covered_demand_share"] if side == "before" else table["change_covered_demand_share"]
        )
        share = table[f"covered_demand_share_{side}"]
        tables.append(table.assign(scenario=name, covered_demand_share=share, change_covered_demand_share=change))
    return pd.concat(tables, ignore_index=True)[list(_AREAS)]
