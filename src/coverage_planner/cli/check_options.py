"""The options of `check`."""

import argparse
from pathlib import Path

CHECK_EXAMPLES = """\
exit code: 0 nothing that harms the results; 1 warnings; 2 errors

examples:
  coverage-planner check plan.toml                          what is wrong, on the screen
  coverage-planner check plan.toml --html check.html        the same as one page with a map
  coverage-planner check plan.toml --out check --force      the page with findings.csv, rejected.csv and remarks.csv
  coverage-planner check plan.toml --json                   for other programs
"""


def add_check_options(command: argparse.ArgumentParser) -> None:
    """Declare the options of `check`."""
    command.add_argument("plan", type=Path, metavar="PLAN.toml", help="the plan file")
    command.add_argument("--html", type=Path, metavar="FILE", help="write one page with a map, too")
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="write the page and the tables of rows to a folder, too"
    )
    command.add_argument("--force", action="store_true", help="replace a folder of an earlier check")
    command.add_argument("--json", action="store_true", help="print JSON instead of text")
    command.add_argument("--language", choices=("zh", "en"), help="language of what is said; the plan's if not given")
