"""The four shares of a scenario and the straight-line claim, worked out another way."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.coverage.shares import covered_area_share, covered_road_share, straight_line_share, table_shares
from coverage_planner.network.modes import DEFAULT_MODES
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime.isochrone import cell_times
from coverage_planner.traveltime.reach import reached_pieces, reached_streets, search_reach, street_table
from coverage_planner.traveltime.street_grid import build_street_grid
from coverage_planner.traveltime.times import travel_times
from drawn import CRS, draw_network, draw_points
from oracles import oracle_place_times
from strategies import networks, positions

WALK = DEFAULT_MODES["walk"]
#: 4.8 km/h for 15 minutes.
REACH_M = 1200.0
# A straight street of 4 km along the x axis, and a motorway that nobody walks on beside it.
STREET = ({"A": (-2000, 0), "B": (2000, 0), "C": (-2000, -500), "D": (2000, -500)},
          [("AB", {}), ("CD", {"highway": "motorway"})])  # fmt: skip


def area(*bounds):
    return gpd.GeoDataFrame(geometry=[shapely.box(*bounds)], crs=CRS)


def within(network, stations, cutoff_s, study_area=None, mode="walk"):
    streets = reached_streets(network, stations, mode=mode, cutoffs_s=[cutoff_s])
    return covered_road_share(network, mode, streets, cutoff_s, study_area)


# --- straight line ---


def test_the_radius_is_what_the_cutoff_allows_and_its_border_counts():
    demand = draw_points((REACH_M, 0), (REACH_M + 0.001, 0), (0, -REACH_M), (900, 900))
    assert straight_line_share(demand, draw_points((0, 0)), WALK, 900.0) == (pytest.approx(0.5), REACH_M)


def test_the_claim_is_weighted_by_demand_and_counts_overlaps_once():
    demand = draw_points((0, 0), (5000, 0), (9000, 0)).assign(demand=[1.0, 2.0, 5.0])
    stations = draw_points((0, 100), (100, 0), (5000, 900))
    assert straight_line_share(demand, stations, WALK, 900.0)[0] == pytest.approx(3 / 8)


def test_a_car_is_as_fast_as_traffic_lets_it():
    drive = DEFAULT_MODES["drive"]
    radius_m = straight_line_share(draw_points((0, 0)), draw_points((0, 0)), drive, 60.0)[1]
    assert radius_m == pytest.approx(60 * 30 * 0.6 / 3.6)


def test_stations_in_another_crs_are_measured_at_their_place():
    demand = draw_points((500_000, 3_400_000), (500_000 + 1100, 3_400_000), (500_000, 3_400_000 - 1300))
    stations = draw_points((500_000, 3_400_000)).to_crs("EPSG:32649")
    assert straight_line_share(demand, stations, WALK, 900.0)[0] == pytest.approx(2 / 3)


def test_no_demand_has_no_share():
    share, radius_m = straight_line_share(draw_points((0, 0)).assign(demand=0.0), draw_points((0, 0)), WALK, 900.0)
    assert math.isnan(share)
    assert radius_m == REACH_M


def test_no_station_claims_nothing():
    assert straight_line_share(draw_points((0, 0)), draw_points(), WALK, 900.0)[0] == 0.0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30), st.integers(0, 9)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(-30, 30), st.integers(-30, 30)), min_size=1, max_size=5),
)
def test_the_claim_equals_a_loop_over_every_pair(people, stations):
    demand = draw_points(*((100 * x, 100 * y) for x, y, _ in people)).assign(demand=[float(n) for *_, n in people])
    share, _ = straight_line_share(demand, draw_points(*((100 * x, 100 * y) for x, y in stations)), WALK, 900.0)
    claimed = sum(n for x, y, n in people if any((x - a) ** 2 + (y - b) ** 2 <= 12**2 for a, b in stations))
    total = sum(n for *_, n in people)
    assert share == pytest.approx(claimed / total if total else math.nan, nan_ok=True)


# --- road length ---


def test_streets_of_other_modes_are_not_in_the_whole():
    #  2 x 1200 m of the 4000 m that people may walk on
    assert within(draw_network(*STREET), draw_points((0, 0)), 900.0) == pytest.approx(0.6)


def test_the_way_to_the_street_is_part_of_the_time():
    assert within(draw_network(*STREET), draw_points((0, 100)), 900.0) == pytest.approx(2 * 1100 / 4000)


def test_a_street_across_the_border_counts_by_the_part_inside():
    inside = area(-500, -100, 1500, 100)
    assert within(draw_network(*STREET), draw_points((0, 0)), 900.0, inside) == pytest.approx((500 + 1200) / 2000)


def test_a_study_area_in_another_crs_means_the_same_place():
    places = {"A": (498_000, 3_400_000), "B": (502_000, 3_400_000)}
    inside = area(499_500, 3_399_900, 501_500, 3_400_100).to_crs("EPSG:32649")
    share = within(draw_network(places, [("AB", {})]), draw_points((500_000, 3_400_000)), 900.0, inside)
    assert share == pytest.approx(1700 / 2000, abs=1e-4)


def test_a_study_area_without_streets_has_no_share():
    assert math.isnan(within(draw_network(*STREET), draw_points((0, 0)), 900.0, area(0, 1000, 10, 1010)))


def test_no_station_reaches_no_street():
    assert within(draw_network(*STREET), draw_points(), 900.0) == 0.0


def test_lengths_are_those_of_the_data_not_of_the_drawing():
    network = draw_network({"A": (0, 0), "B": (1000, 0), "C": (1000, 500)}, [("ABC", {})])
    network.edges["length_m"] *= 1.25  # a street whose bends are not drawn; its times stay
    assert within(network, draw_points((0, 0)), 900.0) == pytest.approx(1200 / 1500)


def test_only_pieces_up_to_the_cutoff_count():
    network, stations = draw_network(*STREET), draw_points((0, 0))
    streets = reached_streets(network, stations, mode="walk", cutoffs_s=[300, 600, 900])
    shares = [covered_road_share(network, "walk", streets, cutoff, None) for cutoff in (300, 600, 900)]
    assert shares == pytest.approx([0.2, 0.4, 0.6])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_road_share_equals_a_walk_along_every_street(data):
    """On random networks: the time at 200 places of every edge, found by networkx, says which part is within."""
    network = data.draw(networks(most_nodes=5, most_edges=6))
    doors = data.draw(positions(network, most=3))
    cutoff_ms = data.draw(st.sampled_from([10_000, 60_000, 150_000]))
    direction = data.draw(st.sampled_from(["to_facility", "from_facility"]))
    graph = network.graph("go")
    reach = search_reach(network, graph, doors, limit_ms=cutoff_ms, direction=direction)
    streets = street_table(network, reach.streets, reached_pieces(reach, [cutoff_ms]), [cutoff_ms])
    share = covered_road_share(network, "go", streets, cutoff_ms / 1000, None)

    steps = 200
    places = [(e, (k + 0.5) / steps) for e in np.flatnonzero(graph.allowed) for k in range(steps)]
    seconds = oracle_place_times(network, "go", doors, places, cutoff_ms / 1000, direction)
    part_m = network.edges["length_m"].to_numpy()[[edge for edge, _ in places]] / steps
    if not part_m.sum() > 0:
        assert math.isnan(share)
        return
    # each border of a piece lies within one step; a piece per direction and door has two
    longest = part_m.max() * 2 * (2 * len(network.edges) + len(doors.ids))
    assert share == pytest.approx(part_m[np.isfinite(seconds)].sum() / part_m.sum(), abs=longest / part_m.sum())


# --- area ---


def covered_area(network, stations, cutoff_s, study_area, *, cell_m=10.0, bounds=(-2000, -400, 2000, 400)):
    grid = build_street_grid(network, "walk", cell_m=cell_m, bounds=bounds)
    graph = network.graph("walk")
    reach = search_reach(
        network, graph, snap_points(network, stations, "walk"), limit_ms=int(cutoff_s * 1000), direction="to_facility"
    )
    return covered_area_share(grid, cell_times(grid, graph, reach), cutoff_s, study_area)


def test_the_covered_area_is_a_diamond_cut_at_the_access_limit():
    # |x| + |y| <= 1200 and |y| <= 200, in a box of 3000 x 600
    share = covered_area(draw_network(*STREET), draw_points((0, 0)), 900.0, area(-1500, -300, 1500, 300))
    assert share == pytest.approx(2 * (2 * 1200 * 200 - 200**2) / (3000 * 600), abs=0.004)


def test_without_a_study_area_the_whole_is_what_has_a_street():
    share = covered_area(draw_network(*STREET), draw_points((0, 0)), 900.0, None)
    assert share == pytest.approx(2 * (2 * 1200 * 200 - 200**2) / (4000 * 400), abs=0.006)


def test_a_study_area_of_several_parts_counts_all_of_them():
    near, far = shapely.box(-100, -100, 100, 100), shapely.box(1500, -100, 1700, 100)
    parts = gpd.GeoDataFrame(geometry=[shapely.MultiPolygon([near, far])], crs=CRS)
    assert covered_area(draw_network(*STREET), draw_points((0, 0)), 900.0, parts) == pytest.approx(0.5)


def test_an_area_smaller_than_a_cell_has_no_share():
    speck = area(1.0, 1.0, 2.0, 2.0)
    assert math.isnan(covered_area(draw_network(*STREET), draw_points((0, 0)), 900.0, speck))


XY = st.tuples(st.integers(-40, 40), st.integers(-40, 40)).map(lambda xy: (10.0 * xy[0] + 0.3, 10.0 * xy[1] + 0.7))


@settings(max_examples=60, deadline=None)
@given(st.lists(XY, min_size=3, max_size=9, unique=True), st.lists(XY, min_size=3, max_size=5, unique=True))
def test_cells_are_inside_as_shapely_says(outer, other):
    """With holes, several parts, borders along rows of cells, and parts beyond the grid."""
    shape = shapely.make_valid(shapely.Polygon(outer)).difference(shapely.make_valid(shapely.Polygon(other)))
    shape = shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.area > 0])
    grid = build_street_grid(draw_network(*STREET), "walk", cell_m=20.0, bounds=(-250, -250, 250, 250))
    inside = shapely.contains_xy(shape, *np.meshgrid(*grid.centres()))
    times = np.where(np.random.default_rng(len(outer)).random(grid.edge.shape) < 0.5, 0.0, np.inf)
    share = covered_area_share(grid, times, 1.0, gpd.GeoDataFrame(geometry=[shape], crs=CRS))
    expected = np.isfinite(times[inside]).mean() if inside.any() else math.nan
    assert share == pytest.approx(expected, nan_ok=True)


# --- the row ---


def test_the_row_holds_the_shares_and_the_mean_over_the_covered_demand():
    network = draw_network(*STREET)
    demand = draw_points((300, 0), (-600, 0), (1500, 0), (0, 900)).assign(demand=[1.0, 3.0, 4.0, 2.0])
    times = travel_times(network, draw_points((0, 0)), demand, mode="walk", limit_s=1800.0)
    row = table_shares(
        measure_coverage(times, demand, 900.0), area_share=0.1, road_share=0.2, straight_line=(0.3, REACH_M)
    )

    assert row.iloc[0].to_dict() == {
        "mode": "walk (4.8 km/h)",
        "cutoff_s": 900.0,
        "n_points": 4,
        "demand": 10.0,
        "covered_demand": 4.0,
        "covered_demand_share": pytest.approx(0.4),
        "covered_point_share": pytest.approx(0.5),
        "covered_area_share": 0.1,
        "covered_road_share": 0.2,
        "straight_line_demand_share": 0.3,
        "straight_line_radius_m": REACH_M,
        "mean_time_s": pytest.approx((225 * 1 + 450 * 3) / 4),
    }


def test_the_mean_is_unknown_where_nobody_is_covered():
    network = draw_network(*STREET)
    demand = draw_points((1900, 0))
    times = travel_times(network, draw_points((0, 0)), demand, mode="walk", limit_s=1800.0)
    coverage = measure_coverage(times, demand, 900.0)
    row = table_shares(coverage, area_share=0.0, road_share=0.0, straight_line=(1.0, REACH_M)).iloc[0]

    assert math.isnan(row["mean_time_s"])
    assert row["covered_demand_share"] == 0.0
