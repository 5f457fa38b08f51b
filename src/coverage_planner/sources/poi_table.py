"""Objects of OpenStreetMap with tags and shapes -> a table of points of interest."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.sources.poi_sets import POI_SETS, Language, Tags, check_tags, kind_of, set_of, tags_of_sets
from coverage_planner.sources.segments import WGS84, CrsLike, choose_crs, clip_region

_LOG = logging.getLogger(__name__)

#: What is done with a place that is drawn twice, as a node and as the building around it.
Duplicates = Literal["keep", "tell", "merge"]
DUPLICATES: tuple[Duplicates, ...] = ("keep", "tell", "merge")

#: Tags that may hold a name, best first.
_NAMES: Mapping[Language, tuple[str, ...]] = {
    "zh": ("name:zh-Hans", "name:zh-CN", "name:zh", "name", "name:zh-Hant", "name:en"),
    "en": ("name:en", "name", "name:zh", "name:zh-Hans"),
}


@dataclass
class PoiTally:
    """How many points of interest were found and what became of them; handed to the readers, which add to it.

    Attributes
    ----------
    found
        Objects whose tags match.
    unplaced
        Of these, without a place: their nodes lie beyond the file's edge.
    outside
        Outside the study area and its margin. Of a file that is clipped while it is read, these are only the ones
        within two kilometres: see `nodes_clipped`.
    nodes_clipped
        Nodes of such a file, of whatever kind, that were never looked at.
    duplicates
        Nodes inside their own building, told or merged.
    buildings_of
        Node -> its building, by their ids.
    kept
        Rows of the table.
    """

    found: int = 0
    unplaced: int = 0
    outside: int = 0
    nodes_clipped: int = 0
    duplicates: int = 0
    buildings_of: dict[str, str] = field(default_factory=dict)
    kept: int = 0


@dataclass(frozen=True)
class Wanted:
    """What is asked for.

    Attributes
    ----------
    tags
        Which objects.
    sets
        Names of the ready sets that they come from; empty where tags were given.
    language
        Of names and, with sets, of kinds.
    duplicates
        What is done with places that are drawn twice.
    """

    tags: Tags
    sets: tuple[str, ...]
    language: Language
    duplicates: Duplicates

    def matches(self, found: Mapping[str, str]) -> bool:
        """Tell whether an object with these tags is wanted."""
        return kind_of(found, self.tags) is not None


def check_wanted(tags: Tags | Sequence[str], language: Language, duplicates: Duplicates) -> Wanted:
    """Return what is asked for; raise `ConfigError` where it cannot be."""
    if language not in _NAMES or duplicates not in DUPLICATES:
        raise ConfigError(
            f"language must be one of {', '.join(_NAMES)} and duplicates one of {', '.join(DUPLICATES)}, got "
            f"{language!r} and {duplicates!r}; correct them"
        )
    if isinstance(tags, Mapping):
        check_tags(tags)
        return Wanted(tags, (), language, duplicates)
    names = (tags,) if isinstance(tags, str) else tuple(tags)
    return Wanted(tags_of_sets(names), names, language, duplicates)


@dataclass(frozen=True, eq=False)
class Objects:
    """Objects of OpenStreetMap whose tags match: labels, tags and shapes in longitude and latitude."""

    ids: Sequence[str]
    tags: Sequence[Mapping[str, str]]
    shapes: Sequence[Any]


def poi_table(
    what: str,
    objects: Objects,
    wanted: Wanted,
    *,
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    tally: PoiTally | None = None,
) -> gpd.GeoDataFrame:
    """Return the table of `read_pois`; see there.

    Parameters
    ----------
    what
        The source's name, for messages.
    objects, wanted
        What was found, and what was asked for.
    crs, study_area, margin_m, tally
        See `read_pois`.
    """
    tally = PoiTally() if tally is None else tally
    shapes = np.array([*objects.shapes, None], dtype=object)[:-1]
    points = shapely.point_on_surface(shapes)
    placed = np.array(~(shapely.is_empty(points) | shapely.is_missing(points)), dtype=bool)
    tally.found += len(placed)
    tally.unplaced += int((~placed).sum())
    if not placed.any():
        raise InputError(f"{what} must hold points of interest with {dict(wanted.tags)}, got none; ask for other tags")
    if not placed.all():
        _LOG.info("%s: %d places beyond the extract's edge are left out", what, (~placed).sum())
    x, y = shapely.get_coordinates(points[placed]).T
    chosen = choose_crs(x, y, WGS84, crs, study_area)
    region = clip_region(study_area, margin_m, chosen)
    columns = _columns(objects, wanted)
    if wanted.duplicates != "keep":
        columns["duplicate_of"] = _duplicates(objects, shapes, points, columns)
    table = gpd.GeoDataFrame(columns, geometry=points, crs=WGS84)[placed].to_crs(chosen)
    kept = table if region is None else table[table.intersects(region).to_numpy()]
    tally.outside += len(table) - len(kept)
    if kept.empty:
        raise InputError(
            f"points of interest of {what} must lie in the study area, got {len(table)} outside and none inside; "
            "check the study area, or ask for other tags"
        )
    if len(kept) < len(table):
        _LOG.info(
            "%s: %d of %d points of interest lie outside the study area", what, len(table) - len(kept), len(table)
        )
    if wanted.duplicates != "keep":
        twice = kept[kept["duplicate_of"].notna()]
        tally.duplicates += len(twice)
        tally.buildings_of |= dict(zip(twice["id"], twice["duplicate_of"], strict=True))
    if wanted.duplicates == "merge":
        kept = _merge(kept)
    tally.kept += len(kept)
    return kept.reset_index(drop=True)


def _columns(objects: Objects, wanted: Wanted) -> dict[str, Any]:
    tags = objects.tags
    names = [next((one[key] for key in _NAMES[wanted.language] if one.get(key)), None) for one in tags]
    columns: dict[str, Any] = {"id": list(objects.ids), "name": names}
    if wanted.sets:
        sets = [str(set_of(one, wanted.sets)) for one in tags]
        columns["kind"] = [getattr(POI_SETS[name], wanted.language) for name in sets]
        columns["set"] = sets
        columns["demand"] = [POI_SETS[name].weight for name in sets]
    else:
        columns["kind"] = [kind_of(one, wanted.tags) for one in tags]
    hours = ["opening_hours"] if any("opening_hours" in one for one in tags) else []
    for key in dict.fromkeys([*wanted.tags, *hours]):
        if key not in columns:
            columns[key] = [one.get(key) for one in tags]
    return columns


def _duplicates(
    objects: Objects, shapes: NDArray[Any], points: NDArray[Any], columns: Mapping[str, Any]
) -> list[str | None]:
    """Return for each node the building around it that is the same place: same kind, and no other name."""
    ids, kinds, names = objects.ids, columns["kind"], columns["name"]
    same: list[str | None] = [None] * len(ids)
    nodes = np.array([number for number, one in enumerate(ids) if one.startswith("n")], dtype=np.int64)
    areas = np.flatnonzero(shapely.area(shapes) > 0)
    if not len(nodes) or not len(areas):
        return same
    within, around = shapely.STRtree(shapes[areas]).query(points[nodes], predicate="intersects")
    size = shapely.area(shapes[areas[around]])
    for number in np.lexsort((size, within)).tolist():  # the smallest area first
        node, area = int(nodes[within[number]]), int(areas[around[number]])
        alike = kinds[node] == kinds[area] and (not names[node] or not names[area] or names[node] == names[area])
        if alike and same[node] is None:
            same[node] = ids[area]
    return same


def _merge(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return a table without nodes that stand for an area of the table, which takes what only the node says."""
    known = dict(zip(table["id"], table.index, strict=True))
    merged = table.copy()
    drop = []
    for row, area in table["duplicate_of"].dropna().items():
        if area not in known:  # the building's own point lies outside the study area
            continue
        drop.append(row)
        for column in table.columns.drop(["id", "duplicate_of", "geometry"]):
            if pd.isna(merged.loc[known[area], column]):
                merged.loc[known[area], column] = table.loc[row, column]
    return merged.drop(index=drop).drop(columns="duplicate_of")
