"""From the gaps to a defended choice: candidates, their times, and the model that the plan asks for."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_planner.config import Plan, SitingSettings
from coverage_planner.coverage.areas import assign_areas
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.checks import keep_snapped_premises
from coverage_planner.pipeline.inputs import Inputs
from coverage_planner.pipeline.models import Present, Task, answer, limit_s
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.report.siting_tables import Choice
from coverage_planner.scenario.group_times import group_times
from coverage_planner.scenario.scenario import Group
from coverage_planner.schema import Rejections
from coverage_planner.siting.candidates import propose_candidates
from coverage_planner.siting.effort import SearchProgress
from coverage_planner.siting.rules import Quota
from coverage_planner.traveltime.times import TravelTimes

#: Models that gain from sites where everybody is covered already, so that candidates are sought everywhere.
_EVERYWHERE = ("p-median", "p-center", "backup")


@dataclass(frozen=True, eq=False)
class Proposal:
    """What is proposed.

    Attributes
    ----------
    candidates
        Where a site could open.
    choice
        The chosen sites and what is said of them; None where there is nothing to gain.
    """

    candidates: gpd.GeoDataFrame
    choice: Choice | None = None


def propose(
    plan: Plan,
    network: RoadNetwork,
    inputs: Inputs,
    present: Present,
    *,
    watch: Stopwatch,
    rejected: Rejections,
    search: SearchProgress | None = None,
) -> Proposal:
    """Generate candidates and choose among them; no solution where there is nothing to gain.

    Parameters
    ----------
    plan
        The plan; it must have [siting].
    network, inputs
        Its streets and tables.
    present
        Who is served today.
    watch
        Times the stages 'candidates' and 'siting'.
    rejected
        Premises without a street are added to it.
    search
        Told what the search has reached.

    Raises
    ------
    ConfigError, InputError
        A rule names what is not there.
    SitingError
        The model has no answer.
    """
    siting = plan.siting
    if siting is None:
        raise InputError("a plan must have [siting] to propose sites")
    with watch.stage("candidates"):
        candidates, renamed = find_candidates(plan, siting, network, inputs, present, rejected)
        if candidates.empty:
            reason = "there is no gap" if present.gaps.empty else "no premises or street lies within reach of a gap"
            warnings.warn(f"no sites are proposed: {reason}", stacklevel=2)
            return Proposal(candidates)
        required, forbidden = (
            _known(getattr(siting, key), key, candidates, inputs.premises, renamed) for key in ("required", "forbidden")
        )
        candidates, times, existing = _time_candidates(candidates, network, inputs, present, plan, siting, required)
    rules: dict[str, Any] = {"required": required, "forbidden": forbidden, "quotas": _quotas(siting)}
    task = Task(times, existing, present, candidates, siting, rules)
    return Proposal(candidates, answer(task, watch=watch, search=search))


def _quotas(siting: SitingSettings) -> tuple[Quota, ...]:
    return tuple(Quota(quota.column, quota.at_least, quota.at_most, quota.values) for quota in siting.quotas)


# --- candidates ---


def find_candidates(
    plan: Plan, siting: SitingSettings, network: RoadNetwork, inputs: Inputs, present: Present, rejected: Rejections
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Return where sites could open, and the new id of each that had the id of a station."""
    premises = inputs.premises
    if premises is not None:
        premises = keep_snapped_premises(premises, network, present.group.mode, plan, rejected)

    def near(areas: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
        return propose_candidates(
            areas,
            network,
            premises=places,
            facilities=inputs.facilities if places is None else None,  # premises numbered alike are other places
            mode=present.group.mode,
            reach_s=plan.candidates.reach_s or present.group.cutoff_s,
            spacing_m=plan.candidates.spacing_m,
            snap_limit_m=plan.snap.limit_m,
        )

    everywhere = siting.model in _EVERYWHERE or any(quota.at_least for quota in siting.quotas)
    if everywhere:
        found = near(_whole(inputs, present.group), premises)
    else:
        found = near(present.gaps, premises)
        if premises is not None:
            wanted = premises[premises["id"].isin(siting.required) & ~premises["id"].isin(found["id"])]
            if len(wanted):  # required ones far from any gap
                added = near(_around(wanted), wanted)
                found = pd.concat([found, added], ignore_index=True) if len(found) else added
    found = _with_facts(found.reset_index(drop=True), premises, inputs.communities)
    _require_columns(siting, found)
    return _tell_apart(found, inputs.facilities)


def _whole(inputs: Inputs, group: Group) -> gpd.GeoDataFrame:
    """One area that holds the whole study area; without one, all demand and all premises."""
    if inputs.study_area is not None:
        shape = inputs.study_area.geometry.union_all()
    else:
        points = [group.demand.geometry, *([] if inputs.premises is None else [inputs.premises.geometry])]
        shape = shapely.union_all([shapely.convex_hull(table.union_all()) for table in points])
    return gpd.GeoDataFrame({"id": [None]}, geometry=[shape], crs=group.demand.crs)


def _around(places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": [None] * len(places)}, geometry=places.geometry.to_numpy(), crs=places.crs)


def _with_facts(
    candidates: gpd.GeoDataFrame, premises: gpd.GeoDataFrame | None, communities: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Carry what the premises say, and say in which community and subdistrict each lies; the own column goes first."""
    for column in ("entry_delay_s", "subdistrict"):
        if premises is not None and column in premises and column not in candidates:
            candidates = candidates.assign(**{column: candidates["id"].map(premises.set_index("id")[column])})
    if communities is None or candidates.empty:
        return candidates
    row = assign_areas(candidates, communities).to_numpy()
    for column, source in (("community", "name"), ("subdistrict", "subdistrict")):
        if source in communities and column not in candidates:
            values = communities[source].to_numpy(dtype=object)[row]
            candidates = candidates.assign(**{column: pd.Series(np.where(row >= 0, values, None), dtype=object)})
    return candidates


def _require_columns(siting: SitingSettings, candidates: gpd.GeoDataFrame) -> None:
    for number, quota in enumerate(siting.quotas, start=1):
        if quota.column not in candidates or candidates[quota.column].isna().all():
            raise ConfigError(
                f"[[siting.quotas]] {number} column must be one that candidates have, got {quota.column!r} and no "
                "candidate has a value there; subdistrict and community come from [communities] (subdistrict also "
                "from the premises), kind from the premises"
            )


def _tell_apart(candidates: gpd.GeoDataFrame, facilities: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Rename candidates that have the id of a station, as where both files are numbered from 1."""
    taken = candidates["id"].isin(facilities["id"]).to_numpy()
    if not taken.any():
        return candidates, {}
    ids = candidates["id"].to_numpy(dtype=object)
    warnings.warn(
        f"sites have the ids of stations, {name_some(ids[taken])}; here they are called new-{ids[taken][0]} and so on",
        stacklevel=2,
    )
    new = np.where(taken, "new-" + ids, ids)
    renamed = dict(zip(ids[taken], new[taken], strict=True))
    return candidates.assign(id=pd.Series(new, index=candidates.index, dtype=object)), renamed


def _known(
    wanted: tuple[str, ...],
    key: str,
    candidates: gpd.GeoDataFrame,
    premises: gpd.GeoDataFrame | None,
    renamed: Mapping[str, str],
) -> tuple[str, ...]:
    """Return the ids of a list as the candidates have them; forbidden premises that are none need no forbidding."""
    ids = [renamed.get(name, name) for name in wanted]
    there = set(candidates["id"])
    if key == "forbidden" and premises is not None:
        ids = [name for name in ids if name in there or name not in set(premises["id"])]
    absent = [name for name in ids if name not in there]
    if absent:
        raise InputError(
            f"[siting] {key} must name {'premises' if premises is not None else 'candidates'} that a site can open at, "
            f"not so {name_some(absent)}; correct the ids, and look at the rejected rows for premises without a street"
        )
    return tuple(ids)


# --- times ---


def _time_candidates(
    candidates: gpd.GeoDataFrame,
    network: RoadNetwork,
    inputs: Inputs,
    present: Present,
    plan: Plan,
    siting: SitingSettings,
    required: tuple[str, ...],
) -> tuple[gpd.GeoDataFrame, TravelTimes, TravelTimes]:
    """Search from the stations and from the candidates, the best of them where the plan limits their number."""
    group = present.group
    farthest_s = limit_s(siting, group)

    def search(table: gpd.GeoDataFrame) -> TravelTimes:
        found = group_times(network, table, [group], limit_s={group.name: farthest_s}, snap_limit_m=plan.snap.limit_m)
        return found[group.name]

    near = present.times.limit_s >= farthest_s
    existing = present.times.within(farthest_s) if near else search(inputs.facilities)
    times = search(candidates)
    most = siting.max_candidates
    if most is None or len(candidates) <= most:
        return candidates, times, existing
    weights = group.demand["demand"].to_numpy(dtype=float)
    sought = weights if siting.model in _EVERYWHERE else np.where(present.covered, 0.0, weights)
    row = np.repeat(np.arange(len(candidates)), np.diff(times.indptr))
    gain = np.bincount(row, weights=sought[times.indices], minlength=len(candidates))
    must = candidates["id"].isin(required).to_numpy()
    kept = np.sort(np.lexsort((np.arange(len(gain)), -gain, ~must))[: max(most, int(must.sum()))])
    warnings.warn(
        f"of {len(candidates)} candidates the {len(kept)} that reach most "
        f"{'' if siting.model in _EVERYWHERE else 'uncovered '}demand were kept (max_candidates); "
        "the proof of the solution holds among them",
        stacklevel=2,
    )
    fewer = candidates.iloc[kept].reset_index(drop=True)
    return fewer, search(fewer), existing
