"""The workbook of the three lists, reopened: what it says is what the lists hold, and text stays text."""

import openpyxl
import pandas as pd
import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.report.three_lists import write_three_lists
from coverage_planner.report.three_lists_tables import LIST_COLUMNS, REMARKS, SHEETS, list_tables
from coverage_planner.scenario.three_lists import ThreeLists, build_three_lists
from drawn_lists import HOSTILE, draw_lists, draw_town

TABLES = tuple(SHEETS)


@pytest.fixture(scope="module")
def lists():
    drawn = draw_lists(6, draw_town())
    return build_three_lists(drawn.today, **drawn.given)


@pytest.fixture(scope="module", params=["zh", "en"])
def language(request):
    return request.param


@pytest.fixture(scope="module")
def book(lists, language, tmp_path_factory):
    path = tmp_path_factory.mktemp("社区 服务") / "三清单.xlsx"
    write_three_lists(lists, path, language=language, synthetic=True)
    return openpyxl.load_workbook(path)


def rows_of(sheet, heading_row):
    headings = [cell.value for cell in sheet[heading_row]]
    return [dict(zip(headings, (cell.value for cell in row), strict=True)) for row in sheet.iter_rows(heading_row + 1)]


def test_there_are_three_sheets_in_the_planners_language(book, language):
    assert book.sheetnames == [names[0 if language == "zh" else 1] for names in SHEETS.values()]
    if language == "zh":
        assert book.sheetnames == ["需求清单", "资源清单", "服务清单"]


def test_every_cell_is_that_of_the_table(book, lists, language):
    for name, sheet in zip(TABLES, book.worksheets, strict=True):
        table = list_tables(lists, language)[name]
        columns = LIST_COLUMNS[name]
        assert [cell.value for cell in sheet[3]] == [column.heading(language) for column in columns.values()]
        rows = list(sheet.iter_rows(4, values_only=True))
        assert len(rows) == len(table)
        for row, expected in zip(rows, table.itertuples(index=False, name=None), strict=True):
            for value, given, column in zip(row, expected, columns.values(), strict=True):
                if given is None or given != given:  # noqa: PLR0124 - NaN is not itself
                    assert value is None
                elif column.kind == "flag":
                    assert value == {"zh": "否是", "en": ("no", "yes")}[language][bool(given)]
                elif column.kind == "text":
                    assert value == given.replace("\x07", "\ufffd")
                else:
                    assert value == pytest.approx(given, rel=1e-12)


def test_the_figures_are_those_of_the_lists(lists, language):
    tables = list_tables(lists, language)
    for name, raw in (("needs", lists.needs), ("resources", lists.resources), ("services", lists.services)):
        table = tables[name]
        assert len(table) == len(raw)
        for column in ("demand", "demand_share", "reachable_demand", "planned_demand", "cost", "area_m2", "capacity"):
            if column in table:
                pd.testing.assert_series_equal(table[column], raw[column], check_dtype=False)
    for column, seconds in (("cutoff_min", "cutoff_s"), ("nearest_min", "nearest_time_s")):
        assert (tables["needs"][column].dropna() * 60).tolist() == pytest.approx(lists.needs[seconds].dropna().tolist())
    for name in ("resources", "services"):
        raw = getattr(lists, name)["mean_time_s"].dropna()
        assert (tables[name]["mean_min"].dropna() * 60).tolist() == pytest.approx(raw.tolist())


def test_needs_name_what_answers_them(lists):
    zh, en = (list_tables(lists, language)["needs"].set_index("need_id") for language in ("zh", "en"))
    for need in lists.needs["need_id"]:
        for table, label, column in (
            (lists.resources, "id", "with_resources"),
            (lists.services, "site_id", "with_sites"),
        ):
            own = table[table["need_id"] == need]
            named = [(row["name"] or row[label], f"{row['demand']:,.1f}") for row in own.to_dict("records")]
            assert zh[column][need] == ("；".join(f"{name}（{demand}）" for name, demand in named) or None)
            assert en[column][need] == ("; ".join(f"{name} ({demand})" for name, demand in named) or None)


def test_what_is_lacking_and_what_to_do_are_said_in_words(lists):
    zh, en = (list_tables(lists, language) for language in ("zh", "en"))
    said = {
        (row.lack, row.service): (a, b)
        for row, a, b in zip(lists.needs.itertuples(), zh["needs"]["lacking"], en["needs"]["lacking"], strict=True)
    }
    assert said["any", None] == ("任一站点", "any station")
    assert said["night", None] == ("夜间开放", "open at night")
    assert said["room", None] == ("站点容量", "room")
    assert said["service", "water"] == ("饮水", "drinking water")
    assert said["service", "meals"] == ("热饭", "warm meals")
    done = set(zip(lists.resources["change"], lists.resources["lack"], zh["resources"]["change"], strict=True))
    texts = {(change, lack): text for change, lack, text in done}
    assert texts["open_site", "any"] == "新设站点"
    assert texts["open_longer", "night"] == "夜间开放"
    assert texts["add_room", "room"] == "扩充容量"
    assert {text for change, _, text in done if change == "add_service"} <= {
        "增加服务：饮水",
        "增加服务：热饭",
        "增加服务：淋浴",
    }
    assert set(zh["needs"]["answer"]) == {"方案已解决", "方案部分解决", "方案未解决，周边有资源", "暂无可用资源"}
    assert "（不在任何社区）" in set(zh["needs"]["community"])
    assert "(in no community)" in set(en["needs"]["community"])
    assert "附近没有站点" in set(zh["needs"]["reason"])
    assert set(zh["services"]["change"]) == {"新增", "改造"}
    assert "驿站" in set(zh["services"]["level"])
    assert {"流动服务", "shop"} <= set(zh["resources"]["place_kind"]) | set(zh["services"]["place_kind"])


def test_text_from_the_data_stays_text(book):
    seen = set()
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    assert cell.data_type == "s"
                    assert cell.quotePrefix
                    assert cell.number_format == "@"
                    seen |= {name for name in HOSTILE[:3] if cell.value == name}
                assert cell.data_type != "f"
                assert cell.hyperlink is None
    assert {HOSTILE[0], HOSTILE[1]} <= seen


def test_sheets_can_be_read_filtered_and_printed(book, language):
    for name, sheet in zip(TABLES, book.worksheets, strict=True):
        assert "synthetic" in sheet["A1"].value
        assert sheet["A2"].value == REMARKS[name][0 if language == "zh" else 1]
        assert sheet.freeze_panes == "A4"
        assert sheet.auto_filter.ref == f"A3:{sheet.cell(3, sheet.max_column).column_letter}{sheet.max_row}"
        assert sheet.print_title_rows == "$3:$3"
        setup = sheet.page_setup
        assert (setup.orientation, setup.paperSize, setup.fitToWidth, setup.fitToHeight) == ("landscape", 9, 1, 0)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        for place, (column, kind) in enumerate(LIST_COLUMNS[name].items(), start=1):
            width = sheet.column_dimensions[sheet.cell(3, place).column_letter].width
            assert 6 <= width <= 36
            if isinstance(sheet.cell(4, place).value, str) and kind.kind == "text":
                assert sheet.cell(4, place).alignment.wrap_text
            if kind.kind == "share" and sheet.cell(4, place).value is not None:
                assert sheet.cell(4, place).number_format == "0.0%", column
        assert all(sheet.row_dimensions[row].height >= 15 for row in range(3, sheet.max_row + 1))


def test_needs_that_nothing_answers_are_marked(book, lists):
    sheet = book.worksheets[0]
    colours = {answer: set() for answer in lists.needs["answer"]}
    for row, answer in enumerate(lists.needs["answer"], start=4):
        colours[answer] |= {cell.fill.fgColor.rgb for cell in sheet[row]}
    assert all(len(found) == 1 for found in colours.values())
    assert colours["nothing"] not in [colours[answer] for answer in colours if answer != "nothing"]
    assert colours["possible"] == colours["part planned"] != colours["planned"]


def test_lists_of_real_data_do_not_say_synthetic_and_may_be_empty(lists, tmp_path):
    empty = ThreeLists(*(getattr(lists, name).head(0) for name in TABLES))
    write_three_lists(empty, tmp_path / "空.xlsx")
    book = openpyxl.load_workbook(tmp_path / "空.xlsx")
    for name, sheet in zip(TABLES, book.worksheets, strict=True):
        assert sheet["A1"].value == REMARKS[name][0]
        assert sheet.freeze_panes == "A3"
        assert sheet.max_row == 2
        assert rows_of(sheet, 2) == []


def test_services_of_the_planners_own_stand_as_they_are(lists):
    changes = ["give_hub;add_service", "add_service;open_longer"]
    odd = lists.resources.head(2).assign(lack="service", service=["{service}", "{0}=1+1"], change=changes)
    table = list_tables(ThreeLists(lists.needs, odd, lists.services), "zh")["resources"]
    assert table["change"].tolist() == ["归入服务中心；增加服务：{service}", "增加服务：{0}=1+1；延长开放时间"]
    assert table["lacking"].tolist() == ["{service}", "{0}=1+1"]


def test_unknown_languages_are_refused(lists, tmp_path):
    with pytest.raises(ConfigError, match="language"):
        write_three_lists(lists, tmp_path / "x.xlsx", language="fr")
    assert not list(tmp_path.iterdir())
