"""The p-median: the sites from which demand is least far, on the whole."""

import math
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.siting._median_problem import build_median
from coverage_planner.siting._median_program import need_to_serve
from coverage_planner.siting._median_stages import Course, solve_median
from coverage_planner.siting._problem import SitingProblem, build_problem
from coverage_planner.siting.effort import DEFAULT_WORK, Effort, SearchProgress, gap_between
from coverage_planner.siting.rules import Quota, read_rules
from coverage_planner.siting.sites import describe_sites
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import MS_PER_S, UNREACHED_MS, to_milliseconds

#: Columns that `solve_p_median` adds to those of `describe_sites`.
MEDIAN_FIGURES = ("assigned_demand", "assigned_mean_time_s", "saved_demand_time_s")


def solve_p_median(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    n_open: int | None = None,
    budget: float | None = None,
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
) -> Solution:
    r"""Choose the sites that make demand-weighted time least, each demand point going to its nearest.

    The p-median problem of Hakimi (1964), as ReVelle & Swain (1970) wrote it. With demand :math:`w_i` of point
    :math:`i`, the time :math:`t_{ij}` to candidate :math:`j`, and :math:`b_i` what the point takes if no candidate
    opens (the time to the nearest existing facility, or `unserved_s`):

    .. math::

        \min \sum_i w_i \min\Bigl(b_i, \min_{j: x_j = 1} t_{ij}\Bigr) \quad\text{subject to}\quad
        \sum_j x_j = p \;\;\text{or}\;\; \sum_j c_j x_j \le B, \quad x_j \in \{0, 1\} .

    :math:`x_j` says whether candidate :math:`j` opens, :math:`p` is `n_open`, :math:`B` the `budget`, :math:`c_j` the
    cost of a candidate. The objective is demand times seconds; divided by the demand of the whole table it is the mean
    time of a person.

    A first choice comes from greedy adding and fast interchange (Whitaker 1983; Resende & Werneck 2007). Lagrangian
    prices of demand (Cornuéjols, Fisher & Nemhauser 1977) bound the optimum and settle most candidates; with a budget
    the relaxed choice is a knapsack, filled by what candidates earn for their cost. Among the others the choice is
    shaken (iterated local search with a fixed seed), and what is still undecided is split by branch and bound on the
    same prices (Beasley 1985). Quotas and distances are kept in the interchange, and HiGHS solves what prices leave.

    Among choices of equal weighted time the one with least cost wins, then the one whose sorted ids come first.

    Parameters
    ----------
    times
        Times of the candidates (rows) to the demand points (columns). Pairs beyond their limit do not serve.
    demand
        Columns ``id``, ``demand``; ``group`` where `group_weights` are given.
    candidates
        Columns ``id`` and ``cost`` (with a budget; else a missing cost counts as zero in the tie-break).
    n_open
        How many sites open, required ones included; exactly so many.
    budget
        What the sites may cost at most, in place of `n_open`.
    unserved_s
        Seconds that demand counts which no open site and no existing facility reaches, at least the limit of the
        search. None: every point with demand must be reached.
    existing
        Times of the facilities that stay open, to the same demand; None where there are none.
    required, forbidden
        Ids of candidates that must, or must not, open.
    quotas, min_spacing_m
        Bounds on sites that share a value of a column; and how far apart new sites must be, metres.
    group_weights
        Factors for the demand of each value of the column ``group``; others count once.
    mip_gap
        Stop when no choice can be better than the one found by more than this share. 0: prove the optimum.
    work_limit
        Units of work (`Effort`); by default about a minute. The same limit gives the same sites on every machine.
    time_limit_s
        Stop by the clock. The answer may then differ from run to run.
    threads
        How many threads; all processors by default. The answer does not depend on it.
    progress
        Told whenever something better is found or proved, in demand times seconds.

    Returns
    -------
    Solution
        ``sites`` has the columns of `describe_sites` (within the limit of the search) and, for each site,
        ``assigned_demand`` (demand that has it as its nearest, of equally near ones the first id),
        ``assigned_mean_time_s`` (its demand-weighted mean time; NaN without demand) and ``saved_demand_time_s`` (what
        the objective would grow by without the site; infinite where points that must be served would not be).
        ``objective`` and ``bound`` are demand times seconds over the whole demand table; nothing is below ``bound``.
        'optimal' is proved in whole numbers of grains of demand times milliseconds, or by HiGHS within its tolerances,
        as ``proof`` says. ``unserved`` names the demand that no candidate and no existing facility reaches.

    Raises
    ------
    ConfigError
        Settings are out of range; not exactly one of `n_open` and `budget`; `unserved_s` is below the limit.
    CrsError, SchemaError, InputError
        A table is not as its schema says, or not the one the times were computed for.
    InfeasibleError
        No choice keeps the rules and serves every point; the message names the rules, or the points.
    SitingError
        The work ended before a choice was found that serves every point.
    """
    effort = Effort("min", mip_gap, DEFAULT_WORK if work_limit is None else work_limit, time_limit_s, progress)
    unserved_ms = _check_settings(times, unserved_s, threads)
    problem = build_problem(
        times, demand, candidates, cutoff_s=times.limit_s, existing=existing, group_weights=group_weights
    )
    rules = read_rules(
        candidates, problem.order, n_open=n_open, budget=budget, required=required, forbidden=forbidden,
        quotas=quotas, min_spacing_m=min_spacing_m,
    )  # fmt: skip
    labels = demand["id"].to_numpy(dtype=object)[problem.demand_order]
    median, scale = build_median(problem, rules, unserved_ms, labels)
    workers = threads or os.cpu_count() or 1
    with effort.interruptible(), ThreadPoolExecutor(max_workers=workers) as pool:
        course = solve_median(
            median, scale, effort, rules, pool if workers > 1 else None,
            needs=lambda: [need_to_serve(problem)] if unserved_ms is None else [],
        )  # fmt: skip
    return _certify(problem, course, labels, candidates, unserved_ms)


def _check_settings(times: TravelTimes, unserved_s: float | None, threads: int | None) -> int | None:
    """Return milliseconds that unreached demand counts, or None where there must be none."""
    if threads is not None and threads < 1:
        raise ConfigError(f"threads must be at least 1, got {threads!r}; leave it out for all processors")
    if unserved_s is None:
        return None
    if not times.limit_s <= unserved_s < np.inf:
        raise ConfigError(
            f"unserved_s must be at least the limit of the search ({times.limit_s:g} s), got {unserved_s!r}; give a "
            "longer time, or leave it out where every point must be reached"
        )
    return int(to_milliseconds(unserved_s))


def _nearest(
    problem: SitingProblem, sites: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Time to the nearest of all that is open, its place in `sites` (-1: none of them), and the time without it."""
    nearest, second = problem.present_ms.astype(np.int64), problem.present_ms.astype(np.int64)
    place = np.full(len(nearest), -1, dtype=np.int64)
    table = problem.times_ms
    for number, site in enumerate(sites):
        here = slice(table.indptr[site], table.indptr[site + 1])
        points, found = table.indices[here], table.data[here].astype(np.int64)
        better = found < nearest[points]
        won = points[better]
        second[won] = nearest[won]
        nearest[won], place[won] = found[better], number
        behind = points[~better]
        second[behind] = np.minimum(second[behind], found[~better])
    return nearest, place, second


def _certify(
    problem: SitingProblem,
    course: Course,
    labels: NDArray[np.object_],
    candidates: gpd.GeoDataFrame,
    unserved_ms: int | None,
) -> Solution:
    nearest, _, _ = _nearest(problem, course.sites)
    wanted = problem.weighed > 0
    counted = np.where(nearest == UNREACHED_MS, unserved_ms or 0, nearest)[wanted]
    objective = math.fsum(problem.weighed[wanted] * counted) / MS_PER_S
    optimal = course.bound >= course.cost
    bound = objective if optimal else objective - course.scale.demand_seconds(course.cost - course.bound)
    reached = problem.present.copy()
    reached[problem.times_ms.indices] = True
    return Solution(
        model="p-median",
        sites=_describe(problem, candidates, course.sites, unserved_ms),
        status="optimal" if optimal else "feasible",
        objective=objective,
        bound=bound,
        gap=gap_between(objective, bound, "min"),
        work={
            "units": course.effort.work,
            "pairs": len(problem.times_ms.indices),
            "price_steps": course.steps,
            "shakes": course.rounds,
            "nodes": course.nodes,
        },
        seconds=course.effort.seconds,
        solver=course.solver,
        tie_break=course.tie_break,
        proof=course.proof,
        sense="min",
        interrupted=course.effort.interrupted,
        unserved=tuple(labels[wanted & ~reached]),
        history=tuple(course.effort.history),
    )


def _describe(
    problem: SitingProblem,
    candidates: gpd.GeoDataFrame,
    sites: NDArray[np.int64],
    unserved_ms: int | None,
) -> gpd.GeoDataFrame:
    """Add to `describe_sites` what is assigned to each site."""
    table = describe_sites(problem, candidates, problem.weighed_rows(), sites)
    nearest, place, second = _nearest(problem, sites)
    mine = (place >= 0) & (problem.weighed > 0)
    instead = np.where(second == UNREACHED_MS, np.inf if unserved_ms is None else unserved_ms, second)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.bincount(place[mine], weights=problem.weighed[mine] * values[mine], minlength=len(sites))
        return sums.astype(np.float64)

    assigned, time = total(np.ones(len(nearest))), total(nearest.astype(np.float64))
    mean = np.divide(time, assigned * MS_PER_S, out=np.full(len(sites), np.nan), where=assigned > 0)
    labels = candidates["id"].to_numpy(dtype=object)[problem.order[sites]]
    number = {label: k for k, label in enumerate(labels)}
    rows = [number[label] for label in table["id"]]
    figures = (assigned, mean, total(instead - nearest) / MS_PER_S)
    return table.assign(**{name: values[rows] for name, values in zip(MEDIAN_FIGURES, figures, strict=True)})
