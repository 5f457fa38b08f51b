"""Our travel times against Valhalla's matrix, at equal speeds: how often and how far they differ, and why.

    python benchmarks/matrix_agreement.py --data ../shared/data --valhalla-python VENV/bin/python

2,000 random pairs of places on the streets of Porto and of Las Palmas, as far apart as one gets in up to about 15
minutes, on foot (4.8 km/h), by bicycle (15 km/h) and driving (40 km/h everywhere). Valhalla's options make it take the
shortest way; compared is the length of that way at the common speed, because no option takes out the seconds it adds at
crossings and turns. What its own seconds say stands beside.

The pairs that differ most are looked into one by one (`matrix_causes`): both routes are drawn, and every street and
node of each is held against the other engine's rules.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from matrix_causes import ELSEWHERE_M, Cause, Route, find_causes, is_open_to_us, prepare, their_routes
from numpy.typing import NDArray
from peers import valhalla_python
from scipy.spatial import cKDTree
from valhalla_scene import (
    FILES,
    SPEEDS_KPH,
    Scene,
    align_rules,
    build_at_one_speed,
    draw_on_streets,
    lon_lat,
    open_scene,
)
from valhalla_service import Valhalla, costing, location, start_valhalla

import coverage_planner as cp
from coverage_planner.network.road_network import RoadNetwork

SEED = 20_250_302
PAIRS = 2000
WORST = 150
#: How far apart the places of a pair are at most, as the crow flies, as a share of what 900 s cover.
_FARTHEST = 0.75
#: How far we search; pairs beyond are 'not reached'.
LIMIT_S = 36_000.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Places and what both engines say, seconds: ours, the length of Valhalla's way at the same speed, its own time."""

    sources: gpd.GeoDataFrame
    targets: gpd.GeoDataFrame
    ours_s: NDArray[np.float64]
    theirs_s: NDArray[np.float64]
    own_s: NDArray[np.float64]


def draw_pairs(
    network: RoadNetwork, mode: str, n: int, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Draw places on streets, and for each another one at a random distance and direction."""
    sources = draw_on_streets(network, mode, n, rng)
    candidates = draw_on_streets(network, mode, 100 * n, rng)
    farthest_m = _FARTHEST * 900 * SPEEDS_KPH[mode] / 3.6
    away, angle = rng.uniform(50.0, farthest_m, n), rng.uniform(0, 2 * np.pi, n)
    xy = shapely.get_coordinates(sources.geometry.to_numpy())
    aims = xy + np.column_stack([away * np.cos(angle), away * np.sin(angle)])
    nearest = cKDTree(shapely.get_coordinates(candidates.geometry.to_numpy())).query(aims)[1]
    targets = candidates.iloc[nearest].reset_index(drop=True).assign(id=sources["id"])
    return _as_sent(sources), _as_sent(targets)


def _as_sent(points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Move points to the rounded coordinates that Valhalla gets, so that both see the same place."""
    rounded = gpd.GeoSeries(shapely.points(lon_lat(points)), crs=4326).to_crs(points.crs)
    return gpd.GeoDataFrame({"id": points["id"]}, geometry=rounded.to_numpy(), crs=points.crs)


def ask_ours(
    network: RoadNetwork, mode: str, sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Seconds of each pair on the street, access legs (millimetres here) left out; inf where not reached."""
    times = cp.travel_times(network, sources, targets, mode=mode, limit_s=LIMIT_S, direction="from_facility")
    row = np.repeat(np.arange(len(sources)), np.diff(times.indptr))
    pair = row == times.indices
    seconds = np.full(len(sources), np.inf)
    seconds[row[pair]] = times.seconds[pair]
    legs_m = times.facility_snaps["access_m"].to_numpy() + times.demand_snaps["access_m"].to_numpy()
    return seconds - legs_m * 3.6 / network.graph(mode).mode.access_speed_kph


def ask_theirs(
    valhalla: Valhalla, mode: str, sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds of each pair: the length of the way, whole metres, at the common speed; and as Valhalla says."""
    speed_kph = SPEEDS_KPH[mode]
    requests = [
        {"sources": [location(a, b)], "targets": [location(c, d)], **costing(mode, speed_kph)}
        for (a, b), (c, d) in zip(lon_lat(sources).tolist(), lon_lat(targets).tolist(), strict=True)
    ]
    found = [(answer.get("sources_to_targets") or [[{}]])[0][0] for answer in valhalla.ask("matrix", requests).parsed]
    km, own = (np.array([_number(cell.get(key)) for cell in found]) for key in ("distance", "time"))
    return 1000 * km * 3.6 / speed_kph, own


def _number(value: float | None) -> float:
    return np.inf if value is None else float(value)


def describe(pairs: Pairs) -> dict[str, Any]:
    """Distribution of the differences between ours and Valhalla's way at the common speed."""
    ours, theirs = pairs.ours_s, pairs.theirs_s
    both = np.isfinite(ours) & np.isfinite(theirs)
    gap = ours[both] - theirs[both]
    relative = np.abs(gap) / np.maximum(theirs[both], 1.0)
    own_gap = ours[both] - pairs.own_s[both]
    return {
        "pairs": len(ours),
        "both": int(both.sum()),
        "only_ours": int((np.isfinite(ours) & ~np.isfinite(theirs)).sum()),
        "only_theirs": int((~np.isfinite(ours) & np.isfinite(theirs)).sum()),
        "median_s": float(np.median(ours[both])),
        "absolute_s": [float(np.percentile(np.abs(gap), p)) for p in PERCENTILES],
        "relative": [float(np.percentile(relative, p)) for p in PERCENTILES],
        "within_1_percent": float(np.mean(relative <= 0.01)),
        "within_1_percent_or_3_s": float(np.mean((relative <= 0.01) | (np.abs(gap) <= 3))),
        "within_5_percent": float(np.mean(relative <= 0.05)),
        "within_30_s": float(np.mean(np.abs(gap) <= 30)),
        "ours_longer_30_s": int((gap > 30).sum()),
        "ours_shorter_30_s": int((gap < -30).sum()),
        "own_median_gap_s": float(np.median(own_gap)),
        "own_within_5_percent": float(np.mean(np.abs(own_gap) / np.maximum(pairs.own_s[both], 1.0) <= 0.05)),
    }


def check_bound(pairs: Pairs, routes: Sequence[Route | None], is_open: Sequence[bool]) -> dict[str, Any]:
    """Where our network allows every step of Valhalla's route, our time may not be longer than the route.

    Two places whose routes are equal to a hundredth also say how the two measure the length of a street.
    """
    rows = np.flatnonzero(np.asarray(is_open, dtype=bool) & begin_alike(pairs, routes) & np.isfinite(pairs.ours_s))
    excess = pairs.ours_s[rows] - pairs.theirs_s[rows]
    longer = rows[(excess > 0.01 * pairs.theirs_s[rows]) & (excess > _ROUNDING_S)]
    alike = rows[np.abs(excess) <= 0.01 * pairs.theirs_s[rows]]
    ratio = pairs.ours_s[alike] / pairs.theirs_s[alike]
    vectors = np.array([routes[row].xy[-1] - routes[row].xy[0] for row in alike]).reshape(-1, 2)  # type: ignore[union-attr]
    upright = np.abs(vectors[:, 1]) > 2 * np.abs(vectors[:, 0])
    across = np.abs(vectors[:, 0]) > 2 * np.abs(vectors[:, 1])
    return {
        "open": len(rows),
        "ours_longer": [int(row) for row in longer],
        "alike": len(alike),
        "ratio_north_south": float(np.median(ratio[upright])) if upright.any() else 1.0,
        "ratio_east_west": float(np.median(ratio[across])) if across.any() else 1.0,
    }


def begin_alike(pairs: Pairs, routes: Sequence[Route | None]) -> NDArray[np.bool_]:
    """Whether Valhalla's routes begin and end right at the places asked for."""
    start, end = (shapely.get_coordinates(points.geometry.to_numpy()) for points in (pairs.sources, pairs.targets))
    return np.array(
        [
            route is not None and max(np.hypot(*(route.xy[0] - a)), np.hypot(*(route.xy[-1] - b))) <= ELSEWHERE_M
            for route, a, b in zip(routes, start, end, strict=True)
        ]
    )


PERCENTILES = (50, 90, 95, 99, 100)
#: Valhalla's edges have whole metres: no difference below this many seconds says anything.
_ROUNDING_S = 5.0


def worst_pairs(pairs: Pairs, n: int) -> NDArray[np.int64]:
    """Row numbers of the pairs that differ most in seconds, pairs that only one engine reaches first."""
    ours, theirs = np.minimum(pairs.ours_s, 1e6), np.minimum(pairs.theirs_s, 1e6)
    gap = np.abs(ours - theirs)
    order = np.argsort(-gap, kind="stable")[:n]
    return order[gap[order] > 1.0]


def run_mode(
    scene: Scene, aligned: RoadNetwork, mode: str, n: int, worst: int, valhalla: Valhalla, seed: int
) -> dict[str, Any]:
    """Compare one mode of one city; `aligned` is our network by Valhalla's rules."""
    sources, targets = draw_pairs(scene.network, mode, n, np.random.default_rng(seed))
    theirs, own = ask_theirs(valhalla, mode, sources, targets)
    pairs = Pairs(sources, targets, ask_ours(scene.network, mode, sources, targets), theirs, own)
    rules = prepare(scene, mode)
    routes = their_routes(valhalla, mode, sources, targets, rules.streets, scene.network.crs)
    bound = check_bound(pairs, routes, [route is not None and is_open_to_us(route, rules) for route in routes])
    rows = np.unique(np.concatenate([worst_pairs(pairs, worst), np.array(bound["ours_longer"], dtype=np.int64)]))
    gap = np.abs(np.minimum(pairs.ours_s, 1e6) - np.minimum(pairs.theirs_s, 1e6))
    rows = rows[np.argsort(-gap[rows], kind="stable")]
    seconds = list(zip(pairs.ours_s[rows].tolist(), theirs[rows].tolist(), strict=True))
    causes = find_causes(
        rules, [routes[row] for row in rows], sources.iloc[rows], targets.iloc[rows], seconds, valhalla
    )
    table = pd.DataFrame(
        {
            "ours_s": pairs.ours_s[rows],
            "theirs_s": pairs.theirs_s[rows],
            "from": [f"{lat:.6f},{lon:.6f}" for lon, lat in lon_lat(sources.iloc[rows])],
            "to": [f"{lat:.6f},{lon:.6f}" for lon, lat in lon_lat(targets.iloc[rows])],
            "cause": [cause.kind for cause in causes],
            "evidence": [cause.evidence for cause in causes],
            "longer_than_a_route_open_to_us": np.isin(rows, bound["ours_longer"]).tolist(),
        }
    )
    return {
        "city": scene.name,
        "mode": mode,
        "speed_kph": SPEEDS_KPH[mode],
        **describe(pairs),
        "bound": bound,
        "aligned": describe(replace(pairs, ours_s=ask_ours(aligned, mode, sources, targets))),
        "worst": table.to_dict("records"),
        "causes": rank(causes),
    }


def rank(causes: Sequence[Cause]) -> list[tuple[str, int, str]]:
    """Causes by how many of the worst pairs they explain, with one piece of evidence."""
    counts = Counter(cause.kind for cause in causes)
    example = {cause.kind: cause.evidence for cause in reversed(causes)}
    return [(kind, count, example[kind]) for kind, count in counts.most_common()]


def print_differences(runs: Sequence[dict[str, Any]]) -> None:
    """Print the distribution of differences, by our rules and by Valhalla's."""
    print(
        "| network | mode | pairs (both reach; ours only; Valhalla only) | median time, s | difference, s: "
        "50 / 90 / 95 / 99 / 100 % | relative: 50 / 90 / 95 / 99 % | within 1 % | or 3 s | within 5 % | within 30 s "
        "| ours longer, shorter by > 30 s |"
    )
    print("|---|---|---:|---:|---|---|---:|---:|---:|---:|---:|")
    for run in runs:
        label = f"| {run['city']} | {run['mode']}, {run['speed_kph']:g} km/h"
        print(f"{label} {_distribution(run)}")
        print(f"{label}, our network by Valhalla's rules {_distribution(run['aligned'])}")


def _distribution(found: dict[str, Any]) -> str:
    absolute = " / ".join(f"{value:.1f}" for value in found["absolute_s"])
    relative = " / ".join(f"{value:.2%}" for value in found["relative"][:4])
    shares = ("within_1_percent", "within_1_percent_or_3_s", "within_5_percent", "within_30_s")
    within = " | ".join(f"{found[name]:.1%}" for name in shares)
    return (
        f"| {found['pairs']} ({found['both']}; {found['only_ours']}; {found['only_theirs']}) "
        f"| {found['median_s']:.0f} | {absolute} | {relative} | {within} "
        f"| {found['ours_longer_30_s']}, {found['ours_shorter_30_s']} |"
    )


def print_bounds(runs: Sequence[dict[str, Any]]) -> None:
    """Print how our times keep to the routes that Valhalla finds, and how both measure the same street."""
    print(
        "| network | mode | pairs whose Valhalla route is open to us | ours longer than it | same route: length ours / "
        "Valhalla's, north-south | east-west | against Valhalla's own seconds: median, within 5 % |"
    )
    print("|---|---|---:|---:|---:|---:|---|")
    for run in runs:
        bound = run["bound"]
        print(
            f"| {run['city']} | {run['mode']} | {bound['open']} of {run['pairs']} | {len(bound['ours_longer'])} "
            f"| {bound['ratio_north_south']:.4f} | {bound['ratio_east_west']:.4f} "
            f"| {run['own_median_gap_s']:+.0f} s, {run['own_within_5_percent']:.1%} |"
        )


def print_causes(runs: Sequence[dict[str, Any]]) -> None:
    """Print what explains the worst pairs."""
    print("| network | mode | cause | of the worst pairs | example |")
    print("|---|---|---|---:|---|")
    for run in runs:
        for kind, count, evidence in run["causes"]:
            print(f"| {run['city']} | {run['mode']} | {kind} | {count} of {len(run['worst'])} | {evidence} |")


def main(argv: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description="travel times, ours and Valhalla's")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--cache", type=Path, default=Path("cache/benchmarks"))
    parser.add_argument(
        "--valhalla-python", type=Path, help="interpreter that has pyvalhalla; found or made if not given"
    )
    parser.add_argument("--cities", nargs="+", default=list(FILES), choices=list(FILES))
    parser.add_argument("--modes", nargs="+", default=list(SPEEDS_KPH), choices=list(SPEEDS_KPH))
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    given = parser.parse_args(argv)
    python = str(valhalla_python(given.cache, given.valhalla_python))
    share = 10 if given.quick else 1
    runs = []
    for city in given.cities:
        scene = open_scene(city, given.data, given.cache, python)
        aligned = build_at_one_speed(align_rules(scene.roads))
        with start_valhalla(python, scene.tiles) as valhalla:
            for mode in given.modes:
                runs.append(run_mode(scene, aligned, mode, PAIRS // share, WORST // share, valhalla, given.seed))
                print(f"{city}, {mode}: done", file=sys.stderr, flush=True)
    print(f"\nSeed {given.seed}; {PAIRS // share} pairs, the {WORST // share} that differ most looked into.\n")
    print_differences(runs)
    print()
    print_bounds(runs)
    print()
    print_causes(runs)
    figures = {"seed": given.seed, "runs": runs}
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return figures


if __name__ == "__main__":
    main()
