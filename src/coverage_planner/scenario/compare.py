"""Scenarios side by side: who gains, who loses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coverage_planner.coverage.areas import measure_areas
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.scenario.scenario import GroupOutcome, Outcome

_MEASURES = (
    "covered_demand", "covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share",
    "mean_time_s",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Comparison:
    """Differences between scenarios; the first is the baseline.

    Attributes
    ----------
    overall
        One row per group and scenario: ``group``, ``scenario``, the figures of ``GroupOutcome.shares``, and for each
        measure ``change_…`` against the baseline.
    points
        Group name -> one row per demand point and later scenario: ``id``, ``scenario``, ``demand``, ``time_before_s``,
        ``time_after_s``, ``change`` ('gained', 'lost', 'kept', 'uncovered').
    areas
        One row per group, scenario and community: ``covered_demand_share`` and ``change_covered_demand_share``; empty
        where the outcomes have no communities.
    """

    overall: pd.DataFrame
    points: Mapping[str, pd.DataFrame]
    areas: pd.DataFrame


def compare(outcomes: Sequence[Outcome]) -> Comparison:
    """Compare scenarios with the first of them.

    Parameters
    ----------
    outcomes
        At least two outcomes of the same groups and demand, the baseline first.

    Returns
    -------
    Comparison
        Tables of differences.

    Raises
    ------
    ConfigError
        Fewer than two outcomes, or a scenario's name repeats.
    InputError
        The outcomes have not the same groups with the same demand, mode, cutoff and direction.
    """
    names = [outcome.scenario.name for outcome in outcomes]
    if len(names) < 2 or len(set(names)) < len(names):  # noqa: PLR2004 - a comparison takes two
        raise ConfigError(f"compare needs at least two scenarios with different names, got {name_some(names)}")
    baseline = outcomes[0]
    for outcome in outcomes[1:]:
        _require_same_groups(baseline, outcome)
    areas = [_compare_areas(baseline, outcome) for outcome in outcomes]
    return Comparison(
        overall=pd.concat([_overall(baseline, outcome) for outcome in outcomes], ignore_index=True),
        points={
            name: pd.concat(
                [_compare_points(before, outcome.groups[name], outcome.scenario.name) for outcome in outcomes[1:]],
                ignore_index=True,
            )
            for name, before in baseline.groups.items()
        },
        areas=pd.concat(areas, ignore_index=True),
    )


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


def _compare_points(before: GroupOutcome, after: GroupOutcome, scenario: str) -> pd.DataFrame:
    was, now = before.coverage.covered, after.coverage.covered
    return pd.DataFrame(
        {
            "id": before.coverage.points["id"],
            "scenario": scenario,
            "demand": before.coverage.points["demand"],
            "time_before_s": before.coverage.points["time_s"],
            "time_after_s": after.coverage.points["time_s"],
            "change": np.select([was & now, now, was], ["kept", "gained", "lost"], "uncovered"),
        }
    )


def _compare_areas(baseline: Outcome, outcome: Outcome) -> pd.DataFrame:
    columns = ["group", "scenario", "id", "name", "demand", "covered_demand_share", "change_covered_demand_share"]
    communities = baseline.communities
    if communities is None:
        return pd.DataFrame(columns=columns)
    tables = []
    for name, group in outcome.groups.items():
        before = baseline.groups[name]
        now = measure_areas(group.coverage, group.group.demand, communities)
        was = measure_areas(before.coverage, before.group.demand, communities)
        change = now["covered_demand_share"] - was["covered_demand_share"]
        now = now.assign(group=name, scenario=outcome.scenario.name, change_covered_demand_share=change)
        tables.append(pd.DataFrame(now[columns]))
    return pd.concat(tables, ignore_index=True)
