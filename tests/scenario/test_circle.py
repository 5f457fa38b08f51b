"""The complete circle: every figure of it from plain loops over groups, points, stations and slots."""

import datetime as dt
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.coverage.levels import Level, Levels
from coverage_planner.coverage.week import build_week
from coverage_planner.errors import ConfigError
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.scenario.circle import measure_circle
from coverage_planner.scenario.circle_group import night_slots
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.group_times import group_times
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.sources.calendar import read_calendar
from drawn import CRS, draw_network, draw_points

# A main road of 3 km with stations H (hub), S (satellite near it), L (satellite too far from it), and a bus stop B.
#
#   A --- H --- S --------- M ------ B ---- L ---- C
PLACES = {"A": (-1500, 0), "H": (-1200, 0), "S": (-800, 0), "M": (0, 0), "B": (600, 0), "L": (1100, 0), "C": (1500, 0)}
NETWORK = draw_network(PLACES, [("AHSMBLC", {"highway": "primary"})])
STATIONS = gpd.GeoDataFrame(
    {
        "id": ["H", "S", "L"],
        "name": ["中心", "驿站甲", "驿站乙"],
        "level": ["hub", "satellite", "satellite"],
        "services": ["water;toilet", None, "water;nap"],
        "opening_hours": ["24/7", None, "Mo-Fr 08:00-18:00; PH off"],
        "capacity": [2.0, 1.0, np.nan],
    },
    geometry=[shapely.Point(PLACES[name]) for name in "HSL"],
    crs=CRS,
)
BUS = gpd.GeoDataFrame(
    {"id": ["B1"], "services": ["toilet"], "opening_hours": ["We 22:00-24:00"], "kind": ["mobile"], "vehicle": ["bus"]},
    geometry=[shapely.Point(PLACES["B"])],
    crs=CRS,
)
LEVELS = Levels(
    levels={
        "hub": Level("hub"),
        "satellite": Level("satellite", ("water",), "Mo-Su 07:00-21:00", 3.0),
    },
    radius_m=1000.0,
    unassigned_count=False,
)
AREAS = gpd.GeoDataFrame(
    {"id": ["W", "E"], "name": ["西", "东"], "subdistrict": ["街道一", "街道一"]},
    geometry=[shapely.box(-2000, -500, 0, 500), shapely.box(0.5, -500, 2000, 500)],
    crs=CRS,
)
CALENDAR = read_calendar()
WEEK = build_week(CALENDAR, of=dt.date(2025, 9, 17), dates=[dt.date(2025, 10, 3), dt.date(2025, 9, 28)])
NOON = pd.DataFrame(
    [[1 / 12] * 12 + [0.0] * 12, [0.0] * 12 + [1 / 12] * 12], index=["early", "late"], columns=range(24)
)
WALKERS = Group(
    "walkers", "walk", 400.0,
    draw_points((-1400, 0), (-700, 10), (-100, 0), (500, 0), (900, 0), (1450, 0), (-1000, 0)).assign(
        demand=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], kind=["early", "late"] * 3 + ["early"]
    ),
    profile=NOON,
)  # fmt: skip
RIDERS = Group(
    "riders", "ebike", 120.0, draw_points((-1000, 0), (0, 0), (800, 0)).assign(demand=[4.0, 5.0, 6.0]),
    parking_s=20.0, required=("water", "nap"),
)  # fmt: skip
DRIVERS = Group(
    "drivers", "drive", 30.0, build_stretches(NETWORK, "drive", weights={"primary": 2.0}, spacing_m=500, ahead_m=400),
    visit="pass",
)  # fmt: skip
GROUPS = [WALKERS, RIDERS, DRIVERS]


def rules(**given):
    return CircleRules(
        **{
            "week": WEEK,
            "calendar": CALENDAR,
            "services": ("water", "toilet", "nap"),
            "required": ("water", "toilet"),
            "cutoffs_s": {"toilet": 700.0},
            "moments": ("We 23:00", "2025-10-03 10:00"),
            "levels": LEVELS,
            "people_per_place": 2.0,
            "bands_s": (200.0, 400.0),
            "band_weights": (1.0, 0.5),
        }
        | given
    )


def outcome(stations=STATIONS, mobile=BUS, given=None):
    given = given or rules()
    limits = {group.name: given.farthest_s(group) for group in GROUPS}
    scenario = Scenario("today", stations, mobile=mobile)
    return evaluate(scenario, NETWORK, GROUPS, communities=AREAS, limits_s=limits)


@pytest.fixture(scope="module")
def circle():
    return measure_circle(outcome(), rules())


# --- plain loops ---

OFFERED = {"H": {"water", "toilet"}, "S": {"water"}, "L": {"water", "nap"}, "B1": {"toilet"}}
COUNTS = {"H": True, "S": True, "L": False, "B1": True}  # L lies beyond the radius of its hub


def is_open(station, day, hour, kind):
    if station == "H":
        return True
    if station == "S":
        return 7 <= hour < 21
    if station == "L":
        worked = kind == "workday" or (kind == "ordinary" and day in ("Mo", "Tu", "We", "Th", "Fr"))
        return worked and 8 <= hour < 18
    return day == "We" and hour >= 22


def seconds_of(group):
    facilities = pd.concat([STATIONS[["id", "geometry"]], BUS[["id", "geometry"]]], ignore_index=True)
    table = gpd.GeoDataFrame(facilities, crs=CRS)
    frame = group_times(NETWORK, table, [group], limit_s={group.name: 3000.0})[group.name].to_frame()
    return {(row.facility_id, row.demand_id): row.time_s for row in frame.itertuples()}


TIMES = {group.name: seconds_of(group) for group in GROUPS}
SLOTS = list(WEEK.labels().itertuples())


def served_by_loops(group, point, what, slot):
    if what == "full":
        required = group.required or ("water", "toilet")
        return all(served_by_loops(group, point, service, slot) for service in required)
    cutoff = 700.0 if what == "toilet" else group.cutoff_s
    return any(
        COUNTS[station]
        and is_open(station, slot.day, slot.hour, slot.kind)
        and (what == "any" or what in offered)
        and TIMES[group.name].get((station, point), math.inf) <= cutoff
        for station, offered in OFFERED.items()
    )


@pytest.fixture(scope="module")
def truth():
    return {
        (group.name, what): np.array(
            [[served_by_loops(group, point, what, slot) for slot in SLOTS] for point in group.demand["id"]]
        )
        for group in GROUPS
        for what in ("water", "toilet", "nap", "any", "full")
    }


# --- tests ---


def test_who_is_served_for_what_and_when_is_as_the_loops_say(circle, truth):
    assert circle.facilities["id"].tolist() == ["H", "S", "L", "B1"]
    assert circle.offer.counts.tolist() == [True, True, False, True]
    for (name, what), expected in truth.items():
        assert (circle.groups[name].served.slots(what) == expected).all(), (name, what)


def test_tables_of_services_count_the_ordinary_week(circle, truth):
    ordinary = np.array([slot.kind == "ordinary" for slot in SLOTS])
    assert ordinary.sum() == 7 * 24
    for group in GROUPS:
        weight = group.demand["demand"].to_numpy()
        for row in circle.groups[group.name].services.itertuples():
            here = truth[group.name, row.service][:, ordinary]
            assert row.covered_demand == pytest.approx(weight[here.any(axis=1)].sum())
            assert row.covered_always_share == pytest.approx(weight[here.all(axis=1)].sum() / weight.sum())


def about(group, point, slot):
    """How many of a point are about in a slot."""
    row = group.demand.iloc[point]
    share = NOON.loc[row["kind"], int(slot.hour)] if group.profile is not None else 1 / 24
    return row["demand"] * share


def test_hours_count_who_is_about_of_each_group_and_of_all(circle, truth):
    sums = {}
    for group in GROUPS:
        table = circle.groups[group.name].hours
        for row in table[table["service"].isin(["any", "full"])].itertuples():
            slot = SLOTS[row.slot]
            people = [about(group, point, slot) for point in range(len(group.demand))]
            served = [n for n, here in zip(people, truth[group.name, row.service][:, row.slot], strict=True) if here]
            assert row.demand == pytest.approx(sum(people))
            assert row.covered_demand == pytest.approx(sum(served), abs=1e-9)
            assert (row.day, row.hour, row.kind) == (slot.day, slot.hour, slot.kind)
            n, m = sums.get((row.service, row.slot), (0.0, 0.0))
            sums[row.service, row.slot] = n + sum(people), m + sum(served)
    together = circle.together_hours.set_index(["service", "slot"])
    assert not together.index.has_duplicates
    for key, (n, m) in sums.items():
        assert together["demand"][key] == pytest.approx(n)
        assert together["covered_demand"][key] == pytest.approx(m, abs=1e-9)
        assert together["covered_demand_share"][key] == pytest.approx(m / n, abs=1e-9)


def test_services_of_all_groups_add_up(circle, truth):
    ordinary = slice(0, 7 * 24)
    table = circle.together.set_index("service")
    for what in ("water", "toilet", "any", "full"):
        covered = sum(
            group.demand["demand"].to_numpy()[truth[group.name, what][:, ordinary].any(axis=1)].sum()
            for group in GROUPS
        )
        everybody = sum(group.demand["demand"].sum() for group in GROUPS)
        assert table["covered_demand"][what] == pytest.approx(covered)
        assert table["covered_demand_share"][what] == pytest.approx(covered / everybody)


def test_points_say_how_often_and_why_not(circle, truth):
    for group in GROUPS:
        points = circle.groups[group.name].points
        fully = truth[group.name, "full"][:, : 7 * 24]
        assert points["full_ever"].tolist() == fully.any(axis=1).tolist()
        assert points["full_always"].tolist() == fully.all(axis=1).tolist()
        assert points["full_hour_share"].tolist() == pytest.approx(fully.mean(axis=1).tolist())
        turned_away = points["unassigned_demand"] > 0
        assert (points["reason"].notna() == (~points["full_ever"] | turned_away)).all()
        for moment, slot in (("We 23:00", 2 * 24 + 23), ("2025-10-03 10:00", 7 * 24 + 10)):
            missed = ~truth[group.name, "any"][:, slot]
            assert (points[f"reason {moment}"].notna() == missed).all()
            gaps = circle.groups[group.name].gaps
            assert gaps.loc[gaps["moment"] == moment, "n_points"].sum() == missed.sum()
            lost = group.demand["demand"].to_numpy()[missed].sum()
            assert gaps.loc[gaps["moment"] == moment, "uncovered_demand"].sum() == pytest.approx(lost)


def test_reasons_name_what_is_lacking(circle):
    walkers = circle.groups["walkers"].points.set_index("id")
    ids = WALKERS.demand["id"].tolist()
    # only L is near, which is closed then and has no hub: opening it longer would not help
    assert walkers["reason We 23:00"][ids[5]] == "satellite_without_hub"
    assert walkers["reason 2025-10-03 10:00"][ids[5]] == "satellite_without_hub"
    assert walkers["reason 2025-10-03 10:00"][ids[3]] == "closed_then"  # the bus comes on Wednesdays
    assert pd.isna(walkers["reason We 23:00"][ids[3]])
    riders = circle.groups["riders"].points.set_index("id")
    assert riders["reason"].tolist()[0] == "without_service"  # nobody near has a place for a nap


def test_communities_sum_their_own_points(circle, truth):
    night = np.array([slot.kind == "ordinary" and (slot.hour >= 22 or slot.hour < 6) for slot in SLOTS])
    assert night_slots(WEEK, (22, 6)).tolist() == night.tolist()
    for group in GROUPS:
        table = circle.groups[group.name].areas.set_index("id")
        x = shapely.get_x(group.demand.geometry.to_numpy())
        weight = group.demand["demand"].to_numpy()
        for label, inside in (("W", x <= 0), ("E", x >= 0.5)):
            fully = truth[group.name, "full"][inside][:, : 7 * 24]
            dark = truth[group.name, "any"][inside][:, night]
            own = weight[inside]
            assert table["demand"][label] == pytest.approx(own.sum())
            assert table["full_demand"][label] == pytest.approx(own[fully.any(axis=1)].sum())
            assert table["night_demand_share"][label] == pytest.approx((own * dark.mean(axis=1)).sum() / own.sum())
            assert table["night_gap_demand"][label] == pytest.approx(own[~dark.any(axis=1)].sum())
            left = circle.groups[group.name].points["unassigned_demand"].to_numpy()[inside]
            assert table["unassigned_demand"][label] == pytest.approx(left.sum())


def test_all_groups_compete_for_the_same_places(circle):
    room = {"H": 4.0, "S": 2.0, "L": 0.0, "B1": math.inf}
    order = [station for station in ("H", "S", "L", "B1") if COUNTS[station]]
    pairs = sorted(
        (seconds, order.index(station), number, position, station)
        for number, group in enumerate(GROUPS)
        for position, point in enumerate(group.demand["id"])
        for station in order
        if (seconds := TIMES[group.name].get((station, point), math.inf)) <= group.cutoff_s
    )
    left = {
        (number, position): float(demand)
        for number, group in enumerate(GROUPS)
        for position, demand in enumerate(group.demand["demand"])
    }
    for _, _, number, position, station in pairs:
        taken = min(room[station], left[number, position])
        room[station] -= taken
        left[number, position] -= taken
    for number, group in enumerate(GROUPS):
        found = circle.groups[group.name].points["unassigned_demand"].tolist()
        assert found == pytest.approx([left[number, position] for position in range(len(group.demand))], abs=1e-9)
    assert circle.capacity.points["group"].unique().tolist() == ["walkers", "riders", "drivers"]
    stations = circle.capacity.facilities.set_index("id")
    assert stations["assigned_demand"]["H"] == pytest.approx(4.0)
    assert (stations["capacity"]["H"], stations["capacity"]["S"], stations["capacity"]["L"]) == (4.0, 2.0, 0.0)
    for group in GROUPS:
        own = circle.groups[group.name].capacity
        assert own.points["id"].tolist() == group.demand["id"].tolist()
        assert own.parts["assigned_demand"].sum() == pytest.approx(own.points["assigned_demand"].sum())


def test_places_per_person_are_shared_by_all_groups(circle):
    seats = {"H": 2.0, "S": 1.0}
    weight = lambda seconds: 1.0 if seconds <= 200 else 0.5 if seconds <= 400 else 0.0  # noqa: E731
    heads = {
        station: sum(
            demand * weight(TIMES[group.name].get((station, point), math.inf))
            for group in GROUPS
            for point, demand in zip(group.demand["id"], group.demand["demand"], strict=True)
        )
        for station in seats
    }
    for group in GROUPS:
        expected = [
            sum(seats[s] / heads[s] * weight(TIMES[group.name].get((s, point), math.inf)) for s in seats)
            for point in group.demand["id"]
        ]
        assert circle.groups[group.name].points["access"].tolist() == pytest.approx(expected)


def test_equity_is_for_those_who_stay(circle):
    assert circle.groups["drivers"].equity is None
    walkers = circle.groups["walkers"].equity.summary.iloc[0]
    nearest = [
        min(TIMES["walkers"].get((station, point), math.inf) for station in ("H", "S", "L"))
        for point in WALKERS.demand["id"]
    ]
    assert walkers["mean_time_s"] == pytest.approx(np.average(nearest, weights=WALKERS.demand["demand"]), rel=1e-6)


def test_capacity_at_a_moment_counts_who_is_about_and_what_is_open():
    given = rules(capacity_at="We 23:00", bands_s=(), band_weights=())
    found = measure_circle(outcome(given=given), given)
    assert found.access is None
    people = found.capacity.points.groupby("group")["demand"].sum()
    late = WALKERS.demand["demand"][WALKERS.demand["kind"] == "late"].sum()
    assert people["walkers"] == pytest.approx(late / 12)
    stations = found.capacity.facilities.set_index("id")
    assert stations["nearest_demand"]["S"] == 0.0
    assert stations["nearest_demand"]["B1"] > 0.0


@pytest.mark.parametrize(
    "given",
    [
        {"cutoffs_s": {"water": 1500.0, "toilet": 1500.0}},  # farther than anybody goes for a place
        {"capacity_at": "We 23:00"},  # when all are closed
    ],
)
def test_stations_with_room_turn_nobody_away(given):
    spacious = STATIONS.assign(capacity=1e6, services="water;toilet;nap", opening_hours="Mo-Fr 08:00-18:00")
    ample = rules(levels=None, bands_s=(), band_weights=(), **given)
    found = measure_circle(outcome(spacious, mobile=None, given=ample), ample)
    points = pd.concat([group.points for group in found.groups.values()])
    assert (points["full_ever"] & (points["unassigned_demand"] > 0)).any()
    assert (points["reason"].isna() == points["full_ever"]).all()


def test_a_station_that_never_opens_has_no_places():
    kept, bus = STATIONS.assign(opening_hours=["24/7", "Mo-Su off", None]), BUS.assign(opening_hours="2025 Oct 03")
    found = measure_circle(outcome(kept, mobile=bus), rules())
    stations = found.capacity.facilities.set_index("id")
    assert stations["assigned_demand"][["S", "B1"]].tolist() == [0.0, 0.0]
    assert found.access.facilities.set_index("id")["supply"].to_dict() == {"H": 2.0, "S": 0.0, "L": 0.0, "B1": 0.0}
    on_the_day = rules(capacity_at="2025-10-03 10:00", bands_s=(), band_weights=())
    there = measure_circle(outcome(kept, mobile=bus, given=on_the_day), on_the_day)
    assert there.capacity.facilities.set_index("id")["assigned_demand"]["B1"] > 0


def test_stops_offer_what_their_level_does():
    bus = BUS.assign(level="satellite", services=None)
    found = measure_circle(outcome(mobile=bus), rules())
    stop = found.facilities.set_index("id").loc["B1"]
    assert (stop["services"], stop["capacity"], stop["opening_hours"]) == ("water", 3.0, "We 22:00-24:00")
    assert found.offer.offers[3].tolist() == [True, False, False]
    assert found.offer.counts[3]  # whatever is said of satellites without a hub
    assert found.hubs.satellites["id"].tolist() == ["S", "L"]


def test_a_station_without_limit_is_no_supply_however_that_is_said():
    access = []
    for none in (np.nan, np.inf):
        found = measure_circle(outcome(STATIONS.assign(capacity=[none, 1.0, 1.0])), rules())
        access.append(found.access.points["access"].tolist())
    assert access[0] == access[1]


def test_without_levels_capacity_and_stops_only_services_and_hours_count():
    given = rules(levels=None, people_per_place=None, bands_s=(), band_weights=())
    with pytest.warns(UserWarning, match="say nothing about their services"):
        found = measure_circle(outcome(mobile=None, given=given), given)
    assert (found.hubs, found.capacity, found.access) == (None, None, None)
    assert found.offer.counts.all()
    assert found.slots.stated.tolist() == [True, False, True]
    assert found.groups["walkers"].points["unassigned_demand"].isna().all()


def test_satellites_without_a_hub_may_count():
    kinds = dict(LEVELS.levels)
    lenient = rules(levels=Levels(levels=kinds, radius_m=1000.0))
    found = measure_circle(outcome(given=lenient), lenient)
    assert found.offer.counts.all()
    assert found.hubs.satellites.set_index("id")["hub_id"].isna().to_dict() == {"S": False, "L": True}


def test_a_radius_in_time_is_over_the_streets():
    timed = rules(levels=Levels(levels=dict(LEVELS.levels), radius_s=310.0))
    found = measure_circle(outcome(given=timed), timed)
    assert found.hubs.satellites.set_index("id")["time_s"]["S"] == pytest.approx(300.0, abs=1e-3)
    assert found.hubs.satellites["hub_id"].isna().sum() == 1


def test_rules_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="required services must be counted, not so rest"):
        rules(required=("rest",))
    with pytest.raises(ConfigError, match="2025-10-04"):
        rules(moments=("2025-10-04 10:00",))
    short = evaluate(Scenario("today", STATIONS), NETWORK, GROUPS)
    with pytest.raises(ConfigError, match="limit of the search"):
        measure_circle(short, rules(cutoffs_s={"toilet": 5000.0}))
