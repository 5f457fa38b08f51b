"""Stations on wheels: a service bus by day, a vending truck by night, where no station is near or none is open."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import KDTree
from shapely import Point, Polygon, STRtree

from demo_city.demand import Place, day_profile, positions, weights
from demo_city.places import Station
from demo_city.streets import Points, Street

BUS, TRUCK = "流动服务大巴", "深夜餐车"
BUS_SERVICES, TRUCK_SERVICES = "休息;饮水;充电;药品;法律援助;健康检查", "饮水;充电;热饭"
BUS_CAPACITY, TRUCK_CAPACITY = 6, 4
#: Days, arrival and departure of each stop.
BUS_TIMES = (
    ("周一至周五", "09:00", "11:00"), ("周一至周五", "12:00", "14:00"), ("周一至周五", "15:00", "17:00"),
    ("周一至周五", "18:00", "20:00"), ("周六", "10:00", "12:00"), ("周六", "14:00", "17:00"),
)  # fmt: skip
TRUCK_TIMES = (("每天", "21:00", "24:00"), ("每天", "01:00", "03:00"), ("每天", "04:00", "06:00"))
AROUND_CLOCK = "24/7"
NIGHT_HOURS = (21, 22, 23, 0, 1, 2, 3, 4, 5)
NEAR_M, FAR_FROM_STATION_M = 600.0, 800.0


@dataclass(frozen=True)
class Stop:
    """One stop of one vehicle."""

    vehicle: str
    name: str
    days: str
    arrives: str
    leaves: str
    services: str
    capacity: int
    at: tuple[float, float]


def make_stops(
    walkers: Sequence[Place], stations: Sequence[Station], streets: Sequence[Street], study: Polygon
) -> list[Stop]:
    """Let the bus stop where most people are far from every station, the truck where most are far from an open one."""
    everywhere = np.array([station.at for station in stations])
    always = np.array([station.at for station in stations if station.opening_hours == AROUND_CLOCK])
    night = np.array([day_profile(place.kind)[list(NIGHT_HOURS)].sum() for place in walkers])
    named = [street for street in streets if street.tags.get("highway") in ("secondary", "tertiary")]
    inside = shapely.contains_xy(study, *positions(walkers).T)
    by_day = _places(walkers, weights(walkers) * inside, everywhere, len(BUS_TIMES))
    by_night = _places(walkers, weights(walkers) * night * inside, always, len(TRUCK_TIMES))
    kerbs = _kerbs([*by_day, *by_night], named)
    stops = [
        *((BUS, BUS_SERVICES, BUS_CAPACITY, *times) for times in BUS_TIMES),
        *((TRUCK, TRUCK_SERVICES, TRUCK_CAPACITY, *times) for times in TRUCK_TIMES),
    ]
    return [
        Stop(vehicle, name, days, arrives, leaves, services, capacity, at)
        for (vehicle, services, capacity, days, arrives, leaves), (name, at) in zip(stops, kerbs, strict=True)
    ]


def _places(
    walkers: Sequence[Place], people: NDArray[np.float64], stations: Points, count: int
) -> list[tuple[float, float]]:
    """Return places one by one where most people are near who have neither a station nor an earlier place near."""
    at = positions(walkers)
    near = KDTree(at).query_ball_point(at, NEAR_M)
    far, _ = KDTree(stations).query(at)
    left = np.where(far > FAR_FROM_STATION_M, people, 0.0)
    found: list[tuple[float, float]] = []
    for _ in range(count):
        best = int(np.argmax([left[rows].sum() for rows in near]))
        found.append((float(at[best, 0]), float(at[best, 1])))
        left[near[best]] = 0.0
    return found


def _kerbs(places: Sequence[tuple[float, float]], streets: Sequence[Street]) -> list[tuple[str, tuple[float, float]]]:
    """Move each place to the kerb of the nearest named street, which names the stop."""
    tree = STRtree([street.line for street in streets])
    kerbs: list[tuple[str, tuple[float, float]]] = []
    taken: set[str] = set()
    for place in places:
        street = streets[int(tree.nearest(Point(place)))]
        on_street = street.line.interpolate(street.line.project(Point(place)))
        aside = np.array(place) - np.array([on_street.x, on_street.y])
        away = float(np.hypot(*aside))
        x, y = np.array([on_street.x, on_street.y]) + aside * min(away, 6.0) / max(away, 1e-9)
        road = street.tags["name"]
        name = next(n for n in (f"{road}停靠点", f"{road}停靠点（二）", f"{road}停靠点（三）") if n not in taken)
        taken.add(name)
        kerbs.append((name, (float(x), float(y))))
    return kerbs
