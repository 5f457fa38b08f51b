"""The sentence that a planner says before a committee: true for every model, however it is rounded."""

import itertools
import re
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.report.certificate import Question, percent_up, say_certificate
from coverage_planner.report.popups import number
from coverage_planner.siting.solution import Solution
from drawn_outcome import draw_sites

MODELS = {"MCLP": "max", "LSCP": "min", "p-median": "min", "p-center": "min", "backup coverage": "max"}


def solved(model="MCLP", objective=1000.0, bound=None, **changes) -> Solution:
    """An answer; without a bound it is optimal."""
    sense = MODELS.get(model, "max")
    gap = 0.0 if bound is None else abs(bound - objective) / objective
    given = {
        "model": model, "sites": draw_sites(), "status": "optimal" if bound is None else "feasible",
        "objective": objective, "bound": objective if bound is None else bound, "gap": gap, "work": {}, "seconds": 1.0,
        "solver": "HiGHS 1.8.0", "tie_break": "exact", "sense": sense,
    }  # fmt: skip
    return Solution(**given | changes)


def test_the_sentences_of_the_brief():
    answer = solved(bound=1008.0)
    assert say_certificate(answer, "en", Question(n_open=10)).endswith(
        "no other choice of 10 sites could cover more than 0.8 % more (at most 1,008): proved (HiGHS 1.8.0)"
    )
    assert say_certificate(answer, "zh", Question(n_open=10)).endswith(
        "没有任何别的 10 处选址能多覆盖超过 0.8 %（至多 1,008）"
    )


@pytest.mark.parametrize(("model", "language"), list(itertools.product(MODELS, ["zh", "en"])))
def test_optimal_is_said_of_a_proof_and_never_of_a_bound(model, language):
    word = {"zh": "最优", "en": "optimal"}[language]
    worse = 1008.0 if MODELS[model] == "max" else 992.0
    assert word in say_certificate(solved(model), language)
    assert word not in say_certificate(solved(model, bound=worse), language)
    figure = "16.5" if model == "p-center" else "0.8 %"  # 992 s are 16.53 minutes
    assert figure in say_certificate(solved(model, bound=worse), language, Question(minimise="cost"))


@pytest.mark.parametrize(("model", "language"), list(itertools.product(MODELS, ["zh", "en"])))
def test_no_placeholder_is_left(model, language):
    for bound in (None, 992.0, 1008.0, np.nan):
        for question in (Question(), Question(budget=50.0, has_rules=True), Question(minimise="cost", partial=0.95)):
            said = say_certificate(solved(model, bound=bound), language, question)
            assert not re.search(r"[{}]|nan|None", said), said


def test_what_is_asked_is_what_the_claim_is_about():
    answer = solved(bound=1008.0)
    assert "within the budget of 50" in say_certificate(answer, "en", Question(budget=50.0))
    assert "在 50 的预算内，没有任何别的选址" in say_certificate(answer, "zh", Question(budget=50.0))
    assert "under the same rules" in say_certificate(answer, "en", Question(n_open=3, has_rules=True))
    assert "在同样的限制条件下，没有任何别的 3 处选址" in say_certificate(
        answer, "zh", Question(n_open=3, has_rules=True)
    )
    assert "95 %" in say_certificate(solved("LSCP", 12.0), "zh", Question(partial=0.95))


def test_times_are_said_in_minutes():
    assert "nobody farther than 14.2 minutes" in say_certificate(solved("p-center", 851.0), "en")
    assert "below 13.1 minutes" in say_certificate(solved("p-center", 851.0, bound=789.0), "en")
    median = say_certificate(solved("p-median", 600_000.0), "zh", Question(n_open=5, demand=2000.0))
    assert "平均时间 5 分钟" in median


def test_an_interrupted_search_says_so_and_keeps_its_bound():
    answer = solved(bound=1008.0, interrupted=True)
    assert "被中断" in say_certificate(answer, "zh")
    assert "interrupted" in say_certificate(answer, "en")
    assert "0.8 %" in say_certificate(answer, "en")
    proved = say_certificate(solved(interrupted=True), "en")
    assert proved.endswith("the search was interrupted after that, while equally good choices were told apart")


def test_an_answer_without_a_bound_claims_nothing():
    said = say_certificate(solved(bound=np.nan), "en")
    assert "no bound was proved" in said
    assert "no other choice" not in said


def test_demand_that_nothing_serves_is_counted():
    assert "cannot" not in say_certificate(solved(), "en")
    assert "can serve 2 demand points" in say_certificate(solved(unserved=("D1", "D9")), "en")
    assert "2 个需求点" in say_certificate(solved(unserved=("D1", "D9")), "zh")


def test_an_unknown_language():
    with pytest.raises(ConfigError, match="language must be one of"):
        say_certificate(solved(), "de")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_large_figures_are_written_in_full_and_a_bound_is_rounded_away_from_the_objective(language):
    said = say_certificate(solved(objective=2811818.6, bound=2811912.4), language)
    assert number(2811818.6) == "2,811,819"
    assert "2,811,819" in said
    assert "2,811,913" in said


@given(st.floats(1e-12, 50.0))
def test_a_share_is_rounded_up_and_by_little(share):
    written = Decimal(percent_up(share).removesuffix(" %"))
    exact = Decimal(share) * 100
    assert written >= exact * (1 - Decimal("1e-9"))
    assert written <= max(exact * Decimal("1.11"), Decimal("0.0001"))


@given(st.floats(1.0, 1e9), st.floats(1.0, 1.5))
def test_the_bound_that_is_said_is_one(objective, factor):
    bound = objective * factor
    said = say_certificate(solved(objective=objective, bound=bound), "en")
    written = float(re.search(r"at most ([\d,.]+)\)", said).group(1).replace(",", ""))
    assert written >= bound - 1e-5
