"""Rules of a choice: read, judged, written as rows of a program, and named where they conflict."""

import re
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings

from coverage_planner.errors import ConfigError, InfeasibleError, InputError, SchemaError, SitingError
from coverage_planner.siting import _infeasible
from coverage_planner.siting._highs import Answer
from coverage_planner.siting._infeasible import find_choice
from coverage_planner.siting._programs import column_bounds, cover_by_cliques, write_rules
from coverage_planner.siting.rules import Quota, read_rules
from drawn_times import make_candidates
from siting import siting_oracle as oracle
from siting.drawn_siting import cases, tables, wished

NAMES = ("n_open", "budget", "required", "forbidden", "quotas", "min_spacing_m")


def read(town, wishes, **changes):
    candidates = tables(town)["candidates"]
    order = np.argsort(candidates["id"].to_numpy(dtype=object), kind="stable")
    given = {key: value for key, value in wished(wishes).items() if key != "group_weights"}
    return read_rules(candidates, order, **{**given, **changes})


def all_choices(n):
    return chain.from_iterable(combinations(range(n), size) for size in range(n + 1))


@settings(max_examples=100)
@given(cases())
def test_a_choice_breaks_what_it_breaks(case):
    town, wishes = case
    try:
        rules = read(town, wishes)
    except InfeasibleError:
        assert not oracle.allowed(town, wishes)
        return
    rows, lower, upper = write_rules(rules, rules.n_candidates + 2)
    least, most = column_bounds(rules, rules.n_candidates + 2)
    number = {name: k for k, name in enumerate(rules.ids)}
    for choice in all_choices(rules.n_candidates):
        sites = np.array(sorted(number[town.ids[k]] for k in choice), dtype=np.int64)
        keeps = not oracle.broken(town, wishes, choice)
        assert (not rules.broken_by(sites)) == keeps
        x = np.zeros(rules.n_candidates + 2)
        x[sites] = 1
        values = rows @ x
        # rows are loosened, never tighter; with costs of whole grains they cut off all that breaks a rule
        assert ((lower <= values) & (values <= upper)).all() & ((least <= x) & (x <= most)).all() == keeps


@settings(max_examples=100)
@given(cases(only=("required", "forbidden", "quotas", "min_spacing_m")))
def test_conflicts_are_named_and_none_of_the_named_is_idle(case):
    town, wishes = case
    kept = oracle.allowed(town, wishes)
    try:
        sites = find_choice(read(town, wishes))
    except InfeasibleError as error:
        assert not kept
        named = {name for name in NAMES if re.search(name if name != "quotas" else "quota", str(error))}
        others = [name for name in wishes.given() if name not in named]
        assert not oracle.allowed(town, wishes.without(others))  # these alone are a conflict already
    else:
        ids = sorted(town.ids)
        assert not oracle.broken(town, wishes, tuple(town.ids.index(ids[k]) for k in sites))


def drawn(n=4, **columns):
    """Candidates a metre apart."""
    table = make_candidates([f"C{k}" for k in range(n)], columns.pop("cost", None))
    return table.assign(**{name: np.array(values, dtype=object) for name, values in columns.items()})


def find(candidates, **rules):
    return find_choice(read_rules(candidates, np.arange(len(candidates)), **rules))


def test_messages_name_the_rules_that_conflict_and_no_others():
    table = drawn(4, kind=["bank", "bank", "room", "room"], cost=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(InfeasibleError) as caught:
        find(table, n_open=2, min_spacing_m=1.5, forbidden=["C0", "C3"], quotas=[Quota("kind", at_most=3)])
    assert str(caught.value) == (
        "some choice of sites must keep every rule, but none keeps min_spacing_m, forbidden and n_open = 2 at once "
        "(forbidden 2: C0, C3); relax one of them"
    )
    with pytest.raises(InfeasibleError, match=r"quota kind = room \(1 to 2 sites\) and budget at once; relax"):
        find(table, budget=2.5, quotas=[Quota("kind", at_least=1)])
    with pytest.raises(
        InfeasibleError, match=r"quota kind = bank \(0 to 1 sites\), .*quota kind = room .* and n_open = 3"
    ):
        find(table, n_open=3, quotas=[Quota("kind", at_most=1)])


def test_cliques_cover_all_pairs_and_only_pairs():
    random = np.random.default_rng(0)
    xy = random.uniform(0, 1000, (60, 2))
    apart = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    pairs = np.argwhere(np.triu(apart < 200, 1))
    cliques = cover_by_cliques(pairs)
    covered = {pair for clique in cliques for pair in combinations(clique.tolist(), 2)}
    assert covered == {(int(a), int(b)) for a, b in pairs}
    assert len(cliques) < len(pairs) / 2


def test_nothing_is_near_without_a_distance():
    assert cover_by_cliques(np.empty((0, 2), dtype=np.int64)) == []


@pytest.mark.parametrize("bounds", [(0, None), (2, 1), (-1, 3)])
def test_quotas_must_say_something(bounds):
    with pytest.raises(ConfigError, match="a quota must say at_least, at_most or both"):
        Quota("kind", *bounds)


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ({}, ConfigError, "exactly one of n_open and budget must be given"),
        ({"n_open": 1, "budget": 1.0}, ConfigError, "exactly one of n_open and budget must be given"),
        ({"n_open": True}, ConfigError, "n_open must be a whole number of at least 1, got True"),
        ({"n_open": 1, "required": "C1"}, ConfigError, "required must be a list of candidate ids, got the text 'C1'"),
        ({"n_open": 1, "forbidden": ["X", "Y"]}, InputError, "every id in forbidden .* not so 2: X, Y"),
        ({"n_open": 1, "required": ["C1"], "forbidden": ["C1"]}, ConfigError, "both required and forbidden, so are 1: C1"),
        ({"budget": -1.0}, ConfigError, "budget must be a sum of money from 0 up"),
        ({"budget": 9.0}, SchemaError, "every candidate must have a cost, missing for 4: C0, C1, C2, C3"),
        ({"n_open": 1, "quotas": [Quota("district", 1)]}, SchemaError, "the column 'district' of a quota must be in"),
        ({"n_open": 1, "quotas": [Quota("kind", 1, values=("shop",))]}, InfeasibleError, "needs candidates there, none for 1: shop"),
        ({"n_open": 1, "quotas": [Quota("kind", 3)]}, InfeasibleError, r"the quota kind = bank must hold \(3 to 2 sites\)|kind = bank"),
        ({"n_open": 1, "min_spacing_m": 0.0}, ConfigError, "min_spacing_m must be positive"),
        ({"n_open": 2, "required": ["C0", "C1"], "min_spacing_m": 1.5}, InfeasibleError, "nearer are 1: C0 and C1"),
        ({"n_open": 1, "required": ["C0", "C1"]}, InfeasibleError, "at least the number of required candidates, got 1 and 2"),
        ({"n_open": 4, "forbidden": ["C0"]}, InfeasibleError, "got 4 sites to open and 3 candidates that are not forbidden"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(rules, error, message):
    table = drawn(4, kind=["bank", "bank", "room", "room"])
    with pytest.raises(error, match=message):
        read_rules(table, np.arange(4), **rules)


def test_required_candidates_may_cost_more_than_there_is():
    with pytest.raises(InfeasibleError, match=r"must not cost more than the budget, 2: C2, C3 do; raise"):
        read_rules(drawn(4, cost=[1.0, 2.0, 3.0, 4.0]), np.arange(4), budget=6.5, required=["C2", "C3"])


def test_exactly_as_far_as_asked_is_far_enough():
    assert not len(read_rules(drawn(3), np.arange(3), n_open=1, min_spacing_m=1.0).too_near)
    assert read_rules(drawn(3), np.arange(3), n_open=1, min_spacing_m=1.1).too_near.tolist() == [[0, 1], [1, 2]]


def test_a_solver_without_an_answer_is_no_proof_of_a_conflict(monkeypatch):
    stopped = Answer("stopped", None, 0.0, 0, 0, 1)
    monkeypatch.setattr(_infeasible, "solve_program", lambda *_, **__: stopped)
    with pytest.raises(SitingError, match="HiGHS came to no answer within its budget; give fewer rules or candidates"):
        find(drawn(4), n_open=2)
