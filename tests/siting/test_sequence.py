"""Opening orders against trying every order."""

import math
import signal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InfeasibleError
from coverage_planner.siting import sequence
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.rules import Quota
from coverage_planner.siting.sequence import solve_sequence
from drawn_times import make_candidates, make_demand, make_times
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, LIMIT_S, tables, towns, wished, wishes
from siting.siting_oracle import all_choices, broken, cost_of, covered_demand, nearest, weights

UNSERVED_MS = 1_200_000
RULES = ("required", "forbidden", "quotas", "min_spacing_m", "group_weights")


@st.composite
def orders(draw, *, size=None):
    """A town, rules, and the sizes of two or three stages."""
    size = draw(st.sampled_from(["n_open", "budget"])) if size is None else size
    town = draw(towns(most_candidates=6, most_points=8, costs_known=True if size == "budget" else None))
    wished_for = draw(wishes(town, size="none", only=RULES))
    if size == "n_open":
        counts = st.integers(1, len(town.ids) - 1)
        sizes = sorted(draw(st.sets(counts, min_size=2, max_size=3)))
    else:
        total = cost_of(town, tuple(range(len(town.ids))))
        assume(total > 0)
        shares = draw(st.sets(st.sampled_from([0, 2, 3, 5, 7, 10]), min_size=2, max_size=3))
        sizes = [total * Fraction(share, 10) for share in sorted(shares)]
    return town, wished_for, size, tuple(sizes)


def stage_wishes(case):
    """Rules of each stage: at least so many only at the last."""
    _, wished_for, size, sizes = case
    upper = tuple(type(q)(q.column, 0, q.at_most, q.values) for q in wished_for.quotas if q.at_most is not None)
    early = [type(wished_for)(**{**vars(wished_for), "quotas": upper, size: value}) for value in sizes[:-1]]
    return [*early, type(wished_for)(**{**vars(wished_for), size: sizes[-1]})]


def value_of(model, town, wished_for, choice):
    """What is made large: covered demand, or demand times seconds with the sign reversed."""
    if model == "MCLP":
        return covered_demand(town, wished_for, choice, CUTOFF_MS)
    loads = zip(weights(town, wished_for), nearest(town, choice), strict=True)
    return -sum((w * (UNSERVED_MS if t is None else t) for w, t in loads), Fraction(0)) / 1000


def nested_plans(town, by_stage):
    """Every opening order: plans that keep to the rules of their stage, each within the next."""
    kept = [[set(c) for c in all_choices(len(town.ids)) if not broken(town, w, c)] for w in by_stage]
    found = [[plan] for plan in kept[0]]
    for plans in kept[1:]:
        found = [[*order, plan] for order in found for plan in plans if order[-1] <= plan]
    return found


def shares(model, town, by_stage, bests, order):
    pairs = zip(by_stage, bests, order, strict=True)
    losses = [(best - value_of(model, town, w, tuple(sorted(plan))), abs(best)) for w, best, plan in pairs]
    return [Fraction(0) if not loss else loss / of if of else math.inf for loss, of in losses]


def run(model, case, **more):
    town, wished_for, size, sizes = case
    own = {"cutoff_s": CUTOFF_S} if model == "MCLP" else {"unserved_s": UNSERVED_MS / 1000}
    given_sizes = {"stages": sizes} if size == "n_open" else {"budgets": [float(value) for value in sizes]}
    arguments = {**tables(town), **wished(wished_for), **given_sizes, **own, **more}
    return solve_sequence(**arguments, model=model)


def by_hand(model, case):
    """Rules of the stages, the best value of each alone, and all orders; None where a stage has no plan."""
    town = case[0]
    by_stage = stage_wishes(case)
    plans = [[c for c in all_choices(len(town.ids)) if not broken(town, w, c)] for w in by_stage]
    if not all(plans):
        return None
    bests = [max(value_of(model, town, w, c) for c in some) for w, some in zip(by_stage, plans, strict=True)]
    return by_stage, bests, nested_plans(town, by_stage)


def near(value):
    return pytest.approx(float(value), rel=1e-9, abs=1e-9)


models = pytest.mark.parametrize("model", ["MCLP", "p-median"])


@models
@settings(deadline=None, max_examples=30)
@given(case=orders())
def test_the_worst_loss_is_the_least_of_all_orders(model, case):
    town = case[0]
    hand = by_hand(model, case)
    if hand is None:
        with pytest.raises(InfeasibleError):
            run(model, case)
        return
    by_stage, bests, every = hand
    found = run(model, case)
    sign = 1 if model == "MCLP" else -1
    plans = [tuple(town.ids.index(name) for name in found.sites.loc[found.sites["stage"] <= t + 1, "id"])
             for t in range(len(by_stage))]  # fmt: skip
    for plan, rules, best, row in zip(plans, by_stage, bests, found.stages.itertuples(), strict=True):
        value = value_of(model, town, rules, tuple(sorted(plan)))
        assert not broken(town, rules, tuple(sorted(plan)))
        assert row.objective == near(sign * value)
        assert row.bound == near(sign * best)
        assert row.loss == near(best - value)
        assert row.loss >= 0
        assert row.loss_to_own == row.loss
        assert (row.n_sites, row.own_status) == (len(plan), "optimal")
    judged = [max(shares(model, town, by_stage, bests, order)) for order in every]
    assert found.worst_share == near(min(judged))
    together = [sum(value_of(model, town, by_stage[0], tuple(sorted(plan))) for plan in order) for order in every]
    most = max(total for total, share in zip(together, judged, strict=True) if share == min(judged))
    assert found.stages["objective"].sum() == near(sign * most)
    assert found.status == "optimal"
    assert found.how.startswith("proved: ")


@models
@settings(deadline=None, max_examples=20)
@given(case=orders(), years=st.lists(st.sampled_from([0.0, 1.0, 2.0, 0.5, 10.0]), min_size=3, max_size=3))
def test_the_weighted_loss_is_the_least_of_all_orders(model, case, years):
    town = case[0]
    years = years[: len(case[-1])]
    assume(sum(years) > 0)
    hand = by_hand(model, case)
    assume(hand is not None)
    by_stage, bests, every = hand
    found = run(model, case, weights=years)

    def weighted(order):
        rows = zip(years, by_stage, bests, order, strict=True)
        return sum(Fraction(y) * (b - value_of(model, town, w, tuple(sorted(plan)))) for y, w, b, plan in rows)

    assert found.weighted_loss == near(min(weighted(order) for order in every))
    assert found.status == "optimal"


@models
@settings(deadline=None, max_examples=20)
@given(case=orders())
def test_a_searched_order_keeps_the_rules_and_says_so(model, case):
    town = case[0]
    hand = by_hand(model, case)
    assume(hand is not None)
    by_stage, bests, _ = hand
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequence, "is_small", lambda *_: False)
        found = run(model, case)
    for number, (rules, best) in enumerate(zip(by_stage, bests, strict=True)):
        chosen = found.sites.loc[found.sites["stage"] <= number + 1, "id"]
        plan = tuple(sorted(town.ids.index(name) for name in chosen))
        assert not broken(town, rules, plan)
        assert found.stages["loss"][number] == near(best - value_of(model, town, rules, plan))
    proved = found.worst_share == 0
    assert (found.status == "optimal") == proved
    assert found.how.startswith("proved: every stage" if proved else "search: from the plan of stage ")


@models
@settings(deadline=None, max_examples=15)
@given(case=orders(size="n_open"), random=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(model, case, random):
    town = case[0]
    assume(by_hand(model, case) is not None)
    rows, columns = list(range(len(town.ids))), list(range(len(town.point_ids)))
    random.shuffle(rows)
    random.shuffle(columns)
    one = run(model, case)
    other = run(model, case, **tables(town, rows=rows, columns=columns))
    assert one.sites[["id", "stage", "order", "added"]].equals(other.sites[["id", "stage", "order", "added"]])
    pd.testing.assert_frame_equal(one.stages.drop(columns="certificate"), other.stages.drop(columns="certificate"))


def scattered(n_candidates=40, n_points=250, *, seed=3):
    """Points and candidates over ten by ten kilometres; seconds grow with the straight line."""
    random = np.random.default_rng(seed)
    points, sites = random.uniform(0, 10_000, (n_points, 2)), random.uniform(0, 10_000, (n_candidates, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) / 2000 * CUTOFF_S
    ids = [f"C{k:02d}" for k in range(n_candidates)]
    demand = make_demand(random.integers(1, 40, n_points))
    return {
        "times": make_times(seconds, ids, demand["id"]), "demand": demand,
        "candidates": make_candidates(ids, random.integers(1, 9, n_candidates)),
    }  # fmt: skip


def test_every_stage_of_a_scattered_town_is_close_to_its_own_plan():
    arguments = scattered()
    found = solve_sequence(**arguments, stages=(3, 5, 10), cutoff_s=CUTOFF_S)
    for row in found.stages.itertuples():
        alone = solve_mclp(**arguments, n_open=row.n_sites, cutoff_s=CUTOFF_S)
        assert row.bound == alone.objective
        assert row.loss == alone.objective - row.objective >= 0
    assert found.sites["order"].tolist() == list(range(1, 11))
    assert found.sites["stage"].tolist() == [1] * 3 + [2] * 2 + [3] * 5
    ends = found.sites["added"].cumsum().to_numpy()[[2, 4, 9]]
    assert ends.tolist() == found.stages["objective"].tolist()
    assert found.worst_share == found.stages["loss_share"].max() < 0.05
    assert found.certificate().startswith("MCLP in 3 stages: of what could be reached 3 sites lack at most ")


def test_search_and_proof_are_near_each_other(monkeypatch):
    arguments = scattered(seed=4)
    proved = solve_sequence(**arguments, stages=(2, 4, 7), cutoff_s=CUTOFF_S)
    monkeypatch.setattr(sequence, "is_small", lambda *_: False)
    searched = solve_sequence(**arguments, stages=(2, 4, 7), cutoff_s=CUTOFF_S)
    assert proved.status == "optimal"
    assert proved.worst_share <= searched.worst_share <= proved.worst_share + 0.02


def test_a_run_repeats_to_the_last_digit_and_work_can_end():
    arguments = scattered(30, 200)
    options = {"stages": (2, 4), "cutoff_s": CUTOFF_S}
    one, two = (solve_sequence(**arguments, **options) for _ in range(2))
    pd.testing.assert_frame_equal(one.stages, two.stages)
    assert one.sites["id"].tolist() == two.sites["id"].tolist()
    assert one.work == two.work
    ended = solve_sequence(**arguments, **options, work_limit=0.0)
    assert ended.stages["n_sites"].tolist() == [2, 4]
    assert (ended.stages["loss"] >= one.stages["objective"] - ended.stages["objective"]).all()
    if ended.worst_share > 0:
        assert ended.status == "feasible"
        assert ended.how.endswith("the work allowed was spent before the proof")


# --- by hand ---


def clash():
    """The best pair is A and B; the best single site is M, which has half of each."""
    seconds = np.full((3, 4), math.nan)
    seconds[0, :2] = seconds[1, 2:] = seconds[2, 1:3] = 60.0
    demand = make_demand([4.0, 6.0, 6.0, 4.0])
    ids = ["A", "B", "M"]
    return {
        "times": make_times(seconds, ids, demand["id"]), "demand": demand,
        "candidates": make_candidates(ids, [1.0, 1.0, math.nan]).assign(kind=["bank", "bank", "room"]),
    }  # fmt: skip


def test_two_stages_by_hand():
    """M covers 12, A or B 10; A and B cover 20, M with one of them 16."""
    first_a = solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S)
    assert first_a.stages["objective"].tolist() == [10.0, 20.0]
    assert first_a.stages["loss"].tolist() == [2.0, 0.0]
    assert first_a.worst_share == 2 / 12
    assert first_a.stages["opened"].tolist() == ["A", "B"]
    assert first_a.stages["own_objective"].tolist() == [12.0, 20.0]
    first_m = solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, weights=(10, 1))
    assert first_m.stages["objective"].tolist() == [12.0, 16.0]
    assert first_m.weighted_loss == 4.0
    assert first_m.status == "optimal"


def test_quotas_ask_for_least_numbers_at_the_last_stage_only():
    quota = Quota("kind", at_least=1)
    found = solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, quotas=[quota])
    assert found.stages["objective"].tolist() == [12.0, 16.0]
    assert found.stages["bound"].tolist() == [12.0, 16.0]


def test_required_sites_open_first():
    found = solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, required=["B"])
    assert found.sites["id"].tolist() == ["B", "A"]
    with pytest.raises(InfeasibleError, match="n_open must be at least the number of required candidates"):
        solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, required=["A", "B"])


def test_one_stage_is_the_model_itself():
    found = solve_sequence(**clash(), stages=(2,), cutoff_s=CUTOFF_S)
    assert sorted(found.sites["id"]) == ["A", "B"]
    assert (found.worst_share, found.status) == (0.0, "optimal")
    assert math.isnan(solve_sequence(**clash(), stages=(3,), cutoff_s=CUTOFF_S).stages["cost"].iloc[0])


def test_budgets_may_buy_nothing_at_first():
    arguments = clash()
    arguments["candidates"]["cost"] = 1.0
    found = solve_sequence(**arguments, budgets=(0.0, 0.5, 2.0), cutoff_s=CUTOFF_S)
    assert found.stages["n_sites"].tolist() == [0, 0, 2]
    assert found.stages["objective"].tolist() == [0.0, 0.0, 20.0]
    assert found.stages["cost"].tolist() == [0.0, 0.0, 2.0]
    assert found.status == "optimal"


def test_the_clock_can_end_the_work():
    found = solve_sequence(**scattered(), stages=(2, 4), cutoff_s=CUTOFF_S, time_limit_s=1e-9)
    assert found.stages["n_sites"].tolist() == [2, 4]
    assert (found.stages["loss"] >= 0).all()


def test_progress_names_the_stage():
    told = []
    solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, progress=lambda state: told.append(state.stage))
    assert any(stage.startswith("stage 1: ") for stage in told)
    assert any(stage.startswith("stage 2: ") for stage in told)
    assert "order" in told


def test_ctrl_c_ends_with_an_order():
    pressed = []

    def press(state):
        if not pressed:
            pressed.append(state)
            signal.raise_signal(signal.SIGINT)

    found = solve_sequence(**scattered(), stages=(2, 4), cutoff_s=CUTOFF_S, progress=press)
    assert found.interrupted
    assert found.stages["n_sites"].tolist() == [2, 4]
    assert (found.stages["loss"] >= 0).all()


# --- refusals ---


def test_sizes_of_stages_are_checked():
    for wrong in ({}, {"stages": (1, 2), "budgets": (1.0, 2.0)}):
        with pytest.raises(ConfigError, match="exactly one of stages and budgets"):
            solve_sequence(**clash(), **wrong, cutoff_s=CUTOFF_S)
    for wrong in ({"stages": ()}, {"stages": (2, 2)}, {"stages": (2, 1)}, {"budgets": (2.0, 1.0)}):
        with pytest.raises(ConfigError, match="must be totals by the end of each stage, ascending"):
            solve_sequence(**clash(), **wrong, cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match="n_open must be a whole number"):
        solve_sequence(**clash(), stages=(0, 1), cutoff_s=CUTOFF_S)
    with pytest.raises(InfeasibleError, match="got 4 sites to open and 3 candidates"):
        solve_sequence(**clash(), stages=(1, 4), cutoff_s=CUTOFF_S)


@pytest.mark.parametrize("years", [(1,), (1, -1), (0, 0), (1, math.nan), (1, math.inf)])
def test_weights_are_checked(years):
    with pytest.raises(ConfigError, match="weights must be a number from 0 up for each of the 2 stages"):
        solve_sequence(**clash(), stages=(1, 2), cutoff_s=CUTOFF_S, weights=years)


def test_models_are_checked():
    with pytest.raises(ConfigError, match="model must be 'MCLP' or 'p-median', got 'LSCP'"):
        solve_sequence(**clash(), stages=(1, 2), model="LSCP")
    with pytest.raises(ConfigError, match="plans of the MCLP need cutoff_s"):
        solve_sequence(**clash(), stages=(1, 2))
    with pytest.raises(ConfigError, match="plans of the p-median need no cutoff_s"):
        solve_sequence(**clash(), stages=(1, 2), model="p-median", cutoff_s=CUTOFF_S, unserved_s=LIMIT_S)


def test_arguments_stay_as_they_are():
    arguments = clash()
    before = arguments["candidates"].copy(), arguments["demand"].copy()
    solve_sequence(**arguments, stages=(1, 2), cutoff_s=CUTOFF_S)
    pd.testing.assert_frame_equal(arguments["candidates"], before[0])
    pd.testing.assert_frame_equal(arguments["demand"], before[1])


def test_every_pair_of_stages_is_nested():
    found = solve_sequence(**scattered(20, 100), stages=(1, 2, 3, 5), cutoff_s=CUTOFF_S)
    plans = [set(found.sites.loc[found.sites["stage"] <= t, "id"]) for t in range(1, 5)]
    assert all(early < late for early, late in combinations(plans, 2))
    assert found.sites["id"].is_unique
