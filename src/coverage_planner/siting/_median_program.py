r"""What prices leave of a p-median with quotas and distances, as a mixed-integer program for HiGHS.

Written by radii (Cornuéjols, Nemhauser & Wolsey 1980; Elloumi 2010): for each point and each of its distinct costs
:math:`D_1 < D_2 < \dots` a column says that nothing open is within that cost,

.. math::

    \text{cost of a point} = D_1 + \sum_k (D_{k+1} - D_k) z_k,
    \qquad z_k + \sum_{D_{k-1} < c_j \le D_k} x_j \ge z_{k-1} .

Columns of the same candidates are one, whosever points they are. Pairs that no choice as good as the best known one
uses are left out first, so the program is small where prices are good.
"""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from coverage_planner.siting._exact import Task
from coverage_planner.siting._highs import Program
from coverage_planner.siting._infeasible import Need
from coverage_planner.siting._median_prices import Prices, settle
from coverage_planner.siting._median_problem import MedianProblem, trim
from coverage_planner.siting._problem import SitingProblem
from coverage_planner.siting._programs import scale_for, write_rules
from coverage_planner.siting.rules import Rules
from coverage_planner.units import UNREACHED_MS

_Sites = NDArray[np.int64]


def need_to_serve(problem: SitingProblem) -> Need:
    """Return what must hold besides the rules: something is open for every point with demand."""
    points = np.flatnonzero((problem.weighed > 0) & ~problem.present)
    rows = problem.reach.tocsc()[:, points].T.tocsr().astype(np.float64)
    return Need(
        name="every point with demand served (unserved_s = None)",
        rows=rows,
        least=np.ones(len(points)),
        keeps=lambda sites: bool((problem.nearest_ms(sites)[points] < UNREACHED_MS).all()),
    )


def write_task(
    problem: MedianProblem, rules: Rules, prices: Prices, worst: int, keeps: Callable[[_Sites], bool]
) -> Task:
    """Write the search for choices that cost at most `worst`; units are steps of cost beyond what is fixed."""
    settled = settle(problem, prices, worst)
    few = trim(problem, settled.most, settled.allowance)
    radii = _Radii(few)
    unit = problem.step
    coefficients = np.array([value // unit for value in radii.cost], dtype=np.float64)
    scale = scale_for(float(coefficients.sum()))
    n, m = few.n_candidates, len(coefficients)
    rows = radii.rows(n)
    rule_rows, lower, upper = write_rules(rules, rules.n_candidates)
    settled_part = rule_rows[:, problem.opened].sum(axis=1)
    chosen = rule_rows.tocsc()[:, problem.numbers].tocsr()
    chosen = sp.csr_array((chosen.data, chosen.indices, chosen.indptr), shape=(chosen.shape[0], n + m))
    never = np.zeros(n + m, dtype=bool)
    never[n:] = radii.must
    return Task(
        program=Program(
            objective=np.concatenate((np.zeros(n), coefficients * scale)),
            maximise=False,
            whole=np.arange(n + m) < n,
            lower=np.zeros(n + m),
            upper=np.where(never, 0.0, 1.0),
            rows=sp.vstack([rows, chosen], format="csr"),
            row_lower=np.concatenate((radii.least, lower - settled_part)),
            row_upper=np.concatenate((np.full(rows.shape[0], np.inf), upper - settled_part)),
        ),
        n_candidates=n,
        value=lambda sites: (problem.cost(sites) - problem.fixed) // unit,
        scale=scale,
        keeps=keeps,
        columns=lambda sites: np.concatenate((np.isin(np.arange(n), sites), radii.closed(sites))).astype(float),
        offset=(few.fixed - problem.fixed + radii.offset) // unit,
    )


class _Radii:
    """Columns for sets of candidates, of which one holds those within some cost of a point."""

    def __init__(self, problem: MedianProblem) -> None:
        self.offset = 0
        self.cost: list[int] = []
        self.must: list[bool] = []
        self.sets: list[int] = []
        self.before: list[int] = []  # the column of the next smaller set of the same point, -1 for the empty set
        self._columns: dict[int, int] = {}
        first, site, cost = problem.first.tolist(), problem.site.tolist(), problem.pair_cost.tolist()
        for point, (base, must) in enumerate(zip(problem.base.tolist(), problem.must.tolist(), strict=True)):
            self._add(site[first[point] : first[point + 1]], cost[first[point] : first[point + 1]], base, must=must)

    def _add(self, site: list[int], cost: list[int], base: int, *, must: bool) -> None:
        self.offset += cost[0] if cost else 0
        members, before = 0, -1
        for k, candidate in enumerate(site):
            members |= 1 << candidate
            if k + 1 < len(site) and cost[k + 1] == cost[k]:
                continue
            last = k + 1 == len(site)
            rise = 0 if last and must else (base if last else cost[k + 1]) - cost[k]
            before = self._column(members, before)
            self.cost[before] += rise
            self.must[before] |= last and must
        if not site:
            column = self._column(0, -1)
            self.must[column] = True

    def _column(self, members: int, before: int) -> int:
        column = self._columns.setdefault(members, len(self.sets))
        if column == len(self.sets):
            self.sets.append(members)
            self.before.append(before)
            self.cost.append(0)
            self.must.append(False)
        return column

    def rows(self, n: int) -> sp.csr_array:
        """Return z + x of the candidates that the set has more than the one before it, less z of that one."""
        columns, values, starts = [], [], [0]
        for column, (members, before) in enumerate(zip(self.sets, self.before, strict=True)):
            new = members & ~(self.sets[before] if before >= 0 else 0)
            more = _bits(new)
            columns += [*more, n + column] + ([n + before] if before >= 0 else [])
            values += [1.0] * (len(more) + 1) + ([-1.0] if before >= 0 else [])
            starts.append(len(columns))
        return sp.csr_array(
            (np.array(values), np.array(columns, dtype=np.int64), starts), shape=(len(self.sets), n + len(self.sets))
        )

    @property
    def least(self) -> NDArray[np.float64]:
        """Shape (columns,): lower sides of the rows."""
        return np.array([1.0 if before < 0 else 0.0 for before in self.before])

    def closed(self, sites: _Sites) -> list[bool]:
        """Whether none of a set's candidates is open, for each column."""
        opened = sum(1 << int(site) for site in sites)
        return [not members & opened for members in self.sets]


def _bits(members: int) -> list[int]:
    found = []
    while members:
        lowest = members & -members
        found.append(lowest.bit_length() - 1)
        members ^= lowest
    return found
