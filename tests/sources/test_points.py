"""Stations, demand points and premises from every kind of file, and rows that cannot be used."""

import csv
import io
import re
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import validate
from pyproj import Transformer

from coverage_planner.errors import CrsError, DatumError, InputError
from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
from written_files import as_layer, write_csv, write_stations, write_workbook

UTM_50N = "EPSG:32650"


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".xlsx", ".geojson", ".json", ".gpkg", ".shp", ".zip", ".parquet"])
def test_every_kind_of_file_gives_the_same_stations(tmp_path, suffix):
    folder = tmp_path / "骑手 驿站"
    folder.mkdir()
    if suffix == ".json":
        path = write_stations(folder / "站点 表.geojson").rename(folder / "站点 表.json")
    else:
        path = write_stations(folder / f"站点 表{suffix}")
    stations = read_facilities(path, crs=UTM_50N)
    assert list(stations.columns) == ["id", "name", "level", "capacity", "geometry"]
    assert stations["id"].tolist() == ["S1", "S2", "S3"]
    assert stations["name"].fillna("-").tolist() == ["中心站", "银行驿站", "-"]
    assert stations["level"].tolist() == ["hub", "satellite", "临时点"]
    np.testing.assert_array_equal(stations["capacity"], [40, np.nan, 8.5])
    assert stations.crs == UTM_50N
    assert stations.index.equals(pd.RangeIndex(3))
    x, y = Transformer.from_crs(4326, 32650, always_xy=True).transform([114.30, 114.31, 114.32], [30.60, 30.61, 30.59])
    np.testing.assert_allclose(stations.geometry.x, x, atol=0.001)
    np.testing.assert_allclose(stations.geometry.y, y, atol=0.001)


@pytest.mark.parametrize("suffix", [".csv", ".geojson"])
@pytest.mark.parametrize(
    ("datum", "lon", "lat"),
    [  # all the same place; values as in test_datum.py
        ("wgs84", 114.30525, 30.59276),
        ("cgcs2000", 114.30525, 30.59276),
        ("gcj02", 114.31069453991778, 30.590350119818858),
        ("bd09", 114.31726294300185, 30.596057059777696),
    ],
)
def test_the_datum_is_converted_at_the_door(tmp_path, suffix, datum, lon, lat):
    path = tmp_path / f"stations{suffix}"
    if suffix == ".csv":
        write_csv(path, f"lon,lat\n{lon!r},{lat!r}\n")
    else:
        point = {"type": "Point", "coordinates": [lon, lat]}
        feature = {"type": "Feature", "properties": {}, "geometry": point}
        path.write_text(re.sub("'", '"', str({"type": "FeatureCollection", "features": [feature]})), encoding="utf-8")
    place = read_facilities(path, datum=datum, crs=UTM_50N).geometry[0]
    expected = Transformer.from_crs(4326, 32650, always_xy=True).transform(114.30525, 30.59276)
    assert place.distance(shapely.Point(expected)) < 0.001


def test_without_crs_the_utm_zone_of_the_points_is_taken(tmp_path):
    path = write_csv(tmp_path / "a.csv", "lon,lat\n-15.43,28.12\n")
    assert read_facilities(path).crs == "EPSG:32628"


@pytest.mark.parametrize("crs", ["EPSG:99999999", "nonsense", "EPSG:4326", "EPSG:2263"])
def test_a_crs_that_is_unknown_or_not_in_metres_is_refused(tmp_path, crs):
    path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
    with pytest.raises(CrsError, match="metres"):
        read_facilities(path, crs=crs)


BAD_ROWS = """编号,经度,纬度,人数
A,114.30,30.60,5
,114.30,30.60,5
A,114.31,30.60,5
B,,30.60,5

C,114.30,三十,5
D,214.30,30.60,5
E,114.30,-91,5
F,114.30,30.60,
G,114.30,30.60,-1
H,114.30,30.60,many
I,114.30,30.60,inf
J,114.30,30.60,5,9
K,114.32,30.60,0
"""
BAD_ROW_REASONS = {
    3: "id is blank",
    4: "id stands in an earlier row already",
    5: "longitude is blank",
    7: "latitude is not a number of degrees",
    8: "longitude is outside -180 to 180 (for x and y in metres say source_crs)",
    9: "latitude is outside -90 to 90 (for x and y in metres say source_crs)",
    10: "demand is blank",
    11: "demand is less than 0",
    12: "demand is not a finite number",
    13: "demand is not a finite number",
    14: "more cells than the first row has names",
}


class TestBadRows:
    def test_are_listed_with_row_numbers_and_reasons(self, tmp_path):
        path = write_csv(tmp_path / "需求.csv", BAD_ROWS)
        rejected = Rejections()
        demand = read_demand(path, rejected=rejected)
        assert demand["id"].tolist() == ["A", "K"]
        listed = rejected.to_frame().set_index("row").sort_index()
        assert listed["reason"].to_dict() == BAD_ROW_REASONS
        assert listed["id"].tolist() == ["", "A", "B", "C", "D", "E", "F", "G", "H", "I", "J"]
        assert set(listed["source"]) == {"需求.csv"}
        assert set(listed["table"]) == {"demand"}

    def test_are_numbered_alike_in_a_workbook(self, tmp_path):
        rows = [line or [None] for line in csv.reader(io.StringIO(BAD_ROWS))]
        path = write_workbook(tmp_path / "需求.xlsx", [[cell or None for cell in row] for row in rows])
        rejected = Rejections()
        # cells right of the column names move no other cell of a workbook, so that row is taken, with a remark
        overlong = next(row for row, reason in BAD_ROW_REASONS.items() if reason.startswith("more cells"))
        assert read_demand(path, rejected=rejected)["id"].tolist() == ["A", "J", "K"]
        reasons = rejected.to_frame().set_index("row")["reason"].sort_index().to_dict()
        assert reasons == {row: reason for row, reason in BAD_ROW_REASONS.items() if row != overlong}

    def test_are_an_error_that_names_all_of_them_when_nobody_collects_them(self, tmp_path):
        path = write_csv(tmp_path / "需求.csv", BAD_ROWS)
        with pytest.raises(InputError) as caught:
            read_demand(path)
        message = str(caught.value)
        assert "需求.csv" in message
        assert "rejected=Rejections()" in message
        for number, reason in BAD_ROW_REASONS.items():
            assert reason in message
            assert f"row {number}" in message

    def test_of_premises_are_listed_as_premises(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat,cost,area\n114.3,30.6,-1,5\n114.3,30.6,1,x\n114.3,30.6,,\n")
        rejected = Rejections()
        assert len(read_candidates(path, rejected=rejected)) == 1
        assert rejected.to_frame()[["table", "row", "id", "reason"]].to_numpy().tolist() == [
            ["premises", 2, "C1", "cost is less than 0"],
            ["premises", 3, "C2", "area_m2 is not a finite number"],
        ]

    def test_only_is_an_error_even_when_they_are_collected(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n,30.6\n114.3,\n")
        with pytest.raises(InputError, match="must have a usable row, got none: longitude is blank in 1: row 2"):
            read_facilities(path, rejected=Rejections())

    def test_of_a_layer_are_numbered_by_feature(self, tmp_path):
        shapes = [shapely.Point(114.3, 30.6), None, shapely.Point(), shapely.box(114, 30, 115, 31)]
        shapes += [shapely.Point(999.0, 30.0), shapely.MultiPoint([(114.31, 30.6)])]
        layer = gpd.GeoDataFrame({"name": list("abcdef")}, geometry=shapes, crs=4326)
        layer.to_parquet(tmp_path / "a.parquet")
        rejected = Rejections()
        stations = read_facilities(tmp_path / "a.parquet", rejected=rejected)
        assert stations["name"].tolist() == ["a", "f"]
        assert stations.geometry.geom_type.eq("Point").all()
        assert rejected.to_frame()[["row", "id", "reason"]].to_numpy().tolist() == [
            [2, "F2", "the geometry is missing"],
            [3, "F3", "the geometry is missing"],
            [4, "F4", "the geometry is not a point"],
            [5, "F5", "longitude is outside -180 to 180 (for x and y in metres say source_crs)"],
        ]

    def test_polygons_are_no_stations(self, tmp_path):
        gpd.GeoDataFrame(geometry=[shapely.box(114, 30, 115, 31)], crs=4326).to_file(tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="the geometry is not a point in 1: feature 1"):
            read_facilities(tmp_path / "a.gpkg")


class TestLayersAndCrs:
    def test_without_a_crs_it_is_refused(self, tmp_path):
        pyogrio.write_dataframe(as_layer(), tmp_path / "a.shp", encoding="utf-8")
        (tmp_path / "a.prj").unlink()
        with pytest.raises(CrsError, match=r"a\.shp must say its coordinate reference system"):
            read_facilities(tmp_path / "a.shp")

    def test_projected_layers_are_reprojected(self, tmp_path):
        as_layer().to_crs(4547).to_file(tmp_path / "a.gpkg")
        stations = read_facilities(tmp_path / "a.gpkg", crs=UTM_50N)
        assert stations.geometry.geom_equals_exact(as_layer().to_crs(UTM_50N).geometry, 0.01).all()

    def test_a_shifted_datum_needs_degrees(self, tmp_path):
        as_layer().to_crs(4547).to_file(tmp_path / "a.gpkg")
        with pytest.raises(DatumError, match="must be in longitude and latitude"):
            read_facilities(tmp_path / "a.gpkg", datum="gcj02")
        assert len(read_facilities(tmp_path / "a.gpkg", datum="cgcs2000")) == 3

    def test_an_unknown_datum_is_named(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(DatumError, match=r"a\.csv must be one of wgs84.*got 'gcj'"):
            read_facilities(path, datum="gcj")

    def test_heights_are_dropped(self, tmp_path):
        layer = gpd.GeoDataFrame(geometry=[shapely.Point(114.3, 30.6, 25.0)], crs=4326)
        layer.to_parquet(tmp_path / "a.parquet")
        assert not read_facilities(tmp_path / "a.parquet").geometry.has_z.any()


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1).filter(str.strip),
            st.floats(110, 118),
            st.floats(20, 40),
            st.floats(0, 1e9),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_was_written_is_read_again(rows):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("name", "lon", "lat", "demand"), *rows])
        demand = read_demand(path, crs=UTM_50N)
    assert demand["name"].tolist() == [name.strip() for name, *_ in rows]
    assert demand["demand"].tolist() == [weight for *_, weight in rows]
    back = demand.to_crs(4326).geometry
    np.testing.assert_allclose(back.x, [lon for _, lon, _, _ in rows], atol=1e-8)
    np.testing.assert_allclose(back.y, [lat for _, _, lat, _ in rows], atol=1e-8)


NASTY = [
    "", " ", "-", "无", "0", "0,0", "NaN", "inf", "1e999", "114.3", "30.6", "１１４．３", "114°18′", "E114.3", "114.3,30.6",
    "30.6,114.3", "POINT(114.3 30.6)", "POINT(", "POLYGON((0 0,1 1,1 0,0 0))", "528793.1", "3386450.2", "约200人", "20-30",
    "1.2万", "-5", "#N/A", "=1+1", "休息、饮水", "①休息②看海", "24小时", "周一至周五 9:00-18:00", "看天气", "珞喻路1号", "√", "×",
    "合计", "'", '"', "\x07", "\u200b", "😀", "A" * 300, "٣٠.٦", "½", "Ⅳ", "㎡", "1\n2", ";;;", "()", "°", "9" * 400,
]  # fmt: skip


@given(
    rows=st.lists(
        st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), min_size=9, max_size=9), min_size=1, max_size=6
    ),
    metric=st.booleans(),
    two_columns=st.booleans(),
)
def test_no_cell_makes_it_stumble_and_no_row_is_lost(rows, metric, two_columns):
    header = ["编号", "经度" if two_columns else "备注", "纬度" if two_columns else "坐标", "地址", "服务", "开放时间", "容量",
              "级别", "充电"]  # fmt: skip
    good = ["好", "114.3", "30.6" if two_columns else "114.3,30.6", "", "", "", "", "", ""]
    metres = ["好", "528793.1", "3386450.2" if two_columns else "528793.1,3386450.2", "", "", "", "", "", ""]
    rejected = Rejections()
    area = gpd.GeoDataFrame(geometry=[shapely.box(114.1, 30.4, 114.5, 30.8)], crs=4326)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *[metres if metric else good] * (len(rows) + 1), *rows])
        try:
            kept = read_facilities(
                path, header_row=1, source_crs=4547 if metric else None, study_area=area, crs=UTM_50N, rejected=rejected
            )
        except InputError:  # most rows are exchanged or in metres
            return
    listed = rejected.to_frame()
    filled = sum(any(cell.strip() for cell in row) for row in rows) + len(rows) + 1
    assert len(kept) + len(listed) == filled
    assert not listed["row"].duplicated().any()
    assert set(rejected.remarks_frame()["row"]).isdisjoint(listed["row"])
    assert all(speech("zh").say("reason", reason) != reason for reason in listed["reason"])
    assert all(
        speech("zh").say("remark", remark["remark"]) != remark["remark"] for remark in rejected.remarks if remark["id"]
    )
    assert np.isfinite(kept.geometry.x).all()
    hours = [] if "opening_hours" not in kept else kept["opening_hours"].dropna().tolist()
    assert all(validate(text) or text in NASTY or len(text) <= 8 for text in hours)


@pytest.mark.real_data
def test_wuhans_places(real_data):
    columns = {"id": "column A", "name": "Name_POI", "kind": "Category"}
    places = read_candidates(real_data / "wuhan" / "places.csv", datum="gcj02", columns=columns)
    assert len(places) == 430
    assert places.crs == "EPSG:32650"
    assert places["id"].tolist()[:2] == ["5", "9"]
    assert places["kind"].value_counts()["住宅区"] == 136
    demand = read_demand(real_data / "wuhan" / "places.csv", datum="gcj02", columns={"demand": "Checkin user number"})
    assert demand["demand"].sum() == pd.read_csv(real_data / "wuhan" / "places.csv")["Checkin user number"].sum()


@pytest.mark.real_data
def test_porto_alegres_hexagons(real_data):
    rejected = Rejections()
    demand = read_demand(real_data / "osm" / "poa_hexgrid.csv", rejected=rejected)
    table = pd.read_csv(real_data / "osm" / "poa_hexgrid.csv")
    assert len(demand) == 1227
    assert demand["demand"].sum() == table["population"].sum()
    assert demand.crs == "EPSG:32722"
    assert not rejected.rows
