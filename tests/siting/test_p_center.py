"""The p-center against every choice, published optima and its own promises."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

from coverage_planner.errors import ConfigError, InfeasibleError, SitingError
from coverage_planner.siting import _lexicographic, p_center
from coverage_planner.siting.p_center import solve_p_center
from drawn_times import make_candidates, make_demand, make_times
from siting import siting_oracle as oracle
from siting.drawn_siting import cases, tables, wished

CENTER_RULES = ("required", "forbidden")


def centers(**sizes):
    return cases(size="n_open", only=CENTER_RULES, **sizes)


@settings(max_examples=60)
@given(centers())
def test_the_choice_is_the_best_of_all_in_every_criterion(case):
    town, wishes = case
    best = oracle.p_center(town, wishes)
    if best is None:
        with pytest.raises(InfeasibleError):
            solve_p_center(**tables(town), **wished(wishes))
        return
    solution = solve_p_center(**tables(town), **wished(wishes))
    assert solution.objective == float(best.objective) / 1000
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == sorted(town.ids[k] for k in best.first)
