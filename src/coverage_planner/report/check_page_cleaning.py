"""What reading a road layer changed, on the check page: a table, and the picture of before and after."""

import math
from collections.abc import Mapping

from coverage_planner.report.cleaning_picture import draw_cleaning
from coverage_planner.report.findings import Said
from coverage_planner.report.panel import escape
from coverage_planner.report.words import Language
from coverage_planner.sources.road_cleaning import RoadCleaning

#: Row of `RoadCleaning.summary` -> what it is called.
CLEANED: Mapping[str, Said] = {
    "lines": Said("文件中的线", "lines of the file"),
    "parts by line ends": Said("只按端点相接：互不连通的部分", "parts where lines meet at their ends only"),
    "parts by shared vertices": Said("按共用折点相接：互不连通的部分", "parts where lines meet at shared vertices"),
    "segments": Said("整理后的路段", "segments after cleaning"),
    "parts": Said("整理后互不连通的部分", "parts after cleaning"),
    "empty row": Said("无法使用的行", "rows that cannot be used"),
    "duplicate": Said("与另一条重复的线，已去除", "lines that repeat another, left out"),
    "overlap": Said("与另一条线部分重叠，均保留", "pieces along another line, both kept"),
    "crossing": Said("平交处没有共用折点，已打断并连通", "crossings at grade without a common vertex, cut and joined"),
    "end on a line": Said("端点落在另一条线上而那里没有折点，已连通", "ends on a line without a vertex there, joined"),
    "joined end": Said("差一点未接上的端点，已连接", "ends that stopped short, joined"),
    "kept apart: bridge": Said("桥梁跨越，不连通", "passed by a bridge, kept apart"),
    "kept apart: tunnel": Said("隧道穿越，不连通", "passed by a tunnel, kept apart"),
    "kept apart: motorway": Said("高速公路无平交，不连通", "motorways have no crossings, kept apart"),
    "kept apart: layer": Said("不同层级，不连通", "on another layer, kept apart"),
    "kept apart: itself": Said("盘旋匝道自身交叉，不连通", "spiral ramps that cross themselves, kept apart"),
    "near end of another level": Said(
        "附近只有不同层级的端点，未连接", "ends near a line of another level, not joined"
    ),
    "dangling end": Said("断头（端点不接任何线）", "dangling ends, which meet nothing"),
}


def said_of(what: str) -> Said:
    """Return what a row of the summary is called; one that is not known here keeps its name."""
    return CLEANED.get(what, Said(what, what))


def cleaning_html(cleaning: RoadCleaning, language: Language, words: Mapping[str, str]) -> str:
    """Return the table of what was changed, and the picture."""
    rows = "".join(
        f'<tr><th scope="row">{escape(said_of(change["what"]).of(language))}</th>'
        f'<td class="number">{change["count"]:,}</td><td class="number">{_metres(change["length_m"])}</td></tr>'
        for change in cleaning.summary().to_dict("records")
    )
    head = "".join(f"<th>{escape(words[key])}</th>" for key in ("what", "count", "length_m"))
    picture = ""
    if cleaning.before is not None and cleaning.after is not None and len(cleaning.before) and len(cleaning.after):
        picture = f"<div class=picture>{draw_cleaning(cleaning, language=language)}</div>"  # texts escaped there
    return (
        f"<h3>{escape(words['cleaning'])}</h3>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{picture}"
    )


def _metres(length_m: float) -> str:
    return f"{length_m:,.0f}" if length_m and math.isfinite(length_m) else "–"
