"""Where street workers are: points with numbers of people, inside the study area and somewhat beyond."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon

from demo_city.blocks import Block, BlockKind, Contents, zone
from demo_city.names import COURIERS, DISHES, SURNAMES, Pairs
from demo_city.streets import GROUND, Points

RESTAURANT, MALL, DEPOT, SANITATION, DELIVERY, OFFICE = "餐饮", "商场", "快递网点", "环卫", "小区配送", "写字楼"

TOTAL_WALKERS, TOTAL_RIDERS, TOTAL_COURIERS = 20_000, 6_000, 1_800
#: Points of each kind, people at each on average, and the spread (sigma of the logarithm).
WALKERS: Mapping[str, tuple[int, float, float]] = {
    RESTAURANT: (1250, 5.0, 0.7), MALL: (26, 90.0, 0.4), DEPOT: (64, 34.0, 0.5), SANITATION: (460, 4.0, 0.4),
    DELIVERY: (1000, 3.2, 0.6), OFFICE: (190, 11.0, 0.6),
}  # fmt: skip
RIDERS: Mapping[str, tuple[int, float, float]] = {
    RESTAURANT: (620, 6.0, 0.7), MALL: (26, 55.0, 0.4), DEPOT: (64, 14.0, 0.5),
}  # fmt: skip
COURIERS_AT: Mapping[str, tuple[int, float, float]] = {DEPOT: (64, 9.0, 0.5), DELIVERY: (700, 1.8, 0.5)}

#: Points per hectare before scaling, by what stands on a block.
DENSITY: Mapping[str, Mapping[BlockKind, float]] = {
    RESTAURANT: {
        "commercial": 1.6, "old town": 1.1, "urban village": 0.8, "compounds": 0.36, "offices": 0.6, "campus": 0.25,
        "industry": 0.10, "park": 0.04, "outside": 0.06,
    },
    MALL: {"commercial": 1.0, "old town": 0.1},
    DEPOT: {"industry": 1.0, "urban village": 0.5, "compounds": 0.12, "outside": 0.05},
    SANITATION: {
        "commercial": 0.5, "old town": 0.6, "urban village": 0.4, "compounds": 0.3, "offices": 0.4, "campus": 0.2,
        "industry": 0.2, "park": 0.35, "vacant": 0.1, "outside": 0.05,
    },
    DELIVERY: {"compounds": 0.8, "old town": 0.5, "urban village": 0.7, "campus": 0.3, "outside": 0.08},
    OFFICE: {"offices": 1.0, "commercial": 0.4, "industry": 0.08},
}  # fmt: skip
ZONE_FACTOR: Mapping[str, float] = {
    "old town": 1.4, "inner": 1.0, "north": 0.72, "south east": 0.75, "south west": 0.85,
}  # fmt: skip

OUTSIDE_FACTOR = 0.15

#: Share of a kind's people present in each hour of the day, before scaling to the sum 1.
DAY: Mapping[str, tuple[int, ...]] = {
    RESTAURANT: (3, 2, 1, 1, 1, 2, 6, 14, 12, 9, 22, 58, 62, 30, 14, 12, 20, 52, 64, 44, 28, 20, 12, 6),
    MALL: (1, 0, 0, 0, 0, 0, 1, 3, 8, 22, 34, 48, 46, 34, 30, 32, 38, 50, 56, 50, 38, 20, 6, 2),
    DEPOT: (2, 2, 2, 3, 8, 22, 46, 60, 52, 40, 30, 24, 20, 30, 44, 46, 38, 30, 26, 20, 14, 8, 4, 2),
    SANITATION: (0, 0, 1, 6, 30, 52, 54, 44, 34, 30, 26, 12, 10, 26, 36, 38, 34, 22, 12, 8, 6, 3, 1, 0),
    DELIVERY: (1, 0, 0, 0, 1, 3, 8, 16, 26, 36, 42, 46, 40, 28, 26, 30, 38, 50, 54, 44, 28, 14, 6, 2),
    OFFICE: (0, 0, 0, 0, 0, 1, 4, 18, 30, 24, 28, 60, 48, 20, 16, 20, 18, 22, 18, 10, 6, 3, 1, 0),
}  # fmt: skip

#: Who drives on the main roads by hour, by class of road: lorries are kept off the city's streets by day.
DRIVERS_DAY: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "ride_hailing": {
        "trunk": (14, 9, 6, 5, 6, 10, 22, 46, 58, 42, 34, 36, 38, 34, 32, 34, 42, 58, 60, 48, 44, 42, 34, 22),
        "primary": (18, 12, 8, 6, 6, 10, 24, 54, 62, 44, 36, 40, 42, 36, 32, 34, 44, 62, 64, 52, 48, 48, 42, 28),
        "secondary": (14, 9, 6, 4, 4, 8, 22, 52, 58, 40, 32, 38, 40, 32, 28, 32, 42, 58, 60, 48, 44, 42, 34, 22),
    },
    "trucks": {
        "trunk": (30, 30, 28, 28, 32, 40, 44, 26, 22, 34, 40, 42, 36, 38, 42, 42, 40, 28, 24, 32, 36, 36, 34, 32),
        "primary": (36, 38, 38, 36, 36, 34, 20, 4, 4, 8, 12, 12, 10, 12, 14, 12, 8, 4, 4, 8, 14, 24, 32, 34),
        "secondary": (30, 34, 36, 34, 32, 26, 14, 3, 3, 6, 8, 8, 6, 8, 8, 8, 6, 3, 3, 6, 10, 16, 24, 28),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A point with a name and a kind; `people` for demand."""

    name: str
    kind: str
    at: tuple[float, float]
    people: int = 0


def make_demand(
    blocks: Sequence[Block],
    contents: Sequence[Contents],
    rail: shapely.LineString,
    islands: Mapping[str, Polygon],
    water: Sequence[Polygon],
    rng: np.random.Generator,
) -> tuple[list[Place], list[Place]]:
    """Return the demand of workers on foot and of riders on e-bikes.

    Riders are counted at restaurants, malls and depots that walkers' points stand at too.
    """
    zones = [zone(block.shape.representative_point(), rail) for block in blocks]
    wet = shapely.union_all(water).buffer(1.0)
    places: list[Place] = []
    for kind, (count, _, _) in WALKERS.items():
        wanted = [
            DENSITY[kind].get(b.kind, 0.0) * b.shape.area * (ZONE_FACTOR[z] if b.in_study else OUTSIDE_FACTOR)
            for b, z in zip(blocks, zones, strict=True)
        ]
        for b in sorted(rng.choice(len(blocks), count, p=np.asarray(wanted) / np.sum(wanted)).tolist()):
            at = spot(blocks[b], contents[b], kind, rng)
            while wet.contains(Point(at)):
                at = spot(blocks[b], contents[b], kind, rng)
            places.append(Place(_name(kind, contents[b], rng), kind, at))
    places += list(_on_islands(islands, rng))
    walkers = _with_people(places, WALKERS, TOTAL_WALKERS, rng)
    of_riders = [place for place in places if place.kind in RIDERS]
    restaurants = [place for place in of_riders if place.kind == RESTAURANT]
    kept = set(rng.choice(len(restaurants), RIDERS[RESTAURANT][0], replace=False).tolist())
    busy = [p for n, p in enumerate(restaurants) if n in kept] + [p for p in of_riders if p.kind != RESTAURANT]
    return walkers, _with_people(busy, RIDERS, TOTAL_RIDERS, rng)


def make_couriers(walkers: Sequence[Place], rng: np.random.Generator) -> list[Place]:
    """Return the demand of parcel couriers: at the depots, and where they deliver to homes."""
    depots = [place for place in walkers if place.kind == DEPOT]
    homes = [place for place in walkers if place.kind == DELIVERY]
    kept = sorted(rng.choice(len(homes), COURIERS_AT[DELIVERY][0], replace=False).tolist())
    return _with_people([*depots, *(homes[n] for n in kept)], COURIERS_AT, TOTAL_COURIERS, rng)


def spot(block: Block, contents: Contents, kind: str, rng: np.random.Generator) -> tuple[float, float]:
    """Return a place on a block: by its streets in front, by a lane inside, or within one of its compounds."""
    if contents.compounds and kind in (DELIVERY, DEPOT, OFFICE):
        compound = contents.compounds[int(rng.integers(len(contents.compounds)))]
        return beside(LineString(compound.ring), compound.ground, (2.0, 7.0), rng)
    lanes = [s for s in contents.streets if s.is_street and s.level == GROUND and s.line.length > 25.0]
    open_inside = block.kind in ("old town", "urban village", "commercial", "offices", "park")
    if lanes and open_inside and rng.random() < (0.3 if kind == MALL else 0.6):
        return beside(lanes[int(rng.integers(len(lanes)))].line, block.shape, (3.0, 9.0), rng)
    return front_spot(block, rng)


def front_spot(block: Block, rng: np.random.Generator) -> tuple[float, float]:
    """Return a place at a block's edge, where shops face the street."""
    lines = list(block.front.geoms)
    lengths = np.array([line.length for line in lines])
    line = lines[int(rng.choice(len(lines), p=lengths / lengths.sum()))]
    return beside(line, block.shape, (11.0, 20.0), rng)


def beside(
    line: LineString, within: Polygon, offset: tuple[float, float], rng: np.random.Generator
) -> tuple[float, float]:
    """Return a place some metres to the side of a line, on the side that lies within a shape."""
    at = rng.uniform(0.06, 0.94) * line.length
    p, q = line.interpolate(at), line.interpolate(min(at + 1.0, line.length))
    along = np.array([q.x - p.x, q.y - p.y])
    square = np.array([-along[1], along[0]]) / max(np.hypot(*along), 1e-9)
    aside = square * rng.uniform(*offset) * (1 if rng.random() < 0.5 else -1)
    for sign in (1, -1):
        place = (p.x + sign * aside[0], p.y + sign * aside[1])
        if within.contains(Point(place)):
            return place
    return p.x, p.y


def _on_islands(islands: Mapping[str, Polygon], rng: np.random.Generator) -> Iterator[Place]:
    for island, kind, name, count in (
        ("island", RESTAURANT, "沙洲农家菜", 9),
        ("island", DELIVERY, "沙洲村配送点", 8),
        ("islet", SANITATION, "芦洲保洁", 3),
    ):
        ground = islands[island].buffer(-12.0)
        x0, y0, x1, y1 = ground.bounds
        placed = 0
        while placed < count:
            at = (rng.uniform(x0, x1), rng.uniform(y0, y1))
            if ground.contains(Point(at)):
                placed += 1
                yield Place(f"{name}{placed}", kind, at)


def _with_people(
    places: Sequence[Place], kinds: Mapping[str, tuple[int, float, float]], total: int, rng: np.random.Generator
) -> list[Place]:
    """Draw how many people are at each place, in whole numbers that add up to nearly the total."""
    drawn = np.array([rng.lognormal(np.log(kinds[p.kind][1]), kinds[p.kind][2]) for p in places])
    people = np.maximum(np.rint(drawn * total / drawn.sum()), 1).astype(int).tolist()
    return [Place(p.name, p.kind, p.at, n) for p, n in zip(places, people, strict=True)]


def _name(kind: str, contents: Contents, rng: np.random.Generator) -> str:
    def one_of(names: Sequence[str]) -> str:
        return names[int(rng.integers(len(names)))]

    compounds = [compound.name for compound in contents.compounds]
    where = one_of(compounds) if compounds else ""
    made: Mapping[str, Callable[[], str]] = {
        RESTAURANT: lambda: one_of(SURNAMES) + "记" + one_of(DISHES),
        MALL: lambda: Pairs(rng).take() + "购物中心",
        DEPOT: lambda: one_of(COURIERS) + "营业部",
        SANITATION: lambda: "环卫作业点",
        DELIVERY: lambda: (where or "片区") + "配送点",
        OFFICE: lambda: Pairs(rng).take() + "大厦",
    }
    return made[kind]()


def day_profile(kind: str) -> NDArray[np.float64]:
    """Return the share of a kind's people present in each hour, to 4 digits, with the sum 1."""
    return shares_of_day(DAY[kind])


def shares_of_day(weights_by_hour: Sequence[int]) -> NDArray[np.float64]:
    """Return each hour's share of a day, to 4 digits, with the sum 1."""
    hours = np.asarray(weights_by_hour, dtype=np.float64)
    shares = np.round(hours / hours.sum(), 4)
    shares[int(shares.argmax())] += 1.0 - shares.sum()
    return np.asarray(np.round(shares, 4))


def weights(places: Sequence[Place]) -> NDArray[np.float64]:
    """Return the numbers of people of places."""
    return np.array([place.people for place in places], dtype=np.float64)


def positions(places: Sequence[Place]) -> Points:
    """Return the positions of places, shape (n, 2)."""
    return np.array([place.at for place in places])
