"""Compiled search among choices of sites: gains of adding and exchanging kept up to date while sites come and go."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled


@compiled
def enter(
    site: int,
    slot: int,
    starts: NDArray[np.int64],
    groups: NDArray[np.int32],
    group_starts: NDArray[np.int64],
    candidates: NDArray[np.int32],
    weights: NDArray[np.float64],
    count: NDArray[np.int32],
    owner: NDArray[np.int32],
    gain: NDArray[np.float64],
    loss: NDArray[np.float64],
    shared: NDArray[np.float64],
) -> int:
    """Open a site in a slot and return the visits.

    `count` and `owner` are the number of open sites that cover each group and the sum of their slots; `gain` is what
    each candidate would add, `loss` what only the site in a slot covers, and `shared` (slots, candidates) the part of
    that which the candidate covers too.
    """
    visits = 0
    for k in range(starts[site], starts[site + 1]):
        group = groups[k]
        weight = weights[group]
        if count[group] == 0:
            for at in range(group_starts[group], group_starts[group + 1]):
                other = candidates[at]
                gain[other] -= weight
                shared[slot, other] += weight
            loss[slot] += weight
            visits += 2 * (group_starts[group + 1] - group_starts[group])
        elif count[group] == 1:
            alone = owner[group]
            for at in range(group_starts[group], group_starts[group + 1]):
                shared[alone, candidates[at]] -= weight
            loss[alone] -= weight
            visits += group_starts[group + 1] - group_starts[group]
        count[group] += 1
        owner[group] += slot
    return int(visits + starts[site + 1] - starts[site])


@compiled
def leave(
    site: int,
    slot: int,
    starts: NDArray[np.int64],
    groups: NDArray[np.int32],
    group_starts: NDArray[np.int64],
    candidates: NDArray[np.int32],
    weights: NDArray[np.float64],
    count: NDArray[np.int32],
    owner: NDArray[np.int32],
    gain: NDArray[np.float64],
    loss: NDArray[np.float64],
    shared: NDArray[np.float64],
) -> int:
    """Close the site in a slot and return the visits: the reverse of `enter`."""
    visits = 0
    for k in range(starts[site], starts[site + 1]):
        group = groups[k]
        weight = weights[group]
        count[group] -= 1
        owner[group] -= slot
        if count[group] == 0:
            for at in range(group_starts[group], group_starts[group + 1]):
                other = candidates[at]
                gain[other] += weight
                shared[slot, other] -= weight
            loss[slot] -= weight
            visits += 2 * (group_starts[group + 1] - group_starts[group])
        elif count[group] == 1:
            alone = owner[group]
            for at in range(group_starts[group], group_starts[group + 1]):
                shared[alone, candidates[at]] += weight
            loss[alone] += weight
            visits += group_starts[group + 1] - group_starts[group]
    return int(visits + starts[site + 1] - starts[site])


@compiled
def search_swaps(
    starts: NDArray[np.int64],
    groups: NDArray[np.int32],
    group_starts: NDArray[np.int64],
    candidates: NDArray[np.int32],
    weights: NDArray[np.float64],
    cost: NDArray[np.float64],
    budget: float,
    chosen: NDArray[np.int64],
    moves: int,
    visits_most: float,
    tenure: int,
    seed: int,
) -> tuple[NDArray[np.int64], float, float]:
    """Open, exchange and close sites, the best move at a time, within a budget.

    Without a `tenure` the search ends where no move covers more. With one it goes on to the best move that undoes none
    of the last ones (tabu search, Glover 1989) until `moves` or `visits_most` are spent.

    Parameters
    ----------
    starts, groups, group_starts, candidates, weights
        The covering problem, both ways.
    cost, budget
        What each candidate costs and what the choice may cost; whole numbers.
    chosen
        Shape (slots,): the candidate in each slot, -1 where it is empty.
    moves, visits_most, tenure, seed
        Most moves and visits; how many moves a site stays out or in after one (and up to as many more at random).

    Returns
    -------
    best, covered, visits
        The best choice found in slots, what it covers, and the visits of pairs.
    """
    n, n_slots = len(starts) - 1, len(chosen)
    count, owner = np.zeros(len(weights), np.int32), np.zeros(len(weights), np.int32)
    gain, loss, shared = np.zeros(n), np.zeros(n_slots), np.zeros((n_slots, n))
    until_in, until_out = np.zeros(n, np.int64), np.zeros(n_slots, np.int64)
    inside = np.zeros(n, np.bool_)
    visits = 0.0
    for site in range(n):
        for k in range(starts[site], starts[site + 1]):
            gain[site] += weights[groups[k]]
        visits += starts[site + 1] - starts[site]
    covered, spent = 0.0, 0.0
    site_of = chosen.copy()
    for slot in range(n_slots):
        if site_of[slot] >= 0:
            site = site_of[slot]
            covered += gain[site]
            spent += cost[site]
            inside[site] = True
            visits += enter(
                site, slot, starts, groups, group_starts, candidates, weights, count, owner, gain, loss, shared
            )
    best, most = site_of.copy(), covered
    state = np.uint64(seed)
    for move in range(1, moves + 1):
        if visits >= visits_most:
            break
        top, top_slot, top_site, n_equal = -np.inf, -1, -1, 0
        empty = -1
        for slot in range(n_slots):
            if site_of[slot] < 0:
                if empty >= 0:
                    continue
                empty = slot
            room = budget - spent
            if site_of[slot] >= 0:
                room += cost[site_of[slot]]
            stay = until_out[slot] > move
            for site in range(n):
                value = gain[site] + shared[slot, site] - loss[slot]
                if value < top or inside[site] or cost[site] > room:
                    continue
                if (stay or until_in[site] > move) and covered + value <= most:
                    continue
                if value > top:
                    top, top_slot, top_site, n_equal = value, slot, site, 1
                elif tenure > 0:  # of equal moves one at random
                    n_equal += 1
                    state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
                    if np.int64(state >> np.uint64(33)) % n_equal == 0:
                        top_slot, top_site = slot, site
        visits += 0.25 * n * n_slots
        if top_slot < 0 or (tenure == 0 and top <= 0):
            break
        old = site_of[top_slot]
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        stretch = 0 if tenure == 0 else tenure + np.int64(state >> np.uint64(33)) % tenure
        if old >= 0:
            visits += leave(
                old, top_slot, starts, groups, group_starts, candidates, weights, count, owner, gain, loss, shared
            )
            inside[old] = False
            spent -= cost[old]
            until_in[old] = move + 1 + stretch
        visits += enter(
            top_site, top_slot, starts, groups, group_starts, candidates, weights, count, owner, gain, loss, shared
        )
        inside[top_site] = True
        site_of[top_slot] = top_site
        spent += cost[top_site]
        until_out[top_slot] = move + 1 + stretch // 2
        covered += top
        if covered > most:
            most, best = covered, site_of.copy()
    return best, most, visits
