"""Colours and sizes of maps: few, and told apart by lightness too, so that they survive colour blindness and print.

Blue means minutes to a station, green the covered share of a community, vermilion people without a station, black
people whom no station serves at a moment, purple a proposed site, grey everything that only helps to find one's way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Near and far end of the time bands.
BAND_ENDS = ("#12407a", "#b5d7ee")
#: Low and high end of a community's covered share; grey where nobody works there.
SHARE_ENDS = ("#f1ead2", "#11644f")
SHARE_UNKNOWN = "#dddddd"
#: Upper ends of the share classes.
SHARE_CLASSES = (0.2, 0.4, 0.6, 0.8, 1.0)

GAP = "#c8501e"
GAP_TODAY = "#7d4a35"
GAP_AT = "#1f1f1f"
STATION = "#14304f"
HUB_LINK = "#14304f"
SITE = "#8a2a78"
CANDIDATE = "#77736b"
STUDY_AREA = "#4a4a4a"
STREET = "#8f8b84"
#: What a change brings, takes and leaves: told apart by lightness, and on the map by line style too.
GAINED = "#0b4f8f"
LOST = "#d9622b"
KEPT = "#9fadba"
#: Marks of stations that are closed at the hour looked at or lack the service, and the way to the nearest station.
CLOSED = "#77736b"
WAY = "#8a2a78"
#: Streets by their nearest station: neighbours take turns. Okabe & Ito (2008), Color Universal Design, darkened where
#: too light for a thin line.
NEAREST = ("#0072b2", "#d55e00", "#009e73", "#b06a9b", "#8c6d00", "#3f8fc0", "#4a4a4a", "#a33b20")
WATER = "#ccdfe6"
RAILWAY = "#a5a09a"
WALL = "#b9b0a6"

BAND_OPACITY = 0.55
SHARE_OPACITY = 0.75
REACHED_WEIGHT = 2.6


@dataclass(frozen=True)
class StreetClass:
    """Streets drawn alike: their `highway` values and line width in pixels at zoom 14."""

    name: str
    highways: frozenset[str]
    weight: float
    opacity: float


#: From wide to narrow; streets of any other class are drawn like the last.
STREET_CLASSES = (
    StreetClass(
        "arterial",
        frozenset({"motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link"}),
        weight=2.2,
        opacity=0.75,
    ),
    StreetClass("secondary", frozenset({"secondary", "secondary_link"}), weight=1.7, opacity=0.7),
    StreetClass("tertiary", frozenset({"tertiary", "tertiary_link"}), weight=1.3, opacity=0.65),
    StreetClass("local", frozenset({"residential", "living_street", "unclassified", "road"}), weight=0.9, opacity=0.6),
    StreetClass("quiet", frozenset(), weight=0.6, opacity=0.55),
)


def ramp(ends: tuple[str, str], count: int) -> list[str]:
    """Return colours evenly spaced between two ends.

    Parameters
    ----------
    ends
        Two colours as ``#rrggbb``.
    count
        How many; one colour is the first end.

    Returns
    -------
    list of str
        ``#rrggbb``, the first and the last equal to `ends`.
    """
    first, last = (_channels(end) for end in ends)
    colours = []
    for i in range(count):
        part = i / (count - 1) if count > 1 else 0.0
        mixed = [round(a + (b - a) * part) for a, b in zip(first, last, strict=True)]
        colours.append("#" + "".join(f"{value:02x}" for value in mixed))
    return colours


def _channels(colour: str) -> Sequence[int]:
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, 0 (black) to 1 (white).

    Source: Web Content Accessibility Guidelines 2.2, definition of relative luminance.
    """
    linear = []
    for value in _channels(colour):
        part = value / 255
        linear.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - sRGB
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def street_class(highway: object) -> int:
    """Return the number of a street's class; the last for values that are missing or in no class."""
    last = len(STREET_CLASSES) - 1
    return next((i for i, kind in enumerate(STREET_CLASSES) if highway in kind.highways), last)
