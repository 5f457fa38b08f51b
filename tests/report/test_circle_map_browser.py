"""Scenario, group, service and hour on the map in a real browser: what re-colours, and the figures beside it."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from browser import DESKTOP, PHONE, complaints, open_browser, requested_urls
from coverage_planner.report.packed import unpack
from drawn_circle import MOMENT
from drawn_map_data import draw_map_data
from drawn_map_page import OVERFLOWING, ink, open_map, popup, run, save_maps, switch

pytestmark = pytest.mark.browser

NIGHT, NOON = 2 * 24 + 23, 2 * 24 + 12  # slots of Wednesday


@pytest.fixture(scope="module")
def data():
    return draw_map_data()


@pytest.fixture(scope="module")
def files(tmp_path_factory, data):
    return save_maps(data, tmp_path_factory.mktemp("地图 圈"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def page(driver, files):
    return open_map(driver, files["zh"])


def at_slot(page, slot: int | None) -> None:
    run(page, "app.set({slot: arguments[0]})", slot)


def off(page) -> list[str]:
    """Names of the marks that are hollow and grey."""
    script = "return [...document.querySelectorAll('.leaflet-marker-icon.cp-off')].map((mark) => mark.ariaLabel)"
    return page.execute_script(script)


def figure(page) -> str:
    return page.execute_script("return document.querySelector('.cp-figure').textContent")


def share_of(data, scenario: int, group: int, what: str, slot: int) -> str:
    hours = data.content["scenarios"][scenario]["groups"][group]["hours"]
    demand, covered = unpack(hours["demand"]), unpack(hours["covered"]).reshape(len(hours["what"]), -1)
    return f"{100 * covered[hours['what'].index(what)][slot] / demand[slot]:.1f}%"


def test_the_slider_changes_streets_stations_and_figure(page, data):
    assert not page.find_element(By.CSS_SELECTOR, ".cp-hours").is_displayed()
    page.find_element(By.CSS_SELECTOR, ".cp-switch").click()
    assert page.execute_script("return app.state.slot") == NIGHT  # the first moment of the plan
    assert ink(page, "shade") == 0  # bands hold for the headline coverage alone
    night = ink(page, "reached")
    assert {name.split("（")[0] for name in off(page)} == {
        page.execute_script("return app.markName(1)"), "1 号 · 滨江花园门卫室", "服务大巴 =1+1",
    }  # fmt: skip
    assert "周三 23:00 · 任一开放站点" in figure(page)
    assert share_of(data, 1, 0, "any", NIGHT) in figure(page)
    assert "开放站点 1 / 3" in figure(page)
    slider = page.find_element(By.CSS_SELECTOR, ".cp-slider")
    slider.send_keys(*[Keys.ARROW_LEFT] * (NIGHT - NOON))
    run(page, "")
    assert slider.get_attribute("aria-valuetext") == "周三 12:00"
    assert ink(page, "reached") > night
    assert off(page) == ["1 号 · 滨江花园门卫室（未开放或无此项服务）"]  # no satellite of a hub: it does not count
    assert share_of(data, 0, 0, "any", NOON) in figure(page)
    assert share_of(data, 1, 0, "any", NOON) in figure(page)
    at_slot(page, None)
    assert ink(page, "shade") > 0
    assert off(page) == []
    assert complaints(page) == []


def test_days_steps_and_special_dates_move_the_hour(page):
    at_slot(page, NOON)
    days = page.find_elements(By.CSS_SELECTOR, ".cp-days button")
    days[5].click()
    run(page, "")
    said = page.find_element(By.CSS_SELECTOR, ".cp-slot")
    assert said.text == "周六 12:00"
    assert [day.get_attribute("aria-pressed") for day in days] == ["false"] * 5 + ["true", "false"]
    before, _, after = page.find_elements(By.CSS_SELECTOR, ".cp-steps button")
    after.click()
    run(page, "")
    assert said.text == "周六 13:00"
    before.click()
    Select(page.find_element(By.CSS_SELECTOR, ".cp-special")).select_by_value("2025-10-03")
    run(page, "")
    assert said.text == "2025-10-03（节假日） 12:00"
    slider = page.find_element(By.CSS_SELECTOR, ".cp-slider")
    assert [slider.get_attribute(key) for key in ("min", "max")] == ["168", "191"]
    assert complaints(page) == []


def test_play_goes_on_and_escape_stops_it(page):
    at_slot(page, NOON)
    page.find_element(By.CSS_SELECTOR, ".cp-play").click()
    playing = "return document.querySelector('.cp-play').ariaLabel"
    assert page.execute_script(playing) == "暂停"
    moved = "const done = arguments[0]; app.on('change', ({slot}) => done(slot));"
    assert page.execute_async_script(moved) == NOON + 1
    page.find_element(By.CSS_SELECTOR, ".cp-play").send_keys(Keys.ESCAPE)
    assert page.execute_script(playing) == "播放"


def test_a_service_changes_who_is_served(page, data):
    Select(page.find_elements(By.CSS_SELECTOR, ".cp-pair select")[1]).select_by_visible_text("厕所")
    run(page, "")
    rows = {row["service"]: row for row in data.content["scenarios"][1]["groups"][0]["services"]}
    assert f"{100 * rows['toilet']['covered_demand_share']:.1f}%" in figure(page)
    assert "提供此项的站点 1 个" in figure(page)
    assert len(off(page)) == 3
    at_slot(page, 3)  # nobody is about from 3 to 4
    assert "–" in figure(page)
    assert complaints(page) == []


def test_scenario_and_group_change_title_marks_and_gaps(page):
    title = "return document.querySelector('.cp-title .cp-headline').textContent"
    assert page.execute_script(title) == "56.5% → 89.1% +32.6 个百分点"
    page.find_elements(By.CSS_SELECTOR, ".cp-bar input")[0].click()
    run(page, "")
    assert page.execute_script(title) == "56.5%"
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-site.leaflet-marker-icon")
    Select(page.find_elements(By.CSS_SELECTOR, ".cp-pair select")[0]).select_by_index(1)
    run(page, "")
    assert "步行 <b> · 步行 4.8 km/h · 5 分钟" in page.find_element(By.CSS_SELECTOR, ".cp-who").text
    assert "步行 <b>" in page.find_element(By.CSS_SELECTOR, ".cp-legend-who").text
    assert complaints(page) == []


def test_an_hour_shows_whom_it_leaves_uncovered_instead_of_the_headline_gaps(page):
    gaps = "return document.querySelectorAll('.leaflet-gaps-pane path').length"
    headline = page.execute_script(gaps)
    moment = [gap for gap in page.execute_script("return app.outcome().gaps_at") if gap["moment"] == MOMENT]
    assert headline > 0
    at_slot(page, NIGHT - 1)
    assert page.execute_script(gaps) == 0
    assert ink(page, "points") > 0
    at_slot(page, NIGHT)
    assert page.execute_script(gaps) == len(moment) > 0
    row = (
        "const row = document.querySelector(`[data-layer='${arguments[0]}']`); const box = row.querySelector('input');"
    )
    row += "return [row.textContent, box.checked, box.disabled]"
    assert page.execute_script(row, "gaps") == ["此时或此项服务未覆盖的需求点", True, False]
    assert page.execute_script(row, "gaps-at-0") == ["周三 23:00 无站点开放的区域", True, True]
    at_slot(page, None)
    assert page.execute_script(gaps) == headline
    assert page.execute_script(row, "gaps-at-0")[1:] == [False, False]
    assert ink(page, "points") == 0


def test_communities_are_coloured_for_the_hour(page):
    switch(page, "communities")
    colours = (
        "return [...document.querySelectorAll('.leaflet-communities-pane path')].map((p) => p.getAttribute('fill'))"
    )
    headline = page.execute_script(colours)
    at_slot(page, NIGHT)
    assert page.execute_script(colours) != headline
    run(page, "app.openCommunity(0)")
    shown = popup(page)
    assert shown["title"] == "江北社区"
    assert "周三 23:00 · 任一开放站点" in shown


def test_hubs_are_joined_to_their_satellites(page):
    switch(page, "hub-links")
    names = ("linked-hub", "linked-satellite", "lonely-satellite")
    assert [len(page.find_elements(By.CSS_SELECTOR, f".cp-{name}.leaflet-marker-icon")) for name in names] == [1, 1, 1]
    assert ink(page, "links") > 0
    assert page.find_element(By.CSS_SELECTOR, ".cp-linked-hub.leaflet-marker-icon").text == "1"
    run(page, "app.openStation(app.data.stations.findIndex((one) => one.vehicle))")
    assert popup(page)["车辆或线路"] == "大巴1号"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_all_controls_stay_in_their_boxes(driver, files, language, size):
    page = open_map(driver, files[language], size)
    keys = page.execute_script("return app.layers.map((layer) => layer.key)")
    run(page, "app.set({slot: 190, what: 'full', layers: arguments[0]})", dict.fromkeys(keys, True))
    for part in ("choose", "side"):
        run(page, "if (app.panel.isNarrow()) app.panel.openSheet(arguments[0])", part)
        assert page.execute_script(OVERFLOWING) == []
    box = page.find_element(By.CSS_SELECTOR, ".cp-side").rect
    assert box["x"] + box["width"] <= size[0]
    assert box["y"] + box["height"] <= size[1]
    shown = page.find_element(By.CSS_SELECTOR, ".cp-figure").rect
    if size == DESKTOP:  # the figure of the hour is in view while the slider moves
        assert shown["y"] + shown["height"] <= size[1]
    assert [url for url in requested_urls(page) if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints(page) == []
