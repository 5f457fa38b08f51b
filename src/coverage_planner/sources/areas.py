"""Communities and the study area from polygon layers."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.schema import TABLES, Rejections, check_table
from coverage_planner.sources.aliases import AREA_ALIASES
from coverage_planner.sources.columns import ids_of, keep_where, refuse_rows, understood_columns
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.sources.headers import find_columns
from coverage_planner.sources.ranges import (
    check_not_swapped,
    layer_to_wgs84,
    range_faults,
    to_metric,
    with_source_crs,
)
from coverage_planner.sources.raw_tables import Fault, RawTable, reading_faults, remark_reading
from coverage_planner.sources.tables import AnyPath, read_layer

_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def read_areas(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read the communities that results are reported by.

    Parameters
    ----------
    path
        Polygon layer: GeoPackage, GeoJSON, Shapefile (also zipped) or GeoParquet, with a CRS.
    datum
        What longitudes and latitudes are given in: 'wgs84', 'cgcs2000', 'gcj02', 'bd09'.
    source_crs
        CRS of a layer that does not say its own (a Shapefile without .prj), for example 'EPSG:4547'.
    crs
        Projected CRS in metres of the result; default: the UTM zone of the layer.
    columns
        ``id``, ``name``, ``subdistrict``, ``demand`` -> column of the file, where `sources.aliases.AREA_ALIASES` does
        not know it.
    sheet
        Layer of a GeoPackage that has several.
    encoding
        Encoding of a Shapefile's texts, where it does not say it.
    where
        Column of the file -> texts: only rows with one of them are read.
    rejected
        Collects rows that cannot be used, with the reason; without it such rows are an error.

    Returns
    -------
    GeoDataFrame
        Columns ``id`` (text; the file's, or 'A1', 'A2', …), ``name``, ``subdistrict`` and ``demand`` (head count; NaN
        where blank) where the file has them, and ``geometry`` (valid polygons and multi-polygons).

    Warns
    -----
    UserWarning
        Polygons that cross themselves were repaired; they are named.

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, InputError, ConfigError
        As for `sources.points.read_facilities`.
    """
    raw = in_source_crs(keep_where(read_layer(path, layer=sheet, encoding=encoding), where), source_crs)
    check_datum(datum, raw.source)
    found = find_columns(raw, [column.name for column in TABLES["areas"]], ["name"], columns, AREA_ALIASES)
    ids, id_faults = ids_of(raw, found.get("id"), "A")
    values, value_faults, remarks = understood_columns(raw, "areas", found)
    faults = [*reading_faults(raw, found, ["id", "name"]), *polygon_faults(raw), *id_faults, *value_faults]
    keep = refuse_rows(raw, ids, faults, table="areas", rejected=rejected, remarks=remarks)
    if rejected is not None:
        remark_reading(raw, ids, keep, found, table="areas", rejected=rejected)
    raw, ids = raw.rows(keep), ids[keep]
    polygons, repaired = valid_polygons(raw, datum, crs)
    solid = refuse_rows(raw, ids, [(polygons.area.to_numpy() == 0, "the polygon has no area")], table="areas",
                        rejected=rejected)  # fmt: skip
    warn_of_repairs(raw, repaired & solid)
    areas = gpd.GeoDataFrame(
        {"id": ids[solid], **{name: cells[keep][solid] for name, cells in values.items()}},
        geometry=polygons[solid].reset_index(drop=True),
    )
    check_table(areas, "areas", what=raw.source)
    return areas


def read_study_area(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> gpd.GeoDataFrame:
    """Read the area that results are reported for: all polygons of a layer, dissolved.

    Parameters
    ----------
    path, datum, source_crs, crs, sheet, encoding, where
        As for `read_areas`. No column is needed but those of `where`.

    Returns
    -------
    GeoDataFrame
        One row, column ``geometry``: a valid polygon or multi-polygon.

    Warns
    -----
    UserWarning
        Polygons that cross themselves were repaired; they are named.

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, InputError, ConfigError
        As for `read_areas`.
    """
    raw = in_source_crs(keep_where(read_layer(path, layer=sheet, encoding=encoding), where), source_crs)
    check_datum(datum, raw.source)
    ids, _ = ids_of(raw, None, "A")
    refuse_rows(raw, ids, polygon_faults(raw), table="study area", rejected=None)
    polygons, repaired = valid_polygons(raw, datum, crs)
    refuse_rows(raw, ids, [(polygons.area.to_numpy() == 0, "the polygon has no area")], table="study area",
                rejected=None)  # fmt: skip
    warn_of_repairs(raw, repaired)
    return gpd.GeoDataFrame(geometry=[polygons.union_all()], crs=polygons.crs)


def _geometry_of(raw: RawTable) -> gpd.GeoSeries:
    return gpd.GeoSeries(raw.geometry)


def in_source_crs(raw: RawTable, source_crs: Any) -> RawTable:
    """Return a layer in the CRS that the planner says for it, where it does not say its own.

    Raises
    ------
    CrsError
        There is no such CRS, or the layer says another.
    """
    return replace(raw, geometry=with_source_crs(_geometry_of(raw), source_crs, raw.source))


def polygon_faults(raw: RawTable) -> list[Fault]:
    """Return the rows whose geometry is no polygon on the globe."""
    geometry = _geometry_of(raw)
    geometries = np.asarray(geometry.array, dtype=object)
    missing = shapely.is_missing(geometries) | shapely.is_empty(geometries)
    other = ~missing & ~np.isin(shapely.get_type_id(geometries), _POLYGONAL)
    faults: list[Fault] = [(missing, "the geometry is missing"), (other, "the geometry is not a polygon")]
    if geometry.crs is None or geometry.crs.is_projected:
        return faults
    west, south, east, north = shapely.bounds(geometries).T
    check_not_swapped(west, south, raw.source)
    return [*faults, *range_faults(west, south), *range_faults(east, north)]


def valid_polygons(raw: RawTable, datum: Datum, crs: Any) -> tuple[gpd.GeoSeries, NDArray[np.bool_]]:
    """Return the polygons in metres, those that cross themselves repaired, and a mask of the repaired ones."""
    metric = to_metric(layer_to_wgs84(_geometry_of(raw), datum, raw.source), crs, raw.source)
    geometries = np.asarray(metric.array, dtype=object)
    crossed = ~shapely.is_valid(geometries)
    geometries[crossed] = [_polygonal_part(shapely.make_valid(polygon)) for polygon in geometries[crossed]]
    return gpd.GeoSeries(geometries, crs=metric.crs), crossed


def _polygonal_part(geometry: shapely.Geometry) -> shapely.Geometry:
    """Drop the lines and points that a repair leaves beside the polygons."""
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.union_all(parts[np.isin(shapely.get_type_id(parts), _POLYGONAL)])


def warn_of_repairs(raw: RawTable, repaired: NDArray[np.bool_]) -> None:
    """Name the polygons that crossed themselves."""
    if repaired.any():
        warnings.warn(
            f"polygons of {raw.source} should not cross themselves; repaired {raw.name_rows(repaired)}; look at their "
            "outlines on the map",
            stacklevel=3,
        )
