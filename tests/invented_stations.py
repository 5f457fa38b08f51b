"""Stations, people and stops invented on real streets: seeded, and every name and table says so (虚构)."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.schema import Roads

#: Services of the invented stations, the five basic ones first.
SERVICES = ("rest", "water", "charging", "meals", "medicine", "toilet", "legal_aid", "shower")
HOURS = (
    "24/7",
    "Mo-Su 08:00-20:00",
    "Mo-Fr 09:00-17:30; Sa 09:00-12:00",
    "Mo-Sa 08:00-18:00; PH off",
    "Mo-Su 18:00-06:00",
)
KINDS = ("餐饮", "环卫", "小区配送")
#: Not for people on foot.
FAST = ("motorway", "motorway_link", "trunk", "trunk_link")
#: Within this distance of the middle of the streets everything is invented.
RADIUS_M = 3000.0


@dataclass(frozen=True)
class Invented:
    """Made-up stations, people and communities around the middle of real streets, in the streets' CRS."""

    stations: gpd.GeoDataFrame
    stops: gpd.GeoDataFrame
    walkers: gpd.GeoDataFrame
    riders: gpd.GeoDataFrame
    firms: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame


def invent(roads: Roads, seed: int, *, n_stations: int = 20, n_walkers: int = 240, n_riders: int = 120) -> Invented:
    """Invent everything that a plan needs beside its streets."""
    rng = np.random.default_rng(seed)
    crs = roads.segments.crs
    lines = roads.segments.loc[~roads.segments["highway"].isin(FAST)].geometry.to_numpy()
    middles = shapely.get_coordinates(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    middle = np.median(middles, axis=0)
    lines = lines[np.hypot(*(middles - middle).T) < RADIUS_M]

    def places(n: int) -> np.ndarray:
        lengths = shapely.length(lines)
        chosen = lines[rng.choice(len(lines), n, p=lengths / lengths.sum())]
        on_street = shapely.get_coordinates(shapely.line_interpolate_point(chosen, rng.random(n), normalized=True))
        return np.asarray(shapely.points(on_street + rng.uniform(-20, 20, (n, 2))))

    def table(n: int, prefix: str, **columns: object) -> gpd.GeoDataFrame:
        ids = [f"{prefix}{k + 1:03d}" for k in range(n)]
        return gpd.GeoDataFrame({"id": ids, **columns, "synthetic": True}, geometry=places(n), crs=crs)

    n_hubs = n_stations // 4
    basic = [[s for s in SERVICES[:5] if s == "rest" or rng.random() < 0.7] for _ in range(n_stations)]
    further = [[s for s in SERVICES[5:] if rng.random() < 0.3] for _ in range(n_stations)]
    stations = table(
        n_stations,
        "S",
        name=[f"虚构驿站{k + 1}" for k in range(n_stations)],
        level=["hub"] * n_hubs + ["satellite"] * (n_stations - n_hubs),
        services=[";".join([*a, *b]) for a, b in zip(basic, further, strict=True)],
        opening_hours=[HOURS[k] for k in rng.permutation(np.arange(n_stations) % len(HOURS))],
        capacity=rng.integers(4, 40, n_stations).astype(float),
    )
    stops = table(
        2,
        "M",
        name=["虚构停靠点1", "虚构停靠点2"],
        kind="mobile",
        services="water;meals",
        opening_hours=["Mo-Fr 10:00-14:00", "Mo-Su 21:00-24:00"],
    )
    return Invented(
        stations=stations,
        stops=stops,
        walkers=_people(table(n_walkers, "W", name="虚构"), rng),
        riders=_people(table(n_riders, "R", name="虚构"), rng),
        firms=table(150, "E", name="虚构企业", workers=rng.integers(1, 80, 150)),
        communities=_squares(middle, crs),
    )


def _people(places: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    n = len(places)
    return places.assign(demand=rng.integers(1, 50, n).astype(float), kind=rng.choice(KINDS, n))


def _squares(middle: np.ndarray, crs: object, per_side: int = 4) -> gpd.GeoDataFrame:
    """Tile the ground with square communities, two subdistricts."""
    step = 2 * (RADIUS_M + 500.0) / per_side
    low = middle - RADIUS_M - 500.0
    cells = [(i, j) for j in range(per_side) for i in range(per_side)]
    shapes = [shapely.box(*(low + step * np.array(c)), *(low + step * (np.array(c) + 1))) for c in cells]
    return gpd.GeoDataFrame(
        {
            "id": [f"C{k + 1:02d}" for k in range(len(cells))],
            "name": [f"虚构社区{k + 1}" for k in range(len(cells))],
            "subdistrict": ["虚构东街道" if i >= per_side // 2 else "虚构西街道" for i, _ in cells],
            "synthetic": True,
        },
        geometry=shapes,
        crs=crs,
    )


def invented_day() -> pd.DataFrame:
    """Shares of the day: 环卫 early, the others (kind '') late."""
    hours = np.arange(24)
    days = {"环卫": 1.0 + 9.0 * ((hours >= 4) & (hours < 12)), "": 1.0 + 9.0 * ((hours >= 10) & (hours < 22))}
    return pd.DataFrame({kind: day / day.sum() for kind, day in days.items()}).T.rename_axis("kind")


def write_invented(invented: Invented, folder: Path) -> None:
    """Write the tables as a planner's files: spreadsheets in degrees, communities as GeoJSON."""
    for name, points in (
        ("stations", invented.stations),
        ("walkers", invented.walkers),
        ("riders", invented.riders),
        ("firms", invented.firms),
    ):
        at = points.geometry.to_crs(4326)
        rows = pd.DataFrame(points.drop(columns="geometry")).assign(lon=at.x.round(6), lat=at.y.round(6))
        rows.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8")
    at = invented.stops.geometry.to_crs(4326)
    stops = pd.DataFrame(
        {
            "车辆": "虚构大巴",
            "停靠点": invented.stops["name"],
            "星期": ["周一至周五", "每天"],
            "到达": ["10:00", "21:00"],
            "离开": ["14:00", "24:00"],
            "经度": at.x.round(6),
            "纬度": at.y.round(6),
            "服务": "饮水;热饭",
            "备注": "虚构",
        }
    )
    stops.to_csv(folder / "stops.csv", index=False, encoding="utf-8")
    invented.communities.to_crs(4326).to_file(folder / "communities.geojson")
    days = invented_day()
    days.columns = [f"h{hour:02d}" for hour in range(24)]
    days.reset_index().assign(synthetic=True).to_csv(folder / "days.csv", index=False, encoding="utf-8")
