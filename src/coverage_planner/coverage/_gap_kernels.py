"""Compiled search for the discs that have a part in the outline of their union."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled


@compiled
def find_exposed(
    xy: NDArray[np.float64],
    cell: NDArray[np.int64],
    n_columns: int,
    corners: NDArray[np.float64],
    inside_m: float,
) -> NDArray[np.bool_]:
    """Find the discs that may lie at the outline of the union of all.

    The discs are polygons with one and the same shape. One of their sides is hidden where both its ends lie within the
    circle inscribed in another disc, and a disc without any other side has no part in the outline.

    Parameters
    ----------
    xy
        Shape (p, 2): the centres, sorted by the cell of a grid they lie in; cells are as wide as two discs.
    cell
        Shape (p,): the cell of each point; cells are numbered row by row.
    n_columns
        Cells in a row, with at least one empty cell at its end.
    corners
        Shape (c, 2): the corners of a disc round (0, 0), the first not repeated.
    inside_m
        Radius of the inscribed circle.
    """
    exposed = np.ones(len(xy), np.bool_)
    n_corners = len(corners)
    hidden, within = np.empty(n_corners, np.bool_), np.empty(n_corners, np.bool_)
    near = inside_m * inside_m
    for p in range(len(xy)):
        hidden[:] = False
        left = n_corners
        for row in range(-1, 2):
            middle = cell[p] + row * n_columns
            q = np.searchsorted(cell, middle - 1)
            while left > 0 and q < len(cell) and cell[q] <= middle + 1:
                dx, dy = xy[q, 0] - xy[p, 0], xy[q, 1] - xy[p, 1]
                if q != p and dx * dx + dy * dy < 4.0 * near:
                    for k in range(n_corners):
                        within[k] = (corners[k, 0] - dx) ** 2 + (corners[k, 1] - dy) ** 2 <= near
                    for k in range(n_corners):
                        if within[k] and within[k + 1 - n_corners] and not hidden[k]:
                            hidden[k] = True
                            left -= 1
                q += 1
        exposed[p] = left > 0
    return exposed
