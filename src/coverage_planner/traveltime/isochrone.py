"""Isochrone polygons: a place is inside when it would itself be covered.

A grid knows, once per network and mode, the nearest street position of every cell, found by the rules of
`network.snap`. One search then gives every cell its time by a lookup, and contours of that field are the polygons: they
keep holes and separate parts, do not jump water or railways, and nest because they come from one field. They are
for looking at; coverage itself is never computed from a polygon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime._kernels import nearest_piece
from coverage_planner.traveltime.reach import Reach, check_cutoffs, place_times, search_reach
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S, speed_mps

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


def cell_times(grid: StreetGrid, graph: ModeGraph, reach: Reach) -> NDArray[np.float64]:
    """Shape (rows, columns): milliseconds between each cell's centre and the nearest facility's door; inf if none."""
    access_ms = grid.access_m.ravel() / speed_mps(graph.mode.access_speed_kph) * MS_PER_S
    times = place_times(reach, grid.edge.ravel(), grid.fraction.ravel().astype(np.float64)) + access_ms
    return times.reshape(grid.edge.shape)


def contour(
    grid: StreetGrid, times: NDArray[np.float64], cutoffs_ms: Sequence[int], graph: ModeGraph
) -> list[shapely.MultiPolygon]:
    """One MultiPolygon per rising cutoff, where the time of the cells is at most the cutoff.

    The field is what a place lacks in time or in access leg, whichever is more, so that the border runs exactly at the
    cutoff or at the end of the access limit. Values farther from zero than the walk across a cell count as just so far:
    where the time jumps, at a bank, the border lies midway between the centres whatever the cutoff. All this keeps the
    order of the fields of two cutoffs, so the areas nest.
    """
    ms_per_m = MS_PER_S / speed_mps(graph.mode.access_speed_kph)
    step_ms = grid.cell_m * ms_per_m
    too_far_ms = (grid.access_m - grid.limit_m) * ms_per_m
    x, y = grid.centres()
    x = np.concatenate(([x[0] - grid.cell_m], x, [x[-1] + grid.cell_m]))
    y = np.concatenate(([y[0] - grid.cell_m], y, [y[-1] + grid.cell_m]))
    areas = []
    for cutoff in cutoffs_ms:
        lacking = np.where(grid.edge >= 0, np.maximum(times - cutoff, too_far_ms), too_far_ms)
        field = np.pad(np.clip(lacking, -step_ms, step_ms), 1, constant_values=step_ms)
        generator = contour_generator(x, y, field, fill_type=FillType.OuterOffset)
        filled: Any = generator.filled(-2.0 * step_ms, 0.0)  # outlines, and where the rings in each begin
        parts = [
            shapely.Polygon(ring[begins[0] : begins[1]], [ring[a:b] for a, b in pairwise(begins[1:])])
            for ring, begins in zip(*filled, strict=True)
        ]
        shape = shapely.MultiPolygon(parts)
        if not shape.is_valid:  # where two rings touch in a point
            whole = shapely.union_all(shapely.make_valid(np.array(parts)))
            shape = shapely.MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])
        areas.append(shape)
    return areas


def reach_bounds(
    network: RoadNetwork, reach: Reach, positions: Positions, limit_m: float
) -> tuple[float, float, float, float] | None:
    """Box around all streets reached and the facilities' own, widened by the access limit; None if nothing is."""
    reached = np.asarray(np.isfinite(reach.ends).any(axis=1))
    reached[positions.edge[positions.snapped]] = True
    if not reached.any():
        return None
    left, bottom, right, top = shapely.total_bounds(network.edges.geometry.to_numpy()[reached])
    return float(left - limit_m), float(bottom - limit_m), float(right + limit_m), float(top + limit_m)


def isochrones(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    mode: str,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_facility",
    merge: bool = False,
    cell_m: float | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    grid: StreetGrid | None = None,
) -> gpd.GeoDataFrame:
    """Draw where people are within the cutoffs of a facility.

    A place is inside when it would itself be covered: its nearest eligible street position is within the access limit,
    and street time plus both access legs are within the cutoff.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Columns ``id``, ``geometry`` (points), metric CRS.
    mode
        Name of a mode of the network.
    cutoffs_s
        Cutoffs in seconds.
    direction
        'to_facility' or 'from_facility'.
    merge
        False: areas of each facility. True: areas of the nearest facility, all together.
    cell_m
        Side of the grid's cells in metres; by default `choose_cell_m` of the farthest reach on foot or wheels.
    snap_limit_m
        Farthest access leg, metres.
    grid
        A grid of the same network and mode to use again; built for what is reached if not given.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per facility (or one for all, with ``facility_id`` empty) and cutoff, rising: ``facility_id``,
        ``cutoff_s``, ``mode``, ``cell_m``, ``geometry`` (MultiPolygon, empty where the facility has no street).

    Raises
    ------
    ConfigError
        A cutoff is not positive or repeats, or the grid would be too large or its cells have no size.
    """
    cutoffs_ms = check_cutoffs(cutoffs_s)
    graph = network.graph(mode)
    positions = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    limit_ms = cutoffs_ms[-1]
    whole = search_reach(network, graph, positions, limit_ms=limit_ms, direction=direction)
    if grid is not None:
        cell_m = grid.cell_m
    elif cell_m is None:
        cell_m = choose_cell_m(limit_ms / MS_PER_S * speed_mps(graph.mode.speed_kph))
    bounds = reach_bounds(network, whole, positions, snap_limit_m)
    if grid is None and bounds is not None:
        grid = build_street_grid(network, mode, cell_m=cell_m, bounds=bounds, limit_m=snap_limit_m)
    shapes: list[shapely.MultiPolygon] = []
    owners = [""] if merge else list(positions.ids)
    for k in range(len(owners)):
        reach = whole
        if not merge:
            one = _only(positions, k)
            reach = search_reach(network, graph, one, limit_ms=limit_ms, direction=direction)
            bounds = reach_bounds(network, reach, one, snap_limit_m)
        part = _window(grid, bounds) if grid is not None and bounds is not None else None
        if part is None or not part.edge.size:
            shapes.extend([shapely.MultiPolygon()] * len(cutoffs_ms))
        else:
            shapes.extend(contour(part, cell_times(part, graph, reach), cutoffs_ms, graph))
    return tabulate_bands(shapes, owners, cutoffs_ms, graph=graph, cell_m=cell_m, crs=network.crs)


def tabulate_bands(
    shapes: Sequence[object],
    owners: Sequence[str],
    cutoffs_ms: Sequence[int],
    *,
    graph: ModeGraph,
    cell_m: float,
    crs: object,
) -> gpd.GeoDataFrame:
    """Turn contours, by owner and rising cutoff, into the table of `isochrones`."""
    table = pd.DataFrame(
        {
            "facility_id": np.repeat(np.asarray(owners, dtype=object), len(cutoffs_ms)),
            "cutoff_s": np.tile(np.asarray(cutoffs_ms) / MS_PER_S, len(owners)),
            "mode": graph.mode.describe(),
            "cell_m": cell_m,
        }
    )
    return gpd.GeoDataFrame(table, geometry=list(shapes), crs=crs)


def _only(positions: Positions, k: int) -> Positions:
    one = slice(k, k + 1)
    return Positions(
        positions.ids[one],
        positions.edge[one],
        positions.fraction[one],
        positions.access_m[one],
        positions.on_island[one],
        positions.status[one],
        positions.xy[one],
    )


def _window(grid: StreetGrid, bounds: tuple[float, float, float, float]) -> StreetGrid:
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
