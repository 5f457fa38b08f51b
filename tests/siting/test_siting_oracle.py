"""The brute force that judges the siting models, itself held to textbook programs and to answers worked by hand."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, cases
from siting.siting_oracle import Quota, Town, Wishes


def town_of(times_ms, *, demand=None, cost=None, existing=(), xy=None, columns=None):
    """A town of which only some things matter."""
    n, d = len(times_ms), len(times_ms[0])
    return Town(
        ids=tuple("abcdefgh"[:n]),
        point_ids=tuple(f"D{i}" for i in range(d)),
        times_ms=tuple(map(tuple, times_ms)),
        existing_ms=tuple(map(tuple, existing)),
        demand=tuple(map(Fraction, demand or [1] * d)),
        cost=tuple(map(Fraction, cost or [0] * n)),
        xy=tuple(xy or [(1000 * k, 0) for k in range(n)]),
        columns=columns or {},
        groups=(None,) * d,
    )


#: Five places along a road at kilometres 0, 1, 3, 6 and 10, a minute to the kilometre, each a candidate too.
ROAD_KM = (0, 1, 3, 6, 10)
ROAD = town_of([[60_000 * abs(a - b) for b in ROAD_KM] for a in ROAD_KM], demand=[1, 2, 3, 4, 5])


def test_p_median_by_hand():
    """With one site the weighted median: half of the 15 people live at kilometre 6 or before."""
    one = oracle.p_median(ROAD, Wishes(n_open=1), None)
    assert (one.objective, one.choices) == (60_000 * (1 * 6 + 2 * 5 + 3 * 3 + 5 * 4), ((3,),))
    two = oracle.p_median(ROAD, Wishes(n_open=2), None)
    assert (two.objective, two.choices) == (60_000 * (1 * 3 + 2 * 2 + 4 * 3), ((2, 4),))


def test_p_center_by_hand():
    assert oracle.p_center(ROAD, Wishes(n_open=1)).objective == 60_000 * 6
    assert oracle.p_center(ROAD, Wishes(n_open=2)).objective == 60_000 * 3
    assert oracle.p_center(ROAD, Wishes(n_open=5)).objective == 0


def test_covering_by_hand():
    """Within three kilometres: 0, 1 and 3 see each other, 3 and 6 do, 10 stands alone."""
    reach_ms = 3 * 60_000
    best = oracle.mclp(ROAD, Wishes(n_open=1), reach_ms)
    assert (best.objective, best.first) == (10, (2,))
    best = oracle.lscp(ROAD, Wishes(), reach_ms)
    assert (best.objective, best.first) == (2, (2, 4))
    best = oracle.lscp(ROAD, Wishes(), reach_ms, partial=Fraction(2, 3))
    assert (best.objective, best.first) == (1, (2,))
    assert oracle.lscp(ROAD, Wishes(forbidden=frozenset("c")), reach_ms).objective == 3
    assert oracle.mclp(ROAD, Wishes(required=frozenset("a"), n_open=2), reach_ms).first == (0, 4)
    assert oracle.backup(ROAD, Wishes(n_open=2), reach_ms, Fraction(1)).objective == 17
    assert oracle.backup(ROAD, Wishes(n_open=2), reach_ms, Fraction(1, 10)).objective == 15 + 0


def test_ties_by_hand():
    """Equal demand: the nearer one; equal time: the cheaper one; equal cost: the first id as text."""
    near = town_of([[2], [1], [1], [1]], cost=[0, 9, 5, 5])
    assert oracle.mclp(near, Wishes(n_open=1), 10).choices == ((0,), (1,), (2,), (3,))
    assert oracle.mclp(near, Wishes(n_open=1), 10).first == (2,)


def test_rules_by_hand():
    columns = {"kind": ("bank", "bank", "room", None)}
    town = town_of([[1]] * 4, xy=[(0, 0), (3, 4), (9, 9), (30, 0)], columns=columns, cost=[1, 2, 3, 4])
    assert oracle.broken(town, Wishes(min_spacing_m=5), (0, 1)) == set()
    assert oracle.broken(town, Wishes(min_spacing_m=6, budget=Fraction(2)), (0, 1)) == {"min_spacing_m", "budget"}
    at_least = Wishes(quotas=(Quota("kind", at_least=1),))
    assert [oracle.broken(town, at_least, c) for c in ((0, 2), (0, 1), (2, 3))] == [set(), {"quotas"}, {"quotas"}]
    at_most = Wishes(quotas=(Quota("kind", at_most=1, values=("bank",)),))
    assert [oracle.broken(town, at_most, c) for c in ((0, 2), (0, 1), (2, 3))] == [set(), {"quotas"}, set()]


# --- textbook programs ---


def program(town, wishes, n_more):
    """The rules as rows over a column for each candidate and `n_more` columns of a model: rows, lower, upper."""
    n = len(town.ids)
    rows, lower, upper = [], [], []

    def row(columns, low, high, values=None):
        line = np.zeros(n + n_more)
        line[list(columns)] = 1.0 if values is None else values
        rows.append(line)
        lower.append(low)
        upper.append(high)

    if wishes.n_open is not None:
        row(range(n), wishes.n_open, wishes.n_open)
    if wishes.budget is not None:
        row(range(n), -np.inf, int(10 * wishes.budget) + 0.5, [float(10 * (cost or 0)) for cost in town.cost])
    for k, name in enumerate(town.ids):
        row([k], name in wishes.required, name not in wishes.forbidden)
    for quota in wishes.quotas:
        column = town.columns[quota.column]
        for value in quota.values or {value for value in column if value is not None}:
            inside = [k for k in range(n) if column[k] == value]
            row(inside, quota.at_least, np.inf if quota.at_most is None else quota.at_most)
    for a, b in combinations(range(n), 2):
        if wishes.min_spacing_m and np.hypot(*np.subtract(town.xy[a], town.xy[b])) < wishes.min_spacing_m - 1e-6:
            row([a, b], 0, 1)
    return rows, lower, upper, row


def solve(costs, parts, whole):
    """The least value of a program; None where there is none."""
    rows, lower, upper, _ = parts
    answer = milp(
        costs,
        constraints=[LinearConstraint(np.array(rows), lower, upper)] if rows else [],
        integrality=np.arange(len(costs)) < whole,
        bounds=(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    assert answer.status in {0, 2}
    return answer.fun if answer.status == 0 else None


def covering_rows(town, parts, times=1):
    """Columns y after the candidates: each at most the open sites and existing facilities within the cutoff."""
    n, d = len(town.ids), len(town.point_ids)
    for i in range(d):
        inside = [k for k in range(n) if town.times_ms[k][i] is not None and town.times_ms[k][i] <= CUTOFF_MS]
        old = sum(line[i] is not None and line[i] <= CUTOFF_MS for line in town.existing_ms)
        columns = [*inside, *(n + i + d * more for more in range(times))]
        parts[3](columns, -old, np.inf, [1.0] * len(inside) + [-1.0] * times)


def load_of(town, wishes):
    """Demand in two-hundredths: whole numbers, halves and tenths of them too, that no tolerance can blur."""
    return np.array([float(200 * w) for w in oracle.weights(town, wishes)])


def same(best, value, *, unit):
    if best is None or value is None:
        assert (best is None) == (value is None)
    else:
        assert float(best.objective) == pytest.approx(unit * value, rel=1e-6, abs=1e-6)


@settings(max_examples=40)
@given(cases())
def test_covering_is_what_the_textbook_programs_say(case):
    town, wishes = case
    load, n = load_of(town, wishes), len(town.ids)
    parts = program(town, wishes, len(load))
    covering_rows(town, parts)
    same(oracle.mclp(town, wishes, CUTOFF_MS), solve(np.r_[np.zeros(n), -load], parts, n), unit=-1 / 200)
    twice = program(town, wishes, 2 * len(load))
    covering_rows(town, twice, times=2)
    value = solve(np.r_[np.zeros(n), -load, -0.5 * load], twice, n)
    same(oracle.backup(town, wishes, CUTOFF_MS, Fraction(1, 2)), value, unit=-1 / 200)


@settings(max_examples=40)
@given(cases(size="none"), st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(9, 10)]), st.booleans())
def test_covering_everything_is_what_the_textbook_program_says(case, partial, by_cost):
    town, wishes = case
    load, n = load_of(town, wishes), len(town.ids)
    parts = program(town, wishes, len(load))
    covering_rows(town, parts)
    parts[3](range(n, n + len(load)), float(partial * int(load.sum())) - 0.5, np.inf, load)
    price = [float(10 * (cost or 0)) for cost in town.cost] if by_cost else [1.0] * n
    value = solve(np.r_[price, np.zeros(len(load))], parts, n)
    same(oracle.lscp(town, wishes, CUTOFF_MS, partial=partial, by_cost=by_cost), value, unit=0.1 if by_cost else 1)


@settings(max_examples=40)
@given(cases(most_candidates=6, most_points=8), st.sampled_from([None, 300_000, 1_000_000]))
def test_times_are_what_the_textbook_programs_say(case, unserved_ms):
    """Every point is given to one site, one existing facility or, where that is allowed, to nobody."""
    town, wishes = case
    load, n = load_of(town, wishes), len(town.ids)
    lines = [*town.times_ms, *town.existing_ms, *([[unserved_ms] * len(load)] if unserved_ms else [])]
    pairs = [(k, i, line[i]) for k, line in enumerate(lines) for i in range(len(load)) if line[i] is not None]
    parts = program(town, wishes, len(pairs) + 1)
    for i in range(len(load)):
        if load[i] > 0:
            parts[3]([n + q for q, pair in enumerate(pairs) if pair[1] == i], 1, 1)
    for q, (k, _, _) in enumerate(pairs):
        if k < n:
            parts[3]([n + q, k], -np.inf, 0, [1.0, -1.0])
    value = solve(np.r_[np.zeros(n), [load[i] * t / 2e5 for _, i, t in pairs], 0], parts, n)
    same(oracle.p_median(town, wishes, unserved_ms), value, unit=1000)
    for i in range(len(load)) if unserved_ms is None else ():  # the last column: the worst time, in 1,000 s
        mine = [(n + q, pair[2]) for q, pair in enumerate(pairs) if pair[1] == i]
        if load[i] > 0 and mine:
            parts[3]([*(q for q, _ in mine), n + len(pairs)], -np.inf, 0, [*(t / 1e6 for _, t in mine), -1.0])
    if unserved_ms is None:
        value = solve(np.r_[np.zeros(n + len(pairs)), 1], parts, n)
        same(oracle.p_center(town, wishes), value, unit=1e6)
