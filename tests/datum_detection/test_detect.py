"""Which datum points are in: drawn towns whose answer is known, and real files of known datum."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.datum_detection import detect_datum
from coverage_planner.datum_detection.detect import LEAST_POINTS, MOST_POINTS, score_distances
from coverage_planner.errors import DatumError, NetworkError, SchemaError
from coverage_planner.network.build import build_network
from coverage_planner.sources.datum import from_wgs84, to_wgs84
from coverage_planner.sources.pois import read_pois
from coverage_planner.sources.roads import read_roads
from drawn import draw_network

DATUMS = ("wgs84", "gcj02", "bd09")
CORNER = (380_000.0, 3_170_000.0)  # Jiangxi, in UTM zone 50 north
SIDE_M = 6000.0


def draw_town(seed=1):
    """Streets to the east at uneven distances over six kilometres, and between each two of them others to the north."""
    rng = np.random.default_rng(seed)
    north = np.cumsum(rng.uniform(80, 320, 60))
    north = north[north < SIDE_M]
    lines = [[(0.0, y), (SIDE_M, y)] for y in north]
    for low, high in itertools.pairwise(north):
        east = np.cumsum(rng.uniform(80, 320, 60))
        lines += [[(x, low), (x, high)] for x in east[east < SIDE_M]]
    ends = {f"{k}{end}": tuple(np.array(line[end]) + CORNER) for k, line in enumerate(lines) for end in (0, 1)}
    return draw_network(ends, [([f"{k}0", f"{k}1"], {"highway": "residential"}) for k in range(len(lines))])


def draw_doors(network, n, seed=2):
    """Doors 8 to 35 m beside streets, at least 1.5 km from the edge of the town."""
    rng = np.random.default_rng(seed)
    lines = network.edges.geometry.to_numpy()
    row = rng.integers(len(lines), size=8 * n)
    at = rng.uniform(0, 1, len(row))
    on = shapely.get_coordinates(shapely.line_interpolate_point(lines[row], at, normalized=True))
    ends = shapely.get_coordinates(shapely.get_point(lines[row], -1)) - shapely.get_coordinates(
        shapely.get_point(lines[row], 0)
    )
    beside = np.column_stack([-ends[:, 1], ends[:, 0]]) / np.hypot(*ends.T)[:, None]
    xy = on + beside * (rng.uniform(8, 35, len(row)) * rng.choice([-1, 1], len(row)))[:, None]
    inside = ((xy > np.array(CORNER) + 1500) & (xy < np.array(CORNER) + SIDE_M - 1500)).all(axis=1)
    return xy[inside][:n]


def as_written(xy, network, datum):
    """What a file in a datum has for these true places, read as if it were WGS 84."""
    true = gpd.GeoSeries.from_xy(*xy.T, crs=network.crs).to_crs(4326)
    lon, lat = from_wgs84(true.x, true.y, datum)
    return gpd.GeoDataFrame({"id": [f"F{k}" for k in range(len(xy))]}, geometry=gpd.points_from_xy(lon, lat, crs=4326))


def as_read(points, declared):
    """What a reader makes of a file whose datum was declared."""
    lon, lat = to_wgs84(points.geometry.x, points.geometry.y, declared)
    return points.set_geometry(gpd.points_from_xy(lon, lat, crs=4326)).to_crs(32650)


@pytest.fixture(scope="module")
def town():
    return draw_town()


@pytest.fixture(scope="module")
def doors(town):
    return draw_doors(town, 250)


# --- drawn towns ---


@pytest.mark.parametrize("datum", DATUMS)
def test_the_datum_is_found_whatever_was_declared(town, doors, datum):
    written = as_written(doors, town, datum)
    tables = []
    for declared in (*DATUMS, "cgcs2000"):
        found = detect_datum(as_read(written, declared), town, declared=declared)
        assert found.verdict == datum
        assert found.confidence > 0.99
        assert found.agrees == (declared == datum or (declared == "cgcs2000" and datum == "wgs84"))
        assert found.n_points == len(doors)
        tables.append(found.table)
    first = tables[0]
    for other in tables[1:]:
        for column in ("probability", "median_m", "deviations"):
            np.testing.assert_allclose(first[column], other[column], atol=1e-3)
    row = first.set_index("datum").loc[datum]
    assert row["median_m"] == pytest.approx(20, abs=5)
    assert row["within_50m_share"] == 1.0
    assert first["probability"].sum() <= 1.0


def test_the_table_says_where_each_datum_would_put_the_points(town, doors):
    found = detect_datum(as_read(as_written(doors, town, "wgs84"), "gcj02"), town, declared="gcj02").table
    by_datum = found.set_index("datum")
    assert by_datum.loc["gcj02", ["east_m", "north_m"]].tolist() == [0.0, 0.0]
    given = as_written(doors, town, "wgs84").to_crs(32650).geometry
    read = as_read(as_written(doors, town, "wgs84"), "gcj02").geometry
    assert by_datum.loc["wgs84", "east_m"] == pytest.approx((given.x - read.x).mean(), abs=0.01)
    assert by_datum.loc["wgs84", "north_m"] == pytest.approx((given.y - read.y).mean(), abs=0.01)


@pytest.mark.parametrize("vector", [(400.0, 250.0), (-180.0, 420.0)])
def test_points_moved_elsewhere_fit_none_and_the_way_back_is_named(town, doors, vector):
    found = detect_datum(as_written(doors + vector, town, "wgs84"), town)
    assert found.verdict == "none"
    assert found.agrees is False
    assert found.displacement_m == pytest.approx((-vector[0], -vector[1]), abs=30.0)
    assert "m west" in found.says if vector[0] > 0 else "m east" in found.says


def test_points_that_have_nothing_to_do_with_streets_get_no_datum(town):
    rng = np.random.default_rng(5)
    xy = rng.uniform(np.array(CORNER) + 1500, np.array(CORNER) + SIDE_M - 1500, (600, 2))
    found = detect_datum(as_written(xy, town, "wgs84"), town)
    assert (found.verdict, found.reason, found.agrees) == ("undecided", "chance", None)
    assert "moved about at random" in found.says


def test_few_points_are_hardly_ever_judged_and_never_wrongly(town):
    for seed in range(40):
        datum = DATUMS[seed % 3]
        found = detect_datum(as_written(draw_doors(town, 12, seed), town, datum), town)
        assert found.verdict in {datum, "undecided"}


def test_points_and_roads_shifted_alike_look_right(town, doors):
    """The limit of the method: it knows points only against streets."""
    shifted = as_written(doors, town, "gcj02").to_crs(town.crs).geometry.get_coordinates().to_numpy() - doors
    edges = town.edges.translate(*shifted.mean(axis=0))
    moved = type(town)(town.nodes, town.edges.set_geometry(edges), town.graphs, town.obstacles, town.islands, "moved")
    assert detect_datum(as_written(doors, town, "gcj02"), moved).verdict == "wgs84"


def test_islands_and_obstacles_do_not_matter(town, doors):
    water = shapely.box(*(doors.min(axis=0) - 2000), *(doors.max(axis=0) + 2000))
    lakes = gpd.GeoDataFrame({"kind": ["water"]}, geometry=[water], crs=town.crs)
    drowned = type(town)(town.nodes, town.edges, town.graphs, lakes, town.islands, "drowned")
    found, expected = (detect_datum(as_written(doors, town, "bd09"), one) for one in (drowned, town))
    pd.testing.assert_frame_equal(found.table, expected.table)


def test_order_repeats_and_empty_rows_do_not_matter(town, doors):
    points = as_written(doors, town, "gcj02")
    expected = detect_datum(points, town)
    mixed = pd.concat([points.sample(frac=1.0, random_state=3), points.iloc[:90]], ignore_index=True)
    mixed.loc[len(mixed), "geometry"] = None
    found = detect_datum(mixed, town)
    pd.testing.assert_frame_equal(found.table, expected.table)
    assert (found.n_points, found.confidence) == (expected.n_points, expected.confidence)


@pytest.mark.slow
def test_of_very_many_points_a_seeded_sample_is_compared(town):
    many = as_written(draw_doors(town, 1500, 4), town, "gcj02")
    first, again, other = (detect_datum(many, town, seed=seed) for seed in (0, 0, 1))
    assert first.n_points == MOST_POINTS
    pd.testing.assert_frame_equal(first.table, again.table)
    assert not first.table.equals(other.table)
    assert first.verdict == other.verdict == "gcj02"


def test_areas_stand_as_a_point_inside(town, doors):
    points = as_written(doors, town, "gcj02")
    areas = points.set_geometry(points.to_crs(32650).buffer(3.0))
    assert detect_datum(areas, town).verdict == "gcj02"


# --- nothing to compare ---


def test_points_outside_the_rectangle_cannot_be_told(town):
    abroad = gpd.GeoDataFrame(geometry=gpd.points_from_xy(np.linspace(2, 3, 30), np.full(30, 48.8)), crs=4326)
    found = detect_datum(abroad, town)
    assert (found.verdict, found.reason, found.agrees, found.confidence) == ("not applicable", "outside", None, 0.0)
    assert "outside the rectangle" in found.says
    assert "适用范围之外" in found.sentence("zh")


def test_too_few_places_and_places_far_from_streets(town, doors):
    few = detect_datum(as_written(np.repeat(doors[: LEAST_POINTS - 1], 9, axis=0), town, "wgs84"), town)
    assert (few.verdict, few.reason) == ("not applicable", "too few")
    far = detect_datum(as_written(doors + 40_000.0, town, "wgs84"), town)
    assert (far.verdict, far.reason, far.n_points) == ("not applicable", "no streets", 0)
    none = detect_datum(as_written(doors[:0], town, "wgs84"), town)
    assert (none.verdict, none.reason) == ("not applicable", "too few")
    assert list(none.table) == list(detect_datum(as_written(doors, town, "wgs84"), town).table)


def test_impossible_questions_are_refused(town, doors):
    points = as_written(doors, town, "wgs84")
    with pytest.raises(DatumError, match="datum of the points must be one of"):
        detect_datum(points, town, declared="mars")
    with pytest.raises(NetworkError, match="mode 'boat'"):
        detect_datum(points, town, mode="boat")
    with pytest.raises(SchemaError, match="must have a CRS"):
        detect_datum(points.set_crs(None, allow_override=True), town)


# --- what is said ---


def test_sentences_name_both_datums_the_distances_and_what_to_do(town, doors):
    found = detect_datum(as_written(doors, town, "gcj02"), town, declared="wgs84")
    for part in ("250 points look like GCJ-02, declared WGS 84", "99.9%", "m as BD-09", 'datum = "gcj02"'):
        assert part in found.says
    for part in ("250 个点看起来是 GCJ-02，声明的却是 WGS 84", "按 BD-09 ", 'datum = "gcj02"'):
        assert part in found.sentence("zh")
    right = detect_datum(as_read(as_written(doors, town, "gcj02"), "gcj02"), town, declared="gcj02")
    assert right.says.startswith("250 points fit the streets as GCJ-02, as declared")
    cgcs = detect_datum(as_written(doors, town, "wgs84"), town, declared="cgcs2000")
    assert cgcs.says.startswith("250 points fit the streets as CGCS2000, as declared")


def test_every_verdict_is_a_whole_sentence_in_both_languages(town, doors):
    rng = np.random.default_rng(5)
    even = rng.uniform(np.array(CORNER) + 1500, np.array(CORNER) + SIDE_M - 1500, (600, 2))
    for xy in (doors, doors + np.array([-180.0, 420.0]), even, doors[:11], doors[:3], doors + 40_000.0):
        found = detect_datum(as_written(xy, town, "wgs84"), town)
        for said in (found.sentence("en"), found.sentence("zh")):
            assert "{" not in said
            assert "nan" not in said
            assert len(said) > 20


def test_scores_favour_the_roadside_over_far_places():
    at_street, roadside, far = score_distances(np.array([0.0, 25.0, 300.0])).T
    assert (roadside > far).all()
    assert at_street[0] < roadside[0]  # inside blocks
    assert at_street[1] > roadside[1]  # stops and gates


# --- real files ---


@pytest.fixture(scope="module")
def wuhan(real_data):
    return build_network(read_roads(real_data / "wuhan" / "roads.parquet"))


def read_places(real_data, name):
    table = pd.read_csv(real_data / "wuhan" / f"{name}.csv")
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(table["Longitude"], table["Latitude"], crs=4326))


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["places", "popular_places"])
@pytest.mark.parametrize("declared", ["wgs84", "gcj02", "bd09"])
def test_wuhans_files_are_gcj02(real_data, wuhan, name, declared):
    found = detect_datum(as_read(read_places(real_data, name), declared), wuhan, declared=declared)
    assert found.verdict == "gcj02"
    assert found.agrees == (declared == "gcj02")
    assert found.confidence > 0.99


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", ["places", "popular_places"])
def test_twenty_of_wuhans_places_are_not_called_anything_else(real_data, wuhan, name):
    places = read_places(real_data, name)
    verdicts = [detect_datum(places.sample(20, random_state=seed), wuhan).verdict for seed in range(60)]
    assert set(verdicts) <= {"gcj02", "undecided"}


@pytest.mark.real_data
@pytest.mark.parametrize("city", ["nanjing_xinjiekou.osm", "shenzhen_longgang.osm", "taipei.osm.gz"])
def test_openstreetmap_is_wgs84_and_shifted_it_is_not(real_data, city):
    network = build_network(read_roads(real_data / "osm" / city))
    tags = {"public_transport": True, "amenity": True, "shop": True, "building": True}
    places = read_pois(real_data / "osm" / city, tags, crs=network.crs)
    xy = shapely.get_coordinates(places.geometry.to_numpy())
    for datum in DATUMS:
        found = detect_datum(as_written(xy, network, datum), network)
        assert (found.verdict, found.agrees) == (datum, datum == "wgs84")


@pytest.mark.real_data
def test_even_points_over_wuhan_get_no_datum(wuhan):
    rng = np.random.default_rng(11)
    low, high = wuhan.edges.total_bounds[:2] + 15_000, wuhan.edges.total_bounds[2:] - 15_000
    found = detect_datum(as_written(rng.uniform(low, high, (1500, 2)), wuhan, "wgs84"), wuhan)
    assert found.verdict == "undecided"
