"""Which coordinates make sense: degrees and metres, exchanged ones, the CRS that a file says or is said to have."""

import warnings
from functools import lru_cache
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from coverage_planner.errors import CrsError, DatumError, InputError
from coverage_planner.schema import require_metric
from coverage_planner.sources.cells import Mask
from coverage_planner.sources.datum import Datum, to_wgs84
from coverage_planner.sources.raw_tables import Fault

_Floats = NDArray[np.float64]


class Region(NamedTuple):
    """A rectangle in degrees."""

    west: float
    south: float
    east: float
    north: float


CHINA = Region(73.0, 3.0, 136.0, 54.0)
#: How far from the study area's rectangle a position may lie before something is said: about 100 km.
_NEAR_DEG = 1.0
#: How far outside the area where a CRS is used its coordinates still make sense: cities keep to one zone.
_BESIDE_LON_DEG, _BESIDE_LAT_DEG = 8.0, 4.0
#: Larger than any angle, smaller than coordinates in metres of any place that is not at their origin.
_METRES = 1000.0
_ADVICE = " (for x and y in metres say source_crs)"


def region_of(study_area: gpd.GeoDataFrame | None) -> Region | None:
    """Return the rectangle of a study area in degrees, about 100 km wider on each side."""
    if study_area is None:
        return None
    west, south, east, north = study_area.to_crs(4326).total_bounds
    return Region(west - _NEAR_DEG, south - _NEAR_DEG, east + _NEAR_DEG, north + _NEAR_DEG)


def inside(lon: _Floats, lat: _Floats, region: Region) -> Mask:
    """Return which positions lie in a rectangle."""
    mask: Mask = (lon >= region.west) & (lon <= region.east) & (lat >= region.south) & (lat <= region.north)
    return mask


# --- degrees ---


def exchanged(lon: _Floats, lat: _Floats, region: Region | None = None) -> Mask:
    """Return which positions make sense only with longitude and latitude exchanged.

    That is so when the latitude is beyond 90 and the longitude is not, when the pair is a place in China the wrong way
    round, or when it lies in the region only so. Latitudes from 73 to 90 count only with longitudes of western China's
    latitudes (27 to 54), so that Svalbard stays where it is.
    """
    beyond = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)  # noqa: PLR2004 - degrees
    western_china = (lat >= 73) & (lat <= 90) & (lon >= 27) & (lon <= 54)  # noqa: PLR2004 - degrees
    swapped: Mask = beyond | western_china
    if region is not None:
        swapped = ~inside(lon, lat, region) & (swapped | inside(lat, lon, region))
    return swapped


def check_not_swapped(
    lon: _Floats,
    lat: _Floats,
    source: str,
    *,
    swapped: Mask | None = None,
    advice: str = "rename the columns, or exchange the coordinates of the layer",
) -> None:
    """Raise InputError when most positions make sense only with longitude and latitude exchanged."""
    known = np.isfinite(lon) & np.isfinite(lat)
    swapped = known & (exchanged(lon, lat) if swapped is None else swapped)
    if swapped.sum() * 2 > known.sum():
        first = int(np.flatnonzero(swapped)[0])
        raise InputError(
            f"{source} must give longitude and latitude each in its own column; the longitude and latitude columns "
            f"look swapped: {int(swapped.sum())} of {int(known.sum())} rows, the first with longitude {lon[first]:g} "
            f"and latitude {lat[first]:g}; {advice}"
        )


def range_faults(lon: _Floats, lat: _Floats) -> list[Fault]:
    """Return the rows whose longitude or latitude is no angle on the globe."""
    return [
        (np.abs(lon) > 180, f"longitude is outside -180 to 180{_ADVICE}"),  # noqa: PLR2004 - degrees
        (np.abs(lat) > 90, f"latitude is outside -90 to 90{_ADVICE}"),  # noqa: PLR2004 - degrees
    ]


def check_not_metres(x: _Floats, y: _Floats, source: str, region: Region | None) -> None:
    """Raise InputError when most positions are metres where degrees are expected."""
    known = np.isfinite(x) & np.isfinite(y)
    metres = known & (np.abs(x) > _METRES) & (np.abs(y) > _METRES)
    if metres.sum() * 2 > known.sum():
        first = int(np.flatnonzero(metres)[0])
        raise InputError(
            f"{source} must give longitude and latitude in degrees, got what look like metres in {int(metres.sum())} "
            f"of {int(known.sum())} rows, the first with {x[first]:.12g} and {y[first]:.12g}; "
            f"{_likely_meaning(x[metres], y[metres], region)}"
        )


# --- metres ---


@lru_cache(maxsize=32)
def _to_degrees(crs: CRS) -> Transformer:
    return Transformer.from_crs(crs, 4326, always_xy=True)


def _degrees_of(x: _Floats, y: _Floats, crs: CRS) -> tuple[_Floats, _Floats]:
    lon, lat = _to_degrees(crs).transform(x, y)
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _used_in(crs: CRS) -> Region:
    """Return where a CRS is used, generously."""
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return Region(-180.0, -90.0, 180.0, 90.0)
    return Region(
        area.west - _BESIDE_LON_DEG, area.south - _BESIDE_LAT_DEG, area.east + _BESIDE_LON_DEG,
        area.north + _BESIDE_LAT_DEG,
    )  # fmt: skip


def _sensible(x: _Floats, y: _Floats, crs: CRS, region: Region | None) -> tuple[Mask, Mask]:
    """Return which coordinates lie where the CRS is used, and which in the region (all where there is none)."""
    lon, lat = _degrees_of(x, y, crs)
    used = np.isfinite(lon) & np.isfinite(lat) & inside(lon, lat, _used_in(crs))
    return used, np.ones_like(used) if region is None else used & inside(lon, lat, region)


def exchanged_metres(x: _Floats, y: _Floats, crs: CRS, region: Region | None) -> Mask:
    """Return which coordinates make sense only with x and y exchanged, as surveyors write them (X to the north)."""
    used, near = _sensible(x, y, crs, region)
    used_so, near_so = _sensible(y, x, crs, region)
    swapped: Mask = (~used & used_so) | (~near & near_so)
    return swapped


def check_metres(x: _Floats, y: _Floats, crs: CRS, source: str, region: Region | None, advice: str) -> list[Fault]:
    """Return the rows whose x and y are exchanged or outside the area where a CRS is used.

    Raises
    ------
    InputError
        That is so for most rows: x and y are exchanged, or the CRS is another.
    """
    known = np.isfinite(x) & np.isfinite(y)
    swapped = known & exchanged_metres(x, y, crs, region)
    name = crs.to_string()
    if swapped.sum() * 2 > known.sum():
        first = int(np.flatnonzero(swapped)[0])
        raise InputError(
            f"x of {source} must count to the east and y to the north, but they look exchanged, as surveyors write "
            f"them: {int(swapped.sum())} of {int(known.sum())} rows, the first with x {x[first]:.12g} and y "
            f"{y[first]:.12g} in {name}; {advice}"
        )
    outside = known & ~swapped & ~((x == 0) & (y == 0)) & ~_sensible(x, y, crs, None)[0]
    if outside.sum() * 2 > known.sum():
        first = int(np.flatnonzero(outside)[0])
        raise InputError(
            f"x and y of {source} must lie where {name} is used, but {int(outside.sum())} of {int(known.sum())} rows "
            f"do not, the first with x {x[first]:.12g} and y {y[first]:.12g}; correct source_crs: "
            f"{_likely_crs(x[outside], y[outside], region)}"
        )
    return [
        (swapped, "x and y look exchanged"),
        (outside, "x and y lie outside the area where source_crs is used"),
    ]


def _likely_meaning(x: _Floats, y: _Floats, region: Region | None) -> str:
    """Say whether large numbers would be degrees times a power of ten, or in which CRS they would be metres."""
    whole = bool((x == np.round(x)).all() and (y == np.round(y)).all())
    for factor in (100_000, 1_000_000, 10_000_000) if whole else ():
        if inside(np.array([np.median(x) / factor]), np.array([np.median(y) / factor]), region or CHINA).all():
            return f"they would be degrees if divided by {factor:,}: divide them"
    return f"say which CRS they are in: {_likely_crs(x, y, region)}"


def _likely_crs(x: _Floats, y: _Floats, region: Region | None) -> str:
    """Say in which CRS coordinates in metres would lie in the region, or in China where there is none."""
    middle = np.array([np.median(x)]), np.array([np.median(y)])
    east = max(abs(float(middle[0][0])), abs(float(middle[1][0])))
    zone = int(east // 1_000_000)
    codes: list[int] = []
    if 25 <= zone <= 45:  # noqa: PLR2004 - the zones of three degrees in China
        codes = [4513 + zone - 25]
    elif 13 <= zone <= 23:  # noqa: PLR2004 - the zones of six degrees in China
        codes = [4491 + zone - 13, 3857]
    elif region is not None:
        meridian = round((region.west + region.east) / 6) * 3
        utm = 32600 + int(((region.west + region.east) / 2 + 180) // 6) + 1
        codes = [4534 + (meridian - 75) // 3, utm, 3857] if 75 <= meridian <= 135 else [utm, 3857]  # noqa: PLR2004
    elif zone >= 8:  # noqa: PLR2004 - the west of China in Web Mercator
        codes = [3857]
    fitting: list[str] = []
    for code in codes:
        crs = CRS.from_epsg(code)
        for (a, b), how in ((middle, ""), (middle[::-1], " with x and y exchanged")):
            if inside(*_degrees_of(a, b, crs), region or CHINA).all():
                fitting.append(f'source_crs = "EPSG:{code}" ({crs.name}) would fit{how}')
    if fitting:
        return " or ".join(dict.fromkeys(fitting))
    return 'for example source_crs = "EPSG:4547" (CGCS2000, 3-degree zone about 114 E); ask who made the file'


# --- what a file says ---


def known_crs(given: Any, source: str) -> CRS:
    """Return a CRS that a planner names.

    Raises
    ------
    CrsError
        PROJ does not know it, or it is neither projected in metres nor in degrees.
    """
    try:
        crs = CRS.from_user_input(given)
    except CRSError as error:
        raise CrsError(
            f"source_crs must be a CRS that PROJ knows, got {given!r} for {source}; give for example 'EPSG:4547'"
        ) from error
    if crs.is_projected:
        require_metric(gpd.GeoSeries([], crs=crs), f"source_crs of {source}")
    elif not crs.is_geographic:
        raise CrsError(
            f"source_crs must be projected or in longitude and latitude, got {crs.to_string()} for {source}; correct it"
        )
    return crs


def with_source_crs(geometry: gpd.GeoSeries, source_crs: Any, source: str) -> gpd.GeoSeries:
    """Return a layer's geometries with the CRS that it is said to have, where it says none itself.

    Raises
    ------
    CrsError
        `source_crs` is unknown, or another than the layer's own.
    """
    if source_crs is None:
        return geometry
    given = known_crs(source_crs, source)
    if geometry.crs is None:
        return geometry.set_crs(given)
    if geometry.crs != given:
        raise CrsError(
            f"source_crs must agree with the file, got {given.to_string()} for {source}, which says "
            f"{geometry.crs.to_string()}; leave source_crs out"
        )
    return geometry


def refuse_shifted(datum: Datum, crs: CRS, source: str) -> None:
    """Raise DatumError when a shifted datum is declared for coordinates in metres."""
    if datum in ("gcj02", "bd09"):
        raise DatumError(
            f"a layer with datum {datum!r} must be in longitude and latitude, got {source} in "
            f"{crs.to_string()}; give it as it came from the map service, not projected"
        )


def layer_to_wgs84(
    geometry: gpd.GeoSeries, datum: Datum, source: str, source_crs: Any = None, *, checked: bool = False
) -> gpd.GeoSeries:
    """Return a layer's geometries in two dimensions, longitudes and latitudes in WGS 84.

    A projected layer is left in its CRS.

    Parameters
    ----------
    geometry
        The geometries with the CRS that the file says.
    datum
        What longitudes and latitudes are given in.
    source
        File name, for messages.
    source_crs
        The CRS of a layer that says none.
    checked
        Longitudes and latitudes are known not to be exchanged.

    Warns
    -----
    UserWarning
        The CRS is on Beijing 1954 or Xi'an 1980, whose parameters are not public: PROJ only comes near.

    Raises
    ------
    CrsError
        The layer has no CRS; `source_crs` is unknown or another than the layer's own.
    DatumError
        A shifted datum is declared for a projected layer.
    InputError
        Longitude and latitude are exchanged.
    """
    geometry = with_source_crs(geometry, source_crs, source)
    if geometry.crs is None:
        raise CrsError(
            f"{source} must say its coordinate reference system, got none; save it anew with its CRS (a Shapefile "
            'keeps it in the .prj file), or say it: source_crs = "EPSG:4490" for CGCS2000 longitudes and latitudes'
        )
    _warn_of_old_datum(geometry.crs, source)
    flat = geometry.force_2d()
    if geometry.crs.is_projected:
        refuse_shifted(datum, geometry.crs, source)
        return flat
    if not checked:
        bounds = flat.bounds.to_numpy(dtype=np.float64)
        check_not_swapped(bounds[:, 0], bounds[:, 1], source)
    flat = _project(flat, 4326, source)
    if datum in ("wgs84", "cgcs2000"):
        return flat

    def unshift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    return gpd.GeoSeries(shapely.transform(flat.to_numpy(), unshift), index=flat.index, crs=4326)


def _warn_of_old_datum(crs: CRS, source: str) -> None:
    geodetic = crs.geodetic_crs
    name = "" if geodetic is None else geodetic.name
    if any(old in name.casefold() for old in ("beijing", "xian")):
        warnings.warn(
            f"{source} should be in CGCS2000 or WGS 84, got {name}, whose conversion is not public; its positions may "
            "lie some 100 m off; ask for the data in CGCS2000",
            stacklevel=4,
        )


def _project(geometry: gpd.GeoSeries, target: Any, source: str) -> gpd.GeoSeries:
    try:
        return geometry.to_crs(target)
    except ProjError as error:  # such as an ellipsoid of another planet in a .prj
        said = " ".join(str(error).split())
        raise CrsError(
            f"{source} must be in a CRS of the Earth that PROJ can convert, got {geometry.crs.name}: {said}; correct "
            "its .prj file, or remove it and say source_crs"
        ) from error


def to_metric(geometry: gpd.GeoSeries, crs: Any, source: str) -> gpd.GeoSeries:
    """Project geometries to `crs`, or to the UTM zone of their middle where it is None.

    Raises
    ------
    CrsError
        `crs` is unknown or not in metres, or no zone fits.
    """
    try:
        target = geometry.estimate_utm_crs() if crs is None else CRS.from_user_input(crs)
    except (CRSError, RuntimeError, ValueError) as error:
        raise CrsError(
            f"crs must be a projected CRS in metres that PROJ knows, got {crs!r} for {source}: {error}; "
            "give for example 'EPSG:32650'"
        ) from error
    projected = _project(geometry, target, source)
    require_metric(projected, source)
    return projected
