"""The siting models by trying every choice, in whole numbers and fractions.

Nothing here calls the package. Times are whole milliseconds, demand and cost are fractions, so every comparison is
exact. Only for a handful of candidates: all subsets are looked at.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

Choice = tuple[int, ...]
Key = tuple[object, ...]


@dataclass(frozen=True)
class Town:
    """Candidates, points and existing facilities; None is a pair that was not found, a cost or value not known.

    `times_ms` has a row per candidate, `existing_ms` one per existing facility; both a column per point.
    """

    ids: tuple[str, ...]
    point_ids: tuple[str, ...]
    times_ms: tuple[tuple[int | None, ...], ...]
    existing_ms: tuple[tuple[int | None, ...], ...]
    demand: tuple[Fraction, ...]
    cost: tuple[Fraction | None, ...]
    xy: tuple[tuple[int, int], ...]
    columns: dict[str, tuple[str | None, ...]]
    groups: tuple[str | None, ...]


@dataclass(frozen=True)
class Quota:
    """Bounds on the new sites that share a value of a column."""

    column: str
    at_least: int = 0
    at_most: int | None = None
    values: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Wishes:
    """The rules of a plan, as a planner gives them."""

    n_open: int | None = None
    budget: Fraction | None = None
    required: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    quotas: tuple[Quota, ...] = ()
    min_spacing_m: int | None = None
    group_weights: dict[str, Fraction] | None = None

    def given(self) -> list[str]:
        """Names of the rules about sites that are set."""
        names = ("n_open", "budget", "required", "forbidden", "quotas", "min_spacing_m")
        return [name for name in names if getattr(self, name) not in (None, (), frozenset())]

    def quota_by_quota(self, town: Town) -> "Wishes":
        """The same wishes, each quota for one value alone."""
        single = [
            replace(quota, values=(value,))
            for quota in self.quotas
            for value in sorted(quota.values or {value for value in town.columns[quota.column] if value is not None})
        ]
        return replace(self, quotas=tuple(dict.fromkeys(single)))

    def without(self, names: Collection[str]) -> "Wishes":
        """The same wishes without some rules."""
        return replace(self, **{name: getattr(Wishes(), name) for name in names})


@dataclass(frozen=True)
class Best:
    """The best objective, the choices that reach it, and the one of them that comes first in the tie-break."""

    objective: Fraction
    choices: tuple[Choice, ...]
    first: Choice


# --- rules ---


def all_choices(n: int) -> Iterator[Choice]:
    for size in range(n + 1):
        yield from combinations(range(n), size)


def broken(town: Town, wishes: Wishes, choice: Choice) -> set[str]:
    """Names of the rules that a choice breaks."""
    ids = {town.ids[k] for k in choice}
    found = set()
    if wishes.n_open is not None and len(choice) != wishes.n_open:
        found.add("n_open")
    if wishes.budget is not None and cost_of(town, choice) > wishes.budget:
        found.add("budget")
    if not ids >= wishes.required:
        found.add("required")
    if ids & wishes.forbidden:
        found.add("forbidden")
    if any(not _meets(town, quota, choice) for quota in wishes.quotas):
        found.add("quotas")
    if wishes.min_spacing_m is not None:
        for a, b in combinations(choice, 2):
            (ax, ay), (bx, by) = town.xy[a], town.xy[b]
            if (ax - bx) ** 2 + (ay - by) ** 2 < wishes.min_spacing_m**2:
                found.add("min_spacing_m")
    return found


def _meets(town: Town, quota: Quota, choice: Choice) -> bool:
    column = town.columns[quota.column]
    values = {value for value in column if value is not None} if quota.values is None else quota.values
    for value in values:
        count = sum(column[k] == value for k in choice)
        if count < quota.at_least or (quota.at_most is not None and count > quota.at_most):
            return False
    return True


def allowed(town: Town, wishes: Wishes) -> list[Choice]:
    """Every choice that keeps all rules."""
    return [choice for choice in all_choices(len(town.ids)) if not broken(town, wishes, choice)]


# --- what a choice does ---


def weights(town: Town, wishes: Wishes) -> tuple[Fraction, ...]:
    """Demand of each point, times the factor of its group."""
    factors = wishes.group_weights or {}
    one = Fraction(1)
    return tuple(
        w * (factors.get(group, one) if group is not None else one)
        for w, group in zip(town.demand, town.groups, strict=True)
    )


def cost_of(town: Town, choice: Choice) -> Fraction:
    return sum((town.cost[k] or Fraction(0) for k in choice), Fraction(0))


def nearest(town: Town, choice: Choice, cutoff_ms: int | None = None) -> list[int | None]:
    """Time of each point to its nearest open site or existing facility, None where none is within the cutoff."""
    rows = [*town.existing_ms, *(town.times_ms[k] for k in choice)]
    return [_least((row[i] for row in rows), cutoff_ms) for i in range(len(town.point_ids))]


def _least(times: Iterator[int | None], cutoff_ms: int | None) -> int | None:
    known = [t for t in times if t is not None and (cutoff_ms is None or t <= cutoff_ms)]
    return min(known, default=None)


def covering(town: Town, choice: Choice, cutoff_ms: int) -> list[int]:
    """How many open sites and existing facilities each point has within the cutoff."""
    rows = [*town.existing_ms, *(town.times_ms[k] for k in choice)]
    return [sum(row[i] is not None and row[i] <= cutoff_ms for row in rows) for i in range(len(town.point_ids))]


def covered_demand(town: Town, wishes: Wishes, choice: Choice, cutoff_ms: int, *, times: int = 1) -> Fraction:
    counts = covering(town, choice, cutoff_ms)
    pairs = zip(weights(town, wishes), counts, strict=True)
    return sum((w for w, count in pairs if count >= times), Fraction(0))


def weighted_time(town: Town, wishes: Wishes, choice: Choice, cutoff_ms: int | None) -> Fraction:
    """Demand times milliseconds over the points that are reached."""
    pairs = zip(weights(town, wishes), nearest(town, choice, cutoff_ms), strict=True)
    return sum((w * t for w, t in pairs if t is not None), Fraction(0))


def servable(town: Town, wishes: Wishes, cutoff_ms: int | None = None) -> list[bool]:
    """Points that some existing facility or some candidate that is not forbidden reaches."""
    open_ones = tuple(k for k, name in enumerate(town.ids) if name not in wishes.forbidden)
    return [t is not None for t in nearest(town, open_ones, cutoff_ms)]


def late_key(town: Town, wishes: Wishes, choice: Choice, cutoff_ms: int | None) -> Key:
    """The tie-break: covered demand, weighted time, cost, ids; the smaller the better."""
    reached = zip(weights(town, wishes), nearest(town, choice, cutoff_ms), strict=True)
    covered = sum((w for w, t in reached if t is not None), Fraction(0))
    time = weighted_time(town, wishes, choice, cutoff_ms)
    return -covered, time, cost_of(town, choice), sorted(town.ids[k] for k in choice)


# --- models ---


def _choose(
    choices: list[Choice], objective: Callable[[Choice], Fraction], late: Callable[[Choice], Key], *, largest: bool
) -> Best | None:
    """The best of some choices, None where there are none."""
    if not choices:
        return None
    values = {choice: objective(choice) for choice in choices}
    best = max(values.values()) if largest else min(values.values())
    equal = tuple(choice for choice in choices if values[choice] == best)
    return Best(best, equal, min(equal, key=late))


def mclp(town: Town, wishes: Wishes, cutoff_ms: int) -> Best | None:
    """Most covered demand."""
    return _choose(
        allowed(town, wishes),
        lambda choice: covered_demand(town, wishes, choice, cutoff_ms),
        lambda choice: late_key(town, wishes, choice, cutoff_ms),
        largest=True,
    )


def backup(town: Town, wishes: Wishes, cutoff_ms: int, backup_weight: Fraction) -> Best | None:
    """Most demand covered once plus a share of the demand covered twice."""

    def value(choice: Choice) -> Fraction:
        twice = covered_demand(town, wishes, choice, cutoff_ms, times=2)
        return covered_demand(town, wishes, choice, cutoff_ms) + backup_weight * twice

    return _choose(allowed(town, wishes), value, lambda choice: late_key(town, wishes, choice, cutoff_ms), largest=True)


def lscp(
    town: Town, wishes: Wishes, cutoff_ms: int, *, partial: Fraction = Fraction(1), by_cost: bool = False
) -> Best | None:
    """Fewest sites, or least cost, that cover a share of all demand; None too where so much is out of reach."""
    wanted = partial * sum(weights(town, wishes), Fraction(0))
    choices = [c for c in allowed(town, wishes) if covered_demand(town, wishes, c, cutoff_ms) >= wanted]
    return _choose(
        choices,
        lambda choice: cost_of(town, choice) if by_cost else Fraction(len(choice)),
        lambda choice: late_key(town, wishes, choice, cutoff_ms),
        largest=False,
    )


def p_median(town: Town, wishes: Wishes, unserved_ms: int | None) -> Best | None:
    """Least demand-weighted time, in demand times milliseconds; None too where somebody stays without a site."""
    load = weights(town, wishes)

    def value(choice: Choice) -> Fraction | None:
        total = Fraction(0)
        for w, t in zip(load, nearest(town, choice), strict=True):
            if t is None and unserved_ms is None and w > 0:
                return None
            if w > 0:
                total += w * (unserved_ms if t is None else t if unserved_ms is None else min(t, unserved_ms))
        return total

    values = {choice: value(choice) for choice in allowed(town, wishes)}
    return _choose(
        [choice for choice, total in values.items() if total is not None],
        lambda choice: values[choice],
        lambda choice: (cost_of(town, choice), sorted(town.ids[k] for k in choice)),
        largest=False,
    )


def p_center(town: Town, wishes: Wishes) -> Best | None:
    """Least worst time of a point with demand, milliseconds; None where somebody stays without a site."""
    load = weights(town, wishes)

    def value(choice: Choice) -> Fraction | None:
        times = [t for w, t in zip(load, nearest(town, choice), strict=True) if w > 0]
        return None if None in times else Fraction(max(times, default=0))

    values = {choice: value(choice) for choice in allowed(town, wishes)}
    return _choose(
        [choice for choice, worst in values.items() if worst is not None],
        lambda choice: values[choice],
        lambda choice: late_key(town, wishes, choice, None),
        largest=False,
    )
