"""Backup coverage: demand within the cutoff of one site, and of a second one should the first be closed or full."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError
from coverage_planner.siting._certify import begin_effort, conclude, search
from coverage_planner.siting._exact import Sites, Task, add_row, require_size
from coverage_planner.siting._groups import group_points
from coverage_planner.siting._highs import Program
from coverage_planner.siting._infeasible import find_choice
from coverage_planner.siting._lexicographic import Tied, break_equal
from coverage_planner.siting._problem import SitingProblem, build_problem
from coverage_planner.siting._programs import column_bounds, scale_for, slack_of, write_rules
from coverage_planner.siting.effort import Effort, SearchProgress
from coverage_planner.siting.rules import Quota, Rules, read_rules
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes

_MODEL = "backup coverage"
#: The weight of a second coverage is taken as a fraction with at most this denominator.
_FINEST = 1_000_000
_TWICE = 2


def solve_backup_coverage(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    n_open: int | None = None,
    budget: float | None = None,
    backup_weight: float = 0.5,
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    min_spacing_m: float | None = None,
    group_weights: Mapping[str, float] | None = None,
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    progress: SearchProgress | None = None,
) -> Solution:
    r"""Bring most demand within the cutoff of one site, and of a second one.

    The backup coverage problem of Hogan & ReVelle (1986, their BACOP2). With :math:`y_i` and :math:`u_i` for covered
    once and twice, :math:`e_i` the existing facilities within the cutoff and :math:`\beta` = `backup_weight`:

    .. math::

        \max \sum_i w_i (y_i + \beta u_i) \quad\text{subject to}\quad
        y_i + u_i \le e_i + \sum_{j \in N_i} x_j, \quad u_i \le y_i, \quad \sum_j x_j = p,
        \quad x_j \in \{0, 1\}, \; 0 \le y_i, u_i \le 1 .

    (They weigh :math:`y` by :math:`1 - \theta` and :math:`u` by :math:`\theta`; :math:`\beta = \theta / (1 - \theta)`.)
    Each existing facility counts once, so a point within reach of two of them is covered twice already. With
    :math:`\beta \le 1` the :math:`y` and :math:`u` are whole where the :math:`x` are; beyond it the :math:`u` are
    declared so. Solved by HiGHS. Among choices that are as good the one that covers most demand once wins, then the one
    with least demand-weighted time, least cost, and the smallest ids.

    Parameters
    ----------
    times, demand, candidates, cutoff_s, existing, group_weights
        As for `solve_mclp`.
    n_open, budget
        How many sites open, or what they may cost at most: exactly one of the two.
    backup_weight
        What a second coverage counts, where the first counts one; from 0 up. Taken as the nearest fraction with a
        denominator of at most a million.
    required, forbidden, quotas, min_spacing_m
        Rules that the choice keeps, as for `solve_mclp`.
    mip_gap, work_limit, time_limit_s, progress
        How far to go, as for `solve_mclp`.

    Returns
    -------
    Solution
        ``objective`` and ``bound`` are demand covered, plus `backup_weight` times demand covered twice; existing
        facilities included.

    Raises
    ------
    ConfigError, InputError, SchemaError, CrsError
        Arguments or tables are not as they must be.
    InfeasibleError
        The rules cannot hold together; the message names which.
    SitingError
        The problem is too large for HiGHS, or no choice was found in time.
    """
    weight = _read_weight(backup_weight)
    effort = begin_effort("max", mip_gap, work_limit, time_limit_s, progress)
    problem = build_problem(
        times, demand, candidates, cutoff_s=cutoff_s, existing=existing, group_weights=group_weights
    )
    rules = read_rules(
        candidates, problem.order, n_open=n_open, budget=budget, required=required, forbidden=forbidden,
        quotas=quotas, min_spacing_m=min_spacing_m,
    )  # fmt: skip
    require_size(int(problem.times_ms.nnz), _MODEL)
    backup = _group(problem, rules, weight, _count_existing(problem, demand, existing, cutoff_s))
    unit = problem.grain / weight.denominator
    with effort.interruptible():
        task = _write(backup)
        start = _add_greedily(backup, effort)
        found = search(
            task,
            effort,
            start=start if task.keeps(start) else find_choice(rules),
            stage="branch and bound",
            units=lambda value: value * unit,
            model=_MODEL,
        )
        sites = np.empty(0, dtype=np.int64) if found.sites is None else found.sites
        sites, tie_break = break_equal(_tie(problem, backup, task, found.value), sites, effort, proved=found.proved)
    count = backup.present + problem.reach[sites].sum(axis=0)
    once, twice = (math.fsum(problem.weighed[count >= least]) for least in (1, _TWICE))
    return conclude(
        _MODEL,
        problem,
        candidates,
        replace(found, sites=sites),
        effort,
        objective=once + float(weight) * twice,
        unit=unit,
        tie_break=tie_break,
        n_merged=int(backup.covered_by.nnz),
    )


@dataclass(frozen=True, eq=False)
class _Backup:
    """Groups of points that the same candidates and as many existing facilities reach.

    Attributes
    ----------
    rules, weight
        The rules; what a second coverage counts.
    present
        Shape (d,): how many existing facilities reach each point of the problem.
    covered_by
        (m, n), CSR, ones: candidates that reach each group.
    before
        Shape (m,): 0 or 1, how often existing facilities cover it; groups covered twice are left out.
    weights
        Shape (m,), grains.
    settled
        Value of what existing facilities cover, in grains over the denominator of the weight.
    """

    rules: Rules
    weight: Fraction
    present: NDArray[np.int64]
    covered_by: csr_array
    before: NDArray[np.int64]
    weights: NDArray[np.float64]
    settled: int

    def count(self, sites: Sites) -> NDArray[np.int64]:
        """How often each group is covered."""
        opened = np.isin(np.arange(self.rules.n_candidates), sites).astype(np.float64)
        times: NDArray[np.int64] = self.before + np.rint(self.covered_by @ opened).astype(np.int64)
        return times

    def value(self, sites: Sites) -> int:
        """Objective of a choice, in grains over the denominator of the weight."""
        count = self.count(sites)
        once = int(self.weights[(count >= 1) & (self.before == 0)].sum())
        twice = int(self.weights[count >= _TWICE].sum())
        return self.settled + once * self.weight.denominator + twice * self.weight.numerator

    def columns(self, sites: Sites) -> NDArray[np.float64]:
        """Values of the columns x, y, u."""
        count = self.count(sites)
        opened = np.isin(np.arange(self.rules.n_candidates), sites)
        return np.concatenate((opened, count >= 1, count >= _TWICE)).astype(np.float64)


def _read_weight(backup_weight: float) -> Fraction:
    if not 0 <= backup_weight <= _FINEST:
        raise ConfigError(
            f"backup_weight must be a number from 0 to {_FINEST:,}, got {backup_weight!r}; 1 counts a second coverage "
            "as much as the first"
        )
    return Fraction(float(backup_weight)).limit_denominator(_FINEST)


def _count_existing(
    problem: SitingProblem, demand: gpd.GeoDataFrame, existing: TravelTimes | None, cutoff_s: float
) -> NDArray[np.int64]:
    """How many existing facilities reach each point of the problem."""
    if existing is None:
        return np.zeros(len(problem.demand), dtype=np.int64)
    near = existing.within(cutoff_s)
    counts = np.bincount(near.indices, minlength=len(demand))
    place = {name: number for number, name in enumerate(existing.demand_ids)}
    ids = demand["id"].to_numpy(dtype=object)[problem.demand_order]
    return counts[[place[name] for name in ids]].astype(np.int64)


def _group(problem: SitingProblem, rules: Rules, weight: Fraction, present: NDArray[np.int64]) -> _Backup:
    once = int(problem.demand[present >= 1].sum()) * weight.denominator
    twice = int(problem.demand[present >= _TWICE].sum()) * weight.numerator
    groups, before = group_points(problem, present < _TWICE, present)
    return _Backup(
        rules=rules,
        weight=weight,
        present=present,
        covered_by=groups.covered_by.astype(np.float64),
        before=before,
        weights=groups.weights,
        settled=once + twice,
    )


def _write(backup: _Backup) -> Task:
    """Write the program; columns are x, y and u. Where existing facilities cover once, y is 1 and counts nothing."""
    rules, weights = backup.rules, backup.weights
    n, m = rules.n_candidates, len(weights)
    rows, lower, upper = write_rules(rules, n + 2 * m)
    least, most = column_bounds(rules, n + 2 * m)
    least[n : n + m] = backup.before
    worth = np.concatenate(
        (
            np.zeros(n),
            np.where(backup.before == 0, weights, 0.0) * backup.weight.denominator,
            weights * backup.weight.numerator,
        )
    )
    scale = scale_for(worth.sum())
    same = sp.eye_array(m)
    reached = sp.hstack([-backup.covered_by, same, same])
    after_first = sp.hstack([csr_array((m, n)), -same, same])
    program = Program(
        objective=worth * scale,
        maximise=True,
        whole=(np.arange(n + 2 * m) < n) | ((np.arange(n + 2 * m) >= n + m) & (backup.weight > 1)),
        lower=least,
        upper=most,
        rows=sp.vstack([rows, reached, after_first], format="csr"),
        row_lower=np.concatenate((lower, np.full(2 * m, -np.inf))),
        row_upper=np.concatenate((upper, backup.before, np.zeros(m))),
    )
    return Task(
        program=program,
        n_candidates=n,
        value=backup.value,
        scale=scale,
        keeps=lambda sites: not rules.broken_by(sites),
        columns=backup.columns,
        offset=backup.settled,
    )


def _add_greedily(backup: _Backup, effort: Effort) -> Sites:
    """Add the site that is worth most, as long as the rules let any open."""
    rules = backup.rules
    table = backup.covered_by.T.tocsr()
    chosen = rules.required.tolist()
    closed = np.zeros(rules.n_candidates, dtype=bool)
    closed[rules.forbidden] = True
    while rules.n_open is None or len(chosen) < rules.n_open:
        sites = np.array(chosen, dtype=np.int64)
        count = backup.count(sites)
        worth = np.where(count == 0, float(backup.weight.denominator), 0.0)
        worth[count == 1] = float(backup.weight.numerator)
        gain = table @ (worth * backup.weights)
        effort.spend(table.nnz)
        gain[closed | np.isin(np.arange(len(gain)), sites)] = -1
        if rules.budget is not None:
            gain[rules.cost[sites].sum() + rules.cost > rules.budget] = -1
            gain[gain == 0] = -1  # money need not be spent
        open_to = [
            site for site in np.argsort(-gain, kind="stable").tolist() if gain[site] >= 0 and _fits(rules, sites, site)
        ]
        if not open_to:
            break
        chosen.append(open_to[0])
    return np.sort(np.array(chosen, dtype=np.int64))


def _fits(rules: Rules, sites: Sites, site: int) -> bool:
    """Whether one site more is not too near and within the quotas."""
    more = np.append(sites, site)
    pairs = rules.too_near[(rules.too_near == site).any(axis=1)]
    return not np.isin(pairs, more).all(axis=1).any() and all(
        int(np.isin(limit.members, more).sum()) <= limit.most for limit in rules.limits
    )


def _tie(problem: SitingProblem, backup: _Backup, task: Task, value: int) -> Tied:
    """Hold the objective at its value."""
    worth, scale = task.program.objective, task.scale
    least = (value - backup.settled - slack_of(worth / scale)) * scale
    n, m = backup.rules.n_candidates, len(backup.weights)
    covered = np.concatenate((np.zeros(n), np.where(backup.before == 0, backup.weights, 0.0), np.zeros(m)))
    program = add_row(task.program, worth, least, np.inf)
    return Tied(
        problem,
        backup.rules,
        replace(program, objective=np.zeros(len(worth)), maximise=False),
        lambda sites: task.keeps(sites) and backup.value(sites) == value,
        backup.columns,
        covered,
    )
