"""The ground plan: an irregular lattice of arterials, bent along a river, and the frame of the study area.

Lattice coordinates (s, t) run along the river and across it, in metres; `to_ground` bends them into the city's plane
(metres east and north of its centre).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Polygon

from demo_city.streets import Points, rounded

WEST_S, EAST_S = -6250.0, 5800.0
SOUTH_T, NORTH_T = -5750.0, 4400.0
BANK_T = 110.0  # half the river's width
RIVERSIDE_T = 180.0  # where the roads along the river run
ISLAND_S, ISLET_S = -2700.0, 2750.0
OLD_TOWN = (-650.0, -1150.0)
ROTATION = np.radians(-8.0)
CENTRE_SHIFT = (80.0, 760.0)
SAMPLES_PER_EDGE = 6
#: Quarters laid out at another angle than the rest: centre, degrees, radius.
TURNS = (
    (OLD_TOWN, 34.0, 900.0), ((2350.0, -2900.0), -24.0, 1200.0), ((1700.0, 2300.0), 22.0, 1150.0),
    ((-2900.0, -2700.0), 16.0, 1300.0), ((-2600.0, 2600.0), -20.0, 1300.0), ((-4600.0, -4300.0), -18.0, 1300.0),
    ((4700.0, 1900.0), 20.0, 1300.0), ((1200.0, -4800.0), 15.0, 1100.0), ((5000.0, -2200.0), 20.0, 1200.0),
)  # fmt: skip


@dataclass(frozen=True)
class Lattice:
    """Junctions of the arterials.

    Attributes
    ----------
    nodes
        Shape (columns, rows, 2): lattice coordinates with their irregularity.
    river_row
        The row that runs down the middle of the river; no street.
    """

    nodes: Points
    river_row: int

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of columns and rows."""
        return self.nodes.shape[0], self.nodes.shape[1]

    def edge(self, a: tuple[int, int], b: tuple[int, int]) -> Points:
        """Return the street between neighbouring junctions; both directions have the same vertices."""
        if a > b:
            return self.edge(b, a)[::-1]
        share = np.linspace(0.0, 1.0, SAMPLES_PER_EDGE + 1)[:, None]
        points = to_ground(self.nodes[a] * (1 - share) + self.nodes[b] * share)
        return rounded(np.asarray(LineString(points).simplify(1.0).coords))

    def point(self, node: tuple[int, int]) -> Points:
        """Return a junction's position on the ground."""
        return rounded(to_ground(self.nodes[node][None])[0])

    def quad(self, i: int, j: int) -> Polygon:
        """Return the field between columns i, i + 1 and rows j, j + 1."""
        corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1), (i, j)]
        sides = [self.edge(a, b) for a, b in pairwise(corners)]
        return Polygon(np.vstack([side[:-1] for side in sides]))

    def study_fields(self) -> list[tuple[int, int]]:
        """Return the fields of the study area: a rounded, slightly ragged block about the centre."""
        columns, rows = self.shape
        chosen = []
        for i in range(columns - 1):
            for j in range(rows - 1):
                s, t = self.nodes[i : i + 2, j : j + 2].reshape(4, 2).mean(axis=0)
                ragged = 0.09 * np.sin(s / 520 + 1.0) + 0.09 * np.sin(t / 430 + 2.0)
                if (abs(s) / 3550) ** 3.4 + (abs(t + 730) / 3080) ** 3.4 < 1.0 + ragged:
                    chosen.append((i, j))
        return chosen


def make_lattice(rng: np.random.Generator) -> Lattice:
    """Draw columns 310 to 500 m apart and rows 300 to 480 m apart, then move each junction a little."""
    s = _positions(rng, WEST_S, EAST_S, (310.0, 500.0))
    south = -_positions(rng, RIVERSIDE_T, -SOUTH_T, (300.0, 480.0))[::-1]
    north = _positions(rng, RIVERSIDE_T, NORTH_T, (310.0, 490.0))
    t = np.concatenate([south, [0.0], north])
    river_row = len(south)
    nodes = np.stack(np.meshgrid(s, t, indexing="ij"), axis=-1)
    moved = rng.normal(0.0, 36.0, nodes.shape).clip(-75.0, 75.0)
    moved[:, river_row - 1 : river_row + 2, 1] = 0.0
    return Lattice(nodes + moved, river_row)


def _positions(rng: np.random.Generator, start: float, stop: float, steps: tuple[float, float]) -> NDArray[np.float64]:
    found = [start]
    while found[-1] < stop:
        found.append(found[-1] + rng.uniform(*steps))
    return np.asarray(found)


def to_ground(st: Points) -> Points:
    """Bend lattice coordinates: wider at the islands, along the meanders, fanned out and turned about the old town."""
    s, t = st[..., 0], st[..., 1]
    widening = 165.0 * np.exp(-(((s - ISLAND_S) / 620.0) ** 2)) + 95.0 * np.exp(-(((s - ISLET_S) / 380.0) ** 2))
    outside = np.maximum(np.abs(t) - BANK_T, 0.0)
    t = t + np.sign(t) * widening * np.where(outside > 0, np.exp(-outside / 900.0), np.abs(t) / BANK_T)
    fade = 0.2 + 0.8 * np.exp(-((t / 3100.0) ** 2))
    x = s * (1.0 + 0.000022 * t) + 150.0 * np.sin(t / 1500.0)
    y = t + fade * (520.0 * np.sin(s / 1500.0 + 0.5) + 120.0 * np.sin(s / 640.0 + 1.9)) + 0.03 * s * np.tanh(t / 2500)
    for about, degrees, radius in TURNS:
        x, y = _turned(x, y, about, np.radians(degrees), radius)
    cos, sin = np.cos(ROTATION), np.sin(ROTATION)
    return np.stack([cos * x - sin * y + CENTRE_SHIFT[0], sin * x + cos * y + CENTRE_SHIFT[1]], axis=-1)


def _turned(
    x: NDArray[np.float64], y: NDArray[np.float64], about: tuple[float, float], angle: float, radius: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn the plane about a point, less and less with distance."""
    dx, dy = x - about[0], y - about[1]
    turn = angle * np.exp(-(dx**2 + dy**2) / radius**2)
    return about[0] + dx * np.cos(turn) - dy * np.sin(turn), about[1] + dx * np.sin(turn) + dy * np.cos(turn)
