"""Readers of the published instances: OR-Library's p-median files, and the San Francisco case of PySAL spopt.

OR-Library (Beasley 1990): ``pmed1.txt`` to ``pmed40.txt`` hold the number of vertices, of edges and of sites to open,
then one edge per line: both ends, counted from 1, and a cost. Where an edge stands twice the last cost counts.
Distances are shortest paths between all vertices; every vertex is a candidate and a demand point of weight 1.
``pmedopt.txt`` and ``kcenteropt.txt`` hold the published optima of p-median and p-center.

San Francisco: distances in metres along the streets between 16 stores and 205 tracts, weighed by people.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from siting_instances import Instance, instance_from_costs

#: spopt's published mean distance for four stores, and the share of the tracts that four stores cover within 5 km.
SAN_FRANCISCO_OPEN, SAN_FRANCISCO_RADIUS_M = 4, 5000.0
SAN_FRANCISCO_MEAN_M, SAN_FRANCISCO_COVERED = 2982.1268579890657, 0.89756


def read_pmed(path: Path) -> tuple[int, NDArray[np.float64]]:
    """Read an instance: how many sites to open, and the (n, n) matrix of shortest paths."""
    from scipy.sparse.csgraph import floyd_warshall

    numbers = np.array(path.read_text(encoding="ascii").split(), dtype=np.int64)
    (n, n_edges, n_open), edges = numbers[:3], numbers[3:].reshape(-1, 3)
    if len(edges) != n_edges:
        raise ValueError(f"{path.name} must have {n_edges} edges as its first line says, got {len(edges)}")
    costs = np.full((n, n), np.inf)
    for end, other, cost in edges:  # in order: of an edge that stands twice the last cost counts
        costs[end - 1, other - 1] = costs[other - 1, end - 1] = cost
    np.fill_diagonal(costs, 0)
    return int(n_open), np.asarray(floyd_warshall(costs, directed=False))


def read_optima(path: Path) -> dict[str, int]:
    """Read published optima: name of the instance -> value."""
    rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def load_pmed(name: str, data: Path) -> Instance:
    """Load a p-median instance with its published optima in the header."""
    folder = data / "siting" / "pmed"
    n_open, costs = read_pmed(folder / f"{name}.txt")
    return instance_from_costs(
        name, costs, np.ones(len(costs)), n_open=n_open,
        p_median=read_optima(folder / "pmedopt.txt")[name], p_center=read_optima(folder / "kcenteropt.txt")[name],
    )  # fmt: skip


def read_san_francisco(data: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Read spopt's case: the (16, 205) matrix of metres, and the people of each tract."""
    folder = data / "siting" / "san_francisco"
    pairs = pd.read_csv(folder / "SF_network_distance_candidateStore_16_censusTract_205_new.csv", encoding="utf-8")
    metres = pairs.pivot_table(index="name", columns="DestinationName", values="distance")
    people = pairs.drop_duplicates("DestinationName").set_index("DestinationName")["demand"]
    return metres.to_numpy(dtype=np.float64), people.loc[metres.columns].to_numpy(dtype=np.float64)


def load_san_francisco(data: Path) -> Instance:
    """Load spopt's case with a second for each metre, to the millimetre."""
    return instance_from_costs("San Francisco", *read_san_francisco(data), n_open=SAN_FRANCISCO_OPEN)
