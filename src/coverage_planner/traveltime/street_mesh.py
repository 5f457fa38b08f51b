"""Where the cells of a street grid are asked: at their centre or, if a street runs through, on the street.

A border drawn between the centres of cells cuts off the tips of the streets reached, and loses streets that are reached
while the places beside them are not. So each cell through which a street runs is asked at that street's place nearest
to its centre, and one with a junction at the junction, which is on several. Points stay inside their cells; joined to
their neighbours they make a mesh of quads that do not overlap, each cut in two triangles where a corner bends in. In
such a mesh no border can cross another.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from coverage_planner.network.road_network import ModeGraph
from coverage_planner.traveltime._mesh_kernels import cut_quads, mark_junctions, mark_streets, place_points
from coverage_planner.traveltime.street_arrays import StreetArrays
from coverage_planner.traveltime.street_grid import StreetGrid

#: What has been made, as long as the grid lives; it says the same however often it is asked.
_MESHES: WeakKeyDictionary[StreetGrid, "StreetMesh"] = WeakKeyDictionary()


#: A node with fewer streets is a bend in one, or its end.
_STREETS_AT_JUNCTION = 3
#: A cell's street position: edge -1 where it has none.
CELL = np.dtype([("edge", np.int32), ("fraction", np.float32), ("access_m", np.float32)])
#: The first vertex of the straight piece of the edge on which that lies, and where the cell is asked: how far right and
#: up of its centre, in parts of the cell's side, 65536 to the whole.
POINT = np.dtype([("piece", np.int32), ("right", np.int16), ("up", np.int16)])


@dataclass(frozen=True, eq=False)
class StreetMesh:
    """The points at which the cells of a grid are asked, and their street positions.

    Attributes
    ----------
    cells, points
        Shape (rows, columns), of type `CELL` and `POINT`.
    cut
        Shape (rows + 1, columns + 1), uint8: how the quad of each cell with those up and right of it is cut; row and
        column 0 are those off the grid.
    shape
        Left, bottom, side of a cell, farthest access leg, all in metres.
    """

    cells: NDArray[np.void]
    points: NDArray[np.void]
    cut: NDArray[np.uint8]
    shape: tuple[float, float, float, float]


def street_mesh(grid: StreetGrid, graph: ModeGraph, streets: StreetArrays) -> StreetMesh:
    """Move the points of a grid of this graph onto the streets, once per grid."""
    if grid not in _MESHES:
        cells = np.empty(grid.edge.shape, dtype=CELL)
        cells["edge"], cells["fraction"], cells["access_m"] = grid.edge, grid.fraction, grid.access_m
        where = (float(grid.left), float(grid.bottom), float(grid.cell_m))
        best = np.full(grid.edge.shape, np.inf, dtype=np.float32)
        rows = np.flatnonzero(graph.snappable).astype(np.uint64)
        centre = np.ascontiguousarray(grid.edge)
        mark_streets(streets.edges, streets.line, rows, graph.island, centre, *where, best, cells)
        junction = np.diff(streets.near_first) >= _STREETS_AT_JUNCTION
        mark_junctions(streets.edges, streets.line, rows, graph.island, junction, centre, *where, best, cells)
        points = np.empty(grid.edge.shape, dtype=POINT)
        place_points(streets.edges, streets.line, cells, best, *where, points)
        _MESHES[grid] = StreetMesh(cells, points, cut_quads(cells, points, best), (*where, float(grid.limit_m)))
    return _MESHES[grid]
