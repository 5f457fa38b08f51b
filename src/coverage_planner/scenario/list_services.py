"""The list of services (服务清单): what new and changed stations bring to which community."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.areas import OUTSIDE, assign_areas
from coverage_planner.scenario.lacks import (
    GroupServing,
    Lack,
    Reach,
    Serving,
    giving,
    measure_reach,
    reached_by,
    without_room,
)
from coverage_planner.scenario.list_resources import read_texts

COLUMNS = (
    "site_id", "name", "place_kind", "change", "level", "services", "opening_hours", "capacity", "site_community",
    "need_id", "community", "group", "lack", "service", "demand", "demand_share", "mean_time_s",
)  # fmt: skip

_OF_SITE = ("name", "level", "services", "opening_hours")
_OF_NEED = ("need_id", "community", "group", "lack", "service")


def list_services(
    today: Serving,
    planned: Serving | None,
    lacks: Sequence[Lack],
    area: Mapping[str, NDArray[np.int64]],
    needs: pd.DataFrame,
    communities: gpd.GeoDataFrame,
) -> pd.DataFrame:
    """List what each new or changed station brings to which need.

    Parameters
    ----------
    today, planned
        Stations and who is served, today and as proposed.
    lacks, area
        What the groups lack today, and the community of each demand point.
    needs
        `list_needs` of the same lacks.
    communities
        The communities.

    Returns
    -------
    pandas.DataFrame
        The columns of `ThreeLists.services`: by station in the order of the table, then in the order of the needs.
    """
    if planned is None:
        return pd.DataFrame(columns=list(COLUMNS))
    sites = _describe(today, planned, communities)
    brought: dict[int, list[dict[str, Any]]] = {int(row): [] for row in np.flatnonzero(sites["change"] != "")}
    reaches = {number: _bring(today, planned, lack, area) for number, lack in enumerate(lacks)}
    for need in needs.to_dict("records"):
        reach = reaches[need["lack_row"]]
        for row, brings in brought.items():
            demand = reach.demand[row, need["area"]]
            if demand > 0:
                seconds = reach.mean_time_s[row, need["area"]]
                figures = {"demand": demand, "demand_share": demand / need["demand"], "mean_time_s": seconds}
                brings.append({**{name: need[name] for name in _OF_NEED}, **figures})
    nothing = {**dict.fromkeys(_OF_NEED), "demand": 0.0, "demand_share": np.nan, "mean_time_s": np.nan}
    rows = [{**sites.iloc[row].to_dict(), **bring} for row, brings in brought.items() for bring in brings or [nothing]]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def newly_served(
    today: Serving,
    planned: Serving | None,
    lacks: Sequence[Lack],
    area: Mapping[str, NDArray[np.int64]],
    needs: pd.DataFrame,
) -> NDArray[np.float64]:
    """Sum up the demand of each need that the proposal serves with what is lacking.

    Returns
    -------
    numpy.ndarray
        Shape (needs,); 0 where nothing is planned.
    """
    gained = np.zeros(len(needs))
    if planned is None:
        return gained
    points = [_gain(today, planned, lack) for lack in lacks]
    for row, need in enumerate(needs.to_dict("records")):
        lack = lacks[need["lack_row"]]
        own = (lack.missing > 0) & (area[lack.group] == need["area"])
        gained[row] = points[need["lack_row"]][own].sum()
    return gained


def _gain(today: Serving, planned: Serving, lack: Lack) -> NDArray[np.float64]:
    """Shape (d,): demand of each point that gets what it lacks."""
    found = planned.groups[lack.group]
    if lack.kind == "room":
        left = without_room(found)
        return np.where(lack.missing > 0, np.maximum(without_room(today.groups[lack.group]) - left, 0.0), 0.0)
    return np.where(reached_by(found.times, lack.cutoff_s, giving(planned, lack)), lack.missing, 0.0)


def _bring(today: Serving, planned: Serving, lack: Lack, area: Mapping[str, NDArray[np.int64]]) -> Reach:
    """Find what each station of the proposal gives by itself to whom it lacks, community by community."""
    n_areas = int(area[lack.group].max()) + 1
    found = planned.groups[lack.group]
    if lack.kind == "room":
        return _bring_room(today.groups[lack.group], found, lack, area[lack.group], n_areas)
    reach = measure_reach(found.times, lack.cutoff_s, lack.missing, area[lack.group], n_areas)
    gives = giving(planned, lack)[:, None]
    return Reach(np.where(gives, reach.demand, 0.0), np.where(gives, reach.mean_time_s, np.nan))


def _bring_room(before: GroupServing, after: GroupServing, lack: Lack, area: NDArray[np.int64], n_areas: int) -> Reach:
    """Find how much of the demand without room each station takes: at each point at most what had none."""
    shape = (len(after.times.facility_ids), n_areas)
    demand, weighted = np.zeros(shape), np.zeros(shape)
    if before.capacity is not None and after.capacity is not None:
        was = before.capacity.parts.groupby(["facility_id", "demand_id"])["assigned_demand"].sum().to_dict()
        rows = pd.Index(after.times.facility_ids)
        points = pd.Index(after.times.demand_ids)
        parts = after.capacity.parts
        row, point = rows.get_indexer(pd.Index(parts["facility_id"])), points.get_indexer(pd.Index(parts["demand_id"]))
        keys = zip(parts["facility_id"], parts["demand_id"], strict=True)
        more = parts["assigned_demand"].to_numpy(dtype=np.float64) - np.array([was.get(key, 0.0) for key in keys])
        taken = np.minimum(np.maximum(more, 0.0), lack.missing[point])
        np.add.at(demand, (row, area[point]), taken)
        np.add.at(weighted, (row, area[point]), taken * parts["time_s"].to_numpy(dtype=np.float64))
    mean = np.divide(weighted, demand, out=np.full(shape, np.nan), where=demand > 0)
    return Reach(demand, mean)


def _describe(today: Serving, planned: Serving, communities: gpd.GeoDataFrame) -> pd.DataFrame:
    """Describe the stations of the proposal; ``change`` is '' where a station is as today."""
    table = planned.facilities
    at = assign_areas(table, communities).to_numpy(dtype=np.int64)
    names = np.array([*communities["name"], None], dtype=object)  # OUTSIDE is the last
    return pd.DataFrame(
        {
            "site_id": table["id"].to_numpy(dtype=object),
            **{name: read_texts(table, name) for name in _OF_SITE},
            "place_kind": read_texts(table, "kind"),
            "change": _changes(today, planned),
            "capacity": _capacity(table),
            "site_community": names[np.where(at == OUTSIDE, len(communities), at)],
        }
    )


def _changes(today: Serving, planned: Serving) -> NDArray[np.object_]:
    """Shape (f,): 'new', 'changed' (what it offers, when, whether it counts, its places), '' as today."""
    before = {label: row for row, label in enumerate(today.facilities["id"])}
    then, now = _capacity(today.facilities), _capacity(planned.facilities)
    changes = []
    for row, label in enumerate(planned.facilities["id"]):
        if label not in before:
            changes.append("new")
            continue
        old = before[label]
        same = (
            np.array_equal(today.offer.offers[old], planned.offer.offers[row])
            and np.array_equal(today.offer.open[old], planned.offer.open[row])
            and today.offer.counts[old] == planned.offer.counts[row]
            and np.array_equal(then[old : old + 1], now[row : row + 1], equal_nan=True)
        )
        changes.append("" if same else "changed")
    return np.array([*changes, None], dtype=object)[:-1]


def _capacity(table: pd.DataFrame) -> NDArray[np.float64]:
    if "capacity" not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table["capacity"]).to_numpy(dtype=np.float64, na_value=np.nan)
