"""What is said of opening hours, calendars and timetables is said in Chinese too."""

import datetime as dt
import re
import warnings

import pytest

from coverage_planner.coverage.hours import open_slots
from coverage_planner.coverage.week import build_week
from coverage_planner.errors import CoveragePlannerError
from coverage_planner.pipeline.doctor_reading import of_message
from coverage_planner.report.messages import in_chinese
from coverage_planner.sources.calendar import read_calendar
from coverage_planner.sources.mobile import read_mobile_stops

CALENDAR = read_calendar()


def hours(*texts):
    return lambda _: open_slots(texts, build_week(CALENDAR), CALENDAR, ids=["F7", "F8", "F9"][: len(texts)])


def calendar(*rows):
    def read(folder):
        (folder / "日历.csv").write_text("\n".join(("日期,类型", *rows)), encoding="utf-8")
        return read_calendar(folder / "日历.csv")

    return read


def stops(*rows, names="车辆,经度,纬度,星期,到达,离开"):
    def read(folder):
        (folder / "车.csv").write_text("\n".join((names, *rows)), encoding="utf-8")
        return read_mobile_stops(folder / "车.csv")

    return read


SAID = [
    (hours("看天气", "24/7", "下雨; 不开"), "2 个站点的开放时间无法识别.*F7 .'看天气'.*F9 .'下雨; 不开'"),
    (hours("SH 10:00-12:00"), "1 个站点.*学校假期"),
    (hours("sunrise-sunset"), "1 个站点.*日出日落"),
    (hours("10:00+"), "1 个站点.*没有写明结束时间"),
    (hours("10:30-11:00"), "1 个站点.*填不满一个 60 分钟"),
    (hours("10:30-11:00", "10:10-10:20"), "2 个站点.*填不满一个 60 分钟"),
    (hours("10:10-10:20"), "1 个站点.*填不满一个 60 分钟"),
    (hours("2025 Oct 03 10:00-12:00"), "1 个站点只在某些日期开放"),
    (calendar("国庆,休"), "日历.csv 中有的日期不是日期：row 2"),
    (calendar("2025-10-01,休", "2025-10-01,休"), "日历.csv 中有日期重复：2025-10-01"),
    (calendar("2025-10-01,半"), "日历.csv 中有的类型无法识别"),
    (calendar("2025-10-04,休", "2025-10-04,班"), "2025-10-04 既是节假日又是调休上班日（第 2、3 行）"),
    (calendar("2025-10-01,班"), "须为周六或周日，现有：2025-10-01"),
    (calendar("2025-10-01,休", "2027-10-01,休"), "从 2025 年到 2027 年中缺少：2026"),
    (lambda _: CALENDAR.kind(dt.date(2030, 1, 1)), "日历只有 2024 至 2026 年，没有 2030-01-01"),
    (lambda _: build_week(CALENDAR, of=dt.date(2025, 10, 2)), "2025-10-02 所在的一周有节假日"),
    (
        stops("甲,114.3,30.5,周一,8:00,10:00", "甲,114.4,30.5,周一,9:00,11:00"),
        "车.csv 中有 1 处同一车辆同时停在两个地方：甲, rows 2 and 3",
    ),
    (stops("甲,114.3,30.5", names="车辆,经度,纬度"), "车.csv 中没有到达、离开时间，也没有停靠时间"),
]


@pytest.mark.parametrize(("act", "said"), SAID, ids=[said for _, said in SAID])
def test_it_is_said_in_chinese(act, said, tmp_path):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            act(tmp_path)
        except CoveragePlannerError as error:
            message = str(error)
        else:
            (warning,) = caught
            message = str(warning.message)
    found = in_chinese(message)
    assert found is not None, message
    assert re.search(said, found[0]), found
    finding = of_message("error", "x", "y", message)
    assert (finding.what.zh, finding.advice.zh) == found
    assert message == f"{finding.what.en}; {finding.advice.en}"
    assert finding.advice.en.count("'") % 2 == 0  # not cut inside an example
