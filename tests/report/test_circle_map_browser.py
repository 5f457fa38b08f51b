"""Hubs, gaps at moments and mobile stops on the map in a real browser with no network."""

import pytest
from selenium.webdriver.common.by import By

from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.maps import draw_map
from drawn_circle import draw_study
from drawn_outcome import HOSTILE, draw_outcome

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("地图 圈")
    groups = (("骑手", "walk", 360.0), ("外卖", "ebike", 300.0))
    today, plan = draw_outcome(groups=groups), draw_outcome(proposed=True, groups=groups)
    circle = draw_study(today, plan).latest
    paths = {language: folder / f"地图 {language}.html" for language in ("zh", "en")}
    for language, path in paths.items():
        draw_map(plan, baseline=today, circle=circle, language=language, synthetic=True).save(path)
    return paths


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def switch(page, key):
    script = f"document.querySelector(\"label:has([data-layer='{key}']) input\").click()"
    page.execute_script(script)
    page.execute_async_script(FRAMES)


def marks(page, name: str) -> list:
    return page.find_elements(By.CSS_SELECTOR, f".cp-{name}.leaflet-marker-icon")


def popup_of(page, mark) -> dict[str, str]:
    page.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", mark)
    page.execute_async_script(FRAMES)
    box = page.find_elements(By.CSS_SELECTOR, ".cp-popup")[-1]
    rows = box.find_elements(By.TAG_NAME, "tr")
    cells = {row.find_element(By.TAG_NAME, "th").get_attribute("textContent"): row for row in rows}
    said = {name: row.find_element(By.TAG_NAME, "td").get_attribute("textContent") for name, row in cells.items()}
    return {"title": box.find_element(By.TAG_NAME, "h2").get_attribute("textContent")} | said


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_layers_are_switched_and_ask_for_nothing(driver, files, language, size):
    page = show(driver, files[language], size)
    assert [len(marks(page, name)) for name in ("stop", "linked-hub", "linked-satellite", "lonely-satellite")] == [
        1, 0, 0, 0,
    ]  # fmt: skip
    gaps = len(page.find_elements(By.CSS_SELECTOR, ".leaflet-gaps-pane path"))
    switch(page, "hub-links")
    switch(page, "gaps-at-0")
    assert [len(marks(page, name)) for name in ("linked-hub", "linked-satellite", "lonely-satellite")] == [1, 1, 1]
    assert len(page.find_elements(By.CSS_SELECTOR, ".leaflet-gaps-pane path")) == gaps + 1
    assert page.find_elements(By.CSS_SELECTOR, ".leaflet-links-pane canvas")
    switch(page, "hub-links")
    switch(page, "mobile-stops")
    assert not marks(page, "linked-hub")
    assert not marks(page, "stop")
    assert [url for url in requested_urls(page) if not url.startswith(("file:", "data:"))] == []
    assert complaints(page) == []


def test_marks_answer_with_what_is_known_of_their_station(driver, files):
    page = show(driver, files["zh"])
    switch(page, "hub-links")
    hub = popup_of(page, marks(page, "linked-hub")[0])
    assert hub["title"] == "江北服务中心"
    assert hub["服务"] == "饮水 · 厕所"
    assert hub["所带驿站"] == "1（最多 5）"
    satellite = popup_of(page, marks(page, "linked-satellite")[0])
    assert satellite["title"] == HOSTILE
    assert satellite["所属服务中心"] == "江北服务中心"
    assert popup_of(page, marks(page, "stop")[0])["车辆或线路"] == "大巴1号"
    assert complaints(page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_legend_stays_in_the_window_with_all_layers_on(driver, files, language):
    page = show(driver, files[language])
    for key in ("hub-links", "gaps-at-0"):
        switch(page, key)
    box = page.find_element(By.CSS_SELECTOR, ".leaflet-control-layers").rect
    assert box["x"] + box["width"] <= DESKTOP[0]
    assert box["y"] + box["height"] <= DESKTOP[1]
    wide = "return [...document.querySelectorAll('.leaflet-control-layers label')].every((l) => l.scrollWidth <= l.clientWidth + 1)"
    assert page.execute_script(wide)
    assert page.find_element(By.CSS_SELECTOR, ".cp-linked-hub.leaflet-marker-icon").text == "1"
