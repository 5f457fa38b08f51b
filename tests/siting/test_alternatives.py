"""Alternatives against trying every exchange and every plan."""

import math
import signal
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InfeasibleError, InputError
from coverage_planner.siting import _plan_list
from coverage_planner.siting.alternatives import find_alternatives
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.p_median import solve_p_median
from coverage_planner.siting.rules import Quota
from drawn_times import make_candidates, make_demand, make_times
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, LIMIT_S, cases, tables, wished
from siting.siting_oracle import allowed, broken, cost_of, covered_demand, late_key, nearest, weights

UNSERVED_MS = 1_200_000


def value_of(model, town, wishes, choice):
    """Objective of a choice, exactly: covered demand, or demand times seconds."""
    if model == "MCLP":
        return covered_demand(town, wishes, choice, CUTOFF_MS)
    loads = zip(weights(town, wishes), nearest(town, choice), strict=True)
    return sum((w * (UNSERVED_MS if t is None else t) for w, t in loads), Fraction(0)) / 1000


def loss_of(model, value, other):
    return value - other if model == "MCLP" else other - value


def own_arguments(model):
    return {"cutoff_s": CUTOFF_S} if model == "MCLP" else {"unserved_s": UNSERVED_MS / 1000}


def solve(model, arguments, rules):
    return (solve_mclp if model == "MCLP" else solve_p_median)(**arguments, **rules, **own_arguments(model))


def find(model, arguments, rules, solution, **more):
    rules = {name: value for name, value in rules.items() if name != "n_open"}
    return find_alternatives(**arguments, **rules, **own_arguments(model), solution=solution, **more)


def planned(model, case):
    """Solution of a case and the choice it makes; cases without one are passed over."""
    town, wishes = case
    arguments, rules = tables(town), wished(wishes)
    try:
        solution = solve(model, arguments, rules)
    except InfeasibleError:
        reject()
    assume(len(solution.sites))
    choice = tuple(town.ids.index(name) for name in solution.sites["id"])
    return arguments, rules, solution, choice


def near(value):
    return pytest.approx(float(value), rel=1e-9, abs=1e-9)


models = pytest.mark.parametrize("model", ["MCLP", "p-median"])


@pytest.mark.slow
@models
@settings(deadline=None, max_examples=30)
@given(case=cases())
def test_sites_are_weighed_as_by_hand(model, case):
    town, wishes = case
    arguments, rules, solution, choice = planned(model, case)
    found = find(model, arguments, rules, solution, n_plans=0, n_replacements=2)
    value = value_of(model, town, wishes, choice)
    assert found.objective == near(value)
    assert list(found.sites["id"]) == list(solution.sites["id"])
    for site, row in zip(choice, found.sites.itertuples(), strict=True):
        rest = tuple(k for k in choice if k != site)
        marginal = loss_of(model, value, value_of(model, town, wishes, rest))
        assert row.marginal_value == near(marginal)
        assert row.marginal_value >= 0
        freed = wishes.without([])
        freed = type(wishes)(**{**vars(wishes), "required": wishes.required - {town.ids[site]}})
        swaps = [
            (loss_of(model, value, value_of(model, town, wishes, (*rest, k))), cost_of(town, (k,)), town.ids[k])
            for k in range(len(town.ids))
            if k not in choice and not broken(town, freed, tuple(sorted((*rest, k))))
        ]
        listed = found.replacements[found.replacements["id"] == town.ids[site]]
        expected = sorted(swaps)[:2]
        assert [near(loss) for loss, _, _ in expected] == listed["loss"].tolist()
        assert [name for _, _, name in expected] == listed["replacement"].tolist()
        if expected:
            assert (row.replacement, row.replacement_loss) == (expected[0][2], near(expected[0][0]))
            assert row.replacement_loss <= row.marginal_value + 1e-9
        else:
            assert pd.isna(row.replacement)


def plans_by_hand(model, town, wishes, choice, *, n_plans, within, differ_by):
    """Every plan, best first, each lacking enough sites of those before it."""
    value = value_of(model, town, wishes, choice)

    def key(plan):
        late = late_key(town, wishes, plan, CUTOFF_MS)
        time = late[1] if model == "MCLP" else 0
        return loss_of(model, value, value_of(model, town, wishes, plan)), time, late[2], late[3]

    listed = [tuple(sorted(choice))]
    for plan in sorted(allowed(town, wishes), key=key):
        if key(plan)[0] > Fraction(str(within)) * value:
            break
        if len(listed) <= n_plans and all(len(set(other) - set(plan)) >= differ_by for other in listed):
            listed.append(plan)
    return listed


@pytest.mark.slow
@models
@settings(deadline=None, max_examples=30)
@given(
    case=cases(), n_plans=st.integers(1, 5), within=st.sampled_from([0.0, 0.1, 0.3, 1.0]), differ_by=st.integers(1, 2)
)
def test_plans_are_those_of_the_full_list(model, case, n_plans, within, differ_by):
    town, wishes = case
    arguments, rules, solution, choice = planned(model, case)
    found = find(model, arguments, rules, solution, n_plans=n_plans, within=within, differ_by=differ_by)
    assert found.how.startswith("exact: no-good cuts, HiGHS")
    expected = plans_by_hand(model, town, wishes, choice, n_plans=n_plans, within=within, differ_by=differ_by)
    assert found.plans["objective"].tolist() == [near(value_of(model, town, wishes, plan)) for plan in expected]
    plans = [sorted(sites["id"]) for _, sites in found.plan_sites.groupby("plan")]
    named = [sorted(town.ids[k] for k in plan) for plan in expected]
    assert plans == [names for names in named if names]
    assert found.plans["n_sites"].tolist() == [len(plan) for plan in expected]
    if len(expected) <= n_plans:
        assert found.is_complete


@models
@settings(deadline=None, max_examples=20)
@given(case=cases())
def test_searched_plans_keep_the_rules_and_say_so(model, case):
    town, wishes = case
    arguments, rules, solution, choice = planned(model, case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_plan_list, "EXACT_PAIRS_MOST", -1)
        found = find(model, arguments, rules, solution, n_plans=3, within=0.5)
    assert found.how.startswith("search: ")
    assert not found.is_complete
    value = value_of(model, town, wishes, choice)
    plans = [tuple(sorted(town.ids.index(name) for name in s["id"])) for _, s in found.plan_sites.groupby("plan")]
    assert len(set(plans)) == len(plans)
    rows = found.plans[found.plans["n_sites"] > 0]
    for plan, row in zip(plans, rows.itertuples(), strict=True):
        assert not broken(town, wishes, plan)
        assert row.objective == near(value_of(model, town, wishes, plan))
        assert row.loss <= float(value) / 2 + 1e-9
    assert found.plans["loss"].iloc[1:].is_monotonic_increasing
    best = plans_by_hand(model, town, wishes, choice, n_plans=3, within=0.5, differ_by=1)
    for row, plan in zip(found.plans.itertuples(), best, strict=False):
        assert row.loss >= float(loss_of(model, value, value_of(model, town, wishes, plan))) - 1e-9


@pytest.mark.slow
@models
@settings(deadline=None, max_examples=20)
@given(case=cases())
def test_plans_without_a_site_are_solved_again(model, case):
    town, wishes = case
    arguments, rules, solution, choice = planned(model, case)
    found = find(model, arguments, rules, solution, n_plans=0, reoptimise=True)
    value = value_of(model, town, wishes, choice)
    for site, row in zip(choice, found.sites.itertuples(), strict=True):
        name = town.ids[site]
        without = {**vars(wishes), "required": wishes.required - {name}, "forbidden": wishes.forbidden | {name}}
        losses = [
            loss_of(model, value, value_of(model, town, wishes, plan))
            for plan in allowed(town, type(wishes)(**without))
        ]
        if not losses:
            assert row.reoptimised_status == "infeasible"
            continue
        assert row.reoptimised_status == "optimal"
        assert row.reoptimised_loss == near(min(losses))
        assert row.reoptimised_loss_at_least == row.reoptimised_loss
        assert name in row.reoptimised_out.split(", ")
        assert not row.reoptimised_loss > row.replacement_loss + 1e-9


@pytest.mark.slow
@models
@settings(deadline=None, max_examples=20)
@given(case=cases(), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(model, case, random):
    town, _ = case
    arguments, rules, solution, _ = planned(model, case)
    rows, columns = list(range(len(town.ids))), list(range(len(town.point_ids)))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = tables(town, rows=rows, columns=columns)
    one = find(model, arguments, rules, solution, within=0.5)
    other = find(model, shuffled, rules, solution, within=0.5)
    pd.testing.assert_frame_equal(one.plans, other.plans)
    pd.testing.assert_frame_equal(one.replacements, other.replacements)
    assert [one.sites[name].tolist() for name in ("id", "marginal_value")] == [
        other.sites[name].tolist() for name in ("id", "marginal_value")
    ]


def test_large_exchanges_are_those_of_one_block_of_pairs(monkeypatch):
    from coverage_planner.siting import _gains

    random = np.random.default_rng(5)
    seconds = np.where(random.random((40, 200)) < 0.2, random.uniform(60, 900, (40, 200)), math.nan)
    ids = [f"C{k:02d}" for k in range(40)]
    demand = make_demand(random.integers(1, 9, 200))
    arguments = {"times": make_times(seconds, ids, demand["id"]), "demand": demand, "candidates": make_candidates(ids)}
    solution = solve_mclp(**arguments, n_open=6, cutoff_s=CUTOFF_S)
    one = find("MCLP", arguments, {}, solution, n_plans=0)
    monkeypatch.setattr(_gains, "_BLOCK", 7)
    other = find("MCLP", arguments, {}, solution, n_plans=0)
    pd.testing.assert_frame_equal(one.replacements, other.replacements)


# --- refusals and ends ---


def small():
    """Three candidates, three points; C0 and C1 cover two each, C2 one."""
    seconds = [[60, 60, math.nan], [math.nan, 60, 60], [60, math.nan, math.nan]]
    demand = make_demand([3.0, 1.0, 2.0])
    ids = ["C0", "C1", "C2"]
    return {
        "times": make_times(seconds, ids, demand["id"]), "demand": demand,
        "candidates": make_candidates(ids, [5.0, 4.0, math.nan]).assign(kind=["bank", "bank", "room"]),
    }  # fmt: skip


def test_a_small_plan_by_hand():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {}, solution, within=0.5)
    assert found.sites["id"].tolist() == ["C0"]
    assert found.sites["marginal_value"].tolist() == [4.0]
    assert found.replacements["replacement"].tolist() == ["C2", "C1"]  # a cost not known counts as none
    assert found.replacements["loss"].tolist() == [1.0, 1.0]
    assert found.replacements["share"].tolist() == [0.25, 0.25]
    assert math.isnan(found.replacements["cost_change"].tolist()[0])
    assert found.replacements["cost_change"].tolist()[1] == -1.0
    assert found.plans["opened"].tolist() == ["", "C2", "C1"]
    assert found.plans["closed"].tolist() == ["", "C0", "C0"]
    assert found.is_complete
    assert found.plan_sites["is_new"].tolist() == [False, True, True]


def test_rules_narrow_the_replacements():
    arguments = small()
    quota = {"quotas": [Quota("kind", at_most=1)]}
    solution = solve_mclp(**arguments, n_open=2, cutoff_s=CUTOFF_S, **quota)
    assert sorted(solution.sites["id"]) == ["C1", "C2"]
    found = find("MCLP", arguments, quota, solution, within=1.0)
    swaps = dict(zip(found.sites["id"], found.sites["replacement"], strict=True))
    assert swaps["C1"] == "C0"
    assert pd.isna(swaps["C2"])
    assert len(found.plans) == 2


def test_a_plan_without_sites_and_one_with_all_have_no_alternatives():
    arguments = small()
    arguments["candidates"]["cost"] = [5.0, 4.0, 1.0]
    empty = solve_mclp(**arguments, budget=0.5, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {"budget": 0.5}, empty, within=1.0, reoptimise=True)
    assert (len(found.sites), len(found.replacements), len(found.plans), len(found.plan_sites)) == (0, 0, 1, 0)
    full = solve_mclp(**arguments, n_open=3, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {}, full, within=1.0, reoptimise=True)
    assert found.sites["replacement"].isna().all()
    assert found.sites["reoptimised_status"].tolist() == ["infeasible"] * 3
    assert len(found.plans) == 1
    assert found.is_complete


def test_the_clock_can_end_the_work():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {}, solution, reoptimise=True, time_limit_s=1e-9)
    assert found.how.startswith("search: ")
    assert found.sites["reoptimised_status"].tolist() == ["not solved"]


def test_work_that_ends_is_said():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {}, solution, reoptimise=True, work_limit=0.0)
    assert found.how == "search: single exchanges; the work allowed was spent before the proof"
    assert found.sites["reoptimised_status"].tolist() == ["not solved"]
    assert found.sites["marginal_value"].tolist() == [4.0]


def test_ties_beyond_the_list_are_said(monkeypatch):
    monkeypatch.setattr(_plan_list, "TIES_LISTED", 1)
    ids = [f"C{k}" for k in range(5)]
    demand = make_demand([1.0])
    arguments = {
        "times": make_times(np.full((5, 1), 60.0), ids, demand["id"]), "demand": demand,
        "candidates": make_candidates(ids),
    }  # fmt: skip
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    found = find("MCLP", arguments, {}, solution, n_plans=2)
    assert len(found.plans) == 3
    assert found.how.endswith("; of more than 1 plans alike some were taken")
    assert not found.is_complete


def test_a_median_without_its_only_site_has_no_objective():
    seconds = [[60.0, 120.0], [90.0, 30.0]]
    demand = make_demand([1.0, 1.0])
    arguments = {
        "times": make_times(seconds, ["A", "B"], demand["id"]), "demand": demand,
        "candidates": make_candidates(["A", "B"]),
    }  # fmt: skip
    solution = solve_p_median(**arguments, n_open=1)
    found = find_alternatives(**arguments, solution=solution, within=1.0)
    assert found.sites["id"].tolist() == ["B"]
    assert found.sites["marginal_value"].tolist() == [math.inf]
    assert found.sites["replacement_loss"].tolist() == [60.0]
    assert found.plans["objective"].tolist() == [120.0, 180.0]


def test_a_median_that_leaves_demand_out_needs_a_figure_for_it():
    seconds = [[60.0, 120.0], [90.0, math.nan]]
    demand = make_demand([1.0, 1.0])
    arguments = {
        "times": make_times(seconds, ["A", "B"], demand["id"]), "demand": demand,
        "candidates": make_candidates(["A", "B"]),
    }  # fmt: skip
    solution = solve_p_median(**arguments, n_open=1)
    with pytest.raises(ConfigError, match=r"not so 1: D1; give unserved_s"):
        find_alternatives(**arguments, solution=solution)


def test_progress_names_what_is_solved_again():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    told = []
    find("MCLP", arguments, {}, solution, reoptimise=True, progress=lambda state: told.append(state.stage))
    assert told
    assert all(stage.startswith("without C0: ") for stage in told)


def test_ctrl_c_ends_with_what_is_known():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=2, cutoff_s=CUTOFF_S)

    pressed = []

    def press(state):
        if not pressed:
            pressed.append(state)
            signal.raise_signal(signal.SIGINT)

    found = find("MCLP", arguments, {}, solution, reoptimise=True, progress=press)
    assert found.interrupted
    assert found.sites["marginal_value"].notna().all()
    assert found.sites["reoptimised_status"].tolist()[1] == "not solved"


@pytest.mark.parametrize(
    ("setting", "value"),
    [("n_replacements", 0), ("n_plans", -1), ("n_plans", 1.5), ("differ_by", 0), ("within", -0.1), ("within", 1.1),
     ("within", math.nan), ("mip_gap", 1.0), ("work_limit", -1.0), ("time_limit_s", 0.0)],
)  # fmt: skip
def test_settings_out_of_range(setting, value):
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match=f"{setting} must be"):
        find("MCLP", arguments, {}, solution, **{setting: value})


def test_the_solution_must_be_of_this_input():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match=r"breaks 1: forbidden; give the rules"):
        find("MCLP", arguments, {"forbidden": ["C0"]}, solution)
    with pytest.raises(InputError, match=r"must have its objective, 4, got 8"):
        find("MCLP", {**arguments, "demand": make_demand([6.0, 2.0, 2.0])}, {}, solution)
    other = make_candidates(["C1", "C2", "C3"])
    times = make_times(np.full((3, 3), 60.0), ["C1", "C2", "C3"], arguments["demand"]["id"])
    with pytest.raises(InputError, match=r"not so 1: C0; give the table"):
        find("MCLP", {**arguments, "candidates": other, "times": times}, {}, solution)


def test_each_model_has_its_own_setting():
    arguments = small()
    solution = solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S)
    for wrong in ({}, {"cutoff_s": CUTOFF_S, "unserved_s": LIMIT_S}):
        with pytest.raises(ConfigError, match="plans of the MCLP need cutoff_s and no unserved_s"):
            find_alternatives(**arguments, solution=solution, **wrong)
    median = solve_p_median(**arguments, n_open=1, unserved_s=LIMIT_S)
    with pytest.raises(ConfigError, match="plans of the p-median need no cutoff_s"):
        find_alternatives(**arguments, solution=median, cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match="unserved_s must be at least the limit"):
        find_alternatives(**arguments, solution=median, unserved_s=LIMIT_S - 1)


def test_other_models_have_no_alternatives():
    from dataclasses import replace

    arguments = small()
    solution = replace(solve_mclp(**arguments, n_open=1, cutoff_s=CUTOFF_S), model="p-center")
    with pytest.raises(ConfigError, match="got one of the p-center"):
        find("MCLP", arguments, {}, solution)


def test_arguments_stay_as_they_are():
    arguments = small()
    before = arguments["candidates"].copy(), arguments["demand"].copy()
    solution = solve_mclp(**arguments, n_open=2, cutoff_s=CUTOFF_S)
    for within, reoptimise in product((0.0, 1.0), (False, True)):
        find("MCLP", arguments, {}, solution, within=within, reoptimise=reoptimise)
    pd.testing.assert_frame_equal(arguments["candidates"], before[0])
    pd.testing.assert_frame_equal(arguments["demand"], before[1])
