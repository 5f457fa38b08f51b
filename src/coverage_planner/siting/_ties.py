"""Ties: among the choices that cover most, the one with least weighted time, then least cost, then smallest ids.

The solver only lists choices that can be as good, within its tolerance; they are compared in exact sums.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._covering_programs import LeftRules, rules_left, write_covering, write_ties
from coverage_planner.siting._highs import Program, solve_program
from coverage_planner.siting._interchange import interchange_ties
from coverage_planner.siting._problem import CoveringProblem, SitingProblem, restrict
from coverage_planner.siting._programs import model_ties
from coverage_planner.siting.effort import Effort
from coverage_planner.siting.rules import Rules

#: Ties are told apart exactly up to so many pairs: of free candidates and groups of demand where choices that cover as
#: much are listed, and where choices that take as little time are.
COVERING_PAIRS_MOST = 20_000
TIMED_PAIRS_MOST = 5_000
#: So many choices are listed; where more are as good the exact tie-break gives up.
TIES_LISTED = 64
#: How often HiGHS may ask whether to go on, over all programs of one tie-break, times the pairs of the first.
_WORK = 1e6
_LEAST_CALLS, _MOST_CALLS = 100, 1000

_Sites = NDArray[np.int64]


class _UndecidedError(Exception):
    """The exact tie-break came to no end; says why."""


@dataclass
class _Budget:
    """What is left to spend on the exact tie-break: questions of HiGHS, and the clock of the search."""

    calls: int
    effort: Effort


@dataclass(frozen=True, eq=False)
class _Tie:
    """A problem of which some sites are settled and some candidates still free to be exchanged."""

    problem: SitingProblem
    opened: _Sites
    free: _Sites
    rules: LeftRules
    every_rule: Rules
    budget: _Budget

    def rank(self, sites: _Sites) -> tuple[int, int, int, tuple[int, ...]]:
        """Return what choices are compared by; the smaller, the better."""
        covered, time, cost = self.problem.rate(sites)
        return -covered, time, cost, tuple(sites.tolist())

    def better(self, sites: _Sites, other: _Sites) -> _Sites:
        """Return the better of a choice and another one, given as numbers in `free`."""
        whole = np.sort(np.concatenate((self.opened, self.free[other])))
        if self.every_rule.broken_by(whole):
            raise _UndecidedError("choices keep to the rules only within the solver's tolerance")
        return min(sites, whole, key=self.rank)


def break_ties(
    problem: SitingProblem,
    covering: CoveringProblem,
    rules: Rules,
    sites: _Sites,
    *,
    opened: _Sites,
    closed: _Sites,
    proved: bool,
    effort: Effort,
) -> tuple[_Sites, str]:
    """Tell choices of equal covered demand apart.

    Parameters
    ----------
    problem
        All demand points with their times.
    covering
        The same, reduced to what matters to covered demand.
    rules
        What choices must keep to.
    sites
        A choice: candidate numbers, ascending.
    opened, closed
        Candidates that every choice covering as much holds, or lacks (`settle`).
    proved
        Whether no choice covers more.
    effort
        Its clock and Ctrl+C end the exact tie-break; its work does not, because that has a budget of its own.

    Returns
    -------
    sites
        Candidate numbers, ascending.
    how
        'exact', or 'search: …' with the reason why another choice may tie with this one and be better.
    """
    if not proved:
        if effort.interrupted or effort.seconds_left() == 0:
            return sites, "search: ended before ties were looked at"
        return interchange_ties(problem, sites, rules), "search: covered demand is not proved to be the most possible"
    try:
        return _break_exactly(problem, covering, rules, sites, opened, closed, effort), "exact"
    except _UndecidedError as reason:
        return interchange_ties(problem, sites, rules), f"search: {reason}"


def _break_exactly(
    problem: SitingProblem,
    covering: CoveringProblem,
    rules: Rules,
    sites: _Sites,
    opened: _Sites,
    closed: _Sites,
    effort: Effort,
) -> _Sites:
    residual, free = restrict(covering, opened, closed)
    if rules.n_open is not None and len(sites) - len(opened) in (0, len(free)):
        return sites  # nothing is left to choose
    _require_few(residual.n_pairs, COVERING_PAIRS_MOST)
    calls = int(np.clip(_WORK / max(residual.n_pairs, 1), _LEAST_CALLS, _MOST_CALLS))
    tie = _Tie(problem, opened, free, rules_left(rules, opened, free), rules, _Budget(calls, effort))
    best = _best_that_covers_as_much(tie, residual, sites)
    return _best_that_is_as_quick(tie, sites) if best is None else best


def _best_that_covers_as_much(tie: _Tie, residual: CoveringProblem, sites: _Sites) -> _Sites | None:
    """List all choices that cover as much; None where there are too many."""
    best, known = sites, [np.flatnonzero(np.isin(tie.free, sites))]
    covered = residual.covered(known[0])
    while len(known) <= TIES_LISTED:
        other = _solve(tie, write_covering(residual, tie.rules, at_least=covered, unlike=known))
        if other is None:
            return best
        best = tie.better(best, other)
        known.append(other)
    return None


def _best_that_is_as_quick(tie: _Tie, sites: _Sites) -> _Sites:
    """List the choices that cover as much in the least time, the quickest first."""
    model = model_ties(tie.problem, tie.opened, tie.free)
    _require_few(model.n_pairs, TIMED_PAIRS_MOST)
    best = interchange_ties(tie.problem, sites, tie.every_rule)
    settled = tie.problem.rate(tie.opened)
    known: list[_Sites] = []
    while len(known) <= TIES_LISTED:
        covered, time, _ = tie.problem.rate(best)
        limits = {"covered": covered - settled[0], "most_time": time - settled[1]}
        other = _solve(tie, write_ties(model, tie.rules, **limits, unlike=known))
        if other is None:
            return best
        best = tie.better(best, other)
        known.append(other)
    raise _UndecidedError(f"more than {TIES_LISTED} choices cover as much in as little time")


def _require_few(n_pairs: int, most: int) -> None:
    if n_pairs > most:
        raise _UndecidedError(f"{n_pairs:,} pairs are left to compare, the exact tie-break takes at most {most:,}")


def _solve(tie: _Tie, program: Program) -> _Sites | None:
    """Return the choice of free candidates that solves a program; None where it is proved to have none."""
    if tie.budget.effort.interrupted:
        raise _UndecidedError("interrupted")
    answer = solve_program(program, calls=tie.budget.calls, time_limit_s=tie.budget.effort.seconds_left())
    tie.budget.calls -= answer.calls
    if answer.outcome == "infeasible":
        return None
    if answer.outcome == "stopped" or answer.values is None:
        raise _UndecidedError("the solver's budget ran out among the ties")
    return np.flatnonzero(answer.values[: len(tie.free)] > 0.5)  # noqa: PLR2004 - 0 or 1 but for rounding
