"""The whole job on a drawn plan, with every figure worked out another way."""

import hashlib
import itertools
import json
import shutil
import threading
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal

import coverage_planner as cp
from coverage_planner.config import read_plan
from coverage_planner.pipeline import run_plan, write_run
from coverage_planner.pipeline.margins import farthest_m
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.report.map_data import read_map_data
from coverage_planner.report.results import FILES
from drawn_plan import (
    COLUMNS,
    EBIKE_CUTOFF_S,
    EBIKE_MPS,
    PEOPLE,
    PLAN,
    PREMISES,
    RIDERS,
    ROWS,
    STATIONS,
    WALK_CUTOFF_S,
    WALK_MPS,
    draw_plan,
    seconds_between,
    street_metres,
    write_layer,
    write_points,
)
from osm_drawing import place

STATION_CORNERS = [station[3:] for station in STATIONS]
SITE_CORNERS = {row[0]: row[4:] for row in PREMISES}
WALKERS, RIDER_GROUP = PLAN["groups"]
ALONE = [WALKERS]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("drawn") / "规划 一 (试点)"


@pytest.fixture(scope="module")
def run(folder):
    return run_plan(read_plan(draw_plan(folder)))


@pytest.fixture(scope="module")
def results(run, folder):
    return write_run(run, folder / "结果 一")


def run_drawn(folder, **changes):
    return run_plan(read_plan(draw_plan(folder, **changes)))


def nearest(corners, others, speed_mps):
    """Seconds of the others to the nearest of the corners, by networkx."""
    found = seconds_between(corners, others, speed_mps)
    return {other: min(found[corner][other] for corner in corners) for other in others}


def covered_demand(corners, people=PEOPLE, speed_mps=WALK_MPS, cutoff_s=WALK_CUTOFF_S):
    seconds = nearest(corners, people, speed_mps)
    return sum(weight for corner, weight in people.items() if seconds[corner] <= cutoff_s)


def share(outcome, name, group="walkers"):
    return outcome.groups[group].shares[name].iloc[0]


def read_csv(path):
    return pd.read_csv(path, encoding="utf-8-sig")


# --- times and shares, by networkx and shapely ---


def test_no_drawn_time_is_so_near_the_cutoff_that_rounding_decides():
    for corners in itertools.combinations([*STATION_CORNERS, *SITE_CORNERS.values()], 1):
        assert min(abs(s - WALK_CUTOFF_S) for s in nearest(corners, PEOPLE, WALK_MPS).values()) > 0.5
        assert min(abs(s - EBIKE_CUTOFF_S) for s in nearest(corners, RIDERS, EBIKE_MPS).values()) > 0.5


@pytest.mark.parametrize(
    ("group", "people", "speed_mps", "limit_s"),
    [("walkers", PEOPLE, WALK_MPS, 2 * WALK_CUTOFF_S), ("riders", RIDERS, EBIKE_MPS, 2 * EBIKE_CUTOFF_S)],
)
def test_times_of_every_pair_equal_networkx(run, group, people, speed_mps, limit_s):
    found = seconds_between(STATION_CORNERS, people, speed_mps)
    expected = {
        (station[0], f"{group[0].upper() if group == 'riders' else 'D'}{n}"): found[station[3:]][corner]
        for station in STATIONS
        for n, corner in enumerate(people, start=1)
        if found[station[3:]][corner] <= limit_s
    }
    table = run.today.groups[group].times.to_frame()
    times = {(row.facility_id, row.demand_id): row.time_s for row in table.itertuples()}
    assert times.keys() == expected.keys()
    for pair, seconds in times.items():
        assert seconds == pytest.approx(expected[pair], abs=0.01), pair


def test_demand_and_point_shares_equal_brute_force(run):
    for group, people, speed_mps, cutoff_s in (
        ("walkers", PEOPLE, WALK_MPS, WALK_CUTOFF_S),
        ("riders", RIDERS, EBIKE_MPS, EBIKE_CUTOFF_S),
    ):
        seconds = nearest(STATION_CORNERS, people, speed_mps)
        inside = [corner for corner in people if seconds[corner] <= cutoff_s]
        weights = [people[corner] for corner in inside]
        assert share(run.today, "covered_demand_share", group) == pytest.approx(sum(weights) / sum(people.values()))
        assert share(run.today, "covered_point_share", group) == pytest.approx(len(inside) / len(people))
        mean = np.average([seconds[corner] for corner in inside], weights=weights) if sum(weights) else np.nan
        assert share(run.today, "mean_time_s", group) == pytest.approx(mean, abs=0.01, nan_ok=True)


def test_the_straight_line_share_equals_a_loop_over_pairs(run):
    to_metres = pyproj.Transformer.from_crs(4326, run.network.crs, always_xy=True).transform
    stations = [np.array(to_metres(*place(*corner))) for corner in STATION_CORNERS]
    near = [
        weight
        for corner, weight in PEOPLE.items()
        if any(
            np.hypot(*(np.array(to_metres(*place(*corner))) - station)) <= WALK_CUTOFF_S * WALK_MPS
            for station in stations
        )
    ]
    assert share(run.today, "straight_line_demand_share") == pytest.approx(sum(near) / sum(PEOPLE.values()))
    assert share(run.today, "straight_line_demand_share") > share(run.today, "covered_demand_share")


def test_the_road_share_equals_a_sum_over_substrings(run):
    """Along each street the reached part is min(length, reach - time) from both ends, cut at the study area."""
    at_corner = nearest(STATION_CORNERS, [(c, r) for c in COLUMNS for r in ROWS], WALK_MPS)
    to_metres = pyproj.Transformer.from_crs(4326, run.network.crs, always_xy=True).transform
    area = run.today.study_area.geometry[0]
    whole = reached = 0.0
    for a, b, metres in street_metres().edges(data="metres"):
        line = shapely.LineString([to_metres(*place(*a)), to_metres(*place(*b))])
        from_a, from_b = (max(0.0, (WALK_CUTOFF_S - at_corner[end]) * WALK_MPS) / metres for end in (a, b))
        parts = (
            [line]
            if from_a + from_b >= 1
            else [
                shapely.ops.substring(line, 0, from_a, normalized=True),
                shapely.ops.substring(line, 1 - from_b, 1, normalized=True),
            ]
        )
        whole += metres * line.intersection(area).length / line.length
        reached += sum(metres * part.intersection(area).length / line.length for part in parts if part.length)
    assert share(run.today, "covered_road_share") == pytest.approx(reached / whole, abs=1e-4)


def test_the_area_share_is_near_that_of_the_polygon(run):
    polygon = run.today.headline.isochrones.geometry.iloc[-1]
    area = run.today.study_area.geometry[0]
    assert share(run.today, "covered_area_share") == pytest.approx(
        polygon.intersection(area).area / area.area, abs=0.01
    )


def test_every_demand_point_lies_in_the_polygon_of_its_time(run):
    """The polygon's meaning: a place is inside when it would be covered; places near its border are left out."""
    headline = run.today.headline
    for cutoff_s, polygon in headline.isochrones[["cutoff_s", "geometry"]].itertuples(index=False):
        points = headline.group.demand.geometry
        clear = points.distance(polygon.boundary) > 30
        within = headline.coverage.points["time_s"].to_numpy() <= cutoff_s
        assert (points.within(polygon)[clear] == within[clear]).all()


# --- sites ---


def test_the_chosen_sites_are_the_best_of_all_pairs(run):
    candidates = run.candidates["id"].tolist()
    assert set(candidates) <= set(SITE_CORNERS)
    best = max(
        covered_demand([*STATION_CORNERS, SITE_CORNERS[a], SITE_CORNERS[b]])
        for a, b in itertools.combinations(candidates, 2)
    )
    chosen = [SITE_CORNERS[name] for name in run.solution.sites["id"]]
    assert covered_demand([*STATION_CORNERS, *chosen]) == best
    assert run.solution.objective == pytest.approx(best)
    assert run.solution.status == "optimal"
    assert run.solution.gap == 0.0
    assert share(run.proposed, "covered_demand") == pytest.approx(best)
    assert share(run.proposed, "covered_demand_share") == pytest.approx(best / sum(PEOPLE.values()))
    assert best > share(run.today, "covered_demand")


def test_sites_say_what_they_add(run, results):
    seconds = seconds_between(SITE_CORNERS.values(), PEOPLE, WALK_MPS)
    today = nearest(STATION_CORNERS, PEOPLE, WALK_MPS)
    table = read_csv(results / "by_site.csv")
    table = table[table["group"] == "walkers"].set_index("id")
    assert set(table.index) == set(run.solution.sites["id"])
    for name, row in table.iterrows():
        inside = {
            corner: weight for corner, weight in PEOPLE.items() if seconds[SITE_CORNERS[name]][corner] <= WALK_CUTOFF_S
        }
        new = sum(weight for corner, weight in inside.items() if today[corner] > WALK_CUTOFF_S)
        assert row["newly_covered_demand"] == pytest.approx(new)
        assert row["overlap_existing_demand"] == pytest.approx(sum(inside.values()) - new)
        mean = np.average([seconds[SITE_CORNERS[name]][c] for c in inside], weights=list(inside.values()))
        assert row["mean_time_min"] == pytest.approx(mean / 60, abs=0.001)


def test_gaps_hold_the_uncovered_demand(run):
    gaps = run.today.headline.gaps
    uncovered = sum(PEOPLE.values()) - covered_demand(STATION_CORNERS)
    assert gaps["uncovered_demand"].sum() == pytest.approx(uncovered)
    assert gaps["uncovered_demand"].is_monotonic_decreasing
    left = sum(PEOPLE.values()) - share(run.proposed, "covered_demand")
    assert run.proposed.headline.gaps["uncovered_demand"].sum() == pytest.approx(left)


def test_communities_add_up_to_the_whole(run, results):
    table = read_csv(results / "by_community.csv")
    today = table[(table["scenario"] == table["scenario"].iloc[0]) & (table["group"] == "walkers")]
    assert today["demand"].sum() == pytest.approx(sum(PEOPLE.values()))
    assert today["covered_demand"].sum() == pytest.approx(share(run.today, "covered_demand"))
    assert set(today["name"]) == {"河西社区", "山南社区", "东门社区", "花园社区"}
    parts = read_csv(results / "by_subdistrict.csv")
    assert set(parts["name"]) == {"河西街道", "东门街道"}


# --- the folder and its manifest ---


def test_the_folder_holds_the_named_files_and_nothing_else(folder, results):
    assert {path.name for path in results.iterdir()} == FILES
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    assert results == folder / "结果 一"


def test_the_folder_can_be_reopened(run, results):
    reopened = cp.read_results(results)
    overall = reopened.tables["overall"].set_index(["scenario", "group"])
    for outcome in (run.today, run.proposed):
        for group in ("walkers", "riders"):
            row = overall.loc[(outcome.scenario.name, group)]
            for name in ("covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share"):
                assert row[name] == pytest.approx(share(outcome, name, group))
    demand = reopened.layers["demand"]
    walkers = demand[demand["group"] == "walkers"].set_index("id")
    today = nearest(STATION_CORNERS, PEOPLE, WALK_MPS)
    for n, corner in enumerate(PEOPLE, start=1):
        assert walkers.loc[f"D{n}", "covered_today"] == (today[corner] <= WALK_CUTOFF_S)
        if today[corner] <= 2 * WALK_CUTOFF_S:
            assert walkers.loc[f"D{n}", "time_s_today"] == pytest.approx(today[corner], abs=0.01)
    assert set(reopened.layers["candidates"]["id"]) == set(run.candidates["id"])
    assert set(reopened.layers["proposed_sites"]["id"]) == set(run.solution.sites["id"])


def test_the_map_is_one_small_file_that_says_synthetic(results):
    page = (results / "map.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 5_000_000
    assert "合成" in page
    assert "河西 试点" in page


def test_the_map_offers_the_base_maps_of_the_plan_and_bears_its_approval(run, results):
    data = read_map_data(results / "map_data.json").content
    assert [tiles["name"]["en"] for tiles in data["tiles"]] == ["Tianditu", "OpenStreetMap"]
    assert (data["approval"], data["boundary_source"]) == ("鄂S(2026)000号", "民政局")
    assert [scenario["name"] for scenario in data["scenarios"]] == ["现状", "方案"]
    assert [site["worth"] is None for site in data["sites"]] == [run.choice.alternatives is None] * len(data["sites"])
    assert data["certificate"]["en"] in (results / "run.json").read_text(encoding="utf-8")


def test_the_manifest_names_every_input_with_its_hash_and_rows(folder, results):
    manifest = json.loads((results / "run.json").read_text(encoding="utf-8"))
    rows = {entry["table"]: entry for entry in manifest["inputs"]}
    files = {
        "study_area": ("study_area.geojson", 1),
        "roads": ("roads.osm", None),
        "communities": ("communities.geojson", 4),
        "facilities": ("stations.csv", 2),
        "demand of walkers": ("demand.csv", len(PEOPLE)),
        "demand of riders": ("riders.csv", len(RIDERS)),
        "premises": ("premises.csv", 5),
    }
    assert rows.keys() == files.keys()
    for table, (file, count) in files.items():
        entry = rows[table]
        assert entry["file"] == file
        assert entry["sha256"] == hashlib.sha256((folder / file).read_bytes()).hexdigest()
        assert entry["rejected"] == 0
        assert entry["read"] == entry["kept"]
        if count is not None:
            assert entry["read"] == count


def test_the_manifest_does_not_tell_the_key_of_an_online_map(run, results):
    key = run.plan.map.tianditu_key
    assert key
    assert key not in (results / "run.json").read_text(encoding="utf-8")
    assert key in (results / "map.html").read_text(encoding="utf-8")  # whoever opens the map needs it


def test_the_manifest_has_seconds_and_memory_of_every_stage(results):
    manifest = json.loads((results / "run.json").read_text(encoding="utf-8"))
    names = ["compile", "network", "read", "grids", "today", "candidates", "siting", "proposed", "write"]
    assert [stage["stage"] for stage in manifest["stages"]] == names
    for stage in manifest["stages"]:
        assert 0 <= stage["seconds"] < 600
        assert 20 < stage["peak_memory_mib"] < 100_000


def test_the_manifest_holds_settings_versions_and_certificate(run, results):
    manifest = json.loads((results / "run.json").read_text(encoding="utf-8"))
    assert manifest["plan"]["name"] == "河西 试点"
    assert manifest["plan"]["groups"][0]["cutoff_s"] == WALK_CUTOFF_S
    assert manifest["plan"]["siting"]["n_open"] == 2
    assert manifest["plan"]["snap"] == {"limit_m": 200.0, "small_component_m": 2000.0}
    assert manifest["plan"]["modes"]["walk"]["speed_kph"] == 4.8
    assert manifest["versions"]["coverage-planner"] == cp.__version__
    assert manifest["versions"]["geopandas"] == gpd.__version__
    assert manifest["versions"]["osmium"]
    assert manifest["crs"] == "EPSG:32650"
    assert manifest["margin_m"] == pytest.approx(1000.0)  # that of the riders
    assert manifest["solution"] == run.solution.certificate()
    assert "proved optimal" in manifest["solution"]
    assert manifest["network"]["island_km"]["walk"] == 0.0
    assert manifest["snapped"]["walkers"] == {"facilities": {"snapped": 2}, "demand": {"snapped": 25}}
    assert manifest["results"]["synthetic"] is True


def test_islands_are_listed_in_kilometres(tmp_path):
    run = run_drawn(tmp_path, study_area=None, siting=None, groups=ALONE, roads={"margin_m": 0})
    lane_m = pyproj.Geod(ellps="WGS84").inv(*place(37.0, 31.0), *place(37.5, 31.0))[2]
    folder = write_run(run, tmp_path / "out")
    islands = read_csv(folder / "islands.csv")
    assert islands["length_km"].tolist() == pytest.approx([lane_m / 1000], abs=1e-4)


def test_two_runs_give_one_answer(tmp_path, folder, results):
    for name in (
        "roads.osm",
        "study_area.geojson",
        "communities.geojson",
        "stations.csv",
        "demand.csv",
        "riders.csv",
        "premises.csv",
        "plan.toml",
    ):
        shutil.copy(folder / name, tmp_path / name)
    again = write_run(run_plan(read_plan(tmp_path / "plan.toml")), tmp_path / "again")

    for file in sorted(FILES - {"run.json", "summary.xlsx", "result.gpkg"}):
        assert (again / file).read_bytes() == (results / file).read_bytes(), file
    one, other = cp.read_results(results), cp.read_results(again)
    for name, layer in one.layers.items():
        assert_geodataframe_equal(layer, other.layers[name])
    for key in ("inputs", "network", "snapped", "warnings", "solution", "margin_m", "versions"):
        assert one.run[key] == other.run[key], key


def test_stages_are_told_as_they_come(tmp_path):
    told = []
    run_plan(read_plan(draw_plan(tmp_path, groups=ALONE)), report=lambda stage, seconds: told.append((stage, seconds)))
    names = ["compile", "network", "read", "grids", "today", "candidates", "siting", "proposed"]
    assert [stage for stage, seconds in told if seconds is None] == names
    assert [stage for stage, seconds in told if seconds is not None] == names
    assert told[0] == ("compile", None)
    assert told[1][1] > 0


def test_the_stopwatch_sees_what_a_stage_allocates():
    watch = Stopwatch()
    with watch.stage("small"):
        pass
    with watch.stage("large"):
        block = np.ones(100 * 1024 * 1024 // 8)
        block += 1
    assert watch.stages[1]["peak_memory_mib"] > watch.stages[0]["peak_memory_mib"] + 80
    assert block[0] == 2


def test_a_stage_that_fails_lets_the_error_go_on_and_stops_looking():
    watch = Stopwatch()
    before = threading.active_count()
    with pytest.raises(ValueError, match="broken"), watch.stage("bad"):
        raise ValueError("broken")
    assert threading.active_count() == before
    assert watch.stages == []


# --- plans that leave something out ---


def test_without_siting_only_today_is_measured(tmp_path):
    run = run_drawn(tmp_path, siting=None)
    assert (run.proposed, run.candidates, run.solution) == (None, None, None)
    folder = write_run(run, tmp_path / "out")
    overall = read_csv(folder / "overall.csv")
    assert overall["scenario"].unique().tolist() == ["现状"]
    assert overall["covered_demand"].iloc[0] == pytest.approx(covered_demand(STATION_CORNERS))
    assert read_csv(folder / "by_site.csv").empty
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["solution"] is None


def test_demand_is_scaled_to_its_sum_inside_the_study_area(tmp_path):
    group = {**PLAN["groups"][0], "demand": {"file": "demand.csv", "sum": 500}}
    plan = draw_plan(tmp_path, premises=None, siting=None, groups=[group])
    people = {**PEOPLE, (0, 0): 1000.0}  # the last lives outside
    rows = [(f"D{n}", *place(*corner), weight) for n, (corner, weight) in enumerate(people.items())]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    run = run_plan(read_plan(plan))
    assert share(run.today, "demand") == pytest.approx(500)
    covered = covered_demand(STATION_CORNERS) / sum(PEOPLE.values())
    assert share(run.today, "covered_demand_share") == pytest.approx(covered)


def test_without_a_study_area_all_points_count(tmp_path):
    plan = draw_plan(tmp_path, study_area=None, premises=None, siting=None, groups=ALONE)
    people = {**PEOPLE, (0, 0): 10.0, (42, 36): 20.0}
    rows = [(f"D{n}", *place(*corner), weight) for n, (corner, weight) in enumerate(people.items())]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    run = run_plan(read_plan(plan))
    assert share(run.today, "demand") == pytest.approx(sum(people.values()))
    assert share(run.today, "covered_demand") == pytest.approx(covered_demand(STATION_CORNERS, people))
    assert run.today.study_area is None
    assert share(run.today, "covered_road_share") < 1
    assert {path.name for path in write_run(run, tmp_path / "out").iterdir()} == FILES


def test_without_communities_there_is_no_table_by_community(tmp_path):
    run = run_drawn(tmp_path, communities=None, groups=ALONE)
    folder = write_run(run, tmp_path / "out")
    assert read_csv(folder / "by_community.csv").empty
    assert read_csv(folder / "by_subdistrict.csv").empty
    assert len(read_csv(folder / "overall.csv")) == 2


def test_without_premises_sites_are_positions_on_streets(tmp_path, run):
    streets = run_drawn(tmp_path, premises=None, groups=ALONE)
    assert len(streets.candidates) > 5
    edges = streets.network.edges.geometry.union_all()
    assert (streets.candidates.geometry.distance(edges) < 0.5).all()
    assert share(streets.proposed, "covered_demand") >= share(run.proposed, "covered_demand")
    assert len(streets.solution.sites) == 2
    assert {path.name for path in write_run(streets, tmp_path / "out").iterdir()} == FILES


def test_without_gaps_nothing_is_proposed(tmp_path):
    plan = draw_plan(tmp_path, groups=ALONE)
    everywhere = [(f"S{n}", *place(*corner)) for n, corner in enumerate(PEOPLE)]
    write_points(tmp_path / "stations.csv", ["id", "lon", "lat"], everywhere)
    run = run_plan(read_plan(plan))
    assert share(run.today, "covered_demand_share") == 1.0
    assert run.today.headline.gaps.empty
    assert (run.proposed, run.solution) == (None, None)
    assert "no sites are proposed: there is no gap" in run.manifest["warnings"]
    folder = write_run(run, tmp_path / "out")
    assert read_csv(folder / "gaps.csv").empty
    assert read_csv(folder / "candidates.csv").empty if (folder / "candidates.csv").exists() else True


def test_sites_can_be_for_another_group_than_the_first(tmp_path):
    run = run_drawn(tmp_path, siting={"n_open": 1, "group": "riders"})
    candidates = run.candidates["id"].tolist()
    best = max(
        covered_demand([*STATION_CORNERS, SITE_CORNERS[name]], RIDERS, EBIKE_MPS, EBIKE_CUTOFF_S) for name in candidates
    )
    assert run.solution.objective == pytest.approx(best)
    assert share(run.proposed, "covered_demand", "riders") == pytest.approx(best)
    chosen = [*STATION_CORNERS, SITE_CORNERS[run.solution.sites["id"].iloc[0]]]
    assert share(run.proposed, "covered_demand", "walkers") == pytest.approx(covered_demand(chosen))


def test_names_of_scenarios_follow_the_language(run, tmp_path):
    assert (run.today.scenario.name, run.proposed.scenario.name) == ("现状", "方案")
    english = run_drawn(tmp_path, language="en", groups=ALONE)
    assert (english.today.scenario.name, english.proposed.scenario.name) == ("today", "proposed")


def test_a_speed_of_the_plan_s_own_counts(tmp_path):
    run = run_drawn(tmp_path, modes={"walk": {"speed_kph": 3.0}}, siting=None, groups=ALONE)
    assert share(run.today, "covered_demand") == pytest.approx(covered_demand(STATION_CORNERS, speed_mps=3.0 / 3.6))
    assert share(run.today, "mode") == "walk (3 km/h)"


def test_only_so_many_candidates_as_the_plan_allows_are_weighed(tmp_path):
    run = run_drawn(tmp_path, siting={"n_open": 1, "max_candidates": 2}, groups=ALONE)
    gain = {name: covered_demand([*STATION_CORNERS, corner]) for name, corner in SITE_CORNERS.items()}
    two = sorted(gain, key=lambda name: -gain[name])[:2]
    assert set(run.candidates["id"]) == set(two)
    assert any("the 2 that reach most uncovered demand were kept" in text for text in run.manifest["warnings"])


def test_premises_that_share_ids_with_stations_can_be_chosen(tmp_path):
    """Both files numbered 1, 2, 3, … is what spreadsheets have."""
    plan = draw_plan(tmp_path, groups=ALONE)
    write_points(
        tmp_path / "stations.csv",
        ["序号", "名称", "经度", "纬度"],
        [(n, s[1], *place(*s[3:])) for n, s in enumerate(STATIONS, 1)],
    )
    write_points(
        tmp_path / "premises.csv",
        ["序号", "name", "lon", "lat"],
        [(n, p[1], *place(*p[4:])) for n, p in enumerate(PREMISES, 1)],
    )
    run = run_plan(read_plan(plan))
    facilities = run.proposed.scenario.facilities
    assert facilities["id"].is_unique
    assert facilities["proposed"].sum() == 2
    assert set(run.solution.sites["name"]) <= {p[1] for p in PREMISES}
    assert any("ids of stations, 2: 1, 2" in text for text in run.manifest["warnings"])


# --- rows that are not used ---


def test_rejected_points_have_the_row_number_of_their_file(tmp_path):
    plan = draw_plan(tmp_path)
    inside, outside = place(18, 18), place(2, 2)
    # rows 1 to 6 of the spreadsheet; a blank row and a bad one before those outside
    write_points(
        tmp_path / "demand.csv",
        ["id", "lon", "lat", "人数"],
        [("D1", *inside, 5), (), ("D2", *inside, -1), ("D3", *outside, 5), ("D4", *inside, 5), ("D5", *outside, 5)],
    )
    write_points(
        tmp_path / "stations.csv",
        ["id", "lon", "lat"],
        [("S1", *place(15, 12)), ("S1", *place(18, 12)), ("S3", 116.4, 39.9), ("S4", *place(9, 21))],
    )
    run = run_plan(read_plan(plan))
    assert run.rejected.to_dict("records") == [
        {"table": "facilities", "source": "stations.csv", "row": 3, "id": "S1", "reason": "id stands in an earlier row already"},
        {"table": "facilities", "source": "stations.csv", "row": 4, "id": "S3", "reason": "outside the study area and its margin of 1000 m"},
        {"table": "demand", "source": "demand.csv", "row": 4, "id": "D2", "reason": "demand is less than 0"},
        {"table": "demand", "source": "demand.csv", "row": 5, "id": "D3", "reason": "outside the study area"},
        {"table": "demand", "source": "demand.csv", "row": 7, "id": "D5", "reason": "outside the study area"},
    ]  # fmt: skip
    rows = {entry["table"]: (entry["read"], entry["rejected"], entry["kept"]) for entry in run.manifest["inputs"]}
    assert rows["facilities"] == (4, 2, 2)
    assert rows["demand of walkers"] == (5, 3, 2)
    assert share(run.today, "demand") == 10.0
    folder = write_run(run, tmp_path / "out")
    written = read_csv(folder / "rejected.csv")[["table", "source", "row", "id", "reason"]]
    assert_frame_equal(written, run.rejected, check_dtype=False)


def test_rows_with_nan_negative_or_repeated_demand_are_listed_and_the_rest_is_used(tmp_path):
    plan = draw_plan(tmp_path, groups=ALONE, siting=None)
    at = place(18, 18)
    write_points(
        tmp_path / "demand.csv",
        ["id", "lon", "lat", "demand"],
        [
            ("D1", *at, 3),
            ("D2", *at, "nan"),
            ("D3", *at, ""),
            ("D4", *at, -2),
            ("D1", *at, 7),
            ("", *at, 7),
            ("D7", "", at[1], 7),
            ("D8", *at, 4),
        ],
    )
    run = run_plan(read_plan(plan))
    assert run.today.headline.group.demand["id"].tolist() == ["D1", "D8"]
    assert share(run.today, "demand") == 7.0
    reasons = dict(zip(run.rejected["row"], run.rejected["reason"], strict=True))
    assert reasons == {
        3: "demand is not a finite number",
        4: "demand is blank",
        5: "demand is less than 0",
        6: "id stands in an earlier row already",
        7: "id is blank",
        8: "longitude is blank",
    }


def test_stations_without_a_street_are_listed_with_their_row(tmp_path):
    plan = draw_plan(tmp_path, study_area=None, siting=None, premises=None)
    write_points(
        tmp_path / "stations.csv",
        ["id", "lon", "lat"],
        [("S1", *place(-5, 3)), ("S2", *place(15, 12)), ("S3", *place(3, -4))],
    )
    run = run_plan(read_plan(plan))
    assert run.rejected[["table", "row", "id"]].to_dict("records") == [
        {"table": "facilities", "row": 2, "id": "S1"},
        {"table": "facilities", "row": 4, "id": "S3"},
    ]
    assert run.rejected["reason"].unique().tolist() == [
        "too far: no street within 200 m that can be reached on foot; serves nobody"
    ]
    assert run.manifest["snapped"]["walkers"]["facilities"] == {"too far": 2, "snapped": 1}


def test_a_file_that_two_groups_share_lists_its_bad_rows_once(tmp_path):
    plan = draw_plan(tmp_path, groups=[WALKERS, {**RIDER_GROUP, "demand": {"file": "demand.csv"}}], siting=None)
    write_points(
        tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], [("D1", *place(18, 18), 3), ("D2", *place(18, 18), -3)]
    )
    run = run_plan(read_plan(plan))
    assert run.rejected["row"].tolist() == [3]


def test_points_of_an_openstreetmap_file_outside_the_study_area_are_listed(tmp_path):
    from osm_drawing import write_osm

    plan = draw_plan(
        tmp_path,
        groups=[{**WALKERS, "demand": {"file": "places.osm", "osm": {"amenity": ["restaurant"]}}}],
        siting=None,
    )
    restaurant = {"amenity": "restaurant"}
    write_osm(tmp_path / "places.osm", {7: (2, 2, restaurant), 8: (18, 18, restaurant), 9: (10, 12, restaurant)}, [])
    run = run_plan(read_plan(plan))
    assert run.today.headline.group.demand["id"].tolist() == ["n8"]
    assert "n9" in set(run.rejected["id"])
    assert run.rejected["row"].min() >= 1


# --- warnings ---


def test_demand_near_the_edge_of_the_streets_is_said(tmp_path):
    plan = draw_plan(tmp_path, siting=None, groups=ALONE, premises=None)
    write_layer(tmp_path / "study_area.geojson", [({}, (13, 11, 40, 34))])
    rows = [("D1", *place(18, 18), 3), ("D2", *place(39, 33), 4)]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    run = run_plan(read_plan(plan))
    margin, community = sorted(run.manifest["warnings"], key=len, reverse=True)
    assert margin.startswith("4 of 7 demand of walkers (points 1: D2) lies nearer to the edge of the streets")
    assert margin.endswith("give roads and stations 800 m around it")
    assert community.startswith("4 of 7 demand of walkers (points 1: D2) lies in no community; ")


def test_demand_without_a_street_is_said(tmp_path):
    plan = draw_plan(tmp_path, siting=None, groups=ALONE, premises=None, study_area=None, communities=None)
    rows = [("D1", *place(15, 15), 3), ("D2", *place(-4, 18), 4)]
    write_points(tmp_path / "demand.csv", ["id", "lon", "lat", "demand"], rows)
    run = run_plan(read_plan(plan))
    assert any(
        text.startswith("4 of 7 demand of walkers (points 1: D2) has no street within 200 m")
        for text in run.manifest["warnings"]
    )
    assert share(run.today, "demand") == 7.0
    assert run.today.headline.gaps["reason"].tolist() == ["outside_data"]  # D2 lies beyond all streets


def test_premises_without_a_street_are_listed_with_their_row(tmp_path):
    plan = draw_plan(tmp_path, groups=ALONE, study_area=None, siting={"n_open": 1})
    rows = [("P1", *place(-5, 3)), ("P2", *place(24, 18)), ("P3", *place(3, -4))]
    write_points(tmp_path / "premises.csv", ["id", "lon", "lat"], rows)
    run = run_plan(read_plan(plan))
    assert run.rejected[["table", "row", "id"]].to_dict("records") == [
        {"table": "premises", "row": 2, "id": "P1"},
        {"table": "premises", "row": 4, "id": "P3"},
    ]
    assert run.solution.sites["id"].tolist() == ["P2"]


def test_enough_margin_is_no_reason_to_warn(run):
    assert run.manifest["warnings"] == []


def test_streets_of_which_less_than_half_hang_together_are_said(tmp_path):
    plan = draw_plan(tmp_path, roads={"file": "roads.gpkg"}, siting=None, groups=ALONE)
    left = [shapely.LineString([place(c, r), place(c, r + 3)]) for c in range(12, 21, 3) for r in range(0, 36, 3)]
    left += [shapely.LineString([place(c, r), place(c + 3, r)]) for c in range(12, 18, 3) for r in range(0, 37, 3)]
    broken = [
        shapely.LineString([place(c, r + 0.1), place(c, r + 2.9)]) for c in range(24, 43, 1) for r in range(0, 36, 3)
    ]
    gpd.GeoDataFrame(
        {"highway": "residential"}, geometry=left + broken, crs=4326, index=range(len(left + broken))
    ).to_file(tmp_path / "roads.gpkg")
    run = run_plan(read_plan(plan))
    warnings_ = run.manifest["warnings"]
    (warning,) = [text for text in warnings_ if text.startswith("the streets for walk fall into ")]
    assert [text for text in warnings_ if "noding" in text]
    assert "people reach nothing beyond their own piece" in warning


# --- real streets ---


@pytest.mark.real_data
def test_fragmented_streets_of_zhengzhou_hang_together_once_cut_at_shared_vertices(real_data, tmp_path):
    """Counted by end points the layer has 466 pieces; ways meet in the middle of others, where they share a vertex."""
    layer = gpd.read_file(real_data / "zhengzhou" / "roads.geojson")
    run = run_zhengzhou(real_data / "zhengzhou" / "roads.geojson", layer.total_bounds, tmp_path)
    assert not [text for text in run.manifest["warnings"] if "fall into" in text]
    assert run.today.headline.coverage.covered.any()


def run_zhengzhou(roads, bounds, folder):
    middle = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    for name in ("stations.csv", "demand.csv"):
        write_points(folder / name, ["id", "lon", "lat", "demand"], [("A", *middle, 1)])
    plan = draw_plan(
        folder / "plan",
        roads={"file": roads},
        study_area=None, communities=None, premises=None, siting=None,
        facilities={"file": folder / "stations.csv"},
        groups=[{**WALKERS, "demand": {"file": folder / "demand.csv"}}],
        snap={"limit_m": 2000},
    )  # fmt: skip
    return run_plan(read_plan(plan))


def test_streets_of_an_unknown_class_are_named(tmp_path):
    plan = draw_plan(tmp_path, premises=None, siting=None, groups=ALONE)
    file = tmp_path / "roads.osm"
    before, middle, after = file.read_text(encoding="utf-8").partition('<way id="7"')  # through the study area
    file.write_text(before + middle + after.replace('v="residential"', 'v="支路"', 1), encoding="utf-8")
    run = run_plan(read_plan(plan))
    [named] = [text for text in run.manifest["warnings"] if "road class" in text]
    assert (
        " km of street have a road class that is not known and are closed unless a tag opens them, classes 1: 支路 ("
        in named
    )
    assert "支路" not in set(run.network.edges["highway"])


def test_cars_are_given_the_margin_of_a_motorway(tmp_path):
    plan = read_plan(draw_plan(tmp_path))
    car = replace(plan.groups[0], mode="drive", cutoff_s=600.0)
    assert farthest_m(plan, car) == pytest.approx(600 * 120 * 0.6 / 3.6)
    assert farthest_m(plan, replace(car, mode="walk")) == pytest.approx(600 * 4.8 / 3.6)
