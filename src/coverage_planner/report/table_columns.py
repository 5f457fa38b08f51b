"""What the tables and layers of a results folder hold: columns, kinds, headings. docs/results.md explains each."""

import re
from collections.abc import Mapping
from typing import TypeVar

import numpy as np
import pandas as pd

from coverage_planner.report.circle_columns import (
    CIRCLE_COLUMNS,
    CIRCLE_GIVEN,
    CIRCLE_HEADINGS,
    CIRCLE_LAYERS,
    CIRCLE_MEASURES,
    CIRCLE_SHEETS,
    CIRCLE_TABLES,
)
from coverage_planner.report.column_kinds import Column, Kind

Table = TypeVar("Table", bound=pd.DataFrame)

#: What stands where the data are made up.
SYNTHETIC_NOTE = "synthetic data 合成数据"


#: A name means the same in every table. A 'place' is a whole number that may be missing.
COLUMNS: Mapping[str, Column] = {
    "scenario": Column("text", "方案", "Scenario"),
    "group": Column("text", "组别", "Group"),
    "mode": Column("text", "出行方式与速度", "Mode and speed"),
    "speed_kph": Column("number", "速度（km/h）", "Speed (km/h)"),
    "direction": Column("text", "方向", "Direction"),
    "cutoff_min": Column("minutes", "时限（分钟）", "Cutoff (min)"),
    "cutoff_s": Column("number", "时限（秒）", "Cutoff (s)"),
    "n_facilities": Column("count", "站点数", "Stations"),
    "n_points": Column("count", "需求点数", "Demand points"),
    "demand": Column("number", "需求", "Demand"),
    "covered_demand": Column("number", "已覆盖需求", "Covered demand"),
    "covered_demand_share": Column("share", "需求覆盖率", "Share of demand covered"),
    "covered_point_share": Column("share", "需求点覆盖率", "Share of demand points covered"),
    "covered_area_share": Column("share", "面积覆盖率", "Share of area covered"),
    "covered_road_share": Column("share", "道路长度覆盖率", "Share of street length reached"),
    "mean_time_min": Column("minutes", "平均时间（分钟）", "Mean time (min)"),
    "mean_time_s": Column("number", "平均时间（秒）", "Mean time (s)"),
    "straight_line_demand_share": Column("share", "直线半径所称覆盖率", "Share a straight-line radius would claim"),
    "straight_line_radius_m": Column("metres", "直线半径（米）", "Straight-line radius (m)"),
    "change_covered_demand": Column("change", "已覆盖需求变化", "Change in covered demand"),
    "change_covered_demand_share": Column(
        "share_change", "需求覆盖率变化（百分点）", "Change in share of demand covered (points)"
    ),
    "change_covered_point_share": Column(
        "share_change", "需求点覆盖率变化（百分点）", "Change in share of points covered (points)"
    ),
    "change_covered_area_share": Column(
        "share_change", "面积覆盖率变化（百分点）", "Change in share of area covered (points)"
    ),
    "change_covered_road_share": Column(
        "share_change", "道路长度覆盖率变化（百分点）", "Change in share of street length reached (points)"
    ),
    "change_mean_time_min": Column("change", "平均时间变化（分钟）", "Change in mean time (min)"),
    "id": Column("text", "编号", "Id"),
    "name": Column("text", "名称", "Name"),
    "subdistrict": Column("text", "街道", "Subdistrict"),
    "kind": Column("text", "类型", "Kind"),
    "level": Column("text", "级别", "Level"),
    "services": Column("text", "服务", "Services"),
    "opening_hours": Column("text", "开放时间", "Opening hours"),
    "capacity": Column("number", "容量（人）", "Capacity (people)"),
    "cost": Column("number", "成本", "Cost"),
    "area_m2": Column("number", "建筑面积（平方米）", "Floor area (m²)"),
    "entry_delay_s": Column("number", "进门耗时（秒）", "Entry delay (s)"),
    "gap_id": Column("text", "所属缺口", "Gap"),
    "proposed": Column("flag", "拟新增", "Proposed"),
    "chosen": Column("flag", "入选", "Chosen"),
    "number": Column("count", "地图序号", "No. on the map"),
    "order": Column("place", "建设次序", "Order of opening"),
    "added_demand": Column("number", "依次增加覆盖需求（不重复）", "Covered demand added in this order, each once"),
    "newly_covered_demand": Column("number", "新增覆盖需求（含相互重叠）", "Newly covered demand (overlaps counted)"),
    "newly_covered_nearest_demand": Column(
        "number", "新增覆盖需求（归最近站点，不重复）", "Newly covered demand, each once, by nearest site"
    ),
    "overlap_existing_demand": Column("number", "与现有站点重叠的需求", "Demand covered by existing stations too"),
    "overlap_sites_demand": Column("number", "与其他拟新增站点重叠的需求", "Demand covered by other new sites too"),
    "catchment_demand": Column("number", "覆盖需求（含重叠）", "Demand in reach (overlaps counted)"),
    "exclusive_demand": Column("number", "独占需求", "Demand in reach of this one alone"),
    "lon": Column("degrees", "经度（WGS84）", "Longitude (WGS84)"),
    "lat": Column("degrees", "纬度（WGS84）", "Latitude (WGS84)"),
    "lon_cgcs2000": Column("degrees", "经度（CGCS2000）", "Longitude (CGCS2000)"),
    "lat_cgcs2000": Column("degrees", "纬度（CGCS2000）", "Latitude (CGCS2000)"),
    "lon_gcj02": Column("degrees", "经度（GCJ-02：高德、腾讯）", "Longitude (GCJ-02: Amap, Tencent)"),
    "lat_gcj02": Column("degrees", "纬度（GCJ-02：高德、腾讯）", "Latitude (GCJ-02: Amap, Tencent)"),
    "lon_bd09": Column("degrees", "经度（BD-09：百度）", "Longitude (BD-09: Baidu)"),
    "lat_bd09": Column("degrees", "纬度（BD-09：百度）", "Latitude (BD-09: Baidu)"),
    "rank": Column("count", "排名", "Rank"),
    "uncovered_demand": Column("number", "未覆盖需求", "Uncovered demand"),
    "reason": Column("text", "主要原因", "Main reason"),
    "reason_shares": Column("text", "各原因占比", "Shares of the reasons"),
    "nearest_facility_m": Column("metres", "到最近站点的直线距离（米）", "Straight line to the nearest station (m)"),
    "component": Column("count", "连通分量", "Component"),
    "length_km": Column("number", "道路长度（公里）", "Street length (km)"),
    "edges": Column("count", "路段数", "Edges"),
    "table": Column("text", "输入表", "Input"),
    "source": Column("text", "来源文件", "Source"),
    "row": Column("count", "行号", "Row"),
    "column": Column("text", "列", "Column"),
    "given": Column("text", "原文", "As it stands in the file"),
    "remark": Column("text", "说明", "Remark"),
    # the choice of sites
    "model": Column("text", "模型", "Model"),
    "n_sites": Column("count", "站点数", "Sites"),
    "total_cost": Column("number", "总成本", "Total cost"),
    "objective": Column("number", "目标值", "Objective"),
    "bound": Column("number", "已证明的界限", "Proven bound"),
    "gap_share": Column("share", "差距", "Gap"),
    "status": Column("text", "状态", "Status"),
    "proof": Column("text", "证明方式", "Proof"),
    "tie_break": Column("text", "并列时的取舍", "How ties were told apart"),
    "interrupted": Column("flag", "被中断", "Interrupted"),
    "n_unserved": Column("count", "无法服务的需求点", "Demand points that nothing serves"),
    "certificate_zh": Column("text", "证明（中文）", "Certificate (Chinese)"),
    "certificate_en": Column("text", "证明（英文）", "Certificate (English)"),
    "stage": Column("place", "阶段", "Stage"),
    "opened": Column("text", "新开", "Opened"),
    "closed": Column("text", "不开", "Left out"),
    "own_objective": Column("number", "单独规划本阶段的目标值", "Objective of a plan for this stage alone"),
    "loss": Column("number", "损失", "Loss"),
    "loss_share": Column("share", "损失占比", "Loss as a share"),
    "marginal_value": Column("number", "去掉此站点的损失", "Lost without this site"),
    "marginal_share": Column("share", "去掉此站点的损失占比", "Lost without this site, as a share"),
    "replacement": Column("text", "替代场所", "Replacement"),
    "replacement_name": Column("text", "替代场所名称", "Name of the replacement"),
    "replacement_loss": Column("number", "替代后的损失", "Lost with the replacement"),
    "replacement_share": Column("share", "替代后的损失占比", "Lost with the replacement, as a share"),
    "cost_change": Column("change", "成本变化", "Change in cost"),
    "plan": Column("count", "方案序号", "Plan"),
    "how": Column("text", "得出方式", "How it was found"),
    "address": Column("text", "地址", "Address"),
    "part": Column("text", "人群", "Part of the group"),
    "community": Column("text", "社区", "Community"),
    "is_new": Column("flag", "不在首选方案中", "Not in the first plan"),
    "note": Column("text", "备注", "Note"),
    # layers only
    "band_s": Column("number", "时间段上限（秒）", "Band up to (s)"),
    "time_s": Column("number", "时间（秒）", "Time (s)"),
    "length_m": Column("metres", "长度（米）", "Length (m)"),
    "highway": Column("text", "道路等级", "Road class"),
    "access_m": Column("metres", "接入距离（米）", "Access leg (m)"),
    "on_island": Column("flag", "位于孤立路网", "On an island"),
    "snap_status": Column("text", "匹配状态", "Snap status"),
    "area_km2": Column("number", "面积（平方公里）", "Area (km²)"),
    "facility_id_today": Column("text", "最近站点（现状）", "Nearest station today"),
    "time_s_today": Column("number", "时间（秒，现状）", "Time today (s)"),
    "covered_today": Column("flag", "已覆盖（现状）", "Covered today"),
    "reason_today": Column("text", "未覆盖原因（现状）", "Reason today"),
    "facility_id_proposed": Column("text", "最近站点（方案）", "Nearest station, proposed"),
    "time_s_proposed": Column("number", "时间（秒，方案）", "Time, proposed (s)"),
    "covered_proposed": Column("flag", "已覆盖（方案）", "Covered, proposed"),
    "reason_proposed": Column("text", "未覆盖原因（方案）", "Reason, proposed"),
    "catchment_demand_today": Column("number", "覆盖需求（含重叠，现状）", "Demand in reach today"),
    "exclusive_demand_today": Column("number", "独占需求（现状）", "Demand in reach of this one alone today"),
    "mean_time_s_today": Column("number", "平均时间（秒，现状）", "Mean time today (s)"),
    "catchment_demand_proposed": Column("number", "覆盖需求（含重叠，方案）", "Demand in reach, proposed"),
    "exclusive_demand_proposed": Column("number", "独占需求（方案）", "Demand in reach of this one alone, proposed"),
    "mean_time_s_proposed": Column("number", "平均时间（秒，方案）", "Mean time, proposed (s)"),
    **CIRCLE_COLUMNS,
}

#: Table and column whose heading is another than the column's own.
HEADINGS: Mapping[tuple[str, str], Column] = {
    ("islands", "mode"): Column("text", "出行方式", "Mode"),
    ("replacements", "rank"): Column("count", "替代排名", "Rank"),
    ("stages", "loss"): Column("number", "比单独规划至多损失", "Lost against any plan for this stage, at most"),
    ("rejected", "reason"): Column("text", "原因", "Reason"),
    **CIRCLE_HEADINGS,
}

#: Columns that planners may leave out of their data; where they do, cells are empty.
GIVEN = frozenset(
    {"name", "kind", "address", "community", "stage", "level", "services", "opening_hours", "capacity", "cost",
     "area_m2", "entry_delay_s", "gap_id", "order", "subdistrict", "highway", "source", "part", *CIRCLE_GIVEN}
)  # fmt: skip

_AREA_FIGURES = (
    "n_points", "demand", "covered_demand", "covered_demand_share", "covered_point_share", "mean_time_min",
    "change_covered_demand", "change_covered_demand_share",
)  # fmt: skip
_SITE_FIGURES = (
    "added_demand", "newly_covered_demand", "newly_covered_nearest_demand", "overlap_existing_demand",
    "overlap_sites_demand", "catchment_demand", "exclusive_demand",
)  # fmt: skip

#: Table name (its CSV file's stem) -> columns. Minutes and WGS 84: these are for people.
TABLES: Mapping[str, tuple[str, ...]] = {
    "overall": (
        "scenario", "group", "mode", "speed_kph", "direction", "cutoff_min", "n_facilities", "n_points", "demand",
        "covered_demand", "covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share",
        "mean_time_min", "straight_line_demand_share", "straight_line_radius_m", *CIRCLE_MEASURES,
        "change_covered_demand",
        "change_covered_demand_share", "change_covered_point_share", "change_covered_area_share",
        "change_covered_road_share", "change_mean_time_min",
    ),
    "by_subdistrict": ("scenario", "group", "name", *_AREA_FIGURES),
    "by_community": ("scenario", "group", "id", "name", "subdistrict", *_AREA_FIGURES),
    "by_site": (
        "group", "number", "order", "id", "name", "kind", *_SITE_FIGURES, "mean_time_min", "cost", "gap_id", "lon",
        "lat",
    ),
    "by_facility": (
        "scenario", "group", "id", "name", "kind", "level", "hub_id", "services", "opening_hours", "open_h_per_week",
        "capacity", "level_filled", "proposed", "catchment_demand", "exclusive_demand", "mean_time_min", "lon", "lat",
    ),
    "gaps": (
        "scenario", "group", "id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares",
        "nearest_facility_m", "lon", "lat",
    ),
    **CIRCLE_TABLES,
    "choice": (
        "group", "model", "n_sites", "total_cost", "objective", "bound", "gap_share", "status", "proof", "tie_break",
        "interrupted", "n_unserved", "certificate_zh", "certificate_en",
    ),
    "stages": (
        "stage", "n_sites", "total_cost", "opened", "objective", "bound", "loss", "loss_share", "own_objective",
    ),
    "site_values": (
        "order", "id", "name", "kind", "marginal_value", "marginal_share", "replacement", "replacement_name",
        "replacement_loss", "replacement_share",
    ),
    "replacements": ("id", "rank", "replacement", "replacement_name", "objective", "loss", "loss_share", "cost_change"),
    "plans": ("plan", "n_sites", "total_cost", "objective", "loss", "loss_share", "opened", "closed", "how"),
    "islands": ("mode", "component", "length_km", "edges", "lon", "lat"),
    "rejected": ("table", "source", "row", "id", "reason"),
    "remarks": ("table", "source", "row", "id", "column", "given", "remark"),
}  # fmt: skip

#: Table name -> name of its sheet in summary.xlsx, Chinese and English.
SHEETS: Mapping[str, tuple[str, str]] = {
    "key_figures": ("关键指标", "Key figures"),
    "overall": ("总体", "Overall"),
    "by_subdistrict": ("分街道", "By subdistrict"),
    "by_community": ("分社区", "By community"),
    "by_site": ("拟新增站点", "Proposed sites"),
    "by_facility": ("各站点", "Stations"),
    "gaps": ("服务缺口", "Gaps"),
    **CIRCLE_SHEETS,
    "choice": ("选址证明", "Certificate"),
    "stages": ("分期建设", "Stages"),
    "site_values": ("各站点的价值", "What each site is worth"),
    "replacements": ("替代场所", "Replacements"),
    "plans": ("其他方案", "Other plans"),
    "islands": ("孤立路网", "Islands"),
    "rejected": ("被拒记录", "Rejected rows"),
    "remarks": ("读入说明", "Remarks on rows"),
}

#: The sheets of a proposal's workbook that results have not.
PROPOSAL_SHEETS: Mapping[str, tuple[str, str]] = {
    "sites": ("拟新增站点", "Proposed sites"),
    "candidates": ("候选点", "Candidates"),
}

#: Layer name -> geometry type and columns. Seconds and metres, the network's CRS: these are for machines.
LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "isochrones": ("MultiPolygon", ("scenario", "group", "mode", "cutoff_s")),
    "reached_streets": (
        "LineString", ("scenario", "group", "mode", "band_s", "time_s", "length_m", "highway", "name"),
    ),
    "gaps": (
        "MultiPolygon",
        (
            "scenario", "group", "id", "rank", "uncovered_demand", "n_points", "reason", "reason_shares",
            "nearest_facility_m",
        ),
    ),
    "facilities": (
        "Point",
        (
            "group", "id", "name", "kind", "level", "address", "subdistrict", "community", "services",
            "opening_hours", "capacity", "entry_delay_s", "proposed",
            "catchment_demand_today", "exclusive_demand_today", "mean_time_s_today",
            "catchment_demand_proposed", "exclusive_demand_proposed", "mean_time_s_proposed",
        ),
    ),
    "candidates": (
        "Point",
        ("id", "name", "kind", "subdistrict", "community", "cost", "area_m2", "entry_delay_s", "gap_id", "chosen"),
    ),
    "proposed_sites": (
        "Point",
        ("group", "number", "order", "id", "name", "kind", *_SITE_FIGURES, "mean_time_s", "cost", "gap_id"),
    ),
    "plan_sites": ("Point", ("plan", "is_new", "id", "name", "kind", "cost")),
    "demand": (
        "Point",
        (
            "group", "id", "demand", "name", "kind", "source", "part", "facility_id_today", "time_s_today",
            "covered_today", "reason_today", "facility_id_proposed", "time_s_proposed", "covered_proposed",
            "reason_proposed", "access_m", "on_island", "snap_status",
        ),
    ),
    "communities": (
        "MultiPolygon",
        (
            "scenario", "group", "id", "name", "subdistrict", "n_points", "demand", "covered_demand",
            "covered_demand_share", "covered_point_share", "mean_time_s", "change_covered_demand",
            "change_covered_demand_share",
        ),
    ),
    "study_area": ("MultiPolygon", ("area_km2",)),
    **CIRCLE_LAYERS,
}  # fmt: skip

#: Characters that XML, and with it a workbook, cannot hold.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def writable(text: str) -> str:
    """Return a text with control characters, which no workbook can hold, replaced by '\ufffd'."""
    return _UNWRITABLE.sub("\ufffd", text)


def set_types(table: Table, columns: Mapping[str, Column] = COLUMNS) -> Table:
    """Return a table whose columns have the types of `COLUMNS`, the same before writing and after reading.

    Text is `str` or None (also where it was empty); control characters, which no workbook can hold, are replaced by
    '\ufffd'. Flags are bool, counts int64, everything else float64 with NaN where there is nothing.

    Parameters
    ----------
    table
        Columns of `columns`, and ``geometry``.
    columns
        What columns there are; those of a results folder by default.
    """
    names = [str(name) for name in table if name != "geometry"]
    return table.assign(**{name: _typed(table[name], columns[name].kind) for name in names})


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind == "text":
        codes, different = pd.factorize(values)
        texts = [writable(str(value)) or None for value in different]
        # missing values have the code -1
        return pd.Series(np.array([*texts, None], dtype=object)[codes], index=values.index, dtype=object)
    if kind == "flag":
        return values.astype(bool)
    return values.astype(np.int64 if kind == "count" else np.float64)
