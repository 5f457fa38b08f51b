"""The command line: parse, call the pipeline, print, exit code.

Exit codes: 0 done; 2 an input or setting is wrong (one message, nothing written); 130 interrupted.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from coverage_planner import __version__
from coverage_planner.errors import ConfigError, CoveragePlannerError

if TYPE_CHECKING:
    from coverage_planner.config import Plan
    from coverage_planner.network.road_network import RoadNetwork
    from coverage_planner.pipeline import PlanRun
    from coverage_planner.pipeline.stopwatch import StageReport
    from coverage_planner.pipeline.streets import Streets
    from coverage_planner.pipeline.warm_up import WarmUp
    from coverage_planner.report.speech import Speech

_INTERRUPTED = 130
_M_PER_KM = 1000.0
_STAGES, _STAGES_WITHOUT_SITING, _STAGES_OF_NETWORK = 9, 6, 3

_EXAMPLES = """\
examples:
  coverage-planner demo                          the whole job on the demo city, into ./coverage-planner-demo
  coverage-planner plan plan.toml --out results  the same on your own district (docs/plan-file.md explains the file)
  coverage-planner plan plan.toml --out results --force --language en
  coverage-planner network district.osm.pbf net  build a network once, to name as [roads] file in several plans
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
        "compiled": "计算引擎已编译（仅首次需要）：{seconds:.1f} 秒，以后运行直接使用",
        "reused": "路网取自 {folder}（{built} 建成，输入未变；加 --rebuild 可重新构建）",
        "opened": "路网取自 {folder}（{built} 建成）",
        "changed": "已保存的路网未使用，因为有变化：{parts}；路网已重新构建",
        "unusable": "已保存的路网未使用：{reason}",
        "kept": "路网已存入 {folder}，输入不变时下次直接使用",
        "not kept": "路网未能保存：{reason}",
        "streets": "{source}：{pieces:,} 段街道，{kilometres:,.1f} 公里；{junctions:,} 个路口，{edges:,} 条边，"
        "{obstacles:,} 个障碍物（{seconds:.1f} 秒）",
        "islands": "  {mode}：可通行 {open:,.1f} 公里，其中孤岛 {islands:,.1f} 公里",
        "unread": "文件中 {n} 行未采用",
        "network": "路网：{folder}（写入 {seconds:.1f} 秒；可作为方案文件 [roads] 的 file）",
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
        "compiled": "compiled the search once: {seconds:.1f} s; kept for the next runs",
        "reused": "network reused from {folder} (built {built}, inputs unchanged; --rebuild builds it anew)",
        "opened": "network from {folder} (built {built})",
        "changed": "the kept network was not used, as these have changed: {parts}; it was built anew",
        "unusable": "the kept network was not used: {reason}",
        "kept": "network kept in {folder} for the next run on unchanged inputs",
        "not kept": "the network was not kept: {reason}",
        "streets": "{source}: {pieces:,} pieces of street, {kilometres:,.1f} km; {junctions:,} junctions, {edges:,} "
        "edges, {obstacles:,} obstacles ({seconds:.1f} s)",
        "islands": "  {mode}: {open:,.1f} km open, of these {islands:,.1f} km on islands",
        "unread": "{n} rows of the file were not used",
        "network": "network: {folder} (written in {seconds:.1f} s; name it as file under [roads] in plan files)",
    },
}

#: What a network depends on, in Chinese; keys are those of `pipeline.streets`.
_PARTS = {
    "roads": "路网文件", "reading": "读取方式", "crs": "坐标系", "study area": "研究区", "margin": "外扩范围",
    "modes": "出行方式", "small_component_m": "孤岛长度", "program": "程序版本",
}  # fmt: skip


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
    plan.add_argument(
        "--network",
        type=Path,
        metavar="DIR",
        help="where to keep the built network and look for it; by default beside the plan file, PLAN.network",
    )
    plan.add_argument("--rebuild", action="store_true", help="build the network even if a kept one could be used")
    network = commands.add_parser("network", help="build a network from a road file and save it")
    network.add_argument("roads", type=Path, metavar="ROADS", help="the road file")
    network.add_argument("out", type=Path, metavar="DIR", help="folder to write")
    for command, what in ((demo, "earlier results"), (plan, "earlier results"), (network, "an earlier network")):
        command.add_argument("--force", action="store_true", help=f"replace a folder of {what}")
    for command in (demo, plan):
        command.add_argument(
            "--language", choices=("zh", "en"), help="language of map and tables; the plan's if not given"
        )
    network.add_argument("--language", choices=("zh", "en"), default="zh", help="language of what is printed")
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
        _build(given) if given.command == "network" else _run(given)
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
    _check_place(given.out, "results")
    plan = read_plan(demo_city() / "plan.toml" if given.command == "demo" else given.plan)
    if given.language:
        plan = replace(plan, language=given.language)
    rebuild = given.command == "plan" and given.rebuild
    keep = _place_of_network(given, plan)
    with _stage_bar(_STAGES if plan.siting else _STAGES_WITHOUT_SITING) as report:
        run = run_plan(plan, report=report, network_folder=keep, rebuild=rebuild)
        report("write", None)
        folder = write_run(run, given.out, force=given.force)
        not_kept = None if keep is None or run.streets.reused else _keep(run.streets, keep)
        report("write", 0.0)
    lines = [*_summary(run), *_about_network(run, keep, not_kept)]
    print("\n".join([*lines, _WORDS[plan.language]["written"].format(folder=folder)]))  # noqa: T201


def _place_of_network(given: argparse.Namespace, plan: "Plan") -> Path | None:
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


def _keep(streets: "Streets", folder: Path) -> str:
    """Keep a network for the next run; return why that was not possible: the results stand in any case."""
    from coverage_planner.pipeline import keep_streets  # noqa: PLC0415

    try:
        keep_streets(streets, folder)
    except KeyboardInterrupt:
        return "interrupted"
    except (CoveragePlannerError, OSError) as error:
        return str(error)
    return ""


def _build(given: argparse.Namespace) -> None:
    """Build a network from a road file and save it."""
    from coverage_planner.network.files import check_folder  # noqa: PLC0415
    from coverage_planner.pipeline import build_from_file, save_network  # noqa: PLC0415
    from coverage_planner.pipeline.stopwatch import Stopwatch  # noqa: PLC0415
    from coverage_planner.pipeline.warm_up import warm_up  # noqa: PLC0415
    from coverage_planner.report.speech import speech  # noqa: PLC0415

    check_folder(given.out, force=given.force)
    _check_place(given.out, "network")
    words, said = _WORDS[given.language], speech(given.language)
    with _stage_bar(_STAGES_OF_NETWORK) as report:
        watch = Stopwatch(report)
        with watch.stage("compile"):
            warmed = warm_up()
        with watch.stage("network"):
            network, notes = build_from_file(given.roads)
        with watch.stage("write"):
            folder = save_network(network, notes, given.out, force=given.force)
    _, built_s, written_s = (stage["seconds"] for stage in watch.stages)
    lines = _about_streets(network, pieces=notes["rows"]["kept"], seconds=built_s, words=words, said=said)
    if notes["rejected"]:
        lines.append(words["unread"].format(n=len(notes["rejected"])))
        lines += _count_reasons(notes["rejected"], words, said)
    lines += [words["warning"].format(text=text) for text in sorted(set(notes["warnings"]))]
    lines += _about_compiling(warmed, words)
    print("\n".join([*lines, words["network"].format(folder=folder, seconds=written_s)]))  # noqa: T201


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


def _summary(run: "PlanRun") -> list[str]:
    """Say the shares, the sites with their certificate, what was refused and what is surprising."""
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
        lines += _count_reasons(run.rejected.to_dict("records"), words, said)
    lines += [words["warning"].format(text=text) for text in run.manifest["warnings"]]
    return lines


def _count_reasons(rejected: Iterable[Mapping[Any, Any]], words: Mapping[str, str], said: "Speech") -> list[str]:
    counts = Counter((row["table"], row["reason"]) for row in rejected)
    return [
        words["refused"].format(table=said.say("table", table), n=n, reason=said.say("reason", reason))
        for (table, reason), n in sorted(counts.items())
    ]


def _about_network(run: "PlanRun", keep: Path | None, not_kept: str | None) -> list[str]:
    """Say whether a kept network was used and why not, whether this one is kept, and what had to be compiled."""
    words, streets = _WORDS[run.plan.language], run.streets
    lines = []
    if streets.reused is not None:
        said = "opened" if keep is None else "reused"
        lines.append(words[said].format(folder=streets.reused, built=streets.built))
    if streets.changed:
        names = [_PARTS[name] if run.plan.language == "zh" else name for name in streets.changed]
        lines.append(words["changed"].format(parts=("、" if run.plan.language == "zh" else ", ").join(names)))
    if streets.unusable:
        lines.append(words["unusable"].format(reason=streets.unusable))
    if not_kept is not None:
        lines.append(words["not kept" if not_kept else "kept"].format(folder=keep, reason=not_kept))
    return lines + _about_compiling(run.warmed, words)


def _about_compiling(warmed: "WarmUp", words: Mapping[str, str]) -> list[str]:
    return [words["compiled"].format(seconds=warmed.seconds)] if warmed.compiled else []


def _about_streets(
    network: "RoadNetwork", *, pieces: int, seconds: object, words: Mapping[str, str], said: "Speech"
) -> list[str]:
    """Say what a network holds, and how much of it each mode cannot reach."""
    length_m = network.edges["length_m"].to_numpy()
    on_islands_m = network.islands.groupby("mode")["length_m"].sum()
    streets = words["streets"].format(
        source=network.source,
        pieces=pieces,
        kilometres=length_m.sum() / _M_PER_KM,
        junctions=len(network.nodes),
        edges=len(network.edges),
        obstacles=len(network.obstacles),
        seconds=seconds,
    )
    islands = [
        words["islands"].format(
            mode=said.say("mode", graph.mode.describe()),
            open=length_m[graph.allowed].sum() / _M_PER_KM,
            islands=on_islands_m.get(name, 0.0) / _M_PER_KM,
        )
        for name, graph in network.graphs.items()
    ]
    return [streets, *islands]
