"""The way of the p-median from the first choice to the proof: greedy, prices, shaking, tree, ties."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._exact import optimise
from coverage_planner.siting._highs import solver_name
from coverage_planner.siting._infeasible import Need, find_choice
from coverage_planner.siting._median_prices import Prices, find_prices, most_leaning, prove_prices, settle
from coverage_planner.siting._median_problem import MedianProblem, Scale, barred_by, restrict_median
from coverage_planner.siting._median_program import write_task
from coverage_planner.siting._median_search import (
    Keeping,
    exchange_equals,
    fill,
    interchange,
    lay_out,
    search_start,
    shake,
)
from coverage_planner.siting._median_tree import Bars, Best, search_tree
from coverage_planner.siting.effort import VISITS_PER_UNIT, Effort
from coverage_planner.siting.rules import Rules

#: Most steps of prices, and the share of the work left that they may take.
_STEPS_MOST, _PRICE_SHARE = 3000, 0.4
#: Choices are shaken so many times before prices are looked at again, and until so many times in a row nothing is won.
_ROUNDS, _IN_VAIN = 25, 4
_SHAKE_SHARE = 0.4
#: Ties are told apart exactly with so many branches and so large a share of the whole work.
_TIE_NODES_MOST, _TIE_SHARE = 400, 0.1

#: Rules beyond sizes are kept by the tree up to so many branches; then by HiGHS, up to so many pairs.
_NODES_BEFORE_HIGHS, PROGRAM_PAIRS_MOST = 100, 300_000

_Sites = NDArray[np.int64]


@dataclass(eq=False)
class Course:
    """What is known so far.

    Attributes
    ----------
    problem
        What is left of the problem: every choice that costs no more than the best one is in it.
    scale, effort, rules
        Units; what may be spent; what a choice must keep.
    sites
        The best choice, in candidate numbers of the `SitingProblem`, ascending.
    cost
        What it costs.
    prices
        Prices of `problem`.
    bound
        No choice costs less.
    pool
        Threads for sums.
    tie_break, solver, proof
        As in `Solution`.
    steps, rounds, nodes
        Work done.
    """

    problem: MedianProblem
    scale: Scale
    effort: Effort
    rules: Rules
    sites: _Sites
    cost: int
    prices: Prices
    bound: int
    pool: Executor | None = None
    tie_break: str = "search: the weighted time is not proved to be the least possible"
    solver: str = "coverage-planner"
    proof: str = "duals recomputed"
    steps: int = 0
    rounds: int = 0
    nodes: int = 0

    @property
    def proved(self) -> bool:
        """Whether no choice costs less."""
        return self.bound >= self.cost

    def adopt(self, sites: _Sites, stage: str) -> bool:
        """Take a choice of free candidates if it costs less; say whether it does."""
        cost = self.problem.cost(sites)
        if cost >= self.cost or not self.keeps(sites):
            return False
        self.sites, self.cost = self.problem.name(sites), cost
        self.report(stage)
        return True

    def keeps(self, sites: _Sites) -> bool:
        """Whether a choice of free candidates keeps the rules."""
        return self.problem.fits(sites) and (
            self.rules.are_simple or not self.rules.broken_by(self.problem.name(sites))
        )

    @property
    def bars(self) -> Bars | None:
        """What rules beyond sizes bar from opening in a part of the problem."""
        rules, none = self.rules, np.empty(0, dtype=np.int64)
        return None if rules.are_simple else lambda problem: barred_by(problem, rules, none)

    def learn(self, prices: Prices, stage: str = "prices") -> None:
        """Take prices if they prove more, and leave out what they settle."""
        if prices.raw > self.prices.raw:
            self.adopt(most_leaning(self.problem, prices), stage)
            self.prices = prices
            self.bound = max(self.bound, min(prices.bound, self.cost))
            self.report(stage)

    def shrink(self) -> None:
        """Leave out candidates that no choice as good as the best one holds, and open those that each of them holds."""
        settled = settle(self.problem, self.prices, self.cost)
        before = self.problem
        self.problem = restrict_median(before, settled.opened, settled.closed, keep_points=True)
        leaning = self.prices.leaning[before.find(self.problem.numbers)]
        self.prices = prove_prices(self.problem, self.prices.price, leaning, 0)
        self.bound = max(self.bound, min(self.prices.bound, self.cost))

    def report(self, stage: str) -> None:
        """Tell what is reached."""
        objective, bound = (self.scale.demand_seconds(value) for value in (self.cost, min(self.bound, self.cost)))
        self.effort.report(stage, objective, bound)

    def rank(self, sites: _Sites) -> tuple[object, ...]:
        """Rank choices of equal cost: by what they cost to open, then by ids."""
        named = self.problem.name(sites)
        return int(self.rules.cost[named].sum()), tuple(named.tolist())


def solve_median(
    problem: MedianProblem,
    scale: Scale,
    effort: Effort,
    rules: Rules,
    pool: Executor | None,
    needs: Callable[[], Sequence[Need]],
) -> Course:
    """Find a choice and prove how good it is.

    Raises
    ------
    InfeasibleError, SitingError
        No choice keeps the rules and serves all points that must be; or none was found.
    """
    course = _begin(problem, scale, effort, rules, pool, needs)
    _improve(course)
    _prove(course)
    _break_ties(course)
    return course


def _begin(
    problem: MedianProblem,
    scale: Scale,
    effort: Effort,
    rules: Rules,
    pool: Executor | None,
    needs: Callable[[], Sequence[Need]],
) -> Course:
    """Greedy and interchange; then prices, from half way between each point's nearest and second nearest site."""
    layout = search_start(problem, effort) if rules.are_simple else None
    if layout is not None and layout.cost > problem.served_at_most:
        layout = shake(layout, rounds=_ROUNDS, seed=0)
    if layout is None or layout.cost > problem.served_at_most:
        layout = lay_out(problem, effort, problem.find(find_choice(rules, needs())))
        keeping = _keeping(problem, rules)
        interchange(layout, keeping)
        filled = lay_out(problem, effort, np.empty(0, dtype=np.int64))
        fill(filled, by_size=not problem.is_count, keeping=keeping)
        if keeping is not None and keeping.allowed(filled.sites):
            interchange(filled, keeping)
            layout = min(layout, filled, key=lambda one: one.cost)
    prices = prove_prices(problem, layout.near, np.zeros(problem.n_candidates), 0)
    sites, cost = problem.name(layout.sites), layout.cost
    course = Course(problem, scale, effort, rules, sites, cost, prices, min(prices.bound, cost), pool)
    course.report("greedy and interchange")
    _find_prices(course, (layout.near + layout.second) // 2, first_step=1.0)
    return course


def _keeping(problem: MedianProblem, rules: Rules) -> Keeping | None:
    """Return the rules that sizes do not tell of, None where there are none."""
    if rules.are_simple:
        return None
    return Keeping(
        allowed=lambda sites: not rules.broken_by(problem.name(sites)),
        barred=lambda sites: barred_by(problem, rules, sites),
    )


def _find_prices(course: Course, start: NDArray[np.int64], *, first_step: float) -> None:
    if course.proved:
        return
    prices = find_prices(
        course.problem,
        course.effort,
        target=course.cost,
        steps=_STEPS_MOST,
        start=start,
        leaning=course.prices.leaning,
        first_step=first_step,
        work_most=_PRICE_SHARE * course.effort.work_left() / VISITS_PER_UNIT,
        tell=course.learn,
        pool=course.pool,
    )
    course.steps += prices.steps
    course.learn(prices)
    leaning = most_leaning(course.problem, prices)
    if course.effort.may_go_on() and course.rules.are_simple:
        layout = lay_out(course.problem, course.effort, leaning)
        interchange(layout)
        course.adopt(layout.sites, "prices")
    course.shrink()


def _improve(course: Course) -> None:
    """Shake the choice among the candidates that prices have not settled, as long as that helps."""
    work_most = course.effort.work + _SHAKE_SHARE * course.effort.work_left() / VISITS_PER_UNIT
    in_vain = 0
    while in_vain < _IN_VAIN and not course.proved and course.effort.may_go_on() and course.effort.work < work_most:
        layout = lay_out(course.problem, course.effort, course.problem.find(course.sites))
        found = shake(
            layout,
            rounds=_ROUNDS,
            seed=course.rounds,
            work_most=work_most,
            keeping=_keeping(course.problem, course.rules),
        )
        course.rounds += _ROUNDS
        in_vain += 1
        if course.adopt(found.sites, "shaking"):
            in_vain = 0
            course.shrink()
    _find_prices(course, course.prices.price, first_step=0.3)


def _prove(course: Course) -> None:
    """Split what prices leave undecided until they decide it."""
    if course.proved:
        return

    def tell(best: Best, bound: int) -> None:
        course.adopt(best.sites, "tree")
        if bound > course.bound:
            course.bound = min(bound, course.cost)
            course.report("tree")

    nodes_most = None if course.rules.are_simple else _NODES_BEFORE_HIGHS
    done = search_tree(
        course.problem, course.effort, course.prices, course.problem.find(course.sites), course.rank, course.keeps,
        bars=course.bars, nodes_most=nodes_most, tell=tell, pool=course.pool,
    )  # fmt: skip
    tell(done.best, done.bound)
    course.nodes += done.nodes
    if not course.proved and not course.rules.are_simple:
        _prove_with_highs(course)


def _prove_with_highs(course: Course) -> None:
    """Hand what prices leave undecided to HiGHS, unless it is too large."""
    course.shrink()
    problem = course.problem
    if problem.n_pairs > PROGRAM_PAIRS_MOST or not course.effort.may_go_on():
        return
    task = write_task(problem, course.rules, course.prices, course.cost, course.keeps)
    found = optimise(task, course.effort, start=problem.find(course.sites))
    if found is None or found.sites is None:
        return
    course.adopt(found.sites, "HiGHS")
    bound = problem.fixed + found.bound * problem.step
    if bound > course.bound:
        course.bound, course.proof, course.solver = min(bound, course.cost), found.proof, solver_name()
    course.nodes += found.nodes
    course.report("HiGHS")


def _break_ties(course: Course) -> None:
    """Look at all choices of equal cost, if they are few; else exchange single sites."""
    course.shrink()
    problem = course.problem
    seconds = course.effort.seconds_left()
    if course.proved and seconds != 0:
        effort = Effort("min", work_limit=_TIE_SHARE * course.effort.work_limit, time_limit_s=seconds)
        with effort.interruptible():
            done = search_tree(
                problem, effort, course.prices, problem.find(course.sites), course.rank, course.keeps, bars=course.bars,
                keep_ties=True, nodes_most=_TIE_NODES_MOST, pool=course.pool,
            )  # fmt: skip
        course.effort.spend(effort.work * VISITS_PER_UNIT)
        course.effort.interrupted |= effort.interrupted
        course.nodes += done.nodes
        course.sites = problem.name(done.best.sites)
        course.tie_break = "exact" if done.finished else "search: too many choices are as good"
    if course.tie_break != "exact" and not course.effort.interrupted:
        layout = lay_out(problem, course.effort, problem.find(course.sites))
        exchange_equals(layout, course.rules.cost[problem.numbers], course.keeps)
        course.sites = problem.name(layout.sites)
