"""Seeded instances for choosing sites: two cities' streets, and small ones with distances as the crow flies.

    python benchmarks/siting_instances.py NAME --data ../shared/data --cache cache/benchmarks --seed 20260101

The city instances are ours from end to end: places are drawn on the streets of Wuhan and Porto as the library has built
them, and their times are the library's own.

* People live around seven centres. The main one is the cell of a 1 km grid with most street within 3 km; the others
  are cells drawn with a probability proportional to their street length. Around a centre k of rank 1 to 7 density falls
  as ``exp(-distance / L) / k`` with L = 4 km for the main one and 1.5 km for the others, over a floor of 0.02.
* A demand point lies at a random place of a street that was drawn with a probability proportional to its length. Its
  demand is ``1 + floor(200 * density * w)`` with w log-normal (median 1, sigma 1): the points are spread as streets
  are, the people are where the centres are, and few points weigh much.
* A candidate lies likewise on a street that was drawn by length times the square root of density: premises are denser
  in the centre, less so than people.

What is made lies in the scratch folder, arrays (``.npz``) beside a header (``.json``) that names everything the
instance was made with; its file name holds the seed and the state of the network's builder.

The small ones are like those that the literature on maximal covering uses: a few hundred city blocks that are
candidates and demand points at once, 800 m as the crow flies. They are drawn here, too: jittered blocks of a 115 m grid
around three centres, with whole numbers of people.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from machine import peak_mib
from networks import LIMIT_MS, MODES, Prepared, prepare
from numpy.typing import NDArray

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.traveltime.times import TravelTimes, travel_times

_N_CENTRES, _CELL_M, _AROUND_M = 7, 1000.0, 3000.0
_MAIN_SPREAD_M, _OTHER_SPREAD_M, _FLOOR = 4000.0, 1500.0, 0.02
_PEOPLE, _SIGMA = 200.0, 1.0
#: Distances as the crow flies need a metric CRS, whichever.
FLAT_CRS = "EPSG:32650"
SMALL_SIZES, SMALL_RADIUS_M = (324, 402, 500, 708, 818), 800.0
_BLOCK_M, _JITTER_M, _SMALL_PEOPLE = 115.0, 30.0, 36.0


@dataclass(frozen=True)
class Family:
    """What a kind of city instance asks for."""

    city: str
    mode: str
    n_candidates: int
    n_demand: int
    n_open: int


FAMILIES = {
    "walk-wuhan": Family("wuhan", "walk", 5_000, 100_000, 20),
    "walk-porto": Family("porto", "walk", 5_000, 100_000, 20),
    "ebike-wuhan": Family("wuhan", "ebike", 2_000, 20_000, 20),
    "ebike-porto": Family("porto", "ebike", 2_000, 20_000, 20),
    "largest-porto": Family("porto", "ebike", 10_000, 1_000_000, 50),
    "peer-wuhan": Family("wuhan", "ebike", 500, 5_000, 10),
    "quick-walk-wuhan": Family("wuhan", "walk", 300, 3_000, 10),
    "quick-ebike-wuhan": Family("wuhan", "ebike", 200, 1_000, 5),
    "peer-quick-wuhan": Family("wuhan", "ebike", 50, 500, 5),
}


@dataclass(frozen=True, eq=False)
class Instance:
    """One instance: its header, the times, and the tables that belong to them."""

    header: dict[str, Any]
    times: TravelTimes
    demand: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame


def load_instance(name: str, data: Path, cache: Path, *, seed: int) -> Instance:
    """Load a city instance; one that is not there is made first, in a process of its own."""
    prepared = prepare(FAMILIES[name].city, data, cache)
    path = _path(name, prepared, cache, seed)
    if not path.with_suffix(".json").exists():
        command = [sys.executable, __file__, name, "--data", str(data), "--cache", str(cache), "--seed", str(seed)]
        subprocess.run(command, check=True)
    header = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    arrays = dict(np.load(path))
    crs = header["crs"]
    times = TravelTimes(
        facility_ids=_labels("C", header["n_candidates"]),
        demand_ids=_labels("D", header["n_demand"]),
        indptr=arrays["indptr"],
        indices=arrays["indices"],
        seconds=arrays["seconds"],
        limit_s=header["limit_s"],
        direction="to_facility",
        mode_name=header["mode"],
        mode_description=header["mode_description"],
        facility_snaps=_snaps(arrays["candidate_xy"], "C", crs),
        demand_snaps=_snaps(arrays["demand_xy"], "D", crs),
    )
    demand = make_points(arrays["demand_xy"], "D", crs)
    demand["demand"] = arrays["demand"].astype(np.float64)
    return Instance(header, times, demand, make_points(arrays["candidate_xy"], "C", crs))


def _path(name: str, prepared: Prepared, cache: Path, seed: int) -> Path:
    fingerprint = prepared.folder.name.rpartition("-")[2]
    return cache / "siting" / f"{name}-{seed}-{fingerprint}.npz"


def _labels(letter: str, n: int) -> NDArray[np.object_]:
    return np.array([f"{letter}{number:07d}" for number in range(n)], dtype=object)


def make_points(xy: NDArray[np.float64], letter: str, crs: str) -> gpd.GeoDataFrame:
    """Make a table of points with ids that sort as the rows do."""
    return gpd.GeoDataFrame({"id": _labels(letter, len(xy))}, geometry=shapely.points(xy), crs=crs)


def _snaps(xy: NDArray[np.float64], letter: str, crs: str) -> gpd.GeoDataFrame:
    """Make a table of street positions; the models ask for none of them, so the edges' numbers are left out."""
    columns = {"edge": -1, "fraction": np.nan, "access_m": 0.0, "on_island": False, "status": "snapped"}
    return make_points(xy, letter, crs).assign(**columns)[["id", *columns, "geometry"]]


def times_from_costs(
    costs: NDArray[np.float64],
    *,
    limit: float | None = None,
    facility_xy: NDArray[np.float64] | None = None,
    demand_xy: NDArray[np.float64] | None = None,
    name: str = "costs",
) -> TravelTimes:
    """Take a matrix of costs (facilities in rows) for seconds; pairs beyond the limit, or infinite, are not stored.

    Without coordinates the points stand in two rows, a metre apart: nothing is read from their places.
    """
    n_rows, n_columns = costs.shape
    limit = float(np.ceil(costs[np.isfinite(costs)].max())) if limit is None else limit
    rows, columns = np.nonzero(costs <= limit)
    places = [
        np.column_stack([np.arange(n, dtype=np.float64), np.full(n, side)]) if xy is None else xy
        for n, side, xy in ((n_rows, 0.0, facility_xy), (n_columns, 100.0, demand_xy))
    ]
    return TravelTimes(
        facility_ids=_labels("C", n_rows),
        demand_ids=_labels("D", n_columns),
        indptr=np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_rows)))).astype(np.int64),
        indices=columns.astype(np.int32),
        seconds=costs[rows, columns].astype(np.float32),
        limit_s=max(limit, 1.0),
        direction="to_facility",
        mode_name=name,
        mode_description=f"{name}, a second for each unit",
        facility_snaps=_snaps(places[0], "C", FLAT_CRS),
        demand_snaps=_snaps(places[1], "D", FLAT_CRS),
    )


def instance_from_costs(
    name: str,
    costs: NDArray[np.float64],
    demand: NDArray[np.float64],
    *,
    limit: float | None = None,
    facility_xy: NDArray[np.float64] | None = None,
    demand_xy: NDArray[np.float64] | None = None,
    **header: Any,
) -> Instance:
    """Make an instance of a matrix of costs, with the tables that belong to it."""
    times = times_from_costs(costs, limit=limit, facility_xy=facility_xy, demand_xy=demand_xy, name=name)
    points = times.demand_snaps[["id", "geometry"]].assign(demand=demand.astype(np.float64))
    counts = {"name": name, "n_candidates": len(costs), "n_demand": len(demand), "n_pairs": len(times.indices)}
    return Instance(counts | header, times, points, times.facility_snaps[["id", "geometry"]])


def make_small(n: int, *, seed: int) -> Instance:
    """Draw a small instance of `n` blocks that are candidates and demand points at once."""
    random = np.random.default_rng([seed, n])
    side = 2 * int(np.ceil(np.sqrt(n)))
    centres = random.normal(0.0, 0.28 * _BLOCK_M * np.sqrt(n), (3, 2))
    lines = (np.arange(side) - side / 2) * _BLOCK_M
    blocks = np.stack(np.meshgrid(lines, lines), axis=-1).reshape(-1, 2)
    away = np.min(np.hypot(*(blocks[:, None] - centres).transpose(2, 0, 1)), axis=1)
    built = np.sort(np.argsort(away * random.uniform(0.6, 1.4, len(blocks)), kind="stable")[:n])
    xy = blocks[built] + random.uniform(-_JITTER_M, _JITTER_M, (n, 2))
    people = 1 + np.floor(_SMALL_PEOPLE * random.exponential(1.0, n))
    costs = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1))
    return instance_from_costs(
        f"small {n}", costs, people, limit=2 * SMALL_RADIUS_M, facility_xy=xy, demand_xy=xy,
        reach_m=SMALL_RADIUS_M, seed=seed, points_per_candidate=float((costs <= SMALL_RADIUS_M).sum(axis=1).mean()),
    )  # fmt: skip


def density_at(xy: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Density of people around the centres, the main one first."""
    density = np.full(len(xy), _FLOOR)
    for rank, centre in enumerate(centres, start=1):
        spread = _MAIN_SPREAD_M if rank == 1 else _OTHER_SPREAD_M
        density += np.exp(-np.hypot(*(xy - centre).T) / spread) / rank
    return density


def find_centres(xy: NDArray[np.float64], length_m: NDArray[np.float64], random: Any) -> NDArray[np.float64]:
    """Find the cell with most street around it, and draw six others by their street length."""
    cells, cell = np.unique(np.floor(xy / _CELL_M), axis=0, return_inverse=True)
    street = np.bincount(cell.ravel(), weights=length_m, minlength=len(cells))
    away = np.hypot(*((cells[:, None] - cells) * _CELL_M).transpose(2, 0, 1))
    main = int(np.argmax((away <= _AROUND_M) @ street))
    street[main] = 0
    others = random.choice(len(cells), _N_CENTRES - 1, replace=False, p=street / street.sum())
    return np.asarray((cells[np.concatenate(([main], others))] + 0.5) * _CELL_M)


def draw_places(
    network: RoadNetwork, mode: str, family: Family, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Draw places on the streets: centres, candidates, demand points and their demand."""
    random = np.random.default_rng([seed, family.n_candidates, family.n_demand])
    graph = network.graph(mode)
    usable = network.edges[graph.snappable & ~graph.island]
    lines, length_m = usable.geometry.to_numpy(), usable["length_m"].to_numpy()
    middle = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    centres = find_centres(middle, length_m, random)

    def draw(n: int, chance: NDArray[np.float64]) -> NDArray[np.float64]:
        edges = random.choice(len(lines), n, p=chance / chance.sum())
        places = shapely.line_interpolate_point(lines[edges], random.random(n), normalized=True)
        return np.asarray(shapely.get_coordinates(places))

    candidates = draw(family.n_candidates, length_m * np.sqrt(density_at(middle, centres)))
    points = draw(family.n_demand, length_m)
    people = _PEOPLE * density_at(points, centres) * random.lognormal(0.0, _SIGMA, len(points))
    return centres, candidates, points, 1 + np.floor(people)


def make_instance(name: str, data: Path, cache: Path, seed: int) -> dict[str, Any]:
    """Draw, find the times, write arrays and header; return the header."""
    family = FAMILIES[name]
    prepared = prepare(family.city, data, cache)
    network = prepared.network()
    centres, candidate_xy, demand_xy, people = draw_places(network, family.mode, family, seed)
    crs = network.crs.to_string()
    begun = time.perf_counter()
    times = travel_times(
        network,
        make_points(candidate_xy, "C", crs),
        make_points(demand_xy, "D", crs),
        mode=family.mode,
        limit_s=LIMIT_MS / 1000,
    )
    header = {"name": name} | asdict(family) | {
        "reach": MODES[family.mode],
        "limit_s": times.limit_s,
        "mode_description": times.mode_description,
        "n_pairs": len(times.indices),
        "points_per_candidate": len(times.indices) / family.n_candidates,
        "demand_in_all": people.sum(),
        "without_a_street": int((times.demand_snaps["edge"] < 0).sum()),
        "centres": centres.tolist(),
        "seed": seed,
        "network": prepared.folder.name,
        "crs": crs,
        "times_s": time.perf_counter() - begun,
        "times_peak_mib": peak_mib(),
    }  # fmt: skip
    path = _path(name, prepared, cache, seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f"{name}-{seed}-*"):  # of another builder: large, and of no use
        old.unlink()
    part = path.with_suffix(".part.npz")
    np.savez(
        part, indptr=times.indptr, indices=times.indices, seconds=times.seconds, candidate_xy=candidate_xy,
        demand_xy=demand_xy, demand=people,
    )  # fmt: skip
    part.replace(path)
    path.with_suffix(".json").write_text(json.dumps(header, indent=1), encoding="utf-8")
    return header


def main() -> None:
    parser = argparse.ArgumentParser(description="make one instance of a city")
    parser.add_argument("name", choices=FAMILIES)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    header = make_instance(given.name, given.data.resolve(), given.cache.resolve(), given.seed)
    told = ("name", "n_candidates", "n_demand", "n_pairs", "points_per_candidate", "times_s", "times_peak_mib")
    print(*(f"{key}={header[key]}" for key in told), file=sys.stderr)


if __name__ == "__main__":
    main()
