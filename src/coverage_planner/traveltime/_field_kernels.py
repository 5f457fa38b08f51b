"""Compiled loops that give the cells of a window their time, band and facility.

A field holds the cells of a window, row by row, with a border of outside cells round it. The arrays that describe
streets and searches are those of `_reach_kernels`.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._lane_kernels import FAR
from coverage_planner.traveltime._reach_kernels import DOWN, SEED_EDGE, UP, U, V, owner_at, time_at

#: Blocks of so many rows and columns of the grid are left out as a whole where nothing is reached.
BLOCK = 16
#: What the whole of a street takes against its direction: at its very end, times nothing, one is at the junction.
_NO_WAY = np.float32(1e30)
_WHOLE = np.float32(1.0)
#: Times beyond this are those of places that were not reached.
_NEVER = np.float32(FAR)


@compiled
def mark_blocks(
    nodes: NDArray[np.int32],
    ends: NDArray[np.int32],
    dist: NDArray[np.int32],
    latest: float,
    speed: float,
    node_xy: NDArray[np.float64],
    node_boxes: NDArray[np.float64],
    shape: tuple[float, float, float, float],
    active: NDArray[np.bool_],
) -> tuple[int, int, int, int]:
    """Mark the blocks in which places may be covered by way of the nodes; return the first and last row and column.

    A place is no farther from the edges at its node (``node_boxes``) than the access limit, and no farther from the
    node than one gets at the highest speed, in metres per millisecond, in the time left. `ends`: the ends of the edges
    of facilities, which may be covered without them. `active` must be false.
    """
    left, bottom, cell_m, limit_m = shape
    side = cell_m * BLOCK
    n_rows, n_columns = active.shape
    first_row, last_row, first_column, last_column = n_rows, -1, n_columns, -1
    for k in range(len(nodes) + len(ends)):
        node = nodes[k] if k < len(nodes) else ends[k - len(nodes)]
        x, y = node_xy[node, 0], node_xy[node, 1]
        far = (latest - dist[node]) * speed + cell_m if k < len(nodes) else np.inf  # a cell for what was rounded
        west, south = max(x - far, node_boxes[node, 0] - limit_m), max(y - far, node_boxes[node, 1] - limit_m)
        east, north = min(x + far, node_boxes[node, 2] + limit_m), min(y + far, node_boxes[node, 3] + limit_m)
        if not (west <= east and south <= north):
            continue
        low, high = (
            max(0, int(np.floor((south - bottom) / side))),
            min(n_rows - 1, int(np.floor((north - bottom) / side))),
        )
        begin, end = (
            max(0, int(np.floor((west - left) / side))),
            min(n_columns - 1, int(np.floor((east - left) / side))),
        )
        for row in range(low, high + 1):
            for column in range(begin, end + 1):
                active[row, column] = True
        if low <= high and begin <= end:
            first_row, last_row = min(first_row, low), max(last_row, high)
            first_column, last_column = min(first_column, begin), max(last_column, end)
    return first_row, last_row, first_column, last_column


@compiled
def fill_field(
    edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    label: NDArray[np.int32],
    seeds: NDArray[np.float64],
    cells: NDArray[np.void],
    pace: float,
    cutoffs: NDArray[np.float64],
    window: tuple[int, int, int, int],
    active: NDArray[np.bool_],
    band: NDArray[np.uint8],
    time_ms: NDArray[np.float32],
    owner: NDArray[np.int32],
    changes: NDArray[np.int32],
) -> int:
    """Give each cell of a window its band, its time, and its facility if the search has labels.

    `window`: first row and column of the grid, rows and columns; `active`: the blocks that may be covered. A band is
    the number of the first cutoff that is not below the cell's time. Lists in `changes` the entries of the field that
    differ from the one after; returns how many.
    """
    nowhere = np.uint8(len(cutoffs))
    latest = np.float32(cutoffs[-1])
    row0, column0, n_rows, n_columns = window
    wide = n_columns + 2
    last_row = (n_rows + 1) * wide
    for k in range(wide):  # loops, because slices of arrays take numba long to compile
        band[k] = band[last_row + k] = nowhere
    if len(label):
        for k in range(last_row + wide):
            owner[k] = -1
    seed_edge = np.int64(seeds[0, SEED_EDGE]) if len(seeds) == 1 else np.int64(-1)
    plain = len(seeds) == 1 and len(label) == 0
    flat = cells.reshape(-1)
    count = 0
    for i in range(n_rows):
        row, entry = row0 + i, (i + 1) * wide + 1
        before, whose_before = nowhere, np.int64(-1)
        band[entry - 1] = band[entry + n_columns] = nowhere
        begin = 0
        while begin < n_columns:
            block = (column0 + begin) // BLOCK
            end = min(n_columns, (block + 1) * BLOCK - column0)
            if not active[row // BLOCK, block]:
                for k in range(np.uint64(entry + begin), np.uint64(entry + end)):
                    band[k], time_ms[k] = nowhere, np.float32(np.inf)
                if before != nowhere:
                    changes[count] = entry + begin - 1
                    count += 1
                before, whose_before, begin = nowhere, np.int64(-1), end
                continue
            place, out = np.uint64(row * cells.shape[1] + column0 + begin), np.uint64(entry + begin)
            for j in range(np.uint64(end - begin)):
                cell = flat[place + j]
                here, whose, time = nowhere, np.int64(-1), np.float32(np.inf)
                if cell.edge >= 0:
                    edge = np.uint64(cell.edge)
                    if plain and cell.edge != seed_edge:
                        up, down = edges[edge, UP], edges[edge, DOWN]
                        from_u = np.float32(dist[np.uint64(edges[edge, U])])
                        from_v = np.float32(dist[np.uint64(edges[edge, V])])
                        from_u += cell.fraction * (np.float32(up) if up >= 0 else _NO_WAY)
                        from_v += (_WHOLE - cell.fraction) * (np.float32(down) if down >= 0 else _NO_WAY)
                        time = min(from_u, from_v)
                    elif len(label):
                        exact, whose = owner_at(edges, dist, label, seeds, edge, np.float64(cell.fraction))
                        time = np.float32(exact)
                    else:
                        time = np.float32(time_at(edges, dist, seeds, edge, np.float64(cell.fraction)))
                    time += cell.access_m * np.float32(pace)
                    if time <= latest:
                        here = np.uint8(0)
                        while here < nowhere - 1 and time > cutoffs[here]:  # `latest` may be rounded up
                            here += np.uint8(1)
                    else:
                        whose = np.int64(-1)
                        time = time if time < _NEVER else np.float32(np.inf)
                band[out + j] = here
                time_ms[out + j] = time
                if len(label):
                    owner[out + j] = whose
                if here != before or whose != whose_before:
                    changes[count] = entry + begin + np.int64(j) - 1
                    count += 1
                    before, whose_before = here, whose
            begin = end
        if before != nowhere:
            changes[count] = entry + n_columns - 1
            count += 1
    return count
