"""The street networks of the benchmarks, built once by the library itself and kept in the scratch folder.

    python benchmarks/networks.py NAME --data ../shared/data --cache cache/benchmarks

========== ============================================================================================================
Wuhan      ``wuhan/roads.parquet``: drivable classes, one component, no one-way tags
Porto      ``osm/porto_portugal.osm.pbf``: all tags
New York   ``newyork/roads_2014.zip``: its ways are not split at junctions; `read_roads` cuts them at the vertices they
           share (233,371 vertices, 278,967 pieces), and rows without geometry are left out. `shapely.node` would in
           addition join streets to the bridges that cross over them
composite  12 copies of Porto and of Wuhan side by side, neighbours joined by three straight streets each: real streets
           in an unreal arrangement
========== ============================================================================================================

The file name of what is kept names the sources of the builder, so a change of the library builds anew.
"""

import argparse
import hashlib
import json
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from machine import peak_mib
from numpy.typing import NDArray

from coverage_planner import Rejections, Roads, build_network, read_roads
from coverage_planner.network.road_network import ModeGraph, RoadNetwork

MODES = {"walk": "walking 1,200 m", "ebike": "e-bike 3,750 m"}
#: Seconds for 1,200 m at 4.8 km/h, and for 3,750 m at 15 km/h.
LIMIT_MS = 900_000
LABELS = {"wuhan": "Wuhan", "porto": "Porto", "newyork": "New York", "composite": "composite"}
_COPIES = 12
_GAP_M = 500.0
_BUILDER = ("network", "sources", "schema.py", "units.py")


@dataclass(frozen=True)
class Prepared:
    """Where a built network lies: one pickle per mode, the whole network, arrays for the peers, and its counts."""

    name: str
    folder: Path

    @property
    def counts(self) -> dict[str, Any]:
        """What the network has: nodes as read, vertices, junctions, edges, arcs and nodes per mode."""
        return dict(json.loads((self.folder / "counts.json").read_text(encoding="utf-8")))

    def graph_path(self, mode: str) -> Path:
        """Return where the pickle of a `ModeGraph` lies."""
        return self.folder / f"{mode}.pickle"

    def graph(self, mode: str) -> ModeGraph:
        """Load the graph of a mode."""
        graph: ModeGraph = load(self.graph_path(mode))
        return graph

    def network(self) -> RoadNetwork:
        """Load the whole network."""
        network: RoadNetwork = load(self.folder / "network.pickle")
        return network


def load(path: Path) -> Any:
    """Load what this folder's scripts have written."""
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - written by this script into the scratch folder


def dump(value: object, path: Path) -> None:
    """Write for `load`, whole or not at all."""
    with path.with_suffix(".part").open("wb") as file:
        pickle.dump(value, file, protocol=pickle.HIGHEST_PROTOCOL)
    path.with_suffix(".part").replace(path)


def prepare(name: str, data: Path, cache: Path) -> Prepared:
    """Build a network in a process of its own, unless it is there."""
    prepared = Prepared(name, cache / f"{name}-{_fingerprint()}")
    if not (prepared.folder / "counts.json").exists():
        command = [sys.executable, __file__, name, "--data", str(data), "--cache", str(cache)]
        subprocess.run(command, check=True)
    return prepared


def _fingerprint() -> str:
    """Name the state of everything that the built network depends on."""
    package = Path(sys.modules[RoadNetwork.__module__].__file__ or "").parents[1]
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for part in _BUILDER:
        for path in sorted((package / part).rglob("*.py")) or [package / part]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def read_wuhan(data: Path) -> Roads:
    return read_roads(data / "wuhan" / "roads.parquet")


def read_porto(data: Path) -> Roads:
    return read_roads(data / "osm" / "porto_portugal.osm.pbf")


def read_newyork(data: Path) -> Roads:
    return read_roads(data / "newyork" / "roads_2014.zip", rejected=Rejections())


def read_composite(data: Path, copies: int = _COPIES) -> Roads:
    """Set shifted copies of Porto and of Wuhan in rows, and join each to the one before it."""
    cities = (read_porto(data), read_wuhan(data))
    bounds = [np.array(city.segments.total_bounds) for city in cities]
    wide = max(box[2] - box[0] for box in bounds) + _GAP_M
    high = max(box[3] - box[1] for box in bounds) + _GAP_M
    tables: list[gpd.GeoDataFrame] = []
    across = round(np.sqrt(copies * len(cities)))
    before: gpd.GeoDataFrame | None = None
    first_id = 0
    crs = cities[0].segments.crs
    for copy in range(copies * len(cities)):
        city, box = cities[copy % len(cities)].segments, bounds[copy % len(cities)]
        row, column = divmod(copy, across)
        shift = np.array([column * wide, row * high]) - box[:2]
        ids, ends = np.unique(city[["u", "v"]].to_numpy(), return_inverse=True)
        ends = ends.reshape(-1, 2) + first_id
        first_id += len(ids)
        moved = shapely.transform(city.geometry.to_numpy(), lambda xy, shift=shift: xy + shift)
        table = gpd.GeoDataFrame(
            {"u": ends[:, 0], "v": ends[:, 1], "length_m": city["length_m"].to_numpy()}
            | {
                name: city[name].to_numpy()
                for name in ("highway", "name", "oneway", "foot", "bicycle", "access")
                if name in city
            },
            geometry=moved,
            crs=crs,
        )
        tables.append(table)
        if before is not None:
            tables.append(_join(before, table))
        before = table
    segments = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=crs)
    empty = cities[0]
    return Roads(segments, empty.nodes.iloc[:0], empty.obstacles.iloc[:0], f"composite of {copies} Portos and Wuhans")


def _join(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Draw three straight streets between two copies, from residential streets on the sides that face each other."""
    ends = []
    for table, toward in ((one, other), (other, one)):
        plain = table[(table["highway"] == "residential").to_numpy()]
        xy = shapely.get_coordinates(shapely.get_point(plain.geometry.to_numpy(), 0))
        west, south, east, north = toward.total_bounds
        by_distance = np.argsort(np.hypot(*(xy - [(west + east) / 2, (south + north) / 2]).T), kind="stable")
        chosen = by_distance[[0, len(by_distance) // 100, len(by_distance) // 50]]
        ends.append((plain["u"].to_numpy()[chosen], xy[chosen]))
    (u, start), (v, end) = ends
    lines = shapely.linestrings(np.stack([start, end], axis=1))
    return gpd.GeoDataFrame(
        {"u": u, "v": v, "length_m": shapely.length(lines), "highway": "residential"}, geometry=lines, crs=one.crs
    )


READERS: dict[str, Callable[[Path], Roads]] = {
    "wuhan": read_wuhan,
    "porto": read_porto,
    "newyork": read_newyork,
    "composite": read_composite,
}


def count_vertices(network: RoadNetwork) -> int:
    """Count junctions and the bends between them."""
    bends = shapely.get_num_coordinates(network.edges.geometry.to_numpy()) - 2
    return len(network.nodes) + int(np.maximum(bends, 0).sum())


def used_nodes(graph: ModeGraph) -> NDArray[np.int64]:
    """Nodes that the mode can leave: from these the sources are drawn."""
    return np.flatnonzero(np.diff(graph.indptr) > 0)


def build(name: str, data: Path, folder: Path) -> None:
    """Read, build, count, write."""
    start = time.perf_counter()
    roads = READERS[name](data)
    read_s = time.perf_counter() - start
    start = time.perf_counter()
    network = build_network(roads)
    counts = {
        "nodes_as_read": len(pd.unique(roads.segments[["u", "v"]].to_numpy().ravel())),
        "segments_as_read": len(roads.segments),
        "vertices": count_vertices(network),
        "junctions": len(network.nodes),
        "edges": len(network.edges),
        "read_s": read_s,
        "build_s": time.perf_counter() - start,
        "peak_mib": peak_mib(),
    }
    for mode in MODES:
        graph = network.graph(mode)
        counts[mode] = {"nodes": len(used_nodes(graph)), "arcs": len(graph.heads)}
        dump(graph, folder / f"{mode}.pickle")
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    np.savez(folder / "arrays.npz", xy=xy, ends=network.edges[["u", "v"]].to_numpy(dtype=np.int32))
    dump(replace(network, graphs={mode: network.graph(mode) for mode in MODES}), folder / "network.pickle")
    (folder / "counts.json").write_text(json.dumps(counts), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="build one network of the benchmarks")
    parser.add_argument("name", choices=READERS)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    given = parser.parse_args()
    folder = given.cache / f"{given.name}-{_fingerprint()}"
    folder.mkdir(parents=True, exist_ok=True)
    build(given.name, given.data.resolve(), folder)


if __name__ == "__main__":
    main()
