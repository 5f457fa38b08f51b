"""Opening orders of small problems, proved by one program over all stages."""

from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._exchange_rules import only_among
from coverage_planner.siting._gains import Gains, as_covering, count_steps
from coverage_planner.siting._highs import Program, solve_program
from coverage_planner.siting._order_search import Order, Stages, criterion, judge, order_of
from coverage_planner.siting._plan_programs import Aim, write_order
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting.effort import Effort

#: One program is written up to so many pairs of candidates and groups of demand, over all stages.
ORDER_PAIRS_MOST = 60_000
#: Some candidates of a larger problem are looked at up to so many pairs, before groups of demand are joined.
_FEW_PAIRS_MOST = 300_000
#: The solver proves the worst loss to this share of it, and sums to this share of a grain or the next of them.
_PROVED = 1e-6
_EXACT = 1e-9
#: Room for rounding, so that the order in hand is a point of the program.
_ROUNDING = 1 + 1e-9


@dataclass(frozen=True, eq=False)
class Proof:
    """An order and whether it is proved that none is judged better."""

    order: Order
    is_proved: bool


def is_small(gains: Gains, stages: Stages) -> bool:
    """Whether one program over all stages is small enough."""
    most = ORDER_PAIRS_MOST // len(stages)
    return gains.n_pairs <= most and count_steps(gains) <= most


def solve_among(gains: Gains, stages: Stages, order: Order, among: NDArray[np.int64], effort: Effort) -> Order | None:
    """Find the best order among some candidates, all sites of the one in hand included; None where that is too large.

    Groups of demand that the same of them serve alike become one, so a few dozen candidates of a city are a small
    problem.
    """
    few = gains.only(among)
    if few.n_pairs > _FEW_PAIRS_MOST:
        return None
    covering = as_covering(few)
    if covering.n_pairs * len(stages) > ORDER_PAIRS_MOST:
        return None
    inside = replace(stages, rules=tuple(only_among(rules, among) for rules in stages.rules))
    start = Order(np.searchsorted(among, order.sites), order.stage)
    found = prove_order(few, inside, start, effort, covering=covering).order
    return Order(among[found.sites], found.stage)


def prove_order(
    gains: Gains, stages: Stages, order: Order, effort: Effort, *, covering: CoveringProblem | None = None
) -> Proof:
    """Find the best order by branch and bound, from the one in hand; `covering` are the gains, if written already.

    First the worst share (or the weighted loss) is made least, then, of all orders that reach it, what the plans of all
    stages bring together is made most.
    """
    covering = as_covering(gains) if covering is None else covering
    reached = judge(gains, stages, order)[0]
    if stages.weights is not None:
        program = write_order(covering, stages.rules, weights=_normal(stages.weights))
        return _solve(gains, stages, covering, program, order, effort)
    proved = reached == 0
    if not proved:
        aims = [
            Aim(bound, float(base * reached) * _ROUNDING)
            for bound, base in zip(stages.bounds, stages.bases, strict=True)
        ]
        program = write_order(covering, stages.rules, weights=[1.0] * len(stages), aims=aims)
        first = _solve(gains, stages, covering, program, order, effort, reached=reached)
        order, proved = first.order, first.is_proved
    least = _least_totals(stages, judge(gains, stages, order)[0])
    program = write_order(covering, stages.rules, weights=[1.0] * len(stages), at_least=least)
    second = _solve(gains, stages, covering, program, order, effort)
    return Proof(second.order, proved)


def _normal(weights: tuple[float, ...]) -> list[float]:
    """Weights as shares of the largest: the solver's tolerances are absolute."""
    largest = max(weights)
    return [weight / largest for weight in weights]


def _least_totals(stages: Stages, worst: Fraction) -> list[int]:
    """Whole grains that each stage must bring to lose no more than the worst share."""
    pairs = zip(stages.bounds, stages.bases, strict=True)
    return [max(int(-((worst * base - bound) // 1)), 0) for bound, base in pairs]


def _solve(
    gains: Gains,
    stages: Stages,
    covering: CoveringProblem,
    program: Program,
    order: Order,
    effort: Effort,
    *,
    reached: Fraction | None = None,
) -> Proof:
    """Solve; take what is judged better. `reached` is the worst share at which z is 1."""
    if not effort.may_go_on():
        return Proof(order, is_proved=False)
    answer = solve_program(program, start=_point(covering, stages, order), effort=effort)
    if answer.values is None:
        return Proof(order, is_proved=False)
    found = _read_order(covering, stages, answer.values)
    if found is not None and judge(gains, stages, found) < judge(gains, stages, order):
        order = found
    value = _value(gains, stages, program, covering, order, reached)
    near = max(_EXACT * abs(value), _PROVED) if reached is None else _PROVED * value
    is_proved = answer.outcome == "optimal" and abs(answer.bound - value) <= near
    return Proof(order, is_proved)


def _value(
    gains: Gains, stages: Stages, program: Program, covering: CoveringProblem, order: Order, reached: Fraction | None
) -> float:
    """Objective of an order in the units of the program."""
    if reached is not None:
        totals = [gains.total(order.plan(stage)) for stage in range(len(stages))]
        return float(criterion(stages, totals) / reached)
    return float(program.objective @ _point(covering, stages, order))


def _point(covering: CoveringProblem, stages: Stages, order: Order) -> NDArray[np.float64]:
    """Columns of the program for an order."""
    parts = []
    for stage in range(len(stages)):
        plan = order.plan(stage)
        chosen = np.isin(np.arange(covering.n_candidates), plan)
        parts += [chosen, covering.count(plan) > 0]
    return np.concatenate([*parts, [True]]).astype(float)


def _read_order(covering: CoveringProblem, stages: Stages, values: NDArray[np.float64]) -> Order | None:
    """Read the plans of all stages; None where the solver's tolerance let a rule be broken."""
    width = covering.n_candidates + len(covering.weights)
    plans = []
    for stage, rules in enumerate(stages.rules):
        chosen = values[stage * width : stage * width + covering.n_candidates] > 0.5  # noqa: PLR2004 - 0 or 1 but for rounding
        plans.append(np.flatnonzero(chosen).astype(np.int64))
        if rules.broken_by(plans[-1]) or (stage and len(np.setdiff1d(plans[-2], plans[-1]))):
            return None
    return order_of(plans)
