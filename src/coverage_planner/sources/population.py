"""Population rasters -> demand points, one per cell."""

import warnings
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio import Affine
from rasterio.errors import RasterioIOError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from coverage_planner.errors import CrsError, InputError, SourceError, name_some
from coverage_planner.schema import check_table
from coverage_planner.sources.ranges import to_metric
from coverage_planner.sources.tables import AnyPath, existing_file

_Floats = NDArray[np.float64]

#: Share of the study area beyond the raster from which that is told.
_BARE_SHARE = 0.001

#: Rows of the raster that are in memory at a time.
_ROWS_AT_A_TIME = 256


def read_population(
    path: AnyPath, *, study_area: gpd.GeoDataFrame, crs: Any = None, minimum: float = 0.0
) -> gpd.GeoDataFrame:
    """Read the cells of a population raster inside an area as demand points.

    Parameters
    ----------
    path
        A raster that GDAL can read (GeoTIFF), people per cell in its first band, in any CRS. Cells marked as nodata,
        and NaN, hold nobody. Only the part around the area is read, some rows at a time.
    study_area
        Polygons in any CRS. A cell belongs to them when its centre does.
    crs
        Projected CRS in metres of the result; default: the UTM zone of the points.
    minimum
        Only cells with more people than this become points.

    Returns
    -------
    GeoDataFrame
        One row per cell, by rows from the raster's first: ``id`` ('r{row}c{col}' of the whole raster, from 0),
        ``demand`` (the cell's value, so that sums are kept), ``kind`` ('grid cell'), ``geometry`` (its centre).

    Warns
    -----
    UserWarning
        Part of the study area lies beyond the raster; the raster has more bands than the one that is read.

    Raises
    ------
    SourceError
        The file is missing or not a raster.
    CrsError
        The raster or the study area has no CRS.
    InputError
        The study area is empty or outside the raster, cells inside it are negative, or none has more than `minimum`.
    """
    file = existing_file(path)
    if study_area.crs is None:
        raise CrsError(f"the study area for {file.name} must have a CRS, got none; set it with .set_crs(...)")
    if study_area.geometry.is_empty.all():  # true of no rows at all
        raise InputError(f"the study area for {file.name} must have a polygon, got none; check its file")
    try:
        raster = rasterio.open(file)
    except RasterioIOError as error:
        raise SourceError(f"{file.name} must be a readable raster (GeoTIFF), got: {error}; export it anew") from error
    with closing(raster):
        if raster.crs is None:
            raise CrsError(f"{file.name} must say its coordinate reference system, got none; export it with its CRS")
        raster_crs = CRS.from_wkt(raster.crs.to_wkt())
        area, to_area = study_area.union_all(), Transformer.from_crs(raster_crs, study_area.crs, always_xy=True)
        shapely.prepare(area)
        found = pd.concat(
            [_cells_inside(raster, strip, area, to_area, minimum) for strip in _strips(raster, study_area, file.name)]
        )
        _warn_of_the_rest(raster, area, to_area, file.name)
    negative = (found["demand"] < 0).to_numpy()
    if negative.any():
        raise InputError(
            f"cells of {file.name} must not be negative, got {found['demand'].min():g} in "
            f"{name_some(found['id'][negative])}; if that value means 'no data', mark it as nodata in the raster"
        )
    if found.empty:
        raise InputError(
            f"{file.name} must have cells with more than {minimum:g} people inside the study area, got none; lower "
            "the minimum or check the area"
        )
    centres = gpd.GeoSeries.from_xy(found["x"], found["y"], crs=raster_crs)
    demand = gpd.GeoDataFrame(
        {"id": found["id"], "demand": found["demand"], "kind": "grid cell"}, geometry=to_metric(centres, crs, file.name)
    ).reset_index(drop=True)
    check_table(demand, "demand", what=file.name)
    return demand


def _strips(raster: rasterio.DatasetReader, study_area: gpd.GeoDataFrame, name: str) -> Iterator[Window]:
    """Yield windows that together hold every cell whose centre may be inside the area, some rows each."""
    west, south, east, north = transform_bounds(study_area.crs.to_wkt(), raster.crs, *study_area.total_bounds)
    # all four corners, because a raster may be rotated
    corners = np.array([west, west, east, east]), np.array([south, north, south, north])
    columns, rows = (np.floor(axis).astype(np.int64) for axis in _apply(~raster.transform, *corners))
    first_row, last_row = max(int(rows.min()), 0), min(int(rows.max()) + 1, raster.height)
    first_column, last_column = max(int(columns.min()), 0), min(int(columns.max()) + 1, raster.width)
    if first_row >= last_row or first_column >= last_column:
        box, bounds = (
            ", ".join(f"{value:.7g}" for value in box) for box in ((west, south, east, north), raster.bounds)
        )
        raise InputError(
            f"{name} must cover the study area; it covers {bounds} and the study area is {box} (west, south, east, "
            "north in the raster's CRS); take the raster of that region"
        )
    for row in range(first_row, last_row, _ROWS_AT_A_TIME):
        height = min(_ROWS_AT_A_TIME, last_row - row)
        yield Window(first_column, row, last_column - first_column, height)


def _warn_of_the_rest(raster: rasterio.DatasetReader, area: Any, to_area: Transformer, name: str) -> None:
    """Say what of the study area and of the raster is not read."""
    if raster.count > 1:
        warnings.warn(
            f"a population raster should have one band, {name} has {raster.count} and only the first is read; add the "
            "others up before, if people are divided among them (by age, for example)",
            stacklevel=3,
        )
    # a rim of less than a cell is no matter: centres decide
    if _share_beyond(raster, area, to_area, rim=1.0) > _BARE_SHARE:
        warnings.warn(
            f"{name} should cover the study area, {_share_beyond(raster, area, to_area, rim=0.0):.1%} of it lies "
            "beyond the raster and gets no demand; take the raster of the whole region",
            stacklevel=3,
        )


def _share_beyond(raster: rasterio.DatasetReader, area: Any, to_area: Transformer, *, rim: float) -> float:
    """Return the share of the area beyond the raster and some cells around it."""
    columns = np.array([-rim, raster.width + rim, raster.width + rim, -rim])
    rows = np.array([-rim, -rim, raster.height + rim, raster.height + rim])
    outline: Any = shapely.Polygon(np.column_stack(_apply(raster.transform, columns, rows)))
    # straight edges of the raster are bent in the area's CRS
    outline = shapely.segmentize(outline, outline.length / 400.0)
    there = shapely.transform(outline, lambda xy: np.column_stack(to_area.transform(xy[:, 0], xy[:, 1])))
    # a raster of the whole world may have no outline in a metric CRS
    return 1.0 - float(area.intersection(there).area / area.area) if shapely.is_valid(there) else 0.0


def _cells_inside(
    raster: rasterio.DatasetReader, window: Window, area: shapely.Geometry, to_area: Transformer, minimum: float
) -> pd.DataFrame:
    """Return id, demand, x and y (in the raster's CRS) of the cells of a window that count, or are negative."""
    values = raster.read(1, window=window, masked=True).astype(np.float64).filled(np.nan)
    values = values * raster.scales[0] + raster.offsets[0]
    rows, columns = np.nonzero((values > minimum) | (values < 0))
    demand = values[rows, columns]
    rows, columns = rows + window.row_off, columns + window.col_off
    x, y = _apply(raster.transform, columns + 0.5, rows + 0.5)
    inside = shapely.contains_xy(area, *to_area.transform(x, y))
    ids = [f"r{row}c{column}" for row, column in zip(rows[inside], columns[inside], strict=True)]
    return pd.DataFrame({"id": ids, "demand": demand[inside], "x": x[inside], "y": y[inside]})


def _apply(transform: Affine, x: _Floats, y: _Floats) -> tuple[_Floats, _Floats]:
    # written out, because the operator for it differs between the versions of affine
    return (
        transform.a * x + transform.b * y + transform.c,
        transform.d * x + transform.e * y + transform.f,
    )
