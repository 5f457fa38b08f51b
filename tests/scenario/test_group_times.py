"""One search for all groups that travel alike gives what separate searches give, bit for bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from tests.drawn import draw_network, draw_points

from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.scenario.group_times import group_times, with_parking
from coverage_planner.scenario.scenario import Group
from coverage_planner.traveltime.detours import detour_times
from coverage_planner.traveltime.times import travel_times

PLACES = {"A": (0, 0), "B": (300, 0), "C": (600, 0), "D": (0, 250), "E": (300, 250), "F": (600, 250)}
NETWORK = draw_network(
    PLACES,
    [("ABC", {"highway": "primary", "oneway": "yes"}), ("DEF", {}), ("AD", {}), ("BE", {"highway": "footway"}),
     ("CF", {}), ("FE", {"highway": "primary"})],
)  # fmt: skip
FACILITIES = draw_points((40, 10), (310, 240), (590, 20), (900, 900), prefix="F").assign(
    entry_delay_s=[0.0, None, 12.345, 0.0]
)
STRETCHES = build_stretches(NETWORK, "drive", weights={"primary": 2.0}, spacing_m=150, ahead_m=400)
TABLES = [
    draw_points((10, 5), (200, 30), (550, 260)),
    draw_points((450, 10), (320, 100)).to_crs("EPSG:32649"),
    draw_points((605, 130), (5000, 5000), (0, 0), (20, 240)),
]


def separately(group, limit_s, direction="to_facility"):
    facilities = with_parking(FACILITIES, group.parking_s)
    if group.visit == "pass":
        return detour_times(NETWORK, facilities, group.demand, mode=group.mode, limit_s=limit_s, direction=direction)
    return travel_times(NETWORK, facilities, group.demand, mode=group.mode, limit_s=limit_s, direction=direction)


def assert_same(one, other):
    for name in ("facility_ids", "demand_ids", "indptr", "indices", "seconds"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a.dtype, a.tolist()) == (b.dtype, b.tolist()), name
    for name in ("limit_s", "direction", "mode_name", "mode_description"):
        assert getattr(one, name) == getattr(other, name)
    for name in ("facility_snaps", "demand_snaps"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


@st.composite
def some_groups(draw):
    groups = []
    for number in range(draw(st.integers(1, 5))):
        visit = draw(st.sampled_from(["stay", "stay", "pass"]))
        mode = "drive" if visit == "pass" else draw(st.sampled_from(["walk", "ebike", "drive"]))
        demand = STRETCHES if visit == "pass" else draw(st.sampled_from(TABLES))
        parking_s = draw(st.sampled_from([0.0, 0.0, 20.5]))
        groups.append(Group(f"g{number}", mode, 900.0, demand, visit=visit, parking_s=parking_s))
    limits = st.sampled_from([30.0, 77.0005, 120.0, 300.0])
    return groups, {group.name: draw(limits) for group in groups}


@settings(max_examples=8)
@given(drawn=some_groups(), direction=st.sampled_from(["to_facility", "from_facility"]))
def test_together_is_as_separately(drawn, direction):
    groups, limit_s = drawn
    found = group_times(NETWORK, FACILITIES, groups, limit_s=limit_s, direction=direction, threads=1)
    assert list(found) == [group.name for group in groups]
    for group in groups:
        assert_same(found[group.name], separately(group, limit_s[group.name], direction))


def test_stretches_may_be_in_several_crs():
    far = STRETCHES.to_crs("EPSG:32649")
    groups = [Group("near", "drive", 300.0, STRETCHES, visit="pass"), Group("far", "drive", 300.0, far, visit="pass")]
    found = group_times(NETWORK, FACILITIES, groups, limit_s={"near": 300.0, "far": 300.0}, threads=1)
    assert_same(found["far"], found["near"])


def test_groups_that_travel_alike_are_searched_once(monkeypatch):
    import coverage_planner.scenario.group_times as module

    searches = []
    search = module.search_pairs
    monkeypatch.setattr(module, "search_pairs", lambda *a, **k: searches.append(k) or search(*a, **k))
    groups = [Group(name, "walk", 300.0, table) for name, table in zip("abc", TABLES, strict=True)]
    done = []
    group_times(
        NETWORK, FACILITIES, groups, limit_s={"a": 60.0, "b": 100.0, "c": 80.0}, progress=lambda *at: done.append(at)
    )
    assert [search["limit_ms"] for search in searches] == [100_000]
    assert done == [(3, 3)]


def test_parking_is_added_at_every_door():
    parked = with_parking(FACILITIES, 30.0)
    assert parked["entry_delay_s"].tolist() == [30.0, 30.0, 42.345, 30.0]
    assert np.isnan(FACILITIES["entry_delay_s"][1])
    assert with_parking(FACILITIES, 0.0) is FACILITIES
    assert with_parking(FACILITIES.drop(columns="entry_delay_s"), 5.0)["entry_delay_s"].tolist() == [5.0] * 4
    group, still = (Group("g", "ebike", 900.0, TABLES[0], parking_s=parking_s) for parking_s in (30.0, 0.0))
    later, sooner = (
        group_times(NETWORK, FACILITIES, [who], limit_s={"g": 900.0})["g"].matrix() for who in (group, still)
    )
    assert sooner.nnz == later.nnz > 0
    np.testing.assert_allclose(later.data - sooner.data, 30.0, atol=1e-4)


def test_wrong_parking_and_delays_are_refused():
    with pytest.raises(ConfigError, match="parking_s must be seconds from 0 up, got -1"):
        with_parking(FACILITIES, -1.0)
    with pytest.raises(SchemaError, match="entry_delay_s must be seconds from 0 up; not so in 1: F2"):
        with_parking(FACILITIES.assign(entry_delay_s=[0, 0, -5, 0]), 10.0)


def test_repeated_names_missing_limits_and_unknown_directions_are_refused():
    walkers = Group("w", "walk", 300.0, TABLES[0])
    with pytest.raises(ConfigError, match=r"names of groups must not repeat, got .*w"):
        group_times(NETWORK, FACILITIES, [walkers, walkers], limit_s={"w": 60.0})
    with pytest.raises(ConfigError, match="limit_s must have a limit of every group, missing 1: w"):
        group_times(NETWORK, FACILITIES, [walkers], limit_s={})
    with pytest.raises(ConfigError, match="direction must be one of to_facility, from_facility, got 'up'"):
        group_times(NETWORK, FACILITIES, [walkers], limit_s={"w": 60.0}, direction="up")
