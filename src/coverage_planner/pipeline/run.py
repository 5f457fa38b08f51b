"""The main job: roads, stations and demand -> today, gaps, candidates, sites, proposed -> one folder."""

import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage_planner.config import Plan
from coverage_planner.config.report import ReportSettings
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.checks import check_demand_snapped, reject_unsnapped
from coverage_planner.pipeline.circle import circle_rules, study_circles
from coverage_planner.pipeline.manifest import build_manifest
from coverage_planner.pipeline.models import Present
from coverage_planner.pipeline.siting import Proposal, propose
from coverage_planner.pipeline.start import begin
from coverage_planner.pipeline.stopwatch import StageReport, Stopwatch
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.warm_up import WarmUp
from coverage_planner.report.map_data import MapData, map_data
from coverage_planner.report.map_page import draw_map_data
from coverage_planner.report.map_tiles import base_maps
from coverage_planner.report.report_page import write_report
from coverage_planner.report.results import write_results
from coverage_planner.report.siting_tables import Choice
from coverage_planner.report.words import SCENARIO_NAMES
from coverage_planner.scenario.circle import CircleStudy
from coverage_planner.scenario.evaluate import build_grids, evaluate
from coverage_planner.scenario.scenario import Outcome, Scenario
from coverage_planner.schema import Rejections
from coverage_planner.siting.effort import SearchProgress
from coverage_planner.siting.solution import Solution


@dataclass(frozen=True, eq=False)
class PlanRun:
    """Everything a plan led to.

    Attributes
    ----------
    plan
        The plan.
    streets
        The road network and where it comes from.
    today
        The stations that exist.
    proposed
        Today's stations and the chosen sites; None where the plan proposes nothing or no gap can be closed.
    proposal
        Candidates, the chosen sites and what is said of them; None where the plan proposes nothing.
    circle
        Services, hours, levels and capacities of both; None where the plan asks for nothing of the kind.
    rejected, remarks
        Rows of the inputs that were not used, with the reason; what should be known of rows that were.
    manifest
        Settings, versions, inputs, rows, stages, warnings: what ``run.json`` holds.
    warmed
        Whether the search had to be compiled first, and how long that took.
    """

    plan: Plan
    streets: Streets
    today: Outcome
    proposed: Outcome | None
    proposal: Proposal | None
    circle: CircleStudy | None
    rejected: pd.DataFrame
    remarks: pd.DataFrame
    manifest: Mapping[str, Any]
    warmed: WarmUp

    @property
    def network(self) -> RoadNetwork:
        """The road network."""
        return self.streets.network

    @property
    def candidates(self) -> gpd.GeoDataFrame | None:
        """Where a site could open; None where the plan proposes nothing."""
        return None if self.proposal is None else self.proposal.candidates

    @property
    def choice(self) -> Choice | None:
        """The chosen sites and what is said of them; None likewise, and where nothing can be gained."""
        return None if self.proposal is None else self.proposal.choice

    @property
    def solution(self) -> Solution | None:
        """The chosen sites with their certificate; None where the plan proposes nothing or nothing can be gained."""
        return None if self.choice is None else self.choice.solution


def run_plan(
    plan: Plan,
    *,
    report: StageReport | None = None,
    search: SearchProgress | None = None,
    network_folder: Path | None = None,
    rebuild: bool = False,
) -> PlanRun:
    """Run every stage of a plan, in order.

    Parameters
    ----------
    plan
        A plan from `config.read_plan`.
    report
        Called when a stage begins (seconds None) and when it ends.
    search
        Told what the choice of sites has reached: incumbent, bound, gap.
    network_folder
        Where the network of an earlier run may be kept; see `prepare_streets`. Nothing is written to it here.
    rebuild
        Build the network even if a kept one could be used.

    Raises
    ------
    CoveragePlannerError
        An input or setting is wrong; the message says which and what to do.
    """
    watch = Stopwatch(report)
    rejected = Rejections()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        start = begin(plan, watch, rejected, network_folder=network_folder, rebuild=rebuild)
        network, inputs, groups = start.network, start.inputs, start.groups
        rules = circle_rules(plan, inputs.facilities, inputs.mobile)
        with watch.stage("grids"):
            grids = build_grids(network, groups, study_area=inputs.study_area, snap_limit_m=plan.snap.limit_m)
        settings: dict[str, Any] = {
            "study_area": inputs.study_area,
            "communities": inputs.communities,
            "bands_s": {groups[0].name: plan.bands.cutoffs_s},
            "grids": grids,
            "limits_s": None if rules is None else {group.name: rules.farthest_s(group) for group in groups},
            "snap_limit_m": plan.snap.limit_m,
        }
        names = SCENARIO_NAMES[plan.language]
        with watch.stage("today"):
            today = evaluate(Scenario(names[0], inputs.facilities, mobile=inputs.mobile), network, groups, **settings)
        times = {name: outcome.times for name, outcome in today.groups.items()}
        reject_unsnapped(times, plan, rejected)
        check_demand_snapped(times, inputs.demand, limit_m=plan.snap.limit_m)
        proposal, proposed = None, None
        if plan.siting is not None:
            served = today.groups[plan.siting.group]
            present = Present(served.group, served.times, served.coverage.covered, served.gaps)
            proposal = propose(plan, network, inputs, present, watch=watch, rejected=rejected, search=search)
        choice = None if proposal is None else proposal.choice
        if choice is not None and len(choice.solution.sites):
            with watch.stage("proposed"):
                sites = choice.solution.sites
                proposed = evaluate(today.scenario.with_sites(names[1], sites), network, groups, **settings)
        circle = None
        if rules is not None:
            outcomes = [today] if proposed is None else [today, proposed]
            circle = study_circles(plan, rules, inputs, outcomes, watch)
    manifest = build_manifest(plan, start, times, choice, watch=watch, caught=caught)
    listed = rejected.to_frame().drop_duplicates(ignore_index=True)  # groups may share a file
    remarks = rejected.remarks_frame().drop_duplicates(ignore_index=True)
    return PlanRun(plan, start.streets, today, proposed, proposal, circle, listed, remarks, manifest, start.warmed)


def write_run(run: PlanRun, folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a run to one folder, whole or not at all.

    Parameters
    ----------
    run
        What `run_plan` returned.
    folder
        The folder to make.
    force
        Replace the folder if it holds earlier results.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists and `force` is not given, or it holds something else than results.
    """
    outcome = run.proposed or run.today
    baseline = run.today if run.proposed is not None else None

    watch = Stopwatch()
    with ExitStack() as writing:
        writing.enter_context(watch.stage("write"))

        def manifest() -> dict[str, Any]:
            writing.close()  # run.json itself is all that is left
            return {**run.manifest, "stages": [*run.manifest["stages"], *watch.stages]}

        shown = _map_data(run)

        def write_map(path: Path) -> None:
            draw_map_data(shown, language=run.plan.language).save(str(path))

        return write_results(
            outcome,
            folder,
            baseline=baseline,
            candidates=run.candidates,
            solution=run.choice,
            circle=run.circle,
            title=run.plan.name,
            rejected=run.rejected,
            remarks=run.remarks,
            datum=run.plan.output.datum,
            run=manifest,
            map_page=write_map,
            map_data=shown,
            report_page=None if run.plan.report is None else write_report,
            language=run.plan.language,
            force=force,
            synthetic=run.plan.synthetic,
        )


def _map_data(run: PlanRun) -> MapData:
    """Gather what the map of a run shows."""
    plan = run.plan
    cover = plan.report or ReportSettings()  # what stands on the report's cover holds for the map too
    return map_data(
        [run.today] if run.proposed is None else [run.today, run.proposed],
        circles=None if run.circle is None else run.circle.circles,
        candidates=run.candidates,
        choice=run.choice,
        title=plan.name,
        synthetic=plan.synthetic,
        tiles=base_maps(
            tiles=plan.map.tiles,
            tiles_attribution=plan.map.tiles_attribution,
            tianditu_key=plan.map.tianditu_key,
            osm=plan.map.osm,
        ),
        approval=plan.map.approval_number or cover.approval_number,
        boundary_source=plan.map.boundary_source or cover.boundary_source,
        snap_limit_m=plan.snap.limit_m,
    )
