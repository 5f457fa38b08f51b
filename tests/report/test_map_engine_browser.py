"""The page's own search in Chromium: every number is that of the Python engine, to the millisecond."""

import datetime as dt
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from browser import complaints, open_browser, requested_urls
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
from coverage_planner.sources.datum import to_wgs84
from coverage_planner.traveltime._lane_kernels import FAR
from coverage_planner.traveltime.nearest import nearest_facilities, search_nearest
from coverage_planner.traveltime.reach import reached_pieces, reached_streets, search_reach
from coverage_planner.units import MS_PER_S
from drawn import CRS, draw_roads
from engine_page import bare_data, load, open_engine
from strategies import networks, positions

pytestmark = pytest.mark.browser

DIRECTIONS = ("to_facility", "from_facility")
NOBODY = np.int64(np.iinfo(np.int64).max)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    folder = tmp_path_factory.mktemp("engine")
    with open_browser(folder) as driver:
        yield open_engine(driver, folder)
        assert complaints(driver) == []
        assert [url for url in requested_urls(driver) if not url.startswith("file:")] == []


def ask(driver, script, *arguments):
    """Run a script over `model`, and read what it returns; typed arrays come as lists."""
    text = driver.execute_script(
        f"const plain = (k, v) => ArrayBuffer.isView(v) ? [...v] : v instanceof Map ? [...v] : v;"
        f"return JSON.stringify((() => {{ {script} }})(), plain);",
        *arguments,
    )
    return json.loads(text)


# --- any network ---


@st.composite
def searches(draw):
    """A network with stations and points on it, some on one street, some of them on none."""
    network = draw(networks(most_edges=10))
    doors = draw(positions(network, prefix="F", most=5))
    places = draw(positions(network, most=8))
    bands_ms = sorted(draw(st.lists(st.integers(1, 300_000), min_size=1, max_size=3, unique=True)))
    return network, doors, places, bands_ms


def joined(pieces):
    """Pieces as (edge, band, start, stop), those of one band that touch joined: the page parts them by station too."""
    rows = []
    for edge, band, start, stop in zip(pieces["edge"], pieces["band"], pieces["start"], pieces["stop"], strict=True):
        if rows and rows[-1][:2] == [edge, band] and rows[-1][3] == start:
            rows[-1][3] = stop
        else:
            rows.append([edge, band, start, stop])
    return np.array(rows, dtype=float).reshape(-1, 4)


def told_apart(network, doors, places, graph):
    """Shape (p,): points of which the data tell whether they are ahead of the stations on their street.

    The data hold milliseconds: on a one-way street a place less than one ahead of another, or behind it, is beside it.
    """
    clear = np.ones(len(places.ids), dtype=bool)
    for point, (edge, fraction) in enumerate(zip(places.edge, places.fraction, strict=True)):
        ms = max(graph.forward_ms[edge], graph.backward_ms[edge])
        one_way = min(graph.forward_ms[edge], graph.backward_ms[edge]) < 0
        beside = (
            (doors.edge == edge)
            & (doors.fraction != fraction)
            & (np.rint(doors.fraction * ms) == np.rint(fraction * ms))
        )
        clear[point] = edge < 0 or not (one_way and beside.any())
    return clear


@given(case=searches(), direction=st.sampled_from(DIRECTIONS))
@settings(max_examples=40, phases=[Phase.generate])
def test_any_network_is_searched_to_the_millisecond(browser, case, direction):
    network, doors, places, bands_ms = case
    graph, reverse, limit_ms = network.graph("go"), direction == "to_facility", bands_ms[-1]
    load(browser, bare_data(network, "go", doors, places, reverse=reverse, bands_ms=bands_ms))
    got = ask(
        browser,
        "const s = model.search(0, model.chosen(0)); const { ms, station } = model.pointNearest(0, s);"
        "return { dist: s.dist, label: s.label, ms, station, pieces: model.pieces(0, s, arguments[0]),"
        " reach: model.reach(0, 0).pieces.metres };",
        bands_ms,
    )
    reach = search_reach(network, graph, doors, limit_ms=limit_ms, direction=direction)
    assert got["dist"] == reach.dist.tolist()
    assert got["label"] == reach.label.tolist()
    words = search_nearest(network, graph, doors, places, limit_ms=limit_ms, reverse=reverse)[:, 0]
    there, clear = words != NOBODY, told_apart(network, doors, places, graph)
    assert np.array(got["ms"])[clear].tolist() == np.where(there, words >> 32, -1)[clear].tolist()
    assert np.array(got["station"])[clear].tolist() == np.where(there, words & 0xFFFFFFFF, -1)[clear].tolist()
    wanted = reached_pieces(reach, bands_ms)
    np.testing.assert_allclose(joined(got["pieces"]), joined(wanted), rtol=0, atol=1e-12)
    length_m = np.rint(network.edges["length_m"].to_numpy() * 1000)[wanted["edge"]] / 1000
    metres = np.bincount(wanted["band"], weights=length_m * (wanted["stop"] - wanted["start"]), minlength=len(bands_ms))
    np.testing.assert_allclose(got["pieces"]["metres"], metres, atol=1e-6)
    np.testing.assert_allclose(got["reach"], metres, atol=1e-6)


@given(case=searches(), data=st.data())
@settings(max_examples=15)
def test_what_changes_between_two_sets_of_stations_adds_up(browser, case, data):
    network, doors, places, bands_ms = case
    content = bare_data(network, "go", doors, places, reverse=True, bands_ms=bands_ms)
    before = data.draw(st.lists(st.sampled_from(range(len(doors.ids))), unique=True).map(sorted))
    content["scenarios"].append({**content["scenarios"][0], "name": "before", "stations": before})
    load(browser, content)
    got = ask(
        browser,
        "const [to, from] = [model.reach(0, 0), model.reach(0, 1)]; const change = model.change(from, to);"
        "return { to: to.pieces, from: from.pieces, change };",
    )
    length_m = np.rint(network.edges["length_m"].to_numpy() * 1000) / 1000

    def holds(pieces, edge, place):
        rows = zip(pieces["edge"], pieces["start"], pieces["stop"], strict=True)
        return any(of == edge and start <= place <= stop for of, start, stop in rows)

    kept, lost, gained = got["change"]["metres"]
    np.testing.assert_allclose(kept + lost, sum(got["from"]["metres"]), atol=1e-6)
    np.testing.assert_allclose(kept + gained, sum(got["to"]["metres"]), atol=1e-6)
    assert lost <= 1e-9 * length_m.sum(), "stations were only added"
    for edge, start, stop, band in zip(*(got["change"][key] for key in ("edge", "start", "stop", "band")), strict=True):
        middle = (start + stop) / 2
        assert (holds(got["from"], edge, middle), holds(got["to"], edge, middle)) == [
            (True, True), (True, False), (False, True)
        ][band]  # fmt: skip


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
    outcomes, circles, driver = drawn
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


def test_the_nearest_open_station_of_every_point_is_that_of_nearest_open(drawn):
    outcomes, circles, driver = drawn
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
