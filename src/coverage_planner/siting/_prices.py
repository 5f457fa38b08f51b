r"""Lagrangian prices of demand: a proven bound, and candidates that every best choice holds or lacks.

Give each group of demand :math:`i` with weight :math:`w_i` a price :math:`0 \le \lambda_i \le w_i`, and let
:math:`\rho_j = \sum_{i \in N_j} \lambda_i` be what candidate :math:`j` earns over the groups :math:`N_j` it covers.
Relaxing the constraints :math:`y_i \le \sum_{j \ni i} x_j` with these prices (Galvão & ReVelle 1996) gives, for every
choice that the room :math:`R` allows (so many sites, or so much money),

.. math:: \sum_i w_i y_i \;\le\; L(\lambda) = \sum_i (w_i - \lambda_i) + \max_{S \in R} \sum_{j \in S} \rho_j .

Whatever the prices, :math:`L` is a bound: good prices only make it a close one. So the bound of a certificate is
recomputed here from the prices alone, in whole numbers, without rounding. With a budget :math:`B` the maximum is a
knapsack, which is bounded for any price of money :math:`\mu \ge 0` by
:math:`\mu B + \sum_j \max(0, \rho_j - \mu c_j)` (Dantzig 1957).
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._covering_kernels import add_up
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting.effort import Effort

#: Prices are multiples of a power of two, such that the price of all demand stays a whole number below this.
_LARGEST_TOTAL = 2.0**52
#: Weight of the earlier directions in a step: damps the zigzag of plain subgradients (Crowder 1976).
_MEMORY = 0.95
#: Steps without a better bound until the step is shortened, by how much, and when to stop.
_PATIENCE, _SHORTER, _SHORTEST = 30, 0.7, 1e-4
#: A bound must fall by this share to count as better.
_PROGRESS = 1e-6
#: Weight of the newest choice in the running mean of choices.
_NEWEST = 0.03
#: Sums over rows are shared out among threads from this many pairs on, in so many blocks.
_SHARED_FROM, _BLOCKS = 200_000, 8
#: What a step costs beside the pairs: visits per group and candidate.
_VISITS_PER_ENTRY = 12


@dataclass(frozen=True, eq=False)
class Room:
    """What may open: candidates that cost no more than `budget` in all.

    Attributes
    ----------
    cost
        Shape (n,), whole numbers: one each where the number of sites is given.
    budget
        A whole number.
    is_number
        Whether it is the number of sites that is given.
    """

    cost: NDArray[np.float64]
    budget: float
    is_number: bool

    def left(self, free: NDArray[np.int64], opened: NDArray[np.int64]) -> "Room":
        """Return the room that is left for some candidates once others are open."""
        return Room(self.cost[free], self.budget - float(self.cost[opened].sum()), self.is_number)

    def most_sites(self) -> int:
        """Return how many sites may open at most."""
        return int(np.searchsorted(np.cumsum(np.sort(self.cost)), self.budget, side="right"))

    def rank(self, earned: NDArray[np.float64]) -> tuple[NDArray[np.int64], int]:
        """Order candidates by what they earn for their cost, and say how many of the first fit in."""
        if self.is_number:
            return np.argsort(-earned, kind="stable"), min(int(self.budget), len(earned))
        ratio = np.divide(earned, self.cost, out=np.full(len(earned), np.inf), where=self.cost > 0)
        ranking = np.argsort(-ratio, kind="stable")
        return ranking, int(np.searchsorted(np.cumsum(self.cost[ranking]), self.budget, side="right"))

    def prices_of_money(self, earned: NDArray[np.float64]) -> list[Fraction]:
        """Prices of money at which the knapsack's bound is lowest: of the last that fits in and of the next."""
        ranking, n_fit = self.rank(earned)
        prices = [
            Fraction(int(earned[ranking[place]]), int(self.cost[ranking[place]]))
            for place in (n_fit - 1, n_fit)
            if 0 <= place < len(ranking) and self.cost[ranking[place]] > 0
        ]
        return prices or [Fraction(0)]


def room_for(n_sites: int, n_candidates: int) -> Room:
    """Room for a number of sites."""
    return Room(np.ones(n_candidates), float(n_sites), is_number=True)


@dataclass(frozen=True, eq=False)
class Prices:
    """Prices of demand and what follows from them.

    Attributes
    ----------
    share
        Shape (m,): price of each group over its weight, between 0 and 1.
    leaning
        Shape (n,): how often a candidate was among the best earners lately, between 0 and 1; near the fractional
        optimum of the linear relaxation.
    length
        The next step as a share of Polyak's; below 0.0001 no more is to be had.
    steps
        How many steps the search took.
    """

    share: NDArray[np.float64]
    leaning: NDArray[np.float64]
    length: float = 1.0
    steps: int = 0

    @property
    def are_settled(self) -> bool:
        """Whether more steps would change little."""
        return self.length < _SHORTEST


def first_prices(problem: CoveringProblem) -> Prices:
    """Half of each weight."""
    return Prices(np.full(len(problem.weights), 0.5), np.zeros(problem.n_candidates))


def sum_rows(
    problem: CoveringProblem, values: NDArray[np.float64], pool: Executor | None = None
) -> NDArray[np.float64]:
    """Add up the values of the groups that each candidate covers, shape (n,); each sum in one order on any threads."""
    sums = np.empty(problem.n_candidates)
    if pool is None or problem.n_pairs < _SHARED_FROM:
        add_up(problem.starts, problem.groups, values, 0, len(sums), sums)
        return sums
    cuts = np.searchsorted(problem.starts, np.linspace(0, problem.n_pairs, _BLOCKS + 1)[1:-1])
    edges = np.concatenate(([0], cuts, [len(sums)])).astype(int).tolist()
    parts = [
        pool.submit(add_up, problem.starts, problem.groups, values, begin, end, sums) for begin, end in pairwise(edges)
    ]
    for part in parts:
        part.result()
    return sums


def find_prices(
    problem: CoveringProblem,
    room: Room,
    *,
    covered: int,
    steps: int,
    effort: Effort,
    start: Prices | None = None,
    pool: Executor | None = None,
) -> Prices:
    """Search for prices with a low bound by deflected subgradients with Polyak's step.

    Parameters
    ----------
    problem, room
        The problem and what may open.
    covered
        Demand in grains that a known choice covers: what the bound aims at, and where the search stops.
    steps
        Most steps.
    effort
        Pays for every step, and ends the search when it may not go on.
    start
        Prices to start from; half of each weight by default.
    pool
        Threads for the sums.
    """
    weights = problem.weights
    prices = first_prices(problem) if start is None else start
    share, leaning, length = prices.share, prices.leaning, prices.length
    best_share, lowest = share, np.inf
    direction = np.zeros(len(weights))
    begun, waited, taken = np.inf, 0, 0
    while taken < steps and length >= _SHORTEST and (taken == 0 or effort.may_go_on()):
        taken += 1
        effort.spend(problem.n_pairs + _VISITS_PER_ENTRY * (len(weights) + problem.n_candidates))
        earned = sum_rows(problem, weights * share, pool)
        chosen = _relaxed_choice(room, earned)
        bound = float((weights * (1 - share)).sum() + earned @ chosen)
        waited = 0 if bound < lowest * (1 - _PROGRESS) else waited + 1
        if taken == 1:
            begun = bound
        if bound < lowest:
            best_share, lowest = share, bound
        if lowest < covered + 1:
            break
        leaning = (1 - _NEWEST) * leaning + _NEWEST * chosen
        if waited >= _PATIENCE:
            length, waited, share = length * _SHORTER, 0, best_share
            direction = np.zeros(len(weights))
            continue
        times_covered = np.zeros(len(weights))
        for site in np.flatnonzero(chosen).tolist():
            times_covered[problem.groups_of(site)] += chosen[site]
        direction = times_covered - 1.0 + _MEMORY * direction
        outward = ((share >= 1) & (direction < 0)) | ((share <= 0) & (direction > 0))
        move = np.where(outward, 0.0, direction)
        norm = float((weights * move * move).sum())
        if norm == 0:
            length = 0.0
            break
        share = np.clip(share - length * (bound - covered) / norm * move, 0.0, 1.0)
    if taken == steps < _PATIENCE and lowest >= begun * (1 - _PROGRESS):
        length *= _SHORTER  # so few steps at a time would never wait for long enough
    return Prices(best_share, leaning, length, prices.steps + taken)


def _relaxed_choice(room: Room, earned: NDArray[np.float64]) -> NDArray[np.float64]:
    """Open the best earners as far as there is room, and a part of the next where money is left, shape (n,)."""
    ranking, n_fit = room.rank(earned)
    chosen = np.zeros(len(earned))
    chosen[ranking[:n_fit]] = 1.0
    if not room.is_number and n_fit < len(ranking):
        cost = room.cost[ranking[n_fit]]
        chosen[ranking[n_fit]] = (room.budget - room.cost[ranking[:n_fit]].sum()) / cost
    return chosen


def prove_bound(problem: CoveringProblem, room: Room, prices: Prices, pool: Executor | None = None) -> int:
    """Recompute the bound of some prices: no choice for which there is room covers more grains than this.

    Prices are rounded to multiples of a power of two and added up as whole numbers, so the bound holds to the last
    grain. As demand comes in whole grains, the bound may be rounded down to one.
    """
    unit, fixed, earned = price_exactly(problem, prices.share, pool)
    if room.is_number:
        ranking, n_fit = room.rank(earned)
        best: int | Fraction = sum(int(value) for value in earned[ranking[:n_fit]])
    else:
        best = min(_knapsack(room, earned, money)[0] for money in room.prices_of_money(earned))
    return min(int((int(fixed) + best) // unit), int(problem.weights.sum()))


def _knapsack(room: Room, earned: NDArray[np.float64], money: Fraction) -> tuple[Fraction, list[int]]:
    """Return the bound of a knapsack at a price of money, and what each candidate earns beyond its cost.

    The latter in fractions of the price's denominator.
    """
    beyond = [
        int(value) * money.denominator - money.numerator * int(cost)
        for value, cost in zip(earned.tolist(), room.cost.tolist(), strict=True)
    ]
    whole = money.numerator * int(room.budget) + sum(value for value in beyond if value > 0)
    return Fraction(whole, money.denominator), beyond


def settle(
    problem: CoveringProblem, room: Room, prices: Prices, covered: int, pool: Executor | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the candidates that are in every choice, or in no choice, that covers at least `covered`.

    Opening a candidate that is not among the best earners in place of the last of them, or closing one that is,
    changes the bound by the difference of what they earn. Where the changed bound is below `covered` the candidate is
    settled; choices that cover exactly `covered` are never lost, so ties stay to be broken. With a budget the
    difference is taken between what the candidate earns and what its cost is worth at a price of money.

    Returns
    -------
    opened, closed
        Candidate numbers, ascending.
    """
    unit, fixed, earned = price_exactly(problem, prices.share, pool)
    if not room.is_number:
        return _settle_by_money(room, earned, covered * unit - int(fixed))
    ranking, n_fit = room.rank(earned)
    best, others = ranking[:n_fit], ranking[n_fit:]
    if not n_fit:
        return best, np.sort(others)
    spare = covered * unit - int(fixed) - sum(int(value) for value in earned[best])
    closed = others[earned[others] - earned[best[-1]] < spare]
    opened = best[earned[others[0]] - earned[best] < spare] if len(others) else best
    return np.sort(opened), np.sort(closed)


def _settle_by_money(
    room: Room, earned: NDArray[np.float64], wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    opened = np.zeros(len(earned), dtype=bool)
    closed = room.cost > room.budget
    for money in room.prices_of_money(earned):
        bound, beyond = _knapsack(room, earned, money)
        spare = (wanted - bound) * money.denominator
        closed |= np.array([value < 0 and value < spare for value in beyond], dtype=bool)
        opened |= np.array([value > 0 and -value < spare for value in beyond], dtype=bool)
    both = opened & closed  # nothing covers so much: the caller's choice stands, whatever is said of these
    return np.flatnonzero(opened & ~both), np.flatnonzero(closed | both)


def price_exactly(
    problem: CoveringProblem, share: NDArray[np.float64], pool: Executor | None = None
) -> tuple[int, float, NDArray[np.float64]]:
    """Price in exact fractions: how many make a grain, demand beyond its price, what each candidate earns."""
    unit = 2 ** max(0, int(np.floor(np.log2(_LARGEST_TOTAL / max(problem.weights.sum(), 1.0)))))
    whole = problem.weights * unit
    price = np.floor(whole * share)
    return unit, float((whole - price).sum()), sum_rows(problem, price, pool)
