"""Main roads as arcs, one per direction of travel, and how a driver goes straight on from one to the next.

What is many things on the map may be one to a driver: a small ring of one-way streets (a roundabout, or the crossing of
two dual carriageways) is one junction, passed by the quickest way round; a barrier that the mode passes is no end of a
road; and a slip road leaves the main road, it does not go on with it.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from coverage_planner.network.road_network import ModeGraph, RoadNetwork

#: The direction of a road at its end is that of its first or last metres.
LOOK_M = 30.0
#: Who would have to turn by more goes back, not on.
MOST_TURN_DEG = 120.0
#: A ring of one-way streets, none longer than the first, together no longer than the second, is one junction.
RING_STREET_M, RING_M = 120.0, 400.0
#: Turns that differ by less are equal, so that rounding does not decide.
_SAME_TURN_DEG = 1e-6


@dataclass(frozen=True, eq=False)
class MainArcs:
    """Directed pieces of main road, `a` of them, and the zero-length edges of barriers between them.

    Attributes
    ----------
    edge, heading
        Shape (a,): row of ``network.edges``, and 1 for u to v, -1 for v to u. Rising by edge, 1 before -1.
    tail, head
        Shape (a,): nodes.
    length_m, time_ms
        Shape (a,): of the whole edge, delays left out.
    share
        Shape (a,): 0.5 where the other direction is allowed too, else 1.
    kind
        Shape (a,), text: road class; '' for barriers.
    inside
        Shape (a,), bool: part of a ring or a barrier, which lead through a junction.
    leaving, entering
        Shape (a, 2): unit vectors of the way at the tail and at the head; zero where the arc has no length.
    delay_ms
        Shape (n,): what passing each node of the network costs.
    """

    edge: NDArray[np.int64]
    heading: NDArray[np.int8]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    time_ms: NDArray[np.int64]
    share: NDArray[np.float64]
    kind: NDArray[np.object_]
    inside: NDArray[np.bool_]
    leaving: NDArray[np.float64]
    entering: NDArray[np.float64]
    delay_ms: NDArray[np.int32]

    @cached_property
    def is_barrier(self) -> NDArray[np.bool_]:
        """Shape (a,): whether each arc is a barrier that the mode passes."""
        return np.array([value == "" for value in self.kind], dtype=bool)

    @cached_property
    def in_ring(self) -> NDArray[np.bool_]:
        """Shape (a,): whether each arc is part of a ring that counts as one junction."""
        return self.inside & ~self.is_barrier

    @cached_property
    def _leaving_node(self) -> dict[int, list[int]]:
        arcs: dict[int, list[int]] = {}
        for arc, tail in enumerate(self.tail.tolist()):
            arcs.setdefault(tail, []).append(arc)
        return arcs

    @cached_property
    def _known(self) -> dict[int, tuple[int, ...]]:
        return {}

    def leaving_node(self, node: int) -> list[int]:
        """Return the arcs that leave a node, in rising order."""
        return self._leaving_node.get(node, [])

    def turn_deg(self, arc: int, onto: int) -> float:
        """Return by how much one turns from the end of one arc to the beginning of another, 0 to 180 degrees."""
        (ax, ay), (bx, by) = self.entering[arc].tolist(), self.leaving[onto].tolist()
        return float(np.degrees(abs(np.arctan2(ax * by - ay * bx, ax * bx + ay * by))))

    def go_on(self, arc: int) -> tuple[int, ...]:
        """Return the arcs by which the main road goes straight on after an arc: through a junction, then the next road.

        Of the roads that leave the junction in the direction of travel it is the one that turns least, by no more than
        `MOST_TURN_DEG`; a slip road only where no other goes on; of equal ones the first in the table. Empty where the
        main road ends.
        """
        if arc not in self._known:
            self._known[arc] = self._find_next(arc)
        return self._known[arc]

    def _find_next(self, arc: int) -> tuple[int, ...]:
        best: tuple[bool, float] = (True, MOST_TURN_DEG + _SAME_TURN_DEG)
        chosen: tuple[int, ...] = ()
        ways = self._ways_through(int(self.head[arc]))
        onto = sorted(out for node in ways for out in self.leaving_node(node) if not self.inside[out])
        for out in onto:
            if self.edge[out] == self.edge[arc]:
                continue  # back along the same street
            slip, turn = str(self.kind[out]).endswith("_link"), self.turn_deg(arc, out)
            if turn <= MOST_TURN_DEG and (slip, turn) < (best[0], best[1] - _SAME_TURN_DEG * (slip == best[0])):
                best, chosen = (slip, turn), (*ways[int(self.tail[out])], out)
        return chosen

    def _ways_through(self, node: int) -> dict[int, tuple[int, ...]]:
        """Return the nodes of the junction that can be reached from a node of it, and the quickest way to each."""
        ways: dict[int, tuple[int, ...]] = {}
        queue: list[tuple[int, tuple[int, ...], int]] = [(0, (), node)]
        while queue:
            time_ms, way, at = heapq.heappop(queue)
            if at in ways:
                continue
            ways[at] = way
            for arc in self.leaving_node(at):
                if self.inside[arc]:
                    head = int(self.head[arc])
                    passed = time_ms + int(self.time_ms[arc]) + int(self.delay_ms[head])
                    heapq.heappush(queue, (passed, (*way, arc), head))
        return ways


def list_arcs(network: RoadNetwork, graph: ModeGraph, kinds: Mapping[int, str]) -> MainArcs:
    """List the directed pieces of main road that a mode may use.

    Parameters
    ----------
    network, graph
        The network and the graph of the mode.
    kinds
        Row of ``network.edges`` -> road class, for the edges that are main road.
    """
    edges = network.edges
    lengths = edges["length_m"].to_numpy(dtype=np.float64)
    kind = np.full(len(edges), None, dtype=object)
    kind[(edges["highway"] == "barrier").to_numpy(dtype=bool) & (lengths == 0)] = ""
    kind[list(kinds)] = list(kinds.values())
    allowed = np.column_stack([graph.forward_ms >= 0, graph.backward_ms >= 0])
    is_main = np.array([value is not None for value in kind], dtype=bool)
    edge, back = np.nonzero(allowed & is_main[:, np.newaxis])
    ends = edges[["u", "v"]].to_numpy(dtype=np.int64)
    tail, head = ends[edge, back], ends[edge, 1 - back]
    leaving, entering = _directions(edges.geometry.to_numpy()[edge], back == 1)
    one_way = np.asarray(~allowed.all(axis=1))[edge]
    barrier = np.array([value == "" for value in kind[edge]], dtype=bool)
    return MainArcs(
        edge=edge,
        heading=np.where(back == 1, -1, 1).astype(np.int8),
        tail=tail,
        head=head,
        length_m=lengths[edge],
        time_ms=np.where(back == 1, graph.backward_ms[edge], graph.forward_ms[edge]).astype(np.int64),
        share=np.where(one_way, 1.0, 0.5),
        kind=kind[edge],
        inside=barrier | _in_rings(tail, head, lengths[edge], one_way & ~barrier),
        leaving=leaving,
        entering=entering,
        delay_ms=graph.delay_ms,
    )


def _directions(lines: NDArray[np.object_], back: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return unit vectors of travel over the first and the last `LOOK_M` of lines driven along, or back."""
    first, last = (shapely.get_coordinates(shapely.line_interpolate_point(lines, at)) for at in (LOOK_M, -LOOK_M))
    begin, end = (shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1))
    flip = back[:, np.newaxis]
    leaving = np.where(flip, last - end, first - begin)
    entering = np.where(flip, begin - first, end - last)

    def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        lengths = np.hypot(*vectors.T)[:, np.newaxis]
        scaled: NDArray[np.float64] = vectors / np.where(lengths > 0, lengths, 1.0)
        return scaled

    return unit(leaving), unit(entering)


def _in_rings(
    tail: NDArray[np.int64], head: NDArray[np.int64], length_m: NDArray[np.float64], one_way: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say which arcs belong to small rings of short one-way streets: strongly connected ones."""
    inside = np.zeros(len(tail), dtype=bool)
    short = np.flatnonzero(one_way & (length_m <= RING_STREET_M))
    if not len(short):
        return inside
    nodes, ends = np.unique(np.concatenate([tail[short], head[short]]), return_inverse=True)
    a, b = ends[: len(short)], ends[len(short) :]
    links = csr_array((np.ones(len(short), dtype=np.int8), (a, b)), shape=(len(nodes), len(nodes)))
    part = connected_components(links, directed=True, connection="strong")[1]
    within = part[a] == part[b]
    total_m = np.bincount(part[a[within]], weights=length_m[short[within]], minlength=int(part.max()) + 1)
    inside[short] = within & (total_m[part[a]] <= RING_M)
    return inside
