"""What a choice of sites must keep to: how many or for how much money, which ones, quotas, and a distance apart."""

import operator
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coverage_planner.errors import ConfigError, InfeasibleError, InputError, SchemaError, name_some
from coverage_planner.siting._grains import count_grains


@dataclass(frozen=True)
class Quota:
    """How many new sites may, or must, share a value of a column of the candidates table.

    Attributes
    ----------
    column
        For example 'subdistrict' or 'kind'.
    at_least, at_most
        Bounds for each value; `at_most` None: no bound. Existing facilities are not counted.
    values
        The values that the quota is for; all that stand in the column by default. Rows without a value are free.
    """

    column: str
    at_least: int = 0
    at_most: int | None = None
    values: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the bounds."""
        most = self.at_least if self.at_most is None else self.at_most
        if not 0 <= self.at_least <= most or (self.at_least == 0 and self.at_most is None):
            raise ConfigError(
                f"a quota must say at_least, at_most or both, from 0 up and in this order, got at_least "
                f"{self.at_least} and at_most {self.at_most} for {self.column!r}; correct them"
            )


@dataclass(frozen=True, eq=False)
class Limit:
    """Between `least` and `most` of some candidates open; `name` is what messages call it."""

    name: str
    members: NDArray[np.int64]
    least: int
    most: int


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules in candidate numbers of a problem.

    Attributes
    ----------
    n_candidates
        How many candidates there are.
    n_open
        How many sites open, required ones included; None where a budget says it.
    cost, budget
        Shape (n,), whole grains: cost of each; and what the choice may cost at most, None where `n_open` says it.
    required, forbidden
        Candidate numbers, ascending.
    limits
        Quotas, one for each value.
    too_near
        Shape (k, 2): pairs of which at most one may open, the smaller number first.
    ids
        Shape (n,): labels, for messages.
    cost_grain
        What a grain of cost is worth.
    """

    n_candidates: int
    n_open: int | None
    cost: NDArray[np.float64]
    budget: float | None
    required: NDArray[np.int64]
    forbidden: NDArray[np.int64]
    limits: tuple[Limit, ...]
    too_near: NDArray[np.int64]
    ids: NDArray[np.object_]
    cost_grain: float = 1.0

    @property
    def are_simple(self) -> bool:
        """Whether there are neither quotas nor distances to keep: what the search for large problems can do."""
        return not self.limits and not len(self.too_near)

    @property
    def free(self) -> NDArray[np.int64]:
        """Candidates that are neither required nor forbidden, ascending."""
        return np.setdiff1d(np.arange(self.n_candidates), np.concatenate((self.required, self.forbidden)))

    def broken_by(self, sites: NDArray[np.int64]) -> list[str]:
        """Name the rules that a choice breaks; empty where it keeps them all."""
        chosen = np.zeros(self.n_candidates, dtype=bool)
        chosen[sites] = True
        broken = []
        if self.n_open is not None and len(sites) != self.n_open:
            broken.append(f"n_open = {self.n_open}")
        if self.budget is not None and self.cost[sites].sum() > self.budget:
            broken.append("budget")
        if not chosen[self.required].all():
            broken.append("required")
        if chosen[self.forbidden].any():
            broken.append("forbidden")
        broken += [
            limit.name for limit in self.limits if not limit.least <= int(chosen[limit.members].sum()) <= limit.most
        ]
        if chosen[self.too_near].all(axis=1).any():
            broken.append("min_spacing_m")
        return broken


def read_rules(
    candidates: gpd.GeoDataFrame,
    order: NDArray[np.int64],
    *,
    n_open: int | None = None,
    budget: float | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    min_spacing_m: float | None = None,
    needs_size: bool = True,
) -> Rules:
    """Check the rules of a model and put them into candidate numbers.

    Parameters
    ----------
    candidates
        The candidates table.
    order
        Shape (n,): row of the table of each candidate number (`SitingProblem.order`).
    n_open, budget, required, forbidden, quotas, min_spacing_m
        As the models take them.
    needs_size
        Whether exactly one of `n_open` and `budget` must be given; otherwise neither may be.

    Raises
    ------
    ConfigError
        Both or neither of `n_open` and `budget`; a number out of range; an id both required and forbidden.
    InputError, SchemaError
        An id or column that the table has not; a budget where costs are missing.
    InfeasibleError
        Rules that contradict each other on the face of it.
    """
    table = candidates.iloc[order]
    ids = table["id"].to_numpy(dtype=object)
    if needs_size and (n_open is None) == (budget is None):
        raise ConfigError(
            f"exactly one of n_open and budget must be given, got n_open {n_open!r} and budget {budget!r}; "
            "say how many sites open, or how much they may cost"
        )
    must, never = _numbers(ids, required, "required"), _numbers(ids, forbidden, "forbidden")
    both = np.intersect1d(must, never)
    if len(both):
        raise ConfigError(f"a candidate must not be both required and forbidden, so are {name_some(ids[both])}; choose")
    cost, money, cost_grain = _read_cost(table, ids, budget, never)
    rules = Rules(
        n_candidates=len(ids),
        n_open=None if n_open is None else _whole(n_open),
        cost=cost,
        budget=money,
        required=must,
        forbidden=never,
        limits=tuple(limit for quota in quotas for limit in _limits(table, quota)),
        too_near=_pairs_too_near(table, min_spacing_m),
        ids=ids,
        cost_grain=cost_grain,
    )
    _require_possible(rules)
    return rules


def _whole(n_open: int) -> int:
    try:
        n_sites = 0 if isinstance(n_open, bool) else operator.index(n_open)
    except TypeError:
        n_sites = 0
    if n_sites < 1:
        raise ConfigError(f"n_open must be a whole number of at least 1, got {n_open!r}; ask for one site or more")
    return n_sites


def _numbers(ids: NDArray[np.object_], wanted: Collection[str], what: str) -> NDArray[np.int64]:
    """Numbers of the candidates named, ascending."""
    if isinstance(wanted, str):
        raise ConfigError(f"{what} must be a list of candidate ids, got the text {wanted!r}; put it into a list")
    numbers = {name: number for number, name in enumerate(ids)}
    unknown = [name for name in wanted if name not in numbers]
    if unknown:
        raise InputError(
            f"every id in {what} must be one of the {len(ids)} candidates, not so {name_some(unknown)}; correct them"
        )
    return np.unique(np.array([numbers[name] for name in wanted], dtype=np.int64))


def _read_cost(
    table: gpd.GeoDataFrame, ids: NDArray[np.object_], budget: float | None, forbidden: NDArray[np.int64]
) -> tuple[NDArray[np.float64], float | None, float]:
    """Cost and budget in whole grains, and the grain; an unknown cost counts as zero where no budget is given."""
    given = table["cost"].to_numpy(dtype=float, na_value=np.nan) if "cost" in table else np.full(len(ids), np.nan)
    known = np.nan_to_num(given)
    if budget is None:
        grains, grain = count_grains(known)
        return grains, None, grain
    if not budget >= 0 or not np.isfinite(budget):
        raise ConfigError(f"budget must be a sum of money from 0 up, got {budget!r}; correct it")
    missing = np.isnan(given)
    missing[forbidden] = False
    if missing.any():
        raise SchemaError(
            f"with a budget every candidate must have a cost, missing for {name_some(ids[missing])}; fill in "
            "the column cost, or forbid these candidates"
        )
    grains, grain = count_grains(np.append(known, float(budget)))
    return grains[:-1], float(grains[-1]), grain


def _limits(table: gpd.GeoDataFrame, quota: Quota) -> list[Limit]:
    if quota.column not in table:
        raise SchemaError(
            f"the column {quota.column!r} of a quota must be in the candidates table, got {list(table.columns)}; add it"
        )
    column = table[quota.column]
    present = sorted(column.dropna().astype(str).unique())
    unknown = sorted(set(quota.values or ()) - set(present))
    if unknown and quota.at_least > 0:
        raise InfeasibleError(
            f"the quota of at least {quota.at_least} by {quota.column} needs candidates there, none for "
            f"{name_some(unknown)}; add candidates or leave these values out"
        )
    limits = []
    for value in quota.values or present:
        members = np.flatnonzero(column.astype(str).to_numpy() == value)
        most = len(members) if quota.at_most is None else quota.at_most
        limits.append(Limit(f"{quota.column} = {value}", members.astype(np.int64), quota.at_least, most))
    return limits


def _pairs_too_near(table: gpd.GeoDataFrame, min_spacing_m: float | None) -> NDArray[np.int64]:
    if min_spacing_m is None:
        return np.empty((0, 2), dtype=np.int64)
    if not min_spacing_m > 0:
        raise ConfigError(f"min_spacing_m must be positive, got {min_spacing_m!r}; leave it out for no spacing")
    xy = np.column_stack([table.geometry.x, table.geometry.y])
    near = np.sort(cKDTree(xy).query_pairs(min_spacing_m, output_type="ndarray"), axis=1)
    apart = np.hypot(*(xy[near[:, 0]] - xy[near[:, 1]]).T)
    near = near[apart < min_spacing_m]  # exactly so far apart is far enough
    pairs: NDArray[np.int64] = near[np.lexsort((near[:, 1], near[:, 0]))].astype(np.int64)
    return pairs


def _require_possible(rules: Rules) -> None:
    """Raise where rules contradict each other in a way that can be said without a solver."""
    ids, must = rules.ids, rules.required
    n_left = rules.n_candidates - len(rules.forbidden)
    if rules.n_open is not None and rules.n_open > n_left:
        raise InfeasibleError(
            f"n_open must be at most the number of candidates, got {rules.n_open} sites to open and {n_left} candidates"
            f"{' that are not forbidden' if len(rules.forbidden) else ''}; ask for fewer sites or give more candidates"
        )
    if rules.n_open is not None and rules.n_open < len(must):
        raise InfeasibleError(
            f"n_open must be at least the number of required candidates, got {rules.n_open} and {len(must)} required; "
            "ask for more sites or require fewer"
        )
    if rules.budget is not None and rules.cost[must].sum() > rules.budget:
        raise InfeasibleError(
            f"the required candidates must not cost more than the budget, {name_some(ids[must])} do; raise the budget "
            "or require fewer"
        )
    chosen, closed = (
        np.isin(np.arange(rules.n_candidates), must),
        np.isin(np.arange(rules.n_candidates), rules.forbidden),
    )
    for limit in rules.limits:
        inside, open_ones = int(chosen[limit.members].sum()), int((~closed[limit.members]).sum())
        if inside > limit.most or open_ones < limit.least:
            raise InfeasibleError(
                f"the quota {limit.name} must hold ({limit.least} to {limit.most} sites), but {inside} of its "
                f"candidates are required and {open_ones} are not forbidden; change the quota or these lists"
            )
    clash = rules.too_near[chosen[rules.too_near].all(axis=1)]
    if len(clash):
        raise InfeasibleError(
            "required candidates must be min_spacing_m apart, nearer are "
            f"{name_some(f'{ids[a]} and {ids[b]}' for a, b in clash)}; require one of each pair or lower min_spacing_m"
        )
