"""The map of a results folder, drawn again."""

import json
import re
from dataclasses import replace

import pytest

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.report.map_data import map_data
from coverage_planner.report.map_tiles import base_maps
from coverage_planner.report.redraw import read_results_map, redraw_map, results_language
from coverage_planner.report.results import MAP_DATA_FILE, MAP_FILE, RUN_FILE, write_results
from drawn_outcome import HOSTILE, draw_network, draw_outcome, draw_sites

DATA = re.compile(r'<script type="application/json" id="coverage-data">(.*?)</script>', re.DOTALL)
GROUPS = (("骑手", "walk", 360.0), ("外卖", "ebike", 300.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("结果 folder") / "results"
    return write_results(draw_outcome(groups=GROUPS), home, language="en", title=HOSTILE, synthetic=True)


def data_of(path):
    return json.loads(DATA.search(path.read_text(encoding="utf-8"))[1])


def test_a_folder_holds_what_its_map_shows(folder):
    assert read_results_map(folder).content["title"] == HOSTILE
    assert read_results_map(folder).content["synthetic"] is True
    assert results_language(folder) == "en"


def test_the_map_of_the_folder_is_written_in_its_language(folder):
    assert redraw_map(folder) == folder / MAP_FILE
    text = (folder / MAP_FILE).read_text(encoding="utf-8")
    assert '<html lang="en">' in text
    assert "<script>alert" not in text
    assert data_of(folder / MAP_FILE) == read_results_map(folder).content
    assert not [path for path in folder.iterdir() if "partial" in path.name]


def test_another_page_has_what_is_asked_for(folder, tmp_path):
    page = redraw_map(
        folder, tmp_path / "地图 1.HTML", language="zh", group="外卖", tianditu_key="ab12", osm=True, approval="鄂S(2026)1号",
        boundary_source="民政局",
    )  # fmt: skip
    data = data_of(page)
    assert (data["approval"], data["boundary_source"]) == ("鄂S(2026)1号", "民政局")
    assert [tiles["name"]["en"] for tiles in data["tiles"]] == ["Tianditu", "OpenStreetMap"]
    text = page.read_text(encoding="utf-8")
    assert '<html lang="zh-CN">' in text
    assert '"group":"外卖"' in text
    assert read_results_map(folder).content["approval"] is None  # the folder's own data stay as they are


def test_names_of_the_run_are_said_in_the_other_language_and_names_of_people_stay(tmp_path):
    for given, said in (("现状", "today"), ("甲方案", "甲方案")):
        outcome = draw_outcome()
        named = replace(outcome, scenario=replace(outcome.scenario, name=given))
        home = write_results(named, tmp_path / given, language="zh")
        page = redraw_map(home, tmp_path / f"{given}.html", language="en")
        assert [scenario["name"] for scenario in data_of(page)["scenarios"]] == [said]


def test_base_maps_of_the_results_stay_beside_those_that_are_asked_for(tmp_path):
    own = base_maps(tiles="https://tiles.invalid/{z}/{x}/{y}.png", tiles_attribution="© X", osm=True)
    home = write_results(draw_outcome(), tmp_path / "results", map_data=map_data([draw_outcome()], tiles=own))
    data = data_of(redraw_map(home, tianditu_key="ab12", osm=True))
    assert [tiles["name"]["en"] for tiles in data["tiles"]] == ["Tianditu", "OpenStreetMap", "Online base map"]


def test_what_cannot_be_drawn_is_said(folder, tmp_path):
    with pytest.raises(SourceError, match=r"must be a results folder.*got no such folder; check the path"):
        redraw_map(tmp_path / "none")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / RUN_FILE).write_text("[]", encoding="utf-8")
    with pytest.raises(SourceError, match="got a folder without"):
        redraw_map(tmp_path / "other")
    with pytest.raises(ConfigError, match=r"must be written to a file that ends with \.html, got .*map\.pdf"):
        redraw_map(folder, tmp_path / "map.pdf")
    with pytest.raises(ConfigError, match="tianditu_key must be a key"):
        redraw_map(folder, tmp_path / "map.html", tianditu_key="<key>")
    with pytest.raises(ConfigError, match="group must be one of the groups of the map"):
        redraw_map(folder, tmp_path / "map.html", group="x")
    with pytest.raises(InputError, match="the map must be written to"):
        redraw_map(folder, tmp_path / "no such folder" / "map.html")
    assert not (tmp_path / "map.html").exists()


def test_results_without_map_data_say_so(tmp_path):
    plan = draw_outcome(
        network=draw_network(9, 4), facilities=draw_outcome().scenario.with_sites("B", draw_sites()).facilities
    )
    home = write_results(plan, tmp_path / "results", baseline=renamed(draw_outcome()))
    assert not (home / MAP_DATA_FILE).exists()
    with pytest.raises(SourceError, match=rf"must have the file {MAP_DATA_FILE}.*run the plan again"):
        redraw_map(home)


def renamed(outcome):
    """The same outcome by another name."""
    return type(outcome)(
        type(outcome.scenario)("before", outcome.scenario.facilities), outcome.network, outcome.groups,
        outcome.study_area, outcome.communities,
    )  # fmt: skip


def test_map_data_that_lack_parts_are_refused_by_name(folder, tmp_path):
    home = tmp_path / "half"
    home.mkdir()
    (home / RUN_FILE).write_text((folder / RUN_FILE).read_text(encoding="utf-8"), encoding="utf-8")
    (home / MAP_DATA_FILE).write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(InputError, match=r"must hold all parts of map data, lacks .*attributions"):
        redraw_map(home)
