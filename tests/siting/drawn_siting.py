"""Small random towns for the siting models, and the package's arguments for them."""

from fractions import Fraction

import numpy as np
import shapely
from hypothesis import strategies as st

from coverage_planner.siting import rules
from drawn_times import make_candidates, make_demand, make_times
from siting.siting_oracle import Quota, Town, Wishes

CUTOFF_MS = 600_000
CUTOFF_S = CUTOFF_MS / 1000
LIMIT_S = 900.0
SIZES = ("n_open", "budget")
RULES = ("required", "forbidden", "quotas", "min_spacing_m", "group_weights")

_COARSE_MS = st.sampled_from([0, 60_000, 60_001, 300_000, 600_000, 600_001, 900_000, None, None])
_FINE_MS = st.one_of(st.none(), st.integers(0, 900_000), st.integers(0, CUTOFF_MS))
_DEMAND = st.sampled_from(["0", "1", "1", "2", "5", "0.1", "0.2", "0.3", "12.5"]).map(Fraction)
_COST = st.sampled_from(["0", "1", "1", "2.5", "0.1", "0.2", "0.3"]).map(Fraction)


@st.composite
def towns(draw, *, least_candidates=3, most_candidates=8, most_points=12, costs_known=None):
    """Few candidates and points; half of the towns are coarse: full of equal times and choices."""
    n, d = draw(st.integers(least_candidates, most_candidates)), draw(st.integers(1, most_points))
    e = draw(st.integers(0, 2))
    times = draw(st.sampled_from([_COARSE_MS, _FINE_MS]))
    rows = [draw(st.lists(times, min_size=d, max_size=d)) for _ in range(n + e)]
    lonely = draw(st.sets(st.integers(0, d - 1), max_size=1)) if draw(st.booleans()) else set()
    rows = [tuple(None if i in lonely else t for i, t in enumerate(row)) for row in rows]
    cost = _COST if (draw(st.booleans()) if costs_known is None else costs_known) else st.one_of(st.none(), _COST)

    def column(values, size):
        return tuple(draw(st.lists(values, min_size=size, max_size=size)))

    grid = st.tuples(st.integers(0, 3), st.integers(0, 2)).map(lambda xy: (100 * xy[0], 100 * xy[1]))
    return Town(
        ids=tuple(f"C{k}" for k in draw(st.permutations(range(7, 7 + n)))),
        point_ids=tuple(f"D{k}" for k in draw(st.permutations(range(5, 5 + d)))),
        times_ms=tuple(rows[:n]),
        existing_ms=tuple(rows[n:]),
        demand=column(_DEMAND, d),
        cost=column(cost, n),
        xy=column(grid, n),
        columns={
            "subdistrict": column(st.sampled_from(["东湖", "西湖", None]), n),
            "kind": column(st.sampled_from(["bank", "room"]), n),
        },
        groups=column(st.sampled_from(["riders", "cleaners", None]), d),
    )


@st.composite
def wishes(draw, town, *, size=None, only=RULES):
    """Rules for a town: `size` 'n_open', 'budget' or 'none' (either of the first two by default), some of `only`."""
    size = draw(st.sampled_from(SIZES)) if size is None else size
    n, ids = len(town.ids), st.sampled_from(town.ids)
    chosen = {name for name in only if len(only) == 1 or draw(st.booleans())}
    total = sum((cost or Fraction(0) for cost in town.cost), Fraction(0))
    required = draw(st.frozensets(ids, min_size=1, max_size=2)) if "required" in chosen else frozenset()
    forbidden = draw(st.frozensets(ids, min_size=1, max_size=2)) if "forbidden" in chosen else frozenset()
    factors = st.sampled_from(["0", "0.5", "1.5", "2", "3"]).map(Fraction)
    # weights that name only groups of the table: unknown names are an error
    named = sorted({group for group in town.groups if group is not None})
    return Wishes(
        n_open=draw(st.integers(1, min(n, 4))) if size == "n_open" else None,
        budget=total * draw(st.sampled_from([Fraction(k, 10) for k in (0, 2, 3, 5, 10)])) if size == "budget" else None,
        required=required,
        forbidden=forbidden - required,
        quotas=tuple(draw(st.lists(quotas(town), min_size=1, max_size=2))) if "quotas" in chosen else (),
        min_spacing_m=draw(st.sampled_from([50, 100, 101, 200, 250])) if "min_spacing_m" in chosen else None,
        group_weights={name: draw(factors) for name in named} if named and "group_weights" in chosen else None,
    )


@st.composite
def quotas(draw, town):
    """A quota by subdistrict or kind, for all values or for those named."""
    column = draw(st.sampled_from(sorted(town.columns)))
    at_least = draw(st.integers(0, 1))
    at_most = draw(st.one_of(st.integers(max(at_least, 1), 2), st.none() if at_least else st.just(1)))
    present = sorted({value for value in town.columns[column] if value is not None})
    values = tuple(draw(st.sets(st.sampled_from(present), min_size=1))) if present and draw(st.booleans()) else None
    return Quota(column, at_least, at_most, values)


@st.composite
def cases(draw, *, size=None, only=RULES, costs_known=None, **sizes):
    """A town and wishes for it; with a budget all costs are known."""
    size = draw(st.sampled_from(SIZES)) if size is None else size
    town = draw(towns(costs_known=True if size == "budget" else costs_known, **sizes))
    return town, draw(wishes(town, size=size, only=only))


# --- the package's arguments ---


def tables(town, *, rows=None, columns=None, limit_s=LIMIT_S):
    """Times and tables of a town, candidates in the order `rows`, points in the order `columns`."""
    rows = list(range(len(town.ids))) if rows is None else rows
    columns = list(range(len(town.point_ids))) if columns is None else columns
    ids, points = [town.ids[k] for k in rows], [town.point_ids[i] for i in columns]
    candidates = make_candidates(ids, [np.nan if town.cost[k] is None else float(town.cost[k]) for k in rows])
    candidates = candidates.set_geometry(shapely.points([town.xy[k] for k in rows]), crs=candidates.crs)
    for name, values in town.columns.items():
        candidates[name] = np.array([values[k] for k in rows], dtype=object)
    demand = make_demand([float(town.demand[i]) for i in columns], points)
    demand["group"] = np.array([town.groups[i] for i in columns], dtype=object)
    arguments = {
        "times": make_times(_seconds(town.times_ms, rows, columns), ids, points, limit_s=limit_s),
        "demand": demand,
        "candidates": candidates,
    }
    if town.existing_ms:
        old = range(len(town.existing_ms))
        seconds = _seconds(town.existing_ms, old, columns)
        arguments["existing"] = make_times(seconds, [f"E{k}" for k in old], points, limit_s=limit_s)
    return arguments


def _seconds(times_ms, rows, columns):
    return np.array([[np.nan if times_ms[k][i] is None else times_ms[k][i] / 1000 for i in columns] for k in rows])


def wished(wishes):
    """The rules as the models take them; those that are not set are left out."""
    arguments = {}
    for name in ("n_open", "min_spacing_m"):
        if getattr(wishes, name) is not None:
            arguments[name] = getattr(wishes, name)
    if wishes.budget is not None:
        arguments["budget"] = float(wishes.budget)
    for name in ("required", "forbidden"):
        if getattr(wishes, name):
            arguments[name] = sorted(getattr(wishes, name), reverse=True)
    if wishes.quotas:
        arguments["quotas"] = tuple(
            rules.Quota(quota.column, quota.at_least, quota.at_most, quota.values) for quota in wishes.quotas
        )
    if wishes.group_weights is not None:
        arguments["group_weights"] = {name: float(factor) for name, factor in wishes.group_weights.items()}
    return arguments
