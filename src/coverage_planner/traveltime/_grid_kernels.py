"""Compiled loops over the cells of a grid."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
def nearest_piece(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    edge: NDArray[np.int32],
    tier: NDArray[np.int32],
    along: NDArray[np.float64],
    left: float,
    bottom: float,
    cell: float,
    limit: float,
    margin: float,
    distance: NDArray[np.float32],
    nearest: NDArray[np.int32],
    place: NDArray[np.float32],
) -> None:
    """Give each grid cell the nearest piece within `limit` of the lowest tier that has one, else within `margin` more.

    ``x``, ``y``, ``along`` have shape (p, 2): the ends of each straight piece and their places along its edge (0 to 1).
    The grids have shape (rows, columns), row 0 at the bottom, and are filled: infinite distance where nothing is near.
    """
    n_rows, n_columns = distance.shape
    far = limit + margin
    beyond = np.iinfo(np.int32).max  # the tier of what lies between the limit and the margin
    held = np.full(distance.shape, beyond, np.int32)
    for p in range(len(edge)):
        x0, y0, dx, dy = x[p, 0], y[p, 0], x[p, 1] - x[p, 0], y[p, 1] - y[p, 0]
        square = dx * dx + dy * dy
        first_column = max(0, int(np.floor((min(x[p, 0], x[p, 1]) - far - left) / cell)))
        last_column = min(n_columns - 1, int(np.floor((max(x[p, 0], x[p, 1]) + far - left) / cell)))
        first_row = max(0, int(np.floor((min(y[p, 0], y[p, 1]) - far - bottom) / cell)))
        last_row = min(n_rows - 1, int(np.floor((max(y[p, 0], y[p, 1]) + far - bottom) / cell)))
        for row in range(first_row, last_row + 1):
            cy = bottom + (row + 0.5) * cell
            for column in range(first_column, last_column + 1):
                cx = left + (column + 0.5) * cell
                t = 0.0 if square == 0.0 else ((cx - x0) * dx + (cy - y0) * dy) / square
                t = min(1.0, max(0.0, t))
                away = np.hypot(cx - x0 - t * dx, cy - y0 - t * dy)
                rank = tier[p] if away <= limit else beyond
                if away <= far and (
                    rank < held[row, column] or (rank == held[row, column] and np.float32(away) < distance[row, column])
                ):
                    held[row, column] = rank
                    distance[row, column] = away
                    nearest[row, column] = edge[p]
                    place[row, column] = along[p, 0] + t * (along[p, 1] - along[p, 0])
