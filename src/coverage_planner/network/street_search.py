"""The search for the nearest street with a free access leg, for many places at once.

Nearly all places are done with one look at their nearest main street. For the others the look widens: over more main
streets where the nearest lies behind an obstacle, then over islands.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coverage_planner.network import _obstacle_kernels, _snap_kernels
from coverage_planner.network.buckets import Buckets
from coverage_planner.network.obstacles import ObstacleIndex
from coverage_planner.network.street_index import StreetIndex

#: How much wider each look over main streets is than the last.
_WIDER = 4.0
#: Looks that list all streets around are made for so many places at once: their lists may be long.
_LISTED_AT_ONCE = 4096
#: No street is farther away than this: an unlimited look ends here.
_FARTHEST_M = 4e9

#: The last look that listed each edge, then the number of looks; the edge's place in the list.
Memory = tuple[NDArray[np.int64], NDArray[np.int64]]


class Found(NamedTuple):
    """What a search found, per place.

    Attributes
    ----------
    piece
        Shape (p,), int32: the piece of street; -1 where no leg within the limit is free.
    access_m
        Shape (p,): length of its leg, or of the nearest free leg beyond the limit; NaN where no leg is free.
    nearest_m
        Shape (p,): distance of the nearest street looked at, be its leg free or not; infinite where none is near. (Who
        finds a main street does not look at islands.)
    barred
        Shape (p,): whether any leg looked at meets an obstacle.
    """

    piece: NDArray[np.int32]
    access_m: NDArray[np.float64]
    nearest_m: NDArray[np.float64]
    barred: NDArray[np.bool_]


class _Around(NamedTuple):
    """What a search looks from and among."""

    streets: StreetIndex
    obstacles: ObstacleIndex
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    where: NDArray[np.int8]
    limit_m: float
    memory: Memory


def make_memory(streets: StreetIndex) -> Memory:
    """Make the memory that looks work in; pages that no look touches are never claimed from the system."""
    n_edges = len(streets.length)
    return np.zeros(n_edges + 1, dtype=np.int64), np.empty(n_edges, dtype=np.int64)


def search_streets(
    streets: StreetIndex,
    obstacles: ObstacleIndex,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    memory: Memory,
    *,
    limit_m: float,
    margin_m: float,
) -> Found:
    """Find the nearest street with a free leg: a main street, else one on the largest island that has any.

    Parameters
    ----------
    streets, obstacles
        What to find, and what not to cross.
    x, y
        Shape (p,): the places.
    memory
        From `make_memory`, for all searches of these streets.
    limit_m
        Longest leg.
    margin_m
        Where no leg within the limit is free, the length of the nearest free one is known if it is at most so much
        longer.
    """
    where = _obstacle_kernels.locate(obstacles, x, y, _obstacle_kernels.FIRST_STEP_M)
    around = _Around(streets, obstacles, x, y, where, limit_m, memory)
    far_m = min(limit_m + margin_m, _FARTHEST_M)
    found = _look(around, np.arange(len(x)), streets.main, np.full(len(x), far_m), nearest_only=True)
    # no leg leaves the water, save from a bridge, and the first look has found those
    barred = np.flatnonzero(found.barred & (where != _obstacle_kernels.INSIDE))
    radius = found.nearest_m[barred]
    while len(barred):
        radius = np.minimum(_WIDER * radius + streets.main.side, far_m)
        wider = _look_in_parts(around, barred, streets.main, radius)
        found.piece[barred], found.access_m[barred] = wider.piece, wider.access_m
        settled = (wider.access_m + _snap_kernels.EQUAL_M <= radius) | (radius >= far_m)
        barred, radius = barred[~settled], radius[~settled]
    waiting = np.flatnonzero(found.piece < 0)
    if len(waiting) and len(streets.islands.items):
        island = _look_in_parts(around, waiting, streets.islands, np.full(len(waiting), far_m))
        nearer = np.fmin(found.access_m[waiting], island.access_m)
        found.access_m[waiting] = np.where(island.piece >= 0, island.access_m, nearer)
        found.nearest_m[waiting] = np.minimum(found.nearest_m[waiting], island.nearest_m)
        found.piece[waiting] = island.piece
    return found


def _look_in_parts(around: _Around, rows: NDArray[np.intp], buckets: Buckets, radius: NDArray[np.float64]) -> Found:
    """Look at all streets round some of the places, a part of the places at a time."""
    parts = [slice(start, start + _LISTED_AT_ONCE) for start in range(0, len(rows), _LISTED_AT_ONCE)]
    found = [_look(around, rows[part], buckets, radius[part], nearest_only=False) for part in parts]
    return Found(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _look(
    around: _Around, rows: NDArray[np.intp], buckets: Buckets, radius: NDArray[np.float64], *, nearest_only: bool
) -> Found:
    """Look at the streets round some of the places: at all within the radius, or at the nearest alone."""
    streets, x, y = around.streets, around.x[rows], around.y[rows]
    begin = np.zeros(len(rows) + 1, dtype=np.int64)
    room = 2 * len(rows) + 1024
    piece, distance = np.empty(room, dtype=np.int32), np.empty(room)
    done = 0
    while True:
        done = _snap_kernels.list_near(
            buckets, streets.ends, streets.owner, *around.memory, x, y, radius, nearest_only,
            done, begin, piece, distance,
        )  # fmt: skip
        if done == len(rows):
            break
        piece, distance = np.concatenate([piece, piece]), np.concatenate([distance, distance])
    return Found(
        *_obstacle_kernels.first_free(
            around.obstacles,
            streets.ends,
            streets.owner,
            streets.tier,
            x,
            y,
            around.where[rows],
            around.limit_m,
            begin,
            piece,
            distance,
        )
    )
