"""The folder of a comparison: whole or not at all, complete, and nobody's files are lost."""

import json
import shutil
from dataclasses import replace

import geopandas as gpd
import openpyxl
import pytest

from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.report.plan_columns import PLAN_COLUMNS, PLAN_LAYERS, PLAN_SHEETS, PLAN_TABLES
from coverage_planner.report.plan_folders import FILES, compare_folders, write_comparison
from coverage_planner.report.plan_tables import plan_tables
from coverage_planner.report.results import MAP_DATA_FILE, write_results
from coverage_planner.report.table_columns import SYNTHETIC_NOTE
from coverage_planner.scenario.compare import compare
from drawn_plans import PLAN_B, draw_three

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def outcomes():
    return draw_three()


@pytest.fixture(scope="module")
def written(outcomes, tmp_path_factory):
    return write_comparison(outcomes, tmp_path_factory.mktemp("比较") / "A 与 B", language="zh", synthetic=True)


@pytest.fixture(scope="module")
def results(outcomes, tmp_path_factory):
    """Results folders of both plans, without circles."""
    today, *plans = outcomes
    home = tmp_path_factory.mktemp("results")
    return [write_results(plan, home / f"p{place}", baseline=today) for place, plan in enumerate(plans)]


def test_the_folder_holds_every_file_and_no_other(written):
    assert {path.name for path in written.iterdir()} == FILES
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_the_workbook_has_headings_in_the_language_and_the_summary_first(written, outcomes):
    book = openpyxl.load_workbook(written / "comparison.xlsx")
    assert book.sheetnames == [PLAN_SHEETS[name][0] for name in ("summary", *PLAN_TABLES)]
    tables = plan_tables(compare(outcomes))
    for name, columns in PLAN_TABLES.items():
        rows = list(book[PLAN_SHEETS[name][0]].values)
        assert list(rows[0])[: len(columns)] == [PLAN_COLUMNS[column].zh for column in columns]
        assert len(rows) == max(len(tables[name]) + 1, 1)
        assert {row[-1] for row in rows[1:]} <= {SYNTHETIC_NOTE}
    assert {row[2] for row in book["站点差异"].iter_rows(min_row=2, values_only=True)} == {"新开", "关闭"}
    assert "覆盖率" in next(book["摘要"].iter_rows(min_row=2, values_only=True))[2]


def test_layers_have_the_change_of_every_point(written, outcomes):
    points = gpd.read_file(written / "comparison.gpkg", layer="points")
    pairs = plan_tables(compare(outcomes))["pairs"]
    found = points.groupby(["before", "after", "group", "point_change"])["demand"].sum()
    for row in pairs.to_dict("records"):
        for word in ("gained", "lost", "kept", "neither"):
            assert found.get((row["before"], row["after"], row["group"], word), 0.0) == row[f"{word}_demand"]
    for name, (kind, _) in PLAN_LAYERS.items():
        layer = gpd.read_file(written / "comparison.gpkg", layer=name)
        assert set(layer.geom_type) <= {kind}
        assert layer.crs == outcomes[0].network.crs


def test_saved_results_make_the_same_tables_and_a_record(results, outcomes, tmp_path):
    done = compare_folders(results, tmp_path / "out", language="en")
    straight = write_comparison(outcomes, tmp_path / "straight", language="en")

    for name in PLAN_TABLES:
        assert (done.folder / f"{name}.csv").read_bytes() == (straight / f"{name}.csv").read_bytes()
    record = json.loads((done.folder / "comparison.json").read_text(encoding="utf-8"))
    assert record["scenarios"] == ["现状", "方案A", PLAN_B]
    assert record["summary"] == list(done.summary)
    assert len(done.summary) > 10


def test_only_a_comparison_is_replaced_and_only_by_force(written, outcomes, tmp_path):
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_comparison(outcomes, written)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="only a comparison folder can be replaced"):
        write_comparison(outcomes, tmp_path / "mine", force=True)
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "mine"
    write_comparison(outcomes[:2], tmp_path / "twice")
    assert write_comparison(outcomes, tmp_path / "twice", force=True).is_dir()


def test_results_without_map_data_say_to_run_the_plan_again(results, tmp_path):
    shutil.copytree(results[1], tmp_path / "bare")
    (tmp_path / "bare" / MAP_DATA_FILE).unlink()
    with pytest.raises(SourceError, match=r"map_data.json.*bare has none; run the plan again"):
        compare_folders([results[0], tmp_path / "bare"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_today_alone_adds_nothing(results, outcomes, tmp_path):
    today = write_results(outcomes[0], tmp_path / "t")
    done = compare_folders([results[0], today], tmp_path / "out", names=["东"])
    assert done.record["scenarios"] == ["现状", "东"]


def test_today_is_one_whatever_the_folders_call_it(results, outcomes, tmp_path):
    today, _, plan = outcomes
    named = replace(today, scenario=replace(today.scenario, name="today"))
    english = write_results(plan, tmp_path / "en", baseline=named)
    alone = write_results(named, tmp_path / "alone")
    for folders, called in (
        ([results[0], english], "现状"),
        ([english, results[0]], "today"),
        ([alone, results[0]], "today"),
    ):
        done = compare_folders(folders, tmp_path / f"out {called} {len(called)} {folders[0].name}")
        assert done.record["scenarios"][0] == called
        assert len(done.record["scenarios"]) == 1 + sum(folder != alone for folder in folders)
