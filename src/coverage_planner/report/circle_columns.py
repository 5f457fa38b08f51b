"""What the tables and layers of services, hours, levels and capacity hold; `table_columns` has them with the rest."""

from collections.abc import Mapping

from coverage_planner.report.column_kinds import Column

#: Label of the rows that hold all groups together, or all stations together.
TOGETHER = "(all)"

#: Columns that no other table has. A 'place' is a whole number that may be missing.
CIRCLE_COLUMNS: Mapping[str, Column] = {
    "service": Column("text", "服务项", "Service"),
    "n_offering": Column("place", "提供该服务的站点数", "Stations that offer it"),
    "covered_always_share": Column("share", "全天候需求覆盖率", "Share covered at every hour of the week"),
    "covered_hour_share": Column("share", "按在场时段加权的覆盖率", "Share covered, by the hours people are present"),
    "change_covered_hour_share": Column(
        "share_change", "按时段覆盖率变化（百分点）", "Change in share covered by hours (points)"
    ),
    "slot": Column("count", "时段序号", "Slot"),
    "date": Column("text", "日期", "Date"),
    "day": Column("text", "星期或日期", "Day"),
    "day_kind": Column("text", "日期类型", "Kind of day"),
    "hour": Column("number", "时段开始（时）", "Starts at (hour)"),
    "n_open": Column("place", "开放站点数", "Stations open"),
    "moment": Column("text", "时刻", "Moment"),
    "uncovered_demand_share": Column("share", "未覆盖需求占比", "Share of demand uncovered"),
    "full_demand": Column("number", "可得全部必需服务的需求", "Demand fully served"),
    "full_demand_share": Column("share", "全部必需服务覆盖率", "Share of demand fully served"),
    "full_hour_share": Column("share", "可得全部必需服务的时段占比", "Share of the week's hours fully served"),
    "open_week_share": Column("share", "在场时有站点开放的覆盖率", "Share with an open station, by hours present"),
    "full_week_share": Column("share", "在场时可得全部必需服务的覆盖率", "Share fully served, by hours present"),
    "open_night_share": Column(
        "share", "夜间在场时有站点开放的覆盖率", "Share with an open station at night, by hours present"
    ),
    "night_demand_share": Column("share", "夜间需求覆盖率", "Share of demand covered at night"),
    "night_gap_demand": Column("number", "整夜无站点开放的需求", "Demand without an open station all night"),
    "access": Column("ratio", "可达性（位/单位需求）", "Access (places per unit of demand)"),
    "unassigned_demand": Column("number", "无处容纳的需求", "Demand that finds no room"),
    "room": Column("number", "可服务人数", "Has room for (people)"),
    "nearest_demand": Column("number", "以此为最近站点的需求", "Demand that it is nearest to"),
    "crowding": Column("ratio", "拥挤度（最近需求/可服务人数）", "Crowding (nearest demand / room)"),
    "assigned_demand": Column("number", "分配到的需求", "Demand assigned"),
    "shortage": Column("number", "缺口（超出可服务人数的需求）", "Shortage (nearest demand beyond the room)"),
    "shortage_rank": Column("place", "缺口排名", "Rank by shortage"),
    "full": Column("flag", "已满", "Full"),
    "supply": Column("number", "供给（位）", "Supply (places)"),
    "demand_in_catchment": Column("number", "服务圈内加权需求", "Weighted demand in the catchment"),
    "ratio": Column("ratio", "供需比（位/单位需求）", "Supply per unit of demand"),
    "n_satellites": Column("count", "所带驿站数", "Satellites"),
    "most_satellites": Column("place", "最多可带驿站数", "Most satellites"),
    "mean_distance_m": Column("metres", "到所带驿站平均直线距离（米）", "Mean straight line to its satellites (m)"),
    "hub_id": Column("text", "所属服务中心编号", "Hub"),
    "hub_name": Column("text", "所属服务中心", "Name of the hub"),
    "hub_lack": Column("text", "未归属原因", "Why it has no hub"),
    "distance_m": Column("metres", "到服务中心直线距离（米）", "Straight line to the hub (m)"),
    "time_min": Column("minutes", "时间（分钟）", "Time (min)"),
    "counts": Column("flag", "计入覆盖", "Counts"),
    "level_filled": Column("text", "按级别补充的内容", "Filled in from its level"),
    "open_h_per_week": Column("number", "每周开放小时", "Open hours per week"),
    "area_kind": Column("text", "范围类型", "Kind of area"),
    "reached_demand": Column("number", "有路可达站点的需求", "Demand that reaches a station"),
    "unreached_demand": Column("number", "无路可达站点的需求", "Demand that reaches none"),
    "beyond_twice_demand": Column("number", "超过两倍时限的需求", "Demand beyond twice the cutoff"),
    "beyond_twice_share": Column("share", "超过两倍时限的需求占比", "Share of demand beyond twice the cutoff"),
    "median_time_min": Column("minutes", "时间中位数（分钟）", "Median time (min)"),
    "p90_time_min": Column("minutes", "九成人可达时间（分钟）", "Time within which nine tenths are (min)"),
    "gini": Column("ratio", "基尼系数（按时间）", "Gini coefficient of the times"),
    "people_share": Column("share", "累计人口占比", "Cumulative share of people"),
    "time_share": Column("share", "累计时间占比", "Cumulative share of time"),
    "layer": Column("text", "图层", "Layer"),
    "unit": Column("text", "单位", "Unit"),
    "counted": Column("text", "圈内数量的单位", "What the count sums up"),
    "n_inside": Column("count", "圈内点数", "Points inside"),
    "count_inside": Column("number", "圈内数量", "Count inside"),
    "vehicle": Column("text", "车辆或线路", "Vehicle or line"),
    # needs, resources and services
    "need_id": Column("text", "需求编号", "Need"),
    "community_id": Column("text", "社区编号", "Community id"),
    "lack": Column("text", "缺什么", "Lack"),
    "required": Column("flag", "必需", "Required"),
    "demand_share": Column("share", "需求占比", "Share of demand"),
    "reason_share": Column("share", "主要原因占比", "Share of the main reason"),
    "nearest_id": Column("text", "最近的可用站点编号", "Nearest station that has it"),
    "nearest_name": Column("text", "最近的可用站点", "Name of that station"),
    "nearest_for_demand": Column("number", "以该站点为最近的需求", "Demand that it is nearest for"),
    "nearest_time_min": Column("minutes", "到该站点时间（分钟）", "Time to it (min)"),
    "n_premises": Column("count", "可用场所数", "Premises"),
    "n_stations": Column("count", "可改造站点数", "Stations to change"),
    "reachable_demand": Column("number", "周边资源可解决的需求", "Demand that these could serve"),
    "planned_demand": Column("number", "方案已解决的需求", "Demand that the plan serves"),
    "n_planned": Column("count", "方案中的站点数", "Planned stations"),
    "answer": Column("text", "落实情况", "Answer"),
    "place_kind": Column("text", "场所种类", "Kind of place"),
    "change": Column("text", "需要做什么", "What has to be done"),
    "planned": Column("flag", "已列入方案", "In the plan"),
    "site_id": Column("text", "站点编号", "Station"),
    "site_community": Column("text", "所在社区", "Stands in"),
    # layers only
    "any_ever": Column("flag", "有时可达开放站点", "An open station at some hour"),
    "any_always": Column("flag", "全天候可达开放站点", "An open station at every hour"),
    "full_ever": Column("flag", "有时可得全部必需服务", "Fully served at some hour"),
    "full_always": Column("flag", "全天候可得全部必需服务", "Fully served at every hour"),
    "any_hour_share": Column("share", "可达开放站点的时段占比", "Share of the week's hours with an open station"),
}

#: Table and column whose heading is another than the column's own.
CIRCLE_HEADINGS: Mapping[tuple[str, str], Column] = {
    ("by_service", "service"): Column("text", "服务", "Service"),
    ("by_hour", "service"): Column("text", "服务", "Service"),
    ("reasons", "reason"): Column("text", "原因", "Reason"),
    ("satellites", "time_min"): Column("minutes", "到服务中心的时间（分钟）", "Time to the hub (min)"),
    ("satellites", "counts"): Column("flag", "计入覆盖", "Counts"),
}

#: Columns of ``overall`` that say something only where a plan speaks of services and hours.
CIRCLE_MEASURES = (
    "full_demand_share", "open_week_share", "full_week_share", "open_night_share", "unassigned_demand",
)  # fmt: skip

#: Columns that planners may leave out of their data, or that say nothing without levels.
CIRCLE_GIVEN = frozenset(
    {"hub_id", "level_filled", "open_h_per_week", "vehicle", "unit", "counted", "place_kind", *CIRCLE_MEASURES}
)

_EQUITY = (
    "n_points", "demand", "reached_demand", "unreached_demand", "covered_demand", "uncovered_demand",
    "covered_demand_share", "beyond_twice_demand", "beyond_twice_share", "mean_time_min", "median_time_min",
    "p90_time_min", "gini",
)  # fmt: skip

#: Table name -> columns.
CIRCLE_TABLES: Mapping[str, tuple[str, ...]] = {
    "by_service": (
        "scenario", "group", "service", "cutoff_min", "n_offering", "demand", "covered_demand",
        "covered_demand_share", "covered_point_share", "covered_always_share", "covered_hour_share",
        "change_covered_demand_share", "change_covered_hour_share",
    ),
    "by_hour": (
        "scenario", "group", "service", "mode", "cutoff_min", "slot", "date", "day", "day_kind", "hour", "n_open",
        "demand", "covered_demand", "covered_demand_share",
    ),
    "reasons": (
        "scenario", "group", "service", "moment", "reason", "n_points", "uncovered_demand", "uncovered_demand_share",
    ),
    "gaps_at": (
        "scenario", "group", "moment", "id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares",
        "nearest_facility_m", "lon", "lat",
    ),
    "served_by_community": (
        "scenario", "group", "id", "name", "subdistrict", "demand", "full_demand", "full_demand_share",
        "full_hour_share", "night_demand_share", "night_gap_demand", "access", "unassigned_demand",
    ),
    "capacity": (
        "scenario", "id", "name", "room", "nearest_demand", "crowding", "assigned_demand", "shortage",
        "shortage_rank", "full", "mean_time_min", "supply", "demand_in_catchment", "ratio",
    ),
    "hubs": ("scenario", "id", "name", "n_satellites", "most_satellites", "mean_distance_m", "lon", "lat"),
    "satellites": ("scenario", "id", "name", "hub_id", "hub_name", "hub_lack", "distance_m", "time_min", "counts"),
    "equity": ("scenario", "group", "cutoff_min", *_EQUITY),
    "equity_by_area": ("scenario", "group", "area_kind", "id", "name", "subdistrict", *_EQUITY),
    "worst_served": (
        "scenario", "group", "rank", "id", "name", "subdistrict", "uncovered_demand_share", *_EQUITY,
    ),
    "lorenz": ("scenario", "group", "people_share", "time_share"),
    "in_circle": ("scenario", "id", "name", "layer", "n_inside", "unit", "count_inside", "counted"),
    "mobile_stops": ("id", "name", "vehicle", "services", "opening_hours", "open_h_per_week", "lon", "lat"),
    "needs": (
        "need_id", "rank", "community_id", "community", "subdistrict", "group", "mode", "lack", "service", "required",
        "cutoff_min", "demand", "demand_share", "n_points", "reason", "reason_share", "nearest_id", "nearest_name",
        "nearest_for_demand", "nearest_time_min", "n_premises", "n_stations", "reachable_demand", "planned_demand",
        "n_planned", "answer",
    ),
    "resources": (
        "need_id", "rank", "community", "group", "lack", "service", "kind", "id", "name", "place_kind", "change",
        "demand", "demand_share", "mean_time_min", "services", "opening_hours", "cost", "area_m2", "planned",
    ),
    "planned_services": (
        "site_id", "name", "place_kind", "change", "level", "services", "opening_hours", "capacity",
        "site_community", "need_id", "community", "group", "lack", "service", "demand", "demand_share",
        "mean_time_min",
    ),
}  # fmt: skip

#: Tables that stand in a workbook of their own, 三清单.xlsx.
LIST_TABLES = ("needs", "resources", "planned_services")

#: Table name -> name of its sheet in summary.xlsx, Chinese and English; the three lists have none there.
CIRCLE_SHEETS: Mapping[str, tuple[str, str]] = {
    "by_service": ("分服务", "By service"),
    "by_hour": ("分时段", "By hour"),
    "reasons": ("未服务原因", "Why unserved"),
    "gaps_at": ("各时刻缺口", "Gaps at moments"),
    "served_by_community": ("各社区服务", "Served by community"),
    "capacity": ("容量与供需", "Capacity"),
    "hubs": ("服务中心", "Hubs"),
    "satellites": ("驿站归属", "Satellites"),
    "equity": ("公平性", "Equity"),
    "equity_by_area": ("公平性分区域", "Equity by area"),
    "worst_served": ("服务最差社区", "Worst served"),
    "lorenz": ("洛伦兹曲线", "Lorenz curve"),
    "in_circle": ("圈内概况", "In the circle"),
    "mobile_stops": ("流动服务站点", "Mobile stops"),
}

#: Layer name -> geometry type and columns.
CIRCLE_LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "hub_links": ("LineString", ("scenario", "id", "name", "hub_id", "hub_name", "distance_m", "time_s")),
    "gaps_at": (
        "MultiPolygon",
        (
            "scenario", "group", "moment", "id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares",
            "nearest_facility_m",
        ),
    ),
    "demand_served": (
        "Point",
        (
            "scenario", "group", "id", "demand", "any_ever", "any_always", "any_hour_share", "full_ever",
            "full_always", "full_hour_share", "reason", "access", "unassigned_demand",
        ),
    ),
    "unserved_at": ("Point", ("scenario", "group", "moment", "id", "demand", "reason")),
    "mobile_stops": ("Point", ("id", "name", "vehicle", "services", "opening_hours")),
}  # fmt: skip
