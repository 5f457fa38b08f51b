"""The report: one HTML file that asks no network and prints to a clean PDF."""

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from coverage_planner import __version__
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.report.cells import escape
from coverage_planner.report.page_parts import asset
from coverage_planner.report.report_findings import asks_html, cards_html, findings_html, tables_html
from coverage_planner.report.report_method import data_html, limits_html, method_html, settings_html
from coverage_planner.report.report_parts import Report
from coverage_planner.report.report_words import report_words
from coverage_planner.report.results import REPORT_FILE, Results, read_results
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language, words

_LANG = {"zh": "zh-CN", "en": "en"}
#: What the cover has a line for, filled in or not.
_COVER = ("organisation", "author", "date")


def write_report(
    results: Results | str | PathLike[str],
    path: str | PathLike[str] | None = None,
    *,
    language: Language | None = None,
    title: str | None = None,
    organisation: str | None = None,
    author: str | None = None,
    date: str | None = None,
    approval_number: str | None = None,
    boundary_source: str | None = None,
    notes: str | None = None,
) -> Path:
    """Write the report of a results folder: cover, key figures, maps, charts, tables, method, sources and limits.

    The page is one file: pictures stand inside it, no request leaves it. Every figure of its sentences is a cell of the
    exported tables and says which (``<data data-cell="table/row/column">``). Texts that are not given are taken from
    the table [report] of the plan, which run.json keeps.

    Parameters
    ----------
    results
        A results folder, or what `read_results` returned.
    path
        The file to write; ``report.html`` in the folder by default.
    language
        'zh' or 'en'; by default that of the results.
    title
        Heading of the cover.
    organisation, author, date
        Who answers for the report, and when; left blank to be filled in by hand where there is nothing.
    approval_number
        The map approval number (审图号); a line is left for it where there is none.
    boundary_source
        Where the boundaries come from.
    notes
        A paragraph of one's own, below the key figures.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    ConfigError
        Unknown language; a path that is no HTML page; results that were read already, without a path.
    InputError
        The file cannot be written.
    SourceError
        There is no results folder, or it lacks a file.

    Warns
    -----
    UserWarning
        There is Chinese to draw and no font for it; the message says what to install.
    """
    if isinstance(results, Results) and path is None:
        raise ConfigError("write_report must have a path for results that were read already, got none; name the file")
    found = results if isinstance(results, Results) else read_results(results)
    home = Path() if isinstance(results, Results) else Path(results)
    target = home / REPORT_FILE if path is None else Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"the report must be written to a file that ends with .html, got {target}; rename it")
    if not target.absolute().parent.is_dir():
        raise InputError(f"the report must go to a folder that exists, got {target}; make the folder or name another")
    given = {
        "title": title, "organisation": organisation, "author": author, "date": date,
        "approval_number": approval_number, "boundary_source": boundary_source, "notes": notes,
    }  # fmt: skip
    page = report_html(found, None if isinstance(results, Results) else home, language=language, given=given)
    try:
        target.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"the report must go to a file that can be written, got: {error}; name another") from error
    return target


def report_html(
    results: Results, home: Path | None, *, language: Language | None, given: Mapping[str, str | None]
) -> str:
    """Return the report as an HTML document.

    Parameters
    ----------
    results
        Tables, layers and run.json.
    home
        The results folder, for what lies under the maps; None where it is not known.
    language
        'zh' or 'en'; None for that of the results.
    given
        Texts of the cover; None where the plan's are taken.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    tongue: Language = language or results.run["results"].get("language", "zh")
    words(tongue)  # refuses an unknown one
    report = Report(home, results, tongue, speech(tongue), report_words(tongue), _settings(results.run, given))
    title = report.settings["title"] or report.words["kind"]
    chapters = _chapters(report)
    contents = "".join(
        f'<li><a href="#{name}"><span class="section">{number}</span>{escape(report.words[name])}</a></li>'
        for number, (name, _) in enumerate(chapters, start=1)
    )
    body = "".join(
        f'<section class="chapter" id="{name}"><h2><span class="section">{number}</span>'
        f"{escape(report.words[name])}</h2>{text}</section>"
        for number, (name, text) in enumerate(chapters, start=1)
    )
    made = escape(report.words["made_by"], braces=False).format(version=f'<span class="version">{__version__}</span>')
    return (
        f'<!DOCTYPE html>\n<html lang="{_LANG[tongue]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="generator" content="coverage-planner report">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{asset('report.css')}{_running(report, title)}</style>\n</head>\n"
        f"<body>\n<main>\n{_cover(report, title)}"
        f'<nav aria-labelledby="contents"><h2 id="contents">{escape(report.words["contents"])}</h2>'
        f"<ol>{contents}</ol></nav></header>\n{body}\n"
        f"<footer>{made}</footer>\n</main>\n</body>\n</html>\n"
    )


def _settings(run: Mapping[str, Any], given: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the texts of the cover: those given, else the plan's [report], else what its [map] or name say."""
    plan = run.get("plan") if isinstance(run.get("plan"), dict) else {}
    kept = dict((plan or {}).get("report") or {})
    shown = (plan or {}).get("map") or {}
    others = {
        "title": (plan or {}).get("name"),
        "approval_number": shown.get("approval_number"),
        "boundary_source": shown.get("boundary_source"),
    }
    texts = {key: text or kept.get(key) or others.get(key) for key, text in given.items()}
    return {**texts, "data": kept.get("data") or ()}


def _chapters(report: Report) -> Sequence[tuple[str, str]]:
    """Return the chapters that have something in them, with their names among the report's words."""
    # matplotlib takes a moment to load; who draws no report does not wait for it
    from coverage_planner.report.fonts import choose_lettering  # noqa: PLC0415
    from coverage_planner.report.report_charts import charts_html  # noqa: PLC0415
    from coverage_planner.report.report_maps import maps_html  # noqa: PLC0415

    lettering = choose_lettering([report.words["north"], report.source, *_names(report)])
    about = f'<p class="about">{escape(report.words["about_figures"])}</p>'
    text = report.settings["notes"]
    own = f"<h3>{escape(report.words['notes'])}</h3><p><bdi>{escape(text)}</bdi></p>" if text else ""
    chapters = {
        "findings": asks_html(report) + cards_html(report) + findings_html(report) + own + about,
        "maps": "".join(maps_html(report, lettering)),
        "charts": "".join(charts_html(report, lettering)),
        "tables": "".join(tables_html(report)),
        "method": method_html(report),
        "data": data_html(report),
        "limits": limits_html(report),
        "settings": settings_html(report),
    }
    return [(name, text) for name, text in chapters.items() if text]


def _names(report: Report) -> list[str]:
    """Return names that are drawn, so that it is known whether they are Chinese."""
    tables = (report.tables[name] for name in ("overall", "by_subdistrict", "by_community"))
    names = [
        str(name) for table in tables for column in ("scenario", "name") if column in table for name in table[column]
    ]
    return [
        *names,
        *(str(report.said.say("service", name)) for name in report.tables["by_service"]["service"].unique()),
    ]


def _cover(report: Report, title: str) -> str:
    """Return the cover; the header stays open for the contents."""
    lines = []
    for key in (*_COVER, "approval_number", "boundary_source"):
        label = {"approval_number": "approval", "boundary_source": "boundaries"}.get(key, key)
        text = report.settings[key]
        value = f"<bdi>{escape(text)}</bdi>" if text else f'<span class="blank">{escape(report.words["blank"])}</span>'
        if key == "boundary_source" and not text:
            value = f"<i>{escape(report.words['not_stated'])}</i>"
        lines.append(f"<dt>{escape(report.words[label])}</dt><dd>{value}</dd>")
    lines.append(f"<dt>{escape(report.words['streets'])}</dt><dd><bdi>{escape(report.source)}</bdi></dd>")
    synthetic = f'<p class="synthetic">{escape(report.words["synthetic"])}</p>' if report.synthetic else ""
    return (
        f'<header class="cover"><p class="kind">{escape(report.words["kind"])}</p><h1><bdi>{escape(title)}</bdi></h1>'
        f"{synthetic}<dl>{''.join(lines)}</dl>"
        f'<div class="notices"><p>{escape(report.words["approval_note"])}</p>'
        f"<p>{escape(report.words['privacy'])}</p></div>"
    )


def _running(report: Report, title: str) -> str:
    """Return what stands in the margins of printed pages: title and page numbers, not on the cover."""
    numbers = _css_text(report.words["page_of"])
    numbers = numbers.replace("{page}", '" counter(page) "').replace("{pages}", '" counter(pages) "')
    note = f" · {'合成数据' if report.language == 'zh' else 'synthetic data'}" if report.synthetic else ""
    return (
        f'@page {{ @top-left {{ content: "{_css_text(title + note)}"; }} @bottom-right {{ content: "{numbers}"; }} }}\n'
        "@page :first { @top-left { content: none; } @bottom-right { content: none; } }\n"
    )


def _css_text(text: str) -> str:
    """Write text that stands in a style: nothing in it can end the text, the style or the page."""
    return re.sub(r'["\\<>&\n\r\f\x00-\x1f]', lambda found: f"\\{ord(found[0]):x} ", text)
