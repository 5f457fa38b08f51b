"""Where the column names of a spreadsheet stand, and which rows below them are no data."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.sources.layouts import find_header, lay_out
from coverage_planner.sources.raw_tables import HEADER_AGAIN, NOTE, TOTAL


def enumerated(rows):
    return enumerate(rows, start=1)


def table_of(text: str, **options):
    return lay_out("表.csv", enumerated(list(csv.reader(io.StringIO(text)))), **options)


class TestColumnNames:
    @pytest.mark.parametrize(
        ("above", "row"),
        [
            ("", 1),
            ("驿站一览表（2025年）,,,\n", 2),
            ("驿站一览表,,,\n单位：个,,,\n", 3),
            ("填报单位：洪山区,,填报日期：2025-11,\n\n", 3),
            ("填报单位：,洪山区,联系人：,张三\n", 2),
            (",,,\n附件1,,,\n,,,\n", 4),
            ("驿站,,,\n", 2),
        ],
    )
    def test_are_found_below_titles(self, above, row):
        table = table_of(above + "名称,地址,经度,纬度\n甲,某路,114.3,30.5\n")
        assert list(table.table.columns) == ["名称", "地址", "经度", "纬度"]
        assert table.row_numbers.tolist() == [row + 1]
        assert (table.header_row, table.first_row) == (row, row + 1)
        assert (table.notes == ()) == (above == "")

    def test_that_nobody_knows_are_the_first_full_row_without_numbers(self):
        table = table_of("汇总,,\n甲列,乙列,丙列\n1,2,3\n4,5,6\n")
        assert list(table.table.columns) == ["甲列", "乙列", "丙列"]
        assert table.notes == ("column names are in row 2, not read above it: 汇总",)

    def test_with_numbers_are_taken_where_no_row_has_none(self):
        assert list(table_of("社区,2023,2024\n甲,3,4\n").table.columns) == ["社区", "2023", "2024"]

    def test_that_the_planner_named_help(self):
        text = "说,明,书\n站,东,北\n甲,1,2\n"
        assert list(table_of(text).table.columns) == ["说", "明", "书"]
        assert list(table_of(text, named=["站", "东", "北"]).table.columns) == ["站", "东", "北"]

    def test_can_be_said(self):
        text = "名称,经度\n站,东\n甲,1\n"
        assert list(table_of(text).table.columns) == ["名称", "经度"]
        said = table_of(text, header_row=2)
        assert list(said.table.columns) == ["站", "东"]
        assert said.row_numbers.tolist() == [3]
        with pytest.raises(ConfigError, match=r"header_row must be a row of 表\.csv.*got 9.*\[1, 2, 3\]"):
            table_of(text, header_row=9)

    def test_can_be_said_far_down(self):
        rows = [["文字", "文字"]] * 200 + [["名称", "经度"], ["甲", "1"]]
        assert lay_out("a", enumerated(rows), header_row=201).row_numbers.tolist() == [202]

    def test_have_single_spaces_and_no_mark(self):
        rows = [["\ufeff名称", "开放\n 时间", "经度 "], ["甲", "8:00\n9:00", "1"]]
        table = lay_out("a", enumerated(rows))
        assert list(table.table.columns) == ["名称", "开放 时间", "经度"]
        assert table.table.iloc[0].tolist() == ["甲", "8:00\n9:00", "1"]

    def test_that_are_blank_get_their_letter(self):
        table = table_of("名称,,经度,纬度,,\n甲,x,1,2,,\n")
        assert list(table.table.columns) == ["名称", "column B", "经度", "纬度"]
        wide = lay_out("a", enumerated([["名称", *[""] * 26, "经度"], ["甲", *["x"] * 27]]))
        assert [wide.table.columns[at] for at in (1, 25, 26)] == ["column B", "column Z", "column AA"]

    def test_that_repeat_are_kept(self):
        assert list(table_of("名称,经度,备注,备注\n甲,1,a,b\n").table.columns) == ["名称", "经度", "备注", "备注"]


class TestHeadersOfTwoRows:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("名称,地址,坐标,\n,,经度,纬度\n甲,某路,1,2\n", ["名称", "地址", "坐标/经度", "坐标/纬度"]),
            ("站点,,位置,,人数\n名称,级别,经度,纬度,\n甲,中心,1,2,3\n",
             ["站点/名称", "站点/级别", "位置/经度", "位置/纬度", "人数"]),
            ("驿站表,,,\n名称,地址,坐标,\n,,经度,纬度\n甲,某路,1,2\n", ["名称", "地址", "坐标/经度", "坐标/纬度"]),
        ],
    )  # fmt: skip
    def test_are_joined(self, text, names):
        table = table_of(text)
        assert list(table.table.columns) == names
        assert table.row_numbers.tolist() == [table.header_row + 1]
        assert any("two rows" in note for note in table.notes)

    @pytest.mark.parametrize(
        "text",
        [
            "名称,地址,,备注\n甲,某路,楼上,无\n",  # a blank name over data
            "名称,地址,备注\n（必填）,（必填）,\n",  # hints
            "驿站一览表,,\n名称,经度,纬度\n甲,1,2\n",  # a title
            "名称,经度,纬度\n甲,1,2\n",
        ],
    )
    def test_are_not_seen_where_there_is_one_row(self, text):
        assert not any("/" in name for name in table_of(text).table.columns)

    def test_stay_joined_where_either_row_is_said(self):
        text = "名称,地址,坐标,\n,,经度,纬度\n甲,某路,1,2\n"
        for row in (1, 2):
            assert list(table_of(text, header_row=row).table.columns)[2:] == ["坐标/经度", "坐标/纬度"]


class TestRowsThatAreNoData:
    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("合计,,30", TOTAL),
            ("合　计,,30", TOTAL),
            (",总计：,30", TOTAL),
            ("总计（人）,,30", TOTAL),
            ("洪山街道小计,,30", TOTAL),
            ("洪山街道,小计,30", TOTAL),
            ("平均,,30", TOTAL),
            ("Total,,30", TOTAL),
            ("合计30人,,", TOTAL),
            ("注：以上数据截至2025年,,", NOTE),
            ("注1：以上数据截至2025年,,", NOTE),
            ("备注:,缺两个社区,", NOTE),
            ("填表人：张三,审核人：李四,", NOTE),
            ("数据来源：街道办,,", NOTE),
            ("街道,社区,人数", HEADER_AGAIN),
        ],
    )
    def test_say_why(self, row, reason):
        table = table_of(f"街道,社区,人数\n洪山,甲,10\n洪山,乙,20\n{row}\n")
        assert table.row_faults == {4: reason}
        assert len(table.table) == 3

    @pytest.mark.parametrize(
        "row",
        [
            "合计路社区,计量院,30",
            "总部,甲,30",
            "注册楼,甲,30",
            "平均里,甲,30",
            "统计局,小计算机店,30",
            "备注,甲,30",
            "街道,甲,1",
        ],
    )
    def test_names_that_only_look_so_are_data(self, row):
        assert table_of(f"街道,社区,人数\n{row}\n").row_faults == {}

    def test_a_total_between_data(self):
        table = table_of("街道,社区,人数\n洪山,甲,1\n小计,,1\n武昌,乙,2\n小计,,2\n总计,,3\n")
        assert table.row_faults == dict.fromkeys((3, 5, 6), TOTAL)

    def test_no_rows_at_all_are_an_error(self):
        for text in ("", "名称,经度\n", ",,\n,,\n"):
            with pytest.raises(InputError, match="at least one row of values"):
                table_of(text)


@given(
    cells=st.lists(
        st.lists(st.text(alphabet="甲乙丙丁戊abc123.-", max_size=5), min_size=4, max_size=4), min_size=1, max_size=30
    )
)
def test_no_row_and_no_cell_gets_lost(cells):
    filled = [row for row in cells if any(row)]
    rows = [["标题", "", "", ""], ["编号", "名称", "经度", "纬度"], *cells]
    if not filled:
        return
    table = lay_out("a", enumerated(rows))
    assert table.table.to_numpy().tolist() == filled
    assert [rows[number - 1] for number in table.row_numbers] == filled


def test_a_header_needs_no_rows_below():
    assert find_header("a", [(3, ["名称", "经度"])]).row == 3
