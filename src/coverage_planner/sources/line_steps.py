"""Lines as whole arrays of vertices: their straight steps, their ends, and vertices put into them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.sources.segments import Lines

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Steps:
    """The straight steps between neighbouring vertices that have a length.

    Attributes
    ----------
    first
        Shape (steps,): the vertex that each starts at; it ends at the next.
    line
        Shape (steps,): its line.
    shapes
        Shape (steps,): LineStrings of two points.
    """

    first: Ints
    line: Ints
    shapes: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Insertion:
    """Vertices to put into steps: `after` that vertex, at the share `t` of the way to the next."""

    after: Ints
    t: Floats
    x: Floats
    y: Floats
    node: Ints


def line_numbers(starts: Ints) -> Ints:
    """Return the line of each vertex."""
    return np.repeat(np.arange(len(starts) - 1), np.diff(starts))


def find_ends(starts: Ints, x: Floats, y: Floats) -> Mask:
    """Tell which vertices are the first or last of a line that does not close."""
    first, last = starts[:-1], starts[1:] - 1
    opened = (x[first] != x[last]) | (y[first] != y[last])
    ends = np.zeros(len(x), dtype=bool)
    ends[first] = opened
    ends[last] = opened
    return ends


def find_steps(starts: Ints, x: Floats, y: Floats) -> Steps:
    """Return the straight steps of lines; those of no length are left out."""
    line = line_numbers(starts)
    first = np.flatnonzero((line[:-1] == line[1:]) & ((x[:-1] != x[1:]) | (y[:-1] != y[1:])))
    ends = np.column_stack([x[first], y[first], x[first + 1], y[first + 1]]).reshape(-1, 2, 2)
    return Steps(first, line[first], np.asarray(shapely.linestrings(ends), dtype=object))


def feet(x: Floats, y: Floats, steps: Steps, chosen: Ints, at_x: Floats, at_y: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the point of each chosen step that is nearest to a place: the share of the way along it, x and y."""
    first = steps.first[chosen]
    dx, dy = x[first + 1] - x[first], y[first + 1] - y[first]
    t = np.clip(((at_x - x[first]) * dx + (at_y - y[first]) * dy) / (dx * dx + dy * dy), 0.0, 1.0)
    return t, x[first] + t * dx, y[first] + t * dy


def insert(lines: Lines, origin: Ints, added: Insertion) -> tuple[Lines, Ints]:
    """Return the lines with vertices put in, and the origin of every vertex."""
    n = len(lines.x)
    order = np.lexsort((
        np.concatenate([np.zeros(n), added.t]),
        np.concatenate([np.arange(n), added.after]),
    ))  # fmt: skip
    line = line_numbers(lines.starts)
    counts = np.bincount(line, minlength=len(lines.starts) - 1)
    counts += np.bincount(line[added.after], minlength=len(lines.starts) - 1)
    grown = Lines(
        np.concatenate([[0], np.cumsum(counts)]),
        np.concatenate([lines.node_ids, added.node])[order],
        np.concatenate([lines.x, added.x])[order],
        np.concatenate([lines.y, added.y])[order],
    )
    return grown, np.concatenate([origin, np.full(len(added.after), -1, dtype=np.int64)])[order]
