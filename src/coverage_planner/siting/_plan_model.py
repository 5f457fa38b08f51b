"""What opening orders and alternatives ask of a model: its gains, its own solution, and how plans are ranked."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.siting._gains import Gains, cover_gains, time_gains
from coverage_planner.siting._problem import SitingProblem, build_problem
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.p_median import solve_p_median
from coverage_planner.siting.solution import Solution
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import to_milliseconds

ModelName = Literal["MCLP", "p-median"]
_Sites = NDArray[np.int64]
#: What plans are ranked by, the smaller the better: what it brings (negative), weighted time, cost, sites.
Rank = tuple[int, int, int, tuple[int, ...]]


class Solve(Protocol):
    """A model and its input; rules and limits are still to be given."""

    def __call__(self, **rules: Any) -> Solution:
        """Solve under rules and limits, as the model's own function takes them."""


@dataclass(frozen=True, eq=False)
class PlanModel:
    """A model as plans are compared by it.

    Attributes
    ----------
    name
        'MCLP' or 'p-median'.
    problem
        Candidates and demand, sorted by id.
    gains
        What each candidate brings.
    ids
        Shape (n,): labels of the candidates.
    solve
        The model's own function with its input.
    needs_a_site
        Whether a plan without any site has no objective: nothing says what demand without a site counts.
    """

    name: ModelName
    problem: SitingProblem
    gains: Gains
    ids: NDArray[np.object_]
    solve: Solve
    needs_a_site: bool

    def rank(self, sites: _Sites) -> Rank:
        """Rank a plan; for weighted time the model's own objective comes first, so there is no second time."""
        time = self.problem.rate(sites)[1] if self.name == "MCLP" else 0
        return -self.gains.total(sites), time, self.cost(sites), tuple(np.sort(sites).tolist())

    def cost(self, sites: _Sites) -> int:
        """Cost of a plan, in grains; zero where costs are not known."""
        return int(self.problem.cost[sites].sum())

    def objective(self, sites: _Sites) -> float:
        """Objective of a plan."""
        if self.needs_a_site and not len(sites):
            return math.inf
        return self.gains.objective(self.gains.total(sites))

    def numbers(self, ids: "gpd.pd.Series[str]") -> _Sites:
        """Candidate numbers of some labels, in their order."""
        place = {name: number for number, name in enumerate(self.ids)}
        return np.array([place[name] for name in ids], dtype=np.int64)

    def bound(self, solution: Solution) -> int:
        """Grains that no plan can bring, as a solution of the same rules proves it; rounded up."""
        found = self.gains.total(self.numbers(solution.sites["id"]))
        if solution.status == "optimal":
            return found
        beyond = abs(solution.bound - solution.objective) / self.gains.worth
        return found + math.ceil(beyond * (1 - 1e-12))


def read_model(
    name: ModelName,
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    *,
    cutoff_s: float | None,
    unserved_s: float | None,
    existing: TravelTimes | None,
    group_weights: Mapping[str, float] | None,
    threads: int | None,
) -> PlanModel:
    """Check the input of a model and reckon its gains.

    Raises
    ------
    ConfigError
        An unknown model, or a setting of the other one; and what the model's own function refuses.
    CrsError, SchemaError, InputError
        As the model's own function.
    """
    tables: dict[str, Any] = {"existing": existing, "group_weights": group_weights}
    shared = {**tables, "threads": threads}
    if name == "MCLP":
        if cutoff_s is None or unserved_s is not None:
            raise ConfigError(
                f"plans of the MCLP need cutoff_s and no unserved_s, got cutoff_s {cutoff_s!r} and unserved_s "
                f"{unserved_s!r}; give the longest acceptable time"
            )
        problem = build_problem(times, demand, candidates, cutoff_s=cutoff_s, **tables)
        gains = cover_gains(problem)
        solve = partial(solve_mclp, times, demand, candidates, cutoff_s=cutoff_s, **shared)
    elif name == "p-median":
        if cutoff_s is not None:
            raise ConfigError(
                f"plans of the p-median need no cutoff_s, got {cutoff_s!r}; leave it out, and say with unserved_s what "
                "demand without a site counts"
            )
        if unserved_s is not None and not times.limit_s <= unserved_s < np.inf:
            raise ConfigError(
                f"unserved_s must be at least the limit of the search ({times.limit_s:g} s), got {unserved_s!r}; give "
                "a longer time"
            )
        problem = build_problem(times, demand, candidates, cutoff_s=times.limit_s, **tables)
        unserved_ms = None if unserved_s is None else int(to_milliseconds(np.array([unserved_s]))[0])
        weights = problem.demand * problem.grain
        gains = time_gains(problem, weights, unserved_ms, demand["id"].to_numpy(dtype=object)[problem.demand_order])
        solve = partial(solve_p_median, times, demand, candidates, unserved_s=unserved_s, **shared)
    else:
        raise ConfigError(f"model must be 'MCLP' or 'p-median', got {name!r}; other models have no plans to compare")
    ids = candidates["id"].to_numpy(dtype=object)[problem.order]
    needs_a_site = name == "p-median" and unserved_s is None and not problem.present.all()
    return PlanModel(name, problem, gains, ids, solve, needs_a_site)
