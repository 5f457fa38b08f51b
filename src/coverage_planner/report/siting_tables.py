"""A choice of sites -> the tables that defend it: certificate, stages, what each site is worth, other plans."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.report.certificate import Question, say_certificate
from coverage_planner.report.table_columns import LAYERS, TABLES
from coverage_planner.siting.alternatives import Alternatives
from coverage_planner.siting.sequence import OpeningOrder
from coverage_planner.siting.solution import Solution

#: Sums of decimal fractions are not exact in binary; this many decimals of them are.
_COST_DECIMALS = 9
_TABLES = ("choice", "stages", "site_values", "replacements", "plans")


@dataclass(frozen=True, eq=False)
class Choice:
    """What a siting model chose, and what is said of it.

    Attributes
    ----------
    solution
        The chosen sites with their certificate.
    candidates
        Where a site could open; None where that is not known.
    group
        Name of the group that the sites are for.
    question
        What the model was asked, for the wording of the certificate; None: just so many sites.
    alternatives
        What the choice hangs on; None where that was not asked.
    order
        When each site opens; None where all open at once.
    """

    solution: Solution
    candidates: gpd.GeoDataFrame | None = None
    group: str = ""
    question: Question | None = None
    alternatives: Alternatives | None = None
    order: OpeningOrder | None = None


def siting_tables(choice: Choice | None) -> dict[str, pd.DataFrame]:
    """Make the tables of a choice of sites; those of which there is nothing have their columns and no rows.

    Parameters
    ----------
    choice
        The choice, or None.

    Returns
    -------
    dict
        'choice', 'stages', 'site_values', 'replacements', 'plans' -> table with the columns of `table_columns.TABLES`.
    """
    found: dict[str, pd.DataFrame] = {}
    if choice is not None:
        found["choice"] = pd.DataFrame([_certificate(choice)])
        if choice.order is not None:
            found["stages"] = _stages(choice, choice.order)
        if choice.alternatives is not None:
            found |= _alternatives(choice, choice.alternatives)
    return {name: found.get(name, pd.DataFrame(columns=list(TABLES[name]))) for name in _TABLES}


def plan_sites(choice: Choice | None, crs: Any) -> gpd.GeoDataFrame:
    """Return the sites of the plan and of the others, for maps; columns of the layer 'plan_sites'."""
    if choice is None or choice.alternatives is None:
        columns: dict[str, list[object]] = {name: [] for name in LAYERS["plan_sites"][1]}
        return gpd.GeoDataFrame(columns, geometry=[], crs=crs)
    return choice.alternatives.plan_sites.to_crs(crs)


def record_choice(choice: Choice) -> dict[str, Any]:
    """Return what run.json says of a choice; equal runs have equal records but for ``seconds``."""
    solution = choice.solution
    named = (
        "model", "sense", "status", "objective", "bound", "gap", "work", "seconds", "solver", "tie_break", "proof",
        "interrupted", "unserved",
    )  # fmt: skip
    return {
        "certificate": solution.certificate(),
        "certificate_zh": say_certificate(solution, "zh", choice.question),
        "certificate_en": say_certificate(solution, "en", choice.question),
        "sites": list(solution.sites["id"]),
        **{name: getattr(solution, name) for name in named},
        "history": [
            {name: getattr(state, name) for name in ("stage", "work", "objective", "bound", "gap")}
            for state in solution.history
        ],
    }


def _certificate(choice: Choice) -> Mapping[str, Any]:
    solution = choice.solution
    return {
        "group": choice.group,
        "model": solution.model,
        "n_sites": len(solution.sites),
        "total_cost": _total_cost(solution.sites),
        "objective": solution.objective,
        "bound": solution.bound,
        "gap_share": _finite(solution.gap),
        "status": solution.status,
        "proof": solution.proof,
        "tie_break": solution.tie_break,
        "interrupted": solution.interrupted,
        "n_unserved": len(solution.unserved),
        "certificate_zh": say_certificate(solution, "zh", choice.question),
        "certificate_en": say_certificate(solution, "en", choice.question),
    }


def _alternatives(choice: Choice, found: Alternatives) -> dict[str, pd.DataFrame]:
    names = _names(choice)

    def called(ids: pd.Series) -> pd.Series:
        return ids.map(names).astype(object)

    def listed(ids: pd.Series) -> pd.Series:
        return ids.map(lambda text: _with_names(text, names)).astype(object)

    values = pd.DataFrame(found.sites.drop(columns=found.sites.geometry.name))
    order = choice.solution.sites.set_index("id")["order"]
    values = values.assign(order=values["id"].map(order)).sort_values("order", ignore_index=True)
    shares = ["marginal_value", "marginal_share", "replacement_loss", "replacement_share"]
    values = values.assign(
        **{name: values[name].map(_finite) for name in shares}, replacement_name=called(values["replacement"])
    )
    others = found.replacements
    others = others.assign(loss_share=others["share"].map(_finite), replacement_name=called(others["replacement"]))
    plans = found.plans
    plans = plans.assign(
        loss_share=plans["share"].map(_finite),
        total_cost=plans["cost"].round(_COST_DECIMALS),
        opened=listed(plans["opened"]),
        closed=listed(plans["closed"]),
        how=found.how,
    )
    return {"site_values": values, "replacements": others, "plans": plans}


def _stages(choice: Choice, order: OpeningOrder) -> pd.DataFrame:
    names = _names(choice)
    opened = order.stages["opened"].map(lambda ids: _with_names(ids, names)).astype(object)
    shares = order.stages["loss_share"].map(_finite)
    return order.stages.assign(opened=opened, loss_share=shares, total_cost=order.stages["cost"].round(_COST_DECIMALS))


def _names(choice: Choice) -> "pd.Series[str]":
    table = choice.candidates
    return pd.Series(dtype=object) if table is None or "name" not in table else table.set_index("id")["name"]


def _with_names(ids: Any, names: "pd.Series[str]") -> str | None:
    """Write 'P1 民安银行; P7' for the ids 'P1, P7'."""
    if not isinstance(ids, str) or not ids:
        return None
    known = {key: name for key in ids.split(", ") if isinstance(name := names.get(key), str)}
    return "; ".join(f"{key} {known[key]}" if key in known else key for key in ids.split(", "))


def _total_cost(sites: gpd.GeoDataFrame) -> float:
    cost = sites["cost"].to_numpy(dtype=float, na_value=np.nan) if "cost" in sites else np.full(len(sites), np.nan)
    return round(float(cost.sum()), _COST_DECIMALS)


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else np.nan
