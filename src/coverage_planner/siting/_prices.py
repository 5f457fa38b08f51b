r"""Lagrangian prices of demand: a proven bound, and candidates that every best choice holds or lacks.

Give each group of demand :math:`i` with weight :math:`w_i` a price :math:`0 \le \lambda_i \le w_i`, and let
:math:`\rho_j = \sum_{i \in N_j} \lambda_i` be what candidate :math:`j` earns over the groups :math:`N_j` it covers.
Relaxing the constraints :math:`y_i \le \sum_{j \ni i} x_j` with these prices (Galvão & ReVelle 1996) gives, for every
choice of at most :math:`p` sites,

.. math:: \sum_i w_i y_i \;\le\; L(\lambda) = \sum_i (w_i - \lambda_i) + \max_{|S| = p} \sum_{j \in S} \rho_j .

Whatever the prices, :math:`L` is a bound: good prices only make it a close one. So the bound of a certificate is
recomputed here from the prices alone, in whole numbers, without rounding.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._problem import CoveringProblem

#: Prices are multiples of a power of two, such that the price of all demand stays a whole number below this.
_LARGEST_TOTAL = 2.0**52
#: Weight of the earlier directions in a step: damps the zigzag of plain subgradients (Crowder 1976).
_MEMORY = 0.9
#: Steps without a better bound until the step is shortened, by how much, and when to stop.
_PATIENCE, _SHORTER, _SHORTEST = 15, 0.6, 1e-4
#: A bound must fall by this share to count as better.
_PROGRESS = 1e-6
#: Weight of the newest choice in the running mean of choices.
_NEWEST = 0.03


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
    steps
        How many steps the search took.
    """

    share: NDArray[np.float64]
    leaning: NDArray[np.float64]
    steps: int


def find_prices(
    problem: CoveringProblem,
    n_open: int,
    *,
    covered: int,
    steps: int,
    start: Prices | None = None,
    first_step: float = 1.0,
) -> Prices:
    """Search for prices with a low bound by deflected subgradients with Polyak's step.

    Parameters
    ----------
    problem
        The problem.
    n_open
        How many sites open.
    covered
        Demand in grains that a known choice covers: what the bound aims at, and where the search stops.
    steps
        Most steps.
    start
        Prices to start from; half of each weight by default.
    first_step
        Length of the first step as a share of Polyak's.
    """
    weights = problem.weights
    share = np.full(len(weights), 0.5) if start is None else start.share
    leaning = np.zeros(problem.n_candidates) if start is None else start.leaning
    best_share, lowest = share, np.inf
    direction = np.zeros(len(weights))
    length, waited, taken = first_step, 0, 0
    while taken < steps:
        taken += 1
        earned = problem.cover @ (weights * share)
        best = np.argpartition(-earned, n_open - 1)[:n_open]
        bound = float((weights * (1 - share)).sum() + earned[best].sum())
        waited = 0 if bound < lowest * (1 - _PROGRESS) else waited + 1
        if bound < lowest:
            best_share, lowest = share, bound
        if lowest < covered + 1:
            break
        if waited >= _PATIENCE:
            length, waited, share = length * _SHORTER, 0, best_share
            direction = np.zeros(len(weights))
            if length < _SHORTEST:
                break
        chosen = np.zeros(problem.n_candidates)
        chosen[best] = 1.0
        leaning = (1 - _NEWEST) * leaning + _NEWEST * chosen
        direction = problem.covered_by @ chosen - 1.0 + _MEMORY * direction
        outward = ((share >= 1) & (direction < 0)) | ((share <= 0) & (direction > 0))
        move = np.where(outward, 0.0, direction)
        norm = float((weights * move * move).sum())
        if norm == 0:
            break
        share = np.clip(share - length * (bound - covered) / norm * move, 0.0, 1.0)
    return Prices(best_share, leaning, taken)


def prove_bound(problem: CoveringProblem, n_open: int, prices: Prices) -> int:
    """Recompute the bound of some prices: no choice of `n_open` sites covers more grains than this.

    Prices are rounded to multiples of a power of two and added up as whole numbers, so the bound holds to the last
    grain. As demand comes in whole grains, the bound may be rounded down to one.
    """
    unit, fixed, earned = _reckon(problem, prices)
    best = np.partition(earned, len(earned) - n_open)[len(earned) - n_open :]
    bound = (int(fixed) + sum(int(value) for value in best)) // unit
    return min(bound, int(problem.weights.sum()))


def settle(
    problem: CoveringProblem, n_open: int, prices: Prices, covered: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the candidates that are in every choice, or in no choice, that covers at least `covered`.

    Opening a candidate that is not among the best earners in place of the last of them, or closing one that is,
    changes the bound by the difference of what they earn. Where the changed bound is below `covered` the candidate is
    settled; choices that cover exactly `covered` are never lost, so ties stay to be broken.

    Returns
    -------
    opened, closed
        Candidate numbers, ascending.
    """
    unit, fixed, earned = _reckon(problem, prices)
    ranking = np.argsort(-earned, kind="stable")
    best, others = ranking[:n_open], ranking[n_open:]
    spare = covered * unit - int(fixed) - sum(int(value) for value in earned[best])
    closed = others[earned[others] - earned[best[-1]] < spare]
    opened = best[earned[others[0]] - earned[best] < spare] if len(others) else best
    return np.sort(opened), np.sort(closed)


def _reckon(problem: CoveringProblem, prices: Prices) -> tuple[int, float, NDArray[np.float64]]:
    """Price in exact fractions: how many make a grain, demand beyond its price, what each candidate earns."""
    unit = 2 ** max(0, int(np.floor(np.log2(_LARGEST_TOTAL / max(problem.weights.sum(), 1.0)))))
    whole = problem.weights * unit
    price = np.floor(whole * prices.share)
    return unit, float((whole - price).sum()), problem.cover @ price
