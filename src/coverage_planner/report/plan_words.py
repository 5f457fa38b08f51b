"""What the comparison of plans says, in Chinese and English: headings, and sentences whose figures are cells."""

from collections.abc import Mapping
from typing import Final

from coverage_planner.report.words import Language, words

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    # the page
    "page": ("方案比较", "Comparison of plans"),
    "summary": ("摘要", "Summary"),
    "summary_note": (
        "每个数字都取自随附的表格，将鼠标停在数字上可见其表、行、列。需求按输入数据的单位计，成本亦然。",
        (
            "Every figure is a cell of the exported tables; point at one to see its table, row and column. Demand and "
            "cost are in the units of the input data."
        ),
    ),
    "key": ("主要指标", "Key figures"),
    "maps": ("地图", "Maps"),
    "change_map": ("覆盖变化", "What changes"),
    "change_map_note": (
        "任选两个方案：{gained}、{lost}、{kept}的街道与需求点。",
        "Any two plans: streets and demand points {gained}, {lost} and {kept}.",
    ),
    "two_maps": ("两图对照", "Two maps side by side"),
    "two_maps_note": (
        "各图的位置、缩放、组别、服务与时段同步。",
        "All maps share position, zoom, group, service and hour.",
    ),
    "maps_wait": ("正在载入地图…", "Loading the maps…"),
    "no_maps": ("此页未附地图数据。", "This page has no map data."),
    "tables": ("差异表", "Tables of differences"),
    "by_group": ("分组别", "By group"),
    "by_subdistrict": ("分街道", "By subdistrict"),
    "by_community": ("分社区", "By community"),
    "by_service": ("分服务", "By service"),
    "stations": ("站点差异", "Stations that differ"),
    "gaps": ("缺口变化", "Gaps"),
    "plan": ("方案", "Plan"),
    "pair": ("比较", "Compare"),
    "from": ("由", "From"),
    "to": ("到", "To"),
    "left": ("左图", "Left"),
    "right": ("右图", "Right"),
    "group": ("组别", "Group"),
    "service": ("服务", "Service"),
    "hour": ("时段", "Hour"),
    "any_hour": ("不限时段", "Whatever the hour"),
    "plain": ("全部站点", "All stations"),
    "any": ("任一开放站点", "Any open station"),
    "full": ("全部必需服务", "All required services"),
    "same": ("相同", "same"),
    "covered": ("{share} 已覆盖", "{share} covered"),
    "swap": ("对调", "Swap"),
    "cell": ("{table}.csv 第 {row} 行 {column}", "{table}.csv, row {row}, {column}"),
    "of_plan": ("{heading}\n{plan}", "{heading}\n{plan}"),
    "sort_hint": ("点按表头可排序", "Press a heading to sort"),
    "sorted_up": ("升序", "ascending"),
    "sorted_down": ("降序", "descending"),
    "gained": ("新增覆盖", "gained"),
    "lost": ("失去覆盖", "lost"),
    "kept": ("保持覆盖", "kept"),
    "neither": ("均未覆盖", "covered in neither"),
    "none": ("无", "none"),
    "opened": ("新开", "opened"),
    "closed": ("关闭", "closed"),
    "changed": ("变更", "changed"),
    "gap_closed": ("消除", "closed"),
    "gap_smaller": ("部分消除", "closed in part"),
    "gap_left": ("未消除", "none of it closed"),
    "gap_grown": ("含失去覆盖者", "with some who lose their cover"),
    "gap_new": ("新出现", "new"),
    "place": ("位置", "place"),
    "arrow": ("{before} → {after}", "{before} → {after}"),
    "rows_cut": ("仅显示前 {shown} 行，全部见 {file}", "The first {shown} rows; all are in {file}"),
    "files": (
        "随附文件：CSV 表格、comparison.xlsx、comparison.gpkg",
        "Files beside this page: CSV tables, comparison.xlsx, comparison.gpkg",
    ),
    "boundary": ("边界来源", "Source of the boundaries"),
    "approval": ("审图号", "Map approval number"),
    # sentences: a plan against the first scenario
    "share_up": (
        "{group}在 {cutoff} 分钟内的需求覆盖率由{base}的 {was} 升至 {now}，上升 {points} 个百分点。",
        (
            "The share of demand covered within {cutoff} minutes rises from {was} ({base}) to {now} for {group}, by "
            "{points} points."
        ),
    ),
    "share_down": (
        "{group}在 {cutoff} 分钟内的需求覆盖率由{base}的 {was} 降至 {now}，下降 {points} 个百分点。",
        (
            "The share of demand covered within {cutoff} minutes falls from {was} ({base}) to {now} for {group}, by "
            "{points} points."
        ),
    ),
    "share_same": (
        "{group}在 {cutoff} 分钟内的需求覆盖率为 {now}，按所示位数与{base}相同。",
        (
            "The share of demand covered within {cutoff} minutes is {now} for {group}, to the digits shown the same as "
            "in {base}."
        ),
    ),
    "share_none": (
        "{group}没有需求，因而没有覆盖率。",
        "There is no demand of {group}, and so no share of it.",
    ),
    "gains": (
        "{group}：新增覆盖需求 {gained}，失去覆盖 {lost}，两种情况下均未覆盖 {neither}。",
        "{group}: demand of {gained} is newly covered, {lost} loses its cover, {neither} is covered in neither.",
    ),
    "stations_differ": (
        "新开站点 {opened} 个，关闭 {closed} 个，变更 {changed} 个。",
        "Stations opened: {opened}; closed: {closed}; changed: {changed}.",
    ),
    "cost": ("新开站点的成本合计 {cost}。", "What is opened costs {cost} in all."),
    "cost_per": (
        "新开站点的成本合计 {cost}；按{group}计，每新增覆盖一千单位需求 {per}。",
        "What is opened costs {cost} in all, which is {per} per thousand of demand newly covered of {group}.",
    ),
    "cost_missing": (
        "新开的 {opened} 个站点中有 {without} 个未注明成本，故不列合计。",
        "Opened stations without a cost: {without} of {opened}; so there is no total.",
    ),
    # a gap of which nobody is covered may have grown all the same: it is not said to be as it was
    "gaps_change": (
        (
            "{base}的缺口（{group}）中，消除 {closed} 个，部分消除 {smaller} 个，完全未消除 {left} 个；"
            "{plan}的缺口中，新出现 {new} 个，含部分失去覆盖者的 {grown} 个。"
        ),
        (
            "Gaps of {group} in {base}: closed {closed}, closed in part {smaller}, not closed at all {left}. Gaps in "
            "{plan}: new {new}, with some who lose their cover {grown}."
        ),
    ),
    "minutes_saved": (
        (
            "{group}中时间已知的需求（{timed}）各去一次最近站点，单程合计节省 {saved} 人·分钟；路程变短的 {nearer}，"
            "变长的 {farther}。"
        ),
        (
            "{group}: one trip each to the nearest station, over the demand with a known time ({timed}), takes {saved} "
            "person-minutes less in all; the way is shorter for {nearer} and longer for {farther}."
        ),
    ),
    "minutes_lost": (
        (
            "{group}中时间已知的需求（{timed}）各去一次最近站点，单程合计增加 {saved} 人·分钟；路程变短的 {nearer}，"
            "变长的 {farther}。"
        ),
        (
            "{group}: one trip each to the nearest station, over the demand with a known time ({timed}), takes {saved} "
            "person-minutes more in all; the way is shorter for {nearer} and longer for {farther}."
        ),
    ),
    "minutes_same": (
        (
            "{group}中时间已知的需求（{timed}）各去一次最近站点，单程合计时间相同；路程变短的 {nearer}，"
            "变长的 {farther}。"
        ),
        (
            "{group}: one trip each to the nearest station, over the demand with a known time ({timed}), takes the "
            "same in all; the way is shorter for {nearer} and longer for {farther}."
        ),
    ),
    "measure_up": (
        "{measure}（{group}）由 {was} 升至 {now}，上升 {points} 个百分点。",
        "{measure} ({group}): from {was} up to {now}, by {points} points.",
    ),
    "measure_down": (
        "{measure}（{group}）由 {was} 降至 {now}，下降 {points} 个百分点。",
        "{measure} ({group}): from {was} down to {now}, by {points} points.",
    ),
    "measure_same": (
        "{measure}（{group}）为 {now}，按所示位数与{base}相同。",
        "{measure} ({group}): {now}, to the digits shown the same as in {base}.",
    ),
    # sentences: one plan against another
    "covers_more": (
        (
            "{group}：{more}比{less}多覆盖需求 {difference}（{high} 比 {low}）；只有{after}覆盖的 {gained}，"
            "只有{before}覆盖的 {lost}，两者都覆盖的 {kept}。"
        ),
        (
            "{group}: {more} covers {difference} more demand than {less} ({high} against {low}); {gained} is covered "
            "only by {after}, {lost} only by {before}, {kept} by both."
        ),
    ),
    "covers_same": (
        (
            "{group}：{more}与{less}覆盖的需求相同，为 {high}；只有{after}覆盖的 {gained}，只有{before}覆盖的 {lost}，"
            "两者都覆盖的 {kept}。"
        ),
        (
            "{group}: {more} and {less} cover the same demand, {high}; {gained} is covered only by {after}, {lost} "
            "only by {before}, {kept} by both."
        ),
    ),
    "ahead_never": (
        "按已覆盖需求看，{before}与{after}在所有组别都相同。",
        "By covered demand, {before} and {after} are the same for every group.",
    ),
    "ahead_all": (
        "按已覆盖需求看，{more}在任何组别都不少于{less}；多于{less}的组别：{groups}。",
        "By covered demand, {more} has no less than {less} for any group, and more for: {groups}.",
    ),
    "ahead_mixed": (
        "按已覆盖需求看，各有取舍：{after}较多的组别为{gainers}，{before}较多的为{losers}。",
        "By covered demand it is a trade-off: {after} has more for {gainers}, {before} for {losers}.",
    ),
    "cost_less": (
        "成本：{less}新开站点的成本低于{more}（{low} 比 {high}）。",
        "Cost: what {less} opens costs less than what {more} opens ({low} against {high}).",
    ),
    "cost_same": (
        "成本：{less}与{more}新开站点的成本相同，为 {low}。",
        "Cost: what {less} and {more} open costs the same, {low}.",
    ),
    "cost_unknown": (
        "成本无法比较：未注明成本的新开站点，{before}有 {first} 个，{after}有 {second} 个。",
        "Costs cannot be compared: opened stations without a cost are {first} in {before} and {second} in {after}.",
    ),
    "stations_between": (
        (
            "{after}有而{before}没有的站点 {opened} 个，{before}有而{after}没有的 {closed} 个，"
            "两者都有但不同的 {changed} 个。"
        ),
        "Stations only in {after}: {opened}; only in {before}: {closed}; in both but different: {changed}.",
    ),
    "area_more": (
        "{group}：{more}比{less}多覆盖最多的街道是{area}，多 {difference}。",
        "{group}: the largest lead of {more} over {less} in covered demand is in {area}, by {difference}.",
    ),
}


def plan_words(language: Language) -> Mapping[str, str]:
    """Return the texts of a language by key.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    synthetic = words(language)["synthetic"]
    return {key: pair[0 if language == "zh" else 1] for key, pair in _SAID.items()} | {"synthetic": synthetic}
