"""Compiled loop that runs round the regions of a field.

A ring runs round the cells of one band (or one facility's part of it), inside on its left, and has a vertex on every
side between a cell inside and a neighbour outside.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
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
#: From the cell inside to the lower left cell of the quad ahead, for each neighbour outside.
_CORNER_UP, _CORNER_RIGHT = np.array([0, 0, -1, -1]), np.array([0, -1, -1, 0])
#: Columns of the steps on a field, in entries.
_NEXT, _WAY, _CROSSED, _CROSSED_AT, _CROSSED_WAY, _NEXT_CUT = (np.uint64(column) for column in range(6))
_ONE = np.uint64(1)


@compiled
def _steps_on(wide: int, cut_wide: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Turn steps into differences between entries of a field, and of the table of cuts.

    The second table has for each neighbour outside the way to the cell straight ahead, the one across, and the quad.
    """
    steps, looks = np.empty((len(_STEPS), 6), np.int64), np.empty((4, 3), np.int64)
    for row in range(len(_STEPS)):
        step = _STEPS[row]
        steps[row, 0], steps[row, 1], steps[row, 2] = step[0] * wide + step[1], step[2], step[3]
        steps[row, 3], steps[row, 4], steps[row, 5] = step[4] * wide + step[5], step[6], step[0] * cut_wide + step[1]
    for way in range(4):
        turn = (way + 1) & 3
        looks[way, 0] = UPWARDS[turn] * wide + RIGHTWARDS[turn]
        looks[way, 1] = UPWARDS[4 + way] * wide + RIGHTWARDS[4 + way]
        looks[way, 2] = _CORNER_UP[way] * cut_wide + _CORNER_RIGHT[way]
    return steps, looks


@compiled
def _doubled(table: NDArray[np.int32]) -> NDArray[np.int32]:
    """Copy a table into one of twice the rows; loops, because joining arrays takes numba long to compile."""
    larger = np.empty((2 * len(table), table.shape[1]), np.int32)
    for row in range(len(table)):
        for column in range(table.shape[1]):
            larger[row, column] = table[row, column]
    return larger


@compiled
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
        Shape (p, 2): the entry inside of each vertex, and the number of its neighbour outside. Shape (r, 4): per ring
        where it ends among them, its band, its facility (0 where all are one), and the ring that is the outer border of
        its polygon.
    """
    wide, cut_wide = window[3] + 2, cut.shape[1]
    steps, looks = _steps_on(wide, cut_wide)
    cuts = cut.reshape(-1)
    ring_in, ring_out = ring_at[0], ring_at[1]
    sides, rings = np.empty((4096, 2), np.int32), np.empty((64, 4), np.int32)
    n_rings, n_sides = 0, np.uint64(0)
    for here in range(n_bands):
        band_ring = first_ring + n_rings
        run = -1
        for change in changes:
            left = (owner[change] if shared else np.int32(0)) if band[change] <= here else np.int32(-1)
            right = (owner[change + 1] if shared else np.int32(0)) if band[change + 1] <= here else np.int32(-1)
            if left == right:
                continue
            if left >= 0 and ring_out[change] < band_ring:  # a hole of the region that began last on this row
                start, whose = 0, left
            elif right >= 0 and ring_in[change] < band_ring:
                start, whose = 1, right
            else:
                start, whose = -1, np.int32(-1)
            while start >= 0:
                ring = first_ring + n_rings
                entry, way = np.int64(change + start), np.uint64(_LEFT * start)
                place = (window[0] + entry // wide) * cut_wide + window[1] + entry % wide
                first_entry, first_way = entry, way
                while True:
                    if n_sides + np.uint64(2) > len(sides):
                        sides = _doubled(sides)
                    sides[n_sides, 0], sides[n_sides, 1] = entry, way
                    n_sides += _ONE
                    ring_out[np.uint64(entry if way == 0 else 0)] = ring
                    ring_in[np.uint64(entry - 1 if way == _LEFT else 0)] = ring
                    ahead, beside = np.uint64(entry + looks[way, 0]), np.uint64(entry + looks[way, 1])
                    straight, across = band[ahead] <= here, band[beside] <= here
                    if shared:
                        straight, across = straight and owner[ahead] == whose, across and owner[beside] == whose
                    how = np.uint64(cuts[np.uint64(place + looks[way, 2])])
                    row = (
                        np.uint64(16) * how
                        + np.uint64(4) * way
                        + np.uint64(2) * np.uint64(straight)
                        + np.uint64(across)
                    )
                    sides[n_sides, 0], sides[n_sides, 1] = entry + steps[row, _CROSSED_AT], steps[row, _CROSSED_WAY]
                    n_sides += np.uint64(steps[row, _CROSSED])
                    entry += steps[row, _NEXT]
                    place += steps[row, _NEXT_CUT]
                    way = np.uint64(steps[row, _WAY])
                    if way == first_way and entry == first_entry:
                        break
                if n_rings == len(rings):
                    rings = _doubled(rings)
                rings[n_rings, 0], rings[n_rings, 1], rings[n_rings, 2] = n_sides, here, whose
                rings[n_rings, 3] = n_rings if start == 1 else rings[run - first_ring, 3]
                n_rings += 1
                if start == 0 and right >= 0 and ring_in[change] < band_ring:
                    start, whose = 1, right  # where one region ends another begins
                else:
                    start = -1
            if right >= 0:
                run = ring_in[change]
    return sides[:n_sides], rings[:n_rings]
