"""Isochrone polygons of ours and of peers for the same places, each with the seconds it took per place.

Every maker returns shapes[place][band] in the network's CRS and seconds[place]; bands rise.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.spatial import cKDTree
from valhalla_scene import SPEEDS_KPH, lon_lat
from valhalla_service import Answers, Valhalla, costing, location

import coverage_planner as cp
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.traveltime.street_grid import StreetGrid

DIRECTION = "from_facility"
BUFFER_M = 25.0


@dataclass(frozen=True, eq=False)
class Made:
    """What one way of drawing gave: shapes by place and band, milliseconds per place, a remark."""

    name: str
    shapes: list[list[Any]]
    ms_per_place: float
    cpu_ms_per_place: float
    remark: str


def draw_ours(
    network: RoadNetwork, places: gpd.GeoDataFrame, mode: str, cutoffs_s: Sequence[float], grid: StreetGrid
) -> Made:
    """Call `isochrones` once for all places, on a grid prepared before."""
    start, cpu_start = time.perf_counter(), time.process_time()
    table = cp.isochrones(network, places, mode=mode, cutoffs_s=cutoffs_s, direction=DIRECTION, grid=grid, threads=1)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
    flat = list(table.geometry)
    bands = len(cutoffs_s)
    shapes = [flat[k : k + bands] for k in range(0, len(flat), bands)]
    return Made(
        "coverage_planner",
        shapes,
        1000 * seconds / len(places),
        1000 * cpu_seconds / len(places),
        f"cells of {grid.cell_m:g} m",
    )


def isochrone_requests(
    places: gpd.GeoDataFrame, mode: str, cutoffs_s: Sequence[float], *, by: str, options: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Ask for polygons as they are: not simplified, no part left out. ``by`` is 'time' or 'distance'.

    Options in place of the equal speed are for the speeds that Valhalla takes by itself.
    """
    speed_kph = SPEEDS_KPH[mode]
    contours = [{"time": s / 60} if by == "time" else {"distance": s / 3600 * speed_kph} for s in cutoffs_s]
    return [
        {
            "locations": [location(lon, lat)],
            **(costing(mode, speed_kph) if options is None else options),
            "contours": contours,
            "polygons": True,
            "generalize": 0,
            "denoise": 0,
        }
        for lon, lat in lon_lat(places).tolist()
    ]


def read_polygons(answers: Answers, bands: int, crs: Any) -> list[list[Any]]:
    """Turn Valhalla's answers into shapes in a projected CRS; empty ones where it gave none."""
    to_network = Transformer.from_crs(4326, crs, always_xy=True)

    def project(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_network.transform(xy[:, 0], xy[:, 1]))

    shapes: list[list[Any]] = []
    for answer in answers.parsed:
        features = sorted(answer.get("features", []), key=lambda feature: float(feature["properties"]["contour"]))
        found = [shapely.geometry.shape(feature["geometry"]) for feature in features]
        drawn = [shapely.make_valid(shapely.transform(one, project)) for one in found]
        shapes.append(drawn or [shapely.MultiPolygon()] * bands)
    return shapes


def draw_valhalla(
    valhalla: Valhalla,
    places: gpd.GeoDataFrame,
    mode: str,
    cutoffs_s: Sequence[float],
    *,
    by: str,
    keep: int | None = None,
    options: dict[str, Any] | None = None,
) -> Made:
    """Ask Valhalla; the clock runs inside its process, text to text, and leaves out our reading of the answer.

    All places are asked and timed, the shapes of the first `keep` are read.
    """
    requests = isochrone_requests(places, mode, cutoffs_s, by=by, options=options)
    answers = valhalla.ask("isochrone", requests, keep=keep)
    return Made(
        f"Valhalla, contours of {by}",
        read_polygons(answers, len(cutoffs_s), places.crs),
        1000 * float(np.sum(answers.seconds)) / len(places),
        1000 * answers.cpu_seconds / len(places),
        "generalize 0, denoise 0",
    )


def draw_buffers(reached: Sequence[gpd.GeoDataFrame], cutoffs_s: Sequence[float]) -> Made:
    """Buffer the reached street pieces, cut exactly where the time is up."""
    start, cpu_start = time.perf_counter(), time.process_time()
    shapes = [
        [
            shapely.union_all(shapely.buffer(pieces.geometry[pieces["band_s"] <= cutoff].to_numpy(), BUFFER_M))
            for cutoff in cutoffs_s
        ]
        for pieces in reached
    ]
    return Made(
        f"{BUFFER_M:g} m buffer of reached streets",
        shapes,
        1000 * (time.perf_counter() - start) / len(reached),
        1000 * (time.process_time() - cpu_start) / len(reached),
        "exact pieces; search not counted",
    )


def draw_concave_hulls(reached: Sequence[gpd.GeoDataFrame], cutoffs_s: Sequence[float], *, ratio: float) -> Made:
    """Wrap the vertices of the reached street pieces in a concave hull."""
    start, cpu_start = time.perf_counter(), time.process_time()
    shapes = []
    for pieces in reached:
        by_band = []
        for cutoff in cutoffs_s:
            xy = shapely.get_coordinates(pieces.geometry[pieces["band_s"] <= cutoff].to_numpy())
            by_band.append(shapely.concave_hull(shapely.multipoints(xy), ratio=ratio))
        shapes.append(by_band)
    return Made(
        "concave hull of reached streets",
        shapes,
        1000 * (time.perf_counter() - start) / len(reached),
        1000 * (time.process_time() - cpu_start) / len(reached),
        f"shapely.concave_hull, ratio {ratio:g}; search not counted",
    )


def draw_convex_hulls(
    network: RoadNetwork, places: gpd.GeoDataFrame, cutoffs_s: Sequence[float], graph: "nx.MultiDiGraph[int]"
) -> Made:
    """Follow OSMnx's isochrone example: nearest node, `ego_graph` by time, convex hull of its nodes."""
    used = np.zeros(len(network.nodes), dtype=bool)
    used[list(graph.nodes)] = True
    tree = cKDTree(shapely.get_coordinates(network.nodes.geometry.to_numpy()[used]))
    label = np.flatnonzero(used)
    start, cpu_start = time.perf_counter(), time.process_time()
    shapes = []
    for xy in shapely.get_coordinates(places.geometry.to_numpy()):
        centre = int(label[tree.query(xy)[1]])
        by_band = []
        for cutoff in cutoffs_s:
            near = nx.ego_graph(graph, centre, radius=cutoff, distance="time_s")
            nodes = [(data["x"], data["y"]) for _, data in near.nodes(data=True)]
            by_band.append(shapely.convex_hull(shapely.multipoints(nodes)))
        shapes.append(by_band)
    return Made(
        "convex hull, OSMnx's example",
        shapes,
        1000 * (time.perf_counter() - start) / len(places),
        1000 * (time.process_time() - cpu_start) / len(places),
        "networkx ego_graph of our junction graph",
    )
