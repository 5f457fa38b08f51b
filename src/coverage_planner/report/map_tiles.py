"""Online base maps that a page can show under its own streets: off at first, nothing is asked until one is chosen."""

import string
from typing import Any

from coverage_planner.errors import ConfigError

#: What an address of tiles must hold.
_PLACES = ("{z}", "{x}", "{y}")
#: A key is written by Tianditu as 32 hexadecimal digits; others are let through, but nothing that changes the address.
_KEY_SIGNS = frozenset(string.ascii_letters + string.digits + "-_")
_MOST_ZOOM = 20

_TIANDITU = (
    "https://t{{s}}.tianditu.gov.cn/{layer}_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER={layer}"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={{z}}&TILEROW={{y}}&TILECOL={{x}}&tk={key}"
)


def base_maps(
    *,
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    tianditu_key: str | None = None,
    osm: bool = False,
) -> list[dict[str, Any]]:
    """Return the base maps that a page offers.

    Parameters
    ----------
    tiles
        URL template of tiles in Web Mercator (``…/{z}/{x}/{y}.png``).
    tiles_attribution
        Whom to name for them, as plain text.
    tianditu_key
        A key (tk) of Tianditu (天地图): its vector map and its names, whose datum CGCS2000 is that of our coordinates.
        The key stands in the page, for everybody who gets the file.
    osm
        Whether to offer OpenStreetMap's standard tiles, whose owners ask for light use.

    Returns
    -------
    list of dict
        ``name`` (``zh`` and ``en``), ``url``, ``labels`` (a second layer over it, or None), ``attribution``,
        ``subdomains`` (signs that ``{s}`` stands for) and ``maxZoom``.

    Raises
    ------
    ConfigError
        The template has not the three places, or tiles have no owner; the key is no key.
    """
    layers = []
    if tianditu_key is not None:
        key = check_tianditu_key(tianditu_key, "tianditu_key")
        layers.append(
            {
                "name": {"zh": "天地图", "en": "Tianditu"},
                "url": _TIANDITU.format(layer="vec", key=key),
                "labels": _TIANDITU.format(layer="cva", key=key),
                "attribution": "天地图 © 国家地理信息公共服务平台",
                "subdomains": "01234567",
                "maxZoom": 18,
            }
        )
    if osm:
        layers.append(
            {
                "name": {"zh": "OpenStreetMap", "en": "OpenStreetMap"},
                "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
                "labels": None,
                "attribution": "© OpenStreetMap contributors",
                "subdomains": "",
                "maxZoom": 19,
            }
        )
    if tiles is not None:
        layers.append(
            {
                "name": {"zh": "在线底图", "en": "Online base map"},
                "url": check_template(tiles, "tiles"),
                "labels": None,
                "attribution": tiles_attribution or "",
                "subdomains": "abc",
                "maxZoom": _MOST_ZOOM,
            }
        )
    return layers


def check_template(url: str, where: str) -> str:
    """Return an address of tiles if it is one.

    Raises
    ------
    ConfigError
        It does not hold {z}, {x} and {y}, or does not begin with https:// or http://.
    """
    lacking = [place for place in _PLACES if place not in url]
    if lacking or not url.startswith(("https://", "http://")):
        raise ConfigError(
            f"{where} must be an https:// or http:// address with {{z}}, {{x}} and {{y}}, got {url!r}; "
            "for example 'https://tiles.example.org/{z}/{x}/{y}.png'"
        )
    return url


def check_tianditu_key(key: str, where: str) -> str:
    """Return a key if it can be one.

    Raises
    ------
    ConfigError
        It is blank or holds other signs than letters, digits, - and _.
    """
    if not key or not _KEY_SIGNS.issuperset(key):
        raise ConfigError(
            f"{where} must be a key (tk) of Tianditu, letters and digits alone, got {key!r}; apply for one at the "
            "console of tianditu.gov.cn, or leave it out"
        )
    return key
