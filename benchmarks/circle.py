"""168 hours x 8 services x 4 groups: time and memory of who is served when, beside the plain recipe, at several sizes.

The district is Wuchang in Wuhan: its streets are real. Demand points and stations are invented and lie along them,
every metre alike; so are what the stations offer and when they are open. Four groups travel in three ways; legal aid
may be half an hour away, so the times are searched as far as that for all. Each size runs in a process of its own.

The peer is what one writes first: for each group, service and hour the pairs that count are chosen from the table of
pairs, and the demand points among them marked (numpy; the pairs within the cutoff of a service are chosen once for all
its hours). It runs for some hours of the week, its time is scaled to all of them, and its marks must be ours for every
demand point.
"""

import argparse
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from machine import peak_mib
from networks import dump, load, prepare, read_wuhan
from numpy.typing import NDArray
from tables import seconds, table

from coverage_planner.coverage.hours import open_slots
from coverage_planner.coverage.nearest_open import nearest_open
from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer, describe_offer
from coverage_planner.coverage.service_tables import measure_hours, measure_services
from coverage_planner.coverage.serving import Served, serve
from coverage_planner.coverage.week import build_week
from coverage_planner.network.build import build_network
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.calendar import read_calendar
from coverage_planner.traveltime.times import TravelTimes, travel_times

TITLE = "Services, hours and groups"
_CRS = "EPSG:32650"
_DISTRICT = "武昌区"
#: Group -> how it travels, its cutoff in seconds.
GROUPS = {"walkers": ("walk", 900.0), "couriers": ("ebike", 600.0), "riders": ("ebike", 300.0),
          "drivers": ("drive", 480.0)}  # fmt: skip
#: Service -> how many stations in ten offer it.
SERVICES = {"rest": 9, "water": 9, "charging": 7, "meals": 5, "medicine": 6, "toilet": 4, "storage": 3, "legal_aid": 2}
NEEDS = Needs(tuple(SERVICES), ("rest", "water", "charging", "meals", "toilet"), {"toilet": 300.0, "legal_aid": 1800.0})
LIMIT_S = 1800.0
_HOURS = (
    "24/7", "Mo-Su 08:00-20:00", "Mo-Su 08:00-22:00", "Mo-Fr 09:00-17:30; Sa-Su off", "Mo-Su 06:30-23:00",
    "Mo-Fr 08:30-12:00,14:00-18:00", "Mo-Su 10:00-02:00", "Tu-Su 09:00-21:00; Mo off", "Mo-Su 07:00-19:00",
    "Mo-Su 22:00-06:00", "Mo-Fr 08:00-20:00; Sa 09:00-17:00", "Mo-Su 09:00-21:00; PH off",
)  # fmt: skip
#: (demand points, stations)
SIZES = ((5_000, 300), (20_000, 300), (80_000, 300), (20_000, 75), (20_000, 1_200))
_QUICK = ((1_000, 40),)
_CASE = (20_000, 300)
#: Hours of the week that the peer runs for.
_PEER_SLOTS = (3, 33, 59, 71, 93, 111, 136, 167)


def draw_places(data: Path, n_points: int, n_stations: int, seed: int) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Draw demand points with whole weights, and stations with services and hours, along the district's streets."""
    rng = np.random.default_rng(seed)
    area = read_study_area(data / "areas" / "districts.gpkg", where={"name": [_DISTRICT]}, crs=_CRS)
    lines = gpd.read_parquet(data / "wuhan" / "roads.parquet").to_crs(_CRS).geometry
    lines = lines[lines.within(area.geometry.iloc[0])].to_numpy()
    length_m = shapely.length(lines)

    def along(count: int) -> NDArray[Any]:
        chosen = lines[rng.choice(len(lines), count, p=length_m / length_m.sum())]
        on_street = shapely.get_coordinates(shapely.line_interpolate_point(chosen, rng.random(count), normalized=True))
        return shapely.points(on_street + rng.normal(0.0, 20.0, on_street.shape))

    demand = gpd.GeoDataFrame(
        {
            "id": [f"D{k}" for k in range(n_points)],
            "demand": rng.integers(1, 60, n_points).astype(float),
            "kind": rng.choice(["restaurant", "mall", "office", "estate"], n_points),
        },
        geometry=along(n_points),
        crs=_CRS,
    )
    share = np.array(list(SERVICES.values())) / 10
    offered = rng.random((n_stations, len(SERVICES))) < share
    offered[:, 0] |= ~offered.any(axis=1)
    stations = gpd.GeoDataFrame(
        {
            "id": [f"S{k}" for k in range(n_stations)],
            "services": [";".join(np.array(list(SERVICES))[row]) for row in offered],
            "opening_hours": rng.choice(_HOURS, n_stations),
        },
        geometry=along(n_stations),
        crs=_CRS,
    )
    return demand, stations


def draw_profile(seed: int) -> pd.DataFrame:
    """Draw the shares of a day for the kinds of demand."""
    shares = np.random.default_rng(seed).random((4, 24))
    kinds = pd.Index(["restaurant", "mall", "office", ""], name="kind")
    return pd.DataFrame(shares / shares.sum(axis=1, keepdims=True), index=kinds)


def _network(path: Path, data: Path) -> RoadNetwork:
    """Return the streets of Wuhan for all modes; kept between the sizes."""
    if not path.exists():
        dump(build_network(read_wuhan(data)), path)
    network: RoadNetwork = load(path)
    return network


def _plain(
    times: TravelTimes, offer: Offer, cutoff_s: float, slots: Sequence[int]
) -> dict[tuple[str, int], NDArray[np.bool_]]:
    """Mark who is served with each service in some slots, one after the other."""
    rows = np.repeat(np.arange(len(times.facility_ids)), np.diff(times.indptr))
    served: dict[tuple[str, int], NDArray[np.bool_]] = {}
    for what in (*NEEDS.services, ANY):
        near = (times.seconds <= np.float32(NEEDS.cutoff_s(what, cutoff_s))) & offer.counts[rows]
        if what != ANY:
            near &= offer.offers[rows, offer.services.index(what)]
        near_rows, near_points = rows[near], times.indices[near]
        for slot in slots:
            marked = np.zeros(len(times.demand_ids), dtype=bool)
            marked[near_points[offer.open[near_rows, slot]]] = True
            served[what, slot] = marked
    for slot in slots:
        served[FULL, slot] = np.logical_and.reduce([served[service, slot] for service in NEEDS.required])
    return served


def measure_size(data: Path, kept: Path, n_points: int, n_stations: int, seed: int) -> dict[str, Any]:
    """Measure one size: seconds of each stage (the fastest of three but for the search and the peer), MiB."""
    demand, stations = draw_places(data, n_points, n_stations, seed)
    profile = draw_profile(seed)
    network = _network(kept, data)
    base_mib = peak_mib()
    calendar = read_calendar()
    week = build_week(calendar)
    figures: dict[str, Any] = {"points": n_points, "stations": n_stations, "hours": len(week.starts)}

    def timed(stage: str, work: Callable[[], Any], rounds: int = 3) -> Any:
        made, clock_s, cpu_s = None, [], []
        for _ in range(rounds):
            start, cpu = time.perf_counter(), time.process_time()
            made = work()
            clock_s.append(time.perf_counter() - start)
            cpu_s.append(time.process_time() - cpu)
        figures[f"{stage}_s"], figures[f"{stage}_cpu_s"] = min(clock_s), min(cpu_s)
        return made

    def search() -> dict[str, TravelTimes]:
        modes = dict.fromkeys(mode for mode, _ in GROUPS.values())
        return {mode: travel_times(network, stations, demand, mode=mode, limit_s=LIMIT_S) for mode in modes}

    search()  # compiled code is loaded
    slots = timed("slots", lambda: open_slots(stations["opening_hours"], week, calendar), 1)
    times = timed("search", search, 1)
    of_group = {name: (times[mode], cutoff_s) for name, (mode, cutoff_s) in GROUPS.items()}
    offer = timed("offer", lambda: describe_offer(stations, services=NEEDS.services, week=week, open_=slots.open))

    def serve_all() -> dict[str, Served]:
        return {name: serve(group, offer, NEEDS, cutoff_s) for name, (group, cutoff_s) in of_group.items()}

    served = timed("serve", serve_all)

    def tables() -> list[pd.DataFrame]:
        made = [measure_hours(of, demand, offer, profile=profile) for of in served.values()]
        return made + [
            measure_services(of, demand, offer, NEEDS, GROUPS[name][1], profile=profile) for name, of in served.items()
        ]

    timed("tables", tables)
    figures["pairs"] = {mode: len(of.indices) for mode, of in times.items()}
    figures["pairs_mib"] = sum(of.indices.nbytes + of.seconds.nbytes for of in times.values()) / 2**20
    figures["bits_mib"] = sum(of.bits.nbytes for of in served.values()) / 2**20
    figures["search_peak_mib"] = peak_mib() - base_mib
    every = range(len(week.starts))
    timed("nearest", lambda: [nearest_open(group, offer, every) for group, _ in of_group.values()], 1)
    for stage, work in (("serve", serve_all), ("tables", tables)):
        figures[f"{stage}_mib"] = _most_mib(work)
    figures["nearest_mib"] = max(_most_mib(lambda of=of: nearest_open(of, offer, every)) for of in times.values())
    chosen = [slot for slot in _PEER_SLOTS if slot < len(week.starts)]
    plain = timed(
        "plain",
        lambda: {name: _plain(group, offer, cutoff_s, chosen) for name, (group, cutoff_s) in of_group.items()},
        1,
    )
    for clock in ("plain_s", "plain_cpu_s"):
        figures[clock] *= len(week.starts) / len(chosen)
    figures["compared"] = sum(map(len, plain.values())) * n_points
    for name, marks in plain.items():
        for (what, slot), marked in marks.items():
            assert (served[name].at(what, slot) == marked).all(), (name, what, slot)
    figures["full_share"] = {name: float(of.ever(FULL).mean()) for name, of in served.items()}
    return figures


def _most_mib(work: Callable[[], Any]) -> float:
    """Most memory of arrays that some work holds at a time, its result among them, MiB."""
    tracemalloc.start()
    made = work()
    most = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    del made
    return most


def measure(data: Path, cache: Path, *, seed: int, quick: bool) -> list[dict[str, Any]]:
    """Measure every size, each in a process of its own."""
    kept = prepare("wuhan", data, cache).folder / "all_modes.pickle"
    measured = []
    for n_points, n_stations in _QUICK if quick else SIZES:
        print(f"circle: {n_points:,} points, {n_stations:,} stations", file=sys.stderr, flush=True)
        command = [sys.executable, __file__, str(n_points), str(n_stations), "--seed", str(seed)]
        command += ["--data", str(data), "--network", str(kept)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, encoding="utf-8")
        measured.append(json.loads(done.stdout))
    return measured


def report(measured: list[dict[str, Any]]) -> str:
    """Draw the tables."""
    headings = [
        "points", "stations", "pairs", "opening hours", "search", "masks", "tables", "nearest open", "all of ours",
        "by the clock", "plain masks", "ratio",
    ]  # fmt: skip
    stages = ("slots", "search", "serve", "tables", "nearest")
    rows = [
        [
            f"{of['points']:,}",
            f"{of['stations']:,}",
            f"{sum(of['pairs'].values()) / 1e6:.2g} M",
            *(seconds(of[f"{stage}_cpu_s"]) for stage in stages),
            *(seconds(sum(of[f"{stage}{clock}"] for stage in (*stages, "offer"))) for clock in ("_cpu_s", "_s")),
            seconds(of["plain_cpu_s"]),
            f"{of['plain_cpu_s'] / of['serve_cpu_s']:.0f}",
        ]
        for of in measured
    ]
    memory = [
        [
            f"{of['points']:,}",
            f"{of['stations']:,}",
            *(f"{of[key]:.0f}" for key in ("pairs_mib", "bits_mib", "serve_mib", "tables_mib", "nearest_mib")),
            f"{of['search_peak_mib']:.0f}",
        ]
        for of in measured
    ]
    case = next((of for of in measured if (of["points"], of["stations"]) == _CASE), measured[0])
    groups = "; ".join(f"{name} ({mode}, {cutoff_s / 60:g} min)" for name, (mode, cutoff_s) in GROUPS.items())
    modes = ", ".join(f"{mode} {pairs:,}" for mode, pairs in case["pairs"].items())
    per_point = case["bits_mib"] * 2**20 / case["points"] / len(GROUPS)
    return (
        f"{case['hours']} hours x {len(SERVICES)} services x {len(GROUPS)} groups: {groups}. Real streets of Wuchang, "
        f"Wuhan; invented demand and stations. The times of the three modes are searched as far as {LIMIT_S / 60:g} "
        f"min, once for all groups (pairs at {case['points']:,} x {case['stations']:,}: {modes}). 'Masks' are who is "
        "served with what in every hour, for all groups; 'tables' the figures by service and by hour, with a profile "
        "over the day; 'nearest open' the nearest open station of every point in every hour, for all groups. The "
        f"stations have {len(_HOURS)} different opening hours. Seconds of CPU.\n\n"
        + table(headings, rows)
        + f"\n\nThe plain recipe ran for {len(_PEER_SLOTS)} hours of the week and is scaled to {case['hours']}; its "
        f"{sum(of['compared'] for of in measured):,} marks are the same as ours. 'Ratio' is its time over that of the "
        "masks.\n\nMemory, MiB: the pairs of the three modes, the masks of the four groups, and the most that arrays "
        "take while a stage runs, its result among them (of 'nearest open', for one group); 'process' is how far the "
        "peak of the whole process rises above the loaded network until the tables stand.\n\n"
        + table(
            ["points", "stations", "pairs", "masks", "making masks", "tables", "nearest open", "process"],
            memory,
        )
        + f"\n\nThe masks take {per_point:.0f} bytes per demand point and group."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="one size of the circle")
    parser.add_argument("points", type=int)
    parser.add_argument("stations", type=int)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    given = parser.parse_args()
    figures = measure_size(given.data, given.network, given.points, given.stations, given.seed)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
