"""Set covering against every choice, published figures and its own promises."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InfeasibleError, SchemaError, SitingError
from coverage_planner.siting import _exact, _lexicographic
from coverage_planner.siting.lscp import solve_lscp
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.rules import Quota
from drawn_times import make_candidates, make_demand, make_times
from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, cases, tables, wished

PARTIAL = st.sampled_from([Fraction(k, 10) for k in (1, 3, 5, 7, 9)] + [Fraction(95, 100), Fraction(1)] * 2)


def best_choice(town, wishes, partial, by_cost):
    """The best choice by looking at all: objective and sorted ids, None where there is none."""
    wanted = partial * sum(oracle.weights(town, wishes))
    found = []
    for choice in oracle.allowed(town, wishes):
        if oracle.covered_demand(town, wishes, choice, CUTOFF_MS) >= wanted:
            value = oracle.cost_of(town, choice) if by_cost else Fraction(len(choice))
            found.append((value, oracle.late_key(town, wishes, choice, CUTOFF_MS)))
    return min(found, default=None)


def solve(town, wishes, partial, by_cost, **settings):
    return solve_lscp(
        **tables(town), **wished(wishes), cutoff_s=CUTOFF_S, partial=float(partial),
        minimise="cost" if by_cost else "sites", **settings,
    )  # fmt: skip


@st.composite
def covering_cases(draw):
    by_cost = draw(st.booleans())
    size = draw(st.sampled_from(["none", "none", "budget"]))
    town, wishes = draw(cases(size="budget" if by_cost else size))
    return town, wishes if size == "budget" else wishes.without(["budget"]), draw(PARTIAL), by_cost


@settings(max_examples=60)
@given(covering_cases())
def test_the_choice_is_the_best_of_all_in_every_criterion(case):
    town, wishes, partial, by_cost = case
    best = best_choice(town, wishes, partial, by_cost)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve(*case)
        return
    solution = solve(*case)
    value, (_, _, _, ids) = best
    assert solution.objective == pytest.approx(float(value), rel=1e-12)
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == ids
    lonely = [name for name, there, w in zip(
        town.point_ids, oracle.servable(town, wishes, CUTOFF_MS), oracle.weights(town, wishes), strict=True
    ) if not there and w]  # fmt: skip
    assert list(solution.unserved) == sorted(lonely)
