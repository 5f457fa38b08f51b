"""The comparison of sites in a real browser with no network: sort, choose, by mouse and keyboard, on paper."""

import base64
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.site_page import draw_comparison
from coverage_planner.report.site_page_text import amount, site_name
from drawn_outcome import HOSTILE
from drawn_sites import SITES, draw_site_comparison

pytestmark = pytest.mark.browser

STATE = "const map = siteMap; return [map.getZoom(), map.getSize().x, map.getContainer().style.cssText]"


@pytest.fixture(scope="module")
def comparison():
    return draw_site_comparison()


@pytest.fixture(scope="module")
def files(tmp_path_factory, comparison):
    folder = tmp_path_factory.mktemp("站点 比较")
    return {
        language: draw_comparison(comparison, title=HOSTILE, language=language, synthetic=True).save(
            folder / f"比较 {language}.html"
        )
        for language in ("zh", "en")
    }


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def column(page, number):
    """What one column of the table shows, top to bottom."""
    cells = page.find_elements(By.CSS_SELECTOR, f"#sites tbody tr > :nth-child({number})")
    return [cell.text.split("\n")[0] for cell in cells]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_opens_with_no_network_and_without_complaints(driver, files, language, size):
    show(driver, files[language], size)
    assert [url for url in requested_urls(driver) if not url.startswith("data:")] == [files[language].as_uri()]
    assert complaints(driver) == []
    assert driver.find_element(By.TAG_NAME, "h1").text == HOSTILE
    assert driver.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert driver.execute_script("return document.documentElement.dataset.coverage") == "ready"
    assert len(driver.find_elements(By.CSS_SELECTOR, ".mark")) == len(SITES)


def test_headings_sort_by_mouse_and_keyboard_and_say_so(driver, files, comparison):
    page = show(driver, files["en"])
    heads = page.find_elements(By.CSS_SELECTOR, "#sites thead th")
    costs = comparison.table["cost"]
    heads[7].find_element(By.TAG_NAME, "button").click()
    assert heads[7].get_attribute("aria-sort") == "ascending"
    assert heads[0].get_attribute("aria-sort") is None
    rising = [*map(amount, sorted(costs.dropna())), "–"]
    assert column(page, 8) == rising  # what is missing comes last, both ways
    heads[7].find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert heads[7].get_attribute("aria-sort") == "descending"
    assert column(page, 8) == [*rising[-2::-1], "–"]
    heads[2].find_element(By.TAG_NAME, "button").send_keys(Keys.SPACE)
    assert heads[2].get_attribute("aria-sort") == "descending"
    assert column(page, 1) == ["1", "2", "3", "4"]


def test_the_site_that_is_chosen_shows_whom_it_reaches(driver, files, comparison):
    page = show(driver, files["zh"])
    reach = comparison.reach.toarray()
    for row in (0, 1):
        button = page.find_elements(By.CSS_SELECTOR, "#sites button.site")[row]
        page.execute_script("arguments[0].focus()", button)  # as the keyboard does
        page.execute_async_script(FRAMES)
        assert button.get_attribute("aria-pressed") == "true"
        assert len(page.find_elements(By.CSS_SELECTOR, "button.site[aria-pressed=true]")) == 1
        dots = page.find_elements(By.CSS_SELECTOR, ".leaflet-points-pane path")
        assert len(dots) == (reach[row] > 0).sum()
        newly = [dot for dot in dots if dot.get_attribute("fill") == "#0b4f8f"]
        assert len(newly) == (reach[row] == 2).sum()
        assert f"{comparison.table['newly_covered_demand'][row]:,.0f}" in page.find_element(By.ID, "chosen").text
        assert page.find_element(By.CSS_SELECTOR, ".mark.on").text == str(row + 1)
        lines = page.find_elements(By.CSS_SELECTOR, "svg.bump .site.on")
        assert len(lines) == 3
        assert {line.get_attribute("data-site") for line in lines} == {str(row)}
    mark = page.find_elements(By.CSS_SELECTOR, ".mark")[2]
    mark.send_keys(Keys.ENTER)
    assert page.find_element(By.CSS_SELECTOR, "#sites tr.on").get_attribute("data-site") == "2"
    assert page.find_element(By.CSS_SELECTOR, "button.site[aria-pressed=true]").text == site_name(
        comparison.table.loc[2]
    )
    assert complaints(page) == []


def test_it_prints_on_a4_and_comes_back(driver, files):
    page = show(driver, files["zh"])
    before = page.execute_script(STATE)
    printed = page.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = base64.b64decode(printed["data"])
    assert pdf.startswith(b"%PDF")
    assert re.search(rb"/MediaBox \[0 0 84[12]", pdf)  # 297 mm wide
    assert page.execute_script(STATE) == before
    assert complaints(page) == []
