"""Set covering against every choice, published figures and its own promises."""

import math
import signal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InfeasibleError, SchemaError, SitingError
from coverage_planner.siting import _exact, _lexicographic
from coverage_planner.siting.lscp import solve_lscp
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.rules import Quota
from drawn_times import make_candidates, make_demand, make_times
from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, cases, tables, wished

PARTIAL = st.sampled_from([Fraction(k, 10) for k in (1, 3, 5, 7, 9)] + [Fraction(95, 100), Fraction(1)] * 2)


def best_choice(town, wishes, partial, by_cost):
    """The best choice by looking at all: objective and sorted ids, None where there is none."""
    wanted = partial * sum(oracle.weights(town, wishes))
    found = []
    for choice in oracle.allowed(town, wishes):
        if oracle.covered_demand(town, wishes, choice, CUTOFF_MS) >= wanted:
            value = oracle.cost_of(town, choice) if by_cost else Fraction(len(choice))
            found.append((value, oracle.late_key(town, wishes, choice, CUTOFF_MS)))
    return min(found, default=None)


def solve(town, wishes, partial, by_cost, **settings):
    return solve_lscp(
        **tables(town), **wished(wishes), cutoff_s=CUTOFF_S, partial=float(partial),
        minimise="cost" if by_cost else "sites", **settings,
    )  # fmt: skip


@st.composite
def covering_cases(draw):
    by_cost = draw(st.booleans())
    size = draw(st.sampled_from(["none", "none", "budget"]))
    town, wishes = draw(cases(size="budget" if by_cost else size))
    return town, wishes if size == "budget" else wishes.without(["budget"]), draw(PARTIAL), by_cost


@settings(max_examples=60)
@given(covering_cases())
def test_the_choice_is_the_best_of_all_in_every_criterion(case):
    town, wishes, partial, by_cost = case
    best = best_choice(town, wishes, partial, by_cost)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(*case)
        return
    solution = solve(*case)
    value, (_, _, _, ids) = best
    assert solution.objective == pytest.approx(float(value), rel=1e-12)
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == ids
    lonely = [name for name, there, w in zip(
        town.point_ids, oracle.servable(town, wishes, CUTOFF_MS), oracle.weights(town, wishes), strict=True
    ) if not there and w]  # fmt: skip
    assert list(solution.unserved) == sorted(lonely)


def towns_of_one_kind(seconds, weights, cost=None, old=None):
    """Arguments from a table of seconds, candidates in rows."""
    seconds = np.asarray(seconds, dtype=float)
    ids, demand = [f"C{k}" for k in range(len(seconds))], make_demand(weights)
    existing = None if old is None else make_times(old, [f"E{k}" for k in range(len(old))], demand["id"])
    return {
        "times": make_times(seconds, ids, demand["id"]), "demand": demand, "candidates": make_candidates(ids, cost),
        "cutoff_s": CUTOFF_S, "existing": existing,
    }  # fmt: skip


def scattered(n, m, radius_m, seed=0, cost=None):
    random = np.random.default_rng(seed)
    sites, points = random.uniform(0, 10_000, (n, 2)), random.uniform(0, 10_000, (m, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) / radius_m * CUTOFF_S
    seconds = seconds[:, (seconds <= CUTOFF_S).any(axis=0)]
    return towns_of_one_kind(seconds, random.integers(1, 40, seconds.shape[1]), cost)


@settings(max_examples=25)
@given(covering_cases())
def test_a_search_among_ties_says_so_and_is_as_good(case):
    town, wishes, partial, by_cost = case
    best = best_choice(town, wishes, partial, by_cost)
    if best is None:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_lexicographic, "TIED_PAIRS_MOST", -1)
        solution = solve(*case)
    assert solution.objective == pytest.approx(float(best[0]), rel=1e-12)
    assert solution.tie_break.startswith("search: ")
    assert not oracle.broken(town, wishes, tuple(town.ids.index(name) for name in solution.sites["id"]))


@settings(max_examples=25)
@given(covering_cases())
def test_without_branch_and_bound_the_recomputed_bound_holds(case):
    town, wishes, partial, by_cost = case
    best = best_choice(town, wishes, partial, by_cost)
    if best is None:
        return
    try:
        solution = solve(*case, work_limit=0.0)
    except SitingError:
        return  # nothing found without work
    least = float(best[0])
    assert solution.bound - 1e-9 <= least <= solution.objective + 1e-9
    assert (solution.status == "optimal") == (solution.gap == 0)


@settings(max_examples=25)
@given(cases(size="n_open", only=("forbidden", "group_weights")), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case, random):
    town, wishes = case
    rules = wished(wishes.without(["n_open"]))
    rows, columns = list(range(len(town.ids))), list(range(len(town.point_ids)))
    plain = solve_lscp(**tables(town), **rules, cutoff_s=CUTOFF_S, partial=0.5) if servable(town, wishes, 0.5) else None
    random.shuffle(rows)
    random.shuffle(columns)
    if plain is None:
        return
    shuffled = solve_lscp(**tables(town, rows=rows, columns=columns), **rules, cutoff_s=CUTOFF_S, partial=0.5)
    assert list(plain.sites["id"]) == list(shuffled.sites["id"])
    assert (plain.objective, plain.bound, dict(plain.work)) == (shuffled.objective, shuffled.bound, dict(shuffled.work))


def servable(town, wishes, share):
    reached = zip(oracle.servable(town, wishes, CUTOFF_MS), oracle.weights(town, wishes), strict=True)
    return sum(w for there, w in reached if there) >= Fraction(share) * sum(oracle.weights(town, wishes))


@pytest.mark.parametrize("seed", range(3))
def test_its_number_of_sites_given_to_the_mclp_covers_everything(seed):
    given = scattered(25, 150, 2500, seed)
    solution = solve_lscp(**given)
    most = solve_mclp(**given, n_open=len(solution.sites))
    assert most.objective == given["demand"]["demand"].sum()
    assert solution.status == "optimal"
    if len(solution.sites) > 1:
        fewer = solve_mclp(**given, n_open=len(solution.sites) - 1)
        assert fewer.objective < given["demand"]["demand"].sum()


def test_existing_facilities_that_cover_everything_leave_nothing_to_open():
    solution = solve_lscp(**towns_of_one_kind([[100.0, 100.0]], [1, 2], old=[[50.0, 50.0]]))
    assert (len(solution.sites), solution.objective, solution.bound, solution.status) == (0, 0.0, 0.0, "optimal")
    assert solution.tie_break == "exact"


def test_shares_are_decimal_numbers():
    """Ten points, 0.1 of them: one point, although 0.1 is a little more than a tenth in binary."""
    given = towns_of_one_kind([[100.0] + [math.nan] * 9, [100.0] * 2 + [math.nan] * 8], np.ones(10))
    assert list(solve_lscp(**given, partial=0.1).sites["id"]) == ["C1"]
    one = towns_of_one_kind([[100.0] + [math.nan] * 9], np.ones(10))
    assert list(solve_lscp(**one, partial=0.1).sites["id"]) == ["C0"]


def test_demand_that_nobody_reaches_is_named():
    given = towns_of_one_kind([[100.0, math.nan, 601.0, 100.0]], [1, 1, 2, 0])
    with pytest.raises(InfeasibleError) as caught:
        solve_lscp(**given)
    assert str(caught.value) == (
        "2 of 4 demand points are within 600 s of no site: D1, D2; raise the cutoff, add sites, or ask for partial cover"
    )
    with pytest.raises(
        InfeasibleError, match=r"partial must be at most 0.25, the share of demand within reach, got 0.3: 2 of"
    ):
        solve_lscp(**given, partial=0.3)
    assert solve_lscp(**given, partial=0.25).unserved == ("D1", "D2")


def test_conflicting_rules_are_named():
    given = towns_of_one_kind([[100.0, math.nan], [math.nan, 100.0], [math.nan, 100.0]], [1, 1], [1.0, 5.0, 4.0])
    with pytest.raises(InfeasibleError, match=r"none keeps all demand within 600 s and budget at once; relax one"):
        solve_lscp(**given, budget=4.5)
    given["candidates"]["kind"] = ["bank", "room", "room"]
    with pytest.raises(
        InfeasibleError, match=r"all demand within 600 s and the quota kind = room \(0 to 0 sites\) at once"
    ):
        solve_lscp(**given, quotas=[Quota("kind", at_most=0, values=("room",))])
    with pytest.raises(InfeasibleError, match=r"all demand within 600 s and min_spacing_m at once"):
        solve_lscp(**given, min_spacing_m=10.0)
    with pytest.raises(
        InfeasibleError, match=r"1 of 2 demand points are within 600 s of no site that is not forbidden: D0"
    ):
        solve_lscp(**given, forbidden=["C0"])


@pytest.mark.parametrize("limit", [{"work_limit": 1e-9}, {"time_limit_s": 1e-9}])
def test_a_stopped_search_never_claims_the_optimum(limit):
    given = scattered(80, 300, 1500)
    stopped, proved = solve_lscp(**given, **limit), solve_lscp(**given)
    assert stopped.status == "feasible"
    assert stopped.bound <= proved.objective <= stopped.objective
    assert stopped.tie_break.startswith("search: ")
    assert proved.status == "optimal"


def test_a_gap_that_is_good_enough_ends_the_work():
    solution = solve_lscp(**scattered(80, 300, 1500), mip_gap=0.9)
    assert solution.work["simplex_iterations"] == 0
    assert 0 < solution.gap <= 0.9


def test_progress_is_told_and_may_stop_the_work():
    told = []
    solution = solve_lscp(**scattered(80, 300, 1500), progress=told.append)
    assert told[-1].objective == solution.objective
    assert told[-1].bound == solution.bound
    assert [state.objective for state in solution.history] == sorted(
        (state.objective for state in solution.history), reverse=True
    )

    def refuse(_state):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_lscp(**scattered(80, 300, 1500), progress=refuse)


def test_too_large_a_problem_is_refused_before_memory_is_filled(monkeypatch):
    monkeypatch.setattr(_exact, "COEFFICIENTS_MOST", 3)
    with pytest.raises(SitingError, match=r"LSCP is solved by HiGHS alone, which takes at most 3 pairs .*, got 4"):
        solve_lscp(**towns_of_one_kind([[100.0, math.nan, 100.0], [100.0, 100.0, math.nan]], [1, 1, 1]))


def test_cost_must_be_known_to_be_minimised():
    given = towns_of_one_kind([[100.0], [100.0]], [1], [1.0, math.nan])
    with pytest.raises(
        SchemaError, match=r"to minimise cost every candidate must have one, missing for 1: C1; fill in"
    ):
        solve_lscp(**given, minimise="cost")
    assert solve_lscp(**given, minimise="cost", forbidden=["C1"]).objective == 1.0
    with pytest.raises(SchemaError, match=r"missing for 2: C0, C1"):
        solve_lscp(**{**given, "candidates": make_candidates(["C0", "C1"])}, minimise="cost")


@pytest.mark.parametrize("partial", [0.0, -0.1, 1.1, math.nan])
def test_partial_must_be_a_share(partial):
    with pytest.raises(ConfigError, match=r"partial must be a share above 0 and at most 1, got"):
        solve_lscp(**towns_of_one_kind([[100.0]], [1]), partial=partial)


def test_what_is_minimised_must_be_known():
    with pytest.raises(ConfigError, match=r"minimise must be 'sites' or 'cost', got 'time'"):
        solve_lscp(**towns_of_one_kind([[100.0]], [1]), minimise="time")


@pytest.mark.real_data
def test_san_francisco(real_data):
    """All 205 tracts within 5 km take eight of the sixteen stores: seven miss at least one."""
    folder = real_data / "siting" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    table = pairs.pivot_table(index="name", columns="DestinationName", values="distance")
    tracts = [str(c) for c in table.columns]
    solution = solve_lscp(
        make_times(table.to_numpy(), table.index, tracts, limit_s=30_000.0),
        make_demand(np.ones(len(tracts)), tracts),
        make_candidates(list(table.index)),
        cutoff_s=5000.0,
    )
    near = table.to_numpy() <= 5000.0
    assert (solution.objective, solution.status, solution.tie_break) == (8.0, "optimal", "exact")
    assert (table.loc[solution.sites["id"]] <= 5000.0).any(axis=0).all()
    assert not any(near[list(seven)].any(axis=0).all() for seven in combinations(range(16), 7))


def test_ctrl_c_returns_what_is_found_with_its_certificate():
    pressed = []

    def press(state):
        if not pressed:
            pressed.append(state)
            signal.raise_signal(signal.SIGINT)

    solution = solve_lscp(**scattered(80, 300, 1500), progress=press)
    assert solution.interrupted
    assert (solution.status, solution.tie_break) == ("feasible", "search: interrupted")
    assert solution.bound < solution.objective
    assert len(solution.sites) == solution.objective
