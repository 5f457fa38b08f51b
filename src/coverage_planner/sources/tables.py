"""Text files, workbooks and vector layers -> rows as they stand in the file, with their row numbers.

Nothing is judged here but that a file can be read and which of its rows are data; `columns` says which are usable.
"""

from collections.abc import Iterable

from coverage_planner.errors import SourceError
from coverage_planner.sources.csv_files import read_csv
from coverage_planner.sources.raw_tables import AnyPath, RawTable, cell_text, existing_file, log_notes
from coverage_planner.sources.vector_layers import LAYERS, read_vector_layer
from coverage_planner.sources.workbooks import read_workbook

__all__ = ["AnyPath", "RawTable", "cell_text", "existing_file", "read_layer", "read_table"]

TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm")
_OTHER_WORKBOOKS = (".xls", ".et", ".wps", ".ods", ".xlsb", ".ett", ".xlt", ".numbers")
_BESIDE_SHAPEFILE = (".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx")


def read_table(
    path: AnyPath,
    *,
    sheet: str | None = None,
    encoding: str | None = None,
    header_row: int | None = None,
    named: Iterable[str] = (),
) -> RawTable:
    """Read a text file of rows, a workbook or a vector layer.

    Parameters
    ----------
    path
        A file named .csv, .tsv, .txt, .xlsx, .xlsm, .gpkg, .geojson, .json, .shp, .zip (a Shapefile) or .parquet.
    sheet
        Sheet of a workbook (default: the first that is not hidden) or layer of a GeoPackage (needed when it has
        several).
    encoding
        Encoding of a text file or of a Shapefile's texts; by default recognised: UTF-8, UTF-16 with its mark, GB18030.
    header_row
        Number of the row of column names, as a spreadsheet shows it; by default found. Not for layers.
    named
        Names of columns that the planner gave; they help to find the column names.

    Raises
    ------
    SourceError
        The file is missing or unreadable, of an unknown kind, or not of the kind that its name says.
    InputError
        The file is empty or its encoding is another one, mixed or not recognised.
    ConfigError
        There is no such sheet, layer or encoding; nothing stands in `header_row`.
    """
    file = existing_file(path)
    suffix = file.suffix.lower()
    if suffix in TEXTS:
        return log_notes(read_csv(file, encoding=encoding, header_row=header_row, named=named))
    if suffix in WORKBOOKS:
        return log_notes(read_workbook(file, sheet=sheet, header_row=header_row, named=named))
    if suffix in LAYERS:
        return log_notes(read_vector_layer(file, layer=sheet, encoding=encoding))
    known = ", ".join((*TEXTS, *WORKBOOKS, *LAYERS))
    raise SourceError(f"a table must be a file of a known kind ({known}), got {file.name}; {_advice(suffix)}")


def read_layer(path: AnyPath, *, layer: str | None = None, encoding: str | None = None) -> RawTable:
    """Read a vector layer: GeoPackage, GeoJSON, Shapefile (also zipped) or GeoParquet.

    Parameters
    ----------
    path
        The file.
    layer
        Layer of a GeoPackage; needed when it has several.
    encoding
        Encoding of a Shapefile's texts; by default what the file says, or recognised.

    Raises
    ------
    SourceError
        The file is missing or unreadable, or of an unknown kind.
    InputError
        The layer has no rows or no geometries, or its texts are in no encoding that is recognised.
    ConfigError
        There is no such layer, or there are several and none is named.
    """
    file = existing_file(path)
    if file.suffix.lower() not in LAYERS:
        raise SourceError(
            f"a layer must be a file of a known kind ({', '.join(LAYERS)}), got {file.name}; "
            f"{_advice(file.suffix.lower(), otherwise='convert it')}"
        )
    return log_notes(read_vector_layer(file, layer=layer, encoding=encoding))


def _advice(suffix: str, otherwise: str = "save it as one of these") -> str:
    if suffix in _OTHER_WORKBOOKS:
        return "open it in Excel or WPS and save it as .xlsx"
    if suffix in _BESIDE_SHAPEFILE:
        return "it belongs to a Shapefile: name the .shp file, and keep the others beside it"
    return otherwise
