"""Stations, demand points and premises from CSV files, workbooks and point layers."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.schema import TABLES, Rejections, check_table
from coverage_planner.sources.columns import (
    Fault,
    check_not_swapped,
    find_columns,
    ids_of,
    keep_where,
    layer_to_wgs84,
    number_column,
    range_faults,
    refuse_rows,
    schema_columns,
    to_metric,
)
from coverage_planner.sources.datum import Datum, check_datum, to_wgs84
from coverage_planner.sources.tables import AnyPath, RawTable, read_table

PointTable = Literal["facilities", "demand", "candidates"]

_ID_PREFIX: Mapping[PointTable, str] = {"facilities": "F", "demand": "D", "candidates": "C"}
#: What planners call each table, in the list of rejected rows.
_CALLED: Mapping[PointTable, str] = {"facilities": "facilities", "demand": "demand", "candidates": "premises"}


def read_facilities(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read existing stations.

    Parameters
    ----------
    path
        CSV, TSV, XLSX, GeoPackage, GeoJSON, Shapefile (also zipped) or GeoParquet. Spreadsheets have column names in
        their first row and columns of longitude and latitude in degrees; layers have point geometries and a CRS.
    datum
        What longitudes and latitudes are given in: 'wgs84' (GPS, OpenStreetMap), 'cgcs2000', 'gcj02' (Amap, Tencent),
        'bd09' (Baidu). They are converted to WGS 84.
    crs
        Projected CRS in metres of the result; default: the UTM zone of the points.
    columns
        Name of this package -> column of the file, where `sources.aliases.ALIASES` does not know it; for example
        ``{"name": "站点名称", "lon": "GCJ经度"}``.
    sheet
        Sheet of a workbook (default: the first) or layer of a GeoPackage.
    encoding
        Encoding of a CSV file (default: UTF-8) or of a Shapefile's texts.
    where
        Column of the file -> texts: only rows with one of them are read.
    rejected
        Collects rows that cannot be used, with the reason; without it such rows are an error.

    Returns
    -------
    GeoDataFrame
        Columns ``id`` (text; the file's, or 'F1', 'F2', … by the row's place in the file), those of ``name``,
        ``kind``, ``level``, ``services``, ``opening_hours``, ``capacity`` that the file has, and ``geometry``. Blank
        text is missing. Levels 服务中心 and 驿站 become 'hub' and 'satellite', other levels stay as they are; services
        are separated by ';'. Other columns of the file are left out.

    Raises
    ------
    SourceError
        The file is missing, unreadable or of an unknown kind.
    CrsError, DatumError
        A layer without a CRS; an unknown CRS; a projected layer declared as GCJ-02 or BD-09.
    SchemaError
        Columns are missing or ambiguous.
    InputError
        Rows without a usable position, with a repeated id or an impossible number, and no `rejected`; longitude and
        latitude swapped; no usable row; text in another encoding.
    ConfigError
        An unknown sheet, layer, encoding or name in `columns`.
    """
    return _read_points(path, "facilities", datum, crs, columns, sheet, encoding, where, rejected)


def read_demand(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read demand points: where people are and how many.

    Parameters
    ----------
    path, datum, crs, columns, sheet, encoding, where, rejected
        As for `read_facilities`. The column ``demand`` (需求, 人数, …) must be there: a number of at least zero in
        every row.

    Returns
    -------
    GeoDataFrame
        Columns ``id`` (the file's, or 'D1', 'D2', …), ``demand``, those of ``name`` and ``kind`` that the file has,
        and ``geometry``.

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, InputError, ConfigError
        As for `read_facilities`.
    """
    return _read_points(path, "demand", datum, crs, columns, sheet, encoding, where, rejected)


def read_candidates(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read premises where a station could open.

    Parameters
    ----------
    path, datum, crs, columns, sheet, encoding, where, rejected
        As for `read_facilities`.

    Returns
    -------
    GeoDataFrame
        Columns ``id`` (the file's, or 'C1', 'C2', …), those of ``name``, ``kind``, ``cost``, ``area_m2`` that the
        file has, and ``geometry``.

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, InputError, ConfigError
        As for `read_facilities`.
    """
    return _read_points(path, "candidates", datum, crs, columns, sheet, encoding, where, rejected)


def _read_points(
    path: AnyPath,
    table: PointTable,
    datum: Datum,
    crs: Any,
    columns: Mapping[str, str] | None,
    sheet: str | None,
    encoding: str | None,
    where: Mapping[str, Sequence[str]] | None,
    rejected: Rejections | None,
) -> gpd.GeoDataFrame:
    raw = keep_where(read_table(path, sheet=sheet, encoding=encoding), where)
    check_datum(datum, raw.source)
    position = () if raw.geometry is not None else ("lon", "lat")
    needed = [column.name for column in TABLES[table] if column.required and column.name != "id"]
    names = [*(column.name for column in TABLES[table]), *position]
    found = find_columns(raw, names, [*position, *needed], columns)
    ids, id_faults = ids_of(raw, found.get("id"), _ID_PREFIX[table])
    points, position_faults = (
        _points_of_cells(raw, found, datum) if raw.geometry is None else _points_of_layer(raw, raw.geometry, datum)
    )
    values, value_faults = schema_columns(raw, table, found)
    keep = refuse_rows(raw, ids, [*position_faults, *id_faults, *value_faults], table=_CALLED[table], rejected=rejected)
    read = gpd.GeoDataFrame(
        {"id": ids[keep], **{name: cells[keep] for name, cells in values.items()}},
        geometry=to_metric(points[keep].reset_index(drop=True), crs, raw.source),
    )
    check_table(read, table, what=raw.source)
    return read


def _points_of_cells(raw: RawTable, found: Mapping[str, str], datum: Datum) -> tuple[gpd.GeoSeries, list[Fault]]:
    lon, lon_wrong = number_column(raw, found["lon"])
    lat, lat_wrong = number_column(raw, found["lat"])
    check_not_swapped(lon, lat, raw.source)
    faults: list[Fault] = [
        (lon_wrong, "longitude is not a number of degrees"),
        (lat_wrong, "latitude is not a number of degrees"),
        (np.isnan(lon), "longitude is blank"),
        (np.isnan(lat), "latitude is blank"),
        *range_faults(lon, lat),
    ]
    return gpd.GeoSeries.from_xy(*to_wgs84(lon, lat, datum), crs=4326), faults


def _points_of_layer(raw: RawTable, given: gpd.GeoSeries, datum: Datum) -> tuple[gpd.GeoSeries, list[Fault]]:
    geometries = np.asarray(given.array, dtype=object)
    # layers of points are often stored as multi-points of one part
    single = (shapely.get_type_id(geometries) == shapely.GeometryType.MULTIPOINT) & (
        shapely.get_num_geometries(geometries) == 1
    )
    points = geometries.copy()
    points[single] = shapely.get_geometry(geometries[single], 0)
    missing = shapely.is_missing(points) | shapely.is_empty(points)
    other = ~missing & (shapely.get_type_id(points) != shapely.GeometryType.POINT)
    points[missing | other] = None
    only_points = gpd.GeoSeries(points, crs=given.crs)
    in_degrees = given.crs is not None and not given.crs.is_projected
    faults: list[Fault] = [(missing, "the geometry is missing"), (other, "the geometry is not a point")]
    if in_degrees:
        faults += range_faults(only_points.x.to_numpy(dtype=np.float64), only_points.y.to_numpy(dtype=np.float64))
    return layer_to_wgs84(only_points, datum, raw.source), faults
