"""Rows of a table of hours: which are drawn, whom they are for, and how a share is written."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from coverage_planner.errors import ConfigError, SchemaError, name_some
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language, words

#: What a picture of hours needs; ``day_kind`` may be called ``kind``, as `measure_hours` calls it.
NEEDED: Final = ("slot", "date", "day", "day_kind", "hour", "demand", "covered_demand")
#: Columns that choose one picture of a table that holds several.
CHOSEN: Final = ("scenario", "group", "service")

_MIN_PER_HOUR = 60


def choose_rows(by_hour: pd.DataFrame, wanted: Mapping[str, str | None]) -> pd.DataFrame:
    """Return the rows of one scenario, group and service; the first of each where none is wanted.

    Raises
    ------
    ConfigError
        The table does not hold what is wanted.
    SchemaError
        The table lacks columns, or has two rows for one slot.
    """
    table = check_hours(by_hour)
    for column, value in wanted.items():
        if column not in table:
            continue
        known = list(dict.fromkeys(table[column]))
        if value is not None and value not in known:
            raise ConfigError(
                f"{column} must be one that the table of hours holds ({', '.join(map(str, known))}), got {value!r}; "
                "name one of them"
            )
        table = table[table[column] == (known[0] if value is None and known else value)]
    if table["slot"].duplicated().any():
        again = table["slot"][table["slot"].duplicated()]
        raise SchemaError(
            f"the table of hours must have one row per slot for each scenario, group and service, got more for the "
            f"slots {name_some(again)}; add the columns {', '.join(CHOSEN)} where it holds several"
        )
    return table


def check_hours(by_hour: pd.DataFrame) -> pd.DataFrame:
    """Return a table of hours with its columns as the results have them.

    Raises
    ------
    SchemaError
        It lacks columns.
    """
    table = by_hour if "day_kind" in by_hour else by_hour.rename(columns={"kind": "day_kind"})
    lacking = [name for name in NEEDED if name not in table]
    if lacking:
        raise SchemaError(
            f"the table of hours must have the columns {', '.join(NEEDED)}, missing {name_some(lacking)}; "
            "give what measure_hours returned, or by_hour of a results folder"
        )
    return table


def share_text(share: float) -> str:
    """Write a share as whole percents for a cell; what is near 0 or 100 does not pass for it, none is a dash.

    >>> [share_text(share) for share in (0.0, 0.004, 0.125, 0.996, 1.0, float("nan"))]
    ['0', '<1', '12', '>99', '100', '–']
    """
    if np.isnan(share):
        return "–"
    percents = 100.0 * share
    if 0 < percents < 0.5:  # noqa: PLR2004 - rounds to none
        return "<1"
    if 99.5 <= percents < 100:  # noqa: PLR2004 - rounds to all
        return ">99"
    return f"{percents:.0f}"


def how_text(table: pd.DataFrame, language: Language) -> str:
    """Say whom a picture is for: scenario, group, service, mode, cutoff, as far as the table says them."""
    said, first = speech(language), table.iloc[0] if len(table) else pd.Series(dtype=object)
    parts = [said.say(column, first[column]) for column in (*CHOSEN, "mode") if column in first]
    cutoff = first.get("cutoff_min", np.nan)
    if not pd.isna(cutoff):
        parts.append(words(language)["minutes"].format(minutes=f"{round(float(cutoff), 1):g}"))
    return " · ".join(str(part) for part in parts if isinstance(part, str) and part)


def clock(minute: int) -> str:
    """Write a minute of the day as a time, such as '6:30'."""
    return f"{minute // _MIN_PER_HOUR}:{minute % _MIN_PER_HOUR:02d}"
