"""The commands `plan`, `demo`, `propose` and `network`: call the pipeline, show how far it is, say what came out."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage_planner.cli.answer import Answer
from coverage_planner.cli.language import system_language
from coverage_planner.cli.progress import stage_bar
from coverage_planner.cli.records import network_record, proposal_record, run_record
from coverage_planner.cli.siting_options import siting_changes
from coverage_planner.cli.summary import (
    about_compiling,
    about_network,
    about_streets,
    count_reasons,
    summarise,
    summarise_proposal,
)
from coverage_planner.cli.warned import about_warnings
from coverage_planner.cli.words import WORDS
from coverage_planner.config import Plan, change_plan, read_plan
from coverage_planner.demo import demo_city
from coverage_planner.errors import ConfigError, CoveragePlannerError
from coverage_planner.network.files import check_folder as check_network_folder
from coverage_planner.network.modes import DEFAULT_MODES, PRESET_MODES, Mode
from coverage_planner.pipeline import (
    build_from_file,
    keep_streets,
    run_plan,
    run_proposal,
    save_network,
    write_proposal,
    write_run,
)
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.warm_up import warm_up
from coverage_planner.report.proposal_folder import check_proposal_folder
from coverage_planner.report.results import MAP_FILE, REPORT_FILE, check_folder
from coverage_planner.report.speech import speech

#: Stages of every run of a plan: compile, network, read, today, write.
_STAGES_OF_ALL, _STAGES_OF_NETWORK = 5, 3


def plan(given: argparse.Namespace) -> Answer:
    """Run a plan file."""
    check_folder(given.out, force=given.force)  # before the work, not after it
    check_place(given.out, "results")
    found = read_plan(demo_city() / "plan.toml" if given.command == "demo" else given.plan)
    if given.language:
        found = replace(found, language=given.language)
    rebuild = given.command == "plan" and given.rebuild
    keep = None if given.command == "demo" else place_of_network(given, found, given.plan)
    with stage_bar(_count_stages(found), found.language, quiet=given.quiet) as (report, search):
        run = run_plan(found, report=report, search=search, network_folder=keep, rebuild=rebuild)
        report("write", None)
        folder = write_run(run, given.out, force=given.force)
        not_kept = keep_network(run.streets, keep)
        report("write", 0.0)
    words = WORDS[found.language]
    lines = [*summarise(run), *about_network(run, keep, not_kept)]
    if (folder / REPORT_FILE).is_file():
        lines.append(words["and report"].format(page=folder / REPORT_FILE))
    lines.append(words["written"].format(folder=folder))
    return Answer(lines, run_record(run, folder), page=folder / MAP_FILE)


demo = plan


def propose(given: argparse.Namespace) -> Answer:
    """Choose the sites of a plan, and nothing else."""
    check_proposal_folder(given.out, force=given.force)
    check_place(given.out, "proposal")
    found = read_plan(given.plan)
    dropped: list[str] = []
    changes = siting_changes(given)
    if changes:
        found, dropped = change_plan(found, changes)
    if given.language:
        found = replace(found, language=given.language)
    keep = place_of_network(given, found, given.plan)
    with stage_bar(_count_stages(found, whole=False), found.language, quiet=given.quiet) as (report, search):
        run = run_proposal(found, report=report, search=search, network_folder=keep, rebuild=given.rebuild)
        report("write", None)
        folder = write_proposal(run, given.out, force=given.force)
        not_kept = keep_network(run.streets, keep)
        report("write", 0.0)
    words = WORDS[found.language]
    lines = [*summarise_proposal(run), *about_network(run, keep, not_kept)]
    if dropped and found.siting is not None:
        lines.append(
            words["warning"].format(text=words["dropped"].format(keys=", ".join(dropped), model=found.siting.model))
        )
    return Answer([*lines, words["proposal"].format(folder=folder)], proposal_record(run, folder))


def _count_stages(plan: Plan, *, whole: bool = True) -> int:
    """Return how many stages a run has; without the whole of it there is no grid and no second evaluation."""
    siting = 0 if plan.siting is None else 2 + (plan.siting.alternatives is not None)
    if not whole:
        return _STAGES_OF_ALL + siting
    return _STAGES_OF_ALL + siting + (1 if plan.siting is None else 2) + (2 if plan.circle else 0)


def place_of_network(given: argparse.Namespace, plan: Plan, file: Path) -> Path | None:
    """Return where a plan's network is kept, beside its file by default; None where it names a network as its roads."""
    if not plan.roads.is_network:
        return Path(given.network or file.with_suffix(".network"))
    if given.network or given.rebuild:
        raise ConfigError(
            f"--network and --rebuild must be left out where the plan's roads are a network, got {plan.roads.file}; "
            "leave them out, or name the road file in [roads]"
        )
    return None


def keep_network(streets: Streets, folder: Path | None) -> str | None:
    """Keep a network for the next run.

    Returns
    -------
    str or None
        None where there was nothing to keep, else why it was not possible, which is no reason to stop: the results
        stand in any case; '' where it was.
    """
    if folder is None or streets.reused:
        return None
    try:
        keep_streets(streets, folder)
    except KeyboardInterrupt:
        return "interrupted"
    except (CoveragePlannerError, OSError) as error:
        return str(error)
    return ""


def network(given: argparse.Namespace) -> Answer:
    """Build a network from a road file and save it."""
    check_network_folder(given.out, force=given.force)
    check_place(given.out, "network")
    language = given.language or system_language()
    words, said = WORDS[language], speech(language)
    modes = _modes_named(given.modes)
    with stage_bar(_STAGES_OF_NETWORK, language, quiet=given.quiet) as (report, _):
        watch = Stopwatch(report)
        with watch.stage("compile"):
            warmed = warm_up()
        with watch.stage("network"):
            built, notes = build_from_file(given.roads, modes=modes)
        with watch.stage("write"):
            folder = save_network(built, notes, given.out, force=given.force)
    _, built_s, written_s = (stage["seconds"] for stage in watch.stages)
    lines = about_streets(built, pieces=notes["rows"]["kept"], seconds=built_s, words=words, said=said)
    if notes["rejected"]:
        lines.append(words["unread"].format(n=len(notes["rejected"])))
        lines += count_reasons(notes["rejected"], words, said)
    noted = sorted(set(notes["warnings"]))
    lines += about_warnings(noted, language)
    lines += about_compiling(warmed, words)
    lines.append(words["network"].format(folder=folder, seconds=written_s))
    return Answer(lines, network_record(built, folder, rejected=len(notes["rejected"]), noted=noted))


def _modes_named(names: str | None) -> Mapping[str, Mode]:
    """Return the preset modes of a list with commas; the default modes where there is none."""
    if names is None:
        return DEFAULT_MODES
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in PRESET_MODES]
    if unknown:
        raise ConfigError(f"--modes must be among {', '.join(PRESET_MODES)}, got {', '.join(unknown)}; correct it")
    return {name: PRESET_MODES[name] for name in dict.fromkeys(wanted)}


def check_place(out: Path, what: str) -> None:
    """Raise unless a folder can be made where the results or the network shall be."""
    place = next((parent for parent in out.resolve().parents if parent.exists()), None)
    try:
        if place is None:  # a drive of Windows that is not there
            raise FileNotFoundError("no such drive")
        with TemporaryDirectory(dir=place, prefix=".coverage-planner-"):
            pass
    except OSError as error:
        raise ConfigError(
            f"the {what} folder must be in a place that can be written to, got {out}: {error}; choose another"
        ) from error
