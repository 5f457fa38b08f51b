"""What one cell of a spreadsheet means: text, numbers with units and separators, marks of yes and no.

A number is taken where its spelling leaves no doubt (``１，２００人`` is 1200, ``1.2万`` is 12000) and the row gets a
remark; a range (``20-30``) or a bound (``200以上``) is not one number and is refused with its reason.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coverage_planner.sources.raw_tables import Fault, RawTable, cell_text
from coverage_planner.sources.signs import NOTHING, plain

Texts = NDArray[np.object_]
Mask = NDArray[np.bool_]


class Remark(NamedTuple):
    """Rows that are taken although something should be known: where, which column, the cells as given, what.

    Quiet remarks are for those who collect remarks; nobody is warned of them.
    """

    rows: Mask
    column: str
    given: Texts
    text: str
    quiet: bool = False


def text_column(raw: RawTable, column: str) -> Texts:
    """Return a column as text, "" where blank; numbers without ".0"."""
    texts = [cell_text(value) for value in raw.table[column].tolist()]
    filled = [text for text in texts if text]
    if filled and all(text.endswith(".0") and text[:-2].lstrip("-").isdigit() for text in filled):
        texts = [text.removesuffix(".0") for text in texts]
    return np.array(texts, dtype=object)


_METRES_2 = ("m2", "m^2", "平方米", "平米", "平方", "平", "sqm", "sq m")
_PEOPLE = ("人", "名", "位", "人次", "people", "persons")
#: Column -> unit as written -> the unit it stands for and the factor to it.
_UNITS: Mapping[str, Mapping[str, tuple[str, float]]] = {
    "demand": {
        **dict.fromkeys(_PEOPLE, ("people", 1.0)),
        **{unit: (unit, 1.0) for unit in ("单", "辆", "户", "家", "件", "票", "次", "个", "orders")},
    },
    "capacity": {
        **dict.fromkeys((*_PEOPLE, "个", "座", "席", "张", "个座位", "座位", "个座"), ("people", 1.0)),
    },
    "cost": {
        **dict.fromkeys(("元", "块", "rmb", "cny", "yuan"), ("yuan", 1.0)),
        **dict.fromkeys(("元/年", "元每年", "yuan/year"), ("yuan a year", 1.0)),
        **dict.fromkeys(("元/月", "元每月", "yuan/month"), ("yuan a month", 1.0)),
    },
    "area_m2": {
        **dict.fromkeys(_METRES_2, ("m2", 1.0)),
        **dict.fromkeys(("公顷", "ha"), ("m2", 10_000.0)),
        "亩": ("m2", 2000 / 3),
    },
    "entry_delay_s": {
        **dict.fromkeys(("s", "秒", "秒钟", "sec"), ("s", 1.0)),
        **dict.fromkeys(("min", "分", "分钟", "minutes"), ("s", 60.0)),
    },
}
_FACTORS = {"百": 1e2, "千": 1e3, "k": 1e3, "万": 1e4, "亿": 1e8}

_DIGITS = r"\d{1,3}(?:[, ']\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+"
_NUMBER = re.compile(
    rf"(?P<about>约为?|大约|大概|近|~|≈)?\s*(?P<money>¥)?\s*(?P<number>[+-]?(?:{_DIGITS})(?:e[+-]?\d+)?)\s*"
    r"(?P<factor>[百千万亿k])?\s*(?P<odd>多|余|来)?\s*(?P<unit>m\^?2|[^\d]*?)\s*(?P<or_so>左右|上下)?"
)
_RANGE = re.compile(rf"[^\d]*(?:{_DIGITS})[^\d]*?(?:-|~|至|到)[^\d]*(?:{_DIGITS})[^\d]*")
_BOUND = re.compile(
    r"(?:>=?|<=?|≥|≤|不少于|不低于|至少|超过?|不超过|最多|少于|小于|大于).*\d.*|.*\d.*(?:以上|以下|以内|\+)"
)
_SHEET_ERROR = re.compile(r"#(?:N/A|DIV/0!|REF!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)", re.IGNORECASE)

_MERGED = "one number in a cell merged over several rows, taken as blank"
_SCALED = "multiplied by the unit that the name of the column says"
_IN_MERGED = "{} stands in a cell merged over several rows"
_NOT_A_NUMBER = "{} is not a finite number"
_OTHER_UNIT = "{} has another unit than most rows"


class NumberCell(NamedTuple):
    """A cell read as a number: NaN where it is none, with a reason, or where it says that there is none."""

    value: float
    unit: str = ""
    #: The cell itself says in which unit or multiple it counts.
    own: bool = False
    remark: str = ""
    reason: str = ""


def parse_number(text: str, column: str) -> NumberCell:
    """Read a filled cell as a number.

    Parameters
    ----------
    text
        The cell; "" is not expected.
    column
        This package's name of the column; its units are known by it.

    Returns
    -------
    NumberCell
        A reason contains ``{}`` for the name of the column.
    """
    said = plain(text).removeprefix("'")  # as spreadsheets mark a number that is text
    if said.casefold() in NOTHING:
        return NumberCell(float("nan"), remark="no number given, taken as blank")
    found = _NUMBER.fullmatch(said.casefold())
    return _no_number(said) if found is None else _number(text, found, column)


def _no_number(said: str) -> NumberCell:
    for pattern, reason in (
        (_SHEET_ERROR, "{} is an error of the spreadsheet"),
        (_RANGE, "{} is a range, not one number"),
        (_BOUND, "{} is a bound, not one number"),
    ):
        if pattern.fullmatch(said):
            return NumberCell(float("nan"), reason=reason)
    return NumberCell(float("nan"), reason=_NOT_A_NUMBER)


def _number(text: str, found: re.Match[str], column: str) -> NumberCell:
    written = "元" if found["money"] and not found["unit"] else found["unit"].strip("()[] ")
    unit, scale = _UNITS.get(column, {}).get(written, ("", 1.0))
    if written and not unit:
        if _BOUND.fullmatch(plain(text)):
            return NumberCell(float("nan"), reason="{} is a bound, not one number")
        reason = "{} has a unit that is not understood" if written.isalpha() else _NOT_A_NUMBER
        return NumberCell(float("nan"), reason=reason)
    value = float(re.sub("[, ']", "", found["number"])) * _FACTORS.get(found["factor"], 1.0) * scale
    if not np.isfinite(value):
        return NumberCell(float("nan"), reason=_NOT_A_NUMBER)
    return NumberCell(value, unit, bool(unit or found["factor"]), _number_remark(text, found, scale))


def _number_remark(text: str, found: re.Match[str], scale: float) -> str:
    """Say the most telling thing that was done to make a number of a cell."""
    if found["about"] or found["or_so"] or found["odd"]:
        return "approximate number taken as it stands"
    if found["factor"]:
        return "千, 万 or 亿 multiplied out"
    if scale != 1.0:
        return "unit converted"
    if found["unit"] or found["money"]:
        return "unit left out"
    if re.search("[, ']", found["number"]):
        return "thousands separators left out"
    return "" if text.isascii() else "full-width or typographic signs read as plain ones"


def read_numbers(
    raw: RawTable, column: str, name: str, *, required: bool = False
) -> tuple[NDArray[np.float64], list[Fault], list[Remark]]:
    """Return a column as numbers, the rows that are filled but no number, and those taken with a remark.

    Parameters
    ----------
    raw
        The file.
    column
        Column of the file.
    name
        This package's name of it, for units and reasons.
    required
        A number that stands in a cell merged over several rows is a fault; otherwise it is blank, with a remark.

    Returns
    -------
    tuple
        Numbers, shape (rows,), NaN where blank or at fault; faults; remarks.
    """
    texts = text_column(raw, column)
    numbers, left = plain_numbers(texts)
    merged = raw.merged_rows(column)
    left = left[~merged[left]]
    numbers[merged] = np.nan
    scale = unit_in_name(column, name)
    scaled = np.isfinite(numbers) & (scale != 1.0) & (name != "cost")
    read = {text: parse_number(text, name) for text in set(texts[left])}
    units = Counter(read[texts[row]].unit for row in left if read[texts[row]].unit)
    most = units.most_common(1)[0][0] if units else ""
    reasons, remarks = np.full(len(texts), "", dtype=object), np.full(len(texts), "", dtype=object)
    for row in left:
        cell = read[texts[row]]
        other = bool(cell.unit) and cell.unit != most
        numbers[row] = np.nan if other else cell.value
        reasons[row] = (_OTHER_UNIT if other else cell.reason).format(name)
        remarks[row] = "" if other else cell.remark
        if name != "cost":
            scaled[row] = scale != 1.0 and np.isfinite(numbers[row]) and not cell.own
        elif cell.own:
            numbers[row] /= scale  # a cost stays in the unit that its column names
    if scaled.any():
        numbers[scaled] *= scale
        remarks[scaled] = _SCALED
        left = np.flatnonzero((reasons != "") | (remarks != ""))
    if merged.any():
        reasons[merged] = _IN_MERGED.format(name) if required else ""
        remarks[merged & (texts != "")] = "" if required else _MERGED
        left = np.flatnonzero((reasons != "") | (remarks != ""))
    return (
        numbers,
        [(reasons == reason, reason) for reason in dict.fromkeys(reasons[left]) if reason],
        [Remark(remarks == remark, name, texts, remark) for remark in dict.fromkeys(remarks[left]) if remark],
    )


def unit_in_name(column: str, name: str) -> float:
    """Return what one of the unit is that a column's name has in brackets: 10,000 for 人口（万人）, else 1."""
    found = re.search(r"[(\[{【〔/]\s*(?:单位\s*[:=])?\s*([^()\[\]{}【】〔〕/]+?)\s*[)\]}】〕]?$", plain(column))
    value = parse_number(f"1{found[1]}", name).value if found and not found[1][0].isdigit() else float("nan")
    return value if np.isfinite(value) and value > 0 else 1.0


def plain_numbers(texts: Texts) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return texts as numbers, NaN where they are no plain finite number, and the filled rows where that is so."""
    numbers = np.array([_plain_number(text) for text in texts], dtype=np.float64)
    return numbers, np.flatnonzero(np.isnan(numbers) & (texts != ""))


def _plain_number(text: str) -> float:
    """Return what is a number without any doubt, else NaN."""
    try:
        number = float(text)
    except ValueError:
        return float("nan")
    return number if np.isfinite(number) and text.isascii() and "_" not in text else float("nan")


_YES = frozenset(
    {"√", "✓", "✔", "☑", "是", "有", "1", "y", "yes", "true", "t", "●", "提供", "具备", "可", "支持", "on", "v"}
)
_NO = frozenset({"", "×", "x", "✗", "✘", "☐", "□", "○", "否", "没", "0", "n", "no", "false", "f", "不提供", "不支持"})


def parse_mark(text: str) -> bool | None:
    """Read a cell that says yes (√, 是, 有, 1, …) or no (×, 否, 无, 0, blank, …); None where it says neither.

    A number of things (3 sockets) is a yes.
    """
    said = plain(text).replace("\ufe0f", "").casefold()
    if said in _YES:
        return True
    if said in _NO or said in NOTHING:
        return False
    if re.fullmatch(r"\d{1,3}\s*[个台处套张]?", said):
        return int(re.sub(r"\D", "", said)) > 0
    return None
