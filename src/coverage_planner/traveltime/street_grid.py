"""The grid behind isochrones: the nearest street position of every cell, found once per network and mode.

Positions follow the rules of `network.snap`, so a cell's time is the time its centre would have as a demand point.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_coordinates

#: Sides of the grid's cells. Streets and access legs have the same size however far one travels, so cells grow slowly
#: with the reach. With these 99.5 of 100 m of the streets reached lie inside (Las Palmas, Porto; on foot to by car).
_SMALLEST_CELL_M, _LARGEST_CELL_M = 16.0, 30.0
_REACH_PER_CELL_M = 800.0
#: How far beyond the access limit the grid looks.
_MARGIN_CELLS = 1.5
#: A grid beyond this many cells would not fit an office computer.
_MOST_CELLS = 60_000_000
#: Cells snapped in one go: enough to keep the work going, few enough to need little memory beside the grid.
_CELLS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class StreetGrid:
    """The nearest street position of every cell of a grid.

    Attributes
    ----------
    left, bottom
        Lower left corner, in the network's CRS.
    cell_m
        Side of a cell.
    edge, fraction, access_m
        Shape (rows, columns), row 0 at the bottom: the position of the cell's centre; edge -1 where it has none. The
        access leg of a cell a little beyond the limit is known too, so that borders can lie exactly at the limit.
    limit_m
        Farthest access leg.
    """

    left: float
    bottom: float
    cell_m: float
    edge: NDArray[np.int32]
    fraction: NDArray[np.float32]
    access_m: NDArray[np.float32]
    limit_m: float

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Coordinates of the columns' and the rows' centres."""
        rows, columns = self.edge.shape
        x = self.left + (np.arange(columns, dtype=np.float64) + 0.5) * self.cell_m
        y = self.bottom + (np.arange(rows, dtype=np.float64) + 0.5) * self.cell_m
        return x, y


def choose_cell_m(reach_m: float) -> float:
    """Cell size for a reach: 16 m and 1 m more for every 800 m, at most 30 m (18 m for 15 minutes on foot)."""
    return float(min(round(_SMALLEST_CELL_M + reach_m / _REACH_PER_CELL_M), _LARGEST_CELL_M))


def build_street_grid(
    network: RoadNetwork,
    mode: str,
    *,
    cell_m: float,
    bounds: tuple[float, float, float, float],
    limit_m: float = SNAP_LIMIT_M,
) -> StreetGrid:
    """Find the nearest street position of every cell.

    Parameters
    ----------
    network, mode
        The network and a mode of it.
    cell_m
        Side of a cell, metres.
    bounds
        Left, bottom, right, top of the part to cover, in the network's CRS.
    limit_m
        Farthest access leg; cells beyond have no position.

    Returns
    -------
    StreetGrid
        Every cell has the position that `snap_points` gives its centre.

    Raises
    ------
    ConfigError
        The cells have no size, or there would be too many.
    """
    if not cell_m > 0:
        raise ConfigError(f"cell_m must be positive, got {cell_m:g} m; leave it out to let the reach decide")
    left, bottom = np.floor(np.asarray(bounds[:2]) / cell_m) * cell_m  # grids of one cell size share their corners
    shape = (int(np.ceil((bounds[3] - bottom) / cell_m)) + 1, int(np.ceil((bounds[2] - left) / cell_m)) + 1)
    if shape[0] * shape[1] > _MOST_CELLS:
        raise ConfigError(
            f"an isochrone grid must have at most {_MOST_CELLS:,} cells, {shape[0]} x {shape[1]} of {cell_m:g} m were "
            "asked for; give a study area or larger cells"
        )
    grid = StreetGrid(
        left=float(left),
        bottom=float(bottom),
        cell_m=cell_m,
        edge=np.empty(shape, dtype=np.int32),
        fraction=np.empty(shape, dtype=np.float32),
        access_m=np.empty(shape, dtype=np.float32),
        limit_m=limit_m,
    )
    x, y = grid.centres()
    margin_m = _MARGIN_CELLS * cell_m
    rows_at_once = max(_CELLS_AT_ONCE // shape[1], 1)
    for first in range(0, shape[0], rows_at_once):
        rows = slice(first, first + rows_at_once)
        n_rows = len(y[rows])
        found = snap_coordinates(
            network, np.tile(x, n_rows), np.repeat(y[rows], len(x)), mode, limit_m=limit_m, margin_m=margin_m
        )
        grid.edge[rows] = found.edge.reshape(n_rows, -1)
        grid.fraction[rows] = np.where(found.edge < 0, 0.0, found.fraction).reshape(n_rows, -1)
        grid.access_m[rows] = np.where(np.isnan(found.access_m), np.inf, found.access_m).reshape(n_rows, -1)
    return grid


def window(grid: StreetGrid, bounds: tuple[float, float, float, float]) -> StreetGrid:
    """Part of the grid that covers a box; without cells where they do not meet."""
    rows, columns = grid.edge.shape
    first_column, last_column = (int(np.floor((b - grid.left) / grid.cell_m)) for b in (bounds[0], bounds[2]))
    first_row, last_row = (int(np.floor((b - grid.bottom) / grid.cell_m)) for b in (bounds[1], bounds[3]))
    first_column, first_row = max(first_column, 0), max(first_row, 0)
    last_column, last_row = max(min(last_column + 1, columns), 0), max(min(last_row + 1, rows), 0)
    part = (slice(first_row, last_row), slice(first_column, last_column))
    return StreetGrid(
        grid.left + first_column * grid.cell_m,
        grid.bottom + first_row * grid.cell_m,
        grid.cell_m,
        grid.edge[part],
        grid.fraction[part],
        grid.access_m[part],
        grid.limit_m,
    )
