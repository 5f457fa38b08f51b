"""The streets of a PBF as OpenStreetMap has them, to name what a route uses: ways, nodes, tags, turn restrictions."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.osm import NODE, RELATION, WAY
from scipy.spatial import cKDTree

#: Tags that say who may go where.
TELLING = (
    "highway", "access", "foot", "bicycle", "vehicle", "motor_vehicle", "motorcar", "oneway", "oneway:bicycle",
    "oneway:foot", "junction", "cycleway", "cycleway:left", "cycleway:right", "cycleway:both", "route", "service",
    "area", "barrier", "motorroad", "surface", "tracktype", "sac_scale", "smoothness", "footway", "impassable",
    "conveying", "indoor", "level", "emergency", "bus", "hgv", "construction", "tunnel", "ford", "locked",
    "bicycle:backward", "access:conditional", "bicycle_road", "psv", "crossing",
)  # fmt: skip
_SAME_PLACE_M = 0.4


@dataclass(frozen=True, eq=False)
class StreetMap:
    """Ways with a `highway` or a ferry, their nodes in the network's CRS, and what lies on nodes."""

    way_tags: Mapping[int, Mapping[str, str]]
    node_tags: Mapping[int, Mapping[str, str]]
    ways_of: Mapping[tuple[int, int], list[int]]
    refs: Mapping[int, list[int]]
    restrictions: Mapping[int, list[tuple[int, int, str]]]
    node_ids: NDArray[np.int64]
    known: frozenset[int]
    tree: cKDTree
    pieces: shapely.STRtree
    piece_ways: NDArray[np.int64]

    def nodes_along(self, xy: NDArray[np.float64]) -> list[int | None]:
        """Node at each vertex of a line; None where there is none (the cut ends of a route)."""
        distance, row = self.tree.query(xy, distance_upper_bound=_SAME_PLACE_M)
        there = np.isfinite(distance)
        return [int(self.node_ids[k]) if ok else None for k, ok in zip(row, there, strict=True)]

    def way_of(self, a: int, b: int) -> tuple[int, bool] | None:
        """Return the way that joins two neighbouring nodes, and whether it runs from a to b."""
        if ways := self.ways_of.get((a, b)):
            return ways[0], True
        if ways := self.ways_of.get((b, a)):
            return ways[0], False
        return None

    def is_cut(self, way: int) -> bool:
        """Tell whether the file lacks nodes of a way: the extract's border cuts it."""
        return any(ref not in self.known for ref in self.refs[way])

    def way_at(self, xy: NDArray[np.float64]) -> int:
        """Return the way nearest to a place."""
        rows = self.pieces.query_nearest(shapely.Point(xy))
        return int(self.piece_ways[rows[0]])


def telling(tags: Mapping[str, str]) -> str:
    """Write tags that say who may go there as text."""
    return " ".join(f"{key}={tags[key]}" for key in TELLING if key in tags)


def read_street_map(pbf: Path, crs: Any) -> StreetMap:
    """Read a PBF; independent of the project's own reader."""
    way_tags: dict[int, dict[str, str]] = {}
    refs: dict[int, list[int]] = {}
    ways_of: dict[tuple[int, int], list[int]] = defaultdict(list)
    for way in osmium.FileProcessor(str(pbf), WAY):
        if "highway" not in way.tags and way.tags.get("route") != "ferry":
            continue
        way_tags[way.id] = dict(way.tags)
        refs[way.id] = [node.ref for node in way.nodes]
        for a, b in pairwise(refs[way.id]):
            ways_of[a, b].append(way.id)
    used = {ref for of_way in refs.values() for ref in of_way}
    node_tags, ids, lon_lat = {}, [], []
    for node in osmium.FileProcessor(str(pbf), NODE):
        if node.id in used:
            ids.append(node.id)
            lon_lat.append((node.location.lon, node.location.lat))
            if len(node.tags):
                node_tags[node.id] = dict(node.tags)
    xy = shapely.get_coordinates(gpd.GeoSeries(shapely.points(lon_lat), crs=4326).to_crs(crs).to_numpy())
    row = {node: k for k, node in enumerate(ids)}
    steps = [(row[a], row[b], ways[0]) for (a, b), ways in ways_of.items() if a in row and b in row]
    ends = np.array([step[:2] for step in steps])
    return StreetMap(
        way_tags,
        node_tags,
        ways_of,
        refs,
        read_restrictions(pbf),
        np.array(ids),
        frozenset(ids),
        cKDTree(xy),
        shapely.STRtree(shapely.linestrings(xy[ends])),
        np.array([step[2] for step in steps]),
    )


def read_restrictions(pbf: Path) -> dict[int, list[tuple[int, int, str]]]:
    """Turn restrictions: node or way between -> (from way, to way, kind)."""
    found: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for relation in osmium.FileProcessor(str(pbf), RELATION):
        if relation.tags.get("type") != "restriction":
            continue
        kind = relation.tags.get("restriction") or "no_turn"
        roles: dict[str, list[int]] = defaultdict(list)
        for member in relation.members:
            roles[member.role].append(member.ref)
        for via, start, end in product(roles["via"], roles["from"], roles["to"]):
            found[via].append((start, end, kind))
    return found
