"""Streets from line layers: GeoPackage, GeoJSON, Shapefile (also zipped), GeoParquet."""

import logging
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SchemaError, name_some
from coverage_planner.schema import Rejections, Roads
from coverage_planner.sources.datum import Datum, check_datum, to_wgs84
from coverage_planner.sources.edges import find_repeats, roads_from_edges
from coverage_planner.sources.layer_files import SUFFIXES, find_layer, read_layer_file
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.road_columns import NUMBERS, OTHER_TAGS, check_values, find_road_columns, read_road_tags
from coverage_planner.sources.road_noding import NODINGS, Noding, note_shared, roads_by_noding, warn_of_parts
from coverage_planner.sources.segments import WGS84, CrsLike, no_nodes, parse_crs

__all__ = ["SUFFIXES", "read_line_layer"]

_LOG = logging.getLogger(__name__)
_MOST_LON, _MOST_LAT = 180.0, 90.0
_GEOD = pyproj.Geod(ellps="WGS84")
_NO_LENGTH = "the line has no length"
_REPEATS = "repeats another row, drawn the same or the other way; the two count once"
#: A column of lengths that nobody named is taken where the median line is stated as it is drawn, within this share.
_SAME_LENGTH = 0.2


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
    datum: Datum = "wgs84",
    encoding: str | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    noding: Noding = "shared",
    join_within_m: float = 0.0,
    cleaning: RoadCleaning | None = None,
) -> Roads:
    """Read streets of a line layer; see `read_roads` for arguments and errors."""
    _check_noding(noding, join_within_m)
    check_values(values or {})
    check_datum(datum, path.name)
    place = find_layer(path, layer, encoding)
    found = find_road_columns(place.fields, columns or {}, path.name)
    by_lines = noding == "crossings" or join_within_m > 0
    if by_lines:  # where lines meet is to be found, not read
        found = {name: theirs for name, theirs in found.items() if name not in ("u", "v")}
    given = {name: theirs for name, theirs in found.items() if theirs == name or name in (columns or {})}
    frame = read_layer_file(place, {*found.values(), OTHER_TAGS})
    frame = _rename(frame, found)
    if frame.empty:
        raise InputError(f"{path.name} must hold at least one line, got an empty layer; check the export")
    if "length_m" in found and "length_m" not in given:
        frame, kept = _check_length(frame, found["length_m"], path.name, source_crs)
        found = found if kept else {name: theirs for name, theirs in found.items() if name != "length_m"}
    _tell_columns(found, given, path.name)
    frame = _set_crs(frame, source_crs, path.name)
    frame, unused = _refuse_rows(_explode(frame), path.name, rejected)
    _check_lon_lat(frame, path.name)
    lines = _in_wgs84(frame, datum, path.name)
    edges = gpd.GeoDataFrame(
        {name: frame[name] for name in NUMBERS if name in frame.columns}
        | read_road_tags(frame, values or {}, path.name, rejected)
        | {"row_number": frame["row_number"]},
        geometry=lines.to_numpy(),
        crs=lines.crs,
    )
    if cleaning is not None:
        cleaning.source, cleaning.columns = path.name, dict(found)
        cleaning.add("empty row", unused, np.full(len(unused), None))
    repeats = find_repeats(edges)
    _tell_repeats(edges, repeats, path.name, rejected)
    if not by_lines:
        roads = roads_from_edges(edges, no_nodes(), crs=crs, study_area=study_area, margin_m=margin_m, source=path.name)
        if cleaning is not None:
            note_shared(cleaning, edges, repeats, roads, study_area=study_area, margin_m=margin_m)
        if "u" not in edges.columns:
            warn_of_parts(roads, path.name)
        return roads
    return roads_by_noding(
        edges, repeats, noding=noding, join_within_m=join_within_m, crs=crs, study_area=study_area, margin_m=margin_m,
        source=path.name, cleaning=cleaning,
    )  # fmt: skip


def _tell_repeats(edges: gpd.GeoDataFrame, repeats: NDArray[np.int64], what: str, rejected: Rejections | None) -> None:
    """Remark on rows that repeat another: no error, for layers with a row per direction of travel have two of each."""
    again = repeats >= 0
    if rejected is None or not again.any():
        return
    rows = edges["row_number"].to_numpy(dtype=np.int64)
    others = dict(zip(rows[again].tolist(), rows[repeats[again]].tolist(), strict=True))  # parts of one row are one
    rejected.remark(
        source=what, table="roads", labels=others, row_numbers=others, column="geometry",
        given=[f"as row {other}" for other in others.values()], remark=_REPEATS,
    )  # fmt: skip


def _check_noding(noding: str, join_within_m: float) -> None:
    if noding not in NODINGS:
        raise ConfigError(f"noding must be one of {', '.join(NODINGS)}, got {noding!r}; correct it")
    if not 0 <= join_within_m < np.inf:
        raise ConfigError(f"join_within_m must be zero or more metres, got {join_within_m}; correct it")


def _rename(frame: gpd.GeoDataFrame, found: Mapping[str, str]) -> gpd.GeoDataFrame:
    """Give columns their names here; one column may stand for several."""
    kept = frame[[name for name in frame.columns if name in (OTHER_TAGS, "geometry")]].copy()
    for ours, theirs in found.items():
        if theirs in frame.columns:
            kept[ours] = frame[theirs]
    return kept


def _tell_columns(found: Mapping[str, str], given: Mapping[str, str], what: str) -> None:
    recognised = [f"{name} from {theirs!r}" for name, theirs in found.items() if name not in given]
    if recognised:
        _LOG.info("%s: columns recognised: %s", what, ", ".join(recognised))


def _check_length(
    frame: gpd.GeoDataFrame, theirs: str, what: str, source_crs: CrsLike
) -> tuple[gpd.GeoDataFrame, bool]:
    """Take a column of lengths that nobody named only where it agrees with the drawing; blanks get the drawn length."""
    crs = frame.crs if frame.crs is not None else None if source_crs is None else parse_crs(source_crs)
    stated = pd.to_numeric(frame["length_m"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    drawn = _drawn_m(frame, crs)
    known = (stated > 0) & (drawn > 0)
    ratio = float(np.median(stated[known] / drawn[known])) if known.any() else np.nan
    if not abs(ratio - 1.0) <= _SAME_LENGTH:
        _LOG.warning(
            "%s: the column %r is not taken for lengths in metres: the median line is %.3g of its drawn length; map it "
            "as length_m if it is", what, theirs, ratio,
        )  # fmt: skip
        return frame.drop(columns="length_m"), False
    return frame.assign(length_m=np.where(stated > 0, stated, np.where(drawn > 0, drawn, 1.0))), True


def _drawn_m(frame: gpd.GeoDataFrame, crs: pyproj.CRS | None) -> NDArray[np.float64]:
    """Return the drawn lengths in metres; NaN where that cannot be said."""
    lines = frame.geometry.force_2d().to_numpy()
    with np.errstate(over="ignore"):
        usable = ~shapely.is_missing(lines) & np.isfinite(shapely.length(lines))
    drawn = np.full(len(lines), np.nan)
    if crs is not None and crs.is_geographic:
        drawn[usable] = [_GEOD.geometry_length(line) for line in lines[usable]]
    elif crs is not None:
        drawn[usable] = shapely.length(lines[usable]) * crs.axis_info[0].unit_conversion_factor
    return drawn


def _set_crs(frame: gpd.GeoDataFrame, source_crs: CrsLike, what: str) -> gpd.GeoDataFrame:
    given = None if source_crs is None else parse_crs(source_crs)
    if frame.crs is None:
        if given is None:
            raise CrsError(
                f"{what} must say its coordinate reference system, got none (for a Shapefile, the .prj is missing); "
                f"say it with source_crs=: {_likely_crs(frame)}"
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


def _likely_crs(frame: gpd.GeoDataFrame) -> str:
    """Say which CRS the numbers could be in."""
    west, south, east, north = frame.total_bounds
    numbers = f"x from {west:.10g} to {east:.10g}, y from {south:.10g} to {north:.10g}"
    if max(abs(west), abs(east)) <= _MOST_LON and max(abs(south), abs(north)) <= _MOST_LAT:
        return f"source_crs=4326 for longitude and latitude in WGS 84, 4490 in CGCS2000 ({numbers})"
    zone = int(east // 1_000_000)
    if 25 <= zone <= 45:  # noqa: PLR2004 - the zones of three degrees in China
        code = 4513 + zone - 25
        return f"x begins with zone {zone}: source_crs={code} is {pyproj.CRS.from_epsg(code).name} ({numbers})"
    if 13 <= zone <= 23:  # noqa: PLR2004 - the zones of six degrees in China
        code = 4491 + zone - 13
        return f"x begins with zone {zone}: source_crs={code} is {pyproj.CRS.from_epsg(code).name} ({numbers})"
    return (
        f"{numbers} are metres in a zone that they do not name: source_crs=4534 to 4554 for CGCS2000 in zones of three "
        "degrees (4547 about 114 E, 4549 about 120 E), 32643 to 32653 for UTM; ask who made the file"
    )


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


def _in_wgs84(frame: gpd.GeoDataFrame, datum: Datum, what: str) -> gpd.GeoSeries:
    """Return the lines in two dimensions, out of a shifted datum where one is declared."""
    lines = gpd.GeoSeries(shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    if datum in ("wgs84", "cgcs2000"):
        return lines
    if not frame.crs.is_geographic:
        raise DatumError(
            f"a layer with datum {datum!r} must be in longitude and latitude, got {what} in {frame.crs.to_string()}; "
            "give it as it came from the map service, not projected"
        )

    def unshift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    return gpd.GeoSeries(shapely.transform(lines.to_numpy(), unshift), crs=WGS84)


def _explode(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Split multi-part lines, and number rows by the feature they come from, from 1."""
    numbered = frame.assign(row_number=np.arange(1, len(frame) + 1))
    several = numbered.geom_type == "MultiLineString"
    if "u" in frame.columns:  # nodes are known for the ends of the whole: only lines of one part can be kept
        several &= shapely.get_num_geometries(numbered.geometry.to_numpy()) == 1
    parts = numbered[several.to_numpy()].explode(index_parts=False)
    if "length_m" in parts.columns:  # stated for the whole row: each part has its share
        drawn = _drawn_m(parts, parts.crs)
        whole = pd.Series(drawn).groupby(parts["row_number"].to_numpy()).transform("sum").to_numpy()
        share = np.divide(drawn, whole, out=np.ones(len(parts)), where=whole > 0)
        parts = parts.assign(length_m=pd.to_numeric(parts["length_m"], errors="coerce").to_numpy(dtype=float) * share)
    return gpd.GeoDataFrame(pd.concat([numbered[~several.to_numpy()], parts]).sort_values("row_number", kind="stable"))


def _refuse_rows(
    frame: gpd.GeoDataFrame, what: str, rejected: Rejections | None
) -> tuple[gpd.GeoDataFrame, NDArray[np.int64]]:
    """Return the rows that can be used, and the numbers of the others.

    Those are put into `rejected`; where there is none, they raise.
    """
    frame = frame.reset_index(drop=True)
    reasons = pd.Series([None] * len(frame), dtype=object)
    for wrong, reason in _faults(frame):
        reasons[wrong & reasons.isna().to_numpy()] = reason
    bad = reasons.notna().to_numpy()
    for reason in reasons[bad].unique():
        numbers = frame.loc[(reasons == reason).to_numpy(), "row_number"].tolist()
        if rejected is None and reason == _NO_LENGTH:  # nothing that one could travel on
            _LOG.warning("%s: %s in rows %s; left out", what, reason, name_some(numbers))
            continue
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
    return kept.assign(**whole, **lengths), frame.loc[bad, "row_number"].to_numpy(dtype=np.int64)


def _least_length(frame: gpd.GeoDataFrame) -> float:
    """Return what a line must measure, in the units of its CRS, for its ends to be two places: a millimetre."""
    return 1e-8 if frame.crs.is_geographic else 1e-3 / float(frame.crs.axis_info[0].unit_conversion_factor)


def _faults(frame: gpd.GeoDataFrame) -> list[tuple[NDArray[np.bool_], str]]:
    lines = frame.geometry.to_numpy()
    missing = np.asarray(shapely.is_missing(lines) | shapely.is_empty(lines))
    coordinates, line = shapely.get_coordinates(lines, return_index=True)
    finite = np.isfinite(coordinates).all(axis=1)
    with np.errstate(over="ignore"):  # of coordinates that are none, which the range of the CRS shows
        no_length = shapely.length(lines) < _least_length(frame)
    infinite = np.bincount(line[~finite], minlength=len(lines)) > 0
    faults = [
        (missing, "the geometry is missing or empty"),
        (np.asarray(frame.geom_type != "LineString"), "the geometry is not a single line"),
        (infinite, "a coordinate is not a finite number"),
        (np.asarray(no_length), _NO_LENGTH),
    ]
    if ("u" in frame.columns) != ("v" in frame.columns):
        raise SchemaError("a road layer must have both columns u and v or neither, got one; map or remove it")
    for name in ("u", "v"):
        if name in frame.columns:
            numbers = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            faults.append((~np.isfinite(numbers) | (numbers % 1 != 0), f"{name} is not a whole number"))
    if "length_m" in frame.columns:
        lengths = pd.to_numeric(frame["length_m"], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
        faults.append((~(lengths > 0) | np.isinf(lengths), "length_m is not a positive number"))
    return faults
