"""What a click on a map shows, as plain text: the page never reads it as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Popup:
    """What a click shows: a title and rows of label and value."""

    title: str
    rows: Sequence[tuple[str, str]]

    def to_json(self) -> dict[str, Any]:
        """Return the popup as the page reads it."""
        return {"title": self.title, "rows": [list(row) for row in self.rows]}


def number(value: float) -> str:
    """Write a number with thousands separators, with one decimal place where it is small and not whole."""
    small = abs(value) < 100 and round(value, 1) != round(value)  # noqa: PLR2004 - three digits say enough
    return f"{value:,.1f}" if small else f"{value:,.0f}"
