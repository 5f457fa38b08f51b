"""Ties: among the choices that cover most, the one with least weighted time, then least cost, then smallest ids."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._highs import Program, solve_program
from coverage_planner.siting._interchange import interchange_ties
from coverage_planner.siting._problem import CoveringProblem, SitingProblem, restrict
from coverage_planner.siting._programs import TieModel, model_ties, write_covering, write_ties

#: Ties are told apart exactly up to so many pairs: of free candidates and groups of demand where choices that cover as
#: much are listed, and where times matter too.
COVERING_PAIRS_MOST = 20_000
TIMED_PAIRS_MOST = 5_000
#: How often HiGHS may ask whether to go on, over all programs of one tie-break, times the pairs of the first.
_WORK = 1e6
_LEAST_CALLS, _MOST_CALLS = 100, 1000

#: So many choices of equal covered demand are listed and compared one by one; more are searched by a program.
_TIES_LISTED = 64
_TOO_CLOSE = "choices differ by less than the solver's tolerance"

_Sites = NDArray[np.int64]


class _UndecidedError(Exception):
    """The exact tie-break came to no end; says why."""


@dataclass
class _Budget:
    """What is left to spend on the exact tie-break; `deadline` is a reading of the clock, or None."""

    calls: int
    deadline: float | None


@dataclass(frozen=True, eq=False)
class _Tie:
    """A choice that covers most, and what may still be exchanged in it: `model` speaks of the `free` candidates."""

    problem: SitingProblem
    model: TieModel
    opened: _Sites
    free: _Sites
    n_open: int
    budget: _Budget

    def free_rating(self, sites: _Sites) -> tuple[int, int, int]:
        """Covered demand, weighted time and cost beyond what the opened sites have: the free sites' part."""
        total, settled = self.problem.rate(sites), self.problem.rate(self.opened)
        return total[0] - settled[0], total[1] - settled[1], total[2] - settled[2]


def break_ties(
    problem: SitingProblem,
    covering: CoveringProblem,
    sites: _Sites,
    *,
    opened: _Sites,
    closed: _Sites,
    proved: bool,
    deadline: float | None = None,
) -> tuple[_Sites, str]:
    """Tell choices of equal covered demand apart.

    Parameters
    ----------
    problem
        All demand points with their times.
    covering
        The same, reduced to what matters to covered demand.
    sites
        A choice: candidate numbers, ascending.
    opened, closed
        Candidates that every choice covering as much holds, or lacks (`settle`).
    proved
        Whether no choice covers more.
    deadline
        Reading of the clock at which to give up the exact tie-break.

    Returns
    -------
    sites
        Candidate numbers, ascending.
    how
        'exact', or 'search: …' with the reason why another choice may tie with this one and be better.
    """
    if not proved:
        return interchange_ties(problem, sites), "search: covered demand is not proved to be the most possible"
    try:
        return _break_exactly(problem, covering, sites, opened, closed, deadline), "exact"
    except _UndecidedError as reason:
        return interchange_ties(problem, sites), f"search: {reason}"


def _break_exactly(
    problem: SitingProblem,
    covering: CoveringProblem,
    sites: _Sites,
    opened: _Sites,
    closed: _Sites,
    deadline: float | None,
) -> _Sites:
    residual, free = restrict(covering, opened, closed)
    n_open = len(sites) - len(opened)
    if n_open in (0, len(free)):
        return sites  # nothing is left to choose
    _require_few(residual.n_pairs, COVERING_PAIRS_MOST)
    budget = _Budget(int(np.clip(_WORK / max(residual.n_pairs, 1), _LEAST_CALLS, _MOST_CALLS)), deadline)
    ties = _list_ties(residual, np.searchsorted(free, np.setdiff1d(sites, opened)), budget)
    if ties is not None:
        choices = [np.sort(np.concatenate((opened, free[tie]))) for tie in ties]
        return min(choices, key=lambda choice: rank(problem, choice))
    model = model_ties(problem, opened, free)
    _require_few(model.n_pairs, TIMED_PAIRS_MOST)
    tie = _Tie(problem, model, opened, free, n_open, budget)
    return _smallest_ids(tie, _least_cost(tie, _least_time(tie, interchange_ties(problem, sites))))


def rank(problem: SitingProblem, sites: _Sites) -> tuple[int, int, int, tuple[int, ...]]:
    """Return what choices are compared by: less covered demand, then time, cost, ids; the smaller, the better."""
    covered, time, cost = problem.rate(sites)
    return -covered, time, cost, tuple(np.sort(sites).tolist())


def _list_ties(residual: CoveringProblem, chosen: _Sites, budget: _Budget) -> list[_Sites] | None:
    """List all choices that cover as much as `chosen`, itself among them; None where there are many."""
    ties = [chosen]
    covered = residual.covered(chosen)
    while len(ties) <= _TIES_LISTED:
        program = write_covering(residual, len(chosen), at_least=covered, unlike=ties)
        values = _solve(program, budget)
        if values is None:
            return ties
        other = np.flatnonzero(values[: residual.n_candidates] > 0.5)  # noqa: PLR2004 - 0 or 1 but for rounding
        if len(other) != len(chosen) or residual.covered(other) != covered:
            raise _UndecidedError(_TOO_CLOSE)
        ties.append(other)
    return None


def _require_few(n_pairs: int, most: int) -> None:
    if n_pairs > most:
        raise _UndecidedError(f"{n_pairs:,} pairs are left to compare, the exact tie-break takes at most {most:,}")


def _least_time(tie: _Tie, sites: _Sites) -> _Sites:
    covered, _, _ = tie.free_rating(sites)
    found = _choose(tie, write_ties(tie.model, tie.n_open, "time", covered=covered))
    return _better(tie, sites, found, 1)


def _least_cost(tie: _Tie, sites: _Sites) -> _Sites:
    if len(np.unique(tie.model.cost)) <= 1:
        return sites
    covered, time, _ = tie.free_rating(sites)
    found = _choose(tie, write_ties(tie.model, tie.n_open, "cost", covered=covered, most_time=time))
    return _better(tie, sites, found, 2)


def _smallest_ids(tie: _Tie, sites: _Sites) -> _Sites:
    """Ask for a choice that is as good and comes earlier, until there is none."""
    covered, time, cost = tie.free_rating(sites)
    while True:
        program = write_ties(
            tie.model,
            tie.n_open,
            "none",
            covered=covered,
            most_time=time,
            most_cost=cost,
            before=np.isin(tie.free, sites),
        )
        found = _choose(tie, program)
        if found is None:
            return sites
        sites = interchange_ties(tie.problem, _better(tie, sites, found, 3))


def _choose(tie: _Tie, program: Program) -> _Sites | None:
    """Solve a program over the free candidates; None where it is proved to have no answer."""
    values = _solve(program, tie.budget)
    if values is None:
        return None
    chosen = tie.free[values[: len(tie.free)] > 0.5]  # noqa: PLR2004 - they are 0 or 1 but for rounding
    return np.sort(np.concatenate((tie.opened, chosen)))


def _solve(program: Program, budget: _Budget) -> NDArray[np.float64] | None:
    left = None if budget.deadline is None else budget.deadline - perf_counter()
    answer = solve_program(program, calls=budget.calls, time_limit_s=left)
    budget.calls -= answer.calls
    if answer.outcome == "infeasible":
        return None
    if answer.outcome == "stopped" or answer.values is None:
        raise _UndecidedError("the solver's budget ran out among the ties")
    return answer.values


def _better(tie: _Tie, sites: _Sites, found: _Sites | None, settled: int) -> _Sites:
    """Return the better choice, having checked that the solver kept the criteria settled before.

    The solver's tolerances are not zero; where a choice it returns is worse by one grain in an earlier criterion, two
    choices differ by less than it can see.
    """
    if (
        found is None
        or len(found) != len(sites)
        or rank(tie.problem, found)[:settled] != rank(tie.problem, sites)[:settled]
    ):
        raise _UndecidedError(_TOO_CLOSE)
    return min(sites, found, key=lambda choice: rank(tie.problem, choice))
