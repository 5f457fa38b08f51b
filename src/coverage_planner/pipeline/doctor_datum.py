"""What the streets say about the datum of points."""

from typing import NamedTuple

import geopandas as gpd

from coverage_planner.config import PointSource
from coverage_planner.datum_detection import detect_datum
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.report.findings import NOTHING_SAID, Finding, Named, Said


class Judged(NamedTuple):
    """What is said of a datum, whether it fits what the plan declares (None: undecided), and what is wrong."""

    said: Said = NOTHING_SAID
    fits: bool | None = None
    findings: tuple[Finding, ...] = ()


def judge_datum(named: Named, points: gpd.GeoDataFrame, network: RoadNetwork, source: PointSource, mode: str) -> Judged:
    """Compare the datum that a source declares with the one under which its points fit the streets best.

    Parameters
    ----------
    named
        The input.
    points
        Its points, converted from the declared datum already.
    network, mode
        The streets, and the mode whose streets count.
    source
        Its table in the plan.
    """
    if source.form != "table":
        return Judged()
    verdict = detect_datum(points, network, declared=source.datum, mode=mode)
    if verdict.reason == "outside":  # nobody shifts positions there
        return Judged()
    said = Said(verdict.sentence("zh"), verdict.sentence("en"))
    if verdict.agrees is not False:
        return Judged(said, verdict.agrees)
    finding = Finding("warning", "datum", named.key, said, _advice(named.key, verdict.verdict), where=points.geometry)
    return Judged(said, fits=False, findings=(finding,))


def _advice(key: str, verdict: str) -> Said:
    if verdict == "none":
        return Said(
            "请查明坐标的来源：可能是其他坐标系、地方坐标，或整体平移过",
            "find out where the coordinates come from: another CRS, a local one, or moved as a whole",
        )
    if not key:
        return NOTHING_SAID
    return Said(f"若来源确是如此，写在 {key} 中", f"if that is where they come from, write it in {key}")
