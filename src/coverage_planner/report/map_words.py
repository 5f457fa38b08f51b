"""What the map says besides the words of `words`, in Chinese and English; {…} are filled in by the page."""

from collections.abc import Mapping
from typing import Final

from coverage_planner.report.words import Language, words

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "map": ("地图", "Map"),
    "between": ("；", "; "),
    # boxes
    "about_map": ("标题、搜索与选项", "Title, search and choices"),
    "legend_fold": ("收起图例", "Fold the legend"),
    "legend_unfold": ("展开图例", "Unfold the legend"),
    "tab_title": ("结果", "Result"),
    "tab_choose": ("查询", "Choose"),
    "tab_side": ("图层", "Layers"),
    "synthetic_short": ("合成数据", "synthetic"),
    "tools": ("工具", "Tools"),
    "tool_centre": ("中心点", "Centre"),
    "tool_export": ("导出", "Export"),
    "tool_print": ("打印", "Print"),
    "tool_help": ("帮助", "Help"),
    "centre": ("地图中心最近的站点", "Nearest station from the middle of the map"),
    "export": ("导出数据", "Export data"),
    "print": ("打印地图", "Print the map"),
    "help": ("如何阅读本图", "How to read this map"),
    "show_all": ("显示全图", "Show the whole map"),
    # choices
    "scenario": ("方案", "Scenario"),
    "group": ("人群", "Group"),
    "what": ("服务", "Service"),
    "what_none": ("不限服务", "any service"),
    "when": ("时间", "Time"),
    "ask_hour": ("按时刻查看", "By the hour"),
    "special_days": ("特殊日期…", "Special dates…"),
    "special_day": ("{date}（{kind}）", "{date} ({kind})"),
    "hour_of_week": ("一周中的时刻", "Hour of the week"),
    "hour_before": ("前一时段", "One step back"),
    "hour_after": ("后一时段", "One step on"),
    "play": ("播放", "Play"),
    "pause": ("暂停", "Pause"),
    **{
        f"short_{day}": names
        for day, names in {
            "Mo": ("一", "Mon"),
            "Tu": ("二", "Tue"),
            "We": ("三", "Wed"),
            "Th": ("四", "Thu"),
            "Fr": ("五", "Fri"),
            "Sa": ("六", "Sat"),
            "Su": ("日", "Sun"),
        }.items()
    },
    "demand_then": ("该时段在场需求", "Demand present then"),
    "demand_served": ("需求", "Demand"),
    "stations_open": ("开放站点 {open} / {all}", "{open} of {all} stations open"),
    "stations_offering": ("提供此项的站点 {count} 个", "{count} stations offer this"),
    "no_figure": ("此项没有数据表中的数值", "The tables hold no figure for this choice"),
    "no_demand_then": ("该时段无需求", "no demand then"),
    "full_demand_share": ("全部必需服务覆盖率", "All required services"),
    "open_week_share": ("全周按时段平均覆盖率", "Hours of the week covered"),
    "full_week_share": ("全周全部必需服务", "All services, hours of the week"),
    "open_night_share": ("夜间覆盖率", "Covered at night"),
    "night_demand_share": ("夜间覆盖率", "Covered at night"),
    # legend
    "shading_bands": ("到最近站点的时间", "Minutes to the nearest station"),
    "shading_time": ("道路：到最近站点的时间", "Streets by minutes"),
    "shading_nearest": ("道路：最近的站点", "Streets by nearest station"),
    "shading_change": ("相对“{name}”的变化", "Change against '{name}'"),
    "shading_communities": ("社区需求覆盖率", "Communities by share covered"),
    "shading_none": ("无底色", "None"),
    "instead_time": ("按所选时刻或服务，以道路显示。", "For this service or hour, drawn on the streets."),
    "instead_none": (
        "此人群路过绕行，没有到站时间可供着色。",
        "This group passes by: it has no minutes to colour by.",
    ),
    "nearest_key": ("同色道路最近的是同一站点", "one colour: the same nearest station"),
    "gained": ("新增可达", "gained"),
    "lost": ("不再可达", "lost"),
    "kept": ("两者均可达", "kept"),
    "uncovered_then": ("此时或此项服务未覆盖的需求点", "demand not covered then or by this service"),
    "off_key": ("此时未开放或无此项服务", "closed then, or lacks the service"),
    "mark_off": ("{name}（未开放或无此项服务）", "{name} (closed or without the service)"),
    # popups
    "open_then": ("开放", "open"),
    "closed_then": ("未开放", "closed"),
    "closed_all_day": ("全天不开放", "closed all day"),
    "hours_that_day": ("当日开放时间", "Open that day"),
    "address": ("地址", "Address"),
    "community_name": ("社区", "Community"),
    # search
    "search": ("搜索站点、社区、道路…", "Search stations, areas, streets…"),
    "search_none": ("没有找到", "Nothing found"),
    "search_count": ("找到 {count} 项", "{count} found"),
    "one_stations": ("站点", "station"),
    "one_sites": ("拟新增站点", "proposed site"),
    "one_mobile_stops": ("流动服务", "mobile stop"),
    "one_candidates": ("候选点", "candidate"),
    "one_communities": ("社区", "community"),
    "one_streets": ("道路", "street"),
    # click anywhere
    "nearest_station": ("最近的站点", "Nearest station"),
    "nearest_from_here": ("从这里出发最近的站点", "Nearest station from here"),
    "station_name": ("站点", "Station"),
    "time_to_it": ("时间", "Time"),
    "detour_time": ("绕行时间", "Detour"),
    "straight_line_to_it": ("直线距离", "Straight line"),
    "within_cutoff": ("时限", "Cutoff"),
    "within_yes": ("在 {cutoff}之内", "within {cutoff}"),
    "within_no": ("超过 {cutoff}", "more than {cutoff}"),
    "within_each_yes": ("每项服务都在其时限之内", "each service within its cutoff"),
    "within_each_no": ("有服务超过其时限", "not every service within its cutoff"),
    "counted": (
        "计时：{mode}；到道路 {access}，沿路 {street}，站点一侧 {door}。",
        "Counted {mode}: {access} to the street, {street} along streets, {door} at the station's end.",
    ),
    "counted_detour": (
        "计时：此人群的绕行时间，从离点击处最近的路段算起。",
        "Counted: this group's detour from the stretch of road nearest to the click.",
    ),
    "why_no_street": ("{limit} 内没有可通行的道路。", "No street that this group may use within {limit}."),
    "why_barrier": (
        "最近的道路被水域、铁路或围墙隔开，无法直线到达。",
        "The street nearby lies behind water, a railway or a wall.",
    ),
    "why_none_open": ("此时没有站点开放或提供此项服务。", "No station is open then and offers this."),
    "why_no_way": (
        "在本图所载道路上，两小时内没有可到达的站点。",
        "No station within two hours over the streets that this map holds.",
    ),
    "why_no_detour": ("绕行 {cutoff}之内没有站点。", "No station within a detour of {cutoff}."),
    "beyond_note": (
        "超过时限的时间只按本图所载道路计算；图外可能有更短的路。",
        "Beyond the cutoff only the streets of this map count; a way outside it may be shorter.",
    ),
    "minutes_seconds": ("{minutes} 分 {seconds} 秒", "{minutes} min {seconds} s"),
    "open_amap": ("高德导航（需联网）", "Directions in Amap (online)"),
    "amap_note": (
        "高德链接采用 GCJ-02 坐标；其时间由高德计算，与本图可能不同。",
        "The Amap link is in GCJ-02; Amap's own minutes may differ from these.",
    ),
    "about_station": ("站点详情", "About the station"),
    "copy_place": ("复制坐标", "Copy coordinates"),
    "copied": ("已复制（WGS 84）", "Copied (WGS 84)"),
    "not_copied": ("无法复制", "Could not copy"),
    "place_clicked": ("所选位置", "chosen place"),
    # export and print
    "export_what": ("内容", "Contents"),
    "export_stations": ("站点（含当前时刻是否开放及指标）", "Stations, with open now and figures"),
    "export_sites": ("拟新增站点", "Proposed sites"),
    "export_communities": ("社区及覆盖率", "Communities and their shares"),
    "export_gaps": ("服务缺口及原因", "Gaps and their reasons"),
    "export_about": (
        "导出当前方案、人群和时刻的数据；文件内注明坐标系和数据来源。",
        "Exports the scenario, group and hour shown; the file names its datum and sources.",
    ),
    "datum": ("坐标系", "Datum"),
    "datum_wgs84": ("GPS、OpenStreetMap、天地图", "GPS, OpenStreetMap, Tianditu"),
    "datum_gcj02": ("高德、腾讯地图及其小程序", "Amap and Tencent maps and mini-programs"),
    "save_geojson": ("保存 GeoJSON", "Save GeoJSON"),
    "save_csv": ("保存站点表（CSV）", "Save stations (CSV)"),
    "paper": ("纸张 A4", "Paper, A4"),
    "landscape": ("横向", "Landscape"),
    "portrait": ("纵向", "Portrait"),
    "print_about": (
        "打印当前所见范围；标题、图例、比例尺和来源一并打印在一页上。",
        "Prints what is in view, with title, legend, scale and sources on one page.",
    ),
    "print_now": ("打印", "Print"),
    "sources": ("数据来源", "Sources"),
    "boundary_source": ("边界来源", "Boundaries"),
    "approval": ("审图号", "Map approval no. (审图号)"),
    "date": ("日期", "Date"),
    # help
    "help_figures_title": ("标题中的数值", "The figures in the title"),
    "help_figures": (
        "需求覆盖率是时限内能到达站点的需求占全部需求的比例，按路网计算，不按直线半径。箭头前为现状，箭头后为所选方案。",
        (
            "Demand covered is the share of all demand that reaches a station within the cutoff, over the streets and "
            "not by a straight-line radius. Before the arrow: today; after it: the scenario chosen."
        ),
    ),
    "help_bands_title": ("底色", "Shading"),
    "help_bands": (
        "颜色越深，到最近站点越快；空白处在时限内到不了。时间按图例所示出行方式和速度计算。",
        (
            "The darker, the fewer minutes to the nearest station; what stays blank is beyond the cutoff. Minutes are "
            "those of the mode and speed that the legend names."
        ),
    ),
    "help_streets_title": ("道路着色", "Streets"),
    "help_streets": (
        "“道路：到最近站点的时间”给每段道路着色；“最近的站点”用颜色区分各站点的服务范围；“变化”显示方案新增和失去的道路。",
        (
            "'Streets by minutes' colours each stretch of street; 'nearest station' tells catchments apart; 'change' "
            "shows the streets that a plan gains and loses."
        ),
    ),
    "help_gaps_title": ("服务缺口", "Gaps"),
    "help_gaps": (
        "橙红色区域内的需求在时限内没有站点。点击可查看人数和原因。",
        "Demand in the orange-red areas has no station within the cutoff. Click one for its demand and reasons.",
    ),
    "help_hours_title": ("服务与时刻", "Service and hour"),
    "help_hours": (
        "选择一项服务，或打开“按时刻查看”并移动滑块：未开放或没有此项服务的站点变为灰色空心，道路、社区和数值随之更新。",
        (
            "Choose a service, or switch on the hour and move the slider: stations that are closed or lack the service "
            "turn hollow and grey, and streets, communities and figures follow."
        ),
    ),
    "help_click_title": ("点击任意位置", "Click anywhere"),
    "help_click": (
        "显示从该处出发最近的开放站点、时间、直线距离和路线；也可用“中心点”按钮代替点击。",
        (
            "Shows the nearest station open at the chosen hour, its time, straight line and way; the button 'Centre' "
            "does the same from the middle of the map."
        ),
    ),
    "help_limits_title": ("请注意", "Mind"),
    "help_limits": (
        "结果取决于输入的道路、站点、需求数据和所注明的速度；空白或缺口不等于无人，社区数值以数据表为准。",
        (
            "All depends on the streets, stations and demand that were put in and on the speeds named; the tables hold "
            "the exact figures."
        ),
    ),
    "help_keys": (
        "键盘：Tab 切换，方向键移动地图或滑块，+ − 缩放，回车打开，Esc 关闭。",
        "Keys: Tab moves on, arrows move map or slider, + and − zoom, Enter opens, Esc closes.",
    ),
    # when it does not open
    "not_opened": ("地图未能打开：", "The map could not be opened:"),
    "browser_too_old": (
        "浏览器版本过旧，无法读取地图数据；请使用 Chrome、Edge 80 以上或 Firefox 113 以上版本。",
        "This browser is too old to read the map's data; use Chrome or Edge 80, Firefox 113 or later.",
    ),
}


def map_words(language: Language) -> Mapping[str, str]:
    """Return the texts of the map by key: those of `words` and its own.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    known = words(language)
    return {**known, **{key: pair[0 if language == "zh" else 1] for key, pair in _SAID.items()}}
