"""Compiled chase of pointers: what one read of memory costs that must wait for the one before."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def chase(following: NDArray[np.int32], steps: int) -> int:
    """Go from entry to entry `steps` times; return where that ends."""
    at = 0
    for _ in range(steps):
        at = following[at]
    return at
