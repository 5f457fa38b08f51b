"""Why a point is not served: drawn by hand, and against plain loops over all pairs of point and station."""

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.gaps import REASONS, STATION_REASONS, explain_uncovered, find_gaps
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer
from coverage_planner.coverage.reasons import LACKS, SERVICE_REASONS, explain_unserved
from coverage_planner.coverage.serving import serve
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.traveltime.times import travel_times
from drawn import draw_network, draw_points
from drawn_offer import make_week

SERVICES = ("water", "toilet")
WEEK = make_week()
NOON, NIGHT = WEEK.slot("We 12:00"), WEEK.slot("We 23:00")
HOUR = np.arange(len(WEEK.starts)) % 24
DAY_ONLY, NIGHT_ONLY, NEVER, ALWAYS = (HOUR >= 8) & (HOUR < 20), HOUR >= 22, HOUR < 0, HOUR >= 0
HOLIDAY_ONLY = np.arange(len(HOUR)) >= WEEK.n_ordinary


# The river map. Walkers cross at the bridge only; the lane of the island is joined to nothing; the street in the east
# is one-way for bicycles and ends; all streets lie between x = 0 and 5000 and y = 0 and 1000.
#
#   y = 1000   H-I (100 m)
#   y = 200    C-----------D
#   y = 100    ~~~~~~~~~~~~|~~~~  (a wall of water, with a gap for the bridge)
#   y = 0      A-----------B------>E
#              x = 0       3000    5000
PLACES = {
    "A": (0, 0),
    "B": (3000, 0),
    "C": (0, 200),
    "D": (3000, 200),
    "E": (5000, 0),
    "H": (0, 1000),
    "I": (100, 1000),
}
STREETS = (("A", "B"), ("C", "D"), ("B", "D"), ("B", "E"), ("H", "I"))


@lru_cache(maxsize=1)
def river():
    tags = {("B", "E"): {"oneway": "yes"}, ("B", "D"): {"bridge": "yes"}}
    ways = [(list(ends), tags.get(ends, {})) for ends in STREETS]
    return draw_network(PLACES, ways, obstacles=[("water", shapely.box(-100, 80, 2990, 120))])


def make_offer(stations, services, open_, counts=None):
    """What each station offers: lists of services, rows of hours."""
    n = len(stations)
    return Offer(
        facility_ids=stations["id"].to_numpy(dtype=object),
        services=SERVICES,
        offers=np.array([[s in of for s in SERVICES] for of in services], dtype=bool).reshape(n, 2),
        week=WEEK,
        open=np.array(open_, dtype=bool).reshape(n, len(HOUR)),
        counts=np.ones(n, dtype=bool) if counts is None else np.array(counts, dtype=bool),
    )


def street(people, stations):
    """Stations and people along one street, and their walking times."""
    network = draw_network({"A": (0, 0), "B": (9000, 0)}, [("AB", {})])
    stations, demand = (
        draw_points(*((x, 0) for x in places), prefix=prefix) for places, prefix in ((stations, "S"), (people, "D"))
    )
    return network, stations, demand, travel_times(network, stations, demand, mode="walk", limit_s=900.0, threads=1)


def explain(case, offer, **options):
    network, stations, demand, times = case
    options = {"cutoff_s": 900.0, **options}
    return explain_unserved(times, demand, network, stations, offer, **options).tolist()


# --- by hand ---


def test_the_words_are_those_of_the_gaps_and_those_of_the_stations():
    assert (*REASONS, *STATION_REASONS) == SERVICE_REASONS
    assert {word for _, word in LACKS} < set(STATION_REASONS)


@pytest.mark.parametrize(("lacks", "word"), LACKS)
def test_a_single_station_gives_the_reason_of_what_it_lacks(lacks, word):
    closed, without, uncounted = lacks
    case = street([100, 5000], [0])
    offer = make_offer(case[1], [[] if without else ["water"]], [DAY_ONLY if closed else ALWAYS], [not uncounted])
    assert explain(case, offer, service="water", slot=NIGHT) == [word, "no_station_in_reach"]


def test_a_station_that_lacks_nothing_serves():
    case = street([100], [0])
    offer = make_offer(case[1], [["water"]], [DAY_ONLY])
    assert explain(case, offer, service="water", slot=NOON) == [None]
    assert explain(case, offer, service="water") == [None]
    assert explain(case, offer, service=None, slot=NOON) == explain(case, offer, service=ANY, slot=NOON) == [None]


@pytest.mark.parametrize("first", range(len(LACKS)))
def test_of_several_stations_the_one_that_lacks_least_gives_the_reason(first):
    """The stations lack what the rows of the table say, from a row on to the last."""
    rows = LACKS[first:]
    case = street([100], list(range(len(rows))))
    offer = make_offer(
        case[1],
        [[] if without else ["water"] for (_, without, _), _ in rows],
        [NEVER if closed else ALWAYS for (closed, _, _), _ in rows],
        [not uncounted for (_, _, uncounted), _ in rows],
    )
    assert explain(case, offer, service="water", slot=NIGHT) == [rows[0][1]]


def test_whoever_asks_for_any_station_misses_no_service():
    case = street([100], [0])
    for open_, counts, word in (
        (ALWAYS, True, None),
        (NEVER, True, "closed_then"),
        (ALWAYS, False, "satellite_without_hub"),
    ):
        assert explain(case, make_offer(case[1], [[]], [open_], [counts]), slot=NIGHT) == [word]


def test_without_a_slot_closed_means_closed_at_all_slots_of_the_ordinary_week():
    case = street([100], [0])
    for open_, word in ((NIGHT_ONLY, None), (HOLIDAY_ONLY, "closed_then"), (NEVER, "closed_then")):
        assert explain(case, make_offer(case[1], [["water"]], [open_]), service="water") == [word]


def test_full_has_the_reason_of_the_first_required_service_that_is_lacking():
    """S0 has no toilet, and S1, a toilet, is closed at night; D1 reaches only S1."""
    case = street([600, 2200], [0, 1200])
    offer = make_offer(case[1], [["water"], ["toilet"]], [ALWAYS, DAY_ONLY])
    both = Needs(SERVICES, ("water", "toilet"))
    assert explain(case, offer, needs=both, service=FULL, slot=NOON) == [None, "without_service"]
    assert explain(case, offer, needs=both, service=FULL, slot=NIGHT) == ["closed_then", "without_service"]
    turned = Needs(SERVICES, ("toilet", "water"))
    assert explain(case, offer, needs=turned, service=FULL, slot=NIGHT) == ["closed_then", "closed_then"]
    assert explain(case, offer, needs=turned, service=FULL) == [None, "without_service"]


def test_full_at_no_hour_although_each_service_has_its_hours():
    case = street([600], [0, 1200])
    offer = make_offer(case[1], [["water"], ["toilet"]], [NIGHT_ONLY, DAY_ONLY])
    assert explain(case, offer, needs=Needs(SERVICES, SERVICES), service=FULL) == ["closed_then"]
    assert explain(case, offer, needs=Needs(SERVICES, ("water",)), service=FULL) == [None]


def test_full_without_required_services_is_any_station():
    case = street([100, 5000], [0])
    offer = make_offer(case[1], [[]], [DAY_ONLY])
    for slot in (NOON, NIGHT, None):
        assert explain(case, offer, needs=Needs(SERVICES), service=FULL, slot=slot) == explain(case, offer, slot=slot)


def test_a_service_has_its_own_cutoff():
    """300 s are 400 m: the toilet at 500 m is too far, and a place 100 m in a straight line is near (half of 400 m)."""
    case = street([100, 200, 500], [0])
    offer = make_offer(case[1], [SERVICES], [ALWAYS])
    needs = Needs(SERVICES, SERVICES, {"toilet": 75.0})
    assert explain(case, offer, needs=needs, service="toilet", slot=NOON) == [
        None,
        "no_station_in_reach",
        "no_station_in_reach",
    ]
    assert explain(case, offer, needs=needs, service="water", slot=NOON) == [None, None, None]
    assert explain(case, offer, needs=needs, service=FULL, slot=NOON)[1:] == ["no_station_in_reach"] * 2


def test_who_is_turned_away_finds_the_stations_full_and_who_is_not_served_keeps_the_reason():
    case = street([100, 200, 5000], [0])
    offer = make_offer(case[1], [["water"]], [DAY_ONLY])
    away = np.array([True, False, True])
    assert explain(case, offer, service="water", turned_away=away) == ["capacity_full", None, "no_station_in_reach"]
    assert explain(case, offer, service="toilet", turned_away=away)[:2] == ["without_service"] * 2


def test_no_stations_at_all():
    network, stations, demand, _ = street([100], [0])
    none = stations.head(0)
    times = travel_times(network, none, demand, mode="walk", limit_s=900.0, threads=1)
    offer = make_offer(none, [], [])
    assert explain((network, none, demand, times), offer, slot=NOON) == ["no_station_in_reach"]


def test_outside_the_data_is_beyond_all_streets_and_farther_than_the_snap_limit():
    """A hook of streets: its inside is within the hull, and so is the line that closes it."""
    network = draw_network({"A": (0, 0), "B": (2000, 0), "C": (2000, 2000)}, [("ABC", {})])
    stations = draw_points((0, 0), prefix="S")
    cases = {
        (1100, 500): "snapped_too_far",  # inside the hull, 500 m from the streets
        (1000, 1000): "snapped_too_far",  # on its border
        (1000, 1001): "outside_data",
        (1000, -150): "no_station_in_reach",  # outside, but near enough to a street
        (1000, -201): "outside_data",
        (-1000, 0): "outside_data",  # in line with a street
    }
    demand = draw_points(*cases)
    times = travel_times(network, stations, demand, mode="walk", limit_s=60.0, threads=1)
    coverage = measure_coverage(times, demand, 60.0)
    assert explain_uncovered(coverage, demand, network, stations).tolist() == list(cases.values())


def test_gaps_of_a_service_at_an_hour_hold_the_points_with_a_reason():
    case = street([100, 200, 900, 5000], [0, 900])
    network, stations, demand, times = case
    demand = demand.assign(demand=[1.0, 2.0, 1.0, 7.0])
    offer = make_offer(stations, [["water"], []], [DAY_ONLY, ALWAYS])
    reason = explain_unserved(times, demand, network, stations, offer, cutoff_s=300.0, service="water", slot=NIGHT)
    gaps = find_gaps(measure_coverage(times, demand, 300.0), demand, network, stations, reason=reason)
    assert reason.tolist() == ["closed_then", "closed_then", "without_service", "no_station_in_reach"]
    assert gaps["uncovered_demand"].tolist() == [7.0, 3.0, 1.0]
    assert gaps["reason"].tolist() == ["no_station_in_reach", "closed_then", "without_service"]
    near = find_gaps(measure_coverage(times, demand, 300.0), demand, network, stations, reason=reason, link_m=400.0)
    assert near["reason_shares"].tolist() == ["no_station_in_reach 100 %", "closed_then 75 %; without_service 25 %"]
    nobody = pd.Series([None] * 4, index=demand.index, dtype=object)
    assert find_gaps(measure_coverage(times, demand, 300.0), demand, network, stations, reason=nobody).empty


def test_what_does_not_belong_together_is_refused():
    case = street([100, 5000], [0])
    network, stations, demand, times = case
    offer = make_offer(stations, [["water"]], [ALWAYS])
    with pytest.raises(ConfigError, match="cutoff_s must be positive and at most the limit"):
        explain(case, offer, cutoff_s=901.0)
    with pytest.raises(ConfigError, match="at most the limit of the search"):
        explain(case, offer, needs=Needs(SERVICES, (), {"toilet": 1000.0}), service="toilet")
    with pytest.raises(ConfigError, match=r"unknown 1: .watter. .did you mean .water."):
        explain(case, offer, service="watter")
    with pytest.raises(ConfigError, match="must have been looked for"):
        explain(case, offer, service="rest")
    with pytest.raises(ConfigError, match="slot must be between 0 and 191, got 192"):
        explain(case, offer, slot=192)
    with pytest.raises(ConfigError, match="'full' needs `needs`"):
        explain(case, offer, service=FULL)
    with pytest.raises(InputError, match="turned_away must be true or false for each demand point"):
        explain(case, offer, turned_away=np.array([True]))
    with pytest.raises(InputError, match="the offer must be that of the facilities"):
        explain(case, make_offer(draw_points((0, 0), prefix="T"), [[]], [ALWAYS]))
    with pytest.raises(InputError, match="demand must be the table"):
        explain((network, stations, demand.head(1), times), offer)
    with pytest.raises(InputError, match="facilities must be the table"):
        explain((network, draw_points((0, 0), prefix="T"), demand, times), offer)
    coverage = measure_coverage(times, demand, 900.0)
    with pytest.raises(InputError, match="reasons must have one entry per demand point"):
        find_gaps(coverage, demand, network, stations, reason=pd.Series([None], dtype=object))
    with pytest.raises(InputError, match=r"reasons must be among .*; got 'rain' in 1: D1;"):
        find_gaps(coverage, demand, network, stations, reason=pd.Series([None, "rain"], dtype=object))


# --- by plain loops ---


@dataclass(frozen=True)
class Drawn:
    """People and stations on the river map: lists of places, and of what each station offers."""

    mode: str
    people: list
    stations: list
    services: list
    open: list
    counts: list


def beyond_all_streets(x, y):
    """Whether some side of the streets' outline has the place outside and all streets inside."""
    ends = list(PLACES.values())
    for ax, ay in ends:
        for bx, by in ends:
            sides = [(bx - ax) * (cy - ay) - (by - ay) * (cx - ax) for cx, cy in ends]
            if min(sides) >= 0 and max(sides) > 0 and (bx - ax) * (y - ay) - (by - ay) * (x - ax) < 0:
                return True
    return False


def why_no_station(drawn, point, cutoff_s, status, endless, speed_mps):
    """The first spatial reason that applies to a point, by going through all stations."""
    x, y = drawn.people[point]
    on_street = [s for s in range(len(drawn.stations)) if endless["station status"][s] == "snapped"]
    if status[point] == "too far":
        return "outside_data" if beyond_all_streets(x, y) else "snapped_too_far"
    if status[point] != "snapped":
        return "no_road_connection"
    if on_street and not any((s, point) in endless["pairs"] for s in on_street):
        return "no_road_connection"
    for s in on_street:
        sx, sy = drawn.stations[s]
        if math.hypot(sx - x, sy - y) <= speed_mps * cutoff_s / 2:
            return "barrier"
    return "no_station_in_reach"


def why_not(drawn, point, what, cutoff_s, slots, seconds, spatial):
    """Why a point is not served with one service in any of these slots; None where it is."""
    found = set()
    for s in range(len(drawn.stations)):
        if (s, point) in seconds and seconds[s, point] <= cutoff_s:
            is_open = any(drawn.open[s][slot] for slot in slots)
            offers = what == "any" or what in drawn.services[s]
            found.add((is_open, offers, drawn.counts[s]))
    if not found:
        return spatial(point, cutoff_s)
    if (True, True, True) in found:
        return None
    if (False, True, True) in found:
        return "closed_then"
    if (True, False, True) in found:
        return "without_service"
    if (True, True, False) in found or (False, True, False) in found:
        return "satellite_without_hub"
    return "without_service"


xs = st.integers(-14, 110).map(lambda k: 50.0 * k)
ys = st.sampled_from([-300.0, -50.0, 0.0, 0.0, 0.0, 70.0, 130.0, 200.0, 200.0, 350.0, 500.0, 1000.0, 1300.0])
near_x = st.integers(0, 40).map(lambda k: 50.0 * k)
places = st.one_of(st.tuples(near_x, ys), st.tuples(xs, ys))
hours = st.sampled_from([ALWAYS, NEVER, DAY_ONLY, NIGHT_ONLY, HOLIDAY_ONLY])
offers = st.sampled_from([(), ("water",), ("toilet",), SERVICES])


@st.composite
def drawings(draw):
    stations = draw(st.lists(places, max_size=5))
    n = len(stations)
    return Drawn(
        mode=draw(st.sampled_from(["walk", "bicycle"])),
        people=draw(st.lists(places, min_size=1, max_size=8)),
        stations=stations,
        services=draw(st.lists(offers, min_size=n, max_size=n)),
        open=draw(st.lists(hours, min_size=n, max_size=n)),
        counts=draw(st.lists(st.booleans(), min_size=n, max_size=n)),
    )


def search(drawn, limit_s):
    stations, demand = draw_points(*drawn.stations, prefix="S"), draw_points(*drawn.people, prefix="D")
    times = travel_times(river(), stations, demand, mode=drawn.mode, limit_s=limit_s, threads=1)
    return stations, demand, times


def pairs_of(times):
    found = {}
    for s in range(len(times.facility_ids)):
        for pair in range(times.indptr[s], times.indptr[s + 1]):
            found[s, int(times.indices[pair])] = float(times.seconds[pair])
    return found


WHATS, SLOTS = (*SERVICES, ANY, FULL), (None, NOON, NIGHT, len(HOUR) - 1)
CUTOFFS = st.sampled_from([30.0, 300.0, 900.0])
OWN = st.sampled_from([{}, {"toilet": 150.0}, {"water": 900.0, "toilet": 15.0}])
REQUIRED = st.sampled_from([(), ("water",), ("water", "toilet"), ("toilet", "water")])


def compare_with_loops(drawn, cutoff_s, own, required, away, asked):
    """Compare the reasons for these services and slots with those of the loops, and with who is served."""
    stations, demand, times = search(drawn, 900.0)
    _, _, far = search(drawn, 1e6)
    endless = {"pairs": pairs_of(far), "station status": far.facility_snaps["status"].tolist()}
    status, seconds = times.demand_snaps["status"].tolist(), pairs_of(times)
    speed_mps = {"walk": 4.8, "bicycle": 12.0}[drawn.mode] / 3.6
    away = np.array(away[: len(demand)])
    offer = make_offer(stations, drawn.services, drawn.open, drawn.counts)
    needs = Needs(SERVICES, required, own)
    served = serve(times, offer, needs, cutoff_s)

    def spatial(point, within_s):
        return why_no_station(drawn, point, within_s, status, endless, speed_mps)

    def one(point, what, slots):
        return why_not(drawn, point, what, own.get(what, cutoff_s), slots, seconds, spatial)

    def full(point, slots):
        for what in required or ("any",):
            if one(point, what, slots):
                return one(point, what, slots)
        at_once = any(all(one(point, what, [slot]) is None for what in required) for slot in slots)
        return None if at_once else "closed_then"

    met = set()
    for what, slot in asked:
        slots = range(WEEK.n_ordinary) if slot is None else [slot]
        told = [full(p, slots) if what == FULL else one(p, what, slots) for p in range(len(demand))]
        options = {"cutoff_s": cutoff_s, "needs": needs, "service": what, "slot": slot}
        said = explain_unserved(times, demand, river(), stations, offer, **options)
        assert said.tolist() == told
        full_up = explain_unserved(times, demand, river(), stations, offer, turned_away=away, **options)
        assert full_up.tolist() == [
            word or ("capacity_full" if gone else None) for word, gone in zip(told, away, strict=True)
        ]
        there = served.ever(what) if slot is None else served.at(what, slot)
        assert said.isna().tolist() == there.tolist()
        met |= {*told, *full_up}
    return met


def draw_crowd(seed):
    """Thirty people and four stations anywhere on the map and around it."""
    rng = np.random.default_rng(seed)

    def places(n):
        x = np.where(rng.random(n) < 0.7, rng.integers(0, 30, n), rng.integers(-14, 110, n)) * 50.0
        y = rng.choice([-300.0, -50.0, 0.0, 0.0, 0.0, 70.0, 130.0, 200.0, 350.0, 500.0, 1000.0, 1300.0], n)
        return list(zip(x.tolist(), y.tolist(), strict=True))

    return Drawn(
        mode=["walk", "bicycle"][seed % 2],
        people=places(30),
        stations=places(4),
        services=[[(), ("water",), ("toilet",), SERVICES][k] for k in rng.integers(0, 4, 4)],
        open=[[ALWAYS, NEVER, DAY_ONLY, NIGHT_ONLY, HOLIDAY_ONLY][k] for k in rng.integers(0, 5, 4)],
        counts=(rng.random(4) < 0.7).tolist(),
    )


def test_reasons_are_those_of_plain_loops_over_all_pairs():
    met = set()
    for seed in range(5):
        away = np.random.default_rng(seed).random(30) < 0.5
        own, required = [{}, {"toilet": 150.0}][seed % 2], [("water", "toilet"), ("toilet",), ()][seed % 3]
        asked = [(ANY, NIGHT), (FULL, None), (FULL, NOON), ("toilet", NIGHT), ("water", len(HOUR) - 1)]
        met |= compare_with_loops(draw_crowd(seed), 900.0 - 50.0 * seed, own, required, away, asked)
    assert met == {None, *SERVICE_REASONS}


@pytest.mark.slow
@settings(max_examples=60)
@given(drawings(), CUTOFFS, OWN, REQUIRED, st.lists(st.booleans(), min_size=8, max_size=8))
def test_reasons_are_those_of_plain_loops_whatever_is_asked(drawn, cutoff_s, own, required, away):
    compare_with_loops(drawn, cutoff_s, own, required, away, itertools.product(WHATS, SLOTS))


@pytest.mark.parametrize("seed", range(4))
def test_uncovered_points_have_the_spatial_reason_of_plain_loops(seed):
    drawn, cutoff_s = draw_crowd(100 + seed), [120.0, 300.0, 600.0, 900.0][seed]
    stations, demand, times = search(drawn, 900.0)
    _, _, far = search(drawn, 1e6)
    endless = {"pairs": pairs_of(far), "station status": far.facility_snaps["status"].tolist()}
    status, seconds = times.demand_snaps["status"].tolist(), pairs_of(times)
    speed_mps = {"walk": 4.8, "bicycle": 12.0}[drawn.mode] / 3.6
    told = []
    for point in range(len(demand)):
        covered = any(seconds.get((s, point), math.inf) <= cutoff_s for s in range(len(stations)))
        told.append(None if covered else why_no_station(drawn, point, cutoff_s, status, endless, speed_mps))
    coverage = measure_coverage(times, demand, cutoff_s)
    assert explain_uncovered(coverage, demand, river(), stations).tolist() == told
