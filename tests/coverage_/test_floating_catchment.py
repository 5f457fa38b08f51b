"""Floating catchments against loops, dense arrays and PySAL access."""

import json
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.floating_catchment import LUO_QI_WEIGHTS, find_without_margin, floating_catchment
from coverage_planner.errors import ConfigError, CrsError, InputError
from drawn_times import CRS, make_demand, make_times
from reference import capacity_peers

NONE = math.nan
BANDS_S = (300.0, 600.0, 900.0)


def measure(seconds, people, places, *, bands_s=BANDS_S, weights=LUO_QI_WEIGHTS, limit_s=900.0):
    ids = [f"F{j}" for j in range(len(places))], [f"D{i}" for i in range(len(people))]
    times = make_times(seconds, *ids, limit_s=limit_s)
    return floating_catchment(
        times, make_demand(people), np.array(places, dtype=float), bands_s=bands_s, weights=weights
    )


@st.composite
def cases(draw):
    shape = draw(st.integers(0, 5)), draw(st.integers(1, 7))
    some = st.sampled_from([0.0, 299.999, 300.0, 300.001, 600.0, 900.0, NONE]) | st.floats(0, 1000)
    seconds = [[draw(some) for _ in range(shape[1])] for _ in range(shape[0])]
    people = [draw(st.sampled_from([0.0, 1.0, 2.5, 40.0])) for _ in range(shape[1])]
    places = [draw(st.sampled_from([0.0, 1.0, 7.0, 30.0])) for _ in range(shape[0])]
    n_bands = draw(st.integers(1, 3))
    return seconds, people, places, BANDS_S[-n_bands:], sorted(draw(st.lists(st.floats(0.01, 1), min_size=n_bands, max_size=n_bands)), reverse=True)  # fmt: skip


def weigh(second, bands_s, weights):
    """The weight of the first zone that holds a time; 0 beyond the last."""
    for band, weight in zip(bands_s, weights, strict=True):
        if np.float32(second) <= np.float32(band):
            return weight
    return 0.0


@settings(deadline=None, max_examples=35)
@given(cases())
def test_ratios_and_access_are_those_of_the_formula_written_as_loops(case):
    seconds, people, places, bands_s, weights = case
    found = measure(seconds, people, places, bands_s=bands_s, weights=weights)

    access = [0.0] * len(people)
    for j, supply in enumerate(places):
        shared_by = sum(people[i] * weigh(seconds[j][i], bands_s, weights) for i in range(len(people)))
        row = found.facilities.iloc[j]
        assert (row["id"], row["supply"]) == (f"F{j}", supply)
        assert row["demand_in_catchment"] == pytest.approx(shared_by)
        ratio = supply / shared_by if shared_by else math.nan
        assert row["ratio"] == pytest.approx(ratio, nan_ok=True)
        for i in range(len(people)):
            weight = weigh(seconds[j][i], bands_s, weights)
            if weight:
                access[i] += ratio * weight
    assert found.points["access"].tolist() == pytest.approx(access, nan_ok=True)


@settings(deadline=None, max_examples=12)
@given(cases())
def test_supply_that_anybody_reaches_is_handed_out_once(case):
    seconds, people, places, bands_s, weights = case
    found = measure(seconds, people, places, bands_s=bands_s, weights=weights)

    handed_out = sum(w * a for w, a in zip(people, found.points["access"], strict=True) if w > 0)
    used = sum(s for s, d in zip(places, found.facilities["demand_in_catchment"], strict=True) if d > 0)
    assert handed_out == pytest.approx(used)


def test_pysal_access_finds_the_same():
    seconds, people, places = capacity_peers.draw_case()
    peers = json.loads(capacity_peers.FIGURES.read_text(encoding="utf-8"))
    bands_s, weights = capacity_peers.BANDS_S, capacity_peers.WEIGHTS

    enhanced = measure(seconds, people, places, bands_s=bands_s, weights=weights)
    assert enhanced.points["access"].tolist() == pytest.approx(peers["e2sfca"], rel=1e-12)
    plain = measure(seconds, people, places, bands_s=bands_s[-1:], weights=[1.0])
    assert plain.points["access"].tolist() == pytest.approx(peers["2sfca"], rel=1e-12)


def test_a_dense_product_finds_the_same():
    rng = np.random.default_rng(4)
    seconds, people, places = rng.integers(0, 1200, (20, 300)), rng.integers(1, 50, 300), rng.integers(0, 30, 20)
    found = measure(seconds, people, places)

    weight = np.select([seconds <= band for band in BANDS_S], LUO_QI_WEIGHTS, 0.0)
    ratio = places / (weight @ people)
    np.testing.assert_allclose(found.facilities["ratio"], ratio, rtol=1e-13)
    np.testing.assert_allclose(found.points["access"], ratio @ weight, rtol=1e-13)


def test_a_place_for_each_of_two_people_who_share_a_station_and_none_for_the_third():
    found = measure([[100, 800, NONE]], [3, 10, 5], [8], weights=[1.0, 0.68, 0.5])

    assert found.facilities["demand_in_catchment"].tolist() == [8.0]
    assert found.points["access"].tolist() == [1.0, 0.5, 0.0]
    assert found.bands_s == BANDS_S
    assert found.weights == (1.0, 0.68, 0.5)


def test_where_a_station_within_reach_has_no_demand_its_share_is_unknown():
    found = measure([[10, NONE, 20], [NONE, 10, NONE]], [0, 4, 0], [5, 8])

    assert math.isnan(found.facilities["ratio"][0])
    assert found.points["access"].isna().tolist() == [True, False, True]
    assert found.points["access"][1] == 2.0


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"bands_s": [300, 300, 900]}, ConfigError, "ascending times above 0, got .300, 300, 900."),
        ({"bands_s": [0, 300, 900]}, ConfigError, "ascending times above 0"),
        ({"bands_s": [], "weights": []}, ConfigError, "one or more ascending times"),
        ({"bands_s": [300, 600, NONE]}, ConfigError, "ascending times"),
        ({"bands_s": [300, 600, 901]}, ConfigError, r"at most the limit of the search \(900 s\)"),
        ({"weights": [1, 0.5]}, ConfigError, r"one value per band \(3\)"),
        ({"weights": [0.5, 0.6, 0.1]}, ConfigError, "never rise"),
        ({"weights": [1, 0.5, 0]}, ConfigError, "above 0"),
        ({"weights": [1, NONE, 0.1]}, ConfigError, "above 0"),
        ({"places": [1, NONE]}, InputError, "finite and at least 0, not so in facilities 1: F1"),
        ({"places": [-1, 2]}, InputError, "finite and at least 0, not so in facilities 1: F0"),
    ],
)
def test_wrong_arguments_are_refused(options, error, named):
    arguments = {"seconds": [[1, 2], [3, 4]], "people": [1, 1], "places": [1, 1], **options}
    with pytest.raises(error, match=named):
        measure(**arguments)


def test_supply_and_demand_of_other_tables_are_refused():
    times = make_times([[1, 2]], ["F0"], ["D0", "D1"])
    with pytest.raises(InputError, match=r"supply must have one value per facility .* shape \(2,\) for 1"):
        floating_catchment(times, make_demand([1, 1]), np.ones(2), bands_s=[900], weights=[1])
    with pytest.raises(InputError, match="demand must be the table the travel times were computed for"):
        floating_catchment(times, make_demand([1]), np.ones(1), bands_s=[900], weights=[1])


def square(side_m):
    return gpd.GeoDataFrame(geometry=[shapely.box(-side_m, -side_m, side_m, side_m)], crs=CRS)


def points_at(*xs):
    return gpd.GeoDataFrame(
        {"id": [f"D{k}" for k in range(len(xs))]}, geometry=[shapely.Point(x, 0) for x in xs], crs=CRS
    )


def test_two_reaches_of_demand_and_one_of_stations_are_margin_enough():
    points = points_at(0, 3000, 3001, 4000, 6000)
    wide = square(9000)

    assert find_without_margin(points, square(5000), wide, reach_m=1000.0).tolist() == [False, False, True, True, True]
    assert find_without_margin(points, wide, square(5000), reach_m=1000.0).tolist() == [
        False,
        False,
        False,
        False,
        True,
    ]
    assert find_without_margin(points, square(3500), square(4500), reach_m=1000.0).tolist() == [False, True, True, True, True]  # fmt: skip
    assert not find_without_margin(points, wide, wide, reach_m=1000.0).any()


def test_a_hole_in_what_is_known_is_an_edge_too_and_two_known_areas_side_by_side_have_none_between():
    hole = gpd.GeoDataFrame(geometry=[shapely.difference(shapely.box(-9e3, -9e3, 9e3, 9e3), shapely.box(100, -50, 200, 50))], crs=CRS)  # fmt: skip
    halves = gpd.GeoDataFrame(geometry=[shapely.box(-9e3, -9e3, 0, 9e3), shapely.box(0, -9e3, 9e3, 9e3)], crs=CRS)

    assert find_without_margin(points_at(0, -1901), hole, halves, reach_m=1000.0).tolist() == [True, False]


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**32 - 1))
def test_where_the_margin_is_enough_what_lies_beyond_changes_nothing(seed):
    # people walk straight along a line at 1 m/s, as far as the last band: 900 m
    rng = np.random.default_rng(seed)
    people_x, station_x = rng.integers(-6000, 6000, 80).astype(float), rng.integers(-6000, 6000, 15).astype(float)
    people, places = rng.integers(1, 9, 80), rng.integers(1, 30, 15)
    known, given_stations = np.abs(people_x) <= 4000, np.abs(station_x) <= 3500

    def access(near, offered):
        seconds = np.abs(station_x[offered][:, np.newaxis] - people_x[near])
        return pd.Series(
            measure(seconds, people[near], places[offered]).points["access"].to_numpy(), np.flatnonzero(near)
        )

    whole = access(np.ones(80, dtype=bool), np.ones(15, dtype=bool))
    cut = access(known, given_stations)
    doubtful = find_without_margin(points_at(*people_x[known]), square(4000), square(3500), reach_m=900.0).to_numpy()
    np.testing.assert_allclose(cut[~doubtful], whole[cut.index][~doubtful], rtol=1e-12)


@pytest.mark.parametrize("reach_m", [0.0, -1.0, NONE])
def test_a_reach_that_is_none_is_refused(reach_m):
    with pytest.raises(ConfigError, match="reach_m must be positive"):
        find_without_margin(points_at(0), square(1), square(1), reach_m=reach_m)


def test_extents_in_degrees_are_refused():
    with pytest.raises(CrsError, match="facility_extent must be in a projected CRS in metres, got EPSG:4326"):
        find_without_margin(points_at(0), square(1), square(1).set_crs(4326, allow_override=True), reach_m=1.0)
