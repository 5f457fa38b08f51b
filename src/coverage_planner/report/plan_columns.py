"""What the tables and layers of a comparison of plans hold; docs/methods-comparison-plans.md explains each column."""

from collections.abc import Mapping
from typing import Final

from coverage_planner.report.column_kinds import Column
from coverage_planner.report.table_columns import COLUMNS
from coverage_planner.scenario.plan_figures import CIRCLE_MEASURES, MEASURES
from coverage_planner.scenario.plan_pairs import PAIR_COLUMNS, SERVICE_PAIR_COLUMNS

#: Columns that no table of a results folder has.
_OWN: Mapping[str, Column] = {
    "before": Column("text", "由", "From"),
    "after": Column("text", "到", "To"),
    "gained_demand": Column("number", "新增覆盖需求", "Demand gained"),
    "lost_demand": Column("number", "失去覆盖需求", "Demand lost"),
    "kept_demand": Column("number", "保持覆盖需求", "Demand kept"),
    "neither_demand": Column("number", "均未覆盖需求", "Demand covered in neither"),
    "gained_points": Column("count", "新增覆盖点数", "Points gained"),
    "lost_points": Column("count", "失去覆盖点数", "Points lost"),
    "kept_points": Column("count", "保持覆盖点数", "Points kept"),
    "neither_points": Column("count", "均未覆盖点数", "Points covered in neither"),
    "change_full_demand_share": Column(
        "share_change", "全部必需服务覆盖率变化（百分点）", "Change in share fully served (points)"
    ),
    "change_open_week_share": Column(
        "share_change", "在场时有站点开放的覆盖率变化（百分点）", "Change in share with an open station (points)"
    ),
    "change_full_week_share": Column(
        "share_change",
        "在场时可得全部必需服务的覆盖率变化（百分点）",
        "Change in share fully served by hours (points)",
    ),
    "change_open_night_share": Column(
        "share_change", "夜间有站点开放的覆盖率变化（百分点）", "Change in share with an open station at night (points)"
    ),
    "change_unassigned_demand": Column("change", "无处容纳需求变化", "Change in demand that finds no room"),
    "timed_demand": Column("number", "两方案时间均已知的需求", "Demand with a known time in both"),
    "person_minutes_saved": Column("change", "节省的人·分钟（单程）", "Person-minutes saved (one way)"),
    "nearer_demand": Column("number", "路程变短的需求", "Demand with a shorter way"),
    "farther_demand": Column("number", "路程变长的需求", "Demand with a longer way"),
    "n_gaps_closed": Column("count", "消除的缺口", "Gaps closed"),
    "n_gaps_smaller": Column("count", "部分消除的缺口", "Gaps closed in part"),
    "n_gaps_left": Column("count", "完全未消除的缺口", "Gaps not closed at all"),
    "n_gaps_grown": Column("count", "含部分失去覆盖者的缺口", "Gaps with some who lose their cover"),
    "n_gaps_new": Column("count", "新出现的缺口", "New gaps"),
    "n_opened": Column("count", "新开站点数", "Stations opened"),
    "n_closed": Column("count", "关闭站点数", "Stations closed"),
    "n_changed": Column("count", "变更站点数", "Stations changed"),
    "cost_opened": Column("number", "新开站点成本", "Cost of what is opened"),
    "n_without_cost": Column("count", "未注明成本的新开站点", "Opened stations without a cost"),
    "cost_per_gained": Column("ratio", "每新增覆盖一单位需求的成本", "Cost per unit of demand newly covered"),
    "cost_per_thousand_gained": Column(
        "number", "每新增覆盖一千单位需求的成本", "Cost per thousand of demand newly covered"
    ),
    "covered_demand_before": Column("number", "已覆盖需求（前）", "Covered demand, from"),
    "covered_demand_after": Column("number", "已覆盖需求（后）", "Covered demand, to"),
    "covered_demand_share_before": Column("share", "需求覆盖率（前）", "Share of demand covered, from"),
    "covered_demand_share_after": Column("share", "需求覆盖率（后）", "Share of demand covered, to"),
    "covered_always_share_before": Column("share", "全天候需求覆盖率（前）", "Share covered at every hour, from"),
    "covered_always_share_after": Column("share", "全天候需求覆盖率（后）", "Share covered at every hour, to"),
    "covered_hour_share_before": Column("share", "按时段覆盖率（前）", "Share covered by hours, from"),
    "covered_hour_share_after": Column("share", "按时段覆盖率（后）", "Share covered by hours, to"),
    "change_covered_always_share": Column(
        "share_change", "全天候需求覆盖率变化（百分点）", "Change in share covered at every hour (points)"
    ),
    "what": Column("text", "变动", "What happens"),
    "changed": Column("text", "变更内容", "What is changed"),
    "uncovered_demand_before": Column("number", "未覆盖需求（前）", "Uncovered demand, from"),
    "uncovered_demand_after": Column("number", "未覆盖需求（后）", "Uncovered demand, to"),
    "time_before_s": Column("number", "时间（秒，前）", "Time, from (s)"),
    "time_after_s": Column("number", "时间（秒，后）", "Time, to (s)"),
    "point_change": Column("text", "覆盖变化", "Change of cover"),
}

#: Every column of a comparison.
PLAN_COLUMNS: Final[Mapping[str, Column]] = {**COLUMNS, **_OWN}

_PAIR = {"uncovered_demand": "neither_demand", "uncovered_points": "neither_points"}

#: Table name (its CSV file's stem) -> columns. Minutes and WGS 84: these are for people.
PLAN_TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "overall": (
        "scenario", "group", "mode", "direction", "cutoff_min", "n_facilities", "n_points", "demand", *MEASURES,
        *CIRCLE_MEASURES, *(f"change_{measure}" for measure in (*MEASURES, *CIRCLE_MEASURES)),
    ),
    "pairs": tuple(_PAIR.get(name, name) for name in PAIR_COLUMNS),
    "by_subdistrict": (
        "before", "after", "group", "name", "n_points", "demand", "covered_demand_before", "covered_demand_after",
        "covered_demand_share_before", "covered_demand_share_after", "gained_demand", "lost_demand",
        "change_covered_demand", "change_covered_demand_share",
    ),
    "by_community": (
        "before", "after", "group", "id", "name", "subdistrict", "n_points", "demand", "covered_demand_before",
        "covered_demand_after", "covered_demand_share_before", "covered_demand_share_after", "gained_demand",
        "lost_demand", "change_covered_demand", "change_covered_demand_share",
    ),
    "by_service": SERVICE_PAIR_COLUMNS,
    "stations": ("before", "after", "what", "id", "name", "kind", "level", "cost", "changed", "lon", "lat"),
    "gaps": (
        "before", "after", "group", "what", "id", "reason", "uncovered_demand_before", "uncovered_demand_after",
        "gained_demand", "lost_demand", "lon", "lat",
    ),
}  # fmt: skip

#: Table name -> name of its sheet in comparison.xlsx, Chinese and English.
PLAN_SHEETS: Final[Mapping[str, tuple[str, str]]] = {
    "summary": ("摘要", "Summary"),
    "overall": ("总体", "Overall"),
    "pairs": ("两两比较", "Pairs of plans"),
    "by_subdistrict": ("分街道", "By subdistrict"),
    "by_community": ("分社区", "By community"),
    "by_service": ("分服务", "By service"),
    "stations": ("站点差异", "Stations that differ"),
    "gaps": ("缺口变化", "Gaps"),
}

#: Layer of comparison.gpkg -> geometry type and columns. Seconds, and the network's CRS.
PLAN_LAYERS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "points": (
        "Point", ("before", "after", "group", "id", "demand", "time_before_s", "time_after_s", "point_change"),
    ),
    "communities": ("MultiPolygon", PLAN_TABLES["by_community"]),
    "stations": ("Point", PLAN_TABLES["stations"][:-2]),
    "gaps": ("MultiPolygon", PLAN_TABLES["gaps"][:-2]),
}  # fmt: skip
