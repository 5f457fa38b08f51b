"""Rows of tables -> what a click on the map shows, as plain text: the page never reads it as HTML."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.units import minutes

Words = Mapping[str, str]
Record = Mapping[str, Any]
#: Label, column of the table, and how its value is written.
Row = tuple[str, str, Callable[[Any], str]]


@dataclass(frozen=True)
class Popup:
    """What a click shows: a title and rows of label and value."""

    title: str
    rows: Sequence[tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        """Return the popup as the page reads it."""
        return {"title": self.title, "rows": [list(row) for row in self.rows]}


def community_popup(record: Record, words: Words) -> Popup:
    """Describe a row of `measure_areas`; ``share_today`` beside its share where it is known."""
    rows: list[Row] = [
        (words["subdistrict"], "subdistrict", str),
        (words["covered_demand_share"], "covered_demand_share", percent),
        (words["share_today"], "share_today", percent),
        (words["demand"], "demand", number),
        (words["covered_demand"], "covered_demand", number),
        (words["n_points"], "n_points", number),
        (words["mean_time"], "mean_time_s", lambda seconds: minutes_text(seconds, words)),
    ]
    return Popup(name_of(record), _written(record, rows))


def gap_popup(record: Record, words: Words) -> Popup:
    """Describe a row of `find_gaps`."""
    rows: list[Row] = [
        (words["rank"], "rank", number),
        (words["uncovered_demand"], "uncovered_demand", number),
        (words["n_points"], "n_points", number),
        (words["reasons"], "reason_shares", lambda shares: _reasons(shares, words)),
        (words["nearest_facility_m"], "nearest_facility_m", lambda length_m: f"{length_m:,.0f} m"),
    ]
    return Popup(words["gap"].format(id=record["id"]), _written(record, rows))


def place_popup(record: Record, words: Words, *, site_number: int | None = None) -> Popup:
    """Describe a station, a candidate or, with its number, a proposed site."""
    rows: list[Row] = [
        (words["id"], "id", str),
        (words["kind"], "kind", lambda kind: words.get(f"kind_{kind}", str(kind))),
        (words["level"], "level", lambda level: words.get(f"level_{level}", str(level))),
        (words["services"], "services", lambda services: _services(str(services), words)),
        (words["opening_hours"], "opening_hours", str),
        (words["open_h_per_week"], "open_h_per_week", lambda hours: words["hours"].format(hours=number(hours))),
        (words["hub"], "hub", str),
        (words["vehicle"], "vehicle", str),
        (words["capacity"], "capacity", lambda count: words["people"].format(count=number(count))),
        (words["level_filled"], "level_filled", lambda columns: _columns(str(columns), words)),
        (words["room"], "room", lambda count: words["people"].format(count=number(count))),
        (words["nearest_demand"], "nearest_demand", number),
        (words["assigned_demand"], "assigned_demand", number),
        (words["shortage"], "shortage", number),
        (words["order"], "order", number),
        (words["newly_covered_demand"], "newly_covered_demand", number),
        (words["overlap_existing_demand"], "overlap_existing_demand", number),
        (words["catchment_demand"], "catchment_demand", number),
        (words["exclusive_demand"], "exclusive_demand", number),
        (words["mean_time"], "mean_time_s", lambda seconds: minutes_text(seconds, words)),
        (words["gap_id"], "gap_id", str),
        (words["cost"], "cost", number),
        (words["area_m2"], "area_m2", lambda area_m2: f"{number(area_m2)} m²"),
    ]
    title = name_of(record)
    if site_number is not None:
        title = words["site"].format(number=site_number, name=title)
    return Popup(title, _written(record, rows))


def _columns(listed: str, words: Words) -> str:
    parts = [part.strip() for part in listed.replace(",", ";").split(";")]
    return " · ".join(words.get(part, part) for part in parts)


def _services(listed: str, words: Words) -> str:
    parts = [part.strip() for part in listed.split(";")]
    return " · ".join(words.get(f"service_{part}", part) for part in parts)


def records_of(table: gpd.GeoDataFrame, measured: pd.DataFrame | None = None) -> list[dict[str, Any]]:
    """Return one record per row, without the geometry.

    Parameters
    ----------
    table
        A table with the column ``id``.
    measured
        What is known about the same ids; only columns that `table` lacks are taken.
    """
    plain = pd.DataFrame(table.drop(columns=table.geometry.name))
    if measured is not None:
        new = [column for column in measured.columns if column not in plain.columns]
        plain = plain.join(measured.set_index("id")[new], on="id")
    return [{str(key): value for key, value in record.items()} for record in plain.to_dict("records")]


def name_of(record: Record) -> str:
    """Return the name of a place, its id where it has none."""
    name = record.get("name")
    return str(record["id"]) if _is_missing(name) else str(name)


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or value != value or str(value).strip() == ""  # noqa: PLR0124 - NaN


def _written(record: Record, rows: Sequence[Row]) -> list[tuple[str, str]]:
    return [(label, write(record[column])) for label, column, write in rows if not _is_missing(record.get(column))]


def _reasons(shares: str, words: Words) -> str:
    """Translate 'barrier 82 %; no_station_in_reach 18 %'."""
    parts = [part.partition(" ") for part in shares.split("; ")]
    return "; ".join(f"{words.get(f'reason_{reason}', reason)} {share}" for reason, _, share in parts)


def number(value: float) -> str:
    """Write a number with thousands separators, with one decimal place where it is small and not whole."""
    small = abs(value) < 100 and round(value, 1) != round(value)  # noqa: PLR2004 - three digits say enough
    return f"{value:,.1f}" if small else f"{value:,.0f}"


def percent(share: float) -> str:
    """Write a share in percent; a dash where it is not known."""
    return "–" if np.isnan(share) else f"{share:.1%}"


def minutes_text(seconds: float, words: Words) -> str:
    """Write seconds as minutes, for example '15 min' or '7.5 min'."""
    return words["minutes"].format(minutes=f"{round(minutes(seconds), 1):g}")
