"""The scenarios of a map's data: who is covered in each, by how much, where not and why."""

import re
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.areas import measure_areas
from coverage_planner.coverage.gaps import REASONS, STATION_REASONS, explain_uncovered
from coverage_planner.report import drawing
from coverage_planner.report.circle_tables import satellites, station_room
from coverage_planner.report.map_data_stations import Stations, plain_records
from coverage_planner.report.map_data_streets import Clip, area_paths, simple_areas, to_ms
from coverage_planner.report.packed import pack, pack_json
from coverage_planner.report.tables import is_proposed
from coverage_planner.scenario.circle_figures import circle_figures
from coverage_planner.scenario.scenario import GroupOutcome, Outcome
from coverage_planner.units import speed_mps

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle
    from coverage_planner.scenario.circle_group import GroupCircle

#: Why a demand point is not covered; the key ``reasons``.
REASON_CODES = (*REASONS, *STATION_REASONS)
#: Stands for the reason of points that are covered.
COVERED = 255

_SHARES = (
    "demand", "covered_demand", "covered_demand_share", "covered_point_share", "covered_area_share",
    "covered_road_share", "straight_line_demand_share", "mean_time_s", "cutoff_s",
)  # fmt: skip
_STATION_FIGURES = ("catchment_demand", "exclusive_demand", "mean_time_s")
_GAP_FACTS = ("id", "rank", "uncovered_demand", "n_points", "nearest_facility_m")
_AREA_FIGURES = ("n_points", "demand", "covered_demand", "covered_demand_share", "covered_point_share", "mean_time_s")
_CIRCLE_AREA_FIGURES = (
    "full_demand", "full_demand_share", "full_hour_share", "night_demand_share", "night_gap_demand", "access",
    "unassigned_demand",
)  # fmt: skip
_SERVICE_FIGURES = (
    "service", "cutoff_s", "n_facilities", "demand", "covered_demand", "covered_demand_share", "covered_point_share",
    "covered_always_share", "covered_hour_share",
)  # fmt: skip
_ROOM = (
    "room", "nearest_demand", "crowding", "assigned_demand", "shortage", "shortage_rank", "full", "mean_time_s",
    "supply", "demand_in_catchment", "ratio",
)  # fmt: skip
_SHARE = re.compile(r"(?P<reason>\w+) (?P<percent>\d+) %")


def describe_scenario(
    outcome: Outcome, circle: "Circle | None", stations: Stations, number: int, clip: Clip
) -> dict[str, Any]:
    """Return an entry of the key ``scenarios``.

    Parameters
    ----------
    outcome, circle
        The scenario and its circle, or None.
    stations
        The stations of all scenarios.
    number
        Which of the scenarios of `stations` it is.
    clip
        What is shown.
    """
    rows = stations.rows[number]
    fixed, mobile = rows[: stations.n_stations[number]], rows[stations.n_stations[number] :]
    counts = rows if circle is None else rows[np.asarray(circle.offer.counts, dtype=bool)]
    return {
        "name": outcome.scenario.name,
        "role": "proposed" if is_proposed(outcome.scenario.facilities).any() else "today",
        "stations": fixed.tolist(),
        "mobile": mobile.tolist(),
        "counts": counts.tolist(),
        "hub_links": [] if circle is None else _hub_links(circle, rows),
        "hubs": [] if circle is None else _hubs(circle, rows),
        "station_figures": {
            name: plain_records(found.coverage.facilities, _STATION_FIGURES) for name, found in outcome.groups.items()
        },
        "capacity": None if circle is None else _capacity(circle, rows),
        "groups": [_describe_group(outcome, name, circle, clip) for name in outcome.groups],
    }


def _rows_by_id(circle: "Circle", rows: NDArray[np.int64]) -> dict[str, int]:
    return {str(label): int(row) for label, row in zip(circle.facilities["id"], rows, strict=True)}


def _hub_links(circle: "Circle", rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    table = satellites([circle])
    if table is None:
        return []
    known = _rows_by_id(circle, rows)
    links = []
    for record in plain_records(table, ("id", "hub_id", "distance_m", "time_s", "counts", "hub_lack")):
        satellite, hub = record.pop("id"), record.pop("hub_id")
        links.append({"satellite": known[str(satellite)], "hub": None if hub is None else known[str(hub)], **record})
    return links


def _hubs(circle: "Circle", rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    if circle.hubs is None:
        return []
    known = _rows_by_id(circle, rows)
    records = plain_records(circle.hubs.hubs, ("id", "n_satellites", "most_satellites", "mean_distance_m"))
    return [{"station": known[str(record.pop("id"))], **record} for record in records]


def _capacity(circle: "Circle", rows: NDArray[np.int64]) -> list[dict[str, Any]] | None:
    table = station_room([circle])
    if table is None:
        return None
    known = _rows_by_id(circle, rows)
    records = plain_records(table, ("id", *_ROOM))
    return [{"station": known[str(record.pop("id"))], **record} for record in records]


# --- groups ---


def _describe_group(outcome: Outcome, name: str, circle: "Circle | None", clip: Clip) -> dict[str, Any]:
    found = outcome.groups[name]
    of_circle = None if circle is None else circle.groups[name]
    demand = found.group.demand
    why = explain_uncovered(found.coverage, demand, outcome.network, outcome.scenario.facilities)
    codes = {reason: code for code, reason in enumerate(REASON_CODES)}
    reason = why.map(codes).fillna(COVERED).to_numpy(dtype=np.uint8)
    gaps_at = None if of_circle is None else of_circle.gaps
    return {
        "figures": _figures(outcome, found, circle, of_circle),
        "bands": pack_json(_bands(found, clip)),
        "gaps": pack_json(_gaps(found.gaps, clip)),
        "gaps_at": pack_json([] if gaps_at is None else _gaps(gaps_at, clip, moment=True)),
        "reason": pack(reason, "u8"),
        "communities": pack_json(_communities(outcome, found, of_circle)),
        "full_ever": None if of_circle is None else _bits(of_circle.points["full_ever"]),
        "services": [] if of_circle is None else plain_records(of_circle.services, _SERVICE_FIGURES),
        "hours": None if of_circle is None else _hours(of_circle.hours),
    }


def _bits(flags: "pd.Series[bool]") -> dict[str, Any]:
    return pack(np.packbits(flags.to_numpy(dtype=bool), bitorder="little"), "u8")


def _figures(
    outcome: Outcome, found: GroupOutcome, circle: "Circle | None", of_circle: "GroupCircle | None"
) -> dict[str, Any]:
    """Return the group's row of overall.csv, in seconds."""
    mode = outcome.network.graph(found.group.mode).mode
    (shares,) = plain_records(found.shares.iloc[:1], _SHARES)
    radius_m = found.group.cutoff_s * speed_mps(mode.speed_kph * mode.urban_factor)
    facts: dict[str, Any] = {
        "n_facilities": len(outcome.scenario.facilities),
        "n_points": len(found.coverage.points),
        "straight_line_radius_m": None if found.group.visit == "pass" or mode.class_speeds_kph else radius_m,
    }
    more: dict[str, Any] = {}
    if circle is not None and of_circle is not None:
        more = circle_figures(circle, of_circle)
    return shares | facts | {key: value if np.isfinite(value) else None for key, value in more.items()}


def _bands(found: GroupOutcome, clip: Clip) -> list[dict[str, Any]]:
    """Return the isochrone bands from near to far, each without those inside it, so that shadings do not add up."""
    table = found.isochrones.sort_values("cutoff_s")
    shapes = simple_areas(table.geometry.to_numpy(), clip)
    shapes = shapes if clip.window is None else shapely.intersection(shapes, clip.window)
    rings = np.concatenate([shapes[:1], shapely.difference(shapes[1:], shapes[:-1])])
    return [
        {"cutoff_ms": to_ms(cutoff_s), "paths": paths}
        for cutoff_s, paths in zip(
            table["cutoff_s"], drawing.polygon_paths(rings, table.crs, grain=clip.grain), strict=True
        )
    ]


def _gaps(gaps: gpd.GeoDataFrame, clip: Clip, *, moment: bool = False) -> list[dict[str, Any]]:
    gaps = gaps.assign(nearest_facility_m=gaps["nearest_facility_m"].astype(float).round(1))  # it is shown in metres
    facts = plain_records(gaps, ("moment", *_GAP_FACTS) if moment else _GAP_FACTS)
    labels = drawing.micro_degrees(
        shapely.get_coordinates(shapely.point_on_surface(gaps.geometry.to_numpy())), gaps.crs
    )
    return [
        fact
        | {
            "reasons": _reason_shares(str(shares)),
            "label": (label / drawing.DEGREE_STEPS).round(5).tolist(),
            "paths": paths,
        }
        for fact, shares, label, paths in zip(
            facts, gaps["reason_shares"], labels, area_paths(gaps.geometry, clip), strict=True
        )
    ]


def _reason_shares(spelt: str) -> list[list[Any]]:
    """Read 'barrier 82 %; no_station_in_reach 18 %'."""
    return [[match["reason"], int(match["percent"]) / 100] for match in _SHARE.finditer(spelt)]


def _communities(outcome: Outcome, found: GroupOutcome, of_circle: "GroupCircle | None") -> list[dict[str, Any]]:
    """Return figures of each community, in the order of the key ``communities``."""
    if outcome.communities is None or outcome.communities.empty:
        return []
    table = measure_areas(found.coverage, found.group.demand, outcome.communities)
    records = plain_records(table, _AREA_FIGURES)
    if of_circle is None or of_circle.areas is None:
        return records
    more = plain_records(of_circle.areas, _CIRCLE_AREA_FIGURES)
    return [record | extra for record, extra in zip(records, more, strict=True)]


def _hours(hours: pd.DataFrame) -> dict[str, Any]:
    """Return the group's rows of by_hour.csv as arrays: slots in columns, one row for each service, any and full."""
    what = list(dict.fromkeys(hours["service"]))
    n_slots = int((hours["service"] == what[0]).sum())
    return {
        "what": [str(service) for service in what],
        "demand": pack(hours["demand"].to_numpy(dtype=np.float64)[:n_slots], "f64"),
        "covered": pack(hours["covered_demand"].to_numpy(dtype=np.float64), "f64"),
    }
