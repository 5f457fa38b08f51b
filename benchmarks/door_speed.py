"""The public `travel_times`, from door to door: 1,000 random facilities and 100,000 random places of demand.

Places are drawn along the streets, every metre alike, and set off to the side by a normal deviation of 30 m. No peer
does the same work (points at their place on the edge, access legs, obstacles), so the table has seconds only: finding
the streets of the demand, and everything together.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from machine import peak_mib
from networks import LABELS, LIMIT_MS, MODES, Prepared, prepare
from tables import seconds, table

from coverage_planner.network.road_network import RoadNetwork

TITLE = "Door to door"
_OFF_M = 30.0


def draw_places(network: RoadNetwork, mode: str, n: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Draw points beside streets that the mode may use."""
    rows = np.flatnonzero(network.graph(mode).snappable)
    length_m = network.edges["length_m"].to_numpy()[rows]
    lines = network.edges.geometry.to_numpy()[rng.choice(rows, n, p=length_m / length_m.sum())]
    on_street = shapely.get_coordinates(shapely.line_interpolate_point(lines, rng.random(n), normalized=True))
    points = shapely.points(on_street + rng.normal(0.0, _OFF_M, (n, 2)))
    return gpd.GeoDataFrame({"id": np.arange(n).astype(str)}, geometry=points, crs=network.crs)


def measure_here(folder: Path, *, seed: int, n_facilities: int, n_demand: int, rounds: int) -> list[dict[str, Any]]:
    """Measure one network in this process."""
    from coverage_planner import snap_points, travel_times

    network = Prepared(folder.name, folder).network()
    measured = []
    for mode in MODES:
        rng = np.random.default_rng(seed)
        facilities, demand = (draw_places(network, mode, n, rng) for n in (n_facilities, n_demand))
        limit_s = LIMIT_MS / 1000
        travel_times(network, facilities[:5], demand[:50], mode=mode, limit_s=limit_s)  # compiles; prepares obstacles
        took: dict[str, list[float]] = {"snap": [], "1": [], "2": []}
        for _ in range(rounds):
            start = time.perf_counter()
            snap_points(network, demand, mode)
            took["snap"].append(time.perf_counter() - start)
            for threads in (1, 2):
                start = time.perf_counter()
                times = travel_times(network, facilities, demand, mode=mode, limit_s=limit_s, threads=threads)
                took[str(threads)].append(time.perf_counter() - start)
        best = {key: min(values) for key, values in took.items()}
        of_mode = {"mode": mode, "facilities": len(facilities), "demand": len(demand), "pairs": len(times.seconds)}
        measured.append(of_mode | {"seconds": best, "peak_mib": peak_mib()})
    return measured


def measure(names: list[str], data: Path, cache: Path, *, seed: int, quick: bool, rounds: int) -> list[dict[str, Any]]:
    """Measure every network, each in a process of its own."""
    measured = []
    for name in names:
        print(f"doors: {name}", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, str(prepare(name, data, cache).folder), "--seed", str(seed)]
        command += ["--rounds", str(rounds), *(["--facilities", "100", "--demand", "10000"] if quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
        measured += [{"network": name} | row for row in json.loads(done.stdout)]
    return measured


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the table."""
    rows = [
        [
            LABELS[row["network"]],
            MODES[row["mode"]],
            f"{row['pairs']:,}",
            *(seconds(row["seconds"][key]) for key in ("snap", "1", "2")),
            f"{row['peak_mib']:.0f}",
        ]
        for row in measured
    ]
    headings = ["network -", "limit -", "pairs", "snapping the demand, s", "1 thread, s", "2 threads, s", "peak MiB"]
    return (
        f"`travel_times` from {measured[0]['facilities']:,} random facilities to {measured[0]['demand']:,} random "
        "places beside streets, snapping included; seconds, the fastest run.\n\n" + table(headings, rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="travel_times on one network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--facilities", type=int, default=1000)
    parser.add_argument("--demand", type=int, default=100_000)
    given = parser.parse_args()
    measured = measure_here(
        given.folder, seed=given.seed, n_facilities=given.facilities, n_demand=given.demand, rounds=given.rounds
    )
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
