"""Head counts over streets and buildings: nobody is lost, nobody stands in the water."""

import math
import warnings
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError
from coverage_planner.sources.areas import read_areas
from coverage_planner.sources.carriers import streets_with_people
from coverage_planner.sources.population import read_population
from coverage_planner.sources.spread import exact_shares, spread_counts

CRS = "EPSG:32650"
X0, Y0 = 500_000.0, 3_400_000.0


def box(west, south, east, north):
    return shapely.box(X0 + west, Y0 + south, X0 + east, Y0 + north)


def line(*places):
    return shapely.LineString([(X0 + x, Y0 + y) for x, y in places])


def areas_of(*shapes, demand, **columns):
    names = {"id": [f"A{row}" for row in range(len(shapes))], "name": [f"社区{row}" for row in range(len(shapes))]}
    return gpd.GeoDataFrame({**names, "demand": demand, **columns}, geometry=list(shapes), crs=CRS)


def layer(*shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=CRS)


def places_of(demand):
    return np.round(shapely.get_coordinates(demand.geometry.to_numpy()) - (X0, Y0), 6).tolist()


LEFT, RIGHT = box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000)


def test_a_street_across_a_border_serves_each_side_with_its_part():
    streets = layer(line((800, 500), (1400, 500)))
    demand = spread_counts(areas_of(LEFT, RIGHT, demand=[60, 90]), streets, spacing_m=150.0)
    # 200 m on the left are two pieces of 100 m, 400 m on the right three of 133.3 m
    assert places_of(demand) == [[850, 500], [950, 500], [1066.666667, 500], [1200, 500], [1333.333333, 500]]
    assert demand["id"].tolist() == ["A0-1", "A0-2", "A1-1", "A1-2", "A1-3"]
    assert demand["source"].tolist() == ["A0", "A0", "A1", "A1", "A1"]
    assert demand["name"].tolist() == ["社区0", "社区0", "社区1", "社区1", "社区1"]
    assert set(demand["kind"]) == {"street"}
    np.testing.assert_allclose(demand["demand"], [30, 30, 30, 30, 30])
    assert demand.crs == CRS


def test_parts_of_one_area_that_bear_its_whole_count_are_warned_of():
    streets = layer(line((0, 500), (3000, 500)))
    parts = areas_of(LEFT, RIGHT, box(2000, 0, 3000, 1000), demand=[60, 60, 60], name=["甲", "甲", "乙"])
    with pytest.warns(UserWarning, match=r"2 rows have the name and the count of another, 1: 甲; if they are parts"):
        spread_counts(parts, streets)
    spread_counts(parts.assign(demand=[60, 70, 60]), streets)  # filterwarnings = error


def test_streets_weigh_their_length():
    streets = layer(line((0, 100), (300, 100)), line((0, 200), (100, 200)))
    demand = spread_counts(areas_of(LEFT, demand=[100]), streets)
    np.testing.assert_allclose(demand["demand"], [25, 25, 25, 25])
    assert len(spread_counts(areas_of(LEFT, demand=[100]), streets, spacing_m=50.0)) == 8
    assert len(spread_counts(areas_of(LEFT, demand=[100]), streets, spacing_m=99.0)) == 6


def test_a_street_that_leaves_and_comes_back_counts_with_its_parts_inside():
    comb = line((900, 100), (1100, 100), (1100, 200), (900, 200))
    demand = spread_counts(areas_of(LEFT, demand=[2]), layer(comb))
    assert places_of(demand) == [[950, 100], [950, 200]]


def test_classes_bridges_and_tunnels():
    shapes = [line((0, 100 * row), (100, 100 * row)) for row in range(1, 9)]
    streets = layer(
        *shapes,
        highway=["residential", "motorway", "trunk_link", None, "service", "service", "primary", "primary"],
        service=[None, None, None, None, "driveway", "parking_aisle", None, None],
        bridge=[None, None, None, None, None, None, "yes", "no"],
        tunnel=[None, None, None, "no", None, None, None, "yes"],
    )
    assert streets_with_people(streets).tolist() == [True, False, False, True, True, False, False, False]
    assert streets_with_people(streets, ["motorway"]).tolist() == [False, True, False, True] + [False] * 4
    demand = spread_counts(areas_of(LEFT, demand=[3]), streets)
    assert [y for _, y in places_of(demand)] == [100, 400, 500]
    assert streets_with_people(streets[["geometry"]]).all()


def test_buildings_weigh_the_floor_inside():
    buildings = layer(box(0, 0, 10, 10), box(995, 0, 1015, 10), levels=[6.0, 2.0], kind=["apartments", None])
    demand = spread_counts(areas_of(LEFT, RIGHT, demand=[700, 50]), buildings)
    # 100 m² x 6 and 50 m² x 2 on the left
    np.testing.assert_allclose(demand["demand"], [600, 100, 50])
    assert demand["kind"].tolist() == ["building"] * 3
    assert shapely.within(demand.geometry.to_numpy(), np.array([LEFT, LEFT, RIGHT])).all()


def test_buildings_without_storeys_count_with_the_usual_number_and_it_is_told():
    buildings = layer(box(0, 0, 10, 10), box(20, 0, 30, 10), box(40, 0, 50, 10), levels=[4, np.nan, "zwei"])
    with pytest.warns(UserWarning, match="2 of 3 do not and count with 3"):
        demand = spread_counts(areas_of(LEFT, demand=[10]), buildings, default_levels=3.0)
    np.testing.assert_allclose(demand["demand"], [4, 3, 3])
    # no word where none is known: all alike
    demand = spread_counts(areas_of(LEFT, demand=[9]), buildings[["geometry"]])
    np.testing.assert_allclose(demand["demand"], [3, 3, 3])


def test_kinds_of_buildings():
    shapes = [box(20 * row, 0, 20 * row + 10, 10) for row in range(3)]
    buildings = layer(*shapes, kind=["garage", "yes", "office"])
    area = areas_of(LEFT, demand=[10])
    assert [x for x, _ in places_of(spread_counts(area, buildings))] == [25, 45]
    assert [x for x, _ in places_of(spread_counts(area, buildings, classes=["garage"]))] == [5]


def test_nobody_stands_on_water():
    lake = box(200, 0, 400, 1000)
    streets = layer(line((0, 500), (600, 500)))
    avoid = gpd.GeoSeries([lake, line((0, 0), (1, 1)), None], crs=CRS).to_crs(4326)
    demand = spread_counts(areas_of(LEFT, demand=[400]), streets, avoid=avoid)
    assert [round(x) for x, _ in places_of(demand)] == [50, 150, 450, 550]
    half_wet = layer(box(390, 0, 420, 10))
    demand = spread_counts(areas_of(LEFT, demand=[1]), half_wet, avoid=avoid)
    assert places_of(demand)[0][0] > 400
    only_wet = layer(box(300, 0, 310, 10))
    with pytest.warns(UserWarning, match=r"should have a building .* none in 1: A0; .* one point inside"):
        demand = spread_counts(areas_of(LEFT, demand=[1]), only_wet, avoid=avoid)
    assert demand["kind"].tolist() == ["area"]
    assert places_of(demand)[0][0] > 400  # in the larger of the two dry parts


def test_an_area_of_water_with_people_is_an_error():
    streets = layer(line((0, 500), (600, 500)))
    with pytest.raises(InputError, match=r"wholly in what is avoided \(water\), 1: A0 do"):
        spread_counts(areas_of(LEFT, demand=[1]), streets, avoid=layer(box(-1, -1, 1001, 1001)))
    with_lake = areas_of(LEFT, RIGHT, demand=[0, 5])
    with pytest.warns(UserWarning, match="none in 1: A1"):
        assert len(spread_counts(with_lake, streets, avoid=layer(box(-1, -1, 1001, 1001)))) == 1


def test_areas_without_a_street_keep_their_people_at_one_point():
    streets = layer(line((0, 500), (100, 500)))
    with pytest.warns(UserWarning, match="none in 1: A1"):
        demand = spread_counts(areas_of(LEFT, RIGHT, demand=[1.5, 7]), streets)
    assert demand["demand"].tolist() == [1.5, 7]
    assert demand["kind"].tolist() == ["street", "area"]
    assert RIGHT.contains(demand.geometry[1])


def test_people_beyond_the_region_where_streets_are_known_are_not_crowded_into_it():
    streets = layer(line((0, 500), (600, 500)))
    within = gpd.GeoSeries([box(-100, -100, 600, 1100)], crs=CRS).to_crs(4326)
    areas = areas_of(LEFT, RIGHT, box(0, 1000, 500, 1050), demand=[100, 7, 3])
    with pytest.warns(UserWarning, match=r"should have a street .* none in 1: A2; "):
        demand = spread_counts(areas, streets, complete_in=within, spacing_m=200.0)
    np.testing.assert_allclose(demand["demand"], [20, 20, 20, 40, 7, 3], rtol=1e-5)
    assert demand["kind"].tolist() == ["street"] * 3 + ["area"] * 3
    assert demand["source"].tolist() == ["A0"] * 4 + ["A1", "A2"]
    assert places_of(demand)[3][0] > 600
    assert math.fsum(demand["demand"][:4]) == 100
    # of the part beyond, half is water
    lake = layer(box(600, 0, 800, 1000))
    demand = spread_counts(areas[:1], streets, complete_in=within, spacing_m=200.0, avoid=lake)
    np.testing.assert_allclose(demand["demand"], [25, 25, 25, 25], rtol=1e-4)
    assert places_of(demand)[3][0] > 800
    with pytest.warns(UserWarning, match="none in 1: A0"):
        demand = spread_counts(areas[:1], layer(line((700, 0), (900, 0))), complete_in=within)
    np.testing.assert_allclose(demand["demand"], [60, 40], rtol=1e-5)
    assert len(spread_counts(areas[:1], streets, complete_in=layer(box(0, 0, 1000, 1000)), spacing_m=200.0)) == 3


def test_a_layer_of_motorways_only_carries_nobody():
    streets = layer(line((0, 500), (600, 500)), highway=["motorway"])
    with pytest.warns(UserWarning, match="should have a street .* none in 1: A0"):
        assert spread_counts(areas_of(LEFT, demand=[100]), streets)["kind"].tolist() == ["area"]


def test_missing_counts_and_overlaps_are_told():
    streets = layer(line((0, 500), (3000, 500)))
    with pytest.warns(UserWarning, match="none is known of 1: A1; they get no demand"):
        demand = spread_counts(areas_of(LEFT, RIGHT, demand=[10, np.nan]), streets)
    assert set(demand["source"]) == {"A0"}
    with pytest.warns(UserWarning, match=r"should not overlap .* in 1: A0 and A1; people there may be counted twice"):
        demand = spread_counts(areas_of(LEFT, box(500, 0, 1500, 1000), demand=[10, 20]), streets)
    assert math.fsum(demand["demand"]) == 30
    # a sliver between neighbours moves nobody
    assert len(spread_counts(areas_of(LEFT, box(999, 0, 2000, 1000), demand=[10, 20]), streets)) == 21


def test_the_geometry_column_and_the_name_may_be_missing_or_called_otherwise():
    streets = layer(line((0, 500), (100, 500))).rename_geometry("线")
    unnamed = areas_of(LEFT, demand=[4]).drop(columns="name").rename_geometry("面")
    demand = spread_counts(unnamed, streets, crs="EPSG:32651")
    assert demand["name"].tolist() == ["A0"]
    assert demand.crs == "EPSG:32651"


def test_arguments_that_cannot_be():
    streets, area = layer(line((0, 500), (100, 500))), areas_of(LEFT, demand=[4])
    for wrong in ({"spacing_m": 0.0}, {"spacing_m": np.nan}, {"default_levels": -1.0}):
        with pytest.raises(ConfigError, match=r"must be a number above 0"):
            spread_counts(area, streets, **wrong)
    with pytest.raises(CrsError, match="streets or buildings must have a CRS"):
        spread_counts(area, streets.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match="areas must be in a projected CRS"):
        spread_counts(area.to_crs(4326), streets)
    with pytest.raises(CrsError, match="polygons to avoid must have a CRS"):
        spread_counts(area, streets, avoid=gpd.GeoSeries([LEFT]))
    with pytest.raises(SchemaError, match="must have the column 'demand'"):
        spread_counts(area.drop(columns="demand"), streets)
    with pytest.raises(SchemaError, match="must be at least 0"):
        spread_counts(areas_of(LEFT, demand=[-4]), streets)
    with pytest.raises(SchemaError, match="must be finite, not so in 1: A0"):
        spread_counts(areas_of(LEFT, demand=[np.inf]), streets)
    with pytest.raises(InputError, match="must have people, got none in 1 areas"):
        spread_counts(areas_of(LEFT, demand=[0]), streets)
    with pytest.raises(InputError, match=r"over lines \(streets\) or over polygons \(buildings\), got \['Point'\]"):
        spread_counts(area, layer(shapely.Point(X0, Y0)))
    with pytest.raises(InputError, match="got \\['LineString', 'Polygon'\\]"):
        spread_counts(area, layer(LEFT, line((0, 0), (1, 1))))
    with pytest.raises(InputError, match="every row must be a line, not so in 1: 1"):
        spread_counts(area, layer(line((0, 0), (1, 1)), None))


@given(
    count=st.one_of(st.floats(1e-3, 1e9), st.integers(1, 10**9).map(float), st.sampled_from([2.0**20, 0.1, 1e15 + 1])),
    weights=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=60),
)
@settings(deadline=None)
def test_shares_have_the_count_in_sum_to_the_last_bit(count, weights):
    weights = np.array(weights)
    shares = exact_shares(count, weights)
    assert math.fsum(shares) == count
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares, count * weights / weights.sum(), rtol=1e-9, atol=count * 1e-15)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_every_area_keeps_its_count_and_every_point_its_place(seed):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.uniform(0, 2000, 3))
    edges = [0.0, *cuts.tolist(), 2000.0]
    shapes = [box(west, 0, east + 1e-6, 1000) for west, east in pairwise(edges)]
    areas = areas_of(*shapes, demand=rng.choice([0.0, 1.0, 17.0, 1e5 / 3], 4) + np.eye(4)[0])
    ends = rng.uniform((0, 0), (2000, 1000), (30, 2, 2))
    streets = layer(*(line(*pair) for pair in ends.tolist()))
    lakes = layer(*(box(x, y, x + 150, y + 150) for x, y in rng.uniform((0, 0), (1900, 900), (4, 2)).tolist()))
    demand = spread_quietly(areas, streets, lakes, spacing_m=float(rng.uniform(5, 400)))
    sums = {one: math.fsum(group) for one, group in demand.groupby("source")["demand"]}
    assert sums == {one: count for one, count in zip(areas["id"], areas["demand"], strict=True) if count > 0}
    points = demand.geometry.to_numpy()
    inside = areas.set_index("id").geometry[demand["source"]].to_numpy()
    assert shapely.distance(points, inside).max() < 1e-6
    assert not shapely.contains_properly(shapely.buffer(lakes.union_all(), -1e-6), points).any()
    on_street = demand["kind"].to_numpy() == "street"
    assert shapely.distance(points[on_street], streets.union_all()).max(initial=0.0) < 1e-6
    shuffled = spread_quietly(areas, streets.sample(frac=1.0, random_state=seed % 1000), lakes)
    assert {one: math.fsum(group) for one, group in shuffled.groupby("source")["demand"]} == sums


def spread_quietly(areas, streets, lakes, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return spread_counts(areas, streets, avoid=lakes, **options)


@pytest.mark.real_data
def test_districts_of_wuhan_keep_the_people_of_the_population_grid(real_data):
    districts = read_areas(
        real_data / "areas" / "districts.gpkg", where={"city": ["Wuhan"]}, columns={"id": "gb"}, crs=CRS
    )
    districts = districts[districts["name"].isin(["江岸区", "武昌区", "江汉区"])].reset_index(drop=True)
    raster = real_data / "wuhan" / "population_20plus_2020_100m.tif"
    counts = [read_population(raster, study_area=districts.iloc[[row]])["demand"].sum() for row in range(3)]
    demand = spread_counts(
        districts.assign(demand=np.round(counts)), gpd.read_parquet(real_data / "wuhan" / "roads.parquet")
    )
    sums = demand.groupby("source", sort=False)["demand"].agg(math.fsum)
    assert sums.tolist() == np.round(counts).tolist()
    assert len(demand) > 5000
    assert isinstance(demand["demand"], pd.Series)
