"""What a plan means, in the few tables that plans are compared by, wherever these come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.scenario.circle_figures import circle_figures
from coverage_planner.scenario.scenario import GroupOutcome, Outcome

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

#: Shares and sums of a group that plans are compared by.
MEASURES = (
    "covered_demand", "covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share",
    "mean_time_min",
)  # fmt: skip
#: Those that only a complete circle has; NaN without it.
CIRCLE_MEASURES = (
    "full_demand_share", "open_week_share", "full_week_share", "open_night_share", "unassigned_demand",
)  # fmt: skip
#: Those of a service.
SERVICE_MEASURES = ("covered_demand", "covered_demand_share", "covered_always_share", "covered_hour_share")

POINT_COLUMNS = ("id", "demand", "facility_id", "time_s", "covered")
AREA_COLUMNS = ("id", "name", "subdistrict")
GAP_COLUMNS = ("id", "uncovered_demand", "reason")
SERVICE_COLUMNS = ("group", "service", "cutoff_min", "n_offering", "demand", *SERVICE_MEASURES)
#: What is known of a station; those after ``name`` say whether a plan changes it.
STATION_TEXTS = ("name", "kind", "level", "services", "opening_hours")
STATION_NUMBERS = ("capacity", "cost")

_S_PER_MIN = 60.0


@dataclass(frozen=True, eq=False)
class PlanFigures:
    """A scenario in the tables that comparisons are made from.

    Attributes
    ----------
    name
        Of the scenario.
    overall
        One row per group: ``group``, ``mode``, ``direction``, ``cutoff_s``, ``n_facilities``, ``n_points``, ``demand``,
        `MEASURES` and `CIRCLE_MEASURES`.
    points
        Group name -> one row per demand point: `POINT_COLUMNS`, ``geometry``. ``time_s`` is NaN where no station was
        found within the limit of the search.
    areas
        The communities: `AREA_COLUMNS`, ``geometry``; no rows where there are none.
    stations
        Where people can go: ``id``, `STATION_TEXTS`, `STATION_NUMBERS`, ``geometry``.
    gaps
        Group name -> areas of uncovered demand: `GAP_COLUMNS`, ``geometry``.
    services
        One row per group and service: `SERVICE_COLUMNS`; no rows without a circle.
    """

    name: str
    overall: pd.DataFrame
    points: Mapping[str, gpd.GeoDataFrame]
    areas: gpd.GeoDataFrame
    stations: gpd.GeoDataFrame
    gaps: Mapping[str, gpd.GeoDataFrame]
    services: pd.DataFrame


def measure_plan(outcome: Outcome, circle: "Circle | None" = None) -> PlanFigures:
    """Take from an outcome what plans are compared by.

    Parameters
    ----------
    outcome
        `evaluate` of a scenario.
    circle
        `measure_circle` of the same outcome, or None.

    Returns
    -------
    PlanFigures
        All geometries in the network's CRS.
    """
    crs = outcome.network.crs
    return PlanFigures(
        name=outcome.scenario.name,
        overall=pd.DataFrame([_overall_row(outcome, name, circle) for name in outcome.groups]),
        points={name: _points(group, crs) for name, group in outcome.groups.items()},
        areas=tidy_areas(outcome.communities, crs),
        stations=_stations(outcome, circle),
        gaps={
            name: gpd.GeoDataFrame(group.gaps[[*GAP_COLUMNS, "geometry"]]).to_crs(crs)
            for name, group in outcome.groups.items()
        },
        services=_services(circle),
    )


def tidy_areas(communities: gpd.GeoDataFrame | None, crs: object) -> gpd.GeoDataFrame:
    """Return communities with `AREA_COLUMNS` in a CRS; a subdistrict that is not given is None."""
    if communities is None:
        return gpd.GeoDataFrame({name: [] for name in AREA_COLUMNS}, geometry=[], crs=crs)
    known = {name: _texts(communities, name) for name in AREA_COLUMNS}
    return gpd.GeoDataFrame(known, geometry=communities.geometry.to_numpy(), crs=communities.crs).to_crs(crs)


def tidy_stations(stations: pd.DataFrame, places: gpd.GeoSeries) -> gpd.GeoDataFrame:
    """Return stations with ``id``, `STATION_TEXTS` and `STATION_NUMBERS`; what is not given is None or NaN.

    Parameters
    ----------
    stations
        Column ``id`` and any of the others.
    places
        Their points, rows as in `stations`.
    """
    known: dict[str, Any] = {name: _texts(stations, name) for name in ("id", *STATION_TEXTS)}
    for name in STATION_NUMBERS:
        given = stations[name] if name in stations else np.full(len(stations), np.nan)
        known[name] = pd.to_numeric(pd.Series(given).reset_index(drop=True)).to_numpy(dtype=np.float64, na_value=np.nan)
    return gpd.GeoDataFrame(known, geometry=places.to_numpy(), crs=places.crs)


def _texts(table: pd.DataFrame, name: str) -> list[str | None]:
    given = table[name] if name in table else [None] * len(table)
    return [None if pd.isna(value) or value == "" else str(value) for value in given]


def _overall_row(outcome: Outcome, name: str, circle: "Circle | None") -> dict[str, Any]:
    group = outcome.groups[name]
    shares = group.shares.iloc[0]
    row: dict[str, Any] = {
        "group": name,
        "mode": group.times.mode_description,
        "direction": group.times.direction,
        "cutoff_s": float(group.group.cutoff_s),
        "n_facilities": len(outcome.scenario.facilities),
        "n_points": len(group.coverage.points),
        "demand": float(group.coverage.points["demand"].sum()),
        "mean_time_min": float(shares["mean_time_s"]) / _S_PER_MIN,
    }
    row |= {measure: float(shares[measure]) for measure in MEASURES if measure not in row}
    measured = dict.fromkeys(CIRCLE_MEASURES, np.nan)
    return row | (measured if circle is None else circle_figures(circle, circle.groups[name]))


def _points(group: GroupOutcome, crs: object) -> gpd.GeoDataFrame:
    places = group.group.demand.geometry.to_crs(crs)
    table = pd.DataFrame(group.coverage.points[[name for name in POINT_COLUMNS if name != "covered"]])
    table = table.assign(
        facility_id=np.array(_texts(table, "facility_id"), dtype=object),
        demand=table["demand"].to_numpy(dtype=np.float64),
        time_s=table["time_s"].to_numpy(dtype=np.float64),
        covered=np.asarray(group.coverage.covered, dtype=np.bool_),
    )
    return gpd.GeoDataFrame(table[list(POINT_COLUMNS)].reset_index(drop=True), geometry=places.to_numpy(), crs=crs)


def _stations(outcome: Outcome, circle: "Circle | None") -> gpd.GeoDataFrame:
    """Return the stations of a scenario; with a circle, with what their level fills in."""
    facilities = outcome.scenario.facilities
    stated: pd.DataFrame = facilities.drop(columns=facilities.geometry.name)
    if circle is not None:
        filled = circle.facilities.set_index("id")
        for name in ("level", "services", "opening_hours", "capacity"):
            if name in filled:
                stated = stated.assign(**{name: filled[name].reindex(facilities["id"]).to_numpy()})
    return tidy_stations(stated, facilities.geometry.to_crs(outcome.network.crs))


def _services(circle: "Circle | None") -> pd.DataFrame:
    if circle is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in SERVICE_COLUMNS})
    tables = []
    for name, group in circle.groups.items():
        table = group.services.rename(columns={"n_facilities": "n_offering"})
        tables.append(table.assign(group=name, cutoff_min=table["cutoff_s"].astype(np.float64) / _S_PER_MIN))
    return pd.concat(tables, ignore_index=True)[list(SERVICE_COLUMNS)]
