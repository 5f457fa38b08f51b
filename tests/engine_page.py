"""A page that carries the map's engine alone, and map data of bare networks for it to search."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from selenium import webdriver

from browser import complaints, open_browser, requested_urls, show
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import Positions
from coverage_planner.report import drawing
from coverage_planner.report.map_assets import SCRIPTS, map_options
from coverage_planner.report.packed import pack
from coverage_planner.report.page_parts import asset, leaflet_css, leaflet_js
from coverage_planner.traveltime._lane_kernels import FAR
from coverage_planner.traveltime.engine import link_positions, seed_times

ENGINE = SCRIPTS[: SCRIPTS.index("map_streets.js") + 1]
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>engine</title><style>{css}
html, body, #map {{ height: 100%; margin: 0 }}</style></head><body><div id="map"></div>
<script>{leaflet}</script><script>{scripts}</script><script>const colours = {colours};</script></body></html>"""
_LOAD = """const done = arguments[arguments.length - 1];
coverageEngine.load(JSON.parse(arguments[0])).then((made) => { window.model = made; done(null) }, (e) => done(e.stack));
"""


@contextmanager
def engine_browser(folder: Path) -> Iterator[webdriver.Chrome]:
    """Show a page that holds Leaflet and the engine's scripts, and no data; nothing may be asked for or complained of."""
    colours = json.dumps(map_options("en")["colours"])
    scripts = "".join(asset(name) for name in ENGINE)
    path = folder / "engine.html"
    html = _PAGE.format(css=leaflet_css(), leaflet=leaflet_js(), scripts=scripts, colours=colours)
    path.write_text(html, encoding="utf-8")
    with open_browser(folder) as driver:
        yield show(driver, path)
        reading = "willReadFrequently"  # the tests read canvases, pages do not
        assert [text for text in complaints(driver) if reading not in text] == []
        assert [url for url in requested_urls(driver) if not url.startswith("file:")] == []


def ask(driver: webdriver.Chrome, script: str, *arguments: Any) -> Any:
    """Run a script over `model`, and read what it returns; typed arrays come as lists."""
    text = driver.execute_script(
        f"const plain = (k, v) => (ArrayBuffer.isView(v) ? [...v] : v);"
        f"return JSON.stringify((() => {{ {script} }})(), plain);",
        *arguments,
    )
    return json.loads(text)


def load(driver: webdriver.Chrome, content: Any) -> None:
    """Make `window.model` of map data."""
    failed = driver.execute_async_script(_LOAD, json.dumps(dict(content)))
    assert failed is None, failed


def bare_data(
    network: RoadNetwork, mode: str, doors: Positions, places: Positions, *, reverse: bool, bands_ms: list[int]
) -> dict[str, Any]:
    """Map data of one group on a network whose stations and points have their places already."""
    graph, edges = network.graph(mode), network.edges
    starts = link_positions(network, graph, doors, reverse=reverse)
    ends = link_positions(network, graph, places, reverse=reverse)
    offset = np.where(ends.arriving < FAR, ends.arriving + ends.access[:, np.newaxis], -1)
    seed = seed_times(starts)
    xy, owners = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    n = len(doors.ids)
    where = np.where(np.isfinite(doors.xy), doors.xy, xy[0])
    lonlat = drawing.micro_degrees(where, network.crs) / 1e6
    return {
        "format": 1,
        "direction": "to_facility" if reverse else "from_facility",
        "snap_limit_m": 200.0,
        "streets": {
            "n_nodes": len(network.nodes),
            "n": len(edges),
            "u": pack(edges["u"], "i32", delta=True),
            "v": pack(edges["v"], "i32", delta=True),
            "class": pack(np.zeros(len(edges)), "u8"),
            "names": [],
            "name": pack(np.full(len(edges), -1), "i32"),
            "length": pack(np.rint(edges["length_m"].to_numpy() * 1000), "i32"),
            "first": pack(np.searchsorted(owners, np.arange(len(edges) + 1)), "i32", delta=True),
            "path": pack(drawing.micro_degrees(xy, network.crs), "i32", delta=True, stride=2),
        },
        "ground": {"water": [], "railway": [], "wall": []},
        "modes": [
            {
                "name": mode,
                "access_kph": graph.mode.access_speed_kph,
                "forward": pack(graph.forward_ms, "i32"),
                "backward": pack(graph.backward_ms, "i32"),
                "delay": pack(graph.delay_ms, "i32") if graph.delay_ms.any() else None,
                "snappable": pack(graph.snappable, "u8"),
            }
        ],
        "groups": [
            {
                "name": "all", "mode": 0, "visit": "stay", "cutoff_ms": bands_ms[-1], "bands_ms": bands_ms,
                "parking_ms": 0, "services": [], "required": [], "cutoffs_ms": {}, "pairs": None, "profile": None,
                "points": {
                    "n": len(places.ids), "weight": pack(np.ones(len(places.ids)), "f64"),
                    "edge": pack(ends.edge, "i32"), "offset": pack(offset, "i32"), "along": pack(ends.along, "i32"),
                    "access": pack(ends.access, "i32"),
                },
                "stations": {
                    "edge": pack(starts.edge, "i32"), "fraction": pack(starts.fraction, "f64"),
                    "seed": pack(np.where(seed < FAR, seed, -1), "i32"), "along": pack(starts.along, "i32"),
                    "access": pack(starts.access, "i32"),
                },
            }
        ],
        "stations": [{"id": str(k), "services": [], "lon": lon, "lat": lat} for k, (lon, lat) in enumerate(lonlat)],
        "open": None, "week": None, "communities": [],
        "scenarios": [{"name": "now", "stations": list(range(n)), "mobile": [], "counts": list(range(n)), "groups": [{}]}],
    }  # fmt: skip
