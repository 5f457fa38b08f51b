"""How often the verdicts on datums are right: known points, under each datum, moved elsewhere, and made up.

    python benchmarks/datum_verdicts.py --data ../shared/data --seed 20260101 --json cache/benchmarks/datums.json

Each set of points is written down in each datum, moved by a vector that is none (150 to 800 m, any direction, drawn
anew each time, at least 120 m from each of the three), and replaced by points drawn evenly over the same rectangle.
Random subsamples of each are judged. 'wrong' is a sure verdict that is not the truth; for points that were moved
'none' is right and 'undecided' is no error; for even points both are no error.

Las Palmas is real, but lies in Spain: its coordinates are read as if they stood in UTM zone 50 north, which puts it
into Jiangxi. Nothing about the method was chosen on it.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.datum_detection import detect
from coverage_planner.network.build import build_network
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.sources.datum import Datum, from_wgs84, to_wgs84
from coverage_planner.sources.pois import read_pois
from coverage_planner.sources.roads import read_roads

DATUMS: tuple[Datum, ...] = ("wgs84", "gcj02", "bd09")
SIZES = (20, 50, 100, 400)
#: Vectors that points are moved by, per set.
MOVES = 5
_PLACES = {"amenity": True, "shop": True, "office": True, "tourism": True, "leisure": True, "highway": ["bus_stop"]}
_FILES = {
    "Shenzhen Longgang": "osm/shenzhen_longgang.osm",
    "Nanjing Xinjiekou": "osm/nanjing_xinjiekou.osm",
    "Taipei": "osm/taipei.osm.gz",
    "Las Palmas (moved)": "osm/las_palmas_2023.osm.pbf",
}

_Floats = NDArray[np.float64]


def read_sets(data: Path) -> Iterator[tuple[str, RoadNetwork, _Floats]]:
    """Name, streets, and true positions (n, 2) in the network's CRS."""
    network = build_network(read_roads(data / "wuhan" / "roads.parquet"))
    for name in ("places", "popular_places"):
        table = pd.read_csv(data / "wuhan" / f"{name}.csv")
        lon, lat = to_wgs84(table["Longitude"], table["Latitude"], "gcj02")
        yield f"Wuhan {name}", network, _project(lon, lat, network)
    for city, path in _FILES.items():
        network = build_network(read_roads(data / path))
        for what, tags in (("places", _PLACES), ("buildings", {"building": True})):
            try:
                points = read_pois(data / path, tags, crs=network.crs)
            except ValueError:  # none of that kind
                continue
            moved = network if "moved" not in city else _laid_down(network)
            yield f"{city} {what}", moved, shapely.get_coordinates(points.geometry.to_numpy())


def _laid_down(network: RoadNetwork) -> RoadNetwork:
    tables = {name: getattr(network, name) for name in ("nodes", "edges", "obstacles")}
    return replace(network, **{name: table.set_crs(32650, allow_override=True) for name, table in tables.items()})


def _project(lon: Any, lat: Any, network: RoadNetwork) -> _Floats:
    return shapely.get_coordinates(gpd.GeoSeries.from_xy(lon, lat, crs=4326).to_crs(network.crs).to_numpy())


def _written(places: _Floats, network: RoadNetwork, datum: Datum) -> gpd.GeoDataFrame:
    """Points whose true places are these, as a file has them that is in a datum."""
    true = gpd.GeoSeries.from_xy(*places.T, crs=network.crs).to_crs(4326)
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(*from_wgs84(true.x, true.y, datum), crs=4326))


def _moved(places: _Floats, network: RoadNetwork, rng: np.random.Generator) -> _Floats:
    """Points moved so that none of the three datums puts them near their places."""
    lon, lat = (
        values.mean()
        for values in gpd.GeoSeries.from_xy(*places.T, crs=network.crs).to_crs(4326).get_coordinates().to_numpy().T
    )
    known = [_project([one[0]], [one[1]], network) for one in (from_wgs84(lon, lat, datum) for datum in DATUMS)]
    known += [_project([one[0]], [one[1]], network) for one in (to_wgs84(lon, lat, datum) for datum in DATUMS)]
    middle = known[0]
    while True:
        angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(150, 800)
        vector = far * np.array([np.cos(angle), np.sin(angle)])
        if min(np.hypot(*(middle + vector - one).T).min() for one in known) > 120:
            return places + vector


def judge_set(network: RoadNetwork, places: _Floats, rounds: int, seed: int) -> Iterator[dict[str, Any]]:
    """One row per case and judged subsample."""
    streets = detect.Streets(network, None)
    rng = np.random.default_rng(seed)
    places = places[rng.permutation(len(places))[: detect.MOST_POINTS]]
    low, high = np.quantile(places, [0.05, 0.95], axis=0)
    for case in (*DATUMS, *["moved"] * MOVES, "even"):
        true = places
        if case == "moved":
            true = _moved(places, network, rng)
        elif case == "even":
            true = rng.uniform(low, high, (detect.MOST_POINTS, 2))
        points = _written(true, network, case if case in DATUMS else "wgs84")
        under, _ = detect.place_points(points, network.crs, "wgs84", 0)
        under = under[:, streets.surround(under.mean(axis=0))]
        middle = under.mean(axis=0)
        at_datum = detect.score_distances(streets.distances(under, 400.0))
        parts = detect.displaced_scores(middle, detect.disc_of_displacements(), streets)
        displaced = np.concatenate([part.astype(np.float32) for part in parts], axis=1)
        for size in (*SIZES, 0):
            repeats = 1 if size == 0 else rounds // MOVES if case == "moved" else rounds
            for _ in range(repeats if size < len(middle) else 0):
                rows = rng.choice(len(middle), size, replace=False) if size else np.arange(len(middle))
                evidence = detect.weigh_evidence(
                    at_datum[:, :, rows].mean(axis=2),
                    displaced[:, rows].mean(axis=1).astype(np.float64),
                    (under - middle)[:, rows].mean(axis=1),
                )
                verdict, confidence, _ = detect.name_datum(evidence)
                likeliest = DATUMS[evidence.probability[: len(DATUMS)].argmax()]
                yield {
                    "case": case, "size": size, "n": len(rows), "verdict": verdict, "confidence": confidence,
                    "likeliest": likeliest,
                }  # fmt: skip


def main() -> int:
    """Judge all sets and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--json", type=Path, help="write every verdict here")
    arguments = parser.parse_args()
    rows = []
    for name, network, places in read_sets(arguments.data):
        found = [{"set": name} | row for row in judge_set(network, places, arguments.rounds, arguments.seed)]
        rows += found
        print(_rates(pd.DataFrame(found)).to_string(), flush=True)
        if arguments.json:
            arguments.json.parent.mkdir(parents=True, exist_ok=True)
            arguments.json.write_text(json.dumps(rows), encoding="utf-8")
    table = pd.DataFrame(rows)
    print(_rates(table.assign(set="all")).to_string())
    print(_calibration(table).to_string())
    return 0


def _rates(table: pd.DataFrame) -> pd.DataFrame:
    truth = table["case"].where(table["case"].isin(DATUMS), "none")
    sure = table["verdict"] != "undecided"
    right = sure & (table["verdict"] == truth)
    # even points have no right place: a displacement found for them is as wrong as a datum
    wrong = sure & (~right | (table["case"] == "even"))
    return (
        table.assign(right=right & (table["case"] != "even"), wrong=wrong)
        .groupby(["set", "case", "size"], sort=False)
        .agg(samples=("n", "size"), points=("n", "median"), right=("right", "mean"), wrong=("wrong", "mean"))
        .round(3)
    )


def _calibration(table: pd.DataFrame) -> pd.DataFrame:
    """How often the likeliest datum is right, by the confidence in it, over points that are in one of the three."""
    known = table[table["case"].isin(DATUMS) & (table["verdict"] != "none")]
    bands = pd.cut(known["confidence"], [0.0, 0.5, 0.7, 0.9, 0.98, 0.999, 1.0])
    right = known["likeliest"] == known["case"]
    return (
        known.assign(right=right)
        .groupby(bands, observed=True)
        .agg(samples=("n", "size"), said=("confidence", "mean"), right=("right", "mean"))
    )


if __name__ == "__main__":
    sys.exit(main())
