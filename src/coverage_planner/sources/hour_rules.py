"""Opening hours in OpenStreetMap's grammar -> rules: what they say, on which days, at which minutes.

Texts are cut into rules here because public holidays are decided by our calendar (`sources.calendar`). What a rule
says of years, months, weeks and times of day is read by the library `opening_hours`, which is given no country, place
or zone.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from opening_hours import OpeningHours, State, validate

from coverage_planner.sources.signs import plain

if TYPE_CHECKING:
    from coverage_planner.sources.calendar import Calendar

#: A rule replaces what the rules before it say of its days, adds to it, or holds where they say nothing.
Joint = Literal["replace", "add", "fallback"]
Says = Literal["open", "unknown", "off"]

_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY_MIN = 24 * 60
#: Longer texts are no opening hours.
_LONGEST = 1000
#: A Monday on which times of day are read.
_MONDAY = dt.datetime(2025, 6, 9)  # noqa: DTZ001 - local time without a zone

_OFFSET = r"(?:\s*[+-]\s*\d+\s*days?)?"
_NAME = r"(?:Mo|Tu|We|Th|Fr|Sa|Su)"
_DAYS = rf"{_NAME}(?:\s*-\s*{_NAME}(?![a-z])|(?:\[[^\]]*\]{_OFFSET}))?(?![a-z])"
_HOLIDAY = rf"(?:PH|SH){_OFFSET}(?![a-z])"
_ITEM = rf"(?:{_DAYS}|{_HOLIDAY})"
_ITEMS = rf"{_ITEM}(?:\s*,\s*{_ITEM})*"
_SUN = r"(?:dawn|sunrise|sunset|dusk)"
_TIME = rf"(?:\d{{1,2}}:\d{{2}}|{_SUN}|\(\s*{_SUN}\s*[+-]\s*\d{{1,2}}:\d{{2}}\s*\))"
_SPAN = rf"{_TIME}(?:\s*\+|\s*-\s*{_TIME}(?:\s*\+)?)"
_I = re.IGNORECASE

_HEAD = re.compile(rf"(?P<head>.*?)(?=(?<![\w\[+-]){_TIME}|\b(?:open|off|closed|unknown)\b|24/7|\"|;|\|\||$)", _I)
_TIMES = re.compile(rf"{_SPAN}(?:\s*,\s*{_SPAN})*", _I)
_SAYS = re.compile(r"(open|off|closed|unknown)\b", _I)
_COMMENT = re.compile(r'"[^"]*"')
_JOINT = re.compile(r"\s*(;|\|\||,)\s*")
_WEEKDAYS = re.compile(rf"(?:^|[\s:,]+)(?P<first>{_ITEMS})(?:(?P<both>\s+)(?P<second>{_ITEMS}))?\s*:?\s*$", _I)


@dataclass(frozen=True)
class DayTest:
    """One item of a rule's days: weekdays, the nth weekday of a month, or days beside public or school holidays.

    Attributes
    ----------
    weekdays
        Weekdays from Monday = 0; none for the others.
    holiday
        'PH', 'SH' or none.
    offset
        Days behind the holiday.
    nth
        In the grammar, such as 'Mo[1]', for the library; none for the others.
    """

    weekdays: frozenset[int] = frozenset()
    holiday: str = ""
    offset: int = 0
    nth: str = ""


@dataclass(frozen=True)
class HourRule:
    """One rule of opening hours.

    Attributes
    ----------
    joint
        How it stands to the rules before it.
    says
        What it says of its minutes.
    dates
        Years, months, weeks in the grammar; '' for always.
    days
        Groups of days that must all fit, each a choice of items; none for every day.
    times
        Times of day in the grammar; '' for the whole day.
    """

    joint: Joint
    says: Says
    dates: str = ""
    days: tuple[tuple[DayTest, ...], ...] = ()
    times: str = ""

    @property
    def whole_day_off(self) -> bool:
        """Whether it closes days rather than times of day."""
        return self.says == "off" and not self.times

    @property
    def names_school_holidays(self) -> bool:
        """Whether it depends on school holidays, which no calendar of ours knows."""
        return any(item.holiday == "SH" for group in self.days for item in group)

    @property
    def has_open_end(self) -> bool:
        """Whether it says when it begins and not when it ends."""
        return bool(self.times) and not any(map(_is_closed_span, self.times.split(",")))

    @property
    def names_years(self) -> bool:
        """Whether it is for certain years."""
        return re.search(r"\d{4}", self.dates) is not None

    @property
    def names_the_sun(self) -> bool:
        """Whether a time depends on the sun."""
        return re.search(_SUN, self.times) is not None

    def holds_on(self, day: dt.date, calendar: "Calendar") -> bool:
        """Whether the rule is for a day.

        Weekdays are those whose hours the day has (`Calendar.weekday`); years, months and weeks its own.

        Raises
        ------
        ConfigError
            The calendar does not know the day, or that beside which a holiday is looked for.
        """
        if self.dates and not _within(self.dates, day):
            return False
        return all(any(_fits(item, day, calendar) for item in group) for group in self.days)

    def minutes(self) -> NDArray[np.bool_]:
        """Shape (2880,): minutes from the day's midnight, over the next one, of which the rule says something."""
        return _minutes(self.times)


@lru_cache(maxsize=4096)
def parse_rules(text: str) -> tuple[HourRule, ...] | None:
    """Cut opening hours into rules.

    Parameters
    ----------
    text
        In the grammar of OpenStreetMap; case, full-width signs and additional spaces do not matter.

    Returns
    -------
    tuple or None
        The rules in order; None where the text is not understood.

    Notes
    -----
    ``PH Mo-Fr`` means public holidays that are weekdays, ``PH,Mo-Fr`` both. Times behind a comma belong to the rule
    before it (``10:00-12:00, 14:00-16:00``). A comment without ``open`` or ``off`` means unknown, and so does
    a time without an end (``18:00+``) until midnight.

    Examples
    --------
    >>> [(rule.joint, rule.says, rule.times) for rule in parse_rules("Mo-Fr 08:00-18:00; PH off")]
    [('replace', 'open', '08:00-18:00'), ('replace', 'off', '')]
    """
    rest = plain(text)
    if not rest or len(rest) > _LONGEST:
        return None
    rules: list[HourRule] = []
    joint: Joint = "replace"
    while rest:
        rule, rest = _next_rule(rest, joint)
        if rule is None or not _known_to_library(rule):
            return None
        rules.extend(_without_open_ends(rule))
        found = _JOINT.match(rest)
        if rest and found is None:
            return None
        if found is not None:
            rest = rest[found.end() :]
            joint = "replace" if found[1] == ";" else "add" if found[1] == "," else "fallback"
            if not rest and found[1] != ";":
                return None
    return tuple(rules)


def _next_rule(text: str, joint: Joint) -> tuple[HourRule | None, str]:
    """Read the rule that a text begins with; return it, None where it is none, and what follows."""
    head = _HEAD.match(text)
    selectors = head["head"].strip() if head else ""
    rest = text[len(head["head"]) :] if head else text
    always = rest.startswith("24/7")
    if always:
        rest = rest[len("24/7") :].lstrip()
        if selectors:
            return None, text
    times = None if always else _TIMES.match(rest)
    if times is not None:
        rest = rest[times.end() :].lstrip()
    said = _SAYS.match(rest)
    if said is not None:
        rest = rest[said.end() :].lstrip()
    comment = _COMMENT.match(rest)
    if comment is not None:
        rest = rest[comment.end() :].lstrip()
    if not (selectors or always or times or said or comment):
        return None, text
    cut = _cut_selectors(selectors)
    if cut is None:
        return None, text
    says: Says = "open" if comment is None else "unknown"
    if said is not None:
        says = {"open": "open", "off": "off", "closed": "off", "unknown": "unknown"}[said[1].casefold()]  # type: ignore[assignment]
    written = "" if times is None else re.sub(r"\s", "", times[0]).casefold()
    return HourRule(joint, says, *cut, written), rest


def _is_closed_span(span: str) -> bool:
    """Whether a time of day has an end: 10:00-18:00+ does, 10:00+ does not."""
    return re.fullmatch(rf"{_TIME}\+", span, _I) is None


def _without_open_ends(rule: HourRule) -> list[HourRule]:
    """Say of times without an end (18:00+) that it is unknown whether they are open; they are cut at midnight."""
    spans = rule.times.split(",")
    closed = [span for span in spans if _is_closed_span(span)]
    if rule.says != "open" or len(closed) == len(spans):
        return [rule]
    ends = replace(rule, says="unknown", times=",".join(span for span in spans if not _is_closed_span(span)))
    if not closed:
        return [ends]
    behind: Joint = "fallback" if rule.joint == "fallback" else "add"
    return [replace(rule, times=",".join(closed)), replace(ends, joint=behind)]


def _cut_selectors(text: str) -> tuple[str, tuple[tuple[DayTest, ...], ...]] | None:
    """Cut the days of the week and holidays off the years, months and weeks before them."""
    found = _WEEKDAYS.search(text)
    if found is None:
        return (re.sub(r"\s*:$", "", text), ())
    dates = re.sub(r"[\s:,]+$", "", text[: found.start()])
    first = _items(found["first"])
    if found["second"] is None:
        return dates, (first,)
    second = _items(found["second"])
    if all(item.holiday for item in first) and not any(item.holiday for item in second):
        return dates, (first, second)  # PH Mo-Fr: holidays that are weekdays
    if all(item.holiday for item in second) and not any(item.holiday for item in first):
        return dates, ((*first, *second),)  # Mo-Fr PH: a comma was left out
    return None


def _items(text: str) -> tuple[DayTest, ...]:
    return tuple(_item(found[0]) for found in re.finditer(_ITEM, text, _I))


def _item(text: str) -> DayTest:
    offset = re.search(r"([+-])\s*(\d+)\s*days?$", text, _I)
    days = 0 if offset is None else int(offset[1] + offset[2])
    if text[:2].upper() in ("PH", "SH"):
        return DayTest(holiday=text[:2].upper(), offset=days)
    if "[" in text:
        shift = "" if offset is None else f" {offset[1]}{offset[2]} day{'s' if offset[2] != '1' else ''}"
        inside = re.sub(r"\s", "", text[text.index("[") : text.index("]") + 1])
        return DayTest(nth=text[:2].capitalize() + inside + shift)
    first, _, last = (part.strip().capitalize() for part in text.partition("-"))
    start, end = _NAMES.index(first), _NAMES.index(last or first)
    return DayTest(frozenset((start + step) % 7 for step in range((end - start) % 7 + 1)))


def _known_to_library(rule: HourRule) -> bool:
    """Whether the library reads the parts that are left to it."""
    parts = [rule.dates, rule.times, *(item.nth for group in rule.days for item in group)]
    if "PH" in rule.dates.upper() or "SH" in rule.dates.upper():
        return False
    return all(validate(part) for part in parts if part)


@lru_cache(maxsize=65536)
def _within(part: str, day: dt.date) -> bool:
    """Whether a day is among the years, months, weeks or nth weekdays that a part of a rule names."""
    return bool(OpeningHours(part).is_open(dt.datetime(day.year, day.month, day.day, 12)))  # noqa: DTZ001


def _fits(item: DayTest, day: dt.date, calendar: "Calendar") -> bool:
    if item.holiday:
        # school holidays are in no calendar of ours
        return item.holiday == "PH" and calendar.kind(day - dt.timedelta(days=item.offset)) == "holiday"
    if item.nth:
        return calendar.kind(day) != "workday" and _within(item.nth, day)
    return calendar.weekday(day) in item.weekdays


@lru_cache(maxsize=4096)
def _minutes(times: str) -> NDArray[np.bool_]:
    covered = np.zeros(2 * _DAY_MIN, dtype=np.bool_)
    if not times:
        covered[:_DAY_MIN] = True
    else:
        # the rule is for a Monday only: nothing is left of the day before
        found = OpeningHours(f"Mo {times}").intervals(_MONDAY, _MONDAY + dt.timedelta(days=2))
        for start, end, state, _ in found:
            if state == State.OPEN:
                covered[_minute(start) : _minute(end)] = True
    covered.flags.writeable = False
    return covered


def _minute(moment: dt.datetime) -> int:
    return int((moment - _MONDAY).total_seconds() // 60)
