"""Shapefiles, packed or not: their parts, and their texts in the encoding that they are in."""

import glob
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZipFile, ZipInfo

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some
from coverage_planner.sources.dbase import Texts, read_texts, recognise_texts
from coverage_planner.sources.encodings import GB18030_NOTE, PLAUSIBLE, everyday_share, known_codec
from coverage_planner.sources.packed_files import BROKEN_PACKED, check_packed
from coverage_planner.sources.raw_tables import CellRemark, unreadable

CUT_TEXT = "the text was cut in the middle of a character, which was left out"
UNSAID_UTF8_NOTE = "read as UTF-8, which no .cpg file says"

#: Every byte is a letter in it: texts go through GDAL unharmed and are decoded here.
BYTES_AS_LETTERS = "ISO-8859-1"

#: What .cpg files write for encodings that Python calls otherwise.
_CODE_PAGES = {"936": "gbk", "54936": "gb18030", "65001": "utf-8", "1252": "cp1252", "950": "big5", "88591": "latin-1"}
#: Files that GDAL reads out of a packed one besides Shapefiles.
_PACKED_LAYERS = (".gpkg", ".geojson", ".json", ".gml", ".kml", ".gdbtable", ".tab")
_NAMES_IN_UTF8 = 0x800  # the flag of a packed file's entry
_MOST_BYTES = 4  # of one character


@dataclass(frozen=True)
class Shapefile:
    """Where a Shapefile is.

    Attributes
    ----------
    file
        The .shp file, or the packed file it is in.
    dataset
        What GDAL is to open.
    parts
        Suffix in lower case -> path of the part, or its name in the packed file.
    """

    file: Path
    dataset: str
    parts: Mapping[str, str]


def find_shapefile(file: Path, layer: str | None) -> Shapefile | None:
    """Find the parts of a Shapefile; None where a packed file holds layers of another kind.

    Parameters
    ----------
    file
        A file named .shp or .zip.
    layer
        Which Shapefile, where a packed file holds several: its name without .shp.

    Warns
    -----
    UserWarning
        There is no .dbf file, so no texts and numbers.

    Raises
    ------
    SourceError
        The packed file cannot be read, holds no layer, or unpacks to too much; the .shx part is missing.
    ConfigError
        There is no such Shapefile, or several and none is named.
    """
    found = _packed(file, layer) if file.suffix.lower() == ".zip" else _beside(file)
    if found is None:
        return None
    if ".shx" not in found.parts:
        raise SourceError(
            f"{file.name} must be a whole Shapefile, got none of the parts ['.shx']; copy all files of that name "
            "(.shp, .shx, .dbf, .prj, .cpg) together, or export the layer anew as GeoPackage"
        )
    if ".dbf" not in found.parts:
        warnings.warn(
            f"{file.name} should come with its .dbf file, got none: its places have no names and no numbers; copy all "
            "files of that name together",
            stacklevel=2,
        )
    return found


def encoding_of(shapefile: Shapefile, given: str | None) -> tuple[str | None, tuple[str, ...]]:
    """Return the Python codec of a Shapefile's texts, None where all are plain ASCII, and what should be known of it.

    The texts decide, where they are UTF-8 or GB18030 beyond doubt; else the .cpg file.

    Parameters
    ----------
    shapefile
        The Shapefile.
    given
        What the planner says.

    Warns
    -----
    UserWarning
        The .cpg file says another encoding than the texts show.

    Raises
    ------
    InputError
        The texts are in no encoding that is recognised and no .cpg file says it; or not in the one given.
    ConfigError
        There is no such encoding.
    SourceError
        The .dbf file cannot be read.
    """
    name = shapefile.file.name
    codec = None if given is None else known_codec(given, name).removesuffix("-sig")
    if ".dbf" not in shapefile.parts:
        return codec, ()
    texts = read_texts(shapefile.file, shapefile.parts[".dbf"])
    if not texts.cells:
        return codec, ()
    seen = recognise_texts(texts)
    if codec is not None:
        if seen not in {None, codec} and not _makes_sense(texts, codec):
            raise InputError(
                f"texts of {name} must be in the encoding said, {given}; they are in {str(seen).upper()}; leave "
                "'encoding' out or correct it"
            )
        return codec, ()
    said = _said_encoding(shapefile)
    if said is not None and seen in {None, said}:
        return said, ()
    if seen is None:
        raise InputError(
            f"{name} must say the encoding of its texts, got no .cpg file beside it and bytes that are neither UTF-8 "
            "nor GB18030 beyond doubt; say encoding='gb18030' for files of Chinese Windows, 'utf-8' for most others"
        )
    if said is not None:
        warnings.warn(
            f"the .cpg file of {name} should say the encoding of its texts, got {said.upper()} and the texts are "
            f"{seen.upper()}, as which they were read; correct the .cpg file",
            stacklevel=2,
        )
        return seen, (GB18030_NOTE,) if seen == "gb18030" else ()
    return seen, (GB18030_NOTE if seen == "gb18030" else UNSAID_UTF8_NOTE,)


def decoded(frame: Any, codec: str, source: str) -> tuple[Any, tuple[CellRemark, ...], tuple[str, ...]]:
    """Return a layer that was read with `BYTES_AS_LETTERS` with its texts and names of columns decoded.

    A character that is cut at the end of a text (a field of a .dbf file has a width in bytes) is left out.

    Parameters
    ----------
    frame
        GeoDataFrame, or DataFrame of a layer without geometries.
    codec
        Python codec.
    source
        File name, for messages.

    Returns
    -------
    tuple
        The layer, which of its texts are cut, and a note if names of columns are.

    Raises
    ------
    InputError
        Texts are not in the encoding.
    """
    names = {name: _text(str(name), codec) for name in frame.columns}
    plain = {name: text or str(name) for name, text in names.items()}
    wrong = [f"the column name {name!r}" for name, text in names.items() if text is None]
    values: dict[str, Any] = {}
    remarks: list[CellRemark] = []
    for name in _columns_of_text(frame):
        column = frame[name]
        texts = {given: _text(given, codec) for given in column.dropna().unique() if isinstance(given, str)}
        unknown = column.isin([given for given, text in texts.items() if text is None]).to_numpy(dtype=np.bool_)
        wrong += [f"feature {row + 1}" for row in np.flatnonzero(unknown)]
        cut = column.isin([given for given, text in texts.items() if text and not _is_whole(given, codec)])
        remarks += [
            CellRemark(int(row) + 1, plain[name], texts[column.iloc[row]] or "", CUT_TEXT)
            for row in np.flatnonzero(cut.to_numpy(dtype=np.bool_))
        ]
        values[name] = pd.Series([texts.get(given, given) for given in column], index=frame.index, dtype=object)
    if wrong:
        raise InputError(
            f"texts of {source} must be in {codec.upper()}, got bytes that are not, in "
            f"{name_some(dict.fromkeys(wrong))}; leave 'encoding' out or correct it, or export the layer anew as "
            "GeoPackage"
        )
    short = [plain[name] for name in names if not _is_whole(str(name), codec)]
    notes = (f"names of columns were cut in the middle of a character: {', '.join(short)}",) if short else ()
    return frame.assign(**values).rename(columns=plain), tuple(remarks), notes


def _columns_of_text(frame: Any) -> list[str]:
    geometry = frame.geometry.name if isinstance(frame, gpd.GeoDataFrame) else None
    return [
        str(name)
        for name in frame.columns
        if name != geometry and (pd.api.types.is_object_dtype(frame[name]) or pd.api.types.is_string_dtype(frame[name]))
    ]


def _is_whole(letters: str, codec: str) -> bool:
    return _text(letters, codec) is None or _decodes(letters.encode(BYTES_AS_LETTERS), codec)


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _text(letters: str, codec: str) -> str | None:
    """Return a text, without a character that is cut at its end; None where it is not in the encoding."""
    data = letters.encode(BYTES_AS_LETTERS)
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        cut_at_end = error.end == len(data) and len(data) - error.start < _MOST_BYTES and error.start > 0
        return data[: error.start].decode(codec) if cut_at_end else None


def _makes_sense(texts: Texts, codec: str) -> bool:
    parts = [_text(cell.decode(BYTES_AS_LETTERS), codec) for cell in texts.cells]
    return None not in parts and everyday_share("".join(part or "" for part in parts)) >= PLAUSIBLE


def _beside(file: Path) -> Shapefile:
    beside = [path for path in file.parent.glob(f"{glob.escape(file.stem)}.*") if path.stem == file.stem]
    return Shapefile(file, str(file), {path.suffix.lower(): str(path) for path in beside})


def _packed(file: Path, layer: str | None) -> Shapefile | None:
    check_packed(file, most_ratio=None)
    try:
        with ZipFile(file) as archive:
            entries = {
                entry.filename: entry for entry in archive.infolist() if not entry.filename.startswith("__MACOSX")
            }
    except BROKEN_PACKED as error:
        raise unreadable(file, error) from error
    shapes = {_readable(entry): name for name, entry in entries.items() if name.lower().endswith(".shp")}
    if not shapes:
        if any(name.lower().endswith(_PACKED_LAYERS) for name in entries):
            return None
        inside = name_some(map(_readable, entries.values()))
        raise SourceError(
            f"{file.name} must hold a Shapefile (.shp with its other parts), got {inside}; unpack it and name the file "
            "that is meant"
        )
    stems = {PurePosixPath(readable).stem: name for readable, name in shapes.items()}
    if layer is None and len(shapes) > 1:
        raise ConfigError(
            f"one layer of {file.name} must be named, got none and it has {name_some(stems)}; "
            f"say sheet={next(iter(stems))!r}"
        )
    if layer is not None and layer not in stems:
        raise ConfigError(f"the layer of {file.name} must be one of {[*stems]}, got {layer!r}; correct it")
    chosen = next(iter(stems.values())) if layer is None else stems[layer]
    stem = chosen[:-4]
    parts = {name[-4:].lower(): name for name in entries if name[:-4] == stem and name[-4] == "."}
    return Shapefile(file, f"/vsizip/{file.resolve().as_posix()}/{chosen}", parts)


def _readable(entry: ZipInfo) -> str:
    """Return an entry's name; programs of Chinese Windows write it in GBK without saying so."""
    if entry.flag_bits & _NAMES_IN_UTF8 or entry.filename.isascii():
        return entry.filename
    given = entry.filename.encode("cp437", errors="replace")
    return next((given.decode(codec) for codec in ("utf-8", "gb18030") if _decodes(given, codec)), entry.filename)


def _said_encoding(shapefile: Shapefile) -> str | None:
    """Return the Python codec of a .cpg file, None where there is none or it says nothing that is known."""
    part = shapefile.parts.get(".cpg")
    if part is None:
        return None
    try:
        if shapefile.file.suffix.lower() == ".zip":
            with ZipFile(shapefile.file) as archive:
                text = archive.read(part).decode("ascii", errors="replace")
        else:
            text = Path(part).read_text(encoding="ascii", errors="replace")
    except BROKEN_PACKED as error:
        raise unreadable(shapefile.file, error) from error
    word = text.strip().lower().removeprefix("ansi").removeprefix("oem").removeprefix("cp").strip(" -_")
    try:
        return known_codec(_CODE_PAGES.get(word, word), shapefile.file.name).removesuffix("-sig")
    except ConfigError:
        return None
