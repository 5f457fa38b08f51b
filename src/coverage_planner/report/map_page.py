"""MapData -> one HTML file that opens in any browser with no network: a folium map that carries all it needs."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import folium
from branca.element import Element, Figure

from coverage_planner.errors import ConfigError
from coverage_planner.report.map_assets import map_options, map_scripts, map_style
from coverage_planner.report.map_data import MapData
from coverage_planner.report.map_words import map_words
from coverage_planner.report.page_parts import leaflet_css, leaflet_js, to_json
from coverage_planner.report.panel import escape
from coverage_planner.report.words import Language, words

_TITLE_LENGTH = 200
#: folium forbids to enlarge the page.
_VIEWPORT = re.compile(r'(<meta name="viewport" content=")[^"]*(")')


def draw_map_data(
    data: MapData,
    *,
    language: Language = "zh",
    group: str | None = None,
    tiles: Sequence[Mapping[str, Any]] | None = None,
    approval: str | None = None,
    boundary_source: str | None = None,
) -> folium.Map:
    """Draw map data as a map whose ``.save(path)`` writes one self-contained file.

    Parameters
    ----------
    data
        What `map_data` or `read_map_data` returned.
    language
        'zh' or 'en'.
    group
        The group shown first; by default the first.
    tiles, approval, boundary_source
        Instead of those of the data: base maps (`map_tiles.base_maps`), the map approval number (审图号), where the
        boundaries come from.

    Returns
    -------
    folium.Map
        Further folium layers can be added to it; those that need jQuery, Bootstrap or icon fonts must bring them. In
        notebooks it shows itself, with no network either.

    Raises
    ------
    ConfigError
        Unknown language or group.
    """
    words(language)  # refuses an unknown one
    names = [found["name"] for found in data.content["groups"]]
    if group is not None and group not in names:
        raise ConfigError(f"group must be one of the groups of the map ({', '.join(names)}), got {group!r}; name one")
    given = {"tiles": tiles, "approval": approval, "boundary_source": boundary_source}
    changed = {key: value for key, value in given.items() if value is not None}
    return CoverageMap({**data.content, **changed}, language, group)


class CoverageMap(folium.Map):
    """A folium map that carries Leaflet, our scripts and styles and its data instead of links to them."""

    def __init__(self, content: Mapping[str, Any], language: Language, group: str | None) -> None:
        whole_zooms = bool(content["tiles"])  # pictures are blurred at others
        super().__init__(
            location=[0, 0], tiles=None, prefer_canvas=True, zoom_control=False, font_size="13px",
            maxZoom=20, zoomSnap=1 if whole_zooms else 0.25, zoomDelta=1 if whole_zooms else 0.5,
        )  # fmt: skip
        self._id = "coverage"  # folium's own ids are random; this way the same data give the same file
        self.default_js, self.default_css = [], []  # the links; folium's own lists stay as they are
        options = map_options(language) if group is None else map_options(language, group=group)
        self.figure = _Page(escape(content["title"][:_TITLE_LENGTH]), options["lang"])
        self.figure.add_child(self)
        header = {
            "leaflet_style": f"<style>\n{leaflet_css()}\n</style>",
            "leaflet_script": f"<script>\n{leaflet_js()}\n</script>",
            "coverage_style": f"<style>\n{map_style()}</style>",
            "coverage_script": f"<script>\n{map_scripts()}</script>",
        }
        for name, text in header.items():
            self.figure.header.add_child(_Verbatim(text), name=name)
        data = f'<script type="application/json" id="coverage-data">{to_json(content)}</script>'
        self.figure.html.add_child(_Verbatim(data), name="coverage_data")
        self.add_child(_Opening(self, {"words": dict(map_words(language)), "options": options}))


class _Page(Figure):
    """The page around a map: it says its language in the file itself, and lets readers enlarge it."""

    def __init__(self, title: str, lang: str) -> None:
        super().__init__(title=title)
        self.lang = lang

    def render(self, **kwargs: Any) -> str:
        """Return the page."""
        page: str = super().render(**kwargs)
        page = page.replace("<html>", f'<html lang="{self.lang}">', 1)
        return _VIEWPORT.sub(r"\g<1>width=device-width, initial-scale=1.0\g<2>", page, count=1)


class _Verbatim(Element):
    """Text put into the page as it is; branca would read any other as a template, `{{…}}` of user data included."""

    def __init__(self, text: str) -> None:
        super().__init__(template="{{ this.text }}")
        self.text = text


class _Opening(Element):
    """The script that opens the map's data in the map."""

    def __init__(self, drawn: CoverageMap, page: Mapping[str, Any]) -> None:
        super().__init__()
        self.drawn = drawn
        self.page = page

    def render(self, **_: object) -> str:
        """Put the script into the page, behind that of the map itself."""
        script = (
            f"window.coverageApp = ((page) => coveragePlanner.open({self.drawn.get_name()}, "
            'JSON.parse(document.getElementById("coverage-data").textContent), page.words, page.options)'
            f")({to_json(self.page)});"
        )
        self.drawn.figure.script.add_child(_Verbatim(script), name="coverage_opening")
        return ""
