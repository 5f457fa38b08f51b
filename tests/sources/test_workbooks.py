"""Workbooks: merged cells, formulas, errors, what is hidden, and files that are not what their name says."""

import datetime as dt
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.chart import BarChart
from openpyxl.styles import Protection

from coverage_planner.errors import ConfigError, InputError, SchemaError, SourceError
from coverage_planner.sources.points import read_facilities
from coverage_planner.sources.raw_tables import (
    ERROR_VALUE,
    FILLED_FROM_MERGED,
    HIDDEN_ROW,
    NO_SAVED_VALUE,
    STRAY_CELLS,
    TOTAL,
)
from coverage_planner.sources.tables import read_table
from written_files import write_workbook

HEADER = ["街道", "社区", "人数"]


def saved(tmp_path, change, rows=(HEADER, ["洪山", "甲", 1], ["武昌", "乙", 2])):
    """Write a workbook that `change` has altered."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    change(book, book.active)
    book.save(tmp_path / "表 一.xlsx")
    return tmp_path / "表 一.xlsx"


def repacked(path, change):
    """Rewrite the parts of a workbook by `change(name, data)`; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            if (changed := change(name, data)) is not None:
                archive.writestr(name, changed)
    return path


def in_sheet(old: bytes, new: bytes):
    return lambda name, data: data.replace(old, new, 1) if name.endswith("sheet1.xml") else data


class TestMergedCells:
    def test_belong_to_all_their_rows_and_are_remarked_on(self, tmp_path):
        rows = [HEADER, ["洪山", "甲", 1], [None, "乙", 2], [None, "丙", 3], ["武昌", "丁", 4]]
        table = read_table(saved(tmp_path, lambda _, page: page.merge_cells("A2:A4"), rows))
        assert table.table["街道"].tolist() == ["洪山", "洪山", "洪山", "武昌"]
        assert [(r.row, r.column, r.given, r.remark) for r in table.remarks] == [
            (3, "街道", "洪山", FILLED_FROM_MERGED),
            (4, "街道", "洪山", FILLED_FROM_MERGED),
        ]
        assert table.merged_rows("街道").tolist() == [True, True, True, False]
        assert not table.merged_rows("人数").any()

    def test_blank_cells_that_are_not_merged_stay_blank(self, tmp_path):
        rows = [HEADER, ["洪山", "甲", 1], [None, "乙", 2]]
        table = read_table(saved(tmp_path, lambda *_: None, rows))
        assert table.table["街道"].tolist() == ["洪山", ""]
        assert table.remarks == ()

    def test_make_no_data_of_blank_rows_and_totals(self, tmp_path):
        rows = [HEADER, ["洪山", "甲", 1], [None, None, None], [None, "小计", 1], [None, "乙", 2]]
        table = read_table(saved(tmp_path, lambda _, page: page.merge_cells("A2:A5"), rows))
        assert table.row_numbers.tolist() == [2, 4, 5]
        assert table.row_faults == {4: TOTAL}
        assert table.table["街道"].tolist() == ["洪山", "", "洪山"]

    def test_of_several_columns_fill_their_first(self, tmp_path):
        rows = [HEADER, ["洪山", None, 1], [None, None, 2]]
        table = read_table(saved(tmp_path, lambda _, page: page.merge_cells("A2:B3"), rows))
        assert table.table.to_numpy().tolist() == [["洪山", "", "1"], ["洪山", "", "2"]]

    def test_of_numbers_are_known(self, tmp_path):
        rows = [HEADER, ["洪山", "甲", 30], ["洪山", "乙", None]]
        table = read_table(saved(tmp_path, lambda _, page: page.merge_cells("C2:C3"), rows))
        assert table.table["人数"].tolist() == ["30", "30"]
        assert table.merged_rows("人数").all()

    def test_in_titles_and_headers_of_two_rows(self, tmp_path):
        def merge(_, page):
            for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2"):
                page.merge_cells(cells)

        rows = [
            ["驿站一览表"],
            ["名称", "地址", "坐标"],
            [None, None, "经度(°)", "纬度(°)"],
            ["甲", "某路", 114.3, 30.5],
        ]
        table = read_table(saved(tmp_path, merge, rows))
        assert list(table.table.columns) == ["名称", "地址", "坐标/经度(°)", "坐标/纬度(°)"]
        assert table.table.to_numpy().tolist() == [["甲", "某路", "114.3", "30.5"]]
        assert (table.header_row, table.row_numbers.tolist(), table.remarks) == (3, [4], ())

    def test_over_a_whole_column_cost_nothing(self, tmp_path):
        merged = b'</sheetData><mergeCells count="1"><mergeCell ref="A2:A1048576"/></mergeCells>'
        rows = [HEADER, ["洪山", "甲", 1], [None, "乙", 2]]
        path = repacked(saved(tmp_path, lambda *_: None, rows), in_sheet(b"</sheetData>", merged))
        assert read_table(path).table["街道"].tolist() == ["洪山", "洪山"]


@given(
    rows=st.lists(
        st.lists(
            st.one_of(
                st.none(),
                st.integers(-(10**9), 10**9),
                st.floats(-1e6, 1e6).map(lambda number: round(number, 6)),
                st.text(alphabet="洪山驿站abc12 ，；,:()", max_size=6).map(str.strip),
            ),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=6,
    ),
    titles=st.integers(0, 2),
)
def test_every_workbook_comes_back_cell_by_cell(tmp_path_factory, rows, titles):
    header = ["详细地址", "备注", "人数", "经度"]
    written = [[*row, 114.25 + at] for at, row in enumerate(rows)]
    path = tmp_path_factory.getbasetemp() / "来回.xlsx"
    write_workbook(path, [*[["驿站一览表"]] * titles, header, *written])
    table = read_table(path)
    assert list(table.table.columns) == header
    assert table.header_row == titles + 1
    for texts, cells in zip(table.table.to_numpy().tolist(), written, strict=True):
        for text, cell in zip(texts, cells, strict=True):
            assert (text == (cell or "")) if cell is None or isinstance(cell, str) else (float(text) == cell)
    assert table.row_faults == {}


class TestFormulas:
    def test_without_saved_values_are_named_by_their_address(self, tmp_path):
        rows = [HEADER, ["洪山", "甲", "=1+1"], ["武昌", "=A2", 2], ["江岸", "丙", "=SUM(C2:C3)"]]
        table = read_table(saved(tmp_path, lambda *_: None, rows))
        assert table.cell_faults == {"人数": {2: NO_SAVED_VALUE, 4: NO_SAVED_VALUE}, "社区": {3: NO_SAVED_VALUE}}
        assert table.table["人数"].tolist() == ["", "2", ""]
        assert table.notes == (
            "formulas without a saved value (open the workbook in Excel and save it) 3: C2, B3, C4",
        )  # fmt: skip

    def test_with_saved_values_are_like_values(self, tmp_path):
        path = saved(tmp_path, lambda *_: None)
        repacked(path, in_sheet(b'<c r="C2" t="n"><v>1</v></c>', b'<c r="C2"><f>1+6</f><v>7</v></c>'))
        repacked(path, in_sheet(b'<c r="C3" t="n"><v>2</v></c>', b'<c r="C3" t="str"><f>""</f><v></v></c>'))
        table = read_table(path)
        assert table.table["人数"].tolist() == ["7", ""]
        assert (table.cell_faults, table.notes) == ({}, ())


def test_errors_of_the_workbook_are_no_values(tmp_path):
    rows = [HEADER, ["洪山", "#N/A", 1], ["武昌", "乙", "#REF!"], ["江岸", "丙", 3]]
    table = read_table(saved(tmp_path, lambda *_: None, rows))
    assert table.table.to_numpy().tolist() == [["洪山", "", "1"], ["武昌", "乙", ""], ["江岸", "丙", "3"]]
    assert table.cell_faults == {"社区": {2: ERROR_VALUE}, "人数": {3: ERROR_VALUE}}
    assert table.error_texts == {(2, "社区"): "#N/A", (3, "人数"): "#REF!"}


class TestWhatIsHidden:
    def test_rows_are_read_and_remarked_on(self, tmp_path):
        def hide(_, page):
            page.row_dimensions[3].hidden = True

        table = read_table(saved(tmp_path, hide))
        assert table.table["社区"].tolist() == ["甲", "乙"]
        assert [(r.row, r.column, r.remark) for r in table.remarks] == [(3, "", HIDDEN_ROW)]

    def test_columns_are_read_and_said(self, tmp_path):
        def hide(_, page):
            page.column_dimensions["B"].hidden = True

        table = read_table(saved(tmp_path, hide))
        assert table.table["社区"].tolist() == ["甲", "乙"]
        assert table.notes == ("hidden columns were read too: B",)

    def test_a_hidden_first_sheet_is_not_taken_in_silence(self, tmp_path):
        def hide(book, page):
            page.title, page.sheet_state = "旧", "hidden"
            book.create_sheet("新").append(HEADER)
            book["新"].append(["江岸", "丙", 3])
            book.active = 1

        path = saved(tmp_path, hide)
        table = read_table(path)
        assert table.table["社区"].tolist() == ["丙"]
        assert table.notes == ("hidden sheets were not read: 旧",)
        said = read_table(path, sheet="旧")
        assert said.table["社区"].tolist() == ["甲", "乙"]
        assert said.notes == ("the sheet is hidden in the workbook: 旧",)

    def test_all_sheets_hidden_must_be_named(self, tmp_path):
        path = repacked(
            saved(tmp_path, lambda *_: None),
            lambda name, data: (
                data.replace(b'state="visible"', b'state="veryHidden"') if "workbook.xml" in name else data
            ),
        )
        with pytest.raises(ConfigError, match=r"a sheet of 表 一\.xlsx must be named.*all are hidden \(1: Sheet\)"):
            read_table(path)
        assert len(read_table(path, sheet="Sheet").table) == 2

    def test_other_sheets_are_said(self, tmp_path):
        path = write_workbook(
            tmp_path / "a.xlsx", [HEADER, ["洪山", "甲", 1]], title="现状", extra_sheets=["规划", "说明"]
        )
        assert read_table(path).notes == ("only the sheet 现状 was read, not: 规划, 说明",)
        assert read_table(path, sheet="现状").notes == ()


def test_a_first_sheet_without_a_table_is_named_with_the_others(tmp_path):
    path = write_workbook(tmp_path / "a.xlsx", [["封面"]], title="封面", extra_sheets=["数据"])
    with pytest.raises(InputError, match=r"got 0 rows .*\(only the sheet 封面 was read, not: 数据\); check"):
        read_table(path)
    path = write_workbook(tmp_path / "b.xlsx", [["说明", "填写"], ["一", "二"]], title="说明", extra_sheets=["数据"])
    with pytest.raises(SchemaError, match=r"columns for lon, lat, .*\(only the sheet 说明 was read, not: 数据\); name"):
        read_facilities(path)
    assert len(read_facilities(path, sheet="数据")) == 1


def test_a_chart_is_no_sheet(tmp_path):
    def add_chart(book, page):
        page.title = "数据"
        book.create_chartsheet("图", 0).add_chart(BarChart())

    path = saved(tmp_path, add_chart)
    assert len(read_table(path).table) == 2
    with pytest.raises(ConfigError, match=r"one of \['数据'\]"):
        read_table(path, sheet="图")


def test_cells_right_of_the_column_names_are_remarked_on(tmp_path):
    rows = [HEADER, ["洪山", "甲", 1, None, "待核实"], ["武昌", "乙", 2]]
    table = read_table(saved(tmp_path, lambda *_: None, rows))
    assert not table.overlong.any()
    assert [(r.row, r.given, r.remark) for r in table.remarks] == [(2, "待核实", STRAY_CELLS)]


def test_values_of_every_kind_become_text(tmp_path):
    when = dt.datetime(2025, 3, 1, 8, 30, 15)  # noqa: DTZ001 - workbooks know no time zones
    values = [
        1,
        2.0,
        0.1,
        30.600000000000001,
        "007",
        " １２ ",
        True,
        when.date(),
        when,
        dt.time(8, 30),
        dt.timedelta(1.25),
        None,
    ]
    path = write_workbook(tmp_path / "a.xlsx", [[f"列{at}" for at in range(len(values))], values])
    assert read_table(path).table.iloc[0].tolist() == [
        "1", "2", "0.1", "30.6", "007", "１２", "True", "2025-03-01", "2025-03-01 08:30:15", "08:30", "30:00", ""
    ]  # fmt: skip


def test_a_wrong_extent_hides_no_cells(tmp_path):
    path = saved(tmp_path, lambda *_: None)
    repacked(
        path, lambda name, data: data.replace(b'ref="A1:C3"', b'ref="A1"') if name.endswith("sheet1.xml") else data
    )
    assert read_table(path).table.shape == (2, 3)


def test_rows_that_the_file_leaves_out_are_counted(tmp_path):
    def far_down(_, page):
        page["A100"], page["C100"] = "江岸", 7

    table = read_table(saved(tmp_path, far_down))
    assert table.row_numbers.tolist() == [2, 3, 100]


def test_cells_that_name_no_address_are_counted(tmp_path):
    path = saved(tmp_path, lambda *_: None, [HEADER, ["洪山", "甲", "=1+1"]])

    def without_addresses(name, data):
        if not name.endswith("sheet1.xml"):
            return data
        for address in (b"A1", b"B1", b"C1", b"A2", b"B2", b"C2"):
            data = data.replace(b' r="' + address + b'"', b"")
        return data.replace(b'<row r="1"', b"<row").replace(b'<row r="2"', b"<row")

    table = read_table(repacked(path, without_addresses))
    assert table.cell_faults == {"人数": {2: NO_SAVED_VALUE}}


class TestFilesThatAreNoWorkbooks:
    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
                "one in the old format of .xls, .et or .wps; open it in",
            ),
            (
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
                "one with a password; open it in Excel or WPS and save it as .xlsx without the password",
            ),
            ("名称,经度\n甲,1\n".encode(), "a text file; rename it to .csv"),
            ("名称\t经度\n甲\t1\n".encode("gb18030"), "a text file; rename it to .csv"),
            (b"<html><table><tr><td>a</td></tr></table></html>", "a web page with a table"),
            (b'<?xml version="1.0"?><Workbook/>', "an XML file"),
        ],
    )
    def test_say_what_they_are(self, tmp_path, data, words):
        (tmp_path / "a.xlsx").write_bytes(data)
        with pytest.raises(SourceError) as caught:
            read_table(tmp_path / "a.xlsx")
        assert "a.xlsx must be a readable .xlsx workbook" in str(caught.value)
        assert words in str(caught.value)
        assert "save it as .xlsx" in str(caught.value)

    def test_an_empty_file(self, tmp_path):
        (tmp_path / "a.xlsx").touch()
        with pytest.raises(SourceError, match=r"a\.xlsx must be a readable \.xlsx workbook, got an empty file"):
            read_table(tmp_path / "a.xlsx")

    def test_an_opendocument_file(self, tmp_path):
        with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
            archive.writestr("content.xml", "<a/>")
        with pytest.raises(SourceError, match=r"an OpenDocument file \(\.ods\)"):
            read_table(tmp_path / "a.xlsx")

    @pytest.mark.parametrize("name", ["a.xls", "a.et", "a.wps", "a.ods", "a.xlsb"])
    def test_formats_that_are_not_read_are_to_be_saved_as_xlsx(self, tmp_path, name):
        (tmp_path / name).write_bytes(b"x")
        with pytest.raises(SourceError, match=rf"got {name}; open it in Excel or WPS and save it as \.xlsx"):
            read_table(tmp_path / name)

    @pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"])
    @pytest.mark.parametrize("data", [None, b"", b"<a", b"<a/>"])
    def test_parts_that_are_missing_or_broken(self, tmp_path, part, data):
        path = repacked(saved(tmp_path, lambda *_: None), lambda name, kept: data if name == part else kept)
        with pytest.raises((SourceError, ConfigError, InputError), match=r"表 一\.xlsx"):
            read_table(path)

    def test_what_openpyxl_itself_stumbles_over(self, tmp_path):
        path = saved(tmp_path, lambda book, _: book.create_chartsheet("空", 0))
        with pytest.raises(SourceError, match=r"must be a readable \.xlsx file, got"):
            read_table(path)

    def test_a_sheet_without_a_part(self, tmp_path):
        path = repacked(saved(tmp_path, lambda *_: None), lambda _, data: data.replace(b' r:id="rId1"', b""))
        with pytest.raises(SourceError, match=r"must be a readable \.xlsx file"):
            read_table(path)

    def test_bytes_that_do_not_unpack(self, tmp_path):
        path = saved(tmp_path, lambda *_: None)
        data = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            start = archive.getinfo("xl/workbook.xml").header_offset + 60
        data[start : start + 40] = b"\xff" * 40
        path.write_bytes(bytes(data))
        with pytest.raises(SourceError, match=r"must be a readable \.xlsx file"):
            read_table(path)

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
    def test_that_are_cut_off(self, tmp_path, share):
        path = saved(tmp_path, lambda *_: None)
        path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
        with pytest.raises(SourceError, match=r"must be a readable \.xlsx"):
            read_table(path)

    def test_protection_of_cells_is_no_encryption(self, tmp_path):
        def protect(_, page):
            page.protection.sheet = True
            page["A1"].protection = Protection(locked=True)

        assert len(read_table(saved(tmp_path, protect)).table) == 2


class TestHarmfulWorkbooks:
    def test_that_unpack_to_too_much_are_not_unpacked(self, tmp_path):
        blanks = b"<sheetData>" + b" " * 20_000_000
        path = repacked(saved(tmp_path, lambda *_: None), in_sheet(b"<sheetData>", blanks))
        assert path.stat().st_size < 100_000
        with pytest.raises(SourceError, match=r"got 20 MB in \d+ files, xl/worksheets/sheet1\.xml packed more tightly"):
            read_table(path)

    def test_of_too_many_parts(self, tmp_path, monkeypatch):
        monkeypatch.setattr("coverage_planner.sources.packed_files.MOST_ENTRIES", 3)
        with pytest.raises(SourceError, match="in at most 3 files"):
            read_table(saved(tmp_path, lambda *_: None))

    def test_of_too_many_bytes(self, tmp_path, monkeypatch):
        monkeypatch.setattr("coverage_planner.sources.packed_files.MOST_UNPACKED", 1000)
        with pytest.raises(SourceError, match="unpack to at most 0 MB"):
            read_table(saved(tmp_path, lambda *_: None))

    def test_of_more_rows_than_there_can_be(self, tmp_path):
        path = repacked(saved(tmp_path, lambda *_: None), in_sheet(b'<row r="3"', b'<row r="20000000"'))
        with pytest.raises(InputError, match=r"表 一\.xlsx must have sheets of at most 1,048,576 rows.*row 20,000,000"):
            read_table(path)

    @pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
    @pytest.mark.parametrize("before", [b"", b"<!-- " + b"x" * 9000 + b" -->"])
    def test_whose_xml_declares_entities(self, tmp_path, part, before):
        declared = before + b'<!DOCTYPE a [<!ENTITY a "aaa"><!ENTITY b "&a;&a;&a;">]>'

        def declare(name, data):
            if name != part:
                return data
            head, _, rest = data.rpartition(b"?>")
            return head + (b"?>" if head else b"") + declared + rest

        path = repacked(saved(tmp_path, lambda *_: None), declare)
        with pytest.raises(SourceError, match=f"a document type declaration in {part}"):
            read_table(path)
