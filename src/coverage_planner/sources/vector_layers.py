"""Vector layers: GeoPackage, GeoJSON, Shapefile (also zipped) and GeoParquet."""

import glob
import warnings
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some
from coverage_planner.sources.dbase import Texts, read_texts, recognise_texts
from coverage_planner.sources.encodings import GB18030_NOTE, known_codec
from coverage_planner.sources.packed_files import check_packed
from coverage_planner.sources.raw_tables import RawTable, unreadable

LAYERS = (".gpkg", ".geojson", ".json", ".shp", ".zip", ".parquet", ".geoparquet")

_Read = tuple[gpd.GeoDataFrame | pd.DataFrame, tuple[str, ...]]

#: What .cpg files write for encodings that Python calls otherwise.
_CODE_PAGES = {"936": "gbk", "54936": "gb18030", "65001": "utf-8", "1252": "cp1252", "950": "big5", "88591": "latin-1"}


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
    notes: tuple[str, ...] = ()
    if "parquet" in suffix:
        frame = _parquet_frame(file)
    elif suffix in {".shp", ".zip"}:
        frame, notes = _shapefile_frame(file, layer, encoding)
    else:
        frame, notes = _ogr_frame(file, layer, None)
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
        notes=notes,
    )


def _parquet_frame(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (ValueError, OSError) as error:  # pyarrow's ArrowInvalid is a ValueError
        said = " ".join(str(error).split())
        raise SourceError(f"{file.name} must be a readable GeoParquet file, got: {said}; export it anew") from error


def _ogr_frame(file: Path, layer: str | None, encoding: str | None) -> _Read:
    try:
        chosen = _chosen_layer(file, layer)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", RuntimeWarning)
            frame = pyogrio.read_dataframe(file, layer=chosen, encoding=encoding, on_invalid="warn")
        texts = dict.fromkeys(" ".join(str(warning.message).split()) for warning in said)
        return frame, tuple(f"said on reading: {text[:200]}" for text in texts)
    except UnicodeDecodeError as error:
        raise InputError(
            f"texts of {file.name} must be in {encoding or 'UTF-8'}, got bytes that are not: {error}; a text cut in "
            "the middle of a character looks so: export the layer anew as GeoPackage"
        ) from error
    except (DataSourceError, DataLayerError) as error:
        raise unreadable(file, error) from error


def _chosen_layer(file: Path, layer: str | None) -> str:
    layers = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
    if layer is None and len(layers) > 1:
        raise ConfigError(
            f"one layer of {file.name} must be named, got none and it has {name_some(layers)}; say sheet={layers[0]!r}"
        )
    if layer is not None and layer not in layers:
        raise ConfigError(f"the layer of {file.name} must be one of {layers}, got {layer!r}; correct it")
    return layer if layer is not None else layers[0]


def _shapefile_frame(file: Path, layer: str | None, encoding: str | None) -> _Read:
    parts = _zipped_parts(file, layer) if file.suffix.lower() == ".zip" else _parts_beside(file)
    if parts is None:  # no Shapefile in the packed file; whatever is in it must say its encoding
        return _ogr_frame(file, layer, encoding)
    missing = [suffix for suffix in (".shx",) if suffix not in parts]
    if missing and ".shp" in parts:
        raise SourceError(
            f"{file.name} must be a whole Shapefile, got none of the parts {missing}; copy all files of that name "
            "(.shp, .shx, .dbf, .prj, .cpg) together, or export the layer anew as GeoPackage"
        )
    if ".dbf" not in parts:
        warnings.warn(
            f"{file.name} should come with its .dbf file, got none: its places have no names and no numbers; copy all "
            "files of that name together",
            stacklevel=2,
        )
        return _ogr_frame(file, layer, encoding)
    texts = read_texts(file, parts[".dbf"])
    said = _said_encoding(file, parts.get(".cpg"))
    codec, notes = _encoding_of(file, texts, said, encoding)
    frame, said_on_reading = _ogr_frame(file, layer, codec)
    return frame, (*notes, *said_on_reading)


def _parts_beside(file: Path) -> dict[str, str]:
    beside = [path for path in file.parent.glob(f"{glob.escape(file.stem)}.*") if path.stem == file.stem]
    return {path.suffix.lower(): str(path) for path in beside}


def _zipped_parts(file: Path, layer: str | None) -> dict[str, str] | None:
    """Return suffix -> name in a packed file of the Shapefile's parts, None where it holds no Shapefile."""
    check_packed(file, most_ratio=None)
    try:
        with ZipFile(file) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
    except (BadZipFile, OSError) as error:
        raise unreadable(file, error) from error
    shapes = [name for name in names if name.lower().endswith(".shp")]
    chosen = [name for name in shapes if layer is None or Path(name).stem == layer][:1]
    if not chosen:
        return None
    stem = chosen[0][:-4]
    return {name[-4:].lower(): name for name in names if name[:-4] == stem and name[-4] == "."}


def _said_encoding(file: Path, part: str | None) -> str | None:
    """Return the Python codec of a .cpg file, None where there is none or it says nothing that is known."""
    if part is None:
        return None
    if file.suffix.lower() == ".zip":
        with ZipFile(file) as archive:
            text = archive.read(part).decode("ascii", errors="replace")
    else:
        text = Path(part).read_text(encoding="ascii", errors="replace")
    word = text.strip().lower().removeprefix("ansi").removeprefix("oem").removeprefix("cp").strip(" -_")
    try:
        return known_codec(_CODE_PAGES.get(word, word), file.name).removesuffix("-sig")
    except ConfigError:
        return None


def _encoding_of(file: Path, texts: Texts, said: str | None, given: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the codec of a Shapefile's texts, and notes; None where all are plain ASCII."""
    if given is not None:
        return known_codec(given, file.name).removesuffix("-sig"), ()
    if not texts.cells:
        return said, ()
    seen = recognise_texts(texts)
    if said is not None and (seen is None or seen == said):
        return said, ()
    if seen is None:
        raise InputError(
            f"{file.name} must say the encoding of its texts, got no .cpg file beside it and bytes that are neither "
            "UTF-8 nor GB18030 beyond doubt; say encoding='gb18030' for files of Chinese Windows, 'utf-8' for most "
            "others"
        )
    if said is not None:
        warnings.warn(
            f"the .cpg file of {file.name} should say the encoding of its texts, got {said} and the texts are "
            f"{seen.upper()}, as which they were read; correct the .cpg file",
            stacklevel=2,
        )
    return seen, (GB18030_NOTE,) if seen == "gb18030" else ("read as UTF-8, which no .cpg file says",)
