"""A comparison of plans -> the tables that planners read and the layers for QGIS."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.report.plan_columns import PLAN_COLUMNS, PLAN_LAYERS, PLAN_TABLES
from coverage_planner.report.table_columns import set_types
from coverage_planner.report.tables import for_people, synthetic_note
from coverage_planner.report.words import Language
from coverage_planner.scenario.compare import Comparison
from coverage_planner.scenario.plan_figures import CIRCLE_MEASURES, MEASURES
from coverage_planner.scenario.plan_pairs import CHANGES, point_changes

_S_PER_MIN = 60.0
#: Changes of demand points in tables; what is covered in neither plan is said so, not as uncovered demand of one.
POINT_WORDS = tuple("neither" if word == "uncovered" else word for word in CHANGES)


def plan_tables(comparison: Comparison, *, synthetic: bool = False) -> dict[str, pd.DataFrame]:
    """Cut the tables of a comparison: minutes, WGS 84, the columns of `plan_columns.PLAN_TABLES`.

    Parameters
    ----------
    comparison
        What `compare` or `compare_results` returned.
    synthetic
        Whether the data are made up: every table then ends with the column ``note`` that says so.

    Returns
    -------
    dict
        Table name -> table; those of which there is nothing have their columns and no rows.
    """
    found: dict[str, pd.DataFrame] = {
        "overall": _overall(comparison),
        "pairs": comparison.pairs.rename(columns=lambda name: str(name).replace("uncovered_", "neither_")),
        "by_subdistrict": comparison.subdistricts,
        "by_community": comparison.communities,
        "by_service": comparison.services,
        "stations": comparison.stations,
        "gaps": comparison.gaps,
    }
    tables = {name: _cut(for_people(found[name], columns), columns) for name, columns in PLAN_TABLES.items()}
    return {name: table.assign(note=synthetic_note(table)) if synthetic else table for name, table in tables.items()}


def plan_layers(comparison: Comparison) -> dict[str, gpd.GeoDataFrame]:
    """Cut the layers of a comparison: the columns of `plan_columns.PLAN_LAYERS`, seconds, the network's CRS.

    Parameters
    ----------
    comparison
        What `compare` or `compare_results` returned.

    Returns
    -------
    dict
        Layer name -> layer. ``points`` has every demand point once for each pair and group.
    """
    crs = comparison.stations.crs
    areas = comparison.plans[0].areas
    outlines = dict(zip(areas["id"], areas.geometry, strict=True))
    by_community = comparison.communities
    places = [outlines[label] for label in by_community["id"]]
    found = {
        "points": _points(comparison),
        "communities": gpd.GeoDataFrame(by_community, geometry=places, crs=crs),
        "stations": comparison.stations,
        "gaps": comparison.gaps,
    }
    return {
        name: gpd.GeoDataFrame(
            _cut(pd.DataFrame(layer), PLAN_LAYERS[name][1]), geometry=layer.geometry.to_numpy(), crs=crs
        )
        for name, layer in found.items()
    }


def _cut(table: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    return set_types(pd.DataFrame(table)[list(columns)].reset_index(drop=True), PLAN_COLUMNS)


def _overall(comparison: Comparison) -> pd.DataFrame:
    """Return one row per group and plan, a group's plans under each other; today's changes are empty."""
    first = comparison.plans[0].overall
    rows = []
    for place in range(len(first)):
        for number, plan in enumerate(comparison.plans):
            now, was = plan.overall.iloc[place], first.iloc[place]
            row: dict[str, Any] = {str(column): now[column] for column in now.index}
            for measure in (*MEASURES, *CIRCLE_MEASURES):
                row[f"change_{measure}"] = now[measure] - was[measure] if number else np.nan
            rows.append(row | {"scenario": plan.name, "cutoff_min": now["cutoff_s"] / _S_PER_MIN})
    return pd.DataFrame(rows)


def _points(comparison: Comparison) -> gpd.GeoDataFrame:
    words = np.array(POINT_WORDS, dtype=object)
    tables = []
    for before, after in combinations(comparison.plans, 2):
        for group, points in before.points.items():
            columns: dict[str, Any] = {
                "before": before.name,
                "after": after.name,
                "group": group,
                "id": points["id"],
                "demand": points["demand"],
                "time_before_s": points["time_s"],
                "time_after_s": after.points[group]["time_s"].to_numpy(),
                "point_change": words[point_changes(before, after, group)],
            }
            tables.append(gpd.GeoDataFrame(columns, geometry=points.geometry, crs=points.crs))
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=comparison.stations.crs)


def say_words(table: pd.DataFrame, name: str, texts: Mapping[str, str], language: Language) -> pd.DataFrame:
    """Return a table in which our own words of comparisons (what happens, what is changed) are said in a language.

    Parameters
    ----------
    table
        One of `plan_tables`.
    name
        Its name.
    texts
        `plan_words.plan_words` of the language.
    language
        'zh' or 'en'.
    """
    if "what" not in table:
        return table
    prefix = "gap_" if name == "gaps" else ""
    said = table.assign(what=[texts[f"{prefix}{word}"] for word in table["what"]])
    if "changed" not in table:
        return said
    between = "、" if language == "zh" else ", "
    changed = [
        None if words is None else between.join(_fact(fact, texts, language) for fact in words.split(";"))
        for words in table["changed"]
    ]
    return said.assign(changed=pd.Series(changed, index=table.index, dtype=object))


def _fact(fact: str, texts: Mapping[str, str], language: Language) -> str:
    return texts["place"] if fact == "place" else PLAN_COLUMNS[fact].heading(language)
