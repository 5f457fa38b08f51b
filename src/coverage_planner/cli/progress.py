"""A bar over the stages of a run, with what a search has reached."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from tqdm import tqdm

from coverage_planner.cli.words import WORDS
from coverage_planner.pipeline.stopwatch import StageReport
from coverage_planner.report.certificate import percent_up
from coverage_planner.report.popups import number
from coverage_planner.report.words import Language
from coverage_planner.siting.effort import SearchProgress, SearchState

_SHAPE = "{desc:<12} {bar:24} {n_fmt}/{total_fmt} {elapsed}{postfix}"
#: The search tells more often than anybody can read.
_EVERY_S = 0.2


def describe_search(state: SearchState, language: Language) -> str:
    """Say what a search has reached: incumbent, bound and gap; a dash where there is none yet."""
    figures = {
        name: "–" if math.isnan(value) else number(value)
        for name, value in (("objective", state.objective), ("bound", state.bound))
    }
    gap = percent_up(state.gap) if math.isfinite(state.gap) else "–"
    return WORDS[language]["search"].format(stage=state.stage, gap=gap, **figures)


@contextmanager
def stage_bar(stages: int, language: Language, *, quiet: bool = False) -> Iterator[tuple[StageReport, SearchProgress]]:
    """Show a progress bar over the stages on standard error; none in a log or pipe, where nobody looks at it.

    Parameters
    ----------
    stages
        How many there are.
    language
        Language of what is said of a search.
    quiet
        Show nothing.

    Yields
    ------
    tuple
        The callbacks for the pipeline: of stages, and of what the search has reached.
    """
    with tqdm(total=stages, bar_format=_SHAPE, disable=True if quiet else None) as bar:
        told = -math.inf

        def show(stage: str, seconds: float | None) -> None:
            if seconds is None:
                bar.set_description_str(stage)
            else:
                bar.set_postfix_str("", refresh=False)
                bar.update()

        def tell(state: SearchState) -> None:
            nonlocal told
            if not bar.disable and perf_counter() - told >= _EVERY_S:
                told = perf_counter()
                bar.set_postfix_str(describe_search(state, language))

        yield show, tell
