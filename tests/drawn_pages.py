"""Every page that the package writes, of small drawn plans with hostile names, in both languages."""

from pathlib import Path

import pandas as pd

from coverage_planner.pipeline.doctor import check_plan
from coverage_planner.report.check_page import check_page
from coverage_planner.report.hours_page import hours_page
from coverage_planner.report.maps import draw_map
from coverage_planner.report.plan_page import draw_plans
from coverage_planner.report.report_page import write_report
from coverage_planner.report.results import write_results
from coverage_planner.report.site_page import draw_comparison
from coverage_planner.report.words import Language
from drawn_circle import draw_by_hour, draw_study
from drawn_map_data import GROUPS, draw_circles, draw_outcomes
from drawn_outcome import HOSTILE, draw_candidates, draw_sites
from drawn_plan import STATIONS, draw_plan, write_points
from drawn_plans import draw_three
from drawn_sites import draw_site_comparison
from osm_drawing import place


def draw_check_page(folder: Path, language: Language) -> Path:
    """The check of a plan with faults of every level."""
    plan = draw_plan(folder / f"数据 {language}", name="<b>试点</b> {{ 7*7 }}")
    rows = [(*row[:3], *place(*row[3:])) for row in STATIONS]
    rows += [("S3", HOSTILE, "驿站", *place(21, 21)), ("S4", HOSTILE, "驿站", *place(21.2, 21))]
    write_points(plan.parent / "stations.csv", ["编号", "名称", "级别", "经度", "纬度"], rows)
    (plan.parent / "riders.csv").unlink()
    return _written(folder / f"检查 {language}.html", check_page(check_plan(plan, language=language)))


def draw_hours_page(folder: Path, language: Language) -> Path:
    """Two scenarios, two groups, four services."""
    table = pd.concat(
        [
            draw_by_hour(n_days=3).assign(scenario=scenario, group=group, mode="ebike (15 km/h)", cutoff_min=15.0)
            for scenario in ("现状", "方案A")
            for group in (HOSTILE, "(all)")
        ],
        ignore_index=True,
    )
    page = hours_page(table, title=f"<b>试点</b> {HOSTILE}", language=language, synthetic=True)
    return _written(folder / f"时段 {language}.html", page)


def draw_map_page(folder: Path, language: Language) -> Path:
    """Today and a plan, two groups, services and hours: everything that a map can show."""
    outcomes = draw_outcomes()
    path = folder / f"地图 {language}.html"
    draw_map(
        outcomes[1], baseline=outcomes[0], candidates=draw_candidates(), sites=draw_sites(),
        circle=draw_study(*outcomes), language=language, tiles="https://tiles.invalid/{z}/{x}/{y}.png",
        tiles_attribution="© tiles.invalid", synthetic=True, title=HOSTILE,
    ).save(path)  # fmt: skip
    return path


def draw_site_page(folder: Path, language: Language) -> Path:
    """Candidate sites, compared one by one."""
    page = draw_comparison(draw_site_comparison(), title=HOSTILE, language=language, synthetic=True)
    return page.save(folder / f"选址 {language}.html")


def draw_plan_page(folder: Path, language: Language) -> Path:
    """Today and two plans with services and hours."""
    outcomes = draw_three()
    circles = draw_circles(outcomes[:2]) + draw_circles(outcomes[2:])
    page = draw_plans(outcomes, circles=circles, language=language, title=HOSTILE, synthetic=True)
    return page.save(folder / f"方案 {language}.html")


def draw_report_page(folder: Path, language: Language) -> Path:
    """The report of a results folder with one group and its circle."""
    outcomes = draw_outcomes(GROUPS[:1])
    results = write_results(
        outcomes[1], folder / f"结果 {language}", baseline=outcomes[0], candidates=draw_candidates(),
        circle=draw_study(*outcomes), title=HOSTILE, language=language, synthetic=True,
    )  # fmt: skip
    return write_report(results, folder / f"报告 {language}.html", language=language)


#: Name of a page -> what draws it into a folder.
PAGES = {
    "check": draw_check_page,
    "hours": draw_hours_page,
    "map": draw_map_page,
    "sites": draw_site_page,
    "plans": draw_plan_page,
    "report": draw_report_page,
}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
