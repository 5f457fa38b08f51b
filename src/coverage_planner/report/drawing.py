"""Geometry and popups as compact pieces that the map page draws; simplified and rounded for display only.

A *piece* is a JSON object that the pages turn into Leaflet layers. Coordinates are steps in millionths of a degree
(WGS 84, longitude first), each path starting where the one before ended: a fifth of the size of GeoJSON.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from coverage_planner.report.popups import Popup

Piece = dict[str, Any]
#: Leaflet path options.
Style = Mapping[str, object]

DEGREE_STEPS = 1_000_000
WGS84 = "EPSG:4326"


def lines(
    geometry: gpd.GeoSeries, *, pane: str, style: Style, tolerance_m: float = 0.0, grows: bool = False
) -> list[Piece]:
    """Draw lines as one piece.

    Parameters
    ----------
    geometry
        LineStrings and MultiLineStrings, metric CRS. Lines that meet end to end are joined.
    pane
        The pane of the page to draw in.
    style
        Leaflet path options.
    tolerance_m
        How far the drawn line may be off.
    grows
        Whether the line gets wider as one zooms in.

    Returns
    -------
    list of dict
        One piece, or none where there is nothing to draw.
    """
    parts = shapely.get_parts(geometry.to_numpy())
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts)))
    paths = _encode(shapely.simplify(merged, tolerance_m), geometry.crs, least=2)
    return [{"kind": "lines", "pane": pane, "style": dict(style), "grows": grows, "paths": paths}] if paths else []


def area(
    geometry: shapely.Geometry, crs: object, *, pane: str, style: Style, popup: Popup | None = None
) -> list[Piece]:
    """Draw a polygon of any number of parts and holes as one piece; none where it is empty."""
    (paths,) = polygon_paths(np.array([geometry], dtype=object), crs)
    if not paths:
        return []
    piece: Piece = {"kind": "areas", "pane": pane, "style": dict(style), "paths": paths}
    return [piece | {"popup": popup.to_json()}] if popup else [piece]


def polygon_paths(shapes: NDArray[np.object_], crs: object, *, grain: int = 1) -> list[list[list[list[int]]]]:
    """Return, for each of many shapes, its polygons with their rings in steps; what is no polygon is left out.

    Each shape's steps begin anew, so that it can be read without the others. Corners are rounded to `grain` millionths
    of a degree.
    """
    parts, owners = shapely.get_parts(shapes, return_index=True)
    is_polygon = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    parts, owners = parts[is_polygon], owners[is_polygon]
    rings, of_part = shapely.get_rings(parts, return_index=True)
    paths: list[list[list[list[int]]]] = [[] for _ in shapes]
    if not len(rings):
        return paths
    shape_of_ring = owners[of_part]
    anew = np.append(True, shape_of_ring[1:] != shape_of_ring[:-1])
    polygons: list[list[list[int]]] = [[] for _ in parts]
    for part, ring in zip(of_part, _encode(rings, crs, closed=True, anew=anew, grain=grain), strict=True):
        polygons[part].append(ring)
    for owner, polygon in zip(owners, polygons, strict=True):
        if polygon:
            paths[owner].append(polygon)
    return paths


def dots(geometry: gpd.GeoSeries, *, pane: str, style: Style, popups: Sequence[Popup] | None = None) -> list[Piece]:
    """Draw points as small circles; `style` holds their `radius`."""
    if geometry.empty:
        return []
    piece: Piece = {"kind": "dots", "pane": pane, "style": dict(style), "path": _places(geometry)}
    return [piece | {"popups": [popup.to_json() for popup in popups]}] if popups else [piece]


def _places(geometry: gpd.GeoSeries) -> list[int]:
    points = shapely.point_on_surface(geometry.to_numpy())
    steps = np.diff(micro_degrees(shapely.get_coordinates(points), geometry.crs), axis=0, prepend=0)
    return [int(step) for step in steps.ravel()]


def micro_degrees(coordinates: NDArray[np.float64], crs: object) -> NDArray[np.int64]:
    """Return coordinates (p, 2) of a CRS as whole millionths of a degree in WGS 84, longitude first."""
    transformer = Transformer.from_crs(CRS.from_user_input(crs), WGS84, always_xy=True)
    degrees = np.column_stack(transformer.transform(coordinates[:, 0], coordinates[:, 1]))
    whole: NDArray[np.int64] = np.rint(degrees * DEGREE_STEPS).astype(np.int64)
    return whole


def _encode(
    paths: NDArray[np.object_],
    crs: object,
    *,
    closed: bool = False,
    least: int = 1,
    anew: NDArray[np.bool_] | None = None,
    grain: int = 1,
) -> list[list[int]]:
    """Turn LineStrings, or rings if `closed`, into steps.

    Places of a path that follow each other and round to the same are one; paths with fewer places than `least` are
    left out. `anew` says of each path whether its steps begin at zero; by default only those of the first do.
    """
    if not len(paths):
        return []
    coordinates, owners = shapely.get_coordinates(paths, return_index=True)
    if closed:  # the page closes rings itself
        last = np.append(owners[1:] != owners[:-1], True)
        coordinates, owners = coordinates[~last], owners[~last]
    places = micro_degrees(coordinates, crs)
    places = places if grain == 1 else np.rint(places / grain).astype(np.int64) * grain
    first = np.append(True, owners[1:] != owners[:-1])
    moved = np.append(True, (places[1:] != places[:-1]).any(axis=1))
    places, owners = places[first | moved], owners[first | moved]
    enough = np.bincount(owners, minlength=len(paths)) >= least
    places, owners = places[enough[owners]], owners[enough[owners]]
    steps = np.diff(places, axis=0, prepend=0)
    if anew is not None:
        starts = np.append(True, owners[1:] != owners[:-1]) & anew[owners]
        steps[starts] = places[starts]
    bounds = np.searchsorted(owners, np.append(np.flatnonzero(enough), len(paths)))
    return [steps[a:b].ravel().tolist() for a, b in pairwise(bounds.tolist())]
