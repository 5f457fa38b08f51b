"""Where candidates come from: premises near gaps, positions on streets in and around them."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from coverage_planner.errors import ConfigError, CrsError, NetworkError, SchemaError
from coverage_planner.schema import check_table
from coverage_planner.siting.candidates import propose_candidates
from drawn import CRS, draw_network, draw_points

#     J         K
#     |         |
#     D---------E      F    An island of 100 m at F-G, a tunnel C-H, a long street A-B-C.
#     |         |      |
#  I--A----B----C--H   G
PLACES = {
    "A": (0, 0), "B": (600, 0), "C": (1200, 0), "D": (0, 450), "E": (1200, 450), "F": (3000, 100), "G": (3000, 0),
    "H": (1500, 0), "I": (-300, 0), "J": (0, 750), "K": (1200, 750),
}  # fmt: skip
WAYS = [
    ("ABC", {"highway": "residential", "name": "中山路"}),
    ("ADJ", {"highway": "residential"}),
    ("IA", {"highway": "residential"}),
    ("EK", {"highway": "residential"}),
    ("DE", {"highway": "footway", "name": "Bridge Lane"}),
    ("EC", {"highway": "residential", "name": "East Street"}),
    ("CH", {"highway": "residential", "tunnel": "yes", "name": "Tunnel"}),
    ("FG", {"highway": "residential", "name": "Island Street"}),
]
COLUMNS = ["id", "name", "kind", "cost", "area_m2", "gap_id", "geometry"]


@pytest.fixture
def network():
    return draw_network(PLACES, WAYS, small_component_m=200.0)


def draw_gaps(*boxes):
    ids = [f"G{k:02d}" for k in range(1, len(boxes) + 1)]
    return gpd.GeoDataFrame({"id": np.array(ids, dtype=object)}, geometry=[shapely.box(*b) for b in boxes], crs=CRS)


def test_street_positions_lie_in_the_gap_and_half_the_reach_around_it(network):
    found = propose_candidates(draw_gaps((0, -50, 300, 50)), network, reach_s=300.0, spacing_m=150.0)
    check_table(found, "candidates")
    area = shapely.box(0, -50, 300, 50).buffer(200.0)  # 300 s on foot are 400 m
    assert found.geometry.within(area).all()
    xy = sorted(tuple(map(float, np.round(p, 3))) for p in shapely.get_coordinates(found.geometry))
    assert xy == [(-75.0, 0.0), (0.0, 75.0), (0.0, 225.0), (75.0, 0.0), (225.0, 0.0), (375.0, 0.0)]
    assert list(found.columns) == COLUMNS
    assert found["id"].tolist() == [f"S{k:04d}" for k in range(1, len(found) + 1)]
    assert set(found["kind"]) == {"street"}
    assert set(found["gap_id"]) == {"G01"}
    on_main = found.geometry.x > 1
    assert set(found["name"][on_main]) == {"中山路"}
    assert found["name"][~on_main].isna().all()
    assert found[["cost", "area_m2"]].isna().all(axis=None)


def test_positions_share_a_street_evenly_and_keep_apart_across_streets(network):
    everywhere = draw_gaps((-100, -100, 4000, 1000))
    found = propose_candidates(everywhere, network, spacing_m=200.0)
    distance = shapely.distance(*np.meshgrid(found.geometry, found.geometry))
    assert distance[~np.eye(len(found), dtype=bool)].min() > 0.7 * 200.0
    on_lane = np.sort(found.geometry.x[found["name"].eq("Bridge Lane")])
    assert len(on_lane) >= 5
    np.testing.assert_allclose(on_lane % 200.0, 100.0)


def test_no_position_in_a_tunnel_or_on_an_island(network):
    found = propose_candidates(draw_gaps((-100, -100, 4000, 1000)), network, spacing_m=100.0)
    assert {"Tunnel", "Island Street"}.isdisjoint(found["name"])
    assert {"中山路", "Bridge Lane", "East Street"} <= set(found["name"])


def test_positions_are_for_the_mode(network):
    found = propose_candidates(draw_gaps((-100, -100, 4000, 1000)), network, mode="drive")
    assert "Bridge Lane" not in set(found["name"])
    assert "中山路" in set(found["name"])


def test_gaps_come_one_after_the_other_and_the_first_of_equally_near_counts(network):
    west, east = (0, -10, 10, 10), (590, -10, 610, 10)
    found = propose_candidates(draw_gaps(east, west), network, reach_s=450.0, spacing_m=100.0)
    assert found["gap_id"].tolist() == sorted(found["gap_id"])
    for _, row in found.iterrows():
        distances = [row.geometry.distance(shapely.box(*box)) for box in (east, west)]
        assert row["gap_id"] == ("G01" if distances[0] <= distances[1] else "G02")
    same = propose_candidates(draw_gaps(west, west), network, reach_s=300.0)
    assert set(same["gap_id"]) == {"G01"}


def test_positions_next_to_a_station_are_left_out(network):
    gaps = draw_gaps((0, -10, 1200, 10))
    station = draw_points((450, 10), prefix="E")
    every = propose_candidates(gaps, network, reach_s=60.0, spacing_m=100.0)
    found = propose_candidates(gaps, network, reach_s=60.0, spacing_m=100.0, facilities=station)
    near = every.geometry.distance(shapely.Point(450, 10)) <= 70.0
    assert near.any()
    assert set(found.geometry.to_wkb()) == set(every.geometry[~near].to_wkb())


def test_premises_within_reach_of_a_gap_become_candidates(network):
    gaps = draw_gaps((0, -10, 10, 10), (1190, -10, 1200, 10))
    premises = draw_points((400, 30), (609, 30), (611, 30), (1000, 30), prefix="P").drop(columns="demand")
    premises = premises.assign(name="shop", cost=[1, 2, 3, 4])
    found = propose_candidates(gaps, network, premises=premises, reach_s=450.0)  # 600 m
    check_table(found, "candidates")
    assert found["id"].tolist() == ["P0", "P1", "P2", "P3"]
    assert found["gap_id"].tolist() == ["G01", "G02", "G02", "G02"]
    assert found["cost"].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert list(found.columns) == COLUMNS
    nearer = propose_candidates(gaps, network, premises=premises, reach_s=300.0)  # 400 m
    assert nearer["id"].tolist() == ["P0", "P3"]


def test_premises_without_a_street_are_left_out_and_named(network):
    premises = draw_points((100, 20), (100, 200), (100, -260), prefix="P")
    with pytest.warns(UserWarning, match=r"within 50 m of a street for walk.* left out 2: P1, P2"):
        found = propose_candidates(draw_gaps((0, 0, 10, 10)), network, premises=premises, snap_limit_m=50.0)
    assert found["id"].tolist() == ["P0"]


def test_premises_that_are_stations_are_left_out(network):
    premises = draw_points((100, 20), (200, 20), prefix="P")
    found = propose_candidates(draw_gaps((0, 0, 10, 10)), network, premises=premises, facilities=premises.iloc[[1]])
    assert found["id"].tolist() == ["P0"]


def test_premises_in_another_crs_are_brought_over(network):
    premises = draw_points((100, 20), prefix="P")
    other = premises.to_crs("EPSG:32649")
    found = propose_candidates(draw_gaps((0, 0, 10, 10)).to_crs("EPSG:32649"), network, premises=other)
    assert found.crs == network.crs
    assert found.geometry.iloc[0].distance(premises.geometry.iloc[0]) < 0.01


@pytest.mark.parametrize("with_premises", [True, False])
def test_without_gaps_or_within_reach_of_none_there_are_no_candidates(network, with_premises):
    premises = draw_points((100, 20)) if with_premises else None
    for gaps in (draw_gaps(), draw_gaps((90_000, 0, 90_001, 1))):
        found = propose_candidates(gaps, network, premises=premises)
        assert found.empty
        assert list(found.columns) == COLUMNS
        assert found.crs == network.crs
        check_table(found, "candidates")


def test_arguments_stay_as_they_are(network):
    premises, gaps = draw_points((100, 20)), draw_gaps((0, 0, 10, 10))
    before = list(premises.columns), list(gaps.columns)
    propose_candidates(gaps, network, premises=premises)
    assert (list(premises.columns), list(gaps.columns)) == before


@pytest.mark.parametrize(
    "setting", [{"reach_s": 0.0}, {"reach_s": math.nan}, {"spacing_m": -1.0}, {"spacing_m": math.inf}]
)
def test_reach_and_spacing_must_be_positive(network, setting):
    with pytest.raises(ConfigError, match="reach_s and spacing_m must be positive"):
        propose_candidates(draw_gaps((0, 0, 1, 1)), network, **setting)


def test_tables_are_checked(network):
    gaps = draw_gaps((0, 0, 1, 1))
    with pytest.raises(CrsError, match="gaps must be in a projected CRS"):
        propose_candidates(gaps.to_crs("EPSG:4326"), network)
    with pytest.raises(SchemaError, match="premises must have the columns"):
        propose_candidates(gaps, network, premises=draw_points((0, 0)).drop(columns="id"))
    with pytest.raises(NetworkError, match="mode 'boat'"):
        propose_candidates(gaps, network, mode="boat")
