"""Today, plan A and plan B drawn by hand over `drawn_outcome`: a site in the east, another one in the south."""

from dataclasses import replace

from shapely import Point

from coverage_planner.scenario.scenario import Outcome
from drawn_map_data import GROUPS, draw_outcomes
from drawn_outcome import CRS, at, draw_group, draw_sites

PLAN_B = "方案B </script>"


def draw_three(groups: tuple = GROUPS) -> list[Outcome]:
    """Today, plan A, plan B; the last closes a station too."""
    today, plan_a = draw_outcomes(groups)
    sites = draw_sites().assign(id=["C9"], name=["=南站"], cost=[3.0]).set_geometry([Point(at(4, 3))], crs=CRS)
    scenario = today.scenario.with_sites(PLAN_B, sites)
    facilities = scenario.facilities[scenario.facilities["id"] != "F2"].reset_index(drop=True)
    scenario = replace(scenario, facilities=facilities)
    found = {
        name: draw_group(name, "walk", group.group.cutoff_s, facilities, today.network, group.group.demand)
        for name, group in today.groups.items()
    }
    return [today, plan_a, replace(today, scenario=scenario, groups=found)]
