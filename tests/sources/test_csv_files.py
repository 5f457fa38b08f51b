"""Text files of rows: their delimiters, and every cell back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import InputError, SourceError
from coverage_planner.sources.encodings import GB18030_NOTE, UTF16_NOTE
from coverage_planner.sources.raw_tables import SWALLOWED
from coverage_planner.sources.tables import read_table
from written_files import write_csv

HEADER = ["编号", "名称", "地址", "经度", "纬度"]
ROWS = [
    ["1", "洪山驿站", "珞喻路766号，3楼；西门", "114.36", "30.51"],
    ["2", "武昌, 江岸", "解放大道|旁;侧", "114.26", "30.58"],
    ["3", "", "", "114.3", "30.5"],
]


def as_text(rows, delimiter: str) -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


class TestDelimiters:
    @pytest.mark.parametrize("suffix", [".csv", ".txt", ".tsv"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";", "，", "；", "|"])
    def test_are_found_whatever_the_file_is_called(self, tmp_path, delimiter, suffix):
        table = read_table(write_csv(tmp_path / f"a{suffix}", as_text([HEADER, *ROWS], delimiter)))
        assert list(table.table.columns) == HEADER
        assert table.table.to_numpy().tolist() == ROWS
        usual = {".csv": ","}.get(suffix, "\t")
        assert bool(table.notes) == (delimiter != usual)

    def test_are_said_in_the_notes(self, tmp_path):
        path = write_csv(tmp_path / "a.csv", as_text([HEADER, *ROWS], "，"))
        assert read_table(path).notes == ("cells are delimited by: full-width comma",)

    def test_may_stand_in_titles_and_cells_of_another(self, tmp_path):
        text = "说明；甲，乙，丙\n" + as_text([["名称", "坐标"], ["甲；乙；丙", "114.3,30.5"], ["a;b;c", "1,2"]], "\t")
        table = read_table(write_csv(tmp_path / "a.txt", text))
        assert table.table.to_numpy().tolist() == [["甲；乙；丙", "114.3,30.5"], ["a;b;c", "1,2"]]

    def test_said_in_the_first_line_as_excel_does(self, tmp_path):
        table = read_table(write_csv(tmp_path / "a.csv", "sep=|\n名称|经度\n甲|1\n"))
        assert table.table.to_numpy().tolist() == [["甲", "1"]]
        assert table.row_numbers.tolist() == [2]  # Excel does not show the line

    def test_one_column(self, tmp_path):
        assert read_table(write_csv(tmp_path / "a.csv", '坐标\n"114.3,30.5"\n')).table.to_numpy().tolist() == [
            ["114.3,30.5"]
        ]
        assert read_table(write_csv(tmp_path / "b.csv", "坐标\n114.3,30.5\n")).overlong.tolist() == [True]


class TestOtherKindsNamedAsText:
    @pytest.mark.parametrize(
        ("start", "words"),
        [
            (b"PK\x03\x04rest", r"a packed file such as a workbook; rename it to \.xlsx"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", r"an old or encrypted workbook; open it.*save it as \.xlsx"),
            (b"SQLite format 3\x00rest", r"a database; rename it to \.gpkg"),
            (b"%PDF-1.7 rest", "a PDF file"),
        ],
    )
    def test_are_said(self, tmp_path, start, words):
        path = tmp_path / "a.csv"
        path.write_bytes(start)
        with pytest.raises(SourceError, match=rf"a\.csv must be a text file as its name says, got {words}"):
            read_table(path)


def test_a_cell_longer_than_any_is_an_open_quotation_mark(tmp_path):
    text = 'name,lon\n"甲,1\n' + "乙,2\n" * 60_000
    with pytest.raises(InputError, match=r"in the row that begins in line 2 \(a quotation mark left open"):
        read_table(write_csv(tmp_path / "a.csv", text))


CELLS = st.text(alphabet="洪山驿站鄞州abcXYZ0123 ，；,;|\t\n\"'.-（）", max_size=8).map(str.strip)


@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8),
    form=st.sampled_from(
        [("utf-8", ""), ("utf-8-sig", ""), ("utf-16", UTF16_NOTE), ("gb18030", GB18030_NOTE), ("gbk", GB18030_NOTE)]
    ),
    delimiter=st.sampled_from([",", "\t", ";", "，", "|"]),
)
def test_every_table_comes_back_cell_by_cell(tmp_path_factory, rows, form, delimiter):
    encoding, note = form
    header = ["编号", "名称", "详细地址", "经度", "纬度"]
    # the positions make each row data, whatever its texts are; a file's rows are told apart by them
    written = [[*row, f"{114 + at}.25", "30.5"] for at, row in enumerate(rows)]
    path = tmp_path_factory.getbasetemp() / "来回.csv"
    path.write_text(as_text([header, *written], delimiter), encoding=encoding, newline="")
    table = read_table(path)
    assert list(table.table.columns) == header
    assert table.table.to_numpy().tolist() == written
    assert table.row_faults == {}
    assert (note in table.notes) == bool(note)
    assert not table.overlong.any()


def test_rows_that_an_open_quotation_mark_takes_into_one_cell_are_said(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,name,lon,lat\n1,"a,118.7,32\n2,b",118.71,32\n3,"c\nd",118.7,32\n', encoding="utf-8")
    said = [(remark.row, remark.given, remark.remark) for remark in read_table(path).remarks]
    # a line break in a name alone is usual
    assert said == [(2, "a,118.7,32\n2,b", SWALLOWED)]
