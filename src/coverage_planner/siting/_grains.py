"""Whole grains: numbers whose sums are exact in double precision, in whatever order they are added.

Ties can only be told apart, and two runs over differently sorted tables can only agree to the last bit, when sums do
not depend on the order of adding. So demand and cost are counted in grains of a power of ten, small enough that the
rounding cannot be seen and large enough that every sum stays a whole number below 2^53.
"""

import math

import numpy as np
from numpy.typing import NDArray

#: Largest total in grains: one bit in eight is left for sums over several sites.
LARGEST_TOTAL = 2.0**50
#: A value counts as a whole number of grains when it is this near to one, and the difference is no more than this share
#: of the total: decimal fractions are rounded so in binary.
_NEAR_WHOLE = 1e-9
_INVISIBLE = 1e-14
#: 10 to the power of this is still a number.
_MOST_DECIMALS = 300


def count_grains(
    values: NDArray[np.float64], largest_total: float = LARGEST_TOTAL
) -> tuple[NDArray[np.float64], float]:
    """Count values in grains of a power of ten.

    Parameters
    ----------
    values
        Shape (k,), finite, not negative.
    largest_total
        The sum in grains must not exceed this.

    Returns
    -------
    grains
        Shape (k,), whole numbers as float64. A value that is no multiple of the grain is rounded to the nearest.
    grain
        What one grain is worth: 1 for whole numbers, 0.01 for numbers with two decimals; where no grain fits exactly,
        the finest that `largest_total` allows. A power of ten.
    """
    total = float(values.sum())
    if total <= 0:
        return np.zeros(len(values)), 1.0
    finest = min(math.floor(math.log10(largest_total) - math.log10(total)), _MOST_DECIMALS)
    for decimals in range(min(0, finest), finest):
        scaled = _scale(values, decimals)
        if (np.abs(scaled - np.rint(scaled)) <= min(_NEAR_WHOLE, _INVISIBLE * scaled.sum())).all():
            return np.rint(scaled), 10.0**-decimals
    return np.rint(_scale(values, finest)), 10.0**-finest


def _scale(values: NDArray[np.float64], decimals: int) -> NDArray[np.float64]:
    """Shift the decimal point; dividing by a power of ten is exact where multiplying by its inverse is not."""
    return values * 10.0**decimals if decimals >= 0 else values / 10.0**-decimals
