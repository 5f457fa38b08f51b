"""Public holidays and make-up workdays: which day of China's calendar is what."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.sources.cells import text_column
from coverage_planner.sources.headers import find_columns
from coverage_planner.sources.raw_tables import AnyPath, RawTable
from coverage_planner.sources.signs import plain
from coverage_planner.sources.tables import read_table

DayKind = Literal["ordinary", "holiday", "workday"]

#: Days off and make-up workdays as the notices of the State Council's general office name them.
HOLIDAYS_CN = Path(__file__).with_name("holidays_cn.csv")

_ALIASES: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "day", "日期", "日子", "时间", "年月日"),
    "kind": ("kind", "type", "类型", "类别", "性质", "休班", "安排", "状态"),
}
_KINDS: Mapping[str, Literal["holiday", "workday"]] = {
    **dict.fromkeys(
        ("holiday", "ph", "off", "dayoff", "休", "休息", "放假", "节假日", "法定节假日", "假日", "假期", "节日",
         "放假调休", "调休放假", "调休休息", "休息日"), "holiday"),
    **dict.fromkeys(
        ("workday", "work", "makeup", "makeupworkday", "workingday", "班", "上班", "补班", "调休上班", "调休补班",
         "调休工作日", "工作日"), "workday"),
}  # fmt: skip
_DATE = re.compile(
    r"(\d{4})\s*(?:[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?|(\d{2})(\d{2}))(?:[ T]0?0:00(?::00)?)?"
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_FRIDAY, _SATURDAY, _MONDAY = 4, 5, 0


@dataclass(frozen=True)
class Calendar:
    """Public holidays and make-up workdays of some whole years.

    Attributes
    ----------
    days
        Date -> 'holiday' (a day off that is named as one, also where it falls on a weekend) or 'workday' (a Saturday
        or Sunday on which people work); every other day is ordinary.
    first_year, last_year
        The years that are known, both included.
    """

    days: Mapping[dt.date, Literal["holiday", "workday"]]
    first_year: int
    last_year: int

    def __post_init__(self) -> None:
        """Check that days lie in the years, and make-up workdays on weekends."""
        outside = [day for day in self.days if not self.first_year <= day.year <= self.last_year]
        if outside or self.first_year > self.last_year:
            raise ConfigError(
                f"days of a calendar must lie in its years {self.first_year} to {self.last_year}; not so "
                f"{name_some(sorted(outside))}; correct the days or the years"
            )
        weekdays = [day for day, kind in self.days.items() if kind == "workday" and day.weekday() < _SATURDAY]
        if weekdays:
            raise ConfigError(
                f"make-up workdays must be Saturdays or Sundays, got {_named(weekdays)}; correct the date, or leave "
                "the day out if it is an ordinary workday"
            )
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))

    def kind(self, day: dt.date) -> DayKind:
        """Return what a day is.

        Raises
        ------
        ConfigError
            The day lies outside the years of the calendar.
        """
        if not self.first_year <= day.year <= self.last_year:
            raise ConfigError(
                f"a date must lie in the years of the calendar, {self.first_year} to {self.last_year}, got {day}; "
                "name another date, or give a calendar of your own with holidays and make-up workdays of that year: "
                "a table with the columns date (日期) and kind (类型: 休 or 班), in a plan as [hours] calendar = "
                "'file.csv'"
            )
        return self.days.get(day, "ordinary")

    def weekday(self, day: dt.date) -> int:
        """Return the weekday whose hours a day has, from Monday = 0.

        It is the day's own, but for make-up workdays: a Saturday stands for the Friday before it, a Sunday for the
        Monday after it. The notices name the days on which people work and not which weekday's hours they keep; so
        the workday beside it is taken, whose week the day makes longer.

        Raises
        ------
        ConfigError
            The day lies outside the years of the calendar.
        """
        if self.kind(day) != "workday":
            return day.weekday()
        return _FRIDAY if day.weekday() == _SATURDAY else _MONDAY


def read_calendar(path: AnyPath | None = None) -> Calendar:
    """Read public holidays and make-up workdays.

    Parameters
    ----------
    path
        A text file or workbook with the columns ``date`` (日期: 2025-10-03, 2025/10/3, 2025年10月3日) and ``kind``
        (类型: holiday, 休, 放假, 节假日; workday, 班, 补班, 调休上班); other columns are not read. It stands for the
        whole years that its dates lie in: days that it does not name are ordinary. None: the State Council's calendar
        of 2024 to 2026, which comes with this package.

    Returns
    -------
    Calendar
        The days, and the years from the first date's to the last one's.

    Raises
    ------
    SourceError
        The file is missing or unreadable.
    SchemaError
        Columns are missing.
    InputError
        Dates are none, repeat, or are a holiday and a workday at once; kinds are unknown; a make-up workday is no
        Saturday or Sunday; a year between two others has no day.
    """
    raw = read_table(HOLIDAYS_CN if path is None else path)
    found = find_columns(raw, ["date", "kind"], ["date", "kind"], None, _ALIASES)
    dates = _dates(raw, [plain(str(text)) for text in text_column(raw, found["date"])])
    kinds = _kinds(raw, [plain(str(text)) for text in text_column(raw, found["kind"])])
    days: dict[dt.date, Literal["holiday", "workday"]] = {}
    rows: dict[dt.date, list[int]] = {}
    for number, day, kind in zip(raw.row_numbers.tolist(), dates, kinds, strict=True):
        rows.setdefault(day, []).append(number)
        if days.setdefault(day, kind) != kind:
            raise InputError(
                f"a day of {raw.source} must be a holiday or a make-up workday, got both for {day} in rows "
                f"{rows[day][0]} and {number}; remove one"
            )
    repeated = [f"{day} (rows {', '.join(map(str, at))})" for day, at in rows.items() if len(at) > 1]
    if repeated:
        raise InputError(
            f"dates of {raw.source} must not repeat, got more than once {name_some(repeated)}; remove them"
        )
    weekdays = [day for day, kind in days.items() if kind == "workday" and day.weekday() < _SATURDAY]
    if weekdays:
        raise InputError(
            f"make-up workdays of {raw.source} must be Saturdays or Sundays, got {_named(weekdays)}; correct the dates"
        )
    years = {day.year for day in days}
    missing = [year for year in range(min(years), max(years)) if year not in years]
    if missing:
        raise InputError(
            f"{raw.source} must name days of every year from {min(years)} to {max(years)}, got none of "
            f"{name_some(missing)}; add these years, or give a file of fewer years"
        )
    return Calendar(days, min(years), max(years))


def parse_date(text: str) -> dt.date | None:
    """Read a date: 2025-10-03, 2025/10/3, 2025年10月3日, 20251003; None where it is none.

    >>> parse_date("2025年10月3日"), parse_date("2025-02-30")
    (datetime.date(2025, 10, 3), None)
    """
    found = _DATE.fullmatch(plain(text))
    if found is None:
        return None
    try:
        return dt.date(int(found[1]), int(found[2] or found[4]), int(found[3] or found[5]))
    except ValueError:
        return None


def _dates(raw: RawTable, texts: list[str]) -> list[dt.date]:
    read = [parse_date(text) for text in texts]
    wrong = [_at(raw, row, texts[row]) for row, day in enumerate(read) if day is None]
    if wrong:
        raise InputError(
            f"dates of {raw.source} must be days such as 2025-10-03; not so {name_some(wrong)}; correct or remove them"
        )
    return [day for day in read if day is not None]


def _kinds(raw: RawTable, texts: list[str]) -> list[Literal["holiday", "workday"]]:
    read = [_KINDS.get(re.sub(r"[\s_-]", "", text).casefold()) for text in texts]
    wrong = [_at(raw, row, texts[row]) for row, kind in enumerate(read) if kind is None]
    if wrong:
        raise InputError(
            f"kinds of days in {raw.source} must be holiday (休, 放假, 节假日) or workday (班, 补班, 调休上班); not so "
            f"{name_some(wrong)}; correct or remove them"
        )
    return [kind for kind in read if kind is not None]


def _at(raw: RawTable, row: int, text: str) -> str:
    return f"{raw.row_word} {raw.row_numbers[row]} ({text!r})"


def _named(days: list[dt.date]) -> str:
    return name_some(f"{day} ({_WEEKDAYS[day.weekday()]})" for day in sorted(days))
