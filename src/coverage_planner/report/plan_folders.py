"""The folder of a comparison of plans: the page, tables, a workbook and layers, whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
from openpyxl.styles import Alignment

from coverage_planner.errors import SourceError
from coverage_planner.report.csv_tables import write_csv
from coverage_planner.report.map_data import MapData, map_data, read_map_data
from coverage_planner.report.map_data_merge import merge_map_data
from coverage_planner.report.plan_columns import PLAN_COLUMNS, PLAN_LAYERS, PLAN_SHEETS, PLAN_TABLES
from coverage_planner.report.plan_page import plan_page
from coverage_planner.report.plan_results import compare_read, name_plans, name_today
from coverage_planner.report.plan_summary import SummaryPart, summarise_plans
from coverage_planner.report.plan_tables import plan_layers, plan_tables, say_words
from coverage_planner.report.plan_words import plan_words
from coverage_planner.report.results import MAP_DATA_FILE, Results, read_results
from coverage_planner.report.run_file import plain, versions, write_layers, write_run_file
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import SYNTHETIC_NOTE
from coverage_planner.report.words import Language, words
from coverage_planner.report.workbook import table_sheet
from coverage_planner.scenario.compare import Comparison, compare
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.whole_folder import check_replaceable, whole_folder

if TYPE_CHECKING:
    from coverage_planner.scenario.circle import Circle

#: Number of the folder's form.
FORMAT = 1
PAGE_FILE = "comparison.html"
WORKBOOK_FILE = "comparison.xlsx"
LAYER_FILE = "comparison.gpkg"
RECORD_FILE = "comparison.json"
FILES = frozenset({PAGE_FILE, WORKBOOK_FILE, LAYER_FILE, RECORD_FILE, *(f"{name}.csv" for name in PLAN_TABLES)})
_LEFT_BEHIND = frozenset({f"~${WORKBOOK_FILE}", f"{LAYER_FILE}-wal", f"{LAYER_FILE}-shm", f"{LAYER_FILE}-journal"})
#: Width of the column of sentences in the workbook, characters.
_SENTENCE_WIDTH = 110


@dataclass(frozen=True)
class ComparedFolders:
    """What a comparison of results folders came to.

    Attributes
    ----------
    folder
        The folder written.
    summary
        The plain-language summary, one text per sentence.
    record
        Plain JSON: the plans, their figures and the files.
    """

    folder: Path
    summary: tuple[str, ...]
    record: Mapping[str, Any]


def write_comparison(
    outcomes: Sequence[Outcome],
    folder: str | PathLike[str],
    *,
    circles: "Sequence[Circle] | None" = None,
    language: Language = "zh",
    title: str | None = None,
    synthetic: bool = False,
    force: bool = False,
) -> Path:
    """Write a comparison of plans: comparison.html, CSV tables, comparison.xlsx and comparison.gpkg.

    Parameters
    ----------
    outcomes
        At least two outcomes of the same groups and demand, today first.
    folder
        The folder to write; its parents are made.
    circles
        `measure_circle` of each outcome, in the same order.
    language
        'zh' or 'en'.
    title
        Heading of the page.
    synthetic
        Whether the data are made up; page, tables and layers then say so.
    force
        Replace an earlier comparison; a folder that holds anything else is refused all the same.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    ConfigError
        Unknown language, names repeat, or the folder exists.
    InputError
        The outcomes cannot be compared, or the folder cannot be written.
    """
    words(language)
    target = Path(folder).resolve()
    check_comparison_folder(target, force=force)
    comparison = compare(outcomes, circles=circles)
    data = map_data(outcomes, circles=circles, title=title, synthetic=synthetic)
    return _write(comparison, data, target, language, title=title, synthetic=synthetic, force=force, sources=()).folder


def compare_folders(
    folders: Sequence[str | PathLike[str]],
    out: str | PathLike[str],
    *,
    names: Sequence[str] | None = None,
    language: Language | None = None,
    force: bool = False,
) -> ComparedFolders:
    """Compare plans from their results folders and write the comparison to a folder.

    Parameters
    ----------
    folders
        Results folders of plans with the same streets, groups, demand and stations of today.
    out
        The folder to write.
    names
        What to call the plans that the folders propose, in order.
    language
        'zh' or 'en'; that of the first folder by default.
    force
        Replace an earlier comparison.

    Returns
    -------
    ComparedFolders
        The folder, the summary and the figures.

    Raises
    ------
    ConfigError
        Fewer than two scenarios, names repeat, unknown language, or the folder exists.
    InputError
        The folders differ in more than their plans, or the folder cannot be written.
    SourceError
        One is no results folder.
    """
    target = Path(out).resolve()
    check_comparison_folder(target, force=force)
    homes = [Path(folder) for folder in folders]
    results = [read_results(home) for home in homes]
    said = str(results[0].run["results"]["language"]) if results and language is None else language
    spoken: Language = "en" if said == "en" else "zh"
    if language is not None:
        words(language)
    comparison = compare_read(results, homes, names=names)
    data = _merged(results, homes, name_plans(results, homes, names))
    return _write(
        comparison,
        data,
        target,
        spoken,
        title=_title(results),
        synthetic=any(found.run["results"]["synthetic"] for found in results),
        force=force,
        sources=homes,
    )


def check_comparison_folder(folder: Path, *, force: bool = False) -> None:
    """Raise unless a comparison can be written to a folder without loss of anybody's files.

    Raises
    ------
    ConfigError
        The folder exists and `force` is false, or it is no comparison and nothing else.
    """
    check_replaceable(
        folder,
        what="comparison",
        mark=RECORD_FILE,
        is_ours=(folder / RECORD_FILE).is_file(),
        files=FILES | _LEFT_BEHIND,
        force=force,
    )


def _title(results: Sequence[Results]) -> str | None:
    """Return the name of the plan where all folders have the same."""
    plans = [found.run.get("plan") for found in results]
    names = {str(plan["name"]) for plan in plans if isinstance(plan, dict) and plan.get("name")}
    return names.pop() if len(names) == 1 else None


def _merged(results: Sequence[Results], homes: Sequence[Path], names: Sequence[str | None]) -> MapData:
    missing = [home for home in homes if not (home / MAP_DATA_FILE).is_file()]
    if missing:
        raise SourceError(
            f"results to be compared must have {MAP_DATA_FILE}, which earlier versions did not write; {missing[0]} has "
            "none; run the plan again"
        )
    scenarios = [found.run["results"]["scenarios"] for found in results]
    # a folder of today alone adds nothing where another one has today too
    known = any("today" in roles and "proposed" in roles for roles in scenarios)
    wanted = [place for place, roles in enumerate(scenarios) if "proposed" in roles or not known]
    today = str(name_today(results))
    given = [today if names[place] is None else str(names[place]) for place in wanted]
    return merge_map_data([_call_today(read_map_data(homes[place] / MAP_DATA_FILE), today) for place in wanted], given)


def _call_today(data: MapData, name: str) -> MapData:
    """Return map data whose scenario of today has this name."""
    *before, last = data.content["scenarios"]
    return MapData({**data.content, "scenarios": [*({**scenario, "name": name} for scenario in before), last]})


def _write(
    comparison: Comparison,
    data: MapData,
    target: Path,
    language: Language,
    *,
    title: str | None,
    synthetic: bool,
    force: bool,
    sources: Sequence[Path],
) -> ComparedFolders:
    tables = plan_tables(comparison, synthetic=synthetic)
    parts = summarise_plans(tables, language)
    page = plan_page(tables, parts, data, language=language, title=title, synthetic=synthetic)
    layers = plan_layers(comparison)
    summary = tuple(sentence.text(language) for part in parts for sentence in part.sentences)
    overall = tables["overall"]
    record = plain(
        {
            "comparison": FORMAT,
            "language": language,
            "synthetic": synthetic,
            "scenarios": [plan.name for plan in comparison.plans],
            "folders": [str(home) for home in sources],
            "overall": overall.drop(columns="note", errors="ignore").to_dict("records"),
            "summary": list(summary),
            "rows": {name: len(table) for name, table in tables.items()},
            "versions": versions(),
        },
        "comparison",
    )
    with whole_folder(target, what="comparison", check=lambda: check_comparison_folder(target, force=force)) as partial:
        (partial / PAGE_FILE).write_text(page, encoding="utf-8", newline="\n")
        for name, table in tables.items():
            write_csv(table, partial / f"{name}.csv", PLAN_COLUMNS)
        types = {name: PLAN_LAYERS[name][0] for name in layers}
        write_layers(layers, partial / LAYER_FILE, types, synthetic=synthetic)
        _write_workbook(tables, parts, partial / WORKBOOK_FILE, language, synthetic=synthetic)
        write_run_file(record, partial / RECORD_FILE)
    return ComparedFolders(target, summary, record)


def _write_workbook(
    tables: Mapping[str, pd.DataFrame], parts: Sequence[SummaryPart], path: Path, language: Language, *, synthetic: bool
) -> None:
    """Write comparison.xlsx: the summary to read first, then every table with headings in the planner's language."""
    said, texts = speech(language), plan_words(language)
    column = 0 if language == "zh" else 1
    book = openpyxl.Workbook()
    first = book.worksheets[0]
    first.title = PLAN_SHEETS["summary"][column]
    rows = [(part.before, part.after, sentence.text(language)) for part in parts for sentence in part.sentences]
    summary = pd.DataFrame(rows, columns=["before", "after", "remark"])
    table_sheet(first, "summary", summary.assign(note=SYNTHETIC_NOTE) if synthetic else summary, said, PLAN_COLUMNS)
    first.column_dimensions["C"].width = _SENTENCE_WIDTH
    for cell in first["C"]:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for name, table in tables.items():
        sheet = book.create_sheet(PLAN_SHEETS[name][column])
        table_sheet(sheet, name, say_words(table, name, texts, language), said, PLAN_COLUMNS)
    book.save(path)
