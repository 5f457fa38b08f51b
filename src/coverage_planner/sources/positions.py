"""Where the rows of a file lie: coordinates and geometries -> points, with the rows that cannot be placed.

A position is refused when it is missing, impossible, (0, 0) or exchanged; nothing is moved without a remark. Whole
files with longitude and latitude exchanged, or with metres in columns of degrees, are an error that says what to write.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from coverage_planner.errors import SchemaError
from coverage_planner.sources.cells import Mask, Remark, Texts, plain_numbers, text_column
from coverage_planner.sources.coordinates import AXIS_NAMES, NO_PAIR, Axis, parse_angle, parse_pair
from coverage_planner.sources.datum import Datum, to_wgs84
from coverage_planner.sources.ranges import (
    CHINA,
    Region,
    check_metres,
    check_not_metres,
    check_not_swapped,
    exchanged,
    exchanged_metres,
    inside,
    known_crs,
    layer_to_wgs84,
    range_faults,
    refuse_shifted,
    region_of,
    with_source_crs,
)
from coverage_planner.sources.raw_tables import Fault, RawTable
from coverage_planner.sources.signs import NOTHING, plain

_Floats = NDArray[np.float64]

ADDRESS_ONLY = "no coordinates, only an address"
EXCHANGED = "longitude and latitude look exchanged"
_ZERO = "longitude and latitude are zero"


class Positions(NamedTuple):
    """One point per row, in WGS 84 or the file's projected CRS; rows that cannot be placed; what should be known.

    ``details`` are the texts to show behind a reason, by reason.
    """

    points: gpd.GeoSeries
    faults: list[Fault]
    remarks: list[Remark]
    details: dict[str, Texts]


class _Cells(NamedTuple):
    """Two coordinates per row as the cells give them; `crossed` where the cells say that they stand the wrong way."""

    x: _Floats
    y: _Floats
    crossed: Mask
    faults: list[Fault]
    remarks: list[Remark]


def positions_of_cells(
    raw: RawTable,
    found: Mapping[str, str],
    *,
    datum: Datum,
    source_crs: Any = None,
    study_area: gpd.GeoDataFrame | None = None,
) -> Positions:
    """Place the rows of a spreadsheet.

    Parameters
    ----------
    raw
        The file.
    found
        Name of this package -> column: ``lon`` and ``lat``, or ``position`` (pairs, WKT), or all three; ``address`` to
        show where there is nothing else.
    datum
        What longitudes and latitudes are given in.
    source_crs
        CRS of x (east) and y (north) in metres, or of longitudes and latitudes; default: degrees in `datum`.
    study_area
        Where the points are expected: to recognise exchanged coordinates and to say which rows are far away.

    Raises
    ------
    InputError
        Most rows have longitude and latitude exchanged, or metres where degrees are expected, or lie outside the area
        of `source_crs`.
    CrsError, DatumError
        PROJ does not know `source_crs`; a shifted datum is declared for coordinates in metres.
    """
    crs = None if source_crs is None else known_crs(source_crs, raw.source)
    metric = crs if crs is not None and crs.is_projected else None
    if metric is not None:
        refuse_shifted(datum, metric, raw.source)
    region = region_of(study_area)
    columns = "lon" in found and "lat" in found
    cells = _from_columns(raw, found, metres=metric is not None) if columns else None
    if "position" in found:
        cells = _either(cells, _from_pairs(raw, found["position"], metric, region))
    if cells is None:
        raise SchemaError(
            f"{raw.source} must have columns for lon and lat, or for position, got none; say which they are"
        )
    advice = (
        f"say columns = {{ lon = {found['lat']!r}, lat = {found['lon']!r} }}"
        if columns
        else "write the longitude first"
    )
    if metric is None:
        check_not_metres(cells.x, cells.y, raw.source, region)
        crossed = cells.crossed | exchanged(cells.x, cells.y, region)
        check_not_swapped(cells.x, cells.y, raw.source, swapped=crossed, advice=advice)
        range_ = [(crossed, EXCHANGED), *range_faults(cells.x, cells.y)]
    else:
        range_ = check_metres(cells.x, cells.y, metric, raw.source, region, advice)
    zero = ((cells.x == 0) & (cells.y == 0), _ZERO if metric is None else "x and y are zero")
    if crs is None:
        points = gpd.GeoSeries.from_xy(*to_wgs84(cells.x, cells.y, datum), crs=4326)
    else:
        points = layer_to_wgs84(gpd.GeoSeries.from_xy(cells.x, cells.y, crs=crs), datum, raw.source, checked=True)
    addresses = _only_addresses(raw, found, np.isnan(cells.x) & np.isnan(cells.y))
    faults = [((addresses != "").astype(np.bool_), ADDRESS_ONLY), *cells.faults, zero, *range_]
    one_zero = (cells.x == 0) ^ (cells.y == 0)
    given = _as_given(raw, found) if region is not None or one_zero.any() else addresses
    remarks = [*cells.remarks, Remark(one_zero, "position", given, "longitude or latitude is zero, taken as it stands")]
    if region is not None:
        remarks += _far(points, region, given)
    return Positions(points, faults, remarks, {ADDRESS_ONLY: addresses})


def positions_of_layer(
    raw: RawTable,
    found: Mapping[str, str],
    *,
    datum: Datum,
    source_crs: Any = None,
    study_area: gpd.GeoDataFrame | None = None,
) -> Positions:
    """Place the rows of a layer of points; arguments and errors as for `positions_of_cells`.

    `source_crs` is for a layer that does not say its CRS. Features without geometry show their address.
    """
    given = with_source_crs(gpd.GeoSeries(raw.geometry), source_crs, raw.source)
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
    x, y = only_points.x.to_numpy(dtype=np.float64), only_points.y.to_numpy(dtype=np.float64)
    region = region_of(study_area)
    addresses = _only_addresses(raw, {name: found[name] for name in ("address",) if name in found}, missing)
    faults = [
        ((addresses != "").astype(np.bool_), ADDRESS_ONLY),
        (missing, "the geometry is missing"),
        (other, "the geometry is not a point"),
        ((x == 0) & (y == 0), _ZERO),
    ]
    if given.crs is not None and not given.crs.is_projected:
        crossed = exchanged(x, y, region)
        check_not_swapped(x, y, raw.source, swapped=crossed)
        faults += [(crossed, EXCHANGED), *range_faults(x, y)]
    placed = layer_to_wgs84(only_points, datum, raw.source, checked=True)
    if region is None:
        return Positions(placed, faults, [], {ADDRESS_ONLY: addresses})
    texts = np.array([f"{a:.6f},{b:.6f}" for a, b in zip(x, y, strict=True)], dtype=object)
    return Positions(placed, faults, _far(placed, region, texts), {ADDRESS_ONLY: addresses})


def _from_columns(raw: RawTable, found: Mapping[str, str], *, metres: bool) -> _Cells:
    """Read coordinates that stand in two columns."""
    x, axes_x, faults_x, remarks_x = _angles(raw, found["lon"], "lon", metres=metres)
    y, axes_y, faults_y, remarks_y = _angles(raw, found["lat"], "lat", metres=metres)
    crossed = (axes_x == "lat") | (axes_y == "lon")
    return _Cells(x, y, crossed.astype(np.bool_), [*faults_x, *faults_y], [*remarks_x, *remarks_y])


def _angles(
    raw: RawTable, column: str, axis: Axis, *, metres: bool
) -> tuple[_Floats, Texts, list[Fault], list[Remark]]:
    texts = text_column(raw, column)
    values, left = plain_numbers(texts)
    axes, reasons, remarks = (np.full(len(texts), "", dtype=object) for _ in range(3))
    for row in left:
        values[row], axes[row], remarks[row], reasons[row] = parse_angle(texts[row], metres=metres)
    name = AXIS_NAMES[axis]
    faults = [(reasons == reason, f"{name} {reason}") for reason in dict.fromkeys(reasons[left]) if reason]
    faults.append((np.isnan(values) & (reasons == ""), f"{name} is blank"))
    return values, axes, faults, _remarks_of(remarks, axis, texts)


def _remarks_of(remarks: Texts, column: str, given: Texts) -> list[Remark]:
    return [Remark(remarks == text, column, given, text) for text in dict.fromkeys(remarks) if text]


def _from_pairs(raw: RawTable, column: str, metric: CRS | None, region: Region | None) -> _Cells:
    """Read coordinates that stand in one column, the longitude first unless most rows say otherwise.

    Where most rows are possible only with the latitude first, all are read so, and say so.
    """
    texts = text_column(raw, column)
    read = {text: parse_pair(text, metres=metric is not None) for text in set(texts) if text}
    pairs = [read.get(text) for text in texts]
    x = np.array([np.nan if pair is None else pair.first for pair in pairs])
    y = np.array([np.nan if pair is None else pair.second for pair in pairs])
    named = np.array([pair is not None and pair.named for pair in pairs], dtype=np.bool_)
    reasons = np.array(["the position is blank" if pair is None else pair.reason for pair in pairs], dtype=object)
    remarks = np.array(["" if pair is None else pair.remark for pair in pairs], dtype=object)
    swapped = (exchanged(x, y, region) if metric is None else exchanged_metres(x, y, metric, region)) & ~named
    free = ~named & np.isfinite(x)
    crossed = np.zeros(len(texts), dtype=np.bool_)
    if swapped.sum() * 2 > free.sum():
        x, y = np.where(free, y, x), np.where(free, x, y)
        # those that make sense only the other way round are refused as exchanged when the ranges are checked
        remarks[free] = "the latitude stands first, read so"
    faults = [(reasons == reason, reason) for reason in dict.fromkeys(reasons) if reason]
    return _Cells(x, y, crossed, faults, _remarks_of(remarks, "position", texts))


def _either(columns: _Cells | None, pairs: _Cells) -> _Cells:
    """Take the two columns where they are filled, else the pair."""
    if columns is None:
        return pairs
    use = np.isnan(columns.x) & np.isnan(columns.y) & np.isfinite(pairs.x) & np.isfinite(pairs.y)
    return _Cells(
        np.where(use, pairs.x, columns.x),
        np.where(use, pairs.y, columns.y),
        columns.crossed & ~use,
        [(rows & ~use, reason) for rows, reason in columns.faults],
        [*columns.remarks, *(remark._replace(rows=remark.rows & use) for remark in pairs.remarks)],
    )


def _only_addresses(raw: RawTable, found: Mapping[str, str], missing: Mask) -> Texts:
    """Return the addresses of the rows without any coordinate, "" for the others."""
    texts = np.full(len(missing), "", dtype=object)
    for name in ("position", "address"):
        if name in found:
            column = text_column(raw, found[name])
            for row in np.flatnonzero(missing):
                texts[row] = column[row] if _is_address(column[row]) else texts[row]
    return texts


def _is_address(text: str) -> bool:
    """Tell words from coordinates, and from signs that stand for nothing."""
    said = plain(text).casefold()
    letters = sum(sign.isalpha() for sign in said)
    return letters > 1 and said not in NOTHING and parse_pair(text).reason == NO_PAIR


def _as_given(raw: RawTable, found: Mapping[str, str]) -> Texts:
    names = [name for name in ("lon", "lat") if "lon" in found and "lat" in found] or ["position"]
    columns = [text_column(raw, found[name]) for name in names]
    return np.array([",".join(row) for row in zip(*columns, strict=True)], dtype=object)


def _far(points: gpd.GeoSeries, region: Region, given: Texts) -> list[Remark]:
    """Say which points lie far from the study area."""
    degrees = points.to_crs(4326) if points.crs is not None and points.crs.is_projected else points
    x, y = degrees.x.to_numpy(dtype=np.float64), degrees.y.to_numpy(dtype=np.float64)
    placed = np.isfinite(x) & np.isfinite(y)
    far = placed & ~inside(x, y, region)
    in_china = bool(inside(np.array([region.west, region.east]), np.array([region.south, region.north]), CHINA).all())
    abroad = far & ~inside(x, y, CHINA) if in_china else np.zeros_like(far)
    return [
        Remark(abroad, "position", given, "outside China, where the study area is"),
        Remark(far & ~abroad, "position", given, "more than 100 km from the study area"),
    ]
