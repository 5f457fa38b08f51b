"""Streets as a table of lines, with or without node ids -> `Roads`: layers of planners and graphs of OSMnx."""

import ast
import logging
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import InputError, name_some
from coverage_planner.schema import ROAD_TAGS, Roads
from coverage_planner.sources.segments import (
    WGS84,
    CrsLike,
    Lines,
    Pieces,
    cut_lines,
    project,
    roads_from_pieces,
    stretches,
)

_LOG = logging.getLogger(__name__)

#: Two vertices closer than this in x and in y are one: a millimetre, and about as much in degrees.
_SAME_PLACE_M = 1e-3
_SAME_PLACE_DEG = 1e-8

#: Values of `oneway` that bind nobody, and what else makes the direction of drawing matter.
_TWO_WAY = ("no", "false", "0")
_SIDED_TAGS = ("cycleway:left", "cycleway:right", "conveying")
_ONEWAY_CLASSES = ("motorway",)
_ONEWAY_JUNCTIONS = ("roundabout", "circular")


def roads_from_edges(
    edges: gpd.GeoDataFrame,
    route_nodes: pd.DataFrame,
    *,
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    source: str,
) -> Roads:
    """Turn a table of lines into segments between nodes.

    With columns ``u`` and ``v`` every row is one segment between these nodes; which of the two stands at its first
    vertex follows from where the nodes lie. Without them, lines meet where vertices coincide to a millimetre, be they
    ends or not, and are cut there; a crossing without a common vertex is none.

    A row that repeats another (the same line, the same tags, drawn either way) is dropped: tables with one row per
    direction of travel hold two-way streets twice.

    Parameters
    ----------
    edges
        LineStrings with a CRS; tags as text (see `tag_text`); ``u`` and ``v`` as whole numbers; ``length_m``, stated
        lengths that stand in for the drawn ones.
    route_nodes
        See `roads_from_pieces`.
    crs, study_area, margin_m, source
        See `roads_from_pieces`.

    Raises
    ------
    InputError
        ``u`` and ``v`` do not fit the lines; and see `roads_from_pieces`.
    """
    edges = _drop_repeats(edges, source)
    source_crs = edges.crs
    coordinates = shapely.get_coordinates(edges.geometry.to_numpy())
    x, y = coordinates[:, 0], coordinates[:, 1]
    if stretches(source_crs):
        x, y = project(x, y, source_crs, WGS84)
        source_crs = WGS84
    starts = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(edges.geometry.to_numpy()))])
    places = _number_places(x, y, source_crs)
    if "u" in edges.columns:
        pieces = _whole_lines(edges, starts, places, x, y, source)
    else:
        pieces = cut_lines(Lines(starts, places, x, y), np.empty(0, dtype=np.int64))
    tags = edges[[tag for tag in ROAD_TAGS if tag in edges.columns]].reset_index(drop=True)
    stated_m = edges["length_m"].to_numpy(dtype=float) if "length_m" in edges.columns else None
    return roads_from_pieces(
        pieces,
        pd.DataFrame(tags),
        route_nodes,
        gpd.GeoDataFrame({"kind": []}, geometry=[], crs=source_crs),
        source_crs=source_crs,
        crs=crs,
        study_area=study_area,
        margin_m=margin_m,
        source=source,
        stated_m=stated_m,
    )


def tag_text(value: Any) -> str | None:
    """Return a tag's value as OpenStreetMap writes it; None where there is none.

    Booleans become 'yes' and 'no', whole numbers lose their '.0'. Of several values, which OSMnx gives to an edge that
    it merged from several ways, the alphabetically first is taken: the order of such lists is chance, and the first is
    mostly the more cautious ('footway' before 'residential', 'no' before 'yes', '30' before '60').
    """
    if isinstance(value, list | tuple | set | np.ndarray):
        return _first(list(value))
    if isinstance(value, str):
        return _plain_text(value.strip())
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or pd.isna(value):
        return None
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _plain_text(text: str) -> str | None:
    if text.startswith("[") and text.endswith("]"):
        return _first(_parse_list(text))
    return {"True": "yes", "False": "no", "": None}.get(text, text)


def _parse_list(text: str) -> list[Any]:
    try:
        return list(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        return [text[1:-1]]


def _first(values: list[Any]) -> str | None:
    texts = sorted(text for text in map(tag_text, values) if text is not None)
    return texts[0] if texts else None


def _number_places(x: NDArray[np.float64], y: NDArray[np.float64], crs: pyproj.CRS) -> NDArray[np.int64]:
    """Return a number for each vertex that it shares with those in the same place."""
    unit = crs.axis_info[0].unit_conversion_factor
    step = _SAME_PLACE_DEG if crs.is_geographic else _SAME_PLACE_M / unit
    _, numbers = np.unique(np.rint(x / step) + 1j * np.rint(y / step), return_inverse=True)
    return np.asarray(numbers, dtype=np.int64)


def find_repeats(edges: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return, for each row, the first row that it repeats: same line, drawn either way, same tags; else -1.

    Lines whose tags name a direction or a side repeat only those that are drawn the same way.
    """
    lines = edges.geometry.to_numpy()
    key = edges[[tag for tag in ROAD_TAGS if tag in edges.columns]].copy()
    directed = np.zeros(len(edges), dtype=bool)
    if "oneway" in key:
        directed |= (key["oneway"].notna() & ~key["oneway"].isin(_TWO_WAY)).to_numpy()
    for tag, values in (("highway", _ONEWAY_CLASSES), ("junction", _ONEWAY_JUNCTIONS)):
        if tag in key:
            directed |= key[tag].isin(values).to_numpy()
    for tag in _SIDED_TAGS:
        if tag in key:
            directed |= key[tag].notna().to_numpy()
    key["line"] = np.where(directed, shapely.to_wkb(lines), shapely.to_wkb(shapely.normalize(lines)))
    if "u" in edges.columns:
        key["low"], key["high"] = np.sort(edges[["u", "v"]].to_numpy(dtype=np.int64), axis=1).T
    first = np.full(len(edges), -1, dtype=np.int64)
    alike = np.flatnonzero(key.duplicated(keep=False).to_numpy())
    if len(alike):
        group = key.iloc[alike].groupby([*key.columns], dropna=False, sort=False).ngroup().to_numpy()
        _, begins, member = np.unique(group, return_index=True, return_inverse=True)
        of = alike[begins[member]]
        first[alike] = np.where(of == alike, -1, of)
    return first


def _drop_repeats(edges: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    repeated = find_repeats(edges) >= 0
    if repeated.any():
        _LOG.info("%s: %d of %d rows repeat another and are dropped", source, repeated.sum(), len(edges))
    return edges[~repeated].reset_index(drop=True)


def _whole_lines(
    edges: gpd.GeoDataFrame,
    starts: NDArray[np.int64],
    places: NDArray[np.int64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    source: str,
) -> Pieces:
    """Return each line as one piece between its two nodes."""
    first, last = starts[:-1], starts[1:] - 1
    u, v = edges["u"].to_numpy(dtype=np.int64), edges["v"].to_numpy(dtype=np.int64)
    nodes, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
    tail, head = ends[: len(u)], ends[len(u) :]
    at_first, at_last = places[first], places[last]
    place = _place_nodes(tail, head, at_first, at_last, len(nodes))
    as_drawn = (place[tail] == at_first) & (place[head] == at_last)
    turned = (place[tail] == at_last) & (place[head] == at_first) & ~as_drawn
    wrong = ~as_drawn & ~turned
    if wrong.any():
        raise InputError(
            f"the columns u and v of {source} must name the nodes at the ends of each line, one place per node; not so "
            f"in rows {name_some((np.flatnonzero(wrong) + 1).tolist())}; correct them, or remove the columns so that "
            "lines are joined by their coordinates"
        )
    node_ids = np.zeros(len(x), dtype=np.int64)
    node_ids[first] = np.where(turned, v, u)
    node_ids[last] = np.where(turned, u, v)
    return Pieces(np.arange(len(u)), first, last, node_ids, x, y)


def _place_nodes(
    tail: NDArray[np.int64],
    head: NDArray[np.int64],
    at_first: NDArray[np.int64],
    at_last: NDArray[np.int64],
    n_nodes: int,
) -> NDArray[np.int64]:
    """Return the place of each node: the one that most of its lines end at.

    A node of a single line has two such places; it gets the one that the line's other node leaves over.
    """
    pairs = pd.DataFrame({
        "node": np.concatenate([tail, tail, head, head]),
        "place": np.concatenate([at_first, at_last, at_first, at_last]),
    })  # fmt: skip
    counts = pairs.value_counts(sort=False).reset_index(name="lines")
    most = counts.groupby("node")["lines"].transform("max")
    best = counts[counts["lines"] == most]
    sure = best[~best["node"].duplicated(keep=False)]
    place = np.full(n_nodes, -1, dtype=np.int64)
    place[sure["node"]] = sure["place"]
    for one, other in ((tail, head), (head, tail)):
        alone = np.flatnonzero((place[one] < 0) & (place[other] >= 0))
        place[one[alone]] = np.where(place[other[alone]] == at_first[alone], at_last[alone], at_first[alone])
    drawn = np.flatnonzero(place[tail] < 0)
    place[tail[drawn]] = at_first[drawn]
    drawn = np.flatnonzero(place[head] < 0)
    place[head[drawn]] = at_last[drawn]
    return place
