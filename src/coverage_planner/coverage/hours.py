"""When stations are open: opening hours over the slots of a week, with China's holidays and make-up workdays."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.week import SLOTS_MIN, Week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.sources.calendar import Calendar
from coverage_planner.sources.hour_minutes import open_minutes
from coverage_planner.sources.hour_rules import HourRule, parse_rules
from coverage_planner.sources.hours import read_hours
from coverage_planner.sources.signs import NOTHING, plain

_WEEK_DAYS = 7


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


def open_slots(
    opening_hours: Sequence[object],
    week: Week,
    calendar: Calendar,
    *,
    unstated: str = "24/7",
    ids: Sequence[object] | None = None,
) -> OpenSlots:
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
    ids
        The stations' ids, for warnings; without them stations are counted from 0.

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
        Opening hours are not understood; name school holidays (which are never met) or the sun (which rises at 7:00
        and sets at 19:00); have no end; fill no slot; name only dates that are not looked at.

    Notes
    -----
    How rules are put together is said in `sources.hour_minutes.open_minutes` and in docs/methods-hours.md. Source:
    specification of the key opening_hours, OpenStreetMap wiki.
    """
    default = _rules_of(unstated)
    if default is None:
        raise ConfigError(
            f"unstated must be opening hours, such as '24/7' or 'Mo-Su 08:00-20:00', got {unstated!r}; correct it"
        )
    texts = [_text(cell) for cell in opening_hours]
    rules = {text: _rules_of(text) if text else default for text in dict.fromkeys(texts)}
    minutes = {text: _week_minutes(found or default, week, calendar) for text, found in rules.items()}
    named = _Stations(texts, ids)
    _warn_of_doubts(named, rules)
    _warn_of_lost(named, minutes, week)
    _warn_of_dates(named, rules, minutes)
    slots = {text: _whole_slots(found, week) for text, found in minutes.items()}
    return OpenSlots(
        open=np.array([slots[text] for text in texts], dtype=np.bool_).reshape(len(texts), len(week.starts)),
        stated=np.array([text != "" for text in texts], dtype=np.bool_),
        understood=np.array([rules[text] is not None for text in texts], dtype=np.bool_),
    )


def _week_minutes(rules: Sequence[HourRule], week: Week, calendar: Calendar) -> NDArray[np.bool_]:
    """Shape (days, 1440): the minutes in which rules are open."""
    return np.array([open_minutes(rules, day, calendar) for day in week.days], dtype=np.bool_)


def _whole_slots(minutes: NDArray[np.bool_], week: Week) -> NDArray[np.bool_]:
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
        "write them like 'Mo-Fr 08:00-18:00' or '周一至周五 8:00-18:00'",
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


class _Stations(NamedTuple):
    """What stations say of their hours, and what they are called."""

    texts: Sequence[str]
    ids: Sequence[object] | None

    def those(self, wrong: Collection[str]) -> str:
        """Name the stations that say one of these texts."""
        ids = range(len(self.texts)) if self.ids is None else self.ids
        named = (f"{label} ({text!r})" for label, text in zip(ids, self.texts, strict=True) if text in wrong)
        return name_some(named) + (" (counted from 0)" if self.ids is None else " (by their ids)")


def _warn_of_doubts(stations: _Stations, rules: Mapping[str, tuple[HourRule, ...] | None]) -> None:
    for doubt in _DOUBTS:
        wrong = {text for text in dict.fromkeys(stations.texts) if text and doubt.concerns(rules[text])}
        if wrong:
            warnings.warn(f"{doubt.holds} {stations.those(wrong)}; {doubt.advice}", stacklevel=3)


def _warn_of_lost(stations: _Stations, minutes: Mapping[str, NDArray[np.bool_]], week: Week) -> None:
    """Say which stations are open for times that fill no slot, and with which slots these would count."""
    lost = {text: list(_lost(found, week.slot_min)) for text, found in minutes.items()}
    wrong = {text for text, times in lost.items() if times}
    if not wrong:
        return
    fitting = {text: _slot_filled_by(lost[text], week.slot_min) for text in wrong}
    finer = min((slot for slot in fitting.values() if slot), default=0)
    advice = [f"choose slot_min = {finer}"] if finer else []
    if not all(fitting.values()):
        whom = f" of stations {stations.those({text for text in wrong if not fitting[text]})}" if finer else ""
        advice.append(f"round the times{whom} to quarters of an hour")
    warnings.warn(
        f"times at which a station is open should fill a slot of {week.slot_min} minutes; some do not, and never "
        f"count, at stations {stations.those(wrong)}; {' and '.join(advice)}",
        stacklevel=3,
    )


def _lost(minutes: NDArray[np.bool_], slot_min: int) -> Iterator[tuple[int, int]]:
    """Return from and to, in minutes, of the times that fill no slot; those cut at the end of the week are left out."""
    for block in (minutes[:_WEEK_DAYS].ravel(), *minutes[_WEEK_DAYS:]):
        edges = np.flatnonzero(np.diff(block.astype(np.int8))) + 1
        opening = edges[~block[edges - 1]]
        closing = edges[block[edges - 1]]
        for start in opening.tolist():
            end = next((int(edge) for edge in closing if edge > start), None)
            if end is not None and not _fills(start, end, slot_min):
                yield start, end


def _fills(start: int, end: int, slot_min: int) -> bool:
    return -(-start // slot_min) * slot_min + slot_min <= end


def _slot_filled_by(times: Sequence[tuple[int, int]], slot_min: int) -> int:
    """Return the longest shorter slot that each of some times fills; 0 where there is none."""
    shorter = (slot for slot in sorted(SLOTS_MIN, reverse=True) if slot < slot_min)
    return next((slot for slot in shorter if all(_fills(*time, slot) for time in times)), 0)


def _warn_of_dates(
    stations: _Stations,
    rules: Mapping[str, tuple[HourRule, ...] | None],
    minutes: Mapping[str, NDArray[np.bool_]],
) -> None:
    """Say which stations are open on dates only, none of which is looked at."""
    wrong = {
        text
        for text, found in rules.items()
        if text and not minutes[text].any() and any(rule.says == "open" and rule.names_years for rule in found or ())
    }
    if wrong:
        warnings.warn(
            "stations that are open on certain dates should be open on one that is looked at; never so stations "
            f"{stations.those(wrong)}; add one of their dates to `dates`",
            stacklevel=3,
        )
