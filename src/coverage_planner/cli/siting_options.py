"""The options of `propose`: the keys of [siting] as words of the command line."""

import argparse
import re
from typing import Any

from coverage_planner.cli.help_format import Parser
from coverage_planner.errors import ConfigError

#: Option -> key of [siting], where a value goes into the plan as it is.
_KEYS = {
    "model": "model",
    "group": "group",
    "n_open": "n_open",
    "budget": "budget",
    "stages": "stages",
    "require": "required",
    "forbid": "forbidden",
    "min_spacing": "min_spacing_m",
    "quota": "quotas",
    "weight": "group_weights",
    "partial": "partial",
    "minimise": "minimise",
    "unserved": "unserved_min",
    "backup_weight": "backup_weight",
    "gap": "mip_gap",
    "work": "work_limit",
    "time_limit": "time_limit_s",
    "max_candidates": "max_candidates",
}
_QUOTA = re.compile(r"\s*(?P<column>\w+)\s*(?P<sign>>=|<=|==?)\s*(?P<number>\d+)\s*(?::(?P<values>.+))?")


def add_siting_options(parser: Parser) -> None:
    """Add an option for each key of [siting]."""
    say = parser.say
    size = parser.add_argument_group(say("选多少", "how many")).add_mutually_exclusive_group()
    size.add_argument(
        "--n-open",
        type=int,
        metavar="N",
        help=say("新开几处，含必选的", "new sites to open, required ones included"),
    )
    size.add_argument(
        "--budget",
        type=float,
        metavar="COST",
        help=say("新站点的总成本上限", "what the new sites may cost together"),
    )
    size.add_argument(
        "--stages",
        type=_numbers,
        metavar="N,N,…",
        help=say("各阶段累计处数，例如 3,5,10", "sites open after each stage, such as 3,5,10"),
    )
    _add_model_options(parser)
    _add_rule_options(parser)
    others = parser.add_argument_group(say("其他方案", "other plans"))
    others.add_argument(
        "--alternatives",
        type=int,
        metavar="K",
        help=say("列出最好的 K 个其他方案和替代场所", "list the K best other plans and replacements"),
    )
    others.add_argument(
        "--within", type=float, metavar="SHARE", help=say("可以差多少（比例）", "share by which they may be worse")
    )
    others.add_argument(
        "--differ-by",
        type=int,
        metavar="N",
        help=say("各方案至少有几处不同", "sites in which each differs from better ones"),
    )
    effort = parser.add_argument_group(say("算多久", "how long"))
    effort.add_argument(
        "--gap",
        type=float,
        metavar="SHARE",
        help=say("离最优这么近就停，例如 0.01", "stop when this near to the best, such as 0.01"),
    )
    effort.add_argument(
        "--work",
        type=float,
        metavar="UNITS",
        help=say(
            "最大工作量；同样的工作量在任何电脑上选出同样的场所", "most work; the same gives the same sites anywhere"
        ),
    )
    effort.add_argument(
        "--time-limit",
        type=float,
        metavar="S",
        help=say("最长几秒；结果不可重复", "stop by the clock; not repeatable"),
    )
    effort.add_argument(
        "--max-candidates", type=int, metavar="N", help=say("最多考虑几个候选点", "most candidates to consider")
    )


def _add_model_options(parser: Parser) -> None:
    say = parser.say
    what = parser.add_argument_group(say("什么算最好", "what is to be best"))
    what.add_argument(
        "--model", help=say("mclp、lscp、p-median、p-center 或 backup", "mclp, lscp, p-median, p-center or backup")
    )
    what.add_argument("--group", metavar="NAME", help=say("为哪一组选址", "group that sites are chosen for"))
    what.add_argument(
        "--weight",
        action="append",
        metavar="GROUP=FACTOR",
        help=say("某组需求的权重；可重复", "weight of a group of the demand; may repeat"),
    )
    what.add_argument(
        "--partial",
        type=float,
        metavar="SHARE",
        help=say("lscp：要覆盖的需求比例", "lscp: share of the demand to be covered"),
    )
    what.add_argument("--minimise", help=say("lscp：sites（处数）或 cost（成本）", "lscp: sites or cost"))
    what.add_argument(
        "--unserved",
        type=float,
        metavar="MIN",
        help=say("p-median、p-center：最远看几分钟", "p-median, p-center: how far to look"),
    )
    what.add_argument(
        "--backup-weight",
        type=float,
        metavar="W",
        help=say("backup：双重覆盖的分量", "backup: worth of being covered twice"),
    )


def _add_rule_options(parser: Parser) -> None:
    say = parser.say
    rules = parser.add_argument_group(say("规则", "rules"))
    rules.add_argument(
        "--require",
        action="extend",
        nargs="+",
        metavar="ID",
        help=say("必选的场所", "premises that must be chosen"),
    )
    rules.add_argument(
        "--forbid",
        action="extend",
        nargs="+",
        metavar="ID",
        help=say("不选的场所", "premises that must not be chosen"),
    )
    rules.add_argument(
        "--min-spacing", type=float, metavar="M", help=say("新站点之间至少几米", "metres between new sites")
    )
    rules.add_argument(
        "--quota",
        action="append",
        metavar="RULE",
        help=say(
            "“subdistrict>=1”或“kind<=2:药店,银行网点”；可重复",
            "'subdistrict>=1' or 'kind<=2:药店,银行网点'; may repeat",
        ),
    )


def siting_changes(given: argparse.Namespace) -> dict[str, Any]:
    """Return the keys of [siting] that the command line sets, with values as they would stand in the plan file.

    Raises
    ------
    ConfigError
        A quota or weight is not written as it must be.
    """
    changes = {key: getattr(given, option) for option, key in _KEYS.items() if getattr(given, option) is not None}
    if "quotas" in changes:
        changes["quotas"] = [_quota(text) for text in changes["quotas"]]
    if "group_weights" in changes:
        changes["group_weights"] = dict(_weight(text) for text in changes["group_weights"])
    wanted = {"plans": given.alternatives, "within": given.within, "differ_by": given.differ_by}
    named = {key: value for key, value in wanted.items() if value is not None}
    return {**changes, **({"alternatives": named} if named else {})}


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _quota(text: str) -> dict[str, Any]:
    found = _QUOTA.fullmatch(text)
    if found is None:
        raise ConfigError(
            f"--quota must be a column, >=, <= or = and a number, and values behind a colon where it is not for all, "
            f"got {text!r}; for example 'subdistrict>=1' or 'kind<=2:药店,银行网点'"
        )
    number = int(found["number"])
    bounds = {">=": ("at_least",), "<=": ("at_most",)}.get(found["sign"], ("at_least", "at_most"))
    values = {"values": [value.strip() for value in found["values"].split(",")]} if found["values"] else {}
    return {"column": found["column"], **dict.fromkeys(bounds, number), **values}


def _weight(text: str) -> tuple[str, float]:
    name, _, factor = text.rpartition("=")
    try:
        return name, float(factor)
    except ValueError as error:
        raise ConfigError(f"--weight must be GROUP=FACTOR, got {text!r}; for example riders=2") from error
