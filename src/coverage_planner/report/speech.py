"""What stands in tables as a word of ours -> how a planner says it, in Chinese or English."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.report.circle_columns import TOGETHER
from coverage_planner.report.table_columns import COLUMNS, HEADINGS, PROPOSAL_SHEETS, SHEETS
from coverage_planner.report.tables import NO_SUBDISTRICT
from coverage_planner.report.words import Language, words
from coverage_planner.sources.services import service_name

_TEXTS: Mapping[str, tuple[str, str]] = {
    "measure": ("指标", "Measure"),
    "change": ("变化", "Change"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "all_stations": ("全部站点（每点只计一次）", "all stations (each point once)"),
    "together": ("各人群合计", "all groups together"),
    "no_subdistrict": ("（未注明街道）", "(none given)"),
    "class_speeds": ("按道路等级车速", "road class speeds"),
    "per_junction": (r"每个路口 \1 秒", r"\1 s per junction"),
    "per_signal": (r"每处信号灯 \1 秒", r"\1 s per signal"),
    "pushed": (r"推行 \1 km/h", r"pushed \1 km/h"),
    "detour": ("，绕行", ", detour"),
    "solution": ("选址结果", "Choice of sites"),
    "streets": ("道路数据", "Streets"),
    "cut_off": (
        "此表仅显示前 {shown:,} 行，共 {rows:,} 行；全部数据见 {file}",
        "Only the first {shown:,} of {rows:,} rows are shown; all are in {file}",
    ),
    "straight_line_note": (
        "直线半径所称覆盖率：以站点为圆心、时限×速度为半径画圆所得的覆盖率，仅供对照；其余各项均按路网计算。",
        (
            "The straight-line share is what circles of cutoff x speed around the stations would claim, for comparison "
            "only; all else is measured over the streets."
        ),
    ),
}

#: Column and label of ours -> the text that says it.
_LABELS: Mapping[tuple[str, str], str] = {
    ("name", NO_SUBDISTRICT): "no_subdistrict",
    ("group", TOGETHER): "together",
    ("id", TOGETHER): "all_stations",
}

#: What an input is called in the list of refused rows.
_INPUTS: Mapping[str, tuple[str, str]] = {
    "facilities": ("现有站点", "stations"),
    "demand": ("需求", "demand"),
    "premises": ("可用场所", "premises"),
    "roads": ("道路", "roads"),
    "areas": ("社区", "communities"),
    "mobile stops": ("流动服务停靠点", "mobile stops"),
    "layer": ("图层", "layers"),
}

#: How a choice of sites was found and proved; what follows a colon stays as it is.
_PROOFS: Mapping[str, tuple[str, str]] = {
    "optimal": ("已证明最优", "proved optimal"),
    "feasible": ("已证明界限", "within a proven bound"),
    "branch and bound, HiGHS": ("分支定界（HiGHS）", "branch and bound, HiGHS"),
    "duals recomputed": ("对偶值重新核算", "duals recomputed"),
    "exact": ("精确", "exact"),
    "search": ("搜索", "search"),
}

_NO_STREET = {"too far": "离道路过远", "behind an obstacle": "被阻隔", "no street for the mode": "没有可通行的道路"}

#: Words in reasons that are no columns.
_REFUSED: Mapping[str, str] = {
    **_NO_STREET,
    "longitude": "经度",
    "latitude": "纬度",
    "the position": "坐标",
    "position": "坐标",
    "point": "点",
    "count": "数量",
    "polygon": "多边形",
}

#: What is said of rows that were taken, as the readers say it -> Chinese.
_REMARKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(re.escape(english)), chinese)
    for english, chinese in {
        "no number given, taken as blank": "没有填数字，按空白处理",
        "multiplied by the unit that the name of the column says": "已按列名中的单位换算",
        "nothing given, taken as blank": "没有填写，按空白处理",
        "one number in a cell merged over several rows, taken as blank": "一个数字合并在多行的单元格中，按空白处理",
        "longitude or latitude is zero, taken as it stands": "经度或纬度为 0，按所填数值处理",
        "approximate number taken as it stands": "约数，按所写数字处理",
        "千, 万 or 亿 multiplied out": "已将“千”“万”“亿”换算成数字",
        "unit converted": "已换算单位",
        "unit left out": "已去掉单位",
        "thousands separators left out": "已去掉千位分隔符",
        "full-width or typographic signs read as plain ones": "已将全角或排版符号按普通符号处理",
        "comma read as a decimal point": "已将逗号作为小数点",
        "degrees, minutes and seconds made decimal degrees": "已将度分秒换算成十进制度",
        "the latitude stands first, read so": "纬度在前，已按此读取",
        "outside China, where the study area is": "不在中国境内，而研究范围在中国",
        "more than 100 km from the study area": "距研究范围超过 100 公里",
        "neither a service centre nor a satellite, kept as it is": "级别既不是服务中心也不是驿站，保留原文",
        "services not in the catalogue, kept as they are": "有服务项目不在目录中，保留原文",
        "says neither yes nor no, taken as not offered": "看不出有无此项服务，按没有处理",
        "opening hours not understood, kept as they are": "开放时间无法识别，保留原文",
        "opening hours differ by season without saying the months, kept as they are": (
            "开放时间分季节但未注明月份，保留原文"
        ),
        "opening hours written in the grammar of OpenStreetMap": "开放时间已改写为 OpenStreetMap 格式",
    }.items()
)

#: Why rows are refused, as the readers say it -> Chinese; {0} and so on are the groups of the pattern.
_REFUSALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile("outside the study area"), "在研究范围之外"),
    (re.compile(r"outside the study area and its margin of (\S+) m"), "在研究范围及其外围 {0} 米之外"),
    (re.compile("id is blank"), "编号为空"),
    (re.compile("vehicle is blank"), "车辆为空"),
    (re.compile("days are blank"), "停靠日期为空"),
    (re.compile("arrival or departure is blank"), "到达或离开时间为空"),
    (re.compile("days not understood: (.*)", re.DOTALL), "停靠日期无法识别：{0}"),
    (re.compile("arrival and departure not understood: (.*)", re.DOTALL), "到达和离开时间无法识别：{0}"),
    (re.compile("arrival and departure beside opening hours"), "到达、离开时间与开放时间同时填写"),
    (re.compile("days beside opening hours that name days: (.*)", re.DOTALL), "停靠日期与开放时间中的日期重复：{0}"),
    (re.compile("id stands in an earlier row already"), "编号与前面的行重复"),
    (re.compile("(lon|lat|demand|name|cost|area_m2|capacity) is blank"), "{0}为空"),
    (
        re.compile("(lon|lat|demand|cost|area_m2|capacity|count|entry_delay_s) is not a finite number"),
        "{0}不是有效数字",
    ),
    (re.compile(r"(demand|cost|area_m2|capacity|entry_delay_s|count) is less than (\S+)"), "{0}小于 {1}"),
    (re.compile("more cells than the first row has names"), "单元格多于表头的列数"),
    (re.compile("a total or an average, not data"), "合计、小计或平均行，不是数据"),
    (re.compile("a note beside the table, not data"), "表外的说明，不是数据"),
    (re.compile("the column names again, not data"), "重复的表头，不是数据"),
    (
        re.compile(r"(\w+) is a formula without a saved value \(open the workbook in Excel and save it\)"),
        "{0}是没有保存结果的公式（请用 Excel 打开并保存该工作簿）",
    ),
    (
        re.compile(r"a formula without a saved value \(open the workbook in Excel and save it\)"),
        "没有保存结果的公式（请用 Excel 打开并保存该工作簿）",
    ),
    (re.compile(r"(\w+) is an error of the workbook, such as #N/A"), "{0}是工作簿中的错误值（如 #N/A）"),
    (re.compile("an error of the workbook, such as #N/A"), "工作簿中的错误值（如 #N/A）"),
    (re.compile("the row is hidden in the workbook"), "该行在工作簿中被隐藏"),
    (re.compile("drawn a second time, as a node inside it: counted once"), "另画有一个点在其内部，只计一次"),
    (re.compile("taken from the cell that it is merged with"), "取自与其合并的单元格"),
    (re.compile("cells right of the column names were left out"), "表头右侧以外的单元格未读取"),
    (
        re.compile(r"a cell goes over several lines as if they were rows: is a quotation mark left open\?"),
        "一个单元格跨了多行，像是把别的行包了进去：是否有引号没有闭合",
    ),
    (re.compile(r"read as GB18030 \(GBK\), the encoding of Chinese Windows"), "按 GB18030（中文 Windows 编码）读取"),
    (re.compile("read as UTF-16, as Excel's 'Unicode text' has it"), "按 UTF-16（Excel 的“Unicode 文本”）读取"),
    (
        re.compile("read as UTF-8; the few characters beyond ASCII would make sense in GB18030 too"),
        "按 UTF-8 读取；少数非 ASCII 字符按 GB18030 也讲得通",
    ),
    (re.compile("read as UTF-8, which no .cpg file says"), "按 UTF-8 读取，但没有 .cpg 文件说明"),
    (re.compile("cells are delimited by: (.+)"), "单元格分隔符：{0}"),
    (re.compile(r"column names are in row (\d+), not read above it: (.*)"), "表头在第 {0} 行，其上未读取：{1}"),
    (re.compile(r"column names are in two rows, joined: (\d+) and (\d+)"), "表头占两行，已合并：第 {0}、{1} 行"),
    (re.compile("the sheet is hidden in the workbook: (.*)"), "该工作表在工作簿中被隐藏：{0}"),
    (re.compile("hidden sheets were not read: (.*)"), "未读取隐藏的工作表：{0}"),
    (re.compile("only the sheet (.*) was read, not: (.*)"), "只读取了工作表 {0}，未读取：{1}"),
    (re.compile("hidden columns were read too: (.*)"), "隐藏的列也已读取：{0}"),
    (
        re.compile(r"formulas without a saved value \(open the workbook in Excel and save it\) (.*)"),
        "没有保存结果的公式（请用 Excel 打开并保存该工作簿）{0}",
    ),
    (re.compile("said on reading: (.*)"), "读取时提示：{0}"),
    (
        re.compile("the text was cut in the middle of a character, which was left out"),
        "文本在字符中间被截断，残字已略去",
    ),
    (re.compile("names of columns were cut in the middle of a character: (.*)"), "字段名在字符中间被截断：{0}"),
    (
        re.compile("(demand|cost|area_m2|capacity|entry_delay_s) is a range, not one number"),
        "{0}是一个范围，不是一个数",
    ),
    (
        re.compile("(demand|cost|area_m2|capacity|entry_delay_s) is a bound, not one number"),
        "{0}只是上限或下限，不是一个数",
    ),
    (re.compile("(demand|cost|area_m2|capacity|entry_delay_s) has a unit that is not understood"), "{0}的单位无法识别"),
    (
        re.compile("(demand|cost|area_m2|capacity|entry_delay_s) has another unit than most rows"),
        "{0}的单位与多数行不同",
    ),
    (re.compile("(demand|cost|area_m2|capacity|entry_delay_s) is an error of the spreadsheet"), "{0}是表格的错误值"),
    (
        re.compile("(demand|cost|area_m2|capacity|entry_delay_s) stands in a cell merged over several rows"),
        "{0}在合并了多行的单元格中",
    ),
    (re.compile("no coordinates, only an address: (.*)", re.DOTALL), "没有坐标，只有地址：{0}"),
    (re.compile("(longitude|latitude) is blank"), "{0}为空"),
    (re.compile("(longitude|latitude) is not a number of degrees"), "{0}不是有效的度数"),
    (re.compile("(longitude|latitude|the position) says two directions"), "{0}注明的方向自相矛盾"),
    (re.compile("(longitude|latitude|the position) has more than 60 minutes or seconds"), "{0}的分或秒超过 60"),
    (
        re.compile(r"(longitude|latitude) is outside (-\d+) to (\d+) \(for x and y in metres say source_crs\)"),
        "{0}不在 {1} 至 {2} 之间（若为以米为单位的 x、y，请填写 source_crs）",
    ),
    (re.compile("longitude and latitude look exchanged"), "经度与纬度似乎颠倒"),
    (re.compile("longitude and latitude are zero"), "经度与纬度均为 0"),
    (re.compile("x and y look exchanged"), "x 与 y 似乎颠倒"),
    (re.compile("x and y are zero"), "x 与 y 均为 0"),
    (re.compile("x and y lie outside the area where source_crs is used"), "x、y 不在 source_crs 的适用范围内"),
    (re.compile("the position is blank"), "坐标为空"),
    (re.compile("the position is not a pair of longitude and latitude"), "坐标不是一对经纬度"),
    (re.compile("the WKT is broken"), "WKT 不完整或有误"),
    (re.compile("the geometry is missing"), "没有几何图形"),
    (re.compile("the geometry is not a (point|polygon)"), "几何图形不是{0}"),
    (re.compile("the polygon has no area"), "多边形没有面积"),
    (re.compile("more or fewer cells than the first row has names"), "单元格数与表头不符"),
    (re.compile("a cell over several lines, in a row of more or fewer cells"), "单元格跨行且单元格数与表头不符"),
    (re.compile(r"(.+): (\d+) more rows after this one"), "{0}：此行之后另有 {1} 行"),
    (re.compile("(x|y) is (?:blank|not a number of metres)"), "{0} 为空或不是数字"),
    (re.compile("the time is blank"), "时间为空"),
    (re.compile("the time is not understood"), "时间无法识别"),
    (re.compile("the weight is no number from 0 to 1000000"), "权重不是 0 到 1000000 之间的数字"),
    (re.compile(r"no street within (\S+) m"), "{0} 米内没有道路"),
    (re.compile("fewer than two nodes of the way are in the file"), "文件中该道路的节点不足两个"),
    (re.compile("the geometry is missing or empty"), "没有几何图形"),
    (re.compile("the geometry is not a single line"), "几何图形不是一条线"),
    (re.compile("a coordinate is not a finite number"), "坐标不是有效数字"),
    (re.compile("the line has no length"), "线的长度为 0"),
    (re.compile("(u|v) is not a whole number"), "{0} 不是整数"),
    (re.compile("length_m is not a positive number"), "长度不是正数"),
    (re.compile("an end is no intersection of the file"), "端点不是文件中的路口"),
    (re.compile("both ends are the same intersection"), "两端是同一路口"),
    (re.compile("neither direction has lanes"), "两个方向都没有车道"),
    (
        re.compile("stated length is shorter than the straight line between the ends; the straight line counts"),
        "所载长度小于两端直线距离，按直线距离计",
    ),
    (
        re.compile("road class not known; read as 'road', open to everybody"),
        "道路等级无法识别，按普通道路（均可通行）读取",
    ),
    (
        re.compile("road class not known to OpenStreetMap; kept, and closed unless a tag opens it"),
        "道路等级不属于 OpenStreetMap，照原样保留，除非另有标注，视为不可通行",
    ),
    (re.compile("one-way text not understood; read as two-way"), "单行说明无法识别，按双向读取"),
    (re.compile("bridge text not understood; read as no bridge"), "桥梁说明无法识别，按非桥梁读取"),
    (re.compile("tunnel text not understood; read as no tunnel"), "隧道说明无法识别，按非隧道读取"),
    (re.compile("level not understood; left out"), "层级无法识别，未采用"),
    (
        re.compile("repeats another row, drawn the same or the other way; the two count once"),
        "与另一行重复（同向或反向绘制），两行只计一次",
    ),
    (re.compile("speed not understood; the speed of the road class counts"), "限速无法识别，按道路等级的车速计"),
    (
        re.compile(
            r"(too far|behind an obstacle|no street for the mode): no street(?: for \S+)? within (\S+) m that can be "
            "reached on foot(?:; serves nobody)?"
        ),
        "{0}：{1} 米内没有步行可达的道路",
    ),
)


@dataclass(frozen=True)
class Speech:
    """How a language says things: `texts` are our own phrases, `values` the words that stand in tables."""

    language: Language
    texts: Mapping[str, str]
    values: Mapping[str, str]
    inputs: Mapping[str, str]

    def heading(self, column: str, table: str = "") -> str:
        """Return the heading of a column; of a table's where it has its own."""
        return HEADINGS.get((table, column), COLUMNS[column]).heading(self.language)

    def sheet(self, name: str) -> str:
        """Return the name of a table's sheet."""
        return {**SHEETS, **PROPOSAL_SHEETS}[name][0 if self.language == "zh" else 1]

    def say(self, column: str, value: Any) -> Any:
        """Say what is a word of ours; a planner's own text stays as it is."""
        if isinstance(value, bool):
            return self.texts["yes" if value else "no"]
        if not isinstance(value, str):
            return value
        if column in {"services", "level_filled"}:
            between = "、" if self.language == "zh" else "; "
            return between.join(self._item(column, part.strip()) for part in value.split(";"))
        if column in {"service", "column"}:
            return self._item(column, value)
        if column in {"day", "moment"}:
            day, space, time = value.partition(" ")
            return f"{self.values.get(day, day)}{space}{time}"
        return self._word(column, value)

    def _item(self, column: str, value: str) -> str:
        """Say a service or the name of a column."""
        if column in {"service", "services"}:
            named = self.values.get(value) if value in {"any", "full"} else None
            return named or service_name(value, self.language)
        return self.heading(value) if value in COLUMNS else value

    def _word(self, column: str, value: str) -> str:
        if column in {"reason", "remark"}:
            return self.values.get(value) or self._refusal(value)
        if column in {"status", "proof", "tie_break", "how"}:
            word, colon, rest = value.partition(": ")
            return f"{_PROOFS.get(word, (word, word))[0 if self.language == 'zh' else 1]}{colon}{rest}"
        if column in {"direction", "level", "table", "day_kind", "area_kind", "hub_lack"}:
            return (self.inputs if column == "table" else self.values).get(value, value)
        if (text := _LABELS.get((column, value))) is not None:
            return self.texts[text]
        if column in {"mode", "reason_shares"}:
            # such as 'drive (class speeds x 0.6, 20 s per signal)' and 'barrier 82 %; no_station_in_reach 18 %'
            parts = (part.partition(" ") for part in value.split("; "))
            said = "; ".join(f"{self.values.get(word, word)}{space}{rest}" for word, space, rest in parts)
            return self._mode(said) if column == "mode" else said
        return value

    def _mode(self, described: str) -> str:
        said = described.replace("class speeds", self.texts["class_speeds"])
        for place in ("junction", "signal"):
            said = re.sub(rf"(\S+) s per {place}", self.texts[f"per_{place}"], said)
        said = re.sub(r"pushed ([\d.]+) km/h", self.texts["pushed"], said)
        return re.sub(r"(?<=\)), detour$", self.texts["detour"], said)

    def _refusal(self, reason: str) -> str:
        """Say why a row was refused; what is not known here stays in English."""
        if self.language == "en":
            return reason
        for pattern, text in (*_REFUSALS, *_REMARKS):
            if found := pattern.fullmatch(reason):
                return text.format(*(self._refused(part) for part in found.groups()))
        return reason

    def _refused(self, word: str) -> str:
        return _REFUSED.get(word) or (self.heading(word) if word in COLUMNS else self._refusal(word))


def speech(language: Language) -> Speech:
    """Return how a language says things.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    known = words(language)
    values = {word: known[word] for word in (*PRESET_MODES, "to_facility", "from_facility")}
    for prefix in ("level_", "reason_", "what_", "day_", "day_kind_", "area_kind_", "hub_lack_"):
        values |= {key.removeprefix(prefix): text for key, text in known.items() if key.startswith(prefix)}
    column = 0 if language == "zh" else 1
    texts = {key: pair[column] for key, pair in _TEXTS.items()}
    return Speech(language, texts, values, {key: pair[column] for key, pair in _INPUTS.items()})
