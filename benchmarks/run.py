"""All figures of the project in one run: prints the tables and puts them into RESULTS.md beside this script.

    python -m pip install -e ".[benchmarks]" && python benchmarks/run.py

Needs ``../shared/data`` (or ``--data``). What is prepared, networks and the peers' environment, is kept in ``--cache``
and used again. ``--only engine sweep`` runs some sections; ``--quick`` runs everything small, and writes tables only
into the file that ``--results`` names. The section 'siting' has a file of its own beside it, SITING.md. Progress goes
to stderr.

The module of each section says what is measured and how.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import build_speed
import circle
import door_speed
import engine_speed
import locality
import machine
import maps
import memory_use
import osm_clip
import peers
import records
import siting_speed
import sweep_speed
import vertex_graph
from networks import LABELS
from tables import replace_sections

_HERE = Path(__file__).resolve().parent
SEED = 20260101

Made = tuple[str, Any]


class Settings(argparse.Namespace):
    """The arguments given."""

    data: Path
    cache: Path
    only: list[str]
    networks: list[str]
    quick: bool
    seed: int
    rounds: int
    results: Path | None
    valhalla_python: Path | None

    @property
    def n_sources(self) -> int:
        """How many facilities the searches start from."""
        return 100 if self.quick else 1000


def engine(given: Settings) -> Made:
    cases = engine_speed.measure(
        given.networks, given.data, given.cache, seed=given.seed, n_sources=given.n_sources, rounds=given.rounds
    )
    return engine_speed.report(cases), [vars(case) for case in cases]


def hold(given: Settings) -> Made:
    measured = locality.measure(given.networks, given.data, given.cache, seed=given.seed, n_sources=given.n_sources)
    return locality.report(measured), measured


def sweep(given: Settings) -> Made:
    measured = sweep_speed.measure(given.data, given.cache, seed=given.seed, rounds=given.rounds, quick=given.quick)
    return sweep_speed.report(measured), measured


def vertices(given: Settings) -> Made:
    measured = vertex_graph.measure(
        given.data,
        given.cache,
        name="wuhan" if given.quick else "porto",
        seed=given.seed,
        n_sources=given.n_sources,
        rounds=given.rounds,
    )
    return vertex_graph.report(measured), measured


def memory(given: Settings) -> Made:
    measured = memory_use.measure(given.networks, given.data, given.cache, seed=given.seed)
    return memory_use.report(measured), measured


def doors(given: Settings) -> Made:
    measured = door_speed.measure(
        given.networks, given.data, given.cache, seed=given.seed, quick=given.quick, rounds=min(3, given.rounds)
    )
    return door_speed.report(measured), measured


def clip(given: Settings) -> Made:
    measured = osm_clip.measure(given.data, given.cache, quick=given.quick, rounds=min(3, given.rounds))
    return osm_clip.report(measured), measured


def build(given: Settings) -> Made:
    measured = build_speed.measure(
        given.data,
        given.cache,
        rounds=min(3, given.rounds),
        quick=given.quick,
        valhalla_python=given.valhalla_python,
    )
    return build_speed.report(measured), measured


def siting(given: Settings) -> Made:
    figures = siting_speed.measure(given.data, given.cache, seed=given.seed, quick=given.quick)
    if given.results is not None:
        siting_speed.draw_convergence(figures["convergence"]["cases"], given.results.parent)
    return siting_speed.report(figures), figures


def orders(given: Settings) -> Made:
    measured = records.measure(given.data, given.cache, seed=given.seed, quick=given.quick)
    return records.report(measured), measured


def services(given: Settings) -> Made:
    measured = circle.measure(given.data, given.cache, seed=given.seed, quick=given.quick)
    return circle.report(measured), measured


def pages(given: Settings) -> Made:
    measured = maps.measure(given.data, given.cache, seed=given.seed, quick=given.quick)
    return maps.report(measured), measured


def isochrones(given: Settings) -> Made:
    return _run_script("isochrone_quality.py", given)


def matrix(given: Settings) -> Made:
    return _run_script("matrix_agreement.py", given)


def _run_script(name: str, given: Settings) -> Made:
    """Run a benchmark that prints its own tables; it needs Valhalla."""
    try:
        python = peers.valhalla_python(given.cache, given.valhalla_python)
    except peers.PeerMissingError as error:
        return f"Left out: {error}.", None
    figures = given.cache / f"{name}.json"
    figures.unlink(missing_ok=True)
    command = [sys.executable, str(_HERE / name), "--data", str(given.data), "--cache", str(given.cache)]
    command += ["--valhalla-python", str(python), "--seed", str(given.seed), "--json", str(figures)]
    command += ["--quick"] if given.quick else []
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
    return done.stdout.strip(), json.loads(figures.read_text(encoding="utf-8")) if figures.exists() else None


#: Name on the command line -> heading in RESULTS.md, what makes it.
SECTIONS: dict[str, tuple[str, Callable[[Settings], Made]]] = {
    "engine": (engine_speed.TITLE, engine),
    "locality": (locality.TITLE, hold),
    "sweep": (sweep_speed.TITLE, sweep),
    "vertices": (vertex_graph.TITLE, vertices),
    "memory": (memory_use.TITLE, memory),
    "doors": (door_speed.TITLE, doors),
    "build": (build_speed.TITLE, build),
    "clip": (osm_clip.TITLE, clip),
    "records": (records.TITLE, orders),
    "circle": (circle.TITLE, services),
    "maps": (maps.TITLE, pages),
    "siting": (siting_speed.TITLE, siting),
    "isochrones": ("Isochrones: speed and quality", isochrones),
    "matrix": ("Travel times against Valhalla's matrix", matrix),
}

#: Sections that have a file of their own beside RESULTS.md.
FILES = {"siting": siting_speed.RESULTS}


def parse(arguments: list[str] | None = None) -> Settings:
    parser = argparse.ArgumentParser(description="all figures of the project, in one run")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder of real data")
    parser.add_argument(
        "--cache", type=Path, default=Path("cache/benchmarks"), help="scratch folder, kept between runs"
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to run")
    parser.add_argument("--networks", nargs="+", choices=LABELS, help="networks of the searches; all four by default")
    parser.add_argument("--quick", action="store_true", help="small networks, few sources, one round: a smoke test")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rounds", type=int, help="turns that the engines take; 5 by default")
    parser.add_argument("--results", type=Path, help="Markdown file to put the sections into; RESULTS.md by default")
    parser.add_argument("--json", type=Path, help="file for the figures; results.json in the scratch folder by default")
    parser.add_argument(
        "--valhalla-python", type=Path, help="interpreter that has pyvalhalla; found or made if left out"
    )
    given = parser.parse_args(arguments, namespace=Settings())
    given.data, given.cache = given.data.resolve(), given.cache.resolve()
    if not given.data.is_dir():
        parser.error(f"--data must name the folder of real data, got {given.data}")
    given.networks = given.networks or (["wuhan"] if given.quick else list(LABELS))
    given.rounds = given.rounds or (1 if given.quick else 5)
    given.json = given.json or given.cache / "results.json"
    if given.results is None and not given.quick:
        given.results = _HERE / "RESULTS.md"
    given.cache.mkdir(parents=True, exist_ok=True)
    return given


def main(arguments: list[str] | None = None) -> None:
    given = parse(arguments)
    where = machine.describe()
    day = datetime.now(UTC).date().isoformat()
    print(f"{where} Seed {given.seed}; {day}.\n", flush=True)
    figures: dict[str, Any] = {"machine": where, "seed": given.seed, "day": day, "sections": {}}
    for name in given.only:
        title, make = SECTIONS[name]
        start, load = time.perf_counter(), machine.load()
        text, figures["sections"][name] = make(given)
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
        print(f"## {title}\n\n{text}\n", flush=True)
        if given.results is not None:
            results = given.results.with_name(FILES[name]) if name in FILES else given.results
            command = f"`python benchmarks/run.py --only {name}{' --quick' if given.quick else ''}`"
            body = f"{command}, seed {given.seed}, {day}. {where}{load}\n\n{text}"
            replace_sections(results, {title: body})
        given.json.write_text(json.dumps(figures, indent=1, default=str), encoding="utf-8")


if __name__ == "__main__":
    main()
