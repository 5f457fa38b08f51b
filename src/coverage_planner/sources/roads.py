"""Streets from files of any kind."""

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

import geopandas as gpd

from coverage_planner.errors import ConfigError, SourceError
from coverage_planner.schema import Rejections, Roads
from coverage_planner.sources import line_layers
from coverage_planner.sources.datum import Datum
from coverage_planner.sources.road_cleaning import RoadCleaning
from coverage_planner.sources.road_noding import Noding
from coverage_planner.sources.roadnet_text import read_roadnet_text
from coverage_planner.sources.segments import CrsLike
from coverage_planner.units import Progress

_OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.gz", ".osm.bz2")
_GRAPH_SUFFIXES = (".graphml",)
_TEXT_SUFFIX = ".txt"


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
    datum: Datum = "wgs84",
    encoding: str | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    noding: Noding = "shared",
    join_within_m: float = 0.0,
    cleaning: RoadCleaning | None = None,
    attribution: str | None = None,
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
    ``.parquet``, ``.geoparquet`` (line layers)   without a common vertex are joined with ``noding="crossings"`` only.
                                                  Rows that repeat another are dropped. Only line layers use the
                                                  arguments from `columns` on, but for `datum` and `cleaning`.
    ``.txt`` (City Brain road network)            At the intersections that the roads name. Read by content.
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
        keys are tags of `ROAD_TAGS`, ``u``, ``v`` and ``length_m`` (metres, in place of the drawn length). Columns that
        it does not name are recognised by `sources.road_columns.ROAD_ALIASES`. A layer without ``highway`` gets
        'road', a class open to all modes.
    source_crs
        CRS of a line layer that does not say its own.
    layer
        Layer of a file that has several.
    datum
        What longitudes and latitudes of a line layer or a City Brain text are given in: 'wgs84', 'cgcs2000', 'gcj02',
        'bd09'.
    encoding
        Encoding of a Shapefile's texts. By default what the file says, else UTF-8 or GB18030 (GBK) as its texts show.
    values
        Tag -> text of the layer -> value of OpenStreetMap, ``{"highway": {"甲级": "primary"}}``; comes before the
        tables of `sources.road_values`, which know the usual Chinese texts for ``highway``, ``oneway``, ``bridge``,
        ``tunnel``, ``layer`` and ``maxspeed``. Texts that are not known are told in a warning and, row by row, in
        `rejected` as remarks.
    noding
        'shared': lines meet where they share a vertex. 'crossings': also where they cross at grade, and where an end or
        a vertex of one stands on another; lines of different levels (by ``layer``, ``bridge`` and ``tunnel``) are kept
        apart, see `sources.noding`. Columns ``u`` and ``v`` are not used then.
    join_within_m
        Ends that meet nothing are joined to lines of their level that are no farther, metres; see `sources.joining`.
    cleaning
        Is filled with what was found and changed.
    attribution
        Whose streets they are, for maps and records, where the file does not say it or says it wrongly.

    Returns
    -------
    Roads
        Lengths are geodesic for sources in longitude and latitude, else planar.

    Warns
    -----
    UserWarning
        Texts of a line layer are not understood; its streets fall into many parts; motorways cross other streets at
        grade; lengths of a City Brain text are shorter than the straight line.

    Raises
    ------
    SourceError
        The file is missing, cut short or unreadable, of an unknown kind, or holds no streets.
    InputError
        Rows that cannot be used and no `rejected`; coordinates out of range; an empty layer; a study area that does
        not meet the streets. As `CrsError`: a CRS that is missing, unknown, or not true metres. As `SchemaError`:
        mapped columns that do not exist.
    DatumError
        No such datum, or a shifted one for a projected layer.
    ConfigError
        An argument that does not fit the file, or a negative margin.
    """
    path = Path(path)
    if attribution:
        roads = read_roads(
            path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected, progress=progress,
            columns=columns, source_crs=source_crs, layer=layer, datum=datum, encoding=encoding, values=values,
            noding=noding, join_within_m=join_within_m, cleaning=cleaning,
        )  # fmt: skip
        return replace(roads, source=f"{path.name} ({attribution})")
    name = path.name.lower()
    if name.endswith(line_layers.SUFFIXES):
        _require_file(path)
        return line_layers.read_line_layer(
            path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected,
            columns=columns, source_crs=source_crs, layer=layer, datum=datum, encoding=encoding, values=values,
            noding=noding, join_within_m=join_within_m, cleaning=cleaning,
        )  # fmt: skip
    is_text = name.endswith(_TEXT_SUFFIX)
    if not is_text and not name.endswith((*_OSM_SUFFIXES, *_GRAPH_SUFFIXES)):
        known = ", ".join((*_OSM_SUFFIXES, *_GRAPH_SUFFIXES, *line_layers.SUFFIXES, _TEXT_SUFFIX))
        raise SourceError(f"a road file must be of a known kind ({known}), got {path.name}; export it as one of these")
    used = {
        "columns": columns is not None, "source_crs": source_crs is not None, "layer": layer is not None,
        "datum": datum != "wgs84" and not is_text, "encoding": encoding is not None, "values": bool(values),
        "noding": noding != "shared", "join_within_m": join_within_m != 0,
    }  # fmt: skip
    given = [key for key, is_given in used.items() if is_given]
    if given:
        raise ConfigError(f"{', '.join(given)} must be left out for {path.name}: only line layers use it")
    _require_file(path)
    if is_text:
        return read_roadnet_text(
            path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected, datum=datum, cleaning=cleaning
        )
    if name.endswith(_GRAPH_SUFFIXES):
        from coverage_planner.sources.osm import read_graphml  # noqa: PLC0415 - loaded for this format only

        return read_graphml(path, crs=crs, study_area=study_area, margin_m=margin_m)
    from coverage_planner.sources.osm_file import read_osm_roads  # noqa: PLC0415 - loaded for this format only

    return read_osm_roads(path, crs=crs, study_area=study_area, margin_m=margin_m, rejected=rejected, progress=progress)


def _require_file(path: Path) -> None:
    if not path.is_file():
        found = "a folder" if path.is_dir() else "nothing"
        raise SourceError(f"a road file must exist, found {found} at {path}; check the path")
