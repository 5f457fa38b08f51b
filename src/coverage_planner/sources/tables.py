"""CSV files, workbooks and vector layers -> rows of text with the row numbers that a spreadsheet shows.

Nothing is judged here but that a file can be read; `columns` says which column is which and which rows are usable.
"""

import csv
import datetime as dt
import glob
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
from numpy.typing import NDArray
from openpyxl.utils.exceptions import InvalidFileException
from pyogrio.errors import DataLayerError, DataSourceError

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some

AnyPath = str | PathLike[str]

SEPARATORS = {".csv": ",", ".tsv": "\t"}
WORKBOOKS = (".xlsx", ".xlsm")
LAYERS = (".gpkg", ".geojson", ".json", ".shp", ".zip", ".parquet", ".geoparquet")


@dataclass(frozen=True, eq=False)
class RawTable:
    """A file's rows as they stand in it.

    Attributes
    ----------
    source
        File name, for messages.
    table
        One row per row of the file, blank rows left out. Cells of spreadsheets are text, "" where blank.
    row_numbers
        Shape (rows,): numbers as a spreadsheet shows them (the header is row 1), or feature numbers from 1.
    geometry
        Geometries of a vector layer, with its CRS; None for a spreadsheet.
    overlong
        Shape (rows,): the row has more cells than the header has names.
    """

    source: str
    table: pd.DataFrame
    row_numbers: NDArray[np.int64]
    geometry: gpd.GeoSeries | None
    overlong: NDArray[np.bool_]

    @property
    def row_word(self) -> str:
        """What messages call a row."""
        return "row" if self.geometry is None else "feature"

    def rows(self, keep: NDArray[np.bool_]) -> "RawTable":
        """Return only the rows where `keep` is true."""
        return RawTable(
            self.source,
            self.table[keep].reset_index(drop=True),
            self.row_numbers[keep],
            None if self.geometry is None else self.geometry[keep].reset_index(drop=True),
            self.overlong[keep],
        )

    def name_rows(self, wrong: NDArray[np.bool_]) -> str:
        """Count the rows where `wrong` is true and show the first, for messages."""
        return name_some(f"{self.row_word} {number}" for number in self.row_numbers[wrong])


def read_table(path: AnyPath, *, sheet: str | None = None, encoding: str | None = None) -> RawTable:
    """Read a CSV file, a workbook or a vector layer.

    Parameters
    ----------
    path
        A file named .csv, .tsv, .xlsx, .xlsm, .gpkg, .geojson, .json, .shp, .zip (a Shapefile) or .parquet.
    sheet
        Sheet of a workbook (default: the first) or layer of a GeoPackage (needed when it has several).
    encoding
        Encoding of a CSV file (default UTF-8, with or without byte order mark) or of a Shapefile's texts.

    Raises
    ------
    SourceError
        The file is missing or unreadable, or of an unknown kind.
    InputError
        The file is empty or not in the encoding.
    ConfigError
        There is no such sheet, layer or encoding.
    """
    file = existing_file(path)
    suffix = file.suffix.lower()
    if suffix in SEPARATORS:
        return _spreadsheet(file, _csv_rows(file, SEPARATORS[suffix], encoding))
    if suffix in WORKBOOKS:
        return _spreadsheet(file, _workbook_rows(file, sheet))
    if suffix in LAYERS:
        return read_layer(file, layer=sheet, encoding=encoding)
    known = ", ".join((*SEPARATORS, *WORKBOOKS, *LAYERS))
    raise SourceError(f"a table must be a file of a known kind ({known}), got {file.name}; save it as one of these")


def read_layer(path: AnyPath, *, layer: str | None = None, encoding: str | None = None) -> RawTable:
    """Read a vector layer: GeoPackage, GeoJSON, Shapefile (also zipped) or GeoParquet.

    Parameters
    ----------
    path
        The file.
    layer
        Layer of a GeoPackage; needed when it has several.
    encoding
        Encoding of a Shapefile's texts, where the file does not say it.

    Raises
    ------
    SourceError
        The file is missing or unreadable, or of an unknown kind.
    InputError
        The layer has no rows or no geometries.
    ConfigError
        There is no such layer, or there are several and none is named.
    """
    file = existing_file(path)
    if file.suffix.lower() not in LAYERS:
        raise SourceError(f"a layer must be a file of a known kind ({', '.join(LAYERS)}), got {file.name}; convert it")
    frame = _parquet_frame(file) if "parquet" in file.suffix.lower() else _ogr_frame(file, layer, encoding)
    if not isinstance(frame, gpd.GeoDataFrame):
        raise InputError(f"{file.name} must have geometries, got a plain table; save the places with their geometry")
    if frame.empty:
        raise InputError(f"{file.name} must have at least one feature, got none; check the export")
    plain = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
    numbers = np.arange(1, len(frame) + 1)
    return RawTable(
        file.name, plain, numbers, frame.geometry.reset_index(drop=True), np.zeros(len(frame), dtype=np.bool_)
    )


def existing_file(path: AnyPath) -> Path:
    """Return `path` as a Path if a file is there, else raise SourceError."""
    file = Path(path)
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise SourceError(f"an input must be a file that exists, found {found} at {file}; check the path")
    return file


def cell_text(value: Any) -> str:
    """Return a cell as text: "" for a missing value, no ".0" after whole numbers, times as HH:MM."""
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return str(value).strip()


def _csv_rows(file: Path, separator: str, encoding: str | None) -> list[list[str]]:
    try:
        with file.open(encoding=encoding or "utf-8-sig", newline="") as lines:
            return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=separator, strict=True)]
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file.name} must be text in {encoding or 'UTF-8'}, got bytes that are not (at byte {error.start}); save "
            "it as 'CSV UTF-8' in Excel, or say its encoding: encoding='gb18030' for files of Chinese Windows"
        ) from error
    except LookupError as error:
        raise ConfigError(
            f"encoding must be one that Python knows, got {encoding!r} for {file.name}; use 'utf-8' or 'gb18030'"
        ) from error
    except csv.Error as error:
        raise InputError(f"{file.name} must be a well-formed CSV file, got: {error}; save it anew as CSV") from error
    except OSError as error:
        raise _unreadable(file, error) from error


def _workbook_rows(file: Path, sheet: str | None) -> list[list[str]]:
    try:
        # openpyxl warns of styles and validations that it drops; they do not touch the values
        with warnings.catch_warnings(), file.open("rb") as stream:
            warnings.filterwarnings("ignore", module="openpyxl")
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheets = {page.title: page for page in book.worksheets}
            name = next(iter(sheets), None) if sheet is None else sheet
            if name not in sheets:
                raise ConfigError(f"sheet must be one of {[*sheets]} in {file.name}, got {sheet!r}; correct it")
            rows = sheets[name].iter_rows(min_row=1, min_col=1, values_only=True)
            return [[cell_text(cell) for cell in row] for row in rows]
    except (BadZipFile, InvalidFileException, KeyError, EOFError, OSError) as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{file.name} must be a readable {file.suffix} file, got: {error}; close it in other programs or export it anew"
    )


def _spreadsheet(file: Path, rows: Sequence[Sequence[str]]) -> RawTable:
    header = [name.removeprefix("\ufeff") for name in rows[0]] if rows else []
    while header and not header[-1]:
        header.pop()
    filled = [(number, row) for number, row in enumerate(rows[1:], start=2) if any(row)]
    if not filled or not header:
        raise InputError(
            f"{file.name} must have column names in its first row and at least one row of values, got "
            f"{_plural(len(filled), 'row')} of values under {header}; check the export and the sheet"
        )
    width = len(header)
    cells = [[*row[:width], *[""] * (width - len(row))] for _, row in filled]
    return RawTable(
        file.name,
        pd.DataFrame(cells, columns=pd.Index(header, dtype=object), dtype=object),
        np.array([number for number, _ in filled], dtype=np.int64),
        None,
        np.array([any(row[width:]) for _, row in filled], dtype=np.bool_),
    )


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _parquet_frame(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (ValueError, OSError) as error:  # pyarrow's ArrowInvalid is a ValueError
        raise SourceError(f"{file.name} must be a readable GeoParquet file, got: {error}; export it anew") from error


def _ogr_frame(file: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        layers = [str(name) for name in pyogrio.list_layers(file)[:, 0]]
        if layer is None and len(layers) > 1:
            raise ConfigError(
                f"one layer of {file.name} must be named, got none and it has {name_some(layers)}; "
                f"say sheet={layers[0]!r}"
            )
        if layer is not None and layer not in layers:
            raise ConfigError(f"the layer of {file.name} must be one of {layers}, got {layer!r}; correct it")
        frame = pyogrio.read_dataframe(file, layer=layer, encoding=encoding)
    except (DataSourceError, DataLayerError, UnicodeDecodeError, LookupError) as error:
        raise _unreadable(file, error) from error
    if encoding is None and file.suffix.lower() in (".shp", ".zip"):
        _check_said_encoding(file, layer, frame)
    return frame


def _says_encoding(file: Path) -> bool:
    if file.suffix.lower() == ".zip":
        with ZipFile(file) as archive:
            names = archive.namelist()
    else:
        names = [path.name for path in file.parent.glob(f"{glob.escape(file.stem)}.*")]
    return any(name.lower().endswith(".cpg") for name in names)


def _check_said_encoding(file: Path, layer: str | None, frame: pd.DataFrame) -> None:
    """Refuse a Shapefile that does not say its encoding and is not plain ASCII: GDAL would take Chinese for Latin-1."""
    if pyogrio.read_info(file, layer=layer)["encoding"] != "ISO-8859-1" or _says_encoding(file):
        return
    texts = frame.select_dtypes(include=["object", "string"])
    shown = [*map(str, frame.columns), *(cell_text(value) for name in texts for value in texts[name].unique())]
    if all(text.isascii() for text in shown):
        return
    raise InputError(
        f"{file.name} must say the encoding of its texts, got no .cpg file beside it; say encoding='gb18030' for files "
        "of Chinese Windows, 'utf-8' for most others"
    )
