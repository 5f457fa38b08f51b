"""Memory of the search: the graph, the result, and what the search needs besides, per node and thread.

Two measures, each in a process of its own. What is *reserved* comes from numpy's own account (tracemalloc), without a
limit worth the name, so that there is no result: the difference between two threads and one is what a thread needs.
What is *resident* (Linux only) is the peak of the process during the bounded searches of 1,000 sources, reset before
them through /proc/self/clear_refs, less what was there before and less the result; what waits to be joined counts, too.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from engine_speed import draw_sources
from engines import Ours
from networks import LABELS, LIMIT_MS, MODES, Prepared, prepare
from numpy.typing import NDArray
from tables import table

TITLE = "Memory"
_BAR = 100
#: Freed memory goes back to the system at once, so that none of it hides what comes after.
_GIVE_BACK = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "0"}
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
#: Enough for two threads to have work of their own.
_FEW_SOURCES = 64


def _resident(field: str) -> int:
    line = next(line for line in _STATUS.read_text(encoding="ascii").splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def _bounded(search: Ours, sources: NDArray[np.int64]) -> dict[str, int | None]:
    gc.collect()
    if not _CLEAR.exists():
        return {"result": sum(array.nbytes for array in search.run(sources, LIMIT_MS)), "besides": None}
    _CLEAR.write_text("5", encoding="ascii")
    before = _resident("VmRSS")
    found = search.run(sources, LIMIT_MS)
    result = sum(array.nbytes for array in found)
    return {"result": result, "besides": max(0, _resident("VmHWM") - before - result)}


def _reserved(search: Ours, sources: NDArray[np.int64]) -> int:
    gc.collect()
    tracemalloc.start()
    search.run(sources, 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _arrays(value: Any) -> Iterator[NDArray[Any]]:
    """All arrays that a graph holds, packed forms included."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _arrays(part)
    elif hasattr(value, "__dict__"):
        for part in vars(value).values():
            yield from _arrays(part)


def measure_here(folder: Path, mode: str, threads: int, seed: int) -> dict[str, Any]:
    """Measure one network and mode in this process."""
    sources = draw_sources(Prepared(folder.name, folder), mode, seed=seed, n=1000)
    search = Ours(folder, mode, threads)
    search.run(sources, 1)  # compiles, and packs the graph
    return {
        "nodes": len(search.graph.indptr) - 1,
        "graph": sum(array.nbytes for array in _arrays(search.graph)),
        "reserved": _reserved(search, sources[:_FEW_SOURCES]),
        "bounded": _bounded(search, sources),
    }


def measure(names: list[str], data: Path, cache: Path, *, seed: int) -> list[dict[str, Any]]:
    """Measure networks and modes."""
    measured = []
    for name in names:
        for mode in MODES:
            print(f"memory: {name}, {mode}", file=sys.stderr, flush=True)
            case: dict[str, Any] = {"network": name, "mode": mode}
            for threads in (1, 2):
                command = [sys.executable, __file__, str(prepare(name, data, cache).folder), mode, str(threads)]
                done = subprocess.run(
                    [*command, "--seed", str(seed)],
                    stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8", env=os.environ | _GIVE_BACK,
                )  # fmt: skip
                case[str(threads)] = json.loads(done.stdout)
            measured.append(case)
    return measured


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the table."""
    rows = []
    for case in measured:
        one, two = case["1"], case["2"]
        per_thread = two["reserved"] - one["reserved"]
        if per_thread < one["nodes"]:
            raise SystemExit("numpy's account must see the memory of a thread, and does not: it is set aside elsewhere")
        besides = [side["bounded"]["besides"] for side in (one, two)]
        rows.append(
            [
                LABELS[case["network"]],
                MODES[case["mode"]],
                f"{one['nodes']:,}",
                f"{one['graph'] / 2**20:.1f}",
                f"{per_thread / one['nodes']:.0f}",
                f"{(one['reserved'] - per_thread) / one['nodes']:.0f}",
                f"{one['bounded']['result'] / 2**20:.1f}",
                *("–" if bytes_ is None else f"{bytes_ / 2**20:.1f}" for bytes_ in besides),
            ]
        )
    headings = [
        "network -", "limit -", "nodes", "graph MiB", "bytes per node and thread", "bytes per node, shared",
        "result MiB", "resident besides, 1 thread, MiB", "2 threads, MiB",
    ]  # fmt: skip
    return (
        f"Bytes per node and thread (to reach: at most {_BAR}) and per node for all threads together are what the "
        "search sets aside, graph and result left out; what becomes resident of it in 1,000 bounded searches stands in "
        "the last columns, rows waiting to be joined included.\n\n" + table(headings, rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="memory of the search on one network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("threads", type=int)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    print(json.dumps(measure_here(given.folder, given.mode, given.threads, given.seed)))


if __name__ == "__main__":
    main()
