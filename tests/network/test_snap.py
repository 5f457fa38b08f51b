"""Snapping against a look at every street and every obstacle, and the cases one can draw."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, CrsError, NetworkError, SchemaError
from coverage_planner.network.snap import snap_points
from drawn import CRS, draw_network, draw_points, find_edge
from oracles import leg_is_undecided, leg_meets, nearest_edge

LIMIT_M = 60.0
XY = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda xy: (10.0 * xy[0], 10.0 * xy[1]))
TAGS = st.sampled_from(
    [{}, {}, {}, {"oneway": "yes"}, {"highway": "motorway"}, {"tunnel": "yes"}, {"highway": "footway"}]
)


@st.composite
def maps(draw):
    """A drawn network with islands, tunnels and motorways, and obstacles between the streets."""
    names = [chr(ord("A") + k) for k in range(draw(st.integers(2, 8)))]
    places = {name: draw(XY) for name in names}
    n_ways = draw(st.integers(1, 6))
    ways = [(draw(st.lists(st.sampled_from(names), min_size=2, max_size=4)), draw(TAGS)) for _ in range(n_ways)]
    obstacles = []
    for kind in draw(st.lists(st.sampled_from(["water", "wall"]), max_size=2)):
        corners = draw(st.lists(XY, min_size=3, max_size=3, unique=True))
        shape = shapely.Polygon(corners) if kind == "water" else shapely.LineString(corners)
        assume(kind == "wall" or shape.area > 0)
        obstacles.append((kind, shape))
    return draw_network(places, ways, obstacles=obstacles, small_component_m=draw(st.sampled_from([0.0, 120.0, 500.0])))


@pytest.mark.slow
@given(maps(), st.lists(XY, min_size=1, max_size=12), st.sampled_from(["walk", "bicycle", "drive"]))
@settings(max_examples=120, deadline=None)
def test_snapping_equals_a_look_at_every_street(network, xy, mode):
    points = draw_points(*xy)
    lines = network.edges.geometry.to_numpy()
    for point in points.geometry:
        legs = shapely.shortest_line(point, lines)
        assume(not any(leg_is_undecided(leg, shape) for leg in legs for shape in network.obstacles.geometry))
    found = snap_points(network, points, mode, limit_m=LIMIT_M)
    graph = network.graph(mode)
    for k, point in enumerate(points.geometry):
        status, edge, distance = nearest_edge(network, mode, point, LIMIT_M)
        assert found.status[k] == status
        assert found.edge[k] == edge
        if status != "snapped":
            assert np.isnan([found.fraction[k], found.access_m[k], *found.xy[k]]).all()
            continue
        assert found.on_island[k] == graph.island[edge]
        assert found.access_m[k] == pytest.approx(distance)
        place = shapely.Point(found.xy[k])
        assert place.distance(lines[edge]) < 1e-6
        assert place.distance(point) == pytest.approx(distance, abs=0.02)
        assert shapely.line_interpolate_point(lines[edge], found.fraction[k], normalized=True).distance(place) < 1e-9


# ---------------------------------------------------------------------------------------------------------------------
# Drawn cases
# ---------------------------------------------------------------------------------------------------------------------

STREET = ({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])


def test_a_point_goes_to_the_projected_place_not_to_the_nearest_node():
    found = snap_points(draw_network(*STREET), draw_points((400, 30)), "walk")
    assert found.fraction.tolist() == [0.4]
    assert found.access_m.tolist() == [30.0]
    assert found.xy.tolist() == [[400.0, 0.0]]


def test_exactly_at_the_limit_is_within_it():
    found = snap_points(draw_network(*STREET), draw_points((400, 200), (400, 200.001)), "walk", limit_m=200.0)
    assert found.status.tolist() == ["snapped", "too far"]
    assert found.access_m[0] == 200.0


def test_of_equally_near_streets_the_lower_row_is_taken():
    places = {"A": (0, 0), "B": (100, 0), "C": (100, 100), "D": (200, 0)}
    network = draw_network(places, [("AB", {}), ("BC", {}), ("BD", {})])
    at_junction, between = snap_points(network, draw_points((100, -5), (150, 50)), "walk").edge.tolist()
    assert at_junction == min(find_edge(network, places["B"], places[end]) for end in "ACD" if end != "C")
    assert between == min(find_edge(network, places["B"], places[end]) for end in "CD")


@pytest.mark.parametrize(("x", "fraction"), [(-3.0, 0.0), (0.0, 0.0), (0.004, 0.0), (999.995, 1.0), (1040, 1.0)])
def test_a_place_at_an_end_is_exactly_the_junction(x, fraction):
    found = snap_points(draw_network(*STREET), draw_points((x, 3)), "walk")
    assert found.fraction.tolist() == [fraction]
    assert found.xy.tolist() == [[1000 * fraction, 0]]


def test_a_street_of_no_length_can_be_snapped_to():
    network = draw_network({"A": (0, 0), "B": (0, 0), "C": (500, 0)}, [("AB", {})])
    found = snap_points(network, draw_points((30, 40)), "walk")
    assert found.status.tolist() == ["snapped"]
    assert found.access_m.tolist() == [50.0]
    assert found.xy.tolist() == [[0.0, 0.0]]
    assert found.fraction.tolist() == [0.0]


def test_only_streets_that_the_mode_may_use_count():
    network = draw_network(
        {"A": (0, 0), "B": (500, 0), "C": (0, 50), "D": (500, 50)}, [("AB", {"highway": "footway"}), ("CD", {})]
    )
    assert snap_points(network, draw_points((250, 10)), "walk").access_m.tolist() == [10.0]
    assert snap_points(network, draw_points((250, 10)), "drive").access_m.tolist() == [40.0]


def test_tunnels_and_motorways_are_not_stepped_onto():
    ways = [("AB", {"tunnel": "yes"}), ("CD", {"highway": "motorway"}), ("EF", {})]
    places = {"A": (0, 0), "B": (500, 0), "C": (0, 20), "D": (500, 20), "E": (0, 99), "F": (500, 99)}
    network = draw_network(places, ways)
    assert snap_points(network, draw_points((250, 10)), "drive").access_m.tolist() == [89.0]
    assert snap_points(network, draw_points((250, 10)), "walk").access_m.tolist() == [89.0]


def test_a_network_without_a_street_for_the_mode():
    network = draw_network(*[STREET[0], [("AB", {"highway": "steps"})]])
    assert snap_points(network, draw_points((0, 0)), "drive").status.tolist() == ["no street for the mode"]


def test_streets_that_are_all_islands_are_still_streets():
    network = draw_network(STREET[0], [("AB", {"oneway": "yes"})])
    found = snap_points(network, draw_points((500, 10), (500, 900)), "bicycle")
    assert found.status.tolist() == ["snapped", "too far"]
    assert found.on_island.tolist() == [True, False]


ISLANDS = (
    {"A": (0, 0), "B": (3000, 0), "C": (0, 100), "D": (400, 100), "E": (0, 120), "F": (300, 120)},
    [("AB", {}), ("CD", {}), ("EF", {})],
)


@pytest.mark.parametrize(
    ("y", "limit_m", "street_y", "island"),
    [
        (90, 200, 0, False),  # the main street is farther, but within the limit
        (90, 60, 100, True),  # only islands are within the limit: the nearer is also the larger
        (119, 60, 100, True),  # the larger island, though the smaller is nearer
        (119, 10, 120, True),
        (300, 200, 100, True),  # exactly at the limit of the larger island
    ],
)
def test_an_island_is_taken_only_if_nothing_larger_is_within_the_limit(y, limit_m, street_y, island):
    network = draw_network(*ISLANDS, small_component_m=2000.0)
    found = snap_points(network, draw_points((200, y)), "walk", limit_m=limit_m)
    assert found.xy.tolist() == [[200, street_y]]
    assert found.on_island.tolist() == [island]


RIVER = ("water", shapely.box(-100, 20, 600, 60))
BANKS = ({"A": (0, 0), "B": (500, 0), "C": (0, 100), "D": (500, 100)}, [("AB", {}), ("CD", {})])


def test_the_access_leg_does_not_cross_water():
    network = draw_network(*BANKS, obstacles=[("water", shapely.box(-100, 80, 600, 95))])
    found = snap_points(network, draw_points((250, 70)), "walk", limit_m=100)
    assert found.xy.tolist() == [[250, 0]], "the far bank is nearer, but beyond the water"


def test_behind_an_obstacle_is_said():
    network = draw_network(STREET[0], STREET[1], obstacles=[RIVER])
    found = snap_points(network, draw_points((250, 70), (250, 10), (250, 300)), "walk")
    assert found.status.tolist() == ["behind an obstacle", "snapped", "too far"]


@pytest.mark.parametrize("kind", ["railway", "wall"])
def test_the_access_leg_does_not_cross_a_line_but_goes_round_its_end(kind):
    network = draw_network(*STREET, obstacles=[(kind, shapely.LineString([(200, 20), (300, 20)]))])
    found = snap_points(network, draw_points((250, 40), (310, 40)), "walk")
    assert found.status.tolist() == ["behind an obstacle", "snapped"]


def test_in_the_water_there_is_no_leg_unless_on_a_bridge():
    places = {"A": (0, 0), "B": (0, 100)}
    network = draw_network(places, [("AB", {"bridge": "yes"})], obstacles=[("water", shapely.box(-50, 20, 50, 80))])
    found = snap_points(network, draw_points((0.3, 50), (0.7, 50), (0, 10)), "walk")
    assert found.status.tolist() == ["snapped", "behind an obstacle", "snapped"]


def test_a_bridge_on_an_island_counts_too():
    network = draw_network(
        {**ISLANDS[0], "G": (200, 140)}, [*ISLANDS[1], ("EG", {})],
        obstacles=[("water", shapely.box(-50, 110, 350, 150))], small_component_m=2000.0,
    )  # fmt: skip
    found = snap_points(network, draw_points((200, 120), (200, 123)), "walk", limit_m=15)
    assert found.status.tolist() == ["snapped", "behind an obstacle"]
    assert found.on_island.tolist() == [True, False]


def test_points_of_another_projection_are_brought_over():
    network = draw_network({"A": (500_000, 3_400_000), "B": (501_000, 3_400_000)}, [("AB", {})])
    points = gpd.GeoDataFrame({"id": ["P"]}, geometry=[shapely.Point(500_400, 3_400_030)], crs=CRS)
    found = snap_points(network, points.to_crs("EPSG:32649"), "walk")
    assert found.xy[0] == pytest.approx((500_400, 3_400_000), abs=1e-3)


def test_no_points_give_no_positions():
    found = snap_points(draw_network(*STREET), draw_points(), "walk")
    assert len(found.ids) == len(found.edge) == len(found.xy) == 0


def test_the_table_lists_rejected_points_without_a_place():
    table = snap_points(draw_network(*STREET), draw_points((400, 30), (400, 300)), "walk").to_frame(CRS)
    assert table["status"].tolist() == ["snapped", "too far"]
    assert table.geometry.isna().tolist() == [False, True]
    assert table.crs == CRS
    assert list(table.columns) == ["id", "edge", "fraction", "access_m", "on_island", "status", "geometry"]


@pytest.mark.parametrize("limit_m", [0, -1, float("nan")])
def test_the_limit_must_be_positive(limit_m):
    with pytest.raises(ConfigError, match="the snap limit must be positive"):
        snap_points(draw_network(*STREET), draw_points((0, 0)), "walk", limit_m=limit_m)


def test_points_must_be_metric_and_the_mode_known():
    network = draw_network(*STREET)
    degrees = draw_points((114, 30)).set_crs("EPSG:4326", allow_override=True)
    with pytest.raises(CrsError, match="points to snap must be in a projected CRS"):
        snap_points(network, degrees, "walk")
    with pytest.raises(NetworkError, match="must be built for mode 'swim'"):
        snap_points(network, draw_points((0, 0)), "swim")


def test_places_must_be_points_with_ids():
    network = draw_network(*STREET)
    good = draw_points((0, 0), (5, 5), (9, 9))
    with pytest.raises(SchemaError, match=r"must have the column 'id', got \['demand', 'geometry'\]"):
        snap_points(network, good.drop(columns="id"), "walk")
    for geometry in ([shapely.box(0, 0, 1, 1), *good.geometry[1:]], [None, *good.geometry[1:]]):
        with pytest.raises(SchemaError, match="must be points with coordinates; not so in 1: P0; remove"):
            snap_points(network, good.set_geometry(gpd.GeoSeries(geometry, crs=CRS)), "walk")


@pytest.mark.real_data
def test_snapping_on_a_real_extract_equals_a_look_at_every_street(real_data):
    from coverage_planner.network.build import build_network
    from coverage_planner.sources.roads import read_roads

    network = build_network(read_roads(real_data / "osm" / "monaco.osm.pbf"))
    rng = np.random.default_rng(5)
    left, bottom, right, top = network.edges.total_bounds
    xy = rng.uniform((left, bottom), (right, top), (60, 2))
    points = gpd.GeoDataFrame({"id": [str(k) for k in range(60)]}, geometry=shapely.points(xy), crs=network.edges.crs)
    near = network.obstacles.geometry.intersects(points.geometry.buffer(100).union_all())
    for mode in ("walk", "drive"):
        found = snap_points(network, points, mode, limit_m=100)
        for k, point in enumerate(points.geometry):
            around = network.obstacles[near & network.obstacles.intersects(point.buffer(100))]
            status, edge, distance = nearest_edge(network, mode, point, 100, obstacles=around.geometry)
            assert found.status[k] == status
            assert found.edge[k] == edge
            assert status != "snapped" or found.access_m[k] == pytest.approx(distance)


def scatter_beside(lines, n, metres, rng):
    """Random places within some metres of lines."""
    chosen = lines[rng.integers(0, len(lines), n)]
    on = shapely.get_coordinates(shapely.line_interpolate_point(chosen, rng.random(n), normalized=True))
    return on + rng.normal(0, metres, (n, 2))


@pytest.mark.real_data
@pytest.mark.slow
def test_snapping_beside_a_coast_equals_brute_force(real_data):
    from coverage_planner.network.build import build_network
    from coverage_planner.sources.roads import read_roads

    network = build_network(read_roads(real_data / "osm" / "las_palmas_2023.osm.pbf"))
    graph, limit_m, rng = network.graph("walk"), 150.0, np.random.default_rng(17)
    lines, shapes = network.edges.geometry.to_numpy(), network.obstacles.geometry.to_numpy()
    shores = shapely.get_parts(np.where(shapely.area(shapes) > 0, shapely.boundary(shapes), shapes))
    xy = np.vstack([scatter_beside(lines, 3000, 60.0, rng), scatter_beside(shores, 1000, 60.0, rng)])
    points = gpd.GeoDataFrame({"id": np.arange(len(xy))}, geometry=shapely.points(xy), crs=network.crs)
    found = snap_points(network, points, "walk", limit_m=limit_m)
    street_tree, shape_tree = shapely.STRtree(lines), shapely.STRtree(shapes)
    size = np.where(graph.island, np.append(graph.component_length_m, 0.0)[graph.component], np.inf)
    undecided = 0
    for k, place in enumerate(points.geometry):
        rows = street_tree.query(place, predicate="dwithin", distance=limit_m)
        rows = rows[graph.snappable[rows]]
        distance = dict(zip(rows, shapely.distance(place, lines[rows]), strict=True))
        free, doubt = [], False
        for row in sorted(rows, key=lambda row: (-size[row], distance[row])):
            if free and (size[row] != size[free[0]] or distance[row] >= distance[free[0]] + 0.001):
                break
            leg = shapely.shortest_line(place, lines[row])
            met = shapes[shape_tree.query(leg)] if distance[row] > 0.5 else []
            doubt |= any(leg_is_undecided(leg, shape) for shape in met)
            if not any(leg_meets(leg, shape) for shape in met):
                free.append(row)
        if doubt:
            undecided += 1
        else:
            rejected = "behind an obstacle" if len(rows) else "too far"
            assert found.status[k] == ("snapped" if free else rejected)
            assert found.edge[k] == min(free, default=-1)
            assert not free or found.access_m[k] == pytest.approx(distance[min(free)], abs=1e-6)
    assert undecided < 0.06 * len(xy), "places with a street that runs along a wall, or ends at one"
    assert set(found.status) == {"snapped", "behind an obstacle", "too far"}
