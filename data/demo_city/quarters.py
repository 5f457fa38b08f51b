"""Blocks that are open to the street: old town, urban villages, shops and offices, parks, land not yet built on."""

from collections.abc import Mapping

import numpy as np
import shapely
from shapely import LineString, MultiPoint, Point, Polygon

from demo_city.blocks import Block, Contents
from demo_city.compounds import axes, fill_as_one, fill_with_compounds, largest_part, part
from demo_city.names import Pairs
from demo_city.streets import Points, Street, rounded

Tags = Mapping[str, str]


def fill_block(block: Block, contents: Contents, names: Pairs, rng: np.random.Generator) -> None:
    """Draw what stands on a block."""
    if block.kind == "compounds":
        fill_with_compounds(block, contents, names, rng)
    elif block.kind in ("campus", "industry"):
        fill_as_one(block, contents, names, rng)
    elif block.kind == "old town":
        contents.streets += _old_town(block, names, rng)
    elif block.kind == "urban village":
        contents.streets += _village(block, rng)
    elif block.kind in ("commercial", "offices"):
        contents.streets += _open_plots(block, names, rng)
    elif block.kind == "park":
        _park(block, contents, rng)
    else:
        contents.streets += _sparse(block, rng)


def _lines_across(
    shape: Polygon, spacing: tuple[float, float], along: Points, rng: np.random.Generator
) -> list[Points]:
    """Return slightly bent lines across a shape, square to the direction `along`."""
    square = np.array([-along[1], along[0]])
    centre = np.asarray(shape.centroid.coords[0])
    extent = (shapely.get_coordinates(shape) - centre) @ along
    at = extent.min() + rng.uniform(*spacing) * 0.8
    lines = []
    while at < extent.max() - 0.5 * spacing[0]:
        lean = rng.normal(0.0, 0.07)
        steps = np.linspace(-800.0, 800.0, 15)
        sway = rng.normal(0.0, 7.0, len(steps))
        lines.append(centre + np.outer(at + steps * lean + sway, along) + np.outer(steps, square))
        at += rng.uniform(*spacing)
    return lines


def _clipped(points: Points, shape: shapely.Geometry) -> list[LineString]:
    parts = shapely.get_parts(shapely.intersection(shape, LineString(points)))
    return [line for line in parts if isinstance(line, LineString) and line.length > 12.0]


def _merged(pieces: list[LineString]) -> list[LineString]:
    """Join pieces end to end up to the next crossing."""
    merged = shapely.line_merge(shapely.MultiLineString(pieces))
    return [line for line in shapely.get_parts(merged) if not line.is_empty]


def _old_town(block: Block, names: Pairs, rng: np.random.Generator) -> list[Street]:
    """Draw lanes through the block in both directions; some pieces between crossings are missing."""
    u, v, _ = axes(block.shape)
    lines = [
        line
        for along, spacing in ((u, (75.0, 130.0)), (v, (60.0, 110.0)))
        for points in _lines_across(block.shape, spacing, along, rng)
        for line in _clipped(points, block.shape)
    ]
    pieces = [p for p in shapely.get_parts(shapely.union_all(lines)) if rng.random() > 0.13]
    streets = []
    for line in _merged(pieces):
        narrow = rng.random()
        tags: Tags = {"highway": "residential", "name": names.take() + "巷"}
        if narrow < 0.35:
            tags = {"highway": "living_street", "name": names.take() + "里"}
        elif narrow < 0.6:
            tags = {"highway": "footway"} if narrow < 0.45 else {"highway": "footway", "bicycle": "yes"}
        elif narrow < 0.7:
            tags = {**tags, "oneway": "yes", "oneway:bicycle": "no"}
        streets.append(Street(rounded(shapely.get_coordinates(line)), tags))
    return streets


def _village(block: Block, rng: np.random.Generator) -> list[Street]:
    """Draw alleys like the cracks between self-built houses, open to the streets around at some places."""
    spacing = rng.uniform(37.0, 46.0)
    x0, y0, x1, y1 = block.shape.bounds
    grid = np.stack(np.meshgrid(np.arange(x0, x1, spacing), np.arange(y0, y1, spacing)), axis=-1).reshape(-1, 2)
    seeds = grid + rng.uniform(-0.42, 0.42, grid.shape) * spacing
    cracks = shapely.voronoi_polygons(MultiPoint(seeds), only_edges=True)
    rim = block.shape.exterior
    kept = []
    for line in shapely.get_parts(shapely.union_all([cracks]).intersection(block.shape)):
        drawn = rng.random()
        if not isinstance(line, LineString) or line.length < 0.5:
            continue
        ends = [Point(end) for end in line.coords]
        opens = any(end.distance(block.front) < 1.0 for end in ends)
        if any(end.distance(rim) < 1.0 for end in ends) and not opens:
            continue
        if drawn > (0.66 if opens else 0.11):
            kept.append(line)
    streets = []
    for line in _merged(kept):
        wide = rng.random()
        tags: Tags = {"highway": "footway", "bicycle": "yes"} if wide < 0.9 else {"highway": "footway"}
        if wide < 0.3:
            tags = {"highway": "service", "service": "alley", "motor_vehicle": "no"}
        elif wide < 0.33 and line.length < 60.0:
            tags = {"highway": "steps"}
        elif line.length > 110.0:
            tags = {"highway": "living_street"}
        streets.append(Street(rounded(shapely.get_coordinates(line.simplify(1.5))), tags))
    return streets


def _open_plots(block: Block, names: Pairs, rng: np.random.Generator) -> list[Street]:
    """Draw service lanes around large buildings and footways between them, open to all."""
    lanes: list[LineString] = []
    plots = part(block.shape, block.front, lanes, 32_000.0, rng)
    streets = [Street(rounded(np.asarray(lane.coords)), {"highway": "service"}) for lane in lanes]
    for plot in plots:
        loop = largest_part(plot.buffer(-30.0).simplify(2.0))
        if loop.area < 2_000.0:
            continue
        streets.append(Street(rounded(np.asarray(loop.exterior.coords)), {"highway": "service"}))
        u, v, _ = axes(plot)
        centre = np.asarray(plot.centroid.coords[0])
        for along, tags in ((u, {"highway": "footway", "bicycle": "yes"}), (v, {"highway": "service"})):
            ways = _clipped(np.array([centre - along * 600, centre + along * 600]), plot)
            streets += [Street(rounded(np.asarray(line.coords)), tags) for line in ways]
    if block.kind == "commercial" and block.shape.area > 40_000.0:
        plaza = largest_part(Point(block.shape.representative_point()).buffer(32.0, quad_segs=3))
        tags = {"highway": "pedestrian", "area": "yes", "name": names.take() + "广场"}
        streets.append(Street(rounded(np.asarray(plaza.exterior.coords)), tags))
    return streets


def _park(block: Block, contents: Contents, rng: np.random.Generator) -> None:
    """Draw winding paths, entrances, and a lake where there is room."""
    inner = largest_part(block.shape.buffer(-32.0))
    ring = largest_part(inner.buffer(-22.0).buffer(22.0, quad_segs=3).simplify(1.5))
    if ring.area < 3_000.0:
        return
    paths = [ring.exterior]
    lake = _lake(inner, rng)
    if lake.area > 4_000.0 and rng.random() < 0.55:
        contents.lakes.append(Polygon(rounded(np.asarray(lake.exterior.coords))))
        paths.append(largest_part(lake.buffer(9.0, quad_segs=3)).exterior)
    u, _, _ = axes(inner)
    for points in _lines_across(ring, (95.0, 170.0), u, rng):
        dry = ring.difference(lake.buffer(9.0, quad_segs=3)) if contents.lakes else ring
        for path in _clipped(points, dry):
            contents.streets.append(Street(rounded(shapely.get_coordinates(path)), {"highway": "footway"}))
    for line in block.front.geoms:
        for _ in range(2 if line.length > 250.0 else 1):
            door = line.interpolate(rng.uniform(0.25, 0.75), normalized=True)
            target = ring.exterior.interpolate(ring.exterior.project(door))
            middle = ((door.x + target.x) / 2 + rng.normal(0, 8), (door.y + target.y) / 2 + rng.normal(0, 8))
            bent = rounded(np.array([door.coords[0], middle, target.coords[0]]))
            contents.streets.append(Street(bent, {"highway": "footway", "bicycle": "yes"}))
    for k, path in enumerate(paths):
        tags = {"highway": "footway"} if k or rng.random() < 0.6 else {"highway": "cycleway", "foot": "yes"}
        contents.streets.append(Street(rounded(np.asarray(path.coords)), tags))


def _lake(inner: Polygon, rng: np.random.Generator) -> Polygon:
    """Return a round, wavering shape about the middle of a park, well inside its paths."""
    angle = np.linspace(0.0, 2 * np.pi, 25)[:-1]
    waver = 1.0 + 0.22 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.13 * np.sin(3 * angle + rng.uniform(0, 6))
    radius = rng.uniform(0.22, 0.34) * np.sqrt(inner.area) * waver
    centre = np.asarray(inner.representative_point().coords[0])
    blob = Polygon(centre + np.column_stack([np.cos(angle), np.sin(angle)]) * radius[:, None])
    return largest_part(blob.intersection(inner.buffer(-30.0)).buffer(-6.0).buffer(6.0, quad_segs=3).simplify(1.5))


def _sparse(block: Block, rng: np.random.Generator) -> list[Street]:
    """Draw a lane or a track or nothing: vacant land, and the coarser surroundings of the study area."""
    lanes: list[LineString] = []
    largest = 90_000.0 if block.kind == "outside" else 120_000.0
    part(block.shape, block.front, lanes, largest, rng)
    tags: Tags = {"highway": "residential"} if block.kind == "outside" else {"highway": "track"}
    return [Street(rounded(np.asarray(lane.coords)), tags) for lane in lanes]
