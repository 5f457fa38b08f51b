"""The p-median against brute force, published figures and its own promises."""

import math
import os
import signal
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from coverage_planner.errors import ConfigError, InfeasibleError, InputError
from coverage_planner.siting import _median_prices, _median_stages
from coverage_planner.siting.p_median import MEDIAN_FIGURES, solve_p_median
from coverage_planner.siting.sites import SITE_FIGURES
from drawn_median import LIMIT_S, arguments, best_of, cases
from drawn_times import make_candidates, make_demand, make_times


def assert_best(case, solution):
    milliseconds, _, sites = best_of(case)
    assert solution.objective == milliseconds / 1000
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == sites


def solve_or_none(case, **settings_):
    """The solution, None where the model says that there is none."""
    try:
        return solve_p_median(**arguments(case), **settings_)
    except InfeasibleError:
        return None


@settings(max_examples=120)
@given(cases())
def test_the_choice_is_the_best_of_all_in_every_criterion(case):
    solution = solve_or_none(case)
    if solution is None:
        assert best_of(case) is None
    else:
        assert_best(case, solution)
        assert solution.proof == "duals recomputed"


@settings(max_examples=60)
@given(cases(rules=True))
def test_quotas_and_distances_are_kept(case):
    solution = solve_or_none(case)
    if solution is None:
        assert best_of(case) is None
    else:
        assert_best(case, solution)


@settings(max_examples=60)
@given(cases(rules=True))
def test_highs_solves_what_prices_leave_of_quotas_and_distances(case):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_median_stages, "_NODES_BEFORE_HIGHS", -1)
        patch.setattr(_median_stages, "_STEPS_MOST", 3)
        solution = solve_or_none(case)
    if solution is None:
        assert best_of(case) is None
    else:
        assert_best(case, solution)


@settings(max_examples=50)
@given(cases(coarse=False))
def test_any_demand_and_times(case):
    solution, best = solve_or_none(case), best_of(case)
    assert (solution is None) == (best is None)
    if solution is not None:
        assert solution.objective == pytest.approx(best[0] / 1000, rel=1e-9)
        assert solution.bound <= best[0] / 1000 * (1 + 1e-9)


@settings(max_examples=80)
@given(cases(rules=True), st.sampled_from([0.0, 1e-9, 3e-7, 1e-6]))
def test_a_search_cut_short_never_claims_too_much(case, work_limit):
    try:
        solution = solve_p_median(**arguments(case), work_limit=work_limit)
    except InfeasibleError:
        assert best_of(case) is None
        return
    optimum, _, sites = best_of(case)
    assert solution.bound <= optimum / 1000 <= solution.objective
    assert (solution.status == "optimal") == (solution.gap == 0) == (solution.bound == solution.objective)
    if solution.tie_break == "exact":
        assert sorted(solution.sites["id"]) == sites
    else:
        assert solution.tie_break.startswith("search: ")


@settings(max_examples=50)
@given(cases(coarse=False), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case, random):
    given_ = arguments(case)
    plain = solve_or_none(case)
    ids, points = list(given_["times"].facility_ids), list(given_["times"].demand_ids)
    rows, columns = list(range(len(ids))), list(range(len(points)))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = {
        "times": make_times(
            case["new"][rows][:, columns], [ids[k] for k in rows], [points[k] for k in columns], limit_s=LIMIT_S
        ),
        "demand": given_["demand"].iloc[columns[::-1]].reset_index(drop=True),
        "candidates": given_["candidates"].iloc[rows[::-1]].reset_index(drop=True),
    }
    if plain is None:
        with pytest.raises(InfeasibleError):
            solve_p_median(**{**given_, **shuffled})
        return
    other = solve_p_median(**{**given_, **shuffled})
    columns = ["id", *SITE_FIGURES, *MEDIAN_FIGURES]
    pd.testing.assert_frame_equal(plain.sites[columns], other.sites[columns])
    assert (plain.objective, plain.bound, plain.tie_break) == (other.objective, other.bound, other.tie_break)


# --- larger problems ---


def town(n_candidates, n_points, *, seed, reach_m=2500.0, people=True):
    """Straight lines in a square of ten kilometres, a second a metre."""
    random = np.random.default_rng(seed)
    points, sites = random.uniform(0, 10_000, (n_points, 2)), random.uniform(0, 10_000, (n_candidates, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1))
    demand = make_demand(random.integers(1, 40, n_points) if people else np.ones(n_points))
    ids = [f"C{k:03d}" for k in range(n_candidates)]
    times = make_times(seconds, ids, demand["id"], limit_s=reach_m)
    return {"times": times, "demand": demand, "candidates": make_candidates(ids, random.integers(5, 20, n_candidates))}


def plain_optimum(given_, unserved_s, *, n_open=None, budget=None):
    """ReVelle and Swain's program as written, on scipy's copy of the solver, in demand times milliseconds."""
    from scipy.optimize import LinearConstraint, milp
    from scipy.sparse import coo_array, hstack, vstack

    table = given_["times"].matrix()
    n, d = table.shape
    rows, columns = table.nonzero()
    q = len(rows)
    cost = np.rint(table[rows, columns].astype(float) * 1000) - unserved_s * 1000
    weights = given_["demand"]["demand"].to_numpy()
    of_point = coo_array((np.ones(q), (columns, np.arange(q))), shape=(d, q))
    opened = coo_array((-np.ones(q), (np.arange(q), rows)), shape=(q, n))
    size = np.ones(n) if budget is None else given_["candidates"]["cost"].to_numpy()
    total = hstack([size[None], coo_array((1, q))])
    matrix = vstack([hstack([coo_array((d, n)), of_point]), hstack([opened, coo_array(np.eye(q))]), total]).tocsr()
    most = n_open if budget is None else budget
    limits = LinearConstraint(
        matrix, np.r_[np.full(d + q, -np.inf), n_open if budget is None else 0], np.r_[np.ones(d), np.zeros(q), most]
    )
    answer = milp(
        np.r_[np.zeros(n), weights[columns] * cost], constraints=limits, integrality=np.r_[np.ones(n), np.zeros(q)],
        bounds=(0, 1), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return (answer.fun + weights.sum() * unserved_s * 1000) / 1000


@pytest.mark.parametrize("size", [{"n_open": 4}, {"budget": 60.0}])
@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_the_textbook_program(seed, size):
    given_ = town(25, 40, seed=seed)
    solution = solve_p_median(**given_, **size, unserved_s=3600.0)
    assert solution.status == "optimal"
    assert solution.objective == pytest.approx(plain_optimum(given_, 3600.0, **size), rel=1e-7)


def test_distances_on_a_town_are_proved_by_highs(monkeypatch):
    monkeypatch.setattr(_median_stages, "_NODES_BEFORE_HIGHS", -1)
    given_ = town(25, 60, seed=2)
    xy = np.random.default_rng(2).uniform(0, 10_000, (25, 2))
    spread = given_["candidates"].set_geometry(gpd.points_from_xy(*xy.T), crs=given_["candidates"].crs)
    arguments_ = {**given_, "candidates": spread, "n_open": 5, "unserved_s": 3600.0, "min_spacing_m": 3000.0}
    solution = solve_p_median(**arguments_)
    assert (solution.status, solution.proof) == ("optimal", "branch and bound, HiGHS")
    assert solution.solver.startswith("HiGHS")
    free = solve_p_median(**{**arguments_, "min_spacing_m": None})
    assert free.objective < solution.objective
    rows = np.where(np.isnan(seconds := dense(given_["times"])), 3600.0, seconds)
    weights = given_["demand"]["demand"].to_numpy()
    apart = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) >= 3000.0
    best = min(
        (np.rint(rows[list(five)].min(axis=0) * 1000) * weights).sum()
        for five in combinations(range(25), 5)
        if all(apart[a, b] for a, b in combinations(five, 2))
    )
    assert solution.objective == best / 1000


def dense(times):
    """Seconds as an array, NaN where there is no pair."""
    table = np.full((len(times.facility_ids), len(times.demand_ids)), np.nan)
    rows = np.repeat(np.arange(len(table)), np.diff(times.indptr))
    table[rows, times.indices] = times.seconds
    return table


def test_threads_change_nothing(monkeypatch):
    monkeypatch.setattr(_median_prices, "_SHARED_FROM", 0)
    given_ = town(120, 600, seed=5)
    one, three = (solve_p_median(**given_, n_open=12, unserved_s=3600.0, threads=k) for k in (1, 3))
    assert list(one.sites["id"]) == list(three.sites["id"])
    assert (one.objective, one.bound, dict(one.work)) == (three.objective, three.bound, dict(three.work))


@pytest.mark.parametrize("work_limit", [0.001, 0.01])
def test_the_same_work_gives_the_same_sites(work_limit):
    given_ = town(150, 800, seed=3)
    first, second = (solve_p_median(**given_, n_open=15, unserved_s=3600.0, work_limit=work_limit) for _ in range(2))
    assert list(first.sites["id"]) == list(second.sites["id"])
    assert (first.objective, first.bound, dict(first.work)) == (second.objective, second.bound, dict(second.work))
    assert first.bound <= first.objective


def test_the_way_there_only_gets_better():
    told = []
    solution = solve_p_median(**town(150, 800, seed=3), n_open=15, unserved_s=3600.0, progress=told.append)
    objectives, bounds = [s.objective for s in solution.history], [s.bound for s in solution.history]
    assert objectives == sorted(objectives, reverse=True)
    assert bounds == sorted(bounds)
    assert len(told) >= len(solution.history) > 2
    assert objectives[-1] == pytest.approx(solution.objective, rel=1e-12)
    assert bounds[-1] == pytest.approx(solution.bound, rel=1e-12)


def test_one_more_site_is_never_worse():
    given_ = town(60, 200, seed=1)
    found = [solve_p_median(**given_, n_open=p, unserved_s=3600.0).objective for p in range(1, 8)]
    assert found == sorted(found, reverse=True)


def test_a_gap_that_is_good_enough_ends_the_work():
    given_ = town(150, 800, seed=3)
    near = solve_p_median(**given_, n_open=15, unserved_s=3600.0, mip_gap=0.3)
    best = solve_p_median(**given_, n_open=15, unserved_s=3600.0)
    assert near.gap <= 0.3
    assert near.work["units"] < best.work["units"]
    assert near.bound <= best.objective <= near.objective


def test_the_clock_can_stop_the_work():
    solution = solve_p_median(**town(150, 800, seed=3), n_open=15, unserved_s=3600.0, time_limit_s=1e-9)
    assert solution.bound <= solution.objective
    assert len(solution.sites) == 15


def test_ctrl_c_returns_what_is_found():
    pressed = []

    def press(_state):
        if not pressed:
            pressed.append(1)
            os.kill(os.getpid(), signal.SIGINT)

    given_ = town(150, 800, seed=3)
    solution = solve_p_median(**given_, n_open=15, unserved_s=3600.0, progress=press)
    assert solution.interrupted
    assert len(solution.sites) == 15
    assert solution.bound <= solve_p_median(**given_, n_open=15, unserved_s=3600.0).objective <= solution.objective


def test_what_progress_raises_ends_the_work():
    def refuse(_state):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_p_median(**town(20, 50, seed=0), n_open=3, unserved_s=3600.0, progress=refuse)


# --- what is said of the sites ---


def test_each_site_says_what_is_assigned_to_it():
    new = np.array([[100.0, 400.0, math.nan, 50.0], [400.0, 200.0, math.nan, 50.0]])
    given_ = {
        "times": make_times(new, ["A", "B"], ["D0", "D1", "D2", "D3"]),
        "demand": make_demand([2.0, 1.0, 4.0, 0.0]),
        "candidates": make_candidates(["A", "B"]),
    }
    solution = solve_p_median(**given_, n_open=2, unserved_s=1000.0)
    sites = solution.sites.set_index("id")
    assert solution.objective == 2 * 100 + 200 + 4 * 1000
    assert solution.unserved == ("D2",)
    assert sites["assigned_demand"].to_dict() == {"A": 2.0, "B": 1.0}
    assert sites["assigned_mean_time_s"].to_dict() == {"A": 100.0, "B": 200.0}
    assert sites["saved_demand_time_s"].to_dict() == {"A": 600.0, "B": 200.0}


def test_a_site_that_points_must_have_saves_without_end():
    new = np.array([[100.0, math.nan], [math.nan, 200.0]])
    times = make_times(new, ["A", "B"], ["D0", "D1"])
    solution = solve_p_median(times, make_demand([1.0, 1.0]), make_candidates(["A", "B"]), n_open=2)
    assert solution.objective == 300.0
    assert solution.sites["saved_demand_time_s"].tolist() == [math.inf, math.inf]


def test_groups_are_weighed():
    new = np.array([[100.0, 200.0], [200.0, 100.0]])
    demand = make_demand([1.0, 1.0]).assign(group=["old", "young"])
    given_ = {
        "times": make_times(new, ["A", "B"], ["D0", "D1"]),
        "candidates": make_candidates(["A", "B"]),
        "n_open": 1,
    }
    assert solve_p_median(demand=demand, **given_).sites["id"].tolist() == ["A"]
    solution = solve_p_median(demand=demand, **given_, group_weights={"young": 3.0})
    assert solution.sites["id"].tolist() == ["B"]
    assert solution.objective == 500.0
    assert solution.sites["assigned_demand"].tolist() == [4.0]


def test_nothing_to_gain_is_an_answer_too():
    times = make_times(np.full((2, 2), 100.0), ["A", "B"], ["D0", "D1"])
    existing = make_times(np.full((1, 2), 50.0), ["E"], ["D0", "D1"])
    tables = {"demand": make_demand([1.0, 1.0]), "candidates": make_candidates(["A", "B"], [2.0, 1.0])}
    solution = solve_p_median(times, **tables, n_open=1, existing=existing)
    assert (solution.objective, solution.status, solution.tie_break) == (100.0, "optimal", "exact")
    assert solution.sites["id"].tolist() == ["B"]  # the cheaper one
    nobody = solve_p_median(times, **{**tables, "demand": make_demand([0.0, 0.0])}, budget=3.0)
    assert (nobody.objective, nobody.gap, len(nobody.sites)) == (0.0, 0.0, 0)


# --- refusals ---


def simple(**more):
    times = make_times(np.array([[100.0, math.nan, math.nan]] * 2), ["A", "B"], ["D0", "D1", "D2"])
    return {"times": times, "demand": make_demand([1.0, 1.0, 0.0]), "candidates": make_candidates(["A", "B"]), **more}


def test_points_that_nothing_reaches_are_named():
    with pytest.raises(InfeasibleError, match=r"every point with demand .* not so 1: D1; search farther"):
        solve_p_median(**simple(n_open=1))
    existing = make_times([[math.nan, 10.0, math.nan]], ["E"], ["D0", "D1", "D2"])
    assert solve_p_median(**simple(n_open=1, existing=existing)).objective == 110.0


def test_sites_too_few_to_serve_everybody():
    new = np.array([[100.0, math.nan], [math.nan, 200.0]])
    times = make_times(new, ["A", "B"], ["D0", "D1"])
    with pytest.raises(InfeasibleError, match=r"none keeps every point with demand served .* and n_open = 1 at once"):
        solve_p_median(times, make_demand([1.0, 1.0]), make_candidates(["A", "B"]), n_open=1)


@pytest.mark.parametrize("unserved_s", [899.9, math.inf, math.nan])
def test_unserved_s_is_no_shorter_than_the_search(unserved_s):
    with pytest.raises(ConfigError, match=r"unserved_s must be at least the limit of the search \(900 s\), got"):
        solve_p_median(**simple(n_open=1, unserved_s=unserved_s))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"n_open": 1, "budget": 1.0}, "exactly one of n_open and budget"),
        ({}, "exactly one of n_open and budget"),
        ({"n_open": 0}, "n_open must be a whole number"),
        ({"n_open": 1, "mip_gap": 1.0}, "mip_gap must be"),
        ({"n_open": 1, "work_limit": -1.0}, "work_limit must be"),
        ({"n_open": 1, "time_limit_s": 0.0}, "time_limit_s must be"),
        ({"n_open": 1, "threads": 0}, "threads must be at least 1"),
    ],
)
def test_settings_out_of_range(setting, message):
    with pytest.raises(ConfigError, match=message):
        solve_p_median(**simple(unserved_s=1000.0, **setting))


def test_tables_must_be_those_of_the_times():
    with pytest.raises(InputError, match="candidates and the rows"):
        solve_p_median(**{**simple(n_open=1), "candidates": make_candidates(["A", "X"])})


def test_arguments_stay_as_they_are():
    given_ = town(20, 50, seed=0)
    before = given_["candidates"].copy(), given_["demand"].copy(), given_["times"].seconds.copy()
    solve_p_median(**given_, n_open=3, unserved_s=3600.0)
    pd.testing.assert_frame_equal(given_["candidates"], before[0])
    pd.testing.assert_frame_equal(given_["demand"], before[1])
    np.testing.assert_array_equal(given_["times"].seconds, before[2])


# --- published figures ---


def read_pmed(folder, number):
    """An OR-Library instance: distances of all pairs (where an edge repeats, the last counts), sites, the optimum."""
    lines = (folder / f"pmed{number}.txt").read_text(encoding="utf-8").split("\n")
    n, _, n_open = map(int, lines[0].split())
    edges = np.zeros((n, n))
    for line in lines[1:]:
        if line.strip():
            a, b, length = map(int, line.split())
            edges[a - 1, b - 1] = edges[b - 1, a - 1] = length
    optima = dict(line.split() for line in (folder / "pmedopt.txt").read_text(encoding="utf-8").split("\n")[1:] if line)
    return shortest_path(csr_array(edges), method="D", directed=False), n_open, int(optima[f"pmed{number}"])


def solve_pmed(folder, number, **limits):
    distance, n_open, optimum = read_pmed(folder, number)
    ids = [f"C{k:03d}" for k in range(len(distance))]
    times = make_times(distance, ids, [f"D{k}" for k in range(len(distance))], limit_s=float(distance.max()) + 1)
    solution = solve_p_median(times, make_demand(np.ones(len(ids))), make_candidates(ids), n_open=n_open, **limits)
    rows = [ids.index(name) for name in solution.sites["id"]]
    assert distance[rows].min(axis=0).sum() == solution.objective
    return solution, optimum


@pytest.mark.real_data
@pytest.mark.parametrize("number", range(1, 6))
def test_the_first_published_optima(real_data, number):
    solution, optimum = solve_pmed(real_data / "siting" / "pmed", number)
    assert (solution.objective, solution.bound, solution.status) == (optimum, optimum, "optimal")


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("number", range(6, 41))
def test_the_other_published_optima(real_data, number):
    solution, optimum = solve_pmed(real_data / "siting" / "pmed", number)
    assert (solution.objective, solution.bound, solution.status) == (optimum, optimum, "optimal")


@pytest.mark.real_data
@pytest.mark.parametrize("work_limit", [0.0, 0.001, 0.01, 0.03])
def test_bounds_are_never_above_a_published_optimum(real_data, work_limit):
    solution, optimum = solve_pmed(real_data / "siting" / "pmed", 12, work_limit=work_limit)
    assert solution.bound <= optimum <= solution.objective


@pytest.mark.real_data
def test_san_francisco(real_data):
    """The case of PySAL's spopt: its own reference is the mean distance of a person, 2982.1268579890657."""
    folder = real_data / "siting" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    table = pairs.pivot_table(index="name", columns="DestinationName", values="distance")
    people = pairs.groupby("DestinationName")["demand"].first()[table.columns]
    metres_as_seconds = make_times(table.to_numpy(), table.index, [str(c) for c in table.columns], limit_s=30_000.0)
    solution = solve_p_median(
        metres_as_seconds,
        make_demand(people.to_numpy(), metres_as_seconds.demand_ids),
        make_candidates(list(table.index)),
        n_open=4,
    )
    assert (solution.status, solution.tie_break) == ("optimal", "exact")
    distance = table.loc[solution.sites["id"]].min(axis=0)
    assert (distance * people).sum() / people.sum() == pytest.approx(2982.1268579890657, rel=1e-14)
    assert solution.objective / people.sum() == pytest.approx(2982.1268579890657, rel=1e-7)  # whole milliseconds
    means = [(table.iloc[list(four)].min(axis=0) * people).sum() for four in combinations(range(16), 4)]
    assert min(means) == (distance * people).sum()
