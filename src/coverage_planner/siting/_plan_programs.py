"""Plans under rules and opening orders as mixed-integer programs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._highs import Program
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting._programs import column_bounds, scale_for, slack_of, write_rules
from coverage_planner.siting.rules import Rules

_Sites = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lacking:
    """A plan of which at least `n_sites` sites must not be in the plan sought."""

    plan: _Sites
    n_sites: int


@dataclass(frozen=True, eq=False)
class Aim:
    """What a stage should bring, and by how much it may fall short at z = 1; both in grains."""

    target: int
    room: float


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows of a program and what each must lie between."""

    rows: sp.csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]


def write_plan(
    problem: CoveringProblem,
    rules: Rules,
    *,
    at_least: int = 0,
    lacking: Sequence[Lacking] = (),
    unlike: Sequence[_Sites] = (),
) -> Program:
    """Write the search for the best plan that is none of those known: columns are x (candidates) and y (groups).

    Parameters
    ----------
    problem, rules
        The problem and what the plan must keep to.
    at_least
        Grains that the plan must bring, with `slack_of`: a plan that comes out may miss it by that.
    lacking
        Plans of which some sites must be missing.
    unlike
        Plans that must not come out: no-good cuts, in whatever number of sites (Balas & Jeroslow 1972).
    """
    n, m = problem.n_candidates, len(problem.weights)
    scale = scale_for(problem.weights.sum())
    objective = np.concatenate((np.zeros(n), problem.weights * scale))
    parts = [_cover_rows(problem), _Rows(*write_rules(rules, n + m))]
    if at_least > 0:
        least = (at_least - slack_of(problem.weights)) * scale
        parts.append(_Rows(sp.csr_array(objective[np.newaxis]), np.array([least]), np.array([np.inf])))
    for cut in lacking:
        row = _indicate(cut.plan, n + m)
        most = float(len(cut.plan) - cut.n_sites)
        parts.append(_Rows(row, np.array([-np.inf]), np.array([most])))
    for plan in unlike:
        sign = np.concatenate((np.ones(n), np.zeros(m)))
        sign[plan] = -1.0
        parts.append(_Rows(sp.csr_array(sign[np.newaxis]), np.array([1.0 - len(plan)]), np.array([np.inf])))
    lower, upper = column_bounds(rules, n + m)
    joined = _stack(parts)
    return Program(
        objective=objective,
        maximise=True,
        whole=np.arange(n + m) < n,
        lower=lower,
        upper=upper,
        rows=joined.rows,
        row_lower=joined.lower,
        row_upper=joined.upper,
    )


def write_order(
    problem: CoveringProblem,
    stages: Sequence[Rules],
    *,
    weights: Sequence[float],
    aims: Sequence[Aim] | None = None,
    at_least: Sequence[int] | None = None,
) -> Program:
    """Write all stages of an opening order in one program: x of a stage may not exceed x of the next.

    Columns are x and y of each stage in turn, and last z, how much of its room a stage needs.

    Parameters
    ----------
    problem
        The problem; the same groups at every stage.
    stages
        Rules of each stage.
    weights
        What a grain counts at each stage, where the weighted sum is to be large.
    aims
        Given, z is to be small instead: the worst loss of all stages.
    at_least
        Grains that each stage must bring, with `slack_of`.
    """
    n, m, n_stages = problem.n_candidates, len(problem.weights), len(stages)
    width = n + m
    n_columns = width * n_stages + 1
    scale = scale_for(problem.weights.sum())
    value = np.concatenate((np.zeros(n), problem.weights * scale))
    parts: list[_Rows] = []
    lower, upper = np.zeros(n_columns), np.ones(n_columns)
    for stage, rules in enumerate(stages):
        start = stage * width
        own = (_cover_rows(problem), _Rows(*write_rules(rules, width)))
        parts.extend(_shift(part, start, n_columns) for part in own)
        lower[start : start + width], upper[start : start + width] = column_bounds(rules, width)
        if stage:
            later = sp.hstack(
                [sp.csr_array((n, start - width)), sp.eye_array(n), sp.csr_array((n, m)), -sp.eye_array(n)]
            )
            nested = _Rows(sp.csr_array(later), np.full(n, -np.inf), np.zeros(n))
            parts.append(_shift(nested, 0, n_columns))
        row = _shift(_Rows(sp.csr_array(value[np.newaxis]), np.zeros(1), np.zeros(1)), start, n_columns).rows
        if at_least is not None:
            least = (at_least[stage] - slack_of(problem.weights)) * scale
            parts.append(_Rows(row, np.array([least]), np.array([np.inf])))
        if aims is not None:
            room = sp.csr_array(([aims[stage].room * scale], ([0], [n_columns - 1])), shape=(1, n_columns))
            target = np.array([aims[stage].target * scale])
            parts.append(_Rows(sp.csr_array(row + room), target, np.array([np.inf])))
    joined = _stack(parts)
    every = np.concatenate([value * weight for weight in weights])
    worst = np.arange(n_columns) == n_columns - 1
    return Program(
        objective=np.append(every, 0.0) if aims is None else worst.astype(float),
        maximise=aims is None,
        whole=np.append(np.tile(np.arange(width) < n, n_stages), False),
        lower=lower,
        upper=upper,
        rows=joined.rows,
        row_lower=joined.lower,
        row_upper=joined.upper,
    )


def _cover_rows(problem: CoveringProblem) -> _Rows:
    """y_i <= sum of the x_j that cover group i."""
    m = len(problem.weights)
    rows = sp.hstack([-problem.covered_by, sp.eye_array(m)], format="csr")
    return _Rows(rows, np.full(m, -np.inf), np.zeros(m))


def _indicate(sites: _Sites, n_columns: int) -> sp.csr_array:
    ones = np.ones(len(sites))
    return sp.csr_array((ones, (np.zeros(len(sites), dtype=np.int64), sites)), shape=(1, n_columns))


def _shift(part: _Rows, start: int, n_columns: int) -> _Rows:
    rows = part.rows
    moved = sp.csr_array((rows.data, rows.indices + start, rows.indptr), shape=(rows.shape[0], n_columns))
    return _Rows(moved, part.lower, part.upper)


def _stack(parts: Sequence[_Rows]) -> _Rows:
    return _Rows(
        sp.vstack([part.rows for part in parts], format="csr"),
        np.concatenate([part.lower for part in parts]),
        np.concatenate([part.upper for part in parts]),
    )
