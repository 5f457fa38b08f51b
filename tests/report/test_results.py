"""The results folder: whole or not at all, reopened as it was written, and no danger to anybody's files."""

import csv
import datetime as dt
import json
import os
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
from shapely import Point

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.report import results as results_module
from coverage_planner.report.circle_columns import CIRCLE_LAYERS, CIRCLE_TABLES
from coverage_planner.report.csv_tables import guard, unguard
from coverage_planner.report.maps import draw_map
from coverage_planner.report.result_layers import report_layers
from coverage_planner.report.results import CIRCLE_FILES, FILES, LISTS_FILES, check_folder, read_results, write_results
from coverage_planner.report.table_columns import COLUMNS, HEADINGS, LAYERS, SHEETS, SYNTHETIC_NOTE, TABLES
from coverage_planner.report.tables import measure_outcome, report_tables
from coverage_planner.report.workbook import MOST_ROWS, write_workbook
from coverage_planner.scenario.scenario import Scenario
from coverage_planner.schema import Rejections
from drawn_choice import draw_choice, draw_solution
from drawn_circle import draw_study
from drawn_outcome import HOSTILE, SITE_NAME, draw_candidates, draw_facilities, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("司机", "drive", 300.0))
#: The tables of any plan; the others are there where it speaks of services and hours.
PLAIN_TABLES = [name for name in TABLES if name not in CIRCLE_TABLES]
DANGEROUS = [
    '=HYPERLINK("http://a.example","点我")',
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "'=1",
    "''",
    HOSTILE,
    "007",
    "NA",
]


@pytest.fixture(scope="module")
def today():
    return draw_outcome(groups=GROUPS)


@pytest.fixture(scope="module")
def plan():
    return draw_outcome(proposed=True, groups=GROUPS)


@pytest.fixture
def home(tmp_path) -> Path:
    """A folder as planners name them."""
    folder = tmp_path / "市总工会 骑手驿站" / "结果 2025 (草案)"
    folder.parent.mkdir()
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory, today) -> Path:
    return write_results(today, tmp_path_factory.mktemp("written") / "结果", run={"number": 1}, map_page=save_map)


@pytest.fixture
def standing(written, home) -> Path:
    """A results folder that stands already."""
    shutil.copytree(written, home)
    return home


def rejected_rows(*reasons: str) -> pd.DataFrame:
    rejections = Rejections()
    for reason in reasons:
        rejections.add(source="站点.csv", table="facilities", labels=["7"], reason=reason, row_numbers=[8])
    return rejections.to_frame()


def remark_on(*cells: str, remark: str = "not understood") -> pd.DataFrame:
    rejections = Rejections()
    rejections.remark(
        source="站点.csv", table="facilities", labels=["7"] * len(cells), row_numbers=range(8, 8 + len(cells)),
        column="capacity", given=cells, remark=remark,
    )  # fmt: skip
    return rejections.remarks_frame()


def with_names(outcome, names):
    """The outcome with these names of its stations."""
    facilities = outcome.scenario.facilities.assign(name=names)
    return replace(outcome, scenario=Scenario(outcome.scenario.name, facilities))


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def save_map(path: Path) -> None:
    path.write_text("<html></html>", encoding="utf-8")


# --- written and reopened ---


@pytest.mark.parametrize("synthetic", [False, True])
def test_a_folder_reopens_as_it_was_written(home, today, plan, synthetic):
    rejected = rejected_rows("经度为空", "=1+1")
    remarks = remark_on("约30人", "=2+3")
    given = {
        "baseline": today, "candidates": draw_candidates(), "rejected": rejected, "remarks": remarks,
        "synthetic": synthetic,
    }  # fmt: skip
    choice, circle = draw_choice(), draw_study(today, plan) if synthetic else None
    folder = write_results(plan, home, solution=choice, circle=circle, map_page=save_map, **given)
    assert folder == home
    assert {path.name for path in home.iterdir()} == (FILES | CIRCLE_FILES | {LISTS_FILES["zh"]} if circle else FILES)
    results = read_results(home)
    measured = measure_outcome(plan, today)
    tables = report_tables(
        measured, plan.network, choice=choice, circle=circle, rejected=rejected, remarks=remarks, synthetic=synthetic
    )
    assert list(results.tables) == list(TABLES) == list(tables)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(results.tables[name], table, check_exact=True, obj=name)
    layers = report_layers(measured, plan, today, draw_candidates(), choice, circle)
    assert list(results.layers) == list(LAYERS) == list(layers)
    for name, layer in layers.items():
        found = results.layers[name]
        assert found.crs == layer.crs == plan.network.crs
        pd.testing.assert_frame_equal(
            pd.DataFrame(found.drop(columns="geometry")), pd.DataFrame(layer.drop(columns="geometry")), obj=name
        )
        # polygons come back as multipolygons, whose rings may start elsewhere
        assert found.geometry.geom_equals(layer.geometry).all(), name
    assert len(tables["overall"]) == 4
    given = {*TABLES, *LAYERS} if circle else {*TABLES, *LAYERS} - {*CIRCLE_TABLES, *CIRCLE_LAYERS}
    assert all(len(table) for name, table in tables.items() if name in given - {"islands"})
    assert all(len(layer) for name, layer in layers.items() if name in given)


def test_a_choice_is_written_with_names_and_without_what_is_infinite(home, plan, today):
    write_results(plan, home, baseline=today, solution=draw_choice())
    tables = read_results(home).tables
    assert tables["choice"]["certificate_en"][0].endswith("covers more: proved optimal (HiGHS 1.8.0)")
    assert tables["site_values"]["order"].tolist() == [1]
    assert tables["site_values"]["marginal_value"].isna().all()
    assert tables["plans"]["total_cost"][0] == 0.3
    assert tables["plans"]["closed"][1] == f"C7 {draw_candidates().set_index('id')['name']['C7']}"
    assert tables["stages"]["opened"][0] == tables["plans"]["closed"][1]


def test_one_scenario_alone_reopens_too(home, today):
    write_results(replace(today, communities=None, study_area=None), home)
    assert {path.name for path in home.iterdir()} == FILES - {"map.html"}
    results = read_results(home)
    assert results.run["results"]["scenarios"] == {"today": "现状"}
    for name in ("communities", "study_area", "candidates", "proposed_sites"):
        assert results.layers[name].empty
        assert list(results.layers[name]) == [*LAYERS[name][1], "geometry"]
        assert results.layers[name].crs == today.network.crs
    for name in ("by_community", "by_subdistrict", "by_site", "rejected"):
        assert list(results.tables[name]) == list(TABLES[name])
        assert results.tables[name].empty


def test_a_plan_without_services_and_hours_leaves_their_files_out_and_reopens_with_empty_tables(written, today):
    assert {path.name for path in written.iterdir()} == FILES
    assert {name for name, _ in pyogrio.list_layers(written / "result.gpkg")} == LAYERS.keys() - CIRCLE_LAYERS.keys()
    results = read_results(written)
    assert results.run["results"]["circle"] is None
    for name in CIRCLE_TABLES:
        assert list(results.tables[name]) == list(TABLES[name])
        assert results.tables[name].empty
    for name in CIRCLE_LAYERS:
        assert list(results.layers[name]) == [*LAYERS[name][1], "geometry"]
        assert results.layers[name].crs == today.network.crs
        assert results.layers[name].empty


def test_a_relative_path_and_new_parents_are_made(tmp_path, monkeypatch, today):
    monkeypatch.chdir(tmp_path)
    folder = write_results(today, "甲/乙/结果")
    assert folder == tmp_path.resolve() / "甲" / "乙" / "结果"
    assert read_results("甲/乙/结果").tables["overall"]["scenario"].to_list() == ["现状", "现状"]


def test_the_map_page_is_drawn_into_the_folder(home, plan, today):
    write_results(plan, home, baseline=today, map_page=lambda path: draw_map(plan, baseline=today).save(str(path)))
    assert "coveragePlanner" in (home / "map.html").read_text(encoding="utf-8")


def test_results_does_not_load_the_map_library():
    source = Path(results_module.__file__).read_text(encoding="utf-8")
    assert "folium" not in source


# --- run.json ---


def test_run_json_holds_what_was_given_and_the_versions(home, plan, today):
    given = {
        "settings": {"路径": Path("数据") / "站点.csv", "cutoffs_s": (300.0, np.float32(450.0))},
        "seconds": {"network": np.nan, "times": np.float64(1.5), "all": float("inf")},
        "rows": np.array([3, 4]),
        "date": dt.date(2025, 3, 1),
        "threads": np.int64(2),
        "again": None,
        "flag": np.bool_(1),
        "versions": {"osmium": "4.0.2"},
    }
    write_results(plan, home, baseline=today, solution=draw_solution(bound=np.nan, status="feasible"), run=given)
    text = (home / "run.json").read_text(encoding="utf-8")
    assert not re.search(r"\bNaN\b|Infinity", text)
    assert "路径" in text
    run = json.loads(text)
    assert run == read_results(home).run
    assert run["settings"] == {"路径": str(Path("数据") / "站点.csv"), "cutoffs_s": [300.0, 450.0]}
    assert run["seconds"] == {"network": None, "times": 1.5, "all": None}
    assert (run["rows"], run["date"], run["threads"], run["again"], run["flag"]) == (
        [3, 4],
        "2025-03-01",
        2,
        None,
        True,
    )
    assert run["versions"]["osmium"] == "4.0.2"
    assert run["versions"]["pandas"] == pd.__version__
    ours = run["results"]
    assert ours["scenarios"] == {"today": "现状", "proposed": "方案A"}
    assert ours["groups"][1] == {
        "name": "司机", "mode": "drive (class speeds x 0.6)", "cutoff_s": 300.0, "direction": "to_facility"
    }  # fmt: skip
    assert ours["crs"] == "EPSG:32650"
    assert ours["rows"]["overall"] == 4
    assert ours["features"]["demand"] == 48
    assert ours["solution"]["sites"] == ["C7"]
    assert ours["solution"]["bound"] is None
    assert ours["solution"]["certificate"].startswith("MCLP: 1 sites, objective 410")
    assert ours["solution"]["certificate_zh"].endswith("尚未得出界限（HiGHS 1.8.0）")
    assert ours["solution"]["certificate_en"].endswith("no bound was proved (HiGHS 1.8.0)")
    assert (ours["solution"]["sense"], ours["solution"]["interrupted"]) == ("max", False)


def test_a_run_that_json_cannot_hold_is_refused_before_anything_is_written(home, today):
    with pytest.raises(ConfigError, match=r"set at run\.settings\[1\]"):
        write_results(today, home, run={"settings": [1, {2}]})
    with pytest.raises(ConfigError, match="'results'"):
        write_results(today, home, run={"results": 1})
    with pytest.raises(ConfigError, match="'versions'"):
        write_results(today, home, run={"versions": "3"})
    assert list(home.parent.iterdir()) == []


def test_a_run_can_be_told_when_all_else_is_written(home, today):
    def tell() -> dict[str, object]:
        (partial,) = home.parent.iterdir()
        return {"written": sorted(path.name for path in partial.iterdir())}

    write_results(today, home, run=tell, map_page=save_map)
    told = read_results(home).run
    assert set(told["written"]) == FILES - {"run.json"}
    assert told["results"]["format"] == 1
    assert "numpy" in told["versions"]


def test_a_run_told_late_is_refused_too_and_nothing_stays(home, today):
    with pytest.raises(ConfigError, match="'results'"):
        write_results(today, home, run=lambda: {"results": 1})
    assert list(home.parent.iterdir()) == []


# --- whole or not at all ---


def test_an_existing_folder_is_not_overwritten_without_force(standing, today):
    before = files_under(standing.parent)
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_results(today, standing)
    assert files_under(standing.parent) == before


def test_force_replaces_the_folder_and_leaves_nothing_beside_it(standing, today, plan):
    (standing / "result.gpkg-wal").write_bytes(b"")  # QGIS looked at it
    write_results(plan, standing, baseline=today, force=True)
    assert [path.name for path in standing.parent.iterdir()] == [standing.name]
    assert {path.name for path in standing.iterdir()} == FILES - {"map.html"}
    assert set(read_results(standing).tables["overall"]["scenario"]) == {"现状", "方案A"}


def test_force_may_write_to_a_new_or_empty_folder(home, today):
    home.mkdir()
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_results(today, home)
    write_results(today, home, force=True)
    assert (home / "run.json").is_file()
    assert [path.name for path in home.parent.iterdir()] == [home.name]


class OwnError(Exception):
    pass


@pytest.mark.parametrize("error", [OwnError("no map"), KeyboardInterrupt()])
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_left_when_the_map_fails(home, written, today, error, force):
    if force:
        shutil.copytree(written, home)
    before = files_under(home.parent)
    seen = []

    def fail(path: Path) -> None:
        seen.extend(p.name for p in path.parent.iterdir())
        path.write_text("half", encoding="utf-8")
        raise error

    with pytest.raises(type(error)):
        write_results(today, home / ("" if force else "neu/er"), map_page=fail, force=force)
    assert set(seen) == FILES - {"map.html", "run.json"}
    assert files_under(home.parent) == before
    assert [path.name for path in home.parent.iterdir()] == ([home.name] if force else [])


def test_a_map_page_that_writes_no_map_is_refused(home, today):
    with pytest.raises(ConfigError, match="map_page must write the file"):
        write_results(today, home, map_page=lambda _: None)
    assert list(home.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("run", "match"),
    [(None, "it has no run.json of ours"), ('{"results": 3}', "is none"), ("[1]", "is none"), ("{", "is none")],
)
def test_a_folder_of_somebody_else_is_refused_even_with_force(home, today, run, match):
    home.mkdir()
    (home / "论文.docx").write_bytes(b"years of work")
    if run is not None:
        (home / "run.json").write_text(run, encoding="utf-8")
    before = files_under(home.parent)
    for force in (False, True):
        with pytest.raises(ConfigError, match=match if force else "must not exist yet"):
            write_results(today, home, force=force)
    assert files_under(home.parent) == before


@pytest.mark.parametrize("foreign", ["批注.docx", "图/一.png"])
def test_a_results_folder_with_own_files_in_it_is_refused_even_with_force(standing, today, foreign):
    (standing / foreign).parent.mkdir(exist_ok=True)
    (standing / foreign).write_bytes(b"mine")
    before = files_under(standing)
    with pytest.raises(ConfigError, match=f"holds 1: {Path(foreign).parts[0]}"):
        check_folder(standing, force=True)
    with pytest.raises(ConfigError, match="move them elsewhere"):
        write_results(today, standing, force=True)
    assert files_under(standing) == before


def test_files_that_arrive_while_results_are_written_are_not_lost(standing, today):

    def save_and_annotate(path: Path) -> None:
        save_map(path)
        (standing / "批注.docx").write_bytes(b"mine")

    with pytest.raises(ConfigError, match="批注"):
        write_results(today, standing, map_page=save_and_annotate, force=True)
    assert (standing / "批注.docx").read_bytes() == b"mine"
    assert [path.name for path in standing.parent.iterdir()] == [standing.name]


def test_a_file_in_the_way_is_refused(home, today):
    home.write_text("mine", encoding="utf-8")
    for folder in (home, home / "under"):
        with pytest.raises((ConfigError, InputError), match="results folder must"):
            write_results(today, folder, force=True)
    assert home.read_text(encoding="utf-8") == "mine"


def test_a_folder_held_by_another_program_stays_as_it_is(standing, today, monkeypatch):
    before = files_under(standing.parent)
    rename = Path.rename

    def held(path: Path, goal: Path) -> Path:
        # as Windows refuses to rename a folder with a file open in Excel
        if path == standing:
            raise PermissionError(13, "used by another process", str(path))
        return rename(path, goal)

    monkeypatch.setattr(Path, "rename", held)
    with pytest.raises(InputError, match="close the programs"):
        write_results(today, standing, force=True)
    assert files_under(standing.parent) == before


def test_the_old_folder_comes_back_when_the_new_one_cannot_take_its_place(standing, today, monkeypatch):
    before = files_under(standing.parent)
    rename = Path.rename

    def full(path: Path, goal: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(28, "no space left", str(path))
        return rename(path, goal)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(InputError, match="no space left"):
        write_results(today, standing, force=True)
    assert files_under(standing.parent) == before


def test_old_results_that_cannot_be_removed_are_warned_of(standing, today, monkeypatch):

    def held(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "used by another process", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", held)
        with pytest.warns(UserWarning, match="the old one remains in"):
            write_results(today, standing, run={"number": 2}, force=True)
    assert read_results(standing).run["number"] == 2


def test_what_a_dead_process_left_is_not_touched(home, today):
    left = home.with_name(f".{home.name}.partial-{os.getpid()}")
    left.mkdir()
    (left / "half.csv").write_bytes(b"1")
    write_results(today, home)
    assert files_under(left) == {"half.csv": b"1"}
    assert {path.name for path in home.parent.iterdir()} == {home.name, left.name}


def test_bad_arguments_leave_nothing_behind(home, today, plan):
    with pytest.raises(ConfigError, match="language must be one of"):
        write_results(today, home, language="fr")
    with pytest.raises(ConfigError, match="different names"):
        write_results(today, home, baseline=today)
    with pytest.raises(InputError, match=r"proposed sites of scenario '现状'.*1: C7"):
        write_results(today, home, solution=draw_solution())
    with pytest.raises(InputError, match="same groups"):
        write_results(plan, home, baseline=draw_outcome())
    assert list(home.parent.iterdir()) == []


# --- reopening what is no results folder ---


def test_what_is_no_results_folder_is_not_read(home, written):
    with pytest.raises(SourceError, match="no such folder"):
        read_results(home)
    home.mkdir()
    with pytest.raises(SourceError, match="a folder without"):
        read_results(home)
    home.rmdir()
    shutil.copytree(written, home)
    (home / "gaps.csv").unlink()
    (home / "overall.csv").unlink()
    with pytest.raises(SourceError, match=r"missing 2: overall\.csv, gaps\.csv"):
        read_results(home)


def test_a_folder_without_its_layers_or_from_a_later_version_is_not_read(standing):
    (standing / "result.gpkg").unlink()
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"id": ["A"]}, geometry=[Point(0, 0)], crs=32650), standing / "result.gpkg"
    )
    with pytest.raises(SourceError, match=r"result\.gpkg must hold the layer 'isochrones'"):
        read_results(standing)
    (standing / "result.gpkg").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"result\.gpkg must hold"):
        read_results(standing)
    run = json.loads((standing / "run.json").read_text(encoding="utf-8"))
    run["results"]["format"] = 99
    (standing / "run.json").write_text(json.dumps(run), encoding="utf-8")
    with pytest.raises(SourceError, match="got 99; update"):
        read_results(standing)


# --- text that means harm ---


def test_no_text_becomes_a_formula_or_changes(home, plan):
    names = DANGEROUS[:3]
    write_results(with_names(plan, names), home, rejected=rejected_rows(*DANGEROUS))
    results = read_results(home)
    assert results.tables["by_facility"]["name"].to_list() == names * len(GROUPS)
    assert results.tables["rejected"]["reason"].to_list() == DANGEROUS
    assert results.layers["facilities"]["name"].to_list() == names * len(GROUPS)
    for name in PLAIN_TABLES:
        raw = pd.read_csv(home / f"{name}.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
        for column in raw:
            if COLUMNS[column].kind == "text":
                assert not raw[column].str.match(r"[=+\-@\t\r＝＋－＠]").any(), column
    book = openpyxl.load_workbook(home / "summary.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n"}
    assert all(cell.quotePrefix for cell in cells if cell.data_type == "s")
    assert [row[-1] for row in rows_of_sheet(book, SHEETS["rejected"][0])[1:]] == DANGEROUS
    book.close()


HARMFUL = '=HYPERLINK("http://a.example","点我")'


def test_harm_in_every_text_of_the_outcome_stays_text_in_every_file(home, plan, today):
    choice = draw_choice()
    rows = rejected_rows(HARMFUL).assign(source=HARMFUL, id=HARMFUL)
    remarks = remark_on(HARMFUL, remark=HARMFUL).assign(source=HARMFUL, id=HARMFUL, column=HARMFUL)

    def harmful(outcome, name):
        facilities = outcome.scenario.facilities
        texts = dict.fromkeys(("name", "kind", "services", "opening_hours", "subdistrict"), HARMFUL)
        network = replace(outcome.network, source=HARMFUL)
        areas = outcome.communities.assign(name=HARMFUL, subdistrict=HARMFUL)
        scenario = Scenario(name, facilities.assign(**texts))
        return replace(outcome, scenario=scenario, network=network, communities=areas)

    candidates = draw_candidates().assign(name=HARMFUL, kind=HARMFUL)
    write_results(
        harmful(plan, f"{HARMFUL}!"), home, baseline=harmful(today, HARMFUL), candidates=candidates, rejected=rows,
        remarks=remarks, solution=replace(choice, candidates=candidates), datum="gcj02",
    )  # fmt: skip
    numbers = re.compile(r"-?[0-9.]+(e-?[0-9]+)?")
    for path in home.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert not [cell for cell in cells if cell[:1] in "=+-@\t\r＝＋－＠" and cell and not numbers.fullmatch(cell)]
    with zipfile.ZipFile(home / "summary.xlsx") as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet")}
        assert len(sheets) == len(PLAIN_TABLES) + 1
        assert not [name for name, text in sheets.items() if re.search(r"<f[ >/]|t=\"str\"|<hyperlink", text)]
    cells = [
        cell for sheet in openpyxl.load_workbook(home / "summary.xlsx") for row in sheet.iter_rows() for cell in row
    ]
    assert sum(HARMFUL in cell.value for cell in cells if isinstance(cell.value, str)) > 30
    assert all(cell.quotePrefix for cell in cells if isinstance(cell.value, str))
    results = read_results(home)
    assert set(results.tables["by_facility"]["name"]) == {HARMFUL}
    assert results.tables["remarks"].loc[0, ["column", "given", "remark"]].tolist() == [HARMFUL] * 3
    for layer in ("facilities", "candidates"):  # nothing takes a layer's text for a formula: it is as it was
        assert set(pyogrio.read_dataframe(home / "result.gpkg", layer=layer)["name"]) == {HARMFUL}


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u200b", "\ufeff", "' "])
def test_formulas_behind_blanks_and_unseen_marks_are_guarded_too(blank):
    assert guard(f"{blank}=1+1").startswith("'")
    assert unguard(guard(f"{blank}=1+1")) == f"{blank}=1+1"
    assert guard(f"{blank}1+1") == f"{blank}1+1"


def test_control_characters_anywhere_do_not_stop_the_workbook(home, today):
    network = replace(today.network, source="道路\x01\x0b.gpkg")
    write_results(replace(today, network=network), home)
    book = openpyxl.load_workbook(home / "summary.xlsx")
    assert rows_of_sheet(book, "关键指标")[-1][0] == "道路数据: 道路\ufffd\ufffd.gpkg"
    book.close()


def test_rows_that_were_taken_with_a_remark_stand_beside_those_refused(home, today):
    remarks = remark_on("约30人", "=2+3", remark="outside the study area")
    write_results(today, home, remarks=remarks)
    found = read_results(home).tables["remarks"]
    pd.testing.assert_frame_equal(found, remarks, check_dtype=False)
    assert (home / "remarks.csv").read_bytes().splitlines()[0].decode("utf-8-sig") == ",".join(TABLES["remarks"])
    book = openpyxl.load_workbook(home / "summary.xlsx")
    header, first, _ = rows_of_sheet(book, "读入说明")
    assert header == ["输入表", "来源文件", "行号", "编号", "列", "原文", "说明"]
    assert first == ["现有站点", "站点.csv", 8, "7", "容量（人）", "约30人", "在研究范围之外"]
    book.close()


def test_a_folder_of_an_earlier_version_has_no_remarks(standing):
    (standing / "remarks.csv").unlink()
    remarks = read_results(standing).tables["remarks"]
    assert list(remarks) == list(TABLES["remarks"])
    assert remarks.empty


def test_csv_files_open_in_excel_as_utf8(home, plan, today):
    write_results(plan, home, baseline=today)
    for name in PLAIN_TABLES:
        data = (home / f"{name}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        assert data.decode("utf-8-sig").splitlines()[0] == ",".join(TABLES[name])


# --- the workbook ---


def rows_of_sheet(book, sheet: str) -> list[list[object]]:
    return [[cell.value for cell in row] for row in book[sheet].iter_rows()]


@pytest.mark.parametrize(("language", "column"), [("zh", 0), ("en", 1)])
def test_the_workbook_holds_every_table_in_the_planners_language(home, plan, today, language, column):
    write_results(plan, home, baseline=today, language=language, solution=draw_solution())
    tables = read_results(home).tables
    book = openpyxl.load_workbook(home / "summary.xlsx")
    assert book.sheetnames == [SHEETS[name][column] for name in ("key_figures", *PLAIN_TABLES)]
    for name in PLAIN_TABLES:
        table = tables[name]
        sheet = book[SHEETS[name][column]]
        header, *rows = sheet.iter_rows()
        assert [cell.value for cell in header] == [HEADINGS.get((name, c), COLUMNS[c]).heading(language) for c in table]
        assert all(cell.font.bold for cell in header)
        assert sheet.freeze_panes == "A2"
        assert len(rows) == len(table)
        for cells, record in zip(rows, table.to_dict("records"), strict=True):
            for cell, (label, value) in zip(cells, record.items(), strict=True):
                kind = COLUMNS[label].kind
                if kind in {"text", "flag"}:
                    continue
                assert cell.value == (None if np.isnan(value) else pytest.approx(value))
                if kind == "share":
                    assert cell.value is None or cell.number_format == "0.0%"
    book.close()


def test_our_own_words_are_said_in_the_language_and_the_planners_stay(home, plan, today):
    write_results(plan, home, baseline=today, language="zh")
    book = openpyxl.load_workbook(home / "summary.xlsx")
    modes = {row[2] for row in rows_of_sheet(book, "总体")[1:]}
    assert modes == {"步行 (4.8 km/h)", "驾车 (按道路等级车速 x 0.6)"}
    assert {row[4] for row in rows_of_sheet(book, "总体")[1:]} == {"前往站点"}
    gap = rows_of_sheet(book, "服务缺口")[1]
    assert gap[6:8] == ["有阻隔，绕行过远", "有阻隔，绕行过远 82 %; 附近没有站点 18 %"]
    station = rows_of_sheet(book, "各站点")[1]
    assert station[3:8] == ["江北服务中心", None, "服务中心", None, "休息、充电、饮水"]
    assert station[12] == "否"
    assert [row[2] for row in rows_of_sheet(book, "分街道")[1:4]] == ["滨江街道", "南岸街道", "（未注明街道）"]
    assert rows_of_sheet(book, "拟新增站点")[1][4] == SITE_NAME
    book.close()


def test_key_figures_put_the_scenarios_beside_each_other(home, plan, today):
    write_results(plan, home, baseline=today, language="zh", solution=draw_solution(), synthetic=True)
    overall = read_results(home).tables["overall"]
    book = openpyxl.load_workbook(home / "summary.xlsx")
    sheet = book["关键指标"]
    rows = rows_of_sheet(book, "关键指标")
    assert rows[0][0] == SYNTHETIC_NOTE
    assert rows[1] == ["组别", "出行方式与速度", "时限（分钟）", "指标", "现状", "方案A", "变化"]
    assert sheet.freeze_panes == "A3"
    for group in ("骑手", "司机"):
        was, now = (
            overall[(overall["group"] == group) & (overall["scenario"] == s)].iloc[0] for s in ("现状", "方案A")
        )
        shown = {row[3]: row[4:] for row in rows if row[0] == group}
        for measure in ("covered_demand_share", "covered_demand", "straight_line_demand_share", "mean_time_min"):
            assert shown[COLUMNS[measure].zh] == pytest.approx(
                [was[measure], now[measure], now[measure] - was[measure]]
            )
    formats = {row[3].value: [cell.number_format for cell in row[4:]] for row in sheet.iter_rows(min_row=3, max_row=13)}
    assert formats["需求覆盖率"] == ["0.0%", "0.0%", "+0.0%;-0.0%;0.0%"]
    assert formats["站点数"] == ["#,##0", "#,##0", "+#,##0;-#,##0;0"]
    remarks = [row[0] for row in rows[-3:]]
    assert remarks[0].startswith("直线半径所称覆盖率")
    assert remarks[1] == (
        "选址结果: 最大覆盖选址（MCLP）：1 个站点，连同现有站点覆盖需求 410；已证明最优（HiGHS 1.8.0）："
        "没有任何别的 1 处选址能覆盖更多"
    )
    assert remarks[2] == f"道路数据: {plan.network.source}"
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == ("landscape", 1), sheet.title
        assert sheet.print_title_rows == ("$2:$2" if sheet.title == "关键指标" else "$1:$1")
        assert sheet.row_dimensions[2 if sheet.title == "关键指标" else 1].height >= 15
        widths = [sheet.column_dimensions[cell.column_letter].width for cell in sheet[2]]
        assert all(8 <= width <= 48 for width in widths), sheet.title
    book.close()


def test_one_scenario_has_no_column_of_changes(home, today):
    write_results(today, home, language="en")
    book = openpyxl.load_workbook(home / "summary.xlsx")
    assert rows_of_sheet(book, "Key figures")[0] == ["Group", "Mode and speed", "Cutoff (min)", "Measure", "现状"]
    book.close()


def test_a_sheet_of_very_many_rows_says_that_it_is_cut(tmp_path, today, monkeypatch):
    monkeypatch.setattr("coverage_planner.report.workbook.MOST_ROWS", 3)
    assert MOST_ROWS > 3
    tables = report_tables(measure_outcome(today), today.network, rejected=rejected_rows(*"abcde"))
    write_workbook(tables, tmp_path / "summary.xlsx", language="en")
    book = openpyxl.load_workbook(tmp_path / "summary.xlsx")
    rows = rows_of_sheet(book, "Rejected rows")
    assert [row[-1] for row in rows[1:4]] == ["a", "b", "c"]
    assert rows[4][0] == "Only the first 3 of 5 rows are shown; all are in rejected.csv"
    book.close()


# --- synthetic data, documentation ---


@pytest.mark.slow
def test_synthetic_data_say_so_in_every_file(home, plan, today):
    write_results(plan, home, baseline=today, rejected=rejected_rows("x"), synthetic=True)
    assert read_results(home).run["results"]["synthetic"] is True
    for name in PLAIN_TABLES:
        assert read_results(home).tables[name].columns[-1] == "note"
    for name in LAYERS.keys() - CIRCLE_LAYERS.keys():
        assert pyogrio.read_info(home / "result.gpkg", layer=name)["layer_metadata"]["DESCRIPTION"] == SYNTHETIC_NOTE


def test_the_manual_explains_every_file_and_column(repository):
    text = (repository / "docs" / "results.md").read_text(encoding="utf-8")
    for name in FILES | CIRCLE_FILES | {*LISTS_FILES.values()}:
        assert f"`{name}`" in text
    sections = {
        match[1]: match[2]
        for match in re.finditer(r"^### `(\S+)`[^\n]*\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE)
    }
    expected = {f"{name}.csv": columns for name, columns in TABLES.items()} | {
        f"result.gpkg:{name}": columns for name, (_, columns) in LAYERS.items()
    }
    assert set(sections) == set(expected)
    for section, columns in expected.items():
        explained = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", sections[section], re.MULTILINE)
        names = [name for cell in explained for name in re.findall(r"`(\w+)`", cell)]
        assert names == list(columns), section


def test_facilities_reopen_as_a_table_of_facilities(standing):
    # what was written can go into the next plan: ids are text, the CRS is metric
    layer = read_results(standing).layers["facilities"]
    stations = layer[layer["group"] == "骑手"].reset_index(drop=True)
    scenario = Scenario("重读", stations)
    assert scenario.facilities["id"].to_list() == draw_facilities()["id"].to_list()
