"""Demand in whole parts, so that sums and differences of it are exact and do not depend on the order of the rows."""

import math

import numpy as np
from numpy.typing import NDArray

#: Whole numbers up to here stand in a float64 exactly.
_EXACT = 2.0**53


def split_demand(demand: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Write demand as whole multiples of a small decimal part.

    Parameters
    ----------
    demand
        Shape (d,), finite, not negative.

    Returns
    -------
    parts, per_unit
        Shape (d,), int64: how many parts each point has, at least one where its demand is above zero; and how many
        parts make one unit of demand: a power of ten, at most 10^15, the largest for which all demand together is at
        most 2^53 parts. A million people are counted in billionths of a person; 0.1 is met exactly.
    """
    total = max(math.fsum(demand.tolist()), 1.0)
    per_unit = 10.0 ** math.floor(math.log10(_EXACT / total))
    return np.maximum(np.rint(demand * per_unit), demand > 0).astype(np.int64), per_unit


def average_in_groups(
    values: NDArray[np.int64], parts: NDArray[np.int64], group: NDArray[np.integer], n_groups: int
) -> NDArray[np.float64]:
    """Average whole values by whole weights within groups, the same to the last bit for any order of the rows.

    Parameters
    ----------
    values, parts, group
        Shape (n,): values, weights of at least one part, and the group of each, from 0.
    n_groups
        How many groups there are.

    Returns
    -------
    numpy.ndarray
        Shape (n_groups,); NaN where a group has no rows; exact where all values of a group are equal.
    """
    order = np.lexsort((parts, values, group))
    values, parts, group = values[order], parts[order], group[order]
    least = np.full(n_groups, np.nan)
    least[group[::-1]] = values[::-1]  # of repeated places the last assigned stays: the smallest
    total = np.bincount(group, weights=parts, minlength=n_groups)
    beyond = np.bincount(group, weights=parts * (values - least[group]), minlength=n_groups)
    return np.asarray(least + np.divide(beyond, total, out=np.zeros(n_groups), where=total > 0))
