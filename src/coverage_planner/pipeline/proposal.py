"""The siting part of a plan alone: roads, times, gaps, candidates, choice -> one folder, without a map."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from coverage_planner.config import Plan
from coverage_planner.coverage.gaps import find_gaps
from coverage_planner.coverage.measure import Coverage, measure_coverage
from coverage_planner.errors import ConfigError
from coverage_planner.pipeline.checks import check_demand_snapped, reject_unsnapped
from coverage_planner.pipeline.manifest import build_manifest
from coverage_planner.pipeline.models import Present
from coverage_planner.pipeline.siting import Proposal, propose
from coverage_planner.pipeline.start import Start, begin
from coverage_planner.pipeline.stopwatch import StageReport, Stopwatch
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.warm_up import WarmUp
from coverage_planner.report.proposal_folder import write_proposal as write_folder
from coverage_planner.report.siting_tables import Choice
from coverage_planner.scenario.evaluate import LIMIT_PER_CUTOFF
from coverage_planner.scenario.group_times import group_times
from coverage_planner.schema import Rejections
from coverage_planner.siting.effort import SearchProgress


@dataclass(frozen=True, eq=False)
class ProposalRun:
    """What the siting part of a plan led to.

    Attributes
    ----------
    plan
        The plan.
    start
        Streets and tables.
    present
        Who is served today, of the group that sites are chosen for.
    coverage
        The same as a measured coverage.
    proposal
        Candidates, the chosen sites and what is said of them.
    rejected, remarks
        Rows of the inputs that were not used, with the reason; what should be known of rows that were.
    manifest
        Settings, versions, inputs, rows, stages, warnings.
    """

    plan: Plan
    start: Start
    present: Present
    coverage: Coverage
    proposal: Proposal
    rejected: pd.DataFrame
    remarks: pd.DataFrame
    manifest: Mapping[str, Any]

    @property
    def choice(self) -> Choice | None:
        """The chosen sites and what is said of them; None where nothing can be gained."""
        return self.proposal.choice

    @property
    def streets(self) -> Streets:
        """The road network and where it comes from."""
        return self.start.streets

    @property
    def warmed(self) -> WarmUp:
        """Whether the search had to be compiled first."""
        return self.start.warmed

    @property
    def covered_share(self) -> float:
        """Share of the group's demand that is covered today."""
        demand = self.present.group.demand["demand"].to_numpy(dtype=float)
        return float(demand[self.present.covered].sum() / demand.sum())


def run_proposal(
    plan: Plan,
    *,
    report: StageReport | None = None,
    search: SearchProgress | None = None,
    network_folder: Path | None = None,
    rebuild: bool = False,
) -> ProposalRun:
    """Choose sites for a plan, and nothing else.

    Parameters
    ----------
    plan
        A plan from `config.read_plan`, with [siting].
    report
        Called when a stage begins (seconds None) and when it ends.
    search
        Told what the choice of sites has reached: incumbent, bound, gap.
    network_folder, rebuild
        As for `run_plan`.

    Raises
    ------
    CoveragePlannerError
        An input or setting is wrong, or the model has no answer; the message says what to do.
    """
    if plan.siting is None:
        raise ConfigError(
            "a plan must have [siting] to propose sites, got none; add it, or say how many with --n-open or --budget"
        )
    watch = Stopwatch(report)
    rejected = Rejections()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        start = begin(plan, watch, rejected, network_folder=network_folder, rebuild=rebuild)
        network, inputs = start.network, start.inputs
        group = next(group for group in start.groups if group.name == plan.siting.group)
        with watch.stage("today"):
            times = group_times(
                network,
                inputs.facilities,
                [group],
                limit_s={group.name: group.cutoff_s * LIMIT_PER_CUTOFF},
                snap_limit_m=plan.snap.limit_m,
            )[group.name]
            coverage = measure_coverage(times, group.demand, group.cutoff_s)
            gaps = find_gaps(coverage, group.demand, network, inputs.facilities)
        reject_unsnapped({group.name: times}, plan, rejected)
        check_demand_snapped({group.name: times}, inputs.demand, limit_m=plan.snap.limit_m)
        present = Present(group, times, coverage.covered, gaps)
        proposal = propose(plan, network, inputs, present, watch=watch, rejected=rejected, search=search)
    manifest = build_manifest(plan, start, {group.name: times}, proposal.choice, watch=watch, caught=caught)
    listed = rejected.to_frame().drop_duplicates(ignore_index=True)
    remarks = rejected.remarks_frame().drop_duplicates(ignore_index=True)
    return ProposalRun(plan, start, present, coverage, proposal, listed, remarks, manifest)


def write_proposal(run: ProposalRun, folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a proposal to one folder, whole or not at all.

    Parameters
    ----------
    run
        What `run_proposal` returned.
    folder
        The folder to make.
    force
        Replace the folder if it holds an earlier proposal.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists and `force` is not given, or it holds something else than a proposal.
    """
    return write_folder(
        folder,
        network=run.start.network,
        coverage=run.coverage,
        demand=run.present.group.demand,
        facilities=run.start.inputs.facilities,
        gaps=run.present.gaps,
        candidates=run.proposal.candidates,
        choice=run.choice,
        rejected=run.rejected,
        record=run.manifest,
        remarks=run.remarks,
        datum=run.plan.output.datum,
        language=run.plan.language,
        synthetic=run.plan.synthetic,
        force=force,
    )
