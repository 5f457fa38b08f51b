"""Records that cannot be used: all of them counted, some listed, on request all written to a file."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import SourceError, name_some
from coverage_planner.schema import Rejections
from coverage_planner.sources.tables import AnyPath

#: Rows that are listed one by one where they are held in memory, by reason.
LISTED_ROWS = 1000
_MORE = "more rows after this one"


@dataclass(eq=False)
class FaultyRecords:
    """Rows that cannot be used, in bounded memory.

    Attributes
    ----------
    counts
        Reason -> how many rows.
    first_rows
        Reason -> the numbers of the first `LISTED_ROWS` of them.
    writer
        Takes every (row, reason), or None.
    """

    counts: dict[str, int] = field(default_factory=dict)
    first_rows: dict[str, list[int]] = field(default_factory=dict)
    writer: Any = None

    def add(self, rows: NDArray[np.int64], reasons: NDArray[np.object_]) -> None:
        """Note rows, in the order of the file, and the reason for each."""
        if self.writer is not None:
            self.writer.writerows(zip(rows.tolist(), reasons.tolist(), strict=True))
        for reason in dict.fromkeys(reasons):
            wrong = rows[reasons == reason]
            self.counts[reason] = self.counts.get(reason, 0) + len(wrong)
            listed = self.first_rows.setdefault(reason, [])
            listed += wrong[: LISTED_ROWS - len(listed)].tolist()

    def describe(self) -> str:
        """Return the reasons with their counts and first rows, for messages."""
        shown = []
        for reason, rows in sorted(self.first_rows.items()):
            first = name_some(f"row {row}" for row in rows).partition(": ")[2]
            shown.append(f"{reason} in {self.counts[reason]}: {first}")
        return "; ".join(shown)

    def hand_to(self, rejected: Rejections, source: str) -> None:
        """Put the listed rows into a list of rejections, and one line for the others of each reason."""
        for reason, rows in sorted(self.first_rows.items()):
            rejected.add(source=source, table="demand", labels=[""] * len(rows), reason=reason, row_numbers=rows)
            more = self.counts[reason] - len(rows)
            if more:
                rejected.add(
                    source=source, table="demand", labels=[""], row_numbers=[rows[-1]],
                    reason=f"{reason}: {more} {_MORE}",
                )  # fmt: skip


def count_refused(rows: Iterable[Mapping[str, object]]) -> int:
    """Return how many rows of files a list of rejections stands for; one line may stand for many records."""
    found = (re.search(rf": (\d+) {_MORE}$", str(row["reason"])) for row in rows)
    return sum(1 if more is None else int(more[1]) for more in found)


@contextmanager
def noting_faults(path: AnyPath | None) -> Iterator[FaultyRecords]:
    """Open the file to which every faulty row is written, where one is named.

    Only row numbers and reasons stand in it: what a record says of a person stays in the records.

    Raises
    ------
    SourceError
        The file cannot be written.
    """
    if path is None:
        yield FaultyRecords()
        return
    file = Path(path)
    try:
        stream = file.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise SourceError(
            f"the list of refused records must be a file that can be written, got {file}: {error}; name another"
        ) from error
    with stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "reason"])
        yield FaultyRecords(writer=writer)
