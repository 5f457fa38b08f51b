"""Straight pieces filed by the square buckets they touch, so that a look round a place meets only what lies near.

Buckets lie in bricks of eight by eight, and only bricks with a piece in them exist, found through a hash table: memory
follows the number of pieces, however far apart they are.
"""

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.network import _snap_kernels as kernels

#: Side of a bucket in mean lengths of a piece, and its bounds: most looks then end within four buckets of a few pieces.
_LENGTHS_PER_SIDE = 2.0
_SMALLEST_SIDE_M = 20.0
#: A row of buckets has at most this many, so that the number of a brick fits its integer.
_MOST_BUCKETS = 2**30


class Buckets(NamedTuple):
    """Numbers of pieces, filed by bucket.

    Attributes
    ----------
    left, bottom, side
        Lower left corner of the first bucket, and the side of all.
    columns, rows, across
        How many buckets, and how many bricks in a row, the pieces span.
    places
        Rising: where the bricks lie, row of bricks times `across` plus column.
    keys, bricks, shift
        Hash table of `places`: keys (-1 where the table is empty), the bricks' numbers, and how the keys are spread.
    indptr, items
        The pieces that touch bucket k are ``items[indptr[k] : indptr[k + 1]]``; brick b has buckets 64 b to 64 b + 63.
    """

    left: float
    bottom: float
    side: float
    columns: int
    rows: int
    across: int
    places: NDArray[np.int64]
    keys: NDArray[np.int64]
    bricks: NDArray[np.int32]
    shift: int
    indptr: NDArray[np.int64]
    items: NDArray[np.int32]


def file_pieces(ends: NDArray[np.float64], which: NDArray[np.int64]) -> Buckets:
    """File straight pieces by the buckets they touch, or come nearer to than two millimetres.

    Parameters
    ----------
    ends
        Shape (pieces, 4): x and y of either end.
    which
        Rows of `ends` to file.
    """
    left, bottom, side, columns, rows = _frame(ends[which])
    across = columns // 8 + 1
    where = (left, bottom, side, across)
    nothing = np.empty(0, dtype=np.int64)
    n_items = kernels.touch_buckets(ends, which, *where, nothing, nothing)
    place, item = np.empty(n_items, dtype=np.int64), np.empty(n_items, dtype=np.int64)
    kernels.touch_buckets(ends, which, *where, place, item)
    turns = np.flatnonzero(np.diff(place, prepend=-1))  # far fewer than all: a piece stays in its brick
    places = np.unique(place[turns])
    shift = 64 - max(int(2 * len(places)).bit_length(), 1)
    keys, bricks = np.full(1 << (64 - shift), -1, dtype=np.int64), np.full(1 << (64 - shift), -1, dtype=np.int32)
    indptr, items = np.zeros(64 * len(places) + 2, dtype=np.int64), np.empty(n_items, dtype=np.int32)
    kernels.sort_into_buckets(places, place, item, shift, keys, bricks, indptr, items)
    return Buckets(left, bottom, side, columns, rows, across, places, keys, bricks, shift, indptr[:-1], items)


def _frame(ends: NDArray[np.float64]) -> tuple[float, float, float, int, int]:
    """Left, bottom and side of the buckets, and how many columns and rows they make."""
    if not len(ends):
        return 0.0, 0.0, _SMALLEST_SIDE_M, 0, 0
    points = ends.reshape(-1, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    length = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1]).mean()
    side = max(_LENGTHS_PER_SIDE * length, _SMALLEST_SIDE_M, (high - low).max() / _MOST_BUCKETS)
    left, bottom = low - side / 3.0  # no border of a bucket runs along the outermost pieces
    columns, rows = (high - low) // side + 2
    return float(left), float(bottom), float(side), int(columns), int(rows)


def break_lines(
    lines: NDArray[np.object_],
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Break lines into their straight pieces, in order; those without length are left out where the line has others.

    Returns
    -------
    ends
        Shape (pieces, 4): x and y of either end.
    line
        Shape (pieces,): number of the line.
    along
        Shape (pieces, 2): places of the ends along the line, 0 to 1.
    length
        Shape (lines,): their lengths.
    """
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    indptr = np.searchsorted(line, np.arange(len(lines) + 1))
    most = len(coordinates)
    ends, along, length = np.empty((most, 4)), np.empty((most, 2)), np.empty(len(lines))
    owner = np.empty(most, dtype=np.int64)
    n = kernels.break_lines(coordinates, indptr, ends, owner, along, length)
    return ends[:n].copy(), owner[:n].copy(), along[:n].copy(), length
