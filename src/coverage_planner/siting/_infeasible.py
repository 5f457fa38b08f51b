"""Rules that cannot hold together, by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.errors import InfeasibleError, SitingError, name_some
from coverage_planner.siting._exact import Sites, add_rows, exclude
from coverage_planner.siting._highs import Program, solve_program
from coverage_planner.siting._programs import column_bounds, write_rules
from coverage_planner.siting.rules import Rules

#: How often HiGHS may ask whether to go on for each question; and how many choices that exceed a budget by its
#: tolerance are excluded.
_CALLS, _EXCLUDED_MOST = 200, 64
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Need:
    """What a model asks besides the rules; `name` is what messages call it.

    `rows` must be at least `least`: over the candidates and, behind them, columns of its own between 0 and 1. `keeps`
    judges a choice exactly.
    """

    name: str
    rows: sp.csr_array
    least: NDArray[np.float64]
    keeps: Callable[[Sites], bool]


def find_choice(rules: Rules, needs: Sequence[Need] = ()) -> Sites:
    """Return some choice that keeps all rules.

    Parameters
    ----------
    rules
        The rules.
    needs
        What else must hold.

    Raises
    ------
    InfeasibleError
        No choice does; the message names rules that cannot hold together: without any one of them the others can.
    SitingError
        HiGHS came to no answer.
    """
    feasible, sites = _try(rules, needs)
    if sites is not None:
        return sites
    if feasible is None:
        raise SitingError(
            "a choice must be found that keeps all rules, but HiGHS came to no answer within its budget; give fewer "
            "rules or candidates"
        )
    raise InfeasibleError(name_conflict(rules, needs))


def name_conflict(rules: Rules, needs: Sequence[Need] = ()) -> str:
    """Return the message that names rules which cannot hold together.

    One rule after the other is left out; where the rest still cannot hold it is not needed for the conflict and stays
    out (a deletion filter: Chinneck & Dravnieks 1991).
    """
    parts = _Parts(rules, tuple(needs))
    for part in list(parts.names()):
        fewer = parts.without(part)
        if _try(fewer.rules, fewer.needs)[0] is False:
            parts = fewer
    named = list(parts.names())
    return (
        f"some choice of sites must keep every rule, but none keeps {_join(named)}"
        f"{' at once' if len(named) > 1 else ''}{_where(parts.rules)}; relax "
        f"{'one of them' if len(named) > 1 else 'it'}"
    )


@dataclass(frozen=True, eq=False)
class _Parts:
    """The rules and needs that are still looked at."""

    rules: Rules
    needs: tuple[Need, ...]

    def names(self) -> Iterator[str]:
        """Names of all that may conflict, those first that planners would rather not hear of."""
        yield from (need.name for need in self.needs)
        yield from (_limit_name(limit.name, limit.least, limit.most) for limit in self.rules.limits)
        if len(self.rules.too_near):
            yield "min_spacing_m"
        if len(self.rules.forbidden):
            yield "forbidden"
        if len(self.rules.required):
            yield "required"
        if self.rules.budget is not None:
            yield "budget"
        if self.rules.n_open is not None:
            yield f"n_open = {self.rules.n_open}"

    def without(self, name: str) -> "_Parts":
        """Leave one of them out."""
        rules, nobody = self.rules, np.empty(0, dtype=np.int64)
        if name == "min_spacing_m":
            rules = replace(rules, too_near=np.empty((0, 2), dtype=np.int64))
        elif name == "forbidden":
            rules = replace(rules, forbidden=nobody)
        elif name == "required":
            rules = replace(rules, required=nobody)
        elif name == "budget":
            rules = replace(rules, budget=None)
        elif name == f"n_open = {rules.n_open}":
            rules = replace(rules, n_open=None)
        kept = tuple(limit for limit in rules.limits if _limit_name(limit.name, limit.least, limit.most) != name)
        return _Parts(replace(rules, limits=kept), tuple(need for need in self.needs if need.name != name))


def _limit_name(name: str, least: int, most: int) -> str:
    return f"the quota {name} ({least} to {most} sites)"


def _join(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _where(rules: Rules) -> str:
    """Name the candidates of the lists that are part of the conflict."""
    lists = (("required", rules.required), ("forbidden", rules.forbidden))
    told = [f"{what} {name_some(rules.ids[numbers])}" for what, numbers in lists if len(numbers)]
    return f" ({'; '.join(told)})" if told else ""


def _try(rules: Rules, needs: Sequence[Need]) -> tuple[bool | None, Sites | None]:
    """Whether some choice keeps the rules, None where HiGHS came to no answer; and such a choice."""
    n = rules.n_candidates
    wide = max([n, *(need.rows.shape[1] for need in needs)])
    rows, lower, upper = write_rules(rules, wide)
    least, most = column_bounds(rules, wide)
    program = Program(
        objective=np.zeros(wide),
        maximise=False,
        whole=np.arange(wide) < n,
        lower=least,
        upper=most,
        rows=rows,
        row_lower=lower,
        row_upper=upper,
    )
    for need in needs:
        program = add_rows(program, need.rows, need.least, np.full(len(need.least), np.inf))
    for _ in range(_EXCLUDED_MOST):
        answer = solve_program(program, calls=_CALLS)
        if answer.outcome == "infeasible":
            return False, None
        if answer.values is None:
            return None, None
        sites = np.flatnonzero(answer.values[:n] > _HALF).astype(np.int64)
        if not rules.broken_by(sites) and all(need.keeps(sites) for need in needs):
            return True, sites
        program = exclude(program, n, [sites])
    return None, None
