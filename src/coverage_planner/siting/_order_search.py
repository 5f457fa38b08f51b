"""Opening orders: nested plans, grown, shrunk, and improved by exchanges that look at all stages at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from coverage_planner.siting._exchange_rules import allowed_additions, allowed_exchanges, keep
from coverage_planner.siting._gains import Gains, additions, exchanges, stand
from coverage_planner.siting.effort import Effort
from coverage_planner.siting.rules import Rules

_Sites = NDArray[np.int64]
#: What a site that costs nothing is reckoned to cost, in grains, so that it comes first.
_FREE = 1e-9


@dataclass(frozen=True, eq=False)
class Stages:
    """What an opening order is judged by.

    Attributes
    ----------
    rules
        Rules of each stage.
    bounds
        Grains that no plan of a stage can exceed.
    bases
        Grains that a loss is a share of: the bound on the objective of each stage, at least one.
    weights
        What a grain counts at each stage; None: the worst share counts.
    """

    rules: tuple[Rules, ...]
    bounds: tuple[int, ...]
    bases: tuple[int, ...]
    weights: tuple[float, ...] | None

    def __len__(self) -> int:
        return len(self.rules)


@dataclass(frozen=True, eq=False)
class Order:
    """Sites and the stage at which each opens: shapes (p,), sites ascending, stages from 0."""

    sites: _Sites
    stage: NDArray[np.int64]

    def plan(self, stage: int) -> _Sites:
        """Return the sites that are open at a stage."""
        return self.sites[self.stage <= stage]


def order_of(plans: Sequence[_Sites]) -> Order:
    """Join nested plans, the smallest first, into an order."""
    sites = np.sort(plans[-1])
    stage = np.full(len(sites), len(plans) - 1, dtype=np.int64)
    for number, plan in reversed(list(enumerate(plans))):
        stage[np.isin(sites, plan)] = number
    return Order(sites, stage)


def judge(gains: Gains, stages: Stages, order: Order) -> tuple[Fraction, int, tuple[tuple[int, ...], ...]]:
    """Judge an order, the smaller the better: worst share or weighted loss, then what all plans bring, then ids."""
    plans = [order.plan(stage) for stage in range(len(stages))]
    totals = [gains.total(plan) for plan in plans]
    return criterion(stages, totals), -sum(totals), tuple(tuple(plan.tolist()) for plan in plans)


def criterion(stages: Stages, totals: Sequence[int]) -> Fraction:
    """Worst share of its bound that a stage loses; with weights the weighted loss in grains."""
    losses = [bound - total for bound, total in zip(stages.bounds, totals, strict=True)]
    if stages.weights is None:
        return max(Fraction(loss, base) for loss, base in zip(losses, stages.bases, strict=True))
    return sum((Fraction(weight) * loss for weight, loss in zip(stages.weights, losses, strict=True)), Fraction(0))


def shrink_before(gains: Gains, rules: Sequence[Rules], plan: _Sites, effort: Effort) -> list[_Sites]:
    """Take a plan down to each of the stages before it, given by their rules; the smallest plan first."""
    plans = [plan]
    for before in reversed(rules):
        plans.insert(0, _shrink(gains, before, plans[0], effort))
    return plans[:-1]


def grow_after(gains: Gains, rules: Sequence[Rules], plan: _Sites, effort: Effort) -> list[_Sites] | None:
    """Let a plan grow for each of the stages after it; None where it cannot grow within the rules."""
    plans = [plan]
    for after in rules:
        grown = _grow(gains, after, plans[-1], effort)
        if grown is None:
            return None
        plans.append(grown)
    return plans[1:]


def _shrink(gains: Gains, rules: Rules, plan: _Sites, effort: Effort) -> _Sites:
    """Take the sites away that are missed least, for their cost, then exchange within the larger plan."""
    inside = np.sort(plan)
    few = gains.only(inside)
    kept = np.ones(len(inside), dtype=bool)
    while _is_too_large(rules, inside[kept]):
        losses = stand(few, np.flatnonzero(kept)).losses(int(kept.sum()))
        price = rules.cost[inside[kept]] if rules.n_open is None else np.ones(int(kept.sum()))
        with np.errstate(divide="ignore", invalid="ignore"):
            missed = np.where(price > 0, losses / price, np.inf)
        missed[np.isin(inside[kept], rules.required)] = np.inf
        last = len(missed) - 1 - int(np.argmin(missed[::-1]))  # of equal ones the smaller id stays
        kept[np.flatnonzero(kept)[last]] = False
    return _polish(gains, rules, inside[kept], rules.required, inside, effort)


def _is_too_large(rules: Rules, sites: _Sites) -> bool:
    if rules.n_open is not None:
        return len(sites) > rules.n_open
    return bool(rules.cost[sites].sum() > (rules.budget or 0.0))


def _grow(gains: Gains, rules: Rules, plan: _Sites, effort: Effort) -> _Sites | None:
    """Add the sites that bring most, for their cost, then exchange those added; None where the rules are not met."""
    sites = np.sort(plan)
    everyone = np.arange(gains.n_candidates)
    while rules.n_open is None or len(sites) < rules.n_open:
        allowed = allowed_additions(rules, sites) & _meets_least(rules, sites)
        gain = np.where(allowed, additions(gains, stand(gains, sites)), -1.0)
        effort.spend(gains.n_pairs)
        if rules.n_open is None:
            gain = np.where(gain > 0, gain / np.maximum(rules.cost, _FREE), -1.0)
        best = int(np.argmax(gain))
        if gain[best] < 0:
            break
        sites = np.sort(np.append(sites, best))
    return None if rules.broken_by(sites) else _polish(gains, rules, sites, plan, everyone, effort)


def _meets_least(rules: Rules, sites: _Sites) -> NDArray[np.bool_]:
    """Which candidates may come next, so that the least numbers of quotas can still be met: shape (n,)."""
    if rules.n_open is None:
        return np.ones(rules.n_candidates, dtype=bool)
    missing = [limit.least - int(np.isin(sites, limit.members).sum()) for limit in rules.limits]
    if sum(max(number, 0) for number in missing) < rules.n_open - len(sites):
        return np.ones(rules.n_candidates, dtype=bool)
    helps = np.zeros(rules.n_candidates, dtype=bool)
    for limit, number in zip(rules.limits, missing, strict=True):
        if number > 0:
            helps[limit.members] = True
    return helps


def _polish(gains: Gains, rules: Rules, sites: _Sites, kept: _Sites, among: _Sites, effort: Effort) -> _Sites:
    """Exchange one site at a time, the best exchange first, as long as the plan gets better; `kept` stay."""
    few = gains if len(among) == gains.n_candidates else gains.only(among)
    while effort.may_go_on() and len(sites):
        places = np.searchsorted(among, sites)
        standing = stand(few, places)
        allowed = keep(allowed_exchanges(rules, sites), sites, kept)[among]
        totals = np.where(allowed, exchanges(few, places, standing), -1.0)
        effort.spend(3 * few.n_pairs)
        new, old = np.unravel_index(int(np.argmax(totals)), totals.shape)
        if totals[new, old] <= standing.best.sum():
            break
        sites = np.sort(np.append(np.delete(sites, old), among[new]))
    return sites


# --- all stages at once ---


def improve(gains: Gains, stages: Stages, order: Order, effort: Effort) -> Order:
    """Change one thing at a time as long as the order as a whole gets better.

    A site gives way to one outside, or to one that opens later and now opens in its stead; with budgets a site may also
    open earlier or come on top. Every exchange is reckoned at all stages that it changes.
    """
    score = judge(gains, stages, order)
    while effort.may_go_on():
        best, best_score = order, score
        for found in (_best_exchange(gains, stages, order, effort), _best_addition(gains, stages, order, effort)):
            if found is not None and (found_score := judge(gains, stages, found)) < best_score:
                best, best_score = found, found_score
        if best is order:
            break
        order, score = best, best_score
    return order


def _best_exchange(gains: Gains, stages: Stages, order: Order, effort: Effort) -> Order | None:
    """Find the exchange after which the order is best; None where none is allowed."""
    n, n_sites, n_stages = gains.n_candidates, len(order.sites), len(stages)
    if not n_sites:
        return None
    stage_of = np.full(n, n_stages)
    stage_of[order.sites] = order.stage
    allowed = order.stage < stage_of[:, np.newaxis]
    totals = []
    for stage, rules in enumerate(stages.rules):
        inside = order.stage <= stage
        plan = order.sites[inside]
        changes = inside & (stage < stage_of[:, np.newaxis])
        standing = stand(gains, plan)
        here = np.zeros((n, n_sites), dtype=bool)
        here[:, inside] = keep(_allowed_so_far(rules, plan), plan, rules.required)
        after = np.full((n, n_sites), standing.best.sum())
        after[:, inside] = np.where(changes[:, inside], exchanges(gains, plan, standing), after[:, inside])
        allowed &= ~changes | here
        totals.append(after)
        effort.spend(3 * gains.n_pairs)
    place = _best_place(stages, totals, allowed)
    if place is None:
        return None
    new, old = divmod(place, n_sites)
    sites = order.sites.copy()
    sites[old] = new
    if stage_of[new] < n_stages:  # they change places in time
        sites[np.searchsorted(order.sites, new)] = order.sites[old]
    ascending = np.argsort(sites)
    return Order(sites[ascending], order.stage[ascending])


def find_promising(gains: Gains, stages: Stages, order: Order, n_most: int, effort: Effort) -> _Sites:
    """Find the candidates that an exchange into the order would cost least, at the stage where it costs least.

    Its own sites are among them, ascending.
    """
    lost = np.full(gains.n_candidates, np.inf)
    for stage, rules in enumerate(stages.rules):
        plan = order.plan(stage)
        if not len(plan):
            continue
        standing = stand(gains, plan)
        allowed = keep(allowed_exchanges(rules, plan), plan, rules.required)
        after = np.where(allowed, exchanges(gains, plan, standing), -np.inf).max(axis=1)
        lost = np.minimum(lost, (standing.best.sum() - after) / stages.bases[stage])
        effort.spend(3 * gains.n_pairs)
    lost[order.sites] = -np.inf
    best = np.argsort(lost, kind="stable")[: max(n_most, len(order.sites))]
    return np.sort(best[lost[best] < np.inf])


def _allowed_so_far(rules: Rules, plan: _Sites) -> NDArray[np.bool_]:
    return allowed_exchanges(rules, plan) if len(plan) else np.zeros((rules.n_candidates, 0), dtype=bool)


def _best_addition(gains: Gains, stages: Stages, order: Order, effort: Effort) -> Order | None:
    """With budgets: find the site whose opening, or earlier opening, makes the order best."""
    if stages.rules[0].n_open is not None:
        return None
    n, n_stages = gains.n_candidates, len(stages)
    stage_of = np.full(n, n_stages)
    stage_of[order.sites] = order.stage
    begins = np.arange(n_stages)
    allowed = begins < stage_of[:, np.newaxis]
    totals = []
    for stage, rules in enumerate(stages.rules):
        plan = order.plan(stage)
        standing = stand(gains, plan)
        changes = (begins <= stage) & (stage < stage_of[:, np.newaxis])
        allowed &= ~changes | allowed_additions(rules, plan)[:, np.newaxis]
        totals.append(standing.best.sum() + changes * additions(gains, standing)[:, np.newaxis])
        effort.spend(gains.n_pairs)
    place = _best_place(stages, totals, allowed)
    if place is None:
        return None
    new, begin = divmod(place, n_stages)
    stage_of[new] = begin
    sites = np.flatnonzero(stage_of < n_stages)
    return Order(sites.astype(np.int64), stage_of[sites])


def _best_place(stages: Stages, totals: Sequence[NDArray[np.float64]], allowed: NDArray[np.bool_]) -> int | None:
    """Place, in the flattened table, of the change after which the order is best; the first of equal ones."""
    if not allowed.any():
        return None
    everything = np.sum(totals, axis=0)
    if stages.weights is None:
        shares = [(stages.bounds[k] - total) / stages.bases[k] for k, total in enumerate(totals)]
        judged = np.max(shares, axis=0)
    else:
        judged = -np.sum([weight * total for weight, total in zip(stages.weights, totals, strict=True)], axis=0)
    judged = np.where(allowed, judged, np.inf)
    equal = judged == judged.min()
    return int(np.argmax(np.where(equal, everything, -np.inf)))
