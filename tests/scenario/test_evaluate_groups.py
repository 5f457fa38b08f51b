"""Groups that pass by, that park, and that search farther than their cutoff."""

import math

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

from coverage_planner.errors import ConfigError
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.scenario.evaluate import build_grids, evaluate
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.traveltime.detours import detour_times
from drawn import draw_network, draw_points

# A main road of 6 km; a station 300 m up a lane at its middle, another at the end of a long lane.
#
#            S          T
#            |          |
#   A ------ M -------- B ----- C
PLACES = {"A": (-3000, 0), "M": (0, 0), "S": (0, 300), "B": (1500, 0), "T": (1500, 3000), "C": (3000, 0)}
WAYS = [("AMBC", {"highway": "primary"}), ("MS", {}), ("BT", {})]


@pytest.fixture(scope="module")
def network():
    return draw_network(PLACES, WAYS)


@pytest.fixture(scope="module")
def stretches(network):
    return build_stretches(network, "drive", weights={"primary": 4.0}, spacing_m=500, ahead_m=1000)


def stations(*places):
    return draw_points(*places, prefix="F").drop(columns="demand")


def drivers(stretches, **options):
    return Group("drivers", "drive", **{"cutoff_s": 180.0, "demand": stretches, "visit": "pass"} | options)


def test_who_passes_by_is_covered_by_short_detours(network, stretches):
    scenario = Scenario("today", stations((0, 300)))
    found = evaluate(scenario, network, [drivers(stretches)]).headline
    times = detour_times(network, scenario.facilities, stretches, mode="drive", limit_s=360.0)
    assert found.times.seconds.tolist() == times.seconds.tolist()
    near = np.zeros(len(stretches), dtype=bool)
    near[times.indices[times.seconds <= 180]] = True
    assert 0 < near.sum() < len(stretches)
    assert found.coverage.covered.tolist() == near.tolist()
    row = found.shares.iloc[0]
    assert row["covered_demand_share"] == pytest.approx(stretches["demand"][near].sum() / stretches["demand"].sum())
    assert row["covered_road_share"] == pytest.approx(stretches["length_m"][near].sum() / stretches["length_m"].sum())
    assert math.isnan(row["covered_area_share"])
    assert "detour" in row["mode"]
    assert math.isnan(row["straight_line_radius_m"])  # a detour has no radius
    assert found.isochrones.empty
    assert found.reached_streets.empty
    assert found.gaps["n_points"].sum() == (~near).sum()


def test_no_grid_is_built_for_who_passes_by(network, stretches):
    walkers = Group("walkers", "walk", 300.0, draw_points((100, 0)))
    assert list(build_grids(network, [drivers(stretches), walkers])) == ["walkers"]


def test_parking_shortens_the_way(network):
    demand = draw_points((-500, 0), (-900, 0), (-1190, 0))
    group = Group("riders", "ebike", 300.0, demand)
    parked = Group("riders", "ebike", 300.0, demand, parking_s=60.0)
    scenario = Scenario("today", stations((0, 0)))
    bare, slow = (evaluate(scenario, network, [of]).headline for of in (group, parked))
    delayed = evaluate(Scenario("today", with_parking(scenario.facilities, 60.0)), network, [group]).headline
    assert bare.coverage.covered.tolist() == [True, True, True]
    assert slow.coverage.covered.tolist() == [True, True, False]
    assert_frame_equal(slow.coverage.points, delayed.coverage.points)
    assert slow.isochrones.geometry.area.tolist() == delayed.isochrones.geometry.area.tolist()
    assert slow.shares["straight_line_radius_m"].iloc[0] == pytest.approx(240 * 15 / 3.6)


def test_times_reach_as_far_as_a_service_needs(network):
    group = Group("walkers", "walk", 300.0, draw_points((-500, 0), (-1000, 0)))
    scenario = Scenario("today", stations((0, 0)))
    near = evaluate(scenario, network, [group]).headline
    far = evaluate(scenario, network, [group], limits_s={"walkers": 900.0}).headline
    assert (near.times.limit_s, far.times.limit_s) == (600.0, 900.0)
    assert (len(near.times.seconds), len(far.times.seconds)) == (1, 2)
    assert near.coverage.covered.tolist() == far.coverage.covered.tolist()
    with pytest.raises(ConfigError, match=r"limits_s must be for groups among walkers, got 1: walker"):
        evaluate(scenario, network, [group], limits_s={"walker": 900.0})
