"""What maps and reports say, in Chinese and English."""

from collections.abc import Mapping
from typing import Literal, get_args

from coverage_planner.errors import ConfigError
from coverage_planner.sources.services import SERVICES

Language = Literal["zh", "en"]

#: What a run calls the stations of today and those that it proposes.
SCENARIO_NAMES: Mapping[Language, tuple[str, str]] = {"zh": ("现状", "方案"), "en": ("today", "proposed")}

#: key -> (Chinese, English). Texts with {…} are filled with `str.format`.
_TEXTS: Mapping[str, tuple[str, str]] = {
    # modes and cutoffs
    "walk": ("步行", "on foot"),
    "bicycle": ("自行车", "by bicycle"),
    "ebike": ("电动自行车", "by e-bike"),
    "drive": ("驾车", "by car"),
    "courier": ("快递员电动车", "by e-bike or pushing it"),
    "truck": ("货车", "by truck"),
    "mode_speed": ("{mode} {speed} km/h", "{mode} {speed} km/h"),
    "mode_class_speeds": ("{mode}，按道路等级车速 × {factor}", "{mode}, road class speeds × {factor}"),
    "mode_pushing": ("，推行 {speed} km/h", ", pushed {speed} km/h"),
    "mode_junction_delay": ("，每个路口 {seconds} 秒", ", {seconds} s per junction"),
    "mode_signal_delay": ("，每处信号灯 {seconds} 秒", ", {seconds} s per signal"),
    "minutes": ("{minutes} 分钟", "{minutes} min"),
    "to_facility": ("前往站点", "to the station"),
    "from_facility": ("从站点出发", "from the station"),
    "detour": ("路过绕行", "detour of who passes by"),
    "percent_points": ("{points} 个百分点", "{points} points"),
    # title box
    "today": ("现状", "today"),
    "covered_demand_share": ("需求覆盖率", "Demand covered"),
    "covered_point_share": ("需求点覆盖率", "Demand points covered"),
    "covered_area_share": ("面积覆盖率", "Area covered"),
    "covered_road_share": ("道路长度覆盖率", "Street length reached"),
    "covered_of_all": ("{covered} / {all}", "{covered} of {all}"),
    "straight_line": (
        "若按直线半径 {radius} 计算会得出 {share}（{points}）",
        "A straight-line radius of {radius} would have claimed {share} ({points})",
    ),
    "straight_line_no_radius": (
        "若按直线距离计算会得出 {share}（{points}）",
        "A straight line would have claimed {share} ({points})",
    ),
    "more": ("各项指标", "All shares"),
    "measure": ("指标", "Measure"),
    "synthetic": ("合成数据 · synthetic data", "synthetic data · 合成数据"),
    # layers
    "shading": ("底色（单选）", "Shading (choose one)"),
    "layers": ("图层", "Layers"),
    "legend": ("图例", "Legend"),
    "bands": ("到最近站点的时间", "Time to the nearest station"),
    "band_first": ("≤ {end} 分钟", "≤ {end} min"),
    "band_next": ("{start}–{end} 分钟", "{start}–{end} min"),
    "communities": ("社区需求覆盖率", "Share of demand covered by community"),
    "share_unknown": ("无需求", "no demand"),
    "streets": ("道路", "Streets"),
    "water": ("水域", "water"),
    "railway": ("铁路", "railway"),
    "wall": ("围墙", "wall"),
    "reached_streets": ("可达道路", "Streets reached"),
    "gaps": ("服务缺口", "Gaps"),
    "remaining_gaps": ("剩余缺口", "Remaining gaps"),
    "gaps_today": ("现状缺口", "Gaps today"),
    "uncovered_points": ("未覆盖的需求点", "Demand points not covered"),
    "stations": ("现有站点", "Stations"),
    "candidates": ("候选点", "Candidates"),
    "sites": ("拟新增站点", "Proposed sites"),
    "study_area": ("研究范围", "Study area"),
    "tiles": ("在线底图（需联网）", "Online base map (needs a network)"),
    # popups
    "id": ("编号", "Id"),
    "kind": ("类型", "Kind"),
    "kind_mobile": ("流动服务", "mobile"),
    "level": ("级别", "Level"),
    "level_hub": ("服务中心", "hub"),
    "level_satellite": ("驿站", "satellite"),
    "services": ("服务", "Services"),
    "opening_hours": ("开放时间", "Opening hours"),
    "open_h_per_week": ("每周开放", "Open per week"),
    "hours": ("{hours} 小时", "{hours} h"),
    "hub": ("所属服务中心", "Hub"),
    "no_hub": ("未归属", "none"),
    "not_counted": ("未归属，不计入覆盖", "none: does not count"),
    "hub_lack": ("未归属原因", "Why"),
    "hub_lack_no_hub_in_radius": ("半径内没有服务中心", "no hub within the radius"),
    "hub_lack_hubs_full": ("半径内服务中心名额已满", "the hubs within the radius are full"),
    "vehicle": ("车辆或线路", "Vehicle or line"),
    "capacity": ("容量", "Capacity"),
    "level_filled": ("按级别补充", "Filled in from its level"),
    "room": ("可服务人数", "Has room for"),
    "nearest_demand": ("以此为最近站点的需求", "Demand that it is nearest to"),
    "assigned_demand": ("分配到的需求", "Demand assigned"),
    "shortage": ("缺口（超出可服务人数）", "Shortage"),
    "hub_links": ("服务中心与驿站", "Hubs and satellites"),
    "hub_link": ("归属", "belongs to"),
    "hub_with_count": ("服务中心及所带驿站数", "hub and its number of satellites"),
    "satellite_of_none": ("未归属的驿站", "satellite without a hub"),
    "gaps_at_moment": ("{moment} 无站点开放的区域", "No open station, {moment}"),
    "mobile_stops": ("流动服务站点", "Mobile stops"),
    "n_satellites": ("所带驿站", "Satellites"),
    "of_most": ("{count}（最多 {most}）", "{count} (at most {most})"),
    "mean_distance_m": ("到所带驿站平均直线距离", "Mean straight line to them"),
    "distance_m": ("到服务中心直线距离", "Straight line to the hub"),
    "time": ("到服务中心时间", "Time to the hub"),
    "people": ("{count} 人", "{count} people"),
    "catchment_demand": ("覆盖需求（含重叠）", "Demand in reach (overlaps counted)"),
    "exclusive_demand": ("独占需求", "Demand in reach of this one alone"),
    "mean_time": ("平均时间", "Mean time"),
    "order": ("建设次序", "Order of opening"),
    "newly_covered_demand": ("新增覆盖需求（含相互重叠）", "Newly covered demand (overlaps counted)"),
    "overlap_existing_demand": ("与现有站点重叠的需求", "Demand covered by existing stations too"),
    "cost": ("成本", "Cost"),
    "area_m2": ("面积", "Floor area"),
    "gap_id": ("所属缺口", "Gap"),
    "subdistrict": ("街道", "Subdistrict"),
    "demand": ("需求", "Demand"),
    "covered_demand": ("已覆盖需求", "Covered demand"),
    "share_today": ("现状覆盖率", "Share today"),
    "n_points": ("需求点数", "Demand points"),
    "gap": ("缺口 {id}", "Gap {id}"),
    "site": ("{number} 号 · {name}", "No. {number} · {name}"),
    "uncovered_demand": ("未覆盖需求", "Demand not covered"),
    "reasons": ("原因", "Reasons"),
    "reason_no_station_in_reach": ("附近没有站点", "no station within reach"),
    "reason_barrier": ("有阻隔，绕行过远", "a barrier: near in a straight line, far over the streets"),
    "reason_no_road_connection": ("道路不连通", "no road connection"),
    "reason_snapped_too_far": ("离道路过远", "too far from any street"),
    "reason_outside_data": ("在道路数据范围之外", "outside the street data"),
    "reason_capacity_full": ("站点已满", "the stations in reach are full"),
    "reason_closed_then": ("该时段站点未开放", "closed at that time"),
    "reason_without_service": ("站点无此项服务", "the stations in reach lack the service"),
    "reason_satellite_without_hub": ("驿站未归属服务中心", "a satellite without a hub, which does not count"),
    "what_any": ("任一开放站点", "any open station"),
    "what_full": ("全部必需服务", "all required services"),
    **{
        f"day_{day}": names
        for day, names in {
            "Mo": ("周一", "Mon"),
            "Tu": ("周二", "Tue"),
            "We": ("周三", "Wed"),
            "Th": ("周四", "Thu"),
            "Fr": ("周五", "Fri"),
            "Sa": ("周六", "Sat"),
            "Su": ("周日", "Sun"),
        }.items()
    },
    "area_kind_community": ("社区", "community"),
    "area_kind_subdistrict": ("街道", "subdistrict"),
    "day_kind_ordinary": ("平常日", "ordinary day"),
    "day_kind_holiday": ("节假日", "holiday"),
    "day_kind_workday": ("调休上班", "make-up workday"),
    "nearest_facility_m": ("到最近站点的直线距离", "Straight line to the nearest station"),
    "rank": ("排名", "Rank"),
    # controls
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "close": ("关闭", "Close"),
    **{f"service_{service}": (names.zh, names.en) for service, names in SERVICES.items()},
}


def words(language: Language) -> Mapping[str, str]:
    """Return the texts of a language by key.

    Raises
    ------
    ConfigError
        The language is neither 'zh' nor 'en'.
    """
    known = get_args(Language)
    if language not in known:
        raise ConfigError(f"language must be one of {list(known)}, got {language!r}; choose one of them")
    column = known.index(language)
    return {key: texts[column] for key, texts in _TEXTS.items()}
