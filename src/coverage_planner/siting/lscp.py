"""Location set covering problem: everybody within the cutoff, with the fewest sites or for the least money."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InfeasibleError, SchemaError, name_some
from coverage_planner.siting._certify import begin_effort, conclude, labels, move_to, search
from coverage_planner.siting._exact import Sites, Task, add_row, add_rows, require_size
from coverage_planner.siting._groups import group_points
from coverage_planner.siting._highs import Program
from coverage_planner.siting._infeasible import Need, find_choice
from coverage_planner.siting._lexicographic import Tied, break_equal
from coverage_planner.siting._problem import CoveringProblem, SitingProblem, build_problem
from coverage_planner.siting._programs import column_bounds, scale_for, slack_of, write_rules
from coverage_planner.siting._reduce import reduce_cover
from coverage_planner.siting.effort import Effort, SearchProgress
from coverage_planner.siting.rules import Quota, Rules, read_rules
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes

Minimise = Literal["sites", "cost"]
_MODEL = "LSCP"
#: What a site without a price counts for in greedy adding.
_FREE = 1e-6


def solve_lscp(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float,
    partial: float = 1.0,
    minimise: Minimise = "sites",
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    quotas: Sequence[Quota] = (),
    budget: float | None = None,
    min_spacing_m: float | None = None,
    group_weights: Mapping[str, float] | None = None,
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    progress: SearchProgress | None = None,
) -> Solution:
    r"""Bring all demand within the cutoff with the fewest new sites, or for the least money.

    The location set covering problem of Toregas, Swain, ReVelle & Bergman (1971). With :math:`N_i` the candidates that
    reach demand point :math:`i` within the cutoff, :math:`E` the points that existing facilities cover and
    :math:`c_j = 1`, or the cost of candidate :math:`j`:

    .. math::

        \min \sum_j c_j x_j \quad\text{subject to}\quad
        \sum_{j \in N_i} x_j \ge 1 \text{ for } i \notin E, \qquad x_j \in \{0, 1\} .

    With `partial` :math:`= \alpha < 1` only that share of all demand :math:`W` must be covered (Daskin & Owen 1999):
    :math:`y_i \le \sum_{j \in N_i} x_j` and :math:`\sum_{i \in E} w_i + \sum_{i \notin E} w_i y_i \ge \alpha W`.

    Points without demand need not be covered. Rows and candidates that others make needless are left out (Toregas &
    ReVelle 1972), where neither quotas nor distances tell candidates apart; the rest is solved by HiGHS. Among choices
    that are as good the one that covers most demand wins, then the one with least demand-weighted time, least cost,
    and the smallest ids.

    Parameters
    ----------
    times, demand, candidates, existing, group_weights
        As for `solve_mclp`. Existing facilities stay open and cost nothing.
    cutoff_s
        Longest acceptable time in seconds; equal counts as covered.
    partial
        Share of all demand that must be covered, existing facilities included; above 0, at most 1. It is taken as the
        decimal number that it is written as, and held to the last grain of demand.
    minimise
        'sites': as few as possible; 'cost': as cheap as possible (column ``cost``, known for all but the forbidden).
    required, forbidden, quotas, min_spacing_m
        Rules that the choice keeps, as for `solve_mclp`.
    budget
        What the new sites may cost at most, if that is limited.
    mip_gap, work_limit, time_limit_s, progress
        How far to go, as for `solve_mclp`.

    Returns
    -------
    Solution
        ``objective`` and ``bound`` are numbers of new sites, or sums of money; ``unserved`` names demand that nobody
        can reach. ``sites`` may be empty.

    Raises
    ------
    ConfigError, InputError, SchemaError, CrsError
        Arguments or tables are not as they must be.
    InfeasibleError
        Some demand is out of reach of everybody, or the rules cannot hold together; the message names which.
    SitingError
        The problem is too large for HiGHS, or no choice was found in time.
    """
    share = _check(partial, minimise)
    effort = begin_effort("min", mip_gap, work_limit, time_limit_s, progress)
    problem = build_problem(
        times, demand, candidates, cutoff_s=cutoff_s, existing=existing, group_weights=group_weights
    )
    rules = read_rules(
        candidates, problem.order, budget=budget, required=required, forbidden=forbidden, quotas=quotas,
        min_spacing_m=min_spacing_m, needs_size=False,
    )  # fmt: skip
    if minimise == "cost":
        _require_costs(candidates, problem, rules)
    out_of_reach = _out_of_reach(problem, rules)
    wanted = _wanted(problem, share, out_of_reach, demand, cutoff_s, any_forbidden=len(rules.forbidden) > 0)
    require_size(int(problem.times_ms.nnz), _MODEL)
    groups, _ = group_points(problem, ~problem.present, np.zeros(len(problem.demand), dtype=np.int64))
    cover = _Cover(groups, rules, wanted - problem.present_demand, minimise)
    unit = 1.0 if minimise == "sites" else rules.cost_grain
    with effort.interruptible():
        start = _start(cover, cutoff_s, effort)
        task = _write(cover, reduced=True)
        found = search(
            task, effort, start=start, stage="branch and bound", units=lambda value: value * unit, model=_MODEL
        )
        whole = _write(cover, reduced=False)
        tied = _tie(problem, cover, whole, found.value)
        sites, tie_break = break_equal(
            tied, np.empty(0, dtype=np.int64) if found.sites is None else found.sites, effort, proved=found.proved
        )
    cost = candidates["cost"].to_numpy(dtype=float)[problem.order[sites]] if minimise == "cost" else np.ones(len(sites))
    return conclude(
        _MODEL,
        problem,
        candidates,
        move_to(found, sites),
        effort,
        objective=math.fsum(cost),
        unit=unit,
        tie_break=tie_break,
        n_merged=cover.covering.n_pairs,
        unserved=labels(demand, problem.demand_order[out_of_reach]),
    )


@dataclass(frozen=True, eq=False)
class _Cover:
    """What must be covered: `need` grains beyond what existing facilities cover."""

    covering: CoveringProblem
    rules: Rules
    need: int
    minimise: Minimise

    @property
    def takes_all(self) -> bool:
        """Whether all groups must be covered."""
        return self.need >= int(self.covering.weights.sum())

    @property
    def price(self) -> NDArray[np.float64]:
        """What each candidate adds to the objective."""
        return self.rules.cost if self.minimise == "cost" else np.ones(self.rules.n_candidates)

    def value(self, sites: Sites) -> int:
        """Objective of a choice."""
        return int(self.price[sites].sum())

    def suffices(self, sites: Sites) -> bool:
        """Whether a choice covers what it must."""
        return self.covering.covered(sites) >= self.need

    def keeps(self, sites: Sites) -> bool:
        """Whether a choice keeps the rules, too."""
        return self.suffices(sites) and not self.rules.broken_by(sites)

    def columns(self, sites: Sites) -> NDArray[np.float64]:
        """Values of the columns of a program."""
        opened = np.isin(np.arange(self.rules.n_candidates), sites).astype(np.float64)
        if self.takes_all:
            return opened
        return np.concatenate((opened, self.covering.count(sites) > 0))


def _check(partial: float, minimise: str) -> Fraction:
    if not 0 < partial <= 1:
        raise ConfigError(f"partial must be a share above 0 and at most 1, got {partial!r}; 1 asks for all demand")
    if minimise not in ("sites", "cost"):
        raise ConfigError(f"minimise must be 'sites' or 'cost', got {minimise!r}; choose one")
    return Fraction(repr(float(partial)))


def _require_costs(candidates: gpd.GeoDataFrame, problem: SitingProblem, rules: Rules) -> None:
    known = candidates["cost"].notna().to_numpy() if "cost" in candidates else np.zeros(len(candidates), dtype=bool)
    missing = ~known[problem.order]
    missing[rules.forbidden] = False
    if missing.any():
        raise SchemaError(
            f"to minimise cost every candidate must have one, missing for {name_some(rules.ids[missing])}; fill in the "
            "column cost, or forbid these candidates"
        )


def _out_of_reach(problem: SitingProblem, rules: Rules) -> NDArray[np.int64]:
    """Points with demand that neither an existing facility nor a candidate that may open reaches."""
    reached = problem.present.copy()
    may_open = np.ones(rules.n_candidates, dtype=bool)
    may_open[rules.forbidden] = False
    reached[problem.times_ms.indices[np.repeat(may_open, np.diff(problem.times_ms.indptr))]] = True
    return np.flatnonzero(~reached & (problem.demand > 0))


def _wanted(
    problem: SitingProblem,
    share: Fraction,
    out_of_reach: NDArray[np.int64],
    demand: gpd.GeoDataFrame,
    cutoff_s: float,
    *,
    any_forbidden: bool,
) -> int:
    """Demand in grains that must be covered; raises where it cannot."""
    total = int(problem.demand.sum())
    wanted = math.ceil(share * total)
    reachable = total - int(problem.demand[out_of_reach].sum())
    if wanted <= reachable:
        return wanted
    names = labels(demand, problem.demand_order[out_of_reach])
    shown = ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])  # noqa: PLR2004 - as all messages do
    site = "site that is not forbidden" if any_forbidden else "site"
    lost = f"{len(names)} of {len(demand)} demand points are within {cutoff_s:g} s of no {site}: {shown}"
    if share == 1:
        raise InfeasibleError(f"{lost}; raise the cutoff, add sites, or ask for partial cover")
    raise InfeasibleError(
        f"partial must be at most {reachable / total:.6g}, the share of demand within reach, got {float(share):.10g}: "
        f"{lost}; raise the cutoff, add sites, or lower partial"
    )


def _start(cover: _Cover, cutoff_s: float, effort: Effort) -> Sites:
    """Return a choice that keeps all rules: greedy adding (Chvátal 1979), else whatever HiGHS finds first."""
    sites = _add_greedily(cover, effort)
    if cover.keeps(sites):
        return sites
    rows, least = _cover_rows(cover, np.arange(len(cover.covering.weights)))
    share = "all demand" if cover.takes_all else "the share of demand asked for"
    return find_choice(cover.rules, [Need(f"{share} within {cutoff_s:g} s", rows, least, cover.suffices)])


def _add_greedily(cover: _Cover, effort: Effort) -> Sites:
    """Add the site with most new demand for its price until enough is covered, then take away what is not needed."""
    rules, covering = cover.rules, cover.covering
    table = covering.cover.astype(np.float64)
    left = np.where(covering.count(rules.required) > 0, 0.0, covering.weights)
    blocked = np.zeros(rules.n_candidates, dtype=bool)
    blocked[rules.forbidden] = True
    chosen = list(rules.required)
    covered = int(covering.weights.sum() - left.sum())
    for site in chosen:
        blocked |= _near(rules, site)
    while covered < cover.need:
        gain = table @ left
        effort.spend(covering.n_pairs)
        gain[blocked] = 0
        gain[chosen] = 0
        best = int(np.argmax(gain / np.maximum(cover.price, _FREE)))
        if gain[best] <= 0:
            break
        chosen.append(best)
        blocked |= _near(rules, best)
        covered += int(gain[best])
        left[table.indices[table.indptr[best] : table.indptr[best + 1]]] = 0
    sites = np.array(chosen, dtype=np.int64)
    for site in sorted(set(chosen) - set(rules.required.tolist()), key=lambda k: (-cover.price[k], k)):
        fewer = sites[sites != site]
        if cover.suffices(fewer):
            sites = fewer
    return np.sort(sites)


def _near(rules: Rules, site: int) -> NDArray[np.bool_]:
    """Candidates too near a site."""
    near = np.zeros(rules.n_candidates, dtype=bool)
    pairs = rules.too_near
    near[pairs[pairs[:, 0] == site, 1]] = True
    near[pairs[pairs[:, 1] == site, 0]] = True
    return near


def _cover_rows(cover: _Cover, rows: NDArray[np.int64]) -> tuple[sp.csr_array, NDArray[np.float64]]:
    """Write what must be covered: a row for each group, or groups as columns of their own and their sum."""
    covering = cover.covering
    covered_by = covering.covered_by.astype(np.float64)
    if cover.takes_all:
        return covered_by[rows], np.ones(len(rows))
    m, n = covered_by.shape
    scale = scale_for(covering.weights.sum())
    weighed = sp.csr_array(np.concatenate((np.zeros(n), covering.weights * scale))[None])
    least = (cover.need - slack_of(covering.weights)) * scale if cover.need > 0 else -np.inf
    table = sp.vstack([sp.hstack([covered_by, -sp.eye_array(m)]), weighed], format="csr")
    return table, np.concatenate((np.zeros(m), [least]))


def _write(cover: _Cover, *, reduced: bool) -> Task:
    rules, covering = cover.rules, cover.covering
    n, m = rules.n_candidates, len(covering.weights)
    wide = n if cover.takes_all else n + m
    rows, lower, upper = write_rules(rules, wide)
    least, most = column_bounds(rules, wide)
    scale = 1.0 if cover.minimise == "sites" else scale_for(rules.cost.sum())
    kept = np.arange(m)
    if reduced:
        held = covering.count(rules.required) > 0
        table = covering.covered_by
        left = reduce_cover(
            table[~held] if cover.takes_all else table,
            closed=np.union1d(rules.required, rules.forbidden),
            cost=_compared(cover),
            all_rows_hold=cover.takes_all,
        )
        least[left.opened], most[left.closed] = 1, 0
        kept = np.flatnonzero(~held)[left.rows] if cover.takes_all else kept
    program = Program(
        objective=np.concatenate((cover.price * scale, np.zeros(wide - n))),
        maximise=False,
        whole=np.arange(wide) < n,
        lower=least,
        upper=most,
        rows=rows,
        row_lower=lower,
        row_upper=upper,
    )
    table, need = _cover_rows(cover, kept)
    program = add_rows(program, table, need, np.full(len(need), np.inf))
    return Task(program, n, cover.value, scale, cover.keeps, cover.columns)


def _compared(cover: _Cover) -> NDArray[np.float64] | None:
    """By what one candidate can stand for another; None where quotas and distances tell them apart."""
    if not cover.rules.are_simple:
        return None
    return cover.price if cover.rules.budget is None else cover.rules.cost


def _tie(problem: SitingProblem, cover: _Cover, whole: Task, value: int) -> Tied:
    """Hold the objective at its value."""
    price = whole.program.objective
    slack = slack_of(cover.price) * whole.scale
    program = add_row(whole.program, price, -np.inf, value * whole.scale + slack)
    covered = None
    if not cover.takes_all:
        covered = np.concatenate((np.zeros(cover.rules.n_candidates), cover.covering.weights))
    return Tied(
        problem,
        cover.rules,
        replace(program, objective=np.zeros(len(price))),
        lambda sites: cover.keeps(sites) and cover.value(sites) == value,
        cover.columns,
        covered,
    )
