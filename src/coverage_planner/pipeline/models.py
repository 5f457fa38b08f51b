"""The model that a plan asks for, its opening order and its alternatives: settings -> a choice of sites."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.config import Model, SitingSettings
from coverage_planner.errors import name_some
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.report.certificate import Question
from coverage_planner.report.siting_tables import Choice
from coverage_planner.scenario.scenario import Group
from coverage_planner.siting.alternatives import Alternatives, find_alternatives
from coverage_planner.siting.backup import solve_backup_coverage
from coverage_planner.siting.effort import SearchProgress, gap_between
from coverage_planner.siting.lscp import solve_lscp
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.p_center import solve_p_center
from coverage_planner.siting.p_median import solve_p_median
from coverage_planner.siting.sequence import OpeningOrder, solve_sequence
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes

#: How many times the cutoff times are searched by models of time, where the plan does not say; for the p-median people
#: whom no site reaches count as much.
_SEARCHED_PER_CUTOFF: Mapping[Model, float] = {"p-median": 2.0, "p-center": 4.0}
_MODELS: Mapping[Model, Callable[..., Solution]] = {
    "mclp": solve_mclp,
    "lscp": solve_lscp,
    "p-median": solve_p_median,
    "p-center": solve_p_center,
    "backup": solve_backup_coverage,
}
#: What opening orders and alternatives call the models they know.
_CALLED: Mapping[Model, Literal["MCLP", "p-median"]] = {"mclp": "MCLP", "p-median": "p-median"}


@dataclass(frozen=True, eq=False)
class Present:
    """Who is served today, of the group that sites are chosen for.

    Attributes
    ----------
    group
        The group.
    times
        Times to the stations that exist, at least up to the cutoff.
    covered
        Shape (d,): whether each demand point is covered.
    gaps
        Areas of uncovered demand (`find_gaps`).
    """

    group: Group
    times: TravelTimes
    covered: NDArray[np.bool_]
    gaps: gpd.GeoDataFrame


@dataclass(frozen=True, eq=False)
class Task:
    """What a model is given.

    Attributes
    ----------
    times, existing
        Times of the candidates, and of the stations that exist.
    present
        Who is served today.
    candidates
        Where a site could open.
    siting
        The plan's settings.
    rules
        ``required``, ``forbidden``, ``quotas`` in the candidates' ids.
    """

    times: TravelTimes
    existing: TravelTimes
    present: Present
    candidates: gpd.GeoDataFrame
    siting: SitingSettings
    rules: Mapping[str, Any]

    @cached_property
    def tables(self) -> tuple[TravelTimes, gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """What stands first in the call of every model."""
        demand = self.present.group.demand
        return self.times, self._reachable(demand) if self.siting.model == "p-center" else demand, self.candidates

    def _reachable(self, demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Set aside whom nothing reaches, as otherwise nobody's longest time would be short enough."""
        reached = np.zeros(len(demand), dtype=bool)
        for times in (self.times, self.existing):
            reached[times.indices] = True
        weights = demand["demand"].to_numpy(dtype=float)
        lost = ~reached & (weights > 0)
        if lost.any():
            warnings.warn(
                f"{weights[lost].sum():.0f} of {weights.sum():.0f} demand (points "
                f"{name_some(demand['id'].to_numpy()[lost])}) is within {self.times.limit_s / 60:g} minutes of no "
                "station and no candidate; the longest time is that of the others (unserved_min says how far to look)",
                stacklevel=2,
            )
        return demand.assign(demand=np.where(reached, weights, 0.0))

    def options(self, search: SearchProgress | None) -> dict[str, Any]:
        """Everything but the number of sites that the models take, in their words."""
        siting, group = self.siting, self.present.group
        options = {
            "min_spacing_m": siting.min_spacing_m,
            "group_weights": dict(siting.group_weights),
            "mip_gap": siting.mip_gap,
            "work_limit": siting.work_limit,
            "time_limit_s": siting.time_limit_s,
            "progress": search,
            "partial": siting.partial,
            "minimise": siting.minimise,
            "backup_weight": siting.backup_weight,
            **self.rules,
        }
        given = {key: value for key, value in options.items() if value is not None and value not in ((), {})}
        given["existing"] = self.existing
        if siting.model == "p-median":
            given["unserved_s"] = limit_s(siting, group)
        elif siting.model != "p-center":
            given["cutoff_s"] = group.cutoff_s
        return given

    def size(self) -> dict[str, Any]:
        """How many sites open, or what they may cost."""
        given = {"n_open": self.siting.n_open, "budget": self.siting.budget}
        return {key: value for key, value in given.items() if value is not None}


def limit_s(siting: SitingSettings, group: Group) -> float:
    """Return how far the model's times must reach, seconds."""
    if siting.model not in _SEARCHED_PER_CUTOFF:
        return group.cutoff_s
    return siting.unserved_s or _SEARCHED_PER_CUTOFF[siting.model] * group.cutoff_s


def answer(task: Task, *, watch: Stopwatch, search: SearchProgress | None = None) -> Choice:
    """Choose sites, and say what the plan asks for besides.

    Parameters
    ----------
    task
        What the model is given.
    watch
        Times the stages 'siting' and, where asked for, 'alternatives'.
    search
        Told what the search has reached.

    Raises
    ------
    ConfigError, InputError
        A rule names what is not there.
    SitingError
        The model has no answer.
    """
    siting, group = task.siting, task.present.group
    options = task.options(search)
    with watch.stage("siting"):
        order = None
        if siting.stages:
            order = solve_sequence(*task.tables, model=_CALLED[siting.model], stages=siting.stages, **options)
            solution = _as_solution(task, order, options)
        else:
            solution = _MODELS[siting.model](*task.tables, **task.size(), **options)
        solution = replace(solution, sites=_at_cutoff(solution.sites, task))
    alternatives = None
    if siting.alternatives is not None and len(solution.sites):
        with watch.stage("alternatives"):
            alternatives = _alternatives(task, solution, options)
    weights = group.demand.get("group", pd.Series("", index=group.demand.index)).map(dict(siting.group_weights))
    question = Question(
        n_open=siting.stages[-1] if siting.stages else siting.n_open,
        budget=siting.budget,
        minimise=siting.minimise or "sites",
        partial=1.0 if siting.partial is None else siting.partial,
        has_rules=siting.has_rules,
        demand=float((group.demand["demand"] * weights.fillna(1.0)).sum()),
        unserved_s=limit_s(siting, group) if siting.model == "p-median" else None,
    )
    return Choice(solution, task.candidates, group.name, question, alternatives, order)


def _alternatives(task: Task, solution: Solution, options: Mapping[str, Any]) -> Alternatives:
    settings: dict[str, Any] = {**options, "solution": solution}
    if task.siting.alternatives is not None:
        wanted = task.siting.alternatives
        settings |= {"n_plans": wanted.plans, "within": wanted.within, "differ_by": wanted.differ_by}
    if task.siting.budget is not None:
        settings["budget"] = task.siting.budget
    return find_alternatives(*task.tables, **settings)


def _as_solution(task: Task, order: OpeningOrder, options: Mapping[str, Any]) -> Solution:
    """Return the sites of the last stage as an answer of its model, held to the bound that was proved for the stage."""
    own = order.solutions[-1]
    ids = list(order.sites["id"])
    rest = {key: value for key, value in options.items() if key not in {"required", "forbidden", "quotas", "progress"}}
    fixed = _MODELS[task.siting.model](*task.tables, n_open=len(ids), required=ids, **rest)
    place = order.sites.set_index("id")["order"]
    stage = order.sites.set_index("id")["stage"]
    sites = fixed.sites.assign(order=fixed.sites["id"].map(place), stage=fixed.sites["id"].map(stage))
    gap = gap_between(fixed.objective, own.bound, own.sense)
    return replace(
        own,
        sites=sites.sort_values("order", ignore_index=True),
        status="optimal" if gap == 0 else "feasible",
        objective=fixed.objective,
        gap=gap,
        seconds=order.seconds,
        interrupted=order.interrupted,
    )


def _at_cutoff(sites: gpd.GeoDataFrame, task: Task) -> gpd.GeoDataFrame:
    """Give the figures of the sites for the cutoff and the order of opening; models may have searched farther."""
    group = task.present.group
    inside = task.times.within(group.cutoff_s)
    row = {label: number for number, label in enumerate(inside.facility_ids)}
    weights = group.demand["demand"].to_numpy(dtype=float)
    reached = [inside.indices[inside.indptr[row[label]] : inside.indptr[row[label] + 1]] for label in sites["id"]]
    seconds = [inside.seconds[inside.indptr[row[label]] : inside.indptr[row[label] + 1]] for label in sites["id"]]
    times_covered = np.bincount(np.concatenate([*reached, np.empty(0, np.int64)]), minlength=len(weights))
    left = ~task.present.covered
    figures: dict[str, list[float]] = {name: [] for name in _FIGURES}
    for points, times in zip(reached, seconds, strict=True):
        demand = weights[points]
        new = ~task.present.covered[points]
        values = (
            demand[left[points]].sum(), demand[new].sum(), demand[~new].sum(), demand[times_covered[points] > 1].sum(),
            demand.sum(), (demand * times).sum() / demand.sum() if demand.sum() else np.nan,
        )  # fmt: skip
        for name, value in zip(_FIGURES, values, strict=True):
            figures[name].append(float(value))
        left[points] = False
    return sites.assign(**figures)


_FIGURES = (
    "added_demand", "newly_covered_demand", "overlap_existing_demand", "overlap_sites_demand", "catchment_demand",
    "mean_time_s",
)  # fmt: skip
