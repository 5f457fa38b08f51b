from collections import Counter

import networkx as nx
import osmnx
import pyproj
import pytest
from shapely import LineString

from coverage_planner import read_roads
from coverage_planner.errors import CrsError, SourceError
from coverage_planner.sources.graphs import roads_from_graph
from osm_drawing import ends, place

# Nodes 1, 2, 3 in a row: from 1 to 2 a bent two-way street and a straight one, a loop at 2, from 3 to 2 one-way.
BENT = LineString([place(0, 0), place(1, 0.5), place(0, 1)])


def drawn_graph():
    graph = nx.MultiDiGraph(crs="epsg:4326", simplified=True)
    for node, steps in {1: (0, 0), 2: (0, 1), 3: (0, 2)}.items():
        x, y = place(*steps)
        graph.add_node(node, x=x, y=y, street_count=3)
    graph.nodes[2]["highway"] = "crossing"
    both = {"highway": ["residential", "footway"], "oneway": False, "length": 1.0}
    graph.add_edge(1, 2, osmid=[7, 8], name="长街", reversed=False, geometry=BENT, **both)
    graph.add_edge(2, 1, osmid=[8, 7], name="长街", reversed=True, geometry=BENT.reverse(), **both)
    graph.add_edge(1, 2, osmid=9, highway="primary", oneway=False, reversed=False, length=1.0)
    graph.add_edge(2, 1, osmid=9, highway="primary", oneway=False, reversed=True, length=1.0)
    graph.add_edge(3, 2, osmid=10, highway="tertiary", oneway=True, reversed=False, length=1.0, maxspeed="40")
    loop = LineString([place(0, 1), place(2, 1), place(2, 2), place(0, 1)])
    graph.add_edge(2, 2, osmid=11, highway="service", oneway=False, reversed=False, length=1.0, geometry=loop)
    graph.add_edge(2, 2, osmid=11, highway="service", oneway=False, reversed=True, length=1.0, geometry=loop.reverse())
    return graph


def test_two_edges_of_a_street_are_one_segment_and_one_way_streets_keep_their_direction():
    roads = roads_from_graph(drawn_graph())
    segments = roads.segments.set_index("highway")
    assert ends(roads) == [(1, 2), (1, 2), (2, 2), (3, 2)]
    assert segments.loc["tertiary", ["u", "v", "oneway", "maxspeed"]].tolist() == [3, 2, "yes", "40"]
    assert segments.drop(index="tertiary")["oneway"].eq("no").all()
    assert segments.loc["footway", "name"] == "长街"  # of several classes the first by the alphabet
    geod = pyproj.Geod(ellps="WGS84")
    assert segments.loc["footway", "length_m"] == pytest.approx(geod.geometry_length(BENT), abs=1e-6)
    straight = geod.line_length(*zip(place(0, 0), place(0, 1), strict=True))
    assert segments.loc["primary", "length_m"] == pytest.approx(straight, abs=1e-6)
    assert len(segments.loc["primary"].geometry.coords) == 2
    assert roads.nodes[["node_id", "highway"]].to_numpy().tolist() == [[2, "crossing"]]
    assert roads.segments.crs.to_epsg() == 32650


def test_a_saved_graph_is_read_as_it_was(tmp_path):
    path = tmp_path / "街 道.graphml"
    osmnx.save_graphml(drawn_graph(), path)
    read, made = read_roads(path), roads_from_graph(drawn_graph())
    assert ends(read) == ends(made)
    assert sorted(read.segments["length_m"]) == pytest.approx(sorted(made.segments["length_m"]))
    assert Counter(read.segments["highway"]) == Counter(made.segments["highway"])
    assert read.source == "街 道.graphml (© OpenStreetMap contributors, ODbL 1.0)"
    assert read_roads(path, crs=4547).segments.crs.to_epsg() == 4547
    with pytest.raises(CrsError):
        read_roads(path, crs=4326)


def test_whose_streets_they_are_can_be_said(tmp_path):
    osmnx.save_graphml(drawn_graph(), tmp_path / "streets.graphml")
    roads, named = (read_roads(tmp_path / "streets.graphml", attribution=name) for name in (None, "某局"))
    assert named.source == "streets.graphml (某局)"
    assert roads.source != named.source
    assert roads.segments.equals(named.segments)


def test_a_projected_graph_keeps_its_crs():
    graph = osmnx.project_graph(drawn_graph(), to_crs="EPSG:32650")
    roads, flat = roads_from_graph(graph), roads_from_graph(drawn_graph())
    assert roads.segments.crs.to_epsg() == 32650
    assert sorted(roads.segments["length_m"]) == pytest.approx(sorted(flat.segments["length_m"]), rel=1e-3)


def test_the_graph_is_not_changed():
    graph = drawn_graph()
    roads_from_graph(graph)
    assert nx.utils.graphs_equal(graph, drawn_graph())


@pytest.mark.parametrize("spoil", [
    lambda graph: graph.remove_edges_from(list(graph.edges)),
    lambda graph: graph.nodes[1].pop("x"),
    lambda graph: graph.graph.pop("crs"),
])  # fmt: skip
def test_a_graph_that_is_no_street_graph_is_refused(spoil):
    graph = drawn_graph()
    spoil(graph)
    with pytest.raises(SourceError, match="must be a street graph with edges"):
        roads_from_graph(graph)


@pytest.mark.parametrize(
    "content", ["", "<graphml>", "not xml at all", '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"/>']
)
def test_a_file_that_osmnx_did_not_save_is_refused(tmp_path, content):
    path = tmp_path / "g.graphml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="must be one that OSMnx saved"):
        read_roads(path)


def test_a_graphml_of_something_else_is_refused(tmp_path):
    path = tmp_path / "g.graphml"
    nx.write_graphml(nx.path_graph(3), path)
    with pytest.raises(SourceError, match=r"OSMnx saved|street graph"):
        read_roads(path)


@pytest.mark.real_data
def test_futian(real_data):
    path = real_data / "shenzhen" / "futian.graphml"
    roads = read_roads(path)
    segments = roads.segments
    graph = osmnx.load_graphml(path)
    assert graph.number_of_edges() == 4009
    assert set(segments["u"]) | set(segments["v"]) == set(graph.nodes)
    assert len(segments) == osmnx.convert.to_undirected(graph).number_of_edges() - 1  # one street is there twice
    assert (segments["oneway"] == "yes").sum() == sum(data["oneway"] for *_, data in graph.edges(data=True))
    one_way = segments[segments["oneway"] == "yes"]
    for u, v in zip(one_way["u"], one_way["v"], strict=True):
        assert graph.has_edge(u, v)
    assert Counter(segments["highway"])["steps"] > 0
    assert len(roads.nodes) == 51
    assert segments.length.sum() == pytest.approx(segments["length_m"].sum(), rel=2e-3)
