"""Points -> positions on the nearest street a mode may use.

A point goes to the nearest eligible edge, at the projected place, never to the nearest node. The straight access leg
may not cross water, railways or walls, and a street on an island is taken only if nothing larger is within the limit.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, SchemaError, name_some
from coverage_planner.network.obstacles import ON_STREET_M, ObstacleIndex
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.schema import require_metric

#: What became of a point; the order is the code stored while snapping.
SNAPPED, TOO_FAR, BEHIND_OBSTACLE, NO_STREET = "snapped", "too far", "behind an obstacle", "no street for the mode"

#: Farthest a point may lie from its street, metres.
SNAP_LIMIT_M = 200.0
#: A place on a street this near to its end is the junction itself: all streets of the junction leave from there.
_AT_JUNCTION_M = 0.01


@dataclass(frozen=True, eq=False)
class Positions:
    """Where points touch the streets of a mode.

    Attributes
    ----------
    ids
        Shape (p,): the points' labels.
    edge
        Shape (p,), int32: row of ``network.edges``; -1 where the point was rejected.
    fraction
        Shape (p,): place along the edge, exactly 0 at junction u, exactly 1 at v; NaN where rejected.
    access_m
        Shape (p,): length of the straight access leg in metres; NaN where rejected.
    on_island
        Shape (p,), bool: the street lies in a small component.
    status
        Shape (p,), text: 'snapped', 'too far', 'behind an obstacle' or 'no street for the mode'.
    xy
        Shape (p, 2): the street position, in the network's CRS; NaN where rejected.
    """

    ids: NDArray[np.object_]
    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    access_m: NDArray[np.float64]
    on_island: NDArray[np.bool_]
    status: NDArray[np.object_]
    xy: NDArray[np.float64]

    @property
    def snapped(self) -> NDArray[np.bool_]:
        """Shape (p,): whether each point has a street position."""
        return np.asarray(self.edge >= 0)

    def to_frame(self, crs: object) -> gpd.GeoDataFrame:
        """Return one row per point: id, edge, fraction, access_m, on_island, status, geometry (None if rejected)."""
        geometry = np.full(len(self.ids), None, dtype=object)
        geometry[self.snapped] = shapely.points(self.xy[self.snapped])
        columns = {
            "id": self.ids,
            "edge": self.edge,
            "fraction": self.fraction,
            "access_m": self.access_m,
            "on_island": self.on_island,
            "status": self.status,
        }
        return gpd.GeoDataFrame(columns, geometry=geometry, crs=crs)


def snap_points(
    network: RoadNetwork, points: gpd.GeoDataFrame, mode: str, *, limit_m: float = SNAP_LIMIT_M
) -> Positions:
    """Find each point's position on the nearest street that a mode may use.

    Parameters
    ----------
    network
        The network.
    points
        Columns ``id`` and ``geometry`` (points), in any metric CRS.
    mode
        Name of a mode of the network.
    limit_m
        Farthest access leg in metres; points beyond are rejected and say so in ``status``.

    Returns
    -------
    Positions
        One entry per point, in order. Equally near edges: the one with the lower row number.

    Raises
    ------
    ConfigError
        The limit is not positive.
    CrsError
        The points have no metric CRS.
    NetworkError
        The network has no such mode.
    SchemaError
        There is no column ``id``, or a geometry is missing or no point.
    """
    if not limit_m > 0:
        raise ConfigError(f"the snap limit must be positive, got {limit_m:g} m")
    _require_points(points)
    graph = network.graph(mode)
    geometry = points.geometry.to_crs(network.crs).to_numpy()
    n_points = len(geometry)
    edge = np.full(n_points, -1, dtype=np.int32)
    status = np.full(n_points, TOO_FAR, dtype=object)
    obstacles = network.obstacle_index
    lines = network.edges.geometry.to_numpy()
    main, islands = np.flatnonzero(graph.snappable & ~graph.island), np.flatnonzero(graph.snappable & graph.island)
    if not len(main) and not len(islands):
        status[:] = NO_STREET
    for rows in (main, islands):
        waiting = np.flatnonzero(edge < 0)
        if not len(rows) or not len(waiting):
            continue
        size = _component_sizes(graph, rows)
        found, refused = _nearest_free(geometry[waiting], lines[rows], size, obstacles, limit_m)
        edge[waiting[found >= 0]] = rows[found[found >= 0]]
        status[waiting[refused & (found < 0)]] = BEHIND_OBSTACLE
    snapped = edge >= 0
    status[snapped] = SNAPPED
    fraction = np.full(n_points, np.nan)
    access_m = np.full(n_points, np.nan)
    xy = np.full((n_points, 2), np.nan)
    on = lines[edge[snapped]]
    place = np.nan_to_num(shapely.line_locate_point(on, geometry[snapped], normalized=True))
    length_m = shapely.length(on)
    place = np.where((1.0 - place) * length_m <= _AT_JUNCTION_M, 1.0, place)
    place = np.where(place * length_m <= _AT_JUNCTION_M, 0.0, place)
    fraction[snapped] = place
    xy[snapped] = shapely.get_coordinates(shapely.line_interpolate_point(on, place, normalized=True))
    access_m[snapped] = shapely.distance(on, geometry[snapped])
    on_island = np.zeros(n_points, dtype=bool)
    on_island[snapped] = graph.island[edge[snapped]]
    ids = points["id"].to_numpy(dtype=object)
    return Positions(ids, edge, fraction, access_m, on_island, status, xy)


def _require_points(points: gpd.GeoDataFrame) -> None:
    require_metric(points, "points to snap")
    if "id" not in points.columns:
        raise SchemaError(f"points to snap must have the column 'id', got {list(points.columns)}; add it")
    wrong = (points.geometry.isna() | points.geometry.is_empty | (points.geometry.geom_type != "Point")).to_numpy()
    if wrong.any():
        raise SchemaError(
            f"places to snap must be points with coordinates; not so in {name_some(points['id'].to_numpy()[wrong])}; "
            "remove the rows, or take .representative_point() of areas"
        )


def _component_sizes(graph: ModeGraph, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Street length of each edge's component if it is an island; main streets all count alike."""
    if not len(rows) or not graph.island[rows[0]]:
        return np.zeros(len(rows))
    sizes: NDArray[np.float64] = np.append(graph.component_length_m, 0.0)[graph.component[rows]]
    return sizes


def _nearest_free(
    points: NDArray[np.object_],
    lines: NDArray[np.object_],
    size: NDArray[np.float64],
    obstacles: ObstacleIndex,
    limit_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nearest line whose access leg is free, in the largest component first; -1 and whether one was refused."""
    tree = shapely.STRtree(lines)
    found = np.full(len(points), -1, dtype=np.int64)
    refused = np.zeros(len(points), dtype=bool)
    todo = np.arange(len(points))
    if not size.any():  # one tier: most points are done with their very nearest line
        point, line = tree.query_nearest(points, max_distance=limit_m, all_matches=True)
        found[point] = len(lines)
        np.minimum.at(found, point, line)  # the lowest row among equals
        near = np.flatnonzero(found >= 0)
        blocked = near[obstacles.block(points[near], lines[found[near]])]
        found[blocked] = -1
        refused[blocked] = True
        todo = blocked
    afloat = todo[obstacles.contain(points[todo])]  # no leg leaves an obstacle area, unless from a bridge
    afloat = np.delete(afloat, tree.query(points[afloat], predicate="dwithin", distance=ON_STREET_M)[0])
    refused[afloat] = True
    todo = np.setdiff1d(todo, afloat)
    point, line = tree.query(points[todo], predicate="dwithin", distance=limit_m)
    distance = shapely.distance(points[todo[point]], lines[line])
    order = np.lexsort((line, distance, -size[line], point))
    point, line = todo[point[order]], line[order]
    rank = np.arange(len(point)) - np.searchsorted(point, point, side="left")
    first, last = 0, 1
    while len(point):  # the nearest first, then twice as many in each round for the points still waiting
        now = np.flatnonzero((rank >= first) & (rank < last))
        barred = obstacles.block(points[point[now]], lines[line[now]])
        refused[point[now[barred]]] = True
        winners, where = np.unique(point[now[~barred]], return_index=True)
        found[winners] = line[now[~barred]][where]
        waiting = (rank >= last) & (found[point] < 0)
        point, line, rank = point[waiting], line[waiting], rank[waiting]
        first, last = last, 2 * last + 1
    return found, refused
