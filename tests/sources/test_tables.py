"""Files that can be read, and those that cannot."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pyogrio
import pytest

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.tables import read_table
from written_files import STATIONS, as_layer, write_csv, write_workbook


class TestEncodings:
    def test_gbk_is_recognised(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "名称,经度,纬度\n甲,114.3,30.6\n", "gb18030")
        assert read_facilities(path)["name"].tolist() == ["甲"]
        assert read_facilities(path, encoding="gbk")["name"].tolist() == ["甲"]

    def test_an_unknown_encoding_is_named(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "lon,lat\n114.3,30.6\n")
        with pytest.raises(ConfigError, match="got 'utf-88'"):
            read_facilities(path, encoding="utf-88")


def test_times_in_a_workbook_are_hours_and_minutes(tmp_path):
    rows = [["lon", "lat", "open", "close", "since"], [1, 2, dt.time(8, 30), dt.timedelta(1), dt.datetime(2025, 3, 1)]]  # noqa: DTZ001
    table = read_table(write_workbook(tmp_path / "a.xlsx", rows)).table
    assert table.iloc[0].tolist() == ["1", "2", "08:30", "24:00", "2025-03-01"]


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
        (tmp_path / "a.shx").write_bytes(b"damaged")
        (tmp_path / "a.dbf").write_bytes(b"damaged")
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


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_file_that_another_program_holds(tmp_path, monkeypatch, name):
    def refuse(self, *_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    (tmp_path / name).touch()
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        SourceError, match=rf"{name} must be a readable .*Permission denied.*close it in other programs"
    ):
        read_facilities(tmp_path / name)


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
