"""Scenarios side by side: evaluated on a street of 4 km; made-up plans are in test_plan_pairs.py."""

import math

import geopandas as gpd
import pytest
import shapely

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.scenario.compare import compare
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from drawn import CRS, draw_network, draw_points

# Two places to open on a street of 4 km; 15 minutes on foot are 1200 m.
#
#   D0   D1        D2        D3   D4
#   A---------------M---------------B
PLACES = {"A": (-2000, 0), "M": (0, 0), "B": (2000, 0)}
DEMAND = draw_points((-2000, 0), (-1000, 0), (0, 0), (1000, 0), (1900, 0), prefix="D").assign(
    demand=[1.0, 2.0, 4.0, 8.0, 16.0]
)
COMMUNITIES = gpd.GeoDataFrame(
    {"id": ["W", "E"], "name": ["西社区", "东社区"]},
    geometry=[shapely.box(-2100, -100, -500, 100), shapely.box(-500, -100, 2100, 100)],
    crs=CRS,
)


@pytest.fixture(scope="module")
def network():
    return draw_network(PLACES, [("AMB", {})])


def groups(cutoff_s=900.0, demand=DEMAND):
    return [Group("walkers", "walk", cutoff_s, demand), Group("riders", "ebike", 300.0, demand)]


def outcome(network, name, *places, communities=COMMUNITIES, **changes):
    stations = draw_points(*places, prefix="F")
    return evaluate(Scenario(name, stations), network, groups(**changes), communities=communities)


def test_points_say_what_changed_for_them(network):
    before, after = outcome(network, "today", (-1000, 0)), outcome(network, "moved", (1000, 0))
    points = compare([before, after]).points["walkers"].set_index("id")

    assert points["change"].to_dict() == {"D0": "lost", "D1": "lost", "D2": "kept", "D3": "gained", "D4": "gained"}
    assert points["scenario"].unique().tolist() == ["moved"]
    assert points["demand"].tolist() == DEMAND["demand"].tolist()
    assert points["time_before_s"].tolist() == pytest.approx([750, 0, 750, 1500, math.nan], nan_ok=True, abs=0.01)
    assert points["time_after_s"].tolist() == pytest.approx([math.nan, 1500, 750, 0, 675], nan_ok=True, abs=0.01)


def test_points_without_a_station_before_and_after_are_uncovered(network):
    before, after = outcome(network, "today", (-2000, 0)), outcome(network, "plan", (-2000, 0), (-1000, 0))

    assert compare([before, after]).points["walkers"]["change"].tolist() == [
        "kept", "kept", "gained", "uncovered", "uncovered",
    ]  # fmt: skip


def test_every_scenario_is_compared_with_the_first(network):
    scenarios = [
        outcome(network, "today", (-2000, 0)),
        outcome(network, "plan A", (-2000, 0), (1000, 0)),
        outcome(network, "plan B", (-2000, 0), (-800, 0), (1000, 0)),
    ]
    comparison = compare(scenarios)

    overall = comparison.overall.set_index(["group", "scenario"])
    assert overall.index.tolist() == [(g, s) for s in ("today", "plan A", "plan B") for g in ("walkers", "riders")]
    walkers = overall.loc["walkers"]
    assert walkers["covered_demand"].to_dict() == {"today": 3.0, "plan A": 31.0, "plan B": 31.0}
    assert walkers["change_covered_demand"].to_dict() == {"today": 0.0, "plan A": 28.0, "plan B": 28.0}
    assert walkers["change_mean_time_s"].iloc[0] == 0.0
    for measure in (
        "covered_demand_share",
        "covered_point_share",
        "covered_area_share",
        "covered_road_share",
        "mean_time_s",
    ):
        for scenario in scenarios:
            now = scenario.groups["walkers"].shares[measure].iloc[0]
            was = scenarios[0].groups["walkers"].shares[measure].iloc[0]
            assert walkers.loc[scenario.scenario.name, f"change_{measure}"] == pytest.approx(now - was)
    assert comparison.points["walkers"]["scenario"].tolist() == ["plan A"] * 5 + ["plan B"] * 5


def test_communities_say_what_changed_in_them(network):
    before, after = outcome(network, "today", (-1000, 0)), outcome(network, "moved", (1000, 0))
    areas = compare([before, after]).areas
    walkers = areas[areas["group"] == "walkers"].set_index(["scenario", "id"])

    assert walkers["demand"].to_dict() == {("today", "W"): 3.0, ("today", "E"): 28.0, ("moved", "W"): 3.0, ("moved", "E"): 28.0}  # fmt: skip
    assert walkers["covered_demand_share"].tolist() == pytest.approx([1.0, 4 / 28, 0.0, 1.0])
    assert walkers["change_covered_demand_share"].tolist() == pytest.approx([0.0, 0.0, -1.0, 24 / 28])
    assert walkers["name"].tolist() == ["西社区", "东社区"] * 2
    assert set(areas["group"]) == {"walkers", "riders"}


def test_without_communities_there_are_no_areas(network):
    before = outcome(network, "today", (-1000, 0), communities=None)
    after = outcome(network, "moved", (1000, 0), communities=None)
    areas = compare([before, after]).areas

    assert areas.empty
    assert "change_covered_demand_share" in areas.columns


def test_gains_less_losses_are_the_change_of_the_sum(network):
    before, after = outcome(network, "today", (-1000, 0)), outcome(network, "moved", (1000, 0))
    comparison = compare([before, after])
    for name in ("walkers", "riders"):
        demand = comparison.points[name].groupby("change")["demand"].sum()
        row = comparison.overall.set_index(["group", "scenario"]).loc[(name, "moved")]
        assert demand.get("gained", 0.0) - demand.get("lost", 0.0) == pytest.approx(row["change_covered_demand"])


# --- what is refused ---


def test_one_scenario_is_no_comparison(network):
    with pytest.raises(ConfigError, match="at least two scenarios with different names, got 1: today"):
        compare([outcome(network, "today", (0, 0))])


def test_scenarios_have_names_of_their_own(network):
    with pytest.raises(ConfigError, match="different names, got 2: today, today"):
        compare([outcome(network, "today", (0, 0)), outcome(network, "today", (1000, 0))])


def test_other_groups_are_refused(network):
    other = evaluate(Scenario("plan", draw_points((0, 0), prefix="F")), network, groups()[:1])
    with pytest.raises(InputError, match=r"the same groups, got \['walkers', 'riders'\] and \['walkers'\]"):
        compare([outcome(network, "today", (0, 0)), other])


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"cutoff_s": 600.0}, id="cutoff"),
        pytest.param({"demand": DEMAND.iloc[:4]}, id="fewer points"),
        pytest.param({"demand": DEMAND.assign(demand=1.0)}, id="other weights"),
        pytest.param({"demand": DEMAND.iloc[::-1].reset_index(drop=True)}, id="other order"),
    ],
)
def test_groups_that_differ_are_refused(network, changes):
    with pytest.raises(
        InputError,
        match="group 'walkers' must have the same demand points, mode, cutoff and direction in 'today' and 'plan'",
    ):
        compare([outcome(network, "today", (0, 0)), outcome(network, "plan", (0, 0), **changes)])


def test_travel_to_the_station_is_not_compared_with_travel_from_it(network):
    stations = draw_points((0, 0), prefix="F")
    there, back = (
        evaluate(Scenario(direction, stations), network, groups(), direction=direction)
        for direction in ("to_facility", "from_facility")
    )
    with pytest.raises(InputError, match="mode, cutoff and direction in 'to_facility' and 'from_facility'"):
        compare([there, back])
