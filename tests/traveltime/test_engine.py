"""Times of all pairs against networkx with every point inserted as a node, on random directed networks."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.traveltime.engine import search_pairs
from oracles import oracle_times
from strategies import make_positions, networks_with_delays, positions

NEVER = 10_000.0
DIRECTIONS = ("to_facility", "from_facility")


def search(network, facilities, demand, limit_s, direction, *, threads=1, progress=None):
    """Dense milliseconds; -1 where a pair is not within the limit. Checks the CSR on the way."""
    indptr, indices, milliseconds = search_pairs(
        network,
        network.graph("go"),
        facilities,
        demand,
        limit_ms=round(limit_s * 1000),
        reverse=direction == "to_facility",
        threads=threads,
        progress=progress,
    )
    dense = np.full((len(facilities.ids), len(demand.ids)), -1, dtype=np.int64)
    assert len(indptr) == len(facilities.ids) + 1
    for row in range(len(facilities.ids)):
        columns = indices[indptr[row] : indptr[row + 1]]
        assert (np.diff(columns) > 0).all(), "columns must rise within a row"
        dense[row, columns] = milliseconds[indptr[row] : indptr[row + 1]]
    return dense


def take(positions, order):
    fields = ("ids", "edge", "fraction", "access_m", "on_island", "status", "xy")
    return type(positions)(*(getattr(positions, name)[order] for name in fields))


@st.composite
def cases(draw):
    network = draw(networks_with_delays())
    return network, draw(positions(network, prefix="F")), draw(positions(network, prefix="D"))


@given(cases(), st.sampled_from(DIRECTIONS), st.sampled_from([0.5, 60.0, 200.0, NEVER]))
@settings(max_examples=200, deadline=None)
def test_times_equal_networkx_with_all_points_inserted(case, direction, limit_s):
    network, facilities, demand = case
    expected = oracle_times(network, "go", facilities, demand, NEVER, direction)
    found = search(network, facilities, demand, limit_s, direction)
    within = found >= 0
    np.testing.assert_allclose(found[within] / 1000, expected[within], atol=0.01, rtol=0)
    assert within[expected < limit_s - 0.01].all(), "a pair within the limit is missing"
    assert not within[expected > limit_s + 0.01].any(), "a pair beyond the limit is there"
    assert (found <= limit_s * 1000).all()


@given(cases(), st.sampled_from(DIRECTIONS), st.data())
@settings(max_examples=80, deadline=None)
def test_exactly_at_the_limit_is_within_it(case, direction, data):
    network, facilities, demand = case
    all_ms = search(network, facilities, demand, NEVER, direction)
    assume((all_ms > 0).any())
    limit_ms = data.draw(st.sampled_from(sorted({int(ms) for ms in all_ms[all_ms > 0]})))
    for limit in (limit_ms, limit_ms - 1):
        expected = np.where(all_ms <= limit, all_ms, -1)
        np.testing.assert_array_equal(search(network, facilities, demand, limit / 1000, direction), expected)


@given(cases(), st.sampled_from([60.0, NEVER]))
@settings(max_examples=80, deadline=None)
def test_swapping_facilities_and_demand_transposes_to_the_millisecond(case, limit_s):
    network, facilities, demand = case
    there = search(network, facilities, demand, limit_s, "to_facility")
    back = search(network, demand, facilities, limit_s, "from_facility")
    np.testing.assert_array_equal(there, back.T)


@given(cases(), st.randoms(use_true_random=False), st.sampled_from(DIRECTIONS))
@settings(max_examples=50, deadline=None)
def test_order_and_threads_change_nothing(case, random, direction):
    network, facilities, demand = case
    rows, columns = list(range(len(facilities.ids))), list(range(len(demand.ids)))
    random.shuffle(rows)
    random.shuffle(columns)
    straight = search(network, facilities, demand, 150.0, direction)
    shuffled = search(network, take(facilities, rows), take(demand, columns), 150.0, direction, threads=3)
    np.testing.assert_array_equal(straight[np.ix_(rows, columns)], shuffled)


@pytest.fixture(scope="module")
def many():
    """A fixed network with enough points for many chunks, found by drawing once from a seed."""
    import networkx as nx

    from coverage_planner.network.interchange import from_networkx
    from coverage_planner.network.modes import Mode

    rng = np.random.default_rng(7)
    graph = nx.MultiDiGraph(crs="EPSG:32650")
    for node, (x, y) in enumerate(rng.uniform(0, 2000, (300, 2))):
        graph.add_node(node, x=x, y=y)
    for u, v in rng.integers(0, 300, (900, 2)):
        graph.add_edge(int(u), int(v), time_s=float(rng.uniform(1, 120)))
    network = from_networkx(graph, modes={"go": Mode("go", "foot", 5.0)}, time_attributes={"go": "time_s"})

    def draw(n, prefix):
        return make_positions(
            network, rng.integers(-1, len(network.edges), n), rng.random(n), rng.uniform(0, 90, n), prefix=prefix
        )

    return network, draw(400, "F"), draw(300, "D")


def test_one_thread_and_three_give_the_same_bits(many):
    network, facilities, demand = many
    graph = network.graph("go")
    runs = [
        search_pairs(network, graph, facilities, demand, limit_ms=200_000, reverse=True, threads=threads, progress=None)
        for threads in (1, 3)
    ]
    for one, three in zip(*runs, strict=True):
        assert one.dtype == three.dtype
        assert one.tobytes() == three.tobytes()


def test_progress_counts_up_to_all_facilities_and_can_stop_the_work(many):
    network, facilities, demand = many
    seen = []
    search(network, facilities, demand, 50.0, "to_facility", threads=2, progress=lambda *told: seen.append(told))
    assert seen == sorted(seen)
    assert seen[-1] == (400, 400)
    assert len(seen) > 2

    def stop(done, _total):
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(network, facilities, demand, 50.0, "to_facility", progress=stop)


def test_the_number_of_threads_must_be_positive(many):
    with pytest.raises(ConfigError, match="threads must be at least 1, got 0"):
        search(*many, 50.0, "to_facility", threads=0)


def test_no_facilities_and_no_demand_give_empty_results(many):
    network, facilities, demand = many
    nobody = take(facilities, slice(0))
    assert search(network, nobody, demand, 50.0, "to_facility").shape == (0, 300)
    assert search(network, facilities, nobody, 50.0, "to_facility").shape == (400, 0)
