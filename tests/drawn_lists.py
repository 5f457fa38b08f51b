"""Today and a proposal drawn from a seed, for needs, resources and services: a small town, two groups, five stations."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.coverage.capacity import assign_with_room
from coverage_planner.coverage.offer import Needs, Offer
from coverage_planner.coverage.serving import serve
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.scenario.group_times import group_times
from coverage_planner.scenario.list_resources import Host
from coverage_planner.scenario.scenario import Group
from drawn import CRS, draw_network
from drawn_offer import make_week

SERVICES = ("water", "meals", "shower")
HOSTILE = ("<script>alert(1)</script>", "=cmd|'/c calc'!A1", "+1 {service} {0}", "@SUM(A1:A9)", "驿站\x07\n二")
WEEK = make_week(holidays=1)
HOUR = np.arange(len(WEEK.starts)) % 24
NIGHT = ((HOUR >= 22) | (HOUR < 6)) & (np.arange(len(HOUR)) < WEEK.n_ordinary)
BY_DAY, AT_NIGHT = (HOUR >= 8) & (HOUR < 20), (HOUR >= 23)
HOURS = (BY_DAY, AT_NIGHT, np.ones(len(HOUR), dtype=bool), np.zeros(len(HOUR), dtype=bool))


@dataclass(frozen=True)
class DrawnLists:
    """What `build_three_lists` takes, but for the communities' and the premises' sake nothing is tidy."""

    network: RoadNetwork
    today: SimpleNamespace
    planned: SimpleNamespace
    communities: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    candidate_times: dict = field(default_factory=dict)
    host: Host = field(default_factory=Host)

    @property
    def given(self) -> dict:
        """The arguments besides today."""
        return {
            "network": self.network, "communities": self.communities, "night": NIGHT, "planned": self.planned,
            "candidates": self.candidates, "candidate_times": self.candidate_times, "host": self.host,
        }  # fmt: skip


def draw_town() -> RoadNetwork:
    """Streets every 200 m, and a street on the far side that no other meets."""
    places = {f"{x},{y}": (200.0 * x, 200.0 * y) for x in range(7) for y in range(5)}
    places |= {"a": (2000.0, 0.0), "b": (2000.0, 400.0)}
    across = [([f"{x},{y}" for x in range(7)], {}) for y in range(5)]
    up = [([f"{x},{y}" for y in range(5)], {}) for x in range(7)]
    return draw_network(places, [*across, *up, (["a", "b"], {})])


def draw_lists(seed: int, network: RoadNetwork) -> DrawnLists:
    rng = np.random.default_rng(seed)

    def points(n: int, prefix: str, **columns: object) -> gpd.GeoDataFrame:
        xy = rng.uniform((0, 0), (1200, 800), (n, 2))
        ids = [f"{prefix}{k}" for k in range(n)]
        return gpd.GeoDataFrame({"id": ids, **columns}, geometry=[shapely.Point(*p) for p in xy], crs=CRS)

    walkers = points(30, "D", demand=rng.choice([0.0, 1.0, 2.5, 10.0], 30))
    far = gpd.GeoDataFrame(
        {"id": ["X1", "X2"], "demand": [3.0, 4.0]}, geometry=[shapely.Point(2005, 100), shapely.Point(5000, 0)], crs=CRS
    )
    walkers = gpd.GeoDataFrame(pd.concat([walkers, far], ignore_index=True), crs=CRS)
    riders = points(20, "D", demand=rng.choice([0.0, 1.0, 3.0], 20))
    groups = [
        Group("走路的", "walk", 300.0, walkers),
        Group("=riders", "bicycle", 150.0, riders, parking_s=30.0, required=("water",)),
    ]
    stations = points(
        5, "F", name=[HOSTILE[0], None, HOSTILE[1], "中心", HOSTILE[4]], kind=["bank", None, "mobile", "hub", "shop"],
        level=["hub", "satellite", None, "satellite", "satellite"], opening_hours="Mo-Su 08:00-20:00",
        capacity=[20.0, 5.0, np.nan, 4.0, 0.0], vehicle=[None, None, "大巴 1", None, None],
    )  # fmt: skip
    offers = rng.random((5, 3)) < 0.4
    open_ = np.array([HOURS[k] for k in rng.integers(0, 4, 5)])
    counts = rng.random(5) < 0.8
    today = _serve(network, groups, stations, offers, open_, counts)
    sites = points(
        2, "S", name=["滨江花园", HOSTILE[2]], kind="gatehouse", level="satellite", capacity=[8.0, 2.0],
        opening_hours="24/7",
    )  # fmt: skip
    table = gpd.GeoDataFrame(pd.concat([stations, sites], ignore_index=True), crs=CRS)
    better = offers.copy()
    better[1] = True  # the station is upgraded, the next one opened longer, the third gets a hub
    longer, counted = open_.copy(), counts.copy()
    longer[2], counted[3] = HOURS[2], True
    planned = _serve(
        network, groups, table, np.vstack((better, rng.random((2, 3)) < 0.7)), np.vstack((longer, HOURS[2], BY_DAY)),
        np.append(counted, [True, True]),
    )  # fmt: skip
    premises = points(
        8, "P", name=[*HOSTILE, None, "门卫室", "药店"], kind="shop", cost=rng.choice([1.0, 2.0], 8), area_m2=40.0
    )
    candidates = gpd.GeoDataFrame(pd.concat([premises, sites], ignore_index=True), crs=CRS)
    candidates = candidates.drop(columns=["level", "capacity", "opening_hours"])
    times = group_times(network, candidates, groups, limit_s={"走路的": 400.0, "=riders": 250.0})
    host = [
        Host(), Host(("water", "meals")), Host(("water",), BY_DAY), Host(None, HOURS[3]),
    ][seed % 4]  # fmt: skip
    communities = gpd.GeoDataFrame(
        {
            "id": ["C1", "C2", "C3", "C4"], "name": ["江北社区", HOSTILE[1], "江南社区", "没人社区"],
            "subdistrict": ["滨江街道", None, HOSTILE[0], "滨江街道"],
        },
        geometry=[shapely.box(0, 0, 400, 800), shapely.box(400, 0, 800, 800), shapely.box(800, 0, 1200, 500),
                  shapely.box(-900, -900, -800, -800)],
        crs=CRS,
    )  # fmt: skip
    return DrawnLists(network, today, planned, communities, candidates, times, host)


def _serve(network, groups, stations, offers, open_, counts):
    """As `measure_circle` would: offer, times, who is served, who finds room."""
    texts = [";".join(name for name, has in zip(SERVICES, row, strict=True) if has) or None for row in offers]
    stations = stations.assign(services=texts)
    offer = Offer(stations["id"].to_numpy(dtype=object), SERVICES, offers, WEEK, open_, counts)
    times = group_times(network, stations, groups, limit_s={"走路的": 400.0, "=riders": 250.0})
    cutoffs = {"meals": 200.0, "shower": 240.0}
    found = {}
    for group in groups:
        needs = Needs(SERVICES, ("water", "meals") if group.required is None else group.required, cutoffs)
        capacity = assign_with_room(
            times[group.name], group.demand, stations["capacity"].to_numpy(dtype=float), cutoff_s=group.cutoff_s,
            open_=counts & open_.any(axis=1),
        )  # fmt: skip
        found[group.name] = SimpleNamespace(
            group=group, needs=needs, times=times[group.name],
            served=serve(times[group.name], offer, needs, group.cutoff_s), capacity=capacity,
        )  # fmt: skip
    return SimpleNamespace(facilities=stations, offer=offer, groups=found)
