"""Answers of HiGHS made exact: choices judged in whole numbers, bounds recomputed from dual values.

HiGHS works within tolerances. Programs here are loosened so that no choice that keeps a rule exactly is lost; what
comes out is judged again in whole numbers, and a choice that misses a rule by the tolerance is excluded by itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.errors import SitingError
from coverage_planner.siting._highs import Program, relax_program, solve_program
from coverage_planner.siting.effort import Effort

Sites = NDArray[np.int64]

#: Dual values are rounded to multiples of two to the power of minus this.
_DUAL_BITS = 30
#: Work of recomputing a bound, in visits for each coefficient.
_VISITS_PER_COEFFICIENT = 200.0
#: So many choices that miss a rule by the solver's tolerance are excluded before the program is given up.
_EXCLUDED_MOST = 64
#: HiGHS's dual bound counts as reached within this share, as its objective is a sum of rounded numbers.
_ROUNDING = 1e-9
_BY_DUALS, _BY_HIGHS = "duals recomputed", "branch and bound, HiGHS"
_HALF = 0.5
#: Coefficients of a program that HiGHS is given at most: about a gigabyte.
COEFFICIENTS_MOST = 3_000_000


@dataclass(frozen=True, eq=False)
class Task:
    """A program and what its answers mean; the first `n_candidates` columns say which candidates open.

    Attributes
    ----------
    program, n_candidates
        The program and how many of its columns are candidates.
    value
        Objective of a choice in whole units.
    scale
        What a whole unit is in the objective of the program: a power of two.
    offset
        Units that the program leaves out.
    keeps
        Whether a choice keeps all rules, exactly.
    columns
        Values of all columns for a choice, to start from.
    """

    program: Program
    n_candidates: int
    value: Callable[[Sites], int]
    scale: float
    keeps: Callable[[Sites], bool]
    columns: Callable[[Sites], NDArray[np.float64]]
    offset: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """The best choice found, None where there is none, and the bound of any, in whole units."""

    sites: Sites | None
    value: int
    bound: int
    proof: str = ""
    nodes: int = 0
    iterations: int = 0

    @property
    def proved(self) -> bool:
        """Whether there is no better choice."""
        return self.sites is not None and self.value == self.bound


def require_size(n_coefficients: int, model: str) -> None:
    """Raise where a program is too large for HiGHS.

    Raises
    ------
    SitingError
        It has more than `COEFFICIENTS_MOST` coefficients.
    """
    if n_coefficients > COEFFICIENTS_MOST:
        raise SitingError(
            f"{model} is solved by HiGHS alone, which takes at most {COEFFICIENTS_MOST:,} pairs of candidate and "
            f"demand, got {n_coefficients:,}; give fewer candidates, join demand points, or lower the cutoff"
        )


def optimise(
    task: Task,
    effort: Effort,
    *,
    start: Sites | None = None,
    tell: Callable[[int | None, int | None], None] | None = None,
) -> Found | None:
    """Solve a program; None where it is proved that no choice keeps its rows.

    Parameters
    ----------
    task
        The program.
    effort
        How far to go. Its gap is a share of the whole objective, `offset` included.
    start
        A choice that keeps all rules, if one is known.
    tell
        Told the value and the bound of what is found, None where there is none.
    """
    program, sign = task.program, -1 if task.program.maximise else 1
    found = Found(start, 0 if start is None else task.value(start), _recompute(task, effort), _BY_DUALS)
    excluded: list[Sites] = []
    while len(excluded) < _EXCLUDED_MOST:
        if tell is not None:
            tell(None if found.sites is None else found.value, found.bound)
        if found.proved or not (found.sites is None or effort.may_go_on()):
            return found
        answer = solve_program(
            program,
            start=None if found.sites is None else task.columns(found.sites),
            abs_gap=effort.gap * abs(found.bound if sign > 0 or found.sites is None else found.value) * task.scale,
            effort=effort,
            tell=_teller(task, found, sign, tell),
        )
        found = replace(
            found, nodes=found.nodes + answer.nodes, iterations=found.iterations + max(answer.simplex_iterations, 0)
        )
        if answer.outcome == "infeasible":
            return None if found.sites is None else replace(found, bound=found.value, proof=_BY_HIGHS)
        if answer.values is None:
            return found
        sites = np.flatnonzero(answer.values[: task.n_candidates] > _HALF).astype(np.int64)
        if not task.keeps(sites):
            excluded.append(sites)
            program = exclude(program, task.n_candidates, [sites])
            continue
        value = task.value(sites)
        if found.sites is None or sign * value < sign * found.value:
            found = replace(found, sites=sites, value=value)
        if answer.outcome == "optimal":
            found = _adopt_bound(found, task, answer.bound, sign)
        if tell is not None:
            tell(found.value, found.bound)
        return found
    return found


def _teller(
    task: Task, found: Found, sign: int, tell: Callable[[int | None, int | None], None] | None
) -> Callable[[float, float], None]:
    """Return what passes the incumbents of HiGHS on; its own bound counts only at its end."""
    best = [math.inf if found.sites is None else sign * float(found.value)]

    def pass_on(incumbent: float, _bound: float) -> None:
        value = incumbent / task.scale + task.offset
        if tell is not None and math.isfinite(value) and sign * value < best[0]:
            best[0] = sign * value
            tell(round(value), found.bound)

    return pass_on


def _adopt_bound(found: Found, task: Task, bound: float, sign: int) -> Found:
    """Take the dual bound of a branch and bound that came to its end."""
    reached = (found.value - task.offset) * task.scale
    if sign * (reached - bound) < max(task.scale, abs(reached) * _ROUNDING):
        return replace(found, bound=found.value, proof=_BY_HIGHS)
    units = bound / task.scale - sign * abs(bound / task.scale) * _ROUNDING
    whole = task.offset + (math.ceil(units - _ROUNDING) if sign > 0 else math.floor(units + _ROUNDING))
    return replace(found, bound=whole, proof=_BY_HIGHS) if sign * whole > sign * found.bound else found


def _recompute(task: Task, effort: Effort) -> int:
    """Bound of the program in whole units from the dual values of its relaxation, or from none if these are worse."""
    program = task.program
    none = np.zeros(len(program.row_lower))
    duals = relax_program(program, effort=effort)
    effort.spend(_VISITS_PER_COEFFICIENT * program.rows.nnz)
    bounds = [prove_program(program, values) for values in (none, duals) if values is not None]
    bound = (min(bounds) if program.maximise else max(bounds)) / Fraction(task.scale)
    return task.offset + (math.floor(bound) if program.maximise else math.ceil(bound))


def prove_program(program: Program, duals: NDArray[np.float64]) -> Fraction:
    r"""Bound the objective of a program from dual values :math:`\lambda` of its rows, without rounding.

    Whatever they are, for a minimum with rows :math:`a \le A x \le b` and columns :math:`l \le x \le u`

    .. math::

        c x \ge \sum_i \min(\lambda_i a_i, \lambda_i b_i) + \sum_j \min(\rho_j l_j, \rho_j u_j),
        \qquad \rho = c - A^T \lambda ,

    where a value that would ask for an infinite side counts as zero; for a maximum with max in place of min. Dual
    values are first rounded to multiples of a power of two; the rest is whole numbers.
    """
    pick = max if program.maximise else min
    sign = -1 if program.maximise else 1
    kept = np.where((sign * duals > 0) & np.isinf(program.row_lower), 0.0, duals)
    kept = np.where((sign * duals < 0) & np.isinf(program.row_upper), 0.0, kept)
    price = np.rint(np.clip(kept, -1e9, 1e9) * 2.0**_DUAL_BITS).astype(np.int64).astype(object)
    by_column = program.rows.tocsc()
    entries, bits = _whole(by_column.data)
    costs, cost_bits = _whole(program.objective)
    common = max(bits + _DUAL_BITS, cost_bits)
    paid = np.zeros(len(program.objective), dtype=object)
    filled = np.flatnonzero(np.diff(by_column.indptr))
    if len(filled):
        paid[filled] = np.add.reduceat(entries * price[by_column.indices], by_column.indptr[filled])
    reduced = costs * 2 ** (common - cost_bits) - paid * 2 ** (common - bits - _DUAL_BITS)
    lower, upper = program.lower.astype(np.int64), program.upper.astype(np.int64)
    columns = sum(pick(r * a, r * b) for r, a, b in zip(reduced, lower.tolist(), upper.tolist(), strict=True))
    total = Fraction(columns, 2**common)
    for row in np.flatnonzero(price):
        side = program.row_lower[row] if sign * price[row] > 0 else program.row_upper[row]
        total += Fraction(price[row], 2**_DUAL_BITS) * Fraction(float(side))
    return total


def _whole(values: NDArray[np.float64]) -> tuple[NDArray[np.object_], int]:
    """Return whole numbers and a number of bits: divided by two to that power they are the values, exactly."""
    mantissa, exponent = np.frexp(values)
    digits = (mantissa * 2.0**53).astype(np.int64).astype(object)
    places = np.where(values == 0, 53, exponent) - 53
    bits = max(0, -int(places.min(initial=0)))
    return digits * np.power(np.full(len(values), 2, dtype=object), (places + bits).astype(object)), bits


def exclude(program: Program, n_candidates: int, choices: Sequence[Sites]) -> Program:
    """Add a row for each choice, so that just this one does not come out."""
    rows = np.ones((len(choices), n_candidates))
    for row, sites in zip(rows, choices, strict=True):
        row[sites] = -1
    least = np.array([1.0 - len(sites) for sites in choices])
    return add_rows(program, sp.csr_array(rows), least, np.full(len(choices), np.inf))


def add_rows(program: Program, rows: sp.csr_array, lower: NDArray[np.float64], upper: NDArray[np.float64]) -> Program:
    """Add rows over the first columns of a program."""
    wide = sp.csr_array((rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], len(program.objective)))
    return replace(
        program,
        rows=sp.vstack([program.rows, wide], format="csr"),
        row_lower=np.concatenate((program.row_lower, lower)),
        row_upper=np.concatenate((program.row_upper, upper)),
    )


def add_row(program: Program, values: NDArray[np.float64], lower: float, upper: float) -> Program:
    """Add one row over the first columns of a program."""
    return add_rows(program, sp.csr_array(values[None]), np.array([lower]), np.array([upper]))
