"""What readers say of whole files, in Chinese; a message that is not known here stays in English."""

import re

from coverage_planner.report.messages_of_files import FILES
from coverage_planner.report.messages_of_hours import HOURS
from coverage_planner.report.messages_of_plans import PLANS
from coverage_planner.report.messages_of_runs import RUNS

_PATTERNS = tuple(
    (re.compile(pattern, re.DOTALL), what, advice) for pattern, what, advice in (*RUNS, *HOURS, *FILES, *PLANS)
)


def in_chinese(message: str) -> tuple[str, str] | None:
    """Say a reader's message in Chinese.

    Parameters
    ----------
    message
        What an error or a warning of ours says.

    Returns
    -------
    tuple of str, or None
        What was found, and what to do; None where the message is not known here.
    """
    for pattern, what, advice in _PATTERNS:
        if found := pattern.fullmatch(message):
            parts = [group or "" for group in found.groups()]
            return what.format(*parts), advice.format(*parts)
    return None
