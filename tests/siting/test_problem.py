"""Grains, merging, prices and programs: the parts that the siting models stand on."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from coverage_planner.siting._covering_programs import LeftRules, write_covering
from coverage_planner.siting._grains import LARGEST_TOTAL, count_grains
from coverage_planner.siting._highs import Program, solve_program, solver_name, work_allowance
from coverage_planner.siting._interchange import add_greedily, interchange, interchange_ties
from coverage_planner.siting._prices import Prices, find_prices, prove_bound, room_for, settle
from coverage_planner.siting._problem import CoveringProblem, build_problem, merge_demand, restrict
from coverage_planner.siting._programs import model_ties, scale_for
from coverage_planner.siting.effort import Effort
from coverage_planner.units import UNREACHED_MS
from drawn_times import make_candidates, make_demand, make_sparse_times, make_times


@st.composite
def coverings(draw, *, most_candidates=7, most_points=9):
    """Random sets of demand, merged, and how many sites open."""
    n, d = draw(st.integers(1, most_candidates)), draw(st.integers(1, most_points))
    reach = np.array(draw(st.lists(st.booleans(), min_size=n * d, max_size=n * d))).reshape(n, d)
    weights = draw(st.lists(st.integers(0, 9), min_size=d, max_size=d))
    return merge_demand(problem_of(reach, weights)), reach, np.array(weights), draw(st.integers(1, n))


def problem_of(reach, weights, *, old=None):
    ids = [f"C{k}" for k in range(len(reach))]
    demand = make_demand(weights)
    times = make_times(np.where(reach, 60.0, math.nan), ids, demand["id"])
    existing = None if old is None else make_times(old, [f"E{k}" for k in range(len(old))], demand["id"])
    return build_problem(times, demand, make_candidates(ids), cutoff_s=900.0, existing=existing)


def number_rule(n_candidates, n_open):
    """The rules where only the number of sites is given."""
    ones = csr_array(np.ones((1, n_candidates)))
    return LeftRules(ones, np.array([float(n_open)]), np.array([float(n_open)]), is_number=True)


def covered_by(reach, weights, choice):
    return int(weights[reach[list(choice)].any(axis=0)].sum())


# --- grains ---


@pytest.mark.parametrize(
    ("values", "grains", "grain"),
    [
        ([3.0, 0.0, 4.0], [3, 0, 4], 1.0),
        ([0.1, 0.2, 0.3], [1, 2, 3], 0.1),
        ([1.25, 7.5], [125, 750], 0.01),
        ([0.0, 0.0], [0, 0], 1.0),
        ([], [], 1.0),
    ],
)
def test_grains_of_round_numbers(values, grains, grain):
    counted, worth = count_grains(np.array(values, dtype=float))
    assert counted.tolist() == grains
    assert worth == pytest.approx(grain)


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-9, 1e12)), min_size=1, max_size=30))
def test_grains_are_whole_and_lose_nothing_that_shows(values):
    values = np.array(values)
    grains, grain = count_grains(values)
    assert (grains == np.rint(grains)).all()
    assert grains.sum() <= LARGEST_TOTAL * (1 + 1e-12) + len(values)
    np.testing.assert_allclose(grains * grain, values, rtol=1e-12, atol=1e-13 * values.sum())


def test_more_than_fits_is_counted_in_thousands():
    grains, grain = count_grains(np.array([3e18, 5e18]))
    assert grain == 1e4
    assert grains.tolist() == [3e14, 5e14]


# --- the problem ---


def test_the_problem_is_sorted_by_id_and_keeps_pairs_at_zero_seconds():
    demand = make_demand([1.0, 2.0, 3.0], ["b", "c", "a"])
    candidates = make_candidates(["y", "x"], cost=[2.0, math.nan])
    times = make_sparse_times([0, 0, 1], [0, 2, 1], np.array([0.0, 30.5, 900.0]), ["y", "x"], ["b", "c", "a"])
    old = make_times([[math.nan, 12.0, math.nan], [math.nan, 11.0, 950.0]], ["E0", "E1"], ["a", "b", "c"], limit_s=1000)
    problem = build_problem(times, demand, candidates, cutoff_s=900.0, existing=old)
    assert problem.order.tolist() == [1, 0]
    assert problem.demand_order.tolist() == [2, 0, 1]
    assert problem.demand.tolist() == [3, 1, 2]
    assert problem.cost.tolist() == [0, 2]
    assert problem.present_ms.tolist() == [UNREACHED_MS, 11_000, UNREACHED_MS]
    assert problem.reach.toarray().tolist() == [[0, 0, 1], [1, 1, 0]]
    assert problem.times_ms.toarray().tolist() == [[0, 0, 900_000], [30_500, 0, 0]]
    assert problem.nearest_ms(np.array([1])).tolist() == [30_500, 0, UNREACHED_MS]
    assert problem.rate(np.array([0, 1])) == (6, 3 * 30_500 + 0 + 2 * 900_000, 2)


def test_merging_keeps_what_a_choice_can_change():
    reach = np.array([[1, 1, 0, 1, 0, 1], [0, 0, 1, 1, 0, 1]], dtype=bool)
    old = [[math.nan, math.nan, math.nan, math.nan, math.nan, 10.0]]
    covering = merge_demand(problem_of(reach, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0], old=old))
    assert sorted(covering.weights.tolist()) == [3.0, 4.0, 8.0]
    assert covering.covered(np.array([0])) == 11
    assert covering.covered(np.array([1])) == 12
    assert covering.covered(np.array([0, 1])) == 15


@given(coverings())
def test_merging_and_restricting_change_no_sum(case):
    covering, reach, weights, _ = case
    n = len(reach)
    for size in range(n + 1):
        for choice in combinations(range(n), size):
            assert covering.covered(np.array(choice, dtype=np.int64)) == covered_by(reach, weights, choice)
    opened, closed = np.array([0]), np.array([n - 1] if n > 1 else [], dtype=np.int64)
    residual, free = restrict(covering, opened, closed)
    assert free.tolist() == list(range(1, n - 1))
    chosen = np.arange(len(free))
    assert residual.covered(chosen) + covering.covered(opened) == covered_by(reach, weights, [0, *free])


# --- choices without proof ---


@given(coverings())
def test_greedy_and_interchange_keep_what_they_promise(case):
    covering, reach, weights, n_open = case
    best = max(covered_by(reach, weights, choice) for choice in combinations(range(len(reach)), n_open))
    room = room_for(n_open, len(reach))
    greedy = add_greedily(covering, room)
    better, _ = interchange(covering, room, greedy)
    searched, _ = interchange(covering, room, better, tenure=2, visits=10_000)
    assert len(set(greedy)) == len(set(better)) == len(set(searched)) == n_open
    covered = [covering.covered(choice) for choice in (greedy, better, searched)]
    assert (1 - 1 / math.e) * best <= covered[0] <= covered[1] <= covered[2] <= best
    for site in better:
        for other in set(range(len(reach))) - set(better):
            assert covered_by(reach, weights, [*(set(better) - {site}), other]) <= covered[1]


def test_ties_are_searched_by_time_then_cost_then_id():
    seconds = np.array([[50.0, 90.0], [50.0, 80.0], [50.0, 80.0], [50.0, 80.0]])
    demand = make_demand([1.0, 1.0])
    ids = ["C0", "C1", "C2", "C3"]
    times = make_times(seconds, ids, demand["id"])
    for cost, best in (([0, 9, 5, 5], 2), ([0, 5, 5, 5], 1)):
        problem = build_problem(times, demand, make_candidates(ids, cost), cutoff_s=900.0, existing=None)
        assert interchange_ties(problem, np.array([0])).tolist() == [best]


# --- prices ---


@given(coverings(), st.data())
def test_any_prices_bound_every_choice(case, data):
    covering, reach, weights, n_open = case
    shares = st.floats(0.0, 1.0)
    share = np.array(data.draw(st.lists(shares, min_size=len(covering.weights), max_size=len(covering.weights))))
    prices, room = Prices(share, np.zeros(len(reach))), room_for(n_open, len(reach))
    choices = {c: covered_by(reach, weights, c) for c in combinations(range(len(reach)), n_open)}
    best = max(choices.values())
    assert best <= prove_bound(covering, room, prices) <= weights[reach.any(axis=0)].sum()
    opened, closed = settle(covering, room, prices, best)
    for choice, covered in choices.items():
        if covered == best:
            assert set(opened) <= set(choice)
            assert not set(closed) & set(choice)


def test_prices_come_near_the_linear_relaxation():
    """Three sites, any two of which cover two of three points: the relaxation opens halves and covers all."""
    reach = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], dtype=bool)
    covering = merge_demand(problem_of(reach, [10.0, 10.0, 10.0]))
    prices = find_prices(covering, room_for(1, 3), covered=20, steps=500, effort=Effort("max"))
    assert (
        prove_bound(covering, room_for(1, 3), prices) == 20
    )  # the relaxation: a third of each site covers two thirds of all
    assert prices.steps < 500


# --- programs ---


def test_the_solver_names_itself():
    assert solver_name().startswith("HiGHS 1.")


def test_the_allowance_falls_with_the_size():
    assert work_allowance(0) == work_allowance(1000) > work_allowance(100_000) > 0


@pytest.mark.parametrize("total", [0.0, 1.0, 1e8])
def test_small_totals_go_to_the_solver_as_they_are(total):
    assert scale_for(total) == 1.0


def test_large_totals_are_scaled_by_a_power_of_two():
    scale = scale_for(2.0**50)
    assert math.frexp(scale)[0] == 0.5
    assert 0.5e8 < scale * 2.0**50 <= 1e8


@settings(deadline=None, max_examples=40)
@given(coverings())
def test_the_covering_program_is_the_model(case):
    covering, reach, weights, n_open = case
    best = max(covered_by(reach, weights, choice) for choice in combinations(range(len(reach)), n_open))
    if not len(covering.weights):
        return
    answer = solve_program(write_covering(covering, number_rule(len(reach), n_open)))
    assert answer.outcome == "optimal"
    chosen = np.flatnonzero(answer.values[: len(reach)] > 0.5)
    assert len(chosen) == n_open
    assert covering.covered(chosen) == best
    assert (
        solve_program(write_covering(covering, number_rule(len(reach), n_open), at_least=best + 1)).outcome
        == "infeasible"
    )
    others = [c for c in combinations(range(len(reach)), n_open) if c != tuple(chosen)]
    again = solve_program(write_covering(covering, number_rule(len(reach), n_open), at_least=best, unlike=[chosen]))
    tied = [c for c in others if covered_by(reach, weights, c) == best]
    assert again.outcome == ("optimal" if tied else "infeasible")
    if tied:
        assert tuple(np.flatnonzero(again.values[: len(reach)] > 0.5)) in tied


def test_points_that_prefer_the_same_sites_in_the_same_order_are_one_group():
    seconds = np.array([[10.0, 20.0, 30.0, 10.0], [15.0, 90.0, 10.0, math.nan]])
    demand = make_demand([1.0, 2.0, 4.0, 8.0])
    times = make_times(seconds, ["C0", "C1"], demand["id"])
    problem = build_problem(times, demand, make_candidates(["C0", "C1"]), cutoff_s=900.0, existing=None)
    model = model_ties(problem, np.array([], dtype=np.int64), np.array([0, 1]))
    assert model.n_groups == 3
    pairs = sorted(zip(model.site.tolist(), model.gain.tolist(), model.weighted_ms.tolist(), strict=True))
    assert pairs == [(0, 3, 50_000), (0, 4, 120_000), (0, 8, 80_000), (1, 3, 195_000), (1, 4, 40_000)]
    nearer = model_ties(problem, np.array([0]), np.array([1]))
    assert (nearer.site.tolist(), nearer.gain.tolist(), nearer.weighted_ms.tolist()) == ([0], [0], [-80_000])


def test_the_solver_is_not_taken_in_by_tight_rows():
    """With HiGHS's own tolerance its presolve (1.15.1) calls this program infeasible; x = (1, 0, 1) is an answer."""
    of_site = [[-1, 0, 0, 1, 0, 0, 0], [0, -1, 0, 0, 1, 0, 0], [0, 0, -1, 0, 0, 1, 0], [0, 0, -1, 0, 0, 0, 1]]
    of_group = [[0, 0, 0, 1, 1, 1, 0], [0, 0, 0, 0, 0, 0, 1]]
    totals = [[1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 1, 1, 1, 2], [0, 0, 0, 60_000, 300_000, 600_000, 600_000]]
    program = Program(
        objective=np.array([0.0, 1, 0, 0, 0, 0, 0]),
        maximise=False,
        whole=np.arange(7) < 3,
        lower=np.zeros(7),
        upper=np.ones(7),
        rows=csr_array(np.array([*of_site, *of_group, *totals], dtype=float)),
        row_lower=np.array([-np.inf] * 6 + [2, 3, -np.inf]),
        row_upper=np.array([0.0] * 4 + [1, 1, 2, np.inf, 660_000.5]),
    )
    answer = solve_program(program)
    assert answer.outcome == "optimal"
    assert answer.values[:3].tolist() == pytest.approx([1, 0, 1])


def test_a_budget_stops_the_solver():
    random = np.random.default_rng(0)
    covering = merge_demand(problem_of(random.random((60, 200)) < 0.1, random.integers(1, 40, 200)))
    program = write_covering(covering, number_rule(60, 8))
    whole = solve_program(program)
    assert whole.outcome == "optimal"
    assert whole.calls > 3
    stopped = solve_program(program, calls=2)
    assert stopped.outcome == "stopped"
    assert stopped.calls == 3
    assert solve_program(program, node_limit=0).outcome == "stopped"
    assert solve_program(program, time_limit_s=0.0).outcome == "stopped"


def test_a_start_is_taken_up():
    random = np.random.default_rng(0)
    covering = merge_demand(problem_of(random.random((60, 200)) < 0.1, random.integers(1, 40, 200)))
    chosen = np.arange(8)
    start = np.concatenate((np.arange(60) < 8, covering.count(chosen) > 0)).astype(float)
    answer = solve_program(write_covering(covering, number_rule(60, 8)), start=start, calls=0)
    assert answer.outcome == "stopped"
    assert answer.values is not None
    assert covering.covered(np.flatnonzero(answer.values[:60] > 0.5)) >= covering.covered(chosen)


def test_a_program_without_an_answer_is_infeasible():
    program = Program(
        objective=np.ones(2),
        maximise=True,
        whole=np.array([True, True]),
        lower=np.zeros(2),
        upper=np.ones(2),
        rows=csr_array(np.ones((1, 2))),
        row_lower=np.array([3.0]),
        row_upper=np.array([3.0]),
    )
    answer = solve_program(program)
    assert (answer.outcome, answer.values) == ("infeasible", None)


def test_coverings_can_be_empty():
    covering = CoveringProblem(np.empty(0), csr_array((3, 0)))
    assert add_greedily(covering, room_for(2, 3)).tolist() == [0, 1]
    assert prove_bound(covering, room_for(2, 3), Prices(np.empty(0), np.zeros(3))) == 0
