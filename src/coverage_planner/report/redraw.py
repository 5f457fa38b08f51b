"""A results folder -> its map again: in another language, with a base map, with an approval number."""

import json
import os
from os import PathLike
from pathlib import Path
from typing import Any, get_args

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.report.map_data import MapData, read_map_data
from coverage_planner.report.map_page import draw_map_data
from coverage_planner.report.map_tiles import base_maps
from coverage_planner.report.results import MAP_DATA_FILE, MAP_FILE, RUN_FILE
from coverage_planner.report.words import SCENARIO_NAMES, Language

_SUFFIXES = (".html", ".htm")


def redraw_map(
    folder: str | PathLike[str],
    path: str | PathLike[str] | None = None,
    *,
    language: Language | None = None,
    group: str | None = None,
    tianditu_key: str | None = None,
    osm: bool = False,
    approval: str | None = None,
    boundary_source: str | None = None,
) -> Path:
    """Draw the map of a results folder again.

    Parameters
    ----------
    folder
        A folder that `write_results` wrote.
    path
        The page to write, replaced whole or not at all; by default ``map.html`` in the folder.
    language
        'zh' or 'en'; by default that of the results.
    group
        The group shown first; by default the first of the plan.
    tianditu_key, osm
        Online base maps to offer besides those of the results, as for `map_tiles.base_maps`.
    approval, boundary_source
        The map approval number (审图号) and where the boundaries come from; by default those of the results.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    ConfigError
        Unknown language or group; a key that is none; `path` is no HTML page.
    InputError
        The page cannot be written.
    SourceError
        The folder is none of results, or was written by a version whose results have no ``map_data.json``.
    """
    home = Path(folder)
    target = home / MAP_FILE if path is None else Path(path)
    if target.suffix.lower() not in _SUFFIXES:
        raise ConfigError(f"the map must be written to a file that ends with .html, got {target}; rename it")
    written = results_language(home)
    data = read_results_map(home)
    if language is not None:
        data = _named_in(data, written, language)
    offered = base_maps(tianditu_key=tianditu_key, osm=osm)
    named = [tiles["name"] for tiles in offered]
    drawn = draw_map_data(
        data,
        language=language or written,
        group=group,
        tiles=[*offered, *(tiles for tiles in data.content["tiles"] if tiles["name"] not in named)],
        approval=approval,
        boundary_source=boundary_source,
    )
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        drawn.save(str(partial))
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"the map must be written to {target}, got: {error}; close the file, or choose another"
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return target


def _named_in(data: MapData, written: Language, language: Language) -> MapData:
    """Say in another language what the run called its scenarios; names that somebody chose stay."""
    if language not in SCENARIO_NAMES:
        return data  # refused, by its name, where the page is drawn
    other = dict(zip(SCENARIO_NAMES[written], SCENARIO_NAMES[language], strict=True))
    scenarios = [
        {**scenario, "name": other.get(scenario["name"], scenario["name"])} for scenario in data.content["scenarios"]
    ]
    return MapData({**data.content, "scenarios": scenarios})


def read_results_map(folder: str | PathLike[str]) -> MapData:
    """Read what the map of a results folder is drawn from.

    Parameters
    ----------
    folder
        A folder that `write_results` wrote.

    Raises
    ------
    SourceError
        The folder is none of results, or was written by a version whose results have no ``map_data.json``.
    InputError
        The data are of a later version.
    """
    home = Path(folder)
    _read_run(home)
    if not (home / MAP_DATA_FILE).is_file():
        raise SourceError(
            f"{home} must have the file {MAP_DATA_FILE}, got results without it: they are of an "
            "earlier version, or have scenarios on different streets, which no one map shows; run the plan again"
        )
    return read_map_data(home / MAP_DATA_FILE)


def results_language(folder: str | PathLike[str]) -> Language:
    """Return the language that a results folder was written in.

    Raises
    ------
    SourceError
        The folder is none of results.
    """
    given = _read_run(Path(folder))["results"].get("language")
    known: tuple[Language, ...] = get_args(Language)
    return next((language for language in known if language == given), known[0])


def _read_run(home: Path) -> dict[str, Any]:
    try:
        run = json.loads((home / RUN_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        run = None
    if not isinstance(run, dict) or not isinstance(run.get("results"), dict):
        raise SourceError(
            f"{home} must be a results folder, which has a {RUN_FILE} written by coverage-planner; "
            f"got {'a folder without' if home.is_dir() else 'no such folder'}; check the path"
        )
    return run
