"""The commands `map`, `compare` and `report`: saved results, drawn, compared and written again."""

import argparse
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.language import Language, language_of_results
from coverage_planner.cli.plan_commands import check_place, keep_network, place_of_network
from coverage_planner.cli.progress import stage_bar
from coverage_planner.cli.records import as_json, sites_record
from coverage_planner.cli.summary import about_network, summarise_sites
from coverage_planner.cli.warned import about_warnings
from coverage_planner.cli.words import WORDS
from coverage_planner.config import read_plan
from coverage_planner.errors import ConfigError, name_some

_FEWEST = 2
#: Stages of a comparison of sites: compile, network, read, today, candidates, comparison, write.
_STAGES_OF_SITES = 7


def map(given: argparse.Namespace) -> Answer:  # noqa: A001 - functions are called as their commands
    """Draw the map of a results folder again."""
    from coverage_planner.report.redraw import redraw_map  # noqa: PLC0415 - a library that others need not load

    _check_page(given)
    language = given.language or language_of_results(given.results)
    with _stage("map", language, quiet=given.quiet) as noted:
        page = redraw_map(
            given.results,
            given.out,
            language=language,
            group=given.group,
            tianditu_key=given.tianditu_key,
            osm=given.osm,
            approval=given.approval,
            boundary_source=given.boundary_source,
        )
    return _page_answer("map", page, language, noted)


def report(given: argparse.Namespace) -> Answer:
    """Write the report of a results folder."""
    from coverage_planner.report.report_page import write_report  # noqa: PLC0415 - as above

    _check_page(given)
    language = given.language or language_of_results(given.results)
    with _stage("report", language, quiet=given.quiet) as noted:
        page = write_report(
            given.results,
            given.out,
            language=language,
            title=given.title,
            organisation=given.organisation,
            author=given.author,
            date=given.date,
            approval_number=given.approval,
            boundary_source=given.boundary_source,
            notes=given.notes,
        )
    return _page_answer("report", page, language, noted)


def compare(given: argparse.Namespace) -> Answer:
    """Compare the plans of several results folders, or premises of a plan file."""
    of_plan = given.sites is not None or given.all or (len(given.what) == 1 and given.what[0].suffix.lower() == ".toml")
    return _compare_sites(given) if of_plan else _compare_folders(given)


def _compare_sites(given: argparse.Namespace) -> Answer:
    from coverage_planner.pipeline.site_comparison import (  # noqa: PLC0415 - as above
        run_site_comparison,
        write_site_comparison,
    )
    from coverage_planner.report.site_folder import PAGE_FILE, check_site_folder  # noqa: PLC0415 - as above

    if len(given.what) != 1 or given.names:
        raise ConfigError(
            f"--sites and --all go with one plan file and no --names, got {name_some(given.what)}"
            f"{' and --names' if given.names else ''}; name the plan file alone"
        )
    check_site_folder(given.out, force=given.force)
    check_place(given.out, "comparison")
    plan = read_plan(given.what[0])
    if given.language:
        plan = replace(plan, language=given.language)
    wanted = [part.strip() for part in (given.sites or "").replace("，", ",").split(",") if part.strip()]
    if given.sites is not None and not wanted:
        raise ConfigError(
            "--sites must name premises with commas between them, got none; for example --sites P001,P017"
        )
    keep = place_of_network(given, plan, given.what[0])
    solved = plan.siting is not None and not wanted and not given.all
    more = plan.siting is not None and plan.siting.alternatives is not None
    stages = _STAGES_OF_SITES + (1 + more if solved else 0)
    with stage_bar(stages, plan.language, quiet=given.quiet) as (report, search):
        run = run_site_comparison(
            plan,
            wanted,
            every=given.all,
            report=report,
            search=search,
            network_folder=keep,
            rebuild=given.rebuild,
        )
        report("write", None)
        folder = write_site_comparison(run, given.out, force=given.force)
        not_kept = keep_network(run.streets, keep)
        report("write", 0.0)
    written = WORDS[plan.language]["compared"].format(folder=folder, page=PAGE_FILE)
    lines = [*summarise_sites(run), *about_network(run, keep, not_kept), written]
    return Answer(lines, sites_record(run, folder), page=folder / PAGE_FILE)


def _compare_folders(given: argparse.Namespace) -> Answer:
    from coverage_planner.report.plan_folders import PAGE_FILE, compare_folders  # noqa: PLC0415 - as above

    if len(given.what) < _FEWEST:
        raise ConfigError(
            f"compare needs at least two results folders, got {len(given.what)}: {given.what[0]}; name another, or "
            "name a plan file, whose premises are compared"
        )
    if given.network or given.rebuild:
        raise ConfigError("--network and --rebuild go with a plan file; leave them out for results folders")
    check_place(given.out, "comparison")
    language = given.language or language_of_results(given.what[0])
    with _stage("compare", language, quiet=given.quiet) as noted:
        found = compare_folders(given.what, given.out, names=given.names, language=language, force=given.force)
    words = WORDS[language]
    lines = [
        *found.summary,
        *about_warnings(noted, language),
        words["compared"].format(folder=found.folder, page=PAGE_FILE),
    ]
    record = {
        "folder": str(found.folder),
        **{key: found.record[key] for key in ("language", "synthetic", "scenarios", "folders", "overall", "summary")},
        "warnings": noted,
    }
    return Answer(lines, as_json(record), page=found.folder / PAGE_FILE)


@contextmanager
def _stage(name: str, language: Language, *, quiet: bool) -> Iterator[list[str]]:
    """Show a bar of one stage; gives the list that takes what is surprising."""
    noted: list[str] = []
    with warnings.catch_warnings(record=True) as caught, stage_bar(1, language, quiet=quiet) as (report, _):
        warnings.simplefilter("always", UserWarning)
        report(name, None)
        yield noted
        report(name, 0.0)
    noted += dict.fromkeys(str(one.message) for one in caught)


def _page_answer(name: str, page: Path, language: Language, noted: Sequence[str]) -> Answer:
    lines = [*about_warnings(noted, language), WORDS[language][name].format(path=page)]
    record = {"page": str(page), "language": language, "bytes": page.stat().st_size, "warnings": list(noted)}
    return Answer(lines, record, page=page)


def _check_page(given: argparse.Namespace) -> None:
    """Raise where a page outside the results folder would replace a file, or be in no folder."""
    if given.out is None:
        return
    if given.out.exists() and not given.force:
        raise ConfigError(f"the page must not exist yet, got {given.out}; choose another name, or force (--force)")
    if not given.out.absolute().parent.is_dir():
        raise ConfigError(
            f"the page must be in a folder that exists, got {given.out}; make the folder, or choose another"
        )
