"""The grid behind isochrones: the nearest street position of every cell, found once per network and mode.

Positions follow the rules of `network.snap`, so a cell's time is the time its centre would have as a demand point.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.traveltime._grid_kernels import nearest_piece

#: Sides of the grid's cells. Streets and access legs have the same size however far one travels, so cells grow slowly
#: with the reach: with a sixtieth of it (42 m for five minutes by car) a twentieth of all places came out on the wrong
#: side in Las Palmas, with these less than three in a hundred.
_SMALLEST_CELL_M, _LARGEST_CELL_M = 15.0, 30.0
_REACH_PER_CELL_M = 400.0
#: How far beyond the access limit the grid looks.
_MARGIN_CELLS = 1.5
#: A grid beyond this many cells would not fit an office computer.
_MOST_CELLS = 60_000_000


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
    """Cell size for a reach: 15 m and 1 m more for every 400 m, at most 30 m (18 m for 15 minutes on foot)."""
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
        Cells whose straight leg meets an obstacle, or which lie in water, are snapped one by one by `snap_points`.

    Raises
    ------
    ConfigError
        The cells have no size, or there would be too many.
    """
    if not cell_m > 0:
        raise ConfigError(f"cell_m must be positive, got {cell_m:g} m; leave it out to let the reach decide")
    graph = network.graph(mode)
    left, bottom = np.floor(np.asarray(bounds[:2]) / cell_m) * cell_m  # grids of one cell size share their corners
    shape = (int(np.ceil((bounds[3] - bottom) / cell_m)) + 1, int(np.ceil((bounds[2] - left) / cell_m)) + 1)
    if shape[0] * shape[1] > _MOST_CELLS:
        raise ConfigError(
            f"an isochrone grid must have at most {_MOST_CELLS:,} cells, {shape[0]} x {shape[1]} of {cell_m:g} m were "
            "asked for; give a study area or larger cells"
        )
    found, x, y, along = _straight_pieces(network.edges.geometry.to_numpy(), np.flatnonzero(graph.snappable))
    size = np.append(graph.component_length_m, 0.0)[graph.component[found]]
    size[~graph.island[found]] = np.inf  # islands count only where nothing larger is near
    tier = np.unique(-size, return_inverse=True)[1].astype(np.int32)
    distance = np.full(shape, np.inf, dtype=np.float32)
    edge = np.full(shape, -1, dtype=np.int32)
    fraction = np.zeros(shape, dtype=np.float32)
    margin = _MARGIN_CELLS * cell_m
    nearest_piece(x, y, found, tier, along, left, bottom, cell_m, limit_m, margin, distance, edge, fraction)
    edge[distance > limit_m] = -1
    grid = StreetGrid(float(left), float(bottom), cell_m, edge, fraction, distance, limit_m)
    return _mind_obstacles(network, mode, grid, limit_m)


def _straight_pieces(
    lines: NDArray[np.object_], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Break lines into straight pieces: row, x (p, 2), y (p, 2), and their places along the line (p, 2)."""
    coordinates, owner = shapely.get_coordinates(lines[rows], return_index=True)
    follows = owner[1:] == owner[:-1]
    steps = np.where(follows, np.hypot(*np.diff(coordinates, axis=0).T), 0.0) if len(owner) else np.empty(0)
    walked = np.concatenate(([0.0], np.cumsum(steps)))[: len(owner)]
    first = np.searchsorted(owner, np.arange(len(rows)), side="left")
    last = np.searchsorted(owner, np.arange(len(rows)), side="right") - 1
    total = walked[last] - walked[first]
    with np.errstate(invalid="ignore", divide="ignore"):
        place = np.nan_to_num((walked - walked[first][owner]) / total[owner])
    begin = np.flatnonzero(follows)
    ends = np.column_stack([begin, begin + 1])
    return rows[owner[begin]].astype(np.int32), coordinates[ends, 0], coordinates[ends, 1], place[ends]


def _mind_obstacles(network: RoadNetwork, mode: str, grid: StreetGrid, limit_m: float) -> StreetGrid:
    """Snap again, one by one, the cells whose access leg may meet an obstacle."""
    obstacles = network.obstacle_index
    x, y = grid.centres()
    found, bx, by, along = _straight_pieces(obstacles.pieces, np.arange(len(obstacles.pieces)))
    away = np.full(grid.edge.shape, np.inf, dtype=np.float32)
    scratch = (np.zeros(grid.edge.shape, dtype=np.int32), np.zeros(grid.edge.shape, dtype=np.float32))
    tier = np.zeros(len(found), dtype=np.int32)
    nearest_piece(bx, by, found, tier, along, grid.left, grid.bottom, grid.cell_m, limit_m, 0.0, away, *scratch)
    doubtful = np.asarray((grid.edge >= 0) & (away <= grid.access_m))
    for area in obstacles.areas:
        left, bottom, right, top = shapely.bounds(area)
        columns, rows = slice(*np.searchsorted(x, [left, right])), slice(*np.searchsorted(y, [bottom, top]))
        inside = shapely.contains_xy(area, *np.meshgrid(x[columns], y[rows]))
        doubtful[rows, columns] |= inside & (grid.edge[rows, columns] >= 0)
    row, column = np.nonzero(doubtful)
    points = gpd.GeoDataFrame({"id": row.astype(str)}, geometry=shapely.points(x[column], y[row]), crs=network.crs)
    positions = snap_points(network, points, mode, limit_m=limit_m)
    edge, fraction, access_m = grid.edge.copy(), grid.fraction.copy(), grid.access_m.copy()
    edge[row, column] = positions.edge
    fraction[row, column] = np.nan_to_num(positions.fraction)
    access_m[row, column] = np.where(positions.snapped, positions.access_m, np.inf)
    return StreetGrid(grid.left, grid.bottom, grid.cell_m, edge, fraction, access_m, limit_m)


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
