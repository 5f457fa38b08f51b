"""Time and peak memory of reading streets from a PBF with pyosmium (what `read_roads` uses) and with pyrosm.

    python benchmarks/pbf_readers.py --data ../shared/data/osm --pyrosm-python VENV/bin/python

pyrosm is no dependency of the project; install it into a virtual environment of its own and name that interpreter.
Every run is a process of its own, and the readers take turns. Printed are the fastest run, which other work on the
machine disturbs least, by the clock and in CPU time of all threads, and the peak of the process's memory with its
imports (what the imports alone take stands beside it). The peak comes from `resource`: this runs on Linux and macOS.

Tasks:

ways        one row per street with its tags and its line in longitude and latitude
segments    pyosmium: `read_roads` (cut at junctions and barriers, projected, geodesic lengths, barriers, obstacles);
            pyrosm: ``get_network(nodes=True)`` (nodes, and one edge per pair of vertices)
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

FILES = ("las_palmas_2023.osm.pbf", "porto_portugal.osm.pbf")


def pyosmium_ways(path: Path) -> Any:
    from coverage_planner.schema import ROAD_TAGS
    from coverage_planner.sources import osm_file, osm_tags

    locations, _ = osm_file.read_nodes(path, osm_tags.NODE_KEYS, osm_tags.is_route_node)
    ways = osm_file.Ways()
    for way in osm_file.objects(path, osm_file.WAY, osm_file.KeyFilter("highway")):
        tags = osm_file.tags_of(way)
        if osm_tags.is_street(tags):
            ways.add(way, tags)
    parts = osm_file.draw_ways(locations.lines(ways))
    table = osm_tags.tag_table(ways.tags, ROAD_TAGS)
    rows = [row for row, lines in enumerate(parts) for _ in lines]
    lines = [line for lines in parts for line in lines]
    return osm_file.gpd.GeoDataFrame(table.iloc[rows], geometry=lines, crs=4326)


def pyosmium_segments(path: Path) -> Any:
    from coverage_planner import read_roads

    return read_roads(path).segments


def pyrosm_ways(path: Path) -> Any:
    import pyrosm

    return pyrosm.OSM(str(path)).get_network("all")


def pyrosm_segments(path: Path) -> Any:
    import pyrosm

    return pyrosm.OSM(str(path)).get_network("all", nodes=True)[1]


def import_all(reader: str) -> None:
    if reader == "pyrosm":
        import geopandas  # noqa: F401
        import pyrosm  # noqa: F401
    else:
        import coverage_planner.sources.osm_file
        import coverage_planner.sources.roads  # noqa: F401


TASKS = {
    ("pyosmium", "ways"): pyosmium_ways,
    ("pyosmium", "segments"): pyosmium_segments,
    ("pyrosm", "ways"): pyrosm_ways,
    ("pyrosm", "segments"): pyrosm_segments,
}


def peak_mib() -> float:
    """Peak memory of this process; ru_maxrss is in KiB on Linux and in bytes on macOS."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def length_km(table: Any) -> float:
    """Length of all streets: as the reader gives it in metres, else planar in the UTM zone."""
    for name in ("length_m", "length"):
        if name in table.columns:
            return float(table[name].sum()) / 1000
    return float(table.to_crs(table.estimate_utm_crs()).length.sum()) / 1000


def measure(reader: str, task: str, path: str) -> dict[str, Any]:
    """Run one task once, in this process."""
    import_all(reader)
    imports_mib = peak_mib()
    start, cpu_start = time.perf_counter(), time.process_time()
    table = TASKS[reader, task](Path(path))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "imports_mib": imports_mib,
        "peak_mib": peak_mib(),
        "rows": len(table),
        "km": length_km(table),
        "version": version("osmium" if reader == "pyosmium" else reader),
    }


def measure_apart(python: str, reader: str, task: str, path: Path) -> dict[str, Any]:
    """Run one task once, in a process of its own."""
    command = [python, __file__, "--once", reader, task, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def compare(pythons: dict[str, str], task: str, path: Path, repeats: int) -> None:
    """Print one row per reader."""
    runs: dict[str, list[dict[str, Any]]] = {reader: [] for reader in pythons}
    for _ in range(repeats):
        for reader, python in pythons.items():
            runs[reader].append(measure_apart(python, reader, task, path))
    for reader, of_reader in runs.items():
        seconds, cpu_seconds = (min(run[key] for run in of_reader) for key in ("seconds", "cpu_seconds"))
        one = of_reader[0]
        peak = statistics.median(run["peak_mib"] for run in of_reader)
        print(
            f"| {path.name} | {task} | {reader} {one['version']} | {seconds:.2f} "
            f"| {cpu_seconds:.2f} | {peak:.0f} | {one['imports_mib']:.0f} "
            f"| {one['rows']:,} | {one['km']:,.0f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="pyosmium and pyrosm side by side")
    parser.add_argument("--data", type=Path, default=Path("../shared/data/osm"))
    parser.add_argument("--pyrosm-python", help="interpreter of an environment with pyrosm")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--once", nargs=3, metavar=("READER", "TASK", "PATH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(measure(*given.once)))
        return
    pythons = {"pyosmium": sys.executable} | ({"pyrosm": given.pyrosm_python} if given.pyrosm_python else {})
    print("| file | task | reader | seconds | CPU s | peak MiB | of it imports | rows | km |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    for name in FILES:
        for task in ("ways", "segments"):
            compare(pythons, task, (given.data / name).resolve(), given.repeats)


if __name__ == "__main__":
    main()
