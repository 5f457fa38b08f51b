"""Where rows lie: pairs, addresses, zeros, exchanged coordinates, metres, places far from the study area."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from coverage_planner.errors import CrsError, DatumError, InputError, SchemaError
from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.ranges import CHINA, Region, exchanged
from written_files import write_csv

UTM_50N = "EPSG:32650"
WUHAN = gpd.GeoDataFrame(geometry=[shapely.box(114.1, 30.4, 114.5, 30.8)], crs=4326)
PORTO = gpd.GeoDataFrame(geometry=[shapely.box(-8.7, 41.1, -8.5, 41.2)], crs=4326)
KASHGAR = gpd.GeoDataFrame(geometry=[shapely.box(75.9, 39.4, 76.1, 39.6)], crs=4326)


def rows_of(text):
    return f"id,经度,纬度,地址\n{text}"


def places(table):
    back = table.to_crs(4326).geometry
    return [(round(x, 6), round(y, 6)) for x, y in zip(back.x, back.y, strict=True)]


def reasons(rejected):
    return rejected.to_frame().set_index("id")["reason"].to_dict()


def remarks(rejected):
    return {remark["id"]: remark["remark"] for remark in rejected.remarks}


def surveyed(*lon_lat, crs):
    """Coordinates in metres of places in degrees, as a survey has them."""
    to = Transformer.from_crs(4326, crs, always_xy=True)
    return [to.transform(*place) for place in lon_lat]


class TestOnePositionColumn:
    @pytest.mark.parametrize("header", ["坐标", "经纬度", "location", "wkt", "lnglat"])
    def test_with_pairs(self, tmp_path, header):
        path = write_csv(tmp_path / "a.csv", f'{header}\n"114.3,30.6"\nPOINT(114.4 30.7)\n')
        assert places(read_facilities(path, crs=UTM_50N)) == [(114.3, 30.6), (114.4, 30.7)]

    def test_may_be_named(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", '打卡点\n"114.3,30.6"\n')
        assert places(read_facilities(path, columns={"position": "打卡点"})) == [(114.3, 30.6)]

    def test_in_gcj02(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", '坐标\n"114.31069453991778,30.590350119818858"\n')
        assert places(read_facilities(path, datum="gcj02")) == [(114.30525, 30.59276)]

    def test_with_the_latitude_first_in_every_row_is_read_so_and_says_so(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", 'id,坐标\nA,"30.6,114.3"\nB,"30.7,114.4"\nC,"114.5E,30.8N"\n')
        rejected = Rejections()
        assert places(read_facilities(path, rejected=rejected)) == [(114.3, 30.6), (114.4, 30.7), (114.5, 30.8)]
        assert remarks(rejected) == dict.fromkeys("AB", "the latitude stands first, read so")

    def test_with_the_latitude_first_where_only_the_study_area_can_tell(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", '坐标\n"41.15,-8.6"\n"41.16,-8.61"\n')
        with pytest.warns(UserWarning, match="the latitude stands first"):
            assert places(read_facilities(path, study_area=PORTO)) == [(-8.6, 41.15), (-8.61, 41.16)]
        assert places(read_facilities(path))[0] == (41.15, -8.6)

    def test_with_the_latitude_first_in_single_rows_refuses_them(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", 'id,坐标\nA,"114.3,30.6"\nB,"30.7,114.4"\nC,"114.5,30.8"\n')
        rejected = Rejections()
        assert places(read_facilities(path, rejected=rejected)) == [(114.3, 30.6), (114.5, 30.8)]
        assert reasons(rejected) == {"B": "longitude and latitude look exchanged"}

    def test_with_the_longitude_first_in_single_rows_refuses_them(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", 'id,坐标\nA,"30.6,114.3"\nB,"114.4,30.7"\nC,"30.8,114.5"\n')
        rejected = Rejections()
        assert places(read_facilities(path, rejected=rejected)) == [(114.3, 30.6), (114.5, 30.8)]
        assert reasons(rejected) == {"B": "longitude and latitude look exchanged"}

    def test_that_cannot_be_read_is_refused(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv",
            'id,坐标\nA,"114.3,30.6"\nB,POINT(114.3\nC,"114.3,30.6,5,7"\nD,\nE,洪山区珞喻路1号\nF,"LINESTRING(0 0,1 1)"\nG,"0,0"\n',
        )
        rejected = Rejections()
        assert read_facilities(path, rejected=rejected)["id"].tolist() == ["A"]
        assert reasons(rejected) == {
            "B": "the WKT is broken",
            "C": "the position is not a pair of longitude and latitude",
            "D": "the position is blank",
            "E": "no coordinates, only an address: 洪山区珞喻路1号",
            "F": "the geometry is not a point",
            "G": "longitude and latitude are zero",
        }
        chinese = [speech("zh").say("reason", reason) for reason in reasons(rejected).values()]
        assert all(not said.isascii() for said in chinese)

    def test_fills_rows_whose_two_columns_are_blank(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", '经度,纬度,坐标\n114.3,30.6,\n,,"114.4,30.7"\n')
        assert places(read_facilities(path)) == [(114.3, 30.6), (114.4, 30.7)]

    def test_is_needed_where_there_are_no_two(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "名称,地址\n甲,洪山区\n")
        with pytest.raises(SchemaError, match="must have columns for lon, lat, got"):
            read_facilities(path)


def test_addresses_without_coordinates_are_listed(tmp_path):
    path = write_csv(
        tmp_path / "a.csv",
        rows_of("A,114.3,30.6,珞喻路1号\nB,,,珞喻路2号\nC,-,-,珞喻路3号\nD,,,\nE,114.3,,珞喻路5号\n"),
    )
    rejected = Rejections()
    stations = read_facilities(path, rejected=rejected)
    assert stations["address"].tolist() == ["珞喻路1号"]
    assert reasons(rejected) == {
        "B": "no coordinates, only an address: 珞喻路2号",
        "C": "no coordinates, only an address: 珞喻路3号",
        "D": "longitude is blank",
        "E": "latitude is blank",
    }
    assert speech("zh").say("reason", reasons(rejected)["B"]) == "没有坐标，只有地址：珞喻路2号"
    with pytest.raises(InputError, match=r"only an address \(珞喻路2号, 珞喻路3号\) in 2: row 3, row 4"):
        read_facilities(path)


def test_an_address_of_several_lines_is_shown_on_one(tmp_path):
    path = write_csv(tmp_path / "a.csv", rows_of(f'A,114.3,30.6,\nB,,,"珞喻路\n2号  东门"\nC,,,{"很长" * 500}\n'))
    rejected = Rejections()
    read_facilities(path, rejected=rejected)
    assert reasons(rejected)["B"] == "no coordinates, only an address: 珞喻路 2号 东门"
    assert len(reasons(rejected)["C"]) < 200
    with pytest.raises(InputError) as caught:
        read_facilities(path)
    assert "\n" not in str(caught.value)


def test_zeros_are_refused(tmp_path):
    path = write_csv(tmp_path / "a.csv", rows_of("A,114.3,30.6,\nB,0,0,\nC,0.0,0.000,\nD,-15.4,0,\n"))
    rejected = Rejections()
    assert read_facilities(path, crs="EPSG:3857", rejected=rejected)["id"].tolist() == ["A", "D"]
    assert remarks(rejected) == {"D": "longitude or latitude is zero, taken as it stands"}
    assert reasons(rejected) == dict.fromkeys("BC", "longitude and latitude are zero")


class TestExchanged:
    def test_in_the_whole_file_says_what_to_write(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,30.6,114.3,\nB,30.7,114.4,\n"))
        with pytest.raises(
            InputError, match=r"look swapped: 2 of 2 .*; say columns = \{ lon = '纬度', lat = '经度' \}"
        ):
            read_facilities(path)
        assert places(read_facilities(path, columns={"lon": "纬度", "lat": "经度"}))[0] == (114.3, 30.6)

    def test_in_single_rows_refuses_them(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,114.3,30.6,\nB,30.7,114.4,\nC,114.3,30.6,\n"))
        rejected = Rejections()
        read_facilities(path, rejected=rejected)
        assert reasons(rejected) == {"B": "longitude and latitude look exchanged"}

    def test_is_seen_by_the_study_area_where_the_range_cannot_tell(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,41.15,-8.6,\nB,41.16,-8.61,\n"))
        assert len(read_facilities(path)) == 2
        with pytest.raises(InputError, match="look swapped: 2 of 2"):
            read_facilities(path, study_area=PORTO.to_crs(32629))

    def test_is_seen_by_letters_of_directions(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,41.15N,8.6W,\nB,41.16N,8.61W,\n"))
        with pytest.raises(InputError, match="look swapped: 2 of 2"):
            read_facilities(path)

    def test_is_not_seen_where_the_study_area_is(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,39.5,76.0,\n"))  # Novaya Zemlya, or Kashgar exchanged
        arctic = gpd.GeoDataFrame(geometry=[shapely.box(39, 75, 40, 77)], crs=4326)
        assert len(read_facilities(path, study_area=arctic)) == 1
        with pytest.raises(InputError, match="look swapped"):
            read_facilities(path, study_area=KASHGAR)

    @given(st.floats(73.5, 135), st.floats(18.2, 53.5))
    def test_any_place_in_china_is_told_from_its_exchange(self, lon, lat):
        x, y = np.array([lon]), np.array([lat])
        assert not exchanged(x, y).any()
        assert exchanged(y, x).all() or (lon <= 90 and not (lon >= 73 and 27 <= lat <= 54))
        region = Region(lon - 1, lat - 1, lon + 1, lat + 1)
        assert not exchanged(x, y, region).any()
        assert exchanged(y, x, region).all()

    def test_in_a_layer_by_the_study_area(self, tmp_path):
        points = gpd.GeoDataFrame(geometry=[shapely.Point(41.15, -8.6)] * 2, crs=4326)
        points.to_file(tmp_path / "a.geojson")
        with pytest.raises(InputError, match="look swapped: 2 of 2"):
            read_facilities(tmp_path / "a.geojson", study_area=PORTO)


class TestMetresInDegrees:
    def test_in_the_whole_file_name_the_crs_that_fits(self, tmp_path):
        (x, y), *_ = surveyed((114.3, 30.6), crs=4526)
        path = write_csv(tmp_path / "a.csv", rows_of(f"A,{x},{y},\n"))
        with pytest.raises(InputError, match=r'look like metres in 1 of 1 rows.*source_crs = "EPSG:4526".*zone 38'):
            read_facilities(path)
        (x, y), *_ = surveyed((114.3, 30.6), crs=4547)
        path = write_csv(tmp_path / "b.csv", rows_of(f"A,{x},{y},\n"))
        with pytest.raises(InputError, match=r'source_crs = "EPSG:4547"'):
            read_facilities(path, study_area=WUHAN)
        with pytest.raises(InputError, match=r'for example source_crs = "EPSG:4547".*ask who made the file'):
            read_facilities(path)
        path = write_csv(tmp_path / "c.csv", rows_of(f"A,{y},{x},\n"))
        with pytest.raises(InputError, match=r'"EPSG:4547".*would fit with x and y exchanged'):
            read_facilities(path, study_area=WUHAN)
        path = write_csv(tmp_path / "d.csv", rows_of("A,9723808.9,4581230.2,\n"))
        with pytest.raises(InputError, match=r'"EPSG:3857"'):
            read_facilities(path)

    def test_may_be_degrees_times_a_million(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,114300000,30600000,\n"))
        with pytest.raises(InputError, match="would be degrees if divided by 1,000,000: divide them"):
            read_facilities(path)

    def test_in_single_rows_refuse_them(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", rows_of("A,114.3,30.6,\nB,528793.1,3386450.2,\nC,114.3,30.6,\n"))
        rejected = Rejections()
        read_facilities(path, rejected=rejected)
        assert reasons(rejected) == {"B": "longitude is outside -180 to 180 (for x and y in metres say source_crs)"}

    def test_in_a_geojson_are_refused(self, tmp_path):
        gpd.GeoDataFrame(geometry=[shapely.Point(528793.1, 3386450.2)], crs=4326).to_file(tmp_path / "a.geojson")
        with pytest.raises(InputError, match=r"look like metres|outside -180 to 180"):
            read_facilities(tmp_path / "a.geojson")


class TestSourceCrs:
    @pytest.mark.parametrize("crs", ["EPSG:4547", "EPSG:4526", "EPSG:4498", "EPSG:32650", "EPSG:32649", "EPSG:3857"])
    def test_in_metres(self, tmp_path, crs):
        rows = surveyed((114.3, 30.6), (114.4, 30.7), crs=crs)
        path = write_csv(tmp_path / "a.csv", "x,y\n" + "".join(f"{x:.3f},{y:.3f}\n" for x, y in rows))
        assert places(read_facilities(path, source_crs=crs, study_area=WUHAN)) == [(114.3, 30.6), (114.4, 30.7)]

    def test_in_degrees(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "x,y\n114.3,30.6\n")
        assert places(read_facilities(path, source_crs="EPSG:4490")) == [(114.3, 30.6)]

    @pytest.mark.parametrize("crs", ["EPSG:4214", "EPSG:4610", "EPSG:2383"])
    def test_on_a_datum_without_a_public_conversion_is_a_warning(self, tmp_path, crs):
        (x, y), *_ = surveyed((114.3, 30.6), crs=crs)
        path = write_csv(tmp_path / "a.csv", f"x,y\n{x},{y}\n")
        with pytest.warns(UserWarning, match="conversion is not public.*some 100 m off; ask for the data in CGCS2000"):
            assert places(read_facilities(path, source_crs=crs))[0] == pytest.approx((114.3, 30.6), abs=0.002)

    @pytest.mark.parametrize("area", [None, WUHAN])
    def test_with_x_to_the_north_as_surveyors_write_it(self, tmp_path, area):
        rows = surveyed((114.3, 30.6), (114.4, 30.7), crs=4547)
        path = write_csv(tmp_path / "a.csv", "X坐标,Y坐标\n" + "".join(f"{y:.3f},{x:.3f}\n" for x, y in rows))
        with pytest.raises(
            InputError, match=r"look exchanged, as surveyors.*columns = \{ lon = 'Y坐标', lat = 'X坐标' \}"
        ):
            read_facilities(path, source_crs=4547, study_area=area)
        columns = {"lon": "Y坐标", "lat": "X坐标"}
        assert places(read_facilities(path, source_crs=4547, columns=columns))[0] == (114.3, 30.6)

    def test_with_x_to_the_north_in_single_rows(self, tmp_path):
        (x1, y1), (x2, y2) = surveyed((114.3, 30.6), (114.4, 30.7), crs=4547)
        path = write_csv(
            tmp_path / "a.csv", f"id,x,y\nA,{x1},{y1}\nB,{y2},{x2}\nC,{x1},{y1}\nD,0,0\nE,{x1},{y1 + 9e6}\n"
        )
        rejected = Rejections()
        read_facilities(path, source_crs=4547, rejected=rejected)
        assert reasons(rejected) == {
            "B": "x and y look exchanged",
            "D": "x and y are zero",
            "E": "x and y lie outside the area where source_crs is used",
        }

    def test_without_the_zone_that_the_coordinates_have(self, tmp_path):
        (x, y), *_ = surveyed((114.3, 30.6), crs=4526)
        path = write_csv(tmp_path / "a.csv", f"x,y\n{x},{y}\n")
        with pytest.raises(
            InputError, match=r'lie where EPSG:4547 is used.*correct source_crs: source_crs = "EPSG:4526"'
        ):
            read_facilities(path, source_crs="EPSG:4547")

    def test_of_a_pair(self, tmp_path):
        rows = surveyed((114.3, 30.6), (114.4, 30.7), crs=4547)
        path = write_csv(tmp_path / "a.csv", "坐标\n" + "".join(f'"{x:.3f},{y:.3f}"\n' for x, y in rows))
        assert places(read_facilities(path, source_crs=4547)) == [(114.3, 30.6), (114.4, 30.7)]
        path = write_csv(tmp_path / "b.csv", "坐标\n" + "".join(f'"{y:.3f},{x:.3f}"\n' for x, y in rows))
        with pytest.warns(UserWarning, match="the latitude stands first"):
            assert places(read_facilities(path, source_crs=4547)) == [(114.3, 30.6), (114.4, 30.7)]

    def test_with_thousands_separators(self, tmp_path):
        (x, y), *_ = surveyed((114.3, 30.6), crs=4547)
        path = write_csv(tmp_path / "a.csv", f'x,y\n"{x:,.3f}","{y:,.3f}"\n')
        with pytest.warns(UserWarning, match="thousands separators left out"):
            assert places(read_facilities(path, source_crs=4547)) == [(114.3, 30.6)]

    def test_does_not_go_with_a_shifted_datum(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "x,y\n528793.1,3386450.2\n")
        with pytest.raises(DatumError, match="must be in longitude and latitude"):
            read_facilities(path, source_crs=4547, datum="gcj02")

    @pytest.mark.parametrize("crs", ["EPSG:99999999", "nonsense", "EPSG:2263", "EPSG:5773"])
    def test_must_be_one_that_is_in_metres_or_degrees(self, tmp_path, crs):
        path = write_csv(tmp_path / "a.csv", "x,y\n528793.1,3386450.2\n")
        with pytest.raises(CrsError, match="source_crs"):
            read_facilities(path, source_crs=crs)

    def test_of_a_layer_that_says_none(self, tmp_path):
        (x, y), *_ = surveyed((114.3, 30.6), crs=4547)
        gpd.GeoDataFrame(geometry=[shapely.Point(x, y)], crs=4547).to_file(tmp_path / "a.shp")
        (tmp_path / "a.prj").unlink()
        with pytest.raises(
            CrsError, match=r'a\.shp must say its coordinate reference system.*source_crs = "EPSG:4490"'
        ):
            read_facilities(tmp_path / "a.shp")
        assert places(read_facilities(tmp_path / "a.shp", source_crs="EPSG:4547")) == [(114.3, 30.6)]

    def test_of_another_planet_is_refused(self, tmp_path):
        gpd.GeoDataFrame(geometry=[shapely.Point(114.3, 30.6)], crs=4326).to_file(tmp_path / "a.shp")
        moon = (tmp_path / "a.prj").read_text(encoding="ascii").replace("6378137.0", "1.0")
        (tmp_path / "a.prj").write_text(moon, encoding="ascii")
        with pytest.raises(CrsError, match=r"a\.shp must be in a CRS of the Earth that PROJ can convert"):
            read_facilities(tmp_path / "a.shp")

    def test_must_agree_with_a_layer_that_says_one(self, tmp_path):
        gpd.GeoDataFrame(geometry=[shapely.Point(114.3, 30.6)], crs=4326).to_file(tmp_path / "a.gpkg")
        assert len(read_facilities(tmp_path / "a.gpkg", source_crs=4326)) == 1
        with pytest.raises(CrsError, match="source_crs must agree with the file, got EPSG:4547"):
            read_facilities(tmp_path / "a.gpkg", source_crs=4547)


class TestFarFromTheStudyArea:
    TEXT = rows_of("A,114.3,30.6,\nB,116.4,39.9,\nC,2.35,48.85,\n")

    def test_is_said_and_nothing_is_left_out(self, tmp_path):
        rejected = Rejections()
        path = write_csv(tmp_path / "a.csv", self.TEXT)
        assert read_facilities(path, crs=UTM_50N, study_area=WUHAN, rejected=rejected)["id"].tolist() == ["A", "B", "C"]
        assert remarks(rejected) == {
            "B": "more than 100 km from the study area",
            "C": "outside China, where the study area is",
        }
        assert [remark["given"] for remark in rejected.remarks] == ["2.35,48.85", "116.4,39.9"]
        with pytest.warns(UserWarning, match="outside China"):
            read_facilities(path, crs=UTM_50N, study_area=WUHAN)

    def test_is_not_said_without_one(self, tmp_path):
        assert len(read_facilities(write_csv(tmp_path / "a.csv", self.TEXT), crs=UTM_50N)) == 3

    def test_elsewhere_china_does_not_matter(self, tmp_path):
        rejected = Rejections()
        read_facilities(write_csv(tmp_path / "a.csv", self.TEXT), crs=UTM_50N, study_area=PORTO, rejected=rejected)
        assert set(remarks(rejected).values()) == {"more than 100 km from the study area"}

    def test_holds_for_layers(self, tmp_path):
        points = gpd.GeoDataFrame(
            {"id": ["A", "B"]}, geometry=[shapely.Point(114.3, 30.6), shapely.Point(2, 48)], crs=4326
        )
        points.to_file(tmp_path / "a.gpkg")
        rejected = Rejections()
        read_facilities(tmp_path / "a.gpkg", crs=UTM_50N, study_area=WUHAN, rejected=rejected)
        assert remarks(rejected) == {"B": "outside China, where the study area is"}


def test_every_national_zone_is_told_from_its_numbers(tmp_path):
    """A point in each 3-degree zone, with its number before the easting: the message names that very CRS."""
    for zone in range(25, 46):
        code = 4513 + zone - 25
        (x, y), *_ = surveyed((3.0 * zone + 0.4, 35.0), crs=code)
        path = write_csv(tmp_path / "a.csv", f"x,y\n{x:.2f},{y:.2f}\n")
        with pytest.raises(InputError, match=f"EPSG:{code}"):
            read_facilities(path)
        assert CRS.from_epsg(code).name.endswith(f"zone {zone}")
    assert CHINA.west < 75
