"""Coverage from sparse times, against loops over every pair."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coverage_planner.coverage.measure import assign_nearest, measure_coverage
from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError
from coverage_planner.traveltime.times import TravelTimes

CRS = "EPSG:32650"
LIMIT_S = 1800.0


def demand_table(weights):
    ids = pd.Series([f"D{n}" for n in range(len(weights))], dtype=object)
    return gpd.GeoDataFrame(
        {"id": ids, "demand": np.asarray(weights, dtype=float)},
        geometry=gpd.points_from_xy(np.arange(len(weights)), np.zeros(len(weights))),
        crs=CRS,
    )


def times_of(dense, *, limit_s=LIMIT_S):
    """Sparse times of a matrix of seconds, facilities in rows; inf: no pair."""
    dense = np.asarray(dense, dtype=float)
    rows, columns = np.nonzero(np.isfinite(dense))
    return TravelTimes(
        facility_ids=np.array([f"F{n}" for n in range(dense.shape[0])], dtype=object),
        demand_ids=np.array([f"D{n}" for n in range(dense.shape[1])], dtype=object),
        indptr=np.append(0, np.cumsum(np.isfinite(dense).sum(axis=1))).astype(np.int64),
        indices=columns.astype(np.int32),
        seconds=dense[rows, columns].astype(np.float32),
        limit_s=limit_s,
        direction="to_facility",
        mode_name="walk",
        mode_description="walk (4.8 km/h)",
        facility_snaps=gpd.GeoDataFrame(geometry=[], crs=CRS),
        demand_snaps=gpd.GeoDataFrame(geometry=[], crs=CRS),
    )


@st.composite
def matrices(draw, *, most_facilities=6):
    """A matrix of whole-millisecond seconds with holes, ties and repeated values, and a weight per demand point."""
    shape = draw(st.integers(0, most_facilities)), draw(st.integers(1, 8))
    some = st.sampled_from([0.0, 0.001, 300.0, 600.0, 899.999, 900.0, 900.001, 1800.0, math.inf])
    anything = st.integers(0, 1_800_000).map(lambda ms: ms / 1000)
    dense = draw(arrays.arrays(float, shape, elements=some | anything))
    weights = draw(arrays.arrays(float, shape[1], elements=st.sampled_from([0.0, 1.0, 2.5, 40.0])))
    return dense, weights


CUTOFFS = st.sampled_from([0.001, 300.0, 600.0, 899.999, 900.0, 1799.999, 1800.0])
INF = math.inf


def test_a_time_equal_to_the_cutoff_is_covered():
    coverage = measure_coverage(times_of([[900.0, 900.001, 899.999]]), demand_table([1, 1, 1]), 900.0)

    assert coverage.points["covered"].tolist() == [True, False, True]
    assert coverage.covered_point_share == pytest.approx(2 / 3)


def test_points_beyond_the_limit_have_no_facility_and_no_time():
    coverage = measure_coverage(times_of([[100.0, INF, 1500.0]]), demand_table([1, 1, 1]), 900.0)

    assert coverage.points["facility_id"].fillna("none").tolist() == ["F0", "none", "F0"]
    assert coverage.points["time_s"].isna().tolist() == [False, True, False]
    assert coverage.points["time_s"].dtype == np.float32
    assert coverage.points["covered"].tolist() == [True, False, False]
    assert coverage.points["n_facilities"].tolist() == [1, 0, 0]


def test_overlaps_count_in_the_catchment_and_not_in_the_exclusive_demand():
    #       D0   D1   D2
    # F0    10  200    .
    # F1     .  100  300
    coverage = measure_coverage(times_of([[10, 200, INF], [INF, 100, 300]]), demand_table([4, 2, 1]), 900.0)

    table = coverage.facilities.set_index("id")
    assert table["catchment_demand"].to_dict() == {"F0": 6.0, "F1": 3.0}
    assert table["exclusive_demand"].to_dict() == {"F0": 4.0, "F1": 1.0}
    assert table["mean_time_s"].to_dict() == pytest.approx({"F0": (4 * 10 + 2 * 200) / 6, "F1": (2 * 100 + 300) / 3})
    assert coverage.points["n_facilities"].tolist() == [1, 2, 1]


def test_a_facility_that_reaches_nobody_has_an_empty_catchment_and_no_mean():
    coverage = measure_coverage(times_of([[INF, INF], [10, 20]]), demand_table([1, 1]), 900.0)

    assert coverage.facilities["catchment_demand"].tolist() == [0.0, 2.0]
    assert np.isnan(coverage.facilities["mean_time_s"].iloc[0])


def test_without_demand_the_demand_share_is_unknown_and_the_point_share_is_not():
    coverage = measure_coverage(times_of([[10, INF]]), demand_table([0, 0]), 900.0)

    assert math.isnan(coverage.covered_demand_share)
    assert coverage.covered_demand == 0.0
    assert coverage.covered_point_share == 0.5
    assert np.isnan(coverage.facilities["mean_time_s"].iloc[0])


def test_without_facilities_nobody_is_covered():
    coverage = measure_coverage(times_of(np.zeros((0, 3))), demand_table([1, 2, 3]), 900.0)

    assert not coverage.covered.any()
    assert coverage.covered_demand_share == 0.0
    assert coverage.facilities.empty
    assert coverage.points["facility_id"].isna().all()


@pytest.mark.parametrize("cutoff_s", [0.0, -1.0, 1800.001, float("nan")])
def test_a_cutoff_beyond_what_was_searched_is_refused(cutoff_s):
    with pytest.raises(ConfigError, match=r"at most the limit of the search \(1800 s\)"):
        measure_coverage(times_of([[1.0]]), demand_table([1]), cutoff_s)


def test_another_demand_table_is_refused_with_the_ids_that_differ():
    with pytest.raises(InputError, match=r"got 3 rows for 2, ids in only one of them 1: D2"):
        measure_coverage(times_of([[1.0, 2.0]]), demand_table([1, 1, 1]), 900.0)


def test_the_same_points_in_another_order_are_refused():
    with pytest.raises(InputError, match="in another order"):
        measure_coverage(times_of([[1.0, 2.0]]), demand_table([1, 1]).iloc[::-1].reset_index(drop=True), 900.0)


def test_a_demand_table_in_degrees_is_refused():
    with pytest.raises(CrsError, match="demand must be in a projected CRS in metres, got EPSG:4326"):
        measure_coverage(times_of([[1.0]]), demand_table([1]).set_crs(4326, allow_override=True), 900.0)


@pytest.mark.parametrize(("weight", "named"), [(np.nan, "finite"), (-1.0, "at least 0")])
def test_demand_that_is_no_weight_is_refused(weight, named):
    with pytest.raises(SchemaError, match=rf"demand.demand must be .*{named}.* 1: D1"):
        measure_coverage(times_of([[1.0, 2.0]]), demand_table([1, weight]), 900.0)


@settings(deadline=None)
@given(matrices(), CUTOFFS)
def test_coverage_equals_a_loop_over_every_pair(drawn, cutoff_s):
    dense, weights = drawn
    coverage = measure_coverage(times_of(dense), demand_table(weights), cutoff_s)
    seconds = dense.astype(np.float32)

    for place in range(dense.shape[1]):
        row = coverage.points.iloc[place]
        inside = [facility for facility in range(len(dense)) if seconds[facility, place] <= np.float32(cutoff_s)]
        assert row["n_facilities"] == len(inside)
        assert row["covered"] == bool(inside)
    for facility in range(len(dense)):
        row = coverage.facilities.iloc[facility]
        reached = [p for p in range(dense.shape[1]) if seconds[facility, p] <= np.float32(cutoff_s)]
        alone = [p for p in reached if sum(seconds[:, p] <= np.float32(cutoff_s)) == 1]
        assert row["catchment_demand"] == pytest.approx(sum(weights[p] for p in reached))
        assert row["exclusive_demand"] == pytest.approx(sum(weights[p] for p in alone))
        total = sum(weights[p] for p in reached)
        mean = sum(weights[p] * seconds[facility, p] for p in reached) / total if total else math.nan
        assert row["mean_time_s"] == pytest.approx(mean, nan_ok=True)
    covered = sum(weights[p] for p in range(len(weights)) if (seconds[:, p] <= np.float32(cutoff_s)).any())
    assert coverage.covered_demand == pytest.approx(covered)


@settings(deadline=None)
@given(matrices())
def test_the_nearest_facility_is_the_first_of_the_fastest(drawn):
    dense, _ = drawn
    nearest = assign_nearest(times_of(dense))
    seconds = dense.astype(np.float32)

    for place in range(dense.shape[1]):
        row = nearest.iloc[place]
        finite = [facility for facility in range(len(dense)) if np.isfinite(seconds[facility, place])]
        if not finite:
            assert pd.isna(row["facility_id"])
            assert np.isnan(row["time_s"])
            continue
        best = min(finite, key=lambda facility, place=place: (seconds[facility, place], facility))
        assert row["facility_id"] == f"F{best}"
        assert row["time_s"] == seconds[best, place]


@settings(deadline=None)
@given(matrices(most_facilities=5), st.integers(0, 5), CUTOFFS)
def test_one_more_facility_never_lowers_coverage(drawn, fewer, cutoff_s):
    dense, weights = drawn
    all_of_them = measure_coverage(times_of(dense), demand_table(weights), cutoff_s)
    some = measure_coverage(times_of(dense[:fewer]), demand_table(weights), cutoff_s)

    assert (some.covered <= all_of_them.covered).all()
    assert some.covered_demand <= all_of_them.covered_demand


@settings(deadline=None)
@given(matrices(), CUTOFFS, CUTOFFS)
def test_a_larger_cutoff_never_lowers_coverage(drawn, one, other):
    dense, weights = drawn
    shorter, longer = sorted((one, other))
    times = times_of(dense)

    short = measure_coverage(times, demand_table(weights), shorter)
    far = measure_coverage(times, demand_table(weights), longer)
    assert (short.covered <= far.covered).all()
    assert (short.facilities["catchment_demand"] <= far.facilities["catchment_demand"]).all()


@settings(deadline=None)
@given(matrices(), CUTOFFS)
def test_the_times_within_a_cutoff_are_the_pairs_up_to_it(drawn, cutoff_s):
    dense, _ = drawn
    shorter = times_of(dense).within(cutoff_s)

    assert shorter.limit_s == cutoff_s
    kept = np.where(dense.astype(np.float32) <= np.float32(cutoff_s), dense, np.inf)
    expected = times_of(kept)
    assert shorter.indptr.tolist() == expected.indptr.tolist()
    assert shorter.indices.tolist() == expected.indices.tolist()
    assert shorter.seconds.tolist() == expected.seconds.tolist()


@pytest.mark.parametrize(
    "dense",
    [
        pytest.param([[INF, INF], [10, 1000], [20, 30]], id="empty row at the start"),
        pytest.param([[10, 1000], [INF, INF], [INF, INF], [20, 30]], id="empty rows in the middle"),
        pytest.param([[10, 1000], [20, 30], [INF, INF]], id="empty row at the end"),
        pytest.param([[1000, 1000], [1000, 10], [1000, INF]], id="rows that become empty"),
        pytest.param([[INF, INF], [INF, INF]], id="no pairs"),
    ],
)
def test_rows_without_pairs_stay_empty_within_a_cutoff(dense):
    shorter = times_of(dense).within(900.0)

    assert np.diff(shorter.indptr).tolist() == [sum(second <= 900 for second in row) for row in dense]
    assert [(row.facility_id, row.demand_id) for row in shorter.to_frame().itertuples()] == [
        (f"F{f}", f"D{d}") for f, row in enumerate(dense) for d, second in enumerate(row) if second <= 900
    ]


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ({"indptr": np.array([0, 2])}, "indptr must have one row more than facility_ids"),
        ({"seconds": np.array([1.0], dtype=np.float32)}, r"indptr\[-1\] = 2 entries, got 2 and 1"),
        ({"indices": np.array([0, 7], dtype=np.int32)}, "between 0 and 1"),
    ],
)
def test_times_whose_arrays_do_not_fit_each_other_are_refused(broken, named):
    good = times_of([[1.0, INF], [INF, 2.0]])
    with pytest.raises(InputError, match=named):
        TravelTimes(**{**vars(good), **broken})


def test_a_pair_at_zero_seconds_is_a_pair():
    coverage = measure_coverage(times_of([[0.0, INF]]), demand_table([1, 1]), 900.0)

    assert coverage.covered.tolist() == [True, False]
    assert coverage.points["time_s"].iloc[0] == 0.0
