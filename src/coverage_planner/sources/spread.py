"""Head counts of areas -> demand points on the streets or at the buildings inside them.

Formula, edge cases and what the result does not know: docs/methods-demand.md.
"""

import math
import warnings
from collections.abc import Collection, Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, CrsError, InputError, SchemaError, name_some
from coverage_planner.schema import check_table, require_metric
from coverage_planner.sources.ranges import to_metric

_Floats = NDArray[np.float64]
_Shapes = NDArray[Any]

#: Classes of streets (OpenStreetMap's ``highway``) along which people are thought to live and work: those with front
#: doors. Motorways, trunk roads and links have none; footways run beside a street that counts already.
STREETS_WITH_PEOPLE = (
    "primary", "secondary", "tertiary", "unclassified", "residential", "living_street", "pedestrian", "service", "road",
)  # fmt: skip

#: Values of ``service`` that never hold a front door.
_SERVICE_WITHOUT_PEOPLE = ("parking_aisle", "drive-through", "emergency_access")

#: Kinds of buildings (OpenStreetMap's ``building``) in which nobody lives or works.
BUILDINGS_WITHOUT_PEOPLE = (
    "no", "garage", "garages", "carport", "parking", "shed", "roof", "canopy", "hut", "greenhouse", "barn", "cowshed",
    "stable", "sty", "farm_auxiliary", "ruins", "construction", "collapsed", "bunker", "bridge", "transformer_tower",
    "water_tower", "storage_tank", "silo", "toilets", "service", "tent", "container", "gasometer", "guardhouse",
)  # fmt: skip

_LINE = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
_POLYGON = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)
#: An intersection that is shorter or smaller than this, m or m², is rounding.
_NOTHING = 1e-6


def spread_counts(
    areas: gpd.GeoDataFrame,
    over: gpd.GeoDataFrame,
    *,
    spacing_m: float = 100.0,
    classes: Collection[str] | None = None,
    default_levels: float = 1.0,
    avoid: gpd.GeoDataFrame | gpd.GeoSeries | None = None,
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
    crs
        Projected CRS in metres of the result; default: that of `areas`.

    Returns
    -------
    GeoDataFrame
        One row per point, by area and then along the streets or by building in the order of `over`: ``id`` (the
        area's and a number: '330106-1'), ``demand``, ``name`` (the area's, its id where it has none), ``kind``
        ('street', 'building', or 'area' for a point in an area that has neither), ``source`` (the area's id),
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
    peopled = np.flatnonzero(counts > 0)
    polygons = np.asarray(areas.geometry.array, dtype=object)[peopled]
    wet = _polygons_of(avoid, areas.crs)
    carriers = _carriers(over, classes, default_levels).to_crs(areas.crs)
    kind = "street" if _holds(carriers, _LINE) else "building"
    rows, parts = _parts_inside(carriers, polygons)
    parts = _cut_out(parts, wet)
    weigh = _points_on_streets if kind == "street" else _points_of_buildings
    owner, points, weight = weigh(rows, parts, carriers["storeys"].to_numpy(dtype=np.float64)[rows[1]], spacing_m)
    bare = np.setdiff1d(np.arange(len(peopled)), owner)
    ids = areas["id"].to_numpy(dtype=object)[peopled]
    owner = np.concatenate([owner, bare])
    points = np.concatenate([points, _interior_points(polygons[bare], wet, ids[bare])])
    kinds = np.array([kind] * len(weight) + ["area"] * len(bare), dtype=object)
    weight = np.concatenate([weight, np.ones(len(bare))])
    if len(bare):
        warnings.warn(
            f"areas should have a {kind} over which their people are spread, none in {name_some(ids[bare])}; their "
            f"people stand at one point inside each; look at the layer of {kind}s there",
            stacklevel=2,
        )
    order = np.argsort(owner, kind="stable")
    owner = owner[order]
    table = _table(areas.iloc[peopled], owner, _shares(counts[peopled], owner, weight[order]), kinds[order])
    demand = table.set_geometry(to_metric(gpd.GeoSeries(points[order], crs=areas.crs), crs or areas.crs, "areas"))
    check_table(demand, "demand", what="the spread demand")
    return demand


def streets_with_people(segments: gpd.GeoDataFrame, classes: Collection[str] | None = None) -> NDArray[np.bool_]:
    """Tell which streets carry people.

    Parameters
    ----------
    segments
        Streets, with ``highway``, ``service``, ``bridge`` and ``tunnel`` where known.
    classes
        The values of ``highway`` that do; default: `STREETS_WITH_PEOPLE`.

    Returns
    -------
    array
        Shape (segments,): true where the class is among them or not known, and the street is on no bridge and in no
        tunnel. Without `classes`, parking aisles and the like are left out too.
    """
    kept = _is_among(segments, "highway", STREETS_WITH_PEOPLE if classes is None else classes, missing=True)
    if classes is None:
        kept &= ~_is_among(segments, "service", _SERVICE_WITHOUT_PEOPLE, missing=False)
    for tag in ("bridge", "tunnel"):
        kept &= _is_among(segments, tag, ("no", ""), missing=True)
    return kept


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


def _carriers(over: gpd.GeoDataFrame, classes: Collection[str] | None, default_levels: float) -> gpd.GeoDataFrame:
    """Return the streets or buildings that carry people, with their storeys (1 for streets)."""
    if over.crs is None:
        raise CrsError("the streets or buildings must have a CRS, got none; set it with .set_crs(...)")
    lines, polygons = _holds(over, _LINE), _holds(over, _POLYGON)
    if lines == polygons:
        raise InputError(
            f"counts are spread over lines (streets) or over polygons (buildings), got "
            f"{sorted(set(over.geom_type.dropna())) or 'no geometry'}; give one kind"
        )
    wanted = np.isin(shapely.get_type_id(np.asarray(over.geometry.array, dtype=object)), _LINE if lines else _POLYGON)
    if not wanted.all():
        raise InputError(
            f"every row must be a {'line' if lines else 'polygon'}, not so in {name_some(over.index[~wanted])}; "
            "remove the others"
        )
    if lines:
        return _with_storeys(over, np.ones(len(over)), streets_with_people(over, classes))
    if classes is None:
        kept = ~_is_among(over, "kind", BUILDINGS_WITHOUT_PEOPLE, missing=False)
    else:
        kept = _is_among(over, "kind", classes, missing=True)
    return _with_storeys(over, _storeys(over, default_levels), kept)


def _with_storeys(over: gpd.GeoDataFrame, storeys: _Floats, kept: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"storeys": storeys[kept]}, geometry=over.geometry.array[kept], crs=over.crs)


def _storeys(buildings: gpd.GeoDataFrame, default_levels: float) -> _Floats:
    if "levels" not in buildings:
        return np.full(len(buildings), default_levels)
    levels = pd.to_numeric(buildings["levels"], errors="coerce").to_numpy(dtype=np.float64)
    known = np.isfinite(levels) & (levels > 0)
    if known.any() and not known.all():
        warnings.warn(
            f"buildings should say their storeys, {int((~known).sum())} of {len(known)} do not and count with "
            f"{default_levels:g}; high buildings among them get too few people",
            stacklevel=4,
        )
    return np.where(known, levels, default_levels)


def _is_among(table: pd.DataFrame, column: str, values: Iterable[str], *, missing: bool) -> NDArray[np.bool_]:
    if column not in table:
        return np.full(len(table), missing)
    unknown = table[column].isna().to_numpy()
    return np.where(unknown, missing, table[column].isin(list(values)).to_numpy(dtype=np.bool_))


def _holds(table: gpd.GeoDataFrame, kinds: tuple[int, ...]) -> bool:
    return bool(np.isin(shapely.get_type_id(np.asarray(table.geometry.array, dtype=object)), kinds).any())


def _polygons_of(avoid: gpd.GeoDataFrame | gpd.GeoSeries | None, crs: Any) -> _Shapes:
    if avoid is None:
        return np.empty(0, dtype=object)
    if avoid.crs is None:
        raise CrsError("the polygons to avoid must have a CRS, got none; set it with .set_crs(...)")
    shapes = shapely.get_parts(np.asarray(avoid.geometry.dropna().to_crs(crs).array, dtype=object))
    shapes = shapes[np.isin(shapely.get_type_id(shapes), _POLYGON) & ~shapely.is_empty(shapes)]
    return np.asarray(shapely.make_valid(shapes), dtype=object)


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
    lines = np.isin(shapely.get_type_id(flat), _LINE) & (shapely.length(flat) > _NOTHING)
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
