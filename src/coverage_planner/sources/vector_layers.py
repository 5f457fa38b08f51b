"""Vector layers: GeoPackage, GeoJSON, Shapefile (also zipped) and GeoParquet."""

import re
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import CRSError

from coverage_planner.errors import ConfigError, CrsError, InputError, SourceError, name_some
from coverage_planner.sources.encodings import recognise_encoding
from coverage_planner.sources.raw_tables import CellRemark, RawTable, unreadable
from coverage_planner.sources.shapefiles import BYTES_AS_LETTERS, Shapefile, decoded, encoding_of, find_shapefile

LAYERS = (".gpkg", ".geojson", ".json", ".shp", ".zip", ".parquet", ".geoparquet")

#: Where GeoJSON of 2008 names its coordinate reference system: before the features, as programs write it.
_NAMED_CRS = re.compile(r'"crs"\s*:\s*\{[^{}]*"properties"\s*:\s*\{\s*"name"\s*:\s*"([^"]+)"')
_HEAD = 65536


def read_vector_layer(file: Path, *, layer: str | None = None, encoding: str | None = None) -> RawTable:
    """Read a vector layer.

    Parameters
    ----------
    file
        A file with one of the suffixes `LAYERS`.
    layer
        Layer of a file that has several.
    encoding
        Encoding of a Shapefile's texts, as said by the planner.

    Warns
    -----
    UserWarning
        A Shapefile says the wrong encoding, or has no .dbf file and so no texts.

    Raises
    ------
    SourceError
        The file is unreadable, or a part of a Shapefile is missing.
    InputError
        The layer has no rows or no geometries; texts of a Shapefile are in no encoding that is recognised.
    ConfigError
        There is no such layer or encoding, or there are several layers and none is named.
    """
    suffix = file.suffix.lower()
    if "parquet" in suffix:
        read = _Read(_parquet_frame(file))
    elif suffix in {".geojson", ".json"}:
        read = _geojson(file, layer)
    else:
        shapefile = find_shapefile(file, layer) if suffix in {".shp", ".zip"} else None
        read = _ogr(file, str(file), layer, None) if shapefile is None else _shapefile(shapefile, encoding)
    frame = read.frame
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{file.name} must have geometries, got a plain table; save the places with their geometry")
    if frame.empty:
        raise InputError(f"{file.name} must have at least one feature, got none; check the export")
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    return RawTable(
        file.name,
        plain,
        np.arange(1, len(frame) + 1),
        frame.geometry.reset_index(drop=True),
        np.zeros(len(frame), dtype=np.bool_),
        remarks=read.remarks,
        notes=read.notes,
    )


@dataclass(frozen=True)
class _Read:
    frame: gpd.GeoDataFrame | pd.DataFrame
    notes: tuple[str, ...] = ()
    remarks: tuple[CellRemark, ...] = ()


def _parquet_frame(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (ValueError, OSError, LookupError, TypeError, AttributeError, pa.ArrowException, CRSError) as error:
        said = " ".join(str(error).split())
        raise SourceError(f"{file.name} must be a readable GeoParquet file, got: {said}; export it anew") from error


def _shapefile(shapefile: Shapefile, encoding: str | None) -> _Read:
    codec, notes = encoding_of(shapefile, encoding)
    read = _ogr(shapefile.file, shapefile.dataset, None, None if codec is None else BYTES_AS_LETTERS)
    if codec is None:
        return read
    frame, remarks, cut = decoded(read.frame, codec, shapefile.file.name)
    return _Read(frame, (*notes, *cut, *read.notes), remarks)


def _geojson(file: Path, layer: str | None) -> _Read:
    """Read GeoJSON, which is UTF-8 by its standard and GB18030 by some programs."""
    codec, note = recognise_encoding(file)
    _check_named_crs(file, codec)
    dataset = str(file) if codec.startswith("utf-8") else file.read_text(encoding=codec).encode()
    read = _ogr(file, dataset, layer, None)
    return replace(read, notes=(*((note,) if note else ()), *read.notes))


def _check_named_crs(file: Path, codec: str) -> None:
    """Refuse GeoJSON that names a CRS which does not exist: GDAL would take it for WGS 84 and say nothing."""
    with file.open(encoding=codec, errors="replace") as stream:
        named = _NAMED_CRS.search(stream.read(_HEAD))
    if named is None:
        return
    try:
        CRS.from_user_input(named.group(1))
    except CRSError as error:
        raise CrsError(
            f"the member 'crs' of {file.name} must name a coordinate reference system that PROJ knows, got "
            f"{named.group(1)[:80]!r}; correct it, or remove it where the coordinates are longitude and latitude"
        ) from error


def _ogr(file: Path, dataset: str | bytes, layer: str | None, encoding: str | None) -> _Read:
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            chosen = _chosen_layer(file, dataset, layer) if isinstance(dataset, str) else None  # GDAL named it
            frame = pyogrio.read_dataframe(dataset, layer=chosen, encoding=encoding, on_invalid="warn")
    except UnicodeDecodeError as error:
        raise InputError(
            f"texts of {file.name} must be in UTF-8, got bytes that are not: {error}; export the layer anew"
        ) from error
    except (CRSError, UnboundLocalError) as error:  # pyogrio stumbles over a CRS that GDAL cannot read
        raise SourceError(
            f"{file.name} must have a coordinate reference system that PROJ knows, or none, got another (in the .prj "
            "file of a Shapefile); save the layer anew with its CRS, or remove it and say source_crs"
        ) from error
    except (DataSourceError, DataLayerError) as error:
        if "not recognized as being in a supported file format" in str(error):
            raise SourceError(
                f"{file.name} must be a readable {file.suffix} file, got contents that are none, or no layer of "
                "places; check what it is, or export it anew"
            ) from error
        raise unreadable(file, error) from error
    texts = dict.fromkeys(" ".join(str(warning.message).split()) for warning in said)
    return _Read(frame, tuple(f"said on reading: {text[:200]}" for text in texts))


def _chosen_layer(file: Path, dataset: str, layer: str | None) -> str:
    layers = [str(name) for name in pyogrio.list_layers(dataset)[:, 0]]
    if layer is None and len(layers) > 1:
        raise ConfigError(
            f"one layer of {file.name} must be named, got none and it has {name_some(layers)}; say sheet={layers[0]!r}"
        )
    if layer is not None and layer not in layers:
        raise ConfigError(f"the layer of {file.name} must be one of {layers}, got {layer!r}; correct it")
    return layer if layer is not None else layers[0]
