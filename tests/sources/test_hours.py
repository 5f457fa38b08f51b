"""Opening hours in the words of planners, against the schedule that was meant."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opening_hours import OpeningHours, validate

from coverage_planner.sources.hours import NO_MONTHS, NOT_UNDERSTOOD, parse_hours, read_hours

DAY = 24 * 60
MONDAY = dt.datetime(2026, 3, 9)  # noqa: DTZ001 - March has no public holidays in China
WEEK = "一二三四五六日"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("24小时", "24/7"),
        ("全天", "24/7"),
        ("全天候开放", "24/7"),
        ("7×24小时", "24/7"),
        ("7*24", "24/7"),
        ("24/7", "24/7"),
        ("0:00-24:00", "24/7"),
        ("8:00-次日8:00", "24/7"),
        ("8:30-17:30", "08:30-17:30"),
        ("8：30—17：30", "08:30-17:30"),
        ("８：３０～１７：３０", "08:30-17:30"),
        ("0830-1730", "08:30-17:30"),
        ("8.30-17.30", "08:30-17:30"),
        ("营业时间：8:00-20:00", "08:00-20:00"),
        ("上午9点至下午5点", "09:00-17:00"),
        ("上午8:30-11:30，下午2:30-5:30", "08:30-11:30,14:30-17:30"),
        ("9:00-12:00,14:00-18:00", "09:00-12:00,14:00-18:00"),
        ("早8晚10", "08:00-22:00"),
        ("早八点到晚十点半", "08:00-22:30"),
        ("朝九晚五", "09:00-17:00"),
        ("8-20点", "08:00-20:00"),
        ("周一至周五 9:00-18:00", "Mo-Fr 09:00-18:00"),
        ("周一至周五9:00-18:00，周末休息", "Mo-Fr 09:00-18:00; Sa,Su off"),
        ("9:00-18:00（周一至周五）", "Mo-Fr 09:00-18:00"),
        ("周一、三、五 9:00-12:00", "Mo,We,Fr 09:00-12:00"),
        ("周一五点-七点", "Mo 05:00-07:00"),
        ("周六日 9:00-17:00", "Sa,Su 09:00-17:00"),
        ("周五至周一 9:00-18:00", "Mo,Fr-Su 09:00-18:00"),
        ("周一至周五 24小时", "Mo-Fr 00:00-24:00"),
        ("工作日 8:30-17:30", "Mo-Fr 08:30-17:30; PH off"),
        ("工作日 9:00-18:00，周末及法定节假日 10:00-16:00", "Mo-Fr 09:00-18:00; Sa,Su,PH 10:00-16:00"),
        ("法定节假日10:00-16:00 周一至周日9:00-17:00", "09:00-17:00; PH 10:00-16:00"),
        ("9:00-17:00，节假日除外", "09:00-17:00; PH off"),
        ("周一至周五（节假日除外）9:00-12:00", "Mo-Fr 09:00-12:00; PH off"),
        ("周一至周五，节假日除外 9:00-12:00", "Mo-Fr 09:00-12:00; PH off"),
        ("周一至周五（节假日休息）9:00-12:00", "Mo-Fr 09:00-12:00; PH off"),
        ("周六（节假日休息）9:00-12:00", "Sa 09:00-12:00; PH off"),
        ("9:00-17:00（周末闭馆）", "09:00-17:00; Sa,Su off"),
        ("每天（周一除外）9:00-17:00", "09:00-17:00; Mo off"),
        ("周末及节假日除外 9:00-17:00", "09:00-17:00; Sa,Su,PH off"),
        ("周一至周五（节假日不休）9:00-12:00", "Mo-Fr,PH 09:00-12:00"),
        ("除周一外 9:00-17:00", "09:00-17:00; Mo off"),
        ("周一闭馆，其他时间9:00-17:00", "09:00-17:00; Mo off"),
        ("每天 6:00-22:00", "06:00-22:00"),
        ("8:00-20:00（全年无休）", "08:00-20:00"),
        ("8:00-20:00，节假日不休", "08:00-20:00"),
        ("节假日正常营业，8:00-20:00", "08:00-20:00"),
        ("周三 24小时；其余 9:00-18:00", "09:00-18:00; We 00:00-24:00"),
        ("周六、周日及法定节假日休息，其余时间8:30-17:30", "08:30-17:30; Sa,Su,PH off"),
        ("9:00-17:00，每周一闭馆", "09:00-17:00; Mo off"),
        ("上午：8:30-12:00 下午：2:00-5:30", "08:30-12:00,14:00-17:30"),
        (
            "夏季：6:00-22:00（4月1日至10月31日）；冬季：7:00-21:00（11月1日至3月31日）",
            "Apr 01-Oct 31 06:00-22:00; Nov 01-Mar 31 07:00-21:00",
        ),
        ("周一至周五 8:00-20:00，节假日照常", "Mo-Fr,PH 08:00-20:00"),
        ("9:00-18:00（午休12:00-13:30）", "09:00-12:00,13:30-18:00"),
        ("9:00-18:00，12:00-13:00休息", "09:00-12:00,13:00-18:00"),
        ("9:00-18:00 中午不休息", "09:00-18:00"),
        ("22:00-次日6:00", "22:00-06:00"),
        ("20:00-6:00", "20:00-06:00"),
        ("9:00-24:00", "09:00-24:00"),
        ("7:00-0:00", "07:00-24:00"),
        ("10:00-凌晨2:00", "10:00-02:00"),
        ("夏季(5月-9月)8:00-20:00，冬季8:30-18:00", "08:30-18:00; May-Sep 08:00-20:00"),
        ("5-10月 8:00-20:00；11月-次年4月 8:30-18:00", "May-Oct 08:00-20:00; Nov-Apr 08:30-18:00"),
        ("5月1日-9月30日 8:00-20:00", "May 01-Sep 30 08:00-20:00"),
        ("Mon-Fri 9am-5pm", "Mo-Fr 09:00-17:00"),
        ("Monday to Friday 9:00 - 17:00, Saturday 10:00-14:00", "Mo-Fr 09:00-17:00; Sa 10:00-14:00"),
        ("9-5pm", "09:00-17:00"),
        ("12am-12pm", "00:00-12:00"),
        ("Mo-Su 06:30-23:00", "Mo-Su 06:30-23:00"),
        ("Mo-Fr 09:00-18:00；Sa 10:00-16:00", "Mo-Fr 09:00-18:00; Sa 10:00-16:00"),
        ("Mo-Fr 09:00-18:00; PH off", "Mo-Fr 09:00-18:00; PH closed"),
    ],
)
def test_are_written_in_the_grammar(text, written):
    assert parse_hours(text) == written
    assert validate(written)


@pytest.mark.parametrize(
    "text",
    [
        "看天气", "电话预约", "周一至周五", "休息", "9-18", "9:00-5:00", "00:00-00:00", "6:00-25:00", "8:60-17:00",
        "8:00-20:00左右", "约8:00-20:00", "1-5pm", "8-10pm", "晚上1点-3点", "上午14:00-16:00", "9:00", "周八 9:00-18:00",
        "周三 24小时；其余看通知", "8:00-20:00（4月-10月）", "5.10-9.30 8:00-20:00", "4月-10月", "9:00-18:00（环卫工人优先）", "周一 9:00-12:00 周一休息", "12:00-13:00休息", "", "x" * 10_000,
        "9:00-18:00，8:00-9:00休息", "周一至周五 9:00-18:00 周六", "下午13:00-早上26:00",
        "周二至周五，周一除外 9:00-12:00", "9:00-17:00，周一闭馆（节假日除外）", "9:00-17:00，周一闭馆，节假日照常",
        "周二至周五，周一休息 9:00-12:00",
    ],
)  # fmt: skip
def test_with_a_doubt_are_not_understood(text):
    assert read_hours(text) == (None, NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    "text",
    [
        "夏季8:00-19:00 冬季8:30-18:00",
        "夏令时 8:00-19:00",
        "春秋季9:00-17:00，冬季(12月-2月)10:00-16:00，夏季8:00-19:00",
    ],
)
def test_of_seasons_without_months_say_so(text):
    assert read_hours(text) == (None, NO_MONTHS)


# --- a schedule, spelled in one of many ways ---

PLAIN = st.sampled_from(["{h}:{m:02d}", "{h:02d}:{m:02d}", "{h}：{m:02d}", "{h:02d}.{m:02d}"])
TO = st.sampled_from(["-", "—", "－", "～", "~", "至", "到", " - ", "–"])
BETWEEN_TIMES = st.sampled_from(["、", ",", "，", " ", " 和 ", "/"])
BETWEEN_RULES = st.sampled_from(["；", ";", "，", "\n", " ", "。"])
AFTER_DAYS = st.sampled_from(["", " ", "：", ": "])
CLOSED = st.sampled_from(["休息", "闭馆", "不开放", "不营业", "关门"])
NUMERALS = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]


@st.composite
def intervals(draw):
    """One or two times of a day, in minutes; the last may end on the next day."""
    ticks = sorted(draw(st.lists(st.integers(5 * 12, 24 * 12 - 1), min_size=2, max_size=4, unique=True)))
    pairs = [(5 * a, 5 * b) for a, b in zip(ticks[::2], ticks[1::2], strict=False)]
    if draw(st.booleans()):
        start = pairs[-1][0]
        if start >= DAY // 2:
            pairs[-1] = (start, DAY + 5 * draw(st.integers(0, min(6 * 12, start // 5 - 1))))
    return pairs


@st.composite
def schedules(draw):
    """Groups of days, each with its times, none where the place is closed; days in no group are closed too."""
    days = draw(st.permutations(range(7)))
    cuts = sorted(draw(st.lists(st.integers(1, 7), min_size=1, max_size=3, unique=True)))
    groups = [sorted(days[a:b]) for a, b in zip([0, *cuts], cuts, strict=False)]
    return [(group, draw(intervals()) if draw(st.booleans()) or n == 0 else []) for n, group in enumerate(groups)]


@st.composite
def spelled_time(draw, minutes, *, part_needed=False):
    hour, minute = divmod(minutes % DAY if minutes != DAY else minutes, 60)
    how = draw(st.sampled_from(["plain", "characters", "parts", "numerals"]))
    if hour == 24:
        text = draw(st.sampled_from(["24:00", "24点"]))
    elif how == "plain" and not part_needed:
        text = draw(PLAIN).format(h=hour, m=minute)
    elif how == "characters" and not part_needed:
        text = f"{hour}点" + ("半" if minute == 30 else f"{minute}分" if minute else draw(st.sampled_from(["", "整"])))
    else:
        part, shown = part_of_day(hour)
        if how == "numerals":
            text = f"{part}{NUMERALS[shown]}点" + ("半" if minute == 30 else f"{minute:02d}分" if minute else "")
        else:
            text = f"{part}{shown}:{minute:02d}"
    return ("次日" if minutes > DAY else "") + text


def part_of_day(hour):
    if hour < 6:
        return "凌晨", hour
    if hour < 12:
        return "上午", hour
    if hour == 12:
        return "中午", 12
    return ("下午", hour - 12) if hour < 18 else ("晚上", hour - 12)


@st.composite
def spelled_days(draw, days):
    if days == list(range(7)):
        return draw(st.sampled_from(["", "每天", "周一至周日", "每日", "周一到周日"]))
    if days == [5, 6] and draw(st.booleans()):
        return draw(st.sampled_from(["周末", "双休日", "周六日", "周六、日"]))
    week = draw(st.sampled_from(["周", "星期", "礼拜"]))
    if len(days) > 1 and days == list(range(days[0], days[-1] + 1)) and draw(st.booleans()):
        second = draw(st.sampled_from([week, ""]))
        return f"{week}{WEEK[days[0]]}{draw(st.sampled_from(['至', '到', '-', '～']))}{second}{WEEK[days[-1]]}"
    again, comma = draw(st.sampled_from([week, ""])), draw(st.sampled_from(["、", ",", "，", "和"]))
    return f"{week}{WEEK[days[0]]}" + "".join(f"{comma}{again}{WEEK[day]}" for day in days[1:])


@st.composite
def spelled(draw, schedule):
    rules = []
    for days, times in draw(st.permutations(schedule)):
        said = [f"{draw(spelled_time(start))}{draw(TO)}{draw(spelled_time(end))}" for start, end in times] or [
            draw(CLOSED)
        ]
        rules.append(f"{draw(spelled_days(days))}{draw(AFTER_DAYS)}{draw(BETWEEN_TIMES).join(said)}")
    return draw(BETWEEN_RULES).join(rules)


def is_open(schedule, moment):
    """Whether a place is open, from the schedule alone."""
    minute = 60 * moment.hour + moment.minute
    today, yesterday = moment.weekday(), (moment.weekday() - 1) % 7
    return any(
        (today in days and start <= minute < end) or (yesterday in days and start <= minute + DAY < end)
        for days, times in schedule
        for start, end in times
    )


@given(st.data())
def test_mean_what_was_meant(data):
    schedule = data.draw(schedules())
    text = data.draw(spelled(schedule))
    written = parse_hours(text)
    assert written is not None, text
    hours = OpeningHours(written)
    edges = [minute for _, times in schedule for pair in times for minute in pair]
    minutes = data.draw(st.lists(st.integers(0, DAY - 1), max_size=5))
    for day in range(7):
        for minute in {(minute + shift) % DAY for minute in edges for shift in (-1, 0)} | set(minutes):
            moment = MONDAY + dt.timedelta(days=day, minutes=minute)
            assert hours.is_open(moment) == is_open(schedule, moment), (text, written, moment)


def test_of_holidays_are_kept_by_the_holidays_of_china():
    hours = OpeningHours(parse_hours("工作日9:00-18:00，周末10:00-16:00，法定节假日14:00-15:00"), country="CN")
    national_day = dt.datetime(2026, 10, 1, 12)  # noqa: DTZ001 - a Thursday
    assert hours.is_closed(national_day)
    assert hours.is_open(national_day.replace(hour=14))
    assert hours.is_open(national_day.replace(month=11, day=5))
    assert OpeningHours(parse_hours("工作日9:00-18:00"), country="CN").is_closed(national_day)


@given(st.text("周一二三五日末至到0123456789:点半上下午晚早次日-、，; 休息24小时节假月夏季(）amp", max_size=30))
def test_whatever_is_written_the_result_is_valid_or_none(text):
    written, remark = read_hours(text)
    assert (written is None) == (remark != "")
    assert written is None or validate(written)
