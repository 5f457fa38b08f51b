"""The tables that pass between the stages: columns, units, ranges, checked once at the door.

Every table is a GeoDataFrame in a projected CRS in metres with a plain RangeIndex and, for points and areas, a text
column ``id`` without repeats. ``Roads`` bundles the tables that together describe streets.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.errors import CrsError, SchemaError, name_some

TableName = Literal["facilities", "demand", "candidates", "areas", "segments"]
Kind = Literal["text", "number", "integer"]


@dataclass(frozen=True)
class Column:
    """One column of a table: its kind, whether it must exist, its smallest value, its meaning."""

    name: str
    kind: Kind
    required: bool
    minimum: float | None
    meaning: str


#: OSM tags that decide access, direction and speed: text columns of ``Roads.segments`` where the data have them.
ROAD_TAGS = (
    "highway", "name", "access", "vehicle", "motor_vehicle", "motorcar", "hgv", "bicycle", "foot", "oneway",
    "oneway:bicycle", "oneway:foot", "oneway:mofa", "cycleway", "cycleway:left", "cycleway:right", "cycleway:both",
    "junction", "maxspeed", "service", "bridge", "tunnel", "layer", "motorroad", "conveying", "area", "sidewalk",
    "indoor", "route",
)  # fmt: skip

#: Tags of nodes that matter to a route: barriers with their access, signals and crossings.
NODE_TAGS = (
    "highway",
    "barrier",
    "access",
    "vehicle",
    "motor_vehicle",
    "motorcar",
    "hgv",
    "bicycle",
    "foot",
    "crossing",
    "crossing:signals",
)

TABLES: dict[TableName, tuple[Column, ...]] = {
    "facilities": (
        Column("id", "text", True, None, "label without repeats"),
        Column("name", "text", False, None, "name shown to people"),
        Column("kind", "text", False, None, "what the place is: bank branch, community room, …"),
        Column("level", "text", False, None, "'hub' (服务中心) or 'satellite' (驿站)"),
        Column("services", "text", False, None, "services offered, separated by ';'"),
        Column("opening_hours", "text", False, None, "OpenStreetMap opening_hours grammar"),
        Column("capacity", "number", False, 0.0, "people at a time"),
        Column("address", "text", False, None, "postal address, as the file has it"),
        Column("subdistrict", "text", False, None, "name of the subdistrict (街道) it lies in"),
        Column("community", "text", False, None, "name of the community (社区) it lies in"),
        Column("entry_delay_s", "number", False, 0.0, "seconds that the door takes: stairs, a gate, parking"),
    ),
    "demand": (
        Column("id", "text", True, None, "label without repeats"),
        Column("demand", "number", True, 0.0, "weight of the point: workers, orders, residents"),
        Column("name", "text", False, None, "name shown to people"),
        Column("kind", "text", False, None, "where the figure comes from: restaurant, mall, grid cell, …"),
        Column("source", "text", False, None, "which input it comes from, where several are put together"),
        Column("group", "text", False, None, "whom it stands for, where these shall weigh differently"),
    ),
    "candidates": (
        Column("id", "text", True, None, "label without repeats"),
        Column("name", "text", False, None, "name shown to people"),
        Column("kind", "text", False, None, "kind of premises, or 'street' for a position on a street"),
        Column("cost", "number", False, 0.0, "cost of opening, in the planner's unit"),
        Column("area_m2", "number", False, 0.0, "floor area"),
        Column("address", "text", False, None, "postal address, as the file has it"),
        Column("subdistrict", "text", False, None, "name of the subdistrict (街道) it lies in"),
        Column("entry_delay_s", "number", False, 0.0, "seconds that the door takes: stairs, a gate, parking"),
    ),
    "areas": (
        Column("id", "text", True, None, "label without repeats"),
        Column("name", "text", True, None, "name of the community (社区)"),
        Column("subdistrict", "text", False, None, "name of the subdistrict (街道) it belongs to"),
        Column("demand", "number", False, 0.0, "head count of the area, to be spread over it"),
    ),
    "segments": (
        Column("u", "integer", True, None, "node id at the first vertex"),
        Column("v", "integer", True, None, "node id at the last vertex"),
        Column("length_m", "number", True, 0.0, "length in metres: geodesic for lon/lat sources, else planar"),
        *(Column(tag, "text", False, None, f"OpenStreetMap tag {tag}") for tag in ROAD_TAGS),
    ),
}


@dataclass(frozen=True, eq=False)
class Roads:
    """Streets as read: one row per piece of street between two nodes.

    Pieces meet only where they share a node id (a bridge over a road shares none). One row serves all modes and both
    directions; the tags say who may use it and which way.

    Attributes
    ----------
    segments
        Columns ``u``, ``v``, ``length_m``, ``geometry`` (LineString from node u to node v) and any of `ROAD_TAGS`
        (text; missing values are NA). Metric CRS.
    nodes
        Only nodes that matter to a route: ``node_id``, ``geometry`` and any of `NODE_TAGS` (barriers, signals).
    obstacles
        What a straight access leg may not cross: ``kind`` ('water', 'railway', 'wall'), ``geometry`` (lines and
        polygons). A leg may cross where it touches none; bridges and tunnels of the railway are left out at reading.
    source
        Where the streets come from, for the manifest and the attribution line of maps.
    """

    segments: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame
    obstacles: gpd.GeoDataFrame
    source: str

    def __post_init__(self) -> None:
        """Check the segments table and that all three tables share its CRS."""
        check_table(self.segments, "segments")
        for name, table in (("nodes", self.nodes), ("obstacles", self.obstacles)):
            if table.crs != self.segments.crs:
                raise CrsError(
                    f"Roads.{name} must share the CRS of Roads.segments ({self.segments.crs.to_string()}), "
                    f"got {table.crs}; reproject it first"
                )


@dataclass
class Rejections:
    """Rows refused at the door, with the reason for each; handed to the readers, which append to it.

    Attributes
    ----------
    rows
        One entry per refused row: ``table``, ``source``, ``row``, ``id``, ``reason``.
    remarks
        One entry per row that was taken but not quite as it stands in the file, or not wholly understood: ``table``,
        ``source``, ``row``, ``id``, ``column``, ``given`` (the cell as it stands), ``remark``.
    taken
        (table, source, id) -> row number of the rows that the readers took, so that a later stage can refuse one of
        them by its id alone.
    """

    rows: list[dict[str, object]] = field(default_factory=list)
    remarks: list[dict[str, object]] = field(default_factory=list)
    taken: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def take(self, *, source: str, table: str, labels: Iterable[object], row_numbers: Iterable[int]) -> None:
        """Note where rows stand that were taken; arguments as for `add`."""
        numbered = zip(labels, row_numbers, strict=True)
        self.taken.update({(table, source, str(label)): int(number) for label, number in numbered})

    def add(
        self,
        *,
        source: str,
        table: str,
        labels: Sequence[object],
        reason: str,
        row_numbers: Sequence[int] | None = None,
    ) -> None:
        """Note rows of one source that were refused for one reason.

        Parameters
        ----------
        source
            File name or other origin.
        table
            Which input: 'facilities', 'demand', 'premises', 'areas', 'roads'.
        labels
            The rows' ids or names, as given.
        reason
            What was wrong, in words a planner understands.
        row_numbers
            Row numbers as a spreadsheet shows them (the header is row 1) or feature numbers from 1; same length as
            `labels`. None for rows that a reader took: then they are known by their ids.
        """
        if row_numbers is None:
            row_numbers = [self.taken[table, source, str(label)] for label in labels]
        for label, number in zip(labels, row_numbers, strict=True):
            self.rows.append({"table": table, "source": source, "row": int(number), "id": str(label), "reason": reason})

    def remark(
        self,
        *,
        source: str,
        table: str,
        labels: Iterable[object],
        row_numbers: Iterable[int],
        column: str,
        given: Iterable[object],
        remark: str,
    ) -> None:
        """Note rows that were taken although something about one of their cells should be known.

        Parameters
        ----------
        source, table, labels, row_numbers
            As for `add`.
        column
            Which column, by this package's name.
        given
            The cells as they stand in the file, one per row.
        remark
            What was made of them, or not understood, in words a planner understands.
        """
        for label, number, cell in zip(labels, row_numbers, given, strict=True):
            self.remarks.append(
                {
                    "table": table, "source": source, "row": int(number), "id": str(label),
                    "column": column, "given": str(cell), "remark": remark,
                }
            )  # fmt: skip

    def remarks_frame(self) -> pd.DataFrame:
        """Return the remarks as a table: table, source, row, id, column, given, remark."""
        columns = ["table", "source", "row", "id", "column", "given", "remark"]
        return pd.DataFrame(self.remarks, columns=columns)

    def to_frame(self) -> pd.DataFrame:
        """Return the rows as a table: table, source, row, id, reason."""
        return pd.DataFrame(self.rows, columns=["table", "source", "row", "id", "reason"])


def require_metric(table: gpd.GeoDataFrame | gpd.GeoSeries, what: str) -> None:
    """Raise unless a table has a projected CRS in metres.

    Parameters
    ----------
    table
        Any geometries.
    what
        The table's name, for the message.

    Raises
    ------
    CrsError
        The CRS is missing, geographic, or in another unit than metres.
    """
    crs = table.crs
    if crs is None:
        raise CrsError(f"{what} must be in a projected CRS in metres, got none; set it with .set_crs(...)")
    if not crs.is_projected:
        raise CrsError(
            f"{what} must be in a projected CRS in metres, got {crs.to_string()}; "
            "reproject, for example with .to_crs(table.estimate_utm_crs())"
        )
    if abs(crs.axis_info[0].unit_conversion_factor - 1.0) > 1e-9:  # noqa: PLR2004 - one metre but for rounding
        raise CrsError(f"{what} must be in metres, got a CRS in {crs.axis_info[0].unit_name}; reproject it")


def check_table(table: gpd.GeoDataFrame, name: TableName, *, what: str | None = None) -> None:
    """Check a table against its schema.

    Parameters
    ----------
    table
        The table.
    name
        Which schema of `TABLES`.
    what
        The name that messages use; `name` by default.

    Raises
    ------
    CrsError
        No projected CRS in metres.
    SchemaError
        Missing columns, wrong types, missing or repeated ids, values below the minimum, NaN where a number is
        required, empty or missing geometry.
    """
    what = what or name
    if not isinstance(table, gpd.GeoDataFrame):
        raise SchemaError(f"{what} must be a GeoDataFrame, got {type(table).__name__}; read it with cp.read_{name}()")
    require_metric(table, what)
    missing = [column.name for column in TABLES[name] if column.required and column.name not in table.columns]
    if missing:
        raise SchemaError(f"{what} must have the columns {missing}, got {list(table.columns)}; add or rename them")
    _check_geometry(table, what)
    for column in TABLES[name]:
        if column.name in table.columns:
            _check_column(table, column, what)
    if "id" in {column.name for column in TABLES[name]}:
        _check_ids(table, what)


def _labels(table: gpd.GeoDataFrame, wrong: "pd.Series[bool] | np.ndarray") -> str:
    source: Iterable[object] = table["id"] if "id" in table.columns else table.index
    return name_some(pd.Series(list(source))[np.asarray(wrong)])


def _check_geometry(table: gpd.GeoDataFrame, what: str) -> None:
    empty = np.asarray(table.geometry.isna() | table.geometry.is_empty)
    if empty.any():
        raise SchemaError(f"every row of {what} must have a geometry; empty in {_labels(table, empty)}; remove them")
    bounds = table.geometry.bounds.to_numpy()
    infinite = ~np.isfinite(bounds).all(axis=1)
    if infinite.any():
        raise SchemaError(
            f"coordinates of {what} must be finite; not so in {_labels(table, infinite)}; "
            "the coordinates may lie outside the range of the CRS"
        )


def _check_column(table: gpd.GeoDataFrame, column: Column, what: str) -> None:
    values = table[column.name]
    if column.kind == "text":
        return
    if not pd.api.types.is_numeric_dtype(values):
        raise SchemaError(f"{what}.{column.name} must be numbers, got {values.dtype}; {column.meaning}")
    if column.kind == "integer" and not pd.api.types.is_integer_dtype(values):
        raise SchemaError(f"{what}.{column.name} must be whole numbers, got {values.dtype}; {column.meaning}")
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    if column.required and not np.isfinite(numbers).all():
        raise SchemaError(
            f"{what}.{column.name} must be finite numbers; not so in {_labels(table, ~np.isfinite(numbers))}; "
            "fill them in or remove the rows"
        )
    if column.minimum is not None and (numbers < column.minimum).any():
        raise SchemaError(
            f"{what}.{column.name} must be at least {column.minimum:g}; less in "
            f"{_labels(table, numbers < column.minimum)}; correct or remove the rows"
        )


def _check_ids(table: gpd.GeoDataFrame, what: str) -> None:
    ids = table["id"]
    if ids.isna().any():
        raise SchemaError(f"{what}.id must be filled in every row; missing in {int(ids.isna().sum())} rows")
    if not all(isinstance(label, str) for label in ids):
        raise SchemaError(f"{what}.id must be text, got {ids.dtype}; convert it with .astype(str)")
    repeated = ids.duplicated(keep=False).to_numpy()
    if repeated.any():
        raise SchemaError(f"{what}.id must not repeat; repeated in {_labels(table, repeated)}; make the ids unique")
