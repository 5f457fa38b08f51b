"""Where sites could open: premises near the gaps, or positions on the streets in and around them."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.schema import check_table, require_metric
from coverage_planner.units import speed_mps

_COLUMNS = ("id", "name", "kind", "cost", "area_m2", "gap_id", "geometry")


def propose_candidates(
    gaps: gpd.GeoDataFrame,
    network: RoadNetwork,
    *,
    premises: gpd.GeoDataFrame | None = None,
    mode: str = "walk",
    reach_s: float = 900.0,
    spacing_m: float = 150.0,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> gpd.GeoDataFrame:
    """Generate candidates that can close gaps.

    Parameters
    ----------
    gaps
        Table of `coverage.gaps.find_gaps` (``id``, ``geometry``), metric CRS.
    network
        The network, built for `mode`.
    premises
        Places that could be had (``id``, optional ``name``, ``kind``, ``cost``, ``area_m2``), metric CRS. Those within
        the straight-line reach of a gap become candidates. Without premises, positions on the streets do.
    mode
        Name of a mode of the network.
    reach_s
        How long people travel, seconds; times the mode's speed it is the reach in metres. No premises beyond it can
        serve a gap. Street positions are taken in the gaps and up to half the reach around them.
    spacing_m
        Distance between street positions along a street, metres.
    snap_limit_m
        Farthest premises may lie from a street of the mode; those beyond are left out with a warning.

    Returns
    -------
    geopandas.GeoDataFrame
        ``id`` ('S0001', … for street positions), ``name``, ``kind`` ('street' for those), ``cost``, ``area_m2`` (NaN
        where not known), ``gap_id`` (nearest gap), ``geometry``, in the network's CRS; empty where there is no gap.

    Raises
    ------
    ConfigError
        The reach or the spacing is not positive.
    CrsError, NetworkError
        No metric CRS; no such mode in the network.
    """
    if not (reach_s > 0 and spacing_m > 0):
        raise ConfigError(f"reach_s and spacing_m must be positive, got {reach_s:g} and {spacing_m:g}; correct them")
    require_metric(gaps, "gaps")
    reach_m = reach_s * speed_mps(network.graph(mode).mode.speed_kph)
    gaps = gaps.to_crs(network.crs)
    if gaps.empty:
        found = gpd.GeoDataFrame(columns=[*_COLUMNS[:-1]], geometry=[], crs=network.crs)
    elif premises is None:
        found = _street_positions(network, mode, gaps, reach_m / 2, spacing_m)
    else:
        check_table(premises, "candidates", what="premises")
        found = _near_premises(network, mode, gaps, premises.to_crs(network.crs), reach_m, snap_limit_m)
    return _complete(found, gaps)


def _near_premises(
    network: RoadNetwork,
    mode: str,
    gaps: gpd.GeoDataFrame,
    premises: gpd.GeoDataFrame,
    reach_m: float,
    snap_limit_m: float,
) -> gpd.GeoDataFrame:
    """Premises within reach of a gap that have a street."""
    near = np.unique(
        shapely.STRtree(premises.geometry.to_numpy()).query(
            gaps.geometry.to_numpy(), predicate="dwithin", distance=reach_m
        )[1]
    )
    found = premises.iloc[near].reset_index(drop=True)
    snapped = snap_points(network, found, mode, limit_m=snap_limit_m).snapped
    if not snapped.all():
        warnings.warn(
            f"premises must lie within {snap_limit_m:g} m of a street for {mode}; left out "
            f"{name_some(found['id'].to_numpy()[~snapped])}",
            stacklevel=3,
        )
    return found[snapped].reset_index(drop=True)


def _street_positions(
    network: RoadNetwork, mode: str, gaps: gpd.GeoDataFrame, around_m: float, spacing_m: float
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
    kept = _thin(points, spacing_m / 2)
    names = network.edges["name"].to_numpy(dtype=object)[row[kept]]
    labels = [f"S{number:04d}" for number in range(1, len(kept) + 1)]
    columns = {"id": pd.Series(labels, dtype=object), "name": names, "kind": "street"}
    return gpd.GeoDataFrame(columns, geometry=points[kept], crs=network.crs)


def _thin(points: NDArray[np.object_], apart_m: float) -> NDArray[np.int64]:
    """Keep points so that none is nearer than `apart_m` to one kept before it, in order."""
    first, second = shapely.STRtree(points).query(points, predicate="dwithin", distance=apart_m)
    earlier = second < first
    first, second = first[earlier], second[earlier]
    order = np.lexsort((second, first))
    keep = np.ones(len(points), dtype=bool)
    for later, before in zip(first[order], second[order], strict=True):
        if keep[before]:
            keep[later] = False
    return np.flatnonzero(keep)


def _complete(found: gpd.GeoDataFrame, gaps: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Fill in the columns that a candidate has, and the nearest gap."""
    for column, missing in (("name", None), ("kind", None), ("cost", np.nan), ("area_m2", np.nan)):
        if column not in found:
            found = found.assign(**{column: missing})
    nearest = np.full(len(found), None, dtype=object)
    if len(found):
        point, gap = shapely.STRtree(gaps.geometry.to_numpy()).query_nearest(found.geometry.to_numpy())
        first = np.unique(point, return_index=True)[1]
        nearest[point[first]] = gaps["id"].to_numpy(dtype=object)[gap[first]]
    return found.assign(gap_id=nearest)[list(_COLUMNS)]
