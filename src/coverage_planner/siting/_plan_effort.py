"""Shares of one effort: several models are solved within one limit of work, time and patience."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from coverage_planner.siting._plan_model import Solve
from coverage_planner.siting.effort import VISITS_PER_UNIT, Effort, SearchProgress, SearchState
from coverage_planner.siting.solution import Solution

#: A limit by the clock that is used up is still a limit.
_NO_TIME_S = 1e-6


@contextmanager
def part_of(effort: Effort, share: float, stage: str) -> Iterator[Effort]:
    """Lend a share of the work and time that are left; what is spent and Ctrl+C come back to the whole."""
    part = Effort(effort.sense, effort.gap, **_limits(effort, share), progress=_named(effort.progress, stage))
    try:
        with part.interruptible():
            yield part
    finally:
        _take_back(effort, part.work, interrupted=part.interrupted)


def solve_within(effort: Effort, share: float, stage: str, solve: Solve, **rules: Any) -> Solution:
    """Solve a model with a share of the work and time that are left."""
    solution = solve(**rules, mip_gap=effort.gap, **_limits(effort, share), progress=_named(effort.progress, stage))
    _take_back(effort, solution.work["units"], interrupted=solution.interrupted)
    return solution


def _limits(effort: Effort, share: float) -> dict[str, Any]:
    seconds = effort.seconds_left()
    return {
        "work_limit": 0.0 if effort.interrupted else effort.work_left() / VISITS_PER_UNIT * share,
        "time_limit_s": None if seconds is None else max(seconds * share, _NO_TIME_S),
    }


def _take_back(effort: Effort, units: float, *, interrupted: bool) -> None:
    effort.spend(units * VISITS_PER_UNIT)
    effort.interrupted |= interrupted


def _named(progress: SearchProgress | None, stage: str) -> SearchProgress | None:
    """Tell progress which part of the work is meant."""
    if progress is None:
        return None

    def tell(state: SearchState) -> None:
        progress(replace(state, stage=f"{stage}: {state.stage}"))

    return tell
