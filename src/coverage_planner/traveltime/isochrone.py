"""Isochrone polygons: a place is inside when it would itself be covered.

A grid knows, once per network and mode, the nearest street position of every cell, found by the rules of
`network.snap`. One search then gives every cell its time by a lookup, and contours of that field are the polygons: they
keep holes and separate parts, do not jump water or railways, and nest because they come from one field. They are
for looking at; coverage itself is never computed from a polygon.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime.reach import Reach, check_cutoffs, place_times, search_reach
from coverage_planner.traveltime.street_grid import StreetGrid, build_street_grid, choose_cell_m, window
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S, speed_mps


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
        part = window(grid, bounds) if grid is not None and bounds is not None else None
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
