"""The representative week: seven ordinary days, special dates behind them, cut into slots of equal length."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, name_some
from coverage_planner.sources.calendar import Calendar, DayKind

DAY_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
#: Lengths of a slot, minutes.
SLOTS_MIN = (15, 30, 60)

_DAY_MIN = 24 * 60
_DAYS = len(DAY_NAMES)
_MOMENT = re.compile(r"(?P<day>[A-Za-z]{2}|\d{4}-\d{2}-\d{2})\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})")


@dataclass(frozen=True, eq=False)
class Week:
    """An ordinary week from Monday to Sunday and, behind it, special dates, in slots of equal length.

    Times are local time without a zone: China has one, without summer time.

    Attributes
    ----------
    starts
        Shape (h,), datetime64[m]: when each slot begins; the days in order, each from 00:00 to 24:00.
    slot_min
        Length of a slot, minutes: 15, 30 or 60.
    day_kinds
        One per day, the seven of the week and the special dates: 'ordinary', 'holiday' or 'workday'.
    n_ordinary
        Number of slots of the seven days.
    """

    starts: NDArray[np.datetime64]
    slot_min: int
    day_kinds: tuple[DayKind, ...]
    n_ordinary: int

    def __post_init__(self) -> None:
        """Check that days are whole and begin with a Monday."""
        if self.slot_min not in SLOTS_MIN:
            raise ConfigError(f"slot_min must be one of {SLOTS_MIN}, got {self.slot_min}; choose one")
        per_day = self.slots_per_day
        if len(self.day_kinds) < _DAYS or self.n_ordinary != _DAYS * per_day:
            raise ConfigError(
                f"a week must have seven days of {per_day} slots, got {len(self.day_kinds)} days and "
                f"{self.n_ordinary} ordinary slots; make it with build_week"
            )
        if self.starts.shape != (len(self.day_kinds) * per_day,) or self.starts.dtype != np.dtype("datetime64[m]"):
            raise ConfigError(
                f"starts must be {len(self.day_kinds) * per_day} minutes, got {self.starts.dtype} in "
                f"{self.starts.shape}; make it with build_week"
            )
        if not np.array_equal(self.starts, _starts(self.days, self.slot_min)) or self.days[0].weekday() != 0:
            raise ConfigError("slots of a week must begin on a Monday at 00:00 and follow each other; use build_week")

    @property
    def slots_per_day(self) -> int:
        """How many slots a day has."""
        return _DAY_MIN // self.slot_min

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The dates, in the order of the slots."""
        first = self.starts[:: self.slots_per_day].astype("datetime64[D]")
        return tuple(day.item() for day in first)

    @property
    def ordinary(self) -> slice:
        """The slots of the seven ordinary days."""
        return slice(0, self.n_ordinary)

    def labels(self) -> pd.DataFrame:
        """Return what each slot is.

        Returns
        -------
        DataFrame
            ``slot`` (0, 1, …), ``date`` (YYYY-MM-DD), ``day`` ('Mo' to 'Su', or the date of a special day), ``kind``
            (of the day) and ``hour`` (when it begins: 22.5 is 22:30).
        """
        dates = [day.isoformat() for day in self.days]
        names = [*DAY_NAMES, *dates[_DAYS:]]
        per_day = self.slots_per_day
        minutes = np.arange(per_day) * self.slot_min
        return pd.DataFrame(
            {
                "slot": np.arange(len(self.starts)),
                "date": np.repeat(np.array(dates, dtype=object), per_day),
                "day": np.repeat(np.array(names, dtype=object), per_day),
                "kind": np.repeat(np.array(self.day_kinds, dtype=object), per_day),
                "hour": np.tile(minutes / 60.0, len(dates)),
            }
        )

    def slot(self, moment: str) -> int:
        """Return the slot that a moment lies in.

        Parameters
        ----------
        moment
            Weekday of the ordinary week and time, 'We 23:00', or a date and time, '2025-10-03 15:00'.

        Raises
        ------
        ConfigError
            The text is no moment, or its day is not looked at.
        """
        found = _MOMENT.fullmatch(moment.strip())
        names = [*(name.casefold() for name in DAY_NAMES), *[""] * (len(self.day_kinds) - _DAYS)]
        dates = [day.isoformat() for day in self.days]
        if found is None or int(found["hour"]) > 23 or int(found["minute"]) > 59:  # noqa: PLR2004 - of a clock
            raise ConfigError(
                "a moment must be a weekday (Mo, Tu, We, Th, Fr, Sa, Su) or a date, and a time, such as 'We 23:00' or "
                f"'2025-10-03 15:00', got {moment!r}; correct it"
            )
        day = found["day"].casefold()
        if day not in names and day not in dates:
            raise ConfigError(
                f"the day of a moment must be one that is looked at, got {moment!r}; these are {', '.join(DAY_NAMES)} "
                f"(the week from {dates[0]} to {dates[_DAYS - 1]})"
                f"{''.join(f', {date}' for date in dates[_DAYS:])}; add the date to `dates`"
            )
        number = names.index(day) if day in names else dates.index(day)
        minute = 60 * int(found["hour"]) + int(found["minute"])
        return number * self.slots_per_day + minute // self.slot_min


def build_week(
    calendar: Calendar, *, of: dt.date | None = None, dates: Sequence[dt.date] = (), slot_min: int = 60
) -> Week:
    """Lay out the week that opening hours are looked at in.

    Parameters
    ----------
    calendar
        Which days are holidays and make-up workdays.
    of
        Any day of the week, whose seven days must be ordinary. Default: of the calendar's last year, the week nearest
        to its middle (2 July) whose days and the Sunday before are ordinary; the earlier one of two.
    dates
        Special dates, such as a holiday and a make-up workday, that are looked at behind the week, in this order.
    slot_min
        Length of a slot, minutes: 15, 30 or 60.

    Returns
    -------
    Week
        Slots of the week and of the dates.

    Raises
    ------
    ConfigError
        The week has a holiday or a make-up workday, or no week is without; a date lies outside the calendar, repeats
        or lies in the week; a length that is not allowed.
    """
    if slot_min not in SLOTS_MIN:
        raise ConfigError(f"slot_min must be one of {SLOTS_MIN}, got {slot_min}; choose one")
    week = _default_days(calendar) if of is None else _days_of_week(of)
    special = [f"{day} ({calendar.kind(day)})" for day in week if calendar.kind(day) != "ordinary"]
    if special:
        raise ConfigError(
            f"the week of {of} must have no holiday and no make-up workday, got {name_some(special)}; choose another "
            "week, and name such days in `dates`"
        )
    wrong = [day for number, day in enumerate(dates) if day in week or day in dates[:number]]
    if wrong:
        raise ConfigError(
            f"special dates must not repeat or lie in the week from {week[0]} to {week[-1]}, got {name_some(wrong)}; "
            "remove them"
        )
    days = (*week, *dates)
    kinds = tuple(calendar.kind(day) for day in days)
    return Week(_starts(days, slot_min), slot_min, kinds, _DAYS * (_DAY_MIN // slot_min))


def _days_of_week(day: dt.date) -> tuple[dt.date, ...]:
    monday = day - dt.timedelta(days=day.weekday())
    return tuple(monday + dt.timedelta(days=number) for number in range(_DAYS))


def _default_days(calendar: Calendar) -> tuple[dt.date, ...]:
    year = calendar.last_year
    middle = dt.date(year, 7, 2)
    for weeks in sorted(range(-26, 27), key=lambda number: (abs(number), number)):
        days = _days_of_week(middle + dt.timedelta(weeks=weeks))
        with_sunday = (days[0] - dt.timedelta(days=1), *days)
        inside = all(day.year == year for day in with_sunday)
        if inside and all(calendar.kind(day) == "ordinary" for day in with_sunday):
            return days
    raise ConfigError(
        f"the calendar must have a week without holidays and make-up workdays in {year}, got none; correct the calendar"
    )


def _starts(days: Sequence[dt.date], slot_min: int) -> NDArray[np.datetime64]:
    first = np.array(list(days), dtype="datetime64[D]").astype("datetime64[m]")
    within = np.arange(0, _DAY_MIN, slot_min).astype("timedelta64[m]")
    starts: NDArray[np.datetime64] = (first[:, None] + within[None, :]).ravel()
    return starts
