"""Plans of several folders on one page: the same demand and streets, the scenarios of all."""

from dataclasses import replace

import pytest

from coverage_planner.errors import InputError
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.report.map_data import MapData, map_data
from coverage_planner.report.map_data_merge import merge_map_data
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from drawn import draw_network, draw_points
from drawn_map_data import draw_circles, draw_map_data, draw_outcomes
from map_page import Page

PLACES = {"A": (0, 0), "B": (600, 0), "C": (1200, 0), "D": (600, 500)}
NETWORK = draw_network(PLACES, [("ABC", {"highway": "primary"}), ("BD", {})])
GROUPS = [
    Group("walkers", "walk", 400.0, draw_points((20, 3), (500, 0), (900, 4), (600, 400))),
    Group(
        "drivers", "drive", 60.0,
        build_stretches(NETWORK, "drive", weights={"primary": 2.0}, spacing_m=500, ahead_m=400), visit="pass",
    ),
]  # fmt: skip
TODAY = Scenario("today", draw_points((10, 0), prefix="F"))


def plan(*sites, groups=GROUPS, today=TODAY):
    """Today and a proposal of a plan."""
    scenarios = [today, today.with_sites("proposed", draw_points(*sites, prefix="C"))]
    return map_data([evaluate(scenario, NETWORK, groups) for scenario in scenarios])


@pytest.fixture(scope="module")
def plans():
    return [plan((1190, 0)), plan((600, 480), (1190, 0))]


def test_today_stands_once_and_every_plan_by_its_name(plans):
    merged = merge_map_data(plans, ["east", "both"]).content
    assert [(s["name"], s["role"]) for s in merged["scenarios"]] == [
        ("today", "today"), ("east", "proposed"), ("both", "proposed"),
    ]  # fmt: skip
    assert [station["id"] for station in merged["stations"]] == ["F0", "C0", "C0", "C1"]
    assert [s["stations"] for s in merged["scenarios"]] == [[0], [0, 1], [0, 2, 3]]
    assert [(site["station"], site["scenario"]) for site in merged["sites"]] == [(1, "east"), (2, "both"), (3, "both")]
    assert merged["title"] == "east / both"


def test_a_merged_page_finds_the_times_of_each_plan(plans):
    merged = Page(merge_map_data(plans, ["east", "both"]).content)
    alone = [Page(data.content) for data in plans]
    for group in range(2):
        for scenario, (page, own) in enumerate([(alone[0], 0), (alone[0], 1), (alone[1], 1)]):
            wanted = page.point_times(group, page.chosen(own, "", None))
            assert merged.point_times(group, merged.chosen(scenario, "", None)) == wanted
            assert merged.covered(group, scenario).tolist() == page.covered(group, own).tolist()


def test_equal_stations_of_plans_stand_once():
    data = draw_map_data()
    merged = merge_map_data([data, data, data], ["A", "B", "C"])
    assert merged.content["stations"] == data.content["stations"]
    assert merged.content["open"] == data.content["open"]
    assert merged.content["groups"] == data.content["groups"]
    assert [s["name"] for s in merged.content["scenarios"]] == ["现状", "A", "B", "C"]
    for scenario in merged.content["scenarios"][1:]:
        assert scenario == data.content["scenarios"][1] | {"name": scenario["name"]}


def test_plans_of_another_today_keep_both():
    other = Scenario("today", draw_points((10, 0), (600, 450), prefix="F"))
    merged = merge_map_data([plan((1190, 0)), plan((1190, 0), today=other)], ["A", "B"]).content
    assert [s["name"] for s in merged["scenarios"]] == ["today", "today (B)", "A", "B"]
    assert [s["role"] for s in merged["scenarios"]] == ["today", "today", "proposed", "proposed"]


def test_a_plan_without_a_proposal_is_shown_by_its_name():
    today = map_data([evaluate(TODAY, NETWORK, GROUPS)])
    merged = merge_map_data([today, plan((1190, 0))], ["as it is", "east"]).content
    assert [s["name"] for s in merged["scenarios"]] == ["as it is", "east"]


def test_what_differs_is_named(plans):
    slower = [replace(GROUPS[0], cutoff_s=500.0), replace(GROUPS[1], demand=GROUPS[1].demand.iloc[1:])]
    with pytest.raises(
        InputError, match=r"'A' and 'B' differ in 2: its cutoff of group 'walkers', its demand of group"
    ):
        merge_map_data([plans[0], plan((1190, 0), groups=slower)], ["A", "B"])
    with pytest.raises(InputError, match=r"the modes and their speeds, the groups \(walkers, drivers and walkers\)"):
        merge_map_data([plans[0], plan((1190, 0), groups=GROUPS[:1])], ["A", "B"])
    other = MapData({**plans[0].content, "direction": "from_facility", "week": {}})
    with pytest.raises(
        InputError, match="differ in 2: the direction of travel, the week and its special dates; run both"
    ):
        merge_map_data([plans[0], other], ["A", "B"])
    outcomes = draw_outcomes()
    with pytest.raises(InputError, match="the streets, "):
        merge_map_data([plans[0], map_data(outcomes, circles=draw_circles(outcomes))], ["A", "B"])


def test_names_must_be_as_many_as_plans_and_not_repeat(plans):
    with pytest.raises(InputError, match="got 2 with 1 names"):
        merge_map_data(plans, ["A"])
    with pytest.raises(InputError, match="must not repeat, got 2: A, A; rename one"):
        merge_map_data(plans, ["A", "A"])


def test_plans_without_any_station_are_merged_too():
    nobody = Scenario("today", TODAY.facilities.iloc[:0])
    data = map_data([evaluate(nobody, NETWORK, GROUPS)])
    merged = Page(merge_map_data([data, plan((1190, 0), today=nobody)], ["A", "B"]).content)
    assert [s["stations"] for s in merged.data["scenarios"]] == [[], [0]]
    assert not merged.covered(0, 0).any()
    assert merged.covered(0, 1).tolist() == [False, False, True, False]
