"""The nearest facilities of one sweep are those of the whole table of times, to the millisecond."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.traveltime._sweep_kernels import NOBODY
from coverage_planner.traveltime.engine import search_nodes, search_pairs
from coverage_planner.traveltime.nearest import make_seeds, nearest_facilities, search_nearest, sweep
from coverage_planner.traveltime.times import travel_times
from drawn import draw_network, draw_points
from strategies import networks_with_delays, positions


@st.composite
def cases(draw):
    network = draw(networks_with_delays())
    return network, draw(positions(network, prefix="F")), draw(positions(network, prefix="D"))


def rank_by_hand(network, facilities, demand, limit_ms, reverse, k, delay_ms):
    """The k smallest of each column of the full table, by time and then by row."""
    indptr, indices, ms = search_pairs(
        network, network.graph("go"), facilities, demand,
        limit_ms=limit_ms, reverse=reverse, threads=1, progress=None, delay_ms=delay_ms,
    )  # fmt: skip
    rows = np.repeat(np.arange(len(facilities.ids)), np.diff(indptr))
    expected = np.full((len(demand.ids), k), NOBODY)
    for column in range(len(demand.ids)):
        here = indices == column
        words = np.sort((ms[here].astype(np.int64) << 32) | rows[here])[:k]
        expected[column, : len(words)] = words
    return expected


@given(cases(), st.booleans(), st.integers(1, 4), st.sampled_from([500, 60_000, 200_000, 10_000_000]), st.booleans())
def test_the_k_nearest_are_those_of_the_full_table(case, reverse, k, limit_ms, delayed):
    network, facilities, demand = case
    delay_ms = 7_000 * (np.arange(len(facilities.ids), dtype=np.int64) % 3) if delayed else None
    found = search_nearest(
        network, network.graph("go"), facilities, demand, limit_ms=limit_ms, reverse=reverse, k=k, delay_ms=delay_ms
    )
    expected = rank_by_hand(network, facilities, demand, limit_ms, reverse, k, delay_ms)
    np.testing.assert_array_equal(found, expected)


@given(networks_with_delays(), st.booleans(), st.integers(1, 3), st.data())
def test_sweeps_over_nodes_agree_with_searches_from_each(network, reverse, k, data):
    graph = network.graph("go")
    n = len(network.nodes)
    nodes = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5)))
    indptr, heads, ms = search_nodes(graph, nodes, limit_ms=150_000, reverse=reverse, threads=1)
    rows = np.repeat(np.arange(len(nodes)), np.diff(indptr))
    packed = graph.entering if reverse else graph.leaving
    seeds = make_seeds(nodes, np.zeros(len(nodes), dtype=np.int64), np.arange(len(nodes)))
    found = sweep(packed, seeds, limit_ms=150_000, k=k)
    for node in range(n):
        words = np.sort((ms[heads == node].astype(np.int64) << 32) | rows[heads == node])[:k]
        np.testing.assert_array_equal(found[node, : len(words)], words)
        assert (found[node, len(words) :] == NOBODY).all()


# A ------ B ------ C, 400 m each
LINE = draw_network({"A": (0, 0), "B": (400, 0), "C": (800, 0)}, [("ABC", {})])


def test_the_table_names_ranks_and_times():
    facilities = draw_points((0, 0), (800, 0), (900_000, 0), prefix="F")
    demand = draw_points((100, 0), (400, 0), (400, 5_000), prefix="D")
    found = nearest_facilities(LINE, facilities, demand, mode="walk", limit_s=900, k=2)
    assert found.to_dict("list") == {
        "demand_id": ["D0", "D0", "D1", "D1"],
        "rank": [1, 2, 1, 2],
        "facility_id": ["F0", "F1", "F0", "F1"],  # 400 m each way: the upper row first
        "time_s": [75.0, 525.0, 300.0, 300.0],  # 4.8 km/h
    }
    times = travel_times(LINE, facilities, demand, mode="walk", limit_s=900).to_frame()
    expected = times.sort_values(["demand_id", "time_s"], kind="stable").reset_index(drop=True)
    listed = found.sort_values(["demand_id", "time_s"], kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(listed[expected.columns], expected)


def test_a_delay_at_the_door_counts_everywhere():
    facilities = draw_points((0, 0), (800, 0), prefix="F").assign(entry_delay_s=[60.0, np.nan])
    demand = draw_points((400, 0), prefix="D")
    found = nearest_facilities(LINE, facilities, demand, mode="walk", limit_s=900, k=2)
    assert found["facility_id"].tolist() == ["F1", "F0"]
    assert found["time_s"].tolist() == [300.0, 360.0]
    times = travel_times(LINE, facilities, demand, mode="walk", limit_s=900)
    assert times.seconds.tolist() == [360.0, 300.0]
    with pytest.raises(SchemaError, match="entry_delay_s must be seconds from 0 up; not so in 1: F1"):
        travel_times(LINE, facilities.assign(entry_delay_s=[0.0, -1.0]), demand, mode="walk", limit_s=900)


@pytest.mark.parametrize("wrong", [{"k": 0}, {"limit_s": 0.0}, {"limit_s": -1.0}, {"direction": "there"}])
def test_wrong_settings_are_refused(wrong):
    points = draw_points((0, 0))
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        nearest_facilities(LINE, points, points, **{"mode": "walk", "limit_s": 900.0} | wrong)


def test_times_beyond_the_limit_do_not_wrap_round():
    street = draw_network({"A": (0, 0), "B": (300, 0), "C": (600, 0)}, [("AB", {}), ("BC", {})])
    facilities = draw_points((10, 0), (590, 0), prefix="F").assign(entry_delay_s=[1_073_741.0, 0.0])
    found = nearest_facilities(street, facilities, draw_points((20, 0)), mode="walk", limit_s=900, k=10**13)
    assert found["facility_id"].tolist() == ["F1"]
    assert found["time_s"].tolist() == pytest.approx([570 / 4.8 * 3.6], abs=0.01)


def test_the_longest_limit_loses_nobody():
    street = draw_network({"A": (0, 0), "B": (300, 0)}, [("AB", {})])
    facilities, demand = draw_points((10, 0), prefix="F"), draw_points((290, 0))
    found = nearest_facilities(street, facilities, demand, mode="walk", limit_s=1_073_741.0)
    times = travel_times(street, facilities, demand, mode="walk", limit_s=1_073_741.0)
    assert found["time_s"].tolist() == times.seconds.tolist()
    with pytest.raises(ConfigError, match="limit_s must be positive and below 1073741 s"):
        nearest_facilities(street, facilities, demand, mode="walk", limit_s=1_073_741.9)
