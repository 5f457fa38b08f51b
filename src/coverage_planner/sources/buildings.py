"""Buildings with their storeys, from polygon layers and OpenStreetMap files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from osmium.filter import KeyFilter
from osmium.osm import RELATION, WAY

from coverage_planner.errors import InputError
from coverage_planner.schema import Rejections
from coverage_planner.sources.areas import in_source_crs, polygon_faults, valid_polygons, warn_of_repairs
from coverage_planner.sources.cells import read_numbers, text_column
from coverage_planner.sources.columns import ids_of, keep_where, refuse_rows
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.sources.headers import find_columns
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
from coverage_planner.sources.raw_tables import RawTable
from coverage_planner.sources.segments import WGS84, choose_crs, clip_region
from coverage_planner.sources.tables import AnyPath, read_layer

#: Names of columns as building layers have them; as `sources.aliases.ALIASES`.
BUILDING_ALIASES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "编号", "编码", "代码", "code", "fid", "osm_id"),
    "kind": ("building", "kind", "type", "类型", "用途", "建筑类型", "房屋用途", "建筑用途", "fclass"),
    "levels": ("levels", "building:levels", "层数", "楼层", "楼层数", "地上层数", "总层数", "floors", "storeys"),
    "height_m": ("height_m", "height", "building:height", "高度", "建筑高度", "楼高"),
}

#: Height of a storey where a building says its height only, metres.
STOREY_M = 3.0

_OSM = (".osm", ".pbf", ".gz", ".bz2")
_NUMBER = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:m|米|层)?\s*")


def read_buildings(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read the outlines of buildings.

    Parameters
    ----------
    path
        A polygon layer as for `read_areas`, or an OpenStreetMap file (``.osm.pbf``, ``.osm``, ``.osm.gz``,
        ``.osm.bz2``), of which closed ways and multipolygons with the tag ``building`` are read.
    datum, source_crs, sheet, encoding, where
        As for `read_areas`; an OpenStreetMap file knows none of them.
    crs
        Projected CRS in metres of the result; default: the UTM zone of the study area or of the buildings.
    columns
        ``id``, ``kind``, ``levels``, ``height_m`` -> column of the layer, where `BUILDING_ALIASES` does not know it.
    study_area, margin_m
        Only buildings that touch the study area or lie this far around it, metres.
    rejected
        Collects rows of a layer that cannot be used, with the reason; without it such rows are an error.

    Returns
    -------
    GeoDataFrame
        ``id``, ``kind`` (text; missing where unknown), ``levels`` (storeys; where only the height is known, that over
        `STOREY_M`, at least one; NaN where neither is, or the text is no number), ``geometry`` (valid polygons).

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, InputError, ConfigError
        As for `read_areas`; no building lies in the study area.
    """
    file = Path(path)
    if file.suffix.lower() in _OSM:
        buildings = _osm_buildings(file, crs, study_area)
    else:
        raw = keep_where(read_layer(path, layer=sheet, encoding=encoding), where)
        nowhere = np.empty(0)
        target = crs if study_area is None else choose_crs(nowhere, nowhere, WGS84, crs, study_area)
        buildings = _layer_buildings(raw, datum, source_crs, target, columns, rejected)
    region = clip_region(study_area, margin_m, buildings.crs)
    kept = buildings if region is None else buildings[buildings.intersects(region).to_numpy()]
    if kept.empty:
        raise InputError(
            f"{file.name} must have buildings in the study area, got {len(buildings)} outside and none inside; check "
            "the study area and the datum"
        )
    return kept.reset_index(drop=True)


def _layer_buildings(
    raw: RawTable,
    datum: Datum,
    source_crs: Any,
    crs: Any,
    columns: Mapping[str, str] | None,
    rejected: Rejections | None,
) -> gpd.GeoDataFrame:
    raw = in_source_crs(raw, source_crs)
    check_datum(datum, raw.source)
    found = find_columns(raw, list(BUILDING_ALIASES), [], columns, BUILDING_ALIASES)
    ids, id_faults = ids_of(raw, found.get("id"), "B")
    # shapefiles of buildings repeat or leave out their ids as they like, and nothing hangs on them
    if any(wrong.any() for wrong, _ in id_faults):
        ids, id_faults = ids_of(raw, None, "B")
    keep = refuse_rows(raw, ids, [*polygon_faults(raw), *id_faults], table="buildings", rejected=rejected)
    raw, ids = raw.rows(keep), ids[keep]
    polygons, repaired = valid_polygons(raw, datum, crs)
    flat: NDArray[np.bool_] = polygons.area.to_numpy() == 0
    solid = refuse_rows(raw, ids, [(flat, "the polygon has no area")], table="buildings", rejected=rejected)
    warn_of_repairs(raw, repaired & solid)
    kinds = text_column(raw, found["kind"]) if "kind" in found else np.full(len(ids), "", dtype=object)
    levels, height_m = (
        read_numbers(raw, found[name], name)[0] if name in found else np.full(len(ids), np.nan)
        for name in ("levels", "height_m")
    )
    return gpd.GeoDataFrame(
        {
            "id": ids[solid],
            "kind": np.array([kind or None for kind in kinds], dtype=object)[solid],
            "levels": _levels(levels, height_m)[solid],
        },
        geometry=polygons[solid].reset_index(drop=True),
    )


def _levels(levels: NDArray[np.float64], height_m: NDArray[np.float64]) -> NDArray[np.float64]:
    from_height = np.where(height_m > 0, np.maximum(height_m / STOREY_M, 1.0), np.nan)
    return np.where(levels > 0, levels, from_height)


def _osm_buildings(path: Path, crs: Any, study_area: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    with reading(path):
        locations, _ = read_nodes(path, ["building"], lambda _tags: False)
        ways = Ways()
        for way in objects(path, WAY, KeyFilter("building")):
            if (tags := tags_of(way))["building"] != "no":
                ways.add(way, tags)
        ways = drop_repeats(ways)
        relations = [
            (relation.id, tags, [member.ref for member in relation.members if member.type == "w"])
            for relation in objects(path, RELATION, KeyFilter("building"))
            if (tags := tags_of(relation)).get("type") == "multipolygon" and tags["building"] != "no"
        ]
        member_ways = read_member_ways(path, [members for _, _, members in relations])
        drawn = draw_ways(locations.lines(ways))
        parts_of = dict(zip(member_ways.ids, draw_ways(locations.lines(member_ways)), strict=True))
    shapes: list[Any] = [shapely.Polygon(parts[0]) if _is_outline(parts) else None for parts in drawn]
    shapes += [
        shapely.union_all(
            [
                part
                for part in assemble_area([line for way in members for line in parts_of.get(way, [])])
                if part.geom_type in ("Polygon", "MultiPolygon")
            ]
        )
        for _, _, members in relations
    ]
    geometry = np.asarray(shapely.make_valid(np.array(shapes, dtype=object)), dtype=object)
    solid = shapely.area(geometry) > 0
    if not solid.any():
        raise InputError(f"{path.name} must hold buildings (the tag 'building'), got none; take an extract with them")
    all_tags = [*ways.tags, *(tags for _, tags, _ in relations)]
    levels, height_m = (
        np.array([_leading_number(tags.get(key, "")) for tags in all_tags]) for key in ("building:levels", "height")
    )
    corners = shapely.get_coordinates(geometry[solid])
    chosen = choose_crs(corners[:, 0], corners[:, 1], WGS84, crs, study_area)
    ids = [f"w{one}" for one in ways.ids] + [f"r{one}" for one, _, _ in relations]
    columns = {"id": ids, "kind": [tags["building"] for tags in all_tags], "levels": _levels(levels, height_m)}
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=WGS84)[solid].to_crs(chosen)


def _is_outline(parts: Sequence[Any]) -> bool:
    return len(parts) == 1 and bool(shapely.is_ring(parts[0]))


def _leading_number(text: str) -> float:
    """Return '6', '18 m', '3层' as a number; NaN for anything else, such as '3;4'."""
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else float("nan")
