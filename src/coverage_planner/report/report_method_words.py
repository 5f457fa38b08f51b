"""The method in plain words, in Chinese and English, with its sources; docs/methods.md has the formulas.

Each paragraph has a heading, the words and the sources. Which paragraphs a report has depends on what its plan asks.
Places such as ``{limit}`` are filled with numbers of run.json.
"""

from collections.abc import Mapping
from typing import NamedTuple


class Paragraph(NamedTuple):
    """A paragraph in both languages: heading, words, sources."""

    heading: tuple[str, str]
    words: tuple[str, str]
    sources: str = ""


#: What is asked for -> its paragraph, in the order of the chapter.
METHOD: Mapping[str, Paragraph] = {
    "times": Paragraph(
        ("路网出行时间", "Travel times over the streets"),
        (
            (
                "时间按真实路网逐路段计算：从需求点（或站点）步行接入最近的可通行道路，沿该出行方式允许的方向走最短路"
                "，再步行到达；单行、禁行和道路等级按数据中的标注处理，计至毫秒。等于时限计为已覆盖。"
            ),
            (
                "Times are measured street by street: a walk from the place to the nearest street that the mode may "
                "use, the shortest path along the streets in the directions allowed, and a walk to the door. One-way "
                "streets, closed streets and road classes are taken as the data have them. A time equal to the "
                "cutoff counts as covered."
            ),
        ),
        "Dijkstra 1959, Numerische Mathematik 1.",
    ),
    "snapping": Paragraph(
        ("接入道路", "Joining places to streets"),
        (
            (
                "每个点接入最近的可通行道路；接入线不得穿过数据中的水域、铁路和围墙。超过 {limit} 米没有道路的点不参"
                "与计算，并列入被拒记录；与主路网不连通且总长不足 {island} 米的道路视为孤立路网。"
            ),
            (
                "Each place joins the nearest street that the mode may use; the way there may not cross water, "
                "railways or walls of the data. Places without a street within {limit} m are left out and listed; "
                "streets that join less than {island} m of others count as an island."
            ),
        ),
    ),
    "coverage": Paragraph(
        ("覆盖率", "Coverage"),
        (
            (
                "需求点在时限内可到达至少一个站点即为已覆盖。四种比例分别计算，不可混用：需求覆盖率（按需求量加权，为"
                "本报告的主要指标）、需求点覆盖率、面积覆盖率、道路长度覆盖率。"
            ),
            (
                "A demand point is covered if at least one station is within the cutoff. Four shares are told apart: "
                "of demand (weighted; the headline of this report), of demand points, of area, of street length."
            ),
        ),
        "Toregas, Swain, ReVelle & Bergman 1971; Church & ReVelle 1974.",
    ),
    "straight": Paragraph(
        ("与直线半径的比较", "Compared with straight-line circles"),
        (
            "以站点为圆心画圆会忽略绕行、河流和铁路，通常高估覆盖；表中列出该数仅供对照。",
            (
                "Circles around stations ignore detours, rivers and railways and usually claim too much; their share "
                "is given for comparison only."
            ),
        ),
    ),
    "pass": Paragraph(
        ("路过的人群", "People who pass by"),
        (
            "沿主要道路行驶的人群按绕行时间计算：经站点到目的地的时间减去不绕行的时间，不超过时限即为已覆盖。",
            (
                "People who drive along main roads are measured by their detour: the time by way of the station less "
                "the time without it, covered if it is within the cutoff."
            ),
        ),
        "Hodgson 1990; Berman, Larson & Fouska 1992; Kim & Kuby 2012.",
    ),
    "gaps": Paragraph(
        ("服务缺口与原因", "Gaps and their reasons"),
        (
            (
                "未覆盖的需求点按邻近合并成缺口区域，按未覆盖需求排名；原因按固定次序判断：附近没有站点、有阻隔、道路"
                "不连通、离道路过远、在数据范围之外。"
            ),
            (
                "Uncovered demand points that lie near each other make a gap, ranked by uncovered demand. Reasons "
                "are asked in a fixed order: no station within reach, a barrier, no road connection, too far from a "
                "street, outside the data."
            ),
        ),
    ),
    "siting": Paragraph(
        ("选址", "Choice of sites"),
        (
            (
                "候选点来自可用场所和缺口周围的道路；站点数或预算给定时，选址模型求最优组合，并给出证明：没有其他组合"
                "能好过所列的界限。“依次增加”按建设次序每个需求点只计一次。"
            ),
            (
                "Candidates are the premises given and places along streets around gaps. For the number of sites or "
                "the budget given, the model seeks the best choice and proves how good it is: no other choice passes "
                "the bound. Demand added in order counts each demand point once."
            ),
        ),
        "Church & ReVelle 1974 (MCLP); Toregas et al. 1971 (LSCP); Hakimi 1964 (p-median, p-center).",
    ),
    "services": Paragraph(
        ("服务与开放时间", "Services and hours"),
        (
            (
                "某时段计入的站点须在整个时段开放；某项服务计入的站点须提供该项服务；全部必需服务可由一个或几个站点提"
                "供。按时段的比例以该时段在场的需求为权重，节假日和调休上班日按日历处理。"
            ),
            (
                "At an hour, stations count that are open in all of it; for a service, those that offer it; all "
                "required services may come from one station or several. Shares by hour weight demand by who is "
                "present then; holidays and make-up workdays follow the calendar."
            ),
        ),
        "Neutens, Delafontaine, Scott & De Maeyer 2012; Järv et al. 2018.",
    ),
    "levels": Paragraph(
        ("服务中心与驿站", "Hubs and satellites"),
        (
            "驿站归属于半径内的服务中心，每个中心所带驿站不超过上限；先使归属的驿站最多，再使总距离最短。",
            (
                "Satellites belong to a hub within the radius, to each hub at most as many as the limit says; first "
                "as many as possible are assigned, then the total distance is kept short."
            ),
        ),
        "Hitchcock 1941; Koopmans 1949; Busacker & Gowen 1960.",
    ),
    "capacity": Paragraph(
        ("容量", "Room"),
        (
            (
                "人们倾向于较近的站点，站点满员后由时间较短者优先，求稳定分配；供需比采用两步移动搜索法（按距离带加权"
                "）。"
            ),
            (
                "People prefer near stations; where one is full, those with the shorter time come first (a stable "
                "assignment). Places per person follow the two-step floating catchment with weights by time band."
            ),
        ),
        "Gale & Shapley 1962; Luo & Wang 2003; Luo & Qi 2009.",
    ),
    "equity": Paragraph(
        ("公平性", "Fairness"),
        (
            "洛伦兹曲线将人口按时间由短到长排列，对照其占总时间的比例；基尼系数为零表示人人时间相同。",
            (
                "The Lorenz curve orders people from the shortest time on, against their share of all time; a Gini "
                "coefficient of zero means equal times."
            ),
        ),
        "Lorenz 1905; Gini 1912; Delbosc & Currie 2011.",
    ),
    "lists": Paragraph(
        ("三清单", "Needs, resources, services"),
        (
            "需求清单按社区、人群和所缺列出；资源清单列出时限内可解决该需求的场所和站点；服务清单列出方案中的回应。",
            (
                "The list of needs has a row per community, group and lack; that of resources the premises and "
                "stations within the cutoff that could answer it; that of services what the plan answers."
            ),
        ),
    ),
}

#: What a report has to say of its limits; key -> (Chinese, English).
LIMITS: Mapping[str, tuple[str, str]] = {
    "estimate": (
        "时间为模型估计，未计实时路况、天气和排队；结果的可靠性取决于道路、站点和需求数据的质量与时效。",
        (
            "Times are those of a model without live traffic, weather or queues; results are as good and as recent "
            "as the data on streets, stations and demand."
        ),
    ),
    "rejected": (
        "读入时有 {n} 行被拒绝，未参与计算；原因见 {file}。",
        "{n} rows were refused on reading and left out; the reasons are in {file}.",
    ),
    "remarks": (
        "有 {n} 处单元格未完全按原文采用，见 {file}。",
        "{n} cells were not taken quite as they stand; see {file}.",
    ),
    "islands": (
        "路网中有 {n} 处孤立或单向不可返回的部分，见 {file}；位于其上的需求可能被判为道路不连通。",
        (
            "The streets have {n} parts that are cut off or cannot be left again, see {file}; demand there may count "
            "as not connected."
        ),
    ),
    "unsnapped": (
        "有需求点未能接入道路，按未覆盖计。",
        "Some demand points join no street and count as not covered.",
    ),
    "no study area": (
        "没有给出研究范围，结果覆盖数据所及的全部区域。",
        "No study area was given; results are for all that the data hold.",
    ),
    "no communities": (
        "没有给出社区，因此没有分社区、分街道的结果。",
        "No communities were given, so there are no figures by community or subdistrict.",
    ),
    "no siting": (
        "没有要求选址，因此没有拟新增站点。",
        "No choice of sites was asked for, so none are proposed.",
    ),
    "no sites": (
        "要求了选址，但没有可改善覆盖的候选点，因此没有拟新增站点。",
        "A choice of sites was asked for, but no candidate would cover anybody new, so none are proposed.",
    ),
    "no circle": (
        "没有要求计算服务项目和开放时间：站点被视为随时开放并提供全部服务。",
        "Services and opening hours were not asked for: stations count as open at all times and offering everything.",
    ),
    "no levels": (
        "没有区分服务中心与驿站。",
        "Hubs and satellites were not told apart.",
    ),
    "no capacity": (
        "没有考虑站点容量：在时限内即视为可得到服务。",
        "Room was not asked for: whoever is within the cutoff counts as served.",
    ),
    "warning": (
        "计算时的提示：{warning}",
        "Said while computing: {warning}",
    ),
}
