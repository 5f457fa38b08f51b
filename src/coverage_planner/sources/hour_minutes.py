"""Rules of opening hours -> the minutes of a day in which they are open, with the night before."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coverage_planner.sources.calendar import Calendar
from coverage_planner.sources.hour_rules import HourRule

DAY_MIN = 24 * 60

# What rules say of a minute.
_OPEN, _UNKNOWN, _OFF = 1, 2, 3
_STATES = {"open": _OPEN, "unknown": _UNKNOWN, "off": _OFF}
#: Standing of a minute of which no rule says anything; those of fallback rules lie between it and the first rule's, 0.
_NOTHING = -(10**6)
#: Standing of what a rule without times says of a whole day, if that is not open.
_WHOLE_DAY = _NOTHING + 1


class _Said(NamedTuple):
    """Shape (2880,), minutes from a day's midnight: the standing of the rule that holds, and what it says."""

    standing: NDArray[np.int64]
    state: NDArray[np.int8]


def open_minutes(rules: Sequence[HourRule], day: dt.date, calendar: Calendar) -> NDArray[np.bool_]:
    """Return in which minutes of a day rules are open.

    Parameters
    ----------
    rules
        Of one place, as `parse_rules` gives them.
    day
        The day; what is left of the night before counts too.
    calendar
        Which days are holidays and make-up workdays.

    Returns
    -------
    ndarray of bool
        Shape (1440,), read-only.

    Raises
    ------
    ConfigError
        The calendar does not know the day or, where hours go over midnight, the day before.

    Notes
    -----
    Rules that hold on a day are gone through in order. One behind ';' that opens, or is unknown, first removes what
    those before it say of that day's hours, also of those behind midnight; one that closes the day does so whatever
    stands before it. Then the rule's own times get what it says. One behind '||' gets only times of which nothing is
    said yet, on a day that is not closed. In the small hours the day and the night before meet: of their rules the
    later one of the text holds, those behind '||' last; a day that is closed or unknown as a whole does not end the
    night before.
    """
    rules = tuple(rules)
    today = rules_held(rules, day, calendar)
    if not any(_goes_over_midnight(rule) for rule in rules):
        return minutes_held(rules, today, None)
    return minutes_held(rules, today, rules_held(rules, day - dt.timedelta(days=1), calendar))


def rules_held(rules: Sequence[HourRule], day: dt.date, calendar: Calendar) -> tuple[bool, ...]:
    """Return which rules hold on a day."""
    return tuple([rule.holds_on(day, calendar) for rule in rules])


def _goes_over_midnight(rule: HourRule) -> bool:
    return bool(rule.minutes()[DAY_MIN:].any())


@lru_cache(maxsize=16384)
def minutes_held(
    rules: tuple[HourRule, ...], today: tuple[bool, ...], before: tuple[bool, ...] | None
) -> NDArray[np.bool_]:
    """Return in which minutes of a day rules are open, given which of them hold on it and on the day before.

    None for the day before: nothing is left of it.
    """
    said = _said_by(rules, today)
    standing, state = said.standing[:DAY_MIN], said.state[:DAY_MIN]
    if before is not None:
        night = _said_by(rules, before)
        state = np.where(standing >= night.standing[DAY_MIN:], state, night.state[DAY_MIN:])
    open_: NDArray[np.bool_] = np.equal(state, _OPEN)
    open_.flags.writeable = False
    return open_


def _said_by(rules: tuple[HourRule, ...], held: tuple[bool, ...]) -> _Said:
    """Go through the rules that hold on a day."""
    standing = np.full(2 * DAY_MIN, _NOTHING, dtype=np.int64)
    state = np.zeros(2 * DAY_MIN, dtype=np.int8)
    closed = False
    for number, rule in enumerate(rules):
        if not held[number]:
            continue
        where = rule.minutes()
        if rule.joint == "fallback":
            where = where & (state == 0) & (not closed)
            standing[where] = -1 - number
        elif rule.whole_day_off:
            standing[:], state[:], closed = _NOTHING, 0, True
            continue
        else:
            if rule.joint == "replace" and rule.says != "off":
                standing[:], state[:], closed = _NOTHING, 0, False
            standing[where] = number if rule.says == "open" or rule.times else _WHOLE_DAY
        state[where] = _STATES[rule.says]
    return _Said(standing, state)
