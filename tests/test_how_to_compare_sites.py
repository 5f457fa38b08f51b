"""docs/how-to/compare-sites: commands parse and run, figures are those of the demo, no column and no file is left out."""

import re
import shlex

import pandas as pd
import pytest

import coverage_planner
from coverage_planner.cli import main
from coverage_planner.cli.parser import build_parser
from coverage_planner.demo import demo_city
from coverage_planner.report.site_columns import SITE_TABLES
from coverage_planner.report.site_folder import FILES


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs" / "how-to" / "compare-sites.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(page):
    return [shlex.split(line, comments=True)[1:] for line in page.splitlines() if line.startswith("coverage-planner")]


def test_the_chinese_page_has_the_same_commands_files_and_figures(repository, page, commands):
    chinese = (repository / "docs" / "how-to" / "compare-sites.zh-CN.md").read_text(encoding="utf-8")
    lines = [line for line in chinese.splitlines() if line.startswith("coverage-planner")]
    assert [shlex.split(line, comments=True)[1:] for line in lines] == commands
    assert [file for file in FILES if file not in chinese] == []
    quotes = [text.split("> ", 1)[1].split("(998")[0].split("（998")[0] for text in (page, chinese)]
    figures = [set(re.findall(r"\bP\d+|[\d,.]*\d", text)) for text in quotes]
    assert figures[0] == figures[1]


def test_commands_parse_and_nothing_is_left_out(page, commands):
    assert [command[0] for command in commands] == ["demo", "compare", "compare", "compare"]
    for command in commands:
        build_parser().parse_args(command)
    assert [column for column in SITE_TABLES["sites"] if column not in page] == []
    assert [file for file in FILES if file not in page] == []
    names = re.findall(r"\bcp\.(\w+)", page)
    assert [name for name in names if not hasattr(coverage_planner, name)] == []


@pytest.mark.slow
def test_the_figures_for_the_committee_are_those_of_the_demo(page, commands, tmp_path, capsys):
    plan = demo_city() / "plan.toml"
    command = [str(plan) if word == "plan.toml" else word for word in commands[1]]
    command[command.index("--out") + 1] = str(tmp_path / "out")
    assert main([*command, "--network", str(tmp_path / "network"), "--quiet"]) == 0
    capsys.readouterr()
    sites, pairs, assumptions = (
        pd.read_csv(tmp_path / "out" / f"{name}.csv", encoding="utf-8-sig")
        for name in ("sites", "pairs", "assumptions")
    )
    site = sites.set_index("id")
    lost = pairs.set_index(["id", "other_id"])
    newly = site["newly_covered_demand"]
    base = assumptions.iloc[0]
    quote = " ".join(page.split("## What to tell the committee")[1].split("(998")[0].replace(">", "").split())
    assert quote == (
        f"P237 would newly cover {newly['P237']:.0f} of the {base['demand'] - base['covered_demand']:,.0f} workers who "
        f"have no station within {base['cutoff_min']:.0f} minutes on foot, on average "
        f"{site['new_mean_time_min']['P237']:.1f} minutes away; {site['overlap_existing_demand']['P237']:.0f} more have "
        f"one already. Whatever is assumed it stays among the best three of the five. P100 would add nearly as many "
        f"({newly['P100']:.0f}), and the two share only {lost['lost_demand']['P237', 'P100']:.0f}: built both, they add "
        f"{newly['P237'] + lost['left_demand']['P100', 'P237']:,.0f}. P010 would add {newly['P010']:.0f}, but loses "
        f"{lost['lost_share']['P010', 'P100']:.0%} of that if P100 is built first.".replace("%", " %")
    )
    assert site["worst_rank"]["P237"] == 3
    ranks = pd.read_csv(tmp_path / "out" / "ranks.csv", encoding="utf-8-sig")
    first = ranks[ranks["rank"] == 1]
    others = first[(first["cutoff_min"] == 20) | (first["speed_factor"] == 1.2)]
    assert "a circle of 20 minutes, or people a fifth faster, would put P010 first, not P237" in " ".join(page.split())
    assert others["id"].tolist() == ["P010", "P010"]
    assert first["id"][first["assumption_kind"] == "原方案"].tolist() == ["P237"]
    assert len(site) == 5
