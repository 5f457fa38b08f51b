"""A shortlist, site by site, against plain loops over the rows of the tables; ranks against solve_mclp."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.shortlist import rate_shortlist
from drawn_times import make_candidates, make_demand, make_times

CUTOFF_S = 600.0
SECONDS = st.sampled_from([math.nan, 0.0, 100.0, 250.5, 599.999, 600.0, 600.001, 850.0])


@st.composite
def some_cases(draw):
    n, m, d = draw(st.integers(1, 5)), draw(st.integers(0, 2)), draw(st.integers(1, 6))
    table = [[draw(SECONDS) for _ in range(d)] for _ in range(n)]
    stations = [[draw(SECONDS) for _ in range(d)] for _ in range(m)]
    weights = [draw(st.sampled_from([0.0, 1.0, 2.5, 0.1, 7.0])) for _ in range(d)]
    cost = [draw(st.sampled_from([1.0, 1.0, 3.5])) for _ in range(n)]
    ids = draw(st.permutations([f"C{k}" for k in range(n)]))
    return table, stations, weights, cost, ids


def rated(case):
    table, stations, weights, cost, ids = case
    demand, candidates = make_demand(weights), make_candidates(ids, cost)
    points = demand["id"].tolist()
    times = make_times(table, ids, points)
    existing = make_times(stations, [f"F{k}" for k in range(len(stations))], points)
    return times, demand, candidates, existing


@settings(max_examples=10)
@given(case=some_cases())
def test_figures_are_those_of_loops_over_the_rows(case):
    table, stations, weights, _, _ = case
    times, demand, candidates, existing = rated(case)
    found = rate_shortlist(times, demand, candidates, cutoff_s=CUTOFF_S, existing=existing)
    for row, own in zip(found.table.to_dict("records"), table, strict=True):
        newly = overlap = weighed = new_weighed = 0.0
        worst = math.nan
        for point, seconds in enumerate(own):
            if not seconds <= CUTOFF_S:
                continue
            weighed += weights[point] * seconds
            if any(station[point] <= CUTOFF_S for station in stations):
                overlap += weights[point]
                continue
            newly += weights[point]
            new_weighed += weights[point] * seconds
            if weights[point] > 0 and not worst >= seconds:
                worst = seconds
        assert row["newly_covered_demand"] == pytest.approx(newly, abs=1e-9)
        assert row["overlap_existing_demand"] == pytest.approx(overlap, abs=1e-9)
        assert row["catchment_demand"] == pytest.approx(newly + overlap, abs=1e-9)
        both = newly + overlap
        assert row["mean_time_s"] == pytest.approx(weighed / both if both else math.nan, nan_ok=True, abs=1e-3)
        mean = new_weighed / newly if newly else math.nan
        assert row["new_mean_time_s"] == pytest.approx(mean, nan_ok=True, abs=1e-3)
        assert row["new_worst_time_s"] == pytest.approx(worst, nan_ok=True, abs=1e-3)


@settings(max_examples=5)
@given(case=some_cases())
def test_the_first_is_the_answer_of_mclp_and_every_gain_is_its_objective(case):
    times, demand, candidates, existing = rated(case)
    found = rate_shortlist(times, demand, candidates, cutoff_s=CUTOFF_S, existing=existing)
    covered = demand["demand"].to_numpy()[found.present].sum()
    best = solve_mclp(times, demand, candidates, cutoff_s=CUTOFF_S, n_open=1, existing=existing, threads=1)
    first = found.table.set_index("rank").loc[1]
    assert best.sites["id"].tolist() == [first["id"]]
    assert best.objective == pytest.approx(covered + first["newly_covered_demand"], abs=1e-9)
    assert sorted(found.table["rank"]) == list(range(1, len(candidates) + 1))
    gains = found.table.sort_values("rank")["newly_covered_demand"].to_numpy()
    assert (np.diff(gains) <= 0).all()


@settings(max_examples=4)
@given(case=some_cases())
def test_what_two_share_is_what_each_loses_if_the_other_opens_first(case):
    table, stations, _, _, ids = case
    times, demand, candidates, existing = rated(case)
    found = rate_shortlist(times, demand, candidates, cutoff_s=CUTOFF_S, existing=existing)
    shared = found.shared().toarray()
    assert (shared == shared.T).all()
    for other in range(len(ids)):
        opened = make_times(
            [*stations, table[other]], [*map(str, range(len(stations))), "first"], demand["id"].tolist()
        )
        after = rate_shortlist(times, demand, candidates, cutoff_s=CUTOFF_S, existing=opened)
        lost = found.table["newly_covered_demand"] - after.table["newly_covered_demand"]
        for one in range(len(ids)):
            if one != other:
                assert shared[one, other] == pytest.approx(lost[one], abs=1e-9)


@settings(max_examples=3)
@given(case=some_cases(), seed=st.integers(0, 99))
def test_the_order_of_rows_changes_nothing(case, seed):
    times, demand, candidates, existing = rated(case)
    table, stations, _, _, ids = case
    random = np.random.default_rng(seed)
    rows, points = random.permutation(len(ids)), random.permutation(len(demand))
    turned = make_times(np.array(table)[rows][:, points], np.array(ids)[rows].tolist(), demand["id"][points].tolist())
    existing_turned = make_times(
        np.array(stations).reshape(len(stations), -1)[:, points], existing.facility_ids.tolist(),
        demand["id"][points].tolist(),
    ) if len(stations) else make_times([], [], demand["id"][points].tolist())  # fmt: skip
    one = rate_shortlist(times, demand, candidates, cutoff_s=CUTOFF_S, existing=existing)
    other = rate_shortlist(
        turned, demand.iloc[points].reset_index(drop=True), candidates.iloc[rows].reset_index(drop=True),
        cutoff_s=CUTOFF_S, existing=existing_turned,
    )  # fmt: skip
    assert one.table.iloc[rows].reset_index(drop=True).equals(other.table)
    assert (one.reach.toarray()[rows][:, points] == other.reach.toarray()).all()


def test_ties_go_to_the_shorter_time_then_the_cheaper_then_the_smaller_id():
    times = make_times([[300.0], [200.0], [200.0], [200.0]], ["A", "D", "C", "B"], ["D0"])
    candidates = make_candidates(["A", "D", "C", "B"], [0.0, 5.0, 7.0, 7.0])
    found = rate_shortlist(times, make_demand([1.0]), candidates, cutoff_s=CUTOFF_S)
    assert dict(zip(found.table["id"], found.table["rank"], strict=True)) == {"D": 1, "B": 2, "C": 3, "A": 4}


def test_who_brings_a_station_nearer_goes_first_where_nobody_is_new():
    times = make_times([[500.0], [100.0]], ["A", "B"], ["D0"])
    existing = make_times([[400.0]], ["F"], ["D0"])
    found = rate_shortlist(times, make_demand([1.0]), make_candidates(["A", "B"]), cutoff_s=CUTOFF_S, existing=existing)
    assert found.table["rank"].tolist() == [2, 1]
    assert found.table["newly_covered_demand"].tolist() == [0.0, 0.0]


def test_times_of_another_table_or_cutoff_are_refused():
    times = make_times([[100.0]], ["A"], ["D0"])
    with pytest.raises(InputError, match="candidates"):
        rate_shortlist(times, make_demand([1.0]), make_candidates(["B"]), cutoff_s=CUTOFF_S)
    with pytest.raises(ConfigError, match="cutoff_s must be positive"):
        rate_shortlist(times, make_demand([1.0]), make_candidates(["A"]), cutoff_s=901.0)
