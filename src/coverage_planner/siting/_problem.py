"""The covering problem behind the siting models: built from travel times, reduced to what can still differ.

`SitingProblem` holds every demand point and every pair within the cutoff, sorted by id, so that the order of rows in
the input cannot change an answer. `CoveringProblem` holds what matters to covered demand alone: demand already covered
is left out, and demand that the very same candidates reach is one group.
"""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.schema import check_table
from coverage_planner.siting._grains import count_grains
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import UNREACHED_MS, to_milliseconds

#: Demand times milliseconds, added up over all demand, stays below this: exact in double precision.
_LARGEST_WEIGHTED_TIME = 2.0**52


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
    time_demand
        Shape (d,): demand in coarser grains, such that the sum of demand times milliseconds is exact.
    present_ms
        Shape (d,), int64: time to the nearest existing facility, `UNREACHED_MS` where none is within the cutoff.
    times_ms
        (n, d), CSR, float64: whole milliseconds of each pair within the cutoff.
    """

    order: NDArray[np.int64]
    demand_order: NDArray[np.int64]
    cost: NDArray[np.float64]
    demand: NDArray[np.float64]
    grain: float
    time_demand: NDArray[np.float64]
    present_ms: NDArray[np.int64]
    times_ms: csr_array

    @cached_property
    def reach(self) -> csr_array:
        """(n, d), CSR: one for each pair within the cutoff."""
        ones = np.ones(len(self.times_ms.data))
        return csr_array((ones, self.times_ms.indices, self.times_ms.indptr), shape=self.times_ms.shape)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Shape (d,): whether an existing facility covers the point."""
        return np.asarray(self.present_ms < UNREACHED_MS)

    @property
    def present_demand(self) -> int:
        """Demand covered by existing facilities, in grains."""
        return int(self.demand[self.present].sum())

    def nearest_ms(self, sites: NDArray[np.int64]) -> NDArray[np.int64]:
        """Time to the nearest open site or existing facility, shape (d,); `UNREACHED_MS` where none is in reach."""
        nearest = self.present_ms.copy()
        for site in sites:
            points, times = members(self.times_ms, site), row_values(self.times_ms, site)
            nearest[points] = np.minimum(nearest[points], times.astype(np.int64))
        return nearest

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
        (n, m), CSR, ones: which groups each candidate covers.
    """

    weights: NDArray[np.float64]
    cover: csr_array

    @cached_property
    def covered_by(self) -> csr_array:
        """(m, n), CSR: the transpose, which candidates cover each group."""
        return self.cover.T.tocsr()

    @property
    def n_candidates(self) -> int:
        """How many candidates there are."""
        return int(self.cover.shape[0])

    @property
    def n_pairs(self) -> int:
        """How many pairs of candidate and group there are: the size that work is reckoned by."""
        return int(self.cover.nnz)

    def count(self, sites: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many of the sites cover each group, shape (m,)."""
        times = np.zeros(len(self.weights), dtype=np.int64)
        for site in sites:
            times[members(self.cover, site)] += 1
        return times

    def covered(self, sites: NDArray[np.int64]) -> int:
        """Demand covered by the sites, in grains."""
        return int(self.weights[self.count(sites) > 0].sum())


def members(table: csr_array, row: int) -> NDArray[np.int32]:
    """Return the column numbers of one row of a CSR table."""
    return np.asarray(table.indices[table.indptr[row] : table.indptr[row + 1]])


def row_values(table: csr_array, row: int) -> NDArray[np.float64]:
    """Return the stored values of one row of a CSR table."""
    return np.asarray(table.data[table.indptr[row] : table.indptr[row + 1]])


def build_problem(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    existing: TravelTimes | None,
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

    Raises
    ------
    ConfigError
        The cutoff is not positive or beyond the limit of a search; or the searches of candidates and existing
        facilities differ in mode or direction.
    CrsError, SchemaError
        A table is not as its schema says.
    InputError
        Ids of tables and times differ.
    """
    check_table(demand, "demand")
    check_table(candidates, "candidates")
    _require_same_ids(candidates["id"], times.facility_ids, "candidates", "rows of the candidates' times")
    _require_same_ids(demand["id"], times.demand_ids, "demand", "columns of the candidates' times")
    inside = times.within(cutoff_s)
    order, rows = _sorting(candidates["id"]), _sorting(times.facility_ids)
    demand_order, columns = _sorting(demand["id"]), _sorting(times.demand_ids)
    milliseconds = to_milliseconds(inside.seconds.astype(np.float64)).astype(np.float64)
    table = csr_array((milliseconds, inside.indices, inside.indptr), shape=(len(rows), len(columns)))
    present_ms = np.full(len(demand), UNREACHED_MS, dtype=np.int64)
    if existing is not None:
        _require_same_search(times, existing)
        _require_same_ids(demand["id"], existing.demand_ids, "demand", "columns of the existing facilities' times")
        near = existing.within(cutoff_s)
        found = present_ms.copy()
        np.minimum.at(found, near.indices, to_milliseconds(near.seconds.astype(np.float64)))
        present_ms = found[_sorting(existing.demand_ids)]
    weights = demand["demand"].to_numpy(dtype=float)[demand_order]
    grains, grain = count_grains(weights)
    time_demand, _ = count_grains(weights, _LARGEST_WEIGHTED_TIME / max(1000.0 * cutoff_s, 1.0))
    cost = candidates["cost"].to_numpy(dtype=float, na_value=np.nan) if "cost" in candidates else np.zeros(len(order))
    cost_grains, _ = count_grains(np.nan_to_num(cost)[order])
    times_ms = table[rows][:, columns]
    times_ms.sort_indices()
    return SitingProblem(order, demand_order, cost_grains, grains, grain, time_demand, present_ms, times_ms)


def merge_demand(problem: SitingProblem) -> CoveringProblem:
    """Keep the demand that a choice can change, and join points that the same candidates reach.

    Left out: points covered by existing facilities, points without demand, points that no candidate reaches. The loss
    of none of them changes which choice covers most.
    """
    open_points = ~problem.present & (problem.demand > 0)
    return _group(problem.reach.T.tocsr(), np.where(open_points, problem.demand, 0.0))


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
    free = np.setdiff1d(np.arange(problem.n_candidates), np.concatenate((opened, closed)))
    left = np.where(problem.count(opened) > 0, 0.0, problem.weights)
    return _group(problem.covered_by[:, free], left), free


def _group(covered_by: csr_array, weights: NDArray[np.float64]) -> CoveringProblem:
    """Join points with equal rows; a loop over points, not over pairs: the key of a point is its row's bytes."""
    covered_by.sort_indices()
    indptr, indices = covered_by.indptr, covered_by.indices
    groups: dict[bytes, int] = {}
    kept = np.flatnonzero((np.diff(indptr) > 0) & (weights > 0))
    group = np.empty(len(kept), dtype=np.int64)
    first: list[int] = []
    for place, point in enumerate(kept):
        key = indices[indptr[point] : indptr[point + 1]].tobytes()
        group[place] = groups.setdefault(key, len(groups))
        if len(groups) > len(first):
            first.append(int(point))
    merged = np.bincount(group, weights=weights[kept], minlength=len(first)).astype(np.float64)
    cover = covered_by[np.array(first, dtype=np.int64)].T.tocsr()
    cover.sort_indices()
    return CoveringProblem(merged, cover)


def _sorting(ids: "gpd.pd.Series[str] | NDArray[np.object_]") -> NDArray[np.int64]:
    return np.argsort(np.asarray(ids, dtype=object), kind="stable")


def _require_same_ids(given: "gpd.pd.Series[str]", expected: NDArray[np.object_], what: str, where: str) -> None:
    differing = sorted(set(given) ^ set(expected), key=str)
    if differing or len(given) != len(expected):
        raise InputError(
            f"{what} and the {where} must have the same ids, got {len(given)} and {len(expected)}; "
            f"in only one of them {name_some(differing)}; compute the times for this table"
        )


def _require_same_search(times: TravelTimes, existing: TravelTimes) -> None:
    for name, ours, theirs in (
        ("mode", times.mode_name, existing.mode_name),
        ("speed", times.mode_description, existing.mode_description),
        ("direction", times.direction, existing.direction),
    ):
        if ours != theirs:
            raise ConfigError(
                f"the times of candidates and of existing facilities must have the same {name}, got {ours!r} and "
                f"{theirs!r}; compute both with the same settings"
            )
