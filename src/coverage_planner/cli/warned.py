"""What a run warns of, as lines of a summary: in Chinese where it is known how that is said, else as it stands."""

from collections.abc import Iterable

from coverage_planner.cli.words import WORDS
from coverage_planner.report.messages import in_chinese
from coverage_planner.report.words import Language


def about_warnings(texts: Iterable[str], language: Language) -> list[str]:
    """Return one line for each warning."""
    word = WORDS[language]["warning"]
    return [word.format(text=_said(text) if language == "zh" else text) for text in texts]


def _said(text: str) -> str:
    found = in_chinese(text)
    return text if found is None else "；".join(part for part in found if part)
