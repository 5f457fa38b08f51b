"""The shares of one scenario and group: demand, points, area and road length are four different figures."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from coverage_planner.coverage.measure import Coverage
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.traveltime.street_grid import StreetGrid
from coverage_planner.units import MS_PER_S, speed_mps, to_milliseconds


def straight_line_share(
    demand: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame, mode: Mode, cutoff_s: float
) -> tuple[float, float]:
    """Work out what a circle around each facility would have claimed.

    Parameters
    ----------
    demand
        Demand points (``demand``), in a CRS of true metres such as the network's: distances are measured in it.
    facilities
        Facilities, metric CRS.
    mode
        Its average speed gives the radius: cutoff x ``speed_kph`` x ``urban_factor``.
    cutoff_s
        Longest acceptable time, seconds.

    Returns
    -------
    share, radius_m
        Demand within the radius of a facility as a share of all demand (NaN without demand), and the radius.
    """
    radius_m = cutoff_s * speed_mps(mode.speed_kph * mode.urban_factor)
    weights = demand["demand"].to_numpy(dtype=float)
    if not weights.sum() > 0:
        return float("nan"), radius_m
    stations = shapely.get_coordinates(facilities.geometry.to_crs(demand.crs).to_numpy())
    distance, _ = cKDTree(stations).query(shapely.get_coordinates(demand.geometry.to_numpy()))
    return float(weights[distance <= radius_m].sum() / weights.sum()), radius_m


def covered_road_share(
    network: RoadNetwork,
    mode: str,
    reached_streets: gpd.GeoDataFrame,
    cutoff_s: float,
    study_area: gpd.GeoDataFrame | None,
) -> float:
    """Length of street within the cutoff as a share of all street the mode may use, inside the study area.

    Parameters
    ----------
    network, mode
        The network and a mode of it.
    reached_streets
        Pieces from `traveltime.reach.reached_streets` of the same network and mode, up to `cutoff_s` or further.
    cutoff_s
        Longest acceptable time, seconds.
    study_area
        Polygons to report for; None for the whole network.

    Returns
    -------
    float
        NaN where there is no street.
    """
    open_to_mode = network.edges[network.graph(mode).allowed]
    total = _length_inside(open_to_mode, study_area).sum()
    # bands stand in whole milliseconds, to which a cutoff such as 2000/3 s is rounded up
    inside = to_milliseconds(reached_streets["band_s"].to_numpy(dtype=np.float64)) <= to_milliseconds(cutoff_s)
    reached = _length_inside(reached_streets[inside], study_area).sum()
    return float(reached / total) if total > 0 else float("nan")


def _length_inside(streets: gpd.GeoDataFrame, study_area: gpd.GeoDataFrame | None) -> NDArray[np.float64]:
    """Length of each street inside the study area; a street across the border counts by the part of its line inside."""
    length_m = streets["length_m"].to_numpy(dtype=np.float64)
    if study_area is None or not len(streets):
        return np.asarray(length_m)
    area = study_area.geometry.to_crs(streets.crs).union_all()
    shapely.prepare(area)
    lines = streets.geometry.to_numpy()
    share = shapely.contains_properly(area, lines).astype(np.float64)
    border = np.flatnonzero((share == 0) & shapely.intersects(area, lines))
    drawn = shapely.length(lines[border])
    inside = shapely.length(shapely.intersection(lines[border], area))
    share[border] = np.divide(inside, drawn, out=np.zeros(len(border)), where=drawn > 0)
    return np.asarray(length_m * share)


def covered_area_share(
    grid: StreetGrid, times_ms: NDArray[np.float64], cutoff_s: float, study_area: gpd.GeoDataFrame | None
) -> float:
    """Area of the places within the cutoff as a share of the study area.

    Parameters
    ----------
    grid, times_ms
        A grid and the time of each of its cells, milliseconds (`traveltime.isochrone.cell_times`).
    cutoff_s
        Longest acceptable time, seconds.
    study_area
        Polygons to report for, in the network's CRS; None: the places that have a street within the access limit.

    Returns
    -------
    float
        NaN where no cell belongs to the area. Cells count where their centre does; water counts as uncovered.
    """
    area = None if study_area is None else study_area.geometry.union_all()
    inside = grid.edge >= 0 if area is None else _centres_inside(area, *grid.centres())
    covered = times_ms[inside] <= cutoff_s * MS_PER_S
    return float(covered.mean()) if covered.size else float("nan")


def _centres_inside(area: shapely.Geometry, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Shape (rows, columns): whether the places of a grid lie inside an area, row by row along its border."""
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(area)), return_index=True)
    follows = np.flatnonzero(ring[1:] == ring[:-1])
    ends = np.stack([xy[follows], xy[follows + 1]])
    low, high = np.searchsorted(y, np.sort(ends[:, :, 1], axis=0))  # rows from low to high, high left out, are crossed
    crossed = np.repeat(np.arange(len(follows)), high - low)
    row = np.arange(len(crossed)) + np.repeat(high - np.cumsum(high - low), high - low)
    (x0, y0), (x1, y1) = ends[0, crossed].T, ends[1, crossed].T
    where = x0 + (y[row] - y0) / (y1 - y0) * (x1 - x0)
    turns = np.zeros((len(y), len(x) + 1), dtype=np.bool_)
    np.logical_xor.at(turns, (row, np.searchsorted(x, where, side="right")), True)  # noqa: FBT003 - a value
    return np.asarray(np.logical_xor.accumulate(turns, axis=1)[:, :-1])


def table_shares(
    coverage: Coverage,
    *,
    area_share: float,
    road_share: float,
    straight_line: tuple[float, float],
) -> pd.DataFrame:
    """Put the figures of one scenario and group into one row.

    Returns
    -------
    pandas.DataFrame
        ``mode`` (with its speed), ``cutoff_s``, ``n_points``, ``demand``, ``covered_demand``, the four shares
        ``covered_demand_share``, ``covered_point_share``, ``covered_area_share``, ``covered_road_share``,
        ``straight_line_demand_share`` and ``straight_line_radius_m`` (what a circle would have claimed), and
        ``mean_time_s`` (weighted by demand, over the covered demand; NaN where none is).
    """
    weights = coverage.points["demand"].to_numpy()[coverage.covered]
    seconds = coverage.points["time_s"].to_numpy(dtype=np.float64)[coverage.covered]
    mean_time = float(np.average(seconds, weights=weights)) if weights.sum() > 0 else float("nan")
    row = {
        "mode": coverage.mode_description,
        "cutoff_s": coverage.cutoff_s,
        "n_points": len(coverage.points),
        "demand": float(coverage.points["demand"].sum()),
        "covered_demand": coverage.covered_demand,
        "covered_demand_share": coverage.covered_demand_share,
        "covered_point_share": coverage.covered_point_share,
        "covered_area_share": area_share,
        "covered_road_share": road_share,
        "straight_line_demand_share": straight_line[0],
        "straight_line_radius_m": straight_line[1],
        "mean_time_s": mean_time,
    }
    return pd.DataFrame([row])
