"""Points -> positions on the nearest street a mode may use.

A point goes to the nearest eligible edge, at the projected place, never to the nearest node. The straight access leg
may not cross water, railways or walls, and a street on an island is taken only if nothing larger is within the limit.
"""

from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, SchemaError, name_some
from coverage_planner.network import _snap_kernels as kernels
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.street_search import make_memory, search_streets
from coverage_planner.schema import require_metric

#: What became of a point; the order is the code stored while snapping.
SNAPPED, TOO_FAR, BEHIND_OBSTACLE, NO_STREET = "snapped", "too far", "behind an obstacle", "no street for the mode"
STATUSES = np.array([SNAPPED, TOO_FAR, BEHIND_OBSTACLE, NO_STREET], dtype=object)
_SNAPPED, _TOO_FAR, _BEHIND_OBSTACLE, _NO_STREET = range(len(STATUSES))

#: Farthest a point may lie from its street, metres.
SNAP_LIMIT_M = 200.0
#: A place on a street this near to its end is the junction itself: all streets of the junction leave from there.
_AT_JUNCTION_M = 0.01
#: Points snapped in one go; between two goes a user's interrupt is heard.
_AT_ONCE = 1 << 14


class Snapped(NamedTuple):
    """Where bare coordinates touch the streets of a mode.

    Attributes
    ----------
    edge
        Shape (p,), int32: row of ``network.edges``; -1 where there is no street.
    fraction
        Shape (p,): place along the edge; NaN where there is no street.
    access_m
        Shape (p,): length of the access leg; NaN where there is no street, but for the margin asked for.
    status
        Shape (p,), int8: which of `STATUSES`.
    """

    edge: NDArray[np.int32]
    fraction: NDArray[np.float64]
    access_m: NDArray[np.float64]
    status: NDArray[np.int8]


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
        One entry per point, in order. Of equally near edges the one with the lower row number is taken; distances that
        differ by less than a millimetre count as equal, so that rounding does not decide.

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
    xy = shapely.get_coordinates(points.geometry.to_crs(network.crs).to_numpy())
    edge, fraction, access_m, status = snap_coordinates(network, xy[:, 0], xy[:, 1], mode, limit_m=limit_m)
    snapped = edge >= 0
    on_island = np.zeros(len(xy), dtype=bool)
    on_island[snapped] = network.graph(mode).island[edge[snapped]]
    places = np.full(xy.shape, np.nan)
    streets = network.street_index(mode)
    kernels.locate_places(streets.first, streets.ends, streets.along, edge, fraction, places)
    ids = points["id"].to_numpy(dtype=object)
    return Positions(ids, edge, fraction, access_m, on_island, STATUSES[status], places)


def snap_coordinates(
    network: RoadNetwork,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    mode: str,
    *,
    limit_m: float = SNAP_LIMIT_M,
    margin_m: float = 0.0,
) -> Snapped:
    """Find street positions by the rules of `snap_points`, for bare coordinates in the network's CRS.

    Parameters
    ----------
    network, mode
        The network and the name of a mode of it.
    x, y
        Shape (p,): coordinates.
    limit_m
        Farthest access leg in metres.
    margin_m
        Where no street is within the limit, how much farther to look for the length of the leg alone.

    Returns
    -------
    Snapped
        One entry per point, in order.

    Raises
    ------
    NetworkError
        The network has no such mode.
    """
    streets, obstacles = network.street_index(mode), network.obstacle_index
    x, y = (np.ascontiguousarray(values, dtype=np.float64) for values in (x, y))
    edge, status = np.full(len(x), -1, dtype=np.int32), np.full(len(x), _TOO_FAR, dtype=np.int8)
    fraction, access_m = np.full(len(x), np.nan), np.full(len(x), np.nan)
    memory = make_memory(streets)
    order = kernels.order_by_brick(streets.main, x, y)
    for start in range(0, len(x), _AT_ONCE):
        part = order[start : start + _AT_ONCE]
        found = search_streets(streets, obstacles, x[part], y[part], memory, limit_m=limit_m, margin_m=margin_m)
        access_m[part] = found.access_m
        status[part[(found.nearest_m <= limit_m) & np.isfinite(found.nearest_m)]] = _BEHIND_OBSTACLE
        there = part[found.piece >= 0]
        status[there] = _SNAPPED
        edge[there], fraction[there] = kernels.find_places(
            streets.ends, streets.owner, streets.along, streets.length, x[there], y[there],
            found.piece[found.piece >= 0], _AT_JUNCTION_M,
        )  # fmt: skip
    if not len(streets.ends):
        status[:] = _NO_STREET
    return Snapped(edge, fraction, access_m, status)


def _require_points(points: gpd.GeoDataFrame) -> None:
    require_metric(points, "points to snap")
    if "id" not in points.columns:
        raise SchemaError(f"points to snap must have the column 'id', got {list(points.columns)}; add it")
    geometry = points.geometry.to_numpy()
    wrong = (shapely.get_type_id(geometry) != shapely.GeometryType.POINT) | shapely.is_empty(geometry)
    if wrong.any():
        raise SchemaError(
            f"places to snap must be points with coordinates; not so in {name_some(points['id'].to_numpy()[wrong])}; "
            "remove the rows, or take .representative_point() of areas"
        )
