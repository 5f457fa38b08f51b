"""Which column of a file is which, by its name."""

import re
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.sources.aliases import ALIASES, AREA_ALIASES, DATUM_WORDS, OTHER_NAMES, OTHER_UNITS
from coverage_planner.sources.datum import Datum
from coverage_planner.sources.raw_tables import RawTable

#: Names whose columns may say the datum in their own name.
POSITION_NAMES = ("lon", "lat", "position")

_BRACKETS = re.compile(r"[(\[{<【〔《（［「][^)\]}>】〕》）］」]*[)\]}>】〕》）］」]")
_NUMBER = re.compile(r"[-+]?\d+\.\d+")
_UNIMPORTANT = re.compile(r"[\s_\-*＊.:\"'\u200b\ufeff]+")
#: Behind a slash, these are units and no name of their own: 面积/㎡.
_UNITS = frozenset(
    {"m2", "平方米", "亩", "公顷", "ha", "人", "万人", "千人", "百人", "户", "万户", "个", "座", "元", "万元", "度",
     "°", "deg", "米", "m", "秒", "s", "分", "分钟", "min", "次"}
)  # fmt: skip


@dataclass(frozen=True)
class _Match:
    """A column whose name fits: how far from the plain name (0: that very name), rank of the alias, datum it names."""

    far: int
    rank: int
    column: str
    datum: str | None


def find_columns(
    raw: RawTable,
    names: Sequence[str],
    required: Sequence[str],
    given: Mapping[str, str] | None,
    aliases: Mapping[str, tuple[str, ...]] = ALIASES,
    *,
    datum: Datum | None = None,
) -> dict[str, str]:
    """Find the file's column for each name.

    A column with the very name or alias goes before one that has it with a unit or remark in brackets ('经度(°)'),
    and that before one that has it as the lower part of a two-row header ('坐标/经度').

    Parameters
    ----------
    raw
        The file.
    names
        Names of this package to look for.
    required
        Those of `names` that must be there.
    given
        Name -> column of the file, as said by the planner; goes before `aliases`.
    aliases
        Name -> names of columns, `ALIASES` or `AREA_ALIASES`.
    datum
        The datum declared: of several columns of coordinates, one named after it goes first, one named after another
        last.

    Returns
    -------
    dict
        Name -> column of the file; names without a column are left out.

    Raises
    ------
    ConfigError
        `given` has a name that is not in `names`.
    SchemaError
        A column is missing or stands twice in the file, or several fit equally.
    """
    given = given or {}
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ConfigError(f"columns for {raw.source} must be among {list(names)}, got {unknown}; correct the names")
    present = [str(column) for column in raw.table.columns]
    found = {name: _said(column, present) for name, column in given.items()}
    absent = [column for column in found.values() if column not in present]
    if absent:
        raise SchemaError(
            f"{raw.source} must have the columns that `columns` names, it has {present}, not {absent}; correct them"
        )
    for name in names:
        if name not in found and (column := _fitting(raw.source, name, aliases[name], present, datum)) is not None:
            found[name] = column
    missing = [name for name in required if name not in found]
    if missing:
        known = "; ".join(f"{name}: {', '.join(aliases[name])}" for name in missing)
        raise SchemaError(
            f"{raw.source} must have columns for {', '.join(missing)}, got {present}{_where(raw)}; name them so "
            f"({known}) or say which they are: columns={{'{missing[0]}': '…'}}"
        )
    twice = [column for column in found.values() if present.count(column) > 1]
    if twice:
        raise SchemaError(f"column names of {raw.source} must not repeat, got {twice} more than once; rename one")
    return found


@lru_cache(maxsize=65536)
def column_datum(column: str) -> str | None:
    """Return the datum that the name of a column of coordinates says, None where it says none.

    >>> column_datum("百度经度"), column_datum("lat_wgs84"), column_datum("经度(GCJ-02)"), column_datum("经度")
    ('bd09', 'wgs84', 'gcj02', None)
    """
    named = {match.datum for name in POSITION_NAMES for match in _matches(name, ALIASES[name], [column])}
    return next(iter(named - {None}), None)


def check_column_datum(raw: RawTable, found: Mapping[str, str], datum: Datum) -> None:
    """Compare the names of the columns of coordinates with the datum that is declared.

    WGS 84 and CGCS2000 count as one.

    Warns
    -----
    UserWarning
        A column that is used is named after another datum.

    Raises
    ------
    SchemaError
        The longitudes are named after one datum and the latitudes after another.
    """
    used = {name: found[name] for name in POSITION_NAMES if name in found}
    said = {column: known for column in used.values() if (known := column_datum(column)) is not None}
    if len({_family(known) for known in said.values()}) > 1:
        raise SchemaError(
            f"longitudes and latitudes of {raw.source} must be in one datum, got the columns {list(said)}; say which "
            "belong together: columns={'lon': '…', 'lat': '…'}"
        )
    other = {column: known for column, known in said.items() if _family(known) != _family(datum)}
    if other:
        known = next(iter(other.values()))
        warnings.warn(
            f"the columns of {raw.source} should be in the datum declared, {datum}; {list(other)} are named after "
            f"{known}; say datum={known!r} if they are, or name other columns",
            stacklevel=2,
        )


def known_names(cells: Sequence[str]) -> int:
    """Return how many of some cells are names of columns that are known."""
    names = [cell for cell in cells if cell and not cell.endswith((":", "："))]  # 联系人：is no name of a column
    return sum(bool(_known_forms() & _forms(name)) or column_datum(name) is not None for name in names)


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """Return a name without what does not matter: case, width, spaces, '_', '-', '*', quotes, points and colons."""
    return _UNIMPORTANT.sub("", unicodedata.normalize("NFKC", name).casefold())


def _family(datum: str) -> str:
    return "wgs84" if datum == "cgcs2000" else datum


def _where(raw: RawTable) -> str:
    number = next((column for column in raw.table.columns if _NUMBER.fullmatch(str(column))), None)
    values = f" (with a number, {number!r}: the row of column names is missing, it seems)" if number else ""
    sheets = "".join(f" ({note})" for note in raw.notes if "sheet" in note)
    return (f" in row {raw.header_row}" if raw.header_row > 1 else "") + values + sheets


def _said(column: str, present: Sequence[str]) -> str:
    """Return a column that a planner names, however its spaces and line breaks stand in the file."""
    if column in present:
        return column
    return next((known for known in present if plain(known) == plain(column)), column)


def _fitting(
    source: str, name: str, aliases: tuple[str, ...], present: Sequence[str], datum: Datum | None
) -> str | None:
    matches = _matches(name, aliases, present)
    if not matches:
        return None

    def order(match: _Match) -> tuple[int, int, int]:
        declared = datum is not None and match.datum is not None and _family(match.datum) == _family(datum)
        fits = 0 if declared else 1 if match.datum is None else 2
        return fits, match.far, match.rank

    best = min(matches, key=order)
    rivals = list(dict.fromkeys(match.column for match in matches if order(match) == order(best)))
    if len(rivals) > 1 and best.far:
        raise SchemaError(
            f"{source} must have one column for {name}, got {rivals} that fit equally; say which: "
            f"columns={{'{name}': '{rivals[0]}'}}"
        )
    return best.column


def _matches(name: str, aliases: tuple[str, ...], present: Sequence[str]) -> list[_Match]:
    rank = _ranks(aliases)
    found = []
    for column in present:
        if _means_other(name, column):
            continue
        for far, form in enumerate(_forms_by_distance(column)):
            bare, datum = _without_datum(form, rank) if name in POSITION_NAMES else (form, None)
            if bare in rank:
                said = datum or (_datum_in_brackets(column) if name in POSITION_NAMES else None)
                found.append(_Match(far, rank[bare], column, said))
                break
    return found


@cache
def _ranks(aliases: tuple[str, ...]) -> Mapping[str, int]:
    return {plain(alias): number for number, alias in reversed([*enumerate(aliases)])}


@lru_cache(maxsize=65536)
def _forms_by_distance(column: str) -> tuple[str, ...]:
    """Return a name plain, without brackets and unit, its lower part, and what stands in brackets."""
    inside = tuple(plain(text) for text in _in_brackets(column))
    bare = _BRACKETS.sub("", column)
    upper, slash, lower = bare.rpartition("/")
    if slash and plain(lower) in _UNITS:
        bare, (upper, slash, lower) = upper, upper.rpartition("/")
    return (plain(column), plain(bare), *((plain(lower),) if slash else ()), *inside)


def _forms(column: str) -> frozenset[str]:
    return frozenset(_forms_by_distance(column)) - {""}


@cache
def _known_forms() -> frozenset[str]:
    aliases = (alias for table in (ALIASES, AREA_ALIASES) for names in table.values() for alias in names)
    return frozenset(plain(name) for name in (*aliases, *OTHER_NAMES))


def _without_datum(form: str, rank: Mapping[str, int]) -> tuple[str, str | None]:
    if form in rank:
        return form, None
    for datum, words in DATUM_WORDS.items():
        for word in words:
            for rest in (form.removeprefix(word), form.removesuffix(word)):
                if rest != form and rest in rank:
                    return rest, datum
    return form, None


def _in_brackets(column: str) -> list[str]:
    return [part[1:-1] for part in _BRACKETS.findall(column)]


def _datum_in_brackets(column: str) -> str | None:
    remarks = [plain(remark) for remark in _in_brackets(column)]
    for datum, words in DATUM_WORDS.items():
        if any(remark.startswith(word) for remark in remarks for word in words):
            return datum
    return None


def _means_other(name: str, column: str) -> bool:
    """Whether a column's brackets say that it is not what its name says: 面积(亩), 坐标(经度)."""
    remarks = {plain(text) for text in (*_in_brackets(column), *column.split("/")[1:])}
    if not remarks:
        return False
    halves = (*ALIASES["lon"], *ALIASES["lat"]) if name == "position" else ()
    return not remarks.isdisjoint({plain(text) for text in (*OTHER_UNITS.get(name, ()), *halves)})
