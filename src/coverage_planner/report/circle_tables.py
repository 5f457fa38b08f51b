"""The complete circle of a plan -> the tables that planners read: by service, by hour, capacity, hubs, equity."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.coverage.capacity import find_shortages
from coverage_planner.report.circle_columns import CIRCLE_TABLES, TOGETHER
from coverage_planner.scenario.circle_figures import circle_figures

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle, CircleStudy
    from coverage_planner.scenario.circle_group import GroupCircle

#: A Lorenz curve is written with one row for every so many parts of the people.
LORENZ_PARTS = 200
_MIN_PER_HOUR = 60.0
_CHANGED = ("covered_demand_share", "covered_hour_share")
_ROOM = ("room", "nearest_demand", "crowding", "assigned_demand", "shortage", "shortage_rank", "mean_time_s")
_FLOATING = ("supply", "demand_in_catchment", "ratio")


def circle_tables(study: "CircleStudy | None") -> dict[str, pd.DataFrame]:
    """Make the tables of a plan's services, hours, levels and capacities, with seconds where people read minutes.

    Parameters
    ----------
    study
        The circles of today and of the proposal, or None.

    Returns
    -------
    dict
        Table name -> table with the columns of `circle_columns.CIRCLE_TABLES`, or what `tables.for_people` makes
        minutes and degrees of; those of which there is nothing have their columns and no rows.
    """
    empty = {name: pd.DataFrame(columns=list(columns)) for name, columns in CIRCLE_TABLES.items()}
    if study is None:
        return empty
    circles = study.circles
    found: dict[str, pd.DataFrame | None] = {
        "by_service": _by_service(circles),
        "by_hour": _by_hour(circles),
        "reasons": _reasons(circles),
        "gaps_at": gaps_at(circles),
        "served_by_community": _of_groups(circles, lambda group: group.areas),
        "capacity": station_room(circles),
        "hubs": _hubs(circles),
        "satellites": satellites(circles),
        "equity": _of_equity(circles, lambda equity: equity.summary),
        "equity_by_area": _of_equity(circles, lambda equity: equity.areas),
        "worst_served": _of_equity(circles, lambda equity: equity.worst),
        "lorenz": _of_equity(circles, lambda equity: _thinned(equity.lorenz)),
        "in_circle": _in_circle(study),
        "mobile_stops": mobile_stops(study),
    }
    if study.lists is not None:
        nearest = {"nearest_demand": "nearest_for_demand"}
        found |= {"needs": study.lists.needs.rename(columns=nearest), "resources": study.lists.resources}
        found["planned_services"] = study.lists.services
    return empty | {name: table for name, table in found.items() if table is not None and len(table)}


def with_headline(overall: pd.DataFrame, study: "CircleStudy | None") -> pd.DataFrame:
    """Add to the rows of ``overall`` who is fully served, by day and by night, and who finds no room.

    Parameters
    ----------
    overall
        One row per ``scenario`` and ``group``.
    study
        The circles, or None, with which nothing is added.
    """
    if study is None:
        return overall
    rows = [
        {"scenario": circle.scenario, "group": name, **circle_figures(circle, group)}
        for circle in study.circles
        for name, group in circle.groups.items()
    ]
    return overall.merge(pd.DataFrame(rows), on=["scenario", "group"], how="left")


def describe_stations(facilities: gpd.GeoDataFrame, study: "CircleStudy | None") -> gpd.GeoDataFrame:
    """Add to stations what their level fills in, their open hours and their hub.

    Parameters
    ----------
    facilities
        Rows of `tables.measure_outcome`: ``scenario``, ``id``, … .
    study
        The circles, or None, with which nothing is added.
    """
    if study is None:
        return facilities
    facts = pd.concat([station_facts(circle) for circle in study.circles], ignore_index=True)
    keys = ["scenario", "id"]
    added = [str(name) for name in facts if name not in keys]
    kept = facilities.drop(columns=[name for name in added if name in facilities])
    return kept.merge(facts, on=keys, how="left")


def open_h_per_week(circle: "Circle") -> "pd.Series[float]":
    """Return how many hours of the ordinary week each station and mobile stop is open."""
    week = circle.offer.week
    return pd.Series(circle.offer.open[:, week.ordinary].sum(axis=1) * week.slot_min / _MIN_PER_HOUR)


def station_facts(circle: "Circle") -> pd.DataFrame:
    """Return what stations and stops offer, when, and to which hub they belong, by ``scenario`` and ``id``."""
    facilities = circle.facilities.reset_index(drop=True)
    named = ("level", "services", "opening_hours", "capacity", "level_filled")
    facts: dict[str, Any] = {name: facilities[name] for name in named if name in facilities}
    table = pd.DataFrame({"id": facilities["id"], **facts}).assign(
        scenario=circle.scenario, open_h_per_week=open_h_per_week(circle), hub_id=None, hub_name=None
    )
    if circle.hubs is None:
        return table
    hubs = circle.hubs.satellites.set_index("id")["hub_id"]
    hub_id = table["id"].map(hubs).astype(object)
    return table.assign(hub_id=hub_id, hub_name=hub_id.map(_places(circle)["name"]).astype(object))


# --- services and hours ---


def _labelled(circles: Sequence["Circle"]) -> Iterator[tuple["GroupCircle", dict[str, str]]]:
    """Yield each group of each circle, the group's scenarios under each other, with the labels of its rows."""
    for name in circles[0].groups:
        for circle in circles:
            group = circle.groups[name]
            yield group, {"scenario": circle.scenario, "group": name, "mode": group.times.mode_description}


def _of_groups(circles: Sequence["Circle"], table_of: "Callable[[GroupCircle], Any]") -> pd.DataFrame | None:
    tables = [table.assign(**labels) for group, labels in _labelled(circles) if (table := table_of(group)) is not None]
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else None


def _of_equity(circles: Sequence["Circle"], table_of: Callable[[Any], pd.DataFrame]) -> pd.DataFrame | None:
    def table(group: "GroupCircle") -> pd.DataFrame | None:
        return None if group.equity is None else table_of(group.equity).assign(cutoff_s=group.equity.cutoff_s)

    return _of_groups(circles, table)


def _with_together(
    circles: Sequence["Circle"], of_group: "Callable[[GroupCircle], Any]", of_all: "Callable[[Circle], pd.DataFrame]"
) -> pd.DataFrame:
    """Put the rows of all groups together below those of each group; with one group there is nothing to add up."""
    single = _of_groups(circles, of_group)
    tables = [] if single is None else [single]
    if len(circles[0].groups) > 1:
        tables += [of_all(circle).assign(scenario=circle.scenario, group=TOGETHER) for circle in circles]
    return pd.concat(tables, ignore_index=True)


def _by_service(circles: Sequence["Circle"]) -> pd.DataFrame:
    table = _with_together(circles, lambda group: group.services, lambda circle: circle.together)
    keys = ["group", "service"]
    first = table[table["scenario"] == circles[0].scenario].set_index(keys)
    place = pd.MultiIndex.from_frame(table[keys])
    later = table["scenario"] != circles[0].scenario
    changes = {
        f"change_{name}": (table[name] - first[name].reindex(place).to_numpy()).where(later) for name in _CHANGED
    }
    return table.assign(n_offering=table["n_facilities"], **changes)


def _by_hour(circles: Sequence["Circle"]) -> pd.DataFrame:
    table = _with_together(circles, lambda group: group.hours, lambda circle: circle.together_hours)
    cutoffs = {
        (labels["group"], service): cutoff_s
        for group, labels in _labelled(circles)
        for service, cutoff_s in zip(group.services["service"], group.services["cutoff_s"], strict=True)
    }
    return table.assign(
        date=table["date"].map(_date),
        day_kind=table["kind"],
        cutoff_s=[cutoffs.get(key, np.nan) for key in zip(table["group"], table["service"], strict=True)],
    )


def _date(value: object) -> str:
    return pd.Timestamp(str(value)).date().isoformat()


# --- who is not served ---


def _reasons(circles: Sequence["Circle"]) -> pd.DataFrame | None:
    """Sum up the reasons: never fully served, then no station at each moment; the one with most demand first."""

    def of_group(group: "GroupCircle") -> pd.DataFrame:
        asked: list[tuple[str, str | None, str]] = [("full", None, "reason")]
        asked += [("any", moment, f"reason {moment}") for moment in moments_of(group.points)]
        return pd.concat([_shares(group.points, *of) for of in asked], ignore_index=True)

    return _of_groups(circles, of_group)


def moments_of(points: pd.DataFrame) -> list[str]:
    """Return the moments that the points of a circle have reasons for."""
    return [str(name).removeprefix("reason ") for name in points if str(name).startswith("reason ")]


def _shares(points: pd.DataFrame, service: str, moment: str | None, column: str) -> pd.DataFrame:
    of_reason = points.groupby(column, sort=True)["demand"]
    table = pd.DataFrame({"n_points": of_reason.size(), "uncovered_demand": of_reason.sum()})
    table = table.rename_axis("reason").reset_index()
    table = table.sort_values("uncovered_demand", ascending=False, kind="stable", ignore_index=True)
    whole = float(points["demand"].sum())
    share = table["uncovered_demand"] / whole if whole > 0 else np.nan
    return table.assign(service=service, moment=moment, uncovered_demand_share=share)


def gaps_at(circles: Sequence["Circle"]) -> gpd.GeoDataFrame | None:
    """Return the gaps of all moments, one below the other; None where there is none."""
    found = _of_groups(circles, lambda group: group.gaps)
    return None if found is None else gpd.GeoDataFrame(found, crs=circles[0].facilities.crs)


# --- stations ---


def _places(circle: "Circle") -> pd.DataFrame:
    """Return names and positions of stations and stops by id."""
    facilities = circle.facilities
    names = facilities["name"] if "name" in facilities else pd.Series(None, index=facilities.index, dtype=object)
    return pd.DataFrame(
        {
            "name": names.to_numpy(dtype=object),
            "geometry": facilities.geometry.to_numpy(),
            "counts": circle.offer.counts,
        },
        index=facilities["id"].to_numpy(dtype=object),
    )


def station_room(circles: Sequence["Circle"]) -> pd.DataFrame | None:
    """Put how full stations get beside the supply per unit of demand around them."""
    tables = []
    for circle in circles:
        if circle.capacity is None and circle.access is None:
            continue
        table = pd.DataFrame({"id": circle.facilities["id"].to_numpy(dtype=object)})
        table = table.assign(**dict.fromkeys((*_ROOM, *_FLOATING), np.nan), full=False)
        if circle.capacity is not None:
            figures = circle.capacity.facilities.rename(columns={"capacity": "room"})
            ranks = find_shortages(circle.capacity).set_index("id")["rank"]
            figures = figures.assign(shortage_rank=figures["id"].map(ranks))
            table = table.assign(**{c: figures[c].to_numpy() for c in (*_ROOM, "full")})
        if circle.access is not None:
            table = table.assign(**{c: circle.access.facilities[c].to_numpy() for c in _FLOATING})
        names = table["id"].map(_places(circle)["name"])
        tables.append(table.assign(scenario=circle.scenario, name=names))
    return pd.concat(tables, ignore_index=True) if tables else None


def _hubs(circles: Sequence["Circle"]) -> gpd.GeoDataFrame | None:
    tables = []
    for circle in circles:
        if circle.hubs is not None and len(circle.hubs.hubs):
            places = _places(circle).loc[circle.hubs.hubs["id"]].reset_index(drop=True)
            hubs = circle.hubs.hubs.reset_index(drop=True)
            tables.append(hubs.assign(scenario=circle.scenario, name=places["name"], geometry=places["geometry"]))
    if not tables:
        return None
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), geometry="geometry", crs=circles[0].facilities.crs)


def satellites(circles: Sequence["Circle"]) -> pd.DataFrame | None:
    """Return each satellite with its hub: names, distance, time, and the ends of the line between them."""
    tables = []
    for circle in circles:
        if circle.hubs is None or circle.hubs.satellites.empty:
            continue
        rows = circle.hubs.satellites.reset_index(drop=True)
        places = _places(circle)
        hub_id = rows["hub_id"].astype(object).where(rows["hub_id"].notna(), None)
        ends = {"start": rows["id"].map(places["geometry"]), "end": hub_id.map(places["geometry"])}
        named = {"name": rows["id"].map(places["name"]), "hub_name": hub_id.map(places["name"])}
        counts = rows["id"].map(places["counts"]).astype(bool)
        known: dict[str, Any] = {
            "scenario": circle.scenario,
            "hub_id": hub_id,
            "hub_lack": rows["lack"],
            "counts": counts,
        }
        tables.append(rows.assign(**known, **named, **ends))
    return pd.concat(tables, ignore_index=True) if tables else None


def mobile_stops(study: "CircleStudy") -> gpd.GeoDataFrame:
    """Return the stops of service buses and vending trucks: rows of a circle that are no stations."""
    circle = study.latest
    hours = open_h_per_week(circle).to_numpy()
    facilities = circle.facilities.assign(open_h_per_week=hours)
    if "vehicle" not in facilities:
        return facilities.head(0)
    return facilities[facilities["vehicle"].notna()].reset_index(drop=True)


# --- the rest ---


def _thinned(lorenz: pd.DataFrame) -> pd.DataFrame:
    """Keep one row for each half percent of the people, the first and the last."""
    part = np.floor(lorenz["people_share"].to_numpy(dtype=float) * LORENZ_PARTS)
    kept = np.ones(len(lorenz), dtype=bool)
    kept[1:] = part[1:] != part[:-1]
    kept[-1:] = True
    return lorenz[kept]


def _in_circle(study: "CircleStudy") -> pd.DataFrame | None:
    """Name the stations of what lies inside their circles."""
    inside = study.in_circle
    if inside is None:
        return None
    names: Mapping[tuple[str, str], Any] = {
        (circle.scenario, str(label)): name
        for circle in study.circles
        for label, name in _places(circle)["name"].items()
    }
    keys = zip(inside["scenario"], inside["facility_id"], strict=True)
    table: pd.DataFrame = inside.assign(
        id=[label or TOGETHER for label in inside["facility_id"]],
        name=pd.Series([names.get((scenario, str(label))) for scenario, label in keys], inside.index, dtype=object),
        n_inside=inside["n"],
        count_inside=inside["count"],
    )
    return table


def record_circle(study: "CircleStudy") -> dict[str, Any]:
    """Return what run.json says of services, hours, levels and capacities."""
    rules = study.latest.rules
    named = (
        "services", "required", "cutoffs_s", "unstated_hours", "moments", "night", "people_per_place", "capacity_at",
        "bands_s", "band_weights",
    )  # fmt: skip
    week = rules.week.labels()
    return {
        **{name: getattr(rules, name) for name in named},
        "slot_min": rules.week.slot_min,
        "days": {str(day): str(date) for day, date in zip(week["day"], week["date"], strict=True)},
        "served": {circle.scenario: _served(circle) for circle in study.circles},
    }


def _served(circle: "Circle") -> dict[str, Any]:
    """Return the headline shares of each group: somebody open, and all required services, by the week's hours."""
    shares = {}
    for name, group in circle.groups.items():
        found = group.services.set_index("service")["covered_hour_share"]
        shares[name] = {what: float(found[what]) for what in ("any", "full")}
    return shares
