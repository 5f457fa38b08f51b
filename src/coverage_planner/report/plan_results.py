"""Saved results of several plans -> the same comparison as from the outcomes themselves."""

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.report.circle_columns import TOGETHER
from coverage_planner.report.results import Results, read_results
from coverage_planner.scenario.compare import Comparison, compare_figures
from coverage_planner.scenario.plan_figures import (
    CIRCLE_MEASURES,
    GAP_COLUMNS,
    MEASURES,
    SERVICE_COLUMNS,
    PlanFigures,
    tidy_areas,
    tidy_stations,
)

_LEAST = 2


def compare_results(folders: Sequence[str | PathLike[str]], *, names: Sequence[str] | None = None) -> Comparison:
    """Compare plans from their results folders: today, and what each folder proposes.

    Parameters
    ----------
    folders
        Results folders (`write_results`) of plans with the same streets, groups, demand and stations of today.
    names
        What to call the plans of the folders that propose something, in order; by default as their runs call them or,
        where these names repeat, as the folders are called.

    Returns
    -------
    Comparison
        As `compare` of the outcomes themselves: today first (where a folder has it), then the plans in order.

    Raises
    ------
    ConfigError
        Fewer than two scenarios come together, or names repeat or are not as many as the plans.
    InputError
        The folders differ in more than their plans; the message names what.
    SourceError
        One is no results folder.
    """
    homes = [Path(folder) for folder in folders]
    return compare_read([read_results(home) for home in homes], homes, names=names)


def compare_read(
    results: Sequence[Results], homes: Sequence[Path], *, names: Sequence[str] | None = None
) -> Comparison:
    """Compare plans from results that are read already; see `compare_results`.

    Parameters
    ----------
    results, homes
        The results and the folders they were read from.
    names
        As for `compare_results`.

    Raises
    ------
    ConfigError, InputError
        As of `compare_results`.
    """
    called = name_plans(results, homes, names)
    for one, home in zip(results[1:], homes[1:], strict=True):
        _require_alike(results[0], one, homes[0], home)
    plans: list[PlanFigures] = []
    today: PlanFigures | None = None
    known = homes[0]
    for found, home, name in zip(results, homes, called, strict=True):
        if "today" in found.run["results"]["scenarios"]:
            read = read_figures(found, "today", name=name_today(results))
            if today is not None:
                _require_same_today(today, read, known, home)
            else:
                today, known = read, home
        if name is not None:
            plans.append(read_figures(found, "proposed", name=name))
    return compare_figures(plans if today is None else [today, *plans])


def name_today(results: Sequence[Results]) -> str | None:
    """Return what the first folder that has today calls it; today is one, whatever others call it."""
    named = (found.run["results"]["scenarios"].get("today") for found in results)
    return next((str(name) for name in named if name is not None), None)


def name_plans(
    results: Sequence[Results], homes: Sequence[Path], names: Sequence[str] | None = None
) -> list[str | None]:
    """Return what each folder's plan is called; None where a folder proposes nothing.

    Raises
    ------
    ConfigError
        Not as many names as plans, or a name repeats or is that of today.
    """
    scenarios = [found.run["results"]["scenarios"] for found in results]
    proposing = [place for place, roles in enumerate(scenarios) if "proposed" in roles]
    own = [str(scenarios[place]["proposed"]) for place in proposing]
    today = {str(roles["today"]) for roles in scenarios if "today" in roles}
    if names is None:
        stems = [homes[place].resolve().name for place in proposing]
        names = own if len({*own, *today}) == len(own) + len(today) else stems
    if len(names) != len(proposing) or len({*names, *today}) < len(names) + len(today):
        raise ConfigError(
            f"the {len(proposing)} folders that propose something must each have a name of its own, other than today's"
            f"{_quoted(today)}, got{_quoted(names)}; name them in order (--names)"
        )
    if len(names) + bool(today) < _LEAST:
        raise ConfigError(
            f"a comparison must have at least two scenarios, got {name_some([*sorted(today), *names])} from "
            f"{name_some(home.name for home in homes)}; give another results folder"
        )
    called: list[str | None] = [None] * len(results)
    for place, name in zip(proposing, names, strict=True):
        called[place] = name
    return called


def _quoted(names: Iterable[str]) -> str:
    return "".join(f" {name!r}" for name in sorted(names))


# --- what must be alike ---


def _require_alike(one: Results, other: Results, *homes: Path) -> None:
    """Raise unless two folders have the same streets, groups and demand."""
    ours, theirs = one.run["results"], other.run["results"]
    for key, what in (("crs", "coordinate system"), ("streets", "streets")):
        _require(ours[key] == theirs[key], what, (ours[key], theirs[key]), homes)
    hashes = _hash_of_roads(one.run), _hash_of_roads(other.run)
    _require(None in hashes or hashes[0] == hashes[1], "street file", hashes, homes)
    names = [[group["name"] for group in found["groups"]] for found in (ours, theirs)]
    _require(names[0] == names[1], "groups", (name_some(names[0]), name_some(names[1])), homes)
    for a, b in zip(ours["groups"], theirs["groups"], strict=True):
        who = f"of group {a['name']!r}"
        for key, what in (("mode", "mode and speed"), ("cutoff_s", "cutoff in seconds"), ("direction", "direction")):
            _require(a[key] == b[key], f"{what} {who}", (a[key], b[key]), homes)
        points, others = (found.layers["demand"] for found in (one, other))
        points, others = points[points["group"] == a["name"]], others[others["group"] == b["name"]]
        same = all(points[column].tolist() == others[column].tolist() for column in ("id", "demand"))
        said = [f"{len(table)} points with {table['demand'].sum():g} in all" for table in (points, others)]
        _require(same, f"demand {who}", (said[0], said[1]), homes)


def _require_same_today(one: PlanFigures, other: PlanFigures, *homes: Path) -> None:
    ids = [plan.stations["id"].tolist() for plan in (one, other)]
    differing = sorted(set(ids[0]) ^ set(ids[1]))
    hint = f" (only in one of them: {name_some(differing)})" if differing else ""
    _require(not differing, f"stations of today{hint}", (len(ids[0]), len(ids[1])), homes)
    for place, (group, points) in enumerate(one.points.items()):
        cutoff_s = float(one.overall["cutoff_s"].iloc[place])
        times = [found["time_s"].to_numpy(dtype=np.float64) for found in (points, other.points[group])]
        # one of them may have searched farther than the other; within the cutoff both know every time
        times = [np.where(seconds <= cutoff_s, seconds, np.inf) for seconds in times]
        differ = np.flatnonzero(times[0] != times[1])
        if len(differ):
            first = differ[0]
            what = f"times of today of group {group!r} ({len(differ)} differ, of point {points['id'].iloc[first]} too)"
            _require(False, what, (f"{times[0][first]:g} s", f"{times[1][first]:g} s"), homes)  # noqa: FBT003
    known = not (one.services.empty or other.services.empty)
    shares = [f"{plan.services['covered_hour_share'].sum():g} as sum of shares" for plan in (one, other)]
    same = not known or one.services.equals(other.services)
    _require(same, "services and hours of today", (shares[0], shares[1]), homes)


def _require(holds: bool, what: str, said: tuple[object, object], homes: Sequence[Path]) -> None:
    if not holds:
        raise InputError(
            f"results to be compared must have the same {what}, got {said[0]} in {homes[0]} and {said[1]} in "
            f"{homes[1]}; run both plans with the same inputs and settings except for what they open"
        )


def _hash_of_roads(run: Mapping[str, Any]) -> str | None:
    inputs = run.get("inputs")
    found = [given.get("sha256") for given in inputs if given.get("table") == "roads"] if inputs else []
    return str(found[0]) if found else None


# --- figures ---


def read_figures(results: Results, role: str, *, name: str | None = None) -> PlanFigures:
    """Return the figures of one scenario of a results folder.

    Parameters
    ----------
    results
        `read_results`.
    role
        'today' or 'proposed', one that the folder has.
    name
        What to call the scenario; as its run does by default.

    Returns
    -------
    PlanFigures
        The same figures as `measure_plan` takes from the outcome.
    """
    ours = results.run["results"]
    own = ours["scenarios"][role]
    groups = [str(group["name"]) for group in ours["groups"]]
    communities = results.layers["communities"]
    of_first = (communities["scenario"] == own) & (communities["group"] == groups[0])
    gaps = results.layers["gaps"]
    gaps = gaps[gaps["scenario"] == own]
    return PlanFigures(
        name=own if name is None else name,
        overall=_overall(results, own, ours["groups"]),
        points={group: _points(results.layers["demand"], group, role) for group in groups},
        areas=tidy_areas(communities[of_first], communities.crs),
        stations=_stations(results, own, groups[0]),
        gaps={
            group: gpd.GeoDataFrame(gaps[gaps["group"] == group][[*GAP_COLUMNS, "geometry"]].reset_index(drop=True))
            for group in groups
        },
        services=_services(results.tables["by_service"], own),
    )


def _overall(results: Results, scenario: str, groups: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    table = results.tables["overall"]
    table = table[table["scenario"] == scenario].set_index("group")
    rows = []
    for group in groups:
        row = table.loc[group["name"]]
        counts = {column: int(row[column]) for column in ("n_facilities", "n_points")}
        figures = {column: float(row[column]) for column in ("demand", *MEASURES, *CIRCLE_MEASURES)}
        about = {"group": group["name"], "mode": group["mode"], "direction": group["direction"]}
        rows.append({**about, "cutoff_s": float(group["cutoff_s"]), **counts, **figures})
    return pd.DataFrame(rows)


def _points(demand: gpd.GeoDataFrame, group: str, role: str) -> gpd.GeoDataFrame:
    rows = demand[demand["group"] == group].reset_index(drop=True)
    columns = {
        "id": rows["id"],
        "demand": rows["demand"],
        "facility_id": rows[f"facility_id_{role}"],
        "time_s": rows[f"time_s_{role}"],
        "covered": rows[f"covered_{role}"].to_numpy(dtype=np.bool_),
    }
    return gpd.GeoDataFrame(columns, geometry=rows.geometry, crs=demand.crs)


def _stations(results: Results, scenario: str, group: str) -> gpd.GeoDataFrame:
    table = results.tables["by_facility"]
    table = table[(table["scenario"] == scenario) & (table["group"] == group)].reset_index(drop=True)
    layer = results.layers["facilities"]
    places = layer[layer["group"] == group].set_index("id").geometry
    sites = results.tables["by_site"]
    costs = sites[sites["group"] == group].set_index("id")["cost"]
    table = table.assign(cost=table["id"].map(costs))
    return tidy_stations(table, gpd.GeoSeries(places.loc[table["id"]].to_numpy(), crs=layer.crs))


def _services(by_service: pd.DataFrame, scenario: str) -> pd.DataFrame:
    rows = by_service[(by_service["scenario"] == scenario) & (by_service["group"] != TOGETHER)]
    return pd.DataFrame(rows[list(SERVICE_COLUMNS)]).reset_index(drop=True)
