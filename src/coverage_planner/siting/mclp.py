"""Maximal covering location problem: the sites that bring most demand within the cutoff."""

import math
import operator
from dataclasses import dataclass, replace
from time import perf_counter

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InfeasibleError
from coverage_planner.siting._highs import solve_program, solver_name, work_allowance
from coverage_planner.siting._interchange import add_greedily, interchange, shake
from coverage_planner.siting._prices import Prices, find_prices, prove_bound, settle
from coverage_planner.siting._problem import CoveringProblem, SitingProblem, build_problem, merge_demand, restrict
from coverage_planner.siting._programs import scale_for, write_covering
from coverage_planner.siting._ties import break_ties
from coverage_planner.siting.sites import describe_sites
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import Progress

#: Up to this many pairs the solver is quicker than looking for a better start first.
_EASY_PAIRS = 20_000
#: Beyond this many pairs the solver would not get past its first node within a minute.
_SOLVER_PAIRS_MOST = 80_000
#: Work of the searches, in visits of pairs.
_PRICE_VISITS, _PRICE_STEPS_MOST = 1e9, 1000
_SHAKE_VISITS, _SHAKES_MOST = 2e9, 300
_SHAKEN_TWICE = 2
_STAGES = 6


@dataclass(frozen=True, eq=False)
class _Effort:
    """How far to go: `deadline` is a reading of the clock, or None."""

    mip_gap: float
    node_limit: int | None
    deadline: float | None

    def seconds_left(self) -> float | None:
        return None if self.deadline is None else self.deadline - perf_counter()

    def has_time(self) -> bool:
        return self.deadline is None or perf_counter() < self.deadline


@dataclass(frozen=True, eq=False)
class _Choice:
    """A choice of sites and what is known about it.

    `covered` and `bound` are grains beyond what existing facilities cover; `present` is what they cover.
    """

    sites: NDArray[np.int64]
    covered: int
    bound: int
    prices: Prices
    present: int
    proof: str = "duals recomputed"
    nodes: int = 0
    simplex_iterations: int = 0
    price_steps: int = 0
    shakes: int = 0

    @property
    def gap(self) -> float:
        reached = self.present + self.covered
        beyond = self.bound - self.covered
        return 0.0 if not beyond else beyond / reached if reached else math.inf


def solve_mclp(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    n_open: int,
    cutoff_s: float,
    existing: TravelTimes | None = None,
    mip_gap: float = 0.0,
    node_limit: int | None = None,
    time_limit_s: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    r"""Choose the `n_open` sites that bring most demand within the cutoff.

    The maximal covering location problem of Church & ReVelle (1974). With demand :math:`w_i` of point :math:`i`,
    :math:`N_i` the candidates that reach it within the cutoff and :math:`E` the points that existing facilities cover:

    .. math::

        \max \sum_{i \in E} w_i + \sum_{i \notin E} w_i y_i \quad\text{subject to}\quad
        y_i \le \sum_{j \in N_i} x_j, \quad \sum_j x_j = p, \quad x_j \in \{0, 1\}, \; 0 \le y_i \le 1 .

    :math:`x_j` says whether candidate :math:`j` opens, :math:`p` is `n_open`; the :math:`y_i` need not be declared
    whole. Solved by merging demand that the same candidates reach, greedy adding and interchange, Lagrangian prices
    (Galvão & ReVelle 1996) that bound the optimum and settle most candidates, and HiGHS's branch and bound over those
    that are left. All budgets count work, not time, so a run can be repeated to the last site.

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
    n_open
        How many sites open; exactly so many are returned, even where fewer would cover as much.
    cutoff_s
        Longest acceptable time in seconds, at most the limit of the searches; equal counts as covered.
    existing
        Times of the facilities that stay open, to the same demand; None where there are none.
    mip_gap
        Stop when no choice can cover more than the one found by this share. 0: prove the optimum.
    node_limit
        Most nodes of branch and bound. By default the budget follows the size of the problem: about a minute.
    time_limit_s
        Stop by the clock. The answer may then differ from run to run.
    progress
        Called with (stages done, stages in all).

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
        `n_open` is not a whole number of at least 1; cutoff, gap or a limit is out of range; the searches of
        candidates and existing facilities differ.
    CrsError, SchemaError, InputError
        A table is not as its schema says, or not the one the times were computed for.
    InfeasibleError
        More sites are asked than there are candidates.
    """
    begun = perf_counter()
    n_open = _check_settings(n_open, mip_gap, node_limit, time_limit_s)

    def report(stage: int) -> None:
        if progress is not None:
            progress(stage, _STAGES)

    problem = build_problem(times, demand, candidates, cutoff_s=cutoff_s, existing=existing)
    if n_open > len(candidates):
        raise InfeasibleError(
            f"n_open must be at most the number of candidates, got {n_open} sites to open and {len(candidates)} "
            "candidates; ask for fewer sites or give more candidates"
        )
    effort = _Effort(mip_gap, node_limit, None if time_limit_s is None else begun + time_limit_s)
    covering = merge_demand(problem)
    report(1)
    choice = _start(covering, n_open, problem.present_demand)
    report(2)
    choice = _bound(covering, n_open, choice)
    report(3)
    choice = _improve(covering, n_open, choice, effort)
    report(4)
    choice = _prove(covering, n_open, choice, effort)
    report(5)
    proved = choice.covered == choice.bound
    opened, closed = settle(covering, n_open, choice.prices, choice.covered)
    sites, tie_break = break_ties(
        problem, covering, choice.sites, opened=opened, closed=closed, proved=proved, deadline=effort.deadline
    )
    choice = _adopt(choice, sites, covering)
    report(6)
    return _certify(problem, choice, demand, candidates, covering, tie_break, begun)


def _check_settings(n_open: int, mip_gap: float, node_limit: int | None, time_limit_s: float | None) -> int:
    try:
        n_sites = 0 if isinstance(n_open, bool) else operator.index(n_open)
    except TypeError:
        n_sites = 0
    if n_sites < 1:
        raise ConfigError(f"n_open must be a whole number of at least 1, got {n_open!r}; ask for one site or more")
    if not 0 <= mip_gap < 1:
        raise ConfigError(f"mip_gap must be a share from 0 to below 1, got {mip_gap!r}; 0 asks for the optimum")
    if node_limit is not None and node_limit < 0:
        raise ConfigError(f"node_limit must be at least 0, got {node_limit!r}; leave it out for the default budget")
    if time_limit_s is not None and not time_limit_s > 0:
        raise ConfigError(f"time_limit_s must be positive, got {time_limit_s!r}; leave it out for no limit")
    return n_sites


def _start(covering: CoveringProblem, n_open: int, present: int) -> _Choice:
    """Greedy and interchange; until prices are known, all demand that candidates reach is the bound."""
    sites = interchange(covering, add_greedily(covering, n_open))
    none = Prices(np.zeros(len(covering.weights)), np.zeros(covering.n_candidates), 0)
    return _Choice(sites, covering.covered(sites), prove_bound(covering, n_open, none), none, present)


def _bound(covering: CoveringProblem, n_open: int, choice: _Choice) -> _Choice:
    """Find prices; the candidates that earn most at them are a start for interchange."""
    again = choice.prices.steps > 0
    if choice.bound == choice.covered:
        return choice
    prices = find_prices(
        covering,
        n_open,
        covered=choice.covered,
        steps=int(np.clip(_PRICE_VISITS / max(covering.n_pairs, 1), 100, _PRICE_STEPS_MOST)),
        start=choice.prices if again else None,
        first_step=0.3 if again else 1.0,
    )
    choice = replace(choice, price_steps=choice.price_steps + prices.steps)
    bound = prove_bound(covering, n_open, prices)
    if bound < choice.bound:
        choice = replace(choice, bound=bound, prices=prices)
    leaning = np.argsort(-prices.leaning, kind="stable")[:n_open]
    return _adopt(choice, interchange(covering, leaning), covering)


def _adopt(choice: _Choice, sites: NDArray[np.int64], covering: CoveringProblem) -> _Choice:
    """Take sites that cover no less."""
    covered = covering.covered(sites)
    if covered < choice.covered:
        return choice
    # recomputed bounds hold to the last grain; a proof by HiGHS holds within its tolerance, which ties may lie in
    return replace(choice, sites=np.sort(sites), covered=covered, bound=max(choice.bound, covered))


def _improve(covering: CoveringProblem, n_open: int, choice: _Choice, effort: _Effort) -> _Choice:
    """While the rest is too large to solve, shake the choice among promising candidates and look for better prices."""
    for _ in range(_SHAKEN_TWICE):
        if choice.gap <= effort.mip_gap or not effort.has_time():
            break
        residual, _ = restrict(covering, *settle(covering, n_open, choice.prices, choice.covered))
        if residual.n_pairs <= _EASY_PAIRS:
            break
        promising = _promising(covering, n_open, choice)
        few, kept = restrict(
            covering, np.array([], dtype=np.int64), np.setdiff1d(np.arange(covering.n_candidates), promising)
        )
        rounds = int(np.clip(_SHAKE_VISITS / (3 * n_open * max(few.n_pairs, 1)), 10, _SHAKES_MOST))
        found = kept[shake(few, np.searchsorted(kept, choice.sites), rounds=rounds)]
        choice = _adopt(replace(choice, shakes=choice.shakes + rounds), interchange(covering, found), covering)
        choice = _bound(covering, n_open, choice)
    return choice


def _promising(covering: CoveringProblem, n_open: int, choice: _Choice) -> NDArray[np.int64]:
    """Candidates chosen, often among the best earners, or among the three times `n_open` best at the last prices."""
    earned = covering.cover @ (covering.weights * choice.prices.share)
    best = np.argsort(-earned, kind="stable")[: max(30, 3 * n_open)]
    leaning = np.flatnonzero(choice.prices.leaning > 0.01)  # noqa: PLR2004 - as good as never
    return np.unique(np.concatenate((choice.sites, best, leaning)))


def _prove(covering: CoveringProblem, n_open: int, choice: _Choice, effort: _Effort) -> _Choice:
    """Hand what prices leave undecided to HiGHS, unless it is too large."""
    if choice.gap <= effort.mip_gap or not effort.has_time():
        return choice
    opened, closed = settle(covering, n_open, choice.prices, choice.covered)
    residual, free = restrict(covering, opened, closed)
    n_free = n_open - len(opened)
    if n_free in (0, len(free)) or not residual.n_pairs:
        return replace(choice, bound=choice.covered)  # prices leave one choice, or none that covers more
    if residual.n_pairs > _SOLVER_PAIRS_MOST and effort.node_limit is None:
        return choice
    program = write_covering(residual, n_free)
    start = np.isin(free, choice.sites)
    held = residual.count(np.flatnonzero(start)) > 0
    scale = scale_for(residual.weights.sum())
    answer = solve_program(
        program,
        start=np.concatenate((start, held)).astype(float),
        abs_gap=effort.mip_gap * (choice.present + choice.covered) * scale,
        calls=work_allowance(residual.n_pairs) if effort.node_limit is None else None,
        node_limit=effort.node_limit,
        time_limit_s=effort.seconds_left(),
    )
    choice = replace(choice, nodes=answer.nodes, simplex_iterations=answer.simplex_iterations)
    if answer.values is not None:
        sites = np.concatenate((opened, free[answer.values[: len(free)] > 0.5]))  # noqa: PLR2004 - 0 or 1 but for rounding
        if len(sites) == n_open:
            choice = _adopt(choice, sites, covering)
    reached = (choice.covered - covering.covered(opened)) * scale
    if answer.outcome == "optimal" and answer.bound < max(reached + scale, reached * (1 + 1e-9)):
        choice = replace(choice, bound=choice.covered, proof="branch and bound, HiGHS")
    return choice


def _certify(
    problem: SitingProblem,
    choice: _Choice,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    covering: CoveringProblem,
    tie_break: str,
    begun: float,
) -> Solution:
    weights = demand["demand"].to_numpy(dtype=float)
    covered = problem.present.copy()
    covered[problem.reach[choice.sites].indices] = True
    objective = math.fsum(weights[problem.demand_order[covered]])
    optimal = choice.bound == choice.covered
    bound = objective + (choice.bound - choice.covered) * problem.grain
    work = {
        "pairs": problem.reach.nnz,
        "merged_pairs": covering.n_pairs,
        "price_steps": choice.price_steps,
        "shakes": choice.shakes,
        "nodes": choice.nodes,
        "simplex_iterations": choice.simplex_iterations,
    }
    return Solution(
        model="MCLP",
        sites=describe_sites(problem, candidates, weights, choice.sites),
        status="optimal" if optimal else "feasible",
        objective=objective,
        bound=bound,
        gap=0.0 if optimal else choice.gap,
        work=work,
        seconds=perf_counter() - begun,
        solver=solver_name(),
        tie_break=tie_break,
        proof=choice.proof,
    )
