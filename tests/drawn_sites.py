"""A shortlist of four sites compared on a grid drawn by hand, with names that mean harm."""

from dataclasses import replace

from shapely import Point

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.scenario.compare_sites import SiteComparison, study_sites
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from drawn_outcome import HOSTILE, at, draw_communities, draw_demand, draw_facilities, draw_network, frame

SITES = ("C1", "C2", "C3", "=C4")


def draw_shortlist():
    return frame(
        {
            "id": list(SITES),
            "name": ["滨江花园门卫室", HOSTILE, "=HYPERLINK(1)", None],
            "kind": ["gatehouse", "pharmacy", None, None],
            "cost": [12.5, None, 0.004, 3.0],
        },
        [Point(at(5, 1)), Point(at(5, 3)), Point(at(4, 0)), Point(at(1, 1.1))],
    )


def draw_site_comparison(network: RoadNetwork | None = None) -> SiteComparison:
    network = network or draw_network()
    group = Group(f"骑手 {HOSTILE}", "walk", 360.0, draw_demand())
    scenario = Scenario(f"现状 {HOSTILE}", draw_facilities())
    today = evaluate(scenario, network, [group], communities=draw_communities())
    demand = draw_demand()
    return study_sites(
        replace(today, study_area=None), draw_shortlist(), listed_above=0.3,
        demands={HOSTILE: demand.assign(demand=demand["demand"].to_numpy()[::-1])},
    )  # fmt: skip
