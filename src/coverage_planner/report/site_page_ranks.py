"""The ranks of sites under other assumptions as small charts: a line per site, its number in every circle."""

from collections.abc import Mapping
from typing import Any

from coverage_planner.report.panel import escape
from coverage_planner.report.site_page_tables import ranks_table
from coverage_planner.report.site_page_text import amount, note, records_of, section, site_name
from coverage_planner.report.site_words import say_assumption
from coverage_planner.scenario.compare_sites import SiteComparison

#: Sites with a line of their own; the folded table has the others.
MOST_LINES = 15
_ROW, _COLUMN, _RADIUS = 26, 74, 10
_LEFT, _TOP, _BOTTOM, _RIGHT = 30, 44, 8, 36
_LABEL_EVERY = 5


def ranks_charts(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> str:
    """Return one chart for each thing that is changed: cutoff, speed, demand."""
    assumptions = records_of(comparison.assumptions)
    shown = sites[:MOST_LINES]
    charts = []
    for kind in ("cutoff", "speed", "demand"):
        changed = [one for one in assumptions if one["kind"] == kind]
        if changed:
            columns = sorted([assumptions[0], *changed], key=lambda one: _place(one, kind))
            charts.append(_chart(comparison, shown, kind, columns, said))
    inside = f'<div class="charts">{"".join(charts)}</div>' if charts else ""
    below = note(said["ranks_beyond"].format(n=MOST_LINES)) if 'class="limit"' in inside else ""
    return section("ranks", said, note(said["ranks_note"]), below, inside, ranks_table(comparison, sites, said))


def _place(assumption: Mapping[str, Any], kind: str) -> float:
    """Return where an assumption stands in its chart; demand as given, the group's own first."""
    if kind == "cutoff":
        return float(assumption["cutoff_s"])
    return float(assumption["speed_factor"]) if kind == "speed" else float(assumption["assumption"])


def _heading(assumption: Mapping[str, Any], kind: str, said: Mapping[str, str]) -> tuple[str, str]:
    """Return what stands above a column, and below it whether that is the plan."""
    if assumption["kind"] != "base":
        return say_assumption(assumption, said), ""
    own = {
        "cutoff": said["as_cutoff"].format(minutes=f"{round(assumption['cutoff_s'] / 60, 1):g}"),
        "speed": "±0 %",
        "demand": said["own_demand"],
    }
    return own[kind], said["base"]


def _chart(
    comparison: SiteComparison,
    sites: list[dict[str, Any]],
    kind: str,
    columns: list[dict[str, Any]],
    said: Mapping[str, str],
) -> str:
    ranks = {
        (row["assumption"], row["id"]): (int(row["rank"]), row["newly_covered_demand"])
        for row in comparison.ranks.to_dict("records")
    }
    rows = [_rows([ranks[one["assumption"], record["id"]][0] for record in sites]) for one in columns]
    lowest = max(max(row) for row in rows)
    width = _LEFT + _RIGHT + _COLUMN * (len(columns) - 1) + 2 * _RADIUS
    height = _TOP + _ROW * lowest + _BOTTOM

    def x(column: int) -> float:
        return _LEFT + _RADIUS + _COLUMN * column

    def y(row: int) -> float:
        return _TOP + _ROW * (row - 0.5)

    parts = []
    for number, one in enumerate(columns):
        top, under = _heading(one, kind, said)
        bold = ' class="base"' if one["kind"] == "base" else ""
        parts.append(f'<line class="guide" x1="{x(number)}" y1="{_TOP}" x2="{x(number)}" y2="{height - _BOTTOM}"/>')
        parts.append(f'<text{bold} x="{x(number)}" y="16" text-anchor="middle">{escape(_short(top))}</text>')
        if under:
            parts.append(f'<text class="under" x="{x(number)}" y="32" text-anchor="middle">{escape(under)}</text>')
    parts += [
        f'<text class="under" x="14" y="{y(rank) + 4}" text-anchor="end">{rank}</text>'
        for rank in range(1, min(lowest, MOST_LINES) + 1)
        if rank == 1 or rank % _LABEL_EVERY == 0 or lowest <= 2 * _LABEL_EVERY
    ]
    if lowest > MOST_LINES:  # below this line stand those that fall farther, one under the other, with their rank
        edge = _TOP + _ROW * MOST_LINES
        parts.append(f'<line class="limit" x1="4" y1="{edge}" x2="{width - 4}" y2="{edge}"/>')
    for no in range(len(sites), 0, -1):  # the best are drawn last, on top
        places = [(x(k), y(row[no - 1]), row[no - 1] > MOST_LINES) for k, row in enumerate(rows)]
        parts.append(_line(no, sites[no - 1], columns, ranks, places, said))
    label = escape(said["chart"].format(kind=said[kind]))
    return (
        f'<figure><figcaption>{escape(said[kind])}</figcaption><svg class="bump" role="img" aria-label="{label}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{"".join(parts)}</svg></figure>'
    )


def _rows(ranks: list[int]) -> list[int]:
    """Return in which row of the chart each rank stands: its own, or from `MOST_LINES` on the next that is free."""
    beyond = sorted(rank for rank in ranks if rank > MOST_LINES)
    return [rank if rank <= MOST_LINES else MOST_LINES + 1 + beyond.index(rank) for rank in ranks]


def _line(
    no: int,
    record: Mapping[str, Any],
    columns: list[dict[str, Any]],
    ranks: Mapping[Any, Any],
    places: list[tuple[float, float, bool]],
    said: Mapping[str, str],
) -> str:
    """Draw a site: a line through its ranks, and a circle with its number at each."""
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    circles = []
    for one, (x, y, is_beyond) in zip(columns, places, strict=True):
        rank, demand = ranks[one["assumption"], record["id"]]
        called = said["base"] if one["kind"] == "base" else _heading(one, one["kind"], said)[0]
        hint = said["rank_of"].format(site=site_name(record), assumption=called, rank=rank, demand=amount(demand))
        beside = f'<text class="beyond" x="{x + _RADIUS + 3}" y="{y + 4}">{rank}</text>' if is_beyond else ""
        circles.append(
            f'<g><title>{escape(hint)}</title><circle cx="{x}" cy="{y}" r="{_RADIUS}"/>'
            f'<text x="{x}" y="{y + 4}" text-anchor="middle">{no}</text></g>{beside}'
        )
    return f'<g class="site" data-site="{no - 1}"><polyline points="{path}"/>{"".join(circles)}</g>'


def _short(text: str, most: int = 10) -> str:
    """Cut a heading; the tables have it in full."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
