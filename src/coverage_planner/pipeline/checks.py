"""What only shows between the inputs: streets in pieces, points without a street, no margin."""

import warnings
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.config import GroupSettings, Plan
from coverage_planner.coverage.areas import assign_areas
from coverage_planner.errors import NetworkError, SnapError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAPPED, snap_points
from coverage_planner.pipeline.doctor_datum import judge_datum
from coverage_planner.pipeline.inputs import Inputs
from coverage_planner.pipeline.margins import farthest_m
from coverage_planner.report.findings import Finding, Named, Said
from coverage_planner.schema import Rejections
from coverage_planner.traveltime.times import TravelTimes

#: A mode's streets must hang together in one piece with at least this share of their length.
_LEAST_SHARE = 0.1
#: Demand below this is said with two digits.
_FEW = 10.0
#: Below this share they are doubtful: refused where even the largest piece is as short as an island, else warned of.
_DOUBTFUL_SHARE = 0.5
#: So many points of an input tell its datum well enough for a warning.
_SAMPLE = 150
#: Name of the streets in the plan file.
ROADS = "[roads]"


def find_pieces(network: RoadNetwork, *, small_component_m: float) -> list[Finding]:
    """Find modes whose streets do not hang together.

    Parameters
    ----------
    network
        The network, with the modes in use.
    small_component_m
        Pieces with less street than this are islands.

    Returns
    -------
    list of Finding
        At most one per mode: an error where there is no street or all are islands, a warning where less than half of
        them hang together.
    """
    length_m = network.edges["length_m"].to_numpy()
    found = []
    for name, graph in network.graphs.items():
        whole_m = float(length_m[graph.allowed].sum())
        largest_m = float(graph.component_length_m.max(initial=0.0))
        if not whole_m > 0:
            found.append(_no_street(name, len(length_m)))
        elif largest_m / whole_m < _DOUBTFUL_SHARE:
            pieces = len(graph.component_length_m) + int((graph.allowed & (graph.component < 0)).sum())
            hopeless = largest_m / whole_m < _LEAST_SHARE or largest_m < small_component_m
            found.append(_in_pieces(name, pieces, largest_m, whole_m, hopeless=hopeless))
    return found


def _no_street(mode: str, n_streets: int) -> Finding:
    return Finding(
        "error",
        "no street open",
        ROADS,
        Said(
            f"{n_streets} 条道路中没有一条允许“{mode}”通行",
            f"at least one street must be open to {mode}, of {n_streets} none is",
        ),
        Said(
            "请检查 highway、access、foot、bicycle、motor_vehicle 各列，或更换人群的出行方式",
            "check the columns highway, access, foot, bicycle and motor_vehicle, or the group's mode",
        ),
    )


def _in_pieces(mode: str, pieces: int, largest_m: float, whole_m: float, *, hopeless: bool) -> Finding:
    found = (
        f"the streets for {mode} fall into {pieces} pieces, the longest with {largest_m / 1000:.2f} of "
        f"{whole_m / 1000:.2f} km"
    )
    reach = "people reach nothing beyond their own piece"
    return Finding(
        "error" if hopeless else "warning",
        "streets in pieces",
        ROADS,
        Said(
            f"“{mode}”可通行的道路断成 {pieces} 片，最长一片 {largest_m / 1000:.2f} 公里，"
            f"全部 {whole_m / 1000:.2f} 公里；人们走不出自己所在的那一片",
            f"streets must hang together, but {found}" if hopeless else f"{found}; {reach}",
        ),
        Said(
            '道路相交处须共用一个折点，单行路须能绕回：请修补图层（[roads] noding = "crossings" 可在交叉处自动打断），'
            "或改用 OpenStreetMap 的道路",
            "lines must share a vertex where streets meet, and one-way streets must lead back: repair the layer, or "
            "take the streets from OpenStreetMap",
        ),
    )


def require_connected(network: RoadNetwork, *, small_component_m: float) -> None:
    """Raise where the streets of a mode are all islands; warn where less than half of them hang together.

    Parameters
    ----------
    network, small_component_m
        As for `find_pieces`.

    Raises
    ------
    NetworkError
        A mode has no street, or its streets fall into pieces.
    """
    for finding in find_pieces(network, small_component_m=small_component_m):
        if finding.level == "error":
            raise NetworkError(as_warning(finding))
        warnings.warn(as_warning(finding), stacklevel=2)


def reject_unsnapped(times: Mapping[str, TravelTimes], plan: Plan, rejected: Rejections) -> None:
    """Note the stations that no group can reach from any street; refuse when that is all of them.

    Parameters
    ----------
    times
        Group name -> times to the stations.
    plan
        The plan.
    rejected
        The stations are added to it.

    Raises
    ------
    SnapError
        No station has a street.
    """
    snaps = [group_times.facility_snaps for group_times in times.values()]
    lost = np.logical_and.reduce([(table["status"] != SNAPPED).to_numpy() for table in snaps])
    ids = list(snaps[0]["id"].to_numpy()[lost])
    if lost.all():
        raise SnapError(
            f"stations must lie within {plan.snap.limit_m:g} m of a street, none of {name_some(ids)} does; "
            "check the datum and the columns of the coordinates, and that the roads cover the same place"
        )
    for label, status in zip(ids, snaps[0]["status"].to_numpy()[lost], strict=True):
        reason = f"{status}: no street within {plan.snap.limit_m:g} m that can be reached on foot; serves nobody"
        rejected.add(source=plan.facilities.file.name, table="facilities", labels=[label], reason=reason)


def check_demand_snapped(
    times: Mapping[str, TravelTimes], demands: Mapping[str, gpd.GeoDataFrame], *, limit_m: float
) -> None:
    """Warn of demand that has no street within the snap limit; refuse when that is all of a group's.

    Parameters
    ----------
    times, demands
        Group name -> times to the stations, and demand.
    limit_m
        The snap limit.

    Raises
    ------
    SnapError
        No demand point of a group has a street.
    """
    for name, group_times in times.items():
        demand = demands[name]
        lost = (group_times.demand_snaps["status"] != SNAPPED).to_numpy()
        if lost.all():
            raise SnapError(
                f"demand of {name} must lie within {limit_m:g} m of a street, none of "
                f"{name_some(demand['id'].to_numpy()[lost])} does; check the datum and "
                "the columns of the coordinates, and that the roads cover the same place"
            )
        for finding in find_lost_demand(name, demand, lost, limit_m=limit_m):
            warnings.warn(as_warning(finding), stacklevel=2)


def find_lost_demand(
    group: str, demand: gpd.GeoDataFrame, lost: NDArray[np.bool_], *, limit_m: float, key: str = ""
) -> list[Finding]:
    """Say which demand has no street; nothing where all has.

    Parameters
    ----------
    group, key
        Whose demand it is, and its name in the plan file.
    demand
        The demand points.
    lost
        Shape (points,): which have no street within the limit.
    limit_m
        The snap limit.
    """
    if not lost.any():
        return []
    ids = name_some(demand["id"].to_numpy()[lost])
    return [
        Finding(
            "warning",
            "demand without street",
            key,
            Said(
                f"{group}：{_part_of(demand, lost, ' / ')} 的需求（点 {ids}）在 {limit_m:g} 米内没有步行可达的道路，"
                "按未覆盖计",
                f"{_part_of(demand, lost)} demand of {group} (points {ids}) has no street within {limit_m:g} m that "
                "can be reached on foot and counts as uncovered",
            ),
            Said("请查看该处路网是否缺少小路", "look whether paths are missing in the roads there"),
            ids=tuple(demand["id"].astype(str)[lost]),
            where=demand.geometry[lost],
        )
    ]


def keep_snapped_premises(
    premises: gpd.GeoDataFrame, network: RoadNetwork, mode: str, plan: Plan, rejected: Rejections
) -> gpd.GeoDataFrame:
    """Note the premises that have no street for the mode and return the others.

    Raises
    ------
    SnapError
        No premises have a street.
    """
    status = snap_points(network, premises, mode, limit_m=plan.snap.limit_m).status
    kept = status == SNAPPED
    ids = premises["id"].to_numpy(dtype=object)
    if not kept.any():
        raise SnapError(
            f"premises must lie within {plan.snap.limit_m:g} m of a street for {mode}, none of {name_some(ids)} does; "
            "check the datum and the columns of the coordinates"
        )
    for reason in sorted(set(status[~kept])):
        out = np.flatnonzero(status == reason)
        rejected.add(
            source=plan.premises.file.name if plan.premises else "",
            table="premises",
            labels=list(ids[out]),
            reason=f"{reason}: no street for {mode} within {plan.snap.limit_m:g} m that can be reached on foot",
        )
    return premises[kept].reset_index(drop=True)


def find_missing_margin(
    plan: Plan, network: RoadNetwork, group: GroupSettings, demand: gpd.GeoDataFrame, *, key: str = ""
) -> list[Finding]:
    """Find demand of a group so near to the edge of the streets that stations beyond it may be missing.

    Parameters
    ----------
    plan, network
        The plan and its network.
    group, demand, key
        A group, its demand inside the study area, and the name of the demand in the plan file.
    """
    extent = shapely.boundary(shapely.convex_hull(shapely.multilinestrings(network.edges.geometry.to_numpy())))
    reach_m = farthest_m(plan, group, network)
    near = shapely.distance(demand.geometry.to_numpy(), extent) < reach_m
    if not near.any():
        return []
    ids = name_some(demand["id"].to_numpy()[near])
    return [
        Finding(
            "warning",
            "missing margin",
            key,
            Said(
                f"{group.name}：{_part_of(demand, near, ' / ')} 的需求（点 {ids}）离路网边缘比人们能走的距离还近；"
                "边缘以外的站点看不到",
                f"{_part_of(demand, near)} demand of {group.name} (points {ids}) lies nearer to the edge of the "
                "streets than people travel; what lies beyond the edge is not seen",
            ),
            Said(f"请让道路和站点向外多覆盖 {reach_m:.0f} 米", f"give roads and stations {reach_m:.0f} m around it"),
            ids=tuple(demand["id"].astype(str)[near]),
            where=demand.geometry[near],
        )
    ]


def warn_of_missing_margin(plan: Plan, network: RoadNetwork, inputs: Inputs) -> None:
    """Warn of demand so near to the edge of the streets that stations beyond it may be missing."""
    for group in plan.groups:
        for finding in find_missing_margin(plan, network, group, inputs.demand[group.name]):
            warnings.warn(as_warning(finding), stacklevel=2)


def warn_of_datum(plan: Plan, network: RoadNetwork, inputs: Inputs) -> None:
    """Warn of points that the streets say to be in another datum than declared; a sample of each input is looked at."""
    siting = plan.siting.group if plan.siting else plan.groups[0].name
    mode = next(group.mode for group in plan.groups if group.name == siting)
    tables = [("[facilities]", plan.facilities, inputs.facilities, mode)]
    if plan.premises is not None and inputs.premises is not None:
        tables.append(("[premises]", plan.premises, inputs.premises, mode))
    for number, group in enumerate(plan.groups, start=1):
        if len({(source.form, source.datum) for source in group.sources}) == 1:  # else they are mixed already
            key = f"[[groups]] {number} demand"
            tables.append((key, group.sources[0], inputs.demand[group.name], group.mode))
    for key, source, points, at in tables:
        sample = points.iloc[np.unique(np.linspace(0, len(points) - 1, _SAMPLE).round().astype(np.int64))]
        for finding in judge_datum(Named(key, Said(key, key)), sample, network, source, at).findings:
            warnings.warn(f"{key}: {as_warning(finding)}", stacklevel=2)


def find_lost_communities(
    group: str, demand: gpd.GeoDataFrame, communities: gpd.GeoDataFrame | None, *, key: str = ""
) -> list[Finding]:
    """Find demand of a group that lies in no community and so is in no row of the table by community."""
    outside = np.zeros(0, dtype=bool) if communities is None else (assign_areas(demand, communities) < 0).to_numpy()
    if not outside.any():
        return []
    ids = name_some(demand["id"].to_numpy()[outside])
    return [
        Finding(
            "warning",
            "demand in no community",
            key,
            Said(
                f"{group}：{_part_of(demand, outside, ' / ')} 的需求（点 {ids}）不在任何社区内；"
                "社区表和街道表不含这部分",
                f"{_part_of(demand, outside)} demand of {group} (points {ids}) lies in no community",
            ),
            Said(
                "请补全社区图层，或查看这些点的坐标",
                "the tables by community and subdistrict leave it out",
            ),
            ids=tuple(demand["id"].astype(str)[outside]),
            where=demand.geometry[outside],
        )
    ]


def warn_of_lost_communities(inputs: Inputs) -> None:
    """Warn of demand that lies in no community and so is in no row of the table by community."""
    for name, demand in inputs.demand.items():
        for finding in find_lost_communities(name, demand, inputs.communities):
            warnings.warn(as_warning(finding), stacklevel=2)


def as_warning(finding: Finding) -> str:
    """Say a finding in one line, as `plan` warns of it."""
    return "; ".join(text.en for text in (finding.what, finding.advice) if text.en)


def _part_of(demand: gpd.GeoDataFrame, part: NDArray[np.bool_], of: str = " of ") -> str:
    weights = demand["demand"].to_numpy(dtype=float)
    within = float(weights[part].sum())
    # half a person is somebody: only larger parts are rounded to whole numbers
    return f"{within:{'.2g' if within < _FEW else '.0f'}}{of}{weights.sum():.0f}"
