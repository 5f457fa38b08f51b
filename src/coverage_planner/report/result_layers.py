"""Outcomes -> the layers of result.gpkg, for QGIS and for programs: seconds, metres, the network's CRS."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.coverage.gaps import explain_uncovered
from coverage_planner.report.circle_layers import circle_layers
from coverage_planner.report.siting_tables import Choice, plan_sites
from coverage_planner.report.table_columns import LAYERS
from coverage_planner.report.tables import Measured, cut_columns, is_proposed, roles, scenarios, stack
from coverage_planner.scenario.scenario import GroupOutcome, Outcome

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import CircleStudy

_M2_PER_KM2 = 1e6
_FACILITY_FIGURES = ("catchment_demand", "exclusive_demand", "mean_time_s")


def report_layers(
    measured: Measured,
    outcome: Outcome,
    baseline: Outcome | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    choice: Choice | None = None,
    circle: "CircleStudy | None" = None,
) -> dict[str, gpd.GeoDataFrame]:
    """Cut the layers of a results folder: the columns of `table_columns.LAYERS`.

    Columns that speak of a scenario that was not evaluated (``…_today``, ``…_proposed``) are left out. Layers of which
    there is nothing have their columns and no rows.

    Parameters
    ----------
    measured
        What `tables.measure_outcome` returned for these outcomes.
    outcome, baseline
        The scenario proposed (or the only one), and today.
    candidates
        Where sites could have opened, or None.
    choice
        How the sites were chosen, or None.
    circle
        Services, hours, levels and capacities, or None.

    Returns
    -------
    dict
        Layer name -> layer.
    """
    crs = outcome.network.crs
    outcomes = scenarios(outcome, baseline)
    named = roles(outcome, baseline)
    layers = {
        "isochrones": _isochrones(outcomes),
        "reached_streets": _reached_streets(outcomes),
        "gaps": measured.gaps,
        "facilities": _facilities(measured.facilities, named),
        "candidates": _candidates(candidates, outcome),
        "proposed_sites": measured.sites,
        "plan_sites": plan_sites(choice, crs),
        "demand": _demand(named, crs),
        "communities": measured.communities,
        "study_area": _study_area(outcome),
        **circle_layers(circle, crs),
    }
    return {name: _cut(name, layer.to_crs(crs), set(named)) for name, layer in layers.items()}


def _cut(name: str, layer: gpd.GeoDataFrame, named: set[str]) -> gpd.GeoDataFrame:
    wanted = [
        column
        for column in LAYERS[name][1]
        if not column.endswith(("_today", "_proposed")) or column.rpartition("_")[2] in named
    ]
    table = cut_columns(layer.drop(columns=layer.geometry.name), wanted, f"layer {name}")
    return gpd.GeoDataFrame(table, geometry=layer.geometry.to_numpy(), crs=layer.crs)


def _labelled(outcomes: Sequence[Outcome]) -> list[tuple[GroupOutcome, dict[str, Any]]]:
    """Return each group's outcome, the group's scenarios under each other, with the labels of its rows."""
    return [
        (
            outcome.groups[name],
            {
                "scenario": outcome.scenario.name,
                "group": name,
                "mode": outcome.groups[name].times.mode_description,
            },
        )
        for name in outcomes[0].groups
        for outcome in outcomes
    ]


def _isochrones(outcomes: Sequence[Outcome]) -> gpd.GeoDataFrame:
    tables = [group.isochrones.assign(**labels) for group, labels in _labelled(outcomes)]
    return stack(tables, LAYERS["isochrones"][1], outcomes[0].network.crs)


def _reached_streets(outcomes: Sequence[Outcome]) -> gpd.GeoDataFrame:
    network = outcomes[0].network
    tables = []
    for group, labels in _labelled(outcomes):
        streets = group.reached_streets
        rows = streets["edge"].to_numpy(dtype=np.int64)
        known = {tag: network.edges[tag].to_numpy(dtype=object)[rows] for tag in ("highway", "name")}
        # pieces cut by the engine carry the length of the street, others have that of their line
        length_m = streets.get("length_m", streets.geometry.length)
        tables.append(streets.assign(**known, **labels, length_m=length_m))
    return stack(tables, LAYERS["reached_streets"][1], network.crs)


def _facilities(facilities: gpd.GeoDataFrame, named: Mapping[str, Outcome]) -> gpd.GeoDataFrame:
    """Put the figures of both scenarios beside each other: one row per group and station open in either."""
    keys = ["group", "id"]
    layer = facilities.drop_duplicates(keys, keep="last").drop(columns=list(_FACILITY_FIGURES))
    for role, outcome in named.items():
        rows = facilities[facilities["scenario"] == outcome.scenario.name]
        figures = pd.DataFrame(rows[[*keys, *_FACILITY_FIGURES]])
        layer = layer.merge(figures.rename(columns={f: f"{f}_{role}" for f in _FACILITY_FIGURES}), on=keys, how="left")
    return layer


def _candidates(candidates: gpd.GeoDataFrame | None, outcome: Outcome) -> gpd.GeoDataFrame:
    if candidates is None:
        return stack([], LAYERS["candidates"][1], outcome.network.crs)
    facilities = outcome.scenario.facilities
    return candidates.assign(chosen=candidates["id"].isin(facilities["id"][is_proposed(facilities)]))


def _demand(named: Mapping[str, Outcome], crs: object) -> gpd.GeoDataFrame:
    """Return one row per group and demand point: its nearest station, its time, and why it is uncovered."""
    tables = []
    first = next(iter(named.values()))
    for name, group in first.groups.items():
        demand = group.group.demand
        snaps = group.times.demand_snaps
        own = demand["group"] if "group" in demand.columns else None  # what a source of the demand is for
        table = demand.assign(
            part=own,
            group=name,
            access_m=snaps["access_m"].to_numpy(),
            on_island=snaps["on_island"].to_numpy(),
            snap_status=snaps["status"].to_numpy(),
        )
        for role, outcome in named.items():
            table = table.assign(**_nearest(outcome, name, role))
        tables.append(table)
    return stack(tables, LAYERS["demand"][1], crs)


def _nearest(outcome: Outcome, name: str, role: str) -> dict[str, Any]:
    group = outcome.groups[name]
    points = group.coverage.points
    reason = explain_uncovered(group.coverage, group.group.demand, outcome.network, outcome.scenario.facilities)
    return {
        f"facility_id_{role}": points["facility_id"].to_numpy(dtype=object),
        f"time_s_{role}": points["time_s"].to_numpy(),
        f"covered_{role}": group.coverage.covered,
        f"reason_{role}": reason.to_numpy(dtype=object),
    }


def _study_area(outcome: Outcome) -> gpd.GeoDataFrame:
    if outcome.study_area is None:
        return stack([], LAYERS["study_area"][1], outcome.network.crs)
    area = outcome.study_area.to_crs(outcome.network.crs)
    return area.assign(area_km2=area.geometry.area / _M2_PER_KM2)
