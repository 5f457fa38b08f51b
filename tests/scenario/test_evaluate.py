"""Scenarios evaluated for groups, on a drawn grid of streets."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import drawn_outcome
from coverage_planner.coverage.gaps import find_gaps
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.errors import ConfigError, CrsError, InputError, NetworkError, SchemaError
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import Mode
from coverage_planner.scenario.evaluate import build_grids, evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.traveltime.isochrone import isochrones
from coverage_planner.traveltime.reach import reached_streets
from coverage_planner.traveltime.street_grid import choose_cell_m
from coverage_planner.traveltime.times import travel_times
from drawn import CRS, draw_network, draw_points, draw_roads

# A street of 4 km with a lane of 600 m up at each end; the east half is one-way towards the east.
#
#   P                             Q
#   |                             |
#   A ------------ M ---->------- B
PLACES = {"A": (-2000, 0), "M": (0, 0), "B": (2000, 0), "P": (-2000, 600), "Q": (2000, 600)}
WAYS = [("AM", {}), ("MB", {"oneway": "yes"}), ("AP", {}), ("BQ", {})]
AREA = gpd.GeoDataFrame(geometry=[shapely.box(-1500, -150, 1500, 150)], crs=CRS)


@pytest.fixture(scope="module")
def network():
    return draw_network(PLACES, WAYS)


def walkers(name="walkers", cutoff_s=900.0, **columns):
    demand = draw_points((-1900, 0), (-1000, 0), (900, 0), (1500, 0), (-2000, 500)).assign(
        demand=[1.0, 2.0, 3.0, 4.0, 5.0]
    )
    return Group(name, "walk", cutoff_s, demand.assign(**columns))


def today(*places, prefix="F"):
    return Scenario("today", draw_points(*(places or [(0, 0)]), prefix=prefix).drop(columns="demand"))


def assert_same_outcome(one, other):
    for name, group in one.groups.items():
        twin = other.groups[name]
        assert_frame_equal(group.shares, twin.shares)
        assert_frame_equal(group.coverage.points, twin.coverage.points)
        for table in ("isochrones", "reached_streets", "gaps"):
            assert_geodataframe_equal(getattr(group, table), getattr(twin, table))


def test_what_a_door_takes_shrinks_times_areas_and_streets_alike(network):
    group, scenario = walkers(cutoff_s=900.0), today((0, 0))
    slow = Scenario("slow", scenario.facilities.assign(entry_delay_s=600.0))
    delayed = evaluate(slow, network, [group], study_area=AREA).groups["walkers"]
    sooner = evaluate(scenario, network, [walkers(cutoff_s=300.0)], study_area=AREA).groups["walkers"]
    grid = {"cell_m": delayed.isochrones["cell_m"].iloc[0]}
    alone = isochrones(network, slow.facilities, mode="walk", cutoffs_s=[900.0], overlap="union", **grid)
    assert delayed.isochrones.geometry.iloc[-1].equals(shapely.intersection(alone.geometry.iloc[0], AREA.geometry[0]))
    same = ["covered_demand_share", "covered_road_share"]
    np.testing.assert_allclose(delayed.shares[same], sooner.shares[same], rtol=1e-12)
    assert 0 < delayed.shares["covered_road_share"].iloc[0] < 1


def test_grids_of_another_network_or_mode_are_refused(network):
    group, scenario = walkers(), today((0, 0))
    other = draw_network(PLACES, WAYS)
    with pytest.raises(ConfigError, match="got one for another network; build it anew"):
        evaluate(scenario, network, [group], grids=build_grids(other, [group]))
    by_bicycle = Group("walkers", "bicycle", 900.0, group.demand)
    with pytest.raises(ConfigError, match="the mode 'walk', got one for the mode 'bicycle'"):
        evaluate(scenario, network, [group], grids=build_grids(network, [by_bicycle]))


def test_every_part_of_an_outcome_is_the_public_function_of_its_stage(network):
    group, scenario = walkers(), today((0, 0), (-2000, 600))
    outcome = evaluate(scenario, network, [group], study_area=AREA).groups["walkers"]

    times = travel_times(network, scenario.facilities, group.demand, mode="walk", limit_s=1800.0)
    coverage = measure_coverage(times, group.demand, 900.0)
    assert_frame_equal(outcome.coverage.points, coverage.points)
    assert_frame_equal(outcome.coverage.facilities, coverage.facilities)
    assert_geodataframe_equal(outcome.gaps, find_gaps(coverage, group.demand, network, scenario.facilities))
    streets = reached_streets(network, scenario.facilities, mode="walk", cutoffs_s=[300, 600, 900])
    touching = streets[streets.intersects(AREA.geometry[0])].reset_index(drop=True)
    assert len(touching) < len(streets)
    assert_geodataframe_equal(outcome.reached_streets, touching)
    shares = outcome.shares.iloc[0]
    assert shares["covered_demand_share"] == pytest.approx((1 + 2 + 3 + 5) / 15)
    assert shares["covered_point_share"] == pytest.approx(4 / 5)
    assert shares["straight_line_demand_share"] == pytest.approx((1 + 2 + 3 + 5) / 15)
    assert shares["covered_road_share"] == pytest.approx((2400 + 100) / 3000)  # 100 m of those of F1


def test_the_isochrone_is_the_one_of_the_grid_cut_at_the_study_area(network):
    scenario = today((0, 0), (-2000, 600))
    grids = build_grids(network, [walkers()], study_area=AREA)
    bands = evaluate(scenario, network, [walkers()], study_area=AREA, grids=grids).headline.isochrones
    drawn = isochrones(
        network, scenario.facilities, mode="walk", cutoffs_s=[300, 600, 900], overlap="union", grid=grids["walkers"]
    )

    assert bands["cutoff_s"].tolist() == [300.0, 600.0, 900.0]
    for mine, theirs in zip(bands.geometry, drawn.geometry, strict=True):
        inside = shapely.intersection(theirs, AREA.geometry[0])
        assert inside.area > 0
        assert shapely.symmetric_difference(mine, inside).area == pytest.approx(0.0, abs=1.0)


def test_the_area_share_is_near_the_polygon_s(network):
    outcome = evaluate(today(), network, [walkers()], study_area=AREA)
    polygon = outcome.headline.isochrones.geometry.iloc[-1]
    part = polygon.intersection(AREA.geometry[0]).area / AREA.geometry[0].area

    assert outcome.headline.shares["covered_area_share"].iloc[0] == pytest.approx(part, abs=0.02)


def test_grids_given_lead_to_what_grids_built_lead_to(network):
    groups = [walkers(), Group("riders", "ebike", 300.0, walkers().demand)]
    grids = build_grids(network, groups, study_area=AREA)

    assert_same_outcome(
        evaluate(today(), network, groups, study_area=AREA, grids=grids),
        evaluate(today(), network, groups, study_area=AREA),
    )


def test_groups_that_travel_alike_share_a_grid(network):
    groups = [
        walkers(),
        walkers("neighbours"),
        walkers("slow", cutoff_s=240.0),
        Group("riders", "ebike", 300.0, walkers().demand),
    ]
    grids = build_grids(network, groups)

    assert list(grids) == ["walkers", "neighbours", "slow", "riders"]
    assert grids["walkers"] is grids["neighbours"]
    assert grids["walkers"].cell_m == choose_cell_m(1200.0)
    assert grids["slow"].cell_m == choose_cell_m(320.0) < grids["walkers"].cell_m
    assert grids["riders"] is not grids["walkers"]


def test_without_a_study_area_the_grid_covers_the_demand_and_the_way_to_its_street(network):
    grid = build_grids(network, [walkers()], snap_limit_m=100.0)["walkers"]
    x, y = grid.centres()

    assert x[0] <= -2000 - 100 + grid.cell_m
    assert x[-1] >= 1500 + 100 - grid.cell_m
    assert y[0] <= 0 - 100 + grid.cell_m
    assert y[-1] >= 500 + 100 - grid.cell_m


def test_demand_far_from_any_street_does_not_stretch_the_grid(network):
    far = walkers().demand
    far = far.set_geometry([*far.geometry[:4], shapely.Point(3_000_000, 3_000_000)])
    grid = build_grids(network, [Group("far", "walk", 900.0, far)])["far"]
    rows, columns = grid.edge.shape
    assert columns * grid.cell_m < 4000 + 2 * 200 + 3 * grid.cell_m
    assert rows * grid.cell_m < 600 + 2 * 200 + 3 * grid.cell_m

    outcome = evaluate(today(), network, [Group("far", "walk", 900.0, far)]).headline
    assert outcome.coverage.covered.tolist() == [False, True, True, False, False]


def test_demand_that_is_nowhere_near_a_street_is_uncovered(network):
    far = Group("far", "walk", 900.0, draw_points((3_000_000, 0), (3_000_000, 500)))
    outcome = evaluate(today(), network, [far]).headline
    assert outcome.shares["covered_demand_share"].iloc[0] == 0.0
    assert outcome.gaps["reason"].unique().tolist() == ["outside_data"]


def test_the_nearest_station_of_uncovered_demand_is_known_up_to_twice_the_cutoff(network):
    points = evaluate(today((-300, 0)), network, [walkers()]).headline.coverage.points.set_index("id")

    assert not points.loc["P3", "covered"]  # 1350 s away
    assert points.loc["P3", "facility_id"] == "F0"
    assert points.loc["P3", "time_s"] == pytest.approx(1350.0, abs=0.01)
    assert evaluate(today((-300, 0)), network, [walkers()]).headline.times.limit_s == 1800.0


def test_people_ride_to_the_station_unless_said_otherwise(network):
    riders = Group("riders", "ebike", 600.0, walkers().demand)
    there = evaluate(today((0, 0)), network, [riders]).headline
    back = evaluate(today((0, 0)), network, [riders], direction="from_facility").headline

    assert there.times.direction == "to_facility"
    assert there.coverage.covered.tolist() == [True, True, False, False, True]  # nobody rides against the one-way
    assert back.coverage.covered.tolist() == [True, True, True, True, True]


def test_the_first_group_is_the_headline_and_progress_is_told(network):
    told = []
    outcome = evaluate(
        today(), network, [walkers("b"), walkers("a", 300.0)], progress=lambda done, of: told.append((done, of))
    )

    assert list(outcome.groups) == ["b", "a"]
    assert outcome.headline is outcome.groups["b"]
    assert outcome.groups["a"].coverage.cutoff_s == 300.0
    assert told == [(1, 2), (2, 2)]


def test_bands_are_thirds_of_the_cutoff_or_those_given(network):
    given = {"walkers": [120.0, 900.0]}
    outcome = evaluate(today(), network, [walkers(), walkers("others", 300.0)], bands_s=given)

    assert outcome.groups["walkers"].isochrones["cutoff_s"].tolist() == [120.0, 900.0]
    assert outcome.groups["others"].isochrones["cutoff_s"].tolist() == [100.0, 200.0, 300.0]
    assert sorted(outcome.groups["walkers"].reached_streets["band_s"].unique()) == [120.0, 900.0]


def test_without_stations_nobody_is_covered(network):
    nothing = Scenario("nothing", today().facilities.iloc[:0])
    outcome = evaluate(nothing, network, [walkers()], study_area=AREA).headline

    assert outcome.shares["covered_demand_share"].iloc[0] == 0.0
    assert outcome.shares["covered_road_share"].iloc[0] == 0.0
    assert outcome.shares["covered_area_share"].iloc[0] == 0.0
    assert outcome.isochrones.is_empty.all()
    assert outcome.gaps["uncovered_demand"].sum() == pytest.approx(15.0)


def test_tables_in_another_crs_lead_to_the_same_coverage():
    shift = {name: (x + 500_000, y + 3_400_000) for name, (x, y) in PLACES.items()}
    network = draw_network(shift, WAYS)
    demand = walkers().demand
    demand = demand.set_geometry(demand.translate(500_000, 3_400_000))
    station = draw_points((500_000, 3_400_000), prefix="F")
    area = AREA.set_geometry(AREA.buffer(-5).translate(500_000, 3_400_000))  # no centre of a cell on its border
    here = evaluate(Scenario("s", station), network, [Group("g", "walk", 900.0, demand)], study_area=area)
    there = evaluate(
        Scenario("s", station.to_crs(32649)),
        network,
        [Group("g", "walk", 900.0, demand.to_crs(32649))],
        study_area=area.to_crs(32649),
    )

    assert here.headline.coverage.covered.tolist() == there.headline.coverage.covered.tolist()
    assert_frame_equal(here.headline.shares, there.headline.shares, atol=1e-3)


def test_nothing_that_was_given_is_changed(network):
    group, scenario = walkers(), today()
    demand, facilities, area = group.demand.copy(), scenario.facilities.copy(), AREA.copy()
    edges = network.edges.copy()
    evaluate(scenario, network, [group], study_area=AREA)

    assert_geodataframe_equal(group.demand, demand)
    assert_geodataframe_equal(scenario.facilities, facilities)
    assert_geodataframe_equal(AREA, area)
    assert_geodataframe_equal(network.edges, edges)


# --- what is refused ---


@pytest.mark.parametrize("bands", [[300.0, 600.0], [300.0, 900.0, 1200.0]])
def test_bands_that_do_not_end_at_the_cutoff_are_refused(network, bands):
    with pytest.raises(ConfigError, match=r"largest band of group 'walkers' must be its cutoff \(900 s\)"):
        evaluate(today(), network, [walkers()], bands_s={"walkers": bands})


def test_bands_of_a_group_that_does_not_exist_are_refused(network):
    with pytest.raises(ConfigError, match="bands_s must be for groups among walkers, got 1: walker"):
        evaluate(today(), network, [walkers()], bands_s={"walker": [900.0]})


def test_grids_that_lack_a_group_are_refused(network):
    with pytest.raises(ConfigError, match="grids must have one of every group, missing 1: others"):
        evaluate(today(), network, [walkers(), walkers("others")], grids=build_grids(network, [walkers()]))


def test_groups_are_at_least_one_with_names_of_their_own(network):
    with pytest.raises(ConfigError, match="groups must be at least one"):
        evaluate(today(), network, [])
    with pytest.raises(ConfigError, match="names that do not repeat, got 2: walkers, walkers"):
        evaluate(today(), network, [walkers(), walkers()])


def test_a_mode_that_the_network_was_not_built_for_is_refused(network):
    with pytest.raises(NetworkError, match="must be built for mode 'rickshaw'"):
        evaluate(today(), network, [Group("g", "rickshaw", 900.0, walkers().demand)])


@pytest.mark.parametrize("cutoff_s", [0.0, -900.0, float("nan")])
def test_a_cutoff_that_is_not_positive_is_refused(cutoff_s):
    with pytest.raises(ConfigError, match="group 'walkers': cutoff_s must be positive"):
        walkers(cutoff_s=cutoff_s)


def test_a_group_without_demand_points_is_refused():
    with pytest.raises(InputError, match="group 'walkers' must have at least one demand point, got none"):
        Group("walkers", "walk", 900.0, walkers().demand.iloc[:0])


def test_degrees_where_metres_are_needed_are_refused(network):
    in_degrees = walkers().demand.set_crs(4326, allow_override=True)
    with pytest.raises(CrsError, match="demand of group 'g' must be in a projected CRS in metres, got EPSG:4326"):
        Group("g", "walk", 900.0, in_degrees)
    stations = today().facilities.set_crs(4326, allow_override=True)
    with pytest.raises(CrsError, match="facilities of scenario 's' must be in a projected CRS in metres"):
        Scenario("s", stations)
    with pytest.raises(CrsError, match="study area must be in a projected CRS in metres, got EPSG:4326"):
        evaluate(today(), network, [walkers()], study_area=AREA.set_crs(4326, allow_override=True))
    with pytest.raises(CrsError, match="study area must be in a projected CRS in metres, got none"):
        build_grids(network, [walkers()], study_area=AREA.set_crs(None, allow_override=True))


def test_communities_without_names_are_refused(network):
    nameless = AREA.assign(id="A1")
    with pytest.raises(SchemaError, match=r"communities must have the columns \['name'\]"):
        evaluate(today(), network, [walkers()], communities=nameless)


# --- scenarios ---


def test_sites_open_beside_the_stations_and_are_told_apart():
    sites = draw_points((100, 0), prefix="C").assign(name="门卫室", kind="gatehouse").drop(columns="demand")
    before = today()
    plan = before.with_sites("plan A", sites)

    assert plan.name == "plan A"
    assert plan.facilities["id"].tolist() == ["F0", "C0"]
    assert plan.facilities["proposed"].tolist() == [False, True]
    assert plan.facilities["proposed"].dtype == bool
    assert "proposed" not in before.facilities.columns
    assert plan.with_sites("plan B", sites.assign(id="C1")).facilities["proposed"].tolist() == [False, True, True]


def test_sites_in_another_crs_open_at_their_place():
    stations = Scenario("today", draw_points((500_000, 3_400_000), prefix="F"))
    site = draw_points((500_100, 3_400_000), prefix="C").to_crs("EPSG:32649")
    geometry = stations.with_sites("plan", site).facilities.geometry

    assert geometry[1].distance(shapely.Point(500_100, 3_400_000)) < 0.01


def test_a_site_with_the_id_of_a_station_is_refused():
    with pytest.raises(SchemaError, match=r"facilities of scenario 'plan'\.id must not repeat; repeated in 2: F0, F0"):
        today().with_sites("plan", draw_points((100, 0), prefix="F"))


def test_more_stations_never_lower_a_share(network):
    places = [(0, 0), (1900, 0), (-2000, 600), (-900, 50)]
    shares = [
        evaluate(today(*places[: n + 1]), network, [walkers()], study_area=AREA).headline.shares.iloc[0]
        for n in range(len(places))
    ]
    table = pd.DataFrame(shares)
    for column in ("covered_demand_share", "covered_area_share", "covered_road_share", "straight_line_demand_share"):
        assert np.all(np.diff(table[column]) >= 0), column


def test_a_mode_of_ones_own_works_like_the_others():
    slow = Mode("old age", "foot", 2.4, access_speed_kph=2.4)
    roads = draw_network(PLACES, WAYS)
    assert "old age" not in roads.graphs
    group = Group("elders", "old age", 900.0, walkers().demand)

    network = build_network(draw_roads(PLACES, WAYS), modes={"old age": slow})
    outcome = evaluate(today(), network, [group]).headline
    assert outcome.shares["straight_line_radius_m"].iloc[0] == pytest.approx(600.0)
    assert outcome.shares["mode"].iloc[0] == "old age (2.4 km/h)"
    assert not outcome.coverage.covered.any()


def test_a_cutoff_between_two_milliseconds_reaches_its_last_band(network):
    # 2000/3 s is rounded up to 666.667 s: the last third of the streets must not drop out of the share
    between, whole = (
        evaluate(today(), network, [walkers(cutoff_s=cutoff_s)]).headline.shares["covered_road_share"].iloc[0]
        for cutoff_s in (2000 / 3, 666.667)
    )
    assert between == pytest.approx(whole, rel=1e-6)


def test_demand_in_web_mercator_is_measured_in_true_metres():
    # at 28 degrees north a metre of web maps is 0.88 m on the ground
    network, demand = drawn_outcome.draw_network(), drawn_outcome.draw_demand()
    scenario = Scenario("today", drawn_outcome.draw_facilities())
    shares = [
        evaluate(scenario, network, [Group("walkers", "walk", 600.0, table)]).headline.shares
        for table in (demand, demand.to_crs(3857))
    ]
    columns = ["straight_line_demand_share", "straight_line_radius_m"]
    assert_frame_equal(shares[0][columns], shares[1][columns])


def test_a_grid_over_a_large_area_gets_larger_cells(network, monkeypatch):
    monkeypatch.setattr("coverage_planner.scenario.evaluate._MOST_CELLS", 1000)
    grid = build_grids(network, [walkers()], study_area=AREA)["walkers"]

    left, bottom, right, top = AREA.total_bounds
    assert grid.cell_m == np.ceil(np.sqrt((right - left) * (top - bottom) / 1000)) > 18.0
    assert grid.edge.size < 1200
