"""RoadNetwork <-> networkx, for people who want to look into a network or bring their own.

The attributes follow OSMnx where it has a convention: ``x`` and ``y`` of nodes, ``length`` and ``geometry`` of edges,
``crs`` of the graph. Delays stand at the nodes: a shortest path over ``time_s`` leaves them out unless they are added.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError, CrsError, NetworkError, name_some
from coverage_planner.network.build import order_along_curve
from coverage_planner.network.mode_graph import SMALL_COMPONENT_M, build_mode_graph, list_islands
from coverage_planner.network.modes import MOST_DELAY_S, Mode
from coverage_planner.network.road_network import NOT_ALLOWED, RoadNetwork
from coverage_planner.schema import require_metric
from coverage_planner.units import LONGEST_MS, MS_PER_S, to_milliseconds

if TYPE_CHECKING:
    import networkx as nx

#: Farthest the ends of an edge's geometry may lie from its nodes.
_END_TOLERANCE_M = 1.0
#: Lengths are compared to the millimetre when two directed edges are taken for one street.
_LENGTH_DECIMALS = 3


def to_networkx(network: RoadNetwork, mode: str) -> "nx.MultiDiGraph[int]":
    """Write out what one mode may use as a directed networkx graph.

    Parameters
    ----------
    network
        The network.
    mode
        Name of a mode of the network.

    Returns
    -------
    networkx.MultiDiGraph
        Nodes are the row numbers of ``network.nodes``, all of them, with ``x``, ``y``, ``node_id``, and what passing
        them costs the mode: ``delay_ms`` and ``delay_s``, zero without delays. Edges hold none of it.
        One edge per street and allowed direction; its key is the row number in ``network.edges`` (plus the number of
        edges for the way back round a loop, which joins the same two nodes). Edge attributes: ``edge`` (the row
        number), ``time_ms`` (whole milliseconds), ``time_s``, ``length_m`` and the same as ``length``, ``highway``,
        ``name``, ``snappable``, ``geometry`` (in the direction of travel). Graph attributes: ``crs``, ``mode``,
        ``source``.

    Raises
    ------
    NetworkError
        The network was not built for this mode.
    """
    import networkx as nx  # noqa: PLC0415 - loaded when asked for

    graph = network.graph(mode)
    edges = network.edges
    written: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=edges.crs.to_string(), mode=mode, source=network.source)
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    columns = (network.nodes["node_id"].tolist(), xy.tolist(), graph.delay_ms.tolist())
    for row, (node_id, (x, y), delay_ms) in enumerate(zip(*columns, strict=True)):
        written.add_node(row, x=x, y=y, node_id=node_id, delay_ms=delay_ms, delay_s=delay_ms / MS_PER_S)
    u, v = edges["u"].to_numpy(), edges["v"].to_numpy()
    lines = edges.geometry.to_numpy()
    kept = edges[["length_m", "highway", "name"]].assign(
        length=edges["length_m"], edge=np.arange(len(edges)), snappable=graph.snappable
    )
    for tails, heads, time_ms, drawn, second_key in (
        (u, v, graph.forward_ms, lines, np.zeros(len(edges), dtype=np.int64)),
        (v, u, graph.backward_ms, shapely.reverse(lines), np.where(u == v, len(edges), 0)),
    ):
        rows = np.flatnonzero(time_ms != NOT_ALLOWED)
        attributes = kept.iloc[rows].assign(time_ms=time_ms[rows], time_s=time_ms[rows] / MS_PER_S)
        for tail, head, key, named, line in zip(
            tails[rows].tolist(),
            heads[rows].tolist(),
            (rows + second_key[rows]).tolist(),
            attributes.to_dict("records"),
            drawn[rows],
            strict=True,
        ):
            written.add_edge(
                tail, head, key=key, geometry=line, **{str(label): value for label, value in named.items()}
            )
    return written


def from_networkx(
    graph: "nx.Graph[Any]",
    *,
    modes: Mapping[str, Mode],
    time_attributes: Mapping[str, str],
    delay_attributes: Mapping[str, str] | None = None,
    crs: object = None,
    obstacles: gpd.GeoDataFrame | None = None,
    source: str = "networkx graph",
    small_component_m: float = SMALL_COMPONENT_M,
) -> RoadNetwork:
    """Build a network from a networkx graph whose edges know their times.

    Parameters
    ----------
    graph
        Nodes have ``x`` and ``y`` in metres. Each edge is one direction of one street; edges of an undirected graph are
        open both ways. Edges may have ``geometry`` (LineString between their nodes, a straight line if absent),
        ``length_m`` or ``length`` (that of the geometry if absent), ``highway``, ``name``, ``snappable`` (True if
        absent).
    modes
        Mode name -> `Mode`. Of the mode only the access speed is used; times and delays are given.
    time_attributes
        Mode name -> edge attribute that holds the travel time in seconds. An edge without the attribute, or with None,
        is closed to the mode.
    delay_attributes
        Mode name -> node attribute that holds the seconds that passing the node costs; zero for a node without the
        attribute, or with None. `to_networkx` writes ``delay_s``. Required for modes that have delays.
    crs
        Projected CRS in metres; by default that of the graph (``graph.graph["crs"]``).
    obstacles
        What access legs may not cross: ``kind``, ``geometry``; nothing if not given.
    source
        Where the streets come from.
    small_component_m
        Components with less street than this, in metres, count as islands (the largest never does).

    Returns
    -------
    RoadNetwork
        Two directed edges that are each other's exact reverse, in length and geometry, become one street with a time
        each way, so that a point beside it may leave it in both directions; all others become one-way streets. Nodes
        without edges are left out, nodes with two edges stay. ``node_id`` is the nodes' attribute of this name, or
        their label, if these are whole numbers; else they are numbered.

    Raises
    ------
    ConfigError
        `modes` and `time_attributes` do not name the same modes; `delay_attributes` names others, or leaves out a mode
        that has delays.
    CrsError
        No CRS, or not a projected one in metres.
    NetworkError
        No edges; nodes without coordinates; times, delays, lengths or geometries that cannot be.
    """
    import networkx as nx  # noqa: PLC0415 - loaded when asked for

    if not modes or set(modes) != set(time_attributes):
        raise ConfigError(
            f"time_attributes must name one edge attribute for each of the modes {sorted(modes)}, "
            f"got {sorted(time_attributes)}; add or remove modes"
        )
    _check_delay_modes(modes, delay_attributes or {})
    crs = crs or graph.graph.get("crs")
    if crs is None:
        raise CrsError("the graph must say its projected CRS in metres, it says none; give crs= or graph.graph['crs']")
    if not graph.number_of_edges():
        raise NetworkError(f"the graph must have edges, got {graph.number_of_nodes()} nodes and none; check its source")
    labels, xy = _node_coordinates(graph)
    arcs = _read_arcs(nx.MultiDiGraph(graph), labels, xy, crs)
    for name, attribute in time_attributes.items():
        arcs[f"time {name}"] = _read_times(arcs, attribute)
    streets = _pair_opposites(arcs, list(modes))
    nodes, edges, order, node_order = order_along_curve(
        streets[["u", "v", "length_m", "highway", "name", "geometry"]], _node_ids(graph, labels)
    )
    graphs = {
        name: build_mode_graph(
            mode,
            edges,
            forward_ms=streets[f"time {name}"].to_numpy(dtype=np.int32)[order],
            backward_ms=streets[f"back {name}"].to_numpy(dtype=np.int32)[order],
            delay_ms=_read_delays(graph, labels, (delay_attributes or {}).get(name))[node_order],
            snappable=streets["snappable"].to_numpy(dtype=bool)[order],
            small_component_m=small_component_m,
        )
        for name, mode in modes.items()
    }
    if obstacles is None:
        obstacles = gpd.GeoDataFrame({"kind": np.empty(0, dtype=object)}, geometry=[], crs=edges.crs)
    if obstacles.crs is None:
        raise CrsError("the obstacles must say their coordinate reference system, got none; set it with set_crs")
    return RoadNetwork(nodes, edges, graphs, obstacles.to_crs(edges.crs), list_islands(edges, graphs), source)


def _check_delay_modes(modes: Mapping[str, Mode], delay_attributes: Mapping[str, str]) -> None:
    unknown = sorted(set(delay_attributes) - set(modes))
    unread = sorted(name for name, mode in modes.items() if mode.has_delays and name not in delay_attributes)
    if unknown or unread:
        raise ConfigError(
            f"delay_attributes must name the node attribute of each mode with delays, and no other modes than "
            f"{sorted(modes)}, got {sorted(delay_attributes)}; missing {unread}, unknown {unknown}; add or remove modes"
        )


def _node_coordinates(graph: "nx.Graph[Any]") -> tuple[list[object], NDArray[np.float64]]:
    labels = list(graph.nodes)
    table = pd.DataFrame([(data.get("x"), data.get("y")) for _, data in graph.nodes(data=True)])
    xy = table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = [label for label, there in zip(labels, np.isfinite(xy).all(axis=1), strict=True) if not there]
    if bad:
        raise NetworkError(
            f"every node must have finite x and y in metres; not so in {name_some(bad)}; set both as node attributes"
        )
    return labels, xy


def _node_ids(graph: "nx.Graph[Any]", labels: list[object]) -> NDArray[np.int64]:
    """Whole numbers that tell the nodes apart: their ``node_id``, else their label, else running numbers."""
    given = [data.get("node_id") for _, data in graph.nodes(data=True)]
    for ids in (given, labels):
        if all(isinstance(value, int | np.integer) for value in ids):
            return np.asarray(ids, dtype=np.int64)
    return np.arange(len(labels))


def _read_arcs(
    graph: "nx.MultiDiGraph[Any]", labels: list[object], xy: NDArray[np.float64], crs: object
) -> gpd.GeoDataFrame:
    """One row per directed edge: label, u, v, length_m, highway, name, snappable, data, geometry from u to v."""
    number = {label: row for row, label in enumerate(labels)}
    found = list(graph.edges(keys=True, data=True))
    u = np.array([number[tail] for tail, _, _, _ in found])
    v = np.array([number[head] for _, head, _, _ in found])
    names = [f"{tail}-{head} ({key})" for tail, head, key, _ in found]
    data = [attributes for _, _, _, attributes in found]
    arcs = gpd.GeoDataFrame(
        {
            "label": names,
            "u": u,
            "v": v,
            "highway": [_text(values.get("highway")) for values in data],
            "name": [_text(values.get("name")) for values in data],
            "snappable": [bool(values.get("snappable", True)) for values in data],
            "data": data,
        },
        geometry=_read_lines(names, data, xy[u], xy[v]),
        crs=crs,
    )
    require_metric(arcs, "the graph")
    given = pd.Series([values.get("length_m", values.get("length")) for values in data])
    length_m = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64)
    bad = given.notna().to_numpy() & ~(np.isfinite(length_m) & (length_m >= 0))
    if bad.any():
        raise NetworkError(
            f"length_m must be finite and not negative; not so in the edges {name_some(arcs['label'][bad])}; "
            "correct it, or leave it out to take the length of the geometry"
        )
    arcs["length_m"] = np.where(given.isna(), arcs.length, length_m)
    return arcs


def _text(value: object) -> str | None:
    """OSMnx writes several values as a list."""
    if isinstance(value, list | tuple | set):
        return ";".join(str(part) for part in value)
    return None if value is None or value != value else str(value)  # noqa: PLR0124 - NaN


def _read_lines(
    names: list[str], data: list[dict[str, Any]], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.object_]:
    """Take each edge's geometry in its direction; a straight line where there is none."""
    lines = np.asarray(shapely.linestrings(np.stack([start, end], axis=1)), dtype=object)
    for row, values in enumerate(data):
        if values.get("geometry") is not None:
            lines[row] = values["geometry"]
    wrong = shapely.get_type_id(lines) != shapely.GeometryType.LINESTRING
    if wrong.any():
        raise NetworkError(
            f"the geometry of every edge must be a LineString; not so in {name_some(np.asarray(names)[wrong])}; "
            "leave it out to draw a straight line"
        )
    first, last = (shapely.get_coordinates(shapely.get_point(lines, end_index)) for end_index in (0, -1))

    def away(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
        distance: NDArray[np.float64] = np.maximum(np.hypot(*(a - start).T), np.hypot(*(b - end).T))
        return distance

    as_drawn, turned = away(first, last), away(last, first)
    apart = ~(np.minimum(as_drawn, turned) <= _END_TOLERANCE_M)
    if apart.any():
        raise NetworkError(
            f"the geometry of every edge must end at its nodes, within {_END_TOLERANCE_M:g} m; not so in "
            f"{name_some(np.asarray(names)[apart])}; check that nodes and geometries have the same CRS"
        )
    return np.where(turned < as_drawn, shapely.reverse(lines), lines)


def _read_times(arcs: gpd.GeoDataFrame, attribute: str) -> NDArray[np.int32]:
    """Milliseconds per directed edge; `NOT_ALLOWED` where the attribute is absent."""
    given = [values.get(attribute) for values in arcs["data"]]
    present = np.array([value is not None for value in given])
    if not present.any():
        raise NetworkError(
            f"at least one edge must have the attribute {attribute!r} (seconds), none of {len(arcs)} has; "
            "check time_attributes"
        )
    seconds = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    bad = present & ~((seconds >= 0) & (seconds < LONGEST_MS / MS_PER_S))
    if bad.any():
        raise NetworkError(
            f"{attribute} must be seconds, not negative and below {LONGEST_MS // MS_PER_S}; not so in the edges "
            f"{name_some(arcs['label'][bad])}; correct it, or leave it out where the mode may not go"
        )
    return np.where(present, to_milliseconds(np.where(present, seconds, 0.0)), NOT_ALLOWED).astype(np.int32)


def _read_delays(graph: "nx.Graph[Any]", labels: list[object], attribute: str | None) -> NDArray[np.int32]:
    """Milliseconds per node, in the order of `labels`; zero where the attribute is absent."""
    if attribute is None:
        return np.zeros(len(labels), dtype=np.int32)
    given = [graph.nodes[label].get(attribute) for label in labels]
    present = np.array([value is not None for value in given])
    if not present.any():
        raise NetworkError(
            f"at least one node must have the attribute {attribute!r} (seconds), none of {len(labels)} has; "
            "check delay_attributes"
        )
    seconds = pd.to_numeric(pd.Series(given, dtype=object), errors="coerce").to_numpy(dtype=np.float64)
    bad = present & ~((seconds >= 0) & (seconds < MOST_DELAY_S))
    if bad.any():
        wrong = [label for label, is_bad in zip(labels, bad, strict=True) if is_bad]
        raise NetworkError(
            f"{attribute} must be seconds, not negative and below {MOST_DELAY_S:g}; not so in the nodes "
            f"{name_some(wrong)}; correct it, or leave it out where nobody waits"
        )
    return to_milliseconds(np.where(present, seconds, 0.0)).astype(np.int32)


def _pair_opposites(arcs: gpd.GeoDataFrame, modes: list[str]) -> gpd.GeoDataFrame:
    """Make one street of two directed edges that are each other's reverse: columns ``back <mode>`` beside ``time``."""
    drawn = shapely.transform(arcs.geometry.to_numpy(), lambda xy: np.round(xy, _LENGTH_DECIMALS))
    there, back = shapely.to_wkb(drawn), shapely.to_wkb(shapely.reverse(drawn))
    u, v = arcs["u"].to_numpy(), arcs["v"].to_numpy()
    reverse = np.where(u == v, there > back, u > v)
    key = pd.DataFrame(
        {
            "low": np.minimum(u, v),
            "high": np.maximum(u, v),
            "length": arcs["length_m"].round(_LENGTH_DECIMALS),
            "line": np.where(reverse, back, there),
        }
    )
    key["street"] = key.groupby(list(key.columns), sort=False).ngroup()
    key["reverse"] = reverse
    key["copy"] = key.groupby(["street", "reverse"]).cumcount()
    key["arc"] = np.arange(len(arcs))
    pairs = key.groupby(["street", "copy"], sort=False)["arc"].agg(["first", "last"])
    first, second = pairs["first"].to_numpy(), pairs["last"].to_numpy()
    streets = arcs.iloc[first].reset_index(drop=True)
    for name in modes:
        times = arcs[f"time {name}"].to_numpy()
        streets[f"back {name}"] = np.where(first != second, times[second], NOT_ALLOWED)
    streets["snappable"] |= arcs["snappable"].to_numpy()[second]
    return streets
