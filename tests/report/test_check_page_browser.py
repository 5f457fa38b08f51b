"""The check page in a real browser with no network: nothing asked for, nothing complained about, everything answers."""

import pytest
from selenium.webdriver.common.by import By

from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.pipeline.doctor import check_plan
from coverage_planner.report.check_page import check_page
from drawn_outcome import HOSTILE
from drawn_plan import STATIONS, draw_plan, write_points
from osm_drawing import place

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Both languages of a check of a plan with faults and hostile names, in a folder with a Chinese name and spaces."""
    folder = tmp_path_factory.mktemp("检查 测试")
    plan = draw_plan(folder / "数据", name="<b>试点</b> {{ 7*7 }}")
    rows = [(*row[:3], *place(*row[3:])) for row in STATIONS]
    rows += [
        ("S3", HOSTILE, "驿站", *place(21, 21)),
        ("S4", HOSTILE, "驿站", *place(21.2, 21)),
        ("S5", "远", "驿站", 121, 31),
    ]
    write_points(folder / "数据" / "stations.csv", ["编号", "名称", "级别", "经度", "纬度"], rows)
    (folder / "数据" / "riders.csv").unlink()
    paths = {}
    for language in ("zh", "en"):
        paths[language] = folder / f"检查 {language}.html"
        paths[language].write_text(check_page(check_plan(plan, language=language)), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_opens_with_no_network_and_without_complaints(driver, files, language, size):
    show(driver, files[language], size)
    assert [url for url in requested_urls(driver) if not url.startswith("data:")] == [files[language].as_uri()]
    assert complaints(driver) == []
    assert driver.find_element(By.TAG_NAME, "h1").text == "<b>试点</b> {{ 7*7 }}"
    assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert driver.execute_script("return document.querySelectorAll('#map canvas, #map svg').length") >= 2


def test_every_finding_is_read_by_people(driver, files):
    page = show(driver, files["zh"])
    texts = [item.text for item in page.find_elements(By.CSS_SELECTOR, ".finding")]
    assert any("像是同一处登记了两次" in text and "S3 – S4" not in text for text in texts)
    assert any("riders.csv" in text for text in texts)
    assert "先改正错误" in page.find_element(By.CSS_SELECTOR, ".verdict").text
    cells = [cell.text for cell in page.find_elements(By.CSS_SELECTOR, "#inputs tbody tr:nth-child(4) td")]
    assert cells[:5] == ["stations.csv", "5", "0", "1", "4"]


def test_a_finding_leads_to_its_place_on_the_map(driver, files):
    page = show(driver, files["en"])
    before = page.execute_script("return checkMap.getZoom()")
    button = next(
        item.find_element(By.TAG_NAME, "button")
        for item in page.find_elements(By.CSS_SELECTOR, ".finding")
        if "entered twice" in item.text
    )
    key = button.get_attribute("data-finding")
    page.execute_script("arguments[0].scrollIntoView()", button)
    button.click()
    page.execute_async_script(FRAMES)
    assert page.execute_script("return checkMap.getZoom()") > before
    lon, lat = place(21.2, 21)
    assert page.execute_script("return checkMap.getBounds().contains([arguments[0], arguments[1]])", lat, lon)
    top = page.execute_script("return document.getElementById('map').getBoundingClientRect().top")
    assert 0 <= top < 300
    checked = page.execute_script("return [...document.querySelectorAll('#legend .mark input:checked')].length")
    assert checked == 1
    assert key.startswith("finding-")
    marks = page.find_elements(By.CSS_SELECTOR, ".leaflet-marks-pane path")
    assert len(marks) == 1
    page.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", marks[0])
    page.execute_async_script(FRAMES)
    popup = page.find_element(By.CSS_SELECTOR, ".popup").text
    assert "S4" in popup
    assert "entered twice" in popup
    assert complaints(driver) == []


def test_layers_are_switched_from_the_legend(driver, files):
    page = show(driver, files["zh"])
    shown = "return document.querySelectorAll('.leaflet-points-pane path').length"
    before = page.execute_script(shown)
    box = next(
        label.find_element(By.TAG_NAME, "input")
        for label in page.find_elements(By.CSS_SELECTOR, "#legend label")
        if label.text == "现有站点"
    )
    page.execute_script("arguments[0].scrollIntoView()", box)
    box.click()
    page.execute_async_script(FRAMES)
    assert page.execute_script(shown) == before - 5
    box.click()
    page.execute_async_script(FRAMES)
    assert page.execute_script(shown) == before


def test_the_page_prints_without_its_buttons(driver, files):
    page = show(driver, files["zh"])
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = "return [...document.querySelectorAll('button')].every((b) => getComputedStyle(b).display === 'none')"
        assert page.execute_script(hidden)
        assert page.execute_script("return document.getElementById('map').offsetHeight") > 300
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
