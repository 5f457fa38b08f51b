"""A whole plan, small enough to check by hand: streets on a grid, two stations, 25 places with people, five premises.

One step of the drawing is a thousandth of a degree; streets run every three steps, about 290 m west to east and 330 m
south to north. Everything stands on a street corner, so that travel times are sums of street lengths.
"""

import csv
import json
from pathlib import Path

import networkx as nx
import pyproj

from osm_drawing import place, write_osm

WALK_MPS, WALK_CUTOFF_S = 4.8 / 3.6, 600.0
EBIKE_MPS, EBIKE_CUTOFF_S = 15 / 3.6, 240.0
COLUMNS, ROWS = range(0, 43, 3), range(0, 37, 3)

#: West, south, east and north of the study area: the streets reach 1.2 km beyond it, farther than anybody travels.
AREA = (13, 11, 29, 25)

STATIONS = [
    # id, name, level, column, row
    ("S1", "河西户外劳动者服务中心", "服务中心", 15, 12),
    ("S2", "城外驿站", "驿站", 9, 21),
]
#: Weight of the place in each corner of the study area.
PEOPLE = {(column, row): float((column + 2 * row) % 7) for column in range(15, 28, 3) for row in range(12, 25, 3)}
RIDERS = {(15, 24): 5.0, (24, 15): 3.0, (27, 24): 8.0}
PREMISES = [
    # id, name, kind, cost, column, row
    ("P1", "民安银行", "银行网点", 20, 27, 21),
    ("P2", "康泰药房", "药店", 8, 24, 18),
    ("P3", "万家商场", "商场", 30, 21, 24),
    ("P4", "东门社区用房", "社区用房", 5, 27, 12),
    ("P5", "花园门卫室", "门卫室", 2, 18, 24),
]
COMMUNITIES = [
    # id, name, subdistrict, west, south, east, north
    ("A1", "河西社区", "河西街道", 13, 11, 20, 18),
    ("A2", "山南社区", "河西街道", 13, 18, 20, 25),
    ("A3", "东门社区", "东门街道", 20, 11, 29, 18),
    ("A4", "花园社区", "东门街道", 20, 18, 29, 25),
]
PLAN = {
    "name": "河西 试点",
    "language": "zh",
    "synthetic": True,
    "roads": {"file": "roads.osm"},
    "study_area": {"file": "study_area.geojson"},
    "communities": {"file": "communities.geojson"},
    "facilities": {"file": "stations.csv"},
    "premises": {"file": "premises.csv"},
    "groups": [
        {"name": "walkers", "mode": "walk", "cutoff_min": 10, "demand": {"file": "demand.csv"}},
        {"name": "riders", "mode": "ebike", "cutoff_min": 4, "demand": {"file": "riders.csv"}},
    ],
    "siting": {"n_open": 2},
    "map": {"osm": True, "tianditu_key": "0123abcd", "approval_number": "鄂S(2026)000号", "boundary_source": "民政局"},
}


def draw_plan(folder: Path, **changes) -> Path:
    """Write the plan and all its files into a folder; return the plan file.

    A keyword changes a key of the plan file: a table is filled up with the drawn one's keys, None removes it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draw_streets(folder / "roads.osm")
    write_layer(folder / "study_area.geojson", [({}, AREA)])
    write_layer(
        folder / "communities.geojson",
        [({"id": key, "name": name, "subdistrict": part}, box) for key, name, part, *box in COMMUNITIES],
    )
    write_points(
        folder / "stations.csv", ["编号", "名称", "级别", "经度", "纬度"], [(*s[:3], *place(*s[3:])) for s in STATIONS]
    )
    write_points(
        folder / "premises.csv",
        ["id", "name", "kind", "cost", "lon", "lat"],
        [(*p[:4], *place(*p[4:])) for p in PREMISES],
    )
    for name, people, prefix in (("demand.csv", PEOPLE, "D"), ("riders.csv", RIDERS, "R")):
        rows = [(f"{prefix}{n}", *place(*corner), weight) for n, (corner, weight) in enumerate(people.items(), start=1)]
        write_points(folder / name, ["id", "lon", "lat", "人数"], rows)
    return write_plan(folder / "plan.toml", **changes)


def write_plan(path: Path, **changes) -> Path:
    """Write the plan file alone, with changes as for `draw_plan`."""
    plan = dict(PLAN)
    for key, value in changes.items():
        drawn = plan.pop(key, {})
        if value is not None:
            plan[key] = {**drawn, **value} if isinstance(value, dict) else value
    path.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in plan.items()), encoding="utf-8")
    return path


def draw_streets(path: Path, *, lane: bool = True) -> Path:
    """Write the grid of streets, and a lane in the east that is joined to nothing."""
    number = {(column, row): 1000 + 100 * row + column for row in ROWS for column in COLUMNS}
    ways = [[number[column, row] for column in COLUMNS] for row in ROWS]
    ways += [[number[column, row] for row in ROWS] for column in COLUMNS]
    nodes = {node: corner for corner, node in number.items()}
    if lane:
        nodes |= {1: (37.0, 31.0), 2: (37.5, 31.0)}
        ways.append([1, 2])
    return write_osm(path, nodes, [(n, refs, {"highway": "residential"}) for n, refs in enumerate(ways, start=1)])


def write_points(path: Path, header: list[str], rows: list[tuple]) -> None:
    """Write a table as spreadsheets do: UTF-8 with its mark."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def write_layer(path: Path, boxes: list[tuple[dict, tuple]]) -> None:
    """Write boxes of the drawing (west, south, east, north) as GeoJSON polygons."""
    features = []
    for properties, (west, south, east, north) in boxes:
        ring = [
            place(*corner) for corner in ((west, south), (east, south), (east, north), (west, north), (west, south))
        ]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")


def _toml(value) -> str:
    if isinstance(value, dict):
        return (
            "{ "
            + ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml(item)}" for key, item in value.items())
            + " }"
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def street_metres() -> nx.Graph:
    """The corners and the metres between them on the ellipsoid, worked out without the package."""
    geod = pyproj.Geod(ellps="WGS84")
    graph = nx.Graph()
    for row in ROWS:
        for column in COLUMNS:
            for neighbour in ((column + 3, row), (column, row + 3)):
                if neighbour[0] in COLUMNS and neighbour[1] in ROWS:
                    _, _, metres = geod.inv(*place(column, row), *place(*neighbour))
                    graph.add_edge((column, row), neighbour, metres=metres)
    return graph


def seconds_between(corners, others, speed_mps: float) -> dict[tuple, dict[tuple, float]]:
    """Seconds from each corner to each of the others, by networkx."""
    graph = street_metres()
    found = {}
    for corner in corners:
        metres = nx.single_source_dijkstra_path_length(graph, corner, weight="metres")
        found[corner] = {other: metres[other] / speed_mps for other in others}
    return found
