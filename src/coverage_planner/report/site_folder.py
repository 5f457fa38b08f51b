"""The folder of a comparison of sites: the page, the tables as CSV and Excel, the sites as a GeoPackage, run.json."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
from openpyxl.styles import Font, PatternFill

from coverage_planner.report.csv_tables import write_csv
from coverage_planner.report.output_datum import in_datum
from coverage_planner.report.run_file import plain, versions, write_layers, write_run_file
from coverage_planner.report.site_columns import SITE_COLUMNS, SITE_SHEETS, SITE_TABLES
from coverage_planner.report.site_page import draw_comparison
from coverage_planner.report.site_page_text import records_of, site_name
from coverage_planner.report.site_words import say_assumption, site_words
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import SYNTHETIC_NOTE, TABLES, set_types, writable
from coverage_planner.report.tables import cut_columns, for_people, synthetic_note
from coverage_planner.report.words import Language
from coverage_planner.report.workbook import table_sheet
from coverage_planner.scenario.compare_sites import SiteComparison
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.whole_folder import check_replaceable, whole_folder

#: Number of the folder's form; it rises when a column or file changes its meaning.
FORMAT = 1
PAGE_FILE = "comparison.html"
WORKBOOK_FILE = "comparison.xlsx"
LAYER_FILE = "sites.gpkg"
RUN_FILE = "run.json"
#: Rows of the inputs that were not used, and what should be known of those that were; as in a results folder.
ROWS = ("rejected", "remarks")
FILES = frozenset({PAGE_FILE, WORKBOOK_FILE, LAYER_FILE, RUN_FILE, *(f"{name}.csv" for name in (*SITE_TABLES, *ROWS))})
_LEFT_BEHIND = frozenset({f"~${WORKBOOK_FILE}", f"{LAYER_FILE}-wal", f"{LAYER_FILE}-shm", f"{LAYER_FILE}-journal"})
_OURS = "site_comparison"
#: The workbook shows the matrix of pairs for so many sites, the best ones; pairs.csv has all.
MOST_IN_MATRIX = 100
_MATRIX = ("两两取舍（矩阵）", "Pairs, matrix")
_S_PER_MIN = 60.0


def site_tables(comparison: SiteComparison, *, language: Language = "zh", synthetic: bool = False) -> dict[str, Any]:
    """Return the tables of a comparison as people read them: minutes, WGS 84, the columns of `SITE_TABLES`.

    Parameters
    ----------
    comparison
        What `study_sites` returned.
    language
        Language in which assumptions and reasons are said.
    synthetic
        Whether the data are made up: every table then ends with the column ``note`` that says so.

    Returns
    -------
    dict
        Table name -> table: 'sites', 'ranks', 'assumptions', 'pairs', 'communities'.
    """
    said = site_words(language)
    names = {record["id"]: site_name(record) for record in records_of(comparison.table)}
    own = comparison.table["cost_note"].map(lambda note: said.get(note) if isinstance(note, str) else None)
    found = {
        "sites": comparison.table.assign(cost_note=own.astype(object)),
        "ranks": _with_assumption(comparison.ranks, said),
        "assumptions": _with_assumption(comparison.assumptions, said).assign(
            mode=comparison.assumptions["mode_description"],
            covered_demand_share=comparison.assumptions["covered_demand"]
            / comparison.assumptions["demand"].where(comparison.assumptions["demand"] > 0),
        ),
        "pairs": comparison.pairs.assign(other_name=comparison.pairs["other_id"].map(names).astype(object)),
        "communities": comparison.communities,
    }
    tables = {}
    for name, columns in SITE_TABLES.items():
        table = for_people(found[name], columns)
        if name not in {"sites", "assumptions"}:
            table = table.assign(name=table["id"].map(names).astype(object))
        absent = {column: np.nan for column in columns if column not in table}
        cut = set_types(pd.DataFrame(table.assign(**absent))[list(columns)].reset_index(drop=True), SITE_COLUMNS)
        tables[name] = cut.assign(note=synthetic_note(cut)) if synthetic else cut
    return tables


def check_site_folder(folder: str | PathLike[str], *, force: bool = False) -> None:
    """Raise unless a comparison can be written to a folder without loss of anybody's files; ask before long work.

    Parameters
    ----------
    folder
        The folder to be written.
    force
        Whether a comparison that stands there may be replaced.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is not a comparison of sites and nothing else.
    """
    home = Path(folder).resolve()
    check_replaceable(
        home, what="comparison", mark=RUN_FILE, is_ours=_is_ours(home), files=FILES | _LEFT_BEHIND, force=force
    )


def write_site_comparison(
    folder: str | PathLike[str],
    comparison: SiteComparison,
    *,
    title: str | None = None,
    record: Mapping[str, Any] | None = None,
    rejected: pd.DataFrame | None = None,
    remarks: pd.DataFrame | None = None,
    datum: Datum = "wgs84",
    language: Language = "zh",
    synthetic: bool = False,
    force: bool = False,
) -> Path:
    """Write a comparison to a folder, whole or not at all: comparison.html, comparison.xlsx, CSV, sites.gpkg, run.json.

    Parameters
    ----------
    folder
        The folder to write; its parents are made.
    comparison
        What `study_sites` returned.
    title
        Heading of the page.
    record
        How the comparison came about, for run.json.
    rejected, remarks
        Rows of the inputs that were not used, with the reason; what should be known of rows that were.
    datum
        The datum of longitudes and latitudes in the tables, as in `results.write_results`.
    language
        Language of the page, of the workbook's headings and of the assumptions.
    synthetic
        Whether the data are made up; everything then says so.
    force
        Replace a comparison that stands there.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists; unknown language; `record` holds what JSON cannot.
    DatumError
        There is no such datum.
    InputError
        The folder cannot be written.
    """
    check_datum(datum, "the output")
    target = Path(folder).resolve()
    check_site_folder(target, force=force)
    tables = {
        name: in_datum(table, datum)
        for name, table in site_tables(comparison, language=language, synthetic=synthetic).items()
    }
    rows = {}
    for name, table in zip(ROWS, (rejected, remarks), strict=True):
        given = pd.DataFrame(columns=list(TABLES[name])) if table is None else table
        cut = cut_columns(given, TABLES[name], name)
        rows[name] = cut.assign(note=synthetic_note(cut)) if synthetic else cut
    page = draw_comparison(comparison, title=title, language=language, synthetic=synthetic)
    ours = {
        "format": FORMAT,
        "language": language,
        "synthetic": synthetic,
        "datum": datum,
        "scenario": comparison.today.scenario.name,
        "group": comparison.group,
        "listed_above": comparison.listed_above,
        "streets": comparison.today.network.source,
        "sites": list(comparison.table["id"]),
        "rows": {name: len(table) for name, table in {**tables, **rows}.items()},
    }
    run = plain({**(record or {}), _OURS: ours}, "run")
    run["versions"] = versions() | run.get("versions", {})
    check = lambda: check_site_folder(target, force=force)  # noqa: E731 - asked again at the last moment
    with whole_folder(target, what="comparison", check=check) as partial:
        page.save(partial / PAGE_FILE)
        for name, table in tables.items():
            write_csv(table, partial / f"{name}.csv", SITE_COLUMNS)
        for name, table in rows.items():
            write_csv(table, partial / f"{name}.csv")
        _write_workbook(tables, comparison, partial / WORKBOOK_FILE, language, synthetic=synthetic)
        write_layers({"sites": _layer(comparison)}, partial / LAYER_FILE, {"sites": "Point"}, synthetic=synthetic)
        write_run_file(run, partial / RUN_FILE)
    return target


def _is_ours(folder: Path) -> bool:
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(run, dict) and isinstance(run.get(_OURS), dict)


def _with_assumption(table: pd.DataFrame, said: Mapping[str, str]) -> pd.DataFrame:
    """Say the assumptions, and give their cutoffs in minutes."""
    rows = records_of(table[["kind", "cutoff_s", "speed_factor", "demand_source"]])
    texts = [say_assumption(row, said) for row in rows]
    kinds = [said[row["kind"]] for row in rows]
    return table.assign(
        assumption=pd.Series(texts, index=table.index, dtype=object),
        assumption_kind=pd.Series(kinds, index=table.index, dtype=object),
        cutoff_min=table["cutoff_s"] / _S_PER_MIN,
    )


def _layer(comparison: SiteComparison) -> gpd.GeoDataFrame:
    """Return the sites as a layer: seconds, the network's CRS, without the columns of single assumptions."""
    crs = comparison.today.network.crs
    table = comparison.table.to_crs(crs)
    others = [name for name in table if str(name).startswith("rank_")]
    return gpd.GeoDataFrame(table.drop(columns=others), crs=crs)


def _write_workbook(
    tables: Mapping[str, pd.DataFrame], comparison: SiteComparison, path: Path, language: Language, *, synthetic: bool
) -> None:
    said = speech(language)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, table in tables.items():
        sheet = book.create_sheet(SITE_SHEETS[name][0 if language == "zh" else 1])
        table_sheet(sheet, name, table, said, SITE_COLUMNS)
    _matrix_sheet(book, comparison, _MATRIX[0 if language == "zh" else 1], language, synthetic=synthetic)
    book.save(path)


def _matrix_sheet(
    book: openpyxl.Workbook, comparison: SiteComparison, name: str, language: Language, *, synthetic: bool
) -> None:
    """Put the matrix of pairs on a sheet: what the site of the row loses if that of the column is built first."""
    sheet = book.create_sheet(name)
    said = site_words(language)
    records = records_of(comparison.table.head(MOST_IN_MATRIX))
    names = [f"{no} {site_name(record)}" for no, record in enumerate(records, start=1)]
    matrix = comparison.synergy().to_numpy()[: len(records), : len(records)]
    sheet.append([said["pairs_note"] + (f" {SYNTHETIC_NOTE}" if synthetic else "")])
    sheet.append(["", *map(writable, names)])
    for label, row in zip(names, matrix, strict=True):
        sheet.append([writable(label), *(None if np.isnan(value) else float(value) for value in row)])
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            if isinstance(cell.value, str):  # what looks like a formula must be one neither now nor later
                cell.data_type = "s"
                cell.quotePrefix = True
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E8EDF2")
            else:
                cell.number_format = "#,##0.0"
    sheet.freeze_panes = "B3"
    sheet.column_dimensions["A"].width = 32
