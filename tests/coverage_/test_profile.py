"""What lies in a circle: counted by plain loops over times of networkx, and over points and polygons."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.coverage.profile import describe_profile, profile_areas, profile_service_areas
from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError
from coverage_planner.network.snap import snap_points
from coverage_planner.scenario.group_times import with_parking
from drawn import CRS, draw_network, draw_points
from oracles import oracle_times

CUTOFF_S = 240.0
HOSTILE = "<script>=cmd|'/c calc'!A1</script>"


@pytest.fixture(scope="module")
def town():
    """Streets every 150 m, some of them one-way for cars, three stations, firms with workers and organisations."""
    places = {f"{x},{y}": (150.0 * x, 150.0 * y) for x in range(6) for y in range(6)}
    across = [([f"{x},{y}" for x in range(6)], {"oneway": "yes"} if y % 2 else {}) for y in range(6)]
    up = [([f"{x},{y}" for y in range(6)], {}) for x in range(6)]
    rng = np.random.default_rng(5)
    firms = draw_points(*rng.uniform(0, 750, (60, 2)), prefix="E").drop(columns="demand")
    firms["count"] = rng.integers(0, 300, 60)
    others = draw_points(*rng.uniform(0, 750, (25, 2)), prefix="O").drop(columns="demand")
    stations = draw_points(*rng.uniform(0, 750, (3, 2)), prefix="F").drop(columns="demand")
    return draw_network(places, across + up), stations, {"企业": firms, HOSTILE: others}


def count_by_loops(network, stations, layers, mode, cutoff_s, direction, delay_s=0.0):
    """Rows of the profile from times of networkx, one pair after the other."""
    near = {}
    for layer, points in layers.items():
        times = oracle_times(
            network, mode, snap_points(network, stations, mode), snap_points(network, points, mode), 9999.0, direction
        )
        assert (np.abs(times + delay_s - cutoff_s) > 0.01).all(), "a pair lies too near the cutoff to tell"
        near[layer] = times + delay_s <= cutoff_s
    expected = []
    for row, label in enumerate([*stations["id"], ""]):
        for layer, points in layers.items():
            n, total = 0, 0.0 if "count" in points else np.nan
            for column in range(len(points)):
                rows = range(len(stations)) if label == "" else [row]
                if any(near[layer][other, column] for other in rows):
                    n += 1
                    if "count" in points:
                        total += points["count"].iloc[column]
            expected.append((label, layer, n, total))
    return pd.DataFrame(expected, columns=["facility_id", "layer", "n", "count"])


@pytest.mark.parametrize(
    ("mode", "cutoff_s", "direction"),
    [("walk", CUTOFF_S, "to_facility"), ("drive", 90.0, "to_facility"), ("drive", 91.0, "from_facility")],
)
def test_each_station_has_the_points_that_reach_it_in_time(town, mode, cutoff_s, direction):
    network, stations, layers = town
    found = profile_service_areas(network, stations, layers, mode=mode, cutoff_s=cutoff_s, direction=direction)
    expected = count_by_loops(network, stations, layers, mode, cutoff_s, direction)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    together = found[found["facility_id"] == ""]["n"].to_numpy()
    each = found[found["facility_id"] != ""].groupby("layer", sort=False)["n"].sum().to_numpy()
    assert (together < each).any(), "circles overlap here"
    assert 0 < together[0] < 60


def test_parking_and_doors_take_their_time(town):
    network, stations, layers = town
    found = profile_service_areas(network, with_parking(stations, 90.0), layers, mode="walk", cutoff_s=CUTOFF_S)
    expected = count_by_loops(network, stations, layers, "walk", CUTOFF_S, "to_facility", delay_s=90.0)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)


def test_neither_threads_nor_the_order_of_points_matter(town):
    network, stations, layers = town
    first = profile_service_areas(network, stations, layers, mode="walk", cutoff_s=CUTOFF_S, threads=1)
    turned = {name: points.iloc[::-1].reset_index(drop=True) for name, points in layers.items()}
    again = profile_service_areas(network, stations, turned, mode="walk", cutoff_s=CUTOFF_S, threads=2)
    pd.testing.assert_frame_equal(first, again)


def test_a_point_far_from_any_street_is_in_no_circle_and_is_named(town):
    network, stations, _ = town
    far = gpd.GeoDataFrame({"id": ["ok", "far"]}, geometry=[shapely.Point(1, 1), shapely.Point(-400, 0)], crs=CRS)
    with pytest.warns(UserWarning, match="not so 1: far; they are in none"):
        found = profile_service_areas(network, stations, {"店": far}, mode="walk", cutoff_s=9999.0)
    assert found["n"].tolist() == [1, 1, 1, 1]


def test_without_stations_or_layers_nothing_is_counted(town):
    network, stations, layers = town
    found = profile_service_areas(network, stations.head(0), layers, mode="walk", cutoff_s=CUTOFF_S)
    assert found["facility_id"].tolist() == ["", ""]
    assert found["n"].tolist() == [0, 0]
    assert found["count"].tolist()[0] == 0.0
    empty = profile_service_areas(network, stations, {}, mode="walk", cutoff_s=CUTOFF_S)
    assert empty.empty
    assert list(empty) == list(found)


def test_polygons_have_the_points_in_them_and_on_their_border():
    areas = gpd.GeoDataFrame(
        {"id": ["a", "b", "none"]},
        geometry=[
            shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6)), shapely.box(5, 5, 20, 20),
            shapely.box(90, 90, 91, 91),
        ],
        crs=CRS,
    )  # fmt: skip
    rng = np.random.default_rng(2)
    xy = [*map(tuple, rng.integers(0, 21, (80, 2)).astype(float)), (10.0, 10.0), (5.0, 5.0)]
    firms = draw_points(*xy).assign(count=np.arange(82.0))
    shops = draw_points((0.0, 3.0), (30.0, 3.0))
    found = profile_areas(areas, {"企业": firms, "店": shops})
    expected = []
    for label, area in zip(areas["id"], areas.geometry, strict=True):
        for layer, points in (("企业", firms), ("店", shops)):
            inside = [row for row, point in enumerate(points.geometry) if area.distance(point) == 0]
            total = sum(points["count"][row] for row in inside) if "count" in points else np.nan
            expected.append((label, layer, len(inside), total))
    columns = ["id", "layer", "n", "count"]
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=columns), check_dtype=False)


def test_areas_may_be_in_another_crs():
    areas = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(-50, -50, 50, 50)], crs=CRS).to_crs("EPSG:32649")
    found = profile_areas(areas, {"店": draw_points((0.0, 0.0), (49.0, 0.0), (90.0, 0.0))})
    assert found["n"].tolist() == [2]


def test_blank_counts_add_nothing_and_are_named():
    firms = draw_points((0, 0), (1, 1), (2, 2)).assign(count=[3.0, np.nan, 4.5])
    areas = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(-5, -5, 5, 5)], crs=CRS)
    with pytest.warns(UserWarning, match="without a count, rows 1: 1; they add nothing"):
        found = profile_areas(areas, {"企业": firms})
    assert found.to_dict("records") == [{"id": "a", "layer": "企业", "n": 3, "count": 7.5}]


@pytest.mark.parametrize("count", ["many", -1.0, np.inf])
def test_counts_must_be_numbers_from_0_up(count):
    firms = draw_points((0, 0), (1, 1)).assign(count=[1.0, count])
    areas = gpd.GeoDataFrame({"id": ["a"]}, geometry=[shapely.box(-5, -5, 5, 5)], crs=CRS)
    with pytest.raises(SchemaError, match=r"counts of layer '企业' must be numbers from 0 up, got 1: .* rows 1: 1"):
        profile_areas(areas, {"企业": firms})


def test_what_is_no_point_is_refused(town):
    network, stations, _ = town
    lines = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.box(0, 0, 1, 1), shapely.Point()], crs=CRS)
    with pytest.raises(SchemaError, match="layer '店' must hold points, got something else in the rows 2: 1, 2"):
        profile_service_areas(network, stations, {"店": lines}, mode="walk", cutoff_s=CUTOFF_S)
    with pytest.raises(CrsError):
        profile_service_areas(network, stations, {"店": lines.head(1).to_crs(4326)}, mode="walk", cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match="direction"):
        profile_service_areas(network, stations, {}, mode="walk", cutoff_s=CUTOFF_S, direction="there")
    areas = gpd.GeoDataFrame({"label": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(SchemaError, match="areas must have a column 'id'"):
        profile_areas(areas, {})


ROWS = pd.DataFrame({"layer": ["企业", "组织", "店"], "n": [321, 22, 0], "count": [900.0, 86.0, np.nan]})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "321 个企业、22 个组织、0 个店、986 人"),
        (
            {
                "units": {"企业": ("家", "firms")},
                "counted": {"企业": ("名劳动者", "workers"), "组织": ("名劳动者", "-")},
            },
            "321 家企业、22 个组织、0 个店、986 名劳动者",
        ),
        ({"counted": {"组织": ("名会员", "members")}}, "321 个企业、22 个组织、0 个店、900 人、86 名会员"),
        (
            {"units": {"企业": ("家", "firms"), "店": ("间", HOSTILE)}, "language": "en"},
            f"321 firms, 22 组织, 0 {HOSTILE}, 986 people",
        ),
    ],
)
def test_the_sentence_says_every_layer_and_every_sum(given, said):
    assert describe_profile(ROWS, **given) == said


def test_large_and_broken_figures_are_written_out():
    rows = pd.DataFrame({"layer": ["企业"], "n": [12345], "count": [1234.56]})
    assert describe_profile(rows) == "12,345 个企业、1,234.6 人"
    assert describe_profile(rows.head(0)) == ""


def test_the_sentence_is_of_one_circle():
    with pytest.raises(InputError, match="repeated 1: 企业; choose one facility_id"):
        describe_profile(pd.concat([ROWS, ROWS.head(1)]))
    with pytest.raises(ConfigError, match="language"):
        describe_profile(ROWS, language="fr")
