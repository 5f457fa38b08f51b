"""Rules read from tables, and rules that contradict each other, against trying every choice."""

import numpy as np
from hypothesis import given, settings

from coverage_planner.errors import InfeasibleError
from coverage_planner.siting.rules import read_rules
from siting import siting_oracle as oracle
from siting.drawn_siting import cases, tables, wished

RULES = ("required", "forbidden", "quotas", "min_spacing_m")


def read(town, wishes):
    order = np.array(sorted(range(len(town.ids)), key=lambda k: town.ids[k]))
    return order, read_rules(tables(town)["candidates"], order, **wished(wishes))


@settings(max_examples=60)
@given(cases(only=RULES))
def test_a_choice_breaks_the_same_rules(case):
    town, wishes = case
    try:
        order, rules = read(town, wishes)
    except InfeasibleError:
        assert not oracle.allowed(town, wishes)
        return
    for choice in oracle.all_choices(len(town.ids)):
        sites = np.flatnonzero(np.isin(order, choice))
        names = {
            "quotas" if " = " in name and "n_open" not in name else name.split(" ")[0]
            for name in rules.broken_by(sites)
        }
        assert names == oracle.broken(town, wishes, choice)
