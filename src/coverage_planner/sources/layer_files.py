"""Files of lines: GeoPackage, GeoJSON, Shapefile (also zipped), GeoParquet; which layer, columns, encoding."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj.exceptions import CRSError

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some
from coverage_planner.sources.encodings import known_codec
from coverage_planner.sources.shapefiles import Shapefile, encoding_of

SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".zip", ".parquet", ".geoparquet")

_LOG = logging.getLogger(__name__)
#: An encoding in which every byte is a character.
_BYTES = "ISO-8859-1"
#: What reading a damaged layer raises; `UnboundLocalError` is pyogrio's for a .prj that says nothing.
_UNREADABLE = (DataSourceError, DataLayerError, CRSError, pa.ArrowInvalid, UnboundLocalError, ValueError, OSError)
_PARQUET = (".parquet", ".geoparquet")


@dataclass(frozen=True)
class LayerFile:
    """Where a layer is.

    Attributes
    ----------
    path
        The file.
    dataset
        What GDAL is to open.
    layer
        The layer's name; None for a Parquet file.
    fields
        The names of its columns.
    encoding
        What its texts are in, where that had to be said or recognised.
    cut_names
        Name as GDAL gives it, byte by byte -> column, where a name of a Shapefile was cut off inside a character.
    """

    path: Path
    dataset: str
    layer: str | None
    fields: Sequence[str]
    encoding: str | None = None
    cut_names: Mapping[str, str] = field(default_factory=dict)


def find_layer(path: Path, layer: str | None, encoding: str | None = None) -> LayerFile:
    """Find a layer of lines and its columns.

    Parameters
    ----------
    path
        The file.
    layer
        Which layer, where there are several that may hold lines.
    encoding
        Encoding of a Shapefile's texts; by default what the texts show, where they are UTF-8 or GB18030 (GBK) beyond
        doubt, else what the file says (.cpg).

    Raises
    ------
    SourceError
        The file cannot be read.
    ConfigError
        No such layer, or several and none is named; an unknown encoding, or one for a file that is no Shapefile.
    InputError
        A Shapefile's texts are in no encoding that is recognised.

    Warns
    -----
    UserWarning
        The .cpg file says another encoding than the texts show.
    """
    is_shapefile = path.suffix.lower() in (".shp", ".zip")
    if encoding is not None and not is_shapefile:
        raise ConfigError(
            f"encoding must be left out for {path.name}, got {encoding!r}: only the texts of Shapefiles need one"
        )
    if path.suffix.lower() in _PARQUET:
        if layer is not None:
            raise ConfigError(f"layer must be left out for a Parquet file, got {layer!r} for {path.name}")
        try:
            return LayerFile(path, str(path), None, pq.read_schema(path).names)
        except (pa.ArrowInvalid, OSError) as error:
            raise _unreadable(path, error) from error
    dataset = _inside_zip(path) if path.suffix.lower() == ".zip" else str(path)
    said = None if encoding is None else known_codec(encoding, path.name).removesuffix("-sig")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # GDAL's remarks on encodings; texts are not read here
            kinds = {str(name): str(kind or "") for name, kind in pyogrio.list_layers(dataset)}
            name = _choose_layer(path, kinds, layer)
            found = LayerFile(path, dataset, name, (), said)
            if said is None and is_shapefile:
                found = replace(found, encoding=_recognise_encoding(found))
            return _with_fields(found)
    except (DataSourceError, DataLayerError, UnboundLocalError) as error:
        raise _unreadable(path, error) from error


def read_layer_file(place: LayerFile, wanted: set[str]) -> gpd.GeoDataFrame:
    """Read some columns of a layer; the geometry column is called 'geometry'.

    Raises
    ------
    SourceError
        The file cannot be read.
    InputError
        It has no geometries.
    """
    # GDAL remarks on texts that it cannot decode, shapely on NaN, which the checks of rows name
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always", RuntimeWarning)
        try:
            frame = _read_parquet(place, wanted) if place.layer is None else _read_ogr(place, wanted)
        except _UNREADABLE as error:
            raise _unreadable(place.path, error) from error
    for remark in remarks:
        _LOG.warning("%s: %s", place.path.name, remark.message)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{place.path.name} must have geometries, got a plain table; export the lines with it")
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return frame.reset_index(drop=True)


def _read_parquet(place: LayerFile, wanted: set[str]) -> gpd.GeoDataFrame:
    frame = gpd.read_parquet(place.path)
    return frame[[name for name in frame.columns if name in wanted or name == frame.geometry.name]]


def _read_ogr(place: LayerFile, wanted: set[str]) -> gpd.GeoDataFrame:
    if place.cut_names:
        return _read_bytewise(place, wanted)
    fields = [name for name in place.fields if name in wanted]
    return pyogrio.read_dataframe(place.dataset, layer=place.layer, columns=fields, encoding=place.encoding)


def _with_fields(place: LayerFile) -> LayerFile:
    """Add the names of the columns."""
    try:
        info = pyogrio.read_info(place.dataset, layer=place.layer, encoding=place.encoding)
        return replace(place, fields=info["fields"].tolist())
    except UnicodeDecodeError:  # ten bytes of a name end inside a character
        names = pyogrio.read_info(place.dataset, layer=place.layer, encoding=_BYTES)["fields"].tolist()
        encoding = place.encoding or "utf-8"
        cut = {name: _decoded(name, encoding) for name in names}
        return replace(place, fields=[*cut.values()], encoding=encoding, cut_names=cut)


def _read_bytewise(place: LayerFile, wanted: set[str]) -> gpd.GeoDataFrame:
    """Read a Shapefile whose columns pyogrio cannot name."""
    names = {name: ours for name, ours in place.cut_names.items() if ours in wanted}
    frame = pyogrio.read_dataframe(place.dataset, layer=place.layer, columns=[*names], encoding=_BYTES)
    for name in frame.select_dtypes(include=["object", "string"]):
        cells = [_decoded(cell, place.encoding or "utf-8") if isinstance(cell, str) else None for cell in frame[name]]
        frame[name] = pd.Series(cells, index=frame.index, dtype=object)
    return frame.rename(columns=names)


def _decoded(text: str, encoding: str) -> str:
    """Return a text that was read byte by byte; what is cut off at its end goes."""
    return text.encode(_BYTES).decode(encoding, errors="ignore")


def _inside_zip(path: Path) -> str:
    try:
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
    except (BadZipFile, OSError) as error:
        raise _unreadable(path, error) from error
    shapefiles = [name for name in names if name.lower().endswith(".shp")]
    if len(shapefiles) != 1:
        raise SourceError(
            f"a zip of roads must hold one Shapefile, got {name_some(shapefiles) if shapefiles else 'none'} in "
            f"{path.name}; zip the parts of one Shapefile, or give the unpacked .shp"
        )
    return f"/vsizip/{path.resolve().as_posix()}/{shapefiles[0]}"


def _choose_layer(path: Path, kinds: Mapping[str, str], layer: str | None) -> str:
    if layer is not None:
        if layer not in kinds:
            raise ConfigError(f"layer must be one of {[*kinds]} in {path.name}, got {layer!r}; correct it")
        return layer
    # a layer without features or of mixed kinds says 'Unknown'
    lines = [name for name, kind in kinds.items() if "LineString" in kind or kind in ("Unknown", "GeometryCollection")]
    candidates = lines or list(kinds)
    if len(candidates) != 1:
        raise ConfigError(
            f"the layer of roads must be named where a file has several, got none for {path.name} with "
            f"{name_some(candidates)}; say layer={candidates[0] if candidates else ''!r}"
        )
    return candidates[0]


def _recognise_encoding(place: LayerFile) -> str | None:
    """Return the encoding of a Shapefile's texts, None where all are ASCII; see `encoding_of`."""
    codec, notes = encoding_of(Shapefile(place.path, place.dataset, _parts(place)), None)
    for note in notes:
        _LOG.info("%s: %s", place.path.name, note)
    return codec


def _parts(place: LayerFile) -> dict[str, str]:
    """Return the parts of a Shapefile: suffix in small letters -> its path, or its name in a zip."""
    if place.path.suffix.lower() == ".zip":
        with ZipFile(place.path) as archive:
            names = archive.namelist()
        stem = next(name for name in names if place.dataset.endswith(f"/{name}"))[:-4]
    else:
        names = [str(file) for file in place.path.parent.iterdir()]
        stem = str(place.path)[:-4]
    return {name[-4:].lower(): name for name in names if name[:-4] == stem and name[-4] == "."}


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"a road layer must be readable, got {path.name} ({path.stat().st_size} bytes), which is not: {error}; "
        "close it in other programs, or export it again"
    )
