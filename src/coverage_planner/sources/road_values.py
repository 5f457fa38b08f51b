"""What Chinese road layers write in their columns -> tags of OpenStreetMap, in tables that can be read and checked.

Sources: classes of city roads, GB 50220 and CJJ 37 (快速路, 主干路, 次干路, 支路); classes of highways, JTG B01
(一级公路 to 四级公路) and the Highway Law (国道, 省道, 县道, 乡道, 村道); their equivalents in OpenStreetMap, its
wiki's page on China. Where a class has a range of design speeds (CJJ 37, table 3.2.1; JTG B01, table 3.5.1) the speed
here is one that is commonly signed; it counts only where a plan maps ``maxspeed`` to the column of classes, else cars
get the speed that the mode has for the class of OpenStreetMap.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

#: Road class of OpenStreetMap, speed in km/h, texts of layers that mean it.
_CLASSES: Final[tuple[tuple[str, int, str], ...]] = (
    ("motorway", 100, "高速公路 高速 国家高速 省级高速 国家高速公路 省级高速公路 绕城高速"),
    ("motorway", 80, "城市高速"),
    ("motorway_link", 50, "高速连接线"),
    ("motorway_link", 40, "高速匝道"),
    ("trunk", 80, "国道 一级公路 快速路 城市快速路 快速道路 快速干道"),
    ("trunk_link", 40, "匝道 快速路匝道 立交匝道"),
    ("primary", 60, "省道 二级公路 主干路 主干道 城市主干路 城市主干道 交通性主干路 生活性主干路 主要道路 主路"),
    ("primary", 60, "干道 城市干道"),
    ("secondary", 50, "县道 次干路 次干道 城市次干路 城市次干道 次要道路 次路"),
    ("secondary", 40, "三级公路"),
    ("tertiary", 40, "乡道 支路 城市支路 一般道路 支线"),
    ("tertiary", 30, "四级公路"),
    ("unclassified", 30, "村道 专用公路 城市道路 普通道路 辅路 辅道 连接线 连接路"),
    ("unclassified", 20, "等外公路 农村道路"),
    ("road", 30, "其他道路 其它道路 其他 其它 道路"),
    ("residential", 30, "街道"),
    ("residential", 20, "街坊路 居住区道路"),
    ("living_street", 15, "巷 巷弄 巷道 胡同 里弄 弄堂 小巷 街巷 背街小巷"),
    ("service", 15, "小区道路 小区路 小区内部道路 内部道路 内部路 园区道路 校园道路 厂区道路 单位内部道路"),
    ("service", 10, "停车场道路 停车场通道"),
    ("pedestrian", 5, "步行街 商业步行街"),
    ("footway", 5, "步行路 步行道 人行道 人行道路 行人道路 步道 健身步道 人行通道"),
    ("footway", 5, "人行天桥 过街天桥 天桥 人行地道 地下通道"),
    ("path", 15, "绿道"),
    ("path", 5, "登山道 小路"),
    ("steps", 5, "台阶 阶梯 梯道 楼梯"),
    ("cycleway", 15, "自行车道 非机动车道 自行车专用道 骑行道"),
    ("track", 15, "机耕路 机耕道 田间路 田间道 土路 便道"),
    ("construction", 0, "在建 在建道路"),
    ("planned", 0, "规划 规划道路"),
    ("abandoned", 0, "废弃 已废弃"),
    ("demolished", 0, "拆除 已拆除"),
)  # fmt: skip
#: Text of a layer -> (road class of OpenStreetMap, speed in km/h; 0 for what is not there).
ROAD_CLASSES: Final[Mapping[str, tuple[str, int]]] = {
    text: (highway, kph) for highway, kph, texts in _CLASSES for text in texts.split()
}

#: Names that other map makers give to the classes, in Latin letters, and those of OpenStreetMap itself.
_LATIN_CLASSES: Final[Mapping[str, str]] = {
    "expressway": "trunk", "freeway": "motorway", "highway": "trunk", "arterial": "primary", "main": "primary",
    "main_road": "primary", "major_road": "primary", "minor_road": "tertiary", "collector": "secondary",
    "local": "residential", "street": "residential", "ramp": "trunk_link", "alley": "living_street",
}  # fmt: skip
OSM_CLASSES: Final = frozenset({
    "motorway", "motorway_link", "trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link",
    "tertiary", "tertiary_link", "unclassified", "residential", "living_street", "service", "road", "track", "path",
    "trail", "cycleway", "footway", "pedestrian", "steps", "corridor", "elevator", "bridleway", "platform", "busway",
    "bus_guideway", "raceway", "escape", "emergency_bay", "emergency_access", "services", "rest_area", "via_ferrata",
    "ladder", "construction", "proposed", "planned", "abandoned", "razed", "demolished", "dismantled", "disused", "no",
    "bus_stop", "crossing", "traffic_signals", "destroyed", "removed", "unknown", "track_grade1", "track_grade2",
    "track_grade3", "track_grade4", "track_grade5",
})  # fmt: skip
#: Classes of OpenStreetMap under the names of a widespread conversion of it to Shapefiles (Geofabrik's).
_GEOFABRIK_CLASSES: Final[Mapping[str, str]] = {
    "unknown": "road", **{f"track_grade{grade}": "track" for grade in range(1, 6)},
}  # fmt: skip

#: 'yes': along the line as it is drawn; '-1': against it.
_ONEWAY: Final = {
    "yes": "是 单行 单行线 单行道 单行路 单向 单向通行 单 正向 正向单行 正向通行 顺向 顺向单行 顺向通行 同向"
    " yes y true 1 ft f-t forward with",
    "no": "否 不是 无 非单行 双行 双行线 双行道 双向 双向通行 双 no n false 0 b both tf/ft ft/tf bidirectional"
    " two-way twoway",
    "-1": "逆向 逆向单行 逆向通行 反向 反向单行 反向通行 -1 tf t-f backward reverse against",
    "reversible": "潮汐 潮汐车道 可变 可变车道 reversible",
    "alternating": "交替 交替通行 alternating",
}
#: Values of OpenStreetMap that a text may mean.
ONEWAYS: Final = tuple(_ONEWAY)
#: Of a column that also has 'B' for both ways, 'F' is along the line and 'T' against it.
_ONEWAY_LETTERS: Final[Mapping[str, str]] = {"f": "yes", "t": "-1", "b": "no"}

_NO: Final = "否 无 不是 非 没有 n f false no 0 none 地面 地面道路 普通道路 道路 路面"
_YES: Final = "是 有 y t true yes 1"
#: One column may name both bridges and tunnels (桥隧): what is the one is not the other.
_BRIDGE: Final = {
    "yes": f"{_YES} 桥 桥梁 高架 高架桥 高架路 高架道路 立交 立交桥 跨线桥 跨河桥 大桥 天桥 人行天桥 匝道桥 bridge",
    "no": f"{_NO} 非桥 非桥梁 隧道 隧洞 地道 地下 地下通道 地下道路 下穿 下穿通道 下立交 人行地道 涵洞 tunnel",
}
_TUNNEL: Final = {
    "yes": f"{_YES} 隧道 隧洞 地道 地下 地下通道 地下道路 下穿 下穿通道 下立交 人行地道 涵洞 tunnel",
    "no": f"{_NO} 非隧道 桥 桥梁 高架 高架桥 高架路 高架道路 立交 立交桥 跨线桥 跨河桥 大桥 天桥 人行天桥"
    " 匝道桥 bridge",
}
#: What names of bridges and tunnels hold (长江大桥).
_IN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"bridge": ("桥", "高架", "立交"), "tunnel": ("隧", "地道", "下穿")}
_LAYER: Final = {
    "0": "地面 地面层 平面 地表 地面道路 路面 ground",
    "1": "高架 高架层 高架一层 上层 架空 地上 地上一层 桥面 桥梁 上跨 above",
    "2": "高架二层 地上二层",
    "3": "高架三层 地上三层",
    "-1": "地下 地下层 地下一层 下层 下穿 隧道 负一层 b1 below underground",
    "-2": "地下二层 负二层 b2",
}


def _by_text(texts_of: Mapping[str, str]) -> dict[str, str]:
    return {text: value for value, texts in texts_of.items() for text in texts.split()}


#: Tag -> text of a layer, in half-width lower-case letters -> value of OpenStreetMap.
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "oneway": _by_text(_ONEWAY),
    "bridge": _by_text(_BRIDGE),
    "tunnel": _by_text(_TUNNEL),
    "layer": _by_text(_LAYER),
}
_LAYER_NUMBER: Final = re.compile(r"[+-]?\d{1,2}(?:\.0+)?")
_KPH: Final = frozenset(
    "km/h kmh kph kmph km 公里/小时 公里/时 公里每小时 千米/小时 千米/时 千米每小时 公里/h 千米/h 公里 码 迈".split()  # noqa: SIM905
)
_SPEED: Final = re.compile(r"(?:限速|最高限速|时速|设计速度|设计车速)?:?\s*(\d+(?:\.\d+)?)\s*([^\d\s].*)?")
_KPH_PER_MPS: Final = 3.6
_KPH_PER_MPH: Final = 1.609344

#: Tags whose values are looked up.
READ_TAGS: Final = ("highway", "oneway", "bridge", "tunnel", "layer", "maxspeed")

#: The remark for a class in the manner of OpenStreetMap that is none of its classes.
CLOSED: Final = "road class not known to OpenStreetMap; kept, and closed unless a tag opens it"
#: What a text that is not understood becomes, and how a remark says so.
UNKNOWN: Final[Mapping[str, tuple[str | None, str]]] = {
    "highway": ("road", "road class not known; read as 'road', open to everybody"),
    "oneway": (None, "one-way text not understood; read as two-way"),
    "bridge": (None, "bridge text not understood; read as no bridge"),
    "tunnel": (None, "tunnel text not understood; read as no tunnel"),
    "layer": (None, "level not understood; left out"),
    "maxspeed": (None, "speed not understood; the speed of the road class counts"),
}


def read_value(tag: str, text: str, *, letters: bool = False) -> str | None:
    """Read a text of a layer as a value of OpenStreetMap.

    Parameters
    ----------
    tag
        One of `READ_TAGS`.
    text
        The cell, as `tag_text` gives it; values of OpenStreetMap are understood, too.
    letters
        For ``oneway``: the column uses 'B', 'F' and 'T'.

    Returns
    -------
    str or None
        The value; "" where the text says that nothing is known (a speed of 0); None where it is not understood.
    """
    said = plain(text)
    if tag in _IN_NAMES:
        return WORDS[tag].get(said) or _structure(tag, said)
    if tag == "layer" and _LAYER_NUMBER.fullmatch(said):
        return str(int(float(said)))
    if tag == "oneway" and letters and said in _ONEWAY_LETTERS:
        return _ONEWAY_LETTERS[said]
    readers = {"highway": _road_class, "maxspeed": _speed}
    return readers[tag](said) if tag in readers else WORDS[tag].get(said)


def _structure(tag: str, said: str) -> str | None:
    if any(word in said for word in _IN_NAMES[tag]):  # its own name in the column
        return "yes"
    # in OpenStreetMap any word but 'no' is a kind of bridge ('suspension')
    return said if re.fullmatch(r"[a-z][a-z_; ]+", said) else None


def uses_letters(texts: "set[str]") -> bool:
    """Tell whether the texts of a one-way column are the letters 'B', 'F' and 'T' for both, along and against."""
    return "b" in {plain(text) for text in texts}


def plain(text: str) -> str:
    """Return a text in half-width, lower-case letters without spaces around it."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def _road_class(said: str) -> str | None:
    parts = [part.strip() for part in said.split(";")]
    for part in parts:
        if part in _GEOFABRIK_CLASSES:
            return _GEOFABRIK_CLASSES[part]
        if part in OSM_CLASSES:
            return said
        if part in ROAD_CLASSES:
            return ROAD_CLASSES[part][0]
        if part in _LATIN_CLASSES:
            return _LATIN_CLASSES[part]
    return None


def _speed(said: str) -> str | None:
    if said in ROAD_CLASSES:
        kph = ROAD_CLASSES[said][1]
        return str(kph) if kph else ""
    if re.fullmatch(r"[\d.]+\s*mph|none|walk|signals|variable|[a-z]{2}:[a-z_:]+", said):
        return said
    speeds = [_one_speed(part.strip()) for part in re.split(r"[;,、|]", said) if part.strip()]
    if not speeds or None in speeds:
        return None
    kph_of = min(speed for speed in speeds if speed is not None)
    return f"{kph_of:g}" if kph_of > 0 else ""


def _one_speed(said: str) -> float | None:
    found = _SPEED.fullmatch(said)
    if found is None:
        return None
    unit = (found[2] or "").replace(" ", "").rstrip(".")
    if unit in ("m/s", "米/秒", "米每秒"):
        return float(found[1]) * _KPH_PER_MPS
    if unit == "mph":
        return float(found[1]) * _KPH_PER_MPH
    return float(found[1]) if not unit or unit in _KPH else None
