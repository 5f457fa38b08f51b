"""The grid behind isochrones: each cell has the position that its centre would have as a point."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, NetworkError
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime import street_grid
from coverage_planner.traveltime.street_grid import build_street_grid
from drawn import draw_network, draw_points

PLACES = {f"{c}{r}": (170.0 * c, 130.0 * r) for c in range(6) for r in range(6)}
ROWS = [([f"{c}{r}" for c in range(6)], {}) for r in range(5)]
COLUMNS = [([f"{c}{r}" for r in range(5)], {"oneway": "yes"} if c == 2 else {}) for c in range(6)]
BESIDE = {"X": (1000, 100), "Y": (1000, 400), "Z": (1040, 250)}
SHAPES = [
    ("water", shapely.Polygon([(200, 50), (330, 60), (420, 330), (210, 420)])),
    ("wall", shapely.LineString([(500, -50), (500, 600), (700, 600)])),
    ("railway", shapely.LineString([(-200, 300), (90, 310), (90, 480)])),
]
TOWN = draw_network(
    {**PLACES, **BESIDE}, [*ROWS, *COLUMNS, ("XY", {}), ("YZ", {})], obstacles=SHAPES, small_component_m=600.0
)
BOUNDS = (-150.0, -150.0, 1200.0, 800.0)


def centres_of(grid, crs):
    x, y = (values.ravel() for values in np.meshgrid(*grid.centres()))
    return gpd.GeoDataFrame({"id": np.arange(len(x))}, geometry=shapely.points(x, y), crs=crs)


@given(
    st.floats(7.0, 40.0), st.tuples(st.floats(-300, 300), st.floats(-300, 300)), st.sampled_from([25.0, 90.0, 200.0]),
    st.sampled_from(["walk", "bicycle"]),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_every_cell_has_the_position_of_its_centre(cell_m, corner, limit_m, mode):
    bounds = (*corner, corner[0] + 700.0, corner[1] + 500.0)
    grid = build_street_grid(TOWN, mode, cell_m=cell_m, bounds=bounds, limit_m=limit_m)
    expected = snap_points(TOWN, centres_of(grid, TOWN.crs), mode, limit_m=limit_m)
    np.testing.assert_array_equal(grid.edge.ravel(), expected.edge)
    there = expected.snapped
    np.testing.assert_array_equal(grid.fraction.ravel()[there], expected.fraction[there].astype(np.float32))
    np.testing.assert_array_equal(grid.access_m.ravel()[there], expected.access_m[there].astype(np.float32))
    assert (grid.access_m.ravel()[~there] > limit_m).all()


def test_a_little_beyond_the_limit_the_leg_is_known():
    plain = draw_network(PLACES, [*ROWS, *COLUMNS], obstacles=SHAPES)
    grid = build_street_grid(plain, "walk", cell_m=12.0, bounds=BOUNDS, limit_m=80.0)
    wider = build_street_grid(plain, "walk", cell_m=12.0, bounds=BOUNDS, limit_m=80.0 + 1.5 * 12.0)
    beyond = (grid.edge < 0) & np.isfinite(grid.access_m)
    assert beyond.sum() > 100
    np.testing.assert_array_equal(beyond, (grid.edge < 0) & (wider.edge >= 0))
    np.testing.assert_array_equal(grid.access_m[beyond], wider.access_m[beyond])


def test_the_size_of_a_go_changes_nothing(monkeypatch):
    whole = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=BOUNDS)
    monkeypatch.setattr(street_grid, "_CELLS_AT_ONCE", 100)
    parts = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=BOUNDS)
    for field in ("edge", "fraction", "access_m"):
        np.testing.assert_array_equal(getattr(whole, field), getattr(parts, field))


def test_grids_of_one_cell_size_share_their_corners():
    whole = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=BOUNDS)
    part = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=(103.0, 47.0, 391.0, 288.0))
    assert (part.left, part.bottom) == (100.0, 40.0)
    row, column = round((40.0 - whole.bottom) / 20.0), round((100.0 - whole.left) / 20.0)
    rows, columns = (
        min(part.edge.shape[0], whole.edge.shape[0] - row),
        min(part.edge.shape[1], whole.edge.shape[1] - column),
    )
    same = whole.edge[row : row + rows, column : column + columns]
    np.testing.assert_array_equal(same, part.edge[:rows, :columns])
    assert (same >= 0).any()


def test_a_grid_needs_cells_and_a_known_mode():
    with pytest.raises(ConfigError, match="cell_m must be positive, got 0 m"):
        build_street_grid(TOWN, "walk", cell_m=0.0, bounds=BOUNDS)
    with pytest.raises(NetworkError, match="must be built for mode 'swim'"):
        build_street_grid(TOWN, "swim", cell_m=20.0, bounds=BOUNDS)
    nobody = draw_network({"A": (0, 0), "B": (9, 0)}, [("AB", {"highway": "steps"})])
    empty = build_street_grid(nobody, "drive", cell_m=20.0, bounds=(0.0, 0.0, 100.0, 100.0))
    assert (empty.edge == -1).all()
    assert np.isinf(empty.access_m).all()
    assert (snap_points(nobody, draw_points((0, 0)), "drive").status == "no street for the mode").all()


@pytest.mark.real_data
@pytest.mark.slow
def test_cells_along_a_real_coast_have_the_position_of_their_centres(real_data):
    from coverage_planner.network.build import build_network
    from coverage_planner.sources.roads import read_roads

    network = build_network(read_roads(real_data / "osm" / "las_palmas_2023.osm.pbf"))
    grid = build_street_grid(network, "walk", cell_m=18.0, bounds=tuple(network.edges.total_bounds))
    cells = np.random.default_rng(2).permutation(grid.edge.size)[:20_000]
    expected = snap_points(network, centres_of(grid, network.crs).iloc[cells], "walk")
    assert set(expected.status) == {"snapped", "behind an obstacle", "too far"}
    np.testing.assert_array_equal(grid.edge.ravel()[cells], expected.edge)
    there = expected.snapped
    np.testing.assert_array_equal(grid.access_m.ravel()[cells][there], expected.access_m[there].astype(np.float32))
