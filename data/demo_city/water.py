"""The river's water with its islands, the paths along its banks, and the islands' own streets."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from shapely import LineString, Point, Polygon

from demo_city.lattice import ISLAND_S, ISLET_S, RIVERSIDE_T, to_ground
from demo_city.streets import Points, Street, rounded

ISLAND_HALF_S, ISLAND_HALF_T = 430.0, 52.0
ISLET_HALF_S, ISLET_HALF_T = 175.0, 34.0
PATH_T, CYCLEWAY_T = 134.0, 156.0
GREENWAY_S = (-3650.0, 3700.0)


def make_water(river: Polygon) -> Polygon:
    """Return the river without its two islands."""
    islands = [_lens(ISLAND_S, ISLAND_HALF_S, ISLAND_HALF_T), _lens(ISLET_S, ISLET_HALF_S, ISLET_HALF_T)]
    return Polygon(river.exterior, [rounded(to_ground(ring)) for ring in islands])


def islands() -> dict[str, Polygon]:
    """Return the ground of the large island, which has a bridge, and of the islet, which has none."""
    return {
        "island": Polygon(to_ground(_lens(ISLAND_S, ISLAND_HALF_S - 25.0, ISLAND_HALF_T - 5.0))),
        "islet": Polygon(to_ground(_lens(ISLET_S, ISLET_HALF_S - 15.0, ISLET_HALF_T - 6.0))),
    }


def make_riverside(roads: Sequence[LineString], rng: np.random.Generator) -> list[Street]:
    """Draw what is on the islands and along the banks, joined to the roads along the river."""
    nearest = shapely.union_all(list(roads))
    drawn = [*_island(), *_islet(), *_greenway(rng, -1.0), *_greenway(rng, 1.0)]
    return [_joined(street, nearest) if street.joins else street for street in drawn]


def _joined(street: Street, roads: shapely.Geometry) -> Street:
    """Return a street whose last point lies on a road."""
    last = shapely.get_coordinates(shapely.shortest_line(Point(street.points[-1]), roads))[1]
    return replace(street, points=np.vstack([street.points[:-1], rounded(last[None])]))


def _lens(s: float, half_s: float, half_t: float) -> Points:
    angle = np.linspace(0.0, 2 * np.pi, 41)[:-1]
    return np.column_stack([s + half_s * np.cos(angle), half_t * np.sign(np.sin(angle)) * np.abs(np.sin(angle)) ** 0.8])


def _draw(
    st: list[tuple[float, float]], tags: Mapping[str, str], *, keeps: bool = False, joins: bool = False
) -> Street:
    line = LineString(st).segmentize(90.0)
    return Street(rounded(to_ground(np.asarray(line.coords))), tags, keeps=keeps, joins=joins)


def _island() -> list[Street]:
    """Draw a village on the island: one street, alleys, and the only bridge at its middle."""
    s = ISLAND_S
    street = {"highway": "residential", "name": "沙洲路"}
    alley = {"highway": "footway"}
    bridge = {"highway": "residential", "name": "沙洲桥", "bridge": "yes", "layer": "1"}
    across = np.asarray([(s + 60.0, -30.0), (s + 75.0, -RIVERSIDE_T)])
    streets = [
        _draw([(s - 340, 4), (s - 120, -6), (s + 130, 5), (s + 340, -4)], street),
        _draw([(s + 60, 14), (s + 60, -30)], street),
        Street(rounded(to_ground(across)), bridge, level=1, joins=True),
        _draw([(s - 290, 0), (s - 230, 24), (s + 40, 30), (s + 250, 22), (s + 300, 0)], alley),
        _draw([(s - 270, 0), (s - 200, -24), (s - 20, -30), (s + 60, -30), (s + 230, -22), (s + 290, 0)], alley),
    ]
    streets += [_draw([(s + at, -40.0), (s + at + 8, 40.0)], alley) for at in (-190, -110, -40, 20, 120, 190)]
    return streets


def _islet() -> list[Street]:
    """Draw footways that nothing connects to the rest: the islet is reached by boat."""
    s = ISLET_S
    path = {"highway": "footway", "surface": "wood", "name": "芦洲栈道"}
    ring = [(s + 130 * np.cos(a), 20 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 15)]
    return [_draw(ring, path, keeps=True), _draw([(s - 130, 0), (s + 130, 0)], path, keeps=True)]


def _greenway(rng: np.random.Generator, side: float) -> list[Street]:
    """Draw the footway and the cycleway along one bank, with ways to the road every few hundred metres."""
    s = np.arange(*GREENWAY_S, 70.0)
    sway = 8.0 * np.sin(s / 190.0 + side)
    path = {"highway": "footway", "name": "滨江绿道"}
    lane = {"highway": "cycleway", "name": "滨江绿道", "foot": "no"}
    drawn = [(PATH_T + sway / 2, path)]
    if side < 0:
        drawn.append((np.full_like(s, CYCLEWAY_T), lane))
    streets = []
    for t, tags in drawn:
        line = LineString(rounded(to_ground(np.column_stack([s, side * t])))).simplify(0.8)
        streets.append(Street(np.asarray(line.coords), tags))
    at = GREENWAY_S[0] + 60.0
    while at < GREENWAY_S[1] - 60.0:
        steps = {"highway": "steps"} if rng.random() < 0.3 else {"highway": "footway", "bicycle": "yes"}
        streets.append(_draw([(at, side * (PATH_T - 2.0)), (at + 6.0, side * RIVERSIDE_T)], steps, joins=True))
        at += rng.uniform(320.0, 620.0)
    return streets
