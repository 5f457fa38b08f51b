"""The page that compares plans, as people use it: no network, figures that are their cells, maps that move together."""

import re

import pytest

from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.report.cells import write_figure
from coverage_planner.report.plan_columns import PLAN_COLUMNS
from coverage_planner.report.plan_page import draw_plans
from coverage_planner.report.plan_tables import plan_tables
from coverage_planner.scenario.compare import compare
from drawn_map_data import draw_circles
from drawn_outcome import HOSTILE
from drawn_plans import PLAN_B, draw_three

pytestmark = pytest.mark.slow

READY = """
const done = arguments[0];
const look = () => document.documentElement.dataset.coverage ? done(document.documentElement.dataset.coverage)
  : setTimeout(look, 50);
look();
"""
CHOOSE = """
const [id, place] = arguments;
const select = document.getElementById(id);
select.selectedIndex = place;
select.dispatchEvent(new Event("change", {bubbles: true}));
"""


@pytest.fixture(scope="module")
def outcomes():
    return draw_three()


@pytest.fixture(scope="module")
def circles(outcomes):
    return draw_circles(outcomes[:2]) + draw_circles(outcomes[2:])


@pytest.fixture(scope="module")
def tables(outcomes, circles):
    return plan_tables(compare(outcomes, circles=circles), synthetic=True)


@pytest.fixture(scope="module")
def pages(outcomes, circles, tmp_path_factory):
    folder = tmp_path_factory.mktemp("比较 页")
    return {
        language: draw_plans(
            outcomes, circles=circles, language=language, title=HOSTILE, synthetic=True
        ).save(folder / f"{language}.html")
        for language in ("zh", "en")
    }  # fmt: skip


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def open_page(driver, page, size=DESKTOP):
    show(driver, page, size)
    assert driver.execute_async_script(READY) == "ready", driver.find_element("id", "maps-wait").text
    return driver


def choose(driver, name, place):
    driver.execute_script(CHOOSE, f"plan-{name}", place)
    driver.execute_async_script(FRAMES)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_page_opens_with_no_network_and_fits(driver, pages, language, size):
    open_page(driver, pages[language], size)

    assert [url for url in requested_urls(driver) if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints(driver) == []
    assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert driver.find_element("tag name", "h1").text == HOSTILE
    assert PLAN_B in driver.find_element("class name", "plans").text
    assert driver.execute_script("return document.querySelectorAll('script').length") == 3


def test_every_figure_is_its_cell(driver, pages, tables):
    open_page(driver, pages["en"])
    shown = []
    for pair in range(3):
        choose(driver, "pair", pair)
        shown += driver.execute_script(
            "return [...document.querySelectorAll('data')].map((d) => [d.textContent, d.value, d.dataset.cell])"
        )
    titles = driver.execute_script("return [...document.querySelectorAll('data')].map((d) => d.title)")
    assert all(re.fullmatch(r"\w+\.csv, row \d+, \w+", title) for title in titles)
    assert {cell.split("/")[0] for *_, cell in shown} >= {"overall", "pairs", "by_community", "by_service", "gaps"}
    for text, value, cell in shown:
        table, row, column = cell.split("/")
        held = float(tables[table][column].iloc[int(row)])
        kind = "number" if column == "cutoff_min" and table == "overall" else PLAN_COLUMNS[column].kind
        assert float(value) == pytest.approx(held, abs=1e-8), cell
        assert text in {write_figure(held, kind), write_figure(abs(held), kind), write_figure(held, kind, signed=True)}


def test_one_choice_drives_tables_and_maps(driver, pages, tables):
    open_page(driver, pages["en"])
    apps = "return Promise.all(window.coverageApps).then((apps) => apps.map(({state, compare}) => [state, compare]))"
    choose(driver, "pair", 2)
    choose(driver, "group", 1)
    choose(driver, "slot", 13)
    states = driver.execute_script(apps)

    assert [state["scenario"] for state, _ in states] == [2, 1, 2]
    assert states[0][1] == [1, 2]
    assert {(state["group"], state["what"], state["slot"]) for state, _ in states} == {(1, "any", 12)}
    lines = driver.find_elements("css selector", "#table-by_community tbody tr")
    wanted = tables["by_community"]
    group = wanted["group"].unique()[1]
    wanted = wanted[(wanted["before"] == "方案A") & (wanted["after"] == PLAN_B) & (wanted["group"] == group)]
    assert len(lines) == len(wanted)
    assert driver.find_element("id", "caption-after").text == PLAN_B
    headings = driver.find_elements("css selector", "#table-by_community thead button")
    assert [heading.text for heading in headings][3:5] == [
        "Share of demand covered\n方案A", f"Share of demand covered\n{PLAN_B}",
    ]  # fmt: skip
    changes = driver.execute_script(
        "return [...document.querySelectorAll('#table-by_community tbody tr')].map((r) => r.cells[7].innerText)"
    )
    sizes = [abs(float(text.replace("\u2212", "-"))) for text in changes]
    assert sizes == sorted(sizes, reverse=True)


def test_points_that_change_are_on_the_map(driver, pages, tables):
    open_page(driver, pages["zh"])
    count = "return window.coverageApps[0].then((app) => app.changedPoints.getLayers().length)"
    for pair, row in enumerate(tables["pairs"].to_dict("records")[::2]):
        choose(driver, "pair", pair)
        drawn = driver.execute_script(count)
        served = """return window.coverageApps[0].then(({model, compare}) => {
          const [a, b] = compare.map((s) => model.served(0, s, {what: "", slot: null}).covered);
          return a.filter((was, i) => was !== b[i]).length; })"""
        assert drawn == driver.execute_script(served)
        assert row["before"] != row["after"]


def test_maps_move_together(driver, pages):
    open_page(driver, pages["en"])
    before = driver.execute_script("return window.coverageApps[2].then(({map}) => map.getZoom())")
    driver.execute_script("""return window.coverageApps[2].then(({map}) => {
      map.setView([map.getCenter().lat + 0.003, map.getCenter().lng], map.getZoom() + 1, {animate: false}); })""")
    places = driver.execute_script("""return Promise.all(window.coverageApps).then((apps) =>
      apps.map(({map}) => [map.getCenter().lat, map.getCenter().lng, map.getZoom()]))""")

    assert places[0] == pytest.approx(places[2], abs=1e-5)
    assert places[1] == pytest.approx(places[2], abs=1e-5)
    assert places[2][2] == pytest.approx(before + 1)


def test_maps_are_after_printing_what_they_were_before(driver, pages):
    open_page(driver, pages["en"])
    places = """return Promise.all(window.coverageApps).then((apps) =>
      apps.map(({map}) => [map.getCenter().lat, map.getCenter().lng, map.getZoom(), map.getSize().x]).flat())"""
    before = driver.execute_script(places)
    for _ in range(2):
        driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    assert driver.execute_script(places) == pytest.approx(before, abs=1e-6)


def test_headings_sort_with_the_keyboard(driver, pages):
    open_page(driver, pages["en"])
    column = "return [...document.querySelectorAll('#table-by_community tbody tr')].map((r) => r.cells[7].textContent)"
    button = driver.find_elements("css selector", "#table-by_community thead button")[7]
    button.send_keys("\ue007")
    down = driver.execute_script(column)
    assert button.find_element("xpath", "..").get_attribute("aria-sort") == "descending"
    button.send_keys("\ue007")

    assert driver.execute_script(column) == down[::-1] or len(set(down)) < len(down)
    numbers = [float(text.replace("\u2212", "-").replace("+", "")) for text in down]
    assert numbers == sorted(numbers, reverse=True)
