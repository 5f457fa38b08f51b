"""The command line: parse, call the pipeline, print, exit code.

Exit codes: 0 done; 2 an input or setting is wrong (one message, nothing written); 130 interrupted.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from coverage_planner import __version__
from coverage_planner.errors import ConfigError, CoveragePlannerError

if TYPE_CHECKING:
    from coverage_planner.pipeline import PlanRun
    from coverage_planner.pipeline.stopwatch import StageReport

_INTERRUPTED = 130
_STAGES, _STAGES_WITHOUT_SITING = 8, 5

_EXAMPLES = """\
examples:
  coverage-planner demo                          the whole job on the demo city, into ./coverage-planner-demo
  coverage-planner plan plan.toml --out results  the same on your own district (docs/plan-file.md explains the file)
  coverage-planner plan plan.toml --out results --force --language en
"""

_WORDS = {
    "zh": {
        "shares": "{group}（{mode}，{minutes:g} 分钟内）：覆盖 {now:.1%} 的需求",
        "was": "，现状 {before:.1%}",
        "straight": "；直线半径 {radius:.0f} 米会算成 {claim:.1%}",
        "site": "  {order}. {name}{kind}：依次增加覆盖需求 {gain:,g}",
        "kind": "（{kind}）",
        "rejected": "{n} 行输入未采用，原因见 rejected.csv",
        "refused": "  {table}：{n} 行{reason}",
        "warning": "注意：{text}",
        "written": "结果：{folder}（先打开 map.html）",
        "synthetic": "数据为人工合成，不是真实城市。",
    },
    "en": {
        "shares": "{group} ({mode}, within {minutes:g} minutes): {now:.1%} of the demand is covered",
        "was": ", today {before:.1%}",
        "straight": "; a straight-line radius of {radius:.0f} m would have claimed {claim:.1%}",
        "site": "  {order}. {name}{kind}: adds {gain:,g} covered demand",
        "kind": " ({kind})",
        "rejected": "{n} input rows were not used; rejected.csv gives the reasons",
        "refused": "  {table}: {n} x {reason}",
        "warning": "note: {text}",
        "written": "results: {folder} (open map.html first)",
        "synthetic": "The data are synthetic, not a real city.",
    },
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coverage-planner",
        description="Who reaches a service station within 15 minutes over the streets, who does not, and where the "
        "next one should open.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"coverage-planner {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="run the whole job on the demo city (synthetic)")
    demo.add_argument(
        "out", nargs="?", type=Path, default=Path("coverage-planner-demo"), metavar="DIR", help="folder to write"
    )
    plan = commands.add_parser("plan", help="run a plan file on your own district")
    plan.add_argument("plan", type=Path, metavar="PLAN.toml", help="the plan file")
    plan.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    for command in (demo, plan):
        command.add_argument("--force", action="store_true", help="replace a folder of earlier results")
        command.add_argument(
            "--language", choices=("zh", "en"), help="language of map and tables; the plan's if not given"
        )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        The words after ``coverage-planner``; those of the process by default.

    Returns
    -------
    int
        The exit code.
    """
    given = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Chinese name must not end the program on a console in another code page
            stream.reconfigure(errors="replace")
    try:
        _run(given)
    except CoveragePlannerError as error:
        print(f"coverage-planner: {error}", file=sys.stderr)  # noqa: T201 - the command line speaks
        return 2
    except KeyboardInterrupt:
        print("coverage-planner: interrupted; nothing was written", file=sys.stderr)  # noqa: T201
        return _INTERRUPTED
    return 0


def _run(given: argparse.Namespace) -> None:
    from coverage_planner.config import read_plan  # noqa: PLC0415 - --help must start without the heavy libraries
    from coverage_planner.demo import demo_city  # noqa: PLC0415
    from coverage_planner.pipeline import run_plan, write_run  # noqa: PLC0415
    from coverage_planner.report.results import check_folder  # noqa: PLC0415

    check_folder(given.out, force=given.force)  # before the work, not after it
    _check_place(given.out)
    plan = read_plan(demo_city() / "plan.toml" if given.command == "demo" else given.plan)
    if given.language:
        plan = replace(plan, language=given.language)
    with _stage_bar(_STAGES if plan.siting else _STAGES_WITHOUT_SITING) as report:
        run = run_plan(plan, report=report)
        report("write", None)
        folder = write_run(run, given.out, force=given.force)
        report("write", 0.0)
    _print_summary(run, folder)


def _check_place(out: Path) -> None:
    """Raise unless a folder can be made where the results shall be."""
    place = next((parent for parent in out.resolve().parents if parent.exists()), None)
    try:
        if place is None:  # a drive of Windows that is not there
            raise FileNotFoundError("no such drive")
        with TemporaryDirectory(dir=place, prefix=".coverage-planner-"):
            pass
    except OSError as error:
        raise ConfigError(
            f"the results folder must be in a place that can be written to, got {out}: {error}; choose another"
        ) from error


@contextmanager
def _stage_bar(stages: int) -> "Iterator[StageReport]":
    """Show a progress bar over the stages on standard error; yields the callback for the pipeline."""
    from tqdm import tqdm  # noqa: PLC0415

    shape = "{desc:<12} {bar:24} {n_fmt}/{total_fmt} {elapsed}"
    with tqdm(total=stages, bar_format=shape, disable=None) as bar:  # none in a log or pipe, where nobody looks at it

        def show(stage: str, seconds: float | None) -> None:
            if seconds is None:
                bar.set_description_str(stage)
            else:
                bar.update()

        yield show


def _print_summary(run: "PlanRun", folder: Path) -> None:
    import pandas as pd  # noqa: PLC0415

    from coverage_planner.report.speech import speech  # noqa: PLC0415

    words, said = _WORDS[run.plan.language], speech(run.plan.language)
    outcome = run.proposed or run.today
    lines = [words["synthetic"]] if run.plan.synthetic else []
    for name, group in outcome.groups.items():
        shares = group.shares.iloc[0]
        line = words["shares"].format(
            group=name,
            mode=said.say("mode", shares["mode"]),
            minutes=shares["cutoff_s"] / 60,
            now=shares["covered_demand_share"],
        )
        if run.proposed is not None:
            before = run.today.groups[name].shares.iloc[0]
            line += words["was"].format(before=before["covered_demand_share"])
        line += words["straight"].format(
            radius=shares["straight_line_radius_m"], claim=shares["straight_line_demand_share"]
        )
        lines.append(line)
    if run.solution is not None:
        lines.append(said.certificate(run.solution))
        for site in run.solution.sites.to_dict("records"):
            label = site["id"] if pd.isna(site.get("name")) else site["name"]
            kind = "" if pd.isna(site.get("kind")) else words["kind"].format(kind=site["kind"])
            gain = round(float(site["added_demand"]), 1)
            lines.append(words["site"].format(order=site["order"], name=label, kind=kind, gain=gain))
    if len(run.rejected):
        lines.append(words["rejected"].format(n=len(run.rejected)))
        counts = run.rejected.groupby(["table", "reason"], as_index=False).size()
        lines += [
            words["refused"].format(
                table=said.say("table", row["table"]), n=row["size"], reason=said.say("reason", row["reason"])
            )
            for row in counts.to_dict("records")
        ]
    lines += [words["warning"].format(text=text) for text in run.manifest["warnings"]]
    lines.append(words["written"].format(folder=folder))
    print("\n".join(lines))  # noqa: T201
