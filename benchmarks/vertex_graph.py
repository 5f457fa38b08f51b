"""What the junction graph gains over the vertex graph: Porto with a node at every bend of every street.

Both are in Hilbert-curve order and searched by the same kernel from the same junctions; a street's time is shared out
over its bends so that the times at junctions stay the same to the millisecond, and they are compared. The rows of the
vertex graph hold the bends too, which nobody asked for.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from engine_speed import draw_sources
from engines import Engine
from networks import LABELS, LIMIT_MS, MODES, Prepared, dump, prepare
from numpy.typing import NDArray
from tables import seconds, table

from coverage_planner.network.mode_graph import build_mode_graph

TITLE = "Junction graph and vertex graph"


def build(folder: Path, target: Path) -> None:
    """Cut every edge at its bends; write a graph per mode, and the number that each junction has in it."""
    network = Prepared(folder.name, folder).network()
    edges, n_junctions = network.edges, len(network.nodes)
    xy, owner = shapely.get_coordinates(edges.geometry.to_numpy(), return_index=True)
    first = np.r_[True, owner[1:] != owner[:-1]]
    last = np.r_[first[1:], True]
    label = np.where(first, edges["u"].to_numpy()[owner], edges["v"].to_numpy()[owner]).astype(np.int64)
    bend = ~first & ~last
    label[bend] = n_junctions + np.arange(bend.sum())
    starts = np.flatnonzero(~last)
    step = np.hypot(*(xy[starts + 1] - xy[starts]).T)
    piece_of = owner[starts]
    walked = np.cumsum(step)
    before = (walked - step)[first[starts]][piece_of]
    whole = np.maximum(np.bincount(piece_of, weights=step), 1e-9)[piece_of]
    share = np.minimum((walked - before) / whole, 1.0)
    share[last[starts + 1]] = 1.0
    n_nodes = n_junctions + int(bend.sum())
    place = np.empty((n_nodes, 2))
    place[label] = xy
    number = np.empty(n_nodes, dtype=np.int64)  # along the curve, as `build_network` orders junctions
    number[np.argsort(gpd.GeoSeries(shapely.points(place)).hilbert_distance().to_numpy(), kind="stable")] = np.arange(
        n_nodes
    )
    place[number] = place.copy()
    ends = number[np.column_stack([label[starts], label[starts + 1]])]
    pieces = gpd.GeoDataFrame(
        {"u": ends[:, 0], "v": ends[:, 1], "length_m": step},
        geometry=shapely.linestrings(np.stack([xy[starts], xy[starts + 1]], axis=1)),
        crs=network.crs,
    )
    target.mkdir(parents=True, exist_ok=True)
    for mode in MODES:
        graph = network.graph(mode)
        forward, backward = (
            _share_out(ms, share, piece_of, first[starts]) for ms in (graph.forward_ms, graph.backward_ms)
        )
        dump(
            build_mode_graph(
                graph.mode,
                pieces,
                forward_ms=forward,
                backward_ms=backward,
                delay_ms=np.zeros(n_nodes, dtype=np.int32),
                snappable=np.ones(len(pieces), dtype=bool),
            ),
            target / f"{mode}.pickle",
        )
    np.savez(target / "arrays.npz", xy=place, ends=ends.astype(np.int32))
    np.save(target / "number.npy", number[:n_junctions])


def _share_out(
    edge_ms: NDArray[np.int32], share: NDArray[np.float64], piece_of: NDArray[np.int64], first: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Milliseconds per piece; those of an edge add up to its own."""
    until = np.rint(edge_ms[piece_of] * share).astype(np.int32)
    before = np.where(first, 0, np.r_[0, until[:-1]])
    return np.where(edge_ms[piece_of] >= 0, until - before, edge_ms[piece_of]).astype(np.int32)


def measure(data: Path, cache: Path, *, name: str, seed: int, n_sources: int, rounds: int) -> list[dict[str, Any]]:
    """Take turns between both graphs."""
    junctions = prepare(name, data, cache)
    bends = Prepared(name, junctions.folder.with_name(f"{junctions.folder.name}-vertices"))
    if not (bends.folder / "number.npy").exists():
        subprocess.run([sys.executable, __file__, str(junctions.folder), str(bends.folder)], check=True)
    number = np.load(bends.folder / "number.npy")
    measured = []
    for mode in MODES:
        print(f"vertex graph: {name}, {mode}", file=sys.stderr, flush=True)
        sources = draw_sources(junctions, mode, seed=seed, n=n_sources)
        with tempfile.TemporaryDirectory() as scratch:
            np.save(Path(scratch) / "junctions.npy", sources)
            np.save(Path(scratch) / "vertices.npy", number[sources])
            sides = {
                "junctions": Engine("ours", junctions.folder, mode),
                "vertices": Engine("ours", bends.folder, mode),
            }
            try:
                for engine in sides.values():
                    engine.wait_until_open()
                rows = {side: _rows(engine, Path(scratch), side) for side, engine in sides.items()}
                _require_same(rows["junctions"], rows["vertices"], number)
                calls: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
                for _ in range(rounds):
                    for side, engine in sides.items():
                        request = {"sources": str(Path(scratch) / f"{side}.npy"), "limit_ms": LIMIT_MS}
                        calls[side].append(engine.ask("time", **request))
            finally:
                for engine in sides.values():
                    engine.close()
        sizes = {"junctions": len(junctions.graph(mode).indptr) - 1, "vertices": len(bends.graph(mode).indptr) - 1}
        measured.append({"network": name, "mode": mode, "calls": calls, "sizes": sizes})
    return measured


def _rows(engine: Engine, scratch: Path, side: str) -> dict[str, NDArray[Any]]:
    kept = scratch / f"{side}.npz"
    engine.ask("keep", sources=str(scratch / f"{side}.npy"), limit_ms=LIMIT_MS, path=str(kept))
    with np.load(kept) as arrays:
        return dict(arrays)


def _require_same(one: dict[str, NDArray[Any]], other: dict[str, NDArray[Any]], number: NDArray[np.int64]) -> None:
    """Hold the rows of the vertex graph, bends left out, against those of the junction graph."""
    junction = np.full(int(number.max()) + 1 + int(other["nodes"].max()), -1)
    junction[number] = np.arange(len(number))
    row = np.repeat(np.arange(len(other["indptr"]) - 1), np.diff(other["indptr"]))
    at = junction[other["nodes"]]
    keep = at >= 0
    order = np.lexsort((at[keep], row[keep]))
    same = np.array_equal(at[keep][order], one["nodes"]) and np.array_equal(
        other["milliseconds"][keep][order], one["milliseconds"]
    )
    if not same:
        raise SystemExit("both graphs must give the same times at junctions, and do not: the comparison is void")


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the table."""
    rows = []
    for case in measured:
        calls = case["calls"]
        ratios = [
            b["cpu_seconds"] / a["cpu_seconds"] for a, b in zip(calls["junctions"], calls["vertices"], strict=True)
        ]
        rows.append(
            [
                LABELS[case["network"]],
                MODES[case["mode"]],
                *(f"{case['sizes'][side]:,}" for side in calls),
                *(f"{calls[side][0]['pairs']:,}" for side in calls),
                *(seconds(min(call["seconds"] for call in calls[side])) for side in calls),
                f"{statistics.median(ratios):.1f}",
            ]
        )
    headings = [
        "network -",
        "limit -",
        "junctions",
        "vertices",
        "pairs",
        "pairs with bends",
        "s",
        "s with bends",
        "gain",
    ]
    return (
        "The same kernel on both, one thread; the times at junctions are the same. The gain is a ratio of CPU "
        "times.\n\n" + table(headings, rows)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="cut the edges of a network at their bends")
    parser.add_argument("folder", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    build(given.folder, given.target)


if __name__ == "__main__":
    main()
