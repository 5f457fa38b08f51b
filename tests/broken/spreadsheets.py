"""Spreadsheets as people keep them: titles, merged cells, formulas, totals, notes; and workbooks that are none."""

import datetime as dt
import zipfile
from pathlib import Path

import openpyxl

from broken.entry import (
    DEMAND,
    DEMAND_HEADER,
    HEADER,
    N_DEMAND,
    REFUSED,
    STATIONS,
    UNDERSTOOD,
    WARNED,
    Broken,
    csv_bytes,
)
from osm_drawing import place

NAMES = {row[0]: row[1] for row in STATIONS}
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
SHEET = "xl/worksheets/sheet1.xml"
BOOK = {"facilities": {"file": "stations.xlsx"}}


def _book(*rows, change=None):
    """Write the rows into a workbook, let `change` alter its sheet, and take it as the stations."""

    def draw(folder: Path) -> dict:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(list(row))
        if change is not None:
            change(book.active)
        book.save(folder / "stations.xlsx")
        return BOOK

    return draw


def _csv(*rows, name: str = "stations.csv", header=HEADER):
    def draw(folder: Path) -> None:
        (folder / name).write_bytes(b"\xef\xbb\xbf" + csv_bytes(rows, header=header))

    return draw


def _demand(*rows):
    return _csv(*rows, name="demand.csv", header=DEMAND_HEADER)


def _file(name: str, data: bytes):
    def draw(folder: Path) -> dict:
        (folder / name).write_bytes(data)
        return {"facilities": {"file": name}}

    return draw


def _merge_title(sheet) -> None:
    sheet.merge_cells("A1:E1")


def _merge_two_rows(sheet) -> None:
    for cells in ("A1:A2", "B1:B2", "C1:C2", "D1:E1"):
        sheet.merge_cells(cells)


def _merge_names_over_two_columns(sheet) -> None:
    sheet.merge_cells("B1:C1")


def _formulas_in_coordinates(sheet) -> None:
    sheet["D3"], sheet["E3"] = "=D2-0.003", "=E2+0.009"


def _formulas_in_names(sheet) -> None:
    sheet["B3"] = '=CONCATENATE("城外","驿站")'


def _errors(sheet) -> None:
    for cell, text in (("D3", "#REF!"), ("E4", "#N/A"), ("B5", "#VALUE!")):
        sheet[cell].value, sheet[cell].data_type = text, "e"


def _hide_rows(sheet) -> None:
    sheet.row_dimensions[3].hidden = True
    sheet.row_dimensions[4].hidden = True


def _hide_sheet(sheet) -> None:
    book = sheet.parent
    lookup = book.create_sheet("字典", 0)
    lookup.append(["编号", "名称", "经度", "纬度"])
    lookup.append(["X1", "样例", 116.4, 39.9])
    lookup.sheet_state = "hidden"
    book.active = 1


def _empty_first_sheet(sheet) -> None:
    sheet.parent.create_sheet("封面", 0)


def _last_row(sheet) -> None:
    sheet.cell(row=1_048_576, column=1, value="制表人：王某")


def _far_column(sheet) -> None:
    sheet.cell(row=1, column=16_384, value="备注")


def _times(sheet) -> None:
    sheet["F1"], sheet["F2"], sheet["F3"] = "开放时间", dt.time(9, 0), dt.datetime(2026, 8, 30, 17, 30)  # noqa: DTZ001 - Excel knows no zones


def _truncated(folder: Path) -> dict:
    _book(HEADER, *STATIONS)(folder)
    file = folder / "stations.xlsx"
    file.write_bytes(file.read_bytes()[:3000])
    return BOOK


def _document(folder: Path) -> dict:
    with zipfile.ZipFile(folder / "stations.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document>驿站名单</document>")
    return BOOK


def _repacked(folder: Path, name: str, change) -> dict:
    """Replace one part of a good workbook by `change` of it: chunks, and how often each is repeated."""
    _book(HEADER, *STATIONS)(folder)
    file = folder / "stations.xlsx"
    with zipfile.ZipFile(file) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, old in parts.items():
            with archive.open(part, "w") as stream:
                for chunk in change(old) if part == name else [old]:
                    stream.write(chunk)
    return BOOK


def _inflated(chunk: bytes, times: int):
    """Repeat a chunk before the end of the sheet's rows."""

    def change(old: bytes):
        head, tail = old.split(b"</sheetData>")
        yield head
        for _ in range(times):
            yield chunk
        yield b"</sheetData>" + tail

    return lambda folder: _repacked(folder, SHEET, change)


def _bomb_of_entities(folder: Path) -> dict:
    def inflate(old: bytes):
        levels = b"".join(
            f'<!ENTITY e{n} "{"&e" + str(n - 1) + ";" if n else "笑"}{("&e" + str(n - 1) + ";") * 9 if n else ""}">'.encode()
            for n in range(10)
        )
        yield b"<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE bomb [" + levels + b"]>"
        yield old.split(b"?>", 1)[-1].replace(
            b"<sheetData>", b"<sheetData><row><c t='inlineStr'><is><t>&e9;</t></is></c></row>"
        )

    return _repacked(folder, SHEET, inflate)


def _wrong_dimension(folder: Path) -> dict:
    def shrink(old: bytes):
        yield old.replace(b'<dimension ref="A1:E5"', b'<dimension ref="A1:B2"')

    return _repacked(folder, SHEET, shrink)


def _csv_as_workbook(folder: Path) -> dict:
    (folder / "stations.xlsx").write_bytes(csv_bytes(STATIONS))
    return BOOK


def _workbook_as_csv(folder: Path) -> None:
    _book(HEADER, *STATIONS)(folder)
    (folder / "stations.xlsx").replace(folder / "stations.csv")


_TITLE = ["河西区驿站一览表（2026年8月）"]
_TWO_ROWS = (["编号", "名称", "级别", "坐标", None], [None, None, None, "经度", "纬度"])

ENTRIES = [
    Broken("title above the column names", _csv(HEADER, *STATIONS, header=_TITLE), UNDERSTOOD, rows=4, names=NAMES),
    Broken(
        "merged title and a blank row above the column names",
        _book(_TITLE, [], HEADER, *STATIONS, change=_merge_title),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "column names in two rows with merged cells",
        _book(*_TWO_ROWS, *STATIONS, change=_merge_two_rows),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "title above column names in two rows",
        _book(_TITLE, *_TWO_ROWS, *STATIONS, change=_merge_title),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "one column name merged over two columns",
        _book(["编号", "名称", None, "经度", "纬度"], *STATIONS, change=_merge_names_over_two_columns),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "column with values and no name",
        _csv(*STATIONS, header=[*HEADER[:2], "", *HEADER[3:]]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "column name that stands twice",
        _csv(*((*row, row[3]) for row in STATIONS), header=[*HEADER, "经度"]),
        REFUSED,
        ("stations.csv", "经度", "twice|repeat|more than once"),
    ),
    Broken(
        "no column of coordinates",
        _csv(*(row[:3] for row in STATIONS), header=HEADER[:3]),
        REFUSED,
        ("stations.csv", "lon", "经度", "columns"),
    ),
    Broken(
        "column names in no language we know",
        _csv(*STATIONS, header=["kod", "nazwa", "poziom", "dlugosc", "szerokosc"]),
        REFUSED,
        ("stations.csv", "dlugosc", "columns"),
    ),
    Broken("no column names at all", _csv(*STATIONS, header=None), REFUSED, ("stations.csv", "column")),
    Broken(
        "formulas without saved values as coordinates",
        _book(HEADER, *STATIONS, change=_formulas_in_coordinates),
        WARNED,
        ("formula",),
        rows=4,
        rejected={3: "formula"},
    ),
    Broken(
        "formula without a saved value as a name",
        _book(HEADER, *STATIONS, change=_formulas_in_names),
        WARNED,
        ("formula",),
        rows=4,
        remarks={3: "formula"},
    ),
    Broken(
        "cells with errors",
        _book(HEADER, *STATIONS, change=_errors),
        WARNED,
        ("#REF!|not a number|error of the workbook",),
        rows=4,
        rejected={3: "longitude|lon", 4: "latitude|lat"},
        remarks={5: "#VALUE!"},
    ),
    Broken("hidden rows", _book(HEADER, *STATIONS, change=_hide_rows), WARNED, ("hidden",), rows=4, rejected=None),
    Broken(
        "hidden sheet before the visible one",
        _book(HEADER, *STATIONS, change=_hide_sheet),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "empty first sheet",
        _book(HEADER, *STATIONS, change=_empty_first_sheet),
        REFUSED,
        ("stations.xlsx", "封面|sheet"),
        rows=4,
        names=NAMES,
    ),
    Broken(
        "sheet that is not there",
        lambda folder: _book(HEADER, *STATIONS)(folder) | {"facilities": {"file": "stations.xlsx", "sheet": "现状"}},
        REFUSED,
        ("stations.xlsx", "现状", "sheet"),
    ),
    Broken(
        "total at the end",
        _demand(*DEMAND, ("合计", "", "", sum(row[3] for row in DEMAND))),
        WARNED,
        table="demand",
        rows=N_DEMAND + 1,
        rejected={N_DEMAND + 2: "total|合计|blank"},
    ),
    Broken(
        "total at the end with the mean position",
        _demand(*DEMAND, ("总计", *place(21, 18), sum(row[3] for row in DEMAND))),
        WARNED,
        ("total|总计|合计",),
        table="demand",
        rows=N_DEMAND + 1,
        rejected={N_DEMAND + 2: "total|合计|总计"},
    ),
    Broken(
        "subtotals between the rows",
        _demand(*DEMAND[:10], ("小计", "", "", 1), *DEMAND[10:], ("合计", "", "", 2)),
        WARNED,
        table="demand",
        rows=N_DEMAND + 2,
        rejected={12: "total|blank", N_DEMAND + 3: "total|blank"},
    ),
    Broken(
        "notes at the end",
        _csv(*STATIONS, ("注：坐标由小程序导出", "", "", "", ""), ("制表：王某", "", "", "", "")),
        WARNED,
        rows=6,
        rejected={6: "blank|note", 7: "blank|note"},
    ),
    Broken(
        "blank rows between the rows",
        _csv(*STATIONS[:2], ("",) * 5, ("",) * 5, *STATIONS[2:]),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "column names repeated on every page",
        _csv(*STATIONS[:2], HEADER, *STATIONS[2:]),
        WARNED,
        rows=5,
        rejected={4: "column names|header|not a number"},
    ),
    Broken(
        "row with a cell too many",
        _csv(*STATIONS[:2], (*STATIONS[2], "备注"), STATIONS[3]),
        WARNED,
        rows=4,
        rejected={4: "more cells"},
    ),
    Broken("row cut short", _csv(*STATIONS[:3], STATIONS[3][:4]), WARNED, rows=4, rejected={5: "latitude|lat"}),
    Broken(
        "note in the last row that a sheet can have",
        _book(HEADER, *STATIONS, change=_last_row),
        WARNED,
        rows=5,
        rejected={1_048_576: "blank|note"},
    ),
    Broken(
        "remark in the last column that a sheet can have",
        _book(HEADER, *STATIONS, change=_far_column),
        UNDERSTOOD,
        rows=4,
        names=NAMES,
    ),
    Broken(
        "opening hours that Excel took for times",
        _book(HEADER, *STATIONS, change=_times),
        WARNED,
        ("hours",),
        rows=4,
        remarks={2: "hours", 3: "hours"},
    ),
    Broken("workbook whose size is noted too small", _wrong_dimension, UNDERSTOOD, rows=4, names=NAMES),
    Broken("workbook cut short", _truncated, REFUSED, ("stations.xlsx", "readable|damaged|cut short")),
    Broken(
        "workbook with a password",
        _file("stations.xlsx", OLE + b"\x00" * 500 + "EncryptedPackage".encode("utf-16-le") + b"\x00" * 3000),
        REFUSED,
        ("stations.xlsx", "password|encrypted|protected"),
    ),
    Broken(
        "workbook of Excel 97",
        _file("stations.xls", OLE + b"\x00" * 500 + "Workbook".encode("utf-16-le") + b"\x00" * 3000),
        REFUSED,
        (r"stations\.xls\b", r"\.xlsx"),
    ),
    Broken(
        "page of a website as .xls",
        _file("stations.xls", b"<html><table><tr><td>S1</td></tr></table></html>"),
        REFUSED,
        (r"stations\.xls\b", r"\.xlsx"),
    ),
    Broken("document as a workbook", _document, REFUSED, ("stations.xlsx", "readable|workbook")),
    Broken(
        "table of text named .xlsx",
        _csv_as_workbook,
        REFUSED,
        ("stations.xlsx", "text|csv|readable"),
        rows=4,
        names=NAMES,
    ),
    Broken(
        "workbook named .csv",
        _workbook_as_csv,
        REFUSED,
        ("stations.csv", "workbook|xlsx"),
        rows=4,
        names=NAMES,
    ),
    Broken("picture as a table", _file("stations.png", b"\x89PNG\r\n\x1a\n"), REFUSED, ("stations.png", "kind")),
    Broken(
        "workbook of blanks that unpacks to a thousand times its size",
        _inflated(b" " * 1_000_000, 60),
        REFUSED,
        ("stations.xlsx", "unpack|large|big|MB|GB"),
    ),
    Broken(
        "workbook of rows that unpacks to hundreds of times its size",
        _inflated(b'<row><c t="inlineStr"><is><t>S</t></is></c></row>' * 20_000, 60),
        REFUSED,
        ("stations.xlsx", "unpack|large|big|MB|GB|rows"),
    ),
    Broken(
        "workbook with entities within entities",
        _bomb_of_entities,
        REFUSED,
        ("stations.xlsx", "readable|entit|damaged"),
    ),
]
