"""Maps of two real Chinese city centres with invented stations (虚构): they open with no network, and count as Python does.

No figure is written down here: what the page answers is compared with what the library measured, whatever the streets
are.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import coverage_planner as cp
from browser import DESKTOP, FRAMES, PHONE, complaints, open_browser, requested_urls, show
from coverage_planner.coverage.week import build_week
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.report.map_data import map_data
from coverage_planner.report.map_page import draw_map_data
from coverage_planner.report.plan_page import draw_plans
from coverage_planner.report.report_page import write_report
from coverage_planner.report.results import write_results
from coverage_planner.scenario.circle import Circle, measure_circle
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.sources.calendar import read_calendar
from invented_stations import SERVICES, Invented, invent, invented_day
from screenshots import wait_until_drawn

pytestmark = [pytest.mark.real_data, pytest.mark.browser]

PLACES = {"Futian": "shenzhen/futian.graphml", "Xinjiekou": "osm/nanjing_xinjiekou.osm"}
REQUIRED = ("rest", "water", "meals")
SLOTS = (None, 36, 59, 23)  # Tuesday noon, Wednesday 11 to 12, Monday 23 to 24

SERVED = """
  const [group, scenario, what, slot, done] = arguments;
  window.coverageApp.then((app) => done([...app.model.served(group, scenario, { what, slot }).covered].join("")))
    .catch((error) => done(String(error)));
"""
SHARES = """
  const [group, scenario, what, slot, done] = arguments;
  window.coverageApp.then((app) => {
    const { demand, covered } = app.model.shares(group, scenario, { what, slot });
    done([demand, covered]);
  }).catch((error) => done(String(error)));
"""
NEAREST = """
  const [group, scenario, slot, lat, lng, done] = arguments;
  window.coverageApp.then((app) => {
    const answer = app.model.nearest(group, scenario, { what: slot === null ? "" : "any", slot }, { lat, lng });
    done({ ...answer, id: answer.why === null ? app.data.stations[answer.station].id : null });
  }).catch((error) => done(String(error)));
"""


@dataclass(frozen=True)
class Drawn:
    """One place with its map in both languages."""

    network: cp.RoadNetwork
    invented: Invented
    outcomes: tuple[cp.Outcome, cp.Outcome]
    circles: tuple[Circle, Circle]
    pages: dict[str, Path]
    title: str


@pytest.fixture(scope="module", params=list(PLACES))
def drawn(request, real_data, tmp_path_factory) -> Drawn:
    roads = cp.read_roads(real_data / PLACES[request.param])
    network = cp.build_network(roads)
    invented = invent(roads, seed=list(PLACES).index(request.param))
    around = invented.communities.dissolve()[["geometry"]].assign(name="虚构区")
    stretches = build_stretches(network, "drive", weights={"primary": 4.0, "secondary": 4.0}, study_area=around)
    groups = [
        cp.Group("虚构户外劳动者", "walk", 900.0, invented.walkers, profile=invented_day()),
        cp.Group("虚构骑手", "ebike", 300.0, invented.riders, parking_s=30.0, required=("rest", "charging")),
        cp.Group("虚构司机", "drive", 300.0, stretches, visit="pass", parking_s=60.0),
    ]
    rules = CircleRules(
        week=build_week(read_calendar()), calendar=read_calendar(), services=SERVICES, required=REQUIRED,
        cutoffs_s={"toilet": 300.0, "legal_aid": 1800.0}, moments=("We 12:00", "We 23:00"),
    )  # fmt: skip
    few, sites = invented.stations.iloc[:14].reset_index(drop=True), invented.stations.iloc[14:17]
    today = cp.Scenario("现状 虚构", few, mobile=invented.stops)
    scenarios = (today, today.with_sites("方案 虚构", sites.reset_index(drop=True)))
    limits = {group.name: rules.farthest_s(group) for group in groups}
    outcomes = tuple(
        cp.evaluate(scenario, network, groups, communities=invented.communities, limits_s=limits)
        for scenario in scenarios
    )
    circles = tuple(measure_circle(outcome, rules) for outcome in outcomes)
    title = f"{request.param}（虚构站点）"
    data = map_data(outcomes, circles=circles, title=title, synthetic=True)
    folder = tmp_path_factory.mktemp("真实 路网")
    pages = {language: folder / f"{request.param} {language}.html" for language in ("zh", "en")}
    for language, path in pages.items():
        draw_map_data(data, language=language).save(path)
    return Drawn(network, invented, outcomes, circles, pages, title)


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser")) as started:
        yield started


@pytest.fixture(scope="module")
def page(driver, drawn):
    """The Chinese map, opened once."""
    show(driver, drawn.pages["zh"])
    wait_until_drawn(driver)
    return driver


@pytest.mark.parametrize(("language", "size"), [("zh", DESKTOP), ("en", PHONE)])
def test_the_map_opens_with_no_network_and_draws_streets(driver, drawn, language, size):
    show(driver, drawn.pages[language], size)
    wait_until_drawn(driver)
    asked = [url for url in requested_urls(driver) if not url.startswith(("data:", "blob:"))]
    assert asked == [drawn.pages[language].as_uri()]
    assert complaints(driver) == []
    assert "合成" in driver.page_source or "synthetic" in driver.page_source.lower()
    inked = """
      return [...document.querySelectorAll(".leaflet-tile-container canvas, .leaflet-pane canvas")].some((canvas) =>
        canvas.width && canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0));
    """
    driver.execute_async_script(FRAMES)
    assert driver.execute_script(inked)


def test_who_is_served_with_what_and_when_is_what_python_says(page, drawn):
    compared = 0
    for number, (outcome, circle) in enumerate(zip(drawn.outcomes, drawn.circles, strict=True)):
        for group, found in circle.groups.items():
            plain = "".join(str(int(covered)) for covered in outcome.groups[group].coverage.covered)
            assert page.execute_async_script(SERVED, group, number, "", None) == plain, (group, number)
            for what in found.served.rows:
                for slot in SLOTS:
                    marks = found.served.ever(what) if slot is None else found.served.at(what, slot)
                    said = page.execute_async_script(SERVED, group, number, what, slot)
                    assert said == "".join(map(str, marks.astype(int))), (group, number, what, slot)
                    compared += len(said)
    assert compared > 30_000


def test_shares_by_hour_are_those_of_the_tables(page, drawn):
    for number, circle in enumerate(drawn.circles):
        for group, found in circle.groups.items():
            hours = found.hours.set_index(["service", "slot"])
            for what in ("any", "full", "toilet"):
                for slot in SLOTS[1:]:
                    demand, covered = page.execute_async_script(SHARES, group, number, what, slot)
                    row = hours.loc[(what, slot)]
                    assert demand == pytest.approx(row["demand"], rel=1e-6)
                    assert covered == pytest.approx(row["covered_demand"], rel=1e-6, abs=1e-6)


def test_a_click_finds_the_nearest_open_station_at_python_s_time(page, drawn):
    """Anywhere: where somebody stands, on every street that is near enough, at two hours and at none."""
    outcome, circle = drawn.outcomes[1], drawn.circles[1]
    group = outcome.headline.group
    some = group.demand.iloc[:: max(1, len(group.demand) // 25)].to_crs(4326)
    places = some.assign(geometry=some.geometry.set_precision(1e-6)).to_crs(drawn.network.crs)
    for slot in SLOTS[:3]:
        stations = circle.facilities if slot is not None else outcome.scenario.facilities
        if slot is not None:
            stations = stations[circle.offer.counts & circle.offer.open[:, slot]].reset_index(drop=True)
        times = cp.travel_times(drawn.network, stations, places, mode=group.mode, limit_s=3600)
        nearest = cp.assign_nearest(times).set_index("id")
        for label, at in zip(places["id"], some.geometry, strict=True):
            said = page.execute_async_script(NEAREST, group.name, 1, slot, round(at.y, 6), round(at.x, 6))
            expected = nearest.loc[label]
            if said["why"] is not None:
                assert np.isnan(expected["time_s"]) or expected["time_s"] > 3600, (label, slot, said)
                continue
            assert said["ms"] / 1000 == pytest.approx(expected["time_s"], abs=2.0), (label, slot)
            if said["id"] != expected["facility_id"]:  # two stations equally near, a second apart
                assert said["ms"] / 1000 == pytest.approx(expected["time_s"], abs=1.0)


def share_text(share: float) -> str:
    return f"{100 * share:.1f} %"


def test_plans_and_report_open_with_no_network_and_say_python_s_figures(driver, drawn, tmp_path):
    before, after = (outcome.headline.coverage.covered_demand_share for outcome in drawn.outcomes)
    plans = draw_plans(
        list(drawn.outcomes), circles=list(drawn.circles), language="en", title=drawn.title, synthetic=True
    )
    folder = write_results(
        drawn.outcomes[1], tmp_path / "结果", baseline=drawn.outcomes[0], title=drawn.title, synthetic=True
    )
    for path in (
        plans.save(tmp_path / "plans.html"),
        write_report(folder, tmp_path / "report.html", language="zh", title=drawn.title),
    ):
        show(driver, path)
        wait_until_drawn(driver)
        asked = [url for url in requested_urls(driver) if not url.startswith(("data:", "blob:"))]
        assert asked == [path.as_uri()]
        assert complaints(driver) == []
        text = driver.find_element("tag name", "body").text
        assert drawn.title in text
        assert share_text(before) in text
        assert share_text(after) in text
