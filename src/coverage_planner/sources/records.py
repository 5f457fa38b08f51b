"""Orders or GPS positions, millions of them -> demand points by hexagon or street, so that no one can be traced.

Method, privacy and limits: docs/methods-demand.md. Speed and memory: benchmarks/records.py.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, CrsError, InputError
from coverage_planner.schema import Rejections, check_table
from coverage_planner.sources.aliases import ALIASES
from coverage_planner.sources.cell_counts import CellCounts
from coverage_planner.sources.datum import Datum
from coverage_planner.sources.headers import check_column_datum, find_columns
from coverage_planner.sources.nearest_streets import NONE
from coverage_planner.sources.record_cells import (
    WEIGHT_PARTS,
    TimeFilter,
    blanks_of,
    numbers_of,
    seconds_of,
    weights_of,
)
from coverage_planner.sources.record_faults import FaultyRecords, noting_faults
from coverage_planner.sources.record_grids import HexagonCells, StreetCells
from coverage_planner.sources.record_positions import Positions
from coverage_planner.sources.record_stream import Chunk, RecordFile, open_records, stream_records
from coverage_planner.sources.tables import AnyPath, RawTable
from coverage_planner.units import Progress

_Floats = NDArray[np.float64]

#: As `ALIASES`, for files of records. Riders and weights only count where `columns` names them.
RECORD_ALIASES: Mapping[str, tuple[str, ...]] = {
    "lon": (*ALIASES["lon"], "下单经度", "收货经度", "收件经度", "取货经度", "pickup_longitude", "start_lng"),
    "lat": (*ALIASES["lat"], "下单纬度", "收货纬度", "收件纬度", "取货纬度", "pickup_latitude", "start_lat"),
    "time": (
        "time", "timestamp", "datetime", "时间", "日期时间", "下单时间", "订单时间", "定位时间", "采集时间", "gps_time",
        "create_time", "created_at", "时间戳",
    ),
    "rider": (),
    "weight": (),
}  # fmt: skip

#: Smaller cells are smaller than what positions are accurate to, metres.
_SMALLEST_CELL_M = 1.0
#: So many positions tell whether x and y are exchanged.
_SAMPLE = 1000
#: Total weight up to which sums are exact.
_HEAVIEST_TOTAL = 9e12


@dataclass(eq=False)
class RecordTally:
    """What became of the records of a file; handed to `count_records`, which fills it.

    Attributes
    ----------
    rows
        Rows below the header.
    counted
        Records that are in a cell, shown or not.
    outside
        Records outside the study area.
    other_times
        Records outside the hours and dates asked for.
    refused
        Reason -> rows that could not be used.
    cells, withheld_cells
        Cells with records; those of them with too few to be shown.
    demand, withheld_demand
        Sum of the demand that is shown; of that which is not.
    """

    rows: int = 0
    counted: int = 0
    outside: int = 0
    other_times: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    cells: int = 0
    withheld_cells: int = 0
    demand: float = 0.0
    withheld_demand: float = 0.0


def count_records(
    path: AnyPath,
    *,
    cell_m: float | None = None,
    streets: gpd.GeoDataFrame | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    minimum: int = 10,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    hours: Sequence[float] | None = None,
    dates: Sequence[str] | None = None,
    utc_offset_h: float = 8.0,
    street_within_m: float = 100.0,
    progress: Progress | None = None,
    rejected: Rejections | None = None,
    rejected_file: AnyPath | None = None,
    tally: RecordTally | None = None,
) -> gpd.GeoDataFrame:
    """Count records of places, such as orders or GPS positions, by hexagon or by street.

    The file is streamed: memory grows with the cells, not with the records. Counts are exact, whatever the order of
    the records. Cells with fewer than `minimum` records, or riders where their column is named, are not shown.

    Parameters
    ----------
    path
        CSV, TXT or TSV in UTF-8, GBK, GB18030 or UTF-16, cells separated by commas, tabs or semicolons; column names in
        the first row, one record per row below.
    cell_m
        Width of the hexagons, metres; see `sources.hexagons`. Either this or `streets`.
    streets
        Lines with a CRS, for example ``Roads.segments``: each record counts for the nearest within `street_within_m`.
    study_area
        Polygons; only records inside count.
    minimum
        Fewest records, or riders, of a cell that is shown. 1 shows all.
    datum
        What longitudes and latitudes are given in; see `read_facilities`.
    source_crs
        CRS of coordinates in metres, x to the east and y to the north, for example 'EPSG:4547'.
    crs
        Projected CRS in metres to count in, and of the result; default: that of `streets` where it is metric, else the
        UTM zone of the study area, else that of the streets.
    columns
        ``lon``, ``lat``, ``time``, ``rider``, ``weight`` -> column of the file. The first three are found where
        `RECORD_ALIASES` knows them. ``rider`` is who made a record: where it is named, a cell is shown when as many
        different riders were in it. ``weight`` is what a record stands for, from 0 to a million, 1 by default; it
        counts to the millionth.
    encoding
        Encoding of the names of columns, where it is not recognised.
    hours
        From and to, in hours of local time: only records from the first until before the second count. ``(22, 6)``
        goes over midnight.
    dates
        First and last day that count, 'YYYY-MM-DD'.
    utc_offset_h
        Hours that local time is ahead of UTC, for times that are given as numbers or with a zone.
    street_within_m
        Farthest distance of a record from its street, metres.
    progress
        Called with bytes read and bytes in all; raise in it to stop.
    rejected
        Takes the rows that cannot be used: by reason the first thousand, then one line for all others.
    rejected_file
        CSV file to which every such row is written, as its number and the reason.
    tally
        Is filled with what became of the records.

    Returns
    -------
    GeoDataFrame
        One row per cell that is shown, by (q, r) or by row of `streets`: ``id`` ('h12_-3', or the street's, or 's7'),
        ``demand`` (number of records, or sum of weights), ``name`` (the street's, where `streets` has names), ``kind``
        ('hexagon' or 'street'), ``geometry`` (the middle of the cell or street; where the border of the study area
        cuts it, the middle of a part inside).

    Warns
    -----
    UserWarning
        Cells are withheld: their number and sum. The columns of coordinates are named after another datum.

    Raises
    ------
    SourceError
        The file is missing, unreadable or of an unknown kind.
    InputError
        Rows cannot be used and there is neither `rejected` nor `rejected_file`; longitude and latitude are swapped; the
        file is not well-formed; no record counts; no cell has enough of them.
    SchemaError, CrsError, DatumError, ConfigError
        Columns are missing; the streets have no CRS; a datum, a CRS, an encoding or another argument that cannot be.
    """
    _check_arguments(cell_m, streets, minimum, street_within_m)
    tally = RecordTally() if tally is None else tally
    if streets is not None and crs is None and (streets.crs.is_projected or study_area is None):
        crs = streets.crs if streets.crs.is_projected else streets.estimate_utm_crs()
    file = open_records(path, encoding)
    places = Positions(file.source, datum, source_crs, crs, study_area)
    times = TimeFilter(hours, dates)
    found = _find_columns(file, columns, times, datum)
    cells = HexagonCells(cell_m) if streets is None else StreetCells(streets, places.crs, places.area, street_within_m)
    counts = CellCounts(minimum, by_person="rider" in found)
    n_bytes = file.path.stat().st_size
    sample = _FirstPositions(places, file.source)
    with noting_faults(rejected_file) as faulty:
        for chunk in stream_records(file, found):
            _count_chunk(chunk, places, times, utc_offset_h, cells, counts, faulty, sample, tally)
            if progress is not None:
                progress(chunk.read_bytes, n_bytes)
    sample.check()
    tally.refused |= faulty.counts
    _hand_over(faulty, rejected, rejected_file, file.source)
    _check_counted(tally, file.source)
    demand = _table(cells, counts, places, tally, file.source)
    check_table(demand, "demand", what=file.source)
    return demand


class _FirstPositions:
    """The first positions of a file, to see whether x and y are exchanged or in other units than was said."""

    def __init__(self, places: Positions, source: str) -> None:
        self.places = places
        self.source = source
        self.missing = _SAMPLE
        self.x: list[_Floats] = []
        self.y: list[_Floats] = []

    def add(self, x: _Floats, y: _Floats) -> None:
        if not self.missing:
            return
        known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))[: self.missing]
        self.x.append(x[known])
        self.y.append(y[known])
        self.missing -= len(known)
        if not self.missing:
            self.check()

    def check(self) -> None:
        if self.x:
            self.places.check_sensible(np.concatenate(self.x), np.concatenate(self.y), self.source)


def _check_arguments(
    cell_m: float | None, streets: gpd.GeoDataFrame | None, minimum: int, street_within_m: float
) -> None:
    if (cell_m is None) == (streets is None):
        raise ConfigError("records are counted either by cell_m or by streets, got both or neither; say one of them")
    if cell_m is not None and not (np.isfinite(cell_m) and cell_m >= _SMALLEST_CELL_M):
        raise ConfigError(f"cell_m must be at least {_SMALLEST_CELL_M:g} m, got {cell_m!r}; 200 is usual")
    if isinstance(minimum, bool) or minimum != int(minimum) or minimum < 1:
        raise ConfigError(f"minimum must be a whole number of at least 1, got {minimum!r}; 10 is usual")
    if not 0 < street_within_m < np.inf:
        raise ConfigError(f"street_within_m must be above 0, got {street_within_m!r}; 100 is usual")
    if streets is not None and streets.crs is None:
        raise CrsError("streets must have a CRS, got none; set it with .set_crs(...)")


def _find_columns(
    file: RecordFile, columns: Mapping[str, str] | None, times: TimeFilter, datum: Datum
) -> dict[str, str]:
    nothing = np.empty(0, dtype=np.int64)
    heading = RawTable(file.source, pd.DataFrame(columns=list(file.names)), nothing, None, nothing.astype(np.bool_))
    needed = ["lon", "lat"] if times.is_open else ["lon", "lat", "time"]
    wanted = [name for name in RECORD_ALIASES if name in needed or name in (columns or {})]
    unknown = [name for name in columns or {} if name not in RECORD_ALIASES]
    names = [*wanted, *unknown][: len(wanted)]
    found = find_columns(heading, names, needed, columns, RECORD_ALIASES, datum=datum)
    check_column_datum(heading, found, datum)
    return {name: column for name, column in found.items() if name != "time" or not times.is_open}


def _count_chunk(
    chunk: Chunk,
    places: Positions,
    times: TimeFilter,
    utc_offset_h: float,
    cells: HexagonCells | StreetCells,
    counts: CellCounts,
    faulty: FaultyRecords,
    sample: _FirstPositions,
    tally: RecordTally,
) -> None:
    """Count the records of a chunk and note what became of them."""
    tally.rows += len(chunk.rows) + len(chunk.malformed)
    (x, x_wrong), (y, y_wrong) = numbers_of(chunk.cells["lon"]), numbers_of(chunk.cells["lat"])
    sample.add(x, y)
    faults = places.wrong(x, y, x_wrong, y_wrong)
    seconds = np.zeros(len(x), dtype=np.int64)
    if "time" in chunk.cells:
        seconds, not_understood = seconds_of(chunk.cells["time"], utc_offset_h)
        faults += [
            (blanks_of(chunk.cells["time"]), "the time is blank"),
            (not_understood, "the time is not understood"),
        ]
    parts = np.full(len(x), WEIGHT_PARTS, dtype=np.int64)
    if "weight" in chunk.cells:
        parts, impossible = weights_of(chunk.cells["weight"])
        faults.append((impossible, "the weight is no number from 0 to 1000000"))
    reasons = np.full(len(x), "", dtype=object)
    for wrong, reason in faults:
        if wrong.any():
            reasons[wrong & (reasons == "")] = reason
    usable = np.flatnonzero(reasons == "") if any(wrong.any() for wrong, _ in faults) else np.arange(len(x))
    if not times.is_open:
        of_time = times.keeps(seconds[usable])
        tally.other_times += int((~of_time).sum())
        usable = usable[of_time]
    east, north, inside = places.in_metres(x[usable], y[usable])
    tally.outside += int((~inside).sum())
    usable = usable[inside]
    keys = cells.keys_at(east, north)
    nowhere = keys == NONE if cells.kind == "street" else np.zeros(len(keys), dtype=np.bool_)
    if nowhere.any():
        reasons[usable[nowhere]] = cells.missing
        usable, keys = usable[~nowhere], keys[~nowhere]
    tally.counted += len(usable)
    counts.add(keys, parts[usable], chunk.cells["rider"].take(usable) if "rider" in chunk.cells else None)
    _note_faults(chunk, reasons, faulty)


def _note_faults(chunk: Chunk, reasons: NDArray[np.object_], faulty: FaultyRecords) -> None:
    wrong = reasons != ""
    if not wrong.any() and not len(chunk.malformed):
        return
    rows = np.concatenate([chunk.rows[wrong], chunk.malformed])
    of_shape = np.full(len(chunk.malformed), "more or fewer cells than the first row has names", dtype=object)
    of_shape[np.isin(chunk.malformed, chunk.overlong)] = "a cell over several lines, in a row of more or fewer cells"
    order = np.argsort(rows, kind="stable")
    faulty.add(rows[order], np.concatenate([reasons[wrong], of_shape])[order])


def _hand_over(faulty: FaultyRecords, rejected: Rejections | None, rejected_file: AnyPath | None, source: str) -> None:
    if rejected is not None:
        faulty.hand_to(rejected, source)
    elif faulty.counts and rejected_file is None:
        raise InputError(
            f"every row of {source} must be usable: {faulty.describe()}; correct or remove them, or let them be listed "
            "and left out: rejected=Rejections(), or rejected_file='…csv'"
        )


def _check_counted(tally: RecordTally, source: str) -> None:
    if tally.counted:
        return
    refused = "; ".join(f"{n} refused: {reason}" for reason, n in tally.refused.items())
    raise InputError(
        f"{source} must have a record that counts, got none of {tally.rows}: {tally.outside} outside the study area, "
        f"{tally.other_times} at other times{'; ' if refused else ''}{refused}; check the study area, the datum, the "
        "columns and the times"
    )


def _table(
    cells: HexagonCells | StreetCells, counts: CellCounts, places: Positions, tally: RecordTally, source: str
) -> gpd.GeoDataFrame:
    shown = counts.shown()
    sums = counts.parts / WEIGHT_PARTS
    if sums.sum() > _HEAVIEST_TOTAL:
        raise InputError(f"weights of {source} must have a sum up to {_HEAVIEST_TOTAL:g}, got {sums.sum():g}")
    tally.cells, tally.withheld_cells = len(shown), int((~shown).sum())
    tally.demand, tally.withheld_demand = (int(counts.parts[of].sum()) / WEIGHT_PARTS for of in (shown, ~shown))
    who = "riders" if counts.by_person else "records"
    withheld = (
        f"{tally.withheld_cells} of {tally.cells} cells of {source} have fewer than {counts.minimum} {who} and are "
        f"withheld, so that no one can be traced; {tally.withheld_demand:g} of "
        f"{tally.demand + tally.withheld_demand:g} in sum are in them"
    )
    if not shown.any():
        raise InputError(f"a cell must have enough {who} to be shown, got none: {withheld}; count by larger cells")
    if tally.withheld_cells:
        warnings.warn(f"{withheld}; larger cells withhold less", stacklevel=3)
    columns = cells.columns(counts.keys[shown], places.area)
    first = {"id": columns.pop("id"), "demand": sums[shown]}
    demand = gpd.GeoDataFrame(first | columns | {"kind": cells.kind}, geometry="geometry", crs=places.crs)
    return demand[[*(name for name in demand.columns if name != "geometry"), "geometry"]]
