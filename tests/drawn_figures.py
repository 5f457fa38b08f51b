"""Figures of plans drawn by hand or by hypothesis: points on a line of 100 m, two communities and a bit beyond."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import strategies as st

from coverage_planner.scenario.plan_figures import CIRCLE_MEASURES, SERVICE_COLUMNS, PlanFigures, tidy_stations

CRS = "EPSG:32650"
CUTOFF_S = 600.0
GROUP = "walkers"
#: Communities of five points each; the third has no subdistrict, and what lies beyond belongs to none.
AREAS = gpd.GeoDataFrame(
    {"id": ["W", "M", "E"], "name": ["西", "中", "东"], "subdistrict": ["江北", "江北", None]},
    geometry=[shapely.box(-50 + 500 * n, -50, 450 + 500 * n, 50) for n in range(3)],
    crs=CRS,
)
#: id, name, level, cost.
STATIONS = (
    ("F1", "一号", "hub", np.nan), ("F2", "二号", "satellite", 2.5), ("F3", "三号", None, 4.0), ("F4", "四号", None, np.nan),
)  # fmt: skip


def draw_figures(
    name: str,
    demand: Sequence[float],
    seconds: Sequence[float],
    stations: Sequence[str] = ("F1",),
    **changes: dict[str, str],
) -> PlanFigures:
    """A plan in which each point has a time (NaN: none); `changes` are facts of stations by id."""
    times = np.array(seconds, dtype=float)
    covered = times <= CUTOFF_S
    weights = np.array(demand, dtype=float)
    places = [shapely.Point(100 * n, 0) for n in range(len(weights))]
    points = gpd.GeoDataFrame(
        {
            "id": [f"D{n}" for n in range(len(weights))], "demand": weights,
            "facility_id": [None if np.isnan(t) else "F1" for t in times], "time_s": times, "covered": covered,
        },
        geometry=places, crs=CRS,
    )  # fmt: skip
    total, served = weights.sum(), weights[covered].sum()
    mean = (weights * np.nan_to_num(times))[covered].sum() / served / 60 if served > 0 else np.nan
    overall = pd.DataFrame(
        [
            {
                "group": GROUP, "mode": "walk (4.8 km/h)", "direction": "to_facility", "cutoff_s": CUTOFF_S,
                "n_facilities": len(stations), "n_points": len(weights), "demand": total, "covered_demand": served,
                "covered_demand_share": served / total if total > 0 else np.nan, "covered_point_share": covered.mean(),
                "covered_area_share": 0.5, "covered_road_share": np.nan, "mean_time_min": mean,
                **dict.fromkeys(CIRCLE_MEASURES, np.nan),
            }
        ]
    )  # fmt: skip
    rows = [dict(zip(("id", "name", "level", "cost"), row, strict=True)) for row in STATIONS if row[0] in stations]
    rows = [row | changes.get(row["id"], {}) for row in rows]
    sites = gpd.GeoSeries([shapely.Point(100 * n, 5) for n in range(len(rows))], crs=CRS)
    gone = [place for place, is_covered in zip(places, covered, strict=True) if not is_covered]
    outlines = shapely.get_parts(shapely.union_all([place.buffer(60) for place in gone])) if gone else []
    gaps = gpd.GeoDataFrame(
        {
            "id": [f"G{n:02d}" for n in range(1, len(outlines) + 1)],
            "uncovered_demand": [sum(w for w, p in zip(weights, places, strict=True) if p.within(o)) for o in outlines],
            "reason": "no_station_in_reach",
        },
        geometry=list(outlines), crs=CRS,
    )  # fmt: skip
    services = pd.DataFrame({column: pd.Series(dtype=object) for column in SERVICE_COLUMNS})
    table = tidy_stations(pd.DataFrame(rows), sites)
    return PlanFigures(name, overall, {GROUP: points}, AREAS, table, {GROUP: gaps}, services)


def plans(n_plans: int = 3) -> st.SearchStrategy[list[PlanFigures]]:
    """Plans of the same demand, named 'today', 'A', 'B', … ."""
    seconds = st.one_of(st.just(float("nan")), st.integers(0, 1500).map(float))

    @st.composite
    def draw(of) -> list[PlanFigures]:
        demand = of(st.lists(st.integers(0, 50), min_size=1, max_size=18))
        return [
            draw_figures(
                name,
                demand,
                of(st.lists(seconds, min_size=len(demand), max_size=len(demand))),
                of(st.lists(st.sampled_from([row[0] for row in STATIONS]), min_size=1, max_size=4, unique=True)),
            )
            for name in ("today", "A", "B")[:n_plans]
        ]

    return draw()
