"""Coverage by area against a point-by-point count."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.coverage.areas import OUTSIDE, assign_areas, assign_subdistricts, measure_areas
from coverage_planner.coverage.measure import Coverage, measure_coverage
from coverage_planner.errors import CrsError, InputError, SchemaError
from coverage_planner.traveltime.times import TravelTimes

CRS = "EPSG:32650"
X0, Y0 = 500_000.0, 3_400_000.0


def points_at(places, demand=None) -> gpd.GeoDataFrame:
    places = np.asarray(places, dtype=float).reshape(-1, 2)
    return gpd.GeoDataFrame(
        {
            "id": pd.Series([f"D{row}" for row in range(len(places))], dtype=object),
            "demand": np.ones(len(places)) if demand is None else np.asarray(demand, dtype=float),
        },
        geometry=gpd.points_from_xy(X0 + places[:, 0], Y0 + places[:, 1]),
        crs=CRS,
    )


def squares(*corners, side=100.0, **columns) -> gpd.GeoDataFrame:
    shapes = [shapely.box(X0 + x, Y0 + y, X0 + x + side, Y0 + y + side) for x, y in corners]
    names = {"id": [f"A{row}" for row in range(len(shapes))], "name": [f"社区{row}" for row in range(len(shapes))]}
    return gpd.GeoDataFrame({**names, **columns}, geometry=shapes, crs=CRS)


def covered_within(demand: gpd.GeoDataFrame, seconds, cutoff_s=900.0) -> Coverage:
    """Coverage by one facility with these times; NaN is beyond the limit."""
    seconds = np.asarray(seconds, dtype=np.float32)
    stored = np.flatnonzero(~np.isnan(seconds)).astype(np.int32)
    nothing = gpd.GeoDataFrame({"id": []}, geometry=[], crs=CRS)
    times = TravelTimes(
        np.array(["F1"], dtype=object), demand["id"].to_numpy(dtype=object), np.array([0, len(stored)]), stored,
        seconds[stored], 1800.0, "to_facility", "walk", "walk (4.8 km/h)", nothing, nothing,
    )  # fmt: skip
    return measure_coverage(times, demand, cutoff_s)


def test_points_go_to_their_area_and_border_points_to_the_first():
    areas = squares((0, 0), (100, 0), (0, 100))
    demand = points_at([(50, 50), (100, 50), (150, 50), (50, 100), (100, 100), (0, 0), (500, 500)])
    assert assign_areas(demand, areas).tolist() == [0, 0, 1, 0, 0, 0, OUTSIDE]
    turned = areas.iloc[::-1].reset_index(drop=True)
    assert assign_areas(demand, turned).tolist() == [2, 1, 1, 0, 0, 2, OUTSIDE]


def test_overlapping_areas_and_a_hole():
    with_hole = shapely.difference(
        shapely.box(X0, Y0, X0 + 300, Y0 + 300), shapely.box(X0 + 100, Y0 + 100, X0 + 200, Y0 + 200)
    )
    areas = gpd.GeoDataFrame(
        {"id": ["a", "b"], "name": ["a", "b"]}, geometry=[with_hole, shapely.box(X0, Y0, X0 + 160, Y0 + 160)], crs=CRS
    )
    assert assign_areas(points_at([(50, 50), (150, 150), (180, 180)]), areas).tolist() == [0, 1, OUTSIDE]


def test_the_index_of_the_demand_table_is_kept_and_points_are_projected():
    demand = points_at([(50, 50), (150, 50)]).set_index(pd.Index([7, 3]))
    elsewhere = squares((0, 0), (100, 0)).to_crs("EPSG:32651")
    assigned = assign_areas(demand, elsewhere)
    assert assigned.to_dict() == {7: 0, 3: 1}
    with pytest.raises(CrsError, match="metres"):
        assign_areas(demand.to_crs(4326), elsewhere)


def test_communities_get_the_subdistrict_that_holds_most_of_them():
    subdistricts = squares((0, 0), (300, 0), side=300.0, name=["东街道", "西街道"])
    communities = squares((0, 0), (190, 0), (280, 100), (250, 200), side=100.0)
    with pytest.warns(UserWarning, match=r"lie in several .* 2: A2 \(80%\), A3 \(50%\)"):
        assigned = assign_subdistricts(communities, subdistricts.to_crs("EPSG:32651").to_crs(CRS))
    # half and half: the subdistrict that stands first
    assert assigned["subdistrict"].tolist() == ["东街道", "东街道", "西街道", "东街道"]
    assert "subdistrict" not in communities
    with pytest.warns(UserWarning, match="lie in several"):
        turned = assign_subdistricts(communities, subdistricts.iloc[::-1].reset_index(drop=True))
    assert turned["subdistrict"].tolist() == ["东街道", "东街道", "西街道", "西街道"]


def test_what_is_known_of_a_community_is_kept_and_who_lies_nowhere_is_told():
    subdistricts = squares((0, 0), side=300.0, name=["东街道"])
    communities = squares((0, 0), (299, 0), (900, 0), (300, 0), subdistrict=[None, "甲街道", None, None])
    with pytest.warns(UserWarning, match="2: A2, A3 lie in none and get none"):
        assigned = assign_subdistricts(communities, subdistricts)
    assert assigned["subdistrict"].fillna("-").tolist() == ["东街道", "甲街道", "-", "-"]
    with pytest.raises(SchemaError, match="subdistricts must have the columns"):
        assign_subdistricts(communities, subdistricts.drop(columns="name"))


def test_row_of_an_area():
    demand = points_at([(10, 10), (20, 20), (30, 30), (150, 50), (900, 900)], demand=[2, 6, 4, 5, 100])
    coverage = covered_within(demand, [300, 900, 901, np.nan, 10])
    rows = measure_areas(coverage, demand, squares((0, 0), (100, 0), (700, 0)))
    assert list(rows.columns) == [
        "id", "name", "subdistrict", "n_points", "demand", "covered_demand", "covered_demand_share",
        "covered_point_share", "mean_time_s", "geometry",
    ]  # fmt: skip
    assert rows["id"].tolist() == ["A0", "A1", "A2"]
    assert rows["n_points"].tolist() == [3, 1, 0]
    assert rows["demand"].tolist() == [12, 5, 0]
    assert rows["covered_demand"].tolist() == [8, 0, 0]
    assert rows["covered_demand_share"].tolist()[:2] == [8 / 12, 0]
    assert rows["covered_point_share"].tolist()[:2] == [2 / 3, 0]
    assert rows["mean_time_s"][0] == (2 * 300 + 6 * 900) / 8
    assert rows["mean_time_s"][1:].isna().all()
    assert rows.loc[2, ["covered_demand_share", "covered_point_share"]].isna().all()
    assert rows.crs == CRS
    assert rows["subdistrict"].isna().all()


def test_by_subdistrict_joins_areas_in_order_of_appearance():
    areas = squares((100, 0), (0, 0), (0, 100), subdistrict=["西街道", "东街道", "西街道"])
    demand = points_at([(10, 10), (50, 150), (150, 50), (100, 50)], demand=[1, 2, 4, 8])
    coverage = covered_within(demand, [np.nan, 100, 200, 300])
    rows = measure_areas(coverage, demand, areas, by="subdistrict")
    assert rows["id"].tolist() == rows["name"].tolist() == rows["subdistrict"].tolist() == ["西街道", "东街道"]
    assert rows["demand"].tolist() == [14, 1]
    assert rows["covered_demand"].tolist() == [14, 0]
    assert rows.geometry.area.tolist() == pytest.approx([20_000, 10_000])
    by_group = measure_areas(coverage, demand, areas.assign(group=["a", "a", "b"]), by="group")
    assert by_group["id"].tolist() == ["a", "b"]
    assert by_group["subdistrict"].isna().tolist() == [True, False]


def test_what_areas_cannot_be_joined_by():
    demand = points_at([(10, 10)])
    coverage = covered_within(demand, [100])
    with pytest.raises(SchemaError, match=r"must have the column 'subdistrict'.*add it"):
        measure_areas(coverage, demand, squares((0, 0)), by="subdistrict")
    with pytest.raises(SchemaError, match=r"'geometry'"):
        measure_areas(coverage, demand, squares((0, 0)), by="geometry")
    with pytest.raises(SchemaError, match=r"missing in areas 1: A1"):
        measure_areas(coverage, demand, squares((0, 0), (100, 0), subdistrict=["x", None]), by="subdistrict")


def test_another_demand_table_is_refused():
    demand = points_at([(10, 10), (20, 20)])
    coverage = covered_within(demand, [100, 100])
    with pytest.raises(InputError, match="in another order"):
        measure_areas(coverage, demand.iloc[::-1].reset_index(drop=True), squares((0, 0)))
    with pytest.raises(InputError, match=r"got 1 rows for 2, ids in only one of them 1: D1"):
        measure_areas(coverage, demand.head(1), squares((0, 0)))


coordinates = st.integers(0, 12).map(lambda step: step * 25.0)


@pytest.mark.slow
@given(
    places=st.lists(
        st.tuples(coordinates, coordinates, st.integers(0, 5), st.one_of(st.none(), st.integers(1, 1800))),
        min_size=1,
        max_size=30,
    ),
    corners=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=6),
    subdistricts=st.lists(st.sampled_from(["甲", "乙", "丙"]), min_size=6, max_size=6),
    joined=st.booleans(),
)
def test_against_a_count_point_by_point(places, corners, subdistricts, joined):
    demand = points_at([place[:2] for place in places], demand=[place[2] for place in places])
    seconds = [np.nan if place[3] is None else place[3] for place in places]
    areas = squares(*corners, subdistrict=subdistricts[: len(corners)])
    rows = measure_areas(covered_within(demand, seconds), demand, areas, by="subdistrict" if joined else None)

    keys = list(dict.fromkeys(areas["subdistrict"])) if joined else areas["id"].tolist()
    # where areas of two subdistricts overlap, the joined area that stands first has the point
    shapes = [
        [corner for corner, name in zip(corners, areas["subdistrict" if joined else "id"], strict=True) if name == key]
        for key in keys
    ]
    counted = {key: [] for key in keys}
    for (x, y, weight, _), time_s in zip(places, seconds, strict=True):
        for key, corner_list in zip(keys, shapes, strict=True):
            if any(left <= x <= left + 100 and low <= y <= low + 100 for left, low in corner_list):
                counted[key].append((weight, time_s))
                break
    assert rows["id"].tolist() == keys
    for row, key in enumerate(keys):
        members = counted[key]
        covered = [(weight, time_s) for weight, time_s in members if time_s <= 900]
        covered_demand = sum(weight for weight, _ in covered)
        assert rows["n_points"][row] == len(members)
        assert rows["demand"][row] == sum(weight for weight, _ in members)
        assert rows["covered_demand"][row] == covered_demand
        if members:
            assert rows["covered_point_share"][row] == pytest.approx(len(covered) / len(members))
        if covered_demand:
            mean = sum(weight * time_s for weight, time_s in covered) / covered_demand
            assert rows["mean_time_s"][row] == pytest.approx(mean)
    inside = sum(len(members) for members in counted.values())
    assert int((assign_areas(demand, areas) == OUTSIDE).sum()) == len(places) - inside


def test_arguments_stay_as_they_are():
    demand, areas = points_at([(10, 10), (20, 20)]), squares((0, 0), subdistrict=["x"])
    copies = demand.copy(), areas.copy()
    measure_areas(covered_within(demand, [1, 2]), demand, areas, by="subdistrict")
    pd.testing.assert_frame_equal(demand, copies[0])
    pd.testing.assert_frame_equal(areas, copies[1])
