"""From what a search found to the solution that a planner gets."""

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import SitingError
from coverage_planner.siting._exact import Found, Sites, Task, optimise
from coverage_planner.siting._highs import solver_name
from coverage_planner.siting._problem import SitingProblem
from coverage_planner.siting.effort import DEFAULT_WORK, Effort, SearchProgress, Sense, gap_between
from coverage_planner.siting.sites import describe_sites
from coverage_planner.siting.solution import Solution


def begin_effort(
    sense: Sense,
    mip_gap: float,
    work_limit: float | None,
    time_limit_s: float | None,
    progress: SearchProgress | None,
) -> Effort:
    """Start to count the work of a model."""
    return Effort(sense, mip_gap, DEFAULT_WORK if work_limit is None else work_limit, time_limit_s, progress)


def search(
    task: Task, effort: Effort, *, start: Sites | None, stage: str, units: Callable[[int], float], model: str
) -> Found:
    """Solve a task that is known to have an answer, and report in the units of the model.

    Raises
    ------
    SitingError
        Work or time ran out before any choice was found.
    """

    def tell(value: int | None, bound: int | None) -> None:
        told = [np.nan if number is None else units(number) for number in (value, bound)]
        effort.report(stage, told[0], told[1])

    found = optimise(task, effort, start=start, tell=tell)
    if found is None or found.sites is None:
        refuse(model)
    return found


def refuse(model: str) -> NoReturn:
    """Say that no choice was found in time."""
    raise SitingError(
        f"{model} must come to some choice of sites, but work or time ran out before one was found that keeps all "
        "rules; raise work_limit or time_limit_s, or give fewer rules"
    )


def conclude(
    model: str,
    problem: SitingProblem,
    candidates: gpd.GeoDataFrame,
    found: Found,
    effort: Effort,
    *,
    objective: float,
    unit: float,
    tie_break: str,
    n_merged: int,
    unserved: tuple[str, ...] = (),
) -> Solution:
    """Write the solution.

    Parameters
    ----------
    model, problem, candidates, found, effort
        What was solved and what came out.
    objective
        Objective of the choice, in the units of the planner.
    unit
        What a whole unit of `found` is worth in them.
    tie_break
        How ties were told apart.
    n_merged
        Pairs of candidate and group of demand.
    unserved
        Ids of demand points that nobody can serve.
    """
    sites = np.empty(0, dtype=np.int64) if found.sites is None else found.sites
    demand = np.empty(len(problem.weighed))
    demand[problem.demand_order] = problem.weighed
    work = {
        "units": effort.work,
        "pairs": int(problem.times_ms.nnz),
        "merged_pairs": n_merged,
        "nodes": found.nodes,
        "simplex_iterations": found.iterations,
    }
    return Solution(
        model=model,
        sites=describe_sites(problem, candidates, demand, sites),
        status="optimal" if found.proved else "feasible",
        objective=objective,
        bound=objective + (found.bound - found.value) * unit,
        gap=gap_between(found.value, found.bound, effort.sense),
        work=work,
        seconds=effort.seconds,
        solver=solver_name(),
        tie_break=tie_break,
        proof=found.proof,
        sense=effort.sense,
        interrupted=effort.interrupted,
        unserved=unserved,
        history=tuple(effort.history),
    )


def move_to(found: Found, sites: NDArray[np.int64]) -> Found:
    """Return what was found with another choice of the same value."""
    return replace(found, sites=sites)


def labels(table: gpd.GeoDataFrame, rows: NDArray[np.int64]) -> tuple[str, ...]:
    """Return the ids of some rows of a table."""
    return tuple(table["id"].to_numpy(dtype=object)[rows].tolist())
