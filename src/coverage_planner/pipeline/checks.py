"""What only shows between the inputs: streets in pieces, points without a street, no margin."""

import warnings
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.config import Plan
from coverage_planner.coverage.areas import assign_areas
from coverage_planner.errors import NetworkError, SnapError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAPPED, snap_points
from coverage_planner.pipeline.inputs import Inputs
from coverage_planner.pipeline.streets import farthest_m
from coverage_planner.schema import Rejections
from coverage_planner.traveltime.times import TravelTimes

#: A mode's streets must hang together in one piece with at least this share of their length.
_LEAST_SHARE = 0.1
#: Below this share they are doubtful: refused where even the largest piece is as short as an island, else warned of.
_DOUBTFUL_SHARE = 0.5


def require_connected(network: RoadNetwork, *, small_component_m: float) -> None:
    """Raise where the streets of a mode are all islands; warn where less than half of them hang together.

    Parameters
    ----------
    network
        The network, with the modes in use.
    small_component_m
        Pieces with less street than this are islands.

    Raises
    ------
    NetworkError
        A mode has no street, or its streets fall into pieces.
    """
    length_m = network.edges["length_m"].to_numpy()
    for name, graph in network.graphs.items():
        whole_m = float(length_m[graph.allowed].sum())
        if not whole_m > 0:
            raise NetworkError(
                f"at least one street must be open to {name}, of {len(length_m)} none is; check the columns highway, "
                "access, foot, bicycle and motor_vehicle, or the group's mode"
            )
        largest_m = float(graph.component_length_m.max(initial=0.0))
        share = largest_m / whole_m
        if share >= _DOUBTFUL_SHARE:
            continue
        pieces = len(graph.component_length_m) + int((graph.allowed & (graph.component < 0)).sum())
        found = (
            f"the streets for {name} fall into {pieces} pieces, the longest with {largest_m / 1000:.2f} of "
            f"{whole_m / 1000:.2f} km"
        )
        advice = (
            "lines must share a vertex where streets meet, and one-way streets must lead back: repair the layer, or "
            "take the streets from OpenStreetMap"
        )
        if share < _LEAST_SHARE or largest_m < small_component_m:
            raise NetworkError(f"streets must hang together, but {found}; {advice}")
        warnings.warn(f"{found}; people reach nothing beyond their own piece; {advice}", stacklevel=2)


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
        ids = name_some(demand["id"].to_numpy()[lost])
        if lost.all():
            raise SnapError(
                f"demand of {name} must lie within {limit_m:g} m of a street, none of {ids} does; check the datum and "
                "the columns of the coordinates, and that the roads cover the same place"
            )
        if lost.any():
            warnings.warn(
                f"{_part_of(demand, lost)} demand of {name} (points {ids}) has no street within {limit_m:g} m that can "
                "be reached on foot and counts as uncovered; look whether paths are missing in the roads there",
                stacklevel=2,
            )


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


def warn_of_missing_margin(plan: Plan, network: RoadNetwork, inputs: Inputs) -> None:
    """Warn of demand so near to the edge of the streets that stations beyond it may be missing."""
    extent = shapely.boundary(shapely.convex_hull(shapely.multilinestrings(network.edges.geometry.to_numpy())))
    for group in plan.groups:
        demand = inputs.demand[group.name]
        reach_m = farthest_m(plan, group)
        near = shapely.distance(demand.geometry.to_numpy(), extent) < reach_m
        if near.any():
            warnings.warn(
                f"{_part_of(demand, near)} demand of {group.name} (points {name_some(demand['id'].to_numpy()[near])}) "
                "lies nearer to the edge of the streets than people travel; what lies beyond the edge is not seen: "
                f"give roads and stations {reach_m:.0f} m around it",
                stacklevel=2,
            )


def warn_of_lost_communities(inputs: Inputs) -> None:
    """Warn of demand that lies in no community and so is in no row of the table by community."""
    if inputs.communities is None:
        return
    for name, demand in inputs.demand.items():
        outside = (assign_areas(demand, inputs.communities) < 0).to_numpy()
        if outside.any():
            warnings.warn(
                f"{_part_of(demand, outside)} demand of {name} (points "
                f"{name_some(demand['id'].to_numpy()[outside])}) lies in no community; the tables by community and "
                "subdistrict leave it out",
                stacklevel=2,
            )


def _part_of(demand: gpd.GeoDataFrame, part: NDArray[np.bool_]) -> str:
    weights = demand["demand"].to_numpy(dtype=float)
    return f"{weights[part].sum():.0f} of {weights.sum():.0f}"
