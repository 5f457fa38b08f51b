"""Rules of opening hours: what a text says, and that reading a table does not change it."""

import pytest

from coverage_planner.sources.hour_rules import parse_rules
from coverage_planner.sources.hours import read_hours


def said(text):
    return [(rule.joint, rule.says, rule.dates, rule.times) for rule in parse_rules(text)]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("24/7", [("replace", "open", "", "")]),
        ("24/7 closed", [("replace", "off", "", "")]),
        ("Mo-Fr 08:00-18:00; PH off", [("replace", "open", "", "08:00-18:00"), ("replace", "off", "", "")]),
        ("Mo 08:00-09:00, Tu 10:00-11:00", [("replace", "open", "", "08:00-09:00"), ("add", "open", "", "10:00-11:00")]),
        ("Mo 08:00-09:00, 10:00-11:00", [("replace", "open", "", "08:00-09:00,10:00-11:00")]),
        ("Oct-Mar Mo 08:00-09:00 || 24/7", [("replace", "open", "Oct-Mar", "08:00-09:00"), ("fallback", "open", "", "")]),
        ("2025 Oct 01-07: 08:00-09:00", [("replace", "open", "2025 Oct 01-07", "08:00-09:00")]),
        ("08:00-12:00,18:00+", [("replace", "open", "", "08:00-12:00"), ("add", "unknown", "", "18:00+")]),
        ("18:00+ off", [("replace", "off", "", "18:00+")]),
        ('08:00-12:00 "a; b || c, d"', [("replace", "unknown", "", "08:00-12:00")]),
    ],
)  # fmt: skip
def test_a_text_is_cut_into_rules(text, rules):
    assert said(text) == rules


@pytest.mark.parametrize(
    "text",
    ["PH Mo-Fr 10:00-12:00", "PH +1 day off", "Mo-Fr 10:00-12:00, 14:00-16:00", "Fr, Sa 10:00-23:00", 'Mo-Fr open "ring"',
     "mo-fr 9:00-17:00;ph off", '"on request"', "Mo-Fr 08:00-12:00 || 14:00-16:00", "24/7; PH off"],
)  # fmt: skip
def test_reading_a_table_does_not_change_what_a_text_says(text):
    written, remark = read_hours(text)
    assert remark == ""
    before, after = (
        [(rule.joint, rule.says, rule.days, rule.minutes().tobytes()) for rule in parse_rules(form)]
        for form in (text, written)
    )
    assert before == after
