"""The p-center against every choice, published optima and its own promises."""

import math
import signal
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from coverage_planner.errors import ConfigError, InfeasibleError, SitingError
from coverage_planner.siting import _exact, _lexicographic, p_center
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


def plain(seconds, *, weights=None, cost=None, limit_s=900.0, **rules):
    seconds = np.asarray(seconds, dtype=float)
    ids = [f"C{k}" for k in range(len(seconds))]
    demand = make_demand(np.ones(seconds.shape[1]) if weights is None else weights)
    return {
        "times": make_times(seconds, ids, demand["id"], limit_s=limit_s), "demand": demand,
        "candidates": make_candidates(ids, cost), **rules,
    }  # fmt: skip


def scattered(n, m, n_open, seed=0):
    random = np.random.default_rng(seed)
    sites, points = random.uniform(0, 1000, (n, 2)), random.uniform(0, 1000, (m, 2))
    seconds = np.rint(np.hypot(*(sites[:, None] - points[None]).transpose(2, 0, 1)))
    return plain(seconds, limit_s=2000.0, n_open=n_open)


@settings(max_examples=25)
@given(centers())
def test_one_site_more_is_never_farther(case):
    town, wishes = case
    arguments = {**tables(town), **wished(wishes)}
    if oracle.p_center(town, wishes) is None or wishes.n_open + len(wishes.forbidden) >= len(town.ids):
        return
    fewer = solve_p_center(**arguments).objective
    assert solve_p_center(**{**arguments, "n_open": wishes.n_open + 1}).objective <= fewer


@settings(max_examples=25)
@given(centers())
def test_the_order_of_rows_changes_nothing(case):
    town, wishes = case
    if oracle.p_center(town, wishes) is None:
        return
    rows, columns = range(len(town.ids))[::-1], range(len(town.point_ids))[::-1]
    one = solve_p_center(**tables(town), **wished(wishes))
    other = solve_p_center(**tables(town, rows=list(rows), columns=list(columns)), **wished(wishes))
    assert list(one.sites["id"]) == list(other.sites["id"])
    assert (one.objective, one.bound, dict(one.work)) == (other.objective, other.bound, dict(other.work))


@settings(max_examples=25)
@given(centers())
def test_without_work_bounds_hold(case):
    town, wishes = case
    best = oracle.p_center(town, wishes)
    if best is None:
        return
    try:
        solution = solve_p_center(**tables(town), **wished(wishes), work_limit=0.0)
    except SitingError:
        return
    assert solution.bound <= float(best.objective) / 1000 <= solution.objective
    assert (solution.status == "optimal") == (solution.gap == 0)


def test_points_without_demand_do_not_count():
    solution = solve_p_center(**plain([[100.0, 800.0], [200.0, 100.0]], weights=[1, 0], n_open=1))
    assert (list(solution.sites["id"]), solution.objective) == (["C0"], 100.0)
    nobody = solve_p_center(**plain([[100.0, 800.0], [200.0, 100.0]], weights=[0, 0], n_open=1))
    assert (nobody.objective, nobody.status, len(nobody.sites)) == (0.0, "optimal", 1)


def test_existing_facilities_serve_too():
    given = plain([[100.0, 800.0], [700.0, 300.0]], n_open=1)
    existing = make_times([[50.0, 500.0]], ["E0"], given["demand"]["id"])
    solution = solve_p_center(**given, existing=existing)
    assert (list(solution.sites["id"]), solution.objective) == (["C1"], 300.0)


def test_demand_that_nobody_reaches_is_named():
    with pytest.raises(InfeasibleError) as caught:
        solve_p_center(**plain([[100.0, math.nan, 100.0], [100.0, math.nan, math.nan]], n_open=1))
    assert str(caught.value) == (
        "1 of 3 demand points are within 900 s of no site: D1; raise the limit of the search, add sites, or leave these "
        "points out"
    )
    with pytest.raises(
        InfeasibleError, match=r"none keeps all demand within the limit of the search, 900 s and n_open = 1 at once"
    ):
        solve_p_center(**plain([[100.0, math.nan], [math.nan, 100.0]], n_open=1))


@pytest.mark.parametrize("limit", [{"work_limit": 1e-9}, {"time_limit_s": 1e-9}, {"mip_gap": 0.9}])
def test_a_stopped_search_never_claims_the_optimum(limit):
    given = scattered(60, 60, 6)
    stopped, proved = solve_p_center(**given, **limit), solve_p_center(**given)
    assert stopped.status == "feasible"
    assert stopped.bound <= proved.bound == proved.objective <= stopped.objective
    assert stopped.tie_break.startswith("search: ")


def test_progress_tells_closing_bounds():
    told = []
    solution = solve_p_center(**scattered(60, 60, 6), progress=told.append)
    assert told[-1].objective == told[-1].bound == solution.objective
    assert all(one.bound <= other.bound <= other.objective <= one.objective for one, other in pairwise(told))


def test_ctrl_c_returns_what_is_found(monkeypatch):
    def press(_center, _radius, state, _effort):
        signal.raise_signal(signal.SIGINT)
        return state, None

    monkeypatch.setattr(p_center, "_try", press)
    solution = solve_p_center(**scattered(60, 60, 6))
    assert solution.interrupted
    assert solution.status == "feasible"
    assert len(solution.sites) == 6


def test_too_large_a_problem_is_refused(monkeypatch):
    monkeypatch.setattr(_exact, "COEFFICIENTS_MOST", 3)
    with pytest.raises(SitingError, match=r"p-center is solved by HiGHS alone, which takes at most 3 pairs .*, got 4"):
        solve_p_center(**plain([[1.0, 2.0], [3.0, 4.0]], n_open=1))


def test_n_open_is_asked_for():
    with pytest.raises(ConfigError, match="n_open must be a whole number"):
        solve_p_center(**plain([[1.0, 2.0], [3.0, 4.0]], n_open=0))


def read_pmed(folder, number):
    """Distances between all nodes and how many sites open; of repeated edges the last one counts."""
    values = np.array((folder / f"pmed{number}.txt").read_text(encoding="utf-8").split(), dtype=int)
    n, _, n_open = values[:3]
    lengths = {(min(a, b) - 1, max(a, b) - 1): length for a, b, length in values[3:].reshape(-1, 3).tolist()}
    ends = np.array(list(lengths))
    graph = csr_array((np.array(list(lengths.values()), dtype=float), (ends[:, 0], ends[:, 1])), shape=(n, n))
    return dijkstra(graph, directed=False), int(n_open)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, 21))
def test_published_optima(real_data, number, monkeypatch):
    monkeypatch.setattr(_lexicographic, "TIED_PAIRS_MOST", -1)  # ties are not what is asked
    folder = real_data / "siting" / "pmed"
    published = dict(
        line.split() for line in (folder / "kcenteropt.txt").read_text(encoding="utf-8").splitlines() if line
    )
    distances, n_open = read_pmed(folder, number)
    given = plain(distances, limit_s=float(distances.max()), n_open=n_open)
    solution = solve_p_center(**given)
    assert solution.status == "optimal"
    assert solution.objective == solution.bound == float(published[f"pmed{number}"])


@pytest.mark.real_data
def test_san_francisco(real_data):
    """The case of PySAL's spopt: with four stores the farthest tract is 7403.06 m away."""
    folder = real_data / "siting" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv")
    table = pairs.pivot_table(index="name", columns="DestinationName", values="distance").to_numpy()
    solution = solve_p_center(**plain(table, limit_s=40_000.0, n_open=4))
    assert solution.objective == pytest.approx(7403.06, abs=0.01)
    assert (solution.status, solution.tie_break) == ("optimal", "exact")


def test_a_search_that_finds_nothing_says_so(monkeypatch):
    monkeypatch.setattr(p_center, "_start", lambda *_: None)
    monkeypatch.setattr(p_center, "_try", lambda _center, _radius, state, _effort: (state, None))
    with pytest.raises(SitingError, match="work or time ran out before one was found; raise work_limit"):
        solve_p_center(**scattered(20, 20, 3))
