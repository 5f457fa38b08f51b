"""Key figures in sentences and the tables of the report; every figure is a cell of an exported table."""

from collections.abc import Sequence

import pandas as pd

from coverage_planner.report.cells import Cell, Sentence, cell_at, escape
from coverage_planner.report.report_parts import Report, items, rows_of, sentence, table_html

#: What the cards at the top of the report show of the headline group.
_CARDS = ("covered_demand_share", "covered_demand", "mean_time_min", "n_facilities")
#: Sentence -> the table and column that it speaks of.
_MEASURES = {
    "f_mean": ("overall", "mean_time_min"),
    "f_straight": ("overall", "straight_line_demand_share"),
    "f_full": ("overall", "full_demand_share"),
    "f_open": ("overall", "open_week_share"),
    "f_night": ("overall", "open_night_share"),
    "f_unassigned": ("overall", "unassigned_demand"),
    "f_gini": ("equity", "gini"),
    "f_p90": ("equity", "p90_time_min"),
}
#: Tables of the report that have one row per area, site and so on: columns shown.
_OVERALL = (
    "group", "scenario", "n_facilities", "demand", "covered_demand", "covered_demand_share",
    "covered_point_share", "covered_area_share", "covered_road_share", "mean_time_min",
)  # fmt: skip
#: Of the other groups in the chapter of key figures.
_OTHERS = (
    "group", "scenario", "cutoff_min", "covered_demand_share", "mean_time_min", "full_demand_share", "open_week_share",
    "open_night_share", "unassigned_demand",
)  # fmt: skip
_SITES = (
    "number", "order", "name", "kind", "added_demand", "newly_covered_demand", "overlap_existing_demand",
    "mean_time_min", "cost", "gap_id",
)  # fmt: skip
_AREAS = (
    "name", "demand", "covered_demand", "covered_demand_share", "mean_time_min", "change_covered_demand",
    "change_covered_demand_share",
)  # fmt: skip
_WORST = (
    "rank", "name", "subdistrict", "demand", "uncovered_demand", "uncovered_demand_share", "beyond_twice_share",
    "p90_time_min",
)  # fmt: skip
_GAPS = ("rank", "id", "uncovered_demand", "n_points", "reason", "nearest_facility_m")
_SERVICES = (
    "service", "cutoff_min", "n_offering", "covered_demand_share", "covered_hour_share", "covered_always_share",
    "change_covered_demand_share",
)  # fmt: skip
_HUBS = ("id", "name", "n_satellites", "most_satellites", "mean_distance_m")
_CAPACITY = ("shortage_rank", "name", "room", "nearest_demand", "crowding", "shortage", "assigned_demand", "full")
_NEEDS = (
    "rank", "community", "group", "lack", "service", "demand", "demand_share", "nearest_name", "nearest_time_min",
    "answer",
)  # fmt: skip
_MOBILE = ("name", "vehicle", "services", "opening_hours", "open_h_per_week")


# --- sentences ---


def cards_html(report: Report) -> str:
    """Return the headline group's figures as cards: today, and the proposed scenario where there is one."""
    group, cards = report.groups[0], []
    for column in _CARDS:
        cells = [
            report.cell("overall", column, {"scenario": scenario, "group": group}) for scenario in report.scenarios
        ]
        figures = [cell.html(report.language) for cell in cells if cell is not None]
        if figures:
            shown = '<span class="to" aria-label="→">→</span>'.join(figures)
            label = escape(report.said.heading(column, "overall"))
            cards.append(f'<div class="card"><p class="figure said">{shown}</p><p>{label}</p></div>')
    names = " → ".join(f"<bdi>{escape(name)}</bdi>" for name in report.scenarios)
    return f'<p class="who"><bdi>{escape(group)}</bdi> · {names}</p><div class="cards">{"".join(cards)}</div>'


def asks_html(report: Report) -> str:
    """Return in two sentences what the report asks and whether it proposes sites."""
    group = report.groups[0]
    where = {"scenario": report.scenarios[0], "group": group}
    cells = {"mode": report.cell("overall", "mode", where), "cutoff": report.cell("overall", "cutoff_min", where)}
    said = sentence(report, "f_asks", cells, {"group": group})
    choice = report.tables["choice"]
    if len(choice) and choice["n_sites"].iloc[0] > 0:
        between = "" if report.language == "zh" else " "
        said += between + sentence(report, "f_asks_sites", {"n": cell_at(choice, "choice", 0, "n_sites")})
    return f"<p>{said}</p>"


def findings_html(report: Report) -> str:
    """Return what the tables say: in full of the headline group, in short of the others."""
    headline, *others = report.groups
    said = items([*_coverage(report, headline), *_quality(report, headline), *_lacks(report, headline)])
    parts = [f"<section><h3><bdi>{escape(headline)}</bdi></h3>{said}</section>"]
    together = items([*_choice(report), _shortage(report), _need(report)])
    if together:
        parts.append(f"<section><h3>{escape(report.words['sites_and_resources'])}</h3>{together}</section>")
    if others:
        parts.append(f"<section><h3>{escape(report.words['other_groups'])}</h3>{_others(report, others)}</section>")
    return "".join(parts)


def _others(report: Report, groups: Sequence[str]) -> str:
    """Return a table of the other groups' figures and a few sentences on each."""
    table = report.tables["overall"]
    rows = [row for group in groups for row in rows_of(table, {"group": group})]
    title = escape(report.words["t_overall"])
    shown = table_html(report, "overall", rows, _OTHERS, title=title, n_rows=len(table))
    said = []
    for group in groups:
        coverage = _coverage(report, group)
        facts = [coverage[0], coverage[-1], *_lacks(report, group)[-2:-1]]
        between = "" if report.language == "zh" else " "
        said.append(f"<b><bdi>{escape(group)}</bdi></b> {between.join(fact for fact in facts if fact)}")
    return shown + items(said)


def _coverage(report: Report, group: str) -> list[str]:
    first, last = report.scenarios[0], report.latest
    of_first, of_last = {"scenario": first, "group": group}, {"scenario": last, "group": group}
    columns = {"mode": "mode", "cutoff": "cutoff_min", "direction": "direction"}
    said = [
        sentence(
            report,
            "f_who",
            {place: report.cell("overall", column, of_first) for place, column in columns.items()},
        ),
        sentence(
            report,
            "f_today",
            {
                "n": report.cell("overall", "n_facilities", of_first),
                "demand": report.cell("overall", "demand", of_first),
                "covered": report.cell("overall", "covered_demand", of_first),
                "share": report.cell("overall", "covered_demand_share", of_first),
            },
            {"scenario": first},
        ),
    ]
    change = report.cell("overall", "change_covered_demand_share", of_last, magnitude=True)
    if last != first and change is not None:
        cells = {
            "n": report.cell("overall", "n_facilities", of_last),
            "share": report.cell("overall", "covered_demand_share", of_last),
        }
        names = {"scenario": last}
        if change.value == 0:
            said.append(sentence(report, "f_proposed_same", cells, names))
        else:
            cells |= {"covered": report.cell("overall", "covered_demand", of_last), "points": change}
            way = report.words["up" if float(change.value) > 0 else "down"]
            said.append(sentence(report, "f_proposed", cells, {**names, "direction": way}))
    return said


def _quality(report: Report, group: str) -> list[str]:
    """Return one sentence per measure, with all scenarios in it."""
    said = []
    for key, (table, column) in _MEASURES.items():
        cells, names, parts = {}, {}, []
        for number, scenario in enumerate(report.scenarios):
            cell = report.cell(table, column, {"scenario": scenario, "group": group})
            if cell is not None:
                place = chr(ord("a") + number)
                cells[f"value_{place}"], names[f"name_{place}"] = cell, scenario
                parts.append(
                    report.words["values_each"].format(scenario=f"{{name_{place}}}", value=f"{{value_{place}}}")
                )
        if parts:
            template = report.words[key].replace("{values}", report.words["values_between"].join(parts))
            said.append(f'<span class="said">{Sentence(template, cells, names).html(report.language)}</span>')
    return said


def _lacks(report: Report, group: str) -> list[str]:
    said = []
    for scenario in report.scenarios:
        where, names = {"scenario": scenario, "group": group}, {"scenario": scenario}
        gap = {"id": "id", "demand": "uncovered_demand", "reason": "reason"}
        cells = {place: report.cell("gaps", column, {**where, "rank": 1}) for place, column in gap.items()}
        said.append(sentence(report, "f_gap", cells, names))
        worst = {"name": "name", "share": "uncovered_demand_share", "demand": "uncovered_demand"}
        cells = {place: report.cell("worst_served", column, {**where, "rank": 1}) for place, column in worst.items()}
        said.append(sentence(report, "f_worst", cells, names))
    return said


def _choice(report: Report) -> list[str]:
    table, said = report.tables["choice"], []
    for row in range(len(table)):
        certificate = cell_at(table, "choice", row, f"certificate_{report.language}")
        said.append(sentence(report, "f_choice", {"certificate": certificate}))
    sites = report.tables["by_site"]
    group = table["group"].iloc[0] if len(table) else None
    rows = rows_of(sites, {"group": str(group)}) if group is not None else []
    for row in rows[:3]:
        cells = {
            "number": cell_at(sites, "by_site", row, "number"),
            "name": cell_at(sites, "by_site", row, "name") or cell_at(sites, "by_site", row, "id"),
            "added": cell_at(sites, "by_site", row, "added_demand"),
        }
        said.append(sentence(report, "f_site", cells))
    return said


def _shortage(report: Report) -> str:
    table = report.tables["capacity"]
    rows = [row for row in rows_of(table, {"scenario": report.latest}) if table["shortage_rank"].iloc[row] == 1]
    if not rows or not table["shortage"].iloc[rows[0]] > 0:
        return ""
    columns = {"name": "name", "demand": "nearest_demand", "room": "room", "shortage": "shortage"}
    cells = {place: cell_at(table, "capacity", rows[0], column) for place, column in columns.items()}
    return sentence(report, "f_shortage", cells, {"scenario": report.latest})


def _need(report: Report) -> str:
    table = report.tables["needs"]
    if table.empty:
        return ""
    lack = str(table["lack"].iloc[0])
    columns = {"community": "community", "group": "group", "demand": "demand"}
    cells: dict[str, Cell | None] = {
        place: cell_at(table, "needs", 0, column) for place, column in columns.items()
    }  # fmt: skip
    if lack == "service":
        return sentence(report, "f_need", {**cells, "lack": cell_at(table, "needs", 0, "service")})
    return sentence(report, "f_need", cells, {"lack": report.words.get(f"lack_{lack}", lack)})


# --- tables ---


def tables_html(report: Report) -> list[str]:
    """Return the tables of the report, each with at most `MOST_ROWS` rows; those that have none are left out."""
    headline, latest = report.groups[0], report.latest
    where = {"scenario": latest, "group": headline}
    found = []
    groups = [row for group in report.groups for row in rows_of(report.tables["overall"], {"group": group})]
    found.append(_table(report, "overall", groups, _OVERALL, "t_overall", {}))
    for group in _groups_of_sites(report):
        rows = rows_of(report.tables["by_site"], {"group": group})
        found.append(_table(report, "by_site", rows, _SITES, "t_by_site", {"group": group}))
    found.append(
        _table(report, "by_subdistrict", _rows(report, "by_subdistrict", where), _AREAS, "t_by_subdistrict", where)
    )
    found.append(_worst(report, where))
    found.append(_table(report, "gaps", _rows(report, "gaps", where, by="rank"), _GAPS, "t_gaps", where))
    found.append(_table(report, "by_service", _rows(report, "by_service", where), _SERVICES, "t_by_service", where))
    only = {"scenario": latest}
    found.append(_table(report, "hubs", _rows(report, "hubs", only), _HUBS, "t_hubs", only))
    ranked = _rows(report, "capacity", only, by="shortage_rank")
    found.append(_table(report, "capacity", ranked, _CAPACITY, "t_capacity", only))
    found.append(_table(report, "needs", _rows(report, "needs", {}, by="rank"), _NEEDS, "t_needs", {}))
    found.append(_table(report, "mobile_stops", _rows(report, "mobile_stops", {}), _MOBILE, "t_mobile", {}))
    return [page for page in found if page]


def _groups_of_sites(report: Report) -> list[str]:
    """Return the group that the sites were chosen for; the headline group where that is not known."""
    chosen = [str(group) for group in report.tables["choice"]["group"] if group in report.groups]
    return chosen or report.groups[:1]


def _worst(report: Report, where: dict[str, str]) -> str:
    """Show the communities with most uncovered demand; their list of the worst served where fairness was asked for."""
    rows = _rows(report, "worst_served", where, by="rank")
    if rows:
        return _table(report, "worst_served", rows, _WORST, "t_worst", where)
    table = report.tables["by_community"]
    uncovered = (table["demand"] - table["covered_demand"]).to_numpy(dtype=float)
    rows = sorted((row for row in rows_of(table, where) if uncovered[row] > 0), key=lambda row: -uncovered[row])
    return _table(report, "by_community", rows, ("name", "subdistrict", *_AREAS[1:]), "t_worst", where)


def _rows(report: Report, name: str, where: dict[str, str], *, by: str | None = None) -> list[int]:
    table = report.tables[name]
    rows = rows_of(table, where)
    if by is None:
        return rows
    order = table[by].iloc[rows].to_numpy(dtype=float)
    return [row for row, rank in sorted(zip(rows, order, strict=True), key=_missing_last)]


def _missing_last(pair: tuple[int, float]) -> tuple[bool, float]:
    return bool(pd.isna(pair[1])), pair[1]


def _table(
    report: Report, name: str, rows: Sequence[int], columns: Sequence[str], title: str, where: dict[str, str]
) -> str:
    names = {"what": report.words[title], **where}
    key = {("scenario", "group"): "t_of", ("group",): "t_of_group", ("scenario",): "t_of_scenario"}.get(tuple(where))
    heading = (
        escape(report.words[title]) if key is None else Sentence(report.words[key], {}, names).html(report.language)
    )
    return table_html(report, name, rows, columns, title=heading, where=where)
