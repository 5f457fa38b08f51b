"""Arterials and bridges: the lattice's rows and columns as streets, avenues across them, and the river's two roads."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.interpolate import PchipInterpolator
from shapely import LineString, Point, Polygon

from demo_city.lattice import BANK_T, EAST_S, WEST_S, Lattice, to_ground
from demo_city.names import COLUMN_ROADS, ROW_ROADS
from demo_city.railway import Crossing, cross, crossing_columns, has_room, make_elevated, make_rail, rail_line
from demo_city.streets import Key, Points, Street, key_of, rounded

Node = tuple[int, int]
Tags = Mapping[str, str]

PRIMARY = {"highway": "primary", "lanes": "6", "maxspeed": "60", "sidewalk": "both"}
SECONDARY = {"highway": "secondary", "lanes": "4", "maxspeed": "50", "sidewalk": "both"}
TERTIARY = {"highway": "tertiary", "lanes": "2", "maxspeed": "40"}
CLASSES = {"P": PRIMARY, "S": SECONDARY, "T": TERTIARY}
PEDESTRIAN = {"highway": "pedestrian", "name": "钟楼步行街", "bicycle": "no", "motor_vehicle": "no"}
WALK_BRIDGES_S = (-1500.0, 550.0)
ELEVATED_S = 1750.0
PEDESTRIAN_S = -550.0
#: Shares of the streets that were never built, inside and outside the study area.
MISSING: Mapping[str, tuple[float, float]] = {"tertiary": (0.15, 0.72), "secondary": (0.02, 0.25), "primary": (0, 0.06)}
ROW_CLASSES = "PTSTTPTTSTPTSTTPTST"  # counted from the river, southwards
NORTH_ROW_CLASSES = "STPTTSTPTTSTPTT"
#: Counted from the elevated road's column, westwards and eastwards.
COLUMN_CLASSES = "TSTTPTSTTPTTSTPTTSTTPTSTTPTSTTPTTS"
ROUNDABOUT_M = 24.0


@dataclass(frozen=True)
class Edge:
    """The street between two neighbouring junctions (over the river: between the roads on its banks)."""

    a: Node
    b: Node
    points: Points
    tags: Tags
    is_bridge: bool = False

    @property
    def is_major(self) -> bool:
        """Whether it is primary or secondary."""
        return self.tags["highway"] in ("primary", "secondary")


@dataclass(frozen=True)
class Skeleton:
    """What the blocks are cut out of.

    Attributes
    ----------
    streets
        Arterials, bridges, ramps, the elevated road, the railway.
    ground
        Lines of the arterials on the ground, which bound blocks.
    rail
        The railway's line.
    river
        The river, islands not yet cut out.
    node_tags
        Tags of signals and level crossings by position.
    """

    streets: tuple[Street, ...]
    ground: tuple[LineString, ...]
    rail: LineString
    river: Polygon
    node_tags: Mapping[Key, Tags]


def make_skeleton(lattice: Lattice, rng: np.random.Generator) -> Skeleton:
    """Draw all that the blocks lie between."""
    rail = rail_line()
    edges = _without_loose_ends(list(_present(lattice, rng)), lattice)
    meets = [not edge.is_bridge and LineString(edge.points).intersects(rail) for edge in edges]
    meeting = [edge for edge, meet in zip(edges, meets, strict=True) if meet]
    crossed = sorted({e.a[0] for e in meeting if e.a[0] == e.b[0] and has_room(e.points, rail)})
    crossings = crossing_columns(lattice, crossed)
    free = [edge for edge, meet in zip(edges, meets, strict=True) if not meet]
    streets = list(_runs(free))
    by_kind: dict[Crossing | None, list[Points]] = {}
    for edge in meeting:
        kind = crossings.get(edge.a[0]) if edge.a[0] == edge.b[0] else None
        pieces = cross(edge.points, rail, kind, edge.tags)
        by_kind.setdefault(kind, []).append(pieces[0].points if kind == "level crossing" else edge.points)
        streets += pieces
    track, tagged = make_rail(rail, by_kind.get("rail bridge", []), by_kind.get("level crossing", []))
    circle = lattice.point(_roundabout(lattice))
    streets += _avenues(lattice)
    bounding = tuple(s.line for s in streets if s.level <= 0 and "bridge" not in s.tags)
    streets = _with_roundabout(streets, circle)
    signals = {key: {"highway": "traffic_signals"} for key in _signals(free, circle, lattice, rng)}
    return Skeleton(
        streets=(*streets, *make_elevated(lattice, elevated_column(lattice)), *track),
        ground=bounding,
        rail=rail,
        river=_river(),
        node_tags={**signals, **tagged},
    )


def elevated_column(lattice: Lattice) -> int:
    """Return the column along which the elevated road runs."""
    return column_at(lattice, ELEVATED_S)


def column_at(lattice: Lattice, s: float) -> int:
    """Return the column nearest to a place along the river."""
    return int(np.abs(lattice.nodes[:, lattice.river_row, 0] - s).argmin())


def _roundabout(lattice: Lattice) -> Node:
    return column_at(lattice, -250.0), lattice.river_row - 5


def _present(lattice: Lattice, rng: np.random.Generator) -> Iterator[Edge]:
    """Yield the streets that exist: some tertiary ones are missing, outside the study area most of them."""
    inside = {n for i, j in lattice.study_fields() for n in ((i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1))}
    riverside = {lattice.river_row - 1, lattice.river_row + 1}
    for edge in _all_edges(lattice):
        within = edge.a in inside and edge.b in inside
        shares = MISSING.get(edge.tags["highway"], (0.0, 0.0))
        missing = rng.random() < shares[0 if edge.a in inside or edge.b in inside else 1]
        along_river = edge.a[1] == edge.b[1] and edge.a[1] in riverside
        if missing and not (along_river or edge.is_bridge or (within and "oneway" in edge.tags)):
            continue
        two_way = {key: value for key, value in edge.tags.items() if not key.startswith(("oneway", "cycleway"))}
        yield edge if within else replace(edge, tags=two_way)


def _without_loose_ends(edges: list[Edge], lattice: Lattice) -> list[Edge]:
    """Leave out small streets that end inside the lattice where no other street is."""
    columns, rows = lattice.shape
    while True:
        ends = Counter(node for edge in edges for node in (edge.a, edge.b))
        loose = {n for n, count in ends.items() if count == 1 and 0 < n[0] < columns - 1 and 0 < n[1] < rows - 1}
        kept = [e for e in edges if e.is_major or e.is_bridge or not loose & {e.a, e.b}]
        if len(kept) == len(edges):
            return kept
        edges = kept


def _all_edges(lattice: Lattice) -> Iterator[Edge]:
    columns, rows = lattice.shape
    river = lattice.river_row
    names = iter(ROW_ROADS)
    for j in range(rows):
        if j == river:
            continue
        name = {river - 1: "滨江大道", river + 1: "滨江北路"}.get(j) or next(names)
        tags = {**_row_class(j, river), "name": name, **_one_way(river - 1 - j)}
        for i in range(columns - 1):
            yield Edge((i, j), (i + 1, j), lattice.edge((i, j), (i + 1, j)), tags)
    names = iter(COLUMN_ROADS)
    elevated = elevated_column(lattice)
    bridges = [column_at(lattice, s) for s in WALK_BRIDGES_S]
    for i in range(columns):
        tags = {**_column_class(i, elevated, bridges), "name": "迎宾大道" if i == elevated else next(names)}
        for j in (*range(river - 1), *range(river + 1, rows - 1)):
            here = PEDESTRIAN if i == _pedestrian_column(lattice) and 3 <= river - 1 - j <= 4 else tags
            yield Edge((i, j), (i, j + 1), lattice.edge((i, j), (i, j + 1)), here)
        if i in bridges:
            over = np.array([lattice.point((i, river - 1)), lattice.point((i, river + 1))])
            name = "民安大桥" if i == bridges[0] else "钟楼老桥"
            spans = {**tags, "name": name, "bridge": "yes", "layer": "1"}
            yield Edge((i, river - 1), (i, river + 1), over, spans, is_bridge=True)


def _pedestrian_column(lattice: Lattice) -> int:
    """Return the tertiary column of the old town that is left to people on foot."""
    near, elevated = column_at(lattice, PEDESTRIAN_S), elevated_column(lattice)
    return next(i for i in range(near, 0, -1) if _class_letter(i, elevated) == "T")


def _row_class(j: int, river: int) -> Tags:
    return CLASSES[ROW_CLASSES[river - 1 - j] if j < river else NORTH_ROW_CLASSES[j - river - 1]]


def _class_letter(i: int, elevated: int) -> str:
    return "P" if i == elevated else COLUMN_CLASSES[abs(i - elevated) - 1 + 3 * (i > elevated)]


def _column_class(i: int, elevated: int, bridges: list[int]) -> Tags:
    tags = CLASSES[_class_letter(i, elevated)]
    return SECONDARY if i in bridges and tags is TERTIARY else tags


def _one_way(steps: int) -> Tags:
    """Return the one-way tags of rows counted from the river: a pair in the old town and one on the north bank."""
    return {
        1: {"oneway": "yes", "oneway:bicycle": "no"},
        3: {"oneway": "-1", "cycleway:left": "opposite_lane"},
        -5: {"oneway": "yes"},
        -6: {"oneway": "-1"},
    }.get(steps, {})


def _runs(edges: list[Edge]) -> Iterator[Street]:
    """Join edges that follow one another with the same tags into longer ways, up to four edges each."""
    run: list[Edge] = []
    for edge in edges:
        joins = run and run[-1].b == edge.a and run[-1].tags == edge.tags and len(run) < 4
        turned = run and (run[0].a[0] == run[0].b[0]) != (edge.a[0] == edge.b[0])
        if run and (not joins or turned or edge.is_bridge):
            yield _street(run)
            run = []
        run.append(edge)
    yield _street(run)


def _street(run: list[Edge]) -> Street:
    points = np.vstack([run[0].points, *(edge.points[1:] for edge in run[1:])])
    return Street(points, run[0].tags, level=1 if run[0].is_bridge else 0)


def _avenues(lattice: Lattice) -> Iterator[Street]:
    """Yield avenues and a ring that cut across the lattice, as curves through some of its junctions."""
    north, south = lattice.river_row + 1, lattice.river_row - 1
    i, j = _roundabout(lattice)
    head = column_at(lattice, WALK_BRIDGES_S[1])
    west = column_at(lattice, -3300.0)
    east = column_at(lattice, 3300.0)
    through: tuple[tuple[str, Tags, tuple[Node, ...]], ...] = (
        ("朝阳大道", SECONDARY, ((i, j), (i + 2, j + 1), (i + 4, south - 1))),
        ("迎晖大道", SECONDARY, ((i, j), (i - 3, j + 1), (i - 6, south - 1))),
        ("云栖大道", SECONDARY, ((head, north), (head + 3, north + 3), (head + 7, north + 5))),
        ("北苑大道", SECONDARY, ((head, north), (head - 3, north + 3), (head - 8, north + 4))),
        ("南环大道", PRIMARY, ((west - 4, south - 8), (west + 3, south - 9), (i, south - 11), (i + 6, south - 10),
                            (east - 1, south - 12), (east + 4, south - 11))),
        ("南塘斜街", TERTIARY, ((i - 1, south - 8), (i - 4, south - 10))),
        ("西环路", SECONDARY, ((west, south - 1), (west + 1, south - 3), (west, south - 5))),
    )  # fmt: skip
    for name, tags, junctions in through:
        at = np.array([lattice.nodes[node] for node in junctions])
        curve = PchipInterpolator(at[:, 0], at[:, 1]) if len(at) > 3 else None
        along = np.interp(np.linspace(0, len(at) - 1, 30), np.arange(len(at)), at[:, 0])
        across = curve(along) if curve else _parabola(at, 30)
        st = np.column_stack([along, across]) if curve else across
        points = rounded(np.asarray(LineString(to_ground(st)).simplify(1.5).coords))
        points[[0, -1]] = lattice.point(junctions[0]), lattice.point(junctions[-1])
        yield Street(points, {**tags, "name": name})


def _parabola(at: Points, count: int) -> Points:
    """Return points on a Bezier curve of the second degree, or on a straight line between two points."""
    share = np.linspace(0.0, 1.0, count)[:, None]
    if len(at) == 2:
        return np.asarray(at[0] * (1 - share) + at[1] * share)
    return np.asarray(at[0] * (1 - share) ** 2 + 2 * at[1] * share * (1 - share) + at[2] * share**2)


def _with_roundabout(streets: list[Street], centre: Points) -> list[Street]:
    """Cut the streets that meet in a junction back to a circle around it."""
    disk = Point(centre).buffer(ROUNDABOUT_M, quad_segs=6)
    tags = {"highway": "primary", "junction": "roundabout", "name": "钟楼环岛", "lanes": "3", "maxspeed": "30"}
    ring = rounded(shapely.get_coordinates(disk.exterior)[::-1])
    found = []
    for street in streets:
        if not street.line.intersects(disk):
            found.append(street)
            continue
        outside = [part for part in shapely.get_parts(street.line.difference(disk)) if part.length > 1.0]
        found += [replace(street, points=rounded(shapely.get_coordinates(part))) for part in outside]
    return [*found, Street(ring, tags)]


def _signals(edges: list[Edge], circle: Points, lattice: Lattice, rng: np.random.Generator) -> Iterator[Key]:
    """Yield junctions with signals: where big streets cross, and some where a big one meets a small one."""
    major: dict[Node, list[bool]] = {}
    for edge in edges:
        for node in (edge.a, edge.b):
            major.setdefault(node, []).append(edge.is_major)
    for node in sorted(major):
        if len(major[node]) < 3 or not any(major[node]):
            continue
        likely = 0.95 if sum(major[node]) > 2 else 0.35
        if rng.random() < likely and np.hypot(*(lattice.point(node) - circle)) > ROUNDABOUT_M:
            yield key_of(lattice.point(node))


def _river() -> Polygon:
    s = np.arange(WEST_S - 250.0, EAST_S + 700.0, 80.0)
    banks = [to_ground(np.column_stack([s, np.full_like(s, t)])) for t in (-BANK_T, BANK_T)]
    return Polygon(rounded(np.vstack([banks[0], banks[1][::-1]])))
