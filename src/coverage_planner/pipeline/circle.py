"""Services, hours, levels and capacities of a plan: settings and tables -> rules, circles, lists."""

import datetime as dt
import warnings
from collections.abc import Sequence

import geopandas as gpd
import pandas as pd
import shapely

from coverage_planner.config import Plan, known_services
from coverage_planner.coverage.floating_catchment import find_without_margin
from coverage_planner.coverage.hours import open_slots
from coverage_planner.coverage.levels import HUB, SATELLITE, Level, Levels
from coverage_planner.coverage.profile import profile_service_areas
from coverage_planner.coverage.week import Week, build_week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.inputs import Inputs
from coverage_planner.pipeline.margins import fastest_mps
from coverage_planner.pipeline.services import offered_services
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.scenario.circle import Circle, CircleStudy, measure_circle
from coverage_planner.scenario.circle_group import night_slots
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.group_times import group_times, with_parking
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.scenario.three_lists import Host, ThreeLists, build_three_lists
from coverage_planner.sources.calendar import Calendar, read_calendar
from coverage_planner.units import speed_mps


def circle_rules(plan: Plan, facilities: gpd.GeoDataFrame, mobile: gpd.GeoDataFrame | None) -> CircleRules | None:
    """Turn a plan's settings into what counts as served.

    Parameters
    ----------
    plan
        The plan.
    facilities, mobile
        Its stations and the stops of its service buses.

    Returns
    -------
    CircleRules or None
        None where the plan asks for nothing of the kind.

    Raises
    ------
    ConfigError
        A service, date or moment is unknown.
    SourceError, InputError
        The calendar cannot be read.
    """
    if not plan.circle:
        return None
    calendar, week = read_week(plan)
    levels = _levels(plan)
    if levels is not None:
        _require_hours(levels, week, calendar)
        _require_hubs(plan, levels, facilities)
    offered = {service for table in (facilities, mobile) for service in offered_services(table)}
    if levels is not None:
        offered |= {service for level in levels.levels.values() for service in level.services}
    known_services(plan.services, offered, {g.name: g.required for g in plan.groups if g.required is not None})
    asked = (*plan.services.required, *plan.services.cutoffs_s, *(s for g in plan.groups for s in g.required or ()))
    services = tuple(dict.fromkeys((*(plan.services.counted or sorted(offered)), *asked)))
    capacity = plan.capacity
    return CircleRules(
        week=week,
        calendar=calendar,
        services=services,
        required=plan.services.required,
        cutoffs_s=plan.services.cutoffs_s,
        unstated_hours=plan.hours.unstated,
        moments=plan.hours.moments,
        night=(plan.hours.night[0], plan.hours.night[1]),
        levels=levels,
        people_per_place=None if capacity is None else capacity.people_per_place,
        capacity_at=None if capacity is None else capacity.at,
        bands_s=() if capacity is None else capacity.bands_s,
        band_weights=() if capacity is None else capacity.band_weights,
    )


def read_week(plan: Plan) -> tuple[Calendar, Week]:
    """Read a plan's calendar and lay out the week that it looks at.

    Raises
    ------
    ConfigError
        The week is not ordinary, or a date lies outside the calendar.
    SourceError, InputError
        The calendar cannot be read.
    """
    hours = plan.hours
    calendar = read_calendar(hours.calendar)
    of = None if hours.week_of is None else dt.date.fromisoformat(hours.week_of)
    dates = [dt.date.fromisoformat(text) for text in hours.dates]
    return calendar, build_week(calendar, of=of, dates=dates, slot_min=hours.slot_min)


def _levels(plan: Plan) -> Levels | None:
    if plan.levels is None:
        return None
    kinds = {"hub": plan.levels.hub, "satellite": plan.levels.satellite}
    return Levels(
        levels={name: Level(name, kind.services, kind.opening_hours, kind.capacity) for name, kind in kinds.items()},
        most_satellites=plan.levels.most_satellites,
        radius_m=plan.levels.radius_m,
        radius_s=plan.levels.radius_s,
        unassigned_count=plan.levels.unassigned_count,
    )


def _require_hours(levels: Levels, week: Week, calendar: Calendar) -> None:
    """Refuse opening hours of levels that are not understood, as those of `unstated` are."""
    for name, level in levels.levels.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # said again of the stations that have them
            understood = open_slots([level.opening_hours], week, calendar).understood.all()
        if not understood:
            raise ConfigError(
                f"[levels.{name}] opening_hours must be opening hours, such as '24/7' or 'Mo-Su 08:00-20:00', got "
                f"{level.opening_hours!r}; correct it"
            )


def _require_hubs(plan: Plan, levels: Levels, facilities: gpd.GeoDataFrame) -> None:
    """Refuse satellites, or sites that will be, without any hub where hubs decide: before sites are chosen."""
    level = facilities["level"] if "level" in facilities else pd.Series(dtype=object)
    satellites = int((level == SATELLITE).sum())
    if levels.bound and not (level == HUB).any() and (satellites or plan.siting is not None):
        what = f"{satellites} satellites" if satellites else "new sites, which are satellites,"
        raise InputError(
            f"satellites must have hubs to belong to; got {what} and no station of the level {HUB!r}; mark the hubs in "
            "the column 'level', or leave out most_satellites and the radius and let satellites without a hub count"
        )


def study_circles(
    plan: Plan, rules: CircleRules, inputs: Inputs, outcomes: Sequence[Outcome], watch: Stopwatch
) -> CircleStudy:
    """Measure the circles of every scenario, what lies inside them, and the three lists.

    Parameters
    ----------
    plan
        The plan.
    rules
        What counts as served, of `circle_rules`.
    inputs
        Its tables.
    outcomes
        Today, and the proposal where there is one.
    watch
        Times the stages 'circle' and 'lists'.

    Raises
    ------
    ConfigError, SchemaError
        As of `measure_circle`.
    """
    with watch.stage("circle"):
        circles = tuple(measure_circle(outcome, rules, snap_limit_m=plan.snap.limit_m) for outcome in outcomes)
        _warn_of_margin(circles[0], outcomes[0].network)
        _warn_of_places(circles[0], inputs, outcomes[0].network)
    with watch.stage("lists"):
        inside = _count_inside(plan, inputs, outcomes) if inputs.layers else None
        lists = None
        if inputs.communities is not None:
            lists = _make_lists(plan, rules, inputs, outcomes, circles)
    return CircleStudy(circles, lists, inside)


def _count_inside(plan: Plan, inputs: Inputs, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Count each layer's points inside the circles of the headline group."""
    tables = []
    for outcome in outcomes:
        group = outcome.headline.group
        inside = profile_service_areas(
            outcome.network,
            with_parking(outcome.scenario.facilities, group.parking_s),
            inputs.layers,
            mode=group.mode,
            cutoff_s=group.cutoff_s,
            snap_limit_m=plan.snap.limit_m,
        )
        tables.append(inside.assign(scenario=outcome.scenario.name))
    found, english = pd.concat(tables, ignore_index=True), plan.language == "en"
    units = {layer.name: (english and layer.unit_en) or layer.unit for layer in plan.layers}
    sums = {layer.name: layer.counted_en if english else layer.counted for layer in plan.layers if layer.count}
    named = found.assign(unit=found["layer"].map(units), counted=found["layer"].map(sums))
    return named[["scenario", "facility_id", "layer", "unit", "n", "counted", "count"]]


def _make_lists(
    plan: Plan, rules: CircleRules, inputs: Inputs, outcomes: Sequence[Outcome], circles: Sequence[Circle]
) -> ThreeLists:
    """Match what communities lack with the premises and stations around, and with what is proposed."""
    network, premises = outcomes[0].network, inputs.premises
    groups = [found.group for found in outcomes[0].groups.values()]
    times = None
    if premises is not None:
        times = group_times(
            network,
            premises,
            groups,
            limit_s={group.name: rules.farthest_s(group) for group in groups},
            snap_limit_m=plan.snap.limit_m,
        )
    return build_three_lists(
        circles[0],
        network=network,
        communities=inputs.communities,
        night=night_slots(rules.week, rules.night),
        planned=circles[1] if len(circles) > 1 else None,
        candidates=premises,
        candidate_times=times,
        host=_host(rules),
        snap_limit_m=plan.snap.limit_m,
    )


def _host(rules: CircleRules) -> Host:
    """Say what a premises could offer: what the plan says of satellites; anything where it says nothing."""
    if rules.levels is None:
        return Host()
    level = rules.levels.levels["satellite"]
    open_ = None
    if level.opening_hours is not None:
        open_ = open_slots([level.opening_hours], rules.week, rules.calendar).open[0]
    return Host(level.services or None, open_)


def _warn_of_margin(circle: Circle, network: RoadNetwork) -> None:
    """Warn of demand whose services or floating catchments may lie beyond what was read."""
    hull = shapely.boundary(shapely.convex_hull(shapely.multilinestrings(network.edges.geometry.to_numpy())))
    for name, group in circle.groups.items():
        if group.group.visit == "pass":
            continue
        mode = network.graph(group.group.mode).mode
        weight = group.group.demand["demand"].to_numpy(dtype=float)
        edge_m = shapely.distance(group.group.demand.geometry.to_crs(network.crs).to_numpy(), hull)
        for service, cutoff_s in group.needs.cutoffs_s.items():
            reach_m = cutoff_s * speed_mps(mode.speed_kph * mode.urban_factor)
            lost = ~group.served.ever(service) & (edge_m < reach_m) & (cutoff_s > group.group.cutoff_s)
            if weight[lost].any():
                warnings.warn(
                    f"{weight[lost].sum():,.0f} of {weight.sum():,.0f} demand of {name} has no {service} within "
                    f"{cutoff_s / 60:g} minutes and lies nearer to the edge of the streets than that; what lies beyond "
                    f"the edge is not seen; give roads and stations {reach_m:.0f} m around the study area",
                    stacklevel=2,
                )


def _warn_of_places(circle: Circle, inputs: Inputs, network: RoadNetwork) -> None:
    """Warn of stations that do not say how many places they have, and of floating catchments cut off by the border."""
    if circle.capacity is None:
        return
    unknown = circle.capacity.facilities["id"][circle.capacity.facilities["capacity"].isna().to_numpy()]
    if len(unknown):
        warnings.warn(
            f"stations should say how many places they have, {name_some(unknown)} do not: they count as never full, "
            "and not at all in floating catchments; fill in their column 'capacity', or give their level one",
            stacklevel=2,
        )
    area = inputs.study_area
    if circle.access is None or area is None:
        return
    wide = gpd.GeoDataFrame(geometry=area.geometry.buffer(inputs.margin_m), crs=area.crs)
    lacking = []
    for name, group in circle.groups.items():
        reach_m = circle.rules.bands_s[-1] * fastest_mps(network, network.graph(group.group.mode))
        cut = find_without_margin(group.group.demand, area, wide, reach_m=reach_m).to_numpy()
        weight = group.group.demand["demand"].to_numpy(dtype=float)
        if weight[cut].any():
            lacking.append(f"{name} ({weight[cut].sum() / weight.sum():.0%} of the demand, reach {reach_m:.0f} m)")
    if lacking:
        warnings.warn(
            "places per person (floating catchments) need people two reaches and stations one reach around a place, "
            f"but people count inside the study area only; less is given for {', '.join(lacking)}: compare places well "
            "inside, or take a wider study area",
            stacklevel=2,
        )
