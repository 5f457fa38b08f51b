"""Timetables of service buses and vending trucks: each stop is a station that exists at certain hours."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np

from coverage_planner.errors import InputError, SchemaError, name_some
from coverage_planner.schema import TABLES, Rejections, check_table
from coverage_planner.sources.aliases import ALIASES
from coverage_planner.sources.calendar import Calendar, parse_date, read_calendar
from coverage_planner.sources.cells import Mask, Texts, text_column
from coverage_planner.sources.columns import ids_of, keep_where, refuse_rows, understood_columns
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.sources.headers import check_column_datum, find_columns
from coverage_planner.sources.hour_minutes import minutes_held, rules_held
from coverage_planner.sources.hour_rules import HourRule, parse_rules
from coverage_planner.sources.hours import read_hours
from coverage_planner.sources.positions import positions_of_cells, positions_of_layer
from coverage_planner.sources.ranges import to_metric
from coverage_planner.sources.raw_tables import AnyPath, Fault, RawTable, reading_faults, remark_reading
from coverage_planner.sources.signs import NOTHING, plain
from coverage_planner.sources.tables import read_table

#: Names of the columns of a timetable, besides those of facilities.
MOBILE_ALIASES: Mapping[str, tuple[str, ...]] = {
    **ALIASES,
    "name": (*ALIASES["name"], "停靠点", "停靠点名称", "停靠站", "停靠站点", "停靠地点", "停放点", "停放地点",
             "服务地点", "stop", "stop_name"),
    "vehicle": ("vehicle", "车辆", "线路", "车辆名称", "车辆编号", "车牌", "车牌号", "车号", "路线", "线路名称", "班车",
                "服务车", "流动车", "大巴", "设备", "bus", "truck", "route", "line"),
    "days": ("days", "星期", "日期", "停靠日期", "服务日期", "运行日", "运行日期", "星期几", "周几", "周期", "停靠日",
             "服务日", "weekday", "weekdays", "date", "dates", "day"),
    "arrival": ("arrival", "到达", "到达时间", "到站", "到站时间", "进站", "进站时间", "开始", "开始时间", "起始时间",
                "停靠开始", "停靠开始时间", "arrive", "arrives", "from", "start", "begin"),
    "departure": ("departure", "离开", "离开时间", "离站", "离站时间", "发车", "发车时间", "驶离", "驶离时间", "结束",
                  "结束时间", "截止时间", "停靠结束", "停靠结束时间", "depart", "departs", "leave", "leaves", "until",
                  "to", "end"),
    "opening_hours": (*ALIASES["opening_hours"], "停靠时间", "停靠时段", "停放时间", "停放时段"),
}  # fmt: skip

KIND = "mobile"
_TABLE = "mobile stops"
_TIMETABLE = ("vehicle", "days", "arrival", "departure")

NO_VEHICLE = "vehicle is blank"
NO_DAYS = "days are blank"
NO_TIMES = "arrival or departure is blank"
DAYS_UNKNOWN = "days not understood"
TIMES_UNKNOWN = "arrival and departure not understood"
HOURS_TWICE = "arrival and departure beside opening hours"
DAYS_TWICE = "days beside opening hours that name days"

#: For each stop which of its rules hold on a day.
_Held = tuple[tuple[bool, ...], ...]
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_WORDS = {"ordinary": "an ordinary day", "holiday": "a public holiday", "workday": "a make-up workday"}
_DATE = r"\d{4}\s*(?:[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?|\d{4})(?:[ T]0?0:00(?::00)?)?(?!\d)"
_DATES = re.compile(rf"({_DATE})(?:\s*(?:至|到|~|--)\s*({_DATE}))?")
_BETWEEN_DATES = re.compile(r"[\s,;、，；和及与/|]*")
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::00)?")


def read_mobile_stops(
    path: AnyPath,
    *,
    datum: Datum = "wgs84",
    source_crs: Any = None,
    crs: Any = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
    study_area: gpd.GeoDataFrame | None = None,
    calendar: Calendar | None = None,
    rejected: Rejections | None = None,
) -> gpd.GeoDataFrame:
    """Read the timetable of service buses, vending trucks and other stations on wheels.

    Parameters
    ----------
    path
        A table in any form that `read_facilities` reads, one row per stop of a vehicle: its position, ``vehicle``
        (车辆, 线路), ``days`` (星期, 日期: 周一、周三, 周一至周五, 每天, 工作日, 节假日, Mo-Fr, or dates such as
        2025-10-03、2025-10-05; without the column every day), ``arrival`` (到达) and ``departure`` (离开) as 8:30,
        下午2点 or 次日1:00, or both at once in ``opening_hours`` (停靠时间); also ``id``, ``name`` (停靠点),
        ``services``, ``level`` and the others of `read_facilities`.
    datum, source_crs, crs, columns, sheet, header_row, encoding, where, study_area
        As for `read_facilities`.
    calendar
        Which days are holidays and make-up workdays, to see whether a vehicle is in two places at once; default:
        `read_calendar`.
    rejected
        Collects rows that cannot be used, with the reason, and remarks; without it the former are an error.

    Returns
    -------
    GeoDataFrame
        A table of facilities, one row per stop: ``id`` (the file's, or 'M1', 'M2', … by the row's place), ``vehicle``,
        ``kind`` 'mobile', ``opening_hours`` in the grammar of OpenStreetMap, and of the other columns of facilities
        those that the file has. A workday (工作日) is Monday to Friday and no public holiday.

    Raises
    ------
    SourceError, CrsError, DatumError, SchemaError, ConfigError
        As for `read_facilities`; the columns of the vehicle, or of arrival and departure, are missing.
    InputError
        Rows cannot be used and there is no `rejected`; a vehicle is in two places at once: the rows and a day.
    """
    named = (columns or {}).values()
    raw = read_table(path, sheet=sheet, encoding=encoding, header_row=header_row, named=named)
    raw = keep_where(raw, where)
    check_datum(datum, raw.source)
    found = _find_columns(raw, columns, datum)
    place = positions_of_cells if raw.geometry is None else positions_of_layer
    positions = place(raw, found, datum=datum, source_crs=source_crs, study_area=study_area)
    ids, id_faults = ids_of(raw, found.get("id"), "M")
    vehicles = np.array([plain(text) for text in text_column(raw, found["vehicle"])], dtype=object)
    stops = _read_timetable(raw, found, vehicles)
    said = {name: column for name, column in found.items() if name not in (*_TIMETABLE, "opening_hours", "kind")}
    values, value_faults, remarks = understood_columns(raw, "facilities", said)
    unread = reading_faults(raw, found, ["id", *_TIMETABLE, "opening_hours", "lon", "lat", "position"])
    keep = refuse_rows(
        raw,
        ids,
        [*unread, *positions.faults, *id_faults, *stops.faults, *value_faults],
        table=_TABLE,
        rejected=rejected,
        remarks=[*positions.remarks, *remarks],
        details={**positions.details, **stops.details},
    )
    if rejected is not None:
        remark_reading(raw, ids, keep, found, table=_TABLE, rejected=rejected)
    _check_apart(raw, keep, vehicles, stops.hours, read_calendar() if calendar is None else calendar)
    read = gpd.GeoDataFrame(
        {
            "id": ids[keep],
            "vehicle": vehicles[keep],
            "kind": np.full(int(keep.sum()), KIND, dtype=object),
            "opening_hours": stops.hours[keep],
            **{name: cells[keep] for name, cells in values.items()},
        },
        geometry=to_metric(positions.points[keep].reset_index(drop=True), crs, raw.source),
    )
    check_table(read, "facilities", what=raw.source)
    return read


def _find_columns(raw: RawTable, columns: Mapping[str, str] | None, datum: Datum) -> dict[str, str]:
    names = [*_TIMETABLE, *(column.name for column in TABLES["facilities"])]
    names += [name for name in ("lon", "lat", "position", "address") if name not in names and raw.geometry is None]
    found = find_columns(raw, names, ["vehicle"], columns, MOBILE_ALIASES, datum=datum)
    if raw.geometry is None:
        if "position" not in found or ("lon" in (columns or {}) and "lat" in (columns or {})):
            find_columns(raw, names, ["lon", "lat", "vehicle"], columns, MOBILE_ALIASES, datum=datum)
        check_column_datum(raw, found, datum)
    if not ("arrival" in found and "departure" in found) and "opening_hours" not in found:
        raise SchemaError(
            f"{raw.source} must have columns for arrival and departure, or for opening hours, got "
            f"{[str(column) for column in raw.table.columns]}; name them so (到达, 离开 or 停靠时间) or say which they "
            "are: columns={'arrival': '…', 'departure': '…'}"
        )
    return found


# --- days and times -> opening hours ---


@dataclass(frozen=True, eq=False)
class _Stops:
    """Opening hours of each row, the rows whose days and times are at fault, and the cells to show behind a reason."""

    hours: Texts
    faults: list[Fault]
    details: dict[str, Texts]


def _read_timetable(raw: RawTable, found: Mapping[str, str], vehicles: Texts) -> _Stops:
    def texts(name: str) -> list[str]:
        if name not in found:
            return [""] * len(raw.table)
        cells = [plain(text) for text in text_column(raw, found[name])]
        return ["" if text.casefold() in NOTHING else text for text in cells]

    cells = list(zip(texts("days"), texts("arrival"), texts("departure"), texts("opening_hours"), strict=True))
    read = {row: _stop_hours(*row, days_column="days" in found) for row in dict.fromkeys(cells)}
    hours = np.array([read[row][0] for row in cells], dtype=object)
    reasons = np.array([read[row][1] for row in cells], dtype=object)
    shown = np.array([" ".join(filter(None, row)) for row in cells], dtype=object)
    faults = [(vehicles == "", NO_VEHICLE)]
    faults += [(reasons == reason, reason) for reason in dict.fromkeys(reasons) if reason]
    return _Stops(hours, faults, dict.fromkeys((DAYS_UNKNOWN, TIMES_UNKNOWN, DAYS_TWICE), shown))


def _stop_hours(days: str, arrival: str, departure: str, hours: str, *, days_column: bool) -> tuple[str, str]:
    """Return the opening hours of a stop, and what is wrong with its cells where they say none."""
    if hours and (arrival or departure):
        return "", HOURS_TWICE
    if hours:
        alone = read_hours(hours)[0]
        rules = None if alone is None else parse_rules(alone)
        if alone is not None and rules is not None and any(rule.days or rule.dates for rule in rules):
            return ("", DAYS_TWICE) if days else (alone, "")
        times = hours
    else:
        if not arrival or not departure:
            return "", NO_TIMES
        times = f"{_clock(arrival)}-{_clock(departure)}"
    if days_column and not days:
        return "", NO_DAYS
    plain_times = read_hours(times)[0]
    rules = None if plain_times is None else parse_rules(plain_times)
    if plain_times is None or rules is None or len(rules) != 1 or rules[0].says != "open":
        return "", TIMES_UNKNOWN
    return _with_days(days, plain_times)


def _clock(text: str) -> str:
    """Return a time of day without seconds; a bare hour with its minutes."""
    found = _CLOCK.fullmatch(text)
    return f"{int(found[1]):02d}:{found[2]}" if found else text


def _with_days(days: str, times: str) -> tuple[str, str]:
    """Put days before times that are in the grammar."""
    if not days:
        return times, ""
    dates = _dates_in_grammar(days)
    if dates is not None:
        return f"{dates} {times}".replace(" 24/7", ""), ""
    # the days' own words are read with any times, which are then replaced by the stop's
    written = read_hours(f"{days} 10:00-11:00")[0]
    if written is None or "10:00-11:00" not in written or parse_rules(written) is None:
        return "", DAYS_UNKNOWN
    if times == "24/7":
        times = "00:00-24:00"
    return written.replace("10:00-11:00", times), ""


def _dates_in_grammar(text: str) -> str | None:
    """Return dates and ranges of dates in the grammar; None where the text has none or something else besides."""
    spans = list(_DATES.finditer(text))
    if not spans or not _BETWEEN_DATES.fullmatch(_DATES.sub("", text)):
        return None
    parts = []
    for span in spans:
        first, last = parse_date(span[1]), parse_date(span[2] or span[1])
        if first is None or last is None or last < first:
            return None
        parts.append(_date_text(first) if first == last else f"{_date_text(first)}-{_date_text(last)}")
    return ",".join(dict.fromkeys(parts))


def _date_text(day: dt.date) -> str:
    return f"{day.year} {_MONTHS[day.month - 1]} {day.day:02d}"


# --- one vehicle, one place ---


def _check_apart(raw: RawTable, keep: Mask, vehicles: Texts, hours: Texts, calendar: Calendar) -> None:
    """Refuse timetables in which a vehicle is in two places at once, on any day of the calendar."""
    clashes = []
    for vehicle in dict.fromkeys(vehicles[keep]):
        rows = np.flatnonzero(keep & (vehicles == vehicle))
        met = _meetings([parse_rules(hours[row]) or () for row in rows], calendar)
        for (one, other), day in met.items():
            numbers = raw.row_numbers[rows[[one, other]]]
            where = f"{raw.row_word}s {numbers[0]} and {numbers[1]}"
            clashes.append(f"{vehicle}, {where} (for example on {day:%Y-%m-%d}, {_DAY_WORDS[calendar.kind(day)]})")
    if clashes:
        raise InputError(
            f"a vehicle of {raw.source} must be in one place at a time; in two at once {name_some(clashes)}; correct "
            "the days and times, give each vehicle its own name, or leave public holidays out of its weekdays (工作日)"
        )


def _meetings(stops: Sequence[tuple[HourRule, ...]], calendar: Calendar) -> dict[tuple[int, int], dt.date]:
    """Return pairs of stops that are open at the same minute, with the first day of the calendar when they are."""
    met: dict[tuple[int, int], dt.date] = {}
    if len(stops) < 2:  # noqa: PLR2004 - a pair
        return met
    n_days = (dt.date(calendar.last_year, 12, 31) - dt.date(calendar.first_year, 1, 1)).days + 1
    days = [dt.date(calendar.first_year, 1, 1) + dt.timedelta(days=number) for number in range(n_days)]
    held = [tuple([rules_held(rules, day, calendar) for rules in stops]) for day in days]
    # many days are alike; of the night before the calendar's first day nothing is known
    alike: dict[tuple[_Held, _Held], dt.date] = {}
    for before, today, day in zip(held, held[1:], days[1:], strict=False):
        alike.setdefault((before, today), day)
    alike.setdefault((tuple([(False,) * len(rules) for rules in stops]), held[0]), days[0])
    for (before, today), day in alike.items():
        minutes = np.array([minutes_held(*given) for given in zip(stops, today, before, strict=True)])
        for pair in combinations(range(len(stops)), 2):
            if pair not in met and (minutes[pair[0]] & minutes[pair[1]]).any():
                met[pair] = day
    return met
