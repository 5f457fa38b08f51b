"""What the columns of a schema hold in a file, and which of its rows cannot be used."""

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import InputError, SchemaError, name_some
from coverage_planner.schema import TABLES, Rejections, TableName
from coverage_planner.sources.aliases import LEVELS
from coverage_planner.sources.cells import Mask, Remark, Texts, parse_mark, read_numbers, text_column
from coverage_planner.sources.hours import in_grammar, read_hours
from coverage_planner.sources.raw_tables import Fault, RawTable, cell_text
from coverage_planner.sources.services import find_service_column, parse_services
from coverage_planner.sources.signs import NOTHING, plain

_NOTHING_GIVEN = "nothing given, taken as blank"
_WRITTEN_ANEW = "opening hours written in the grammar of OpenStreetMap"


class ColumnValues(NamedTuple):
    """The columns of a schema, the rows whose values it does not allow, and what should be known of the others."""

    cells: dict[str, NDArray[Any]]
    faults: list[Fault]
    remarks: list[Remark]


def keep_where(raw: RawTable, where: Mapping[str, Sequence[str]] | None) -> RawTable:
    """Return only the rows whose column of the file has one of the texts given, for every column of `where`.

    Raises
    ------
    SchemaError
        There is no such column.
    InputError
        No row remains.
    """
    for column, wanted in (where or {}).items():
        if list(raw.table.columns).count(column) != 1:
            raise SchemaError(
                f"'where' must name one column of {raw.source}, got {column!r}; it has {list(raw.table.columns)}"
            )
        texts = raw.table[column].map(cell_text)
        keep = texts.isin(list(wanted)).to_numpy()
        if not keep.any():
            raise InputError(
                f"'where' must keep a row of {raw.source}, got {column} = {list(wanted)}; the column has the values "
                f"{name_some(sorted(set(texts)))}; correct the values"
            )
        raw = raw.rows(keep)
    return raw


def ids_of(raw: RawTable, column: str | None, prefix: str) -> tuple[Texts, list[Fault]]:
    """Return the ids and the rows whose id is blank or stands in an earlier row.

    Without an id column they are made from the row's place in the file: ``prefix`` and 1, 2, …, so that they do not
    depend on which other rows are usable.
    """
    if column is None:
        return np.array([f"{prefix}{number - raw.header_row}" for number in raw.row_numbers], dtype=object), []
    ids = text_column(raw, column)
    repeated = pd.Series(ids).duplicated(keep="first").to_numpy() & (ids != "")
    return ids, [(ids == "", "id is blank"), (repeated, "id stands in an earlier row already")]


def understood_columns(raw: RawTable, table: TableName, found: Mapping[str, str]) -> ColumnValues:
    """Read the columns of a schema but ``id``.

    Text that is blank becomes missing; levels become 'hub' and 'satellite', services ids of the catalogue, opening
    hours the grammar of OpenStreetMap, numbers numbers. What is not understood there stays as it is, with a remark.

    Parameters
    ----------
    raw
        The file.
    table
        The schema.
    found
        Name of the schema -> column of the file.
    """
    read = ColumnValues({}, [], [])
    for column in TABLES[table]:
        if column.name == "id" or column.name not in found:
            continue
        if column.kind == "text":
            given = text_column(raw, found[column.name])
            texts, remarks = _spelled(column.name, given)
            read.cells[column.name] = np.array([text or None for text in texts], dtype=object)
            read.remarks.extend(remarks)
            if column.required:
                read.faults.append((texts == "", f"{column.name} is blank"))
            continue
        numbers, wrong, remarks = read_numbers(raw, found[column.name], column.name, required=column.required)
        read.cells[column.name] = numbers
        read.remarks.extend(remarks)
        read.faults.extend(wrong)
        if column.required:
            read.faults.append((np.isnan(numbers), f"{column.name} is blank"))
        if column.minimum is not None:
            read.faults.append((numbers < column.minimum, f"{column.name} is less than {column.minimum:g}"))
    if table == "facilities":
        _add_marked_services(raw, found, read)
    return read


@cache
def _levels() -> Mapping[str, str]:
    return {plain(text).casefold().replace(" ", ""): level for text, level in LEVELS.items()}


def _spelled(name: str, texts: Texts) -> tuple[Texts, list[Remark]]:
    """Give texts one spelling, and say which were not understood."""
    if name not in ("level", "services", "opening_hours"):
        return texts, []
    spell = {"level": _spell_level, "services": _spell_services, "opening_hours": _spell_hours}[name]
    read = {text: spell(text) if text else ("", "") for text in dict.fromkeys(texts)}
    remarks = np.array([read[text][1] for text in texts], dtype=object)
    return np.array([read[text][0] for text in texts], dtype=object), [
        Remark(remarks == remark, name, texts, remark, quiet=name == "level" or remark == _WRITTEN_ANEW)
        for remark in dict.fromkeys(remarks)
        if remark
    ]


def _spell_level(text: str) -> tuple[str, str]:
    level = _levels().get(plain(text).casefold().replace(" ", ""))
    return (text, "neither a service centre nor a satellite, kept as it is") if level is None else (level, "")


def _spell_services(text: str) -> tuple[str, str]:
    known, unknown = parse_services(text)
    return ";".join((*known, *unknown)), "services not in the catalogue, kept as they are" if unknown else ""


def _spell_hours(text: str) -> tuple[str, str]:
    if plain(text).casefold() in NOTHING:
        return "", _NOTHING_GIVEN
    hours, remark = read_hours(text)
    if hours is None:
        return text, remark
    return hours, "" if in_grammar(text) else _WRITTEN_ANEW


def _add_marked_services(raw: RawTable, found: Mapping[str, str], read: ColumnValues) -> None:
    """Add the services of wide tables, which have a column for each and say √, 是, 有 or 1 in it.

    A column counts as one where its name is a service and most of its filled cells say yes or no.
    """
    offered: list[list[str]] = [[] for _ in range(len(raw.table))]
    present = [str(column) for column in raw.table.columns]
    for column in present:
        service = find_service_column(column)
        if service is None or column in found.values() or present.count(column) > 1:
            continue
        texts = text_column(raw, column)
        marks = np.array([parse_mark(text) for text in texts], dtype=object)
        unclear = np.array([mark is None for mark in marks], dtype=np.bool_)
        if not (texts != "").any() or unclear.sum() * 2 > (texts != "").sum():
            continue
        for row in np.flatnonzero(marks == True):  # noqa: E712 - an array
            offered[row].append(service)
        if unclear.any():
            remark = "says neither yes nor no, taken as not offered"
            read.remarks.append(Remark(unclear, column, texts, remark))
    if not any(offered):
        return
    listed = read.cells.get("services", np.full(len(offered), None, dtype=object))
    parts = [[*(text or "").split(";"), *more] for text, more in zip(listed, offered, strict=True)]
    joined = [";".join(dict.fromkeys(part for part in row if part)) for row in parts]
    read.cells["services"] = np.array([text or None for text in joined], dtype=object)


def refuse_rows(
    raw: RawTable,
    labels: Texts,
    faults: Sequence[Fault],
    *,
    table: str,
    rejected: Rejections | None,
    remarks: Sequence[Remark] = (),
    details: Mapping[str, Texts] | None = None,
) -> Mask:
    """Return which rows remain; the others are handed to `rejected` with their first fault.

    `rejected` also learns where the remaining rows stand, and the remarks on them.

    Parameters
    ----------
    raw
        The file.
    labels
        Shape (rows,): the rows' ids.
    faults
        What is wrong, the most telling first.
    table
        Which input, as for `Rejections.add`.
    rejected
        What is appended to; None: rows at fault are an error.
    remarks
        What should be known of rows that remain.
    details
        Reason -> texts, shape (rows,), that are shown behind it.

    Warns
    -----
    UserWarning
        Rows were taken with a remark and there is no `rejected`.

    Raises
    ------
    InputError
        Rows are at fault and there is no `rejected`, or no row remains.
    """
    shown = details or {}
    reasons = np.full(len(raw.table), "", dtype=object)
    for wrong, reason in ((raw.overlong, "more cells than the first row has names"), *faults):
        reasons[wrong & (reasons == "")] = reason
    keep: Mask = (reasons == "").astype(np.bool_)
    listed = "; ".join(
        f"{reason}{_shown(shown.get(reason), reasons == reason)} in {raw.name_rows(reasons == reason)}"
        for reason in dict.fromkeys(reasons[~keep])
    )
    if rejected is None and listed:
        # a study area with a hole in it would be another one, so its reader takes no `rejected`
        choice = "" if table == "study area" else ", or let them be listed and left out: rejected=Rejections()"
        raise InputError(f"every row of {raw.source} must be usable: {listed}; correct or remove them{choice}")
    if rejected is not None:
        full = reasons.copy()
        for reason, texts in shown.items():
            rows = reasons == reason
            full[rows] = [f"{reason}: {_on_one_line(text)}" for text in texts[rows]]
        for reason in dict.fromkeys(full[~keep]):
            wrong = full == reason
            rejected.add(
                source=raw.source,
                table=table,
                labels=list(labels[wrong]),
                reason=reason,
                row_numbers=[int(number) for number in raw.row_numbers[wrong]],
            )
        rejected.take(source=raw.source, table=table, labels=labels[keep], row_numbers=raw.row_numbers[keep])
    if not keep.any():
        raise InputError(f"{raw.source} must have a usable row, got none: {listed}; correct the file")
    _pass_remarks(raw, labels, keep, remarks, table, rejected)
    return keep


def _shown(texts: Texts | None, rows: Mask) -> str:
    """Show the first details of a reason in brackets."""
    if texts is None:
        return ""
    first = ", ".join(_on_one_line(text) for text in texts[rows][:2])
    return f" ({first}{', …' if rows.sum() > 2 else ''})"  # noqa: PLR2004 - a few


def _on_one_line(text: str) -> str:
    return textwrap.shorten(text, 120, placeholder=" …") if any(sign.isspace() for sign in text) else text[:120]


def _pass_remarks(
    raw: RawTable, labels: Texts, keep: Mask, remarks: Sequence[Remark], table: str, rejected: Rejections | None
) -> None:
    said = []
    for remark in remarks:
        rows = remark.rows & keep
        if not rows.any():
            continue
        if rejected is not None:
            rejected.remark(
                source=raw.source, table=table, labels=labels[rows], row_numbers=raw.row_numbers[rows],
                column=remark.column, given=remark.given[rows], remark=remark.text,
            )  # fmt: skip
        elif not remark.quiet:
            first = remark.given[rows][0]
            said.append(f"{remark.column}: {remark.text} in {raw.name_rows(rows)} (the first: {first!r})")
    if said:
        warnings.warn(
            f"cells of {raw.source} should be plain, these were not taken as they stand or not understood: "
            f"{'; '.join(said)}; look at them, or collect them: rejected=Rejections()",
            stacklevel=4,
        )
