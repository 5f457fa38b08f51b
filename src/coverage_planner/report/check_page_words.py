"""What the check page and the terminal say around the findings, in Chinese and English."""

from collections.abc import Mapping

from coverage_planner.report.findings import InputCheck, Level
from coverage_planner.report.words import Language

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("数据检查", "Input check"),
    "plan_file": ("方案文件 {file}", "plan file {file}"),
    "error": ("错误", "Error"),
    "warning": ("警告", "Warning"),
    "note": ("提示", "Note"),
    "errors": ("错误 {n}", "{n} errors"),
    "warnings": ("警告 {n}", "{n} warnings"),
    "notes": ("提示 {n}", "{n} notes"),
    "one_error": ("错误 1", "1 error"),
    "one_warning": ("警告 1", "1 warning"),
    "one_note": ("提示 1", "1 note"),
    "verdict_error": (
        "先改正错误：按现在的数据得不出结果，或结果没有意义。",
        "Put the errors right first: with these data there is no result, or none that means anything.",
    ),
    "verdict_warning": (
        "可以计算；警告所指之处结果可能不对，请逐条确认。",
        "The plan can be run; results may be wrong where the warnings point. Look at each of them.",
    ),
    "verdict_note": (
        "可以计算；没有发现会影响结果的问题。",
        "The plan can be run; nothing was found that would harm the results.",
    ),
    "verdict_none": ("可以计算；没有发现问题。", "The plan can be run; nothing was found."),
    "inputs": ("各项数据", "Inputs"),
    "input": ("数据", "Input"),
    "file": ("文件", "File"),
    "read": ("读入", "Read"),
    "rejected": ("未采用", "Refused"),
    "outside": ("范围外", "Outside"),
    "kept": ("采用", "Used"),
    "remarks": ("备注", "Remarks"),
    "total": ("需求合计", "Demand"),
    "datum": ("坐标系", "Datum"),
    "median": ("离路（中位）", "To a street (median)"),
    "found": ("发现", "Found"),
    "unreadable": ("读不出来", "could not be read"),
    "fits": ("相符", "fits"),
    "fits_not": ("不符", "does not fit"),
    "undecided": ("无法判断", "undecided"),
    "findings": ("发现的问题", "Findings"),
    "nothing": ("没有发现问题。", "Nothing was found."),
    "advice": ("怎么办", "What to do"),
    "rows": ("行号", "Rows"),
    "ids": ("编号", "Ids"),
    "all_rows": ("全部 {n} 个", "all {n}"),
    "on_map": ("在地图上看", "Show on the map"),
    "map": ("地图", "Map"),
    "map_note": (
        "点一条问题的“在地图上看”，地图会移到那里；点地图上的标记可看它属于哪条问题。",
        "‘Show on the map’ beside a finding moves the map there; a mark tells which finding it belongs to.",
    ),
    "thinned": (
        "地图只画出 {shown:,} / {all:,} 个点",
        "the map shows {shown:,} of {all:,} points",
    ),
    "streets": ("道路", "Streets"),
    "islands": ("孤岛道路", "Streets on islands"),
    "water": ("水域", "Water"),
    "railway": ("铁路", "Railway"),
    "wall": ("围墙", "Walls"),
    "study_area": ("研究范围", "Study area"),
    "communities": ("社区", "Communities"),
    "distances": ("离道路的距离", "Distance to the streets"),
    "distances_of": ("{input}（{mode}，限 {limit:g} 米）", "{input} ({mode}, limit {limit:g} m)"),
    "half_within": (
        "一半在 {median:.0f} 米以内，95% 在 {p95:.0f} 米以内",
        "half within {median:.0f} m, 95 % within {p95:.0f} m",
    ),
    "too_far": ("超出 {limit:g} 米", "beyond {limit:g} m"),
    "barred": ("被阻隔", "behind an obstacle"),
    "on_island": ("接在孤岛上 {n}", "{n} on islands"),
    "metres": ("{low:g}–{high:g} 米", "{low:g}–{high:g} m"),
    "points": ("点数", "Points"),
    "mode": ("出行方式", "Mode"),
    "open_km": ("可通行（公里）", "Open (km)"),
    "island_km": ("其中孤岛（公里）", "On islands (km)"),
    "n_islands": ("孤岛个数", "Islands"),
    "cleaning": ("路网清理", "Road cleaning"),
    "what": ("内容", "What"),
    "count": ("数量", "Count"),
    "length_m": ("长度（米）", "Length (m)"),
    "how": ("读取方式", "How it was read"),
    "synthetic": ("合成数据 · synthetic data", "synthetic data · 合成数据"),
    "made_by": ("由 coverage-planner {version} 检查", "checked by coverage-planner {version}"),
    "street_source": ("道路数据：{source}", "streets: {source}"),
    "more": ("还有 {n} 个", "{n} more"),
    "row_list": ("行 {rows}", "rows {rows}"),
    "id_list": ("编号 {ids}", "ids {ids}"),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "close": ("关闭", "Close"),
    "whole": ("全图", "Whole map"),
    "plan": ("方案", "Plan"),
    "written": ("已写入 {path}", "written: {path}"),
    "facilities": ("现有站点", "Stations"),
    "premises": ("可用场所", "Premises"),
    "mobile stops": ("流动服务停靠点", "Mobile stops"),
    "layer": ("图层", "Layer"),
    "layer_of": ("图层（{group}）", "Layer ({group})"),
    "demand": ("需求", "Demand"),
    "demand_of": ("需求（{group}）", "Demand ({group})"),
}
_TABLES = {"roads": "streets", "areas": "communities"}


def check_words(language: Language) -> dict[str, str]:
    """Return the texts of a language by key."""
    column = 0 if language == "zh" else 1
    return {key: pair[column] for key, pair in _TEXTS.items()}


def count_words(level: Level, n: int, words: Mapping[str, str]) -> str:
    """Say how many findings of a level there are: '1 error', '3 warnings'."""
    return words[f"one_{level}" if n == 1 else f"{level}s"].format(n=n)


def input_name(check: InputCheck, words: Mapping[str, str]) -> str:
    """Return what an input is called: 'Stations', 'Demand (walkers)'."""
    if check.group:
        return words["layer_of" if check.table == "layer" else "demand_of"].format(group=check.group)
    return words[_TABLES.get(check.table, check.table)]


def datum_word(check: InputCheck, words: Mapping[str, str]) -> str:
    """Say in a word whether the datum fits; a dash where nothing was to be decided."""
    if not check.datum.en:
        return "–"
    return words["undecided" if check.datum_fits is None else "fits" if check.datum_fits else "fits_not"]
