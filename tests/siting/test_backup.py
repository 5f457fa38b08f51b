"""Backup coverage against every choice and its own promises."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, InfeasibleError, SitingError
from coverage_planner.siting import _exact
from coverage_planner.siting.backup import solve_backup_coverage
from coverage_planner.siting.mclp import solve_mclp
from drawn_times import make_candidates, make_demand, make_times
from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, cases, tables, wished

WEIGHT = st.sampled_from([Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(1), Fraction(3, 2), Fraction(7)])


@settings(max_examples=60)
@given(cases(), WEIGHT)
def test_the_choice_is_the_best_of_all_in_every_criterion(case, weight):
    town, wishes = case
    best = oracle.backup(town, wishes, CUTOFF_MS, weight)
    arguments = {**tables(town), **wished(wishes), "cutoff_s": CUTOFF_S, "backup_weight": float(weight)}
    if best is None:
        with pytest.raises(InfeasibleError):
            solve_backup_coverage(**arguments)
        return
    solution = solve_backup_coverage(**arguments)
    assert solution.objective == pytest.approx(float(best.objective), rel=1e-12)
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.tie_break == "exact"
    assert sorted(solution.sites["id"]) == sorted(town.ids[k] for k in best.first)
