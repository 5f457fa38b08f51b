"""What a column of a table or layer is: how it is stored and written, and what people call it."""

from dataclasses import dataclass
from typing import Literal

from coverage_planner.report.words import Language

Kind = Literal[
    "text", "flag", "count", "place", "number", "share", "minutes", "metres", "degrees", "change", "share_change",
    "count_change", "ratio",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of any table or layer: how it is stored and written, and its headings in workbooks."""

    kind: Kind
    zh: str
    en: str

    def heading(self, language: Language) -> str:
        """Return the heading in a language."""
        return self.zh if language == "zh" else self.en
