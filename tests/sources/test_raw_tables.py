"""What reading a file brought to light reaches the list of refused rows and the remarks."""

import datetime as dt
import logging

import numpy as np
import openpyxl
import pandas as pd
import pytest

from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections
from coverage_planner.sources.points import read_demand, read_facilities
from coverage_planner.sources.raw_tables import (
    ERROR_VALUE,
    NO_SAVED_VALUE,
    TOTAL,
    CellRemark,
    RawTable,
    cell_text,
    reading_faults,
    remark_reading,
)
from coverage_planner.sources.tables import read_table
from written_files import write_csv


def table(**known) -> RawTable:
    frame = pd.DataFrame({"名": ["甲", "乙", "丙"], "东": ["1", "", "3"]})
    return RawTable("a.xlsx", frame, np.array([4, 5, 7]), None, np.zeros(3, dtype=np.bool_), 3, **known)


class TestFaults:
    def test_of_rows_and_of_cells_that_count(self):
        raw = table(
            row_faults={7: TOTAL},
            cell_faults={"东": {5: NO_SAVED_VALUE}, "名": {4: ERROR_VALUE}},
        )
        found = {"lon": "东", "name": "名"}
        assert [(mask.tolist(), reason) for mask, reason in reading_faults(raw, found, ["lon"])] == [
            ([False, False, True], TOTAL),
            ([False, True, False], f"lon is {NO_SAVED_VALUE}"),
        ]
        assert len(reading_faults(raw, found, ["lon", "name"])) == 3
        assert reading_faults(raw, {}, ["lon"])[0][1] == TOTAL

    def test_stay_with_their_rows(self):
        raw = table(row_faults={7: TOTAL}, merged={"名": frozenset({5, 7})}).rows(np.array([False, True, True]))
        assert raw.row_numbers.tolist() == [5, 7]
        assert reading_faults(raw, {}, [])[0][0].tolist() == [False, True]
        assert raw.merged_rows("名").tolist() == [True, True]
        assert raw.merged_rows("东").tolist() == [False, False]
        assert (raw.header_row, raw.first_row, raw.row_word) == (3, 4, "row")


def test_remarks_name_our_columns_and_only_rows_that_were_taken():
    raw = table(
        cell_faults={"名": {4: ERROR_VALUE}},
        error_texts={(4, "名"): "#N/A"},
        remarks=(
            CellRemark(5, "东", "1", "filled"),
            CellRemark(4, "", "", "hidden"),
            CellRemark(7, "", "", "hidden"),
            CellRemark(4, "别", "x", "not used"),
        ),
        notes=("read somehow",),
    )
    rejected = Rejections()
    labels, keep = np.array(["A", "B", "C"], dtype=object), np.array([True, True, False])
    remark_reading(raw, labels, keep, {"lon": "东", "name": "名"}, table="demand", rejected=rejected)
    assert rejected.remarks_frame()[["row", "id", "column", "given", "remark"]].to_numpy().tolist() == [
        [3, "", "", "", "read somehow"],
        [4, "A", "", "", "hidden"],
        [4, "A", "name", "#N/A", ERROR_VALUE],
        [5, "B", "lon", "1", "filled"],
    ]
    assert rejected.rows == []


def test_notes_are_said_in_the_log(tmp_path, caplog):
    path = write_csv(tmp_path / "a.csv", "名称;经度\n甲;1\n", "gb18030")
    with caplog.at_level(logging.INFO):
        read_table(path)
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["a.csv", "a.csv"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NaT, ""),
        (pd.NA, ""),
        (" 甲 ", "甲"),
        (3.0, "3"),
        (-0.5, "-0.5"),
        (True, "True"),
        (dt.time(8, 30), "08:30"),
        (dt.time(8, 30, 5), "08:30:05"),
        (dt.timedelta(hours=25, minutes=5), "25:05"),
        (dt.timedelta(seconds=61), "00:01:01"),
        (dt.date(2025, 3, 1), "2025-03-01"),
        (dt.datetime(2025, 3, 1), "2025-03-01"),  # noqa: DTZ001 - workbooks know no time zones
        (pd.Timestamp(2025, 3, 1, 8), "2025-03-01 08:00:00"),
    ],
)
def test_cells_as_text(value, text):
    assert cell_text(value) == text


@pytest.fixture
def office_workbook(tmp_path):
    """A list of stations as an office keeps it: titles, a header of two rows, merged and hidden cells, totals, notes."""
    book = openpyxl.Workbook()
    page = book.active
    for row in (
        ["洪山区骑手驿站一览表（2025年）"],
        ["填报单位：洪山区总工会", None, None, None, None, "单位：个"],
        ["序号", "所属\n街道", "驿站名称*", "坐标（高德）", None, "服务项目", "座位数（个）", "电话"],
        [None, None, None, "经度(°)", "纬度(°)"],
        [1, "珞南街道", "甲驿站", 114.35, 30.52, "休息", 10, "13800000000"],
        [2, None, "乙驿站", 114.36, 30.53, "充电", "#N/A", None],
        [3, None, "丙驿站", "114.37", "30.54", None, None, None],
        [4, "关山街道", "丁驿站", None, None, None, None, None],
        [5, None, "戊驿站", "=D5", "=E5", None, None, None],
        ["合计", None, 5, None, None, None, 30, None],
        ["注：丁驿站在建。"],
        ["填表人：张三", None, "审核人：李四"],
    ):
        page.append(row)
    for cells in ("A1:H1", "D3:E3", "A3:A4", "B3:B4", "C3:C4", "F3:F4", "G3:G4", "H3:H4", "B5:B7", "B8:B9"):
        page.merge_cells(cells)
    page.row_dimensions[6].hidden = True
    book.create_sheet("旧表", 0).append(["名称", "经度", "纬度"])
    book.worksheets[0].sheet_state = "hidden"
    book.active = 1
    book.save(tmp_path / "站点 一览.xlsx")
    return tmp_path / "站点 一览.xlsx"


class TestAListOfStationsAsAnOfficeKeepsIt:
    def test_is_read_whole(self, office_workbook):
        rejected = Rejections()
        stations = read_facilities(office_workbook, datum="gcj02", rejected=rejected)
        assert stations["name"].tolist() == ["甲驿站", "乙驿站", "丙驿站"]
        assert stations["subdistrict"].tolist() == ["珞南街道"] * 3
        assert rejected.to_frame().set_index("row")["reason"].to_dict() == {
            8: "longitude is blank",
            9: f"lon is {NO_SAVED_VALUE}",
            10: TOTAL,
            11: "a note beside the table, not data",
            12: "a note beside the table, not data",
        }
        remarks = rejected.remarks_frame()
        assert set(zip(remarks["row"], remarks["column"], remarks["given"], strict=True)) >= {
            (6, "", ""),
            (6, "capacity", "#N/A"),
            (6, "subdistrict", "珞南街道"),
            (7, "subdistrict", "珞南街道"),
        }
        notes = remarks[remarks["row"] == 4]["remark"].tolist()
        assert len(notes) == 4
        assert any("hidden sheets were not read: 旧表" in note for note in notes)
        assert any("D9, E9" in note for note in notes)

    def test_every_reason_and_remark_has_its_chinese(self, office_workbook):
        rejected = Rejections()
        read_facilities(office_workbook, datum="gcj02", rejected=rejected)
        chinese = speech("zh")
        for texts, column in ((rejected.to_frame(), "reason"), (rejected.remarks_frame(), "remark")):
            for text in texts[column]:
                assert any(letter >= "\u4e00" for letter in chinese.say(column, text)), text
                assert chinese.say(column, text) != text

    def test_of_another_datum_is_warned_of(self, office_workbook):
        with pytest.warns(UserWarning, match="are named after gcj02; say datum='gcj02'"):
            read_facilities(office_workbook, rejected=Rejections())


def test_a_number_over_merged_rows_counts_for_none_of_them(tmp_path):
    book = openpyxl.Workbook()
    for row in (
        ["社区", "经度", "纬度", "人数"],
        ["甲", 114.3, 30.5, 300],
        ["乙", 114.4, 30.5, None],
        ["丙", 114.5, 30.5, 7],
    ):
        book.active.append(row)
    book.active.merge_cells("D2:D3")
    book.save(tmp_path / "a.xlsx")
    rejected = Rejections()
    assert read_demand(tmp_path / "a.xlsx", rejected=rejected)["demand"].tolist() == [7.0]
    assert rejected.to_frame()["row"].tolist() == [2, 3]
    assert rejected.to_frame()["reason"].str.startswith("demand ").all()
