"""Streets from files of any kind."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import geopandas as gpd

from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.schema import Rejections, Roads
from coverage_planner.sources import line_layers
from coverage_planner.sources.segments import CrsLike
from coverage_planner.units import Progress

_OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
_GRAPH_SUFFIXES = (".graphml",)


def read_roads(
    path: str | PathLike[str],
    *,
    crs: CrsLike = None,
    study_area: gpd.GeoDataFrame | None = None,
    margin_m: float = 0.0,
    rejected: Rejections | None = None,
    progress: Progress | None = None,
    columns: Mapping[str, str] | None = None,
    source_crs: CrsLike = None,
    layer: str | None = None,
) -> Roads:
    """Read streets from a file.

    ============================================  =====================================================================
    Kind                                          How streets are joined
    ============================================  =====================================================================
    ``.osm.pbf``, ``.osm``, ``.osm.gz``,          At nodes that ways share. Ways are cut there, at their ends, and at
    ``.osm.bz2`` (OpenStreetMap)                  barriers, signals and crossings. Every ``highway`` is read but those
                                                  that nobody can travel on; squares are read as their outline.
    ``.graphml`` (OSMnx)                          At the graph's nodes. Two edges of one street become one segment; an
                                                  edge that is one-way gives a segment with ``oneway`` 'yes'.
    ``.gpkg``, ``.geojson``, ``.json``,           By columns ``u`` and ``v`` where both exist, else where vertices
    ``.shp``, ``.zip`` (one Shapefile),           coincide to a millimetre; lines are cut there. Lines that cross
    ``.parquet``, ``.geoparquet`` (line layers)   without a common vertex are not joined. Rows that repeat another are
                                                  dropped. Only line layers use the last three arguments.
    ============================================  =====================================================================

    Parameters
    ----------
    path
        The file.
    crs
        Projected CRS in metres to work in: an EPSG code, a text that pyproj knows, or a pyproj CRS. By default that of
        the file where it is projected in true metres, else the UTM zone at the middle of the study area or, without
        one, of the streets.
    study_area
        One or more polygons in any CRS. Segments and obstacles that meet them are kept whole, the others dropped.
    margin_m
        How far beyond the study area to keep streets, metres.
    rejected
        Takes the rows that cannot be used; without it such rows of a line layer raise. A way of OpenStreetMap without
        two located nodes is no error: extracts cut ways at their edge.
    progress
        Called with (stages done, stages in all) while OpenStreetMap files are read.
    columns
        Names of a line layer's columns that go by another name there: ``{"highway": "道路等级", "oneway": "单行"}``;
        keys are tags of `ROAD_TAGS`, ``u``, ``v`` and ``length_m`` (metres, in place of the drawn length). A layer
        without ``highway`` gets 'road', a class open to all modes.
    source_crs
        CRS of a line layer that does not say its own.
    layer
        Layer of a file that has several.

    Returns
    -------
    Roads
        Lengths are geodesic for sources in longitude and latitude, else planar.

    Raises
    ------
    SourceError
        The file is missing, cut short or unreadable, of an unknown kind, or holds no streets.
    InputError
        Rows that cannot be used and no `rejected`; coordinates out of range; an empty layer; a study area that does
        not meet the streets. As `CrsError`: a CRS that is missing, unknown, or not true metres. As `SchemaError`:
        mapped columns that do not exist.
    ConfigError
        An argument that does not fit the file, or a negative margin.
    """
    path = Path(path)
    name = path.name.lower()
    for_layers = {"columns": columns, "source_crs": source_crs, "layer": layer}
    given = [key for key, value in for_layers.items() if value is not None]
    if name.endswith(line_layers.SUFFIXES):
        _require_file(path)
        return line_layers.read_line_layer(
            path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected,
            columns=columns, source_crs=source_crs, layer=layer,
        )  # fmt: skip
    if not name.endswith((*_OSM_SUFFIXES, *_GRAPH_SUFFIXES)):
        known = ", ".join((*_OSM_SUFFIXES, *_GRAPH_SUFFIXES, *line_layers.SUFFIXES))
        raise SourceError(f"a road file must be of a known kind ({known}), got {path.name}; export it as one of these")
    if given:
        raise ConfigError(f"{', '.join(given)} must be left out for {path.name}: only line layers use it")
    _require_file(path)
    if name.endswith(_GRAPH_SUFFIXES):
        from coverage_planner.sources.osm import read_graphml  # noqa: PLC0415 - loaded for this format only

        return read_graphml(path, crs=crs, study_area=study_area, margin_m=margin_m)
    from coverage_planner.sources.osm_file import read_osm_roads  # noqa: PLC0415 - loaded for this format only

    return read_osm_roads(path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected, progress=progress)


def _require_file(path: Path) -> None:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise SourceError(f"a road file must exist, found {found} at {path}; check the path")
