"""An outcome -> the layers of its map, each with its entry in the legend."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.areas import measure_areas
from coverage_planner.coverage.measure import measure_gains
from coverage_planner.report import drawing, styles
from coverage_planner.report.circle_map import describe_outcome, draw_circle
from coverage_planner.report.drawing import Piece
from coverage_planner.report.map_view import MapLayer, View
from coverage_planner.report.panel import dot_sign, label_html, line_sign, mark_sign, swatch
from coverage_planner.report.popups import Words, community_popup, gap_popup, place_popup, records_of
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.units import minutes

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

#: Streets and shading are drawn this far beyond the study area.
MARGIN_M = 500.0
#: So many gaps carry their name on the map; all carry it in their popup.
NAMED_GAPS = 12

POLYGONS = ("Polygon", "MultiPolygon")


def map_layers(
    outcome: Outcome,
    baseline: Outcome | None,
    group_name: str,
    *,
    candidates: gpd.GeoDataFrame | None,
    sites: gpd.GeoDataFrame | None,
    words: Words,
    circle: "Circle | None" = None,
) -> list[MapLayer]:
    """Return the layers that have something to show, in the legend's order.

    Parameters
    ----------
    outcome, baseline
        The scenario drawn, and the one it is compared with.
    group_name
        The group drawn.
    candidates, sites
        Candidate places and proposed sites, or None; without `sites`, the proposed facilities of the scenario.
    words
        Texts by key.
    circle
        Services, hours, levels and capacities of `outcome`, or None.
    """
    compared = baseline is not None
    outcome = outcome if circle is None else describe_outcome(outcome, circle)
    window = _window(outcome)
    now = View(outcome, group_name, words, window, named=compared)
    before = None if baseline is None else View(baseline, group_name, words, window, named=True)
    bands = _bands("bands", now, shown=True)
    plain = not bands.pieces  # groups that pass by have no times to shade by
    layers = [
        bands,
        *([_bands("bands-today", before, shown=False)] if before else []),
        _communities(now, before),
        MapLayer("no-shading", label_html("no-shading", words["no_shading"]), [], shown=plain, exclusive=True),
        _sites(now, before, sites),
        _stations(now),
        _gaps("gaps", now, "remaining_gaps" if compared else "gaps"),
        *([_gaps("gaps-today", before, "gaps_today", outlined=True)] if before else []),
        *([] if circle is None else draw_circle(now, circle)),
        _uncovered_points(now),
        _candidates(candidates, words),
        _reached("reached", now),
        *([_reached("reached-today", before)] if before else []),
        _study_area(now),
        _streets(now),
    ]
    return [layer for layer in layers if layer.pieces or layer.key == "no-shading"]


def _window(outcome: Outcome) -> shapely.Geometry | None:
    for table in (outcome.study_area, outcome.communities):
        if table is not None and not table.empty:
            whole = shapely.union_all(table.geometry.to_crs(outcome.network.crs).to_numpy())
            window: shapely.Geometry = shapely.buffer(whole, MARGIN_M, quad_segs=4)
            return window
    return None


# --- time ---


def _band_texts(cutoffs_s: Sequence[float], words: Words) -> list[str]:
    ends = [f"{round(minutes(cutoff), 1):g}" for cutoff in cutoffs_s]
    starts = ["0", *ends]
    return [
        words["band_next" if i else "band_first"].format(start=start, end=end)
        for i, (start, end) in enumerate(zip(starts, ends, strict=False))
    ]


def _bands(key: str, view: View, *, shown: bool) -> MapLayer:
    """Shade where the nearest station is within each cutoff; each band without those inside it."""
    table = view.group.isochrones.sort_values("cutoff_s")
    cutoffs = [float(cutoff) for cutoff in table["cutoff_s"]]
    colours = styles.ramp(styles.BAND_ENDS, len(cutoffs))
    pieces: list[Piece] = []
    inner: shapely.Geometry = shapely.Polygon()
    for whole, colour in zip(table.geometry, colours, strict=True):
        shape = view.simple(whole)
        shape = shape if view.window is None else shapely.intersection(shape, view.window)
        style = {"stroke": False, "fillColor": colour, "fillOpacity": styles.BAND_OPACITY}
        pieces += drawing.area(shapely.difference(shape, inner), table.crs, pane="shade", style=style)
        inner = shape
    signs = [swatch(colour, opacity=styles.BAND_OPACITY) for colour in colours]
    keys = list(zip(signs, _band_texts(cutoffs, view.words), strict=True))
    return MapLayer(key, label_html(key, view.layer_text("bands"), keys=keys), pieces, shown=shown, exclusive=True)


def _reached(key: str, view: View) -> MapLayer:
    """Draw the reached street pieces in the colours of the bands."""
    table = view.group.reached_streets
    cutoffs = sorted(float(cutoff) for cutoff in table["band_s"].unique())
    colours = styles.ramp(styles.BAND_ENDS, len(cutoffs))
    table = view.inside(table)
    pieces: list[Piece] = []
    for cutoff, colour in reversed(list(zip(cutoffs, colours, strict=True))):
        style = {"color": colour, "weight": styles.REACHED_WEIGHT, "opacity": 1.0}
        rows = table.geometry[(table["band_s"] == cutoff).to_numpy()]
        pieces += drawing.lines(rows, pane="reached", style=style, tolerance_m=view.line_tolerance_m)
    signs = [line_sign(colour, weight=3) for colour in colours]
    keys = list(zip(signs, _band_texts(cutoffs, view.words), strict=True))
    label = label_html(key, view.layer_text("reached_streets"), keys=keys)
    return MapLayer(key, label, pieces, shown=False)


# --- areas ---


def _communities(now: View, before: View | None) -> MapLayer:
    """Shade communities by the share of their demand that is covered."""
    measured = _measured_communities(now)
    if before is not None and not measured.empty:
        today = _measured_communities(before).set_index("id")["covered_demand_share"]
        measured = measured.assign(share_today=measured["id"].map(today))
    colours = styles.ramp(styles.SHARE_ENDS, len(styles.SHARE_CLASSES))
    pieces: list[Piece] = []
    for shape, record in zip(measured.geometry, records_of(measured), strict=True):
        share = float(record["covered_demand_share"])
        colour = styles.SHARE_UNKNOWN if np.isnan(share) else colours[styles.share_class(share)]
        style = {"color": "#ffffff", "weight": 1, "fillColor": colour, "fillOpacity": styles.SHARE_OPACITY}
        popup = community_popup(record, now.words)
        pieces += drawing.area(now.simple(shape), measured.crs, pane="communities", style=style, popup=popup)
    starts = (0.0, *styles.SHARE_CLASSES)
    keys = [
        (swatch(colour, opacity=styles.SHARE_OPACITY), f"{start:.0%}–{end:.0%}")
        for colour, start, end in zip(colours, starts, styles.SHARE_CLASSES, strict=False)
    ]
    keys.append((swatch(styles.SHARE_UNKNOWN), now.words["share_unknown"]))
    label = label_html("communities", now.layer_text("communities"), keys=keys)
    return MapLayer("communities", label, pieces, shown=False, exclusive=True)


def _measured_communities(view: View) -> gpd.GeoDataFrame:
    communities = view.outcome.communities
    if communities is None or communities.empty:
        return gpd.GeoDataFrame({"id": []}, geometry=[], crs=view.outcome.network.crs)
    return measure_areas(view.group.coverage, view.group.group.demand, communities)


def _gaps(key: str, view: View, text: str, *, outlined: bool = False) -> MapLayer:
    """Draw the gaps with their names, or their outlines alone."""
    gaps = view.group.gaps
    colour = styles.GAP_TODAY if outlined else styles.GAP
    style: dict[str, object] = {"color": colour, "weight": 1.5, "fillColor": colour, "fillOpacity": 0.25}
    if outlined:
        style |= {"dashArray": "4 4", "fillOpacity": 0.0}
    pieces: list[Piece] = []
    for shape, record in zip(gaps.geometry, records_of(gaps), strict=True):
        popup = gap_popup(record, view.words)
        pieces += drawing.area(view.simple(shape), gaps.crs, pane="gaps", style=style, popup=popup)
    if not outlined:
        named = gaps.head(NAMED_GAPS)
        pieces += drawing.pins(
            named.geometry, class_name="cp-gap-label", size=(0, 0), anchor=(0, 0), texts=list(named["id"])
        )
    border = f"1.5px {'dashed' if outlined else 'solid'} {colour}"
    sign = swatch(colour, opacity=0.0 if outlined else 0.25, border=border)
    return MapLayer(key, label_html(key, view.words[text], sign), pieces, shown=not outlined)


def _study_area(view: View) -> MapLayer:
    area = view.outcome.study_area
    pieces: list[Piece] = []
    if area is not None and not area.empty:
        style = {"color": styles.STUDY_AREA, "weight": 1.5, "dashArray": "7 5", "fill": False, "opacity": 0.9}
        whole = view.simple(shapely.union_all(area.geometry.to_numpy()))
        pieces = drawing.area(whole, area.crs, pane="outline", style=style)
    label = label_html("study-area", view.words["study_area"], line_sign(styles.STUDY_AREA, dashed=True))
    return MapLayer("study-area", label, pieces, shown=True)


# --- streets ---


def _streets(view: View) -> MapLayer:
    """Draw streets, water and railways in muted colours, quieter streets thinner."""
    edges = view.inside(view.outcome.network.edges)
    classes = np.array([styles.street_class(highway) for highway in edges["highway"]], dtype=int)
    pieces, keys = _obstacles(view)
    for i, street_class in reversed(list(enumerate(styles.STREET_CLASSES))):
        style = {"color": styles.STREET, "weight": street_class.weight, "opacity": street_class.opacity}
        rows = edges.geometry[classes == i]
        pieces += drawing.lines(rows, pane="streets", style=style, tolerance_m=view.line_tolerance_m, grows=True)
    label = label_html("streets", view.words["streets"], line_sign(styles.STREET, weight=1.5), keys)
    return MapLayer("streets", label, pieces, shown=True)


def _obstacles(view: View) -> tuple[list[Piece], list[tuple[str, str]]]:
    """Draw water, railways and walls; return the pieces and their entries in the legend."""
    obstacles = view.inside(view.outcome.network.obstacles)
    pieces: list[Piece] = []
    keys = []
    for kind, colour, weight, dash, sign in (
        ("water", styles.WATER, 2.0, "", swatch(styles.WATER)),
        ("railway", styles.RAILWAY, 1.6, "6 3", line_sign(styles.RAILWAY, dashed=True)),
        ("wall", styles.WALL, 0.8, "", line_sign(styles.WALL, weight=1)),
    ):
        rows = obstacles.geometry[(obstacles["kind"] == kind).to_numpy(dtype=bool)]
        rows = rows if view.window is None else rows.intersection(view.window)
        is_area = rows.geom_type.isin(POLYGONS).to_numpy()
        whole = view.simple(shapely.union_all(rows[is_area].to_numpy()))
        fill = {"stroke": False, "fillColor": colour, "fillOpacity": 1.0}
        line = {"color": colour, "weight": weight, "opacity": 1.0} | ({"dashArray": dash} if dash else {})
        drawn = drawing.area(whole, rows.crs, pane="ground", style=fill)
        drawn += drawing.lines(rows[~is_area], pane="ground", style=line, tolerance_m=view.line_tolerance_m)
        if drawn:
            pieces += drawn
            keys.append((sign, view.words[kind]))
    return pieces, keys


# --- points ---


def _uncovered_points(view: View) -> MapLayer:
    demand = view.group.group.demand
    points = demand.geometry[~view.group.coverage.covered & (demand["demand"] > 0).to_numpy(dtype=bool)]
    style = {"stroke": False, "fillColor": styles.GAP, "fillOpacity": 0.8, "radius": 2.5}
    pieces = drawing.dots(points, pane="points", style=style)
    label = label_html("uncovered", view.words["uncovered_points"], dot_sign(styles.GAP))
    return MapLayer("uncovered", label, pieces, shown=False)


def _stations(view: View) -> MapLayer:
    """Draw the stations that exist, hubs larger."""
    facilities = view.outcome.scenario.facilities
    stations = facilities[~_proposed(facilities)]
    levels = stations["level"] if "level" in stations.columns else pd.Series("", index=stations.index)
    is_hub = np.array([level == "hub" for level in levels], dtype=bool)
    pieces: list[Piece] = []
    keys = []
    for level, rows in (("hub", stations[is_hub]), ("satellite", stations[~is_hub])):
        size = styles.STATION_SIZES[level]
        class_name = "cp-station cp-hub" if level == "hub" else "cp-station"
        records = records_of(rows, view.group.coverage.facilities)
        pieces += drawing.pins(
            rows.geometry, class_name=class_name, size=(size, size), anchor=(size // 2, size // 2),
            popups=[place_popup(record, view.words) for record in records], above=100 if level == "hub" else 0,
        )  # fmt: skip
        if is_hub.any() and len(rows):
            keys.append((mark_sign(class_name, size - 2), view.words[f"level_{level}"]))
    sign = "" if keys else mark_sign("cp-station", styles.STATION_SIZES["satellite"])
    return MapLayer("stations", label_html("stations", view.words["stations"], sign, keys), pieces, shown=True)


def _proposed(facilities: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    given = facilities["proposed"] if "proposed" in facilities.columns else [False] * len(facilities)
    return np.array([value is True or value is np.True_ for value in given], dtype=bool)


def _sites(now: View, before: View | None, sites: gpd.GeoDataFrame | None) -> MapLayer:
    """Draw the proposed sites, numbered in their order."""
    facilities = now.outcome.scenario.facilities
    shown = facilities[_proposed(facilities)] if sites is None else sites
    gains = _gains(now, before)
    known = pd.DataFrame(facilities.drop(columns=facilities.geometry.name))  # with what a circle says of it
    measured = now.group.coverage.facilities.merge(gains, on="id").merge(known, on="id", suffixes=("", "_given"))
    # what a solver wrote beside its sites holds for the group it solved for, which may be another
    shown = shown.drop(columns=[column for column in gains.columns.drop("id") if column in shown.columns])
    popups = [
        place_popup(record, now.words, site_number=i) for i, record in enumerate(records_of(shown, measured), start=1)
    ]
    pieces = drawing.pins(
        shown.geometry, class_name="cp-site", size=(28, 34), anchor=(14, 34),
        texts=[str(i) for i in range(1, len(shown) + 1)], popups=popups, above=1000,
    )  # fmt: skip
    label = label_html("sites", now.words["sites"], '<i class="cp-key-site"></i>')
    return MapLayer("sites", label, pieces, shown=True)


def _gains(now: View, before: View | None) -> pd.DataFrame:
    """Sum up, for each facility, the demand within the cutoff that was not covered before, and that was.

    Before is the baseline; without one, the stations that exist.
    """
    if before is not None:
        return measure_gains(now.group.coverage, before.group.coverage.covered)
    inside = now.group.times.within(now.group.group.cutoff_s)
    exists = np.repeat(~_proposed(now.outcome.scenario.facilities), np.diff(inside.indptr))
    covered = np.bincount(inside.indices[exists], minlength=len(inside.demand_ids)) > 0
    return measure_gains(now.group.coverage, covered)


def _candidates(candidates: gpd.GeoDataFrame | None, words: Words) -> MapLayer:
    pieces: list[Piece] = []
    if candidates is not None:
        style = {"color": "#ffffff", "weight": 1, "fillColor": styles.CANDIDATE, "fillOpacity": 0.95, "radius": 4}
        popups = [place_popup(record, words) for record in records_of(candidates)]
        pieces = drawing.dots(candidates.geometry, pane="candidates", style=style, popups=popups)
    label = label_html("candidates", words["candidates"], dot_sign(styles.CANDIDATE))
    return MapLayer("candidates", label, pieces, shown=False)
