"""How far people get: what must be known around the study area."""

from coverage_planner.config import GroupSettings, Plan
from coverage_planner.network.modes import Mode
from coverage_planner.units import speed_mps

#: Speed limit of Chinese motorways (Road Traffic Safety Law, implementing regulation, article 78).
_MOTORWAY_LIMIT_KPH = 120.0


def fastest_kph(mode: Mode) -> float:
    """Return what nobody exceeds; signs may allow cars more than their road class, so at least the motorway's limit."""
    signed = [_MOTORWAY_LIMIT_KPH] if mode.drives else []
    return max([mode.speed_kph, *signed, *mode.class_speeds_kph.values()]) * mode.urban_factor


def farthest_m(plan: Plan, group: GroupSettings) -> float:
    """How far anybody of a group gets within the cutoff, in metres: cutoff x fastest speed.

    Who passes by goes there and back within the cutoff, from anywhere on the road ahead.
    """
    reach_m = group.cutoff_s * speed_mps(fastest_kph(plan.modes[group.mode]))
    return reach_m if group.main_roads is None else group.main_roads.ahead_m + reach_m / 2
