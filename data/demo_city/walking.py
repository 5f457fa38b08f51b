"""Who walks to a station in time, computed with networkx and nothing of the package: an oracle for the demo city."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon, STRtree

from demo_city.streets import Key, NodedWay, Points, position

SPEED_M_PER_S = 4.8 / 3.6
SNAP_LIMIT_M = 200.0
SHUT = ("no", "private")


def walking_times(
    ways: Sequence[NodedWay],
    node_tags: Mapping[Key, Mapping[str, str]],
    water: Sequence[Polygon],
    stations: Points,
    demand: Points,
) -> NDArray[np.float64]:
    """Return the seconds from each demand point to its nearest station; infinite where there is no way.

    Every point is put on the nearest street that people may walk on and that it sees without crossing water, the
    railway or a wall; the way there is walked as well. Nothing here is one-way on foot.
    """
    lines, ends, open_to_side = _pieces(ways, node_tags)
    obstacles = STRtree([*water, *_barriers(ways)])
    tree = STRtree([line for line, ok in zip(lines, open_to_side, strict=True) if ok])
    usable = np.flatnonzero(open_to_side)
    pieces = np.array(lines, dtype=object)
    graph: nx.Graph[object] = nx.Graph()
    on_piece: dict[int, list[tuple[float, object]]] = {}
    for label, points in (("station", stations), ("demand", demand)):
        for n, at in enumerate(points):
            found = _nearest(Point(at), pieces, usable, tree, obstacles)
            graph.add_node((label, n))
            if found is not None:
                piece, along, leg = found
                on_piece.setdefault(piece, []).append((along, ("on", label, n)))
                graph.add_edge((label, n), ("on", label, n), metres=leg)
    for piece, (line, (start, stop)) in enumerate(zip(lines, ends, strict=True)):
        stops = sorted([(0.0, start), *on_piece.get(piece, []), (line.length, stop)], key=lambda stop_: stop_[0])
        for (here, a), (there, b) in pairwise(stops):
            if not graph.has_edge(a, b) or graph.edges[a, b]["metres"] > there - here:
                graph.add_edge(a, b, metres=there - here)
    sources = [("station", n) for n in range(len(stations))]
    metres = nx.multi_source_dijkstra_path_length(graph, sources, weight="metres")
    return np.array([metres.get(("demand", n), np.inf) for n in range(len(demand))]) / SPEED_M_PER_S


def _pieces(
    ways: Sequence[NodedWay], node_tags: Mapping[Key, Mapping[str, str]]
) -> tuple[list[LineString], list[tuple[object, object]], list[bool]]:
    """Cut ways into straight pieces; a node with a locked gate is a different end for every piece."""
    lines: list[LineString] = []
    ends: list[tuple[object, object]] = []
    open_to_side: list[bool] = []
    for way in ways:
        if not _walkable(way.tags):
            continue
        for a, b in pairwise(way.keys):
            lines.append(LineString([position(a), position(b)]))
            number = len(lines)
            ends.append(
                ((a, number) if _locked(node_tags, a) else a, (b, number) if _locked(node_tags, b) else b),
            )
            open_to_side.append("tunnel" not in way.tags)
    return lines, ends, open_to_side


def _walkable(tags: Mapping[str, str]) -> bool:
    if "highway" not in tags or tags.get("motorroad") == "yes":
        return False
    return tags.get("foot", tags.get("access", "yes")) not in SHUT


def _locked(node_tags: Mapping[Key, Mapping[str, str]], key: Key) -> bool:
    tags = node_tags.get(key, {})
    return "barrier" in tags and tags.get("foot", tags.get("access", "yes")) in SHUT


def _barriers(ways: Sequence[NodedWay]) -> Iterable[LineString]:
    for way in ways:
        if way.tags.get("barrier") == "wall" or ("railway" in way.tags and "bridge" not in way.tags):
            yield LineString([position(key) for key in way.keys])


def _nearest(
    point: Point, lines: NDArray[np.object_], usable: NDArray[np.intp], tree: STRtree, obstacles: STRtree
) -> tuple[int, float, float] | None:
    """Return the nearest piece in sight: its number, metres along it, metres to it."""
    near = usable[tree.query(point, predicate="dwithin", distance=SNAP_LIMIT_M)]
    distances = shapely.distance(lines[near], point) if len(near) else np.empty(0)
    for piece in near[np.argsort(distances, kind="stable")].tolist():
        along = lines[piece].project(point)
        leg = LineString([point, lines[piece].interpolate(along)])
        if leg.length < 1e-6 or not len(obstacles.query(leg, predicate="intersects")):
            return piece, along, leg.length
    return None
