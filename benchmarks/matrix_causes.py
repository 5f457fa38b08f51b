"""Why two engines disagree on a pair: both routes, street by street, held against the other engine's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import shapely
from matrix_osm import StreetMap, read_street_map, telling
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.ops import substring
from valhalla_scene import SPEEDS_KPH, Scene, lon_lat
from valhalla_service import Valhalla, costing, location

from coverage_planner.network.road_network import NOT_ALLOWED, RoadNetwork
from coverage_planner.network.snap import snap_points

#: Farther than this from the place asked for, Valhalla has begun on another street.
ELSEWHERE_M = 1.0
_ACCESS_NAMES = {"walk": "pedestrian", "bicycle": "bicycle", "drive": "car"}
_CUT = "a way that the extract's border cuts: Valhalla leaves it out whole"
_TAGS_THAT_DECIDE = {
    "walk": ("foot", "access"),
    "bicycle": ("bicycle", "vehicle", "access"),
    "drive": ("motorcar", "motor_vehicle", "vehicle", "access"),
}


@dataclass(frozen=True)
class Cause:
    """What explains a pair, and the street or node that shows it."""

    kind: str
    evidence: str


@dataclass(frozen=True, eq=False)
class Rules:
    """What our network lets a mode do, in terms of OpenStreetMap.

    Attributes
    ----------
    steps
        Directed steps between neighbouring nodes that are allowed.
    stopped_at
        Nodes with a barrier that stops the mode.
    """

    network: RoadNetwork
    mode: str
    streets: StreetMap
    steps: frozenset[tuple[int, int]]
    stopped_at: frozenset[int]


@dataclass(frozen=True, eq=False)
class Route:
    """A route as places: its line in the network's CRS, the OpenStreetMap node at each vertex (None at cut ends)."""

    xy: NDArray[np.float64]
    nodes: list[int | None]
    length_m: float

    def steps(self) -> list[tuple[int, int]]:
        """Steps between neighbouring nodes, in order."""
        return [(a, b) for a, b in pairwise(self.nodes) if a is not None and b is not None and a != b]


def find_causes(
    rules: Rules,
    theirs: Sequence[Route | None],
    sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    seconds: Sequence[tuple[float, float]],
    valhalla: Valhalla,
) -> list[Cause]:
    """Look into pairs one by one: Valhalla's routes are given, ours are searched."""
    if not len(sources):
        return []
    graph = rules.network.to_networkx(rules.mode)
    ours = our_routes(rules, graph, sources, targets)
    asker = _Asker(valhalla, rules.mode, rules.network.crs)
    start, end = (shapely.get_coordinates(points.geometry.to_numpy()) for points in (sources, targets))
    return [
        explain(one, other, a, b, both, rules, asker)
        for one, other, a, b, both in zip(ours, theirs, start, end, seconds, strict=True)
    ]


@cache
def _street_map(scene: Scene) -> StreetMap:
    return read_street_map(scene.pbf, scene.network.crs)


def prepare(scene: Scene, mode: str) -> Rules:
    """Read the file's streets and our network's rules."""
    return read_rules(scene.network, mode, _street_map(scene))


def is_open_to_us(route: Route, rules: Rules) -> bool:
    """Whether our network allows every whole step of a route, and no barrier on it stops us."""
    return closed_to_us(route, rules) is None


def read_rules(network: RoadNetwork, mode: str, streets: StreetMap) -> Rules:
    """Read out of our network what a mode may do, in terms of OpenStreetMap nodes."""
    graph = network.graph(mode)
    steps: set[tuple[int, int]] = set()
    coordinates, owner = shapely.get_coordinates(network.edges.geometry.to_numpy(), return_index=True)
    nodes = streets.nodes_along(coordinates)
    forth, back = graph.forward_ms != NOT_ALLOWED, graph.backward_ms != NOT_ALLOWED
    for (edge, a), (other, b) in pairwise(zip(owner.tolist(), nodes, strict=True)):
        if edge == other and a is not None and b is not None:
            if forth[edge]:
                steps.add((a, b))
            if back[edge]:
                steps.add((b, a))
    barriers = np.flatnonzero((network.edges["highway"] == "barrier").to_numpy() & ~forth & ~back)
    stopped = network.nodes["node_id"].to_numpy()[network.edges["u"].to_numpy()[barriers]]
    return Rules(network, mode, streets, frozenset(steps), frozenset(stopped.tolist()))


def their_routes(
    valhalla: Valhalla,
    mode: str,
    sources: gpd.GeoDataFrame,
    targets: gpd.GeoDataFrame,
    streets: StreetMap,
    crs: Any,
) -> list[Route | None]:
    """Valhalla's routes; None where it finds none."""
    requests = [
        {"locations": [location(a, b), location(c, d)], **costing(mode, SPEEDS_KPH[mode])}
        for (a, b), (c, d) in zip(lon_lat(sources).tolist(), lon_lat(targets).tolist(), strict=True)
    ]
    to_network = Transformer.from_crs(4326, crs, always_xy=True)
    found: list[Route | None] = []
    for answer in valhalla.ask("route", requests).parsed:
        if "trip" not in answer:
            found.append(None)
            continue
        degrees = decode(answer["trip"]["legs"][0]["shape"])
        xy = np.column_stack(to_network.transform(degrees[:, 0], degrees[:, 1]))
        found.append(Route(xy, streets.nodes_along(xy), 1000 * answer["trip"]["summary"]["length"]))
    return found


def decode(shape: str) -> NDArray[np.float64]:
    """Decode Valhalla's polyline (six decimals): shape (p, 2), longitude and latitude."""
    values, value, shift = [], 0, 0
    for letter in shape:
        bits = ord(letter) - 63
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    lat_lon = np.cumsum(np.array(values).reshape(-1, 2), axis=0) / 1e6
    return lat_lon[:, ::-1]


def our_routes(
    rules: Rules, graph: "nx.MultiDiGraph[Any]", sources: gpd.GeoDataFrame, targets: gpd.GeoDataFrame
) -> list[Route | None]:
    """Shortest paths by networkx, with the two places put into the graph; None where there is none."""
    network, mode, streets = rules.network, rules.mode, rules.streets
    lines = network.edges.geometry.to_numpy()
    ends = network.edges[["u", "v"]].to_numpy()
    modes = network.graph(mode)
    at = [snap_points(network, points, mode) for points in (sources, targets)]
    found: list[Route | None] = []
    for k in range(len(sources)):
        (e, p), (f, q) = ((int(one.edge[k]), float(one.fraction[k])) for one in at)
        extra = []
        if e >= 0 and f >= 0:
            extra += [
                ("from", ends[e, 1], modes.forward_ms[e], p, 1.0, e),
                ("from", ends[e, 0], modes.backward_ms[e], p, 0.0, e),
            ]
            extra += [
                (ends[f, 0], "to", modes.forward_ms[f], 0.0, q, f),
                (ends[f, 1], "to", modes.backward_ms[f], 1.0, q, f),
            ]
            if e == f:
                extra.append(("from", "to", modes.forward_ms[e] if q >= p else modes.backward_ms[e], p, q, e))
        for tail, head, whole, start, stop, edge in extra:
            if whole != NOT_ALLOWED:
                piece = substring(lines[edge], start, stop, normalized=True)
                time_ms = abs(stop - start) * float(whole)
                graph.add_edge(tail, head, time_ms=time_ms, geometry=piece)
        try:
            path = nx.dijkstra_path(graph, "from", "to", weight="time_ms")
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            path = None
        found.append(None if path is None else _as_route(graph, path, streets))
        graph.remove_nodes_from([name for name in ("from", "to") if name in graph])
    return found


def _as_route(graph: "nx.MultiDiGraph[Any]", path: Sequence[Any], streets: StreetMap) -> Route:
    parts = []
    for a, b in pairwise(path):
        best = min(graph[a][b].values(), key=lambda data: float(data["time_ms"]))
        parts.append(shapely.get_coordinates(best["geometry"]))
    xy = np.vstack(parts)
    xy = xy[np.append(True, np.hypot(*np.diff(xy, axis=0).T) > 0)]
    return Route(xy, streets.nodes_along(xy), float(np.hypot(*np.diff(xy, axis=0).T).sum()))


class _Asker:
    """Asks Valhalla whether it lets a mode along a way, in a direction, at a place."""

    def __init__(self, valhalla: Valhalla, mode: str, crs: Any) -> None:
        self._valhalla, self._mode = valhalla, mode
        self._to_degrees = Transformer.from_crs(crs, 4326, always_xy=True)
        self._known: dict[tuple[int, bool], bool | None] = {}

    def lets_along(self, way: int, forward: bool, xy: NDArray[np.float64]) -> bool:
        """Whether an edge of this way in this direction is found right at the place."""
        return self._find(way, forward, xy) is not None

    def only_as_destination(self, way: int, forward: bool, xy: NDArray[np.float64]) -> bool:
        """Whether Valhalla lets nobody through there who does not begin or end there."""
        return self._find(way, forward, xy) is True

    def _find(self, way: int, forward: bool, xy: NDArray[np.float64]) -> bool | None:
        """Say of a way's edge at a place if it is for destinations only; None if there is no such edge."""
        if (way, forward) not in self._known:
            edges = self._locate(xy).get("edges") or []
            here = {
                (edge["edge_info"]["way_id"], edge["edge"]["forward"]): bool(edge["edge"]["destination_only"])
                for edge in edges
            }
            self._known[way, forward] = here.get((way, forward))
        return self._known[way, forward]

    def lets_through(self, xy: NDArray[np.float64]) -> bool:
        """Whether the node at a place, if Valhalla has one there, is open to the mode."""
        nodes = self._locate(xy, node_snap_tolerance=1).get("nodes") or []
        return all(node["access"][_ACCESS_NAMES[self._mode]] for node in nodes)

    def _locate(self, xy: NDArray[np.float64], **options: Any) -> dict[str, Any]:
        lon, lat = self._to_degrees.transform(*xy)
        request = {
            "locations": [location(lon, lat) | {"radius": 3} | options],
            "verbose": True,
            **costing(self._mode, SPEEDS_KPH[self._mode]),
        }
        answer = self._valhalla.ask("locate", [request]).parsed[0]
        return dict(answer[0]) if isinstance(answer, list) else {}


def explain(
    ours: Route | None,
    theirs: Route | None,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    seconds: tuple[float, float],
    rules: Rules,
    asker: _Asker,
) -> Cause:
    """Find the first thing on the shorter route that the other engine does not allow.

    `seconds` are ours and those of Valhalla's matrix.
    """
    ours_s, theirs_s = seconds
    for label, place, vertex in (
        ("start", start, None if theirs is None else theirs.xy[0]),
        ("end", end, None if theirs is None else theirs.xy[-1]),
    ):
        away = np.inf if vertex is None else float(np.hypot(*(place - vertex)))
        if away > ELSEWHERE_M:
            cause = begins_elsewhere(label, place, away, rules, asker)
            if cause is not None:
                return cause
    checks = [
        lambda: None if theirs is None else closed_to_us(theirs, rules),
        lambda: None if ours is None else closed_to_them(ours, rules, asker),
        lambda: None if ours is None else pushed(ours, theirs, ours_s, rules),
    ]
    if theirs is None or (ours is not None and ours.length_m < theirs.length_m):
        checks.reverse()
    for check in checks:
        cause = check()
        if cause is not None:
            return cause
    lengths = f"{_length(ours)} ours, {_length(theirs)} Valhalla's"
    if theirs is not None and ours is not None and abs(ours.length_m - theirs.length_m) <= 0.01 * theirs.length_m + 10:
        if np.isfinite(theirs_s):
            return Cause("the same way, its length measured otherwise", lengths)
        return Cause("Valhalla's matrix finds no way, its own route does", lengths)
    return Cause("both may use both routes", lengths)


def pushed(ours: Route, theirs: Route | None, ours_s: float, rules: Rules) -> Cause | None:
    """Tell whether a bicycle is pushed on our way, or would be on Valhalla's."""
    if rules.mode != "bicycle":
        return None
    kind = "a bicycle is pushed: at 4.8 km/h with us, as fast as ridden with Valhalla's shortest way"
    if ours_s > 1.02 * ours.length_m * 3.6 / SPEEDS_KPH[rules.mode] + 5:
        return Cause(kind, f"{ours.length_m:.0f} m in {ours_s:.0f} s")
    for a, b in theirs.steps() if theirs else []:
        way = rules.streets.way_of(a, b)
        if way is not None and rules.streets.way_tags[way[0]].get("bicycle") == "dismount":
            return Cause(kind, f"way {way[0]}: {telling(rules.streets.way_tags[way[0]])}")
    return None


def _length(route: Route | None) -> str:
    return "no route" if route is None else f"{route.length_m:.0f} m"


def begins_elsewhere(
    label: str, place: NDArray[np.float64], away_m: float, rules: Rules, asker: _Asker
) -> Cause | None:
    """Say why Valhalla does not take the street right at the place, if so."""
    streets = rules.streets
    way = streets.way_at(place)
    tags = streets.way_tags[way]
    evidence = f"{label} on way {way}: {telling(tags)}; Valhalla's street {away_m:.0f} m away"
    if any(asker.lets_along(way, forward, place) for forward in (True, False)):
        if not np.isfinite(away_m):
            return None
        return Cause(
            "another street at the start or end: Valhalla takes ours for an island, or two lie at one place", evidence
        )
    if streets.is_cut(way):
        return Cause(_CUT, evidence)
    return Cause(f"closed to Valhalla: {_decisive(tags, rules.mode)}", evidence)


def closed_to_us(route: Route, rules: Rules) -> Cause | None:
    """Find the first step of Valhalla's route that our network does not allow."""
    streets = rules.streets
    for a, b in route.steps():
        way = streets.way_of(a, b)
        if (a, b) in rules.steps or way is None:
            continue
        tags = streets.way_tags[way[0]]
        if (b, a) in rules.steps:
            return Cause("against our one-way rule", f"way {way[0]}: {telling(tags)}")
        return Cause(f"closed to us: {_decisive(tags, rules.mode)}", f"way {way[0]}: {telling(tags)}")
    for node in route.nodes[1:-1]:
        if node in rules.stopped_at:
            tags = streets.node_tags.get(node or 0, {})
            return Cause(f"a barrier stops us: {_at_node(tags)}", f"node {node}: {telling(tags)}")
    return None


def closed_to_them(route: Route, rules: Rules, asker: _Asker) -> Cause | None:
    """Find the first step, node or turn of our route that Valhalla does not allow."""
    longest: dict[tuple[int, bool], tuple[float, NDArray[np.float64]]] = {}
    turns: list[tuple[int, int, int]] = []
    before: int | None = None
    for (a, b), (xy_a, xy_b) in zip(pairwise(route.nodes), pairwise(route.xy), strict=True):
        way = rules.streets.way_of(a, b) if a is not None and b is not None else None
        if way is None:
            continue
        length = float(np.hypot(*(xy_b - xy_a)))
        if way not in longest or length > longest[way][0]:
            longest[way] = (length, (xy_a + xy_b) / 2)
        if before not in {None, way[0]}:
            turns.append((before or 0, a or 0, way[0]))
        before = way[0]
    return (
        shut_way({way: middle for way, (_, middle) in longest.items()}, rules, asker)
        or shut_node(route, rules, asker)
        or (None if rules.mode == "walk" else forbidden_turn(turns, rules.streets))
        or (through_destination(longest, rules, asker) if rules.mode == "drive" else None)
    )


def shut_way(ways: Mapping[tuple[int, bool], NDArray[np.float64]], rules: Rules, asker: _Asker) -> Cause | None:
    """Find the first way and direction that Valhalla does not let the mode along."""
    for (way, forward), middle in ways.items():
        if asker.lets_along(way, forward, middle):
            continue
        tags = rules.streets.way_tags[way]
        if rules.streets.is_cut(way):
            return Cause(_CUT, f"way {way}: {telling(tags)}")
        if asker.lets_along(way, not forward, middle):
            return Cause("against Valhalla's one-way rule", f"way {way}: {telling(tags)}")
        return Cause(f"closed to Valhalla: {_decisive(tags, rules.mode)}", f"way {way}: {telling(tags)}")
    return None


def shut_node(route: Route, rules: Rules, asker: _Asker) -> Cause | None:
    """Find the first node with a barrier or a tag of access that Valhalla does not let the mode through."""
    for node, xy in zip(route.nodes[1:-1], route.xy[1:-1], strict=True):
        tags = rules.streets.node_tags.get(node or 0, {})
        telltale = "barrier" in tags or any(key in tags for key in _TAGS_THAT_DECIDE[rules.mode])
        if telltale and not asker.lets_through(xy):
            return Cause(f"a barrier stops Valhalla: {_at_node(tags)}", f"node {node}: {telling(tags)}")
    return None


def through_destination(
    ways: Mapping[tuple[int, bool], tuple[float, NDArray[np.float64]]], rules: Rules, asker: _Asker
) -> Cause | None:
    """Find a way on our route, neither its first nor its last, that Valhalla keeps for destinations."""
    for (way, forward), (_, middle) in list(ways.items())[1:-1]:
        if asker.only_as_destination(way, forward, middle):
            tags = rules.streets.way_tags[way]
            return Cause("through a parking aisle, driveway or destination-only street", f"way {way}: {telling(tags)}")
    return None


def forbidden_turn(turns: Sequence[tuple[int, int, int]], streets: StreetMap) -> Cause | None:
    """Find the first turn of our route that a restriction forbids; our network has none of these."""
    for (start, _, via_way), (_, _, end) in pairwise(turns):
        for a, b, kind in streets.restrictions.get(via_way, []):
            if kind.startswith("no") and (a, b) == (start, end):
                return Cause("a turn restriction that we do not know", f"{kind}, ways {start}, {via_way}, {end}")
    for start, via, end in turns:
        for a, b, kind in streets.restrictions.get(via, []):
            if (kind.startswith("no") and (a, b) == (start, end)) or _must_go_on(kind, a, b, start, end):
                return Cause("a turn restriction that we do not know", f"{kind} at node {via}, ways {start} to {end}")
    return None


def _must_go_on(kind: str, a: int, b: int, start: int, end: int) -> bool:
    return kind.startswith("only") and a == start and b != end


def _decisive(tags: Mapping[str, str], mode: str) -> str:
    """Write the most specific access tag that keeps people out, else the road class."""
    said = [f"{key}={tags[key]}" for key in _TAGS_THAT_DECIDE[mode] if key in tags][:1]
    if said and tags[said[0].partition("=")[0]] not in {"yes", "designated", "permissive"}:
        return said[0]
    named = [f"{key}={tags[key]}" for key in ("highway", "route") if key in tags][:1]
    return " ".join([*named, *(["area=yes"] if tags.get("area") == "yes" else [])])


def _at_node(tags: Mapping[str, str]) -> str:
    return " ".join(
        f"{key}={tags[key]}" for key in ("barrier", "access", "foot", "bicycle", "motor_vehicle") if key in tags
    )
