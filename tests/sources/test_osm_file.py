from itertools import pairwise

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import pyproj
import pytest
import shapely

from coverage_planner import Rejections, read_roads
from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError
from osm_drawing import ends, place, write_osm

STREET = {"highway": "residential"}

#  4
#  |
#  2---3      way 10: 1 2 3, way 11: 2 4
#  |
#  1
T_NODES = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (0, 2)}
T_WAYS = [(10, [1, 2, 3], STREET | {"name": "解放路", "oneway": "yes"}), (11, [2, 4], {"highway": "footway"})]


@pytest.mark.parametrize("name", ["t.osm", "t.osm.gz", "t.osm.bz2", "t.osm.pbf", "我的 区/道路 图.osm.pbf"])
def test_ways_are_cut_where_they_meet_in_every_format(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    roads = read_roads(write_osm(path, T_NODES, T_WAYS))
    assert ends(roads) == [(1, 2), (2, 3), (2, 4)]
    assert roads.segments["highway"].tolist() == ["residential", "residential", "footway"]
    assert roads.segments["name"].tolist()[:2] == ["解放路", "解放路"]
    assert roads.segments["name"].isna().tolist() == [False, False, True]
    assert roads.segments["oneway"].isna().tolist() == [False, False, True]
    assert "bridge" not in roads.segments.columns
    assert path.name in roads.source
    assert "OpenStreetMap contributors" in roads.source


def test_geometry_runs_from_u_to_v_in_the_utm_zone_and_lengths_are_geodesic(tmp_path):
    nodes = {1: (0, 0), 2: (3, 1), 3: (4, 4), 4: (9, 2)}
    roads = read_roads(write_osm(tmp_path / "t.osm", nodes, [(10, [1, 2, 3, 4], STREET)]))
    assert roads.segments.crs.to_epsg() == 32650
    assert ends(roads) == [(1, 4)]
    geod = pyproj.Geod(ellps="WGS84")
    lon, lat = zip(*(place(*nodes[node]) for node in (1, 2, 3, 4)), strict=True)
    assert roads.segments["length_m"].to_numpy() == pytest.approx([geod.line_length(lon, lat)], abs=1e-6)
    back = shapely.get_coordinates(roads.segments.to_crs(4326).geometry.to_numpy())
    np.testing.assert_allclose(back, np.column_stack([lon, lat]), atol=1e-9)


def test_a_bridge_that_shares_no_node_meets_nothing(tmp_path):
    nodes = {1: (0, 1), 2: (2, 1), 3: (1, 0), 4: (1, 2)}
    roads = read_roads(
        write_osm(tmp_path / "x.osm", nodes, [(10, [1, 2], STREET), (11, [3, 4], STREET | {"bridge": "yes"})])
    )
    assert ends(roads) == [(1, 2), (3, 4)]
    assert roads.segments.geometry[0].crosses(roads.segments.geometry[1])


def test_barriers_signals_and_crossings_cut_a_way_and_are_kept(tmp_path):
    nodes = {
        1: (0, 0, {"highway": "stop"}),
        2: (1, 0, {"barrier": "gate", "access": "private", "note": "locked at night"}),
        3: (2, 0, {"highway": "crossing", "crossing": "zebra"}),
        4: (3, 0, {"highway": "street_lamp"}),
        5: (4, 0, {"highway": "traffic_signals"}),
        6: (5, 0),
        7: (5, 5, {"barrier": "bollard"}),
        8: (6, 0, {"highway": "stop; crossing", "crossing": "marked", "crossing:signals": "yes"}),
        9: (7, 0),
    }
    roads = read_roads(write_osm(tmp_path / "b.osm.pbf", nodes, [(10, [1, 2, 3, 4, 5, 6, 8, 9], STREET)]))
    assert ends(roads) == [(1, 2), (2, 3), (3, 5), (5, 8), (8, 9)]
    assert roads.nodes["node_id"].tolist() == [2, 3, 5, 8]  # the bollard stands on no street
    assert roads.nodes["barrier"].tolist()[0] == "gate"
    assert roads.nodes["access"].tolist()[0] == "private"
    assert roads.nodes["highway"].tolist()[1:] == ["crossing", "traffic_signals", "stop; crossing"]
    assert roads.nodes["crossing:signals"].tolist()[-1] == "yes"
    assert "note" not in roads.nodes.columns
    gate = roads.segments.geometry[0].coords[-1]
    assert roads.nodes.geometry[0].coords[0] == pytest.approx(gate)


def test_rings_are_cut_where_they_start_and_where_streets_join(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1), 5: (2, 2)}
    ring = (10, [1, 2, 3, 4, 1], STREET)
    alone = read_roads(write_osm(tmp_path / "alone.osm", nodes, [ring]))
    assert ends(alone) == [(1, 1)]
    joined = read_roads(write_osm(tmp_path / "joined.osm", nodes, [ring, (11, [3, 5], STREET)]))
    assert ends(joined) == [(1, 3), (3, 1), (3, 5)]


def test_a_way_that_passes_a_node_twice_is_cut_there(tmp_path):
    #  2---3
    #  |   |
    #  1---X---5     way: X 1 2 3 X 5 begins in the middle; and as 1 X 3 2 X' it passes X in its inside
    nodes = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (2, 0), 6: (1, -1)}
    roads = read_roads(write_osm(tmp_path / "p.osm", nodes, [(10, [5, 4, 1, 2, 3, 4, 6], STREET)]))
    assert ends(roads) == [(4, 4), (4, 6), (5, 4)]


def test_ways_end_where_the_extract_lacks_their_nodes(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 4: (3, 0), 5: (4, 0), 7: (6, 0)}
    ways = [(10, [1, 2, 3, 4, 5], STREET), (11, [6, 7], STREET), (12, [8, 9], STREET), (13, [5, 6, 7], STREET)]
    path = write_osm(tmp_path / "edge.osm", nodes, ways)
    rejected = Rejections()
    roads = read_roads(path, rejected=rejected)
    assert ends(roads) == [(1, 2), (4, 5)]
    table = rejected.to_frame()
    assert table["id"].tolist() == ["w11", "w12"]
    assert set(table["table"]) == {"roads"}
    assert ends(read_roads(path)) == ends(roads)  # an extract's edge is no error


def test_nodes_off_the_globe_or_without_a_place_count_as_missing(tmp_path):
    nodes = {1: (0, 60_000), 2: (1, 0), 3: (2, 0), 4: (3, 0), 5: (4, 0)}
    path = write_osm(tmp_path / "far.osm", nodes, [(10, [1, 2, 3, 4, 5], STREET)])
    text = path.read_text(encoding="utf-8")
    lon, lat = place(3, 0)
    path.write_text(text.replace(f'lat="{lat}" lon="{lon}"', ""), encoding="utf-8")
    assert ends(read_roads(path)) == [(2, 3)]
    path.write_text(text.replace(f'lon="{lon}"', 'lon="east"'), encoding="utf-8")
    with pytest.raises(SourceError, match="wrong format for coordinate"):
        read_roads(path)


def test_only_ways_without_nodes_is_an_error(tmp_path):
    with pytest.raises(SourceError, match="at least one street of two located nodes"):
        read_roads(write_osm(tmp_path / "edge.osm", {1: (0, 0)}, [(10, [1, 2], STREET)]))


def test_a_way_that_comes_twice_counts_once_and_repeated_nodes_vanish(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0)}
    roads = read_roads(write_osm(tmp_path / "d.osm", nodes, [(10, [1, 2, 2, 3], STREET), (10, [1, 2, 2, 3], STREET)]))
    assert ends(roads) == [(1, 3)]
    assert len(roads.segments.geometry[0].coords) == 3


def test_order_of_the_file_and_ids_of_unsaved_objects_do_not_matter(tmp_path):
    nodes = {-1: (0, 0), -2: (0, 1), -3: (1, 1), 4: (0, 2, {"barrier": "gate"})}
    ways = [(-10, [-1, -2, -3], STREET), (-11, [-2, 4], STREET)]
    roads = read_roads(write_osm(tmp_path / "editor.osm", nodes, ways, order="wnr"))
    assert ends(roads) == [(-2, -3), (-2, 4), (-1, -2)]
    assert roads.nodes["node_id"].tolist() == [4]


@pytest.mark.parametrize("order", ["nwr", "wnr"])
def test_nodes_may_stand_in_any_order(tmp_path, order):
    backwards = dict(sorted(T_NODES.items(), reverse=True))
    nodes = {99: (5, 5), **backwards, 50: (6, 6)}
    assert ends(read_roads(write_osm(tmp_path / "b.osm", nodes, T_WAYS, order=order))) == [(1, 2), (2, 3), (2, 4)]


def test_what_nobody_travels_on_is_left_out(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1)}
    left_out = ["construction", "proposed", "raceway", "platform", "abandoned", "razed", "rest_area", "no"]
    kept = ["steps", "corridor", "living_street", "busway", "road"]
    ways = [(number, [1, 2], {"highway": kind}) for number, kind in enumerate([*left_out, *kept], 1)]
    ways += [(90, [1, 2], {"highway": "service", "route": "ferry"}), (91, [1, 2], {"route": "ferry"})]
    ways += [(92, [1, 2, 3, 1], {"highway": "pedestrian", "area": "yes"})]
    segments = read_roads(write_osm(tmp_path / "k.osm", nodes, ways)).segments
    assert set(segments["highway"]) == {*kept, "pedestrian"}
    # the outline of the square joins the streets that end at it
    assert sorted(zip(*segments.loc[segments["highway"] == "pedestrian", ["u", "v"]].to_numpy().T, strict=True)) == [
        (1, 2),
        (2, 1),
    ]


def test_obstacles_are_water_railways_and_walls_above_ground(tmp_path):
    nodes = {number: (number % 4, number // 4) for number in range(1, 17)}
    ring = [1, 2, 6, 5, 1]
    ways = [
        (1, [15, 16], STREET),
        (2, ring, {"natural": "water"}),
        (3, [9, 10], {"waterway": "river", "layer": "-1"}),
        (4, [9, 11], {"waterway": "canal", "tunnel": "culvert"}),
        (5, [9, 10], {"waterway": "stream"}),
        (6, [13, 14], {"railway": "rail"}),
        (7, [13, 14], {"railway": "subway", "tunnel": "yes"}),
        (8, [13, 14], {"railway": "light_rail", "bridge": "viaduct"}),
        (9, [13, 14], {"railway": "subway", "layer": "-2"}),
        (10, [13, 14], {"railway": "tram"}),
        (11, ring, {"barrier": "wall"}),
        (12, [9, 10], {"barrier": "fence"}),
        (13, [3, 7, 11], {"natural": "coastline"}),
        (14, ring, {"waterway": "riverbank"}),
    ]
    obstacles = read_roads(write_osm(tmp_path / "o.osm", nodes, ways)).obstacles
    found = sorted(zip(obstacles["kind"], obstacles.geom_type, strict=True))
    assert found == [
        ("railway", "LineString"),
        ("wall", "LineString"),
        ("water", "LineString"),
        ("water", "LineString"),
        ("water", "Polygon"),
        ("water", "Polygon"),
    ]
    assert obstacles.crs.to_epsg() == 32650


LAKE = {
    1: (0, 0), 2: (4, 0), 3: (4, 4), 4: (0, 4),
    5: (1, 1), 6: (2, 1), 7: (2, 2), 8: (1, 2),
    9: (5, 0), 10: (5, 5),
}  # fmt: skip
LAKE_WAYS = [
    (1, [9, 10], STREET),
    (2, [1, 2, 3], {}),
    (3, [3, 4, 1], {"source": "survey"}),
    (4, [5, 6, 7, 8, 5], {}),
]
LAKE_TAGS = {"type": "multipolygon", "natural": "water"}


def test_a_lake_of_several_ways_keeps_its_island(tmp_path):
    relation = (1, [("w", 2, "outer"), ("w", 3, "outer"), ("w", 4, "inner")], LAKE_TAGS)
    obstacles = read_roads(write_osm(tmp_path / "lake.osm", LAKE, LAKE_WAYS, [relation])).obstacles
    assert obstacles["kind"].tolist() == ["water"]
    lake = obstacles.to_crs(4326).geometry[0]
    assert lake.contains(shapely.Point(place(0.5, 0.5)))
    assert not lake.intersects(shapely.Point(place(1.5, 1.5)))
    assert lake.area == pytest.approx(15e-6, rel=1e-6)


def test_a_lake_whose_outline_is_cut_by_the_extract_is_a_shore(tmp_path):
    relation = (1, [("w", 2, "outer"), ("w", 99, "outer")], LAKE_TAGS)
    obstacles = read_roads(write_osm(tmp_path / "lake.osm", LAKE, LAKE_WAYS[:2], [relation])).obstacles
    assert obstacles.geom_type.tolist() == ["LineString"]
    assert obstacles["kind"].tolist() == ["water"]


def test_the_given_crs_is_used(tmp_path):
    path = write_osm(tmp_path / "t.osm", T_NODES, T_WAYS)
    roads = read_roads(path, crs="EPSG:4547")
    assert roads.segments.crs.to_epsg() == roads.nodes.crs.to_epsg() == roads.obstacles.crs.to_epsg() == 4547
    np.testing.assert_allclose(roads.segments["length_m"], read_roads(path).segments["length_m"])
    assert read_roads(path, crs=pyproj.CRS.from_epsg(32649)).segments.crs.to_epsg() == 32649


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        (4326, "in metres"),
        (2263, "in metres"),
        ("EPSG:1", "pyproj knows"),
        ("Wuhan", "pyproj knows"),
        (3857, "true metres"),
    ],
)
def test_a_crs_that_is_not_metric_is_refused(tmp_path, crs, words):
    with pytest.raises(CrsError, match=words):
        read_roads(write_osm(tmp_path / "t.osm", T_NODES, T_WAYS), crs=crs)


def box(west, south, east, north, crs=4326):
    return gpd.GeoDataFrame(geometry=[shapely.box(*place(west, south), *place(east, north))], crs=4326).to_crs(crs)


@pytest.mark.parametrize("crs", [4326, 4490, 32650, 3857])
def test_streets_that_meet_the_study_area_are_kept_whole(tmp_path, crs):
    nodes = {1: (0, 0), 2: (10, 0), 3: (20, 0), 4: (0, 10, {"barrier": "gate"}), 5: (0, 20)}
    ways = [(1, [1, 2], STREET), (2, [2, 3], STREET), (3, [1, 4, 5], STREET), (4, [4, 5], {"railway": "rail"})]
    path = write_osm(tmp_path / "t.osm", nodes, ways)
    whole = read_roads(path)
    clipped = read_roads(path, study_area=box(-1, -1, 1, 1, crs))
    assert ends(clipped) == [(1, 2), (1, 4)]
    uncut = whole.segments.set_index(["u", "v"])["length_m"]
    assert clipped.segments["length_m"].tolist() == pytest.approx([uncut[1, 2], uncut[1, 4]])
    assert clipped.nodes["node_id"].tolist() == [4]
    assert clipped.obstacles.empty
    wider = read_roads(path, study_area=box(-1, -1, 1, 1, crs), margin_m=960)
    assert ends(wider) == [(1, 2), (1, 4), (2, 3)]  # 9 steps to the east are 864 m, 9 to the north 998 m
    assert ends(read_roads(path, study_area=box(-1, -1, 1, 1, crs), margin_m=1020)) == ends(whole)


def test_a_study_area_elsewhere_names_both_boxes(tmp_path):
    path = write_osm(tmp_path / "t.osm", T_NODES, T_WAYS)
    with pytest.raises(InputError, match=r"lon 114\.4000 to 114\.4100, .*the streets lon 114\.3000 to 114\.3010"):
        read_roads(path, study_area=box(100, 0, 110, 10))


def test_a_study_area_must_have_a_crs_and_a_polygon(tmp_path):
    path = write_osm(tmp_path / "t.osm", T_NODES, T_WAYS)
    with pytest.raises(CrsError, match="study_area must have a CRS"):
        read_roads(path, study_area=box(0, 0, 1, 1).set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="at least one polygon"):
        read_roads(path, study_area=box(0, 0, 1, 1).iloc[:0])


@pytest.mark.parametrize("margin_m", [-1.0, float("nan"), float("inf")])
def test_a_margin_must_be_a_distance(tmp_path, margin_m):
    with pytest.raises(ConfigError, match="margin_m must be zero or more"):
        read_roads(write_osm(tmp_path / "t.osm", T_NODES, T_WAYS), study_area=box(0, 0, 1, 1), margin_m=margin_m)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"found nothing at .*nowhere\.osm\.pbf"):
        read_roads(tmp_path / "nowhere.osm.pbf")
    (tmp_path / "folder.osm").mkdir()
    with pytest.raises(SourceError, match="found a folder"):
        read_roads(tmp_path / "folder.osm")


def test_an_unknown_kind_of_file_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"of a known kind \(\.osm\.pbf"):
        read_roads(tmp_path / "roads.dwg")


def test_arguments_for_line_layers_are_refused(tmp_path):
    path = write_osm(tmp_path / "t.osm", T_NODES, T_WAYS)
    with pytest.raises(ConfigError, match="source_crs must be left out"):
        read_roads(path, source_crs=4326)


@pytest.mark.parametrize("name", ["t.osm", "t.osm.gz", "t.osm.bz2", "t.osm.pbf"])
@pytest.mark.parametrize("share", [0.0, 0.6, 0.97])
def test_a_file_cut_short_is_refused(tmp_path, name, share):
    nodes = {number: (number, number % 7) for number in range(1, 2000)}
    whole = write_osm(tmp_path / name, nodes, [(1, list(nodes), STREET)]).read_bytes()
    path = tmp_path / f"short-{name}"
    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SourceError, match=r"short-t\.osm.*where reading stopped"):
        read_roads(path)


@pytest.mark.parametrize(("name", "content"), [
    ("page.osm", "<html><body>Too many requests</body></html>"), ("page.osm.pbf", "Not found"), ("page.osm.gz", "x"),
])  # fmt: skip
def test_something_else_under_the_name_of_an_osm_file_is_refused(tmp_path, name, content):
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="where reading stopped"):
        read_roads(tmp_path / name)


def test_a_file_without_streets_is_refused(tmp_path):
    with pytest.raises(SourceError, match=r"must hold streets .* got none in t\.osm"):
        read_roads(write_osm(tmp_path / "t.osm", T_NODES, [(1, [1, 2], {"building": "yes"})]))


def test_progress_is_told_and_may_stop_the_work(tmp_path):
    path = write_osm(tmp_path / "t.osm", T_NODES, T_WAYS)
    told = []
    read_roads(path, progress=lambda done, everything: told.append((done, everything)))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def stop(done, _everything):
        if done:
            raise RuntimeError("stopped by the user")

    with pytest.raises(RuntimeError, match="stopped by the user"):
        read_roads(path, progress=stop)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "n_segments", "n_nodes", "n_barriers"),
    [
        ("las_palmas_2023.osm.pbf", 31550, 24966, 4111),
        ("taipei.osm.gz", 11190, 9602, 7705),  # two nodes are "traffic_signals;crossing"
        ("nanjing_xinjiekou.osm", 793, 622, 17),
        pytest.param("porto_portugal.osm.pbf", 108726, 80337, 3499, marks=pytest.mark.slow),
    ],
)
def test_counts_and_connections_of_real_extracts(real_data, name, n_segments, n_nodes, n_barriers):
    path = real_data / "osm" / name
    roads = read_roads(path)
    segments = roads.segments
    assert len(segments) == n_segments
    assert len(np.unique(segments[["u", "v"]].to_numpy())) == n_nodes
    assert len(roads.nodes) == n_barriers

    # oracle: the same ways joined vertex by vertex with networkx, lengths by osmium's haversine
    graph, length_m = nx.Graph(), 0.0
    left_out = {
        "construction",
        "proposed",
        "rest_area",
        "services",
        "platform",
        "raceway",
        "bus_guideway",
        "no",
        "escape",
    }
    left_out |= {
        "bus_stop",
        "emergency_bay",
        "abandoned",
        "via_ferrata",
        "planned",
        "razed",
        "disused",
        "demolished",
        "removed",
    }
    for way in osmium.FileProcessor(str(path)).with_locations():
        if not way.is_way() or way.tags.get("highway", "no") in left_out or way.tags.get("route") == "ferry":
            continue
        for one, other in pairwise(way.nodes):
            if one.location.valid() and other.location.valid() and one.ref != other.ref:
                graph.add_edge(one.ref, other.ref)
                length_m += osmium.geom.haversine_distance(one.location, other.location)
    joined = nx.Graph(zip(segments["u"], segments["v"], strict=True))
    assert nx.number_connected_components(joined) == nx.number_connected_components(graph)
    branching = {node for node, degree in graph.degree if degree > 2}
    assert branching <= set(joined)
    assert segments["length_m"].sum() == pytest.approx(length_m, rel=0.005)
    # planar and geodesic length differ by the scale of the UTM zone only
    assert segments.length.sum() == pytest.approx(segments["length_m"].sum(), rel=1e-3)


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["porto_alegre_poa.osm.pbf", "shenzhen_longgang.osm"])
def test_real_files_cut_short_are_refused(real_data, tmp_path, name):
    whole = (real_data / "osm" / name).read_bytes()
    short = tmp_path / name
    short.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(SourceError, match="where reading stopped"):
        read_roads(short)
