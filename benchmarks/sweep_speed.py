"""Nearest facility for every node in one sweep: ours against scipy's multi-source ``dijkstra(min_only=True)``.

The network is NE of the DIMACS challenge (1,524,453 nodes; topology only, it has neither lengths nor coordinates):
nodes are put into breadth-first order, and every edge gets a seeded random length, the same both ways. 1,000 random
facilities, no limit. scipy runs without and with labels (``return_predecessors=True``). Both sides run in one process,
by turns, and the times of all nodes are compared.
"""

import argparse
import json
import lzma
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from engines import timed
from machine import peak_mib
from numpy.typing import NDArray
from tables import seconds, table

TITLE = "Nearest facility for every node"
_SHORTEST_MS, _LONGEST_MS = 1_000, 60_000
_N_FACILITIES = 1000
_BAR = 3
_NO_LIMIT_MS = int(np.iinfo(np.int32).max) - 1


def read_pace(path: Path) -> tuple[int, NDArray[np.int64]]:
    """Read a graph in PACE format: number of nodes, and edges as pairs of node numbers from 0."""
    with lzma.open(path, "rt", encoding="ascii") as file:
        lines = file.read().splitlines()
    head = next(line for line in lines if line.startswith("p"))
    body = " ".join(line for line in lines if line[:1].isdigit())
    return int(head.split()[2]), np.fromstring(body, dtype=np.int64, sep=" ").reshape(-1, 2) - 1


def prepare(data: Path, cache: Path, name: str, seed: int) -> Path:
    """Write the arrays of a directed graph in breadth-first order: indptr, heads, weights in milliseconds."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    path = cache / f"{name}-{seed}.npz"
    if path.exists():
        return path
    n, edges = read_pace(data / "topology" / f"{name}.gr.xz")
    tails, heads = np.concatenate([edges, edges[:, ::-1]]).T
    links = csr_array((np.ones(len(tails), np.int8), (tails, heads)), shape=(n, n))
    order = breadth_first_order(links, 0, return_predecessors=False)
    rank = np.full(n, -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[rank < 0] = np.arange(len(order), n)  # other components follow as they are
    length = np.random.default_rng(seed).integers(_SHORTEST_MS, _LONGEST_MS, len(edges), endpoint=True, dtype=np.int32)
    tails, heads, weights = rank[tails], rank[heads], np.concatenate([length, length])
    by_tail = np.lexsort((heads, tails))
    indptr = np.concatenate(([0], np.cumsum(np.bincount(tails, minlength=n)))).astype(np.int64)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(path, indptr=indptr, heads=heads[by_tail].astype(np.int32), weights=weights[by_tail])
    return path


def ours(graph: Any, facilities: NDArray[np.int64], limit_ms: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Milliseconds to the nearest facility of every node, and its number."""
    from coverage_planner.traveltime.nearest import make_seeds, sweep

    nothing, numbers = np.zeros(len(facilities), dtype=np.int64), np.arange(len(facilities))
    words = sweep(graph, make_seeds(facilities, nothing, numbers), limit_ms=limit_ms)[:, 0]
    return (words >> 32).astype(np.int32), words.astype(np.int32)  # the label is the lower half


def measure_here(path: Path, seed: int, rounds: int) -> dict[str, Any]:
    """Take turns in this process."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    from coverage_planner.network.search_graph import pack_arcs

    arrays = dict(np.load(path))
    packed = pack_arcs(arrays["indptr"], arrays["heads"], arrays["weights"])
    n = len(arrays["indptr"]) - 1
    graph = csr_array(
        (arrays["weights"].astype(np.float64), arrays["heads"], arrays["indptr"].astype(np.int32)), shape=(n, n)
    )
    facilities = np.random.default_rng(seed).choice(n, _N_FACILITIES, replace=False)
    sides = {
        "ours": lambda: ours(packed, facilities, _NO_LIMIT_MS),
        "scipy": lambda: dijkstra(graph, indices=facilities, min_only=True),
        "scipy with labels": lambda: dijkstra(graph, indices=facilities, min_only=True, return_predecessors=True),
    }
    found_ms, label = sides["ours"]()  # compiles, too
    times, _, nearest = sides["scipy with labels"]()
    assert np.array_equal(times, found_ms.astype(np.float64)), "ours and scipy must find the same times"
    _check_labels(facilities[label], nearest, graph, times)
    calls: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            calls[side].append(timed(run)[:2])
    return {
        "nodes": n,
        "arcs": len(arrays["heads"]),
        "calls": calls,
        "peak_mib": peak_mib(),
    }


def _check_labels(
    labels: NDArray[np.int64], nearest: NDArray[np.int64], graph: Any, times: NDArray[np.float64]
) -> None:
    """Where the labels differ, two facilities must be equally near."""
    from scipy.sparse.csgraph import dijkstra

    for node in np.flatnonzero(labels != nearest)[:20]:
        here = dijkstra(graph, indices=[node], limit=times[node])[0]  # the graph is the same both ways
        assert here[labels[node]] == times[node], "a facility named nearest must be nearest"


def measure(data: Path, cache: Path, *, seed: int, rounds: int, quick: bool) -> dict[str, Any]:
    """Measure in a process of its own."""
    name = "NY" if quick else "NE"
    print(f"sweep: {name}", file=sys.stderr, flush=True)
    path = prepare(data, cache, name, seed)
    command = [sys.executable, __file__, str(path), "--seed", str(seed), "--rounds", str(rounds)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
    return {"name": name} | json.loads(done.stdout)


def report(measured: dict[str, Any]) -> str:
    """Draw the table."""
    calls = measured["calls"]
    rows = []
    for side in calls:
        ratios = [theirs[0] / mine[0] for theirs, mine in zip(calls[side], calls["ours"], strict=True)]
        by_cpu = [theirs[1] / mine[1] for theirs, mine in zip(calls[side], calls["ours"], strict=True)]
        ratio = (
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f}) [{statistics.median(by_cpu):.1f}]"
        )
        rows.append([side, seconds(min(call[0] for call in calls[side])), "" if side == "ours" else ratio])
    return (
        f"{measured['name']}: {measured['nodes']:,} nodes, {measured['arcs']:,} arcs, topology only; breadth-first "
        f"order, seeded lengths; {_N_FACILITIES:,} facilities, no limit, one thread. Ours "
        "names the nearest facility, too. The times of all nodes are the same.\n\n"
        + table(["sweep -", "seconds", f"their time over ours (to reach {_BAR})"], rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="one sweep, ours and scipy's by turns")
    parser.add_argument("graph", type=Path)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(measure_here(given.graph, given.seed, given.rounds)))


if __name__ == "__main__":
    main()
