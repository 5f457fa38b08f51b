"""Timetables of service buses: days and times as planners write them, and vehicles that are in two places at once."""

import datetime as dt
import itertools
import re

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.hours import open_slots
from coverage_planner.coverage.week import build_week
from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.report.speech import speech
from coverage_planner.schema import Rejections, check_table
from coverage_planner.sources.calendar import Calendar, read_calendar
from coverage_planner.sources.mobile import MOBILE_ALIASES, _stop_hours, read_mobile_stops

NAMES = "车辆,停靠点,经度,纬度,星期,到达,离开"
CALENDAR = read_calendar()
WEEK = build_week(CALENDAR, of=dt.date(2025, 9, 17), dates=[dt.date(2025, 10, 3), dt.date(2025, 9, 28)])


def read_stops(path, **options):
    """With a CRS, since finding one takes longer than all else."""
    return read_mobile_stops(path, **{"crs": "EPSG:32650", **options})


@pytest.fixture
def table(tmp_path):
    def write(*rows, names=NAMES):
        path = tmp_path / "流动 服务车.csv"
        path.write_text("\n".join((names, *rows)), encoding="utf-8")
        return path

    return write


def stop(vehicle, days, arrival, departure, name="东湖"):
    return f"{vehicle},{name},114.30,30.50,{days},{arrival},{departure}"


def test_stops_become_stations_with_opening_hours(table):
    path = table(
        "1号车,东湖广场,114.36,30.55,周一、周三,8:00,10:00,饮水、休息,驿站",
        "1号车,光谷,114.40,30.50,工作日,10:30,12:00,饮水,",
        "2号车,车站,114.42,30.52,2025-10-03、2025/10/5,9:00,11:00,,",
        names=f"{NAMES},服务项目,级别",
    )
    stops = read_mobile_stops(path)
    check_table(stops, "facilities")
    assert stops["id"].tolist() == ["M1", "M2", "M3"]
    assert stops["name"].tolist() == ["东湖广场", "光谷", "车站"]
    assert stops["vehicle"].tolist() == ["1号车", "1号车", "2号车"]
    assert stops["kind"].tolist() == ["mobile"] * 3
    assert stops["services"].fillna("").tolist() == ["water;rest", "water", ""]
    assert stops["level"].fillna("").tolist() == ["satellite", "", ""]
    assert stops["opening_hours"].tolist() == [
        "Mo,We 08:00-10:00",
        "Mo-Fr 10:30-12:00; PH off",
        "2025 Oct 03,2025 Oct 05 09:00-11:00",
    ]
    found = open_slots(stops["opening_hours"], WEEK, CALENDAR)
    hours = [[f"{row.day} {row.hour:g}" for row in WEEK.labels()[mask].itertuples()] for mask in found.open]
    assert hours == [
        ["Mo 8", "Mo 9", "We 8", "We 9", "2025-09-28 8", "2025-09-28 9"],  # the make-up Sunday stands for a Monday
        ["Mo 11", "Tu 11", "We 11", "Th 11", "Fr 11", "2025-09-28 11"],
        ["2025-10-03 9", "2025-10-03 10"],
    ]


@pytest.mark.parametrize(
    ("days", "written"),
    [
        ("周一", "Mo "), ("周一至周五", "Mo-Fr "), ("星期二、四", "Tu,Th "), ("每周六", "Sa "), ("周末", "Sa,Su "), ("每天", ""),
        ("Mo-Fr", "Mo-Fr "), ("Mon, Wed", "Mo,We "), ("daily", ""), ("周六、节假日", "Sa,PH "), ("PH", "PH "),
        ("2025-10-03", "2025 Oct 03 "), ("2025年10月3日，2025年10月5日", "2025 Oct 03,2025 Oct 05 "),
        ("2025-10-01至2025-10-07", "2025 Oct 01-2025 Oct 07 "), ("20251003;20251003", "2025 Oct 03 "),
    ],
)  # fmt: skip
def test_days_as_planners_write_them(days, written, table):
    (hours,) = read_stops(table(stop("1", f'"{days}"', "8:00", "10:00")))["opening_hours"]
    assert hours == f"{written}08:00-10:00"
    assert open_slots([hours, "2025 Oct 03 12:00-13:00"], WEEK, CALENDAR).understood.all()


@pytest.mark.parametrize(
    ("arrival", "departure", "times"),
    [
        ("8:00", "10:00", "08:00-10:00"),
        ("08:00:00", "10:30:00", "08:00-10:30"),
        ("8点", "10点半", "08:00-10:30"),
        ("上午9点", "下午2点", "09:00-14:00"),
        ("22:00", "次日1:00", "22:00-01:00"),
        ("22:00", "1:00", "22:00-01:00"),
        ("0:00", "24:00", "00:00-24:00"),
        ("８：００", "１０：００", "08:00-10:00"),
    ],
)
def test_arrival_and_departure_as_planners_write_them(arrival, departure, times, table):
    path = table(stop("1", "周一", arrival, departure))
    assert read_stops(path)["opening_hours"].tolist() == [f"Mo {times}"]


def test_without_a_column_of_days_a_vehicle_comes_every_day(table):
    path = table("1,114.3,30.5,8:00,10:00", names="线路,经度,纬度,到站时间,离站时间")
    assert read_stops(path)["opening_hours"].tolist() == ["08:00-10:00"]


@pytest.mark.parametrize(
    ("names", "cells", "hours"),
    [
        ("停靠时间", "8:00-10:00", "08:00-10:00"),
        ("停靠时间,星期", "8:00-10:00,周一", "Mo 08:00-10:00"),
        ("开放时间,星期", "周二 8:00-10:00,", "Tu 08:00-10:00"),
        ("开放时间,星期", "24小时,周一", "Mo 00:00-24:00"),
        ("停靠时段,星期", "8:00-9:00、14:00-15:00,周一", "Mo 08:00-09:00,14:00-15:00"),
        ("opening_hours", '"We[1] 08:00-10:00"', "We[1] 08:00-10:00"),
        ("opening_hours", '"PH Mo-Fr 08:00-10:00"', "PH Mo-Fr 08:00-10:00"),
    ],
)
def test_opening_hours_may_stand_for_arrival_and_departure(names, cells, hours, table):
    path = table(f"1,114.3,30.5,{cells}", names=f"车辆,经度,纬度,{names}")
    assert read_stops(path)["opening_hours"].tolist() == [hours]


def test_a_workbook_with_times_in_merged_cells_is_read(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        NAMES.split(","),
        ["1号车", "东湖", 114.3, 30.5, "周一", dt.time(8), dt.time(10)],
        [None, "光谷", 114.4, 30.5, "周一", dt.time(11, 30), dt.time(13)],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "时刻 表.xlsx")
    stops = read_stops(tmp_path / "时刻 表.xlsx")
    assert stops["vehicle"].tolist() == ["1号车", "1号车"]
    assert stops["opening_hours"].tolist() == ["Mo 08:00-10:00", "Mo 11:30-13:00"]


def test_columns_may_be_named_and_rows_chosen(table):
    path = table(
        "甲,114.3,30.5,周一,8:00,10:00,开行", "乙,114.3,30.5,周一,8:00,10:00,停运", names="司机组,x,y,班期,a,b,状态"
    )
    stops = read_stops(
        path,
        columns={"vehicle": "司机组", "days": "班期", "arrival": "a", "departure": "b"},
        where={"状态": ["开行"]},
        crs="EPSG:32650",
    )
    assert stops["vehicle"].tolist() == ["甲"]
    assert stops.crs == "EPSG:32650"


# --- rows that cannot be used ---

FAULTS = {
    ("1", "看天气", "8:00", "10:00"): "days not understood",
    ("1", "10月的周末某天", "8:00", "10:00"): "days not understood",
    ("1", "2025-02-30", "8:00", "10:00"): "days not understood",
    ("1", "2025-10-07至2025-10-01", "8:00", "10:00"): "days not understood",
    ("1", "周一", "9:00", "5:00"): "arrival and departure not understood",
    ("1", "周一", "9:00", "9:00"): "arrival and departure not understood",
    ("1", "周一", "早上", "10:00"): "arrival and departure not understood",
    ("1", "周一", "8:00", ""): "arrival or departure is blank",
    ("1", "", "8:00", "10:00"): "days are blank",
    ("", "周一", "8:00", "10:00"): "vehicle is blank",
}


@pytest.mark.parametrize("row", FAULTS)
def test_rows_that_cannot_be_used_are_refused_with_the_reason(row, table):
    path = table(stop("9", "周日", "8:00", "10:00"), stop(*row))
    with pytest.raises(InputError, match=rf"must be usable: {FAULTS[row]}.* in 1: row 3"):
        read_stops(path)
    rejected = Rejections()
    assert read_stops(path, rejected=rejected)["vehicle"].tolist() == ["9"]
    (refused,) = rejected.rows
    assert (refused["table"], refused["row"], refused["id"]) == ("mobile stops", 3, "M2")
    assert refused["reason"].startswith(FAULTS[row])
    assert not re.search("[a-z]{4}", speech("zh")._refusal(refused["reason"]))


def test_hours_that_stand_twice_are_refused(table):
    names = f"{NAMES},停靠时间"
    with pytest.raises(InputError, match="arrival and departure beside opening hours in 1: row 2"):
        read_stops(table(stop("1", "周一", "8:00", "10:00") + ",8:00-10:00", names=names))
    with pytest.raises(
        InputError, match=r"days beside opening hours that name days \(周一 周二 8:00-10:00\) in 1: row 2"
    ):
        read_stops(table(stop("1", "周一", "", "") + ",周二 8:00-10:00", names=names))


def test_missing_columns_are_named(table):
    with pytest.raises(SchemaError, match="columns for vehicle"):
        read_stops(table("114.3,30.5,8:00,10:00", names="经度,纬度,到达,离开"))
    with pytest.raises(SchemaError, match="for arrival and departure, or for opening hours"):
        read_stops(table("1,114.3,30.5,8:00", names="车辆,经度,纬度,到达"))
    with pytest.raises(SchemaError, match="columns for lon, lat"):
        read_stops(table("1,8:00,10:00", names="车辆,到达,离开"))
    with pytest.raises(ConfigError, match="must be among"):
        read_stops(table(stop("1", "周一", "8:00", "10:00")), columns={"driver": "司机"})


# --- one vehicle, one place ---


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            [("1", "周一", "8:00", "10:00"), ("1", "周一至周三", "9:59", "11:00")],
            r"1, rows 2 and 3 \(for example on 2024-01-08, an ordinary day\)",
        ),
        ([("1", "周六", "22:00", "次日2:00"), ("1", "周日", "1:00", "3:00")], r"rows 2 and 3 \(for example on 2024-01-07"),
        ([("1", "周一至周五", "8:00", "10:00"), ("1", "节假日", "9:00", "11:00")], r"2024-02-12, a public holiday"),
        ([("1", "周五", "8:00", "10:00"), ("1", "2025-10-11", "8:00", "9:00")], r"2025-10-11, a make-up workday"),
        ([("1", "2024-01-01", "8:00", "10:00"), ("1", "2024-01-01", "9:00", "11:00")], r"2024-01-01, a public holiday"),
        ([("1", "每天", "8:00", "10:00"), ("2", "每天", "8:00", "10:00"), ("1", "每天", "8:00", "10:00")], "1, rows 2 and 4"),
    ],
)  # fmt: skip
def test_a_vehicle_in_two_places_at_once_is_an_error_even_where_rows_may_be_left_out(rows, message, table):
    path = table(*(stop(*row, name=f"站{number}") for number, row in enumerate(rows)))
    with pytest.raises(InputError, match=f"in one place at a time; in two at once 1: .*{message}"):
        read_stops(path, rejected=Rejections())


@pytest.mark.parametrize(
    "rows",
    [
        [("1", "周一", "8:00", "10:00"), ("1", "周一", "10:00", "11:00")],
        [("1", "工作日", "8:00", "10:00"), ("1", "周末、节假日", "9:00", "11:00")],
        [("1", "周一", "8:00", "10:00"), ("2", "周一", "8:00", "10:00")],
        [("1", "周六", "22:00", "次日2:00"), ("1", "周日", "2:00", "3:00")],
        [("1", "2025-10-03", "8:00", "10:00"), ("1", "工作日", "8:00", "10:00")],
    ],
)
def test_a_vehicle_may_go_from_stop_to_stop(rows, table):
    assert len(read_stops(table(*(stop(*row) for row in rows)))) == len(rows)


def test_the_planners_calendar_says_which_days_are_off(table):
    path = table(stop("1", "2027-10-05", "8:00", "10:00"), stop("1", "工作日", "9:00", "11:00"))
    off = Calendar({dt.date(2027, 10, 5): "holiday"}, 2027, 2027)
    assert len(read_stops(path, calendar=off)) == 2
    with pytest.raises(InputError, match="2027-10-05, an ordinary day"):
        read_stops(path, calendar=Calendar({}, 2027, 2027))


STOPS = st.tuples(st.sampled_from("一二三四五六日"), st.integers(0, 7), st.integers(1, 4))


@settings(max_examples=12, deadline=None)
@given(st.lists(STOPS, min_size=2, max_size=4))
def test_overlaps_are_those_of_plain_loops(tmp_path_factory, drawn):
    busy = [{(("一二三四五六日".index(day) * 24 + 3 * start + hour) % 168) for hour in range(3 * length)} for day, start, length in drawn]  # fmt: skip
    meet = [pair for pair in itertools.combinations(range(len(drawn)), 2) if busy[pair[0]] & busy[pair[1]]]
    rows = []
    for day, start, length in drawn:
        end = 3 * (start + length)
        rows.append(stop("1", f"周{day}", f"{3 * start}:00", f"次日{end - 24}:00" if end > 24 else f"{end}:00"))
    path = tmp_path_factory.mktemp("stops") / "表.csv"
    path.write_text("\n".join((NAMES, *rows)), encoding="utf-8")
    # in a year without holidays
    calendar = Calendar({}, 2025, 2025)
    if not meet:
        assert len(read_stops(path, calendar=calendar)) == len(drawn)
        return
    with pytest.raises(InputError, match=rf"in two at once {len(meet)}: ") as caught:
        read_stops(path, calendar=calendar)
    for one, other in meet[:1] if len(meet) > 5 else meet:
        assert f"rows {one + 2} and {other + 2} " in str(caught.value) or len(meet) > 5


@settings(max_examples=100, deadline=None)
@given(*[st.text(alphabet="周一至五每天工作日节假2025-103/:0 点早上次Mo", max_size=12)] * 4)
def test_no_cells_break_the_reader(days, arrival, departure, hours):
    written, reason = _stop_hours(days.strip(), arrival.strip(), departure.strip(), hours.strip(), days_column=True)
    assert bool(written) != bool(reason)
    if written:
        assert open_slots([written, "Mo-Su 00:00-24:00"], WEEK, CALENDAR).understood.all()


def test_names_of_columns_in_the_documentation_are_known(repository):
    page = (repository / "docs" / "methods-hours.md").read_text(encoding="utf-8")
    rows = page.split("## Mobile services\n")[1].split("|---|---|---|\n")[1].split("\n\n")[0].splitlines()
    assert len(rows) == 7
    for row in rows:
        names, called = [cell.strip() for cell in row.strip("|").split("|")][:2]
        known = {alias for name in re.findall("`([a-z_]+)`", names) for alias in MOBILE_ALIASES[name]} | {"坐标"}
        assert set(re.split("[,;] ", called)) <= known, row
