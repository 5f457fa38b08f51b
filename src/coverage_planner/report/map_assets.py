"""What a page with a coverage map carries: our scripts and styles in their order, and what the map must be told."""

from typing import Any, Final

from coverage_planner.report import styles
from coverage_planner.report.page_parts import asset
from coverage_planner.report.words import Language

#: All run in one script, each after those that it uses.
SCRIPTS: Final = (
    "shared.js",
    "map_arrays.js",
    "map_pieces.js",
    "map_nearest.js",
    "map_sweep.js",
    "map_answers.js",
    "map_engine.js",
    "map_colours.js",
    "map_streets.js",
    "map_datum.js",
    "map_text.js",
    "map_popups.js",
    "map_marks.js",
    "map_layers.js",
    "map_shading.js",
    "map_title.js",
    "map_controls.js",
    "map_time.js",
    "map_legend.js",
    "map_search.js",
    "map_click.js",
    "map_export.js",
    "map_print.js",
    "map_dialogs.js",
    "map_panel.js",
    "map_app.js",
)
STYLES: Final = ("map_app.css", "map_panel.css", "map_print.css")
#: Time bands that a map has colours for.
_MOST_BANDS: Final = 12
_PAGE_LANGUAGE: Final = {"zh": "zh-CN", "en": "en"}


def map_scripts() -> str:
    """Return the scripts of a coverage map; the page needs Leaflet before them."""
    return "".join(asset(name) for name in SCRIPTS)


def map_style() -> str:
    """Return the styles of a coverage map; the page needs Leaflet's before them."""
    return "".join(asset(name) for name in STYLES)


def map_options(language: Language, **more: Any) -> dict[str, Any]:
    """Return what ``coveragePlanner.open`` is told.

    Parameters
    ----------
    language
        'zh' or 'en'.
    **more
        Further options of the page, as docs/map-data.md lists them: ``group``, ``scenario``, ``compact``, …

    Returns
    -------
    dict
        Plain JSON: the language, and the colours and sizes of `styles`.
    """
    return {"language": language, "lang": _PAGE_LANGUAGE[language], "colours": _colours(), **more}


def _colours() -> dict[str, Any]:
    return {
        "bands": [styles.ramp(styles.BAND_ENDS, n) for n in range(1, _MOST_BANDS + 1)],
        "bandOpacity": styles.BAND_OPACITY,
        "shares": styles.ramp(styles.SHARE_ENDS, len(styles.SHARE_CLASSES)),
        "shareClasses": styles.SHARE_CLASSES,
        "shareUnknown": styles.SHARE_UNKNOWN,
        "shareOpacity": styles.SHARE_OPACITY,
        "nearest": styles.NEAREST,
        "gained": styles.GAINED,
        "lost": styles.LOST,
        "kept": styles.KEPT,
        "gap": styles.GAP,
        "gapToday": styles.GAP_TODAY,
        "gapAt": styles.GAP_AT,
        "station": styles.STATION,
        "closed": styles.CLOSED,
        "site": styles.SITE,
        "candidate": styles.CANDIDATE,
        "hubLink": styles.HUB_LINK,
        "way": styles.WAY,
        "studyArea": styles.STUDY_AREA,
        "street": styles.STREET,
        "water": styles.WATER,
        "railway": styles.RAILWAY,
        "wall": styles.WALL,
        "streetClasses": [{"weight": kind.weight, "opacity": kind.opacity} for kind in styles.STREET_CLASSES],
        "reachedWeight": styles.REACHED_WEIGHT,
    }
