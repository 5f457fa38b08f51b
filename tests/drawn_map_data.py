"""Map data drawn by hand over `drawn_outcome` and `drawn_circle`: two groups, names that mean harm."""

from dataclasses import replace
from types import SimpleNamespace

from coverage_planner.report.map_data import MapData, map_data
from coverage_planner.scenario.scenario import Outcome
from drawn_circle import draw_by_hour, draw_circle
from drawn_outcome import HOSTILE, draw_candidates, draw_network, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("步行 <b>", "walk", 300.0))


def draw_outcomes(groups: tuple = GROUPS, **tables) -> list[Outcome]:
    """Today and the proposal, on one network."""
    network = draw_network()
    return [draw_outcome(groups=groups, network=network, proposed=proposed, **tables) for proposed in (False, True)]


def draw_circles(outcomes: list[Outcome]) -> list[SimpleNamespace]:
    """Their circles, with every hour of the week."""
    circles = [draw_circle(outcome, better=place > 0) for place, outcome in enumerate(outcomes)]
    for circle in circles:
        for group in circle.groups.values():
            group.hours = draw_by_hour(float(group.group.demand["demand"].sum()))
    return circles


def draw_map_data(groups: tuple = GROUPS, **options) -> MapData:
    """All of it, with candidates and a circle; `options` go to `map_data`."""
    outcomes = draw_outcomes(groups)
    known = {"circles": draw_circles(outcomes), "candidates": draw_candidates(), "title": HOSTILE, "synthetic": True}
    return map_data(outcomes, **known | options)


def without_circle(**options) -> MapData:
    """Today alone, with nothing but streets, stations and demand."""
    outcome = draw_outcomes()[0]
    return map_data([replace(outcome, communities=None, study_area=None)], **options)
