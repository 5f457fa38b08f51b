"""What a run warns of while it computes -> Chinese, for run.json and the report; the first pattern that fits counts."""

#: Pattern of a message -> what was found, and what to do; {0} and so on are the groups of the pattern.
RUNS: tuple[tuple[str, str, str], ...] = (
    (
        (
            r"(\S+) of (\S+) demand of (.*?) \(points (.*)\) lies nearer to the edge of the streets than people "
            r"travel; .*; give roads and stations (\S+) m around it"
        ),
        "{2}：{1} 中有 {0} 的需求（点 {3}）离路网边缘比人们能走的距离还近，边缘以外的站点看不到",
        "请让道路和站点向外多覆盖 {4} 米",
    ),
    (
        (
            r"(\S+) of (\S+) demand of (.*?) has no (\S+) within (\S+) minutes and lies nearer to the edge of the "
            r"streets than that; .*; give roads and stations (\S+) m around the study area"
        ),
        "{2}：{1} 中有 {0} 的需求在 {4} 分钟内没有服务 {3}，且离路网边缘比这还近，边缘以外的站点看不到",
        "请让道路和站点在研究范围外多覆盖 {5} 米",
    ),
    (
        (
            r"places per person \(floating catchments\) need people two reaches and stations one reach around a place, "
            r".* less is given for (.*): compare places well inside, or take a wider study area"
        ),
        "人均位数（移动搜索法）需要周围两倍可达距离内的人和一倍内的站点，但只计研究范围内的人；以下人群不足（占需求的比例、可达距离）：{0}",
        "请只比较范围内部的地点，或扩大研究范围",
    ),
    (
        r"stations should say how many places they have, (.*) do not: .*",
        "站点应注明容量，未注明的有：{0}；按不会满员计，且不计入移动搜索法",
        "请填写 capacity 列，或按级别给出容量",
    ),
    (
        r"of (\d+) candidates the (\d+) that reach most .*demand were kept \(max_candidates\); .*",
        "{0} 个候选点中只保留可达需求最多的 {1} 个（max_candidates）",
        "选址证明只在这些候选点中成立",
    ),
    (
        r"no sites are proposed: there is no gap",
        "没有拟新增站点：没有服务缺口",
        "如仍需选址，请核对时限",
    ),
    (
        r"no sites are proposed: no premises or street lies within reach of a gap",
        "没有拟新增站点：缺口的可达范围内没有场所和道路",
        "如仍需选址，请核对时限和可用场所",
    ),
)
