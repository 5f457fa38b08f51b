"""Stations, demand points and premises from CSV files, workbooks and point layers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import geopandas as gpd

from coverage_planner.schema import TABLES, Rejections, check_table
from coverage_planner.sources.columns import ids_of, keep_where, refuse_rows, understood_columns
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.sources.headers import check_column_datum, find_columns
from coverage_planner.sources.positions import positions_of_cells, positions_of_layer
from coverage_planner.sources.ranges import to_metric
from coverage_planner.sources.raw_tables import AnyPath, RawTable, reading_faults, remark_reading
from coverage_planner.sources.tables import read_table

PointTable = Literal["facilities", "demand", "candidates"]

_ID_PREFIX: Mapping[PointTable, str] = {"facilities": "F", "demand": "D", "candidates": "C"}
#: What planners call each table, in the list of rejected rows.
_CALLED: Mapping[PointTable, str] = {"facilities": "facilities", "demand": "demand", "candidates": "premises"}


@dataclass(frozen=True, eq=False)
class _How:
    """The arguments that all readers of points share."""

    datum: Datum
    source_crs: Any
    crs: Any
    columns: Mapping[str, str] | None
    sheet: str | None
    encoding: str | None
    header_row: int | None
    where: Mapping[str, Sequence[str]] | None
    study_area: gpd.GeoDataFrame | None


def read_facilities(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read existing stations.

    Parameters
    ----------
    path
        CSV, TSV, XLSX, GeoPackage, GeoJSON, Shapefile (also zipped) or GeoParquet. Spreadsheets have column names and
        positions: longitude and latitude in two columns, or both in one as 'lng,lat' text or WKT; decimals or degrees,
        minutes and seconds. Layers have point geometries and a CRS.
    datum
        What longitudes and latitudes are given in: 'wgs84' (GPS, OpenStreetMap), 'cgcs2000', 'gcj02' (Amap, Tencent),
        'bd09' (Baidu). They are converted to WGS 84.
    source_crs
        CRS of a layer that does not say its own, or of a spreadsheet whose coordinates are metres, for example
        'EPSG:4547': the column of longitudes then is x to the east, that of latitudes y to the north.
    crs
        Projected CRS in metres of the result; default: the UTM zone of the points.
    columns
        Name of this package -> column of the file, where `sources.aliases.ALIASES` does not know it; for example
        ``{"name": "站点名称", "lon": "站点经度1"}``.
    sheet
        Sheet of a workbook (default: the first) or layer of a GeoPackage.
    encoding
        Encoding of a CSV file or of a Shapefile's texts; default: found.
    header_row
        Row of the column names, as a spreadsheet numbers it; default: found.
    where
        Column of the file -> texts: only rows with one of them are read.
    study_area
        Where the points are expected. Exchanged longitudes and latitudes are recognised by it, and rows far from it
        get a remark; it filters nothing.
    rejected
        Collects rows that cannot be used, with the reason, and remarks on rows whose cells were not taken as they
        stand or not understood; without it the former are an error and the latter a warning.

    Returns
    -------
    GeoDataFrame
        Columns ``id`` (text; the file's, or 'F1', 'F2', … by the row's place in the file), those of ``name``,
        ``kind``, ``level``, ``services``, ``opening_hours``, ``capacity`` that the file has, and ``geometry``. Blank
        text is missing. Levels 服务中心 and 驿站 become 'hub' and 'satellite', other levels stay as they are; services
        become ids of `sources.services.SERVICES` separated by ';', also from a wide table with a column for each;
        opening hours are in the grammar of OpenStreetMap; texts that are not understood stay as they are. Other
        columns of the file are left out.

    Warns
    -----
    UserWarning
        Cells were not taken as they stand, or not understood, and there is no `rejected`.

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
        latitude, or x and y, exchanged in most rows; metres where degrees are expected; no usable row; text in another
        encoding.
    ConfigError
        An unknown sheet, layer, encoding or name in `columns`.
    """
    how = _How(datum, source_crs, crs, columns, sheet, encoding, header_row, where, study_area)
    return _read_points(path, "facilities", how, rejected)


def read_demand(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read demand points: where people are and how many.

    Parameters
    ----------
    path, datum, source_crs, crs, columns, sheet, encoding, header_row, where, study_area, rejected
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
    how = _How(datum, source_crs, crs, columns, sheet, encoding, header_row, where, study_area)
    return _read_points(path, "demand", how, rejected)


def read_candidates(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read premises where a station could open.

    Parameters
    ----------
    path, datum, source_crs, crs, columns, sheet, encoding, header_row, where, study_area, rejected
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
    how = _How(datum, source_crs, crs, columns, sheet, encoding, header_row, where, study_area)
    return _read_points(path, "candidates", how, rejected)


def _read_points(
    path: AnyPath,
    table: PointTable,
    how: _How,
    rejected: Rejections | None,
) -> gpd.GeoDataFrame:
    named = (how.columns or {}).values()
    raw = read_table(path, sheet=how.sheet, encoding=how.encoding, header_row=how.header_row, named=named)
    raw = keep_where(raw, how.where)
    check_datum(how.datum, raw.source)
    needed = ["id", *(column.name for column in TABLES[table] if column.required and column.name != "id")]
    found = _find_columns(raw, table, needed, how)
    place = positions_of_cells if raw.geometry is None else positions_of_layer
    positions = place(raw, found, datum=how.datum, source_crs=how.source_crs, study_area=how.study_area)
    ids, id_faults = ids_of(raw, found.get("id"), _ID_PREFIX[table])
    values, value_faults, remarks = understood_columns(raw, table, found)
    unread = reading_faults(raw, found, [*needed, "lon", "lat", "position"])
    keep = refuse_rows(
        raw,
        ids,
        [*unread, *positions.faults, *id_faults, *value_faults],
        table=_CALLED[table],
        rejected=rejected,
        remarks=[*positions.remarks, *remarks],
        details=positions.details,
    )
    if rejected is not None:
        remark_reading(raw, ids, keep, found, table=_CALLED[table], rejected=rejected)
    read = gpd.GeoDataFrame(
        {"id": ids[keep], **{name: cells[keep] for name, cells in values.items()}},
        geometry=to_metric(positions.points[keep].reset_index(drop=True), how.crs, raw.source),
    )
    check_table(read, table, what=raw.source)
    return read


def _find_columns(raw: RawTable, table: PointTable, needed: Sequence[str], how: _How) -> dict[str, str]:
    """Find the columns of a schema and, in a spreadsheet, of the position: two of coordinates, or one with both."""
    names = [column.name for column in TABLES[table]]
    required = [name for name in needed if name != "id"]
    if raw.geometry is not None:
        return find_columns(raw, names, required, how.columns)
    wanted = [*names, *(name for name in ("lon", "lat", "position", "address") if name not in names)]
    found = find_columns(raw, wanted, [], how.columns, datum=how.datum)
    if "position" not in found or ("lon" in (how.columns or {}) and "lat" in (how.columns or {})):
        required = ["lon", "lat", *required]
    if any(name not in found for name in required):
        find_columns(raw, wanted, required, how.columns, datum=how.datum)  # says which and how they may be named
    check_column_datum(raw, found, how.datum)
    return found
