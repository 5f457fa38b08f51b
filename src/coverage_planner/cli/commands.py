"""What each command does: call the pipeline, show how far it is, print."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from coverage_planner.cli.check import check
from coverage_planner.cli.progress import stage_bar
from coverage_planner.cli.siting_options import siting_changes
from coverage_planner.cli.summary import (
    about_compiling,
    about_network,
    about_streets,
    count_reasons,
    proposal_record,
    summarise,
    summarise_proposal,
)
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
from coverage_planner.report.results import check_folder
from coverage_planner.report.speech import speech

#: Stages of every run of a plan: compile, network, read, today, write.
_STAGES_OF_ALL, _STAGES_OF_NETWORK = 5, 3


def _plan(given: argparse.Namespace) -> None:

    check_folder(given.out, force=given.force)  # before the work, not after it
    _check_place(given.out, "results")
    plan = read_plan(demo_city() / "plan.toml" if given.command == "demo" else given.plan)
    if given.language:
        plan = replace(plan, language=given.language)
    rebuild = given.command == "plan" and given.rebuild
    keep = _place_of_network(given, plan)
    with stage_bar(_count_stages(plan), plan.language) as (report, search):
        run = run_plan(plan, report=report, search=search, network_folder=keep, rebuild=rebuild)
        report("write", None)
        folder = write_run(run, given.out, force=given.force)
        not_kept = None if keep is None or run.streets.reused else _keep(run.streets, keep)
        report("write", 0.0)
    lines = [*summarise(run), *about_network(run, keep, not_kept)]
    print("\n".join([*lines, WORDS[plan.language]["written"].format(folder=folder)]))  # noqa: T201


def _propose(given: argparse.Namespace) -> None:
    """Choose the sites of a plan, and nothing else."""
    check_proposal_folder(given.out, force=given.force)
    _check_place(given.out, "proposal")
    plan = read_plan(given.plan)
    dropped: list[str] = []
    changes = siting_changes(given)
    if changes:
        plan, dropped = change_plan(plan, changes)
    if given.language:
        plan = replace(plan, language=given.language)
    keep = _place_of_network(given, plan)
    with stage_bar(_count_stages(plan, whole=False), plan.language) as (report, search):
        run = run_proposal(plan, report=report, search=search, network_folder=keep, rebuild=given.rebuild)
        report("write", None)
        folder = write_proposal(run, given.out, force=given.force)
        not_kept = None if keep is None or run.streets.reused else _keep(run.streets, keep)
        report("write", 0.0)
    if given.json:
        print(json.dumps(proposal_record(run, folder), ensure_ascii=False, indent=2))  # noqa: T201
        return
    words = WORDS[plan.language]
    lines = [*summarise_proposal(run), *about_network(run, keep, not_kept)]
    if dropped and plan.siting is not None:
        lines.append(
            words["warning"].format(text=words["dropped"].format(keys=", ".join(dropped), model=plan.siting.model))
        )
    print("\n".join([*lines, words["proposal"].format(folder=folder)]))  # noqa: T201


def _count_stages(plan: Plan, *, whole: bool = True) -> int:
    """Return how many stages a run has; without the whole of it there is no grid and no second evaluation."""
    siting = 0 if plan.siting is None else 2 + (plan.siting.alternatives is not None)
    if not whole:
        return _STAGES_OF_ALL + siting
    return _STAGES_OF_ALL + siting + (1 if plan.siting is None else 2) + (2 if plan.circle else 0)


def _place_of_network(given: argparse.Namespace, plan: Plan) -> Path | None:
    """Return where a plan's network is kept; None for the demo, and where the plan names a network as its roads."""
    if given.command == "demo":
        return None
    if not plan.roads.is_network:
        return Path(given.network or given.plan.with_suffix(".network"))
    if given.network or given.rebuild:
        raise ConfigError(
            f"--network and --rebuild must be left out where the plan's roads are a network, got {plan.roads.file}; "
            "leave them out, or name the road file in [roads]"
        )
    return None


def _keep(streets: Streets, folder: Path) -> str:
    """Keep a network for the next run; return why that was not possible: the results stand in any case."""
    try:
        keep_streets(streets, folder)
    except KeyboardInterrupt:
        return "interrupted"
    except (CoveragePlannerError, OSError) as error:
        return str(error)
    return ""


def _build(given: argparse.Namespace) -> None:
    """Build a network from a road file and save it."""
    check_network_folder(given.out, force=given.force)
    _check_place(given.out, "network")
    words, said = WORDS[given.language], speech(given.language)
    modes = _modes_named(given.modes)
    with stage_bar(_STAGES_OF_NETWORK, given.language) as (report, _):
        watch = Stopwatch(report)
        with watch.stage("compile"):
            warmed = warm_up()
        with watch.stage("network"):
            network, notes = build_from_file(given.roads, modes=modes)
        with watch.stage("write"):
            folder = save_network(network, notes, given.out, force=given.force)
    _, built_s, written_s = (stage["seconds"] for stage in watch.stages)
    lines = about_streets(network, pieces=notes["rows"]["kept"], seconds=built_s, words=words, said=said)
    if notes["rejected"]:
        lines.append(words["unread"].format(n=len(notes["rejected"])))
        lines += count_reasons(notes["rejected"], words, said)
    lines += [words["warning"].format(text=text) for text in sorted(set(notes["warnings"]))]
    lines += about_compiling(warmed, words)
    print("\n".join([*lines, words["network"].format(folder=folder, seconds=written_s)]))  # noqa: T201


def _modes_named(names: str | None) -> Mapping[str, Mode]:
    """Return the preset modes of a list with commas; the default modes where there is none."""
    if names is None:
        return DEFAULT_MODES
    wanted = [name.strip() for name in names.split(",")]
    unknown = [name for name in wanted if name not in PRESET_MODES]
    if unknown:
        raise ConfigError(f"--modes must be among {', '.join(PRESET_MODES)}, got {', '.join(unknown)}; correct it")
    return {name: PRESET_MODES[name] for name in dict.fromkeys(wanted)}


def _clip(given: argparse.Namespace) -> None:
    """Cut a study area out of a large OpenStreetMap file."""
    from coverage_planner.cli.osm_commands import clip  # noqa: PLC0415 - libraries that nobody else needs

    clip(given)


def _fetch(given: argparse.Namespace) -> None:
    """Fetch a place from OpenStreetMap's servers."""
    from coverage_planner.cli.osm_commands import fetch  # noqa: PLC0415 - libraries that nobody else needs

    fetch(given)


def _check_place(out: Path, what: str) -> None:
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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = {
    "check": check,
    "clip": _clip,
    "fetch": _fetch,
    "demo": _plan,
    "plan": _plan,
    "propose": _propose,
    "network": _build,
}
