"""Head counts of areas -> demand points on the streets or at the buildings inside them.

Formula, edge cases and what the result does not know: docs/methods-demand.md.
"""

import math
import warnings
from collections.abc import Collection
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError, name_some
from coverage_planner.schema import check_table, require_metric
from coverage_planner.sources.area_topology import polygonal
from coverage_planner.sources.carriers import LINE, POLYGON, find_carriers, holds
from coverage_planner.sources.ranges import to_metric

_Floats = NDArray[np.float64]
_Shapes = NDArray[Any]

#: An intersection that is shorter or smaller than this, m or m², is rounding.
_NOTHING = 1e-6
#: Smaller shares of an area within or beyond the region where `over` is complete are rounding.
_SPLINTER = 1e-6


def spread_counts(
    areas: gpd.GeoDataFrame,
    over: gpd.GeoDataFrame,
    *,
    spacing_m: float = 100.0,
    classes: Collection[str] | None = None,
    default_levels: float = 1.0,
    avoid: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    complete_in: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
    crs: Any = None,
) -> gpd.GeoDataFrame:
    """Spread the head counts of areas over the streets or the buildings inside them.

    Along streets, every part inside an area is divided into equal pieces of at most `spacing_m`; each piece is a point
    at its middle that weighs its length. A building is one point inside it that weighs its floor area: the ground that
    it covers inside the area, times its storeys. What lies across a border counts in each area with the part inside.

    Parameters
    ----------
    areas
        Polygons, metric CRS, with ``id`` and ``demand`` (head count; NaN where it is not known), maybe ``name``.
    over
        Lines, for example ``Roads.segments``: with ``highway``, ``service``, ``bridge``, ``tunnel`` where known. Or
        polygons, for example those of `read_buildings`: with ``kind`` and ``levels`` where known. In any CRS.
    spacing_m
        Longest distance of two points along a street, metres.
    classes
        The classes of streets, or kinds of buildings, that carry people. By default the streets of
        `STREETS_WITH_PEOPLE`, and all buildings but those of `BUILDINGS_WITHOUT_PEOPLE`. A street or building whose
        class is not known carries people; streets on bridges and in tunnels never do.
    default_levels
        Storeys of a building whose ``levels`` are not known.
    avoid
        Polygons where nobody is, such as water, in any CRS: they are cut out first. Lines among them are passed over.
    complete_in
        Polygons within which `over` is complete, in any CRS, where it was cut out: a study area and its margin. Of an
        area that reaches beyond, the people of the part beyond, by its share of the dry land, stand at one point there;
        without this they would all be crowded into the part within.
    crs
        Projected CRS in metres of the result; default: that of `areas`.

    Returns
    -------
    GeoDataFrame
        One row per point, by area and then along the streets or by building in the order of `over`: ``id`` (the
        area's and a number: '330106-1'), ``demand``, ``name`` (the area's, its id where it has none), ``kind``
        ('street', 'building', or 'area' for a point in an area or part that has neither), ``source`` (the area's id),
        ``geometry``. The points of an area have exactly its count in sum (`math.fsum` of them is the count); they are
        fractions of people, also where the count is a whole number. Areas with nobody have no points.

    Warns
    -----
    UserWarning
        Areas without a count, which get no points; areas without a street or building, whose people stand at one point
        inside; areas that overlap, where people are likely to be counted twice; storeys known only of some buildings.

    Raises
    ------
    CrsError
        `areas` is not metric, or one of the others has no CRS.
    SchemaError
        A column of `areas` is missing or holds something else than counts.
    ConfigError
        The spacing or the storeys are not above zero.
    InputError
        `over` has neither lines nor polygons, or both; no area has people; an area with people lies wholly in `avoid`.
    """
    for name, value in (("spacing_m", spacing_m), ("default_levels", default_levels)):
        if not (math.isfinite(value) and value > 0):
            raise ConfigError(f"{name} must be a number above 0, got {value!r}; the usual one is left out")
    require_metric(areas, "areas")
    counts = _counts_of(areas)
    _warn_of_overlaps(areas)
    _warn_of_parts(areas, counts)
    peopled = np.flatnonzero(counts > 0)
    polygons = np.asarray(areas.geometry.array, dtype=object)[peopled]
    wet = _polygons_of(avoid, areas.crs)
    carriers = find_carriers(over, classes, default_levels).to_crs(areas.crs)
    kind = "street" if holds(over, LINE) else "building"
    ids = areas["id"].to_numpy(dtype=object)[peopled]
    known, beyond, share_beyond = _divide(polygons, _polygons_of(complete_in, areas.crs), wet, complete_in is not None)
    rows, parts = _parts_inside(carriers, known)
    parts = _cut_out(parts, wet)
    weigh = _points_on_streets if kind == "street" else _points_of_buildings
    owner, points, weight = weigh(rows, parts, carriers["storeys"].to_numpy(dtype=np.float64)[rows[1]], spacing_m)
    bare = np.setdiff1d(np.flatnonzero(share_beyond < 1), owner)
    outside = np.flatnonzero(share_beyond)
    lone = _interior_points(known[bare], wet, ids[bare]), _interior_points(beyond[outside], wet, ids[outside])
    _warn_of_bare(ids[bare], kind)
    # the people within an area, and those beyond the region, are as their land is
    total = np.bincount(owner, weight, minlength=len(peopled))
    weight = weight * (1.0 - share_beyond[owner]) / total[owner]
    weight = np.concatenate([weight, 1.0 - share_beyond[bare], share_beyond[outside]])
    kinds = np.array([kind] * len(owner) + ["area"] * (len(bare) + len(outside)), dtype=object)
    owner = np.concatenate([owner, bare, outside])
    points = np.concatenate([points, *lone])
    order = np.argsort(owner, kind="stable")
    owner = owner[order]
    table = _table(areas.iloc[peopled], owner, _shares(counts[peopled], owner, weight[order]), kinds[order])
    demand = table.set_geometry(to_metric(gpd.GeoSeries(points[order], crs=areas.crs), crs or areas.crs, "areas"))
    check_table(demand, "demand", what="the spread demand")
    return demand


def exact_shares(count: float, weights: _Floats) -> _Floats:
    """Divide a count by weights so that the shares have exactly the count in sum.

    Parameters
    ----------
    count
        What is divided, not negative.
    weights
        Not negative, not all zero.

    Returns
    -------
    array
        ``count * weights / sum(weights)``, of which the largest (at most two) are moved by rounding errors, so that
        ``math.fsum`` of the shares is the count to the last bit.
    """
    shares = count * (weights / math.fsum(weights))
    for largest in np.argsort(-weights, kind="stable"):
        missing = math.fsum([count, *(-shares)])
        if math.fsum(shares) == count:
            break
        shares[largest] += missing
    return shares


def _counts_of(areas: gpd.GeoDataFrame) -> _Floats:
    check_table(areas if "name" in areas else areas.assign(name=areas.get("id")), "areas")
    if "demand" not in areas:
        raise SchemaError(
            f"areas must have the column 'demand' with their head counts to spread them, got {list(areas.columns)}; "
            "name the column of the file: columns={'demand': '…'}"
        )
    counts = areas["demand"].to_numpy(dtype=np.float64, na_value=np.nan)
    endless, unknown = np.isinf(counts), np.isnan(counts)
    if endless.any():
        raise SchemaError(
            f"areas.demand must be finite, not so in {name_some(areas['id'][endless])}; correct the counts"
        )
    if not (counts > 0).any():
        raise InputError(f"an area must have people, got none in {len(areas)} areas; check the column of the counts")
    if unknown.any():
        warnings.warn(
            f"areas should have a head count each, none is known of {name_some(areas['id'][unknown])}; they get no "
            "demand; fill their counts in",
            stacklevel=3,
        )
    return np.where(unknown, 0.0, counts)


def _warn_of_overlaps(areas: gpd.GeoDataFrame) -> None:
    shapes = np.asarray(areas.geometry.array, dtype=object)
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared_m2 = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    # neighbours that were digitised one by one share slivers; those move nobody
    smaller_m2 = np.minimum(shapely.area(shapes[one]), shapely.area(shapes[other]))
    wide = shared_m2 > 0.01 * smaller_m2
    if wide.any():
        ids = areas["id"].to_numpy(dtype=object)
        pairs = (f"{a} and {b}" for a, b in zip(ids[one[wide]], ids[other[wide]], strict=True))
        warnings.warn(
            f"areas should not overlap when their people are spread, they do by more than 1 % of the smaller one in "
            f"{name_some(pairs)}; people there may be counted twice; find_area_problems shows where",
            stacklevel=3,
        )


def _warn_of_parts(areas: gpd.GeoDataFrame, counts: _Floats) -> None:
    """Warn of rows of one name and one count: parts of one area, as layers have them that were taken apart."""
    if "name" not in areas:
        return
    table = areas.assign(counted=counts)[counts > 0]
    again = table.duplicated(["name", "counted"], keep=False) & table["name"].notna()
    if again.any():
        warnings.warn(
            f"areas should be one row each, but {int(again.sum())} rows have the name and the count of another, "
            f"{name_some(dict.fromkeys(table['name'][again]))}; if they are parts of one area its people are counted "
            "once for each: dissolve them",
            stacklevel=3,
        )


def _polygons_of(avoid: gpd.GeoDataFrame | gpd.GeoSeries | None, crs: Any) -> _Shapes:
    if avoid is None:
        return np.empty(0, dtype=object)
    if avoid.crs is None:
        raise CrsError("the polygons to avoid must have a CRS, got none; set it with .set_crs(...)")
    shapes = shapely.get_parts(np.asarray(avoid.geometry.dropna().to_crs(crs).array, dtype=object))
    shapes = shapes[np.isin(shapely.get_type_id(shapes), POLYGON) & ~shapely.is_empty(shapes)]
    return np.asarray(shapely.make_valid(shapes), dtype=object)


def _divide(polygons: _Shapes, complete: _Shapes, wet: _Shapes, divided: bool) -> tuple[_Shapes, _Shapes, _Floats]:
    """Return the part of each area where the carriers are known, the part beyond, and that part's share of the land."""
    if not divided:
        return polygons, polygons, np.zeros(len(polygons))
    region = shapely.union_all(complete)
    shapely.prepare(region)
    known, beyond = (polygonal(cut(polygons, region)) for cut in (shapely.intersection, shapely.difference))
    land_m2, beyond_m2 = shapely.area(_cut_out(polygons, wet)), shapely.area(_cut_out(beyond, wet))
    share = np.where(land_m2 > _NOTHING, beyond_m2 / np.maximum(land_m2, _NOTHING), 0.0)
    # a border drawn twice leaves splinters
    share[share < _SPLINTER] = 0.0
    share[share > 1.0 - _SPLINTER] = 1.0
    return known, beyond, share


def _warn_of_bare(ids: NDArray[np.object_], kind: str) -> None:
    if len(ids):
        warnings.warn(
            f"areas should have a {kind} over which their people are spread, none in {name_some(ids)}; their people "
            f"stand at one point inside each; look at the layer of {kind}s there",
            stacklevel=3,
        )


def _parts_inside(carriers: gpd.GeoDataFrame, polygons: _Shapes) -> tuple[NDArray[np.int64], _Shapes]:
    """Return pairs (area, row of the carriers), sorted, and the part of the carrier inside the area."""
    shapes = np.asarray(carriers.geometry.array, dtype=object)
    tree = shapely.STRtree(shapes)
    area, row = tree.query(polygons, predicate="intersects")
    order = np.lexsort((row, area))
    area, row = area[order], row[order]
    parts = shapes[row]
    whole = _pairs_among(tree.query(polygons, predicate="covers"), area, row, len(shapes))
    parts[~whole] = shapely.intersection(parts[~whole], polygons[area[~whole]])
    return np.vstack([area, row]), parts


def _pairs_among(
    found: NDArray[np.int64], area: NDArray[np.int64], row: NDArray[np.int64], n: int
) -> NDArray[np.bool_]:
    return np.isin(area * n + row, found[0] * n + found[1])


def _cut_out(parts: _Shapes, wet: _Shapes) -> _Shapes:
    """Return the parts without what lies in `wet`."""
    if not len(wet) or not len(parts):
        return parts
    part, polygon = shapely.STRtree(wet).query(parts, predicate="intersects")
    if not len(part):
        return parts
    touched, first = np.unique(part, return_index=True)
    dry = parts.copy()
    for one, polygons in zip(touched, np.split(polygon, first[1:]), strict=True):
        dry[one] = shapely.difference(dry[one], shapely.union_all(wet[polygons]))
    return dry


def _points_on_streets(
    rows: NDArray[np.int64], parts: _Shapes, _storeys: _Floats, spacing_m: float
) -> tuple[NDArray[np.int64], _Shapes, _Floats]:
    """Return area, point and length of the pieces of streets."""
    flat, of = shapely.get_parts(parts, return_index=True)
    # a street that leaves an area and comes back may be a collection of lines and points
    flat, nested = shapely.get_parts(flat, return_index=True)
    of = of[nested]
    lines = np.isin(shapely.get_type_id(flat), LINE) & (shapely.length(flat) > _NOTHING)
    flat, of = flat[lines], of[lines]
    length_m = shapely.length(flat)
    n_pieces = np.maximum(np.ceil(length_m / spacing_m - _NOTHING), 1).astype(np.int64)
    line = np.repeat(np.arange(len(flat)), n_pieces)
    within = np.arange(len(line)) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
    piece_m = (length_m / n_pieces)[line]
    return rows[0][of[line]], shapely.line_interpolate_point(flat[line], (within + 0.5) * piece_m), piece_m


def _points_of_buildings(
    rows: NDArray[np.int64], parts: _Shapes, storeys: _Floats, _spacing_m: float
) -> tuple[NDArray[np.int64], _Shapes, _Floats]:
    """Return area, a point inside and floor area of the buildings."""
    ground_m2 = shapely.area(parts)
    stands = ground_m2 > _NOTHING
    return rows[0][stands], shapely.point_on_surface(parts[stands]), ground_m2[stands] * storeys[stands]


def _interior_points(polygons: _Shapes, wet: _Shapes, ids: NDArray[np.object_]) -> _Shapes:
    """Return a point of each area off the water, in its largest dry part."""
    dry = _cut_out(polygons, wet)
    drowned = shapely.area(dry) <= _NOTHING
    if drowned.any():
        raise InputError(
            f"areas with people must not lie wholly in what is avoided (water), {name_some(ids[drowned])} do; correct "
            "their outlines or counts, or the water"
        )
    return np.array([shapely.point_on_surface(_largest(shape)) for shape in dry], dtype=object)


def _largest(shape: Any) -> Any:
    parts = shapely.get_parts(shape)
    return parts[int(np.argmax(shapely.area(parts)))]


def _shares(counts: _Floats, owner: NDArray[np.int64], weight: _Floats) -> _Floats:
    begins = np.searchsorted(owner, np.arange(len(counts)))
    split = np.split(weight, begins[1:])
    return np.concatenate([exact_shares(count, one) for count, one in zip(counts.tolist(), split, strict=True)])


def _table(
    areas: gpd.GeoDataFrame, owner: NDArray[np.int64], demand: _Floats, kinds: NDArray[np.object_]
) -> gpd.GeoDataFrame:
    ids = areas["id"].to_numpy(dtype=object)
    names = areas["name"].where(areas["name"].notna(), areas["id"]).to_numpy(dtype=object) if "name" in areas else ids
    number = np.arange(len(owner)) - np.searchsorted(owner, owner) + 1
    return gpd.GeoDataFrame(
        {
            "id": np.array([f"{ids[area]}-{k}" for area, k in zip(owner, number, strict=True)], dtype=object),
            "demand": demand,
            "name": names[owner],
            "kind": kinds,
            "source": ids[owner],
        }
    )
