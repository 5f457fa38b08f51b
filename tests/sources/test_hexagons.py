"""The grid of hexagons against the nearest centre by brute force."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.sources.hexagons import (
    hexagon_centres,
    hexagon_polygons,
    hexagons_at,
    pack_hexagons,
    unpack_hexagons,
)


def brute_force(x, y, cell_m):
    """Distance to the nearest of all centres around, and which it is."""
    rows = np.arange(-40, 41)
    q, r = (grid.ravel() for grid in np.meshgrid(rows, rows))
    # centres written down anew: rows 3/2 radii apart, every other one moved by half a cell
    radius = cell_m / 3**0.5
    centre_x, centre_y = cell_m * q + cell_m / 2 * r, 1.5 * radius * r
    far = np.hypot(x[:, None] - centre_x, y[:, None] - centre_y)
    nearest = far.argmin(axis=1)
    return q[nearest], r[nearest], np.sort(far, axis=1)[:, :2]


@given(
    seed=st.integers(0, 2**32 - 1),
    cell_m=st.sampled_from([1.0, 7.3, 200.0, 1000.0]),
)
@settings(max_examples=30, deadline=None)
def test_the_cell_is_that_of_the_nearest_centre(seed, cell_m):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-8 * cell_m, 8 * cell_m, (2, 200))
    q, r = hexagons_at(x, y, cell_m)
    expected_q, expected_r, two = brute_force(x, y, cell_m)
    clear = two[:, 1] - two[:, 0] > 1e-9 * cell_m
    assert clear.sum() > 150
    np.testing.assert_array_equal(q[clear], expected_q[clear])
    np.testing.assert_array_equal(r[clear], expected_r[clear])


def test_positions_on_a_border_belong_to_one_of_its_cells():
    corners = shapely.get_coordinates(hexagon_polygons(np.array([3]), np.array([-2]), 200.0)[0])
    q, r = hexagons_at(corners[:, 0], corners[:, 1], 200.0)
    x, y = hexagon_centres(q, r, 200.0)
    np.testing.assert_allclose(np.hypot(corners[:, 0] - x, corners[:, 1] - y), 200 / 3**0.5, rtol=1e-9)


def test_centres_lie_in_their_own_cells_a_cell_apart():
    q, r = (grid.ravel() for grid in np.meshgrid(np.arange(-5, 6), np.arange(-5, 6)))
    x, y = hexagon_centres(q, r, 150.0)
    np.testing.assert_array_equal(hexagons_at(x, y, 150.0), (q, r))
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + np.diag(np.full(len(x), np.inf))
    assert apart.min() == pytest.approx(150.0)


def test_cells_tile_the_plane():
    q, r = (grid.ravel() for grid in np.meshgrid(np.arange(-3, 4), np.arange(-3, 4)))
    cells = hexagon_polygons(q, r, 100.0)
    np.testing.assert_allclose(shapely.area(cells), 3**0.5 / 2 * 100.0**2)
    assert shapely.union_all(cells, grid_size=1e-6).area == pytest.approx(shapely.area(cells).sum())
    centres = shapely.points(*hexagon_centres(q, r, 100.0))
    np.testing.assert_allclose(shapely.distance(shapely.centroid(cells), centres), 0.0, atol=1e-9)


@given(st.lists(st.tuples(st.integers(-(2**30), 2**30), st.integers(-(2**30), 2**30)), min_size=1))
def test_one_number_stands_for_a_cell_and_sorts_like_it(cells):
    q, r = np.array(cells, dtype=np.int64).T
    packed = pack_hexagons(q, r)
    np.testing.assert_array_equal(unpack_hexagons(packed), (q, r))
    assert [cells[row] for row in np.argsort(packed, kind="stable")] == sorted(cells)
