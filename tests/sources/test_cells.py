"""Numbers and marks as they stand in the cells of planners' tables."""

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections
from coverage_planner.sources.cells import parse_mark, parse_number, unit_in_name
from coverage_planner.sources.points import read_candidates, read_demand, read_facilities
from written_files import write_csv

APPROXIMATE = "approximate number taken as it stands"


@pytest.mark.parametrize(
    ("text", "number", "remark"),
    [
        ("1,200", 1200, "thousands separators left out"),
        ("1，200", 1200, "thousands separators left out"),
        ("1 200", 1200, "thousands separators left out"),
        ("1,234,567.5", 1234567.5, "thousands separators left out"),
        ("１２００", 1200, "full-width or typographic signs read as plain ones"),
        ("−5", -5, "full-width or typographic signs read as plain ones"),
        ("12。5", 12.5, "full-width or typographic signs read as plain ones"),
        ("200人", 200, "unit left out"),
        ("１，２００ 人", 1200, "unit left out"),
        ("5户", 5, "unit left out"),
        ("约200", 200, APPROXIMATE),
        ("大约200人", 200, APPROXIMATE),
        ("200人左右", 200, APPROXIMATE),
        ("200多人", 200, APPROXIMATE),
        ("~200", 200, APPROXIMATE),
        ("3千", 3000, "千, 万 or 亿 multiplied out"),
        ("1.2万", 12000, "千, 万 or 亿 multiplied out"),
        ("1.2万人", 12000, "千, 万 or 亿 multiplied out"),
        ("-1e3", -1000, ""),
    ],
)
def test_numbers_without_a_doubt(text, number, remark):
    cell = parse_number(text, "demand")
    assert (cell.value, cell.remark, cell.reason) == (pytest.approx(number, rel=1e-15), remark, "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("20-30", "a range, not one number"),
        ("20~30人", "a range, not one number"),
        ("20至30", "a range, not one number"),
        ("200以上", "a bound, not one number"),
        ("200人以上", "a bound, not one number"),
        ("≥200", "a bound, not one number"),
        ("不超过200", "a bound, not one number"),
        ("200+", "a bound, not one number"),
        ("12只", "a unit that is not understood"),
        ("#N/A", "an error of the spreadsheet"),
        ("#DIV/0!", "an error of the spreadsheet"),
        ("12,5", "not a finite number"),
        ("1.200,5", "not a finite number"),
        ("50%", "not a finite number"),
        ("inf", "not a finite number"),
        ("1e999", "not a finite number"),
        ("nan", "not a finite number"),
        ("很多", "not a finite number"),
        ("1_000", "not a finite number"),
        ("2026-01-02", "not a finite number"),
    ],
)
def test_what_is_not_one_number_is_refused_with_its_reason(text, reason):
    cell = parse_number(text, "demand")
    assert np.isnan(cell.value)
    assert cell.reason.endswith(reason)


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [
        ("area_m2", "80㎡", 80), ("area_m2", "80 平方米", 80), ("area_m2", "1.5公顷", 15000), ("cost", "¥1,200", 1200),
        ("cost", "12万元", 120000), ("cost", "300元", 300), ("entry_delay_s", "2分钟", 120), ("entry_delay_s", "45秒", 45),
        ("capacity", "40个座位", 40), ("capacity", "40人", 40),
    ],
)  # fmt: skip
def test_units_that_belong_to_a_column(column, text, number):
    assert parse_number(text, column).value == number


@pytest.mark.parametrize(
    ("column", "name", "one"),
    [
        ("人口（万人）", "demand", 1e4), ("人口(万人)", "demand", 1e4), ("人数", "demand", 1), ("人数（2020年）", "demand", 1),
        ("面积（亩）", "area_m2", 2000 / 3), ("面积/㎡", "area_m2", 1), ("成本（单位：万元）", "cost", 1e4), ("人数（统计）", "demand", 1),
        ("进门用时（分钟）", "entry_delay_s", 60), ("（人）", "demand", 1), ("/", "demand", 1),
    ],
)  # fmt: skip
def test_units_in_names_of_columns(column, name, one):
    assert unit_in_name(column, name) == pytest.approx(one)


@given(st.integers(0, 10**9), st.sampled_from(["{:,}", "{:,}人", "约{:,}", "{}", "{}位"]), st.booleans())
def test_any_way_of_writing_a_count(count, how, wide):
    text = how.format(count)
    if wide:
        text = text.translate({ord(a): b for a, b in zip("0123456789,", "０１２３４５６７８９，", strict=True)})
    assert parse_number(text, "demand").value == count


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_has_a_reason_or_says_that_there_is_none(text):
    cell = parse_number(text or "?", "demand")
    assert np.isfinite(cell.value) or cell.reason or cell.remark


@pytest.mark.parametrize(
    ("text", "mark"),
    [("√", True), ("✔️", True), ("是", True), ("有", True), ("1", True), ("Yes", True), ("ＹＥＳ", True), ("2台", True),
     ("×", False), ("否", False), ("无", False), ("0", False), ("", False), ("-", False), ("维修中", None), ("24小时", None)],
)  # fmt: skip
def test_marks_of_yes_and_no(text, mark):
    assert parse_mark(text) is mark


class TestOfAFile:
    ROWS = "id,经度,纬度,人数\nA,114.3,30.6,12\nB,114.3,30.6,约200人\nC,114.3,30.6,20-30\nD,114.3,30.6,5户\nE,114.3,30.6,8人\nF,114.3,30.6,-3\nG,114.3,30.6,无\n"

    def test_are_taken_with_remarks_or_refused_with_reasons(self, tmp_path):
        rejected = Rejections()
        demand = read_demand(write_csv(tmp_path / "a.csv", self.ROWS), rejected=rejected)
        assert demand.set_index("id")["demand"].to_dict() == {"A": 12, "B": 200, "E": 8}
        assert rejected.to_frame().set_index("id")["reason"].to_dict() == {
            "C": "demand is a range, not one number",
            "D": "demand has another unit than most rows",
            "F": "demand is less than 0",
            "G": "demand is blank",
        }
        assert [[r["id"], r["row"], r["column"], r["given"], r["remark"]] for r in rejected.remarks] == [
            ["B", 3, "demand", "约200人", APPROXIMATE],
            ["E", 6, "demand", "8人", "unit left out"],
        ]

    def test_are_a_warning_when_nobody_collects_them(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "经度,纬度,人数\n" + "114.3,30.6,约200\n" * 7)
        with pytest.warns(
            UserWarning, match=rf"a\.csv.*{APPROXIMATE} in 7: row 2, row 3, .*, … \(the first: '约200'\)"
        ):
            assert read_demand(path)["demand"].tolist() == [200] * 7

    def test_that_may_be_missing_are_missing_where_the_cell_says_so(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", "经度,纬度,面积\n114.3,30.6,80㎡\n114.3,30.6,暂无\n")
        rejected = Rejections()
        np.testing.assert_array_equal(read_candidates(path, rejected=rejected)["area_m2"], [80, np.nan])
        assert [remark["remark"] for remark in rejected.remarks] == ["unit left out", "no number given, taken as blank"]

    def test_a_unit_in_the_name_of_the_column_counts(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv", "id,经度,纬度,人口（万人）\nA,114.3,30.6,1.2\nB,114.3,30.6,8000人\nC,114.3,30.6,约2\n"
        )
        rejected = Rejections()
        demand = read_demand(path, columns={"demand": "人口（万人）"}, rejected=rejected)
        assert demand["demand"].tolist() == [12000, 8000, 20000]
        scaled = "multiplied by the unit that the name of the column says"
        assert {remark["id"]: remark["remark"] for remark in rejected.remarks} == {
            "A": scaled, "B": "unit left out", "C": scaled,
        }  # fmt: skip
        path = write_csv(
            tmp_path / "b.csv", "经度,纬度,成本（万元）,面积（㎡）\n114.3,30.6,28.3,50\n114.3,30.6,12万元,60\n"
        )
        premises = read_candidates(path, rejected=Rejections())
        assert premises["cost"].tolist() == [28.3, 12]  # in the unit of the planner
        assert premises["area_m2"].tolist() == [50, 60]

    def test_a_number_merged_over_rows_belongs_to_none_of_them(self, tmp_path):
        book = openpyxl.Workbook()
        for row in [["id", "经度", "纬度", "人数", "面积"], ["A", 114.3, 30.6, 50, 80], ["B", 114.3, 30.6, None, None],
                    ["C", 114.3, 30.6, 7, 9]]:  # fmt: skip
            book.active.append(row)
        book.active.merge_cells("D2:D3")
        book.active.merge_cells("E2:E3")
        book.save(tmp_path / "a.xlsx")
        rejected = Rejections()
        assert read_demand(tmp_path / "a.xlsx", rejected=rejected)["id"].tolist() == ["C"]
        assert [(row["id"], row["reason"]) for row in rejected.rows] == [
            (label, "demand stands in a cell merged over several rows") for label in "AB"
        ]
        assert speech("zh").say("reason", rejected.rows[0]["reason"]) == "需求在合并了多行的单元格中"
        premises = read_candidates(tmp_path / "a.xlsx", rejected=(rejected := Rejections()))
        np.testing.assert_array_equal(premises["area_m2"], [np.nan, np.nan, 9])
        assert {remark["remark"] for remark in rejected.remarks} >= {
            "one number in a cell merged over several rows, taken as blank"
        }

    def test_levels_have_one_spelling(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv", "id,经度,纬度,级别\nA,114.3,30.6,服务 中心\nB,114.3,30.6,ＨＵＢ\nC,114.3,30.6,临时点\n"
        )
        rejected = Rejections()
        assert read_facilities(path, rejected=rejected)["level"].tolist() == ["hub", "hub", "临时点"]
        assert [(remark["id"], remark["given"]) for remark in rejected.remarks] == [("C", "临时点")]

    def test_opening_hours_are_in_the_grammar_or_kept(self, tmp_path):
        path = write_csv(
            tmp_path / "a.csv",
            "id,经度,纬度,开放时间\nA,114.3,30.6,24小时\nB,114.3,30.6,看天气\nC,114.3,30.6,8:30-17:30\nD,114.3,30.6,夏季8:00-20:00\nE,114.3,30.6,不详\n",
        )
        rejected = Rejections()
        assert read_facilities(path, rejected=rejected)["opening_hours"].fillna("-").tolist() == [
            "24/7", "看天气", "08:30-17:30", "夏季8:00-20:00", "-",
        ]  # fmt: skip
        assert {remark["id"]: remark["remark"] for remark in rejected.remarks} == {
            "A": "opening hours written in the grammar of OpenStreetMap",
            "B": "opening hours not understood, kept as they are",
            "D": "opening hours differ by season without saying the months, kept as they are",
            "E": "nothing given, taken as blank",
        }
        assert all(not speech("zh").say("remark", remark["remark"]).isascii() for remark in rejected.remarks)
