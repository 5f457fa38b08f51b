r"""Lagrangian prices of the p-median: a proven bound, and candidates and pairs that no better choice uses.

Give each point :math:`i` a price :math:`u_i` from 0 to its base :math:`b_i`, what it costs without any free candidate.
Relaxing the constraint that it goes to exactly one site with these prices (Cornuéjols, Fisher & Nemhauser 1977) gives,
for every choice :math:`S` that is allowed,

.. math:: \sum_i \min(b_i, \min_{j \in S} c_{ij}) \;\ge\; L(u) = \sum_i u_i - \max_{S} \sum_{j \in S} \rho_j,
    \qquad \rho_j = \sum_i \max(0, u_i - c_{ij}) .

With a number of sites the maximum is the sum of the largest :math:`\rho_j`; with a budget :math:`B` and costs
:math:`s_j` it is a knapsack, and :math:`\lambda B + \sum_j \max(0, \rho_j - \lambda s_j)` is not below it, whatever
:math:`\lambda \ge 0` (Dantzig 1957). Prices are whole numbers, so the bound of a certificate has no rounding in it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._median_kernels import earn, serve
from coverage_planner.siting._median_problem import MedianProblem
from coverage_planner.siting.effort import Effort

#: Weight of the earlier directions in a step: damps the zigzag of plain subgradients (Crowder 1976).
_MEMORY = 0.8
#: Steps without a better bound until the step is shortened, by how much, and when to stop.
_PATIENCE, _SHORTER, _SHORTEST = 20, 0.7, 3e-4
#: A bound must rise by this share of the gap to count as better.
_PROGRESS = 1e-4
#: Weight of the newest choice in the running mean of choices.
_NEWEST = 0.03
#: The price of size is a fraction with this denominator.
_PARTS = 2**40
#: Points are shared out among threads from this many pairs on, in so many blocks.
_SHARED_FROM, _BLOCKS = 300_000, 8
#: Vector work of a step in visits, for each point and candidate.
_OVERHEAD = 20


@dataclass(frozen=True, eq=False)
class Prices:
    r"""Prices and the bound that follows from them, all exact.

    Attributes
    ----------
    price
        Shape (m,), int64.
    earned
        Shape (n,), int64: :math:`\rho_j`.
    bound
        No allowed choice that serves all points that must be costs less.
    raw
        The same before rounding up to a cost that a choice can have.
    leaning
        Shape (n,): how often a candidate was among the best lately, between 0 and 1.
    steps
        How many steps the search took.
    """

    price: NDArray[np.int64]
    earned: NDArray[np.int64]
    bound: int
    raw: int
    leaning: NDArray[np.float64]
    steps: int


def find_prices(
    problem: MedianProblem,
    effort: Effort,
    *,
    target: int,
    steps: int,
    start: NDArray[np.int64],
    leaning: NDArray[np.float64] | None = None,
    first_step: float = 1.0,
    work_most: float = np.inf,
    tell: Callable[[Prices], None] | None = None,
    pool: Executor | None = None,
) -> Prices:
    """Search for prices with a high bound by deflected subgradients with Polyak's step.

    Parameters
    ----------
    problem
        The problem.
    effort
        Asked before every step.
    target
        Cost of a known choice: what the bound aims at, and where the search stops.
    steps
        Most steps.
    start
        Shape (m,), int64: prices to start from.
    leaning
        What an earlier search knows of it.
    first_step
        Length of the first step as a share of Polyak's.
    work_most
        Most units of work.
    tell
        Told the best prices whenever the step is shortened.
    pool
        Threads for the sums.
    """
    work_most += effort.work
    low, high = _ranges(problem)
    price = np.clip(start, low, high)
    leaning = np.zeros(problem.n_candidates) if leaning is None else leaning
    best, highest = price, -np.inf
    weight = problem.weight.astype(np.float64)
    direction = np.zeros(problem.n_points)
    length, waited, taken = first_step, 0, 0
    while taken < steps and effort.may_go_on() and effort.work < work_most:
        taken += 1
        earned, visits = _earn(problem, price, pool)
        opened, value = _fill(problem, earned)
        bound = problem.fixed + float(price.sum()) - value
        waited = 0 if bound > highest + _PROGRESS * (target - highest) else waited + 1
        if bound > highest:
            best, highest = price, bound
        if highest > target - problem.step:
            break
        if waited >= _PATIENCE:
            length, waited, price = length * _SHORTER, 0, best
            direction = np.zeros(problem.n_points)
            if tell is not None:
                tell(prove_prices(problem, best, leaning, taken))
            if length < _SHORTEST:
                break
            continue
        leaning = (1 - _NEWEST) * leaning + _NEWEST * opened
        served, more = _serve(problem, price, opened, pool)
        visits += more
        effort.spend(visits + _OVERHEAD * (problem.n_points + problem.n_candidates))
        direction = 1.0 - served + _MEMORY * direction
        outward = ((price >= high) & (direction > 0)) | ((price <= low) & (direction < 0))
        move = np.where(outward, 0.0, direction)
        norm = float((weight * move * move).sum())
        if norm == 0:
            break
        stride = length * (target - bound) / norm
        price = np.clip(price + np.rint(stride * weight * move).astype(np.int64), low, high)
    return prove_prices(problem, best, leaning, taken)


def _earn(problem: MedianProblem, price: NDArray[np.int64], pool: Executor | None) -> tuple[NDArray[np.int64], int]:
    """Return what each candidate earns, and the pairs visited."""
    blocks = _cut(problem, pool)
    parts = np.zeros((len(blocks), problem.n_candidates), dtype=np.int64)
    jobs = [
        partial(
            earn, problem.first[begin : end + 1], problem.site, problem.times, problem.weight[begin:end],
            price[begin:end], part,
        )
        for (begin, end), part in zip(blocks, parts, strict=True)
    ]  # fmt: skip
    visits = _run(jobs, pool)
    return parts.sum(axis=0) if len(blocks) > 1 else parts[0], visits


def _serve(
    problem: MedianProblem, price: NDArray[np.int64], opened: NDArray[np.float64], pool: Executor | None
) -> tuple[NDArray[np.float64], int]:
    """Return how many open candidates are worth each point's price, and the pairs visited."""
    served = np.zeros(problem.n_points)
    jobs = [
        partial(
            serve, problem.first[begin : end + 1], problem.site, problem.times, problem.weight[begin:end],
            price[begin:end], opened, served[begin:end],
        )
        for begin, end in _cut(problem, pool)
    ]  # fmt: skip
    return served, _run(jobs, pool)


def _cut(problem: MedianProblem, pool: Executor | None) -> list[tuple[int, int]]:
    """Cut the points into blocks of as many pairs, for threads."""
    if pool is None or problem.n_pairs < _SHARED_FROM:
        return [(0, problem.n_points)]
    cuts = np.searchsorted(problem.first, np.linspace(0, problem.n_pairs, _BLOCKS + 1)[1:-1])
    return list(pairwise(np.concatenate(([0], cuts, [problem.n_points])).astype(int).tolist()))


def _run(jobs: Sequence[Callable[[], int]], pool: Executor | None) -> int:
    """Run jobs, in threads if they are several, and add up the pairs they visit."""
    if pool is None or len(jobs) == 1:
        return sum(job() for job in jobs)
    return sum(part.result() for part in [pool.submit(job) for job in jobs])


def _ranges(problem: MedianProblem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Prices between the nearest candidate's cost and the base; bounds are no better outside."""
    begins = problem.first[:-1]
    has_pairs = begins < problem.first[1:]
    nearest = np.append(problem.times, 0)[begins] * problem.weight
    return np.where(has_pairs, nearest, problem.base), problem.base


def _fill(problem: MedianProblem, earned: NDArray[np.int64]) -> tuple[NDArray[np.float64], float]:
    """Fill the capacity with those that earn most: how much of each, and what they earn, in double precision."""
    opened = np.zeros(problem.n_candidates)
    if problem.is_count:
        best = _largest(earned, problem.capacity)
        opened[best] = 1.0
        return opened, float(earned[best].sum())
    order, taken = _by_ratio(problem, earned)
    inside = taken <= problem.capacity
    opened[order[inside]] = 1.0
    if not inside.all():
        edge = order[int(inside.sum())]
        left = problem.capacity - (int(taken[inside][-1]) if inside.any() else 0)
        opened[edge] = left / problem.size[edge]
    return opened, float((opened * earned).sum())


def _largest(earned: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    if count == 0:
        return np.empty(0, dtype=np.int64)
    return np.argpartition(-earned, count - 1)[:count]


def _by_ratio(problem: MedianProblem, earned: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Candidates by what they earn for their size, the best first, and the sizes added up."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(problem.size > 0, earned / problem.size, np.inf)
    order = np.argsort(-ratio, kind="stable")
    return order, np.cumsum(problem.size[order])


def prove_prices(problem: MedianProblem, price: NDArray[np.int64], leaning: NDArray[np.float64], steps: int) -> Prices:
    """Work out the bound of some prices, no dearer than the base, in whole numbers."""
    price = np.minimum(price, problem.base)
    earned, _ = _earn(problem, price, None)
    [rate, *_] = _rates(problem, earned)
    over = sum(max(0, margin) for margin in _margins(problem, earned, rate))
    most = (rate * problem.capacity + over) // _PARTS
    raw = problem.fixed + int(price.sum()) - most
    steps_up = -((problem.fixed - raw) // problem.step)
    return Prices(price, earned, problem.fixed + steps_up * problem.step, raw, leaning, steps)


def _rates(problem: MedianProblem, earned: NDArray[np.int64]) -> list[int]:
    """Prices of size (in parts) at which the candidates that earn more than their size just fill the capacity.

    With a number of sites there are two: what the last one chosen earns, and what the first one left out does.
    """
    order, taken = _by_ratio(problem, earned)
    edge = int((taken <= problem.capacity).sum())
    places = [edge, edge - 1] if problem.is_count else [edge]
    rates = [
        int(earned[order[place]]) * _PARTS // int(problem.size[order[place]])
        for place in places
        if 0 <= place < len(order) and problem.size[order[place]] > 0
    ]
    return rates or [0]


def _margins(problem: MedianProblem, earned: NDArray[np.int64], rate: int) -> list[int]:
    """Return what each candidate earns beyond what its size is worth, in parts."""
    pairs = zip(earned.tolist(), problem.size.tolist(), strict=True)
    return [value * _PARTS - rate * size for value, size in pairs]


@dataclass(frozen=True, eq=False)
class Settled:
    """What every choice that costs at most some amount has in common.

    Attributes
    ----------
    opened, closed
        Free candidates that each of them holds, or lacks.
    most
        Shape (m,), int64: a point costs no more in any of them, plus the allowance of its candidate.
    allowance
        Shape (n,), int64, not positive: less what opening the candidate itself costs.
    """

    opened: NDArray[np.int64]
    closed: NDArray[np.int64]
    most: NDArray[np.int64]
    allowance: NDArray[np.int64]


def settle(problem: MedianProblem, prices: Prices, worst: int) -> Settled:
    """Find what holds in every choice that costs at most `worst`.

    Opening a candidate that earns less than its size is worth lowers what the others may save by the difference, and
    so does closing one that earns more. Where the bound then exceeds `worst` the candidate is settled. A point served
    at more than its price adds the difference to the bound, too.
    """
    base_bound = problem.fixed + int(prices.price.sum())
    never, always = np.zeros(problem.n_candidates, dtype=bool), np.zeros(problem.n_candidates, dtype=bool)
    allowance = np.zeros(problem.n_candidates, dtype=np.int64)
    spare_parts = 0
    for rate in _rates(problem, prices.earned):
        margins = _margins(problem, prices.earned, rate)
        bound = base_bound * _PARTS - rate * problem.capacity - sum(max(0, margin) for margin in margins)
        spare = worst * _PARTS - bound
        never |= np.array([-margin > spare for margin in margins], dtype=bool)
        always |= np.array([margin > spare for margin in margins], dtype=bool)
        allowance = np.array([min(0, -(-margin // _PARTS)) for margin in margins], dtype=np.int64)
        spare_parts = spare
    return Settled(
        np.flatnonzero(always & ~never),
        np.flatnonzero(never),
        prices.price + spare_parts // _PARTS,
        allowance,
    )


def most_leaning(problem: MedianProblem, prices: Prices) -> NDArray[np.int64]:
    """Fill the capacity with the candidates that are chosen most often, then earn most."""
    order = np.lexsort((-prices.earned, -prices.leaning))
    if problem.is_count:
        return order[: problem.capacity]
    chosen, left = [], problem.capacity
    for site in order[prices.earned[order] > 0]:
        if problem.size[site] <= left:
            chosen.append(int(site))
            left -= int(problem.size[site])
    return np.array(chosen, dtype=np.int64)
