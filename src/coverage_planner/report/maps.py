"""Outcome -> one HTML file that opens in any browser with no network. The only home of folium."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import folium
import geopandas as gpd
import numpy as np
from branca.element import Element, Figure
from folium.map import Layer

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.report.drawing import WGS84
from coverage_planner.report.map_layers import map_layers
from coverage_planner.report.map_view import MapLayer
from coverage_planner.report.page_parts import asset, leaflet_css, leaflet_js, to_json
from coverage_planner.report.panel import escape, label_html, title_html
from coverage_planner.report.words import Language, words
from coverage_planner.scenario.scenario import Outcome

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

_LANG = {"zh": "zh-CN", "en": "en"}


def draw_map(
    outcome: Outcome,
    *,
    baseline: Outcome | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    sites: gpd.GeoDataFrame | None = None,
    circle: "Circle | None" = None,
    group: str | None = None,
    language: Language = "zh",
    tiles: str | None = None,
    tiles_attribution: str | None = None,
    synthetic: bool = False,
    title: str | None = None,
) -> folium.Map:
    """Draw an outcome as a map whose ``.save(path)`` writes one self-contained file.

    Streets are drawn from the network, so no tile server is needed. Geometry is simplified (by 1 to 3 m) and rounded
    for display only. Texts of the tables are shown as text, whatever they contain.

    Parameters
    ----------
    outcome
        The scenario drawn.
    baseline
        The scenario it is compared with, usually today's: shares stand beside each other, its bands, reached streets
        and gaps are layers of their own.
    candidates
        Candidate places (columns of the candidates table).
    sites
        Proposed sites, numbered in this order (columns of the candidates table); the proposed facilities of the
        scenario by default. Their popups say how much demand each covers that the baseline, or without one the
        stations that exist, do not.
    circle
        Services, hours, levels and capacities of `outcome`: hubs with their satellites, gaps at moments and mobile
        stops are layers of their own, and popups say what a station offers, when, and how full it gets.
    group
        Which group is drawn; the headline group by default. The other groups' shares stand in the title box.
    language
        'zh' or 'en'.
    tiles
        URL template of an online base map (``…/{z}/{x}/{y}.png``), offered as a layer that is off at first: nothing
        is requested until someone turns it on.
    tiles_attribution
        Whom to name for the tiles, as plain text.
    synthetic
        Whether the data are made up; the map then says so in its title box and attribution line.
    title
        Heading of the map; the scenarios' names by default.

    Returns
    -------
    folium.Map
        Further folium layers can be added to it; those that need jQuery, Bootstrap or icon fonts must bring them.

    Raises
    ------
    ConfigError
        Unknown language or group.
    InputError
        The baseline has other demand points, or there is nothing to draw: no streets, stations or areas.
    """
    texts = words(language)
    name = _group_name(outcome, baseline, group)
    if baseline is not None:
        _require_same_demand(outcome, baseline, name)
    layers = map_layers(outcome, baseline, name, candidates=candidates, sites=sites, words=texts, circle=circle)
    attributions = [outcome.network.source] if outcome.network.source else []
    if synthetic:
        attributions.append(texts["synthetic"])
    if tiles is not None:
        layers.append(_tiles(tiles, tiles_attribution, texts))
    scenarios = outcome.scenario.name if baseline is None else f"{baseline.scenario.name} → {outcome.scenario.name}"
    page = {
        "lang": _LANG[language],
        "title": title_html(outcome, baseline, name, title=title, synthetic=synthetic, words=texts),
        "attributions": [escape(text) for text in attributions],
        "bounds": _bounds(outcome),
        "shading": texts["shading"],
        "layers": texts["layers"],
        "zoomIn": texts["zoom_in"],
        "zoomOut": texts["zoom_out"],
        "close": texts["close"],
    }
    drawn = _CoverageMap(escape(title or scenarios)[:200], whole_zooms=tiles is not None)
    drawn.add_child(_Frame(page, drawn))
    for layer in layers:
        drawn.add_child(_DrawnLayer(layer, drawn))
    drawn.add_child(_LayerControl())
    return drawn


def _group_name(outcome: Outcome, baseline: Outcome | None, group: str | None) -> str:
    name = next(iter(outcome.groups)) if group is None else group
    for side, given in (("outcome", outcome), ("baseline", baseline)):
        if given is not None and name not in given.groups:
            raise ConfigError(
                f"group must be one of the groups of {side}, which has {sorted(given.groups)}, got {name!r}; "
                "name one of them, or evaluate both scenarios for the same groups"
            )
    return name


def _require_same_demand(outcome: Outcome, baseline: Outcome, group_name: str) -> None:
    now, before = outcome.groups[group_name].times.demand_ids, baseline.groups[group_name].times.demand_ids
    if not np.array_equal(now, before):
        raise InputError(
            f"group {group_name!r} must have the same demand points in {baseline.scenario.name!r} and "
            f"{outcome.scenario.name!r} to be compared, got {len(before)} and {len(now)} points, ids in only one of "
            f"them {name_some(sorted(set(now) ^ set(before)))}; evaluate both scenarios with the same Group"
        )


def _bounds(outcome: Outcome) -> list[list[float]]:
    """Return south-west and north-east corner of what is shown first, as the page wants them: latitude first."""
    for table in (outcome.study_area, outcome.communities, outcome.network.edges, outcome.scenario.facilities):
        if table is not None and not table.empty:
            west, south, east, north = np.round(table.to_crs(WGS84).total_bounds, 6).tolist()
            return [[south, west], [north, east]]
    raise InputError(
        "a map must have something to show: study area, communities, streets and stations are all empty; "
        "check the plan's inputs"
    )


def _tiles(url: str, attribution: str | None, texts: Mapping[str, str]) -> MapLayer:
    piece = {"kind": "tiles", "url": url, "attribution": escape(attribution or "")}
    return MapLayer("tiles", label_html("tiles", texts["tiles"]), [piece], shown=False)


# --- the page ---


class _Verbatim(Element):
    """Text put into the page as it is; branca would read any other as a template, `{{…}}` of user data included."""

    def __init__(self, text: str) -> None:
        super().__init__(template="{{ this.text }}")
        self.text = text


class _CoverageMap(folium.Map):
    """A folium map that carries Leaflet and our own script and style instead of links to them."""

    def __init__(self, title: str, *, whole_zooms: bool) -> None:
        super().__init__(
            location=[0, 0], tiles=None, prefer_canvas=True, zoom_control=False, font_size="13px",
            maxZoom=20, zoomSnap=1 if whole_zooms else 0.25, zoomDelta=1 if whole_zooms else 0.5,
        )  # fmt: skip
        self._id = "coverage"  # folium's own ids are random; this way the same data give the same file
        self.default_js, self.default_css = [], []  # the links; folium's own lists stay as they are
        self.figure = Figure(title=title)
        self.figure.add_child(self)
        header = {
            "leaflet_style": f"<style>\n{leaflet_css()}\n</style>",
            "leaflet_script": f"<script>\n{leaflet_js()}\n</script>",
            "coverage_style": f"<style>\n{asset('map.css')}</style>",
            "coverage_script": f"<script>\n{asset('shared.js')}{asset('map.js')}</script>",
        }
        for name, text in header.items():
            self.figure.header.add_child(_Verbatim(text), name=name)


class _Frame(Element):
    """Title box, zoom, scale, attribution and the part of the world shown first."""

    def __init__(self, page: Mapping[str, Any], drawn: _CoverageMap) -> None:
        super().__init__()
        self.page = page
        self.drawn = drawn

    def render(self, **_: object) -> str:
        """Put the script into the page."""
        script = f"coveragePlanner.frame({self.drawn.get_name()}, {to_json(self.page)});"
        self.drawn.figure.script.add_child(_Verbatim(script), name="coverage_frame")
        return ""


class _DrawnLayer(Layer):
    """A layer that assets/map.js draws."""

    def __init__(self, layer: MapLayer, drawn: _CoverageMap) -> None:
        super().__init__(name=layer.label, overlay=not layer.exclusive, show=layer.shown)
        self._name = "Coverage"
        self._id = layer.key.replace("-", "_")
        self.pieces = layer.pieces
        self.drawn = drawn

    def render(self, **_: object) -> str:
        """Put the script into the page."""
        name, map_name = self.get_name(), self.drawn.get_name()
        script = f"var {name} = coveragePlanner.draw({map_name}, {to_json(self.pieces)});"
        if self.show:
            script += f"\n{name}.addTo({map_name});"
        self.drawn.figure.script.add_child(_Verbatim(script), name=name)
        return ""


class _LayerControl(folium.LayerControl):
    """The legend: folium's layer control, open on wide screens and folded on narrow ones (map.js decides)."""

    def __init__(self) -> None:
        super().__init__(position="topright")
        self._id = "coverage"
        del self.options["collapsed"]
