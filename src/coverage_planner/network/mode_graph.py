"""What one mode may use of a network: adjacency both ways, components and islands."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from coverage_planner.errors import NetworkError
from coverage_planner.network.modes import Mode
from coverage_planner.network.road_network import ModeGraph
from coverage_planner.units import LONGEST_MS

#: A component with less street than this is an island: points snap to it only where nothing larger is near.
SMALL_COMPONENT_M = 2000.0


def build_mode_graph(
    mode: Mode,
    edges: gpd.GeoDataFrame,
    *,
    forward_ms: NDArray[np.int32],
    backward_ms: NDArray[np.int32],
    delay_ms: NDArray[np.int32],
    snappable: NDArray[np.bool_],
    small_component_m: float = SMALL_COMPONENT_M,
) -> ModeGraph:
    """Turn times per edge into adjacency and components.

    Parameters
    ----------
    mode
        The mode.
    edges
        Columns ``u``, ``v`` (node numbers) and ``length_m``.
    forward_ms, backward_ms
        Milliseconds per edge from u to v and from v to u; `NOT_ALLOWED` where the mode may not go.
    delay_ms
        Shape (number of nodes,): milliseconds that passing through each node costs.
    snappable
        Whether one can step onto each edge.
    small_component_m
        Components with less street than this are islands; the largest never is.

    Raises
    ------
    NetworkError
        A street with the delay at its end takes longer than the engine counts.
    """
    n_nodes = len(delay_ms)
    u, v = edges["u"].to_numpy(dtype=np.int32), edges["v"].to_numpy(dtype=np.int32)
    length_m = edges["length_m"].to_numpy(dtype=np.float64)
    tails = np.concatenate([u[forward_ms >= 0], v[backward_ms >= 0]])
    heads = np.concatenate([v[forward_ms >= 0], u[backward_ms >= 0]])
    weights = np.concatenate([forward_ms[forward_ms >= 0], backward_ms[backward_ms >= 0]])
    indptr, ahead, weights_ms = _adjacency(tails, heads, weights, delay_ms)
    reverse_indptr, behind, reverse_weights_ms = _adjacency(heads, tails, weights, delay_ms)

    links = csr_array((np.ones(len(ahead), dtype=np.int8), ahead, indptr), shape=(n_nodes, n_nodes))
    label = connected_components(links, directed=True, connection="strong")[1]
    allowed = (forward_ms >= 0) | (backward_ms >= 0)
    joined = allowed & (label[u] == label[v])
    raw_length = np.bincount(label[u[joined]], weights=length_m[joined], minlength=int(label.max(initial=-1)) + 1)
    present = np.unique(label[u[joined]])
    ranked = present[np.lexsort((present, -raw_length[present]))]
    number = np.full(len(raw_length), -1, dtype=np.int32)
    number[ranked] = np.arange(len(ranked))
    component = np.where(joined, number[label[u]], -1).astype(np.int32)
    component_length_m = raw_length[ranked].astype(np.float64)
    small = component_length_m < small_component_m
    if len(small):
        small[0] = False
    island = allowed & ((component < 0) | np.append(small, True)[component])
    return ModeGraph(
        mode=mode,
        forward_ms=forward_ms,
        backward_ms=backward_ms,
        delay_ms=delay_ms,
        indptr=indptr,
        heads=ahead,
        weights_ms=weights_ms,
        reverse_indptr=reverse_indptr,
        reverse_heads=behind,
        reverse_weights_ms=reverse_weights_ms,
        component=component,
        component_length_m=component_length_m,
        snappable=snappable & allowed,
        island=island,
    )


def _adjacency(
    tails: NDArray[np.int32], heads: NDArray[np.int32], weights: NDArray[np.int32], delay_ms: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """CSR of arcs without loops, the fastest of parallel arcs only; weights with the delay of the head."""
    keep = tails != heads
    tails, heads, weights = tails[keep], heads[keep], weights[keep]
    order = np.lexsort((weights, heads, tails))
    tails, heads, weights = tails[order], heads[order], weights[order]
    fastest = np.ones(len(tails), dtype=bool)
    fastest[1:] = (tails[1:] != tails[:-1]) | (heads[1:] != heads[:-1])
    tails, heads = tails[fastest], heads[fastest]
    passed = weights[fastest].astype(np.int64) + delay_ms[heads]
    if (passed >= LONGEST_MS).any():
        raise NetworkError(
            f"a street with the delay at its end must take less than {LONGEST_MS / 3.6e6:.0f} hours; "
            f"{(passed >= LONGEST_MS).sum()} do not; check the times of the streets and the delays"
        )
    counts = np.bincount(tails, minlength=len(delay_ms))
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), heads, passed.astype(np.int32)


def list_islands(edges: gpd.GeoDataFrame, graphs: Mapping[str, ModeGraph]) -> pd.DataFrame:
    """List the components besides the largest of each mode, longest first.

    Parameters
    ----------
    edges
        The network's edges.
    graphs
        Mode name -> `ModeGraph` over them.

    Returns
    -------
    pandas.DataFrame
        ``mode``, ``component``, ``length_m``, ``edges``, ``x``, ``y`` (a point in it, metric). A last row per mode with
        component -1 sums the streets from which there is no way back.
    """
    length_m, geometry = edges["length_m"].to_numpy(), edges.geometry.to_numpy()
    names: list[str] = []
    found = []
    for name, graph in graphs.items():
        rows = np.flatnonzero(graph.allowed & (graph.component != 0))
        component = graph.component[rows]
        each, first, count = np.unique(component, return_index=True, return_counts=True)
        total_m = pd.Series(length_m[rows]).groupby(component).sum().to_numpy()
        start = shapely.get_coordinates(shapely.get_point(geometry[rows[first]], 0))
        order = np.lexsort((each, -total_m, each < 0))
        names += [name] * len(each)
        found.append((each[order], total_m[order], count[order], start[order, 0], start[order, 1]))
    columns = ["component", "length_m", "edges", "x", "y"]
    if not found:
        return pd.DataFrame(columns=["mode", *columns])
    values = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return pd.DataFrame({"mode": pd.Series(names, dtype="str"), **dict(zip(columns, values, strict=True))})
