"""Gated compounds: walls, few gates, inner lanes that lead nowhere but to the gates."""

from collections.abc import Mapping

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.ops import split

from demo_city.blocks import Block, BlockKind, Compound, Contents
from demo_city.names import COMPOUND_ENDINGS, Pairs
from demo_city.streets import Key, Points, Street, key_of, rounded

Tags = Mapping[str, str]

STREET_SETBACK_M, PARTING_SETBACK_M, RING_SETBACK_M = 25.0, 7.0, 14.0
LANE_SHARE = 0.45
WALL_SHARE = 0.55
LARGEST_M2 = (30_000.0, 75_000.0)
CORNER_M = 18.0
LOCKED_SHARE = 0.12
LONGEST_GATEWAY_M = 110.0

LANE = {"highway": "residential"}
STYLES: tuple[Tags, ...] = (
    {"highway": "service", "motor_vehicle": "private", "foot": "yes", "bicycle": "yes"},
    {"highway": "service", "access": "private", "foot": "yes", "bicycle": "destination"},
    {"highway": "living_street", "motor_vehicle": "destination"},
    {"highway": "residential", "access": "destination"},
)
MAIN_GATES: tuple[Tags, ...] = (
    {"barrier": "gate", "access": "private", "foot": "yes", "bicycle": "yes"},
    {"barrier": "lift_gate", "motor_vehicle": "private", "foot": "yes", "bicycle": "yes"},
    {"barrier": "gate"},
)
SIDE_GATES: tuple[Tags, ...] = (
    {"barrier": "turnstile", "foot": "yes", "bicycle": "no"},
    {"barrier": "kissing_gate"},
    {"barrier": "gate", "motor_vehicle": "no", "foot": "yes", "bicycle": "no"},
)
LOCKED_GATE: Tags = {"barrier": "gate", "access": "no", "locked": "yes"}


def fill_with_compounds(block: Block, contents: Contents, names: Pairs, rng: np.random.Generator) -> None:
    """Part a block into compounds, some with public lanes between them, and draw each."""
    largest = rng.uniform(*LARGEST_M2)
    lanes: list[LineString] = []
    parcels = part(block.shape, block.front, lanes, largest, rng)
    public = shapely.union_all([block.front, *lanes])
    contents.streets += [
        Street(rounded(np.asarray(lane.coords)), _lane_tags(lane, block, rng, names)) for lane in lanes
    ]
    for parcel in parcels:
        draw_compound(parcel, block, public, contents, names, rng, "compounds")


def fill_as_one(block: Block, contents: Contents, names: Pairs, rng: np.random.Generator) -> None:
    """Draw a block as one walled place (campus), or in large walled lots (industry)."""
    if block.kind == "campus":
        draw_compound(block.shape, block, block.front, contents, names, rng, "campus")
        return
    lanes: list[LineString] = []
    for parcel in part(block.shape, block.front, lanes, 95_000.0, rng):
        draw_compound(parcel, block, shapely.union_all([block.front, *lanes]), contents, names, rng, "industry")
    contents.streets += [Street(rounded(np.asarray(lane.coords)), {"highway": "unclassified"}) for lane in lanes]


def _lane_tags(lane: LineString, block: Block, rng: np.random.Generator, names: Pairs) -> Tags:
    """Return the tags of a public lane; some that lead from one street to another are one-way."""
    through = all(Point(end).distance(block.front) < 1.0 for end in lane.coords)
    one_way: Tags = {"oneway": "yes"} if rng.random() < 0.2 and through else {}
    return {**LANE, "name": names.take() + "路", **one_way}


def part(
    shape: Polygon,
    front: shapely.Geometry,
    lanes: list[LineString],
    largest_m2: float,
    rng: np.random.Generator,
) -> list[Polygon]:
    """Part ground across its longer side until no piece is larger than wished; some cuts become lanes."""
    if shape.area <= largest_m2:
        return [shape]
    u, v, length = axes(shape)
    centre = np.asarray(shape.centroid.coords[0]) + u * rng.normal(0.0, 0.06 * length)
    turned = v + u * rng.normal(0.0, 0.07)
    cut = LineString([centre - turned * 3000.0, centre + turned * 3000.0])
    inside = shape.intersection(cut)
    pieces = [piece for piece in split(shape, cut).geoms if isinstance(piece, Polygon)]
    if not isinstance(inside, LineString) or len(pieces) != 2:
        return [shape]
    public = shapely.union_all([front, *lanes])
    touching = [Point(end).distance(public) < 1.0 for end in inside.coords]
    if any(touching) and rng.random() < LANE_SHARE:
        lanes.append(_lane(inside, touching))
    return [parcel for piece in pieces for parcel in part(piece, front, lanes, largest_m2, rng)]


def _lane(inside: LineString, touching: list[bool]) -> LineString:
    """Return the lane along a cut; an end that meets no street stops short."""
    start = 0.0 if touching[0] else 20.0
    stop = inside.length if touching[1] else inside.length - 20.0
    return LineString([inside.interpolate(start), inside.interpolate(stop)])


def axes(shape: Polygon) -> tuple[Points, Points, float]:
    """Return the directions of the longer and the shorter side of a shape, and the longer one's length."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    sides = np.diff(corners[:3], axis=0)
    lengths = np.hypot(*sides.T)
    long = int(lengths[1] > lengths[0])
    return sides[long] / lengths[long], sides[1 - long] / lengths[1 - long], float(lengths[long])


def draw_compound(
    parcel: Polygon,
    block: Block,
    public: shapely.Geometry,
    contents: Contents,
    names: Pairs,
    rng: np.random.Generator,
    kind: BlockKind,
) -> None:
    """Draw one compound: wall, ring lane, rows of paths, one to three gates."""
    walled = largest_part(parcel.buffer(-PARTING_SETBACK_M).intersection(block.shape.buffer(-STREET_SETBACK_M)))
    inner = largest_part(walled.buffer(-RING_SETBACK_M).simplify(2.5))
    doors = _door_places(parcel, public)
    if inner.area < 2_500.0 or not len(doors):
        return
    style = STYLES[int(rng.integers(len(STYLES)))]
    name = names.take() + (COMPOUND_ENDINGS[int(rng.integers(len(COMPOUND_ENDINGS)))] if kind == "compounds" else "园")
    wall = walled.exterior.simplify(1.0)
    gates: list[Point] = []
    for k, door in enumerate(_choose_doors(doors, kind, rng)):
        at_ring = inner.exterior.interpolate(inner.exterior.project(Point(door)))
        line = LineString([Point(door), at_ring])
        gate = line.intersection(wall)
        if not isinstance(gate, Point) or line.length > LONGEST_GATEWAY_M:
            continue
        contents.streets.append(_gateway(line, gate, style, _gate_tags(k, rng), side=k > 0))
        wall = _with_vertex(wall, gate)
        gates.append(gate)
    if not gates:
        return
    if kind != "compounds" or rng.random() < WALL_SHARE:
        contents.streets.append(Street(rounded(np.asarray(wall.coords)), {"barrier": "wall"}))
    ring = rounded(np.asarray(inner.exterior.coords))
    contents.streets.append(Street(ring, {**style, "name": name}))
    contents.streets += _rows(inner, kind, rng)
    contents.compounds.append(Compound(name, kind, walled, ring, tuple((g.x, g.y) for g in gates)))


def _door_places(parcel: Polygon, public: shapely.Geometry) -> Points:
    """Return places on a parcel's edge that lie on a public street, away from its ends."""
    ring = parcel.exterior
    at = shapely.line_interpolate_point(ring, np.arange(0.0, ring.length, 9.0))
    on_street = at[shapely.distance(at, public) < 1.0]
    ends = shapely.multipoints(shapely.get_coordinates(shapely.minimum_rotated_rectangle(parcel)))
    return shapely.get_coordinates(on_street[shapely.distance(on_street, ends) > CORNER_M])


def _choose_doors(doors: Points, kind: BlockKind, rng: np.random.Generator) -> list[Points]:
    """Choose one to three doors, the further ones far from the first."""
    wanted = int(rng.choice([1, 2, 3], p=[0.40, 0.42, 0.18] if kind == "compounds" else [0.5, 0.35, 0.15]))
    chosen = [doors[int(rng.integers(len(doors)))]]
    while len(chosen) < wanted:
        away = np.min([np.hypot(*(doors - other).T) for other in chosen], axis=0)
        if away.max() < 70.0:
            break
        chosen.append(doors[int(rng.choice(np.flatnonzero(away > 0.6 * away.max())))])
    return chosen


def _gate_tags(number: int, rng: np.random.Generator) -> Tags:
    if number == 0:
        return MAIN_GATES[int(rng.choice(len(MAIN_GATES), p=[0.45, 0.4, 0.15]))]
    if rng.random() < LOCKED_SHARE:
        return LOCKED_GATE
    return SIDE_GATES[int(rng.integers(len(SIDE_GATES)))]


def _gateway(line: LineString, gate: Point, style: Tags, gate_tags: Tags, *, side: bool) -> Street:
    points = rounded(np.array([line.coords[0], gate.coords[0], line.coords[-1]]))
    tags: Tags = {"highway": "footway"} if side and gate_tags.get("access") != "no" else style
    barriers: dict[Key, Tags] = {key_of(points[1]): gate_tags}
    return Street(points, tags, barriers=barriers)


def _with_vertex(ring: shapely.Geometry, point: Point) -> LineString:
    """Return a closed line with one more vertex."""
    coords = shapely.get_coordinates(ring)
    line = LineString(coords)
    at = line.project(point)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(coords, axis=0).T))])
    where = int(np.searchsorted(along, at))
    return LineString(np.insert(coords, max(where, 1), point.coords[0], axis=0))


def _rows(inner: Polygon, kind: BlockKind, rng: np.random.Generator) -> list[Street]:
    """Return paths between the rows of slab buildings, which face south: they run east and west."""
    u, v, _ = axes(inner)
    east, north = (u, v) if abs(u[0]) > abs(v[0]) else (v, u)
    spacing = {"compounds": 58.0, "campus": 85.0}.get(kind, 120.0) * rng.uniform(0.9, 1.25)
    tags: Tags = {"highway": "footway"} if kind == "compounds" else {"highway": "service", "foot": "yes"}
    centre = np.asarray(inner.centroid.coords[0])
    extent = shapely.get_coordinates(inner) @ north - centre @ north
    streets = []
    for offset in np.arange(extent.min() + spacing * 0.8, extent.max() - spacing * 0.5, spacing):
        middle = centre + north * offset
        across = inner.intersection(LineString([middle - east * 2000, middle + east * 2000]))
        rows = [line for line in shapely.get_parts(across) if isinstance(line, LineString) and line.length > 45.0]
        streets += [Street(rounded(np.asarray(row.coords)), tags) for row in rows if rng.random() < 0.88]
    if extent.max() - extent.min() > 2.2 * spacing and kind != "industry":
        middle = centre + east * rng.normal(0.0, 12.0)
        spine = inner.intersection(LineString([middle - north * 2000, middle + north * 2000]))
        if isinstance(spine, LineString) and spine.length > 30.0:
            streets.append(Street(rounded(np.asarray(spine.coords)), tags))
    return streets


def largest_part(geometry: shapely.Geometry) -> Polygon:
    """Return the largest polygon of a geometry; an empty one where there is none."""
    polygons = [p for p in shapely.get_parts(geometry) if isinstance(p, Polygon)]
    return max(polygons, key=lambda p: float(p.area), default=Polygon())
