"""Who may use a street, which way and how fast: the whole table of rules, for people to read and edit.

The rules follow the OpenStreetMap wiki ("Key:access", "OSM tags for routing/Access restrictions", "Key:oneway",
"Key:barrier", "Key:maxspeed"); where the wiki leaves a choice, the choice is named beside the table that makes it and
explained in ``docs/methods-network.md``. In short:

1. The most specific tag decides, then the next less specific one, then what the road class implies.
2. ``access=yes`` never opens a class that is closed to a mode: a footway with it is not a car road.
3. One-way streets bind vehicles, not people on foot.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.network.modes import Mode, Rules

# ---------------------------------------------------------------------------------------------------------------------
# The tables
# ---------------------------------------------------------------------------------------------------------------------

#: Tags that speak about a family of modes, the most specific first.
TAG_ORDER: Mapping[Rules, tuple[str, ...]] = {
    "foot": ("foot", "access"),
    "bicycle": ("bicycle", "vehicle", "access"),
    "motorcar": ("motorcar", "motor_vehicle", "vehicle", "access"),
    "hgv": ("hgv", "motor_vehicle", "vehicle", "access"),
}

_EVERYBODY: tuple[Rules, ...] = ("foot", "bicycle", "motorcar", "hgv")
_NO_TRUCKS: tuple[Rules, ...] = ("foot", "bicycle", "motorcar")
_NO_CARS: tuple[Rules, ...] = ("foot", "bicycle")
_ON_FOOT: tuple[Rules, ...] = ("foot",)
_CARS: tuple[Rules, ...] = ("motorcar", "hgv")
_NOBODY: tuple[Rules, ...] = ()

#: Families that may use a road class where no tag decides. A class that is not listed is closed, and `unknown_classes`
#: names it. Choices: trunk roads are open on foot and by bicycle unless ``motorroad=yes`` (in China they commonly have
#: pavements and lanes for bicycles; ``foot=no`` decides); people may walk on cycleways; bicycles use footways and
#: pedestrian streets only where a tag says so; platforms are closed (often behind a ticket barrier).
CLASS_ACCESS: Mapping[str, tuple[Rules, ...]] = {
    "motorway": _CARS, "motorway_link": _CARS,
    "trunk": _EVERYBODY, "trunk_link": _EVERYBODY,
    "primary": _EVERYBODY, "primary_link": _EVERYBODY,
    "secondary": _EVERYBODY, "secondary_link": _EVERYBODY,
    "tertiary": _EVERYBODY, "tertiary_link": _EVERYBODY,
    "unclassified": _EVERYBODY, "residential": _EVERYBODY, "living_street": _EVERYBODY,
    "service": _EVERYBODY, "road": _EVERYBODY,
    "track": _NO_CARS, "path": _NO_CARS, "trail": _NO_CARS, "cycleway": _NO_CARS,
    "footway": _ON_FOOT, "pedestrian": _ON_FOOT, "steps": _ON_FOOT, "corridor": _ON_FOOT, "elevator": _ON_FOOT,
    "bridleway": _ON_FOOT,
    "platform": _NOBODY, "busway": _NOBODY, "bus_guideway": _NOBODY, "raceway": _NOBODY, "escape": _NOBODY,
    "emergency_bay": _NOBODY, "emergency_access": _NOBODY, "services": _NOBODY, "rest_area": _NOBODY,
    "via_ferrata": _NOBODY, "ladder": _NOBODY,
}  # fmt: skip

#: The class of a street whose data name none: own road layers without a class column.
CLASS_WHEN_MISSING = "road"

#: Classes that are no street today; no tag opens them.
NOT_BUILT = frozenset(
    {"construction", "proposed", "planned", "abandoned", "razed", "demolished", "dismantled", "disused", "no"}
)

#: Routes over water: they run by a timetable that the data do not hold, so nobody gets over by them.
NOT_STREET_ROUTES = frozenset({"ferry"})

#: Values that let a family through. 'use_sidepath' means the parallel path of the same street: the way runs alongside,
#: so the street stays usable where that path is not drawn or not joined to the rest.
LETS_THROUGH = frozenset(
    {
        "yes", "designated", "permissive", "official", "public", "destination", "customers", "delivery", "discouraged",
        "use_sidepath", "true", "1",
    }
)  # fmt: skip

#: Values that ask for somebody's permission. They close a street: who rides for a living cannot count on it. Gated
#: compounds in China that let riders in are tagged 'destination', 'delivery' or 'customers', or not at all.
BY_PERMISSION = frozenset({"private", "residents", "permit"})

#: Values that keep a family out.
KEEPS_OUT = BY_PERMISSION | {
    "no", "agricultural", "forestry", "emergency", "military", "restricted", "staff",
    "employees", "bus", "psv", "taxi", "hov", "false", "0", "none",
}  # fmt: skip

#: The bicycle may be pushed, at walking speed.
PUSHED = frozenset({"dismount"})
#: Where one may walk but nobody pushes a bicycle, unless a tag opens it to bicycles: an e-bike of 55 kg (the most that
#: GB 17761-2018 allows) is not carried up steps, and doors and lifts of buildings are no place for it.
NOT_PUSHED_CLASSES = frozenset({"steps", "elevator", "corridor"})

#: Directions: 1 along the line, -1 against it, 0 both. Lanes that change direction during the day count as both.
ONEWAY_VALUES: Mapping[str, int] = {
    "yes": 1, "true": 1, "1": 1, "-1": -1, "reverse": -1, "no": 0, "false": 0, "0": 0,
    "reversible": 0, "alternating": 0, "opposite": 0,
}  # fmt: skip
#: Junctions and classes that are one-way without saying so (motorway links are not).
ONEWAY_JUNCTIONS = frozenset({"roundabout", "circular"})
ONEWAY_CLASSES = frozenset({"motorway"})
#: Lanes and tracks by which bicycles ride against a one-way street.
CONTRAFLOW = frozenset({"opposite", "opposite_lane", "opposite_track", "opposite_share_busway"})
CYCLEWAY_TAGS = ("cycleway", "cycleway:left", "cycleway:right", "cycleway:both")
#: Direction of escalators and moving pavements; 'yes' does not say which way, then ``oneway`` does.
CONVEYING_VALUES: Mapping[str, int] = {"forward": 1, "backward": -1, "reversible": 0}

#: Families that pass a barrier on which no tag decides. Gates of all kinds are taken to be open: a gate that stops
#: people is tagged ``access=private`` or ``no``.
BARRIER_PASSAGE: Mapping[str, tuple[Rules, ...]] = {
    **dict.fromkeys(
        ("no", "gate", "lift_gate", "swing_gate", "sliding_gate", "sliding_beam", "bump_gate", "hampshire_gate",
         "entrance", "toll_booth", "border_control", "sally_port", "kerb", "cattle_grid",
         "checkpoint", "speed_bump", "door", "garage_door"),
        _EVERYBODY,
    ),
    **dict.fromkeys(("height_restrictor", "arch", "archway"), _NO_TRUCKS),
    **dict.fromkeys(
        ("bollard", "block", "jersey_barrier", "cycle_barrier", "motorcycle_barrier", "chain", "rope", "bus_trap",
         "sump_buster", "planter", "log", "debris", "bar", "barrier_board", "tyres", "vehicle_block",
         "vehicle_barrier", "wicket_gate"),
        _NO_CARS,
    ),
    **dict.fromkeys(
        ("kissing_gate", "turnstile", "full-height_turnstile", "full_height_turnstile", "stile", "horse_stile",
         "guard_rail", "handrail", "cable_barrier"),  # a path drawn across a rail is stepped over
        _ON_FOOT,
    ),
    **dict.fromkeys(
        ("wall", "city_wall", "retaining_wall", "fence", "hedge", "ditch"),
        _NOBODY,
    ),
}  # fmt: skip
#: Who passes a barrier of unknown kind, ``barrier=yes`` included: it stops cars, people find a way round.
UNKNOWN_BARRIER_PASSAGE: tuple[Rules, ...] = _NO_CARS

#: Streets that nobody can step onto from the side, and tunnels that are none for this purpose.
NOT_SNAPPABLE_CLASSES = frozenset({"motorway", "motorway_link"})
OPEN_TUNNELS = frozenset({"no", "building_passage", "passage", "covered", "arcade", "culvert", "false", "0"})

WALKING_MAXSPEED_KPH = 5.0
KPH_PER_UNIT: Mapping[str, float] = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": 1.609344, "knots": 1.852}
#: Trucks on motorways, whatever else a sign allows: Regulations on the Road Traffic Safety Law of China, article 78.
TRUCK_MAXSPEED_KPH = 100.0
#: Limits outside this range are slips of the mapper's pen; the class speed stands in.
MAXSPEED_RANGE_KPH = (3.0, 200.0)

# ---------------------------------------------------------------------------------------------------------------------
# Reading the tables
# ---------------------------------------------------------------------------------------------------------------------

_UNDECIDED, _OPEN, _PUSH, _SHUT = 0, 1, 2, 3
_NO_DIRECTION = 9  # a direction tag that is absent or says nothing known
_LIST_SEPARATOR = re.compile(r"[;|,]")
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z/]*)")


def rate_segments(segments: pd.DataFrame, mode: Mode) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Decide for each street whether a mode may use it, which way, and how fast.

    Parameters
    ----------
    segments
        Any of the columns `coverage_planner.schema.ROAD_TAGS`; columns that are absent and values that are missing
        say nothing.
    mode
        The mode: its family of rules and its speeds.

    Returns
    -------
    forward_kph, backward_kph
        Shapes (n,), float64: speed in km/h from u to v and from v to u; NaN where the mode may not go.

    Notes
    -----
    On foot and by bicycle the mode's speed holds on every street, steps included; a bicycle that must be pushed moves
    at ``mode.access_speed_kph`` and, being pushed, is not bound by one-way rules. A mode with a ``pushing_speed_kph``
    gets off of its own accord: in every direction in which it may not ride but people on foot may go, save on
    `NOT_PUSHED_CLASSES` and escalators, it goes on at that speed. By car the speed is ``maxspeed``,
    else that of the class, else ``mode.speed_kph``, times ``mode.urban_factor``; by truck no more than
    `TRUCK_MAXSPEED_KPH` before the factor.
    """
    verdict = _access(segments, mode.rules)
    speed_kph = _speeds(segments, mode, pushed=verdict == _PUSH)
    direction = _directions(segments, mode.rules)
    direction[verdict == _PUSH] = 0
    allowed = verdict != _SHUT
    forward = np.where(allowed & (direction >= 0), speed_kph, np.nan)
    backward = np.where(allowed & (direction <= 0), speed_kph, np.nan)
    if mode.pushing_speed_kph is None:
        return forward, backward
    return _push_where_closed(segments, forward, backward, min(mode.pushing_speed_kph, mode.speed_kph))


def _push_where_closed(
    segments: pd.DataFrame, forward: NDArray[np.float64], backward: NDArray[np.float64], pushing_kph: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Open the directions that are closed to bicycles and open on foot, at the speed of who pushes."""
    on_foot = _access(segments, "foot") != _SHUT
    on_foot &= ~_read_tag(segments, "highway", lambda value: class_of(value) in NOT_PUSHED_CLASSES, missing=False)
    on_foot &= ~_read_tag(segments, "conveying", lambda value: value != "no", missing=False)
    direction = _directions(segments, "foot")
    return (
        np.where(np.isnan(forward) & on_foot & (direction >= 0), pushing_kph, forward),
        np.where(np.isnan(backward) & on_foot & (direction <= 0), pushing_kph, backward),
    )


def barrier_blocks(nodes: pd.DataFrame, mode: Mode) -> NDArray[np.bool_]:
    """Decide for each node whether a barrier on it stops a mode.

    A tag on the node decides first, the most specific one before the others; then the kind of barrier. Nodes without a
    barrier stop nobody, whatever else they are tagged with. Who pushes a bicycle passes also where tags let people on
    foot through and the barrier is of a kind that bicycles fit through.

    Parameters
    ----------
    nodes
        Any of the columns `coverage_planner.schema.NODE_TAGS`.
    mode
        The mode.

    Returns
    -------
    numpy.ndarray
        Shape (n,), bool: True where the mode cannot pass.
    """
    verdict = _decide(nodes, mode.rules)
    is_barrier = _read_tag(nodes, "barrier", lambda _: True, missing=False)

    def stops(value: str) -> bool:
        kind = value.replace(" ", "_")
        return mode.rules not in BARRIER_PASSAGE.get(kind, UNKNOWN_BARRIER_PASSAGE)

    stopped = _read_tag(nodes, "barrier", stops, missing=False)
    if mode.pushing_speed_kph is not None:
        on_foot = _decide(nodes, "foot")
        verdict = np.where((verdict == _SHUT) & (on_foot != _SHUT) & ~stopped, _PUSH, verdict)
    return np.asarray(is_barrier & np.where(verdict == _UNDECIDED, stopped, verdict == _SHUT), dtype=bool)


def snappable(segments: pd.DataFrame) -> NDArray[np.bool_]:
    """Say where one can step onto a street from a place beside it: not in a tunnel, not on a motorway.

    Parameters
    ----------
    segments
        Any of the columns ``highway`` and ``tunnel``. Passages through buildings are open to the side.

    Returns
    -------
    numpy.ndarray
        Shape (n,), bool.
    """
    in_tunnel = _read_tag(segments, "tunnel", lambda value: value not in OPEN_TUNNELS, missing=False)
    on_motorway = _read_tag(segments, "highway", lambda value: class_of(value) in NOT_SNAPPABLE_CLASSES, missing=False)
    return np.asarray(~(in_tunnel | on_motorway), dtype=bool)


def unknown_classes(segments: pd.DataFrame) -> pd.Series:
    """Count the streets of each road class that the table does not know; they are closed to every mode.

    Parameters
    ----------
    segments
        Column ``highway``, if any.

    Returns
    -------
    pandas.Series
        Class -> number of segments, the most frequent first; empty where all classes are known.
    """
    if "highway" not in segments:
        return pd.Series(dtype="int64", name="segments")
    counts = segments["highway"].dropna().astype(str).value_counts().rename("segments")
    known = [class_of(_clean(value)) in CLASS_ACCESS or _clean(value) in NOT_BUILT for value in counts.index]
    return counts[~np.asarray(known, dtype=bool)]


def _clean(value: object) -> str:
    return str(value).strip().lower()


def _read_tag(table: pd.DataFrame, tag: str, read: Callable[[str], object], *, missing: object) -> NDArray:  # type: ignore[type-arg]
    """Read a tag of every row, each distinct value once; empty text counts as missing."""
    if tag not in table:
        return np.full(len(table), missing)
    codes, values = pd.factorize(table[tag])  # missing values have code -1: the last entry of the lookup
    texts = [_clean(value) for value in values]
    return np.asarray([*(read(text) if text else missing for text in texts), missing])[codes]


def _said(value: str, *, may_push: bool) -> int:
    """Read one value of an access tag; a list lets through whoever one of its values lets through."""
    parts = {part.strip() for part in value.split(";")}
    if parts & LETS_THROUGH:
        return _OPEN
    if may_push and parts & PUSHED:
        return _PUSH
    return _SHUT if parts & KEEPS_OUT else _UNDECIDED


def _decide(table: pd.DataFrame, rules: Rules, *, general_opens: bool = True) -> NDArray[np.int8]:
    """Ask the tags, the most specific first; a value that says nothing known leaves the decision to the next."""
    verdict = np.full(len(table), _UNDECIDED, dtype=np.int8)
    for tag in TAG_ORDER[rules]:
        may_push = tag == "bicycle"
        said = _read_tag(table, tag, lambda value, may_push=may_push: _said(value, may_push=may_push), missing=0)  # type: ignore[misc]
        if tag == "access" and not general_opens:
            said = np.where(said == _OPEN, _UNDECIDED, said)
        verdict = np.where(verdict == _UNDECIDED, said, verdict).astype(np.int8)
    return verdict


def class_of(value: str) -> str:
    """Return the road class of a value in small letters; of a list ``a;b``, the first class known."""
    parts = [part.strip() for part in value.split(";")]
    return next((part for part in parts if part in CLASS_ACCESS), parts[0])


def _access(segments: pd.DataFrame, rules: Rules) -> NDArray[np.int8]:
    """Return for each segment whether it is open, to be pushed on, or shut."""
    verdict = _decide(segments, rules, general_opens=False)
    class_opens = _read_tag(
        segments,
        "highway",
        lambda value: rules in CLASS_ACCESS.get(class_of(value), _NOBODY),
        missing=rules in CLASS_ACCESS[CLASS_WHEN_MISSING],
    )
    if rules not in _CARS:
        class_opens = class_opens & ~_read_tag(segments, "motorroad", lambda value: value == "yes", missing=False)
    verdict = np.where(verdict == _UNDECIDED, np.where(class_opens, _OPEN, _SHUT), verdict)
    no_class = _read_tag(segments, "highway", lambda _: False, missing=True)
    not_built = _read_tag(segments, "highway", lambda value: value in NOT_BUILT, missing=False)
    over_water = no_class & _read_tag(segments, "route", lambda value: value in NOT_STREET_ROUTES, missing=False)
    return np.where(not_built | over_water, _SHUT, verdict).astype(np.int8)


def _directions(segments: pd.DataFrame, rules: Rules) -> NDArray[np.int8]:
    """Return for each segment 1 (only from u to v), -1 (only from v to u) or 0 (both)."""

    def read(tag: str, values: Mapping[str, int]) -> NDArray[np.int8]:
        said = _read_tag(segments, tag, lambda value: values.get(value, _NO_DIRECTION), missing=_NO_DIRECTION)
        return said.astype(np.int8)

    def first(*said: NDArray[np.int8]) -> NDArray[np.int8]:
        decided = said[0]
        for following in said[1:]:
            decided = np.where(decided == _NO_DIRECTION, following, decided)
        return np.where(decided == _NO_DIRECTION, 0, decided).astype(np.int8)

    oneway = read("oneway", ONEWAY_VALUES)
    if rules == "foot":
        conveys = _read_tag(segments, "conveying", lambda value: value == "yes", missing=False)
        of_escalator = np.where(conveys, oneway, _NO_DIRECTION).astype(np.int8)
        return first(read("oneway:foot", ONEWAY_VALUES), read("conveying", CONVEYING_VALUES), of_escalator)
    in_circle = _read_tag(segments, "junction", lambda value: value in ONEWAY_JUNCTIONS, missing=False)
    on_motorway = _read_tag(segments, "highway", lambda value: value in ONEWAY_CLASSES, missing=False)
    oneway = np.where(in_circle & (oneway == 0), 1, oneway).astype(np.int8)  # 'no' on a roundabout is a slip
    general = first(oneway, np.where(in_circle | on_motorway, 1, 0).astype(np.int8))
    if rules in _CARS:
        return general
    contraflow = np.zeros(len(segments), dtype=bool)
    for tag in CYCLEWAY_TAGS:
        contraflow |= _read_tag(segments, tag, lambda value: value in CONTRAFLOW, missing=False)
    return first(read("oneway:bicycle", ONEWAY_VALUES), np.where(contraflow, 0, general).astype(np.int8))


def _speeds(segments: pd.DataFrame, mode: Mode, *, pushed: NDArray[np.bool_]) -> NDArray[np.float64]:
    if not mode.drives:
        pushing_kph = mode.access_speed_kph if mode.pushing_speed_kph is None else mode.pushing_speed_kph
        return np.where(pushed, min(pushing_kph, mode.speed_kph), mode.speed_kph)
    of_class = _read_tag(
        segments,
        "highway",
        lambda value: float(mode.class_speeds_kph.get(class_of(value), mode.speed_kph)),
        missing=float(mode.class_speeds_kph.get(CLASS_WHEN_MISSING, mode.speed_kph)),
    )
    limit = _read_tag(segments, "maxspeed", _parse_maxspeed, missing=np.nan)
    free = np.where(np.isnan(limit), of_class, limit)
    return (np.minimum(free, TRUCK_MAXSPEED_KPH) if mode.rules == "hgv" else free) * mode.urban_factor


def _parse_maxspeed(value: str) -> float:
    """Read a speed limit in km/h; of a list the lowest; NaN where the value names no number ('none', 'cn:urban')."""
    speeds = []
    for part in _LIST_SEPARATOR.split(value):
        match = _SPEED.fullmatch(part.strip())
        if part.strip() == "walk":
            speeds.append(WALKING_MAXSPEED_KPH)
        elif match and match.group(2) in KPH_PER_UNIT:
            speeds.append(float(match.group(1)) * KPH_PER_UNIT[match.group(2)])
    plausible = [speed for speed in speeds if MAXSPEED_RANGE_KPH[0] <= speed <= MAXSPEED_RANGE_KPH[1]]
    return min(plausible, default=float("nan"))
