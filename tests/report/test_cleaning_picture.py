import re
from xml.etree import ElementTree as ET  # our own text, not a stranger's

import geopandas as gpd
import pytest
import shapely
from shapely import LineString

from coverage_planner import Rejections, read_roads
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.report.cleaning_picture import _FINDINGS, _MARKS, draw_cleaning
from coverage_planner.sources.road_cleaning import FINDINGS, RoadCleaning

LINES = [
    LineString([(0, 0), (100, 0)]), LineString([(50, -50), (50, 50)]), LineString([(50, 50), (50, -50)]),
    LineString([(20, 0.5), (20, 40)]), LineString([(80, -30), (80, 30)]), None, LineString([(0, 300), (9, 300)]),
]  # fmt: skip


@pytest.fixture
def cleaning(tmp_path):
    table = gpd.GeoDataFrame({"bridge": [None] * 4 + ["yes", None, None]}, geometry=LINES, crs=32650)
    path = tmp_path / "r.gpkg"
    table.to_file(path)
    cleaning = RoadCleaning()
    read_roads(path, rejected=Rejections(), cleaning=cleaning, noding="crossings", join_within_m=1)
    cleaning.source = "<路网> & 'x'.gpkg"  # not on every system can a file be called so
    return cleaning


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_picture_is_one_closed_document(cleaning, language):
    text = draw_cleaning(cleaning, language=language)
    root = ET.fromstring(text)  # noqa: S314
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("lang") == ("zh-CN" if language == "zh" else "en")
    # nothing from elsewhere, nothing that runs
    assert not re.search(r"href|url\(|<script|<image|<style|@import", text)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    said = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<路网> & 'x'.gpkg" in line for line in said)
    for what in ("crossing", "joined end", "duplicate", "kept apart: bridge", "empty row", "dangling end"):
        [line] = [line for line in said if line.startswith(_FINDINGS[what][0 if language == "zh" else 1])]
        count = cleaning.summary().set_index("what")["count"][what]
        assert f"{'：' if language == 'zh' else ': '}{count}" in line
    chinese = any("\u4e00" <= letter <= "\u9fff" for line in said for letter in line.replace("路网", ""))
    assert chinese is (language == "zh")


def test_streets_and_marks_are_drawn_where_they_are(cleaning):
    root = ET.fromstring(draw_cleaning(cleaning, language="en"))  # noqa: S314
    svg = "{http://www.w3.org/2000/svg}"
    before, after = root.findall(f"{svg}svg")
    colours = [[path.get("stroke") for path in panel.findall(f"{svg}path")] for panel in (before, after)]
    assert set(colours[0]) == {"#4d5b66", "#d95f02"}
    assert {_MARKS["crossing"][0], _MARKS["joined end"][0], _MARKS["duplicate"][0]} <= set(colours[1])
    # the crossing at (50, 0): the view spans 350 m from north to south
    crossing = next(path for path in after.findall(f"{svg}path") if path.get("stroke") == _MARKS["crossing"][0])
    x, y = map(float, re.fullmatch(r"M([\d.]+),([\d.]+)h0", crossing.get("d")).groups())
    scale = (560 - 24) / 350
    assert (x, y) == pytest.approx((280 + (50 - 50) * scale, 280 + (125 - 0) * scale), abs=0.06)


def test_every_finding_has_a_name():
    assert set(_FINDINGS) == set(FINDINGS)
    assert set(_MARKS) == set(FINDINGS) - {"empty row"}


def test_nothing_to_draw_is_said(cleaning):
    with pytest.raises(InputError, match="got an empty one"):
        draw_cleaning(RoadCleaning(), language="en")
    with pytest.raises(ConfigError, match="language must be one of"):
        draw_cleaning(cleaning, language="fr")


def test_the_picture_of_many_streets_stays_small(tmp_path):
    grid = [LineString([(0, n), (1000, n)]) for n in range(0, 1000, 2)] + [
        LineString([(n, 0), (n, 999)]) for n in range(0, 1000, 2)
    ]
    gpd.GeoDataFrame(geometry=grid, crs=32650).to_parquet(tmp_path / "r.parquet")
    cleaning = RoadCleaning()
    with pytest.warns(UserWarning, match="999 parts.*noding='crossings'"):
        read_roads(tmp_path / "r.parquet", cleaning=cleaning)
    assert shapely.get_num_coordinates(cleaning.before.to_numpy()).sum() == 2000
    assert len(draw_cleaning(cleaning, language="en")) < 200_000
