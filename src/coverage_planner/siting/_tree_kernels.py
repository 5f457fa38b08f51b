"""Compiled search for prices in a branch, where one site must open in each of some regions."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled


@compiled
def price_branch(
    starts: NDArray[np.int64],
    groups: NDArray[np.int32],
    weights: NDArray[np.float64],
    alive: NDArray[np.int64],
    region: NDArray[np.int64],
    n_regions: int,
    n_sites: int,
    target: float,
    steps: int,
    patience: int,
    length: float,
    share: NDArray[np.float64],
    leaning: NDArray[np.float64],
) -> int:
    """Lower the bound of a branch by deflected subgradients, as `find_prices` does; return the visits of pairs.

    Parameters
    ----------
    starts, groups, weights
        The covering problem.
    alive
        Candidates that may open.
    region
        Shape (n,): number of the region that a candidate lies in, -1 outside of all; in each one site must open.
    n_regions, n_sites
        How many regions, and how many sites open in all.
    target
        Where the search stops.
    steps, patience, length
        Most steps; after how many without a better bound they are shortened; the first as a share of Polyak's.
    share, leaning
        Prices over weights and how often a candidate was chosen lately: both are improved in place.
    """
    n_groups, n_free = len(weights), n_sites - n_regions
    best_share = share.copy()
    lowest, waited, visits = np.inf, 0, 0
    direction, count = np.zeros(n_groups), np.zeros(n_groups)
    first, first_earned = np.empty(n_regions, np.int64), np.empty(n_regions)
    top, top_earned = np.empty(n_free + 1, np.int64), np.empty(n_free + 1)
    for _ in range(steps):
        bound = 0.0
        for group in range(n_groups):
            bound += weights[group] * (1.0 - share[group])
            count[group] = 0.0
        first_earned[:] = -1.0
        n_top = 0
        for place in range(len(alive)):
            site = alive[place]
            earned = 0.0
            for k in range(starts[site], starts[site + 1]):
                earned += weights[groups[k]] * share[groups[k]]
            visits += starts[site + 1] - starts[site]
            if region[site] >= 0:
                if earned <= first_earned[region[site]]:
                    at = site
                else:
                    old = first_earned[region[site]]
                    at = first[region[site]]
                    first[region[site]], first_earned[region[site]] = site, earned
                    earned = old
                if earned < 0:
                    continue
            else:
                at = site
            k = n_top
            while k > 0 and top_earned[k - 1] < earned:
                top[k], top_earned[k] = top[k - 1], top_earned[k - 1]
                k -= 1
            if k < n_free:
                top[k], top_earned[k] = at, earned
                n_top = min(n_top + 1, n_free)
        for place in range(len(alive)):
            leaning[alive[place]] *= 0.95
        for k in range(n_regions + n_top):
            site = first[k] if k < n_regions else top[k - n_regions]
            bound += first_earned[k] if k < n_regions else top_earned[k - n_regions]
            leaning[site] += 0.05
            for at in range(starts[site], starts[site + 1]):
                count[groups[at]] += 1.0
        if bound < lowest * (1.0 - 1e-6):
            waited = 0
        else:
            waited += 1
        if bound < lowest:
            lowest = bound
            best_share[:] = share
        if lowest < target:
            break
        if waited >= patience:
            length *= 0.7
            waited = 0
            share[:] = best_share
            direction[:] = 0.0
            continue
        norm = 0.0
        for group in range(n_groups):
            direction[group] = count[group] - 1.0 + 0.9 * direction[group]
            move = direction[group]
            if (share[group] >= 1.0 and move < 0.0) or (share[group] <= 0.0 and move > 0.0):
                continue
            norm += weights[group] * move * move
        if norm == 0.0:
            break
        scale = length * (bound - target) / norm
        for group in range(n_groups):
            share[group] = min(max(share[group] - scale * direction[group], 0.0), 1.0)
    share[:] = best_share
    return visits
