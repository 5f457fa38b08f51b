"""Valhalla behind a pipe: JSON lines in, JSON lines out. Runs under the interpreter that has pyvalhalla.

    VALHALLA_PYTHON benchmarks/valhalla_worker.py build PBF FOLDER
    VALHALLA_PYTHON benchmarks/valhalla_worker.py serve FOLDER

``build`` makes tiles with the builder in the wheel and prints what it took. ``serve`` reads one line per batch
(``action``, ``requests``, ``keep``: how many answers are wanted) and writes one (``seconds`` per request, ``answers``,
``cpu_seconds`` of the batch). The clock runs only while Valhalla's actor works on one request, from text to text; no
JSON is read or written meanwhile.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any


def config(folder: Path) -> dict[str, Any]:
    """Take Valhalla's own defaults; one thread; requests as large as the benchmarks need."""
    from valhalla.config import get_config

    settings = dict(get_config(tile_extract="", tile_dir=folder / "tiles"))
    settings["mjolnir"]["concurrency"] = 1
    for kind in ("pedestrian", "bicycle", "auto"):
        settings["service_limits"][kind]["max_matrix_location_pairs"] = 1_000_000
    settings["service_limits"]["max_distance_disable_hierarchy_culling"] = 1_000_000  # metres; 0 would forbid it
    return settings


def build(pbf: Path, folder: Path) -> dict[str, Any]:
    """Build tiles; seconds by the clock and the builder's peak memory."""
    import valhalla

    (folder / "tiles").mkdir(parents=True, exist_ok=True)
    (folder / "valhalla.json").write_text(json.dumps(config(folder)), encoding="utf-8")
    builder = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    start = time.perf_counter()
    done = subprocess.run(
        [str(builder), "-c", str(folder / "valhalla.json"), str(pbf)], capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"valhalla_build_tiles ended with {done.returncode}: {done.stderr[-2000:]}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "seconds": seconds,
        "peak_mib": peak / (2**20 if sys.platform == "darwin" else 2**10),
        "version": valhalla.__version__,
    }


def serve(folder: Path, answers_to: IO[str]) -> None:
    """Answer batches until the pipe is closed."""
    import valhalla

    actor = valhalla.Actor(config(folder))
    for line in sys.stdin:
        batch = json.loads(line)
        act = getattr(actor, batch["action"])
        seconds, answers = [], []
        cpu_start = time.process_time()
        for number, request in enumerate(batch["requests"]):
            start = time.perf_counter()
            try:
                answer = act(request)
            except RuntimeError as error:  # Valhalla found no street or no path: an answer too
                answer = json.dumps({"error": str(error)})
            seconds.append(time.perf_counter() - start)
            if number < batch["keep"]:
                answers.append(answer)
        cpu_seconds = time.process_time() - cpu_start
        json.dump({"seconds": seconds, "cpu_seconds": cpu_seconds, "answers": answers}, answers_to)
        answers_to.write("\n")
        answers_to.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Valhalla behind a pipe")
    parser.add_argument("work", choices=("build", "serve"))
    parser.add_argument("paths", nargs="+", type=Path)
    given = parser.parse_args()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers_to:
        os.dup2(2, 1)  # whatever Valhalla prints goes to stderr, not between the answers
        if given.work == "build":
            json.dump(build(*given.paths), answers_to)
        else:
            serve(given.paths[0], answers_to)


if __name__ == "__main__":
    main()
