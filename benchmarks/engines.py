"""The engines compared, each in a process of its own that answers commands: only one of them works at a time.

    python benchmarks/engines.py ENGINE --threads N        (started by `Engine`; JSON lines in, JSON lines out)

Every engine gets the same arrays, the junction graph of one mode in milliseconds, and must hand out the pairs: source,
node and time of everything within the limit. What each call leaves behind:

ours       CSR arrays: indptr, nodes ascending in each row, milliseconds
pandana    ``Network.nodes_in_range(nodes, radius)``: a DataFrame source, destination, seconds. 'compiled' is the call
           into its extension without the DataFrame, which leaves a list of tuples per source
scipy      ``csgraph.dijkstra(limit=, indices=)`` in batches of the size that is fastest here; the dense rows it fills
           are reduced to pairs (row, column, time)
networkx   ``single_source_dijkstra_path_length(cutoff=)``: a dict per source
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from machine import peak_mib
from numpy.typing import NDArray

Pairs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]
#: Calls are repeated until they took this long together, and the median call counts.
_AT_LEAST_S = 0.2
_MOST_CALLS = 100


class Search(Protocol):
    """One engine with a graph loaded; `prepare_s`: CPU seconds that preparing it took, imports and loading left out."""

    prepare_s: float

    def run(self, sources: NDArray[np.int64], limit_ms: int) -> Any:
        """Search; what is timed."""

    def pairs(self, found: Any, sources: NDArray[np.int64]) -> Pairs:
        """Bring what `run` left into one form, to compare and count; not timed."""

    def count(self, found: Any) -> int:
        """Count the pairs of what `run` left."""


class Ours:
    """`search_nodes` of this project."""

    def __init__(self, folder: Path, mode: str, threads: int) -> None:
        from networks import Prepared

        self._given = self.graph = Prepared(folder.name, folder).graph(mode)
        self._threads = threads
        self.prepare_s = 0.0

    def lift_zeros(self, *, lift: bool) -> None:
        """Count arcs of zero milliseconds as one, as pandana does, or as they are."""
        least = 1 if lift else 0
        weights = {name: np.maximum(getattr(self._given, name), least) for name in ("weights_ms", "reverse_weights_ms")}
        self.graph = replace(self._given, **weights)

    def run(self, sources: NDArray[np.int64], limit_ms: int) -> Any:
        from coverage_planner.traveltime.engine import search_nodes

        return search_nodes(self.graph, sources, limit_ms=limit_ms, threads=self._threads)

    def pairs(self, found: Any, sources: NDArray[np.int64]) -> Pairs:
        del sources
        indptr, nodes, milliseconds = found
        return indptr, nodes, milliseconds

    def count(self, found: Any) -> int:
        return len(found[1])


class Arrays:
    """The arrays of a graph for the peers."""

    def __init__(self, folder: Path, mode: str) -> None:
        from networks import Prepared

        graph = Prepared(folder.name, folder).graph(mode)
        self.n = len(graph.indptr) - 1
        self.indptr, self.heads, self.weights = graph.indptr, graph.heads, graph.weights_ms
        self.tails = np.repeat(np.arange(self.n, dtype=np.int32), np.diff(graph.indptr))
        self.xy = np.load(folder / "arrays.npz")["xy"]


class Pandana:
    """pandana's range query; seconds as weights, half a millisecond added because it cuts them off to milliseconds."""

    def __init__(self, folder: Path, mode: str, threads: int) -> None:
        import pandana
        import pandas as pd

        del threads  # it takes them from OMP_NUM_THREADS, which is set for the process
        arrays = Arrays(folder, mode)
        self.compiled = False  # True: the call into its extension alone
        self._ids = np.arange(arrays.n)
        start = time.process_time()
        self._network = pandana.Network(
            pd.Series(arrays.xy[:, 0]), pd.Series(arrays.xy[:, 1]),
            pd.Series(arrays.tails), pd.Series(arrays.heads),
            pd.DataFrame({"seconds": (arrays.weights + 0.5) / 1000.0}), twoway=False,
        )  # fmt: skip
        self.prepare_s = time.process_time() - start

    def run(self, sources: NDArray[np.int64], limit_ms: int) -> Any:
        if self.compiled:
            return self._network.net.nodes_in_range(sources, limit_ms / 1000.0, 0, self._ids)
        return self._network.nodes_in_range(sources, limit_ms / 1000.0)

    def pairs(self, found: Any, sources: NDArray[np.int64]) -> Pairs:
        assert not self.compiled
        rank = np.empty(len(self._ids), dtype=np.int64)
        rank[sources] = np.arange(len(sources))
        row = rank[found["source"].to_numpy()]
        node = found["destination"].to_numpy()
        return _sorted_pairs(row, node, np.rint(found["seconds"].to_numpy() * 1000.0), len(sources))

    def count(self, found: Any) -> int:
        return sum(len(row) for row in found) if self.compiled else len(found)


class Scipy:
    """scipy's bounded Dijkstra; zero weights are kept as they are (explicit zeros of a sparse graph are edges)."""

    def __init__(self, folder: Path, mode: str, threads: int) -> None:
        from scipy.sparse import csr_array

        del threads  # it has none
        arrays = Arrays(folder, mode)
        start = time.process_time()
        weights, indptr = arrays.weights.astype(np.float64), arrays.indptr.astype(np.int32)  # what it works with itself
        self._graph = csr_array((weights, arrays.heads, indptr), shape=(arrays.n, arrays.n))
        self.prepare_s = time.process_time() - start
        self.batch = 1

    def tune(self, sources: NDArray[np.int64], limit_ms: int) -> int:
        """Take the number of sources per call that is fastest on these."""
        took = {}
        for batch in (1, 2, 4, 8, 16, 32, 64):
            self.batch = batch
            took[batch] = timed(lambda: self.run(sources, limit_ms))[1]  # CPU time: it is the steadier
        self.batch = min(took, key=lambda batch: took[batch])
        return self.batch

    def run(self, sources: NDArray[np.int64], limit_ms: int) -> Any:
        from scipy.sparse.csgraph import dijkstra

        rows, columns, times = [], [], []
        for first in range(0, len(sources), self.batch):
            dense = dijkstra(self._graph, indices=sources[first : first + self.batch], limit=limit_ms)
            row, column = np.nonzero(dense <= limit_ms)
            rows.append(row + first)
            columns.append(column)
            times.append(dense[row, column])
        return np.concatenate(rows), np.concatenate(columns), np.concatenate(times)

    def pairs(self, found: Any, sources: NDArray[np.int64]) -> Pairs:
        return _sorted_pairs(*found, len(sources))

    def count(self, found: Any) -> int:
        return len(found[0])


class Networkx:
    """networkx on a DiGraph with whole milliseconds."""

    def __init__(self, folder: Path, mode: str, threads: int) -> None:
        import networkx as nx

        del threads  # it has none
        arrays = Arrays(folder, mode)
        start = time.process_time()
        self._graph: nx.DiGraph[int] = nx.DiGraph()
        self._graph.add_weighted_edges_from(
            zip(arrays.tails.tolist(), arrays.heads.tolist(), arrays.weights.tolist(), strict=True)
        )
        self.prepare_s = time.process_time() - start

    def run(self, sources: NDArray[np.int64], limit_ms: int) -> Any:
        from networkx import single_source_dijkstra_path_length

        return [single_source_dijkstra_path_length(self._graph, node, cutoff=limit_ms) for node in sources.tolist()]

    def pairs(self, found: Any, sources: NDArray[np.int64]) -> Pairs:
        row = np.repeat(np.arange(len(sources)), [len(times) for times in found])
        node = np.array([node for times in found for node in times])
        return _sorted_pairs(row, node, np.array([ms for times in found for ms in times.values()]), len(sources))

    def count(self, found: Any) -> int:
        return sum(len(times) for times in found)


ENGINES: dict[str, Callable[[Path, str, int], Search]] = {
    "ours": Ours,
    "pandana": Pandana,
    "scipy": Scipy,
    "networkx": Networkx,
}


def _sorted_pairs(row: NDArray[Any], node: NDArray[Any], milliseconds: NDArray[Any], n_sources: int) -> Pairs:
    order = np.lexsort((node, row))
    counts = np.bincount(row, minlength=n_sources)
    indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return indptr, node[order].astype(np.int32), milliseconds[order].astype(np.int32)


def timed(run: Callable[[], Any]) -> tuple[float, float, Any]:
    """Median seconds per call by the clock, mean CPU seconds of all threads per call, and what the last call left."""
    took: list[float] = []
    cpu_start = time.process_time()
    found = None
    while sum(took) < _AT_LEAST_S and len(took) < _MOST_CALLS:
        found = None  # what the call before left is given back before the clock starts
        start = time.perf_counter()
        found = run()
        took.append(time.perf_counter() - start)
    return float(np.median(took)), (time.process_time() - cpu_start) / len(took), found


class Engine:
    """A process with one engine and one graph, from here; it prepares while others do, and then answers."""

    def __init__(self, name: str, folder: Path, mode: str, threads: int = 1) -> None:
        self.name, self.threads = name, threads
        command = [sys.executable, str(Path(__file__)), name, str(folder), mode, "--threads", str(threads)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip

    def wait_until_open(self) -> dict[str, Any]:
        """Wait until the engine can be asked; what preparing took."""
        return self._answer()

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and wait for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command} | arguments) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with exit code {self._process.wait()}")
        return dict(json.loads(line))


def _obey(search: Search, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command of `Engine.ask`."""
    sources = np.load(request["sources"])[: request.get("first")] if "sources" in request else np.empty(0, np.int64)
    if request["command"] == "lift zeros":
        assert isinstance(search, Ours)
        search.lift_zeros(lift=request["lift"])
        return {}
    limit_ms = int(request["limit_ms"])
    if isinstance(search, Pandana):
        search.compiled = request.get("compiled", False)
    if request["command"] == "tune":
        return {"batch": search.tune(sources, limit_ms)} if isinstance(search, Scipy) else {}
    if request["command"] == "keep":
        indptr, nodes, milliseconds = search.pairs(search.run(sources, limit_ms), sources)
        np.savez(request["path"], indptr=indptr, nodes=nodes, milliseconds=milliseconds)
        return {}
    seconds, cpu_seconds, found = timed(lambda: search.run(sources, limit_ms))
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "pairs": search.count(found), "sources": len(sources)}


def _serve(search: Search, answers: IO[str]) -> None:
    print(json.dumps({"prepare_s": search.prepare_s, "peak_mib": peak_mib()}), file=answers, flush=True)
    for line in sys.stdin:
        answer = _obey(search, json.loads(line))
        print(json.dumps(answer | {"peak_mib": peak_mib()}), file=answers, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="one engine behind a pipe")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("mode")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)  # pandana's extension prints what it does
    search = ENGINES[given.engine](given.folder, given.mode, given.threads)
    _serve(search, answers)


if __name__ == "__main__":
    main()
