"""The map as a file: how large it is, how soon it is drawn, how fast it answers; beside plain folium, at many sizes.

The cities are those of map_cases.py. Ours holds two scenarios, all groups, services and hours, and searches the
streets itself; the peers of map_peers.py show one group of one scenario. Every city is made in a process of its own;
its pages are then opened in headless Chromium with no network (page_times.py), ours and theirs in turn.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import map_peers
import numpy as np
from machine import peak_mib
from map_cases import PLACES, make_city
from page_times import measure_page
from tables import seconds, table

from coverage_planner.report.map_data import map_data, write_map_data
from coverage_planner.report.map_page import draw_map_data

TITLE = "Maps"
CITIES = ("demo", *PLACES)
_QUICK = ("nanjing",)
#: Openings of our page, and at most of a peer's; a peer that takes longer than the patience is opened once.
ROUNDS, _PEER_ROUNDS = 5, 3
_PATIENCE_S, _TIMEOUT_S = 20.0, 120.0
_HOURS = (10, 34, 58, 95, 130)
_HOUR = """
  const answered = new Promise((done) => app.on("change", done));
  app.set({ what: "any", slot: args[0] });
  await answered;
"""
_CLICK = """
  const shown = new Promise((done) => app.map.once("popupopen", done));
  app.click.at(L.latLng(args[0], args[1]));
  await shown;
"""


def write_pages(name: str, data: Path, cache: Path, seed: int, *, peers: bool) -> dict[str, Any]:
    """Make a city, write our page and the peers', and say how long each took."""
    city = make_city(name, data, cache, seed)
    folder = cache / "maps"
    folder.mkdir(exist_ok=True)
    figures: dict[str, Any] = {
        "name": name,
        "label": city.label,
        "streets": city.n_edges,
        "points": city.n_points,
        "stations": len(city.outcomes[-1].scenario.facilities),
        "city_mib": peak_mib(),
        "pages": {},
    }
    start = time.perf_counter()
    content = map_data(city.outcomes, circles=city.circles, title=city.title, **city.further)
    figures["data_s"] = time.perf_counter() - start
    start = time.perf_counter()
    path = folder / f"{name}.html"
    draw_map_data(content, language="zh").save(path)
    figures["pages"]["ours"] = {"path": str(path), "build_s": figures["data_s"] + time.perf_counter() - start}
    write_map_data(content, folder / f"{name}.json")
    figures["data_mib"] = (folder / f"{name}.json").stat().st_size / 2**20
    people = city.outcomes[-1].headline.group.demand.to_crs(4326).geometry
    some = people.iloc[np.linspace(0, len(people) - 1, 5).astype(int)]
    figures["clicks"] = [[round(point.y, 6), round(point.x, 6)] for point in some]
    if peers:
        layers = map_peers.layers_of(city.outcomes[-1])
        for peer in map_peers.PEERS:
            path = folder / f"{name} {peer}.html"
            start = time.perf_counter()
            try:
                map_peers.write_peer(peer, layers, path)
            except ImportError as error:  # explore needs matplotlib and mapclassify
                print(f"maps: {peer} left out: {error}", file=sys.stderr, flush=True)
                continue
            figures["pages"][peer] = {"path": str(path), "build_s": time.perf_counter() - start}
    return figures


def measure(data: Path, cache: Path, *, seed: int, quick: bool, cities: tuple[str, ...] | None = None) -> list[Any]:
    """Measure every city."""
    measured = []
    for name in cities or (_QUICK if quick else CITIES):
        print(f"maps: {name}", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, name, "--data", str(data), "--cache", str(cache), "--seed", str(seed)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
        city = json.loads(done.stdout)
        acts = {
            "hour": [(_HOUR, slot) for slot in _HOURS],
            "click": [(_CLICK, *place) for place in city["clicks"]],
        }
        for name_of_page, written in city["pages"].items():
            path = Path(written["path"])
            if name_of_page == "ours":
                opened = measure_page(path, rounds=2 if quick else ROUNDS, timeout_s=_TIMEOUT_S, acts=acts)
            else:
                opened = _measure_peer(path, quick=quick)
            city["pages"][name_of_page] = written | opened
        measured.append(city)
        (cache / "maps" / "figures.json").write_text(json.dumps(measured, indent=1), encoding="utf-8")
    return measured


def _measure_peer(path: Path, *, quick: bool) -> dict[str, Any]:
    once = measure_page(path, rounds=1, timeout_s=_TIMEOUT_S)
    if quick or (once["opened_s"] or _TIMEOUT_S) > _PATIENCE_S:
        return once
    return measure_page(path, rounds=_PEER_ROUNDS, timeout_s=_TIMEOUT_S)


def report(measured: list[Any]) -> str:
    """Draw the tables."""
    ours = [
        [
            city["label"],
            *(f"{city[key]:,}" for key in ("streets", "points", "stations")),
            _mib(page["mib"]),
            seconds(page["build_s"]),
            "no" if page["opened_s"] is None else _opened(page),
            *(_ms(page.get(key)) for key in ("hour_ms", "click_ms")),
            *(f"{page.get(key, 0):.0f}" for key in ("heap_mib", "arrays_mib", "process_mib")),
        ]
        for city in measured
        for page in [city["pages"]["ours"]]
    ]
    theirs = []
    for city in measured:
        mine = city["pages"]["ours"]
        for peer in map_peers.PEERS:
            page = city["pages"].get(peer)
            if page is None:
                continue
            opened = page["opened_s"]
            said = f"not within {_TIMEOUT_S:.0f} s" if opened is None else _opened(page)
            theirs.append(
                [
                    city["label"],
                    f"{city['streets']:,}",
                    peer,
                    _mib(page["mib"]),
                    f"{page['mib'] / mine['mib']:.1f}",
                    seconds(page["build_s"]),
                    said,
                    "" if opened is None or mine["opened_s"] is None else _over(page, mine),
                    "" if opened is None else f"{page['process_mib']:.0f}",
                ]
            )
    return (
        "One file each, opened from the disk in headless Chromium of 1366 x 768 with no network; 'opened' runs from "
        f"the navigation until the screen shows the streets, median of {ROUNDS} browsers with empty profiles; in "
        "brackets the seconds of CPU that the page's process took until then, which other work disturbs less. The "
        "files hold two scenarios, all groups, services and hours. 'Hour' and 'click' run until the screen shows the "
        "answer: another hour of the week with any service, and the nearest open station to a place with its way; "
        "medians of five. Memory after a collection: the heap of JavaScript, the arrays beside it, and the page's "
        "process.\n\n"
        + table(
            [
                "city -", "streets", "demand points", "stations", "file MiB", "build s", "opened s", "hour ms",
                "click ms", "heap MiB", "arrays MiB", "process MiB",
            ],
            ours,
        )
        + "\n\nPlain folium with the same layers of one group of one scenario: streets, reached pieces by band, bands, "
        "communities, stations (Leaflet put into the page as in ours; the links to jQuery, Bootstrap and icon fonts, "
        "which nothing there uses, left out). 'Over' are their figures over ours.\n\n"
        + table(
            ["city -", "streets", "drawn with -", "file MiB", "over", "build s", "opened s", "over", "process MiB"],
            theirs,
        )
        + "\n\nStations are invented everywhere but in the demo, where all is; people are WorldPop's in Wuhan and "
        "invented elsewhere. The composite is two copies of Porto and of Wuhan side by side, clipped to the streets "
        "nearest to its middle."
    )  # fmt: skip


def _mib(value: float) -> str:
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _opened(page: dict[str, Any]) -> str:
    return f"{seconds(page['opened_s'])} [{seconds(page['cpu_s'])}]"


def _over(page: dict[str, Any], mine: dict[str, Any]) -> str:
    return f"{page['opened_s'] / mine['opened_s']:.1f} [{page['cpu_s'] / mine['cpu_s']:.1f}]"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="the pages of one city")
    parser.add_argument("city", choices=CITIES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--no-peers", action="store_true")
    given = parser.parse_args()
    print(json.dumps(write_pages(given.city, given.data, given.cache, given.seed, peers=not given.no_peers)))


if __name__ == "__main__":
    main()
