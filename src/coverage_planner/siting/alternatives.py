"""What a plan hangs on: what each site is worth, what replaces it, and which other plans are nearly as good."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import perf_counter
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InfeasibleError, InputError, name_some
from coverage_planner.siting._exchange_rules import allowed_exchanges
from coverage_planner.siting._gains import exchanges, stand
from coverage_planner.siting._plan_effort import part_of, solve_within
from coverage_planner.siting._plan_list import PlanList, PlanSearch, list_plans
from coverage_planner.siting._plan_model import ModelName, PlanModel, read_model
from coverage_planner.siting.effort import DEFAULT_WORK, Effort, SearchProgress
from coverage_planner.siting.rules import Quota, Rules, read_rules
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes

_Sites = NDArray[np.int64]
#: An objective given and the one found again may differ by this share: decimal fractions are rounded in binary.
_SAME = 1e-9
#: Of the work left, what listing plans may take where sites are re-optimised after it.
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Alternatives:
    """What a plan hangs on.

    A loss is what the objective gets worse by (for MCLP demand no longer covered, for p-median demand-weighted time
    added), positive; below zero where the other plan is better, which happens where the plan is not proved optimal or a
    rule forced a poor site into it. A share is the loss over the plan's objective. All tables can be written to files
    as they are.

    Attributes
    ----------
    model
        'MCLP' or 'p-median'.
    objective
        Objective of the plan.
    sites
        One row for each site of the plan, in its order: the columns of the candidates table and

        - ``marginal_value``, ``marginal_share``: what is lost when the site goes and nothing replaces it; infinite
          where demand would stay without a site and nothing says what it counts.
        - ``replacement``: id of the candidate that replaces it best within the rules, missing where none may;
          ``replacement_objective``, ``replacement_loss``, ``replacement_share``: the plan after that. Exact: all single
          exchanges are compared; equal ones by less cost, then the smaller id.
        - with `reoptimise`: ``reoptimised_objective``, ``reoptimised_loss``, ``reoptimised_share`` for the best plan
          found without the site, ``reoptimised_loss_at_least`` (what is lost by any plan without it, proved),
          ``reoptimised_status``: 'optimal', 'feasible', 'infeasible' or 'not solved' (limit or Ctrl+C), and
          ``reoptimised_in``, ``reoptimised_out``: ids that come and go, the site itself included, joined by ', '.
    replacements
        The best replacements of each site: ``id`` (the site that falls through), ``rank`` from 1, ``replacement``,
        ``objective``, ``loss``, ``share``, ``cost_change`` (NaN where a cost is missing).
    plans
        The plan itself (``plan`` 0) and the best others: ``plan``, ``objective``, ``loss``, ``share``, ``n_sites``,
        ``cost`` (NaN where one is missing), ``opened``, ``closed`` (ids that it has and lacks against the plan itself,
        joined by ', ').
    plan_sites
        Sites of those plans, for maps: ``plan``, ``is_new`` (not in plan 0) and the columns of the candidates table.
    how
        How the other plans were found: 'exact: no-good cuts, …' (each is proved the best that is left) or 'search: …'.
    is_complete
        Whether it is proved that no further plan lies within the distance.
    work, seconds
        Units of work and seconds of the clock.
    interrupted
        Whether Ctrl+C ended the work; what is there holds.
    """

    model: ModelName
    objective: float
    sites: gpd.GeoDataFrame
    replacements: pd.DataFrame
    plans: pd.DataFrame
    plan_sites: gpd.GeoDataFrame
    how: str
    is_complete: bool
    work: float
    seconds: float
    interrupted: bool


@dataclass(frozen=True, eq=False)
class _Plan:
    """The plan in question within its model: sites, what they bring, and its objective."""

    model: PlanModel
    rules: Rules
    sites: _Sites
    total: int
    objective: float
    candidates: gpd.GeoDataFrame
    cost: NDArray[np.float64]

    def loss(self, total: float) -> float:
        """Return what is lost with a plan that brings `total` grains."""
        return self.model.gains.amount(self.total - int(total))

    def share(self, loss: float) -> float:
        """Loss over the objective."""
        return 0.0 if loss == 0 else loss / self.objective if self.objective else math.copysign(math.inf, loss)


def find_alternatives(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    solution: Solution,
    cutoff_s: float | None = None,
    unserved_s: float | None = None,
    budget: float | None = None,
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    min_spacing_m: float | None = None,
    group_weights: Mapping[str, float] | None = None,
    n_replacements: int = 3,
    reoptimise: bool = False,
    n_plans: int = 5,
    within: float = 0.02,
    differ_by: int = 1,
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    threads: int | None = None,
    progress: SearchProgress | None = None,
) -> Alternatives:
    """Say what each site of a plan is worth, what replaces it, and which other plans are nearly as good.

    Single exchanges are all compared in one pass (Whitaker 1983; Resende & Werneck 2007), exactly. Other plans of small
    problems are proved one after the other: HiGHS finds the best plan that is none of those before (no-good cuts,
    Balas & Jeroslow 1972). Plans of larger problems are searched by exchanges of exchanges; `how` says so.

    Parameters
    ----------
    times, demand, candidates, existing, group_weights, threads
        As the model's function took them.
    solution
        Of `solve_mclp` or `solve_p_median`, from the same input and rules.
    cutoff_s
        For the MCLP: as `solve_mclp` took it.
    unserved_s
        For the p-median: as `solve_p_median` took it. None needs every candidate within reach of all demand.
    budget
        As the model's function took it; None: other plans have as many sites as the solution.
    required, forbidden, quotas, min_spacing_m
        Rules of the plan. A required site may fall through all the same; other plans hold all required ones.
    n_replacements
        How many replacements of each site to list.
    reoptimise
        Whether to solve the model again without each site: one model for each.
    n_plans
        How many other plans to list.
    within
        They lose at most this share of the plan's objective.
    differ_by
        Each lacks at least so many sites of the plan itself and of every better plan listed.
    mip_gap
        Gap at which a model solved again is good enough.
    work_limit
        Most units of work, all models together.
    time_limit_s
        Stop by the clock: the answer may differ from run to run.
    progress
        Told what is done.

    Raises
    ------
    ConfigError
        A setting is out of range; the solution breaks a rule given, or is of another model.
    InputError
        The solution is not of this input: ids or objective differ; and what the model's function refuses.
    """
    begun = perf_counter()
    _check_settings(n_replacements, n_plans, within, differ_by)
    rules_given: dict[str, Any] = {
        "n_open": len(solution.sites) if budget is None else None, "budget": budget, "quotas": quotas,
        "min_spacing_m": min_spacing_m,
    }  # fmt: skip
    plan = _read_plan(
        solution,
        _model_of(solution, times, demand, candidates, cutoff_s, unserved_s, existing, group_weights, threads),
        candidates,
        {**rules_given, "required": required, "forbidden": forbidden},
    )
    effort = Effort(
        plan.model.gains.sense, mip_gap, DEFAULT_WORK if work_limit is None else work_limit, time_limit_s, progress
    )
    with effort.interruptible():
        values, replacements = _weigh_sites(plan, n_replacements, effort)
        with part_of(effort, _HALF if reoptimise else 1.0, "other plans") as part:
            listed = list_plans(_search_for(plan, n_plans, within, differ_by), part)
        if reoptimise:
            again = {**rules_given, "required": required, "forbidden": forbidden}
            values = values.join(_reoptimise(plan, again, effort))
    rows = candidates.iloc[plan.model.problem.order[plan.sites]].reset_index(drop=True)
    return Alternatives(
        model=plan.model.name,
        objective=plan.objective,
        sites=gpd.GeoDataFrame(rows.join(values), geometry=rows.geometry.name, crs=rows.crs),
        replacements=replacements,
        plans=_tabulate_plans(plan, listed),
        plan_sites=_place_plans(plan, listed),
        how=listed.how,
        is_complete=listed.is_complete,
        work=effort.work,
        seconds=perf_counter() - begun,
        interrupted=effort.interrupted,
    )


def _check_settings(n_replacements: int, n_plans: int, within: float, differ_by: int) -> None:
    for name, value, least in (
        ("n_replacements", n_replacements, 1),
        ("n_plans", n_plans, 0),
        ("differ_by", differ_by, 1),
    ):
        if isinstance(value, bool) or int(value) != value or value < least:
            raise ConfigError(f"{name} must be a whole number of at least {least}, got {value!r}; correct it")
    if not 0 <= within <= 1:
        raise ConfigError(f"within must be a share from 0 to 1 of the plan's objective, got {within!r}; correct it")


def _model_of(
    solution: Solution,
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    cutoff_s: float | None,
    unserved_s: float | None,
    existing: TravelTimes | None,
    group_weights: Mapping[str, float] | None,
    threads: int | None,
) -> PlanModel:
    name = next((known for known in get_args(ModelName) if known == solution.model), None)
    if name is None:
        raise ConfigError(
            f"alternatives are for solutions of the MCLP and the p-median, got one of the {solution.model}; solve one "
            "of those"
        )
    return read_model(
        name, times, demand, candidates, cutoff_s=cutoff_s, unserved_s=unserved_s, existing=existing,
        group_weights=group_weights, threads=threads,
    )  # fmt: skip


def _read_plan(
    solution: Solution, model: PlanModel, candidates: gpd.GeoDataFrame, rules_given: Mapping[str, Any]
) -> _Plan:
    """Find the solution's sites among the candidates; it must be one of this input and keep to the rules."""
    unknown = solution.sites.loc[~solution.sites["id"].isin(model.ids), "id"]
    if len(unknown):
        raise InputError(
            f"the sites of the solution must be among the {len(model.ids)} candidates, not so {name_some(unknown)}; "
            "give the table that the solution was found with"
        )
    rules = read_rules(candidates, model.problem.order, **rules_given)
    sites = model.numbers(solution.sites["id"])
    broken = rules.broken_by(sites)
    if broken:
        raise ConfigError(
            f"the solution must keep to the rules given, it breaks {name_some(broken)}; give the rules that it was "
            "found with, or solve again"
        )
    objective = model.objective(sites)
    if not math.isclose(objective, solution.objective, rel_tol=_SAME, abs_tol=model.gains.worth):
        raise InputError(
            f"the sites of the solution must have its objective, {solution.objective:,.10g}, got {objective:,.10g} "
            "from this input; give the times, demand, existing facilities and weights that it was found with"
        )
    cost = np.full(len(model.ids), np.nan)
    if "cost" in candidates:
        cost = candidates["cost"].to_numpy(dtype=float, na_value=np.nan)[model.problem.order]
    return _Plan(model, rules, sites, model.gains.total(sites), objective, candidates, cost)


def _weigh_sites(plan: _Plan, n_replacements: int, effort: Effort) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Marginal value and best replacements of each site."""
    gains, sites = plan.model.gains, plan.sites
    standing = stand(gains, sites)
    lost = [gains.amount(int(loss)) for loss in standing.losses(len(sites))]
    if plan.model.needs_a_site and len(sites) == 1:
        lost = [math.inf]
    totals = np.where(allowed_exchanges(plan.rules, sites), exchanges(gains, sites, standing), -1.0)
    effort.spend(3 * gains.n_pairs)
    order = plan.rules.cost
    entries: list[dict[str, Any]] = []
    for place, site in enumerate(sites.tolist()):
        best = np.lexsort((np.arange(len(order)), order, -totals[:, place]))[:n_replacements]
        for rank, new in enumerate(best[totals[best, place] >= 0].tolist(), start=1):
            loss = plan.loss(totals[new, place])
            entries.append(
                {
                    "id": plan.model.ids[site], "rank": rank, "replacement": plan.model.ids[new],
                    "objective": gains.objective(int(totals[new, place])), "loss": loss, "share": plan.share(loss),
                    "cost_change": plan.cost[new] - plan.cost[site],
                }
            )  # fmt: skip
    columns = ["id", "rank", "replacement", "objective", "loss", "share", "cost_change"]
    replacements = pd.DataFrame(entries, columns=columns)
    first = replacements[replacements["rank"] == 1].set_index("id").reindex(plan.model.ids[sites])
    values = pd.DataFrame(
        {
            "marginal_value": lost,
            "marginal_share": [plan.share(loss) for loss in lost],
            "replacement": first["replacement"].to_numpy(dtype=object),
            "replacement_objective": first["objective"].to_numpy(dtype=float),
            "replacement_loss": first["loss"].to_numpy(dtype=float),
            "replacement_share": first["share"].to_numpy(dtype=float),
        }
    )
    return values, replacements


def _search_for(plan: _Plan, n_plans: int, within: float, differ_by: int) -> PlanSearch:
    """Put the distance into whole grains: the least that brings the objective near enough."""
    gains = plan.model.gains
    objective = gains.start + (plan.total if gains.sense == "max" else -plan.total)
    least = plan.total - int(Fraction(str(float(within))) * objective)
    return PlanSearch(gains, plan.rules, plan.model.rank, np.sort(plan.sites), n_plans, least, differ_by)


def _reoptimise(plan: _Plan, rules_given: Mapping[str, Any], effort: Effort) -> pd.DataFrame:
    """Solve the model again without each site in turn."""
    rows = []
    for done, site in enumerate(plan.sites.tolist()):
        name = plan.model.ids[site]
        rules = {
            **rules_given,
            "required": [other for other in rules_given["required"] if other != name],
            "forbidden": sorted({*rules_given["forbidden"], name}),
        }
        row: dict[str, Any] = {"reoptimised_status": "not solved"}
        if effort.may_go_on():
            try:
                share = 1 / (len(plan.sites) - done)
                row = _describe_again(plan, solve_within(effort, share, f"without {name}", plan.model.solve, **rules))
            except InfeasibleError:
                row = {"reoptimised_status": "infeasible"}
        rows.append(row)
    figures = ["objective", "loss", "share", "loss_at_least", "status", "in", "out"]
    return pd.DataFrame(rows).reindex(columns=[f"reoptimised_{name}" for name in figures])


def _describe_again(plan: _Plan, solution: Solution) -> dict[str, Any]:
    model = plan.model
    found = model.numbers(solution.sites["id"])
    loss = plan.loss(model.gains.total(found))
    return {
        "reoptimised_objective": model.objective(found),
        "reoptimised_loss": loss,
        "reoptimised_share": plan.share(loss),
        "reoptimised_loss_at_least": plan.loss(model.bound(solution)),
        "reoptimised_status": solution.status,
        "reoptimised_in": _join(plan, np.setdiff1d(found, plan.sites)),
        "reoptimised_out": _join(plan, np.setdiff1d(plan.sites, found)),
    }


def _join(plan: _Plan, sites: _Sites) -> str:
    return ", ".join(str(name) for name in plan.model.ids[sites])


def _tabulate_plans(plan: _Plan, listed: PlanList) -> pd.DataFrame:
    rows = []
    for number, sites in enumerate([np.sort(plan.sites), *listed.plans]):
        loss = plan.loss(plan.model.gains.total(sites))
        rows.append(
            {
                "plan": number, "objective": plan.model.objective(sites), "loss": loss, "share": plan.share(loss),
                "n_sites": len(sites), "cost": float(plan.cost[sites].sum()),
                "opened": _join(plan, np.setdiff1d(sites, plan.sites)),
                "closed": _join(plan, np.setdiff1d(plan.sites, sites)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _place_plans(plan: _Plan, listed: PlanList) -> gpd.GeoDataFrame:
    plans = [np.sort(plan.sites), *listed.plans]
    sites = np.concatenate(plans)
    rows = plan.candidates.iloc[plan.model.problem.order[sites]].reset_index(drop=True)
    number = np.repeat(np.arange(len(plans)), [len(some) for some in plans])
    return rows.assign(plan=number, is_new=~np.isin(sites, plan.sites))
