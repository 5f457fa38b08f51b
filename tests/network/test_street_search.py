"""The search over buckets against a look at everything: clusters far apart, islands, streets of no length, obstacles."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.network import snap as snap_module
from coverage_planner.network import street_search
from coverage_planner.network._obstacle_kernels import AT_BORDER, INSIDE, OUTSIDE, locate
from coverage_planner.network.buckets import break_lines, file_pieces
from coverage_planner.network.obstacles import index_obstacles
from coverage_planner.network.snap import STATUSES, snap_coordinates
from coverage_planner.network.street_index import index_streets
from coverage_planner.network.street_search import make_memory, search_streets
from drawn import CRS, draw_network, draw_points, find_edge
from oracles import leg_is_undecided, nearest_edge

NOWHERE = index_obstacles(draw_points().iloc[:0])
CORNERS = st.sampled_from([(0.0, 0.0), (0.0, 0.0), (9_000.0, 40.0), (-3e6, 5e6), (500_000.0, 3_400_000.0)])
METRES = st.one_of(st.integers(-30, 30).map(lambda k: 10.0 * k), st.integers(-400_000, 400_000).map(lambda k: k / 1000))


@st.composite
def places(draw):
    """A place near one of a few corners of the country."""
    x, y = draw(CORNERS)
    return x + draw(METRES), y + draw(METRES)


@st.composite
def drawings(draw):
    """Streets in clusters far apart, some without length, some with repeated vertices, some on islands of some size."""
    lines = []
    for _ in range(draw(st.integers(0, 12))):
        start = np.array(draw(places()))
        steps = draw(st.lists(st.tuples(METRES, METRES), min_size=1, max_size=4))
        steps = [(0.0, 0.0)] * draw(st.integers(0, 1)) + [steps[0]] * draw(st.integers(0, 2)) + steps[1:]
        vertices = np.array([start, *(start + step for step in steps or [(0.0, 0.0)])])
        lines.append(shapely.LineString(vertices))
    size = st.lists(st.sampled_from([np.inf, np.inf, 500.0, 80.0]), min_size=len(lines), max_size=len(lines))
    return np.array(lines, dtype=object), np.array(draw(size))


def file(lines, size, open_=None):
    """An index of lines whose components have a size; those of infinite size are no islands."""
    snappable = np.ones(len(lines), dtype=bool) if open_ is None else open_
    return index_streets(lines, snappable=snappable, island=np.isfinite(size), component_m=size)


@given(drawings(), st.lists(places(), max_size=6), st.sampled_from([5.0, 200.0, 2e4, np.inf]), st.data())
@settings(max_examples=150, deadline=None)
def test_the_search_equals_a_look_at_every_street(drawing, xy, limit_m, data):
    lines, size = drawing
    snappable = np.array(data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines))), dtype=bool)
    for line in data.draw(st.lists(st.sampled_from(lines), max_size=3)) if len(lines) else []:
        xy = [*xy, *line.coords, line.interpolate(0.3, normalized=True).coords[0]]
    streets = file(lines, size, snappable)
    x, y = np.array(xy, dtype=float).reshape(-1, 2).T.copy()
    found = search_streets(streets, NOWHERE, x, y, make_memory(streets), limit_m=limit_m, margin_m=0.0)
    for k, place in enumerate(xy):
        distance = shapely.distance(lines, shapely.Point(place)) if len(lines) else np.empty(0)
        eligible = snappable & (distance <= limit_m)
        assume(not (np.abs(distance - limit_m) < 1e-6).any())
        assert np.isfinite(found.nearest_m[k]) == eligible.any()
        if not eligible.any():
            assert found.piece[k] == -1
            assert np.isnan(found.access_m[k])
            continue
        eligible &= size == size[eligible].max()
        nearest = distance[eligible].min()
        assume(not (np.abs(distance - nearest - 0.001) < 1e-7).any())
        edge = np.flatnonzero(eligible & (distance < nearest + 0.001))[0]
        assert streets.owner[found.piece[k]] == edge
        assert found.access_m[k] == pytest.approx(distance[edge], abs=1e-8)


@given(drawings(), st.lists(places(), min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_beyond_the_limit_the_nearest_distance_is_known_within_the_margin(drawing, xy):
    lines, size = drawing
    streets = file(lines, size)
    x, y = np.array(xy, dtype=float).T.copy()
    found = search_streets(streets, NOWHERE, x, y, make_memory(streets), limit_m=100.0, margin_m=50.0)
    for k, place in enumerate(xy):
        nearest = shapely.distance(lines, shapely.Point(place)).min(initial=np.inf) if len(lines) else np.inf
        assume(min(abs(nearest - 100), abs(nearest - 150)) > 1e-6)
        assert (found.piece[k] >= 0) == (nearest < 100)
        if nearest > 100:
            assert found.access_m[k] == pytest.approx(nearest if nearest < 150 else np.nan, abs=1e-8, nan_ok=True)


@given(drawings(), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_the_bucket_of_a_place_on_a_street_lists_it(drawing, along):
    lines = drawing[0]
    ends, line, places_along, length = break_lines(lines)
    assert set(line) == set(range(len(lines)))
    np.testing.assert_allclose(length, shapely.length(lines) if len(lines) else [], atol=1e-9)
    for k in range(len(lines)):
        of_line = places_along[line == k]
        assert (of_line[1:, 0] == of_line[:-1, 1]).all()
        assert of_line[0, 0] == 0.0
        assert of_line[-1, 1] == (1.0 if length[k] > 0 else 0.0)
    filed = file_pieces(ends, np.arange(len(ends)))
    for p, (x0, y0, x1, y1) in enumerate(ends):
        x, y = x0 + along * (x1 - x0), y0 + along * (y1 - y0)
        column, row = int((x - filed.left) // filed.side), int((y - filed.bottom) // filed.side)
        brick = np.searchsorted(filed.places, (row // 8) * filed.across + column // 8)
        bucket = 64 * brick + 8 * (row % 8) + column % 8
        assert p in filed.items[filed.indptr[bucket] : filed.indptr[bucket + 1]]


def test_two_towns_a_country_apart_need_memory_for_their_streets_alone():
    grid = [shapely.LineString([(x, 0), (x, 990)]) for x in range(0, 1000, 10)]
    towns = np.array(grid + [shapely.affinity.translate(line, 5e6, 4e6) for line in grid], dtype=object)
    near, far = (file(lines, np.full(len(lines), np.inf)).main for lines in (towns[:100], towns))
    assert far.side == near.side
    assert len(far.places) <= 2 * len(near.places) + 30
    assert len(far.keys) <= 4 * len(far.places)


# ---------------------------------------------------------------------------------------------------------------------
# With obstacles, on coordinates that are not whole
# ---------------------------------------------------------------------------------------------------------------------

MILLIMETRES = st.integers(0, 300_000).map(lambda k: k / 1000)
SPOT = st.tuples(MILLIMETRES, MILLIMETRES)


@st.composite
def maps(draw):
    """A drawn network with islands, and walls, ponds, ponds with an island, and ponds that overlap."""
    names = "ABCDEFGH"[: draw(st.integers(2, 8))]
    spots = {name: draw(SPOT) for name in names}
    ways = [
        (draw(st.lists(st.sampled_from(names), min_size=2, max_size=4)), draw(st.sampled_from([{}, {"oneway": "yes"}])))
        for _ in range(draw(st.integers(1, 7)))
    ]
    obstacles = []
    for kind in draw(st.lists(st.sampled_from(["wall", "pond", "ring"]), min_size=1, max_size=4)):
        corners = draw(st.lists(SPOT, min_size=3, max_size=5, unique=True))
        if kind == "wall":
            obstacles.append(("wall", shapely.LineString(corners)))
            assume(obstacles[-1][1].is_simple)
            continue
        pond = shapely.MultiPoint(corners).convex_hull
        assume(pond.area > 1.0)
        hole = shapely.affinity.scale(pond, 0.5, 0.5)
        obstacles.append(("water", pond.difference(hole) if kind == "ring" else pond))
    return draw_network(spots, ways, obstacles=obstacles, small_component_m=draw(st.sampled_from([0.0, 150.0, 500.0])))


def hangs_on_rounding(network, point, limit_m):
    """Whether a leg passes a corner, or ends at a border, so closely that the rules for that would have to decide."""
    legs = shapely.shortest_line(point, network.edges.geometry.to_numpy())
    legs = legs[shapely.length(legs) <= limit_m]
    shapes = network.obstacles.geometry.to_numpy()
    borders = np.where(shapely.area(shapes) > 0, shapely.boundary(shapes), shapes)
    if (shapely.distance(borders, point) < 1e-5).any() or any(leg_is_undecided(g, s) for g in legs for s in shapes):
        return True
    feet, corners = shapely.get_point(legs, -1), shapely.points(shapely.get_coordinates(borders))
    close = (shapely.distance(feet[:, None], borders) < 0.002).any()
    return bool(close or (shapely.distance(legs[:, None], corners) < 1e-5).any())


@pytest.mark.slow
@given(maps(), st.lists(SPOT, min_size=1, max_size=12), st.sampled_from([40.0, 120.0, 1000.0]), st.data())
@settings(max_examples=40, deadline=None)
def test_behind_obstacles_the_search_equals_a_look_at_everything(network, xy, limit_m, data):
    street = data.draw(st.sampled_from(list(network.edges.geometry)))
    xy = [*xy, street.coords[0], street.interpolate(0.37, normalized=True).coords[0]]
    x, y = np.array(xy).T
    found = snap_coordinates(network, x, y, "bicycle", limit_m=limit_m)
    for k, place in enumerate(map(shapely.Point, xy)):
        if hangs_on_rounding(network, place, limit_m):
            continue
        status, edge, distance = nearest_edge(network, "bicycle", place, limit_m)
        assert STATUSES[found.status[k]] == status
        assert found.edge[k] == edge
        assert status != "snapped" or found.access_m[k] == pytest.approx(distance, abs=1e-8)


@given(st.lists(st.tuples(SPOT, st.floats(1, 3000)), min_size=1, max_size=5), st.lists(places(), max_size=20))
@settings(max_examples=150, deadline=None)
def test_inside_is_known_in_the_middle_of_a_lake_too(centres, xy):
    lakes = [shapely.Point(centre).buffer(radius, 3) for centre, radius in centres]
    index = index_obstacles(draw_points().iloc[:0].reindex(range(len(lakes))).set_geometry(lakes, crs=CRS))
    xy = [*xy, *(centre for centre, _ in centres), *(lake.exterior.coords[0] for lake in lakes)]
    x, y = np.array(xy).T.copy()
    for where, place in zip(locate(index, x, y, 0.001), map(shapely.Point, xy), strict=True):
        away = min(lake.exterior.distance(place) for lake in lakes)
        assume(abs(away - 0.001) > 1e-6)
        inside = any(lake.contains(place) for lake in lakes)
        assert where == (AT_BORDER if away < 0.001 else INSIDE if inside else OUTSIDE)


# ---------------------------------------------------------------------------------------------------------------------
# Drawn cases
# ---------------------------------------------------------------------------------------------------------------------

STREETS = ({"A": (0, 0), "B": (500, 0), "C": (0, 60), "D": (500, 60)}, [("AB", {}), ("CD", {})])
TOWN = draw_network(
    {f"{c}{r}": (90.0 * c, 70.0 * r) for c in range(9) for r in range(9)},
    [([f"{c}{r}" for c in range(9)], {}) for r in range(9)] + [([f"{c}{r}" for r in range(9)], {}) for c in range(9)],
    obstacles=[
        ("water", shapely.box(100, 100, 240, 330)),
        ("wall", shapely.LineString([(400, 15), (400, 200), (600, 210)])),
    ],
)


@pytest.mark.parametrize(("off_m", "lower_row"), [(0.0, True), (0.0003, True), (0.0011, False)])
def test_less_than_a_millimetre_does_not_decide(off_m, lower_row):
    network = draw_network(*STREETS)
    rows = sorted(find_edge(network, STREETS[0][a], STREETS[0][b]) for a, b in ("AB", "CD"))
    first_y = network.edges.geometry.iloc[rows[0]].coords[0][1]
    nearer_the_second = 30 + (off_m / 2 if first_y == 0 else -off_m / 2)
    found = snap_coordinates(network, np.array([250.0]), np.array([nearer_the_second]), "walk")
    assert found.edge.tolist() == [rows[0 if lower_row else 1]]


def test_of_streets_equally_near_the_first_that_is_free_is_taken():
    network = draw_network(*STREETS)
    first = min(find_edge(network, STREETS[0][a], STREETS[0][b]) for a, b in ("AB", "CD"))
    y = network.edges.geometry.iloc[first].coords[0][1]
    wall = shapely.LineString([(200, 20 if y == 0 else 40), (300, 20 if y == 0 else 40)])
    walled = draw_network(*STREETS, obstacles=[("wall", wall)])
    found = snap_coordinates(walled, np.array([250.0, 350.0]), np.array([30.0, 30.0]), "walk")
    assert (found.edge == first).tolist() == [False, True]


def test_a_street_along_a_wall_can_be_stepped_onto_from_either_side():
    # on a slope and far from the origin, feet on the street come to lie on either side of the wall by rounding
    a, b = (500_000.123, 3_400_000.456), (500_300.789, 3_400_171.321)
    network = draw_network({"A": a, "B": b}, [("AB", {})], obstacles=[("wall", shapely.LineString([a, b]))])
    rng = np.random.default_rng(3)
    x, y = rng.uniform(np.minimum(a, b), np.maximum(a, b), (500, 2)).T
    assert set(snap_coordinates(network, x, y, "walk").status) == {0}


def test_neither_order_nor_company_changes_a_place(monkeypatch):
    rng = np.random.default_rng(8)
    x, y = rng.uniform(-250, 900, (2, 700))
    whole = snap_coordinates(TOWN, x, y, "walk", limit_m=80.0)
    assert set(whole.status) == {0, 1, 2}
    monkeypatch.setattr(snap_module, "_AT_ONCE", 5)
    monkeypatch.setattr(street_search, "_LISTED_AT_ONCE", 3)
    order = rng.permutation(len(x))
    for values, shuffled in zip(whole, snap_coordinates(TOWN, x[order], y[order], "walk", limit_m=80.0), strict=True):
        np.testing.assert_array_equal(values[order], shuffled)
    alone = [snap_coordinates(TOWN, x[k : k + 1], y[k : k + 1], "walk", limit_m=80.0) for k in range(0, 700, 9)]
    assert [one.edge[0] for one in alone] == whole.edge[::9].tolist()


def test_places_off_the_earth_are_too_far():
    x = np.array([np.nan, np.inf, -np.inf, 1e300, 250.0, 1e7])
    y = np.array([0.0, 0.0, np.nan, -1e300, 10.0, 10.0])
    for limit_m, last in ((200.0, "too far"), (np.inf, "snapped")):
        found = snap_coordinates(TOWN, x, y, "walk", limit_m=limit_m)
        assert STATUSES[found.status].tolist() == ["too far"] * 4 + ["snapped", last]


def test_long_lists_find_room():
    lines = np.array([shapely.LineString([(0, k), (0, k + 1)]) for k in range(3000)], dtype=object)
    streets = file(lines, np.full(len(lines), 50.0))
    x, y = np.array([2.0, 3.0]), np.array([1500.0, 10.0])
    found = search_streets(streets, NOWHERE, x, y, make_memory(streets), limit_m=5000.0, margin_m=0.0)
    assert streets.owner[found.piece].tolist() == [1499, 9]
    assert found.access_m.tolist() == [2.0, 3.0]


def test_in_the_water_far_from_any_street_is_too_far():
    places_, ways = {"A": (0, 0), "B": (3000, 0), "C": (0, 900), "D": (100, 900)}, [("AB", {}), ("CD", {})]
    lake = ("water", shapely.box(0, 300, 3000, 800))
    network = draw_network(places_, ways, obstacles=[lake], small_component_m=2000.0)
    found = snap_coordinates(network, np.array([2000.0, 50.0, 2000.0]), np.array([550.0, 790.0, 310.0]), "walk")
    assert STATUSES[found.status].tolist() == ["too far", "behind an obstacle", "too far"]
