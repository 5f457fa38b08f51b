"""What each chosen site means to a planner."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.siting._problem import SitingProblem
from coverage_planner.units import MS_PER_S

#: Columns that `describe_sites` adds to the candidates'.
SITE_FIGURES = (
    "order", "added_demand", "newly_covered_demand", "overlap_existing_demand", "overlap_sites_demand",
    "catchment_demand", "mean_time_s",
)  # fmt: skip


def describe_sites(
    problem: SitingProblem, candidates: gpd.GeoDataFrame, demand: NDArray[np.float64], sites: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    """Return the chosen rows of the candidates table with what each site adds and overlaps.

    Parameters
    ----------
    problem
        The problem that was solved.
    candidates
        The candidates table.
    demand
        Shape (d,): the demand column of the demand table.
    sites
        Candidate numbers of `problem`.

    Returns
    -------
    geopandas.GeoDataFrame
        The chosen rows in the order of opening, RangeIndex, with these columns besides their own:

        - ``order``: 1 for the site that adds most demand to the existing facilities, 2 for the one that then adds most,
          and so on; equal ones by shorter weighted time, then id.
        - ``added_demand``: what it adds in that order, each point counted once: adds up to the demand gained.
        - ``newly_covered_demand``: demand within the cutoff that no existing facility covers, whatever other sites do.
        - ``overlap_existing_demand``: demand within the cutoff that an existing facility covers too.
        - ``overlap_sites_demand``: demand within the cutoff that another chosen site covers too.
        - ``catchment_demand``: all demand within the cutoff.
        - ``mean_time_s``: demand-weighted mean time over the catchment, seconds; NaN where it has no demand.
    """
    weights = demand[problem.demand_order]
    times = problem.times_ms[sites]
    points, milliseconds = times.indices, times.data
    row = np.repeat(np.arange(len(sites)), np.diff(times.indptr))
    shared = np.bincount(points, minlength=len(weights)) > 1

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(row, weights=values, minlength=len(sites)).astype(np.float64)

    pair_demand = weights[points]
    catchment = total(pair_demand)
    weighted = total(pair_demand * milliseconds)
    mean_time = np.divide(weighted, catchment * MS_PER_S, out=np.full(len(sites), np.nan), where=catchment > 0)
    order, added = _opening_order(problem, sites, weights, weighted)
    figures = pd.DataFrame(
        {
            "order": order,
            "added_demand": added,
            "newly_covered_demand": total(pair_demand * ~problem.present[points]),
            "overlap_existing_demand": total(pair_demand * problem.present[points]),
            "overlap_sites_demand": total(pair_demand * shared[points]),
            "catchment_demand": catchment,
            "mean_time_s": mean_time,
        }
    )
    rows = problem.order[sites]
    standing = np.argsort(order)
    chosen = candidates.iloc[rows[standing]].reset_index(drop=True)
    columns = {str(name): figures[name].to_numpy()[standing] for name in figures}
    return chosen.assign(**columns)


def _opening_order(
    problem: SitingProblem, sites: NDArray[np.int64], weights: NDArray[np.float64], weighted_ms: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order the sites by what they add; return each site's place from 1 and what it adds there."""
    times = problem.times_ms[sites]
    reach = csr_array((np.ones(len(times.indices)), times.indices, times.indptr), shape=times.shape)
    left = ~problem.present
    order, added = np.zeros(len(sites), dtype=np.int64), np.zeros(len(sites))
    for place in range(1, len(sites) + 1):
        gain = np.where(order == 0, reach @ np.where(left, problem.demand, 0.0), -1.0)
        site = int(np.lexsort((sites, weighted_ms, -gain))[0])
        points = reach.indices[reach.indptr[site] : reach.indptr[site + 1]]
        order[site] = place
        added[site] = weights[points][left[points]].sum()
        left[points] = False
    return order, added
