"""How far a search may go, and what it has reached: work, clock, gap, Ctrl+C."""

import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal

from coverage_planner.errors import ConfigError

Sense = Literal["max", "min"]
#: Visits of pairs (of a candidate and demand) in a unit of work: about a second of one core of an office computer.
VISITS_PER_UNIT = 5e8
#: Units of work where the planner says nothing.
DEFAULT_WORK = 60.0


@dataclass(frozen=True)
class SearchState:
    """What a search has reached.

    Attributes
    ----------
    stage
        What it is doing, for example 'prices'.
    work, seconds
        Units of work and seconds of the clock spent so far.
    objective, bound
        The best choice found and the proven bound; NaN where there is none yet.
    gap
        What the choice may lack, as a share; infinite while one of the two is missing.
    """

    stage: str
    work: float
    seconds: float
    objective: float
    bound: float
    gap: float


#: Called whenever a search has something better to show; raise in it to give the search up.
SearchProgress = Callable[[SearchState], None]


def gap_between(objective: float, bound: float, sense: Sense) -> float:
    """``(bound - objective) / objective`` for a maximum, ``(objective - bound) / objective`` for a minimum.

    0 where they are equal, infinite where nothing is known.
    """
    if math.isnan(objective) or math.isnan(bound):
        return math.inf
    beyond = max(bound - objective if sense == "max" else objective - bound, 0.0)
    return 0.0 if beyond == 0 else beyond / objective if objective > 0 else math.inf


@dataclass
class Effort:
    """Counts the work of one search and says whether it may go on.

    Work is counted in visits of pairs, at points of the search that do not depend on the clock: the same `work_limit`
    leads to the same sites on every machine and any number of threads. `time_limit_s` and Ctrl+C do not promise that.

    Attributes
    ----------
    sense
        Whether the objective is to be large or small.
    gap
        Stop when the proven gap is no larger.
    work_limit
        Most units of work.
    time_limit_s
        Most seconds; None: no limit.
    progress
        Told what is reached.
    """

    sense: Sense
    gap: float = 0.0
    work_limit: float = DEFAULT_WORK
    time_limit_s: float | None = None
    progress: SearchProgress | None = None
    interrupted: bool = False
    history: list[SearchState] = field(default_factory=list)
    _visits: float = 0.0
    _begun: float = field(default_factory=perf_counter)
    _objective: float = math.nan
    _bound: float = math.nan

    def __post_init__(self) -> None:
        """Check the limits."""
        if not 0 <= self.gap < 1:
            raise ConfigError(f"mip_gap must be a share from 0 to below 1, got {self.gap!r}; 0 asks for the optimum")
        if not self.work_limit >= 0:
            raise ConfigError(f"work_limit must be 0 or more, got {self.work_limit!r}; leave it out for the default")
        if self.time_limit_s is not None and not self.time_limit_s > 0:
            raise ConfigError(f"time_limit_s must be positive, got {self.time_limit_s!r}; leave it out for no limit")

    @property
    def work(self) -> float:
        """Units of work spent."""
        return self._visits / VISITS_PER_UNIT

    @property
    def seconds(self) -> float:
        """Seconds since the search began."""
        return perf_counter() - self._begun

    @property
    def reached_gap(self) -> float:
        """The proven gap of what was last reported."""
        return gap_between(self._objective, self._bound, self.sense)

    def spend(self, visits: float) -> None:
        """Count work; the number must not depend on the clock or on threads."""
        self._visits += visits

    def work_left(self) -> float:
        """Visits that may still be spent."""
        return max(self.work_limit * VISITS_PER_UNIT - self._visits, 0.0)

    def seconds_left(self) -> float | None:
        """Seconds that are left; None where there is no limit."""
        return None if self.time_limit_s is None else max(self.time_limit_s - self.seconds, 0.0)

    def may_go_on(self) -> bool:
        """Whether work and time are left, nobody has interrupted and the gap is still too large."""
        if self.interrupted or self.work_left() <= 0 or self.seconds_left() == 0:
            return False
        return self.reached_gap > self.gap

    def report(self, stage: str, objective: float, bound: float) -> None:
        """Say what is reached; better values are kept for the history and told to `progress`."""
        news = (objective, bound) != (self._objective, self._bound)
        self._objective, self._bound = objective, bound
        state = SearchState(stage, self.work, self.seconds, objective, bound, self.reached_gap)
        if news:
            self.history.append(state)
        if self.progress is not None:
            self.progress(state)

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let Ctrl+C end the search with what it has found; pressed twice it raises as usual.

        Only the main thread receives Ctrl+C; elsewhere nothing changes, nor where a program around Python's handles it.
        """
        ours = signal.getsignal(signal.SIGINT) is not None  # what is not set from Python could not be put back
        if not ours or threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: Any) -> None:
            if self.interrupted and callable(before):
                before(number, frame)
            self.interrupted = True

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
