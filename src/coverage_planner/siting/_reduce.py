"""Reductions of set covering: rows and candidates that others make needless (Toregas & ReVelle 1972)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

#: Comparisons of one pass at most; beyond it the reduction costs more than it saves.
_COMPARISONS_MOST = 200_000_000
#: Passes over rows and candidates.
_PASSES_MOST = 10


@dataclass(frozen=True, eq=False)
class Reduced:
    """What is left of a covering.

    Attributes
    ----------
    rows
        Numbers of the rows that are left, ascending: who covers these covers all, once `opened` are open.
    opened
        Candidates that must open, as nobody else covers some row.
    closed
        Candidates that another makes needless.
    """

    rows: NDArray[np.int64]
    opened: NDArray[np.int64]
    closed: NDArray[np.int64]


def reduce_cover(
    covered_by: csr_array,
    *,
    closed: NDArray[np.int64],
    cost: NDArray[np.float64] | None = None,
    all_rows_hold: bool = True,
) -> Reduced:
    """Find rows and candidates that are needless, and candidates that are essential.

    A row that holds another row's candidates and more is covered with it. A candidate is needless where another one
    covers all of its rows and costs no more (of equal ones the first stays). A candidate that alone covers a row must
    open, and its rows are done. These help each other, so they are repeated.

    Parameters
    ----------
    covered_by
        (m, n), CSR: candidates of each row.
    closed
        Candidates that may not open.
    cost
        Shape (n,): what candidates are compared by; None where candidates must not be left out for another's sake
        (quotas and distances tell them apart).
    all_rows_hold
        Whether every row must be covered; otherwise rows and essential candidates are left as they are.
    """
    m, n = covered_by.shape
    rows, usable = np.ones(m, dtype=bool), np.ones(n, dtype=bool)
    usable[closed] = False
    opened = np.zeros(n, dtype=bool)
    for _ in range(_PASSES_MOST):
        before = int(rows.sum()), int(usable.sum())
        if all_rows_hold:
            table = _part(covered_by, rows, usable)
            single = np.diff(table.indptr) == 1
            opened[np.unique(table.indices[np.repeat(single, np.diff(table.indptr))])] = True
            rows &= covered_by @ opened.astype(float) == 0
            rows[_holding_another(_part(covered_by, rows, usable), rows)] = False
        if cost is not None:
            usable[_held_by_another(_part(covered_by, rows, usable).T.tocsr(), usable & ~opened, cost)] = False
        if before == (int(rows.sum()), int(usable.sum())):
            break
    needless = ~usable
    needless[closed] = False
    return Reduced(np.flatnonzero(rows), np.flatnonzero(opened), np.flatnonzero(needless))


def _part(table: csr_array, rows: NDArray[np.bool_], columns: NDArray[np.bool_]) -> csr_array:
    """Empty the other rows and columns, keep the shape."""
    row = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    kept = rows[row] & columns[table.indices]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(row[kept], minlength=table.shape[0]))))
    return csr_array((table.data[kept], table.indices[kept], indptr), shape=table.shape)


def _holding_another(table: csr_array, alive: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Rows that hold all of another row; of equal rows the first is not counted."""
    lengths, by_column = np.diff(table.indptr), table.T.tocsr()
    if _comparisons(by_column) > _COMPARISONS_MOST:
        return np.empty(0, dtype=np.int64)
    found = np.zeros(table.shape[0], dtype=bool)
    for row in np.argsort(lengths, kind="stable"):
        if not alive[row] or found[row] or not lengths[row]:
            continue
        found |= _holders(by_column, table.indices[table.indptr[row] : table.indptr[row + 1]], lengths[row], row)
    return np.flatnonzero(found)


def _held_by_another(
    by_candidate: csr_array, compared: NDArray[np.bool_], cost: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Candidates of which another, that costs no more, covers all."""
    lengths, by_row = np.diff(by_candidate.indptr), by_candidate.T.tocsr()
    if _comparisons(by_row) > _COMPARISONS_MOST:
        return np.empty(0, dtype=np.int64)
    gone = np.zeros(len(cost), dtype=bool)
    for candidate in np.argsort(lengths, kind="stable"):
        if not compared[candidate]:
            continue
        if not lengths[candidate]:
            gone[candidate] = True
            continue
        covered = by_candidate.indices[by_candidate.indptr[candidate] : by_candidate.indptr[candidate + 1]]
        others = np.flatnonzero(_holders(by_row, covered, lengths[candidate], candidate) & ~gone)
        dearer = (cost[others] > cost[candidate]) | (
            (cost[others] == cost[candidate]) & (lengths[others] == lengths[candidate]) & (others > candidate)
        )
        gone[candidate] = bool((~dearer).any())
    return np.flatnonzero(gone)


def _comparisons(table: csr_array) -> float:
    lengths = np.diff(table.indptr).astype(np.float64)
    return float(lengths @ lengths)


def _holders(transposed: csr_array, wanted: NDArray[np.int32], length: int, but: int) -> NDArray[np.bool_]:
    """Which rows hold all the wanted columns, `but` left out."""
    lists = [transposed.indices[transposed.indptr[k] : transposed.indptr[k + 1]] for k in wanted]
    held: NDArray[np.bool_] = np.bincount(np.concatenate(lists), minlength=transposed.shape[1]) == length
    held[but] = False
    return held
