"""The streets that a mode can step onto, as straight pieces in buckets: made once per network and mode, asked often."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from coverage_planner.network.buckets import Buckets, break_lines, file_pieces


class StreetIndex(NamedTuple):
    """Straight pieces of the streets; ``e`` is the number of edges of the network, ``p`` of pieces.

    Attributes
    ----------
    main, islands
        The pieces of main streets and of islands in buckets.
    ends
        Shape (p, 4): x and y of either end.
    owner
        Shape (p,), int32: row of the edge.
    along
        Shape (p, 2): places of the ends along the edge, 0 to 1.
    first
        Shape (e + 1,): the pieces of edge k are ``first[k]`` to ``first[k + 1] - 1``.
    length
        Shape (e,): length of the drawn line in metres; 0 where the mode cannot step onto the edge.
    tier
        Shape (e,), int32: 0 for main streets; islands count from 1, the largest first.
    """

    main: Buckets
    islands: Buckets
    ends: NDArray[np.float64]
    owner: NDArray[np.int32]
    along: NDArray[np.float64]
    first: NDArray[np.int64]
    length: NDArray[np.float64]
    tier: NDArray[np.int32]


def index_streets(
    lines: NDArray[np.object_],
    *,
    snappable: NDArray[np.bool_],
    island: NDArray[np.bool_],
    component_m: NDArray[np.float64],
) -> StreetIndex:
    """File the streets of a mode.

    Parameters
    ----------
    lines
        Shape (e,): the edges' geometries.
    snappable, island
        Shape (e,): whether the mode can step onto each edge, and whether it lies on an island.
    component_m
        Shape (e,): street length of each edge's component.
    """
    rows = np.flatnonzero(snappable)
    ends, line, along, line_m = break_lines(lines[rows])
    owner = rows[line].astype(np.int32)
    length = np.zeros(len(lines))
    length[rows] = line_m
    tier = np.zeros(len(lines), dtype=np.int32)
    on_island = np.flatnonzero(snappable & island)
    tier[on_island] = np.unique(-component_m[on_island], return_inverse=True)[1] + 1
    return StreetIndex(
        main=file_pieces(ends, np.flatnonzero(tier[owner] == 0)),
        islands=file_pieces(ends, np.flatnonzero(tier[owner] > 0)),
        ends=ends,
        owner=owner,
        along=along,
        first=np.searchsorted(owner, np.arange(len(lines) + 1)),
        length=length,
        tier=tier,
    )
