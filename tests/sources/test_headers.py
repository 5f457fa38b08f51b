"""Which column is which: names with units, brackets and stars, two-row headers, datums in names, what is ambiguous."""

import warnings

import numpy as np
import pandas as pd
import pytest

from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.sources.aliases import ALIASES, AREA_ALIASES, DATUM_WORDS, LEVELS, OTHER_UNITS
from coverage_planner.sources.datum import DATUMS
from coverage_planner.sources.headers import check_column_datum, column_datum, find_columns, known_names, plain
from coverage_planner.sources.raw_tables import RawTable


def with_columns(*names: str, header_row: int = 1) -> RawTable:
    frame = pd.DataFrame([[""] * len(names)], columns=list(names))
    return RawTable("表.csv", frame, np.array([2]), None, np.zeros(1, dtype=np.bool_), header_row)


def found_in(*columns: str, names=("lon", "lat"), **options):
    return find_columns(with_columns(*columns), names, [], None, **options)


class TestNamesThatFit:
    @pytest.mark.parametrize(
        ("column", "name"),
        [
            ("经度(°)", "lon"),
            ("*经度", "lon"),
            ("经 度", "lon"),
            ("ＬＯＮ", "lon"),
            ("经度（东经）", "lon"),
            ("经度【必填】", "lon"),
            ("坐标（经度）", "lon"),
            ("坐标/经度", "lon"),
            ("位置/纬度（°）", "lat"),
            ("Location_Lng", "lon"),
            ("POINT_X", "lon"),
            ("站点名称*", "name"),
            ("POI名称", "name"),
            ("面积（㎡）", "area_m2"),
            ("面积/㎡", "area_m2"),
            ("建筑面积(平方米)", "area_m2"),
            ("人数(人)", "demand"),
            ("人数/人", "demand"),
            ("人口（万人）", "demand"),
            ("面积/亩", "area_m2"),
            ("进门用时(分钟)", "entry_delay_s"),
            ("骑手人数", "demand"),
            ("营业时间：", "opening_hours"),
            ("街道（乡镇）", "subdistrict"),
            ("社区（村）", "community"),
            ("经纬度", "position"),
            ("坐标（经度,纬度）", "position"),
            ("WKT", "position"),
            ("geom", "position"),
            ("location", "position"),
            ("高德坐标", "position"),
        ],
    )
    def test_are_found(self, column, name):
        assert found_in("备注", column, names=list(ALIASES)) == {name: column}

    @pytest.mark.parametrize(
        "column", ["面积（平方公里）", "面积/km2", "人口（%）", "进门耗时(小时)", "经度差", "无名称"]
    )
    def test_names_of_something_else_are_not(self, column):
        assert found_in(column, names=list(ALIASES)) == {}

    def test_halves_of_a_position_are_no_position(self):
        found = found_in("坐标（经度）", "坐标（纬度）", names=list(ALIASES))
        assert found == {"lon": "坐标（经度）", "lat": "坐标（纬度）"}

    def test_the_plain_name_goes_first(self):
        assert found_in("经度(备用)", "坐标/经度", "经度") == {"lon": "经度"}
        assert found_in("坐标/经度", "经度(°)") == {"lon": "经度(°)"}

    def test_aliases_go_in_their_order(self):
        assert found_in("x", "经度") == {"lon": "经度"}
        assert found_in("x", "lng") == {"lon": "lng"}

    def test_the_planner_goes_before_all_and_need_not_match_spaces(self):
        table = with_columns("经度", "东 坐标\n值".replace("\n", " "))
        assert find_columns(table, ["lon"], [], {"lon": "东坐标 值"}) == {"lon": "东 坐标 值"}
        with pytest.raises(SchemaError, match=r"not \['西'\]"):
            find_columns(table, ["lon"], [], {"lon": "西"})
        with pytest.raises(ConfigError, match=r"got \['lno'\]"):
            find_columns(table, ["lon"], [], {"lno": "经度"})


class TestNamesThatDoNot:
    def test_several_that_fit_equally_are_refused(self):
        with pytest.raises(
            SchemaError,
            match=r"must have one column for demand, got \['现状/人数', '规划/人数'\].*'demand': '现状/人数'",
        ):
            found_in("现状/人数", "规划/人数", names=["demand"])
        table = with_columns("现状/人数", "规划/人数")
        assert find_columns(table, ["demand"], ["demand"], {"demand": "规划/人数"}) == {"demand": "规划/人数"}

    def test_the_message_says_in_which_row_was_looked(self):
        with pytest.raises(SchemaError, match=r"columns for lon, got \['甲', '乙'\] in row 3; name them so"):
            find_columns(with_columns("甲", "乙", header_row=3), ["lon"], ["lon"], None)

    def test_the_message_says_that_names_are_missing(self):
        with pytest.raises(SchemaError, match=r"\(with a number, '114\.3': the row of column names is missing"):
            find_columns(with_columns("甲", "114.3", "30.5"), ["lon"], ["lon"], None)


class TestDatumsInNames:
    @pytest.mark.parametrize(
        ("column", "datum"),
        [
            ("百度经度", "bd09"), ("bd09_lng", "bd09"), ("bd_lon", "bd09"), ("lat_baidu", "bd09"),
            ("gcj02_lng", "gcj02"), ("GCJ经度", "gcj02"), ("高德纬度", "gcj02"), ("火星坐标", "gcj02"),
            ("经度(GCJ-02)", "gcj02"), ("坐标（高德）", "gcj02"), ("经度（百度地图）", "bd09"),
            ("wgs84_lat", "wgs84"), ("lat_wgs84", "wgs84"), ("GPS经度", "wgs84"), ("84坐标", "wgs84"),
            ("2000坐标", "cgcs2000"), ("经度", None), ("lon", None), ("x", None), ("高德", None), ("百度评分", None),
        ],
    )  # fmt: skip
    def test_are_known(self, column, datum):
        assert column_datum(column) == datum

    def test_of_several_columns_those_of_the_declared_one_are_taken(self):
        columns = ("经度", "纬度", "gcj02_lng", "gcj02_lat", "百度经度", "百度纬度", "lng_wgs84", "lat_wgs84")
        assert found_in(*columns, datum="gcj02") == {"lon": "gcj02_lng", "lat": "gcj02_lat"}
        assert found_in(*columns, datum="bd09") == {"lon": "百度经度", "lat": "百度纬度"}
        assert found_in(*columns, datum="cgcs2000") == {"lon": "lng_wgs84", "lat": "lat_wgs84"}
        assert found_in(*columns) == {"lon": "经度", "lat": "纬度"}
        assert found_in(*columns[:6], datum="wgs84") == {"lon": "经度", "lat": "纬度"}

    def test_that_contradict_the_declared_one_are_warned_of(self):
        table = with_columns("百度经度", "百度纬度")
        found = find_columns(table, ["lon", "lat"], ["lon", "lat"], None, datum="wgs84")
        with pytest.warns(UserWarning, match=r"datum declared, wgs84; \['百度经度', '百度纬度'\] are named after bd09"):
            check_column_datum(table, found, "wgs84")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check_column_datum(table, found, "bd09")
            check_column_datum(with_columns("2000经度"), {"lon": "2000经度"}, "wgs84")
            check_column_datum(with_columns("经度"), {"lon": "经度"}, "gcj02")

    def test_that_contradict_each_other_are_refused(self):
        table = with_columns("百度经度", "高德纬度")
        with pytest.raises(SchemaError, match=r"must be in one datum, got the columns \['百度经度', '高德纬度'\]"):
            check_column_datum(table, {"lon": "百度经度", "lat": "高德纬度"}, "bd09")

    def test_are_those_of_the_package(self):
        assert set(DATUM_WORDS) == set(DATUMS)


def test_cells_that_are_names():
    assert known_names(["名称", "经度(°)", "百度纬度", "联系电话", "", "洪山区", "114.3"]) == 4
    assert known_names(["联系人：", "张三", "单位："]) == 0


def test_plain_names():
    assert plain(" Opening_Hours* ") == plain("ＯＰＥＮＩＮＧ　HOURS：") == "openinghours"


def test_tables_of_aliases_do_not_contradict_themselves():
    for table in (ALIASES, AREA_ALIASES):
        for name, aliases in table.items():
            assert plain(aliases[0]) == plain(name)
            assert len({plain(alias) for alias in aliases}) == len(aliases), name
    owners: dict[str, str] = {}
    for name, aliases in ALIASES.items():
        for alias in aliases:
            assert owners.setdefault(plain(alias), name) == name, alias
    assert set(OTHER_UNITS) <= set(ALIASES)
    assert set(LEVELS.values()) == {"hub", "satellite"}
