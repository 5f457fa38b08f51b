"""Gaps and reasons on drawn streets, and against brute force."""

import dataclasses
import itertools
import time

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.gaps import REASONS, explain_uncovered, find_gaps
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.errors import ConfigError, InputError, NetworkError
from coverage_planner.network.build import build_network
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.schema import Roads
from coverage_planner.traveltime.detours import describe_detours, detour_times
from coverage_planner.traveltime.times import travel_times

CRS = "EPSG:32650"
ORIGIN = np.array([500_000.0, 3_400_000.0])
COLUMNS = ["id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares", "nearest_facility_m", "geometry"]


def streets(*pieces, obstacles=()):
    """A network of straight streets: (from, to) or (from, to, tags); ends at the same place are joined."""
    ends = {}
    rows = []
    for start, end, *tags in pieces:
        u, v = (ends.setdefault(tuple(place), len(ends)) for place in (start, end))
        line = shapely.LineString(ORIGIN + np.array([start, end]))
        rows.append(
            {"u": u, "v": v, "length_m": line.length, "geometry": line, "highway": "residential", **(tags or [{}])[0]}
        )
    nothing = gpd.GeoDataFrame({"node_id": []}, geometry=[], crs=CRS)
    walls = gpd.GeoDataFrame(
        {"kind": ["water"] * len(obstacles)},
        geometry=[shapely.transform(shape, lambda xy: xy + ORIGIN) for shape in obstacles],
        crs=CRS,
    )
    return build_network(Roads(gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS), nothing, walls, "drawn"))


def points_at(places, demand=None, prefix="D"):
    places = np.asarray(places, dtype=float).reshape(-1, 2)
    weights = np.ones(len(places)) if demand is None else np.asarray(demand, dtype=float)
    ids = pd.Series([f"{prefix}{row}" for row in range(len(places))], dtype=object)
    xy = ORIGIN + places
    return gpd.GeoDataFrame({"id": ids, "demand": weights}, geometry=gpd.points_from_xy(*xy.T), crs=CRS)


def cover(network, stations, demand, *, mode="walk", cutoff_s=900.0, **options):
    times = travel_times(network, stations, demand, mode=mode, limit_s=cutoff_s, threads=1, **options)
    return measure_coverage(times, demand, cutoff_s)


# South bank and north bank, one bridge 3 km east of the station, and an island: a lane that is joined to nothing.
#
#   y = 1000   ---  (100 m long)
#
#   y = 200    N------------------------------------+
#   water      ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~|~~~
#   y = 0      S------------------------------------+
#              x = 0                                x = 3000
RIVER = (
    ((0, 0), (3000, 0)),
    ((0, 200), (3000, 200)),
    ((3000, 0), (3000, 200), {"bridge": "yes"}),
    ((0, 1000), (100, 1000)),
)
WATER = shapely.box(-100, 80, 2990, 120)


def test_each_point_has_its_reason():
    network = streets(*RIVER, obstacles=[WATER])
    stations = points_at([(0, 0)], prefix="S")
    demand = points_at([(1000, 0), (0, 200), (1800, 0), (50, 1000), (0, -1000), (1200, 0), (500, 130)])
    coverage = cover(network, stations, demand)
    reasons = explain_uncovered(coverage, demand, network, stations)
    assert reasons.tolist() == [
        None, "barrier", "no_station_in_reach", "no_road_connection", "outside_data", None, "barrier",
    ]  # fmt: skip
    assert coverage.covered.tolist() == reasons.isna().tolist()


def test_a_point_cut_off_from_every_street_by_water_has_no_road_connection():
    network = streets(((0, 0), (3000, 0)), obstacles=[shapely.box(-500, 40, 3500, 60)])
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(300, 100)])
    for given_stations in (stations, points_at([], prefix="S")):
        coverage = cover(network, given_stations, demand)
        assert explain_uncovered(coverage, demand, network, given_stations).tolist() == ["no_road_connection"]


def test_barrier_is_near_in_a_straight_line_up_to_half_of_what_the_cutoff_reaches():
    """At 4.8 km/h, 900 s reach 1200 m: 600 m is near, more is not."""
    network = streets(((0, 0), (5000, 0)), ((5000, 0), (5000, 610)), ((5000, 610), (0, 610)))
    stations = points_at([(0, 0)], prefix="S")
    demand = points_at([(0, 600), (0, 601)])
    coverage = cover(network, stations, demand)
    assert explain_uncovered(coverage, demand, network, stations).tolist() == ["barrier", "no_station_in_reach"]


def test_barrier_by_car_uses_the_speed_that_traffic_leaves():
    """Drive: 30 km/h x 0.6 = 5 m/s: 120 s reach 600 m, 300 m is near."""
    network = streets(((0, 0), (5000, 0)), ((5000, 0), (5000, 300)), ((5000, 300), (0, 300)))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(0, 299), (50, 300)])
    coverage = cover(network, stations, demand, mode="drive", cutoff_s=120.0)
    assert explain_uncovered(coverage, demand, network, stations).tolist() == ["barrier", "no_station_in_reach"]


def test_barrier_for_drivers_who_pass_by_counts_the_way_there_and_back():
    """Drive: 5 m/s: a detour of 240 s is 1200 m, there and back 600 m: 300 m is near."""
    network = streets(((0, 0), (5000, 0)), ((5000, 0), (5000, 310)), ((5000, 310), (0, 310)))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(0, 300), (0, 301)])
    there = travel_times(network, stations, demand, mode="drive", limit_s=240.0, threads=1)
    detours = dataclasses.replace(there, mode_description=describe_detours(network.graph("drive").mode))
    for times, words in ((there, ["barrier"] * 2), (detours, ["barrier", "no_station_in_reach"])):
        coverage = measure_coverage(times, demand, 240.0)
        assert not coverage.covered.any()
        assert explain_uncovered(coverage, demand, network, stations).tolist() == words


@pytest.mark.parametrize("direction", ["to_facility", "from_facility"])
def test_drivers_who_pass_by_need_a_way_to_the_station_whatever_the_direction(direction):
    """One way from x = 0 over the turning to the station at x = 1000 to x = 3000: who is beyond cannot go back."""
    one_way = {"highway": "primary", "oneway": "yes"}
    network = streets(((0, 0), (1000, 0), one_way), ((1000, 0), (3000, 0), one_way), ((1000, 0), (1000, 3000)))
    passing = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=1000, ahead_m=1500)
    stations = points_at([(1000, 2990)], prefix="S")
    times = detour_times(network, stations, passing, mode="drive", limit_s=60.0, direction=direction, threads=1)
    reasons = explain_uncovered(measure_coverage(times, passing, 60.0), passing, network, stations)
    assert reasons.tolist() == ["no_station_in_reach", "no_road_connection", "no_road_connection"]


def test_oneway_streets_that_only_lead_away_have_no_road_connection():
    """x = 0 -- main road -- x = 3000, then one way on to x = 6000, where it ends."""
    network = streets(((0, 0), (3000, 0)), ((3000, 0), (6000, 0), {"oneway": "yes"}))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(2900, 0), (5000, 0)])
    there = cover(network, stations, demand, mode="bicycle")
    back = cover(network, stations, demand, mode="bicycle", direction="from_facility", cutoff_s=600.0)
    on_foot = cover(network, stations, demand)
    assert explain_uncovered(there, demand, network, stations).tolist() == [None, "no_road_connection"]
    assert explain_uncovered(back, demand, network, stations).tolist() == ["no_station_in_reach"] * 2
    assert explain_uncovered(on_foot, demand, network, stations).tolist() == ["no_station_in_reach"] * 2


def test_a_station_on_the_same_oneway_street_is_a_connection_for_those_before_it():
    network = streets(((0, 0), (3000, 0)), ((3000, 0), (9000, 0), {"oneway": "yes"}))
    stations, demand = points_at([(8000, 0)], prefix="S"), points_at([(4000, 0), (8500, 0)])
    there = cover(network, stations, demand, mode="bicycle", cutoff_s=60.0)
    back = cover(network, stations, demand, mode="bicycle", cutoff_s=60.0, direction="from_facility")
    assert explain_uncovered(there, demand, network, stations).tolist() == ["no_station_in_reach", "no_road_connection"]
    assert explain_uncovered(back, demand, network, stations).tolist() == ["no_road_connection", "no_station_in_reach"]


def test_a_station_at_the_same_place_of_a_oneway_street_is_a_connection():
    """The legs of 100 m on both sides take longer than the cutoff, the street between them no time at all."""
    network = streets(((0, 0), (3000, 0)), ((3000, 0), (9000, 0), {"oneway": "yes"}))
    stations, demand = points_at([(8000, 100)], prefix="S"), points_at([(8000, -100)])
    for direction in ("to_facility", "from_facility"):
        coverage = cover(network, stations, demand, mode="bicycle", cutoff_s=60.0, direction=direction)
        assert explain_uncovered(coverage, demand, network, stations).tolist() == ["no_station_in_reach"]


def test_every_station_connects_the_streets_it_stands_on():
    network = streets(((0, 0), (9000, 0)), ((0, 3000), (9000, 3000)), ((0, 6000), (9000, 6000)))
    stations, demand = points_at([(0, 0), (0, 3000)], prefix="S"), points_at([(8000, 0), (8000, 3000), (8000, 6000)])
    for order in ([0, 1], [1, 0]):
        turned = stations.iloc[order].reset_index(drop=True)
        reasons = explain_uncovered(cover(network, turned, demand), demand, network, turned)
        assert reasons.tolist() == ["no_station_in_reach", "no_station_in_reach", "no_road_connection"]


def test_without_any_station_on_a_street_nothing_is_in_reach():
    network = streets(*RIVER)
    demand = points_at([(0, 0), (0, -1000)])
    far, none = points_at([(0, 5000)], prefix="S"), points_at([], prefix="S")
    for stations in (far, none):
        coverage = cover(network, stations, demand)
        assert explain_uncovered(coverage, demand, network, stations).tolist() == [
            "no_station_in_reach",
            "outside_data",
        ]
        gaps = find_gaps(coverage, demand, network, stations)
        assert gaps["nearest_facility_m"].isna().all()


def test_the_table_of_gaps():
    network = streets(((0, 0), (9000, 0)), ((0, 200), (9000, 200)))  # two roads that do not meet
    stations = points_at([(0, 0)], prefix="S")
    demand = points_at(
        [(100, 0), (5000, 0), (5200, 0), (8000, 0), (5000, 200), (2000, 0), (2000, 10)], demand=[50, 4, 2, 5, 2, 0, 0]
    )
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations)
    assert list(gaps.columns) == COLUMNS
    assert gaps["id"].tolist() == ["G01", "G02", "G03"]
    assert gaps["rank"].tolist() == [1, 2, 3]
    assert gaps["uncovered_demand"].tolist() == [8, 5, 0]
    assert gaps["n_points"].tolist() == [3, 1, 2]
    assert gaps["reason"].tolist() == ["no_station_in_reach"] * 3
    assert gaps["reason_shares"].tolist() == [
        "no_station_in_reach 75 %; no_road_connection 25 %", "no_station_in_reach 100 %", "no_station_in_reach 100 %",
    ]  # fmt: skip
    straight = (4 * 5000 + 2 * 5200 + 2 * np.hypot(5000, 200)) / 8
    assert gaps["nearest_facility_m"].tolist() == pytest.approx([straight, 8000, (2000 + np.hypot(2000, 10)) / 2])
    assert gaps.crs == CRS
    assert gaps.geometry.geom_type.eq("Polygon").all()


def test_equal_demand_is_ranked_from_west_to_east_then_south_to_north():
    network = streets(((0, 0), (9000, 0)), ((4000, 0), (4000, 3000)))
    stations = points_at([(0, 0)], prefix="S")
    demand = points_at([(8000, 0), (4000, 2500), (4000, 1000), (2500, 0)])
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations)
    assert gaps.geometry.centroid.map(lambda place: (round(place.x - ORIGIN[0]), round(place.y - ORIGIN[1]))).tolist() == [
        (2500, 0), (4000, 1000), (4000, 2500), (8000, 0),
    ]  # fmt: skip


def test_a_ring_of_points_keeps_its_hole():
    network = streets(((0, 0), (9000, 0)))
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    demand = points_at(np.column_stack([7000 + 600 * np.cos(angles), 600 * np.sin(angles)]))
    stations = points_at([(0, 0)], prefix="S")
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations, link_m=100.0)
    assert len(gaps) == 1
    assert len(gaps.geometry[0].interiors) == 1


def test_tiny_shares_are_not_written_as_nothing():
    network = streets(((0, 0), (9000, 0)), ((0, 3000), (9000, 3000)))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(5000, 0), (5000, 250)], demand=[999, 1])
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations)
    assert gaps["reason_shares"].tolist() == ["no_station_in_reach 100 %; snapped_too_far <1 %"]


def test_no_gap_where_everybody_is_covered():
    network = streets(*RIVER)
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(100, 0), (200, 0)])
    coverage = cover(network, stations, demand)
    gaps = find_gaps(coverage, demand, network, stations)
    assert list(gaps.columns) == COLUMNS
    assert len(gaps) == 0
    assert gaps.crs == CRS
    assert explain_uncovered(coverage, demand, network, stations).isna().all()


def test_more_than_99_gaps_have_longer_ids():
    network = streets(((0, 0), (90_000, 0)))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(2000 + 500 * row, 0) for row in range(120)])
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations)
    assert gaps["id"].tolist()[:2] + gaps["id"].tolist()[-1:] == ["G001", "G002", "G120"]


def test_what_does_not_belong_together_is_refused():
    network = streets(*RIVER)
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(100, 0), (2000, 0)])
    coverage = cover(network, stations, demand)
    for link_m in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="link_m must be a positive length in metres"):
            find_gaps(coverage, demand, network, stations, link_m=link_m)
    with pytest.raises(InputError, match="demand must be the table"):
        find_gaps(coverage, points_at([(100, 0)]), network, stations)
    with pytest.raises(InputError, match="facilities must be the table"):
        find_gaps(coverage, demand, network, points_at([(0, 0)], prefix="T"))
    only_cars = dataclasses.replace(network, graphs={"drive": network.graph("drive")})
    with pytest.raises(NetworkError, match="mode 'walk'"):
        find_gaps(coverage, demand, only_cars, stations)
    other = streets(((0, 0), (3000, 0)))
    far = cover(network, stations, points_at([(0, 200), (50, 1000)]))
    with pytest.raises(InputError, match="network must be the one the travel times were computed on"):
        find_gaps(far, points_at([(0, 200), (50, 1000)]), other, stations)


def test_points_in_another_crs_give_the_same_gaps():
    network = streets(*RIVER)
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(100, 0), (2000, 0), (0, 200)], demand=[1, 2, 3])
    here = find_gaps(cover(network, stations, demand), demand, network, stations)
    stations_there, demand_there = stations.to_crs("EPSG:32651"), demand.to_crs("EPSG:32651")
    there = find_gaps(cover(network, stations_there, demand_there), demand_there, network, stations_there)
    pd.testing.assert_frame_equal(here.drop(columns="geometry"), there.drop(columns="geometry"))
    assert here.geom_equals_exact(there, tolerance=1e-3).all()


steps = st.integers(0, 40)
weights = st.integers(0, 9)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    places=st.lists(st.tuples(steps, st.integers(-4, 4), weights), min_size=1, max_size=40),
    link_m=st.sampled_from([60.0, 150.0, 155.0, 400.0]),
    seed=st.integers(0, 9),
)
def test_gaps_hold_every_uncovered_point_once_and_do_not_depend_on_the_order(places, link_m, seed):
    network = streets(((0, 0), (4000, 0)))
    stations = points_at([(500, 0)], prefix="S")
    demand = points_at([(100 * x, 50 * y) for x, y, _ in places], demand=[weight for *_, weight in places])
    coverage = cover(network, stations, demand)
    gaps = find_gaps(coverage, demand, network, stations, link_m=link_m)
    uncovered = demand[~coverage.covered].reset_index(drop=True)

    inside = np.array([[shape.covers(point) for shape in gaps.geometry] for point in uncovered.geometry])
    inside = inside.reshape(len(uncovered), len(gaps))
    assert (inside.sum(axis=1) == 1).all()
    member = inside.argmax(axis=1) if len(gaps) else np.empty(0, dtype=int)
    assert gaps["n_points"].tolist() == [int((member == row).sum()) for row in range(len(gaps))]
    assert gaps["uncovered_demand"].tolist() == [uncovered["demand"][member == row].sum() for row in range(len(gaps))]
    assert gaps["uncovered_demand"].is_monotonic_decreasing
    assert set(gaps["reason"]) <= set(REASONS)

    # points surely near enough share a gap; points that no chain of near points joins do not
    def groups(distance_m):
        graph = nx.Graph()
        graph.add_nodes_from(range(len(uncovered)))
        near = itertools.combinations(range(len(uncovered)), 2)
        graph.add_edges_from(
            (a, b) for a, b in near if uncovered.geometry[a].distance(uncovered.geometry[b]) <= distance_m
        )
        return list(nx.connected_components(graph))

    for group in groups(2 * link_m * 0.995):
        assert len({member[point] for point in group}) == 1
    assert len(gaps) >= len(groups(2 * link_m))

    order = np.random.default_rng(seed).permutation(len(demand))
    shuffled = demand.iloc[order].reset_index(drop=True)
    again = find_gaps(cover(network, stations, shuffled), shuffled, network, stations, link_m=link_m)
    assert again["geometry"].to_wkb().tolist() == gaps["geometry"].to_wkb().tolist()
    columns = ["id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares"]
    pd.testing.assert_frame_equal(again[columns], gaps[columns])


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(
    places=st.lists(st.tuples(st.integers(0, 17), st.integers(0, 17)), min_size=1, max_size=200, unique=True),
    removed=st.lists(st.tuples(st.integers(2, 15), st.integers(2, 15), st.integers(0, 7)), max_size=3),
    filled=st.booleans(),
    step_m=st.sampled_from([40.0, 101.0, 149.0]),
)
def test_outlines_are_the_union_of_all_discs(places, removed, filled, step_m):
    """Also in dense demand, of which only the rim is looked at, with holes and islands in the holes."""
    if filled:
        places = set(itertools.product(range(18), range(18))) | set(places)
        places = [(x, y) for x, y in places if all(not 0 < (x - a) ** 2 + (y - b) ** 2 <= r * r for a, b, r in removed)]
    network = streets(((0, 0), (9000, 0)))
    stations, demand = points_at([(0, 0)], prefix="S"), points_at([(4000 + step_m * x, step_m * y) for x, y in places])
    gaps = find_gaps(cover(network, stations, demand), demand, network, stations)
    whole = shapely.union_all(shapely.buffer(demand.geometry.to_numpy(), 150.0, quad_segs=8))
    assert len(gaps) == len(shapely.get_parts(whole))
    assert shapely.union_all(gaps.geometry.to_numpy()).symmetric_difference(whole).area < 1e-6
    holes = shapely.get_num_interior_rings(shapely.get_parts(whole)).sum()
    assert sum(len(shape.interiors) for shape in gaps.geometry) == holes


nodes = st.tuples(st.integers(0, 3), st.integers(0, 2))
directions = st.sampled_from(["no", "yes", "-1"])


@pytest.mark.slow
@settings(deadline=None, max_examples=150)
@given(
    pieces=st.lists(
        st.tuples(nodes, nodes, directions).filter(lambda piece: piece[0] != piece[1]), min_size=1, max_size=9
    ),
    stations=st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.2, 0.5, 0.8])), min_size=1, max_size=2),
    people=st.lists(st.tuples(st.integers(0, 8), st.sampled_from([0.1, 0.5, 0.9])), min_size=1, max_size=6),
    direction=st.sampled_from(["to_facility", "from_facility"]),
)
def test_no_road_connection_means_no_path_of_any_length(pieces, stations, people, direction):
    places = {
        node: (3000.0 * node[0], 3100.0 * node[1] + 70.0 * node[0] ** 2) for node in {n for p in pieces for n in p[:2]}
    }
    network = streets(*((places[u], places[v], {"oneway": oneway}) for u, v, oneway in pieces))

    def on_streets(positions, prefix):
        xy = []
        for piece, fraction in positions:
            u, v, _ = pieces[piece % len(pieces)]
            xy.append((1 - fraction) * np.array(places[u]) + fraction * np.array(places[v]))
        return points_at(xy, prefix=prefix)

    facilities, demand = on_streets(stations, "S"), on_streets(people, "D")
    coverage = cover(network, facilities, demand, mode="bicycle", cutoff_s=1.0, direction=direction, snap_limit_m=5.0)
    reasons = explain_uncovered(coverage, demand, network, facilities)
    endless = travel_times(
        network, facilities, demand, mode="bicycle", limit_s=1e6, direction=direction, snap_limit_m=5.0, threads=1
    )
    connected = np.isin(np.arange(len(demand)), endless.indices)
    snapped = (endless.demand_snaps["status"] == "snapped").to_numpy()
    any_station = (endless.facility_snaps["status"] == "snapped").any()
    expected = snapped & ~connected & any_station
    assert (reasons == "no_road_connection").tolist() == expected.tolist()


@pytest.mark.slow
def test_sixty_thousand_uncovered_points_take_seconds():
    network = streets(((0, 0), (30_000, 0)))
    rng = np.random.default_rng(11)
    demand = points_at(rng.uniform((5000, 0), (30_000, 20_000), (60_000, 2)), demand=rng.integers(0, 9, 60_000))
    stations = points_at([(0, 0)], prefix="S")
    coverage = cover(network, stations, demand)
    started = time.perf_counter()
    gaps = find_gaps(coverage, demand, network, stations)
    assert time.perf_counter() - started < 20.0
    assert gaps["n_points"].sum() == 60_000
