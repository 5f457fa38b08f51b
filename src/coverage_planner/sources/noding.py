"""Lines drawn without topology -> lines that share nodes where streets meet at grade.

Three things join lines here: a common place (two vertices within a millimetre), an end or a vertex that lies on
another line, and a crossing. Near ends are joined by `joining`, afterwards. Everything is done on whole arrays of
single steps of the lines, found through a tree of their boxes, so that the cost grows with the number of steps that
are near each other and not with the square of the layer.

Levels
------
Lines have a whole number for their level: 0 on the ground, more above it, less below.

- Two lines that cross, or that pass through the same place, meet only when their levels agree.
- A line's end meets whatever it stands on, at any level: bridges end on the ground. Where lines of several levels pass
  through its place, it meets that of its own level, else that of the nearest (the lower of two).
- A line that is *bridged*, as motorways are, meets nothing that it crosses, whatever the levels; only what ends on it.
- A line that crosses itself meets itself on the ground; off the ground such a line is a spiral ramp and does not.

Source of method: our own; what `shapely.node` (the OverlayNG noder of GEOS) makes of the same lines is the tests'
oracle. That noder itself is not used: it loses which line a piece comes from and knows no levels.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coverage_planner.sources.line_steps import (
    Floats,
    Insertion,
    Ints,
    Mask,
    Steps,
    feet,
    find_ends,
    find_steps,
    insert,
    line_numbers,
)
from coverage_planner.sources.segments import Lines

#: Places closer than this are one: a millimetre, far below what anybody can draw.
TOUCH_M = 1e-3


@dataclass(frozen=True, eq=False)
class Meetings:
    """Places where two lines meet, or pass each other.

    Attributes
    ----------
    line, other
        Shape (meetings,): numbers of the lines.
    x, y
        Shape (meetings,): where.
    """

    line: Ints
    other: Ints
    x: Floats
    y: Floats

    def take(self, chosen: NDArray[Any]) -> "Meetings":
        """Return some of the meetings, by mask or number."""
        return Meetings(self.line[chosen], self.other[chosen], self.x[chosen], self.y[chosen])


@dataclass(frozen=True, eq=False)
class Noding:
    """Lines that share node ids where they meet.

    Attributes
    ----------
    lines
        In the order given, with the vertices that were put in; in the plane of the coordinates given.
    origin
        Shape (vertices,): the number of the vertex as it was given; -1 for one that was put in.
    level
        Shape (lines,): as given.
    parent
        Shape (lines,): the number of each line as it was given; a join bears that of the line that it draws out.
    rank
        Shape (lines,): the place of each line among all, sorted by where they run and by level: it decides between
        equals, so that the order of rows does not.
    crossings
        Places where lines cross at grade without a vertex of either.
    touches
        Places where an end or a vertex of `line` stands on a stretch of `other` that has no vertex there.
    kept_apart
        Places where lines of different levels pass over each other.
    """

    lines: Lines
    origin: Ints
    level: Ints
    parent: Ints
    rank: Ints
    crossings: Meetings
    touches: Meetings
    kept_apart: Meetings


def node_lines(
    starts: Ints, x: Floats, y: Floats, level: Ints, *, bridged: Mask | None = None, crossings: bool = True
) -> Noding:
    """Find where lines meet at grade.

    Parameters
    ----------
    starts
        Shape (lines + 1,): where each line's vertices begin; the last value is the number of vertices.
    x, y
        Shape (vertices,): coordinates in metres, finite.
    level
        Shape (lines,): the level of each line.
    bridged
        Shape (lines,): lines that never cross others at grade, whatever their level says.
    crossings
        Whether lines also meet where one has no vertex; else only where vertices are in the same place, at any level.

    Returns
    -------
    Noding
        Which lines share which nodes, and where, does not depend on the order of the lines, nor do coordinates in any
        bit; node ids are numbers from 0.
    """
    if bridged is None:
        bridged = np.zeros(len(level), dtype=bool)
    order = _canonical_order(starts, x, y, level * 2 + bridged)
    vertex_order, sorted_starts = _reorder(starts, order)
    node = _node_sorted if crossings else _share_places
    noding = node(sorted_starts, x[vertex_order], y[vertex_order], level[order], bridged[order])
    back = np.argsort(order)
    positions, new_starts = _reorder(noding.lines.starts, back)
    lines = noding.lines
    origin = noding.origin[positions]
    return Noding(
        Lines(new_starts, lines.node_ids[positions], lines.x[positions], lines.y[positions]),
        np.where(origin >= 0, vertex_order[origin], -1),
        level,
        np.arange(len(level)),
        back,
        *(
            replace(found, line=order[found.line], other=order[found.other])
            for found in (noding.crossings, noding.touches, noding.kept_apart)
        ),
    )


def _canonical_order(starts: Ints, x: Floats, y: Floats, kind: Ints) -> Ints:
    """Sort lines by where they run, so that nothing hangs on the order of rows."""
    shapes = shapely.linestrings(np.column_stack([x, y]), indices=line_numbers(starts))
    texts = np.atleast_1d(np.asarray(shapely.to_wkb(shapes), dtype=object))
    keys = [(text, int(at)) for text, at in zip(texts, kind, strict=True)]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def _reorder(starts: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Return the positions of the vertices of reordered lines, and where these lines begin."""
    counts = np.diff(starts)[order]
    new_starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    inner = np.arange(new_starts[-1]) - np.repeat(new_starts[:-1], counts)
    return np.repeat(starts[:-1][order], counts) + inner, new_starts


def _node_sorted(starts: Ints, x: Floats, y: Floats, level: Ints, bridged: Mask) -> Noding:
    n = len(x)
    line = line_numbers(starts)
    is_end = find_ends(starts, x, y)
    steps = find_steps(starts, x, y)
    tree = shapely.STRtree(steps.shapes)
    _, place = np.unique(x + 1j * y, return_inverse=True)
    same, on, passing = _find_touches(tree, steps, x, y, place, line, is_end, level, bridged)
    crossings, t, cut, apart = _find_crossings(tree, steps, x, y, place, level, bridged)
    # one new vertex in each of the two steps that cross, and one in each step that something stands on
    added_step = np.concatenate([cut[0], cut[1], on.step])
    added_t = np.concatenate([t[0], t[1], on.t])
    added_x = np.concatenate([crossings.x, crossings.x, x[on.vertex]])
    added_y = np.concatenate([crossings.y, crossings.y, y[on.vertex]])
    numbers = n + np.arange(len(added_step))
    n_cut = len(crossings.x)
    links = [
        (np.arange(n), n + len(added_step) + place),
        same,
        (numbers[:n_cut], numbers[n_cut : 2 * n_cut]),
        (numbers[2 * n_cut :], on.vertex),
        _neighbours(added_step, added_x, added_y, added_t, numbers),
    ]
    spot = _components(links, n + len(added_step) + int(place.max()) + 1)[: n + len(added_step)]
    item_level = level[np.concatenate([line, steps.line[added_step]])]
    node = _split_by_level(spot, item_level, np.concatenate([~is_end, np.ones(len(added_step), dtype=bool)]))
    added = Insertion(steps.first[added_step], added_t, added_x, added_y, node[n:])
    lines, origin = insert(Lines(starts, node[:n], x, y), np.arange(n), added)
    touches = Meetings(line[on.vertex], steps.line[on.step], x[on.vertex], y[on.vertex])
    # several vertices of one place on one line are one touch
    touches = _once(touches)
    over = _once(Meetings(*(np.concatenate(pair) for pair in zip(_parts(apart), _parts(passing), strict=True))))
    numbers_of_lines = np.arange(len(level))
    return Noding(lines, origin, level, numbers_of_lines, numbers_of_lines, crossings, touches, over)


def _share_places(starts: Ints, x: Floats, y: Floats, level: Ints, _bridged: Mask) -> Noding:
    """Join lines only where vertices are within a millimetre of each other."""
    places, place = np.unique(x + 1j * y, return_inverse=True)
    points = np.asarray(shapely.points(places.real, places.imag), dtype=object)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=TOUCH_M)
    node = _components([(near[0], near[1])], len(places))[place]
    nowhere = Meetings(*(np.empty(0, dtype=np.int64),) * 2, *(np.empty(0),) * 2)
    lines = Lines(starts, node, x, y)
    numbers = np.arange(len(level))
    return Noding(lines, np.arange(len(x)), level, numbers, numbers, nowhere, nowhere, nowhere)


@dataclass(frozen=True, eq=False)
class _Standing:
    """Vertices that stand on the inside of steps, at the share t of their way."""

    vertex: Ints
    step: Ints
    t: Floats


def _find_touches(
    tree: shapely.STRtree,
    steps: Steps,
    x: Floats,
    y: Floats,
    place: Ints,
    line: Ints,
    is_end: Mask,
    level: Ints,
    bridged: Mask,
) -> tuple[tuple[Ints, Ints], _Standing, Meetings]:
    """Find vertices within a millimetre of steps.

    Returns
    -------
    same
        Pairs of vertices that are one place.
    on
        Vertices that stand on a step's inside and meet it.
    passing
        Places where a line has a vertex on a line of another level, or on itself, without meeting it.
    """
    places, one_of = np.unique(place, return_index=True)
    points = shapely.points(x[one_of], y[one_of])
    at, step = tree.query(points, predicate="dwithin", distance=TOUCH_M)
    first = steps.first[step]
    vertex = one_of[at]
    near_first = np.hypot(x[vertex] - x[first], y[vertex] - y[first]) <= TOUCH_M
    near_last = np.hypot(x[vertex] - x[first + 1], y[vertex] - y[first + 1]) <= TOUCH_M
    same = (
        np.concatenate([vertex[near_first], vertex[near_last]]),
        np.concatenate([first[near_first], first[near_last] + 1]),
    )
    inside = np.flatnonzero(~near_first & ~near_last)
    # all vertices of the place, not only the one that was looked up
    order = np.argsort(place, kind="stable")
    counts = np.bincount(place)
    begins = np.cumsum(counts) - counts
    held = counts[places[at[inside]]]
    inner = np.arange(held.sum()) - np.repeat(np.cumsum(held) - held, held)
    vertex = order[np.repeat(begins[places[at[inside]]], held) + inner]
    step = np.repeat(step[inside], held)
    meets = is_end[vertex] | _at_grade(line[vertex], steps.line[step], level, bridged)
    vertex_on, step_on = vertex[meets], step[meets]
    t, _, _ = feet(x, y, steps, step_on, x[vertex_on], y[vertex_on])
    passing = Meetings(line[vertex[~meets]], steps.line[step[~meets]], x[vertex[~meets]], y[vertex[~meets]])
    return same, _Standing(vertex_on, step_on, t), passing


def _find_crossings(
    tree: shapely.STRtree, steps: Steps, x: Floats, y: Floats, place: Ints, level: Ints, bridged: Mask
) -> tuple[Meetings, tuple[Floats, Floats], tuple[Ints, Ints], Meetings]:
    """Find steps that cross away from their ends: those that meet, where on them, and those that pass each other."""
    one, two = tree.query(steps.shapes, predicate="intersects")
    once = one < two
    one, two = one[once], two[once]
    a, b = steps.first[one], steps.first[two]
    joined = (place[a] == place[b]) | (place[a] == place[b + 1])
    joined |= (place[a + 1] == place[b]) | (place[a + 1] == place[b + 1])
    one, two = one[~joined], two[~joined]
    where = shapely.intersection(steps.shapes[one], steps.shapes[two])
    # lines that run along each other are cut where a vertex of one stands on the other
    single = shapely.get_type_id(where) == shapely.GeometryType.POINT
    single &= ~shapely.is_empty(where)
    one, two, where = one[single], two[single], where[single]
    at_x, at_y = shapely.get_x(where), shapely.get_y(where)
    clear = np.ones(len(one), dtype=bool)
    for vertex in (steps.first[one], steps.first[one] + 1, steps.first[two], steps.first[two] + 1):
        clear &= np.hypot(at_x - x[vertex], at_y - y[vertex]) > TOUCH_M
    one, two, at_x, at_y = one[clear], two[clear], at_x[clear], at_y[clear]
    line_one, line_two = steps.line[one], steps.line[two]
    meets = _at_grade(line_one, line_two, level, bridged)
    found = Meetings(line_one, line_two, at_x, at_y)
    t = tuple(feet(x, y, steps, step[meets], at_x[meets], at_y[meets])[0] for step in (one, two))
    return found.take(meets), (t[0], t[1]), (one[meets], two[meets]), found.take(~meets)


def _at_grade(one: Ints, two: Ints, level: Ints, bridged: Mask) -> Mask:
    """Tell which pairs of lines meet where they cross."""
    itself = one == two
    ground = (level[one] == 0) & ~bridged[one]
    return np.asarray(np.where(itself, ground, (level[one] == level[two]) & ~bridged[one] & ~bridged[two]))


def _neighbours(step: Ints, x: Floats, y: Floats, t: Floats, numbers: Ints) -> tuple[Ints, Ints]:
    """Pair new vertices of one step that follow each other within a millimetre."""
    order = np.lexsort((t, step))
    before, after = order[:-1], order[1:]
    near = (step[before] == step[after]) & (np.hypot(x[before] - x[after], y[before] - y[after]) <= TOUCH_M)
    return numbers[before[near]], numbers[after[near]]


def _components(links: list[tuple[Ints, Ints]], n: int) -> Ints:
    ends = [np.concatenate(side) for side in zip(*links, strict=True)]
    graph = coo_array((np.ones(len(ends[0]), dtype=np.int8), (ends[0], ends[1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _split_by_level(spot: Ints, level: Ints, passes: Mask) -> Ints:
    """Give each spot one node, or one for each level where lines of several pass through it.

    What ends there belongs to its own level where a line of that passes, else to the nearest (the lower of two).
    """
    through = np.unique(np.column_stack([spot[passes], level[passes]]), axis=0)
    at, counts = np.unique(through[:, 0], return_counts=True)
    several = np.isin(spot, at[counts > 1])
    taken = np.zeros(len(spot), dtype=np.int64)
    levels_at: dict[int, list[int]] = {}
    for number, height in through[np.isin(through[:, 0], at[counts > 1])].tolist():
        levels_at.setdefault(number, []).append(height)
    for item in np.flatnonzero(several).tolist():
        own = int(level[item])
        taken[item] = min(levels_at[int(spot[item])], key=lambda other: (abs(other - own), other))
    _, node = np.unique(np.column_stack([spot, taken]), axis=0, return_inverse=True)
    return np.asarray(node, dtype=np.int64).ravel()


def _parts(found: Meetings) -> tuple[Ints, Ints, Floats, Floats]:
    return found.line, found.other, found.x, found.y


def _once(found: Meetings) -> Meetings:
    """Drop meetings of the same two lines at the same millimetre, whichever is named first."""
    low, high = np.minimum(found.line, found.other), np.maximum(found.line, found.other)
    keys = np.column_stack([low, high, np.rint(found.x / TOUCH_M), np.rint(found.y / TOUCH_M)])
    _, kept = np.unique(keys, axis=0, return_index=True)
    return found.take(np.sort(kept))
