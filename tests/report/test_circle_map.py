"""Hubs with their satellites, gaps at moments and mobile stops on the map, and what stations say in their popups."""

import json
import re

import pytest

from coverage_planner.report.maps import draw_map
from drawn_circle import draw_study
from drawn_outcome import HOSTILE, draw_candidates, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("司机", "drive", 300.0))


@pytest.fixture(scope="module")
def outcomes():
    return draw_outcome(groups=GROUPS), draw_outcome(proposed=True, groups=GROUPS)


def drawn(outcomes, **options) -> tuple[str, dict]:
    today, plan = outcomes
    options = {"baseline": today, "circle": draw_study(today, plan).latest, "candidates": draw_candidates()} | options
    page = draw_map(plan, **options).get_root().render()
    found = re.findall(r"var coverage_(\w+) = coveragePlanner\.draw\(map_coverage, (\[.*?\])\);\n?", page)
    return page, {name: json.loads(pieces) for name, pieces in found}


@pytest.fixture(scope="module")
def page(outcomes):
    return drawn(outcomes)


def popups(pieces: list) -> dict[str, dict[str, str]]:
    return {popup["title"]: dict(popup["rows"]) for piece in pieces for popup in piece.get("popups", [])}


def test_hubs_say_how_many_satellites_they_have_and_satellites_whose_they_are(page):
    pieces = page[1]["hub_links"]
    assert [piece["kind"] for piece in pieces] == ["lines", "pins", "pins", "pins"]
    assert [piece["className"] for piece in pieces[1:]] == [
        "cp-linked-hub", "cp-linked-satellite", "cp-lonely-satellite",
    ]  # fmt: skip
    assert pieces[1]["texts"] == ["1"]
    assert len(pieces[0]["paths"]) == 1
    said = popups(pieces)
    assert said["江北服务中心"]["所带驿站"] == "1（最多 5）"
    assert said["江北服务中心"]["到所带驿站平均直线距离"] == "447 m"
    assert said[HOSTILE]["所属服务中心"] == "江北服务中心"
    assert said[HOSTILE]["到服务中心时间"] == "7.5 分钟"
    assert said["滨江花园门卫室"]["所属服务中心"] == "未归属，不计入覆盖"
    assert said["滨江花园门卫室"]["未归属原因"] == "半径内服务中心名额已满"


def test_popups_of_stations_and_sites_say_services_hours_level_hub_and_room(page):
    said = popups(page[1]["stations"])[HOSTILE]
    assert said["级别"] == "驿站"
    assert said["服务"] == "饮水"
    assert said["开放时间"] == "Mo-Su 07:00-23:00"
    assert said["每周开放"] == "112 小时"
    assert said["所属服务中心"] == "江北服务中心"
    assert said["按级别补充"] == "服务"
    hub = popups(page[1]["stations"])["江北服务中心"]
    assert hub["可服务人数"] == "40 人"
    assert hub["分配到的需求"] == "40"
    site = popups(page[1]["sites"])["1 号 · 滨江花园门卫室"]
    assert site["开放时间"] == "Mo-Su 07:00-23:00"
    assert site["级别"] == "驿站"


def test_gaps_of_a_moment_are_a_layer_of_their_own_that_is_off_at_first(page):
    text, layers = page
    (gap,) = layers["gaps_at_0"]
    assert gap["popup"]["title"] == "缺口 G01 · 周三 23:00"
    assert dict(gap["popup"]["rows"])["原因"].startswith("有阻隔，绕行过远 82 %")
    assert json.dumps("周三 23:00 无站点开放的区域 · 方案A")[1:-1] in text  # folium writes names in ASCII
    assert "coverage_gaps_at_0.addTo" not in text
    assert "coverage_hub_links.addTo" not in text
    assert "coverage_mobile_stops.addTo" in text


def test_mobile_stops_say_when_they_stand_where(page):
    said = popups(page[1]["mobile_stops"])["服务大巴 =1+1"]
    assert said["类型"] == "流动服务"
    assert said["车辆或线路"] == "大巴1号"
    assert said["开放时间"] == "We 10:00-12:00"


def test_the_same_is_said_in_english(outcomes):
    text, layers = drawn(outcomes, language="en", group="司机")
    assert "No open station, Wed 23:00" in text
    assert popups(layers["hub_links"])["江北服务中心"]["Satellites"] == "1 (at most 5)"
    assert popups(layers["stations"])[HOSTILE]["Open per week"] == "112 h"


def test_without_levels_gaps_and_stops_the_layers_are_not_there(outcomes):
    circle = draw_study(*outcomes).latest
    circle.hubs = circle.capacity = None
    for group in circle.groups.values():
        group.gaps = group.gaps.head(0)
    circle.facilities = circle.facilities.drop(columns="vehicle")
    _, layers = drawn(outcomes, circle=circle)
    assert not {"hub_links", "gaps_at_0", "mobile_stops"} & set(layers)
    assert "所属服务中心" not in popups(layers["stations"])[HOSTILE]
