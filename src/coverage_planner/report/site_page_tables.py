"""The tables of the comparison page as HTML: side by side, in pairs, communities, ranks. Every text is escaped."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from coverage_planner.report.panel import escape
from coverage_planner.report.site_page_text import (
    NOTHING,
    amount,
    badge,
    minutes_of,
    note,
    records_of,
    section,
    share_of,
    site_name,
    unit_cost,
    wide,
)
from coverage_planner.report.site_words import say_assumption
from coverage_planner.scenario.compare_sites import SiteComparison

#: Sites that stand in the matrix of pairs; more would not fit on a page.
MOST_IN_PAIRS = 12
#: Upper ends of the shades of the matrix: what is lost as a share of what the site would add alone.
SHADES = (0.1, 0.25, 0.5, 0.75, 1.0)

#: Key of the heading, whether a larger value is to stand first when it is sorted by.
_COLUMNS = (
    ("no", False), ("site", False), ("new", True), ("overlap", True), ("catchment", True), ("mean", False),
    ("worst", False), ("cost", False), ("per_person", False), ("leaving", True), ("shares_most", True),
    ("range", False),
)  # fmt: skip
_TEXT_COLUMNS = ("site",)


def sites_table(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> str:
    """Return the sortable table with one row per site."""
    left_out = _left_out(comparison)
    head = "".join(
        f'<th scope="col" class="{"text" if key in _TEXT_COLUMNS else "number"}"'
        f'{" aria-sort=ascending" if key == "no" else ""} data-label="{escape(said[key])}">'
        f'<button type="button" class="sort" data-first="{"down" if down else "up"}">{escape(said[key])}'
        '<i aria-hidden="true"></i></button></th>'
        for key, down in _COLUMNS
        if key not in left_out
    )
    places = {label: no for no, label in enumerate(comparison.table["id"], start=1)}
    full_names = {record["id"]: site_name(record) for record in comparison.table.to_dict("records")}
    rows = []
    for no, record in enumerate(sites, start=1):
        cells = _site_cells(no, record, places, full_names, said)
        inside = "".join(cell for key, cell in cells.items() if key not in left_out)
        rows.append(f'<tr data-site="{no - 1}">{inside}</tr>')
    table = f'<table id="sites"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return section("table", said, note(said["table_note"]), wide(said["table"], table, said))


def _left_out(comparison: SiteComparison) -> set[str]:
    """Return the columns of which nothing is known."""
    table = comparison.table
    without = {"cost", "per_person"} if "cost" not in table or table["cost"].isna().all() else set()
    return without | ({"leaving"} if comparison.today.communities is None else set())


def _site_cells(
    no: int,
    record: Mapping[str, Any],
    places: Mapping[str, int],
    full_names: Mapping[str, str],
    said: Mapping[str, str],
) -> dict[str, str]:
    """Return the cells of a row by the keys of `_COLUMNS`."""
    name = site_name(record)
    facts = (None if name == record["id"] else record["id"], _kind(record, said), record.get("community"))
    about = " · ".join(fact for fact in facts if isinstance(fact, str))
    missing = said.get(record["cost_note"] or "", "")
    per_person = record["cost_per_person"]
    cost_cell = escape(unit_cost(per_person)) if not pd.isna(per_person) else f"<small>{escape(missing)}</small>"
    other = record["most_shared_id"]
    if other is None:
        most = escape(said["no_other"])
    else:
        loses = said["loses"].format(
            demand=amount(record["most_shared_demand"]), share=share_of(record["most_shared_share"])
        )
        hint = f"{full_names[other]}{said['colon']}{loses}"
        most = (
            f'<span title="{escape(hint)}">{badge(places[other])}<span class="visually-hidden">'
            f"{escape(full_names[other])}</span> {escape(share_of(record['most_shared_share']))}</span>"
        )
    leaving = record["communities_leaving"]
    first, last = int(record["best_rank"]), int(record["worst_rank"])
    return {
        "no": _cell(no, badge(no)),
        "site": (
            f'<th scope="row" data-value="{escape(name)}"><button type="button" class="site" '
            f'aria-pressed="false">{escape(name)}</button><small>{escape(about)}</small></th>'
        ),
        "new": _cell(
            record["newly_covered_demand"],
            f"<b>{escape(amount(record['newly_covered_demand']))}</b>"
            f"<small>{escape(share_of(record['newly_covered_share']))}</small>",
        ),
        "overlap": _cell(record["overlap_existing_demand"], escape(amount(record["overlap_existing_demand"]))),
        "catchment": _cell(record["catchment_demand"], escape(amount(record["catchment_demand"]))),
        "mean": _cell(record["new_mean_time_s"], escape(minutes_of(record["new_mean_time_s"]))),
        "worst": _cell(record["new_worst_time_s"], escape(minutes_of(record["new_worst_time_s"]))),
        "cost": _cell(record.get("cost"), escape(amount(record.get("cost", float("nan"))))),
        "per_person": _cell(per_person, cost_cell),
        "leaving": _cell(
            record["n_communities_leaving"],
            f'<span title="{escape(leaving or "")}">{record["n_communities_leaving"]}</span>',
        ),
        "shares_most": _cell(record["most_shared_demand"], most),
        "range": _cell(first + last / 1000, f"{first}" if first == last else f"{first}–{last}"),
    }


def _kind(record: Mapping[str, Any], said: Mapping[str, str]) -> object:
    """Return the kind of a place; a position on a street is said in words."""
    kind = record.get("kind")
    return said["on_street"] if kind == "street" else kind


def _cell(value: Any, inside: str) -> str:
    """Return a cell of a number; what is missing sorts last."""
    known = "" if value is None or pd.isna(value) else f"{float(value):.12g}"
    return f'<td class="number" data-value="{known}">{inside}</td>'


def pairs_table(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> str:
    """Return the matrix of what each site loses if another is built first."""
    shown = sites[:MOST_IN_PAIRS]
    ids = [record["id"] for record in shown]
    inside = comparison.pairs[comparison.pairs["id"].isin(ids) & comparison.pairs["other_id"].isin(ids)]
    parts = [note(said["pairs_note"])]
    if len(comparison.table) > len(shown):
        parts.append(note(said["pairs_cut"].format(n=len(shown))))
    if inside.empty:
        none = said["pairs_none" if comparison.pairs.empty else "pairs_none_shown"]
        return section("pairs", said, *parts, f"<p>{escape(none)}</p>")
    lost = {(one, other): (demand, share) for one, other, demand, share in
            inside[["id", "other_id", "lost_demand", "lost_share"]].itertuples(index=False)}  # fmt: skip
    head = "".join(
        f'<th scope="col" title="{escape(site_name(record))}">{badge(no)}'
        f'<span class="visually-hidden">{escape(site_name(record))}</span></th>'
        for no, record in enumerate(shown, start=1)
    )
    rows = []
    for no, record in enumerate(shown, start=1):
        cells = []
        for other in shown:
            if other is record:
                alone = said["alone"].format(demand=amount(record["newly_covered_demand"]))
                cells.append(f'<td class="self" title="{escape(alone)}">{NOTHING}</td>')
            elif (record["id"], other["id"]) in lost:
                demand, share = lost[record["id"], other["id"]]
                shade = next(k for k, top in enumerate(SHADES, start=1) if share <= top + 1e-12)
                text = said["cell"].format(
                    site=site_name(record), other=site_name(other), demand=amount(demand), share=share_of(share)
                )
                cells.append(
                    f'<td class="shade-{shade}" title="{escape(text)}">{escape(amount(demand))}'
                    f"<small>{escape(share_of(share))}</small></td>"
                )
            else:
                cells.append('<td class="zero">0</td>')
        name = f"{badge(no)} {escape(site_name(record))}"
        rows.append(f'<tr data-site="{no - 1}"><th scope="row">{name}</th>{"".join(cells)}</tr>')
    corner = '<td class="corner"></td>'
    table = f'<table class="matrix"><thead><tr>{corner}{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return section("pairs", said, *parts, wide(said["pairs"], table, said))


def communities_table(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> str:
    """Return which communities leave the list of gaps with which site."""
    if comparison.today.communities is None:
        return section("communities", said, f"<p>{escape(said['no_communities'])}</p>")
    remark = note(said["communities_note"].format(share=share_of(comparison.listed_above)))
    places = {record["id"]: no for no, record in enumerate(sites, start=1)}
    leaving = comparison.communities[comparison.communities["leaves"].astype(bool)]
    none = said["communities_none" if leaving.empty else "communities_none_shown"]
    leaving = leaving[leaving["id"].isin(places)]
    if leaving.empty:
        return section("communities", said, remark, f"<p>{escape(none)}</p>")
    head = (
        f'<tr><th scope="col">{escape(said["site"])}</th><th scope="col">{escape(said["community"])}</th>'
        f'<th scope="col" class="number">{escape(said["before"])}</th>'
        f'<th scope="col" class="number">{escape(said["after"])}</th></tr>'
    )
    by_id = {record["id"]: record for record in sites}
    rows = []
    for label, part in leaving.groupby("id", sort=False):
        for place, record in enumerate(part.to_dict("records")):
            name = f"{badge(places[label])} {escape(site_name(by_id[str(label)]))}"
            first = f'<th scope="row" rowspan="{len(part)}">{name}</th>' if place == 0 else ""
            rows.append(
                f'<tr data-site="{places[label] - 1}">{first}<td>{escape(record["community_name"])}</td>'
                f'<td class="number">{escape(amount(record["uncovered_before_demand"]))} '
                f"<small>({escape(share_of(record['uncovered_before_share']))})</small></td>"
                f'<td class="number">{escape(amount(record["uncovered_after_demand"]))} '
                f"<small>({escape(share_of(record['uncovered_after_share']))})</small></td></tr>"
            )
    table = f'<table class="leaving"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'
    return section("communities", said, remark, wide(said["communities"], table, said))


def ranks_table(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> str:
    """Return the ranks under each assumption, folded away under the chart."""
    assumptions = records_of(comparison.assumptions)
    head = "".join(f'<th scope="col" class="number">{escape(_called(one, said))}</th>' for one in assumptions)
    known = {
        (row["assumption"], row["id"]): row["rank"]
        for row in comparison.ranks[["assumption", "id", "rank"]].to_dict("records")
    }
    rows = []
    for no, record in enumerate(sites, start=1):
        cells = "".join(f'<td class="number">{known[one["assumption"], record["id"]]}</td>' for one in assumptions)
        rows.append(
            f'<tr data-site="{no - 1}"><th scope="row">{badge(no)} {escape(site_name(record))}</th>{cells}</tr>'
        )
    shares = [one["covered_demand"] / one["demand"] if one["demand"] else float("nan") for one in assumptions]
    covered = "".join(f'<td class="number">{escape(share_of(share))}</td>' for share in shares)
    last = f'<tr class="today"><th scope="row">{escape(said["covered_today"])}</th>{covered}</tr>'
    first = f'<th scope="col">{escape(said["site"])}</th>'
    table = f'<table class="ranks"><thead><tr>{first}{head}</tr></thead><tbody>{"".join(rows)}{last}</tbody></table>'
    inside = wide(said["ranks_table"], table, said)
    return f"<details><summary>{escape(said['ranks_table'])}</summary>{inside}</details>"


def _called(assumption: Mapping[str, Any], said: Mapping[str, str]) -> str:
    text = say_assumption(assumption, said)
    return text if assumption["kind"] in {"base", "demand"} else f"{said[assumption['kind']]} {text}"
