"""The options of `propose`: the keys of [siting] as words of the command line."""

import argparse
import re
from typing import Any

from coverage_planner.errors import ConfigError

PROPOSE_EXAMPLES = """\
examples:
  coverage-planner propose plan.toml --out sites                        as the plan says
  coverage-planner propose plan.toml --out sites --n-open 10 --gap 0.005
  coverage-planner propose plan.toml --out sites --budget 80 --require P001 --forbid P100 P204
  coverage-planner propose plan.toml --out sites --n-open 6 --quota "subdistrict>=1" --quota "kind<=2:药店,银行网点"
  coverage-planner propose plan.toml --out sites --stages 3,5,10 --alternatives 3 --within 0.01
  coverage-planner propose plan.toml --out sites --model lscp --partial 0.95
  coverage-planner propose plan.toml --out sites --model p-median --n-open 5 --json > sites.json
"""

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


def add_siting_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for each key of [siting]."""
    size = parser.add_argument_group("how many").add_mutually_exclusive_group()
    size.add_argument("--n-open", type=int, metavar="N", help="new sites to open, required ones included")
    size.add_argument("--budget", type=float, metavar="COST", help="what the new sites may cost together")
    size.add_argument("--stages", type=_numbers, metavar="N,N,…", help="sites open after each stage, such as 3,5,10")
    what = parser.add_argument_group("what is to be best")
    what.add_argument("--model", help="mclp, lscp, p-median, p-center or backup")
    what.add_argument("--group", metavar="NAME", help="group that sites are chosen for")
    what.add_argument("--weight", action="append", metavar="GROUP=FACTOR", help="weight of a group of the demand")
    what.add_argument("--partial", type=float, metavar="SHARE", help="lscp: share of the demand to be covered")
    what.add_argument("--minimise", help="lscp: sites or cost")
    what.add_argument("--unserved", type=float, metavar="MIN", help="p-median, p-center: how far to look")
    what.add_argument("--backup-weight", type=float, metavar="W", help="backup: worth of being covered twice")
    rules = parser.add_argument_group("rules")
    rules.add_argument("--require", action="extend", nargs="+", metavar="ID", help="premises that must be chosen")
    rules.add_argument("--forbid", action="extend", nargs="+", metavar="ID", help="premises that must not be chosen")
    rules.add_argument("--min-spacing", type=float, metavar="M", help="metres between new sites")
    rules.add_argument(
        "--quota",
        action="append",
        metavar="RULE",
        help="'subdistrict>=1' or 'kind<=2:药店,银行网点'; may repeat",
    )
    others = parser.add_argument_group("other plans")
    others.add_argument("--alternatives", type=int, metavar="K", help="list the K best other plans and replacements")
    others.add_argument("--within", type=float, metavar="SHARE", help="share by which they may be worse")
    others.add_argument("--differ-by", type=int, metavar="N", help="sites in which each differs from better ones")
    effort = parser.add_argument_group("how long")
    effort.add_argument("--gap", type=float, metavar="SHARE", help="stop when this near to the best, such as 0.01")
    effort.add_argument("--work", type=float, metavar="UNITS", help="most work; the same gives the same sites anywhere")
    effort.add_argument("--time-limit", type=float, metavar="S", help="stop by the clock; not repeatable")
    effort.add_argument("--max-candidates", type=int, metavar="N", help="most candidates to consider")
    parser.add_argument("--json", action="store_true", help="print the proposal as JSON instead of sentences")


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
