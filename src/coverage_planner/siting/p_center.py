"""p-center problem: the sites with which the longest way is as short as possible."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import InfeasibleError, SitingError
from coverage_planner.siting._certify import begin_effort, conclude, labels
from coverage_planner.siting._exact import Found, Sites, add_rows, prove_program, require_size
from coverage_planner.siting._highs import Program, relax_program, solve_program
from coverage_planner.siting._infeasible import Need, name_conflict
from coverage_planner.siting._lexicographic import Tied, break_equal
from coverage_planner.siting._problem import SitingProblem, build_problem
from coverage_planner.siting._programs import column_bounds, write_rules
from coverage_planner.siting._reduce import reduce_cover
from coverage_planner.siting.effort import Effort, SearchProgress
from coverage_planner.siting.rules import Rules, read_rules
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import MS_PER_S, UNREACHED_MS

_MODEL = "p-center"


def solve_p_center(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    n_open: int,
    existing: TravelTimes | None = None,
    required: Collection[str] = (),
    forbidden: Collection[str] = (),
    mip_gap: float = 0.0,
    work_limit: float | None = None,
    time_limit_s: float | None = None,
    progress: SearchProgress | None = None,
) -> Solution:
    r"""Open `n_open` sites such that the longest time from demand to its nearest site is as short as possible.

    The p-center problem of Hakimi (1964) on the candidates given. With :math:`t_{ij}` the times and :math:`e_i` that to
    the nearest existing facility:

    .. math::

        \min_{|S| = p} \; \max_{i : w_i > 0} \; \min\bigl(e_i, \min_{j \in S} t_{ij}\bigr) .

    The optimum is one of the times that occur. For a radius :math:`r` it is no more than :math:`r` exactly when
    :math:`p` sites cover everybody within :math:`r`: binary search over the distinct times, a set covering problem at
    each (Minieka 1970). It begins between bounds: nobody can be served sooner than by the nearest candidate of all, and
    greedy choices from every radius (Hochbaum & Shmoys 1985) give a choice to start from. At each radius rows and
    candidates that others make needless are left out; a radius is refuted by dual values whose bound is recomputed in
    whole numbers, or by HiGHS's branch and bound.

    Points without demand do not count. Among choices with the same longest time the one with least demand-weighted time
    wins, then the one with least cost, then the smallest ids.

    Parameters
    ----------
    times, demand, candidates
        As for `solve_mclp`; everybody must be within the limit of the search of some candidate or existing facility.
    n_open
        How many sites open, required ones included.
    existing
        Times of the facilities that stay open; their search must have gone as far.
    required, forbidden
        Ids of candidates that must open, that must not.
    mip_gap, work_limit, time_limit_s, progress
        How far to go, as for `solve_mclp`.

    Returns
    -------
    Solution
        ``objective`` is the longest time in seconds, ``bound`` the shortest longest time that is not refuted.

    Raises
    ------
    ConfigError, InputError, SchemaError, CrsError
        Arguments or tables are not as they must be.
    InfeasibleError
        Somebody is within the limit of no site, or `n_open` sites cannot have everybody within it.
    SitingError
        The problem is too large for HiGHS, or no choice was found in time.
    """
    effort = begin_effort("min", mip_gap, work_limit, time_limit_s, progress)
    problem = build_problem(times, demand, candidates, cutoff_s=times.limit_s, existing=existing)
    rules = read_rules(candidates, problem.order, n_open=n_open, required=required, forbidden=forbidden)
    require_size(int(problem.times_ms.nnz), _MODEL)
    center = _Center(problem, rules, n_open, _allowed(problem, rules))
    _require_reach(center, demand, times.limit_s)
    with effort.interruptible():
        found = _search(center, effort, times.limit_s)
        sites = np.empty(0, dtype=np.int64) if found.sites is None else found.sites
        sites, tie_break = break_equal(_tie(center, found.value), sites, effort, proved=found.proved)
    return conclude(
        _MODEL,
        problem,
        candidates,
        replace(found, sites=sites),
        effort,
        objective=found.value / MS_PER_S,
        unit=1 / MS_PER_S,
        tie_break=tie_break,
        n_merged=int(center.by_point.nnz),
    )


@dataclass(frozen=True, eq=False)
class _Center:
    """Times of the points with demand (rows) to the candidates (columns) that may open."""

    problem: SitingProblem
    rules: Rules
    n_open: int
    by_point: csr_array

    @property
    def points(self) -> NDArray[np.int64]:
        """Points with demand."""
        return np.flatnonzero(self.problem.demand > 0)

    @property
    def present_ms(self) -> NDArray[np.int64]:
        """Time of each row to the nearest existing facility or required site."""
        return self.problem.nearest_ms(self.rules.required)[self.points]

    def value(self, sites: Sites) -> int:
        """Longest time, milliseconds."""
        return int(self.problem.nearest_ms(sites)[self.points].max(initial=0))

    def within(self, radius: int) -> csr_array:
        """Candidates within a radius of each row that required sites and existing facilities do not serve in it."""
        left = self.present_ms > radius
        table = self.by_point[left]
        row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
        near = table.data <= radius
        starts = np.concatenate(([0], np.cumsum(np.bincount(row[near], minlength=table.shape[0]))))
        return csr_array((np.ones(int(near.sum())), table.indices[near], starts), shape=table.shape)


def _allowed(problem: SitingProblem, rules: Rules) -> csr_array:
    """Pairs of points with demand and candidates that are neither required nor forbidden, by point."""
    pairs = problem.times_ms.tocoo()
    may_open = np.zeros(rules.n_candidates, dtype=bool)
    may_open[rules.free] = True
    kept = may_open[pairs.coords[0]]
    at = (pairs.coords[1][kept], pairs.coords[0][kept])
    # one is added, and taken away again, because a time of zero would vanish from a sparse table
    shifted = csr_array((pairs.data[kept].astype(np.int64) + 1, at), shape=problem.times_ms.shape[::-1])
    table = csr_array((shifted.data - 1, shifted.indices, shifted.indptr), shape=shifted.shape)
    return table[np.flatnonzero(problem.demand > 0)]


def _nearest_of_all(center: _Center) -> NDArray[np.int64]:
    """Time of each row to the nearest site that is open or may open."""
    nearest = center.present_ms.copy()
    filled = np.diff(center.by_point.indptr) > 0
    if filled.any():
        least = np.minimum.reduceat(center.by_point.data, center.by_point.indptr[:-1][filled])
        nearest[filled] = np.minimum(nearest[filled], least)
    return nearest


def _require_reach(center: _Center, demand: gpd.GeoDataFrame, limit_s: float) -> None:
    lost = center.points[_nearest_of_all(center) == UNREACHED_MS]
    if len(lost):
        names = labels(demand, center.problem.demand_order[lost])
        shown = ", ".join([*names[:5], *(["…"] if len(names) > 5 else [])])  # noqa: PLR2004 - as all messages do
        site = "site that is not forbidden" if len(center.rules.forbidden) else "site"
        raise InfeasibleError(
            f"{len(names)} of {len(demand)} demand points are within {limit_s:g} s of no {site}: {shown}; raise the "
            "limit of the search, add sites, or leave these points out"
        )


def _need(center: _Center, limit_s: float) -> Need:
    """Say what must hold besides the rules: somebody is open within the limit of each point."""
    problem = center.problem
    left = np.flatnonzero((problem.demand > 0) & ~problem.present)
    return Need(
        name=f"all demand within the limit of the search, {limit_s:g} s",
        rows=problem.reach.T.tocsr()[left].astype(np.float64),
        least=np.ones(len(left)),
        keeps=lambda sites: center.value(sites) < UNREACHED_MS,
    )


def _search(center: _Center, effort: Effort, limit_s: float) -> Found:
    """Binary search over the times that occur."""
    lowest = int(_nearest_of_all(center).max(initial=0))
    radii = np.unique(np.concatenate((center.by_point.data, center.present_ms)))
    radii = radii[(radii >= lowest) & (radii < UNREACHED_MS)].astype(np.int64)
    if not len(radii):
        radii = np.zeros(1, dtype=np.int64)
    best = _start(center, radii, effort)
    low = 0  # radii before this are refuted
    state = Found(best, 0 if best is None else center.value(best), int(radii[0]), "duals recomputed")
    high = len(radii) if best is None else int(np.searchsorted(radii, state.value))
    while low < high:
        _report(effort, state)
        if state.sites is not None and not effort.may_go_on():
            return state
        middle = (low + high) // 2 if state.sites is not None or high < len(radii) else high - 1
        state, outcome = _try(center, int(radii[middle]), state, effort)
        if outcome is None:
            break
        if outcome:
            high = int(np.searchsorted(radii, state.value))
        else:
            low = middle + 1
            if low == len(radii):
                raise InfeasibleError(name_conflict(center.rules, [_need(center, limit_s)]))
            state = replace(state, bound=int(radii[low]))
    if state.sites is None:
        raise SitingError(
            "a p-center needs some choice that has everybody within the limit of the search, but work or time ran out "
            "before one was found; raise work_limit or time_limit_s"
        )
    _report(effort, state)
    return state


def _report(effort: Effort, state: Found) -> None:
    effort.report("radius", np.nan if state.sites is None else state.value / MS_PER_S, state.bound / MS_PER_S)


def _try(center: _Center, radius: int, state: Found, effort: Effort) -> tuple[Found, bool | None]:
    """Whether the sites can cover everybody within a radius, None where work ran out; with a better choice if so."""
    table = center.within(radius)
    n = center.rules.n_candidates
    closed = np.union1d(center.rules.required, center.rules.forbidden)
    left = reduce_cover(table, closed=closed, cost=np.ones(n))
    spare = center.n_open - len(center.rules.required)
    effort.spend(10.0 * table.nnz)
    if len(left.opened) > spare:
        return state, False
    free = np.setdiff1d(np.arange(n), np.concatenate((closed, left.closed, left.opened)))
    rows = table[left.rows][:, free]
    program = Program(
        objective=np.ones(len(free)),
        maximise=False,
        whole=np.ones(len(free), dtype=bool),
        lower=np.zeros(len(free)),
        upper=np.ones(len(free)),
        rows=rows,
        row_lower=np.ones(len(left.rows)),
        row_upper=np.full(len(left.rows), np.inf),
    )
    few = spare - len(left.opened)
    if not len(left.rows):
        return _better(center, state, left.opened), True
    duals = relax_program(program, effort=effort)
    if duals is not None and prove_program(program, duals) > few:
        return state, False
    whole = add_rows(program, csr_array(np.ones((1, len(free)))), np.array([-np.inf]), np.array([float(few)]))
    answer = solve_program(whole, abs_gap=float(few), effort=effort)  # whatever it finds is good enough
    state = replace(state, nodes=state.nodes + answer.nodes, iterations=state.iterations + answer.simplex_iterations)
    if answer.outcome == "infeasible":
        return replace(state, proof="branch and bound, HiGHS"), False
    if answer.values is None:
        return state, None
    return _better(center, state, np.concatenate((left.opened, free[answer.values > 0.5]))), True  # noqa: PLR2004


def _better(center: _Center, state: Found, sites: Sites) -> Found:
    """Take a choice that covers everybody within a shorter radius."""
    filled = _fill(center, np.concatenate((center.rules.required, sites)))
    return replace(state, sites=filled, value=center.value(filled))


def _fill(center: _Center, sites: Sites) -> Sites:
    """Open the sites that are left over, each where it saves most demand-weighted time."""
    problem, n = center.problem, center.rules.n_candidates
    chosen = [int(site) for site in sites]
    starts, points, times = problem.times_ms.indptr, problem.times_ms.indices, problem.times_ms.data
    row = np.repeat(np.arange(n), np.diff(starts))
    while len(chosen) < center.n_open:
        nearest = problem.nearest_ms(np.array(chosen, dtype=np.int64))[points]
        saved = np.bincount(row, np.maximum(nearest - times, 0.0) * problem.time_demand[points], minlength=n)
        saved[chosen] = -1
        saved[center.rules.forbidden] = -1
        chosen.append(int(np.argmax(saved)))
    return np.sort(np.array(chosen, dtype=np.int64))


def _start(center: _Center, radii: NDArray[np.int64], effort: Effort) -> Sites | None:
    """Return the choice of the least radius at which greedy covering needs no more than `n_open` sites."""
    best, low, high = None, 0, len(radii) - 1
    while low <= high:
        middle = (low + high) // 2
        sites = _cover_greedily(center, int(radii[middle]))
        effort.spend(float(center.by_point.nnz))
        if sites is None:
            low = middle + 1
        else:
            best = sites if best is None or center.value(sites) < center.value(best) else best
            high = middle - 1
    return best


def _cover_greedily(center: _Center, radius: int) -> Sites | None:
    """Cover everybody within a radius by greedy adding; None where it takes too many sites."""
    table = center.within(radius)
    by_candidate = table.T.tocsr()
    left = np.ones(table.shape[0])
    chosen = center.rules.required.tolist()
    while left.any():
        gain = by_candidate @ left
        best = int(np.argmax(gain))
        if len(chosen) == center.n_open or gain[best] <= 0:
            return None
        chosen.append(best)
        left[by_candidate.indices[by_candidate.indptr[best] : by_candidate.indptr[best + 1]]] = 0
    return _fill(center, np.array(chosen, dtype=np.int64))


def _tie(center: _Center, radius: int) -> Tied:
    """Everybody is within the radius: all choices of which that is true."""
    rules = center.rules
    n = rules.n_candidates
    rows, lower, upper = write_rules(rules, n)
    least, most = column_bounds(rules, n)
    program = Program(np.zeros(n), maximise=False, whole=np.ones(n, dtype=bool), lower=least, upper=most, rows=rows,
                      row_lower=lower, row_upper=upper)  # fmt: skip
    table = center.within(radius)
    program = add_rows(program, table, np.ones(table.shape[0]), np.full(table.shape[0], np.inf))

    def keeps(sites: Sites) -> bool:
        return center.value(sites) <= radius and not rules.broken_by(sites)

    return Tied(
        _shorten(center.problem, radius),
        rules,
        program,
        keeps,
        lambda sites: np.isin(np.arange(n), sites).astype(np.float64),
    )


def _shorten(problem: SitingProblem, radius: int) -> SitingProblem:
    """Leave out pairs beyond a radius within which everybody is served anyway."""
    table = problem.times_ms
    row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    near = table.data <= radius
    starts = np.concatenate(([0], np.cumsum(np.bincount(row[near], minlength=table.shape[0]))))
    return replace(
        problem,
        times_ms=csr_array(
            (table.data[near], table.indices[near], starts.astype(table.indptr.dtype)), shape=table.shape
        ),
        present_ms=np.where(problem.present_ms <= radius, problem.present_ms, UNREACHED_MS),
    )
