"""Study areas and communities that cross themselves, lie upon each other, are empty, or are no areas."""

import json
from pathlib import Path

import geopandas as gpd
import shapely

from broken.entry import N_COMMUNITIES, REFUSED, UNDERSTOOD, WARNED, Broken
from drawn_plan import AREA, COMMUNITIES, write_layer
from osm_drawing import place

COMMUNITY_FILE = {"communities": {"file": "communities.geojson"}}
BOXES = [({"id": key, "name": name, "subdistrict": part}, tuple(box)) for key, name, part, *box in COMMUNITIES]


def _communities(change):
    """Communities of the drawing with the list of features changed."""

    def draw(folder: Path) -> dict:
        file = folder / "communities.geojson"
        layer = json.loads(file.read_text(encoding="utf-8"))
        change(layer["features"])
        file.write_text(json.dumps(layer), encoding="utf-8")
        return COMMUNITY_FILE

    return draw


def _boxes(*more, first=BOXES):
    def draw(folder: Path) -> dict:
        write_layer(folder / "communities.geojson", [*first, *more])
        return COMMUNITY_FILE

    return draw


def _area(*rings):
    """Study area of rings on the drawing; several rings are shell and holes."""

    def draw(folder: Path) -> None:
        coordinates = [[place(*corner) for corner in (*ring, ring[0])] for ring in rings]
        geometry = {"type": "Polygon", "coordinates": coordinates}
        _write_area(folder, geometry)

    return draw


def _write_area(folder: Path, geometry) -> None:
    layer = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": geometry}]}
    (folder / "study_area.geojson").write_text(json.dumps(layer), encoding="utf-8")


def _line(folder: Path) -> None:
    _write_area(folder, {"type": "LineString", "coordinates": [place(13, 11), place(29, 25)]})


def _cut_prj(folder: Path) -> dict:
    gpd.GeoDataFrame(geometry=[shapely.box(*place(13, 11), *place(29, 25))], crs=4326).to_file(folder / "area.shp")
    (folder / "area.prj").unlink()
    return {"study_area": {"file": "area.shp"}}


def _empty(features) -> None:
    features[1]["geometry"] = {"type": "Polygon", "coordinates": []}


def _null(features) -> None:
    features[1]["geometry"] = None


def _point(features) -> None:
    features[1]["geometry"] = {"type": "Point", "coordinates": place(15, 20)}


def _bow_tie(features) -> None:
    ring = features[1]["geometry"]["coordinates"][0]
    ring[1], ring[2] = ring[2], ring[1]


def _flat(features) -> None:
    features[1]["geometry"]["coordinates"] = [[place(13, 18), place(20, 25), place(13, 18), place(13, 18)]]


def _no_name(features) -> None:
    features[2]["properties"]["name"] = "  "


def _same_id(features) -> None:
    features[3]["properties"]["id"] = "A1"


def _open_ring(features) -> None:
    features[1]["geometry"]["coordinates"][0].pop()


def _with_hole(features) -> None:
    hole = [place(*corner) for corner in ((22, 13), (26, 13), (26, 16), (22, 16), (22, 13))]
    features[2]["geometry"]["coordinates"].append(hole)


WEST, SOUTH, EAST, NORTH = AREA

ENTRIES = [
    Broken(
        "study area that crosses itself",
        _area([(WEST, SOUTH), (EAST, SOUTH), (WEST, NORTH), (EAST, NORTH)]),
        WARNED,
        ("study_area.geojson", "cross"),
        rows=4,
    ),
    Broken("study area that is a line", _line, REFUSED, ("study_area.geojson", "polygon")),
    Broken(
        "study area with a hole around a station",
        _area([(WEST, SOUTH), (EAST, SOUTH), (EAST, NORTH), (WEST, NORTH)], [(16, 16), (16, 20), (20, 20), (20, 16)]),
        UNDERSTOOD,
        rows=4,
    ),
    Broken(
        "study area of no width",
        _area([(WEST, SOUTH), (EAST, NORTH), (WEST, SOUTH)]),
        REFUSED,
        ("study_area.geojson", "area|polygon"),
    ),
    Broken(
        "study area of a million corners in one point",
        _area([(WEST, SOUTH)] * 4),
        REFUSED,
        ("study_area.geojson", "area|polygon"),
    ),
    Broken(
        "study area elsewhere",
        _area([(2013, 11), (2029, 11), (2029, 25), (2013, 25)]),
        REFUSED,
        ("study area", "roads.osm"),
    ),
    Broken(
        "study area of the whole world",
        lambda folder: _write_area(
            folder, {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]}
        ),
        REFUSED,
        ("study_area.geojson",),
        rows=4,
    ),
    Broken("study area as a Shapefile without .prj", _cut_prj, REFUSED, ("area.shp", r"\.prj")),
    Broken(
        "community with an empty polygon",
        _communities(_empty),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={2: "missing|empty"},
    ),
    Broken(
        "community without a geometry",
        _communities(_null),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={2: "missing|empty"},
    ),
    Broken(
        "community that is a point",
        _communities(_point),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={2: "polygon"},
    ),
    Broken(
        "community that crosses itself", _communities(_bow_tie), WARNED, ("cross",), table="areas", rows=N_COMMUNITIES
    ),
    Broken(
        "community of no width",
        _communities(_flat),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={2: "no area|polygon"},
    ),
    Broken(
        "community whose ring is not closed",
        _communities(_open_ring),
        UNDERSTOOD,
        table="areas",
        rows=N_COMMUNITIES,
        rejected=None,
    ),
    Broken(
        "community without a name",
        _communities(_no_name),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={3: "name is blank"},
    ),
    Broken(
        "communities of one id",
        _communities(_same_id),
        WARNED,
        table="areas",
        rows=N_COMMUNITIES,
        rejected={4: "earlier row"},
    ),
    Broken(
        "communities that lie upon each other",
        _boxes(({"id": "A5", "name": "重叠社区", "subdistrict": "东门街道"}, (18, 14, 24, 20))),
        WARNED,
        ("overlap",),
        table="areas",
        rows=N_COMMUNITIES + 1,
    ),
    Broken(
        "a community twice",
        _boxes(({"id": "A5", "name": "河西社区", "subdistrict": "河西街道"}, (13, 11, 20, 18))),
        WARNED,
        ("overlap|twice|duplicate",),
        table="areas",
        rows=N_COMMUNITIES + 1,
    ),
    Broken(
        "sliver between communities",
        _boxes(first=[BOXES[0], BOXES[1], ({**BOXES[2][0]}, (20.02, 11, 29, 18)), BOXES[3]]),
        UNDERSTOOD,
        ("sliver",),
        table="areas",
        rows=N_COMMUNITIES,
    ),
    Broken("hole in the communities", _communities(_with_hole), WARNED, ("hole",), table="areas", rows=N_COMMUNITIES),
    Broken(
        "communities elsewhere",
        _boxes(first=[(names, (west + 900, south, east + 900, north)) for names, (west, south, east, north) in BOXES]),
        WARNED,
        ("communit",),
        table="areas",
        rows=None,
        rejected=None,
    ),
]
