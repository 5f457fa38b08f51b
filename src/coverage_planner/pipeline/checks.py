"""What only shows once the network stands: streets in pieces, stations without a street, a missing margin."""

import warnings

import numpy as np
import shapely

from coverage_planner.config import Plan
from coverage_planner.errors import NetworkError, SnapError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAPPED
from coverage_planner.pipeline.inputs import Inputs, farthest_m
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.schema import Rejections

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


def reject_unsnapped(today: Outcome, plan: Plan, rejected: Rejections) -> None:
    """Note the stations that no group can reach from any street; refuse when that is all of them.

    Raises
    ------
    SnapError
        No station has a street.
    """
    snaps = [outcome.times.facility_snaps for outcome in today.groups.values()]
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


def warn_of_missing_margin(plan: Plan, network: RoadNetwork, inputs: Inputs) -> None:
    """Warn of demand so near to the edge of the streets that stations beyond it may be missing."""
    extent = shapely.boundary(shapely.convex_hull(shapely.multilinestrings(network.edges.geometry.to_numpy())))
    for group in plan.groups:
        demand = inputs.demand[group.name]
        reach_m = farthest_m(plan, group)
        near = shapely.distance(demand.geometry.to_numpy(), extent) < reach_m
        if near.any():
            affected = float(demand["demand"].to_numpy()[near].sum())
            warnings.warn(
                f"{affected:.0f} of {float(demand['demand'].sum()):.0f} demand of {group.name} (points "
                f"{name_some(demand['id'].to_numpy()[near])}) lies nearer to the edge of the streets than people "
                f"travel; what lies beyond the edge is not seen: give roads and stations {reach_m:.0f} m around it",
                stacklevel=2,
            )
