"""One group of people in the complete circle: who of them is served, for what, when, and why not."""

from dataclasses import dataclass
from functools import partial

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.areas import assign_areas
from coverage_planner.coverage.capacity import Assignment
from coverage_planner.coverage.equity import Equity, measure_equity
from coverage_planner.coverage.floating_catchment import FloatingCatchment
from coverage_planner.coverage.gaps import find_gaps
from coverage_planner.coverage.measure import measure_coverage
from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer
from coverage_planner.coverage.reasons import explain_unserved
from coverage_planner.coverage.service_tables import measure_hours, measure_services
from coverage_planner.coverage.serving import Served, serve
from coverage_planner.coverage.week import Week
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.lacks import reached_by
from coverage_planner.scenario.scenario import Group, Outcome
from coverage_planner.traveltime.nearest import nearest_facilities
from coverage_planner.traveltime.times import TravelTimes

#: How far the nearest station is looked for where access times are compared: nobody travels longer in a city.
_FARTHEST_S = 6 * 3600.0


@dataclass(frozen=True, eq=False)
class GroupCircle:
    """Who of one group is served, for what, when.

    Attributes
    ----------
    group, needs
        The group and what it needs.
    times
        Times to the stations and the mobile stops, rows as in ``Circle.facilities``.
    served
        Every demand point, service and slot.
    services, hours
        `measure_services` and `measure_hours`.
    points
        One row per demand point: ``id``, ``demand``, ``any_ever``, ``full_ever``, ``any_always``, ``full_always``
        (in some or every slot of the ordinary week), ``any_hour_share``, ``full_hour_share`` (share of its slots),
        ``reason`` (why it is never fully served; None where it is), ``reason MOMENT`` (why no station serves it
        then), ``access`` (places per person of the floating catchment) and ``unassigned_demand`` (that finds no room);
        the last two are NaN where not asked for.
    gaps
        Areas that no station serves at a moment: ``moment`` and the columns of `find_gaps`.
    areas
        One row per community: ``id``, ``name``, ``subdistrict``, ``demand``, ``full_demand``, ``full_demand_share``,
        ``full_hour_share``, ``night_demand_share`` (mean over the slots of the night), ``night_gap_demand`` (that no
        slot of the night serves), ``access`` (of the floating catchment, demand-weighted), ``unassigned_demand``
        (that finds no room). None where there are no communities.
    capacity, access
        Where they were asked for: the points and parts of this group, and the stations as all groups share them.
    equity
        How access times are spread; None for groups that pass by.
    """

    group: Group
    needs: Needs
    times: TravelTimes
    served: Served
    services: pd.DataFrame
    hours: pd.DataFrame
    points: pd.DataFrame
    gaps: gpd.GeoDataFrame
    areas: pd.DataFrame | None
    capacity: Assignment | None
    access: FloatingCatchment | None
    equity: Equity | None


def measure_group(
    outcome: Outcome,
    group: Group,
    times: TravelTimes,
    facilities: gpd.GeoDataFrame,
    offer: Offer,
    rules: CircleRules,
    *,
    capacity: Assignment | None,
    access: FloatingCatchment | None,
    snap_limit_m: float,
) -> GroupCircle:
    """Measure everything about one group.

    Parameters
    ----------
    outcome
        Whose network, stations, study area and communities count.
    group
        One of its groups.
    times
        Times of the group to `facilities`.
    facilities
        Stations and mobile stops.
    offer
        What they offer, and when.
    rules
        What counts as served.
    capacity, access
        The group's part of what all groups share (`places.share_places`).
    snap_limit_m
        Farthest access leg, metres.

    Raises
    ------
    ConfigError
        A cutoff or band lies beyond the limit of the search.
    """
    needs = rules.needs(group)
    served = serve(times, offer, needs, group.cutoff_s)
    points, gaps = _explain(outcome, group, times, facilities, offer, served, capacity, rules)
    points["access"] = _column(access, "access", len(points))
    points["unassigned_demand"] = _column(capacity, "unassigned_demand", len(points))
    areas = None
    if outcome.communities is not None:
        areas = _areas(outcome.communities, group, served, points, rules)
    return GroupCircle(
        group=group,
        needs=needs,
        times=times,
        served=served,
        services=measure_services(served, group.demand, offer, needs, group.cutoff_s, profile=group.profile),
        hours=measure_hours(served, group.demand, offer, profile=group.profile),
        points=points,
        gaps=gaps,
        areas=areas,
        capacity=capacity,
        access=access,
        equity=None if group.visit == "pass" else _equity(outcome, group, snap_limit_m),
    )


# --- reasons ---


def _explain(
    outcome: Outcome,
    group: Group,
    times: TravelTimes,
    facilities: gpd.GeoDataFrame,
    offer: Offer,
    served: Served,
    capacity: Assignment | None,
    rules: CircleRules,
) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Say of each point when it is served and why not, and draw the gaps of each moment."""
    network = outcome.network
    ordinary = rules.week.ordinary
    anything, fully = served.slots(ANY)[:, ordinary], served.slots(FULL)[:, ordinary]
    turned_away = None
    if capacity is not None:
        # whoever reaches no open station at all is not turned away: only a full one has no room
        full = capacity.facilities["full"].to_numpy(dtype=bool)
        turned_away = (capacity.points["unassigned_demand"].to_numpy() > 0) & reached_by(times, group.cutoff_s, full)
    explain = partial(
        explain_unserved,
        times,
        group.demand,
        network,
        facilities,
        offer,
        cutoff_s=group.cutoff_s,
        needs=rules.needs(group),
    )
    points = pd.DataFrame(
        {
            "id": group.demand["id"].to_numpy(dtype=object),
            "demand": group.demand["demand"].to_numpy(dtype=float),
            "any_ever": anything.any(axis=1),
            "full_ever": fully.any(axis=1),
            "any_always": anything.all(axis=1),
            "full_always": fully.all(axis=1),
            "any_hour_share": anything.mean(axis=1),
            "full_hour_share": fully.mean(axis=1),
            "reason": explain(service=FULL, turned_away=turned_away).to_numpy(),
        }
    )
    coverage = measure_coverage(times, group.demand, group.cutoff_s)
    gaps = []
    for moment in rules.moments:
        reason = explain(slot=rules.week.slot(moment))
        points[f"reason {moment}"] = reason.to_numpy()
        found = find_gaps(coverage, group.demand, network, facilities, reason=reason)
        found.insert(0, "moment", moment)
        gaps.append(found)
    if not gaps:
        gaps = [find_gaps(coverage, group.demand, network, facilities).head(0).assign(moment="")]
    return points, gpd.GeoDataFrame(pd.concat(gaps, ignore_index=True), crs=network.crs)


def _column(shared: Assignment | FloatingCatchment | None, name: str, n: int) -> NDArray[np.float64]:
    """Return a column of a group's points; NaN where it was not asked for."""
    return np.full(n, np.nan) if shared is None else shared.points[name].to_numpy(dtype=np.float64)


# --- communities and equity ---


def night_slots(week: Week, night: tuple[int, int]) -> NDArray[np.bool_]:
    """Shape (h,): which slots of the ordinary week begin in the night; from 22 to 6 goes over midnight."""
    hour = week.labels()["hour"].to_numpy(dtype=float)
    first, last = night
    within = (hour >= first) & (hour < last) if first < last else (hour >= first) | (hour < last)
    within[week.n_ordinary :] = False
    return within


def _areas(
    communities: gpd.GeoDataFrame,
    group: Group,
    served: Served,
    points: pd.DataFrame,
    rules: CircleRules,
) -> pd.DataFrame:
    """Sum up the demand of each community by how it is served."""
    area = assign_areas(group.demand, communities).to_numpy()
    inside = area >= 0
    weight = group.demand["demand"].to_numpy(dtype=float)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(area[inside], weights=values[inside], minlength=len(communities)).astype(np.float64)

    ordinary, night = rules.week.ordinary, night_slots(rules.week, rules.night)
    fully = served.slots(FULL)[:, ordinary]
    at_night = served.slots(ANY)[:, night]
    demand = total(weight)
    ease = points["access"].to_numpy(dtype=float)  # NaN only for points without demand, where it was asked for
    names = communities.get("subdistrict")
    with np.errstate(invalid="ignore", divide="ignore"):
        return pd.DataFrame(
            {
                "id": communities["id"].to_numpy(dtype=object),
                "name": communities["name"].to_numpy(dtype=object),
                "subdistrict": None if names is None else names.to_numpy(dtype=object),
                "demand": demand,
                "full_demand": total(weight * fully.any(axis=1)),
                "full_demand_share": total(weight * fully.any(axis=1)) / demand,
                "full_hour_share": total(weight * fully.mean(axis=1)) / demand,
                "night_demand_share": total(weight * at_night.mean(axis=1)) / demand,
                "night_gap_demand": total(weight * ~at_night.any(axis=1)),
                "access": total(np.where(weight > 0, weight * ease, 0.0)) / demand,
                "unassigned_demand": total(points["unassigned_demand"].to_numpy(dtype=float)),
            }
        )


def _equity(outcome: Outcome, group: Group, snap_limit_m: float) -> Equity:
    """Compare access times to the nearest station, looked for far beyond the cutoff."""
    farthest_s = max(_FARTHEST_S, 2 * group.cutoff_s)
    nearest = nearest_facilities(
        outcome.network,
        with_parking(outcome.scenario.facilities, group.parking_s),
        group.demand,
        mode=group.mode,
        limit_s=farthest_s,
        direction=outcome.headline.times.direction,
        snap_limit_m=snap_limit_m,
    )
    seconds = nearest.set_index("demand_id")["time_s"].reindex(group.demand["id"]).to_numpy(dtype=float)
    return measure_equity(
        seconds, group.demand, cutoff_s=group.cutoff_s, areas=outcome.communities, limit_s=_FARTHEST_S
    )
