"""Answers found another way: networkx, shapely, brute force. Nothing here calls the code that it judges."""

import itertools
from collections import defaultdict
from collections.abc import Iterable

import networkx as nx
import numpy as np
import shapely

from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import Positions


def insert_positions(
    network: RoadNetwork, mode: str, places: dict[object, tuple[int, float]]
) -> tuple[nx.MultiDiGraph, dict[object, object]]:
    """Make a graph with every place (edge, fraction) as a node of its own between the cut parts of its edge.

    Times are floats in seconds. A junction is two nodes: streets end at its "in" and begin at its "out", and passing
    from one to the other costs its delay. A place at the very end of an edge stands on it, before the junction, which
    it may enter and be reached from whatever the direction of the edge. Returns the graph and the node of each place.
    """
    graph = network.graph(mode)
    u, v = network.edges["u"].to_numpy(), network.edges["v"].to_numpy()
    on_edge = defaultdict(list)
    for label, (edge, fraction) in places.items():
        on_edge[edge].append((fraction, label))
    made = nx.MultiDiGraph()
    for k, delay_ms in enumerate(graph.delay_ms):
        made.add_edge(("in", k), ("out", k), seconds=delay_ms / 1000)
    node_of = {}
    for edge in range(len(network.edges)):
        stops = []
        for fraction, label in sorted(on_edge[edge], key=lambda stop: stop[0]):
            node_of[label] = ("place", edge, fraction)  # two labels at one place share it
            if (fraction, node_of[label]) not in stops:
                stops.append((fraction, node_of[label]))
            if fraction in {0.0, 1.0}:
                junction = u[edge] if fraction == 0.0 else v[edge]
                made.add_edge(node_of[label], ("in", junction), seconds=0.0)
                made.add_edge(("out", junction), node_of[label], seconds=0.0)
        mirrored = [(1.0 - fraction, place) for fraction, place in reversed(stops)]
        for time_ms, start, end, between in (
            (graph.forward_ms[edge], u[edge], v[edge], stops),
            (graph.backward_ms[edge], v[edge], u[edge], mirrored),
        ):
            way = [(0.0, ("out", start)), *between, (1.0, ("in", end))]
            for (here, a), (there, b) in itertools.pairwise(way if time_ms >= 0 else []):
                made.add_edge(a, b, seconds=(there - here) * time_ms / 1000)
    return made, node_of


def oracle_times(
    network: RoadNetwork, mode: str, facilities: Positions, demand: Positions, limit_s: float, direction: str
) -> np.ndarray:
    """Seconds from door to door, shape (facilities, demand points); inf beyond the limit."""
    places = {("facility", k): (facilities.edge[k], facilities.fraction[k]) for k in np.flatnonzero(facilities.snapped)}
    places |= {("demand", k): (demand.edge[k], demand.fraction[k]) for k in np.flatnonzero(demand.snapped)}
    made, node_of = insert_positions(network, mode, places)
    speed = network.graph(mode).mode.access_speed_kph / 3.6
    for kind, positions in (("facility", facilities), ("demand", demand)):
        for k in np.flatnonzero(positions.snapped):
            seconds = positions.access_m[k] / speed
            made.add_edge(("out of the door", kind, k), node_of[kind, k], seconds=seconds)
            made.add_edge(node_of[kind, k], ("into the door", kind, k), seconds=seconds)
    start, end = "out of the door", "into the door"
    if direction == "to_facility":
        made, start, end = made.reverse(copy=False), end, start
    times = np.full((len(facilities.ids), len(demand.ids)), np.inf)
    for i in np.flatnonzero(facilities.snapped):
        found = nx.single_source_dijkstra_path_length(made, (start, "facility", i), cutoff=limit_s, weight="seconds")
        for j in np.flatnonzero(demand.snapped):
            times[i, j] = found.get((end, "demand", j), np.inf)
    return times


def oracle_place_times(
    network: RoadNetwork,
    mode: str,
    facilities: Positions,
    places: Iterable[tuple[int, float]],
    limit_s: float,
    direction: str,
) -> np.ndarray:
    """Seconds between the nearest facility's door and places on the streets, shape (places,); inf beyond the limit."""
    labelled = {("sample", k): place for k, place in enumerate(places)}
    doors = {("facility", k): (facilities.edge[k], facilities.fraction[k]) for k in np.flatnonzero(facilities.snapped)}
    made, node_of = insert_positions(network, mode, labelled | doors)
    if direction == "to_facility":
        made = made.reverse()
    for _, k in doors:
        seconds = facilities.access_m[k] / (network.graph(mode).mode.access_speed_kph / 3.6)
        made.add_edge("start", node_of["facility", k], seconds=seconds)
    if not doors:
        return np.full(len(labelled), np.inf)
    found = nx.single_source_dijkstra_path_length(made, "start", cutoff=limit_s, weight="seconds")
    return np.array([found.get(node_of[label], np.inf) for label in labelled])


def leg_meets(leg: shapely.LineString, obstacle: shapely.Geometry) -> bool:
    """Whether a straight leg crosses a line from side to side, or has a part inside an area.

    GEOS's own ``crosses`` also counts a line that bends at the leg and turns back, which only touches it. So a short
    bit of the leg round each common point is moved a little to either side: a line that crosses meets both.
    """
    if obstacle.area > 0:
        return bool(shapely.relate_pattern(leg, obstacle, "T********"))
    (ax, ay), (bx, by) = leg.coords
    step_x, step_y = (bx - ax) / leg.length, (by - ay) / leg.length
    for point in shapely.get_coordinates(shapely.intersection(leg, obstacle)):
        if min(np.hypot(*(point - (ax, ay))), np.hypot(*(point - (bx, by)))) < 1e-9:
            continue
        along, across = np.array([step_x, step_y]), np.array([-step_y, step_x])
        bit = np.array([point - 0.02 * along, point + 0.02 * along])
        sides = (bit + offset * across for offset in (1e-6, -1e-6))
        if all(shapely.intersects(shapely.LineString(side), obstacle) for side in sides):
            return True
    return False


def leg_is_undecided(leg: shapely.LineString, obstacle: shapely.Geometry) -> bool:
    """Whether it hangs on rounding, or on a definition, if a leg crosses: such legs are left out of the tests.

    It follows the border for a while, or it touches the border to within a billionth on its way to a place that has no
    exact coordinates.
    """
    border = shapely.boundary(obstacle) if obstacle.area > 0 else obstacle
    if shapely.length(shapely.intersection(leg, border)) > 0:
        return True
    foot = np.array(leg.coords[-1])
    if (foot == np.rint(foot)).all():
        return False
    corners = shapely.points(shapely.get_coordinates(border))
    return bool(shapely.Point(foot).distance(border) < 1e-9 or (shapely.distance(corners, leg) < 1e-9).any())


def nearest_edge(
    network: RoadNetwork,
    mode: str,
    point: shapely.Point,
    limit_m: float,
    *,
    obstacles: Iterable[shapely.Geometry] | None = None,
) -> tuple[str, int, float]:
    """Status, the edge for a point (-1: none) and its distance, by looking at all edges and obstacles.

    Of edges that are equally near but for a millimetre it is the one with the lowest row.
    """
    graph = network.graph(mode)
    rows = np.flatnonzero(graph.snappable)
    lines = network.edges.geometry.to_numpy()
    obstacles = list(network.obstacles.geometry if obstacles is None else obstacles)
    sizes = np.append(graph.component_length_m, 0.0)[graph.component]
    within, barred = [], False
    for row in rows:
        distance = shapely.distance(point, lines[row])
        if distance > limit_m:
            continue
        leg = shapely.shortest_line(point, lines[row])
        if distance > 0.5 and any(leg_meets(leg, obstacle) for obstacle in obstacles):
            barred = True
            continue
        within.append((np.inf if not graph.island[row] else sizes[row], distance, row))
    if not within:
        if not len(rows):
            return "no street for the mode", -1, np.inf
        return ("behind an obstacle" if barred else "too far"), -1, np.inf
    size = max(entry[0] for entry in within)
    nearest = min(entry[1] for entry in within if entry[0] == size)
    edge, distance = min((row, d) for s, d, row in within if s == size and d < nearest + 0.001)
    return "snapped", int(edge), float(distance)
