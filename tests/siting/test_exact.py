"""What comes out of HiGHS, made exact: bounds for any dual values, budgets of work, reductions that lose nothing."""

import math
import signal
from fractions import Fraction
from itertools import chain, combinations, product

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import SitingError
from coverage_planner.siting import _exact
from coverage_planner.siting._certify import search
from coverage_planner.siting._exact import Task, exclude, optimise, prove_program
from coverage_planner.siting._highs import Program, relax_program, solve_program
from coverage_planner.siting._reduce import reduce_cover
from coverage_planner.siting.effort import Effort

NUMBERS = st.sampled_from([-3.0, -1.0, -0.1, 0.0, 0.0, 0.5, 1.0, 2.0, 7.25, 1e6])


@st.composite
def programs(draw):
    """Programs of 0 and 1 with a few columns, rows of every kind."""
    n, m = draw(st.integers(1, 5)), draw(st.integers(0, 5))

    def numbers(size):
        return np.array(draw(st.lists(NUMBERS, min_size=size, max_size=size)), dtype=float)

    table = numbers(m * n).reshape(m, n)
    sides = np.sort(numbers(2 * m).reshape(m, 2), axis=1)
    open_sides = np.array(draw(st.lists(st.sampled_from([(0, 0), (1, 0), (0, 1)]), min_size=m, max_size=m)), dtype=bool)
    open_sides = open_sides.reshape(m, 2)
    upper = np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 1.0]), min_size=n, max_size=n)))
    return Program(
        objective=numbers(n), maximise=draw(st.booleans()), whole=np.ones(n, dtype=bool), lower=np.zeros(n),
        upper=upper, rows=sp.csr_array(table), row_lower=np.where(open_sides[:, 0], -np.inf, sides[:, 0]),
        row_upper=np.where(open_sides[:, 1], np.inf, sides[:, 1]),
    )  # fmt: skip


def best_of_all(program):
    """The best objective over all points of 0 and 1, in fractions; None where there is none."""
    exact = np.vectorize(lambda value: Fraction(float(value)), otypes=[object])
    rows, objective = exact(program.rows.toarray()), exact(program.objective)
    values = []
    for point in product(*[(0, 1) if top else (0,) for top in program.upper]):
        sums = [sum((a * x for a, x in zip(row, point, strict=True)), Fraction(0)) for row in rows]
        if all(low <= s <= high for low, s, high in zip(program.row_lower, sums, program.row_upper, strict=True)):
            values.append(sum((c * x for c, x in zip(objective, point, strict=True)), Fraction(0)))
    return (max if program.maximise else min)(values, default=None)


@settings(max_examples=200)
@given(programs(), st.data())
def test_a_bound_holds_for_any_dual_values(program, data):
    best = best_of_all(program)
    m = len(program.row_lower)
    duals = np.array(data.draw(st.lists(st.floats(-1e7, 1e7), min_size=m, max_size=m)))
    if best is not None:
        bound = prove_program(program, duals)
        assert bound >= best if program.maximise else bound <= best


@settings(max_examples=100)
@given(programs())
def test_dual_values_of_the_relaxation_give_a_bound_that_holds(program):
    best, duals = best_of_all(program), relax_program(program)
    if best is not None and duals is not None:
        bound = prove_program(program, duals)
        assert bound >= best if program.maximise else bound <= best


def fractional():
    """A triangle: to meet each of three pairs takes two sites, fractions do with one and a half."""
    pairs = np.array([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]])
    return Program(
        objective=np.ones(3), maximise=False, whole=np.ones(3, dtype=bool), lower=np.zeros(3), upper=np.ones(3),
        rows=sp.csr_array(pairs), row_lower=np.ones(3), row_upper=np.full(3, np.inf),
    )  # fmt: skip


def test_the_bound_of_the_relaxation_is_that_of_its_optimum():
    assert prove_program(fractional(), relax_program(fractional())) == Fraction(3, 2)


def task_of(program, keeps=lambda _: True):
    n = len(program.objective)
    return Task(program, n, len, 1.0, keeps, lambda sites: np.isin(np.arange(n), sites).astype(float))


def test_bounds_are_rounded_to_whole_units():
    told = []
    found = optimise(task_of(fractional()), Effort("min"), tell=lambda value, bound: told.append((value, bound)))
    assert told[0] == (None, 2)
    assert (len(found.sites), found.bound, found.proved) == (2, 2, True)


def test_choices_that_break_a_rule_by_the_tolerance_are_excluded():
    found = optimise(task_of(fractional(), keeps=lambda sites: len(sites) == 3), Effort("min"))
    assert (found.sites.tolist(), found.proved) == ([0, 1, 2], True)
    assert optimise(task_of(fractional(), keeps=lambda _: False), Effort("min")) is None


def test_just_the_excluded_choices_do_not_come_out():
    plain = fractional()
    program = exclude(plain, 3, [np.array([0, 1]), np.array([1, 2]), np.array([0, 2])])
    assert optimise(task_of(program), Effort("min")).sites.tolist() == [0, 1, 2]


def covering(n=200, m=800, radius=0.08, seed=0):
    random = np.random.default_rng(seed)
    sites, points = random.uniform(0, 1, (n, 2)), random.uniform(0, 1, (m, 2))
    near = np.hypot(*(points[:, None] - sites[None]).transpose(2, 0, 1)) <= radius
    near = near[near.any(axis=1)]
    return Program(
        objective=np.ones(n), maximise=False, whole=np.ones(n, dtype=bool), lower=np.zeros(n), upper=np.ones(n),
        rows=sp.csr_array(near.astype(float)), row_lower=np.ones(len(near)), row_upper=np.full(len(near), np.inf),
    )  # fmt: skip


def test_work_is_counted_and_repeats():
    runs = []
    for _ in range(2):
        effort = Effort("min", work_limit=1e-3)
        answer = solve_program(covering(), effort=effort)
        runs.append((answer.outcome, answer.calls, effort.work, answer.bound))
    assert runs[0] == runs[1]
    assert runs[0][2] > 0
    assert solve_program(covering(), effort=Effort("min", work_limit=0.0)).calls == 1


def test_incumbents_and_bounds_are_told():
    told = []
    answer = solve_program(covering(), tell=lambda incumbent, bound: told.append((incumbent, bound)))
    assert answer.outcome == "optimal"
    assert len(told) == len(set(told))
    known = [incumbent for incumbent, _ in told if math.isfinite(incumbent)]
    assert known == sorted(known, reverse=True)


def test_what_a_listener_raises_stops_the_solver():
    def refuse(_incumbent, _bound):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        solve_program(covering(), tell=refuse)


def test_ctrl_c_stops_the_solver_and_sets_the_flag():
    effort = Effort("min")
    with effort.interruptible():
        answer = solve_program(covering(), effort=effort, tell=lambda *_: signal.raise_signal(signal.SIGINT))
    assert effort.interrupted
    assert answer.outcome == "stopped"


def test_without_an_effort_ctrl_c_is_raised():
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            solve_program(covering(), tell=lambda *_: signal.raise_signal(signal.SIGINT))
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_python_did_not_set_is_left_alone(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(signal, "getsignal", lambda _number: None)
        with Effort("max").interruptible():
            patch.undo()
            assert signal.getsignal(signal.SIGINT) is before
    with Effort("max").interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_stopped_relaxation_still_gives_a_bound_that_holds():
    program = covering()
    proved = prove_program(program, relax_program(program))
    duals = relax_program(program, effort=Effort("min", work_limit=1e-6))
    stopped = prove_program(program, np.zeros(len(program.row_lower)) if duals is None else duals)
    assert stopped <= proved


@st.composite
def covers(draw):
    n, m = draw(st.integers(1, 6)), draw(st.integers(0, 7))
    table = np.array(draw(st.lists(st.booleans(), min_size=n * m, max_size=n * m)), dtype=float).reshape(m, n)
    cost = np.array(draw(st.lists(st.sampled_from([1.0, 1.0, 2.0, 5.0]), min_size=n, max_size=n)))
    closed = np.array(sorted(draw(st.sets(st.integers(0, n - 1), max_size=2))), dtype=np.int64)
    return table, cost, closed


def least_cost(table, cost, closed):
    n = table.shape[1]
    free = [k for k in range(n) if k not in closed]
    choices = chain.from_iterable(combinations(free, size) for size in range(len(free) + 1))
    costs = [cost[list(choice)].sum() for choice in choices if (table[:, list(choice)].sum(axis=1) > 0).all()]
    return min(costs, default=None)


@settings(max_examples=200)
@given(covers(), st.booleans())
def test_reductions_lose_no_optimum(case, compare):
    table, cost, closed = case
    best = least_cost(table, cost, closed)
    if best is None:
        return
    left = reduce_cover(sp.csr_array(table), closed=closed, cost=cost if compare else None)
    rest = np.union1d(np.union1d(closed, left.closed), left.opened)
    assert least_cost(table[left.rows], cost, rest) + cost[left.opened].sum() == best


@settings(max_examples=100)
@given(covers())
def test_without_all_rows_only_candidates_are_left_out(case):
    table, cost, closed = case
    left = reduce_cover(sp.csr_array(table), closed=closed, cost=cost, all_rows_hold=False)
    assert left.rows.tolist() == list(range(len(table)))
    assert not len(left.opened)
    for k in left.closed:  # somebody who stays covers as much for no more
        stays = np.setdiff1d(np.arange(table.shape[1]), np.union1d(left.closed, closed))
        covered = table[:, k] > 0
        assert not covered.any() or any((table[covered, j] > 0).all() and cost[j] <= cost[k] for j in stays)


def test_reductions_that_would_take_too_long_are_left_out(monkeypatch):
    monkeypatch.setattr("coverage_planner.siting._reduce._COMPARISONS_MOST", 0)
    table = np.array([[1.0, 1, 1], [1, 1, 0], [0, 1, 1]])
    left = reduce_cover(sp.csr_array(table), closed=np.empty(0, dtype=np.int64), cost=np.ones(3))
    assert (len(left.rows), len(left.opened), len(left.closed)) == (3, 0, 0)


def test_a_program_that_only_breaks_rules_is_given_up(monkeypatch):
    monkeypatch.setattr(_exact, "_EXCLUDED_MOST", 2)
    found = optimise(task_of(fractional(), keeps=lambda _: False), Effort("min"))
    assert found.sites is None


def test_dual_values_of_a_stopped_relaxation_never_make_the_bound_worse_than_none(monkeypatch):
    monkeypatch.setattr(_exact, "relax_program", lambda program, **_: np.full(len(program.row_lower), -1e6))
    told = []
    optimise(task_of(fractional()), Effort("min"), tell=lambda _, bound: told.append(bound))
    assert told[0] == 0


def test_a_model_without_a_choice_says_so():
    with pytest.raises(SitingError, match=r"LSCP must come to some choice of sites, but work or time ran out"):
        search(
            task_of(fractional(), keeps=lambda _: False), Effort("min"), start=None, stage="", units=float, model="LSCP"
        )
