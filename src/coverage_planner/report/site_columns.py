"""What the tables of a comparison of sites hold; docs/how-to/compare-sites.md explains each column."""

from collections.abc import Mapping

from coverage_planner.report.column_kinds import Column
from coverage_planner.report.table_columns import COLUMNS

#: Columns of the tables; those of results that mean the same are the same.
SITE_COLUMNS: Mapping[str, Column] = {
    **{
        name: COLUMNS[name]
        for name in (
            "id",
            "name",
            "kind",
            "subdistrict",
            "community",
            "address",
            "cost",
            "area_m2",
            "gap_id",
            "lon",
            "lat",
            "lon_cgcs2000",
            "lat_cgcs2000",
            "lon_gcj02",
            "lat_gcj02",
            "lon_bd09",
            "lat_bd09",
            "catchment_demand",
            "overlap_existing_demand",
            "mode",
            "demand",
            "covered_demand",
            "covered_demand_share",
            "cutoff_min",
            "note",
        )
    },
    "rank": Column("count", "名次", "Rank"),
    "newly_covered_demand": Column("number", "新增覆盖需求（只新开此处）", "Newly covered demand (this site alone)"),
    "newly_covered_share": Column("share", "占现状未覆盖需求", "Share of the demand uncovered today"),
    "new_mean_time_min": Column("minutes", "新增覆盖者平均时间（分钟）", "Mean time of the newly covered (min)"),
    "new_worst_time_min": Column("minutes", "新增覆盖者最远时间（分钟）", "Longest time of the newly covered (min)"),
    "mean_time_min": Column("minutes", "可达需求平均时间（分钟）", "Mean time of all in reach (min)"),
    "cost_per_person": Column("ratio", "每新增覆盖一人的成本", "Cost per newly covered person"),
    "cost_note": Column("text", "无此项的原因", "Why there is none"),
    "n_communities_leaving": Column("count", "脱离缺口清单的社区数", "Communities that leave the gap list"),
    "communities_leaving": Column("text", "脱离缺口清单的社区", "Which communities leave the gap list"),
    "most_shared_id": Column("text", "最受影响的另一站点", "Site that takes most if built first"),
    "most_shared_demand": Column("number", "因此少新增的需求", "Demand then no longer added"),
    "most_shared_share": Column("share", "占自身新增的比例", "As a share of what it adds alone"),
    "best_rank": Column("count", "最好名次", "Best rank"),
    "worst_rank": Column("count", "最差名次", "Worst rank"),
    "other_id": Column("text", "先建的站点", "Site built first"),
    "other_name": Column("text", "先建站点名称", "Name of the site built first"),
    "lost_demand": Column("number", "少新增的需求", "Demand no longer added"),
    "left_demand": Column("number", "仍新增的需求", "Demand still added"),
    "lost_share": Column("share", "损失占比", "Lost, as a share"),
    "assumption": Column("text", "设定", "Assumption"),
    "assumption_kind": Column("text", "改变的项目", "What is changed"),
    "speed_factor": Column("ratio", "速度倍数", "Speed, times the plan's"),
    "demand_source": Column("text", "需求来源", "Demand source"),
    "rank_change": Column("count_change", "名次变化（负数为上升）", "Change of rank (below zero: climbs)"),
    "community_id": Column("text", "社区编号", "Community id"),
    "community_name": Column("text", "社区", "Community"),
    "uncovered_before_demand": Column("number", "现状未覆盖需求", "Uncovered demand today"),
    "uncovered_after_demand": Column("number", "新开后未覆盖需求", "Uncovered demand with the site"),
    "uncovered_before_share": Column("share", "现状未覆盖占比", "Share uncovered today"),
    "uncovered_after_share": Column("share", "新开后未覆盖占比", "Share uncovered with the site"),
    "leaves": Column("flag", "脱离缺口清单", "Leaves the gap list"),
}

#: Table name (its CSV file's stem) -> columns.
SITE_TABLES: Mapping[str, tuple[str, ...]] = {
    "sites": (
        "rank", "id", "name", "kind", "subdistrict", "community", "newly_covered_demand", "newly_covered_share",
        "overlap_existing_demand", "catchment_demand", "new_mean_time_min", "new_worst_time_min", "mean_time_min",
        "cost", "cost_per_person", "cost_note", "n_communities_leaving", "communities_leaving", "most_shared_id",
        "most_shared_demand", "most_shared_share", "best_rank", "worst_rank", "gap_id", "lon", "lat",
    ),
    "ranks": (
        "assumption", "assumption_kind", "cutoff_min", "speed_factor", "demand_source", "id", "name",
        "newly_covered_demand", "rank", "rank_change",
    ),
    "assumptions": (
        "assumption", "assumption_kind", "cutoff_min", "speed_factor", "demand_source", "mode", "demand",
        "covered_demand", "covered_demand_share",
    ),
    "pairs": ("id", "name", "other_id", "other_name", "lost_demand", "lost_share", "left_demand"),
    "communities": (
        "id", "name", "community_id", "community_name", "demand", "uncovered_before_demand", "uncovered_after_demand",
        "uncovered_before_share", "uncovered_after_share", "leaves",
    ),
}  # fmt: skip
#: Names of the sheets.
SITE_SHEETS: Mapping[str, tuple[str, str]] = {
    "sites": ("备选站点", "Sites"),
    "ranks": ("名次", "Ranks"),
    "assumptions": ("设定", "Assumptions"),
    "pairs": ("两两取舍", "Pairs"),
    "communities": ("社区", "Communities"),
}
