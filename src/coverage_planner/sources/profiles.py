"""How many people are about in each hour of the day, by kind of demand."""

import re

import numpy as np
import pandas as pd

from coverage_planner.errors import InputError, SchemaError, name_some
from coverage_planner.sources.cells import parse_number
from coverage_planner.sources.headers import find_columns
from coverage_planner.sources.raw_tables import AnyPath, RawTable
from coverage_planner.sources.signs import plain
from coverage_planner.sources.tables import read_table

_HOURS = 24
#: Names of the columns of hours: h07, 7, 07:00, 7时, 7点.
_HOUR = re.compile(r"h?0?(\d{1,2})(?::00|时|点)?", re.IGNORECASE)
#: Rounded shares may miss their sum by so much; they are then scaled to it.
_ROUNDING = 0.005


def read_profile(path: AnyPath, *, sheet: str | None = None, encoding: str | None = None) -> pd.DataFrame:
    """Read how many people are about in each hour.

    Parameters
    ----------
    path
        A text file, workbook or layer with a column ``kind`` (类型) and 24 columns ``h00`` to ``h23`` (also ``0``,
        ``07:00``, ``7时``). Each row holds shares of the day that add up to 1, or to 100; rounding by half a percent is
        made up for. A row whose kind is empty stands for all kinds that have none.
    sheet, encoding
        As for `read_facilities`.

    Returns
    -------
    DataFrame
        Index ``kind`` (text, '' for all others), columns 0 to 23; each row adds up to 1.

    Raises
    ------
    SourceError
        The file cannot be read.
    SchemaError
        Columns are missing.
    InputError
        A kind repeats, a cell is no number, is negative, or a row does not add up.
    """
    raw = read_table(path, sheet=sheet, encoding=encoding)
    kind = find_columns(raw, ["kind"], ["kind"], None)["kind"]
    hours = _hour_columns(raw)
    kinds = [str(text).strip() for text in raw.table[kind]]
    repeated = sorted({name for name in kinds if kinds.count(name) > 1})
    if repeated:
        raise InputError(
            f"kinds of {raw.source} must not repeat, got {name_some(repeated)} more than once; join the rows"
        )
    shares = np.array([[_share(raw, column, row) for column in hours] for row in range(len(kinds))], dtype=np.float64)
    sums = shares.sum(axis=1)
    near = (np.abs(sums - 1.0) <= _ROUNDING) | (np.abs(sums / 100.0 - 1.0) <= _ROUNDING)
    wrong = ~near | (shares < 0).any(axis=1)
    if wrong.any():
        rows = (f"{number} (sum {total:g})" for number, total in zip(raw.row_numbers[wrong], sums[wrong], strict=True))
        raise InputError(
            f"each {raw.row_word} of {raw.source} must hold shares of the day, none negative, that add up to 1; not so "
            f"in {raw.row_word}s {name_some(rows)}; correct them"
        )
    return pd.DataFrame(shares / sums[:, None], index=pd.Index(kinds, name="kind"), columns=pd.RangeIndex(_HOURS))


def _hour_columns(raw: RawTable) -> list[str]:
    """Return the columns of the 24 hours, in order."""
    found: dict[int, str] = {}
    for column in map(str, raw.table.columns):
        match = _HOUR.fullmatch(plain(column).strip())
        if match and int(match[1]) < _HOURS:
            if int(match[1]) in found:
                raise SchemaError(
                    f"{raw.source} must have one column per hour, got {found[int(match[1])]!r} and {column!r} for one; "
                    "remove one"
                )
            found[int(match[1])] = column
    missing = [f"h{hour:02d}" for hour in range(_HOURS) if hour not in found]
    if missing:
        raise SchemaError(
            f"{raw.source} must have the columns h00 to h23, missing {name_some(missing)} among "
            f"{[str(column) for column in raw.table.columns]}; add them"
        )
    return [found[hour] for hour in range(_HOURS)]


def _share(raw: RawTable, column: str, row: int) -> float:
    number = parse_number(str(raw.table[column].iloc[row]).removesuffix("%"), column)
    if np.isnan(number.value):
        raise InputError(
            f"cells of the hours in {raw.source} must be numbers, got {raw.table[column].iloc[row]!r} in column "
            f"{column!r}, {raw.row_word} {raw.row_numbers[row]}; correct it"
        )
    return float(number.value)
