"""What a straight access leg may not cross: water, railways and walls, ready for many questions."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.network._kernels import mark_crossing

#: Access legs shorter than this cross nothing: a point drawn on a bridge is on the bridge, not in the river.
ON_STREET_M = 0.5
#: A leg from a point exactly on a border starts inside or outside: this far along it one can tell.
_FIRST_STEP_M = 0.001


@dataclass(frozen=True, eq=False)
class ObstacleIndex:
    """Obstacles as straight border pieces and as areas.

    A leg meets an obstacle where it crosses a border piece (touching one is free) or starts inside an area. Straight
    pieces keep each test small however large a river or a coast is.

    Attributes
    ----------
    pieces
        Lines of two vertices: obstacle lines and the borders of obstacle areas.
    ends
        Shape (2 pieces, 2): the pieces' end coordinates.
    follows
        Shape (pieces,): the piece that continues each one along the same line or round the same border, or -1.
    piece_tree
        Index of them.
    areas
        Obstacle polygons, single parts, prepared.
    area_tree
        Index of them.
    """

    pieces: NDArray[np.object_]
    ends: NDArray[np.float64]
    follows: NDArray[np.int64]
    piece_tree: shapely.STRtree
    areas: NDArray[np.object_]
    area_tree: shapely.STRtree

    def contain(self, points: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Shape (p,): whether each point lies inside an obstacle area."""
        inside = np.zeros(len(points), dtype=bool)
        point, area = self.area_tree.query(points)
        order = np.argsort(area, kind="stable")
        owners, begins = np.unique(area[order], return_index=True)
        for owner, members in zip(owners, np.split(order, begins[1:]), strict=False):
            here = point[members]
            inside[here] |= shapely.contains(self.areas[owner], points[here])
        return inside

    def block(self, points: NDArray[np.object_], lines: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Shape (p,): whether the straight leg from each point to its line meets an obstacle."""
        blocked = np.zeros(len(points), dtype=bool)
        if not len(points) or not (len(self.pieces) or len(self.areas)):
            return blocked
        legs = shapely.shortest_line(points, lines)
        leg, piece = self.piece_tree.query(legs)
        mark_crossing(shapely.get_coordinates(legs), self.ends, self.follows, leg, piece, blocked)
        rest = np.flatnonzero(~blocked)
        blocked[rest] = self.contain(shapely.line_interpolate_point(legs[rest], _FIRST_STEP_M))
        blocked[shapely.length(legs) <= ON_STREET_M] = False
        return blocked


def index_obstacles(obstacles: gpd.GeoDataFrame) -> ObstacleIndex:
    """Prepare the obstacles of a network.

    Parameters
    ----------
    obstacles
        Lines and polygons, in the network's CRS.
    """
    geometry = obstacles.geometry.to_numpy()
    is_area = shapely.get_dimensions(geometry) > 1
    areas = shapely.get_parts(geometry[is_area])
    shapely.prepare(areas)
    lines = shapely.get_parts(np.concatenate([geometry[~is_area], shapely.boundary(areas)]))
    coordinates, owner = shapely.get_coordinates(lines, return_index=True)
    begin = np.flatnonzero(owner[1:] == owner[:-1])
    pieces = np.asarray(shapely.linestrings(np.stack([coordinates[begin], coordinates[begin + 1]], axis=1)))
    ends = shapely.get_coordinates(pieces)
    return ObstacleIndex(
        pieces, ends, _continuations(owner[begin], shapely.is_closed(lines)), shapely.STRtree(pieces),
        areas, shapely.STRtree(areas),
    )  # fmt: skip


def _continuations(owner: NDArray[np.intp], closed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the next piece of the same line; the last one of a ring is followed by its first."""
    follows = np.arange(1, len(owner) + 1)
    lines, first = np.unique(owner, return_index=True)
    last = np.append(first[1:], len(owner))[: len(first)] - 1
    follows[last] = np.where(closed[lines], first, -1)
    return follows.astype(np.int64)
