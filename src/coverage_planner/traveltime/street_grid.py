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
    network, mode
        What it was built for.
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

    network: RoadNetwork
    mode: str
    left: float
    bottom: float
    cell_m: float
    edge: NDArray[np.int32]
    fraction: NDArray[np.float32]
    access_m: NDArray[np.float32]
    limit_m: float

    def require_built_for(self, network: RoadNetwork, mode: str) -> None:
        """Raise unless the grid was built for this network and mode.

        Raises
        ------
        ConfigError
            It was built for others: its street positions say nothing here.
        """
        if self.network is not network or self.mode != mode:
            other = "another network" if self.network is not network else f"the mode {self.mode!r}"
            raise ConfigError(
                f"a grid must be built for the network and the mode {mode!r}, got one for {other}; build it anew"
            )

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
        The cells have no size, there would be too many, the bounds hold no place, or the limit is not positive.
    """
    if not 0 < cell_m < np.inf:
        raise ConfigError(f"cell_m must be positive, got {cell_m:g} m; leave it out to let the reach decide")
    if not 0 < limit_m < np.inf:
        raise ConfigError(f"the access limit of a grid must be positive metres, got {limit_m:g} m; correct it")
    if not (bounds[0] <= bounds[2] and bounds[1] <= bounds[3]):
        raise ConfigError(f"bounds must be left, bottom, right, top, in this order, got {bounds}; correct them")
    left, bottom = np.floor(np.asarray(bounds[:2]) / cell_m) * cell_m  # grids of one cell size share their corners
    shape = (int(np.ceil((bounds[3] - bottom) / cell_m)) + 1, int(np.ceil((bounds[2] - left) / cell_m)) + 1)
    if shape[0] * shape[1] > _MOST_CELLS:
        raise ConfigError(
            f"an isochrone grid must have at most {_MOST_CELLS:,} cells, {shape[0]} x {shape[1]} of {cell_m:g} m were "
            "asked for; give a study area or larger cells"
        )
    grid = StreetGrid(
        network=network,
        mode=mode,
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
