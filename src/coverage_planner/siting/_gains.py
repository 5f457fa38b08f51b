r"""What each candidate brings to each group of demand: one form for covered demand and for weighted time.

With :math:`v_{ij}` what candidate :math:`j` brings to group :math:`i` beyond existing facilities, a choice :math:`S` is
worth :math:`\sum_i \max_{j \in S} v_{ij}` (nothing where no member brings anything). For covered demand :math:`v_{ij}`
is the demand of the group wherever the candidate reaches it; for weighted time it is the demand times the seconds
saved. All are whole numbers, so every sum is exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.siting._grains import count_grains
from coverage_planner.siting._problem import CoveringProblem, SitingProblem, members, merge_demand, row_values
from coverage_planner.siting.effort import Sense
from coverage_planner.units import MS_PER_S, UNREACHED_MS

_Sites = NDArray[np.int64]
#: Pairs looked at in one go: bounds the memory of a pass.
_BLOCK = 4_000_000
#: Weighted time, added up over all demand, stays below this: exact in double precision.
_LARGEST_WEIGHTED_TIME = 2.0**52


@dataclass(frozen=True, eq=False)
class Gains:
    """What candidates bring, in whole grains of the objective.

    Attributes
    ----------
    values
        (n, m), CSR, whole numbers above 0: what each candidate brings to each group of demand.
    start
        The objective without any new site, in grains.
    sense
        'max': gains add to `start`; 'min': they are taken from it.
    worth
        Objective of one grain, a power of ten or a thousandth of one.
    """

    values: sp.csr_array
    start: int
    sense: Sense
    worth: float

    @property
    def n_candidates(self) -> int:
        """How many candidates there are."""
        return int(self.values.shape[0])

    @property
    def n_pairs(self) -> int:
        """How many pairs there are: what one pass costs."""
        return int(self.values.nnz)

    def total(self, sites: _Sites) -> int:
        """Add up what a choice brings, in grains."""
        return int(stand(self, sites).best.sum())

    def objective(self, total: int) -> float:
        """Objective of a choice that brings `total` grains."""
        grains = self.start + total if self.sense == "max" else self.start - total
        return self.amount(grains)

    def amount(self, grains: int) -> float:
        """Grains in units of the objective; dividing by a power of ten is exact where multiplying is not."""
        return grains / round(1 / self.worth) if self.worth < 1 else grains * self.worth

    def only(self, sites: _Sites) -> "Gains":
        """Return the gains of some candidates alone, in their order."""
        return Gains(self.values[sites], self.start, self.sense, self.worth)


@dataclass(frozen=True, eq=False)
class Standing:
    """Which site serves each group best, and what the next one would bring.

    Attributes
    ----------
    best, second
        Shapes (m,): what the best and the second best site of the choice bring.
    owner
        Shape (m,): place of the best site in the choice; -1 where no site brings anything.
    """

    best: NDArray[np.float64]
    second: NDArray[np.float64]
    owner: NDArray[np.int64]

    def losses(self, n_sites: int) -> NDArray[np.float64]:
        """Return what is lost when the site at each place goes and nothing replaces it, shape (n_sites,), grains."""
        owned = self.owner >= 0
        lost = (self.best - self.second)[owned]
        return np.bincount(self.owner[owned], weights=lost, minlength=n_sites).astype(np.float64)


def cover_gains(problem: SitingProblem) -> Gains:
    """Gains of covered demand: groups of demand that the same candidates reach, worth their demand."""
    covering = merge_demand(problem)
    cover = covering.cover
    values = sp.csr_array((covering.weights[cover.indices], cover.indices, cover.indptr), shape=cover.shape)
    return Gains(values, problem.present_demand, "max", problem.grain)


def time_gains(
    problem: SitingProblem, weights: NDArray[np.float64], unserved_ms: int | None, demand_ids: NDArray[np.object_]
) -> Gains:
    """Gains of demand-weighted time: seconds that each person saves.

    Parameters
    ----------
    problem
        Every pair that was found.
    weights
        Shape (d,): demand, in the order of the problem.
    unserved_ms
        What counts for demand without a site, and at most for any other; None where there is no such demand.
    demand_ids
        Shape (d,): labels, in the order of the problem, for messages.

    Raises
    ------
    ConfigError
        `unserved_ms` is None, and some candidate does not serve all demand: nothing says what a plan without it loses.
    """
    longest = UNREACHED_MS if unserved_ms is None else unserved_ms
    present = np.minimum(problem.present_ms, longest)
    if unserved_ms is None:
        present = _longest_way(problem, present, weights, demand_ids)
    grains, grain = count_grains(weights, _LARGEST_WEIGHTED_TIME / max(float(present.max(initial=0)), 1.0))
    table = problem.times_ms
    saved = np.maximum(present[table.indices] - table.data, 0).astype(np.float64)
    saved *= grains[table.indices]
    values = sp.csr_array((saved, table.indices.copy(), table.indptr.copy()), shape=table.shape)
    values.eliminate_zeros()
    return Gains(values, int((grains * present).sum()), "min", grain / MS_PER_S)


def _longest_way(
    problem: SitingProblem, present: NDArray[np.int64], weights: NDArray[np.float64], demand_ids: NDArray[np.object_]
) -> NDArray[np.int64]:
    """Return the longest way of each point, to whichever site; every candidate must serve every point."""
    n = problem.times_ms.shape[0]
    served = problem.present | (np.bincount(problem.times_ms.indices, minlength=len(weights)) == n) | (weights <= 0)
    if not served.all():
        raise ConfigError(
            "without unserved_s every candidate must be within reach of all demand, else nothing says what a plan "
            f"loses that leaves some out, not so {name_some(demand_ids[~served])}; give unserved_s"
        )
    farthest = np.zeros(len(weights))
    np.maximum.at(farthest, problem.times_ms.indices, problem.times_ms.data)
    return np.where(problem.present, present, farthest.astype(np.int64))


def stand(gains: Gains, sites: _Sites) -> Standing:
    """Find the best and the second best site of each group; of equal ones the first in `sites` owns it."""
    n_groups = gains.values.shape[1]
    best, second = np.zeros(n_groups), np.zeros(n_groups)
    owner = np.full(n_groups, -1, dtype=np.int64)
    for place, site in enumerate(sites):
        groups, value = members(gains.values, int(site)), row_values(gains.values, int(site))
        before = best[groups]
        better = value > before
        second[groups] = np.where(better, before, np.maximum(second[groups], value))
        best[groups] = np.maximum(before, value)
        owner[groups[better]] = place
    return Standing(best, second, owner)


def additions(gains: Gains, standing: Standing) -> NDArray[np.float64]:
    """Return what each candidate would add to a choice, shape (n,), grains."""
    added = np.zeros(gains.n_candidates)
    for rows, row, groups, value in _blocks(gains):
        more = np.maximum(value - standing.best[groups], 0.0)
        added[rows] = np.bincount(row, weights=more, minlength=rows.stop - rows.start)
    return added


def exchanges(gains: Gains, sites: _Sites, standing: Standing) -> NDArray[np.float64]:
    """Return what the choice brings after each exchange of one site for another candidate, all of them in one pass.

    The bookkeeping of Whitaker (1983) and Resende & Werneck (2007): what a candidate adds to the whole choice, less
    what the leaving site alone brings, plus what the candidate makes good of that.

    Returns
    -------
    numpy.ndarray
        Shape (n, len(sites)), grains: total with candidate k in place of the site at each place. Rows of candidates
        that are in the choice mean nothing: the site stays, another one goes.
    """
    n_sites = len(sites)
    table = np.empty((gains.n_candidates, n_sites))
    kept = standing.best.sum() - standing.losses(n_sites)
    for rows, row, groups, value in _blocks(gains):
        n_rows = rows.stop - rows.start
        best, second, owner = standing.best[groups], standing.second[groups], standing.owner[groups]
        more = np.bincount(row, weights=np.maximum(value - best, 0.0), minlength=n_rows)
        helps = (owner >= 0) & (value > second)
        made_good = (np.minimum(value, best) - second)[helps]
        place = row[helps] * n_sites + owner[helps]
        table[rows] = np.bincount(place, weights=made_good, minlength=n_rows * n_sites).reshape(n_rows, n_sites)
        table[rows] += more[:, np.newaxis]
    table += kept
    return table


def as_covering(gains: Gains) -> CoveringProblem:
    r"""Write gains as covered demand: each step of a group's values is demand that whoever brings as much covers.

    With the values of a group sorted, :math:`v_1 > v_2 > \dots`, its part of the objective is
    :math:`\sum_l (v_l - v_{l+1}) [\text{some site brings at least } v_l]` (Cornuéjols, Nemhauser & Wolsey 1980). Where
    all values of a group are equal that is the group itself. The number of pairs grows with the square of the
    candidates of a group: for small problems only (`count_steps`).
    """
    by_group = gains.values.T.tocsr()
    weights: dict[bytes, float] = {}
    reach: list[NDArray[np.int32]] = []
    for group in range(by_group.shape[0]):
        candidates, value = members(by_group, group), row_values(by_group, group)
        levels = np.unique(value)
        for level, step in zip(levels, np.diff(levels, prepend=0.0), strict=True):
            reaching = np.sort(candidates[value >= level])
            key = reaching.tobytes()
            if key not in weights:
                reach.append(reaching)
            weights[key] = weights.get(key, 0.0) + float(step)
    indptr = np.concatenate(([0], np.cumsum([len(some) for some in reach]))).astype(np.int64)
    indices = np.concatenate([np.empty(0, dtype=np.int32), *reach])
    shape = (len(reach), gains.n_candidates)
    covered_by = sp.csr_array((np.ones(len(indices)), indices, indptr), shape=shape)
    cover = covered_by.T.tocsr()
    cover.sort_indices()
    return CoveringProblem(np.array(list(weights.values())), cover)


def count_steps(gains: Gains) -> int:
    """How many pairs `as_covering` would make at most, before any are joined."""
    by_group = gains.values.tocsc()
    pairs = 0
    for start, end in zip(by_group.indptr[:-1].tolist(), by_group.indptr[1:].tolist(), strict=True):
        value = np.sort(by_group.data[start:end])
        pairs += int((len(value) - np.searchsorted(value, np.unique(value))).sum())
    return pairs


def _blocks(gains: Gains) -> Iterator[tuple[slice, NDArray[np.int64], NDArray[np.int32], NDArray[np.float64]]]:
    """Yield runs of rows with their pairs: the rows, each pair's row within them, group and value."""
    indptr = gains.values.indptr
    start = 0
    while start < gains.n_candidates:
        stop = int(np.searchsorted(indptr, indptr[start] + _BLOCK, side="right")) - 1
        stop = min(max(stop, start + 1), gains.n_candidates)
        pairs = slice(int(indptr[start]), int(indptr[stop]))
        row = np.repeat(np.arange(stop - start), np.diff(indptr[start : stop + 1]))
        yield slice(start, stop), row, gains.values.indices[pairs], gains.values.data[pairs]
        start = stop
