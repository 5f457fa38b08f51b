"""What pictures of hours say, in Chinese and English."""

from collections.abc import Mapping
from typing import Final

from coverage_planner.report.words import Language, words

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "title": ("各时段覆盖率", "Coverage by hour of the week"),
    "all_day": ("全天", "all day"),
    "night": ("夜间", "night"),
    "means_any": (
        "每格为该时段在场需求中，时限内有站点开放的比例（%）。",
        "Each cell: % of the demand present in that time that has an open station within the cutoff.",
    ),
    "means_full": (
        "每格为该时段在场需求中，时限内能从开放站点得到全部必需服务的比例（%）。",
        "Each cell: % of the demand present in that time that has all required services at open stations in time.",
    ),
    "means_service": (
        "每格为该时段在场需求中，时限内有站点开放并提供此项服务的比例（%）。",
        "Each cell: % of the demand present in that time that has this service at an open station within its cutoff.",
    ),
    "no_demand": ("该时段无需求", "no demand then"),
    "cell": ("{day} {from_}–{to}：{share}，{covered} / {all}", "{day} {from_}–{to}: {share}, {covered} of {all}"),
    "open": ("，开放站点 {n}", ", {n} open"),
    "exact": (
        "“<1”和“>99”表示接近但不等于 0 和 100；准确数值见 by_hour.csv。",
        "<1 and >99: near 0 and 100 but not equal. Exact figures: by_hour.csv.",
    ),
    "page": ("各时段覆盖率", "Coverage by hour"),
    "scenario": ("方案", "Scenario"),
    "group": ("人群", "Group"),
    "service": ("服务", "Service"),
    "none": ("此项无数据。", "There are no figures for this choice."),
    "keys": ("可用 Tab 键和方向键选择", "Tab and arrow keys choose"),
}


def hour_words(language: Language) -> Mapping[str, str]:
    """Return the texts of a language by key.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    synthetic = words(language)["synthetic"]
    return {key: pair[0 if language == "zh" else 1] for key, pair in _SAID.items()} | {"synthetic": synthetic}
