"""Opening hours over a week, against an evaluator of plain loops and against the library where it is right."""

import datetime as dt
import itertools
import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import osmium
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opening_hours import OpeningHours, State, validate

from coverage_planner.coverage.hours import OpenSlots, open_slots
from coverage_planner.coverage.week import build_week
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.sources.calendar import Calendar, read_calendar
from coverage_planner.sources.hour_minutes import open_minutes
from coverage_planner.sources.hour_rules import parse_rules

CALENDAR = read_calendar()
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONDAY = dt.date(2025, 9, 15)
#: Around National Day: a make-up Sunday, the eve, all days off, the day after, a make-up Saturday and what follows it.
DATES = [dt.date(2025, 9, 27) + dt.timedelta(days=number) for number in range(17)]
HOLIDAYS = {dt.date(2025, 10, number) for number in range(1, 9)}
SUNDAY_OF_WORK, SATURDAY_OF_WORK = dt.date(2025, 9, 28), dt.date(2025, 10, 11)
FRIDAY_OFF = dt.date(2025, 10, 3)
WEEKS = {slot: build_week(CALENDAR, of=MONDAY, dates=DATES, slot_min=slot) for slot in (15, 30, 60)}


def hours_open(text, moment, **options):
    """Whether a station is open in the hour of a moment."""
    week = WEEKS[60]
    return bool(open_slots([text], week, CALENDAR, **options).open[0, week.slot(moment)])


def spans(text, day):
    """From and to of the hours in which a station is open on a day: '08-12 14-18'."""
    week = WEEKS[60]
    first = week.slot(f"{day} 00:00")
    row = open_slots([text], week, CALENDAR).open[0, first : first + 24]
    ends = np.flatnonzero(np.diff([0, *row.astype(int), 0]))
    return " ".join(f"{start:02d}-{end:02d}" for start, end in zip(ends[::2], ends[1::2], strict=True))


# --- the two days that the library gets wrong ---


@pytest.mark.parametrize("options", [{}, {"country": "CN"}])
def test_a_friday_off_and_a_sunday_of_work_which_the_library_alone_gets_wrong(options):
    text = "Mo-Fr 08:00-18:00; PH off"
    alone = OpeningHours(text, **options)
    assert alone.is_open(dt.datetime(2025, 10, 3, 10))  # noqa: DTZ001 - wrong
    assert alone.is_closed(dt.datetime(2025, 9, 28, 10))  # noqa: DTZ001 - wrong
    assert not hours_open(text, "2025-10-03 10:00")
    assert hours_open(text, "2025-09-28 10:00")
    assert hours_open(text, "Fr 10:00")
    assert not hours_open(text, "Su 10:00")


# --- what each form of rule means ---


@pytest.mark.parametrize(
    ("text", "on"),
    [
        # selectors of days: an ordinary Friday and Sunday, the Friday off, the make-up Sunday and Saturday
        ("Mo-Fr 08:00-18:00; PH off", ["08-18", "", "", "08-18", "08-18"]),
        ("Mo-Fr 08:00-18:00", ["08-18", "", "08-18", "08-18", "08-18"]),
        ("Su,PH 10:00-18:00", ["", "10-18", "10-18", "", ""]),
        ("PH,Mo-Fr 09:00-17:00", ["09-17", "", "09-17", "09-17", "09-17"]),
        ("Mo-Fr PH 09:00-17:00", ["09-17", "", "09-17", "09-17", "09-17"]),
        ("PH Mo-Fr 09:00-17:00", ["", "", "09-17", "", ""]),
        ("PH Sa,Su 09:00-17:00", ["", "", "", "", ""]),
        ("PH 09:00-17:00", ["", "", "09-17", "", ""]),
        ("PH", ["", "", "00-24", "", ""]),
        ("24/7; PH off", ["00-24", "00-24", "", "00-24", "00-24"]),
        ("24/7; PH 10:00-12:00", ["00-24", "00-24", "10-12", "00-24", "00-24"]),
        ("Mo-Su 08:00-20:00; Su off", ["08-20", "", "08-20", "08-20", "08-20"]),
        ("Sa,Su 10:00-12:00", ["", "10-12", "", "", ""]),
        ("SH 08:00-20:00; Fr 10:00-11:00", ["10-11", "", "10-11", "", "10-11"]),
        ("Su[3] 10:00-12:00", ["", "10-12", "", "", ""]),
        ("Su[4] 10:00-12:00", ["", "", "", "", ""]),
        # other selectors
        ("2025 Oct 01-2025 Oct 07 12:00-13:00", ["", "", "12-13", "", ""]),
        ("2025 Oct 01-07,2025 Oct 11: 12:00-13:00", ["", "", "12-13", "", "12-13"]),
        ("Oct-Dec 08:00-12:00; Jan-Sep 09:00-12:00", ["09-12", "09-12", "08-12", "09-12", "08-12"]),
        ("Mo-Su 08:00-20:00; Oct off", ["08-20", "08-20", "", "08-20", ""]),
        ("Mo-Su 08:00-20:00; Oct 03 10:00-12:00", ["08-20", "08-20", "10-12", "08-20", "08-20"]),
        ("week 38 Fr 08:00-12:00", ["08-12", "", "", "", ""]),
        # times
        ("08:00-12:00,14:00-18:00", ["08-12 14-18"] * 5),
        ("08:00-12:00, 14:00-18:00", ["08-12 14-18"] * 5),
        ("Mo-Su 08:00-20:00; Mo-Su 10:00-12:00", ["10-12"] * 5),
        ("Mo-Su 08:00-20:00, Mo-Su 21:00-22:00", ["08-20 21-22"] * 5),
        ("24/7; 12:00-14:00 off", ["00-12 14-24"] * 5),
        ("24/7; Su 12:00-14:00 off", ["00-24", "00-12 14-24", "00-24", "00-24", "00-24"]),
        ("Mo-Su 08:00-20:00; 12:00-14:00 unknown", [""] * 5),
        ("Mo-Su 08:00-20:00, Mo-Su 12:00-14:00 unknown", ["08-12 14-20"] * 5),
        ("08:00-20:00+", ["08-20"] * 5),
        ("sunrise-sunset", ["07-19"] * 5),
        ("(sunrise+01:00)-20:00", ["08-20"] * 5),
        # rules that hold where nothing is said
        ("Fr 08:00-12:00 || 14:00-18:00", ["08-12 14-18", "14-18", "08-12 14-18", "14-18", "08-12 14-18"]),
        ("Mo-Fr 08:00-12:00; PH off || 14:00-18:00", ["08-12 14-18", "14-18", "", "08-12 14-18", "08-12 14-18"]),
        ('Mo-Fr 08:00-12:00 || "by appointment; call, please"', ["08-12", "", "08-12", "08-12", "08-12"]),
        # comments
        ('Mo-Su 08:00-12:00 open "ring, then wait; thanks"', ["08-12"] * 5),
        ('Mo-Su 08:00-12:00 "members"', [""] * 5),
        ('"on request"', [""] * 5),
        ('24/7; PH off "see || the door"', ["00-24", "00-24", "", "00-24", "00-24"]),
        # how it is written
        ("mo-fr 8:00 - 18:00;ph closed ;", ["08-18", "", "", "08-18", "08-18"]),
        ("Ｍｏ－Ｆｒ　８：００－１８：００；　ＰＨ　ｏｆｆ", ["08-18", "", "", "08-18", "08-18"]),
        ("工作日 8:00-18:00", ["08-18", "", "", "08-18", "08-18"]),
        ("周一至周五 8:00-18:00，周末及节假日 10:00-16:00", ["08-18", "10-16", "10-16", "08-18", "08-18"]),
        ("off", [""] * 5),
        ("open", ["00-24"] * 5),
    ],
)  # fmt: skip
def test_what_a_text_means(text, on):
    days = ("Fr", "Su", str(FRIDAY_OFF), str(SUNDAY_OF_WORK), str(SATURDAY_OF_WORK))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert [spans(text, day) for day in days] == on


def test_days_beside_holidays():
    with_eve = "24/7; PH -1 day off"
    assert [spans(with_eve, f"2025-{day}") for day in ("09-29", "09-30", "10-07", "10-08")] == [
        "00-24",
        "",
        "",
        "00-24",
    ]
    after = "24/7; PH +1 day 10:00-12:00"
    assert [spans(after, f"2025-{day}") for day in ("10-01", "10-02", "10-09", "10-10")] == ["00-24", "10-12", "10-12", "00-24"]  # fmt: skip


# --- nights ---


def test_nights_belong_to_the_day_on_which_they_began():
    text = "Mo-Su 22:00-06:00; PH off"
    assert spans(text, "2025-09-30") == "00-06 22-24"
    assert spans(text, "2025-10-01") == "00-06"  # the night of the eve
    assert spans(text, "2025-10-02") == ""
    assert spans(text, "2025-10-08") == ""  # its night is a holiday's
    assert spans(text, "2025-10-09") == "22-24"  # so that this morning is closed
    assert spans(text, "2025-10-10") == "00-06 22-24"
    only = "PH 20:00-04:00"
    assert [spans(only, f"2025-{day}") for day in ("10-01", "10-05", "10-09")] == ["20-24", "00-04 20-24", "00-04"]


@pytest.mark.parametrize(
    ("text", "friday", "saturday", "sunday"),
    [
        ("Mo-Fr 22:00-06:00; Sa 10:00-12:00", "00-06 22-24", "00-06 10-12", ""),
        ("Fr 22:00-30:00", "22-24", "00-06", ""),
        ("Fr 08:00-32:00", "08-24", "00-08", ""),
        ("Fr 08:00-08:00", "08-24", "00-08", ""),
        ("Fr 20:00-02:00; Fr 22:00-05:00", "22-24", "00-05", ""),
        ("Fr 20:00-02:00, Sa 01:00-05:00", "20-24", "00-05", ""),
        ("22:00-06:00; 03:00-04:00 off", "00-03 04-06 22-24", "00-03 04-06 22-24", "00-03 04-06 22-24"),
        ("22:00-06:00; Sa off", "00-06 22-24", "00-06", "22-24"),
        ("22:00-06:00; Sa unknown", "00-06 22-24", "00-06", "22-24"),
        ("24/7; Fr 22:00-02:00 off", "00-22", "02-24", "00-24"),
        ("Fr 22:00-02:00 unknown || 24/7", "00-22", "02-24", "00-24"),
        ("Fr 22:00-02:00 || 20:00-05:00", "00-05 20-24", "00-05 20-24", "00-05 20-24"),
    ],
)
def test_rules_that_meet_at_midnight(text, friday, saturday, sunday):
    assert [spans(text, day) for day in ("Fr", "Sa", "Su")] == [friday, saturday, sunday]


# --- slots ---


def test_a_slot_is_open_when_all_of_it_is():
    text = "08:30-17:45"
    expected = {60: (9, 17), 30: (8.5, 17.5), 15: (8.5, 17.75)}
    for slot_min, (start, end) in expected.items():
        week = WEEKS[slot_min]
        hour = week.labels()["hour"]
        row = open_slots([text], week, CALENDAR).open[0]
        assert np.array_equal(row, (hour >= start) & (hour + slot_min / 60 <= end))


@pytest.mark.parametrize(
    ("texts", "slot_min", "message"),
    [
        (["24/7", "Mo 10:15-11:00"], 60, r"slot of 60 minutes.* stations 1: 1 \('Mo 10:15-11:00'\).*; choose slot_min = 30"),
        (["Mo 10:30-11:00", "Mo 10:20-11:10"], 60, "stations 2: 0 .*, 1 .*; choose slot_min = 30"),
        (["Mo 10:10-10:25"], 60, "round the times to quarters of an hour"),
        (["Mo 10:30-11:00", "10:10-10:25"], 60, "choose slot_min = 30 and round the times of stations 1: 1"),
        (["Mo 10:00-10:10"], 15, "round the times to quarters of an hour"),
        (["08:00-12:00,12:30-13:00"], 60, "choose slot_min = 30"),
    ],
)  # fmt: skip
def test_times_that_fill_no_slot_are_warned_of(texts, slot_min, message):
    with pytest.warns(UserWarning, match=message):
        open_slots(texts, WEEKS[slot_min], CALENDAR)


def test_times_that_fill_a_slot_are_not_warned_of():
    for texts in (["08:30-17:30"], ["Su 23:30-24:00"], ["Su 23:30-00:30"], [None], ["off"]):
        open_slots(texts, WEEKS[60], CALENDAR)


# --- what is not said or not understood ---


@pytest.mark.parametrize("blank", [None, "", "  ", float("nan"), pd.NA, "无", "-"])
def test_stations_that_say_nothing_have_the_hours_of_those(blank):
    week = WEEKS[60]
    found = open_slots([blank, "10:00-12:00"], week, CALENDAR, unstated="Mo-Fr 08:00-20:00")
    assert found.stated.tolist() == [False, True]
    assert found.understood.tolist() == [True, True]
    assert np.array_equal(found.open[0], open_slots(["Mo-Fr 08:00-20:00"], week, CALENDAR).open[0])
    assert open_slots([blank], week, CALENDAR).open.all()


@pytest.mark.parametrize(
    "text",
    ["看天气", "10:00", "Mo-Fr 10:00", "10:00-16:00/02:00", "Mo-Fr 25:00-26:00", "Mon-Fri 9-17", "Mo-Fr 08:00-12:00 Sa",
     "PH[1] off", "Mo-Fr 08:00-12:00 off off", "Xx 08:00-12:00", "x" * 2000],
)  # fmt: skip
def test_what_is_not_understood_is_told_and_treated_as_unsaid(text):
    week = WEEKS[60]
    with pytest.warns(UserWarning, match="not understood, and treated as if nothing was said.* stations 1: 1"):
        found = open_slots(["24/7", text], week, CALENDAR, unstated="09:00-10:00")
    assert found.understood.tolist() == [True, False]
    assert found.stated.tolist() == [True, True]
    assert found.open[1].sum() == len(week.days)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Mo-Fr 08:00-18:00; SH off", "school holidays"),
        ("sunrise-20:00", "rise at 7:00"),
        ("Mo 10:00+", "say when they end"),
        ("2025 Nov 03 10:00-12:00", "open on one that is looked at.*; add one of their dates"),
    ],
)
def test_what_may_surprise_is_warned_of(text, message):
    with pytest.warns(UserWarning, match=message):
        assert open_slots([text], WEEKS[60], CALENDAR).understood.all()


def test_the_rest_must_be_understood():
    with pytest.raises(ConfigError, match=r"unstated must be opening hours.*'看天气'"):
        open_slots([], WEEKS[60], CALENDAR, unstated="看天气")


def test_no_stations_have_no_hours():
    found = open_slots([], WEEKS[60], CALENDAR)
    assert found.open.shape == (0, len(WEEKS[60].starts))
    with pytest.raises(InputError, match="a row per station"):
        OpenSlots(found.open, np.ones(1, dtype=bool), found.understood)


def test_the_night_before_the_calendar_begins_is_not_guessed_at():
    week = build_week(CALENDAR, of=MONDAY, dates=[dt.date(2024, 1, 1)])
    assert open_slots(["Mo-Su 08:00-20:00"], week, CALENDAR).open[0, -24:].sum() == 12
    with pytest.raises(ConfigError, match="got 2023-12-31"):
        open_slots(["Mo-Su 20:00-08:00"], week, CALENDAR)


# --- plain loops ---


def fits(item, day):
    if item == "PH":
        return day in HOLIDAYS
    weekday = {SUNDAY_OF_WORK: 0, SATURDAY_OF_WORK: 4}.get(day, day.weekday())
    if isinstance(item, str):
        return NAMES[weekday] == item
    listed = [item[0]]
    while listed[-1] != item[1]:
        listed.append((listed[-1] + 1) % 7)
    return weekday in listed


@dataclass(frozen=True)
class Rule:
    """A drawn rule: where it stands, on which days, in which minutes after midnight (beyond 1440: next day)."""

    joint: str
    says: str
    days: tuple = ()
    months: tuple = ()
    times: tuple = field(default=())

    def text(self):
        def clock(minutes):
            return f"{minutes // 60:02d}:{minutes % 60:02d}"

        def end(start, minutes):  # 26:00, and 02:00 where that is the same
            return clock(minutes - 1440 if 1440 < minutes < start + 1440 and minutes % 2 else minutes)

        months = "" if not self.months else "-".join(MONTHS[month - 1] for month in self.months)
        days = ",".join(day if isinstance(day, str) else f"{NAMES[day[0]]}-{NAMES[day[1]]}" for day in self.days)
        times = ",".join(f"{clock(a)}-{end(a, b)}" for a, b in self.times)
        parts = [part for part in (months, days, times) if part]
        # 'Mo, Tu 10:00-12:00' is one rule for two days; 'Mo open, Tu 10:00-12:00' are two
        word = [] if self.says == "open" and self.times else [self.says]
        return " ".join([*(parts or ["24/7"]), *word])

    def holds(self, day):
        first, last = self.months or (1, 12)
        months = [*range(first, last + 1)] if first <= last else [*range(first, 13), *range(1, last + 1)]
        return day.month in months and (not self.days or any(fits(item, day) for item in self.days))

    def covers(self, minute):
        if not self.times:
            return minute < 1440
        return any(start <= minute < end for start, end in self.times)


def said(rules, day, minute):
    """What a day's rules say of a minute after its midnight, or of one beyond the next: standing, word."""
    answer, closed = None, False
    for number, rule in enumerate(rules):
        if not rule.holds(day):
            continue
        if rule.joint == "||":
            if rule.covers(minute) and answer is None and not closed:
                answer = (-1 - number, rule.says)
        elif rule.says == "off" and not rule.times:
            answer, closed = None, True
        else:
            if rule.joint == ";" and rule.says != "off":
                answer, closed = None, False
            if rule.covers(minute):
                whole_day_unknown = rule.says == "unknown" and not rule.times
                answer = (-1000 if whole_day_unknown else number, rule.says)
    return answer


def is_open(rules, day, minute):
    today = said(rules, day, minute)
    night = said(rules, day - dt.timedelta(days=1), minute + 1440)
    holding = [answer for answer in (today, night) if answer is not None]
    return bool(holding) and max(holding, key=lambda answer: answer[0])[1] == "open"


TIMES = st.tuples(st.integers(0, 47), st.integers(1, 48)).map(lambda drawn: (drawn[0] * 30, (drawn[0] + drawn[1]) * 30))
ODD_TIMES = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda drawn: (drawn[0], sum(drawn)))
DAYS = st.one_of(st.sampled_from([*NAMES, "PH", "PH"]), st.tuples(st.integers(0, 6), st.integers(0, 6)))


@st.composite
def rules_of(draw, times=TIMES):
    rules = []
    for number in range(draw(st.integers(1, 4))):
        rules.append(
            Rule(
                draw(st.sampled_from([";", ";", ",", "||"])) if number else ";",
                draw(st.sampled_from(["open", "open", "open", "off", "unknown"])),
                tuple(draw(st.lists(DAYS, max_size=3))),
                draw(st.sampled_from([(), (), (9, 9), (10, 10), (11, 9), (4, 10)])),
                tuple(draw(st.lists(times, max_size=3, unique=True))),
            )
        )  # fmt: skip
        # behind a comma, times without days would belong to the rule before
        if rules[-1].joint == "," and not rules[-1].days:
            rules[-1] = Rule(",", rules[-1].says, ("Mo", (1, 6), "PH"), rules[-1].months, rules[-1].times)
    return rules


def text_of(rules):
    joints = {";": "; ", ",": ", ", "||": " || "}
    return "".join(("" if number == 0 else joints[rule.joint]) + rule.text() for number, rule in enumerate(rules))


def check_against_loops(rules, step, slots):
    text = text_of(rules)
    open_at = [
        [is_open(rules, day, minute) for minute in range(0, 1440, step)]
        for day in WEEKS[60].days
    ]  # fmt: skip
    for slot_min in slots:
        expected = [
            all(minutes[start : start + slot_min // step])
            for minutes in open_at
            for start in range(0, 1440 // step, slot_min // step)
        ]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = open_slots([text], WEEKS[slot_min], CALENDAR)
        assert found.understood.all(), text
        assert found.open[0].tolist() == expected, (text, slot_min)


@settings(max_examples=50, deadline=None)
@given(rules_of())
@example([Rule(";", "open", ((0, 6),), (), ((1320, 1800),)), Rule(";", "off", ("PH",))])
@example([Rule(";", "open", ("Su", "PH"), (), ((600, 1080),)), Rule("||", "open", (), (), ((1200, 1500),))])
def test_slots_are_those_of_plain_loops(rules):
    check_against_loops(rules, 30, (30, 60))


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(rules_of(times=st.one_of(TIMES, ODD_TIMES)))
def test_slots_are_those_of_plain_loops_minute_by_minute(rules):
    check_against_loops(rules, 1, (15, 30, 60))


@settings(max_examples=40, deadline=None)
@given(rules_of(times=st.tuples(st.integers(0, 47), st.integers(1, 48)).map(lambda t: (min(t) * 30, max(t) * 30)).filter(lambda t: t[0] < t[1])))  # fmt: skip
def test_ordinary_days_without_nights_are_those_of_the_library(rules):
    plain = [
        Rule("," if rule.joint == "||" else rule.joint, rule.says, tuple(d for d in rule.days if d != "PH") or ((0, 6),), rule.months, rule.times)
        for rule in rules
    ]  # fmt: skip
    text = text_of(plain)
    library = OpeningHours(text)
    week = build_week(CALENDAR, of=MONDAY, slot_min=30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = open_slots([text], week, CALENDAR)
    expected = np.zeros(len(week.starts), dtype=bool)
    begin = week.starts[0]
    for start, end, state, _ in library.intervals(begin.item(), begin.item() + dt.timedelta(days=7)):
        first, last = (int((np.datetime64(moment, "m") - begin).astype(int)) // 30 for moment in (start, end))
        expected[first:last] = state == State.OPEN
    assert np.array_equal(found.open[0], expected), text


@pytest.mark.real_data
def test_opening_hours_of_real_maps_are_understood_and_mean_what_the_library_says(real_data):
    texts = set()
    for path in sorted((real_data / "osm").glob("*.osm*")):
        tagged = osmium.FileProcessor(path).with_filter(osmium.filter.KeyFilter("opening_hours"))
        texts |= {element.tags["opening_hours"] for element in tagged}
    valid = sorted(text for text in texts if validate(text))
    assert len(valid) > 500
    assert [text for text in valid if parse_rules(text) is None] == []
    # of nights, open ends, comments, fallback rules and lists with spaces the library says something else
    alike = [text for text in valid if not re.search(r'[+"|]|, ', text) and not any(rule.minutes()[1440:].any() for rule in parse_rules(text))]  # fmt: skip
    assert len(alike) > 400
    ordinary = Calendar({}, 2025, 2025)
    begin = dt.datetime.combine(MONDAY, dt.time())
    for text in alike:
        ours = np.concatenate(
            [open_minutes(parse_rules(text), MONDAY + dt.timedelta(days=k), ordinary) for k in range(7)]
        )
        theirs = np.zeros(7 * 1440, dtype=bool)
        for start, end, state, _ in OpeningHours(text).intervals(begin, begin + dt.timedelta(days=7)):
            first, last = (int((moment - begin).total_seconds()) // 60 for moment in (start, end))
            theirs[first:last] = state == State.OPEN
        assert np.array_equal(ours, theirs), text


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='MoTuWeFrSaPHSOff0123456789:-,;|+ "[]()开放周一至节假日', max_size=40))
def test_no_text_breaks_the_reader(text):
    rules = parse_rules(text)
    assert rules is None or (len(rules) > 0 and all(rule.minutes().shape == (2880,) for rule in rules))


@pytest.mark.parametrize(
    "text", ["08:00-12:00 ||", "|| 08:00-12:00", "Mo 08:00-12:00,", "PH,Mo Sa 08:00-12:00", "", "; Mo"]
)
def test_what_no_rules_are_is_no_rules(text):
    assert parse_rules(text) is None


def test_several_stations_are_each_as_alone():
    texts = ["24/7", None, "Mo-Fr 08:00-18:00; PH off", "Su,PH 10:00-18:00", "24/7"]
    week = WEEKS[30]
    together = open_slots(texts, week, CALENDAR).open
    for order in itertools.islice(itertools.permutations(range(5)), 0, 120, 37):
        assert np.array_equal(open_slots([texts[row] for row in order], week, CALENDAR).open, together[list(order)])
    for row, text in enumerate(texts):
        assert np.array_equal(open_slots([text], week, CALENDAR).open[0], together[row])
