"""Isochrones: inside is where a place would itself be covered; they nest, keep holes and stop at the water."""

from dataclasses import replace
from itertools import combinations, pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.network.build import build_network
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime.isochrone import isochrones
from coverage_planner.traveltime.nearest import nearest_facilities
from coverage_planner.traveltime.reach import reached_streets
from coverage_planner.traveltime.street_grid import build_street_grid, choose_cell_m
from coverage_planner.traveltime.times import travel_times
from drawn import draw_network, draw_points
from strategies import networks

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
    assert agreement(TOWN, facilities, mode, cutoff_s, direction=direction) > 0.99


def test_one_way_streets_give_the_two_directions_different_areas():
    network = draw_network(PLACES, [(path, {"oneway": "yes"}) for path, _ in ROWS[::2]] + ROWS[1::2] + COLUMNS)
    facilities = draw_points((600, 600))
    areas = {}
    for direction in ("to_facility", "from_facility"):
        assert agreement(network, facilities, "bicycle", 120, direction=direction) > 0.98
        options = {"mode": "bicycle", "cutoffs_s": [120], "direction": direction}
        areas[direction] = isochrones(network, facilities, **options).geometry.iloc[0]
    west, east = shapely.Point(400, 602), shapely.Point(800, 602)
    assert areas["to_facility"].contains(west)
    assert not areas["to_facility"].contains(east)
    assert areas["from_facility"].contains(east)
    assert not areas["from_facility"].contains(west)


XY = st.tuples(st.integers(-10, 160), st.integers(-10, 130)).map(lambda xy: (10.0 * xy[0], 10.0 * xy[1]))
#: Streets lie on the borders of some of these cells, on the centres of others, and on neither.
CELLS_M = st.sampled_from([20.0, 25.0, 40.0, 33.7])
CUTOFFS_S = st.lists(st.integers(30, 900), min_size=2, max_size=4, unique=True)


def assert_sound(table):
    """Areas are valid MultiPolygons, and those of each facility nest."""
    assert table.geometry.is_valid.all()
    assert set(table.geometry.geom_type) == {"MultiPolygon"}
    for _, of_one in table.groupby("facility_id"):
        assert of_one["cutoff_s"].is_monotonic_increasing
        for inner, outer in pairwise(of_one.geometry):
            assert inner.difference(outer).area < 1e-6


@given(st.lists(XY, min_size=1, max_size=3), CUTOFFS_S, CELLS_M)
@settings(max_examples=40, deadline=None)
def test_areas_are_valid_and_nest(xy, cutoffs_s, cell_m):
    for overlap in ("separate", "union", "exclusive"):
        assert_sound(
            isochrones(TOWN, draw_points(*xy), mode="walk", cutoffs_s=cutoffs_s, overlap=overlap, cell_m=cell_m)
        )


@given(
    networks(most_nodes=7, most_edges=12),
    st.lists(st.tuples(st.integers(-20, 330), st.integers(-20, 330)), min_size=1, max_size=4),
    CUTOFFS_S,
    st.sampled_from([7.0, 13.0, 30.0]),
    st.sampled_from(["separate", "union", "exclusive"]),
    st.sampled_from(["to_facility", "from_facility"]),
)
@settings(max_examples=60, deadline=None)
def test_areas_are_valid_and_nest_on_any_streets(network, xy, cutoffs_s, cell_m, overlap, direction):
    """Streets on each other, loops, streets without time, one-way streets that lead nowhere."""
    options = {"cutoffs_s": cutoffs_s, "cell_m": cell_m, "overlap": overlap, "direction": direction}
    assert_sound(isochrones(network, draw_points(*xy), mode="go", snap_limit_m=60.0, **options))


@given(st.lists(XY, min_size=1, max_size=5, unique=True), st.integers(60, 700), CELLS_M)
@settings(max_examples=30, deadline=None)
def test_exclusive_areas_share_out_the_union(xy, cutoff_s, cell_m):
    facilities = draw_points(*xy)
    options = {"mode": "walk", "cutoffs_s": [cutoff_s], "cell_m": cell_m}
    shares = isochrones(TOWN, facilities, overlap="exclusive", **options)
    union = isochrones(TOWN, facilities, overlap="union", **options).geometry.iloc[0]
    assert shares["facility_id"].tolist() == facilities["id"].tolist()
    assert sum(a.intersection(b).area for a, b in combinations(shares.geometry, 2)) < 1e-6
    # only where three regions meet, two facilities' and what is outside among them, a corner belongs to nobody
    together = shares.geometry.union_all()
    assert together.difference(union).area < 0.01
    borders = [
        a.intersection(b.buffer(cell_m / 2)) for a, b in combinations(shares.geometry, 2) if a.distance(b) < cell_m
    ]
    beside = shapely.union_all([border.buffer(1.5 * cell_m) for border in borders])
    assert union.difference(together).difference(beside).area < 0.01
    assert union.difference(together).area <= 0.02 * union.area + cell_m**2


def test_exclusive_places_belong_to_the_nearest():
    facilities = draw_points((310, 40), (1200, 610), (900, 900), (905, 900))
    shares = isochrones(TOWN, facilities, mode="walk", cutoffs_s=[600], overlap="exclusive")
    places = scatter_in(shares.geometry.union_all(), 3000, TOWN.edges.crs)
    nearest = nearest_facilities(TOWN, facilities, places, mode="walk", limit_s=600)
    whose = pd.Series("", index=places["id"]).mask(places["id"].isin(nearest["demand_id"]).to_numpy(), "?")
    whose[nearest["demand_id"]] = nearest["facility_id"].to_numpy()
    drawn = pd.Series("", index=places["id"])
    for facility_id, area in zip(shares["facility_id"], shares.geometry, strict=True):
        drawn[area.contains(places.geometry).to_numpy()] = facility_id
    assert (whose == drawn).mean() > 0.985
    assert set(whose) == {"", *facilities["id"]}


def test_of_two_facilities_at_one_place_the_first_has_it_all():
    table = isochrones(TOWN, draw_points((600, 600), (600, 600)), mode="walk", cutoffs_s=[300], overlap="exclusive")
    one = isochrones(TOWN, draw_points((600, 600)), mode="walk", cutoffs_s=[300])
    assert table.geometry.iloc[0].equals(one.geometry.iloc[0])
    assert table.geometry.iloc[1].is_empty


@given(st.lists(XY, min_size=1, max_size=2), st.integers(120, 700), CELLS_M)
@settings(max_examples=20, deadline=None)
def test_a_place_on_the_wrong_side_is_within_a_cell_of_the_right_one(xy, cutoff_s, cell_m):
    facilities = draw_points(*xy)
    table = isochrones(TOWN, facilities, mode="walk", cutoffs_s=[cutoff_s], overlap="union", cell_m=cell_m)
    area = table.geometry.iloc[0]
    places = scatter_in(area, 1000, TOWN.edges.crs)
    inside = shapely.contains(area, places.geometry.to_numpy())
    wrong = np.flatnonzero(inside != covered(TOWN, facilities, places, "walk", cutoff_s))
    around = cell_m * np.random.default_rng(5).uniform(-1, 1, (60, 2))
    near = (shapely.get_coordinates(places.geometry.to_numpy()[wrong])[:, np.newaxis] + around).reshape(-1, 2)
    truly = covered(TOWN, facilities, draw_points(*near), "walk", cutoff_s).reshape(len(wrong), len(around))
    assert (truly == inside[wrong, np.newaxis]).any(axis=1).all()


def test_threads_order_and_company_change_nothing():
    places = [(10.0 * x, 10.0 * y) for x, y in np.random.default_rng(8).integers(-10, 150, (40, 2))]
    facilities = draw_points(*places, (9000, 9000))
    grid = build_street_grid(TOWN, "walk", cell_m=20.0, bounds=(-250, -250, 1750, 1450))
    options = {"mode": "walk", "cutoffs_s": [200, 500], "grid": grid}
    seen = []
    table = isochrones(TOWN, facilities, threads=1, progress=lambda *done: seen.append(done), **options)
    assert seen[-1] == (41, 41)
    pd.testing.assert_frame_equal(isochrones(TOWN, facilities, threads=2, **options).to_wkb(), table.to_wkb())
    back = isochrones(TOWN, facilities.iloc[::-1], **options).to_wkb().set_index(["facility_id", "cutoff_s"])
    pd.testing.assert_frame_equal(back.loc[list(zip(table["facility_id"], table["cutoff_s"], strict=True))].reset_index(),
                                  table.to_wkb()[["facility_id", "cutoff_s", "mode", "cell_m", "geometry"]])  # fmt: skip
    alone = isochrones(TOWN, facilities.iloc[[7]], **options)
    assert alone.geometry.to_wkb().tolist() == table.geometry[table["facility_id"] == "P7"].to_wkb().tolist()


def test_raising_in_progress_stops_the_work():
    def stop(_done, _total):
        raise KeyboardInterrupt

    facilities = draw_points(*[(100.0 * x, 300.0) for x in range(15)])
    with pytest.raises(KeyboardInterrupt):
        isochrones(TOWN, facilities, mode="walk", cutoffs_s=[300], progress=stop)


def test_the_tip_of_a_street_is_inside_however_thin():
    network = draw_network({"A": (0, 3), "B": (3000, 800), "C": (1200, -600)}, [("AB", {}), ("AC", {})])
    area = isochrones(network, draw_points((0, 3)), mode="drive", cutoffs_s=[150]).geometry.iloc[0]
    streets = reached_streets(network, draw_points((0, 3)), mode="drive", cutoffs_s=[150])
    assert streets.intersection(area).length.sum() > 0.998 * streets.length.sum()
    beyond = network.edges.geometry.union_all().difference(streets.geometry.union_all().buffer(1e-6))
    assert beyond.length > 500
    assert beyond.intersection(area).length < 1.0


def test_a_wait_at_the_door_makes_the_area_smaller():
    facilities = draw_points((600, 600)).assign(entry_delay_s=120.0)
    options = {"mode": "walk", "cell_m": 20.0}
    late = isochrones(TOWN, facilities, cutoffs_s=[420], **options).geometry.iloc[0]
    early = isochrones(TOWN, facilities.drop(columns="entry_delay_s"), cutoffs_s=[300], **options).geometry.iloc[0]
    assert late.symmetric_difference(early).area < 1e-6


@pytest.mark.parametrize("overlap", ["merge", "", None])
def test_an_overlap_that_is_not_known(overlap):
    with pytest.raises(ConfigError, match="overlap must be one of separate, union, exclusive"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[60], overlap=overlap)


def test_a_direction_that_is_not_known():
    with pytest.raises(ConfigError, match="direction must be one of to_facility, from_facility"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[60], direction="back")


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
    assert table["cell_m"].unique().tolist() == [17.0]
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
    area = isochrones(network, facilities, mode="walk", cutoffs_s=[900], cell_m=cell_m, overlap="union").geometry.iloc[
        0
    ]
    bank = RIVER[1].buffer(-cell_m)
    assert area.intersection(bank).area == 0
    assert not area.intersects(shapely.box(-500, 1010 + cell_m, 2500, 1400)), "the far bank has no street"
    assert area.contains(shapely.Point(600, 940 - cell_m))
    assert agreement(network, facilities, "walk", 900) > 0.99
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


@pytest.mark.parametrize(("reach_m", "cell_m"), [(100, 16), (1200, 18), (3000, 20), (7500, 25), (90_000, 30)])
def test_the_cells_follow_the_reach(reach_m, cell_m):
    assert choose_cell_m(reach_m) == cell_m


@pytest.mark.parametrize("cell_m", [0, -5, float("nan")])
def test_cells_must_have_a_size(cell_m):
    with pytest.raises(ConfigError, match="cell_m must be positive"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[60], cell_m=cell_m)


def test_a_grid_too_large_for_memory_is_refused():
    with pytest.raises(ConfigError, match="at most 60,000,000 cells"):
        isochrones(TOWN, draw_points((0, 0)), mode="walk", cutoffs_s=[600], cell_m=0.1)


#: Share of random places that must be on the right side, of street inside that may be unreached, and of reached street
#: that must be inside. Streets of places are those onto which one can step and that are not on an island: a place on
#: another street belongs, by the rules of snapping, to one of these.
RIGHT, UNREACHED, REACHED = 0.99, 0.03, 0.995


def length_inside(lines, prepared_area):
    """Metres of lines within an area; only those that cross its border are cut, which takes GEOS long."""
    whole = shapely.contains_properly(prepared_area, lines)
    return shapely.length(lines[whole]).sum() + shapely.length(shapely.intersection(lines[~whole], prepared_area)).sum()


@pytest.fixture(scope="module", params=["las_palmas_2023.osm.pbf", "porto_portugal.osm.pbf"])
def city(real_data, request):
    from coverage_planner.sources.roads import read_roads

    return build_network(read_roads(real_data / "osm" / request.param))


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("mode", ["walk", "bicycle", "drive"])
def test_areas_are_faithful_on_real_streets(city, mode):
    network = city
    graph = network.graph(mode)
    edges = network.edges.reset_index(drop=True)
    rng = np.random.default_rng(1)
    rows = rng.choice(np.flatnonzero(graph.snappable & ~graph.island), 12)
    lines = edges.geometry.to_numpy()
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines[rows], rng.random(12), normalized=True))
    facilities = draw_points(*(xy + rng.normal(0, 10, xy.shape))).set_crs(network.edges.crs, allow_override=True)
    cutoffs_s = [300, 600, 900]
    table = isochrones(network, facilities, mode=mode, cutoffs_s=cutoffs_s)
    assert_sound(table)
    pieces = reached_streets(network, facilities, mode=mode, cutoffs_s=cutoffs_s, overlap="separate")
    of_places = graph.snappable & ~graph.island
    tree = shapely.STRtree(lines)
    right, length = [], np.zeros(3)
    for (facility_id, cutoff_s), area in zip(
        table[["facility_id", "cutoff_s"]].to_numpy(), table.geometry, strict=True
    ):
        reached = pieces[(pieces["facility_id"] == facility_id) & (pieces["band_s"] <= cutoff_s)]
        if reached.empty:  # a facility in the water, or behind a wall
            assert area.is_empty
            continue
        reached = reached[of_places[reached["edge"]]]
        left, bottom, east, top = reached.total_bounds + np.array([-200, -200, 200, 200])
        places = rng.uniform((left, bottom), (east, top), (700, 2))
        places = draw_points(*places).set_crs(network.edges.crs, allow_override=True)
        shapely.prepare(area)
        inside = shapely.contains(area, places.geometry.to_numpy())
        facility = facilities[facilities["id"] == facility_id]
        right.append((inside == covered(network, facility, places, mode, cutoff_s)).mean())
        near = tree.query(area, predicate="intersects")
        near = near[of_places[near]]
        length += [
            length_inside(lines[near], area),
            length_inside(reached.geometry.to_numpy(), area),
            reached.length.sum(),
        ]
    street_inside, reached_inside, reached_m = length
    assert np.mean(right) >= RIGHT
    assert 1 - reached_inside / street_inside <= UNREACHED
    assert reached_inside / reached_m >= REACHED


def test_more_bands_than_a_byte_can_number_are_refused():
    station = draw_points((600, 600))
    assert len(isochrones(TOWN, station, mode="walk", cutoffs_s=range(1, 256), overlap="union", cell_m=50.0)) == 255
    with pytest.raises(ConfigError, match="at most 255 cutoffs, got 256"):
        isochrones(TOWN, station, mode="walk", cutoffs_s=range(1, 257), overlap="union", cell_m=50.0)


def test_a_copy_of_the_network_that_lies_elsewhere_is_drawn_there():
    station = draw_points((600, 600))
    here = isochrones(TOWN, station, mode="walk", cutoffs_s=[300], cell_m=20.0)
    moved = replace(
        TOWN,
        nodes=TOWN.nodes.set_geometry(TOWN.nodes.translate(5000, 3000)),
        edges=TOWN.edges.set_geometry(TOWN.edges.translate(5000, 3000)),
    )
    there = isochrones(moved, station.translate(5000, 3000).to_frame("geometry").assign(id="P0"), mode="walk",
                       cutoffs_s=[300], cell_m=20.0)  # fmt: skip
    assert (
        there.geometry.iloc[0].normalize().equals_exact(here.translate(5000, 3000).iloc[0].normalize(), tolerance=1e-3)
    )
