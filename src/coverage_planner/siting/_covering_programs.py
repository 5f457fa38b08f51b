"""The covering problem, and the search among choices that cover as much, written as mixed-integer programs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._highs import Program
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting._programs import TieModel, scale_for, slack_of, write_rules
from coverage_planner.siting.rules import Rules


@dataclass(frozen=True, eq=False)
class LeftRules:
    """What the rules ask of the free candidates once others are open or closed for good.

    Attributes
    ----------
    rows
        (r, free), CSR.
    lower, upper
        Shapes (r,): what each row must lie between.
    is_number
        Whether the number of sites is given: then no choice is a part of another.
    """

    rows: sp.csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    is_number: bool

    def unlike(self, choices: Sequence[NDArray[np.int64]]) -> tuple[sp.csr_array, NDArray[np.float64]]:
        """Return rows and upper bounds that shut out choices, given as numbers of free candidates."""
        others = 0.0 if self.is_number else -1.0
        table = np.full((len(choices), self.rows.shape[1]), others)
        for row, choice in enumerate(choices):
            table[row, choice] = 1.0
        return sp.csr_array(table), np.array([len(choice) - 1.0 for choice in choices])


def rules_left(rules: Rules, opened: NDArray[np.int64], free: NDArray[np.int64]) -> LeftRules:
    """Write the rules over the free candidates, some others being open."""
    rows, lower, upper = write_rules(rules, rules.n_candidates)
    used = rows[:, opened].sum(axis=1) if len(opened) else np.zeros(len(lower))
    return LeftRules(sp.csr_array(rows[:, free]), lower - used, upper - used, rules.n_open is not None)


def write_choice(rules: LeftRules, value: NDArray[np.float64]) -> Program:
    """Write the choice of free candidates with the largest sum of values, shape (free,), that keeps the rules."""
    n = len(value)
    return Program(
        objective=value * scale_for(value.sum()),
        maximise=True,
        whole=np.ones(n, dtype=bool),
        lower=np.zeros(n),
        upper=np.ones(n),
        rows=rules.rows,
        row_lower=rules.lower,
        row_upper=rules.upper,
    )


def write_covering(
    problem: CoveringProblem, rules: LeftRules, *, at_least: int = 0, unlike: Sequence[NDArray[np.int64]] = ()
) -> Program:
    """Write the maximal covering problem: columns are x (candidates, whole) and y (groups).

    Maximise the weights of covered groups, where y_i <= sum of the x_j that cover i, and the x keep the rules. The y
    need not be declared whole: they are where the x are.

    Parameters
    ----------
    problem, rules
        The problem and what the rules ask of its candidates.
    at_least
        Demand in grains that the choice must cover, with `slack_of`: a choice that comes out may miss it by that.
    unlike
        Choices that must not come out.
    """
    n, m = problem.n_candidates, len(problem.weights)
    scale = scale_for(problem.weights.sum())
    known, most = rules.unlike(unlike)
    rows = sp.vstack(
        [
            sp.hstack([-problem.covered_by, sp.eye_array(m)]),
            _widen(rules.rows, m),
            sp.csr_array(np.concatenate((np.zeros(n), problem.weights * scale))[None]),
            _widen(known, m),
        ],
        format="csr",
    )
    least = (at_least - slack_of(problem.weights)) * scale if at_least > 0 else -np.inf
    return Program(
        objective=np.concatenate((np.zeros(n), problem.weights * scale)),
        maximise=True,
        whole=np.arange(n + m) < n,
        lower=np.zeros(n + m),
        upper=np.ones(n + m),
        rows=rows,
        row_lower=np.concatenate((np.full(m, -np.inf), rules.lower, [least], np.full(len(unlike), -np.inf))),
        row_upper=np.concatenate((np.zeros(m), rules.upper, [np.inf], most)),
    )


def _widen(rows: sp.csr_array, n_more: int) -> sp.csr_array:
    """Add empty columns."""
    return sp.csr_array((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], rows.shape[1] + n_more))


def write_ties(
    model: TieModel,
    rules: LeftRules,
    *,
    covered: int,
    most_time: int | None = None,
    unlike: Sequence[NDArray[np.int64]] = (),
) -> Program:
    """Write the search among ties: columns are x (free candidates, whole) and z (pairs); weighted time is to be small.

    Parameters
    ----------
    model, rules
        The model and what the rules ask of the free candidates.
    covered, most_time
        What the choice must cover, and the weighted time it may take, in grains, the free candidates' part. Both with
        `slack_of`: a choice that comes out may miss them by that.
    unlike
        Choices that must not come out.
    """
    n, q = model.n_free, model.n_pairs
    pairs = np.arange(q)
    of_site = sp.csr_array((-np.ones(q), (pairs, model.site)), shape=(q, n))
    of_group = sp.csr_array((np.ones(q), (model.group, pairs)), shape=(model.n_groups, q))
    gain_scale, time_scale = scale_for(model.gain.sum()), scale_for(np.abs(model.weighted_ms).sum())
    none_x = np.zeros(n)
    time = np.concatenate((none_x, model.weighted_ms * time_scale))
    known, most_known = rules.unlike(unlike)
    rows = sp.vstack(
        [
            sp.hstack([of_site, sp.eye_array(q)]),
            sp.hstack([sp.csr_array((model.n_groups, n)), of_group]),
            _widen(rules.rows, q),
            sp.csr_array(np.stack([np.concatenate((none_x, model.gain * gain_scale)), time])),
            _widen(known, q),
        ],
        format="csr",
    )
    least = (covered - slack_of(model.gain)) * gain_scale
    most = np.inf if most_time is None else (most_time + slack_of(model.weighted_ms)) * time_scale
    open_below = np.full(q + model.n_groups, -np.inf)
    return Program(
        objective=time,
        maximise=False,
        whole=np.arange(n + q) < n,
        lower=np.zeros(n + q),
        upper=np.ones(n + q),
        rows=rows,
        row_lower=np.concatenate((open_below, rules.lower, [least, -np.inf], np.full(len(unlike), -np.inf))),
        row_upper=np.concatenate((np.zeros(q), np.ones(model.n_groups), rules.upper, [np.inf, most], most_known)),
    )
