"""China's public holidays and make-up workdays: the file of ours against two packages, files of planners."""

import datetime as dt

import chinese_calendar
import holidays
import openpyxl
import pytest

from coverage_planner.errors import ConfigError, InputError, SchemaError
from coverage_planner.sources.calendar import HOLIDAYS_CN, Calendar, parse_date, read_calendar

DAY = dt.timedelta(days=1)
FRIDAY_OFF, SUNDAY_OF_WORK = dt.date(2025, 10, 3), dt.date(2025, 9, 28)


@pytest.fixture(scope="module")
def ours():
    return read_calendar()


@pytest.fixture
def table(tmp_path):
    def write(*rows, names="日期,类型"):
        path = tmp_path / "放假 安排.csv"
        path.write_text("\n".join((names, *rows)), encoding="utf-8")
        return path

    return write


def every_day(calendar):
    day = dt.date(calendar.first_year, 1, 1)
    while day.year <= calendar.last_year:
        yield day
        day += DAY


def test_our_file_has_the_notices_of_three_years(ours):
    assert (ours.first_year, ours.last_year) == (2024, 2026)
    assert ours.kind(FRIDAY_OFF) == "holiday"
    assert ours.kind(SUNDAY_OF_WORK) == "workday"
    assert ours.kind(dt.date(2025, 9, 26)) == "ordinary"
    sources = {line.split(",")[0][:4]: line.split(",")[3] for line in HOLIDAYS_CN.read_text("utf-8").splitlines()[1:]}
    assert {year: source.split()[-1] for year, source in sources.items()} == {
        "2024": "国办发明电〔2023〕7号",
        "2025": "国办发明电〔2024〕12号",
        "2026": "国办发明电〔2025〕7号",
    }


def test_every_day_is_what_the_package_chinesecalendar_says(ours):
    for day in every_day(ours):
        off, name = chinese_calendar.get_holiday_detail(day)
        kind = "holiday" if off and name else "workday" if not off and day.weekday() > 4 else "ordinary"
        assert ours.kind(day) == kind, day


def test_every_weekday_off_and_every_make_up_workday_is_in_the_package_holidays(ours):
    theirs = holidays.country_holidays("CN", years=range(ours.first_year, ours.last_year + 1))
    for day in every_day(ours):
        if day.weekday() < 5:  # of weekends the package names the festivals only
            assert (ours.kind(day) == "holiday") == (day in theirs), day
        else:
            assert (ours.kind(day) == "workday") == (day in theirs.weekend_workdays), day
            assert day not in theirs or ours.kind(day) == "holiday", day


def test_a_make_up_saturday_stands_for_friday_and_a_sunday_for_monday(ours):
    assert ours.weekday(SUNDAY_OF_WORK) == 0
    assert ours.weekday(dt.date(2025, 10, 11)) == 4
    assert [ours.weekday(dt.date(2025, 9, 15) + number * DAY) for number in range(7)] == list(range(7))
    assert ours.weekday(FRIDAY_OFF) == 4  # a holiday keeps its weekday: rules of PH decide


def test_years_that_are_not_known_are_an_error_that_says_how_to_give_them(ours):
    for day in (dt.date(2023, 12, 31), dt.date(2027, 1, 1)):
        with pytest.raises(ConfigError, match=rf"2024 to 2026, got {day}.*日期.*班.*\[hours\] calendar"):
            ours.kind(day)


@pytest.mark.parametrize("text", ["2027-01-01", "2027/1/1", "2027年1月1日", "20270101", "2027.1.1", "２０２７－０１－０１", "2027-01-01 00:00:00"])  # fmt: skip
def test_dates_are_read_as_people_write_them(text, table):
    assert parse_date(text) == dt.date(2027, 1, 1)
    calendar = read_calendar(table(f"{text},休", "2027-1-2,班"))
    assert (calendar.first_year, calendar.last_year) == (2027, 2027)
    assert calendar.days == {dt.date(2027, 1, 1): "holiday", dt.date(2027, 1, 2): "workday"}


@pytest.mark.parametrize(
    ("names", "off", "on"),
    [
        ("date,kind", "holiday", "workday"),
        ("日期,类型", "休", "班"),
        ("日期,类型", "节假日", "调休上班"),
        ("日期,类别", "放假", "补班"),
        ("Date,Type", "Off", "Make-up workday"),
    ],
)
def test_columns_and_kinds_have_many_names(names, off, on, table):
    calendar = read_calendar(table(f"2027-01-01,{off}", f"2027-01-02,{on}", names=names))
    assert list(calendar.days.values()) == ["holiday", "workday"]


def test_a_workbook_with_dates_and_further_columns_is_read(tmp_path):
    book = openpyxl.Workbook()
    for row in (["名称", "日期", "类型", "来源"], ["元旦", dt.date(2027, 1, 1), "休", "通知"], ["元旦", dt.datetime(2027, 1, 2), "班", ""]):  # noqa: DTZ001 # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "日历.xlsx")
    days = read_calendar(tmp_path / "日历.xlsx").days
    assert days == {dt.date(2027, 1, 1): "holiday", dt.date(2027, 1, 2): "workday"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2025-10-01,休", "国庆,休"], r"dates of .* must be days such as 2025-10-03; not so 1: row 3 \('国庆'\)"),
        (["2025-02-30,休"], r"not so 1: row 2 \('2025-02-30'\)"),
        ([",休", "2025-10-01,休"], r"not so 1: row 2 \(''\)"),
        (["2025-10-01,休", "2025-10-02,半天"], r"kinds of days .* not so 1: row 3 \('半天'\)"),
        (["2025-10-01,休", "2025-10-04,班", "2025/10/1,休"], r"must not repeat.* 1: 2025-10-01 \(rows 2, 4\)"),
        (["2025-10-04,休", "2025-10-04,班"], "got both for 2025-10-04 in rows 2 and 3"),
        (["2025-10-11,班", "2025-10-10,班"], r"Saturdays or Sundays, got 1: 2025-10-10 \(Friday\)"),
        (["2025-10-01,休", "2027-10-01,休"], "every year from 2025 to 2027, got none of 1: 2026"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_rows(rows, message, table):
    with pytest.raises(InputError, match=message):
        read_calendar(table(*rows))


def test_missing_columns_are_named(table):
    with pytest.raises(SchemaError, match="must have columns for kind"):
        read_calendar(table("2025-10-01,x", names="日期,备注"))


def test_a_calendar_made_by_hand_is_checked():
    with pytest.raises(ConfigError, match="lie in its years 2024 to 2024; not so 1: 2025-01-01"):
        Calendar({dt.date(2025, 1, 1): "holiday"}, 2024, 2024)
    with pytest.raises(ConfigError, match=r"2025-10-10 \(Friday\)"):
        Calendar({dt.date(2025, 10, 10): "workday"}, 2025, 2025)
