"""Longitudes and latitudes as people write them: decimals, degrees with minutes and seconds, pairs in one cell, WKT."""

import re
from typing import Literal, NamedTuple

import numpy as np
import shapely

from coverage_planner.sources.signs import NOTHING, plain

Axis = Literal["lon", "lat", ""]
AXIS_NAMES = {"lon": "longitude", "lat": "latitude"}

#: Words and letters that say which way an angle is counted -> axis and sign.
_SIDES: dict[str, tuple[Axis, int]] = {
    "e": ("lon", 1), "w": ("lon", -1), "n": ("lat", 1), "s": ("lat", -1),
    "东": ("lon", 1), "西": ("lon", -1), "北": ("lat", 1), "南": ("lat", -1),
    "东经": ("lon", 1), "西经": ("lon", -1), "北纬": ("lat", 1), "南纬": ("lat", -1),
    "经度": ("lon", 1), "纬度": ("lat", 1), "经": ("lon", 1), "纬": ("lat", 1),
    "lon": ("lon", 1), "lng": ("lon", 1), "longitude": ("lon", 1), "lat": ("lat", 1), "latitude": ("lat", 1),
    "x": ("lon", 1), "y": ("lat", 1),
}  # fmt: skip
_SIDE = "|".join(sorted(_SIDES, key=len, reverse=True))
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_ANGLE = re.compile(
    rf"(?P<before>{_SIDE})?\s*[:=]?\s*(?P<sign>[+-]?)\s*(?:"
    rf"(?P<degrees>{_NUMBER})\s*°?"
    rf"|(?P<d>\d+)\s*(?:°|d|deg|:|-|\s)\s*(?P<m>{_NUMBER})\s*(?:'|m|min)?"
    rf"|(?P<d3>\d+)\s*(?:°|d|deg|:|-|\s)\s*(?P<m3>\d+)\s*(?:'|m|min|:|-|\s)\s*(?P<s3>{_NUMBER})\s*(?:\"|''|s|sec)?"
    rf")\s*(?P<after>{_SIDE})?"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|[+-]?\d{1,3}(?:,\d{3})+\.\d+")
_THOUSANDS_OF_METRES = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"([+-]?\d+),(\d+)(°?)")
_ANGLE_SIGNS = str.maketrans({"分": "'", "秒": '"'})
_WELL_KNOWN = re.compile(
    r"\s*(?:SRID\s*=\s*\d+\s*;\s*)?(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION", re.IGNORECASE
)
#: The usual spelling, without any doubt.
_PLAIN_PAIR = re.compile(r"\s*([+-]?[0-9]+\.[0-9]+)\s*,\s*([+-]?[0-9]+\.[0-9]+)\s*")
_HEX = re.compile(r"(?:00|01)[0-9A-Fa-f]{40,}")
_BRACKETS = re.compile(r"[()\[\]{}<>【】《》〔〕]")


class Angle(NamedTuple):
    """A cell read as an angle: NaN where it is none; the axis where the cell says it; a remark; a reason."""

    value: float
    axis: Axis = ""
    remark: str = ""
    reason: str = ""


_NO_ANGLE = Angle(float("nan"), reason="is not a number of degrees")


def parse_angle(text: str, *, metres: bool = False) -> Angle:
    """Read a filled cell as a longitude or latitude in degrees, or a coordinate in metres.

    Decimals with or without °, E/W/N/S or 东经/北纬 before or behind; degrees, minutes and seconds in signs
    (114°18′30.5″), characters (114度18分30.5秒) or separated by spaces, colons or hyphens; full-width digits; thousands
    separators.

    Parameters
    ----------
    text
        The cell; "" is not expected.
    metres
        A comma separates thousands also where it could be a decimal comma.

    Returns
    -------
    Angle
        Positive to the east and north. A reason goes behind the name of the column.
    """
    said = re.sub("(?<![经纬])度", "°", plain(text).casefold().removeprefix("'")).translate(_ANGLE_SIGNS)
    remark = "" if text.isascii() else "full-width or typographic signs read as plain ones"
    if (_THOUSANDS_OF_METRES if metres else _THOUSANDS).fullmatch(said):
        return Angle(float(said.replace(",", "")), remark="thousands separators left out")
    if comma := _DECIMAL_COMMA.fullmatch(said):
        said, remark = f"{comma[1]}.{comma[2]}{comma[3]}", "comma read as a decimal point"
    found = _ANGLE.fullmatch(said)
    if found is None:
        return Angle(float("nan"), remark="") if said in NOTHING else _NO_ANGLE
    sides = {_SIDES[found[name]] for name in ("before", "after") if found[name]}
    signs = {sign for _, sign in sides}
    if len({axis for axis, _ in sides}) > 1 or (found["sign"] and -1 in signs):
        return Angle(float("nan"), reason="says two directions")
    sign = -1.0 if found["sign"] == "-" or -1 in signs else 1.0
    axis: Axis = next(iter(sides))[0] if sides else ""
    if found["degrees"]:
        return Angle(sign * float(found["degrees"]), axis, remark)
    degrees, minutes = float(found["d"] or found["d3"]), float(found["m"] or found["m3"])
    seconds = float(found["s3"] or 0.0)
    if minutes > 60 or seconds > 60:  # noqa: PLR2004 - 59.996″ is often written as 60.00″
        return Angle(float("nan"), reason="has more than 60 minutes or seconds")
    return Angle(
        sign * (degrees + minutes / 60 + seconds / 3600), axis, "degrees, minutes and seconds made decimal degrees"
    )


class Pair(NamedTuple):
    """A cell read as two coordinates in the order of the cell, or of the axes where it says them."""

    first: float
    second: float
    named: bool = False
    remark: str = ""
    reason: str = ""


_NAN = float("nan")
NO_PAIR = "the position is not a pair of longitude and latitude"


def parse_pair(text: str, *, metres: bool = False) -> Pair:
    """Read a filled cell as a position: 'lng,lat' or 'lat,lng', WKT or its hexadecimal form.

    Parameters
    ----------
    text
        The cell; "" is not expected.
    metres
        As for `parse_angle`.

    Returns
    -------
    Pair
        ``named`` where the cell itself says which is the longitude (E, 东经, lng:, WKT): then that comes first.
    """
    if simple := _PLAIN_PAIR.fullmatch(text):
        return Pair(float(simple[1]), float(simple[2]))
    if _WELL_KNOWN.match(text) or _HEX.fullmatch(text.strip()):
        return _well_known(text.strip())
    return _two_angles(text, metres=metres)


def _two_angles(text: str, *, metres: bool) -> Pair:
    said = _BRACKETS.sub(" ", plain(text)).strip().casefold()
    parts = _halves(said)
    if parts is None:
        return Pair(_NAN, _NAN, reason=NO_PAIR)
    first, second = parse_angle(parts[0], metres=metres), parse_angle(parts[1], metres=metres)
    reason = first.reason or second.reason
    if reason or not np.isfinite([first.value, second.value]).all():
        return Pair(
            _NAN, _NAN, reason=NO_PAIR if not reason or reason == _NO_ANGLE.reason else f"the position {reason}"
        )
    if first.axis and first.axis == second.axis:
        return Pair(_NAN, _NAN, reason="the position says two directions")
    remark = first.remark or second.remark
    if not remark and not text.isascii():
        remark = "full-width or typographic signs read as plain ones"
    if first.axis == "lat" or second.axis == "lon":
        return Pair(second.value, first.value, named=True, remark=remark)
    return Pair(first.value, second.value, named=bool(first.axis or second.axis), remark=remark)


def _halves(said: str) -> tuple[str, str] | None:
    """Cut a cell into its two coordinates."""
    for separator in (r"\s*[;、|/]\s*", r"\s*,\s*"):
        parts = [part for part in re.split(separator, said.strip(",; ")) if part]
        if len(parts) == 2:  # noqa: PLR2004 - two coordinates
            return parts[0], parts[1]
    words = said.split()
    if len(words) in (2, 4, 6):
        middle = len(words) // 2
        return " ".join(words[:middle]), " ".join(words[middle:])
    # 东经114.3°北纬30.6°, 114.3E30.6N
    cut = re.fullmatch(rf"((?:{_SIDE})[^a-z\u4e00-\u9fff]+)((?:{_SIDE}).+)|(.+?(?:[ewns东西南北]))(.+)", said)
    if cut is None:
        return None
    return (cut[1], cut[2]) if cut[1] else (cut[3], cut[4])


def _well_known(text: str) -> Pair:
    """Read well-known text or its hexadecimal binary form."""
    try:
        geometry = shapely.from_wkb(text) if _HEX.fullmatch(text) else shapely.from_wkt(text.partition(";")[2] or text)
    except shapely.errors.GEOSException:
        return Pair(_NAN, _NAN, reason="the WKT is broken")
    parts = shapely.get_parts(geometry)
    if geometry.geom_type not in ("Point", "MultiPoint") or len(parts) > 1:
        return Pair(_NAN, _NAN, reason="the geometry is not a point")
    if not len(parts) or parts[0].is_empty:
        return Pair(_NAN, _NAN, reason="the geometry is missing")
    return Pair(float(shapely.get_x(parts[0])), float(shapely.get_y(parts[0])))
