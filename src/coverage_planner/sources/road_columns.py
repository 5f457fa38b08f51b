"""Which columns of a road layer mean what, and what their texts say -> tags of OpenStreetMap."""

import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import geopandas as gpd
import numpy as np

from coverage_planner.errors import ConfigError, SchemaError, name_some
from coverage_planner.schema import ROAD_TAGS, Rejections
from coverage_planner.sources.edges import tag_text
from coverage_planner.sources.road_values import (
    CLOSED,
    ONEWAYS,
    OSM_CLASSES,
    READ_TAGS,
    UNKNOWN,
    plain,
    read_value,
    uses_letters,
)

NUMBERS = ("u", "v", "length_m")
#: Columns that `columns=` may name.
KNOWN = (*NUMBERS, *ROAD_TAGS)
#: GDAL puts the tags that have no column of their own into this one, as "key"=>"value" pairs.
OTHER_TAGS = "other_tags"

#: Names of columns as road layers have them; the first that a layer has is taken. Letter case, spaces, '_' and '-' do
#: not matter, and names that a Shapefile cut off after ten bytes are recognised. A column that is called like the tag
#: of OpenStreetMap comes first, and `columns={"highway": "道路等级"}` before both.
ROAD_ALIASES: Mapping[str, tuple[str, ...]] = {
    "highway": (
        "道路等级", "道路级别", "道路类别", "道路类型", "道路分类", "路网等级", "等级", "级别", "类别", "类型",
        "技术等级", "行政等级", "fclass", "road_class", "road_type", "class",
    ),
    "name": ("道路名称", "道路名", "路名", "街道名称", "路段名称", "名称", "road_name"),
    "oneway": ("单行线", "单行道", "单行", "是否单行", "是否单行线", "单向", "单向通行", "one_way", "is_oneway"),
    "maxspeed": (
        "限速", "最高限速", "限速值", "道路限速", "最高车速", "speed_limit", "max_speed", "设计速度", "设计车速",
    ),
    "bridge": ("桥梁", "是否桥梁", "是否为桥", "桥", "高架", "是否高架", "桥隧", "is_bridge"),
    "tunnel": ("隧道", "是否隧道", "是否为隧道", "桥隧", "is_tunnel"),
    "layer": ("层级", "所在层", "层次", "立体层级", "层", "z_level"),
    "length_m": ("长度", "道路长度", "路段长度", "长度_m", "长度(米)", "长度（米）", "length"),
}  # fmt: skip

#: Tags that say how high a line runs.
LEVEL_TAGS = ("layer", "bridge", "tunnel")
_OTHER_TAG = re.compile(r'"([^"]+)"=>"([^"]*)"')
#: The road class where a layer has none: open to every mode.
_ANY_ROAD = "road"
#: Names of columns in a Shapefile have ten bytes at the most; a letter cut in half is dropped.
_CUT_NAME = (9, 10)


def find_road_columns(fields: Sequence[str], columns: Mapping[str, str], source: str) -> dict[str, str]:
    """Say which column of a layer each tag is read from.

    Parameters
    ----------
    fields
        The layer's columns.
    columns
        What the planner said: name here -> column.
    source
        File name, for messages.

    Returns
    -------
    dict
        Name here -> column; one column may stand for several. Columns that are called as here are among them.

    Raises
    ------
    ConfigError
        A name that is none of `KNOWN`.
    SchemaError
        A column that does not exist.
    """
    unknown = [name for name in columns if name not in KNOWN]
    if unknown:
        raise ConfigError(f"columns must map names out of {list(KNOWN)}, got {name_some(unknown)}; correct them")
    absent = [theirs for theirs in columns.values() if theirs not in fields]
    if absent:
        raise SchemaError(
            f"{source} must have the columns that are mapped, got no {name_some(absent)} among {[*fields]}; correct "
            "the mapping"
        )
    found = dict(columns)
    taken = set(columns.values())
    for name in KNOWN:
        if name not in found and name in fields and name not in taken:
            found[name] = name
    for name, aliases in ROAD_ALIASES.items():
        theirs = None if name in found else _by_alias(fields, aliases, taken)
        if theirs is not None:
            found[name] = theirs
    return found


def _by_alias(fields: Sequence[str], aliases: Sequence[str], taken: set[str]) -> str | None:
    named = {_key(field): field for field in reversed(fields) if field not in taken}
    for alias in aliases:
        if (key := _key(alias)) in named:
            return named[key]
        for field_key, field in named.items():
            if key.startswith(field_key) and len(field.encode()) in _CUT_NAME and not field.isascii():
                return field
    return None


def _key(name: str) -> str:
    return re.sub(r"[\s_-]", "", plain(name))


def check_values(values: Mapping[str, Mapping[str, str]]) -> None:
    """Raise ConfigError where `values` maps tags, or to road classes, that do not exist."""
    unknown = [tag for tag in values if tag not in ROAD_TAGS]
    if unknown:
        raise ConfigError(f"values must be given for tags out of {list(ROAD_TAGS)}, got {name_some(unknown)}")
    wrong = {value for value in values.get("highway", {}).values() if value not in OSM_CLASSES}
    if wrong:
        raise ConfigError(
            f"values.highway must map to road classes of OpenStreetMap, got {name_some(sorted(wrong))}; use for "
            "example 'primary', 'residential' or 'footway'"
        )
    odd = {value for value in values.get("oneway", {}).values() if value not in ONEWAYS}
    if odd:
        raise ConfigError(
            f"values.oneway must map to one-way values of OpenStreetMap, got {name_some(sorted(odd))}; use one of "
            f"{', '.join(ONEWAYS)}"
        )


def read_road_tags(
    frame: gpd.GeoDataFrame, values: Mapping[str, Mapping[str, str]], source: str, rejected: Rejections | None
) -> dict[str, list[str | None]]:
    """Return the tags that are set anywhere, as OpenStreetMap writes them.

    Parameters
    ----------
    frame
        Columns by their names here, and ``row_number``.
    values
        Tag -> text of the layer -> value; goes before the tables of `road_values`.
    source
        File name, for messages.
    rejected
        Gets a remark for each row with a text that is not understood.

    Returns
    -------
    dict
        Tag -> a value for each row or None. `highway` is 'road' where it is missing or not understood.

    Warns
    -----
    UserWarning
        Texts are not understood.
    """
    other = [_parse_other(value) for value in frame[OTHER_TAGS]] if OTHER_TAGS in frame.columns else []
    tags: dict[str, list[str | None]] = {}
    for tag in ROAD_TAGS:
        texts = [tag_text(value) for value in frame[tag]] if tag in frame.columns else [None] * len(frame)
        if other:
            texts = [more.get(tag) if text is None else text for text, more in zip(texts, other, strict=True)]
        read = _reader(tag, {text for text in texts if text is not None}, values.get(tag, {}))
        wrong = [number for number, text in enumerate(texts) if text is not None and read(text) is None]
        _tell_unknown(tag, texts, wrong, frame["row_number"].to_numpy(), source, rejected)
        if tag == "highway":
            odd = [number for number, text in enumerate(texts) if text and read(text) == (_odd_class(text) or "?")]
            _remark(tag, texts, odd, frame["row_number"].to_numpy(), source, rejected, CLOSED)
        found = [None if text is None else read(text) or None for text in texts]
        if tag == "highway":
            found = [value or _ANY_ROAD for value in found]
        if any(value is not None for value in found):
            tags[tag] = found
    return tags


def _reader(tag: str, texts: set[str], given: Mapping[str, str]) -> Callable[[str], str | None]:
    """Return what reads a text of a tag: None where it is not understood, "" where it says nothing."""
    mapped = {plain(text): value for text, value in given.items()}
    letters = tag == "oneway" and uses_letters(texts)
    known: dict[str, str | None] = {}
    for text in texts:
        if plain(text) in mapped:
            known[text] = given.get(text, mapped[plain(text)])
        else:
            known[text] = read_value(tag, text, letters=letters) if tag in READ_TAGS else text
    if tag == "highway" and any(plain(text) in OSM_CLASSES for text in texts):
        # the layer speaks OpenStreetMap's words: what is new among them ('closed') is not opened
        known |= {text: _odd_class(text) for text, value in known.items() if value is None and text.isascii()}
    return known.__getitem__


def _tell_unknown(
    tag: str,
    texts: Sequence[str | None],
    wrong: Sequence[int],
    row_numbers: Sequence[int],
    source: str,
    rejected: Rejections | None,
) -> None:
    if not wrong:
        return
    remark = UNKNOWN[tag][1]
    given = _remark(tag, texts, wrong, row_numbers, source, rejected, remark)
    counts = Counter(given.values()).most_common()
    shown = name_some([f"{text!r} ({count} rows)" for text, count in counts])
    warnings.warn(
        f"every text of the column for {tag} of {source} should be known; {remark}, in {len(given)} rows, texts "
        f"{shown}; say what they mean: values = {{ {tag} = {{ {counts[0][0]!r} = '…' }} }}",
        stacklevel=2,
    )


def _remark(
    tag: str,
    texts: Sequence[str | None],
    wrong: Sequence[int],
    row_numbers: Sequence[int],
    source: str,
    rejected: Rejections | None,
    remark: str,
) -> dict[int, str]:
    """Note rows, and return their texts by row number; the parts of one row are one."""
    given = {int(row_numbers[number]): str(texts[number]) for number in wrong}
    if rejected is not None:
        rejected.remark(
            source=source, table="roads", labels=given, row_numbers=given, column=tag, given=given.values(),
            remark=remark,
        )  # fmt: skip
    return given


def _odd_class(text: str) -> str | None:
    """Return a class as it is kept that is written like one of OpenStreetMap's and is none; None for others."""
    said = plain(text)
    return said if text.isascii() and said not in OSM_CLASSES else None


def _parse_other(value: object) -> dict[str, str]:
    return dict(_OTHER_TAG.findall(value)) if isinstance(value, str) else {}


def road_levels(tags: Mapping[str, Sequence[str | None]], n: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the level of each line: ``layer`` where it is not 0, else 1 for bridges, -1 for tunnels, 0 for others."""
    nothing: Sequence[str | None] = [None] * n
    level = np.zeros(n, dtype=np.int64)
    rows = zip(*(tags.get(tag, nothing) for tag in LEVEL_TAGS), strict=True)
    for number, (layer, bridge, tunnel) in enumerate(rows):
        stated = int(layer) if layer is not None and re.fullmatch(r"-?\d+", layer) else 0
        level[number] = stated or (bridge not in (None, "no")) - (tunnel not in (None, "no"))
    return level
