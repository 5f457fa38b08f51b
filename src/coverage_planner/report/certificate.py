"""How good a choice of sites is proved to be, in a sentence that a planner can say before a committee.

Figures are rounded so that the sentence stays true: a gap and the bound of a maximum upwards, that of a minimum down.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from coverage_planner.report.popups import number
from coverage_planner.report.words import Language, words
from coverage_planner.siting.solution import Solution

_S_PER_MIN = 60.0
_SMALL = 100
#: No gap is written smaller than this many per cent, unless it is zero.
_LEAST_PERCENT = 1e-4


@dataclass(frozen=True)
class Question:
    """What a model was asked, as far as the sentence needs it.

    Attributes
    ----------
    n_open
        How many sites were to open; None where that was free.
    budget
        What they could cost; None where that was free.
    minimise
        'cost' where the cheapest sites were sought.
    partial
        Share of the demand that had to be covered (LSCP).
    has_rules
        Whether there were required or forbidden sites, quotas or a spacing.
    demand
        All demand, for mean times; None where it is not known.
    unserved_s
        What people count whom no site reaches (p-median), seconds; None where everybody is reached.
    """

    n_open: int | None = None
    budget: float | None = None
    minimise: Literal["sites", "cost"] = "sites"
    partial: float = 1.0
    has_rules: bool = False
    demand: float | None = None
    unserved_s: float | None = None


#: Model -> what it is called and how its objective is said; key -> (Chinese, English).
_TEXTS: Mapping[str, tuple[str, str]] = {
    "MCLP": ("最大覆盖选址（MCLP）", "maximal covering (MCLP)"),
    "LSCP": ("集合覆盖选址（LSCP）", "set covering (LSCP)"),
    "p-median": ("p-中位选址", "p-median"),
    "p-center": ("p-中心选址", "p-center"),
    "backup coverage": ("双重覆盖选址", "backup coverage"),
    "found": ("{model}：{n} 个站点，{value}", "{model}: {n} sites, {value}"),
    "found_one": ("{model}：{n} 个站点，{value}", "{model}: {n} site, {value}"),
    # what was reached
    "MCLP value": (
        "连同现有站点覆盖需求 {objective}",
        "covered demand {objective} (existing stations included)",
    ),
    "LSCP value sites": ("即可达到目标", "which is enough"),
    "LSCP value cost": ("总成本 {objective}", "at a cost of {objective}"),
    "p-median value": ("需求加权总时间 {objective}", "demand-weighted time {objective}"),
    "p-median value mean": ("平均时间 {minutes} 分钟", "mean time {minutes} minutes"),
    "p-center value": ("最远 {minutes} 分钟", "nobody farther than {minutes} minutes"),
    "backup coverage value": (
        "覆盖与双重覆盖的加权需求 {objective}",
        "weighted demand covered once and twice {objective}",
    ),
    "other value": ("目标值 {objective}", "objective {objective}"),
    # which choices the claim is about
    "of n": ("没有任何别的 {n} 处选址", "no other choice of {n} sites"),
    "of one": ("没有任何别的 1 处选址", "no other choice of one site"),
    "of budget": ("在 {budget} 的预算内，没有任何别的选址", "no other choice within the budget of {budget}"),
    "of any": ("没有任何别的选址", "no other choice"),
    "under rules": ("在同样的限制条件下，{choice}", "{choice} under the same rules"),
    # what none of them can do
    "MCLP optimal": ("能覆盖更多", "covers more"),
    "MCLP feasible": ("能多覆盖超过 {gap}（至多 {bound}）", "could cover more than {gap} more (at most {bound})"),
    "LSCP optimal sites": ("能用更少的站点达到要求", "meets the target with fewer sites"),
    "LSCP feasible sites": (
        "能用少于 {bound} 处站点达到要求",
        "could meet the target with fewer than {bound} sites",
    ),
    "LSCP optimal cost": ("能以更低的成本达到要求", "meets the target for less"),
    "LSCP feasible cost": (
        "能再省超过 {gap}（成本至少 {bound}）",
        "could meet the target for more than {gap} less (it costs {bound} at least)",
    ),
    "p-median optimal": ("能使平均时间更短", "brings the mean time further down"),
    "p-median feasible": ("能使平均时间再缩短超过 {gap}", "could cut the mean time by more than {gap}"),
    "p-center optimal": ("能使最远时间更短", "brings the longest time further down"),
    "p-center feasible": (
        "能使最远时间短于 {bound_minutes} 分钟",
        "could bring the longest time below {bound_minutes} minutes",
    ),
    "backup coverage optimal": ("能达到更高的加权覆盖", "reaches more"),
    "backup coverage feasible": (
        "能使加权覆盖多出超过 {gap}（至多 {bound}）",
        "could reach more than {gap} more (at most {bound})",
    ),
    "other optimal": ("更好", "is better"),
    "other feasible": ("能好过 {gap}", "could be better by more than {gap}"),
    # how sure that is
    "optimal": ("已证明最优（{solver}）", "proved optimal ({solver})"),
    "feasible": ("已证明（{solver}）", "proved ({solver})"),
    "no bound": ("尚未得出界限（{solver}）", "no bound was proved ({solver})"),
    "sentence": ("{found}；{proof}：{claim}", "{found}; {claim}: {proof}"),
    "sentence no bound": ("{found}；{proof}", "{found}; {proof}"),
    "interrupted": (
        "；搜索被中断，以上是中断时的最好选址",
        "; the search was interrupted, this is the best choice it had",
    ),
    "interrupted optimal": (
        "；此后在比较同样好的选址时搜索被中断",
        "; the search was interrupted after that, while equally good choices were told apart",
    ),
    "unreached": (
        "（在搜索范围内到不了任何站点者按 {minutes} 分钟计）",
        " (people whom no site reaches counted at {minutes} minutes)",
    ),
    "partial": ("，目标为覆盖 {partial} 的需求", ", the target being {partial} of the demand"),
    "unserved": (
        "；{n} 个需求点没有任何站点或候选点能够服务",
        "; no station and no candidate can serve {n} demand points",
    ),
}  # fmt: skip


def say_certificate(solution: Solution, language: Language, question: Question | None = None) -> str:
    """Say in one sentence what was found and what no other choice can do.

    Parameters
    ----------
    solution
        The answer of a model.
    language
        'zh' or 'en'.
    question
        What the model was asked; by default as many sites as were found, without rules.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    words(language)  # refuses an unknown one
    column = 0 if language == "zh" else 1
    texts = {key: pair[column] for key, pair in _TEXTS.items()}
    asked = Question(n_open=None if solution.model == "LSCP" else len(solution.sites)) if question is None else question
    figures = _figures(solution, asked)
    known = math.isfinite(solution.bound)
    kind = f" {asked.minimise}" if solution.model == "LSCP" else ""
    model = solution.model if solution.model in texts else "other"
    found = texts["found_one" if len(solution.sites) == 1 else "found"].format(
        model=texts.get(solution.model, solution.model),
        n=len(solution.sites),
        value=_value(model, kind, texts, figures),
    )
    if solution.model == "LSCP" and asked.partial < 1:
        found += texts["partial"].format(partial=_percent(asked.partial))
    if solution.model == "p-median" and asked.unserved_s is not None:
        found += texts["unreached"].format(minutes=number(asked.unserved_s / _S_PER_MIN))
    claim = texts["under rules"].format(choice=_choice(asked, texts)) if asked.has_rules else _choice(asked, texts)
    claim += ("" if language == "zh" else " ") + texts[f"{model} {solution.status}{kind}"].format(**figures)
    proof = texts[solution.status if known else "no bound"].format(**figures)
    said = texts["sentence" if known else "sentence no bound"].format(found=found, claim=claim, proof=proof)
    if solution.interrupted:
        said += texts["interrupted optimal" if solution.status == "optimal" else "interrupted"]
    if solution.unserved:
        said += texts["unserved"].format(n=len(solution.unserved))
    return said


def _value(model: str, kind: str, texts: Mapping[str, str], figures: Mapping[str, str]) -> str:
    mean = " mean" if model == "p-median" and "minutes" in figures else ""
    return texts[f"{model} value{kind}{mean}"].format(**figures)


def _choice(asked: Question, texts: Mapping[str, str]) -> str:
    if asked.budget is not None:
        return texts["of budget"].format(budget=number(asked.budget))
    if asked.n_open is None:
        return texts["of any"]
    return texts["of one" if asked.n_open == 1 else "of n"].format(n=asked.n_open)


def _figures(solution: Solution, asked: Question) -> dict[str, str]:
    upwards = solution.sense == "max"
    figures = {
        "objective": number(solution.objective),
        "bound": _rounded(solution.bound, upwards=upwards),
        "gap": percent_up(solution.gap),
        "solver": solution.solver,
    }
    if solution.model == "p-center":
        figures["minutes"] = _rounded(solution.objective / _S_PER_MIN, upwards=True)
        figures["bound_minutes"] = _rounded(solution.bound / _S_PER_MIN, upwards=False)
    if solution.model == "p-median" and asked.demand:
        figures["minutes"] = number(solution.objective / asked.demand / _S_PER_MIN)
    return figures


def _percent(share: float) -> str:
    return f"{share * 100:.10g} %"


def percent_up(share: float) -> str:
    """Write a share in per cent with two figures that count, rounded up, so that 'no more than' stays true."""
    if not math.isfinite(share):
        return "?"
    if share <= 0:
        return "0 %"
    per_cent = max(round(share * 100, 9), _LEAST_PERCENT)
    places = max(0, 1 - math.floor(math.log10(per_cent)))
    up = Decimal(str(per_cent)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING)
    return f"{up.normalize():f} %"


def _rounded(value: float, *, upwards: bool) -> str:
    """Write a number as `number` does, but rounded to the side on which the bound stays one."""
    if not math.isfinite(value):
        return "?"
    places = 1 if abs(value) < _SMALL and value != round(value) else 0
    exact = Decimal(str(round(value, 6)))
    return f"{exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_CEILING if upwards else ROUND_FLOOR):,}"
