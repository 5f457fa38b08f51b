"""Street graphs of OSMnx -> segments."""

from collections import Counter
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely

from coverage_planner.errors import SourceError
from coverage_planner.schema import NODE_TAGS, ROAD_TAGS, Roads
from coverage_planner.sources import osm_tags
from coverage_planner.sources.edges import roads_from_edges, tag_text
from coverage_planner.sources.segments import CrsLike, Lines


def roads_from_graph(
    graph: "nx.MultiDiGraph[Any]",
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    source: str = "graph",
) -> Roads:
    """Turn a street graph of OSMnx, simplified or not, into segments.

    Two edges of one street, one each way, become one segment. An edge with ``oneway=True`` gives a segment from its
    first node to its second with ``oneway`` 'yes'. Edges without geometry are straight. Of the several values that a
    simplified edge may have for a tag, the one that lets fewest pass is taken, see `osm_tags.most_restrictive`.

    Parameters
    ----------
    graph
        Nodes with ``x`` and ``y``, edges with OpenStreetMap tags; ``graph.graph["crs"]`` is the CRS.
    crs, study_area, margin_m
        See `read_roads`.
    source
        Name of the source, for messages and the attribution.

    Raises
    ------
    SourceError
        The graph has no edges, or nodes without coordinates, or no CRS.
    """
    placed = all("x" in data and "y" in data for _, data in graph.nodes(data=True))
    if not graph.number_of_edges() or not placed or "crs" not in graph.graph:
        raise SourceError(
            f"{source} must be a street graph with edges, coordinates x and y of every node, and a crs, got "
            f"{graph.number_of_edges()} edges, {'all' if placed else 'not all'} nodes placed, crs "
            f"{graph.graph.get('crs')}; save it with osmnx.save_graphml"
        )
    x, y = nx.get_node_attributes(graph, "x"), nx.get_node_attributes(graph, "y")
    lines: list[Any] = []
    ends: list[tuple[int, int]] = []
    tags: list[dict[str, Any]] = []
    for u, v, data in graph.edges(data=True):
        lines.append(data.get("geometry") or shapely.LineString([(x[u], y[u]), (x[v], y[v])]))
        ends.append((u, v))
        tags.append({tag: text for tag in ROAD_TAGS if (text := _text(tag, data.get(tag))) is not None})
    table = osm_tags.tag_table(tags, ROAD_TAGS)
    table[["u", "v"]] = np.array(ends, dtype=np.int64)
    edges = gpd.GeoDataFrame(table, geometry=lines, crs=graph.graph["crs"])
    return roads_from_edges(
        edges,
        graph_nodes(graph),
        crs=crs,
        study_area=study_area,
        margin_m=margin_m,
        source=f"{source} ({osm_tags.ATTRIBUTION})",
    )


def _text(tag: str, value: Any) -> str | None:
    """Return a tag's value as text; of several the most restrictive."""
    if not isinstance(value, list | tuple | set):
        return tag_text(value)
    texts = [text for one in value if (text := tag_text(one)) is not None]
    return osm_tags.most_restrictive(tag, texts) if texts else None


def graph_nodes(graph: "nx.MultiDiGraph[Any]") -> pd.DataFrame:
    """Return the nodes of a graph that matter to a route, with their tags."""
    found = []
    for node_id, data in graph.nodes(data=True):
        tags = {tag: text for tag in NODE_TAGS if (text := _text(tag, data.get(tag))) is not None}
        if osm_tags.is_route_node(tags):
            found.append((node_id, data["x"], data["y"], tags))
    ids, x, y, tags_of = (list(column) for column in zip(*found, strict=True)) if found else ([], [], [], [])
    return osm_tags.node_table(ids, x, y, tags_of)


def graph_lines(graph: "nx.MultiDiGraph[Any]") -> tuple[Lines, pd.DataFrame]:
    """Put the edges of an unsimplified graph of OSMnx together to ways again.

    Returns
    -------
    lines
        Each way, or each part of it where the graph lacks some edges or the way meets itself. It runs as one may
        travel where it is one-way.
    tags
        One row per line; ``oneway`` is 'yes' or NA.
    """
    after: dict[int, dict[int, list[int]]] = {}
    tags_of: dict[int, dict[str, str]] = {}
    for u, v, data in graph.edges(data=True):
        if data["reversed"]:  # the same street the other way
            continue
        after.setdefault(data["osmid"], {}).setdefault(u, []).append(v)
        if data["osmid"] not in tags_of:
            tags = {tag: text for tag in ROAD_TAGS if (text := _text(tag, data.get(tag))) is not None}
            if tags.get("oneway") == "no":  # OSMnx says so, too, where the way says nothing
                del tags["oneway"]
            tags_of[data["osmid"]] = tags
    shared = Counter(node for heads in after.values() for node in {*heads, *(v for vs in heads.values() for v in vs)})
    trails = [(way, trail) for way, heads in after.items() for trail in _trails(heads, shared)]
    node_ids = np.array([node for _, trail in trails for node in trail], dtype=np.int64)
    starts = np.cumsum([0, *(len(trail) for _, trail in trails)], dtype=np.int64)
    x, y = nx.get_node_attributes(graph, "x"), nx.get_node_attributes(graph, "y")
    lon = np.array([x[node] for node in node_ids.tolist()], dtype=float)
    lat = np.array([y[node] for node in node_ids.tolist()], dtype=float)
    return Lines(starts, node_ids, lon, lat), osm_tags.tag_table([tags_of[way] for way, _ in trails], ROAD_TAGS)


def _trails(after: dict[int, list[int]], shared: Counter[int]) -> list[list[int]]:
    """Return the directed edges of one way as trails that no node interrupts where the way merely passes.

    A ring starts at a node that other ways share, where there is one.
    """
    entering = Counter(v for heads in after.values() for v in heads)
    ends = {u for u, heads in after.items() if entering[u] != 1 or len(heads) != 1}
    trails = []
    for start in sorted(after, key=lambda node: (node not in ends, -shared[node], node)):
        while after[start]:
            trail = [start, after[start].pop()]
            while trail[-1] not in ends and after.get(trail[-1]):
                trail.append(after[trail[-1]].pop())
            trails.append(trail)
    return trails
