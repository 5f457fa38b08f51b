"""The input doctor: what it finds in plans drawn with known faults, how it says it, and what it writes."""

import csv
import json
import math
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import rasterio
from shapely import LineString

from coverage_planner.cli import main
from coverage_planner.cli.parser import build_parser
from coverage_planner.config import read_plan
from coverage_planner.demo import demo_city
from coverage_planner.pipeline.checks import as_warning, find_pieces, warn_of_datum
from coverage_planner.pipeline.doctor import check_plan
from coverage_planner.pipeline.doctor_reading import of_message
from coverage_planner.pipeline.inputs import read_inputs
from coverage_planner.pipeline.run import run_plan
from coverage_planner.pipeline.streets import prepare_streets
from coverage_planner.report.check_page_text import check_text
from coverage_planner.schema import Rejections
from coverage_planner.sources.datum import from_wgs84
from coverage_planner.sources.record_faults import LISTED_ROWS
from drawn_plan import (
    COLUMNS,
    PEOPLE,
    PLAN,
    PREMISES,
    ROWS,
    STATIONS,
    draw_plan,
    draw_streets,
    write_layer,
    write_plan,
    write_points,
)
from osm_drawing import place, write_osm

STATION_HEADER = ["编号", "名称", "级别", "经度", "纬度"]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "规划 一"


def found(report, code):
    """The findings of one kind."""
    return [finding for finding in report.findings if finding.code == code]


def only(report, code):
    findings = found(report, code)
    assert len(findings) == 1, [finding.what.en for finding in report.findings]
    return findings[0]


def write_stations(folder, *rows):
    write_points(folder / "stations.csv", STATION_HEADER, [(*row[:3], *place(*row[3:])) for row in rows])


def test_a_plan_without_faults(folder):
    report = check_plan(draw_plan(folder))
    assert report.findings == ()
    assert report.exit_code == 0
    counts = {check.key: (check.read, check.rejected, check.outside, check.kept) for check in report.inputs}
    assert counts["[facilities]"] == (2, 0, 0, 2)
    assert counts["[[groups]] 1 demand"] == (25, 0, 0, 25)
    assert counts["[communities]"] == (4, 0, 0, 4)
    walkers = next(check for check in report.inputs if check.key == "[[groups]] 1 demand")
    assert walkers.total == sum(PEOPLE.values())
    assert sum(walkers.snap.counts) == 25
    assert walkers.snap.median_m == pytest.approx(0, abs=0.1)


def test_broken_inputs_do_not_keep_the_others_from_being_checked(folder):
    plan = draw_plan(folder)
    (folder / "stations.csv").write_bytes(b"\x00\x01\x02\xff" * 50)
    (folder / "riders.csv").unlink()
    write_layer(folder / "communities.geojson", [])
    write_points(folder / "premises.csv", ["id", "lon", "lat"], [("P1", "", ""), ("P2", *place(24, 18))])
    report = check_plan(plan)
    assert {f.input for f in report.findings if f.level == "error"} == {
        "[facilities]",
        "[[groups]] 2 demand",
        "[communities]",
    }
    assert only(report, "rows refused").rows == (2,)
    assert [f.input for f in found(report, "not checked")] == ["[communities]"]
    assert report.exit_code == 2
    walkers = next(check for check in report.inputs if check.key == "[[groups]] 1 demand")
    assert walkers.kept == 25
    assert walkers.snap is not None


def test_streets_that_cannot_be_read_leave_the_tables_to_be_checked(folder):
    plan = draw_plan(folder)
    (folder / "roads.osm").write_text("<osm", encoding="utf-8")
    write_stations(folder, *STATIONS, ("S2", "又一站", "驿站", 15, 15))
    report = check_plan(plan)
    assert [f.input for f in report.findings if f.level == "error"] == ["[roads]"]
    assert only(report, "rows refused").ids == ("S2",)
    assert only(report, "not checked").input == "[roads]"
    assert report.streets is None


def test_a_study_area_that_cannot_be_read(folder):
    plan = draw_plan(folder)
    (folder / "study_area.geojson").write_text("{", encoding="utf-8")
    report = check_plan(plan)
    assert [f.input for f in report.findings if f.level == "error"] == ["[study_area]"]
    assert report.study_area is None
    assert report.streets is not None
    assert all(check.snap is not None for check in report.inputs if check.table == "facilities")


def test_a_plan_file_that_cannot_be_read(folder):
    folder.mkdir()
    path = folder / "plan.toml"
    path.write_text("name = ", encoding="utf-8")
    report = check_plan(path)
    assert (report.exit_code, report.inputs) == (2, ())
    assert "must be TOML" in report.findings[0].what.en


def test_stations_entered_twice(folder):
    plan = draw_plan(folder)
    write_stations(
        folder,
        ("S1", "河西驿站", "驿站", 15, 12),
        ("S2", "河 西 驿站（北）", "驿站", 21, 21),
        ("S3", "河西驿站", "驿站", 15.5, 12),  # 50 m farther on, same name
        ("S4", "东门驿站", "驿站", 24, 15),
        ("S5", "东门（驿站）", "驿站", 24.001, 15),  # same place
        ("S6", "1号驿站", "驿站", 18, 21),
        ("S7", "2号驿站", "驿站", 18.3, 21),  # 30 m, but another number
    )
    finding = only(check_plan(plan), "entered twice")
    assert finding.level == "warning"
    assert finding.ids == ("S3", "S5")
    assert finding.rows == (4, 6)
    assert "S1 河西驿站 – S3 河西驿站" in finding.what.zh


def test_points_outside_the_study_area(folder):
    plan = draw_plan(folder)
    inside = [(f"D{n}", *place(*corner), 2.0) for n, corner in enumerate(PEOPLE, start=1)]
    write_points(folder / "demand.csv", ["id", "lon", "lat", "人数"], [*inside, ("D99", *place(33, 30), 50.0)])
    finding = only(check_plan(plan), "outside")
    assert (finding.level, finding.ids, finding.rows) == ("warning", ("D99",), (27,))
    assert "50.0% of the demand" in finding.what.en


def test_an_input_that_is_elsewhere_altogether_is_an_error_as_it_is_for_plan(folder):
    plan = draw_plan(folder)
    write_points(folder / "riders.csv", ["id", "lon", "lat", "人数"], [("R1", 116.4, 39.9, 3)])
    report = check_plan(plan)
    finding = only(report, "outside")
    assert (finding.level, finding.input) == ("error", "[[groups]] 2 demand")
    assert finding.what.en.startswith("all 1 demand points")
    assert main(["plan", str(plan), "--out", str(folder / "out")]) == 2


def test_people_who_are_none_at_all(folder):
    plan = draw_plan(folder)
    write_points(folder / "riders.csv", ["id", "lon", "lat", "人数"], [("R1", *place(18, 18), 0)])
    assert only(check_plan(plan), "no demand").level == "error"


def test_many_points_on_one_spot(folder):
    plan = draw_plan(folder)
    rows = [(f"R{n}", *place(18, 18), 3) for n in range(1, 8)] + [("R8", *place(21, 18), 3)]
    write_points(folder / "riders.csv", ["id", "lon", "lat", "人数"], rows)
    finding = only(check_plan(plan), "many on one spot")
    assert finding.ids == tuple(f"R{n}" for n in range(1, 8))
    assert "up to 7 on one" in finding.what.en


def draw_wall(path, west, east):
    """The grid of streets, with a wall 20 m south of the street at row 18."""
    number = {(column, row): 1000 + 100 * row + column for row in ROWS for column in COLUMNS}
    ways = [[number[column, row] for column in COLUMNS] for row in ROWS]
    ways += [[number[column, row] for row in ROWS] for column in COLUMNS]
    nodes = {node: corner for corner, node in number.items()}
    nodes |= {1: (west, 17.8), 2: (east, 17.8)}
    streets = [(n, refs, {"highway": "residential"}) for n, refs in enumerate(ways, start=1)]
    return write_osm(path, nodes, [*streets, (999, [1, 2], {"barrier": "wall"})])


def test_a_station_whose_nearest_street_is_behind_a_wall(folder):
    plan = draw_plan(folder)
    draw_wall(folder / "roads.osm", 15.5, 17.5)
    write_stations(folder, *STATIONS, ("S3", "墙南驿站", "驿站", 16.5, 17.5))  # 55 m from the street behind the wall
    finding = only(check_plan(plan), "nearest street behind a barrier")
    assert (finding.ids, finding.rows) == (("S3",), (4,))
    # it goes to the street 1.5 steps to the west or east; from there to the street in the north half a step, and back
    walk_m = 1.5 * 95.7 + 0.5 * 110.9
    minutes = round(walk_m / (4.8 / 3.6) / 60)
    assert f"144 m instead of 55 m, and the way round takes {minutes} min" in finding.what.en
    assert finding.level == ("warning" if walk_m / (4.8 / 3.6) / 60 >= 3 else "note")


def test_a_station_on_the_wrong_side_of_a_long_wall(folder):
    plan = draw_plan(folder, study_area=None, communities=None)
    number = {(column, row): 1000 + 100 * row + column for row in ROWS for column in COLUMNS}
    ways = [[number[column, row] for column in COLUMNS] for row in ROWS]
    ways.append([number[0, row] for row in ROWS])  # the only way from row to row is far in the west
    nodes = {node: corner for corner, node in number.items()} | {1: (1.0, 15.3), 2: (42.0, 15.3)}
    streets = [(n, refs, {"highway": "residential"}) for n, refs in enumerate(ways, start=1)]
    write_osm(folder / "roads.osm", nodes, [*streets, (999, [1, 2], {"barrier": "wall"})])
    write_stations(folder, *STATIONS, ("S3", "墙北驿站", "驿站", 6.0, 16.4), ("S4", "路边驿站", "驿站", 6.0, 17.9))
    finding = only(check_plan(plan), "nearest street behind a barrier")
    assert (finding.level, finding.ids) == ("warning", ("S3",))
    walk_m = 2 * 6 * 95.7 + 3 * 110.9
    assert f"the way round takes {walk_m / (4.8 / 3.6) / 60:.0f} min" in finding.what.en


def test_points_without_a_street_and_points_on_an_island(folder):
    plan = draw_plan(folder, study_area=None, communities=None, snap={"limit_m": 60})
    draw_streets(folder / "roads.osm")  # with a lane in the east that is joined to nothing
    write_stations(folder, *STATIONS, ("S3", "荒地驿站", "驿站", 45, 30), ("S4", "孤岛驿站", "驿站", 37.2, 31.0))
    report = check_plan(plan)
    lost = only(report, "no street near")
    assert (lost.ids, lost.level) == (("S3",), "warning")
    assert "60 m" in lost.what.en
    alone = only(report, "on an island")
    assert alone.ids == ("S4",)
    assert {f.input for f in found(report, "islands")} == {"[roads]"}
    assert report.streets.islands["length_m"].sum() == pytest.approx(48, abs=1)


def test_no_station_with_a_street_is_an_error(folder):
    plan = draw_plan(folder, study_area=None, communities=None)
    write_stations(folder, ("S1", "荒地驿站", "驿站", 45, 30))
    assert only(check_plan(plan), "no street near").level == "error"
    assert main(["plan", str(plan), "--out", str(folder / "out")]) == 2


def test_communities_that_overlap_and_leave_a_part_out(folder):
    plan = draw_plan(folder)
    boxes = [
        ({"id": "A1", "name": "甲"}, (13, 11, 21, 25)),
        ({"id": "A2", "name": "乙"}, (20, 11, 26, 25)),
    ]
    write_layer(folder / "communities.geojson", boxes)
    report = check_plan(plan)
    assert "m² together" in only(report, "areas: overlap").what.en
    missing = only(report, "areas do not fill the study area")
    assert missing.what.en.startswith("18.8% of the study area")  # 3 of 16 columns
    lost = found(report, "demand in no community")
    assert {f.input for f in lost} == {"[[groups]] 1 demand", "[[groups]] 2 demand"}


def test_refused_records_that_one_line_stands_for_are_counted(folder):
    lon, lat = place(20, 18)
    rows = [(lon, lat)] * 20 + [("", lat)] * (LISTED_ROWS + 100)
    group = {"name": "w", "mode": "walk", "cutoff_min": 10, "demand": {"file": "orders.csv", "cell_m": 200}}
    plan = draw_plan(folder, groups=[group])
    write_points(folder / "orders.csv", ["lon", "lat"], rows)
    report = check_plan(plan)
    checked = next(one for one in report.inputs if one.file == "orders.csv")
    assert (checked.read, checked.rejected) == (LISTED_ROWS + 120, LISTED_ROWS + 100)
    assert only(report, "rows refused").what.en.startswith(f"{LISTED_ROWS + 100:,} rows were not used")
    rejected = Rejections()
    inputs = read_inputs(read_plan(plan), prepare_streets(read_plan(plan), rejected), rejected)
    entry = next(row for row in inputs.rows if row["file"] == "orders.csv")
    assert (entry["read"], entry["rejected"], entry["kept"]) == (LISTED_ROWS + 120, LISTED_ROWS + 100, 20)


@pytest.mark.parametrize(("column", "exit_code"), [("道路等级", 0), ("DLDJ", 1)])
def test_a_road_layer_without_a_column_of_classes_is_said(folder, column, exit_code):
    plan = draw_plan(folder, roads={"file": "roads.gpkg"})
    lines = [LineString([place(c, ROWS[0]), place(c, ROWS[-1])]) for c in COLUMNS]
    lines += [LineString([place(COLUMNS[0], r), place(COLUMNS[-1], r)]) for r in ROWS]
    table = gpd.GeoDataFrame({column: "支路"}, index=range(len(lines)), geometry=lines, crs=4326)
    table.to_file(folder / "roads.gpkg")
    write_plan(plan, roads={"file": "roads.gpkg", "noding": "crossings", "attribution": "drawn"})
    report = check_plan(plan)
    said = [f.what for f in report.findings if "classes of its roads" in f.what.en]
    assert (report.exit_code, len(said)) == (exit_code, exit_code)
    assert all("没有认出道路等级列" in one.zh for one in said)


def test_a_layer_of_subdistricts_that_is_missing_is_an_error_as_it_is_for_plan(folder):
    plan = draw_plan(folder, communities={"subdistricts": "streets_of_the_office.gpkg"})
    report = check_plan(plan)
    assert report.exit_code == main(["plan", str(plan), "--out", str(folder / "out")]) == 2
    assert any("streets_of_the_office.gpkg" in finding.what.en for finding in report.findings)


def test_hours_and_services_that_are_not_understood(folder):
    plan = draw_plan(folder)
    write_points(
        folder / "stations.csv",
        [*STATION_HEADER, "服务", "开放时间"],
        [
            ("S1", "甲", "驿站", *place(15, 12), "饮水", "8:30-17:30"),
            ("S2", "乙", "驿站", *place(21, 21), "饮水;造火箭", "看心情"),
        ],
    )
    report = check_plan(plan)
    lost = [finding for finding in found(report, "remark") if finding.level == "warning" and finding.rows == (3,)]
    assert len(lost) == 2
    assert any("看心情" in finding.what.zh for finding in lost)
    assert any("造火箭" in finding.what.zh for finding in lost)
    assert report.exit_code == 1
    assert set(report.remarks["id"]) >= {"S2"}


def test_how_a_file_was_read_is_said(folder):
    plan = draw_plan(folder, facilities={"file": "台账.xlsx"})
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "站点"
    sheet.append(["河西区驿站台账"])
    sheet.append(STATION_HEADER)
    for station in STATIONS:
        sheet.append([*station[:3], *place(*station[3:])])
    book.create_sheet("说明").append(["无"])
    book.save(folder / "台账.xlsx")
    report = check_plan(plan)
    stations = next(check for check in report.inputs if check.key == "[facilities]")
    assert stations.kept == 2
    said = " ".join(text.en for text in stations.how)
    assert "column names are in row 2" in said
    assert "only the sheet 站点 was read" in said
    assert only(report, "left out").level == "note"


def test_a_raster_in_degrees_is_said_to_be_converted(folder):
    source = {"file": "people.tif", "sum": 500}
    plan = draw_plan(folder, groups=[{**PLAN["groups"][0], "demand": source}], siting=None)
    west, north = place(13, 25)
    grid = rasterio.Affine(0.002, 0, west, 0, -0.002, north)
    with rasterio.open(
        folder / "people.tif", "w", driver="GTiff", width=8, height=7, count=1, dtype="float32", crs="EPSG:4326",
        transform=grid,
    ) as raster:  # fmt: skip
        raster.write(np.full((7, 8), 3.0, dtype="float32"), 1)
    report = check_plan(plan)
    demand = next(check for check in report.inputs if check.table == "demand")
    assert demand.kept == 56
    said = [text.en for text in demand.how]
    assert said[0].startswith("the raster is in EPSG:4326: the middle of each cell was converted to EPSG:326")
    assert said[1] == "the demand is scaled to a sum of 500, as the plan says"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups": [{**PLAN["groups"][0], "cutoff_min": 240}]}, "240 minutes on foot are unusual"),
        ({"roads": {"margin_m": 100}}, "[roads] margin_m is 100 m, less than the 1,000 m"),
        ({"modes": {"walk": {"speed_kph": 12}}}, "12 km/h on foot is unusual"),
        ({"siting": {"n_open": 9}}, "9 sites are to open, but only 5 premises"),
        ({"siting": {"n_open": None, "budget": 1}}, "the budget of 1 is below the cheapest premises (2)"),
        ({"snap": {"limit_m": 2000}}, "[snap] limit_m is 2000 m"),
        ({"study_area": None, "communities": None}, "the plan has no study area"),
    ],
)
def test_settings_that_make_no_sense(folder, changes, said):
    plan = draw_plan(folder, **{key: value for key, value in changes.items() if key != "siting"})
    if "siting" in changes:
        siting = {key: value for key, value in changes["siting"].items() if value is not None}
        text = plan.read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith("siting"))
        told = ", ".join(f'"{key}" = {value}' for key, value in siting.items())
        plan.write_text(text.replace(line, f"siting = {{ {told} }}"), encoding="utf-8")
    texts = [finding.what.en for finding in found(check_plan(plan), "setting")]
    assert any(said in text for text in texts), texts


def test_sources_of_demand_with_the_same_label(folder):
    source = {"file": "demand.csv"}
    plan = draw_plan(folder, groups=[{**PLAN["groups"][0], "demand": [source, source]}], siting=None)
    report = check_plan(plan)
    assert report.exit_code == 2
    assert any("told apart by their labels" in finding.what.en for finding in report.findings)


# --- the datum ---


@pytest.fixture(scope="module")
def shifted_demo(tmp_path_factory):
    """The demo city with premises in GCJ-02 that nobody declares."""
    folder = tmp_path_factory.mktemp("示范 city")
    for file in demo_city().iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    with (folder / "premises.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = list(csv.reader(file))
    lon, lat = header.index("lon"), header.index("lat")
    moved = from_wgs84(
        np.array([float(row[lon]) for row in rows]), np.array([float(row[lat]) for row in rows]), "gcj02"
    )
    for row, x, y in zip(rows, *moved, strict=True):
        row[lon], row[lat] = repr(float(x)), repr(float(y))
    write_points(folder / "premises.csv", header, rows)
    return folder / "plan.toml"


@pytest.mark.slow
def test_a_datum_that_looks_wrong_is_said_by_check(shifted_demo):
    report = check_plan(shifted_demo)
    finding = only(report, "datum")
    assert (finding.level, finding.input) == ("warning", "[premises]")
    assert "GCJ-02" in finding.what.zh
    assert 'datum = "gcj02"' in finding.what.en
    assert report.findings[0] is finding  # it explains others
    fits = {check.key: check.datum_fits for check in report.inputs if check.datum.en}
    assert fits["[premises]"] is False
    assert fits["[[groups]] 1 demand"] is True


@pytest.mark.slow
def test_plan_warns_of_a_datum_that_looks_wrong_and_of_no_other(shifted_demo):
    settings, rejected = read_plan(shifted_demo), Rejections()
    streets = prepare_streets(settings, rejected)
    inputs = read_inputs(settings, streets, rejected)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_of_datum(settings, streets.network, inputs)
    texts = [str(warning.message) for warning in caught]
    assert len(texts) == 1
    assert texts[0].startswith("[premises]: ")
    assert "GCJ-02" in texts[0]


# --- what plan and check share ---


def test_plan_warns_of_what_check_finds(folder):
    plan = draw_plan(folder, roads={"margin_m": 300})
    boxes = [({"id": "A1", "name": "甲"}, (13, 11, 20, 25))]
    write_layer(folder / "communities.geojson", boxes)
    report = check_plan(plan)
    shared = {as_warning(f) for f in report.findings if f.code in ("missing margin", "demand in no community")}
    assert len(shared) == 4
    assert shared <= set(run_plan(read_plan(plan)).manifest["warnings"])


def test_pieces_are_said_with_both_languages(folder):
    plan = read_plan(draw_plan(folder))
    network = prepare_streets(plan, Rejections()).network
    assert find_pieces(network, small_component_m=plan.snap.small_component_m) == []


def test_a_message_is_split_where_it_says_what_to_do():
    finding = of_message("error", "x", "[roads]", "a must be b, got c; d; do this")
    assert (finding.what.en, finding.advice.en) == ("a must be b, got c; d", "do this")
    assert of_message("error", "x", "", "no advice").advice.en == ""


# --- the command ---


def test_exit_codes_and_json(folder, capsys):
    plan = draw_plan(folder)
    assert main(["check", str(plan), "--json", "--language", "en"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["exit_code"] == 0
    assert [entry["key"] for entry in record["inputs"]][:2] == ["[study_area]", "[roads]"]
    write_stations(folder, *STATIONS, ("S2", "又一站", "驿站", 15, 15))
    assert main(["check", str(plan), "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    refused = next(entry for entry in record["findings"] if entry["code"] == "rows refused")
    assert refused["rows"] == [4]
    assert refused["what"]["zh"] == "1 行未采用：编号与前面的行重复"
    (folder / "stations.csv").unlink()
    assert main(["check", str(plan)]) == 2
    printed = capsys.readouterr()
    assert "错误 1" in printed.out
    assert printed.err == ""


def test_check_writes_nothing_unless_asked(folder, capsys):
    plan = draw_plan(folder)
    before = sorted(path.name for path in folder.rglob("*"))
    main(["check", str(plan)])
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert "Stations" not in capsys.readouterr().out


def test_the_folder_holds_the_page_and_guarded_tables(folder, capsys):
    plan = draw_plan(folder)
    write_stations(folder, *STATIONS, ("S2", "=1+1", "驿站", 15, 15), ("=cmd", "某站", "驿站", 999, 999))
    out = folder / "检查"
    assert main(["check", str(plan), "--out", str(out)]) == 1
    assert sorted(path.name for path in out.iterdir()) == ["check.html", "findings.csv", "rejected.csv", "remarks.csv"]
    with (out / "rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["id"] for row in rows} == {"S2", "'=cmd"}
    assert {row["row"] for row in rows} == {"4", "5"}
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        assert all(not cell.startswith(("=", "+", "@")) for row in csv.reader(file) for cell in row)
    assert main(["check", str(plan), "--out", str(out)]) == 2
    assert "must not exist yet" in capsys.readouterr().err
    assert main(["check", str(plan), "--out", str(out), "--force"]) == 1


def test_only_a_page_of_ours_is_replaced(folder, capsys):
    plan = draw_plan(folder)
    page = folder / "页.html"
    assert main(["check", str(plan), "--html", str(page)]) == 0
    assert main(["check", str(plan), "--html", str(page)]) == 0
    page.write_text("<p>mine", encoding="utf-8")
    assert main(["check", str(plan), "--html", str(page)]) == 2
    assert "only a page of ours can be replaced" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == "<p>mine"
    assert main(["check", str(plan), "--html", str(folder / "stations.csv")]) == 2
    assert main(["check", str(plan), "--html", str(folder / "no" / "page.html")]) == 2
    assert not list(folder.glob(".*"))


def test_the_terminal_text_has_every_finding_and_row(folder):
    plan = draw_plan(folder)
    write_stations(folder, *STATIONS, ("S2", "又一站\x1b[31m", "驿站", 15, 15))
    write_points(
        folder / "premises.csv",
        ["id", "name", "lon", "lat"],
        [(p[0], "一\x1b[31m\n样", *place(24, 18)) for p in PREMISES],
    )
    for language in ("zh", "en"):
        text = "\n".join(check_text(check_plan(plan, language=language)))
        assert "stations.csv" in text
        assert "\x1b" not in text
        assert "█" in text
        assert ("行 4" if language == "zh" else "rows 4") in text


def test_the_language_of_findings_is_complete(folder):
    report = check_plan(draw_plan(folder, roads={"margin_m": 100}))
    assert report.findings
    for finding in report.findings:
        assert finding.what.zh
        assert finding.what.en
        assert any("\u4e00" <= character <= "\u9fff" for character in finding.what.zh)
    assert not math.isnan(report.inputs[-1].total)
    assert isinstance(report.inputs[0].file, str)
    assert Path(report.file).name == "plan.toml"


# --- the pages that explain it ---


@pytest.mark.parametrize("name", ["check-your-data.md", "check-your-data.zh-CN.md"])
def test_the_how_to_page_names_commands_that_exist(repository, name):
    text = (repository / "docs" / "how-to" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("coverage-planner ")]
    assert len(lines) == 3
    for line in lines:
        given = build_parser().parse_args(line.split()[1:])
        assert given.command == "check"
    for option in ("--json", "--force", "--language"):
        assert option in text


def test_both_how_to_pages_explain_the_same_findings(repository):
    pages = [
        (repository / "docs" / "how-to" / name).read_text(encoding="utf-8")
        for name in ("check-your-data.md", "check-your-data.zh-CN.md")
    ]
    assert len({page.count("\n|") for page in pages}) == 1
    assert len({page.count("\n## ") for page in pages}) == 1


def test_totals_at_the_end_need_no_correction(folder):
    plan = draw_plan(folder)
    rows = [(f"D{n}", *place(*corner), 2.0) for n, corner in enumerate(PEOPLE, start=1)]
    write_points(folder / "demand.csv", ["id", "lon", "lat", "人数"], [*rows, ("合计", "", "", 50)])
    finding = only(check_plan(plan), "rows refused")
    assert finding.rows == (27,)
    assert finding.advice.en == "nothing, if that is so"
