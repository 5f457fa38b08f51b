"""Opening hours as planners write them -> the opening_hours grammar of OpenStreetMap.

Chinese and English phrases are cut into tokens (days, times, seasons, 'closed'), the tokens are put together to rules,
and the rules are written out and checked by the library that evaluates them. What leaves a doubt is not guessed at:
``9:00-5:00`` may end in the afternoon or at night, ``夏季`` begins when it does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from opening_hours import OpeningHours, validate

from coverage_planner.sources.hour_rules import parse_rules
from coverage_planner.sources.hour_words import (
    ALL_DAYS,
    MOST_OFF,
    PUBLIC_HOLIDAYS,
    Season,
    Token,
    tokens_of,
)  # fmt: skip
from coverage_planner.sources.signs import plain

NOT_UNDERSTOOD = "opening hours not understood, kept as they are"
NO_MONTHS = "opening hours differ by season without saying the months, kept as they are"

_DAY = 24 * 60
#: Longer texts are no opening hours.
_LONGEST = 300
_NAMES = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class _Rule:
    """When a place is open on some days: minutes after midnight, an end beyond 1440 is on the next day."""

    days: frozenset[int] | None = None
    times: tuple[tuple[int, int], ...] = ()
    closed: bool = False
    season: Season | None = None
    #: Only on workdays: public holidays are none.
    workdays: bool = False


class _NotUnderstoodError(Exception):
    """The text leaves a doubt; the argument is the remark."""


def parse_hours(text: str) -> str | None:
    """Write opening hours in the opening_hours grammar of OpenStreetMap.

    Parameters
    ----------
    text
        For example 24小时, 8:30-17:30, 上午9点至下午5点, 早8晚10, 周一至周五 9:00-18:00 周末休息, 工作日, 节假日,
        22:00-次日6:00, 夏季(5月-9月) 8:00-20:00 冬季 8:30-18:00, or what is in that grammar already.

    Returns
    -------
    str or None
        What `opening_hours` accepts; None where the text is not understood without doubt.

    Notes
    -----
    工作日 (workdays) becomes Monday to Friday without public holidays. Ends at or before the start are on the next day
    where the text says so (次日, 凌晨) or the place opens at noon or later; else there is a doubt.

    Examples
    --------
    >>> parse_hours("周一至周五 8：30—17：30，周末休息")
    'Mo-Fr 08:30-17:30; Sa,Su off'
    >>> parse_hours("看天气") is None
    True
    """
    return read_hours(text)[0]


def in_grammar(text: str) -> bool:
    """Whether a text is in the opening_hours grammar already, up to the width of its signs."""
    return validate(plain(text))


def read_hours(text: str) -> tuple[str | None, str]:
    """Return what `parse_hours` does and, where that is None, the remark that says why."""
    said = plain(text)
    if len(said) > _LONGEST:
        return None, NOT_UNDERSTOOD
    if re.search("[a-z]|24/7", said, re.IGNORECASE) and validate(said):
        return _tidied(said), ""
    try:
        written = _write(_rules(list(tokens_of(said.casefold()))))
    except _NotUnderstoodError as error:
        return None, str(error) or NOT_UNDERSTOOD
    return (written, "") if validate(written) else (None, NOT_UNDERSTOOD)


def _tidied(text: str) -> str:
    """Write a text in the grammar evenly, unless that changes its rules: of 'PH Mo-Fr' it would make 'PH,Mo-Fr'."""
    written = str(OpeningHours(text))
    rules, tidied = (
        [(rule.joint, rule.says, rule.days) for rule in parse_rules(form) or ()] for form in (text, written)
    )
    return written if rules == tidied else text


# --- tokens -> rules ---


@dataclass
class _Group:
    """Tokens that belong together while they are read: days and what is said of them."""

    days: frozenset[int] | None = None
    workdays: bool = False
    times: list[tuple[int, int]] = field(default_factory=list)
    breaks: list[tuple[int, int]] = field(default_factory=list)
    closed: bool = False
    season: Season | None = None

    @property
    def filled(self) -> bool:
        return bool(self.times) or self.closed


def _rules(tokens: Sequence[Token]) -> list[_Rule]:
    """Put tokens together to rules.

    Raises
    ------
    _NotUnderstoodError
        They make no sense, or not without doubt.
    """
    if not any(token.kind in ("time", "closed") for token in tokens) or any(t.kind == "unknown" for t in tokens):
        raise _NotUnderstoodError
    groups = [_Group()]
    exceptions: list[_Rule] = []
    for token in _days_first(list(_pauses(tokens))):
        if token.kind == "except":
            if groups[-1].closed:
                raise _NotUnderstoodError  # 周一闭馆（节假日除外）: open on holidays, or closed too
            exceptions.append(_Rule(token.days, closed=True))
        elif token.kind == "season":
            _add_season(token, groups)
        elif token.kind == "rest":
            groups.append(_Group(season=groups[-1].season))
        elif token.kind == "days":
            _add_days(token, groups)
        elif token.kind == "same":
            _open_as_before(groups)
        elif token.kind == "pause":
            groups[-1].breaks.append((token.start, token.end))
        else:
            _add_times(token, groups)
    return [*_merged([_rule(group) for group in groups if _says_something(group)]), *exceptions]


def _pauses(tokens: Sequence[Token]) -> Iterator[Token]:
    """Make the time behind 午休 a pause; without one, the time before it is closed."""
    pause = False
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        if token.kind == "break":
            pause = after is not None and after.kind == "time"
            if not pause:
                yield Token("closed")
        else:
            yield token._replace(kind="pause") if pause else token
            pause = False


def _add_season(token: Token, groups: list[_Group]) -> None:
    """Begin a season, or give the one before its months where they stand behind: 夏季 8:00-20:00（5月-9月）."""
    before = groups[-1].season
    if groups[-1].filled and before is not None and not before.month and token.season and not token.season.name:
        groups[-1].season = token.season
    else:
        groups.append(_Group(season=token.season))


def _add_days(token: Token, groups: list[_Group]) -> None:
    if groups[-1].filled:
        groups.append(_Group(season=groups[-1].season))
    groups[-1].days = token.days | (groups[-1].days or frozenset())
    groups[-1].workdays |= token.workdays


def _add_times(token: Token, groups: list[_Group]) -> None:
    """Add a time, or that days or the last of several times are closed."""
    group = groups[-1]
    if token.kind == "time":
        if group.closed:
            if len((group.days or frozenset()) & ALL_DAYS) > MOST_OFF:
                raise _NotUnderstoodError  # 周一至周五，节假日休息 9:00-12:00
            groups.append(group := _Group(season=group.season))
        group.times.append((token.start, token.end))
    elif group.days is not None and not group.times:
        group.closed = True
    elif len(group.times) > 1:
        group.breaks.append(group.times.pop())
    else:
        raise _NotUnderstoodError


def _days_first(tokens: Sequence[Token]) -> list[Token]:
    """Put days before their times where the text has them behind: '8:30-17:30 (周一至周五)'."""
    main = [token for token in tokens if token.kind in ("days", "time", "closed", "same")]
    if not main or main[0].kind != "time" or main[-1].kind != "days" or any(t.kind == "season" for t in tokens):
        return list(tokens)
    ordered: list[Token] = []
    times: list[Token] = []
    days: list[Token] = []
    for token in tokens:
        if token.kind != "days" and days:
            ordered += [*days, *times]
            times, days = [], []
        (days if token.kind == "days" else times).append(token)
    return [*ordered, *days, *times]


def _says_something(group: _Group) -> bool:
    if group.filled:
        return True
    if group.season is None and group.days in (None, ALL_DAYS):  # 全年无休 beside the times
        return False
    raise _NotUnderstoodError


def _open_as_before(groups: list[_Group]) -> None:
    """Add the days of the last group to those of the one before: 节假日不休."""
    days = groups[-1].days
    if groups[-1].filled or days is None:
        return  # 8:00-20:00 无休
    if len(groups) == 1:
        if not MOST_OFF < len(days & ALL_DAYS) < len(ALL_DAYS):  # else 周一至周五，节假日照常 9:00-12:00
            groups[-1].days = None  # 节假日照常，8:00-20:00: no day is another
        return
    groups.pop()
    before = groups[-1]
    if before.closed:
        raise _NotUnderstoodError  # 周一休息，节假日照常: at which times
    if before.days is not None:
        before.days |= days
        before.workdays = before.workdays and PUBLIC_HOLIDAYS not in days


def _rule(group: _Group) -> _Rule:
    times = sorted(set(group.times))
    for start, end in group.breaks:
        inside = [(a, b) for a, b in times if a < start and end < b]
        if len(inside) != 1:
            raise _NotUnderstoodError
        times.remove(inside[0])
        times += [(inside[0][0], start), (end, inside[0][1])]
    days = None if group.days == ALL_DAYS or group.days == ALL_DAYS | {PUBLIC_HOLIDAYS} else group.days
    if days is None:  # from 8:00 to 8:00 every day is always
        times = [(0, _DAY) if end - start == _DAY else (start, end) for start, end in times]
    return _Rule(days, tuple(sorted(times)), group.closed, group.season, group.workdays)


def _merged(rules: list[_Rule]) -> list[_Rule]:
    """Join the times of rules for the same days, as 'mornings … afternoons …' come."""
    joined: dict[object, _Rule] = {}
    for rule in rules:
        key = (rule.days, rule.season)
        if key in joined and (rule.closed or joined[key].closed):
            raise _NotUnderstoodError
        before = joined.get(key, replace(rule, times=()))
        joined[key] = replace(rule, times=tuple(sorted({*before.times, *rule.times})))
    if any(end > start for rule in joined.values() for (_, end), (start, _) in pairwise(rule.times)):
        raise _NotUnderstoodError  # 5.10-9.30 8:00-20:00 begins with a season
    return list(joined.values())


# --- rules -> text ---


def _write(rules: list[_Rule]) -> str:
    rules = _with_seasons(rules)
    holidays = any(PUBLIC_HOLIDAYS in (rule.days or ()) for rule in rules)
    if any(rule.workdays for rule in rules) and not holidays:
        rules = [*rules, _Rule(frozenset({PUBLIC_HOLIDAYS}), closed=True)]
    if [(rule.days, rule.times, rule.season) for rule in rules] == [(None, ((0, _DAY),), None)]:
        return "24/7"
    # what comes later goes before: every day, some days, a season, closed days, public holidays
    ordered = sorted(
        rules,
        key=lambda rule: (
            PUBLIC_HOLIDAYS in (rule.days or ()), rule.closed, rule.season is not None, rule.days is not None,
        ),
    )  # fmt: skip
    overnight = any(end > _DAY for rule in ordered for _, end in rule.times)
    if overnight:
        ordered = _apart(ordered)
    written = ""
    for rule, before in zip(ordered, [None, *ordered], strict=False):
        # a rule behind ';' would cut off the small hours of the night before, one behind ',' does not
        joint = "" if before is None else ", " if overnight and _stands_beside(rule, before) else "; "
        written += joint + " ".join(filter(None, (_months(rule.season), _day_names(rule.days), _times(rule))))
    return written


def _apart(rules: list[_Rule]) -> list[_Rule]:
    """Give each day to one rule, the last that holds for it, so that rules can stand beside each other."""
    if len({rule.season for rule in rules if not _is_holiday(rule)}) > 1:
        return rules
    holder: dict[int, _Rule] = {}
    for rule in rules:
        if not _is_holiday(rule):
            holder.update(dict.fromkeys((rule.days or ALL_DAYS) & ALL_DAYS, rule))
    parted = [
        replace(rule, days=(held if PUBLIC_HOLIDAYS not in (rule.days or ()) else held | {PUBLIC_HOLIDAYS}))
        for rule in rules
        if not _is_holiday(rule) and not rule.closed
        if (held := frozenset(day for day, last in holder.items() if last is rule))
    ]
    return [*(replace(r, days=None) if r.days == ALL_DAYS else r for r in parted), *filter(_is_holiday, rules)]


def _is_holiday(rule: _Rule) -> bool:
    return rule.days == frozenset({PUBLIC_HOLIDAYS})


def _stands_beside(rule: _Rule, before: _Rule) -> bool:
    """Whether two rules share no day and the later one opens the place on days of the week."""
    apart = not (rule.days or ALL_DAYS) & (before.days or ALL_DAYS)
    return apart and rule.season == before.season and not rule.closed and PUBLIC_HOLIDAYS not in (rule.days or ())


def _with_seasons(rules: list[_Rule]) -> list[_Rule]:
    """Let the one season that has no months be the rest of the year."""
    bare = {rule.season for rule in rules if rule.season is not None and not rule.season.month}
    dated = {rule.season for rule in rules if rule.season is not None and rule.season.month}
    unnamed = any(rule.season is None and not rule.closed for rule in rules)
    if bare and (len(bare) > 1 or len(dated) != 1 or unnamed):
        raise _NotUnderstoodError(NO_MONTHS)
    return [replace(rule, season=None) if rule.season in bare else rule for rule in rules]


def _months(season: Season | None) -> str:
    if season is None:
        return ""
    first, last = _MONTHS[season.month - 1], _MONTHS[season.last_month - 1]
    if not season.day and not season.last_day:
        return first if first == last else f"{first}-{last}"
    return f"{first} {season.day or 1:02d}-{last} {season.last_day or _LAST_DAYS[season.last_month - 1]:02d}"


_LAST_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _day_names(days: frozenset[int] | None) -> str:
    if days is None:
        return ""
    parts = [f"{_NAMES[a]}-{_NAMES[b]}" if b - a > 1 else ",".join(_NAMES[a : b + 1]) for a, b in _runs(days)]
    return ",".join([*parts, "PH"] if PUBLIC_HOLIDAYS in days else parts)


def _runs(days: frozenset[int]) -> Iterator[tuple[int, int]]:
    first = -1
    for day in range(8):
        open_ = day in days and day != PUBLIC_HOLIDAYS
        if open_ and first < 0:
            first = day
        elif not open_ and first >= 0:
            yield first, day - 1
            first = -1


def _times(rule: _Rule) -> str:
    return "off" if rule.closed else ",".join(f"{_clock(a)}-{_clock(_end(a, b))}" for a, b in rule.times)


def _end(start: int, end: int) -> int:
    """Return an end on the next day as the grammar has it: 22:00-06:00, but 08:00-32:00 for a whole day."""
    return end - _DAY if _DAY < end < start + _DAY else end


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
