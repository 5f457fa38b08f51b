"""Bad input at the front door: one message that helps, exit code 2, and nothing left behind."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

import coverage_planner as cp
from coverage_planner.cli import main
from coverage_planner.errors import CrsError
from drawn import draw_network, draw_points
from drawn_plan import PLAN, draw_plan, draw_streets, write_layer, write_points
from osm_drawing import place, write_osm

GROUP = PLAN["groups"][0]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "规划 一"


@pytest.fixture
def refused(folder, capsys):
    """Run a plan that must be refused; return the message."""

    def refused(plan: Path, *options: str, out: Path = folder / "结果 results") -> str:
        before = contents(folder.parent)
        code = main(["plan", str(plan), "--out", str(out), *options])
        printed = capsys.readouterr()
        assert code == 2
        assert printed.out == ""
        assert printed.err.startswith("coverage-planner: ")
        assert printed.err.count("\n") == 1
        assert "Traceback" not in printed.err
        assert contents(folder.parent) == before
        return printed.err

    return refused


def contents(folder: Path) -> dict[str, bytes | None]:
    """All files and folders in a folder, with what the files hold."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def table_of(folder, name, *rows, header=("id", "lon", "lat", "人数")):
    write_points(folder / name, list(header), [*rows])


def layer_of(path, lines, crs="EPSG:4326", **columns):
    gpd.GeoDataFrame(columns, geometry=lines, crs=crs).to_file(path, engine="pyogrio")
    return path


# --- the plan file ---


def test_no_plan_file(folder, refused):
    folder.mkdir()
    message = refused(folder / "plan.toml")
    assert "the plan must be a readable file" in message
    assert str(folder / "plan.toml") in message
    assert "check the path" in message


def test_a_plan_file_that_is_not_toml(folder, refused):
    plan = draw_plan(folder)
    plan.write_text(r'name = "C:\Users"' + "\n", encoding="utf-8")
    message = refused(plan)
    assert "plan.toml must be TOML" in message
    assert "line 1" in message
    assert "Windows paths" in message


def test_a_plan_file_in_another_encoding(folder, refused):
    plan = draw_plan(folder)
    plan.write_bytes('name = "河西"'.encode("gb18030"))
    assert "plan.toml must be text in UTF-8, got other bytes; save it as UTF-8" in refused(plan)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"roads": None}, "the plan file must have roads, got name, ", id="table"),
        pytest.param({"name": None}, "the plan file must have name, got ", id="name"),
        pytest.param({"siting": {"n_open": None}}, None, id="null is no TOML"),
        pytest.param(
            {"groups": [{key: value for key, value in GROUP.items() if key != "cutoff_min"}]},
            "[[groups]] 1 must have cutoff_min, got name, mode, demand; add them",
            id="key of a group",
        ),
    ],
)
def test_missing_keys(folder, refused, changes, said):
    if said is None:
        changes = {"siting": {}}
        plan = draw_plan(folder, **changes)
        plan.write_text(plan.read_text(encoding="utf-8").replace('"n_open" = 2', ""), encoding="utf-8")
        said = "[siting] must have n_open or budget with model = 'mclp', got neither"
    else:
        plan = draw_plan(folder, **changes)
    assert said in refused(plan)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sitting": {"n_open": 2}}, "the plan file has no key 'sitting'; did you mean 'siting'?"),
        ({"siting": {"n_opn": 2}}, "[siting] has no key 'n_opn'; did you mean 'n_open'?"),
        ({"groups": [{**GROUP, "cutoff": 15}]}, "[[groups]] 1 has no key 'cutoff'; did you mean 'cutoff_min'?"),
        ({"facilities": {"datums": "gcj02"}}, "[facilities] has no key 'datums'; did you mean 'datum'?"),
    ],
)
def test_unknown_keys(folder, refused, changes, said):
    message = refused(draw_plan(folder, **changes))
    assert said in message
    assert "its keys are" in message


def test_files_that_are_missing_are_all_named_at_once(folder, refused):
    plan = draw_plan(folder)
    (folder / "stations.csv").unlink()
    (folder / "riders.csv").unlink()
    message = refused(plan)
    assert "every file that plan.toml names must exist, missing 2: " in message
    assert "[facilities] file" in message
    assert "stations.csv" in message
    assert "[[groups]] 2 demand file" in message
    assert f"they start from {folder}" in message


@pytest.mark.parametrize("minutes", [0, -15])
def test_a_cutoff_of_zero(folder, refused, minutes):
    message = refused(draw_plan(folder, groups=[{**GROUP, "cutoff_min": minutes}]))
    assert f"[[groups]] 1 cutoff_min must be more than 0, got {minutes}; correct it" in message


def test_a_mode_that_does_not_exist(folder, refused):
    message = refused(draw_plan(folder, groups=[{**GROUP, "mode": "wlak"}]))
    assert (
        "[[groups]] 1 mode must be one of walk, bicycle, ebike, drive, courier, truck, got 'wlak'; did you mean 'walk'?"
        in message
    )


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2263"])
def test_a_plan_crs_that_is_not_in_metres(folder, refused, crs):
    message = refused(draw_plan(folder, crs=crs))
    assert f"crs must be projected and in metres, got '{crs}'" in message
    assert "for example 'EPSG:32650', or leave it out" in message


@pytest.mark.parametrize("crs", ["EPSG:32610", "EPSG:3857", "EPSG:3031"])
def test_a_plan_crs_of_another_part_of_the_world(folder, refused, crs):
    message = refused(draw_plan(folder, crs=crs))
    assert "crs must have true metres" in message
    assert f"got {crs} (" in message
    assert "leave crs out for the UTM zone" in message


def test_sites_for_a_group_that_does_not_exist(folder, refused):
    message = refused(draw_plan(folder, siting={"group": "walker"}))
    assert (
        "[siting] group must be the name of a group (walkers, riders), got 'walker'; did you mean 'walkers'?" in message
    )


# --- layers and tables ---


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("stations.csv", "stations.csv must have column names and at least one row of values under them, got 0"),
        ("demand.csv", "demand.csv must have column names and at least one row of values under them, got 0"),
        ("premises.csv", "premises.csv must have column names and at least one row of values under them, got 0"),
    ],
)
def test_empty_tables(folder, refused, name, said):
    plan = draw_plan(folder)
    table_of(folder, name)
    assert said in refused(plan)


@pytest.mark.parametrize("name", ["study_area.geojson", "communities.geojson"])
def test_empty_layers(folder, refused, name):
    plan = draw_plan(folder)
    write_layer(folder / name, [])
    assert f"{name} must have at least one feature, got none; check the export" in refused(plan)


def test_an_empty_road_layer(folder, refused):
    plan = draw_plan(folder, roads={"file": "roads.gpkg"})
    layer_of(folder / "roads.gpkg", [])
    assert "roads.gpkg must hold at least one line, got an empty layer; check the export" in refused(plan)


def test_a_file_of_openstreetmap_without_streets(folder, refused):
    plan = draw_plan(folder)
    write_osm(folder / "roads.osm", {1: (0, 0, {"amenity": "bank"})}, [])
    message = refused(plan)
    assert "an OpenStreetMap file must hold streets (ways with a highway tag), got none in roads.osm" in message


def test_a_road_layer_without_a_crs(folder, refused):
    plan = draw_plan(folder, roads={"file": "roads.shp"})
    layer_of(folder / "roads.shp", [shapely.LineString([place(0, 0), place(3, 0)])], highway=["residential"])
    (folder / "roads.prj").unlink()
    message = refused(plan)
    assert (
        "roads.shp must say its coordinate reference system, got none (for a Shapefile, the .prj is missing)" in message
    )
    assert "source_crs" in message


def test_communities_without_a_crs(folder, refused):
    plan = draw_plan(folder, communities={"file": "communities.shp"})
    layer_of(folder / "communities.shp", [shapely.box(*place(13, 11), *place(29, 25))], name=["A"])
    (folder / "communities.prj").unlink()
    message = refused(plan)
    assert "communities.shp must say its coordinate reference system, got none" in message
    assert ".prj" in message


def test_stations_with_longitude_and_latitude_swapped(folder, refused):
    plan = draw_plan(folder)
    table_of(folder, "stations.csv", ("S1", 30.512, 114.315), ("S2", 30.521, 114.309), header=("id", "lon", "lat"))
    message = refused(plan)
    assert "stations.csv must give longitude and latitude each in its own column" in message
    assert "look swapped: 2 of 2 rows, the first with longitude 30.512 and latitude 114.315" in message


def test_a_study_area_with_longitude_and_latitude_swapped(folder, refused):
    plan = draw_plan(folder)
    layer = json.loads((folder / "study_area.geojson").read_text(encoding="utf-8"))
    (ring,) = layer["features"][0]["geometry"]["coordinates"]
    layer["features"][0]["geometry"]["coordinates"] = [[[lat, lon] for lon, lat in ring]]
    (folder / "study_area.geojson").write_text(json.dumps(layer), encoding="utf-8")
    message = refused(plan)
    assert "study_area.geojson must give longitude and latitude" in message
    assert "look swapped" in message


def test_a_study_area_that_is_no_area(folder, refused):
    plan = draw_plan(folder, study_area={"file": "area.gpkg"})
    layer_of(folder / "area.gpkg", [shapely.LineString([place(13, 11), place(29, 25)])])
    message = refused(plan)
    assert message.endswith("the geometry is not a polygon in 1: feature 1; correct or remove them\n")


def test_a_road_layer_with_longitude_and_latitude_swapped(folder, refused):
    plan = draw_plan(folder, roads={"file": "roads.gpkg"})
    line = shapely.LineString([place(0, 0)[::-1], place(3, 0)[::-1]])
    layer_of(folder / "roads.gpkg", [line], highway=["residential"])
    message = refused(plan)
    assert "longitude and latitude are swapped: exchange them" in message


def test_a_table_without_the_columns_of_coordinates(folder, refused):
    plan = draw_plan(folder)
    table_of(folder, "stations.csv", ("S1", "某路 1 号"), header=("id", "地址"))
    message = refused(plan)
    assert "stations.csv must have columns for lon, lat, got ['id', '地址']" in message


def test_demand_without_a_column_of_demand(folder, refused):
    plan = draw_plan(folder)
    table_of(folder, "demand.csv", ("D1", *place(18, 18)), header=("id", "lon", "lat"))
    message = refused(plan)
    assert "demand.csv must have columns for demand, got ['id', 'lon', 'lat']" in message
    assert "人数" in message


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (("nan", "NaN"), "demand is not a finite number in 2: row 2, row 3"),
        (("", ""), "demand is blank in 2: row 2, row 3"),
        (("-1", "-0.5"), "demand is less than 0 in 2: row 2, row 3"),
        (("viel", "-3"), "demand is not a finite number in 1: row 2; demand is less than 0 in 1: row 3"),
    ],
)
def test_demand_of_which_no_row_can_be_used(folder, refused, weights, said):
    plan = draw_plan(folder)
    table_of(folder, "demand.csv", *((f"D{n}", *place(18, 18), weight) for n, weight in enumerate(weights)))
    message = refused(plan)
    assert f"demand.csv must have a usable row, got none: {said}; correct the file" in message


def test_a_table_in_the_encoding_of_chinese_windows_is_recognised(folder):
    plan = draw_plan(folder, siting=None)
    text = (folder / "stations.csv").read_text(encoding="utf-8-sig")
    assert main(["plan", str(plan), "--out", str(folder / "utf-8")]) == 0
    (folder / "stations.csv").write_text(text, encoding="gb18030")
    assert main(["plan", str(plan), "--out", str(folder / "gb18030")]) == 0
    ours, theirs = (
        (folder / name / "by_facility.csv").read_text(encoding="utf-8-sig") for name in ("gb18030", "utf-8")
    )
    assert ours == theirs
    assert "河西户外劳动者服务中心" in ours
    assert "GB18030" in (folder / "gb18030" / "remarks.csv").read_text(encoding="utf-8-sig")


def test_a_table_of_two_encodings(folder, refused):
    plan = draw_plan(folder)
    text = (folder / "stations.csv").read_text(encoding="utf-8-sig").splitlines()
    mixed = b"\r\n".join(line.encode("gb18030" if number == 2 else "utf-8") for number, line in enumerate(text))
    (folder / "stations.csv").write_bytes(mixed)
    message = refused(plan)
    assert "stations.csv must be in one encoding" in message
    assert "in GB18030 are 1: line 3" in message


def test_a_workbook_that_is_cut_short(folder, refused):
    plan = draw_plan(folder, facilities={"file": "stations.xlsx"})
    (folder / "stations.xlsx").write_bytes(b"PK\x03\x04 cut short")
    assert "stations.xlsx must be a readable .xlsx file" in refused(plan)


def test_a_raster_without_a_study_area(folder, refused):
    plan = draw_plan(folder, study_area=None, groups=[{**GROUP, "demand": {"file": "people.tif"}}])
    (folder / "people.tif").write_bytes(b"II*\x00")
    message = refused(plan)
    assert "a raster of people must be cut out by a study area, got none for people.tif; add [study_area]" in message


@pytest.mark.parametrize("scaled", [{}, {"sum": 100}])
def test_demand_that_is_all_zero(folder, refused, scaled):
    plan = draw_plan(folder, groups=[{**GROUP, "demand": {"file": "demand.csv", **scaled}}])
    table_of(folder, "demand.csv", ("D1", *place(18, 18), 0), ("D2", *place(3, 3), 5))  # the second is outside
    assert f"demand of {GROUP['name']} must not be all zero, got 1 points of demand.csv" in refused(plan)


# --- streets ---


@pytest.mark.parametrize("size", [20, 100, 250, -1])
def test_a_pbf_that_is_cut_short(folder, refused, size):
    plan = draw_plan(folder, roads={"file": "roads.osm.pbf"})
    draw_streets(folder / "whole.osm.pbf")
    whole = (folder / "whole.osm.pbf").read_bytes()
    assert len(whole) > 400
    (folder / "roads.osm.pbf").write_bytes(whole[:size])
    message = refused(plan)
    assert (
        f"an OpenStreetMap file must be readable to its end, got roads.osm.pbf ({len(whole[:size])} bytes)" in message
    )
    assert "cut short" in message
    assert "download it again" in message


@pytest.mark.parametrize(
    "name", ["roads.osm.pbf", "roads.osm", "roads.osm.gz", "roads.gpkg", "roads.parquet", "roads.zip", "roads.graphml"]
)
def test_road_files_of_rubbish(folder, refused, name):
    plan = draw_plan(folder, roads={"file": name})
    (folder / name).write_bytes(b"<html>404 not found</html>" * 10)
    message = refused(plan)
    assert name in message
    assert "must" in message


def test_a_road_file_of_an_unknown_kind(folder, refused):
    plan = draw_plan(folder, roads={"file": "roads.dwg"})
    (folder / "roads.dwg").write_bytes(b"AC1032")
    message = refused(plan)
    assert "a road file must be of a known kind (" in message
    assert "got roads.dwg" in message


def test_roads_of_another_place(folder, refused):
    plan = draw_plan(folder)
    write_layer(folder / "study_area.geojson", [({}, (5013, 11, 5029, 25))])
    message = refused(plan)
    assert "study area" in message
    assert "roads.osm" in message


def test_a_road_layer_that_is_all_islands(folder, refused):
    """Lines that end short of each other, as an export of centre lines without topology has them."""
    plan = draw_plan(folder, roads={"file": "roads.gpkg"})
    lines = [
        shapely.LineString([place(column + 0.1, row), place(column + 2.9, row)])
        for column in range(0, 42, 3)
        for row in range(0, 37, 3)
    ]
    layer_of(folder / "roads.gpkg", lines, highway=["residential"] * len(lines))
    message = refused(plan)
    assert (
        "streets must hang together, but the streets for walk fall into 142 pieces, the longest with 0.27 of" in message
    )
    assert "lines must share a vertex where streets meet" in message


def test_streets_that_nobody_of_the_group_may_use(folder, refused):
    plan = draw_plan(folder, roads={"file": "roads.gpkg"})
    line = shapely.LineString([place(0, 0), place(30, 24)])
    layer_of(folder / "roads.gpkg", [line], highway=["motorway"])
    message = refused(plan)
    assert "at least one street must be open to walk" in message
    assert "check the columns highway, access, foot" in message


# --- stations, demand and sites in their place ---


def test_stations_that_are_all_outside_the_study_area(folder, refused):
    plan = draw_plan(folder)
    table_of(folder, "stations.csv", ("S1", 116.4, 39.9), ("S2", 121.5, 31.2), header=("id", "lon", "lat"))
    message = refused(plan)
    assert (
        "facilities must have points inside the study area and its margin of 1000 m, but stations.csv has none there"
        in message
    )
    assert "all are outside: 2: S1, S2; " in message
    assert "check the study area, the datum and the columns of the coordinates" in message


def test_demand_that_is_all_outside_the_study_area(folder, refused):
    plan = draw_plan(folder)
    table_of(folder, "riders.csv", ("R1", *place(3, 3), 1))
    message = refused(plan)
    assert (
        "demand of riders must have points inside the study area, but riders.csv has none there, all are outside: 1: R1;"
        in message
    )


def test_stations_that_are_all_away_from_any_street(folder, refused):
    plan = draw_plan(folder, study_area=None, roads={"margin_m": 0})
    table_of(folder, "stations.csv", ("S1", *place(-5, 0)), ("S2", *place(50, 3)), header=("id", "lon", "lat"))
    message = refused(plan)
    assert "stations must lie within 200 m of a street, none of 2: S1, S2 does" in message
    assert "check the datum" in message


def test_demand_that_is_all_away_from_any_street(folder, refused):
    plan = draw_plan(folder, study_area=None, communities=None)
    table_of(folder, "riders.csv", ("R1", *place(-6, 3), 1), ("R2", -62, 0, 1))
    message = refused(plan)
    assert "demand of riders must lie within 200 m of a street, none of 2: R1, R2 does; check the datum" in message


def test_premises_that_are_all_away_from_any_street(folder, refused):
    plan = draw_plan(folder, study_area=None)
    table_of(folder, "premises.csv", ("P1", *place(-6, 3)), header=("id", "lon", "lat"))
    message = refused(plan)
    assert "premises must lie within 200 m of a street for walk, none of 1: P1 does; check the datum" in message


def test_more_sites_than_candidates(folder, refused):
    message = refused(draw_plan(folder, siting={"n_open": 6}))
    assert "n_open must be at most the number of candidates, got 6 sites to open and 5 candidates" in message
    assert "ask for fewer sites or give more candidates" in message


# --- the results folder ---


def test_a_results_folder_that_exists(folder, refused):
    plan = draw_plan(folder)
    out = folder / "out"
    out.mkdir()
    message = refused(plan, out=out)
    assert f"the results folder must not exist yet, got {out}; choose another, or force (--force)" in message


def test_a_folder_of_other_files_is_not_replaced_even_by_force(folder, refused):
    plan = draw_plan(folder)
    out = folder / "out"
    out.mkdir()
    (out / "论文.docx").write_text("years of work", encoding="utf-8")
    message = refused(plan, "--force", out=out)
    assert f"only a results folder can be replaced, {out} is none" in message
    assert "it holds 1: 论文.docx; choose another folder" in message


def test_a_file_where_the_results_shall_be(folder, refused):
    plan = draw_plan(folder)
    message = refused(plan, "--force", out=folder / "stations.csv")
    assert "the results folder must not be a file" in message


def test_a_place_that_cannot_be_written_to(folder, refused):
    plan = draw_plan(folder)
    message = refused(plan, out=folder / "stations.csv" / "out")
    assert "the results folder must be in a place that can be written to" in message


# --- the real door ---


def test_the_program_itself_says_one_thing_and_leaves_nothing(folder):
    plan = draw_plan(folder, siting={"n_opn": 2})
    before = contents(folder.parent)
    program = Path(sysconfig.get_path("scripts")) / (
        "coverage-planner.exe" if sys.platform == "win32" else "coverage-planner"
    )
    done = subprocess.run(
        [program, "plan", plan, "--out", folder / "结果"], capture_output=True, check=False, cwd=folder
    )

    assert done.returncode == 2
    assert done.stdout == b""
    message = done.stderr.decode("utf-8")
    assert message.startswith("coverage-planner: [siting] has no key 'n_opn'; did you mean 'n_open'?")
    assert message.count("\n") == 1
    assert contents(folder.parent) == before


# --- the library ---


def test_the_library_refuses_degrees_where_it_needs_metres():
    network = draw_network({"A": (0, 0), "B": (500, 0)}, [("AB", {})])
    metres = draw_points((0, 0))
    degrees = metres.set_crs(4326, allow_override=True)
    nowhere = metres.set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match="must be in a projected CRS in metres, got EPSG:4326; reproject"):
        cp.travel_times(network, degrees, metres, mode="walk", limit_s=900)
    with pytest.raises(CrsError, match="must be in a projected CRS in metres, got EPSG:4326; reproject"):
        cp.travel_times(network, metres, degrees, mode="walk", limit_s=900)
    with pytest.raises(CrsError, match="must be in a projected CRS in metres, got none; set it"):
        cp.isochrones(network, nowhere, mode="walk", cutoffs_s=[900])
    with pytest.raises(CrsError, match="must be in a projected CRS in metres, got EPSG:4326; reproject"):
        cp.reached_streets(network, degrees, mode="walk", cutoffs_s=[900])
    with pytest.raises(CrsError, match="must be in a projected CRS in metres, got EPSG:4326; reproject"):
        cp.snap_points(network, degrees, "walk")
