"""The input doctor: every input of a plan read on its own, and everything that is wrong with it, in one report."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage_planner.config import (
    DemandSource,
    GroupSettings,
    Plan,
    PointSource,
    circle_sources,
    point_sources,
    read_plan,
)
from coverage_planner.errors import CoveragePlannerError
from coverage_planner.pipeline.checks import ROADS
from coverage_planner.pipeline.doctor_circle import find_odd_circle
from coverage_planner.pipeline.doctor_inputs import (
    COMMUNITIES,
    STUDY_AREA,
    Ground,
    look_at_communities,
    look_at_points,
    look_at_streets,
    look_at_study_area,
)
from coverage_planner.pipeline.doctor_plan import find_odd_settings, find_odd_siting
from coverage_planner.pipeline.doctor_reading import Reading, of_message
from coverage_planner.pipeline.doctor_streets import draw_streets
from coverage_planner.pipeline.inputs import MOBILE
from coverage_planner.pipeline.stopwatch import StageReport
from coverage_planner.report.findings import CheckReport, Finding, Said, sort_findings
from coverage_planner.report.words import Language
from coverage_planner.schema import Rejections
from coverage_planner.sources.road_cleaning import RoadCleaning


def check_plan(
    path: str | PathLike[str], *, language: Language | None = None, report: StageReport | None = None
) -> CheckReport:
    """Check all inputs of a plan, and write nothing.

    A broken input does not keep the others from being checked; what could not be checked because of it is said.

    Parameters
    ----------
    path
        The plan file.
    language
        Language of the report; the plan's by default, Chinese where the plan cannot be read.
    report
        Called when an input is begun (seconds None) and when it is done.

    Returns
    -------
    CheckReport
        What was read, what is wrong with it, and what to do.
    """
    file = Path(path)
    try:
        plan = read_plan(file, require_files=False)
    except CoveragePlannerError as error:
        finding = of_message("error", "plan", "", str(error))
        return CheckReport(file.stem, file.name, language or "zh", (), (finding,))
    return _check(replace(plan, language=language or plan.language), report or (lambda _stage, _seconds: None))


def count_inputs(path: str | PathLike[str]) -> int:
    """Return how many inputs a plan file names; 0 where it cannot be read."""
    try:
        plan = read_plan(path, require_files=False)
    except CoveragePlannerError:
        return 0
    return 1 + (plan.study_area is not None) + (plan.communities is not None) + len(list(_sources(plan)))


def _check(plan: Plan, tell: StageReport) -> CheckReport:
    readings: list[Reading[Any]] = []

    def step(key: str, work: Callable[[], Reading[Any]]) -> Any:
        tell(key, None)
        readings.append(work())
        tell(key, 0.0)
        return readings[-1].found

    study_area = None
    if plan.study_area is not None:
        study_area = step(STUDY_AREA, partial(look_at_study_area, plan, plan.study_area))
    usable = plan if study_area is not None else replace(plan, study_area=None)
    cleaning = RoadCleaning()
    streets = step(ROADS, partial(look_at_streets, usable, study_area, cleaning))
    ground = Ground(usable, study_area, streets, None)
    if plan.communities is not None:
        areas = step(COMMUNITIES, partial(look_at_communities, ground, plan.communities))
        ground = replace(ground, communities=areas)
    for key, source, group in _sources(plan):
        step(key, partial(look_at_points, ground, key, source, group))
    findings = [finding for reading in readings for finding in reading.findings]
    tables = {reading.check.table: reading.check.points for reading in readings}
    findings += [
        *find_odd_settings(plan),
        *find_odd_circle(plan, tables.get("facilities"), _stops(readings), _people(plan, readings, study_area)),
        *_odd_siting(plan, readings),
        *_not_checked(readings),
    ]
    return CheckReport(
        name=plan.name,
        file=plan.path.name,
        language=plan.language,
        inputs=tuple(reading.check for reading in readings),
        findings=sort_findings(findings, [reading.check.key for reading in readings]),
        synthetic=plan.synthetic,
        study_area=study_area,
        communities=ground.communities,
        streets=None if streets is None else draw_streets(streets, cleaning),
        rejected=_frame(readings, Rejections.to_frame),
        remarks=_frame(readings, Rejections.remarks_frame),
    )


def _sources(plan: Plan) -> Iterator[tuple[str, PointSource, GroupSettings | None]]:
    """Yield the key, the source and, of demand, the group of every input of points."""
    groups = iter([group for group in plan.groups for _ in group.sources])
    for key, source in chain(point_sources(plan), circle_sources(plan)):
        yield key, source, next(groups) if isinstance(source, DemandSource) else None


def _stops(readings: Sequence[Reading[Any]]) -> gpd.GeoDataFrame | None:
    """Put the stops of all service buses together; None where there are none, or some could not be read."""
    tables = [reading.check.points for reading in readings if reading.check.table == MOBILE]
    found = [table for table in tables if table is not None]
    if not found or len(found) < len(tables):
        return None
    return gpd.GeoDataFrame(pd.concat([table.to_crs(found[0].crs) for table in found], ignore_index=True))


def _frame(readings: Sequence[Reading[Any]], tabulate: Callable[[Rejections], pd.DataFrame]) -> pd.DataFrame:
    frames = [tabulate(reading.rejected) for reading in readings]
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True).drop_duplicates(ignore_index=True) if filled else frames[0]


def _people(
    plan: Plan, readings: Sequence[Reading[Any]], study_area: gpd.GeoDataFrame | None
) -> dict[int, list[gpd.GeoDataFrame]]:
    """Return the demand of each group, by its number, that lies in the study area."""
    found: dict[int, list[gpd.GeoDataFrame]] = {}
    for number in range(1, len(plan.groups) + 1):
        checks = [reading.check for reading in readings if reading.check.key.startswith(f"[[groups]] {number} ")]
        tables = [check.points for check in checks if check.points is not None]
        if study_area is not None:
            area = study_area.geometry
            tables = [table[table.intersects(area.to_crs(table.crs).union_all())] for table in tables]
        found[number] = tables
    return found


def _odd_siting(plan: Plan, readings: Sequence[Reading[Any]]) -> list[Finding]:
    checked = next((reading.check for reading in readings if reading.check.table == "premises"), None)
    if checked is None or checked.points is None or checked.kept is None:
        return []
    costs = checked.points["cost"].dropna() if "cost" in checked.points.columns else pd.Series(dtype=float)
    return find_odd_siting(plan, checked.kept, float(costs.min()) if len(costs) else None)


def _not_checked(readings: Sequence[Reading[Any]]) -> list[Finding]:
    """Say what could not be looked at because an input it needs could not be read."""
    broken = {reading.check.key for reading in readings if reading.found is None}
    lost = {
        ROADS: Said(
            "道路读不出来：各点离道路的距离、坐标系的判断、孤岛、阻隔和外扩范围都没有检查",
            "the streets could not be read: distances to streets, datums, islands, barriers and the margin are not "
            "checked",
        ),
        STUDY_AREA: Said(
            "研究范围读不出来：范围外的点和外扩范围没有检查，道路按全部读入",
            "the study area could not be read: points outside it and the margin are not checked, and all streets are "
            "read",
        ),
        COMMUNITIES: Said(
            "社区读不出来：不在任何社区的需求没有检查",
            "the communities could not be read: demand in none of them is not checked",
        ),
    }
    again = Said("更正后请再检查一遍", "check again when that is put right")
    return [Finding("note", "not checked", key, said, again) for key, said in lost.items() if key in broken]
