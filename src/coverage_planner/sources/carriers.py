"""Which streets and buildings carry people, and how many storeys they have."""

import warnings
from collections.abc import Collection, Iterable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import CrsError, InputError, name_some

_Floats = NDArray[np.float64]

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

LINE = (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING)
POLYGON = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)


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


def find_carriers(over: gpd.GeoDataFrame, classes: Collection[str] | None, default_levels: float) -> gpd.GeoDataFrame:
    """Return the streets or buildings that carry people, with their ``storeys`` (1 for streets).

    Parameters
    ----------
    over, classes, default_levels
        As for `spread.spread_counts`.

    Warns
    -----
    UserWarning
        Storeys are known of some buildings only.

    Raises
    ------
    CrsError, InputError
        There is no CRS; there are neither lines nor polygons, or both, or rows without a geometry.
    """
    if over.crs is None:
        raise CrsError("the streets or buildings must have a CRS, got none; set it with .set_crs(...)")
    lines, polygons = holds(over, LINE), holds(over, POLYGON)
    if lines == polygons:
        raise InputError(
            f"counts are spread over lines (streets) or over polygons (buildings), got "
            f"{sorted(set(over.geom_type.dropna())) or 'no geometry'}; give one kind"
        )
    wanted = np.isin(shapely.get_type_id(np.asarray(over.geometry.array, dtype=object)), LINE if lines else POLYGON)
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


def holds(table: gpd.GeoDataFrame, kinds: tuple[int, ...]) -> bool:
    """Tell whether a table has a geometry of some kinds."""
    return bool(np.isin(shapely.get_type_id(np.asarray(table.geometry.array, dtype=object)), kinds).any())
