"""How access time is spread, against the definitions written as loops in exact fractions."""

import json
import math
from fractions import Fraction

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.equity import measure_equity
from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError
from coverage_planner.traveltime.nearest import nearest_facilities
from drawn import draw_network, draw_points
from drawn_times import CRS, make_demand
from reference import capacity_peers

NONE = math.nan
TIMES = ["mean_time_s", "median_time_s", "p90_time_s", "gini"]


def summary(time_s, people, *, cutoff_s=900.0, **options):
    return measure_equity(np.array(time_s), make_demand(people), cutoff_s=cutoff_s, **options).summary.iloc[0]


def gini_of(time_s, people):
    return summary(time_s, people)["gini"]


# People in tenths; times in milliseconds, None: no station reached.
TENTHS = st.sampled_from([0, 1, 3, 10, 25, 400])
MILLISECONDS = st.sampled_from([0, 1, 60_000, 900_000, 900_001, 1_800_000, 1_800_001, None]) | st.integers(0, 3_000_000)
ROWS = st.lists(st.tuples(MILLISECONDS, TENTHS), min_size=1, max_size=9)


def columns_of(rows):
    """Seconds and people as the function takes them."""
    return [NONE if ms is None else ms / 1000 for ms, _ in rows], [tenths / 10 for _, tenths in rows]


def define_gini(rows):
    """Half the mean absolute difference of all pairs of people over the mean; None where there is nobody."""
    reached = [(Fraction(ms), Fraction(tenths)) for ms, tenths in rows if ms is not None]
    people = sum(w for _, w in reached)
    if not people:
        return None
    mean = sum(w * t for t, w in reached) / people
    apart = sum(w * v * abs(t - u) for t, w in reached for u, v in reached) / people**2
    return apart / (2 * mean) if mean else Fraction(0)


def define_quantile(rows, share):
    """The shortest time within which at least that share of the reached people is, in milliseconds."""
    reached = [(ms, tenths) for ms, tenths in rows if ms is not None]
    people = sum(tenths for _, tenths in reached)
    for ms in sorted({ms for ms, tenths in reached if tenths}):
        if sum(tenths for t, tenths in reached if t <= ms) >= share * people:
            return ms
    return None


def expect(rows, cutoff_ms=900_000):
    """All figures by their definition."""

    def people(condition):
        return sum(Fraction(tenths, 10) for ms, tenths in rows if condition(ms))

    whole = people(lambda _: True)
    reached = people(lambda ms: ms is not None)
    covered = people(lambda ms: ms is not None and ms <= cutoff_ms)
    beyond = people(lambda ms: ms is None or ms > 2 * cutoff_ms)
    gini, median, p90 = define_gini(rows), define_quantile(rows, Fraction(1, 2)), define_quantile(rows, Fraction(9, 10))
    spent = sum(Fraction(tenths, 10) * ms for ms, tenths in rows if ms is not None)
    return {
        "n_points": len(rows),
        "demand": whole,
        "reached_demand": reached,
        "unreached_demand": whole - reached,
        "covered_demand": covered,
        "uncovered_demand": whole - covered,
        "covered_demand_share": covered / whole if whole else NONE,
        "beyond_twice_demand": beyond,
        "beyond_twice_share": beyond / whole if whole else NONE,
        "mean_time_s": spent / reached / 1000 if reached else NONE,
        "median_time_s": NONE if median is None else median / 1000,
        "p90_time_s": NONE if p90 is None else p90 / 1000,
        "gini": NONE if gini is None else gini,
    }


def assert_figures(row, expected):
    for name, value in expected.items():
        assert row[name] == pytest.approx(float(value), rel=1e-12, abs=1e-13, nan_ok=True), name


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_every_figure_is_its_definition(rows):
    assert_figures(summary(*columns_of(rows)), expect(rows))


@settings(deadline=None, max_examples=15)
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_points_changes_no_bit(rows, random):
    turned = list(rows)
    random.shuffle(turned)
    plain, other = (
        measure_equity(np.array(time_s), make_demand(people), cutoff_s=900.0)
        for time_s, people in (columns_of(rows), columns_of(turned))
    )
    pd.testing.assert_frame_equal(plain.summary, other.summary, check_exact=True)
    pd.testing.assert_frame_equal(plain.lorenz, other.lorenz, check_exact=True)


@settings(deadline=None, max_examples=15)
@given(ROWS, st.integers(2, 5))
def test_gini_knows_neither_the_unit_of_time_nor_how_often_the_city_is_repeated(rows, times):
    time_s, people = columns_of(rows)
    gini = gini_of(time_s, people)

    assert gini_of([t * times for t in time_s], people) == pytest.approx(gini, nan_ok=True, abs=1e-13)
    assert gini_of(time_s, [w * times for w in people]) == pytest.approx(gini, nan_ok=True, abs=1e-13)
    assert gini_of(time_s * times, people * times) == pytest.approx(gini, nan_ok=True, abs=1e-13)


@settings(deadline=None, max_examples=15)
@given(ROWS)
def test_gini_lies_between_zero_and_one_less_the_smallest_share(rows):
    shares = [Fraction(tenths) for ms, tenths in rows if ms is not None and tenths]
    if not shares:
        return
    gini = gini_of(*columns_of(rows))
    assert 0 <= gini <= float(1 - min(shares) / sum(shares)) + 1e-12


def test_the_largest_gini_is_that_of_one_who_has_all_the_time():
    assert gini_of([0, 0, 50], [3, 6, 1]) == pytest.approx(0.9)


@pytest.mark.parametrize("time_s", [0.0, 0.001, 333.333, 1200.0])
def test_equal_times_give_a_gini_of_exactly_zero(time_s):
    found = measure_equity(np.full(7, time_s), make_demand(np.arange(7) / 3), cutoff_s=900.0)

    assert found.summary["gini"].tolist() == [0.0]
    assert found.summary["mean_time_s"].tolist() == [time_s]
    assert found.lorenz["people_share"].tolist() == found.lorenz["time_share"].tolist() == [0.0, 1.0]


@settings(deadline=None, max_examples=15)
@given(ROWS)
def test_the_lorenz_curve_is_the_share_of_time_of_those_with_the_shortest_times(rows):
    time_s, people = columns_of(rows)
    found = measure_equity(np.array(time_s), make_demand(people), cutoff_s=900.0)
    reached = [(ms, Fraction(tenths)) for ms, tenths in rows if ms is not None and tenths]

    if not reached:
        assert found.lorenz.empty
        return
    whole, spent = sum(w for _, w in reached), sum(w * t for t, w in reached)
    expected = [(0.0, 0.0)]
    for ms in sorted({ms for ms, _ in reached}):
        upto = [(t, w) for t, w in reached if t <= ms]
        share = sum(w for _, w in upto) / whole
        expected.append((share, sum(w * t for t, w in upto) / spent if spent else share))
    assert found.lorenz["people_share"].tolist() == pytest.approx([float(p) for p, _ in expected])
    assert found.lorenz["time_share"].tolist() == pytest.approx([float(t) for _, t in expected])
    x, y = found.lorenz["people_share"].to_numpy(), found.lorenz["time_share"].to_numpy()
    between = 1 - np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]))
    assert between == pytest.approx(found.summary["gini"].iloc[0], abs=1e-12)


def test_pysal_inequality_finds_the_same_without_weights():
    seconds, people, _ = capacity_peers.draw_case()
    peers = json.loads(capacity_peers.FIGURES.read_text(encoding="utf-8"))

    assert [gini_of(row, np.ones(len(people))) for row in seconds] == pytest.approx(peers["gini"], rel=1e-12)


def test_a_weight_is_so_many_people_each_by_himself():
    rng = np.random.default_rng(3)
    time_s, people = rng.integers(0, 3000, 50).astype(float), rng.integers(1, 6, 50)
    one_by_one = summary(np.repeat(time_s, people), np.ones(people.sum()))

    pd.testing.assert_series_equal(summary(time_s, people).drop("n_points"), one_by_one.drop("n_points"))


def test_times_at_the_cutoff_and_at_twice_the_cutoff_are_within_it():
    found = summary([900, 900.001, 1800, 1800.001, NONE, math.inf], [1, 2, 4, 8, 16, 32])

    assert (found["covered_demand"], found["uncovered_demand"]) == (1.0, 62.0)
    assert (found["beyond_twice_demand"], found["unreached_demand"]) == (56.0, 48.0)


@pytest.mark.parametrize(
    ("time_s", "people"),
    [([NONE, NONE], [1, 2]), ([10.0, NONE], [0, 2]), ([10.0, 20.0], [0, 0]), ([], [])],
    ids=["nobody reaches a station", "only a point without people does", "no people", "no points"],
)
def test_where_nobody_is_reached_times_are_unknown(time_s, people):
    found = measure_equity(np.array(time_s, dtype=float), make_demand(people), cutoff_s=900.0)

    assert found.summary[TIMES].isna().all(axis=None)
    assert found.summary["unreached_demand"].tolist() == [sum(people)]
    assert found.summary["beyond_twice_share"].isna().tolist() == [sum(people) == 0]
    assert found.lorenz.empty


def test_a_single_point_has_its_own_time_and_no_inequality():
    found = summary([700.0], [3])

    assert found[TIMES].tolist() == [700.0, 700.0, 700.0, 0.0]


def squares(n, **columns):
    """Areas of 10 m side by side from x = 0; make_demand puts point k at x = k."""
    shapes = [shapely.box(10 * k - 0.5, -5, 10 * k + 9.5, 5) for k in range(n)]
    return gpd.GeoDataFrame({"id": [f"A{k}" for k in range(n)], "name": [f"社区{k}" for k in range(n)], **columns}, geometry=shapes, crs=CRS)  # fmt: skip


@settings(deadline=None, max_examples=15)
@given(st.lists(st.tuples(MILLISECONDS, TENTHS), min_size=1, max_size=34))
def test_communities_and_subdistricts_have_the_figures_of_their_points(rows):
    time_s, people = columns_of(rows)
    areas = squares(3, subdistrict=["东街道", None, "东街道"])
    found = measure_equity(np.array(time_s), make_demand(people), cutoff_s=900.0, areas=areas).areas

    inside = [rows[0:10], rows[10:20], rows[20:30]]
    assert found["area_kind"].tolist() == ["community"] * 3 + ["subdistrict"]
    assert found["id"].tolist() == ["A0", "A1", "A2", "东街道"]
    assert found["name"].tolist() == ["社区0", "社区1", "社区2", "东街道"]
    assert found["subdistrict"].isna().tolist() == [False, True, False, False]
    for row, its_points in zip(found.to_dict("records"), [*inside, inside[0] + inside[2]], strict=True):
        assert_figures(row, expect(its_points))


def test_the_worst_served_have_most_people_beyond_the_cutoff_then_the_longest_times():
    # ten points in each community, of which the first has the people
    time_s, people = np.full(60, 10.0), np.zeros(60)
    time_s[::10] = [1000, 2000, NONE, 1500, 900, 1500]
    people[::10] = [7, 5, 5, 5, 99, 5]
    found = measure_equity(time_s, make_demand(people), cutoff_s=900.0, areas=squares(6))

    assert found.worst["id"].tolist() == ["A0", "A2", "A1", "A3", "A5"]
    assert found.worst["rank"].tolist() == [1, 2, 3, 4, 5]
    assert found.worst["uncovered_demand"].tolist() == [7.0, 5.0, 5.0, 5.0, 5.0]
    assert found.worst["uncovered_demand_share"].tolist() == [1.0] * 5
    assert found.worst["mean_time_s"].fillna(-1).tolist() == [1000, -1, 2000, 1500, 1500]
    assert found.areas["area_kind"].unique().tolist() == ["community"]


def test_subdistricts_are_not_among_the_worst_served_communities():
    areas = squares(2, subdistrict=["东街道", "东街道"])
    found = measure_equity(np.full(20, 1000.0), make_demand(np.ones(20)), cutoff_s=900.0, areas=areas)

    assert found.worst["id"].tolist() == ["A0", "A1"]
    assert found.worst["subdistrict"].tolist() == ["东街道", "东街道"]


def test_half_of_the_people_is_no_part_less_than_half():
    assert summary([10, 20], [0.333333333333333, 0.333333333333334])["median_time_s"] == 20.0
    assert summary([10, 20], [0.333333333333334, 0.333333333333333])["median_time_s"] == 10.0
    assert summary([10, 20], [0.333333333333333, 0.333333333333333])["median_time_s"] == 10.0


def test_without_areas_there_are_no_areas_and_no_worst_served():
    found = measure_equity(np.array([1000.0]), make_demand([1]), cutoff_s=900.0)

    assert found.areas.empty
    assert found.worst.empty
    assert {"area_kind", "id", "gini"} <= set(found.areas)
    assert {"rank", "id", "uncovered_demand_share"} <= set(found.worst)


def test_areas_without_any_point_have_no_people_and_no_times():
    found = measure_equity(np.array([1000.0]), make_demand([1]), cutoff_s=900.0, areas=squares(2)).areas

    assert found["n_points"].tolist() == [1, 0]
    assert found["demand"].tolist() == [1.0, 0.0]
    assert found.loc[1, TIMES].isna().all()


@pytest.mark.parametrize(
    ("options", "error", "named"),
    [
        ({"time_s": [1.0]}, InputError, r"time_s must have one value per demand point, got shape \(1,\) for 2"),
        ({"time_s": [1.0, -1.0]}, InputError, "time_s must be at least 0, less in demand points 1: D1"),
        ({"cutoff_s": 0.0}, ConfigError, "cutoff_s must be positive, got 0"),
        ({"cutoff_s": NONE}, ConfigError, "cutoff_s must be positive, got nan"),
        ({"limit_s": 1799.0}, ConfigError, r"limit_s must be at least twice the cutoff \(1800 s\), got 1799"),
        ({"people": [1, -1]}, SchemaError, "demand.demand must be at least 0"),
        ({"areas": squares(1).drop(columns="name")}, SchemaError, "areas must have the columns"),
        ({"areas": squares(1).set_crs(4326, allow_override=True)}, CrsError, "areas must be in a projected CRS"),
    ],
)
def test_wrong_arguments_are_refused(options, error, named):
    arguments = {"time_s": [1.0, 2.0], "people": [1, 1], **options}
    with pytest.raises(error, match=named):
        summary(**arguments)


def test_a_search_of_twice_the_cutoff_is_far_enough():
    assert summary([1800.0], [1], limit_s=1800.0)["beyond_twice_share"] == 0.0


def test_times_over_streets_searched_as_the_docstring_says():
    # one street of 3 km, at 4.8 km/h 0.75 s per metre; the third point lies 500 m off it
    street = draw_network({"A": (0, 0), "B": (3000, 0)}, [("AB", {})])
    demand = draw_points((800, 0), (2800, 0), (1000, 500)).iloc[[2, 1, 0]].reset_index(drop=True)
    stations = draw_points((0, 0), prefix="F")
    found = nearest_facilities(street, stations, demand, mode="walk", limit_s=36_000)
    time_s = found.set_index("demand_id")["time_s"].reindex(demand["id"]).to_numpy()
    equity = measure_equity(time_s, demand, cutoff_s=900.0, limit_s=36_000).summary.iloc[0]

    assert (equity["covered_demand"], equity["uncovered_demand"], equity["unreached_demand"]) == (1.0, 2.0, 1.0)
    assert (equity["median_time_s"], equity["p90_time_s"]) == (600.0, 2100.0)
    assert equity["beyond_twice_share"] == pytest.approx(2 / 3)
    assert equity["gini"] == pytest.approx((2100 - 600) / (4 * 1350))
