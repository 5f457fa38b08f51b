"""A check report as one HTML page with a map, which opens in any browser with no network."""

import math
from collections.abc import Iterable, Mapping, Sequence

from coverage_planner import __version__
from coverage_planner.report.check_page_charts import histogram_svg
from coverage_planner.report.check_page_cleaning import cleaning_html
from coverage_planner.report.check_page_map import bounds_of, draw_layers, shown_of
from coverage_planner.report.check_page_text import INPUT_COLUMNS, input_cells, verdict
from coverage_planner.report.check_page_words import check_words, count_words, input_name
from coverage_planner.report.findings import LEVELS, CheckReport, Finding, InputCheck, StreetCheck
from coverage_planner.report.page_parts import asset, leaflet_css, leaflet_js, to_json
from coverage_planner.report.panel import escape
from coverage_planner.report.speech import speech

#: By this a page of ours is known, so that only such a page is ever replaced.
MARK = '<meta name="generator" content="coverage-planner check">'
_LANG = {"zh": "zh-CN", "en": "en"}
#: So many row numbers or ids stand in a finding; the rest can be unfolded, up to the second number.
_LISTED, _UNFOLDED = 15, 2000


def check_page(report: CheckReport) -> str:
    """Return a report as a page.

    Parameters
    ----------
    report
        What was found; its language is that of the page. Everything that comes from data is shown as text, whatever
        it contains.
    """
    words = check_words(report.language)
    layers = draw_layers(report, words)
    bounds = bounds_of(report)
    on_map = {layer["key"] for layer in layers}
    body = [
        _header(report, words),
        _inputs_table(report, words) if report.inputs else "",
        _map(report, words) if bounds is not None else "",
        _findings(report, on_map if bounds is not None else set(), words),
        _distances(report, words),
        "" if report.streets is None else _streets(report.streets, report, words),
        _footer(report, words),
    ]
    page = {
        "layers": layers, "bounds": bounds, "close": words["close"], "whole": words["whole"],
        "zoomIn": words["zoom_in"], "zoomOut": words["zoom_out"],
        "attribution": "" if report.streets is None else escape(report.streets.attribution),
    }  # fmt: skip
    script = f"<script>\n{leaflet_js()}\n</script>\n<script>\n{asset('shared.js')}{asset('check_page.js')}</script>\n"
    script += f"<script>\ncheckPage({to_json(page)});\n</script>\n"
    return (
        f'<!DOCTYPE html>\n<html lang="{_LANG[report.language]}">\n<head>\n<meta charset="utf-8">\n{MARK}\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(words['title'])} · {escape(report.name)}</title>\n"
        f"<style>\n{leaflet_css()}\n</style>\n<style>\n{asset('check_page.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(body)}</main>\n{script if bounds is not None else ''}</body>\n</html>\n"
    )


def _header(report: CheckReport, words: Mapping[str, str]) -> str:
    badges = "".join(
        f'<span class="badge {level}">{escape(count_words(level, n, words))}</span>'
        for level in LEVELS
        if (n := sum(finding.level == level for finding in report.findings))
    )
    synthetic = f'<p class="synthetic">{escape(words["synthetic"])}</p>' if report.synthetic else ""
    sentence = words[f"verdict_{report.level or 'none'}"]
    return (
        f"<header><p class=kind>{escape(words['title'])} · {escape(words['plan_file'].format(file=report.file))}</p>"
        f"<h1>{escape(report.name)}</h1>{synthetic}"
        f'<p class="verdict {report.level or "none"}">{badges}<span>{escape(sentence)}</span></p></header>\n'
    )


def _inputs_table(report: CheckReport, words: Mapping[str, str]) -> str:
    head = _row("th", [words["input"], words["file"], *(words[column] for column in INPUT_COLUMNS), words["found"]])
    rows = []
    for check in report.inputs:
        found = report.of_input(check.key)
        counts = [(level, sum(f.level == level for f in found)) for level in LEVELS]
        badges = "".join(
            f'<span class="badge {level}" title="{escape(count_words(level, n, words))}">{n}</span>'
            for level, n in counts
            if n
        )
        cells = "".join(f'<td class="number">{escape(cell)}</td>' for cell in input_cells(check, words))
        rows.append(
            f'<tr><th scope="row">{escape(input_name(check, words))}</th><td class="file">{escape(check.file)}</td>'
            f"{cells}<td>{badges or '<span class=fine>✓</span>'}</td></tr>"
        )
    how = [(check, text) for check in report.inputs for text in check.how]
    said = "".join(f"<li><b>{escape(check.file)}</b> {escape(text.of(report.language))}</li>" for check, text in how)
    notes = f"<details><summary>{escape(words['how'])}</summary><ul>{said}</ul></details>" if how else ""
    return (
        f"<section id=inputs><h2>{escape(words['inputs'])}</h2>{_wide(words['inputs'])}<table><thead>{head}</thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>{notes}</section>\n"
    )


def _wide(name: str) -> str:
    """Open a box that scrolls sideways on a phone: the keyboard reaches it, and it has a name."""
    return f'<div class="wide" role="region" tabindex="0" aria-label="{escape(name)}">'


def _row(tag: str, cells: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"


def _map(report: CheckReport, words: Mapping[str, str]) -> str:
    thinned = [
        f"{input_name(check, words)}：{words['thinned'].format(shown=shown_of(check), all=len(check.points))}"
        for check in report.inputs
        if check.points is not None and shown_of(check) < len(check.points)
    ]
    said = "".join(f"<p class=small>{escape(text)}</p>" for text in thinned)
    return (
        f"<section id=place><h2>{escape(words['map'])}</h2><p class=small>{escape(words['map_note'])}</p>"
        f'<div id="map"></div><div id="legend"></div>{said}</section>\n'
    )


def _findings(report: CheckReport, on_map: set[str], words: Mapping[str, str]) -> str:
    if not report.findings:
        return f"<section id=findings><h2>{escape(words['findings'])}</h2><p>{escape(words['nothing'])}</p></section>\n"
    items = [
        _finding(number, finding, report, f"finding-{number}" in on_map, words)
        for number, finding in enumerate(report.findings)
    ]
    return f"<section id=findings><h2>{escape(words['findings'])}</h2><ol>{''.join(items)}</ol></section>\n"


def _finding(number: int, finding: Finding, report: CheckReport, shown: bool, words: Mapping[str, str]) -> str:
    check = next((check for check in report.inputs if check.key == finding.input), None)
    name = words["plan"] if check is None else input_name(check, words)
    file = report.file if check is None else f"{check.file} · {finding.input}"
    advice = finding.advice.of(report.language)
    badge = f'<span class="badge {finding.level}">{escape(words[finding.level])}</span>'
    parts = [
        f'<li id="f{number}" class="finding {finding.level}"><p class=about>',
        f"<span class=number>{number + 1}</span>{badge}",
        f" <b>{escape(name)}</b> <span class=file>{escape(file)}</span>",
        f'<button type="button" data-finding="finding-{number}">{escape(words["on_map"])}</button>' if shown else "",
        f"</p><p class=what>{escape(finding.what.of(report.language))}</p>",
        f"<p class=advice>{escape(advice)}</p>" if advice else "",
        _labels(words["rows"], finding.rows, words),
        _labels(words["ids"], finding.ids, words),
        "</li>",
    ]
    return "".join(parts)


def _labels(heading: str, labels: Sequence[object], words: Mapping[str, str]) -> str:
    """Show row numbers or ids: the first at once, the rest unfolded."""
    if not labels:
        return ""
    first = escape(", ".join(str(label) for label in labels[:_LISTED]))
    rest = labels[_LISTED:_UNFOLDED]
    if not rest:
        return f"<p class=labels><i>{escape(heading)}</i> {first}</p>"
    more = escape(", ".join(str(label) for label in rest)) + (" …" if len(labels) > _UNFOLDED else "")
    summary = escape(words["all_rows"].format(n=f"{len(labels):,}"))
    return (
        f"<details class=labels><summary><i>{escape(heading)}</i> {first} … <u>{summary}</u></summary>"
        f"<p>{more}</p></details>"
    )


def _distances(report: CheckReport, words: Mapping[str, str]) -> str:
    charts = [_chart(check, report, words) for check in report.inputs if check.snap is not None]
    if not charts:
        return ""
    heading, shown = escape(words["distances"]), "".join(charts)
    return f"<section id=distances><h2>{heading}</h2><div class=charts>{shown}</div></section>\n"


def _chart(check: InputCheck, report: CheckReport, words: Mapping[str, str]) -> str:
    snap = check.snap
    if snap is None:
        return ""
    mode = str(speech(report.language).say("mode", snap.mode))
    title = words["distances_of"].format(input=input_name(check, words), mode=mode, limit=snap.limit_m)
    said = []
    if not math.isnan(snap.median_m):
        said.append(words["half_within"].format(median=snap.median_m, p95=snap.p95_m))
    if snap.on_island:
        said.append(words["on_island"].format(n=f"{snap.on_island:,}"))
    datum = f"<p class=datum>{escape(check.datum.of(report.language))}</p>" if check.datum.en else ""
    separator = "；" if report.language == "zh" else "; "
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>{histogram_svg(snap, title, words)}"
        f"<p class=small>{escape(separator.join(said))}</p>{datum}</figure>"
    )


def _streets(streets: StreetCheck, report: CheckReport, words: Mapping[str, str]) -> str:
    said = speech(report.language)
    head = _row("th", [words["mode"], words["open_km"], words["island_km"], words["n_islands"]])
    rows = "".join(
        f'<tr><th scope="row">{escape(said.say("mode", mode["described"]))}</th>'
        f'<td class="number">{mode["open_km"]:,.1f}</td><td class="number">{mode["island_km"]:,.1f}</td>'
        f'<td class="number">{mode["islands"]:,}</td></tr>'
        for mode in streets.modes.to_dict("records")
    )
    parts = [
        f"<section id=streets><h2>{escape(words['streets'])}</h2>",
        f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>",
    ]
    if streets.cleaning is not None:
        parts.append(cleaning_html(streets.cleaning, report.language, words))
    return "".join([*parts, "</section>\n"])


def _footer(report: CheckReport, words: Mapping[str, str]) -> str:
    source = "" if report.streets is None else words["street_source"].format(source=report.streets.attribution)
    parts = [verdict(report, words), words["made_by"].format(version=__version__), source]
    return f"<footer>{''.join(f'<p>{escape(text)}</p>' for text in parts if text)}</footer>\n"
