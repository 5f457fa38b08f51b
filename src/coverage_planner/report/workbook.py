"""Tables -> summary.xlsx: key figures first, headings in the planner's language, text that stays text."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import ColorScaleRule
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from coverage_planner.report import styles
from coverage_planner.report.circle_columns import CIRCLE_MEASURES, CIRCLE_TABLES, LIST_TABLES
from coverage_planner.report.column_kinds import Column, Kind
from coverage_planner.report.hours_sheet import FIRST, spread_hours
from coverage_planner.report.speech import Speech, speech
from coverage_planner.report.table_columns import COLUMNS, SYNTHETIC_NOTE, writable
from coverage_planner.report.words import Language

#: Kind of column -> how a workbook shows it.
FORMATS: Mapping[Kind, str] = {
    "text": "@",
    "flag": "General",
    "count": "#,##0",
    "place": "0",
    "number": "#,##0.0",
    "share": "0.0%",
    "ratio": "0.000",
    "change": "+#,##0.0;-#,##0.0;0.0",
    "share_change": "+0.0%;-0.0%;0.0%",
    "count_change": "+#,##0;-#,##0;0",
    "minutes": "0.0",
    "metres": "#,##0",
    "degrees": "0.000000",
}

#: Kind of a figure -> kind of its change, where that is not 'change'.
_CHANGES: Mapping[Kind, Kind] = {"share": "share_change", "count": "count_change"}

#: Rows of a table that a sheet shows; the CSV file has all.
MOST_ROWS = 100_000
_NARROWEST, _WIDEST = 8, 48
_ROWS_MEASURED = 500
_LINE_POINTS = 15.0
_WIDE_FROM = "ᄀ"  # from here on, characters are mostly twice as wide

_HEADER_FONT = Font(bold=True)
_HEADER_FILL = PatternFill("solid", fgColor="E8EDF2")
_WARNING_FONT = Font(bold=True, color="C8501E")

#: The rows of the key figures.
_KEY_MEASURES = (
    "covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share", "covered_demand",
    "demand", *CIRCLE_MEASURES, "mean_time_min", "straight_line_demand_share", "straight_line_radius_m",
    "n_facilities", "n_points",
)  # fmt: skip
#: Those that are left out where nobody has a figure.
_OPTIONAL = (*CIRCLE_MEASURES, "straight_line_demand_share", "straight_line_radius_m")


def write_workbook(
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    language: Language,
    streets: str = "",
    certificate: str = "",
    synthetic: bool = False,
) -> None:
    """Write summary.xlsx. Tables of services, hours, levels and capacity have a sheet where they have rows.

    Parameters
    ----------
    tables
        `tables.report_tables`.
    path
        The file to write.
    language
        'zh' or 'en'.
    streets
        Where the streets come from.
    certificate
        How good the choice of sites is proved to be, to stand among the key figures; "" where there is none.
    synthetic
        Whether the data are made up; the first sheet then says so in its first row.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    said = speech(language)
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = said.sheet("key_figures")
    _key_figures(first, tables["overall"], said, streets=streets, certificate=certificate, synthetic=synthetic)
    for name, table in tables.items():
        if name in LIST_TABLES or (name in CIRCLE_TABLES and table.empty):
            continue  # a plan need not speak of services, hours or levels; the three lists are a workbook of their own
        sheet = book.create_sheet(said.sheet(name))
        if name == "by_hour":
            _hours_sheet(sheet, table, said)
        else:
            table_sheet(sheet, name, table, said)
    book.save(path)


# --- sheets ---


def _key_figures(
    sheet: Worksheet,
    overall: pd.DataFrame,
    said: Speech,
    *,
    streets: str,
    certificate: str,
    synthetic: bool,
) -> None:
    """Put one measure in each row and the scenarios beside each other."""
    names = list(dict.fromkeys(overall["scenario"]))
    compared = len(names) > 1
    row = 1
    if synthetic:
        _put(sheet, row, 1, SYNTHETIC_NOTE).font = _WARNING_FONT
        row += 1
    labels = [said.heading(name) for name in ("group", "mode", "cutoff_min")]
    _header(sheet, row, [*labels, said.texts["measure"], *names, *([said.texts["change"]] if compared else [])])
    sheet.freeze_panes = f"A{row + 1}"
    records = {(record["group"], record["scenario"]): record for record in overall.to_dict("records")}
    for group in dict.fromkeys(overall["group"]):
        sides = [records[group, name] for name in names]
        for measure in _KEY_MEASURES:
            if measure in _OPTIONAL and all(np.isnan(side[measure]) for side in sides):
                continue
            row += 1
            measured = COLUMNS[measure].kind
            _put(sheet, row, 1, group)
            _put(sheet, row, 2, said.say("mode", sides[0]["mode"]))
            _put(sheet, row, 3, sides[0]["cutoff_min"], "minutes")
            _put(sheet, row, 4, said.heading(measure))
            for place, side in enumerate(sides, start=5):
                _put(sheet, row, place, side[measure], measured)
            if compared:
                change = sides[-1][measure] - sides[0][measure]
                _put(sheet, row, 5 + len(sides), change, _CHANGES.get(measured, "change"))
    heading_row = 2 if synthetic else 1
    _fit_widths(sheet, first_row=heading_row)
    _set_page(sheet, heading_row)
    remarks = [said.texts["straight_line_note"]]
    if certificate:
        remarks.append(f"{said.texts['solution']}: {certificate}")
    if streets:
        remarks.append(f"{said.texts['streets']}: {streets}")
    for place, remark in enumerate(remarks, start=row + 2):
        _put(sheet, place, 1, remark)


def table_sheet(
    sheet: Worksheet, name: str, table: pd.DataFrame, said: Speech, columns: Mapping[str, Column] | None = None
) -> None:
    """Fill a sheet with a table, its headings in the planner's language.

    Parameters
    ----------
    sheet
        The sheet, empty.
    name
        The table's name in `table_columns`.
    table
        Columns of `table_columns.COLUMNS`, or of `columns`.
    said
        The language.
    columns
        What columns there are, where the table is none of a results folder.
    """
    if columns is None:
        headings = [said.heading(str(column), name) for column in table]
    else:
        headings = [columns[str(column)].heading(said.language) for column in table]
    _header(sheet, 1, headings)
    sheet.freeze_panes = "A2"
    kinds = {str(column): (COLUMNS if columns is None else columns)[str(column)].kind for column in table}
    for row, record in enumerate(table.head(MOST_ROWS).to_dict("records"), start=2):
        for place, (column, kind) in enumerate(kinds.items(), start=1):
            _put(sheet, row, place, said.say(column, record[column]), kind)
    if len(table) > MOST_ROWS:
        note = said.texts["cut_off"].format(shown=MOST_ROWS, rows=len(table), file=f"{name}.csv")
        _put(sheet, MOST_ROWS + 2, 1, note).font = _WARNING_FONT
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(kinds))}{min(len(table), MOST_ROWS) + 1}"
    _fit_widths(sheet, first_row=1)
    _set_page(sheet, 1)


def _hours_sheet(sheet: Worksheet, by_hour: pd.DataFrame, said: Speech) -> None:
    """Fill a sheet with one row per day and one column per time of day, coloured by the share."""
    table = spread_hours(by_hour)
    _header(sheet, 1, [said.heading(name, "by_hour") if name in COLUMNS else name for name in map(str, table)])
    sheet.freeze_panes = sheet.cell(2, len(FIRST) + 1).coordinate
    for row, record in enumerate(table.head(MOST_ROWS).to_dict("records"), start=2):
        for place, column in enumerate(map(str, table), start=1):
            kind = COLUMNS[column].kind if column in COLUMNS else "share"
            _put(sheet, row, place, said.say(column, record[column]), kind)
    last = min(len(table), MOST_ROWS) + 1
    low, high = (end.removeprefix("#").upper() for end in styles.SHARE_ENDS)
    colours: Any = cast("Any", ColorScaleRule)(
        start_type="num", start_value=0, start_color=low, end_type="num", end_value=1, end_color=high
    )
    n_columns = table.shape[1] - ("note" in table)
    cells = f"{sheet.cell(2, len(FIRST) + 1).coordinate}:{sheet.cell(last, n_columns).coordinate}"
    sheet.conditional_formatting.add(cells, colours)
    sheet.auto_filter.ref = f"A1:{get_column_letter(table.shape[1])}{last}"
    _fit_widths(sheet, first_row=1)
    _set_page(sheet, 1)


def _set_page(sheet: Worksheet, heading_row: int) -> None:
    """Print the sheet as wide as a page that lies across, the headings on every page."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.print_title_rows = f"{heading_row}:{heading_row}"


def _header(sheet: Worksheet, row: int, headings: Sequence[str]) -> None:
    for place, heading in enumerate(headings, start=1):
        cell = _put(sheet, row, place, heading)
        cell.font, cell.fill = _HEADER_FONT, _HEADER_FILL
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _put(sheet: Worksheet, row: int, place: int, value: Any, kind: Kind = "text") -> Cell:
    """Write a cell: text as text, whatever it starts with, and nothing where there is no value."""
    cell = cast("Cell", sheet.cell(row, place))
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return cell
    cell.value = writable(value) if isinstance(value, str) else value
    if isinstance(value, str):
        # what looks like a formula must be one neither now nor after someone has edited the cell
        cell.data_type = "s"
        cell.quotePrefix = True
        cell.number_format = FORMATS["text"]
    else:
        cell.number_format = FORMATS[kind]
    return cell


def _fit_widths(sheet: Worksheet, *, first_row: int) -> None:
    """Make columns as wide as their text, within bounds; headings may wrap."""
    most_lines = 1
    last_row = min(sheet.max_row, first_row + _ROWS_MEASURED)
    columns = sheet.iter_cols(min_row=first_row, max_row=last_row, values_only=True)
    for place, values in enumerate(columns, start=1):
        heading, *rest = (_width(value) for value in values)
        width = max([heading / 2, *rest])
        fitted = min(max(width + 2, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = fitted
        most_lines = max(most_lines, math.ceil((heading + 1) / (fitted - 1)))  # bold, and broken between words
    sheet.row_dimensions[first_row].height = _LINE_POINTS * most_lines


def _width(value: Any) -> int:
    if isinstance(value, str):
        return max((sum(2 if char >= _WIDE_FROM else 1 for char in line) for line in value.splitlines()), default=0)
    return 0 if value is None else len(f"{value:,.1f}")
