"""Streets, ways of travelling and the ground of a map's data: what the page needs to search the network itself.

Of a network only that is kept on which somebody could be within a cutoff of a place that is shown, so that every time
within the cutoffs stays exact; nodes are numbered anew. What is drawn is simplified by about a metre; times are those
of the whole geometry.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.report import drawing, styles
from coverage_planner.report.packed import pack
from coverage_planner.report.panel import mode_text
from coverage_planner.report.words import Language, words
from coverage_planner.scenario.scenario import Group, Outcome
from coverage_planner.units import MS_PER_S

#: Streets and shading are drawn this far beyond the study area, metres.
MARGIN_M = 500.0
#: How far drawn streets may be off, metres.
TOLERANCE_M = 1.0
#: How far drawn areas may be off, metres: those of a district, and those of a city, seen from farther away.
AREA_TOLERANCES_M = (2.0, 6.0)
#: What is wider or higher than this is a city, metres.
CITY_M = 20_000.0
#: Micro-degrees in a degree: about a decimetre each.
DEGREE_STEPS = drawing.DEGREE_STEPS

#: Value of "snappable" for streets on an island: a click takes one only where nothing else is near.
_ON_ISLAND = 2
_LANGUAGES: tuple[Language, ...] = ("zh", "en")
#: A river is cut to what is shown and this much more, so that its cut ends stay out of sight.
_POLYGONS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, eq=False)
class Clip:
    """Which streets of a network a map's data hold.

    Attributes
    ----------
    edges
        Shape (e,), int64: rows of ``network.edges``, rising.
    nodes
        Shape (n,), int64: rows of ``network.nodes``, rising.
    new_edge, new_node
        Shapes (edges in all,), (nodes in all,), int32: the new number of each; -1 where it is left out.
    window
        What is shown, in the network's CRS; None for all of it.
    tolerance_m
        How far drawn areas may be off.
    """

    edges: NDArray[np.int64]
    nodes: NDArray[np.int64]
    new_edge: NDArray[np.int32]
    new_node: NDArray[np.int32]
    window: shapely.Geometry | None
    tolerance_m: float

    @property
    def grain(self) -> int:
        """To how many millionths of a degree corners of areas are rounded: about a decimetre, or a metre in a city."""
        return 1 if self.tolerance_m == AREA_TOLERANCES_M[0] else 10


def clip_streets(outcome: Outcome, groups: Sequence[Group], farthest_ms: Mapping[str, int]) -> Clip:
    """Choose the streets that a map needs.

    Parameters
    ----------
    outcome
        Whose network, study area and communities count.
    groups
        The groups that are shown.
    farthest_ms
        Group name -> its longest cutoff, milliseconds.

    Returns
    -------
    Clip
        The streets within `MARGIN_M` of the study area (or, without one, of the communities) and of the demand outside
        it, and those farther out on which somebody could come within the longest cutoff, at the fastest speed of the
        mode. All of them where neither area is known.
    """
    network = outcome.network
    window = _window(outcome, groups)
    n_edges, n_nodes = len(network.edges), len(network.nodes)
    if window is None:
        edges = np.arange(n_edges)
    else:
        tree = network.edges.sindex
        kept = np.zeros(n_edges, dtype=bool)
        kept[tree.query(window, predicate="intersects")] = True
        for mode, far_ms in _farthest(groups, farthest_ms).items():
            graph = network.graph(mode)
            reach_m = _fastest_m_per_ms(network, graph) * far_ms
            if not np.isfinite(reach_m):
                kept |= graph.allowed
                continue
            near = tree.query(window, predicate="dwithin", distance=reach_m)
            kept[near[graph.allowed[near]]] = True
        edges = np.flatnonzero(kept)
    ends = network.edges[["u", "v"]].to_numpy(dtype=np.int64)[edges]
    nodes = np.unique(ends)
    west, south, east, north = network.edges.total_bounds if window is None else shapely.bounds(window)
    tolerance_m = AREA_TOLERANCES_M[int(max(east - west, north - south) > CITY_M)]
    return Clip(edges, nodes, _numbers(edges, n_edges), _numbers(nodes, n_nodes), window, tolerance_m)


def _numbers(kept: NDArray[np.int64], n: int) -> NDArray[np.int32]:
    numbers = np.full(n, -1, dtype=np.int32)
    numbers[kept] = np.arange(len(kept), dtype=np.int32)
    return numbers


def _window(outcome: Outcome, groups: Sequence[Group]) -> shapely.Geometry | None:
    """Return the part of the world that is shown."""
    crs = outcome.network.crs
    for table in (outcome.study_area, outcome.communities):
        if table is not None and not table.empty:
            whole = shapely.union_all(table.geometry.to_crs(crs).to_numpy())
            window: shapely.Geometry = shapely.buffer(whole, MARGIN_M, quad_segs=4)
            break
    else:
        return None
    shapely.prepare(window)
    outside = []
    for group in groups:
        places = shapely.point_on_surface(group.demand.geometry.to_crs(crs).to_numpy())
        outside.append(places[~shapely.contains_properly(window, places)])
    beyond = np.concatenate(outside)
    if len(beyond):
        hull = shapely.GeometryCollection(list(beyond)).convex_hull
        window = shapely.union(window, hull.buffer(SNAP_LIMIT_M, quad_segs=4))
    return window


def _farthest(groups: Sequence[Group], farthest_ms: Mapping[str, int]) -> dict[str, int]:
    """Return mode -> the longest cutoff of those who stay; who passes by is not searched for in the page."""
    far: dict[str, int] = {}
    for group in groups:
        if group.visit == "stay":
            far[group.mode] = max(far.get(group.mode, 0), farthest_ms[group.name])
    return far


def _fastest_m_per_ms(network: RoadNetwork, graph: ModeGraph) -> float:
    """Return how many metres on the map the fastest street takes one in a millisecond."""
    length_m = shapely.length(network.edges.geometry.to_numpy())
    fastest = 0.0
    for ms in (graph.forward_ms, graph.backward_ms):
        there = (ms >= 0) & (length_m > 0)
        if there.any():
            with np.errstate(divide="ignore"):
                fastest = max(fastest, float((length_m[there] / (ms[there] - 0.5).clip(0.0)).max()))
    return fastest


# --- streets and modes ---


def pack_streets(network: RoadNetwork, clip: Clip) -> dict[str, Any]:
    """Return the key ``streets``: ends, class, name and simplified path of every street kept."""
    edges = network.edges.iloc[clip.edges]
    highways, numbers = np.unique(_texts(edges, "highway"), return_inverse=True)
    classes = np.array([styles.street_class(highway) for highway in highways], dtype=np.uint8)
    names, name = np.unique(_texts(edges, "name"), return_inverse=True)
    blank = int(len(names) > 0 and names[0] == "")
    lines = shapely.simplify(edges.geometry.to_numpy(), TOLERANCE_M, preserve_topology=False)
    xy, owners = shapely.get_coordinates(lines, return_index=True)
    first = np.searchsorted(owners, np.arange(len(lines) + 1))
    ends = clip.new_node[edges[["u", "v"]].to_numpy(dtype=np.int64)]
    return {
        "n_nodes": len(clip.nodes),
        "n": len(edges),
        "u": pack(ends[:, 0], "i32", delta=True),
        "v": pack(ends[:, 1], "i32", delta=True),
        "class": pack(classes[numbers.reshape(-1)], "u8"),
        "names": [str(text) for text in names[blank:]],
        "name": pack(name.reshape(-1) - blank, "i32"),
        "length": pack(np.rint(edges["length_m"].to_numpy(dtype=np.float64) * 1000), "i32"),  # millimetres
        "first": pack(first, "i32", delta=True),
        "path": pack(drawing.micro_degrees(xy, network.crs), "i32", delta=True, stride=2),
    }


def _texts(table: gpd.GeoDataFrame, column: str) -> NDArray[np.object_]:
    """Return a column as texts, '' where it is missing."""
    if column not in table:
        return np.full(len(table), "", dtype=object)
    given = table[column].astype(object)
    texts: NDArray[np.object_] = given.where(given.notna(), "").astype(str).to_numpy(dtype=object)
    return texts


def pack_modes(network: RoadNetwork, clip: Clip, names: Iterable[str]) -> list[dict[str, Any]]:
    """Return the key ``modes``: what each mode may use and how long it takes, as people really travel."""
    return [_pack_mode(name, network.graph(name), clip) for name in names]


def _pack_mode(name: str, graph: ModeGraph, clip: Clip) -> dict[str, Any]:
    delay_ms = graph.delay_ms[clip.nodes]
    snappable = graph.snappable[clip.edges].astype(np.uint8)
    snappable[(snappable > 0) & graph.island[clip.edges]] = _ON_ISLAND
    forward_ms, backward_ms = graph.forward_ms[clip.edges], graph.backward_ms[clip.edges]
    return {
        "name": name,
        "text": {language: mode_text(graph.mode, words(language)) for language in _LANGUAGES},
        "access_kph": graph.mode.access_speed_kph,
        "forward": pack(forward_ms, "i32"),
        "backward": pack(backward_ms, "i32") if (backward_ms != forward_ms).any() else None,
        "delay": pack(delay_ms, "i32") if delay_ms.any() else None,
        "snappable": pack(snappable, "u8"),
    }


# --- areas and the ground ---


def area_paths(shapes: gpd.GeoSeries, clip: Clip) -> list[Any]:
    """Return the paths of each area, simplified: parts, each with its rings, in steps that begin anew for each area."""
    return drawing.polygon_paths(simple_areas(shapes.to_numpy(), clip), shapes.crs, grain=clip.grain)


def simple_areas(shapes: NDArray[np.object_], clip: Clip) -> NDArray[np.object_]:
    """Return areas simplified for drawing, valid as before."""
    simple: NDArray[np.object_] = shapely.make_valid(
        shapely.simplify(shapes, clip.tolerance_m, preserve_topology=False)
    )
    return np.where(shapely.is_empty(simple), shapes, simple)  # what is smaller than the tolerance stays


def ground_pieces(network: RoadNetwork, clip: Clip) -> dict[str, list[dict[str, Any]]]:
    """Return the key ``ground``: water, railways and walls where something is shown, as areas and lines."""
    obstacles = network.obstacles
    if clip.window is not None and len(obstacles):
        obstacles = obstacles.iloc[np.sort(obstacles.sindex.query(clip.window, predicate="intersects"))]
    return {kind: _pieces_of(obstacles, kind, clip) for kind in ("water", "railway", "wall")}


def _pieces_of(obstacles: gpd.GeoDataFrame, kind: str, clip: Clip) -> list[dict[str, Any]]:
    rows = obstacles.geometry[(obstacles["kind"] == kind).to_numpy(dtype=bool)]
    shapes = rows.to_numpy() if clip.window is None else shapely.intersection(rows.to_numpy(), clip.window)
    parts = shapely.get_parts(shapes)
    is_area = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    pieces = []
    (paths,) = area_paths(gpd.GeoSeries([shapely.union_all(parts[is_area])], crs=obstacles.crs), clip)
    if paths:
        pieces.append({"kind": "areas", "paths": paths})
    lines = drawing.lines(gpd.GeoSeries(parts[~is_area], crs=obstacles.crs), pane="", style={}, tolerance_m=TOLERANCE_M)
    pieces += [{"kind": "lines", "paths": piece["paths"]} for piece in lines]
    return pieces


def to_ms(seconds: float) -> int:
    """Return seconds as whole milliseconds, as the engine rounds them."""
    return round(float(seconds) * MS_PER_S)
