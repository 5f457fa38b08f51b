"""Maximal covering location problem: the sites that bring most demand within the cutoff."""

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.siting._covering_search import CoveringSearch
from coverage_planner.siting._highs import solver_name
from coverage_planner.siting._problem import SitingProblem, build_problem, merge_demand
from coverage_planner.siting._ties import break_ties
from coverage_planner.siting.effort import DEFAULT_WORK, Effort, SearchProgress, gap_between
from coverage_planner.siting.rules import Quota, read_rules
from coverage_planner.siting.sites import describe_sites
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import UNREACHED_MS


def solve_mclp(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    n_open: int | None = None,
    budget: float | None = None,
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    min_spacing_m: float | None = None,
    group_weights: Mapping[str, float] | None = None,
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    progress: SearchProgress | None = None,
) -> Solution:
    r"""Choose the sites that bring most demand within the cutoff: so many, or for so much money.

    The maximal covering location problem of Church & ReVelle (1974). With demand :math:`w_i` of point :math:`i`,
    :math:`N_i` the candidates that reach it within the cutoff and :math:`E` the points that existing facilities cover:

    .. math::

        \max \sum_{i \in E} w_i + \sum_{i \notin E} w_i y_i \quad\text{subject to}\quad
        y_i \le \sum_{j \in N_i} x_j, \quad \sum_j x_j = p, \quad x_j \in \{0, 1\}, \; 0 \le y_i \le 1 .

    :math:`x_j` says whether candidate :math:`j` opens, :math:`p` is `n_open`; the :math:`y_i` need not be declared
    whole. With a `budget` :math:`B` and costs :math:`c_j` the number gives way to :math:`\sum_j c_j x_j \le B`.
    Solved by merging demand that the same candidates reach, greedy adding, interchange and tabu search, Lagrangian
    prices (Galvão & ReVelle 1996) that bound the optimum and settle most candidates, and HiGHS's branch and bound over
    those that are left. `work_limit` counts work, not time, so a run can be repeated to the last site, on any number
    of threads.

    Among choices that cover the same demand the one with least demand-weighted time over covered demand wins (each
    point to its nearest open site, existing facilities included), then the one with least cost, then the one whose
    sorted ids come first. Sums are exact: demand is counted in whole grains of a power of ten.

    Parameters
    ----------
    times
        Times of the candidates (rows) to the demand points (columns).
    demand
        Columns ``id``, ``demand``.
    candidates
        Columns ``id`` and, if known, ``cost`` (a missing cost counts as zero in the tie-break).
    cutoff_s
        Longest acceptable time in seconds, at most the limit of the searches; equal counts as covered.
    existing
        Times of the facilities that stay open, to the same demand; None where there are none.
    n_open
        How many new sites open, required ones included; exactly so many, even where fewer would cover as much.
    budget
        What the new sites may cost, required ones included, instead of `n_open`; needs the column ``cost``.
    required, forbidden
        Ids of candidates that open, or that do not.
    quotas
        How many sites may, or must, share a value of a column of `candidates`.
    min_spacing_m
        How far apart new sites must be, metres as the crow flies.
    group_weights
        Factors for the demand by the column ``group`` of `demand`; groups not named count once. Every figure of the
        answer is of demand so weighed.
    mip_gap
        Stop when no choice can cover more than the one found by this share. 0: prove the optimum.
    work_limit
        Most units of work, about a second of one core each; by default as `effort.DEFAULT_WORK` says.
    time_limit_s
        Stop by the clock. The answer may then differ from run to run.
    threads
        How many threads; all processors by default. The answer does not depend on it.
    progress
        Told the choice and the bound that are reached whenever one of them is better. Ctrl+C ends the search with what
        is reached.

    Returns
    -------
    Solution
        ``sites`` are the chosen rows of `candidates` with the columns of `describe_sites`. ``objective`` and ``bound``
        are covered demand over the whole demand table, existing facilities included. ``status`` is 'optimal' when no
        choice covers more: proved by HiGHS (within its tolerance, a part in 10^9) or by prices whose bound is
        recomputed here. Otherwise ``bound`` is always the recomputed one.

    Raises
    ------
    ConfigError
        Both or neither of `n_open` and `budget`; a number, cutoff, gap or limit is out of range; the searches of
        candidates and existing facilities differ; rules or weights that make no sense.
    CrsError, SchemaError, InputError
        A table is not as its schema says, or not the one the times were computed for; ids or columns of rules that it
        has not.
    InfeasibleError
        No choice keeps all rules.
    """
    effort = Effort(
        "max",
        gap=mip_gap,
        work_limit=DEFAULT_WORK if work_limit is None else work_limit,
        time_limit_s=time_limit_s,
        progress=progress,
    )
    if threads is not None and threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads}; leave it out to use all processors")
    problem = build_problem(
        times, demand, candidates, cutoff_s=cutoff_s, existing=existing, group_weights=group_weights
    )
    rules = read_rules(
        candidates, problem.order, n_open=n_open, budget=budget, required=required, forbidden=forbidden, quotas=quotas,
        min_spacing_m=min_spacing_m,
    )  # fmt: skip
    covering = merge_demand(problem)
    workers = threads or os.cpu_count() or 1
    with effort.interruptible(), ThreadPoolExecutor(max_workers=workers) as pool:
        search = CoveringSearch(
            covering, rules, effort, problem.present_demand, problem.grain, pool if workers > 1 else None
        )
        search.run()
        proved = search.covered == search.bound
        sites, tie_break = break_ties(
            problem, covering, rules, search.sites, opened=search.opened, closed=search.closed, proved=proved,
            effort=effort,
        )  # fmt: skip
    return _certify(problem, search, sites, candidates, effort, tie_break)


def _certify(
    problem: SitingProblem,
    search: CoveringSearch,
    sites: NDArray[np.int64],
    candidates: gpd.GeoDataFrame,
    effort: Effort,
    tie_break: str,
) -> Solution:
    grains = int(problem.demand[problem.nearest_ms(sites) < UNREACHED_MS].sum())
    # recomputed bounds hold to the last grain; a proof by HiGHS holds within its tolerance, which ties may lie in
    ceiling = max(problem.present_demand + search.bound, grains)
    optimal = ceiling == grains
    objective = problem.value_of(sites)
    bound = objective if optimal else objective + (ceiling - grains) * problem.grain
    effort.report("done", objective, bound)
    return Solution(
        model="MCLP",
        sites=describe_sites(problem, candidates, problem.weighed_rows(), sites),
        status="optimal" if optimal else "feasible",
        objective=objective,
        bound=bound,
        gap=gap_between(objective, bound, "max"),
        work={
            "units": effort.work,
            "pairs": len(problem.times_ms.indices),
            "merged_pairs": search.whole.n_pairs,
            "pairs_left": search.part.n_pairs,
            "price_steps": search.price_steps,
            "tabu_searches": search.tabu_searches,
            "branches": search.branches,
            "nodes": search.nodes,
            "simplex_iterations": search.simplex_iterations,
        },
        seconds=effort.seconds,
        solver=solver_name(),
        tie_break=tie_break,
        proof=search.proof,
        interrupted=effort.interrupted,
        history=tuple(effort.history),
    )
