"""Good choices of sites without proof: greedy adding, interchange, and tabu search; and the search among ties."""

import heapq

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.siting._prices import Room, sum_rows
from coverage_planner.siting._problem import CoveringProblem, SitingProblem
from coverage_planner.siting._swap_kernels import search_swaps
from coverage_planner.siting.effort import Effort
from coverage_planner.siting.rules import Rules
from coverage_planner.units import UNREACHED_MS

#: The table of what each open site shares with each candidate has at most so many entries.
SHARED_MOST = 40_000_000
#: Places beyond those that greedy adding fills, for choices of more and cheaper sites.
_SPARE_PLACES = 8
_MOVES_MOST = 10**9


def add_greedily(problem: CoveringProblem, room: Room, sites: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Open the site that adds most demand, or most for its cost, as long as there is room; equal ones by lower number.

    Gains only fall as sites open, so one is worked out anew only when it might be the largest (Minoux 1978).

    Returns
    -------
    numpy.ndarray
        Candidate numbers in the order of opening, after those of `sites`. Where the number of sites is given exactly
        so many, even if some add nothing, which cover at least 1 - 1/e of the best choice (Cornuéjols, Fisher &
        Nemhauser 1977).
    """
    chosen = [] if sites is None else sites.tolist()
    open_already = set(chosen)
    left = np.where(problem.count(np.array(chosen, dtype=np.int64)) > 0, 0.0, problem.weights)
    money = room.budget - float(room.cost[chosen].sum())
    gains = sum_rows(problem, left)
    queue = [(-_worth(gains[k], room.cost[k]), k) for k in range(problem.n_candidates) if k not in open_already]
    heapq.heapify(queue)
    fresh = np.full(problem.n_candidates, len(chosen))
    while queue:
        value, site = queue[0]
        if room.cost[site] > money or (value == 0 and not room.is_number):
            heapq.heappop(queue)
        elif fresh[site] < len(chosen):
            fresh[site] = len(chosen)
            gain = float(left[problem.groups_of(site)].sum())
            heapq.heapreplace(queue, (-_worth(gain, room.cost[site]), site))
        else:
            heapq.heappop(queue)
            chosen.append(site)
            money -= float(room.cost[site])
            left[problem.groups_of(site)] = 0.0
    return np.array(chosen, dtype=np.int64)


def _worth(gain: float, cost: float) -> float:
    return gain / cost if cost > 0 else np.inf if gain > 0 else 0.0


def places_for(room: Room, sites: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put sites into places, -1 where one is empty: as many as may open, within reason."""
    most = room.most_sites()
    places = np.full(max(len(sites), min(most, 2 * len(sites) + _SPARE_PLACES)), -1, dtype=np.int64)
    places[: len(sites)] = sites
    return places


def interchange(
    problem: CoveringProblem,
    room: Room,
    sites: NDArray[np.int64],
    *,
    tenure: int = 0,
    visits: float = np.inf,
    seed: int = 0,
) -> tuple[NDArray[np.int64], float]:
    """Exchange one site for another as long as that covers more (Teitz & Bart 1968), and add one where there is room.

    Parameters
    ----------
    problem, room, sites
        The problem, what may open, and the choice to start from.
    tenure
        With more than 0 the search goes on to worse choices (tabu search, Glover 1989) until `visits` are spent; a
        site that moved stays for so many moves and up to as many more at random.
    visits
        Most visits of pairs.
    seed
        Of the random numbers.

    Returns
    -------
    sites
        Candidate numbers, ascending; they cover no less. Without a `tenure` and within `visits`, no exchange of one
        site covers more.
    visits
        Work spent.
    """
    places = places_for(room, sites)
    if not len(places) or len(places) * problem.n_candidates > SHARED_MOST:
        return np.sort(sites), 0.0
    best, _, spent = search_swaps(
        problem.starts, problem.groups, *problem.by_group, problem.weights, room.cost, room.budget, places,
        _MOVES_MOST, float(visits), tenure, seed,
    )  # fmt: skip
    return np.sort(best[best >= 0]), float(spent)


def interchange_ties(
    problem: SitingProblem, sites: NDArray[np.int64], rules: Rules | None = None, *, sweeps: int = 20
) -> NDArray[np.int64]:
    """Exchange one site for another as long as the choice gets better in the order of the tie-break.

    First more covered demand, then less demand-weighted time, then less cost, then smaller ids. The result cannot be
    bettered by exchanging one site (unless the sweeps run out), but by exchanging several it may be.

    Parameters
    ----------
    problem
        The problem with times.
    sites
        Candidate numbers to start from.
    rules
        What the choice must keep to; only their number where None.
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
            if rules is not None and site in rules.required:
                continue
            kept = chosen[chosen != site]
            chosen = np.sort(np.append(kept, _best_addition(problem, kept, rules)))
        if (chosen == before).all():
            break
    return chosen


def _best_addition(problem: SitingProblem, kept: NDArray[np.int64], rules: Rules | None) -> int:
    """Find the candidate that goes best with the sites kept, in the order of the tie-break."""
    nearest = problem.nearest_ms(kept)
    left = nearest == UNREACHED_MS
    gain = problem.sum_rows(np.where(left, problem.demand, 0.0))
    gain[kept] = -1.0
    if rules is not None:
        gain[~allowed_beside(rules, kept)] = -1.0
    rows = np.flatnonzero(gain == gain.max())
    times = problem.times_ms[rows]
    milliseconds = times.data.astype(np.float64)
    change = np.where(left[times.indices], milliseconds, np.minimum(milliseconds - nearest[times.indices], 0.0))
    weighted = csr_array((change, times.indices, times.indptr), shape=times.shape) @ problem.time_demand
    return int(rows[np.lexsort((rows, problem.cost[rows], weighted))[0]])


def allowed_beside(rules: Rules, kept: NDArray[np.int64], *, is_last: bool = True) -> NDArray[np.bool_]:
    """Which candidates may open beside the sites kept, shape (n,).

    The last site must complete quotas that ask for so many at least; before it they are left for later.
    """
    allowed = np.ones(rules.n_candidates, dtype=bool)
    allowed[rules.forbidden] = False
    allowed[kept] = False
    if rules.budget is not None:
        allowed &= rules.cost <= rules.budget - rules.cost[kept].sum()
    for limit in rules.limits:
        n_inside = int(np.isin(limit.members, kept).sum())
        inside = np.isin(np.arange(rules.n_candidates), limit.members)
        if n_inside >= limit.most:
            allowed &= ~inside
        if is_last and n_inside < limit.least:
            allowed &= inside if n_inside == limit.least - 1 else False
    near = np.isin(rules.too_near, kept)
    allowed[rules.too_near[near[:, 0], 1]] = False
    allowed[rules.too_near[near[:, 1], 0]] = False
    return allowed


def add_by_rules(problem: CoveringProblem, rules: Rules) -> NDArray[np.int64]:
    """Open the allowed site that adds most demand, for its cost, as long as there is one, after the required ones.

    The choice may be short of what the rules ask for: see `Rules.broken_by`.
    """
    chosen = rules.required
    while rules.n_open is None or len(chosen) < rules.n_open:
        left = np.where(problem.count(chosen) > 0, 0.0, problem.weights)
        gain = sum_rows(problem, left)
        allowed = allowed_beside(rules, chosen, is_last=False)
        for limit in rules.limits:  # what is asked for comes first
            if int(np.isin(limit.members, chosen).sum()) < limit.least:
                inside = allowed & np.isin(np.arange(rules.n_candidates), limit.members)
                allowed = inside if inside.any() else allowed
        if rules.n_open is None:
            allowed &= gain > 0
            gain = gain / np.maximum(rules.cost, 1e-9)
        if not allowed.any():
            break
        chosen = np.append(chosen, np.argmax(np.where(allowed, gain, -1.0)))
    return np.sort(chosen)


def interchange_by_rules(
    problem: CoveringProblem, rules: Rules, sites: NDArray[np.int64], effort: Effort
) -> NDArray[np.int64]:
    """Exchange one site for another that the rules allow beside the rest, as long as that covers more."""
    chosen, improved = np.sort(sites), True
    while improved and effort.may_go_on():
        improved = False
        for site in np.setdiff1d(chosen, rules.required):
            kept = chosen[chosen != site]
            gain = sum_rows(problem, np.where(problem.count(kept) > 0, 0.0, problem.weights))
            effort.spend(problem.n_pairs)
            best = int(np.argmax(np.where(allowed_beside(rules, kept), gain, -1.0)))
            if gain[best] > gain[site] and allowed_beside(rules, kept)[best]:
                chosen, improved = np.sort(np.append(kept, best)), True
    return chosen
