"""Points of interest of an OpenStreetMap file: shops, restaurants, banks and whatever else a tag names."""

import logging
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from osmium.filter import KeyFilter
from osmium.osm import RELATION, WAY

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.sources.osm_file import (
    Ways,
    assemble_area,
    draw_ways,
    drop_repeats,
    objects,
    read_member_ways,
    read_nodes,
    reading,
    tags_of,
)
from coverage_planner.sources.segments import WGS84, CrsLike, choose_crs, clip_region

_LOG = logging.getLogger(__name__)
_AREA_TYPES = ("multipolygon", "boundary")
#: The value by which mappers say that there is none.
_NONE = "no"


def read_pois(
    path: str | PathLike[str],
    tags: Mapping[str, Sequence[str] | bool],
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
) -> gpd.GeoDataFrame:
    """Read points of interest from an OpenStreetMap file.

    Nodes, ways and multipolygons count alike. A closed way or multipolygon stands as a point inside it, an open way as
    a point on it. A place that is drawn twice, as a node and as its building, is there twice.

    Parameters
    ----------
    path
        An ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2`` file.
    tags
        Which: per key the values wanted, or True for any value but 'no'. ``{"amenity": ["bank"], "shop": True}`` gives
        banks and all shops.
    crs
        Projected CRS in metres; by default the UTM zone at the middle of the study area or, without one, of the points.
    study_area, margin_m
        Only points inside the study area and this far around it, metres.

    Returns
    -------
    GeoDataFrame
        ``id`` ('n123', 'w45', 'r6': node, way, relation), ``name``, ``kind`` (the value that matched; of the first key
        in `tags` where several match), one column per key of `tags`, ``opening_hours`` where any is known, and
        ``geometry``.

    Raises
    ------
    SourceError
        The file is missing, cut short or unreadable.
    ConfigError
        `tags` is empty or holds something else than values or True.
    InputError
        No point of interest matches, or none lies in the study area.
    """
    path = Path(path)
    _check_tags(tags)

    def wanted(found: Mapping[str, str]) -> bool:
        return _kind(found, tags) is not None

    with reading(path):
        locations, (node_ids, lon, lat, node_tags) = read_nodes(path, tags, wanted)
        ways = Ways()
        for way in objects(path, WAY, KeyFilter(*tags)):
            if wanted(found := tags_of(way)):
                ways.add(way, found)
        ways = drop_repeats(ways)
        relations = [
            (relation.id, found, [member.ref for member in relation.members if member.type == "w"])
            for relation in objects(path, RELATION, KeyFilter(*tags))
            if (found := tags_of(relation)).get("type") in _AREA_TYPES and wanted(found)
        ]
        member_ways = read_member_ways(path, [members for _, _, members in relations])
        drawn = draw_ways(locations.lines(ways))
        parts_of = dict(zip(member_ways.ids, draw_ways(locations.lines(member_ways)), strict=True))
    shapes: list[Any] = list(shapely.points(lon, lat))
    shapes += [_way_shape(parts) for parts in drawn]
    for _, _, members in relations:
        shapes.append(shapely.union_all(assemble_area([part for way in members for part in parts_of.get(way, [])])))
    ids = [f"n{one}" for one in node_ids] + [f"w{one}" for one in ways.ids] + [f"r{one}" for one, _, _ in relations]
    all_tags = [*node_tags, *ways.tags, *(found for _, found, _ in relations)]
    return _table(path.name, ids, all_tags, shapes, tags, crs, study_area, margin_m)


def _check_tags(tags: Mapping[str, Sequence[str] | bool]) -> None:
    wrong = [
        key for key, values in tags.items() if values is not True and (isinstance(values, str | bool) or not values)
    ]
    if not tags or wrong:
        raise ConfigError(
            "tags must map keys of OpenStreetMap to a list of values or to True, got "
            f"{ {key: tags[key] for key in wrong} if wrong else 'none' }; "
            "write for example {'amenity': ['bank', 'restaurant'], 'shop': True}"
        )


def _kind(found: Mapping[str, str], tags: Mapping[str, Sequence[str] | bool]) -> str | None:
    """Return the value that matches, of the first key that does; None where none does."""
    for key, values in tags.items():
        # one place may be several things: "restaurant;bar"
        for value in (part.strip() for part in found.get(key, "").split(";")):
            if value and (value != _NONE if isinstance(values, bool) else value in values):
                return value
    return None


def _way_shape(parts: Sequence[Any]) -> Any:
    """Return the area of a closed way, else its line, else nothing."""
    if len(parts) == 1 and shapely.is_ring(parts[0]):
        return shapely.Polygon(parts[0])
    return shapely.union_all(list(parts))


def _table(
    what: str,
    ids: Sequence[str],
    all_tags: Sequence[Mapping[str, str]],
    shapes: Sequence[Any],
    tags: Mapping[str, Sequence[str] | bool],
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
) -> gpd.GeoDataFrame:
    points = shapely.point_on_surface(np.array(shapes, dtype=object))
    placed = ~np.asarray(shapely.is_empty(points))
    if not placed.any():
        raise InputError(f"{what} must hold points of interest with {dict(tags)}, got none; ask for other tags")
    if not placed.all():
        _LOG.info("%s: %d places beyond the extract's edge are left out", what, (~placed).sum())
    x, y = shapely.get_coordinates(points[placed]).T
    chosen = choose_crs(x, y, WGS84, crs, study_area)
    region = clip_region(study_area, margin_m, chosen)
    keys = ["name", *tags, *(["opening_hours"] if any("opening_hours" in found for found in all_tags) else [])]
    columns = {key: [found.get(key) for found in all_tags] for key in dict.fromkeys(keys)}
    kinds = [_kind(found, tags) for found in all_tags]
    first = {"id": list(ids), "name": columns.pop("name"), "kind": kinds}
    table = gpd.GeoDataFrame(first | columns, geometry=points, crs=WGS84)[placed].to_crs(chosen)
    kept = table if region is None else table[table.intersects(region).to_numpy()]
    if kept.empty:
        raise InputError(
            f"points of interest of {what} must lie in the study area, got {len(table)} outside and none inside; "
            "check the study area, or ask for other tags"
        )
    return kept.reset_index(drop=True)
