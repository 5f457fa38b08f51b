"""The map in a real browser with no network: nothing asked for, nothing complained about, everything answers."""

import base64
import csv
import json
import re
import time
from itertools import combinations

import numpy as np
import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from browser import DESKTOP, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.map_tiles import base_maps
from coverage_planner.sources.datum import from_wgs84
from drawn_map_data import draw_map_data, without_circle
from drawn_map_page import OVERFLOWING, ink, open_map, popup, run, save_maps, state, switch
from drawn_outcome import HOSTILE, SITE_NAME, draw_facilities, draw_sites

pytestmark = pytest.mark.browser

SMALL = (1024, 600)
NOTEBOOK = (800, 500)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    tiles = base_maps(tiles="https://tiles.invalid/{z}/{x}/{y}.png", tiles_attribution="© tiles.invalid <b>")
    data = draw_map_data(tiles=tiles, approval="赣S(2025)001号", boundary_source="天地图")
    return save_maps(data, tmp_path_factory.mktemp("地图 测试"))


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def page(driver, files):
    """Open the Chinese map anew at desktop size."""
    return open_map(driver, files["zh"])


def text_of(page, selector: str) -> str:
    return page.execute_script("return document.querySelector(arguments[0]).textContent", selector)


def boxes(page, *selectors) -> dict:
    found = {selector: page.find_elements(By.CSS_SELECTOR, selector) for selector in selectors}
    shown = {name: [one for one in elements if one.is_displayed()] for name, elements in found.items()}
    return {name: elements[0].rect for name, elements in shown.items() if elements}


def overlap(one, other) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


# --- opening ---


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, SMALL, NOTEBOOK, PHONE])
def test_the_map_opens_with_no_network_and_its_boxes_do_not_overlap(driver, files, language, size):
    page = open_map(driver, files[language], size)
    for pane in ("streets", "shade", "ground", "outline"):
        assert ink(page, pane) > 0, pane
    marks = [
        len(page.find_elements(By.CSS_SELECTOR, f".{name}.leaflet-marker-icon")) for name in ("cp-station", "cp-site")
    ]
    assert marks == [2, 1]
    asked = requested_urls(page)
    assert files[language].as_uri() in asked
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints(page) == []
    assert page.execute_script("return document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]
    rects = boxes(
        page, ".cp-main", ".cp-side", ".cp-sheet-top", ".leaflet-control-zoom", ".leaflet-control-scale",
        ".leaflet-control-attribution",
    )  # fmt: skip
    assert len(rects) == (4 if size == PHONE else 5)
    for (name, one), (other_name, other) in combinations(rects.items(), 2):
        assert not overlap(one, other), (name, other_name, one, other)
    for name, rect in rects.items():
        assert rect["x"] >= 0, name
        assert rect["y"] >= 0, name
        assert rect["x"] + rect["width"] < size[0] + 1, name
        assert rect["y"] + rect["height"] < size[1] + 1, name
    assert page.execute_script(OVERFLOWING) == []


def test_the_frame_names_sources_approval_and_made_up_data(page):
    attribution = text_of(page, ".leaflet-control-attribution")
    for text in ("© OpenStreetMap contributors", "审图号 赣S(2025)001号", "天地图", "合成数据"):
        assert text in attribution
    assert text_of(page, ".cp-title h1") == HOSTILE
    assert "合成数据" in text_of(page, ".cp-title")


def test_a_map_of_streets_and_stations_alone_opens_too(driver, tmp_path):
    page = open_map(driver, save_maps(without_circle(), tmp_path)["en"])
    assert page.execute_script("return app.shadings") == ["bands", "time", "nearest", "none"]
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-when, .cp-segments")
    assert len(page.find_elements(By.CSS_SELECTOR, ".cp-tool")) == 4
    assert complaints(page) == []


def test_what_does_not_open_says_so_in_the_page(driver, files, tmp_path):
    text = files["zh"].read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(re.sub(r'"z":"[^"]{20}', '"z":"', text, count=1), encoding="utf-8")
    with pytest.raises(AssertionError):
        open_map(driver, broken)
    assert "地图未能打开" in text_of(driver, ".cp-failed")
    complaints(driver)


def test_a_map_opened_in_a_folded_part_of_a_page_shows_itself_when_it_unfolds(driver, files, tmp_path):
    outer = tmp_path / "outer.html"
    source = files["zh"].as_uri()
    outer.write_text(
        f'<details><iframe src="{source}" style="width:700px;height:450px"></iframe></details>', encoding="utf-8"
    )
    page = show(driver, outer)
    page.execute_script("document.querySelector('details').open = true")
    page.switch_to.frame(0)
    WebDriverWait(page, 20).until(lambda d: state(d) == "ready")
    page.execute_async_script("const done = arguments[0]; coverageApp.then((app) => { window.app = app; done(); });")
    assert page.execute_script("return app.map.getZoom()") > 12
    assert ink(page, "streets") > 0
    page.switch_to.default_content()
    assert complaints(page) == []


# --- layers and shading ---


def test_layers_can_be_switched(page):
    for key, pane in (("uncovered", "points"), ("candidates", "candidates"), ("hub-links", "links")):
        before = seen(page, pane)
        switch(page, key)
        assert seen(page, pane) > before, key
        switch(page, key)
        assert seen(page, pane) == before, key
    switch(page, "streets")
    assert ink(page, "streets") == 0
    switch(page, "gaps")
    assert not page.find_elements(By.CSS_SELECTOR, ".leaflet-gaps-pane path")
    assert complaints(page) == []


def seen(page, pane: str) -> int:
    return ink(page, pane) + len(page.find_elements(By.CSS_SELECTOR, f".leaflet-{pane}-pane path"))


def test_one_shading_at_a_time(page):
    shown = {}
    for key in ("change", "time", "nearest", "communities", "bands", "none"):
        switch(page, key)
        found = (ink(page, "shade"), ink(page, "reached"), seen(page, "communities"))
        shown[key] = [pane for pane, sum_ in zip(("shade", "reached", "communities"), found, strict=True) if sum_]
    assert shown == {
        "change": ["reached"], "time": ["reached"], "nearest": ["reached"], "communities": ["communities"],
        "bands": ["shade"], "none": [],
    }  # fmt: skip
    assert complaints(page) == []


def test_the_legend_explains_what_is_drawn(page):
    keys = "return [...document.querySelectorAll('.cp-shadings .cp-keys > span')].map((key) => key.textContent)"
    assert page.execute_script(keys) == ["≤ 2 分钟", "2–4 分钟", "4–6 分钟"]
    assert "步行 4.8 km/h · 6 分钟" in text_of(page, ".cp-legend-who")
    switch(page, "change")
    assert page.execute_script(keys) == ["新增可达", "不再可达", "两者均可达"]


def test_tiles_are_asked_for_only_when_switched_on(page):
    requested_urls(page)
    switch(page, "tiles")
    assert any(url.startswith("https://tiles.invalid/") for url in requested_urls(page))
    assert "© tiles.invalid <b>" in text_of(page, ".leaflet-control-attribution")
    complaints(page)  # the address does not exist: the browser says so


# --- names and places ---


def test_a_station_a_site_and_a_gap_tell_about_themselves(page):
    page.find_element(By.CSS_SELECTOR, ".cp-hub.leaflet-marker-icon").click()
    shown = popup(page)
    assert shown["title"] == "江北服务中心"
    assert shown["级别"] == "服务中心"
    assert shown["服务"] == "饮水 · 厕所"
    assert shown["所带驿站"] == "1（最多 5）"
    page.find_element(By.CSS_SELECTOR, ".cp-site.leaflet-marker-icon").click()
    shown = popup(page)
    assert shown["title"] == f"1 号 · {SITE_NAME}"
    assert "新增覆盖需求（含相互重叠）" in shown
    gap = page.find_element(By.CSS_SELECTOR, ".leaflet-gaps-pane path")
    gap.send_keys(Keys.ENTER)
    assert popup(page)["原因"] == "有阻隔，绕行过远 82%；附近没有站点 18%"
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert page.switch_to.active_element == gap
    assert complaints(page) == []


def test_harmful_names_run_nothing(page):
    scripts = len(page.find_elements(By.TAG_NAME, "script"))
    page.find_element(By.CSS_SELECTOR, ".cp-station:not(.cp-hub).leaflet-marker-icon").click()
    assert popup(page)["title"] == HOSTILE
    switch(page, "communities")
    run(page, "app.openCommunity(1)")
    assert popup(page)["title"] == HOSTILE
    run(page, "app.openCandidate(1)")
    assert popup(page)["title"] == HOSTILE
    assert len(page.find_elements(By.TAG_NAME, "script")) == scripts
    assert not page.execute_script("return Boolean(document.querySelector('.cp-map script, .cp-map b script'))")
    assert page.find_elements(By.CSS_SELECTOR, ".cp-popup h2")[-1].is_displayed()  # an alert would raise here


def test_marks_stand_where_the_tables_say(page):
    hub, satellite = draw_facilities().to_crs("EPSG:4326").geometry
    site = draw_sites().to_crs("EPSG:4326").geometry[0]
    script = "const p = app.map.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];"
    for place, selector, part in (
        (hub, ".cp-hub", 0.5),
        (satellite, ".cp-station:not(.cp-hub)", 0.5),
        (site, ".cp-site", 1),
    ):
        rect = page.find_element(By.CSS_SELECTOR, f"{selector}.leaflet-marker-icon").rect
        stands = (rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] * part)
        assert stands == pytest.approx(page.execute_script(script, place.y, place.x), abs=1.1)


def test_every_mark_has_a_name_for_screen_readers(page):
    switch(page, "hub-links")
    names = page.execute_script(
        "return [...document.querySelectorAll('.leaflet-marker-icon[role=button]')].map((m) => m.ariaLabel)"
    )
    assert len(names) == 7
    assert all(names)
    assert page.execute_script("return app.markName(0)") in names


# --- search ---


def test_search_finds_by_part_of_a_name_and_opens_what_it_finds(page):
    field = page.find_element(By.CSS_SELECTOR, ".cp-search input")
    field.send_keys("服务中")
    assert field.get_attribute("aria-expanded") == "true"
    options = page.find_elements(By.CSS_SELECTOR, ".cp-found [role=option] > span")
    assert [option.text for option in options] == ["江北服务中心"]
    field.send_keys(Keys.ENTER)
    assert popup(page)["title"] == "江北服务中心"
    run(page, "document.querySelector('.cp-search input').select()")
    field.send_keys("<SCRIPT>")
    assert len(page.find_elements(By.CSS_SELECTOR, ".cp-found [role=option]")) == 3
    field.send_keys(Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ESCAPE)
    assert not page.find_element(By.CSS_SELECTOR, ".cp-found").is_displayed()
    run(page, "document.querySelector('.cp-search input').select()")
    field.send_keys("没有这个")
    assert page.find_element(By.CSS_SELECTOR, ".cp-none").text == "没有找到"
    assert complaints(page) == []


def test_a_street_of_that_name_is_drawn_in_full(page):
    script = """
      app.data.streets.names.push("试验路");
      app.data.streets.name[0] = app.data.streets.names.length - 1;
      const found = coverageSearch.matches(coverageSearch.entries(app), "试验");
      found[0].go();
      return [found.length, found[0].text];
    """
    assert run(page, script) == [1, "试验路"]
    exact = "return coverageSearch.matches([{plain: '广济路停靠点', kind: 0}, {plain: '广济路', kind: 2}], '广济路')[0].kind"
    assert page.execute_script(exact) == 2
    assert ink(page, "found") > 0
    whole = "return app.map.getBounds().contains(app.data.bounds)"
    run(page, "app.map.setZoom(18, {animate: false})")
    assert not page.execute_script(whole)
    page.find_element(By.CSS_SELECTOR, ".cp-home").click()
    assert page.execute_script(whole)


# --- click anywhere ---


def click_on(page, x: int, y: int) -> None:
    ActionChains(page).move_by_offset(0, 0).perform()
    canvas = page.find_element(By.CSS_SELECTOR, ".cp-map")
    ActionChains(page).move_to_element_with_offset(canvas, x - DESKTOP[0] // 2, y - DESKTOP[1] // 2).click().perform()


def test_a_click_anywhere_names_the_nearest_station_and_the_way(page):
    switch(page, "gaps")
    place = {"lat": 0.0, "lng": 0.0}
    record = page.execute_script("return app.data.stations[0]")
    place = {"lat": record["lat"] + 0.0011, "lng": record["lon"] + 0.0002}
    x, y = page.execute_script("const p = app.map.latLngToContainerPoint(arguments[0]); return [p.x, p.y];", place)
    click_on(page, round(x), round(y))
    shown = popup(page)
    assert shown["title"] == "最近的站点"
    assert shown["站点"] == "江北服务中心"
    assert shown["时限"] == "在 6 分钟之内"
    assert ink(page, "found") > 0
    link = page.find_element(By.CSS_SELECTOR, ".cp-popup a").get_attribute("href")
    asked = dict(part.split("=", 1) for part in link.split("?", 1)[1].split("&"))
    assert link.startswith("https://uri.amap.com/navigation?")
    assert (asked["mode"], asked["coordinate"]) == ("walk", "gaode")
    lon, lat = (float(part) for part in asked["to"].split("%2C")[:2])
    assert (lon, lat) == pytest.approx(
        [float(value) for value in from_wgs84(record["lon"], record["lat"], "gcj02")], abs=2e-6
    )
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert ink(page, "found") == 0
    assert [url for url in requested_urls(page) if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints(page) == []


def test_minutes_that_round_to_the_cutoff_show_their_seconds_where_they_are_more(page):
    say = "return [[900000, 900000], [901600, 900000], [959400, 900000], [1000000, 900000]].map(([ms, limit]) => "
    shown = page.execute_script(say + "app.text.minutesBeside(ms, limit))")
    assert shown == ["15 分钟", "15 分 2 秒", "16 分钟", "16.7 分钟"]


def test_what_a_click_cannot_know_it_does_not_say(page):
    away = """
      app.model.nearest = () => ({ why: "no_way", services: [], station: -1, parts: null });
      app.click.at(app.map.getCenter());
      return document.querySelector(".cp-nearest .cp-note").textContent;
    """
    assert run(page, away) == "在本图所载道路上，两小时内没有可到达的站点。"
    passing = "app.data.groups[0].visit = 'pass'; app.set({shading: 'none'}, true);"
    note = "return [...document.querySelectorAll('.cp-nearest .cp-note')].pop().textContent"
    run(page, passing)
    assert page.execute_script(note) == "绕行 6 分钟之内没有站点。"


def test_the_middle_of_the_map_answers_to_a_key(page):
    page.find_element(By.CSS_SELECTOR, ".cp-tool").send_keys(Keys.ENTER)
    assert popup(page)["title"] == "最近的站点"


def test_places_are_moved_to_gcj02_as_the_readers_do(page):
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(70, 140, 200), rng.uniform(0, 58, 200)
    moved = page.execute_script(
        "return arguments[0].map(([x, y]) => coverageDatum.toGcj02(x, y))", np.column_stack([lon, lat]).tolist()
    )
    assert np.abs(np.array(moved) - np.column_stack(from_wgs84(lon, lat, "gcj02"))).max() < 1e-11


# --- export and paper ---


def test_what_is_exported_names_its_datum_and_source(page):
    content = page.execute_script("return coverageExport.geojson(app, {datum: 'gcj02'})")
    assert (content["datum"], content["scenario"], content["synthetic"]) == ("GCJ-02", "方案A", True)
    assert any("© OpenStreetMap contributors" in text for text in content["attribution"])
    by_layer = {}
    for feature in content["features"]:
        by_layer.setdefault(feature["properties"]["layer"], []).append(feature)
    assert {layer: len(found) for layer, found in by_layer.items()} == {
        "stations": 3, "sites": 1, "communities": 4, "gaps": len(page.execute_script("return app.outcome().gaps")),
    }  # fmt: skip
    hub = by_layer["stations"][0]
    assert hub["properties"]["services"] == ["water", "toilet"]
    assert hub["properties"]["open_now"] is None
    record = page.execute_script("return app.data.stations[0]")
    assert hub["geometry"]["coordinates"] == pytest.approx(record["gcj02"], abs=1.5e-6)
    ring = np.array(by_layer["communities"][0]["geometry"]["coordinates"][0][0])
    assert (ring[0] == ring[-1]).all()
    assert (ring[:-1, 0] * ring[1:, 1] - ring[1:, 0] * ring[:-1, 1]).sum() > 0  # anticlockwise
    moved = page.execute_script("app.set({slot: 3}, true); return coverageExport.geojson(app, {kinds: ['stations']})")
    assert (moved["datum"], moved["moment"]) == ("WGS 84", "周一 03:00")
    assert [one["properties"]["open_now"] for one in moved["features"]] == [True, False, False]


def test_files_are_saved_without_a_network(page, tmp_path):
    page.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page.find_elements(By.CSS_SELECTOR, ".cp-tool")[1].click()
    for button in page.find_elements(By.CSS_SELECTOR, ".cp-dialog[open] .cp-button"):
        button.click()
    until = time.monotonic() + 10
    while len(found := sorted(path for path in tmp_path.iterdir() if path.suffix in {".csv", ".geojson"})) < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    table, places = found if found[0].suffix == ".csv" else found[::-1]
    raw = table.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert [row["name"] for row in rows] == ["江北服务中心", HOSTILE, SITE_NAME, "服务大巴 =1+1"]
    assert {row["datum"] for row in rows} == {"WGS 84"}
    assert {row["note"] for row in rows} == {"合成数据 · synthetic data"}
    assert json.loads(places.read_text(encoding="utf-8"))["type"] == "FeatureCollection"
    page.find_element(By.CSS_SELECTOR, ".cp-dialog[open]").send_keys(Keys.ESCAPE)
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-dialog[open]")
    assert complaints(page) == []


@pytest.mark.parametrize("landscape", [True, False])
def test_the_map_prints_on_one_sheet(page, landscape):
    before = page.execute_script("return [app.map.getZoom(), app.map.getCenter().lat]")
    page.execute_script("app.printer.setPage(arguments[0])", landscape)
    made = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(made["data"]))
    assert [tuple(round(float(side)) for side in size) for size in sizes] == [(842, 595) if landscape else (595, 842)]
    assert page.execute_script("return [app.map.getZoom(), app.map.getCenter().lat]") == pytest.approx(before)
    page.execute_script("app.printer.prepare()")
    sheet = text_of(page, ".cp-sheet")
    for text in (HOSTILE, "56.5% → 89.1%", "≤ 2 分钟", "© OpenStreetMap contributors", "审图号赣S(2025)001号", "日期"):
        assert text in sheet
    picture = """
      const picture = document.querySelector(".cp-picture");
      const pixels = picture.getContext("2d").getImageData(0, 0, picture.width, picture.height).data;
      let drawn = 0;
      for (let i = 0; i < pixels.length; i += 4) if (pixels[i] + pixels[i + 1] + pixels[i + 2] < 740) drawn += 1;
      return [drawn / (pixels.length / 4), [...document.querySelectorAll("canvas")].filter((c) => c.offsetParent).length];
    """
    drawn, canvases = page.execute_script(picture)
    assert drawn > 0.05
    assert canvases == 1
    page.execute_script("app.printer.restore()")
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-sheet, .cp-picture")
    assert complaints(page) == []


def test_a_page_that_may_not_print_comes_back(page):
    page.execute_script("window.print = () => { window.asked = true; }")
    page.find_elements(By.CSS_SELECTOR, ".cp-tool")[2].click()
    page.find_element(By.CSS_SELECTOR, ".cp-dialog[open] .cp-button").click()
    run(page, "")
    run(page, "")
    assert page.execute_script("return window.asked")
    assert page.find_elements(By.CSS_SELECTOR, ".cp-sheet")
    page.find_element(By.CSS_SELECTOR, ".cp-map").send_keys(Keys.SHIFT)
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-sheet")
    assert page.find_element(By.CSS_SELECTOR, ".cp-main").is_displayed()


def test_help_says_how_to_read_the_map_and_escape_closes_it(page):
    button = page.find_elements(By.CSS_SELECTOR, ".cp-tool")[3]
    button.click()
    page.find_element(By.CSS_SELECTOR, ".cp-dialog[open] dd").click()  # answers the dialog, not the map below it
    assert not page.find_elements(By.CSS_SELECTOR, ".leaflet-popup")
    assert "按路网计算，不按直线半径" in text_of(page, ".cp-dialog[open]")
    page.find_element(By.CSS_SELECTOR, ".cp-dialog[open] .cp-close").send_keys(Keys.ESCAPE)
    assert not page.find_elements(By.CSS_SELECTOR, ".cp-dialog[open]")
    assert page.switch_to.active_element == button


# --- phones ---


def test_the_parts_of_the_sheet_open_one_at_a_time(driver, files):
    page = open_map(driver, files["zh"], PHONE)
    parts = {"title": ".cp-title", "choose": ".cp-choose", "side": ".cp-side"}
    for key in parts:
        tab = page.find_element(By.CSS_SELECTOR, f".cp-tab[data-part={key}]")
        tab.click()
        assert tab.get_attribute("aria-expanded") == "true"
        shown = [name for name, box in parts.items() if page.find_element(By.CSS_SELECTOR, box).is_displayed()]
        assert shown == [key]
        rect = page.find_element(By.CSS_SELECTOR, ".cp-shell").rect
        assert rect["y"] > 0.3 * PHONE[1]
        others = boxes(page, ".leaflet-control-scale", ".leaflet-control-attribution", ".leaflet-control-zoom")
        assert list(others) == [".leaflet-control-scale", ".leaflet-control-attribution"]
        assert not [name for name, other in others.items() if overlap(rect, other)]
        assert page.execute_script(OVERFLOWING) == []
    page.find_element(By.CSS_SELECTOR, ".cp-tab[data-part=side]").click()
    assert not page.find_element(By.CSS_SELECTOR, ".cp-side").is_displayed()


def test_what_was_in_sight_stays_in_sight_when_the_sheet_opens(driver, files):
    page = open_map(driver, files["en"], PHONE)
    page.find_element(By.CSS_SELECTOR, ".cp-tab[data-part=choose]").click()
    run(page, "")
    top = page.find_element(By.CSS_SELECTOR, ".cp-shell").rect["y"]
    middle = "return app.map.latLngToContainerPoint(L.latLngBounds(app.data.bounds).getCenter()).y"
    assert 0.2 * top < page.execute_script(middle) < 0.8 * top
    page.find_element(By.CSS_SELECTOR, ".cp-search input").send_keys("江北服务中心", Keys.ENTER)
    run(page, "")
    mark = page.find_element(By.CSS_SELECTOR, ".cp-hub.leaflet-marker-icon").rect
    free = page.find_element(By.CSS_SELECTOR, ".cp-shell").rect["y"]
    assert free > top + 100  # what is found can be seen
    assert 0.2 * free < mark["y"] < 0.8 * free
    assert popup(page)["title"] == "江北服务中心"
