"""How far people get: what must be known around the study area."""

import numpy as np

from coverage_planner.config import GroupSettings, Plan
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.units import MS_PER_S, speed_mps

#: Speed limit of Chinese motorways (Road Traffic Safety Law, implementing regulation, article 78).
_MOTORWAY_LIMIT_KPH = 120.0
#: Streets longer than this tell their speed although times are whole milliseconds.
_TOLD_M = 50.0


def fastest_kph(mode: Mode) -> float:
    """Return what nobody exceeds; signs may allow cars more than their road class, so at least the motorway's limit."""
    signed = [_MOTORWAY_LIMIT_KPH] if mode.drives else []
    return max([mode.speed_kph, *signed, *mode.class_speeds_kph.values()]) * mode.urban_factor


def fastest_mps(network: RoadNetwork, graph: ModeGraph) -> float:
    """Return the fastest speed on any street of a built network; short streets are rounded and left out."""
    length_m = network.edges["length_m"].to_numpy(dtype=np.float64)
    long = length_m > _TOLD_M
    ms = np.concatenate([graph.forward_ms[long], graph.backward_ms[long]])
    metres = np.tile(length_m[long], 2)
    return float((metres[ms > 0] / ms[ms > 0]).max(initial=0.0) * MS_PER_S)


def farthest_m(plan: Plan, group: GroupSettings, network: RoadNetwork | None = None) -> float:
    """How far anybody of a group gets within the cutoff, in metres: cutoff x fastest speed.

    Who passes by goes there and back within the cutoff, from anywhere on the road ahead.

    Parameters
    ----------
    plan, group
        A group of a plan.
    network
        Its streets, where they are known: what is the fastest on them counts.
    """
    mps = speed_mps(fastest_kph(plan.modes[group.mode]))
    if network is not None:
        mps = min(mps, fastest_mps(network, network.graph(group.mode)) or mps)
    reach_m = group.cutoff_s * mps
    return reach_m if group.main_roads is None else group.main_roads.ahead_m + reach_m / 2
