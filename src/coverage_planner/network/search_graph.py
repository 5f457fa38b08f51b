"""The adjacency of a mode as the compiled searches want it: one word per arc, and how wide a bucket should be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: The bit of an arc's word that says that its head is a dead end: nothing lies beyond it but the arc's own tail.
DEAD_END = np.uint64(1 << 31)
_SHIFT = np.uint64(32)
#: Buckets are about this part of a mean arc wide: narrow enough that few nodes are settled twice, wide enough that few
#: buckets are empty. Results do not depend on it.
_BUCKETS_PER_ARC = 8.0


@dataclass(frozen=True, eq=False)
class SearchGraph:
    """Arcs in one direction of search.

    Attributes
    ----------
    first
        Shape (n + 1,), uint32: where the arcs of each node begin.
    arcs
        Shape (a,), uint64: milliseconds in the upper half; in the lower the head, and `DEAD_END`.
    bucket_shift
        A bucket of the queue is ``2 ** bucket_shift`` milliseconds wide.
    longest_ms
        Time of the longest arc.
    """

    first: NDArray[np.uint32]
    arcs: NDArray[np.uint64]
    bucket_shift: int
    longest_ms: int


def pack_arcs(indptr: NDArray[np.int64], heads: NDArray[np.int32], weights_ms: NDArray[np.int32]) -> SearchGraph:
    """Pack CSR adjacency into one word per arc.

    Parameters
    ----------
    indptr, heads, weights_ms
        Shapes (n + 1,), (a,), (a,): CSR of arcs without parallels; milliseconds, not negative.
    """
    degree = np.diff(indptr)
    tails = np.repeat(np.arange(len(degree)), degree)
    only = np.append(heads, -1)[indptr[:-1]]  # a node's one neighbour, where it has but one
    dead_end = (degree[heads] == 0) | ((degree[heads] == 1) & (only[heads] == tails))
    arcs = (weights_ms.astype(np.uint64) << _SHIFT) | heads.astype(np.uint64)
    arcs[dead_end] |= DEAD_END
    mean = float(weights_ms.mean()) if len(weights_ms) else 1.0
    return SearchGraph(
        first=indptr.astype(np.uint32),
        arcs=arcs,
        bucket_shift=max(0, int(np.log2(max(mean / _BUCKETS_PER_ARC, 1.0)))),
        longest_ms=int(weights_ms.max(initial=0)),
    )
