"""Settings of a plan that are allowed and yet make little sense."""

from coverage_planner.config import Plan
from coverage_planner.errors import name_some
from coverage_planner.pipeline.doctor_streets import mode_name
from coverage_planner.pipeline.margins import farthest_m
from coverage_planner.report.findings import Finding, Level, Said
from coverage_planner.units import minutes

#: Longest and shortest cutoff that planners use, by the rules of a mode, minutes.
_USUAL_CUTOFFS_MIN = {"foot": (3, 45), "bicycle": (3, 45), "motorcar": (3, 90), "hgv": (3, 90)}
#: Slowest and fastest speed on every street, km/h; 25 is the legal top speed of e-bikes (GB 17761).
_USUAL_SPEEDS_KPH = {"foot": (2.0, 7.0), "bicycle": (6.0, 25.0), "motorcar": (8.0, 130.0), "hgv": (8.0, 100.0)}


def find_odd_settings(plan: Plan) -> list[Finding]:
    """Find settings that make little sense: cutoffs and speeds nobody uses, a margin shorter than a journey."""
    return [*_same_labels(plan), *_odd_groups(plan), *_odd_distances(plan), *_missing_parts(plan)]


def find_odd_siting(plan: Plan, n_premises: int | None, cheapest: float | None) -> list[Finding]:
    """Find a number of sites, or a budget, that does not fit the premises.

    Parameters
    ----------
    plan
        The plan.
    n_premises
        How many premises lie in the study area; None where the plan has none or they could not be read.
    cheapest
        Cost of the cheapest of them; None where costs are not known.
    """
    siting = plan.siting
    if siting is None or n_premises is None:
        return []
    found = []
    most = max([siting.n_open or 0, *siting.stages])
    if most > n_premises:
        found.append(
            _finding(
                "warning",
                f"计划开设 {most} 处，研究范围内的可用场所只有 {n_premises} 处；其余只能设在道路旁",
                f"{most} sites are to open, but only {n_premises} premises lie in the study area; the others can only "
                "stand at a street",
                "请补充可用场所，或减少 [siting] n_open",
                "add premises, or lower [siting] n_open",
            )
        )
    if siting.budget is not None and cheapest is not None and siting.budget < cheapest:
        found.append(
            _finding(
                "warning",
                f"预算 {siting.budget:g} 低于最便宜的场所（{cheapest:g}）：一处也开不了",
                f"the budget of {siting.budget:g} is below the cheapest premises ({cheapest:g}): nothing can open",
                "请提高 [siting] budget，或核对费用的单位",
                "raise [siting] budget, or check the unit of the costs",
            )
        )
    return found


def _same_labels(plan: Plan) -> list[Finding]:
    """Find sources of demand that cannot be told apart; `put_together` refuses them."""
    found = []
    for number, group in enumerate(plan.groups, start=1):
        labels = [source.label or source.file.name for source in group.sources]
        twice = name_some([label for label in dict.fromkeys(labels) if labels.count(label) > 1])
        if len(set(labels)) < len(labels):
            found.append(
                _finding(
                    "error",
                    f"{group.name}：几个需求来源的名称相同（{twice}），无法区分",
                    f"{group.name}: sources of demand must be told apart by their labels, got {twice} more than once",
                    f"请在 [[groups]] {number} 的每个 demand 中写不同的 label",
                    f"give each demand of [[groups]] {number} a label of its own",
                )
            )
    return found


def _odd_groups(plan: Plan) -> list[Finding]:
    found = []
    for number, group in enumerate(plan.groups, start=1):
        mode, said = plan.modes[group.mode], mode_name(group.mode)
        low, high = _USUAL_CUTOFFS_MIN[mode.rules]
        cutoff_min = minutes(group.cutoff_s)
        if not low <= cutoff_min <= high:
            found.append(
                _finding(
                    "warning",
                    f"{group.name}：{said.zh} {cutoff_min:g} 分钟的时限少见（通常 {low}–{high} 分钟）",
                    f"{group.name}: {cutoff_min:g} minutes {said.en} are unusual ({low}–{high} are common)",
                    f"请核对 [[groups]] {number} 的 cutoff_min 和 mode",
                    f"check cutoff_min and mode of [[groups]] {number}",
                )
            )
        slow, fast = _USUAL_SPEEDS_KPH[mode.rules]
        if not mode.class_speeds_kph and not slow <= mode.speed_kph * mode.urban_factor <= fast:
            found.append(
                _finding(
                    "warning",
                    f"{said.zh} {mode.speed_kph * mode.urban_factor:g} 公里/小时的速度少见（通常 {slow:g}–{fast:g}）",
                    f"{mode.speed_kph * mode.urban_factor:g} km/h {said.en} is unusual ({slow:g}–{fast:g} is common)",
                    f"请核对 [modes.{group.mode}] 的 speed_kph",
                    f"check speed_kph of [modes.{group.mode}]",
                )
            )
        access_m = mode.access_speed_kph / 3.6 * group.cutoff_s
        if plan.snap.limit_m > access_m:
            found.append(
                _finding(
                    "warning",
                    f"{group.name}：时限内步行最多 {access_m:,.0f} 米，而 [snap] limit_m 是 {plan.snap.limit_m:g} 米："
                    "有的点还没走到路上时间就用完了",
                    f"{group.name}: on foot one gets {access_m:,.0f} m within the cutoff, but [snap] limit_m is "
                    f"{plan.snap.limit_m:g} m: some points use up their time before they reach a street",
                    "请减小 [snap] limit_m，或延长时限",
                    "lower [snap] limit_m, or raise the cutoff",
                )
            )
    return found


def _odd_distances(plan: Plan) -> list[Finding]:
    wanted_m = max(farthest_m(plan, group) for group in plan.groups)
    given_m = plan.roads.margin_m
    if plan.study_area is None or given_m is None or given_m >= wanted_m:
        return []
    return [
        _finding(
            "warning",
            f"[roads] margin_m 为 {given_m:,.0f} 米，小于人们在时限内可走的 {wanted_m:,.0f} 米：研究范围外的站点会漏掉",
            f"[roads] margin_m is {given_m:,.0f} m, less than the {wanted_m:,.0f} m that people travel within the "
            "cutoff: stations beyond the study area are missed",
            "请删去 margin_m（程序自行计算），或改大",
            "leave margin_m out (it is worked out), or raise it",
        )
    ]


def _missing_parts(plan: Plan) -> list[Finding]:
    if plan.study_area is not None:
        return []
    return [
        _finding(
            "note",
            "方案没有研究范围：所有需求都计入，面积覆盖率不计算，外扩范围和范围外的需求无从检查",
            "the plan has no study area: all demand counts, no share of the area is given, and neither margin nor "
            "demand outside can be checked",
            "如有行政区边界，请加上 [study_area]",
            "add [study_area] if there is a boundary",
        )
    ]


def _finding(level: Level, zh: str, en: str, advice_zh: str, advice_en: str) -> Finding:
    return Finding(level, "setting", "", Said(zh, en), Said(advice_zh, advice_en))
