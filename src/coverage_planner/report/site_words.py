"""What the comparison of candidate sites says, in Chinese and English."""

from collections.abc import Mapping
from typing import Any, Final

from coverage_planner.report.words import Language, words
from coverage_planner.scenario.site_tables import NO_COST, NOBODY_NEW

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "page": ("备选站点比较", "Candidate sites compared"),
    "scenario": ("与“{name}”相比", "compared with “{name}”"),
    "lead": (
        "{n} 个备选站点，逐一设想“只新开这一处”：它能新覆盖谁，与谁重叠，换一种设定名次是否还站得住。",
        (
            "{n} candidate sites, each as if it alone were opened: whom it newly covers, what it shares with others, "
            "and whether its rank stands under other assumptions."
        ),
    ),
    "lead_one": (
        "1 个备选站点，设想新开这一处：它能新覆盖谁，换一种设定又如何。",
        "One candidate site, as if it were opened: whom it newly covers, and what changes under other assumptions.",
    ),
    "today": (
        "现有 {stations} 个站点在 {minutes} 分钟内覆盖 {covered} / {demand}（{share}），尚有 {left} 未覆盖。",
        "{stations} stations cover {covered} of {demand} ({share}) within {minutes} min today; {left} are uncovered.",
    ),
    "shown": (
        "本页列出排名前 {shown} 的站点，共 {n} 个；全部见 sites.csv。",
        "The page lists the best {shown} of {n} sites; sites.csv has all.",
    ),
    # sections
    "table": ("逐项比较", "Side by side"),
    "table_note": (
        "点击表头排序；点击一行，地图显示它覆盖的需求点。",
        "Click a heading to sort; click a row to see on the map whom the site reaches.",
    ),
    "map": ("地图", "Map"),
    "ranks": ("换一种设定，名次如何变化", "How ranks change under other assumptions"),
    "ranks_note": (
        (
            "每次只改变一项，其余照原方案；现有站点按同一设定重新计算。圆圈内是站点序号（即原方案下的名次），"
            "越靠上名次越高。"
        ),
        (
            "One thing is changed at a time; today's stations are measured anew under the same assumption. The number "
            "in each circle is the site's, its rank as planned; higher up is better."
        ),
    ),
    "ranks_beyond": (
        "虚线以下为第 {n} 名之后的站点，旁边注明名次。",
        "Below the dashed line stand sites beyond rank {n}, with their rank beside them.",
    ),
    "ranks_table": ("名次表", "Ranks as a table"),
    "covered_today": ("现有站点覆盖率", "Covered by today's stations"),
    "pairs": ("两两取舍：先建另一处会损失多少", "In pairs: what is lost if another is built first"),
    "pairs_note": (
        "行中的站点，若先建列中的站点，会少新增多少覆盖需求（颜色越深，占它自身新增的比例越大）。",
        (
            "What the site of the row no longer adds once the site of the column is built; the darker, the larger the "
            "share of what it would add alone."
        ),
    ),
    "pairs_cut": ("仅列排名前 {n} 的站点；全部见 pairs.csv。", "Only the best {n} sites; pairs.csv has all pairs."),
    "pairs_none": ("各站点新增覆盖的需求互不重叠。", "No two sites would newly cover the same demand."),
    "pairs_none_shown": (
        "此处所列站点新增覆盖的需求互不重叠。",
        "No two of the sites listed here would newly cover the same demand.",
    ),
    "communities": ("哪些社区不再列入缺口清单", "Which communities leave the gap list"),
    "communities_note": (
        "未覆盖需求超过 {share} 的社区列入缺口清单；下列社区在新开该站点后不再超过。",
        "A community is on the list while more than {share} of its demand is uncovered; with the site it no longer is.",
    ),
    "communities_none": (
        "没有一个站点单独就能让某个社区不再列入缺口清单。",
        "No site alone takes a community off the list.",
    ),
    "communities_none_shown": (
        "此处所列站点中，没有一个单独就能让某个社区不再列入缺口清单；其余见 communities.csv。",
        "None of the sites listed here alone takes a community off the list; communities.csv has the others.",
    ),
    "no_communities": (
        "没有社区边界，无法按社区比较。",
        "There are no community boundaries to compare by.",
    ),
    "notes": ("各项指标的含义", "What the figures mean"),
    "made_by": ("由 coverage-planner {version} 生成", "Made by coverage-planner {version}"),
    "street_source": ("道路数据：{source}", "Streets: {source}"),
    # columns of the page
    "no": ("序号", "No."),
    "site": ("站点", "Site"),
    "new": ("新增覆盖需求", "Newly covered"),
    "new_share": ("占未覆盖", "of the uncovered"),
    "overlap": ("与现有重叠", "Covered already"),
    "catchment": ("可达需求", "In reach"),
    "mean": ("平均时间（分）", "Mean time (min)"),
    "worst": ("最远时间（分）", "Longest time (min)"),
    "cost": ("成本", "Cost"),
    "per_person": ("每新增一人成本", "Cost per person"),
    "leaving": ("脱离缺口社区", "Communities off the list"),
    "shares_most": ("最受谁影响", "Loses most to"),
    "range": ("名次范围", "Range of ranks"),
    "community": ("社区", "Community"),
    "before": ("现状未覆盖", "Uncovered today"),
    "after": ("新开后未覆盖", "Uncovered then"),
    "sites_no": ("站点 {no}：{name}", "Site {no}: {name}"),
    "no_other": ("无", "none"),
    "loses": ("损失 {demand}（{share}）", "loses {demand} ({share})"),
    "colon": ("：", ": "),
    "on_street": ("道路位置", "street position"),
    "near": ("放大到所选站点", "Zoom to the site"),
    "cell": (
        "先建 {other}，{site} 少新增 {demand}（{share}）",
        "{site} adds {demand} ({share}) less once {other} is built",
    ),
    "alone": ("单独新增 {demand}", "adds {demand} alone"),
    NO_COST: ("未填成本", "no cost given"),
    NOBODY_NEW: ("无新增覆盖", "covers nobody new"),
    # assumptions
    "base": ("原方案", "as planned"),
    "cutoff": ("时限", "Cutoff"),
    "speed": ("速度", "Speed"),
    "demand": ("需求来源", "Demand"),
    "own_demand": ("本组需求", "own demand"),
    "as_cutoff": ("{minutes} 分钟", "{minutes} min"),
    "as_speed": ("{percent}", "{percent}"),
    "rank_of": (
        "{site}：{assumption} 第 {rank} 名，新增覆盖 {demand}",
        "{site}: {assumption}, rank {rank}, newly covers {demand}",
    ),
    "chart": ("{kind}改变时各站点的名次", "Ranks of the sites as this changes: {kind}"),
    "rank": ("名次", "rank"),
    # map
    "station": ("现有站点", "Existing station"),
    "candidate": ("备选站点（序号）", "Candidate site (number)"),
    "newly": ("新覆盖的需求点", "Demand newly covered"),
    "already": ("已由现有站点覆盖", "Covered already"),
    "gap": ("现状缺口", "Gap today"),
    "gap_popup": ("缺口 {id}", "Gap {id}"),
    "uncovered": ("未覆盖需求", "Uncovered demand"),
    "choose": ("请在表格或地图上选择一个站点。", "Choose a site in the table or on the map."),
    "chosen": (
        "新增覆盖 {new}，另有 {overlap} 已由现有站点覆盖",
        "newly covers {new}; {overlap} more in reach are covered already",
    ),
    "whole": ("显示全部", "Show all"),
    "close": ("关闭", "Close"),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "map_label": (
        "备选站点、现有站点与缺口的地图；同样的数据见表格",
        "Map of candidate sites, stations and gaps; the tables hold the same figures",
    ),
    "scroll": ("{name}（可左右滚动）", "{name} (scrolls sideways)"),
}

#: What each figure means; docs/methods-comparison.md has the formulas.
_NOTES: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "新增覆盖需求",
        "时限内可达该站点、而现有站点都不可达的需求。只设想新开这一处，与其他备选无关。",
        "Newly covered",
        "Demand within the cutoff of the site and of no existing station, as if the site alone were opened.",
    ),
    (
        "与现有重叠",
        "时限内可达该站点、现有站点也可达的需求。两项之和为可达需求。",
        "Covered already",
        "Demand within the cutoff of the site that an existing station covers too. Both together are what is in reach.",
    ),
    (
        "平均、最远时间",
        "新增覆盖需求到该站点的路网时间：按需求加权平均，以及最远的一个需求点。",
        "Mean and longest time",
        "Over the streets, of whom the site newly covers: weighted by demand, and of the farthest point.",
    ),
    (
        "每新增一人成本",
        "成本除以新增覆盖需求，单位与所填成本相同；未填成本或无新增覆盖时不计算。",
        "Cost per person",
        (
            "Cost over newly covered demand, in the unit the cost was given in; none where no cost is given or nobody "
            "is new."
        ),
    ),
    (
        "名次",
        "按新增覆盖需求排名；相同者比较全部已覆盖需求的加权时间、成本、编号。第 1 名即只选一处时最大覆盖模型的解。",
        "Rank",
        (
            "By newly covered demand; equal ones by weighted time over all covered demand, cost, id. The first is what "
            "the maximal covering model chooses when one site may open."
        ),
    ),
    (
        "两两取舍",
        "两处都能新覆盖的需求只计一次：后建者少新增的正是这部分，所以两个方向的数值相等，占比不同。",
        "In pairs",
        (
            "What both would newly cover counts once: whichever comes second adds that much less, so both ways are "
            "equal; the shares differ."
        ),
    ),
    (
        "速度改变",
        "道路与接入段按比例变快或变慢；路口等候、进门与停车时间不变。",
        "Other speeds",
        "Streets and access legs take longer or shorter in proportion; waits at junctions, doors and parking stay.",
    ),
    (
        "未考虑",
        "站点容量、开放时间与服务项目不在此比较之内。",
        "Not considered",
        "Capacity, opening hours and services of stations play no part in this comparison.",
    ),
)


def site_words(language: Language) -> Mapping[str, str]:
    """Return the texts of a language by key.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    synthetic = words(language)["synthetic"]
    return {key: pair[0 if language == "zh" else 1] for key, pair in _SAID.items()} | {"synthetic": synthetic}


def site_notes(language: Language) -> list[tuple[str, str]]:
    """Return what each figure means: heading and text."""
    return [(note[0], note[1]) if language == "zh" else (note[2], note[3]) for note in _NOTES]


def say_assumption(row: Mapping[str, Any], said: Mapping[str, str]) -> str:
    """Say an assumption of `SiteComparison.assumptions` in short: '10 min', '−20 %', a source's name."""
    if row["kind"] == "cutoff":
        return said["as_cutoff"].format(minutes=f"{round(row['cutoff_s'] / 60, 1):g}")
    if row["kind"] == "speed":
        change = round((row["speed_factor"] - 1) * 100, 6)
        return said["as_speed"].format(percent=f"{'+' if change > 0 else '−'}{abs(change):g} %")
    if row["kind"] == "demand":
        return str(row["demand_source"])
    return said["base"]
