"""Branch and bound on prices: what prices leave undecided is split by regions until they decide it.

Where many candidates lie close to one another, closing or opening a single one changes next to nothing. So a branch is
split by a *region*, candidates that cover much the same demand: in one half all of them are closed, in the other at
least one of them opens. Regions do not overlap, so the best choice at given prices is still found at once: the best
earner of each region, and the best of the rest. Every bound is worked out in whole numbers; the branch with the highest
comes first, and the highest of those left bounds them all.
"""

import heapq
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._prices import Prices, price_exactly, sum_rows
from coverage_planner.siting._problem import CoveringProblem
from coverage_planner.siting._tree_kernels import price_branch
from coverage_planner.siting.effort import Effort

_Sites = NDArray[np.int64]
#: Steps of prices in a branch, how soon they are shortened, and the length of the first.
_STEPS, _PATIENCE, _LENGTH = 80, 12, 0.2
#: Branches that are split together, whatever the number of threads.
_TOGETHER = 4
#: Candidates are in one region with the first when they share so much of what the smaller of them covers.
_ALIKE = (0.9, 0.75, 0.6)
#: So many candidates are tried for the first of a region; a larger region is worth so much of a better balance.
_TRIED, _WORTH_OF_SIZE = 12, 0.2
#: A candidate that prices choose more seldom, or nearly always, is not split by as long as there are others.
_SELDOM = 0.03
#: Prices are good enough when their bound is below what is known and so much of the next grain.
_CLEARLY_BELOW = 0.9
#: Branches are kept while their prices take no more memory than this many numbers; telling is done so often.
_NUMBERS_MOST, _TOLD_EVERY = 1e8, 8


@dataclass(order=True)
class _Branch:
    """A part of all choices: `alive` may open, and at least one of each region does."""

    rank: tuple[int, int]
    alive: NDArray[np.bool_] = field(compare=False)
    region: NDArray[np.int64] = field(compare=False)
    n_regions: int = field(compare=False)
    share: NDArray[np.float32] = field(compare=False)
    leaning: NDArray[np.float32] = field(compare=False)


@dataclass
class CoveringTree:
    """The choices of `n_sites` candidates of a problem, as far as they may cover more than a known one.

    Attributes
    ----------
    problem, n_sites
        The problem and how many sites open.
    covered
        What the best known choice covers; the tree looks for more.
    bound
        What no choice covers more than.
    tell
        Called with each choice that covers more, or None, and the bound.
    """

    problem: CoveringProblem
    n_sites: int
    covered: int
    bound: int
    tell: Callable[[_Sites | None, int], None]
    n_branches: int = 0

    def __post_init__(self) -> None:
        """Measure what candidates cover."""
        self._size = sum_rows(self.problem, self.problem.weights)
        self._alike: dict[int, NDArray[np.float32]] = {}

    def search(self, prices: Prices, effort: Effort, pool: Executor | None) -> None:
        """Split branches until none can cover more, or the effort is spent."""
        n = self.problem.n_candidates
        root = _Branch(
            (-self.bound, 0), np.ones(n, dtype=bool), np.full(n, -1), 0, prices.share.astype(np.float32),
            prices.leaning.astype(np.float32),
        )  # fmt: skip
        queue = [root]
        rounds = 0
        while queue and effort.may_go_on() and len(queue) * len(self.problem.weights) < _NUMBERS_MOST:
            taken = [heapq.heappop(queue) for _ in range(min(_TOGETHER, len(queue)))]
            halves = [half for branch in taken for half in self._split(branch)]
            results = list(map(self._price, halves) if pool is None else pool.map(self._price, halves))
            for branch, sites, visits in results:
                effort.spend(visits)
                self.n_branches += 1
                if sites is not None:
                    covered = self.problem.covered(sites)
                    if covered > self.covered:
                        self.covered = covered
                        self.tell(sites, self.bound)
                if branch is not None and -branch.rank[0] > self.covered:
                    branch.rank = (branch.rank[0], self.n_branches)
                    heapq.heappush(queue, branch)
            queue = [branch for branch in queue if -branch.rank[0] > self.covered] if results else queue
            heapq.heapify(queue)
            self.bound = max(self.covered, -queue[0].rank[0] if queue else 0)
            rounds += 1
            if rounds % _TOLD_EVERY == 0 or not queue:
                self.tell(None, self.bound)

    def _split(self, branch: _Branch) -> list[_Branch]:
        """Halve a branch by a region; a branch with nothing left to decide has no halves."""
        members = self._choose_region(branch)
        if members is None:
            return []
        inside = int(branch.region[members[0]])
        closed = branch.alive.copy()
        closed[members] = False
        without = np.where(closed, branch.region, -1)
        halves = [_Branch(branch.rank, closed, without, branch.n_regions, branch.share, branch.leaning)]
        region = branch.region.copy()
        n_regions = branch.n_regions
        if inside >= 0:
            region[region == inside] = -1
        else:
            inside = n_regions
            n_regions += 1
        region[members] = inside
        alive = branch.alive.copy()
        if n_regions == self.n_sites:
            alive &= region >= 0
            region[~alive] = -1
        halves.append(_Branch(branch.rank, alive, region, n_regions, branch.share, branch.leaning))
        return [half for half in halves if self._is_possible(half)]

    def _is_possible(self, branch: _Branch) -> bool:
        held = np.unique(branch.region[branch.alive & (branch.region >= 0)])
        return len(held) == branch.n_regions <= self.n_sites <= int(branch.alive.sum())

    def _choose_region(self, branch: _Branch) -> _Sites | None:
        """Find the region that prices are most in two minds about; the larger, the better."""
        alive, region = branch.alive, branch.region
        sizes = np.bincount(region[alive & (region >= 0)], minlength=branch.n_regions)
        undecided = alive & ((region < 0) | (sizes[np.maximum(region, 0)] > 1 if branch.n_regions else True))
        if not undecided.any() or int(alive.sum()) == self.n_sites:
            return None
        leaning = branch.leaning
        torn = np.flatnonzero(undecided & (leaning > _SELDOM) & (leaning < 1 - _SELDOM))
        if not len(torn):
            torn = np.flatnonzero(undecided)
        torn = torn[np.argsort(-leaning[torn], kind="stable")[:_TRIED]]
        best, score = np.array([torn[0]]), np.inf
        for first in torn.tolist():
            alike = self._likeness(first)
            near = undecided & (region == region[first])
            whole = int(near.sum()) if region[first] >= 0 else -1
            for share in _ALIKE:
                members = np.flatnonzero(near & (alike >= share))
                if not len(members) or len(members) == whole:
                    continue
                balance = abs(float(leaning[members].sum()) - 0.5) - _WORTH_OF_SIZE * (1 - share)
                if balance < score:
                    best, score = members, balance
        return best

    def _likeness(self, site: int) -> NDArray[np.float32]:
        """How much of what the smaller of two candidates covers they share, shape (n,)."""
        if site not in self._alike:
            held = np.zeros(len(self.problem.weights))
            groups = self.problem.groups_of(site)
            held[groups] = self.problem.weights[groups]
            smaller = np.maximum(np.minimum(self._size, self._size[site]), 1e-9)
            alike = (sum_rows(self.problem, held) / smaller).astype(np.float32)
            alike[site] = 1.0
            self._alike[site] = alike
        return self._alike[site]

    def _price(self, branch: _Branch) -> tuple[_Branch | None, _Sites | None, float]:
        """Find prices for a branch; return it with its bound, or None, the choice at the prices, and the visits."""
        problem = self.problem
        share, leaning = branch.share.astype(np.float64), np.where(branch.alive, branch.leaning, 0.0).astype(np.float64)
        visits = price_branch(
            problem.starts, problem.groups, problem.weights, np.flatnonzero(branch.alive), branch.region,
            branch.n_regions, self.n_sites, self.covered + _CLEARLY_BELOW, _STEPS, _PATIENCE, _LENGTH, share, leaning,
        )  # fmt: skip
        branch.share, branch.leaning = share.astype(np.float32), leaning.astype(np.float32)
        unit, fixed, earned = price_exactly(problem, share)
        alive = np.flatnonzero(branch.alive)
        order = alive[np.argsort(-earned[alive], kind="stable")]
        _, place = np.unique(branch.region[order], return_index=True)
        leads = order[place]
        leads = leads[branch.region[leads] >= 0]
        rest = order[~np.isin(order, leads)]
        n_free = self.n_sites - len(leads)
        chosen = np.concatenate((leads, rest[:n_free]))
        total = int(fixed) + sum(int(value) for value in earned[chosen].tolist())
        bound = min(-branch.rank[0], total // unit)
        wanted = (self.covered + 1) * unit
        if bound <= self.covered:
            return None, chosen, float(visits)
        # one that opens takes the place of the last of the free ones, or of the first in its region
        last = earned[rest[n_free - 1]] if n_free else np.inf
        gone = np.full(problem.n_candidates, last)
        of_region = np.full(branch.n_regions + 1, np.inf)
        of_region[branch.region[leads]] = earned[leads]
        gone = np.minimum(gone, of_region[branch.region])  # -1: none
        stays = branch.alive & (earned - gone >= float(wanted - total))
        stays[chosen] = True
        branch.alive = stays
        branch.region = np.where(stays, branch.region, -1)
        branch.rank = (-bound, 0)
        return branch, chosen, float(visits)
