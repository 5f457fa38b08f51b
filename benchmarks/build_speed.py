"""From a PBF to a network one can route on, Porto: ours against OSMnx and Valhalla's tile builder.

Every run is a process of its own; they take turns. 'work' leaves the start of Python and the imports out, 'process' has
them. Valhalla's builder is a program: its figure is the process.

ours           `read_roads` and `build_network`; all four modes, and on foot only; and `read_network` of what
               `write_network` saved before
OSMnx          ``graph_from_xml(simplify=True, retain_all=True)``; it reads no PBF, so pyosmium writes the ways with a
               highway tag and their nodes as .osm before, which is not counted (graph_from_xml takes every way of a
               file for a street). Speeds and travel times, which ours has, would come on top
Valhalla       ``valhalla_build_tiles`` of the pyvalhalla wheel with its own defaults, 1 and 2 threads
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers
from tables import seconds, table

TITLE = "PBF to routable network"
_BAR = 10
_FILES = {False: "porto_portugal.osm.pbf", True: "andorra.osm.pbf"}
Run = dict[str, float]
Build = Callable[[], Run]
#: Run by a small Python of its own: on Linux a process starts with the peak memory of the one that started it.
_LAUNCHER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8")
printed = process.stdout.read()
run = {}
if hasattr(os, "wait4"):  # Windows keeps no account of a child's memory
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    run["cpu"] = usage.ru_utime + usage.ru_stime
    run["peak_mib"] = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
code = process.wait()
run["process"] = time.perf_counter() - start
print(json.dumps({"run": run, "code": code, "printed": printed}))
"""


def ours(path: Path, modes: list[str]) -> dict[str, int]:
    from coverage_planner import DEFAULT_MODES, build_network, read_roads

    network = build_network(read_roads(path), modes={name: DEFAULT_MODES[name] for name in modes or DEFAULT_MODES})
    return {"nodes": len(network.nodes), "edges": len(network.edges)}


def reopen(folder: Path) -> dict[str, int]:
    from coverage_planner import read_network

    network = read_network(folder)
    return {"nodes": len(network.nodes), "edges": len(network.edges)}


def save(pbf: Path, folder: Path) -> float:
    """Build and save a network; return what saving took."""
    from coverage_planner import build_network, read_roads, write_network

    network = build_network(read_roads(pbf))
    start = time.perf_counter()
    write_network(network, folder, force=True)
    return time.perf_counter() - start


def osmnx(path: Path) -> dict[str, int]:
    import osmnx

    graph = osmnx.graph_from_xml(path, simplify=True, retain_all=True)
    return {"nodes": len(graph.nodes), "edges": len(graph.edges)}


def import_all(side: str) -> None:
    if side == "osmnx":
        import osmnx  # noqa: F401
    elif side == "reopen":
        import coverage_planner.network.files
    else:
        import coverage_planner.network.build
        import coverage_planner.sources.osm_file
        import coverage_planner.sources.roads  # noqa: F401


def write_streets(pbf: Path, xml: Path) -> None:
    """Write the ways with a highway tag, and their nodes, as XML for OSMnx."""
    import osmium

    kept = xml.with_name(f"part {xml.name}")
    nodes: set[int] = set()
    for way in osmium.FileProcessor(str(pbf), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
        nodes.update(node.ref for node in way.nodes)
    with osmium.SimpleWriter(str(kept), overwrite=True) as writer:
        for thing in osmium.FileProcessor(str(pbf), osmium.osm.NODE | osmium.osm.WAY):
            if thing.id in nodes if thing.is_node() else "highway" in thing.tags:
                writer.add(thing)
    kept.replace(xml)


def run_measured(command: list[str]) -> tuple[Run, str]:
    """Run a program to its end; seconds and CPU seconds of the process, its peak memory, and what it printed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCHER, *command],
        stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8",
    )  # fmt: skip
    answer = json.loads(done.stdout)
    if answer["code"]:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {answer['code']}")
    return answer["run"], answer["printed"]


def run_python(side: str, path: Path, modes: tuple[str, ...] = ()) -> Run:
    """Run ours or OSMnx once, in a process of its own."""
    run, printed = run_measured([sys.executable, __file__, side, str(path), *modes])
    return run | json.loads(printed.splitlines()[-1])


def run_valhalla(python: Path, pbf: Path, folder: Path, threads: int) -> Run:
    """Build tiles once, from nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tiles").mkdir(parents=True)
    script = (
        "import json, sys; from pathlib import Path; from valhalla.config import get_config; "
        "print(json.dumps(dict(get_config(tile_extract='', tile_dir=Path(sys.argv[1]) / 'tiles'))))"
    )
    done = subprocess.run([str(python), "-c", script, str(folder)], capture_output=True, text=True, check=True)
    settings = json.loads(done.stdout)
    settings["mjolnir"]["concurrency"] = threads
    (folder / "valhalla.json").write_text(json.dumps(settings), encoding="utf-8")
    program = peers.valhalla_program(python, "valhalla_build_tiles")
    run, _ = run_measured([str(program), "-c", str(folder / "valhalla.json"), str(pbf)])
    if not any((folder / "tiles").rglob("*.gph")):
        raise RuntimeError(f"{program} wrote no tiles into {folder}")
    return run


def measure(
    data: Path, cache: Path, *, rounds: int, quick: bool, valhalla_python: Path | None = None
) -> dict[str, Any]:
    """Take turns."""
    pbf = (data / "osm" / _FILES[quick]).resolve()
    xml = cache / f"{pbf.name}.streets.osm"
    missing: dict[str, str] = {}
    cache.mkdir(parents=True, exist_ok=True)
    saved = cache / f"{pbf.name}.network"
    save_s = save(pbf, saved)
    sides: dict[str, Build] = {
        "ours, four modes": lambda: run_python("ours", pbf),
        "ours, on foot only": lambda: run_python("ours", pbf, ("walk",)),
        "ours, reopened": lambda: run_python("reopen", saved),
    }
    try:
        peers.require("osmnx")
        if not xml.exists():
            write_streets(pbf, xml)
        sides["OSMnx graph_from_xml"] = lambda: run_python("osmnx", xml)
    except peers.PeerMissingError as error:
        missing["OSMnx"] = str(error)
    try:
        python = peers.valhalla_python(cache, valhalla_python)
        for threads in (1, 2):
            folder = cache / "valhalla build"
            sides[f"valhalla_build_tiles, {threads} thread{'s'[: threads - 1]}"] = (
                lambda threads=threads, folder=folder: run_valhalla(python, pbf, folder, threads)  # type: ignore[misc]
            )
    except peers.PeerMissingError as error:
        missing["Valhalla"] = str(error)
    run_python("ours", pbf)  # compiles, and brings the file into the system's cache
    runs: dict[str, list[Run]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            runs[side].append(run())
            last = runs[side][-1]
            print(f"build: {side} {last['process']:.1f} s", file=sys.stderr, flush=True)
    return {"file": pbf.name, "mib": pbf.stat().st_size / 2**20, "save_s": save_s, "runs": runs, "missing": missing}


def report(measured: dict[str, Any]) -> str:
    """Draw the table."""
    runs = measured["runs"]
    rows = []
    for side, of_side in runs.items():
        best = {key: min(run[key] for run in of_side if key in run) for key in of_side[0]}
        rows.append(
            [
                side,
                seconds(best["process"]),
                seconds(best["work"]) if "work" in best else "–",
                seconds(best["cpu"]) if "cpu" in best else "–",
                f"{statistics.median(run['peak_mib'] for run in of_side):.0f}" if "peak_mib" in best else "–",
                f"{best['nodes']:,.0f}" if "nodes" in best else "–",
                *(_ratio(of_side, runs[mine]) for mine in ("ours, four modes", "ours, on foot only")),
            ]
        )
    headings = [
        "builder -",
        "process s",
        "work s",
        "CPU s",
        "peak MiB",
        "nodes",
        "over four modes",
        "over on foot only",
    ]
    said = (
        f"{measured['file']}, {measured['mib']:.2f} MiB. Seconds are the fastest run; 'work' leaves the start of "
        f"Python and the imports out. Ratios: work over work for OSMnx (to reach {_BAR}); the process of Valhalla's "
        "program over our process (to reach 1) and, behind it, over our work; medians (least to greatest) [by CPU "
        "time]."
    )
    parts = [said, table(headings, rows), f"Saving the network of four modes took {seconds(measured['save_s'])} s."]
    if measured["missing"]:
        parts.append(f"Left out: {'; '.join(f'{peer}: {why}' for peer, why in measured['missing'].items())}.")
    return "\n\n".join(parts)


def _ratio(theirs: list[Run], mine: list[Run]) -> str:
    if theirs is mine:
        return ""
    keys = (
        [("work", "work", "work_cpu")]
        if "work" in theirs[0]
        else [("process",) * 2 + ("cpu",), ("process", "work", "")]
    )
    shown = []
    for their_key, my_key, cpu_key in keys:
        ratios = [their[their_key] / my[my_key] for their, my in zip(theirs, mine, strict=True)]
        text = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})"
        if cpu_key in theirs[0]:
            by_cpu = [their[cpu_key] / my[cpu_key] for their, my in zip(theirs, mine, strict=True)]
            text += f" [{statistics.median(by_cpu):.1f}]"
        shown.append(text)
    return ", ".join(shown)


def main() -> None:
    parser = argparse.ArgumentParser(description="build one network in this process")
    parser.add_argument("side", choices=("ours", "reopen", "osmnx"))
    parser.add_argument("path", type=Path)
    parser.add_argument("modes", nargs="*")
    given = parser.parse_args()
    import_all(given.side)
    start, cpu_start = time.perf_counter(), time.process_time()
    if given.side == "ours":
        counts = ours(given.path, given.modes)
    else:
        counts = osmnx(given.path) if given.side == "osmnx" else reopen(given.path)
    took = {"work": time.perf_counter() - start, "work_cpu": time.process_time() - cpu_start}
    print(json.dumps(took | counts))


if __name__ == "__main__":
    main()
