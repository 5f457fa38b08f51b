"""The main job: roads, stations and demand -> today, gaps, candidates, sites, proposed -> one folder."""

import platform
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.config import Plan
from coverage_planner.errors import InputError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.checks import (
    check_demand_snapped,
    keep_snapped_premises,
    reject_unsnapped,
    require_connected,
    warn_of_lost_communities,
    warn_of_missing_margin,
)
from coverage_planner.pipeline.inputs import Inputs, read_inputs
from coverage_planner.pipeline.stopwatch import StageReport, Stopwatch
from coverage_planner.pipeline.streets import Streets, prepare_streets
from coverage_planner.pipeline.warm_up import WarmUp, warm_up
from coverage_planner.report.maps import draw_map
from coverage_planner.report.results import write_results
from coverage_planner.scenario.evaluate import build_grids, evaluate
from coverage_planner.scenario.scenario import Group, Outcome, Scenario
from coverage_planner.schema import Rejections
from coverage_planner.siting.candidates import propose_candidates
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes, travel_times

#: Packages whose versions stand in the manifest.
_PACKAGES = (
    "coverage-planner", "geopandas", "highspy", "numba", "numpy", "osmium", "pandas", "pyproj", "scipy", "shapely",
)  # fmt: skip

_SCENARIO_NAMES = {"zh": ("现状", "方案"), "en": ("today", "proposed")}


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
    candidates
        Where a site could open; None where the plan proposes nothing.
    solution
        The chosen sites with their certificate; None likewise.
    rejected
        Rows of the inputs that were not used, with the reason.
    manifest
        Settings, versions, inputs, rows, stages, warnings: what ``run.json`` holds.
    warmed
        Whether the search had to be compiled first, and how long that took.
    """

    plan: Plan
    streets: Streets
    today: Outcome
    proposed: Outcome | None
    candidates: gpd.GeoDataFrame | None
    solution: Solution | None
    rejected: pd.DataFrame
    manifest: Mapping[str, Any]
    warmed: WarmUp

    @property
    def network(self) -> RoadNetwork:
        """The road network."""
        return self.streets.network


def run_plan(
    plan: Plan, *, report: StageReport | None = None, network_folder: Path | None = None, rebuild: bool = False
) -> PlanRun:
    """Run every stage of a plan, in order.

    Parameters
    ----------
    plan
        A plan from `config.read_plan`.
    report
        Called when a stage begins (seconds None) and when it ends.
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
        with watch.stage("compile"):
            warmed = warm_up()
        with watch.stage("network"):
            streets = prepare_streets(plan, rejected, network_folder=network_folder, rebuild=rebuild)
        network = streets.network
        with watch.stage("read"):
            inputs = read_inputs(plan, streets, rejected)
        warn_of_lost_communities(inputs)
        groups = [Group(g.name, g.mode, g.cutoff_s, inputs.demand[g.name]) for g in plan.groups]
        require_connected(network, small_component_m=plan.snap.small_component_m)
        warn_of_missing_margin(plan, network, inputs)
        with watch.stage("grids"):
            grids = build_grids(network, groups, study_area=inputs.study_area, snap_limit_m=plan.snap.limit_m)
        settings: dict[str, Any] = {
            "study_area": inputs.study_area,
            "communities": inputs.communities,
            "bands_s": {groups[0].name: plan.bands.cutoffs_s},
            "grids": grids,
            "snap_limit_m": plan.snap.limit_m,
        }
        names = _SCENARIO_NAMES[plan.language]
        with watch.stage("today"):
            today = evaluate(Scenario(names[0], inputs.facilities), network, groups, **settings)
        reject_unsnapped(today, plan, rejected)
        check_demand_snapped(today, limit_m=plan.snap.limit_m)
        candidates, solution, proposed = None, None, None
        if plan.siting is not None:
            candidates, solution = _propose(plan, network, inputs, today, watch, rejected)
        if solution is not None:
            with watch.stage("proposed"):
                proposed = evaluate(today.scenario.with_sites(names[1], solution.sites), network, groups, **settings)
    manifest = {
        "plan": _plain(asdict(plan)),
        "platform": platform.platform(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "crs": network.edges.crs.to_string(),
        "margin_m": inputs.margin_m,
        "inputs": inputs.rows,
        "network": _describe_network(network),
        "network_reused": None if streets.reused is None else {"folder": streets.reused.name, "built": streets.built},
        "snapped": _count_snapped(today),
        "warnings": sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}),
        "solution": None if solution is None else solution.certificate(),
        "stages": watch.stages,
    }
    listed = rejected.to_frame().drop_duplicates(ignore_index=True)  # groups may share a file
    return PlanRun(plan, streets, today, proposed, candidates, solution, listed, manifest, warmed)


def _propose(
    plan: Plan, network: RoadNetwork, inputs: Inputs, today: Outcome, watch: Stopwatch, rejected: Rejections
) -> tuple[gpd.GeoDataFrame, Solution | None]:
    """Generate candidates and choose among them; no solution where there is nothing to gain."""
    siting = plan.siting
    if siting is None:
        raise InputError("a plan must have [siting] to propose sites")
    served = today.groups[siting.group]
    group = served.group
    with watch.stage("candidates"):
        premises = inputs.premises
        if premises is not None:
            premises = keep_snapped_premises(premises, network, group.mode, plan, rejected)
        candidates = propose_candidates(
            served.gaps,
            network,
            premises=premises,
            facilities=inputs.facilities if premises is None else None,  # premises numbered alike are other places
            mode=group.mode,
            reach_s=plan.candidates.reach_s or group.cutoff_s,
            spacing_m=plan.candidates.spacing_m,
            snap_limit_m=plan.snap.limit_m,
        )
        if candidates.empty:
            reason = "there is no gap" if served.gaps.empty else "no premises or street lies within reach of a gap"
            warnings.warn(f"no sites are proposed: {reason}", stacklevel=2)
            return candidates, None
        candidates = _tell_apart(candidates, inputs.facilities)
        candidates, times = _time_candidates(candidates, network, served.group, plan, served.coverage.covered)
    with watch.stage("siting"):
        solution = solve_mclp(
            times,
            group.demand,
            candidates,
            n_open=siting.n_open,
            cutoff_s=group.cutoff_s,
            existing=served.times.within(group.cutoff_s),
            mip_gap=siting.mip_gap or 0.0,
            time_limit_s=siting.time_limit_s,
        )
    return candidates, solution


def _tell_apart(candidates: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rename candidates that have the id of a station, as where both files are numbered from 1."""
    taken = candidates["id"].isin(facilities["id"]).to_numpy()
    if not taken.any():
        return candidates
    ids = candidates["id"].to_numpy(dtype=object)
    warnings.warn(
        f"sites have the ids of stations, {name_some(ids[taken])}; here they are called new-{ids[taken][0]} and so on",
        stacklevel=2,
    )
    return candidates.assign(id=pd.Series(np.where(taken, "new-" + ids, ids), index=candidates.index, dtype=object))


def _time_candidates(
    candidates: gpd.GeoDataFrame, network: RoadNetwork, group: Group, plan: Plan, covered: Any
) -> tuple[gpd.GeoDataFrame, TravelTimes]:
    """Search from the candidates, or from the best of them where the plan limits their number."""

    def search(table: gpd.GeoDataFrame) -> TravelTimes:
        return travel_times(
            network,
            table,
            group.demand,
            mode=group.mode,
            limit_s=group.cutoff_s,
            snap_limit_m=plan.snap.limit_m,
        )

    times = search(candidates)
    most = plan.siting.max_candidates if plan.siting else None
    if most is None or len(candidates) <= most:
        return candidates, times
    uncovered = np.where(covered, 0.0, group.demand["demand"].to_numpy())
    row = np.repeat(np.arange(len(candidates)), np.diff(times.indptr))
    gain = np.bincount(row, weights=uncovered[times.indices], minlength=len(candidates))
    kept = np.sort(np.lexsort((np.arange(len(gain)), -gain))[:most])
    warnings.warn(
        f"of {len(candidates)} candidates the {most} that reach most uncovered demand were kept (max_candidates); "
        "the proof of the solution holds among them",
        stacklevel=2,
    )
    fewer = candidates.iloc[kept].reset_index(drop=True)
    return fewer, search(fewer)


def _describe_network(network: RoadNetwork) -> dict[str, Any]:
    islands = network.islands.groupby("mode")["length_m"].sum() / 1000
    return {
        "source": network.source,
        "junctions": len(network.nodes),
        "edges": len(network.edges),
        "street_km": round(float(network.edges["length_m"].sum()) / 1000, 1),
        "island_km": {name: round(float(islands.get(name, 0.0)), 1) for name in network.graphs},
        "modes": {name: graph.mode.describe() for name, graph in network.graphs.items()},
    }


def _count_snapped(outcome: Outcome) -> dict[str, dict[str, dict[str, int]]]:
    return {
        name: {
            side: {str(status): int(n) for status, n in table["status"].value_counts().items()}
            for side, table in (("facilities", group.times.facility_snaps), ("demand", group.times.demand_snaps))
        }
        for name, group in outcome.groups.items()
    }


def _plain(value: Any) -> Any:
    """Turn settings into what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


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
    sites = None if run.solution is None else run.solution.sites

    def write_map(path: Path) -> None:
        page = draw_map(
            outcome,
            baseline=baseline,
            candidates=run.candidates,
            sites=sites,
            language=run.plan.language,
            tiles=run.plan.map.tiles,
            tiles_attribution=run.plan.map.tiles_attribution,
            synthetic=run.plan.synthetic,
            title=run.plan.name,
        )
        page.save(str(path))

    watch = Stopwatch()
    with ExitStack() as writing:
        writing.enter_context(watch.stage("write"))

        def manifest() -> dict[str, Any]:
            writing.close()  # run.json itself is all that is left
            return {**run.manifest, "stages": [*run.manifest["stages"], *watch.stages]}

        return write_results(
            outcome,
            folder,
            baseline=baseline,
            candidates=run.candidates,
            solution=run.solution,
            rejected=run.rejected,
            run=manifest,
            map_page=write_map,
            language=run.plan.language,
            force=force,
            synthetic=run.plan.synthetic,
        )
