"""A picture of what reading a road layer changed: the layer before and after, side by side, as one SVG text."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import InputError
from coverage_planner.report.words import Language, words
from coverage_planner.sources.road_cleaning import FINDINGS, RoadCleaning

_PANEL, _GAP, _TOP, _LINE = 560, 24, 84, 24
_WIDTH = 2 * _PANEL + 3 * _GAP
_MAIN, _OTHER = "#4d5b66", "#d95f02"
#: Finding -> colour and radius of its dots, or 0 for what is drawn as lines; others are only counted.
_MARKS: Final[Mapping[str, tuple[str, float]]] = {
    "duplicate": ("#e6ab02", 0.0),
    "overlap": ("#a6761d", 0.0),
    "dangling end": ("#e7298a", 1.6),
    "kept apart: bridge": ("#7570b3", 2.0),
    "kept apart: tunnel": ("#7570b3", 2.0),
    "kept apart: motorway": ("#7570b3", 2.0),
    "kept apart: layer": ("#7570b3", 2.0),
    "kept apart: itself": ("#7570b3", 2.0),
    "near end of another level": ("#000000", 2.4),
    "crossing": ("#1b7fb8", 2.2),
    "end on a line": ("#1b7fb8", 2.2),
    "joined end": ("#1b9e77", 2.6),
}
_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("道路图层整理：{source}", "Road layer cleaned: {source}"),
    "before": ("整理前：{count:,} 条线，{parts:,} 个互不连通的部分", "before: {count:,} lines in {parts:,} parts"),
    "after": ("整理后：{count:,} 段道路，{parts:,} 个互不连通的部分", "after: {count:,} segments in {parts:,} parts"),
    "main": ("最大的连通部分", "largest connected part"),
    "other": ("其他部分", "other parts"),
    "metres": ("{metres:,.0f} 米", "{metres:,.0f} m"),
    "row": ("{what}：{count:,}", "{what}: {count:,}"),
    "row_m": ("{what}：{count:,}（{metres:,.0f} 米）", "{what}: {count:,} ({metres:,.0f} m)"),
}
#: Findings as legends call them.
_FINDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "empty row": ("无法使用的行", "rows that cannot be used"),
    "duplicate": ("重复的线，已去除", "lines that repeat another, left out"),
    "overlap": ("与另一条线部分重叠，均保留", "pieces that run along another line, kept"),
    "crossing": ("平交处打断并连通", "crossings at grade, cut and joined"),
    "end on a line": ("端点在线上，已连通", "ends on a line, joined"),
    "joined end": ("差一点未接上的端点，已连接", "ends that stopped short, joined"),
    "kept apart: bridge": ("桥梁跨越，不连通", "bridges, kept apart"),
    "kept apart: tunnel": ("隧道穿越，不连通", "tunnels, kept apart"),
    "kept apart: motorway": ("高速公路无平交，不连通", "motorways, kept apart"),
    "kept apart: layer": ("不同层级，不连通", "other layers, kept apart"),
    "kept apart: itself": ("盘旋匝道自身交叉，不连通", "spiral ramps, kept apart"),
    "near end of another level": ("附近只有不同层级的端点，未连接", "ends near another level, not joined"),
    "dangling end": ("悬挂端点（断头）", "dangling ends"),
}


def draw_cleaning(cleaning: RoadCleaning, *, language: Language = "zh") -> str:
    """Draw a road layer before and after its cleaning.

    Parameters
    ----------
    cleaning
        As `read_roads` filled it.
    language
        'zh' or 'en'.

    Returns
    -------
    str
        An SVG document: no script, no link, no outside file; all texts escaped. Lines are simplified to half a pixel.

    Raises
    ------
    ConfigError
        Unknown language.
    InputError
        Nothing was read into `cleaning`.
    """
    words(language)
    before, after = cleaning.before, cleaning.after
    if before is None or after is None or not len(before) or not len(after):
        raise InputError(
            "the cleaning to draw must have been filled by read_roads(..., cleaning=cleaning), got an empty one; read "
            "a road layer with it first"
        )
    view = _View(after.total_bounds)
    both = (
        ("before", before, cleaning.before_main, cleaning.totals["lines"][0], "parts by shared vertices"),
        ("after", after, cleaning.after_main, cleaning.totals["segments"][0], "parts"),
    )
    body = [_text(_GAP, 34, _say("title", language, source=cleaning.source), size=20, weight="600")]
    for number, (name, lines, main, count, parts) in enumerate(both):
        x = _GAP + number * (_PANEL + _GAP)
        said = _say(name, language, count=count, parts=cleaning.totals[parts][0])
        marks = _marks(cleaning.changes, view) if name == "after" else ""
        body += [
            _text(x, _TOP - 14, said, size=14),
            f'<svg x="{x}" y="{_TOP}" width="{_PANEL}" height="{_PANEL}">',
            f'<rect width="{_PANEL}" height="{_PANEL}" fill="#fbfbf9" stroke="#c9ced2"/>',
            _streets(lines, main, view),
            f"{marks}</svg>",
        ]
    legend, height = _legend(cleaning, view, language)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'lang="{"zh-CN" if language == "zh" else "en"}" role="img" '
        "font-family=\"'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif\" fill=\"#23292e\">"
        f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(body)}{legend}</svg>\n'
    )


class _View:
    """Metres to pixels of a panel, north up."""

    def __init__(self, bounds: NDArray[np.float64]) -> None:
        west, south, east, north = bounds
        self.scale = (_PANEL - 24) / max(east - west, north - south, 1.0)
        self.left, self.top = (west + east) / 2, (south + north) / 2

    def pixels(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        x = (coordinates[:, 0] - self.left) * self.scale + _PANEL / 2
        y = (self.top - coordinates[:, 1]) * self.scale + _PANEL / 2
        return np.round(np.column_stack([x, y]), 1)


def _say(key: str, language: Language, **given: Any) -> str:
    return _SAID[key][0 if language == "zh" else 1].format(**given)


def _text(x: float, y: float, said: str, *, size: int = 13, weight: str = "400") -> str:
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}">{escape(said)}</text>'


def _streets(lines: gpd.GeoSeries, main: NDArray[np.bool_] | None, view: _View) -> str:
    of_main = np.ones(len(lines), dtype=bool) if main is None else main
    shapes = lines.to_numpy()
    return "".join(
        f'<path d="{_path(shapes[chosen], view)}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        for chosen, colour, width in ((of_main, _MAIN, 0.8), (~of_main, _OTHER, 1.1))
        if chosen.any()
    )


def _path(lines: NDArray[Any], view: _View) -> str:
    """Return lines as the data of one path; what falls onto one pixel is drawn once."""
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(lines))))
    simple = shapely.simplify(merged, 0.5 / view.scale)
    coordinates, line = shapely.get_coordinates(simple, return_index=True)
    pixels = view.pixels(coordinates)
    drawn: dict[str, None] = {}
    for points in np.split(pixels, np.flatnonzero(np.diff(line)) + 1):
        steps = " ".join(f"{x:g},{y:g}" for x, y in points)
        drawn[f"M{steps}"] = None
    return "".join(drawn)


def _marks(changes: gpd.GeoDataFrame, view: _View) -> str:
    parts = []
    for what, (colour, radius) in _MARKS.items():
        shapes = changes.geometry[(changes["what"] == what).to_numpy()].to_numpy()
        if not len(shapes):
            continue
        if radius == 0.0:
            parts.append(f'<path d="{_path(shapes, view)}" fill="none" stroke="{colour}" stroke-width="2.4"/>')
            continue
        places = view.pixels(shapely.get_coordinates(shapely.point_on_surface(shapes)))
        # dots as lines of no length with round caps: a tenth of the text of as many circles
        dots = "".join(f"M{x:g},{y:g}h0" for x, y in np.unique(places, axis=0))
        parts.append(
            f'<path d="{dots}" fill="none" stroke="{colour}" stroke-width="{2 * radius:g}" stroke-linecap="round"/>'
        )
    return "".join(parts)


def _legend(cleaning: RoadCleaning, view: _View, language: Language) -> tuple[str, int]:
    """Return the legend with the counts, and the height of the whole picture."""
    column = 0 if language == "zh" else 1
    rows = [(_MAIN, 0.0, _say("main", language)), (_OTHER, 0.0, _say("other", language))]
    for what, count, metres in cleaning.summary().itertuples(index=False):
        if what in FINDINGS:
            colour, radius = _MARKS.get(what, ("none", 0.0))
            said = _say("row_m" if metres > 0 else "row", language, what=_FINDINGS[what][column], count=count,
                        metres=metres)  # fmt: skip
            rows.append((colour, radius, said))
    half = (len(rows) + 1) // 2
    top = _TOP + _PANEL + 2 * _LINE
    drawn = []
    for number, (colour, radius, said) in enumerate(rows):
        x = _GAP + (number // half) * (_PANEL + _GAP)
        y = top + (number % half) * _LINE
        if radius:
            drawn.append(f'<circle cx="{x + 12}" cy="{y - 5}" r="{radius * 1.6:g}" fill="{colour}"/>')
        else:
            drawn.append(f'<path d="M{x},{y - 5}h24" fill="none" stroke="{colour}" stroke-width="3"/>')
        drawn.append(_text(x + 34, y, said))
    return "".join(drawn) + _scale_bar(view, language), top + half * _LINE + _GAP


def _scale_bar(view: _View, language: Language) -> str:
    """Draw a bar of a round number of metres under the second panel."""
    longest_m = 150.0 / view.scale
    power = 10.0 ** np.floor(np.log10(longest_m))
    metres = float(power * max(step for step in (1, 2, 5) if step * power <= longest_m))
    x, y = _GAP * 2 + _PANEL, _TOP + _PANEL + 16
    bar = f'<path d="M{x},{y - 4}v4h{metres * view.scale:g}v-4" fill="none" stroke="#23292e"/>'
    return bar + _text(x + metres * view.scale + 8, y, _say("metres", language, metres=metres), size=12)
