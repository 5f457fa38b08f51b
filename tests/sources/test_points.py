"""Stations, demand points and premises from every kind of file, and every way in which such files go wrong."""

import csv
import io
import re
import tempfile
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SchemaError, SourceError
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_candidates, read_demand, read_facilities

UTM_50N = "EPSG:32650"
STATIONS = [
    {"编号": "S1", "名称": "中心站", "经度": 114.30, "纬度": 30.60, "级别": "服务中心", "容量": 40},
    {"编号": "S2", "名称": "银行驿站", "经度": 114.31, "纬度": 30.61, "级别": "驿站", "容量": None},
    {"编号": "S3", "名称": None, "经度": 114.32, "纬度": 30.59, "级别": "临时点", "容量": 8.5},
]


def write_csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_text(text, encoding=encoding, newline="")
    return path


def write_workbook(path: Path, rows, title: str = "Sheet1", extra_sheets=()) -> Path:
    book = openpyxl.Workbook()
    book.active.title = title
    for row in rows:
        book.active.append(row)
    for name in extra_sheets:
        book.create_sheet(name).append(["名称", "经度", "纬度"])
        book[name].append(["二号", 114.5, 30.5])
    book.save(path)
    return path


def as_layer(rows=STATIONS, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows)
    points = gpd.points_from_xy(table["经度"], table["纬度"])
    return gpd.GeoDataFrame(table.drop(columns=["经度", "纬度"]), geometry=points, crs=crs)


def write_stations(path: Path) -> Path:
    if path.suffix == ".csv":
        pd.DataFrame(STATIONS).to_csv(path, index=False, encoding="utf-8-sig")
    elif path.suffix == ".tsv":
        pd.DataFrame(STATIONS).to_csv(path, index=False, sep="\t", encoding="utf-8")
    elif path.suffix == ".xlsx":
        write_workbook(path, [list(STATIONS[0]), *(list(row.values()) for row in STATIONS)])
    elif path.suffix == ".parquet":
        as_layer().to_parquet(path)
    elif path.suffix == ".zip":
        pyogrio.write_dataframe(as_layer(), path.with_suffix(".shp"), encoding="utf-8")
        with zipfile.ZipFile(path, "w") as archive:
            for part in path.parent.glob(f"{path.stem}.[!z]*"):
                archive.write(part, part.name)
    else:
        pyogrio.write_dataframe(as_layer(), path, encoding="utf-8" if path.suffix == ".shp" else None)
    return path


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


class TestNamesOfColumns:
    @pytest.mark.parametrize(
        "header", ["lng,lat", "Longitude,LATITUDE", "经度,纬度", "x,y", "LON , Lat", "long,lat", "\ufefflon,lat"]
    )
    def test_of_coordinates(self, tmp_path, header):
        path = write_csv(tmp_path / "a.csv", f"{header}\n114.3,30.6\n")
        assert len(read_facilities(path)) == 1

    def test_in_english_are_found_whatever_their_case(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv",
            "Code,Name,Lon,Lat,Type,Level,Services,Opening Hours,Capacity\n"
            "a,A,114.3,30.6,bank,hub,rest;water,08:00-20:00,3\n",
        )
        row = read_facilities(path).drop(columns="geometry").iloc[0].to_dict()
        assert row == {
            "id": "a",
            "name": "A",
            "kind": "bank",
            "level": "hub",
            "services": "rest;water",
            "opening_hours": "08:00-20:00",
            "capacity": 3.0,
        }

    def test_of_premises(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "编号,名称,经度,纬度,类型,成本,面积\n1,空铺,114.3,30.6,idle shop,5.5,\n")
        row = read_candidates(path).iloc[0]
        assert (row["id"], row["name"], row["kind"], row["cost"]) == ("1", "空铺", "idle shop", 5.5)
        assert np.isnan(row["area_m2"])

    def test_can_be_said(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "站,GCJ经度,GCJ纬度,lon,lat,骑手\n甲,114.3,30.6,0,0,12\n")
        demand = read_demand(
            path, columns={"name": "站", "lon": "GCJ经度", "lat": "GCJ纬度", "demand": "骑手"}, crs=UTM_50N
        )
        assert demand["name"].tolist() == ["甲"]
        assert demand["demand"].tolist() == [12.0]
        assert demand.to_crs(4326).geometry.x[0] == pytest.approx(114.3)

    def test_that_are_missing_are_named_with_what_would_do(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "名称,北纬,东经\n甲,30.6,114.3\n")
        with pytest.raises(
            SchemaError, match=r"a\.csv must have columns for lon, lat, got \['名称', '北纬', '东经'\].*经度"
        ):
            read_facilities(path)

    def test_demand_is_required(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(SchemaError, match=r"columns for demand.*人数.*columns=\{'demand'"):
            read_demand(path)

    def test_that_are_said_must_be_in_the_file(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(SchemaError, match=r"it has \['lon', 'lat'\], not \['站点'\]"):
            read_facilities(path, columns={"name": "站点"})

    def test_that_this_package_does_not_know_are_refused(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(ConfigError, match=r"got \['nmae'\]"):
            read_facilities(path, columns={"nmae": "lon"})

    def test_that_stand_twice_are_refused_where_they_are_used(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat,备注,备注\n114.3,30.6,a,b\n")
        assert len(read_facilities(path)) == 1
        path = write_csv(tmp_path / "b.csv", "lon,lat,lat,name\n114.3,30.6,30.7,a\n")
        with pytest.raises(SchemaError, match=r"must not repeat, got \['lat'\]"):
            read_facilities(path)


class TestIds:
    def test_are_made_from_the_place_in_the_file(self, tmp_path):
        text = "lon,lat,人数\n114.3,30.6,1\n\n114.4,,2\n114.5,30.6,3\n"
        path = write_csv(tmp_path / "a.csv", text)
        assert read_demand(path, rejected=Rejections())["id"].tolist() == ["D1", "D4"]
        as_layer([{"经度": 114.3, "纬度": 30.6}]).to_file(tmp_path / "b.geojson")
        assert read_facilities(tmp_path / "b.geojson")["id"].tolist() == ["F1"]
        assert read_candidates(tmp_path / "b.geojson")["id"].tolist() == ["C1"]

    def test_that_are_numbers_become_text_without_decimals(self, tmp_path):
        rows = [["id", "lon", "lat"], [1, 114.3, 30.6], [2.0, 114.4, 30.6]]
        assert read_facilities(write_workbook(tmp_path / "a.xlsx", rows))["id"].tolist() == ["1", "2"]
        path = write_csv(tmp_path / "a.csv", "id,lon,lat\n1.0,114.3,30.6\n2.0,114.4,30.6\n")
        assert read_facilities(path)["id"].tolist() == ["1", "2"]
        path = write_csv(tmp_path / "b.csv", "id,lon,lat\n007,114.3,30.6\n2.0,114.4,30.6\nv2.0,114.4,30.6\n")
        assert read_facilities(path)["id"].tolist() == ["007", "2.0", "v2.0"]
        layer = as_layer([{"id": 7.0, "经度": 114.3, "纬度": 30.6}, {"id": 8.0, "经度": 114.3, "纬度": 30.6}])
        layer.to_file(tmp_path / "c.gpkg")
        assert read_facilities(tmp_path / "c.gpkg")["id"].tolist() == ["7", "8"]


def test_services_are_separated_by_semicolons(tmp_path):
    path = write_csv(tmp_path / "a.csv", 'lon,lat,服务\n114.3,30.6,"休息、饮水，充电; 厕所,,"\n114.3,30.6,\n')
    assert read_facilities(path)["services"].fillna("-").tolist() == ["休息;饮水;充电;厕所", "-"]


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
    8: "longitude is outside -180 to 180 (metres belong into a layer with a CRS)",
    9: "latitude is outside -90 to 90 (metres belong into a layer with a CRS)",
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
        assert read_demand(path, rejected=rejected)["id"].tolist() == ["A", "K"]
        assert rejected.to_frame().set_index("row")["reason"].sort_index().to_dict() == BAD_ROW_REASONS

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
            [5, "F5", "longitude is outside -180 to 180 (metres belong into a layer with a CRS)"],
        ]

    def test_polygons_are_no_stations(self, tmp_path):
        gpd.GeoDataFrame(geometry=[shapely.box(114, 30, 115, 31)], crs=4326).to_file(tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="the geometry is not a point in 1: feature 1"):
            read_facilities(tmp_path / "a.gpkg")


class TestSwappedCoordinates:
    @pytest.mark.parametrize(
        "rows",
        [
            "30.6,114.3\n30.7,114.4\n,\n114.5,30.8\n",  # most rows
            "39.5,76.0\n",  # Kashgar: both are possible latitudes
            "-15.5,-114.3\n",
        ],
    )
    def test_are_an_error_that_says_so(self, tmp_path, rows):
        path = write_csv(tmp_path / "a.csv", f"lon,lat\n{rows}")
        with pytest.raises(InputError, match="the longitude and latitude columns look swapped"):
            read_facilities(path, rejected=Rejections())

    def test_of_a_layer_are_found_too(self, tmp_path):
        as_layer([{"经度": 30.6, "纬度": 114.3}]).to_file(tmp_path / "a.geojson")
        with pytest.raises(InputError, match="look swapped"):
            read_facilities(tmp_path / "a.geojson")

    @pytest.mark.parametrize("place", ["15.63,78.22", "-0.13,51.5", "114.3,30.6", "-68.3,-54.8", "76.0,39.5"])
    def test_no_real_place_is_taken_for_swapped(self, tmp_path, place):
        path = write_csv(tmp_path / "a.csv", f"lon,lat\n{place}\n")
        assert len(read_facilities(path)) == 1


class TestEncodings:
    def test_gbk_without_saying_so_is_an_error_that_helps(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "名称,经度,纬度\n甲,114.3,30.6\n", "gb18030")
        with pytest.raises(InputError, match=r"must be text in UTF-8.*'CSV UTF-8'.*encoding='gb18030'"):
            read_facilities(path)
        assert read_facilities(path, encoding="gb18030")["name"].tolist() == ["甲"]

    def test_an_unknown_encoding_is_named(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(ConfigError, match="got 'utf-88'"):
            read_facilities(path, encoding="utf-88")

    def test_a_shapefile_in_chinese_must_say_its_encoding(self, tmp_path):
        path = tmp_path / "a.shp"
        pyogrio.write_dataframe(as_layer(), path, encoding="gb18030")
        path.with_suffix(".cpg").unlink()
        with pytest.raises(InputError, match=r"a\.shp must say the encoding.*encoding='gb18030'"):
            read_facilities(path)
        assert read_facilities(path, encoding="gb18030")["name"].tolist()[0] == "中心站"


class TestFilesThatCannotBeRead:
    def test_missing(self, tmp_path):
        with pytest.raises(SourceError, match=r"must be a file that exists, found nothing at .*nowhere\.csv"):
            read_facilities(tmp_path / "nowhere.csv")
        with pytest.raises(SourceError, match="found a folder"):
            read_facilities(tmp_path)

    @pytest.mark.parametrize("name", ["a.xls", "a.docx", "a"])
    def test_of_another_kind(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(SourceError, match=r"known kind \(\.csv.*got a"):
            read_facilities(tmp_path / name)

    @pytest.mark.parametrize("name", ["a.xlsx", "a.gpkg", "a.geojson", "a.shp", "a.zip", "a.parquet"])
    def test_with_damaged_contents(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"damaged")
        with pytest.raises(SourceError, match=rf"{name} must be a readable"):
            read_facilities(tmp_path / name)

    def test_a_csv_file_with_a_quote_left_open(self, tmp_path):
        with pytest.raises(InputError, match="well-formed CSV"):
            read_facilities(write_csv(tmp_path / "a.csv", 'lon,lat,name\n114.3,30.6,"abc\n'))

    @pytest.mark.parametrize("text", ["", "lon,lat\n", "\n\n", "lon,lat\n,\n\n", "\n114.3,30.6\n"])
    def test_with_nothing_in_them(self, tmp_path, text):
        with pytest.raises(InputError, match="at least one row of values"):
            read_facilities(write_csv(tmp_path / "a.csv", text))

    def test_layers_with_nothing_in_them(self, tmp_path):
        as_layer().iloc[:0].to_parquet(tmp_path / "a.parquet")
        with pytest.raises(InputError, match="at least one feature"):
            read_facilities(tmp_path / "a.parquet")

    def test_tables_without_geometry(self, tmp_path):
        pyogrio.write_dataframe(pd.DataFrame({"a": [1]}), tmp_path / "a.gpkg")
        with pytest.raises(InputError, match="must have geometries"):
            read_facilities(tmp_path / "a.gpkg")
        pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(SourceError, match=r"a\.parquet must be a readable GeoParquet"):
            read_facilities(tmp_path / "a.parquet")


class TestSheetsAndLayers:
    def test_the_first_sheet_unless_another_is_named(self, tmp_path):
        rows = [["名称", "经度", "纬度"], ["一号", 114.3, 30.6]]
        path = write_workbook(tmp_path / "a.xlsx", rows, title="站点", extra_sheets=["备选"])
        assert read_facilities(path)["name"].tolist() == ["一号"]
        assert read_facilities(path, sheet="备选")["name"].tolist() == ["二号"]
        with pytest.raises(ConfigError, match=r"one of \['站点', '备选'\] in a\.xlsx, got '规划'"):
            read_facilities(path, sheet="规划")

    def test_a_layer_must_be_named_where_there_are_several(self, tmp_path):
        path = tmp_path / "a.gpkg"
        as_layer().to_file(path, layer="今天")
        as_layer(STATIONS[:1]).to_file(path, layer="规划")
        assert len(read_facilities(path, sheet="规划")) == 1
        with pytest.raises(ConfigError, match=r"one layer of a\.gpkg must be named.*2: 今天, 规划"):
            read_facilities(path)
        with pytest.raises(ConfigError, match="got '昨天'"):
            read_facilities(path, sheet="昨天")


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


class TestWhere:
    def test_keeps_the_rows_with_one_of_the_texts(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat,区,年\n114.3,30.6,洪山,1\n114.4,30.6,武昌,2\n114.5,x,江岸,1\n")
        kept = read_facilities(path, where={"区": ["洪山", "武昌"]})
        assert kept["id"].tolist() == ["F1", "F2"]
        assert read_facilities(path, where={"区": ["洪山", "武昌"], "年": ["2"]})["id"].tolist() == ["F2"]

    def test_that_keeps_nothing_shows_the_values(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat,区\n114.3,30.6,洪山\n")
        with pytest.raises(InputError, match=r"got 区 = \['洪山区'\]; the column has the values 1: 洪山"):
            read_facilities(path, where={"区": ["洪山区"]})

    def test_needs_a_column_of_the_file(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(SchemaError, match="got '区'"):
            read_facilities(path, where={"区": ["洪山"]})


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


@pytest.mark.real_data
def test_wuhans_places(real_data):
    columns = {"id": "", "name": "Name_POI", "kind": "Category"}
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
