"""One city for both engines: our network and Valhalla's tiles of the same PBF, at one speed per mode; places to ask."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from valhalla_service import build_tiles

from coverage_planner import Roads, build_network, read_roads
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import RoadNetwork

FILES = {"Porto": "porto_portugal.osm.pbf", "Las Palmas": "las_palmas_2023.osm.pbf"}

#: One speed on every street: the only driving speeds that can be made equal through Valhalla's options.
SPEEDS_KPH = {"walk": 4.8, "bicycle": 15.0, "drive": 40.0}
RULES = {"walk": "foot", "bicycle": "bicycle", "drive": "motorcar"}


@dataclass(frozen=True, eq=False)
class Scene:
    """A city for both engines.

    Attributes
    ----------
    network
        Its network with the modes `SPEEDS_KPH`.
    roads
        The streets as read, all tags.
    pbf
        The file both were made from: of `write_complete`.
    tiles
        The folder of Valhalla's tiles.
    took
        ``network_seconds``, and under ``valhalla`` what its builder took.
    """

    name: str
    network: RoadNetwork
    roads: Roads
    pbf: Path
    tiles: Path
    took: dict[str, Any]


def open_scene(name: str, data: Path, work: Path, valhalla_python: str) -> Scene:
    """Read and build a city for both engines; tiles that are there from a run before are used again."""
    folder = work / f"valhalla {name}"
    folder.mkdir(parents=True, exist_ok=True)
    pbf = folder / "complete.osm.pbf"
    report = folder / "built.json"
    if not report.exists():
        cut = write_complete(data / "osm" / FILES[name], pbf)
        report.write_text(json.dumps(build_tiles(valhalla_python, pbf, folder) | {"cut_ways": cut}), encoding="utf-8")
    start = time.perf_counter()
    roads = read_roads(pbf)
    network = build_at_one_speed(roads)
    seconds = time.perf_counter() - start
    took = {"network_seconds": seconds, "valhalla": json.loads(report.read_text(encoding="utf-8"))}
    return Scene(name, network, roads, pbf, folder, took)


def build_at_one_speed(roads: Roads) -> RoadNetwork:
    """Build a network whose modes have one speed on every street."""
    # a street's own speed limit would come before the mode's one speed
    unlimited = replace(roads, segments=roads.segments.drop(columns="maxspeed", errors="ignore"))
    modes = {mode: Mode(mode, RULES[mode], speed) for mode, speed in SPEEDS_KPH.items()}
    return build_network(unlimited, modes=modes)


def align_rules(roads: Roads) -> Roads:
    """Write our rules' choices over with Valhalla's, as tags, to see what else tells the two apart.

    Private streets and gates are open; cars use tracks; bicycles are ridden on steps and where they are to be pushed;
    nobody walks on cycleways and bridleways that do not say so; outlines of squares are no streets; one-way pedestrian
    streets bind people on foot. Turn restrictions and streets for destinations only remain: our network has neither.
    """
    table, nodes = roads.segments.copy(), roads.nodes.copy()
    for tag in ("access", "foot", "bicycle", "vehicle", "motor_vehicle", "motorcar", "oneway:foot", "area", "oneway"):
        for one in (table, nodes):
            one[tag] = one[tag].astype(object) if tag in one else None
            one[tag] = one[tag].where(one[tag] != "private", "permissive")
    untold = {tag: table[tag].isna() for tag in ("foot", "bicycle", "motor_vehicle", "motorcar", "oneway:foot")}
    highway = table["highway"]
    on_tracks = (highway == "track") & untold["motor_vehicle"] & untold["motorcar"] & table["vehicle"].isna()
    table.loc[on_tracks & ~table["access"].isin(["no", "agricultural", "forestry"]), "motor_vehicle"] = "yes"
    table.loc[((highway == "steps") & untold["bicycle"]) | (table["bicycle"] == "dismount"), "bicycle"] = "yes"
    table.loc[highway.isin(["cycleway", "bridleway"]) & untold["foot"], "foot"] = "no"
    table.loc[(highway == "pedestrian") & (table["oneway"] == "yes") & untold["oneway:foot"], "oneway:foot"] = "yes"
    table.loc[table["area"] == "yes", "highway"] = "no"
    return replace(roads, segments=table, nodes=nodes)


def write_complete(source: Path, target: Path) -> int:
    """Copy a PBF without the ways that its border cuts, and say how many there were.

    Of a way that lacks nodes Valhalla keeps nothing and we keep what is there: at the border of an extract this alone
    would decide which of the two finds a way.
    """
    nodes = {node.id for node in osmium.FileProcessor(str(source), osmium.osm.NODE)}
    target.unlink(missing_ok=True)
    cut = 0
    with osmium.SimpleWriter(str(target)) as writer:
        for thing in osmium.FileProcessor(str(source)):
            if thing.is_way() and any(node.ref not in nodes for node in thing.nodes):
                cut += 1
            else:
                writer.add(thing)
    return cut


def draw_on_streets(network: RoadNetwork, mode: str, n: int, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Draw places on streets of the largest connected part of a mode's network, every metre of street alike.

    On the street, because Valhalla does not count the way from a place to its street: there both see the same place.
    """
    graph = network.graph(mode)
    rows = np.flatnonzero(graph.snappable & (graph.component == 0))
    weight = network.edges["length_m"].to_numpy()[rows]
    chosen = rng.choice(rows, size=n, p=weight / weight.sum())
    lines = network.edges.geometry.to_numpy()[chosen]
    points = shapely.line_interpolate_point(lines, rng.random(n), normalized=True)
    return gpd.GeoDataFrame({"id": [f"P{k}" for k in range(n)]}, geometry=points, crs=network.crs)


def lon_lat(points: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """Shape (p, 2): longitude and latitude to the seventh decimal, a centimetre."""
    return np.round(shapely.get_coordinates(points.to_crs(4326).geometry.to_numpy()), 7)
