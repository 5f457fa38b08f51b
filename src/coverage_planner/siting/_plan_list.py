"""The best plans in turn: proved one after the other by no-good cuts, or searched by exchanges."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._exchange_rules import allowed_additions, allowed_exchanges, keep
from coverage_planner.siting._gains import Gains, additions, as_covering, count_steps, exchanges, stand
from coverage_planner.siting._highs import solve_program, solver_name
from coverage_planner.siting._plan_model import Rank
from coverage_planner.siting._plan_programs import Lacking, write_plan
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting._programs import scale_for
from coverage_planner.siting.effort import Effort
from coverage_planner.siting.rules import Rules

#: Plans are listed with proof up to so many pairs of candidates and groups of demand.
EXACT_PAIRS_MOST = 40_000
#: Plans that bring the same are listed up to this many before the best-ranked of them is taken.
TIES_LISTED = 64
#: Exchanges kept of each plan looked at, and plans looked at, for each plan asked for.
_KEPT, _LOOKED_AT = 8, 6

_Sites = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PlanList:
    """Plans after the first, best first.

    Attributes
    ----------
    plans
        Candidate numbers, ascending.
    how
        'exact: …' or 'search: …' with the reason.
    is_complete
        Whether it is proved that no other plan lies within the distance.
    """

    plans: tuple[_Sites, ...]
    how: str
    is_complete: bool


@dataclass(frozen=True, eq=False)
class PlanSearch:
    """What plans are sought.

    Attributes
    ----------
    gains, rules
        What candidates bring, and what plans keep to.
    rank
        Compares plans that bring the same.
    first
        The plan that leads the list, whatever it brings.
    n_plans
        How many besides it.
    least
        What each of them brings at least, grains.
    differ_by
        How many sites of every plan before it each must lack.
    """

    gains: Gains
    rules: Rules
    rank: Callable[[_Sites], Rank]
    first: _Sites
    n_plans: int
    least: int
    differ_by: int


def list_plans(search: PlanSearch, effort: Effort) -> PlanList:
    """List the best plans, exactly where the problem is small enough."""
    if search.gains.n_pairs > EXACT_PAIRS_MOST or count_steps(search.gains) > EXACT_PAIRS_MOST:
        reason = f"search: single exchanges; proofs are for up to {EXACT_PAIRS_MOST:,} pairs"
        return PlanList(_list_by_search(search, effort), reason, is_complete=False)
    listed = _list_exactly(search, effort)
    if listed is not None:
        return listed
    reason = "search: single exchanges; the work allowed was spent before the proof"
    return PlanList(_list_by_search(search, effort), reason, is_complete=False)


# --- exact ---


@dataclass
class _Exact:
    """Where the exact listing stands: plans accepted, found and not yet accepted, and refused by exact sums."""

    accepted: list[_Sites]
    waiting: list[tuple[Rank, _Sites]] = field(default_factory=list)
    refused: list[_Sites] = field(default_factory=list)
    ended: bool = False
    cut_short: bool = False


class _UnprovedError(Exception):
    """The solver came to no proof."""


def _list_exactly(search: PlanSearch, effort: Effort) -> PlanList | None:
    """List the plans with proof; None where the work runs out."""
    covering = as_covering(search.gains)
    state = _Exact([search.first])
    try:
        while len(state.accepted) <= search.n_plans and not (state.ended and not state.waiting):
            if not state.ended and not _best_are_known(state):
                _find_next(search, covering, state, effort)
            else:
                _accept(search, state)
    except _UnprovedError:
        return None
    ties = f"; of more than {TIES_LISTED} plans alike some were taken" if state.cut_short else ""
    how = f"exact: no-good cuts, {solver_name()}{ties}"
    return PlanList(tuple(state.accepted[1:]), how, is_complete=state.ended and not state.waiting)


def _best_are_known(state: _Exact) -> bool:
    """Whether the plan found last brings less than the best waiting: then all that bring as much are found."""
    totals = [rank[0] for rank, _ in state.waiting]
    if totals.count(min(totals, default=0)) > TIES_LISTED:
        state.cut_short = True
        return True
    return len(set(totals)) > 1


def _accept(search: PlanSearch, state: _Exact) -> None:
    _, plan = min(state.waiting, key=lambda entry: entry[0])
    state.accepted.append(plan)
    state.waiting = [(rank, other) for rank, other in state.waiting if _lacks(other, plan, search.differ_by)]


def _lacks(plan: _Sites, other: _Sites, n_sites: int) -> bool:
    """Whether at least `n_sites` sites of `other` are not in `plan`."""
    return len(np.setdiff1d(other, plan)) >= n_sites


def _find_next(search: PlanSearch, covering: CoveringProblem, state: _Exact, effort: Effort) -> None:
    """Find the best plan that is not known yet; exact sums decide whether it counts."""
    program = write_plan(
        covering,
        search.rules,
        at_least=max(search.least, 0),
        lacking=[Lacking(plan, search.differ_by) for plan in state.accepted],
        unlike=[plan for _, plan in state.waiting] + state.refused,
    )
    if not effort.may_go_on():
        raise _UnprovedError
    answer = solve_program(program, effort=effort)
    if answer.outcome == "infeasible":
        state.ended = True
        return
    if answer.outcome == "stopped" or answer.values is None:
        raise _UnprovedError
    plan = np.flatnonzero(answer.values[: covering.n_candidates] > 0.5).astype(np.int64)  # noqa: PLR2004 - 0 or 1 but for rounding
    if any(np.array_equal(plan, known) for known in [*(other for _, other in state.waiting), *state.refused]):
        raise _UnprovedError  # differences below the solver's tolerance
    total, scale = search.gains.total(plan), scale_for(covering.weights.sum())
    if answer.bound >= max((total + 1) * scale, total * scale * (1 + 1e-9)):
        raise _UnprovedError
    if search.rules.broken_by(plan):  # by less than the solver's tolerance
        state.refused.append(plan)
    elif total < search.least:
        state.ended = True
    else:
        state.waiting.append((search.rank(plan), plan))


# --- search ---


def _list_by_search(search: PlanSearch, effort: Effort) -> tuple[_Sites, ...]:
    """Look at the exchanges of the best plan, then at those of the best plans found so, and so on.

    Ends when all plans that would be listed have been looked at, and as many more as `_LOOKED_AT` says where some
    are still missing.
    """
    first = np.sort(search.first)
    pool: dict[tuple[int, ...], int] = {tuple(first.tolist()): search.gains.total(first)}
    seen: set[tuple[int, ...]] = set()
    listed = [first]
    while effort.may_go_on() and len(seen) < _LOOKED_AT * (search.n_plans + 1):
        listed = _pick(search, pool)
        waiting = [plan for plan in listed if tuple(plan.tolist()) not in seen]
        if not waiting:
            if len(listed) > search.n_plans:
                break
            others = [key for key in pool if key not in seen]
            if not others:
                break
            waiting = [np.array(min(others, key=lambda key: (-pool[key], key)), dtype=np.int64)]
        seen.add(tuple(waiting[0].tolist()))
        pool.update(_neighbours(search, waiting[0]))
        effort.spend(3 * search.gains.n_pairs)
    return tuple(_pick(search, pool)[1:])


def _pick(search: PlanSearch, pool: dict[tuple[int, ...], int]) -> list[_Sites]:
    """Take the best plans of a pool, each different enough from those before; the first plan always leads."""
    cost = search.rules.cost
    listed = [np.sort(search.first)]
    ranking = sorted(pool, key=lambda key: (-pool[key], float(cost[list(key)].sum()), key))
    for key in ranking:
        plan = np.array(key, dtype=np.int64)
        if all(_lacks(plan, other, search.differ_by) for other in listed):
            listed.append(plan)
            if len(listed) > search.n_plans:
                break
    return listed


def _neighbours(search: PlanSearch, sites: _Sites) -> dict[tuple[int, ...], int]:
    """Return the best plans that one exchange leads to (with a budget: one site more or less), and what they bring."""
    gains, rules = search.gains, search.rules
    most = _KEPT * (search.n_plans + 1)
    standing = stand(gains, sites)
    allowed = keep(allowed_exchanges(rules, sites), sites, rules.required)
    totals = np.where(allowed, exchanges(gains, sites, standing), -1.0)
    entering, place = np.nonzero(totals >= max(search.least, 0))
    best = np.lexsort((place, entering, -totals[entering, place]))[:most]
    found = {}
    for k in best:
        plan = np.sort(np.append(np.delete(sites, place[k]), entering[k]))
        found[tuple(plan.tolist())] = int(totals[entering[k], place[k]])
    if rules.n_open is None:
        total = int(standing.best.sum())
        added = np.where(allowed_additions(rules, sites), additions(gains, standing), -1.0)
        for k in np.argsort(-added, kind="stable")[:most]:
            if added[k] >= 0:
                found[tuple(np.sort(np.append(sites, k)).tolist())] = total + int(added[k])
        for at, lost in enumerate(standing.losses(len(sites))):
            plan = np.delete(sites, at)
            if total - lost >= search.least and not rules.broken_by(plan):
                found[tuple(np.sort(plan).tolist())] = total - int(lost)
    return found
