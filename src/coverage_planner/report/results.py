"""The results folder: written whole or not at all, and reopened."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from coverage_planner.errors import ConfigError, InputError, SourceError, name_some
from coverage_planner.report.certificate import say_certificate
from coverage_planner.report.circle_columns import CIRCLE_LAYERS, CIRCLE_TABLES
from coverage_planner.report.circle_tables import record_circle
from coverage_planner.report.csv_tables import read_csv, write_csv
from coverage_planner.report.hours_page import hours_page
from coverage_planner.report.map_data import MapData, gather_map_data, write_map_data
from coverage_planner.report.output_datum import ONLINE_FILES, in_datum, in_wgs84, online_file, write_online_map
from coverage_planner.report.result_layers import report_layers
from coverage_planner.report.run_file import describe_groups, plain, versions, write_layers, write_run_file
from coverage_planner.report.siting_tables import Choice, record_choice
from coverage_planner.report.table_columns import LAYERS, TABLES, set_types
from coverage_planner.report.tables import is_proposed, measure_outcome, report_tables, roles
from coverage_planner.report.three_lists import write_three_lists
from coverage_planner.report.words import Language, words
from coverage_planner.report.workbook import write_workbook
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.siting.solution import Solution
from coverage_planner.sources.datum import Datum, check_datum
from coverage_planner.whole_folder import check_replaceable, whole_folder

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import CircleStudy

#: Number of the folder's form; it rises when a column or file changes its meaning.
FORMAT = 1

LAYER_FILE = "result.gpkg"
WORKBOOK_FILE = "summary.xlsx"
MAP_FILE = "map.html"
#: What map.html is drawn from; `redraw_map` and comparisons of plans read it.
MAP_DATA_FILE = "map_data.json"
HOURS_FILE = "hours.html"
#: Language -> the workbook of needs, resources and services, there where a plan has communities.
LISTS_FILES: Mapping[str, str] = {"zh": "三清单.xlsx", "en": "three_lists.xlsx"}
RUN_FILE = "run.json"
#: The report that prints, there where a plan asks for it.
REPORT_FILE = "report.html"
FILES = frozenset(
    {
        LAYER_FILE, WORKBOOK_FILE, MAP_FILE, MAP_DATA_FILE, RUN_FILE,
        *(f"{name}.csv" for name in TABLES if name not in CIRCLE_TABLES),
    }
)  # fmt: skip
#: What is there besides where a plan speaks of services and hours.
CIRCLE_FILES = frozenset({HOURS_FILE, *(f"{name}.csv" for name in CIRCLE_TABLES)})
#: Tables that folders of earlier versions have not, or that a plan without services and hours leaves out.
_LATER = frozenset({"remarks", *CIRCLE_TABLES})

#: What programs leave beside open files; no one's work is lost with them.
_LEFT_BEHIND = frozenset({f"~${WORKBOOK_FILE}", f"{LAYER_FILE}-wal", f"{LAYER_FILE}-shm", f"{LAYER_FILE}-journal"})

#: Key of run.json that is ours.
_OURS = "results"


@dataclass(frozen=True, eq=False)
class Results:
    """A results folder, reopened.

    Attributes
    ----------
    tables
        Name of the CSV file without its suffix -> table; ``lon`` and ``lat`` are WGS 84, whatever the files have.
    layers
        Layer of result.gpkg -> GeoDataFrame.
    run
        What run.json holds: how the results came about.
    """

    tables: Mapping[str, pd.DataFrame]
    layers: Mapping[str, gpd.GeoDataFrame]
    run: dict[str, Any]


def write_results(
    outcome: Outcome,
    folder: str | PathLike[str],
    *,
    baseline: Outcome | None = None,
    candidates: gpd.GeoDataFrame | None = None,
    solution: Solution | Choice | None = None,
    circle: "CircleStudy | None" = None,
    rejected: pd.DataFrame | None = None,
    remarks: pd.DataFrame | None = None,
    datum: Datum = "wgs84",
    run: Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None = None,
    map_page: Callable[[Path], object] | None = None,
    map_data: MapData | None = None,
    report_page: Callable[[Path], object] | None = None,
    title: str | None = None,
    language: Language = "zh",
    force: bool = False,
    synthetic: bool = False,
) -> Path:
    """Write an outcome to a folder: layers, CSV tables, summary.xlsx, map.html, map_data.json, hours.html, run.json.

    Everything is written to a hidden folder beside it, which takes the name at the end: whatever goes wrong, the
    folder is either there whole or not at all. docs/results.md explains every file, column and unit.

    Parameters
    ----------
    outcome
        The scenario proposed, or the only one.
    folder
        The folder to write; its parents are made.
    baseline
        Today, evaluated for the same groups; changes are against it.
    candidates
        Where sites could have opened (columns of the candidates table).
    solution
        The answer of the siting model that chose the proposed sites; its certificate is written out. A `Choice` says
        also what the model was asked, when each site opens and what else could be chosen.
    circle
        Services, hours, levels and capacities of today and of the outcome: their tables, layers and hours.html are
        written besides. Without it, none of these files is there.
    rejected
        Rows refused at the door (`Rejections.to_frame`).
    remarks
        What should be known of rows that were taken (`Rejections.remarks_frame`).
    datum
        The datum of longitudes and latitudes in CSV tables and the workbook. For another than 'wgs84' their columns are
        named after it (``lon_gcj02``), and a GeoJSON for online maps is written beside them; layers and the map do not
        change. `read_results` gives WGS 84 again.
    run
        How the results came about: settings, input hashes, seconds per stage, … ; written to run.json with the
        versions of the programs. Mappings, sequences, text, numbers, dates and paths; NaN becomes null. A function is
        called when all else has been written, so that it can say how long that took.
    map_page
        Writes the map to the path that it is called with, for example ``draw_map(outcome).save``.
    map_data
        What the map shows; made from the outcomes by default. Where these are on different streets there is none.
    report_page
        Called last, with the folder that is being written, all else in it: `write_report` puts the report there.
    title
        Heading of hours.html, for example the plan's name.
    language
        Language of the workbook's headings, 'zh' or 'en'.
    force
        Replace an existing results folder. A folder that is none, or that holds anything else besides, is refused all
        the same, so nobody's files are deleted.
    synthetic
        Whether the data are made up: tables, layers, workbook and run.json then say so.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        The folder exists; unknown language; `run` holds what JSON cannot, or the key 'results'; both scenarios have
        one name; `map_page` wrote no map.
    DatumError
        There is no such datum.
    InputError
        `baseline` has other groups or demand; `solution` chose sites that the outcome lacks; the folder cannot be
        written.
    SchemaError
        `candidates`, `rejected` or `remarks` lack columns.
    """
    words(language)  # refuses an unknown one
    check_datum(datum, "the output")
    target = Path(folder).resolve()
    check_folder(target, force=force)
    choice = Choice(solution, candidates) if isinstance(solution, Solution) else solution
    _require_sites(outcome, choice)
    given = None if callable(run) else _record(run)  # refused before the work where that is possible
    measured = measure_outcome(outcome, baseline)
    found = report_tables(
        measured,
        outcome.network,
        choice=choice,
        circle=circle,
        rejected=rejected,
        remarks=remarks,
        synthetic=synthetic,
    )
    tables = {
        name: in_datum(table, datum) for name, table in found.items() if circle is not None or name not in CIRCLE_TABLES
    }
    layers = report_layers(measured, outcome, baseline, candidates, choice, circle)
    if circle is None:
        layers = {name: layer for name, layer in layers.items() if name not in CIRCLE_LAYERS}
    ours = plain(
        {
            "format": FORMAT,
            "language": language,
            "synthetic": synthetic,
            "crs": outcome.network.edges.crs.to_string(),
            "datum": datum,
            "streets": outcome.network.source,
            "scenarios": {role: named.scenario.name for role, named in roles(outcome, baseline).items()},
            "groups": describe_groups(outcome),
            "solution": None if choice is None else record_choice(choice),
            "circle": None if circle is None else record_circle(circle),
            "rows": {name: len(table) for name, table in tables.items()},
            "features": {name: len(layer) for name, layer in layers.items()},
        },
        _OURS,
    )
    with whole_folder(target, what="results", check=lambda: check_folder(target, force=force)) as partial:
        types = {name: LAYERS[name][0] for name in layers}
        write_layers(layers, partial / LAYER_FILE, types, synthetic=synthetic)
        for name, table in tables.items():
            write_csv(table, partial / f"{name}.csv")
        if datum != "wgs84":
            write_online_map(layers, partial / online_file(datum), datum, synthetic=synthetic)
        write_workbook(
            tables,
            partial / WORKBOOK_FILE,
            language=language,
            streets=outcome.network.source,
            certificate="" if choice is None else say_certificate(choice.solution, language, choice.question),
            synthetic=synthetic,
        )
        if circle is not None:
            page = hours_page(
                tables["by_hour"], title=title, night=circle.latest.rules.night, language=language, synthetic=synthetic
            )
            (partial / HOURS_FILE).write_text(page, encoding="utf-8", newline="\n")
        if circle is not None and circle.lists is not None:
            write_three_lists(circle.lists, partial / LISTS_FILES[language], language=language, synthetic=synthetic)
        shown = map_data or gather_map_data(
            outcome, baseline, candidates=candidates, choice=choice, circle=circle, title=title, synthetic=synthetic
        )
        if shown is not None:
            write_map_data(shown, partial / MAP_DATA_FILE)
        if map_page is not None:
            map_page(partial / MAP_FILE)
            if not (partial / MAP_FILE).is_file():
                raise ConfigError(
                    "map_page must write the file whose path it is given; it wrote none; save the map there"
                )
        record = _record(run()) if callable(run) else dict(given or {})
        record |= {"versions": versions() | record.get("versions", {}), _OURS: ours}
        write_run_file(record, partial / RUN_FILE)
        if report_page is not None:
            report_page(partial)
    return target


def read_results(folder: str | PathLike[str]) -> Results:
    """Reopen a folder that `write_results` wrote.

    Parameters
    ----------
    folder
        The folder.

    Returns
    -------
    Results
        Tables, layers and run.json, with the values and types they were written with.

    Raises
    ------
    SourceError
        The folder does not exist, is no results folder, was written by a later version, or lacks a file or layer.
    """
    home = Path(folder)
    run = _read_run(home)
    if run is None:
        raise SourceError(
            f"{home} must be a results folder, which has a {RUN_FILE} written by coverage-planner; "
            f"got {'a folder without' if home.is_dir() else 'no such folder'}; check the path"
        )
    if run[_OURS]["format"] > FORMAT:
        raise SourceError(
            f"{home} must be of form {FORMAT} or earlier, got {run[_OURS]['format']}; update coverage-planner"
        )
    written = run[_OURS].get("rows", {})
    needed = [LAYER_FILE, *(f"{name}.csv" for name in TABLES if name not in _LATER)]
    needed += [f"{name}.csv" for name in CIRCLE_TABLES if name in written]
    missing = [name for name in needed if not (home / name).is_file()]
    if missing:
        raise SourceError(
            f"{home} must hold all files of a results folder, missing {name_some(missing)}; write it again"
        )
    datum = check_datum(run[_OURS].get("datum", "wgs84"), f"{home}")
    tables = {name: in_wgs84(_read_table(home, name), datum) for name in TABLES}
    left_out = {name for name in CIRCLE_LAYERS if name not in run[_OURS].get("features", {})}
    layers = {
        name: _empty_layer(name, run[_OURS]["crs"]) if name in left_out else _read_layer(home / LAYER_FILE, name)
        for name in LAYERS
    }
    return Results(tables, layers, run)


# --- the folder ---


def _read_run(folder: Path) -> dict[str, Any] | None:
    """Return a results folder's run.json; None where the folder is none."""
    try:
        run = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # no such file, or somebody else's
        return None
    ours = run.get(_OURS) if isinstance(run, dict) else None
    return run if isinstance(ours, dict) and isinstance(ours.get("format"), int) else None


def check_folder(folder: str | PathLike[str], *, force: bool = False) -> None:
    """Raise unless results can be written to a folder without loss of anybody's files; ask before long work.

    Parameters
    ----------
    folder
        The folder to be written.
    force
        Whether a results folder may be replaced.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is not a results folder and nothing else.
    """
    home = Path(folder).resolve()
    check_replaceable(
        home,
        what="results",
        mark=RUN_FILE,
        is_ours=_read_run(home) is not None,
        files=FILES | CIRCLE_FILES | {REPORT_FILE, *LISTS_FILES.values(), *ONLINE_FILES} | _LEFT_BEHIND,
        force=force,
    )


# --- its files ---


def _record(run: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the caller says of the run as JSON can hold it."""
    record: dict[str, Any] = plain({} if run is None else run, "run")
    if _OURS in record or not isinstance(record.get("versions", {}), dict):
        raise ConfigError(
            f"run must leave the key {_OURS!r} to write_results and hold a mapping under 'versions' if anything, "
            f"got the keys {list(record)}; rename them"
        )
    return record


def _read_table(home: Path, name: str) -> pd.DataFrame:
    path = home / f"{name}.csv"
    if name in _LATER and not path.is_file():
        return set_types(pd.DataFrame(columns=list(TABLES[name])))
    return read_csv(path)


def _read_layer(path: Path, name: str) -> gpd.GeoDataFrame:
    try:
        layer = pyogrio.read_dataframe(path, layer=name)
    except (DataSourceError, DataLayerError) as error:
        raise SourceError(f"{path} must hold the layer {name!r}: {error}; write the results again") from error
    return set_types(layer)


def _empty_layer(name: str, crs: str) -> gpd.GeoDataFrame:
    columns: dict[str, list[object]] = {column: [] for column in LAYERS[name][1]}
    return set_types(gpd.GeoDataFrame(columns, geometry=[], crs=crs))


def _require_sites(outcome: Outcome, choice: Choice | None) -> None:
    if choice is None:
        return
    facilities = outcome.scenario.facilities
    known = set(facilities["id"][is_proposed(facilities)])
    absent = [label for label in choice.solution.sites["id"] if label not in known]
    if absent:
        raise InputError(
            f"the solution's sites must be proposed sites of scenario {outcome.scenario.name!r}; not so for sites "
            f"{name_some(absent)}; evaluate the scenario with_sites(…, solution.sites)"
        )
