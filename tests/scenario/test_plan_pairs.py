"""Plans in pairs, against plain loops over every point, station and gap."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from coverage_planner.errors import ConfigError
from coverage_planner.scenario.compare import compare_figures
from coverage_planner.scenario.plan_figures import PlanFigures
from drawn_figures import AREAS, CUTOFF_S, GROUP, draw_figures, plans

NAN = float("nan")
NAMES = [("today", "A"), ("today", "B"), ("A", "B")]


def pair(table: pd.DataFrame, before: str, after: str) -> pd.DataFrame:
    return table[(table["before"] == before) & (table["after"] == after)].reset_index(drop=True)


def rows_of(plan: PlanFigures) -> list[tuple[float, float, bool]]:
    points = plan.points[GROUP]
    return list(zip(points["demand"], points["time_s"], points["covered"], strict=True))


def same(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-6)


@settings(max_examples=7, deadline=None)
@given(plans())
def test_pairs_equal_a_loop_over_every_point(drawn):
    found = compare_figures(drawn).pairs
    assert list(zip(found["before"], found["after"], strict=True)) == NAMES
    named = {plan.name: plan for plan in drawn}
    for row in found.to_dict("records"):
        sums = dict.fromkeys(("gained", "lost", "kept", "uncovered"), 0.0)
        count = dict.fromkeys(sums, 0)
        timed = saved = nearer = farther = 0.0
        for (weight, t0, c0), (_, t1, c1) in zip(
            rows_of(named[row["before"]]), rows_of(named[row["after"]]), strict=True
        ):
            what = ("kept" if c1 else "lost") if c0 else ("gained" if c1 else "uncovered")
            sums[what] += weight
            count[what] += 1
            if t0 <= 2 * CUTOFF_S and t1 <= 2 * CUTOFF_S:
                timed += weight
                saved += weight * (t0 - t1) / 60
                nearer += weight if t1 < t0 else 0
                farther += weight if t1 > t0 else 0
        for what in sums:
            assert row[f"{what}_demand"] == sums[what]
            assert row[f"{what}_points"] == count[what]
        assert (row["timed_demand"], row["nearer_demand"], row["farther_demand"]) == (timed, nearer, farther)
        assert row["person_minutes_saved"] == pytest.approx(saved)
        assert row["change_covered_demand"] == sums["gained"] - sums["lost"]
        assert sum(sums.values()) == row["demand"]


@settings(max_examples=4, deadline=None)
@given(plans())
def test_every_pair_turned_round_is_its_opposite(drawn):
    there, back = compare_figures(drawn).pairs, compare_figures(drawn[::-1]).pairs
    for before, after in NAMES:
        one, other = pair(there, before, after).iloc[0], pair(back, after, before).iloc[0]
        for column in (c for c in there if c.startswith("change_") or c == "person_minutes_saved"):
            assert same(one[column], -other[column]), column
        for here, turned in (("gained", "lost"), ("kept", "kept"), ("uncovered", "uncovered")):
            assert one[f"{here}_demand"] == other[f"{turned}_demand"]
        assert (one["n_opened"], one["n_changed"]) == (other["n_closed"], other["n_changed"])
        assert (one["nearer_demand"], one["timed_demand"]) == (other["farther_demand"], other["timed_demand"])


@settings(max_examples=4, deadline=None)
@given(plans())
def test_areas_equal_a_loop_and_add_up(drawn):
    found = compare_figures(drawn)
    named = {plan.name: plan for plan in drawn}
    for before, after in NAMES:
        table = pair(found.communities, before, after)
        assert table["id"].tolist() == ["W", "M", "E"]
        for number, row in enumerate(table.to_dict("records")):
            inside = range(5 * number, 5 * number + 5)  # five points in each, by their place on the line
            one = [r for n, r in enumerate(rows_of(named[before])) if n in inside]
            two = [r for n, r in enumerate(rows_of(named[after])) if n in inside]
            demand = sum(weight for weight, *_ in one)
            assert (row["n_points"], row["demand"]) == (len(one), demand)
            was, now = sum(w for w, _, c in one if c), sum(w for w, _, c in two if c)
            assert (row["covered_demand_before"], row["covered_demand_after"]) == (was, now)
            assert same(row["covered_demand_share_after"], now / demand if demand else NAN)
            assert row["gained_demand"] - row["lost_demand"] == row["change_covered_demand"] == now - was
        wider = pair(found.subdistricts, before, after)
        assert wider["name"].tolist() == ["江北", "(none)"]
        for column in ("n_points", "demand", "covered_demand_before", "gained_demand", "lost_demand"):
            assert wider[column].tolist() == [table[column][:2].sum(), table[column][2]]
        beyond = [weight for n, (weight, *_) in enumerate(rows_of(named[before])) if n >= 5 * len(AREAS)]
        assert table["demand"].sum() + sum(beyond) == pair(found.pairs, before, after)["demand"][0]


@settings(max_examples=7, deadline=None)
@given(plans(2))
def test_gaps_equal_a_loop_and_account_for_everybody(drawn):
    today, plan = drawn
    found = compare_figures(drawn)
    table = found.gaps
    rows = iter(table.to_dict("records"))
    for side, moved_to, words in ((today, True, ("closed", "smaller", "left")), (plan, False, ("new", "grown", None))):
        for gap in side.gaps[GROUP].to_dict("records"):
            inside = [n for n, p in enumerate(side.points[GROUP].geometry) if gap["geometry"].contains(p)]
            inside = [n for n in inside if not rows_of(side)[n][2]]
            other = plan if side is today else today
            moved = [n for n in inside if rows_of(other)[n][2]]
            word = words[0] if len(moved) == len(inside) else words[1] if moved else words[2]
            if word is None:
                continue
            row = next(rows)
            assert (row["what"], row["id"]) == (word, gap["id"])
            weights = [rows_of(today)[n][0] for n in moved]
            assert row["gained_demand" if moved_to else "lost_demand"] == sum(weights)
            assert row["lost_demand" if moved_to else "gained_demand"] == 0
    assert next(rows, None) is None
    sums = found.pairs.iloc[0]
    assert table["gained_demand"].sum() == sums["gained_demand"]
    assert table["lost_demand"].sum() == sums["lost_demand"]
    for what in ("closed", "smaller", "left", "grown", "new"):
        assert sums[f"n_gaps_{what}"] == (table["what"] == what).sum()


def test_stations_that_differ_are_named_with_what_differs():
    today = draw_figures("today", [1, 1], [0, NAN], ("F1", "F2", "F4"))
    plan = draw_figures("plan", [1, 1], [0, 60], ("F1", "F2", "F3"), F2={"level": "hub", "services": "water"})
    found = compare_figures([today, plan]).stations

    assert found[["what", "id", "changed"]].to_numpy().tolist() == [
        ["opened", "F3", None], ["closed", "F4", None], ["changed", "F2", "level;services"],
    ]  # fmt: skip
    assert found["cost"].tolist()[0] == 4.0


def test_what_a_plan_opens_costs_the_sum_and_per_person_who_gains():
    today = draw_figures("today", [10, 20, 30], [0, NAN, 700], ("F1",))
    plan = draw_figures("plan", [10, 20, 30], [NAN, 600, 600], ("F1", "F2", "F3"))
    row = compare_figures([today, plan]).pairs.iloc[0]

    assert (row["n_opened"], row["cost_opened"], row["n_without_cost"]) == (2, 6.5, 0)
    assert row["cost_per_gained"] == 6.5 / 50  # those who lose are no part of it
    assert row["cost_per_thousand_gained"] == 130.0


@pytest.mark.parametrize(
    ("stations", "seconds", "cost"),
    [
        pytest.param(("F1", "F2", "F4"), [0, 60], NAN, id="a cost is missing"),
        pytest.param(("F1", "F2"), [0, NAN], 2.5, id="nobody gains"),
        pytest.param(("F1",), [0, 60], 0.0, id="nothing opens"),
    ],
)
def test_no_cost_per_person_where_there_is_none(stations, seconds, cost):
    today = draw_figures("today", [1, 1], [0, NAN])
    row = compare_figures([today, draw_figures("plan", [1, 1], seconds, stations)]).pairs.iloc[0]

    assert same(row["cost_opened"], cost)
    assert math.isnan(row["cost_per_gained"])


def test_times_beyond_twice_the_cutoff_are_not_known():
    today = draw_figures("today", [1, 2], [2 * CUTOFF_S, 2 * CUTOFF_S + 1])
    row = compare_figures([today, draw_figures("plan", [1, 2], [0, 0])]).pairs.iloc[0]

    assert (row["timed_demand"], row["person_minutes_saved"]) == (1.0, 20.0)


def test_points_say_what_changes_against_the_baseline():
    drawn = [draw_figures("today", [1, 2, 3, 4], [0, NAN, 0, NAN]), draw_figures("A", [1, 2, 3, 4], [0, 0, NAN, NAN])]
    points = compare_figures(drawn).points[GROUP]

    assert points["change"].tolist() == ["kept", "gained", "lost", "uncovered"]
    assert points["time_after_s"].tolist() == pytest.approx([0, 0, NAN, NAN], nan_ok=True)


def test_a_comparison_changes_none_of_its_arguments():
    drawn = [draw_figures("today", [1, 2], [0, NAN]), draw_figures("A", [1, 2], [NAN, 5])]
    before = [plan.points[GROUP].copy() for plan in drawn]
    compare_figures(drawn)

    assert all(plan.points[GROUP].equals(copy) for plan, copy in zip(drawn, before, strict=True))
    assert np.isnan(drawn[0].points[GROUP]["time_s"][1])


def test_names_repeat_is_refused():
    with pytest.raises(ConfigError, match="different names, got 2: A, A"):
        compare_figures([draw_figures("A", [1], [0]), draw_figures("A", [1], [0])])
