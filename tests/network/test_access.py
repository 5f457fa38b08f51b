"""The table of access rules, case by case, and what must hold for any tags."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.network.access import (
    BY_PERMISSION,
    CLASS_ACCESS,
    KEEPS_OUT,
    LETS_THROUGH,
    ONEWAY_VALUES,
    TAG_ORDER,
    barrier_blocks,
    rate_segments,
    snappable,
    unknown_classes,
)
from coverage_planner.network.modes import DEFAULT_MODES, PRESET_MODES, Mode
from coverage_planner.schema import NODE_TAGS, ROAD_TAGS

WALK, BICYCLE, DRIVE = (DEFAULT_MODES[name] for name in ("walk", "bicycle", "drive"))
COURIER, EBIKE = PRESET_MODES["courier"], PRESET_MODES["ebike"]
TRUCK = PRESET_MODES["truck"]
FAMILIES = {"foot": WALK, "bicycle": BICYCLE, "motorcar": DRIVE}
EVERY_FAMILY = {**FAMILIES, "hgv": TRUCK}


def rate(mode: Mode, **tags: str) -> tuple[float, float]:
    """Rate one segment; a double underscore stands for the colon of a tag."""
    row = pd.DataFrame({name.replace("__", ":"): [value] for name, value in tags.items()})
    forward, backward = rate_segments(row, mode)
    return forward[0], backward[0]


def ways(mode: Mode, **tags: str) -> str:
    """'both', 'forward', 'backward' or 'none'."""
    forward, backward = (not np.isnan(speed) for speed in rate(mode, **tags))
    return {(True, True): "both", (True, False): "forward", (False, True): "backward"}.get((forward, backward), "none")


@pytest.mark.parametrize(
    ("highway", "foot", "bicycle", "motorcar"),
    [
        ("motorway", "none", "none", "forward"),
        ("motorway_link", "none", "none", "both"),
        ("trunk", "both", "both", "both"),
        ("primary", "both", "both", "both"),
        ("residential", "both", "both", "both"),
        ("living_street", "both", "both", "both"),
        ("service", "both", "both", "both"),
        ("road", "both", "both", "both"),
        ("track", "both", "both", "none"),
        ("path", "both", "both", "none"),
        ("cycleway", "both", "both", "none"),
        ("footway", "both", "none", "none"),
        ("pedestrian", "both", "none", "none"),
        ("steps", "both", "none", "none"),
        ("corridor", "both", "none", "none"),
        ("elevator", "both", "none", "none"),
        ("bridleway", "both", "none", "none"),
        ("platform", "none", "none", "none"),
        ("busway", "none", "none", "none"),
        ("construction", "none", "none", "none"),
        ("proposed", "none", "none", "none"),
        ("bus_stop", "none", "none", "none"),
        ("Residential ", "both", "both", "both"),
        ("unclassified;tertiary", "both", "both", "both"),
    ],
)
def test_class_decides_where_no_tag_does(highway, foot, bicycle, motorcar):
    assert [ways(mode, highway=highway) for mode in FAMILIES.values()] == [foot, bicycle, motorcar]


@pytest.mark.parametrize(
    ("tags", "foot", "bicycle", "motorcar"),
    [
        # the most specific tag first
        ({"highway": "residential", "access": "no"}, 0, 0, 0),
        ({"highway": "residential", "access": "no", "foot": "yes"}, 1, 0, 0),
        ({"highway": "residential", "access": "no", "bicycle": "designated"}, 0, 1, 0),
        ({"highway": "residential", "vehicle": "no"}, 1, 0, 0),
        ({"highway": "residential", "vehicle": "no", "bicycle": "yes"}, 1, 1, 0),
        ({"highway": "residential", "motor_vehicle": "no"}, 1, 1, 0),
        ({"highway": "residential", "motor_vehicle": "no", "motorcar": "yes"}, 1, 1, 1),
        ({"highway": "residential", "motorcar": "no", "motor_vehicle": "yes"}, 1, 1, 0),
        ({"highway": "residential", "access": "yes", "vehicle": "private"}, 1, 0, 0),
        ({"highway": "trunk", "foot": "no", "bicycle": "no"}, 0, 0, 1),
        ({"highway": "trunk", "motorroad": "yes"}, 0, 0, 1),
        ({"highway": "trunk", "motorroad": "no"}, 1, 1, 1),
        ({"highway": "trunk", "motorroad": "yes", "bicycle": "yes"}, 0, 1, 1),
        # what each value means
        ({"highway": "service", "access": "private"}, 0, 0, 0),
        ({"highway": "service", "access": "residents"}, 0, 0, 0),
        ({"highway": "service", "access": "destination"}, 1, 1, 1),
        ({"highway": "service", "access": "customers"}, 1, 1, 1),
        ({"highway": "service", "access": "delivery"}, 1, 1, 1),
        ({"highway": "service", "access": "permissive"}, 1, 1, 1),
        ({"highway": "track", "motor_vehicle": "agricultural"}, 1, 1, 0),
        ({"highway": "track", "motor_vehicle": "yes"}, 1, 1, 1),
        ({"highway": "primary", "foot": "use_sidepath", "bicycle": "use_sidepath"}, 1, 1, 1),
        ({"highway": "primary", "sidewalk": "separate"}, 1, 1, 1),
        # access=yes says nothing about who fits on a footway; a specific tag does
        ({"highway": "footway", "access": "yes"}, 1, 0, 0),
        ({"highway": "motorway_link", "access": "yes"}, 0, 0, 1),
        ({"highway": "footway", "bicycle": "yes"}, 1, 1, 0),
        ({"highway": "pedestrian", "bicycle": "permissive", "motor_vehicle": "delivery"}, 1, 1, 1),
        ({"highway": "pedestrian", "vehicle": "yes"}, 1, 1, 1),
        ({"highway": "cycleway", "foot": "no"}, 0, 1, 0),
        ({"highway": "cycleway", "foot": "designated"}, 1, 1, 0),
        ({"highway": "platform", "foot": "yes"}, 1, 0, 0),
        ({"highway": "busway", "bicycle": "yes"}, 0, 1, 0),
        ({"highway": "steps", "bicycle": "yes"}, 1, 1, 0),
        # lists let through whoever one value lets through; unknown values leave it to the next tag
        ({"highway": "service", "access": "private;delivery"}, 1, 1, 1),
        ({"highway": "service", "access": "agricultural;forestry"}, 0, 0, 0),
        ({"highway": "service", "bicycle": "designated; yes", "access": "no"}, 0, 1, 0),
        ({"highway": "service", "foot": "bridge", "access": "no"}, 0, 0, 0),
        ({"highway": "service", "foot": "bridge"}, 1, 1, 1),
        ({"highway": "service", "access": "conditional=yes @ (Mo-Fr 08:00-20:00)"}, 1, 1, 1),
        ({"highway": "service", "access": " NO "}, 0, 0, 0),
        ({"highway": "service", "access": ""}, 1, 1, 1),
        # nothing opens what is not built; a ferry is no street
        ({"highway": "construction", "foot": "yes", "access": "yes"}, 0, 0, 0),
        ({"route": "ferry", "foot": "yes", "motor_vehicle": "yes"}, 0, 0, 0),
        ({"highway": "residential", "route": "ferry"}, 1, 1, 1),
        # what has no say
        ({"highway": "pedestrian", "area": "yes"}, 1, 0, 0),
        ({"highway": "corridor", "indoor": "yes"}, 1, 0, 0),
    ],
)
def test_tags_decide_who_may_use_a_street(tags, foot, bicycle, motorcar):
    allowed = [ways(mode, **tags) != "none" for mode in FAMILIES.values()]
    assert allowed == [bool(foot), bool(bicycle), bool(motorcar)]


@pytest.mark.parametrize(
    ("tags", "bicycle", "motorcar"),
    [
        ({"oneway": "yes"}, "forward", "forward"),
        ({"oneway": "true"}, "forward", "forward"),
        ({"oneway": "1"}, "forward", "forward"),
        ({"oneway": "-1"}, "backward", "backward"),
        ({"oneway": "reverse"}, "backward", "backward"),
        ({"oneway": "no"}, "both", "both"),
        ({"oneway": "reversible"}, "both", "both"),
        ({"oneway": "alternating"}, "both", "both"),
        ({"oneway": "fix me"}, "both", "both"),
        ({"junction": "roundabout"}, "forward", "forward"),
        ({"junction": "circular"}, "forward", "forward"),
        ({"junction": "roundabout", "oneway": "no"}, "forward", "forward"),
        ({"junction": "roundabout", "oneway": "-1"}, "backward", "backward"),
        ({"junction": "roundabout", "oneway": "no", "oneway__bicycle": "no"}, "both", "forward"),
        ({"junction": "roundabout", "oneway": "fix me"}, "forward", "forward"),
        ({"junction": "approach"}, "both", "both"),
        ({"oneway": "yes", "oneway__bicycle": "no"}, "both", "forward"),
        ({"oneway": "-1", "oneway__bicycle": "no"}, "both", "backward"),
        ({"oneway": "yes", "oneway__bicycle": "opposite"}, "both", "forward"),
        ({"oneway": "yes", "oneway__bicycle": "-1"}, "backward", "forward"),
        ({"oneway__bicycle": "yes"}, "forward", "both"),
        ({"oneway": "yes", "cycleway": "opposite"}, "both", "forward"),
        ({"oneway": "yes", "cycleway": "opposite_lane"}, "both", "forward"),
        ({"oneway": "yes", "cycleway__left": "opposite_track"}, "both", "forward"),
        ({"oneway": "yes", "cycleway__right": "opposite_lane"}, "both", "forward"),
        ({"oneway": "yes", "cycleway__both": "opposite_lane"}, "both", "forward"),
        ({"oneway": "yes", "cycleway__left": "opposite_lane", "oneway__bicycle": "yes"}, "forward", "forward"),
        ({"oneway": "yes", "cycleway__left": "lane"}, "forward", "forward"),
        ({"oneway": "yes", "bicycle": "dismount"}, "both", "forward"),
    ],
)
def test_oneway_binds_vehicles_and_not_walkers(tags, bicycle, motorcar):
    assert ways(BICYCLE, highway="residential", **tags) == bicycle
    assert ways(DRIVE, highway="residential", **tags) == motorcar
    assert ways(WALK, highway="residential", **tags) == "both"


@pytest.mark.parametrize(
    ("tags", "foot"),
    [
        ({"oneway__foot": "yes"}, "forward"),
        ({"oneway__foot": "-1"}, "backward"),
        ({"oneway__foot": "no", "conveying": "forward"}, "both"),
        ({"conveying": "forward"}, "forward"),
        ({"conveying": "backward"}, "backward"),
        ({"conveying": "reversible"}, "both"),
        ({"conveying": "yes"}, "both"),
        ({"conveying": "yes", "oneway": "yes"}, "forward"),
        ({"conveying": "yes", "oneway": "-1"}, "backward"),
        ({"oneway": "yes"}, "both"),
    ],
)
def test_only_escalators_and_oneway_foot_bind_walkers(tags, foot):
    assert ways(WALK, highway="steps", **tags) == foot


def test_motorway_is_oneway_unless_it_says_no():
    assert ways(DRIVE, highway="motorway", oneway="no") == "both"


@pytest.mark.parametrize(
    ("maxspeed", "free_kph"),
    [
        ("60", 60),
        ("60 km/h", 60),
        ("60.0", 60),
        ("40 mph", 40 * 1.609344),
        ("40mph", 40 * 1.609344),
        ("50; 40", 40),
        ("90;30;90", 30),
        ("80|60", 60),
        ("signals;50", 50),
        ("walk", 5),
        ("none", 30),
        ("CN:urban", 30),
        ("signals", 30),
        ("0", 30),
        ("600", 30),
        ("", 30),
    ],
)
def test_car_speed_is_maxspeed_times_the_urban_factor(maxspeed, free_kph):
    assert rate(DRIVE, highway="residential", maxspeed=maxspeed) == pytest.approx((free_kph * 0.6,) * 2)


def test_car_speed_falls_back_to_the_class_and_then_to_the_mode():
    van = Mode("van", "motorcar", 25.0, class_speeds_kph={"primary": 60.0, "road": 33.0}, urban_factor=0.5)
    assert rate(van, highway="primary") == (30.0, 30.0)
    assert rate(van, highway="tertiary") == (12.5, 12.5)
    assert rate(van, name="a street without a class") == (16.5, 16.5)
    assert rate(Mode("cart", "motorcar", 25.0), name="a street without a class") == (25.0, 25.0)


@pytest.mark.parametrize(
    ("tags", "car", "truck"),
    [
        ({"highway": "residential"}, "both", "both"),
        ({"highway": "motorway"}, "forward", "forward"),
        ({"highway": "footway"}, "none", "none"),
        ({"highway": "primary", "oneway": "yes"}, "forward", "forward"),
        ({"highway": "trunk", "motorroad": "yes"}, "both", "both"),
        ({"highway": "primary", "hgv": "no"}, "both", "none"),
        ({"highway": "primary", "hgv": "designated", "motor_vehicle": "no"}, "none", "both"),
        ({"highway": "primary", "hgv": "delivery"}, "both", "both"),
        ({"highway": "primary", "motorcar": "no"}, "none", "both"),
        ({"highway": "primary", "motor_vehicle": "no"}, "none", "none"),
        ({"highway": "service", "access": "private"}, "none", "none"),
        ({"highway": "service", "access": "private", "hgv": "yes"}, "none", "both"),
        ({"highway": "primary", "hgv": "no @ (07:00-20:00)"}, "both", "both"),
    ],
)
def test_trucks_follow_their_own_tag_first(tags, car, truck):
    assert [ways(mode, **tags) for mode in (DRIVE, TRUCK)] == [car, truck]


def test_trucks_keep_to_their_own_limit_and_fit_under_nothing_low():
    assert rate(TRUCK, highway="motorway", maxspeed="120", oneway="no") == (50.0, 50.0)  # 100 km/h x 0.5
    assert rate(TRUCK, highway="primary", maxspeed="70") == (35.0, 35.0)
    assert rate(TRUCK, highway="residential") == (15.0, 15.0)
    barriers = pd.DataFrame({"barrier": ["gate", "height_restrictor", "archway", "bollard", "height_restrictor"],
                             "hgv": [None, None, None, None, "yes"]})  # fmt: skip
    assert barrier_blocks(barriers, TRUCK).tolist() == [False, True, True, True, False]
    assert barrier_blocks(barriers, DRIVE).tolist() == [False, False, False, True, False]


def test_walkers_and_riders_have_one_speed():
    assert rate(WALK, highway="steps", maxspeed="30") == (4.8, 4.8)
    assert rate(BICYCLE, highway="residential", maxspeed="5") == (12.0, 12.0)
    assert rate(DEFAULT_MODES["ebike"], highway="cycleway") == (15.0, 15.0)


def test_pushed_bicycle_moves_at_walking_speed():
    assert rate(BICYCLE, highway="footway", bicycle="dismount") == (4.8, 4.8)
    assert rate(BICYCLE, highway="footway", bicycle="dismount;yes") == (12.0, 12.0)
    slow = Mode("cargo", "bicycle", 4.0)
    assert rate(slow, highway="footway", bicycle="dismount") == (4.0, 4.0)


def blocks(**tags: str) -> list[bool]:
    return [bool(barrier_blocks(pd.DataFrame({name: [value] for name, value in tags.items()}), mode)[0])
            for mode in FAMILIES.values()]  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "foot", "bicycle", "motorcar"),
    [
        ({"barrier": "gate"}, 1, 1, 1),
        ({"barrier": "lift_gate"}, 1, 1, 1),
        ({"barrier": "toll_booth"}, 1, 1, 1),
        ({"barrier": "kerb"}, 1, 1, 1),
        ({"barrier": "garage door"}, 1, 1, 1),
        ({"barrier": "no"}, 1, 1, 1),
        ({"barrier": "bollard"}, 1, 1, 0),
        ({"barrier": "cycle_barrier"}, 1, 1, 0),
        ({"barrier": "block"}, 1, 1, 0),
        ({"barrier": "jersey_barrier"}, 1, 1, 0),
        ({"barrier": "turnstile"}, 1, 0, 0),
        ({"barrier": "kissing_gate"}, 1, 0, 0),
        ({"barrier": "stile"}, 1, 0, 0),
        ({"barrier": "wall"}, 0, 0, 0),
        ({"barrier": "guard_rail"}, 1, 0, 0),
        ({"barrier": "fence"}, 0, 0, 0),
        ({"barrier": "yes"}, 1, 1, 0),
        ({"barrier": "something new"}, 1, 1, 0),
        ({"barrier": "gate", "access": "private"}, 0, 0, 0),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, 1, 0, 0),
        ({"barrier": "gate", "motor_vehicle": "no"}, 1, 1, 0),
        ({"barrier": "gate", "access": "customers"}, 1, 1, 1),
        ({"barrier": "bollard", "motorcar": "yes"}, 1, 1, 1),
        ({"barrier": "bollard", "bicycle": "no"}, 1, 0, 0),
        ({"barrier": "wall", "foot": "yes"}, 1, 0, 0),
        ({"barrier": "wall", "access": "yes"}, 1, 1, 1),
        ({"barrier": "cycle_barrier", "bicycle": "dismount"}, 1, 1, 0),
        ({"highway": "crossing", "access": "no"}, 1, 1, 1),
    ],
)
def test_barriers(tags, foot, bicycle, motorcar):
    assert blocks(**tags) == [not foot, not bicycle, not motorcar]


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({"highway": "residential"}, 15, 15),
        ({"highway": "footway"}, 4.8, 4.8),
        ({"highway": "pedestrian"}, 4.8, 4.8),
        ({"highway": "footway", "bicycle": "yes"}, 15, 15),
        ({"highway": "footway", "bicycle": "no"}, 4.8, 4.8),
        ({"highway": "footway", "bicycle": "dismount"}, 4.8, 4.8),
        ({"highway": "footway", "access": "private"}, None, None),
        ({"highway": "footway", "foot": "private"}, None, None),
        ({"highway": "footway", "oneway:foot": "yes"}, 4.8, None),
        ({"highway": "residential", "oneway": "yes"}, 15, 4.8),
        ({"highway": "residential", "oneway": "-1"}, 4.8, 15),
        ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, 15, 15),
        ({"highway": "residential", "oneway": "yes", "foot": "no"}, 15, None),
        ({"highway": "residential", "vehicle": "no"}, 4.8, 4.8),
        ({"highway": "trunk", "bicycle": "no"}, 4.8, 4.8),
        ({"highway": "trunk", "motorroad": "yes"}, None, None),
        ({"highway": "motorway"}, None, None),
        ({"highway": "cycleway", "foot": "no", "oneway": "yes"}, 15, None),
        ({"highway": "construction"}, None, None),
        # not on steps, in buildings, on moving pavements
        ({"highway": "steps"}, None, None),
        ({"highway": "steps", "bicycle": "yes"}, 15, 15),
        ({"highway": "steps", "bicycle": "dismount"}, 4.8, 4.8),
        ({"highway": "corridor"}, None, None),
        ({"highway": "elevator"}, None, None),
        ({"highway": "footway", "conveying": "forward"}, None, None),
        ({"highway": "footway", "conveying": "no"}, 4.8, 4.8),
    ],
)
def test_who_pushes_goes_where_people_walk(tags, forward, backward):
    row = pd.DataFrame({name: [value] for name, value in tags.items()})
    found = [None if np.isnan(kph[0]) else kph[0] for kph in rate_segments(row, COURIER)]
    assert found == [forward, backward]


def test_who_pushes_is_never_faster_than_who_rides():
    slow = Mode("slow", "bicycle", 4.0, pushing_speed_kph=4.8)
    assert rate(slow, highway="footway") == (4.0, 4.0)
    assert rate(Mode("p", "bicycle", 15.0, pushing_speed_kph=3.0), highway="path", bicycle="dismount") == (3.0, 3.0)


@pytest.mark.parametrize(
    ("tags", "riding", "pushing"),
    [
        ({"barrier": "gate"}, False, False),
        ({"barrier": "bollard", "bicycle": "no"}, True, False),
        ({"barrier": "gate", "vehicle": "no"}, True, False),
        ({"barrier": "gate", "access": "no"}, True, True),
        ({"barrier": "gate", "access": "no", "foot": "yes"}, True, False),
        ({"barrier": "turnstile"}, True, True),
        ({"barrier": "stile", "bicycle": "no", "foot": "yes"}, True, True),
        ({"barrier": "wall"}, True, True),
    ],
)
def test_a_tag_that_keeps_riders_out_does_not_stop_who_pushes(tags, riding, pushing):
    node = pd.DataFrame({name: [value] for name, value in tags.items()})
    assert barrier_blocks(node, DEFAULT_MODES["ebike"]).tolist() == [riding]
    assert barrier_blocks(node, COURIER).tolist() == [pushing]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "motorway"}, False),
        ({"highway": "motorway_link"}, False),
        ({"highway": "footway", "tunnel": "yes"}, False),
        ({"highway": "footway", "tunnel": "building_passage"}, True),
        ({"highway": "residential", "tunnel": "no"}, True),
    ],
)
def test_snappable(tags, expected):
    assert snappable(pd.DataFrame({name: [value] for name, value in tags.items()})).tolist() == [expected]


def test_unknown_classes_are_counted():
    given_classes = pd.DataFrame({"highway": ["主干路", "residential", "主干路", "Primary", None, "proposed", "x"]})
    assert unknown_classes(given_classes).to_dict() == {"主干路": 2, "x": 1}
    assert unknown_classes(pd.DataFrame({"name": ["a"]})).empty


@pytest.mark.parametrize("mode", PRESET_MODES.values(), ids=lambda mode: mode.name)
def test_missing_columns_missing_values_and_no_rows(mode):
    plain = pd.DataFrame({"u": [1, 2, 3]})
    spelled = plain.assign(**{tag: pd.Series([None, pd.NA, np.nan], dtype=object) for tag in ROAD_TAGS})
    stringy = plain.assign(**{tag: pd.array([pd.NA] * 3, dtype="string") for tag in ROAD_TAGS})
    for table in (plain, spelled, stringy):
        forward, backward = rate_segments(table, mode)
        assert np.isfinite(forward).all()
        assert np.array_equal(forward, backward)
        assert snappable(table).all()
        assert not barrier_blocks(table, mode).any()
    empty = plain.head(0)
    assert [part.shape for part in rate_segments(empty, mode)] == [(0,), (0,)]
    assert barrier_blocks(empty, mode).dtype == bool
    assert snappable(empty).shape == (0,)


values_of = {
    "highway": [*CLASS_ACCESS, "construction", "unheard of"],
    **{
        tag: [*LETS_THROUGH, *KEEPS_OUT, "dismount", "no;yes", "bridge"]
        for order in TAG_ORDER.values()
        for tag in order
    },
    "oneway": [*ONEWAY_VALUES, "fix me"],
    "oneway:bicycle": [*ONEWAY_VALUES, "fix me"],
    "junction": ["roundabout", "circular", "yes"],
    "cycleway": ["lane", "opposite", "opposite_lane"],
    "cycleway:left": ["lane", "opposite_track"],
    "motorroad": ["yes", "no"],
    "maxspeed": ["50", "none", "20 mph"],
    "route": ["ferry", "bicycle"],
}
any_tags = st.fixed_dictionaries({}, optional={tag: st.sampled_from(values) for tag, values in values_of.items()})
families = st.sampled_from(list(EVERY_FAMILY))


def allowed(tags: dict[str, str], mode: Mode) -> np.ndarray:
    forward, backward = rate_segments(pd.DataFrame({"u": [0], **{tag: [value] for tag, value in tags.items()}}), mode)
    return ~np.isnan(np.concatenate([forward, backward]))


@given(tags=any_tags)
def test_a_courier_rides_where_an_ebike_does_and_pushes_where_else_people_walk(tags):
    row = pd.DataFrame({"u": [0], **{tag: [value] for tag, value in tags.items()}})
    for courier, ebike, walk in zip(*(rate_segments(row, mode) for mode in (COURIER, EBIKE, WALK)), strict=True):
        indoors = any(word in tags.get("highway", "") for word in ("steps", "elevator", "corridor"))
        expected = ebike if not np.isnan(ebike[0]) else np.full(1, np.nan) if indoors else walk
        assert np.array_equal(courier, expected, equal_nan=True)
    node = row.assign(barrier="bollard")
    assert barrier_blocks(node, COURIER) <= barrier_blocks(node, EBIKE)


@given(tags=any_tags, family=families, refusal=st.sampled_from(sorted(KEEPS_OUT)))
def test_a_refusal_in_the_most_specific_tag_shuts_the_street(tags, family, refusal):
    assert not allowed({**tags, TAG_ORDER[family][0]: refusal}, EVERY_FAMILY[family]).any()


@given(tags=any_tags, family=families, place=st.integers(0, 3))
def test_adding_a_no_never_opens_a_street(tags, family, place):
    order = TAG_ORDER[family]
    tag = order[min(place, len(order) - 1)]
    before = allowed({name: value for name, value in tags.items() if name != tag}, EVERY_FAMILY[family])
    after = allowed({**tags, tag: "no"}, EVERY_FAMILY[family])
    assert (after <= before).all()


@given(tags=any_tags, family=families)
def test_access_yes_changes_nothing_where_it_stands_alone(tags, family):
    without = {tag: value for tag, value in tags.items() if tag != "access"}
    mode = EVERY_FAMILY[family]
    assert np.array_equal(allowed({**without, "access": "yes"}, mode), allowed(without, mode))


@given(tags=any_tags)
def test_oneway_streets_never_bind_walkers(tags):
    forward, backward = allowed(tags, WALK)
    assert forward == backward


@given(rows=st.lists(any_tags, min_size=1, max_size=12), family=families)
def test_each_row_is_rated_by_itself(rows, family):
    mode = EVERY_FAMILY[family]
    table = pd.DataFrame(rows).assign(u=0)
    together = ~np.isnan(np.stack(rate_segments(table, mode)))
    assert np.array_equal(together.T, np.stack([allowed(row, mode) for row in rows]))


@given(tags=any_tags, barrier=st.sampled_from(["gate", "bollard", "wall", "yes"]), family=families)
def test_a_barrier_stops_whoever_its_own_tag_refuses(tags, barrier, family):
    node = {tag: value for tag, value in tags.items() if tag in NODE_TAGS and tag != "highway"}
    node |= {"barrier": barrier, TAG_ORDER[family][0]: "no"}
    assert barrier_blocks(pd.DataFrame({tag: [value] for tag, value in node.items()}), EVERY_FAMILY[family]).all()


def test_arguments_stay_as_they_are():
    table = pd.DataFrame({"highway": ["residential", "Footway"], "oneway": ["yes", None]})
    copy = table.copy(deep=True)
    rate_segments(table, BICYCLE)
    snappable(table)
    pd.testing.assert_frame_equal(table, copy)


def test_no_value_both_lets_through_and_keeps_out():
    assert not LETS_THROUGH & KEEPS_OUT
    assert BY_PERMISSION < KEEPS_OUT


def test_a_quarter_million_segments_take_less_than_a_second():
    rng = np.random.default_rng(7)
    classes = np.array(["residential", "footway", "service", "primary"], dtype=object)
    columns = {tag: pd.Series(rng.choice(["yes", "no", None], 250_000)) for tag in ROAD_TAGS}
    table = pd.DataFrame({**columns, "highway": rng.choice(classes, 250_000)})
    started = time.perf_counter()
    rate_segments(table, DRIVE)
    assert time.perf_counter() - started < 1.0
