"""The representative week: its slots, its labels, and what it may not contain."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.coverage.week import DAY_NAMES, Week, build_week
from coverage_planner.errors import ConfigError
from coverage_planner.sources.calendar import Calendar, read_calendar

CALENDAR = read_calendar()
SPECIAL = [dt.date(2025, 10, 3), dt.date(2025, 9, 28)]
DAYS = [dt.date(2025, 1, 1) + dt.timedelta(days=number) for number in range(365)]


@settings(max_examples=20)
@given(
    st.sampled_from([15, 30, 60]),
    st.lists(st.sampled_from([day for day in DAYS if not dt.date(2025, 9, 15) <= day <= dt.date(2025, 9, 21)]), max_size=3, unique=True),
)  # fmt: skip
def test_slots_are_those_of_plain_loops(slot_min, dates):
    week = build_week(CALENDAR, of=dt.date(2025, 9, 17), dates=dates, slot_min=slot_min)
    days = [dt.date(2025, 9, 15 + number) for number in range(7)] + dates
    expected = []
    for number, day in enumerate(days):
        for minute in range(0, 1440, slot_min):
            name = DAY_NAMES[number] if number < 7 else day.isoformat()
            expected.append((len(expected), day.isoformat(), name, CALENDAR.kind(day), minute / 60))
    labels = week.labels()
    assert list(labels.itertuples(index=False, name=None)) == expected
    assert week.days == tuple(days)
    assert week.day_kinds == tuple(CALENDAR.kind(day) for day in days)
    assert week.starts.dtype == np.dtype("datetime64[m]")
    assert week.starts.tolist() == [
        dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minute)
        for day in days
        for minute in range(0, 1440, slot_min)
    ]
    assert week.ordinary == slice(0, 7 * 1440 // slot_min)
    for slot, date, name, _, hour in expected[:: 97 * 15 // slot_min + 1]:
        clock = f"{int(hour):02d}:{round(hour % 1 * 60):02d}"
        assert week.slot(f"{name} {clock}") == week.slot(f"{date} {clock}") == slot


def test_a_moment_inside_a_slot_is_in_it():
    week = build_week(CALENDAR, of=dt.date(2025, 9, 17), dates=SPECIAL)
    assert week.slot("We 23:59") == week.slot("we 23:00") == 2 * 24 + 23
    assert week.slot("2025-10-03 15:30") == 7 * 24 + 15


@pytest.mark.parametrize(
    "moment", ["We", "We 24:00", "We 12:60", "23:00", "Xx 12:00", "周三 12:00", "2025-10-04 12:00", "We 12"]
)
def test_a_moment_that_the_week_has_not_is_refused(moment):
    with pytest.raises(ConfigError, match="moment must be"):
        build_week(CALENDAR, of=dt.date(2025, 9, 17), dates=SPECIAL).slot(moment)


def test_without_a_date_the_week_is_ordinary_and_near_the_middle_of_the_last_year():
    week = build_week(CALENDAR)
    assert (week.days[0], week.day_kinds) == (dt.date(2026, 6, 29), ("ordinary",) * 7)
    days = {dt.date(2025, 6, 30) + dt.timedelta(days=number): "holiday" for number in range(7)}
    # the week before ends and the week after begins beside the holidays; the Sunday before the latter is one of them
    assert build_week(Calendar(days, 2025, 2025)).days[0] == dt.date(2025, 6, 23)
    days[dt.date(2025, 6, 22)] = "workday"
    assert build_week(Calendar(days, 2025, 2025)).days[0] == dt.date(2025, 7, 14)
    with pytest.raises(ConfigError, match="a week without holidays and make-up workdays in 2025, got none"):
        build_week(Calendar(dict.fromkeys(DAYS[::7], "holiday"), 2025, 2025))


@pytest.mark.parametrize(
    ("of", "named"),
    [(dt.date(2025, 10, 2), "2025-10-01"), (dt.date(2025, 9, 22), "2025-09-28"), (dt.date(2025, 10, 8), "2025-10-11")],
)
def test_a_week_with_a_holiday_or_a_make_up_workday_is_refused(of, named):
    with pytest.raises(ConfigError, match=rf"no holiday and no make-up workday, got \d: .*{named}"):
        build_week(CALENDAR, of=of)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"slot_min": 20}, r"slot_min must be one of \(15, 30, 60\), got 20"),
        ({"dates": [dt.date(2025, 9, 16)]}, "must not repeat or lie in the week .* got 1: 2025-09-16"),
        ({"dates": [SPECIAL[0], SPECIAL[0]]}, "got 1: 2025-10-03"),
        ({"dates": [dt.date(2030, 1, 1)]}, "2024 to 2026, got 2030-01-01"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        build_week(CALENDAR, of=dt.date(2025, 9, 17), **arguments)


def test_a_week_made_by_hand_is_checked():
    week = build_week(CALENDAR, of=dt.date(2025, 9, 17))
    with pytest.raises(ConfigError, match="begin on a Monday"):
        Week(week.starts + np.timedelta64(1, "D"), 60, week.day_kinds, 168)
    with pytest.raises(ConfigError, match="seven days of 48 slots"):
        Week(week.starts, 30, week.day_kinds, 168)
    with pytest.raises(ConfigError, match="168 minutes"):
        Week(week.starts[:-1], 60, week.day_kinds, 168)
    with pytest.raises(ConfigError, match="slot_min must be one of"):
        Week(week.starts, 45, week.day_kinds, 168)
