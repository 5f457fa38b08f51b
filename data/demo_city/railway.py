"""The railway, what crosses it and how, and the elevated road."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import shapely
from scipy.interpolate import CubicSpline
from shapely import LineString, Point
from shapely.ops import substring

from demo_city.lattice import Lattice, to_ground
from demo_city.streets import Key, Points, Street, key_of, rounded

Crossing = Literal["underpass", "level crossing", "rail bridge", "footbridge"]

RAIL_ST = (
    (-7300, -1650), (-5000, -2050), (-3500, -2500), (-2000, -2560), (-500, -2450), (1000, -2250), (2500, -2300),
    (4000, -2650), (7000, -3150),
)  # fmt: skip
#: Where along the river's direction the railway can be crossed.
CROSSINGS: Mapping[float, Crossing] = {
    -4700.0: "rail bridge", -2900.0: "underpass", -1100.0: "level crossing", 500.0: "rail bridge",
    1250.0: "footbridge", 2600.0: "underpass", 4700.0: "rail bridge",
}  # fmt: skip
STUB_END_M = 16.0  # dead ends stop this far from the track
SHORTEST_STUB_M = 45.0
RAIL_CLEARANCE_M = 18.0
TUNNEL_HALF_M = 45.0
NEAREST_JUNCTION_M = 62.0
STUB = {"highway": "residential", "noexit": "yes"}
RAIL_TAGS = {"railway": "rail", "name": "示范铁路", "electrified": "contact_line", "gauge": "1435"}

ELEVATED = {
    "highway": "trunk", "name": "迎宾高架", "motorroad": "yes", "foot": "no", "bicycle": "no", "maxspeed": "80",
    "lanes": "3", "oneway": "yes", "bridge": "yes", "layer": "1",
}  # fmt: skip
RAMP = {
    "highway": "trunk_link", "motorroad": "yes", "foot": "no", "bicycle": "no", "maxspeed": "40", "lanes": "1",
    "oneway": "yes", "bridge": "yes", "layer": "1",
}  # fmt: skip
CARRIAGEWAY_OFFSET_M = 13.0


def rail_line() -> LineString:
    """Return the track, a smooth curve across the whole city."""
    st = np.asarray(RAIL_ST, dtype=np.float64)
    ground = to_ground(st)
    curve = CubicSpline(st[:, 0], ground)
    points = curve(np.arange(st[0, 0], st[-1, 0], 60.0))
    return LineString(rounded(np.asarray(LineString(points).simplify(0.5).coords)))


def clear_of_railway(lattice: Lattice) -> Lattice:
    """Move junctions that lie on the track or next to it away from it, across the river's direction."""
    rail = rail_line()
    nodes = lattice.nodes.copy()
    for i, j in np.ndindex(*lattice.shape):
        if rail.distance(Point(to_ground(nodes[i, j]))) < NEAREST_JUNCTION_M:
            moved = [nodes[i, j] + (0.0, step) for step in (-NEAREST_JUNCTION_M, NEAREST_JUNCTION_M)]
            nodes[i, j] = max(moved, key=lambda st: float(rail.distance(Point(to_ground(st)))))
    return replace(lattice, nodes=nodes)


def has_room(edge: Points, rail: LineString) -> bool:
    """Say whether an arterial meets the railway far enough from both its ends to pass below it."""
    line = LineString(edge)
    at = line.project(_meeting(line, rail))
    return min(at, line.length - at) > TUNNEL_HALF_M + 10.0


def crossing_columns(lattice: Lattice, crossed: list[int]) -> dict[int, Crossing]:
    """Assign each crossing of the railway to the nearest column whose streets meet it once."""
    chosen: dict[int, Crossing] = {}
    for at, kind in CROSSINGS.items():
        free = [i for i in crossed if i not in chosen]
        s = np.array([lattice.nodes[i, :, 0].mean() for i in free])
        chosen[free[int(np.abs(s - at).argmin())]] = kind
    return chosen


def cross(edge: Points, rail: LineString, kind: Crossing | None, tags: Mapping[str, str]) -> list[Street]:
    """Return the pieces of an arterial that meets the railway.

    Without a crossing both ends stop short of the track; a footbridge with stairs joins such dead ends for walkers.
    """
    line = LineString(edge)
    at = line.project(_meeting(line, rail))
    if kind == "rail bridge":
        return [Street(edge, tags)]
    if kind == "level crossing":
        return [Street(_insert(edge, at), tags)]
    if kind == "underpass":
        cuts = (at - TUNNEL_HALF_M, at + TUNNEL_HALF_M)
        below = {**tags, "tunnel": "yes", "layer": "-1"}
        return [
            Street(_part(line, 0.0, cuts[0]), tags),
            Street(_part(line, *cuts), below, level=-1),
            Street(_part(line, cuts[1], line.length), tags),
        ]
    near = line.intersection(rail.buffer(STUB_END_M))
    start, stop = sorted((line.project(Point(near.coords[0])), line.project(Point(near.coords[-1]))))
    stub = {**STUB, "name": tags["name"]}
    sides = [(0.0, start), (stop, line.length)]
    pieces = [Street(_part(line, *side), stub) for side in sides if side[1] - side[0] > SHORTEST_STUB_M]
    if kind == "footbridge":
        pieces += _footbridge(_part(line, start, stop))
    return pieces


def _footbridge(over: Points) -> list[Street]:
    line = LineString(over)
    steps, deck = {"highway": "steps", "name": "铁路天桥"}, {"highway": "footway", "name": "铁路天桥"}
    up, down = 9.0, line.length - 9.0
    return [
        Street(_part(line, 0.0, up), steps, level=2, joins=True),
        Street(_part(line, up, down), {**deck, "bridge": "yes", "layer": "2"}, level=2),
        Street(_part(line, down, line.length), steps, level=2, joins=True),
    ]


def _meeting(line: LineString, rail: LineString) -> Point:
    return Point(shapely.get_coordinates(line.intersection(rail))[0])


def _part(line: LineString, start: float, stop: float) -> Points:
    return rounded(np.asarray(substring(line, start, stop).coords))


def _insert(points: Points, at: float) -> Points:
    """Return the line with one more vertex, `at` metres from its start."""
    line = LineString(points)
    return np.vstack([_part(line, 0.0, at), _part(line, at, line.length)[1:]])


def make_rail(
    rail: LineString, bridged: list[Points], level: list[Points]
) -> tuple[list[Street], dict[Key, dict[str, str]]]:
    """Return the track in pieces, on bridges where arterials pass below, and the nodes of level crossings."""
    tagged: dict[Key, dict[str, str]] = {}
    points = np.asarray(rail.coords)
    for edge in level:
        meeting = _meeting(LineString(edge), LineString(points))
        points = _insert(points, LineString(points).project(meeting))
        shared = min((tuple(p) for p in points.tolist()), key=lambda p: Point(p).distance(meeting))
        tagged[key_of(shared)] = {"railway": "level_crossing", "crossing:barrier": "full"}
    line = LineString(points)
    cuts = sorted(line.project(_meeting(LineString(edge), line)) for edge in bridged)
    pieces, start = [], 0.0
    for at in cuts:
        pieces.append(Street(_part(line, start, at - 35.0), RAIL_TAGS))
        pieces.append(Street(_part(line, at - 35.0, at + 35.0), {**RAIL_TAGS, "bridge": "yes", "layer": "1"}, level=1))
        start = at + 35.0
    pieces.append(Street(_part(line, start, line.length), RAIL_TAGS))
    return pieces, tagged


def make_elevated(lattice: Lattice, column: int) -> list[Street]:
    """Draw the elevated road along a column, one carriageway each way, with ramps at four places.

    It crosses streets, railway and river without a common node; ramps alone lead up and down. Traffic keeps right.
    """
    rows = lattice.shape[1]
    edges = [lattice.edge((column, j), (column, j + 1)) for j in range(rows - 1)]
    middle = LineString(np.vstack([edges[0], *(edge[1:] for edge in edges[1:])]))
    middle = LineString(shapely.get_coordinates(middle.simplify(4.0)))
    north, south = (
        LineString(rounded(np.asarray(middle.offset_curve(offset).simplify(1.0).coords)))
        for offset in (-CARRIAGEWAY_OFFSET_M, CARRIAGEWAY_OFFSET_M)
    )
    south = south.reverse()
    streets = [Street(np.asarray(line.coords), ELEVATED, level=1) for line in (north, south)]
    river = lattice.river_row
    for steps, up in ((-9, True), (-4, False), (-3, True), (2, False), (4, True), (7, False)):
        j = river + steps
        if not 0 <= j < rows - 1:
            continue
        ground = LineString(lattice.edge((column, j), (column, j + 1)))
        streets += [_ramp(north, ground, up=up, backward=False), _ramp(south, ground, up=not up, backward=True)]
    return streets


def _ramp(carriageway: LineString, ground: LineString, *, up: bool, backward: bool) -> Street:
    """Return a ramp between a carriageway and the street below it, in the direction of traffic."""
    low, high = (0.18, 0.82) if up != backward else (0.82, 0.18)
    below = ground.interpolate(low, normalized=True)
    above = carriageway.interpolate(carriageway.project(ground.interpolate(high, normalized=True)))
    side = carriageway.interpolate(carriageway.project(ground.interpolate(0.5, normalized=True)))
    centre = ground.interpolate(0.5, normalized=True)
    bulge = (side.x + 0.4 * (side.x - centre.x), side.y + 0.4 * (side.y - centre.y))
    points = [(below.x, below.y), bulge, (above.x, above.y)]
    return Street(rounded(np.asarray(points if up else points[::-1])), RAMP, level=1, joins=True)
