"""Many-to-many within a limit: our search against pandana, scipy and networkx on the same junction graph.

One seed draws the sources of every network and mode among the junctions that the mode can leave. Before anything is
timed, every engine hands out its pairs for the same sources and they are compared one by one. Then the engines take
turns: each peer's call stands between two of ours, its ratio is its time over the mean of those two, and the tables
give the median over the rounds and the range. networkx runs on the first 50 sources, and its time is scaled by the
pairs it found there; scipy works in batches of the size that was fastest on the first 64 sources.
"""

import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import peers
from engines import Engine
from networks import LABELS, LIMIT_MS, MODES, Prepared, prepare, used_nodes
from numpy.typing import NDArray
from tables import seconds, table

TITLE = "Many-to-many searches"
#: (peer, bar on foot, bar by e-bike): how many times faster the issue wants us to be, one thread against one.
BARS = (("pandana", 30, 20), ("networkx", 50, 50), ("scipy", 10, 4))
_PEERS = ("pandana", "scipy", "networkx")
_COMPILED = "pandana compiled"
_NETWORKX_SOURCES = 50
_TUNE_SOURCES = 64
_WARM_UP_SOURCES = 20


@dataclass
class Case:
    """What was measured on one network for one mode."""

    network: str
    mode: str
    nodes: int
    arcs: int
    pairs: int = 0
    batch: int = 0
    agreement: str = ""
    calls: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    ratios: dict[str, list[float]] = field(default_factory=dict)
    cpu_ratios: dict[str, list[float]] = field(default_factory=dict)
    opened: dict[str, dict[str, float]] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def best(self, engine: str, key: str = "seconds") -> float:
        """Return the least over the rounds."""
        return min(call[key] for call in self.calls[engine])


def measure(names: list[str], data: Path, cache: Path, *, seed: int, n_sources: int, rounds: int) -> list[Case]:
    """Measure every network and mode."""
    cases = []
    for name in names:
        prepared = prepare(name, data, cache)
        for mode in MODES:
            print(f"engine: {name}, {mode}", file=sys.stderr, flush=True)
            cases.append(_measure_case(prepared, mode, seed=seed, n_sources=n_sources, rounds=rounds))
            _say(cases[-1])
    return cases


def draw_sources(prepared: Prepared, mode: str, *, seed: int, n: int) -> NDArray[np.int64]:
    """Draw junctions that the mode can leave, without repetition."""
    nodes = used_nodes(prepared.graph(mode))
    return np.random.default_rng(seed).choice(nodes, min(n, len(nodes)), replace=False)


def _measure_case(prepared: Prepared, mode: str, *, seed: int, n_sources: int, rounds: int) -> Case:
    counts = prepared.counts[mode]
    case = Case(prepared.name, mode, counts["nodes"], counts["arcs"])
    engines: dict[str, Engine] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        np.save(folder / "sources.npy", draw_sources(prepared, mode, seed=seed, n=n_sources))
        search = {"sources": str(folder / "sources.npy"), "limit_ms": LIMIT_MS}
        try:
            _open_engines(prepared, mode, engines, case)
            if "scipy" in engines:
                case.batch = engines["scipy"].ask("tune", **search, first=_TUNE_SOURCES)["batch"]
            case.agreement = _compare_pairs(engines, search, folder)
            for engine in engines.values():
                engine.ask("time", **search, first=_WARM_UP_SOURCES)
            for _ in range(rounds):
                _take_turns(engines, search, case)
        finally:
            for engine in engines.values():
                engine.close()
    case.pairs = int(case.calls["ours"][0]["pairs"])
    return case


def _open_engines(prepared: Prepared, mode: str, engines: dict[str, Engine], case: Case) -> None:
    wanted = [("ours", 1), ("ours", 2), *((peer, 1) for peer in _PEERS), ("pandana", 2)]
    for engine, threads in wanted:
        label = _label(engine, threads)
        try:
            if engine.startswith("pandana"):
                peers.require("pandana")
        except peers.PeerMissingError as error:
            case.missing[label] = str(error)
            continue
        engines[label] = Engine(engine, prepared.folder, mode, threads)
    case.opened = {label: engine.wait_until_open() for label, engine in engines.items()}


def _label(engine: str, threads: int) -> str:
    return engine if threads == 1 else f"{engine} x{threads}"


def _take_turns(engines: dict[str, Engine], search: dict[str, Any], case: Case) -> None:
    """Run each peer once, between two runs of ours with as many threads."""
    for ours in ("ours", "ours x2"):
        before = engines[ours].ask("time", **search)
        for label, engine in engines.items():
            if label.startswith("ours") or label.endswith(" x2") != ours.endswith(" x2"):
                continue
            first = {"first": _NETWORKX_SOURCES} if label == "networkx" else {}
            took = engine.ask("time", **search, **first)
            after = engines[ours].ask("time", **search)
            scale = after["pairs"] / took["pairs"] if first else 1.0
            took = took | {key: took[key] * scale for key in ("seconds", "cpu_seconds")}
            for ratios, key in ((case.ratios, "seconds"), (case.cpu_ratios, "cpu_seconds")):
                ratios.setdefault(label, []).append(2 * took[key] / (before[key] + after[key]))
            case.calls.setdefault(label, []).append(took)
            case.calls.setdefault(ours, []).append(before)
            before = after
        case.calls.setdefault(ours, []).append(before)
    if "pandana" in engines:
        case.calls.setdefault(_COMPILED, []).append(engines["pandana"].ask("time", **search, compiled=True))


def _compare_pairs(engines: dict[str, Engine], search: dict[str, Any], folder: Path) -> str:
    """Hold every engine's pairs against ours; raise where they differ, and say what was compared."""
    kept = {}
    for label, engine in engines.items():
        first = {"first": _NETWORKX_SOURCES} if label == "networkx" else {}
        kept[label] = _keep(engine, search | first, folder)
    same = []
    for label, found in kept.items():
        if label.startswith("pandana"):
            continue
        _require_same(label, found, kept["ours"])
        same.append(label)
    said = f"{' = '.join(same)}"
    if "pandana" in kept:
        engines["ours"].ask("lift zeros", lift=True, **search)
        lifted = _keep(engines["ours"], search, folder)
        engines["ours"].ask("lift zeros", lift=False, **search)
        for label in ("pandana", "pandana x2"):
            _require_same(label, kept[label], lifted)
        lifts = _count_differences(lifted, kept["ours"])
        said += f" = pandana{f' (but for {lifts:,} pairs behind arcs of 0 ms, which it counts as 1)' if lifts else ''}"
    return said


def _keep(engine: Engine, search: dict[str, Any], folder: Path) -> dict[str, NDArray[Any]]:
    path = folder / "kept.npz"
    engine.ask("keep", path=str(path), **search)
    with np.load(path) as arrays:
        return dict(arrays)


def _require_same(label: str, found: dict[str, NDArray[Any]], ours: dict[str, NDArray[Any]]) -> None:
    """Compare the sources that both have (networkx has the first only)."""
    rows = len(found["indptr"])
    end = int(ours["indptr"][rows - 1])
    same = (
        np.array_equal(found["indptr"], ours["indptr"][:rows])
        and np.array_equal(found["nodes"], ours["nodes"][:end])
        and np.array_equal(found["milliseconds"], ours["milliseconds"][:end])
    )
    if not same:
        raise SystemExit(f"{label} and ours must find the same pairs, and do not: the comparison is void")


def _count_differences(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]]) -> int:
    """Count pairs that only one side has or that differ in time."""
    width = int(max(one["nodes"].max(), other["nodes"].max())) + 1
    sides = []
    for side in (one, other):
        rows = np.repeat(np.arange(len(side["indptr"]) - 1), np.diff(side["indptr"]))
        sides.append((rows * width + side["nodes"], side["milliseconds"]))
    (keys, times), (other_keys, other_times) = sides
    _, here, there = np.intersect1d(keys, other_keys, assume_unique=True, return_indices=True)
    return len(keys) + len(other_keys) - 2 * len(here) + int((times[here] != other_times[there]).sum())


def _say(case: Case) -> None:
    ratios = ", ".join(f"{peer} {statistics.median(case.cpu_ratios[peer]):.1f}" for peer in case.cpu_ratios)
    per_pair = case.best("ours", "cpu_seconds") / case.pairs * 1e9
    print(
        f"  {case.pairs:,} pairs, {per_pair:.0f} ns of CPU each; ratios by CPU: {ratios}", file=sys.stderr, flush=True
    )


def report(cases: list[Case]) -> str:
    """Draw the tables."""
    ratios = (
        "Ratios: their time over ours, one thread against one, median over the rounds (least to greatest). In brackets "
        "behind it the ratio of CPU times, which other work on the machine disturbs less. networkx ran on the first "
        f"{_NETWORKX_SOURCES} sources, and its time is scaled by the pairs."
    )
    in_seconds = (
        "Seconds, the fastest call; preparing the graph is counted apart. 'pandana compiled' is the call into its "
        "extension, without the table that `nodes_in_range` returns."
    )
    agreement = "; ".join(f"{LABELS[case.network]} {case.mode}: {case.agreement}" for case in cases)
    parts = [
        ratios,
        _ratio_table(cases),
        "Two threads against two, by the clock (scipy and networkx have no threads; pandana's tables are made in one):",
        _two_threads_table(cases),
        in_seconds,
        _seconds_table(cases),
        "Nodes settled per second and core, and what a second thread gives:",
        _rate_table(cases),
        _rate_text(cases),
        f"Pairs compared one by one before timing: {agreement}.",
    ]
    missing = sorted({f"{label}: {why}" for case in cases for label, why in case.missing.items()})
    return "\n\n".join(parts + ([f"Left out: {'; '.join(missing)}."] if missing else []))


def _ratio(case: Case, label: str) -> str:
    if label not in case.ratios:
        return "–"
    values = case.ratios[label]
    by_cpu = statistics.median(case.cpu_ratios[label])
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f}) [{by_cpu:.1f}]"


def _ratio_table(cases: list[Case]) -> str:
    headings = ["network -", "limit -", "nodes", "arcs", "pairs"]
    headings += [f"{peer} (to reach {walk} / {ebike})" for peer, walk, ebike in BARS]
    return table(
        headings,
        [
            [LABELS[case.network], MODES[case.mode], f"{case.nodes:,}", f"{case.arcs:,}", f"{case.pairs:,}"]
            + [_ratio(case, peer) for peer, _, _ in BARS]
            for case in cases
        ],
    )


def _two_threads_table(cases: list[Case]) -> str:
    rows = []
    for case in cases:
        ratios = case.ratios.get("pandana x2")
        shown = f"{statistics.median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f})" if ratios else "–"
        rows.append([LABELS[case.network], MODES[case.mode], shown])
    return table(["network -", "limit -", "pandana"], rows)


def _seconds_table(cases: list[Case]) -> str:
    columns = ("ours", "ours x2", "pandana", "pandana x2", _COMPILED, "scipy", "networkx")
    rows = []
    for case in cases:
        row: list[object] = [LABELS[case.network], case.mode]
        row += [seconds(case.best(engine)) if engine in case.calls else "–" for engine in columns]
        prepared = case.opened.get("pandana", {}).get("prepare_s")
        rows.append([*row, case.batch, seconds(prepared) if prepared is not None else "–"])
    return table(["network -", "mode -", *columns, "scipy's batch", "pandana prepares (CPU)"], rows)


def rates(cases: list[Case]) -> dict[tuple[str, str], float]:
    """Nodes settled per second of one core: the pairs of the fastest call over its CPU time."""
    return {(case.network, case.mode): case.pairs / case.best("ours", "cpu_seconds") for case in cases}


def _rate_table(cases: list[Case]) -> str:
    rows = []
    for case in cases:
        rate = case.pairs / case.best("ours", "cpu_seconds")
        rows.append(
            [
                LABELS[case.network],
                case.mode,
                f"{case.nodes:,}",
                f"{case.pairs / len_sources(case):,.0f}",
                f"{rate / 1e6:.1f} million",
                f"{1e9 / rate:.0f}",
                f"{case.best('ours') / case.best('ours x2'):.2f}",
            ]
        )
    return table(["network -", "mode -", "nodes", "settled per search", "settled/s/core", "ns each", "2 threads"], rows)


def len_sources(case: Case) -> int:
    """Return the number of sources of a case."""
    return int(case.calls["ours"][0]["sources"])


def _rate_text(cases: list[Case]) -> str:
    by_mode = []
    for mode in MODES:
        of_mode = sorted((case for case in cases if case.mode == mode), key=lambda case: case.nodes)
        if len(of_mode) > 1:
            least, most = (rates(cases)[case.network, mode] for case in (of_mode[0], of_mode[-1]))
            by_mode.append(f"{mode}: {most / least:.2f}")
    return f"Rate on the largest over rate on the smallest (to reach: more than 0.5): {', '.join(by_mode) or '–'}."
