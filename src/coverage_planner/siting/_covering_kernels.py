"""Compiled loops over pairs of candidates and demand: sorting them, merging demand, adding up what candidates earn."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled


@compiled
def count_kept(indptr: NDArray[np.int64], seconds: NDArray[np.float32], cutoff: float) -> NDArray[np.int64]:
    """Count the pairs of each row whose seconds are at most `cutoff`."""
    counts = np.zeros(len(indptr) - 1, np.int64)
    for row in range(len(counts)):
        kept = 0
        for k in range(indptr[row], indptr[row + 1]):
            kept += seconds[k] <= cutoff
        counts[row] = kept
    return counts


@compiled
def pick_pairs(
    indptr: NDArray[np.int64],
    indices: NDArray[np.int32],
    seconds: NDArray[np.float32],
    cutoff: float,
    rows: NDArray[np.int64],
    column_of: NDArray[np.int32],
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    times: NDArray[np.int32],
) -> None:
    """Write the pairs within the cutoff row by row in the order of `rows`, columns renamed, whole milliseconds.

    `starts` says where each new row begins; `columns` and `times` are filled. Within a row the old order stays.
    """
    for place in range(len(rows)):
        row, at = rows[place], starts[place]
        for k in range(indptr[row], indptr[row + 1]):
            if seconds[k] <= cutoff:
                columns[at] = column_of[indices[k]]
                times[at] = np.int32(np.rint(np.float64(seconds[k]) * 1000.0))
                at += 1


@compiled
def sort_rows(starts: NDArray[np.int64], columns: NDArray[np.int32], times: NDArray[np.int32]) -> None:
    """Sort each row by column, in place."""
    for row in range(len(starts) - 1):
        begin, end = starts[row], starts[row + 1]
        key = np.empty(end - begin, np.int64)
        for k in range(begin, end):
            key[k - begin] = (np.int64(columns[k]) << 32) | np.int64(times[k])
        key.sort()
        for k in range(begin, end):
            columns[k] = np.int32(key[k - begin] >> 32)
            times[k] = np.int32(key[k - begin] & 0x7FFFFFFF)


@compiled
def transpose(
    starts: NDArray[np.int64], columns: NDArray[np.int32], n_columns: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Turn rows of columns into columns of rows, ascending."""
    column_starts = np.zeros(n_columns + 1, np.int64)
    for k in range(len(columns)):
        column_starts[columns[k] + 1] += 1
    for column in range(n_columns):
        column_starts[column + 1] += column_starts[column]
    filled = column_starts[:-1].copy()
    rows = np.empty(len(columns), np.int32)
    for row in range(len(starts) - 1):
        for k in range(starts[row], starts[row + 1]):
            column = columns[k]
            rows[filled[column]] = row
            filled[column] += 1
    return column_starts, rows


@compiled
def hash_columns(
    starts: NDArray[np.int64], columns: NDArray[np.int32], rows: NDArray[np.int64], words: NDArray[np.int64], n: int
) -> NDArray[np.int64]:
    """Add up, for each of `n` columns, the random words of the rows that hold it: equal sets have equal sums."""
    sums = np.zeros(n, np.int64)
    for place in range(len(rows)):
        word = words[place]
        for k in range(starts[rows[place]], starts[rows[place] + 1]):
            sums[columns[k]] += word
    return sums


@compiled
def fold_columns(
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    rows: NDArray[np.int64],
    group: NDArray[np.int32],
    sizes: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int32], bool]:
    """Write each row of `rows` in groups of columns, as they first stand; `group` is -1 where a column is left out.

    The flag says whether every row holds groups whole or not at all (else their columns do not belong together), and
    no column of group -2.
    """
    n_groups = len(sizes)
    seen = np.zeros(n_groups, np.int32)
    new_starts = np.zeros(len(rows) + 1, np.int64)
    for place in range(len(rows)):
        n_new = 0
        for k in range(starts[rows[place]], starts[rows[place] + 1]):
            to = group[columns[k]]
            if to < -1:
                return new_starts, np.empty(0, np.int32), False
            if to >= 0:
                n_new += seen[to] == 0
                seen[to] += 1
        for k in range(starts[rows[place]], starts[rows[place] + 1]):
            to = group[columns[k]]
            if to >= 0:
                if seen[to] != 0 and seen[to] != sizes[to]:
                    return new_starts, np.empty(0, np.int32), False
                seen[to] = 0
        new_starts[place + 1] = new_starts[place] + n_new
    folded = np.empty(new_starts[-1], np.int32)
    for place in range(len(rows)):
        at = new_starts[place]
        for k in range(starts[rows[place]], starts[rows[place] + 1]):
            to = group[columns[k]]
            if to >= 0 and seen[to] != place + 1:
                seen[to] = place + 1
                folded[at] = to
                at += 1
    return new_starts, folded, True


@compiled
def add_up(
    starts: NDArray[np.int64],
    columns: NDArray[np.int32],
    values: NDArray[np.float64],
    begin: int,
    end: int,
    sums: NDArray[np.float64],
) -> None:
    """Add up the values of the columns of each row from `begin` to `end`; four sums at a time, in a fixed order."""
    for row in range(begin, end):
        a = b = c = d = 0.0
        k, last = starts[row], starts[row + 1]
        while k + 3 < last:
            a += values[columns[k]]
            b += values[columns[k + 1]]
            c += values[columns[k + 2]]
            d += values[columns[k + 3]]
            k += 4
        while k < last:
            a += values[columns[k]]
            k += 1
        sums[row] = (a + b) + (c + d)
