"""Compiled loops that decide where the cells of a grid are asked, and how the quads between these points are cut."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._reach_kernels import FIRST, ONE, PLACE, X, Y, piece_at, place_on_piece

#: How a quad between four points is cut in two triangles: always, or only where two cells inside meet in its middle.
RISING, FALLING, RISING_IF_TORN, FALLING_IF_TORN = 1, 2, 3, 4
#: Points stay this far inside their cell, in sides of it, so that the quads between them are never flat.
MARGIN = 0.01
#: A quad is cut by the other diagonal where one would leave a triangle smaller than this part of a cell.
_LEAST_TRIANGLE = 0.025
#: More than any distance within a cell, in sides of it: so much nearer junctions count.
_BEFORE_STREETS = np.float32(10.0)
#: The corners of a quad: lower left, lower right, upper right, upper left.
_ABOVE, _BESIDE = (0, 0, 1, 1), (0, 1, 1, 0)


@compiled
def _outside(off_x: float, off_y: float) -> float:
    """How far a place in a cell, given from the centre, is from where the margin allows it, in sides of the cell."""
    return float(np.hypot(max(abs(off_x) - 0.5 + MARGIN, 0.0), max(abs(off_y) - 0.5 + MARGIN, 0.0)))


@compiled
def mark_streets(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    rows: NDArray[np.uint64],
    last_resort: NDArray[np.bool_],
    centre: NDArray[np.int32],
    left: float,
    bottom: float,
    cell_m: float,
    best: NDArray[np.float32],
    cells: NDArray[np.void],
) -> None:
    """Ask the cells through which streets run on the street, at its place nearest to their centre.

    `rows`: the streets, rising. `last_resort`: streets that only those cells take whose centre, by `centre`, has
    nothing better. `best` must be infinite and gets the distance from the centre, in sides of a cell; `cells` are
    changed.
    """
    n_rows, n_columns = cells.shape
    for edge in rows:
        for piece in range(np.uint64(edges[edge, FIRST]), np.uint64(edges[edge + ONE, FIRST]) - ONE):
            x0, y0 = (line[piece, X] - left) / cell_m, (line[piece, Y] - bottom) / cell_m
            dx, dy = (line[piece + ONE, X] - left) / cell_m - x0, (line[piece + ONE, Y] - bottom) / cell_m - y0
            square = dx * dx + dy * dy
            low_row, high_row = max(0, int(np.floor(min(y0, y0 + dy)))), min(n_rows - 1, int(max(y0, y0 + dy)))
            for row in range(low_row, high_row + 1):
                enter, leave = 0.0, 1.0  # the part of the piece within the row
                if dy != 0.0:
                    a, b = (row - y0) / dy, (row + 1 - y0) / dy
                    enter, leave = max(enter, min(a, b)), min(leave, max(a, b))
                xa, xb = x0 + enter * dx, x0 + leave * dx
                low_column, high_column = max(0, int(np.floor(min(xa, xb)))), min(n_columns - 1, int(max(xa, xb)))
                for column in range(low_column, high_column + 1):
                    if last_resort[edge] and centre[row, column] != edge:
                        continue
                    begin, end = enter, leave
                    if dx != 0.0:
                        a, b = (column - x0) / dx, (column + 1 - x0) / dx
                        begin, end = max(begin, min(a, b)), min(end, max(a, b))
                    if begin > end:
                        continue
                    to_x, to_y = column + 0.5 - x0, row + 0.5 - y0  # from the piece's begin to the centre
                    t = begin if square == 0.0 else min(end, max(begin, (to_x * dx + to_y * dy) / square))
                    off_x, off_y = t * dx - to_x, t * dy - to_y
                    away = np.float32(np.hypot(off_x, off_y))
                    if away < best[row, column]:
                        best[row, column] = away
                        cells[row, column].edge = edge
                        cells[row, column].fraction = line[piece, PLACE] + t * (
                            line[piece + ONE, PLACE] - line[piece, PLACE]
                        )
                        cells[row, column].access_m = cell_m * _outside(off_x, off_y)


@compiled
def mark_junctions(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    rows: NDArray[np.uint64],
    last_resort: NDArray[np.bool_],
    is_junction: NDArray[np.bool_],
    centre: NDArray[np.int32],
    left: float,
    bottom: float,
    cell_m: float,
    best: NDArray[np.float32],
    cells: NDArray[np.void],
) -> None:
    """Ask the cells with a junction there, and not on one street only: at the junction nearest to their centre.

    `is_junction`: of each node. The rest is as in `mark_streets`, which comes before.
    """
    n_rows, n_columns = cells.shape
    for edge in rows:
        for end in range(2):
            if not is_junction[edges[edge, end]]:
                continue
            vertex = np.uint64(edges[edge, FIRST]) if end == 0 else np.uint64(edges[edge + ONE, FIRST]) - ONE
            x, y = (line[vertex, X] - left) / cell_m, (line[vertex, Y] - bottom) / cell_m
            row, column = int(np.floor(y)), int(np.floor(x))
            if not (0 <= row < n_rows and 0 <= column < n_columns):
                continue
            if last_resort[edge] and centre[row, column] != edge:
                continue
            off_x, off_y = x - column - 0.5, y - row - 0.5
            away = np.float32(np.hypot(off_x, off_y)) - _BEFORE_STREETS
            if away < best[row, column]:
                best[row, column] = away
                cells[row, column].edge = edge
                cells[row, column].fraction = end
                cells[row, column].access_m = cell_m * _outside(off_x, off_y)


@compiled
def place_points(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    cells: NDArray[np.void],
    best: NDArray[np.float32],
    left: float,
    bottom: float,
    cell_m: float,
    points: NDArray[np.void],
) -> None:
    """Fill `points`: the piece of its edge that each cell's street position is on, and where the cell is asked.

    That is the centre, or where `best` is finite the street position, moved into the cell by the margin; in parts of a
    cell, 65536 to its side, from the centre.
    """
    room = 0.5 - MARGIN
    for row in range(cells.shape[0]):
        for column in range(cells.shape[1]):
            cell = cells[row, column]
            points[row, column].piece = -1
            points[row, column].right = points[row, column].up = 0
            if cell.edge < 0:
                continue
            edge, fraction = np.uint64(cell.edge), np.float64(cell.fraction)
            piece = piece_at(edges, line, edge, fraction)
            points[row, column].piece = piece
            if best[row, column] < np.inf:
                x, y = place_on_piece(line, piece, fraction)
                right, up = (x - left) / cell_m - column - 0.5, (y - bottom) / cell_m - row - 0.5
                points[row, column].right = np.int16(np.rint(65536.0 * min(max(right, -room), room)))
                points[row, column].up = np.int16(np.rint(65536.0 * min(max(up, -room), room)))


@compiled
def _twice_area(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Twice the area of the triangle of three corners, negative where they run clockwise."""
    return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)


@compiled
def cut_quads(cells: NDArray[np.void], points: NDArray[np.void], best: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Say how the quad of each cell with those up and right of it is cut; row and column 0 are those off the grid.

    A quad with a flat or bent-in corner is cut so that both triangles have room; one with two points on streets across
    from each other along them, for there the street may run, and of two such pairs between those of one street or the
    nearer ones. Others are cut only where two cells inside meet in the middle, between those with one street.
    """
    n_rows, n_columns = cells.shape
    cut = np.zeros((n_rows + 1, n_columns + 1), np.uint8)
    x, y, moved, edge = np.empty(4), np.empty(4), np.empty(4, np.bool_), np.empty(4, np.int64)
    least = 2.0 * _LEAST_TRIANGLE
    for row in range(-1, n_rows):
        for column in range(-1, n_columns):
            any_moved = False
            for corner in range(4):
                above, beside = _ABOVE[corner], _BESIDE[corner]
                i, j = row + above, column + beside
                x[corner], y[corner], moved[corner], edge[corner] = beside, above, False, -1
                if 0 <= i < n_rows and 0 <= j < n_columns:
                    edge[corner] = cells[i, j].edge
                    moved[corner] = best[i, j] < np.inf
                    if moved[corner]:
                        x[corner] += points[i, j].right / 65536.0
                        y[corner] += points[i, j].up / 65536.0
                        any_moved = True
            how = 0
            if any_moved:
                rising = min(
                    _twice_area(x[0], y[0], x[1], y[1], x[2], y[2]), _twice_area(x[0], y[0], x[2], y[2], x[3], y[3])
                )
                falling = min(
                    _twice_area(x[0], y[0], x[1], y[1], x[3], y[3]), _twice_area(x[1], y[1], x[2], y[2], x[3], y[3])
                )
                up, down = moved[0] and moved[2], moved[1] and moved[3]
                if rising < least or falling < least:
                    up, down = rising > falling, rising <= falling
                elif up and down:
                    up, down = edge[0] == edge[2], edge[1] == edge[3]
                    if up == down:
                        up = np.hypot(x[0] - x[2], y[0] - y[2]) <= np.hypot(x[1] - x[3], y[1] - y[3])
                        down = not up
                how = RISING if up else (FALLING if down else 0)
            if how == 0 and edge[0] >= 0 and edge[0] == edge[2]:
                how = RISING_IF_TORN
            elif how == 0 and edge[1] >= 0 and edge[1] == edge[3]:
                how = FALLING_IF_TORN
            cut[row + 1, column + 1] = how
    return cut
