"""A complete circle drawn by hand over `drawn_outcome`: two services, a week and two special days, one hub."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from coverage_planner.coverage.capacity import assign_with_room
from coverage_planner.coverage.equity import measure_equity
from coverage_planner.coverage.floating_catchment import floating_catchment
from coverage_planner.coverage.offer import Needs
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.scenario.three_lists import ThreeLists
from drawn_outcome import CRS, HOSTILE, SITE_NAME, at

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
SPECIAL = (("2025-10-03", "holiday"), ("2025-09-28", "workday"))
WHATS = ("water", "toilet", "any", "full")
MOMENT = "We 23:00"
N_ORDINARY = 7 * 24


def draw_labels(n_days: int = 7) -> pd.DataFrame:
    """The slots of a week of whole hours, or of its first days, and of two special days."""
    days = [(day, f"2025-11-{10 + place}", "ordinary") for place, day in enumerate(DAYS)]
    days += [(date, date, kind) for date, kind in SPECIAL]
    rows = [(date, day, kind, float(hour)) for day, date, kind in days for hour in range(24)]
    whole = pd.DataFrame(rows, columns=["date", "day", "kind", "hour"]).rename_axis("slot").reset_index()
    return whole[~whole["day"].isin(DAYS[n_days:])].reset_index(drop=True)


def draw_by_hour(demand: float = 480.0, *, n_days: int = 7) -> pd.DataFrame:
    """As `measure_hours`: nobody is about from 3 to 4, everybody is served at noon, nobody at night."""
    tables = []
    for number, what in enumerate(WHATS):
        labels = draw_labels(n_days)
        hour = labels["hour"].to_numpy()
        share = np.clip(1.2 * np.sin((hour - 5) / 18 * np.pi) - 0.05 * number, 0, 1)
        share[labels["kind"] == "holiday"] /= 2
        share[hour == 12] = 1.0
        present = np.where(hour == 3, 0.0, demand)
        labels["service"] = what
        labels["n_open"] = (hour > 6).astype(int) * 2
        labels["demand"] = present
        labels["covered_demand"] = present * share
        labels["covered_demand_share"] = np.where(present > 0, share, np.nan)
        tables.append(labels)
    return pd.concat(tables, ignore_index=True)


def draw_services(demand: float, *, better: bool) -> pd.DataFrame:
    """As `measure_services`."""
    share = np.array([0.5, 0.25, 0.75, 0.25]) + 0.125 * better
    return pd.DataFrame(
        {
            "service": WHATS, "cutoff_s": [360.0, 300.0, 360.0, np.nan], "n_facilities": [2, 1, 3, 1],
            "demand": demand, "covered_demand": demand * share, "covered_demand_share": share,
            "covered_point_share": share, "covered_always_share": share / 2, "covered_hour_share": share / 2,
        }
    )  # fmt: skip


def draw_stops() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "id": ["B1"], "name": ["服务大巴 =1+1"], "kind": ["mobile"], "vehicle": ["大巴1号"],
            "services": ["water"], "opening_hours": ["We 10:00-12:00"],
        },
        geometry=[Point(at(3, 2))], crs=CRS,
    )  # fmt: skip


def draw_circle(outcome: Outcome, *, better: bool = False) -> SimpleNamespace:
    """The circle of an outcome: F1 is a hub, F2 its satellite, further stations are satellites without one."""
    stations = outcome.scenario.facilities
    level = ["hub", *["satellite"] * (len(stations) - 1)]
    stations = stations.assign(
        level=level, services=["water;toilet", "water", *["water"] * (len(stations) - 2)],
        opening_hours=["24/7", *["Mo-Su 07:00-23:00"] * (len(stations) - 1)], level_filled="services",
    )  # fmt: skip
    facilities = gpd.GeoDataFrame(pd.concat([stations, draw_stops()], ignore_index=True), crs=stations.crs)
    labels = draw_labels()
    open_ = np.tile(labels["hour"].between(7, 22).to_numpy(), (len(facilities), 1))
    open_[0] = True
    week = SimpleNamespace(
        labels=draw_labels, slot_min=60, n_ordinary=N_ORDINARY, ordinary=slice(0, N_ORDINARY),
    )  # fmt: skip
    rules = SimpleNamespace(
        week=week, services=("water", "toilet"), required=("water", "toilet"), cutoffs_s={"toilet": 300.0},
        unstated_hours="24/7", moments=(MOMENT,), night=(22, 6), people_per_place=20.0, capacity_at=None,
        bands_s=(180.0, 360.0), band_weights=(1.0, 0.5),
    )  # fmt: skip
    rules.needs = lambda _: Needs(rules.services, rules.required, rules.cutoffs_s)
    groups = {name: draw_group_circle(outcome, name, better=better) for name in outcome.groups}
    together = pd.concat([group.services for group in groups.values()])
    sums = together.groupby("service", sort=False)[["demand", "covered_demand"]].sum().reset_index()
    shares = sums["covered_demand"] / sums["demand"]
    return SimpleNamespace(
        scenario=outcome.scenario.name, rules=rules, facilities=facilities,
        offer=SimpleNamespace(
            week=week, open=open_, counts=np.array([True, True, *[False] * (len(stations) - 2), True])
        ),
        hubs=draw_hubs(stations), groups=groups, **draw_capacity(outcome, facilities),
        together=sums.assign(covered_demand_share=shares, covered_always_share=shares, covered_hour_share=shares),
        together_hours=draw_by_hour(960.0, n_days=2),
    )  # fmt: skip


def draw_capacity(outcome: Outcome, facilities: gpd.GeoDataFrame) -> dict:
    """Room for 40 at every station but the last, filled with the headline group."""
    found = outcome.headline
    demand = found.group.demand
    room = np.append(np.full(len(found.times.facility_ids) - 1, 40.0), np.nan)
    access = floating_catchment(found.times, demand, np.nan_to_num(room), bands_s=(180.0, 300.0), weights=(1.0, 0.5))
    capacity = assign_with_room(found.times, demand, room, cutoff_s=found.group.cutoff_s)
    for table in (access.facilities, capacity.facilities):  # the mobile stop stands below the stations
        table.loc[len(table)] = table.iloc[-1]
        table.loc[len(table) - 1, "id"] = facilities["id"].iloc[-1]
    return {"capacity": capacity, "access": access}


def draw_hubs(stations: gpd.GeoDataFrame) -> SimpleNamespace:
    others = len(stations) - 2
    satellites = pd.DataFrame(
        {
            "id": stations["id"].iloc[1:], "hub_id": ["F1", *[pd.NA] * others],
            "lack": [None, *["hubs_full"] * others], "distance_m": [447.2, *[np.nan] * others], "time_s": [450.0, *[np.nan] * others],
        }
    )  # fmt: skip
    hubs = pd.DataFrame({"id": ["F1"], "n_satellites": [1], "most_satellites": [5], "mean_distance_m": [447.2]})
    return SimpleNamespace(satellites=satellites, hubs=hubs)


def draw_group_circle(outcome: Outcome, name: str, *, better: bool = False) -> SimpleNamespace:
    found = outcome.groups[name]
    demand, covered = found.group.demand, found.coverage.covered
    total = float(demand["demand"].sum())
    reason = np.where(covered, None, np.where(np.arange(len(demand)) % 3, "closed_then", "barrier"))
    points = pd.DataFrame({"id": demand["id"], "demand": demand["demand"].astype(float)}).assign(
        any_ever=covered, full_ever=covered, any_always=False, full_always=False, any_hour_share=covered / 2,
        full_hour_share=covered / 4, access=0.01, unassigned_demand=np.nan, **{"reason": reason, f"reason {MOMENT}": reason},
    )  # fmt: skip
    communities = outcome.communities
    areas = None
    if communities is not None:
        areas = pd.DataFrame(communities.drop(columns="geometry")).assign(
            demand=100.0, full_demand=50.0, full_demand_share=0.5, full_hour_share=0.25, night_demand_share=0.125,
            night_gap_demand=60.0, access=0.01, unassigned_demand=5.0,
        )  # fmt: skip
    seconds = found.coverage.points["time_s"].to_numpy(dtype=float)
    return SimpleNamespace(
        group=found.group, times=found.times, services=draw_services(total, better=better),
        hours=draw_by_hour(total, n_days=2), points=points, gaps=found.gaps.assign(moment=MOMENT), areas=areas,
        equity=measure_equity(seconds, demand, cutoff_s=found.group.cutoff_s, areas=communities),
    )  # fmt: skip


def draw_lists() -> ThreeLists:
    """A need that a premises could answer and the proposal does, and one that nothing answers."""
    needs = pd.DataFrame(
        {
            "need_id": ["N001", "N002"], "rank": [1, 2], "community_id": ["A2", None], "community": [HOSTILE, None],
            "subdistrict": ["滨江街道", None], "group": "骑手", "mode": "walk (4.8 km/h)", "lack": ["service", "night"],
            "service": ["toilet", None], "required": [True, False], "cutoff_s": [300.0, 360.0],
            "demand": [70.0, 20.0], "demand_share": [0.5, 0.25], "n_points": [3, 1],
            "reason": ["without_service", "closed_then"], "reason_share": [0.75, 1.0], "nearest_id": ["F1", None],
            "nearest_name": ["江北服务中心", None], "nearest_demand": [40.0, 0.0], "nearest_time_s": [420.0, np.nan],
            "n_premises": [1, 0], "n_stations": [0, 0], "reachable_demand": [60.0, 0.0],
            "planned_demand": [60.0, 0.0], "n_planned": [1, 0], "answer": ["part planned", "nothing"],
        }
    )  # fmt: skip
    about = {"need_id": "N001", "community": HOSTILE, "group": "骑手", "lack": "service", "service": "toilet"}
    figures = {"demand": 60.0, "demand_share": 0.875, "mean_time_s": 240.0, "place_kind": "gatehouse"}
    resource = about | figures | {
        "rank": 1, "kind": "premises", "id": "C7", "name": SITE_NAME, "change": "open_site", "services": None,
        "opening_hours": None, "cost": 12.5, "area_m2": np.nan, "planned": True,
    }  # fmt: skip
    service = about | figures | {
        "site_id": "C7", "name": SITE_NAME, "change": "new", "level": "satellite", "services": "water;toilet",
        "opening_hours": "24/7", "capacity": 20.0, "site_community": "江南社区",
    }  # fmt: skip
    return ThreeLists(needs, pd.DataFrame([resource]), pd.DataFrame([service]))


def draw_study(*outcomes: Outcome) -> SimpleNamespace:
    """The study of one or two outcomes, today's first."""
    circles = tuple(draw_circle(outcome, better=place > 0) for place, outcome in enumerate(outcomes))
    rows = [
        (circle.scenario, label, layer, unit, 3, "名职工", 321.0)
        for circle in circles
        for label in ("", "F1", "F2")
        for layer, unit in (("企业", "家"), (HOSTILE, None))
    ]
    in_circle = pd.DataFrame(rows, columns=["scenario", "facility_id", "layer", "unit", "n", "counted", "count"])
    return SimpleNamespace(
        circles=circles,
        today=circles[0],
        latest=circles[-1],
        lists=draw_lists(),
        in_circle=in_circle,
    )
