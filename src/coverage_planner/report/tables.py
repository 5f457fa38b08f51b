"""Outcomes -> the tables that planners read: overall, by area, by site, by station, gaps, islands, rows refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.areas import measure_areas
from coverage_planner.coverage.measure import measure_gains
from coverage_planner.errors import InputError, SchemaError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.report.circle_tables import circle_tables, describe_stations, with_headline
from coverage_planner.report.siting_tables import Choice, siting_tables
from coverage_planner.report.table_columns import GIVEN, SYNTHETIC_NOTE, TABLES, set_types
from coverage_planner.scenario.compare import compare_overall
from coverage_planner.scenario.scenario import GroupOutcome, Outcome
from coverage_planner.units import speed_mps

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import CircleStudy

#: Name of the row of by_subdistrict that holds the communities without a subdistrict.
NO_SUBDISTRICT = "(none)"
#: Decimals of longitude and latitude: about a centimetre.
DEGREE_DECIMALS = 7
_M_PER_KM = 1000.0
_S_PER_MIN = 60.0


@dataclass(frozen=True, eq=False)
class Measured:
    """The figures of one or two scenarios, in seconds and in the network's CRS; tables and layers are cut from them.

    Attributes
    ----------
    overall
        One row per group and scenario.
    communities, subdistricts
        One row per group, scenario and area.
    sites
        One row per group and proposed site.
    facilities
        One row per group, scenario and station.
    gaps
        One row per group, scenario and gap.
    """

    overall: pd.DataFrame
    communities: gpd.GeoDataFrame
    subdistricts: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    facilities: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame


def measure_outcome(outcome: Outcome, baseline: Outcome | None = None) -> Measured:
    """Work out every figure of the tables.

    Parameters
    ----------
    outcome
        The scenario proposed, or the only one.
    baseline
        Today, evaluated for the same groups; the proposed scenario's changes are against it.

    Raises
    ------
    ConfigError
        Both scenarios have the same name.
    InputError
        They have not the same groups with the same demand, mode and cutoff, or not the same CRS.
    """
    outcomes = scenarios(outcome, baseline)
    return Measured(
        overall=_overall(outcomes),
        communities=_by_area(outcomes, outcome.communities),
        subdistricts=_by_area(outcomes, _with_subdistricts(outcome.communities), by="subdistrict"),
        sites=measure_sites(outcome, baseline),
        facilities=_by_facility(outcomes),
        gaps=_gaps(outcomes),
    )


def scenarios(outcome: Outcome, baseline: Outcome | None) -> list[Outcome]:
    """Return the outcomes in the order of the tables: today first.

    Raises
    ------
    InputError
        The outcomes are on networks of different CRS.
    """
    if baseline is None:
        return [outcome]
    if baseline.network.crs != outcome.network.crs:
        raise InputError(
            f"both scenarios must be on networks of one CRS, got {baseline.network.crs} for {baseline.scenario.name!r} "
            f"and {outcome.network.crs} for {outcome.scenario.name!r}; evaluate both on the same network"
        )
    return [baseline, outcome]


def report_tables(
    measured: Measured,
    network: RoadNetwork,
    *,
    choice: Choice | None = None,
    circle: "CircleStudy | None" = None,
    rejected: pd.DataFrame | None = None,
    remarks: pd.DataFrame | None = None,
    synthetic: bool = False,
) -> dict[str, pd.DataFrame]:
    """Cut the tables of a results folder: minutes, WGS 84, the columns of `table_columns.TABLES`.

    Parameters
    ----------
    measured
        What `measure_outcome` returned.
    network
        The network of the outcome, whose islands are listed.
    choice
        How the sites were chosen, or None.
    circle
        Services, hours, levels and capacities, or None.
    rejected
        Rows refused at the door (`schema.Rejections.to_frame`), or None.
    remarks
        What should be known of rows that were taken (`schema.Rejections.remarks_frame`), or None.
    synthetic
        Whether the data are made up: every table then ends with the column ``note`` that says so.

    Returns
    -------
    dict
        Table name -> table, without geometry.

    Raises
    ------
    SchemaError
        `rejected` or `remarks` lacks a column.
    """
    tables = {
        "overall": with_headline(measured.overall, circle),
        "by_subdistrict": measured.subdistricts,
        "by_community": measured.communities,
        "by_site": measured.sites,
        "by_facility": describe_stations(measured.facilities, circle),
        "gaps": measured.gaps,
        **circle_tables(circle),
        **siting_tables(choice),
        "islands": _islands(network),
        "rejected": pd.DataFrame(columns=list(TABLES["rejected"])) if rejected is None else rejected,
        "remarks": pd.DataFrame(columns=list(TABLES["remarks"])) if remarks is None else remarks,
    }
    cut = {name: cut_columns(for_people(tables[name], columns), columns, name) for name, columns in TABLES.items()}
    return {name: table.assign(note=synthetic_note(table)) if synthetic else table for name, table in cut.items()}


def cut_columns(table: pd.DataFrame, columns: Sequence[str], what: str) -> pd.DataFrame:
    """Return the columns named, typed; those that planners may leave out of their data are added empty.

    Raises
    ------
    SchemaError
        A column is missing that is not theirs to leave out.
    """
    absent = [name for name in columns if name not in table]
    if not GIVEN.issuperset(absent):
        raise SchemaError(
            f"{what} must have the columns {list(columns)}, got {list(table.columns)}; "
            f"add {[name for name in absent if name not in GIVEN]}"
        )
    chosen = table.assign(**dict.fromkeys(absent, np.nan))[list(columns)]
    return set_types(chosen.reset_index(drop=True))


def is_proposed(facilities: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell proposed sites from stations that exist; shape (f,)."""
    if "proposed" not in facilities:
        return np.zeros(len(facilities), dtype=bool)
    return np.array([not pd.isna(value) and bool(value) for value in facilities["proposed"]], dtype=bool)


def stack(tables: Sequence[gpd.GeoDataFrame], columns: Sequence[str], crs: object) -> gpd.GeoDataFrame:
    """Put tables under each other in one CRS; without any, an empty table with these columns."""
    filled = [table.to_crs(crs) for table in tables if len(table)]
    if filled:
        return gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=crs)
    return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=crs)


# --- measuring ---


def _overall(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return the shares of each group and scenario, today's above the proposed, which has the changes."""
    if len(outcomes) == 1:
        shares = [
            group.shares.assign(group=name, scenario=outcomes[0].scenario.name)
            for name, group in outcomes[0].groups.items()
        ]
        table = pd.concat(shares, ignore_index=True)
        changes = {name: np.nan for name in TABLES["overall"] if name.startswith("change_")}
        table = table.assign(**changes, change_mean_time_s=np.nan)
    else:
        table = compare_overall(outcomes)
        changed = [name for name in table if str(name).startswith("change_")]
        table.loc[table["scenario"] == outcomes[0].scenario.name, changed] = np.nan
    order = {name: position for position, name in enumerate(outcomes[0].groups)}
    table = table.sort_values("group", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    facts = [_facts(outcome, group) for group in order for outcome in outcomes]
    return table.assign(**pd.DataFrame(facts))


def _facts(outcome: Outcome, name: str) -> dict[str, Any]:
    """Say how a group travels and what there is."""
    group = outcome.groups[name]
    mode = outcome.network.graph(group.group.mode).mode
    radius_m = group.group.cutoff_s * speed_mps(mode.speed_kph * mode.urban_factor)
    return {
        "mode": group.times.mode_description,
        # by car each class of street has its own speed
        "speed_kph": np.nan if mode.drives else mode.speed_kph,
        "direction": group.times.direction,
        "n_facilities": len(outcome.scenario.facilities),
        "n_points": len(group.coverage.points),
        "straight_line_radius_m": np.nan if group.group.visit == "pass" else radius_m,  # a detour has no radius
    }


def _with_subdistricts(communities: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame | None:
    """Return communities that can be joined by subdistrict; None where no community names one."""
    if communities is None or "subdistrict" not in communities or communities["subdistrict"].isna().all():
        return None
    named = communities["subdistrict"].astype(object)
    return communities.assign(subdistrict=named.where(named.notna(), NO_SUBDISTRICT))


def _by_area(outcomes: Sequence[Outcome], areas: gpd.GeoDataFrame | None, *, by: str | None = None) -> gpd.GeoDataFrame:
    tables: list[gpd.GeoDataFrame] = []
    measures = ("covered_demand", "covered_demand_share")
    for name in outcomes[0].groups if areas is not None and len(areas) else ():
        measured = [measure_areas(o.groups[name].coverage, o.groups[name].group.demand, areas, by=by) for o in outcomes]
        for position, (outcome, table) in enumerate(zip(outcomes, measured, strict=True)):
            changes = {f"change_{m}": table[m] - measured[0][m] if position else np.nan for m in measures}
            tables.append(table.assign(group=name, scenario=outcome.scenario.name, **changes))
    columns = [*TABLES["by_community"], "mean_time_s"]
    return stack(tables, columns, outcomes[0].network.crs)


def measure_sites(outcome: Outcome, baseline: Outcome | None = None) -> gpd.GeoDataFrame:
    """Work out what each proposed site adds: one row per group and site, numbered in their order.

    Parameters
    ----------
    outcome, baseline
        As for `measure_outcome`.
    """
    facilities = outcome.scenario.facilities
    new = is_proposed(facilities)
    tables = []
    for name, group in outcome.groups.items():
        before = _covered_before(group, new) if baseline is None else baseline.groups[name].coverage.covered
        figures = _site_figures(group, new, before) | {"added_demand": _added_demand(group, facilities, before)}
        sites = facilities.drop(columns=[c for c in figures if c in facilities]).assign(**figures)
        tables.append(sites[new].assign(group=name, number=np.arange(1, new.sum() + 1)))
    return stack(tables, [*TABLES["by_site"], "mean_time_s"], outcome.network.crs)


def _covered_before(group: GroupOutcome, new: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each demand point is within the cutoff of a station that exists."""
    inside = group.coverage.times.within(group.coverage.cutoff_s)
    rows = np.repeat(np.arange(len(inside.facility_ids)), np.diff(inside.indptr))
    return np.asarray(np.bincount(inside.indices[~new[rows]], minlength=len(inside.demand_ids)) > 0)


def _site_figures(group: GroupOutcome, new: NDArray[np.bool_], before: NDArray[np.bool_]) -> dict[str, Any]:
    """Work out what each facility would add to those who were covered before.

    Parameters
    ----------
    group
        The outcome for a group.
    new
        Shape (f,): which facilities are proposed sites.
    before
        Shape (d,): which demand points were covered before.
    """
    coverage = group.coverage
    inside = coverage.times.within(coverage.cutoff_s)
    rows = np.repeat(np.arange(len(inside.facility_ids)), np.diff(inside.indptr))
    weights = coverage.points["demand"].to_numpy(dtype=float)
    n_sites = np.bincount(inside.indices[new[rows]], minlength=len(weights))
    gained = weights * (coverage.covered & ~before)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(rows, weights=values[inside.indices], minlength=len(new)).astype(np.float64)

    nearest = pd.Series(gained).groupby(coverage.points["facility_id"].to_numpy()).sum()
    gains = measure_gains(coverage, before)
    return {
        "newly_covered_demand": gains["newly_covered_demand"].to_numpy(),
        "newly_covered_nearest_demand": nearest.reindex(inside.facility_ids, fill_value=0.0).to_numpy(dtype=float),
        "overlap_existing_demand": gains["overlap_existing_demand"].to_numpy(),
        "overlap_sites_demand": total(weights * (n_sites > 1)),
        "catchment_demand": coverage.facilities["catchment_demand"].to_numpy(),
        "exclusive_demand": coverage.facilities["exclusive_demand"].to_numpy(),
        "mean_time_s": coverage.facilities["mean_time_s"].to_numpy(),
    }


def _added_demand(group: GroupOutcome, facilities: gpd.GeoDataFrame, before: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Work out what each proposed site adds to the stations and the sites before it, each demand point counted once.

    Sites come in their order of opening or, where one of them has none, in the order of the table.

    Parameters
    ----------
    group
        The outcome for a group.
    facilities
        Stations and proposed sites, whose figures are not meant where they are no proposed sites.
    before
        Shape (d,): which demand points were covered before.
    """
    sites = np.flatnonzero(is_proposed(facilities))
    if "order" in facilities and facilities["order"].iloc[sites].notna().all():
        sites = sites[np.argsort(facilities["order"].to_numpy(dtype=float)[sites], kind="stable")]
    inside = group.coverage.times.within(group.coverage.cutoff_s)
    weights = group.coverage.points["demand"].to_numpy(dtype=float)
    left = ~before
    added = np.zeros(len(facilities))
    for site in sites:
        points = inside.indices[inside.indptr[site] : inside.indptr[site + 1]]
        added[site] = weights[points][left[points]].sum()
        left[points] = False
    return added


def _by_facility(outcomes: Sequence[Outcome]) -> gpd.GeoDataFrame:
    tables = []
    for name in outcomes[0].groups:
        for outcome in outcomes:
            facilities = outcome.scenario.facilities
            figures = outcome.groups[name].coverage.facilities.drop(columns="id")
            facts = {"group": name, "scenario": outcome.scenario.name, "proposed": is_proposed(facilities)}
            columns = {str(column): figures[column].to_numpy() for column in figures}
            tables.append(facilities.assign(**columns, **facts))
    return stack(tables, [*TABLES["by_facility"], "mean_time_s"], outcomes[0].network.crs)


def _gaps(outcomes: Sequence[Outcome]) -> gpd.GeoDataFrame:
    tables = [
        outcome.groups[name].gaps.assign(group=name, scenario=outcome.scenario.name)
        for name in outcomes[0].groups
        for outcome in outcomes
    ]
    return stack(tables, TABLES["gaps"], outcomes[0].network.crs)


def _islands(network: RoadNetwork) -> gpd.GeoDataFrame:
    islands = network.islands
    points = gpd.points_from_xy(islands["x"], islands["y"])
    lengths = {"length_km": islands["length_m"] / _M_PER_KM}
    return gpd.GeoDataFrame(islands.assign(**lengths), geometry=points, crs=network.crs)


# --- for people ---


def for_people(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add minutes where the table has seconds, and longitude and latitude of a place inside the geometry."""
    new: dict[str, Any] = {}
    for name in columns:
        seconds = f"{name.removesuffix('_min')}_s"
        if name.endswith("_min") and seconds in table:
            new[name] = table[seconds].astype(np.float64) / _S_PER_MIN
    if "lon" in columns and isinstance(table, gpd.GeoDataFrame):
        places = table.geometry.representative_point().to_crs("EPSG:4326")
        new |= {"lon": places.x.round(DEGREE_DECIMALS), "lat": places.y.round(DEGREE_DECIMALS)}
    return table.assign(**new)


def synthetic_note(table: pd.DataFrame) -> pd.Series:
    """Return the column ``note`` that says that data are made up."""
    return pd.Series([SYNTHETIC_NOTE] * len(table), index=table.index, dtype=object)


def roles(outcome: Outcome, baseline: Outcome | None) -> Mapping[str, Outcome]:
    """Return which scenario the columns ``…_today`` and ``…_proposed`` of the layers speak of.

    A scenario alone is the proposed one if it has proposed sites, else today's.
    """
    if baseline is not None:
        return {"today": baseline, "proposed": outcome}
    return {"proposed" if is_proposed(outcome.scenario.facilities).any() else "today": outcome}
