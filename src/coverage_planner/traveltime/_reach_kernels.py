"""Compiled looks at the streets after a search: times at places on edges, and where a point is nearest to one.

Rows are addressed by unsigned numbers: numba tests signed ones for being negative, which costs as much as the lookup.
Arrays that most functions take: ``edges`` (e + 1, 5) and ``line`` (p, 3), the streets in the direction of search;
``dist`` and ``label`` (n,), milliseconds at each node and the facility they come from (empty: one for all); ``seeds``
(s, 4), the facilities by edge. Their columns stand below.
"""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled
from coverage_planner.traveltime._lane_kernels import FAR

#: Columns of the edges: end nodes, milliseconds from u to v and back (-1: not allowed), the first vertex.
U, V, UP, DOWN, FIRST = (np.uint64(column) for column in range(5))
#: Columns of the vertices: coordinates, and place along the edge, 0 at u, 1 at v.
X, Y, PLACE = (np.uint64(column) for column in range(3))
#: Columns of the seeds.
SEED_EDGE, SEED_FRACTION, SEED_MS, SEED_LABEL = (np.uint64(column) for column in range(4))
ONE = np.uint64(1)


@compiled
def first_seed(seeds: NDArray[np.float64], edge: np.uint64) -> np.uint64:
    """Find the first seed on an edge, or the one that follows it."""
    low, high = np.uint64(0), np.uint64(len(seeds))
    if high <= ONE:
        return low if high > low and seeds[low, SEED_EDGE] >= edge else high
    while low < high:
        middle = (low + high) >> ONE
        if seeds[middle, SEED_EDGE] < edge:
            low = middle + ONE
        else:
            high = middle
    return low


@compiled
def time_at(
    edges: NDArray[np.int32], dist: NDArray[np.int32], seeds: NDArray[np.float64], edge: np.uint64, fraction: float
) -> float:
    """Milliseconds to a place on an edge, access leg left out; inf where not reached."""
    up, down = edges[edge, UP], edges[edge, DOWN]
    from_u, from_v = np.inf, np.inf
    if up >= 0 or fraction == 0.0:
        from_u = dist[np.uint64(edges[edge, U])] + fraction * up
    if down >= 0 or fraction == 1.0:
        from_v = dist[np.uint64(edges[edge, V])] + (1.0 - fraction) * down
    best = min(from_u, from_v)
    seed = first_seed(seeds, edge)
    while seed < len(seeds) and seeds[seed, SEED_EDGE] == edge:
        ahead = fraction - seeds[seed, SEED_FRACTION]
        pace = up if ahead > 0 else down
        if ahead == 0.0 or pace >= 0:
            best = min(best, seeds[seed, SEED_MS] + abs(ahead) * max(pace, 0))
        seed += ONE
    return best if best < FAR else np.inf


@compiled
def owner_at(
    edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    label: NDArray[np.int32],
    seeds: NDArray[np.float64],
    edge: np.uint64,
    fraction: float,
) -> tuple[float, np.int64]:
    """Milliseconds to a place on an edge as of `time_at`, and the facility, of equally near ones the first."""
    best, owner = np.inf, np.int64(-1)
    up, down = edges[edge, UP], edges[edge, DOWN]
    u, v = np.uint64(edges[edge, U]), np.uint64(edges[edge, V])
    if dist[u] != FAR and (up >= 0 or fraction == 0.0):
        best, owner = dist[u] + fraction * up, np.int64(label[u])
    if dist[v] != FAR and (down >= 0 or fraction == 1.0):
        time, whose = dist[v] + (1.0 - fraction) * down, np.int64(label[v])
        if time < best or (time == best and whose < owner):
            best, owner = time, whose
    seed = first_seed(seeds, edge)
    while seed < len(seeds) and seeds[seed, SEED_EDGE] == edge:
        ahead = fraction - seeds[seed, SEED_FRACTION]
        pace = up if ahead > 0 else down
        if ahead == 0.0 or pace >= 0:
            time = seeds[seed, SEED_MS] + abs(ahead) * max(pace, 0)
            whose = np.int64(seeds[seed, SEED_LABEL])
            if time < best or (time == best and whose < owner):
                best, owner = time, whose
        seed += ONE
    return best, owner


@compiled
def piece_at(edges: NDArray[np.int32], line: NDArray[np.float64], edge: np.uint64, fraction: float) -> np.uint64:
    """First vertex of the straight piece of an edge that holds a place."""
    low, high = np.uint64(edges[edge, FIRST]), np.uint64(edges[edge + ONE, FIRST]) - ONE
    while high - low > ONE:
        middle = (low + high) >> ONE
        if line[middle, PLACE] <= fraction:
            low = middle
        else:
            high = middle
    return low


@compiled
def nearest_on_edge(
    edges: NDArray[np.int32], line: NDArray[np.float64], edge: np.uint64, piece: np.uint64, x: float, y: float
) -> tuple[float, float]:
    """Distance from (x, y) to an edge, and the place on it, looking along the edge from one of its pieces."""
    begin, end = np.uint64(edges[edge, FIRST]), np.uint64(edges[edge + ONE, FIRST]) - ONE
    best, where, step = np.inf, 0.0, 0
    while begin <= piece < end:  # below the very first vertex the number runs over and is larger than all
        x0, y0 = line[piece, X], line[piece, Y]
        dx, dy = line[piece + ONE, X] - x0, line[piece + ONE, Y] - y0
        square = dx * dx + dy * dy
        t = 0.0 if square == 0.0 else ((x - x0) * dx + (y - y0) * dy) / square
        inside = min(1.0, max(0.0, t))
        away_x, away_y = x - x0 - inside * dx, y - y0 - inside * dy
        distance = away_x * away_x + away_y * away_y
        if distance >= best:
            break
        best = distance
        where = line[piece, PLACE] + inside * (line[piece + ONE, PLACE] - line[piece, PLACE])
        if 0.0 < t < 1.0 or (t >= 1.0 and step < 0) or (t <= 0.0 and step > 0):
            break
        step = 1 if t >= 1.0 else -1
        piece = piece + ONE if t >= 1.0 else piece - ONE
    return np.sqrt(best), where


@compiled
def place_on_piece(line: NDArray[np.float64], piece: np.uint64, fraction: float) -> tuple[float, float]:
    """Coordinates of a place of an edge that lies on a straight piece of it."""
    length = line[piece + ONE, PLACE] - line[piece, PLACE]
    t = (fraction - line[piece, PLACE]) / length if length > 0.0 else 0.0
    return (
        line[piece, X] + t * (line[piece + ONE, X] - line[piece, X]),
        line[piece, Y] + t * (line[piece + ONE, Y] - line[piece, Y]),
    )


@compiled
def times_at(
    edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    seeds: NDArray[np.float64],
    edge: NDArray[np.int32],
    fraction: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Milliseconds to places on edges (negative edge: nowhere), access legs left out; inf where not reached."""
    times = np.full(len(edge), np.inf)
    for k in range(len(edge)):
        if edge[k] >= 0:
            times[k] = time_at(edges, dist, seeds, np.uint64(edge[k]), fraction[k])
    return times


@compiled
def times_of_cells(
    edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    seeds: NDArray[np.float64],
    edge: NDArray[np.int32],
    fraction: NDArray[np.float32],
    access_m: NDArray[np.float32],
    pace: float,
) -> NDArray[np.float64]:
    """Milliseconds from the centres of a grid's cells to a door, with the access leg; inf where not reached."""
    times = np.full(edge.shape, np.inf)
    last, near = np.int32(-1), False
    for row in range(edge.shape[0]):
        for column in range(edge.shape[1]):
            here = edge[row, column]
            if here < 0:
                continue
            number = np.uint64(here)
            if here != last:  # neighbouring cells mostly share their street
                last, seed = here, first_seed(seeds, number)
                near = bool(dist[np.uint64(edges[number, U])] != FAR or dist[np.uint64(edges[number, V])] != FAR)
                near = near or bool(seed < len(seeds) and seeds[seed, SEED_EDGE] == number)
            if near:
                time = time_at(edges, dist, seeds, number, np.float64(fraction[row, column]))
                times[row, column] = time + access_m[row, column] * pace
    return times


@compiled
def _share_by(cutoff: float, early: float, late: float) -> float:
    """How much of a stretch, on which time rises from `early` to `late`, is within the cutoff."""
    if late > early:
        return min(1.0, max(0.0, (cutoff - early) / (late - early))) if late < np.inf else 0.0
    return 1.0 if early <= cutoff else 0.0


@compiled
def _cut_half(
    near: float, far: float, early: float, late: float, cutoffs: NDArray[np.float64], band: int
) -> tuple[float, float, float]:
    """Begin, end and latest time of the part of a stretch that is within a cutoff and beyond the one before."""
    begin = _share_by(cutoffs[band - 1], early, late) if band > 0 else 0.0
    end = _share_by(cutoffs[band], early, late)
    if not end > begin:
        return near, near, 0.0
    a = near + begin * (far - near) if begin > 0.0 else near
    b = near + end * (far - near) if end < 1.0 else far  # exactly the meeting point, so that two halves touch
    return min(a, b), max(a, b), early + end * max(late - early, 0.0)


@compiled
def _doubled(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Copy pieces into twice the room; loops, because joining and sorting arrays takes numba seconds to compile."""
    larger = np.empty((2 * len(pieces), 5))
    for row in range(len(pieces)):
        for column in range(5):
            larger[row, column] = pieces[row, column]
    return larger


@compiled
def _insert_stop(stops: NDArray[np.float64], n_stops: np.int64, place: float) -> np.int64:
    """Put a place between rising ones, unless it is there; return how many there are."""
    k = n_stops
    while stops[k - 1] > place:
        k -= 1
    if stops[k - 1] == place:
        return n_stops
    for j in range(n_stops, k, -1):
        stops[j] = stops[j - 1]
    stops[k] = place
    return n_stops + 1


@compiled
def _cut_edge(
    edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    seeds: NDArray[np.float64],
    edge: np.uint64,
    stops: NDArray[np.float64],
    n_stops: np.int64,
    cutoffs: NDArray[np.float64],
    pieces: NDArray[np.float64],
    count: np.int64,
) -> tuple[NDArray[np.float64], np.int64]:
    """Cut an edge between the given rising places where the time passes a cutoff; pieces that touch are joined."""
    first = count
    up = np.float64(edges[edge, UP]) if edges[edge, UP] >= 0 else np.inf
    down = np.float64(edges[edge, DOWN]) if edges[edge, DOWN] >= 0 else np.inf
    n_bands = len(cutoffs)
    for k in range(n_stops - 1):
        f0, f1 = stops[k], stops[k + 1]
        t0, t1 = time_at(edges, dist, seeds, edge, f0), time_at(edges, dist, seeds, edge, f1)
        forth, back = up * (f1 - f0), down * (f1 - f0)
        rises, falls = t0 < np.inf and forth < np.inf, t1 < np.inf and back < np.inf
        meet = 1.0 if rises else 0.0  # where the wave from f0 and the wave from f1 come together
        if rises and falls and forth + back > 0.0:
            meet = min(1.0, max(0.0, (t1 + back - t0) / (forth + back)))
        middle = f0 + meet * (f1 - f0)
        for half in range(2 * n_bands):  # in order along the edge: bands rise from f0 and fall to f1
            band = half if half < n_bands else 2 * n_bands - 1 - half
            near, early, late = f0, t0, t0 + (meet * forth if meet > 0.0 else 0.0)
            if half >= n_bands:
                near, early, late = f1, t1, t1 + ((1.0 - meet) * back if meet < 1.0 else 0.0)
            if early == np.inf or near == middle:
                continue
            start, stop, time = _cut_half(near, middle, early, late, cutoffs, band)
            if not start < stop:
                continue
            if count > first and pieces[count - 1, 4] == band and pieces[count - 1, 2] == start:
                pieces[count - 1, 2], pieces[count - 1, 3] = stop, max(pieces[count - 1, 3], time)
                continue
            if count == len(pieces):
                pieces = _doubled(pieces)
            pieces[count, 0], pieces[count, 1], pieces[count, 2], pieces[count, 3] = edge, start, stop, time
            pieces[count, 4] = band
            count += 1
    return pieces, count


@compiled
def cut_pieces(
    edges: NDArray[np.int32],
    near_first: NDArray[np.int64],
    near_edges: NDArray[np.int32],
    dist: NDArray[np.int32],
    seeds: NDArray[np.float64],
    nodes: NDArray[np.int32],
    cutoffs: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Cut the edges at the nodes reached, and those of the seeds, where the time passes a cutoff.

    ``near_first``, ``near_edges``: CSR of the edges at each node. Returns shape (k, 5): edge, start, stop, latest time,
    band; in order along each edge, edges in no order.
    """
    pieces, count = np.empty((256, 5)), np.int64(0)  # a bare 0 is a type of its own to numba
    stops = np.empty(len(seeds) + 2)
    stops[0], stops[1], n_stops = 0.0, 1.0, np.int64(2)
    for node in nodes:
        for k in range(near_first[node], near_first[node + 1]):
            edge = np.uint64(near_edges[k])
            if edges[edge, U] != node and dist[np.uint64(edges[edge, U])] != FAR:
                continue  # it is cut at its other end
            seed = first_seed(seeds, edge)
            if seed == len(seeds) or seeds[seed, SEED_EDGE] != edge:
                pieces, count = _cut_edge(edges, dist, seeds, edge, stops, n_stops, cutoffs, pieces, count)
    seed = np.uint64(0)
    while seed < len(seeds):
        edge = np.uint64(seeds[seed, SEED_EDGE])
        stops[1], n_stops = 1.0, np.int64(2)
        while seed < len(seeds) and seeds[seed, SEED_EDGE] == edge:
            n_stops = _insert_stop(stops, n_stops, seeds[seed, SEED_FRACTION])
            seed += ONE
        pieces, count = _cut_edge(edges, dist, seeds, edge, stops, n_stops, cutoffs, pieces, count)
    return pieces[:count]


@compiled
def cut_lines(
    edges: NDArray[np.int32],
    line: NDArray[np.float64],
    edge: NDArray[np.int32],
    start: NDArray[np.float64],
    stop: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Coordinates of pieces of edges, one after the other, and where each begins (and the last ends)."""
    offsets = np.zeros(len(edge) + 1, np.int64)
    longest = 0
    for k in range(len(edge)):
        row = np.uint64(edge[k])
        longest += edges[row + ONE, FIRST] - edges[row, FIRST] + 2
    xy = np.empty((longest, 2))
    n = 0
    for k in range(len(edge)):
        row = np.uint64(edge[k])
        first, last = piece_at(edges, line, row, start[k]), piece_at(edges, line, row, stop[k])
        offsets[k] = n
        xy[n, 0], xy[n, 1] = place_on_piece(line, first, start[k])
        n += 1
        for vertex in range(first + ONE, last + ONE):
            if start[k] < line[vertex, PLACE] < stop[k]:
                xy[n, 0], xy[n, 1] = line[vertex, X], line[vertex, Y]
                n += 1
        xy[n, 0], xy[n, 1] = place_on_piece(line, last, stop[k])
        n += 1
    offsets[-1] = n
    return xy[:n], offsets
