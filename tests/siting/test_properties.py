"""What holds for every siting model whatever the data: more never hurts, bounds are bounds, the order of rows is nothing."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import InfeasibleError
from coverage_planner.siting import _covering_search, _median_prices, _median_stages, _prices
from coverage_planner.siting.lscp import solve_lscp
from coverage_planner.siting.mclp import solve_mclp
from drawn_times import make_candidates, make_demand, make_times
from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, LIMIT_S, tables, towns
from siting.test_options import MODELS, ask, questions

#: Models that a town with any number of sites always has an answer for.
FREE = ("mclp", "backup", "p-median, some unserved")
WITH_THREADS = ("mclp", "p-median", "p-median, some unserved")


def scatter(seed, *, n=40, d=200, radius_m=1800.0, side_m=8000.0, limit_s=10_000.0):
    """Candidates and points at random; a time is the straight line, in seconds that reach the cutoff at the radius.

    Points that no candidate reaches within the cutoff have no demand.
    """
    random = np.random.default_rng(seed)
    sites, points = random.uniform(0, side_m, (n, 2)), random.uniform(0, side_m, (d, 2))
    metres = np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1))
    ids = [f"C{k:03d}" for k in range(n)]
    seconds = np.round(metres / radius_m * CUTOFF_S, 3)
    demand = make_demand(random.integers(1, 40, d) * (seconds.min(axis=0) <= CUTOFF_S))
    return {
        "times": make_times(seconds, ids, demand["id"], limit_s=limit_s),
        "demand": demand,
        "candidates": make_candidates(ids, random.integers(1, 9, n)),
    }


# --- more never hurts ---


def better(model, one, other):
    """Whether the first objective is at least as good, but for rounding."""
    sign = 1 if model.sense == "max" else -1
    return sign * one >= sign * other - 1e-9 * abs(other)


@pytest.mark.parametrize("name", FREE)
def test_one_site_more_never_hurts(name):
    model = MODELS[name]

    @settings(max_examples=5)
    @given(towns(), st.data())
    def hold(town, data):
        n_open = data.draw(st.integers(1, len(town.ids) - 1))
        fewer, more = (model.solve(**tables(town), **model.arguments, n_open=k) for k in (n_open, n_open + 1))
        assert better(model, more.objective, fewer.objective)

    hold()


@pytest.mark.parametrize("name", FREE)
def test_a_new_candidate_never_hurts(name):
    model = MODELS[name]

    @settings(max_examples=5)
    @given(towns(least_candidates=4), st.data())
    def hold(town, data):
        n = len(town.ids) - 1
        fewer = replace(
            town, ids=town.ids[:n], times_ms=town.times_ms[:n], cost=town.cost[:n], xy=town.xy[:n],
            columns={name: values[:n] for name, values in town.columns.items()},
        )  # fmt: skip
        n_open = data.draw(st.integers(1, n))
        before, after = (model.solve(**tables(t), **model.arguments, n_open=n_open) for t in (fewer, town))
        assert better(model, after.objective, before.objective)

    hold()


@pytest.mark.parametrize("name", ["mclp", "backup"])
def test_a_larger_cutoff_never_covers_less(name):
    model = MODELS[name]

    @settings(max_examples=5)
    @given(towns(), st.lists(st.sampled_from([1.0, 60.0, 300.0, 600.0, 900.0]), min_size=2, max_size=2).map(sorted))
    def hold(town, cutoffs):
        arguments = {**tables(town), **model.arguments, "n_open": 2}
        shorter, longer = (model.solve(**{**arguments, "cutoff_s": cutoff_s}) for cutoff_s in cutoffs)
        assert longer.objective >= shorter.objective

    hold()


def can_be_covered(town, share="1"):
    every = tuple(range(len(town.ids)))
    reached = oracle.covered_demand(town, oracle.Wishes(), every, CUTOFF_MS)
    return reached >= Fraction(share) * sum(town.demand)


SHARES = st.lists(st.sampled_from(["0.2", "0.5", "0.9", "0.95", "1"]), min_size=2, max_size=2, unique=True)


@settings(max_examples=8)
@given(towns(), SHARES)
def test_covering_more_never_takes_fewer_sites(town, shares):
    shares = sorted((share for share in shares if can_be_covered(town, share)), key=Fraction)
    sites = [solve_lscp(**tables(town), cutoff_s=CUTOFF_S, partial=float(share)).objective for share in shares]
    assert sites == sorted(sites)


@settings(max_examples=8)
@given(towns().filter(can_be_covered))
def test_the_number_of_sites_that_covers_everything_does_so_in_the_other_model_too(town):
    """And one less does not."""
    n_sites = int(solve_lscp(**tables(town), cutoff_s=CUTOFF_S).objective)
    everything = float(sum(town.demand))
    if n_sites:
        assert solve_mclp(**tables(town), cutoff_s=CUTOFF_S, n_open=n_sites).objective == pytest.approx(everything)
    if n_sites > 1:
        assert solve_mclp(**tables(town), cutoff_s=CUTOFF_S, n_open=n_sites - 1).bound < everything


@settings(max_examples=8)
@given(towns())
def test_demand_that_nobody_can_reach_is_named(town):
    wishes = oracle.Wishes()
    reached = oracle.servable(town, wishes, CUTOFF_MS)
    lost = [name for name, near, w in zip(town.point_ids, reached, town.demand, strict=True) if w and not near]
    if lost:
        with pytest.raises(InfeasibleError) as raised:
            solve_lscp(**tables(town), cutoff_s=CUTOFF_S)
        assert f": {', '.join(sorted(lost)[:5])}" in str(raised.value)
    share = float(
        sum(w for w, near in zip(town.demand, reached, strict=True) if near) / max(sum(town.demand), Fraction(1))
    )
    if share > 0.01:
        some = solve_lscp(**tables(town), cutoff_s=CUTOFF_S, partial=0.99 * share)
        assert sorted(some.unserved) == sorted(lost)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow)])
def test_so_it_is_in_a_larger_town(seed):
    town = scatter(seed, n=30, d=120)
    cover = solve_lscp(**town, cutoff_s=CUTOFF_S)
    n_sites = int(cover.objective)
    assert cover.status == "optimal"
    everything = town["demand"]["demand"].sum()
    assert solve_mclp(**town, cutoff_s=CUTOFF_S, n_open=n_sites).objective == everything
    assert solve_mclp(**town, cutoff_s=CUTOFF_S, n_open=n_sites - 1).bound < everything


@settings(max_examples=12)
@given(towns(), st.data())
def test_without_any_work_the_choice_is_as_good_as_a_greedy_one(town, data):
    """Adding the site that gains most covers at least 1 - 1/e of what can be gained."""
    n_open = data.draw(st.integers(1, len(town.ids)))
    wishes = oracle.Wishes(n_open=n_open)
    present = oracle.covered_demand(town, wishes, (), CUTOFF_MS)
    best = oracle.mclp(town, wishes, CUTOFF_MS)
    hasty = solve_mclp(**tables(town), cutoff_s=CUTOFF_S, n_open=n_open, work_limit=0)
    gained, possible = hasty.objective - float(present), float(best.objective - present)
    assert gained >= (1 - 1 / math.e) * possible - 1e-9


# --- bounds ---


def hold_bound(model, case, solution, best):
    """Whatever stopped the search: the choice keeps the rules, the bound is one, and 'optimal' is the truth."""
    town, wishes = case
    chosen = tuple(sorted(town.ids.index(name) for name in solution.sites["id"]))
    assert oracle.broken(town, wishes, chosen) == set()
    optimum = float(best.objective * model.unit)
    assert better(model, optimum, solution.objective)
    assert better(model, solution.bound, optimum)
    if solution.status == "optimal":
        assert chosen in best.choices
        assert (solution.bound, solution.gap) == (solution.objective, 0.0)
    else:
        assert solution.status == "feasible"
        beyond = abs(solution.bound - solution.objective)
        assert solution.gap == (pytest.approx(beyond / solution.objective) if solution.objective else math.inf)
    if solution.tie_break == "exact":
        assert sorted(solution.sites["id"]) == sorted(town.ids[k] for k in best.first)


STOPS = st.one_of(
    st.sampled_from([0, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2]).map(lambda units: {"work_limit": units}),
    st.sampled_from([0.01, 0.1, 0.5, 0.9]).map(lambda gap: {"mip_gap": gap}),
    st.sampled_from([1e-9, 1e-3, 5e-3]).map(lambda seconds: {"time_limit_s": seconds}),
)


@pytest.mark.parametrize("name", MODELS)
def test_a_search_that_is_stopped_keeps_its_word(name):
    model = MODELS[name]

    @settings(max_examples=8)
    @given(questions(model), STOPS)
    def hold(case, stop):
        best = model.best(*case)
        if best is not None:
            solution = ask(model, case, **stop)
            hold_bound(model, case, solution, best)
            if "mip_gap" in stop:
                assert solution.gap <= stop["mip_gap"]

    hold()


def scattered(name, seed, **sizes):
    """A scattered town as a model needs it, and its own arguments."""
    limits = {"limit_s": LIMIT_S} if name == "p-median, some unserved" else {}
    return {**scatter(seed, **sizes, **limits), **MODELS[name].arguments}


@pytest.mark.parametrize("name", WITH_THREADS)
def test_the_ways_of_large_problems_keep_their_word_on_small_ones(name, monkeypatch):
    """Without HiGHS, with sums shared among threads, and with so few price steps that branching has to prove the rest."""
    model = MODELS[name]
    for module in (_prices, _median_prices):
        monkeypatch.setattr(module, "_SHARED_FROM", 0)
    for limit in ("_EASY_PAIRS", "_SOLVER_PAIRS_MOST", "_RULED_PAIRS_MOST"):
        monkeypatch.setattr(_covering_search, limit, -1)
    monkeypatch.setattr(_median_stages, "PROGRAM_PAIRS_MOST", -1)

    @settings(max_examples=10)
    @given(questions(model), st.booleans(), st.one_of(st.just({}), STOPS))
    def hold(case, hasty, stop):
        with pytest.MonkeyPatch.context() as patch:
            if hasty:
                patch.setattr(_covering_search, "_FIRST_TURNS", 0)
                patch.setattr(_covering_search, "_STEPS_LEAST", 1)
                patch.setattr(_covering_search, "_STEPS_MOST", 1)
                patch.setattr(_median_stages, "_STEPS_MOST", 2)
                patch.setattr(_median_stages, "_ROUNDS", 0)
            best = model.best(*case)
            if best is not None:
                hold_bound(model, case, ask(model, case, **stop), best)

    hold()


SIZED = {"lscp": {}, "lscp, cost": {}, "lscp, nine tenths": {}, "lscp, half for least cost": {}}


GROWING = [*((name, SIZED.get(name, {"n_open": 5})) for name in MODELS)]
GROWING += [(name, {"budget": 21.0}) for name in ("mclp", "backup", "p-median", "p-median, some unserved")]


@pytest.mark.parametrize(
    ("name", "size"), GROWING, ids=lambda value: value if isinstance(value, str) else "".join(value)
)
def test_bounds_meet_as_the_work_grows(name, size):
    """On a town too large to try every choice: what any budget proves agrees with the optimum."""
    model = MODELS[name]
    arguments = {**scattered(name, 4, n=25, d=80), **size}
    proved = model.solve(**arguments)
    assert proved.status == "optimal"
    for units in (0, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1):
        stopped = model.solve(**arguments, work_limit=units)
        assert better(model, proved.objective, stopped.objective), units
        assert better(model, stopped.bound, proved.objective), units
        assert stopped.status == "feasible" or stopped.objective == proved.objective, units


# --- the same answer ---


def figures(solution):
    """All that must not change."""
    told = solution.objective, solution.bound, solution.status, solution.gap, solution.tie_break, dict(solution.work)
    return sorted(solution.sites["id"]), *told


@pytest.mark.parametrize("name", MODELS)
def test_the_order_of_rows_changes_nothing(name):
    model = MODELS[name]

    @settings(max_examples=4)
    @given(questions(model), st.randoms(use_true_random=False), st.sampled_from([None, 1e-5, 1e-3]))
    def hold(case, random, units):
        town, _ = case
        if model.best(*case) is None:
            return
        rows, columns = list(range(len(town.ids))), list(range(len(town.point_ids)))
        random.shuffle(rows)
        random.shuffle(columns)
        stop = {} if units is None else {"work_limit": units}
        assert figures(ask(model, case, **stop)) == figures(
            ask(model, case, **tables(town, rows=rows, columns=columns), **stop)
        )

    hold()


@pytest.mark.parametrize("name", WITH_THREADS)
def test_threads_change_nothing(name):
    model = MODELS[name]
    arguments = {**scattered(name, 5, n=60, d=400), "n_open": 7}
    for units in (0.001, 0.05):
        one, two = (model.solve(**arguments, work_limit=units, threads=threads) for threads in (1, 2))
        assert figures(one) == figures(two)


# --- Ctrl+C ---

#: Runs a search that would take long, says when it has begun, and what came of it.
CHILD = """
import json, sys
import numpy as np
from siting.test_options import MODELS
from siting.test_properties import SIZED, scattered

name = sys.argv[1]
model = MODELS[name]
told = []

def progress(state):
    if not told:
        print("begun", flush=True)
    told.append(state)

size = SIZED.get(name, {"n_open": 40 if name == "p-center" else 25})
town = scattered(name, 6, **json.loads(sys.argv[2]))
solution = model.solve(**town, **size, work_limit=1e6, progress=progress)
print(json.dumps({
    "interrupted": solution.interrupted, "status": solution.status, "objective": solution.objective,
    "bound": solution.bound, "gap": solution.gap, "n_sites": len(solution.sites), "said": solution.certificate(),
}), flush=True)
"""
LARGE = {"n": 300, "d": 3000, "radius_m": 1500.0, "side_m": 10_000.0}


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot press Ctrl+C for another one there")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "mclp" else pytest.mark.slow) for name in MODELS]
)
def test_ctrl_c_returns_what_is_found_with_its_certificate(name):
    model = MODELS[name]
    tests = Path(__file__).resolve().parents[1]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, name, json.dumps(LARGE)],
        env={**os.environ, "PYTHONPATH": str(tests)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip
    try:
        assert child.stdout.readline().strip() == "begun"
        child.send_signal(signal.SIGINT)
        out, errors = child.communicate(timeout=90)
    finally:
        child.kill()
    assert child.returncode == 0, errors
    answer = json.loads(out.splitlines()[-1])
    assert answer["interrupted"]
    assert answer["n_sites"] > 0
    assert better(model, answer["bound"], answer["objective"])
    if answer["status"] == "optimal":  # ties were left to tell apart
        assert answer["gap"] == 0
        assert "proved optimal" in answer["said"]
    else:
        assert answer["gap"] > 0
        assert "no other choice can" in answer["said"]
