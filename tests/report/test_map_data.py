"""Map data: what a page finds with them, in plain loops, is what the scenarios and the circle say."""

import datetime as dt
import json
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import coverage_planner as cp
from coverage_planner.coverage.areas import measure_areas
from coverage_planner.coverage.week import build_week
from coverage_planner.errors import InputError, SourceError
from coverage_planner.network.build import build_network
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.modes import PRESET_MODES, Mode
from coverage_planner.report.map_data import FORMAT, MapData, map_data, read_map_data, write_map_data
from coverage_planner.report.packed import unpack, unpack_json
from coverage_planner.scenario.circle import measure_circle
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.sources.calendar import read_calendar
from coverage_planner.sources.datum import to_wgs84
from coverage_planner.units import MS_PER_S
from drawn import CRS, draw_roads
from drawn_map_data import draw_map_data, draw_outcomes, without_circle
from drawn_outcome import HOSTILE, at, draw_outcome, frame
from drawn_outcome import draw_network as grid_network
from map_page import NEVER, Page

# A block of streets; A to C is one-way, D to F has a signal, and Z is far beyond every cutoff.
#
#   A --- B --- C ------- Z
#   |     |     |
#   D --- E --- F
#   |     |     |
#   G --- H --- I
PLACES = {
    "A": (0, 0), "B": (200, 0), "C": (400, 0), "D": (0, -200), "E": (200, -190), "F": (400, -200), "G": (0, -400),
    "H": (200, -400), "I": (400, -400), "Z": (9000, 0),
}  # fmt: skip
WAYS = [
    ("ABC", {"highway": "primary", "oneway": "yes"}), ("DEF", {"highway": "residential", "name": "中 <b>路</b>"}),
    ("GHI", {"highway": "primary"}), ("ADG", {"highway": "footway"}), ("BEH", {}), ("CFI", {}),
    ("CZ", {"highway": "primary"}),
]  # fmt: skip
SLOW = Mode("slow", "bicycle", 9.0, junction_delay_s=7.0, signal_delay_s=21.0)
WEEK = build_week(read_calendar(), of=dt.date(2025, 9, 17), dates=[dt.date(2025, 10, 3)])
PROFILE = pd.DataFrame(
    [[1 / 12] * 12 + [0.0] * 12, [0.0] * 12 + [1 / 12] * 12], index=["early", "late"], columns=range(24)
)
RULES = CircleRules(
    WEEK, read_calendar(), services=("water", "toilet"), required=("water", "toilet"), cutoffs_s={"toilet": 700.0},
    moments=("We 23:00",),
)  # fmt: skip
SLOTS = (0, 10, 34, 70, 71, 167, 178)


def points(xy, **columns):
    return gpd.GeoDataFrame({"id": [f"D{n}" for n in range(len(xy))], **columns}, geometry=shapely.points(xy), crs=CRS)


def scatter(n, seed):
    return np.random.default_rng(seed).uniform((-60, -460), (460, 60), (n, 2))


@pytest.fixture(scope="module")
def network():
    roads = draw_roads(PLACES, WAYS, barriers={"E": {"highway": "traffic_signals"}})
    return build_network(roads, modes={**PRESET_MODES, "slow": SLOW}, small_component_m=0.0)


def study(network, direction):
    """Today and a proposal, with their circles."""
    stations = points(
        [(5, -3), (210, -300), (400, -200), (8900, 30)], services=["water;toilet", "water", "rest", "water"],
        opening_hours=["24/7", "Mo-Fr 08:00-18:00; PH off", "Mo-Su 09:00-12:00", "24/7"],
        entry_delay_s=[None, 12.3456, 0.0, None], name=["甲", "乙", "丙", None],
    ).assign(id=["S0", "S1", "S2", "S3"])  # fmt: skip
    bus = points([(100, -5)], services=["toilet"], opening_hours=["We 22:00-24:00"]).assign(id=["B"], vehicle=["bus"])
    new = points([(300, -4)], name=["new"], services=["rest"], kind=["shop"], cost=[2.5]).assign(id=["C1"])
    demand = scatter(40, 1)
    walkers = points(demand, demand=np.arange(40.0) / 4, kind=["early", "late"] * 20)
    riders = points(np.vstack([scatter(30, 2), [[5, -3], [3000, 0], [4000, 500]]]), demand=1.5)
    groups = [
        Group("walkers", "walk", 300.0, walkers, profile=PROFILE),
        Group("riders", "slow", 100.0, riders, parking_s=20.0, required=("water",)),
        Group("drivers", "drive", 60.0, build_stretches(network, "drive", weights={"primary": 2.0}, spacing_m=500,
                                                        ahead_m=400), visit="pass"),
    ]  # fmt: skip
    area = gpd.GeoDataFrame({"id": ["S"]}, geometry=[shapely.box(-100, -500, 500, 100)], crs=CRS)
    halves = gpd.GeoDataFrame(
        {"id": ["W", "E"], "name": ["西", HOSTILE]},
        geometry=[shapely.box(-100, -500, 200, 100), shapely.box(200, -500, 500, 100)], crs=CRS,
    )  # fmt: skip
    today = Scenario("today", stations, mobile=bus)
    limits = {group.name: RULES.farthest_s(group) for group in groups}
    outcomes = [
        evaluate(s, network, groups, study_area=area, communities=halves, direction=direction, limits_s=limits)
        for s in (today, today.with_sites("plan", new))
    ]
    return outcomes, [measure_circle(outcome, RULES) for outcome in outcomes]


@pytest.fixture(scope="module", params=["to_facility", "from_facility"])
def drawn(request, network):
    outcomes, circles = study(network, request.param)
    with_candidates = outcomes[1].scenario.facilities.iloc[[4]]
    data = map_data(outcomes, circles=circles, candidates=with_candidates, synthetic=True)
    return outcomes, circles, Page(json.loads(json.dumps(data.content)))


def nearest_ms(times, limit_ms):
    """Each demand point's time to its nearest facility, as whole milliseconds; NEVER beyond a limit."""
    best = np.full(len(times.demand_ids), NEVER)
    ms = np.rint(times.seconds.astype(float) * MS_PER_S).astype(np.int64)
    np.minimum.at(best, times.indices, ms)
    return np.where(best <= limit_ms, best, NEVER).tolist()


# --- the page's numbers ---


def test_the_page_finds_the_times_of_every_group_to_the_millisecond(drawn):
    outcomes, _, page = drawn
    for scenario, outcome in enumerate(outcomes):
        for group, (name, found) in enumerate(outcome.groups.items()):
            limit_ms = max(
                [page.data["groups"][group]["cutoff_ms"], *page.data["groups"][group]["cutoffs_ms"].values()]
            )
            wanted = nearest_ms(found.times, limit_ms)
            got = [ms if ms <= limit_ms else NEVER for ms in page.point_times(group, page.chosen(scenario, "", None))]
            assert got == wanted, name
            assert any(ms < NEVER for ms in wanted)
            assert page.covered(group, scenario).tolist() == found.coverage.covered.tolist()


def test_the_page_finds_who_is_served_with_what_at_every_hour(drawn):
    _, circles, page = drawn
    for scenario, circle in enumerate(circles):
        for group, found in enumerate(circle.groups.values()):
            for what in found.served.rows:
                assert (
                    page.covered(group, scenario, what).tolist() == found.served.ever(what).tolist() or what == "full"
                )
                for slot in SLOTS:
                    wanted = found.served.at(what, slot)
                    assert page.covered(group, scenario, what, slot).tolist() == wanted.tolist(), (what, slot)
            assert page.covered(group, scenario, "full").tolist() == found.points["full_ever"].tolist()


def test_shares_at_an_hour_are_those_of_by_hour(drawn):
    _, circles, page = drawn
    for scenario, circle in enumerate(circles):
        for group, found in enumerate(circle.groups.values()):
            hours = page.data["scenarios"][scenario]["groups"][group]["hours"]
            n_slots = len(page.data["week"]["slots"])
            for row, what in enumerate(hours["what"]):
                table = found.hours[found.hours["service"] == what].set_index("slot")
                for slot in SLOTS:
                    demand = page.demand_at(group, slot)
                    covered = demand[page.covered(group, scenario, what, slot)].sum()
                    assert hours["demand"][slot] == pytest.approx(demand.sum(), abs=1e-9)
                    assert hours["covered"].reshape(-1, n_slots)[row, slot] == pytest.approx(covered, abs=1e-9)
                    assert hours["covered"].reshape(-1, n_slots)[row, slot] == table["covered_demand"][slot]


def test_figures_are_those_of_the_tables(drawn):
    outcomes, circles, page = drawn
    for scenario, (outcome, circle) in enumerate(zip(outcomes, circles, strict=True)):
        said = page.data["scenarios"][scenario]
        assert (said["name"], said["role"]) == (outcome.scenario.name, ["today", "proposed"][scenario])
        for group, (name, found) in enumerate(outcome.groups.items()):
            figures = said["groups"][group]["figures"]
            for column in ("covered_demand_share", "covered_road_share", "straight_line_demand_share", "demand"):
                value = found.shares[column].iloc[0]
                assert figures[column] == (None if np.isnan(value) else pytest.approx(value, rel=1e-12)), column
            assert figures["n_facilities"] == len(outcome.scenario.facilities)
            services = circle.groups[name].services
            rows = said["groups"][group]["services"]
            assert [row["covered_demand"] for row in rows] == services["covered_demand"].tolist()
            areas = measure_areas(found.coverage, found.group.demand, outcome.communities)
            assert [row["covered_demand"] for row in said["groups"][group]["communities"]] == areas[
                "covered_demand"
            ].tolist()
            station_rows = said["station_figures"][name]
            wanted = found.coverage.facilities["catchment_demand"].tolist()
            assert [row["catchment_demand"] for row in station_rows] == wanted


def test_points_say_their_weight_place_community_and_reason(drawn):
    outcomes, _, page = drawn
    outcome = outcomes[0]
    for group, found in enumerate(outcome.groups.values()):
        demand, got = found.group.demand, page.data["groups"][group]["points"]
        assert got["weight"].tolist() == demand["demand"].tolist()
        places = demand.geometry.representative_point().to_crs("EPSG:4326")
        assert got["place"].reshape(-1, 2) / 1e6 == pytest.approx(np.column_stack([places.x, places.y]), abs=1e-6)
        reason = page.data["scenarios"][0]["groups"][group]["reason"]
        assert ((reason == 255) == found.coverage.covered).all()
        by_reason = {}
        for code, weight in zip(reason, demand["demand"], strict=True):
            if code != 255:
                word = page.data["reasons"][code]
                by_reason[word] = by_reason.get(word, 0.0) + weight
        assert sum(by_reason.values()) == pytest.approx(found.gaps["uncovered_demand"].sum())
    sides = page.data["groups"][0]["points"]["community"]
    assert sides.tolist() == [0 if point.x <= 200 else 1 for point in outcome.groups["walkers"].group.demand.geometry]


def test_every_station_stands_once_with_its_facts(drawn):
    outcomes, circles, page = drawn
    data = page.data
    assert [station["id"] for station in data["stations"]] == ["S0", "S1", "S2", "S3", "B", "C1"]
    assert [station["mobile"] for station in data["stations"]] == [False, False, False, False, True, False]
    assert [station["proposed"] for station in data["stations"]] == [False] * 5 + [True]
    assert data["stations"][0]["services"] == ["water", "toilet"]
    assert data["stations"][3]["name"] is None
    assert data["scenarios"][0]["stations"] == [0, 1, 2, 3]
    assert data["scenarios"][1]["stations"] == [0, 1, 2, 3, 5]
    assert data["scenarios"][1]["mobile"] == [4]
    place = outcomes[0].scenario.facilities.to_crs("EPSG:4326").geometry.iloc[1]
    lon, lat = data["stations"][1]["lon"], data["stations"][1]["lat"]
    assert (lon, lat) == pytest.approx((place.x, place.y), abs=1e-7)
    open_ = circles[1].offer.open
    for row, station in enumerate([0, 1, 2, 3, 5, 4]):
        assert [page.is_open(station, slot) for slot in range(192)] == open_[row].tolist()


def test_stations_say_where_they_are_on_online_maps():
    for station in draw_map_data().content["stations"]:
        lon, lat = to_wgs84(*station["gcj02"], "gcj02")
        assert (lon, lat) == pytest.approx((station["lon"], station["lat"]), abs=1e-6)
        assert station["gcj02"] != pytest.approx((station["lon"], station["lat"]), abs=1e-3)


def test_sites_have_their_figures_for_every_group(drawn):
    outcomes, _, page = drawn
    (site,) = page.data["sites"]
    assert (site["station"], site["number"], site["cost"]) == (5, 1, 2.5)
    gained = outcomes[1].groups["walkers"].coverage.covered & ~outcomes[0].groups["walkers"].coverage.covered
    weights = outcomes[0].groups["walkers"].group.demand["demand"].to_numpy()
    assert site["figures"]["walkers"]["added_demand"] == weights[gained].sum()
    assert list(site["figures"]) == ["walkers", "riders", "drivers"]


# --- what is kept of the network ---


def test_streets_that_nobody_needs_are_left_out(drawn, network):
    _, _, page = drawn
    streets = page.data["streets"]
    assert streets["n"] == len(streets["u"]) == len(streets["first"]) - 1
    assert max(streets["u"].max(), streets["v"].max()) == streets["n_nodes"] - 1
    assert "中 <b>路</b>" in streets["names"]
    assert streets["names"][streets["name"].max()]
    # the riders at (3000, 0) lie on the long street, so it is kept; the station at its end serves nobody in time
    assert streets["n"] == len(network.edges)


@settings(max_examples=6)
@given(
    st.sampled_from(["to_facility", "from_facility"]),
    st.lists(st.tuples(st.floats(0, 14), st.floats(0, 2)), min_size=1, max_size=4),
    st.sampled_from([("walk", 300.0), ("walk", 700.0), ("ebike", 120.0)]),
)
def test_streets_that_are_left_out_change_no_time_within_the_cutoff(direction, places, travel):
    grid = draw_grid()
    area = frame({"id": ["S"]}, [shapely.box(*at(0.2, 0.2), *at(1.3, 1.3))])
    demand = frame(
        {"id": list("abcd"), "demand": 1.0},
        [shapely.Point(at(*xy)) for xy in ((0.3, 0.5), (1.2, 0.25), (0.5, 1.2), (1, 1))],
    )
    stations = frame({"id": [f"F{n}" for n in range(len(places))]}, [shapely.Point(at(*place)) for place in places])
    group = Group("g", travel[0], travel[1], demand)
    outcome = evaluate(Scenario("s", stations), grid, [group], study_area=area, direction=direction)
    page = Page(map_data([outcome]).content)
    assert page.data["streets"]["n"] < len(grid.edges)
    cutoff_ms = round(travel[1] * MS_PER_S)
    got = page.point_times(0, page.chosen(0, "", None))
    assert [ms if ms <= cutoff_ms else NEVER for ms in got] == nearest_ms(outcome.headline.times, cutoff_ms)


@cache
def draw_grid():
    return grid_network(15, 3)


def test_a_small_study_area_keeps_the_streets_within_the_longest_cutoff(network):
    demand = points([(100, -100)], demand=1.0)
    area = gpd.GeoDataFrame({"id": ["S"]}, geometry=[shapely.box(8000, -50, 8200, 50)], crs=CRS)
    east = [evaluate(Scenario("s", points([(8100, 3)])), network, [Group("g", "walk", cutoff_s, points([(8050, 1)],
            demand=1.0))], study_area=area) for cutoff_s in (300.0, 3 * 3600.0)]  # fmt: skip
    kept = [map_data([outcome]).content["streets"]["n"] for outcome in east]
    assert kept == [1, len(network.edges)]
    assert demand["demand"].sum() == 1


def test_street_paths_are_the_streets_to_a_metre(drawn, network):
    _, _, page = drawn
    streets = page.data["streets"]
    path = streets["path"].reshape(-1, 2) / 1e6
    lines = [path[a:b] for a, b in zip(streets["first"], streets["first"][1:], strict=False)]
    got = gpd.GeoSeries([shapely.LineString(line) for line in lines], crs="EPSG:4326").to_crs(CRS)
    assert shapely.hausdorff_distance(got.to_numpy(), network.edges.geometry.to_numpy()).max() < 1.5


def test_bands_do_not_overlap_and_end_at_the_cutoff(drawn):
    _, _, page = drawn
    bands = page.data["scenarios"][0]["groups"][0]["bands"]
    assert [band["cutoff_ms"] for band in bands] == page.data["groups"][0]["bands_ms"] == [100_000, 200_000, 300_000]
    assert page.data["scenarios"][0]["groups"][2]["bands"] == []


# --- files, refusals ---


def test_what_is_written_is_read_again(tmp_path):
    data = draw_map_data()
    file = write_map_data(data, tmp_path / "地图 数据.json")
    assert read_map_data(file).content == data.content
    assert HOSTILE in file.read_text(encoding="utf-8").replace('\\"', '"')


def test_data_without_circle_and_areas_have_nothing_in_their_place():
    data = without_circle().content
    assert (data["week"], data["open"], data["study_area"], data["certificate"]) == (None, None, None, None)
    assert data["communities"] == data["sites"] == data["candidates"] == []
    group = data["scenarios"][0]["groups"][0]
    assert (group["hours"], group["full_ever"], group["services"], unpack_json(group["gaps_at"])) == (
        None,
        None,
        [],
        [],
    )
    assert (unpack(data["groups"][0]["points"]["community"]) == -1).all()


def test_streets_on_one_line_have_bounds(tmp_path):
    roads = draw_roads({"A": (5e5, 3e6), "B": (5.6e5, 3e6)}, [("AB", {})])
    network = build_network(roads)
    people = points([(5.01e5, 3e6)], id=["D"], demand=1.0)
    outcome = evaluate(Scenario("now", points([(5e5, 3e6)], id=["S"])), network, [Group("all", "walk", 900.0, people)])
    (south, west), (north, east) = map_data([outcome]).content["bounds"]
    write_map_data(map_data([outcome]), tmp_path / "m.json")  # refuses what is no number

    assert (west, south) == pytest.approx((117.0, 27.121), abs=2e-3)
    assert (east - west, north - south) == pytest.approx((0.605, 0.0), abs=2e-3)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"must be a readable file.*run the plan again"):
        read_map_data(tmp_path / "none.json")
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="must be JSON in UTF-8"):
        read_map_data(tmp_path / "a.json")
    (tmp_path / "b.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="JSON that is no object"):
        read_map_data(tmp_path / "b.json")
    with pytest.raises(InputError, match="must say their form"):
        MapData({"title": "x"})
    with pytest.raises(InputError, match=f"form {FORMAT} or earlier, got {FORMAT + 1}; update"):
        MapData({"format": FORMAT + 1})


def test_scenarios_that_do_not_belong_together_are_refused(drawn):
    today, plan = draw_outcomes()
    with pytest.raises(InputError, match="at least one scenario, got none"):
        map_data([])
    with pytest.raises(InputError, match="must be on one network"):
        map_data([today, draw_outcome(proposed=True, network=grid_network(6, 5))])
    with pytest.raises(InputError, match="must have the same groups"):
        map_data([today, type(plan)(plan.scenario, plan.network, dict(list(plan.groups.items())[:1]), None, None)])
    outcomes, circles, _ = drawn
    with pytest.raises(InputError, match=r"circles must be those of the outcomes.*got \['plan', 'today'\]"):
        map_data(outcomes, circles=circles[::-1])


# --- the demo city ---


@pytest.mark.slow
def test_the_page_finds_the_demo_citys_numbers():
    run = cp.run_plan(cp.read_plan(cp.demo_city() / "plan.toml"))
    assert run.proposed is not None
    assert run.circle is not None
    data = map_data([run.today, run.proposed], circles=run.circle.circles, candidates=run.candidates, choice=run.choice)
    page = Page(json.loads(json.dumps(data.content)))
    for scenario, (outcome, circle) in enumerate(zip((run.today, run.proposed), run.circle.circles, strict=True)):
        for group, (name, found) in enumerate(outcome.groups.items()):
            cutoff_ms = page.data["groups"][group]["cutoff_ms"]
            got = page.point_times(group, page.chosen(scenario, "", None))
            assert [ms if ms <= cutoff_ms else NEVER for ms in got] == nearest_ms(found.times, cutoff_ms), name
            if scenario == 1:
                served = circle.groups[name].served
                slot = circle.rules.week.slot("Fr 18:00")
                for what in ("any", "full", "water"):
                    assert page.covered(group, scenario, what, slot).tolist() == served.at(what, slot).tolist()
