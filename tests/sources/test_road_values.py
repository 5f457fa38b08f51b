import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.network.access import CLASS_ACCESS, NOT_BUILT
from coverage_planner.network.modes import DRIVE_SPEEDS_KPH
from coverage_planner.sources.road_columns import check_values
from coverage_planner.sources.road_values import OSM_CLASSES, ROAD_CLASSES, UNKNOWN, WORDS, plain, read_value

CLASSES = {
    "高速公路": "motorway", "国道": "trunk", "省道": "primary", "县道": "secondary", "乡道": "tertiary", "快速路": "trunk",
    "主干路": "primary", "主干道": "primary", "次干路": "secondary", "支路": "tertiary", "街坊路": "residential",
    "步行街": "pedestrian", "人行天桥": "footway", "匝道": "trunk_link", "小区道路": "service", "胡同": "living_street",
    "台阶": "steps", "非机动车道": "cycleway", "在建": "construction", "primary": "primary", "Primary": "primary",
    " 主干路 ": "primary", "residential;footway": "residential;footway", "unknown": "road", "track_grade2": "track",
    "主干路;支路": "primary",
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), CLASSES.items())
def test_road_classes(text, value):
    assert read_value("highway", text) == value


@pytest.mark.parametrize(("tag", "text", "value"), [
    ("oneway", "是", "yes"), ("oneway", "单行", "yes"), ("oneway", "单行线", "yes"), ("oneway", "否", "no"),
    ("oneway", "双向", "no"), ("oneway", "逆向", "-1"), ("oneway", "FT", "yes"), ("oneway", "TF", "-1"), ("oneway", "B", "no"),
    ("oneway", "-1", "-1"), ("oneway", "１", "yes"), ("oneway", "潮汐车道", "reversible"), ("oneway", "yes", "yes"),
    ("bridge", "桥梁", "yes"), ("bridge", "长江大桥", "yes"), ("bridge", "隧道", "no"), ("bridge", "viaduct", "viaduct"),
    ("bridge", "否", "no"), ("tunnel", "隧道", "yes"), ("tunnel", "桥梁", "no"), ("tunnel", "下穿通道", "yes"),
    ("layer", "1", "1"), ("layer", "-1.0", "-1"), ("layer", "地下二层", "-2"), ("layer", "高架", "1"), ("layer", "地面", "0"),
    ("maxspeed", "60", "60"), ("maxspeed", "60km/h", "60"), ("maxspeed", "60公里/小时", "60"), ("maxspeed", "限速60", "60"),
    ("maxspeed", "６０ 千米/时", "60"), ("maxspeed", "60;40", "40"), ("maxspeed", "30 mph", "30 mph"), ("maxspeed", "0", ""),
    ("maxspeed", "16.7 m/s", "60.12"), ("maxspeed", "none", "none"), ("maxspeed", "主干路", "60"), ("maxspeed", "在建", ""),
])  # fmt: skip
def test_texts_of_other_tags(tag, text, value):
    assert read_value(tag, text) == value


@pytest.mark.parametrize(("tag", "text"), [
    ("highway", "盘山神道"), ("highway", "A1"), ("oneway", "看情况"), ("oneway", "F"), ("oneway", "2"), ("bridge", "路基"),
    ("tunnel", "路基"), ("layer", "很高"), ("maxspeed", "快"), ("maxspeed", "60 furlongs"), ("maxspeed", "60;快"),
])  # fmt: skip
def test_what_is_not_understood_is_not_guessed(tag, text):
    assert read_value(tag, text) is None
    assert tag in UNKNOWN


def test_letters_of_a_one_way_column_with_b():
    assert [read_value("oneway", text, letters=True) for text in "BFT"] == ["no", "yes", "-1"]


def test_tables_are_in_the_words_of_the_network():
    assert (set(CLASS_ACCESS) | NOT_BUILT).issubset(OSM_CLASSES)
    for text, (highway, kph) in ROAD_CLASSES.items():
        assert highway in OSM_CLASSES
        assert text == plain(text)
        # the speed of a class is near that which the network gives to its class of OpenStreetMap
        if highway in DRIVE_SPEEDS_KPH:
            assert 0.5 <= kph / DRIVE_SPEEDS_KPH[highway] <= 1.34, text
    for known in WORDS.values():
        assert all(text == plain(text) for text in known)


def test_values_of_one_way_columns_must_exist():
    check_values({"oneway": {"单": "yes", "双": "no", "逆": "-1"}})
    with pytest.raises(ConfigError, match=r"values\.oneway must map .* got 1: maybe; use one of yes, no, -1"):
        check_values({"oneway": {"单": "maybe"}})
