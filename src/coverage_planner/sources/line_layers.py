"""Streets from line layers: GeoPackage, GeoJSON, Shapefile (also zipped), GeoParquet."""

import logging
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError

from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError, SourceError, name_some
from coverage_planner.schema import ROAD_TAGS, Rejections, Roads
from coverage_planner.sources.edges import roads_from_edges, tag_text
from coverage_planner.sources.segments import CrsLike, no_nodes, parse_crs

SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".zip", ".parquet", ".geoparquet")

_LOG = logging.getLogger(__name__)
_PARQUET = (".parquet", ".geoparquet")
_NUMBERS = ("u", "v", "length_m")
#: Columns that `columns=` may name.
_KNOWN = (*_NUMBERS, *ROAD_TAGS)
#: GDAL puts the tags that have no column of their own into this one, as "key"=>"value" pairs.
_OTHER_TAGS = "other_tags"
_OTHER_TAG = re.compile(r'"([^"]+)"=>"([^"]*)"')
#: The road class where a layer has none: open to every mode.
_ANY_ROAD = "road"
_MOST_LON, _MOST_LAT = 180.0, 90.0


def read_line_layer(
    path: Path,
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
    columns: Mapping[str, str] | None = None,
    source_crs: CrsLike = None,
    layer: str | None = None,
) -> Roads:
    """Read streets of a line layer; see `read_roads` for arguments and errors."""
    place = _find_layer(path, layer)
    frame = _rename(_read(place, columns or {}), columns or {})
    if frame.empty:
        raise InputError(f"{path.name} must hold at least one line, got an empty layer; check the export")
    frame = _set_crs(frame, source_crs, path.name)
    frame = _refuse_rows(_explode(frame), path.name, rejected)
    _check_lon_lat(frame, path.name)
    edges = gpd.GeoDataFrame(
        {name: frame[name] for name in _NUMBERS if name in frame.columns} | _tag_columns(frame),
        geometry=shapely.force_2d(frame.geometry.to_numpy()),
        crs=frame.crs,
    )
    return roads_from_edges(edges, no_nodes(), crs=crs, study_area=study_area, margin_m=margin_m, source=path.name)


@dataclass(frozen=True)
class _Place:
    """Where a layer is: the file, what GDAL is to open, the layer's name, and the names of its columns."""

    path: Path
    dataset: str
    layer: str | None
    fields: Sequence[str]


def _find_layer(path: Path, layer: str | None) -> _Place:
    if path.suffix.lower() in _PARQUET:
        if layer is not None:
            raise ConfigError(f"layer must be left out for a Parquet file, got {layer!r} for {path.name}")
        try:
            return _Place(path, str(path), None, pq.read_schema(path).names)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(path, error) from error
    dataset = _inside_zip(path) if path.suffix.lower() == ".zip" else str(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks on encodings; names are not read here
            kinds = {str(name): str(kind or "") for name, kind in pyogrio.list_layers(dataset)}
            name = _choose_layer(path, kinds, layer)
            return _Place(path, dataset, name, pyogrio.read_info(dataset, layer=name)["fields"].tolist())
    except (DataSourceError, DataLayerError) as error:
        raise _unreadable(path, error) from error


def _inside_zip(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            shapefiles = [name for name in archive.namelist() if name.lower().endswith(".shp")]
    except (BadZipFile, OSError) as error:
        raise _unreadable(path, error) from error
    if len(shapefiles) != 1:
        raise SourceError(
            f"a zip of roads must hold one Shapefile, got {name_some(shapefiles) if shapefiles else 'none'} in "
            f"{path.name}; zip the parts of one Shapefile, or give the unpacked .shp"
        )
    return f"/vsizip/{path.resolve().as_posix()}/{shapefiles[0]}"


def _choose_layer(path: Path, kinds: Mapping[str, str], layer: str | None) -> str:
    if layer is not None:
        if layer not in kinds:
            raise ConfigError(f"layer must be one of {[*kinds]} in {path.name}, got {layer!r}; correct it")
        return layer
    # a layer without features or of mixed kinds says 'Unknown'
    lines = [name for name, kind in kinds.items() if "LineString" in kind or kind in ("Unknown", "GeometryCollection")]
    candidates = lines or list(kinds)
    if len(candidates) != 1:
        raise ConfigError(
            f"the layer of roads must be named where a file has several, got none for {path.name} with "
            f"{name_some(candidates)}; say layer={candidates[0] if candidates else ''!r}"
        )
    return candidates[0]


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"a road layer must be readable, got {path.name} ({path.stat().st_size} bytes), which is not: {error}; "
        "close it in other programs, or export it again"
    )


def _read(place: _Place, columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Read the columns that matter; the geometry column is called 'geometry'."""
    unknown = [name for name in columns if name not in _KNOWN]
    if unknown:
        raise ConfigError(f"columns must map names out of {list(_KNOWN)}, got {name_some(unknown)}; correct them")
    absent = [theirs for theirs in columns.values() if theirs not in place.fields]
    if absent:
        raise SchemaError(
            f"{place.path.name} must have the columns that are mapped, got no {name_some(absent)} among "
            f"{[*place.fields]}; correct the mapping"
        )
    wanted = {*columns.values(), *(set(_KNOWN) - set(columns)), _OTHER_TAGS}
    # GDAL remarks on texts that it cannot decode, shapely on NaN, which `_faults` names by row
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", RuntimeWarning)
        try:
            frame = _read_parquet(place, wanted) if place.layer is None else _read_ogr(place, wanted)
        except (DataSourceError, DataLayerError, pa.ArrowInvalid, ValueError, OSError) as error:
            raise _unreadable(place.path, error) from error
    for remark in remarks:
        _LOG.warning("%s: %s", place.path.name, remark.message)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{place.path.name} must have geometries, got a plain table; export the lines with it")
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return frame.reset_index(drop=True)


def _read_parquet(place: _Place, wanted: set[str]) -> gpd.GeoDataFrame:
    frame = gpd.read_parquet(place.path)
    return frame[[name for name in frame.columns if name in wanted or name == frame.geometry.name]]


def _read_ogr(place: _Place, wanted: set[str]) -> gpd.GeoDataFrame:
    fields = [name for name in place.fields if name in wanted]
    return pyogrio.read_dataframe(place.dataset, layer=place.layer, columns=fields)


def _rename(frame: gpd.GeoDataFrame, columns: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Give mapped columns their names here; one column may stand for several."""
    kept = frame[[name for name in frame.columns if name not in set(columns.values()) - {"geometry"}]].copy()
    for ours, theirs in columns.items():
        kept[ours] = frame[theirs]
    return kept


def _set_crs(frame: gpd.GeoDataFrame, source_crs: CrsLike, what: str) -> gpd.GeoDataFrame:
    given = None if source_crs is None else parse_crs(source_crs)
    if frame.crs is None:
        if given is None:
            raise CrsError(
                f"{what} must say its coordinate reference system, got none (for a Shapefile, the .prj is missing); "
                "say it with source_crs=, for example source_crs=4326 for longitude and latitude"
            )
        return frame.set_crs(given)
    if given is not None and given != frame.crs:
        raise CrsError(
            f"source_crs must agree with the file, got {given.to_string()} for {what}, which says "
            f"{frame.crs.to_string()}; leave source_crs out"
        )
    # a CRS without its code is equal to nothing that others use
    code = frame.crs.to_epsg()
    return frame if code is None else frame.set_crs(pyproj.CRS.from_epsg(code), allow_override=True)


def _check_lon_lat(frame: gpd.GeoDataFrame, what: str) -> None:
    if not frame.crs.is_geographic:
        return
    west, south, east, north = frame.total_bounds
    if max(abs(south), abs(north)) <= _MOST_LAT and max(abs(west), abs(east)) <= _MOST_LON:
        return
    swapped = max(abs(west), abs(east)) <= _MOST_LAT and max(abs(south), abs(north)) <= _MOST_LON
    advice = "longitude and latitude are swapped: exchange them" if swapped else "say the right CRS"
    raise InputError(
        f"{what} must have longitudes in x (-180 to 180) and latitudes in y (-90 to 90), as its CRS "
        f"{frame.crs.to_string()} says, got x {west:g} to {east:g} and y {south:g} to {north:g}; {advice}"
    )


def _explode(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Split multi-part lines, and number rows by the feature they come from, from 1."""
    numbered = frame.assign(row_number=np.arange(1, len(frame) + 1))
    several = numbered.geom_type == "MultiLineString"
    if "u" in frame.columns:  # nodes are known for the ends of the whole: only lines of one part can be kept
        several &= shapely.get_num_geometries(numbered.geometry.to_numpy()) == 1
    parts = numbered[several.to_numpy()].explode(index_parts=False)
    return gpd.GeoDataFrame(pd.concat([numbered[~several.to_numpy()], parts]).sort_values("row_number", kind="stable"))


def _refuse_rows(frame: gpd.GeoDataFrame, what: str, rejected: Rejections | None) -> gpd.GeoDataFrame:
    """Return the rows that can be used; put the others into `rejected`, or raise where there is none."""
    frame = frame.reset_index(drop=True)
    reasons = pd.Series([None] * len(frame), dtype=object)
    for wrong, reason in _faults(frame):
        reasons[wrong & reasons.isna().to_numpy()] = reason
    bad = reasons.notna().to_numpy()
    for reason in reasons[bad].unique():
        numbers = frame.loc[(reasons == reason).to_numpy(), "row_number"].tolist()
        if rejected is None:
            raise InputError(
                f"every row of {what} must be usable; {reason} in rows {name_some(numbers)}; "
                "correct or remove them, or give rejected= to go on without them"
            )
        rejected.add(source=what, table="roads", labels=numbers, reason=reason, row_numbers=numbers)
    if bad.all():
        raise InputError(f"{what} must hold at least one usable line, got {len(frame)} rows that are not: {reasons[0]}")
    kept = frame[~bad].reset_index(drop=True)
    whole = {name: pd.to_numeric(kept[name]).astype("int64") for name in ("u", "v") if name in kept.columns}
    lengths = {name: pd.to_numeric(kept[name]).astype(float) for name in ("length_m",) if name in kept.columns}
    return kept.assign(**whole, **lengths)


def _faults(frame: gpd.GeoDataFrame) -> list[tuple[NDArray[np.bool_], str]]:
    lines = frame.geometry.to_numpy()
    missing = np.asarray(shapely.is_missing(lines) | shapely.is_empty(lines))
    counts = np.bincount(shapely.get_coordinates(lines, return_index=True)[1], minlength=len(lines))
    finite = np.isfinite(shapely.get_coordinates(lines)).all(axis=1)
    infinite = np.bincount(np.repeat(np.arange(len(lines)), counts)[~finite], minlength=len(lines)) > 0
    faults = [
        (missing, "the geometry is missing or empty"),
        (np.asarray(frame.geom_type != "LineString"), "the geometry is not a single line"),
        (infinite, "a coordinate is not a finite number"),
    ]
    if ("u" in frame.columns) != ("v" in frame.columns):
        raise SchemaError("a road layer must have both columns u and v or neither, got one; map or remove it")
    for name in ("u", "v"):
        if name in frame.columns:
            values = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            faults.append((~np.isfinite(values) | (values % 1 != 0), f"{name} is not a whole number"))
    if "length_m" in frame.columns:
        lengths = pd.to_numeric(frame["length_m"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        faults.append((~(lengths > 0) | np.isinf(lengths), "length_m is not a positive number"))
    return faults


def _tag_columns(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    """Return the tags that are set anywhere, as text; `highway` is filled with 'road' where it is missing."""
    other = [_parse_other(value) for value in frame[_OTHER_TAGS]] if _OTHER_TAGS in frame.columns else []
    texts: dict[str, Any] = {}
    for tag in ROAD_TAGS:
        values: list[str | None]
        values = [tag_text(value) for value in frame[tag]] if tag in frame.columns else [None] * len(frame)
        if other:
            values = [more.get(tag) if value is None else value for value, more in zip(values, other, strict=True)]
        if tag == "highway":
            values = [_ANY_ROAD if value is None else value for value in values]
        if any(value is not None for value in values):
            texts[tag] = values
    return texts


def _parse_other(value: Any) -> dict[str, str]:
    return dict(_OTHER_TAG.findall(value)) if isinstance(value, str) else {}
