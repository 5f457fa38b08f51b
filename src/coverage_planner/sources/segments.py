"""Lines as drawn -> street segments between nodes: cut, measured, projected and clipped as whole arrays."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError
from coverage_planner.schema import Roads, require_metric

#: What `crs=` of the readers may be: an EPSG code, any text pyproj understands, or a CRS; None for the UTM zone.
CrsLike = int | str | pyproj.CRS | None

WGS84 = pyproj.CRS.from_epsg(4326)
_GEOD = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines as a source draws them; vertices of all lines stand one after another.

    Attributes
    ----------
    starts
        Shape (lines + 1,), int64: where each line's vertices begin; the last value is the number of vertices.
    node_ids
        Shape (vertices,), int64: lines meet where they share an id.
    x, y
        Shape (vertices,): coordinates in the source's CRS, lon and lat for WGS 84; NaN where the source lacks them.
    """

    starts: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pieces:
    """Lines cut at nodes.

    Attributes
    ----------
    line
        Shape (pieces,): the line each piece comes from, as its number in `Lines`.
    first, last
        Shape (pieces,): positions of each piece's end vertices in the arrays below.
    node_ids, x, y
        Vertices that are left: those without coordinates and repeated ones are gone.
    """

    line: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    node_ids: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def take(self, chosen: NDArray[Any]) -> "Pieces":
        """Return some of the pieces, by mask or number."""
        return Pieces(self.line[chosen], self.first[chosen], self.last[chosen], self.node_ids, self.x, self.y)

    def vertices(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the vertex positions of all pieces, one piece after another, and the piece of each."""
        counts = self.last - self.first + 1
        piece = np.repeat(np.arange(len(counts)), counts)
        before = np.cumsum(counts) - counts
        return np.arange(len(piece)) - before[piece] + self.first[piece], piece


def cut_lines(lines: Lines, cut_at: NDArray[np.int64]) -> Pieces:
    """Cut lines at their ends, at nodes that are used more than once, and at given nodes.

    A line is also cut where vertices have no coordinates: what lies between its known vertices becomes pieces of its
    own. A vertex that repeats the one before it is dropped.

    Parameters
    ----------
    lines
        The lines.
    cut_at
        Further node ids to cut at, such as barriers.

    Returns
    -------
    Pieces
        In the order of the lines. A line with fewer than two known vertices leaves none.
    """
    line = np.repeat(np.arange(len(lines.starts) - 1), np.diff(lines.starts))
    known = np.isfinite(lines.x) & np.isfinite(lines.y)
    # two known vertices of a line belong together only when no unknown one stands between them
    stretch = line + np.cumsum(~known)
    kept = np.flatnonzero(known)
    repeats = np.zeros(len(kept), dtype=bool)
    repeats[1:] = (lines.node_ids[kept[1:]] == lines.node_ids[kept[:-1]]) & (line[kept[1:]] == line[kept[:-1]])
    repeats[1:] &= stretch[kept[1:]] == stretch[kept[:-1]]
    kept = kept[~repeats]

    ids, line, stretch = lines.node_ids[kept], line[kept], stretch[kept]
    is_start = np.ones(len(kept), dtype=bool)
    is_start[1:] = (line[1:] != line[:-1]) | (stretch[1:] != stretch[:-1])
    is_end = np.append(is_start[1:], np.ones(min(1, len(kept)), dtype=bool))
    _, inverse, uses = np.unique(ids, return_inverse=True, return_counts=True)
    cuts = np.flatnonzero(is_start | is_end | (uses[inverse] > 1) | np.isin(ids, cut_at))
    begins = np.flatnonzero(~is_end[cuts])
    first, last = cuts[begins], cuts[begins + 1]
    return Pieces(line[first], first, last, ids, lines.x[kept], lines.y[kept])


def choose_crs(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    source_crs: pyproj.CRS,
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
) -> pyproj.CRS:
    """Return the metric CRS to work in.

    It is `crs` where given, else the source's own where it is projected in metres, else the UTM zone at the middle of
    the study area or, without one, of the data.

    Raises
    ------
    CrsError
        `crs` is unknown, not projected in metres, or stretches them; or the study area has none.
    """
    if crs is not None:
        chosen = parse_crs(crs)
        require_metric(gpd.GeoSeries([], crs=chosen), "crs")
        if stretches(chosen):
            raise CrsError(
                f"crs must have true metres, got {chosen.to_string()} ({chosen.name}), which stretches distances away "
                "from the equator; leave crs out for the UTM zone"
            )
        return chosen
    if source_crs.is_projected and abs(source_crs.axis_info[0].unit_conversion_factor - 1.0) < 1e-9:  # noqa: PLR2004
        return source_crs
    if study_area is not None:
        return _utm_crs(_in_lon_lat(study_area))
    box = shapely.box(np.nanmin(x), np.nanmin(y), np.nanmax(x), np.nanmax(y))
    return _utm_crs(gpd.GeoSeries([box], crs=source_crs))


def stretches(crs: pyproj.CRS) -> bool:
    """Tell whether a CRS is a Mercator of web maps or charts, whose metres grow with latitude."""
    operation = crs.coordinate_operation
    method = str(operation.method_name) if operation else ""
    return "Mercator" in method and "Transverse" not in method and "Oblique" not in method


def _utm_crs(places: gpd.GeoSeries | gpd.GeoDataFrame) -> pyproj.CRS:
    return pyproj.CRS.from_user_input(places.to_crs(WGS84).estimate_utm_crs())


def parse_crs(crs: int | str | pyproj.CRS) -> pyproj.CRS:
    """Return a CRS from what a caller may give for one; raise `CrsError` where there is no such CRS."""
    try:
        return pyproj.CRS.from_user_input(crs)
    except CRSError as error:
        raise CrsError(
            f"crs must be an EPSG code or a CRS that pyproj knows, got {crs!r}; use for example 'EPSG:32650'"
        ) from error


def _in_lon_lat(study_area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if study_area.crs is None:
        raise CrsError("study_area must have a CRS, got none; set it with .set_crs(...)")
    if study_area.empty or study_area.geometry.is_empty.all():
        raise InputError("study_area must hold at least one polygon, got none; check the file it was read from")
    return study_area.to_crs(WGS84)


def clip_region(study_area: gpd.GeoDataFrame | None, margin_m: float, crs: pyproj.CRS) -> Any:
    """Return the study area with its margin in a metric CRS; None where there is no study area.

    Raises
    ------
    ConfigError
        The margin is negative or not a number.
    InputError
        The study area is empty.
    CrsError
        The study area has no CRS.
    """
    if not 0 <= margin_m < np.inf:
        raise ConfigError(f"margin_m must be zero or more metres, got {margin_m}; leave it out to clip at the border")
    if study_area is None:
        return None
    _in_lon_lat(study_area)
    region = study_area.to_crs(crs).geometry.union_all().buffer(margin_m)
    shapely.prepare(region)
    return region


def draw_pieces(pieces: Pieces, source_crs: pyproj.CRS, crs: pyproj.CRS) -> tuple[Any, NDArray[np.float64]]:
    """Return each piece as a LineString in `crs` and its length in metres.

    Lengths are geodesic on the WGS 84 ellipsoid for sources in longitude and latitude, else planar in the source's CRS.
    Source of method: C. F. F. Karney, Algorithms for geodesics, Journal of Geodesy 87 (2013), through PROJ.
    """
    positions, piece = pieces.vertices()
    if len(positions) == 0:
        return np.empty(0, dtype=object), np.empty(0)
    x, y = project(pieces.x, pieces.y, source_crs, crs)
    geometry = shapely.linestrings(np.column_stack([x[positions], y[positions]]), indices=piece)
    steps = np.zeros(len(pieces.x))
    if source_crs.is_geographic:
        _, _, steps[:-1] = _GEOD.inv(pieces.x[:-1], pieces.y[:-1], pieces.x[1:], pieces.y[1:])
    else:
        unit = source_crs.axis_info[0].unit_conversion_factor
        steps[:-1] = np.hypot(np.diff(pieces.x), np.diff(pieces.y)) * unit
    # every second sum runs from one piece to the next and is not wanted
    lengths = np.add.reduceat(steps, np.column_stack([pieces.first, pieces.last]).ravel())[::2]
    return geometry, lengths


def project(
    x: NDArray[np.float64], y: NDArray[np.float64], source_crs: pyproj.CRS, crs: pyproj.CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return coordinates in another CRS, x (east, longitude) first in both."""
    if source_crs == crs:
        return x, y
    return pyproj.Transformer.from_crs(source_crs, crs, always_xy=True).transform(x, y)


def roads_from_pieces(
    pieces: Pieces,
    tags: pd.DataFrame,
    route_nodes: pd.DataFrame,
    obstacles: gpd.GeoDataFrame,
    *,
    source_crs: pyproj.CRS,
    crs: CrsLike,
    study_area: gpd.GeoDataFrame | None,
    margin_m: float,
    source: str,
    stated_m: NDArray[np.float64] | None = None,
) -> Roads:
    """Bundle pieces with nodes and obstacles, projected and clipped.

    Parameters
    ----------
    pieces
        The streets in `source_crs`.
    tags
        Text columns, one row per line that the pieces were cut from.
    route_nodes
        Columns ``node_id``, ``x``, ``y`` and tags; those that are ends of segments are kept.
    obstacles
        Columns ``kind`` and ``geometry``, with a CRS.
    source_crs, crs, study_area, margin_m
        See `choose_crs` and `clip_region`.
    source
        Name of the source for messages, the manifest and the attribution.
    stated_m
        Lengths of the lines that count instead of the drawn ones; pieces get their share.

    Returns
    -------
    Roads
        With whole segments and obstacles that meet the region, and the nodes on those segments.

    Raises
    ------
    SourceError
        No street has two located nodes.
    InputError
        The study area does not meet the streets.
    CrsError, ConfigError
        See `choose_crs` and `clip_region`.
    """
    if not len(pieces.line):
        raise SourceError(f"{source} must hold at least one street of two located nodes, got none; choose another file")
    chosen = choose_crs(pieces.x, pieces.y, source_crs, crs, study_area)
    region = clip_region(study_area, margin_m, chosen)
    geometry, length_m = draw_pieces(pieces, source_crs, chosen)
    if stated_m is not None:
        length_m = _share_lengths(stated_m, pieces.line, length_m)
    if region is not None:
        inside = shapely.intersects(region, geometry)
        _require_some(inside, geometry, region, chosen, source)
        pieces, geometry, length_m = pieces.take(inside), geometry[inside], length_m[inside]
    segments = _segment_table(pieces, tags, geometry, length_m, chosen)
    shown = obstacles.to_crs(chosen)
    if region is not None:
        shown = shown[shown.intersects(region).to_numpy()].reset_index(drop=True)
    return Roads(segments, _place_nodes(route_nodes, segments, source_crs, chosen), shown, source)


def no_nodes() -> pd.DataFrame:
    """Return a table of no nodes, for sources that know none."""
    return pd.DataFrame({"node_id": pd.array([], dtype="int64"), "x": [], "y": []})


def _share_lengths(
    stated_m: NDArray[np.float64], line: NDArray[np.int64], length_m: NDArray[np.float64]
) -> NDArray[np.float64]:
    drawn_m = np.bincount(line, weights=length_m, minlength=len(stated_m))
    parts = np.bincount(line, minlength=len(stated_m))
    # a line that is drawn as a point has no shares to go by
    share = np.divide(length_m, drawn_m[line], out=1.0 / parts[line], where=drawn_m[line] > 0)
    return np.asarray(stated_m[line] * share)


def _segment_table(
    pieces: Pieces, tags: pd.DataFrame, geometry: NDArray[Any], length_m: NDArray[np.float64], crs: pyproj.CRS
) -> gpd.GeoDataFrame:
    ends = {"u": pieces.node_ids[pieces.first], "v": pieces.node_ids[pieces.last], "length_m": length_m}
    taken = tags.iloc[pieces.line].reset_index(drop=True)
    return gpd.GeoDataFrame(pd.concat([pd.DataFrame(ends), taken], axis=1), geometry=geometry, crs=crs)


def _place_nodes(
    route_nodes: pd.DataFrame, segments: gpd.GeoDataFrame, source_crs: pyproj.CRS, crs: pyproj.CRS
) -> gpd.GeoDataFrame:
    """Return the nodes that are ends of segments, with the tags that any of them has."""
    ends = np.union1d(segments["u"].to_numpy(), segments["v"].to_numpy())
    used = route_nodes[np.isin(route_nodes["node_id"].to_numpy(dtype=np.int64), ends)].reset_index(drop=True)
    x, y = project(used["x"].to_numpy(dtype=float), used["y"].to_numpy(dtype=float), source_crs, crs)
    kept = used.drop(columns=["x", "y"])
    return gpd.GeoDataFrame(kept, geometry=shapely.points(x, y), crs=crs)


def _require_some(inside: NDArray[np.bool_], geometry: NDArray[Any], region: Any, crs: pyproj.CRS, source: str) -> None:
    if not inside.any():
        raise InputError(
            f"study_area with its margin must meet the streets of {source}; it spans {_box_text([region], crs)}, "
            f"the streets {_box_text(geometry, crs)}; check the study area's CRS and datum, or "
            "give streets of that place"
        )


def _box_text(shapes: Any, crs: pyproj.CRS) -> str:
    west, south, east, north = gpd.GeoSeries(shapes, crs=crs).to_crs(WGS84).total_bounds
    return f"lon {west:.4f} to {east:.4f}, lat {south:.4f} to {north:.4f}"
