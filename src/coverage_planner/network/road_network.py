"""The road network: junctions and the streets between them, and per mode what each street costs each way."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import NetworkError
from coverage_planner.network.modes import Mode
from coverage_planner.network.obstacles import ObstacleIndex, index_obstacles
from coverage_planner.network.search_graph import SearchGraph, pack_arcs
from coverage_planner.network.street_index import StreetIndex, index_streets
from coverage_planner.schema import require_metric

if TYPE_CHECKING:
    import networkx as nx

#: A street that a mode may not use in a direction.
NOT_ALLOWED = -1


@dataclass(frozen=True, eq=False)
class ModeGraph:
    """What one mode may use: times per edge and direction, and the same as CSR adjacency in both directions.

    Times are whole milliseconds. ``n`` is the number of nodes, ``e`` of edges of the network, ``a`` of allowed arcs.

    A journey pays the delay of every node that it passes, each time. The arcs of either adjacency hold the delay of the
    node that the search arrives at, so a distance found by a search is the time until that node has been *passed*, from
    whichever end one searches. A position at the very end of an edge stands on the edge, before the node: who comes to
    it or leaves it along another street passes the node, who stays on the edge does not.

    Attributes
    ----------
    mode
        The mode and its speeds.
    forward_ms, backward_ms
        Shape (e,), int32: time from u to v and from v to u, delays left out; `NOT_ALLOWED` where the mode may not go.
    delay_ms
        Shape (n,), int32: what passing through each node costs; zero everywhere for a mode without delays.
    indptr, heads, weights_ms
        Shapes (n + 1,), (a,), (a,): arcs leaving each node; time along the arc and delay of its head. Parallel arcs are
        reduced to the fastest, loops are left out: neither can be on a shortest path between nodes.
    reverse_indptr, reverse_heads, reverse_weights_ms
        The same for arcs entering each node: where they come from, time along the arc and delay of the node it comes
        from.
    component
        Shape (e,), int32: the strongly connected component of each allowed edge, numbered by falling street length;
        -1 where the mode may not go, or where the edge joins two components (then nobody can go there and return).
    component_length_m
        Street length of each component.
    snappable
        Shape (e,), bool: allowed, and a place one can step onto the street (no tunnel, no motorway).
    island
        Shape (e,), bool: in a small component or in none; points snap here only if nothing larger is within reach.
    """

    mode: Mode
    forward_ms: NDArray[np.int32]
    backward_ms: NDArray[np.int32]
    delay_ms: NDArray[np.int32]
    indptr: NDArray[np.int64]
    heads: NDArray[np.int32]
    weights_ms: NDArray[np.int32]
    reverse_indptr: NDArray[np.int64]
    reverse_heads: NDArray[np.int32]
    reverse_weights_ms: NDArray[np.int32]
    component: NDArray[np.int32]
    component_length_m: NDArray[np.float64]
    snappable: NDArray[np.bool_]
    island: NDArray[np.bool_]

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Shape (e,): whether the mode may use each edge in any direction."""
        return np.asarray((self.forward_ms >= 0) | (self.backward_ms >= 0))

    @cached_property
    def leaving(self) -> SearchGraph:
        """The arcs leaving each node, packed once for all searches."""
        return pack_arcs(self.indptr, self.heads, self.weights_ms)

    @cached_property
    def entering(self) -> SearchGraph:
        """The arcs entering each node, packed once for all searches."""
        return pack_arcs(self.reverse_indptr, self.reverse_heads, self.reverse_weights_ms)


@dataclass(frozen=True, eq=False)
class RoadNetwork:
    """Junctions and edges shared by all modes, in space-filling-curve order, with one `ModeGraph` per mode.

    Attributes
    ----------
    nodes
        One row per junction: ``node_id`` (the source's), ``geometry`` (Point). Row number = node number of the engine.
    edges
        One row per edge: ``u``, ``v`` (row numbers in `nodes`), ``length_m``, ``highway``, ``name``, ``geometry``
        (LineString from u to v). Streets are cut at junctions and where what a mode may do changes, nowhere else.
    graphs
        Mode name -> `ModeGraph`.
    obstacles
        Water, railways and walls that access legs may not cross: ``kind``, ``geometry``.
    islands
        Per mode and component but the largest: ``mode``, ``component``, ``length_m``, ``edges``, and a point in it.
    source
        Where the streets come from.
    """

    nodes: gpd.GeoDataFrame
    edges: gpd.GeoDataFrame
    graphs: Mapping[str, ModeGraph]
    obstacles: gpd.GeoDataFrame
    islands: pd.DataFrame
    source: str

    def __post_init__(self) -> None:
        """Check that edges join existing nodes, and that modes have times for all edges and delays for all nodes."""
        require_metric(self.edges, "network.edges")
        ends = self.edges[["u", "v"]].to_numpy()
        if len(ends) and (ends.min() < 0 or ends.max() >= len(self.nodes)):
            raise NetworkError(f"edges must join nodes 0 to {len(self.nodes) - 1}, got {ends.min()} to {ends.max()}")
        for name, graph in self.graphs.items():
            if len(graph.forward_ms) != len(self.edges) or len(graph.backward_ms) != len(self.edges):
                raise NetworkError(
                    f"graph {name!r} must have one time per edge and direction, got {len(graph.forward_ms)} and "
                    f"{len(graph.backward_ms)} for {len(self.edges)} edges; build it with build_network"
                )
            if len(graph.delay_ms) != len(self.nodes):
                raise NetworkError(
                    f"graph {name!r} must have one delay per node, got {len(graph.delay_ms)} for {len(self.nodes)} "
                    "nodes; build it with build_network"
                )

    @property
    def crs(self) -> object:
        """The projected CRS of all geometries (a pyproj CRS)."""
        return self.edges.crs

    @cached_property
    def obstacle_index(self) -> ObstacleIndex:
        """The obstacles, prepared once for all snapping."""
        return index_obstacles(self.obstacles)

    @cached_property
    def hull(self) -> shapely.Geometry:
        """The convex hull of all streets of all modes, prepared once: beyond it no street was read."""
        line = shapely.LineString(shapely.get_coordinates(self.edges.geometry.to_numpy()))  # through all vertices
        hull: shapely.Geometry = line.convex_hull
        shapely.prepare(hull)
        return hull

    @cached_property
    def _street_indexes(self) -> dict[str, StreetIndex]:
        return {}

    def street_index(self, mode: str) -> StreetIndex:
        """Return the streets that a mode can step onto, prepared once for all snapping.

        Raises
        ------
        NetworkError
            The network was not built for this mode.
        """
        if mode not in self._street_indexes:
            graph = self.graph(mode)
            self._street_indexes[mode] = index_streets(
                self.edges.geometry.to_numpy(),
                snappable=graph.snappable,
                island=graph.island,
                component_m=np.append(graph.component_length_m, 0.0)[graph.component],
            )
        return self._street_indexes[mode]

    def graph(self, mode: str) -> ModeGraph:
        """Return the graph of a mode.

        Raises
        ------
        NetworkError
            The network was not built for this mode.
        """
        if mode not in self.graphs:
            raise NetworkError(f"the network must be built for mode {mode!r}, it has {sorted(self.graphs)}")
        return self.graphs[mode]

    def to_networkx(self, mode: str) -> "nx.MultiDiGraph[int]":
        """Write out what one mode may use as a directed networkx graph; see `network.interchange.to_networkx`."""
        from coverage_planner.network.interchange import to_networkx  # noqa: PLC0415 - it builds networks itself

        return to_networkx(self, mode)

    @classmethod
    def from_networkx(
        cls, graph: "nx.Graph[Any]", *, modes: Mapping[str, Mode], time_attributes: Mapping[str, str], **options: Any
    ) -> "RoadNetwork":
        """Build a network from a networkx graph with given times; see `network.interchange.from_networkx`."""
        from coverage_planner.network.interchange import from_networkx  # noqa: PLC0415 - it builds networks itself

        return from_networkx(graph, modes=modes, time_attributes=time_attributes, **options)
