"""The stations of a map's data: every station of every scenario once, what it offers and when it is open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import InputError
from coverage_planner.report.circle_tables import station_facts
from coverage_planner.report.drawing import WGS84
from coverage_planner.report.packed import pack
from coverage_planner.report.siting_tables import Choice
from coverage_planner.report.tables import DEGREE_DECIMALS, is_proposed
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.sources.datum import from_wgs84
from coverage_planner.traveltime.engine import entry_delays

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

#: What is said of a station, as its table has it.
_FACTS = (
    "id", "name", "level", "kind", "services", "opening_hours", "capacity", "vehicle", "address", "subdistrict",
    "community", "level_filled", "open_h_per_week", "cost", "area_m2", "gap_id",
)  # fmt: skip
_CANDIDATE_FACTS = (
    "id", "name", "kind", "address", "subdistrict", "community", "cost", "area_m2", "gap_id", "newly_covered_demand",
    "overlap_existing_demand",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Stations:
    """Every station of every scenario once.

    Attributes
    ----------
    table
        Columns ``id``, ``entry_delay_s``, ``geometry``, metric CRS: one row per station.
    records
        The key ``stations``.
    rows
        One array per scenario: for each row of its stations, mobile stops below, the row here.
    n_stations
        One number per scenario: how many of its rows are stations and no mobile stops.
    open_
        Shape (stations, slots), or None where no hours are looked at.
    """

    table: gpd.GeoDataFrame
    records: list[dict[str, Any]]
    rows: tuple[NDArray[np.int64], ...]
    n_stations: tuple[int, ...]
    open_: NDArray[np.bool_] | None

    def pack_open(self) -> dict[str, Any] | None:
        """Return the key ``open``: bit k of byte j of a station is slot 8 j + k."""
        return None if self.open_ is None else pack(np.packbits(self.open_, axis=1, bitorder="little"), "u8")


def unite_stations(outcomes: Sequence[Outcome], circles: "Sequence[Circle] | None") -> Stations:
    """Put the stations of all scenarios into one list; a station whose facts differ stands there as often.

    Parameters
    ----------
    outcomes
        The scenarios.
    circles
        Their circles, in the same order; None where neither services nor hours are looked at.

    Raises
    ------
    InputError
        The circles are not those of the outcomes.
    """
    if circles is not None and [c.scenario for c in circles] != [o.scenario.name for o in outcomes]:
        raise InputError(
            f"circles must be those of the outcomes, in the same order; got {[c.scenario for c in circles]} for "
            f"{[o.scenario.name for o in outcomes]}; measure the circle of each outcome"
        )
    crs = outcomes[0].network.crs
    known: dict[tuple[Any, ...], int] = {}
    records: list[dict[str, Any]] = []
    delays: list[float] = []
    places: list[Any] = []
    opens: list[NDArray[np.bool_]] = []
    rows = []
    for number, outcome in enumerate(outcomes):
        circle = None if circles is None else circles[number]
        table = (outcome.scenario.facilities if circle is None else circle.facilities).to_crs(crs)
        open_ = None if circle is None else circle.offer.open
        found = _describe(table, circle, len(outcome.scenario.facilities))
        delay_s = _delays_s(table)
        here = []
        for row, (record, place) in enumerate(zip(found, table.geometry, strict=True)):
            hours = b"" if open_ is None else np.packbits(open_[row]).tobytes()
            key = (*map(repr, record.values()), delay_s[row], hours)
            if key not in known:
                known[key] = len(records)
                records.append(record)
                delays.append(delay_s[row])
                places.append(place)
                if open_ is not None:
                    opens.append(open_[row])
            here.append(known[key])
        rows.append(np.array(here, dtype=np.int64))
    united = gpd.GeoDataFrame(
        {"id": [record["id"] for record in records], "entry_delay_s": np.array(delays, dtype=np.float64)},
        geometry=np.array(places, dtype=object),
        crs=crs,
    )
    return Stations(
        table=united,
        records=records,
        rows=tuple(rows),
        n_stations=tuple(len(outcome.scenario.facilities) for outcome in outcomes),
        open_=None if circles is None else np.array(opens, dtype=bool),
    )


def _delays_s(table: gpd.GeoDataFrame) -> list[float]:
    """Return what each door takes, seconds, 0 where nothing is said."""
    if entry_delays(table) is None:  # refuses what is no time
        return [0.0] * len(table)
    given = table["entry_delay_s"]
    return [float(delay) for delay in pd.to_numeric(given, errors="coerce").where(given.notna(), 0.0)]


def _describe(table: gpd.GeoDataFrame, circle: "Circle | None", n_stations: int) -> list[dict[str, Any]]:
    """Return what the page says of each station."""
    facts = pd.DataFrame(table.drop(columns=table.geometry.name)).reset_index(drop=True)
    if circle is not None:
        said = station_facts(circle)
        facts = facts.assign(open_h_per_week=said["open_h_per_week"].to_numpy())
    where = place_columns(table)
    proposed = is_proposed(table)
    records = []
    for row, fact in enumerate(plain_records(facts, _FACTS)):
        fact["services"] = split_services(fact["services"])
        records.append(
            fact
            | {name: values[row] for name, values in where.items()}
            | {"mobile": row >= n_stations, "proposed": bool(proposed[row])}
        )
    return records


def split_services(listed: Any) -> list[str]:
    """Return the ids in a cell of the column ``services``."""
    return [] if listed is None else list(filter(None, (part.strip() for part in str(listed).split(";"))))


def place_columns(table: gpd.GeoDataFrame) -> dict[str, list[Any]]:
    """Return longitudes and latitudes in WGS 84, and pairs of both in GCJ-02."""
    points = gpd.GeoSeries(shapely.point_on_surface(table.geometry.to_numpy()), crs=table.crs).to_crs(WGS84)
    lon, lat = points.x.to_numpy(dtype=np.float64), points.y.to_numpy(dtype=np.float64)
    online = np.column_stack(from_wgs84(lon, lat, "gcj02")).round(6)
    return {
        "lon": lon.round(DEGREE_DECIMALS).tolist(),
        "lat": lat.round(DEGREE_DECIMALS).tolist(),
        "gcj02": online.tolist(),
    }


def plain_records(table: pd.DataFrame, columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return rows as JSON can hold them, with these keys; null where there is nothing."""
    chosen = {name: _plain(table[name]) if name in table else [None] * len(table) for name in columns}
    return [{name: values[row] for name, values in chosen.items()} for row in range(len(table))]


def _plain(column: "pd.Series[Any]") -> list[Any]:
    missing = column.isna().to_numpy(dtype=bool)
    values = column.tolist()
    return [None if gone else _value(value) for value, gone in zip(values, missing, strict=True)]


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if not np.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value if isinstance(value, bool | int | str) else str(value)


# --- where stations could open ---


def list_candidates(candidates: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    """Return the key ``candidates``."""
    if candidates is None:
        return []
    where = place_columns(candidates)
    records = plain_records(candidates.drop(columns=candidates.geometry.name), _CANDIDATE_FACTS)
    return [record | {name: values[row] for name, values in where.items()} for row, record in enumerate(records)]


def list_sites(
    outcome: Outcome,
    rows: NDArray[np.int64],
    figures: gpd.GeoDataFrame,
    choice: Choice | None,
    order: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return the key ``sites``: the proposed sites, numbered, with their figures for each group.

    Parameters
    ----------
    outcome
        The proposed scenario.
    rows
        Row of the united stations for each of its stations.
    figures
        `tables.measure_sites` of these outcomes.
    choice
        What is known besides, such as what each site is worth.
    order
        Ids in the order in which the sites are numbered; by default that of the stations.
    """
    proposed = np.flatnonzero(is_proposed(outcome.scenario.facilities))
    if order is not None:
        row_of = {str(outcome.scenario.facilities["id"].iloc[row]): int(row) for row in proposed}
        proposed = np.array([row_of[label] for label in order], dtype=np.int64)
    columns = [str(name) for name in figures if name not in ("geometry", "group", "id")]
    by_group: dict[str, Mapping[str, dict[str, Any]]] = {}
    for name in outcome.groups:
        table = figures[figures["group"] == name]
        records = plain_records(table, ("id", *columns))
        by_group[name] = {str(record["id"]): record for record in records}
    worth: Mapping[str, Any] = {}
    if choice is not None and choice.alternatives is not None:
        table = choice.alternatives.sites
        wanted = ("id", "marginal_value", "marginal_share", "replacement", "replacement_loss", "replacement_share")
        worth = {str(record["id"]): record for record in plain_records(table, wanted)}
    sites = []
    for number, row in enumerate(proposed, start=1):
        label = str(outcome.scenario.facilities["id"].iloc[row])
        of_groups = {name: records[label] for name, records in by_group.items() if label in records}
        first = next(iter(of_groups.values()), {})
        kept = {name: first.get(name) for name in ("order", "cost", "gap_id")}
        sites.append(
            {
                "station": int(rows[row]),
                "number": number,
                **kept,
                "worth": worth.get(label),
                "figures": {name: _figures_of(record) for name, record in of_groups.items()},
            }
        )
    return sites


def _figures_of(record: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("added_demand", "newly_covered_demand", "newly_covered_nearest_demand", "overlap_existing_demand",
              "overlap_sites_demand", "catchment_demand", "exclusive_demand", "mean_time_s")  # fmt: skip
    return {name: record.get(name) for name in wanted}
