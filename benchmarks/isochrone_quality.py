"""Speed and quality of isochrones, in one configuration: ours, Valhalla's, and polygons that people draw themselves.

    python benchmarks/isochrone_quality.py --data ../shared/data --valhalla-python VENV/bin/python

200 random places on the streets of Porto and of Las Palmas, bands of 300, 600 and 900 s, away from the place, on foot
(4.8 km/h), by bicycle (15 km/h) and driving (40 km/h on every street, the only driving speeds that can be made equal
through Valhalla's options). One thread each. The shapes that are measured are those whose drawing was timed.

Made ready once and counted apart: our street grid per network and mode, Valhalla's tiles per network. Valhalla's clock
runs inside its process, from the text of the request to the text of the answer; ours from the table of places to the
table of polygons. Both take turns, and the fastest of three runs counts.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from isochrone_measures import Tally, find_truth, mode_streets, not_nested, tally
from isochrone_shapes import (
    DIRECTION,
    Made,
    draw_buffers,
    draw_concave_hulls,
    draw_convex_hulls,
    draw_ours,
    draw_valhalla,
)
from peers import valhalla_python
from valhalla_scene import FILES, SPEEDS_KPH, Scene, draw_on_streets, open_scene
from valhalla_service import COSTINGS, Valhalla, start_valhalla

from coverage_planner import build_network
from coverage_planner.network.modes import DRIVE_SPEEDS_KPH, Mode
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.traveltime.street_grid import StreetGrid, build_street_grid, choose_cell_m

SEED = 20_250_301
CUTOFFS_S = (300.0, 600.0, 900.0)
#: How many times faster than Valhalla the project wants to be.
WANTED = {"walk": 2.0, "bicycle": 4.0, "drive": 8.0}
#: Facilities whose polygons are measured: fewer where each takes long (buffers of all streets driven in 15 minutes).
MEASURED = {"walk": 50, "bicycle": 50, "drive": 20}
#: The best of 0.02, 0.05, 0.1 and 0.2 by places on the right side, in a trial on Las Palmas.
CONCAVE_RATIOS = {"walk": 0.2, "bicycle": 0.1, "drive": 0.05}
PLACES = 100_000
#: A polygon that is right for every place; what it gets is a matter of definition, not of drawing.
PERFECT = "(a polygon right for every place)"


@dataclass(frozen=True, eq=False)
class Configuration:
    """What is asked of both engines for one city and mode."""

    scene: Scene
    mode: str
    places: gpd.GeoDataFrame
    measured: int
    tested: int
    repeats: int


@dataclass(frozen=True)
class Quality:
    """How good one kind of polygon is: a tally per band, and the largest area that is not nested."""

    name: str
    remark: str
    ms_per_place: float
    bands: list[Tally]
    not_nested_m2: float

    @property
    def whole(self) -> Tally:
        """All bands together."""
        return sum(self.bands, Tally())


def time_both(
    configuration: Configuration,
    valhalla: Valhalla,
    network: RoadNetwork,
    grid: StreetGrid,
    options: dict[str, Any] | None = None,
) -> tuple[Made, Made, float]:
    """Draw all places with both engines in turns; the fastest run of each, and the seconds of our very first call."""
    mode, places, keep = configuration.mode, configuration.places, configuration.measured
    first = draw_ours(network, places.iloc[:1], mode, CUTOFFS_S, grid)  # compiles, and prepares what a network keeps
    draw_valhalla(valhalla, places.iloc[:2], mode, CUTOFFS_S, by="time", options=options)
    runs = [
        (
            draw_ours(network, places, mode, CUTOFFS_S, grid),
            draw_valhalla(valhalla, places, mode, CUTOFFS_S, by="time", keep=keep, options=options),
        )
        for _ in range(configuration.repeats)
    ]
    ours, theirs = (_fastest(made) for made in zip(*runs, strict=True))
    return replace(ours, shapes=ours.shapes[:keep]), theirs, first.ms_per_place / 1000


def _fastest(runs: Iterable[Made]) -> Made:
    runs = list(runs)
    return replace(
        runs[0],
        ms_per_place=min(run.ms_per_place for run in runs),
        cpu_ms_per_place=min(run.cpu_ms_per_place for run in runs),
    )


def make_grid(network: RoadNetwork, mode: str, speed_kph: float) -> tuple[StreetGrid, float]:
    """Prepare the street grid of a whole network, with the cells `isochrones` would take; and the seconds it took."""
    bounds = tuple(float(value) for value in network.edges.total_bounds)
    cell_m = choose_cell_m(CUTOFFS_S[-1] * speed_kph / 3.6)
    west, south, east, north = bounds
    build_street_grid(network, mode, cell_m=cell_m, bounds=(west, south, west + 500, south + 500))  # compiles
    start = time.perf_counter()
    grid = build_street_grid(network, mode, cell_m=cell_m, bounds=(west, south, east, north))
    return grid, time.perf_counter() - start


def measure(made: Sequence[Made], configuration: Configuration, rng: np.random.Generator) -> list[Quality]:
    """Compare the shapes of the measured facilities with what the engine says; draw those that need the truth."""
    network, mode, n = configuration.scene.network, configuration.mode, configuration.measured
    facilities = configuration.places.iloc[:n]
    streets = mode_streets(network, mode)
    per_band = max(1, round(configuration.tested / n / len(CUTOFFS_S)))
    truths = [
        find_truth(
            network,
            facilities.iloc[[k]],
            mode,
            CUTOFFS_S,
            streets,
            direction=DIRECTION,
            places_per_band=per_band,
            rng=rng,
        )
        for k in range(n)
    ]
    reached = [truth.reached for truth in truths]
    graph = network.to_networkx(mode)
    graph.remove_nodes_from([node for node, degree in dict(graph.degree()).items() if not degree])
    drawn = [
        *made,
        draw_buffers(reached, CUTOFFS_S),
        draw_concave_hulls(reached, CUTOFFS_S, ratio=CONCAVE_RATIOS[mode]),
        draw_convex_hulls(network, facilities, CUTOFFS_S, graph),
    ]
    found = []
    for one in drawn:
        tallies = [tally(shapes, truth, CUTOFFS_S, streets) for shapes, truth in zip(one.shapes, truths, strict=True)]
        bands = [sum((of_place[band] for of_place in tallies), Tally()) for band in range(len(CUTOFFS_S))]
        nested = max(not_nested(shapes) for shapes in one.shapes)
        found.append(Quality(one.name, one.remark, one.ms_per_place, bands, nested))
    perfect = [sum((truth.perfect[band] for truth in truths), Tally()) for band in range(len(CUTOFFS_S))]
    return [*found, Quality(PERFECT, "places on streets stand for their length", 0.0, perfect, 0.0)]


def run_mode(configuration: Configuration, valhalla: Valhalla) -> dict[str, Any]:
    """Time and measure one mode of one city."""
    scene, mode = configuration.scene, configuration.mode
    grid, grid_s = make_grid(scene.network, mode, SPEEDS_KPH[mode])
    ours, theirs, first_s = time_both(configuration, valhalla, scene.network, grid)
    first = configuration.places.iloc[: configuration.measured]
    by_distance = draw_valhalla(valhalla, first, mode, CUTOFFS_S, by="distance")
    rng = np.random.default_rng([SEED, 2])
    return {
        "city": scene.name,
        "mode": mode,
        "label": f"{mode}, {SPEEDS_KPH[mode]:g} km/h",
        "places": len(configuration.places),
        "measured": configuration.measured,
        "grid_s": grid_s,
        "first_call_s": first_s,
        "cell_m": grid.cell_m,
        "tiles_s": scene.took["valhalla"]["seconds"],
        "speed": [_speed(ours), _speed(theirs)],
        "quality": measure([ours, theirs, by_distance], configuration, rng),
    }


def run_class_speeds(configuration: Configuration, valhalla: Valhalla) -> dict[str, Any]:
    """Time driving at speeds by road class, which cannot be made equal: how far both get stands beside."""
    scene = configuration.scene
    mode = Mode("drive", "motorcar", 30.0, class_speeds_kph=DRIVE_SPEEDS_KPH)
    network = build_network(scene.roads, modes={"drive": mode})
    grid, grid_s = make_grid(network, "drive", SPEEDS_KPH["drive"])
    options = {"costing": COSTINGS["drive"]}
    ours, theirs, first_s = time_both(configuration, valhalla, network, grid, options)
    area_km2 = [float(np.mean([shapes[-1].area for shapes in made.shapes])) / 1e6 for made in (ours, theirs)]
    return {
        "city": scene.name,
        "mode": "drive",
        "label": f"driving at each engine's own speeds ({area_km2[0]:.0f} km² and {area_km2[1]:.0f} km² in 900 s)",
        "places": len(configuration.places),
        "grid_s": grid_s,
        "first_call_s": first_s,
        "cell_m": grid.cell_m,
        "tiles_s": scene.took["valhalla"]["seconds"],
        "speed": [_speed(ours), _speed(theirs)],
        "area_km2": area_km2,
    }


def _speed(made: Made) -> dict[str, Any]:
    return {"name": made.name, "ms": made.ms_per_place, "cpu_ms": made.cpu_ms_per_place}


def print_speed(runs: Sequence[dict[str, Any]]) -> None:
    """Print milliseconds per place of both engines and their ratio, by the clock and in CPU time."""
    print(
        "| network | mode | ours, ms per place (CPU) | Valhalla, ms (CPU) | ratio (CPU) | wanted "
        "| once: our grid; our first call; Valhalla's tiles |"
    )
    print("|---|---|---:|---:|---:|---:|---|")
    for run in runs:
        ours, theirs = run["speed"]
        ratios = f"{theirs['ms'] / ours['ms']:.2f} ({theirs['cpu_ms'] / ours['cpu_ms']:.2f})"
        once = (
            f"{run['grid_s']:.1f} s, cells of {run['cell_m']:g} m; {run['first_call_s']:.1f} s; {run['tiles_s']:.1f} s"
        )
        print(
            f"| {run['city']} | {run['label']} | {ours['ms']:.2f} ({ours['cpu_ms']:.2f}) | {theirs['ms']:.2f} "
            f"({theirs['cpu_ms']:.2f}) | {ratios} | {WANTED[run['mode']]:g} | {once} |"
        )


def print_places(runs: Sequence[dict[str, Any]]) -> None:
    """Print the share of random places on the right side."""
    bands = " | ".join(f"{cutoff:g} s" for cutoff in CUTOFFS_S)
    print(f"| network | mode | polygon | ms | places right | {bands} | near a street | wrong per covered (in, out) |")
    print("|---|---|---|---:|---:|" + "---:|" * len(CUTOFFS_S) + "---:|---:|")
    for run in runs:
        for found in run["quality"]:
            if found.name == PERFECT:
                continue
            whole = found.whole
            shares = " | ".join(f"{band.agreement:.2%}" for band in found.bands)
            wrong = f"{whole.wrong_of_covered:.1%} ({whole.false_inside}, {whole.false_outside})"
            print(
                f"| {run['city']} | {run['mode']} | {found.name} | {found.ms_per_place:.1f} | {whole.agreement:.2%} "
                f"| {shares} | {whole.agreement_near_street:.2%} | {wrong} |"
            )


def print_streets(runs: Sequence[dict[str, Any]]) -> None:
    """Print street length inside, over all streets and over those that places belong to, and nesting."""
    print(
        "| network | mode | polygon | unreached of street inside | reached inside "
        "| the same, streets of places: unreached | reached | not nested, m² |"
    )
    print("|---|---|---|---:|---:|---:|---:|---:|")
    for run in runs:
        for found in run["quality"]:
            whole = found.whole
            print(
                f"| {run['city']} | {run['mode']} | {found.name} | {whole.unreached_share:.2%} "
                f"| {whole.reached_share:.2%} | {whole.own_unreached_share:.2%} | {whole.own_reached_share:.2%} "
                f"| {found.not_nested_m2:.3g} |"
            )


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="speed and quality of isochrones, ours and Valhalla's")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path("cache/benchmarks"))
    parser.add_argument(
        "--valhalla-python", type=Path, help="interpreter that has pyvalhalla; found or made if left out"
    )
    parser.add_argument("--cities", nargs="+", default=list(FILES), choices=list(FILES))
    parser.add_argument("--modes", nargs="+", default=list(SPEEDS_KPH), choices=list(SPEEDS_KPH))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args(argv)
    python = str(valhalla_python(given.cache, given.valhalla_python))
    share = 10 if given.quick else 1
    runs, by_class = [], []
    for city in given.cities:
        scene = open_scene(city, given.data, given.cache, python)
        with start_valhalla(python, scene.tiles) as valhalla:
            for mode in given.modes:
                configuration = Configuration(
                    scene,
                    mode,
                    draw_on_streets(scene.network, mode, 200 // share, np.random.default_rng([given.seed, 1])),
                    MEASURED[mode] // share,
                    PLACES // share,
                    1 if given.quick else 3,
                )
                runs.append(run_mode(configuration, valhalla))
                if mode == "drive":
                    by_class.append(run_class_speeds(replace(configuration, repeats=1), valhalla))
                print(f"{city}, {mode}: done", file=sys.stderr, flush=True)
    print(
        f"\nSeed {given.seed}; {200 // share} places, bands {', '.join(f'{c:g} s' for c in CUTOFFS_S)}, {DIRECTION}.\n"
    )
    print_speed([*runs, *by_class])
    print()
    print_places(runs)
    print()
    print_streets(runs)
    figures = {"seed": given.seed, "runs": [_plain(run) for run in [*runs, *by_class]]}
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


def _plain(run: dict[str, Any]) -> dict[str, Any]:
    return run | {"quality": [asdict(found) for found in run.get("quality", [])]}


if __name__ == "__main__":
    main()
