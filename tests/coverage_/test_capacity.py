"""Demand to the nearest station with room, against deferred acceptance by loops and in exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.capacity import assign_with_room, find_shortages
from coverage_planner.coverage.demand_parts import average_in_groups, split_demand
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.errors import ConfigError, InputError
from drawn_times import make_demand, make_sparse_times, make_times

NONE = math.nan


def times_between(seconds, **options):
    ids = [f"F{j}" for j in range(len(seconds))], [f"D{i}" for i in range(len(seconds[0]))]
    return make_times(seconds, *ids, **options)


def assign(seconds, people, places, **options):
    options = {"cutoff_s": 900.0, **options}
    return assign_with_room(times_between(seconds), make_demand(people), np.array(places, dtype=float), **options)


# Half of the times come from four values, so that ties are everywhere; demand and capacity in tenths of a person.
SECONDS = st.sampled_from([0.0, 60.0, 300.0, 899.999, 900.0, NONE, NONE]) | st.integers(0, 900_000).map(
    lambda ms: ms / 1000
)
TENTHS = st.sampled_from([0, 1, 3, 10, 20, 25, 100, 101])


@st.composite
def cases(draw):
    """Seconds, tenths of people, tenths of places (None: no limit), who is open, a cutoff."""
    n_facilities, n_points = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    seconds = [[draw(SECONDS) for _ in range(n_points)] for _ in range(n_facilities)]
    people = [draw(TENTHS) for _ in range(n_points)]
    places = [draw(st.none() | TENTHS) for _ in range(n_facilities)]
    is_open = [draw(st.sampled_from([True, True, True, False])) for _ in range(n_facilities)]
    return seconds, people, places, is_open, draw(st.sampled_from([300.0, 899.999, 900.0]))


def defer_acceptance(seconds, people, places, is_open, cutoff_s):
    """Gale and Shapley's procedure with people in fractions: {(facility, point): people}.

    Each point asks, with all it has left, the nearest facility that has not turned it away; a facility keeps the
    nearest people it has room for and turns the rest away; until nobody is turned away.
    """

    def acceptable(j, i):
        return is_open[j] and np.float32(seconds[j][i]) <= np.float32(cutoff_s)

    lists = {
        i: sorted((j for j in range(len(places)) if acceptable(j, i)), key=lambda j, i=i: (seconds[j][i], j))
        for i in range(len(people))
    }
    held = {}
    asking = {i: Fraction(people[i], 10) for i in range(len(people))}
    while any(asking[i] > 0 and lists[i] for i in asking):
        for i, part in asking.items():
            if part > 0 and lists[i]:
                j = lists[i][0]
                held[j, i] = held.get((j, i), Fraction(0)) + part
                asking[i] = Fraction(0)
        for j, limit in enumerate(places):
            if limit is None:
                continue
            over = sum(part for (k, _), part in held.items() if k == j) - Fraction(limit, 10)
            for i in sorted((i for k, i in held if k == j), key=lambda i, j=j: (seconds[j][i], i), reverse=True):
                if over <= 0:
                    break
                turned_away = min(over, held[j, i])
                held[j, i] -= turned_away
                asking[i] += turned_away
                over -= turned_away
                lists[i] = [other for other in lists[i] if other != j]
    return {pair: part for pair, part in held.items() if part > 0}


def assigned_tenths(assignment):
    """{(facility, point): people} of the result, in fractions; what is no whole tenth shows."""
    return {
        (int(row.facility_id[1:]), int(row.demand_id[1:])): Fraction(row.assigned_demand).limit_denominator(10**6)
        for row in assignment.parts.itertuples()
    }


def assign_case(case):
    seconds, people, places, is_open, cutoff_s = case
    return assign(
        seconds,
        [tenths / 10 for tenths in people],
        [NONE if tenths is None else tenths / 10 for tenths in places],
        cutoff_s=cutoff_s,
        open_=np.array(is_open),
    )


@settings(deadline=None, max_examples=30)
@given(cases())
def test_the_assignment_is_that_of_deferred_acceptance(case):
    assert assigned_tenths(assign_case(case)) == defer_acceptance(*case)


@settings(deadline=None, max_examples=30)
@given(cases())
def test_the_assignment_is_stable_loses_nobody_and_fills_nobody_beyond_capacity(case):
    seconds, people, places, is_open, cutoff_s = case
    assignment = assign_case(case)
    held = assigned_tenths(assignment)
    left = [
        Fraction(whole, 10) - sum(part for (_, k), part in held.items() if k == i) for i, whole in enumerate(people)
    ]
    assert min(left) >= 0
    assert assignment.points["unassigned_demand"].tolist() == pytest.approx([float(rest) for rest in left])
    for j, limit in enumerate(places):
        inside = sum(part for (k, _), part in held.items() if k == j)
        assert limit is None or inside <= Fraction(limit, 10)
        assert assignment.facilities["full"][j] == (is_open[j] and limit is not None and inside == Fraction(limit, 10))
        for i in range(len(people)):
            if not is_open[j] or not np.float32(seconds[j][i]) <= np.float32(cutoff_s):
                assert (j, i) not in held
                continue
            rather_here = left[i] > 0 or any(k == i and (seconds[f][i], f) > (seconds[j][i], j) for f, k in held)
            has_room = limit is None or inside < Fraction(limit, 10)
            holds_farther = any(f == j and (seconds[j][k], k) > (seconds[j][i], i) for f, k in held)
            assert not (rather_here and people[i] and (has_room or holds_farther))


@settings(deadline=None, max_examples=30)
@given(cases())
def test_the_tables_sum_up_the_parts(case):
    seconds, people, places, is_open, cutoff_s = case
    assignment = assign_case(case)
    held = assigned_tenths(assignment)

    for i, row in enumerate(assignment.points.itertuples()):
        mine = {j: part for (j, k), part in held.items() if k == i}
        total = sum(mine.values())
        assert row.demand == people[i] / 10
        assert row.assigned_demand == pytest.approx(float(total))
        assert row.assigned_demand + row.unassigned_demand == pytest.approx(row.demand, abs=1e-15)
        if not total:
            assert pd.isna(row.facility_id)
            assert math.isnan(row.time_s)
            continue
        assert row.time_s == pytest.approx(
            float(sum(part * Fraction(seconds[j][i]) for j, part in mine.items()) / total)
        )
        assert row.facility_id == f"F{min(mine, key=lambda j, i=i, mine=mine: (-mine[j], seconds[j][i], j))}"
    for j, row in enumerate(assignment.facilities.itertuples()):
        mine = {i: part for (k, i), part in held.items() if k == j}
        total = sum(mine.values())
        first_choice = Fraction(0)
        for i, tenths in enumerate(people):
            near = [k for k in range(len(places)) if is_open[k] and np.float32(seconds[k][i]) <= np.float32(cutoff_s)]
            if near and min(near, key=lambda k, i=i: (seconds[k][i], k)) == j:
                first_choice += Fraction(tenths, 10)
        assert row.assigned_demand == pytest.approx(float(total))
        assert row.nearest_demand == pytest.approx(float(first_choice))
        mean = sum(part * Fraction(seconds[j][i]) for i, part in mine.items()) / total if total else math.nan
        assert row.mean_time_s == pytest.approx(float(mean), nan_ok=True)
        if places[j] is None:
            assert math.isnan(row.capacity)
            assert math.isnan(row.crowding)
            assert row.shortage == 0
            continue
        limit = Fraction(places[j], 10)
        assert row.assigned_demand <= row.capacity
        assert row.shortage == pytest.approx(float(max(first_choice - limit, 0)))
        crowding = float(first_choice / limit) if limit else math.inf if first_choice else math.nan
        assert row.crowding == pytest.approx(crowding, nan_ok=True)


@settings(deadline=None, max_examples=15)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_tables_decides_nothing_but_ties(case, random):
    seconds, people, places, is_open, cutoff_s = case
    # one millisecond more for each pair in turn: no two times are equal
    apart = [[900 * row + len(people) * j + i for i, row in enumerate(times)] for j, times in enumerate(seconds)]
    apart = (np.array(apart) / 1000.0).tolist()
    plain = assign_case((apart, people, places, is_open, cutoff_s))
    down, across = list(range(len(places))), list(range(len(people)))
    random.shuffle(down)
    random.shuffle(across)

    def turned(values, order):
        return [values[k] for k in order]

    other = assign_with_room(
        make_times(np.array(apart)[np.ix_(down, across)], [f"F{j}" for j in down], [f"D{i}" for i in across]),
        make_demand(turned([tenths / 10 for tenths in people], across), [f"D{i}" for i in across]),
        np.array(turned([NONE if tenths is None else tenths / 10 for tenths in places], down)),
        cutoff_s=cutoff_s,
        open_=np.array(turned(is_open, down)),
    )
    pd.testing.assert_frame_equal(
        other.facilities.set_index("id").loc[plain.facilities["id"]].reset_index(), plain.facilities, check_exact=True
    )
    pd.testing.assert_frame_equal(
        other.points.set_index("id").loc[plain.points["id"]].reset_index(), plain.points, check_exact=True
    )
    pd.testing.assert_frame_equal(other.parts, plain.parts, check_exact=True)


def test_who_finds_no_room_goes_to_the_next_station_and_the_nearest_stay():
    #        D0   D1   D2        places
    # F0     60  120  300        6
    # F1      .  400   50        2
    assignment = assign([[60, 120, 300], [NONE, 400, 50]], [5, 4, 1], [6, 2])

    assert [tuple(row) for row in assignment.parts.itertuples(index=False)] == [
        ("F1", "D2", 1.0, 50.0),
        ("F0", "D0", 5.0, 60.0),
        ("F0", "D1", 1.0, 120.0),
        ("F1", "D1", 1.0, 400.0),
    ]
    points = assignment.points.set_index("id")
    assert points["unassigned_demand"].to_dict() == {"D0": 0.0, "D1": 2.0, "D2": 0.0}
    assert points["time_s"].to_dict() == {"D0": 60.0, "D1": 260.0, "D2": 50.0}
    assert points["facility_id"].to_dict() == {"D0": "F0", "D1": "F0", "D2": "F1"}  # of equal parts the nearer
    facilities = assignment.facilities.set_index("id")
    assert facilities["nearest_demand"].to_dict() == {"F0": 9.0, "F1": 1.0}
    assert facilities["crowding"].to_dict() == {"F0": 1.5, "F1": 0.5}
    assert facilities["shortage"].to_dict() == {"F0": 3.0, "F1": 0.0}
    assert facilities["full"].to_dict() == {"F0": True, "F1": True}
    assert (assignment.assigned_demand, assignment.unassigned_demand) == (8.0, 2.0)


def test_the_nearest_first_is_no_optimum():
    assignment = assign([[60, 300], [180, NONE]], [1, 1], [1, 1])

    assert assignment.points["facility_id"].fillna("none").tolist() == ["F0", "none"]
    assert assignment.facilities["assigned_demand"].tolist() == [1.0, 0.0]


def test_a_hundred_tenths_fill_ten_places_to_the_last():
    assignment = assign([[float(i) for i in range(101)], [500.0] * 101], [0.1] * 101, [10, 10])

    assert assignment.facilities["assigned_demand"].tolist() == [10.0, 0.1]
    assert assignment.facilities["full"].tolist() == [True, False]
    assert len(assignment.parts) == 101
    assert assignment.points["unassigned_demand"].tolist() == [0.0] * 101


def test_thirds_are_conserved_and_never_above_capacity():
    rng = np.random.default_rng(6)
    people, places = rng.random(200) / 3, rng.random(8) * 4
    assignment = assign(rng.integers(0, 900_000, (8, 200)) / 1000, people, places)

    points, facilities = assignment.points, assignment.facilities
    assert (points["assigned_demand"] + points["unassigned_demand"] - people).abs().max() <= 1e-16
    assert (points[["assigned_demand", "unassigned_demand"]] >= 0).all(axis=None)
    assert (facilities["assigned_demand"] <= places).all()
    assert facilities["full"].all()
    assert facilities["assigned_demand"].sum() == pytest.approx(points["assigned_demand"].sum(), abs=1e-11)
    assert (assignment.parts["assigned_demand"] > 0).all()


def test_without_limits_everybody_goes_to_the_nearest_and_coverage_says_the_same():
    rng = np.random.default_rng(7)
    seconds = np.where(rng.random((5, 60)) < 0.3, NONE, rng.integers(0, 900, (5, 60)))
    times, demand = times_between(seconds), make_demand(rng.integers(1, 9, 60))
    assignment = assign_with_room(times, demand, np.full(5, NONE), cutoff_s=600.0)
    coverage = measure_coverage(times, demand, 600.0)

    covered = coverage.covered
    assert assignment.assigned_demand == coverage.covered_demand
    assert assignment.points["time_s"][covered].tolist() == coverage.points["time_s"][covered].tolist()
    assert assignment.points["facility_id"][covered].tolist() == coverage.points["facility_id"][covered].tolist()
    assert (assignment.facilities["nearest_demand"] == assignment.facilities["assigned_demand"]).all()
    assert not assignment.facilities["full"].any()


def test_more_pairs_than_are_looked_at_at_a_time():
    rng = np.random.default_rng(8)
    rows, columns = np.nonzero(rng.random((30, 3000)) < 0.8)
    seconds = np.where(rows == 29, rng.integers(850, 900, len(rows)), rng.integers(0, 900, len(rows)))
    times = make_sparse_times(rows, columns, seconds, [f"F{j}" for j in range(30)], [f"D{i}" for i in range(3000)])
    people, places = rng.integers(0, 5, 3000), np.append(rng.integers(0, 200, 29), 9000)  # the last is far and large
    assignment = assign_with_room(times, make_demand(people), places.astype(float), cutoff_s=900.0)

    left, room, expected = people.tolist(), places.tolist(), []
    pairs = sorted(zip(times.seconds.tolist(), rows.tolist(), columns.tolist(), strict=True))
    for _, j, i in pairs:
        part = min(left[i], room[j])
        left[i] -= part
        room[j] -= part
        if part:
            expected.append((f"F{j}", f"D{i}", part))
    assert len(pairs) > 2 * 32_768
    assert room.count(0) == 29
    found = assignment.parts
    assert found["time_s"].max() > pairs[2 * 32_768][0]
    assert list(zip(found["facility_id"], found["demand_id"], found["assigned_demand"], strict=True)) == expected


def test_the_largest_shortage_comes_first_then_the_more_crowded_station():
    # everybody is beside one station; F3 has room, F4 no limit
    seconds = [[10.0 if i == j else NONE for i in range(6)] for j in range(6)]
    short = find_shortages(assign(seconds, [12, 30, 12, 5, 99, 10], [7, 10, 7, 8, NONE, 5]))

    assert short["id"].tolist() == ["F1", "F5", "F0", "F2"]
    assert short["rank"].tolist() == [1, 2, 3, 4]
    assert short["shortage"].tolist() == [20.0, 5.0, 5.0, 5.0]
    assert short["crowding"].tolist() == [3.0, 2.0, 12 / 7, 12 / 7]


@pytest.mark.parametrize("places", [NONE, math.inf, 1e300, 32.000001])
def test_a_station_with_room_for_more_than_everybody_is_never_full(places):
    assignment = assign([[0.0] * 4], [2, 10, 10, 10], [places])

    assert assignment.facilities["full"].tolist() == [False]
    assert assignment.facilities["assigned_demand"].tolist() == [32.0]


def test_closed_stations_serve_nobody_and_stations_without_places_turn_everybody_away():
    assignment = assign([[10], [20], [30]], [4], [9, 0, NONE], open_=np.array([False, True, True]))

    facilities = assignment.facilities
    assert facilities["assigned_demand"].tolist() == [0.0, 0.0, 4.0]
    assert facilities["nearest_demand"].tolist() == [0.0, 4.0, 0.0]
    assert facilities["crowding"].tolist()[:2] == [0.0, math.inf]
    assert facilities["full"].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("seconds", "people"),
    [([[NONE, NONE]], [1, 2]), ([[10, 20]], [0, 0])],
    ids=["nobody reaches a station", "no demand"],
)
def test_where_nobody_is_assigned_there_are_no_times(seconds, people):
    assignment = assign(seconds, people, [5])

    assert assignment.points["assigned_demand"].tolist() == [0.0, 0.0]
    assert assignment.points["unassigned_demand"].tolist() == people
    assert assignment.points["time_s"].isna().all()
    assert assignment.points["facility_id"].isna().all()
    assert assignment.facilities["mean_time_s"].isna().all()
    assert assignment.parts.empty
    assert find_shortages(assignment).empty


def test_without_stations_all_demand_stays_unassigned():
    times = make_times(np.empty((0, 2)), [], ["D0", "D1"])
    assignment = assign_with_room(times, make_demand([1, 2]), np.empty(0), cutoff_s=900.0)

    assert assignment.facilities.empty
    assert assignment.unassigned_demand == 3.0


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"places": [1, -2]}, InputError, r"at least 0 \(NaN: no limit\), got less in facilities 1: F1"),
        ({"places": [1, 2, 3]}, InputError, r"capacity_people must have one value per facility .* shape \(3,\) for 2"),
        ({"open_": np.array([True])}, InputError, r"open_ must have one value per facility .* shape \(1,\) for 2"),
        ({"cutoff_s": 1000.0}, ConfigError, r"at most the limit of the search \(900 s\)"),
        ({"people": [1, 1, 1]}, InputError, "demand must be the table the travel times were computed for"),
    ],
)
def test_wrong_arguments_are_refused(options, error, named):
    arguments = {"seconds": [[1, 2], [3, 4]], "people": [1, 1], "places": [1, 1], **options}
    with pytest.raises(error, match=named):
        assign(**arguments)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 1e12) | st.sampled_from([0.0, 0.1, 1 / 3, 5e-324, 1e-9]), max_size=8))
def test_demand_in_parts_is_demand_to_one_part_and_sums_are_exact(people):
    parts, per_unit = split_demand(np.array(people))

    assert ((parts > 0) == (np.array(people) > 0)).all()
    assert parts.sum() <= 2**53 + len(people)
    for whole, part in zip(people, parts.tolist(), strict=True):
        assert abs(Fraction(whole) * Fraction(per_unit) - part) <= max(Fraction(1, 2), part == 1) + Fraction(
            part, 2**52
        )
    if sum(people) >= 1:
        assert parts.sum() * 11 > 2**53  # ten times as many parts would be too many


def test_averages_do_not_depend_on_the_order_of_the_rows_to_the_last_bit():
    rng = np.random.default_rng(9)
    values, parts, group = rng.integers(0, 10**6, 2000), rng.integers(1, 10**12, 2000), rng.integers(0, 3, 2000)
    order = rng.permutation(2000)

    plain = average_in_groups(values, parts, group, 3)
    assert average_in_groups(values[order], parts[order], group[order], 3).tolist() == plain.tolist()
    order = np.lexsort((-parts, values))  # of equal values the weights decide
    values[:] = values // 10**5
    plain = average_in_groups(values, parts, group, 3)
    assert average_in_groups(values[order], parts[order], group[order], 3).tolist() == plain.tolist()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 10**6), st.integers(1, 10**12)), max_size=8))
def test_averages_in_groups_are_those_of_fractions(rows):
    group, values, parts = (np.array([row[k] for row in rows], dtype=np.int64) for k in range(3))
    found = average_in_groups(values, parts, group, 3)

    for k in range(3):
        mine = [(value, part) for g, value, part in rows if g == k]
        if not mine:
            assert math.isnan(found[k])
            continue
        mean = Fraction(sum(value * part for value, part in mine), sum(part for _, part in mine))
        assert found[k] == pytest.approx(float(mean), rel=1e-14)
        if len({value for value, _ in mine}) == 1:
            assert found[k] == mine[0][0]
