"""The blocks between the arterials, what stands on them, and how many people live there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import shapely
from shapely import LineString, MultiLineString, Point, Polygon, STRtree

from demo_city.arterials import Skeleton
from demo_city.railway import RAIL_CLEARANCE_M
from demo_city.streets import Points, Street

BlockKind = Literal[
    "compounds", "old town", "urban village", "commercial", "offices", "campus", "industry", "park", "vacant", "outside"
]

SMALLEST_M2 = 6_000.0
ON_LINE_M = 0.8
CENTRE = (-450.0, -450.0)

#: Share of blocks of each kind by zone.
ZONES: Mapping[str, Mapping[BlockKind, float]] = {
    "old town": {"old town": 0.58, "commercial": 0.18, "compounds": 0.14, "park": 0.04, "offices": 0.06},
    "inner": {
        "compounds": 0.58, "commercial": 0.11, "offices": 0.10, "old town": 0.05, "campus": 0.07, "park": 0.05,
        "urban village": 0.04,
    },
    "north": {
        "compounds": 0.55, "commercial": 0.08, "offices": 0.08, "campus": 0.08, "park": 0.08, "urban village": 0.06,
        "vacant": 0.07,
    },
    "south east": {"industry": 0.52, "urban village": 0.20, "compounds": 0.18, "vacant": 0.06, "commercial": 0.04},
    "south west": {
        "compounds": 0.50, "urban village": 0.24, "industry": 0.10, "campus": 0.07, "park": 0.05, "commercial": 0.04,
    },
}  # fmt: skip

#: Residents per hectare before scaling to the district's total.
DENSITY: Mapping[BlockKind, float] = {
    "compounds": 40.0, "old town": 52.0, "urban village": 64.0, "commercial": 14.0, "offices": 6.0, "campus": 18.0,
    "industry": 9.0, "park": 5.0, "vacant": 5.0, "outside": 22.0,
}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A piece of ground bounded by arterials and the railway.

    Attributes
    ----------
    shape
        Its polygon, up to the arterials' middle lines.
    front
        The part of its boundary that lies on arterials.
    kind
        What stands there.
    in_study
        Whether it lies in the study area.
    """

    shape: Polygon
    front: MultiLineString
    kind: BlockKind
    in_study: bool


@dataclass(frozen=True)
class Compound:
    """A walled place: its name, what it is, the ground inside the wall, the ring lane, and the gates."""

    name: str
    kind: BlockKind
    ground: Polygon
    ring: Points
    gates: tuple[tuple[float, float], ...]


def cut_blocks(skeleton: Skeleton, study: Polygon, rng: np.random.Generator) -> list[Block]:
    """Cut the ground into blocks and decide what stands on each."""
    strip = skeleton.rail.buffer(RAIL_CLEARANCE_M)
    faces = shapely.polygonize([shapely.union_all([*skeleton.ground, strip.exterior])])
    near = study.buffer(420.0)
    tree = STRtree(skeleton.ground)
    blocks = []
    for face in sorted(shapely.get_parts(faces), key=lambda f: (round(f.centroid.x), round(f.centroid.y))):
        inner = face.representative_point()
        in_river = face.intersection(skeleton.river).area > 0.05 * face.area
        if face.area < SMALLEST_M2 or in_river or strip.contains(inner):
            continue
        bounding = shapely.union_all([skeleton.ground[i] for i in sorted(tree.query(face, predicate="intersects"))])
        front = shapely.line_merge(face.exterior.intersection(bounding.buffer(ON_LINE_M)))
        lines = [line for line in shapely.get_parts(front) if isinstance(line, LineString) and line.length > 20.0]
        kind = _kind(inner, face, skeleton.rail, rng) if near.contains(inner) else "outside"
        blocks.append(Block(face, MultiLineString(lines), kind, bool(study.contains(inner))))
    return blocks


def _kind(at: Point, face: Polygon, rail: LineString, rng: np.random.Generator) -> BlockKind:
    shares = ZONES[zone(at, rail)]
    drawn = rng.random()
    if face.area < 25_000.0:
        return "park" if drawn < 0.15 else "commercial" if drawn < 0.5 else "compounds"
    edges = np.cumsum(list(shares.values()))
    return list(shares)[int(np.searchsorted(edges, drawn * edges[-1]))]


def zone(at: Point, rail: LineString) -> str:
    """Return the part of the city that a place lies in."""
    if np.hypot(at.x - CENTRE[0], at.y - CENTRE[1]) < 780.0:
        return "old town"
    track_y = np.interp(at.x, *np.asarray(rail.coords).T)
    if at.y < track_y:
        return "south east" if at.x > 500.0 else "south west"
    return "north" if at.y > river_y(at.x) else "inner"


def river_y(x: float) -> float:
    """Return roughly where the river flows; between its two riverside roads all is water and bank."""
    return float(np.interp(x, [-5500, -3500, -2300, -1500, 0, 1500, 3000, 4200, 5700], RIVER_Y))


RIVER_Y = (1500, 900, 550, 600, 1120, 1020, 700, 150, -550)


@dataclass
class Contents:
    """What is drawn inside one block."""

    streets: list[Street] = field(default_factory=list)
    lakes: list[Polygon] = field(default_factory=list)
    compounds: list[Compound] = field(default_factory=list)
