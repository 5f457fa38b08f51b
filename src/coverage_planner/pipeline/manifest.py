"""What run.json says of a run: settings, versions, inputs, rows, stages, warnings."""

import platform
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from coverage_planner.config import Plan
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.start import Start
from coverage_planner.pipeline.stopwatch import Stopwatch
from coverage_planner.report.siting_tables import Choice
from coverage_planner.traveltime.times import TravelTimes

#: Packages whose versions stand in the manifest.
_PACKAGES = (
    "coverage-planner", "geopandas", "highspy", "numba", "numpy", "osmium", "pandas", "pyproj", "scipy", "shapely",
)  # fmt: skip


def build_manifest(
    plan: Plan,
    start: Start,
    times: Mapping[str, TravelTimes],
    choice: Choice | None,
    *,
    watch: Stopwatch,
    caught: Sequence[warnings.WarningMessage],
) -> dict[str, Any]:
    """Say how a run came about.

    Parameters
    ----------
    plan, start
        What was asked, and what it began with.
    times
        Group name -> times to the stations that exist.
    choice
        The chosen sites, or None.
    watch
        The stages.
    caught
        What was warned of.
    """
    streets = start.streets
    return {
        "plan": _plain(asdict(_without_keys(plan))),
        "platform": platform.platform(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}},
        "crs": start.network.edges.crs.to_string(),
        "margin_m": start.inputs.margin_m,
        "inputs": start.inputs.rows,
        "network": _describe_network(start.network),
        "road_cleaning": streets.notes["cleaning"],
        "network_reused": None if streets.reused is None else {"folder": streets.reused.name, "built": streets.built},
        "snapped": _count_snapped(times),
        "warnings": sorted({str(warning.message) for warning in caught if issubclass(warning.category, UserWarning)}),
        "solution": None if choice is None else choice.solution.certificate(),
        "stages": watch.stages,
    }


def _without_keys(plan: Plan) -> Plan:
    """Return a plan whose key of an online map, which is its owner's, is not told to whoever gets the results."""
    kept = "not kept here" if plan.map.tianditu_key else None
    return replace(plan, map=replace(plan.map, tianditu_key=kept))


def _describe_network(network: RoadNetwork) -> dict[str, Any]:
    islands = network.islands.groupby("mode")["length_m"].sum() / 1000
    return {
        "source": network.source,
        "junctions": len(network.nodes),
        "edges": len(network.edges),
        "street_km": round(float(network.edges["length_m"].sum()) / 1000, 1),
        "island_km": {name: round(float(islands.get(name, 0.0)), 1) for name in network.graphs},
        "modes": {name: graph.mode.describe() for name, graph in network.graphs.items()},
    }


def _count_snapped(times: Mapping[str, TravelTimes]) -> dict[str, dict[str, dict[str, int]]]:
    return {
        name: {
            side: {str(status): int(n) for status, n in table["status"].value_counts().items()}
            for side, table in (("facilities", found.facility_snaps), ("demand", found.demand_snaps))
        }
        for name, found in times.items()
    }


def _plain(value: Any) -> Any:
    """Turn settings into what JSON can hold."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
