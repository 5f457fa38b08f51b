"""Isochrone polygons: a place is inside when it would itself be covered.

A grid knows, once per network and mode, the nearest street position of every cell, found by the rules of
`network.snap`. One search then gives every cell its time by a lookup, and the borders between cells within and beyond a
cutoff are the polygons. They keep holes and separate parts and do not jump water or railways. Every vertex lies on
the way between two neighbouring cells, at the place where one passes the cutoff, and moves outwards as the cutoff
rises: so the areas nest, and no border can cross another. They are for looking at; coverage itself is never computed
from a polygon.
"""

from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime._field_kernels import BLOCK, mark_blocks
from coverage_planner.traveltime._isochrone_kernels import outline
from coverage_planner.traveltime._reach_kernels import times_of_cells
from coverage_planner.traveltime.each import search_each
from coverage_planner.traveltime.engine import entry_delays
from coverage_planner.traveltime.reach import Reach, check_cutoffs, check_direction, search_reach
from coverage_planner.traveltime.street_arrays import StreetArrays, street_arrays
from coverage_planner.traveltime.street_grid import StreetGrid, build_street_grid, choose_cell_m
from coverage_planner.traveltime.street_mesh import StreetMesh, street_mesh
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S, Progress, speed_mps

#: What becomes of places that several facilities reach: they are in the area of each, in one area of all, or in that of
#: the nearest.
Overlap = Literal["separate", "union", "exclusive"]
#: Outlines of one search: vertices, and per ring where it ends, its band, its facility, and whether it is an outer one.
_Outline = tuple[NDArray[np.float64], NDArray[np.int32]]
#: Geometry is made of so many outlines at a time.
_AT_A_TIME = 64


def cell_times(grid: StreetGrid, graph: ModeGraph, reach: Reach) -> NDArray[np.float64]:
    """Shape (rows, columns): milliseconds between each cell's centre and the nearest facility's door; inf if none."""
    pace = float(MS_PER_S / speed_mps(graph.mode.access_speed_kph))
    times: NDArray[np.float64] = times_of_cells(
        reach.streets.edges, reach.dist, reach.seeds, grid.edge, grid.fraction, grid.access_m, pace
    )
    return times


class _Memory:
    """What one thread needs to draw, used again for all its drawings; it grows with the largest window."""

    def __init__(self, blocks: tuple[int, int]) -> None:
        self.active = np.zeros(blocks, dtype=np.bool_)
        self.first_ring = 1
        self._make_room(0)

    def _make_room(self, entries: int) -> None:
        self.band = np.empty(entries, dtype=np.uint8)
        self.time_ms = np.empty(entries, dtype=np.float32)
        self.changes = np.empty(entries, dtype=np.int32)
        self.ring_at = np.zeros((2, entries), dtype=np.int32)

    def hold(self, entries: int) -> None:
        """Make room for a field of so many entries."""
        if entries > len(self.band):
            self._make_room(entries)


class _Pen:
    """Draws the bands of one search after the other on one mesh, in any thread."""

    def __init__(
        self, mesh: StreetMesh, graph: ModeGraph, streets: StreetArrays, cutoffs_ms: Sequence[int], *, shared: bool
    ) -> None:
        self.mesh, self.streets, self.shared = mesh, streets, shared
        self.cutoffs = np.asarray(cutoffs_ms, dtype=np.float64)
        self.pace = float(MS_PER_S / speed_mps(graph.mode.access_speed_kph))
        self.blocks = tuple(-(-side // BLOCK) for side in mesh.cells.shape)
        self.memory: SimpleQueue[_Memory] = SimpleQueue()

    def draw(
        self, nodes: NDArray[np.int32], dist: NDArray[np.int32], label: NDArray[np.int32], seeds: NDArray[np.float64]
    ) -> _Outline:
        """Draw the bands of one search."""
        mesh, streets = self.mesh, self.streets
        try:
            memory = self.memory.get_nowait()
        except Empty:
            memory = _Memory((self.blocks[0], self.blocks[1]))
        ends = streets.edges[seeds[:, 0].astype(np.int64), :2].ravel()  # a street may be reached at neither end
        low, high, west, east = mark_blocks(
            nodes, ends, dist, self.cutoffs[-1], streets.speed, streets.node_xy, streets.node_boxes,
            mesh.shape, memory.active,
        )  # fmt: skip
        rows, columns = mesh.cells.shape
        window = (low * BLOCK, west * BLOCK, min((high + 1) * BLOCK, rows) - low * BLOCK,
                  min((east + 1) * BLOCK, columns) - west * BLOCK)  # fmt: skip
        if high < low or east < west:
            found: _Outline = np.empty((0, 2)), np.empty((0, 4), dtype=np.int32)
        else:
            entries = (window[2] + 2) * (window[3] + 2)
            memory.hold(entries)
            found = outline(
                streets.edges, streets.line, dist, label, seeds,
                mesh.cells, mesh.points, mesh.cut, mesh.shape, self.pace,
                self.cutoffs, window, memory.active, memory.band, memory.time_ms,
                np.empty(entries if self.shared else 0, dtype=np.int32), memory.changes, memory.ring_at,
                memory.first_ring,
            )  # fmt: skip
            memory.first_ring += len(found[1])
        memory.active[low : high + 1, west : east + 1] = False
        self.memory.put(memory)
        return found


def _gather(outlines: Sequence[_Outline], n_bands: int, *, n_owners: int = 0) -> NDArray[np.object_]:
    """Make MultiPolygons, by outline and band, or of one outline by facility and band; empty where there is nothing."""
    xy = np.concatenate([outline[0] for outline in outlines])
    rings = np.concatenate([outline[1] for outline in outlines])
    which = np.repeat(np.arange(len(outlines)), [len(outline[1]) for outline in outlines])
    begins = np.concatenate(([0], np.cumsum([len(outline[0]) for outline in outlines])))
    shells = np.flatnonzero(rings[:, 3])
    offsets = (np.concatenate(([0], rings[:, 0] + begins[which])), np.append(shells, len(rings)))
    key = (rings[shells, 2] if n_owners else which[shells]) * n_bands + rings[shells, 1]
    n_keys = (n_owners or len(outlines)) * n_bands
    if not len(rings):
        return np.full(n_keys, shapely.MultiPolygon(), dtype=object)
    if not n_owners:  # bands follow each other
        parts = (*offsets, np.searchsorted(key, np.arange(n_keys + 1)))
        return np.asarray(shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, xy, parts), dtype=object)
    shapes = np.full(n_keys, shapely.MultiPolygon(), dtype=object)
    order = np.argsort(key, kind="stable")
    if len(order):
        polygons = np.asarray(shapely.from_ragged_array(shapely.GeometryType.POLYGON, xy, offsets))
        shapely.multipolygons(polygons[order], indices=key[order], out=shapes)
    return shapes


def contour(graph: ModeGraph, grid: StreetGrid, reach: Reach, cutoffs_ms: Sequence[int]) -> list[shapely.MultiPolygon]:
    """Draw the bands of a search from all facilities: one MultiPolygon per rising cutoff."""
    return list(_draw_whole(graph, grid, reach, cutoffs_ms, n_owners=0))


def _draw_whole(
    graph: ModeGraph,
    grid: StreetGrid,
    reach: Reach,
    cutoffs_ms: Sequence[int],
    *,
    n_owners: int,
) -> NDArray[np.object_]:
    """Draw a search from all facilities; areas by facility and band, or by band alone (`n_owners` 0)."""
    pen = _Pen(street_mesh(grid, graph, reach.streets), graph, reach.streets, cutoffs_ms, shared=n_owners > 0)
    label = reach.label if n_owners else np.empty(0, dtype=np.int32)
    return _gather([pen.draw(reach.nodes, reach.dist, label, reach.seeds)], len(cutoffs_ms), n_owners=n_owners)


def _draw_each(
    network: RoadNetwork,
    graph: ModeGraph,
    grid: StreetGrid,
    positions: Positions,
    cutoffs_ms: Sequence[int],
    *,
    reverse: bool,
    delay_ms: NDArray[np.int64] | None,
    threads: int | None,
    progress: Progress | None,
) -> NDArray[np.object_]:
    """Draw every facility by itself; areas by facility and band."""
    streets = street_arrays(network, graph, reverse=reverse)
    pen = _Pen(street_mesh(grid, graph, streets), graph, streets, cutoffs_ms, shared=False)
    unlabelled = np.empty(0, dtype=np.int32)

    def draw(nodes: NDArray[np.int32], dist: NDArray[np.int32], seeds: NDArray[np.float64]) -> _Outline:
        return pen.draw(nodes, dist, unlabelled, seeds)

    n_bands = len(cutoffs_ms)
    shapes = np.full(len(positions.ids) * n_bands, shapely.MultiPolygon(), dtype=object)
    waiting: list[tuple[int, _Outline]] = []

    def finish() -> None:
        rows = np.array([row for row, _ in waiting])
        made = _gather([found for _, found in waiting], n_bands)
        shapes[(rows[:, np.newaxis] * n_bands + np.arange(n_bands)).ravel()] = made
        waiting.clear()

    searches = search_each(
        network, graph, positions, draw, limit_ms=cutoffs_ms[-1], reverse=reverse, delay_ms=delay_ms, threads=threads,
        progress=progress,
    )  # fmt: skip
    for found in searches:
        waiting.append(found)
        if len(waiting) == _AT_A_TIME:
            finish()
    if waiting:
        finish()
    return shapes


def reach_bounds(reach: Reach, limit_m: float) -> tuple[float, float, float, float] | None:
    """Box around all streets of which a part may be reached, widened by the access limit; None if there are none."""
    ends = reach.streets.edges[reach.seeds[:, 0].astype(np.int64), :2].ravel()
    boxes = reach.streets.node_boxes[np.concatenate([reach.nodes, ends])]
    if not len(boxes):
        return None
    left, bottom = boxes[:, :2].min(axis=0) - limit_m
    right, top = boxes[:, 2:].max(axis=0) + limit_m
    return float(left), float(bottom), float(right), float(top)


def isochrones(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    mode: str,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_facility",
    overlap: Overlap = "separate",
    cell_m: float | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    grid: StreetGrid | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Draw where people are within the cutoffs of a facility.

    A place is inside when it would itself be covered: its nearest eligible street position is within the access limit,
    and street time plus both access legs are within the cutoff.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    mode
        Name of a mode of the network.
    cutoffs_s
        Cutoffs in seconds, at most 255 of them.
    direction
        'to_facility' or 'from_facility'.
    overlap
        'separate': the catchment of each facility, overlaps counted. 'union': one area of all. 'exclusive': the places
        to which each facility is the nearest, of equally near ones the first; neighbours share their border.
    cell_m
        Side of the grid's cells in metres; by default `choose_cell_m` of the farthest reach on foot or wheels.
    snap_limit_m
        Farthest access leg, metres.
    grid
        A grid of the same network and mode to use again; built for what is reached if not given.
    threads
        How many threads for separate areas; all processors by default. The result does not depend on it.
    progress
        Called with (facilities done, facilities in all) for separate areas.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per facility (or one for all, with ``facility_id`` empty) and cutoff, rising: ``facility_id``,
        ``cutoff_s``, ``mode``, ``cell_m``, ``geometry`` (MultiPolygon, empty where the facility has no street). The
        areas of one facility nest.

    Raises
    ------
    ConfigError
        A cutoff is not positive or repeats, there is no such direction or overlap, a limit or the number of threads is
        not positive, or the grid is for another network or mode, or would be too large.
    CrsError, SchemaError, NetworkError
        No metric CRS; an entry delay that is no time; no such mode in the network.
    """
    cutoffs_ms = check_cutoffs(cutoffs_s)
    if overlap not in get_args(Overlap):
        raise ConfigError(f"overlap must be one of {', '.join(get_args(Overlap))}, got {overlap!r}; correct it")
    reverse = check_direction(direction) == "to_facility"
    graph = network.graph(mode)
    positions = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    delay_ms = entry_delays(facilities)
    reach = None
    if grid is None or overlap != "separate":
        reach = search_reach(network, graph, positions, limit_ms=cutoffs_ms[-1], direction=direction, delay_ms=delay_ms)
    if grid is not None:
        grid.require_built_for(network, mode)
        cell_m = grid.cell_m
    elif cell_m is None:
        cell_m = choose_cell_m(cutoffs_ms[-1] / MS_PER_S * speed_mps(graph.mode.speed_kph))
    bounds = reach_bounds(reach, snap_limit_m) if reach is not None else None
    if grid is None and bounds is not None:
        grid = build_street_grid(network, mode, cell_m=cell_m, bounds=bounds, limit_m=snap_limit_m)
    owners = [""] if overlap == "union" else list(positions.ids)
    if grid is None:
        shapes = np.full(len(owners) * len(cutoffs_ms), shapely.MultiPolygon(), dtype=object)
    elif reach is not None and overlap != "separate":
        n_owners = 0 if overlap == "union" else len(owners)
        shapes = _draw_whole(graph, grid, reach, cutoffs_ms, n_owners=n_owners)
    else:
        shapes = _draw_each(
            network, graph, grid, positions, cutoffs_ms,
            reverse=reverse, delay_ms=delay_ms, threads=threads, progress=progress,
        )  # fmt: skip
    return tabulate_bands(list(shapes), owners, cutoffs_ms, graph=graph, cell_m=cell_m, crs=network.crs)


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
