"""A grid of hexagons in a metric CRS: which cell a position lies in, and where the cell is.

The grid is pointy-topped and anchored at the CRS's origin, so that two files in one CRS share their cells. A cell is
named by its axial coordinates (q, r) and is the set of positions that are nearer to its centre than to any other.

Why not H3: its cells come in sixteen fixed sizes, each seven times the next (0.105 and 0.737 km² with nothing between),
their areas and shapes change over the globe by a factor of two, and it is one more compiled dependency. A planner says
'200 metres', and every cell should be that, in the CRS in which everything else is measured. That is a page of numpy.

References
----------
Rounding in cube coordinates is long known; a clear account is Amit Patel, "Hexagonal Grids", Red Blob Games (2013).
"""

import numpy as np
import shapely
from numpy.typing import NDArray

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

_SQRT3 = float(np.sqrt(3.0))
_HALF = 1 << 31


def hexagons_at(x: _Floats, y: _Floats, cell_m: float) -> tuple[_Ints, _Ints]:
    """Find the cells in which positions lie.

    Parameters
    ----------
    x, y
        Finite coordinates, metres.
    cell_m
        Distance between the centres of neighbouring cells, which is a cell's width from side to side, metres. Its area
        is ``sqrt(3) / 2 * cell_m**2``.

    Returns
    -------
    tuple of arrays
        q and r. A position as near to two centres has the one that rounding in floating point gives, always the same.

    Notes
    -----
    With s = -q - r, the centres are the whole triples of sum zero. Rounding each coordinate alone may break the sum;
    the one that moved farthest is then made to fit, which gives the nearest centre.
    """
    r = y / (cell_m * (_SQRT3 / 2.0))
    q = x / cell_m - r / 2.0
    s = -q - r
    whole_q, whole_r, whole_s = np.rint(q), np.rint(r), np.rint(s)
    off_q, off_r, off_s = np.abs(whole_q - q), np.abs(whole_r - r), np.abs(whole_s - s)
    fit_q = (off_q > off_r) & (off_q > off_s)
    fit_r = ~fit_q & (off_r > off_s)
    found_q = np.where(fit_q, -whole_r - whole_s, whole_q)
    found_r = np.where(fit_r, -whole_q - whole_s, whole_r)
    return found_q.astype(np.int64), found_r.astype(np.int64)


def hexagon_centres(q: _Ints, r: _Ints, cell_m: float) -> tuple[_Floats, _Floats]:
    """Return x and y of the centres of cells, metres."""
    x: _Floats = cell_m * (q + r / 2.0)
    y: _Floats = cell_m * (_SQRT3 / 2.0) * r.astype(np.float64)
    return x, y


def hexagon_polygons(q: _Ints, r: _Ints, cell_m: float) -> NDArray[np.object_]:
    """Return the cells as polygons."""
    x, y = hexagon_centres(q, r, cell_m)
    angle = np.radians(30.0 + 60.0 * np.arange(6))
    radius_m = cell_m / _SQRT3
    corners = np.stack(
        [x[:, None] + radius_m * np.cos(angle), y[:, None] + radius_m * np.sin(angle)],
        axis=-1,
    )
    return np.asarray(shapely.polygons(corners), dtype=object)


def pack_hexagons(q: _Ints, r: _Ints) -> _Ints:
    """Return one number per cell, which sorts as (q, r) does; q and r within 31 bits."""
    return (q << 32) + (r + _HALF)


def unpack_hexagons(packed: _Ints) -> tuple[_Ints, _Ints]:
    """Return q and r of cells from `pack_hexagons`."""
    return packed >> 32, (packed & 0xFFFFFFFF) - _HALF
