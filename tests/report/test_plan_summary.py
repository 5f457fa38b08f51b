"""The plain-language summary: every figure is its cell, every word of comparison is true, and nothing else is claimed."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from coverage_planner.report.cells import write_figure
from coverage_planner.report.plan_columns import PLAN_COLUMNS
from coverage_planner.report.plan_summary import summarise_plans
from coverage_planner.report.plan_tables import plan_tables
from coverage_planner.scenario.compare import compare_figures
from drawn_figures import CUTOFF_S, draw_figures, plans

NAN = float("nan")
NAME = '<b onclick="x">1 & 2</b> {3}'


class Page(HTMLParser):
    """Figures with their cells, and the words outside of figures and names."""

    def __init__(self, text):
        super().__init__()
        self.figures, self.words, self._inside = [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._inside.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._inside.pop()[0] == tag

    def handle_data(self, data):
        tag, attrs = self._inside[-1] if self._inside else ("", {})
        if tag == "data":
            self.figures.append((data, attrs["value"], attrs["data-cell"]))
        elif tag != "bdi":
            self.words += data


def check_figures(tables, sentence, language):
    page = Page(sentence.html(language))
    assert not re.search(r"\d", page.words)
    for shown, value, cell in page.figures:
        table, row, column = cell.split("/")
        held = tables[table][column].iloc[int(row)]
        assert float(value) == float(held)
        kind = "number" if column == "cutoff_min" else PLAN_COLUMNS[column].kind
        assert shown in {write_figure(float(held), kind), write_figure(abs(float(held)), kind)}
    return {cell.split("/")[2]: float(value) for _, value, cell in page.figures}


def check_words(drawn, sentence, found):
    """What an English sentence claims must be so in the plans themselves."""
    text = sentence.text("en")
    covered = {plan.name: plan.overall["covered_demand"][0] for plan in drawn}
    if " rises from " in text or " falls from " in text:
        assert (found["change_covered_demand_share"] > 0) == (" rises from " in text)
    elif " more demand than " in text:
        more, less = sentence.names["more"], sentence.names["less"]
        assert covered[more] > covered[less]
        assert abs(found["change_covered_demand"]) == covered[more] - covered[less]
    elif "cover the same demand" in text:
        assert covered["A"] == covered["B"]
    elif " costs less than " in text:
        known = set(drawn[0].stations["id"])
        cost = {p.name: p.stations["cost"][~p.stations["id"].isin(known)].sum() for p in drawn}
        assert cost[sentence.names["less"]] < cost[sentence.names["more"]]


@settings(max_examples=6, deadline=None)
@given(plans())
def test_every_figure_is_its_cell_and_every_word_is_true(drawn):
    tables = plan_tables(compare_figures(drawn))
    for language in ("zh", "en"):
        for part in summarise_plans(tables, language):
            for sentence in part.sentences:
                found = check_figures(tables, sentence, language)
                if language == "en":
                    check_words(drawn, sentence, found)


def say(*drawn, language="en"):
    parts = summarise_plans(plan_tables(compare_figures(drawn)), language)
    return "\n".join(sentence.text(language) for part in parts for sentence in part.sentences)


def test_ties_are_called_the_same():
    today = draw_figures("today", [10, 20], [0, NAN])
    said = say(today, draw_figures("A", [10, 20], [0, 60]), draw_figures("B", [10, 20], [0, 90]))

    assert "By covered demand, A and B are the same for every group." in said
    assert "walkers: A and B cover the same demand, 30; 0 is covered only by B, 0 only by A, 30 by both." in said
    assert "Cost: what A and B open costs the same, 0." in said


def test_what_differs_by_less_than_the_digits_shown_is_the_same():
    demand = [1000, 0.04, 500]
    said = say(draw_figures("today", demand, [0, NAN, NAN]), draw_figures("A", demand, [0, 60, NAN]))

    assert "minutes is 66.7 % for walkers, to the digits shown the same as in today." in said
    assert "rises" not in said


def test_a_gap_that_nobody_leaves_is_not_said_to_be_as_it_was():
    said = say(draw_figures("today", [10, 20, 5], [0, 60, NAN]), draw_figures("A", [10, 20, 5], [0, NAN, NAN]))

    assert "Gaps of walkers in today: closed 0, closed in part 0, not closed at all 1. " in said
    assert "Gaps in A: new 0, with some who lose their cover 1." in said, "one gap, which has grown"


def test_a_trade_off_names_both_sides():
    today = draw_figures("today", [10, 20, 5, 5, 5], [0, NAN, NAN, 0, 0])
    said = say(
        today, draw_figures("A", [10, 20, 5, 5, 5], [0, 60, NAN, 0, 0], ("F1", "F2")),
        draw_figures("B", [10, 20, 5, 5, 5], [NAN, NAN, 9, 0, 0], ("F1", "F4")),
    )  # fmt: skip

    assert "By covered demand, A has no less than B for any group, and more for: walkers." in said
    assert (
        "walkers: A covers 25 more demand than B (40 against 15); 5 is covered only by B, 30 only by A, 10 by both."
    ) in said
    assert "opened stations without a cost are 0 in A and 1 in B" in said
    assert "What is opened costs 2.5 in all, which is 125 per thousand of demand newly covered of walkers." in said
    assert "Opened stations without a cost: 1 of 1; so there is no total." in said
    assert "lead of A over B in covered demand is in 江北, by 25." in said


def test_no_demand_is_said_and_no_share_made_up():
    said = say(draw_figures("today", [0, 0], [0, NAN]), draw_figures("A", [0, 0], [0, 60]))

    assert "There is no demand of walkers, and so no share of it." in said


def test_times_that_grow_are_said_to_grow():
    said = say(draw_figures("today", [10], [60]), draw_figures("A", [10], [CUTOFF_S]))

    assert "takes 90 person-minutes more in all; the way is shorter for 0 and longer for 10." in said
    assert "合计增加 90 人·分钟" in say(
        draw_figures("today", [10], [60]), draw_figures("A", [10], [CUTOFF_S]), language="zh"
    )


@pytest.mark.parametrize("language", ["zh", "en"])
def test_names_are_escaped_and_may_hold_digits(language):
    tables = plan_tables(compare_figures([draw_figures("today", [1], [0]), draw_figures(NAME, [1], [0])]))
    shown = "".join(s.html(language) for part in summarise_plans(tables, language) for s in part.sentences)

    assert "<b" not in shown.replace("<bdi>", "")
    assert "{" not in shown
