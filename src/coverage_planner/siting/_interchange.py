"""Good choices of sites without proof: greedy adding, interchange, and interchange restarted from shaken choices."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.siting._problem import CoveringProblem, SitingProblem, members
from coverage_planner.units import UNREACHED_MS

#: Random numbers shake choices; the seed is fixed so that a run can be repeated.
_SEED = 1974
#: Gains are blurred by up to this share, so that a shaken choice does not fall back at once.
_BLUR = 0.3


def add_greedily(problem: CoveringProblem, n_open: int) -> NDArray[np.int64]:
    """Open the site that adds most demand, `n_open` times; equal ones by the lower number.

    Returns
    -------
    numpy.ndarray
        Shape (n_open,): candidate numbers in the order of opening. Covers at least 1 - 1/e of the best choice
        (Cornuéjols, Fisher & Nemhauser 1977).
    """
    left = problem.weights.copy()
    chosen = np.empty(n_open, dtype=np.int64)
    for place in range(n_open):
        gain = problem.cover @ left
        gain[chosen[:place]] = -1.0
        chosen[place] = np.argmax(gain)
        left[members(problem.cover, chosen[place])] = 0.0
    return chosen


def interchange(problem: CoveringProblem, sites: NDArray[np.int64]) -> NDArray[np.int64]:
    """Exchange one site for another as long as that covers more (Teitz & Bart 1968), ascending numbers.

    Each site in turn goes for the candidate that adds most without it. Sums are exact, so every exchange adds at least
    one grain and the search ends.
    """
    chosen = np.sort(sites)
    times_covered = problem.count(chosen)
    improved = True
    while improved:
        improved = False
        for place, site in enumerate(chosen):
            times_covered[members(problem.cover, site)] -= 1
            gain = problem.cover @ np.where(times_covered == 0, problem.weights, 0.0)
            gain[np.delete(chosen, place)] = -1.0
            best = int(np.argmax(gain))
            if gain[best] > gain[site]:
                chosen[place] = best
                improved = True
            times_covered[members(problem.cover, chosen[place])] += 1
    return np.sort(chosen)


def shake(problem: CoveringProblem, sites: NDArray[np.int64], *, rounds: int) -> NDArray[np.int64]:
    """Take some sites away at random, add others greedily on blurred gains, interchange; keep what is no worse.

    An iterated local search (Lourenço, Martin & Stützle 2003) with a fixed seed.

    Parameters
    ----------
    problem
        The problem.
    sites
        Candidate numbers to start from.
    rounds
        How many times.

    Returns
    -------
    numpy.ndarray
        Candidate numbers, ascending; they cover at least as much as `sites`.
    """
    random = np.random.default_rng(_SEED)
    best, most = np.sort(sites), problem.covered(sites)
    n_open = len(best)
    for _ in range(rounds):
        n_taken = int(random.integers(1, max(2, n_open // 8) + 1))
        kept = random.permutation(best)[min(n_taken, n_open) :]
        left = np.where(problem.count(kept) > 0, 0.0, problem.weights)
        while len(kept) < n_open:
            gain = (problem.cover @ left) * random.uniform(1 - _BLUR, 1 + _BLUR, problem.n_candidates)
            gain[kept] = -1.0
            site = int(np.argmax(gain))
            kept = np.append(kept, site)
            left[members(problem.cover, site)] = 0.0
        found = interchange(problem, kept)
        covered = problem.covered(found)
        if covered >= most:
            best, most = found, covered
    return best


def interchange_ties(problem: SitingProblem, sites: NDArray[np.int64], *, sweeps: int = 20) -> NDArray[np.int64]:
    """Exchange one site for another as long as the choice gets better in the order of the tie-break.

    First more covered demand, then less demand-weighted time, then less cost, then smaller ids. The result cannot be
    bettered by exchanging one site (unless the sweeps run out), but by exchanging several it may be.

    Parameters
    ----------
    problem
        The problem with times.
    sites
        Candidate numbers to start from.
    sweeps
        How many times each site in turn may be exchanged.

    Returns
    -------
    numpy.ndarray
        Candidate numbers, ascending.
    """
    chosen = np.sort(sites)
    for _ in range(sweeps):
        before = chosen
        for site in before:
            kept = chosen[chosen != site]
            chosen = np.sort(np.append(kept, _best_addition(problem, kept)))
        if (chosen == before).all():
            break
    return chosen


def _best_addition(problem: SitingProblem, kept: NDArray[np.int64]) -> int:
    """Find the candidate that goes best with the sites kept, in the order of the tie-break."""
    nearest = problem.nearest_ms(kept)
    left = nearest == UNREACHED_MS
    gain = problem.reach @ np.where(left, problem.demand, 0.0)
    gain[kept] = -1.0
    rows = np.flatnonzero(gain == gain.max())
    times = problem.times_ms[rows]
    change = np.where(left[times.indices], times.data, np.minimum(times.data - nearest[times.indices], 0.0))
    weighted = csr_array((change, times.indices, times.indptr), shape=times.shape) @ problem.time_demand
    return int(rows[np.lexsort((rows, problem.cost[rows], weighted))[0]])
