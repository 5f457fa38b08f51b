"""Which nodes cost a mode time: junctions, signals and where their delay is put; and journeys that pay it once."""

import itertools
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace

import networkx as nx
import numpy as np
import osmium
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import NetworkError
from coverage_planner.network.access import barrier_blocks, rate_segments
from coverage_planner.network.build import build_network
from coverage_planner.network.delays import SIGNAL_REACH_M, find_signals
from coverage_planner.network.modes import Mode
from coverage_planner.sources.roads import read_roads
from drawn import draw_roads

WALK = Mode("walk", "foot", 4.8)
STROLL = Mode("stroll", "foot", 4.8, junction_delay_s=1.0, signal_delay_s=9.0)
RIDE = Mode("ride", "bicycle", 15.0, junction_delay_s=2.0, signal_delay_s=15.0)
DRIVE = Mode("drive", "motorcar", 36.0, junction_delay_s=4.0, signal_delay_s=30.0)
MODES = {mode.name: mode for mode in (WALK, STROLL, RIDE, DRIVE)}
PLACES = {"A": (0.0, 0.0), "B": (100.0, 0.0), "C": (200.0, 0.0), "D": (300.0, 0.0), "E": (100.0, 100.0)}
SIGNAL = {"highway": "traffic_signals"}
ONEWAY = {"oneway": "yes"}


def build(places, ways, signals=None, modes=None):
    return build_network(draw_roads(places, ways, barriers=signals or {}), modes=modes or MODES, small_component_m=0.0)


def delays(network, mode, places=PLACES):
    """Place -> seconds at each of its nodes, sorted; places that lie inside an edge are left out."""
    names = dict(enumerate(places, start=1))
    found = {}
    for node_id, delay_ms in zip(network.nodes["node_id"], network.graph(mode).delay_ms, strict=True):
        found.setdefault(names[node_id], []).append(delay_ms / 1000)
    return {name: sorted(seconds) for name, seconds in sorted(found.items())}


def waits(network, mode, places=PLACES):
    """Place -> seconds, where any."""
    return {name: max(seconds) for name, seconds in delays(network, mode, places).items() if max(seconds)}


def journeys(network, mode, *, reverse=False):
    """A function: node id -> {node id: seconds to get there}, over the adjacency of the mode; neither end is passed.

    With `reverse` it is the adjacency of entering arcs, and the seconds are those of the way back.
    """
    graph = network.graph(mode)
    indptr, heads, weights = (
        (graph.reverse_indptr, graph.reverse_heads, graph.reverse_weights_ms)
        if reverse
        else (graph.indptr, graph.heads, graph.weights_ms)
    )
    arcs = nx.DiGraph()
    arcs.add_nodes_from(range(len(network.nodes)))
    tails = np.repeat(np.arange(len(network.nodes)), np.diff(indptr))
    arcs.add_weighted_edges_from(zip(tails.tolist(), heads.tolist(), (weights / 1000).tolist(), strict=True))
    node_ids = network.nodes["node_id"].tolist()

    def search(start):
        best = {}
        for here in [row for row, node_id in enumerate(node_ids) if node_id == start]:
            for there, passed in nx.single_source_dijkstra_path_length(arcs, here).items():
                seconds = passed - graph.delay_ms[there] / 1000
                best[node_ids[there]] = min(best.get(node_ids[there], np.inf), seconds)
        return best | {start: 0.0}

    return search


# ---------------------------------------------------------------------------------------------------------------------
# Junctions
# ---------------------------------------------------------------------------------------------------------------------


def test_without_delays_nothing_is_lost_anywhere():
    network = build(PLACES, [("ABCD", {}), ("BE", {})], {"B": SIGNAL}, {"walk": WALK})
    graph = network.graph("walk")
    assert graph.delay_ms.dtype == np.int32
    assert graph.delay_ms.tolist() == [0] * 4
    assert sorted(graph.weights_ms) == sorted(np.concatenate([graph.forward_ms, graph.backward_ms]))


def test_a_junction_is_where_three_arms_meet():
    network = build(PLACES, [("ABCD", {}), ("BE", {})])
    assert delays(network, "drive") == {"A": [0], "B": [4], "D": [0], "E": [0]}
    assert delays(network, "ride")["B"] == [2]
    assert delays(network, "stroll")["B"] == [1]
    assert delays(network, "walk")["B"] == [0]


def test_a_footway_makes_no_junction_for_those_who_may_not_use_it():
    network = build(PLACES, [("ABC", {}), ("BE", {"highway": "footway"})])
    assert waits(network, "drive") == waits(network, "ride") == {}
    assert waits(network, "stroll") == {"B": 1}


def test_a_one_way_arm_counts_whichever_way_it_runs():
    for oneway in ("yes", "-1"):
        network = build(PLACES, [("ABC", {}), ("BE", {"oneway": oneway})])
        assert waits(network, "drive") == {"B": 4}


def test_a_loop_has_two_arms():
    network = build(PLACES, [("AB", {}), (["B", (150, 50), (50, 50), "B"], {})])
    assert waits(network, "drive") == {"B": 4}


def test_the_arcs_hold_the_delay_of_the_node_that_they_arrive_at():
    network = build(PLACES, [("ABCD", {}), ("BE", {}), ("EC", ONEWAY)])
    for mode, one in MODES.items():
        graph = network.graph(mode)
        for indptr, heads, weights, up, down in (
            (graph.indptr, graph.heads, graph.weights_ms, graph.forward_ms, graph.backward_ms),
            (graph.reverse_indptr, graph.reverse_heads, graph.reverse_weights_ms, graph.backward_ms, graph.forward_ms),
        ):
            expected = []
            for u, v, there, back in zip(network.edges["u"], network.edges["v"], up, down, strict=True):
                expected += [(u, v, there + graph.delay_ms[v])] if there >= 0 else []
                expected += [(v, u, back + graph.delay_ms[u])] if back >= 0 else []
            tails = np.repeat(np.arange(len(network.nodes)), np.diff(indptr))
            assert sorted(zip(tails, heads, weights, strict=True)) == sorted(expected), mode
            assert weights.dtype == np.int32
        assert sum(graph.delay_ms) == 2000 * one.junction_delay_s


def test_a_street_and_a_delay_longer_than_the_clock_are_refused():
    roads = draw_roads(PLACES, [("ABC", {}), ("BE", {})])
    roads.segments["length_m"] = 1_073_741.0
    with pytest.raises(NetworkError, match=r"a street with the delay at its end must take less than 298 hours; 3 do"):
        build_network(roads, modes={"crawl": Mode("crawl", "foot", 3.6, junction_delay_s=1)})


# ---------------------------------------------------------------------------------------------------------------------
# Signals
# ---------------------------------------------------------------------------------------------------------------------


def test_a_signal_in_the_middle_of_a_street_stays_a_node():
    network = build(PLACES, [("ABC", {})], {"B": SIGNAL})
    assert delays(network, "drive") == {"A": [0], "B": [30], "C": [0]}
    assert delays(network, "ride")["B"] == [15]
    assert delays(network, "walk")["B"] == [0], "the network is one for all modes"
    assert len(network.edges) == 2


def test_a_signal_disappears_into_the_street_where_no_mode_waits_for_it():
    only_junctions = {"drive": replace(DRIVE, signal_delay_s=0.0), "walk": WALK}
    for modes in (only_junctions, {"walk": WALK}):
        assert len(build(PLACES, [("ABC", {})], {"B": SIGNAL}, modes).edges) == 1


def test_a_signal_at_a_junction_counts_instead_of_it_the_larger_of_the_two():
    ways = [("ABC", {}), ("BE", {})]
    assert waits(build(PLACES, ways, {"B": SIGNAL}), "drive") == {"B": 30}
    slow = {"drive": replace(DRIVE, junction_delay_s=50.0)}
    assert waits(build(PLACES, ways, {"B": SIGNAL}, slow), "drive") == {"B": 50}
    free = {"drive": replace(DRIVE, signal_delay_s=0.0)}
    assert waits(build(PLACES, ways, {"B": SIGNAL}, free), "drive") == {"B": 4}


def test_nobody_passes_a_signal_at_a_dead_end_or_beside_the_street():
    network = build(PLACES, [("ABC", {}), ("DE", {"highway": "footway"})], {"A": SIGNAL, "E": SIGNAL})
    assert waits(network, "drive") == {}
    assert waits(network, "stroll") == {}


def test_a_signal_on_a_ring_without_junctions():
    square = {"A": (0, 0), "B": (90, 0), "C": (90, 90), "D": (0, 90)}
    network = build(square, [("ABCDA", {})], {"C": SIGNAL})
    assert delays(network, "drive", square) == {"C": [30]}
    assert (network.edges["u"] == network.edges["v"]).all()


def test_a_signal_on_a_ring_without_length_is_looked_round_once():
    square = {"A": (0, 0), "B": (9, 0), "C": (9, 9), "D": (0, 9)}
    roads = draw_roads(square, [("ABCDA", {})], barriers={"C": SIGNAL, "D": SIGNAL})
    roads.segments["length_m"] = 0.0
    assert waits(build_network(roads, modes=MODES), "drive", square) == {"C": 30, "D": 30}


@pytest.mark.parametrize(
    ("tags", "is_signal"),
    [
        ({"highway": "traffic_signals"}, True),
        ({"highway": "traffic_signals", "crossing": "zebra"}, True),
        ({"highway": "crossing", "crossing": "traffic_signals"}, True),
        ({"highway": "crossing", "crossing:signals": "yes"}, True),
        ({"highway": "crossing", "crossing": "marked", "crossing:signals": "no"}, False),
        ({"highway": "crossing", "crossing": "zebra"}, False),
        ({"highway": "crossing"}, False),
        ({"crossing": "traffic_signals"}, False),
        ({"barrier": "gate"}, False),
        ({"highway": "Traffic_Signals"}, True),
        ({"highway": "crossing; traffic_signals"}, True),
        ({"highway": "crossing", "crossing": "traffic_signals;marked"}, True),
        ({"highway": "crossing", "crossing": "no_traffic_signals"}, False),
        ({}, False),
    ],
)
def test_what_is_a_signal(tags, is_signal):
    table = pd.DataFrame([tags, {"highway": "crossing"}, {}])
    assert find_signals(table).tolist() == [is_signal, False, False]


def test_a_car_waits_at_a_signal_for_people_on_foot():
    crossing = {"highway": "crossing", "crossing": "traffic_signals"}
    network = build(PLACES, [("ABC", {}), ("BE", {"highway": "footway"})], {"B": crossing})
    assert waits(network, "drive") == {"B": 30}
    assert waits(network, "stroll") == {"B": 9}


# ---------------------------------------------------------------------------------------------------------------------
# Signals that are mapped on the approaches of a junction
# ---------------------------------------------------------------------------------------------------------------------

#   W---w---J---e---X   w and e lie 20 m from J, f 40 m
#           |
#           n
#           |
#           N
CROSS = {
    "W": (-200.0, 0.0), "w": (-20.0, 0.0), "J": (0.0, 0.0), "e": (20.0, 0.0), "f": (40.0, 0.0), "X": (200.0, 0.0),
    "n": (0.0, 20.0), "N": (0.0, 200.0),
}  # fmt: skip


def test_signals_on_two_way_approaches_are_those_of_the_junction():
    signals = dict.fromkeys("wen", SIGNAL)
    network = build(CROSS, [("WwJeX", {}), ("JnN", {})], signals)
    assert waits(network, "drive", CROSS) == {"J": 30}
    assert len(network.edges) == 3, "nobody waits on the approaches, so they are parts of their streets"


def test_a_signal_far_from_the_junction_stays_where_it_is():
    network = build(CROSS, [("WJfX", {}), ("JN", {})], {"f": SIGNAL})
    assert waits(network, "drive", CROSS) == {"J": 4, "f": 30}


@pytest.mark.parametrize(("metres", "belongs"), [(SIGNAL_REACH_M, True), (SIGNAL_REACH_M + 0.5, False)])
def test_how_far_a_signal_may_stand_from_its_junction(metres, belongs):
    places = {**CROSS, "s": (metres / 2, metres / 2)}
    network = build(places, [(["W", "J", (metres / 2, 0), "s", "X"], {}), ("JN", {})], {"s": SIGNAL})
    assert waits(network, "drive", places) == ({"J": 30} if belongs else {"J": 4, "s": 30})


def test_the_way_to_the_junction_leads_through_further_nodes():
    network = build(CROSS, [("WJ", {}), ("Je", {}), ("efX", {}), ("JN", {})], {"f": SIGNAL, "e": {"barrier": "gate"}})
    assert waits(network, "drive", CROSS) == {"J": 4, "f": 30}, "40 m"
    near = {**CROSS, "f": (25.0, 0.0)}
    network = build(near, [("WJ", {}), ("Je", {}), ("efX", {}), ("JN", {})], {"f": SIGNAL, "e": {"barrier": "gate"}})
    assert waits(network, "drive", near) == {"J": 30}, "25 m"


def test_a_one_way_approach_keeps_its_signal_where_the_junction_has_none():
    ways = [("WwJ", ONEWAY), ("JeX", ONEWAY), ("JnN", {})]
    assert waits(build(CROSS, ways, {"w": SIGNAL}), "drive", CROSS) == {"J": 4, "w": 30}
    for others in ({"J": SIGNAL}, {"n": SIGNAL}):
        network = build(CROSS, ways, {"w": SIGNAL, "e": SIGNAL, **others})
        assert waits(network, "drive", CROSS) == {"J": 30}, "a passage pays once"


def test_a_signal_between_two_junctions_belongs_to_the_nearer_one():
    places = {**CROSS, "K": (48.0, 0.0), "M": (48.0, 90.0)}
    network = build(places, [("WJeKX", {}), ("JN", {}), ("KM", {})], {"e": SIGNAL})
    assert waits(network, "drive", places) == {"J": 30, "K": 4}
    places["K"] = (38.0, 0.0)
    network = build(places, [("WJeKX", {}), ("JN", {}), ("KM", {})], {"e": SIGNAL})
    assert waits(network, "drive", places) == {"J": 4, "K": 30}


def test_of_two_junctions_equally_near_the_one_of_the_lower_id_has_the_signal():
    places = {**CROSS, "K": (40.0, 0.0), "M": (40.0, 90.0)}
    for ways in ([("WJ", {}), ("JeK", {}), ("KX", {})], [("XK", {}), ("KeJ", {}), ("JW", {})]):
        network = build(places, [*ways, ("JN", {}), ("KM", {})], {"e": SIGNAL})
        assert waits(network, "drive", places) == {"J": 30, "K": 4}


def test_what_belongs_to_a_junction_is_asked_for_each_mode():
    # the footway at e makes it a junction of people on foot, who wait there; cars wait at J; where bicycles may not use
    # the side street, J is no junction for them and the signal stays where it is mapped
    places = {**CROSS, "Z": (20.0, -90.0)}
    ways = [("WJeX", {}), ("JN", {"bicycle": "no"}), ("eZ", {"highway": "footway"})]
    network = build(places, ways, {"e": SIGNAL})
    assert waits(network, "drive", places) == {"J": 30}
    assert waits(network, "ride", places) == {"e": 15}
    assert waits(network, "stroll", places) == {"J": 1, "e": 9}


def test_no_signal_is_moved_past_a_barrier_that_stops_the_mode():
    places = {**CROSS, "f": (10.0, 0.0)}
    network = build(places, [("WJfeX", {}), ("JN", {})], {"e": SIGNAL, "f": {"barrier": "bollard"}})
    assert waits(network, "drive", places) == {"J": 4, "e": 30}
    assert waits(network, "ride", places) == {"J": 15}


# ---------------------------------------------------------------------------------------------------------------------
# Barriers that stop some mode
# ---------------------------------------------------------------------------------------------------------------------


def test_a_junction_with_a_bollard_costs_those_who_pass_once_and_others_nothing():
    network = build(PLACES, [("ABC", {}), ("BE", {})], {"B": {"barrier": "bollard"}})
    assert delays(network, "drive")["B"] == [0, 0, 0]
    assert delays(network, "ride")["B"] == [0, 0, 2]
    for a, b in ((1, 3), (1, 5), (3, 5), (3, 1), (5, 1), (5, 3)):
        assert journeys(network, "ride")(a)[b] == pytest.approx(48 + 2, abs=0.002)
        assert journeys(network, "ride", reverse=True)(b)[a] == pytest.approx(48 + 2, abs=0.002)


def test_a_bollard_on_a_street_makes_no_junction_of_it():
    network = build(PLACES, [("ABC", {})], {"B": {"barrier": "bollard"}})
    assert delays(network, "ride")["B"] == [0, 0]
    signalised = build(PLACES, [("ABC", {})], {"B": {"barrier": "bollard", **SIGNAL}})
    assert delays(signalised, "ride")["B"] == [0, 15]
    assert delays(signalised, "drive")["B"] == [0, 0]
    assert journeys(signalised, "ride")(1)[3] == pytest.approx(48 + 15, abs=0.002)


# ---------------------------------------------------------------------------------------------------------------------
# Whole networks
# ---------------------------------------------------------------------------------------------------------------------

NODES = st.sampled_from([SIGNAL, SIGNAL, {"barrier": "bollard"}, {"barrier": "bollard", **SIGNAL}, {"barrier": "wall"}])
TAGS = st.sampled_from([{}, {}, {}, {"oneway": "yes"}, {"oneway": "-1"}, {"highway": "footway"}, {"maxspeed": "20"}])
XY = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda xy: (50.0 * xy[0], 50.0 * xy[1]))


@st.composite
def drawings(draw):
    """Roads whose nodes lie at least 50 m apart along every street, so that no signal is near a junction."""
    xy = draw(st.lists(XY, min_size=2, max_size=9, unique=True))
    places = {chr(ord("A") + k): place for k, place in enumerate(xy)}
    stops = st.one_of(st.sampled_from([*places]), st.sampled_from([*places]), XY)
    ways = [("AB", {})]
    for _ in range(draw(st.integers(1, 7))):
        drawn = [draw(st.sampled_from([*places])), *draw(st.lists(stops, max_size=5)), draw(st.sampled_from([*places]))]
        path = drawn[:1]
        for stop in drawn[1:]:
            if places.get(stop, stop) != places.get(path[-1], path[-1]):
                path.append(stop)
        while not isinstance(path[-1], str):
            path.pop()
        if len(path) > 1:
            ways.append((path, draw(TAGS)))
    nodes = draw(st.lists(st.sampled_from([*places]), unique=True, max_size=4))
    return draw_roads(places, ways, barriers={name: draw(NODES) for name in nodes})


def as_drawn(roads, mode):
    """The pieces as drawn, in networkx; a node is an "in" and an "out", joined by an edge of its delay.

    At a barrier that stops the mode each piece has an end of its own.
    """
    forward, backward = rate_segments(roads.segments, mode)
    tags = roads.nodes.set_index("node_id")
    signals = {node for node in tags.index if "highway" in tags and tags["highway"][node] == "traffic_signals"}
    stopped = set(tags.index[barrier_blocks(roads.nodes, mode)])
    arms = Counter()
    graph = nx.DiGraph()

    def add(a, b, seconds):
        if seconds < graph.get_edge_data(("out", a), ("in", b), {"seconds": np.inf})["seconds"]:
            graph.add_edge(("out", a), ("in", b), seconds=seconds)

    for row, piece in enumerate(roads.segments.itertuples()):
        u, v = ((end, row, side) if end in stopped else end for side, end in enumerate((piece.u, piece.v)))
        arms.update([u, v] if np.isfinite([forward[row], backward[row]]).any() else [])
        if np.isfinite(forward[row]):
            add(u, v, piece.length_m / forward[row] * 3.6)
        if np.isfinite(backward[row]):
            add(v, u, piece.length_m / backward[row] * 3.6)
    for node, count in arms.items():
        seconds = mode.junction_delay_s if count > 2 else 0.0
        graph.add_edge(("in", node), ("out", node), seconds=max(seconds, mode.signal_delay_s * (node in signals)))
    return graph, stopped


@pytest.mark.slow
@given(drawings())
@settings(max_examples=100, deadline=None)
def test_journeys_equal_those_on_the_pieces_as_drawn(roads):
    network = build_network(roads, modes=MODES, small_component_m=0.0)
    for name, mode in MODES.items():
        plain, stopped = as_drawn(roads, mode)
        ids = [node_id for node_id in sorted(set(network.nodes["node_id"])) if node_id not in stopped]
        for way, reverse in ((plain, False), (plain.reverse(), True)):
            start_side, end_side = ("in", "out") if reverse else ("out", "in")
            search = journeys(network, name, reverse=reverse)
            for start in ids[:3]:
                expected = {}
                if (start_side, start) in way:
                    expected = nx.single_source_dijkstra_path_length(way, (start_side, start), weight="seconds")
                found = search(start)
                for end in ids:
                    seconds = 0.0 if end == start else expected.get((end_side, end), np.inf)
                    assert found.get(end, np.inf) == pytest.approx(seconds, abs=0.02), (name, start, end, reverse)


@pytest.mark.slow
@given(drawings())
@settings(max_examples=50, deadline=None)
def test_junction_delays_change_no_street(roads):
    drive = replace(DRIVE, signal_delay_s=0.0)
    with_delays = build_network(roads, modes={"walk": WALK, "drive": drive}, small_component_m=0.0)
    without = build_network(
        roads, modes={"walk": WALK, "drive": replace(drive, junction_delay_s=0.0)}, small_component_m=0.0
    )
    assert with_delays.edges.equals(without.edges)
    assert with_delays.nodes.equals(without.nodes)
    assert with_delays.islands.equals(without.islands)
    for mode in ("walk", "drive"):
        one, other = with_delays.graph(mode), without.graph(mode)
        np.testing.assert_array_equal(one.forward_ms, other.forward_ms)
        np.testing.assert_array_equal(one.backward_ms, other.backward_ms)
        np.testing.assert_array_equal(one.heads, other.heads)
        np.testing.assert_array_equal(one.weights_ms, other.weights_ms + one.delay_ms[one.heads])
        np.testing.assert_array_equal(
            one.reverse_weights_ms, other.reverse_weights_ms + one.delay_ms[one.reverse_heads]
        )


# ---------------------------------------------------------------------------------------------------------------------
# Real data
# ---------------------------------------------------------------------------------------------------------------------

FOR_CARS = {
    "primary",
    "secondary",
    "tertiary",
    "trunk",
    "unclassified",
    "residential",
    "service",
    "living_street",
    "road",
}
FOR_CARS |= {"motorway", *(f"{name}_link" for name in ("motorway", "trunk", "primary", "secondary", "tertiary"))}


@pytest.mark.real_data
def test_signals_of_nanjing_are_those_that_its_file_has_on_streets_for_cars(real_data):
    path = real_data / "osm" / "nanjing_xinjiekou.osm"
    root = ET.parse(path).getroot()  # noqa: S314 - a file of our own
    tags = {thing: {tag.get("k"): tag.get("v") for tag in thing.iter("tag")} for thing in root}
    mapped = {
        int(node.get("id"))
        for node in root.iter("node")
        if tags[node].get("highway") == "traffic_signals" or tags[node].get("crossing") == "traffic_signals"
    }
    arms = Counter()
    for way in root.iter("way"):
        if tags[way].get("highway") in FOR_CARS and tags[way].get("access") not in {"no", "private"}:
            refs = [int(nd.get("ref")) for nd in way.iter("nd")]
            arms.update(refs[:-1] + refs[1:])
    passed = {node for node in mapped if arms[node] >= 2}
    assert len(mapped) == 15
    assert len(passed) == 7, "others are at the edge of the extract, or on paths"

    network = build_network(read_roads(path), modes={"drive": DRIVE})
    waiting = network.nodes["node_id"][network.graph("drive").delay_ms == 30_000]
    assert set(waiting) == passed


@pytest.mark.real_data
def test_every_junction_of_porto_with_a_signal_has_its_delay(real_data):
    path = real_data / "osm" / "porto_portugal.osm.pbf"
    mapped = {
        node.id
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE)
        if node.tags.get("highway") == "traffic_signals"
    }
    network = build_network(read_roads(path), modes={"drive": DRIVE})
    graph = network.graph("drive")
    degree = np.bincount(network.edges[["u", "v"]].to_numpy()[graph.allowed].ravel(), minlength=len(network.nodes))
    is_signal = network.nodes["node_id"].isin(mapped).to_numpy()
    assert len(mapped) == 309
    assert (graph.delay_ms[is_signal & (degree >= 3)] == 30_000).all()
    assert (is_signal & (degree >= 3)).sum() > 200
    assert ((degree >= 3) == (graph.delay_ms > 0))[degree != 2].all()


def signals_paid(network, mode):
    """Signals paid by 900 fastest journeys for each place that they pass: those less than 50 m apart are one place."""
    graph = network.to_networkx(mode)
    heart = sorted(max(nx.strongly_connected_components(graph), key=len))
    rng = np.random.default_rng(3)
    paid = places = 0
    for start in rng.choice(heart, 30):
        _, paths = nx.single_source_dijkstra(graph, int(start), weight="time_s")
        for end in rng.choice(heart, 30):
            walked_m, at = 0.0, []
            for here, there in itertools.pairwise(paths[int(end)]):
                walked_m += min(graph[here][there].values(), key=lambda street: street["time_s"])["length_m"]
                if graph.nodes[there]["delay_s"] and there != end:
                    at.append(walked_m)
            paid += len(at)
            places += bool(at) + int((np.diff(at) > 50).sum())
    return paid / places


@pytest.mark.real_data
@pytest.mark.slow
def test_whoever_drives_through_oslo_pays_about_once_for_the_signals_of_a_place(real_data, monkeypatch):
    roads = read_roads(real_data / "osm" / "oslo-east-filtered.osm.pbf")
    modes = {"drive": replace(DRIVE, junction_delay_s=0.0)}
    placed = signals_paid(build_network(roads, modes=modes), "drive")
    monkeypatch.setattr("coverage_planner.network.delays.SIGNAL_REACH_M", 0.0)
    as_mapped = signals_paid(build_network(roads, modes=modes), "drive")
    assert 1.0 <= placed < 1.3
    assert as_mapped > 1.8, "the figures stand in docs/methods-network.md"
