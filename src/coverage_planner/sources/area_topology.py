"""What is wrong between areas: overlaps, slivers, holes, duplicates.

Tolerances
----------
`sliver_m` divides drawing errors from real ones: a piece is a sliver where no circle of that diameter fits into it.
Pieces into which no circle of `ROUNDING_M` fits are rounding of coordinates and are not told.
"""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.schema import check_table, require_metric

_Shapes = NDArray[Any]

#: Narrower pieces are rounding, metres. Where one neighbour has a vertex in the middle of the other's edge, projecting
#: a map in degrees parts the two, by a centimetre along an edge of 1 km, by a metre along one of 10 km.
ROUNDING_M = 0.05

#: An open gap between two areas counts as a sliver where it is so many times as long as wide; the sharp corner that
#: two areas form on the outside of a city is shorter.
_LONG = 20.0
#: Depth of a notch in half widths up to which it is recognised as one.
_DEEPEST_NOTCH = 1000.0
_POLYGONAL = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


def find_area_problems(
    areas: gpd.GeoDataFrame, *, study_area: gpd.GeoDataFrame | None = None, sliver_m: float = 5.0
) -> gpd.GeoDataFrame:
    """Find where areas overlap, leave gaps or stand twice.

    Parameters
    ----------
    areas
        Valid polygons with ``id``, metric CRS, as `read_areas` returns them.
    study_area
        Polygons that the areas should cover, in any CRS. Without it only gaps between areas are found: those that
        areas enclose, and narrow ones between two areas that are open at an end.
    sliver_m
        Pieces that are nowhere wider than this are slivers, metres.

    Returns
    -------
    GeoDataFrame
        One row per problem, by kind and falling area: ``problem``, ``ids`` (those of the areas that overlap or border
        on the gap, in the order of `areas`, separated by '; '), ``area_m2``, ``geometry``. The kinds are 'duplicate'
        (two areas that differ by slivers at most), 'overlap' (of two areas), 'hole' (of no area) and 'sliver' (a narrow
        overlap or gap). One overlap or gap in several parts is one row per part.

    Raises
    ------
    CrsError, SchemaError
        `areas` is not metric or has no ids.
    ConfigError
        `sliver_m` is not above `ROUNDING_M`.
    InputError
        Polygons cross themselves.
    """
    if not ROUNDING_M < sliver_m < np.inf:
        raise ConfigError(f"sliver_m must be above {ROUNDING_M:g} m, got {sliver_m!r}; 5 is usual")
    require_metric(areas, "areas")
    check_table(areas if "name" in areas else areas.assign(name=areas.get("id")), "areas")
    shapes = np.asarray(areas.geometry.array, dtype=object)
    crossed = ~shapely.is_valid(shapes)
    if crossed.any():
        raise InputError(
            f"areas must be valid polygons, those of {name_some(areas['id'][crossed])} cross themselves; read them "
            "with read_areas, which repairs them"
        )
    ids = areas["id"].to_numpy(dtype=object)
    found = pd.concat([_overlaps(shapes, ids, sliver_m), _gaps(shapes, ids, study_area, areas.crs, sliver_m)])
    found["order"] = found["problem"].map({"duplicate": 0, "overlap": 1, "hole": 2, "sliver": 3})
    found = found.sort_values(["order", "area_m2", "ids"], ascending=[True, False, True], kind="stable")
    return gpd.GeoDataFrame(
        found[["problem", "ids", "area_m2"]].reset_index(drop=True), geometry=found["shape"].to_list(), crs=areas.crs
    )


def _overlaps(shapes: _Shapes, ids: NDArray[np.object_], sliver_m: float) -> pd.DataFrame:
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    once = one < other
    one, other = one[once], other[once]
    shared = polygonal(shapely.intersection(shapes[one], shapes[other]))
    overlapping = shapely.area(shared) > 0
    one, other, shared = one[overlapping], other[overlapping], shared[overlapping]
    same = ~_is_wider(shapely.difference(shapes[one], shapes[other]), sliver_m)
    same &= ~_is_wider(shapely.difference(shapes[other], shapes[one]), sliver_m)
    same &= _is_wider(shared, sliver_m)
    twice = _problems(shared[same], "duplicate", _pair_ids(ids, one[same], other[same]))
    parts, pair = shapely.get_parts(shared[~same], return_index=True)
    labels = _pair_ids(ids, one[~same], other[~same])[pair]
    return pd.concat([twice, _by_width(parts, labels, "overlap", sliver_m)])


def _gaps(
    shapes: _Shapes, ids: NDArray[np.object_], study_area: gpd.GeoDataFrame | None, crs: Any, sliver_m: float
) -> pd.DataFrame:
    covered = shapely.union_all(shapes)
    rings = [ring for part in shapely.get_parts(covered) for ring in part.interiors]
    enclosed = shapely.polygons(rings) if rings else np.empty(0, dtype=object)
    # an area may lie on an island of its own inside the hole of others
    holes = shapely.difference(enclosed, covered) if len(enclosed) else enclosed
    if study_area is not None:
        holes = np.append(holes, shapely.difference(study_area.to_crs(crs).union_all(), covered))
    holes = shapely.get_parts(polygonal(np.asarray(shapely.union_all(holes), dtype=object).reshape(1)))
    open_gaps = _open_gaps(shapes, covered, holes, sliver_m)
    told = _by_width(holes, _neighbours(holes, shapes, ids)[0], "hole", sliver_m)
    return pd.concat([told, _by_width(open_gaps, _neighbours(open_gaps, shapes, ids)[0], "hole", sliver_m)])


def _open_gaps(shapes: _Shapes, covered: Any, holes: _Shapes, sliver_m: float) -> _Shapes:
    """Return long and narrow gaps between two areas that are open at an end: what closing by half their width fills."""
    half_m = sliver_m / 2.0
    wider = shapely.buffer(covered, half_m, join_style="mitre")
    # a sharp notch that was made narrower comes back only with a mitre as long as it was deep
    filled = shapely.buffer(wider, -half_m, join_style="mitre", mitre_limit=_DEEPEST_NOTCH)
    new = shapely.difference(shapely.difference(filled, covered), shapely.union_all(holes))
    gaps = shapely.get_parts(polygonal(np.array([new], dtype=object)))
    gaps = gaps[_is_wider(gaps, ROUNDING_M)]
    long = shapely.length(gaps) ** 2 / (4.0 * np.maximum(shapely.area(gaps), ROUNDING_M**2)) >= _LONG
    gaps = gaps[long]
    _, n_neighbours = _neighbours(gaps, shapes, np.arange(len(shapes)).astype(str).astype(object))
    return gaps[n_neighbours > 1]


def _neighbours(
    gaps: _Shapes, shapes: _Shapes, ids: NDArray[np.object_]
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return the areas on which gaps border, as text, and how many they are."""
    if not len(gaps):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    gap, area = shapely.STRtree(shapes).query(gaps, predicate="dwithin", distance=ROUNDING_M)
    order = np.lexsort((area, gap))
    counts = np.bincount(gap, minlength=len(gaps))
    groups = np.split(ids[area[order]], np.cumsum(counts)[:-1])
    return np.array(["; ".join(group) for group in groups], dtype=object), counts


def _by_width(parts: _Shapes, labels: NDArray[np.object_], problem: str, sliver_m: float) -> pd.DataFrame:
    wide, told = _is_wider(parts, sliver_m), _is_wider(parts, ROUNDING_M)
    narrow = told & ~wide
    return pd.concat(
        [_problems(parts[wide], problem, labels[wide]), _problems(parts[narrow], "sliver", labels[narrow])]
    )


def _is_wider(shapes: _Shapes, width_m: float) -> NDArray[np.bool_]:
    """Tell into which shapes a circle of a diameter fits."""
    return np.asarray(~shapely.is_empty(shapely.buffer(shapes, -width_m / 2.0)), dtype=np.bool_)


def polygonal(shapes: Any) -> _Shapes:
    """Return the polygons of geometries, without the lines and points in which areas touch."""
    parts, of = shapely.get_parts(np.atleast_1d(shapes), return_index=True)
    parts, nested = shapely.get_parts(parts, return_index=True)
    solid = np.isin(shapely.get_type_id(parts), _POLYGONAL)
    joined = np.full(len(np.atleast_1d(shapes)), shapely.MultiPolygon(), dtype=object)
    kept = of[nested][solid]
    if len(kept):
        rows = np.unique(kept)
        joined[rows] = shapely.multipolygons(parts[solid], indices=np.searchsorted(rows, kept))
    return joined


def _pair_ids(ids: NDArray[np.object_], one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"{a}; {b}" for a, b in zip(ids[one], ids[other], strict=True)], dtype=object)


def _problems(shapes: _Shapes, problem: str, labels: NDArray[np.object_]) -> pd.DataFrame:
    return pd.DataFrame({"problem": problem, "ids": labels, "area_m2": shapely.area(shapes), "shape": list(shapes)})
