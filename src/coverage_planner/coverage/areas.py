"""Coverage by community or subdistrict."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.coverage.measure import Coverage, require_same_rows
from coverage_planner.errors import SchemaError, name_some
from coverage_planner.schema import check_table, require_metric

#: Position of points that lie in no area.
OUTSIDE = -1

#: An area that lies with less of itself in one subdistrict is told.
_CLEAR_SHARE = 0.9


def assign_areas(demand: gpd.GeoDataFrame, areas: gpd.GeoDataFrame) -> pd.Series:
    """Find the area in which each point lies.

    Parameters
    ----------
    demand
        Points, metric CRS.
    areas
        Polygons, metric CRS; borders belong to the area. The points are projected to their CRS.

    Returns
    -------
    pandas.Series
        Index of `demand`; row number (from 0) of the area, `OUTSIDE` (-1) where the point lies in none. A point in
        several areas, on a shared border for example, belongs to the one that stands first.

    Raises
    ------
    CrsError
        One of the tables has no metric CRS.
    """
    require_metric(demand, "demand")
    require_metric(areas, "areas")
    points = demand.geometry.to_crs(areas.crs).to_numpy()
    # The tree holds the points, so that each polygon, which may have thousands of vertices, is prepared only once.
    area, point = shapely.STRtree(points).query(areas.geometry.to_numpy(), predicate="intersects")
    position = np.full(len(points), len(areas), dtype=np.int64)
    np.minimum.at(position, point, area)
    position[position == len(areas)] = OUTSIDE
    return pd.Series(position, index=demand.index, name="area")


def assign_subdistricts(areas: gpd.GeoDataFrame, subdistricts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Find the subdistrict in which each community lies, where the two are separate layers.

    Parameters
    ----------
    areas
        Communities: columns ``id``, ``name``, maybe ``subdistrict``; polygons in a metric CRS.
    subdistricts
        Columns ``id``, ``name``; polygons in a metric CRS.

    Returns
    -------
    GeoDataFrame
        `areas` with the column ``subdistrict``: the name of the subdistrict that holds the largest share of the
        community's area, the first of several with the same share to a millionth; missing where none does. What
        stands in the column already is kept.

    Warns
    -----
    UserWarning
        Communities lie in no subdistrict, or with less than nine tenths of their area in one.

    Raises
    ------
    CrsError, SchemaError
        One of the tables lacks a metric CRS or a column.
    """
    check_table(areas, "areas")
    check_table(subdistricts, "areas", what="subdistricts")
    shapes = areas.geometry.to_numpy()
    wider = subdistricts.geometry.to_crs(areas.crs).to_numpy()
    area, row = shapely.STRtree(wider).query(shapes, predicate="intersects")
    share = shapely.area(shapely.intersection(shapes[area], wider[row])) / shapely.area(shapes[area])
    order = np.lexsort((row, -np.round(share, 6), area))
    area, row, share = area[order], row[order], share[order]
    found, first = np.unique(area[share > 0], return_index=True)
    best = np.full(len(areas), OUTSIDE, dtype=np.int64)
    best[found] = row[share > 0][first]
    largest = np.zeros(len(areas))
    largest[found] = share[share > 0][first]
    names = np.array([*subdistricts["name"], None], dtype=object)[best]  # OUTSIDE is the last
    given = areas["subdistrict"] if "subdistrict" in areas else pd.Series(None, index=areas.index, dtype=object)
    open_ = given.isna().to_numpy()
    _warn_of_unclear(areas["id"].to_numpy(dtype=object), open_, largest)
    return areas.assign(subdistrict=np.where(open_, names, given.to_numpy(dtype=object)))


def _warn_of_unclear(ids: np.ndarray, wanted: np.ndarray, share: np.ndarray) -> None:
    nowhere, parted = wanted & (share == 0), wanted & (share > 0) & (share < _CLEAR_SHARE)
    if nowhere.any():
        warnings.warn(
            f"communities should lie in a subdistrict, {name_some(ids[nowhere])} lie in none and get none; check both "
            "layers and their datums",
            stacklevel=3,
        )
    if parted.any():
        shown = (f"{label} ({part:.0%})" for label, part in zip(ids[parted], share[parted], strict=True))
        warnings.warn(
            f"communities should lie in one subdistrict, these lie in several and get the one with the largest share "
            f"of their area, {name_some(shown)}; fill their column 'subdistrict' in if it is another",
            stacklevel=3,
        )


def measure_areas(
    coverage: Coverage, demand: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, *, by: str | None = None
) -> gpd.GeoDataFrame:
    """Measure coverage in each area.

    The share of an area is that of the demand points inside it, each by its own travel time; a station outside the
    area counts as well as one inside. Points in no area are in no row: ``(assign_areas(demand, areas) < 0)`` names
    them.

    Parameters
    ----------
    coverage
        Coverage of these demand points.
    demand
        The demand table the coverage was measured for.
    areas
        Communities: columns ``id``, ``name``, maybe ``subdistrict``; polygons in a metric CRS.
    by
        A column of `areas`, for example 'subdistrict', by whose values areas are joined into one row each.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per area, in order (with `by`, in order of first appearance): ``id``, ``name``, ``subdistrict`` (NA
        where the areas have none, or a joined area has several), ``n_points``, ``demand``, ``covered_demand``,
        ``covered_demand_share`` (NaN without demand), ``covered_point_share`` (NaN without points), ``mean_time_s``
        (to the nearest facility, demand-weighted over covered demand; NaN where none is), ``geometry``. In the CRS of
        `areas`.

    Raises
    ------
    CrsError, SchemaError
        The areas lack a metric CRS, or a column; `by` is no column, or not filled in everywhere.
    InputError
        The demand table is not the one the coverage was measured for.
    """
    check_table(demand, "demand")
    check_table(areas, "areas")
    require_same_rows(demand, coverage.points["id"].to_numpy(dtype=object), "demand")
    rows = _name_areas(areas) if by is None else _join_areas(areas, by)
    position = assign_areas(demand, rows).to_numpy()
    inside = position >= 0
    where = position[inside]
    weight = coverage.points["demand"].to_numpy(dtype=float)[inside]
    covered = coverage.covered[inside]
    covered_weight = np.where(covered, weight, 0.0)
    seconds = np.where(covered, coverage.points["time_s"].to_numpy(dtype=float)[inside], 0.0)

    def total(values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(where, weights=values, minlength=len(rows))

    n_points, demand_sum, covered_sum = total(), total(weight), total(covered_weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        return rows.assign(
            n_points=n_points,
            demand=demand_sum,
            covered_demand=covered_sum,
            covered_demand_share=covered_sum / demand_sum,
            covered_point_share=total(covered.astype(float)) / n_points,
            mean_time_s=total(covered_weight * seconds) / covered_sum,
        )[
            [
                "id", "name", "subdistrict", "n_points", "demand", "covered_demand", "covered_demand_share",
                "covered_point_share", "mean_time_s", "geometry",
            ]
        ]  # fmt: skip


def _name_areas(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep what names an area."""
    subdistrict = areas["subdistrict"] if "subdistrict" in areas else pd.Series(None, index=areas.index, dtype=object)
    columns = {"id": areas["id"], "name": areas["name"], "subdistrict": subdistrict}
    return gpd.GeoDataFrame(columns, geometry=areas.geometry, crs=areas.crs).reset_index(drop=True)


def _join_areas(areas: gpd.GeoDataFrame, by: str) -> gpd.GeoDataFrame:
    """Join the areas that share a value; the value becomes id and name."""
    if by not in areas or by == areas.geometry.name:
        raise SchemaError(f"areas must have the column {by!r} to be joined by, got {list(areas.columns)}; add it")
    missing = areas[by].isna().to_numpy()
    if missing.any():
        raise SchemaError(
            f"areas.{by} must be filled in every row to join areas by it; missing in areas "
            f"{name_some(areas['id'][missing])}; fill it in"
        )
    plain = _name_areas(areas)
    key = areas[by].astype(str).to_numpy()
    groups = plain.groupby(key, sort=False)
    variants = groups["subdistrict"].nunique(dropna=False)
    subdistrict = groups["subdistrict"].first().mask(variants.gt(1), None)
    geometry = groups["geometry"].agg(lambda parts: shapely.union_all(parts.to_numpy()))
    names = subdistrict.index.to_numpy(dtype=object)
    columns = {"id": names, "name": names, "subdistrict": subdistrict.to_numpy(dtype=object)}
    return gpd.GeoDataFrame(columns, geometry=geometry.to_numpy(), crs=areas.crs)
