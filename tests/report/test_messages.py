"""Messages of readers in Chinese: those that planning offices meet, and no pattern that cannot be filled in."""

import re
import string

import pytest

from coverage_planner.errors import CoveragePlannerError
from coverage_planner.report.messages import in_chinese
from coverage_planner.report.messages_of_files import FILES
from coverage_planner.report.messages_of_hours import HOURS
from coverage_planner.report.messages_of_plans import PLANS
from coverage_planner.sources.areas import read_study_area
from coverage_planner.sources.points import read_demand, read_facilities
from coverage_planner.sources.roads import read_roads
from drawn_plan import write_layer, write_points
from osm_drawing import place

HEADER = ["编号", "名称", "经度", "纬度"]


@pytest.mark.parametrize("entry", [*FILES, *HOURS, *PLANS], ids=lambda entry: entry[0][:40])
def test_every_text_can_be_filled_in_from_its_pattern(entry):
    pattern, what, advice = entry
    groups = re.compile(pattern).groups
    for text in (what, advice):
        named = [int(name) for _, name, _, _ in string.Formatter().parse(text) if name is not None]
        assert all(number < groups for number in named)
        assert any("\u4e00" <= character <= "\u9fff" for character in text) or text.startswith("例如")


def write_bytes(name, content):
    def write(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return write


def write_table(*rows, header=HEADER):
    def write(folder):
        write_points(folder / "stations.csv", header, list(rows))
        return folder / "stations.csv"

    return write


def write_empty_layer(folder):
    write_layer(folder / "areas.geojson", [])
    return folder / "areas.geojson"


@pytest.mark.parametrize(
    ("read", "write", "said"),
    [
        (read_facilities, lambda folder: folder / "none.csv", "找不到文件"),
        (read_facilities, write_bytes("a.docx", b"x"), "不是能读取的格式"),
        (read_facilities, write_bytes("a.csv", b""), "没有表头或没有一行数据"),
        (read_facilities, write_bytes("a.csv", b"PK\x03\x04"), "其实是压缩文件"),
        (read_facilities, write_bytes("a.xlsx", b"text"), "读不出来"),
        (
            read_facilities,
            write_bytes(
                "a.csv", "编号,名称,经度,纬度\nS1,河西驿站,114,30\n".encode() + "S2,城外驿站,114,30\n".encode("gb18030")
            ),
            "编码",
        ),
        (read_facilities, write_table(("S1", "甲", *place(1, 1)), header=["a", "b", "c", "d"]), "缺少列"),
        (read_facilities, write_table(("S1", "甲", 30.5, 114.3), ("S2", "乙", 30.6, 114.4)), "颠倒"),
        (read_facilities, write_table(("S1", "甲", 500123.5, 3378123.5)), "以米为单位"),
        (read_facilities, write_table(("S1", "甲", *place(1, 1)), header=["编号", "经度", "经度", "纬度"]), "列名重复"),
        (read_demand, write_table(("S1", "甲", *place(1, 1))), "缺少列"),
        (read_study_area, write_empty_layer, "没有任何要素"),
        (read_study_area, write_bytes("a.geojson", b"{"), "读不出来"),
        (read_roads, lambda folder: folder / "none.osm", "找不到道路文件"),
        (read_roads, write_bytes("a.dwg", b"x"), "不是能读取的格式"),
        (read_roads, write_bytes("a.osm", b"<osm"), "不完整或已损坏"),
    ],
)
def test_what_readers_say_is_said_in_chinese(tmp_path, read, write, said):
    with pytest.raises(CoveragePlannerError) as error:
        read(write(tmp_path))
    found = in_chinese(str(error.value))
    assert found is not None, str(error.value)
    assert said in found[0], found
    assert found[1]


def test_what_is_not_known_stays():
    assert in_chinese("something else went wrong; try again") is None
