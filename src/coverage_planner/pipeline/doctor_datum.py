"""What the streets say about the datum of points."""

from typing import NamedTuple

import geopandas as gpd

from coverage_planner import datum_detection
from coverage_planner.config import PointSource
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.pipeline.doctor_points import Named
from coverage_planner.report.findings import NOTHING_SAID, Finding, Said


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
    if source.form != "table" or not hasattr(datum_detection, "detect_datum"):
        return Judged()
    verdict = datum_detection.detect_datum(points, network, declared=source.datum, mode=mode)
    said = Said(verdict.sentence("zh"), verdict.sentence("en"))
    if verdict.agrees is not False:
        return Judged(said, verdict.agrees)
    advice = Said(
        f'若来源确是如此，请在 {named.key} 写 datum = "{verdict.verdict}"',
        f'if that is where they come from, write datum = "{verdict.verdict}" in {named.key}',
    )
    return Judged(
        said, fits=False, findings=(Finding("warning", "datum", named.key, said, advice, where=points.geometry),)
    )
