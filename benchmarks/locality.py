"""What holds the search: the cost of a settled node, with neighbours for company and without, beside that of memory.

Three runs of the same search, one thread, CPU time per settled node: from the sources of the comparison, scattered over
the whole network; the same with a limit of 1 ms, which leaves what a call costs before it searches; and from as many
sources in one stretch of 60,000 nodes of the space-filling curve, where searches share streets and memory whatever the
network's size. Beside them, what one read costs that waits for the one before, in memory as large as the rows of lanes
that the search sets aside. It goes through few of these: rows are handed out as nodes are reached.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from engine_speed import draw_sources
from engines import Ours, timed
from latency_kernels import chase
from networks import LABELS, LIMIT_MS, MODES, Prepared, prepare, used_nodes
from tables import table

TITLE = "What holds the search"
_STRETCH = 60_000
_CALLS = 5
_STEPS = 2_000_000
#: Bytes of a row of lanes, of which the search sets one aside per node.
_BYTES_PER_NODE = 64


def _least_cpu_s(run: Callable[[], Any]) -> tuple[float, Any]:
    took = [timed(run) for _ in range(_CALLS)]
    return min(cpu_s for _, cpu_s, _ in took), took[0][2]


def read_ns(size: int, seed: int) -> float:
    """Nanoseconds per read that waits for the one before, in an array of `size` bytes visited in random order."""
    n = max(1024, size // 4)
    order = np.random.default_rng(seed).permutation(n).astype(np.int32)
    following = np.empty(n, dtype=np.int32)
    following[order] = np.roll(order, -1)
    chase(following, n)
    least = float("inf")
    for _ in range(_CALLS):
        start = time.process_time()
        chase(following, _STEPS)
        least = min(least, time.process_time() - start)
    return least / _STEPS * 1e9


def measure_here(folder: Path, mode: str, *, seed: int, n_sources: int) -> dict[str, Any]:
    """Measure one network and mode in this process."""
    prepared = Prepared(folder.name, folder)
    search = Ours(folder, mode, 1)
    scattered = draw_sources(prepared, mode, seed=seed, n=n_sources)
    nodes = used_nodes(search.graph)
    middle = max(0, len(nodes) // 2 - _STRETCH // 2)
    stretch = nodes[middle : middle + _STRETCH]
    near = np.random.default_rng(seed).choice(stretch, len(scattered), replace=False)
    search.run(scattered, 1)  # compiles, and packs the graph
    before_s, _ = _least_cpu_s(lambda: search.run(scattered, 1))
    scattered_s, found = _least_cpu_s(lambda: search.run(scattered, LIMIT_MS))
    near_s, found_near = _least_cpu_s(lambda: search.run(near, LIMIT_MS))
    return {
        "nodes": len(search.graph.indptr) - 1,
        "before_ms": before_s * 1e3,
        "scattered_ns": scattered_s / search.count(found) * 1e9,
        "searching_ns": (scattered_s - before_s) / search.count(found) * 1e9,
        "near_ns": (near_s - before_s) / search.count(found_near) * 1e9,
        "read_ns": read_ns((len(search.graph.indptr) - 1) * _BYTES_PER_NODE, seed),
    }


def measure(names: list[str], data: Path, cache: Path, *, seed: int, n_sources: int) -> list[dict[str, Any]]:
    """Measure networks and modes, each in a process of its own."""
    measured = []
    for name in names:
        for mode in MODES:
            print(f"locality: {name}, {mode}", file=sys.stderr, flush=True)
            command = [sys.executable, __file__, str(prepare(name, data, cache).folder), mode]
            done = subprocess.run(
                [*command, "--seed", str(seed), "--sources", str(n_sources)],
                stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8",
            )  # fmt: skip
            measured.append({"network": name, "mode": mode} | json.loads(done.stdout))
    return measured


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the table."""
    rows = [
        [
            LABELS[case["network"]],
            MODES[case["mode"]],
            f"{case['nodes']:,}",
            f"{case['before_ms']:.1f}",
            *(f"{case[key]:.0f}" for key in ("scattered_ns", "searching_ns", "near_ns", "read_ns")),
        ]
        for case in measured
    ]
    headings = [
        "network -", "limit -", "nodes", "before searching, ms a call", "ns per settled node", "of it searching",
        "searching, sources near each other", "ns per read that waits",
    ]  # fmt: skip
    return (
        "CPU time, one thread. Where sources are near each other, searches go through the same memory while it is in "
        "the processor's cache; scattered over a large network, hardly two of them meet. The last column is a read at "
        f"random in {_BYTES_PER_NODE} bytes per node that must wait for the one before.\n\n" + table(headings, rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="what holds the search on one network")
    parser.add_argument("folder", type=Path)
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--sources", type=int, default=1000)
    given = parser.parse_args()
    print(json.dumps(measure_here(given.folder, given.mode, seed=given.seed, n_sources=given.sources)))


if __name__ == "__main__":
    main()
