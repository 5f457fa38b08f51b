"""What stations and service buses offer, in a plan's own words -> the ids of services."""

import re
from collections.abc import Mapping, Sequence

import geopandas as gpd
import pandas as pd
from pyproj import CRS

from coverage_planner.errors import InputError, name_some
from coverage_planner.sources.signs import plain

_LISTED = re.compile(r"\s*;\s*")


def offered_services(table: gpd.GeoDataFrame | None) -> list[str]:
    """Return the ids that stand in a table of stations, each once, in order."""
    if table is None or "services" not in table:
        return []
    cells = table["services"].dropna().astype(str)
    return list(dict.fromkeys(service for cell in cells for service in _LISTED.split(cell.strip()) if service))


def rename_services(table: gpd.GeoDataFrame, also: Mapping[str, Sequence[str]]) -> gpd.GeoDataFrame:
    """Write a plan's further spellings of services ([services.also]) as their ids.

    Parameters
    ----------
    table
        Stations, with ``services`` separated by ';'.
    also
        Service -> further spellings.

    Returns
    -------
    GeoDataFrame
        The table; each service stands once in a cell.
    """
    if not also or "services" not in table:
        return table
    ids = {plain(text).casefold(): service for service, texts in also.items() for text in (service, *texts)}

    def rename(cell: object) -> object:
        if not isinstance(cell, str):
            return cell
        named = [ids.get(plain(text).casefold(), text) for text in _LISTED.split(cell.strip()) if text]
        return ";".join(dict.fromkeys(named))

    return table.assign(services=table["services"].map(rename))


def join_stops(tables: Sequence[gpd.GeoDataFrame], crs: CRS) -> gpd.GeoDataFrame:
    """Put the stops of several tables together.

    Raises
    ------
    InputError
        An id stands in several of them.
    """
    stops = gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=crs)
    repeated = stops["id"][stops["id"].duplicated()]
    if len(repeated):
        raise InputError(
            f"ids of mobile stops must not repeat, got {name_some(repeated)} in several files; rename them"
        )
    return stops
