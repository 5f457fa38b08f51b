"""Which single changes of a choice keep to its rules."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting.rules import Rules

_Sites = NDArray[np.int64]


def allowed_exchanges(rules: Rules, sites: _Sites) -> NDArray[np.bool_]:
    """Which candidates may take the place of which site, shape (n, len(sites)).

    Required sites may be exchanged here; who wants to keep them says so (`keep`). The choice itself must keep to
    the rules, and so does it after each exchange allowed.
    """
    n, n_sites = rules.n_candidates, len(sites)
    enters = np.ones(n, dtype=bool)
    enters[rules.forbidden] = False
    enters[sites] = False
    allowed = np.repeat(enters[:, np.newaxis], n_sites, axis=1)
    if rules.budget is not None:
        left = rules.budget - rules.cost[sites].sum()
        allowed &= rules.cost[:, np.newaxis] <= rules.cost[sites] + left
    for limit in rules.limits:
        inside = np.zeros(n, dtype=np.int64)
        inside[limit.members] = 1
        after = inside[sites].sum() + inside[:, np.newaxis] - inside[sites]
        allowed &= (after >= limit.least) & (after <= limit.most)
    if len(rules.too_near):
        near = _near(rules, sites)
        allowed &= near.sum(axis=1, keepdims=True) == near
    return allowed


def allowed_additions(rules: Rules, sites: _Sites) -> NDArray[np.bool_]:
    """Which candidates may be added to a choice without breaking an upper limit, shape (n,).

    `n_open` and the least numbers of quotas are not looked at: a choice that is still growing has not reached them.
    """
    n = rules.n_candidates
    allowed = np.ones(n, dtype=bool)
    allowed[rules.forbidden] = False
    allowed[sites] = False
    if rules.budget is not None:
        allowed &= rules.cost <= rules.budget - rules.cost[sites].sum()
    for limit in rules.limits:
        if np.isin(sites, limit.members).sum() >= limit.most:
            allowed[limit.members] = False
    if len(rules.too_near):
        allowed &= ~_near(rules, sites).any(axis=1)
    return allowed


def keep(allowed: NDArray[np.bool_], sites: _Sites, kept: _Sites) -> NDArray[np.bool_]:
    """Take away the exchanges in which one of `kept` leaves."""
    return allowed & ~np.isin(sites, kept)


def only_among(rules: Rules, among: _Sites) -> Rules:
    """Return the rules of some candidates alone, numbered as they stand in `among`; it must hold all required."""
    number = np.full(rules.n_candidates, -1, dtype=np.int64)
    number[among] = np.arange(len(among))

    def renumber(members: NDArray[np.int64]) -> NDArray[np.int64]:
        return number[members][number[members] >= 0]

    near = number[rules.too_near]
    return replace(
        rules,
        n_candidates=len(among),
        cost=rules.cost[among],
        required=renumber(rules.required),
        forbidden=renumber(rules.forbidden),
        limits=tuple(replace(limit, members=renumber(limit.members)) for limit in rules.limits),
        too_near=near[(near >= 0).all(axis=1)],
        ids=rules.ids[among],
    )


def _near(rules: Rules, sites: _Sites) -> NDArray[np.bool_]:
    """Which candidates are too near to which site, shape (n, len(sites))."""
    near = np.zeros((rules.n_candidates, len(sites)), dtype=bool)
    place = np.full(rules.n_candidates, -1, dtype=np.int64)
    place[sites] = np.arange(len(sites))
    for one, other in (rules.too_near.T, rules.too_near.T[::-1]):
        hit = place[other] >= 0
        near[one[hit], place[other[hit]]] = True
    return near
