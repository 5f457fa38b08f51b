"""Where sites could open: premises near the gaps, or positions on the streets in and around them."""

import warnings

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.schema import check_table, require_metric
from coverage_planner.units import speed_mps

_COLUMNS = ("id", "name", "kind", "cost", "area_m2", "gap_id", "geometry")
#: Street positions keep at least this share of the spacing between them. Along one street they lie at least three
#: quarters of it apart (its length is shared out evenly), so only positions of neighbouring streets are thinned.
_APART = 0.7


def propose_candidates(
    gaps: gpd.GeoDataFrame,
    network: RoadNetwork,
    *,
    premises: gpd.GeoDataFrame | None = None,
    mode: str = "walk",
    reach_s: float = 900.0,
    spacing_m: float = 150.0,
    snap_limit_m: float = SNAP_LIMIT_M,
    facilities: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Generate candidates that can close gaps.

    Parameters
    ----------
    gaps
        Table of `coverage.gaps.find_gaps` (``id``, ``geometry``), metric CRS, the most important gap first.
    network
        The network, built for `mode`.
    premises
        Places that could be had (``id``, optional ``name``, ``kind``, ``cost``, ``area_m2``), metric CRS. Those within
        the straight-line reach of a gap become candidates. Without premises, positions on the streets do.
    mode
        Name of a mode of the network.
    reach_s
        How long people travel, seconds; times the mode's speed it is the reach in metres. No premises beyond it can
        serve a gap (by car only on average: some streets are faster). Street positions are taken in the gaps and up to
        half the reach around them.
    spacing_m
        Distance between street positions along a street, metres. Positions of different streets keep 0.7 of it apart.
        Streets on islands get none.
    snap_limit_m
        Farthest premises may lie from a street of the mode; those beyond are left out with a warning.
    facilities
        Stations that exist (``id``, ``geometry``), metric CRS. Premises with the id of a station are left out: they are
        that station. Street positions nearer to a station than 0.7 of the spacing are left out too.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id`` ('S0001', … for street positions, gap by gap), ``name`` (of the premises or the street; None where it has
        none), ``kind`` ('street' for positions), ``cost``, ``area_m2`` (NaN where not known), ``gap_id`` (nearest gap;
        of equally near ones the first), ``geometry``, in the network's CRS. No rows where there is no gap, or nothing
        within reach of one.

    Raises
    ------
    ConfigError
        The reach or the spacing is not positive.
    CrsError, SchemaError
        No metric CRS; premises are not as the schema of candidates says.
    NetworkError
        The network has no such mode.
    """
    if not (0 < reach_s < np.inf and 0 < spacing_m < np.inf):
        raise ConfigError(
            f"reach_s and spacing_m must be positive, got {reach_s:g} s and {spacing_m:g} m; correct them"
        )
    require_metric(gaps, "gaps")
    reach_m = reach_s * speed_mps(network.graph(mode).mode.speed_kph)
    gaps = gaps.to_crs(network.crs)
    if premises is None:
        found = _street_positions(network, mode, gaps, reach_m / 2, spacing_m, facilities)
    else:
        check_table(premises, "candidates", what="premises")
        found = _near_premises(network, mode, gaps, premises.to_crs(network.crs), reach_m, snap_limit_m, facilities)
    return found.reindex(columns=list(_COLUMNS)).astype({"cost": np.float64, "area_m2": np.float64})


def _near_premises(
    network: RoadNetwork,
    mode: str,
    gaps: gpd.GeoDataFrame,
    premises: gpd.GeoDataFrame,
    reach_m: float,
    snap_limit_m: float,
    facilities: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """Premises within reach of a gap that have a street."""
    tree = shapely.STRtree(premises.geometry.to_numpy())
    near = np.unique(tree.query(gaps.geometry.to_numpy(), predicate="dwithin", distance=reach_m)[1])
    found = premises.iloc[near]
    if facilities is not None:
        found = found[~found["id"].isin(facilities["id"])]
    snapped = snap_points(network, found, mode, limit_m=snap_limit_m).snapped
    if not snapped.all():
        warnings.warn(
            f"premises must lie within {snap_limit_m:g} m of a street for {mode}, with no obstacle between; left out "
            f"{name_some(found['id'].to_numpy()[~snapped])}",
            stacklevel=3,
        )
    found = found[snapped].reset_index(drop=True)
    return found.assign(gap_id=gaps["id"].to_numpy(dtype=object)[_nearest_row(gaps, found.geometry.to_numpy())])


def _street_positions(
    network: RoadNetwork,
    mode: str,
    gaps: gpd.GeoDataFrame,
    around_m: float,
    spacing_m: float,
    facilities: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    """Positions every `spacing_m` along the main streets in and around the gaps, each street from its middle out."""
    graph = network.graph(mode)
    area = shapely.union_all(shapely.buffer(gaps.geometry.to_numpy(), around_m))
    shapely.prepare(area)
    lines = network.edges.geometry.to_numpy()
    rows = np.flatnonzero(graph.snappable & ~graph.island)
    rows = rows[shapely.intersects(area, lines[rows])]
    count = np.maximum(1, np.rint(shapely.length(lines[rows]) / spacing_m).astype(np.int64))
    row = np.repeat(rows, count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    points = shapely.line_interpolate_point(lines[row], (step + 0.5) / np.repeat(count, count), normalized=True)
    inside = shapely.intersects(area, points)
    points, row = points[inside], row[inside]
    if facilities is not None:
        stations = shapely.STRtree(facilities.geometry.to_crs(network.crs).to_numpy())
        taken = stations.query(points, predicate="dwithin", distance=_APART * spacing_m)[0]
        points, row = np.delete(points, taken), np.delete(row, taken)
    gap = _nearest_row(gaps, points)
    kept = _thin(points, np.argsort(gap, kind="stable"), _APART * spacing_m)
    columns = {
        "id": np.array([f"S{number:04d}" for number in range(1, len(kept) + 1)], dtype=object),
        "name": network.edges["name"].to_numpy(dtype=object)[row[kept]],
        "kind": np.full(len(kept), "street", dtype=object),
        "gap_id": gaps["id"].to_numpy(dtype=object)[gap[kept]],
    }
    return gpd.GeoDataFrame(columns, geometry=points[kept], crs=network.crs)


def _thin(points: NDArray[np.object_], order: NDArray[np.int64], apart_m: float) -> NDArray[np.int64]:
    """Go through the points in order and keep those that are not nearer than `apart_m` to one kept before."""
    ranked = points[order]
    later, earlier = shapely.STRtree(ranked).query(ranked, predicate="dwithin", distance=apart_m)
    pairs = np.column_stack((later, earlier))[(earlier < later)]
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    keep = [True] * len(points)
    for point, neighbour in pairs.tolist():
        if keep[neighbour]:
            keep[point] = False
    kept: NDArray[np.int64] = order[np.flatnonzero(keep)]
    return kept


def _nearest_row(gaps: gpd.GeoDataFrame, points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Row of the nearest gap of each point; of equally near ones the first."""
    nearest = np.full(len(points), len(gaps), dtype=np.int64)
    if len(points):
        point, gap = shapely.STRtree(gaps.geometry.to_numpy()).query_nearest(points, all_matches=True)
        np.minimum.at(nearest, point, gap)
    return nearest
