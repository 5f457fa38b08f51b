"""The charts of the report: which rows of which table each of them shows, and its legend."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coverage_planner.report import styles
from coverage_planner.report.cells import Sentence, escape
from coverage_planner.report.charts import (
    MOST_BARS,
    PROPOSED,
    TODAY,
    chart_amounts,
    chart_changes,
    chart_hours,
    chart_lorenz,
    chart_pairs,
    chart_sites,
    finish,
)
from coverage_planner.report.fonts import Lettering, lettered
from coverage_planner.report.report_parts import Key, Report, figure_html, file_name, rows_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def charts_html(report: Report, lettering: Lettering) -> list[str]:
    """Return the charts of the headline group as HTML.

    Parameters
    ----------
    report
        The report.
    lettering
        The fonts of the pictures.
    """
    with lettered(lettering):
        found = [
            _sites(report, lettering),
            _areas(report, lettering, "by_subdistrict"),
            _areas(report, lettering, "by_community"),
            _hours(report, lettering),
            _services(report, lettering),
            _reasons(report, lettering),
            _lorenz(report, lettering),
        ]
    return [page for page in found if page]


def _hours(report: Report, lettering: Lettering) -> str:
    night = (report.ours.get("circle") or {}).get("night")
    hours = (int(night[0]), int(night[1])) if night else None
    figure = chart_hours(report.tables["by_hour"], report.scenarios, report.groups[0], hours, report.said)
    keys = []
    for scenario, colour in _colours(report):
        names = {"any": Key("line", colour, ""), "full": Key("dash", colour, "")}
        for what, key in names.items():
            keys.append(Key(key.mark, colour, f"<bdi>{escape(scenario)}</bdi> · {report.words[f'l_{what}']}"))
    keys += [Key("area", "#e9ebf3", report.words["l_night"])] if hours else []
    return _figure(report, figure, "p_chart_hours", keys, "by_hour", lettering)


def _services(report: Report, lettering: Lettering) -> str:
    sides = [_side(report, "by_service", scenario, "service", "covered_demand_share") for scenario in report.scenarios]
    services = [name for name in sides[-1].index if any(pd.notna(side.get(name)) for side in sides)]
    labels = [str(report.said.say("service", name)) for name in services[:MOST_BARS]]
    figure = chart_pairs(labels, *_values(sides, services[:MOST_BARS]), lettering)
    return _figure(report, figure, "p_chart_services", _bars(report, "bar"), "by_service", lettering)


def _areas(report: Report, lettering: Lettering, table: str) -> str:
    """Show subdistricts in their order, and the communities with the most uncovered demand today."""
    key = "name" if table == "by_subdistrict" else "id"
    sides = [_side(report, table, scenario, key, "covered_demand_share") for scenario in report.scenarios]
    rows = report.tables[table].iloc[rows_of(report.tables[table], _of(report, report.scenarios[0]))]
    rows = rows[rows["demand"] > 0]
    if table == "by_community":
        lacking = (rows["demand"] - rows["covered_demand"]).sort_values(ascending=False, kind="stable")
        rows = rows.loc[lacking[lacking > 0].index[: MOST_BARS - 4]]
    areas = list(rows[key])[:MOST_BARS]
    names = dict(zip(rows[key], rows["name"], strict=True))
    labels = [str(report.said.say("name", names[area] or area)) for area in areas]
    figure = chart_changes(labels, *_values(sides, areas), lettering)
    marks = [
        Key("disc" if place == len(report.scenarios) - 1 else "ring", colour, f"<bdi>{escape(scenario)}</bdi>")
        for place, (scenario, colour) in enumerate(_colours(report))
    ]
    name = "p_chart_subdistricts" if table == "by_subdistrict" else "p_chart_communities"
    return _figure(report, figure, name, marks, table, lettering)


def _lorenz(report: Report, lettering: Lettering) -> str:
    figure = chart_lorenz(report.tables["lorenz"], report.scenarios, report.groups[0], report.said)
    keys = [Key("line", colour, f"<bdi>{escape(scenario)}</bdi>") for scenario, colour in _colours(report)]
    keys.append(Key("dots", "#6d757b", report.words["l_equal"]))
    return _figure(report, figure, "p_chart_lorenz", keys, "lorenz", lettering)


def _reasons(report: Report, lettering: Lettering) -> str:
    """Show why demand has no full service at any hour, or lies beyond the cutoff where a plan says nothing of hours."""
    table = report.tables["reasons"]
    if len(table):
        general = table[table["moment"].isna() & (table["group"] == report.groups[0])]
        name, sides = "reasons", [
            general[general["scenario"] == scenario].groupby("reason", sort=False)["uncovered_demand"].sum()
            for scenario in report.scenarios
        ]  # fmt: skip
    else:
        name, sides = "demand", [_lacking(report, role) for role in report.ours["scenarios"]]
    reasons = list(dict.fromkeys(reason for side in sides for reason in side.index))
    labels = [str(report.said.say("reason", reason)) for reason in reasons]
    figure = chart_amounts(labels, *_values([side.reindex(reasons).fillna(0.0) for side in sides], reasons), lettering)
    looks = [("#ecc0ab", styles.GAP), (styles.GAP, "")] if len(sides) > 1 else [(styles.GAP, "")]
    keys = [
        Key("bar", colour, f"<bdi>{escape(scenario)}</bdi>", edge)
        for scenario, (colour, edge) in zip(report.scenarios, looks, strict=False)
    ]
    return _figure(report, figure, "p_chart_reasons", keys, name, lettering)


def _lacking(report: Report, role: str) -> "pd.Series[float]":
    """Return uncovered demand by reason from the layer of demand points."""
    points = report.results.layers["demand"]
    column = f"reason_{role}"
    rows = points[(points["group"] == report.groups[0]) & points[column].notna()]
    sums: pd.Series[float] = rows.groupby(column, sort=True)["demand"].sum()
    return sums


#: Shares nearer to each other than this are one: tables hold them to ten digits or so.
_SAME_SHARE = 1e-6


def _sites(report: Report, lettering: Lettering) -> str:
    group = report.groups[0]
    sites = report.tables["by_site"]
    sites = sites[sites["group"] == group].sort_values(["order", "number"], kind="stable")
    today, demand = (
        report.cell("overall", column, _of(report, report.scenarios[0]))
        for column in ("covered_demand_share", "demand")
    )
    if sites.empty or today is None or demand is None or len(report.scenarios) == 1:
        return ""
    reached = report.cell("overall", "covered_demand_share", _of(report, report.latest))
    added = float(today.value) + float(sites["added_demand"].sum()) / float(demand.value)
    if reached is None or not np.isclose(added, float(reached.value), atol=_SAME_SHARE):
        return ""  # stations close as well: bars that only rise would end above the plan's share
    figure = chart_sites(sites, float(today.value), float(demand.value), report.said, report.scenarios[0])
    keys = [
        Key("bar", TODAY, f"<bdi>{escape(report.scenarios[0])}</bdi>"),
        Key("bar", styles.SITE, report.words["l_site"]),
    ]
    return _figure(report, figure, "p_chart_sites", keys, "by_site", lettering)


# --- what they share ---


def _of(report: Report, scenario: str) -> dict[str, str]:
    return {"scenario": scenario, "group": report.groups[0]}


def _side(report: Report, name: str, scenario: str, key: str, value: str) -> "pd.Series[float]":
    table = report.tables[name]
    rows = table.iloc[rows_of(table, _of(report, scenario))]
    return pd.Series(rows[value].to_numpy(dtype=float), index=list(rows[key])).groupby(level=0, sort=False).first()


def _values(sides: Sequence["pd.Series[float]"], names: Sequence[str]) -> tuple[list[float], list[float] | None]:
    """Return the values of one or two scenarios; nothing is drawn where a share has no value."""
    found = [[float(side.get(name, np.nan)) for name in names] for side in sides]
    return found[0], found[-1] if len(found) > 1 else None


def _colours(report: Report) -> list[tuple[str, str]]:
    if len(report.scenarios) == 1:
        return [(report.latest, PROPOSED)]
    return list(zip(report.scenarios, (TODAY, PROPOSED), strict=False))


def _bars(report: Report, mark: str) -> list[Key]:
    return [Key(mark, colour, f"<bdi>{escape(scenario)}</bdi>") for scenario, colour in _colours(report)]


def _figure(
    report: Report, figure: "Figure | None", key: str, keys: Sequence[Key], table: str, lettering: Lettering
) -> str:
    if figure is None:
        return ""
    names: Mapping[str, str] = {"group": report.groups[0]}
    title = Sentence(report.words[key], {}, names)
    file = f"{table}.csv" if table in report.tables else "result.gpkg"
    alt = report.words["alt_chart"].format(what=title.text(report.language), file=file)
    source = escape(report.words["source"], braces=False).format(source=file_name(file))
    return figure_html(finish(figure, lettering), title=title.html(report.language), alt=alt, keys=keys, source=source)
