"""Which column is which, what cells mean, and coordinates the wrong way round."""

import numpy as np
import pytest

from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
from written_files import as_layer, write_csv, write_workbook

UTM_50N = "EPSG:32650"


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
        path = write_csv(tmp_path / "a.csv", "站,门口经度,门口纬度,lon,lat,骑手\n甲,114.3,30.6,0,0,12\n")
        demand = read_demand(
            path, columns={"name": "站", "lon": "门口经度", "lat": "门口纬度", "demand": "骑手"}, crs=UTM_50N
        )
        assert demand["name"].tolist() == ["甲"]
        assert demand["demand"].tolist() == [12.0]
        assert demand.to_crs(4326).geometry.x[0] == pytest.approx(114.3)

    def test_that_are_missing_are_named_with_what_would_do(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "名称,测站北,测站东\n甲,30.6,114.3\n")
        with pytest.raises(
            SchemaError, match=r"a\.csv must have columns for lon, lat, got \['名称', '测站北', '测站东'\].*经度"
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


def test_services_become_ids_separated_by_semicolons(tmp_path):
    path = write_csv(tmp_path / "a.csv", 'lon,lat,服务\n114.3,30.6,"休息、饮水，充电; 厕所,,"\n114.3,30.6,\n')
    assert read_facilities(path)["services"].fillna("-").tolist() == ["rest;water;charging;toilet", "-"]


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
