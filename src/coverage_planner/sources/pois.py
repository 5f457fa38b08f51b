"""Points of interest of an OpenStreetMap file: shops, restaurants, banks and whatever else a tag names."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from osmium.filter import KeyFilter
from osmium.osm import RELATION, WAY

from coverage_planner.sources.osm_file import (
    Ways,
    assemble_area,
    draw_ways,
    drop_repeats,
    read_member_ways,
    read_nodes,
)
from coverage_planner.sources.osm_reading import objects, part_of, reading, tags_of
from coverage_planner.sources.poi_sets import Language, Tags
from coverage_planner.sources.poi_table import Duplicates, Objects, PoiTally, Wanted, check_wanted, poi_table
from coverage_planner.sources.segments import CrsLike

_AREA_TYPES = ("multipolygon", "boundary")


def read_pois(
    path: str | PathLike[str],
    tags: Tags | Sequence[str],
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    language: Language = "zh",
    duplicates: Duplicates = "tell",
    tally: PoiTally | None = None,
) -> gpd.GeoDataFrame:
    """Read points of interest from an OpenStreetMap file.

    Nodes, ways and multipolygons count alike. A closed way or multipolygon stands as a point inside it, an open way as
    a point on it. Of a file of 16 MB and more only the part around the study area is read, where one is given.

    Parameters
    ----------
    path
        An ``.osm.pbf``, ``.osm``, ``.osm.gz`` or ``.osm.bz2`` file.
    tags
        Which: per key the values wanted, or True for any value but 'no'. ``{"amenity": ["bank"], "shop": True}`` gives
        banks and all shops. Or names of ready sets, see `POI_SETS`: ``["restaurants", "banks"]``.
    crs
        Projected CRS in metres; by default the UTM zone at the middle of the study area or, without one, of the points.
    study_area, margin_m
        Only points inside the study area and this far around it, metres.
    language
        Whose names come first where a place has several, and in which the kinds of ready sets are named.
    duplicates
        A place that is drawn twice, as a node and as the building around it, both of one kind and not of different
        names: 'tell' says so in column ``duplicate_of`` (the building's id, NA elsewhere), 'merge' leaves the node out
        and gives its name and hours to the building where that has none, 'keep' looks for none.
    tally
        Takes how many were found, lie outside, and are there twice.

    Returns
    -------
    GeoDataFrame
        ``id`` ('n123', 'w45', 'r6': node, way, relation), ``name``, ``kind`` (the value that matched, of the first key
        in `tags` where several match; the name of the set with ready sets), with ready sets ``set`` (its key in
        `POI_SETS`) and ``demand`` (its weight: our assumption), one column per key of the tags, ``opening_hours`` where
        any is known, ``duplicate_of``, and ``geometry``.

    Raises
    ------
    SourceError
        The file is missing, cut short or unreadable.
    ConfigError
        `tags` is empty, holds something else than values or True, or names an unknown set.
    InputError
        No point of interest matches, or none lies in the study area.
    """
    path = Path(path)
    wanted = check_wanted(tags, language, duplicates)
    tally = PoiTally() if tally is None else tally
    with part_of(path, study_area, margin_m) as (part, clipped), reading(part):
        found = _find(part, wanted)
    tally.nodes_clipped += clipped
    return poi_table(path.name, found, wanted, crs=crs, study_area=study_area, margin_m=margin_m, tally=tally)


def _find(path: Path, wanted: Wanted) -> Objects:
    """Return the objects of a file that are wanted."""
    locations, (node_ids, lon, lat, node_tags) = read_nodes(path, wanted.tags, wanted.matches)
    ways = Ways()
    for way in objects(path, WAY, KeyFilter(*wanted.tags)):
        if wanted.matches(found := tags_of(way)):
            ways.add(way, found)
    ways = drop_repeats(ways)
    relations = [
        (relation.id, found, [member.ref for member in relation.members if member.type == "w"])
        for relation in objects(path, RELATION, KeyFilter(*wanted.tags))
        if (found := tags_of(relation)).get("type") in _AREA_TYPES and wanted.matches(found)
    ]
    member_ways = read_member_ways(path, [members for _, _, members in relations])
    drawn = draw_ways(locations.lines(ways))
    parts_of = dict(zip(member_ways.ids, draw_ways(locations.lines(member_ways)), strict=True))
    shapes: list[Any] = list(shapely.points(lon, lat))
    shapes += [_way_shape(parts) for parts in drawn]
    for _, _, members in relations:
        shapes.append(shapely.union_all(assemble_area([part for way in members for part in parts_of.get(way, [])])))
    ids = [f"n{one}" for one in node_ids] + [f"w{one}" for one in ways.ids] + [f"r{one}" for one, _, _ in relations]
    return Objects(ids, [*node_tags, *ways.tags, *(found for _, found, _ in relations)], shapes)


def _way_shape(parts: Sequence[Any]) -> Any:
    """Return the area of a closed way, else its line, else nothing."""
    if len(parts) == 1 and shapely.is_ring(parts[0]):
        return shapely.Polygon(parts[0])
    return shapely.union_all(list(parts))
