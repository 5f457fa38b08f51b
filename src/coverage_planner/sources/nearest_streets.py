"""The nearest street of each of millions of positions.

A tree answers in some 20 µs per position. Here the plane is cut into small squares; for each square that has positions,
the few straight pieces of street that can be the nearest of any position in it are found once with the tree, and all
positions of a chunk are then measured against the pieces of their squares in one go, in 1 to 2 µs each. The answer is
the same: a piece that is nearest to a position in a square is, at the square's middle, at most a diagonal farther than
the piece that is nearest there.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

#: Side of a square, metres.
_SIDE_M = 50.0
_DIAGONAL_M = _SIDE_M * float(np.sqrt(2.0))
#: Squares remembered; beyond that they are forgotten and found again.
_MOST_SQUARES = 1_000_000
#: Pairs of position and piece that are measured at a time.
_MOST_PAIRS = 4_000_000
_OFFSET = 1 << 31
#: No street.
NONE = -1


class NearestStreets:
    """Finds the nearest of some streets, up to a distance."""

    def __init__(self, lines: NDArray[Any], within_m: float) -> None:
        self._within_m = within_m
        ends, line = _straight_pieces(lines)
        self._ends, self._line = ends, line
        pieces: Any = shapely.linestrings(ends.reshape(-1, 2, 2))
        self._tree = shapely.STRtree(pieces)
        self._forget()

    def find(self, x: _Floats, y: _Floats) -> _Ints:
        """Return the row of the nearest street, the first of several as near; `NONE` where none is within reach."""
        square = (np.floor(x / _SIDE_M).astype(np.int64) << 32) + np.floor(y / _SIDE_M).astype(np.int64) + _OFFSET
        found, inverse = np.unique(square, return_inverse=True)
        self._learn(found)
        place: _Ints = np.asarray(np.searchsorted(self._squares, found), dtype=np.int64)
        counts = self._counts[place]
        nearest = np.full(len(x), NONE, dtype=np.int64)
        order = np.flatnonzero(counts[inverse])
        per_position = counts[inverse[order]]
        n_pairs: int = int(per_position.sum())
        cuts = np.searchsorted(np.cumsum(per_position), np.arange(_MOST_PAIRS, n_pairs, _MOST_PAIRS)).tolist()
        for rows in np.split(order, sorted(set(cuts))):
            if len(rows):
                nearest[rows] = self._measure(x[rows], y[rows], place[inverse[rows]])
        return nearest

    def _measure(self, x: _Floats, y: _Floats, place: _Ints) -> _Ints:
        counts = self._counts[place]
        position = np.repeat(np.arange(len(x)), counts)
        first = np.cumsum(counts) - counts
        piece = self._pieces[np.arange(len(position)) - np.repeat(first - self._firsts[place], counts)]
        far2 = _squared_distance(x[position], y[position], self._ends[piece])
        least = np.minimum.reduceat(far2, first)
        # the first street of several as near: the others count as beyond all
        line = np.where(far2 == least[position], self._line[piece], np.iinfo(np.int64).max)
        return np.where(least <= self._within_m**2, np.minimum.reduceat(line, first), NONE)

    def _forget(self) -> None:
        self._squares = np.empty(0, dtype=np.int64)
        self._firsts = np.empty(0, dtype=np.int64)
        self._counts = np.empty(0, dtype=np.int64)
        self._pieces = np.empty(0, dtype=np.int64)

    def _learn(self, squares: _Ints) -> None:
        """Find the pieces of squares that are not known yet."""
        if len(self._squares) + len(squares) > _MOST_SQUARES:
            self._forget()
        place = np.searchsorted(self._squares, squares)
        known = place < len(self._squares)
        known[known] = self._squares[place[known]] == squares[known]
        new = squares[~known]
        if not len(new):
            return
        middles: Any = shapely.points(((new >> 32) + 0.5) * _SIDE_M, ((new & 0xFFFFFFFF) - _OFFSET + 0.5) * _SIDE_M)
        reach_m = self._within_m + _DIAGONAL_M
        (row, _), far_m = self._tree.query_nearest(
            middles, max_distance=reach_m, return_distance=True, all_matches=False
        )
        square, piece = self._tree.query(middles[row], predicate="dwithin", distance=far_m + _DIAGONAL_M)
        square = row[square]
        counts = np.bincount(square, minlength=len(new)).astype(np.int64)
        order = np.argsort(square, kind="stable")
        firsts = len(self._pieces) + np.cumsum(counts) - counts
        both = np.concatenate([self._squares, new])
        ascending = np.argsort(both, kind="stable")
        self._squares = both[ascending]
        self._firsts = np.concatenate([self._firsts, firsts])[ascending]
        self._counts = np.concatenate([self._counts, counts])[ascending]
        self._pieces = np.concatenate([self._pieces, piece[order]])


def _straight_pieces(lines: NDArray[Any]) -> tuple[_Floats, _Ints]:
    """Return the straight pieces as x1, y1, x2, y2, and the line of each."""
    parts, line = shapely.get_parts(lines, return_index=True)
    xy, part = shapely.get_coordinates(parts, return_index=True)
    inside = part[1:] == part[:-1]
    return np.hstack([xy[:-1][inside], xy[1:][inside]]), line[part[:-1][inside]].astype(np.int64)


def _squared_distance(x: _Floats, y: _Floats, ends: _Floats) -> _Floats:
    x1, y1, x2, y2 = ends.T
    along_x, along_y = x2 - x1, y2 - y1
    to_x, to_y = x - x1, y - y1
    length2 = along_x**2 + along_y**2
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(length2 > 0, np.clip((to_x * along_x + to_y * along_y) / length2, 0.0, 1.0), 0.0)
    return np.asarray((to_x - share * along_x) ** 2 + (to_y - share * along_y) ** 2, dtype=np.float64)
