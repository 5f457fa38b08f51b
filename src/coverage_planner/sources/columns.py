"""Which column of a file is which, what its cells mean, and which rows cannot be used."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError, SchemaError, name_some
from coverage_planner.schema import TABLES, Rejections, TableName, require_metric
from coverage_planner.sources.aliases import ALIASES, LEVELS
from coverage_planner.sources.datum import Datum, to_wgs84
from coverage_planner.sources.tables import RawTable, cell_text

#: A mask over the rows and what is wrong where it is true.
Fault = tuple[NDArray[np.bool_], str]


def find_columns(
    raw: RawTable,
    names: Sequence[str],
    required: Sequence[str],
    given: Mapping[str, str] | None,
    aliases: Mapping[str, tuple[str, ...]] = ALIASES,
) -> dict[str, str]:
    """Find the file's column for each name.

    Parameters
    ----------
    raw
        The file.
    names
        Names of this package to look for.
    required
        Those of `names` that must be there.
    given
        Name -> column of the file, as said by the planner; goes before `aliases`.
    aliases
        Name -> names of columns, `ALIASES` or `AREA_ALIASES`.

    Returns
    -------
    dict
        Name -> column of the file; names without a column are left out.

    Raises
    ------
    ConfigError
        `given` has a name that is not in `names`.
    SchemaError
        A column is missing or stands twice in the file.
    """
    given = given or {}
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ConfigError(f"columns for {raw.source} must be among {list(names)}, got {unknown}; correct the names")
    present = list(raw.table.columns)
    absent = [column for column in given.values() if column not in present]
    if absent:
        raise SchemaError(
            f"{raw.source} must have the columns that `columns` names, it has {present}, not {absent}; correct them"
        )
    first_alike: dict[str, str] = {}
    for column in present:
        first_alike.setdefault(_plain(column), column)
    found = dict(given)
    for name in names:
        alike = [first_alike[_plain(alias)] for alias in aliases[name] if _plain(alias) in first_alike]
        if name not in found and alike:
            found[name] = alike[0]
    missing = [name for name in required if name not in found]
    if missing:
        known = "; ".join(f"{name}: {', '.join(aliases[name])}" for name in missing)
        raise SchemaError(
            f"{raw.source} must have columns for {', '.join(missing)}, got {present}; name them so ({known}) "
            f"or say which they are: columns={{'{missing[0]}': '…'}}"
        )
    twice = [column for column in found.values() if present.count(column) > 1]
    if twice:
        raise SchemaError(f"column names of {raw.source} must not repeat, got {twice} more than once; rename one")
    return found


def _plain(name: object) -> str:
    return "".join(str(name).split()).casefold().replace("_", "").replace("-", "")


def keep_where(raw: RawTable, where: Mapping[str, Sequence[str]] | None) -> RawTable:
    """Return only the rows whose column of the file has one of the texts given, for every column of `where`.

    Raises
    ------
    SchemaError
        There is no such column.
    InputError
        No row remains.
    """
    for column, wanted in (where or {}).items():
        if list(raw.table.columns).count(column) != 1:
            raise SchemaError(
                f"'where' must name one column of {raw.source}, got {column!r}; it has {list(raw.table.columns)}"
            )
        texts = raw.table[column].map(cell_text)
        keep = texts.isin(list(wanted)).to_numpy()
        if not keep.any():
            raise InputError(
                f"'where' must keep a row of {raw.source}, got {column} = {list(wanted)}; the column has the values "
                f"{name_some(sorted(set(texts)))}; correct the values"
            )
        raw = raw.rows(keep)
    return raw


def text_column(raw: RawTable, column: str) -> NDArray[np.object_]:
    """Return a column as text, "" where blank; numbers without ".0"."""
    texts = [cell_text(value) for value in raw.table[column]]
    filled = [text for text in texts if text]
    if filled and all(text.endswith(".0") and text[:-2].lstrip("-").isdigit() for text in filled):
        texts = [text.removesuffix(".0") for text in texts]
    return np.array(texts, dtype=object)


def number_column(raw: RawTable, column: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return a column as numbers, NaN where blank, and a mask of the cells that are filled but no finite number."""
    texts = text_column(raw, column)
    numbers = np.array([_number(text) for text in texts], dtype=np.float64)
    wrong = (texts != "") & ~np.isfinite(numbers)
    return np.where(wrong, np.nan, numbers), wrong.astype(np.bool_)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def ids_of(raw: RawTable, column: str | None, prefix: str) -> tuple[NDArray[np.object_], list[Fault]]:
    """Return the ids and the rows whose id is blank or stands in an earlier row.

    Without an id column they are made from the row's place in the file: ``prefix`` and 1, 2, …, so that they do not
    depend on which other rows are usable.
    """
    if column is None:
        first = 1 if raw.geometry is not None else 2  # the header is row 1 of a spreadsheet
        return np.array([f"{prefix}{number - first + 1}" for number in raw.row_numbers], dtype=object), []
    ids = text_column(raw, column)
    repeated = pd.Series(ids).duplicated(keep="first").to_numpy() & (ids != "")
    return ids, [(ids == "", "id is blank"), (repeated, "id stands in an earlier row already")]


def schema_columns(
    raw: RawTable, table: TableName, found: Mapping[str, str]
) -> tuple[dict[str, NDArray[Any]], list[Fault]]:
    """Return the columns of a schema but ``id``, and the rows whose values it does not allow.

    Text that is blank becomes missing; `level` and `services` get one spelling.
    """
    values: dict[str, NDArray[Any]] = {}
    faults: list[Fault] = []
    for column in TABLES[table]:
        if column.name == "id" or column.name not in found:
            continue
        if column.kind == "text":
            texts = [_spelled(column.name, text) for text in text_column(raw, found[column.name])]
            values[column.name] = np.array([text or None for text in texts], dtype=object)
            if column.required:
                faults.append((np.array([not text for text in texts], dtype=np.bool_), f"{column.name} is blank"))
            continue
        numbers, wrong = number_column(raw, found[column.name])
        values[column.name] = numbers
        faults.append((wrong, f"{column.name} is not a finite number"))
        if column.required:
            faults.append((np.isnan(numbers), f"{column.name} is blank"))
        if column.minimum is not None:
            faults.append((numbers < column.minimum, f"{column.name} is less than {column.minimum:g}"))
    return values, faults


def _spelled(name: str, text: str) -> str:
    if name == "level":
        return LEVELS.get(text.casefold(), text)
    if name == "services":
        for separator in "；、，,":
            text = text.replace(separator, ";")
        return ";".join(part.strip() for part in text.split(";") if part.strip())
    return text


def refuse_rows(
    raw: RawTable,
    labels: NDArray[np.object_],
    faults: Sequence[Fault],
    *,
    table: str,
    rejected: Rejections | None,
) -> NDArray[np.bool_]:
    """Return which rows remain; the others are handed to `rejected` with their first fault.

    `rejected` also learns where the remaining rows stand.

    Raises
    ------
    InputError
        Rows are at fault and there is no `rejected`, or no row remains.
    """
    reasons = np.full(len(raw.table), "", dtype=object)
    for wrong, reason in ((raw.overlong, "more cells than the first row has names"), *faults):
        reasons[wrong & (reasons == "")] = reason
    keep: NDArray[np.bool_] = np.array([reason == "" for reason in reasons], dtype=np.bool_)
    listed = "; ".join(f"{reason} in {raw.name_rows(reasons == reason)}" for reason in dict.fromkeys(reasons[~keep]))
    if rejected is None and listed:
        # a study area with a hole in it would be another one, so its reader takes no `rejected`
        choice = "" if table == "study area" else ", or let them be listed and left out: rejected=Rejections()"
        raise InputError(f"every row of {raw.source} must be usable: {listed}; correct or remove them{choice}")
    if rejected is not None:
        for reason in dict.fromkeys(reasons[~keep]):
            wrong = reasons == reason
            rejected.add(
                source=raw.source,
                table=table,
                labels=list(labels[wrong]),
                reason=reason,
                row_numbers=[int(number) for number in raw.row_numbers[wrong]],
            )
        rejected.take(source=raw.source, table=table, labels=labels[keep], row_numbers=raw.row_numbers[keep])
    if not keep.any():
        raise InputError(f"{raw.source} must have a usable row, got none: {listed}; correct the file")
    return keep


def check_not_swapped(lon: NDArray[np.float64], lat: NDArray[np.float64], source: str) -> None:
    """Raise InputError when most positions make sense only with longitude and latitude exchanged.

    That is so when the latitude is beyond 90 and the longitude is not, or when the pair is a place in China (73 to
    136 E, 3 to 54 N) the wrong way round. Latitudes from 73 to 90 count only with longitudes of western China's
    latitudes (27 to 54), so that Svalbard stays where it is.
    """
    known = np.isfinite(lon) & np.isfinite(lat)
    beyond = (np.abs(lat) > 90) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90)  # noqa: PLR2004 - degrees
    western_china = (lat >= 73) & (lat <= 90) & (lon >= 27) & (lon <= 54)  # noqa: PLR2004 - degrees
    swapped = known & (beyond | western_china)
    if swapped.sum() * 2 > known.sum():
        first = int(np.flatnonzero(swapped)[0])
        raise InputError(
            f"{source} must give longitude and latitude each in its own column; the longitude and latitude columns "
            f"look swapped: {int(swapped.sum())} of {int(known.sum())} rows, the first with longitude {lon[first]:g} "
            f"and latitude {lat[first]:g}; rename the columns, or exchange the coordinates of the layer"
        )


def range_faults(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[Fault]:
    """Return the rows whose longitude or latitude is no angle on the globe."""
    advice = " (metres belong into a layer with a CRS)"
    return [
        (np.abs(lon) > 180, f"longitude is outside -180 to 180{advice}"),  # noqa: PLR2004 - degrees
        (np.abs(lat) > 90, f"latitude is outside -90 to 90{advice}"),  # noqa: PLR2004 - degrees
    ]


def layer_to_wgs84(geometry: gpd.GeoSeries, datum: Datum, source: str) -> gpd.GeoSeries:
    """Return a layer's geometries in two dimensions, longitudes and latitudes in WGS 84.

    A projected layer is left in its CRS.

    Raises
    ------
    CrsError
        The layer has no CRS.
    DatumError
        A shifted datum is declared for a projected layer.
    """
    if geometry.crs is None:
        raise CrsError(
            f"{source} must say its coordinate reference system, got none; save it anew with its CRS (a Shapefile "
            "keeps it in the .prj file)"
        )
    flat = geometry.force_2d()
    shifted = datum in ("gcj02", "bd09")
    if geometry.crs.is_projected:
        if shifted:
            raise DatumError(
                f"a layer with datum {datum!r} must be in longitude and latitude, got {source} in "
                f"{geometry.crs.to_string()}; give it as it came from the map service, not projected"
            )
        return flat
    check_not_swapped(*_corners(flat), source)
    flat = flat.to_crs(4326)
    if not shifted:
        return flat

    def unshift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum))

    return gpd.GeoSeries(shapely.transform(flat.to_numpy(), unshift), index=flat.index, crs=4326)


def _corners(geometry: gpd.GeoSeries) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    bounds = geometry.bounds.to_numpy(dtype=np.float64)
    return bounds[:, 0], bounds[:, 1]


def to_metric(geometry: gpd.GeoSeries, crs: Any, source: str) -> gpd.GeoSeries:
    """Project geometries to `crs`, or to the UTM zone of their middle where it is None.

    Raises
    ------
    CrsError
        `crs` is unknown or not in metres, or no zone fits.
    """
    try:
        target = geometry.estimate_utm_crs() if crs is None else CRS.from_user_input(crs)
    except (CRSError, RuntimeError, ValueError) as error:
        raise CrsError(
            f"crs must be a projected CRS in metres that PROJ knows, got {crs!r} for {source}: {error}; "
            "give for example 'EPSG:32650'"
        ) from error
    projected = geometry.to_crs(target)
    require_metric(projected, source)
    return projected
