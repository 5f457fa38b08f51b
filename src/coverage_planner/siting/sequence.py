"""An opening order in which every stage is good by itself: 3 sites this year, 5 next, 10 in all."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.siting._gains import additions, stand
from coverage_planner.siting._highs import solver_name
from coverage_planner.siting._order_exact import ORDER_PAIRS_MOST, Proof, is_small, prove_order, solve_among
from coverage_planner.siting._order_search import (
    Order,
    Stages,
    find_promising,
    grow_after,
    improve,
    judge,
    order_of,
    shrink_before,
)
from coverage_planner.siting._plan_effort import part_of, solve_within
from coverage_planner.siting._plan_model import ModelName, PlanModel, read_model
from coverage_planner.siting.effort import DEFAULT_WORK, Effort, SearchProgress
from coverage_planner.siting.rules import Quota, Rules, read_rules
from coverage_planner.siting.solution import Solution, Status
from coverage_planner.traveltime.times import TravelTimes

#: How many of the most promising candidates of a large problem one program over all stages looks at: the first of these
#: numbers that is small enough.
_PROMISING = (100, 60, 40)
#: Of the work left, what that program may take.
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class OpeningOrder:
    """Which sites open at which stage, and what each stage loses against a plan made for it alone.

    All tables can be written to files as they are.

    Attributes
    ----------
    model
        'MCLP' or 'p-median'.
    sites
        One row for each site in the order of opening: the columns of the candidates table and ``stage`` (from 1),
        ``order`` (from 1; within a stage the site that adds most comes first) and ``added`` (what it adds to the
        objective in that order; for p-median what it takes from it).
    stages
        One row for each stage: ``stage``, ``n_sites`` (open by then), ``n_new``, ``cost`` (of all sites by then, NaN
        where one is missing), ``opened`` (ids, joined by ', '), ``objective``, ``bound`` (of the stage's own model,
        proven), ``loss`` (what the order lacks of the bound), ``loss_share`` (of the bound), ``own_objective`` (of the
        best plan found for the stage alone), ``loss_to_own`` (below zero where the order is better than that),
        ``own_status``, ``own_proof`` (as in `Solution`), ``certificate`` (of the stage's own model, a sentence).
    worst_share
        Largest ``loss_share``: no plan made for one stage alone is better than the order by more than this share.
    weighted_loss
        Sum of ``loss`` times the weights (1 each where none are given).
    status
        'optimal' when it is proved that no order within the rules is judged better; else 'feasible'.
    how
        Where the order comes from, and whether and how it is proved.
    solutions
        Solution of each stage's own model.
    work, seconds
        Units of work and seconds of the clock.
    interrupted
        Whether Ctrl+C ended the work; what is there holds.
    """

    model: ModelName
    sites: gpd.GeoDataFrame
    stages: pd.DataFrame
    worst_share: float
    weighted_loss: float
    status: Status
    how: str
    solutions: tuple[Solution, ...]
    work: float
    seconds: float
    interrupted: bool

    def certificate(self) -> str:
        """Say in one line how good every stage is."""
        rows = zip(self.stages["n_sites"], self.stages["loss_share"], strict=True)
        parts = [f"{n_sites} sites lack at most {_round_up(share):.2%}" for n_sites, share in rows]
        proved = "; proved: no other order is judged better" if self.status == "optimal" else ""
        return f"{self.model} in {len(parts)} stages: of what could be reached {', '.join(parts)}{proved}"


def _round_up(share: float) -> float:
    """Round up to a hundredth of a percent, so that 'at most' stays true."""
    return math.ceil(share * 1e4) / 1e4 if math.isfinite(share) else share


def solve_sequence(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    stages: Sequence[int] | None = None,
    budgets: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
    model: ModelName = "MCLP",
    cutoff_s: float | None = None,
    unserved_s: float | None = None,
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    min_spacing_m: float | None = None,
    group_weights: Mapping[str, float] | None = None,
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    progress: SearchProgress | None = None,
) -> OpeningOrder:
    r"""Choose sites and the stage at which each opens, such that the plan is good at every stage.

    With :math:`f` the model's objective, :math:`B_t` the bound that its own solution proves for stage :math:`t`, and
    nested plans :math:`S_1 \subset S_2 \subset \dots`,

    .. math:: \min \max_t \frac{B_t - f(S_t)}{B_t} \quad\text{or, with weights,}\quad \max \sum_t w_t f(S_t)

    (signs reversed for the p-median). Of equal orders the one whose plans are worth most together is taken. The plan of
    each stage alone is shrunk for the stages before it and grown for those after it; each of these orders is improved
    by exchanges that look at all stages; and small problems are proved by one program over all stages (HiGHS), in which
    a site that is open stays open. Of large ones the most promising candidates are looked at so.

    Parameters
    ----------
    times, demand, candidates, existing, group_weights, threads
        As `solve_mclp` and `solve_p_median` take them.
    stages
        How many sites are open by the end of each stage, required ones included, ascending: (3, 5, 10).
    budgets
        Instead: what all sites may cost by the end of each stage, ascending.
    weights
        What each stage counts, for example the years it lasts; None: the worst share of all stages is made least.
    model
        'MCLP' or 'p-median'.
    cutoff_s
        For the MCLP: longest acceptable time, seconds.
    unserved_s
        For the p-median: what demand without a site counts, seconds. None needs every candidate within reach of all
        demand.
    required
        Open at the first stage.
    forbidden, min_spacing_m
        Hold at every stage.
    quotas
        `at_most` holds at every stage, `at_least` at the last.
    mip_gap
        Gap at which the own model of a stage, and the order, are good enough.
    work_limit
        Most units of work, all stages and the order together.
    time_limit_s
        Stop by the clock: the answer may differ from run to run.
    progress
        Told what is done; for the order, the weighted sums of objectives and bounds.

    Raises
    ------
    ConfigError
        Both or neither of `stages` and `budgets`, not ascending, or weights that do not match; settings of the other
        model; and what the model's own function refuses.
    InfeasibleError
        Rules that cannot be met at some stage.
    CrsError, SchemaError, InputError, SitingError
        As the model's own function.
    """
    begun = perf_counter()
    sizes = _check_stages(stages, budgets, weights)
    plan_model = read_model(
        model, times, demand, candidates, cutoff_s=cutoff_s, unserved_s=unserved_s, existing=existing,
        group_weights=group_weights, threads=threads,
    )  # fmt: skip
    upper_quotas = [replace(quota, at_least=0) for quota in quotas if quota.at_most is not None]
    common = {"required": required, "forbidden": forbidden, "min_spacing_m": min_spacing_m}
    given = [{**common, **size, "quotas": upper_quotas} for size in sizes[:-1]]
    given.append({**common, **sizes[-1], "quotas": quotas})
    rules = tuple(read_rules(candidates, plan_model.problem.order, **some) for some in given)
    effort = Effort(
        plan_model.gains.sense, mip_gap, DEFAULT_WORK if work_limit is None else work_limit, time_limit_s, progress
    )
    with effort.interruptible():
        solutions = _solve_stages(plan_model, given, effort)
        judged = _judge_by(plan_model, rules, solutions, weights)
        order, origin = _search(plan_model, judged, solutions, effort)
        proof, how = _prove(plan_model, judged, order, origin, effort)
        _report(plan_model, judged, proof.order, effort)
    return _describe(plan_model, candidates, judged, solutions, proof, how, effort, begun)


def _check_stages(
    stages: Sequence[int] | None, budgets: Sequence[float] | None, weights: Sequence[float] | None
) -> list[dict[str, Any]]:
    """Return the size of each stage as the model takes it."""
    if (stages is None) == (budgets is None):
        raise ConfigError(
            f"exactly one of stages and budgets must be given, got stages {stages!r} and budgets {budgets!r}; say how "
            "many sites are open by the end of each stage, or what they may cost"
        )
    name, values = ("stages", list(stages)) if stages is not None else ("budgets", list(budgets or ()))
    if not values or any(not late > early for early, late in pairwise(values)):
        raise ConfigError(f"{name} must be totals by the end of each stage, ascending, got {values}; correct them")
    if weights is not None:
        right = [math.isfinite(weight) and weight >= 0 for weight in weights]
        if len(weights) != len(values) or not all(right) or not sum(weights) > 0:
            raise ConfigError(
                f"weights must be a number from 0 up for each of the {len(values)} stages, not all 0, got "
                f"{list(weights)}; correct them"
            )
    return [
        {"n_open": value, "budget": None} if name == "stages" else {"n_open": None, "budget": value} for value in values
    ]


def _solve_stages(model: PlanModel, given: Sequence[dict[str, Any]], effort: Effort) -> tuple[Solution, ...]:
    """Solve the own model of each stage, the last stage first: the others can be made from its plan."""
    solutions: list[Solution] = []
    for number in range(len(given), 0, -1):
        share = 1 / (number + 1)
        solutions.insert(0, solve_within(effort, share, f"stage {number}", model.solve, **given[number - 1]))
    return tuple(solutions)


def _judge_by(
    model: PlanModel, rules: tuple[Rules, ...], solutions: Sequence[Solution], weights: Sequence[float] | None
) -> Stages:
    gains = model.gains
    bounds = tuple(model.bound(solution) for solution in solutions)
    bases = tuple(max(gains.start + bound if gains.sense == "max" else gains.start - bound, 1) for bound in bounds)
    return Stages(rules, bounds, bases, None if weights is None else tuple(float(weight) for weight in weights))


def _search(model: PlanModel, stages: Stages, solutions: Sequence[Solution], effort: Effort) -> tuple[Order, str]:
    """Make an order around the plan of each stage, improve each, take the best."""
    gains, last = model.gains, len(stages) - 1
    plans = [np.sort(model.numbers(solution.sites["id"])) for solution in solutions]
    best = order_of([*shrink_before(gains, stages.rules[:last], plans[last], effort), plans[last]])
    best, origin = improve(gains, stages, best, effort), f"from the plan of stage {last + 1}"
    _report(model, stages, best, effort)
    for at in range(last):
        later = grow_after(gains, stages.rules[at + 1 :], plans[at], effort) if effort.may_go_on() else None
        if later is None:
            continue
        found = order_of([*shrink_before(gains, stages.rules[:at], plans[at], effort), plans[at], *later])
        found = improve(gains, stages, found, effort)
        if judge(gains, stages, found) < judge(gains, stages, best):
            best, origin = found, f"from the plan of stage {at + 1}"
            _report(model, stages, best, effort)
    return best, origin


def _improve_among_few(model: PlanModel, stages: Stages, order: Order, effort: Effort) -> tuple[Order, int]:
    """Solve all stages together among the most promising candidates; return how many those are, 0 where too large."""
    for n_most in _PROMISING:
        if not effort.may_go_on():
            break
        among = find_promising(model.gains, stages, order, n_most, effort)
        with part_of(effort, _HALF, "order among few") as part:
            found = solve_among(model.gains, stages, order, among, part)
        if found is not None:
            return found, len(among)
    return order, 0


def _prove(model: PlanModel, stages: Stages, order: Order, origin: str, effort: Effort) -> tuple[Proof, str]:
    """Prove the order where that is easy: every stage reaches its bound, or the problem is small; say how."""
    gains = model.gains
    reached = f"proved: every stage reaches the bound of its own model; {origin}"
    if judge(gains, stages, order)[0] == 0:
        return Proof(order, is_proved=True), reached
    if is_small(gains, stages):
        with part_of(effort, 1.0, "order") as part:
            proof = prove_order(gains, stages, order, part)
        if proof.is_proved:
            return proof, f"proved: one program over all stages, {solver_name()}"
        return proof, f"search: {origin}; the work allowed was spent before the proof"
    order, n_few = _improve_among_few(model, stages, order, effort)
    if judge(gains, stages, order)[0] == 0:
        return Proof(order, is_proved=True), reached
    few = f"; one program over the {n_few} most promising candidates, {solver_name()}" if n_few else ""
    limit = f"proofs are for up to {ORDER_PAIRS_MOST:,} pairs over all stages"
    return Proof(order, is_proved=False), f"search: {origin}{few}; {limit}"


def _report(model: PlanModel, stages: Stages, order: Order, effort: Effort) -> None:
    """Tell the weighted sums of objectives and bounds."""
    gains = model.gains
    weights = [1.0] * len(stages) if stages.weights is None else list(stages.weights)
    objective = math.fsum(w * gains.objective(gains.total(order.plan(t))) for t, w in enumerate(weights))
    bound = math.fsum(w * gains.objective(stages.bounds[t]) for t, w in enumerate(weights))
    effort.report("order", objective, bound)


def _describe(
    model: PlanModel,
    candidates: gpd.GeoDataFrame,
    stages: Stages,
    solutions: tuple[Solution, ...],
    proof: Proof,
    how: str,
    effort: Effort,
    begun: float,
) -> OpeningOrder:
    table = _tabulate_stages(model, candidates, stages, solutions, proof.order)
    weights = np.ones(len(stages)) if stages.weights is None else np.array(stages.weights)
    return OpeningOrder(
        model=model.name,
        sites=_tabulate_sites(model, candidates, stages, proof.order),
        stages=table,
        worst_share=float(table["loss_share"].max()),
        weighted_loss=math.fsum(weights * table["loss"].to_numpy()),
        status="optimal" if proof.is_proved else "feasible",
        how=how,
        solutions=solutions,
        work=effort.work,
        seconds=perf_counter() - begun,
        interrupted=effort.interrupted,
    )


def _tabulate_stages(
    model: PlanModel,
    candidates: gpd.GeoDataFrame,
    stages: Stages,
    solutions: Sequence[Solution],
    order: Order,
) -> pd.DataFrame:
    gains, cost = model.gains, _cost(model, candidates)
    rows = []
    for number, solution in enumerate(solutions):
        plan = order.plan(number)
        total, bound = gains.total(plan), stages.bounds[number]
        own = gains.total(model.numbers(solution.sites["id"]))
        loss, of = gains.amount(bound - total), gains.objective(bound)
        rows.append(
            {
                "stage": number + 1,
                "n_sites": len(plan),
                "n_new": int((order.stage == number).sum()),
                "cost": float(cost[plan].sum()),
                "opened": ", ".join(str(name) for name in model.ids[order.sites[order.stage == number]]),
                "objective": model.objective(plan),
                "bound": of,
                "loss": loss,
                "loss_share": 0.0 if loss == 0 else loss / of if of > 0 else math.inf,
                "own_objective": gains.objective(own),
                "loss_to_own": gains.amount(own - total),
                "own_status": solution.status,
                "own_proof": solution.proof,
                "certificate": solution.certificate(),
            }
        )
    return pd.DataFrame(rows)


def _cost(model: PlanModel, candidates: gpd.GeoDataFrame) -> NDArray[np.float64]:
    if "cost" not in candidates:
        return np.full(len(model.ids), np.nan)
    cost: NDArray[np.float64] = candidates["cost"].to_numpy(dtype=float, na_value=np.nan)[model.problem.order]
    return cost


def _tabulate_sites(model: PlanModel, candidates: gpd.GeoDataFrame, stages: Stages, order: Order) -> gpd.GeoDataFrame:
    """Sites in the order of opening: within a stage the one that adds most first, of equal ones the smaller id."""
    few = model.gains.only(order.sites)
    opened: list[int] = []
    added: list[float] = []
    for stage in range(len(stages)):
        waiting = np.flatnonzero(order.stage == stage).tolist()
        while waiting:
            more = additions(few, stand(few, np.array(opened, dtype=np.int64)))
            best = max(waiting, key=lambda place: (more[place], -place))
            opened.append(best)
            added.append(model.gains.amount(int(more[best])))
            waiting.remove(best)
    sites = order.sites[opened]
    rows = candidates.iloc[model.problem.order[sites]].reset_index(drop=True)
    return rows.assign(stage=order.stage[opened] + 1, order=np.arange(1, len(sites) + 1), added=added)
