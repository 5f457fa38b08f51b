"""The covering problem behind the siting models: built from travel times, reduced to what can still differ.

`SitingProblem` holds every demand point and every pair within the cutoff, sorted by id, so that the order of rows in
the input cannot change an answer. `CoveringProblem` holds what matters to covered demand alone: demand already covered
is left out, and demand that the very same candidates reach is one group.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.schema import check_table
from coverage_planner.siting._covering_kernels import add_up, fold_columns, hash_columns, transpose
from coverage_planner.siting._grains import count_grains
from coverage_planner.siting._sorted_pairs import (
    make_table,
    raw_rows,
    require_same_ids,
    require_same_search,
    sort_pairs,
    sorting_of,
)  # fmt: skip
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import UNREACHED_MS, to_milliseconds

#: Demand times milliseconds, added up over all demand, stays below this: exact in double precision.
_LARGEST_WEIGHTED_TIME = 2.0**52
#: Candidates are given random words to tell the sets that reach a point apart; the seed is fixed.
_SEED = 1974


@dataclass(frozen=True, eq=False)
class SitingProblem:
    """Candidates, demand and the time of each pair within the cutoff, all sorted by id.

    Attributes
    ----------
    order
        Shape (n,): row of the candidates table of each candidate here.
    demand_order
        Shape (d,): row of the demand table of each demand point here.
    cost
        Shape (n,), whole grains: cost of opening; zero where it is not known.
    demand
        Shape (d,), whole grains; `grain` is what one of them is worth.
    grain
        Demand of one grain.
    weighed
        Shape (d,): demand times the weight of its group, as it was before it was counted.
    time_demand
        Shape (d,): demand in coarser grains, such that the sum of demand times milliseconds is exact.
    present_ms
        Shape (d,), int64: time to the nearest existing facility, `UNREACHED_MS` where none is within the cutoff.
    nearby
        Shape (d,): place of each demand point along a curve that keeps neighbours together.
    times_ms
        (n, d), CSR, int32: milliseconds of each pair within the cutoff. Its column numbers are those of the travel
        times themselves where these hold nothing else and are sorted by id already.
    """

    order: NDArray[np.int64]
    demand_order: NDArray[np.int64]
    cost: NDArray[np.float64]
    demand: NDArray[np.float64]
    grain: float
    weighed: NDArray[np.float64]
    time_demand: NDArray[np.float64]
    present_ms: NDArray[np.int64]
    nearby: NDArray[np.int64]
    times_ms: csr_array

    @cached_property
    def reach(self) -> csr_array:
        """(n, d), CSR, int8: one for each pair within the cutoff."""
        ones = np.ones(len(self.times_ms.data), dtype=np.int8)
        return csr_array((ones, self.times_ms.indices, self.times_ms.indptr), shape=self.times_ms.shape)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Shape (d,): whether an existing facility covers the point."""
        return np.asarray(self.present_ms < UNREACHED_MS)

    @property
    def present_demand(self) -> int:
        """Demand covered by existing facilities, in grains."""
        return int(self.demand[self.present].sum())

    def sum_rows(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Add up values of demand points over what each candidate reaches, shape (n,)."""
        sums = np.empty(self.times_ms.shape[0])
        starts, points = raw_rows(self.times_ms)
        add_up(starts, points, values, 0, len(sums), sums)
        return sums

    def nearest_ms(self, sites: NDArray[np.int64]) -> NDArray[np.int64]:
        """Time to the nearest open site or existing facility, shape (d,); `UNREACHED_MS` where none is in reach."""
        nearest = self.present_ms.copy()
        for site in sites:
            points, times = members(self.times_ms, site), row_values(self.times_ms, site)
            nearest[points] = np.minimum(nearest[points], times.astype(np.int64))
        return nearest

    def value_of(self, sites: NDArray[np.int64]) -> float:
        """Demand covered by a choice and the existing facilities, in the table's own numbers."""
        return math.fsum(self.weighed[self.nearest_ms(sites) < UNREACHED_MS])

    def weighed_rows(self) -> NDArray[np.float64]:
        """Demand times the weight of its group, in the order of the demand table."""
        values = np.empty(len(self.weighed))
        values[self.demand_order] = self.weighed
        return values

    def rate(self, sites: NDArray[np.int64]) -> tuple[int, int, int]:
        """Return covered demand, demand-weighted time and cost of a choice, in grains: what ties are judged by."""
        nearest = self.nearest_ms(sites)
        covered = nearest < UNREACHED_MS
        weighted = (self.time_demand * nearest)[covered].sum()
        return int(self.demand[covered].sum()), int(weighted), int(self.cost[sites].sum())


@dataclass(frozen=True, eq=False)
class CoveringProblem:
    """Groups of demand, each reached by one set of candidates, in whole grains.

    Attributes
    ----------
    weights
        Shape (m,), whole grains, positive: demand of each group.
    cover
        (n, m), CSR, ones: which groups each candidate covers. Neighbouring groups have neighbouring numbers.
    """

    weights: NDArray[np.float64]
    cover: csr_array

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Shape (n + 1,): where the groups of each candidate begin in `groups`."""
        return np.asarray(self.cover.indptr, dtype=np.int64)

    @cached_property
    def groups(self) -> NDArray[np.int32]:
        """Shape (pairs,): the groups that each candidate covers, candidate by candidate."""
        return np.asarray(self.cover.indices, dtype=np.int32)

    @cached_property
    def by_group(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The transpose, shapes (m + 1,) and (pairs,): the candidates that cover each group, ascending."""
        starts, candidates = transpose(self.starts, self.groups, len(self.weights))
        return starts, candidates

    @property
    def covered_by(self) -> csr_array:
        """(m, n), CSR, ones: the transpose, which candidates cover each group."""
        return _ones(*self.by_group, self.n_candidates)

    @property
    def n_candidates(self) -> int:
        """How many candidates there are."""
        return int(self.cover.shape[0])

    @property
    def n_pairs(self) -> int:
        """How many pairs of candidate and group there are: the size that work is reckoned by."""
        return len(self.cover.indices)

    def groups_of(self, site: int) -> NDArray[np.int32]:
        """Return the groups that a candidate covers."""
        return self.groups[self.starts[site] : self.starts[site + 1]]

    def count(self, sites: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the sites cover each group, shape (m,)."""
        times = np.zeros(len(self.weights), dtype=np.int64)
        for site in sites:
            times[self.groups_of(site)] += 1
        return times

    def covered(self, sites: NDArray[np.int64]) -> int:
        """Demand covered by the sites, in grains."""
        return int(self.weights[self.count(sites) > 0].sum())


def _ones(starts: NDArray[np.int64], columns: NDArray[np.int32], n_columns: int) -> csr_array:
    one = np.broadcast_to(np.int8(1), len(columns))  # takes no memory
    return make_table(one, columns, starts, (len(starts) - 1, n_columns))


def members(table: csr_array, row: int) -> NDArray[np.int32]:
    """Return the column numbers of one row of a CSR table."""
    return np.asarray(table.indices[table.indptr[row] : table.indptr[row + 1]])


def row_values(table: csr_array, row: int) -> NDArray[np.int32]:
    """Return the stored values of one row of a CSR table."""
    return np.asarray(table.data[table.indptr[row] : table.indptr[row + 1]])


def build_problem(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    existing: TravelTimes | None,
    group_weights: Mapping[str, float] | None = None,
) -> SitingProblem:
    """Check that times and tables belong together and sort everything by id.

    Parameters
    ----------
    times
        Times of the candidates (rows) and the demand points (columns).
    demand, candidates
        The tables; their rows may stand in any order.
    cutoff_s
        Longest acceptable time, seconds; equal counts as covered.
    existing
        Times of the facilities that stay open, or None.
    group_weights
        Factors for the demand by the column ``group`` of the demand table; groups not named count once.

    Raises
    ------
    ConfigError
        The cutoff is not positive or beyond the limit of a search; the searches of candidates and existing facilities
        differ in mode or direction; a group is weighed that no demand point has.
    CrsError, SchemaError
        A table is not as its schema says.
    InputError
        Ids of tables and times differ.
    """
    check_table(demand, "demand")
    check_table(candidates, "candidates")
    candidate_ids, demand_ids = (table["id"].to_numpy(dtype=object) for table in (candidates, demand))
    require_same_ids(candidate_ids, times.facility_ids, "candidates", "rows of the candidates' times")
    require_same_ids(demand_ids, times.demand_ids, "demand", "columns of the candidates' times")
    times.require_cutoff(cutoff_s)
    order, demand_order = sorting_of(candidate_ids), sorting_of(demand_ids)
    present_ms = np.full(len(demand), UNREACHED_MS, dtype=np.int64)
    if existing is not None:
        require_same_search(times, existing)
        require_same_ids(demand_ids, existing.demand_ids, "demand", "columns of the existing facilities' times")
        near = existing.within(cutoff_s)
        found = present_ms.copy()
        np.minimum.at(found, near.indices, to_milliseconds(near.seconds.astype(np.float64)))
        present_ms = found[sorting_of(existing.demand_ids)]
    weighed = weigh_demand(demand, group_weights)[demand_order]
    grains, grain = count_grains(weighed)
    time_demand, _ = count_grains(weighed, _LARGEST_WEIGHTED_TIME / max(1000.0 * cutoff_s, 1.0))
    cost = candidates["cost"].to_numpy(dtype=float, na_value=np.nan) if "cost" in candidates else np.zeros(len(order))
    cost_grains, _ = count_grains(np.nan_to_num(cost)[order])
    nearby = np.empty(len(demand), dtype=np.int64)
    along = demand.geometry.hilbert_distance().to_numpy()[demand_order] if len(demand) else nearby
    nearby[np.argsort(along, kind="stable")] = np.arange(len(demand))
    return SitingProblem(
        order=order,
        demand_order=demand_order,
        cost=cost_grains,
        demand=grains,
        grain=grain,
        weighed=weighed,
        time_demand=time_demand,
        present_ms=present_ms,
        nearby=nearby,
        times_ms=sort_pairs(times, cutoff_s),
    )


def weigh_demand(demand: gpd.GeoDataFrame, group_weights: Mapping[str, float] | None) -> NDArray[np.float64]:
    """Return the demand column, each row times the weight of its group, shape (rows of the table,).

    Raises
    ------
    ConfigError
        A weight is not a number from 0 up, or a group is named that no demand point has.
    """
    values: NDArray[np.float64] = demand["demand"].to_numpy(dtype=float)
    if not group_weights:
        return values
    bad = [f"{name} = {weight!r}" for name, weight in group_weights.items() if not 0 <= weight < np.inf]
    if bad:
        raise ConfigError(f"group_weights must be numbers from 0 up, not so {name_some(bad)}; correct them")
    groups = demand["group"] if "group" in demand else gpd.pd.Series(index=demand.index, dtype=object)
    unknown = sorted(set(group_weights) - set(groups.dropna()))
    if unknown:
        raise ConfigError(
            "group_weights must name values of the column group of the demand table, which has not "
            f"{name_some(unknown)}; correct the names or fill in the column"
        )
    factors: NDArray[np.float64] = groups.map(group_weights).fillna(1.0).to_numpy(dtype=float)
    return values * factors


def merge_demand(problem: SitingProblem) -> CoveringProblem:
    """Keep the demand that a choice can change, and join points that the same candidates reach.

    Left out: points covered by existing facilities, points without demand, points that no candidate reaches. The loss
    of none of them changes which choice covers most.
    """
    open_points = ~problem.present & (problem.demand > 0)
    left = np.where(open_points, problem.demand, 0.0)
    merged, _ = _fold(*raw_rows(problem.times_ms), np.arange(len(problem.order)), left, problem.nearby)
    return merged


def restrict(
    problem: CoveringProblem, opened: NDArray[np.int64], closed: NDArray[np.int64]
) -> tuple[CoveringProblem, NDArray[np.int64]]:
    """Return the problem that is left once some candidates are opened and others closed for good.

    Parameters
    ----------
    problem
        The problem.
    opened, closed
        Candidate numbers.

    Returns
    -------
    residual
        The free candidates and the demand that the opened ones leave.
    free
        Number in `problem` of each candidate of `residual`, ascending.
    """
    residual, free, _ = restrict_groups(problem, opened, closed)
    return residual, free


def restrict_groups(
    problem: CoveringProblem, opened: NDArray[np.int64], closed: NDArray[np.int64]
) -> tuple[CoveringProblem, NDArray[np.int64], NDArray[np.int32]]:
    """Do as `restrict`, and return the new group of each group too: -1 where it is gone."""
    stays = np.ones(problem.n_candidates, dtype=bool)
    stays[opened] = False
    stays[closed] = False
    free = np.flatnonzero(stays)
    left = np.where(problem.count(opened) > 0, 0.0, problem.weights)
    residual, group = _fold(problem.starts, problem.groups, free, left, np.arange(len(left)))
    return residual, free, group


def take_sample(problem: CoveringProblem, stride: int) -> tuple[CoveringProblem, NDArray[np.int32]]:
    """Let one of `stride` neighbouring groups stand for all of them.

    Returns
    -------
    sample
        All candidates, and a part of the groups with the weights of those they stand for.
    group
        Shape (m,): which group of the sample stands for each group; -1 where that one is reached by nobody.
    """
    block = np.arange(len(problem.weights)) // stride
    stands = np.minimum(np.arange(0, len(block), stride) + stride // 2, len(block) - 1)
    weights = np.zeros(len(block))
    weights[stands] = np.bincount(block, weights=problem.weights)
    everyone = np.arange(problem.n_candidates)
    sample, group = _fold(problem.starts, problem.groups, everyone, weights, np.arange(len(block)))
    return sample, group[stands][block]


def _fold(
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    rows: NDArray[np.int64],
    weights: NDArray[np.float64],
    place: NDArray[np.int64],
) -> tuple[CoveringProblem, NDArray[np.int32]]:
    """Keep some rows and the columns with weight, and join columns that the same rows hold.

    Joined columns are numbered by the first `place` of each: sums are quicker where neighbours stand together.

    The rows that hold a column are known by the sum of their random words. Whether columns of equal sums are held by
    the same rows is then looked up pair by pair; if ever not, other words are drawn.
    """
    random = np.random.default_rng(_SEED)
    while True:
        words = random.integers(-(2**62), 2**62, len(rows))
        sums = hash_columns(starts, columns, rows, words, len(weights))
        kept = np.flatnonzero((weights > 0) & (sums != 0))
        kept = kept[np.argsort(place[kept], kind="stable")]
        found, first, which, sizes = np.unique(sums[kept], return_index=True, return_inverse=True, return_counts=True)
        rank = np.empty(len(found), dtype=np.int32)
        rank[np.argsort(first)] = np.arange(len(found))
        group = np.where(weights > 0, -2, -1).astype(np.int32)  # -2: no row of these may hold it
        group[kept] = rank[which]
        counts = np.empty(len(found), dtype=np.int32)
        counts[rank] = sizes
        new_starts, folded, belong_together = fold_columns(starts, columns, rows, group, counts)
        if belong_together:
            merged = np.bincount(group[kept], weights=weights[kept], minlength=len(found)).astype(np.float64)
            return CoveringProblem(merged, _ones(new_starts, folded, len(merged))), np.maximum(group, -1)
