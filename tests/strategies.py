"""Random networks and positions for hypothesis."""

import networkx as nx
import numpy as np
import shapely
from hypothesis import strategies as st

from coverage_planner.network.interchange import from_networkx
from coverage_planner.network.modes import Mode
from coverage_planner.network.snap import Positions

CRS = "EPSG:32650"
FRACTIONS = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0.0, 1.0, allow_subnormal=False))


#: Seconds lost at a node: at about half of them none.
DELAYS = st.one_of(st.sampled_from([0.0, 0.0, 0.0, 0.001, 5.0]), st.integers(0, 90_000).map(lambda ms: ms / 1000))


@st.composite
def networks(draw, *, most_nodes=7, most_edges=12, delays=None):
    """A directed network of one mode "go" on a coarse grid of nodes.

    It has parallel edges, loops (one-way and two-way), edges of no length or no time, twin edges with a time each way,
    and parts that cannot be reached. Its nodes hold `delays`, in seconds; unless given, half of the networks have some.
    """
    if delays is None:
        delays = draw(st.sampled_from([st.just(0.0), DELAYS]))
    n_nodes = draw(st.integers(1, most_nodes))
    graph = nx.MultiDiGraph(crs=CRS)
    xy = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=n_nodes, max_size=n_nodes))
    for node, (x, y) in enumerate(xy):
        graph.add_node(node, x=100.0 * x, y=100.0 * y, delay_s=draw(delays))
    nodes = st.integers(0, n_nodes - 1)
    times = st.one_of(st.sampled_from([0.0, 0.001, 10.0]), st.integers(0, 200_000).map(lambda ms: ms / 1000))
    for _ in range(draw(st.integers(1, most_edges))):
        u, v = draw(nodes), draw(nodes)
        (x0, y0), (x1, y1) = ((graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (u, v))
        bend = draw(st.sampled_from([0, 0, 20, 50]))
        middle = [((x0 + x1) / 2 + bend, (y0 + y1) / 2 + bend), (x1 + 2 * bend, y1)][: 2 if u == v else 1]
        line = shapely.LineString([(x0, y0), *(middle if bend else []), (x1, y1)])
        graph.add_edge(u, v, time_s=draw(times), geometry=line)
        if draw(st.booleans()):  # open the other way too, at its own speed
            graph.add_edge(v, u, time_s=draw(times), geometry=line.reverse())
    mode = Mode("go", "foot", 5.0, access_speed_kph=draw(st.sampled_from([3.6, 4.8])))
    return from_networkx(
        graph,
        modes={"go": mode},
        time_attributes={"go": "time_s"},
        delay_attributes={"go": "delay_s"},
        small_component_m=0.0,
    )


def networks_with_delays(*, most_nodes=7, most_edges=12):
    """Networks as `networks` makes them, of which most have delays at some nodes."""
    return networks(most_nodes=most_nodes, most_edges=most_edges, delays=DELAYS)


@st.composite
def positions(draw, network, *, prefix="P", least=1, most=8):
    """Positions on the network's edges, at their ends too, several on one edge, some rejected."""
    n_edges = len(network.edges)
    n_points = draw(st.integers(least, most))
    edge = np.array(draw(st.lists(st.integers(-1, n_edges - 1), min_size=n_points, max_size=n_points)), dtype=np.int32)
    fraction = np.array(draw(st.lists(FRACTIONS, min_size=n_points, max_size=n_points)), dtype=float)
    metres = st.one_of(st.sampled_from([0.0, 8.0]), st.floats(0.0, 200.0))
    access_m = np.array(draw(st.lists(metres, min_size=n_points, max_size=n_points)), dtype=float)
    return make_positions(network, edge, fraction, access_m, prefix=prefix)


def make_positions(network, edge, fraction, access_m, *, prefix="P"):
    """Positions from their parts; a negative edge is a rejected point."""
    edge = np.asarray(edge, dtype=np.int32)
    there = edge >= 0
    fraction = np.where(there, np.asarray(fraction, dtype=float), np.nan)
    lines = network.edges.geometry.to_numpy()[np.maximum(edge, 0)]
    xy = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.nan_to_num(fraction), normalized=True))
    return Positions(
        ids=np.array([f"{prefix}{k}" for k in range(len(edge))], dtype=object),
        edge=edge,
        fraction=fraction,
        access_m=np.where(there, np.asarray(access_m, dtype=float), np.nan),
        on_island=np.zeros(len(edge), dtype=bool),
        status=np.where(there, "snapped", "too far").astype(object),
        xy=np.where(there[:, np.newaxis], xy, np.nan),
    )
