"""Small street maps drawn by hand: places with letters, ways as strings of letters."""

from collections.abc import Iterable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.network.build import build_network
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.schema import Roads

CRS = "EPSG:32650"
XY = tuple[float, float]
Way = tuple[Sequence[str | XY], Mapping[str, str]]


def draw_roads(
    places: Mapping[str, XY],
    ways: Iterable[Way],
    *,
    barriers: Mapping[str, Mapping[str, str]] | None = None,
    obstacles: Iterable[tuple[str, shapely.Geometry]] = (),
) -> Roads:
    """Draw roads: a way runs over its places in order and is cut at every one; a bare coordinate is a bend.

    ``draw_roads({"A": (0, 0), "B": (100, 0)}, [(["A", (50, 9), "B"], {"highway": "service"})])``; a string such as
    "ABC" runs over the places A, B, C. The node id of the n-th place is n (from 1).
    """
    number = {name: n for n, name in enumerate(places, start=1)}
    rows, lines = [], []
    for path, tags in ways:
        start, bends = path[0], [places[path[0]]]
        for stop in path[1:]:
            bends.append(places[stop] if isinstance(stop, str) else stop)
            if isinstance(stop, str):
                rows.append({"u": number[start], "v": number[stop], "highway": "residential", **tags})
                lines.append(shapely.LineString(bends))
                start, bends = stop, [places[stop]]
    segments = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=lines, crs=CRS)
    segments["length_m"] = segments.length
    barriers = barriers or {}
    nodes = gpd.GeoDataFrame(
        pd.DataFrame([{"node_id": number[name], **tags} for name, tags in barriers.items()], dtype=object),
        geometry=[shapely.Point(places[name]) for name in barriers],
        crs=CRS,
    )
    nodes["node_id"] = nodes["node_id"].astype(np.int64) if len(nodes) else np.empty(0, dtype=np.int64)
    kinds, shapes = zip(*obstacles, strict=True) if obstacles else ((), ())
    return Roads(segments, nodes, gpd.GeoDataFrame({"kind": list(kinds)}, geometry=list(shapes), crs=CRS), "drawn")


def draw_network(
    places: Mapping[str, XY],
    ways: Iterable[Way],
    *,
    barriers: Mapping[str, Mapping[str, str]] | None = None,
    obstacles: Iterable[tuple[str, shapely.Geometry]] = (),
    small_component_m: float = 0.0,
) -> RoadNetwork:
    """Build the network of drawn roads; no component is an island unless a length is given."""
    roads = draw_roads(places, ways, barriers=barriers, obstacles=obstacles)
    return build_network(roads, small_component_m=small_component_m)


def draw_points(*xy: XY, prefix: str = "P") -> gpd.GeoDataFrame:
    """Draw points with ids P0, P1, … and a demand of one each."""
    ids = [f"{prefix}{k}" for k in range(len(xy))]
    return gpd.GeoDataFrame({"id": ids, "demand": 1.0}, geometry=[shapely.Point(p) for p in xy], crs=CRS)


def find_edge(network: RoadNetwork, a: XY, b: XY) -> int:
    """Row of the one edge that joins two places."""
    ends = {frozenset((a, b))}
    lines = network.edges.geometry
    found = [row for row, line in enumerate(lines) if frozenset((line.coords[0], line.coords[-1])) in ends]
    assert len(found) == 1, f"{len(found)} edges between {a} and {b}"
    return found[0]
