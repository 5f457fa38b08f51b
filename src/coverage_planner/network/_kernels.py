"""Compiled loops over the network: chains of street pieces, legs that cross obstacles."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def mark_crossing(
    legs: NDArray[np.float64],
    pieces: NDArray[np.float64],
    follows: NDArray[np.int64],
    leg: NDArray[np.int64],
    piece: NDArray[np.int64],
    crossed: NDArray[np.bool_],
) -> None:
    """Mark the legs that cross a border from one side to the other; touching it is not crossing.

    `legs` and `pieces` hold two rows of coordinates per line, `leg` and `piece` the pairs to test: each line must part
    the ends of the other. Where a leg runs exactly through the end of a piece, the piece that continues the same border
    (`follows`, -1 where none does) says whether it goes on to the other side. GEOS's predicates give the same answer at
    thirty times the cost, and the access legs along a coast ask millions of times.
    """
    for k in range(len(leg)):
        if crossed[leg[k]]:
            continue
        ax, ay = legs[2 * leg[k]]
        bx, by = legs[2 * leg[k] + 1]
        cx, cy = pieces[2 * piece[k]]
        dx, dy = pieces[2 * piece[k] + 1]
        side_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        side_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
        side_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
        side_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
        last = piece[k]
        while side_d == 0 and side_c != 0 and follows[last] >= 0 and follows[last] != piece[k]:
            along = (bx - ax) * (dx - ax) + (by - ay) * (dy - ay)
            if along <= 0 or along >= (bx - ax) ** 2 + (by - ay) ** 2:
                break
            last = follows[last]
            dx, dy = pieces[2 * last + 1]
            side_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
        if last != piece[k]:  # through the end of the piece: the ends of the leg are on either side of it
            crossed[leg[k]] = (side_c > 0 and side_d < 0) or (side_c < 0 and side_d > 0)
            continue
        crossed[leg[k]] = ((side_c > 0 and side_d < 0) or (side_c < 0 and side_d > 0)) and (
            (side_a > 0 and side_b < 0) or (side_a < 0 and side_b > 0)
        )
