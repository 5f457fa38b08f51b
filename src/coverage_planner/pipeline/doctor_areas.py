"""What is wrong with communities: overlaps, slivers and holes, and parts of the study area that none covers."""

import geopandas as gpd
import shapely

from coverage_planner.report.findings import Finding, Said
from coverage_planner.sources.area_topology import find_area_problems

#: A part of the study area that may be missing from the communities without anybody wondering.
_GAP = 0.005
_M2_PER_KM2 = 1e6
_CALLED = {
    "overlap": Said("处重叠", "overlaps"),
    "sliver": Said("处狭缝", "slivers between neighbours"),
    "hole": Said("处空洞", "holes"),
    "duplicate": Said("处重复的面", "polygons that stand twice"),
}
_ADVICE = {
    "overlap": Said(
        "重叠处的人会算进排在前面的社区：请在 GIS 中修正边界",
        "people there count for the area that stands first: mend the borders",
    ),
    "sliver": Said(
        "多半是描边误差，通常无妨；需要时在 GIS 中贴合边界",
        "usually a drawing error that does no harm; snap the borders together if it matters",
    ),
    "hole": Said("空洞里的人不属于任何社区：请补全", "people there belong to no area: fill them"),
    "duplicate": Said("请删去重复的一个", "remove one of each"),
}


def find_odd_areas(key: str, areas: gpd.GeoDataFrame, study_area: gpd.GeoDataFrame | None) -> list[Finding]:
    """Find what is wrong between the polygons of a layer, and whether they fill the study area.

    Parameters
    ----------
    key
        The layer's name in the plan file.
    areas
        The polygons, as `read_areas` returns them.
    study_area
        What they should fill; None where it is not known.
    """
    return [*_topology(key, areas), *([] if study_area is None else _missing(key, areas, study_area))]


def _topology(key: str, areas: gpd.GeoDataFrame) -> list[Finding]:
    problems = find_area_problems(areas)
    found = []
    for kind, said in _CALLED.items():
        rows = problems[problems["problem"] == kind]
        if rows.empty:
            continue
        area_m2 = float(rows["area_m2"].sum())
        ids = [str(label) for label in rows["ids"]]
        shown = "; ".join(ids[:3]) + ("; …" if len(ids) > 3 else "")  # noqa: PLR2004 - a few tell where to look
        found.append(
            Finding(
                "note" if kind == "sliver" else "warning",
                f"areas: {kind}",
                key,
                Said(
                    f"社区之间有 {len(rows):,} {said.zh}，共 {area_m2:,.0f} 平方米（{shown}）",
                    f"{len(rows):,} {said.en} of {area_m2:,.0f} m² together ({shown})",
                ),
                _ADVICE[kind],
                ids=tuple(ids),
                where=gpd.GeoSeries(rows.geometry, crs=areas.crs),
            )
        )
    return found


def _missing(key: str, areas: gpd.GeoDataFrame, study_area: gpd.GeoDataFrame) -> list[Finding]:
    whole = study_area.to_crs(areas.crs).geometry.union_all()
    filled = areas.geometry.union_all()
    missing = shapely.difference(whole, filled)
    share = shapely.area(missing) / shapely.area(whole)
    if share <= _GAP:
        return []
    apart = not shapely.intersects(whole, filled)
    return [
        Finding(
            "warning",
            "areas do not fill the study area",
            key,
            Said(
                "社区全部在研究范围之外"
                if apart
                else f"研究范围有 {share:.1%}（{shapely.area(missing) / _M2_PER_KM2:,.2f} 平方公里）不属于任何社区",
                "the communities all lie outside the study area"
                if apart
                else f"{share:.1%} of the study area ({shapely.area(missing) / _M2_PER_KM2:,.2f} km²) belongs to no "
                "community",
            ),
            Said(
                "请核对两个图层的坐标系；那里的需求不会出现在社区表里",
                "check the CRS of both layers; demand there is in no row of the tables by community",
            ),
            where=gpd.GeoSeries([missing], crs=areas.crs),
        )
    ]
