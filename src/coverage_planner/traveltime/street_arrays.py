"""Streets as the flat arrays that compiled code takes, made once per network, mode and direction of search."""

from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.units import MS_PER_S, speed_mps

#: What has been made, as long as the network lives; it says the same however often it is asked.
_LINES: WeakKeyDictionary[RoadNetwork, tuple[NDArray[np.float64], NDArray[np.int64]]] = WeakKeyDictionary()
_STREETS: WeakKeyDictionary[RoadNetwork, dict[tuple[str, bool], "StreetArrays"]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class StreetArrays:
    """Streets of one mode in one direction of search, ``e`` of them, with ``p`` vertices and ``n`` end nodes.

    Attributes
    ----------
    edges
        Shape (e + 1, 5), int32: end nodes u and v, milliseconds from u to v and from v to u in the direction of search
        (-1: not allowed), number of the first vertex.
    line
        Shape (p, 3): x, y and place along the edge of each vertex, 0 at u and 1 at v.
    near_first, near_edges
        CSR: the edges that the mode may use at each node.
    node_xy, node_boxes
        Shapes (n, 2) and (n, 4): coordinates, and left, bottom, right, top of those edges, inverted where there are
        none.
    speed
        Metres per millisecond that nobody exceeds, on an edge or on an access leg; but for half a millisecond per edge.
    """

    edges: NDArray[np.int32]
    line: NDArray[np.float64]
    near_first: NDArray[np.int64]
    near_edges: NDArray[np.int32]
    node_xy: NDArray[np.float64]
    node_boxes: NDArray[np.float64]
    speed: float


def street_arrays(network: RoadNetwork, graph: ModeGraph, *, reverse: bool) -> StreetArrays:
    """Lay out the streets of a mode for searches forth, or back from where people go (`reverse`)."""
    made, mode = _STREETS.setdefault(network, {}), graph.mode.name
    if (mode, reverse) not in made:
        other = made.get((mode, not reverse))
        made[mode, reverse] = _lay_out(network, graph, reverse=reverse) if other is None else _turn_round(other)
    return made[mode, reverse]


def _turn_round(streets: StreetArrays) -> StreetArrays:
    """Swap the two ways of travel."""
    return replace(streets, edges=np.ascontiguousarray(streets.edges[:, [0, 1, 3, 2, 4]]))


def _lay_out(network: RoadNetwork, graph: ModeGraph, *, reverse: bool) -> StreetArrays:
    line, first = _lines_of(network)
    n_nodes = len(network.nodes)
    ends = network.edges[["u", "v"]].to_numpy(dtype=np.int32)
    up, down = (graph.backward_ms, graph.forward_ms) if reverse else (graph.forward_ms, graph.backward_ms)
    edges = np.zeros((len(ends) + 1, 5), dtype=np.int32)
    edges[:-1, :2], edges[:-1, 2], edges[:-1, 3], edges[:, 4] = ends, up, down, first
    allowed = np.flatnonzero(graph.allowed).astype(np.int32)
    u, v = ends[allowed].T
    at = np.concatenate([u, v[u != v]])
    near = np.concatenate([allowed, allowed[u != v]])
    order = np.argsort(at, kind="stable")
    near_edges = near[order]
    near_first = np.concatenate(([0], np.cumsum(np.bincount(at, minlength=n_nodes)))).astype(np.int64)
    node_boxes = np.tile([np.inf, np.inf, -np.inf, -np.inf], (n_nodes, 1))
    used = np.flatnonzero(np.diff(near_first))
    if len(used):
        boxes = shapely.bounds(network.edges.geometry.to_numpy())[near_edges]
        node_boxes[used, :2] = np.minimum.reduceat(boxes[:, :2], near_first[used], axis=0)
        node_boxes[used, 2:] = np.maximum.reduceat(boxes[:, 2:], near_first[used], axis=0)
    quickest = np.where(up < 0, down, np.where(down < 0, up, np.minimum(up, down)))[allowed].astype(np.float64)
    speeds = shapely.length(network.edges.geometry.to_numpy()[allowed]) / (quickest + 0.5)  # times are rounded
    walking = speed_mps(graph.mode.access_speed_kph) / MS_PER_S
    return StreetArrays(
        edges=edges,
        line=line,
        near_first=near_first,
        near_edges=near_edges,
        node_xy=shapely.get_coordinates(network.nodes.geometry.to_numpy()),
        node_boxes=node_boxes,
        speed=float(speeds.max(initial=walking)),
    )


def _lines_of(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices of all edges with their places along them, and where those of each edge begin."""
    if network not in _LINES:
        lines: NDArray[Any] = network.edges.geometry.to_numpy()
        xy, owner = shapely.get_coordinates(lines, return_index=True)
        first = np.searchsorted(owner, np.arange(len(lines) + 1)).astype(np.int64)
        steps = np.zeros(len(xy))
        steps[1:] = np.hypot(*np.diff(xy, axis=0).T)
        walked = np.cumsum(steps)
        walked -= np.repeat(walked[first[:-1]], np.diff(first))
        length = np.repeat(walked[first[1:] - 1], np.diff(first))
        place = np.divide(walked, length, out=np.zeros(len(xy)), where=length > 0)
        place[first[1:] - 1] = 1.0  # also of a street without length
        _LINES[network] = np.column_stack([xy, place]), first
    return _LINES[network]
