"""Counts of records by cell, with as many different people per cell as it takes to show it."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_Ints = NDArray[np.int64]
_Mask = NDArray[np.bool_]
_Hashes = NDArray[np.uint64]


class CellCounts:
    """Records and weights by cell, added chunk by chunk; the sums are whole numbers and know no order.

    Of people only 64-bit hashes of their labels are kept, and only for cells that have too few of them yet: at most
    `minimum` per cell. Two people with one hash (one chance in 10^19 for a pair) count as one, so that a cell can be
    withheld by mistake but not shown.
    """

    def __init__(self, minimum: int, *, by_person: bool) -> None:
        self.minimum = minimum
        self.by_person = by_person
        self.keys: _Ints = np.empty(0, dtype=np.int64)
        self.records: _Ints = np.empty(0, dtype=np.int64)
        self.parts: _Ints = np.empty(0, dtype=np.int64)
        self._enough: _Mask = np.empty(0, dtype=np.bool_)
        self._pair_keys: _Ints = np.empty(0, dtype=np.int64)
        self._pair_people: _Hashes = np.empty(0, dtype=np.uint64)

    def add(self, keys: _Ints, parts: _Ints, people: Any) -> None:
        """Count records.

        Parameters
        ----------
        keys
            Shape (records,): the cell of each.
        parts
            Shape (records,): the weight of each, in whole parts.
        people
            pyarrow text array of shape (records,), who made each, null where that is not known; None unless people
            are counted.
        """
        if not len(keys):
            return
        order = np.argsort(keys, kind="stable")
        in_order = keys[order]
        first = np.flatnonzero(np.append(True, in_order[1:] != in_order[:-1]))
        found = in_order[first]
        self._make_room(found)
        row = np.searchsorted(self.keys, found)
        self.records[row] += np.diff(first, append=len(keys))
        self.parts[row] += np.add.reduceat(parts[order], first)
        if self.by_person:
            self._add_people(keys, people)

    def shown(self) -> _Mask:
        """Return which cells have at least `minimum` records, or people where these are counted."""
        return self._enough if self.by_person else self.records >= self.minimum

    def _make_room(self, found: _Ints) -> None:
        new = found[~_is_among(found, self.keys)]
        if not len(new):
            return
        keys = np.concatenate([self.keys, new])
        order = np.argsort(keys, kind="stable")
        nothing = np.zeros(len(new), dtype=np.int64)
        self.keys = keys[order]
        self.records = np.concatenate([self.records, nothing])[order]
        self.parts = np.concatenate([self.parts, nothing])[order]
        self._enough = np.concatenate([self._enough, nothing.astype(np.bool_)])[order]

    def _add_people(self, keys: _Ints, people: Any) -> None:
        known = ~np.asarray(people.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
        wanted = np.flatnonzero(known & ~self._enough[np.searchsorted(self.keys, keys)])
        if not len(wanted):
            return
        cells = np.concatenate([self._pair_keys, keys[wanted]])
        hashes = np.concatenate([self._pair_people, _hashes(people.take(wanted))])
        order = np.lexsort((hashes, cells))
        cells, hashes = cells[order], hashes[order]
        fresh = np.ones(len(cells), dtype=np.bool_)
        fresh[1:] = (cells[1:] != cells[:-1]) | (hashes[1:] != hashes[:-1])
        cells, hashes = cells[fresh], hashes[fresh]
        found, inverse, n_people = np.unique(cells, return_inverse=True, return_counts=True)
        enough = n_people >= self.minimum
        self._enough[np.searchsorted(self.keys, found[enough])] = True
        self._pair_keys, self._pair_people = cells[~enough[inverse]], hashes[~enough[inverse]]


def _is_among(keys: _Ints, ascending: _Ints) -> _Mask:
    if not len(ascending):
        return np.zeros(len(keys), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ascending, keys), len(ascending) - 1)
    return np.asarray(ascending[place] == keys, dtype=np.bool_)


def _hashes(labels: Any) -> _Hashes:
    coded = labels.dictionary_encode()
    known = pd.util.hash_array(np.array(coded.dictionary.to_pylist(), dtype=object), categorize=False)
    return np.asarray(known[coded.indices.to_numpy(zero_copy_only=False)], dtype=np.uint64)
