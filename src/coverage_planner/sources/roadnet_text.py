"""Streets from the text format of the City Brain Challenge: intersections, roads, signals.

Format, one record a line, values separated by spaces (KDD Cup 2021, documentation of CBEngine)::

    2067                                                number of intersections
    28.7198772 115.8430195 11113456629 0                latitude longitude id signalised(0/1)
    3041                                                number of roads; three lines each
    22296635640 41704581960 1016.0 16.67 3 3 1 2        from to length(m) speed(m/s) lanes lanes id id, per direction
    1 0 0 0 1 0 0 0 1                                   movements of the lanes of either direction, not used here
    1 0 0 0 1 0 0 0 1
    1004                                                number of signals
    42266617929 327 3 4004 4005                         intersection and its approaches, not used here

What the format does not say: road classes (all get 'road', open to everybody; the speeds are signed speeds of main
roads), shapes (roads are drawn straight), names, and the datum.

Lengths
-------
A road cannot be shorter than the straight line between its ends. Where a stated length is, either it or a position is
wrong and nothing in the file says which. The longer one, the straight line, is taken, so that no reach is claimed that
may not be there; each road for which that changes more than a metre (the file's rounding) gets a remark.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import InputError, SourceError, name_some
from coverage_planner.schema import Rejections, Roads
from coverage_planner.sources.datum import Datum, check_datum, to_wgs84
from coverage_planner.sources.edges import find_repeats, roads_from_edges
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.road_noding import note_shared
from coverage_planner.sources.segments import WGS84, CrsLike

_KPH_PER_MPS = 3.6
_GEOD = pyproj.Geod(ellps="WGS84")
#: Lengths are whole metres.
_ROUNDING_M = 1.0
#: Values in a record of an intersection and of a road.
_NODE_VALUES, _ROAD_VALUES = 4, 8
_MOST_LAT, _MOST_LON = 90.0, 180.0

SHORTER = "stated length is shorter than the straight line between the ends; the straight line counts"


@dataclass(frozen=True, eq=False)
class _Text:
    """The records of a file: intersections and roads, as numbers, with the line of the file that each stands in."""

    node_ids: NDArray[np.int64]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    signal: NDArray[np.bool_]
    roads: pd.DataFrame


def read_roadnet_text(
    path: Path,
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
    datum: Datum = "wgs84",
    cleaning: RoadCleaning | None = None,
) -> Roads:
    """Read a road network of the City Brain format; see `read_roads` for arguments.

    Returns
    -------
    Roads
        One segment a road, with ``maxspeed`` in km/h and ``oneway`` where one direction has no lanes; signalised
        intersections are nodes with ``highway`` 'traffic_signals'.

    Warns
    -----
    UserWarning
        Lengths are shorter than the straight line.

    Raises
    ------
    SourceError
        The file is no such text, or is cut short.
    InputError
        Roads that cannot be used, and no `rejected`; intersections that repeat, or that lie nowhere on the globe.
    """
    check_datum(datum, path.name)
    text = _parse(path)
    text_lon, text_lat = to_wgs84(text.lon, text.lat, datum)
    roads = _refuse_roads(text, path.name, rejected)
    tail, head = (_positions(text.node_ids, roads[name]) for name in ("u", "v"))
    straight_m = _GEOD.inv(text_lon[tail], text_lat[tail], text_lon[head], text_lat[head])[2]
    stated_m = roads["length_m"].to_numpy(dtype=float)
    _tell_short(roads, stated_m, straight_m, path.name, rejected)
    ends = np.column_stack([text_lon[tail], text_lat[tail], text_lon[head], text_lat[head]]).reshape(-1, 2, 2)
    edges = gpd.GeoDataFrame(
        {
            "u": roads["u"], "v": roads["v"], "length_m": np.maximum(stated_m, straight_m),
            "highway": ["road"] * len(roads), "maxspeed": [_kph(speed) for speed in roads["speed_mps"]],
            "oneway": _oneway(roads), "row_number": roads["row_number"],
        },
        geometry=shapely.linestrings(ends),
        crs=WGS84,
    )  # fmt: skip
    signals = np.flatnonzero(text.signal)
    nodes = pd.DataFrame({
        "node_id": text.node_ids[signals], "x": text_lon[signals], "y": text_lat[signals],
        "highway": ["traffic_signals"] * len(signals),
    })  # fmt: skip
    found = roads_from_edges(edges, nodes, crs=crs, study_area=study_area, margin_m=margin_m, source=path.name)
    if cleaning is not None:
        cleaning.source = path.name
        note_shared(cleaning, edges, find_repeats(edges), found, study_area=study_area, margin_m=margin_m)
    return found


def _no_text(path: Path, where: str) -> SourceError:
    return SourceError(
        f"a .txt file of roads must be a City Brain road network (the number of intersections, a line 'latitude "
        f"longitude id signalised' for each, the number of roads, three lines for each), got {where} in {path.name}; "
        "give another file, or export it again"
    )


def _parse(path: Path) -> _Text:
    try:
        records = [line.split() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise _no_text(path, f"bytes that are no text at {error.start}") from error
    while records and not records[-1]:
        records.pop()
    n_nodes = _count(path, records, 0)
    nodes = _numbers(path, records, 1, n_nodes, 1, _NODE_VALUES)
    n_roads = _count(path, records, 1 + n_nodes)
    at = 2 + n_nodes
    roads = _numbers(path, records, at, n_roads, 3, _ROAD_VALUES)
    ids = _whole(path, records, 1, n_nodes, 1, 2)
    table = pd.DataFrame({
        "u": _whole(path, records, at, n_roads, 3, 0), "v": _whole(path, records, at, n_roads, 3, 1),
        "length_m": roads[:, 2], "speed_mps": roads[:, 3], "lanes": roads[:, 4], "lanes_back": roads[:, 5],
        "row_number": at + 1 + 3 * np.arange(n_roads),
    })  # fmt: skip
    repeated = pd.Series(ids)[pd.Series(ids).duplicated()]
    if len(repeated):
        raise InputError(
            f"intersections of {path.name} must have an id each; repeated: {name_some(repeated)}; correct them"
        )
    lat, lon = nodes[:, 0], nodes[:, 1]
    lost = ~((np.abs(lat) <= _MOST_LAT) & (np.abs(lon) <= _MOST_LON))
    if lost.any():
        raise InputError(
            f"intersections of {path.name} must have latitude and longitude in degrees, in this order; not so in lines "
            f"{name_some(np.flatnonzero(lost) + 2)}; correct them"
        )
    return _Text(ids, lat, lon, nodes[:, 3] > 0, table)


def _count(path: Path, records: list[list[str]], at: int) -> int:
    """Read a line that holds a number of records."""
    if at >= len(records):
        raise _no_text(path, f"an end after {len(records)} lines, before line {at + 1}")
    if len(records[at]) != 1 or not records[at][0].isdecimal():
        raise _no_text(path, f"{' '.join(records[at])[:40]!r} in place of a count in line {at + 1}")
    return int(records[at][0])


def _numbers(path: Path, records: list[list[str]], at: int, count: int, every: int, width: int) -> NDArray[np.float64]:
    """Read the first line of every record as numbers; a record has `every` lines."""
    last = at + count * every
    if last > len(records):
        raise _no_text(path, f"an end after {len(records)} of at least {last} lines")
    values = np.empty((count, width))
    for number in range(count):
        cells = records[at + number * every]
        try:
            if len(cells) != width:
                raise ValueError  # noqa: TRY301 - one message for both
            values[number] = [float(cell) for cell in cells]
        except ValueError as error:
            where = f"{' '.join(cells)[:40]!r} in place of {width} numbers in line {at + number * every + 1}"
            raise _no_text(path, where) from error
    return values


def _whole(path: Path, records: list[list[str]], at: int, count: int, every: int, cell: int) -> NDArray[np.int64]:
    """Read an id of every record; as text, for numbers beyond 2^53 are no exact floats."""
    try:
        return np.array([int(records[at + number * every][cell]) for number in range(count)], dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise _no_text(path, "ids that are no whole numbers") from error


def _positions(node_ids: NDArray[np.int64], wanted: "pd.Series[int]") -> NDArray[np.int64]:
    order = np.argsort(node_ids)
    return order[np.searchsorted(node_ids, wanted.to_numpy(), sorter=order)]


def _refuse_roads(text: _Text, what: str, rejected: Rejections | None) -> pd.DataFrame:
    """Return the roads that can be used; put the others into `rejected`, or raise where there is none."""
    roads = text.roads
    known = roads["u"].isin(text.node_ids) & roads["v"].isin(text.node_ids)
    lanes = (roads["lanes"] > 0) | (roads["lanes_back"] > 0)
    positive = np.isfinite(roads["length_m"]) & (roads["length_m"] > 0)
    faults = (
        (~known, "an end is no intersection of the file"),
        (roads["u"] == roads["v"], "both ends are the same intersection"),
        (~positive, "length_m is not a positive number"),
        (~lanes, "neither direction has lanes"),
    )
    bad = np.zeros(len(roads), dtype=bool)
    for wrong, reason in faults:
        numbers = roads.loc[wrong & ~bad, "row_number"].tolist()
        bad |= wrong.to_numpy()
        if numbers and rejected is None:
            raise InputError(
                f"every road of {what} must be usable; {reason} in lines {name_some(numbers)}; correct or remove them, "
                "or give rejected= to go on without them"
            )
        if numbers and rejected is not None:
            rejected.add(source=what, table="roads", labels=numbers, reason=reason, row_numbers=numbers)
    if bad.all():
        raise InputError(f"{what} must hold at least one usable road, got {len(roads)} that are not; check the file")
    return roads[~bad].reset_index(drop=True)


def _tell_short(
    roads: pd.DataFrame,
    stated_m: NDArray[np.float64],
    straight_m: NDArray[np.float64],
    what: str,
    rejected: Rejections | None,
) -> None:
    short = straight_m - stated_m > _ROUNDING_M
    if not short.any():
        return
    numbers = roads.loc[short, "row_number"].tolist()
    if rejected is not None:
        given = [f"{stated:g} m, straight line {straight:.1f} m" for stated, straight
                 in zip(stated_m[short], straight_m[short], strict=True)]  # fmt: skip
        rejected.remark(
            source=what, table="roads", labels=numbers, row_numbers=numbers, column="length_m", given=given,
            remark=SHORTER,
        )  # fmt: skip
    ratio = stated_m[short] / straight_m[short]
    warnings.warn(
        f"roads of {what} should not be shorter than the straight line between their ends; {len(numbers)} of "
        f"{len(roads)} are, by more than a metre, {int((ratio < 0.9).sum())} of them by more than a tenth (the worst "  # noqa: PLR2004
        f"is stated as {ratio.min():.2f} of it), in lines {name_some(numbers)}; the straight line counts for these",
        stacklevel=3,
    )


def _kph(speed_mps: float) -> str | None:
    return f"{round(speed_mps * _KPH_PER_MPS, 1):g}" if speed_mps > 0 else None


def _oneway(roads: pd.DataFrame) -> list[str | None]:
    """Say which way a road runs: the first lanes go from its first intersection to its second."""
    there, back = roads["lanes"].to_numpy() > 0, roads["lanes_back"].to_numpy() > 0
    return [None if a and b else "yes" if a else "-1" for a, b in zip(there, back, strict=True)]
