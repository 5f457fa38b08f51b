"""A shortlist of a plan compared: roads, times, gaps, candidates -> the sites side by side, in one folder."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.config import Plan, SitingSettings
from coverage_planner.coverage.gaps import find_gaps
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.coverage.shares import table_shares
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.pipeline.checks import check_demand_snapped, reject_unsnapped
from coverage_planner.pipeline.manifest import build_manifest
from coverage_planner.pipeline.models import Present
from coverage_planner.pipeline.siting import find_candidates, propose
from coverage_planner.pipeline.start import Start, begin
from coverage_planner.pipeline.stopwatch import StageReport, Stopwatch
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.warm_up import WarmUp
from coverage_planner.report.site_folder import write_site_comparison as write_folder
from coverage_planner.report.siting_tables import Choice
from coverage_planner.report.words import SCENARIO_NAMES
from coverage_planner.scenario.compare_sites import SiteComparison, study_sites
from coverage_planner.scenario.evaluate import LIMIT_PER_CUTOFF
from coverage_planner.scenario.group_times import group_times
from coverage_planner.scenario.scenario import Group, GroupOutcome, Outcome, Scenario
from coverage_planner.schema import Rejections
from coverage_planner.siting.effort import SearchProgress
from coverage_planner.siting.shortlist import rate_shortlist
from coverage_planner.traveltime.isochrone import tabulate_bands
from coverage_planner.traveltime.reach import check_cutoffs

#: Alternatives beside each chosen site, where the shortlist is ours to make; one where many are chosen.
_ALTERNATIVES, _MANY_CHOSEN = 2, 8


@dataclass(frozen=True, eq=False)
class SiteComparisonRun:
    """What comparing sites of a plan led to.

    Attributes
    ----------
    plan
        The plan.
    start
        Streets and tables.
    comparison
        The sites side by side.
    choice
        The sites that the plan's model chose; None where the shortlist was given.
    rejected, remarks
        Rows of the inputs that were not used, with the reason; what should be known of rows that were.
    manifest
        Settings, versions, inputs, rows, stages, warnings.
    """

    plan: Plan
    start: Start
    comparison: SiteComparison
    choice: Choice | None
    rejected: pd.DataFrame
    remarks: pd.DataFrame
    manifest: Mapping[str, Any]

    @property
    def table(self) -> gpd.GeoDataFrame:
        """One row per site, the best first."""
        return self.comparison.table

    @property
    def streets(self) -> Streets:
        """The road network and where it comes from."""
        return self.start.streets

    @property
    def warmed(self) -> WarmUp:
        """Whether the search had to be compiled first."""
        return self.start.warmed


def run_site_comparison(
    plan: Plan,
    sites: Sequence[str] = (),
    *,
    every: bool = False,
    report: StageReport | None = None,
    search: SearchProgress | None = None,
    network_folder: Path | None = None,
    rebuild: bool = False,
) -> SiteComparisonRun:
    """Compare candidate sites of a plan for the group that it chooses sites for.

    Sites are ranked as the plan has it, under two thirds and four thirds of the group's cutoff, a fifth slower and
    faster, and by other demand: each source of the group's demand alone, where it is put together from several, and the
    demand of every other group that travels in the same manner (stays, or passes by with the same mode).

    Parameters
    ----------
    plan
        A plan from `config.read_plan`, with [siting].
    sites
        Ids of the candidates to compare: premises, or street positions as `propose` numbers them. None: the sites that
        the plan's model chooses, beside each the best that could replace it, and the best candidate by itself.
    every
        Compare all candidates instead.
    report
        Called when a stage begins (seconds None) and when it ends: compile, network, read, today, candidates, siting
        (and alternatives) where the model is solved, comparison.
    search
        Told what the choice of sites has reached.
    network_folder, rebuild
        As for `run_plan`.

    Raises
    ------
    ConfigError
        The plan has no [siting]; sites are named and all are asked for; a site is named twice.
    InputError
        A site is no candidate, or there is no candidate at all.
    CoveragePlannerError
        An input or setting is wrong; the message says what to do.
    """
    siting = plan.siting
    if siting is None:
        raise ConfigError(
            "a plan must have [siting] to compare sites, got none; add it, for example with n_open = 3: it says for "
            "which group sites are sought"
        )
    _check_wanted(sites, every=every)
    watch = Stopwatch(report)
    rejected = Rejections()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        start = begin(plan, watch, rejected, network_folder=network_folder, rebuild=rebuild)
        group = next(group for group in start.groups if group.name == siting.group)
        with watch.stage("today"):
            today = _measure_today(plan, start, group)
        own = today.headline
        reject_unsnapped({group.name: own.times}, plan, rejected)
        check_demand_snapped({group.name: own.times}, start.inputs.demand, limit_m=plan.snap.limit_m)
        present = Present(group, own.times, own.coverage.covered, own.gaps)
        choice = None
        if sites or every:
            with watch.stage("candidates"):
                shortlist = _named(plan, siting, start, present, rejected, sites)
        else:
            proposal = propose(
                plan, start.network, start.inputs, present, watch=watch, rejected=rejected, search=search
            )
            choice = proposal.choice
            shortlist = _best_few(plan, today, proposal.candidates, choice)
        with watch.stage("comparison"):
            comparison = study_sites(
                today, shortlist, demands=_other_demands(start, group), snap_limit_m=plan.snap.limit_m
            )
    manifest = build_manifest(plan, start, {group.name: own.times}, choice, watch=watch, caught=caught)
    listed = rejected.to_frame().drop_duplicates(ignore_index=True)
    remarks = rejected.remarks_frame().drop_duplicates(ignore_index=True)
    return SiteComparisonRun(plan, start, comparison, choice, listed, remarks, manifest)


def write_site_comparison(run: SiteComparisonRun, folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a comparison of sites to one folder, whole or not at all.

    Parameters
    ----------
    run
        What `run_site_comparison` returned.
    folder
        The folder to make.
    force
        Replace the folder if it holds an earlier comparison of sites.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists and `force` is not given, or it holds something else than a comparison of sites.
    """
    return write_folder(
        folder,
        run.comparison,
        title=run.plan.name,
        record=run.manifest,
        rejected=run.rejected,
        remarks=run.remarks,
        datum=run.plan.output.datum,
        language=run.plan.language,
        synthetic=run.plan.synthetic,
        force=force,
    )


def _check_wanted(sites: Sequence[str], *, every: bool) -> None:
    if sites and every:
        raise ConfigError(
            f"either sites must be named or all be compared, got {name_some(list(sites))} and all; leave one out"
        )
    twice = sorted({site for site in sites if list(sites).count(site) > 1})
    if twice:
        raise ConfigError(f"each site must be named once, got {name_some(twice)} several times; name it once")


def _measure_today(plan: Plan, start: Start, group: Group) -> Outcome:
    """Evaluate the stations for one group, without isochrones and streets, which no comparison of sites needs."""
    network, inputs = start.network, start.inputs
    limits = {group.name: group.cutoff_s * LIMIT_PER_CUTOFF}
    found = group_times(network, inputs.facilities, [group], limit_s=limits, snap_limit_m=plan.snap.limit_m)
    times = found[group.name]
    coverage = measure_coverage(times, group.demand, group.cutoff_s)
    graph = network.graph(group.mode)
    nothing = gpd.GeoDataFrame(
        {name: np.empty(0) for name in ("edge", "time_s", "band_s", "length_m")}, geometry=[], crs=network.crs
    )
    unknown = float("nan")
    outcome = GroupOutcome(
        group=group,
        times=times,
        coverage=coverage,
        shares=table_shares(coverage, area_share=unknown, road_share=unknown, straight_line=(unknown, unknown)),
        isochrones=tabulate_bands(
            [], [], check_cutoffs([group.cutoff_s]), graph=graph, cell_m=unknown, crs=network.crs
        ),
        reached_streets=nothing,
        gaps=find_gaps(coverage, group.demand, network, inputs.facilities),
    )
    scenario = Scenario(SCENARIO_NAMES[plan.language][0], inputs.facilities, mobile=inputs.mobile)
    return Outcome(scenario, network, {group.name: outcome}, inputs.study_area, inputs.communities)


# --- the shortlist ---


def _named(
    plan: Plan,
    siting: SitingSettings,
    start: Start,
    present: Present,
    rejected: Rejections,
    sites: Sequence[str],
) -> gpd.GeoDataFrame:
    """Return the candidates named, or all; premises far from any gap too, if they are named."""
    wanted = replace(siting, required=tuple(dict.fromkeys([*siting.required, *sites])))
    candidates, renamed = find_candidates(plan, wanted, start.network, start.inputs, present, rejected)
    if candidates.empty:
        raise InputError(_nothing(present))
    if not sites:
        return candidates
    ids = [renamed.get(site, site) for site in sites]
    absent = [name for name in ids if name not in set(candidates["id"])]
    if absent:
        what = "premises" if start.inputs.premises is not None else "street positions near a gap"
        raise InputError(
            f"sites must name {what} that a site can open at, not so {name_some(absent)}; correct the ids "
            "(candidates.csv of 'propose' lists them), and look at the rejected rows for premises without a street"
        )
    return candidates[candidates["id"].isin(ids)].reset_index(drop=True)


def _best_few(plan: Plan, today: Outcome, candidates: gpd.GeoDataFrame, choice: Choice | None) -> gpd.GeoDataFrame:
    """Return the chosen sites, the best candidate by itself, and those that would best replace each chosen site.

    What would replace a site is judged by the demand that neither a station nor another chosen site covers; of equal
    ones the smaller id goes first. Those that stand in the list already are passed over, candidates that would add
    nothing are left out. Chosen sites are gone through in the order of the candidates.
    """
    if candidates.empty or choice is None or choice.solution.sites.empty:
        raise InputError(
            "there must be sites to compare, but the plan chooses none: nothing can be gained; name sites (--sites) or "
            "compare all candidates (--all)"
        )
    own = today.headline
    group = own.group
    times = group_times(
        today.network, candidates, [group], limit_s={group.name: group.cutoff_s}, snap_limit_m=plan.snap.limit_m
    )[group.name]
    rated = rate_shortlist(times, group.demand, candidates, cutoff_s=group.cutoff_s, existing=own.times)
    new, ids = rated.new, candidates["id"].to_numpy(dtype=object)
    chosen = np.flatnonzero(candidates["id"].isin(choice.solution.sites["id"]).to_numpy())
    served = np.asarray(new[chosen].sum(axis=0)).ravel()
    kept = {*chosen.tolist(), int(rated.table["rank"].argmin())}
    for site in chosen:
        others = served - new[[site]].toarray().ravel()
        gain = new @ np.where(others > 0, 0.0, rated.grains)
        order = [row for row in np.lexsort((ids, -gain)).tolist() if row not in kept and gain[row] > 0]
        kept.update(order[: 1 if len(chosen) > _MANY_CHOSEN else _ALTERNATIVES])
    return candidates.iloc[sorted(kept)].reset_index(drop=True)


def _nothing(present: Present) -> str:
    reason = "there is no gap" if present.gaps.empty else "no premises or street lies within reach of a gap"
    return f"there must be a candidate to compare, got none: {reason}; add premises, or name some (--sites)"


def _other_demands(start: Start, group: Group) -> dict[str, gpd.GeoDataFrame]:
    """Return other demand to rank the sites by: single sources of the group's demand, and other groups' demand."""
    found: dict[str, gpd.GeoDataFrame] = {}
    sources = group.demand["source"].dropna().unique() if "source" in group.demand else ()
    if len(sources) > 1:
        found |= {str(name): group.demand[group.demand["source"] == name].reset_index(drop=True) for name in sources}
    for other in start.groups:
        alike = other.visit == group.visit and (group.visit == "stay" or other.mode == group.mode)
        if other.name != group.name and alike and other.demand is not group.demand:
            found.setdefault(other.name, other.demand)
    return {name: table for name, table in found.items() if table["demand"].sum() > 0}
