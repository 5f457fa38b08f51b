"""A choice of one site drawn by hand, with an opening order and two other plans, names that mean harm among them."""

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.report.certificate import Question
from coverage_planner.report.siting_tables import Choice
from coverage_planner.siting.alternatives import Alternatives
from coverage_planner.siting.sequence import OpeningOrder
from coverage_planner.siting.solution import Solution
from drawn_outcome import draw_candidates, draw_sites


def draw_solution(**changes) -> Solution:
    given = {
        "model": "MCLP", "sites": draw_sites(), "status": "optimal", "objective": 410.0, "bound": 410.0, "gap": 0.0,
        "work": {"nodes": 1}, "seconds": 0.25, "solver": "HiGHS 1.8.0", "tie_break": "exact",
    }  # fmt: skip
    return Solution(**given | changes)


def draw_choice() -> Choice:
    candidates, solution = draw_candidates(), draw_solution()
    chosen, other = (
        solution.sites["id"][0],
        next(name for name in candidates["id"] if name not in set(draw_sites()["id"])),
    )
    values = (
        draw_sites()
        .drop(columns="order")
        .assign(
            marginal_value=np.inf,
            marginal_share=np.inf,
            replacement=other,
            replacement_loss=-1.5,
            replacement_share=-0.1,
        )
    )
    replacements = pd.DataFrame(
        {
            "id": [chosen],
            "rank": [1],
            "replacement": [other],
            "objective": [400.0],
            "loss": [10.0],
            "share": [0.025],
            "cost_change": [np.nan],
        }
    )
    plans = pd.DataFrame(
        {"plan": [0, 1], "objective": [410.0, 400.0], "loss": [0.0, 10.0], "share": [0.0, 10 / 410], "n_sites": [1, 1],
         "cost": [0.1 + 0.2, np.nan], "opened": ["", other], "closed": ["", chosen]}
    )  # fmt: skip
    sites = gpd.GeoDataFrame(pd.concat([draw_sites(), candidates.head(1)], ignore_index=True), crs=candidates.crs)
    alternatives = Alternatives(
        model="MCLP", objective=410.0, sites=values, replacements=replacements, plans=plans,
        plan_sites=sites.assign(plan=[0, 1], is_new=[False, True]), how="exact: no-good cuts, HiGHS 1.8.0",
        is_complete=True, work=0.5, seconds=0.1, interrupted=False,
    )  # fmt: skip
    stages = pd.DataFrame(
        {"stage": [1], "n_sites": [1], "n_new": [1], "cost": [12.5], "opened": [chosen], "objective": [410.0], "bound": [420.0],
         "loss": [10.0], "loss_share": [10 / 420], "own_objective": [410.0]}
    )  # fmt: skip
    order = OpeningOrder(
        model="MCLP", sites=draw_sites().assign(stage=1), stages=stages, worst_share=10 / 420, weighted_loss=10.0,
        status="feasible", how="search: drawn", solutions=(solution,), work=0.5, seconds=0.1, interrupted=False,
    )  # fmt: skip
    return Choice(solution, candidates, "walkers", Question(n_open=1), alternatives, order)
