"""What a level offers, and satellites assigned to hubs, against all assignments there are."""

import itertools
import math
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from coverage_planner.coverage.hub_matching import NEVER, match_hubs
from coverage_planner.coverage.levels import Level, Levels, apply_levels, assign_hubs, mark_counting
from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.traveltime.times import travel_times
from drawn import CRS, draw_network
from drawn_times import make_times

HUB = Level("hub", ("rest", "water", "toilet"), "24/7", 40.0)
SATELLITE = Level("satellite", ("rest", "water"), "Mo-Su 08:00-20:00", 10.0)
LEVELS = {"hub": HUB, "satellite": SATELLITE}


def stations(rows, **columns):
    """Stations from (id, level, x, y)."""
    table = pd.DataFrame(rows, columns=["id", "level", "x", "y"])
    points = gpd.points_from_xy(table.pop("x"), table.pop("y"))
    return gpd.GeoDataFrame(table.astype({"id": object, "level": object}), geometry=points, crs=CRS).assign(**columns)


def texts(table, column):
    return [None if pd.isna(cell) else cell for cell in table[column]]


# --- what a level offers ---


def test_a_level_gives_only_what_a_station_does_not_say():
    table = stations(
        [("A", "hub", 0, 0), ("B", "satellite", 1, 0), ("C", "satellite", 2, 0), ("D", None, 3, 0)],
        services=["rest", None, " ; ", None],
        opening_hours=[None, "Mo 10:00-12:00", "", None],
        capacity=[np.nan, np.nan, 3.0, np.nan],
    )
    before = table.copy()
    filled = apply_levels(table, Levels(LEVELS))
    assert texts(filled, "services") == ["rest", "rest;water", "rest;water", None]
    assert texts(filled, "opening_hours") == ["24/7", "Mo 10:00-12:00", "Mo-Su 08:00-20:00", None]
    assert filled["capacity"].tolist()[:3] == [40.0, 10.0, 3.0]
    assert math.isnan(filled["capacity"][3])
    assert texts(filled, "level_filled") == [
        "opening_hours;capacity",
        "services;capacity",
        "services;opening_hours",
        None,
    ]
    pd.testing.assert_frame_equal(table, before)


def test_columns_that_the_table_lacks_come_from_the_levels():
    filled = apply_levels(stations([("A", "hub", 0, 0), ("B", None, 1, 0)]), Levels(LEVELS))
    assert texts(filled, "services") == ["rest;water;toilet", None]
    assert texts(filled, "opening_hours") == ["24/7", None]
    assert texts(filled, "level_filled") == ["services;opening_hours;capacity", None]
    assert filled["capacity"].dtype == np.float64


def test_a_level_that_says_nothing_fills_nothing():
    nothing = Levels({"hub": Level("hub"), "satellite": Level("satellite", capacity=0.0)})
    filled = apply_levels(stations([("A", "hub", 0, 0), ("B", "satellite", 1, 0)]), nothing)
    assert texts(filled, "services") == texts(filled, "opening_hours") == [None, None]
    assert texts(filled, "level_filled") == [None, "capacity"]
    assert filled["capacity"].tolist()[1] == 0.0


def test_proposed_sites_are_satellites_unless_said_otherwise():
    rows = [("A", "hub", 0, 0), ("B", None, 1, 0), ("C", None, 2, 0), ("D", "hub", 3, 0)]
    for proposed in ([False, False, True, True], pd.array([False, pd.NA, True, True], dtype="boolean")):
        table = stations(rows, proposed=proposed)
        assert texts(apply_levels(table, Levels(LEVELS)), "level") == ["hub", None, "satellite", "hub"]
        as_hubs = apply_levels(table, Levels(LEVELS), site_level="hub")
        assert texts(as_hubs, "level") == ["hub", None, "hub", "hub"]
        assert as_hubs["capacity"].tolist()[2] == 40.0
    without = table.drop(columns="level")
    assert texts(apply_levels(without, Levels(LEVELS)), "level") == [None, None, "satellite", "satellite"]


def test_an_empty_table_stays_empty():
    filled = apply_levels(stations([]), Levels(LEVELS))
    assert filled.empty
    assert {"services", "opening_hours", "capacity", "level_filled"} <= set(filled.columns)
    assigned = assign_hubs(filled, Levels(LEVELS, most_satellites=1))
    assert assigned.satellites.empty
    assert assigned.hubs.empty


def test_levels_of_the_planners_own():
    levels = Levels({**LEVELS, "point": Level("point", ("water",))}, most_satellites=1)
    table = stations([("A", "hub", 0, 0), ("B", "point", 1, 0), ("C", "satellite", 2, 0)])
    assert texts(apply_levels(table, levels), "services")[1] == "water"
    assert assign_hubs(table, levels).satellites["id"].tolist() == ["C"]


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ({"levels": {"hub": HUB}}, "levels must have 'hub' and 'satellite', got hub; add satellite"),
        ({"levels": {}}, "got none; add hub, satellite"),
        ({"levels": {"hub": SATELLITE, "satellite": HUB}}, "levels must stand under their own names"),
        ({"radius_m": -1.0}, "radius_m of a hub must be positive, got -1"),
        ({"radius_m": float("nan")}, "radius_m of a hub must be positive, got nan"),
        ({"radius_s": 0.0}, "radius_s of a hub must be positive, got 0"),
        ({"most_satellites": -1}, "most_satellites of a hub must be at least 0, got -1"),
    ],
)
def test_levels_that_cannot_be_are_refused(given_, message):
    with pytest.raises(ConfigError, match=message):
        Levels(**{"levels": LEVELS, **given_})


def test_stations_of_unknown_levels_are_named():
    table = stations([("A", "hub", 0, 0), ("B", "kiosk", 1, 0), ("C", "satelite", 2, 0)])
    for act in (apply_levels, assign_hubs):
        with pytest.raises(
            SchemaError, match=r"levels of stations must be among hub, satellite; not so in 2: B \(kiosk\), C"
        ):
            act(table, Levels(LEVELS))
    with pytest.raises(ConfigError, match="capacity of level 'hub' must be people at a time"):
        Level("hub", capacity=-1.0)
    with pytest.raises(ConfigError, match="the level of proposed sites must be one of hub, satellite, got 'kiosk'"):
        apply_levels(table.head(1), Levels(LEVELS), site_level="kiosk")


# --- satellites and hubs ---


def test_as_many_as_can_be_comes_before_the_nearest():
    """S1 must leave the hub next to it to S2, which has no other within 500 m.

    H2 ---300--- S1 -100- H1 ---400--- S2
    """
    table = stations(
        [("S1", "satellite", 300, 0), ("H1", "hub", 400, 0), ("S2", "satellite", 800, 0), ("H2", "hub", 0, 0)]
    )
    found = assign_hubs(table, Levels(LEVELS, most_satellites=1, radius_m=500.0))
    assert found.satellites.to_dict("list") == {
        "id": ["S1", "S2"], "hub_id": ["H2", "H1"], "distance_m": [300.0, 400.0],
        "time_s": pytest.approx([np.nan, np.nan], nan_ok=True),
        "nearest_hub_id": ["H1", "H1"], "nearest_hub_m": [100.0, 400.0], "lack": [None, None],
    }  # fmt: skip
    assert found.hubs.to_dict("list") == {
        "id": ["H1", "H2"], "n_satellites": [1, 1], "most_satellites": [1, 1], "mean_distance_m": [400.0, 300.0],
    }  # fmt: skip
    assert len(found.unassigned) == 0


def test_the_radius_itself_is_within():
    table = stations([("H", "hub", 0, 0), ("S1", "satellite", 300, 400), ("S2", "satellite", 0, 500.001)])
    found = assign_hubs(table, Levels(LEVELS, radius_m=500.0))
    assert texts(found.satellites, "hub_id") == ["H", None]
    assert texts(found.satellites, "lack") == [None, "no_hub_in_radius"]
    assert texts(assign_hubs(table, Levels(LEVELS)).satellites, "hub_id") == ["H", "H"]


def test_satellites_without_a_hub_are_listed_and_count_unless_said_otherwise():
    table = stations(
        [
            ("S1", "satellite", 100, 0),
            ("H", "hub", 0, 0),
            ("S2", "satellite", 50, 0),
            ("S3", "satellite", 9000, 0),
            ("X", None, 5, 0),
        ]
    )
    for counts in (True, False):
        levels = Levels(LEVELS, most_satellites=1, radius_m=1000.0, unassigned_count=counts)
        found = assign_hubs(table, levels)
        assert texts(found.satellites, "hub_id") == [None, "H", None]
        assert texts(found.satellites, "lack") == ["hubs_full", None, "no_hub_in_radius"]
        assert found.unassigned.tolist() == ["S1", "S3"]
        assert mark_counting(table, levels, found).tolist() == [counts, True, True, counts, True]


def test_equal_ones_go_in_the_order_of_the_table():
    """Four satellites at one place, three hubs equally far, the last with room for those the first two do not take."""
    table = stations(
        [(f"S{k}", "satellite", 0, 0) for k in range(4)]
        + [("H2", "hub", 100, 0), ("H0", "hub", 0, 100), ("H1", "hub", -100, 0)]
    )
    assert assign_hubs(table, Levels(LEVELS, most_satellites=2)).satellites["hub_id"].tolist() == [
        "H2",
        "H2",
        "H0",
        "H0",
    ]
    turned = table.iloc[[3, 2, 1, 0, 5, 6, 4]].reset_index(drop=True)
    assert assign_hubs(turned, Levels(LEVELS, most_satellites=1)).satellites["hub_id"].tolist()[:3] == [
        "H0",
        "H1",
        "H2",
    ]
    assert texts(assign_hubs(turned, Levels(LEVELS, most_satellites=1)).satellites, "hub_id")[3] is None


def test_travel_times_decide_where_there_is_a_radius_in_time():
    """H1 is nearer in a straight line, but across the river: 900 m to walk; H2 is 600 m along the street."""
    network = draw_network(
        {"A": (0, 0), "B": (400, 0), "C": (400, 100), "D": (0, 100), "E": (-600, 0)}, [("EABCD", {})]
    )
    table = stations([("H1", "hub", 0, 100), ("S", "satellite", 0, 0), ("H2", "hub", -600, 0)])
    hubs, satellites = table[table["level"] == "hub"], table[table["level"] == "satellite"]
    times = travel_times(network, hubs, satellites, mode="walk", limit_s=900.0, threads=1)
    within = {}
    for radius_s, radius_m in ((900.0, None), (675.0, None), (449.0, None), (900.0, 500.0), (600.0, 500.0)):
        found = assign_hubs(table, Levels(LEVELS, radius_s=radius_s, radius_m=radius_m), times=times).satellites
        within[radius_s, radius_m] = (texts(found, "hub_id")[0], found["time_s"][0], found["distance_m"][0])
    assert within[900.0, None] == within[675.0, None] == ("H2", 450.0, 600.0)
    assert within[900.0, 500.0] == ("H1", 675.0, 100.0)
    assert within[449.0, None][0] is within[600.0, 500.0][0] is None
    with pytest.raises(ConfigError, match="must be given where levels have a radius_s"):
        assign_hubs(table, Levels(LEVELS, radius_s=900.0))
    with pytest.raises(ConfigError, match="must be given only where levels have a radius_s"):
        assign_hubs(table, Levels(LEVELS, radius_m=900.0), times=times)
    with pytest.raises(ConfigError, match="at most the limit of the search"):
        assign_hubs(table, Levels(LEVELS, radius_s=901.0), times=times)
    with pytest.raises(InputError, match="must be the hubs and the satellites, in the order of the table"):
        assign_hubs(table.iloc[[2, 1, 0]], Levels(LEVELS, radius_s=900.0), times=times)


def test_satellites_need_a_hub_only_where_something_depends_on_it():
    table = stations([("S1", "satellite", 0, 0), ("S2", "satellite", 9, 0)])
    for bound in ({"most_satellites": 3}, {"radius_m": 9.0}, {"unassigned_count": False}):
        with pytest.raises(InputError, match=r"satellites must have hubs to belong to; got 2 satellites .* 2: S1, S2"):
            assign_hubs(table, Levels(LEVELS, **bound))
        assert assign_hubs(stations([("H", "hub", 0, 0)]), Levels(LEVELS, **bound)).hubs["n_satellites"].tolist() == [0]
        assert assign_hubs(stations([("X", None, 0, 0)]), Levels(LEVELS, **bound)).satellites.empty
    found = assign_hubs(table, Levels(LEVELS)).satellites
    assert texts(found, "hub_id") == texts(found, "nearest_hub_id") == [None, None]


# --- against all assignments ---


def best_of_all(satellites, hubs, most, cost):
    """Go through all assignments: most satellites, then least total, then first in order; a list of hubs, -1 for none.

    `cost` tells what a satellite costs with a hub, None where it may not be.
    """
    best, best_key = None, None
    for choice in itertools.product([*range(hubs), -1], repeat=satellites):
        total, lonely, possible = 0, 0, True
        for satellite, hub in enumerate(choice):
            if hub == -1:
                lonely += 1
            elif cost(satellite, hub) is None:
                possible = False
            else:
                total += cost(satellite, hub)
        for hub in range(hubs):
            if most is not None and sum(1 for chosen in choice if chosen == hub) > most:
                possible = False
        order = [hubs if hub == -1 else hub for hub in choice]
        if possible and (best_key is None or (lonely, total, order) < best_key):
            best, best_key = list(choice), (lonely, total, order)
    return best


coarse = st.tuples(st.integers(0, 3), st.integers(0, 3))
fine = st.tuples(st.floats(0, 300, allow_subnormal=False), st.floats(0, 300, allow_subnormal=False))


@settings(max_examples=40)
@given(
    satellites=st.lists(st.one_of(coarse, fine), max_size=5),
    hubs=st.lists(st.one_of(coarse, fine), min_size=1, max_size=3),
    most=st.sampled_from([None, 0, 1, 2, 3]),
    radius_m=st.sampled_from([None, 1.0, 2.0, 150.0]),
)
def test_no_assignment_is_better_by_straight_line(satellites, hubs, most, radius_m):
    def millimetres(satellite, hub):
        (x, y), (hx, hy) = satellites[satellite], hubs[hub]
        length = round(math.hypot(x - hx, y - hy) * 1000)
        return length if radius_m is None or length <= radius_m * 1000 else None

    rows = [(f"S{k}", "satellite", *place) for k, place in enumerate(satellites)]
    rows += [(f"H{k}", "hub", *place) for k, place in enumerate(hubs)]
    found = assign_hubs(stations(rows), Levels(LEVELS, most_satellites=most, radius_m=radius_m))
    best = best_of_all(len(satellites), len(hubs), most, millimetres)
    assert texts(found.satellites, "hub_id") == [None if hub < 0 else f"H{hub}" for hub in best]
    lengths = [millimetres(k, hub) / 1000 for k, hub in enumerate(best) if hub >= 0]
    assert found.satellites["distance_m"].dropna().tolist() == lengths
    assert found.hubs["n_satellites"].tolist() == [best.count(hub) for hub in range(len(hubs))]
    for hub, mean_m in enumerate(found.hubs["mean_distance_m"]):
        own = [millimetres(k, chosen) for k, chosen in enumerate(best) if chosen == hub]
        assert mean_m == sum(own) / (1000 * len(own)) if own else math.isnan(mean_m)
    for lack, hub, satellite in zip(texts(found.satellites, "lack"), best, range(len(best)), strict=True):
        near = [millimetres(satellite, h) is not None for h in range(len(hubs))]
        assert lack == (None if hub >= 0 else "hubs_full" if any(near) else "no_hub_in_radius")


@settings(max_examples=40)
@given(
    seconds=st.lists(
        st.lists(st.sampled_from([0.0, 1.0, 1.001, 2.0, 300.0, 301.0, 5000.0, np.nan]), min_size=5, max_size=5),
        min_size=1,
        max_size=3,
    ),
    n=st.integers(1, 5),
    most=st.sampled_from([None, 1, 2, 3]),
    radius_m=st.sampled_from([None, 2.0]),
)
def test_no_assignment_is_better_by_travel_time(seconds, n, most, radius_m):
    def milliseconds(satellite, hub):
        there = seconds[hub][satellite]
        if math.isnan(there) or there > 300.0 or (radius_m is not None and abs(satellite - hub) > radius_m):
            return None
        return round(there * 1000)

    rows = [(f"H{k}", "hub", k, 0) for k in range(len(seconds))] + [(f"S{k}", "satellite", k, 0) for k in range(n)]
    labels = [[label for label, level, *_ in rows if level == kind] for kind in ("hub", "satellite")]
    times = make_times([row[:n] for row in seconds], *labels, limit_s=900.0)
    levels = Levels(LEVELS, most_satellites=most, radius_s=300.0, radius_m=radius_m)
    found = assign_hubs(stations(rows), levels, times=times).satellites
    best = best_of_all(n, len(seconds), most, milliseconds)
    assert texts(found, "hub_id") == [None if hub < 0 else f"H{hub}" for hub in best]
    assert found["time_s"].dropna().tolist() == [milliseconds(k, hub) / 1000 for k, hub in enumerate(best) if hub >= 0]


@pytest.mark.parametrize(
    ("cost", "most", "hubs"),
    [
        # S0 can have H1 for 1 more if S1, at H0 for 1, takes the place at H2 that S0 leaves; H0 is then free
        ([[2, 1, 0], [1, NEVER, 0]], 1, [1, 2]),
        # S1 can have H0 for 1 less if S2 leaves it for 1 more, and takes a free place at H2
        ([[0, 0, 0], [1, 2, 2], [0, 2, 1], [2, NEVER, NEVER]], 2, [1, 0, 2, 0]),
        ([[2, 2, 1], [NEVER, 0, 2], [0, NEVER, 0], [0, 0, 2], [0, 1, 0]], 2, [2, 1, 0, 0, 2]),
    ],
)
def test_free_places_take_part_in_the_order_of_the_table(cost, most, hubs):
    def whole(satellite, hub):
        return None if cost[satellite][hub] == NEVER else cost[satellite][hub]

    assert best_of_all(len(cost), len(cost[0]), most, whole) == hubs
    assert match_hubs(np.array(cost, dtype=np.int64), most).tolist() == hubs


def test_without_ties_the_order_of_the_table_changes_nothing():
    rng = np.random.default_rng(3)
    rows = [
        (f"{kind}{k}", {"S": "satellite", "H": "hub"}[kind], *rng.uniform(0, 9000, 2))
        for kind, n in (("S", 60), ("H", 8))
        for k in range(n)
    ]
    levels = Levels(LEVELS, most_satellites=6, radius_m=4000.0)
    found = assign_hubs(stations(rows), levels).satellites.set_index("id").sort_index()
    mixed = stations([rows[k] for k in rng.permutation(len(rows))])
    pd.testing.assert_frame_equal(assign_hubs(mixed, levels).satellites.set_index("id").sort_index(), found)
    assert found["hub_id"].isna().sum() >= 12


@pytest.mark.parametrize("step", [1, 2_000_000])
def test_totals_of_larger_cases_are_those_of_scipy(step):
    """The Hungarian method over one column per place and one per satellite without a hub; also with many ties."""
    rng = np.random.default_rng(step)
    satellites, hubs = rng.integers(0, 10_000_000 // step, (120, 2)), rng.integers(0, 10_000_000 // step, (15, 2))
    distance = np.rint(np.linalg.norm(satellites[:, None] - hubs[None], axis=2)).astype(np.int64)
    for most, share in ((8, 1.0), (7, 1.0), (10, 0.15), (9, 0.05)):
        cost = np.where(distance <= np.quantile(distance, share), distance, NEVER)
        nobody = int(distance.max()) * 121
        places = np.repeat(np.where(cost < NEVER, cost, nobody * 200), most, axis=1)
        table = np.column_stack((places, np.full((120, 120), nobody)))
        rows, columns = linear_sum_assignment(table)
        hub = match_hubs(cost, most)
        total = int(cost[np.flatnonzero(hub >= 0), hub[hub >= 0]].sum())
        assert total + nobody * int((hub < 0).sum()) == int(table[rows, columns].sum())
        assert np.bincount(hub[hub >= 0], minlength=15).max() <= most


def test_costs_that_cannot_be_added_up_are_refused():
    with pytest.raises(InputError, match="must add up to less than"):
        match_hubs(np.full((4, 2), 2**57, dtype=np.int64), 1)


@pytest.mark.slow
def test_five_hundred_satellites_and_sixty_hubs_take_a_second():
    rng = np.random.default_rng(5)
    rows = [
        (f"{kind}{k}", level, *rng.uniform(0, 20_000, 2))
        for kind, level, n in (("S", "satellite", 500), ("H", "hub", 60))
        for k in range(n)
    ]
    table = stations(rows)
    for radius_m in (None, 4000.0, 2000.0):
        started = time.perf_counter()
        found = assign_hubs(table, Levels(LEVELS, most_satellites=8, radius_m=radius_m))
        assert time.perf_counter() - started < 5.0
        assert len(found.unassigned) >= 20
