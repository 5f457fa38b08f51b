"""Population rasters: which cells count, and that nobody is lost or counted twice."""

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import rasterio.mask
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.errors import CrsError, InputError, SourceError
from coverage_planner.sources import population
from coverage_planner.sources.population import read_population

# rasterio.mask multiplies transforms with the operator that affine 3 gave up
pytestmark = pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")

UTM_50N = "EPSG:32650"
#: 5 columns x 4 rows of 100 m with the upper left corner at (300000, 3400400).
VALUES = np.arange(20, dtype=np.float32).reshape(4, 5)
TRANSFORM = rasterio.Affine(100, 0, 300000, 0, -100, 3400400)


def write_raster(path, values=VALUES, *, crs=UTM_50N, transform=TRANSFORM, nodata=None, bands=1, **tags):
    height, width = values.shape
    profile = {"driver": "GTiff", "height": height, "width": width, "count": bands, "dtype": values.dtype}
    with rasterio.open(path, "w", **profile, crs=crs, transform=transform, nodata=nodata) as raster:
        raster.write(values, 1)
        for band in range(2, bands + 1):
            raster.write(values * 100, band)
        for name, value in tags.items():
            setattr(raster, name, value)
    return path


def area(*shapes, crs=UTM_50N):
    return gpd.GeoDataFrame(geometry=list(shapes), crs=crs)


#: A little more than the raster, but less than a cell.
WHOLE = area(shapely.box(299950, 3399950, 300550, 3400450))


def test_cells_whose_centre_is_inside_become_points(tmp_path):
    path = write_raster(tmp_path / "人口 100m.tif")
    # the first two columns but for a sliver of the second column's right, of rows 1 and 2
    demand = read_population(path, study_area=area(shapely.box(300000, 3400100, 300160, 3400300)), crs=UTM_50N)
    assert list(demand.columns) == ["id", "demand", "kind", "geometry"]
    assert demand["id"].tolist() == ["r1c0", "r1c1", "r2c0", "r2c1"]
    assert demand["demand"].tolist() == [5.0, 6.0, 10.0, 11.0]
    assert set(demand["kind"]) == {"grid cell"}
    assert demand.crs == UTM_50N
    points = shapely.get_coordinates(demand.geometry.to_numpy())
    np.testing.assert_allclose(
        points, [(300050, 3400250), (300150, 3400250), (300050, 3400150), (300150, 3400150)], atol=1e-6
    )


def test_empty_cells_and_cells_up_to_the_minimum_are_left_out(tmp_path):
    path = write_raster(tmp_path / "a.tif")
    assert read_population(path, study_area=WHOLE)["demand"].tolist() == list(range(1, 20))
    assert read_population(path, study_area=WHOLE, minimum=17.0)["id"].tolist() == ["r3c3", "r3c4"]
    with pytest.raises(InputError, match="cells with more than 19 people inside the study area, got none"):
        read_population(path, study_area=WHOLE, minimum=19.0)


@pytest.mark.parametrize("nodata", [-99999.0, 7.0, np.nan])
def test_nodata_holds_nobody(tmp_path, nodata):
    values = VALUES.copy()
    values[1, 2] = nodata
    demand = read_population(write_raster(tmp_path / "a.tif", values, nodata=nodata), study_area=WHOLE)
    assert demand["demand"].sum() == VALUES.sum() - 7.0
    assert "r1c2" not in set(demand["id"])


def test_nan_holds_nobody_even_where_nodata_is_another_value(tmp_path):
    values = VALUES.copy()
    values[1, 2] = np.nan
    demand = read_population(write_raster(tmp_path / "a.tif", values, nodata=-1.0), study_area=WHOLE)
    assert demand["demand"].sum() == VALUES.sum() - 7.0


def test_negative_cells_inside_are_an_error_that_names_them(tmp_path):
    values = VALUES.copy()
    values[1, 2] = -99999.0
    path = write_raster(tmp_path / "a.tif", values)
    with pytest.raises(InputError, match=r"a\.tif must not be negative, got -99999 in 1: r1c2; .* mark it as nodata"):
        read_population(path, study_area=WHOLE)
    outside = area(shapely.box(300000, 3400000, 300500, 3400100))
    assert read_population(path, study_area=outside)["demand"].tolist() == [15.0, 16.0, 17.0, 18.0, 19.0]


def test_only_the_first_band_counts_in_its_scale(tmp_path):
    values = VALUES.astype(np.int16)
    path = write_raster(tmp_path / "a.tif", values, bands=2, scales=(0.5, 1.0), offsets=(1.0, 0.0))
    with pytest.warns(UserWarning, match=r"a\.tif has 2 and only the first is read"):
        assert read_population(path, study_area=WHOLE)["demand"].sum() == VALUES.sum() * 0.5 + 20.0


def test_a_study_area_that_is_partly_beyond_the_raster_is_told(tmp_path):
    path = write_raster(tmp_path / "a.tif")
    half = area(shapely.box(300200, 3400000, 300800, 3400400))
    for study_area in (half, half.to_crs(4326), half.to_crs("EPSG:32651")):
        with pytest.warns(
            UserWarning, match=r"a\.tif should cover the study area, 50\.0% of it lies beyond the raster"
        ):
            assert read_population(path, study_area=study_area)["demand"].sum() == VALUES[:, 2:].sum()


def test_areas_in_parts_with_holes_in_another_crs(tmp_path):
    path = write_raster(tmp_path / "a.tif")
    hole = shapely.box(300100, 3400100, 300400, 3400300)
    ring = shapely.box(299990, 3399990, 300510, 3400410).difference(hole)
    inside = np.ones((4, 5), dtype=bool)
    inside[1:3, 1:4] = False
    in_degrees = area(ring).to_crs(4326)
    demand = read_population(path, study_area=in_degrees, crs=UTM_50N)
    assert demand["demand"].sum() == VALUES[inside].sum()
    two = area(shapely.box(300000, 3400300, 300100, 3400400), shapely.box(300400, 3400000, 300500, 3400100))
    assert read_population(path, study_area=two, minimum=-0.5)["demand"].tolist() == [0.0, 19.0]


def test_rasters_that_are_rotated(tmp_path):
    angle = np.radians(30)
    cos, sin = 100 * np.cos(angle), 100 * np.sin(angle)
    path = write_raster(tmp_path / "a.tif", transform=rasterio.Affine(cos, sin, 300000, sin, -cos, 3400400))
    with pytest.warns(UserWarning, match="lies beyond the raster"):
        demand = read_population(path, study_area=area(shapely.box(299000, 3399000, 301000, 3401000)), crs=UTM_50N)
    assert demand["demand"].sum() == VALUES.sum()
    last = demand.set_index("id").geometry["r3c4"]
    assert last.x == pytest.approx(300000 + 450 * np.cos(angle) + 350 * np.sin(angle), abs=1e-6)
    assert last.y == pytest.approx(3400400 + 450 * np.sin(angle) - 350 * np.cos(angle), abs=1e-6)


def test_the_order_of_reading_does_not_matter(tmp_path, monkeypatch):
    path = write_raster(tmp_path / "a.tif")
    at_once = read_population(path, study_area=WHOLE)
    monkeypatch.setattr(population, "_ROWS_AT_A_TIME", 1)
    row_by_row = read_population(path, study_area=WHOLE)
    assert row_by_row.equals(at_once)
    assert row_by_row.index.tolist() == list(range(19))


@pytest.fixture(scope="module")
def raster_of_twenty(tmp_path_factory):
    return write_raster(tmp_path_factory.mktemp("raster") / "a.tif", VALUES + 1)


@pytest.mark.filterwarnings("ignore:a.tif should cover the study area:UserWarning")
@settings(max_examples=50, deadline=None)
@given(
    corners=st.lists(st.tuples(st.floats(299900, 300600), st.floats(3399900, 3400500)), min_size=3, max_size=8),
)
def test_the_sum_is_that_of_rasterios_mask(raster_of_twenty, corners):
    polygon = shapely.MultiPoint(corners).convex_hull
    columns, rows = np.meshgrid(np.arange(5), np.arange(4))
    centres = shapely.points(300050.0 + 100 * columns, 3400350.0 - 100 * rows)
    assume(shapely.distance(polygon.boundary, centres).min() > 0.01)  # GDAL counts some centres on the outline
    with rasterio.open(raster_of_twenty) as raster:
        assume(polygon.area > 1 and polygon.intersects(shapely.box(*raster.bounds)))
        expected = rasterio.mask.mask(raster, [polygon])[0].sum()
    if expected == 0:
        with pytest.raises(InputError, match="inside the study area, got none"):
            read_population(raster_of_twenty, study_area=area(polygon), crs=UTM_50N)
    else:
        assert read_population(raster_of_twenty, study_area=area(polygon), crs=UTM_50N)["demand"].sum() == expected


def test_a_study_area_outside_shows_both_boxes(tmp_path):
    path = write_raster(tmp_path / "a.tif")
    with pytest.raises(
        InputError,
        match=r"a\.tif must cover the study area; it covers 300000, 3400000, 300500, 3400400 and the study area is "
        r"310000, 3400000, 310001, 3400001 \(west",
    ):
        read_population(path, study_area=area(shapely.box(310000, 3400000, 310001, 3400001)))


def test_no_crs_of_the_raster_or_the_area(tmp_path):
    path = write_raster(tmp_path / "a.tif", crs=None)
    with pytest.raises(CrsError, match=r"a\.tif must say its coordinate reference system"):
        read_population(path, study_area=WHOLE)
    with pytest.raises(CrsError, match=r"study area for a\.tif must have a CRS"):
        read_population(path, study_area=area(shapely.box(0, 0, 1, 1), crs=None))


def test_an_empty_study_area(tmp_path):
    path = write_raster(tmp_path / "a.tif")
    for empty in (area(), area(shapely.Polygon())):
        with pytest.raises(InputError, match="must have a polygon, got none"):
            read_population(path, study_area=empty)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(SourceError, match="found nothing"):
        read_population(tmp_path / "none.tif", study_area=WHOLE)
    (tmp_path / "a.tif").write_bytes(b"damaged")
    with pytest.raises(SourceError, match=r"a\.tif must be a readable raster"):
        read_population(tmp_path / "a.tif", study_area=WHOLE)


@pytest.mark.real_data
def test_a_district_of_wuhan(real_data):
    path = real_data / "wuhan" / "population_20plus_2020_100m.tif"
    districts = gpd.read_file(real_data / "areas" / "districts.gpkg")
    district = districts[districts["name"] == "江岸区"].to_crs(4326)
    with rasterio.open(path) as raster:
        masked = rasterio.mask.mask(raster, district.geometry, crop=True, filled=False)[0]
    expected = masked.astype(np.float64).sum()
    demand = read_population(path, study_area=district)
    assert len(demand) == (masked > 0).sum()
    assert demand["demand"].sum() == pytest.approx(expected, rel=1e-12)
    assert demand.crs == "EPSG:32650"
    # projected, the district's long straight edges lie elsewhere by less than a cell
    metric = read_population(path, study_area=district.to_crs(32650), crs=32650)
    assert metric["demand"].sum() == pytest.approx(expected, rel=0.001)
    assert metric.geometry.within(district.to_crs(32650).union_all()).all()
