"""GCJ-02 and BD-09 positions to WGS 84 and back.

Online maps of mainland China do not publish WGS 84: Amap and Tencent shift every position by some 300 to 600 m
(GCJ-02), Baidu shifts that once more (BD-09). The shift is not a map projection and PROJ does not know it. The packages
on PyPI that do convert one position at a time, mostly with inverses good to a metre or so; the best of them has no
wheels for Windows (docs/methods-datum.md judges it). So these few lines are our own: over whole arrays, with inverses
that are exact to well under a millimetre.

CGCS2000 differs from WGS 84 by less than a tenth of a metre, far below the accuracy of any street, and is taken as
equal to it.

Where the shift applies
-----------------------
The public algorithm shifts by rectangle (72.004 to 137.8347 E, 0.8293 to 55.8271 N), not by border, and so does this
module: positions in Hong Kong, Macao and Taiwan (and in neighbouring countries inside the rectangle) that are declared
as GCJ-02 or BD-09 are shifted like all others. Map services do not agree on what they publish there; data that are
not shifted must be declared as WGS 84. Outside the rectangle nothing is shifted under any datum. Within a few hundred
metres of the rectangle's edge, which lies abroad or at sea, the way back is ambiguous.

Sources
-------
The formula of GCJ-02 became public with a C# program of 2010 ("EvilTransform") and has been published in many
languages since; ellipsoid of Krasovsky 1940. The formula of BD-09 likewise. The tests hold values published by, and
computed with, independent implementations.
"""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coverage_planner.errors import DatumError

#: Datums of longitudes and latitudes: GPS and OpenStreetMap; China's national system; Amap, Tencent; Baidu.
Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
DATUMS: tuple[Datum, ...] = get_args(Datum)

_Floats = NDArray[np.float64]
_Shift = Callable[[_Floats, _Floats], tuple[_Floats, _Floats]]

_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_KRASOVSKY_A_M = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323
_BD09_FREQUENCY = np.pi * 3000.0 / 180.0
_TOLERANCE_DEG = 1e-9


def check_datum(datum: str, what: str) -> Datum:
    """Return `datum` if it is one of `DATUMS`.

    Parameters
    ----------
    datum
        The name given.
    what
        Which input it was given for, for the message.

    Raises
    ------
    DatumError
        There is no such datum.
    """
    if datum not in DATUMS:
        raise DatumError(
            f"the datum of {what} must be one of {', '.join(DATUMS)}, got {datum!r}; declare 'gcj02' for Amap and "
            "Tencent, 'bd09' for Baidu, 'wgs84' for GPS and OpenStreetMap"
        )
    return datum


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> tuple[_Floats, _Floats]:
    """Convert longitudes and latitudes of a datum to WGS 84.

    Parameters
    ----------
    lon, lat
        Degrees, arrays of one shape.
    datum
        What the values are given in.

    Returns
    -------
    tuple of arrays
        Longitude and latitude in WGS 84, degrees, float64, new arrays of the same shape. Positions outside the
        rectangle of the algorithm, and NaN, come back as they are.

    Raises
    ------
    DatumError
        There is no such datum.

    Notes
    -----
    The shifts have no closed inverse. Each is found by fixed-point iteration, ``p <- q - shift(p)``, until no value
    moves by 1e-9 degree (0.1 mm) or more; each step shrinks the error at least twentyfold, so that few are needed.
    """
    x, y = _as_floats(lon, lat)
    if check_datum(datum, "longitudes and latitudes") in ("wgs84", "cgcs2000"):
        return x, y
    inside = _in_rectangle(x, y)
    east, north = x[inside], y[inside]
    if datum == "bd09":
        east, north = _invert(_bd09_shift, east, north)
    x[inside], y[inside] = _invert(_gcj02_shift, east, north)
    return x, y


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> tuple[_Floats, _Floats]:
    """Convert WGS 84 longitudes and latitudes to a datum.

    Parameters
    ----------
    lon, lat
        Degrees in WGS 84, arrays of one shape.
    datum
        What to convert to.

    Returns
    -------
    tuple of arrays
        Longitude and latitude in `datum`, degrees, float64, new arrays of the same shape. Positions outside the
        rectangle of the algorithm, and NaN, come back as they are.

    Raises
    ------
    DatumError
        There is no such datum.
    """
    x, y = _as_floats(lon, lat)
    if check_datum(datum, "longitudes and latitudes") in ("wgs84", "cgcs2000"):
        return x, y
    inside = _in_rectangle(x, y)
    for shift in (_gcj02_shift, _bd09_shift)[: 2 if datum == "bd09" else 1]:
        east, north = shift(x[inside], y[inside])
        x[inside] += east
        y[inside] += north
    return x, y


def _as_floats(lon: ArrayLike, lat: ArrayLike) -> tuple[_Floats, _Floats]:
    return np.array(lon, dtype=np.float64), np.array(lat, dtype=np.float64)


def _in_rectangle(lon: _Floats, lat: _Floats) -> NDArray[np.bool_]:
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def _invert(shift: _Shift, lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """Find the positions that `shift` moves to (lon, lat)."""
    east, north = lon, lat
    while True:
        d_lon, d_lat = shift(east, north)
        moved = np.maximum(np.abs(lon - d_lon - east), np.abs(lat - d_lat - north))
        east, north = lon - d_lon, lat - d_lat
        if not (moved >= _TOLERANCE_DEG).any():
            return east, north


def _gcj02_shift(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """Degrees by which GCJ-02 moves WGS 84 positions: a polynomial and waves in metres, over the ellipsoid's radii."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    waves_x = 20.0 * _wave(x, 1) + 40.0 * _wave(x, 3) + 150.0 * _wave(x, 12) + 300.0 * _wave(x, 30)
    waves_y = 20.0 * _wave(y, 1) + 40.0 * _wave(y, 3) + 160.0 * _wave(y, 12) + 320.0 * _wave(y, 30)
    east_m = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + (ripple + waves_x) * 2.0 / 3.0
    north_m = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + (ripple + waves_y) * 2.0 / 3.0
    phi = np.radians(lat)
    flattening = 1.0 - _KRASOVSKY_E2 * np.sin(phi) ** 2
    meridian_radius_m = _KRASOVSKY_A_M * (1.0 - _KRASOVSKY_E2) / flattening**1.5
    normal_radius_m = _KRASOVSKY_A_M / np.sqrt(flattening)
    return np.degrees(east_m / (normal_radius_m * np.cos(phi))), np.degrees(north_m / meridian_radius_m)


def _wave(degrees: _Floats, half_period: int) -> _Floats:
    return np.sin(np.pi * degrees / half_period)


def _bd09_shift(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """Degrees by which BD-09 moves GCJ-02 positions: polar coordinates about (0, 0), waved and moved by a constant."""
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_FREQUENCY)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_FREQUENCY)
    return radius * np.cos(angle) + 0.0065 - lon, radius * np.sin(angle) + 0.006 - lat
