"""The answer of a siting model and its certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd

from coverage_planner.siting.effort import SearchState, Sense

Status = Literal["optimal", "feasible"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Chosen sites and how good the choice is proved to be.

    Attributes
    ----------
    model
        'MCLP', 'LSCP', 'p-median', 'p-center', 'backup coverage'.
    sites
        The chosen rows of the candidates table, in the order of opening (``order``), with what each adds.
    status
        'optimal' only when the gap is zero; else 'feasible'.
    objective
        Value of the model's objective for the chosen sites (for MCLP: covered demand, existing facilities included).
    bound
        Proven bound on the objective of any choice.
    gap
        ``(bound - objective) / objective`` for a maximum, ``(objective - bound) / objective`` for a minimum; zero when
        both are equal.
    work
        What was done: for example {'units': 1.5, 'nodes': 1, 'simplex_iterations': 210}.
    seconds
        Wall-clock time, model building included.
    solver
        Name and version.
    tie_break
        How equal objectives were told apart: 'exact' (every later criterion proved), or 'search' with the reason.
    proof
        Where the bound comes from: 'branch and bound, HiGHS', or 'duals recomputed' (prices of demand whose bound our
        own code works out anew).
    sense
        'max' where the objective is to be large, 'min' where small.
    interrupted
        Whether Ctrl+C ended the search.
    unserved
        Ids of demand points that no candidate and no existing facility can serve.
    history
        What was reached when, from the first choice to the last bound.
    """

    model: str
    sites: gpd.GeoDataFrame
    status: Status
    objective: float
    bound: float
    gap: float
    work: Mapping[str, float]
    seconds: float
    solver: str
    tie_break: str
    proof: str = ""
    sense: Sense = "max"
    interrupted: bool = False
    unserved: tuple[str, ...] = ()
    history: tuple[SearchState, ...] = ()

    def certificate(self) -> str:
        """Say in one line how good the choice is proved to be."""
        found = f"{self.model}: {len(self.sites)} sites, objective {self.objective:,.10g}"
        if self.status == "optimal":
            return f"{found}, proved optimal ({self.solver})"
        reach = "reach more than" if self.sense == "max" else "get below"
        return f"{found}; no other choice can {reach} {self.bound:,.10g} (gap {self.gap:.2%}, {self.solver})"
