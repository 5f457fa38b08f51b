"""Words and numbers of opening hours, in Chinese and English -> tokens."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

#: Days of the week from Monday = 0; public holidays count as an eighth day.
PUBLIC_HOLIDAYS = 7
ALL_DAYS = frozenset(range(7))
WORKDAYS = frozenset(range(5))
_WEEKEND = frozenset({5, 6})
_HOLIDAYS = frozenset({PUBLIC_HOLIDAYS})
#: Where more days of the week stand before 'closed' or 'except' and none before the times, some of them are those on
#: which it is open: 周一至周五，节假日休息 9:00-12:00.
MOST_OFF = 3

_NOON, _DAY = 12 * 60, 24 * 60


class Season(NamedTuple):
    """Months and days of the month (0: the whole month) of the first and last day; month 0 where the text says none."""

    name: str
    month: int = 0
    day: int = 0
    last_month: int = 0
    last_day: int = 0


class Token(NamedTuple):
    """A piece of the text that means something; 'unknown' where it does not.

    ``closed`` (休息), ``same`` (不休: open as on other days), ``break`` (午休: the time beside it is one), ``except``
    (除…外, and 休息 in brackets: the days of it), ``pause`` (a time that is such a break),
    ``rest`` (其余时间: all other days).
    """

    kind: Literal["days", "time", "closed", "same", "break", "except", "season", "pause", "rest", "unknown"]
    days: frozenset[int] = frozenset()
    workdays: bool = False
    start: int = 0
    end: int = 0
    season: Season | None = None


_NUMERALS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_WEEKDAYS = {**{sign: number for number, sign in enumerate("一二三四五六日")}, "天": 6,
             **{str(number + 1): number for number in range(7)}}  # fmt: skip
_ENGLISH_DAYS = (
    "mo(?:n(?:day)?)?s?",
    "tu(?:e(?:s(?:day)?)?)?s?",
    "we(?:d(?:nesday)?)?s?",
    "th(?:u(?:r(?:s(?:day)?)?)?)?s?",
    "fr(?:i(?:day)?)?s?",
    "sa(?:t(?:urday)?)?s?",
    "su(?:n(?:day)?)?s?",
)

_WEEK = "(?:周|星期|礼拜)"
_WEEK_DAY = r"(?:[一二三四五六日天]|[1-7](?![\d:.点时月]))"
#: A further day of a list, not an hour: 周一五点 is five o'clock on Monday.
_NEXT_DAY = rf"{_WEEK_DAY}(?![点时十月])"
_LISTED = rf"每?{_WEEK}\s*{_WEEK_DAY}(?:\s*(?:[、,/及和与&-]|and)?\s*{_WEEK}?\s*{_NEXT_DAY})*"
_NAMED_DAYS: tuple[tuple[str, frozenset[int], bool], ...] = (
    (rf"(?:每?{_WEEK}末|双休日|双休|weekends?)", _WEEKEND, False),
    (r"(?:(?:法定)?工作日|平日|上班日|work(?:ing)? ?days?|weekdays?)", WORKDAYS, True),
    (r"(?:国家)?(?:法定)?(?:节假日|假日|节日|假期)|公众假期|(?:public )?holidays?|\bph\b", _HOLIDAYS, False),
    (
        r"每天|每日|天天|日常|全周|全年|一周七天|每周七天|365天|daily|every ?day|all week|7 ?days(?: a week)?",
        ALL_DAYS,
        False,
    ),
)

_HOUR = r"(?:\d{1,2}|二十[一二三四]?|十[一二三四五六七八九]?|[零一二两三四五六七八九])"
_MINUTE = r"(?:[0-5]?\d|[二三四五]?十[一二三四五六七八九]?|零?[一二三四五六七八九])"
_MORNING = "凌晨|清晨|早上|早晨|早间|早|朝|上午"
_MIDDAY = "中午|正午"
_EVENING = "下午|午后|傍晚|晚上|晚间|夜间|夜里|午夜|深夜|晚|夜"
_TOMORROW = "次日|翌日|第二天|隔天|隔日|next day"


def _clock(number: int) -> str:
    """Return the pattern of a time of day; its groups carry a number."""
    return (
        rf"(?P<next{number}>{_TOMORROW})?\s*的?(?:(?P<part{number}>{_MORNING}|{_MIDDAY}|{_EVENING})\s*:?\s*)?"
        rf"(?:(?P<four{number}>[0-2]\d[0-5]\d)(?!\d)|(?P<hour{number}>{_HOUR})"
        rf"(?:\s*[:.]\s*(?P<minute{number}>[0-5]\d)(?::00)?(?!\d)"
        rf"|(?P<half{number}>[点时]半)"
        rf"|[点时](?P<spoken{number}>{_MINUTE})分?(?!\d)"
        rf"|(?P<full{number}>点钟?整?|时整?|h\b))?)"
        rf"\s*(?P<side{number}>[ap]\.?m\b\.?)?"
    )


_TIMES = re.compile(rf"{_clock(1)}\s*(?P<between>-|(?=晚))\s*{_clock(2)}\s*(?P<next3>\((?:{_TOMORROW})\))?")
_ALWAYS = re.compile(
    r"(?:7\s*[x*/]\s*)?24\s*(?:小时|h(?:ours?|rs?)?\b)(?:\s*[x*/]\s*7(?:天)?)?|二十四小时|7\s*[x*/]\s*24|24\s*[x*/]\s*7|"
    r"全天候|全天|全日|全时段|昼夜|round the clock|around the clock"
)
_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_SEASON = re.compile(
    r"(?P<name>夏季|夏令时间?|夏天|夏时制|冬季|冬令时间?|冬天|冬时制|春秋季|春季|秋季|旺季|淡季|summer|winter)?\s*\(?\s*(?:时间)?:?\s*"
    rf"(?:每年)?(?P<month>{_MONTH})(?:月(?:份|初)?(?:(?P<day>\d{{1,2}})[日号])?|(?=-{_MONTH}月))\s*-\s*"
    rf"(?:次年|翌年|来年|第二年|明年)?(?P<last_month>{_MONTH})月(?:份|底|末)?(?:(?P<last_day>\d{{1,2}})[日号])?\s*\)?"
    r"|(?P<bare>夏季|夏令时间?|夏天|夏时制|冬季|冬令时间?|冬天|冬时制|春秋季|春季|秋季|旺季|淡季|summer|winter)"
)
_CLOSED = re.compile(
    r"休息|休馆|闭馆|闭店|闭站|关门|关闭|关馆|不对外开放|不对外|不开放|不开门|不营业|不服务|停业|停止营业|停止开放|放假|不上班|closed|\boff\b|休"
)
_SAME = re.compile(
    r"(?:也|都|均)?(?:照常|正常)(?:开放|营业|服务|上班)?|(?:也|都|均)?不(?:休息?|打烊|闭馆|关门|放假)|无休(?:息)?|均?(?:除外)?不例外"
)
_BREAK = re.compile(r"午休(?:时间)?|午间休息|中午休息|午餐时间|lunch(?: break)?")
_NO_BREAK = re.compile(r"(?:中午|午间|午休)(?:也)?不(?:休息?|打烊|闭馆|关门)|中午连班|中午无休|不午休")
_FILLER = re.compile(
    r"(?:营业|开放|服务|运营|工作|办公|上班|开门|对外|正常|开馆)?(?:时间|时段)|营业|开放|服务|对外|开门|运营|上班|工作|均为|均|都|为|是|的|"
    r"分别|正常|免费|以及|及|和|与|或|\band\b|\bopen\b|\bhours?\b|\bfrom\b|[\s,;:、。./|&()\[\]{}<>+\"'!·]+"
)


def _english_days_in_chinese(text: str) -> str:
    for sign, pattern in zip("一二三四五六日", _ENGLISH_DAYS, strict=True):
        text = re.sub(rf"\b{pattern}\b\.?", f"周{sign}", text)
    return text


def tokens_of(text: str) -> Iterator[Token]:
    """Cut a text, already `plain` and in small letters, into tokens; filling words are left out."""
    text = _english_days_in_chinese(text)
    text = (
        re.sub(r"(?<=\S)\s*(?:--+|至|到|~|〜|∼|\bto\b|\buntil\b|\bthrough\b)\s*", "-", text)
        .replace("∶", ":")
        .replace("×", "x")
    )
    at = 0
    while at < len(text):
        token, length = _next_token(text, at)
        at += length
        if token is not None:
            yield token


def _next_token(text: str, at: int) -> tuple[Token | None, int]:
    """Return the token that starts at a place, None for filling words, and its length."""
    for read in (_except, _rest, _no_break, _break, _season, _same, _always, _days, _times, _closed, _filler):
        found = read(text, at)
        if found is not None:
            return found
    return Token("unknown"), 1


_Found = tuple[Token | None, int] | None


def _except(text: str, at: int) -> _Found:
    found = re.compile(r"除了?([^外]{1,20}?)(?:之外|以外|外)").match(text, at)
    days = found and _all_days(found[1])
    if found and days:
        return Token("except", days), found.end() - at
    found = re.compile(rf"\(([^()]{{1,20}}?)(?:{_CLOSED.pattern})\)").match(text, at)
    days = found and _all_days(found[1])
    if found and days:
        return Token("except", days), found.end() - at
    found = re.compile(r"([^()\[\]{}]{1,20}?)除外").match(text, at)
    days = found and _all_days(found[1])
    few = days is not None and len(days & ALL_DAYS) <= MOST_OFF
    return (Token("except", days), found.end() - at) if found and days and few else None


def _all_days(text: str) -> frozenset[int]:
    """Return the days of a text that holds nothing else, else none."""
    tokens = list(tokens_of(text))
    if not tokens or any(token.kind != "days" for token in tokens):
        return frozenset()
    return frozenset().union(*(token.days for token in tokens))


def _rest(text: str, at: int) -> _Found:
    found = re.compile(r"其[余他它](?:时间|时段|日期|日子|各?天)?").match(text, at)
    return (Token("rest"), found.end() - at) if found else None


def _no_break(text: str, at: int) -> _Found:
    found = _NO_BREAK.match(text, at)
    return (None, found.end() - at) if found else None


def _break(text: str, at: int) -> _Found:
    found = _BREAK.match(text, at)
    return (Token("break"), found.end() - at) if found else None


def _season(text: str, at: int) -> _Found:
    found = _SEASON.match(text, at)
    if found is None:
        return None
    if found["bare"]:
        return Token("season", season=Season(found["bare"])), found.end() - at
    months = [_number(found[name]) for name in ("month", "last_month")]
    days = [int(found[name] or 0) for name in ("day", "last_day")]
    season = Season(found["name"] or "", months[0], days[0], months[1], days[1])
    return Token("season", season=season), found.end() - at


def _same(text: str, at: int) -> _Found:
    found = _SAME.match(text, at)
    return (Token("same"), found.end() - at) if found else None


def _always(text: str, at: int) -> _Found:
    found = _ALWAYS.match(text, at)
    return (Token("time", start=0, end=_DAY), found.end() - at) if found else None


def _days(text: str, at: int) -> _Found:
    for pattern, days, workdays in _NAMED_DAYS:
        if found := re.compile(pattern).match(text, at):
            return Token("days", days, workdays), found.end() - at
    found = re.compile(_LISTED).match(text, at)
    if found is None:
        return None
    listed: list[int] = []
    joined = False
    for sign in re.sub(_WEEK, "", found[0]):
        if sign == "-":
            joined = True
        elif sign in _WEEKDAYS:
            day = _WEEKDAYS[sign]
            first = listed[-1] if joined and listed else day
            listed.extend((first + step) % 7 for step in range((day - first) % 7 + 1))
            joined = False
    return Token("days", frozenset(listed)), found.end() - at


def _times(text: str, at: int) -> _Found:
    found = _TIMES.match(text, at)
    if found is None:
        return None
    minutes = _start_and_end(found)
    token = Token("unknown") if minutes is None else Token("time", start=minutes[0], end=minutes[1])
    return token, found.end() - at


def _closed(text: str, at: int) -> _Found:
    found = _CLOSED.match(text, at)
    return (Token("closed"), found.end() - at) if found else None


def _filler(text: str, at: int) -> _Found:
    found = _FILLER.match(text, at)
    return (None, found.end() - at) if found and found.end() > at else None


def _number(text: str) -> int:
    """Read a number in digits or Chinese numerals up to 99."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.partition("十")
    if not ten:
        return _NUMERALS[text[-1]]
    return 10 * (_NUMERALS[tens] if tens else 1) + (_NUMERALS[ones] if ones else 0)


def _start_and_end(found: re.Match[str]) -> tuple[int, int] | None:
    """Return minutes after midnight, the end beyond 1440 where it is on the next day; None where there is a doubt."""
    parts = [found["part1"] or _side(found["side1"]), found["part2"] or _side(found["side2"])]
    if not found["between"] and not (parts[0] in ("早", "朝", "早上") and parts[1] in ("晚", "晚上")):
        return None
    if not parts[0] and found["side2"] and not found["part2"]:
        # 9-5pm opens in the morning; 8-10pm may do so or not
        if _hour(found, 1) <= _hour(found, 2) % 12:
            return None
        parts[0] = "上午"
    if not any(parts) and not any(found[f"{name}{n}"] for n in (1, 2) for name in _SAYS_A_TIME):
        return None  # 9-18 may be a day of September
    start, end = _minutes(found, 1, parts[0]), _minutes(found, 2, parts[1])
    if start is None or end is None:
        return None
    next_day = bool(found["next2"] or found["next3"])
    afternoon = parts[0] in (*_EVENING.split("|"), *_MIDDAY.split("|")) and not parts[1] and not next_day
    if afternoon and 60 <= end < _NOON and start < end + _NOON:  # noqa: PLR2004 - 下午2点-5点
        end += _NOON
    if next_day:
        end += _DAY
    elif end <= start:
        at_night = start >= _NOON or parts[1] in ("凌晨", "午夜", "深夜") or end == 0
        if not at_night or end == start:
            return None
        end += _DAY
    return (start, end) if start < _DAY and end - start <= _DAY else None


_SAYS_A_TIME = ("four", "minute", "half", "spoken", "full")


def _side(letters: str | None) -> str:
    return "" if letters is None else "凌晨" if letters.startswith("a") else "下午"


def _hour(found: re.Match[str], number: int) -> int:
    return int(found[f"four{number}"][:2]) if found[f"four{number}"] else _number(found[f"hour{number}"])


def _minutes(found: re.Match[str], number: int, part: str) -> int | None:
    """Return the minutes after midnight that a time of day says, None for one that there is not."""
    minute = 30 if found[f"half{number}"] else 0
    for name in ("minute", "spoken"):
        if found[f"{name}{number}"]:
            minute = _number(found[f"{name}{number}"])
    if found[f"four{number}"]:
        minute = int(found[f"four{number}"][2:])
    hour = _hour_of_day(_hour(found, number), part)
    return None if hour is None or 60 * hour + minute > _DAY else 60 * hour + minute


def _hour_of_day(hour: int, part: str) -> int | None:
    """Return the hour from 0 to 24 that an hour of a part of the day is, None where there is none."""
    if part in _EVENING.split("|"):
        late = part not in ("下午", "午后", "傍晚")
        if hour == 12:  # noqa: PLR2004 - twelve o'clock
            return 24 if late else 12
        if hour < (5 if late else 1):
            return None  # 晚上1点 is of the next day or a slip
        return hour + 12 if hour < 12 else hour  # noqa: PLR2004
    if part in _MIDDAY.split("|"):
        return hour + 12 if hour in (1, 2) else hour
    if part and hour > 12:  # noqa: PLR2004
        return None
    return 0 if part == "凌晨" and hour == 12 else hour  # noqa: PLR2004
