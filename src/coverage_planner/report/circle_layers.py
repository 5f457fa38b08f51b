"""The complete circle of a plan -> layers of result.gpkg: hubs and satellites, gaps at moments, who is served."""

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from coverage_planner.report.circle_columns import CIRCLE_LAYERS
from coverage_planner.report.circle_tables import gaps_at, mobile_stops, moments_of, satellites

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coverage_planner.scenario.circle import Circle, CircleStudy


def circle_layers(study: "CircleStudy | None", crs: Any) -> dict[str, gpd.GeoDataFrame]:
    """Make the layers of a plan's services, hours, levels and capacities.

    Parameters
    ----------
    study
        The circles of today and of the proposal, or None.
    crs
        The network's CRS.

    Returns
    -------
    dict
        Layer name -> layer with the columns of `circle_columns.CIRCLE_LAYERS`; those of which there is nothing have
        their columns and no rows.
    """
    empty = {
        name: gpd.GeoDataFrame({column: [] for column in columns}, geometry=[], crs=crs)
        for name, (_, columns) in CIRCLE_LAYERS.items()
    }
    if study is None:
        return empty
    found = {
        "hub_links": hub_links(study.circles, crs),
        "gaps_at": gaps_at(study.circles),
        "demand_served": _demand_served(study.circles, crs),
        "unserved_at": _unserved_at(study.circles, crs),
        "mobile_stops": mobile_stops(study),
    }
    return empty | {name: layer for name, layer in found.items() if layer is not None and len(layer)}


def hub_links(circles: "Sequence[Circle]", crs: Any) -> gpd.GeoDataFrame | None:
    """Draw a straight line from each hub to each of its satellites."""
    table = satellites(circles)
    if table is None:
        return None
    linked = table[table["hub_id"].notna()].reset_index(drop=True)
    lines = [shapely.LineString([end, start]) for start, end in zip(linked["start"], linked["end"], strict=True)]
    links = gpd.GeoDataFrame(linked.drop(columns=["start", "end"]), geometry=lines, crs=circles[0].facilities.crs)
    return links.to_crs(crs)


def _demand_served(circles: "Sequence[Circle]", crs: Any) -> gpd.GeoDataFrame:
    tables = [
        group.points.assign(scenario=circle.scenario, group=name, geometry=_geometry(group.group.demand, crs))
        for name in circles[0].groups
        for circle in circles
        for group in (circle.groups[name],)
    ]
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), geometry="geometry", crs=crs)


def _unserved_at(circles: "Sequence[Circle]", crs: Any) -> gpd.GeoDataFrame | None:
    tables = []
    for name in circles[0].groups:
        for circle in circles:
            points = circle.groups[name].points.assign(geometry=_geometry(circle.groups[name].group.demand, crs))
            for moment in moments_of(points):
                rows = points[["id", "demand", "geometry"]].assign(reason=points[f"reason {moment}"])
                rows = rows[rows["reason"].notna()]
                tables.append(rows.assign(scenario=circle.scenario, group=name, moment=moment))
    filled = [table for table in tables if len(table)]
    if not filled:
        return None
    return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), geometry="geometry", crs=crs)


def _geometry(demand: gpd.GeoDataFrame, crs: Any) -> Any:
    return demand.geometry.to_crs(crs).to_numpy()
