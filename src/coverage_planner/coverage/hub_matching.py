"""Satellites to hubs with limited room: as many as can be, then least total, then by the order of the table.

A transport problem with unit supplies, solved by successive shortest paths (Busacker & Gowen 1960; Ahuja, Magnanti &
Orlin 1993, chapter 9): everybody goes to the nearest hub first, then hubs that have too many hand on one satellite at a
time along the cheapest chain of moves. Chains are looked for among hubs, of which there are few, so satellites cost
little. All numbers are whole: the answer is exact and the same everywhere.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import InputError

_Ints = NDArray[np.int64]

#: A pair that may not be. Half of it is more than any sum of allowed costs.
NEVER = np.int64(2**61)
_HALF = np.int64(2**60)
#: A table of costs must add up to less, so that chains of moves stay within 64 bits.
_MOST = 2**58


def match_hubs(cost: _Ints, room: int | None) -> _Ints:
    """Match satellites with hubs: as many as can be, then least total, then in the order of the rows.

    Parameters
    ----------
    cost
        Shape (s, h), whole and at least 0: what each satellite costs with each hub; `NEVER` where it may not be.
    room
        How many satellites a hub can take; None: any number.

    Returns
    -------
    numpy.ndarray
        Shape (s,), int64: each satellite's hub, -1 for none. Of all matchings with most satellites and, among these,
        the least total, the one in which the first satellite has the first hub that it can have, then the second, and
        so on; none comes after every hub.

    Raises
    ------
    InputError
        The costs are too large to be added up exactly.
    """
    n, n_hubs = cost.shape
    allowed = cost < NEVER
    # having no hub costs more than all hubs together
    nobody = np.int64(np.where(allowed, cost, 0).max(axis=1, initial=0).sum() + 1)
    if int(nobody) * (n_hubs + 2) >= _MOST:
        raise InputError(
            f"what satellites cost with hubs must add up to less than {_MOST // (n_hubs + 2)}, got {nobody - 1}; set a "
            "radius"
        )
    table = np.column_stack((cost, np.full(n, nobody, dtype=np.int64)))
    rooms = np.full(n_hubs + 1, n if room is None else min(room, n), dtype=np.int64)
    rooms[-1] = n + 1
    at = table.argmin(axis=1).astype(np.int64) if n else np.empty(0, dtype=np.int64)
    _hand_on(table, rooms, at)
    _put_in_order(table, rooms, at)
    return np.where(at == n_hubs, -1, at)


def _moves(table: _Ints, members: _Ints, hub: int) -> tuple[_Ints, _Ints]:
    """Return what moving one of the members from a hub to each hub costs at least, and which one it is."""
    if not len(members):
        return np.full(table.shape[1], NEVER), np.full(table.shape[1], -1, dtype=np.int64)
    row = table[members] - table[members, hub][:, np.newaxis]
    row[table[members] == NEVER] = NEVER
    best = row.argmin(axis=0)
    return row[best, np.arange(table.shape[1])], members[best]


def _cheapest_chains(moves: _Ints, start: int) -> tuple[_Ints, _Ints]:
    """Return the cost of the cheapest chain of moves from a hub to every hub, and the hub before the last move.

    Bellman (1958) and Ford: moves may gain, but no round of moves does.
    """
    cost = np.full(len(moves), NEVER)
    cost[start] = 0
    before = np.full(len(moves), -1, dtype=np.int64)
    while True:
        through = np.where((cost[:, np.newaxis] < _HALF) & (moves < _HALF), cost[:, np.newaxis] + moves, NEVER)
        last = through.argmin(axis=0)
        better = through[last, np.arange(len(moves))] < cost
        if not better.any():
            return cost, before
        cost[better] = through[last, np.arange(len(moves))][better]
        before[better] = last[better]


def _chain(before: _Ints, start: int, end: int) -> list[int]:
    hubs = [end]
    while hubs[-1] != start:
        hubs.append(int(before[hubs[-1]]))
    return hubs[::-1]


def _hand_on(table: _Ints, rooms: _Ints, at: _Ints) -> None:
    """Empty the hubs that have too many, one satellite at a time along the cheapest chain of moves; changes `at`."""
    n_hubs = table.shape[1]
    hands = [_moves(table, np.flatnonzero(at == hub), hub) for hub in range(n_hubs)]
    count = np.bincount(at, minlength=n_hubs)
    while (count > rooms).any():
        start = int(np.flatnonzero(count > rooms)[0])
        cost, before = _cheapest_chains(np.stack([cost for cost, _ in hands]), start)
        cost[count >= rooms] = NEVER
        chain = _chain(before, start, int(cost.argmin()))
        moved = [(int(hands[here][1][there]), there) for here, there in pairwise(chain)]
        for satellite, there in moved:
            at[satellite] = there
        for hub in chain:
            hands[hub] = _moves(table, np.flatnonzero(at == hub), hub)
        count = np.bincount(at, minlength=n_hubs)


def _put_in_order(table: _Ints, rooms: _Ints, at: _Ints) -> None:
    """Give each satellite in turn the first hub that it has in any best matching; changes `at`.

    A satellite may change hubs for nothing when a round of moves through its new hub back to its old one costs nothing,
    moves of satellites before it left out. A free place moves too, at no cost.
    """
    n_hubs = table.shape[1]
    free = np.ones(len(at), dtype=bool)
    hands = [_moves(table, np.flatnonzero(at == hub), hub) for hub in range(n_hubs)]
    for satellite in range(len(at)):
        free[satellite] = False
        here = int(at[satellite])
        hands[here] = _moves(table, np.flatnonzero(free & (at == here)), here)
        earlier = np.flatnonzero(table[satellite, :here] < NEVER)
        if not len(earlier):
            continue
        moves = np.stack([cost for cost, _ in hands])
        spare = (np.bincount(at, minlength=n_hubs) < rooms)[:, np.newaxis] & (moves > 0)
        moves[spare] = 0
        back, after = _cheapest_chains(moves.T, here)
        for_nothing = earlier[table[satellite, earlier] - table[satellite, here] + back[earlier] == 0]
        if len(for_nothing):
            hub = int(for_nothing[0])
            chain = _chain(after, here, hub)[::-1]
            moved = [(int(hands[one][1][other]), other) for one, other in pairwise(chain) if not spare[one, other]]
            at[satellite] = hub
            for other, there in moved:
                at[other] = there
            for one in chain:
                hands[one] = _moves(table, np.flatnonzero(free & (at == one)), one)
