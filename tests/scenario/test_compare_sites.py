"""Candidate sites compared on a street drawn by hand, against searches and loops of the test's own."""

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.network.build import build_network
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.scenario.compare_sites import compare_sites, study_sites
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.traveltime.detours import detour_times
from coverage_planner.traveltime.times import travel_times
from drawn import CRS, draw_points, draw_roads

#  D0    D1   S   D2      D3         D4            D5
#  A----------------------M----------B-------------E      4.8 km/h: 80 m a minute
#       W1          E1                   E2
ROADS = draw_roads({"A": (0, 0), "M": (2000, 0), "B": (3000, 0), "E": (4500, 0)}, [("AMBE", {})])
NETWORK = build_network(ROADS, small_component_m=0)
DEMAND = draw_points((0, 0), (400, 0), (1300, 0), (2100, 10), (3000, 0), (4400, 0), prefix="D").assign(
    demand=[3.0, 5.0, 7.0, 11.0, 13.0, 17.0]
)
STATIONS = draw_points((700, 0), prefix="F")
SITES = draw_points((300, 0), (1900, 0), (3500, 0), prefix="C").assign(
    id=["W1", "E1", "E2"], name=["西门", "中街", "东桥"], cost=[4.0, None, 12.0], newly_covered_demand=99.0
)
COMMUNITIES = gpd.GeoDataFrame(
    {"id": ["c1", "c2", "c3"], "name": ["西社区", "中社区", "东社区"]},
    geometry=[shapely.box(-50, -50, 1000, 50), shapely.box(1000, -50, 2500, 50), shapely.box(2500, -50, 4600, 50)],
    crs=CRS,
)

#: No other assumptions.
ALONE = {"cutoffs_s": [], "speed_factors": []}


def evaluated(*, stations=STATIONS, communities=COMMUNITIES, groups=None, **options):
    groups = groups or [Group("walkers", "walk", 900.0, DEMAND)]
    return evaluate(Scenario("today", stations), NETWORK, groups, communities=communities, **options)


@pytest.fixture(scope="module")
def today():
    return evaluated()


@pytest.fixture(scope="module")
def study(today):
    return study_sites(today, SITES, demands={"west": DEMAND.assign(demand=[9.0, 0, 0, 1, 0, 0])})


def test_one_row_for_each_candidate_the_best_first(study):
    # on foot 15 minutes are 1200 m: W1 reaches D0 to D2, E1 D2 to D4, E2 D4 and D5; F0 covers D0 to D2 today
    table = study.table.set_index("id")
    assert table.index.tolist() == ["E2", "E1", "W1"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["newly_covered_demand"].tolist() == [30.0, 24.0, 0.0]
    assert table["newly_covered_share"].tolist() == pytest.approx([30 / 41, 24 / 41, 0.0])
    assert table["overlap_existing_demand"].tolist() == [0.0, 7.0, 15.0]
    assert table["catchment_demand"].tolist() == [30.0, 31.0, 15.0]
    assert table["new_worst_time_s"].tolist() == pytest.approx([675.0, 825.0, math.nan], nan_ok=True)
    mean = (13 * 500 + 17 * 900) / 30 / (4.8 / 3.6)
    assert table["new_mean_time_s"]["E2"] == pytest.approx(mean, abs=0.01)
    assert table["mean_time_s"]["E2"] == pytest.approx(mean, abs=0.01)
    assert table["cost_per_person"].tolist() == pytest.approx([0.4, math.nan, math.nan], nan_ok=True)
    assert table["cost_note"].tolist() == [None, "no cost given", "covers nobody new"]
    assert table["name"].tolist() == ["东桥", "中街", "西门"]
    assert study.table.crs == SITES.crs


def test_each_takes_from_the_other_what_both_would_cover(study):
    pairs = study.pairs.set_index(["id", "other_id"])
    assert pairs["lost_demand"].to_dict() == {("E2", "E1"): 13.0, ("E1", "E2"): 13.0}
    assert pairs["left_demand"].to_dict() == {("E2", "E1"): 17.0, ("E1", "E2"): 11.0}
    assert pairs["lost_share"].tolist() == pytest.approx([13 / 30, 13 / 24])
    synergy = study.synergy()
    assert synergy.columns.tolist() == synergy.index.tolist() == ["E2", "E1", "W1"]
    assert np.isnan(np.diag(synergy)).all()
    assert (synergy.fillna(0.0).to_numpy() == synergy.fillna(0.0).to_numpy().T).all()
    assert synergy.loc["W1", "E1"] == 0.0
    row = study.table.set_index("id").loc["E1"]
    assert (row["most_shared_id"], row["most_shared_demand"]) == ("E2", 13.0)


def test_communities_leave_the_list_of_gaps_when_little_of_them_stays_uncovered(today, study):
    # 中社区: 18 demand, 11 uncovered (D3); 东社区: 30, all uncovered
    table = study.table.set_index("id")
    assert table["communities_leaving"].to_dict() == {"E2": "东社区", "E1": "中社区", "W1": None}
    found = study.communities.set_index(["id", "community_id"])
    assert found.loc[("E1", "c3"), "uncovered_after_demand"] == 17.0
    assert found.loc[("E1", "c3"), "uncovered_after_share"] == pytest.approx(17 / 30)
    assert not found.loc[("E1", "c3"), "leaves"]
    assert ("W1", "c1") not in found.index
    looser = compare_sites(today, SITES, listed_above=0.6, **ALONE).set_index("id")
    assert looser["communities_leaving"]["E1"] == "中社区; 东社区"
    always = compare_sites(today, SITES, listed_above=0.99, **ALONE).set_index("id")
    assert always["communities_leaving"].to_dict() == {
        "E2": "东社区",
        "E1": "东社区",
        "W1": None,
    }  # 中社区 is not listed


def at_speed(factor, facilities, demand, limit_s):
    """Times on a network that is built with the other speed, nothing derived."""
    mode = PRESET_MODES["walk"]
    mode = replace(mode, speed_kph=mode.speed_kph * factor, access_speed_kph=mode.access_speed_kph * factor)
    network = build_network(ROADS, modes={"walk": mode}, small_component_m=0)
    times = travel_times(network, facilities, demand, mode="walk", limit_s=limit_s, threads=1)
    return times.matrix().toarray(), times.to_frame()


@pytest.mark.parametrize(
    ("kind", "value"), [("cutoff", 600.0), ("cutoff", 1200.0), ("speed", 0.8), ("speed", 1.2), ("demand", "west")]
)
def test_ranks_under_other_assumptions_hold_stations_to_them_too(study, kind, value):
    column = {"cutoff": "cutoff_s", "speed": "speed_factor", "demand": "demand_source"}[kind]
    ranks = study.ranks[(study.ranks["kind"] == kind) & (study.ranks[column] == value)]
    cutoff = value if kind == "cutoff" else 900.0
    factor = value if kind == "speed" else 1.0
    weights = [9.0, 0, 0, 1, 0, 0] if kind == "demand" else DEMAND["demand"].tolist()
    _, near = at_speed(factor, STATIONS, DEMAND, cutoff)
    _, reached = at_speed(factor, SITES, DEMAND, cutoff)
    weight = dict(zip(DEMAND["id"], weights, strict=True))
    already = set(near["demand_id"])
    expected = {
        site: sum(weight[p] for p in reached["demand_id"][reached["facility_id"] == site] if p not in already)
        for site in SITES["id"]
    }
    assert dict(zip(ranks["id"], ranks["newly_covered_demand"], strict=True)) == expected
    ordered = ranks.sort_values("rank")["newly_covered_demand"].tolist()
    assert ordered == sorted(expected.values(), reverse=True)
    base = study.table.set_index("id")["rank"]
    assert (ranks["rank_change"].to_numpy() == (ranks["rank"].to_numpy() - base[ranks["id"]].to_numpy())).all()
    own = study.assumptions[(study.assumptions["kind"] == kind) & (study.assumptions[column] == value)].iloc[0]
    assert own["covered_demand"] == sum(weight[p] for p in already)
    label = {"cutoff": f"rank_cutoff_{value}s", "speed": f"rank_speed_{value}", "demand": "rank_demand_west"}[kind]
    label = label.replace(".0s", "s")
    assert study.table.set_index("id")[label].to_dict() == dict(zip(ranks["id"], ranks["rank"], strict=True))


def test_the_range_of_ranks_is_that_of_all_assumptions(study):
    wide = study.ranks.pivot_table(index="id", columns="assumption", values="rank")
    table = study.table.set_index("id")
    assert table["best_rank"].to_dict() == wide.min(axis=1).to_dict()
    assert table["worst_rank"].to_dict() == wide.max(axis=1).to_dict()
    assert study.assumptions["assumption"].tolist() == list(range(6))
    assert study.assumptions["mode_description"].tolist()[3] == "walk (3.84 km/h)"


@settings(max_examples=3)
@given(
    parking_s=st.sampled_from([0.0, 100.0]),
    direction=st.sampled_from(["to_facility", "from_facility"]),
    delays=st.lists(st.sampled_from([0.0, 60.0, 250.0]), min_size=3, max_size=3),
    east=st.sampled_from([1200.0, 2600.0]),
)
def test_parking_doors_and_direction_count_as_everywhere(parking_s, direction, delays, east):
    sites = SITES.assign(entry_delay_s=delays)
    stations = draw_points((east, 60), prefix="F")
    group = Group("walkers", "walk", 900.0, DEMAND, parking_s=parking_s)
    found = compare_sites(
        evaluated(stations=stations, groups=[group], communities=None, direction=direction), sites,
        **ALONE,
    ).set_index("id")  # fmt: skip
    options = {"mode": "walk", "limit_s": 900.0, "direction": direction, "threads": 1}
    near = travel_times(NETWORK, with_parking(stations, parking_s), DEMAND, **options).to_frame()
    reached = travel_times(NETWORK, with_parking(sites, parking_s), DEMAND, **options).to_frame()
    weight = dict(zip(DEMAND["id"], DEMAND["demand"], strict=True))
    for site in sites["id"]:
        own = set(reached["demand_id"][reached["facility_id"] == site])
        assert found["newly_covered_demand"][site] == sum(weight[p] for p in own - set(near["demand_id"]))
    assert not [name for name in found if name.startswith("rank_")]


ROAD = build_network(
    draw_roads(
        {"A": (0, 0), "B": (3000, 0), "C": (1500, 900)}, [("AB", {"highway": "primary"}), ("AC", {}), ("CB", {})]
    )
)
STRETCHES = build_stretches(ROAD, "drive", weights={"primary": 2.0}, spacing_m=300, ahead_m=600)


def passing(network=ROAD):
    group = Group("drivers", "drive", 120.0, STRETCHES, visit="pass")
    return evaluate(Scenario("today", draw_points((100, 0), prefix="F")), network, [group])


def test_groups_that_pass_by_are_compared_by_their_detours():
    sites = draw_points((2800, 0), (1500, 880), prefix="C")
    study = study_sites(passing(), sites, cutoffs_s=[60.0, 120.0, 240.0])
    options = {"mode": "drive", "limit_s": 120.0, "threads": 1}
    near = set(detour_times(ROAD, draw_points((100, 0), prefix="F"), STRETCHES, **options).to_frame()["demand_id"])
    reached = detour_times(ROAD, sites, STRETCHES, **options).to_frame()
    weight = dict(zip(STRETCHES["id"], STRETCHES["demand"], strict=True))
    for row in study.table.to_dict("records"):
        own = set(reached["demand_id"][reached["facility_id"] == row["id"]])
        assert row["newly_covered_demand"] == pytest.approx(sum(weight[p] for p in own - near))
    speeds = study.ranks.pivot_table(index="speed_factor", values="newly_covered_demand", aggfunc="sum")
    assert len(speeds) == 3
    described = study.assumptions["mode_description"].tolist()
    assert described[-2:] == ["drive (class speeds x 0.48), detour", "drive (class speeds x 0.72), detour"]


def test_other_speeds_of_who_passes_by_and_waits_at_junctions_are_refused():
    mode = replace(PRESET_MODES["drive"], junction_delay_s=5.0)
    roads = draw_roads(
        {"A": (0, 0), "B": (1500, 0), "C": (3000, 0), "D": (1500, 900)},
        [("ABC", {"highway": "primary"}), ("BD", {"highway": "primary"})],
    )
    network = build_network(roads, modes={"drive": mode}, small_component_m=0)
    stretches = build_stretches(network, "drive", weights={"primary": 2.0}, spacing_m=300, ahead_m=600)
    group = Group("drivers", "drive", 120.0, stretches, visit="pass")
    today = evaluate(Scenario("today", draw_points((100, 0), prefix="F")), network, [group])
    sites = draw_points((2800, 0), prefix="C")
    with pytest.raises(ConfigError, match=r"speed_factors must be \(1\.0,\) for a group that passes by and waits"):
        compare_sites(today, sites)
    assert len(compare_sites(today, sites, speed_factors=[1.0])) == 1


def test_what_cannot_be_compared_is_said(today):
    with pytest.raises(
        ConfigError, match=r"group must be one that was evaluated, got 'nobody'; choose one of .*walkers"
    ):
        compare_sites(today, SITES, group="nobody")
    with pytest.raises(InputError, match="at least one candidate to compare, got none"):
        compare_sites(today, SITES.iloc[:0])
    with pytest.raises(SchemaError, match=r"must have other ids than the stations, got .*F0"):
        compare_sites(today, SITES.assign(id=["F0", "x", "y"]))
    with pytest.raises(ConfigError, match="listed_above must be a share"):
        compare_sites(today, SITES, listed_above=1.0)
    with pytest.raises(ConfigError, match="cutoffs_s must be positive, got 0 s"):
        compare_sites(today, SITES, cutoffs_s=[0.0])
    with pytest.raises(ConfigError, match="a factor of speed"):
        compare_sites(today, SITES, speed_factors=[0.0])
    with pytest.raises(SchemaError, match="demand 'x'"):
        compare_sites(today, SITES, demands={"x": DEMAND.drop(columns="demand")})
    with pytest.raises(InputError, match="demand 'x' must have at least one demand point, got none"):
        compare_sites(today, SITES, demands={"x": DEMAND.iloc[:0]})


def test_an_outcome_with_another_snap_limit_is_refused():
    aside = draw_points((700, 150), prefix="F")
    with pytest.raises(InputError, match=r"snap limit of the comparison \(100 m\), but coverage differs at 3 demand"):
        compare_sites(evaluated(stations=aside), SITES, snap_limit_m=100.0)


def test_candidates_without_a_street_are_told_and_reach_nobody(today):
    far = SITES.assign(geometry=[SITES.geometry[0], SITES.geometry[1], shapely.Point(3500, 900)])
    with pytest.warns(UserWarning, match=r"nobody reaches .*E2"):
        found = compare_sites(today, far, **ALONE).set_index("id")
    assert found.loc["E2", ["newly_covered_demand", "catchment_demand"]].tolist() == [0.0, 0.0]


def test_nothing_given_is_changed_and_progress_counts_searches(today):
    before = SITES.copy()
    told = []
    compare_sites(today, SITES, progress=lambda done, all_: told.append((done, all_)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    pd.testing.assert_frame_equal(before, SITES)


def test_without_communities_nobody_leaves():
    study = study_sites(evaluated(communities=None), SITES, **ALONE)
    assert study.communities.empty
    assert study.table["n_communities_leaving"].tolist() == [0, 0, 0]


def test_tables_of_other_sites_are_refused(study):
    with pytest.raises(InputError, match=r"reach must have a row per site of table .* 2 and 6, got 3 and 6"):
        replace(study, table=study.table.head(2))
    with pytest.raises(InputError, match=r"must speak of the sites of table, got .*E2"):
        replace(study, table=study.table.assign(id=["x", "E1", "W1"]))
