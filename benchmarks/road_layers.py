"""Road layers without topology: what noding and joining make of real ones, how long it takes, how it grows.

Run ``python benchmarks/road_layers.py --data ../shared/data``; docs/methods-road-layers.md holds the last figures.

1  Every real line layer at hand, read as it is and with ``noding="crossings"`` and ``join_within_m`` of 1 and 5.
2  Wuhan's streets with their topology taken away: pieces of one class drawn as long strokes, the vertices that its
   junctions leave on straight stretches gone (simplified to 5 cm), every tenth end at a junction cut 0.2 to 0.9 m
   short. How many of the junctions come back, and how many come that were none: the layer does not say its bridges.
3  Copies of New York side by side: seconds of `node_lines` alone, beside ``shapely.unary_union``, which nodes the same
   lines but loses which line a piece comes from and knows no levels.
"""

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyogrio
import shapely

from coverage_planner import Rejections, read_roads
from coverage_planner.sources.joining import join_ends
from coverage_planner.sources.noding import node_lines
from coverage_planner.sources.road_cleaning import RoadCleaning

LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "Zhengzhou": ("zhengzhou/roads.geojson", {}),
    "Jinan": ("jinan/roads.shp", {"source_crs": 4326}),
    "New York 2014": ("newyork/roads_2014.zip", {}),
}
WAYS: tuple[dict[str, Any], ...] = (
    {}, {"noding": "crossings"}, {"noding": "crossings", "join_within_m": 1},
    {"noding": "crossings", "join_within_m": 5},
)  # fmt: skip
#: Findings of one column of the table.
APART = "kept apart"


def real_layers(data: Path) -> pd.DataFrame:
    rows = []
    for place, (file, reading) in LAYERS.items():
        for way in WAYS:
            cleaning = RoadCleaning()
            start = time.perf_counter()
            read_roads(data / file, rejected=Rejections(), **reading, **way)
            seconds = time.perf_counter() - start
            read_roads(data / file, rejected=Rejections(), cleaning=cleaning, **reading, **way)
            totals = cleaning.totals
            kinds = cleaning.changes["what"].value_counts()
            rows.append({
                "layer": place, "read with": ", ".join(f"{key}={value!r}" for key, value in way.items()) or "(default)",
                "lines": totals["lines"][0], "parts by line ends": totals["parts by line ends"][0],
                "parts": totals["parts"][0],
                "largest": f"{totals['parts'][1] / totals['segments'][1]:.2%}",
                "crossings joined": kinds.get("crossing", 0),
                "kept apart": sum(count for what, count in kinds.items() if what.startswith(APART)),
                "ends joined": kinds.get("joined end", 0), "loose ends": kinds.get("dangling end", 0),
                "km": round(totals["segments"][1] / 1000, 1), "seconds": round(seconds, 1),
            })  # fmt: skip
    return pd.DataFrame(rows)


def taken_apart(data: Path, seed: int) -> pd.DataFrame:
    streets = gpd.read_parquet(data / "wuhan" / "roads.parquet")
    draw = np.random.default_rng(seed)
    strokes: list[Any] = []
    for _, members in streets.groupby("highway"):
        merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(members.geometry.to_numpy())))
        strokes += [*shapely.simplify(merged, 0.05)]
    lines = np.array(strokes, dtype=object)
    degree = pd.concat([streets["u"], streets["v"]]).value_counts()
    loose = streets[streets["v"].map(degree).eq(1) | streets["u"].map(degree).eq(1)]
    dead_ends = shapely.STRtree(shapely.boundary(loose.geometry.to_numpy()))
    ends = shapely.points([line.coords[-1] for line in lines])
    is_dead = np.zeros(len(lines), dtype=bool)
    is_dead[dead_ends.query(ends, predicate="dwithin", distance=0.01)[0]] = True
    cut = ~is_dead & (draw.random(len(lines)) < 0.1) & (shapely.length(lines) > 5)
    for number in np.flatnonzero(cut):
        kept = shapely.length(lines[number]) - draw.uniform(0.2, 0.9)
        lines[number] = shapely.ops.substring(lines[number], 0.0, kept)
    starts = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(lines))]).astype(np.int64)
    x, y = shapely.get_coordinates(lines).T
    level = np.zeros(len(lines), dtype=np.int64)
    junctions = shapely.points(_junctions(streets))
    rows = []
    for name, way in (
        ("shared vertices", (False, 0.0)),
        ("crossings", (True, 0.0)),
        ("crossings, joins of 1 m", (True, 1.0)),
    ):
        noding = node_lines(starts, x, y, level, crossings=way[0])
        if way[1]:
            noding, _ = join_ends(noding, way[1])
        graph = _graph(noding.lines)
        found = shapely.points([place for place, n in _degrees(graph) if n >= 3])
        back = shapely.STRtree(found).query(junctions, predicate="dwithin", distance=1.0)[0]
        known = shapely.STRtree(junctions).query(found, predicate="dwithin", distance=1.0)[0]
        parts = sorted(
            (sum(m for *_, m in graph.subgraph(part).edges(data="m")) for part in nx.connected_components(graph)),
            reverse=True,
        )
        rows.append({
            "lines meet at": name, "lines": len(lines), "ends cut short": int(cut.sum()),
            "junctions that come back": f"{len(set(back)) / len(junctions):.2%} of {len(junctions)}",
            "junctions that were none": f"{len(found) - len(set(known))}",
            "parts": len(parts), "largest": f"{parts[0] / sum(parts):.2%}",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _junctions(streets: gpd.GeoDataFrame) -> list[tuple[float, float]]:
    ends = {}
    for u, v, line in zip(streets["u"], streets["v"], streets.geometry, strict=True):
        ends.setdefault(line.coords[0], set()).add((u, v, line.wkb))
        ends.setdefault(line.coords[-1], set()).add((v, u, line.wkb))
    return [place for place, members in ends.items() if len(members) >= 3]


def _graph(lines: Any) -> nx.Graph:
    graph = nx.Graph()
    for start, end in zip(lines.starts[:-1], lines.starts[1:], strict=True):
        for at in range(start, end - 1):
            u, v = int(lines.node_ids[at]), int(lines.node_ids[at + 1])
            if u != v:
                graph.add_edge(u, v, m=float(np.hypot(lines.x[at + 1] - lines.x[at], lines.y[at + 1] - lines.y[at])))
                graph.nodes[u]["place"] = (lines.x[at], lines.y[at])
                graph.nodes[v]["place"] = (lines.x[at + 1], lines.y[at + 1])
    return graph


def _degrees(graph: nx.Graph) -> list[tuple[tuple[float, float], int]]:
    return [(graph.nodes[node]["place"], n) for node, n in graph.degree]


def growth(data: Path) -> pd.DataFrame:
    frame = pyogrio.read_dataframe(
        f"/vsizip/{(data / 'newyork/roads_2014.zip').resolve()}/roadNYC2014/roadNYC2014.shp", columns=[]
    )
    lines = frame[frame.geometry.notna()].explode().to_crs(32618).geometry.to_numpy()
    rows = []
    for copies in (1, 2, 4):
        many = np.concatenate(
            [shapely.transform(lines, lambda xy, n=n: xy + np.array([n * 100_000, 0])) for n in range(copies)]
        )
        starts = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(many))]).astype(np.int64)
        x, y = shapely.get_coordinates(many).T
        begun = time.perf_counter()
        noding = node_lines(starts, x, y, np.zeros(len(many), dtype=np.int64))
        noded = time.perf_counter()
        join_ends(noding, 1.0)
        joined = time.perf_counter()
        shapely.unary_union(many)
        united = time.perf_counter()
        rows.append({
            "copies": copies, "vertices": len(x), "node_lines, s": round(noded - begun, 1),
            "join_ends, s": round(joined - noded, 1), "shapely.unary_union, s": round(united - joined, 1),
        })  # fmt: skip
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the real data")
    parser.add_argument("--seed", type=int, default=20255)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for made in (real_layers(given.data), taken_apart(given.data, given.seed), growth(given.data)):
        print("| " + " | ".join(made.columns) + " |\n" + "|---" * len(made.columns) + "|")
        for row in made.itertuples(index=False):
            print("| " + " | ".join(f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in row) + " |")
        print()


if __name__ == "__main__":
    main()
