"""The page of hours in a real browser with no network: one picture at a time, chosen by mouse and by keyboard."""

from itertools import combinations

import pandas as pd
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import DESKTOP, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.heat_map import draw_hours
from coverage_planner.report.hours_page import hours_page
from drawn_circle import draw_by_hour
from drawn_outcome import HOSTILE

pytestmark = pytest.mark.browser

SHOWN = "return [...document.querySelectorAll('.picture')].filter((p) => p.offsetHeight).map((p) => p.id)"
# Boxes of all texts of the picture that is shown, and of the picture itself.
BOXES = """
  const svg = arguments[0], box = (e) => { const b = e.getBoundingClientRect(); return [b.x, b.y, b.right, b.bottom]; };
  return [box(svg), ...[...svg.querySelectorAll("text")].map(box)];
"""


def table(n_days: int = 7) -> pd.DataFrame:
    return pd.concat(
        [
            draw_by_hour(n_days=n_days).assign(scenario=scenario, group=group, mode="ebike (15 km/h)", cutoff_min=15.0)
            for scenario in ("现状", "方案A")
            for group in ("骑手", HOSTILE, "(all)")
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Both languages, in a folder with a Chinese name and spaces; and a picture of slots of 15 minutes alone."""
    folder = tmp_path_factory.mktemp("时段 测试")
    paths = {name: folder / f"时段 {name}.html" for name in ("zh", "en", "slots")}
    for language in ("zh", "en"):
        page = hours_page(table(), title=f"<b>试点</b> {HOSTILE}", language=language, synthetic=True)
        paths[language].write_text(page, encoding="utf-8")
    hours = table()[lambda rows: rows["service"] == "any"].head(72)
    parts = [hours.assign(hour=hours["hour"] + part / 4, slot=hours["slot"] * 4 + part) for part in range(4)]
    drawn = draw_hours(pd.concat(parts), language="en")
    paths["slots"].write_text(f"<!DOCTYPE html><meta charset=utf-8>{drawn._repr_html_()}", encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


def how(page) -> str:
    return page.find_elements(By.CSS_SELECTOR, f"#{page.execute_script(SHOWN)[0]} text")[1].text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_page_opens_with_no_network_and_without_complaints(driver, files, language, size):
    page = show(driver, files[language], size)
    assert requested_urls(page) == [files[language].as_uri()]
    assert complaints(page) == []
    assert page.execute_script(SHOWN) == ["p-0-0-0"]
    assert page.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert page.find_element(By.TAG_NAME, "h1").text == f"<b>试点</b> {HOSTILE}"
    assert page.execute_script("return document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]


@pytest.mark.parametrize("name", ["zh", "en", "slots"])
def test_no_text_lies_over_another_or_outside_the_picture(driver, files, name):
    page = show(driver, files[name])
    svg = next(svg for svg in page.find_elements(By.TAG_NAME, "svg") if svg.is_displayed())
    frame, *boxes = page.execute_script(BOXES, svg)
    assert len(boxes) > 200
    for left, top, right, bottom in boxes:
        assert frame[0] <= left < right <= frame[2]
        assert frame[1] <= top < bottom <= frame[3]
    for one, other in combinations(boxes, 2):  # lines of letters may stand as close as their empty edges
        sideways = min(one[2], other[2]) - max(one[0], other[0])
        upright = min(one[3], other[3]) - max(one[1], other[1])
        assert sideways <= 0.5 or upright <= 6, (one, other)


def test_the_mouse_chooses_scenario_group_and_service(driver, files):
    page = show(driver, files["zh"])
    for text, said in (
        ("方案A", "方案A · 骑手 · 任一开放站点"),
        ("各人群合计", "方案A · 各人群合计 · 任一开放站点"),
        ("厕所", "方案A · 各人群合计 · 厕所"),
    ):
        next(label for label in page.find_elements(By.TAG_NAME, "label") if label.text == text).click()
        assert how(page).startswith(said)
    assert page.execute_script(SHOWN) == ["p-1-2-3"]
    assert complaints(page) == []


def test_the_keyboard_chooses_too_and_the_focus_is_seen(driver, files):
    page = show(driver, files["en"])
    keys = ActionChains(page)
    keys.send_keys(Keys.TAB, Keys.ARROW_RIGHT, Keys.TAB, Keys.TAB, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT).perform()
    assert page.execute_script(SHOWN) == ["p-1-0-2"]
    outline = "return getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    assert page.execute_script(outline) == "solid"
    names = page.execute_script("return [...document.querySelectorAll('input')].map((i) => i.labels.length)")
    assert set(names) == {1}


def test_a_cell_says_its_figures_and_paper_shows_the_picture_alone(driver, files):
    page = show(driver, files["zh"])
    said = page.execute_script("return document.querySelector('#p-0-0-0 g[stroke] rect title').textContent")
    assert said.startswith("周一 0:00–1:00：0.0%，0 / 480，开放站点 0")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = "return [...document.querySelectorAll('input, label')].every((e) => !e.offsetHeight)"
        assert page.execute_script(hidden)
        assert page.execute_script(SHOWN) == ["p-0-0-0"]
    finally:
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
