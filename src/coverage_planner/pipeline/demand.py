"""The demand of a group: spread, counted, weighed, scaled, and put together from several sources."""

import math
import warnings
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS

from coverage_planner.config import CommunitySource, DemandSource, GroupSettings, PointSource
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.main_roads import build_stretches
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.schema import Rejections
from coverage_planner.sources.areas import read_areas
from coverage_planner.sources.buildings import read_buildings
from coverage_planner.sources.poi_table import PoiTally
from coverage_planner.sources.pois import read_pois
from coverage_planner.sources.records import RecordTally, count_records
from coverage_planner.sources.spread import spread_counts

#: Cells with fewer records are withheld, where the plan says nothing else.
FEWEST_RECORDS = 10


def read_named_areas(source: CommunitySource | DemandSource, crs: CRS, rejected: Rejections) -> gpd.GeoDataFrame:
    """Read the polygons of a table of the plan; rows that cannot be used are added to `rejected`."""
    return read_areas(
        source.file,
        datum=source.datum,
        source_crs=source.source_crs,
        crs=crs,
        columns=source.columns or None,
        sheet=source.sheet,
        encoding=source.encoding,
        where=source.where or None,
        rejected=rejected,
    )


def spread_areas(
    source: DemandSource,
    crs: CRS,
    network: RoadNetwork | None,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    rejected: Rejections,
) -> tuple[gpd.GeoDataFrame, int]:
    """Spread the head counts of areas over the streets of the network, or over buildings.

    Parameters
    ----------
    source
        Areas with counts, with `spread` set.
    crs
        Projected CRS in metres of the result.
    network
        Its streets that one can step onto carry people; its water carries none.
    study_area, margin_m
        Where the streets are complete: of an area that reaches beyond, the people beyond are not put on the streets
        within.
    rejected
        Rows that cannot be used are added to it, with the reason.

    Returns
    -------
    points, rows
        Demand points, and how many areas they were made from.

    Raises
    ------
    InputError, SourceError
        The areas or buildings cannot be read, or there are no streets to spread them over.
    """
    if network is None:
        raise InputError(
            f"head counts of {source.file.name} must have streets to be spread over, got none that could be read; "
            "correct [roads] first"
        )
    areas = read_named_areas(source, crs, rejected)
    water = network.obstacles[(network.obstacles["kind"] == "water").to_numpy()]
    complete = None
    if source.buildings is not None:
        whole = gpd.GeoDataFrame(geometry=areas.geometry)
        over = read_buildings(source.buildings, crs=crs, study_area=whole, rejected=rejected)
    else:
        steps_on = np.logical_or.reduce([graph.snappable for graph in network.graphs.values()])
        over = network.edges[steps_on]
        complete = None if study_area is None else study_area.to_crs(crs).buffer(margin_m)
    points = spread_counts(areas, over, spacing_m=source.spacing_m, avoid=water, complete_in=complete, crs=crs)
    return points, len(areas)


def count_on_map(
    source: DemandSource,
    crs: CRS,
    network: RoadNetwork | None,
    study_area: gpd.GeoDataFrame | None,
    rejected: Rejections,
) -> tuple[gpd.GeoDataFrame, int]:
    """Count records of places by hexagon or by street of the network.

    Parameters
    ----------
    source
        Records, with `cell_m` or `on_streets` set.
    crs, network, study_area, rejected
        As for `spread_areas`; only records inside the study area count.

    Returns
    -------
    points, rows
        Demand points, and how many records they were made from.

    Raises
    ------
    InputError, SourceError
        The records cannot be read, or there are no streets to count them on.
    """
    if network is None and source.on_streets:
        raise InputError(
            f"records of {source.file.name} must have streets to be counted on, got none that could be read; correct "
            "[roads] first"
        )
    tally = RecordTally()
    points = count_records(
        source.file,
        cell_m=source.cell_m,
        streets=network.edges if network is not None and source.on_streets else None,
        study_area=study_area,
        minimum=FEWEST_RECORDS if source.minimum is None else math.ceil(source.minimum),
        datum=source.datum,
        source_crs=source.source_crs,
        crs=crs,
        columns=source.columns or None,
        encoding=source.encoding,
        hours=source.hours or None,
        dates=source.dates or None,
        rejected=rejected,
        tally=tally,
    )
    for count, where in ((tally.outside, "lie outside the study area"), (tally.other_times, "are of other times")):
        if count:
            warnings.warn(
                f"{count:,} of {tally.rows:,} records of {source.file.name} {where} and do not count", stacklevel=2
            )
    return points, tally.rows - sum(tally.refused.values())


def read_places(
    table: str,
    source: PointSource,
    crs: CRS,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    rejected: Rejections,
) -> gpd.GeoDataFrame:
    """Read points of interest of an OpenStreetMap file; those of demand get their weight.

    A place that is drawn twice, as a node and as its building, is there once, with a remark.
    """
    wanted = source.osm
    tags = (
        list(wanted)
        if isinstance(wanted, tuple)
        else {key: True if values is True else list(values) for key, values in wanted.items()}
    )
    tally = PoiTally()
    places = read_pois(
        source.file, tags, crs=crs, study_area=study_area, margin_m=margin_m, duplicates="merge", tally=tally
    )
    numbers = {str(label): number for number, label in enumerate(places["id"], start=1)}
    rejected.remark(
        source=source.file.name,
        table=table,
        labels=tally.buildings_of.values(),
        row_numbers=[numbers[building] for building in tally.buildings_of.values()],
        column="id",
        given=tally.buildings_of,
        remark="drawn a second time, as a node inside it: counted once",
    )
    if isinstance(source, DemandSource):
        places = weigh_places(places, source)
    return places.drop(columns=[name for name in ("set", "duplicate_of") if name in places.columns])


def weigh_places(table: gpd.GeoDataFrame, source: DemandSource) -> gpd.GeoDataFrame:
    """Give points of interest the plan's weight of their set or kind; else that of their set, and 1 without one."""
    by_name = dict(source.weights)
    usual = table["demand"].astype(float) if "demand" in table.columns else pd.Series(1.0, index=table.index)
    named = [table[name] for name in ("set", "kind") if name in table.columns]
    weights = pd.Series(np.nan, index=table.index)
    for names in named:
        weights = weights.fillna(names.map(by_name).astype(float))
    unknown = sorted(set(by_name).difference(*map(set, named)))
    if unknown:
        warnings.warn(f"weights of {unknown} match no point of {source.file.name}", stacklevel=2)
    return table.assign(demand=weights.fillna(usual))


def scale_demand(table: gpd.GeoDataFrame, source: DemandSource, group: str) -> gpd.GeoDataFrame:
    """Scale the demand that counts, that inside the study area, to the sum the plan states.

    Raises
    ------
    InputError
        There is none.
    """
    total = float(table["demand"].sum())
    if not total > 0:
        raise InputError(
            f"demand of {group} must not be all zero, got {len(table)} points of {source.file.name} without any; "
            "check the column of the demand, or the weights"
        )
    return table if source.sum is None else table.assign(demand=table["demand"] * (source.sum / total))


def drive_past(group: GroupSettings, network: RoadNetwork, study_area: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Lay a group that drives past on the main roads, with weights that add up to what the plan says.

    Raises
    ------
    InputError
        There are no main roads of these classes, or all weigh nothing.
    """
    roads = group.main_roads
    if roads is None:
        raise InputError(f"group {group.name!r} must have main_roads to drive past on, got none")
    stretches = build_stretches(
        network,
        group.mode,
        weights=roads.per_km,
        spacing_m=roads.spacing_m,
        ahead_m=roads.ahead_m,
        study_area=study_area,
    )
    total = float(stretches["demand"].sum())
    if not total > 0:
        raise InputError(
            f"main_roads of group {group.name!r} must have weights above zero on some street, got none on classes "
            f"{name_some(roads.per_km)}; add classes that the streets here have"
        )
    return stretches if roads.sum is None else stretches.assign(demand=stretches["demand"] * (roads.sum / total))


def put_together(sources: Sequence[DemandSource], tables: Sequence[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put the tables of a group's sources together; every point keeps where it comes from and for whom it stands.

    Parameters
    ----------
    sources
        As the plan names them.
    tables
        Shape (sources,): demand tables in one CRS.

    Returns
    -------
    GeoDataFrame
        One demand table. With several sources, or a `label`, ``source`` says which: the label, or the file's name,
        before what the table itself says. A `group` fills ``group`` where the table says none. Ids that stand in
        several sources get the source before them.

    Raises
    ------
    ConfigError
        Two sources have the same label.
    """
    several = len(sources) > 1
    labels = [source.label or source.file.name for source in sources]
    if len(set(labels)) < len(labels):
        twice = [label for label in dict.fromkeys(labels) if labels.count(label) > 1]
        raise ConfigError(
            f"sources of demand must be told apart by their labels, got {name_some(twice)} more than once; add a label "
            'to each: demand = [ { file = "…", label = "…" }, … ]'
        )
    labelled = [
        _with_origin(table, label if several or source.label else None, source.group)
        for source, table, label in zip(sources, tables, labels, strict=True)
    ]
    if not several:
        return labelled[0]
    if pd.concat([table["id"] for table in labelled]).duplicated().any():
        labelled = [
            table.assign(id=[f"{label}/{name}" for name in table["id"]])
            for label, table in zip(labels, labelled, strict=True)
        ]
    return gpd.GeoDataFrame(pd.concat(labelled, ignore_index=True), geometry="geometry", crs=labelled[0].crs)


def _with_origin(table: gpd.GeoDataFrame, label: str | None, group: str | None) -> gpd.GeoDataFrame:
    told = table
    if label is not None:
        given = told["source"] if "source" in told.columns else pd.Series(np.nan, index=told.index)
        told = told.assign(source=[label if pd.isna(own) else f"{label}: {own}" for own in given])
    if group is not None:
        own = told["group"].fillna(group) if "group" in told.columns else group
        told = told.assign(group=own)
    return told
