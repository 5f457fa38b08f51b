"""Siting models written as mixed-integer programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._highs import Program
from coverage_planner.siting._problem import CoveringProblem, SitingProblem
from coverage_planner.units import UNREACHED_MS

#: Totals up to this go to the solver as whole numbers, of which it makes use; larger ones are scaled down to it,
#: because its tolerances are absolute (1e-6).
_LARGEST_TOTAL = 1e8


def scale_for(total: float) -> float:
    """Factor for numbers that add up to `total`: 1, or a power of two that brings them below 10^8."""
    return float(2.0 ** -max(0, np.ceil(np.log2(max(total, 1.0) / _LARGEST_TOTAL))))


def write_covering(
    problem: CoveringProblem, n_open: int, *, at_least: int = 0, unlike: Sequence[NDArray[np.int64]] = ()
) -> Program:
    """Write the maximal covering problem: columns are x (candidates, whole) and y (groups).

    Maximise the weights of covered groups, where y_i <= sum of the x_j that cover i, and the x add up to `n_open`.
    The y need not be declared whole: they are where the x are.

    Parameters
    ----------
    problem, n_open
        The problem and how many sites open.
    at_least
        Demand in grains that the choice must cover.
    unlike
        Choices that must not come out.
    """
    n, m = problem.n_candidates, len(problem.weights)
    scale = scale_for(problem.weights.sum())
    known = sp.csr_array((np.ones(n_open * len(unlike)), _pair_up(unlike)), shape=(len(unlike), n + m))
    rows = sp.vstack(
        [
            sp.hstack([-problem.covered_by, sp.eye_array(m)]),
            sp.csr_array(np.concatenate((np.ones(n), np.zeros(m)))[None]),
            sp.csr_array(np.concatenate((np.zeros(n), problem.weights * scale))[None]),
            known,
        ],
        format="csr",
    )
    least = (at_least - 0.5) * scale if at_least > 0 else -np.inf
    return Program(
        objective=np.concatenate((np.zeros(n), problem.weights * scale)),
        maximise=True,
        whole=np.arange(n + m) < n,
        lower=np.zeros(n + m),
        upper=np.ones(n + m),
        rows=rows,
        row_lower=np.concatenate((np.full(m, -np.inf), [n_open, least], np.full(len(unlike), -np.inf))),
        row_upper=np.concatenate((np.zeros(m), [n_open, np.inf], np.full(len(unlike), n_open - 1.0))),
    )


def _pair_up(choices: Sequence[NDArray[np.int64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column numbers of the sites of several choices, one row for each."""
    row = np.repeat(np.arange(len(choices)), [len(choice) for choice in choices])
    return row, np.concatenate([np.empty(0, dtype=np.int64), *choices])


@dataclass(frozen=True, eq=False)
class TieModel:
    """Which choices of free sites cover a given demand, how long people then travel, and what that costs.

    Demand points that prefer the same sites in the same order form a group: whichever sites open, they all go to the
    same one. Each group is assigned to the nearest open site: column z of a pair of free site and group says that it
    goes there. Pairs that are no faster than a site already open are left out.

    Attributes
    ----------
    n_free, n_groups
        How many free candidates and groups there are.
    site, group
        Shapes (q,): number of the free candidate and of the group of each pair.
    gain
        Shape (q,), grains: demand newly covered by the pair; zero where the group is covered anyway.
    weighted_ms
        Shape (q,): demand-weighted time that the pair adds; negative where it shortens the way.
    cost
        Shape (n_free,), grains.
    """

    n_free: int
    n_groups: int
    site: NDArray[np.int64]
    group: NDArray[np.int64]
    gain: NDArray[np.float64]
    weighted_ms: NDArray[np.float64]
    cost: NDArray[np.float64]

    @property
    def n_pairs(self) -> int:
        """How many pairs there are."""
        return len(self.site)


def model_ties(problem: SitingProblem, opened: NDArray[np.int64], free: NDArray[np.int64]) -> TieModel:
    """Model what the free candidates change once `opened` are open."""
    nearest = problem.nearest_ms(opened)
    pairs = problem.times_ms[free].tocoo()
    site, point, time_ms = pairs.coords[0], pairs.coords[1], pairs.data
    faster = np.flatnonzero((time_ms < nearest[point]) & (problem.demand[point] > 0))
    order = faster[np.lexsort((site[faster], time_ms[faster], point[faster]))]
    site, point, time_ms = site[order].astype(np.int64), point[order], time_ms[order]
    left = nearest[point] == UNREACHED_MS
    gain = np.where(left, problem.demand[point], 0.0)
    weighted_ms = problem.time_demand[point] * (time_ms - np.where(left, 0, nearest[point]))
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    lengths = np.diff(starts, append=len(point))
    groups: dict[tuple[bytes, bool], int] = {}
    group = np.empty(len(starts), dtype=np.int64)
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        key = (site[start : start + length].tobytes(), bool(left[start]))
        group[number] = groups.setdefault(key, len(groups))
    _, first = np.unique(group, return_index=True)
    group_starts = np.cumsum(lengths[first]) - lengths[first]
    place = np.arange(len(point)) - np.repeat(starts, lengths) + np.repeat(group_starts[group], lengths)
    n_pairs = int(lengths[first].sum())
    group_site = np.empty(n_pairs, dtype=np.int64)
    group_site[place] = site
    return TieModel(
        n_free=len(free),
        n_groups=len(first),
        site=group_site,
        group=np.repeat(np.arange(len(first)), lengths[first]),
        gain=np.bincount(place, weights=gain, minlength=n_pairs).astype(np.float64),
        weighted_ms=np.bincount(place, weights=weighted_ms, minlength=n_pairs).astype(np.float64),
        cost=problem.cost[free],
    )


def write_ties(
    model: TieModel,
    n_open: int,
    objective: Literal["time", "cost", "none"],
    *,
    covered: int,
    most_time: int | None = None,
    most_cost: int | None = None,
    before: NDArray[np.bool_] | None = None,
) -> Program:
    """Write the search among ties: columns are x (free candidates, whole), z (pairs) and those of `_earlier_ids`.

    Parameters
    ----------
    model, n_open
        The model and how many of the free candidates open.
    objective
        What is to be small.
    covered, most_time, most_cost
        What the choice must cover, and may take in time and cost, in grains, the free candidates' part.
    before
        Shape (n_free,): a choice; the one sought must come before it in the order of sorted ids.
    """
    n, q = model.n_free, model.n_pairs
    pairs = np.arange(q)
    of_site = sp.csr_array((-np.ones(q), (pairs, model.site)), shape=(q, n))
    of_group = sp.csr_array((np.ones(q), (model.group, pairs)), shape=(model.n_groups, q))
    time_scale, cost_scale = scale_for(np.abs(model.weighted_ms).sum()), scale_for(model.cost.sum())
    # what the solver's tolerance lets the z leave uncovered shortens the time: a large row keeps that below a grain
    gain_scale = float(2.0 ** -np.ceil(np.log2(max(model.gain.sum(), 1.0) / _LARGEST_TOTAL)))
    gain, time, cost = model.gain * gain_scale, model.weighted_ms * time_scale, model.cost * cost_scale
    none_x, none_z = np.zeros(n), np.zeros(q)
    totals = [
        np.concatenate((np.ones(n), none_z)), np.concatenate((none_x, gain)),
        np.concatenate((none_x, time)), np.concatenate((cost, none_z)),
    ]  # fmt: skip
    most = [
        np.inf if limit is None else (limit + 0.5) * scale
        for limit, scale in ((most_time, time_scale), (most_cost, cost_scale))
    ]
    chain, chain_upper = _earlier_ids(
        np.zeros(n, dtype=bool) if before is None else before, q, sought=before is not None
    )
    extra = chain.shape[1] - n - q
    rows = sp.hstack(
        [
            sp.vstack(
                [
                    sp.hstack([of_site, sp.eye_array(q)]),
                    sp.hstack([sp.csr_array((model.n_groups, n)), of_group]),
                    sp.csr_array(np.stack(totals)),
                ],
                format="csr",
            ),
            sp.csr_array((q + model.n_groups + len(totals), extra)),
        ]
    )
    objectives = {"time": totals[2], "cost": totals[3], "none": np.zeros(n + q)}
    least = [n_open, covered * gain_scale, -np.inf, -np.inf]
    return Program(
        objective=np.concatenate((objectives[objective], np.zeros(extra))),
        maximise=False,
        whole=np.arange(n + q + extra) < n,
        lower=np.zeros(n + q + extra),
        upper=np.ones(n + q + extra),
        rows=sp.vstack([rows, chain], format="csr"),
        row_lower=np.concatenate((np.full(q + model.n_groups, -np.inf), least, np.full(len(chain_upper), -np.inf))),
        row_upper=np.concatenate((np.zeros(q), np.ones(model.n_groups), [n_open, np.inf, *most], chain_upper)),
    )


def _earlier_ids(chosen: NDArray[np.bool_], n_pairs: int, *, sought: bool) -> tuple[sp.csr_array, NDArray[np.float64]]:
    """Write rows (all "at most") that only choices before `chosen` in the order of sorted ids can meet.

    A choice of equally many sites comes before another when the smallest site that is in only one of them is in it. So
    some site b outside `chosen` must open together with all chosen sites before b. Column q says for each chosen site
    that it and all chosen sites before it open; column b for each other site that it is the one.
    """
    n = len(chosen)
    held, others = (np.flatnonzero(chosen), np.flatnonzero(~chosen)) if sought else (np.empty(0, int), np.empty(0, int))
    first_q, first_b = n + n_pairs, n + n_pairs + len(held)
    q_columns, b_columns = first_q + np.arange(len(held)), first_b + np.arange(len(others))
    n_before = np.searchsorted(held, others)
    behind = n_before > 0
    pairs_at_most = [  # (column, column that it must not exceed)
        (q_columns, held),
        (q_columns[1:], q_columns[:-1]),
        (b_columns, others),
        (b_columns[behind], q_columns[n_before[behind] - 1]),
    ]
    smaller = np.concatenate([pair[0] for pair in pairs_at_most])
    larger = np.concatenate([pair[1] for pair in pairs_at_most])
    n_rows, n_columns = len(smaller), first_b + len(others)
    row = np.arange(n_rows)
    bounds = sp.csr_array(
        (np.repeat([1.0, -1.0], n_rows), (np.tile(row, 2), np.concatenate((smaller, larger)))),
        shape=(n_rows, n_columns),
    )
    if not sought:
        return bounds, np.zeros(n_rows)
    some = np.zeros(n_columns)
    some[b_columns] = -1.0
    return sp.vstack([bounds, sp.csr_array(some[None])], format="csr"), np.append(np.zeros(n_rows), -1.0)
