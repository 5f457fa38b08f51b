"""The command `check`: what is wrong with the inputs of a plan, on the screen, as a page, or for machines."""

import argparse
import json

from coverage_planner.cli.progress import stage_bar
from coverage_planner.pipeline.doctor import check_plan, count_inputs
from coverage_planner.report.check_folder import check_target, write_check_folder, write_check_page
from coverage_planner.report.check_page_record import check_record
from coverage_planner.report.check_page_text import check_text
from coverage_planner.report.check_page_words import check_words


def check(given: argparse.Namespace) -> int:
    """Check the inputs of a plan; return the exit code."""
    check_target(given.html, given.out, force=given.force)  # before the work, not after it
    with stage_bar(count_inputs(given.plan), given.language or "zh") as (tell, _):
        report = check_plan(given.plan, language=given.language, report=tell)
        written = [] if given.html is None else [write_check_page(report, given.html)]
        written += [] if given.out is None else [write_check_folder(report, given.out, force=given.force)]
    if given.json:
        print(json.dumps(check_record(report), ensure_ascii=False, indent=2, allow_nan=False))  # noqa: T201
        return report.exit_code
    said = check_words(report.language)["written"]
    print("\n".join([*check_text(report), *(said.format(path=path) for path in written)]))  # noqa: T201
    return report.exit_code
