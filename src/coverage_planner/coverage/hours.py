"""When stations are open: opening hours over the slots of a week, with China's holidays and make-up workdays."""

import datetime as dt
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.week import Week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.sources.calendar import Calendar
from coverage_planner.sources.hour_rules import HourRule, parse_rules
from coverage_planner.sources.hours import read_hours
from coverage_planner.sources.signs import NOTHING, plain

_DAY_MIN = 24 * 60
# What rules say of a minute.
_OPEN, _UNKNOWN, _OFF = 1, 2, 3
_STATES = {"open": _OPEN, "unknown": _UNKNOWN, "off": _OFF}
#: Standing of a rule that says nothing; those of fallback rules lie between it and 0, which is the first rule's.
_NONE = -(10**6)


@dataclass(frozen=True, eq=False)
class OpenSlots:
    """When stations are open.

    Attributes
    ----------
    open
        Shape (f, h): whether a station is open during the whole slot.
    stated
        Shape (f,): whether it says when it is open.
    understood
        Shape (f,): whether that is understood; True where nothing is said. Stations that are not understood are
        treated like those that say nothing.
    """

    open: NDArray[np.bool_]
    stated: NDArray[np.bool_]
    understood: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check the shapes against each other."""
        n = len(self.open)
        if self.open.ndim != 2 or self.stated.shape != (n,) or self.understood.shape != (n,):  # noqa: PLR2004
            raise InputError(
                f"OpenSlots must have a row per station, got open {self.open.shape}, stated {self.stated.shape}, "
                f"understood {self.understood.shape}; make it with open_slots"
            )


def open_slots(opening_hours: Sequence[object], week: Week, calendar: Calendar, *, unstated: str = "24/7") -> OpenSlots:
    """Say in which slots of a week stations are open.

    A station is open in a slot when it is open in every minute of it. 'unknown' is not open. Rules of public holidays
    (PH) hold on the holidays of the calendar; a make-up workday has the hours of the weekday that it stands for
    (`Calendar.weekday`); a night belongs to the day on which it began.

    Parameters
    ----------
    opening_hours
        One per station: OpenStreetMap's opening_hours, or Chinese or English words that `read_hours` understands;
        None, NaN and blank where nothing is said.
    week
        The slots.
    calendar
        Which days are holidays and make-up workdays.
    unstated
        Opening hours of stations that say nothing, or nothing that is understood.

    Returns
    -------
    OpenSlots
        Stations in rows.

    Raises
    ------
    ConfigError
        `unstated` is not understood; the calendar does not know a day, or the day before, whose nights go over
        midnight.

    Warns
    -----
    UserWarning
        Opening hours are not understood, name school holidays (which are never met), or the sun (which rises at 7:00
        and sets at 19:00).

    Notes
    -----
    Of the rules that are for a day, each one behind ';' that opens (or is unknown) replaces what the rules before it
    say of that day's hours, also those behind midnight; one behind ',' and one that closes times of day ('12:00-13:00
    off') goes over them at its own times; one that closes the day ('PH off') removes them; one behind '||' holds at
    times of which no rule before it says anything, on days that none of them closes. Where hours of the day and of the
    night before meet, the later rule of the text holds; a closed day does not end the night before. Source:
    specification of the key opening_hours, OpenStreetMap wiki; see docs/methods-hours.md.
    """
    default = _rules_of(unstated)
    if default is None:
        raise ConfigError(
            f"unstated must be opening hours, such as '24/7' or 'Mo-Su 08:00-20:00', got {unstated!r}; correct it"
        )
    texts = [_text(cell) for cell in opening_hours]
    rules = {text: _rules_of(text) if text else default for text in dict.fromkeys(texts)}
    patterns = {text: open_pattern(found or default, week, calendar) for text, found in rules.items()}
    _warn(texts, rules)
    n = len(texts)
    return OpenSlots(
        open=np.array([patterns[text] for text in texts], dtype=np.bool_).reshape(n, len(week.starts)),
        stated=np.array([text != "" for text in texts], dtype=np.bool_),
        understood=np.array([rules[text] is not None for text in texts], dtype=np.bool_),
    )


def open_pattern(rules: Sequence[HourRule], week: Week, calendar: Calendar) -> NDArray[np.bool_]:
    """Shape (h,): whether rules are open during each whole slot of a week; see `open_slots`."""
    minutes = np.array([_open_minutes(rules, day, calendar) for day in week.days])
    slots: NDArray[np.bool_] = np.logical_and.reduce(minutes.reshape(-1, week.slot_min), axis=1)
    return slots


def _text(cell: object) -> str:
    if cell is None or (not isinstance(cell, str) and pd.isna(cell)):  # type: ignore[call-overload]
        return ""
    text = plain(str(cell))
    return "" if text.casefold() in NOTHING else text


def _rules_of(text: str) -> tuple[HourRule, ...] | None:
    """Return the rules of a text in the grammar or in words; None where it is not understood."""
    rules = parse_rules(text)
    if rules is not None:
        return rules
    written, _ = read_hours(text)
    return None if written is None else parse_rules(written)


class _Doubt(NamedTuple):
    """What opening hours should not be, which are, and what to write instead."""

    holds: str
    advice: str
    concerns: Callable[[tuple[HourRule, ...] | None], bool]


_DOUBTS = (
    _Doubt(
        "opening hours must be in the grammar of OpenStreetMap or in plain words; not understood, and treated as if "
        "nothing was said, are those of stations",
        "write them like 'Mo-Fr 08:00-18:00; PH off'",
        lambda rules: rules is None,
    ),
    _Doubt(
        "opening hours should not depend on school holidays (SH), which no calendar of ours knows; such rules never "
        "hold, at stations",
        "write the months instead",
        lambda rules: any(rule.names_school_holidays for rule in rules or ()),
    ),
    _Doubt(
        "opening hours should not depend on the sun; it is taken to rise at 7:00 and set at 19:00 (dawn 6:00, dusk "
        "20:00) at stations",
        "write times of day",
        lambda rules: any(rule.names_the_sun for rule in rules or ()),
    ),
    _Doubt(
        "opening hours should say when they end; behind a start without an end (18:00+) it is unknown whether it is "
        "open, which counts as closed, at stations",
        "write the end",
        lambda rules: any(rule.has_open_end for rule in rules or ()),
    ),
)


def _warn(texts: Sequence[str], rules: Mapping[str, tuple[HourRule, ...] | None]) -> None:
    for doubt in _DOUBTS:
        wrong = [f"{row} ({text!r})" for row, text in enumerate(texts) if text and doubt.concerns(rules[text])]
        if wrong:
            warnings.warn(f"{doubt.holds} {name_some(wrong)} (counted from 0); {doubt.advice}", stacklevel=3)


@dataclass(frozen=True, eq=False)
class _Said:
    """What rules say of a day's 2880 minutes: the standing of the rule that holds, what it says; days closed."""

    standing: NDArray[np.int64]
    state: NDArray[np.int8]
    closed: bool


def _open_minutes(rules: Sequence[HourRule], day: dt.date, calendar: Calendar) -> NDArray[np.bool_]:
    """Shape (1440,): in which minutes of a day rules are open."""
    today = _said_of(rules, day, calendar)
    goes_over = any(bool(rule.minutes()[_DAY_MIN:].any()) for rule in rules)
    if not goes_over:
        open_: NDArray[np.bool_] = today.state[:_DAY_MIN] == _OPEN
        return open_
    before = _said_of(rules, day - dt.timedelta(days=1), calendar)
    standing, state = before.standing[_DAY_MIN:], before.state[_DAY_MIN:]
    held: NDArray[np.bool_] = np.where(today.standing[:_DAY_MIN] >= standing, today.state[:_DAY_MIN], state) == _OPEN
    return held


def _said_of(rules: Sequence[HourRule], day: dt.date, calendar: Calendar) -> _Said:
    standing = np.full(2 * _DAY_MIN, _NONE, dtype=np.int64)
    state = np.zeros(2 * _DAY_MIN, dtype=np.int8)
    closed = False
    for number, rule in enumerate(rules):
        if not rule.holds_on(day, calendar):
            continue
        if rule.joint == "fallback":
            where = rule.minutes() & (state == 0)
            if closed:
                where[:_DAY_MIN] = False
            standing[where], state[where] = -1 - number, _STATES[rule.says]
            continue
        if rule.whole_day_off or (rule.joint == "replace" and rule.says != "off"):
            standing[:], state[:], closed = _NONE, 0, rule.whole_day_off
        if not rule.whole_day_off:
            where = rule.minutes()
            standing[where], state[where] = number, _STATES[rule.says]
    return _Said(standing, state, closed)
