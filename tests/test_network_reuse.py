"""A network kept from one run to the next: used while nothing it was built from has changed, and never after."""

import json
import os
import shutil
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

import coverage_planner as cp
from coverage_planner.cli import main
from coverage_planner.config import read_plan
from coverage_planner.errors import ConfigError
from coverage_planner.network.files import FORMAT, read_network, write_network
from coverage_planner.pipeline import build_from_file, keep_streets, run_plan, save_network, streets, write_run
from coverage_planner.pipeline.streets import prepare_streets
from coverage_planner.report.results import FILES
from coverage_planner.schema import Rejections
from drawn_plan import AREA, COLUMNS, PLAN, ROWS, draw_plan, write_layer, write_plan
from osm_drawing import place
from same_network import assert_same_network

WALKERS, RIDERS = PLAN["groups"]


@pytest.fixture
def plan(tmp_path):
    return draw_plan(tmp_path / "规划 一", siting=None)


@pytest.fixture
def kept(plan):
    """The folder of a network kept by a first preparation."""
    folder = plan.parent / "路网 一"
    keep_streets(prepare(plan), folder)
    return folder


def prepare(plan, folder=None, **options):
    return prepare_streets(read_plan(plan), Rejections(), network_folder=folder, **options)


def draw_lines(column):
    """The drawing's streets as a layer of lines."""
    lines = [shapely.LineString([place(c, r), place(c + 3, r)]) for c in range(0, 39, 3) for r in range(0, 37, 3)]
    lines += [shapely.LineString([place(c, r), place(c, r + 3)]) for c in range(0, 43, 3) for r in range(0, 34, 3)]
    return gpd.GeoDataFrame({column: ["residential"] * len(lines)}, geometry=lines, crs=4326)


def spoil_roads(plan):
    """Give a street in the study area a class that nobody knows, and add a way without nodes."""
    roads = plan.parent / "roads.osm"
    before, middle, after = roads.read_text(encoding="utf-8").partition('<way id="7"')
    lost = '<way id="900" version="1"><nd ref="999999"/><nd ref="999998"/><tag k="highway" v="residential"/></way>'
    after = after.replace('v="residential"', 'v="支路"', 1).replace("</osm>", f"{lost}</osm>")
    roads.write_text(before + middle + after, encoding="utf-8")
    return roads


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- reuse ---


@pytest.mark.slow
def test_the_second_run_reuses_the_network_and_gives_the_same_results(plan, tmp_path):
    """Everything that reading and building says is said again: rejected rows, warnings, counts."""
    write_plan(plan, siting={"n_open": 1})
    spoil_roads(plan)
    folder = tmp_path / "n"
    first = run_plan(read_plan(plan), network_folder=folder)
    assert not folder.exists(), "running alone writes nothing"
    keep_streets(first.streets, folder)
    second = run_plan(read_plan(plan), network_folder=folder)

    assert (first.streets.reused, second.streets.reused) == (None, folder)
    assert_same_network(first.network, second.network)
    assert any("支路" in warning for warning in second.manifest["warnings"])
    assert second.rejected["table"].tolist().count("roads") == 1
    one, other = write_run(first, tmp_path / "one"), write_run(second, tmp_path / "other")
    for file in sorted(FILES - {"run.json", "summary.xlsx", "result.gpkg"}):
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
    results, again = cp.read_results(one), cp.read_results(other)
    for name, layer in results.layers.items():
        assert_geodataframe_equal(layer, again.layers[name])
    for key in results.run.keys() - {"stages", "network_reused", "results"}:
        assert results.run[key] == again.run[key], key
    solution, again_solution = results.run["results"].pop("solution"), again.run["results"].pop("solution")
    assert {**solution, "seconds": 0, "certificate": ""} == {**again_solution, "seconds": 0, "certificate": ""}
    assert results.run["results"] == again.run["results"]
    assert results.run["network_reused"] is None
    assert again.run["network_reused"]["folder"] == "n"
    assert again.run["network_reused"]["built"].startswith("20")


def test_rebuilding_on_request(plan, kept):
    assert prepare(plan, kept).reused == kept
    anew = prepare(plan, kept, rebuild=True)
    assert (anew.reused, anew.changed, anew.unusable) == (None, (), "")


def test_what_has_nothing_to_do_with_the_network_may_change(plan, kept):
    write_plan(plan, siting={"n_open": 3}, language="en", name="other", bands={"minutes": [2, 10]})
    (plan.parent / "stations.csv").write_bytes((plan.parent / "stations.csv").read_bytes() + b"\n")
    os.utime(plan.parent / "roads.osm", (0, 0))
    assert prepare(plan, kept).reused == kept


def test_without_a_study_area_the_reach_of_a_group_has_nothing_to_do_with_it(plan, tmp_path):
    write_plan(plan, study_area=None)
    keep_streets(prepare(plan), tmp_path / "n")
    write_plan(plan, study_area=None, groups=[WALKERS, {**RIDERS, "cutoff_min": 9}])
    assert prepare(plan, tmp_path / "n").reused


# --- and when not ---


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"modes": {"walk": {"speed_kph": 4.7}}}, ("modes",)),
        ({"modes": {"ebike": {"access_speed_kph": 4.7}}}, ("modes",)),
        ({"groups": [WALKERS]}, ("margin", "modes")),
        ({"groups": [WALKERS, {**RIDERS, "cutoff_min": 9}]}, ("margin",)),
        ({"roads": {"margin_m": 500}}, ("margin",)),
        ({"roads": {"attribution": "Survey of 2025"}}, ("reading",)),
        ({"crs": "EPSG:4547"}, ("crs", "study area")),
        ({"snap": {"small_component_m": 10}}, ("small_component_m",)),
        ({"study_area": None}, ("crs", "study area", "margin")),
    ],
)
def test_a_changed_setting_builds_anew(plan, kept, changes, changed):
    write_plan(plan, **changes)
    anew = prepare(plan, kept)
    assert (anew.reused, anew.changed) == (None, changed)
    keep_streets(anew, kept)
    assert prepare(plan, kept).reused == kept


def test_one_changed_byte_of_the_roads_builds_anew(plan, kept):
    roads = plan.parent / "roads.osm"
    before = roads.stat()
    text = roads.read_text(encoding="utf-8")
    roads.write_text(text.replace('v="residential"', 'v="residentiam"', 1), encoding="utf-8")
    os.utime(roads, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert roads.stat().st_size == before.st_size, "neither size nor date tells"
    assert prepare(plan, kept).changed == ("roads",)
    roads.write_text(text, encoding="utf-8")
    assert prepare(plan, kept).reused == kept


def test_another_file_of_the_same_bytes_builds_anew_because_results_name_the_file(plan, kept):
    shutil.copy(plan.parent / "roads.osm", plan.parent / "streets.osm")
    write_plan(plan, roads={"file": "streets.osm"})
    anew = prepare(plan, kept)
    assert anew.changed == ("roads",)
    assert anew.network.source.startswith("streets.osm")


def test_a_moved_corner_of_the_study_area_builds_anew(plan, kept):
    west, south, east, north = AREA
    write_layer(plan.parent / "study_area.geojson", [({}, (west, south, east, north + 0.001))])
    assert "study area" in prepare(plan, kept).changed


@pytest.mark.parametrize("suffix", [".dbf", ".prj", ".cpg"])
def test_every_file_of_a_shapefile_counts(plan, tmp_path, suffix):
    draw_lines("class").to_file(plan.parent / "roads.shp", encoding="utf-8")
    write_plan(plan, roads={"file": "roads.shp", "columns": {"highway": "class"}})
    keep_streets(prepare(plan), tmp_path / "n")
    (plan.parent / "roads.shp.xml").write_text("<notes/>", encoding="utf-8")
    assert prepare(plan, tmp_path / "n").reused
    part = plan.parent / f"roads{suffix}"
    part.write_bytes(part.read_bytes().replace(b"residential", b"tertiary   ", 1) + b" ")
    assert prepare(plan, tmp_path / "n").changed == ("roads",)


def test_parts_of_a_shapefile_in_other_capitals_count(tmp_path):
    # on Windows the plan may say Roads.shp for roads.shp
    for name in ("roads.shp", "ROADS.DBF", "roads.cpg", "roads.shp.xml", "roads2.shp"):
        (tmp_path / name).write_bytes(b"x")
    found = streets._road_files(tmp_path / "Roads.shp")
    assert {path.name for path in found} == {"roads.shp", "ROADS.DBF", "roads.cpg"}


def test_what_waits_beside_a_geopackage_counts(plan, tmp_path):
    draw_lines("highway").to_file(plan.parent / "roads.gpkg")
    write_plan(plan, roads={"file": "roads.gpkg"})
    keep_streets(prepare(plan), tmp_path / "n")
    assert prepare(plan, tmp_path / "n").reused
    (plan.parent / "roads.gpkg-wal").write_bytes(b"")
    assert prepare(plan, tmp_path / "n").changed == ("roads",)


@pytest.mark.parametrize("name", ["_code", "version"])
def test_another_program_builds_anew(plan, kept, monkeypatch, name):
    monkeypatch.setattr(streets, name, lambda *_: "another")
    assert prepare(plan, kept).changed == ("program",)


def test_a_damaged_network_is_built_anew_and_said(plan, kept):
    content = bytearray((kept / "edges.parquet").read_bytes())
    content[len(content) // 2] ^= 1
    (kept / "edges.parquet").write_bytes(content)
    anew = prepare(plan, kept)
    assert anew.reused is None
    assert "damaged or changed: 1: edges.parquet" in anew.unusable


def test_the_form_of_a_later_version_is_built_anew_and_said(plan, kept):
    about = json.loads((kept / "network.json").read_text(encoding="utf-8"))
    about["coverage_planner_network"] = FORMAT + 1
    (kept / "network.json").write_text(json.dumps(about), encoding="utf-8")
    assert "update coverage-planner" in prepare(plan, kept).unusable


def test_a_network_saved_by_hand_is_no_kept_one(plan, kept):
    write_network(read_network(kept), kept, force=True)
    anew = prepare(plan, kept)
    assert anew.reused is None
    assert {"roads", "modes"} <= set(anew.changed)


# --- a network as the plan's roads ---


@pytest.fixture
def network_plan(plan):
    """The plan with a network folder in place of the road file."""
    network, notes = build_from_file(plan.parent / "roads.osm")
    save_network(network, notes, plan.parent / "net")
    write_plan(plan, roads={"file": "net"}, siting={"n_open": 1})
    return plan


def test_a_plan_may_name_a_network_in_place_of_a_road_file(plan, network_plan, tmp_path):
    run = run_plan(read_plan(network_plan))
    assert list(run.network.graphs) == ["walk", "ebike"]
    assert set(run.network.islands["mode"]) == {"walk", "ebike"}
    assert run.network.source == "roads.osm (© OpenStreetMap contributors, ODbL 1.0)"
    write_plan(plan, siting={"n_open": 1})
    built = run_plan(read_plan(plan))
    for group in ("walkers", "riders"):
        one, other = (outcome.today.groups[group].shares.iloc[0] for outcome in (run, built))
        assert one["covered_demand"] == other["covered_demand"]
    assert run.solution.sites["id"].tolist() == built.solution.sites["id"].tolist()
    roads = next(entry for entry in run.manifest["inputs"] if entry["table"] == "roads")
    assert roads["file"] == "net"
    assert roads["kept"] > len(run.network.edges) / 2
    assert run.manifest["network_reused"]["folder"] == "net"
    assert {path.name for path in write_run(run, tmp_path / "out").iterdir()} == FILES


def test_what_reading_its_roads_said_is_said_again(plan):
    network, notes = build_from_file(spoil_roads(plan))
    save_network(network, notes, plan.parent / "net")
    run = run_plan(read_plan(write_plan(plan, roads={"file": "net"}, siting=None)))
    assert any("支路" in warning for warning in run.manifest["warnings"])
    assert run.rejected["table"].tolist() == ["roads"]


def test_a_network_saved_in_python_will_do_too(plan):
    network = cp.build_network(cp.read_roads(plan.parent / "roads.osm"), modes={"walk": cp.DEFAULT_MODES["walk"]})
    cp.write_network(network, plan.parent / "net", notes={"rows": "my own"})
    run = run_plan(read_plan(write_plan(plan, roads={"file": "net"}, siting=None, groups=[WALKERS])))
    roads = next(entry for entry in run.manifest["inputs"] if entry["table"] == "roads")
    assert (roads["read"], roads["rejected"], roads["kept"]) == (len(network.edges), 0, len(network.edges))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"crs": "EPSG:4547"}, "crs must be that of the network net, EPSG:32650, got EPSG:4547; leave it out"),
        ({"snap": {"small_component_m": 5}}, r"\[snap\] small_component_m must be left out .* got 5; net says"),
        (
            {"modes": {"walk": {"speed_kph": 4.5}}},
            "mode walk, but has speed_kph = 4.8 where the plan has 4.5; name the",
        ),
        (
            {"modes": {"trike": {"rules": "bicycle", "speed_kph": 9}}, "groups": [{**WALKERS, "mode": "trike"}]},
            "mode trike, but has walk, bicycle, ebike, drive; name the road file",
        ),
    ],
)
def test_a_network_that_does_not_fit_the_plan_is_refused(network_plan, changes, said):
    write_plan(network_plan, roads={"file": "net"}, **changes)
    with pytest.raises(ConfigError, match=said):
        prepare(network_plan)


@pytest.mark.parametrize("key", ["source_crs", "layer", "attribution"])
def test_keys_that_say_how_to_read_a_road_file_are_refused(network_plan, key):
    write_plan(network_plan, roads={"file": "net", key: "EPSG:4326"})
    with pytest.raises(ConfigError, match=rf"\[roads\] must not have {key}, as net is a network"):
        read_plan(network_plan)


def test_a_folder_that_is_no_network_is_refused(plan):
    (plan.parent / "net").mkdir()
    write_plan(plan, roads={"file": "net"})
    with pytest.raises(
        ConfigError, match=r"\[roads\] file must be a road file or the folder of a network, got the fol"
    ):
        read_plan(plan)


# --- on the command line ---


@pytest.mark.slow
def test_the_command_line_keeps_and_reuses_the_network_beside_the_plan(plan, capsys):
    out, folder = plan.parent / "结果", plan.with_suffix(".network")
    command = ["plan", str(plan), "--out", str(out), "--language", "en", "--force"]
    assert main(command) == 0
    assert f"network kept in {folder} for the next run on unchanged inputs\n" in capsys.readouterr().out
    before = contents(folder)
    assert main(command) == 0
    printed = capsys.readouterr().out.splitlines()
    [line] = [text for text in printed if "network" in text]
    assert line.startswith(f"network reused from {folder} (built 20")
    assert line.endswith(", inputs unchanged; --rebuild builds it anew)")
    assert printed[-1] == f"results: {out} (open map.html first)"
    assert contents(folder) == before
    assert main([*command, "--rebuild"]) == 0
    assert f"network kept in {folder} for" in capsys.readouterr().out
    write_plan(plan, siting=None, modes={"walk": {"speed_kph": 4.5}}, roads={"margin_m": 900})
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "the kept network was not used, as these have changed: margin, modes; it was built anew\n" in printed
    assert read_network(folder).graph("walk").mode.speed_kph == 4.5


def test_the_network_may_be_kept_elsewhere(plan, tmp_path, capsys):
    command = ["plan", str(plan), "--out", str(tmp_path / "out"), "--force", "--network", str(tmp_path / "路网")]
    assert main(command) == 0
    assert f"路网已存入 {tmp_path / '路网'}，输入不变时下次直接使用" in capsys.readouterr().out
    assert not plan.with_suffix(".network").exists()
    assert main(command) == 0
    assert f"路网取自 {tmp_path / '路网'}（20" in capsys.readouterr().out


def test_a_damaged_network_is_said_and_replaced(plan, tmp_path, capsys):
    command = ["plan", str(plan), "--out", str(tmp_path / "out"), "--force", "--language", "en"]
    assert main(command) == 0
    folder = plan.with_suffix(".network")
    (folder / "nodes.parquet").unlink()
    capsys.readouterr()
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "the kept network was not used: a network folder must hold all its files, missing in" in printed
    assert f"network kept in {folder}" in printed
    read_network(folder)


def test_a_folder_of_somebody_else_stays_and_the_results_stand(plan, tmp_path, capsys):
    folder = plan.with_suffix(".network")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    printed = capsys.readouterr().out
    assert "the network was not kept: only a network folder can be replaced" in printed
    assert contents(folder) == {(folder / "mine.txt").relative_to(folder): b"mine"}
    assert cp.read_results(tmp_path / "out").run["network_reused"] is None


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(28, "no space left on device")])
def test_results_stand_even_if_the_network_cannot_be_kept(plan, tmp_path, capsys, monkeypatch, error):
    def fail(*_args, **_options):
        raise error

    monkeypatch.setattr("coverage_planner.network.files.pq.write_table", fail)
    assert main(["plan", str(plan), "--out", str(tmp_path / "out"), "--language", "en"]) == 0
    printed = capsys.readouterr().out
    assert f"the network was not kept: {str(error) or 'interrupted'}\n" in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert [path.name for path in plan.parent.iterdir() if "network" in path.name] == []


def test_a_plan_on_a_network_keeps_none(network_plan, tmp_path, capsys):
    command = ["plan", str(network_plan), "--out", str(tmp_path / "out"), "--language", "en"]
    for option in (["--rebuild"], ["--network", str(tmp_path / "n")]):
        assert main([*command, *option]) == 2
        assert (
            "--network and --rebuild must be left out where the plan's roads are a network" in capsys.readouterr().err
        )
    assert main(command) == 0
    assert f"network from {network_plan.parent / 'net'} (built 20" in capsys.readouterr().out
    assert not network_plan.with_suffix(".network").exists()


# --- coverage-planner network ---


def test_building_and_saving_a_network_says_what_was_read(plan, tmp_path, capsys):
    roads = spoil_roads(plan)
    out = tmp_path / "路网 一"
    assert main(["network", str(roads), str(out), "--language", "en"]) == 0
    network = cp.read_network(out)
    assert_same_network(cp.build_network(cp.read_roads(roads)), network)
    printed = capsys.readouterr().out.splitlines()
    km = network.edges["length_m"].sum() / 1000
    pieces = len(cp.read_roads(roads).segments)
    assert pieces > len(network.edges), "those of an unknown class are closed"
    assert printed[0].startswith(
        f"roads.osm (© OpenStreetMap contributors, ODbL 1.0): {pieces} pieces of street, {km:.1f} km; "
        f"{len(network.nodes)} junctions, {len(network.edges)} edges, 0 obstacles ("
    )
    lane_km = network.islands["length_m"].iloc[0] / 1000
    assert lane_km == pytest.approx(np.hypot(0.5, 0) * 0.096, rel=0.02), "the lane that is joined to nothing"
    assert printed[1] == f"  on foot (4.8 km/h): {km:.1f} km open, of these {lane_km:.1f} km on islands"
    assert printed[5:7] == [
        "1 rows of the file were not used",
        "  roads: 1 x fewer than two nodes of the way are in the file",
    ]
    assert printed[7].startswith("note: 4.")
    assert " km of street have a road class that is not known" in printed[7]
    assert printed[-1].startswith(f"network: {out} (written in ")


def test_building_a_network_speaks_chinese_and_does_not_overwrite(plan, tmp_path, capsys):
    roads, out = plan.parent / "roads.osm", tmp_path / "n"
    assert main(["network", str(roads), str(out), "--language", "zh"]) == 0
    printed = capsys.readouterr().out
    assert "段街道" in printed
    assert "  步行 (4.8 km/h)：可通行" in printed
    before = contents(out)
    assert main(["network", str(roads), str(out)]) == 2
    assert "the network folder must not exist yet" in capsys.readouterr().err
    assert contents(out) == before
    assert main(["network", str(roads), str(out), "--force"]) == 0
    assert contents(out) == before, "the same roads give the same bytes"


@pytest.mark.parametrize("missing", ["roads.osm", "place"])
def test_a_network_that_cannot_be_built_leaves_nothing(plan, tmp_path, capsys, missing):
    roads, out = plan.parent / "roads.osm", tmp_path / "甲" / "n"
    if missing == "roads.osm":
        roads.unlink()
    else:
        (tmp_path / "甲").write_text("a file", encoding="utf-8")
    before = contents(tmp_path)
    assert main(["network", str(roads), str(out)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("coverage-planner: ")
    assert contents(tmp_path) == before


def test_a_mode_with_delays_is_kept_too(plan, tmp_path):
    write_plan(plan, modes={"ebike": {"junction_delay_s": 5, "signal_delay_s": 20}})
    keep_streets(prepare(plan), tmp_path / "n")
    again = prepare(plan, tmp_path / "n")
    assert again.reused
    assert again.network.graph("ebike").delay_ms.max() == 5000
    write_plan(plan, modes={"ebike": {"junction_delay_s": 6, "signal_delay_s": 20}})
    assert prepare(plan, tmp_path / "n").changed == ("modes",)


@pytest.mark.real_data
@pytest.mark.slow
def test_las_palmas_is_the_same_reopened(real_data, repository, tmp_path):
    """The plan of docs/examples: obstacles, islands, refused ways and warnings of a real place."""
    text = (repository / "docs" / "examples" / "las_palmas.toml").read_text(encoding="utf-8")
    file = tmp_path / "plan.toml"
    file.write_text(text.replace("../../../shared/data", real_data.as_posix()), encoding="utf-8")
    plan = replace(read_plan(file), siting=None)
    first = prepare_streets(plan, one := Rejections())
    keep_streets(first, tmp_path / "n")
    second = prepare_streets(plan, other := Rejections(), network_folder=tmp_path / "n")
    assert second.reused
    assert len(one.rows) == 22
    assert one.rows == other.rows
    assert first.rows == second.rows
    assert_same_network(first.network, second.network)


def test_what_cleaning_changed_is_kept_with_the_network(tmp_path):
    lines = [shapely.LineString([place(c, -1), place(c, 37)]) for c in COLUMNS]
    lines += [shapely.LineString([place(-1, r), place(43, r)]) for r in ROWS]
    cut = {"study_area": None, "communities": None, "siting": None}
    plan = draw_plan(tmp_path / "规划", roads={"file": "roads.gpkg", "noding": "crossings"}, **cut)
    gpd.GeoDataFrame({"highway": ["residential"] * len(lines)}, geometry=lines, crs=4326).to_file(
        tmp_path / "规划" / "roads.gpkg", engine="pyogrio"
    )
    first = run_plan(read_plan(plan))
    keep_streets(first.streets, tmp_path / "net")
    again = run_plan(read_plan(plan), network_folder=tmp_path / "net")
    assert again.streets.reused is not None
    counts = {row["what"]: row["count"] for row in again.manifest["road_cleaning"]}
    assert counts["crossing"] == len(COLUMNS) * len(ROWS)
    assert again.manifest["road_cleaning"] == first.manifest["road_cleaning"]
