"""Streets and places through OSMnx: from OpenStreetMap's servers, and graphs that OSMnx made. Its only import."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import geopandas as gpd
import networkx as nx
import numpy as np
import requests
import shapely

from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.schema import NODE_TAGS, ROAD_TAGS, Roads
from coverage_planner.sources import osm_tags
from coverage_planner.sources.graphs import graph_lines, graph_nodes, roads_from_graph
from coverage_planner.sources.poi_sets import Language, Tags
from coverage_planner.sources.poi_table import Duplicates, Objects, PoiTally, Wanted, check_wanted, poi_table
from coverage_planner.sources.segments import WGS84, CrsLike, cut_lines, roads_from_pieces
from coverage_planner.units import Progress

OVERPASS_URL = "https://overpass-api.de/api"
NOMINATIM_URL = "https://nominatim.openstreetmap.org/"

#: A place by name, by outline, or by (west, south, east, north), in degrees.
Place = str | shapely.Polygon | shapely.MultiPolygon | tuple[float, float, float, float]

_STAGES = 3
_TIMEOUT_S = 180
#: Larger places are asked for in parts.
_MOST_AT_ONCE_M2 = 50_000.0**2
#: Statuses of a busy server, after which OSMnx waits and asks again, and how often it may.
_BUSY = (429, 504)
_MOST_BUSY = 5


def _osmnx(module: str = "osmnx") -> Any:
    """Import OSMnx when it is needed: it takes a second."""
    return import_module(module)


def read_graphml(
    path: Path, *, crs: CrsLike = None, study_area: gpd.GeoDataFrame | None = None, margin_m: float = 0.0
) -> Roads:
    """Read a GraphML that OSMnx saved; see `read_roads` for arguments and errors."""
    try:
        graph = _osmnx().load_graphml(path)
    except (ParseError, KeyError, ValueError, AttributeError, nx.NetworkXError) as error:
        raise SourceError(
            f"a GraphML of streets must be one that OSMnx saved, got {path.name}, where reading stopped: {error!r}; "
            "save it with osmnx.save_graphml"
        ) from error
    return roads_from_graph(graph, crs=crs, study_area=study_area, margin_m=margin_m, source=path.name)


def fetch_roads(
    place: Place,
    *,
    cache_dir: Path,
    crs: CrsLike = None,
    progress: Progress | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
) -> Roads:
    """Fetch the streets and obstacles of a place from OpenStreetMap's servers.

    What has been fetched stays in `cache_dir`: the same call gives the same streets again without the servers. The
    streets are cut and tagged as those of an OpenStreetMap file are, see `read_roads`.

    Parameters
    ----------
    place
        A name that Nominatim resolves to an outline ("南昌市西湖区"), a (multi)polygon in longitude and latitude, or
        (west, south, east, north) in degrees. Streets with a node inside are fetched up to the first node outside;
        include a margin of the farthest reach.
    cache_dir
        Folder for the servers' answers; made if missing.
    crs
        See `read_roads`.
    progress
        Called with (stages done, stages in all); raise in it to stop.
    overpass_url, nominatim_url
        Other servers than the public ones.

    Returns
    -------
    Roads
        As `read_roads` returns them.

    Raises
    ------
    SourceError
        A server cannot be reached, answers with an error, does not know the place, or has no streets there.
    ConfigError
        `place` is not one of the three, or reaches beyond the globe.

    Notes
    -----
    OSMnx keeps its settings in module globals. They are set for the time of the call and put back after it, so calls
    must not run side by side in several threads.
    """
    label = check_place(place)
    tell = progress or _no_progress
    tell(0, _STAGES)
    with _scoped(_settings(cache_dir, overpass_url, nominatim_url)), _asking(str(cache_dir)):
        polygon = _outline(place)
        tell(1, _STAGES)
        graph = _osmnx().graph_from_polygon(
            polygon, simplify=False, retain_all=True, truncate_by_edge=True, custom_filter=_street_filter()
        )
        tell(2, _STAGES)
        obstacles = _fetch_obstacles(polygon)
    lines, tags = graph_lines(graph)
    nodes = graph_nodes(graph)
    roads = roads_from_pieces(
        cut_lines(lines, nodes["node_id"].to_numpy(dtype=np.int64)),
        tags,
        nodes,
        obstacles,
        source_crs=WGS84,
        crs=crs,
        study_area=None,
        margin_m=0.0,
        source=f"{label} ({osm_tags.ATTRIBUTION})",
    )
    tell(_STAGES, _STAGES)
    return roads


def fetch_pois(
    place: Place,
    tags: Tags | Sequence[str],
    *,
    cache_dir: Path,
    crs: CrsLike = None,
    progress: Progress | None = None,
    overpass_url: str | None = None,
    nominatim_url: str | None = None,
    language: Language = "zh",
    duplicates: Duplicates = "tell",
    tally: PoiTally | None = None,
) -> gpd.GeoDataFrame:
    """Fetch the points of interest of a place from OpenStreetMap's servers.

    What has been fetched stays in `cache_dir`, as with `fetch_roads`. A server compares whole values: a place tagged
    ``bar;restaurant`` is found in files by ``restaurant``, here by ``amenity`` True only.

    Parameters
    ----------
    place, cache_dir, overpass_url, nominatim_url
        See `fetch_roads`. Places that reach into the outline count.
    tags, crs, language, duplicates, tally
        See `read_pois`.
    progress
        Called with (stages done, stages in all); raise in it to stop.

    Returns
    -------
    GeoDataFrame
        As `read_pois` returns it.

    Raises
    ------
    SourceError
        A server cannot be reached, answers with an error, or does not know the place.
    ConfigError
        `place` or `tags` are none.
    InputError
        The place has no such points of interest.

    Notes
    -----
    See `fetch_roads` on threads.
    """
    label = check_place(place)
    wanted = check_wanted(tags, language, duplicates)
    tell = progress or _no_progress
    tell(0, _STAGES)
    with _scoped(_settings(cache_dir, overpass_url, nominatim_url)), _asking(str(cache_dir)):
        polygon = _outline(place)
        tell(1, _STAGES)
        found = _fetch_features(polygon, wanted.tags)
    tell(2, _STAGES)
    table = poi_table(
        label, _wanted_objects(found, wanted), wanted, crs=crs, study_area=None, margin_m=0.0, tally=tally
    )
    tell(_STAGES, _STAGES)
    return table


def fetch_outline(place: str, *, cache_dir: Path, nominatim_url: str | None = None) -> gpd.GeoDataFrame:
    """Fetch the outline of a place that OpenStreetMap knows by name.

    Parameters
    ----------
    place, cache_dir, nominatim_url
        See `fetch_roads`.

    Returns
    -------
    GeoDataFrame
        One row: ``name`` as asked for, ``found`` (the full name of what the server took it for, by which a mix-up of
        places shows), ``geometry``; longitude and latitude.

    Raises
    ------
    SourceError, ConfigError
        See `fetch_roads`.
    """
    check_place(place)
    with _scoped(_settings(cache_dir, None, nominatim_url)), _asking(str(cache_dir)):
        found = _osmnx("osmnx.geocoder").geocode_to_gdf(place)
    outline = found.geometry.union_all()
    return gpd.GeoDataFrame(
        {"name": [place], "found": [str(found["display_name"].iloc[0])]}, geometry=[outline], crs=WGS84
    )


def _settings(cache_dir: Path, overpass_url: str | None, nominatim_url: str | None) -> dict[str, Any]:
    """Return what OSMnx is to go by while something is fetched."""
    return {
        "use_cache": True,
        "cache_only_mode": False,
        "cache_folder": str(cache_dir),
        "overpass_url": overpass_url or OVERPASS_URL,
        "nominatim_url": nominatim_url or NOMINATIM_URL,
        "overpass_rate_limit": True,
        "requests_timeout": _TIMEOUT_S,
        "max_query_area_size": _MOST_AT_ONCE_M2,
        "requests_kwargs": {"hooks": {"response": _AnswerCheck()}},
        "doh_url_template": None,
        "useful_tags_way": list(ROAD_TAGS),
        "useful_tags_node": list(NODE_TAGS),
        "all_oneway": False,
        "log_console": False,
        "log_file": False,
    }


def _no_progress(_done: int, _all: int) -> None:
    """Report to nobody."""


def _street_filter() -> str:
    return f'["highway"]["highway"!~"^({"|".join(sorted(osm_tags.NOT_STREETS))})$"]["route"!="ferry"]'


def check_place(place: Place) -> str:
    """Return a name for a place; raise `ConfigError` where it cannot be one."""
    if isinstance(place, str):
        if not place.strip():
            raise ConfigError("place must be a name, a polygon or a bounding box, got an empty text; name a place")
        return place
    if isinstance(place, tuple) and len(place) == 4:  # noqa: PLR2004 - west, south, east, north
        label, bounds = f"box {place}", place
        if place[0] >= place[2] or place[1] >= place[3]:
            raise ConfigError(f"a bounding box must be (west, south, east, north) in degrees, got {place}; reorder it")
    elif isinstance(place, shapely.Polygon | shapely.MultiPolygon):
        label, bounds = "polygon", place.bounds
    else:
        raise ConfigError(
            f"place must be a name, a polygon or (west, south, east, north), got {place!r:.80}; use one of these"
        )
    west, south, east, north = bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):  # noqa: PLR2004 - degrees
        raise ConfigError(
            f"place must lie on the globe in longitude and latitude (EPSG:4326), got bounds {bounds}; "
            "reproject it, longitude first"
        )
    return label


def _outline(place: Place) -> Any:
    """Return the polygon of a place in longitude and latitude."""
    if isinstance(place, str):
        return _osmnx("osmnx.geocoder").geocode_to_gdf(place).geometry.union_all()
    return shapely.box(*place) if isinstance(place, tuple) else shapely.make_valid(place)


def _fetch_obstacles(polygon: Any) -> gpd.GeoDataFrame:
    """Return water, railways and walls; none where the server knows none."""
    none = gpd.GeoDataFrame({"kind": []}, geometry=[], crs=WGS84)
    found = _fetch_features(polygon, osm_tags.OBSTACLE_VALUES)
    if found.empty:
        return none
    keys = [key for key in (*osm_tags.OBSTACLE_KEYS, "tunnel", "location", "bridge", "layer") if key in found.columns]
    tags = [
        {key: value for key, value in row.items() if isinstance(value, str)} for row in found[keys].to_dict("records")
    ]
    kinds = [osm_tags.obstacle_kind(one) for one in tags]
    chosen = np.array([kind is not None for kind in kinds]) & (found.geom_type != "Point").to_numpy()
    if not chosen.any():
        return none
    geometry = shapely.make_valid(found.geometry.to_numpy()[chosen])
    return gpd.GeoDataFrame({"kind": np.array(kinds, dtype=object)[chosen]}, geometry=geometry, crs=WGS84)


def _fetch_features(polygon: Any, tags: Tags) -> gpd.GeoDataFrame:
    """Return objects with their tags as columns, by kind and id; none where the server knows none."""
    wanted = {key: True if isinstance(values, bool) else list(values) for key, values in tags.items()}
    try:
        found = _osmnx("osmnx.features").features_from_polygon(polygon, wanted)
    except _osmnx("osmnx._errors").InsufficientResponseError:
        return gpd.GeoDataFrame(geometry=[], crs=WGS84)  # `_AnswerCheck` has seen the answer: it is sound and empty
    return found[~found.index.duplicated()]  # a large place is asked for in parts


def _wanted_objects(found: gpd.GeoDataFrame, wanted: Wanted) -> Objects:
    """Return fetched objects as a file has them: nodes, ways, relations, each by id."""
    rows = found.drop(columns="geometry").to_dict("records")
    tags = [{key: value for key, value in row.items() if isinstance(value, str)} for row in rows]
    chosen = [number for number, one in enumerate(tags) if wanted.matches(one)]
    # an index of kind and id, in the order of the alphabet: node, relation, way
    chosen.sort(key=lambda number: ("nwr".index(found.index[number][0][0]), found.index[number][1]))
    ids = [f"{found.index[number][0][0]}{found.index[number][1]}" for number in chosen]
    shapes = [_area(found.geometry.iloc[number]) for number in chosen]
    return Objects(ids, [tags[number] for number in chosen], shapes)


def _area(shape: Any) -> Any:
    """Return what a closed line encloses; other shapes as they are."""
    is_ring = isinstance(shape, shapely.LineString) and shape.is_ring
    return shapely.Polygon(shape) if is_ring else shape


class _AnswerCheck:
    """Look at each answer of a server before OSMnx does, which takes half an answer for a whole one."""

    def __init__(self) -> None:
        self.busy = 0

    def __call__(self, response: requests.Response, **_: Any) -> None:
        """Raise `SourceError` unless the answer is whole; hook of requests."""
        server = response.url.partition("?")[0]
        if response.status_code in _BUSY and self.busy < _MOST_BUSY:
            self.busy += 1
            return
        if not response.ok:
            raise SourceError(
                f"the server must answer with data, got HTTP {response.status_code} {response.reason} from {server}; "
                "try again later or name another server"
            )
        if server.endswith("/status"):
            return
        try:
            answer = response.json()
        except requests.exceptions.JSONDecodeError as error:
            raise SourceError(
                f"the server must answer in JSON, got {response.text[:80]!r} from {server}; name another server"
            ) from error
        if isinstance(answer, dict) and "remark" in answer:
            raise SourceError(
                f"the server must answer in full, got a remark from {server}: {answer['remark']}; "
                "ask for a smaller place"
            )
        if isinstance(answer, dict) and "elements" not in answer:
            raise SourceError(
                f"the server must answer with elements, got {[*answer]} from {server}; name another server"
            )


@contextmanager
def _scoped(values: dict[str, Any]) -> Iterator[None]:
    """Set globals of OSMnx and put them back, with the name resolution that it replaces."""
    settings = _osmnx("osmnx.settings")
    before = {name: getattr(settings, name) for name in values}
    resolve = socket.getaddrinfo
    try:
        for name, value in values.items():
            setattr(settings, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(settings, name, value)
        socket.getaddrinfo = resolve


@contextmanager
def _asking(cache_dir: str) -> Iterator[None]:
    """Turn what OSMnx raises for a place or a server into a `SourceError`."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        raise SourceError(
            f"the servers of OpenStreetMap must be reachable, got: {error}; check the network, or name another server"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise SourceError(
            f"a place must be one that OpenStreetMap knows with its outline and streets, got: {error}; correct the "
            f"name, give a polygon, or empty {cache_dir} if its files are damaged"
        ) from error
