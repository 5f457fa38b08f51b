"""What the report says, in Chinese and English; report_method_words.py has the method.

Sentences with places such as ``{share}`` are filled from cells of the exported tables (`cells.Sentence`), so they hold
no digit of their own.
"""

from collections.abc import Mapping

from coverage_planner.report.words import Language

#: key -> (Chinese, English).
_TEXTS: Mapping[str, tuple[str, str]] = {
    # cover
    "kind": ("服务站点可达性与覆盖评估报告", "Report on access to service stations and their coverage"),
    "organisation": ("编制单位", "Organisation"),
    "author": ("编制人", "Author"),
    "date": ("日期", "Date"),
    "approval": ("审图号", "Map approval number (审图号)"),
    "boundaries": ("界线来源", "Source of the boundaries"),
    "streets": ("道路数据", "Streets"),
    "not_stated": ("未注明", "not stated"),
    "blank": ("待填写", "to be filled in"),
    "synthetic": (
        "本报告使用合成数据（synthetic data），不反映任何真实城市。",
        "This report uses synthetic data (合成数据) and says nothing about any real city.",
    ),
    "approval_note": (
        "公开出版、展示或在互联网上发布本报告中的地图前，应依照《地图管理条例》送审，并在此处填写审图号。",
        (
            "In China, maps must be submitted for approval before they are published, exhibited or put online "
            "(Regulations on Map Management 地图管理条例); the approval number then stands here."
        ),
    ),
    "privacy": (
        (
            "个人信息保护：不得公布、转发个人的行踪轨迹，或能够据此识别到个人的需求点。本报告及结果文件只应以社区、街道或"
            "网格汇总的方式公开；公开前请删去需求点图层，并检查人数过少、可能识别到个人的汇总单元。"
        ),
        (
            "Personal information: do not publish or pass on traces of persons, nor demand points by which a person "
            "could be recognised. Make this report and its files public only as sums by community, subdistrict or "
            "grid cell; take out the layer of demand points first, and look for units with so few people that "
            "somebody could be recognised."
        ),
    ),
    "contents": ("目录", "Contents"),
    # chapters
    "findings": ("主要结论", "Key figures"),
    "maps": ("地图", "Maps"),
    "charts": ("图表", "Charts"),
    "tables": ("数据表", "Tables"),
    "method": ("方法说明", "Method"),
    "data": ("数据来源", "Data sources"),
    "limits": ("局限", "Limits"),
    "settings": ("附录：计算参数", "Appendix: settings"),
    "notes": ("说明", "Notes"),
    "about_figures": (
        "本章每个数字都取自结果文件夹中的数据表；在网页中将鼠标停在数字上，可见其所在的表、行、列。",
        (
            "Every figure of this chapter is a cell of the tables in the results folder; in the page, hold the mouse "
            "over a figure to see the table, row and column."
        ),
    ),
    # findings
    "f_asks": (
        "本报告评估{group}（{mode}）能否在 {cutoff} 分钟内到达服务站点，以及哪些地方、为何达不到。",
        (
            "This report asks whether {group} (travelling {mode}) are within {cutoff} minutes of a service station, "
            "and where and why they are not."
        ),
    ),
    "f_asks_sites": (
        "并给出新增 {n} 处站点的方案，说明其带来的变化。",
        "It proposes {n} new sites and says what they change.",
    ),
    "other_groups": ("其他人群", "Other groups"),
    "f_who": (
        "出行方式：{mode}；时限 {cutoff} 分钟；方向：{direction}。",
        "Travels {mode}; cutoff {cutoff} minutes; {direction}.",
    ),
    "f_today": (
        "{scenario}有 {n} 处站点，覆盖 {demand} 需求中的 {covered}，需求覆盖率 {share}。",
        "{scenario}: {n} stations cover {covered} of {demand} demand, a share of {share}.",
    ),
    "f_proposed": (
        "{scenario}有 {n} 处站点，覆盖 {covered}，需求覆盖率 {share}，比现状{direction} {points} 个百分点。",
        "{scenario}: {n} stations cover {covered}, a share of {share}, {points} percentage points {direction} today.",
    ),
    "f_proposed_same": (
        "{scenario}有 {n} 处站点，需求覆盖率 {share}，与现状相同。",
        "{scenario}: {n} stations, a share of {share}, the same as today.",
    ),
    "up": ("高", "above"),
    "down": ("低", "below"),
    # {values} is 'today 7.0, proposed 6.4', as values_each and values_between say
    "values_each": ("{scenario} {value}", "{scenario} {value}"),
    "values_between": ("，", ", "),
    "f_mean": (
        "已覆盖者到最近站点的平均时间（分钟）：{values}。",
        "Mean time of those who are covered to the nearest station (min): {values}.",
    ),
    "f_straight": (
        "若按直线半径画圆，会称需求覆盖率为：{values}；本报告按路网计算，不用此数。",
        (
            "Circles with a straight-line radius would claim a share of: {values}; this report measures over the "
            "streets and does not use that figure."
        ),
    ),
    "f_full": (
        "在一周的某些时段可得到全部必需服务的需求：{values}。",
        "Share of demand that gets all required services at some hour of the week: {values}.",
    ),
    "f_open": (
        "按在场时段计，平常一周中有站点开放的覆盖率：{values}。",
        "Share with an open station over the ordinary week, weighted by the hours people are present: {values}.",
    ),
    "f_night": (
        "其中夜间有站点开放的覆盖率：{values}。",
        "The same share at night: {values}.",
    ),
    "f_unassigned": (
        "在时限内的站点中无处容纳的需求：{values}。",
        "Demand that finds no room in the stations within its cutoff: {values}.",
    ),
    "f_gini": (
        "到站时间的基尼系数：{values}（零表示人人时间相同）。",
        "Gini coefficient of access times: {values} (zero means equal times).",
    ),
    "f_p90": (
        "能到达站点者中，最近的九成在以下时间内（分钟）：{values}。",
        "Of those who reach a station, the nearest nine tenths are within (min): {values}.",
    ),
    "f_gap": (
        "{scenario}最大的服务缺口（{id}）有 {demand} 需求未覆盖，主要原因：{reason}。",
        "{scenario}: the largest gap ({id}) leaves demand of {demand} uncovered; main reason: {reason}.",
    ),
    "f_worst": (
        "{scenario}未覆盖需求最多的社区是{name}：{demand} 未覆盖，占该社区需求的 {share}。",
        "{scenario}: the community with most uncovered demand is {name}: {demand}, {share} of its demand.",
    ),
    "f_choice": ("选址结论：{certificate}。", "Choice of sites: {certificate}."),
    "f_site": (
        "{number} 号站点{name}按建设次序新增覆盖需求 {added}。",
        "Site {number}, {name}, adds covered demand of {added} in the order of opening.",
    ),
    "f_shortage": (
        "{scenario}容量缺口最大的站点是{name}：以其为最近站点的需求 {demand}，可服务 {room}，超出 {shortage}。",
        (
            "{scenario}: the station with the largest shortage is {name}: nearest to demand of {demand}, room for "
            "{room}, {shortage} too many."
        ),
    ),
    "f_need": (
        "需求清单第一项：{community}，{group}，缺 {lack}（{demand}）。",
        "First of the list of needs: {community}, {group}, lacks {lack} (demand of {demand}).",
    ),
    "sites_and_resources": ("选址、容量与需求清单", "Sites, room and needs"),
    # rows
    "rows_some": (
        "显示 {shown} 行，共 {rows} 行；全部数据见 {file}。",
        "{shown} of {rows} rows are shown; all are in {file}.",
    ),
    "rows_all": ("共 {rows} 行，见 {file}。", "All {rows} rows, as in {file}."),
    # pictures
    "p_coverage": ("{group}：到最近站点的时间", "{group}: time to the nearest station"),
    "p_coverage_pass": ("{group}（路过绕行）：服务缺口", "{group} (passing by): gaps"),
    "p_effect": ("{group}：服务缺口与可达范围的变化", "{group}: gaps, and what the plan changes"),
    "p_gaps_short": ("服务缺口", "Gaps"),
    "p_change_short": ("可达范围的变化", "What the plan changes"),
    "p_others": ("其他人群：{scenario}", "Other groups: {scenario}"),
    "p_gaps": ("{group}：服务缺口", "{group}: gaps"),
    "p_change": ("{group}：可达范围的变化", "{group}: what the plan changes"),
    "p_hours": ("{group}：无站点开放的区域", "{group}: areas without an open station"),
    "p_chart_hours": (
        "{group}：平常一周各时段的需求覆盖率",
        "{group}: share of demand covered by hour of the ordinary week",
    ),
    "p_chart_services": ("{group}：各项服务的需求覆盖率", "{group}: share of demand covered by service"),
    "p_chart_subdistricts": ("{group}：各街道的需求覆盖率", "{group}: share of demand covered by subdistrict"),
    "p_chart_communities": (
        "{group}：未覆盖需求最多的社区的需求覆盖率",
        "{group}: share of demand covered in the communities with most uncovered demand",
    ),
    "p_chart_lorenz": ("{group}：到站时间的洛伦兹曲线", "{group}: Lorenz curve of access times"),
    "p_chart_reasons": ("{group}：未覆盖需求按原因", "{group}: uncovered demand by reason"),
    "p_chart_sites": (
        "{group}：站点按建设次序开放后的需求覆盖率",
        "{group}: share of demand covered as the sites open in order",
    ),
    "alt_map": (
        "地图：{what}。图中数字见“数据表”一章。",
        "Map: {what}. The figures stand in the chapter of tables.",
    ),
    "alt_chart": (
        "图表：{what}。数据见 {file}。",
        "Chart: {what}. The data are in {file}.",
    ),
    "source": ("数据：{source}", "Data: {source}"),
    # legend
    "l_band": ("≤ {minutes} 分钟", "≤ {minutes} min"),
    "l_station": ("现有站点", "station"),
    "l_hub": ("服务中心", "hub"),
    "l_site": ("拟新增站点（序号见表）", "proposed site (number as in the table)"),
    "l_gap": ("服务缺口（数字为排名）", "gap (number: its rank)"),
    "l_gap_closed": ("现状缺口", "gap today"),
    "l_gap_left": ("方案后剩余缺口（数字为排名）", "gap left by the plan (number: its rank)"),
    "l_gained": ("新增可达范围", "gained"),
    "l_lost": ("不再可达", "lost"),
    "l_kept": ("保持可达", "kept"),
    "l_unserved": ("无站点开放的区域", "area without an open station"),
    "l_mobile": ("流动服务站点", "mobile stop"),
    "l_study_area": ("研究范围", "study area"),
    "l_communities": ("社区界线", "communities"),
    "l_any": ("任一开放站点", "any open station"),
    "l_full": ("全部必需服务", "all required services"),
    "l_night": ("夜间", "night"),
    "l_equal": ("人人时间相同", "equal times"),
    "north": ("北", "N"),
    # tables
    "t_overall": ("总体", "Overall, by group"),
    "t_by_site": ("拟新增站点", "Proposed sites"),
    "t_by_subdistrict": ("各街道", "Subdistricts"),
    "t_worst": ("未覆盖需求最多的社区", "Communities with most uncovered demand"),
    "t_gaps": ("最大的服务缺口", "Largest gaps"),
    "t_by_service": ("各项服务", "Services"),
    "t_hubs": ("服务中心与驿站", "Hubs and satellites"),
    "t_capacity": ("容量缺口最大的站点", "Stations with the largest shortage"),
    "t_needs": ("需求清单", "Needs"),
    "t_mobile": ("流动服务站点", "Mobile stops"),
    "t_of": ("{what}：{scenario}，{group}", "{what}: {scenario}, {group}"),
    "t_of_group": ("{what}：{group}", "{what}: {group}"),
    "t_of_scenario": ("{what}：{scenario}", "{what}: {scenario}"),
    # words of the list of needs
    "lack_any": ("任一站点", "any station"),
    "lack_night": ("夜间开放", "open at night"),
    "lack_room": ("站点容量", "room"),
    "lack_service": ("服务", "a service"),
    "answer_planned": ("方案已解决", "planned"),
    "answer_part planned": ("方案部分解决", "planned in part"),
    "answer_possible": ("方案未解决，周边有资源", "not planned, resources around"),
    "answer_nothing": ("暂无可用资源", "nothing answers it"),
    # data and settings
    "d_input": ("输入", "Input"),
    "d_file": ("文件", "File"),
    "d_rows": ("读入行数", "Rows read"),
    "d_kept": ("采用行数", "Rows used"),
    "d_owner": ("来源单位", "Owner"),
    "d_date": ("数据日期", "Date"),
    "d_licence": ("许可", "Licence"),
    "d_hash": ("校验值（SHA，前段）", "Checksum (SHA, beginning)"),
    "d_datum": ("数据表坐标系", "Datum of the tables"),
    "d_crs": ("图层坐标系", "CRS of the layers"),
    "s_key": ("参数", "Setting"),
    "s_value": ("值", "Value"),
    "s_note": (
        "以下为计划文件的全部参数（时间以秒计），摘自 {file}；未设置的从略。",
        "All settings of the plan (times in seconds), from {file}; those that are not set are left out.",
    ),
    # footer
    "page_of": ("第 {page} 页 / 共 {pages} 页", "{page} / {pages}"),
    "made_by": ("由 coverage-planner {version} 生成", "Made by coverage-planner {version}"),
}  # fmt: skip


def report_words(language: Language) -> Mapping[str, str]:
    """Return the report's texts by key."""
    column = 0 if language == "zh" else 1
    return {key: pair[column] for key, pair in _TEXTS.items()}
