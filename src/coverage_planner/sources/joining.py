"""Ends that stop just short of a street -> ends that reach it.

A join is a straight line of its own between the end and what it reaches, at most as long as the tolerance; no vertex is
moved, so that joins cannot add up to longer ones. Ends join lines of their own level only: a street that stops beside a
bridge's pillar does not get onto the bridge. The one exception is a bridge or tunnel whose own end stands on another
line but for a tenth of a metre, as far as rounded coordinates are off: it comes to the surface there.

Joins are made from the shortest to the longest, as Kruskal's algorithm makes a spanning tree:

- an end that meets nothing yet joins the nearest line;
- ends that stop short of each other are all joined, as far as the tolerance reaches from one to the next; they do not
  join a line that passes by then, and two ends that have each joined a line do not join each other.

A line is reached at its own end where that is hardly farther than its nearest point, else at that point.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

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
from coverage_planner.sources.noding import TOUCH_M, Noding
from coverage_planner.sources.segments import Lines

#: The end of a bridge or tunnel that is no farther from a line of another level stands on it.
SURFACES_M = 0.1
#: A line shorter than so many tolerances is not bent back to its own beginning.
_SHORT_LOOP = 4.0
#: A line is reached at its own end where that is no more than so many times as far as its nearest point.
_HARDLY_FARTHER = 2.0


@dataclass(frozen=True, eq=False)
class Joins:
    """Ends that were joined, and ends that were not although something is near.

    Attributes
    ----------
    line, other
        Shape (joins,): the line whose end is joined, and that which it reaches.
    x, y
        Shape (joins, 2): from where to where.
    apart_line, apart_other, apart_x, apart_y
        Shape (ends,): ends that stay as they are although a line of another level is within the tolerance.
    """

    line: Ints
    other: Ints
    x: Floats
    y: Floats
    apart_line: Ints
    apart_other: Ints
    apart_x: Floats
    apart_y: Floats


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Ends (vertex numbers) and what they could reach: a vertex `target`, or -1 and the foot on a step."""

    end: Ints
    step: Ints
    target: Ints
    t: Floats
    x: Floats
    y: Floats
    distance_m: Floats

    def take(self, chosen: NDArray[np.int64] | Mask) -> "_Pairs":
        return _Pairs(
            self.end[chosen], self.step[chosen], self.target[chosen], self.t[chosen], self.x[chosen], self.y[chosen],
            self.distance_m[chosen],
        )  # fmt: skip


def loose_ends(noding: Noding) -> Ints:
    """Return the vertices that are ends of lines and meet nothing."""
    lines = noding.lines
    uses = np.bincount(lines.node_ids)
    return np.flatnonzero(find_ends(lines.starts, lines.x, lines.y) & (uses[lines.node_ids] == 1))


def join_ends(noding: Noding, within_m: float) -> tuple[Noding, Joins]:
    """Join ends that meet nothing to lines of their level.

    Parameters
    ----------
    noding
        Lines that share nodes where they meet.
    within_m
        The longest join, metres, above 0. An end does not join its own line (but for the other end of a long one, which
        closes a ring), nor, where it is no farther than `within_m` from the node that its line meets, a line that meets
        there, too: it is a stub.

    Returns
    -------
    Noding, Joins
        The lines and, behind them, the joins as lines of their own, drawn the way of the line that they draw out; and
        what was joined. Neither depends on the order of the lines.
    """
    lines, level = noding.lines, noding.level
    line = line_numbers(lines.starts)
    order = _place_order(lines, noding.rank[line])
    steps = find_steps(lines.starts, lines.x, lines.y)
    ends = loose_ends(noding)
    pairs = _near_pairs(lines, steps, ends, within_m)
    pairs = pairs.take(line[pairs.end] != steps.line[pairs.step])
    pairs = pairs.take(~_at_own_node(lines, line, steps, pairs, within_m))
    agree = level[line[pairs.end]] == level[steps.line[pairs.step]]
    agree |= (level[line[pairs.end]] != 0) & (pairs.distance_m <= SURFACES_M)
    wanted = _join_rings(_reach(lines, steps, pairs.take(agree), order, within_m), lines, ends, within_m)
    reached = np.where(wanted.target >= 0, line[wanted.target], steps.line[wanted.step])
    by_place = (noding.rank[reached], wanted.y, wanted.x, order[wanted.end], wanted.distance_m)
    chosen = wanted.take(_choose(wanted, line[wanted.end], reached, ends, np.lexsort(by_place)))
    joined = np.concatenate([chosen.end, chosen.target])
    apart = pairs.take(~agree & ~np.isin(pairs.end, joined))
    by_end = (noding.rank[steps.line[apart.step]], apart.y, apart.x, apart.distance_m, order[apart.end])
    apart = apart.take(_first_of_each(apart.end, np.lexsort(by_end)))
    other = np.where(chosen.target >= 0, line[chosen.target], steps.line[chosen.step])
    joins = Joins(
        line[chosen.end], other, np.column_stack([lines.x[chosen.end], chosen.x]),
        np.column_stack([lines.y[chosen.end], chosen.y]),
        line[apart.end], steps.line[apart.step], apart.x, apart.y,
    )  # fmt: skip
    return _add_joins(noding, steps, chosen), joins


def _place_order(lines: Lines, rank: Ints) -> Ints:
    """Rank vertices by where they are, so that nothing hangs on the order of lines."""
    order = np.empty(len(lines.x), dtype=np.int64)
    order[np.lexsort((rank, lines.y, lines.x))] = np.arange(len(lines.x))
    return order


def _near_pairs(lines: Lines, steps: Steps, ends: Ints, within_m: float) -> _Pairs:
    tree = shapely.STRtree(steps.shapes)
    at, step = tree.query(shapely.points(lines.x[ends], lines.y[ends]), predicate="dwithin", distance=within_m)
    end = ends[at]
    t, x, y = feet(lines.x, lines.y, steps, step, lines.x[end], lines.y[end])
    distance_m = np.hypot(x - lines.x[end], y - lines.y[end])
    pairs = _Pairs(end, step, np.full(len(end), -1, dtype=np.int64), t, x, y, distance_m)
    return pairs.take(distance_m <= within_m)


def _at_own_node(lines: Lines, line: Ints, steps: Steps, pairs: _Pairs, within_m: float) -> Mask:
    """Tell which pairs would join a stub to a line that it meets already at its other end."""
    ends, at = np.unique(pairs.end, return_inverse=True)
    node, way_m = _first_nodes(lines, line, ends)
    n_lines = len(lines.starts) - 1
    meets = np.unique(lines.node_ids * n_lines + line)
    met = np.isin(node[at] * n_lines + steps.line[pairs.step], meets)
    return np.asarray(met & (node[at] >= 0) & (way_m[at] <= within_m))


def _first_nodes(lines: Lines, line: Ints, ends: Ints) -> tuple[Ints, Floats]:
    """Return the first node along its line at which each end meets others, -1 for none, and how far it is."""
    uses = np.bincount(lines.node_ids)[lines.node_ids]
    step_m = np.where(line[1:] == line[:-1], np.hypot(np.diff(lines.x), np.diff(lines.y)), 0.0)
    along_m = np.concatenate([[0.0], np.cumsum(step_m)])
    shared = np.flatnonzero(uses > 1)
    node = np.full(len(ends), -1, dtype=np.int64)
    way_m = np.full(len(ends), np.inf)
    if not len(shared):
        return node, way_m
    begins = lines.starts[:-1][line[ends]] == ends
    position = np.where(begins, np.searchsorted(shared, ends), np.searchsorted(shared, ends) - 1)
    vertex = shared[np.clip(position, 0, len(shared) - 1)]
    found = (position >= 0) & (position < len(shared)) & (line[vertex] == line[ends])
    node[found] = lines.node_ids[vertex[found]]
    way_m[found] = np.abs(along_m[vertex[found]] - along_m[ends[found]])
    return node, way_m


def _first_of_each(keys: Ints, ranked: Ints) -> Ints:
    """Return, for each key, the position that comes first in a ranking."""
    _, first = np.unique(keys[ranked], return_index=True)
    return np.asarray(ranked[first], dtype=np.int64)


def _reach(lines: Lines, steps: Steps, pairs: _Pairs, order: Ints, within_m: float) -> _Pairs:
    """Keep the nearest step of each line for each end, and say where the line is reached."""
    low = np.minimum(order[steps.first[pairs.step]], order[steps.first[pairs.step] + 1])
    ranked = np.lexsort((low, pairs.distance_m))
    key = pairs.end * (len(lines.starts) - 1) + steps.line[pairs.step]
    pairs = pairs.take(_first_of_each(key, ranked))
    target = np.full(len(pairs.end), -1, dtype=np.int64)
    best_m = np.full(len(pairs.end), np.inf)
    first = steps.first[pairs.step]
    at_line = steps.line[pairs.step]
    most_m = np.minimum(_HARDLY_FARTHER * pairs.distance_m, within_m)
    for vertex in (lines.starts[:-1][at_line], lines.starts[1:][at_line] - 1):
        away_m = np.hypot(lines.x[vertex] - lines.x[pairs.end], lines.y[vertex] - lines.y[pairs.end])
        better = (away_m <= most_m) & (away_m < best_m)
        target[better], best_m[better] = vertex[better], away_m[better]
    for vertex in (first, first + 1):
        away_m = np.hypot(lines.x[vertex] - lines.x[pairs.end], lines.y[vertex] - lines.y[pairs.end])
        at_foot = np.hypot(lines.x[vertex] - pairs.x, lines.y[vertex] - pairs.y) <= TOUCH_M
        free = (target < 0) & at_foot & (away_m <= within_m)
        target[free], best_m[free] = vertex[free], away_m[free]
    known = target >= 0
    return replace(
        pairs,
        target=target,
        x=np.where(known, lines.x[target], pairs.x),
        y=np.where(known, lines.y[target], pairs.y),
        distance_m=np.where(known, best_m, pairs.distance_m),
    )


def _join_rings(pairs: _Pairs, lines: Lines, ends: Ints, within_m: float) -> _Pairs:
    """Add the two ends of long lines that nearly close."""
    first, last = lines.starts[:-1], lines.starts[1:] - 1
    gap_m = np.hypot(lines.x[first] - lines.x[last], lines.y[first] - lines.y[last])
    line = line_numbers(lines.starts)
    step_m = np.where(line[1:] == line[:-1], np.hypot(np.diff(lines.x), np.diff(lines.y)), 0.0)
    length_m = np.bincount(line[1:], weights=step_m, minlength=len(first))
    open_rings = np.isin(first, ends) & np.isin(last, ends) & (gap_m <= within_m)
    open_rings &= length_m > _SHORT_LOOP * within_m
    end, target = last[open_rings], first[open_rings]
    none = np.full(len(end), -1, dtype=np.int64)
    rings = _Pairs(end, none, target, np.zeros(len(end)), lines.x[target], lines.y[target], gap_m[open_rings])
    return _Pairs(*(
        np.concatenate([getattr(part, name) for part in (pairs, rings)])
        for name in ("end", "step", "target", "t", "x", "y", "distance_m")
    ))  # fmt: skip


def _choose(pairs: _Pairs, own: Ints, reached: Ints, ends: Ints, nearest_first: Ints) -> Ints:
    """Return which pairs are joined, from the nearest to the farthest; see the module for the rules.

    `own` and `reached` are the lines that the pairs join.
    """
    loose = {int(end): number for number, end in enumerate(ends)}
    group = list(range(len(ends)))
    joined = [False] * len(ends)  # the group's ends have joined anything
    settled = [False] * len(ends)  # they have joined a line
    line_of = [-1] * len(ends)  # the line that the end has joined

    def find(member: int) -> int:
        while group[member] != member:
            group[member] = group[group[member]]
            member = group[member]
        return member

    chosen = []
    for number in nearest_first.tolist():
        one = find(loose[int(pairs.end[number])])
        partner = loose.get(int(pairs.target[number]))
        if partner is None:
            if joined[one]:
                continue
            joined[one] = settled[one] = True
            line_of[loose[int(pairs.end[number])]] = int(reached[number])
        else:
            two = find(partner)
            if one == two or (settled[one] and settled[two]):
                continue
            if own[number] == line_of[partner] or reached[number] == line_of[loose[int(pairs.end[number])]]:
                continue  # the other end stands on this end's own line already
            group[two] = one
            joined[one] = True
            settled[one] = settled[one] or settled[two]
        chosen.append(number)
    return np.array(sorted(chosen), dtype=np.int64)


def _add_joins(noding: Noding, steps: Steps, pairs: _Pairs) -> Noding:
    """Return the lines with a vertex more at each foot, and the joins as further lines."""
    lines, line = noding.lines, line_numbers(noding.lines.starts)
    new = pairs.target < 0
    # feet at one place of one line are one node
    keys = np.column_stack([pairs.step[new], np.rint(pairs.x[new] / TOUCH_M), np.rint(pairs.y[new] / TOUCH_M)])
    _, number = np.unique(keys, axis=0, return_inverse=True)
    node = lines.node_ids[pairs.target]
    node[new] = int(lines.node_ids.max()) + 1 + number.ravel()
    grown, origin = insert(
        lines,
        noding.origin,
        Insertion(steps.first[pairs.step[new]], pairs.t[new], pairs.x[new], pairs.y[new], node[new]),
    )
    forward = lines.starts[1:][line[pairs.end]] - 1 == pairs.end  # a street goes on beyond its last vertex
    near = np.column_stack([lines.node_ids[pairs.end], node])
    turn = np.where(forward, 0, 1)[:, None] ^ np.array([[0, 1]])
    ends_x, ends_y = np.column_stack([lines.x[pairs.end], pairs.x]), np.column_stack([lines.y[pairs.end], pairs.y])
    ends_of = np.column_stack([noding.origin[pairs.end], np.where(new, -1, noding.origin[pairs.target])])
    with_joins = Lines(
        np.concatenate([grown.starts, grown.starts[-1] + 2 * np.arange(1, len(pairs.end) + 1)]),
        np.concatenate([grown.node_ids, np.take_along_axis(near, turn, 1).ravel()]),
        np.concatenate([grown.x, np.take_along_axis(ends_x, turn, 1).ravel()]),
        np.concatenate([grown.y, np.take_along_axis(ends_y, turn, 1).ravel()]),
    )
    return replace(
        noding,
        lines=with_joins,
        origin=np.concatenate([origin, np.take_along_axis(ends_of, turn, 1).ravel()]),
        level=np.concatenate([noding.level, noding.level[line[pairs.end]]]),
        rank=np.concatenate([noding.rank, noding.rank[line[pairs.end]]]),
        parent=np.concatenate([noding.parent, noding.parent[line[pairs.end]]]),
    )
