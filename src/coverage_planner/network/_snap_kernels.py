"""Compiled loops behind snapping: filing straight pieces by bucket, looking round places.

Coordinates are taken relative to the place that is looked from, so that nothing is lost to their size. The loops stand
in few long functions: a call that hands over arrays costs as much as the look itself.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled

if TYPE_CHECKING:
    from coverage_planner.network.buckets import Buckets

#: Distances that differ by less count as equal: rounding must not decide.
EQUAL_M = 0.001
#: Pieces are filed by the buckets that they come this near to.
_MARGIN_M = 0.002
#: No place on Earth lies farther from the origin of its projection.
_FARTHEST_M = 1e9
#: 2**64 over the golden ratio: neighbouring keys land far apart in the hash table of the bricks.
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@compiled
def break_lines(
    coordinates: NDArray[np.float64],
    indptr: NDArray[np.int64],
    ends: NDArray[np.float64],
    line: NDArray[np.int64],
    along: NDArray[np.float64],
    length: NDArray[np.float64],
) -> int:
    """Break lines into straight pieces with a length; a line without any length keeps one piece.

    Fills in the pieces' ends (x, y, x, y), lines, and places along their lines (p, 2), and the lengths of the lines.
    Returns how many pieces there are.
    """
    n = 0
    for k in range(len(indptr) - 1):
        first = n
        walked = 0.0
        for c in range(indptr[k], indptr[k + 1] - 1):
            x, y, next_x, next_y = coordinates[c, 0], coordinates[c, 1], coordinates[c + 1, 0], coordinates[c + 1, 1]
            step = np.hypot(next_x - x, next_y - y)
            if step == 0.0 and (n > first or c < indptr[k + 1] - 2):
                continue
            ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3] = x, y, next_x, next_y
            line[n] = k
            along[n, 0] = walked
            walked += step
            along[n, 1] = walked
            n += 1
        length[k] = walked
        for p in range(first, n):
            along[p, 0] /= walked if walked > 0.0 else 1.0
            along[p, 1] /= walked if walked > 0.0 else 1.0
    return n


# ---------------------------------------------------------------------------------------------------------------------
# Buckets
# ---------------------------------------------------------------------------------------------------------------------


@compiled
def columns_in_row(u0: float, v0: float, u1: float, v1: float, row: int, margin: float) -> tuple[int, int]:
    """First and last column that a straight line meets within a row, all in sides of a bucket."""
    if v0 > v1:
        u0, v0, u1, v1 = u1, v1, u0, v0
    low, high = row - margin, row + 1 + margin
    a = u0 + (low - v0) / (v1 - v0) * (u1 - u0) if v0 < low else u0
    b = u0 + (high - v0) / (v1 - v0) * (u1 - u0) if v1 > high else u1
    return int(np.floor(min(a, b) - margin)), int(np.floor(max(a, b) + margin))


@compiled
def touch_buckets(
    ends: NDArray[np.float64],
    which: NDArray[np.int64],
    left: float,
    bottom: float,
    side: float,
    across: int,
    place: NDArray[np.int64],
    item: NDArray[np.int64],
) -> int:
    """Write down every bucket that the pieces `which` touch: its brick's place, and 64 times the piece plus the bucket.

    Returns how many there are; beyond the length of the arrays they are only counted.
    """
    margin = _MARGIN_M / side
    n = 0
    for p in which:
        u0, v0 = (ends[p, 0] - left) / side, (ends[p, 1] - bottom) / side
        u1, v1 = (ends[p, 2] - left) / side, (ends[p, 3] - bottom) / side
        for row in range(int(np.floor(min(v0, v1) - margin)), int(np.floor(max(v0, v1) + margin)) + 1):
            first, last = columns_in_row(u0, v0, u1, v1, row, margin)
            for column in range(first, last + 1):
                if n < len(place):
                    place[n] = (row >> 3) * across + (column >> 3)
                    item[n] = 64 * p + 8 * (row & 7) + (column & 7)
                n += 1
    return n


@compiled
def sort_into_buckets(
    places: NDArray[np.int64],
    place: NDArray[np.int64],
    item: NDArray[np.int64],
    shift: int,
    keys: NDArray[np.int64],
    bricks: NDArray[np.int32],
    indptr: NDArray[np.int64],
    items: NDArray[np.int32],
) -> None:
    """Fill the hash table of the bricks at `places` (`keys`, `bricks`: -1 so far) and list the items bucket by bucket.

    `indptr` (0 so far) has one entry more than it needs in the end. `place` and `item` are used up.
    """
    spread = np.uint64(shift)
    for b in range(len(places)):
        slot = np.int64((np.uint64(places[b]) * GOLDEN) >> spread)
        while keys[slot] >= 0:
            slot = (slot + 1) & (len(keys) - 1)
        keys[slot], bricks[slot] = places[b], b
    for k in range(len(item)):
        slot = np.int64((np.uint64(place[k]) * GOLDEN) >> spread)
        while keys[slot] != place[k]:
            slot = (slot + 1) & (len(keys) - 1)
        place[k] = 64 * bricks[slot] + (item[k] & 63)  # from here on the bucket
        indptr[place[k] + 2] += 1
    for k in range(1, len(indptr)):
        indptr[k] += indptr[k - 1]
    for k in range(len(item)):
        items[indptr[place[k] + 1]] = item[k] >> 6
        indptr[place[k] + 1] += 1


@compiled
def order_by_brick(b: "Buckets", x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Order places brick by brick, those outside of all last, so that neighbours are looked at one after another."""
    left, bottom, size, across, up = b.left, b.bottom, 8.0 * b.side, b.across, (b.rows >> 3) + 1
    places, keys, bricks, shift = b.places, b.keys, b.bricks, np.uint64(b.shift)
    brick = np.empty(len(x), np.int32)
    begin = np.zeros(len(places) + 2, np.int64)
    for i in range(len(x)):
        brick[i] = len(places)
        u, v = (x[i] - left) / size, (y[i] - bottom) / size
        if 0.0 <= u < across and 0.0 <= v < up:
            key = int(v) * across + int(u)
            slot = np.int64((np.uint64(key) * GOLDEN) >> shift)
            while keys[slot] != key and keys[slot] >= 0:
                slot = (slot + 1) & (len(keys) - 1)
            if bricks[slot] >= 0:
                brick[i] = bricks[slot]
        begin[brick[i] + 1] += 1
    for k in range(1, len(begin)):
        begin[k] += begin[k - 1]
    order = np.empty(len(x), np.int64)
    for i in range(len(x)):
        order[begin[brick[i]]] = i
        begin[brick[i]] += 1
    return order


# ---------------------------------------------------------------------------------------------------------------------
# Streets
# ---------------------------------------------------------------------------------------------------------------------


@compiled
def foot(ax: float, ay: float, bx: float, by: float) -> tuple[float, float, float]:
    """Return the nearest place to the origin on the straight piece from a to b, and how far along it lies (0 to 1)."""
    dx, dy = bx - ax, by - ay
    along, square = -(ax * dx + ay * dy), dx * dx + dy * dy
    if along <= 0.0:
        return ax, ay, 0.0
    if along >= square:
        return bx, by, 1.0
    t = along / square
    return ax + t * dx, ay + t * dy, t


@compiled
def list_near(
    b: "Buckets",
    ends: NDArray[np.float64],
    owner: NDArray[np.int32],
    seen: NDArray[np.int64],
    slot_of: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    radius: NDArray[np.float64],
    nearest_only: bool,
    done: int,
    begin: NDArray[np.int64],
    piece: NDArray[np.int32],
    distance: NDArray[np.float64],
) -> int:
    """List the streets within `radius` of each place, each street once, with its nearest piece and the distance.

    `nearest_only` lists the nearest street and those equally near. `seen` (the last look that listed each edge, and at
    its end the number of looks so far) and `slot_of` (the edge's place in the list) are memory for the work.

    The list, CSR in `begin`, `piece` and `distance`, is known for the first `done` places. Returns for how many it is
    known when there is no more room.
    """
    left, bottom, side, n_columns, n_rows, brick_columns = b.left, b.bottom, b.side, b.columns, b.rows, b.across
    places, keys, bricks, shift, indptr, items = b.places, b.keys, b.bricks, np.uint64(b.shift), b.indptr, b.items
    n = begin[done]
    look = seen[-1]
    full = False
    per_m = 1.0 / side
    last_x, last_y, last_piece = np.inf, np.inf, -1
    for i in range(done, len(x)):
        first = n
        px, py, bound, nearest = x[i], y[i], radius[i], np.inf
        if not (abs(px) < _FARTHEST_M and abs(py) < _FARTHEST_M):
            begin[i + 1] = n
            continue
        look += 1
        reach = bound
        if nearest_only:
            moved = abs(px - last_x) + abs(py - last_y)
            if moved < side and last_piece >= 0:  # the last place's street is hardly ever far from the nearest of this
                p = last_piece
                fx, fy, _ = foot(ends[p, 0] - px, ends[p, 1] - py, ends[p, 2] - px, ends[p, 3] - py)
                bound = min(bound, np.sqrt(fx * fx + fy * fy) + EQUAL_M)
                reach = bound
            elif moved >= side:
                reach = min(bound, side / 2.0)
        square = bound * bound * (1.0 + 1e-12)
        while True:
            first_row = max(int(np.floor((py - reach - bottom) * per_m)), 0)
            last_row = min(int(np.floor((py + reach - bottom) * per_m)), n_rows - 1)
            first_column = max(int(np.floor((px - reach - left) * per_m)), 0)
            last_column = min(int(np.floor((px + reach - left) * per_m)), n_columns - 1)
            across = max((last_column >> 3) - (first_column >> 3) + 1, 0)
            n_bricks = across * max((last_row >> 3) - (first_row >> 3) + 1, 0)
            brick_row, brick_column = first_row >> 3, (first_column >> 3) - 1
            for k in range(min(n_bricks, len(places))):
                if n_bricks <= len(places):
                    brick_column += 1
                    if brick_column > last_column >> 3:
                        brick_row, brick_column = brick_row + 1, first_column >> 3
                    key = brick_row * brick_columns + brick_column
                    slot = np.int64((np.uint64(key) * GOLDEN) >> shift)
                    while keys[slot] != key and keys[slot] >= 0:
                        slot = (slot + 1) & (len(keys) - 1)
                    brick = int(bricks[slot])
                else:  # a look over half a country goes through the list of bricks
                    brick_row, brick_column, brick = places[k] // brick_columns, places[k] % brick_columns, k
                low, high = max(first_column - 8 * brick_column, 0), min(last_column - 8 * brick_column, 7)
                if brick < 0 or low > high:
                    continue
                for row in range(max(first_row - 8 * brick_row, 0), min(last_row - 8 * brick_row, 7) + 1):
                    bucket = 64 * brick + 8 * row
                    for item in range(indptr[bucket + low], indptr[bucket + high + 1]):
                        p = items[item]
                        fx, fy, _ = foot(ends[p, 0] - px, ends[p, 1] - py, ends[p, 2] - px, ends[p, 3] - py)
                        away = fx * fx + fy * fy
                        if away > square:
                            continue
                        away = np.sqrt(away)
                        if away > bound:
                            continue
                        edge = owner[p]
                        if seen[edge] != look:
                            if n == len(piece):
                                full = True
                                break
                            seen[edge], slot_of[edge] = look, n
                            piece[n], distance[n] = p, away
                            n += 1
                        else:
                            j = slot_of[edge]
                            if away < distance[j] or (away == distance[j] and p < piece[j]):
                                piece[j], distance[j] = p, away
                        if nearest_only and away < nearest:
                            nearest, bound = away, min(bound, away + EQUAL_M)
                            square = bound * bound * (1.0 + 1e-12)
            if reach >= bound or full:
                break
            reach = bound if nearest < np.inf else min(3.0 * reach, bound)
        if full:
            seen[-1] = look
            return i
        if nearest_only:
            last_x, last_y, last_piece = px, py, -1
            kept = first
            for j in range(first, n):
                if distance[j] < nearest + EQUAL_M:
                    last_piece = piece[j]
                    piece[kept], distance[kept] = piece[j], distance[j]
                    kept += 1
            n = kept
        begin[i + 1] = n
    seen[-1] = look
    return len(x)


@compiled
def find_places(
    ends: NDArray[np.float64],
    owner: NDArray[np.int32],
    along: NDArray[np.float64],
    length: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    piece: NDArray[np.int32],
    at_junction: float,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return edge and fraction of the nearest place on a piece; a junction within `at_junction` metres is the place."""
    edge, fraction = np.empty(len(x), np.int32), np.empty(len(x))
    for i in range(len(x)):
        p = piece[i]
        e = owner[p]
        _, _, t = foot(ends[p, 0] - x[i], ends[p, 1] - y[i], ends[p, 2] - x[i], ends[p, 3] - y[i])
        place = along[p, 1] if t == 1.0 else along[p, 0] + t * (along[p, 1] - along[p, 0])
        if (1.0 - place) * length[e] <= at_junction:
            place = 1.0
        if place * length[e] <= at_junction:
            place = 0.0
        edge[i], fraction[i] = e, place
    return edge, fraction


@compiled
def locate_places(
    first: NDArray[np.int64],
    ends: NDArray[np.float64],
    along: NDArray[np.float64],
    edge: NDArray[np.int32],
    fraction: NDArray[np.float64],
    xy: NDArray[np.float64],
) -> None:
    """Fill in the coordinates of places on edges; rows without an edge (-1) stay as they are."""
    for i in range(len(edge)):
        if edge[i] < 0:
            continue
        low, high = first[edge[i]], first[edge[i] + 1] - 1
        while low < high:  # the first piece that ends at the place or beyond it
            middle = (low + high) >> 1
            if along[middle, 1] < fraction[i]:
                low = middle + 1
            else:
                high = middle
        part = along[low, 1] - along[low, 0]
        t = (fraction[i] - along[low, 0]) / part if part > 0.0 else 0.0
        for k in range(2):
            xy[i, k] = ends[low, k] + t * (ends[low, k + 2] - ends[low, k]) if t < 1.0 else ends[low, k + 2]
