"""Plain folium: the layers of our map as one writes them first, with `folium.GeoJson` and with `GeoDataFrame.explore`.

What is drawn is what one group of one scenario shows: all streets, the reached pieces coloured by their band, the
bands, the communities coloured by their share, the stations. There is no hour, no service, no search and no click
anywhere: for each hour or service such a map would have to be written anew.

Pages of folium link to Leaflet, jQuery, Bootstrap and icon fonts in the internet. Here Leaflet is put into the page as
ours has it, and the links to the others are left out: nothing on these pages uses them. So a page opens with no
network, and its time is that of its own data.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import folium
import geopandas as gpd
import numpy as np
from branca.element import Element

from coverage_planner import Outcome
from coverage_planner.coverage.measure import Coverage
from coverage_planner.report.page_parts import leaflet_css, leaflet_js
from coverage_planner.report.styles import BAND_ENDS, SHARE_CLASSES, SHARE_ENDS, ramp

Layers = dict[str, gpd.GeoDataFrame]
_GREY, _INK = "#8c8c8c", "#26241f"


def layers_of(outcome: Outcome) -> Layers:
    """Return what the headline group sees, each with a column ``colour``, in longitudes and latitudes."""
    found = outcome.headline
    streets = outcome.network.edges[["name", "highway", "geometry"]].assign(colour=_GREY)
    reached = found.reached_streets.assign(colour=_by_band(found.reached_streets["band_s"]))
    bands = found.isochrones.sort_values("cutoff_s", ascending=False)
    bands = bands.assign(colour=_by_band(bands["cutoff_s"]))
    layers = {"streets": streets, "reached": reached[["time_s", "band_s", "geometry", "colour"]], "bands": bands}
    if outcome.communities is not None:
        layers["communities"] = _shares(outcome.communities, found.coverage, found.group.demand)
    stations = outcome.scenario.facilities
    shown = [name for name in ("id", "name", "level", "services", "opening_hours", "geometry") if name in stations]
    layers["stations"] = stations[shown].assign(colour=_INK)
    return {name: table.to_crs(4326) for name, table in layers.items()}


def _by_band(bands: Any) -> list[str]:
    known = sorted(set(bands))
    colours = dict(zip(known, ramp(BAND_ENDS, len(known)), strict=True))
    return [colours[band] for band in bands]


def _shares(communities: gpd.GeoDataFrame, coverage: Coverage, demand: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Colour communities by the covered share of their demand."""
    points = demand[["demand", "geometry"]].assign(covered=demand["demand"].where(coverage.covered, 0.0))
    inside = gpd.sjoin(points, communities[["id", "geometry"]].to_crs(points.crs), predicate="within")
    sums = inside.groupby("id")[["demand", "covered"]].sum()
    share = communities["id"].map(sums["covered"] / sums["demand"]).fillna(0.0)
    colours = ramp(SHARE_ENDS, len(SHARE_CLASSES))
    return communities.assign(
        share=share, colour=[colours[step] for step in np.searchsorted(SHARE_CLASSES[:-1], share)]
    )


def plain_geojson(layers: Layers) -> folium.Map:
    """Draw every layer with `folium.GeoJson`, on canvas."""
    drawn = folium.Map(tiles=None, prefer_canvas=True)
    for name, table in layers.items():
        columns = [column for column in table.columns if column not in ("geometry", "colour")]
        folium.GeoJson(
            table,
            name=name,
            style_function=lambda feature: {"color": feature["properties"]["colour"], "weight": 2, "fillOpacity": 0.3},
            marker=folium.CircleMarker(radius=4, fill=True),
            tooltip=folium.GeoJsonTooltip(columns),
        ).add_to(drawn)
    folium.LayerControl().add_to(drawn)
    return _offline(drawn, layers)


def plain_explore(layers: Layers) -> folium.Map:
    """Draw every layer with `GeoDataFrame.explore`, which draws on canvas too."""
    drawn: folium.Map | None = None
    for name, table in layers.items():
        style: dict[str, Any] = {"tiles": None} if drawn is None else {"m": drawn}
        drawn = table.explore(color=table["colour"].tolist(), name=name, tooltip=True, legend=False, **style)
    assert drawn is not None
    folium.LayerControl().add_to(drawn)
    return _offline(drawn, layers)


def _offline(drawn: folium.Map, layers: Layers) -> folium.Map:
    """Show all of it; carry Leaflet instead of links to it and to what nothing here uses."""
    west, south, east, north = layers["streets"].total_bounds
    drawn.fit_bounds([[south, west], [north, east]])
    drawn.default_js, drawn.default_css = [], []
    head = drawn.get_root().header
    head.add_child(Element(f"<style>{leaflet_css()}</style>"))
    head.add_child(Element("{% raw %}<script>" + leaflet_js() + "</script>{% endraw %}"))
    return drawn


#: Name in tables -> how it is drawn.
PEERS: dict[str, Callable[[Layers], folium.Map]] = {
    "folium.GeoJson": plain_geojson,
    "GeoDataFrame.explore": plain_explore,
}


def write_peer(name: str, layers: Layers, path: Path) -> None:
    """Draw and save a page."""
    PEERS[name](layers).save(path)
