"""Demand points that the same candidates reach, as one group each, in the order of the first point's id."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.siting._problem import CoveringProblem, SitingProblem


def group_points(
    problem: SitingProblem, kept: NDArray[np.bool_], kind: NDArray[np.int64]
) -> tuple[CoveringProblem, NDArray[np.int64]]:
    """Join points that the very same candidates reach and that are of one kind.

    The order of groups follows the ids of the points alone, so HiGHS is given the same program whatever the order of
    rows in the tables.

    Parameters
    ----------
    problem
        The points, sorted by id.
    kept
        Shape (d,): points that count; those without demand, or that no candidate reaches, are left out too.
    kind
        Shape (d,): what else must be equal.

    Returns
    -------
    groups
        The groups, demand in grains, with the candidates that reach each.
    kinds
        Shape (m,): kind of each group.
    """
    by_point = problem.reach.T.tocsr()
    by_point.sort_indices()
    indptr, indices = by_point.indptr, by_point.indices
    points = np.flatnonzero(kept & (np.diff(indptr) > 0) & (problem.demand > 0))
    groups: dict[tuple[int, bytes], int] = {}
    first: list[int] = []
    group = np.empty(len(points), dtype=np.int64)
    for place, point in enumerate(points.tolist()):
        key = int(kind[point]), indices[indptr[point] : indptr[point + 1]].tobytes()
        group[place] = groups.setdefault(key, len(groups))
        if len(groups) > len(first):
            first.append(point)
    chosen = np.array(first, dtype=np.int64)
    weights = np.bincount(group, weights=problem.demand[points], minlength=len(first)).astype(np.float64)
    table = by_point[chosen]
    cover = csr_array((np.ones(table.nnz), table.indices, table.indptr), shape=table.shape).T.tocsr()
    cover.sort_indices()
    return CoveringProblem(weights, cover), kind[chosen]
