"""The complete circle: who is served, for what, at which hour, and why not, for every group and together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.coverage.capacity import Assignment
from coverage_planner.coverage.floating_catchment import FloatingCatchment
from coverage_planner.coverage.hours import OpenSlots, open_slots
from coverage_planner.coverage.levels import HubAssignment, Levels, apply_levels, assign_hubs, mark_counting
from coverage_planner.coverage.offer import Offer, describe_offer
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.scenario.circle_group import GroupCircle, measure_group
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.group_times import group_times
from coverage_planner.scenario.places import share_places
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.scenario.three_lists import ThreeLists
from coverage_planner.traveltime.times import TravelTimes, travel_times
from coverage_planner.units import Progress


@dataclass(frozen=True, eq=False)
class Circle:
    """A scenario with its services, hours, levels and capacities.

    Attributes
    ----------
    scenario
        Its name.
    rules
        What counts as served.
    facilities
        The stations and, below them, the mobile stops, with what their level adds.
    slots, offer
        When they are open; what they offer.
    hubs
        Which satellite belongs to which hub; None where levels mean nothing.
    capacity, access
        Who finds room and how many places there are per person, of all groups together, which share the places;
        ``points`` have the column ``group``. None where capacity is not asked for.
    groups
        Group name -> `GroupCircle`, in order.
    together, together_hours
        `services` and `hours` summed over the groups, of a service that only some groups require over these: the
        column ``demand`` says over whom.
    """

    scenario: str
    rules: CircleRules
    facilities: gpd.GeoDataFrame
    slots: OpenSlots
    offer: Offer
    hubs: HubAssignment | None
    capacity: Assignment | None
    access: FloatingCatchment | None
    groups: Mapping[str, GroupCircle]
    together: pd.DataFrame
    together_hours: pd.DataFrame


@dataclass(frozen=True, eq=False)
class CircleStudy:
    """All that is said of a plan's services, hours, levels and capacities.

    Attributes
    ----------
    circles
        Today, and the proposal where there is one.
    lists
        Needs, resources and services (三清单); None without communities.
    in_circle
        What lies inside the circles: ``scenario``, ``facility_id`` ('' for all stations together), ``layer``,
        ``unit``, ``n``, ``counted`` (what the count sums up), ``count``; None without layers.
    """

    circles: tuple[Circle, ...]
    lists: ThreeLists | None = None
    in_circle: pd.DataFrame | None = None

    @property
    def today(self) -> Circle:
        """The stations that exist."""
        return self.circles[0]

    @property
    def latest(self) -> Circle:
        """The proposal; today where nothing is proposed."""
        return self.circles[-1]


def measure_circle(
    outcome: Outcome,
    rules: CircleRules,
    *,
    snap_limit_m: float = SNAP_LIMIT_M,
    progress: Progress | None = None,
) -> Circle:
    """Measure who is served, for what and when, from the travel times that an outcome has already.

    Parameters
    ----------
    outcome
        `evaluate` of the scenario, with ``limits_s`` of at least ``rules.farthest_s`` of every group.
    rules
        What counts as served.
    snap_limit_m
        Farthest access leg, metres, as for the outcome.
    progress
        Called with (groups done, groups in all).

    Returns
    -------
    Circle
        Tables per group and together.

    Raises
    ------
    ConfigError
        A cutoff lies beyond the limit of the search; a service or moment is unknown.
    SchemaError
        Levels of the stations are unknown.
    """
    scenario = outcome.scenario
    stations = scenario.facilities if rules.levels is None else apply_levels(scenario.facilities, rules.levels)
    hubs = None if rules.levels is None else _assign(outcome, stations, rules.levels, snap_limit_m)
    counts = np.ones(len(stations), dtype=bool)
    if hubs is not None and rules.levels is not None:
        counts = mark_counting(stations, rules.levels, hubs)
    facilities, stops = stations, scenario.mobile
    if stops is not None and len(stops):
        below = (stops if rules.levels is None else apply_levels(stops, rules.levels)).to_crs(stations.crs)
        facilities = gpd.GeoDataFrame(pd.concat([stations, below], ignore_index=True), crs=stations.crs)
        counts = np.append(counts, np.ones(len(stops), dtype=bool))
    texts = facilities["opening_hours"].tolist() if "opening_hours" in facilities else [None] * len(facilities)
    slots = open_slots(texts, rules.week, rules.calendar, unstated=rules.unstated_hours, ids=facilities["id"].tolist())
    services = tuple(dict.fromkeys(s for group in outcome.groups.values() for s in rules.needs(group.group).services))
    offer = describe_offer(facilities, services=services, week=rules.week, open_=slots.open, counts=counts)
    times = _all_times(outcome, snap_limit_m)
    shared = share_places(
        {name: found.group for name, found in outcome.groups.items()}, times, facilities, offer, rules
    )
    circles = {}
    for done, (name, found) in enumerate(outcome.groups.items()):
        circles[name] = measure_group(
            outcome,
            found.group,
            times[name],
            facilities,
            offer,
            rules,
            capacity=shared.of_groups[name][0],
            access=shared.of_groups[name][1],
            snap_limit_m=snap_limit_m,
        )
        if progress is not None:
            progress(done + 1, len(outcome.groups))
    return Circle(
        scenario=scenario.name,
        rules=rules,
        facilities=facilities,
        slots=slots,
        offer=offer,
        hubs=hubs,
        capacity=shared.capacity,
        access=shared.access,
        groups=circles,
        together=_add_services([circle.services for circle in circles.values()]),
        together_hours=_add_hours([circle.hours for circle in circles.values()]),
    )


def _assign(outcome: Outcome, stations: gpd.GeoDataFrame, levels: Levels, snap_limit_m: float) -> HubAssignment:
    """Assign satellites to hubs; over the streets by the headline group's mode where a radius in time is set."""
    if levels.radius_s is None:
        return assign_hubs(stations, levels, times=None)
    level = stations["level"].astype(object)
    times = travel_times(
        outcome.network,
        stations[level == "hub"],
        stations[level == "satellite"],
        mode=outcome.headline.group.mode,
        limit_s=levels.radius_s,
        snap_limit_m=snap_limit_m,
    )
    return assign_hubs(stations, levels, times=times)


def _all_times(outcome: Outcome, snap_limit_m: float) -> dict[str, TravelTimes]:
    """Return each group's times to the stations and, below them, to the mobile stops."""
    times = {name: found.times for name, found in outcome.groups.items()}
    stops = outcome.scenario.mobile
    if stops is None or stops.empty:
        return times
    to_stops = group_times(
        outcome.network,
        stops,
        [found.group for found in outcome.groups.values()],
        limit_s={name: found.limit_s for name, found in times.items()},
        snap_limit_m=snap_limit_m,
        direction=outcome.headline.times.direction,
    )
    return {name: _stack(found, to_stops[name]) for name, found in times.items()}


def _stack(upper: TravelTimes, lower: TravelTimes) -> TravelTimes:
    """Put the rows of one table of times below those of another of the same demand."""
    snaps = pd.concat([upper.facility_snaps, lower.facility_snaps], ignore_index=True)
    return replace(
        upper,
        facility_ids=np.append(upper.facility_ids, lower.facility_ids),
        indptr=np.append(upper.indptr, lower.indptr[1:] + upper.indptr[-1]),
        indices=np.append(upper.indices, lower.indices),
        seconds=np.append(upper.seconds, lower.seconds),
        facility_snaps=gpd.GeoDataFrame(snaps, crs=upper.facility_snaps.crs),
    )


def _add_services(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up what is covered of several groups, service by service."""
    shares = ["covered_demand_share", "covered_always_share", "covered_hour_share"]
    parts = [
        pd.DataFrame({"service": table["service"], "demand": table["demand"]}).join(
            table[shares].fillna(0.0).mul(table["demand"], axis=0)
        )
        for table in tables
    ]
    total = pd.concat(parts, ignore_index=True).groupby("service", sort=False, as_index=False).sum()
    covered = total["covered_demand_share"]
    total[shares] = total[shares].div(total["demand"], axis=0)
    total.insert(2, "covered_demand", covered)
    return total


def _add_hours(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add up who is about and who is served of several groups, slot by slot."""
    keys = ["service", "slot", "date", "day", "kind", "hour"]
    total = (
        pd.concat(tables, ignore_index=True)
        .groupby(keys, sort=False, as_index=False, dropna=False)
        .agg(n_open=("n_open", "max"), demand=("demand", "sum"), covered_demand=("covered_demand", "sum"))
    )
    return total.assign(covered_demand_share=total["covered_demand"] / total["demand"])
