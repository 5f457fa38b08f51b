"""Compiled loops that turn one search into outlines: the field is filled, its rings are traced, vertices are placed.

Sides join the points at which cells are asked (`traveltime.street_mesh`), and a border crosses a side where it truly
does, not half way. The arrays that describe streets and searches are those of `_reach_kernels`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._field_kernels import fill_field
from coverage_planner.traveltime._mesh_kernels import MARGIN
from coverage_planner.traveltime._reach_kernels import ONE, X, Y, nearest_on_edge, owner_at, time_at
from coverage_planner.traveltime._ring_kernels import RIGHTWARDS, UPWARDS, trace_rings

#: Crossings stay this far, in lengths of the side, from its ends, so that no two rings touch.
_APART = 1e-3
#: Two legs to places this near to each other lead to the same place, metres.
_SAME_PLACE_M = 1e-3
_HALVINGS = 12
#: Columns of the sides.
_ENTRY, _WAY = np.uint64(0), np.uint64(1)


@compiled
def gather_lane(
    rows: NDArray[np.int32],
    left: NDArray[np.int32],
    lane: int,
    full: int,
    listed: NDArray[np.int32],
    dist: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Fill in the times of one lane of a search, and list the nodes it reached; `dist` must be FAR before.

    `rows` (n,): the row of each node in `left`, which holds the time left of `full` in each lane, not positive where
    it was not reached; `listed`: the nodes that any lane reached.
    """
    nodes = np.empty(len(listed), np.int32)
    count = 0
    for node in listed:
        found = left[rows[node], lane]
        if found > 0:
            dist[node] = full - found
            nodes[count] = node
            count += 1
    return nodes[:count]


@compiled
def _order_rings(rings: NDArray[np.int32]) -> NDArray[np.int64]:
    """Put each outer border before its holes."""
    n_rings = len(rings)
    after, last = np.empty(n_rings, np.int64), np.empty(n_rings, np.int64)
    for ring in range(n_rings):
        after[ring], last[ring] = -1, ring
    for ring in range(n_rings):
        shell = rings[ring, 3]
        if shell != ring:
            after[last[shell]] = ring
            last[shell] = ring
    order, n = np.empty(n_rings, np.int64), 0
    for shell in range(n_rings):
        ring = shell if rings[shell, 3] == shell else -1
        while ring >= 0:
            order[n] = ring
            n += 1
            ring = after[ring]
    return order


@compiled
def _until(cutoff: float, early: float, late: float, end: float) -> float:
    """Where a time that rises from `early` at 0 to `late` at `end` passes the cutoff; `end` where it does not."""
    if late <= cutoff:
        return end
    if late == np.inf:
        return 0.5 * end
    return end * max(0.0, min(1.0, (cutoff - early) / (late - early)))


@compiled
def _handover(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    dist: NDArray[np.int32],
    label: NDArray[np.int32],
    seeds: NDArray[np.float64],
    a: tuple[float, float, np.uint64, np.uint64],
    b: tuple[float, float, np.uint64, np.uint64],
    whose: int,
) -> float:
    """Where, from point a (0) to point b (1), places cease to belong to a facility."""
    begin, end = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = 0.5 * (begin + end)
        x, y = a[0] + middle * (b[0] - a[0]), a[1] + middle * (b[1] - a[1])
        away_a, place_a = nearest_on_edge(edges, line, a[2], a[3], x, y)
        away_b, place_b = nearest_on_edge(edges, line, b[2], b[3], x, y)
        edge, place = (a[2], place_a) if away_a <= away_b else (b[2], place_b)
        if owner_at(edges, dist, label, seeds, edge, place)[1] == whose:
            begin = middle
        else:
            end = middle
    return 0.5 * (begin + end)


@compiled
def _away(line: NDArray[np.float64], piece: np.uint64, x: float, y: float) -> float:
    """Distance from (x, y) to a straight piece."""
    x0, y0 = line[piece, X], line[piece, Y]
    dx, dy = line[piece + ONE, X] - x0, line[piece + ONE, Y] - y0
    square = dx * dx + dy * dy
    t = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / square)) if square > 0.0 else 0.0
    x, y = x - x0 - t * dx, y - y0 - t * dy
    return math.sqrt(x * x + y * y)


@compiled
def _crossing(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    dist: NDArray[np.int32],
    seeds: NDArray[np.float64],
    a: tuple[float, float, np.uint64, np.uint64],
    b: tuple[float, float, np.uint64, np.uint64],
    access_a: float,
    access_b: float,
    early: float,
    late: float,
    pace: float,
    same_m: float,
    cutoff: float,
) -> float:
    """Where the border crosses the way from a point inside (0) to a neighbour outside (1), both with streets.

    On the way the nearest street changes once, where the streets of the two are equally near; half way if a street that
    is nearer cannot be had, for a bank, a railway or an island. Before, a place is inside while the time over the first
    street and the access leg hold out, after it those over the second. Every part rises with the cutoff, so the
    borders of two cutoffs never cross. `early` and `late`: times of the two points; `same_m`: so far points of streets
    may lie off them.
    """
    ax, ay, edge_a, piece_a = a
    bx, by, edge_b, piece_b = b
    if piece_a == piece_b:
        return _until(cutoff, early, late, 1.0)
    if edge_a == edge_b and nearest_on_edge(edges, line, edge_a, piece_a, bx, by)[0] <= access_b + _SAME_PLACE_M:
        return _until(cutoff, early, late, 1.0)
    beside = access_a > same_m and access_b > same_m
    if beside:
        near, far = access_a - _away(line, piece_b, ax, ay), _away(line, piece_a, bx, by) - access_b
    else:  # round the tips of streets little things count
        near = access_a - nearest_on_edge(edges, line, edge_b, piece_b, ax, ay)[0]
        far = nearest_on_edge(edges, line, edge_a, piece_a, bx, by)[0] - access_b
    turn = near / (near - far) if near < 0.0 < far else 0.5
    if 0.0 <= near <= same_m:  # the street of b runs by a, too: there is a junction
        turn = 0.0
    elif -same_m <= far <= 0.0:
        turn = 1.0
    most = 2.0 * pace * (abs(bx - ax) + abs(by - ay))  # times change less on the way, unless one has to walk round
    sooner, later = early + turn * most <= cutoff, late - (1.0 - turn) * most > cutoff
    if sooner and later and beside:
        return turn
    x, y = ax + turn * (bx - ax), ay + turn * (by - ay)
    away_a, place_a = nearest_on_edge(edges, line, edge_a, piece_a, x, y)
    away_b, place_b = nearest_on_edge(edges, line, edge_b, piece_b, x, y)
    if near < 0.0 < far and not beside:  # once more, as distances to bent streets do not change evenly
        more = away_a - away_b
        turn = turn * near / (near - more) if more > 0.0 else turn + (1.0 - turn) * more / (more - far)
    if not sooner:
        ends = time_at(edges, dist, seeds, edge_a, place_a) + away_a * pace
        if ends > cutoff:
            return _until(cutoff, early, ends, turn)
    if not later:
        begins = time_at(edges, dist, seeds, edge_b, place_b) + away_b * pace
        if begins <= cutoff:
            return turn + _until(cutoff, begins, late, 1.0 - turn)
    return turn


@compiled
def place_vertices(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    dist: NDArray[np.int32],
    label: NDArray[np.int32],
    seeds: NDArray[np.float64],
    cells: NDArray[np.void],
    points: NDArray[np.void],
    shape: tuple[float, float, float, float],
    pace: float,
    cutoffs: NDArray[np.float64],
    window: tuple[int, int, int, int],
    band: NDArray[np.uint8],
    time_ms: NDArray[np.float32],
    owner: NDArray[np.int32],
    sides: NDArray[np.int32],
    rings: NDArray[np.int32],
    order: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Coordinates of the rings, each closed, one after the other in the given order."""
    left, bottom, cell_m, limit_m = shape
    n_rows, n_columns = cells.shape
    wide = np.uint64(window[3] + 2)
    flat_cells, flat_points = cells.reshape(-1), points.reshape(-1)
    xy = np.empty((len(sides) + len(rings), 2))
    n = np.uint64(0)
    part = cell_m / 65536.0
    for ring in order:
        begin = n
        here = rings[ring, 1]
        cutoff = cutoffs[here]
        for side in range(np.uint64(rings[ring - 1, 0] if ring > 0 else 0), np.uint64(rings[ring, 0])):
            inside, way = np.uint64(sides[side, _ENTRY]), np.uint64(sides[side, _WAY])
            i0 = np.int64(inside // wide)
            j0 = np.int64(inside) - i0 * np.int64(wide)
            i1, j1 = i0 + UPWARDS[way], j0 + RIGHTWARDS[way]
            outside = np.uint64(i1) * wide + np.uint64(j1)
            row0, column0, row1, column1 = (
                window[0] - 1 + i0,
                window[1] - 1 + j0,
                window[0] - 1 + i1,
                window[1] - 1 + j1,
            )
            number = np.uint64(row0 * n_columns + column0)
            cell0, point0 = flat_cells[number], flat_points[number]
            x0 = left + (column0 + 0.5) * cell_m + point0.right * part
            y0 = bottom + (row0 + 0.5) * cell_m + point0.up * part
            x1, y1 = left + (column1 + 0.5) * cell_m, bottom + (row1 + 0.5) * cell_m
            a, b = (x0, y0, np.uint64(cell0.edge), np.uint64(point0.piece)), (x1, y1, np.uint64(0), np.uint64(0))
            t = 0.5  # beyond lies water, a wall, or the end of the grid
            if 0 <= row1 < n_rows and 0 <= column1 < n_columns:
                number = np.uint64(row1 * n_columns + column1)
                cell1, point1 = flat_cells[number], flat_points[number]
                access0, access1 = np.float64(cell0.access_m), np.float64(cell1.access_m)
                early, late = np.float64(time_ms[inside]), np.float64(time_ms[outside])
                x1, y1 = x1 + point1.right * part, y1 + point1.up * part
                b = (x1, y1, np.uint64(cell1.edge), np.uint64(point1.piece))
                if band[outside] <= here:
                    t = 1.0
                elif cell1.edge >= 0:
                    t = _crossing(
                        edges, line, dist, seeds, a, b, access0, access1,
                        early, late, pace, 3.0 * MARGIN * cell_m, cutoff,
                    )  # fmt: skip
                elif access1 < np.inf:  # too far from any street
                    t = _until(limit_m, access0, access1, 1.0)
                    t = min(t, _until(cutoff, early, early + (access1 - access0) * pace, 1.0))
            if len(label) and owner[outside] >= 0 and owner[outside] != owner[inside]:
                if inside < outside:  # the same seen from either side
                    t = min(t, _handover(edges, line, dist, label, seeds, a, b, owner[inside]))
                else:
                    t = min(t, 1.0 - _handover(edges, line, dist, label, seeds, b, a, owner[outside]))
            t = min(max(t, _APART), 1.0 - _APART)
            if inside < outside:
                xy[n, 0], xy[n, 1] = x0 + t * (x1 - x0), y0 + t * (y1 - y0)
            else:
                xy[n, 0], xy[n, 1] = x1 + (1.0 - t) * (x0 - x1), y1 + (1.0 - t) * (y0 - y1)
            n += np.uint64(1)
        xy[n, 0], xy[n, 1] = xy[begin, 0], xy[begin, 1]
        n += np.uint64(1)
    return xy


@compiled
def outline(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    dist: NDArray[np.int32],
    label: NDArray[np.int32],
    seeds: NDArray[np.float64],
    cells: NDArray[np.void],
    points: NDArray[np.void],
    cut: NDArray[np.uint8],
    shape: tuple[float, float, float, float],
    pace: float,
    cutoffs: NDArray[np.float64],
    window: tuple[int, int, int, int],
    active: NDArray[np.bool_],
    band: NDArray[np.uint8],
    time_ms: NDArray[np.float32],
    owner: NDArray[np.int32],
    changes: NDArray[np.int32],
    ring_at: NDArray[np.int32],
    first_ring: int,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Draw the bands of one search.

    `pace`: milliseconds that a metre of access leg takes; from `band` to `ring_at`: memory for the field.

    Returns
    -------
    xy, rings
        Vertices, and shape (r, 4) per ring: where it ends among them, its band, its facility, and 1 for an outer border
        (its holes follow), 0 for a hole.
    """
    count = fill_field(
        edges, dist, label, seeds, cells, pace, cutoffs, window, active, band, time_ms, owner, changes,
    )  # fmt: skip
    sides, rings = trace_rings(
        band, owner, len(label) > 0, cut, len(cutoffs), window, changes[:count], ring_at, first_ring
    )
    order = _order_rings(rings)
    xy = place_vertices(
        edges, line, dist, label, seeds, cells, points, shape, pace, cutoffs, window, band, time_ms, owner, sides,
        rings, order,
    )  # fmt: skip
    table, end = np.empty((len(rings), 4), np.int32), 0
    for k in range(len(order)):
        ring = order[k]
        end += rings[ring, 0] - (rings[ring - 1, 0] if ring > 0 else 0) + 1
        table[k, 0], table[k, 1], table[k, 2], table[k, 3] = end, rings[ring, 1], rings[ring, 2], rings[ring, 3] == ring
    return xy, table
