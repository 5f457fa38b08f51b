"""Streets as drawn, and what makes a network of them: nodes where streets of one level meet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon, STRtree

Points = NDArray[np.float64]
Key = tuple[int, int]

END_TOLERANCE_M = 0.3
VERTEX_TOLERANCE_M = 1.0
GROUND = 0


@dataclass(frozen=True)
class Street:
    """One line of the map with its tags.

    Attributes
    ----------
    points
        Shape (n, 2): metres east and north of the city's centre.
    tags
        OpenStreetMap tags.
    level
        Lines of one level meet where they cross; others pass over or under.
    joins
        Whether the ends meet whatever street they touch, of any level (ramps, stairs).
    keeps
        Whether it stays though no street leads there.
    barriers
        Tags of gates on it, by position.
    """

    points: Points
    tags: Mapping[str, str]
    level: int = GROUND
    joins: bool = False
    keeps: bool = False
    barriers: Mapping[Key, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a street without length."""
        if len(self.points) < 2:
            raise ValueError(f"a street must have at least two points, got {len(self.points)} with {dict(self.tags)}")

    @property
    def line(self) -> LineString:
        """The street as a geometry."""
        return LineString(self.points)

    @property
    def is_street(self) -> bool:
        """Whether people travel on it: not a wall, not a railway."""
        return "highway" in self.tags


@dataclass(frozen=True)
class NodedWay:
    """A way after nodes were made: keys of its nodes in order, and its tags."""

    keys: tuple[Key, ...]
    tags: Mapping[str, str]


def key_of(point: Sequence[float] | Points) -> Key:
    """Return the position in whole centimetres: equal positions are one node."""
    return round(float(point[0]) * 100), round(float(point[1]) * 100)


def position(key: Key) -> tuple[float, float]:
    """Return the metres of a key."""
    return key[0] / 100, key[1] / 100


def rounded(points: Points) -> Points:
    """Return positions rounded to the centimetre that keys have."""
    return np.asarray(np.round(points, 2), dtype=np.float64)


def as_polygon(geometry: shapely.Geometry) -> Polygon:
    """Return a geometry that is one polygon as such; refuse others."""
    if not isinstance(geometry, Polygon):
        raise TypeError(f"the parts must join to one polygon, got a {type(geometry).__name__}")
    return geometry


def node_streets(streets: Sequence[Street]) -> list[NodedWay]:
    """Give streets of one level a common node wherever they cross or end on one another.

    Walls and railways keep the nodes that they were drawn with. Streets that no other street leads to are left out
    unless they are marked to stay.
    """
    lines = [street.line for street in streets]
    inserted: list[list[Point]] = [[] for _ in streets]
    roads = np.flatnonzero([street.is_street for street in streets])
    tree = STRtree([lines[i] for i in roads])
    _insert_crossings(streets, lines, roads, tree, inserted)
    _insert_ends(streets, roads, tree, inserted)
    chains = [_chain(line, points) for line, points in zip(lines, inserted, strict=True)]
    kept = _kept(streets, chains)
    return [NodedWay(chains[i], streets[i].tags) for i in kept if len(chains[i]) > 1]


def _insert_crossings(
    streets: Sequence[Street],
    lines: Sequence[LineString],
    roads: NDArray[np.intp],
    tree: STRtree,
    inserted: list[list[Point]],
) -> None:
    first, second = roads[tree.query([lines[i] for i in roads], predicate="intersects")]
    for a, b in sorted(zip(first.tolist(), second.tolist(), strict=True)):
        if a >= b or streets[a].level != streets[b].level:
            continue
        for point in _points(lines[a].intersection(lines[b])):
            near = _near_vertex(point, lines[a], lines[b])
            inserted[a].append(near)
            inserted[b].append(near)


def _insert_ends(
    streets: Sequence[Street], roads: NDArray[np.intp], tree: STRtree, inserted: list[list[Point]]
) -> None:
    for a in roads.tolist():
        for end in (Point(streets[a].points[0]), Point(streets[a].points[-1])):
            for b in sorted(roads[tree.query(end, predicate="dwithin", distance=END_TOLERANCE_M)].tolist()):
                if b != a and (streets[a].joins or streets[b].joins or streets[a].level == streets[b].level):
                    inserted[b].append(end)


def _points(geometry: shapely.Geometry) -> list[Point]:
    """Return the points where two lines meet; where they run together, the ends of that stretch."""
    found = []
    for part in shapely.get_parts(geometry):
        if isinstance(part, Point):
            found.append(part)
        else:
            found += [Point(part.coords[0]), Point(part.coords[-1])]
    return found


def _near_vertex(point: Point, *lines: LineString) -> Point:
    for line in lines:
        vertices = shapely.get_coordinates(line)
        distance = np.hypot(*(vertices - point.coords[0]).T)
        if distance.min() < VERTEX_TOLERANCE_M:
            return Point(vertices[int(distance.argmin())])
    return point


def _chain(line: LineString, inserted: Sequence[Point]) -> tuple[Key, ...]:
    """Return the keys along a line, those inserted at their distance from its start."""
    coords = shapely.get_coordinates(line)
    own = [key_of(point) for point in coords]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))])
    stops = list(zip(along.tolist(), own, strict=True))
    for point in inserted:
        key = key_of(point.coords[0])
        if key not in own and all(key != other for _, other in stops):
            stops.append((line.project(point), key))
    stops.sort(key=lambda stop: stop[0])
    keys = [key for _, key in stops]
    return tuple(key for i, key in enumerate(keys) if i == 0 or key != keys[i - 1])


def _kept(streets: Sequence[Street], chains: Sequence[tuple[Key, ...]]) -> list[int]:
    """Return the streets of the largest component, those marked to stay, and all that is no street."""
    parent: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        parent.setdefault(key, key)
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for street, chain in zip(streets, chains, strict=True):
        if street.is_street:
            for key in chain[1:]:
                parent[root(key)] = root(chain[0])
    size: dict[Key, int] = {}
    for street, chain in zip(streets, chains, strict=True):
        if street.is_street:
            size[root(chain[0])] = size.get(root(chain[0]), 0) + len(chain)
    largest = max(size, key=lambda key: (size[key], key))
    return [
        i
        for i, (street, chain) in enumerate(zip(streets, chains, strict=True))
        if not street.is_street or street.keeps or root(chain[0]) == largest
    ]
