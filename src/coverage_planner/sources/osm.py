"""Streets through OSMnx: from OpenStreetMap's servers, and from graphs that OSMnx made. The only import of osmnx."""

import socket
from collections.abc import Iterator
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
    label = _check_place(place)
    tell = progress or _no_progress
    settings = {
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
    tell(0, _STAGES)
    with _scoped(settings), _asking(str(cache_dir)):
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


def _no_progress(_done: int, _all: int) -> None:
    """Report to nobody."""


def _street_filter() -> str:
    return f'["highway"]["highway"!~"^({"|".join(sorted(osm_tags.NOT_STREETS))})$"]["route"!="ferry"]'


def _check_place(place: Place) -> str:
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
    wanted = {key: list(values) for key, values in osm_tags.OBSTACLE_VALUES.items()}
    try:
        found = _osmnx("osmnx.features").features_from_polygon(polygon, wanted)
    except _osmnx("osmnx._errors").InsufficientResponseError:
        return none  # `_AnswerCheck` has seen the answer: it is sound and empty
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
