"""Which OpenStreetMap objects are streets, barriers on streets, and obstacles beside them."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from coverage_planner.schema import NODE_TAGS

#: Values of `highway` that nobody can travel on: not built, no longer there, a race track, or a place and not a way.
#: Corridors stay (public passages indoors are walked), and so do outlines of squares (`area=yes`): the edge of a square
#: is a way across it that joins the streets which end there.
NOT_STREETS = frozenset({
    "abandoned", "bus_guideway", "bus_stop", "construction", "demolished", "destroyed", "dismantled", "disused",
    "emergency_bay", "escape", "no", "planned", "platform", "proposed", "raceway", "razed", "removed", "rest_area",
    "services", "via_ferrata",
})  # fmt: skip

#: Values of `highway` on a node that matter to a route; of `barrier` all do.
NODE_KINDS = frozenset({"crossing", "traffic_signals"})

#: Keys by which streets and obstacles are found, and keys of nodes that matter to a route.
OBSTACLE_KEYS = ("natural", "waterway", "railway", "barrier")
WAY_KEYS = ("highway", *OBSTACLE_KEYS)
NODE_KEYS = ("highway", "barrier")

#: Tag values that make an obstacle, by key.
OBSTACLE_VALUES: Mapping[str, Sequence[str]] = {
    "natural": ("water", "coastline"),
    "waterway": ("river", "canal", "riverbank", "dock"),
    "railway": ("rail", "light_rail", "subway", "narrow_gauge"),
    "barrier": ("wall", "city_wall", "retaining_wall"),
}

_KPH_PER_MPH = 1.609344

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"


def is_street(tags: Mapping[str, str]) -> bool:
    """Tell whether a way with these tags is a street that some mode may use."""
    highway = tags.get("highway")
    return highway is not None and highway not in NOT_STREETS and tags.get("route") != "ferry"


def is_route_node(tags: Mapping[str, str]) -> bool:
    """Tell whether a node with these tags matters to a route that passes it; of a list ``a;b`` every value counts."""
    return "barrier" in tags or any(kind.strip() in NODE_KINDS for kind in tags.get("highway", "").split(";"))


def obstacle_kind(tags: Mapping[str, str]) -> str | None:
    """Return what an object keeps people from crossing as: 'water', 'railway', 'wall', or None.

    What runs underground, and railways on a bridge, keep nobody from crossing. A river's `layer` says nothing here:
    many are tagged -1 only because bridges cross them.
    """
    if tags.get("tunnel", "no") != "no" or tags.get("location") == "underground":
        return None
    if tags.get("natural") in OBSTACLE_VALUES["natural"] or tags.get("waterway") in OBSTACLE_VALUES["waterway"]:
        return "water"
    if tags.get("railway") in OBSTACLE_VALUES["railway"]:
        above_or_below = tags.get("bridge", "no") != "no" or tags.get("layer", "0").startswith("-")
        return None if above_or_below else "railway"
    if tags.get("barrier") in OBSTACLE_VALUES["barrier"]:
        return "wall"
    return None


def is_water_area(tags: Mapping[str, str]) -> bool:
    """Tell whether a closed line with these tags bounds water, rather than being a line of it."""
    return tags.get("natural") == "water" or tags.get("waterway") in {"riverbank", "dock"}


#: Classes of street that shut most modes out, worst first; what stands between foot and car is behind them.
_NARROWEST = (
    "steps", "elevator", "corridor", "footway", "bridleway", "path", "pedestrian", "cycleway", "motorway",
    "motorway_link", "trunk", "trunk_link", "busway", "track", "service", "living_street",
)  # fmt: skip
#: Values of access that let fewest in, worst first.
_CLOSED = (
    "no", "private", "military", "agricultural", "forestry", "permit", "emergency", "use_sidepath", "delivery",
    "customers", "residents", "dismount", "destination",
)  # fmt: skip
_ACCESS_TAGS = frozenset({"access", "vehicle", "motor_vehicle", "motorcar", "hgv", "bicycle", "foot"})
#: Tags whose presence on a part binds the whole.
_BINDING = frozenset({"oneway", "oneway:bicycle", "oneway:foot", "oneway:mofa", "bridge", "tunnel", "motorroad"})


def most_restrictive(tag: str, values: Sequence[str]) -> str:
    """Return of several values that one street has along its way the one that lets fewest pass, or slowest.

    To get through, one has to pass every part: of 'residential' and 'steps' the whole is 'steps', of 'yes' and 'no' in
    `oneway` it is one-way, of '100' and '60' in `maxspeed` it is '60'. Where no value is stricter than another, it is
    the alphabetically first.
    """
    if tag == "maxspeed":
        return min(values, key=lambda value: (_speed(value), value))
    if tag in _BINDING:
        return min(values, key=lambda value: (value == "no", value))
    order = _NARROWEST if tag == "highway" else _CLOSED if tag in _ACCESS_TAGS else ()
    return min(values, key=lambda value: (order.index(value) if value in order else len(order), value))


def _speed(value: str) -> float:
    """Return a speed limit in km/h; infinity for 'none' and what is no number."""
    number, _, unit = value.partition(" ")
    try:
        return float(number) * (_KPH_PER_MPH if unit == "mph" else 1.0)
    except ValueError:
        return math.inf


def tag_table(tags: Sequence[Mapping[str, str]], keys: Sequence[str]) -> pd.DataFrame:
    """Return tags as text columns, one row per object: those of the keys that occur; missing values are NA."""
    found = [key for key in keys if any(key in one for one in tags)]
    return pd.DataFrame({key: [one.get(key) for one in tags] for key in found}, index=range(len(tags)))


def node_table(
    node_ids: Sequence[int], x: Sequence[float], y: Sequence[float], tags: Sequence[Mapping[str, str]]
) -> pd.DataFrame:
    """Return nodes that matter to a route: node_id, x, y and those of `NODE_TAGS` that occur."""
    place = pd.DataFrame({"node_id": pd.array(node_ids, dtype="int64"), "x": x, "y": y})
    return pd.concat([place, tag_table(tags, NODE_TAGS)], axis=1)
