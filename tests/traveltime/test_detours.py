"""Detours of drivers who pass by, judged by networkx and by cases drawn so that the answer is seen."""

import itertools
from collections import defaultdict

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawn import draw_network, draw_points, draw_roads
from tests.strategies import networks, positions

from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.errors import InputError, NetworkError, SchemaError
from coverage_planner.network.build import build_network
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.modes import DEFAULT_MODES
from coverage_planner.network.snap import snap_points
from coverage_planner.sources.roads import read_roads
from coverage_planner.traveltime.detours import detour_times, search_detours

WEIGHTS = {"motorway": 10.0, "primary": 3.0, "motorway_link": 0.0}
ONE_WAY = {"highway": "primary", "oneway": "yes"}


def seconds_of(times):
    """Dense detours; inf where there is none."""
    dense = np.full((len(times.facility_ids), len(times.demand_ids)), np.inf)
    rows = np.repeat(np.arange(len(dense)), np.diff(times.indptr))
    dense[rows, times.indices] = times.seconds
    return dense


# --- the oracle --------------------------------------------------------------------------------------------------------


def directed_graph(network, mode, doors, places):
    """Streets as arcs between "in" and "out" of junctions, cut at doors (both ways) and at places (in one direction).

    `doors` k -> (edge, fraction); `places` name -> (edge, fraction, heading), which becomes the node of its name. A
    door is entered at ("into", k) and left at ("out of", k); nobody turns round in somebody else's door. What is at the
    very end of an edge stands before its junction: it may be left and entered there.
    """
    graph, ends = network.graph(mode), network.edges[["u", "v"]].to_numpy()
    made = nx.MultiDiGraph()
    for node, delay_ms in enumerate(graph.delay_ms.tolist()):
        made.add_edge(("in", node), ("out", node), seconds=delay_ms / 1000)
    stops = defaultdict(set)

    def stop_at(edge, fraction, heading):
        stop = ("stop", edge, heading, fraction if heading > 0 else 1 - fraction)
        stops[edge, heading].add(stop)
        if fraction in {0.0, 1.0}:
            node = ends[edge][int(fraction)]
            made.add_edges_from([(stop, ("in", node)), (("out", node), stop)], seconds=0.0)
        return stop

    for k, (edge, fraction) in doors.items():
        for stop in (stop_at(edge, fraction, heading) for heading in (1, -1)):
            made.add_edges_from([(stop, ("into", k)), (("out of", k), stop)], seconds=0.0)
    for name, (edge, fraction, heading) in places.items():
        stop = stop_at(edge, fraction, heading)
        made.add_edges_from([(name, stop), (stop, name)], seconds=0.0)
    for edge, (u, v) in enumerate(ends.tolist()):
        for heading, tail, head, time_ms in ((1, u, v, graph.forward_ms[edge]), (-1, v, u, graph.backward_ms[edge])):
            between = sorted(stops[edge, heading], key=lambda stop: stop[-1])
            way = [("out", tail), *between, ("in", head)]
            behind = [0.0, *(stop[-1] for stop in between), 1.0]
            for k in range(len(way) - 1 if time_ms >= 0 else 0):
                made.add_edge(way[k], way[k + 1], seconds=(behind[k + 1] - behind[k]) * int(time_ms) / 1000)
    return made


def detours_by_plain_loops(network, mode, doors, delay_s, stretches):
    """Seconds, shape (stations, stretches): to the station, in at the door, and on to the end, less the passing."""
    access_mps = network.graph(mode).mode.access_speed_kph / 3.6
    rows = stretches.to_dict("records")
    places = {(end, column): (row[f"{end}_edge"], row[f"{end}_fraction"], row[f"{end}_heading"])
              for column, row in enumerate(rows) for end in ("start", "end")}  # fmt: skip
    snapped = {k: (int(doors.edge[k]), float(doors.fraction[k])) for k in np.flatnonzero(doors.snapped).tolist()}
    made = directed_graph(network, mode, snapped, places)
    back = made.reverse(copy=False)
    found = np.full((len(doors.ids), len(rows)), np.inf)
    for k in snapped:
        onward = nx.single_source_dijkstra_path_length(made, ("out of", k), weight="seconds")
        before = nx.single_source_dijkstra_path_length(back, ("into", k), weight="seconds")
        at_door = 2 * doors.access_m[k] / access_mps + delay_s[k]
        for column, row in enumerate(rows):
            both = before.get(("start", column), np.inf) + onward.get(("end", column), np.inf)
            found[k, column] = max(0.0, both + at_door - row["pass_s"])
    return found


@settings(max_examples=10)
@given(data=st.data(), limit_s=st.sampled_from([50.0, 200.0, 900.0]), ahead_m=st.sampled_from([60.0, 400.0]))
def test_detours_on_any_network_are_those_of_networkx(data, limit_s, ahead_m):
    network = data.draw(networks())
    long_enough = [row for row in range(len(network.edges)) if network.edges["length_m"][row] > 0]
    if not long_enough:
        return
    chosen = data.draw(st.lists(st.sampled_from(long_enough), min_size=1, max_size=4, unique=True))
    counts = pd.DataFrame({"edge": chosen, "weight": 1.0})
    stretches = build_stretches(network, "go", weights=counts, spacing_m=100, ahead_m=ahead_m)
    doors = data.draw(positions(network, most=3))
    delay_s = np.array([0.0, 17.0, 3.5])[: len(doors.ids)]

    indptr, indices, milliseconds = search_detours(
        network, network.graph("go"), doors, stretches, limit_ms=round(limit_s * 1000), threads=1, progress=None,
        delay_ms=(delay_s * 1000).astype(np.int64),
    )  # fmt: skip
    expected = detours_by_plain_loops(network, "go", doors, delay_s, stretches)
    found = np.full(expected.shape, np.inf)
    for row, (begin, end) in enumerate(itertools.pairwise(indptr)):
        assert (np.diff(indices[begin:end]) > 0).all()
        found[row, indices[begin:end]] = milliseconds[begin:end] / 1000
    near = np.abs(expected - limit_s) < 0.02  # rounding to milliseconds, once per leg
    expected[expected > limit_s] = np.inf
    np.testing.assert_allclose(found[~near], expected[~near], atol=0.02)


# --- drawn cases -------------------------------------------------------------------------------------------------------


@settings(max_examples=10)
@given(data=st.data(), ahead_m=st.sampled_from([60.0, 400.0, 2000.0]))
def test_the_way_along_the_road_can_be_driven_and_so_takes_no_less_than_the_fastest(data, ahead_m):
    """Rings and all: a passing is a way through the network, from its start to its end in their directions."""
    network = data.draw(networks(most_nodes=4, most_edges=9))
    chosen = [row for row in range(len(network.edges)) if network.edges["length_m"][row] > 0]
    if not chosen:
        return
    counts = pd.DataFrame({"edge": chosen, "weight": 1.0})
    stretches = build_stretches(network, "go", weights=counts, spacing_m=130, ahead_m=ahead_m)
    rows = stretches.to_dict("records")
    places = {(end, k): (row[f"{end}_edge"], row[f"{end}_fraction"], row[f"{end}_heading"])
              for k, row in enumerate(rows) for end in ("start", "end")}  # fmt: skip
    made = directed_graph(network, "go", {}, places)
    for k, row in enumerate(rows):
        fastest = nx.single_source_dijkstra_path_length(made, ("start", k), weight="seconds")[("end", k)]
        assert fastest <= row["pass_s"] + 0.0021
        assert 0 < row["pass_m"] <= ahead_m + 1e-6


def test_a_motorway_with_an_exit():
    """The station off the exit ahead serves those before the exit, not those past it, nor the other carriageway.

    West to east along y = 0, exit at X, entry at Y further on; the way back runs along y = 60, with no exit at all.
    """
    places = {
        "A": (0, 0), "X": (3000, 0), "Y": (4000, 0), "B": (8000, 0),
        "P": (3300, -150), "Q": (3700, -150), "C": (8000, 60), "D": (0, 60),
    }  # fmt: skip
    motorway = {"highway": "motorway", "maxspeed": "100"}
    network = draw_network(
        places,
        [("AXYB", motorway), ("CD", motorway), ("XP", {"highway": "motorway_link", "oneway": "yes"}),
         ("QY", {"highway": "motorway_link", "oneway": "yes"}), ("PQ", {"highway": "secondary"})],
    )  # fmt: skip
    station = draw_points((3500, -160), prefix="F")
    stretches = build_stretches(network, "drive", weights=WEIGHTS, spacing_m=500, ahead_m=5000)
    times = detour_times(network, station, stretches, mode="drive", limit_s=300)
    middle = np.array([(point.x, point.y) for point in stretches.geometry])
    covered = np.isfinite(seconds_of(times)[0])

    on_it = (middle[:, 1] == 0) & (stretches["kind"] == "motorway").to_numpy()
    assert covered[on_it & (middle[:, 0] < 3000)].all()
    assert not covered[on_it & (middle[:, 0] > 3000)].any()
    assert not covered[middle[:, 1] == 60].any()
    assert covered[on_it].sum() == 6
    # 100 km/h x 0.6; links 50 x 0.6; the station 10 m from the street, walked there and back
    link_s, street_s, road_s = np.hypot(300, 150) / (30 / 3.6), 200 / (50 * 0.6 / 3.6), 1000 / (60 / 3.6)
    by_hand = 2 * (link_s + street_s + 10 / (4.8 / 3.6)) - road_s
    np.testing.assert_allclose(seconds_of(times)[0][covered], by_hand, atol=0.01)
    assert "detour" in times.mode_description

    coverage = measure_coverage(times, stretches, 120)  # what follows takes detours like times
    assert coverage.covered.tolist() == covered.tolist()


def test_an_end_before_the_entry_takes_the_way_round():
    """Who leaves the motorway within sight of the station but was to go only so far comes back behind his end."""
    places = {"A": (0, 0), "X": (1000, 0), "Y": (2000, 0), "B": (4000, 0), "P": (1300, -150), "Q": (1700, -150)}
    motorway = {"highway": "motorway"}
    network = draw_network(
        places,
        [("AXYB", motorway), ("XP", {"highway": "motorway_link", "oneway": "yes"}),
         ("QY", {"highway": "motorway_link", "oneway": "yes"}), ("PQ", {"highway": "secondary"})],
    )  # fmt: skip
    station = draw_points((1500, -160), prefix="F")
    near, far = (
        detour_times(
            network, station, build_stretches(network, "drive", weights=WEIGHTS, spacing_m=500, ahead_m=ahead_m),
            mode="drive", limit_s=600,
        )
        for ahead_m in (1000, 3000)
    )  # fmt: skip
    assert np.isfinite(seconds_of(near)).sum() == 0  # 250 + 1000 m lies before Y
    assert np.isfinite(seconds_of(far)).sum() == 2


@pytest.mark.parametrize(("station_y", "served"), [(-15, 1), (35, -1)])
def test_a_dual_carriageway_serves_one_direction(station_y, served):
    """Between the turning places at both ends, six kilometres away, one cannot get across."""
    places = {"A": (0, 0), "B": (12000, 0), "C": (12000, 20), "D": (0, 20)}
    network = draw_network(places, [("AB", ONE_WAY), ("CD", ONE_WAY), ("BC", {}), ("DA", {})])
    station = draw_points((6000, station_y), prefix="F")
    stretches = build_stretches(network, "drive", weights=WEIGHTS, spacing_m=500, ahead_m=1000)
    times = detour_times(network, station, stretches, mode="drive", limit_s=40)
    found = stretches.iloc[times.indices]

    on = {1: 0.0, -1: 20.0}[served]
    assert {point.y for point in found.geometry} == {on}
    before = {1: lambda x: 5000 < x < 6000, -1: lambda x: 6000 < x < 7000}[served]
    assert all(before(point.x) for point in found.geometry)
    assert times.seconds.tolist() == pytest.approx([2 * 15 / (4.8 / 3.6)] * 2, abs=0.01)  # beside the road: on foot


def test_nobody_turns_round_inside_a_street():
    """On a two-way street a station just behind the driver costs the way to the next junction and back."""
    network = draw_network({"A": (0, 0), "B": (3000, 0)}, [("AB", {"highway": "primary"})])
    station = draw_points((1400, 0), prefix="F")
    stretches = build_stretches(network, "drive", weights=WEIGHTS, spacing_m=1000, ahead_m=600)
    times = detour_times(network, station, stretches, mode="drive", limit_s=3000)
    found = dict(zip(zip(stretches.geometry.x.round(), stretches["start_heading"], strict=True),
                     seconds_of(times)[0].tolist(), strict=True))  # fmt: skip
    mps = 36 / 3.6
    assert found[1500, -1] == 0  # ahead, before the end of the passing
    assert found[1500, 1] == pytest.approx((1500 + 1600 + 700 - 600) / mps)  # by B to the station, then on to 2100


def test_a_faster_way_by_the_station_counts_as_no_detour():
    """The main road makes a bow; the street across, with the station, is quicker than driving on."""
    places = {"A": (0, 0), "B": (100, 0), "C": (1100, 0), "D": (1200, 0), "X": (600, 10)}
    bow = ["B", (100, 900), (1100, 900), "C"]
    network = draw_network(
        places,
        [("AB", ONE_WAY), (bow, ONE_WAY), ("CD", ONE_WAY), ("BXC", {"highway": "residential", "maxspeed": "60"})],
    )
    counts = pd.DataFrame(
        {"edge": [row for row, kind in enumerate(network.edges["highway"]) if kind == "primary"], "weight": 1.0}
    )
    stretches = build_stretches(network, "drive", weights=counts, spacing_m=150, ahead_m=3100)
    times = detour_times(network, draw_points((600, 10), prefix="F"), stretches, mode="drive", limit_s=60)
    assert min(times.indices) == 0
    assert times.seconds[0] == 0.0


def test_delays_at_doors_and_junctions_count():
    places = {"A": (0, 0), "B": (1000, 0), "C": (2000, 0), "X": (1000, -100)}
    modes = {"drive": DEFAULT_MODES["drive"], "slow": DEFAULT_MODES["drive"]}
    modes["slow"] = type(modes["drive"])(**{**vars(modes["drive"]), "name": "slow", "junction_delay_s": 7.0})
    network = build_network(draw_roads(places, [("ABC", ONE_WAY), ("BX", {})]), modes=modes, small_component_m=0)
    station = draw_points((1000, -100), prefix="F").assign(entry_delay_s=40.0)
    plain, slow = (
        detour_times(
            network, station, build_stretches(network, mode, weights=WEIGHTS, spacing_m=900, ahead_m=1000), mode=mode,
            limit_s=400,
        )
        for mode in ("drive", "slow")
    )  # fmt: skip
    there_s = 2 * 100 / (30 * 0.6 / 3.6) + 40
    assert plain.seconds.tolist() == pytest.approx([there_s] * 2, abs=0.01)  # from before B, and from B itself
    assert slow.seconds.tolist() == pytest.approx([there_s + 7] * 2, abs=0.01)  # B is passed twice instead of once


# --- the table ---------------------------------------------------------------------------------------------------------

SMALL = draw_network({"A": (0, 0), "B": (900, 0), "X": (900, 50)}, [("AB", {"highway": "primary"}), ("BX", {})])
STRETCHES = build_stretches(SMALL, "drive", weights={"primary": 1.0}, spacing_m=300, ahead_m=200)
STATIONS = draw_points((450, 5), (890, 20), (4000, 4000), prefix="F")


def test_the_result_is_like_any_travel_times():
    times = detour_times(SMALL, STATIONS, STRETCHES, mode="drive", limit_s=200)
    assert times.demand_ids.tolist() == STRETCHES["id"].tolist()
    assert times.facility_snaps["status"].tolist() == ["snapped", "snapped", "too far"]
    assert (times.demand_snaps["status"] == "snapped").all()
    assert (times.demand_snaps["access_m"] == 0).all()
    assert times.demand_snaps.geometry.distance(STRETCHES.geometry).max() < 1e-6
    assert (times.mode_name, times.limit_s, times.direction) == ("drive", 200.0, "to_facility")
    assert times.indptr[2] == times.indptr[3]


def test_rows_may_be_taken_out_turned_round_and_in_another_crs():
    whole = seconds_of(detour_times(SMALL, STATIONS, STRETCHES, mode="drive", limit_s=200))
    part = STRETCHES.iloc[[4, 1]].to_crs("EPSG:32649")
    some = seconds_of(detour_times(SMALL, STATIONS.iloc[::-1], part, mode="drive", limit_s=200, threads=2))
    assert np.array_equal(some, whole[::-1][:, [4, 1]])


def test_no_stretches_and_no_facilities():
    assert detour_times(SMALL, STATIONS, STRETCHES.iloc[:0], mode="drive", limit_s=60).indptr.tolist() == [0] * 4
    assert detour_times(SMALL, STATIONS.iloc[:0], STRETCHES, mode="drive", limit_s=60).indptr.tolist() == [0]


def test_stretches_of_another_mode_or_network_are_refused():
    def refused(error, message, stretches, network=SMALL, mode="drive"):
        with pytest.raises(error, match=message):
            detour_times(network, STATIONS, stretches, mode=mode, limit_s=60)

    refused(InputError, "must be built for mode 'walk'; not so for 6: road 1, road 2", STRETCHES, mode="walk")
    refused(NetworkError, "built for mode 'fly'", STRETCHES, mode="fly")
    refused(SchemaError, "missing 1: end_heading", STRETCHES.drop(columns="end_heading"))
    refused(InputError, "not so for 1: road 3", STRETCHES.assign(pass_s=[1, 1, float("nan"), 1, 1, 1]))
    refused(InputError, "places on this network", STRETCHES.assign(start_edge=99))
    refused(InputError, "places on this network", STRETCHES.assign(end_heading=0))
    moved = gpd.GeoDataFrame(STRETCHES.assign(geometry=STRETCHES.translate(30, 0)), crs=STRETCHES.crs)
    refused(InputError, "build them again with build_stretches from this network", moved)


# --- real streets ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.real_data
def test_detours_in_las_palmas_are_those_of_networkx(real_data):
    """Thirty invented stations on real streets, forty stretches, each pair by networkx."""
    roads = read_roads(real_data / "osm" / "las_palmas_2023.osm.pbf")
    network = build_network(roads, modes={"drive": DEFAULT_MODES["drive"]})
    weights = {"motorway": 10.0, "trunk": 6.0, "primary": 3.0, "secondary": 1.0}
    stretches = build_stretches(network, "drive", weights=weights)
    by_class = network.edges.groupby("highway")["length_m"].sum()
    graph = network.graph("drive")
    both = (graph.forward_ms >= 0) & (graph.backward_ms >= 0)
    one_way = graph.allowed & ~both
    for kind, per_km in weights.items():
        of_kind = (network.edges["highway"] == kind).to_numpy()
        directed_m = network.edges["length_m"].to_numpy() @ (of_kind * (2.0 * both + one_way))
        mine = stretches[stretches["kind"] == kind]
        assert mine["length_m"].sum() == pytest.approx(directed_m)
        assert mine["demand"].sum() == pytest.approx(by_class[kind] / 1000 * per_km)
    rng = np.random.default_rng(6)
    local = network.edges[network.edges["highway"].isin(["residential", "service"])]
    places = local.sample(30, random_state=6).geometry.interpolate(0.5, normalized=True).translate(3, 3)
    stations = gpd.GeoDataFrame({"id": [f"S{k}" for k in range(30)]}, geometry=places.to_numpy(), crs=network.crs)
    some = stretches.iloc[np.sort(rng.choice(len(stretches), 40, replace=False))].reset_index(drop=True)
    times = detour_times(network, stations, some, mode="drive", limit_s=900)

    doors = snap_points(network, stations, "drive")
    expected = detours_by_plain_loops(network, "drive", doors, np.zeros(len(stations)), some)
    expected[expected > 900] = np.inf
    found = seconds_of(times)
    near = np.abs(np.where(np.isfinite(expected), expected, found) - 900) < 0.1
    np.testing.assert_allclose(found[~near], expected[~near], atol=0.1)
    assert np.isfinite(found).any(axis=0).sum() > 10
