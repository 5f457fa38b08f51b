"""Parts of the p-median: bounds of any prices, what they settle, exchanges kept up to date, the program of radii."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import InfeasibleError
from coverage_planner.siting import _median_problem
from coverage_planner.siting._median_prices import find_prices, prove_prices, settle
from coverage_planner.siting._median_problem import build_median, restrict_median
from coverage_planner.siting._median_program import write_task
from coverage_planner.siting._median_search import exchange_equals, fill, interchange, lay_out, search_start, shake
from coverage_planner.siting._median_tree import search_tree
from coverage_planner.siting._problem import build_problem
from coverage_planner.siting.effort import Effort
from coverage_planner.siting.rules import read_rules
from drawn_median import arguments, cases


def build(case):
    """The reduced problem of a case and its rules; None where points cannot be served."""
    given_ = arguments(case)
    times, demand, candidates = given_["times"], given_["demand"], given_["candidates"]
    problem = build_problem(times, demand, candidates, cutoff_s=times.limit_s, existing=given_["existing"])
    size = {key: given_[key] for key in ("n_open", "budget", "required", "forbidden") if key in given_}
    unserved_s = given_["unserved_s"]
    try:
        rules = read_rules(candidates, problem.order, **size)
        labels = demand["id"].to_numpy()[problem.demand_order]
        median, _ = build_median(problem, rules, None if unserved_s is None else int(1000 * unserved_s), labels)
    except InfeasibleError:
        return None, None
    return median, rules


def effort():
    return Effort("min", work_limit=1.0)


def all_choices(problem):
    """Every choice of free candidates that has the right size, with its cost by brute force."""
    n = problem.n_candidates
    costs = np.tile(problem.base, (n + 1, 1))
    costs[problem.site, problem.point] = np.minimum(costs[problem.site, problem.point], problem.pair_cost)
    for k in range(n + 1):
        for choice in combinations(range(n), k):
            taken = int(problem.size[list(choice)].sum())
            if taken == problem.capacity if problem.is_count else taken <= problem.capacity:
                yield np.array(choice, dtype=np.int64), problem.fixed + int(costs[[*choice, n]].min(axis=0).sum())


def drawn_price(problem, random):
    """Prices between zero and the base, many of them equal to a pair's cost or next to it."""
    near = [
        random.choice([0, base, *(c + d for c in problem.pair_cost[problem.point == i].tolist() for d in (0, 1))])
        for i, base in enumerate(problem.base.tolist())
    ]
    return np.clip(np.array(near, dtype=np.int64), 0, problem.base)


@settings(max_examples=60)
@given(cases(), st.randoms(use_true_random=False))
def test_any_prices_bound_every_choice_that_serves_all(case, random):
    problem, _ = build(case)
    if problem is None:
        return
    prices = prove_prices(problem, drawn_price(problem, random), np.zeros(problem.n_candidates), 0)
    for sites, cost in all_choices(problem):
        assert problem.cost(sites) == cost
        assert prices.raw <= cost
        if cost <= problem.served_at_most:
            assert prices.bound <= cost


@settings(max_examples=60)
@given(cases(), st.randoms(use_true_random=False))
def test_settled_candidates_and_pairs_hold_in_every_choice_as_good(case, random):
    problem, _ = build(case)
    choices = [] if problem is None else list(all_choices(problem))
    if not choices:
        return
    prices = prove_prices(problem, drawn_price(problem, random), np.zeros(problem.n_candidates), 0)
    worst = random.choice(choices)[1]
    settled = settle(problem, prices, worst)
    for sites, cost in choices:
        if cost > worst:
            continue
        assert set(settled.opened) <= set(sites)
        assert not set(settled.closed) & set(sites)
        for point in range(problem.n_points):
            here = (problem.point == point) & np.isin(problem.site, sites)
            pair_costs = problem.pair_cost[here]
            if len(pair_costs):
                nearest = pair_costs == pair_costs.min()
                allowance = settled.allowance[problem.site[here][nearest]]
                assert (pair_costs.min() <= settled.most[point] + allowance).any()
            else:
                assert problem.base[point] <= settled.most[point]


@settings(max_examples=40)
@given(cases())
def test_pairs_are_sorted_a_few_at_a_time(case):
    problem, _ = build(case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_median_problem, "_BLOCK", 3)
        again, _ = build(case)
    if problem is None:
        assert again is None
        return
    for name in ("first", "site", "times", "weight", "base", "must"):
        np.testing.assert_array_equal(getattr(problem, name), getattr(again, name))
    for point in range(problem.n_points):
        here = slice(problem.first[point], problem.first[point + 1])
        pairs = list(zip(problem.times[here], problem.site[here], strict=True))
        assert pairs == sorted(pairs)


@settings(max_examples=80)
@given(cases(), st.randoms(use_true_random=False))
def test_a_restricted_problem_costs_the_same(case, random):
    problem, _ = build(case)
    if problem is None:
        return
    marks = [random.choice("ofc") for _ in range(problem.n_candidates)]
    opened, closed = (np.array([k for k, m in enumerate(marks) if m == mark], dtype=np.int64) for mark in "oc")
    for keep_points in (False, True):
        part = restrict_median(problem, opened, closed, keep_points=keep_points)
        free = problem.find(part.numbers)
        assert [marks[k] for k in free] == ["f"] * len(free)
        assert part.capacity == problem.capacity - problem.size[opened].sum()
        for k in range(len(free) + 1):
            sites = np.arange(k)
            whole = np.sort(np.concatenate((opened, free[sites])))
            assert part.cost(sites) == problem.cost(whole)
            assert list(part.name(sites)) == list(problem.name(whole))


@settings(max_examples=80)
@given(cases(), st.randoms(use_true_random=False))
def test_savings_are_the_same_as_worked_out_anew(case, random):
    problem, _ = build(case)
    if problem is None or not problem.n_candidates:
        return
    layout = lay_out(problem, effort(), np.empty(0, dtype=np.int64))
    for _ in range(6):
        if not len(layout.holder):
            break
        slot = random.randrange(len(layout.holder))
        shut = np.flatnonzero(layout.slot_of < 0).tolist()
        layout.change(random.choice([None, *shut]), slot)
        fresh = lay_out(problem, effort(), layout.sites)
        assert layout.cost == fresh.cost == problem.cost(layout.sites)
        np.testing.assert_array_equal(layout.gain, fresh.gain)
        for place, site in enumerate(layout.sites):
            mine = layout.slot_of[site]
            assert layout.loss[mine] == fresh.loss[place]
            np.testing.assert_array_equal(layout.extra[:, mine], fresh.extra[:, place])
        for site in np.flatnonzero(layout.slot_of < 0):
            more = np.append(layout.sites, site)
            assert layout.gain[site] == layout.cost - problem.cost(more)
            for other in layout.sites:
                mine = layout.slot_of[other]
                saving = layout.gain[site] + layout.extra[site, mine] - layout.loss[mine]
                assert saving == layout.cost - problem.cost(more[more != other])


@settings(max_examples=60)
@given(cases())
def test_searches_end_where_no_exchange_helps(case):
    problem, _ = build(case)
    if problem is None:
        return
    layout = search_start(problem, effort())
    shaken = shake(layout, rounds=3, seed=0)
    assert shaken.cost <= layout.cost
    choices = {tuple(sites): cost for sites, cost in all_choices(problem)}
    for found in (layout, shaken):
        if tuple(found.sites) not in choices:
            assert not choices  # too few candidates are left
            continue
        assert choices[tuple(found.sites)] == found.cost
        for sites, cost in choices.items():
            if len(sites) == len(found.sites) and len(set(sites) - set(found.sites)) == 1:
                assert cost >= found.cost


@settings(max_examples=60)
@given(cases())
def test_equal_exchanges_end_at_the_cheapest_and_lowest_of_their_kind(case):
    problem, rules = build(case)
    choices = {} if problem is None else {tuple(sites): cost for sites, cost in all_choices(problem)}
    if not choices:
        return
    money = rules.cost[problem.numbers]

    def rank(sites):
        return money[list(sites)].sum(), sites

    for start in list(choices)[::3]:
        layout = lay_out(problem, effort(), np.array(start, dtype=np.int64))
        exchange_equals(layout, money, problem.fits)
        found = tuple(layout.sites)
        assert choices[found] == choices[start] == layout.cost
        assert rank(found) <= rank(start)
        for other, cost in choices.items():
            if cost == layout.cost and len(other) == len(found) and len(set(other) - set(found)) == 1:
                assert rank(found) <= rank(other)


@settings(max_examples=60)
@given(cases(), st.booleans())
def test_the_tree_finds_the_best_from_any_prices(case, keep_ties):
    problem, _ = build(case)
    choices = [] if problem is None else list(all_choices(problem))
    served = [(cost, tuple(sites)) for sites, cost in choices if cost <= problem.served_at_most] if choices else []
    if not served:
        return
    _, sites = max(served)
    prices = prove_prices(problem, problem.base // 2, np.zeros(problem.n_candidates), 0)
    done = search_tree(
        problem, effort(), prices, np.array(sites, dtype=np.int64), lambda found: tuple(found.tolist()), problem.fits,
        keep_ties=keep_ties,
    )  # fmt: skip
    assert done.finished
    assert done.best.cost == done.bound == min(served)[0]
    if keep_ties:
        assert tuple(done.best.sites) == min(served)[1]


@settings(max_examples=60)
@given(cases(), st.randoms(use_true_random=False))
def test_the_program_costs_what_the_choice_does(case, random):
    problem, rules = build(case)
    choices = [] if problem is None else list(all_choices(problem))
    served = [(sites, cost) for sites, cost in choices if cost <= problem.served_at_most]
    if not served:
        return
    worst = random.choice(served)[1]
    prices = prove_prices(problem, drawn_price(problem, random), np.zeros(problem.n_candidates), 0)
    task = write_task(problem, rules, prices, worst, problem.fits)
    for sites, cost in served:
        if cost > worst:
            continue
        columns, program = task.columns(sites), task.program
        assert ((program.lower <= columns) & (columns <= program.upper)).all()
        sides = program.rows @ columns
        assert (program.row_lower - 1e-9 <= sides).all()
        assert (sides <= program.row_upper + 1e-9).all()
        value = program.objective @ columns / task.scale + task.offset
        assert value == task.value(sites) == (cost - problem.fixed) / problem.step


@pytest.mark.parametrize("budget", [False, True])
def test_prices_come_near_the_optimum(budget):
    random = np.random.default_rng(0)
    case = {
        "new": random.uniform(0, 900, (7, 40)), "old": np.empty((0, 40)), "weights": random.integers(1, 9, 40) * 1.0,
        "costs": random.choice([1.0, 2.5, 3.0], 7), "size": {"budget": 6.5} if budget else {"n_open": 3},
        "marks": ["f"] * 7, "unserved_s": 900.0, "kinds": ["a"] * 7, "quota": None, "spacing_m": None,
    }  # fmt: skip
    problem, _ = build(case)
    optimum = min(cost for _, cost in all_choices(problem))
    prices = find_prices(problem, effort(), target=optimum, steps=500, start=problem.base // 2)
    assert (0.9 if budget else 0.97) * optimum < prices.bound <= optimum
    stopped = find_prices(problem, Effort("min", work_limit=0.0), target=optimum, steps=500, start=problem.base // 2)
    assert stopped.steps == 0
    assert stopped.bound <= prices.bound


def test_a_budget_is_filled_by_what_saves_for_its_cost():
    case = {
        "new": np.array([[10.0] * 6, [10.0, 10.0, 10.0, 800.0, 800.0, 800.0], [800.0, 800.0, 800.0, 10.0, 10.0, 10.0]]),
        "old": np.empty((0, 6)), "weights": np.ones(6), "costs": np.array([3.0, 1.0, 1.0]), "size": {"budget": 2.5},
        "marks": ["f"] * 3, "unserved_s": 900.0, "kinds": ["a"] * 3, "quota": None, "spacing_m": None,
    }  # fmt: skip
    problem, _ = build(case)
    layout = lay_out(problem, effort(), np.empty(0, dtype=np.int64))
    fill(layout, by_size=True)
    interchange(layout)
    assert len(layout.sites) == 2
    assert layout.room >= 0
