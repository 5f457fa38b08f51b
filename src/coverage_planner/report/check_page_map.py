"""What the map of a check page draws: streets, areas, the points of each input, and a layer for each finding."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.report import drawing, styles
from coverage_planner.report.check_page_words import input_name
from coverage_planner.report.drawing import WGS84, Piece
from coverage_planner.report.findings import CheckReport, Finding, InputCheck
from coverage_planner.report.popups import Popup

#: Points of an input, and places of a finding, that are drawn; a page with more is slow on an office computer.
MOST_POINTS, MOST_PLACES = 4000, 1500
#: A whole city is drawn coarser than a district.
_CITY_M = 20_000.0
_COLOURS = {"error": "#b3261e", "warning": "#c8730a", "note": "#2f6f9f"}
#: Colour and radius of the points of each table, those drawn first first.
_POINTS = {
    "demand": ("#5f6b57", 2.0),
    "premises": ("#6b4a8a", 3.0),
    "facilities": ("#14304f", 5.0),
    "mobile stops": ("#14304f", 4.0),
    "layer": ("#8a8a8a", 2.0),
}
_ISLAND = "#b0308f"
_LINES = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def draw_layers(report: CheckReport, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the layers that have something to show, bottom to top.

    Returns
    -------
    list of dict
        ``key``, ``label``, ``colour``, ``shape`` (of the sign in the legend), ``shown`` and ``pieces`` as
        `drawing` makes them. A finding's key is 'finding-' and its number in the report.
    """
    layers = [*_ground(report, words)]
    few_on_top = sorted(
        report.inputs, key=lambda check: list(_POINTS).index(check.table) if check.table in _POINTS else -1
    )
    layers += [layer for check in few_on_top if (layer := _points(check, words)) is not None]
    layers += [
        layer
        for number, finding in enumerate(report.findings)
        if (layer := _finding(number, finding, report, words)) is not None
    ]
    return layers


def bounds_of(report: CheckReport) -> list[list[float]] | None:
    """Return south-west and north-east of what is shown first, latitude first; None where there is nothing."""
    tables = [report.study_area, report.communities]
    tables += [None if report.streets is None else report.streets.edges]
    tables += [check.points for check in report.inputs]
    for table in tables:
        if table is not None and not table.empty:
            west, south, east, north = table.to_crs(WGS84).total_bounds
            if np.isfinite([west, south, east, north]).all():
                return [[round(south, 6), round(west, 6)], [round(north, 6), round(east, 6)]]
    return None


def shown_of(check: InputCheck) -> int:
    """Return how many points of an input the map draws."""
    return 0 if check.points is None else len(_thinned(check.points, MOST_POINTS))


def _ground(report: CheckReport, words: Mapping[str, str]) -> list[dict[str, Any]]:
    layers = [] if report.streets is None else _obstacles(report.streets.obstacles, words)
    if report.streets is not None and not report.streets.edges.empty:
        edges = report.streets.edges
        west, south, east, north = edges.total_bounds
        tolerance_m = 8.0 if max(east - west, north - south) > _CITY_M else 2.0
        classes = edges["highway"].map(styles.street_class).to_numpy()
        pieces: list[Piece] = []
        for number in range(len(styles.STREET_CLASSES) - 1, -1, -1):
            kind = styles.STREET_CLASSES[number]
            style = {"color": styles.STREET, "weight": kind.weight, "opacity": kind.opacity}
            geometry = edges.geometry[classes == number]
            pieces += drawing.lines(geometry, pane="streets", style=style, tolerance_m=tolerance_m)
        layers.append(_layer("streets", words["streets"], styles.STREET, "line", pieces))
        alone = report.streets.islands
        if not alone.empty:
            style = {"color": _ISLAND, "weight": 3.0, "opacity": 0.9}
            pieces = drawing.lines(alone.geometry, pane="islands", style=style, tolerance_m=1.0)
            layers.append(_layer("islands", words["islands"], _ISLAND, "line", pieces))
    if report.communities is not None and not report.communities.empty:
        style = {"color": "#8d8778", "weight": 1.0, "opacity": 0.8, "fill": False}
        pieces = [
            piece
            for shape in shapely.simplify(report.communities.geometry.to_numpy(), 5.0)
            for piece in drawing.area(shape, report.communities.crs, pane="areas", style=style)
        ]
        layers.append(_layer("communities", words["communities"], "#8d8778", "line", pieces, shown=False))
    if report.study_area is not None:
        style = {"color": "#2b2b2b", "weight": 2.0, "opacity": 0.9, "fill": False, "dashArray": "6 4"}
        pieces = [
            piece
            for shape in shapely.simplify(report.study_area.geometry.to_numpy(), 5.0)
            for piece in drawing.area(shape, report.study_area.crs, pane="areas", style=style)
        ]
        layers.append(_layer("study-area", words["study_area"], "#2b2b2b", "dash", pieces))
    return layers


def _obstacles(obstacles: gpd.GeoDataFrame, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """Draw what no access leg may cross: it explains the points behind barriers."""
    layers = []
    for kind, colour in (("water", styles.WATER), ("railway", styles.RAILWAY), ("wall", styles.WALL)):
        geometry = obstacles.geometry[obstacles["kind"] == kind]
        if geometry.empty:
            continue
        areal = np.isin(shapely.get_type_id(geometry.to_numpy()), _POLYGONS)
        sign = "#9dbccb" if kind == "water" else colour
        edge = {"color": sign, "weight": 1.4, "opacity": 0.9}
        pieces = drawing.lines(geometry[~areal], pane="ground", style=edge, tolerance_m=3.0)
        style = {"stroke": False, "fillColor": colour, "fillOpacity": 0.8}
        for shape in shapely.simplify(geometry.to_numpy()[areal], 3.0):
            pieces += drawing.area(shape, geometry.crs, pane="ground", style=style)
        layers.append(_layer(kind, words[kind], sign, "line", pieces))
    return layers


def _layer(key: str, label: str, colour: str, shape: str, pieces: list[Piece], *, shown: bool = True) -> dict[str, Any]:
    return {"key": key, "label": label, "colour": colour, "shape": shape, "shown": shown, "pieces": pieces}


def _points(check: InputCheck, words: Mapping[str, str]) -> dict[str, Any] | None:
    """Draw the points of an input; those that many others hide are thinned evenly."""
    if check.points is None or check.points.empty:
        return None
    colour, radius = _POINTS[check.table]
    points = _thinned(check.points, MOST_POINTS)
    name = input_name(check, words)
    titles = points["name"].fillna(points["id"]) if "name" in points.columns else points["id"]
    popups = [
        Popup(str(title), [(words["input"], f"{name} · {check.file}"), (words["ids"], str(label))])
        for title, label in zip(titles, points["id"], strict=True)
    ]
    style = {"radius": radius, "color": "#ffffff", "weight": 0.8, "fillColor": colour, "fillOpacity": 0.85}
    pieces = drawing.dots(points.geometry, pane="points", style=style, popups=popups)
    return _layer(f"input-{check.key}", name, colour, "dot", pieces)


def _finding(number: int, finding: Finding, report: CheckReport, words: Mapping[str, str]) -> dict[str, Any] | None:
    """Draw the places of a finding; hidden until somebody asks for it, unless it is an error."""
    if finding.where is None or finding.where.empty:
        return None
    colour = _COLOURS[finding.level]
    where = finding.where[~(finding.where.is_empty | finding.where.isna())]
    kinds = shapely.get_type_id(where.to_numpy())
    labels = list(finding.ids) if len(finding.ids) == len(where) else [""] * len(where)
    title = finding.what.of(report.language)
    pieces: list[Piece] = []
    lines, areas = np.isin(kinds, _LINES), np.isin(kinds, _POLYGONS)
    if lines.any():
        style = {"color": colour, "weight": 4.0, "opacity": 0.75}
        pieces += drawing.lines(where[lines], pane="marks", style=style, tolerance_m=1.0)
    for shape in shapely.simplify(where.to_numpy()[areas][:MOST_PLACES], 0.5):
        style = {"color": colour, "weight": 1.5, "fillColor": colour, "fillOpacity": 0.3}
        pieces += drawing.area(shape, where.crs, pane="marks", style=style, popup=Popup(title, []))
    dots = np.flatnonzero(~lines & ~areas)
    if len(dots):
        dots = dots[_every(len(dots), MOST_PLACES)]
        popups = [Popup(labels[i] or title, [(words["found"], title)] if labels[i] else []) for i in dots]
        style = {"radius": 7.0, "color": colour, "weight": 2.5, "fillColor": "#ffffff", "fillOpacity": 0.35}
        pieces += drawing.dots(where.iloc[dots], pane="marks", style=style, popups=popups)
    if not pieces:
        return None
    west, south, east, north = where.to_crs(WGS84).total_bounds.tolist()
    layer = _layer(
        f"finding-{number}", f"{number + 1}. {title}", colour, "ring", pieces, shown=finding.level == "error"
    )
    return {**layer, "bounds": [[south, west], [north, east]]}


def _thinned(points: gpd.GeoDataFrame, most: int) -> gpd.GeoDataFrame:
    return points.iloc[_every(len(points), most)]


def _every(n: int, most: int) -> np.ndarray:
    """Shape (min(n, most),): row numbers spread evenly over all."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)
