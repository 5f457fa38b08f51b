"""What a run comes to, in a few lines for the screen."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from coverage_planner.cli.circle_summary import about_circles
from coverage_planner.cli.warned import about_warnings
from coverage_planner.cli.words import PARTS, WORDS
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline import PlanRun, ProposalRun
from coverage_planner.pipeline.site_comparison import SiteComparisonRun
from coverage_planner.pipeline.today import TodayRun
from coverage_planner.pipeline.warm_up import WarmUp
from coverage_planner.report.certificate import percent_up, say_certificate
from coverage_planner.report.popups import number
from coverage_planner.report.siting_tables import Choice, siting_tables
from coverage_planner.report.speech import Speech, speech
from coverage_planner.report.words import Language

_M_PER_KM = 1000.0


def summarise(run: PlanRun) -> list[str]:
    """Say the shares, the sites with their certificate, what was refused and what is surprising."""
    words, said = WORDS[run.plan.language], speech(run.plan.language)
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
        if not pd.isna(shares["straight_line_radius_m"]):
            line += words["straight"].format(
                radius=shares["straight_line_radius_m"], claim=shares["straight_line_demand_share"]
            )
        lines.append(line)
    if run.circle is not None:
        lines += about_circles(run.circle, run.plan.layers, run.plan.language)
    if run.choice is not None:
        lines += about_choice(run.choice, run.plan.language)
    return lines + about_inputs(run)


def summarise_proposal(run: ProposalRun) -> list[str]:
    """Say the share today, the sites with their certificate, and what the plan asks for besides."""
    words, said = WORDS[run.plan.language], speech(run.plan.language)
    group = run.present.group
    lines = [words["synthetic"]] if run.plan.synthetic else []
    lines.append(
        words["now"].format(
            group=group.name,
            mode=said.say("mode", run.present.times.mode_description),
            minutes=group.cutoff_s / 60,
            now=run.covered_share,
            n=len(run.proposal.candidates),
        )
    )
    lines += [words["none"]] if run.choice is None else about_choice(run.choice, run.plan.language)
    return lines + about_inputs(run)


def summarise_sites(run: SiteComparisonRun) -> list[str]:
    """Say what each site adds, what of it others would take, and how its rank stands."""
    words = WORDS[run.plan.language]
    lines = [words["synthetic"]] if run.plan.synthetic else []
    for site in run.table.to_dict("records"):
        kind = "" if pd.isna(site.get("kind")) else words["kind"].format(kind=site["kind"])
        line = words["compared site"].format(
            rank=site["rank"],
            id=site["id"],
            name=_name(site),
            kind=kind,
            gain=round(float(site["newly_covered_demand"]), 1),
            overlap=round(float(site["overlap_existing_demand"]), 1),
            best=site["best_rank"],
            worst=site["worst_rank"],
        )
        if not pd.isna(site["most_shared_id"]):
            line += words["shared"].format(other=site["most_shared_id"], share=site["most_shared_share"])
        lines.append(line)
    return lines + about_inputs(run)


def about_choice(choice: Choice, language: Language) -> list[str]:
    """Say the certificate, the sites, the stages and the other plans."""
    words = WORDS[language]
    lines = [say_certificate(choice.solution, language, choice.question)]
    for site in choice.solution.sites.to_dict("records"):
        kind = "" if pd.isna(site.get("kind")) else words["kind"].format(kind=site["kind"])
        named = {"order": site["order"], "name": _name(site), "kind": kind}
        if "assigned_demand" in site and site["assigned_demand"] > 0:
            served, minutes = round(float(site["assigned_demand"]), 1), site["assigned_mean_time_s"] / 60
            lines.append(words["serves"].format(**named, served=served, minutes=minutes))
        else:
            lines.append(words["site"].format(**named, gain=round(float(site["added_demand"]), 1)))
    tables = siting_tables(choice)
    for stage in tables["stages"].to_dict("records"):
        share = percent_up(stage["loss_share"])
        lines.append(
            words["stage"].format(
                stage=stage["stage"], n=stage["n_sites"], objective=number(stage["objective"]), loss=share
            )
        )
    for site in tables["site_values"].to_dict("records"):
        instead = ""
        if not pd.isna(site["replacement"]):
            other = _name({"id": site["replacement"], "name": site["replacement_name"]})
            instead = words["instead"].format(replacement=other, loss=_share(site["replacement_share"]))
        lines.append(words["worth"].format(name=_name(site), value=_share(site["marginal_share"]), instead=instead))
    plans = tables["plans"]
    if len(plans) > 1:
        lines.append(words["plans"].format(how=speech(language).say("how", plans["how"].iloc[0])))
    lines += [
        words["other"].format(
            plan=plan["plan"],
            change=words["gains" if plan["loss_share"] < 0 else "loses"],
            share=_share(abs(plan["loss_share"])),
            opened=plan["opened"],
            closed=plan["closed"],
        )
        for plan in plans.iloc[1:].to_dict("records")
    ]
    return lines


def _name(place: Mapping[Any, Any]) -> str:
    return str(place["id"] if pd.isna(place.get("name")) else place["name"])


def _share(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2%}"


def about_inputs(run: PlanRun | ProposalRun | SiteComparisonRun | TodayRun) -> list[str]:
    """Say what was refused and what is surprising."""
    words, said = WORDS[run.plan.language], speech(run.plan.language)
    listed = isinstance(run, PlanRun | ProposalRun)  # their folders have rejected.csv and remarks.csv
    lines = []
    if len(run.rejected):
        lines.append(words["rejected" if listed else "rejected, see check"].format(n=len(run.rejected)))
        lines += count_reasons(run.rejected.to_dict("records"), words, said)
    if len(run.remarks) and listed:
        lines.append(words["remarks"].format(n=len(run.remarks)))
    lines += about_warnings(run.manifest["warnings"], run.plan.language)
    return lines


def count_reasons(rejected: Iterable[Mapping[Any, Any]], words: Mapping[str, str], said: Speech) -> list[str]:
    """Say how many rows of each input were refused for each reason."""
    rows = list(rejected)
    variants = Counter(_head(reason) for reason in {str(row["reason"]) for row in rows})
    # reasons that name what stands in the row are counted together
    counts = Counter(
        (row["table"], row["reason"] if variants[_head(row["reason"])] == 1 else _head(row["reason"])) for row in rows
    )
    return [
        words["refused"].format(table=said.say("table", table), n=n, reason=said.say("reason", reason))
        for (table, reason), n in sorted(counts.items())
    ]


def _head(reason: str) -> str:
    return reason.partition(": ")[0]


def about_network(
    run: PlanRun | ProposalRun | SiteComparisonRun | TodayRun, keep: Path | None, not_kept: str | None
) -> list[str]:
    """Say whether a kept network was used and why not, whether this one is kept, and what had to be compiled."""
    words, streets = WORDS[run.plan.language], run.streets
    lines = []
    if streets.reused is not None:
        said = "opened" if keep is None else "reused"
        lines.append(words[said].format(folder=streets.reused, built=streets.built))
    if streets.changed:
        names = [PARTS[name] if run.plan.language == "zh" else name for name in streets.changed]
        lines.append(words["changed"].format(parts=("、" if run.plan.language == "zh" else ", ").join(names)))
    if streets.unusable:
        lines.append(words["unusable"].format(reason=streets.unusable))
    if not_kept is not None:
        lines.append(words["not kept" if not_kept else "kept"].format(folder=keep, reason=not_kept))
    return lines + about_compiling(run.warmed, words)


def about_compiling(warmed: WarmUp, words: Mapping[str, str]) -> list[str]:
    """Say what had to be compiled."""
    return [words["compiled"].format(seconds=warmed.seconds)] if warmed.compiled else []


def about_streets(
    network: RoadNetwork, *, pieces: int, seconds: object, words: Mapping[str, str], said: Speech
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
