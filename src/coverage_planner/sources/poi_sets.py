"""Ready sets of OpenStreetMap tags for places that stand for demand, or where a station could open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coverage_planner.errors import ConfigError

#: Which objects: per key the values wanted, or True for any value but 'no'.
Tags = Mapping[str, Sequence[str] | bool]
Language = Literal["zh", "en"]

#: The value by which mappers say that there is none.
_NONE = "no"


@dataclass(frozen=True)
class PoiSet:
    """One kind of place.

    Attributes
    ----------
    zh, en
        Its name in Chinese and English.
    tags
        By which tags OpenStreetMap knows it (https://wiki.openstreetmap.org/wiki/Map_features).
    weight
        Demand that one such place stands for; a restaurant is 1. These figures are our assumption, not a measurement:
        edit them for your city, with counts of orders or workers where there are any.
    why
        What the assumption rests on.
    """

    zh: str
    en: str
    tags: Tags
    weight: float
    why: str


#: Name of a set -> what it is, in the order in which a place that belongs to several is counted.
POI_SETS: Mapping[str, PoiSet] = {
    "malls": PoiSet(
        "商场", "shopping malls", {"shop": ["mall", "department_store"]}, 15.0,
        "many counters that deliver, and staff on their feet, under one roof",
    ),
    "restaurants": PoiSet(
        "餐饮", "restaurants",
        {"amenity": ["restaurant", "fast_food", "cafe", "food_court"], "shop": ["bubble_tea"]}, 1.0,
        "where most orders are picked up: the unit",
    ),
    "supermarkets": PoiSet(
        "超市", "supermarkets", {"shop": ["supermarket", "wholesale"]}, 4.0, "groceries are delivered all day",
    ),
    "convenience": PoiSet(
        "便利店", "convenience stores", {"shop": ["convenience", "kiosk", "general"]}, 0.7, "few orders each",
    ),
    "pharmacies": PoiSet(
        "药店", "pharmacies", {"amenity": ["pharmacy"], "shop": ["chemist"], "healthcare": ["pharmacy"]}, 0.5,
        "few orders each, at any hour",
    ),
    "hotels": PoiSet(
        "酒店", "hotels", {"tourism": ["hotel", "hostel", "guest_house", "motel"]}, 1.0, "guests order, taxis wait",
    ),
    "delivery_hubs": PoiSet(
        "快递网点", "delivery hubs",
        {"amenity": ["post_office", "post_depot", "parcel_locker"], "office": ["courier", "logistics"],
         "industrial": ["depot", "warehouse"]}, 5.0,
        "couriers start and load there",
    ),
    "gatehouses": PoiSet(
        "门岗出入口", "gates and gatehouses",
        {"building": ["gatehouse", "guardhouse"], "amenity": ["security_booth"], "entrance": ["main"],
         "barrier": ["gate", "lift_gate", "swing_gate"]}, 0.2,
        "guards, and riders who hand over at the gate",
    ),
    "fuel": PoiSet(
        "加油充电站", "petrol and charging stations", {"amenity": ["fuel", "charging_station"]}, 0.5,
        "drivers stop there",
    ),
    "banks": PoiSet("银行网点", "banks", {"amenity": ["bank"]}, 0.3, "guards, cash drivers; often hosts of stations"),
    "community_centres": PoiSet(
        "社区服务中心", "community centres",
        {"amenity": ["community_centre", "social_facility", "townhall"], "office": ["government"]}, 0.3,
        "street cleaners and wardens report there; often hosts of stations",
    ),
}  # fmt: skip


def tags_of_sets(names: Sequence[str]) -> Tags:
    """Return the tags of several sets together.

    Raises
    ------
    ConfigError
        No name, or one that is not in `POI_SETS`.
    """
    unknown = [name for name in names if name not in POI_SETS]
    if unknown or not names:
        raise ConfigError(
            f"sets of points of interest must be of {', '.join(POI_SETS)}, got {unknown or 'none'}; correct them, or "
            "give tags: {'amenity': ['bank']}"
        )
    together: dict[str, Sequence[str] | bool] = {}
    for name in names:
        for key, values in POI_SETS[name].tags.items():
            before = together.get(key, [])
            whole = isinstance(values, bool) or isinstance(before, bool)
            together[key] = True if whole else list(dict.fromkeys([*before, *values]))  # type: ignore[misc]
    return together


def set_of(found: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the set that an object with these tags belongs to: of several the one that stands first in `POI_SETS`."""
    return next((name for name in POI_SETS if name in names and kind_of(found, POI_SETS[name].tags) is not None), None)


def kind_of(found: Mapping[str, str], tags: Tags) -> str | None:
    """Return the value that matches, of the first key that does; None where none does."""
    for key, values in tags.items():
        # one place may be several things: "restaurant;bar"
        for value in (part.strip() for part in found.get(key, "").split(";")):
            if value and (value != _NONE if isinstance(values, bool) else value in values):
                return value
    return None


def check_tags(tags: Tags) -> None:
    """Raise `ConfigError` unless tags map keys to lists of values or to True."""
    wrong = [
        key for key, values in tags.items() if values is not True and (isinstance(values, str | bool) or not values)
    ]
    if not tags or wrong:
        raise ConfigError(
            "tags must map keys of OpenStreetMap to a list of values or to True, got "
            f"{ {key: tags[key] for key in wrong} if wrong else 'none' }; "
            "write for example {'amenity': ['bank', 'restaurant'], 'shop': True}, or name ready sets: "
            f"{', '.join(POI_SETS)}"
        )
