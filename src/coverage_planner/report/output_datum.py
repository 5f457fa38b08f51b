"""Positions in the datum of an online map: columns of tables that planners paste into it, and a GeoJSON for it.

Amap and Tencent show places in GCJ-02, Baidu in BD-09; a WGS 84 position pasted there is some hundred metres off. So
longitudes and latitudes are written in the datum asked for, in columns that carry its name, and never under the plain
names ``lon`` and ``lat``, which mean WGS 84 everywhere.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.report.run_file import plain
from coverage_planner.report.table_columns import SYNTHETIC_NOTE, Table
from coverage_planner.report.tables import DEGREE_DECIMALS
from coverage_planner.sources.datum import DATUMS, Datum, from_wgs84, to_wgs84

#: One decimal more than of WGS 84, so that the way back gives the very same position.
_DECIMALS = DEGREE_DECIMALS + 1
#: Layers that an online map shows; streets and demand points would make it too heavy.
ONLINE_LAYERS = (
    "study_area", "isochrones", "communities", "gaps", "candidates", "facilities", "sites", "proposed_sites",
)  # fmt: skip


def online_file(datum: Datum) -> str:
    """Return the name of the GeoJSON file in a datum."""
    return f"online_map_{datum}.geojson"


#: Every name that such a file can have.
ONLINE_FILES = tuple(online_file(datum) for datum in DATUMS if datum != "wgs84")


def in_datum(table: Table, datum: Datum) -> Table:
    """Return a table with its columns ``lon`` and ``lat`` (WGS 84) in a datum, named after it: ``lon_gcj02``, ….

    Tables without positions, and all tables for 'wgs84', come back as they are.
    """
    if datum == "wgs84" or "lon" not in table:
        return table
    lon, lat = from_wgs84(table["lon"], table["lat"], datum)
    written = table.assign(lon=lon.round(_DECIMALS), lat=lat.round(_DECIMALS))
    return written.rename(columns={"lon": f"lon_{datum}", "lat": f"lat_{datum}"})


def in_wgs84(table: Table, datum: Datum) -> Table:
    """Undo `in_datum`: columns ``lon`` and ``lat`` with the very values that they had."""
    names = {f"lon_{datum}": "lon", f"lat_{datum}": "lat"}
    if datum == "wgs84" or not set(names) <= set(table):
        return table
    plainly_named = table.rename(columns=names)
    lon, lat = to_wgs84(plainly_named["lon"], plainly_named["lat"], datum)
    return plainly_named.assign(lon=lon.round(DEGREE_DECIMALS), lat=lat.round(DEGREE_DECIMALS))


def write_online_map(layers: Mapping[str, gpd.GeoDataFrame], path: Path, datum: Datum, *, synthetic: bool) -> None:
    """Write the layers of `ONLINE_LAYERS` as one GeoJSON with coordinates in a datum.

    Parameters
    ----------
    layers
        Layer name -> layer, in any CRS.
    path
        The file.
    datum
        The datum of its coordinates, which stands in the file as ``datum``. GeoJSON proper is WGS 84: this file is for
        online maps that work in the datum, not for a GIS.
    synthetic
        Whether the data are made up; the file then says so.
    """
    features = [
        {"type": "Feature", "properties": {"layer": name} | record, "geometry": json.loads(geometry)}
        for name in ONLINE_LAYERS
        if name in layers
        for record, geometry in zip(_records(layers[name]), _geometries(layers[name], datum), strict=True)
    ]
    note = {"note": SYNTHETIC_NOTE} if synthetic else {}
    collection = {"type": "FeatureCollection", "datum": datum, **note, "features": features}
    path.write_text(json.dumps(collection, ensure_ascii=False, allow_nan=False), encoding="utf-8", newline="\n")


def _records(layer: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    table = pd.DataFrame(layer.drop(columns=layer.geometry.name))
    records: list[dict[str, Any]] = plain(table.to_dict("records"), "layer")
    return records


def _geometries(layer: gpd.GeoDataFrame, datum: Datum) -> list[str]:
    degrees = layer.geometry.to_crs("EPSG:4326").to_numpy()

    def convert(xy: np.ndarray) -> np.ndarray:
        return np.column_stack(from_wgs84(xy[:, 0], xy[:, 1], datum)).round(DEGREE_DECIMALS)

    return list(shapely.to_geojson(shapely.transform(degrees, convert)))
