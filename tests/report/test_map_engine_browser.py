"""The page's own search in Chromium: every number is that of the tables, to the millisecond."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.coverage.areas import measure_areas
from coverage_planner.coverage.nearest_open import nearest_open
from coverage_planner.coverage.week import build_week
from coverage_planner.network.build import build_network
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.modes import PRESET_MODES, Mode
from coverage_planner.network.snap import snap_points
from coverage_planner.report.map_data import map_data
from coverage_planner.scenario.circle import measure_circle
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.sources.calendar import read_calendar
from coverage_planner.traveltime.nearest import nearest_facilities
from coverage_planner.traveltime.reach import reached_streets
from coverage_planner.units import MS_PER_S
from drawn import CRS, draw_roads
from engine_page import ask, engine_browser, load

pytestmark = pytest.mark.browser

DIRECTIONS = ("to_facility", "from_facility")
NOBODY = np.int64(np.iinfo(np.int64).max)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with engine_browser(tmp_path_factory.mktemp("engine")) as driver:
        yield driver


# --- a drawn city: services, hours, groups that stay and that pass ---

# Streets every 200 m; A to D is one-way eastwards, E to H one-way westwards, there are signals at F and J, a river with
# one bridge between the second and the third row, and an island of streets that nothing joins.
#
#   A > B > C > D       M - N
#   |   |   |   |
#   E < F < G < H
#   ~~~~~~~ | ~~~
#   I - J - K - L
ROWS = {"ABCD": 0, "EFGH": -200, "IJKL": -400}
PLACES = {name: (200.0 * k, y) for names, y in ROWS.items() for k, name in enumerate(names)} | {
    "M": (1000.0, 0.0), "N": (1100.0, 0.0),
}  # fmt: skip
WAYS = [
    ("ABCD", {"highway": "primary", "oneway": "yes"}), ("HGFE", {"highway": "primary", "oneway": "yes"}),
    ("IJKL", {"highway": "primary"}), ("AE", {"highway": "footway"}), ("BF", {}), ("CGK", {}), ("DH", {}), ("MN", {}),
]  # fmt: skip
RIVER = shapely.box(-200, -320, 900, -280)
SLOW = Mode("slow", "bicycle", 9.0, junction_delay_s=7.0, signal_delay_s=21.0)
WEEK = build_week(read_calendar(), of=dt.date(2025, 9, 17), dates=[dt.date(2025, 10, 3)], slot_min=30)
RULES = CircleRules(
    WEEK, read_calendar(), services=("water", "toilet", "rest"), required=("water", "toilet"),
    cutoffs_s={"toilet": 420.0, "rest": 150.0},
)  # fmt: skip
#: Slots of the tests: night and noon, the weekend, and the holiday at the end.
SLOTS = (0, 20, 21, 70, 143, 250, 335, 340, 360)


def points(xy, prefix, **columns):
    ids = [f"{prefix}{n}" for n in range(len(xy))]
    return gpd.GeoDataFrame({"id": ids, **columns}, geometry=shapely.points(np.asarray(xy, dtype=float)), crs=CRS)


def scatter(n, seed):
    return np.random.default_rng(seed).uniform((-60, -460), (660, 60), (n, 2))


@pytest.fixture(scope="module")
def network():
    barriers = {name: {"highway": "traffic_signals"} for name in "FJ"}
    roads = draw_roads(PLACES, WAYS, barriers=barriers, obstacles=[("water", RIVER)])
    return build_network(roads, modes={**PRESET_MODES, "slow": SLOW})


def study(network, direction):
    stations = points(
        [(5, -3), (210, -150), (400, -390), (600, -200), (330, 4)], "S",
        services=["water;toilet", "water", "rest;toilet", "water;rest", "shower"], entry_delay_s=[None, 12.3456, 0, 60, None],
        opening_hours=["24/7", "Mo-Fr 08:00-18:00; PH off", "Mo-Su 09:00-12:30", "Mo-Sa 20:00-26:00", "closed"],
    )  # fmt: skip
    bus = points([(100, -5)], "B", services=["toilet"], opening_hours=["We 22:00-24:00"], vehicle=["bus"])
    new = points([(300, -206), (20, -410)], "C", services=["water;toilet", "toilet"])
    profile = pd.DataFrame(
        [[1 / 12] * 12 + [0.0] * 12, [0.0] * 12 + [1 / 12] * 12], index=["early", ""], columns=range(24)
    )
    walkers = points(scatter(40, 1), "D", demand=np.arange(40.0) / 4, kind=["early", "late"] * 20)
    riders = points(np.vstack([scatter(30, 2), [[5, -3], [1050, 20], [4000, 500]]]), "D", demand=1.5)
    stretches = build_stretches(network, "drive", weights={"primary": 2.0}, spacing_m=150, ahead_m=400)
    groups = [
        Group("walkers", "walk", 300.0, walkers, profile=profile),
        Group("riders", "slow", 100.0, riders, parking_s=20.0, required=("water",)),
        Group("drivers", "drive", 90.0, stretches, visit="pass", required=()),
    ]
    area = gpd.GeoDataFrame({"id": ["all"]}, geometry=[shapely.box(-300, -700, 1300, 300)], crs=CRS)
    halves = points([(0, 0), (1, 0)], "A", name=["west", "east"])
    halves.geometry = [shapely.box(-300, -700, 200, 300), shapely.box(200, -700, 1300, 300)]
    today = Scenario("today", stations, mobile=bus)
    limits = {group.name: RULES.farthest_s(group) for group in groups}
    outcomes = [
        evaluate(s, network, groups, study_area=area, communities=halves, direction=direction, limits_s=limits)
        for s in (today, today.with_sites("plan", new))
    ]
    return outcomes, [measure_circle(outcome, RULES) for outcome in outcomes]


@pytest.fixture(scope="module", params=DIRECTIONS)
def drawn(request, network, browser):
    outcomes, circles = study(network, request.param)
    load(browser, map_data(outcomes, circles=circles).content)
    return outcomes, circles, browser


def test_headline_times_and_shares_are_those_of_the_tables(drawn):
    outcomes, _, driver = drawn
    for scenario, outcome in enumerate(outcomes):
        for group, (name, found) in enumerate(outcome.groups.items()):
            got = ask(
                driver,
                "const [g, s] = arguments; return { ...model.served(g, s), shares: model.shares(g, s),"
                " limit: model.search(g, model.chosen(s)).limit };",
                group,
                scenario,
            )
            seconds = found.times.matrix().tocoo()
            best = np.full(len(found.times.demand_ids), np.inf)
            np.minimum.at(best, seconds.col, np.rint(seconds.data.astype(float) * MS_PER_S))
            assert got["ms"] == np.where(best <= got["limit"], best, -1).tolist(), name
            assert got["covered"] == found.coverage.covered.astype(int).tolist()
            assert 0 < found.coverage.covered.sum() < len(best), "some are served and some are not"
            np.testing.assert_allclose(
                [got["shares"]["covered"] / got["shares"]["demand"], got["shares"]["covered"]],
                [found.coverage.covered_demand_share, found.coverage.covered_demand], rtol=1e-12,
            )  # fmt: skip
            areas = measure_areas(found.coverage, found.group.demand, outcome.communities)
            by_area = got["shares"]["byCommunity"]
            np.testing.assert_allclose(by_area["covered"], areas["covered_demand"], rtol=1e-12)
            np.testing.assert_allclose(by_area["demand"], areas["demand"], rtol=1e-12)


def test_who_is_served_with_what_at_every_hour_is_what_the_circle_says(drawn):
    _, circles, driver = drawn
    for scenario, circle in enumerate(circles):
        for group, (name, found) in enumerate(circle.groups.items()):
            rows = found.served.rows
            got = ask(
                driver,
                "const [g, s, whats, slots] = arguments; return whats.map((what) => ["
                "  model.served(g, s, { what }).covered, slots.map((slot) => model.served(g, s, { what, slot }).covered),"
                "  model.data.week.slots.map((_, slot) => { const { demand, covered } = model.shares(g, s, { what, slot });"
                "    return [demand, covered]; })]);",
                group, scenario, rows, SLOTS,
            )  # fmt: skip
            for what, (ever, at, shares) in zip(rows, got, strict=True):
                assert ever == found.served.ever(what).astype(int).tolist(), (name, what)
                wanted = [found.served.at(what, slot).astype(int).tolist() for slot in SLOTS]
                assert at == wanted, (name, what)
                hours = found.hours[found.hours["service"] == what]
                np.testing.assert_allclose(shares, hours[["demand", "covered_demand"]], rtol=1e-12, err_msg=what)


def test_stations_that_do_not_count_serve_at_no_hour(drawn):
    _, _, driver = drawn
    got = ask(
        driver,
        "const some = { ...model.scenario(0), counts: [0, 2] };"
        "return [model.chosen(some), model.chosen(some, { what: 'any' }), model.chosen(some, { what: 'toilet', slot: 21 }),"
        " model.chosen(some, { what: 'full' }, 'riders')];",
    )
    assert got == [[0, 1, 2, 3, 4], [0, 2], [0, 2], [0]], "the headline asks for no hour and counts them all"


def test_the_nearest_open_station_of_every_point_is_that_of_nearest_open(drawn):
    _, circles, driver = drawn
    for scenario, circle in enumerate(circles):
        for group, found in enumerate(circle.groups.values()):
            got = ask(
                driver,
                "const [g, s, slots] = arguments; return { limit: model.search(g, []).limit,"
                " ids: model.data.stations.map((one) => one.id), at: slots.map((slot) => {"
                " const { ms, station } = model.served(g, s, { what: 'any', slot }); return { ms, station }; }) };",
                group, scenario, SLOTS,
            )  # fmt: skip
            seconds, rows = nearest_open(found.times, circle.offer, SLOTS)
            ids = np.append(circle.offer.facility_ids, "")
            for k, at in enumerate(got["at"]):
                ms = np.rint(seconds[:, k].astype(float) * MS_PER_S)
                within = ms <= got["limit"]
                assert at["ms"] == np.where(within, ms, -1).tolist()
                named = [got["ids"][station] if station >= 0 else "" for station in at["station"]]
                assert named == np.where(within, ids[rows[:, k]], "").tolist()


def test_reached_streets_are_as_long_as_in_the_tables(drawn):
    outcomes, _, driver = drawn
    for scenario, outcome in enumerate(outcomes):
        for group, found in enumerate(list(outcome.groups.values())[:2]):
            got = ask(driver, "return model.reach(...arguments);", group, scenario)
            wanted = reached_streets(
                outcome.network, with_parking(outcome.scenario.facilities, found.group.parking_s),
                mode=found.group.mode, cutoffs_s=[ms / 1000 for ms in got["bands_ms"]], direction=found.times.direction,
            ).groupby("band_s")["length_m"].sum()  # fmt: skip
            np.testing.assert_allclose(got["pieces"]["metres"], wanted, atol=0.01)
        assert ask(driver, "return model.reach(2, 0).pieces;") is None, "a detour belongs to a road and a direction"


# --- a click ---

_WHY = {"snapped": None, "too far": "no_street", "behind an obstacle": "barrier"}


def test_a_click_finds_the_nearest_station_as_the_engine_does(drawn, network):
    outcomes, _, driver = drawn
    corners = [(0, -300), (100, -290), (1050, 4), (3000, 3000), (200, -300), (300, -275), (5, 8), (200, -200)]
    clicks = points(np.vstack([scatter(60, 5), corners]), "P")
    latlon = shapely.get_coordinates(clicks.to_crs("EPSG:4326").geometry.to_numpy())[:, ::-1]
    found = outcomes[0].groups["walkers"]
    got = ask(driver, "return arguments[0].map((place) => model.nearest(0, 0, {}, place));", latlon.tolist())
    snapped = snap_points(network, clicks, "walk")
    nearest = nearest_facilities(
        network, outcomes[0].scenario.facilities, clicks, mode="walk", limit_s=7200, direction=found.times.direction
    ).set_index("demand_id")
    seen = set()
    for click, label, place, status in zip(got, clicks["id"], latlon.tolist(), snapped.status, strict=True):
        on_island = status == "snapped" and label not in nearest.index
        wanted = "no_way" if on_island else _WHY[status]
        assert click["why"] == wanted, (label, place)
        seen.add(wanted)
        if wanted is not None:
            assert (click["station"], click["ms"], click["way"], click["within"]) == (-1, -1, None, False)
            continue
        # coordinates of a page are rounded to decimetres, and its metres are not those of the map projection
        assert abs(click["ms"] - 1000 * nearest.loc[label, "time_s"]) < 800, label
        assert sum(click["parts"].values()) == click["ms"]
        assert click["within"] == (click["ms"] <= 300_000)
        station = outcomes[0].scenario.facilities.to_crs("EPSG:4326").geometry.iloc[click["station"]]
        assert click["way"][0] == place
        np.testing.assert_allclose(click["way"][-1], (station.y, station.x), atol=2e-6)
        way = gpd.GeoSeries([shapely.LineString(np.array(click["way"])[1:-1, ::-1])], crs="EPSG:4326").to_crs(CRS)
        assert abs(way.length.iloc[0] - click["parts"]["street_ms"] * 4.8 / 3600) < 1.5, (
            "the way is as long as it takes"
        )
        straight = gpd.GeoSeries([shapely.Point(place[::-1]), station], crs="EPSG:4326").to_crs(CRS)
        assert click["straight_m"] == pytest.approx(straight.iloc[0].distance(straight.iloc[1]), rel=5e-3)
    assert seen == {None, "no_street", "barrier", "no_way"}, "the clicks show every case"


def test_a_click_says_what_is_lacking(drawn):
    _, _, driver = drawn
    got = ask(
        driver,
        "const [here] = arguments; return [model.nearest(0, 0, { what: 'rest', slot: 0 }, here),"
        " model.nearest(0, 1, { what: 'full', slot: 21 }, { lat: here[0], lng: here[1] }),"
        " model.nearest(2, 0, {}, here), model.nearest(2, 0, { what: 'rest', slot: 0 }, here),"
        " model.nearest(2, 0, {}, [here[0] + 1, here[1]])];",
        shapely.get_coordinates(points([(300, -3)], "P").to_crs("EPSG:4326").geometry.iloc[0])[0, ::-1].tolist(),
    )
    closed, full, passing, closed_passing, far = got
    assert (closed["why"], closed["ms"]) == ("none_open", -1)
    assert full["why"] is None
    assert [one["service"] for one in full["services"]] == ["water", "toilet"]
    assert full["ms"] == max(one["ms"] for one in full["services"])
    assert full["within"] == all(one["ms"] <= one["cutoff_ms"] for one in full["services"])
    assert passing["why"] is None
    assert passing["point"] >= 0
    assert passing["ms"] == ask(driver, "return model.served(2, 0).ms;")[passing["point"]]
    assert (closed_passing["why"], far["why"]) == ("none_open", "no_street")


# --- the layer ---

_DRAW = """
const box = document.createElement("div"); box.style.cssText = "position:absolute;width:800px;height:600px";
document.body.append(box);
window.drawnMap = L.map(box, { zoomSnap: 0.25, zoomControl: false }).setView(arguments[0], 15.25, { animate: false });
window.layer = coverageStreets.layer(model, { colours }).addTo(drawnMap);
window.shades = () => {
  const seen = {};
  for (const { el } of Object.values(layer._tiles)) {
    const { data } = el.getContext("2d").getImageData(0, 0, el.width, el.height);
    for (let i = 0; i < data.length; i += 4) {
      if (data[i + 3] < 255) continue;
      const shade = "#" + [0, 1, 2].map((k) => data[i + k].toString(16).padStart(2, "0")).join("");
      seen[shade] = (seen[shade] || 0) + 1;
    }
  }
  return seen;
};
"""


def test_streets_are_drawn_in_the_colours_of_what_is_shown(drawn):
    _, _, driver = drawn
    here = shapely.get_coordinates(points([(300, -200)], "P").to_crs("EPSG:4326").geometry.iloc[0])[0, ::-1].tolist()
    ask(driver, _DRAW + "return null;", here)
    got = ask(
        driver,
        "const tiles = () => Object.values(layer._tiles).map(({ el }) => el); const before = tiles(); const seen = {};"
        "const from = model.reach(0, 0); const reach = model.reach(0, 1); seen.nothing = shades();"
        "for (const mode of ['plain', 'time', 'nearest', 'change']) { layer.show({ mode, reach, from });"
        "  seen[mode] = shades(); if (mode === 'nearest') seen.colours = reach.pieces.station.reduce("
        "    (all, one) => ({ ...all, [one]: layer.colourOf(one) }), {}); }"
        "seen.same = tiles().every((tile, k) => tile === before[k]);"
        "layer.show({ mode: 'time', reach: model.reach(2, 0) }); seen.passing = shades();"
        "drawnMap.setZoom(9, { animate: false }); layer.show({ mode: 'plain' }); seen.far = shades();"
        "seen.scale = getComputedStyle(tiles()[0].parentElement).transform; drawnMap.remove(); return seen;",
    )
    styles = driver.execute_script("return colours;")
    assert got["nothing"] == got["passing"] == {}
    assert got["same"], "recolouring draws on the tiles that are there, so that nothing flickers"
    assert set(styles["bands"][2]) <= set(got["time"])
    assert {styles["kept"], styles["gained"]} <= set(got["change"])
    assert set(got["colours"].values()) <= set(got["nearest"])
    assert len(set(got["colours"].values())) == len(got["colours"]), "few stations have a colour each"
    assert sum(got["far"].values()) < sum(got["plain"].values())
    assert got["scale"] in ("none", "matrix(1, 0, 0, 1, 0, 0)") or got["scale"].startswith("matrix(1, 0, 0, 1,")
