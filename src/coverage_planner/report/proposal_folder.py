"""The proposal folder: the siting part of a plan as tables, a GeoPackage, a workbook and a certificate to read out."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd

from coverage_planner.coverage.measure import Coverage
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.report.certificate import say_certificate
from coverage_planner.report.csv_tables import write_csv
from coverage_planner.report.output_datum import ONLINE_FILES, in_datum, online_file, write_online_map
from coverage_planner.report.run_file import plain, versions, write_layers, write_run_file
from coverage_planner.report.siting_tables import Choice, plan_sites, record_choice, siting_tables
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import LAYERS, SYNTHETIC_NOTE, TABLES
from coverage_planner.report.tables import cut_columns, for_people, stack, synthetic_note
from coverage_planner.report.words import Language, words
from coverage_planner.report.workbook import table_sheet
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.whole_folder import check_replaceable, whole_folder

#: Number of the folder's form; it rises when a column or file changes its meaning.
FORMAT = 1

LAYER_FILE = "proposal.gpkg"
WORKBOOK_FILE = "proposal.xlsx"
CERTIFICATE_FILE = "certificate.txt"
RUN_FILE = "run.json"

#: Table name -> columns. Those of the same name in a results folder hold the same.
PROPOSAL_TABLES: Mapping[str, tuple[str, ...]] = {
    "sites": (
        "order", "stage", "id", "name", "kind", "subdistrict", "community", "cost", "added_demand",
        "newly_covered_demand", "overlap_existing_demand", "overlap_sites_demand", "catchment_demand", "mean_time_min",
        "gap_id", "lon", "lat",
    ),
    **{name: TABLES[name] for name in ("choice", "stages", "site_values", "replacements", "plans")},
    "candidates": (
        "id", "name", "kind", "subdistrict", "community", "cost", "area_m2", "gap_id", "chosen", "lon", "lat",
    ),
    "gaps": tuple(name for name in TABLES["gaps"] if name not in {"scenario", "group"}),
    "rejected": TABLES["rejected"],
    "remarks": TABLES["remarks"],
}  # fmt: skip
_SITES = tuple(name for name in PROPOSAL_TABLES["sites"] if name not in {"mean_time_min", "lon", "lat"})
#: Layer name -> geometry type and columns, seconds and metres.
PROPOSAL_LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "sites": ("Point", (*_SITES, "mean_time_s")),
    "plan_sites": LAYERS["plan_sites"],
    "candidates": LAYERS["candidates"],
    "gaps": ("MultiPolygon", tuple(name for name in LAYERS["gaps"][1] if name not in {"scenario", "group"})),
    "facilities": ("Point", ("id", "name", "kind", "level")),
    "demand": ("Point", ("id", "demand", "name", "kind", "time_s_today", "covered_today")),
}
FILES = frozenset({LAYER_FILE, WORKBOOK_FILE, CERTIFICATE_FILE, RUN_FILE, *(f"{name}.csv" for name in PROPOSAL_TABLES)})
_LEFT_BEHIND = frozenset({f"~${WORKBOOK_FILE}", f"{LAYER_FILE}-wal", f"{LAYER_FILE}-shm", f"{LAYER_FILE}-journal"})
_OURS = "proposal"


def check_proposal_folder(folder: str | PathLike[str], *, force: bool = False) -> None:
    """Raise unless a proposal can be written to a folder without loss of anybody's files; ask before long work.

    Parameters
    ----------
    folder
        The folder to be written.
    force
        Whether a proposal that stands there may be replaced.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is not a proposal and nothing else.
    """
    home = Path(folder).resolve()
    check_replaceable(
        home,
        what="proposal",
        mark=RUN_FILE,
        is_ours=_is_ours(home),
        files=FILES | {*ONLINE_FILES} | _LEFT_BEHIND,
        force=force,
    )


def write_proposal(
    folder: str | PathLike[str],
    *,
    network: RoadNetwork,
    coverage: Coverage,
    demand: gpd.GeoDataFrame,
    facilities: gpd.GeoDataFrame,
    gaps: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    choice: Choice | None,
    rejected: pd.DataFrame,
    record: Mapping[str, Any],
    remarks: pd.DataFrame | None = None,
    datum: Datum = "wgs84",
    language: Language = "zh",
    synthetic: bool = False,
    force: bool = False,
) -> Path:
    """Write a proposal to a folder: CSV tables, proposal.xlsx, proposal.gpkg, certificate.txt, run.json.

    Parameters
    ----------
    folder
        The folder to write; its parents are made.
    network
        The streets, whose CRS the layers have.
    coverage, demand
        Who is covered today, of the group that sites are chosen for.
    facilities
        Stations that exist.
    gaps, candidates
        Where people are uncovered, and where a site could open.
    choice
        The chosen sites and what is said of them; None where nothing can be gained.
    rejected
        Rows refused at the door.
    record
        How the proposal came about, for run.json.
    remarks
        What should be known of rows that were taken.
    datum
        The datum of longitudes and latitudes, as in `results.write_results`.
    language
        Language of the workbook's headings; the certificate stands in both.
    synthetic
        Whether the data are made up; everything then says so.
    force
        Replace a proposal that stands there.

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
    words(language)  # refuses an unknown one
    check_datum(datum, "the output")
    target = Path(folder).resolve()
    check_proposal_folder(target, force=force)
    chosen = set() if choice is None else set(choice.solution.sites["id"])
    marked = candidates.assign(chosen=candidates["id"].isin(chosen))
    sites = stack([] if choice is None else [choice.solution.sites], [*_SITES, "mean_time_s"], network.crs)
    tables = {
        "sites": sites, **siting_tables(choice), "candidates": marked, "gaps": gaps, "rejected": rejected,
        "remarks": pd.DataFrame(columns=list(TABLES["remarks"])) if remarks is None else remarks,
    }  # fmt: skip
    cut = {
        name: in_datum(cut_columns(for_people(tables[name], wanted), wanted, name), datum)
        for name, wanted in PROPOSAL_TABLES.items()
    }
    if synthetic:
        cut = {name: table.assign(note=synthetic_note(table)) for name, table in cut.items()}
    points = demand.assign(time_s_today=coverage.points["time_s"].to_numpy(), covered_today=coverage.covered)
    found = {
        "sites": sites, "plan_sites": plan_sites(choice, network.crs), "candidates": marked, "gaps": gaps,
        "facilities": facilities, "demand": points,
    }  # fmt: skip
    layers = {name: _cut_layer(found[name].to_crs(network.crs), name) for name in PROPOSAL_LAYERS}
    ours = {
        "format": FORMAT,
        "language": language,
        "synthetic": synthetic,
        "crs": network.edges.crs.to_string(),
        "datum": datum,
        "streets": network.source,
        "solution": None if choice is None else record_choice(choice),
        "rows": {name: len(table) for name, table in cut.items()},
    }
    run = plain({**record, _OURS: ours}, "run")
    run["versions"] = versions() | run.get("versions", {})
    check = lambda: check_proposal_folder(target, force=force)  # noqa: E731 - asked again at the last moment
    with whole_folder(target, what="proposal", check=check) as partial:
        write_layers(
            layers, partial / LAYER_FILE, {name: PROPOSAL_LAYERS[name][0] for name in layers}, synthetic=synthetic
        )
        for name, table in cut.items():
            write_csv(table, partial / f"{name}.csv")
        if datum != "wgs84":
            write_online_map(layers, partial / online_file(datum), datum, synthetic=synthetic)
        _write_workbook(cut, partial / WORKBOOK_FILE, language)
        (partial / CERTIFICATE_FILE).write_text(_certificates(choice, synthetic=synthetic), encoding="utf-8-sig")
        write_run_file(run, partial / RUN_FILE)
    return target


def _is_ours(folder: Path) -> bool:
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(run, dict) and isinstance(run.get(_OURS), dict)


def _cut_layer(layer: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    table = cut_columns(layer.drop(columns=layer.geometry.name), PROPOSAL_LAYERS[name][1], f"layer {name}")
    return gpd.GeoDataFrame(table, geometry=layer.geometry.to_numpy(), crs=layer.crs)


def _write_workbook(tables: Mapping[str, pd.DataFrame], path: Path, language: Language) -> None:
    said = speech(language)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, table in tables.items():
        table_sheet(book.create_sheet(said.sheet(name)), name, table, said)
    book.save(path)


def _certificates(choice: Choice | None, *, synthetic: bool) -> str:
    """Return what a planner reads out, in both languages."""
    lines = [SYNTHETIC_NOTE] if synthetic else []
    if choice is None:
        return "\n".join(
            [*lines, "没有可改善之处，未提出新站点。", "Nothing can be gained; no sites are proposed.", ""]
        )
    said: tuple[Language, ...] = ("zh", "en")
    return "\n".join([*lines, *(say_certificate(choice.solution, one, choice.question) for one in said), ""])
