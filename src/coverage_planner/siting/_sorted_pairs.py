"""Pairs of candidates and demand: whether times and tables belong together, and sorting by id."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.siting._covering_kernels import count_kept, pick_pairs, sort_rows
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import to_milliseconds

#: Seconds are turned to milliseconds so many pairs at a time, which keeps the copy between them small.
_BLOCK = 2**22


def sorting_of(ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return the rows in the order of their ids."""
    return np.argsort(ids, kind="stable")


def sort_pairs(times: TravelTimes, cutoff_s: float) -> csr_array:
    """(n, d), CSR: milliseconds of the pairs within the cutoff, rows and columns sorted by id."""
    rows, columns = sorting_of(times.facility_ids), sorting_of(times.demand_ids)
    shape = (len(rows), len(columns))
    cutoff = np.float32(cutoff_s)
    as_they_stand = (rows[1:] > rows[:-1]).all() and (columns[1:] > columns[:-1]).all()
    if as_they_stand and (not len(times.seconds) or times.seconds.max() <= cutoff):
        milliseconds = np.empty(len(times.seconds), dtype=np.int32)
        for begin in range(0, len(milliseconds), _BLOCK):
            block = times.seconds[begin : begin + _BLOCK].astype(np.float64)
            milliseconds[begin : begin + _BLOCK] = to_milliseconds(block)
        return make_table(milliseconds, times.indices, times.indptr, shape)
    indptr = times.indptr.astype(np.int64, copy=False)
    counts = count_kept(indptr, times.seconds, float(cutoff))
    starts = np.concatenate(([0], np.cumsum(counts[rows]))).astype(np.int64)
    column_of = np.empty(len(columns), dtype=np.int32)
    column_of[columns] = np.arange(len(columns))
    picked, milliseconds = np.empty(starts[-1], dtype=np.int32), np.empty(starts[-1], dtype=np.int32)
    pick_pairs(indptr, times.indices, times.seconds, float(cutoff), rows, column_of, starts, picked, milliseconds)
    sort_rows(starts, picked, milliseconds)
    return make_table(milliseconds, picked, starts, shape)


def raw_rows(table: csr_array) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where rows start and their columns, in the types that compiled loops take."""
    return table.indptr.astype(np.int64, copy=False), table.indices.astype(np.int32, copy=False)


def make_table(
    values: NDArray[np.generic], columns: NDArray[np.int32], starts: NDArray[np.int64], shape: tuple[int, int]
) -> csr_array:
    """Make a CSR table; scipy keeps the column numbers as they are where both index arrays have one type."""
    few = len(columns) <= np.iinfo(np.int32).max
    return csr_array((values, columns, starts.astype(np.int32) if few else starts), shape=shape)


def require_same_ids(given: NDArray[np.object_], expected: NDArray[np.object_], what: str, where: str) -> None:
    """Raise an InputError unless a table and the times hold the same ids."""
    differing = sorted(set(given) ^ set(expected), key=str)
    if differing or len(given) != len(expected):
        raise InputError(
            f"{what} and the {where} must have the same ids, got {len(given)} and {len(expected)}; "
            f"in only one of them {name_some(differing)}; compute the times for this table"
        )


def require_same_search(times: TravelTimes, existing: TravelTimes) -> None:
    """Raise a ConfigError unless two searches went the same way."""
    for name, ours, theirs in (
        ("mode", times.mode_name, existing.mode_name),
        ("speed", times.mode_description, existing.mode_description),
        ("direction", times.direction, existing.direction),
    ):
        if ours != theirs:
            raise ConfigError(
                f"the times of candidates and of existing facilities must have the same {name}, got {ours!r} and "
                f"{theirs!r}; compute both with the same settings"
            )
