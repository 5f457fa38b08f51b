"""The list of resources (资源清单): premises and stations around a need that could give what is lacking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.scenario.lacks import Lack, Reach, Serving, able, failing, measure_reach, reached_by
from coverage_planner.traveltime.times import TravelTimes

#: What must be done about a station that counts, offers the service and is open, and still has no room.
_ADD_ROOM = "add_room"
_OPEN_SITE = "open_site"

COLUMNS = (
    "need_id", "rank", "community", "group", "lack", "service", "kind", "id", "name", "place_kind", "change", "demand",
    "demand_share", "mean_time_s", "services", "opening_hours", "cost", "area_m2",
)  # fmt: skip

_TEXTS = ("name", "services", "opening_hours")
_NUMBERS = ("cost", "area_m2")


@dataclass(frozen=True, eq=False)
class Host:
    """What a premises could offer when it is opened: usually what the plan says of a satellite (驿站).

    Attributes
    ----------
    services
        Ids of services; None: any service.
    open
        Shape (h,): in which slots it would be open (`open_slots` of the level's hours); None: at all hours.
    """

    services: tuple[str, ...] | None = None
    open: NDArray[np.bool_] | None = None

    def gives(self, lack: Lack) -> bool:
        """Say whether it would give what is lacking."""
        offered = lack.service is None or self.services is None or lack.service in self.services
        return offered and (self.open is None or bool((self.open & lack.slots).any()))


@dataclass(frozen=True, eq=False)
class Premises:
    """Premises, group name -> times of the premises (rows) to its demand, and what they could offer."""

    table: gpd.GeoDataFrame
    times: Mapping[str, TravelTimes]
    host: Host


class _Listed(NamedTuple):
    """Rows of one kind for one need: which, what must be done, how much of the need, how far."""

    need: int
    kind: str
    rows: NDArray[np.int64]
    change: NDArray[np.object_]
    demand: NDArray[np.float64]
    mean_time_s: NDArray[np.float64]


def list_resources(
    today: Serving,
    lacks: Sequence[Lack],
    area: Mapping[str, NDArray[np.int64]],
    needs: pd.DataFrame,
    premises: Premises | None,
    most: int | None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List for each need who around could give what is lacking, and count them.

    Parameters
    ----------
    today
        The stations and what they offer.
    lacks, area
        What the groups lack, and the community of each demand point.
    needs
        `list_needs` of the same lacks.
    premises
        Places that could be opened.
    most
        How many premises and how many stations are listed for a need; None: all.

    Returns
    -------
    resources
        The columns of `ThreeLists.resources` without ``planned``.
    reachable
        One row per need: ``n_premises``, ``n_stations`` (all, listed or not), ``reachable_demand`` (that at least one
        of them reaches).
    """
    listed: list[_Listed] = []
    totals = np.zeros((len(needs), 3))
    for number, lack in enumerate(lacks):
        own = needs[needs["lack_row"] == number]
        wanted = list(zip(own.index, own["area"], strict=True))
        n_areas = int(area[lack.group].max()) + 1
        reached = np.zeros(len(lack.missing), dtype=bool)
        for place, (kind, times, change) in enumerate(_givers(today, lack, premises)):
            helps = change != ""
            reach = measure_reach(times, lack.cutoff_s, lack.missing, area[lack.group], n_areas)
            reached |= reached_by(times, lack.cutoff_s, helps)
            for need, community in wanted:
                ranked = _rank(reach, community, helps)
                totals[need, place] = len(ranked)
                first = ranked[:most]
                figures = (reach.demand[first, community], reach.mean_time_s[first, community])
                listed.append(_Listed(need, kind, first, change[first], *figures))
        for need, community in wanted:
            # the points of the need itself, in their order: equal to its demand to the last bit where all are reached
            totals[need, 2] = lack.missing[(lack.missing > 0) & (area[lack.group] == community) & reached].sum()
    reachable = pd.DataFrame(totals, columns=["n_premises", "n_stations", "reachable_demand"], index=needs.index)
    tables = {"station": today.facilities}
    if premises is not None:
        tables["premises"] = premises.table
    return _describe(listed, needs, tables), reachable.astype({"n_premises": np.int64, "n_stations": np.int64})


def _givers(
    today: Serving, lack: Lack, premises: Premises | None
) -> list[tuple[str, TravelTimes, NDArray[np.object_]]]:
    """Premises and stations: kind, times to the group, what must be done about each row ('' where nothing can help)."""
    times = today.groups[lack.group].times
    nowhere = replace(times, facility_ids=times.facility_ids[:0], indptr=times.indptr[:1], indices=times.indices[:0],
                      seconds=times.seconds[:0])  # fmt: skip
    hosted = nowhere if premises is None else premises.times[lack.group]
    word = _OPEN_SITE if premises is not None and premises.host.gives(lack) else ""
    missing = failing(today.offer, lack)
    changes = [
        (";".join(name for name, fails in missing.items() if fails[row]) or (_ADD_ROOM if lack.kind == "room" else ""))
        if could
        else ""
        for row, could in enumerate(able(today, lack))
    ]
    return [
        ("premises", hosted, np.full(len(hosted.facility_ids), word, dtype=object)),
        ("station", times, np.array([*changes, None], dtype=object)[:-1]),
    ]


def _rank(reach: Reach, place: int, helps: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows that reach some of the need, most demand first, then the nearest, then as they stand."""
    demand, seconds = reach.demand[:, place], reach.mean_time_s[:, place]
    rows = np.flatnonzero((demand > 0) & helps)
    ranked: NDArray[np.int64] = rows[np.lexsort((rows, seconds[rows], -demand[rows]))]
    return ranked


def _describe(listed: Sequence[_Listed], needs: pd.DataFrame, tables: Mapping[str, gpd.GeoDataFrame]) -> pd.DataFrame:
    """Put the rows in the order of the needs, premises first, and say of each what it is."""
    filled = sorted((part for part in listed if len(part.rows)), key=lambda part: (part.need, part.kind))
    if not filled:
        return pd.DataFrame(columns=list(COLUMNS))
    sizes = [len(part.rows) for part in filled]
    columns = {
        "need": np.repeat([part.need for part in filled], sizes),
        "kind": np.repeat(np.array([part.kind for part in filled], dtype=object), sizes),
        "rank": np.concatenate([np.arange(1, size + 1) for size in sizes]),
        "row": np.concatenate([part.rows for part in filled]),
        "change": np.concatenate([part.change for part in filled]),
        "demand": np.concatenate([part.demand for part in filled]),
        "mean_time_s": np.concatenate([part.mean_time_s for part in filled]),
    }
    rows = pd.DataFrame(columns)
    need = needs.iloc[rows["need"]].reset_index(drop=True)
    given = {name: need[name] for name in ("need_id", "community", "group", "lack", "service")}
    said = {name: pd.Series(None, index=rows.index, dtype=object) for name in ("id", "place_kind", *_TEXTS)}
    numbers = {name: pd.Series(np.nan, index=rows.index) for name in _NUMBERS}
    for kind, table in tables.items():
        own = (rows["kind"] == kind).to_numpy()
        place = rows["row"].to_numpy()[own]
        for name, column in said.items():
            column[own] = read_texts(table, "kind" if name == "place_kind" else name)[place]
        for name, column in numbers.items():
            column[own] = _read_numbers(table, name)[place]
    described = rows.assign(**given, **said, **numbers, demand_share=rows["demand"] / need["demand"])
    return described[list(COLUMNS)]


def read_texts(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """Shape (n,): texts of a column; None where there is none, or no such column."""
    if column not in table:
        return np.full(len(table), None, dtype=object)
    return np.array([None if pd.isna(value) else str(value) for value in table[column]] + [None], dtype=object)[:-1]


def _read_numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column]).to_numpy(dtype=np.float64, na_value=np.nan)
