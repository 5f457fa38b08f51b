"""Map data drawn by hand over `drawn_outcome` and `drawn_circle`: two groups, names that mean harm."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

from coverage_planner.report.map_data import MapData, map_data
from coverage_planner.scenario.scenario import Outcome
from drawn_circle import draw_by_hour, draw_circle
from drawn_outcome import HOSTILE, draw_candidates, draw_network, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("步行 <b>", "walk", 300.0))


@cache
def draw_outcomes(groups: tuple = GROUPS) -> tuple[Outcome, Outcome]:
    """Today and the proposal, on one network."""
    network = draw_network()
    today, plan = (draw_outcome(groups=groups, network=network, proposed=proposed) for proposed in (False, True))
    return today, plan


def draw_circles(outcomes: Sequence[Outcome]) -> list[SimpleNamespace]:
    """Their circles, with every hour of the week."""
    circles = [draw_circle(outcome, better=place > 0) for place, outcome in enumerate(outcomes)]
    for circle in circles:
        for group in circle.groups.values():
            group.hours = draw_by_hour(float(group.group.demand["demand"].sum()))
    return circles


def draw_map_data(groups: tuple = GROUPS, **options) -> MapData:
    """All of it, with candidates and a circle; `options` go to `map_data`."""
    return _draw(groups, **options) if options else _draw_once(groups)


@cache
def _draw_once(groups: tuple) -> MapData:
    return _draw(groups)


def _draw(groups: tuple, **options) -> MapData:
    outcomes = draw_outcomes(groups)
    known = {"circles": draw_circles(outcomes), "candidates": draw_candidates(), "title": HOSTILE, "synthetic": True}
    return map_data(outcomes, **known | options)


def without_circle(**options) -> MapData:
    """Today alone, with nothing but streets, stations and demand."""
    outcome = draw_outcomes()[0]
    return map_data([replace(outcome, communities=None, study_area=None)], **options)
