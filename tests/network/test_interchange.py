"""Out to networkx and in from it: what is written, what comes back, what is refused."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings

from coverage_planner.errors import ConfigError, CrsError, NetworkError
from coverage_planner.network.build import build_network
from coverage_planner.network.interchange import from_networkx, to_networkx
from coverage_planner.network.modes import DEFAULT_MODES, Mode
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime.times import travel_times
from drawn import CRS, draw_network, draw_points, draw_roads
from strategies import networks, networks_with_delays

GO = Mode("go", "foot", 3.6)
A, B, C = (0.0, 0.0), (100.0, 0.0), (100.0, 100.0)


def make_graph(*edges, nodes=(A, B, C), kind=nx.MultiDiGraph, crs=CRS):
    """Edges (u, v, attributes) between numbered nodes."""
    graph = kind(crs=crs) if crs else kind()
    for number, (x, y) in enumerate(nodes):
        graph.add_node(number, x=x, y=y)
    graph.add_edges_from(edges)
    return graph


def read(graph, **options):
    options = {"modes": {"go": GO}, "time_attributes": {"go": "time_s"}} | options
    return from_networkx(graph, **options)


# ---------------------------------------------------------------------------------------------------------------------
# Out
# ---------------------------------------------------------------------------------------------------------------------


def test_what_is_written():
    places = {"A": A, "B": B, "C": C, "D": (0.0, 100.0)}
    network = draw_network(
        places,
        [(["A", (50, 9), "B"], {"name": "河街", "oneway": "yes"}), ("AC", {}), ("AD", {"highway": "footway"})],
    )
    graph = network.to_networkx("bicycle")
    assert isinstance(graph, nx.MultiDiGraph)
    assert graph.graph == {"crs": CRS, "mode": "bicycle", "source": "drawn"}
    assert sorted(graph) == list(range(len(network.nodes)))
    for node, data in graph.nodes(data=True):
        assert (data["x"], data["y"]) == network.nodes.geometry[node].coords[0]
        assert data["node_id"] == network.nodes["node_id"][node]
    assert len(graph.edges) == 3, "the one-way street once, the other twice, the footway not at all"
    (street,) = [(u, v, key, data) for u, v, key, data in graph.edges(keys=True, data=True) if data["name"] == "河街"]
    u, v, key, data = street
    row = network.edges.index[network.edges["name"] == "河街"][0]
    assert key == data["edge"] == row
    assert [graph.nodes[n]["node_id"] for n in (u, v)] == [1, 2]
    assert list(data["geometry"].coords) == [A, (50, 9), B], "in the direction of travel"
    assert data["length_m"] == data["length"] == pytest.approx(network.edges["length_m"][row])
    assert data["time_ms"] == round(data["length_m"] / 12 * 3600)
    assert data["time_s"] == data["time_ms"] / 1000
    assert data["highway"] == "residential"
    assert data["snappable"] is True
    for name in ("time_s", "length_m", "edge"):
        assert type(data[name]) in (int, float), "plain numbers, not numpy's"


@given(networks())
@settings(max_examples=60, deadline=None)
def test_each_allowed_direction_is_one_edge_with_its_time(network):
    graph = to_networkx(network, "go")
    mode = network.graph("go")
    assert len(graph.edges) == (mode.forward_ms >= 0).sum() + (mode.backward_ms >= 0).sum()
    for u, v, key, data in graph.edges(keys=True, data=True):
        row = data["edge"]
        ends = (network.edges["u"][row], network.edges["v"][row])
        assert (u, v) in (ends, ends[::-1])
        assert key == row or (u == v and key == row + len(network.edges))
        start, end = shapely.get_point(data["geometry"], 0), shapely.get_point(data["geometry"], -1)
        assert start.equals(network.nodes.geometry[u])
        assert end.equals(network.nodes.geometry[v])
        times = {(ends, mode.forward_ms[row]), (ends[::-1], mode.backward_ms[row])}
        assert ((u, v), data["time_ms"]) in times


def test_the_mode_must_exist():
    with pytest.raises(NetworkError, match="must be built for mode 'swim'"):
        draw_network({"A": A, "B": B}, [("AB", {})]).to_networkx("swim")


def test_osmnx_takes_the_graph():
    osmnx = pytest.importorskip("osmnx")
    network = draw_network({"A": A, "B": B, "C": C}, [("ABCA", {}), ("AC", {"oneway": "yes"})])
    graph = network.to_networkx("drive")
    nodes, edges = osmnx.convert.graph_to_gdfs(graph)
    assert nodes.crs == edges.crs == CRS
    assert edges["length"].sum() == pytest.approx(edges.geometry.length.sum())
    assert osmnx.routing.shortest_path(graph, 0, len(nodes) - 1, weight="time_s") is not None


# ---------------------------------------------------------------------------------------------------------------------
# There and back
# ---------------------------------------------------------------------------------------------------------------------


def describe(network, mode="go"):
    """The directed streets by what they are, without row numbers and without the way they were drawn."""
    graph = to_networkx(network, mode)
    return sorted(
        (data["time_ms"], round(data["length_m"], 6), tuple(data["geometry"].coords), data["snappable"])
        for _, _, data in graph.edges(data=True)
    )


@pytest.mark.slow
@given(networks())
@settings(max_examples=60, deadline=None)
def test_a_network_comes_back_as_it_was(network):
    back = read(to_networkx(network, "go"))
    assert describe(back) == describe(network)
    # two streets of one course, each one-way, are one street with two directions: the same for whoever travels
    assert len(back.edges) <= len(network.edges)
    assert sorted(back.nodes["node_id"]) == sorted(network.nodes["node_id"])
    sizes = [n.graph("go").component_length_m.sum() for n in (back, network)]
    assert sizes[0] == pytest.approx(sizes[1])


@pytest.mark.slow
@given(networks_with_delays())
@settings(max_examples=60, deadline=None)
def test_delays_come_back_at_their_nodes(network):
    graph = to_networkx(network, "go")
    written = {data["node_id"]: (data["delay_ms"], data["delay_s"]) for _, data in graph.nodes(data=True)}
    given_ms = dict(zip(network.nodes["node_id"].tolist(), network.graph("go").delay_ms.tolist(), strict=True))
    assert written == {node_id: (ms, ms / 1000) for node_id, ms in given_ms.items()}
    back = read(graph, delay_attributes={"go": "delay_s"})
    assert describe(back) == describe(network)
    assert dict(zip(back.nodes["node_id"].tolist(), back.graph("go").delay_ms.tolist(), strict=True)) == given_ms
    assert not read(graph).graph("go").delay_ms.any(), "nothing is read that is not named"
    assert all(type(data["delay_s"]) is float and type(data["delay_ms"]) is int for _, data in graph.nodes(data=True))


def test_delays_of_a_built_network_survive_the_journey():
    drive = dataclasses.replace(DEFAULT_MODES["drive"], junction_delay_s=3, signal_delay_s=20)
    places = {f"{c}{r}": (150.0 * c, 150.0 * r) for c in range(5) for r in range(4)}
    ways = [([f"{c}{r}" for c in range(5)], {"oneway": "yes"} if r % 2 else {}) for r in range(4)]
    ways += [([f"{c}{r}" for r in range(4)], {"highway": "footway"} if c == 2 else {}) for c in range(5)]
    signals = {"11": {"highway": "traffic_signals"}, "22": {"highway": "crossing", "crossing": "traffic_signals"}}
    network = build_network(draw_roads(places, ways, barriers=signals), modes={"drive": drive})
    back = from_networkx(
        network.to_networkx("drive"),
        modes={"drive": drive},
        time_attributes={"drive": "time_s"},
        delay_attributes={"drive": "delay_s"},
    )
    one, two = (dict(zip(n.nodes["node_id"], n.graph("drive").delay_ms, strict=True)) for n in (network, back))
    assert set(one.values()) == {0, 3_000, 20_000}
    assert two == {node_id: ms for node_id, ms in one.items() if node_id in two}
    assert {node_id for node_id, ms in one.items() if ms} <= set(two), "only nodes of footways are gone"
    assert sorted(back.graph("drive").weights_ms) == sorted(network.graph("drive").weights_ms)


def test_times_of_a_drawn_town_survive_the_journey():
    places = {f"{c}{r}": (150.0 * c, 150.0 * r) for c in range(5) for r in range(4)}
    ways = [([f"{c}{r}" for c in range(5)], {"oneway": "yes"} if r % 2 else {}) for r in range(4)]
    ways += [([f"{c}{r}" for r in range(4)], {"tunnel": "yes"} if c == 2 else {}) for c in range(5)]
    network = draw_network(places, ways)
    back = from_networkx(
        network.to_networkx("bicycle"),
        modes={"bicycle": DEFAULT_MODES["bicycle"]},
        time_attributes={"bicycle": "time_s"},
        small_component_m=0.0,
    )
    rng = np.random.default_rng(1)
    facilities, demand = (draw_points(*rng.uniform(-20, 620, (n, 2))) for n in (6, 60))
    one, two = (travel_times(n, facilities, demand, mode="bicycle", limit_s=400, threads=1) for n in (network, back))
    assert len(one.seconds) > 100
    np.testing.assert_array_equal(one.indices, two.indices)
    np.testing.assert_allclose(one.seconds, two.seconds, atol=0.002)  # a street may be drawn the other way now


# ---------------------------------------------------------------------------------------------------------------------
# In
# ---------------------------------------------------------------------------------------------------------------------


def test_opposite_edges_of_one_course_are_one_street_with_a_time_each_way():
    network = read(make_graph((0, 1, {"time_s": 10}), (1, 0, {"time_s": 30}), (1, 2, {"time_s": 5})))
    assert len(network.edges) == 2
    graph = network.graph("go")
    (street,) = [row for row in range(2) if graph.forward_ms[row] >= 0 and graph.backward_ms[row] >= 0]
    assert sorted((graph.forward_ms[street], graph.backward_ms[street])) == [10_000, 30_000]
    snapped = snap_points(network, draw_points((50, 5)), "go")
    assert snapped.edge.tolist() == [street]


def test_opposite_edges_of_other_length_or_course_stay_apart():
    bent = shapely.LineString([B, (50, 20), A])
    for other in ({"time_s": 30, "length_m": 130.0}, {"time_s": 30, "geometry": bent}):
        network = read(make_graph((0, 1, {"time_s": 10}), (1, 0, other)))
        assert len(network.edges) == 2
        assert (network.graph("go").backward_ms == -1).all()


def test_a_two_way_loop_is_one_street_and_a_one_way_loop_another():
    loop = shapely.LineString([A, (0, 50), (50, 50), A])
    both = read(make_graph((0, 0, {"time_s": 1, "geometry": loop}), (0, 0, {"time_s": 2, "geometry": loop.reverse()})))
    assert len(both.edges) == 1
    assert sorted((both.graph("go").forward_ms[0], both.graph("go").backward_ms[0])) == [1000, 2000]
    twice = read(make_graph((0, 0, {"time_s": 1, "geometry": loop}), (0, 0, {"time_s": 2, "geometry": loop})))
    assert sorted(twice.graph("go").forward_ms) == [1000, 2000]


def test_geometry_drawn_against_the_edge_is_turned():
    line = shapely.LineString([B, (50, 20), A])
    network = read(make_graph((0, 1, {"time_s": 10, "geometry": line})))
    start = network.nodes["node_id"][network.edges["u"][0]]
    assert start == 0
    assert list(network.edges.geometry[0].coords) == [A, (50, 20), B]


def test_what_is_missing_is_filled_in():
    network = read(make_graph((0, 1, {"time_s": 10}), (1, 2, {"time_s": 10, "length": 150.0, "highway": ["a", "b"]})))
    by_highway = network.edges.set_index(network.edges["highway"].fillna("none"))
    assert by_highway.loc["none", "length_m"] == 100
    assert by_highway.loc["none"].geometry.coords[:] in ([A, B], [B, A])
    assert by_highway.loc["a;b", "length_m"] == 150
    assert network.edges["name"].tolist() == [None, None]
    assert network.obstacles.empty
    assert network.source == "networkx graph"


def test_an_edge_without_the_attribute_is_closed_to_the_mode():
    modes = {"go": GO, "ride": Mode("ride", "bicycle", 12)}
    graph = make_graph((0, 1, {"t1": 10, "t2": 5}), (1, 2, {"t1": 10}), (2, 0, {"t1": None, "t2": 9}))
    network = RoadNetwork.from_networkx(graph, modes=modes, time_attributes={"go": "t1", "ride": "t2"})
    assert sorted(network.graph("go").forward_ms) == [-1, 10_000, 10_000]
    assert sorted(network.graph("ride").forward_ms) == [-1, 5_000, 9_000]


@pytest.mark.parametrize("kind", [nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph])
def test_every_kind_of_graph_is_read(kind):
    network = read(make_graph((0, 1, {"time_s": 10}), (1, 2, {"time_s": 5}), kind=kind))
    assert len(network.edges) == 2
    both_ways = kind in (nx.Graph, nx.MultiGraph)
    assert (network.graph("go").backward_ms >= 0).tolist() == [both_ways, both_ways]


def test_streets_that_nobody_steps_onto_stay_so():
    network = read(make_graph((0, 1, {"time_s": 10, "snappable": False}), (1, 2, {"time_s": 5})))
    assert sorted(network.graph("go").snappable) == [False, True]


def test_node_ids_come_from_the_attribute_the_label_or_a_count():
    def ids(graph):
        return sorted(read(graph).nodes["node_id"])

    graph = make_graph((0, 1, {"time_s": 10}))
    assert ids(graph) == [0, 1]
    assert ids(nx.relabel_nodes(graph, {0: 77, 1: 1_000_000_000_000})) == [77, 1_000_000_000_000]
    named = nx.relabel_nodes(graph, {0: "west", 1: "east"})
    assert ids(named) == [0, 1]
    nx.set_node_attributes(named, {"west": 5, "east": 6, 2: 7}, "node_id")
    assert ids(named) == [5, 6]


def test_obstacles_are_kept_in_the_crs_of_the_graph():
    import geopandas as gpd

    wall = gpd.GeoDataFrame({"kind": ["wall"]}, geometry=[shapely.LineString([(0, 5), (100, 5)])], crs=CRS)
    network = read(make_graph((0, 1, {"time_s": 10})), obstacles=wall, source="by hand")
    assert snap_points(network, draw_points((50, 9)), "go").status.tolist() == ["behind an obstacle"]
    assert network.source == "by hand"


# ---------------------------------------------------------------------------------------------------------------------
# Refused
# ---------------------------------------------------------------------------------------------------------------------

GOOD = (0, 1, {"time_s": 10})


@pytest.mark.parametrize(
    ("graph", "error", "message"),
    [
        (make_graph(GOOD, crs="EPSG:4326"), CrsError, "must be in a projected CRS in metres, got EPSG:4326"),
        (make_graph(GOOD, crs="EPSG:2263"), CrsError, "must be in metres, got a CRS in US survey foot"),
        (make_graph(GOOD, crs=None), CrsError, "must say its projected CRS"),
        (make_graph(), NetworkError, "the graph must have edges, got 3 nodes and none"),
        (make_graph(GOOD, nodes=(A, (np.nan, 0))), NetworkError, r"finite x and y in metres; not so in 1: 1; set"),
        (make_graph(GOOD, nodes=(A, ("east", 0))), NetworkError, "finite x and y in metres; not so in 1: 1"),
        (make_graph((0, 7, {"time_s": 1})), NetworkError, "finite x and y in metres; not so in 1: 7"),
        (make_graph(GOOD, (1, 2, {"time_s": -1.0})), NetworkError, r"time_s must be seconds.* 1: 1-2 \(0\)"),
        (make_graph(GOOD, (1, 2, {"time_s": np.nan})), NetworkError, r"time_s must be seconds.* 1: 1-2 \(0\)"),
        (make_graph(GOOD, (1, 2, {"time_s": "soon"})), NetworkError, r"time_s must be seconds.* 1: 1-2 \(0\)"),
        (make_graph(GOOD, (1, 2, {"time_s": 1e9})), NetworkError, r"below 1073741; not so in the edges 1: 1-2 \(0\)"),
        (make_graph((0, 1, {"seconds": 3})), NetworkError, "at least one edge must have the attribute 'time_s'"),
        (make_graph((0, 1, {"time_s": 3, "length_m": -1})), NetworkError, r"length_m must be finite.* 1: 0-1 \(0\)"),
        (make_graph((0, 1, {"time_s": 3, "length": "far"})), NetworkError, r"length_m must be finite.* 1: 0-1 \(0\)"),
        (
            make_graph((0, 1, {"time_s": 3, "geometry": shapely.Point(0, 0)})),
            NetworkError,
            r"must be a LineString; not so in 1: 0-1 \(0\)",
        ),
        (
            make_graph((0, 1, {"time_s": 3, "geometry": shapely.LineString([A, C])})),
            NetworkError,
            r"must end at its nodes, within 1 m; not so in 1: 0-1 \(0\)",
        ),
    ],
)
def test_graphs_that_cannot_be(graph, error, message):
    with pytest.raises(error, match=message):
        read(graph)


def test_modes_and_time_attributes_must_agree():
    for modes, attributes in (({}, {}), ({"go": GO}, {}), ({"go": GO}, {"walk": "time_s"})):
        with pytest.raises(ConfigError, match="time_attributes must name one edge attribute for each of the modes"):
            from_networkx(make_graph(GOOD), modes=modes, time_attributes=attributes)


def with_delay(value):
    graph = make_graph(GOOD, (1, 2, {"time_s": 5}))
    graph.nodes[1]["wait_s"] = value
    return graph


def test_delays_are_read_from_the_attribute_that_is_named():
    network = read(with_delay(2.5), delay_attributes={"go": "wait_s"})
    assert dict(zip(network.nodes["node_id"], network.graph("go").delay_ms, strict=True)) == {0: 0, 1: 2500, 2: 0}
    assert sorted(network.graph("go").weights_ms) == [5_000, 12_500]
    assert sorted(network.graph("go").reverse_weights_ms) == [7_500, 10_000]


@pytest.mark.parametrize("wrong", [-1, float("nan"), "soon", 3600, float("inf")])
def test_delays_that_cannot_be(wrong):
    message = "wait_s must be seconds, not negative and below 3600; not so in the nodes 1: 1; correct it"
    with pytest.raises(NetworkError, match=message):
        read(with_delay(wrong), delay_attributes={"go": "wait_s"})


def test_an_attribute_for_delays_that_no_node_has():
    with pytest.raises(NetworkError, match=r"at least one node must have the attribute 'delay' .*none of 3 has"):
        read(with_delay(1), delay_attributes={"go": "delay"})


def test_modes_and_delay_attributes_must_agree():
    slow = {"go": dataclasses.replace(GO, signal_delay_s=9)}
    for options, message in (
        ({"modes": slow}, r"missing \['go'\], unknown \[\]"),
        ({"delay_attributes": {"walk": "wait_s"}}, r"missing \[\], unknown \['walk'\]"),
    ):
        with pytest.raises(ConfigError, match=message):
            read(with_delay(1), **options)
    described = read(with_delay(1), modes=slow, delay_attributes={"go": "wait_s"}).graph("go").mode.describe()
    assert described == "go (3.6 km/h, 9 s per signal)"


def test_the_graph_given_is_not_changed():
    graph = make_graph((0, 1, {"time_s": 10, "geometry": shapely.LineString([B, A])}), (1, 0, {"time_s": 10}))
    before = [(u, v, dict(data)) for u, v, data in graph.edges(data=True)]
    read(graph)
    assert [(u, v, dict(data)) for u, v, data in graph.edges(data=True)] == before
