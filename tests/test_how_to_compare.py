"""docs/how-to/compare-plans.md: the commands can be typed as they stand, and the folder holds what it says."""

import re
import shlex

from coverage_planner.cli.parser import build_parser
from coverage_planner.report.plan_folders import FILES


def test_commands_can_be_typed_and_files_are_all_named(repository):
    text = (repository / "docs" / "how-to" / "compare-plans.md").read_text(encoding="utf-8")
    lines = re.findall(r"^coverage-planner .*$", text, flags=re.MULTILINE)
    given = [build_parser().parse_args(shlex.split(line, comments=True)[1:]) for line in lines]

    assert [one.command for one in given] == ["demo", "plan", "plan", "compare"]
    assert given[-1].names == ["方案A", "方案B"]
    assert set(re.findall(r"`(\w+\.(?:html|xlsx|csv|gpkg|json))`", text)) == FILES
