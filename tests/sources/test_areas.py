"""Communities and study areas from polygon layers."""

import warnings

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
import shapely.affinity
from pyproj import Geod

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SchemaError, SourceError
from coverage_planner.schema import Rejections
from coverage_planner.sources.areas import read_areas, read_study_area
from coverage_planner.sources.datum import from_wgs84

UTM_50N = "EPSG:32650"
WEST = shapely.box(114.30, 30.60, 114.31, 30.61)
EAST = shapely.box(114.31, 30.60, 114.32, 30.61)
APART = shapely.box(114.40, 30.60, 114.41, 30.61)
#: Two triangles that meet in a point, drawn as one ring.
BOWTIE = shapely.Polygon([(114.30, 30.60), (114.31, 30.61), (114.31, 30.60), (114.30, 30.61)])


def layer(shapes, crs="EPSG:4326", **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs)


def geodesic_area_m2(polygon):
    return abs(Geod(ellps="WGS84").geometry_area_perimeter(polygon)[0])


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet"])
def test_communities_are_read_alike_from_every_kind_of_layer(tmp_path, suffix):
    communities = layer(
        [WEST, shapely.MultiPolygon([EAST, APART])], 编号=[1, 2], 社区=["东湖", "南湖"], 街道=["甲", None]
    )
    path = tmp_path / f"社区 图{suffix}"
    if suffix == ".parquet":
        communities.to_parquet(path)
    else:
        pyogrio.write_dataframe(communities, path, encoding="utf-8" if suffix == ".shp" else None)
    areas = read_areas(path, crs=UTM_50N)
    assert list(areas.columns) == ["id", "name", "subdistrict", "geometry"]
    assert areas["id"].tolist() == ["1", "2"]
    assert areas["name"].tolist() == ["东湖", "南湖"]
    assert areas["subdistrict"].fillna("-").tolist() == ["甲", "-"]
    assert areas.crs == UTM_50N
    expected = [geodesic_area_m2(WEST), geodesic_area_m2(EAST) + geodesic_area_m2(APART)]
    # UTM's scale here is 1.0002, so areas are 0.04 % more
    np.testing.assert_allclose(areas.area, expected, rtol=0.001)


def test_ids_are_made_and_the_utm_zone_is_estimated(tmp_path):
    layer([WEST, EAST], name=["a", "b"]).to_file(tmp_path / "a.gpkg")
    areas = read_areas(tmp_path / "a.gpkg")
    assert areas["id"].tolist() == ["A1", "A2"]
    assert areas.crs == UTM_50N


def test_a_name_is_required_and_can_be_said(tmp_path):
    layer([WEST], 小区名=["a"]).to_file(tmp_path / "a.gpkg")
    with pytest.raises(SchemaError, match=r"columns for name.*社区"):
        read_areas(tmp_path / "a.gpkg")
    assert read_areas(tmp_path / "a.gpkg", columns={"name": "小区名"})["name"].tolist() == ["a"]
    with pytest.raises(ConfigError, match=r"got \['kind'\]"):
        read_areas(tmp_path / "a.gpkg", columns={"kind": "小区名"})


def test_head_counts_are_read_and_impossible_ones_refused(tmp_path):
    layer([WEST, EAST, APART], name=["a", "b", "c"], 常住人口=["1200", None, "-5"]).to_file(tmp_path / "a.gpkg")
    rejected = Rejections()
    areas = read_areas(tmp_path / "a.gpkg", columns={"demand": "常住人口"}, rejected=rejected)
    np.testing.assert_array_equal(areas["demand"], [1200.0, np.nan])
    assert rejected.to_frame()["reason"].tolist() == ["demand is less than 0"]


def test_head_counts_as_offices_write_them_are_understood_with_a_remark(tmp_path):
    layer([WEST, EAST], name=["a", "b"], 人口数=["约3000人", "１，２００"]).to_file(tmp_path / "a.gpkg")
    rejected = Rejections()
    areas = read_areas(tmp_path / "a.gpkg", rejected=rejected)
    assert areas["demand"].tolist() == [3000, 1200]
    assert {remark["id"] for remark in rejected.remarks} >= {"A1"}


def test_polygons_that_cross_themselves_are_repaired_and_named(tmp_path):
    layer([WEST, BOWTIE], name=["a", "b"]).to_file(tmp_path / "a.gpkg")
    with pytest.warns(UserWarning, match=r"polygons of a\.gpkg should not cross themselves; repaired 1: feature 2"):
        areas = read_areas(tmp_path / "a.gpkg")
    assert areas.is_valid.all()
    lobes = [
        [(114.30, 30.60), (114.305, 30.605), (114.30, 30.61)],
        [(114.31, 30.60), (114.305, 30.605), (114.31, 30.61)],
    ]
    expected = sum(geodesic_area_m2(shapely.Polygon(lobe)) for lobe in lobes)
    assert areas.area[1] == pytest.approx(expected, rel=0.001)
    with pytest.warns(UserWarning, match="repaired 1: feature 2"):
        study_area = read_study_area(tmp_path / "a.gpkg")
    assert study_area.is_valid.all()


def test_a_repair_keeps_only_polygons(tmp_path):
    # a box of 100 m with a spike: a line out and back
    spiked = shapely.Polygon([(0, 0), (100, 0), (100, 200), (100, 100), (0, 100)])
    spiked = shapely.affinity.translate(spiked, 300_000, 3_400_000)
    layer([spiked], UTM_50N, name=["a"]).to_file(tmp_path / "a.gpkg")
    with pytest.warns(UserWarning, match="repaired"):
        areas = read_areas(tmp_path / "a.gpkg", crs=UTM_50N)
    assert areas.geometry[0].geom_type in ("Polygon", "MultiPolygon")
    assert areas.area[0] == pytest.approx(10_000)


def test_bad_features_are_listed_or_an_error(tmp_path):
    flat = shapely.Polygon([(114.3, 30.6), (114.31, 30.6), (114.3, 30.6)])
    shapes = [
        WEST,
        None,
        shapely.Polygon(),
        shapely.Point(114.3, 30.6),
        EAST,
        flat,
        shapely.box(200, 30, 201, 31),
        APART,
    ]
    names = ["a", "b", "c", "d", None, "f", "g", "h"]
    layer(shapes, id=[1, 2, 3, 4, 5, 6, 7, 1], name=names).to_parquet(tmp_path / "a.parquet")
    rejected = Rejections()
    areas = read_areas(tmp_path / "a.parquet", rejected=rejected)
    assert areas["name"].tolist() == ["a"]
    assert rejected.to_frame().sort_values("row")[["table", "row", "id", "reason"]].to_numpy().tolist() == [
        ["areas", 2, "2", "the geometry is missing"],
        ["areas", 3, "3", "the geometry is missing"],
        ["areas", 4, "4", "the geometry is not a polygon"],
        ["areas", 5, "5", "name is blank"],
        ["areas", 6, "6", "the polygon has no area"],
        ["areas", 7, "7", "longitude is outside -180 to 180 (for x and y in metres say source_crs)"],
        ["areas", 8, "1", "id stands in an earlier row already"],
    ]
    with pytest.raises(InputError, match=r"a\.parquet must be usable.*not a polygon in 1: feature 4"):
        read_areas(tmp_path / "a.parquet")


def test_the_study_area_is_one_row(tmp_path):
    layer([WEST, EAST, APART], name=["a", "b", "c"]).to_file(tmp_path / "a.gpkg")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        study_area = read_study_area(tmp_path / "a.gpkg")
    assert study_area.shape == (1, 1)
    assert shapely.get_num_geometries(study_area.geometry[0]) == 2
    expected = sum(geodesic_area_m2(shape) for shape in (WEST, EAST, APART))
    assert study_area.area[0] == pytest.approx(expected, rel=0.001)
    only = read_study_area(tmp_path / "a.gpkg", where={"name": ["c"]}, crs=UTM_50N)
    assert only.area[0] == pytest.approx(geodesic_area_m2(APART), rel=0.001)


@pytest.mark.parametrize("read", [read_areas, read_study_area])
class TestBothReaders:
    def test_the_datum_is_converted_at_every_vertex(self, tmp_path, read):
        shifted = shapely.transform(WEST, lambda xy: np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], "gcj02")))
        layer([shifted], name=["a"]).to_file(tmp_path / "a.gpkg")
        expected = gpd.GeoSeries([WEST], crs=4326).to_crs(UTM_50N)[0]
        assert read(tmp_path / "a.gpkg", datum="gcj02", crs=UTM_50N).geometry[0].hausdorff_distance(expected) < 0.001
        assert read(tmp_path / "a.gpkg", crs=UTM_50N).geometry[0].hausdorff_distance(expected) > 300

    def test_without_a_crs_it_is_refused(self, tmp_path, read):
        layer([WEST], crs=None, name=["a"]).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(CrsError, match="must say its coordinate reference system"):
            read(tmp_path / "a.parquet")

    def test_a_crs_can_be_said_for_a_layer_that_has_none(self, tmp_path, read):
        in_zone = gpd.GeoSeries([WEST], crs=4326).to_crs(4547)
        layer(in_zone, crs=4547, name=["a"]).to_file(tmp_path / "街道.shp")
        (tmp_path / "街道.prj").unlink()
        expected = gpd.GeoSeries([WEST], crs=4326).to_crs(UTM_50N)[0]
        found = read(tmp_path / "街道.shp", source_crs="EPSG:4547", crs=UTM_50N)
        assert found.geometry[0].hausdorff_distance(expected) < 0.001
        with pytest.raises(CrsError, match="EPSG:0"):
            read(tmp_path / "街道.shp", source_crs="EPSG:0")

    def test_a_crs_that_the_layer_contradicts_is_an_error(self, tmp_path, read):
        layer([WEST], name=["a"]).to_file(tmp_path / "a.gpkg")
        assert len(read(tmp_path / "a.gpkg", source_crs=4326)) == 1
        with pytest.raises(CrsError, match=r"got EPSG:4547 for a\.gpkg, which says EPSG:4326; leave"):
            read(tmp_path / "a.gpkg", source_crs=4547)

    def test_a_shifted_datum_needs_degrees(self, tmp_path, read):
        layer([WEST], name=["a"]).to_crs(4547).to_file(tmp_path / "a.gpkg")
        with pytest.raises(DatumError, match="must be in longitude and latitude"):
            read(tmp_path / "a.gpkg", datum="bd09")
        with pytest.raises(DatumError, match="got 'mars'"):
            read(tmp_path / "a.gpkg", datum="mars")

    def test_swapped_coordinates_are_an_error(self, tmp_path, read):
        layer([shapely.box(30.60, 114.30, 30.61, 114.31)], name=["a"]).to_file(tmp_path / "a.geojson")
        with pytest.raises(InputError, match=r"look swapped|outside -90 to 90"):
            read(tmp_path / "a.geojson")

    def test_points_are_no_areas(self, tmp_path, read):
        layer([shapely.Point(114.3, 30.6)], name=["a"]).to_file(tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="the geometry is not a polygon in 1: feature 1"):
            read(tmp_path / "a.gpkg")

    def test_polygons_without_area_are_refused(self, tmp_path, read):
        flat = shapely.Polygon([(114.3, 30.6), (114.31, 30.6), (114.3, 30.6)])
        layer([flat], name=["a"]).to_file(tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="the polygon has no area in 1: feature 1"):
            read(tmp_path / "a.gpkg")

    def test_files_that_cannot_be_read(self, tmp_path, read):
        with pytest.raises(SourceError, match="found nothing"):
            read(tmp_path / "none.gpkg")
        (tmp_path / "a.csv").write_text("name\na\n", encoding="utf-8")
        with pytest.raises(SourceError, match=r"a layer must be .* got a\.csv"):
            read(tmp_path / "a.csv")
        (tmp_path / "a.gpkg").write_bytes(b"damaged")
        with pytest.raises(SourceError, match=r"a\.gpkg must be a readable"):
            read(tmp_path / "a.gpkg")

    def test_several_layers_need_a_name(self, tmp_path, read):
        layer([WEST], name=["a"]).to_file(tmp_path / "a.gpkg", layer="一")
        layer([EAST], name=["b"]).to_file(tmp_path / "a.gpkg", layer="二")
        with pytest.raises(ConfigError, match="2: 一, 二"):
            read(tmp_path / "a.gpkg")
        assert len(read(tmp_path / "a.gpkg", sheet="二")) == 1

    def test_where_that_keeps_nothing(self, tmp_path, read):
        layer([WEST], name=["洪山区"]).to_file(tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="the column has the values 1: 洪山区"):
            read(tmp_path / "a.gpkg", where={"name": ["武昌区"]})


@pytest.mark.real_data
def test_districts_of_ten_cities(real_data):
    path = real_data / "areas" / "districts.gpkg"
    wuhan = read_study_area(path, where={"city": ["Wuhan"]})
    assert wuhan.crs.to_epsg() in (32649, 32650)
    assert wuhan.area[0] / 1e6 == pytest.approx(8569, rel=0.02)  # the city's official area, km²
    districts = read_areas(path, where={"city": ["Wuhan"]}, columns={"id": "gb", "subdistrict": "city"}, crs=UTM_50N)
    assert len(districts) == 13
    assert "洪山区" in set(districts["name"])
    assert districts.area.sum() == pytest.approx(wuhan.to_crs(UTM_50N).area[0], rel=0.001)
