"""Existing stations and premises that could become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from scipy.spatial import KDTree
from shapely import Point, STRtree

from demo_city.areas import Community
from demo_city.blocks import Block, Contents, zone
from demo_city.demand import Place, front_spot, positions, weights
from demo_city.names import BANKS, PHARMACIES, Pairs
from demo_city.streets import Points, Street

HUB, SATELLITE = "服务中心", "驿站"
N_HUBS, N_SATELLITES, N_OUTSIDE = 6, 21, 3
BASIC = ("休息", "饮水", "充电", "热饭", "药品")
FURTHER = ("厕所", "法律援助", "淋浴", "阅读", "健康检查", "技能培训", "车辆维修", "心理咨询")
HUB_HOURS = ("24/7", "Mo-Su 07:00-22:00", "Mo-Su 06:30-23:00")
SATELLITE_HOURS = (
    "Mo-Su 08:30-20:00", "Mo-Su 06:00-22:00", "Mo-Fr 09:00-17:30; Sa 09:00-12:00", "Mo-Fr 08:30-17:30", "24/7",
    "Mo-Su 10:00-14:00,17:00-21:00", "Mo-Sa 08:00-18:00; PH off",
)  # fmt: skip
SATELLITE_HOURS_SHARES = (0.34, 0.14, 0.14, 0.14, 0.10, 0.08, 0.06)
#: How much the city has cared for its parts so far; what it has neglected makes the gaps.
ATTENTION: Mapping[str, float] = {
    "old town": 1.4, "inner": 1.0, "north": 0.22, "south east": 0.14, "south west": 0.28,
}  # fmt: skip
HUB_SPACING_M, STATION_SPACING_M = 1300.0, 440.0
OUTSIDE_NAME = "区外"

#: Kind -> number, typical yearly cost (10,000 yuan), typical floor area (m2).
PREMISES: Mapping[str, tuple[int, float, float]] = {
    "银行网点": (45, 26.0, 60.0), "药店": (50, 11.0, 30.0), "商场": (12, 48.0, 140.0), "加油站": (18, 15.0, 45.0),
    "社区用房": (80, 4.5, 90.0), "门卫室": (45, 2.4, 16.0), "闲置商铺": (50, 13.0, 75.0),
}  # fmt: skip


@dataclass(frozen=True)
class Station:
    """A station as it stands today."""

    id: str
    name: str
    level: str
    at: tuple[float, float]
    services: str
    opening_hours: str
    capacity: int
    subdistrict: str


@dataclass(frozen=True)
class Premises:
    """A place that could house a station."""

    id: str
    name: str
    kind: str
    at: tuple[float, float]
    cost: float
    area_m2: int


def make_stations(
    blocks: Sequence[Block],
    communities: Sequence[Community],
    walkers: Sequence[Place],
    streets: Sequence[Street],
    rail: shapely.LineString,
    rng: np.random.Generator,
) -> list[Station]:
    """Place stations where many workers are, as far as the city has cared for that part; a few lie outside."""
    study = shapely.union_all([community.shape for community in communities])
    useful = [b for b in blocks if b.in_study and b.kind not in ("park", "vacant", "industry") and len(b.front.geoms)]
    spots = [front_spot(block, rng) for block in useful for _ in range(3)]
    spots = [at for at in spots if study.contains(Point(at))]
    draw = np.array([ATTENTION[zone(Point(at), rail)] for at in spots]) * _demand_near(spots, walkers)
    chosen = _spread(spots, draw, [], N_HUBS, HUB_SPACING_M, 1.6, rng)
    chosen = _spread(spots, draw, chosen, N_SATELLITES, STATION_SPACING_M, 1.3, rng)
    ring = [b for b in blocks if not b.in_study and len(b.front.geoms) and 150 < b.shape.distance(study) < 1300]
    beyond = [front_spot(block, rng) for block in ring for _ in range(3)]
    beyond = [at for at in beyond if 100.0 < study.distance(Point(at)) < 1000.0]
    chosen = _spread(beyond, _demand_near(beyond, walkers) + 1.0, chosen, N_OUTSIDE, 1500.0, 0.5, rng)
    return _describe(chosen, communities, streets, rng)


def _demand_near(spots: Sequence[tuple[float, float]], walkers: Sequence[Place]) -> Points:
    people = weights(walkers)
    near = KDTree(positions(walkers)).query_ball_point(np.asarray(spots), 450.0)
    return np.array([people[rows].sum() for rows in near])


def _spread(
    spots: Sequence[tuple[float, float]],
    draw: Points,
    chosen: list[tuple[float, float]],
    count: int,
    apart_m: float,
    sharpness: float,
    rng: np.random.Generator,
) -> list[tuple[float, float]]:
    """Draw places one by one, likelier where `draw` is high, never close to those chosen before."""
    found = list(chosen)
    at = np.asarray(spots)
    for _ in range(count):
        away = np.min([np.hypot(*(at - other).T) for other in found], axis=0) if found else np.full(len(at), np.inf)
        share = np.where(away > apart_m, draw, 0.0) ** sharpness
        if not share.any():
            raise SystemExit(f"no place is left for station {len(found) + 1}: lower the spacing of {apart_m:g} m")
        found.append(spots[int(rng.choice(len(at), p=share / share.sum()))])
    return found


def _describe(
    chosen: Sequence[tuple[float, float]],
    communities: Sequence[Community],
    streets: Sequence[Street],
    rng: np.random.Generator,
) -> list[Station]:
    named = [street for street in streets if street.tags.get("highway") in ("primary", "secondary", "tertiary")]
    tree = STRtree([street.line for street in named])
    stations: list[Station] = []
    taken: set[str] = set()
    for number, at in enumerate(chosen):
        home = next((c for c in communities if c.shape.contains(Point(at))), None)
        level = HUB if number < N_HUBS else SATELLITE
        road = named[int(tree.nearest(Point(at)))].tags["name"]
        stem = home.subdistrict.removesuffix("街道") if home else road
        wanted = f"{stem}户外劳动者{HUB}" if level == HUB else f"{road}骑手驿站"
        near = home.name.removesuffix("社区") if home else road
        place = near + (f"户外劳动者{HUB}" if level == HUB else "爱心驿站")
        name = next(n for n in (wanted, place, f"{place}（二）", f"{place}（三）") if n not in taken)
        taken.add(name)
        further = rng.permutation(len(FURTHER))[: int(rng.integers(4, 7) if level == HUB else rng.integers(0, 3))]
        basic = BASIC if level == HUB else [s for s in BASIC if s in ("休息", "饮水") or rng.random() < 0.72]
        hours = _hours(level, rng)
        capacity = int(rng.integers(40, 81)) if level == HUB else int(rng.integers(8, 26))
        services = ";".join([*basic, *(FURTHER[k] for k in sorted(further.tolist()))])
        home_name = home.subdistrict if home else OUTSIDE_NAME
        stations.append(Station(f"S{number + 1:02d}", name, level, at, services, hours, capacity, home_name))
    return stations


def _hours(level: str, rng: np.random.Generator) -> str:
    if level == HUB:
        return HUB_HOURS[int(rng.integers(len(HUB_HOURS)))]
    return SATELLITE_HOURS[int(rng.choice(len(SATELLITE_HOURS), p=SATELLITE_HOURS_SHARES))]


def make_premises(
    blocks: Sequence[Block],
    contents: Sequence[Contents],
    communities: Sequence[Community],
    rail: shapely.LineString,
    rng: np.random.Generator,
) -> list[Premises]:
    """Return premises of the kinds that planners have; community rooms are spread over all communities."""
    study = shapely.union_all([community.shape for community in communities])
    found: list[Premises] = []
    names = Pairs(rng)
    for kind, (count, cost, area) in PREMISES.items():
        for number in range(count):
            name, at = _place(kind, number, blocks, contents, communities, names, rng)
            while not study.contains(Point(at)):
                name, at = _place(kind, number, blocks, contents, communities, names, rng)
            dear = {"old town": 1.35, "inner": 1.1, "north": 0.95}.get(zone(Point(at), rail), 0.75)
            size = max(round(area * rng.lognormal(0.0, 0.35)), 8)
            price = round(cost * dear * (size / area) ** 0.6 * rng.lognormal(0.0, 0.2), 1)
            found.append(Premises(f"P{len(found) + 1:03d}", name, kind, at, price, size))
    return found


def _place(
    kind: str,
    number: int,
    blocks: Sequence[Block],
    contents: Sequence[Contents],
    communities: Sequence[Community],
    names: Pairs,
    rng: np.random.Generator,
) -> tuple[str, tuple[float, float]]:
    if kind == "社区用房":
        home = communities[number % len(communities)]
        middle = home.shape.centroid
        near = min(_fronted(blocks), key=lambda b: float(middle.distance(b.shape.representative_point())))
        return f"{home.name}党群服务用房", front_spot(near, rng)
    if kind == "门卫室":
        gated = [(b, c) for b, item in zip(blocks, contents, strict=True) if b.in_study for c in item.compounds]
        _, compound = gated[int(rng.integers(len(gated)))]
        gate = compound.gates[int(rng.integers(len(compound.gates)))]
        aside = rng.uniform(2.0, 5.0)
        return f"{compound.name}门卫室", (gate[0] + aside, gate[1] + aside * 0.3)
    kinds = {"商场": ("commercial",), "加油站": ("industry", "compounds", "vacant")}.get(
        kind, ("commercial", "old town", "compounds", "urban village", "offices")
    )
    free = [b for b in _fronted(blocks) if b.kind in kinds]
    block = free[int(rng.integers(len(free)))]
    title = {
        "银行网点": lambda: BANKS[int(rng.integers(len(BANKS)))] + names.take() + "支行",
        "药店": lambda: PHARMACIES[int(rng.integers(len(PHARMACIES)))] + names.take() + "店",
        "商场": lambda: names.take() + "购物广场",
        "加油站": lambda: names.take() + "加油站",
        "闲置商铺": lambda: names.take() + "路闲置商铺",
    }[kind]()
    return title, front_spot(block, rng)


def _fronted(blocks: Sequence[Block]) -> list[Block]:
    return [block for block in blocks if block.in_study and len(block.front.geoms)]
