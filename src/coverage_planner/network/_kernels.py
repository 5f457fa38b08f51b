"""Compiled loops over the network: chains of street pieces."""

import numpy as np
from numpy.typing import NDArray

from coverage_planner.compiled import compiled


@compiled
def walk_chains(
    segment_u: NDArray[np.int64],
    segment_v: NDArray[np.int64],
    indptr: NDArray[np.int64],
    incident: NDArray[np.int64],
    passes: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Order the segments into chains that end at nodes where the street does not simply pass.

    Parameters
    ----------
    segment_u, segment_v
        End nodes of each segment.
    indptr, incident
        CSR: segments at each node (a loop stands twice).
    passes
        Whether a node has exactly two segments that continue each other.

    Returns
    -------
    order, reverse, starts
        Segments in chain order, whether each is walked from v to u, and where each chain starts in `order`
        (one entry more than chains).
    """
    n_segments = len(segment_u)
    n_nodes = len(indptr) - 1
    order = np.empty(n_segments, np.int64)
    reverse = np.zeros(n_segments, np.bool_)
    starts = np.empty(n_segments + 1, np.int64)
    seen = np.zeros(n_segments, np.bool_)
    count = 0
    chains = 0
    for phase in range(2):  # chains between ends first, rings without any end after them
        for node in range(n_nodes):
            if phase == 0 and passes[node]:
                continue
            for k in range(indptr[node], indptr[node + 1]):
                segment = incident[k]
                if seen[segment]:
                    continue
                starts[chains] = count
                chains += 1
                here = node
                while not seen[segment]:
                    seen[segment] = True
                    backwards = segment_u[segment] != here
                    order[count] = segment
                    reverse[count] = backwards
                    count += 1
                    here = segment_u[segment] if backwards else segment_v[segment]
                    if not passes[here] or here == node:
                        break
                    first = incident[indptr[here]]
                    segment = incident[indptr[here] + 1] if first == segment else first
    starts[chains] = count
    return order, reverse, starts[: chains + 1]
