"""The maximal covering model against brute force, published figures and its own promises."""

import math
import signal
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, CrsError, InfeasibleError, InputError, SchemaError
from coverage_planner.siting import _covering_search, _prices, _ties
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.rules import Quota
from coverage_planner.siting.sites import SITE_FIGURES
from drawn_times import make_candidates, make_demand, make_times

CUTOFF_S = 600.0


@st.composite
def cases(draw, *, most_candidates=7, most_points=9, coarse=True):
    """Random times, demand, cost and existing facilities; coarse ones are full of ties."""
    n, d, e = draw(st.integers(1, most_candidates)), draw(st.integers(1, most_points)), draw(st.integers(0, 2))
    seconds = st.sampled_from([60.0, 300.0, 600.0, 601.0, math.nan]) if coarse else st.floats(1.0, 1200.0, width=32)
    weight = st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0]) if coarse else st.floats(0.0, 100.0)
    cost = st.sampled_from([0.0, 1.0, 2.5, math.nan])
    table = np.array(draw(st.lists(seconds, min_size=(n + e) * d, max_size=(n + e) * d))).reshape(n + e, d)
    weights = draw(st.lists(weight, min_size=d, max_size=d))
    costs = draw(st.lists(cost, min_size=n, max_size=n))
    return table[:n], table[n:], np.array(weights), np.array(costs), draw(st.integers(1, n))


def tables(case, *, limit_s=900.0):
    """The arguments of solve_mclp for a case; ids sort otherwise than rows."""
    new, old, weights, costs, n_open = case
    ids = [f"C{(7 * k) % 10}{k}" for k in range(len(new))]
    demand = make_demand(weights)
    times = make_times(new, ids, demand["id"], limit_s=limit_s)
    existing = make_times(old, [f"E{k}" for k in range(len(old))], demand["id"], limit_s=limit_s) if len(old) else None
    return {
        "times": times, "demand": demand, "candidates": make_candidates(ids, costs), "n_open": n_open,
        "cutoff_s": CUTOFF_S, "existing": existing,
    }  # fmt: skip


def rate(case, ids, choice):
    """Brute force: what a choice is compared by, the smaller the better."""
    new, old, weights, costs, _ = case
    nobody = np.full((1, len(weights)), np.inf)
    rows = np.vstack([nobody, old, new[list(choice)]])
    seconds = np.float32(np.where(rows <= CUTOFF_S, rows, np.inf)).min(axis=0)
    covered = np.isfinite(seconds)
    milliseconds = np.rint(seconds[covered].astype(float) * 1000)
    time = math.fsum(weights[covered] * milliseconds)
    cost = math.fsum(np.nan_to_num(costs[list(choice)]))
    return -math.fsum(weights[covered]), time, cost, sorted(ids[k] for k in choice)


def best_choice(case, ids):
    return min(rate(case, ids, choice) for choice in combinations(range(len(ids)), case[-1]))


@settings(deadline=None, max_examples=150)
@given(cases())
def test_the_choice_is_the_best_of_all_in_every_criterion(case):
    arguments = tables(case)
    solution = solve_mclp(**arguments)
    covered, _, _, sites = best_choice(case, list(arguments["candidates"]["id"]))
    assert solution.objective == -covered
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == sites


@settings(deadline=None, max_examples=60)
@given(cases())
def test_ties_listed_by_time_are_compared_exactly(case):
    arguments = tables(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ties, "_best_that_covers_as_much", lambda *_: None)
        solution = solve_mclp(**arguments)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == best_choice(case, list(arguments["candidates"]["id"]))[-1]


@pytest.mark.parametrize("listed", [0, 1, 3])
def test_too_many_ties_are_searched(listed, monkeypatch):
    """Five candidates alike: ten pairs of them cover as much in the same time."""
    monkeypatch.setattr(_ties, "TIES_LISTED", listed)
    case = np.full((5, 2), 100.0), np.empty((0, 2)), np.ones(2), np.zeros(5), 2
    solution = solve_mclp(**tables(case))
    assert solution.tie_break == f"search: more than {listed} choices cover as much in as little time"
    assert solution.sites["id"].tolist() == ["C00", "C13"]


@settings(deadline=None, max_examples=60)
@given(cases())
def test_a_search_among_ties_says_so_and_covers_as_much(case):
    arguments = tables(case)
    exact = solve_mclp(**arguments)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_ties, "COVERING_PAIRS_MOST", -1)
        searched = solve_mclp(**arguments)
    assert searched.objective == exact.objective
    assert searched.tie_break == "exact" or searched.tie_break.startswith("search: ")
    ids = list(arguments["candidates"]["id"])
    ratings = [rate(case, ids, [ids.index(label) for label in s.sites["id"]]) for s in (exact, searched)]
    assert ratings[0] <= ratings[1]


@settings(deadline=None, max_examples=60)
@given(cases(coarse=False))
def test_any_demand_and_times(case):
    arguments = tables(case)
    solution = solve_mclp(**arguments)
    covered = -best_choice(case, list(arguments["candidates"]["id"]))[0]
    assert solution.objective == pytest.approx(covered, rel=1e-9)
    assert solution.bound >= covered * (1 - 1e-9)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_without_the_solver_the_recomputed_bound_holds(case):
    arguments = tables(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_covering_search, "_SOLVER_PAIRS_MOST", -1)
        solution = solve_mclp(**arguments)
    most = -best_choice(case, list(arguments["candidates"]["id"]))[0]
    assert solution.objective <= most <= solution.bound
    assert solution.proof == "duals recomputed"
    assert (solution.status == "optimal") == (solution.bound == solution.objective) == (solution.gap == 0)
    if solution.objective:
        assert solution.gap == pytest.approx((solution.bound - solution.objective) / solution.objective)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(cases(coarse=False), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(case, random):
    new, _, weights, _, n_open = case
    arguments = tables(case)
    plain = solve_mclp(**arguments)
    rows, columns = list(range(len(new))), list(range(len(weights)))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = solve_mclp(
        make_times(
            new[rows][:, columns], arguments["times"].facility_ids[rows], arguments["times"].demand_ids[columns]
        ),
        arguments["demand"].iloc[columns].reset_index(drop=True),
        arguments["candidates"].iloc[rows[::-1]].reset_index(drop=True),
        n_open=n_open,
        cutoff_s=CUTOFF_S,
        existing=arguments["existing"],
    )
    figures = ["id", *SITE_FIGURES]
    one, other = (s.sites[figures].sort_values("id").reset_index(drop=True) for s in (plain, shuffled))
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-12)
    assert (plain.objective, plain.bound, plain.status) == (shuffled.objective, shuffled.bound, shuffled.status)


@settings(deadline=None, max_examples=60)
@given(cases())
def test_one_site_more_never_covers_less(case):
    new, old, weights, costs, n_open = case
    fewer = solve_mclp(**tables(case)).objective
    if n_open < len(new):
        assert solve_mclp(**tables((new, old, weights, costs, n_open + 1))).objective >= fewer


@settings(deadline=None, max_examples=60)
@given(cases())
def test_site_figures_add_up(case):
    new, old, weights, _, n_open = case
    arguments = tables(case)
    solution = solve_mclp(**arguments)
    sites = solution.sites
    before = (old <= CUTOFF_S).any(axis=0)
    assert set(sites["id"]) <= set(arguments["candidates"]["id"])
    assert list(sites["order"]) == list(range(1, n_open + 1))
    assert sites["added_demand"].sum() == pytest.approx(solution.objective - weights[before].sum())
    gains = sites.sort_values("order")["added_demand"].to_numpy()
    assert (np.diff(gains) <= 0).all()
    index = {label: k for k, label in enumerate(arguments["candidates"]["id"])}
    inside = np.array([new[index[label]] <= CUTOFF_S for label in sites["id"]])
    for k, (_, site) in enumerate(sites.iterrows()):
        others = np.delete(inside, k, axis=0).any(axis=0)
        assert site["catchment_demand"] == weights[inside[k]].sum()
        assert site["newly_covered_demand"] == weights[inside[k] & ~before].sum()
        assert site["overlap_existing_demand"] == weights[inside[k] & before].sum()
        assert site["overlap_sites_demand"] == weights[inside[k] & others].sum()
        if site["catchment_demand"]:
            seconds = np.float32(new[index[site["id"]]])[inside[k]]
            assert site["mean_time_s"] == pytest.approx(np.average(seconds, weights=weights[inside[k]]))
        else:
            assert math.isnan(site["mean_time_s"])


def geometric(n_candidates, n_points, radius_m, n_open, *, seed):
    """Points and candidates scattered over ten by ten kilometres; seconds grow with the straight line."""
    random = np.random.default_rng(seed)
    points, sites = random.uniform(0, 10_000, (n_points, 2)), random.uniform(0, 10_000, (n_candidates, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) / radius_m * CUTOFF_S
    weights = random.integers(1, 40, n_points).astype(float)
    return seconds, np.empty((0, n_points)), weights, np.zeros(n_candidates), n_open


@pytest.mark.parametrize("seed", range(5))
def test_searches_and_solver_agree_with_the_plain_program(seed):
    case = geometric(60, 400, 1800, 8, seed=seed)
    arguments = tables(case)
    solution = solve_mclp(**arguments)
    reach = case[0] <= CUTOFF_S
    whole = _plain_optimum(reach, case[2], 8)
    assert solution.status == "optimal"
    assert solution.objective == whole


def _plain_optimum(reach, weights, n_open):
    """Church and ReVelle's program as written, on scipy's copy of the solver: no reduction, no start, no prices."""
    from scipy.optimize import LinearConstraint, milp

    n, d = reach.shape
    rows = np.vstack([np.hstack([-reach.T.astype(float), np.eye(d)]), np.r_[np.ones(n), np.zeros(d)]])
    upper = np.r_[np.zeros(d), n_open]
    answer = milp(
        np.r_[np.zeros(n), -weights],
        constraints=LinearConstraint(rows, -np.inf, upper),
        integrality=np.r_[np.ones(n), np.zeros(d)],
        bounds=(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return round(-answer.fun)


@pytest.mark.slow
def test_large_problems_are_searched_and_repeat_to_the_last_digit(monkeypatch):
    monkeypatch.setattr(_covering_search, "_EASY_PAIRS", 0)
    monkeypatch.setattr(_covering_search, "_SOLVER_PAIRS_MOST", 0)
    arguments = tables(geometric(150, 1500, 1300, 20, seed=1)) | {"work_limit": 3}
    first, second = (solve_mclp(**arguments, threads=threads) for threads in (1, 3))
    assert first.work["tabu_searches"] > 0
    assert list(first.sites["id"]) == list(second.sites["id"])
    assert (first.objective, first.bound, dict(first.work)) == (second.objective, second.bound, dict(second.work))


@pytest.mark.slow
def test_a_stopped_solver_never_claims_the_optimum():
    random = np.random.default_rng(0)
    seconds = np.where(random.random((80, 300)) < 0.06, 100.0, math.nan)
    case = seconds, np.empty((0, 300)), random.integers(1, 40, 300).astype(float), np.zeros(80), 10
    stopped = solve_mclp(**tables(case), work_limit=0)
    proved = solve_mclp(**tables(case))
    assert stopped.status == "feasible"
    assert stopped.proof == "duals recomputed"
    assert stopped.tie_break.startswith("search: covered demand is not proved")
    assert stopped.objective <= proved.objective <= stopped.bound
    assert "no other choice can reach more" in stopped.certificate()


def test_a_gap_that_is_good_enough_ends_the_work():
    case = geometric(60, 400, 1800, 8, seed=0)
    solution = solve_mclp(**tables(case), mip_gap=0.5)
    assert solution.work["nodes"] == solution.work["simplex_iterations"] == 0
    assert solution.gap <= 0.5


def test_the_clock_can_stop_the_work():
    case = geometric(60, 400, 1800, 8, seed=0)
    solution = solve_mclp(**tables(case), time_limit_s=1e-9)
    assert solution.work["nodes"] == 0
    assert solution.bound >= solution.objective


def test_ctrl_c_brings_back_what_was_found():
    """Ctrl+C while progress is told: the choice in hand comes back with its bound."""
    case = geometric(60, 400, 1800, 8, seed=0)
    told = []

    def interrupt(state):
        told.append(state)
        if len(told) == 2:
            signal.raise_signal(signal.SIGINT)

    solution = solve_mclp(**tables(case), progress=interrupt)
    assert solution.interrupted
    assert solution.objective <= solve_mclp(**tables(case)).objective <= solution.bound
    assert len(solution.sites) == 8


def test_progress_tells_choice_and_bound_and_can_stop_the_work():
    case = geometric(60, 400, 1800, 8, seed=0)
    told = []
    solution = solve_mclp(**tables(case), progress=told.append)
    assert [state.objective for state in told] == sorted(state.objective for state in told)
    assert [state.bound for state in told] == sorted((state.bound for state in told), reverse=True)
    assert (told[-1].objective, told[-1].bound) == (solution.objective, solution.bound)
    assert set(solution.history) <= set(told)

    def refuse(_state):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_mclp(**tables(case), progress=refuse)


def test_nothing_to_gain_is_an_answer_too():
    old = np.full((1, 3), 60.0)
    covered = solve_mclp(**tables((np.full((2, 3), 100.0), old, np.ones(3), np.zeros(2), 1)))
    assert (covered.objective, covered.bound, covered.status) == (3.0, 3.0, "optimal")
    assert covered.sites["added_demand"].tolist() == [0.0]
    nobody = solve_mclp(**tables((np.full((2, 3), math.nan), np.empty((0, 3)), np.ones(3), np.zeros(2), 1)))
    assert (nobody.objective, nobody.bound, nobody.gap, nobody.status) == (0.0, 0.0, 0.0, "optimal")
    assert nobody.tie_break == "exact"


def test_decimals_tie_as_on_paper():
    """0.1 + 0.2 is not 0.3 in binary; the choices tie all the same, and the faster one wins."""
    new = np.array([[100.0, 100.0, math.nan], [math.nan, math.nan, 50.0]])
    solution = solve_mclp(**tables((new, np.empty((0, 3)), np.array([0.1, 0.2, 0.3]), np.zeros(2), 1)))
    assert solution.sites["id"].tolist() == ["C71"]


def test_a_time_equal_to_the_cutoff_is_covered():
    new = np.array([[CUTOFF_S], [np.nextafter(np.float32(CUTOFF_S), np.float32(np.inf))]])
    for row, objective in ((0, 1.0), (1, 0.0)):
        case = new[[row]], np.empty((0, 1)), np.ones(1), np.zeros(1), 1
        assert solve_mclp(**tables(case)).objective == objective


def test_cost_decides_after_time_and_a_missing_cost_is_none():
    new = np.full((3, 1), 100.0)
    solution = solve_mclp(**tables((new, np.empty((0, 1)), np.ones(1), np.array([3.0, 2.0, math.nan]), 1)))
    assert solution.sites["id"].tolist() == ["C42"]
    new[0] = 99.0
    solution = solve_mclp(**tables((new, np.empty((0, 1)), np.ones(1), np.array([3.0, 2.0, math.nan]), 1)))
    assert solution.sites["id"].tolist() == ["C00"]


@pytest.mark.real_data
def test_san_francisco(real_data):
    """The case of PySAL's spopt: weighed by people, four stores within 5 km cover 89.756 % of the tracts."""
    folder = real_data / "siting" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    table = pairs.pivot_table(index="name", columns="DestinationName", values="distance")
    people = pairs.groupby("DestinationName")["demand"].first()[table.columns]
    metres_as_seconds = make_times(table.to_numpy(), table.index, [str(c) for c in table.columns], limit_s=30_000.0)
    solution = solve_mclp(
        metres_as_seconds,
        make_demand(people.to_numpy(), metres_as_seconds.demand_ids),
        make_candidates(list(table.index)),
        n_open=4,
        cutoff_s=5000.0,
    )
    covered = (table.loc[solution.sites["id"]] <= 5000.0).any(axis=0)
    assert solution.status == "optimal"
    assert solution.objective == people[covered].sum()
    assert 100 * covered.mean() == pytest.approx(89.756, abs=5e-4)
    assert solution.objective == max(
        people[(table.iloc[list(four)] <= 5000.0).any(axis=0)].sum() for four in combinations(range(16), 4)
    )


# --- rules ---


@st.composite
def ruled(draw):
    """A case with rules: number or budget, required, forbidden, a quota, a distance."""
    case = draw(cases(most_candidates=6, most_points=8))
    n = len(case[0])
    wishes = {"costs": np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 4.0]), min_size=n, max_size=n)))}
    if draw(st.booleans()):
        wishes["budget"] = draw(st.sampled_from([0.0, 2.5, 4.0, 7.0]))
    else:
        wishes["n_open"] = draw(st.integers(1, n))
    fate = draw(st.lists(st.sampled_from(["free", "free", "free", "required", "forbidden"]), min_size=n, max_size=n))
    wishes["fate"] = fate
    wishes["kinds"] = draw(st.lists(st.sampled_from(["shop", "hall"]), min_size=n, max_size=n))
    wishes["quota"] = draw(st.sampled_from([None, None, (0, 1), (1, 2), (1, None)]))
    wishes["spacing"] = draw(st.sampled_from([None, None, 2.0, 2.5]))
    return case, wishes


def keeps_rules(wishes, choice):
    """Whether a choice of rows keeps the rules; candidates stand a metre apart in the order of rows."""
    if "n_open" in wishes and len(choice) != wishes["n_open"]:
        return False
    if "budget" in wishes and math.fsum(wishes["costs"][list(choice)]) > wishes["budget"]:
        return False
    fate = wishes["fate"]
    if any((fate[k] == "required") != (k in choice) for k in range(len(fate)) if fate[k] != "free"):
        return False
    if wishes["quota"]:
        least, most = wishes["quota"]
        for kind in set(wishes["kinds"]):
            n_of_kind = sum(wishes["kinds"][k] == kind for k in choice)
            if n_of_kind < least or (most is not None and n_of_kind > most):
                return False
    return wishes["spacing"] is None or all(b - a >= wishes["spacing"] for a, b in combinations(sorted(choice), 2))


@settings(deadline=None, max_examples=150)
@given(ruled())
def test_rules_are_kept_and_the_choice_is_the_best_that_keeps_them(drawn):
    (new, old, weights, _, _), wishes = drawn
    case = new, old, weights, wishes["costs"], None
    arguments = tables(case)
    ids = list(arguments["candidates"]["id"])
    arguments |= {name: wishes[name] for name in ("n_open", "budget") if name in wishes}
    arguments |= {
        "candidates": arguments["candidates"].assign(kind=wishes["kinds"]),
        "required": [ids[k] for k in range(len(ids)) if wishes["fate"][k] == "required"],
        "forbidden": [ids[k] for k in range(len(ids)) if wishes["fate"][k] == "forbidden"],
        "quotas": [Quota("kind", *wishes["quota"])] if wishes["quota"] else [],
        "min_spacing_m": wishes["spacing"],
    }
    every = [c for size in range(len(ids) + 1) for c in combinations(range(len(ids)), size) if keeps_rules(wishes, c)]
    if not every:
        with pytest.raises(InfeasibleError):
            solve_mclp(**arguments)
        return
    solution = solve_mclp(**arguments)
    covered, _, _, sites = min(rate(case, ids, choice) for choice in every)
    assert (solution.objective, solution.bound, solution.status) == (-covered, -covered, "optimal")
    if solution.tie_break == "exact":
        assert sorted(solution.sites["id"]) == sites
    chosen = [ids.index(label) for label in solution.sites["id"]]
    assert keeps_rules(wishes, chosen)


@settings(deadline=None, max_examples=60)
@given(ruled())
def test_without_the_solver_the_bound_of_a_budget_holds(drawn):
    (new, old, weights, _, _), wishes = drawn
    budget = wishes.get("budget", 4.0)
    case = new, old, weights, wishes["costs"], None
    arguments = tables(case) | {"n_open": None, "budget": budget}
    ids = list(arguments["candidates"]["id"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_covering_search, "_SOLVER_PAIRS_MOST", -1)
        solution = solve_mclp(**arguments)
    every = [c for size in range(len(ids) + 1) for c in combinations(range(len(ids)), size)]
    paid = [c for c in every if math.fsum(wishes["costs"][list(c)]) <= budget]
    most = max(-rate(case, ids, c)[0] for c in paid)
    assert solution.objective <= most <= solution.bound
    assert solution.proof == "duals recomputed"
    assert math.fsum(solution.sites["cost"]) <= budget


def test_groups_weigh_as_they_are_told():
    new = np.array([[100.0, math.nan], [math.nan, 100.0]])
    arguments = tables((new, np.empty((0, 2)), np.array([3.0, 2.0]), np.zeros(2), 1))
    demand = arguments["demand"].assign(group=["walkers", "riders"])
    plain = solve_mclp(**arguments | {"demand": demand})
    assert (plain.sites["id"].tolist(), plain.objective) == (["C00"], 3.0)
    weighed = solve_mclp(**arguments | {"demand": demand}, group_weights={"riders": 2})
    assert (weighed.sites["id"].tolist(), weighed.objective) == (["C71"], 4.0)
    assert weighed.sites["added_demand"].tolist() == [4.0]
    with pytest.raises(ConfigError, match=r"group_weights must name values .* not 1: drivers"):
        solve_mclp(**arguments | {"demand": demand}, group_weights={"drivers": 2})
    with pytest.raises(ConfigError, match="group_weights must be numbers from 0 up"):
        solve_mclp(**arguments | {"demand": demand}, group_weights={"riders": -1})


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(cases(most_candidates=8), st.integers(0, 2))
def test_branching_by_regions_proves_the_optimum(case, turns):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_covering_search, "_EASY_PAIRS", -1)
        patch.setattr(_covering_search, "_FIRST_TURNS", turns)
        patch.setattr(_prices, "_SHORTEST", 2.0)
        solution = solve_mclp(**tables(case), work_limit=20)
    assert (solution.status, solution.proof) == ("optimal", "duals recomputed")
    assert solution.objective == -best_choice(case, list(tables(case)["candidates"]["id"]))[0]


@pytest.mark.parametrize("seed", range(4))
def test_branching_agrees_with_the_plain_program(seed, monkeypatch):
    """Sites everywhere and few of them: what prices leave is large, and regions decide it."""
    monkeypatch.setattr(_covering_search, "_EASY_PAIRS", -1)
    monkeypatch.setattr(_covering_search, "_FIRST_TURNS", 0)
    monkeypatch.setattr(_prices, "_SHORTEST", 2.0)  # the first prices are as good as they get
    case = geometric(80, 150, 2400, 5, seed=seed)
    answers = [solve_mclp(**tables(case), threads=threads) for threads in (1, 2)]
    assert answers[0].objective == _plain_optimum(case[0] <= CUTOFF_S, case[2], 5)
    assert [answer.status for answer in answers] == ["optimal", "optimal"]
    assert [dict(answer.work) for answer in answers] == [dict(answers[0].work)] * 2
    assert answers[0].work["branches"] > 0


def test_a_sample_of_the_demand_is_a_start_like_any_other(monkeypatch):
    """Small problems treated as large ones: sampled twice over, the answer keeps its promises."""
    arguments = tables(geometric(60, 400, 1800, 8, seed=0))
    plain = solve_mclp(**arguments)
    monkeypatch.setattr(_covering_search, "_SAMPLED_FROM", 300)
    sampled = solve_mclp(**arguments)
    assert sampled.history[0].stage == "sample"
    assert (sampled.objective, sampled.status) == (plain.objective, "optimal")
    assert list(sampled.sites["id"]) == list(plain.sites["id"])


# --- refusals ---


def given_case():
    return tables((np.full((2, 2), 100.0), np.full((1, 2), 100.0), np.ones(2), np.zeros(2), 1))


@pytest.mark.parametrize("n_open", [0, -1, 1.5, True, "2"])
def test_n_open_must_be_a_whole_number(n_open):
    with pytest.raises(ConfigError, match=r"n_open must be a whole number of at least 1, got .*; ask for"):
        solve_mclp(**{**given_case(), "n_open": n_open})


def test_numpy_numbers_are_whole_numbers_too():
    assert len(solve_mclp(**{**given_case(), "n_open": np.int64(2)}).sites) == 2


def test_more_sites_than_candidates():
    with pytest.raises(InfeasibleError, match=r"got 3 sites to open and 2 candidates; ask for fewer"):
        solve_mclp(**{**given_case(), "n_open": 3})
    empty = {"times": make_times([], [], ["D0", "D1"]), "candidates": make_candidates([])}
    with pytest.raises(InfeasibleError, match="0 candidates"):
        solve_mclp(**{**given_case(), **empty})


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("mip_gap", -0.1),
        ("mip_gap", 1.0),
        ("mip_gap", math.nan),
        ("work_limit", -1),
        ("threads", 0),
        ("time_limit_s", 0.0),
    ],
)
def test_settings_out_of_range(setting, value):
    with pytest.raises(ConfigError, match=f"{setting} must be"):
        solve_mclp(**given_case(), **{setting: value})


@pytest.mark.parametrize("cutoff_s", [0.0, -1.0, 901.0, math.nan])
def test_the_cutoff_must_lie_within_the_search(cutoff_s):
    with pytest.raises(ConfigError, match="cutoff_s must be positive and at most the limit"):
        solve_mclp(**{**given_case(), "cutoff_s": cutoff_s})


def test_existing_must_have_been_searched_as_far():
    case = given_case()
    near = make_times(np.full((1, 2), 100.0), ["E0"], case["demand"]["id"], limit_s=300.0)
    with pytest.raises(ConfigError, match=r"limit of the search \(300 s\)"):
        solve_mclp(**{**case, "existing": near})


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"mode": "ebike"}, "same mode, got 'walk' and 'ebike'"),
        ({"direction": "from_facility"}, "same direction, got 'to_facility' and 'from_facility'"),
    ],
)
def test_existing_must_have_been_searched_alike(other, message):
    case = given_case()
    existing = make_times(np.full((1, 2), 100.0), ["E0"], case["demand"]["id"], **other)
    with pytest.raises(ConfigError, match=message):
        solve_mclp(**{**case, "existing": existing})


def test_times_and_tables_must_belong_together():
    case = given_case()
    with pytest.raises(InputError, match=r"candidates and the rows .* in only one of them 2: C00, X"):
        solve_mclp(**{**case, "candidates": make_candidates(["X", "C71"])})
    with pytest.raises(InputError, match=r"demand and the columns of the candidates' times .* 1: D2; compute"):
        solve_mclp(**{**case, "demand": make_demand(np.ones(3))})
    other = make_times(np.full((1, 2), 100.0), ["E0"], ["D0", "D9"])
    with pytest.raises(InputError, match=r"columns of the existing facilities' times .* 2: D1, D9"):
        solve_mclp(**{**case, "existing": other})


def test_tables_are_checked():
    case = given_case()
    with pytest.raises(SchemaError, match="demand must be at least 0"):
        solve_mclp(**{**case, "demand": make_demand([1.0, -1.0])})
    with pytest.raises(CrsError, match="candidates must be in a projected CRS"):
        solve_mclp(**{**case, "candidates": case["candidates"].to_crs("EPSG:4326")})


def test_arguments_stay_as_they_are():
    case = given_case()
    before = case["candidates"].copy(), case["demand"].copy(), case["times"].seconds.copy()
    solve_mclp(**case)
    pd.testing.assert_frame_equal(case["candidates"], before[0])
    pd.testing.assert_frame_equal(case["demand"], before[1])
    np.testing.assert_array_equal(case["times"].seconds, before[2])
