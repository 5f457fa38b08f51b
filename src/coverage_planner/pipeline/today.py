"""The stations that exist, evaluated for the groups of a plan, and nothing else: no sites, no services, no folder."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from coverage_planner.config import Plan
from coverage_planner.errors import ConfigError
from coverage_planner.pipeline.checks import check_demand_snapped, reject_unsnapped
from coverage_planner.pipeline.manifest import build_manifest
from coverage_planner.pipeline.start import Start, begin
from coverage_planner.pipeline.stopwatch import StageReport, Stopwatch
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.warm_up import WarmUp
from coverage_planner.report.words import SCENARIO_NAMES
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Outcome, Scenario
from coverage_planner.schema import Rejections


@dataclass(frozen=True, eq=False)
class TodayRun:
    """Today, evaluated.

    Attributes
    ----------
    plan
        The plan.
    start
        Streets and tables.
    today
        The stations that exist, for the groups that were asked for.
    rejected, remarks
        Rows of the inputs that were not used, with the reason; what should be known of rows that were.
    manifest
        Settings, versions, inputs, rows, stages, warnings.
    """

    plan: Plan
    start: Start
    today: Outcome
    rejected: pd.DataFrame
    remarks: pd.DataFrame
    manifest: Mapping[str, Any]

    @property
    def streets(self) -> Streets:
        """The road network and where it comes from."""
        return self.start.streets

    @property
    def warmed(self) -> WarmUp:
        """Whether the search had to be compiled first."""
        return self.start.warmed


def run_today(
    plan: Plan,
    *,
    group: str | None = None,
    bands_s: Sequence[float] = (),
    report: StageReport | None = None,
    network_folder: Path | None = None,
    rebuild: bool = False,
) -> TodayRun:
    """Evaluate the stations that exist for the groups of a plan.

    Parameters
    ----------
    plan
        A plan from `config.read_plan`.
    group
        The one group wanted; all by default.
    bands_s
        Cutoffs of the isochrones in seconds, in place of the plan's; the largest becomes the cutoff of every group.
    report
        Called when a stage begins (seconds None) and when it ends: compile, network, read, today.
    network_folder, rebuild
        As for `run_plan`.

    Raises
    ------
    ConfigError
        The plan has no such group.
    CoveragePlannerError
        An input or setting is wrong; the message says what to do.
    """
    names = [one.name for one in plan.groups]
    if group is not None and group not in names:
        raise ConfigError(f"--group must be a group of the plan ({', '.join(names)}), got {group!r}; correct it")
    watch = Stopwatch(report)
    rejected = Rejections()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        start = begin(plan, watch, rejected, network_folder=network_folder, rebuild=rebuild)
        groups = [_with_cutoff(one, bands_s) for one in start.groups if group in (None, one.name)]
        bands = {one.name: bands_s for one in groups} if bands_s else {names[0]: plan.bands.cutoffs_s}
        with watch.stage("today"):
            today = evaluate(
                Scenario(SCENARIO_NAMES[plan.language][0], start.inputs.facilities, mobile=start.inputs.mobile),
                start.network,
                groups,
                study_area=start.inputs.study_area,
                communities=start.inputs.communities,
                bands_s={name: cutoffs for name, cutoffs in bands.items() if name in {one.name for one in groups}},
                snap_limit_m=plan.snap.limit_m,
            )
        times = {name: outcome.times for name, outcome in today.groups.items()}
        reject_unsnapped(times, plan, rejected)
        check_demand_snapped(times, {name: start.inputs.demand[name] for name in times}, limit_m=plan.snap.limit_m)
    manifest = build_manifest(plan, start, times, None, watch=watch, caught=caught)
    listed = rejected.to_frame().drop_duplicates(ignore_index=True)
    remarks = rejected.remarks_frame().drop_duplicates(ignore_index=True)
    return TodayRun(plan, start, today, listed, remarks, manifest)


def _with_cutoff(group: Group, bands_s: Sequence[float]) -> Group:
    return replace(group, cutoff_s=max(bands_s)) if bands_s else group
