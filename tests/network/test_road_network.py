"""What a RoadNetwork holds and refuses."""

import dataclasses

import geopandas as gpd
import numpy as np
import pytest
import shapely

from coverage_planner.errors import CrsError, NetworkError
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import DEFAULT_MODES
from drawn import CRS, draw_network, draw_roads

PLACES = {"A": (0, 0), "B": (100, 0), "C": (100, 100)}
NETWORK = draw_network(PLACES, [("ABC", {}), ("AC", {"highway": "footway"})])


def test_a_network_has_a_graph_per_mode():
    assert set(NETWORK.graphs) == set(DEFAULT_MODES)
    assert NETWORK.graph("walk") is NETWORK.graphs["walk"]
    with pytest.raises(
        NetworkError, match=r"must be built for mode 'boat', it has \['bicycle', 'drive', 'ebike', 'walk'"
    ):
        NETWORK.graph("boat")


def test_a_network_of_one_mode():
    network = build_network(draw_roads(PLACES, [("ABC", {})]), modes={"walk": DEFAULT_MODES["walk"]})
    assert list(network.graphs) == ["walk"]


def test_allowed_is_in_any_direction():
    network = draw_network(PLACES, [("AB", {"oneway": "yes"}), ("BC", {"oneway": "-1"}), ("AC", {"highway": "steps"})])
    assert network.graph("drive").allowed.tolist() == (network.edges["highway"] != "steps").tolist()
    assert network.graph("walk").allowed.all()


def test_the_obstacles_are_prepared_once():
    assert NETWORK.obstacle_index is NETWORK.obstacle_index


def test_the_crs_is_that_of_the_edges():
    assert NETWORK.crs == CRS


def test_the_adjacency_lists_the_arcs_of_each_node_and_back():
    for graph in NETWORK.graphs.values():
        arcs = {
            (tail, head, weight)
            for tail in range(len(NETWORK.nodes))
            for head, weight in zip(
                graph.heads[graph.indptr[tail] : graph.indptr[tail + 1]],
                graph.weights_ms[graph.indptr[tail] : graph.indptr[tail + 1]],
                strict=True,
            )
        }
        back = {
            (tail, head, weight)
            for head in range(len(NETWORK.nodes))
            for tail, weight in zip(
                graph.reverse_heads[graph.reverse_indptr[head] : graph.reverse_indptr[head + 1]],
                graph.reverse_weights_ms[graph.reverse_indptr[head] : graph.reverse_indptr[head + 1]],
                strict=True,
            )
        }
        assert arcs == back


def test_nodes_lie_along_the_curve_so_that_near_numbers_are_near_places():
    rng = np.random.default_rng(2)
    places = {str(k): tuple(xy) for k, xy in enumerate(rng.uniform(0, 5000, (400, 2)))}
    network = draw_network(places, [([str(k), str((k + 1) % 400), str((7 * k) % 400)], {}) for k in range(400)])
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    step = np.hypot(*np.diff(xy, axis=0).T)
    assert np.median(step) < 0.25 * 5000 / np.sqrt(2), "random order would give half the side of the square"


def test_edges_must_join_existing_nodes():
    wrong = NETWORK.edges.assign(v=np.int32(9))
    with pytest.raises(NetworkError, match=r"edges must join nodes 0 to \d+, got 0 to 9"):
        dataclasses.replace(NETWORK, edges=wrong)


def test_every_mode_must_have_a_time_per_edge():
    short = dataclasses.replace(NETWORK.graph("walk"), forward_ms=np.zeros(1, dtype=np.int32))
    with pytest.raises(NetworkError, match="graph 'walk' must have one time per edge and direction, got 1 and 2 for 2"):
        dataclasses.replace(NETWORK, graphs={"walk": short})


def test_every_mode_must_have_a_delay_per_node():
    short = dataclasses.replace(NETWORK.graph("walk"), delay_ms=np.zeros(1, dtype=np.int32))
    with pytest.raises(NetworkError, match="graph 'walk' must have one delay per node, got 1 for 2 nodes"):
        dataclasses.replace(NETWORK, graphs={"walk": short})


def test_a_network_must_be_metric():
    degrees = gpd.GeoDataFrame(NETWORK.edges.drop(columns="geometry"), geometry=NETWORK.edges.geometry.to_numpy())
    with pytest.raises(CrsError, match=r"network\.edges must be in a projected CRS in metres, got none"):
        dataclasses.replace(NETWORK, edges=degrees)
    with pytest.raises(CrsError, match="got EPSG:4326"):
        dataclasses.replace(NETWORK, edges=degrees.set_crs("EPSG:4326"))
