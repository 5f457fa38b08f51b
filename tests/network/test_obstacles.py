"""Access legs against obstacles: the compiled crossing test against GEOS."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.network._obstacle_kernels import AT_BORDER, INSIDE, ON_STREET_M, OUTSIDE, locate
from coverage_planner.network.obstacles import index_obstacles
from drawn import CRS
from oracles import leg_is_undecided, leg_meets

XY = st.tuples(st.integers(0, 9), st.integers(0, 9))


@st.composite
def shapes(draw):
    """Lines, rings, triangles and boxes with a hole, on whole coordinates so that legs run through their corners."""
    kind = draw(st.sampled_from(["line", "triangle", "courtyard", "two parts"]))
    if kind == "courtyard":
        x, y = draw(XY)
        hole = [(x + 2, y + 2), (x + 4, y + 2), (x + 4, y + 5), (x + 2, y + 5)]
        return shapely.Polygon([(x, y), (x + 6, y), (x + 6, y + 7), (x, y + 7)], [hole])
    if kind == "triangle":
        shape = shapely.Polygon(draw(st.lists(XY, min_size=3, max_size=3, unique=True)))
        assume(shape.area > 0)
        return shape
    steps = st.lists(XY, min_size=2, max_size=5, unique=True)
    lines = [shapely.LineString(draw(steps)) for _ in range(2 if kind == "two parts" else 1)]
    assume(all(line.is_simple for line in lines))
    return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def index(*shapes_):
    return index_obstacles(
        gpd.GeoDataFrame({"kind": "wall"}, index=range(len(shapes_)), geometry=list(shapes_), crs=CRS)
    )


@given(st.lists(shapes(), min_size=1, max_size=3), st.lists(st.tuples(XY, XY, XY), min_size=1, max_size=30))
@settings(max_examples=300, deadline=None)
def test_block_agrees_with_geos(obstacles, cases):
    points = np.array([shapely.Point(point) for point, _, _ in cases])
    lines = np.array([shapely.LineString([a, b]) for _, a, b in cases])
    found = index(*obstacles).block(points, lines)
    for blocked, leg in zip(found, shapely.shortest_line(points, lines), strict=True):
        if leg.length <= ON_STREET_M:
            assert not blocked, "a leg this short crosses nothing"
        elif not any(leg_is_undecided(leg, shape) for shape in obstacles):
            assert blocked == any(leg_meets(leg, shape) for shape in obstacles), leg.wkt


HALVES = st.tuples(st.integers(0, 24), st.integers(0, 24)).map(lambda xy: (xy[0] / 2, xy[1] / 2))


@given(st.lists(shapes(), min_size=1, max_size=3), st.lists(HALVES, min_size=1, max_size=30))
@settings(max_examples=200, deadline=None)
def test_inside_and_at_the_border_agree_with_geos(obstacles, xy):
    areas = [shape for shape in obstacles if shape.area > 0]
    x, y = np.array(xy, dtype=float).T.copy()
    found = locate(index(*obstacles), x, y, 0.001)
    for where, place in zip(found, map(shapely.Point, xy), strict=True):
        if any(shapely.boundary(area).distance(place) < 0.001 for area in areas):
            assert where == AT_BORDER
        else:
            assert where == (INSIDE if any(shapely.contains(area, place) for area in areas) else OUTSIDE)


def test_no_obstacles_block_nothing():
    empty = index_obstacles(gpd.GeoDataFrame({"kind": []}, geometry=[], crs=CRS))
    points = np.array([shapely.Point(0, 0)])
    assert not empty.block(points, np.array([shapely.LineString([(5, 0), (5, 5)])])).any()
    assert locate(empty, np.zeros(1), np.zeros(1), 0.001).tolist() == [OUTSIDE]
    assert not index(shapely.box(0, 0, 9, 9)).block(points[:0], points[:0]).any()


WALL = shapely.LineString([(0, 5), (5, 5), (9, 5)])
POND = shapely.box(2, 2, 6, 6)


@pytest.mark.parametrize(
    ("obstacle", "start", "end", "expected"),
    [
        (WALL, (5, 0), (5, 9), True),  # through a vertex of the wall
        (WALL, (3, 0), (3, 9), True),  # through the middle of a piece
        (WALL, (0, 0), (0, 9), False),  # past the wall's end
        (WALL, (3, 0), (3, 5), False),  # up to the wall
        (shapely.LineString([(0, 9), (5, 5), (9, 9)]), (0, 5), (9, 5), False),  # a bend that only touches
        (shapely.LineString([(0, 9), (4, 5), (6, 5), (9, 0)]), (0, 5), (9, 5), True),  # runs along it and crosses
        (POND, (0, 0), (9, 9), True),  # corner to corner
        (POND, (0, 4), (4, 0), False),  # touches a corner
        (POND, (4, 4), (4, 9), True),  # out of the water
        (POND, (2, 4), (6, 4), True),  # from bank to bank
        (POND, (2, 4), (0, 4), False),  # away from the bank
        (POND, (4, 4), (4, 4.3), False),  # stands on a bridge
        (shapely.LinearRing([(2, 2), (6, 2), (6, 6), (2, 6)]), (0, 0), (4, 4), True),  # through the ring's first vertex
    ],
)
def test_cases_drawn_by_hand(obstacle, start, end, expected):
    street = shapely.LineString([end, end])
    blocked = index(obstacle).block(np.array([shapely.Point(start)]), np.array([street]))
    assert blocked.tolist() == [expected]


def test_lines_that_stand_in_a_collection_with_areas_stop_people_too():
    both = index(shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(5, -5), (5, 5)])]))
    points, line = np.array([shapely.Point(4, 0)]), np.array([shapely.LineString([(6, -9), (6, 9)])])
    assert both.block(points, line).tolist() == [True]
