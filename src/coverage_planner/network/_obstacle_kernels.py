"""Compiled loops over obstacles: which places lie inside an area, which access legs cross a border."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.network._snap_kernels import EQUAL_M, GOLDEN, columns_in_row, foot

if TYPE_CHECKING:
    from coverage_planner.network.buckets import Buckets
    from coverage_planner.network.obstacles import ObstacleIndex

#: Access legs of at most this length cross nothing: a point drawn on a bridge is on the bridge, not in the river.
ON_STREET_M = 0.5
#: A point nearer than this to a border starts inside or outside: so far along its leg one can tell.
FIRST_STEP_M = 0.001
#: A leg that passes the corner of a border by less passes through it, and a leg that starts nearer to a border, or ends
#: nearer by `EQUAL_M`, touches it: rounding must not decide.
_THROUGH_M = 1e-6
#: A place outside all areas, inside of one, or so near to a border that the leg's direction decides.
OUTSIDE, INSIDE, AT_BORDER = 0, 1, 2
#: The tier of what lies beyond the limit: after all others.
_BEYOND = int(np.iinfo(np.int32).max)


@compiled
def _reference_y(bottom: float, side: float, row: int) -> float:
    """Return the line on which the references of a row lie; the golden ratio keeps it off what people draw."""
    return bottom + (row + 0.6180339887498949) * side


@compiled
def count_areas(
    b: "Buckets", ends: NDArray[np.float64], of_area: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.int32]]:
    """Count the areas round one reference place in every bucket, and at the left side of every brick.

    The references of a row of buckets lie on one line, which the borders cross upwards (+1 to their left: areas lie to
    the left of their borders) or downwards; each reference stands in the widest gap between the crossings in its
    bucket. Returns x and count of the references, and the count at the left of each brick.
    """
    places, across, indptr, items = b.places, b.across, b.indptr, b.items
    reference = np.empty(64 * len(places))
    count = np.zeros(64 * len(places), np.int32)
    at_left = np.zeros(len(places), np.int32)
    running = np.zeros(8, np.int32)
    crossing, up = np.empty(len(items) + 2), np.empty(len(items) + 2, np.int32)
    for brick in range(len(places) - 1, -1, -1):
        if brick + 1 == len(places) or places[brick + 1] // across != places[brick] // across:
            for row in range(8):
                running[row] = 0
        for row in range(8):
            y = _reference_y(b.bottom, b.side, 8 * (places[brick] // across) + row)
            for column in range(7, -1, -1):
                bucket = 64 * brick + 8 * row + column
                here = 8 * (places[brick] % across) + column
                low, high = b.left + here * b.side, b.left + (here + 1) * b.side
                crossing[0], up[0], n = low, 0, 1
                for item in range(indptr[bucket], indptr[bucket + 1]):
                    p = items[item]
                    x0, y0, x1, y1 = ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3]
                    if not of_area[p] or (y0 <= y) == (y1 <= y):
                        continue
                    x = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
                    if low <= x < high:
                        k = n
                        while crossing[k - 1] > x:
                            crossing[k], up[k] = crossing[k - 1], up[k - 1]
                            k -= 1
                        crossing[k], up[k] = x, 1 if y0 <= y else -1
                        n += 1
                crossing[n] = high
                widest = 0
                for k in range(1, n):
                    if crossing[k + 1] - crossing[k] > crossing[widest + 1] - crossing[widest]:
                        widest = k
                reference[bucket] = (crossing[widest] + crossing[widest + 1]) / 2.0
                for k in range(n - 1, 0, -1):
                    if k == widest:
                        count[bucket] = running[row]
                    running[row] += up[k]
                if widest == 0:
                    count[bucket] = running[row]
        at_left[brick] = running[0]
    return reference, count, at_left


@compiled
def locate(o: "ObstacleIndex", x: NDArray[np.float64], y: NDArray[np.float64], border_m: float) -> NDArray[np.int8]:
    """Tell whether each place is outside all areas, inside of one, or nearer than `border_m` to a border."""
    b, ends, of_area, reference, counts, at_left = o.buckets, o.ends, o.of_area, o.reference, o.n_areas, o.at_left
    left, bottom, side, n_columns, n_rows, across = b.left, b.bottom, b.side, b.columns, b.rows, b.across
    places, keys, bricks, shift, indptr, items = b.places, b.keys, b.bricks, np.uint64(b.shift), b.indptr, b.items
    where = np.zeros(len(x), np.int8)
    for i in range(len(x)):
        px, py = x[i], y[i]
        u, v = (px - left) / side, (py - bottom) / side
        if not (0.0 <= u < n_columns and 0.0 <= v < n_rows):
            continue
        row, column = int(v), int(u)
        key = (row >> 3) * across + (column >> 3)
        slot = np.int64((np.uint64(key) * GOLDEN) >> shift)
        while keys[slot] != key and keys[slot] >= 0:
            slot = (slot + 1) & (len(keys) - 1)
        brick = int(bricks[slot])
        if brick < 0:  # no border in this brick: as at the left of the next one
            low, high = 0, len(places)
            while low < high:
                middle = (low + high) >> 1
                if places[middle] < key:
                    low = middle + 1
                else:
                    high = middle
            if low < len(places) and places[low] // across == row >> 3 and at_left[low] > 0:
                where[i] = INSIDE
            continue
        bucket = 64 * brick + 8 * (row & 7) + (column & 7)
        count = counts[bucket]
        to_x, to_y = reference[bucket] - px, _reference_y(bottom, side, row) - py
        for item in range(indptr[bucket], indptr[bucket + 1]):
            p = items[item]
            if not of_area[p]:
                continue
            cx, cy, dx, dy = ends[p, 0] - px, ends[p, 1] - py, ends[p, 2] - px, ends[p, 3] - py
            foot_x, foot_y, _ = foot(cx, cy, dx, dy)
            if foot_x * foot_x + foot_y * foot_y < border_m * border_m:
                where[i] = AT_BORDER
                break
            if (to_x * cy - to_y * cx >= 0) != (to_x * dy - to_y * dx >= 0):
                here = cx * dy - cy * dx > 0
                there = (dx - cx) * (to_y - cy) - (dy - cy) * (to_x - cx) > 0
                count += int(here) - int(there)
        if where[i] == OUTSIDE and count > 0:
            where[i] = INSIDE
    return where


@compiled
def first_free(
    o: "ObstacleIndex",
    ends: NDArray[np.float64],
    owner: NDArray[np.int32],
    tier: NDArray[np.int32],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    where: NDArray[np.int8],
    limit: float,
    begin: NDArray[np.int64],
    piece: NDArray[np.int32],
    distance: NDArray[np.float64],
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Pick for each place, of the streets listed for it, the first one whose leg meets no obstacle.

    The list is CSR (`begin`, then piece and distance of each street) and is sorted here, place by place: lower tiers
    come first, then nearer streets; those beyond the limit are last. Of free streets of one tier that are equally near,
    the one with the lower row wins. `where` is what `locate` says of each place.

    Returns the piece (-1 if none within the limit is free), the length of its leg or of the nearest free one beyond the
    limit (NaN if there is none), the distance of the nearest street, be it free or not, and whether any leg is barred.

    A leg crosses a border piece where each parts the ends of the other. Where a leg runs through the end of a piece,
    the piece that continues the same border says whether that goes on to the other side.
    """
    b, borders, follows = o.buckets, o.ends, o.follows
    left, bottom, side, n_columns, n_rows, across = b.left, b.bottom, b.side, b.columns, b.rows, b.across
    keys, bricks, shift, indptr, items = b.keys, b.bricks, np.uint64(b.shift), b.indptr, b.items
    beyond = np.int32(_BEYOND)
    step_x, step_y = np.empty(1), np.empty(1)
    rank = np.empty(len(piece), np.int32)
    found, access, nearest = np.empty(len(x), np.int32), np.empty(len(x)), np.empty(len(x))
    barred = np.empty(len(x), np.bool_)
    for i in range(len(x)):
        found[i], access[i], nearest[i], barred[i] = -1, np.nan, np.inf, False
        first, last = begin[i], begin[i + 1]
        for j in range(first, last):
            rank[j] = tier[owner[piece[j]]] if distance[j] <= limit else beyond
            nearest[i] = min(nearest[i], distance[j])
        gap = 1
        while 3 * gap < last - first:
            gap = 3 * gap + 1
        while gap > 0:  # a shell sort
            for j in range(first + gap, last):
                p, away, r, k = piece[j], distance[j], rank[j], j
                while k >= first + gap and (r < rank[k - gap] or (r == rank[k - gap] and away < distance[k - gap])):
                    piece[k], distance[k], rank[k] = piece[k - gap], distance[k - gap], rank[k - gap]
                    k -= gap
                piece[k], distance[k], rank[k] = p, away, r
            gap //= 3
        px, py = x[i], y[i]
        best, free_m = -1, np.inf
        for j in range(first, last):
            p = piece[j]
            if best >= 0:
                if rank[j] != rank[best] or distance[j] >= free_m + EQUAL_M:
                    break
                if owner[p] > owner[piece[best]]:
                    continue
            blocked = False
            if distance[j] > ON_STREET_M and len(items):
                fx, fy, _ = foot(ends[p, 0] - px, ends[p, 1] - py, ends[p, 2] - px, ends[p, 3] - py)
                length = distance[j]
                through = _THROUGH_M * length
                blocked = where[i] == INSIDE
                if where[i] == AT_BORDER:
                    step = FIRST_STEP_M / length
                    step_x[0], step_y[0] = px + step * fx, py + step * fy
                    blocked = locate(o, step_x, step_y, 0.0)[0] == INSIDE
                u0, v0 = (px - left) / side, (py - bottom) / side
                u1, v1 = u0 + fx / side, v0 + fy / side
                key, brick = -1, -1
                for row in range(max(int(np.floor(min(v0, v1))), 0), min(int(np.floor(max(v0, v1))), n_rows - 1) + 1):
                    if blocked:
                        break
                    first_column, last_column = columns_in_row(u0, v0, u1, v1, row, 0.0)
                    for column in range(max(first_column, 0), min(last_column, n_columns - 1) + 1):
                        if blocked:
                            break
                        place = (row >> 3) * across + (column >> 3)
                        if place != key:
                            key = place
                            slot = np.int64((np.uint64(key) * GOLDEN) >> shift)
                            while keys[slot] != key and keys[slot] >= 0:
                                slot = (slot + 1) & (len(keys) - 1)
                            brick = int(bricks[slot])
                        if brick < 0:
                            continue
                        bucket = 64 * brick + 8 * (row & 7) + (column & 7)
                        for item in range(indptr[bucket], indptr[bucket + 1]):
                            q = items[item]
                            cx, cy, dx, dy = (
                                borders[q, 0] - px,
                                borders[q, 1] - py,
                                borders[q, 2] - px,
                                borders[q, 3] - py,
                            )
                            side_c, side_d = fx * cy - fy * cx, fx * dy - fy * dx
                            if abs(side_c) <= through:  # the piece before this one has the say
                                continue
                            at = int(q)
                            while abs(side_d) <= through:
                                reach = fx * dx + fy * dy
                                if reach <= through or reach >= length * (length - EQUAL_M) or follows[at] == q:
                                    at = -1
                                    break
                                at = follows[at]
                                if at < 0:
                                    break
                                dx, dy = borders[at, 2] - px, borders[at, 3] - py
                                side_d = fx * dy - fy * dx
                            if at < 0 or (side_c > 0) == (side_d > 0):
                                continue
                            side_a, side_b = cx * dy - cy * dx, (dx - cx) * (fy - cy) - (dy - cy) * (fx - cx)
                            size = np.sqrt((dx - cx) * (dx - cx) + (dy - cy) * (dy - cy))
                            if side_a < 0:
                                side_a, side_b = -side_a, -side_b
                            if at != q or (side_a > _THROUGH_M * size and side_b < -EQUAL_M * size):
                                blocked = True
                                break
            if blocked:
                barred[i] = True
                continue
            if best < 0:
                free_m = distance[j]
            best = j
        if best >= 0:
            access[i] = distance[best]
            found[i] = piece[best] if rank[best] != beyond else -1
    return found, access, nearest, barred
