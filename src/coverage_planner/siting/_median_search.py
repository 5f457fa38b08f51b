"""Good choices for the p-median without proof: greedy adding, fast interchange, and interchange from shaken choices.

The interchange keeps, for every candidate and every open site, what their exchange would save, and renews only what an
exchange has changed (Resende & Werneck 2007, after Whitaker 1983). All sums are whole numbers, so the search takes the
same way whatever the order of the input.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._median_kernels import earn, find_exchange, renew
from coverage_planner.siting._median_problem import MedianProblem
from coverage_planner.siting.effort import Effort

#: Random numbers shake choices; the seed is fixed so that a run can be repeated.
_SEED = 1977
#: Gains are blurred by up to this share, so that a shaken choice does not fall back at once.
_BLUR = 0.3
#: A shaken choice lacks up to this share of its sites, and at least two may go.
_TAKEN = 8
#: With a budget at most so many savings of exchanges are kept; more sites than that allows are not looked for.
_SAVINGS_MOST = 20_000_000
#: So many exchanges are held against the rules at most, the best first.
_TRIES_MOST = 2000
#: So many exchanges of equal cost at most.
_EQUAL_EXCHANGES_MOST = 1000

_Sites = NDArray[np.int64]
#: Whether a choice of free candidates keeps the rules.
Allowed = Callable[[_Sites], bool]


@dataclass(frozen=True, eq=False)
class Keeping:
    """Rules that sizes do not tell of: whether a choice of free candidates keeps them, and which others it bars."""

    allowed: Allowed
    barred: Callable[[_Sites], NDArray[np.bool_]]


@dataclass(frozen=True, eq=False)
class Layout:
    """Open sites and what every exchange would save. `renew` says what the arrays are."""

    problem: MedianProblem
    effort: Effort
    slot_of: NDArray[np.int32]
    holder: NDArray[np.int64]
    near: NDArray[np.int64]
    second: NDArray[np.int64]
    slot: NDArray[np.int32]
    other: NDArray[np.int32]
    gain: NDArray[np.int64]
    loss: NDArray[np.int64]
    extra: NDArray[np.int64]

    @property
    def sites(self) -> _Sites:
        """Open sites, ascending."""
        return np.sort(self.holder[self.holder >= 0])

    @property
    def cost(self) -> int:
        """Cost of the choice."""
        return self.problem.fixed + int(self.near.sum())

    @property
    def room(self) -> int:
        """How much of the capacity is left."""
        return self.problem.capacity - int(self.problem.size[self.sites].sum())

    def copy(self) -> "Layout":
        """Return a copy whose arrays may be changed."""
        return Layout(
            self.problem, self.effort, self.slot_of.copy(), self.holder.copy(), self.near.copy(), self.second.copy(),
            self.slot.copy(), self.other.copy(), self.gain.copy(), self.loss.copy(), self.extra.copy(),
        )  # fmt: skip

    def change(self, opened: int | None, slot: int) -> None:
        """Put a candidate into a slot, in place of what it holds; None leaves the slot empty."""
        before = int(self.holder[slot])
        touched = np.zeros(self.problem.n_points, dtype=bool)
        if before >= 0:
            touched |= (self.slot == slot) | (self.other == slot)
            self.slot_of[before] = -1
        self.holder[slot] = -1
        if opened is not None:
            points, costs = self.problem.points_of(opened)
            touched[points[costs < self.second[points]]] = True
            self.holder[slot], self.slot_of[opened] = opened, slot
        self.renew(np.flatnonzero(touched))

    def renew(self, points: NDArray[np.int64]) -> None:
        """Work out anew what some points add to the savings."""
        p = self.problem
        visits = renew(
            p.first, p.site, p.times, p.weight, p.base, points, self.slot_of, self.near, self.second, self.slot,
            self.other, self.gain, self.loss, self.extra,
        )  # fmt: skip
        self.effort.spend(visits + p.n_points)


def lay_out(problem: MedianProblem, effort: Effort, sites: _Sites) -> Layout:
    """Open some sites. There are as many slots as sites can ever be open, but no more than are of use."""
    n, m = problem.n_candidates, problem.n_points
    slots = max(_most_sites(problem), len(sites))
    slot_of, holder = np.full(n, -1, dtype=np.int32), np.full(slots, -1, dtype=np.int64)
    slot_of[sites], holder[: len(sites)] = np.arange(len(sites)), sites
    layout = Layout(
        problem, effort, slot_of, holder, problem.base.copy(), problem.base.copy(), np.full(m, -1, dtype=np.int32),
        np.full(m, -1, dtype=np.int32), np.zeros(n, dtype=np.int64), np.zeros(slots, dtype=np.int64),
        np.zeros((n, slots), dtype=np.int64),
    )  # fmt: skip
    # with nothing open every pair is cheaper than the base, and counts as a gain
    earn(problem.first, problem.site, problem.times, problem.weight, problem.base, layout.gain)
    effort.spend(2 * problem.n_pairs)
    layout.renew(np.arange(m))
    return layout


def _most_sites(problem: MedianProblem) -> int:
    if problem.is_count:
        return problem.capacity
    fit = int((np.cumsum(np.sort(problem.size)) <= problem.capacity).sum())
    return min(fit, max(1, _SAVINGS_MOST // max(problem.n_candidates, 1)))


def fill(
    layout: Layout, *, by_size: bool, blur: np.random.Generator | None = None, keeping: Keeping | None = None
) -> None:
    """Open what saves most, or most for its size, until nothing fits or, with a budget, nothing saves.

    With `blur` savings are varied at random. What comes out need not be `allowed`: quotas may ask for more.
    """
    problem = layout.problem
    room = layout.room
    for slot in np.flatnonzero(layout.holder < 0):
        worth = layout.gain.astype(np.float64)
        if by_size:
            worth /= np.maximum(problem.size, 1)
        if blur is not None:
            worth *= blur.uniform(1 - _BLUR, 1 + _BLUR, len(worth))
        barred = (layout.slot_of >= 0) | (problem.size > room)
        if not problem.is_count:
            barred |= layout.gain <= 0
        if keeping is not None:
            barred |= keeping.barred(layout.sites)
        if barred.all():
            break
        site = int(np.argmax(np.where(barred, -1.0, worth)))
        layout.change(site, int(slot))
        room -= int(problem.size[site])


def interchange(layout: Layout, keeping: Keeping | None = None) -> None:
    """Exchange one site for another as long as that saves something, the best exchange first.

    With a budget sites are added, too, where there is room.
    """
    problem, found = layout.problem, np.zeros(3, dtype=np.int64)
    while layout.effort.may_go_on():
        if keeping is not None:
            _find_allowed(layout, keeping.allowed, found)
        else:
            find_exchange(
                layout.gain, layout.loss, layout.extra, layout.slot_of, problem.size, layout.holder, layout.room, found
            )
        layout.effort.spend(layout.extra.size)
        if found[0] > 0:
            layout.change(int(found[1]), int(found[2]))
            continue
        before = layout.cost
        if not problem.is_count and keeping is None:
            fill(layout, by_size=False)
        if layout.cost == before:
            return


def _find_allowed(layout: Layout, allowed: Allowed, found: NDArray[np.int64]) -> None:
    """Find the best exchange that the rules allow."""
    saving = layout.gain[:, np.newaxis] + layout.extra - layout.loss
    saving[layout.slot_of >= 0] = 0
    saving[:, layout.holder < 0] = 0
    candidates, slots = np.nonzero(saving > 0)
    found[:] = 0
    for place in np.argsort(-saving[candidates, slots], kind="stable")[:_TRIES_MOST]:
        site, slot = candidates[place], slots[place]
        holder = layout.holder.copy()
        holder[slot] = site
        if allowed(np.sort(holder[holder >= 0])):
            found[:] = saving[site, slot], site, slot
            return


def search_start(problem: MedianProblem, effort: Effort) -> Layout:
    """Greedy adding and interchange; with a budget from savings and from savings for their cost, the better of both."""
    none = np.empty(0, dtype=np.int64)
    layouts = []
    for by_size in (False,) if problem.is_count else (False, True):
        layout = lay_out(problem, effort, none)
        fill(layout, by_size=by_size)
        interchange(layout)
        layouts.append(layout)
    return min(layouts, key=lambda layout: layout.cost)


def shake(
    layout: Layout, *, rounds: int, seed: int, work_most: float = np.inf, keeping: Keeping | None = None
) -> Layout:
    """Close some sites at random, fill up on blurred savings, interchange; keep what is no worse.

    An iterated local search (Lourenço, Martin & Stützle 2003) with a fixed seed.
    """
    random = np.random.default_rng([_SEED, seed])
    best = layout
    for _ in range(rounds):
        if not best.effort.may_go_on() or best.effort.work >= work_most:
            break
        trial = best.copy()
        held = np.flatnonzero(trial.holder >= 0)
        if not len(held):
            break
        n_taken = int(random.integers(1, max(2, len(held) // _TAKEN) + 1))
        for slot in random.permutation(held)[:n_taken]:
            trial.change(None, int(slot))
        fill(trial, by_size=not trial.problem.is_count, blur=random, keeping=keeping)
        if keeping is not None and not keeping.allowed(trial.sites):
            continue
        interchange(trial, keeping)
        if trial.cost <= best.cost:
            best = trial
    return best


def exchange_equals(layout: Layout, money: NDArray[np.float64], allowed: Allowed) -> None:
    """Exchange one site for another that costs less to open, or as much and has the lower number, at the same cost.

    `money` is what candidates cost to open, shape (n,).
    """
    for _ in range(_EQUAL_EXCHANGES_MOST):
        saving = layout.gain[:, np.newaxis] + layout.extra - layout.loss
        sites, slots = np.nonzero((saving == 0) & (layout.slot_of < 0)[:, np.newaxis] & (layout.holder >= 0))
        holders = layout.holder[slots]
        dearer = money[sites] - money[holders]
        better = (dearer < 0) | ((dearer == 0) & (sites < holders))
        for place in np.lexsort((slots, sites, dearer)):
            holder = layout.holder.copy()
            holder[slots[place]] = sites[place]
            if better[place] and allowed(np.sort(holder[holder >= 0])):
                layout.change(int(sites[place]), int(slots[place]))
                break
        else:
            return
