"""Every siting model with every option, alone and mixed, against trying every choice.

The small towns are full of what goes wrong: equal times, points that nobody reaches, demand and cost of zero, ids that
sort otherwise than rows.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import InfeasibleError
from coverage_planner.siting.backup import solve_backup_coverage
from coverage_planner.siting.lscp import solve_lscp
from coverage_planner.siting.mclp import solve_mclp
from coverage_planner.siting.p_center import solve_p_center
from coverage_planner.siting.p_median import solve_p_median
from siting import siting_oracle as oracle
from siting.drawn_siting import CUTOFF_MS, CUTOFF_S, RULES, SIZES, cases, tables, wished

#: What a message calls a rule.
WORDS = {
    "n_open": "n_open",
    "budget": "budget",
    "required": "requir",
    "forbidden": "forbid",
    "min_spacing_m": "min_spacing_m",
}


@dataclass(frozen=True)
class Model:
    """A solver with arguments of its own, and the brute force that answers the same question.

    `unit` is what one unit of the brute force's objective is in the solver's; `sizes` are the ways to say how many
    sites open.
    """

    solve: Any
    arguments: dict[str, Any]
    best: Any
    unit: Fraction = Fraction(1)
    sense: str = "max"
    sizes: tuple[str, ...] = SIZES
    rules: tuple[str, ...] = RULES
    needs_costs: bool = False


def mclp():
    return Model(solve_mclp, {"cutoff_s": CUTOFF_S}, lambda town, wishes: oracle.mclp(town, wishes, CUTOFF_MS))


def backup(weight="0.5"):
    return Model(
        solve_backup_coverage,
        {"cutoff_s": CUTOFF_S, "backup_weight": float(weight)},
        lambda town, wishes: oracle.backup(town, wishes, CUTOFF_MS, Fraction(weight)),
    )


def lscp(partial="1", minimise="sites"):
    by_cost = minimise == "cost"
    return Model(
        solve_lscp,
        {"cutoff_s": CUTOFF_S, "partial": float(partial), "minimise": minimise},
        lambda town, wishes: oracle.lscp(town, wishes, CUTOFF_MS, partial=Fraction(partial), by_cost=by_cost),
        sense="min",
        sizes=("none", "none", "budget"),
        needs_costs=by_cost,
    )


def p_median(unserved_s=None):
    return Model(
        solve_p_median,
        {"unserved_s": unserved_s},
        lambda town, wishes: oracle.p_median(town, wishes, None if unserved_s is None else int(1000 * unserved_s)),
        unit=Fraction(1, 1000),
        sense="min",
    )


def p_center():
    return Model(
        solve_p_center,
        {},
        oracle.p_center,
        unit=Fraction(1, 1000),
        sense="min",
        sizes=("n_open",),
        rules=("required", "forbidden"),
    )


MODELS = {
    "mclp": mclp(),
    "backup": backup(),
    "backup, once more as much": backup("1"),
    "lscp": lscp(),
    "lscp, cost": lscp(minimise="cost"),
    "lscp, nine tenths": lscp("0.9"),
    "lscp, half for least cost": lscp("0.5", "cost"),
    "p-median": p_median(),
    "p-median, some unserved": p_median(1200.0),
    "p-center": p_center(),
}


@st.composite
def questions(draw, model, *, only=None, size=None):
    """A town and wishes that the model takes."""
    size = draw(st.sampled_from(model.sizes)) if size is None else size
    needs = {"costs_known": True} if model.needs_costs else {}
    return draw(cases(size=size, only=model.rules if only is None else only, **needs))


def ask(model, case, **arguments):
    town, wishes = case
    return model.solve(**{**tables(town), **wished(wishes), **model.arguments, **arguments})


def judge(model, case):
    """Compare a solver's answer with the brute force; return it, or None where both say that there is none."""
    town, wishes = case
    best = model.best(town, wishes)
    if best is None:
        with pytest.raises(InfeasibleError) as raised:
            ask(model, case)
        judge_message(model, case, str(raised.value))
        return None
    solution = ask(model, case)
    chosen = tuple(sorted(town.ids.index(name) for name in solution.sites["id"]))
    assert oracle.broken(town, wishes, chosen) == set()
    assert chosen in best.choices, (chosen, best)
    assert solution.objective == pytest.approx(float(best.objective * model.unit), rel=1e-12, abs=1e-12)
    assert (solution.status, solution.bound, solution.gap) == ("optimal", solution.objective, 0.0)
    assert solution.sense == model.sense
    assert solution.tie_break == "exact" or solution.tie_break.startswith("search: ")
    if solution.tie_break == "exact":
        assert sorted(solution.sites["id"]) == sorted(town.ids[k] for k in best.first)
    return solution


def judge_message(model, case, message):
    """The rules that a message names cannot hold, whatever the others say; where it says 'at once', none of them can be
    left out. It may name demand instead, that cannot be served whatever the rules say.
    """
    town, wishes = case
    split = wishes.quota_by_quota(town)
    given = [name for name in split.given() if name != "quotas"]
    named = [name for name in given if WORDS[name] in message]
    limits = [quota for quota in split.quotas if all(words in message for words in quota_words(town, quota))]
    alone = replace(split.without(set(given) - set(named)), quotas=tuple(limits))
    assert named or limits or any(point in message for point in town.point_ids), message
    answer = oracle.allowed if not oracle.allowed(town, alone) else model.best
    assert not answer(town, alone), (named, limits, message)
    if "at once" in message:
        fewer = [alone.without([name]) for name in named]
        fewer += [replace(alone, quotas=tuple(limits[:k] + limits[k + 1 :])) for k in range(len(limits))]
        assert all(answer(town, wish) for wish in fewer), (named, limits, message)


def quota_words(town, quota):
    """What a message says of a quota for one value."""
    (value,) = quota.values
    most = town.columns[quota.column].count(value) if quota.at_most is None else quota.at_most
    return f"quota {quota.column} = {value} ", f"({quota.at_least} to {most} sites)"


OPTIONS = [(name, option) for name, model in MODELS.items() for option in ((), *((rule,) for rule in model.rules))]


@pytest.mark.parametrize(
    ("name", "only"), OPTIONS, ids=lambda value: "+".join(value) if isinstance(value, tuple) else value
)
def test_an_option_alone(name, only):
    model = MODELS[name]

    @settings(max_examples=3)
    @given(questions(model, only=only))
    def hold(case):
        judge(model, case)

    hold()


@pytest.mark.parametrize("name", MODELS)
def test_options_mixed(name):
    model = MODELS[name]

    @settings(max_examples=12)
    @given(questions(model))
    def hold(case):
        judge(model, case)

    hold()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_many_mixtures(name):
    model = MODELS[name]

    @settings(max_examples=200)
    @given(questions(model))
    def hold(case):
        judge(model, case)

    hold()
