"""Siting models written as mixed-integer programs."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._highs import FEASIBILITY_TOLERANCE
from coverage_planner.siting._problem import SitingProblem
from coverage_planner.siting.rules import Rules
from coverage_planner.units import UNREACHED_MS

#: Totals up to this go to the solver as whole numbers, of which it makes use; larger ones are scaled down to it,
#: because its tolerances are absolute (1e-6).
_LARGEST_TOTAL = 1e8


def scale_for(total: float) -> float:
    """Factor for numbers that add up to `total`: 1, or a power of two that brings them below 10^8."""
    return float(2.0 ** -max(0, np.ceil(np.log2(max(total, 1.0) / _LARGEST_TOTAL))))


def slack_of(coefficients: NDArray[np.float64]) -> float:
    """Grains by which a row must be loosened, so that the solver's tolerance cannot cut off what meets it exactly.

    The solver judges a row relative to its largest coefficient; a hundred times its tolerance is ample.
    """
    return 0.5 + 100 * FEASIBILITY_TOLERANCE * float(np.abs(coefficients).max(initial=0.0))


def write_rules(rules: Rules, n_columns: int) -> tuple[sp.csr_array, NDArray[np.float64], NDArray[np.float64]]:
    """Write the rules of a choice as rows over the first `rules.n_candidates` of `n_columns` columns.

    First the number of sites or the budget, where one is given; then the quotas; then the pairs too near each other,
    as cliques: of candidates that are all too near one another at most one opens, which says more about fractions than
    a row for each pair.

    Returns
    -------
    rows
        (r, n_columns), CSR. Costs are scaled by `scale_for`.
    lower, upper
        Shapes (r,): what each row must lie between. The budget has `slack_of`, so a choice that comes out may exceed
        it by that: ask `Rules.broken_by`.
    """
    groups: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float64]] = []
    lower: list[float] = []
    upper: list[float] = []

    def add(members: NDArray[np.int64], least: float, most: float, coefficients: NDArray[np.float64]) -> None:
        groups.append(members)
        values.append(coefficients)
        lower.append(least)
        upper.append(most)

    everyone = np.arange(rules.n_candidates)
    if rules.n_open is not None:
        add(everyone, rules.n_open, rules.n_open, np.ones(rules.n_candidates))
    if rules.budget is not None:
        scale = scale_for(rules.cost.sum())
        add(everyone, -np.inf, (rules.budget + slack_of(rules.cost)) * scale, rules.cost * scale)
    for limit in rules.limits:
        add(limit.members, limit.least, limit.most, np.ones(len(limit.members)))
    for clique in cover_by_cliques(rules.too_near):
        add(clique, -np.inf, 1, np.ones(len(clique)))
    indptr = np.concatenate(([0], np.cumsum([len(group) for group in groups], dtype=np.int64)))
    indices = np.concatenate([np.empty(0, dtype=np.int64), *groups])
    data = np.concatenate([np.empty(0), *values])
    rows = sp.csr_array((data, indices, indptr), shape=(len(groups), n_columns))
    return rows, np.array(lower), np.array(upper)


def cover_by_cliques(pairs: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cover pairs by groups in which every two are a pair, each grown greedily from a pair not covered yet.

    Parameters
    ----------
    pairs
        Shape (k, 2), the smaller number first, sorted.
    """
    near: dict[int, set[int]] = {}
    for a, b in pairs.tolist():
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    covered: set[tuple[int, int]] = set()
    cliques = []
    for a, b in pairs.tolist():
        if (a, b) in covered:
            continue
        clique, others = [a, b], near[a] & near[b]
        while others:
            newest = min(others)
            clique.append(newest)
            others &= near[newest]
        clique.sort()
        covered.update((clique[i], clique[j]) for i in range(len(clique)) for j in range(i + 1, len(clique)))
        cliques.append(np.array(clique, dtype=np.int64))
    return cliques


def column_bounds(rules: Rules, n_columns: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lower and upper bounds of the columns: 1 below for required, 0 above for forbidden candidates."""
    lower, upper = np.zeros(n_columns), np.ones(n_columns)
    lower[rules.required] = 1
    upper[rules.forbidden] = 0
    return lower, upper


@dataclass(frozen=True, eq=False)
class TieModel:
    """Which choices of free sites cover a given demand, and how long people then travel.

    Demand points that prefer the same sites in the same order form a group: whichever sites open, they all go to the
    same one. Each group is assigned to the nearest open site: column z of a pair of free site and group says that it
    goes there. Pairs that are no faster than a site already open are left out.

    Attributes
    ----------
    n_free, n_groups
        How many free candidates and groups there are.
    site, group
        Shapes (q,): number of the free candidate and of the group of each pair.
    gain
        Shape (q,), grains: demand newly covered by the pair; zero where the group is covered anyway.
    weighted_ms
        Shape (q,): demand-weighted time that the pair adds; negative where it shortens the way.
    """

    n_free: int
    n_groups: int
    site: NDArray[np.int64]
    group: NDArray[np.int64]
    gain: NDArray[np.float64]
    weighted_ms: NDArray[np.float64]

    @property
    def n_pairs(self) -> int:
        """How many pairs there are."""
        return len(self.site)


def model_ties(problem: SitingProblem, opened: NDArray[np.int64], free: NDArray[np.int64]) -> TieModel:
    """Model what the free candidates change once `opened` are open."""
    nearest = problem.nearest_ms(opened)
    pairs = problem.times_ms[free].tocoo()
    site, point, time_ms = pairs.coords[0], pairs.coords[1], pairs.data
    faster = np.flatnonzero((time_ms < nearest[point]) & (problem.demand[point] > 0))
    order = faster[np.lexsort((site[faster], time_ms[faster], point[faster]))]
    site, point, time_ms = site[order].astype(np.int64), point[order], time_ms[order]
    left = nearest[point] == UNREACHED_MS
    gain = np.where(left, problem.demand[point], 0.0)
    weighted_ms = problem.time_demand[point] * (time_ms - np.where(left, 0, nearest[point]))
    starts = np.flatnonzero(np.diff(point, prepend=-1))
    lengths = np.diff(starts, append=len(point))
    groups: dict[tuple[bytes, bool], int] = {}
    group = np.empty(len(starts), dtype=np.int64)
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        key = (site[start : start + length].tobytes(), bool(left[start]))
        group[number] = groups.setdefault(key, len(groups))
    _, first = np.unique(group, return_index=True)
    group_starts = np.cumsum(lengths[first]) - lengths[first]
    place = np.arange(len(point)) - np.repeat(starts, lengths) + np.repeat(group_starts[group], lengths)
    n_pairs = int(lengths[first].sum())
    group_site = np.empty(n_pairs, dtype=np.int64)
    group_site[place] = site
    return TieModel(
        n_free=len(free),
        n_groups=len(first),
        site=group_site,
        group=np.repeat(np.arange(len(first)), lengths[first]),
        gain=np.bincount(place, weights=gain, minlength=n_pairs).astype(np.float64),
        weighted_ms=np.bincount(place, weights=weighted_ms, minlength=n_pairs).astype(np.float64),
    )
