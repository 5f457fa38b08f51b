"""What the benchmark of the maps draws: the demo, real networks with invented stations, a composite of 250,000 streets.

============ ==========================================================================================================
demo         the demo city: its plan file, proposal and all (synthetic)
Nanjing      ``osm/nanjing_xinjiekou.osm``: a city centre with all tags
Wuhan        ``wuhan/roads.parquet``, the six inner districts; people are WorldPop's, cells of 100 m
Porto        ``osm/porto_portugal.osm.pbf``: all tags, streets with names
composite    two copies of Porto and of Wuhan side by side, joined by a few streets: real, but arranged
             as nowhere
============ ==========================================================================================================

Of all but the demo the stations, their services, hours and rooms are invented, and so are people where no source is
named, and the squares that stand for communities; every name says so (虚构). The composite is also clipped to those of
its streets that are nearest to its middle, to see how things grow.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from networks import dump, load, read_composite, read_porto, read_wuhan
from numpy.typing import NDArray

from coverage_planner import (
    CircleRules,
    Group,
    Outcome,
    RoadNetwork,
    Roads,
    Scenario,
    build_network,
    build_week,
    evaluate,
    measure_circle,
    read_calendar,
    read_plan,
    read_population,
    read_roads,
    run_plan,
)
from coverage_planner.scenario.circle import Circle
from coverage_planner.scenario.evaluate import build_grids
from coverage_planner.sources.areas import read_areas

_REPOSITORY = Path(__file__).resolve().parents[1]
SERVICES = ("rest", "water", "charging", "meals", "medicine", "toilet", "storage", "legal_aid")
_HOURS = (
    "24/7", "Mo-Su 08:00-20:00", "Mo-Fr 09:00-17:30; Sa 09:00-12:00", "Mo-Sa 08:00-18:00; PH off",
    "Mo-Su 18:00-06:00", "Mo-Su 07:00-23:00",
)  # fmt: skip
_KINDS = ("餐饮", "环卫", "小区配送")
_INNER = ("江岸区", "江汉区", "硚口区", "汉阳区", "武昌区", "青山区")
_FAST = ("motorway", "motorway_link", "trunk", "trunk_link")
_SITES = 10
#: Streets of the composite, about.
_WHOLE = 250_000


@dataclass(frozen=True)
class City:
    """A street network with people and stations on it.

    Attributes
    ----------
    label
        How tables name it.
    title
        How its map names it; says what is invented.
    outcomes, circles
        Today and with ten further sites.
    further
        Other arguments of `map_data`.
    n_edges, n_points
        Streets of the network, demand points of all groups.
    """

    label: str
    title: str
    outcomes: tuple[Outcome, ...]
    circles: tuple[Circle, ...] | None
    further: dict[str, Any]

    @property
    def n_edges(self) -> int:
        """Streets from junction to junction."""
        return len(self.outcomes[0].network.edges)

    @property
    def n_points(self) -> int:
        """Demand points of all groups."""
        return sum(len(found.group.demand) for found in self.outcomes[0].groups.values())


@dataclass(frozen=True)
class Place:
    """How a city is made: who reads its streets and, where they are not invented, its people; what is invented."""

    label: str
    read: Callable[[Path], Roads]
    n_stations: int
    n_walkers: int
    n_riders: int
    community_m: float
    people: Callable[[Path], gpd.GeoDataFrame] | None = None
    n_edges: int | None = None


def _people_of_wuhan(data: Path) -> gpd.GeoDataFrame:
    area = read_areas(data / "areas" / "districts.gpkg", where={"name": list(_INNER)}, crs="EPSG:32650")
    raster = data / "wuhan" / "population_20plus_2020_100m.tif"
    people = read_population(raster, study_area=area, crs="EPSG:32650", minimum=20.0)
    return people.assign(kind=np.resize(_KINDS, len(people)))


def _composite(data: Path) -> Roads:
    """Set the composite where its zone is meant for."""
    roads = read_composite(data, 2)
    return replace(roads, segments=roads.segments.set_geometry(roads.segments.translate(450_000, 4_500_000)))


PLACES = {
    "nanjing": Place(
        "Nanjing", lambda data: read_roads(data / "osm" / "nanjing_xinjiekou.osm"), 20, 600, 300, 600.0
    ),
    "wuhan": Place("Wuhan", read_wuhan, 300, 0, 5_000, 1_200.0, _people_of_wuhan),
    "porto": Place("Porto", read_porto, 300, 12_000, 5_000, 1_200.0),
    **{
        f"composite-{n // 1000}k": Place(
            "composite" if n == _WHOLE else "composite, part", _composite, 4 + n // 400, n // 10, n // 40, 1_500.0,
            n_edges=n,
        )
        for n in (15_000, 60_000, 125_000, _WHOLE)
    },
}  # fmt: skip


def make_city(name: str, data: Path, cache: Path, seed: int) -> City:
    """Read, build and evaluate a city; the built network is kept in the scratch folder."""
    if name == "demo":
        return _demo()
    place = PLACES[name]
    network = _network(name, place, data, cache)
    invented = _invent(network, place, None if place.people is None else place.people(data), seed)
    groups = [
        Group("虚构行人", "walk", 900.0, invented["walkers"], profile=_day()),
        Group("虚构骑手", "ebike", 300.0, invented["riders"], parking_s=30.0, required=("rest", "charging")),
    ]
    rules = CircleRules(
        week=build_week(read_calendar()),
        calendar=read_calendar(),
        services=SERVICES,
        required=("rest", "water", "meals"),
        cutoffs_s={"toilet": 300.0},
        moments=("We 12:00", "We 23:00"),
    )
    today = Scenario("现状（虚构）", invented["stations"])
    scenarios = (today, today.with_sites("方案（虚构）", invented["sites"]))
    area = invented["communities"].dissolve()[["geometry"]].assign(name="虚构区")
    grids = build_grids(network, groups, study_area=area)
    outcomes = tuple(
        evaluate(scenario, network, groups, communities=invented["communities"], study_area=area, grids=grids)
        for scenario in scenarios
    )
    circles = tuple(measure_circle(outcome, rules) for outcome in outcomes)
    further = {"synthetic": True}
    return City(place.label, f"{place.label}（站点虚构 invented stations）", outcomes, circles, further)


def _demo() -> City:
    run = run_plan(read_plan(_REPOSITORY / "data" / "demo" / "plan.toml"))
    assert run.proposed is not None
    assert run.circle is not None
    further = {"synthetic": True, "candidates": run.candidates, "choice": run.choice}
    return City("demo", run.plan.name, (run.today, run.proposed), tuple(run.circle.circles), further)


def _network(name: str, place: Place, data: Path, cache: Path) -> RoadNetwork:
    """Build or reopen; of a composite the streets nearest to the middle are kept."""
    whole = name if place.n_edges is None else "composite2"
    path = cache / f"map-{whole}.pickle"
    if not path.exists():
        dump(place.read(data), path)
    roads: Roads = load(path)
    if place.n_edges is not None:
        roads = _clip(roads, place.n_edges)
    kept = cache / f"map-{name}-network.pickle"
    if not kept.exists():
        dump(build_network(roads), kept)
    network: RoadNetwork = load(kept)
    return network


def _clip(roads: Roads, n_edges: int) -> Roads:
    """Keep the segments nearest to the middle of the composite, as many as should make so many streets."""
    segments = roads.segments
    share = n_edges / 256_000  # streets of the whole once degree-two vertices are inside streets
    middles = shapely.get_coordinates(shapely.centroid(segments.geometry.to_numpy()))
    west, south, east, north = segments.total_bounds
    away = np.abs(middles - [(west + east) / 2, (south + north) / 2]).max(axis=1)
    near = away <= np.quantile(away, min(1.0, share))
    kept = segments[near].reset_index(drop=True)
    return Roads(kept, roads.nodes, roads.obstacles, roads.source)


def _invent(
    network: RoadNetwork, place: Place, people: gpd.GeoDataFrame | None, seed: int
) -> dict[str, gpd.GeoDataFrame]:
    """Draw stations, sites and people along the streets, every metre alike, and squares that hold all people."""
    rng = np.random.default_rng(seed)
    edges = network.edges
    plain = edges[~edges["highway"].isin(_FAST)].geometry
    if people is not None:
        plain = plain[plain.intersects(shapely.union_all(people.geometry.to_numpy()).convex_hull)]
    lines = plain.to_numpy()
    length_m = shapely.length(lines)

    def along(count: int) -> NDArray[Any]:
        chosen = lines[rng.choice(len(lines), count, p=length_m / length_m.sum())]
        on_street = shapely.get_coordinates(shapely.line_interpolate_point(chosen, rng.random(count), normalized=True))
        return np.asarray(shapely.points(on_street + rng.normal(0.0, 15.0, on_street.shape)))

    def table(count: int, prefix: str, **columns: object) -> gpd.GeoDataFrame:
        ids = [f"{prefix}{k + 1:05d}" for k in range(count)]
        return gpd.GeoDataFrame({"id": ids, **columns}, geometry=along(count), crs=network.crs)

    def stations(count: int, prefix: str, name: str) -> gpd.GeoDataFrame:
        offered = rng.random((count, len(SERVICES))) < np.linspace(1.0, 0.3, len(SERVICES))
        return table(
            count,
            prefix,
            name=[f"{name}{k + 1}" for k in range(count)],
            level=np.where(rng.random(count) < 0.2, "hub", "satellite"),
            services=[";".join(np.array(SERVICES)[row]) for row in offered],
            opening_hours=rng.choice(_HOURS, count),
            capacity=rng.integers(4, 40, count).astype(float),
        )

    def crowd(count: int, prefix: str) -> gpd.GeoDataFrame:
        demand = rng.integers(1, 50, count).astype(float)
        return table(count, prefix, name="虚构", demand=demand, kind=rng.choice(_KINDS, count))

    walkers = crowd(place.n_walkers, "W") if people is None else people.to_crs(network.crs)
    riders = crowd(place.n_riders, "R")
    everybody = np.concatenate([walkers.geometry.to_numpy(), riders.geometry.to_numpy()])
    return {
        "stations": stations(place.n_stations, "S", "虚构驿站"),
        "sites": stations(_SITES, "N", "虚构选址"),
        "walkers": walkers,
        "riders": riders,
        "communities": _squares(everybody, place.community_m, network.crs),
    }


def _squares(points: NDArray[Any], side_m: float, crs: Any) -> gpd.GeoDataFrame:
    """Return the squares of a grid that hold somebody."""
    cells = np.unique(np.floor(shapely.get_coordinates(points) / side_m), axis=0)
    low = cells * side_m
    return gpd.GeoDataFrame(
        {
            "id": [f"C{k + 1:04d}" for k in range(len(cells))],
            "name": [f"虚构社区{k + 1}" for k in range(len(cells))],
            "subdistrict": [f"虚构街道{int(x // 4)}-{int(y // 4)}" for x, y in cells],
        },
        geometry=shapely.box(low[:, 0], low[:, 1], low[:, 0] + side_m, low[:, 1] + side_m),
        crs=crs,
    )


def _day() -> pd.DataFrame:
    """Shares of the day: 环卫 early, the others (kind '') late."""
    hours = np.arange(24)
    days = {"环卫": 1.0 + 9.0 * ((hours >= 4) & (hours < 12)), "": 1.0 + 9.0 * ((hours >= 10) & (hours < 22))}
    return pd.DataFrame({kind: day / day.sum() for kind, day in days.items()}).T.rename_axis("kind")
