"""The maps of the report: coverage today and proposed, gaps, what the plan changes, who has no open station when."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import shapely

from coverage_planner.report import styles
from coverage_planner.report.cells import Sentence, escape, write_figure
from coverage_planner.report.charts import finish
from coverage_planner.report.fonts import Lettering, lettered
from coverage_planner.report.picture_ground import read_ground
from coverage_planner.report.pictures import MapPicture, Surroundings, surroundings
from coverage_planner.report.report_parts import Key, Report, figure_html, file_name

_S_PER_MIN = 60.0
#: Groups besides the headline group that get a map of their own.
_MOST_GROUPS = 6
#: Moments shown beside each other.
_MOST_MOMENTS = 2
#: What is smaller than this, square metres, is left by rounding.
_FLAT_M2 = 1.0
_GAP_LOOK = {"alpha": 0.38, "zorder": 5.5}


def maps_html(report: Report, lettering: Lettering) -> list[str]:
    """Return the maps as HTML, those of the headline group first.

    Parameters
    ----------
    report
        The report.
    lettering
        The fonts of the pictures.
    """
    crs = str(report.ours["crs"])
    around = surroundings(
        report.results.layers, None if report.home is None else read_ground(report.home, crs), lettering, report.source
    )
    headline, *others = report.groups
    found = []
    with lettered(lettering):
        if not report.results.layers["facilities"].empty or not report.results.layers["demand"].empty:
            found += [_coverage(report, around, headline), _effect(report, around, headline), _hours(report, around)]
            found.append(_others(report, around, others[:_MOST_GROUPS]))
    return [page for page in found if page]


def _layer(report: Report, name: str, **where: str) -> gpd.GeoDataFrame:
    layer = report.results.layers[name]
    for column, value in where.items():
        layer = layer[layer[column] == value]
    return layer


def _coverage(report: Report, around: Surroundings, group: str) -> str:
    """Draw bands, streets by time, stations and sites: today above the proposed scenario, at one scale."""
    drawing = MapPicture(around, panels=len(report.scenarios))
    keys: list[Key] = []
    has_bands = False
    for number, scenario in enumerate(report.scenarios):
        drawing.panel(number, scenario if len(report.scenarios) > 1 else "")
        keys, has_bands = _reach(report, drawing, group, scenario)
        keys += _places(report, drawing, group, scenario)
    return _figure(report, drawing, "p_coverage" if has_bands else "p_coverage_pass", keys, {"group": group})


def _others(report: Report, around: Surroundings, groups: list[str]) -> str:
    """Draw the other groups beside each other, each with bands of its own."""
    if not groups:
        return ""
    drawing = MapPicture(around, panels=len(groups))
    keys: dict[tuple[str, str], Key] = {}
    for number, group in enumerate(groups):
        drawing.panel(number, group)
        found, _ = _reach(report, drawing, group, report.latest)
        minutes = [] if not found or found[0].edge else [f"<bdi>{escape(group)}</bdi>"]
        for key in found:
            if not minutes:
                keys[key.mark, key.colour] = key
                continue
            known = keys.get((key.mark, key.colour))
            text = f"{minutes[0]} {key.text}" if known is None else f"{known.text}；{minutes[0]} {key.text}"
            keys[key.mark, key.colour] = Key(key.mark, key.colour, text, key.edge)
        _places(report, drawing, group, report.latest)
    legend = [*keys.values(), *_place_keys(report, groups[0], report.latest)]
    return _figure(report, drawing, "p_others", legend, {"scenario": report.latest})


def _reach(report: Report, drawing: MapPicture, group: str, scenario: str) -> tuple[list[Key], bool]:
    """Draw bands and streets by time, or the gaps of who passes by; return the legend and whether there are bands."""
    bands = _layer(report, "isochrones", group=group, scenario=scenario).sort_values("cutoff_s", ascending=False)
    streets = _layer(report, "reached_streets", group=group, scenario=scenario)
    cutoffs = sorted({*bands["cutoff_s"], *streets["band_s"]})
    colours = dict(zip(cutoffs, styles.ramp(styles.BAND_ENDS, len(cutoffs)), strict=True))
    for cutoff, shape in zip(bands["cutoff_s"], bands.geometry, strict=True):
        drawing.areas([shape], colours[cutoff], alpha=0.34)
    for cutoff in cutoffs[::-1]:
        drawing.lines(streets[streets["band_s"] == cutoff].geometry, colours[cutoff], 0.8)
    if cutoffs:
        times = {cutoff: write_figure(cutoff / _S_PER_MIN, "number") for cutoff in cutoffs}
        return [
            Key("area", colours[cutoff], _words(report, "l_band", minutes=times[cutoff])) for cutoff in cutoffs
        ], True
    # who passes by has no bands: the gaps say where nobody is served
    gaps = _layer(report, "gaps", group=group, scenario=scenario)
    drawing.areas(gaps.geometry, styles.GAP, edgecolor=styles.GAP, linewidth=0.7, **_GAP_LOOK)
    drawing.numbers(gaps.geometry, gaps["rank"])
    return [Key("area", "#e2a68e", _words(report, "l_gap"), styles.GAP)] if len(gaps) else [], False


def _effect(report: Report, around: Surroundings, group: str) -> str:
    """Draw the gaps, and below them what the plan changes; only one of them where there is no more to show."""
    if _layer(report, "isochrones", group=group).empty:
        return ""  # who passes by: the gaps stand on the map before
    parts = {
        name: part
        for name, part in (("p_gaps", _gap_parts(report, group)), ("p_change", _change_parts(report, group)))
        if part
    }
    if not parts:
        return ""
    drawing, keys = MapPicture(around, panels=len(parts)), []
    for number, (name, part) in enumerate(parts.items()):
        drawing.panel(number, report.words[f"{name}_short"] if len(parts) > 1 else "")
        for shape, colour, look, key in part:
            drawing.areas([shape], colour, **look)
            keys.append(key)
        if name == "p_gaps":
            left = _layer(report, "gaps", group=group, scenario=report.latest)
            drawing.numbers(left.geometry, left["rank"])
        _places(report, drawing, group, report.latest)
    keys += _place_keys(report, group, report.latest)
    title = next(iter(parts)) if len(parts) == 1 else "p_effect"
    return _figure(report, drawing, title, keys, {"group": group}, tables=("gaps", "overall"))


#: What is drawn, its colour, how, and its entry in the legend.
_Part = tuple[shapely.Geometry, str, dict[str, Any], Key]


def _gap_parts(report: Report, group: str) -> list[_Part]:
    """Return the gaps of the latest scenario over those of today."""
    left = _layer(report, "gaps", group=group, scenario=report.latest)
    before = _layer(report, "gaps", group=group, scenario=report.scenarios[0])
    compared, parts = len(report.scenarios) > 1, []
    if compared and len(before):
        look = {"edgecolor": styles.GAP_TODAY, "linewidth": 0.8, "alpha": 0.75, "zorder": 5}
        key = Key("area", "#efd9cf", _words(report, "l_gap_closed"), styles.GAP_TODAY)
        parts.append((_together(before), "#efd9cf", look, key))
    if len(left):
        look = {"edgecolor": styles.GAP, "linewidth": 0.9, "alpha": 0.55, "zorder": 5.5}
        key = Key("area", "#de8f6c", _words(report, "l_gap_left" if compared else "l_gap"), styles.GAP)
        parts.append((_together(left), styles.GAP, look, key))
    return parts


def _together(layer: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return all geometries as one collection, each drawn by itself."""
    whole: shapely.Geometry = shapely.geometrycollections(layer.geometry.to_numpy())
    return whole


def _change_parts(report: Report, group: str) -> list[_Part]:
    """Return where the cutoff reaches in the one scenario and not in the other."""
    if len(report.scenarios) == 1:
        return []
    reach = []
    for scenario in (report.scenarios[0], report.latest):
        bands = _layer(report, "isochrones", group=group, scenario=scenario)
        if bands.empty:
            return []
        reach.append(shapely.make_valid(shapely.union_all(bands.geometry.to_numpy())))
    before, after = reach
    hatched = {"hatch": "////", "edgecolor": "#7a2c0c"}
    parts: dict[str, tuple[shapely.Geometry, str, dict[str, Any]]] = {
        "l_kept": (shapely.intersection(before, after), styles.KEPT, {"alpha": 0.55}),
        "l_gained": (shapely.difference(after, before), styles.GAINED, {"alpha": 0.6}),
        "l_lost": (shapely.difference(before, after), styles.LOST, {"alpha": 0.75, **hatched}),
    }
    return [
        (shape, colour, look, Key("area", _paler(colour, float(look["alpha"])), _words(report, name)))
        for name, (shape, colour, look) in parts.items()
        if shapely.area(shape) > _FLAT_M2
    ]


def _hours(report: Report, around: Surroundings) -> str:
    """Draw where the headline group has no open station at moments, for each scenario; areas, never single points."""
    group = report.groups[0]
    gaps = _layer(report, "gaps_at", group=group)
    moments = list(dict.fromkeys(gaps["moment"]))[:_MOST_MOMENTS]
    if not moments:
        return ""
    drawing = MapPicture(around, panels=len(moments) * len(report.scenarios))
    shown = [(moment, scenario) for moment in moments for scenario in report.scenarios]
    for number, (moment, scenario) in enumerate(shown):
        drawing.panel(number, f"{report.said.say('moment', moment)} · {scenario}")
        part = gaps[(gaps["moment"] == moment) & (gaps["scenario"] == scenario)]
        drawing.areas(part.geometry, styles.GAP, edgecolor=styles.GAP, linewidth=0.6, alpha=0.55, zorder=5.5)
        drawing.stops(report.results.layers["mobile_stops"])
        _places(report, drawing, group, scenario)
    keys = [Key("area", "#de8f6c", _words(report, "l_unserved"), styles.GAP)]
    keys += _place_keys(report, group, report.latest)
    if len(report.results.layers["mobile_stops"]):
        keys.append(Key("triangle", styles.STATION, _words(report, "l_mobile")))
    return _figure(report, drawing, "p_hours", keys, {"group": group}, tables=("gaps_at",))


# --- what they share ---


def _places(report: Report, drawing: MapPicture, group: str, scenario: str) -> list[Key]:
    """Draw stations, and the sites where the scenario has them; return their legend."""
    stations, sites = _stations(report, group, scenario)
    drawing.stations(stations)
    drawing.sites(sites)
    return _place_keys(report, group, scenario)


def _stations(report: Report, group: str, scenario: str) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    stations = _layer(report, "facilities", group=group)
    sites = _layer(report, "proposed_sites", group=group)
    is_new = report.ours["scenarios"].get("proposed") == scenario
    return stations[~stations["proposed"]], sites if is_new else sites.head(0)


def _place_keys(report: Report, group: str, scenario: str) -> list[Key]:
    stations, sites = _stations(report, group, scenario)
    hubs = stations["level"].isin(["hub"])
    keys = [Key("square", styles.STATION, _words(report, "l_hub"))] if hubs.any() else []
    keys += [Key("small", styles.STATION, _words(report, "l_station"))] if not hubs.all() else []
    keys += [Key("disc", styles.SITE, _words(report, "l_site"))] if len(sites) else []
    layers = report.results.layers
    keys += [Key("line", "#a39e95", _words(report, "l_communities"))] if len(layers["communities"]) else []
    keys += [Key("dash", styles.STUDY_AREA, _words(report, "l_study_area"))] if len(layers["study_area"]) else []
    return keys


def _figure(
    report: Report,
    drawing: MapPicture,
    key: str,
    keys: list[Key],
    names: Mapping[str, str],
    *,
    tables: tuple[str, ...] = ("overall",),
) -> str:
    title = Sentence(report.words[key], {}, names)
    alt = report.words["alt_map"].format(what=title.text(report.language))
    files = " · ".join(file_name(f"{name}.csv") for name in (*tables,))
    source = escape(report.words["source"], braces=False).format(source=f"<bdi>{escape(report.source)}</bdi>")
    figure = drawing.finish(report.words["north"])
    picture = finish(figure, drawing.around.lettering, n_points=drawing.n_points)
    return figure_html(
        picture, title=title.html(report.language), alt=alt, keys=keys,
        source=f"{source} · {file_name('result.gpkg')} · {files}",
    )  # fmt: skip


def _words(report: Report, key: str, **given: str) -> str:
    """Return words of a legend; what is given stands in <bdi>, as a name does."""
    return Sentence(report.words[key], {}, given).html(report.language)


def _paler(colour: str, alpha: float) -> str:
    """Return a colour as it looks over white."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return "#" + "".join(f"{round(255 + (part - 255) * alpha):02x}" for part in parts)
