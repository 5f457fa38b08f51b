"""Everything a plan names besides its streets -> checked tables, with what was refused and how much was read."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from coverage_planner.config import CommunitySource, DemandSource, GroupSettings, LayerSource, Plan, PointSource
from coverage_planner.coverage.areas import assign_subdistricts
from coverage_planner.errors import InputError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.demand import (
    count_on_map,
    drive_past,
    put_together,
    read_named_areas,
    read_places,
    scale_demand,
    spread_areas,
)
from coverage_planner.pipeline.services import join_stops, rename_services
from coverage_planner.pipeline.streets import Streets, count_rows
from coverage_planner.schema import Rejections
from coverage_planner.sources.areas import read_areas
from coverage_planner.sources.calendar import read_calendar
from coverage_planner.sources.mobile import read_mobile_stops
from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
from coverage_planner.sources.population import read_population
from coverage_planner.sources.profiles import read_profile
from coverage_planner.sources.record_faults import count_refused

#: What stops of service buses are called in the list of refused rows.
MOBILE = "mobile stops"
_READERS = {
    "facilities": read_facilities,
    "premises": read_candidates,
    "demand": read_demand,
    MOBILE: read_mobile_stops,
}
_STUDY_AREA = "the study area"


@dataclass(frozen=True, eq=False)
class Inputs:
    """The tables of a plan, in one metric CRS.

    Attributes
    ----------
    study_area, communities
        Polygons, or None where the plan has none.
    facilities
        Stations in the study area and its margin.
    demand
        Group name -> demand inside the study area.
    premises
        Places where a site could open, inside the study area; None where the plan has none.
    mobile
        Stops of service buses and vending trucks in the study area and its margin; None where the plan has none.
    layers
        Name -> points that are counted inside the circles, in the study area and its margin.
    profiles
        Group name -> how many of it are about at each hour; groups without are left out.
    margin_m
        How far the roads and facilities reach beyond the study area.
    rows
        One entry per input: ``table``, ``file``, ``sha256``, ``read``, ``rejected``, ``kept``.
    """

    study_area: gpd.GeoDataFrame | None
    communities: gpd.GeoDataFrame | None
    facilities: gpd.GeoDataFrame
    demand: Mapping[str, gpd.GeoDataFrame]
    premises: gpd.GeoDataFrame | None
    mobile: gpd.GeoDataFrame | None
    layers: Mapping[str, gpd.GeoDataFrame]
    profiles: Mapping[str, pd.DataFrame]
    margin_m: float
    rows: list[dict[str, object]]


def read_inputs(plan: Plan, streets: Streets, rejected: Rejections) -> Inputs:
    """Read what a plan names besides its streets.

    Parameters
    ----------
    plan
        The plan.
    streets
        Its network, study area and margin.
    rejected
        Rows that cannot be used are added to it, with the reason.

    Raises
    ------
    InputError, SourceError
        An input cannot be read, or nothing of it remains.
    """
    counts = list(streets.rows)
    crs = CRS.from_user_input(streets.network.edges.crs)
    study_area, margin_m = streets.study_area, streets.margin_m
    wide = None if study_area is None else shapely.buffer(study_area.geometry.union_all(), margin_m)
    inside = None if study_area is None else study_area.geometry.union_all()

    def points(
        table: str, source: PointSource, area: Any, region: str, of: str = "", *, called: str = ""
    ) -> gpd.GeoDataFrame:
        start, remarked = len(rejected.rows), len(rejected.remarks)
        found, rows = read_points(
            table, source, crs, study_area, margin_m, rejected, streets.network, calendar=plan.hours.calendar
        )
        if source.form == "areas":  # its points are no rows of the file
            kept = _clip(found, area, f"{table}{of}", source.file.name, region)
        elif source.form == "records":  # clipped record by record
            kept = found
        else:
            what = (called or table) + of
            kept = _keep_inside(found, area, rejected, table=table, what=what, source=source.file.name, region=region)
            rows = len(kept)
        for row in (*rejected.rows[start:], *rejected.remarks[remarked:]):
            row["table"] = called or table
        counts.append(count_rows((called or table) + of, source.file, rows, count_refused(rejected.rows[start:])))
        return kept

    communities, before = None, len(rejected.rows)
    if plan.communities is not None:
        communities = read_communities(plan.communities, crs, rejected)
        counts.append(count_rows("communities", plan.communities.file, len(communities), len(rejected.rows) - before))

    def people(group: GroupSettings) -> gpd.GeoDataFrame:
        if group.main_roads is not None:
            return drive_past(group, streets.network, study_area)
        tables = [points("demand", source, inside, _STUDY_AREA, f" of {group.name}") for source in group.sources]
        scaled = [scale_demand(table, of, group.name) for table, of in zip(tables, group.sources, strict=True)]
        return put_together(group.sources, scaled)

    def counted(layer: LayerSource) -> gpd.GeoDataFrame:
        found = points("facilities", layer_source(layer), wide, near, f" of {layer.name}", called="layer")
        return (
            found.rename(columns={"capacity": "count"})
            if layer.count
            else found.drop(columns="capacity", errors="ignore")
        )

    near = f"{_STUDY_AREA} and its margin of {margin_m:.0f} m"
    also = plan.services.also
    stops = [points(MOBILE, source, wide, near) for source in plan.mobile]
    return Inputs(
        study_area=study_area,
        communities=communities,
        facilities=rename_services(points("facilities", plan.facilities, wide, near), also),
        demand={group.name: people(group) for group in plan.groups},
        premises=points("premises", plan.premises, inside, _STUDY_AREA) if plan.premises else None,
        mobile=rename_services(join_stops(stops, crs), also) if stops else None,
        layers={layer.name: counted(layer) for layer in plan.layers},
        profiles={group.name: read_profile(group.profile) for group in plan.groups if group.profile is not None},
        margin_m=margin_m,
        rows=counts,
    )


def layer_source(layer: LayerSource) -> LayerSource:
    """Return how a layer's table is read: a count may be missing, as a station's capacity may."""
    return replace(layer, columns={**layer.columns, "capacity": layer.count}) if layer.count else layer


def read_communities(source: CommunitySource, crs: CRS, rejected: Rejections) -> gpd.GeoDataFrame:
    """Read the communities, with their subdistricts from a layer of its own where the plan names one.

    Raises
    ------
    InputError, SourceError
        One of the layers cannot be read.
    """
    areas = read_named_areas(source, crs, rejected)
    if source.subdistricts is None:
        return areas
    return assign_subdistricts(areas, read_areas(source.subdistricts, datum=source.datum, crs=crs, rejected=rejected))


def read_points(
    table: str,
    source: PointSource,
    crs: CRS,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    rejected: Rejections,
    network: RoadNetwork | None,
    *,
    calendar: Path | None = None,
) -> tuple[gpd.GeoDataFrame, int]:
    """Read a table of points in whichever form it comes.

    Parameters
    ----------
    table
        'facilities', 'premises', 'demand' or 'mobile stops'.
    source
        Its table in the plan.
    crs
        Projected CRS in metres of the result.
    study_area, margin_m
        What is cut out of rasters and OpenStreetMap files; nothing else is clipped here.
    rejected
        Rows that cannot be used are added to it, with the reason.
    network
        The streets that head counts are spread over and records are counted on; None where there are none.
    calendar
        The plan's calendar of holidays, for the days of mobile stops; None: ours.

    Returns
    -------
    points, rows
        The table, and from how many rows of the file it was made.

    Raises
    ------
    InputError, SourceError
        It cannot be read, or needs streets and there are none.
    """
    name, start, remarked = source.file.name, len(rejected.rows), len(rejected.remarks)
    if isinstance(source, DemandSource) and source.form == "areas":
        return spread_areas(source, crs, network, study_area, margin_m, rejected)
    if isinstance(source, DemandSource) and source.form == "records":
        return count_on_map(source, crs, network, study_area, rejected)
    if source.form == "osm":
        points = read_places(table, source, crs, study_area, margin_m, rejected)
    elif source.form == "raster":
        if study_area is None:
            raise InputError(
                f"a raster of people must be cut out by a study area, got none for {name}; add [study_area] to the plan"
            )
        minimum = source.minimum if isinstance(source, DemandSource) else None
        points = read_population(source.file, study_area=study_area, crs=crs, minimum=minimum or 0.0)
    else:
        points = _READERS[table](
            source.file,
            datum=source.datum,
            source_crs=source.source_crs,
            crs=crs,
            columns=source.columns or None,
            sheet=source.sheet,
            header_row=source.header_row,
            encoding=source.encoding,
            where=source.where or None,
            study_area=study_area,
            rejected=rejected,
            **({"calendar": read_calendar(calendar)} if table == MOBILE else {}),
        )
    if source.form != "table":  # neither has rows: they are numbered as they come
        rejected.take(source=name, table=table, labels=points["id"], row_numbers=range(1, len(points) + 1))
    if isinstance(source, LayerSource) and source.count:
        _speak_of_counts(rejected.rows[start:], rejected.remarks[remarked:], source.count)
    return points, len(points)


def _speak_of_counts(refused: Sequence[dict[str, object]], remarks: Sequence[dict[str, object]], column: str) -> None:
    """Call the counts of a layer counts, and by the planner's own column, not the capacity that they are read as."""
    for row in refused:
        row["reason"] = re.sub(r"^capacity is\b", "count is", str(row["reason"]))
    for row in remarks:
        row["column"] = column if row["column"] == "capacity" else row["column"]


def _clip(points: gpd.GeoDataFrame, area: Any, what: str, source: str, region: str) -> gpd.GeoDataFrame:
    """Keep the points inside an area (all where it is None), and say how much demand lies outside."""
    if area is None:
        return points
    shapely.prepare(area)
    inside = np.asarray(shapely.intersects(area, points.geometry.to_numpy()))
    if not inside.any():
        raise InputError(
            f"{what} must have people inside {region}, but {source} has none there; check the study area, the datum "
            "and the coordinate reference system"
        )
    if not inside.all():
        weights = points["demand"].to_numpy(dtype=float)
        warnings.warn(
            f"{weights[~inside].sum():,.0f} of {weights.sum():,.0f} {what} in {source} lies outside {region} and does "
            "not count",
            stacklevel=2,
        )
    return points[inside].reset_index(drop=True)


def _keep_inside(
    points: gpd.GeoDataFrame, area: Any, rejected: Rejections, *, table: str, what: str, source: str, region: str
) -> gpd.GeoDataFrame:
    """Keep the points inside an area (all where it is None); the others are noted as rejected."""
    if area is None:
        return points
    shapely.prepare(area)
    inside = np.asarray(shapely.intersects(area, points.geometry.to_numpy()))
    if not inside.any():
        raise InputError(
            f"{what} must have points inside {region}, but {source} has none there, all are outside: "
            f"{name_some(points['id'])}; check the study area, the datum and the columns of the coordinates"
        )
    rejected.add(source=source, table=table, labels=points["id"].to_numpy()[~inside], reason=f"outside {region}")
    return points[inside].reset_index(drop=True)
