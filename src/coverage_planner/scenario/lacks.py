"""What people lack: a station at all, a service, one that is open at night, room; point by point."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.coverage.areas import OUTSIDE, assign_areas
from coverage_planner.coverage.capacity import Assignment
from coverage_planner.coverage.offer import ANY, Needs, Offer
from coverage_planner.coverage.serving import Served
from coverage_planner.errors import InputError, name_some
from coverage_planner.scenario.scenario import Group
from coverage_planner.traveltime.times import TravelTimes

#: Kinds of lacks, in the order in which equal ones are listed: no station within the cutoff at any hour; a station but
#: none with the service; a station but none that is open at night; open stations but no room.
LackKind = Literal["any", "service", "night", "room"]


class GroupServing(Protocol):
    """Who of a group is served, as `scenario.circle.GroupCircle` has it."""

    @property
    def group(self) -> Group:
        """The group."""

    @property
    def needs(self) -> Needs:
        """What it needs."""

    @property
    def times(self) -> TravelTimes:
        """Times to the stations, searched at least as far as the longest cutoff."""

    @property
    def served(self) -> Served:
        """Every demand point, service and slot."""

    @property
    def capacity(self) -> Assignment | None:
        """Who found room; None where capacity is not looked at."""


class Serving(Protocol):
    """Stations, what they offer, and who is served, as `scenario.circle.Circle` has them."""

    @property
    def facilities(self) -> gpd.GeoDataFrame:
        """Stations and mobile stops."""

    @property
    def offer(self) -> Offer:
        """What they offer, rows in the same order."""

    @property
    def groups(self) -> Mapping[str, GroupServing]:
        """Group name -> who is served."""


@dataclass(frozen=True, eq=False)
class Lack:
    """Something that demand points of one group lack.

    Attributes
    ----------
    group
        Name of the group.
    kind, service
        What is lacking; `service` is the id for the kind 'service', else None.
    required
        Whether everybody of the group needs it to be fully served; true for all kinds but services.
    cutoff_s
        Longest acceptable time, seconds.
    slots
        Shape (h,): in one of these slots somebody must serve.
    missing
        Shape (d,): demand that lacks it, 0 where nothing is missing.
    """

    group: str
    kind: LackKind
    service: str | None
    required: bool
    cutoff_s: float
    slots: NDArray[np.bool_]
    missing: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reach:
    """Which facility reaches how much of the demand that lacks something, community by community.

    Attributes
    ----------
    demand
        Shape (f, a): demand of the community within the cutoff of the facility.
    mean_time_s
        Shape (f, a): demand-weighted mean time of it; NaN where there is none.
    """

    demand: NDArray[np.float64]
    mean_time_s: NDArray[np.float64]


def find_lacks(today: Serving, name: str, night: NDArray[np.bool_]) -> list[Lack]:
    """Find what each demand point of a group lacks.

    Whoever reaches no open station at any hour lacks a station, and nothing else is said of them; the other kinds are
    of those who reach one. The stop of a service bus is no station: it gives services, and it may be open at night.

    Parameters
    ----------
    today
        The stations, what they offer, and who is served.
    name
        The group.
    night
        Shape (h,): the slots of the night.

    Returns
    -------
    list of Lack
        'any', each service, 'night', 'room', those that nobody lacks left out.
    """
    found = today.groups[name]
    group, needs, served = found.group, found.needs, found.served
    weight = group.demand["demand"].to_numpy(dtype=np.float64)
    ordinary = np.zeros(len(night), dtype=bool)
    ordinary[served.week.ordinary] = True
    base = Lack(
        group=name,
        kind="any",
        service=None,
        required=True,
        cutoff_s=group.cutoff_s,
        slots=ordinary,
        missing=weight,
    )
    has_one = reached_by(found.times, group.cutoff_s, giving(today, base))
    base = replace(base, missing=np.where(has_one, 0.0, weight))
    lacks = [base]
    for service in needs.services:
        missing = np.where(has_one & ~served.ever(service), weight, 0.0)
        lacks.append(
            replace(
                base,
                kind="service",
                service=service,
                required=service in needs.required,
                cutoff_s=needs.cutoff_s(service, group.cutoff_s),
                missing=missing,
            )
        )
    at_night = served.slots(ANY)[:, night].any(axis=1)
    if night.any():
        lacks.append(replace(base, kind="night", slots=night, missing=np.where(has_one & ~at_night, weight, 0.0)))
    if found.capacity is not None:
        turned_away = has_one & reach_full(found)
        lacks.append(replace(base, kind="room", missing=np.where(turned_away, without_room(found), 0.0)))
    return [lack for lack in lacks if lack.missing.any()]


def without_room(found: GroupServing) -> NDArray[np.float64]:
    """Shape (d,): demand that finds no room within the cutoff."""
    if found.capacity is None:
        return np.zeros(len(found.group.demand))
    return found.capacity.points["unassigned_demand"].to_numpy(dtype=np.float64)


def reach_full(found: GroupServing) -> NDArray[np.bool_]:
    """Shape (d,): who reaches a full station: others without room find none that is open, and lack no room."""
    if found.capacity is None:
        return np.zeros(len(found.group.demand), dtype=bool)
    return reached_by(found.times, found.group.cutoff_s, found.capacity.facilities["full"].to_numpy(dtype=bool))


def split_by_area(demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Shape (d,): row of each point's community; one more than the last row for points in none."""
    area = assign_areas(demand, communities).to_numpy(dtype=np.int64)
    return np.where(area == OUTSIDE, len(communities), area)


def are_mobile(facilities: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Shape (f,): which rows are stops of service buses and vending trucks: those with a vehicle."""
    if "vehicle" not in facilities:
        return np.zeros(len(facilities), dtype=bool)
    return np.asarray(facilities["vehicle"].notna(), dtype=bool)


def failing(offer: Offer, lack: Lack) -> dict[str, NDArray[np.bool_]]:
    """Say of each station what keeps it from giving what is lacking to those within the cutoff.

    Parameters
    ----------
    offer
        What the stations offer, and when.
    lack
        What is lacking.

    Returns
    -------
    dict
        'give_hub' (it does not count, being a satellite without a hub), 'add_service' (it does not offer it),
        'open_longer' (it is open in no slot that is asked for) -> shape (f,).
    """
    offered = np.ones(len(offer.counts), dtype=bool)
    if lack.service is not None:
        offered = offer.offers[:, offer.services.index(lack.service)]
    return {
        "give_hub": ~offer.counts,
        "add_service": ~offered,
        "open_longer": np.asarray(~offer.open[:, lack.slots].any(axis=1)),
    }


def able(circle: Serving, lack: Lack) -> NDArray[np.bool_]:
    """Shape (f,): which rows could be what is lacking; the stop of a bus is no station."""
    return ~are_mobile(circle.facilities) if lack.kind == "any" else np.ones(len(circle.facilities), dtype=bool)


def giving(circle: Serving, lack: Lack) -> NDArray[np.bool_]:
    """Shape (f,): which stations give what is lacking to everybody within the cutoff."""
    fails = np.logical_or.reduce(list(failing(circle.offer, lack).values()))
    return np.asarray(able(circle, lack) & ~fails)


def only_stations(circle: Serving, group: str) -> tuple[gpd.GeoDataFrame, TravelTimes, Offer]:
    """Return stations, times and offer without the stops of service buses."""
    kept = ~are_mobile(circle.facilities)
    offer, times = circle.offer, circle.groups[group].times
    if kept.all():
        return circle.facilities, times, offer
    pairs = np.repeat(kept, np.diff(times.indptr))
    sizes = np.diff(times.indptr)[kept]
    stations = replace(
        times,
        facility_ids=times.facility_ids[kept],
        indptr=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        indices=times.indices[pairs],
        seconds=times.seconds[pairs],
        facility_snaps=times.facility_snaps[kept].reset_index(drop=True),
    )
    fewer = replace(
        offer,
        facility_ids=offer.facility_ids[kept],
        offers=offer.offers[kept],
        open=offer.open[kept],
        counts=offer.counts[kept],
    )
    return circle.facilities[kept].reset_index(drop=True), stations, fewer


def measure_reach(
    times: TravelTimes, cutoff_s: float, weight: NDArray[np.float64], area: NDArray[np.int64], n_areas: int
) -> Reach:
    """Add up the demand within the cutoff of each facility, community by community.

    Parameters
    ----------
    times
        Times of f facilities and d demand points.
    cutoff_s
        Longest acceptable time; equal counts.
    weight, area
        Shape (d,): demand, and row of the community.
    n_areas
        How many communities there are.

    Raises
    ------
    ConfigError
        The cutoff is beyond the limit of the search.
    """
    near = times.within(cutoff_s)
    rows = np.repeat(np.arange(len(near.facility_ids)), np.diff(near.indptr))
    wanted = weight[near.indices] > 0
    rows, points, seconds = rows[wanted], near.indices[wanted], near.seconds[wanted].astype(np.float64)
    shape = (len(near.facility_ids), n_areas)
    place = rows * n_areas + area[points]
    size = shape[0] * n_areas
    demand = np.bincount(place, weights=weight[points], minlength=size).astype(np.float64)
    weighted = np.bincount(place, weights=weight[points] * seconds, minlength=size).astype(np.float64)
    mean = np.divide(weighted, demand, out=np.full(size, np.nan), where=demand > 0)
    return Reach(demand.reshape(shape), mean.reshape(shape))


def reached_by(times: TravelTimes, cutoff_s: float, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Shape (d,): which demand points are within the cutoff of one of the chosen facilities, shape (f,)."""
    near = times.within(cutoff_s)
    rows = np.repeat(np.arange(len(near.facility_ids)), np.diff(near.indptr))
    reached = np.zeros(len(near.demand_ids), dtype=bool)
    reached[near.indices[chosen[rows]]] = True
    return reached


def require_same_demand(given: TravelTimes, times: TravelTimes, what: str, group: str) -> None:
    """Raise unless two tables of times are of the same demand points.

    Raises
    ------
    InputError
        Other demand points, or another order.
    """
    if np.array_equal(given.demand_ids, times.demand_ids):
        return
    only_one = sorted({str(label) for label in set(given.demand_ids) ^ set(times.demand_ids)})
    raise InputError(
        f"{what} of group {group!r} must have the demand points of today, in the same order; ids in only one of them "
        f"{name_some(only_one)}; compute them for the same demand table"
    )
