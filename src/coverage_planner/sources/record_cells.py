"""What the cells of records mean: positions, times, weights, as whole arrays; and which records cannot be used."""

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]
_Mask = NDArray[np.bool_]

DAY_S = 86_400
_HOUR_S = 3600
#: Weights are added up in these parts of one, so that sums do not depend on their order.
WEIGHT_PARTS = 1_000_000
#: No record stands for more.
HEAVIEST = 1e6

_NOT_KNOWN = np.iinfo(np.int64).min
#: Seconds since 1970 as ten digits, milliseconds as thirteen, up to the year 2033.
_EPOCH = re.compile(r"1\d{9}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")
_SINGLE_DIGIT = re.compile(r"(?<!\d)(\d)(?!\d)")
_EPOCH_S = (10**9, 2 * 10**9)  # from 2033 on they could be a day and an hour: 2024050108


def numbers_of(texts: Any) -> tuple[_Floats, _Mask]:
    """Return cells as numbers, NaN where blank, and a mask of those that are filled but no finite number."""
    try:
        read = pc.cast(texts, pa.float64())
        numbers = np.asarray(read.to_numpy(zero_copy_only=False), dtype=np.float64)
    except pa.ArrowInvalid:
        numbers = np.array([_number(text) for text in texts.to_pylist()], dtype=np.float64)
    blank = blanks_of(texts)
    wrong = ~blank & ~np.isfinite(numbers)
    return np.where(wrong | blank, np.nan, numbers), wrong


def blanks_of(texts: Any) -> _Mask:
    """Return which cells are blank."""
    return np.asarray(texts.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)


def seconds_of(texts: Any, utc_offset_h: float) -> tuple[_Ints, _Mask]:
    """Return times as local seconds since the first of January 1970, and a mask of those that are not understood.

    Parameters
    ----------
    texts
        '2024-05-01 08:30:00', '2024/5/1 8:30', '20240501083000', a day alone, and what is not local time: seconds or
        milliseconds since 1970 as a number, and texts with a zone ('2024-05-01T00:30:00Z', '…+08:00').
    utc_offset_h
        Hours that local time is ahead of UTC, for the latter.

    Returns
    -------
    tuple of arrays
        Seconds (any where not understood) and the mask; blank cells are not understood.
    """
    offset_s = round(utc_offset_h * _HOUR_S)
    blank = blanks_of(texts)
    seconds = _whole_chunk(texts, offset_s)
    if seconds is None:
        coded = texts.dictionary_encode()
        known = np.array([_seconds(text, offset_s) for text in coded.dictionary.to_pylist()] or [0], dtype=np.int64)
        rows = np.asarray(pc.fill_null(coded.indices, 0).to_numpy(zero_copy_only=False), dtype=np.int64)
        seconds = known[rows]
    return seconds, blank | (seconds == _NOT_KNOWN)


def weights_of(texts: Any) -> tuple[_Ints, _Mask]:
    """Return weights in parts of `WEIGHT_PARTS`, and a mask of those that are blank, negative or above `HEAVIEST`."""
    numbers, _ = numbers_of(texts)
    right = (numbers >= 0) & (numbers <= HEAVIEST)
    return np.rint(np.where(right, numbers, 0.0) * WEIGHT_PARTS).astype(np.int64), ~right


class TimeFilter:
    """Which times of day and which days count."""

    def __init__(self, hours: Sequence[float] | None, dates: Sequence[str] | None) -> None:
        self.hours = None if hours is None else _checked_hours(hours)
        self.days = None if dates is None else _checked_days(dates)

    @property
    def is_open(self) -> bool:
        """Whether every time counts."""
        return self.hours is None and self.days is None

    def keeps(self, seconds: _Ints) -> _Mask:
        """Return which local seconds count: the first hour does, the last does not; both days do."""
        kept = np.ones(len(seconds), dtype=np.bool_)
        if self.hours is not None:
            first_s, last_s = self.hours
            of_day = seconds % DAY_S
            if first_s < last_s:
                kept &= (of_day >= first_s) & (of_day < last_s)
            else:  # over midnight
                kept &= (of_day >= first_s) | (of_day < last_s)
        if self.days is not None:
            day = seconds // DAY_S
            kept &= (day >= self.days[0]) & (day <= self.days[1])
        return kept


def _checked_hours(hours: Sequence[float]) -> tuple[int, int]:
    try:
        first, last = (float(hour) for hour in hours)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"hours must be two numbers, from and to, got {hours!r}; for example (11, 14)") from error
    if not (0 <= first <= 24 and 0 <= last <= 24 and first != last):  # noqa: PLR2004 - hours of a day
        raise ConfigError(
            f"hours must be two different numbers from 0 to 24, got {hours!r}; for example (11, 14), or (22, 6) over "
            "midnight"
        )
    return round(first * _HOUR_S), round(last * _HOUR_S)


def _checked_days(dates: Sequence[str]) -> tuple[int, int]:
    try:
        first, last = (dt.date.fromisoformat(str(day)) for day in dates)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"dates must be two days, the first and the last, got {dates!r}; for example ('2024-05-01', '2024-05-31')"
        ) from error
    if last < first:
        raise ConfigError(f"the last of dates must not be before the first, got {dates!r}; exchange them")
    epoch = dt.date(1970, 1, 1).toordinal()
    return first.toordinal() - epoch, last.toordinal() - epoch


def _whole_chunk(texts: Any, offset_s: int) -> _Ints | None:
    """Read times of one form at once; None where they are of several, or of another."""
    try:
        numbers = pc.fill_null(pc.cast(texts, pa.int64()), _EPOCH_S[0])
        seconds = np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.int64)
    except pa.ArrowInvalid:
        return _iso_chunk(texts)
    if ((seconds >= _EPOCH_S[0]) & (seconds < _EPOCH_S[1])).all():
        return seconds + offset_s
    return None


def _iso_chunk(texts: Any) -> _Ints | None:
    for one in (texts, pc.replace_substring_regex(texts, r"\b(\d)\b", r"0\1")):
        try:
            read = pc.cast(pc.replace_substring(one, "/", "-"), pa.timestamp("us"))
        except pa.ArrowInvalid:
            continue
        return np.asarray(pc.fill_null(pc.cast(read, pa.int64()), 0).to_numpy(zero_copy_only=False)) // 1_000_000
    return None


def _seconds(text: str, offset_s: int) -> int:
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return int(text[:10]) + offset_s
    if found := _COMPACT.fullmatch(text):
        text = "-".join(found.groups()[:3]) + (" " + ":".join(found.groups()[3:]) if found[4] else "")
    padded = _SINGLE_DIGIT.sub(r"0\1", text.replace("/", "-"))
    try:
        moment = dt.datetime.fromisoformat(padded)
    except ValueError:
        return int(_NOT_KNOWN)
    local = moment.tzinfo is None
    whole = moment.replace(tzinfo=dt.UTC) if local else moment
    since = whole - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return since.days * DAY_S + since.seconds + (0 if local else offset_s)


def _number(text: str | None) -> float:
    try:
        # Python also takes 1_0, and full-width digits where the encoding shows them
        return float("nan") if text is None or "_" in text or not text.isascii() else float(text)
    except ValueError:
        return float("nan")
