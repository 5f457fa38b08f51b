"""The workbook of needs, resources and services (三清单.xlsx), to be read, filtered and printed."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import openpyxl
import pandas as pd
from openpyxl.cell.cell import Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from coverage_planner.report.column_kinds import Column, Kind
from coverage_planner.report.table_columns import SYNTHETIC_NOTE, writable
from coverage_planner.report.three_lists_tables import LIST_COLUMNS, REMARKS, SHEETS, list_tables
from coverage_planner.report.words import Language
from coverage_planner.report.workbook import FORMATS, MOST_ROWS
from coverage_planner.scenario.three_lists import ThreeLists

_YES_NO = {"zh": ("是", "否"), "en": ("yes", "no")}
_CUT_OFF = {
    "zh": "此表仅显示前 {shown:,} 行，共 {rows:,} 行",
    "en": "Only the first {shown:,} of {rows:,} rows are shown",
}
_NARROWEST, _WIDEST = 6.0, 22.0
_WIDEST_LIST = 36.0  # of columns that name several places
_MARGIN_IN = 0.4
_LINE_POINTS = 15.0
_MOST_LINES = 12
_MEASURED_ROWS = 500
_WIDE_FROM = "ᄀ"  # from here on, characters are mostly twice as wide

_HEADER_FONT = Font(bold=True)
_HEADER_FILL = PatternFill("solid", fgColor="E8EDF2")
_WARNING_FONT = Font(bold=True, color="C8501E")
_REMARK_FONT = Font(italic=True, color="555555")
_WRAPPED, _PLAIN = Alignment(wrap_text=True, vertical="top"), Alignment(vertical="top")
#: Rows of needs that nothing answers, and of needs that are planned.
_FILLS: Mapping[str, PatternFill] = {
    "nothing": PatternFill("solid", fgColor="F8DCCF"),
    "planned": PatternFill("solid", fgColor="DCEEDC"),
}


def write_three_lists(lists: ThreeLists, path: Path, *, language: Language = "zh", synthetic: bool = False) -> None:
    """Write the three lists as a workbook of three sheets.

    Each sheet has its meaning in the first row, headings that stay in sight, a filter, wrapped text, and prints on A4
    across with the headings on every page. Text from the data stays text, whatever it begins with. In the list of
    needs, those that nothing answers and those that the plan answers are coloured.

    Parameters
    ----------
    lists
        `build_three_lists`.
    path
        The file to write, for example ``三清单.xlsx``.
    language
        'zh' or 'en'.
    synthetic
        Whether the data are made up; every sheet then says so in its first row.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    tables = list_tables(lists, language)
    book = openpyxl.Workbook()
    for number, (name, table) in enumerate(tables.items()):
        title = SHEETS[name][0 if language == "zh" else 1]
        sheet = book.worksheets[0] if number == 0 else book.create_sheet()
        sheet.title = title
        answers = lists.needs["answer"].tolist() if name == "needs" else []
        _fill_sheet(sheet, name, table, language, synthetic=synthetic, answers=answers)
    book.save(path)


def _fill_sheet(
    sheet: Worksheet,
    name: str,
    table: pd.DataFrame,
    language: Language,
    *,
    synthetic: bool,
    answers: Sequence[str],
) -> None:
    """Write what the sheet means, the headings and the rows."""
    columns = LIST_COLUMNS[name]
    heads = [(SYNTHETIC_NOTE, _WARNING_FONT)] if synthetic else []
    heads.append((REMARKS[name][0 if language == "zh" else 1], _REMARK_FONT))
    for row, (text, font) in enumerate(heads, start=1):
        _put(sheet, row, 1, text).font = font
    first = len(heads) + 1
    for place, column in enumerate(columns.values(), start=1):
        cell = _put(sheet, first, place, column.heading(language))
        cell.font, cell.fill = _HEADER_FONT, _HEADER_FILL
        cell.alignment = _WRAPPED
    shown = table.head(MOST_ROWS)
    widths = _fit_widths(sheet, columns, shown, language)
    _set_height(sheet, first, [column.heading(language) for column in columns.values()], widths)
    for number, values in enumerate(shown.itertuples(index=False, name=None)):
        row = first + 1 + number
        fill = _FILLS.get(answers[number]) if answers else None
        texts = [_said(value, language) for value in values]
        for place, (value, column) in enumerate(zip(texts, columns.values(), strict=True), start=1):
            if fill is None and (value is None or value != value):  # noqa: PLR0124 - NaN is not itself
                continue
            cell = _put(sheet, row, place, value, column.kind)
            cell.alignment = _WRAPPED if column.kind == "text" else _PLAIN
            if fill is not None:
                cell.fill = fill
        _set_height(sheet, row, texts, widths)
    last = first + len(shown)
    if len(table) > len(shown):
        note = _CUT_OFF[language].format(shown=len(shown), rows=len(table))
        _put(sheet, last + 1, 1, note).font = _WARNING_FONT
    sheet.freeze_panes = f"A{first + 1}"
    sheet.auto_filter.ref = f"A{first}:{get_column_letter(len(columns))}{last}"
    _set_page(sheet, first)


def _set_page(sheet: Worksheet, heading_row: int) -> None:
    """Print on A4 across, as wide as the page, the headings on every page, pages numbered."""
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.page_margins.left = sheet.page_margins.right = _MARGIN_IN
    sheet.print_options.gridLines = True
    sheet.print_title_rows = f"{heading_row}:{heading_row}"
    cast("Any", sheet.oddFooter).center.text = "&A  &P / &N"


def _said(value: Any, language: Language) -> Any:
    if isinstance(value, bool):
        return _YES_NO[language][0 if value else 1]
    return value


def _put(sheet: Worksheet, row: int, place: int, value: Any, kind: Kind = "text") -> Cell:
    """Write a cell: text as text, whatever it starts with, and nothing where there is no value."""
    cell = cast("Cell", sheet.cell(row, place))
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return cell
    if isinstance(value, str):
        cell.value = writable(value)
        # what looks like a formula must be one neither now nor after someone has edited the cell
        cell.data_type = "s"
        cell.quotePrefix = True
        cell.number_format = FORMATS["text"]
    else:
        cell.value = value
        cell.number_format = FORMATS[kind]
    return cell


def _fit_widths(
    sheet: Worksheet, columns: Mapping[str, Column], table: pd.DataFrame, language: Language
) -> list[float]:
    """Make columns as wide as their text, within bounds; return the widths."""
    widths = []
    for place, (name, column) in enumerate(columns.items(), start=1):
        texts = [_width(_said(value, language)) for value in table[name].head(_MEASURED_ROWS)]
        wanted = max([_width(column.heading(language)) / 2, *texts]) + 2
        widest = _WIDEST_LIST if name.startswith("with_") else _WIDEST
        width = float(min(max(wanted, _NARROWEST), widest))
        sheet.column_dimensions[get_column_letter(place)].width = width
        widths.append(width)
    return widths


def _set_height(sheet: Worksheet, row: int, values: Sequence[Any], widths: Sequence[float]) -> None:
    """Make a row as high as its text when that is wrapped, within bounds."""
    lines = [
        sum(math.ceil((_width(line) + 1) / (width - 3)) for line in value.splitlines())  # lines break between words
        for value, width in zip(values, widths, strict=True)
        if isinstance(value, str)
    ]
    sheet.row_dimensions[row].height = _LINE_POINTS * min(max([1, *lines]), _MOST_LINES)


def _width(value: Any) -> int:
    if isinstance(value, str):
        return max((sum(2 if char >= _WIDE_FROM else 1 for char in line) for line in value.splitlines()), default=0)
    return 0 if value is None or value != value else len(f"{value:,.1f}")  # noqa: PLR0124 - NaN is not itself
