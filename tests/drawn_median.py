"""Small p-median cases and their answers by trying every choice."""

import math
from itertools import combinations

import numpy as np
from hypothesis import strategies as st

from drawn_times import make_candidates, make_demand, make_times

LIMIT_S = 900.0


@st.composite
def cases(draw, *, coarse=True, rules=False):
    """Random times, demand, costs and rules as a dictionary; coarse ones are full of ties."""
    n, d, e = draw(st.integers(1, 7)), draw(st.integers(1, 9)), draw(st.integers(0, 2))
    coarse_times = st.sampled_from([0.0, 20.0, 60.0, 300.0, 600.0, LIMIT_S, 901.0, math.nan])
    seconds = coarse_times if coarse else st.floats(0.0, 1200.0, width=32)
    weight = st.sampled_from([0.0, 1.0, 1.0, 2.0, 5.0]) if coarse else st.floats(0.0, 100.0)
    table = np.array(draw(st.lists(seconds, min_size=(n + e) * d, max_size=(n + e) * d))).reshape(n + e, d)
    size = draw(
        st.one_of(
            st.integers(1, n).map(lambda count: {"n_open": count}),
            st.sampled_from([0.0, 1.0, 2.5, 4.0, 6.5]).map(lambda money: {"budget": money}),
        )
    )
    return {
        "new": table[:n],
        "old": table[n:],
        "weights": np.array(draw(st.lists(weight, min_size=d, max_size=d))),
        "costs": np.array(draw(st.lists(st.sampled_from([0.0, 1.0, 2.5, 3.0]), min_size=n, max_size=n))),
        "size": size,
        "marks": draw(st.lists(st.sampled_from("ffffRX"), min_size=n, max_size=n)),
        "unserved_s": draw(st.sampled_from([None, LIMIT_S, 1500.0])),
        "kinds": draw(st.lists(st.sampled_from("ab"), min_size=n, max_size=n)),
        "quota": (draw(st.integers(0, 1)), draw(st.integers(1, 4))) if rules else None,
        "spacing_m": draw(st.sampled_from([None, 2.0, 3.0])) if rules else None,
    }


def label(number):
    """Ids that sort otherwise than rows."""
    return f"C{(7 * number) % 10}{number}"


def arguments(case):
    """What solve_p_median takes; candidates stand a metre apart."""
    from coverage_planner.siting.rules import Quota

    ids = [label(k) for k in range(len(case["new"]))]
    demand = make_demand(case["weights"])
    old = [f"E{k}" for k in range(len(case["old"]))]
    quotas = [] if case["quota"] is None else [Quota("kind", *case["quota"])]
    return {
        "times": make_times(case["new"], ids, demand["id"], limit_s=LIMIT_S),
        "demand": demand,
        "candidates": make_candidates(ids, case["costs"]).assign(kind=case["kinds"]),
        "existing": make_times(case["old"], old, demand["id"], limit_s=LIMIT_S) if old else None,
        "unserved_s": case["unserved_s"],
        "required": [name for name, mark in zip(ids, case["marks"], strict=True) if mark == "R"],
        "forbidden": [name for name, mark in zip(ids, case["marks"], strict=True) if mark == "X"],
        "quotas": quotas,
        "min_spacing_m": case["spacing_m"],
        **case["size"],
    }


def allowed(case, choice):
    """Whether a choice, ascending row numbers, keeps the rules."""
    chosen = set(choice)
    marks, size = case["marks"], case["size"]
    if "n_open" in size and len(choice) != size["n_open"]:
        return False
    if "budget" in size and case["costs"][list(choice)].sum() > size["budget"]:
        return False
    if any((mark == "R" and k not in chosen) or (mark == "X" and k in chosen) for k, mark in enumerate(marks)):
        return False
    if case["quota"] is not None:
        least, most = case["quota"]
        counts = [sum(case["kinds"][k] == kind for k in choice) for kind in set(case["kinds"])]
        if any(not least <= count <= most for count in counts):
            return False
    return case["spacing_m"] is None or all(b - a >= case["spacing_m"] for a, b in combinations(choice, 2))


def rate(case, choice):
    """What a choice is compared by, the smaller the better: demand times milliseconds, cost, ids; None if it may not be."""
    rows = np.vstack([case["old"], case["new"][list(choice)], np.full((1, len(case["weights"])), np.inf)])
    seconds = np.float32(np.where(rows <= LIMIT_S, rows, np.inf)).min(axis=0)
    lost = np.isinf(seconds)
    if case["unserved_s"] is None and (lost & (case["weights"] > 0)).any():
        return None
    milliseconds = np.rint(np.where(lost, case["unserved_s"] or 0.0, seconds).astype(float) * 1000)
    return (
        math.fsum(case["weights"] * milliseconds),
        math.fsum(case["costs"][list(choice)]),
        sorted(label(k) for k in choice),
    )


def best_of(case):
    """The best of all choices, None where there is none."""
    n = len(case["new"])
    choices = (choice for k in range(n + 1) for choice in combinations(range(n), k) if allowed(case, choice))
    rated = (rate(case, choice) for choice in choices)
    return min((key for key in rated if key is not None), default=None)
