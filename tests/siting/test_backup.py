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


def plain(seconds, weights, *, cost=None, old=None, **settings):
    seconds = np.asarray(seconds, dtype=float)
    ids, demand = [f"C{k}" for k in range(len(seconds))], make_demand(weights)
    existing = None if old is None else make_times(old, [f"E{k}" for k in range(len(old))], demand["id"])
    return {
        "times": make_times(seconds, ids, demand["id"]), "demand": demand, "candidates": make_candidates(ids, cost),
        "cutoff_s": CUTOFF_S, "existing": existing, **settings,
    }  # fmt: skip


def scattered(n, m, n_open, seed=0):
    random = np.random.default_rng(seed)
    sites, points = random.uniform(0, 10_000, (n, 2)), random.uniform(0, 10_000, (m, 2))
    seconds = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)) / 2000 * CUTOFF_S
    return plain(seconds, random.integers(1, 40, m), n_open=n_open)


@settings(max_examples=25)
@given(cases(size="n_open", only=("required", "forbidden", "group_weights")))
def test_without_a_weight_for_the_second_it_is_the_mclp(case):
    town, wishes = case
    arguments = {**tables(town), **wished(wishes), "cutoff_s": CUTOFF_S}
    if oracle.mclp(town, wishes, CUTOFF_MS) is None:
        return
    most = oracle.mclp(town, wishes, CUTOFF_MS)
    solution = solve_backup_coverage(**arguments, backup_weight=0.0)
    assert solution.objective == pytest.approx(float(most.objective))
    assert sorted(solution.sites["id"]) == sorted(town.ids[k] for k in most.first)


@settings(max_examples=25)
@given(cases(only=("forbidden", "min_spacing_m")), WEIGHT)
def test_the_order_of_rows_changes_nothing(case, weight):
    town, wishes = case
    if oracle.backup(town, wishes, CUTOFF_MS, weight) is None:
        return
    rules = {**wished(wishes), "cutoff_s": CUTOFF_S, "backup_weight": float(weight)}
    rows, columns = range(len(town.ids))[::-1], range(len(town.point_ids))[::-1]
    one = solve_backup_coverage(**tables(town), **rules)
    other = solve_backup_coverage(**tables(town, rows=list(rows), columns=list(columns)), **rules)
    assert list(one.sites["id"]) == list(other.sites["id"])
    assert (one.objective, one.bound, dict(one.work)) == (other.objective, other.bound, dict(other.work))


@settings(max_examples=25)
@given(cases(), WEIGHT)
def test_without_branch_and_bound_the_recomputed_bound_holds(case, weight):
    town, wishes = case
    best = oracle.backup(town, wishes, CUTOFF_MS, weight)
    if best is None:
        return
    arguments = {**tables(town), **wished(wishes), "cutoff_s": CUTOFF_S, "backup_weight": float(weight)}
    solution = solve_backup_coverage(**arguments, work_limit=0.0)
    assert solution.objective * (1 - 1e-12) <= float(best.objective) <= solution.bound * (1 + 1e-12)
    assert (solution.status == "optimal") == (solution.gap == 0)


def test_each_existing_facility_counts_once():
    """Two existing facilities reach D0, one D1: a site is worth more at D1, where it is the second."""
    seconds, old = [[100.0, math.nan], [math.nan, 100.0]], [[100.0, 100.0], [100.0, math.nan]]
    solution = solve_backup_coverage(**plain(seconds, [9, 2], old=old, n_open=1))
    assert list(solution.sites["id"]) == ["C1"]
    assert solution.objective == (9 + 2) + 0.5 * (9 + 2)


def test_the_weight_decides_between_first_and_second_coverage():
    seconds = [[100.0, math.nan], [100.0, math.nan], [math.nan, 100.0]]
    wide = solve_backup_coverage(**plain(seconds, [5, 3], n_open=2, backup_weight=0.5))
    deep = solve_backup_coverage(**plain(seconds, [5, 3], n_open=2, backup_weight=0.7))
    assert (sorted(wide.sites["id"]), wide.objective) == (["C0", "C2"], 8.0)
    assert (sorted(deep.sites["id"]), deep.objective) == (["C0", "C1"], 8.5)


def test_conflicting_rules_are_named():
    given = plain([[100.0]] * 3, [1], n_open=2, min_spacing_m=50.0)
    with pytest.raises(InfeasibleError, match=r"none keeps min_spacing_m and n_open = 2 at once; relax one of them"):
        solve_backup_coverage(**given)


@pytest.mark.parametrize("limit", [{"work_limit": 1e-9}, {"time_limit_s": 1e-9}])
def test_a_stopped_search_never_claims_the_optimum(limit):
    given = scattered(40, 200, 6)
    stopped, proved = solve_backup_coverage(**given, **limit), solve_backup_coverage(**given)
    assert (stopped.status, proved.status) == ("feasible", "optimal")
    assert stopped.objective <= proved.objective <= stopped.bound
    assert "no other choice can reach more" in stopped.certificate()


@pytest.mark.parametrize("weight", [-0.1, math.nan, math.inf])
def test_the_weight_must_be_a_number_from_zero_up(weight):
    with pytest.raises(ConfigError, match="backup_weight must be a number from 0"):
        solve_backup_coverage(**plain([[100.0]], [1], n_open=1, backup_weight=weight))


def test_too_large_a_problem_is_refused(monkeypatch):
    monkeypatch.setattr(_exact, "COEFFICIENTS_MOST", 1)
    with pytest.raises(SitingError, match=r"backup coverage is solved by HiGHS alone, which takes at most 1 pairs"):
        solve_backup_coverage(**plain([[100.0, 100.0]], [1, 1], n_open=1))
