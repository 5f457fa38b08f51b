"""CSV files that Excel opens as they are, and that no text in them can turn into a formula."""

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from coverage_planner.errors import SourceError
from coverage_planner.report.column_kinds import Column
from coverage_planner.report.table_columns import COLUMNS, set_types

#: Excel reads UTF-8 as such only behind this mark.
ENCODING = "utf-8-sig"

#: Text that a spreadsheet might take for a formula, the full-width signs too, also behind blanks that some strip and
#: marks that nobody sees; apostrophes before it are our own mark.
_FORMULA = re.compile(r"'*(?:[\t\r\n]|[\s\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠])")
_FLAGS = {"True": True, "False": False}


def guard(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet might take for a formula.

    Text that already starts with apostrophes before such a sign gets one more, so that `unguard` always gives back the
    very text.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguard(text: str) -> str:
    """Take away the apostrophe that `guard` put before a text."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_csv(table: pd.DataFrame, path: Path, columns: Mapping[str, Column] = COLUMNS) -> None:
    """Write a table with columns of `columns`, those of results by default: comma, CRLF, UTF-8 with byte order mark.

    Numbers are written in full: reading gives the same values. Cells without a value are empty.
    """
    guarded = table.copy()
    for name in table:
        if columns[str(name)].kind == "text":
            texts = [None if text is None else guard(text) for text in table[name]]
            guarded[name] = pd.Series(texts, index=table.index, dtype=object)
        elif columns[str(name)].kind == "place":
            guarded[name] = table[name].astype("Int64")  # whole numbers without '.0'
    guarded.to_csv(path, index=False, encoding=ENCODING, lineterminator="\r\n")


def read_csv(path: Path) -> pd.DataFrame:
    """Read what `write_csv` wrote, with the types it had.

    Raises
    ------
    SourceError
        The file is not a table of a results folder any more: an unknown column, or a cell that is no number.
    """
    try:
        raw = pd.read_csv(path, encoding=ENCODING, dtype=str, keep_default_na=False, na_filter=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise SourceError(f"{path.name} must be a CSV table of a results folder: {error}; write it again") from error
    unknown = [str(name) for name in raw if name not in COLUMNS]
    if unknown:
        raise SourceError(f"{path.name} must have the columns it was written with, got {unknown} too; write it again")
    try:
        return set_types(raw.assign(**{str(name): _values(raw[name]) for name in raw}))
    except ValueError as error:
        raise SourceError(f"{path.name} must hold what it was written with: {error}; write it again") from error


def _values(cells: "pd.Series[str]") -> pd.Series:
    kind = COLUMNS[str(cells.name)].kind
    if kind == "text":
        return pd.Series([unguard(text) for text in cells], dtype=object)
    if kind == "flag":
        if not cells.isin(list(_FLAGS)).all():
            raise ValueError(
                f"column {cells.name} must be a flag, True or False, got {sorted(set(cells) - set(_FLAGS))}"
            )
        return cells.map(_FLAGS)
    return cells.where(cells != "", "nan")
