"""The few figures of a complete circle that stand beside a scenario's shares: fully served, by day, by night, room."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle
    from coverage_planner.scenario.circle_group import GroupCircle


def circle_figures(circle: "Circle", group: "GroupCircle") -> dict[str, float]:
    """Return a group's headline figures of services, hours and room.

    Parameters
    ----------
    circle
        The circle of a scenario.
    group
        One of its groups.

    Returns
    -------
    dict
        ``full_demand_share`` (all required services at some hour), ``open_week_share`` and ``full_week_share`` (over
        the ordinary week, by the demand present), ``open_night_share`` (the same over the night; NaN where nobody is
        about then), ``unassigned_demand`` (that finds no room; NaN where capacity was not asked for).
    """
    services = group.services.set_index("service")
    hours = group.hours[(group.hours["service"] == "any") & (group.hours["slot"] < circle.rules.week.n_ordinary)]
    first, last = circle.rules.night
    after, before = hours["hour"] >= first, hours["hour"] < last
    night = hours[after & before if first < last else after | before]
    present = float(night["demand"].sum())
    return {
        "full_demand_share": float(services["covered_demand_share"]["full"]),
        "open_week_share": float(services["covered_hour_share"]["any"]),
        "full_week_share": float(services["covered_hour_share"]["full"]),
        "open_night_share": float(night["covered_demand"].sum()) / present if present > 0 else np.nan,
        "unassigned_demand": float(group.points["unassigned_demand"].sum(min_count=1)),
    }
