"""The answer of a siting model and its certificate."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import geopandas as gpd

Status = Literal["optimal", "feasible"]


@dataclass(frozen=True, eq=False)
class Solution:
    """Chosen sites and how good the choice is proved to be.

    Attributes
    ----------
    model
        'MCLP' and so on.
    sites
        The chosen rows of the candidates table, in the order of opening (``order``), with what each adds.
    status
        'optimal' only when the gap is zero; else 'feasible'.
    objective
        Value of the model's objective for the chosen sites (for MCLP: covered demand, existing facilities included).
    bound
        Proven bound on the objective of any choice.
    gap
        ``(bound - objective) / objective`` for a maximum, zero when both are zero.
    work
        What was done: for example {'nodes': 1, 'simplex_iterations': 210}.
    seconds
        Wall-clock time, model building included.
    solver
        Name and version.
    tie_break
        How equal objectives were told apart: 'exact' (every later criterion proved), or 'search' with the reason.
    proof
        Where the bound comes from: 'branch and bound, HiGHS', or 'duals recomputed' (prices of demand whose bound our
        own code works out anew).
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

    def certificate(self) -> str:
        """Say in one line how good the choice is proved to be."""
        found = f"{self.model}: {len(self.sites)} sites, objective {self.objective:,.10g}"
        if self.status == "optimal":
            return f"{found}, proved optimal ({self.solver})"
        return f"{found}; no other choice can reach more than {self.bound:,.10g} (gap {self.gap:.2%}, {self.solver})"
