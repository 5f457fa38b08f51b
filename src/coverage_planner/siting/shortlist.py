"""Each site of a shortlist as if it alone were opened: what it adds, its rank, what sites take from each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.siting._problem import SitingProblem, build_problem
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import MS_PER_S


@dataclass(frozen=True, eq=False)
class Shortlist:
    """What each candidate would add if it alone were opened. Rows and columns are in the order of the tables.

    Attributes
    ----------
    table
        One row per candidate: ``id``; ``newly_covered_demand`` (within the cutoff of it and of no existing facility);
        ``overlap_existing_demand`` (within the cutoff of both); ``catchment_demand`` (their sum); ``mean_time_s``
        (demand-weighted over the catchment), ``new_mean_time_s`` and ``new_worst_time_s`` (mean, and longest, time of
        the newly covered demand; points without demand do not count), NaN where there is none; ``rank`` from 1.
    reach
        (n, d), CSR, int8: pairs within the cutoff, 2 where the candidate newly covers the point, 1 where an existing
        facility covers it already.
    present
        Shape (d,): whether an existing facility covers each demand point.
    grains, grain
        Shape (d,): demand in whole grains, and what one grain is worth: sums of grains are exact.
    """

    table: pd.DataFrame
    reach: csr_array
    present: NDArray[np.bool_]
    grains: NDArray[np.float64]
    grain: float

    @property
    def new(self) -> csr_array:
        """(n, d), CSR, ones: which candidate newly covers which point."""
        kept = self.reach.data == 2  # noqa: PLR2004 - newly covered
        rows = np.repeat(np.arange(self.reach.shape[0]), np.diff(self.reach.indptr))
        pairs = (rows[kept], self.reach.indices[kept])
        return csr_array((np.ones(int(kept.sum())), pairs), shape=self.reach.shape)

    def amount(self, grains: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return grains as demand; dividing by a power of ten is exact where multiplying is not."""
        return grains / round(1 / self.grain) if self.grain < 1 else grains * self.grain

    def shared(self) -> csr_array:
        r"""Return the demand that two candidates would both newly cover, (n, n), CSR, without its diagonal.

        With :math:`U` the points that no existing facility covers, :math:`N_j` those within the cutoff of candidate
        :math:`j` and :math:`w_i` the demand, it is :math:`s_{jk} = \sum_{i \in U \cap N_j \cap N_k} w_i`: what
        :math:`j` no longer adds once :math:`k` is open, and the other way round.
        """
        new = self.new
        weighed = csr_array((self.grains[new.indices], new.indices, new.indptr), shape=new.shape)
        both = (weighed @ new.T).tocoo()
        kept = (both.coords[0] != both.coords[1]) & (both.data > 0)
        pairs = (both.coords[0][kept], both.coords[1][kept])
        found = csr_array((self.amount(both.data[kept]), pairs), shape=both.shape)
        found.sort_indices()
        return found


def rate_shortlist(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    existing: TravelTimes | None = None,
) -> Shortlist:
    """Say what each candidate would add to the existing facilities if it alone were opened, and rank them.

    The ranking is that of the maximal covering location problem (`solve_mclp`) for one site: most demand newly covered;
    of equal ones the shortest demand-weighted time over all covered demand, each point to its nearest facility; then
    the least cost (a missing one counts as zero); then the smallest id. Sums are exact, so that the order of rows
    cannot change a rank.

    Parameters
    ----------
    times
        Times of the candidates (rows) to the demand points (columns).
    demand
        Columns ``id``, ``demand``.
    candidates
        Columns ``id`` and, if known, ``cost``.
    cutoff_s
        Longest acceptable time in seconds, at most the limit of the searches; equal counts as covered.
    existing
        Times of the facilities that stay open; None where there are none.

    Returns
    -------
    Shortlist
        One row per candidate, in the order of the table.

    Raises
    ------
    ConfigError
        The cutoff is out of range; the searches differ in mode or direction.
    CrsError, SchemaError, InputError
        A table is not as its schema says, or not the one the times were computed for.
    """
    problem = build_problem(times, demand, candidates, cutoff_s=cutoff_s, existing=existing)
    found = problem.times_ms
    n, points, milliseconds = found.shape[0], found.indices, found.data.astype(np.float64)
    row = np.repeat(np.arange(n), np.diff(found.indptr))
    new = ~problem.present[points]
    people, counted = problem.demand[points], problem.demand[points] > 0

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(row, weights=values, minlength=n).astype(np.float64)

    catchment, newly = total(people), total(people * new)
    worst = np.full(n, -np.inf)
    np.maximum.at(worst, row[new & counted], milliseconds[new & counted])
    saved = np.minimum(milliseconds - problem.present_ms[points], 0.0)  # where the candidate is the nearer one
    added_time = total(problem.time_demand[points] * np.where(new, milliseconds, saved))
    place = np.lexsort((np.arange(n), problem.cost, added_time, -newly))
    rank = np.empty(n, dtype=np.int64)
    rank[place] = np.arange(1, n + 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        figures: dict[str, NDArray[Any]] = {
            "newly_covered_demand": newly,
            "overlap_existing_demand": catchment - newly,
            "catchment_demand": catchment,
            "mean_time_s": total(people * milliseconds) / catchment / MS_PER_S,
            "new_mean_time_s": total(people * milliseconds * new) / newly / MS_PER_S,
            "new_worst_time_s": np.where(newly > 0, worst, np.nan) / MS_PER_S,
            "rank": rank,
        }
    return _in_order_of_tables(problem, candidates, figures, new)


def _in_order_of_tables(
    problem: SitingProblem,
    candidates: gpd.GeoDataFrame,
    figures: Mapping[str, NDArray[Any]],
    new: NDArray[np.bool_],
) -> Shortlist:
    """Turn rows and columns sorted by id back into the order of the tables; demand into the table's own numbers."""
    n, d = problem.times_ms.shape

    def placed(values: NDArray[Any], order: NDArray[np.int64]) -> NDArray[Any]:
        back = np.empty_like(values)
        back[order] = values
        return back

    indptr = problem.times_ms.indptr
    row = np.repeat(problem.order, np.diff(indptr))
    column = problem.demand_order[problem.times_ms.indices]
    reach = csr_array(((1 + new).astype(np.int8), (row, column)), shape=(n, d))
    reach.sort_indices()
    shortlist = Shortlist(
        pd.DataFrame({"id": candidates["id"].to_numpy(dtype=object)}),
        reach,
        np.asarray(placed(problem.present, problem.demand_order), dtype=bool),
        np.asarray(placed(problem.demand, problem.demand_order), dtype=np.float64),
        problem.grain,
    )
    for name, values in figures.items():
        whole = shortlist.amount(values) if name.endswith("_demand") else values
        shortlist.table[name] = placed(whole, problem.order)
    return shortlist
