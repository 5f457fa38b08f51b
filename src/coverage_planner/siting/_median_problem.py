"""The p-median problem: what candidates that are free to choose can still save, in whole numbers.

Required sites and existing facilities are not chosen; they make the *base*: what a point costs if none of the free
candidates opens. A pair that is no better than the base cannot matter and is left out. A point that must be served and
has no base of its own gets one so large that any choice which serves all points is better than one which does not.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from coverage_planner.errors import InfeasibleError, name_some
from coverage_planner.siting._grains import count_grains
from coverage_planner.siting._median_kernels import keep_pairs
from coverage_planner.siting._problem import SitingProblem
from coverage_planner.siting.rules import Rules
from coverage_planner.units import MS_PER_S, UNREACHED_MS

#: Sums over all demand stay below this: exact in double precision.
_LARGEST_TOTAL = 2.0**51
#: The same where points must be served: their bases are each larger than any sum without them.
_LARGEST_WITH_BASES = 2.0**60

#: Pairs are sorted so many at a time.
_BLOCK = 2**22

_Sites = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MedianProblem:
    """Free candidates and the demand points that they can serve better than what is open already.

    Costs are demand in grains times milliseconds, times a power of two (`fine`) that gives prices room between them.

    Attributes
    ----------
    first
        Shape (m + 1,), int64: where the pairs of each point begin.
    site, times
        Shapes (pairs,), int32: candidate and milliseconds; of one point the nearest first, of equals the lower number.
    weight
        Shape (m,), int64: grains of each point times `fine`.
    base
        Shape (m,), int64: cost of each point without any free candidate.
    must
        Shape (m,), bool: points that a free candidate must serve.
    fixed
        Cost of all other points.
    step
        Costs of choices that serve all points that must be are `fixed` and a multiple of this.
    served_at_most
        A choice that serves all points that must be costs no more; any other costs more.
    size
        Shape (n,), int64: what each candidate takes of the `capacity`: 1, or its cost.
    capacity
        How many more sites open, exactly; or how much more they may cost at most.
    is_count
        Whether sizes are a count.
    numbers
        Shape (n,): candidate number in the `SitingProblem`, ascending.
    opened
        Candidate numbers in the `SitingProblem` that are open already.
    """

    first: NDArray[np.int64]
    site: NDArray[np.int32]
    times: NDArray[np.int32]
    weight: NDArray[np.int64]
    base: NDArray[np.int64]
    must: NDArray[np.bool_]
    fixed: int
    step: int
    served_at_most: int
    size: NDArray[np.int64]
    capacity: int
    is_count: bool
    numbers: _Sites
    opened: _Sites

    @property
    def n_candidates(self) -> int:
        """How many candidates are free."""
        return len(self.numbers)

    @property
    def n_points(self) -> int:
        """How many points a free candidate can serve better."""
        return len(self.weight)

    @property
    def n_pairs(self) -> int:
        """How many pairs there are: the size that work is reckoned by."""
        return len(self.site)

    @cached_property
    def point(self) -> NDArray[np.int64]:
        """Shape (pairs,): point of each pair."""
        return np.repeat(np.arange(self.n_points), np.diff(self.first))

    @cached_property
    def pair_cost(self) -> NDArray[np.int64]:
        """Shape (pairs,): weight times milliseconds."""
        return self.weight[self.point] * self.times

    @cached_property
    def by_site(self) -> csr_array:
        """(n, m), CSR: milliseconds of each pair, explicit zeros included."""
        table = csr_array((self.times, self.site, self.first), shape=(self.n_points, self.n_candidates))
        return table.T.tocsr()

    def points_of(self, site: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Points that a candidate can serve, and their costs."""
        table = self.by_site
        here = slice(table.indptr[site], table.indptr[site + 1])
        points = table.indices[here].astype(np.int64)
        return points, self.weight[points] * table.data[here]

    def cost(self, sites: _Sites) -> int:
        """Cost of a choice of free candidates."""
        nearest = self.base.copy()
        for site in sites:
            points, costs = self.points_of(int(site))
            nearest[points] = np.minimum(nearest[points], costs)
        return self.fixed + int(nearest.sum())

    def fits(self, sites: _Sites) -> bool:
        """Whether a choice has the number of sites, or keeps to the budget."""
        taken = int(self.size[sites].sum())
        return taken == self.capacity if self.is_count else taken <= self.capacity

    def name(self, sites: _Sites) -> _Sites:
        """Candidate numbers in the `SitingProblem` of free candidates and of those open already, ascending."""
        return np.sort(np.concatenate((self.opened, self.numbers[sites])))

    def find(self, numbers: _Sites) -> _Sites:
        """Free candidates among candidate numbers of the `SitingProblem`."""
        return np.flatnonzero(np.isin(self.numbers, numbers))


@dataclass(frozen=True)
class Scale:
    """How costs of a `MedianProblem` turn into demand times milliseconds.

    `grain` is the demand of one grain, `fine` the power of two that costs are multiplied by.
    """

    grain: float
    fine: int

    def demand_seconds(self, cost: float) -> float:
        """Return a cost as demand times seconds."""
        return cost / self.fine * self.grain / MS_PER_S


def build_median(
    problem: SitingProblem, rules: Rules, unserved_ms: int | None, point_ids: NDArray[np.object_]
) -> tuple[MedianProblem, Scale]:
    """Reduce a problem to what free candidates can change.

    Parameters
    ----------
    problem
        All candidates and demand points.
    rules
        Number of sites or budget, required, forbidden.
    unserved_ms
        What a point counts that nothing open reaches; None: every point with demand must be served.
    point_ids
        Shape (d,): labels of the demand points of `problem`, for messages.

    Raises
    ------
    InfeasibleError
        Points must be served that no candidate and no existing facility reaches.
    """
    table = problem.times_ms
    base_ms = problem.present_ms.astype(np.int64)
    for site in rules.required:
        here = slice(table.indptr[site], table.indptr[site + 1])
        base_ms[table.indices[here]] = np.minimum(base_ms[table.indices[here]], table.data[here].astype(np.int64))
    free = rules.free
    wanted = problem.weighed > 0
    none = (base_ms == UNREACHED_MS) & wanted
    if unserved_ms is not None:
        base_ms = np.where(none, unserved_ms, base_ms)
        none &= False
    by_point = (table if len(free) == table.shape[0] else table[free]).tocsc()
    _require_reachable(none & (np.diff(by_point.indptr) == 0), point_ids, any_forbidden=len(rules.forbidden) > 0)
    first, site, times = _sort_pairs(by_point, np.where(wanted, base_ms, 0))
    farthest = max(int(times.max(initial=1)), int(base_ms[wanted & ~none].max(initial=1)))
    limit = min(_LARGEST_TOTAL, _LARGEST_WITH_BASES / (1 + int(none.sum())))
    grains, grain = count_grains(problem.weighed, limit / farthest)
    total = max(float(grains.sum()) * farthest, 1.0)
    fine = 2 ** int(np.clip(np.floor(np.log2(limit / total)), 0, 20))
    weight = grains.astype(np.int64) * fine
    settled = np.where(wanted & ~none, weight * base_ms, 0)
    points = np.flatnonzero(np.diff(first))
    must, weight, base = none[points], weight[points], settled[points]
    first = np.append(0, first[points + 1])
    fixed = int(settled.sum() - base.sum())
    dearest = fixed + int(np.where(must, weight * times[first[1:] - 1], base).sum())
    step = int(np.gcd(_common_step(first, times, weight), np.gcd.reduce(base[~must], initial=0))) or 1
    apart = (dearest - fixed) // step * step + step
    return MedianProblem(
        first=first,
        site=site,
        times=times,
        weight=weight,
        base=np.where(must, apart, base),
        must=must,
        fixed=fixed,
        step=step,
        served_at_most=dearest,
        size=(rules.cost[free] if rules.n_open is None else np.ones(len(free))).astype(np.int64),
        capacity=_capacity(rules),
        is_count=rules.n_open is not None,
        numbers=free,
        opened=rules.required,
    ), Scale(grain, fine)


def _require_reachable(lost: NDArray[np.bool_], point_ids: NDArray[np.object_], *, any_forbidden: bool) -> None:
    if lost.any():
        candidate = "candidate that is not forbidden" if any_forbidden else "candidate"
        raise InfeasibleError(
            f"every point with demand must be within the limit of the search of a {candidate} or an existing facility, "
            f"not so {name_some(point_ids[lost])}; search farther, add candidates, or say with unserved_s what such "
            "points count"
        )


def _capacity(rules: Rules) -> int:
    if rules.n_open is not None:
        return rules.n_open - len(rules.required)
    return int((rules.budget or 0.0) - rules.cost[rules.required].sum())


def _sort_pairs(
    by_point: csc_array, base_ms: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Keep the pairs below the base; of each point the nearest candidate first, of equals the lower number.

    Some points at a time, so that no more than a part of the pairs is copied at once.
    """
    starts = by_point.indptr.astype(np.int64)
    parts: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = []
    counts = np.zeros(len(base_ms), dtype=np.int64)
    edges = np.searchsorted(starts, np.arange(_BLOCK, starts[-1], _BLOCK)).tolist()
    for begin, end in pairwise([0, *edges, len(base_ms)]):
        here = slice(starts[begin], starts[end])
        point = np.repeat(np.arange(begin, end), np.diff(starts[begin : end + 1]))
        times = by_point.data[here]
        keep = np.flatnonzero(times < base_ms[point])
        point, times, site = point[keep], times[keep], by_point.indices[here][keep]
        counts[begin:end] = np.bincount(point - begin, minlength=end - begin)
        order = np.lexsort((site, times, point))
        parts.append((site[order].astype(np.int32), times[order].astype(np.int32)))
    sites, kept = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    return np.append(0, np.cumsum(counts)), sites, kept


def _common_step(first: NDArray[np.int64], times: NDArray[np.int32], weight: NDArray[np.int64]) -> int:
    """Return the largest number that divides the cost of every pair."""
    if not len(times):
        return 0
    return int(np.gcd.reduce(weight * np.gcd.reduceat(times, first[:-1]).astype(np.int64)))


def restrict_median(
    problem: MedianProblem, opened: _Sites, closed: _Sites, *, keep_points: bool = False
) -> MedianProblem:
    """Return the problem that is left once some free candidates are opened and others closed for good.

    Its costs are the same: a choice costs there with the opened sites what it costs here. With `keep_points` points
    that no free candidate can serve better stay, so that their numbers are the same, too.
    """
    base, must = problem.base.copy(), problem.must.copy()
    for site in opened:
        points, costs = problem.points_of(int(site))
        base[points] = np.minimum(base[points], costs)
        must[points] = False
    stays = np.ones(problem.n_candidates, dtype=bool)
    stays[opened], stays[closed] = False, False
    free = np.flatnonzero(stays)
    number = np.where(stays, np.cumsum(stays) - 1, -1)
    first = np.zeros(problem.n_points + 1, dtype=np.int64)
    site, times = np.empty_like(problem.site), np.empty_like(problem.times)
    count = keep_pairs(problem.first, problem.site, problem.times, problem.weight, base, number, first, site, times)
    restricted = replace(
        problem,
        first=first,
        site=site[:count].copy(),
        times=times[:count].copy(),
        base=base,
        must=must,
        size=problem.size[free],
        capacity=problem.capacity - int(problem.size[opened].sum()),
        numbers=problem.numbers[free],
        opened=np.sort(np.concatenate((problem.opened, problem.numbers[opened]))),
    )
    return restricted if keep_points else _drop_points(restricted)


def trim(problem: MedianProblem, most: NDArray[np.int64], allowance: NDArray[np.int64]) -> MedianProblem:
    """Leave out pairs that cost more than `most` of their point and their candidate's `allowance` together.

    Points whose base costs more than `most` must then be served by one of the pairs left. Shapes (m,) and (n,).
    """
    keep = problem.pair_cost <= most[problem.point] + allowance[problem.site]
    counts = np.bincount(problem.point[keep], minlength=problem.n_points)
    trimmed = replace(
        problem,
        first=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        site=problem.site[keep],
        times=problem.times[keep],
        must=problem.must | (problem.base > most),
    )
    return _drop_points(trimmed)


def _drop_points(problem: MedianProblem) -> MedianProblem:
    """Keep the points that have pairs or must have; the others are part of what is fixed."""
    counts = np.diff(problem.first)
    stays = (counts > 0) | problem.must
    return replace(
        problem,
        first=np.concatenate(([0], np.cumsum(counts[stays]))).astype(np.int64),
        weight=problem.weight[stays],
        base=problem.base[stays],
        must=problem.must[stays],
        fixed=problem.fixed + int(problem.base[~stays].sum()),
    )


def barred_by(problem: MedianProblem, rules: Rules, sites: _Sites) -> NDArray[np.bool_]:
    """Say which free candidates can open no more beside some others, shape (n,): too near, or a quota is full."""
    chosen, barred = (np.zeros(rules.n_candidates, dtype=bool) for _ in range(2))
    chosen[problem.name(sites)] = True
    for here, there in (rules.too_near.T, rules.too_near.T[::-1]):
        barred[there[chosen[here]]] = True
    for limit in rules.limits:
        if int(chosen[limit.members].sum()) >= limit.most:
            barred[limit.members] = True
    return barred[problem.numbers]
