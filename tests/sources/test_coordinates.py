"""Longitudes and latitudes in every spelling, pairs in one cell, well-known text."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.sources.coordinates import NO_PAIR, parse_angle, parse_pair


@pytest.mark.parametrize(
    "text",
    [
        "114°18′30.5″", "114°18'30.5\"", "114º18´30.5″E", "114度18分30.5秒", "东经114度18分30.5秒", "114 18 30.5",
        "114:18:30.5", "114-18-30.5", "E114°18′30.5″", "114°18′30.5″ E", "１１４°１８′３０．５″", "114d18m30.5s",
        "114° 18' 30.5''", "经度：114°18′30.5″", "114°18′30。5″",
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds(text):
    angle = parse_angle(text)
    assert angle.value == pytest.approx(114 + 18 / 60 + 30.5 / 3600, abs=1e-12)
    assert angle.remark == "degrees, minutes and seconds made decimal degrees"
    assert angle.reason == ""


@pytest.mark.parametrize(
    ("text", "value", "axis"),
    [
        ("114.305", 114.305, ""), ("114.305°", 114.305, ""), ("114.305°E", 114.305, "lon"), ("E114.305", 114.305, "lon"),
        ("东经114.305", 114.305, "lon"), ("１１４．３０５", 114.305, ""), ("114。305", 114.305, ""), ("114,305", 114.305, ""),
        ("W 71.25", -71.25, "lon"), ("33.5S", -33.5, "lat"), ("南纬33.5度", -33.5, "lat"), ("-33°30′", -33.5, ""),
        ("N30°30′", 30.5, "lat"), ("30°30.6′", 30.51, ""), ("512,345.67", 512345.67, ""), ("3,385,123", 3385123.0, ""),
        ("lat: 30.5", 30.5, "lat"),
    ],
)  # fmt: skip
def test_decimals_and_directions(text, value, axis):
    angle = parse_angle(text)
    assert (angle.value, angle.axis, angle.reason) == (pytest.approx(value, abs=1e-12), axis, "")


def test_a_comma_separates_thousands_of_metres():
    assert parse_angle("512,345", metres=True).value == 512345
    assert parse_angle("512,345").value == 512.345


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("三十", "is not a number of degrees"), ("114.3.5", "is not a number of degrees"), ("E114N", "says two directions"),
        ("114°75′", "has more than 60 minutes or seconds"), ("114°18′60.5″", "has more than 60 minutes or seconds"),
        ("-33S", "says two directions"), ("114°", ""), ("洪山区1号", "is not a number of degrees"), ("无", ""),
    ],
)  # fmt: skip
def test_what_is_no_angle_has_a_reason(text, reason):
    angle = parse_angle(text)
    assert angle.reason == reason
    assert math.isnan(angle.value) or text == "114°"


@given(st.integers(0, 179), st.integers(0, 59), st.integers(0, 5999), st.booleans(), st.data())
def test_any_spelling_of_an_angle(degrees, minutes, hundredths, east, data):
    seconds = hundredths / 100
    spelling = data.draw(
        st.sampled_from(
            ["{d}°{m}′{s:.2f}″{a}", "{a}{d}°{m:02d}'{s:05.2f}\"", "{a} {d} {m} {s:.2f}", "{b}{d}度{m}分{s:.2f}秒"]
        )
    )
    text = spelling.format(d=degrees, m=minutes, s=seconds, a="E" if east else "W", b="东经" if east else "西经")
    value = (degrees + minutes / 60 + seconds / 3600) * (1 if east else -1)
    assert parse_angle(text).value == pytest.approx(value, abs=1e-9)
    assert parse_angle(text).axis == "lon"


HERE = (114.3, 30.6)


@pytest.mark.parametrize(
    "text",
    [
        "114.3,30.6", "114.3, 30.6", "114.3，30.6", "(114.3,30.6)", "[114.3, 30.6]", "【114.3，30.6】", "114.3 30.6",
        "114.3;30.6", "114.3；30.6", "114.3、30.6", "114.3/30.6", "１１４．３，３０．６", "114.3°E,30.6°N", "114°18′,30°36′",
        "114 18 0 30 36 0", "114°18′0″E 30°36′0″N", "POINT(114.3 30.6)", "point (114.3 30.6)", "POINT Z (114.3 30.6 25)",
        "SRID=4490;POINT(114.3 30.6)", "MULTIPOINT((114.3 30.6))", shapely.to_wkb(shapely.Point(HERE), hex=True),
        "30.6N,114.3E", "北纬30.6°，东经114.3°", "东经114.3°北纬30.6°", "lat:30.6,lng:114.3", "经度114.3纬度30.6", "E114.3N30.6",
        "114.3,30.6,",
    ],
)  # fmt: skip
def test_pairs(text):
    pair = parse_pair(text)
    assert pair.reason == ""
    assert (pair.first, pair.second) == pytest.approx(HERE, abs=1e-12)


@pytest.mark.parametrize("text", ["30.6N,114.3E", "东经114.3°北纬30.6°", "lat:30.6,lng:114.3"])
def test_pairs_that_name_their_axes(text):
    assert parse_pair(text).named
    assert not parse_pair("114.3,30.6").named


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("114.3", NO_PAIR), ("114.3,", NO_PAIR), ("114.3,30.6,25", NO_PAIR), ("武汉市洪山区珞喻路1号", NO_PAIR), ("114.3,东湖", NO_PAIR),
        ("POINT(114.3", "the WKT is broken"), ("POINT(114.3 abc)", "the WKT is broken"), ("POINT EMPTY", "the geometry is missing"),
        ("POINT(114.3)", "the WKT is broken"), ("LINESTRING(0 0,1 1)", "the geometry is not a point"),
        ("MULTIPOINT((0 0),(1 1))", "the geometry is not a point"), ("POLYGON((0 0,1 0,1 1,0 0))", "the geometry is not a point"),
        ("0101000000" + "zz" * 16, NO_PAIR), ("114°75′,30°", "the position has more than 60 minutes or seconds"),
        ("114.3E,30.6E", "the position says two directions"),
    ],
)  # fmt: skip
def test_what_is_no_pair_has_a_reason(text, reason):
    pair = parse_pair(text)
    assert pair.reason == reason
    assert math.isnan(pair.first)
    assert math.isnan(pair.second)


@given(st.text(max_size=20))
def test_any_text_is_a_pair_or_has_a_reason(text):
    pair = parse_pair(text)
    assert pair.reason or (math.isfinite(pair.first) and math.isfinite(pair.second))
    angle = parse_angle(text or "?")
    assert math.isnan(angle.value) or not angle.reason


@given(
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.sampled_from(["{!r},{!r}", "({!r} {!r})", "POINT ({!r} {!r})", "{!r}；{!r}"]),
)
def test_floats_come_back_as_they_were(lon, lat, how):
    if "e" in f"{lon!r}{lat!r}":
        lon, lat = round(lon, 6), round(lat, 6)
    pair = parse_pair(how.format(lon, lat))
    if "e" not in f"{lon!r}{lat!r}":
        assert (pair.first, pair.second) == (lon, lat)
