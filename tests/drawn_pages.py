"""Every page that the package writes, of small drawn plans with hostile names, in both languages."""

from pathlib import Path

import pandas as pd

from coverage_planner.pipeline.doctor import check_plan
from coverage_planner.report.check_page import check_page
from coverage_planner.report.hours_page import hours_page
from coverage_planner.report.maps import draw_map
from coverage_planner.report.words import Language
from drawn_circle import draw_by_hour
from drawn_outcome import HOSTILE, draw_candidates, draw_outcome, draw_sites
from drawn_plan import STATIONS, draw_plan, write_points
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
    """Two scenarios, three groups, four services."""
    table = pd.concat(
        [
            draw_by_hour().assign(scenario=scenario, group=group, mode="ebike (15 km/h)", cutoff_min=15.0)
            for scenario in ("现状", "方案A")
            for group in ("骑手", HOSTILE, "(all)")
        ],
        ignore_index=True,
    )
    page = hours_page(table, title=f"<b>试点</b> {HOSTILE}", language=language, synthetic=True)
    return _written(folder / f"时段 {language}.html", page)


def draw_map_page(folder: Path, language: Language) -> Path:
    """Today and a plan, two groups, everything that a map can show."""
    groups = (("骑手", "walk", 360.0), ("外卖", "ebike", 300.0))
    path = folder / f"地图 {language}.html"
    draw_map(
        draw_outcome(proposed=True, groups=groups), baseline=draw_outcome(groups=groups), candidates=draw_candidates(),
        sites=draw_sites(), language=language, tiles="https://tiles.invalid/{z}/{x}/{y}.png",
        tiles_attribution="© tiles.invalid", synthetic=True,
    ).save(path)  # fmt: skip
    return path


#: Name of a page -> what draws it into a folder.
PAGES = {"check": draw_check_page, "hours": draw_hours_page, "map": draw_map_page}


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
