"""Datums: published and independently computed values, round trips, and what the shift does to Wuhan's places."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely import STRtree

from coverage_planner.errors import DatumError
from coverage_planner.sources.datum import DATUMS, from_wgs84, to_wgs84

# China from Zengmu Ansha to the Amur and from the Pamirs to the Ussuri.
longitudes = st.floats(73.4, 135.1)
latitudes = st.floats(3.8, 53.6)

# wgs84 -> gcj02 -> bd09, computed once with the PyPI packages coord-convert 0.2.1 and prcoords 1.0.2, which agree to
# the last digit shown. (geocoordinates-rs 0.14.2, written in Rust by others, agrees to the last bit.)
COMPUTED = {
    "Wuhan": ((114.30525, 30.59276), (114.31069453991778, 30.590350119818858), (114.31726294300185, 30.596057059777696)),
    "Lhasa": ((91.1145, 29.6442), (91.11606242277085, 29.641493425680267), (91.12259166385971, 29.64740859050131)),
    "Harbin": ((126.6424, 45.7567), (126.64836981630474, 45.75865110185797), (126.65499932897167, 45.76434556386758)),
    "Haikou": ((110.33119, 20.03197), (110.33556086678983, 20.02992292406602), (110.34210943232479, 20.035599019797363)),
    "Urumqi": ((87.6168, 43.8256), (87.61964994946926, 43.82680539311119), (87.62609977081571, 43.83294979479328)),
}  # fmt: skip


def metres_between(lon_a, lat_a, lon_b, lat_b):
    return Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)[2]


@pytest.mark.parametrize("place", COMPUTED)
def test_values_computed_with_independent_packages(place):
    wgs84, gcj02, bd09 = COMPUTED[place]
    for datum, expected in (("gcj02", gcj02), ("bd09", bd09)):
        assert from_wgs84(*wgs84, datum) == pytest.approx(expected, abs=1e-10)
        assert to_wgs84(*expected, datum) == pytest.approx(wgs84, abs=1e-9)


def test_values_published_by_coordtransform():
    # test/app.js of the JavaScript package coordtransform (wandergis) prints these for 116.404, 39.915.
    assert from_wgs84(116.404, 39.915, "gcj02") == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-10)
    as_wgs84 = to_wgs84(116.404, 39.915, "gcj02")
    assert from_wgs84(*as_wgs84, "bd09") == pytest.approx((116.41036949371029, 39.92133699351021), abs=2e-9)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_round_trip_over_a_grid_of_the_whole_rectangle_and_beyond(datum):
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.linspace(60.0, 150.0, 901), np.linspace(-10.0, 65.0, 751)))
    # within the shift of the rectangle's edge, abroad or at sea, the way back is ambiguous
    near_edge = np.zeros(len(lon), dtype=bool)
    for values, edges in ((lon, (72.004, 137.8347)), (lat, (0.8293, 55.8271))):
        near_edge |= np.abs(values[:, None] - np.array(edges)).min(axis=1) < 0.02
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert metres_between(lon, lat, *back)[~near_edge].max() < 0.0001
    assert near_edge.mean() < 0.02


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@given(lon=longitudes, lat=latitudes)
def test_round_trip_over_the_whole_country(datum, lon, lat):
    there = from_wgs84([lon], [lat], datum)
    back = to_wgs84(*there, datum)
    assert metres_between([lon], [lat], *back)[0] < 0.001
    assert 0 < metres_between([lon], [lat], *there)[0] < 2000


@pytest.mark.parametrize("datum", DATUMS)
@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_outside_the_rectangle_nothing_is_shifted(datum, lon, lat):
    if 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271:
        lon = -lon
    assert to_wgs84(lon, lat, datum) == (lon, lat)
    assert from_wgs84(lon, lat, datum) == (lon, lat)


def test_hong_kong_macao_and_taiwan_are_shifted_by_rectangle():
    lon, lat = np.array([114.1694, 113.5439, 121.5654]), np.array([22.3193, 22.1987, 25.0330])
    shifted = from_wgs84(lon, lat, "gcj02")
    assert (metres_between(lon, lat, *shifted) > 100).all()


@pytest.mark.parametrize("datum", DATUMS)
def test_arrays_keep_their_shape_and_the_arguments_their_values(datum):
    lon, lat = np.array([[114.3, np.nan], [2.35, 116.4]]), np.array([[30.6, 30.6], [48.85, 39.9]])
    kept = lon.copy(), lat.copy()
    for convert in (to_wgs84, from_wgs84):
        x, y = convert(lon, lat, datum)
        assert x.shape == y.shape == (2, 2)
        assert x.dtype == y.dtype == np.float64
        assert np.isnan(x[0, 1])
        assert (x[1, 0], y[1, 0]) == (2.35, 48.85)
        assert x is not lon
        assert y is not lat
    np.testing.assert_array_equal(lon, kept[0])
    np.testing.assert_array_equal(lat, kept[1])


def test_cgcs2000_is_wgs84():
    assert to_wgs84(114.3, 30.6, "cgcs2000") == (114.3, 30.6)


def test_no_points_at_all():
    assert [len(axis) for axis in to_wgs84([], [], "bd09")] == [0, 0]


@pytest.mark.parametrize("convert", [to_wgs84, from_wgs84])
def test_an_unknown_datum_is_named(convert):
    with pytest.raises(DatumError, match=r"must be one of wgs84, cgcs2000, gcj02, bd09, got 'mars'"):
        convert(114.3, 30.6, "mars")


@pytest.fixture(scope="module")
def distance_to_street_m(real_data):
    roads = gpd.read_parquet(real_data / "wuhan" / "roads.parquet")
    tree = STRtree(roads.geometry.to_numpy())

    def measure(lon, lat):
        points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326).to_crs(roads.crs)
        return tree.query_nearest(points.to_numpy(), return_distance=True, all_matches=False)[1]

    return measure


@pytest.mark.real_data
def test_correction_brings_wuhans_places_nearer_to_the_streets(real_data, distance_to_street_m):
    places = pd.read_csv(real_data / "wuhan" / "places.csv")
    assert len(places) == 430
    median_m = {
        datum: np.median(distance_to_street_m(*to_wgs84(places["Longitude"], places["Latitude"], datum)))
        for datum in ("wgs84", "gcj02", "bd09")
    }
    assert median_m["gcj02"] < 37
    assert median_m["bd09"] > 45
    assert median_m["wgs84"] > 48


@pytest.mark.real_data
def test_correction_puts_wuhans_bus_stops_at_the_street(real_data, distance_to_street_m):
    places = pd.read_csv(real_data / "wuhan" / "popular_places.csv")
    stops = places[places["Category"] == "公交车站"]
    assert len(stops) == 130
    as_they_are = np.median(distance_to_street_m(stops["Longitude"], stops["Latitude"]))
    corrected = np.median(distance_to_street_m(*to_wgs84(stops["Longitude"], stops["Latitude"], "gcj02")))
    assert as_they_are > 40
    assert corrected < 6
