"""The map in a real browser with no network: nothing asked for, nothing complained about, everything answers."""

from itertools import combinations

import pytest
from selenium.webdriver.common.by import By

from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.maps import draw_map
from drawn_outcome import HOSTILE, SITE_NAME, draw_candidates, draw_facilities, draw_outcome, draw_sites

pytestmark = pytest.mark.browser

SMALL = (1024, 600)

# Sum of the opacity of all pixels that a pane's canvases show.
INK = """
  return [...document.querySelectorAll(`.leaflet-${arguments[0]}-pane canvas`)].reduce((sum, canvas) => {
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const data = copy.getImageData(0, 0, canvas.width, canvas.height).data;
    for (let i = 3; i < data.length; i += 4) sum += data[i];
    return sum;
  }, 0);
"""
# The page redraws with the screen: wait for two frames before looking.


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Both languages of a hostile plan, in a folder with a Chinese name and spaces."""
    folder = tmp_path_factory.mktemp("地图 测试")
    groups = (("骑手", "walk", 360.0), ("外卖", "ebike", 300.0))
    today, proposed = draw_outcome(groups=groups), draw_outcome(proposed=True, groups=groups)
    paths = {}
    for language in ("zh", "en"):
        drawn = draw_map(
            proposed, baseline=today, candidates=draw_candidates(), sites=draw_sites(), language=language,
            tiles="https://tiles.invalid/{z}/{x}/{y}.png", tiles_attribution="© tiles.invalid", synthetic=True,
        )  # fmt: skip
        paths[language] = folder / f"地图 {language}.html"
        drawn.save(paths[language])
    return paths


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture
def page(driver, files):
    """Open the Chinese map anew at desktop size."""
    return show(driver, files["zh"])


def ink(page, pane):
    page.execute_async_script(FRAMES)
    return page.execute_script(INK, pane)


def switch(page, key):
    label = page.find_element(By.CSS_SELECTOR, f"label:has([data-layer='{key}'])")
    label.find_element(By.TAG_NAME, "input").click()


def popup(page) -> dict:
    """The title and rows of the popup opened last; the one before fades out for a moment."""
    box = page.find_elements(By.CSS_SELECTOR, ".cp-popup")[-1]
    rows = box.find_elements(By.TAG_NAME, "tr")
    read = {row.find_element(By.TAG_NAME, "th").text: row.find_element(By.TAG_NAME, "td").text for row in rows}
    return {"title": box.find_element(By.TAG_NAME, "h2").get_attribute("textContent")} | read


def boxes(page, *selectors) -> dict:
    found = {selector: page.find_elements(By.CSS_SELECTOR, selector) for selector in selectors}
    return {selector: elements[0].rect for selector, elements in found.items() if elements}


def overlap(one, other) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, SMALL, PHONE])
def test_the_map_opens_with_no_network(driver, files, tmp_path, language, size):
    page = show(driver, files[language], size)
    assert page.save_screenshot(str(tmp_path / f"{language} {size[0]}.png"))
    for key in ("streets", "shade", "ground", "outline"):
        assert ink(page, key) > 0, key
    assert len(page.find_elements(By.CSS_SELECTOR, ".cp-station.leaflet-marker-icon")) == 2
    assert len(page.find_elements(By.CSS_SELECTOR, ".cp-site.leaflet-marker-icon")) == 1
    assert page.find_elements(By.CSS_SELECTOR, ".leaflet-gaps-pane path")
    asked = requested_urls(page)
    assert files[language].as_uri() in asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert complaints(page) == []
    assert page.execute_script("return document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, SMALL, PHONE])
def test_boxes_and_controls_do_not_overlap(driver, files, language, size):
    page = show(driver, files[language], size)
    width, height = size
    rects = boxes(
        page, ".cp-title", ".leaflet-control-layers", ".leaflet-control-zoom", ".leaflet-control-scale",
        ".leaflet-control-attribution",
    )  # fmt: skip
    assert len(rects) == 5
    for (name, one), (other_name, other) in combinations(rects.items(), 2):
        assert not overlap(one, other), (name, other_name)
    for name, rect in rects.items():
        assert rect["x"] >= 0, name
        assert rect["y"] >= 0, name
        assert rect["x"] + rect["width"] < width + 1, name
        assert rect["y"] + rect["height"] < height + 1, name
    script = "const box = document.querySelector(arguments[0]); return box.scrollWidth > box.clientWidth;"
    assert not page.execute_script(script, ".cp-title")
    assert not page.execute_script(script, ".leaflet-control-layers-list")


def test_the_legend_unfolds_on_a_phone(driver, files):
    page = show(driver, files["zh"], PHONE)
    assert not page.find_element(By.CSS_SELECTOR, "[data-layer='gaps']").is_displayed()
    page.find_element(By.CSS_SELECTOR, ".leaflet-control-layers-toggle").click()
    assert page.find_element(By.CSS_SELECTOR, "[data-layer='gaps']").is_displayed()
    legend = page.find_element(By.CSS_SELECTOR, ".leaflet-control-layers").rect
    assert legend["x"] >= 0
    assert legend["x"] + legend["width"] <= PHONE[0]


def test_layers_can_be_switched(page):
    assert ink(page, "reached") == 0
    switch(page, "reached")
    drawn = ink(page, "reached")
    assert drawn > 0
    switch(page, "reached")
    assert ink(page, "reached") == 0
    assert ink(page, "points") == 0
    switch(page, "uncovered")
    assert ink(page, "points") > 0
    switch(page, "streets")
    assert ink(page, "streets") == 0
    assert complaints(page) == []


def test_one_shading_at_a_time(page):
    proposed = ink(page, "shade")
    switch(page, "bands-today")
    assert 0 < ink(page, "shade") < proposed
    switch(page, "communities")
    assert ink(page, "shade") == 0
    assert len(page.find_elements(By.CSS_SELECTOR, ".leaflet-communities-pane path")) == 4
    switch(page, "no-shading")
    assert ink(page, "shade") == 0
    assert not page.find_elements(By.CSS_SELECTOR, ".leaflet-communities-pane path")


def test_a_station_tells_about_itself(page):
    page.find_element(By.CSS_SELECTOR, ".cp-hub.leaflet-marker-icon").click()
    shown = popup(page)
    assert shown["title"] == "江北服务中心"
    assert shown["级别"] == "服务中心"
    assert shown["开放时间"] == "Mo-Su 08:00-22:00"
    page.find_element(By.CSS_SELECTOR, ".cp-site.leaflet-marker-icon").click()
    shown = popup(page)
    assert shown["title"] == f"1 号 · {SITE_NAME}"
    assert "新增覆盖需求（含相互重叠）" in shown
    assert complaints(page) == []


def test_a_gap_a_community_and_a_candidate_tell_about_themselves(page):
    page.find_element(By.CSS_SELECTOR, ".leaflet-gaps-pane path").click()
    assert "原因" in popup(page)
    page.find_element(By.CSS_SELECTOR, ".leaflet-popup-close-button").click()
    switch(page, "communities")
    switch(page, "gaps")
    page.find_elements(By.CSS_SELECTOR, ".leaflet-communities-pane path")[2].click()
    assert popup(page)["title"] == "江南社区"
    page.find_element(By.CSS_SELECTOR, ".leaflet-popup-close-button").click()
    switch(page, "candidates")
    page.find_elements(By.CSS_SELECTOR, ".leaflet-candidates-pane path")[1].click()
    assert popup(page)["类型"] == "pharmacy"


def test_harmful_names_run_nothing(page):
    scripts = len(page.find_elements(By.TAG_NAME, "script"))
    for selector in (".cp-station:not(.cp-hub).leaflet-marker-icon",):
        page.find_element(By.CSS_SELECTOR, selector).click()
    assert popup(page)["title"] == HOSTILE
    assert len(page.find_elements(By.TAG_NAME, "script")) == scripts
    assert not page.execute_script("return Boolean(document.querySelector('.cp-popup script'))")
    assert page.find_element(By.CSS_SELECTOR, ".cp-popup h2").is_displayed()  # an alert would raise here


def test_marks_stand_where_the_tables_say(page):
    hub, satellite = draw_facilities().to_crs("EPSG:4326").geometry
    site = draw_sites().to_crs("EPSG:4326").geometry[0]
    script = "const p = map_coverage.latLngToContainerPoint([arguments[0], arguments[1]]); return [p.x, p.y];"
    for place, selector, part in (
        (hub, ".cp-hub", 0.5),
        (satellite, ".cp-station:not(.cp-hub)", 0.5),
        (site, ".cp-site", 1),
    ):
        rect = page.find_element(By.CSS_SELECTOR, f"{selector}.leaflet-marker-icon").rect
        stands = (rect["x"] + rect["width"] / 2, rect["y"] + rect["height"] * part)
        assert stands == pytest.approx(page.execute_script(script, place.y, place.x), abs=1.1)


def test_lines_stand_where_the_network_says(page):
    switch(page, "reached")
    bounds = page.execute_script("""
      const all = L.latLngBounds([]);
      coverage_reached.eachLayer((layer) => all.extend(layer.getBounds()));
      return [all.getWest(), all.getSouth(), all.getEast(), all.getNorth()];
    """)
    expected = draw_outcome(proposed=True).headline.reached_streets.to_crs("EPSG:4326").total_bounds
    assert bounds == pytest.approx(list(expected), abs=2e-6)


def test_tiles_are_asked_for_only_when_switched_on(page):
    requested_urls(page)
    switch(page, "tiles")
    page.execute_async_script(FRAMES)
    assert any(url.startswith("https://tiles.invalid/") for url in requested_urls(page))
    complaints(page)  # the address does not exist: the browser says so


def test_streets_widen_as_one_zooms_in(page):
    widths = "let w = []; coverage_streets.eachLayer((l) => w.push(l.options.weight)); return w.at(-1);"
    before = page.execute_script(widths)
    page.execute_script("map_coverage.setZoom(map_coverage.getZoom() + 2, {animate: false});")
    assert page.execute_script(widths) > 1.2 * before
