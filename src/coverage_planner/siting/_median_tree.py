"""Branch and bound on Lagrangian prices: what prices leave undecided is split until they decide it (Beasley 1985).

A branch opens some candidates and closes others; its prices start from those of the branch above, and a few steps are
enough. Every bound is worked out in whole numbers, so a proof has no tolerance in it. The branch with the least bound
comes first, and the least bound of those left is the bound of all.
"""

import heapq
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._median_prices import Prices, find_prices, most_leaning, prove_prices, settle
from coverage_planner.siting._median_problem import MedianProblem, restrict_median
from coverage_planner.siting.effort import Effort

#: Steps of prices in a branch, and the length of the first.
_STEPS, _FIRST_STEP = 60, 0.3
#: A candidate that is chosen so often is as good as open.
_AS_GOOD_AS_OPEN = 0.97
#: Work of leaving out pairs, in visits for each of the whole problem.
_VISITS_PER_PAIR = 5
#: Branches are kept while their prices take no more memory than this many numbers.
_NUMBERS_MOST = 2e8

_Sites = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Best:
    """The best choice so far: free candidates, its cost, and what equal costs are compared by."""

    sites: _Sites
    cost: int
    rank: tuple[object, ...]


#: What a choice of free candidates is compared by when costs are equal; the smaller the better.
Rank = Callable[[_Sites], tuple[object, ...]]
#: Whether a choice of free candidates keeps the rules.
Keeps = Callable[[_Sites], bool]
#: Which free candidates cannot open beside those that are open in a part of the problem.
Bars = Callable[[MedianProblem], NDArray[np.bool_]]
#: Told the best choice and the bound.
Tell = Callable[[Best, int], None]


@dataclass(order=True)
class _Branch:
    bound: int
    number: int
    opened: _Sites = field(compare=False)
    closed: _Sites = field(compare=False)
    price: NDArray[np.int64] = field(compare=False)
    leaning: NDArray[np.float64] = field(compare=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the tree came to; `finished` when no branch was left."""

    best: Best
    bound: int
    nodes: int
    finished: bool


@dataclass(eq=False)
class _Tree:
    problem: MedianProblem
    effort: Effort
    best: Best
    rank: Rank
    keeps: Keeps
    bars: Bars | None
    keep_ties: bool
    pool: Executor | None
    nodes: int = 0
    waiting: list[_Branch] = field(default_factory=list)

    @property
    def worst(self) -> int:
        """Cost that a choice must not exceed to be of interest."""
        return min(self.best.cost - (0 if self.keep_ties else self.problem.step), self.problem.served_at_most)

    def barred(self, problem: MedianProblem) -> NDArray[np.bool_]:
        """Say which free candidates cannot open beside those that are open."""
        barred = np.zeros(problem.n_candidates, dtype=bool) if self.bars is None else self.bars(problem)
        return barred if problem.is_count else barred | (problem.size > problem.capacity)

    def offer(self, sites: _Sites) -> None:
        """Take a choice that is better."""
        cost = self.problem.cost(sites)
        if cost <= self.best.cost and self.keeps(sites):
            sites = np.sort(sites)
            rank = self.rank(sites)
            if (cost, rank) < (self.best.cost, self.best.rank):
                self.best = Best(sites, cost, rank)

    def add(self, problem: MedianProblem, opened: _Sites, closed: _Sites, above: _Branch) -> None:
        """Add a branch with what is left of the problem there, unless its bound says that nothing better is in it."""
        if problem.capacity < 0 or (problem.is_count and problem.n_candidates < problem.capacity):
            return
        numbers = self.problem.find(problem.numbers)
        prices = find_prices(
            problem, self.effort, target=self.worst + problem.step, steps=_STEPS, start=above.price,
            leaning=above.leaning[numbers], first_step=_FIRST_STEP, pool=self.pool,
        )  # fmt: skip
        self.offer(np.concatenate((opened, numbers[most_leaning(problem, prices)])))
        bound = max(prices.bound, above.bound)
        if bound <= self.worst:
            leaning = np.zeros(self.problem.n_candidates)
            leaning[numbers] = prices.leaning
            self.nodes += 1
            heapq.heappush(self.waiting, _Branch(bound, self.nodes, opened, closed, prices.price, leaning))

    def split(self, branch: _Branch) -> None:
        """Settle what can be settled in a branch; open one of the other candidates, or close it."""
        whole = restrict_median(self.problem, branch.opened, branch.closed, keep_points=True)
        self.effort.spend(_VISITS_PER_PAIR * self.problem.n_pairs)
        numbers = self.problem.find(whole.numbers)
        settled = settle(whole, prove_prices(whole, branch.price, branch.leaning[numbers], 0), self.worst)
        opened = np.concatenate((branch.opened, numbers[settled.opened]))
        closed = np.concatenate((branch.closed, numbers[settled.closed]))
        left = restrict_median(whole, settled.opened, settled.closed, keep_points=True)
        barred = np.flatnonzero(self.barred(left))
        if len(barred):
            closed = np.concatenate((closed, self.problem.find(left.numbers[barred])))
            left = restrict_median(left, barred[:0], barred, keep_points=True)
        if left.capacity < 0 or (left.is_count and left.n_candidates < left.capacity):
            return
        free = self.problem.find(left.numbers)
        self.offer(opened)
        if left.is_count and left.capacity in (0, left.n_candidates):
            self.offer(np.concatenate((opened, free if left.capacity else free[:0])))
        elif len(free):
            leaning = branch.leaning[free]
            place = np.array([np.argmax(np.where(leaning > _AS_GOOD_AS_OPEN, leaning - 1, leaning))])
            none = place[:0]
            for more, fewer in ((place, none), (none, place)):
                part = restrict_median(left, more, fewer, keep_points=True)
                self.add(part, np.concatenate((opened, free[more])), np.concatenate((closed, free[fewer])), branch)


def search_tree(
    problem: MedianProblem,
    effort: Effort,
    prices: Prices,
    best: _Sites,
    rank: Rank,
    keeps: Keeps,
    *,
    bars: Bars | None = None,
    keep_ties: bool = False,
    nodes_most: int | None = None,
    tell: Tell | None = None,
    pool: Executor | None = None,
) -> Outcome:
    """Search all choices that cost less than a known one, or, with `keep_ties`, no more.

    Parameters
    ----------
    problem
        The problem.
    effort
        Asked before every branch is split.
    prices
        Prices of the whole problem.
    best
        A choice of free candidates.
    rank
        What equal costs are compared by.
    keeps
        The rules.
    bars
        What rules beyond sizes bar from opening.
    keep_ties
        Whether choices of equal cost are looked at, too.
    nodes_most
        Stop after so many branches.
    tell
        Told whenever a branch is done.
    pool
        Threads for the sums.
    """
    cost = problem.cost(best)
    tree = _Tree(problem, effort, Best(best, cost, rank(best)), rank, keeps, bars, keep_ties, pool)
    none = np.empty(0, dtype=np.int64)
    most = min(nodes_most or np.inf, _NUMBERS_MOST / max(problem.n_points + problem.n_candidates, 1))
    tree.waiting.append(_Branch(prices.bound, 0, none, none, prices.price, prices.leaning))
    while tree.waiting and tree.waiting[0].bound <= tree.worst:
        if not effort.may_go_on() or tree.nodes > most:
            bound = min(tree.waiting[0].bound, tree.best.cost)
            return Outcome(tree.best, bound, tree.nodes, finished=False)
        tree.split(heapq.heappop(tree.waiting))
        if tell is not None:
            tell(tree.best, min(tree.waiting[0].bound, tree.best.cost) if tree.waiting else tree.best.cost)
    return Outcome(tree.best, tree.best.cost, tree.nodes, finished=True)
