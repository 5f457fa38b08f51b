"""Streets and obstacles of an OpenStreetMap file, read with pyosmium."""

import logging
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import NODE, RELATION, WAY

from coverage_planner.errors import SourceError
from coverage_planner.schema import ROAD_TAGS, Rejections, Roads
from coverage_planner.sources import osm_tags
from coverage_planner.sources.osm_reading import objects, part_of, reading, tags_of
from coverage_planner.sources.segments import WGS84, CrsLike, Lines, cut_lines, roads_from_pieces
from coverage_planner.units import Progress

__all__ = [
    "Locations", "Ways", "assemble_area", "draw_ways", "drop_repeats", "objects", "read_member_ways", "read_nodes",
    "read_osm_roads", "reading", "tags_of",
]  # fmt: skip

_LOG = logging.getLogger(__name__)
_STAGES = 3
#: OpenStreetMap's coordinates are whole numbers of this part of a degree.
_PER_DEGREE = 1e7
#: The fewest points of a line, and of a ring without the one that closes it.
_LINE, _TRIANGLE = 2, 3


@dataclass(eq=False)
class Ways:
    """Ways as they are read: one entry per way, and the node ids of all ways one after another."""

    ids: list[int] = field(default_factory=list)
    tags: list[dict[str, str]] = field(default_factory=list)
    ends: "array[int]" = field(default_factory=lambda: array("q", [0]))
    refs: "array[int]" = field(default_factory=lambda: array("q"))

    def add(self, way: Any, tags: dict[str, str]) -> None:
        """Append a way of pyosmium."""
        self.ids.append(way.id)
        self.tags.append(tags)
        self.refs.extend([node.ref for node in way.nodes])
        self.ends.append(len(self.refs))


class Locations:
    """Where the nodes of a file are.

    Positive ids are looked up in pyosmium's own index. It has no room for negative ones, which editors give to nodes
    that are not yet on the server; where a way uses them, the file's nodes are read once more.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.index = osmium.index.create_map("flex_mem")

    def find(self, refs: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitude and latitude of nodes, NaN where the file lacks them."""
        unique, inverse = np.unique(refs, return_inverse=True)
        found = np.full((len(unique), 2), np.nan)
        unsaved = self._find_unsaved() if (unique < 0).any() else {}
        for row, node_id in enumerate(unique.tolist()):
            try:
                location = unsaved[node_id] if node_id < 0 else self.index.get(node_id)
            except KeyError:
                continue
            if location.valid():  # files exist with latitudes beyond 90
                found[row] = location.x, location.y
        return found[inverse, 0] / _PER_DEGREE, found[inverse, 1] / _PER_DEGREE

    def _find_unsaved(self) -> dict[int, Any]:
        return {node.id: node.location for node in objects(self.path, NODE) if node.id < 0}

    def lines(self, ways: Ways) -> Lines:
        """Return ways as lines with coordinates."""
        refs = np.array(ways.refs, dtype=np.int64)
        return Lines(np.array(ways.ends, dtype=np.int64), refs, *self.find(refs))


def read_osm_roads(
    path: Path,
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
    progress: Progress | None = None,
) -> Roads:
    """Read streets, barriers and obstacles of an OpenStreetMap file; see `read_roads` for arguments and errors.

    Ways are cut where they share a node, at their ends, and at barriers, signals and crossings. A way of which the file
    holds only some nodes is cut there; one with fewer than two nodes is noted in `rejected`. Of a large file only the
    part around the study area is read, see `osm_reading.part_of`.
    """
    tell = progress or _no_progress
    tell(0, _STAGES)
    with part_of(path, study_area, margin_m) as (part, _):
        with reading(part):
            locations, route_nodes = read_nodes(part, osm_tags.NODE_KEYS, osm_tags.is_route_node)
        tell(1, _STAGES)
        with reading(part):
            streets, barriers, areas = _read_ways(part)
            lines = locations.lines(streets)
            obstacles = _draw_obstacles(locations, barriers, areas)
    tell(2, _STAGES)
    if not streets.ids:
        raise SourceError(
            f"an OpenStreetMap file must hold streets (ways with a highway tag), got none in {path.name}; "
            "export it again with its ways and nodes"
        )
    _note_lost(lines, streets, path, rejected)
    roads = roads_from_pieces(
        cut_lines(lines, np.array(route_nodes[0], dtype=np.int64)),
        osm_tags.tag_table(streets.tags, ROAD_TAGS),
        osm_tags.node_table(*route_nodes),
        obstacles,
        source_crs=WGS84,
        crs=crs,
        study_area=study_area,
        margin_m=margin_m,
        source=f"{path.name} ({osm_tags.ATTRIBUTION})",
    )
    tell(_STAGES, _STAGES)
    return roads


def _no_progress(_done: int, _all: int) -> None:
    """Report to nobody."""


RouteNodes = tuple[list[int], list[float], list[float], list[dict[str, str]]]


def read_nodes(
    path: Path, keys: Iterable[str], wanted: Callable[[Mapping[str, str]], bool]
) -> tuple[Locations, RouteNodes]:
    """Read where all nodes are, and ids, longitudes, latitudes and tags of those that are wanted."""
    locations = Locations(path)
    remember = osmium.NodeLocationsForWays(locations.index)
    ids: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    all_tags: list[dict[str, str]] = []
    for node in objects(path, NODE, remember, KeyFilter(*keys)):
        tags = tags_of(node)
        if wanted(tags) and node.location.valid():
            ids.append(node.id)
            lon.append(node.location.x / _PER_DEGREE)
            lat.append(node.location.y / _PER_DEGREE)
            all_tags.append(tags)
    # the index finds nodes only once it is sorted, which pyosmium does when the first way passes by
    remember.ignore_errors()
    next(objects(path, WAY, remember), None)
    return locations, (ids, lon, lat, all_tags)


@dataclass(frozen=True, eq=False)
class _WaterAreas:
    """Water drawn as multipolygon relations: the member ways of each, and those ways."""

    members: list[list[int]]
    ways: Ways


def _read_ways(path: Path) -> tuple[Ways, Ways, _WaterAreas]:
    """Read streets, obstacles drawn as ways, and obstacles drawn as relations."""
    streets, barriers = Ways(), Ways()
    for way in objects(path, WAY, KeyFilter(*osm_tags.WAY_KEYS)):
        tags = tags_of(way)
        if osm_tags.is_street(tags):
            streets.add(way, tags)
        elif osm_tags.obstacle_kind(tags) is not None:
            barriers.add(way, tags)
    return drop_repeats(streets), drop_repeats(barriers), _read_water_areas(path)


def _read_water_areas(path: Path) -> _WaterAreas:
    members = []
    for relation in objects(path, RELATION, KeyFilter("natural", "waterway")):
        tags = tags_of(relation)
        if tags.get("type") == "multipolygon" and osm_tags.is_water_area(tags) and osm_tags.obstacle_kind(tags):
            members.append([member.ref for member in relation.members if member.type == "w"])
    return _WaterAreas(members, read_member_ways(path, members))


def read_member_ways(path: Path, members: list[list[int]]) -> Ways:
    """Read the ways that relations name as members."""
    ways = Ways()
    wanted = sorted({way_id for one in members for way_id in one})
    if wanted:
        for way in objects(path, WAY, IdFilter(wanted)):
            ways.add(way, {})
    return ways


def drop_repeats(ways: Ways) -> Ways:
    """Return ways without those whose id came before, as in extracts that were joined."""
    if len(set(ways.ids)) == len(ways.ids):
        return ways
    once = Ways()
    seen: set[int] = set()
    for row, way_id in enumerate(ways.ids):
        if way_id not in seen:
            seen.add(way_id)
            once.ids.append(way_id)
            once.tags.append(ways.tags[row])
            once.refs.extend(ways.refs[ways.ends[row] : ways.ends[row + 1]])
            once.ends.append(len(once.refs))
    return once


def _draw_obstacles(locations: Locations, barriers: Ways, areas: _WaterAreas) -> gpd.GeoDataFrame:
    """Return obstacles as lines and polygons in longitude and latitude."""
    kinds: list[str | None] = []
    shapes: list[Any] = []
    drawn = draw_ways(locations.lines(barriers))
    for tags, parts in zip(barriers.tags, drawn, strict=True):
        closed = osm_tags.is_water_area(tags) and len(parts) == 1 and shapely.is_closed(parts[0])
        for part in parts:
            shapes.append(shapely.Polygon(part) if closed and len(part.coords) > _TRIANGLE else part)
            kinds.append(osm_tags.obstacle_kind(tags))
    drawn = draw_ways(locations.lines(areas.ways))
    parts_of = dict(zip(areas.ways.ids, drawn, strict=True))
    for members in areas.members:
        for shape in assemble_area([part for way_id in members for part in parts_of.get(way_id, [])]):
            shapes.append(shape)
            kinds.append("water")
    geometry = shapely.make_valid(np.array(shapes, dtype=object))
    return gpd.GeoDataFrame({"kind": kinds}, geometry=geometry, crs=WGS84)


def draw_ways(lines: Lines) -> list[list[Any]]:
    """Return the LineStrings of each way: one, or several where nodes are missing, or none."""
    # an id of its own for every vertex: ways are not to be cut where they meet
    apart = Lines(lines.starts, np.arange(len(lines.x)), lines.x, lines.y)
    pieces = cut_lines(apart, np.empty(0, dtype=np.int64))
    positions, piece = pieces.vertices()
    parts: list[list[Any]] = [[] for _ in range(len(lines.starts) - 1)]
    if len(positions):
        drawn: Any = shapely.linestrings(np.column_stack([pieces.x[positions], pieces.y[positions]]), indices=piece)
        for row, part in zip(pieces.line.tolist(), drawn, strict=True):
            parts[row].append(part)
    return parts


def assemble_area(parts: list[Any]) -> list[Any]:
    """Return the area that lines enclose, and the lines themselves where they enclose none of it.

    At the edge of an extract a relation often lacks some of its ways; what is there is still a shore.
    """
    area = shapely.build_area(shapely.union_all(shapely.MultiLineString(parts)))
    if area.is_empty:
        return parts
    outline = area.boundary
    shapely.prepare(outline)
    return [area, *(part for part in parts if not outline.covers(part))]


def _note_lost(lines: Lines, streets: Ways, path: Path, rejected: Rejections | None) -> None:
    """Say in the log and in `rejected` which ways lie beyond the edge of the extract."""
    known = np.isfinite(lines.x)
    sums = np.concatenate([[0], np.cumsum(known)])
    located = sums[lines.starts[1:]] - sums[lines.starts[:-1]]
    short = np.flatnonzero(located < np.diff(lines.starts))
    lost = np.flatnonzero(located < _LINE)
    if len(short):
        _LOG.info("%s: %d of %d ways reach beyond the extract and end at its edge", path.name, len(short), len(located))
    if rejected is not None and len(lost):
        rejected.add(
            source=path.name,
            table="roads",
            labels=[f"w{streets.ids[row]}" for row in lost],
            reason="fewer than two nodes of the way are in the file",
            row_numbers=(lost + 1).tolist(),
        )
