"""Streets that do not meet, lead nowhere, are cut short, or lie elsewhere."""

import itertools
from pathlib import Path

import geopandas as gpd
import shapely

from broken.entry import GROUP, REFUSED, UNDERSTOOD, WARNED, Broken
from drawn_plan import COLUMNS, ROWS, draw_streets
from osm_drawing import place, write_osm


def _grid(shorten: float = 0.0, *, split: bool = True):
    """Lines of the drawn streets: a piece between two corners each, or one for each whole street."""
    lines = []
    for row in ROWS:
        corners = list(COLUMNS)
        ends = itertools.pairwise(corners) if split else [(corners[0], corners[-1])]
        lines += [shapely.LineString([place(a + shorten, row), place(b - shorten, row)]) for a, b in ends]
    for column in COLUMNS:
        corners = list(ROWS)
        ends = itertools.pairwise(corners) if split else [(corners[0], corners[-1])]
        lines += [shapely.LineString([place(column, a + shorten), place(column, b - shorten)]) for a, b in ends]
    return lines


def _layer(lines, *, crs="EPSG:4326", name="roads.gpkg", keys=None, **columns):
    def draw(folder: Path) -> dict:
        gpd.GeoDataFrame({"highway": ["residential"] * len(lines), **columns}, geometry=lines, crs=crs).to_file(
            folder / name, engine="pyogrio"
        )
        return {"roads": {"file": name, **(keys or {})}}

    return draw


GRID = _grid()
N = len(GRID)


def _cut_pbf(folder: Path) -> dict:
    draw_streets(folder / "whole.osm.pbf")
    (folder / "roads.osm.pbf").write_bytes((folder / "whole.osm.pbf").read_bytes()[:250])
    return {"roads": {"file": "roads.osm.pbf"}}


def _cut_xml(folder: Path) -> None:
    file = folder / "roads.osm"
    file.write_bytes(file.read_bytes()[:-4000])


def _elsewhere(folder: Path) -> dict:
    nodes = {1: (5000, 0), 2: (5030, 0), 3: (5030, 30), 4: (5000, 30)}
    write_osm(folder / "roads.osm.pbf", nodes, [(1, [1, 2, 3, 4, 1], {"highway": "residential"})])
    return {"roads": {"file": "roads.osm.pbf"}}


def _no_streets(folder: Path) -> None:
    write_osm(folder / "roads.osm", {1: (0, 0, {"amenity": "bank"})}, [])


def _one_way_out(folder: Path) -> dict:
    """The whole grid, and a lane into which one may ride but from which none leads back."""
    number = {(column, row): 1000 + 100 * row + column for row in ROWS for column in COLUMNS}
    ways = [[number[column, row] for column in COLUMNS] for row in ROWS]
    ways += [[number[column, row] for row in ROWS] for column in COLUMNS]
    nodes = {node: corner for corner, node in number.items()} | {1: (25, 19), 2: (26, 20)}
    tagged = [(n, refs, {"highway": "residential"}) for n, refs in enumerate(ways, start=1)]
    tagged.append((99, [number[24, 18], 1, 2], {"highway": "residential", "oneway": "yes"}))
    write_osm(folder / "roads.osm", nodes, tagged)
    return {"groups": [{**GROUP, "mode": "ebike", "cutoff_min": 4, "demand": {"file": "demand.csv"}}]}


def _prj_missing(folder: Path) -> dict:
    changes = _layer(GRID, name="roads.shp")(folder)
    (folder / "roads.prj").unlink()
    return changes


def _text(text: bytes, name: str):
    def draw(folder: Path) -> dict:
        (folder / name).write_bytes(text)
        return {"roads": {"file": name}}

    return draw


_Z = [shapely.force_3d(line, 12.5) for line in GRID]
_POINT = shapely.LineString([place(15, 12), place(15, 12)])
_KINDS = ["主干路", "次干路", "支路", "快速路"]

ENTRIES = [
    Broken("PBF cut short", _cut_pbf, REFUSED, ("roads.osm.pbf", "cut short|readable"), table="roads"),
    Broken("XML of OpenStreetMap cut short", _cut_xml, REFUSED, ("roads.osm", "cut short|readable"), table="roads"),
    Broken("PBF of another place", _elsewhere, REFUSED, ("roads.osm.pbf", "study area"), table="roads"),
    Broken("OpenStreetMap without streets", _no_streets, REFUSED, ("roads.osm", "highway|streets"), table="roads"),
    Broken(
        "page of a website as PBF",
        _text(b"<html>404</html>" * 20, "roads.osm.pbf"),
        REFUSED,
        ("roads.osm.pbf", "readable"),
        table="roads",
    ),
    Broken("drawing of AutoCAD as roads", _text(b"AC1032", "roads.dwg"), REFUSED, ("roads.dwg", "kind"), table="roads"),
    Broken(
        "streets that all end short of each other",
        _layer(_grid(0.02)),
        REFUSED,
        ("pieces|hang together", "join|vertex"),
        table="roads",
    ),
    Broken(
        "streets that all end short of each other, to be joined",
        _layer(_grid(0.02), keys={"join_within_m": 8}),
        UNDERSTOOD,
        table="roads",
        rejected=None,
    ),
    Broken(
        "streets that cross without a vertex",
        _layer(_grid(split=False)),
        REFUSED,
        ("pieces|hang together", "noding|cross|vertex"),
        table="roads",
    ),
    Broken(
        "streets that cross without a vertex, to be cut there",
        _layer(_grid(split=False), keys={"noding": "crossings"}),
        UNDERSTOOD,
        table="roads",
        rejected=None,
    ),
    Broken("street that one can enter and not leave", _one_way_out, UNDERSTOOD, ("island",), table="roads"),
    Broken(
        "streets of no length",
        _layer([*GRID, _POINT], highway=["residential"] * (N + 1)),
        (*UNDERSTOOD,),
        table="roads",
        rejected=None,
    ),
    Broken(
        "streets twice",
        _layer([*GRID, *GRID[:20]], highway=["residential"] * (N + 20)),
        UNDERSTOOD,
        table="roads",
        rejected=None,
    ),
    Broken("streets with heights", _layer(_Z), UNDERSTOOD, table="roads"),
    Broken(
        "streets without a geometry",
        _layer([*GRID, None, None], highway=["residential"] * (N + 2)),
        WARNED,
        ("missing|empty|geometry",),
        table="roads",
        rejected={N + 1: "missing|empty", N + 2: "missing|empty"},
    ),
    Broken(
        "points among the streets",
        _layer([*GRID, shapely.Point(place(15, 12))], highway=["residential"] * (N + 1)),
        WARNED,
        ("line",),
        table="roads",
        rejected={N + 1: "line"},
    ),
    Broken("roads without .prj", _prj_missing, REFUSED, ("roads.shp", r"\.prj", "source_crs"), table="roads"),
    Broken(
        "roads with their axes exchanged",
        _layer([shapely.transform(line, lambda xy: xy[:, ::-1]) for line in GRID]),
        REFUSED,
        ("roads.gpkg", "swapped|exchange"),
        table="roads",
    ),
    Broken(
        "road classes in Chinese",
        _layer(
            GRID,
            keys={"columns": {"highway": "道路等级"}},
            highway=[None] * N,
            道路等级=[_KINDS[n % 3] for n in range(N)],
        ),
        UNDERSTOOD,
        table="roads",
    ),
    Broken(
        "road class that nobody knows",
        _layer(GRID, highway=["盘山神道" if n == 5 else "residential" for n in range(N)]),
        WARNED,
        ("盘山神道",),
        table="roads",
    ),
    Broken(
        "one-way texts that nobody knows",
        _layer(GRID, oneway=["看情况" if n == 5 else "no" for n in range(N)]),
        WARNED,
        ("看情况",),
        table="roads",
    ),
    Broken("roads of motorways only", _layer(GRID, highway=["motorway"] * N), REFUSED, ("walk", "open"), table="roads"),
    Broken("road layer without rows", _layer([]), REFUSED, ("roads.gpkg", "line|empty"), table="roads"),
]
