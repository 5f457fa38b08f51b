"""Couriers who walk the last leg, against a graph of one's own and against riders and walkers."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawn import draw_roads

from coverage_planner.network.build import build_network
from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.sources.roads import read_roads
from coverage_planner.traveltime.engine import search_nodes

#: Kind of street -> tags, and km/h forth and back of courier, e-bike and walker, written down by hand.
KINDS = {
    "street": ({}, (15, 15), (15, 15), (4.8, 4.8)),
    "one-way": ({"oneway": "yes"}, (15, 4.8), (15, 0), (4.8, 4.8)),
    "contraflow": ({"oneway": "yes", "cycleway": "opposite_lane"}, (15, 15), (15, 15), (4.8, 4.8)),
    "footway": ({"highway": "footway"}, (4.8, 4.8), (0, 0), (4.8, 4.8)),
    "steps": ({"highway": "steps"}, (0, 0), (0, 0), (4.8, 4.8)),
    "dismount": ({"highway": "footway", "bicycle": "dismount"}, (4.8, 4.8), (4.8, 4.8), (4.8, 4.8)),
    "motorway": ({"highway": "motorway"}, (0, 0), (0, 0), (0, 0)),
    "no walking": ({"highway": "cycleway", "foot": "no", "oneway": "yes"}, (15, 0), (15, 0), (0, 0)),
}
PLACES = {name: (200.0 * (k % 3) + 10 * (k % 2), 150.0 * (k // 3)) for k, name in enumerate("ABCDEF")}
PAIRS = ["AB", "BC", "DE", "EF", "AD", "BE", "CF", "BD", "CE"]
MODES = {name: PRESET_MODES[name] for name in ("courier", "ebike", "walk")}


def engine_times(network, mode):
    graph, n_nodes = network.graph(mode), len(network.nodes)
    indptr, heads, ms = search_nodes(graph, np.arange(n_nodes), limit_ms=10**7, threads=1)
    times = np.full((n_nodes, n_nodes), np.inf)
    times[np.repeat(np.arange(n_nodes), np.diff(indptr)), heads] = ms / 1000
    return times


@settings(max_examples=12)
@given(kinds=st.lists(st.sampled_from(list(KINDS)), min_size=len(PAIRS), max_size=len(PAIRS)))
def test_times_are_those_of_a_graph_of_ones_own(kinds):
    roads = draw_roads(PLACES, [(pair, KINDS[kind][0]) for pair, kind in zip(PAIRS, kinds, strict=True)])
    if all(kind == "motorway" for kind in kinds):
        return
    network = build_network(roads, modes=MODES, small_component_m=0)
    names = ["ABCDEF"[node_id - 1] for node_id in network.nodes["node_id"]]
    found = {}
    for column, mode in enumerate(MODES, start=1):
        by_hand = nx.DiGraph()
        by_hand.add_nodes_from(PLACES)
        for (a, b), kind in zip(PAIRS, kinds, strict=True):
            length = np.hypot(*np.subtract(PLACES[a], PLACES[b]))
            for tail, head, kph in zip((a, b), (b, a), KINDS[kind][column], strict=True):
                if kph:
                    by_hand.add_edge(tail, head, seconds=length / (kph / 3.6))
        reached = dict(nx.all_pairs_dijkstra_path_length(by_hand, weight="seconds"))
        expected = np.array([[reached[a].get(b, np.inf) for b in names] for a in names])
        found[mode] = engine_times(network, mode)
        np.testing.assert_allclose(found[mode], expected, atol=0.02)
    assert (found["courier"] <= found["ebike"]).all()
    if "steps" not in kinds:
        assert (found["courier"] <= found["walk"]).all()


@pytest.mark.slow
@pytest.mark.real_data
def test_couriers_in_real_streets_are_never_slower_than_riders(real_data):
    """Shenzhen Longgang: every street each way, and what getting off opens."""
    network = build_network(read_roads(real_data / "osm" / "shenzhen_longgang.osm"), modes=MODES)
    courier, ebike, walk = (network.graph(mode) for mode in MODES)
    lengths_m = network.edges["length_m"].to_numpy()
    steps = network.edges["highway"].isin(["steps", "elevator", "corridor"]).to_numpy()
    for way in ("forward_ms", "backward_ms"):
        of_courier, of_ebike, of_walk = (getattr(graph, way) for graph in (courier, ebike, walk))
        assert (of_courier[of_ebike >= 0] == of_ebike[of_ebike >= 0]).all()
        opened = (of_ebike < 0) & (of_walk >= 0) & ~steps
        assert (of_courier[opened] == of_walk[opened]).all()
        assert (of_courier[(of_ebike < 0) & ~opened] < 0).all()
    assert lengths_m[courier.allowed].sum() > lengths_m[ebike.allowed].sum()
