"""What a straight access leg may not cross: water, railways and walls, ready for many questions."""

from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.network import _obstacle_kernels as kernels
from coverage_planner.network.buckets import Buckets, break_lines, file_pieces


class ObstacleIndex(NamedTuple):
    """Obstacles as straight border pieces in buckets.

    A leg meets an obstacle where it crosses a border piece (touching one is free) or starts inside an area. Legs of at
    most half a metre meet nothing: a point drawn on a bridge is on the bridge. Where rounding would decide it does not:
    a leg that passes a corner by less than a micrometre runs through it, and one that passes a border by less than a
    millimetre at its end only touches it, so a street that runs along a wall can be stepped onto from either side.

    Attributes
    ----------
    buckets
        The pieces in buckets.
    ends
        Shape (pieces, 4): x and y of either end. The borders of areas have the area to their left.
    follows
        Shape (pieces,): the piece that continues each one along the same line or round the same border, or -1.
    of_area
        Shape (pieces,): whether each one bounds an area.
    reference, n_areas
        Shape (buckets,): x of a reference place in each bucket, and how many areas lie round it.
    at_left
        Shape (bricks,): how many areas lie round the left side of each brick.
    """

    buckets: Buckets
    ends: NDArray[np.float64]
    follows: NDArray[np.int64]
    of_area: NDArray[np.bool_]
    reference: NDArray[np.float64]
    n_areas: NDArray[np.int32]
    at_left: NDArray[np.int32]

    def block(self, points: NDArray[np.object_], lines: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Shape (p,): whether the straight leg from each point to its line meets an obstacle."""
        legs = shapely.get_coordinates(shapely.shortest_line(points, lines)).reshape(-1, 4)
        x, y, number = legs[:, 0].copy(), legs[:, 1].copy(), np.arange(len(legs) + 1)
        where = kernels.locate(self, x, y, kernels.FIRST_STEP_M)
        street, tier = number[:-1].astype(np.int32), np.zeros(len(legs), dtype=np.int32)
        feet = np.ascontiguousarray(legs[:, [2, 3, 2, 3]])
        length = np.hypot(legs[:, 2] - x, legs[:, 3] - y)
        return kernels.first_free(self, feet, street, tier, x, y, where, np.inf, number, street.copy(), length)[-1]


def index_obstacles(obstacles: gpd.GeoDataFrame) -> ObstacleIndex:
    """Prepare the obstacles of a network.

    Parameters
    ----------
    obstacles
        Lines and polygons, in the network's CRS.
    """
    geometry = shapely.get_parts(shapely.get_parts(obstacles.geometry.to_numpy()))  # collections may hold both kinds
    is_area = shapely.get_dimensions(geometry) > 1
    borders = _borders(_polygons(geometry[is_area]))
    lines = np.concatenate([shapely.get_parts(geometry[~is_area]), borders])
    ends, line, _, _ = break_lines(lines)
    buckets = file_pieces(ends, np.arange(len(ends)))
    of_area = line >= len(lines) - len(borders)
    follows = _continuations(line, shapely.is_closed(lines))
    return ObstacleIndex(buckets, ends, follows, of_area, *kernels.count_areas(buckets, ends, of_area))


def _polygons(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Take the areas apart into valid polygons."""
    parts = shapely.get_parts(geometry)
    broken = ~shapely.is_valid(parts)
    mended = shapely.get_parts(shapely.get_parts(shapely.make_valid(parts[broken])))
    parts = np.concatenate([parts[~broken], mended])
    return np.asarray(parts[shapely.get_dimensions(parts) > 1])


def _borders(areas: NDArray[np.object_]) -> NDArray[np.object_]:
    """Rings round the areas, each with its area to the left."""
    rings, area = shapely.get_rings(areas, return_index=True)
    outer = np.ones(len(rings), dtype=bool)
    outer[1:] = area[1:] != area[:-1]
    return np.where(shapely.is_ccw(rings) == outer, rings, shapely.reverse(rings))


def _continuations(owner: NDArray[np.int64], closed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Find the next piece of the same line; the last one of a ring is followed by its first."""
    follows = np.arange(1, len(owner) + 1)
    lines, first = np.unique(owner, return_index=True)
    last = np.append(first[1:], len(owner))[: len(first)] - 1
    follows[last] = np.where(closed[lines], first, -1)
    return follows.astype(np.int64)
