"""Sums made during the search are the sums over the table of times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.coverage.catchments import measure_catchments
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.traveltime.engine import search_pairs, sum_pairs
from coverage_planner.traveltime.times import travel_times
from drawn import draw_network, draw_points
from strategies import networks_with_delays, positions

CUTOFFS_MS = (30_000, 90_000, 250_000)


@st.composite
def cases(draw):
    network = draw(networks_with_delays())
    return network, draw(positions(network, prefix="F")), draw(positions(network, prefix="D"))


@pytest.mark.slow
@given(cases(), st.booleans(), st.data())
def test_the_sums_are_those_of_the_pairs(case, reverse, data):
    network, facilities, demand = case
    n = len(demand.ids)
    weights = np.array(data.draw(st.lists(st.floats(0, 1e6), min_size=n, max_size=n)))
    graph = network.graph("go")
    shared = {"reverse": reverse, "threads": 1, "progress": None}
    points, sums, weighted_ms = sum_pairs(network, graph, facilities, demand, weights, cutoffs_ms=CUTOFFS_MS, **shared)
    indptr, columns, ms = search_pairs(network, graph, facilities, demand, limit_ms=CUTOFFS_MS[-1], **shared)
    rows = np.repeat(np.arange(len(facilities.ids)), np.diff(indptr))
    for k, cutoff in enumerate(CUTOFFS_MS):
        kept = ms <= cutoff
        expected = np.bincount(rows[kept], minlength=len(facilities.ids))
        np.testing.assert_array_equal(points[:, k], expected)
        for found, each in ((sums, weights[columns]), (weighted_ms, weights[columns] * ms)):
            expected = np.bincount(rows[kept], weights=each[kept], minlength=len(facilities.ids))
            np.testing.assert_allclose(found[:, k], expected, rtol=1e-12)


def town():
    """A grid of 12 by 12 streets, 40 facilities and 300 demand points in it, from a seed."""
    places = {f"{x},{y}": (150.0 * x, 150.0 * y) for x in range(12) for y in range(12)}
    across = [([f"{x},{y}" for x in range(12)], {}) for y in range(12)]
    up = [([f"{x},{y}" for y in range(12)], {}) for x in range(12)]
    rng = np.random.default_rng(11)
    facilities = draw_points(*rng.uniform(0, 1650, (40, 2)), prefix="F")
    demand = draw_points(*rng.uniform(0, 1650, (300, 2)), prefix="D")
    return draw_network(places, across + up), facilities, demand.assign(demand=rng.exponential(5.0, 300))


def test_the_table_agrees_with_measured_coverage():
    network, facilities, demand = town()
    found = measure_catchments(network, facilities, demand, mode="walk", cutoffs_s=[600, 300])
    assert found["facility_id"].tolist() == list(np.repeat(facilities["id"], 2))
    assert found["cutoff_s"].tolist() == [300.0, 600.0] * 40
    times = travel_times(network, facilities, demand, mode="walk", limit_s=600)
    for cutoff_s, rows in found.groupby("cutoff_s"):
        expected = measure_coverage(times, demand, cutoff_s).facilities
        np.testing.assert_allclose(rows["catchment_demand"], expected["catchment_demand"], rtol=1e-12)
        np.testing.assert_allclose(rows["mean_time_s"], expected["mean_time_s"], rtol=1e-6)
        np.testing.assert_array_equal(rows["catchment_points"], np.diff(times.within(cutoff_s).indptr))


def test_threads_and_the_order_of_the_facilities_change_no_bit():
    network, facilities, demand = town()
    seen = []
    one = measure_catchments(network, facilities, demand, mode="walk", cutoffs_s=[300, 600], threads=1)
    three = measure_catchments(
        network, facilities.iloc[::-1].reset_index(drop=True), demand, mode="walk", cutoffs_s=[300, 600], threads=3,
        progress=lambda *told: seen.append(told),
    )  # fmt: skip
    again = three.set_index(["facility_id", "cutoff_s"]).loc[
        list(zip(one["facility_id"], one["cutoff_s"], strict=True))
    ]
    for name in ("catchment_points", "catchment_demand", "mean_time_s"):
        assert one[name].to_numpy().tobytes() == again[name].to_numpy().tobytes()
    assert seen[-1] == (40, 40)


def test_a_facility_without_a_street_has_nothing():
    network, _, demand = town()
    found = measure_catchments(network, draw_points((90_000, 0)), demand, mode="walk", cutoffs_s=[300])
    assert found[["catchment_points", "catchment_demand"]].to_numpy().tolist() == [[0, 0]]
    assert found["mean_time_s"].isna().all()


def test_wrong_settings_are_refused():
    network, facilities, demand = town()
    with pytest.raises(ConfigError, match="direction"):
        measure_catchments(network, facilities, demand, mode="walk", cutoffs_s=[300], direction="there")
    with pytest.raises(ConfigError, match="cutoffs_s"):
        measure_catchments(network, facilities, demand, mode="walk", cutoffs_s=[])
    with pytest.raises(SchemaError, match="demand"):
        measure_catchments(network, facilities, demand.drop(columns="demand"), mode="walk", cutoffs_s=[300])
