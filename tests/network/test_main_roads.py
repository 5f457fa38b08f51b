"""Main roads become directed stretches: lengths and weights add up, and drivers go straight on."""

import itertools
import math
from collections import defaultdict

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawn import draw_network, find_edge
from tests.strategies import networks

from coverage_planner.errors import ConfigError, InputError, NetworkError, SchemaError
from coverage_planner.network.interchange import from_networkx
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.modes import Mode
from coverage_planner.schema import check_table

PRIMARY, ONE_WAY = {"highway": "primary"}, {"highway": "primary", "oneway": "yes"}


def at(network, row, end="start"):
    line = network.edges.geometry[row[f"{end}_edge"]]
    point = line.interpolate(row[f"{end}_fraction"], normalized=True)
    return round(point.x, 6), round(point.y, 6)


def ends_from(network, stretches, start):
    """Where the passings end that begin at a place."""
    return [at(network, row, "end") for row in stretches.to_dict("records") if at(network, row) == start]


# --- stretches ---------------------------------------------------------------------------------------------------------


def test_a_two_way_street_is_cut_alike_in_both_directions_which_share_its_weight():
    network = draw_network({"A": (0, 0), "B": (1200, 0)}, [("AB", PRIMARY)])
    stretches = build_stretches(network, "drive", weights={"primary": 4.0}, spacing_m=500, ahead_m=600)

    check_table(stretches, "demand", what="stretches")
    assert stretches["demand"].tolist() == pytest.approx([0.8] * 6)  # 0.4 km x 4 drivers per km / 2
    assert stretches["length_m"].tolist() == pytest.approx([400.0] * 6)
    assert [point.x for point in stretches.geometry] == pytest.approx([200, 600, 1000, 1000, 600, 200])
    assert stretches["start_heading"].tolist() == [1, 1, 1, -1, -1, -1]
    assert [at(network, row, "end")[0] for row in stretches.to_dict("records")] == [800, 1200, 1200, 400, 0, 0]
    assert stretches["pass_m"].tolist() == pytest.approx([600, 600, 200, 600, 600, 200])
    assert stretches["pass_s"].tolist() == pytest.approx([60, 60, 20, 60, 60, 20])  # 60 km/h x 0.6
    assert stretches["id"].tolist() == [f"road {number}" for number in range(1, 7)]


def test_a_one_way_street_is_passed_one_way_only_with_all_its_weight():
    network = draw_network({"A": (0, 0), "B": (400, 0)}, [("BA", ONE_WAY)])
    stretches = build_stretches(network, "drive", weights={"primary": 4.0}, spacing_m=500, ahead_m=50)

    assert stretches["demand"].tolist() == pytest.approx([1.6])
    assert at(network, stretches.iloc[0], "end") == (150, 0)


def test_a_stretch_runs_over_junctions_but_not_from_class_to_class():
    places = {"A": (0, 0), "B": (100, 0), "C": (250, 0), "D": (450, 0), "X": (100, 90), "Y": (250, 80)}
    network = draw_network(
        places, [("ABC", ONE_WAY), ("CD", {"highway": "trunk", "oneway": "yes"}), ("BX", {}), ("CY", {})]
    )
    stretches = build_stretches(network, "drive", weights={"primary": 1.0, "trunk": 10.0})

    assert sorted(zip(stretches["kind"], stretches["length_m"], stretches["demand"], strict=True)) == [
        ("primary", pytest.approx(250), pytest.approx(0.25)), ("trunk", pytest.approx(200), pytest.approx(2.0)),
    ]  # fmt: skip
    assert ends_from(network, stretches, (125, 0)) == [(450, 0)]  # one passes from class to class


def test_counts_take_the_place_of_weights_per_kilometre():
    places = {"A": (0, 0), "B": (100, 0), "C": (300, 0), "X": (100, 90)}
    network = draw_network(places, [("AB", {"highway": "residential"}), ("BC", PRIMARY), ("BX", PRIMARY)])
    ab, bc = find_edge(network, (0, 0), (100, 0)), find_edge(network, (100, 0), (300, 0))
    counts = pd.DataFrame({"edge": [ab, bc], "weight": [30.0, 8.0]})
    stretches = build_stretches(network, "drive", weights=counts)

    by_kind = stretches.groupby("kind")["demand"].apply(list).to_dict()
    assert by_kind == {"residential": pytest.approx([15.0, 15.0]), "primary": pytest.approx([4.0, 4.0])}


def test_a_class_of_weight_zero_leads_on_without_drivers_of_its_own():
    network = draw_network({"A": (0, 0), "B": (100, 0), "C": (300, 0)}, [("AB", ONE_WAY), ("BC", {"highway": "trunk"})])
    stretches = build_stretches(network, "drive", weights={"primary": 1.0, "trunk": 0.0})
    assert stretches["kind"].tolist() == ["primary"]
    assert at(network, stretches.iloc[0], "end") == (300, 0)


def test_only_stretches_with_their_middle_in_the_study_area_are_kept():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", ONE_WAY)])
    area = network.edges.iloc[:1].assign(geometry=[shapely.box(200, -10, 600, 10)])[["geometry"]]
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=250, study_area=area)

    assert [point.x for point in stretches.geometry] == pytest.approx([375])
    assert at(network, stretches.iloc[0], "end") == (1000, 0)
    with pytest.raises(InputError, match="none of 4 stretches has its middle inside"):
        build_stretches(
            network, "drive", weights={"primary": 1.0}, spacing_m=250, study_area=area.set_geometry(area.translate(5e3))
        )


# --- straight on -------------------------------------------------------------------------------------------------------

CROSS = {"W": (0, 0), "M": (500, 0), "E": (1000, 60), "N": (500, 400), "S": (460, -400)}


def test_drivers_go_the_way_that_turns_least_and_never_back():
    network = draw_network(CROSS, [("WM", PRIMARY), ("ME", PRIMARY), ("MN", PRIMARY), ("MS", PRIMARY)])
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=2000, ahead_m=3000)

    across, along = 500 + math.hypot(500, 60), 400 + math.hypot(40, 400)
    assert sorted(stretches["length_m"]) == pytest.approx([along, along, across, across])
    assert stretches["pass_m"].tolist() == pytest.approx((stretches["length_m"] / 2).tolist())  # then the roads end
    ends = [at(network, row, "end") for row in stretches.sort_values("length_m").to_dict("records")]
    assert {*ends[:2]} == {CROSS["N"], CROSS["S"]}
    assert {*ends[2:]} == {CROSS["W"], CROSS["E"]}


@pytest.mark.parametrize(("kind", "end"), [("primary", (1000, 100)), ("primary_link", (1000, 240))])
def test_a_slip_road_is_left_aside_where_the_road_goes_on(kind, end):
    """The straighter way is the first; it is taken unless it is a slip road."""
    places = {"A": (0, 0), "B": (500, 0), "C": (1000, 100), "D": (1000, 240)}
    network = draw_network(places, [("AB", ONE_WAY), ("BC", {"highway": kind, "oneway": "yes"}), ("BD", {**ONE_WAY})])
    weights = {"primary": 1.0, "primary_link": 0.0}
    stretches = build_stretches(network, "drive", weights=weights, spacing_m=200)
    before = [row for row in stretches.to_dict("records") if at(network, row)[0] < 500]
    assert len(before) >= 2
    assert {at(network, row, "end") for row in before} == {end}


def test_a_ring_road_is_passed_once_round_and_no_further():
    places = {"A": (0, 0), "B": (600, 0), "C": (600, 500), "D": (0, 500), "X": (-50, -50), "Y": (650, -50),
              "Z": (650, 550), "W": (-50, 550)}  # fmt: skip
    network = draw_network(places, [("ABCDA", PRIMARY), ("AX", {}), ("BY", {}), ("CZ", {}), ("DW", {})])
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=4000, ahead_m=9000)
    for row in stretches.to_dict("records"):
        street = network.edges.loc[row["start_edge"]]
        driven_m = row["start_fraction"] if row["start_heading"] > 0 else 1 - row["start_fraction"]
        assert row["pass_m"] == pytest.approx(2200 - driven_m * street["length_m"])
    assert len(stretches) == 2  # once each way


def test_the_road_ends_where_one_could_only_turn_back():
    places = {"A": (0, 0), "B": (500, 0), "C": (0, 40), "X": (600, 10)}
    network = draw_network(places, [("AB", ONE_WAY), ("BC", ONE_WAY), ("BX", {})])  # BC is the carriageway back
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=1000)
    assert ends_from(network, stretches, (250, 0)) == [(500, 0)]


def test_straight_over_a_roundabout():
    """Drawn so that the first exit turns less than going round: still the road goes straight on."""
    ring = {name: (500 + 30 * math.cos(a), 30 * math.sin(a)) for name, a in
            zip("wsen", [math.pi, -math.pi / 2, 0.0, math.pi / 2], strict=True)}  # fmt: skip
    places = {"W": (0, 0), "E": (1000, 0), "S": (500, -500), "N": (500, 500), **ring}
    roads = [(pair, PRIMARY) for pair in ("Ww", "Ss", "eE", "nN")]
    network = draw_network(places, [*roads, (["w", "s", "e", "n", "w"], {**PRIMARY, "junction": "roundabout"})])
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=600, ahead_m=400)

    side = 30 * math.sqrt(2)
    assert (pytest.approx(530 + 400 - 235 - 2 * side), 0) in ends_from(network, stretches, (235, 0))
    assert (500, pytest.approx(30 + 400 - 235 - 2 * side)) in ends_from(network, stretches, (500, -265))
    round_it = [row for row in stretches.to_dict("records") if row["length_m"] == pytest.approx(4 * side)]
    assert len(round_it) == 1  # the ring is one stretch of its own


def test_straight_over_the_crossing_of_two_dual_carriageways():
    """Four junctions of one-way streets are one: everybody goes on along the own carriageway."""
    xs, ys = {"w": 0, "a": 490, "b": 510, "e": 1000}, {"s": -500, "c": -10, "d": 10, "n": 500}
    places = {x + y: (xs[x], ys[y]) for x in xs for y in ys}
    east, west, north, south = (["wc", "ac", "bc", "ec"], ["ed", "bd", "ad", "wd"], ["bs", "bc", "bd", "bn"],
                                ["an", "ad", "ac", "as"])  # fmt: skip
    network = draw_network(places, [(way, ONE_WAY) for way in (east, west, north, south)])
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=600, ahead_m=400)

    assert ends_from(network, stretches, (245, -10)) == [(645, -10)]
    assert ends_from(network, stretches, (755, 10)) == [(355, 10)]
    assert ends_from(network, stretches, (510, -255)) == [(510, 145)]
    assert ends_from(network, stretches, (490, 255)) == [(490, -145)]
    on_the_square = stretches[stretches["length_m"] < 100]
    assert on_the_square["length_m"].sum() == pytest.approx(80)
    assert (on_the_square["pass_m"] == 400).all()  # who is on it leaves it, and is not caught


def test_a_barrier_that_cars_pass_is_no_end_of_the_road():
    places = {"A": (0, 0), "B": (500, 0), "C": (1000, 0)}
    network = draw_network(places, [("ABC", PRIMARY)], barriers={"B": {"barrier": "gate", "foot": "no"}})
    assert (network.edges["highway"] == "barrier").sum() == 1
    stretches = build_stretches(network, "drive", weights={"primary": 1.0}, spacing_m=2000, ahead_m=300)
    assert sorted(at(network, row, "end")[0] for row in stretches.to_dict("records")) == [200, 800]
    assert stretches["pass_s"].tolist() == pytest.approx([30, 30])

    shut = draw_network(places, [("ABC", PRIMARY)], barriers={"B": {"barrier": "gate", "motor_vehicle": "no"}})
    stretches = build_stretches(shut, "drive", weights={"primary": 1.0}, spacing_m=2000, ahead_m=300)
    assert sorted(at(shut, row, "end")[0] for row in stretches.to_dict("records")) == [0, 500, 500, 1000]


# --- by plain loops on any network -------------------------------------------------------------------------------------


def walk_on(network, chosen, row, ahead_m):
    """Follow the road from a start by looking at all streets at every node: edges driven, seconds, where it ends.

    Only for networks without rings, barriers and slip roads.
    """
    graph, edges = network.graph("go"), network.edges

    def ends(edge, heading):
        line, u, v = edges.geometry[edge], int(edges["u"][edge]), int(edges["v"][edge])
        return (line, u, v) if heading > 0 else (line.reverse(), v, u)

    def direction(line, first):
        a, b = (
            (line.interpolate(0), line.interpolate(30)) if first else (line.interpolate(-30), line.interpolate(-1e-12))
        )
        b = b if first else shapely.Point(line.coords[-1])
        return b.x - a.x, b.y - a.y

    def seconds(edge, heading):
        return int((graph.forward_ms if heading > 0 else graph.backward_ms)[edge]) / 1000

    edge, heading = row["start_edge"], row["start_heading"]
    behind = row["start_fraction"] if heading > 0 else 1 - row["start_fraction"]
    driven, left, total = [(edge, heading)], ahead_m, -behind * seconds(edge, heading)
    while True:
        line, _, node = ends(edge, heading)
        length = float(edges["length_m"][edge])
        here = length * (1 - behind)
        if left <= here:
            done = behind + left / length if length else 1.0
            return driven, total + done * seconds(edge, heading), done
        left, behind, total = left - here, 0.0, total + seconds(edge, heading)
        ax, ay = direction(line, first=False)
        found = []
        for other, way in itertools.product(sorted(chosen), (1, -1)):
            onto, tail, _ = ends(other, way)
            if tail == node and other != edge and seconds(other, way) >= 0:
                bx, by = direction(onto, first=True)
                turn = abs(math.degrees(math.atan2(ax * by - ay * bx, ax * bx + ay * by)))
                if turn <= 120:
                    found.append((round(turn, 5), other, -way))
        if not found or (found := min(found))[1:] in {(e, -h) for e, h in driven}:
            return driven, total, 1.0
        total += int(graph.delay_ms[node]) / 1000
        edge, heading = found[1], -found[2]
        driven.append((edge, heading))


@settings(max_examples=10)
@given(data=st.data(), ahead_m=st.sampled_from([40.0, 250.0, 1000.0]), spacing_m=st.sampled_from([60.0, 500.0]))
def test_stretches_of_any_network_by_plain_loops(data, ahead_m, spacing_m):
    network = data.draw(networks())
    graph, edges = network.graph("go"), network.edges
    usable = [row for row in range(len(edges)) if edges["length_m"][row] > 0]
    if not usable:
        return
    chosen = data.draw(st.lists(st.sampled_from(usable), min_size=1, unique=True))
    counts = pd.DataFrame({"edge": chosen, "weight": [1.0 + row for row in range(len(chosen))]})
    both = {row: (graph.forward_ms[row] >= 0) and (graph.backward_ms[row] >= 0) for row in chosen}
    stretches = build_stretches(network, "go", weights=counts, spacing_m=spacing_m, ahead_m=ahead_m)

    assert stretches["demand"].sum() == pytest.approx(counts["weight"].sum())
    assert (stretches["length_m"] <= spacing_m * (1 + 1e-9)).all()
    directed_m = sum(edges["length_m"][row] * (2 if both[row] else 1) for row in chosen)
    assert stretches["length_m"].sum() == pytest.approx(directed_m)
    one_way = nx.DiGraph(
        (edges["u"][row], edges["v"][row]) if graph.forward_ms[row] >= 0 else (edges["v"][row], edges["u"][row])
        for row in chosen
        if not both[row]
    )
    has_ring = not nx.is_directed_acyclic_graph(one_way)  # of one-way streets; they have a test of their own
    for row in [] if has_ring else stretches.to_dict("records"):
        driven, seconds, done = walk_on(network, chosen, row, ahead_m)
        assert (row["end_edge"], row["end_heading"]) == driven[-1]
        ahead = done if row["end_heading"] > 0 else 1 - done
        assert row["end_fraction"] == pytest.approx(ahead, abs=1e-9)
        assert row["pass_s"] == pytest.approx(seconds, abs=0.0021)


def test_the_way_is_the_same_however_the_table_is_asked():
    network = draw_network(CROSS, [("WM", PRIMARY), ("ME", PRIMARY), ("MN", PRIMARY), ("MS", PRIMARY)])
    short, long = (build_stretches(network, "drive", weights={"primary": w}, ahead_m=a) for w, a in ((1, 90), (2, 90)))
    np.testing.assert_allclose(2 * short["demand"], long["demand"])
    assert short.drop(columns="demand").equals(long.drop(columns="demand"))
    by_edge = defaultdict(float)
    for row in short.to_dict("records"):
        by_edge[row["start_heading"]] += row["demand"]
    assert by_edge[1] == pytest.approx(by_edge[-1])


# --- refusals ----------------------------------------------------------------------------------------------------------

SMALL = draw_network({"A": (0, 0), "B": (100, 0), "C": (100, 90)}, [("AB", PRIMARY), ("BC", {"highway": "footway"})])
STREET = find_edge(SMALL, (0, 0), (100, 0))
FOOTWAY = 1 - STREET


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        ({"primry": 1.0}, ConfigError, "must be for road classes, got 1: primry; the network has footway, primary"),
        ({"primary": -1.0}, ConfigError, "none negative and at least one above 0, got 1: primary = -1"),
        ({"primary": 0.0}, ConfigError, "at least one above 0"),
        ({"primary": float("nan")}, ConfigError, "drivers per kilometre"),
        ({}, ConfigError, "at least one above 0"),
        ({"trunk": 1.0}, InputError, "streets of the classes trunk .* its classes are primary"),
        ({"footway": 1.0}, InputError, "open to 'drive'"),
        (pd.DataFrame({"edge": [0]}), SchemaError, "missing 1: weight"),
        (pd.DataFrame({"edge": [7, STREET], "weight": 1.0}), InputError, "not so for 1: 7"),
        (pd.DataFrame({"edge": [FOOTWAY], "weight": 1.0}), InputError, "open to the mode"),
        (pd.DataFrame({"edge": [STREET, STREET], "weight": 1.0}), InputError, "each once"),
        (pd.DataFrame({"edge": [str(STREET), STREET], "weight": 1.0}), InputError, "each once"),
        (pd.DataFrame({"edge": [STREET], "weight": [-1.0]}), InputError, "none negative"),
        (pd.DataFrame({"edge": [STREET], "weight": [0.0]}), InputError, "not so for all edges"),
    ],
)  # fmt: skip
def test_wrong_weights_are_refused(weights, error, message):
    with pytest.raises(error, match=message):
        build_stretches(SMALL, "drive", weights=weights)


@pytest.mark.parametrize("key", ["spacing_m", "ahead_m"])
@pytest.mark.parametrize("wrong", [0.0, -5.0, float("nan"), float("inf")])
def test_lengths_must_be_positive(key, wrong):
    with pytest.raises(ConfigError, match=f"{key} must be positive metres, got"):
        build_stretches(SMALL, "drive", weights={"primary": 1.0}, **{key: wrong})


def test_streets_without_length_and_unknown_modes_are_refused():
    with pytest.raises(NetworkError, match="built for mode 'fly'"):
        build_stretches(SMALL, "fly", weights={"primary": 1.0})
    graph = nx.MultiDiGraph(crs=SMALL.crs)
    graph.add_nodes_from([(0, {"x": 0.0, "y": 0.0}), (1, {"x": 0.0, "y": 0.0})])
    graph.add_edge(0, 1, time_s=5.0, highway="primary")
    point = from_networkx(graph, modes={"go": Mode("go", "motorcar", 30.0)}, time_attributes={"go": "time_s"})
    with pytest.raises(NetworkError, match="main roads must have a length, got streets of 0 m"):
        build_stretches(point, "go", weights={"primary": 1.0})
