"""Geometry as the compact pieces of pages."""

import geopandas as gpd
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.report import drawing
from drawn_outcome import CRS, at


def decode(paths: list) -> list[np.ndarray]:
    """What the pages do: steps in millionths of a degree, each path from where the one before ended."""
    places = np.cumsum(np.concatenate([np.reshape(path, (-1, 2)) for path in paths]), axis=0) / 1e6
    return np.split(places, np.cumsum([len(path) // 2 for path in paths])[:-1])


def drawn_lines(pieces: list) -> gpd.GeoSeries:
    lines = [
        shapely.LineString(path) for piece in pieces if piece["kind"] == "lines" for path in decode(piece["paths"])
    ]
    return gpd.GeoSeries(lines, crs="EPSG:4326").to_crs(CRS)


def polygons_of(paths: list) -> shapely.MultiPolygon:
    rings = iter(decode([ring for polygon in paths for ring in polygon]))
    polygons = [[next(rings) for _ in polygon] for polygon in paths]
    return shapely.MultiPolygon([(parts[0], parts[1:]) for parts in polygons])


PLACE = st.tuples(st.floats(-3000, 3000, width=32), st.floats(-3000, 3000, width=32))


@settings(deadline=None)
@given(st.lists(st.lists(PLACE, min_size=2, max_size=4), min_size=1, max_size=4))
def test_lines_come_back_within_a_quarter_metre(paths):
    lines = gpd.GeoSeries([shapely.LineString(np.array(path) + at(0, 0)) for path in paths], crs=CRS)
    pieces = drawing.lines(lines, pane="streets", style={})
    kept = drawn_lines(pieces).union_all() if pieces else shapely.LineString()
    assert lines.difference(kept.buffer(0.25)).length.max() < 0.5  # a line of less than a rounding step is no line
    assert kept.difference(lines.union_all().buffer(0.25)).length < 0.5


def test_areas_are_read_each_by_itself():
    x, y = at(0, 0)
    ring = shapely.box(x, y, x + 300, y + 300).difference(shapely.box(x + 100, y + 100, x + 200, y + 200))
    two = shapely.MultiPolygon([shapely.box(x + 400, y, x + 500, y + 50), shapely.box(x + 600, y, x + 700, y + 50)])
    mixed = shapely.GeometryCollection([shapely.Point(x, y), shapely.box(x, y + 500, x + 9, y + 520)])
    shapes = np.array([ring, shapely.Polygon(), two, mixed], dtype=object)
    for grain, off_m in ((1, 0.3), (10, 2.5)):
        paths = drawing.polygon_paths(shapes, CRS, grain=grain)
        assert paths[1] == []
        for shape, of_shape in zip(shapes, paths, strict=True):
            if of_shape:
                back = gpd.GeoSeries([polygons_of(of_shape)], crs="EPSG:4326").to_crs(CRS).iloc[0]
                areas = shapely.MultiPolygon([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
                assert shapely.hausdorff_distance(back, areas) < off_m
                assert len(shapely.get_rings(back)) == len(shapely.get_rings(areas))


def test_one_area_is_a_piece_and_nothing_is_none():
    x, y = at(0, 0)
    (piece,) = drawing.area(shapely.box(x, y, x + 9, y + 9), CRS, pane="gaps", style={"weight": 1})
    assert (piece["kind"], piece["pane"], piece["style"]) == ("areas", "gaps", {"weight": 1})
    assert len(piece["paths"][0][0]) == 8  # four corners: the page closes rings itself
    assert drawing.area(shapely.LineString([(x, y), (x + 9, y)]), CRS, pane="gaps", style={}) == []
