"""Buildings from layers and OpenStreetMap files: outlines, storeys, kinds."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from coverage_planner.errors import CrsError, InputError
from coverage_planner.schema import Rejections
from coverage_planner.sources.buildings import read_buildings

UTM_50N = "EPSG:32650"
X0, Y0 = 500_000.0, 3_400_000.0
OSM = """<osm version="0.6">
  <node id="1" lat="30.0000" lon="114.0000"/><node id="2" lat="30.0000" lon="114.0001"/>
  <node id="3" lat="30.0001" lon="114.0001"/><node id="4" lat="30.0001" lon="114.0000"/>
  <node id="5" lat="30.0010" lon="114.0010"/><node id="6" lat="30.0010" lon="114.0020"/>
  <node id="7" lat="30.0020" lon="114.0020"/><node id="8" lat="30.0020" lon="114.0010"/>
  <node id="9" lat="30.0013" lon="114.0013"/><node id="10" lat="30.0013" lon="114.0017"/>
  <node id="11" lat="30.0017" lon="114.0017"/><node id="12" lat="30.0017" lon="114.0013"/>
  <way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
    <tag k="building" v="apartments"/><tag k="building:levels" v="6"/></way>
  <way id="2"><nd ref="5"/><nd ref="6"/><nd ref="7"/><nd ref="8"/><nd ref="5"/></way>
  <way id="3"><nd ref="9"/><nd ref="10"/><nd ref="11"/><nd ref="12"/><nd ref="9"/></way>
  <way id="4"><nd ref="1"/><nd ref="2"/><tag k="building" v="yes"/></way>
  <way id="5"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="building" v="no"/></way>
  <way id="6"><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="2"/><tag k="building" v="yes"/><tag k="height" v="4"/></way>
  <relation id="1"><member type="way" ref="2" role="outer"/><member type="way" ref="3" role="inner"/>
    <tag k="type" v="multipolygon"/><tag k="building" v="office"/><tag k="height" v="30 m"/></relation>
</osm>"""


def square(x, y, side=10.0):
    return shapely.box(X0 + x, Y0 + y, X0 + x + side, Y0 + y + side)


def test_a_layer_says_storeys_or_height(tmp_path):
    shapes = [square(20 * row, 0) for row in range(5)]
    table = {
        "层数": ["6", "", None, "0", "x"],
        "高度": [99.0, 30.0, None, 1.0, 12.0],
        "用途": ["住宅", "", None, "a", "b"],
    }
    gpd.GeoDataFrame(table, geometry=shapes, crs=UTM_50N).to_file(tmp_path / "房屋.gpkg")
    buildings = read_buildings(tmp_path / "房屋.gpkg", crs=UTM_50N)
    assert list(buildings.columns) == ["id", "kind", "levels", "geometry"]
    np.testing.assert_array_equal(buildings["levels"], [6, 10, np.nan, 1, 4])
    assert buildings["kind"].fillna("-").tolist() == ["住宅", "-", "-", "a", "b"]
    assert buildings.area.tolist() == pytest.approx([100] * 5)


def test_ids_that_repeat_are_replaced_and_bad_rows_listed(tmp_path):
    shapes = [square(0, 0), None, shapely.Point(X0, Y0), square(40, 0)]
    gpd.GeoDataFrame({"id": [1, 1, 2, 1]}, geometry=shapes, crs=UTM_50N).to_parquet(tmp_path / "b.parquet")
    rejected = Rejections()
    buildings = read_buildings(tmp_path / "b.parquet", rejected=rejected)
    assert buildings["id"].tolist() == ["B1", "B4"]
    assert rejected.to_frame()[["table", "row", "reason"]].to_numpy().tolist() == [
        ["buildings", 2, "the geometry is missing"],
        ["buildings", 3, "the geometry is not a polygon"],
    ]
    with pytest.raises(InputError, match=r"every row of b\.parquet must be usable"):
        read_buildings(tmp_path / "b.parquet")


def test_only_those_of_the_study_area(tmp_path):
    shapes = [square(0, 0), square(50, 0), square(200, 0)]
    gpd.GeoDataFrame(geometry=shapes, crs=UTM_50N).to_file(tmp_path / "b.gpkg")
    area = gpd.GeoDataFrame(geometry=[square(0, 0, 20)], crs=UTM_50N)
    assert read_buildings(tmp_path / "b.gpkg", study_area=area)["id"].tolist() == ["B1"]
    assert read_buildings(tmp_path / "b.gpkg", study_area=area.to_crs(4326), margin_m=40.0)["id"].tolist() == [
        "B1",
        "B2",
    ]
    away = gpd.GeoDataFrame(geometry=[square(1000, 0, 20)], crs=UTM_50N)
    with pytest.raises(InputError, match="buildings in the study area, got 3 outside and none inside"):
        read_buildings(tmp_path / "b.gpkg", study_area=away)


def test_a_layer_without_a_crs_is_read_in_the_one_that_is_said(tmp_path):
    gpd.GeoDataFrame(geometry=[square(0, 0)], crs=None).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(CrsError, match="must say its coordinate reference system"):
        read_buildings(tmp_path / "b.parquet")
    assert read_buildings(tmp_path / "b.parquet", source_crs=UTM_50N).crs == UTM_50N


def test_closed_ways_and_multipolygons_of_an_openstreetmap_file(tmp_path):
    (tmp_path / "楼.osm").write_text(OSM, encoding="utf-8")
    buildings = read_buildings(tmp_path / "楼.osm", crs="EPSG:32650").set_index("id")
    assert buildings["kind"].to_dict() == {"w1": "apartments", "w6": "yes", "r1": "office"}
    # a height of 30 m are ten storeys, one of 4 m is one and a third
    assert buildings["levels"].to_dict() == pytest.approx({"w1": 6, "w6": 4 / 3, "r1": 10})
    in_degrees2 = buildings.to_crs(4326).geometry["r1"]
    assert shapely.area(in_degrees2) == pytest.approx(0.001**2 - 0.0004**2, rel=1e-6)
    assert len(in_degrees2.interiors) == 1


def test_a_file_without_buildings(tmp_path):
    (tmp_path / "a.osm").write_text('<osm version="0.6"><node id="1" lat="30" lon="114"/></osm>', encoding="utf-8")
    with pytest.raises(InputError, match=r"must hold buildings \(the tag 'building'\), got none"):
        read_buildings(tmp_path / "a.osm")


@pytest.mark.real_data
def test_nanjing(real_data):
    buildings = read_buildings(real_data / "osm" / "nanjing_xinjiekou.osm")
    assert len(buildings) == 1278
    assert buildings["levels"].notna().sum() == 173
    assert buildings["levels"].max() < 100
