"""What lies inside a circle: firms, workers, shops, communities within the cutoff of a station, or in a polygon."""

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, InputError, SchemaError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.schema import require_metric
from coverage_planner.traveltime.engine import check_limit, entry_delays, search_pairs
from coverage_planner.traveltime.times import Direction

#: Label of all stations together.
TOGETHER = ""
#: Measure word and name of what a layer counts, where the planner gives none: Chinese and English.
UNIT = ("个", "")
#: How a sum of the column ``count`` is said, where the planner gives nothing else.
COUNTED = ("人", "people")

_NO_UNITS: Mapping[str, tuple[str, str]] = MappingProxyType({})


def profile_service_areas(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    layers: Mapping[str, gpd.GeoDataFrame],
    *,
    mode: str,
    cutoff_s: float,
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
) -> pd.DataFrame:
    """Count the points of each layer within the cutoff of each station, and of all stations together.

    Each point counts by its own travel time over the streets, never by whether it lies in a polygon. Circles overlap: a
    point stands in the circle of every station that it reaches in time, and once in that of all together.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Stations: columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    layers
        Name -> points, metric CRS; an optional column ``count`` (for example workers of a firm) is summed.
    mode
        Name of a mode of the network.
    cutoff_s
        Longest acceptable time in seconds from door to door; a time equal to it counts.
    direction
        'to_facility' (people travel to the station) or 'from_facility'.
    snap_limit_m
        Farthest a point may lie from its street, metres; points beyond are in no circle.
    threads
        How many threads; all processors by default. The result does not depend on it.

    Returns
    -------
    pandas.DataFrame
        One row per station and layer, in the order of both, those of all stations together last: ``facility_id`` (''
        for all together), ``layer``, ``n`` (points), ``count`` (sum of the column; NaN where the layer has none).

    Raises
    ------
    ConfigError
        The cutoff is not positive, or the direction is unknown.
    CrsError, NetworkError, SchemaError
        No metric CRS; no such mode in the network; a layer holds something else than points, or counts that are no
        numbers from 0 up.

    Warns
    -----
    UserWarning
        Points have no street within the snap limit, or no count in a layer that has the column.
    """
    if direction not in get_args(Direction):
        raise ConfigError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
    limit_ms = check_limit(cutoff_s)
    graph = network.graph(mode)
    counts = {name: _read_counts(name, points) for name, points in layers.items()}
    stations = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    targets = snap_points(network, _put_together(network, layers), mode, limit_m=snap_limit_m)
    _warn_of_lost(targets, layers, mode, snap_limit_m)
    indptr, columns, _ = search_pairs(
        network,
        graph,
        stations,
        targets,
        limit_ms=limit_ms,
        reverse=direction == "to_facility",
        threads=threads,
        progress=None,
        delay_ms=entry_delays(facilities),
    )
    rows = np.repeat(np.arange(len(stations.ids)), np.diff(indptr))
    # all stations together are one row more, each of its points once
    reached = np.unique(columns)
    rows = np.concatenate((rows, np.full(len(reached), len(stations.ids))))
    columns = np.concatenate((columns, reached))
    return _count(np.append(stations.ids, TOGETHER), rows, columns, counts, "facility_id")


def profile_areas(areas: gpd.GeoDataFrame, layers: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Count the points of each layer in each polygon, for example a hand-drawn area or an isochrone.

    What lies in a station's circle by travel time is `profile_service_areas`: an isochrone is a picture of it.

    Parameters
    ----------
    areas
        Polygons with the column ``id``, metric CRS. Borders belong to the area; where areas overlap a point counts in
        each.
    layers
        Name -> points, metric CRS; an optional column ``count`` is summed.

    Returns
    -------
    pandas.DataFrame
        One row per area and layer, in the order of both: ``id``, ``layer``, ``n``, ``count`` (NaN where the layer has
        no such column).

    Raises
    ------
    CrsError, SchemaError
        No metric CRS; areas without ids; a layer holds something else than points, or counts that are no numbers from
        0 up.

    Warns
    -----
    UserWarning
        Points have no count in a layer that has the column.
    """
    require_metric(areas, "areas")
    if "id" not in areas:
        raise SchemaError(f"areas must have a column 'id', got {', '.join(map(str, areas.columns))}; add it")
    counts = {name: _read_counts(name, points) for name, points in layers.items()}
    places = [points.geometry.to_crs(areas.crs).to_numpy() for points in layers.values()]
    every = np.concatenate([np.empty(0, dtype=object), *places])
    # The tree holds the points, so that each polygon, which may have thousands of vertices, is prepared only once.
    area, point = shapely.STRtree(every).query(areas.geometry.to_numpy(), predicate="intersects")
    order = np.lexsort((point, area))
    return _count(areas["id"].to_numpy(dtype=object), area[order], point[order], counts, "id")


def describe_profile(
    rows: pd.DataFrame,
    *,
    units: Mapping[str, tuple[str, str]] = _NO_UNITS,
    counted: Mapping[str, tuple[str, str]] = _NO_UNITS,
    language: Literal["zh", "en"] = "zh",
) -> str:
    """Say what lies in one circle, such as '321 家企业、22 个组织、986 名劳动者'.

    Parameters
    ----------
    rows
        Rows of one station or area: ``layer``, ``n``, ``count``.
    units
        Layer -> its measure word in Chinese and its name in English, for example ``{"企业": ("家", "firms")}``. Without
        an entry the measure word is 个, and the layer's name stands in English too.
    counted
        Layer -> how the sum of its counts is said in Chinese (measure word and noun) and in English, for example
        ``{"企业": ("名劳动者", "workers")}``; 人 and people without an entry. Sums that are said alike are added.
    language
        'zh' or 'en'.

    Returns
    -------
    str
        The points of every layer in order, then the sums. Layers without any point are named with 0.

    Raises
    ------
    ConfigError
        Unknown language.
    InputError
        A layer stands in two rows: they are of several circles.

    Examples
    --------
    >>> rows = pd.DataFrame({"layer": ["企业", "组织"], "n": [321, 22], "count": [986.0, float("nan")]})
    >>> describe_profile(rows, units={"企业": ("家", "firms")}, counted={"企业": ("名劳动者", "workers")})
    '321 家企业、22 个组织、986 名劳动者'
    """
    if language not in ("zh", "en"):
        raise ConfigError(f"language must be one of zh, en, got {language!r}; choose one of them")
    if rows["layer"].duplicated().any():
        raise InputError(
            "rows must be those of one station or area, each layer once; repeated "
            f"{name_some(rows.loc[rows['layer'].duplicated(), 'layer'])}; choose one facility_id"
        )
    column = 0 if language == "zh" else 1
    said, sums = [], dict[str, float]()
    for layer, n, count in zip(rows["layer"], rows["n"], rows["count"], strict=True):
        unit = units.get(layer, UNIT)[column]
        said.append(f"{n:,} {unit}{layer}" if language == "zh" else f"{n:,} {unit or layer}")
        if not np.isnan(count):
            words = counted.get(layer, COUNTED)[column]
            sums[words] = sums.get(words, 0.0) + count
    said += [f"{_plain(value)} {words}" for words, value in sums.items()]
    return ("、" if language == "zh" else ", ").join(said)


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _count(
    labels: NDArray[np.object_],
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    counts: Mapping[str, NDArray[np.float64] | int],
    name: str,
) -> pd.DataFrame:
    """Count the pairs of row and point by row and layer; the points of the layers stand one after the other."""
    tables, begin = [], 0
    for layer, of_layer in counts.items():
        size = of_layer if isinstance(of_layer, int) else len(of_layer)
        own = (columns >= begin) & (columns < begin + size)
        row, n = rows[own], len(labels)
        sums = np.full(n, np.nan)
        if not isinstance(of_layer, int):
            known = np.nan_to_num(of_layer)
            sums = np.bincount(row, weights=known[columns[own] - begin], minlength=n).astype(np.float64)
        table = {name: labels, "layer": layer, "n": np.bincount(row, minlength=n), "count": sums, "row": np.arange(n)}
        tables.append(pd.DataFrame(table))
        begin += size
    if not tables:
        return pd.DataFrame({name: [], "layer": [], "n": np.zeros(0, dtype=np.int64), "count": np.zeros(0)})
    together = pd.concat(tables, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    return together.drop(columns="row")


def _read_counts(name: str, points: gpd.GeoDataFrame) -> NDArray[np.float64] | int:
    """Return the column ``count`` (NaN where it is blank), or the number of points where there is none."""
    what = f"layer {name!r}"
    require_metric(points, what)
    shapes = points.geometry.to_numpy()
    wrong = (shapely.get_type_id(shapes) != shapely.GeometryType.POINT) | shapely.is_empty(shapes)
    if wrong.any():
        raise SchemaError(
            f"{what} must hold points, got something else in the rows {name_some(np.flatnonzero(wrong))}; "
            "take their representative points, or leave them out"
        )
    if "count" not in points:
        return len(points)
    given = points["count"]
    counts: NDArray[np.float64] = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    refused = given.notna().to_numpy() & ~((counts >= 0) & np.isfinite(counts))
    if refused.any():
        raise SchemaError(
            f"counts of {what} must be numbers from 0 up, got {name_some(given[refused])} in the rows "
            f"{name_some(np.flatnonzero(refused))}; correct them, or leave them blank"
        )
    blank = np.isnan(counts)
    if blank.any():
        warnings.warn(
            f"{what} has points without a count, rows {name_some(np.flatnonzero(blank))}; they add nothing to the sums",
            stacklevel=3,
        )
    return counts


def _put_together(network: RoadNetwork, layers: Mapping[str, gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Put the points of all layers into one table, in the network's CRS; labels are row numbers."""
    places = [points.geometry.to_crs(network.crs).to_numpy() for points in layers.values()]
    every = np.concatenate([np.empty(0, dtype=object), *places])
    labels = np.array([str(number) for number in range(len(every))], dtype=object)
    return gpd.GeoDataFrame({"id": labels}, geometry=every, crs=network.crs)


def _warn_of_lost(targets: Positions, layers: Mapping[str, gpd.GeoDataFrame], mode: str, snap_limit_m: float) -> None:
    begin = 0
    for name, points in layers.items():
        lost = np.flatnonzero(~targets.snapped[begin : begin + len(points)])
        begin += len(points)
        if len(lost):
            labels = points["id"].to_numpy(dtype=object)[lost] if "id" in points else lost
            warnings.warn(
                f"points of layer {name!r} must lie within {snap_limit_m:g} m of a street for {mode}, with no obstacle "
                f"between, to be in a circle; not so {name_some(labels)}; they are in none",
                stacklevel=3,
            )
