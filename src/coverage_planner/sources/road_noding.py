"""A table of lines -> `Roads`, by where the lines run: noding, joins, and what they changed."""

import warnings
from itertools import pairwise
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coverage_planner.schema import ROAD_TAGS, Roads
from coverage_planner.sources import noding as nodes
from coverage_planner.sources.joining import Joins, join_ends, loose_ends
from coverage_planner.sources.line_steps import Ints, Mask, line_numbers
from coverage_planner.sources.noding import node_lines
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.road_columns import LEVEL_TAGS, road_levels
from coverage_planner.sources.segments import (
    WGS84,
    CrsLike,
    Lines,
    choose_crs,
    clip_region,
    cut_lines,
    no_nodes,
    project,
    roads_from_pieces,
    stretches,
)

#: Where lines meet: at vertices that they share, or also where they cross at grade.
Noding = Literal["shared", "crossings"]
NODINGS: tuple[Noding, ...] = get_args(Noding)

#: A layer of so many parts, of which the largest holds less than this share of the streets, is said to fall apart.
_MANY_PARTS = 10
_MOST_OF_IT = 0.9
#: So many ways out of a place make it a junction.
_JUNCTION = 3
#: Where crossings without a common vertex are fewer than this share of the junctions, they are most likely bridges.
_FEW_CROSSINGS = 0.5
#: Roads that by law are joined by ramps only (JTG B01: 高速公路 are wholly grade-separated).
_MOTORWAYS = ("motorway", "motorway_link")


def roads_by_noding(
    edges: gpd.GeoDataFrame,
    repeats: Ints,
    *,
    noding: Noding,
    join_within_m: float,
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    source: str,
    cleaning: RoadCleaning | None,
) -> Roads:
    """Turn lines into segments that meet where `noding` says, with near ends joined.

    Parameters
    ----------
    edges
        LineStrings with a CRS, tags as text, ``row_number``, and ``length_m`` where lengths are stated. Columns ``u``
        and ``v`` are not used.
    repeats
        Which row each row repeats, -1 for none; see `find_repeats`. Those rows are left out.
    noding, join_within_m
        See `read_roads`.
    crs, study_area, margin_m, source
        See `roads_from_pieces`.
    cleaning
        Is filled where it is given.

    Raises
    ------
    InputError, CrsError, ConfigError, SourceError
        See `roads_from_pieces`.

    Warns
    -----
    UserWarning
        The layer does not say its bridges and looks as if crossings without a vertex were bridges; or the streets fall
        into many parts all the same.
    """
    kept = edges[repeats < 0].reset_index(drop=True)
    source_crs = kept.crs
    starts, x, y = _vertices(kept)
    if stretches(source_crs):
        x, y = project(x, y, source_crs, WGS84)
        source_crs = WGS84
    chosen = choose_crs(x, y, source_crs, crs, study_area)
    plane_x, plane_y = project(x, y, source_crs, chosen)
    tags = pd.DataFrame(kept[[tag for tag in ROAD_TAGS if tag in kept.columns]])
    level = road_levels({tag: _texts(tags[tag]) for tag in LEVEL_TAGS if tag in tags.columns}, len(kept))
    bridged = _never_at_grade(tags)
    noded = node_lines(starts, plane_x, plane_y, level, bridged=bridged, crossings=noding == "crossings")
    joins = None
    if join_within_m > 0:
        noded, joins = join_ends(noded, join_within_m)
    lines = _as_given(noded, x, y, source_crs, chosen)
    stated_m = None
    if "length_m" in kept.columns:
        stated_m = kept["length_m"].to_numpy(dtype=float)[noded.parent]
        stated_m[len(kept) :] = nodes_length(noded.lines)[len(kept) :]
    pieces = cut_lines(lines, np.empty(0, dtype=np.int64))
    roads = roads_from_pieces(
        pieces,
        tags.iloc[noded.parent].reset_index(drop=True),
        no_nodes(),
        gpd.GeoDataFrame({"kind": []}, geometry=[], crs=source_crs),
        source_crs=source_crs,
        crs=chosen,
        study_area=study_area,
        margin_m=margin_m,
        source=source,
        stated_m=stated_m,
    )
    if cleaning is not None:
        rows = kept["row_number"].to_numpy(dtype=np.int64)
        _note_before(cleaning, edges, repeats, chosen)
        _note_meetings(cleaning, noded, rows, tags, bridged)
        if joins is not None:
            _note_joins(cleaning, joins, rows[noded.parent])
        _note_loose(cleaning, noded, rows)
        _note_overlaps(cleaning, cut_lines(noded.lines, np.empty(0, dtype=np.int64)), rows[noded.parent])
        _note_after(cleaning, roads, clip_region(study_area, margin_m, chosen))
    if not any(tag in tags.columns for tag in LEVEL_TAGS):
        _warn_of_bridges(noded, source)
    warn_of_parts(roads, source, noding=noding, join_within_m=join_within_m)
    return roads


def note_shared(
    cleaning: RoadCleaning,
    edges: gpd.GeoDataFrame,
    repeats: Ints,
    roads: Roads,
    *,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
) -> None:
    """Fill in what is to be known of a layer whose lines meet at shared vertices, or by columns ``u`` and ``v``."""
    crs = roads.segments.crs
    _note_before(cleaning, edges, repeats, crs)
    if "u" not in edges.columns:
        kept = edges[repeats < 0].reset_index(drop=True)
        starts, x, y = _vertices(gpd.GeoDataFrame(kept, geometry=kept.geometry).to_crs(crs))
        noded = node_lines(starts, x, y, np.zeros(len(kept), dtype=np.int64), crossings=False)
        _note_loose(cleaning, noded, kept["row_number"].to_numpy(dtype=np.int64))
    _note_after(cleaning, roads, clip_region(study_area, margin_m, crs))


def warn_of_parts(roads: Roads, source: str, *, noding: Noding = "shared", join_within_m: float = 0.0) -> None:
    """Warn of streets that fall into many parts, and name the options that may join them.

    Warns
    -----
    UserWarning
        There are many parts, and the largest does not hold nearly all.
    """
    _, lengths = _parts_of(roads)
    share = lengths.max() / lengths.sum() if lengths.sum() > 0 else 1.0
    if len(lengths) < _MANY_PARTS or share >= _MOST_OF_IT:
        return
    options = [
        "noding='crossings' cuts streets where they cross at grade" if noding == "shared" else "",
        "join_within_m=1 joins ends that stop up to a metre short" if not join_within_m else "a larger join_within_m",
    ]
    warnings.warn(
        f"the streets of {source} should hang together; they fall into {len(lengths)} parts, and the largest holds "
        f"{share:.0%} of their length: lines meet at {'shared vertices' if noding == 'shared' else 'crossings'} only; "
        f"try {', '.join(option for option in options if option)}",
        stacklevel=4,
    )


def _warn_of_bridges(noded: nodes.Noding, source: str) -> None:
    """Warn of crossings that were joined in a layer whose junctions have common vertices and that has no bridges."""
    crossings = len(noded.crossings.x)
    _, tail, head, _ = _steps_of(noded.lines)
    ways = np.bincount(np.concatenate([tail, head]))
    junctions = int((ways >= _JUNCTION).sum()) - crossings
    if not 0 < crossings <= _FEW_CROSSINGS * junctions:
        return
    warnings.warn(
        f"{source} should say which lines are bridges or tunnels (columns bridge, tunnel, layer; 桥梁, 隧道, 层级), as "
        f"{crossings} crossings without a common vertex were joined; the layer has common vertices at {junctions} "
        "junctions, so that crossings without one are most likely bridges; say columns = { bridge = … }, or read it "
        "with noding='shared'",
        stacklevel=4,
    )


def _never_at_grade(tags: pd.DataFrame) -> Mask:
    """Tell which lines are motorways or their links, which in truth cross nothing at grade."""
    if "highway" not in tags.columns:
        return np.zeros(len(tags), dtype=bool)
    return tags["highway"].isin(_MOTORWAYS).to_numpy(dtype=bool)


def nodes_length(lines: Lines) -> NDArray[np.float64]:
    """Return the length of each line in its plane."""
    line = line_numbers(lines.starts)
    step_m = np.where(line[1:] == line[:-1], np.hypot(np.diff(lines.x), np.diff(lines.y)), 0.0)
    return np.bincount(line[1:], weights=step_m, minlength=len(lines.starts) - 1).astype(np.float64)


def _texts(column: "pd.Series[Any]") -> list[str | None]:
    return [value if isinstance(value, str) else None for value in column]


def _vertices(table: gpd.GeoDataFrame) -> tuple[Ints, NDArray[np.float64], NDArray[np.float64]]:
    lines = table.geometry.to_numpy()
    starts = np.concatenate([[0], np.cumsum(shapely.get_num_coordinates(lines))]).astype(np.int64)
    x, y = shapely.get_coordinates(lines).T
    return starts, x, y


def _as_given(
    noded: nodes.Noding, x: NDArray[np.float64], y: NDArray[np.float64], source_crs: Any, chosen: Any
) -> Lines:
    """Return the noded lines in the CRS of the source; vertices that were given stay as they are in every bit."""
    new = noded.origin < 0
    given_x, given_y = x[noded.origin], y[noded.origin]
    given_x[new], given_y[new] = project(noded.lines.x[new], noded.lines.y[new], chosen, source_crs)
    return Lines(noded.lines.starts, noded.lines.node_ids, given_x, given_y)


def _parts(u: Ints, v: Ints, length_m: NDArray[np.float64]) -> tuple[Ints, NDArray[np.float64]]:
    """Return the connected part of each piece of street, and the length of each part."""
    ids, ends = np.unique(np.concatenate([u, v]), return_inverse=True)
    tail, head = ends[: len(u)], ends[len(u) :]
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(len(ids), len(ids)))
    part = np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)[tail]
    # the numbers of parts that only a loose node makes up are not among them
    part = np.unique(part, return_inverse=True)[1].astype(np.int64)
    return part, np.bincount(part, weights=length_m).astype(np.float64)


def _parts_of(roads: Roads) -> tuple[Ints, NDArray[np.float64]]:
    segments = roads.segments
    return _parts(*(segments[name].to_numpy() for name in ("u", "v", "length_m")))


# --- what was changed ---


def _note_before(cleaning: RoadCleaning, edges: gpd.GeoDataFrame, repeats: Ints, crs: Any) -> None:
    lines = edges.geometry.to_crs(crs).reset_index(drop=True)
    cleaning.before = lines
    rows = edges["row_number"].to_numpy(dtype=np.int64)
    again = np.flatnonzero(repeats >= 0)
    cleaning.add("duplicate", rows[again], lines.to_numpy()[again], other_rows=rows[repeats[again]])
    kept = lines[repeats < 0].reset_index(drop=True)
    starts, x, y = _vertices(gpd.GeoDataFrame(geometry=kept))
    metres = kept.length.to_numpy()
    cleaning.totals["lines"] = (len(lines), float(lines.length.sum()))
    noded = node_lines(starts, x, y, np.zeros(len(kept), dtype=np.int64), crossings=False)
    ids = noded.lines.node_ids
    _, by_ends = _parts(ids[starts[:-1]], ids[starts[1:] - 1], metres)
    cleaning.totals["parts by line ends"] = (len(by_ends), float(by_ends.max()))
    line, tail, head, step_m = _steps_of(noded.lines)
    part, by_vertices = _parts(tail, head, step_m)
    cleaning.totals["parts by shared vertices"] = (len(by_vertices), float(by_vertices.max()))
    main = np.zeros(len(kept), dtype=bool)
    main[line[part == by_vertices.argmax()]] = True
    cleaning.before_main = np.zeros(len(lines), dtype=bool)
    cleaning.before_main[repeats < 0] = main
    cleaning.before_main[again] = cleaning.before_main[repeats[again]]


def _steps_of(lines: Lines) -> tuple[Ints, Ints, Ints, NDArray[np.float64]]:
    line = line_numbers(lines.starts)
    along = line[1:] == line[:-1]
    metres = np.hypot(np.diff(lines.x), np.diff(lines.y))
    return line[:-1][along], lines.node_ids[:-1][along], lines.node_ids[1:][along], metres[along]


def _note_after(cleaning: RoadCleaning, roads: Roads, region: Any) -> None:
    segments = roads.segments
    cleaning.after = gpd.GeoSeries(segments.geometry)
    part, lengths = _parts_of(roads)
    cleaning.after_main = part == lengths.argmax()
    cleaning.totals["segments"] = (len(segments), float(segments["length_m"].sum()))
    cleaning.totals["parts"] = (len(lengths), float(lengths.max()))
    if region is not None:
        cleaning.keep_within(region)


def _note_meetings(cleaning: RoadCleaning, noded: nodes.Noding, rows: Ints, tags: pd.DataFrame, bridged: Mask) -> None:
    for what, found in (("crossing", noded.crossings), ("end on a line", noded.touches)):
        cleaning.add(what, rows[found.line], shapely.points(found.x, found.y), other_rows=rows[found.other])
    apart = noded.kept_apart
    reason = np.full(len(apart.x), "kept apart: layer", dtype=object)
    reason[bridged[apart.line] | bridged[apart.other]] = "kept apart: motorway"
    for tag in ("tunnel", "bridge"):
        if tag in tags.columns:
            has = np.array([text not in (None, "no") for text in _texts(tags[tag])])
            reason[has[apart.line] | has[apart.other]] = f"kept apart: {tag}"
    reason[apart.line == apart.other] = "kept apart: itself"
    for what in np.unique(reason):
        some = apart.take(reason == what)
        cleaning.add(str(what), rows[some.line], shapely.points(some.x, some.y), other_rows=rows[some.other])


def _note_joins(cleaning: RoadCleaning, joins: Joins, rows: Ints) -> None:
    drawn = shapely.linestrings(np.stack([joins.x, joins.y], axis=2))
    cleaning.add("joined end", rows[joins.line], drawn, other_rows=rows[joins.other])
    places = shapely.points(joins.apart_x, joins.apart_y)
    cleaning.add("near end of another level", rows[joins.apart_line], places, other_rows=rows[joins.apart_other])


def _note_loose(cleaning: RoadCleaning, noded: nodes.Noding, rows: Ints) -> None:
    ends = loose_ends(noded)
    line = line_numbers(noded.lines.starts)
    places = shapely.points(noded.lines.x[ends], noded.lines.y[ends])
    cleaning.add("dangling end", rows[noded.parent[line[ends]]], places)


def _note_overlaps(cleaning: RoadCleaning, pieces: Any, rows: Ints) -> None:
    """Find pieces of different lines that run between the same nodes along the same way."""
    positions, piece = pieces.vertices()
    # the ids of the nodes on the way, smaller end first, and the length to a centimetre say the way well enough
    drawn: Any = shapely.linestrings(np.column_stack([pieces.x[positions], pieces.y[positions]]), indices=piece)
    ends = np.sort(np.column_stack([pieces.node_ids[pieces.first], pieces.node_ids[pieces.last]]), axis=1)
    centimetres = np.rint(shapely.length(drawn) * 100).astype(np.int64)
    _, group, size = np.unique(np.column_stack([ends, centimetres]), axis=0, return_inverse=True, return_counts=True)
    group = group.ravel()
    many = np.flatnonzero(size[group] > 1)
    order = many[np.lexsort((rows[pieces.line[many]], group[many]))]
    for one, two in pairwise(order):
        alike = group[one] == group[two] and shapely.hausdorff_distance(drawn[one], drawn[two]) <= 2 * nodes.TOUCH_M
        if alike:
            numbers = rows[pieces.line[[two, one]]]
            cleaning.add("overlap", numbers[:1], drawn[[two]], other_rows=numbers[1:])
