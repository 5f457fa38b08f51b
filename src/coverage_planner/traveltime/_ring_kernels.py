"""Compiled loop that runs round the regions of a field.

A ring runs round the cells of one band (or one facility's part of it), inside on its left, and has a vertex on every
side between a cell inside and a neighbour outside.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from coverage_planner.traveltime._mesh_kernels import FALLING, RISING, RISING_IF_TORN

#: The neighbours of a cell: right, up, left, down, and each of these with the one after it (in rows and in columns).
UPWARDS = np.array([0, 1, 0, -1, 1, 1, -1, -1], dtype=np.int64)
RIGHTWARDS = np.array([1, 0, -1, 0, 1, -1, -1, 1], dtype=np.int64)
_LEFT = 2


def _list_steps() -> NDArray[np.int64]:
    """List what comes after the side between a cell inside and its neighbour outside, for every quad that may follow.

    Rows: 16 times how the quad is cut, plus 4 times the neighbour's number, plus 2 if the cell straight ahead is
    inside, plus 1 if the one across is. Columns: rows and columns to the next cell inside, the number of its neighbour
    outside, whether the border crosses the diagonal before, rows and columns to the cell inside of that, its neighbour.
    """
    steps = np.zeros((5 * 16, 7), dtype=np.int64)
    for row in range(len(steps)):
        how, way, straight, across = row // 16, row // 4 % 4, row // 2 % 2 == 1, row % 2 == 1
        turn, back = (way + 1) % 4, (way + 3) % 4
        from_inside = (how in (RISING, RISING_IF_TORN)) == (way % 2 == 0)  # the diagonal begins at the cell inside
        crossed = [0, 0, 0, 0]
        if how in (RISING, FALLING):
            if from_inside and not across:
                crossed = [1, 0, 0, 4 + way]
            elif straight and not from_inside:
                crossed = [1, UPWARDS[turn], RIGHTWARDS[turn], 4 + back]
            across = across and (straight or from_inside)
        elif not straight:  # two cells inside may meet in the middle
            across = across and how != 0 and from_inside
        if across:
            steps[row] = [UPWARDS[4 + way], RIGHTWARDS[4 + way], back, *crossed]
        elif straight:
            steps[row] = [UPWARDS[turn], RIGHTWARDS[turn], way, *crossed]
        else:
            steps[row] = [0, 0, turn, *crossed]
    return steps


_STEPS = _list_steps()


@njit(cache=True, nogil=True)
def trace_rings(
    band: NDArray[np.uint8],
    owner: NDArray[np.int32],
    shared: bool,
    cut: NDArray[np.uint8],
    n_bands: int,
    window: tuple[int, int, int, int],
    changes: NDArray[np.int32],
    ring_at: NDArray[np.int32],
    first_ring: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Run round every region of every band.

    `shared`: facilities have regions of their own, by `owner`; `cut`: how the quad up and right of each cell of the
    grid is cut. `ring_at` (2, entries) keeps, between an entry and the one after it, the ring that enters a region
    there, and the one that leaves one; ring numbers begin at `first_ring`, above all numbers in it.

    Returns
    -------
    sides, rings
        Shape (p, 3): row and column in the field of the cell inside of each vertex, and the number of the neighbour
        outside. Shape (r, 4): per ring where it ends among them, its band, its facility (0 where all are one), and the
        ring that is the outer border of its polygon.
    """
    row0, column0, _, n_columns = window
    wide = n_columns + 2
    sides, rings = np.empty((4096, 3), np.int32), np.empty((64, 4), np.int32)
    n_rings, n_sides = 0, 0
    for here in range(n_bands):
        band_ring = first_ring + n_rings
        run = -1
        for change in changes:
            left = (owner[change] if shared else np.int32(0)) if band[change] <= here else np.int32(-1)
            right = (owner[change + 1] if shared else np.int32(0)) if band[change + 1] <= here else np.int32(-1)
            if left == right:
                continue
            if left >= 0 and ring_at[1, change] < band_ring:  # a hole of the region that began last on this row
                start, whose = 0, left
            elif right >= 0 and ring_at[0, change] < band_ring:
                start, whose = 1, right
            else:
                start, whose = -1, np.int32(-1)
            while start >= 0:
                first_i, first_j, first_way = change // wide, change % wide + start, _LEFT * start
                i, j, way = first_i, first_j, first_way
                while True:
                    if n_sides + 2 > len(sides):
                        sides = np.concatenate((sides, np.empty_like(sides)))
                    sides[n_sides, 0], sides[n_sides, 1], sides[n_sides, 2] = i, j, way
                    n_sides += 1
                    entry = i * wide + j
                    ring_at[1, entry if way == 0 else 0] = first_ring + n_rings
                    ring_at[0, entry - 1 if way == _LEFT else 0] = first_ring + n_rings
                    turn = (way + 1) & 3
                    ahead_i, ahead_j = i + UPWARDS[turn], j + RIGHTWARDS[turn]
                    beside_i, beside_j = i + UPWARDS[4 + way], j + RIGHTWARDS[4 + way]
                    ahead, beside = ahead_i * wide + ahead_j, beside_i * wide + beside_j
                    straight, across = band[ahead] <= here, band[beside] <= here
                    if shared:
                        straight, across = straight and owner[ahead] == whose, across and owner[beside] == whose
                    how = cut[row0 + min(i, beside_i), column0 + min(j, beside_j)]
                    step = 16 * how + 4 * way + 2 * straight + across
                    sides[n_sides, 0], sides[n_sides, 1] = i + _STEPS[step, 4], j + _STEPS[step, 5]
                    sides[n_sides, 2] = _STEPS[step, 6]
                    n_sides += _STEPS[step, 3]
                    i, j, way = i + _STEPS[step, 0], j + _STEPS[step, 1], _STEPS[step, 2]
                    if way == first_way and i == first_i and j == first_j:
                        break
                if n_rings == len(rings):
                    rings = np.concatenate((rings, np.empty_like(rings)))
                rings[n_rings, 0], rings[n_rings, 1], rings[n_rings, 2] = n_sides, here, whose
                rings[n_rings, 3] = n_rings if start == 1 else rings[run - first_ring, 3]
                n_rings += 1
                if start == 0 and right >= 0 and ring_at[0, change] < band_ring:
                    start, whose = 1, right  # where one region ends another begins
                else:
                    start = -1
            if right >= 0:
                run = ring_at[0, change]
    return sides[:n_sides], rings[:n_rings]
