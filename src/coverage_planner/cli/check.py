"""The command `check`: what is wrong with the inputs of a plan, on the screen, as a page, or for machines."""

import argparse

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.progress import stage_bar
from coverage_planner.pipeline.doctor import check_plan, count_inputs
from coverage_planner.report.check_folder import check_target, write_check_folder, write_check_page
from coverage_planner.report.check_page_record import check_record
from coverage_planner.report.check_page_text import check_text
from coverage_planner.report.check_page_words import check_words


def check(given: argparse.Namespace) -> Answer:
    """Check the inputs of a plan."""
    check_target(given.html, given.out, force=given.force)  # before the work, not after it
    with stage_bar(count_inputs(given.plan), given.language or "zh", quiet=given.quiet) as (tell, _):
        report = check_plan(given.plan, language=given.language, report=tell)
        written = [] if given.html is None else [write_check_page(report, given.html)]
        written += [] if given.out is None else [write_check_folder(report, given.out, force=given.force)]
    said = check_words(report.language)["written"]
    lines = [*check_text(report), *(said.format(path=path) for path in written)]
    return Answer(lines, {**check_record(report), "written": [str(path) for path in written]}, report.exit_code)
