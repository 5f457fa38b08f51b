"""Ties of the models that HiGHS alone solves: each criterion in turn is made as good as can be and then kept.

The criteria are those of METHODS: covered demand, demand-weighted time, cost, ids.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._exact import Sites, Task, add_row, exclude, optimise
from coverage_planner.siting._highs import Program
from coverage_planner.siting._problem import SitingProblem
from coverage_planner.siting._programs import TieModel, model_ties, scale_for, slack_of
from coverage_planner.siting.effort import VISITS_PER_UNIT, Effort
from coverage_planner.siting.rules import Rules

#: Ties are told apart exactly up to so many pairs of a free candidate and demand within its reach.
TIED_PAIRS_MOST = 5_000
#: So many questions are asked about choices that are equal in all but their ids.
_ASKED_MOST = 200
#: Units of work for the exact tie-break, and for the search where it comes to no end.
_WORK, _SEARCH_WORK = 3.0, 1.0
#: Work of judging a choice, in visits: to begin with, for each of its sites, and for each of its pairs.
_VISITS_TO_JUDGE, _VISITS_PER_SITE, _VISITS_PER_PAIR = 50_000.0, 10_000.0, 20.0


class _UndecidedError(Exception):
    """The exact tie-break came to no end; says why."""


@dataclass(frozen=True, eq=False)
class Tied:
    """Choices of equal objective.

    Attributes
    ----------
    problem, rules
        What is chosen from, and the rules.
    program
        Its rows hold all choices whose objective is as good; its first columns are the candidates.
    keeps
        Whether a choice keeps the rules and is as good, exactly.
    columns
        Values of the columns of `program` for a choice.
    covered
        Coefficients of the columns that add up to covered demand in grains (but for a constant); None where every
        choice covers as much.
    """

    problem: SitingProblem
    rules: Rules
    program: Program
    keeps: Callable[[Sites], bool]
    columns: Callable[[Sites], NDArray[np.float64]]
    covered: NDArray[np.float64] | None = None

    def rank(self, sites: Sites) -> tuple[int, int, int, tuple[int, ...]]:
        """Return what choices are compared by; the smaller, the better."""
        covered, time, cost = self.problem.rate(sites)
        return -covered, time, cost, tuple(sites.tolist())


def break_equal(tied: Tied, sites: Sites, effort: Effort, *, proved: bool) -> tuple[Sites, str]:
    """Tell choices of equal objective apart.

    Parameters
    ----------
    tied
        The choices.
    sites
        One of them, ascending.
    effort
        Of the whole search: what it has left may be used, up to a few units, and its Ctrl+C is obeyed.
    proved
        Whether the objective is proved to be the best.

    Returns
    -------
    sites
        Candidate numbers, ascending.
    how
        'exact', or 'search: …' with the reason why another choice may tie with this one and be better.
    """
    if effort.interrupted:
        return sites, "search: interrupted"
    reason = "the objective is not proved to be the best"
    if proved:
        own = _own_effort(effort, _WORK)
        try:
            with own.interruptible():
                sites = _break_exactly(tied, sites, own)
        except _UndecidedError as undecided:
            reason = str(undecided)
        else:
            return sites, "exact"
        finally:
            effort.spend(own.work * VISITS_PER_UNIT)
            effort.interrupted |= own.interrupted
    own = _own_effort(effort, _SEARCH_WORK)
    own.interrupted = effort.interrupted
    with own.interruptible():
        sites = exchange_one(tied.rank, tied.keeps, sites, tied.rules, tied.problem, own)
    effort.spend(own.work * VISITS_PER_UNIT)
    effort.interrupted |= own.interrupted
    return sites, f"search: {reason}"


def _own_effort(effort: Effort, units: float) -> Effort:
    """Return an effort of its own: that of the search is at its end once the objective is proved."""
    left = effort.seconds_left()
    return Effort(
        effort.sense,
        work_limit=min(effort.work_left() / VISITS_PER_UNIT, units),
        time_limit_s=None if left is None else max(left, 1e-9),
    )


def _break_exactly(tied: Tied, sites: Sites, effort: Effort) -> Sites:
    problem, free = tied.problem, tied.rules.free
    n_pairs = int(np.diff(problem.times_ms.indptr)[free].sum())
    if n_pairs > TIED_PAIRS_MOST:
        raise _UndecidedError(
            f"{n_pairs:,} pairs are left to compare, the exact tie-break takes at most {TIED_PAIRS_MOST:,}"
        )
    program, keeps = tied.program, tied.keeps
    if tied.covered is not None:
        task = _covered_task(tied, tied.covered)
        sites = _best(task, sites, effort)
        most = problem.rate(sites)[0]
        program, keeps = _keep_covered(task, tied.covered, most), _and(keeps, lambda s: problem.rate(s)[0] >= most)
    model = model_ties(problem, tied.rules.required, free)
    task = _timed_task(tied, program, keeps, model)
    sites = _best(task, sites, effort)
    least = problem.rate(sites)[1]
    row = task.program.objective
    limit = (task.value(sites) - task.offset + slack_of(row / task.scale)) * task.scale
    timed = add_row(task.program, row, -np.inf, limit)
    keeps = _and(keeps, lambda s: problem.rate(s)[1] <= least)
    task = replace(
        task,
        program=replace(timed, objective=_cost_objective(problem, len(row))),
        value=lambda s: problem.rate(s)[2],
        scale=scale_for(problem.cost.sum()),
        offset=0,
        keeps=keeps,
    )
    sites = _best(task, sites, effort)
    cheapest = problem.rate(sites)[2]
    limit = cheapest * task.scale + slack_of(problem.cost) * task.scale
    cheap = add_row(task.program, task.program.objective, -np.inf, limit)
    task = replace(
        task,
        program=replace(cheap, objective=np.zeros(len(row))),
        value=lambda _: 0,
        keeps=_and(keeps, lambda s: problem.rate(s)[2] <= cheapest),
    )
    return _smallest_ids(task, sites, effort)


def _best(task: Task, sites: Sites, effort: Effort) -> Sites:
    found = optimise(task, effort, start=sites)
    if found is None or found.sites is None or not found.proved:
        raise _UndecidedError("the solver's budget ran out among the ties")
    return found.sites


def _smallest_ids(task: Task, sites: Sites, effort: Effort) -> Sites:
    """Of the choices that are left find the one whose sorted ids come first, one id after the other."""
    n = task.n_candidates
    if _another(replace(task, program=exclude(task.program, n, [sites])), effort) is None:
        return sites
    place, asked = 0, 0
    while place < len(sites):
        if task.keeps(sites[:place]):
            return sites[:place]
        settled = int(sites[place - 1]) + 1 if place else 0
        between = np.zeros(n)
        between[settled : sites[place]] = 1
        lower, upper = task.program.lower.copy(), task.program.upper.copy()
        lower[sites[:place]] = 1
        upper[np.setdiff1d(np.arange(settled), sites[:place])] = 0
        if (lower > upper).any() or not (between * upper[:n]).any():
            place += 1
            continue
        asked += 1
        if asked > _ASKED_MOST:
            raise _UndecidedError("too many choices are equal in all but their ids")
        program = add_row(replace(task.program, lower=lower, upper=upper), between, 1.0, np.inf)
        earlier = _another(replace(task, program=program), effort)
        if earlier is None:
            place += 1
        else:
            sites = earlier
    return sites


def _another(task: Task, effort: Effort) -> Sites | None:
    """Return some choice; None where it is proved that there is none."""
    found = optimise(task, effort)
    if found is not None and found.sites is None:
        raise _UndecidedError("the solver's budget ran out among the ties")
    return None if found is None else found.sites


def _and(one: Callable[[Sites], bool], other: Callable[[Sites], bool]) -> Callable[[Sites], bool]:
    return lambda sites: one(sites) and other(sites)


def _covered_task(tied: Tied, covered: NDArray[np.float64]) -> Task:
    scale = scale_for(covered.sum())
    problem = tied.problem
    return Task(
        program=replace(tied.program, objective=covered * scale, maximise=True),
        n_candidates=tied.rules.n_candidates,
        value=lambda sites: problem.rate(sites)[0],
        scale=scale,
        keeps=tied.keeps,
        columns=tied.columns,
        offset=problem.present_demand,
    )


def _keep_covered(task: Task, covered: NDArray[np.float64], most: int) -> Program:
    least = (most - task.offset - slack_of(covered)) * task.scale
    return add_row(task.program, covered * task.scale, least, np.inf)


def _timed_task(tied: Tied, program: Program, keeps: Callable[[Sites], bool], model: TieModel) -> Task:
    """Minimise weighted time: a column is added for each pair of `model_ties`, which sends a group to a site.

    Covered demand earns so much that it never pays to leave it out; as all choices cover as much, that changes nothing
    between them.
    """
    problem, rules, free = tied.problem, tied.rules, tied.rules.free
    wide, q = len(program.objective), model.n_pairs
    pairs = np.arange(q)
    sent = sp.csr_array(
        (np.repeat([1.0, -1.0], q), (np.tile(pairs, 2), np.concatenate((wide + pairs, free[model.site])))),
        shape=(q, wide + q),
    )
    once = sp.csr_array((np.ones(q), (model.group, wide + pairs)), shape=(model.n_groups, wide + q))
    gains = model.gain > 0
    reward: int = math.ceil((model.weighted_ms[gains] / model.gain[gains]).max(initial=0.0)) + 1
    worth = model.weighted_ms - reward * model.gain
    scale = scale_for(np.abs(worth).sum())
    before = problem.rate(rules.required)
    base = sp.hstack([program.rows, sp.csr_array((len(program.row_lower), q))], format="csr")
    timed = Program(
        objective=np.concatenate((np.zeros(wide), worth * scale)),
        maximise=False,
        whole=np.concatenate((program.whole, np.zeros(q, dtype=bool))),
        lower=np.concatenate((program.lower, np.zeros(q))),
        upper=np.concatenate((program.upper, np.ones(q))),
        rows=sp.vstack([base, sent, once], format="csr"),
        row_lower=np.concatenate((program.row_lower, np.full(q + model.n_groups, -np.inf))),
        row_upper=np.concatenate((program.row_upper, np.zeros(q), np.ones(model.n_groups))),
    )

    def value(sites: Sites) -> int:
        covered, time, _ = problem.rate(sites)
        return time - reward * (covered - before[0])

    def columns(sites: Sites) -> NDArray[np.float64]:
        rank = np.full(q, q)
        opened = np.isin(free[model.site], sites)
        rank[opened] = pairs[opened]  # pairs of a group stand in the order of time
        first = np.full(model.n_groups, q)
        np.minimum.at(first, model.group, rank)
        going = np.zeros(q)
        going[first[first < q]] = 1
        return np.concatenate((tied.columns(sites), going))

    return Task(
        program=timed,
        n_candidates=rules.n_candidates,
        value=value,
        scale=scale,
        keeps=keeps,
        columns=columns,
        offset=before[1],
    )


def _cost_objective(problem: SitingProblem, n_columns: int) -> NDArray[np.float64]:
    cost = problem.cost * scale_for(problem.cost.sum())
    return np.concatenate((cost, np.zeros(n_columns - len(cost))))


def exchange_one(
    rank: Callable[[Sites], tuple[object, ...]],
    keeps: Callable[[Sites], bool],
    sites: Sites,
    rules: Rules,
    problem: SitingProblem,
    effort: Effort,
) -> Sites:
    """Exchange one site for another as long as the choice gets better and keeps what it must; no proof."""
    lengths = np.diff(problem.times_ms.indptr)
    best, lowest = sites, rank(sites)
    better = True
    while better:
        better = False
        closable = np.setdiff1d(best, rules.required)
        for new in np.setdiff1d(rules.free, best):
            for old in closable:
                if not effort.may_go_on():
                    return best
                effort.spend(
                    _VISITS_TO_JUDGE + _VISITS_PER_SITE * len(best) + _VISITS_PER_PAIR * float(lengths[best].sum())
                )
                other = np.sort(np.append(best[best != old], new))
                if keeps(other) and (standing := rank(other)) < lowest:
                    best, lowest, better = other, standing, True
                    break
    return best
