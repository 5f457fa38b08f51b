"""Needs, resources and services (三清单): what each community lacks, who around could give it, what is planned.

Cities match three lists against each other: needs (需求清单), resources (资源清单) and services (服务清单). Every
figure is counted over the demand points and the travel times of each group, never over polygons.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.week import Week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.scenario.lacks import Serving, find_lacks, require_same_demand, split_by_area
from coverage_planner.scenario.list_needs import KEYS, list_needs
from coverage_planner.scenario.list_resources import Host, Premises, list_resources
from coverage_planner.scenario.list_services import list_services, newly_served
from coverage_planner.scenario.nearest_giving import Search
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes

__all__ = ["Host", "ThreeLists", "build_three_lists"]

_TEXTS = frozenset(
    {
        "need_id", "community_id", "community", "subdistrict", "group", "mode", "lack", "service", "reason",
        "nearest_id", "nearest_name", "answer", "kind", "id", "name", "place_kind", "change", "services",
        "opening_hours", "site_id", "level", "site_community",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class ThreeLists:
    """Needs, resources, services.

    Attributes
    ----------
    needs
        One row per community, group and lack, required ones first, then by demand: ``need_id`` ('N001', …), ``rank``,
        ``community_id``, ``community``, ``subdistrict`` (None for points in no community), ``group``, ``mode``,
        ``lack`` ('any', 'service', 'night', 'room'), ``service`` (id, None for other lacks), ``required``,
        ``cutoff_s``, ``demand`` (that lacks it), ``demand_share`` (of the group's demand in the community),
        ``n_points``, ``reason`` (of most of that demand), ``reason_share``, ``nearest_id``, ``nearest_name`` (of those
        stations that have what is lacking, the one nearest for most of the demand), ``nearest_demand`` (for how much),
        ``nearest_time_s`` (its mean time), ``n_premises``, ``n_stations`` (how many could give it),
        ``reachable_demand`` (that at least one of them reaches), ``planned_demand`` (that the proposal serves with it),
        ``n_planned`` (stations that do), ``answer`` ('planned': all of the demand; 'part planned'; 'possible': nothing
        is planned, but a resource could; 'nothing').
    resources
        For each need the premises and stations around that could give it, most demand first: ``need_id``, ``rank``,
        ``community``, ``group``, ``lack``, ``service``, ``kind`` ('premises' or 'station'), ``id``, ``name``,
        ``place_kind``, ``change`` (what has to be done, joined by ';': 'open_site', 'give_hub', 'add_service',
        'open_longer', 'add_room'), ``demand`` (how much of the need that alone would serve), ``demand_share``,
        ``mean_time_s``, ``services``, ``opening_hours``, ``cost``, ``area_m2``, ``planned`` (the proposal opens the
        premises, or changes the station so that it answers the need).
    services
        For each new or changed station and need that it answers: ``site_id``, ``name``, ``place_kind``, ``change``
        ('new' or 'changed'), ``level``, ``services``, ``opening_hours``, ``capacity``, ``site_community``, ``need_id``,
        ``community``, ``group``, ``lack``, ``service``, ``demand`` (of the need, that the station serves by itself),
        ``demand_share``, ``mean_time_s``. A station that answers no need has one row without one.
    """

    needs: pd.DataFrame
    resources: pd.DataFrame
    services: pd.DataFrame


def build_three_lists(
    today: Serving,
    *,
    network: RoadNetwork,
    communities: gpd.GeoDataFrame,
    night: NDArray[np.bool_],
    planned: Serving | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    candidate_times: Mapping[str, TravelTimes] | None = None,
    host: Host | None = None,
    most: int | None = 3,
    farthest_s: float = 3600.0,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> ThreeLists:
    """List what each community lacks, who around could give it, and what of it is planned.

    Whoever reaches no open station at any hour of the ordinary week lacks a station (the stop of a service bus, a row
    of the stations with a ``vehicle``, is none); of those who reach one, whoever
    never gets a service within its cutoff lacks the service, whoever reaches none that is open at night lacks that, and
    whoever finds no room lacks room. A premises could give what is lacking to all who reach it in time, if what it
    would offer, and when, includes it; a station, once what keeps it from giving it is changed.

    Parameters
    ----------
    today
        `measure_circle` of the stations of today.
    network
        The streets.
    communities
        Areas: ``id``, ``name``, maybe ``subdistrict``; metric CRS.
    night
        Shape (h,): the slots of the night, among those of the ordinary week. None of them: the night is not asked for.
    planned
        `measure_circle` of the proposal, for the same groups and demand.
    candidates
        Premises: ``id``, maybe ``name``, ``kind``, ``cost``, ``area_m2``.
    candidate_times
        Group name -> times of the premises (rows) to the group's demand, searched at least as far as the group's
        longest cutoff.
    host
        What a premises could offer; None: any service, at all hours.
    most
        How many premises and how many stations are listed for a need; None: all.
    farthest_s
        How far the nearest station is looked for, seconds.
    snap_limit_m
        Farthest access leg, metres.

    Returns
    -------
    ThreeLists
        The three tables, matched by ``need_id``.

    Raises
    ------
    ConfigError
        `most` is below 1; times do not reach as far as a cutoff; the night has slots outside the ordinary week.
    InputError
        Tables and times are not of the same premises, demand points, groups or week.
    CrsError, SchemaError
        A table is not as its schema says.
    """
    if most is not None and most < 1:
        raise ConfigError(f"most must be at least 1, or None for all, got {most}; correct it")
    check_table(communities, "areas", what="communities")
    week = today.offer.week
    _check_night(night, week)
    if planned is not None:
        _check_planned(today, planned)
    premises = _check_premises(today, candidates, candidate_times, host or Host(), week)
    lacks = [lack for name in today.groups for lack in find_lacks(today, name, night)]
    area = {name: split_by_area(found.group.demand, communities) for name, found in today.groups.items()}
    search = Search(network, farthest_s, snap_limit_m)
    needs = list_needs(today, lacks, area, communities, search)
    resources, reachable = list_resources(today, lacks, area, needs, premises, most)
    services = list_services(today, planned, lacks, area, needs, communities)
    gained = newly_served(today, planned, lacks, area, needs)
    return _match(needs.drop(columns=list(KEYS)), resources, services, reachable, gained)


def _match(
    needs: pd.DataFrame,
    resources: pd.DataFrame,
    services: pd.DataFrame,
    reachable: pd.DataFrame,
    gained: NDArray[np.float64],
) -> ThreeLists:
    """Say of each need what answers it, and of each resource whether the proposal does it."""
    n_planned = services.groupby("need_id").size().reindex(needs["need_id"]).fillna(0).to_numpy(dtype=np.int64)
    demand = needs["demand"].to_numpy(dtype=np.float64)
    # sums over the same points in the same order: nothing is left exactly where they are equal
    answer = np.select(
        [gained >= demand, gained > 0, reachable["reachable_demand"].to_numpy() > 0],
        ["planned", "part planned", "possible"],
        "nothing",
    )
    matched = needs.assign(
        n_premises=reachable["n_premises"].to_numpy(),
        n_stations=reachable["n_stations"].to_numpy(),
        reachable_demand=reachable["reachable_demand"].to_numpy(),
        planned_demand=gained,
        n_planned=n_planned,
        answer=answer.astype(object),
    )
    done = set(zip(services["need_id"], services["site_id"], strict=True))
    new = set(services.loc[services["change"] == "new", "site_id"])
    marks = [
        label in new if kind == "premises" else (need, label) in done
        for need, kind, label in zip(resources["need_id"], resources["kind"], resources["id"], strict=True)
    ]
    return ThreeLists(
        _as_texts(matched), _as_texts(resources.assign(planned=np.array(marks, dtype=bool))), _as_texts(services)
    )


def _as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of text are objects, None where there is none."""
    missing = {
        name: pd.Series([None if pd.isna(value) else value for value in table[name]], index=table.index, dtype=object)
        for name in table
        if name in _TEXTS
    }
    return table.assign(**missing)


def _check_night(night: NDArray[np.bool_], week: Week) -> None:
    if night.shape != (len(week.starts),) or night.dtype != np.bool_:
        raise InputError(
            f"night must be true or false for each of the {len(week.starts)} slots of the week, got {night.dtype} in "
            f"{night.shape}; make it from the same week"
        )
    outside = np.flatnonzero(night[week.n_ordinary :]) + week.n_ordinary
    if len(outside):
        raise ConfigError(
            f"the night must lie in the ordinary week (slots 0 to {week.n_ordinary - 1}), got the slots "
            f"{name_some(outside)} of special dates; leave them out"
        )


def _check_planned(today: Serving, planned: Serving) -> None:
    if list(planned.groups) != list(today.groups):
        raise InputError(
            f"the proposal must have the groups of today ({', '.join(today.groups)}), got "
            f"{', '.join(planned.groups)}; measure it for the same groups"
        )
    if planned.offer.services != today.offer.services:
        raise InputError(
            f"the proposal must have the services of today ({', '.join(today.offer.services)}), got "
            f"{', '.join(planned.offer.services)}; describe its offer with the same services"
        )
    if not np.array_equal(planned.offer.week.starts, today.offer.week.starts):
        raise InputError("the proposal must have the week of today, got another; measure it in the same week")
    for name, found in planned.groups.items():
        require_same_demand(found.times, today.groups[name].times, "times of the proposal", name)


def _check_premises(
    today: Serving,
    candidates: gpd.GeoDataFrame | None,
    candidate_times: Mapping[str, TravelTimes] | None,
    host: Host,
    week: Week,
) -> Premises | None:
    if candidates is None:
        return None
    if host.open is not None and host.open.shape != (len(week.starts),):
        raise InputError(
            f"host.open must have one value for each of the {len(week.starts)} slots of the week, got "
            f"{host.open.shape}; make it with open_slots of the same week"
        )
    times = candidate_times or {}
    missing = [name for name in today.groups if name not in times]
    if missing:
        raise InputError(
            f"candidate_times must have the times of every group, missing {name_some(missing)}; compute them with "
            "group_times"
        )
    check_table(candidates, "candidates")
    ids = candidates["id"].to_numpy(dtype=object)
    for name, found in today.groups.items():
        if not np.array_equal(times[name].facility_ids, ids):
            raise InputError(
                f"candidate_times of group {name!r} must be those of the candidates, in the same order; got "
                f"{len(times[name].facility_ids)} rows for {len(ids)} candidates; compute them for the same table"
            )
        require_same_demand(times[name], found.times, "candidate_times", name)
    return Premises(candidates, times, host)
