"""What a run comes to for machines: what ``--json`` prints."""

from pathlib import Path
from typing import Any

import pandas as pd

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline import PlanRun, ProposalRun
from coverage_planner.pipeline.site_comparison import SiteComparisonRun
from coverage_planner.pipeline.streets import Streets
from coverage_planner.pipeline.today import TodayRun
from coverage_planner.report.run_file import plain
from coverage_planner.report.siting_tables import Choice, record_choice, siting_tables
from coverage_planner.scenario.scenario import Outcome

_SHARES = ("covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share")


def run_record(run: PlanRun, folder: Path) -> dict[str, Any]:
    """Return a run of a plan: shares of every group, sites with their certificate, what was refused, warnings."""
    outcomes = {"today": run.today} | ({} if run.proposed is None else {"proposed": run.proposed})
    record = {
        "folder": str(folder),
        "name": run.plan.name,
        "language": run.plan.language,
        "synthetic": run.plan.synthetic,
        "files": sorted(path.name for path in folder.iterdir()),
        "scenarios": {role: _scenario(outcome) for role, outcome in outcomes.items()},
        "solution": None if run.choice is None else record_choice(run.choice),
        "sites": _sites(run.choice),
        "network": _network(run.streets),
        "rejected": len(run.rejected),
        "remarks": len(run.remarks),
        "warnings": run.manifest["warnings"],
    }
    return as_json(record)


def proposal_record(run: ProposalRun, folder: Path) -> dict[str, Any]:
    """Return a proposal: certificate, sites, stages, other plans, warnings."""
    choice = run.choice
    tables = siting_tables(choice)
    record = {
        "folder": str(folder),
        "group": run.present.group.name,
        "covered_demand_share_today": run.covered_share,
        "candidates": len(run.proposal.candidates),
        "solution": None if choice is None else record_choice(choice),
        "sites": _sites(choice),
        **{name: tables[name].to_dict("records") for name in ("stages", "site_values", "replacements", "plans")},
        "network": _network(run.streets),
        "rejected": len(run.rejected),
        "remarks": len(run.remarks),
        "warnings": run.manifest["warnings"],
    }
    return as_json(record)


def sites_record(run: SiteComparisonRun, folder: Path) -> dict[str, Any]:
    """Return a comparison of sites: one row per site, the best first, ranks under other assumptions, pairs."""
    record = {
        "folder": str(folder),
        "language": run.plan.language,
        "synthetic": run.plan.synthetic,
        "group": run.comparison.group,
        "sites": run.table.drop(columns=run.table.geometry.name).to_dict("records"),
        "ranks": run.comparison.ranks.to_dict("records"),
        "pairs": run.comparison.pairs.to_dict("records"),
        "network": _network(run.streets),
        "rejected": len(run.rejected),
        "remarks": len(run.remarks),
        "warnings": run.manifest["warnings"],
    }
    return as_json(record)


def today_record(run: TodayRun) -> dict[str, Any]:
    """Return what the layers of today share: how each group fares, the network, what was refused, warnings."""
    return {
        "language": run.plan.language,
        "synthetic": run.plan.synthetic,
        "groups": _scenario(run.today)["groups"],
        "network": _network(run.streets),
        "rejected": len(run.rejected),
        "remarks": len(run.remarks),
        "warnings": run.manifest["warnings"],
    }


def network_record(network: RoadNetwork, folder: Path, *, rejected: int, noted: list[str]) -> dict[str, Any]:
    """Return a built network: how much there is of it, and for whom."""
    length_m = network.edges["length_m"].to_numpy()
    record = {
        "folder": str(folder),
        "length_m": round(float(length_m.sum()), 1),
        "junctions": len(network.nodes),
        "edges": len(network.edges),
        "obstacles": len(network.obstacles),
        "modes": {
            name: {"open_m": round(float(length_m[graph.allowed].sum()), 1)} for name, graph in network.graphs.items()
        },
        "rejected": rejected,
        "warnings": noted,
    }
    return as_json(record)


def as_json(record: dict[str, Any]) -> dict[str, Any]:
    """Return what JSON can hold: null where there is no value."""
    return plain(_without_missing(record), "record")  # type: ignore[no-any-return]


def _scenario(outcome: Outcome) -> dict[str, Any]:
    groups = {}
    for name, found in outcome.groups.items():
        shares = found.shares.iloc[0]
        groups[name] = {
            "mode": shares["mode"],
            "cutoff_s": shares["cutoff_s"],
            "demand": float(found.group.demand["demand"].sum()),
            **{share: shares[share] for share in _SHARES},
        }
    return {"name": outcome.scenario.name, "groups": groups}


def _sites(choice: Choice | None) -> list[dict[Any, Any]]:
    return [] if choice is None else choice.solution.sites.drop(columns="geometry").to_dict("records")


def _network(streets: Streets) -> dict[str, Any]:
    reused = None if streets.reused is None else str(streets.reused)
    return {"reused": reused, "built": streets.built or None, "changed": list(streets.changed)}


def _without_missing(value: Any) -> Any:
    """Put None where pandas says that there is no value."""
    if isinstance(value, dict):
        return {key: _without_missing(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_missing(item) for item in value]
    return None if value is pd.NA or value is pd.NaT else value
