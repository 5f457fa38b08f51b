"""Candidate sites compared, as one HTML page: a table to sort, a map, ranks, pairs. It asks no network."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape as escape_attribute
from os import PathLike
from pathlib import Path

from coverage_planner import __version__
from coverage_planner.report import styles
from coverage_planner.report.page_parts import asset, leaflet_css, leaflet_js, to_json
from coverage_planner.report.panel import escape
from coverage_planner.report.popups import number
from coverage_planner.report.site_page_map import map_content
from coverage_planner.report.site_page_ranks import ranks_charts
from coverage_planner.report.site_page_tables import communities_table, pairs_table, sites_table
from coverage_planner.report.site_page_text import amount, records_of, share_of
from coverage_planner.report.site_words import site_notes, site_words
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language, words
from coverage_planner.scenario.compare_sites import SiteComparison

#: Sites that a page lists; the exported tables have all.
MOST_SITES = 60
_LANG = {"zh": "zh-CN", "en": "en"}
_FRAME_PX = 900


@dataclass(frozen=True)
class SitePage:
    """A page that compares sites.

    Attributes
    ----------
    html
        The document: one file that opens with no network.
    """

    html: str

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the page to a file and return its path."""
        target = Path(path)
        target.write_text(self.html, encoding="utf-8", newline="\n")
        return target

    def _repr_html_(self) -> str:
        """Show the page inside a notebook, in a frame of its own."""
        return (
            f'<iframe srcdoc="{escape_attribute(self.html)}" style="width:100%;height:{_FRAME_PX}px;border:0" '
            'title="coverage-planner" loading="lazy"></iframe>'
        )


def draw_comparison(
    comparison: SiteComparison, *, title: str | None = None, language: Language = "zh", synthetic: bool = False
) -> SitePage:
    """Draw a comparison of candidate sites as a page.

    The page is one file: a table that can be sorted, a map on which the site chosen in the table shows whom it newly
    covers, the rank of every site under other cutoffs, speeds and demand, what sites lose to each other, and which
    communities leave the list of gaps. It lists the best `MOST_SITES`, and prints on A4.

    Parameters
    ----------
    comparison
        What `study_sites` returned.
    title
        Heading of the page.
    language
        'zh' or 'en'.
    synthetic
        Whether the data are made up; the page then says so.

    Returns
    -------
    SitePage
        With ``.html`` and ``.save(path)``; notebooks show it.

    Raises
    ------
    ConfigError
        Unknown language.
    """
    said = site_words(language)
    records = records_of(comparison.table.head(MOST_SITES))
    content = map_content(comparison, records, said)
    page = {
        **content,
        "colours": {"new": styles.GAINED, "old": "#8c877c", "site": styles.SITE, "station": styles.STATION},
        "words": {key: said[key] for key in ("close", "whole", "near", "zoom_in", "zoom_out", "choose", "sites_no")},
        "attribution": escape(comparison.today.network.source),
    }
    parts = [
        _header(comparison, title, len(records), language, synthetic=synthetic),
        '<div class="columns">',
        _map(said),
        '<div class="tables">',
        sites_table(comparison, records, said),
        ranks_charts(comparison, records, said) if len(comparison.assumptions) > 1 else "",
        pairs_table(comparison, records, said) if len(records) > 1 else "",
        communities_table(comparison, records, said),
        _notes(language),
        "</div></div>",
        _footer(comparison, language),
    ]
    script = (
        f"<script>\n{leaflet_js()}\n</script>\n<script>\n{asset('shared.js')}{asset('site_page.js')}</script>\n"
        f"<script>\nsitePage.open({to_json(page)});\n</script>\n"
    )
    heading = f"{said['page']} · {title}" if title else said["page"]
    return SitePage(
        f'<!DOCTYPE html>\n<html lang="{_LANG[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="generator" content="coverage-planner sites">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(heading)}</title>\n"
        f"<style>\n{leaflet_css()}\n</style>\n<style>\n{asset('site_page.css')}</style>\n</head>\n"
        f"<body>\n<main>\n{''.join(parts)}</main>\n{script}</body>\n</html>\n"
    )


def _header(comparison: SiteComparison, title: str | None, shown: int, language: Language, *, synthetic: bool) -> str:
    said, common = site_words(language), words(language)
    outcome = comparison.outcome
    mode = speech(language).say("mode", comparison.today.network.graph(outcome.group.mode).mode.describe())
    way = common["detour" if outcome.group.visit == "pass" else outcome.times.direction]
    minutes = number(outcome.group.cutoff_s / 60)
    who = " · ".join([outcome.group.name, str(mode), common["minutes"].format(minutes=minutes), way])
    base = comparison.assumptions.iloc[0]
    demand, covered = float(base["demand"]), float(base["covered_demand"])
    today = said["today"].format(
        stations=len(comparison.today.scenario.facilities), minutes=minutes, covered=amount(covered),
        demand=amount(demand), share=share_of(covered / demand if demand else float("nan")),
        left=amount(demand - covered),
    )  # fmt: skip
    n = len(comparison.table)
    cut = f'<p class="small">{escape(said["shown"].format(shown=shown, n=f"{n:,}"))}</p>' if shown < n else ""
    made_up = f'<p class="synthetic">{escape(said["synthetic"])}</p>' if synthetic else ""
    kind = f"{said['page']} · " if title else ""
    lead = said["lead_one"] if n == 1 else said["lead"].format(n=f"{n:,}")
    against = said["scenario"].format(name=comparison.today.scenario.name)
    return (
        f'<header><p class="kind">{escape(kind + against)}</p><h1>{escape(title or said["page"])}</h1>{made_up}'
        f'<p class="who">{escape(who)}</p><p>{escape(lead)} {escape(today)}</p>{cut}</header>\n'
    )


def _map(texts: Mapping[str, str]) -> str:
    signs = (("newly", "dot new"), ("already", "dot old"), ("candidate", "no"), ("station", "square"), ("gap", "area"))
    legend = "".join(
        f'<li><i class="sign {sign}" aria-hidden="true">{"1" if sign == "no" else ""}</i>{escape(texts[key])}</li>'
        for key, sign in signs
    )
    return (
        f'<section id="place" class="map"><h2 class="visually-hidden">{escape(texts["map"])}</h2>'
        f'<div id="map" role="application" aria-label="{escape(texts["map_label"])}"></div>'
        f'<p id="chosen" aria-live="polite">{escape(texts["choose"])}</p><ul id="legend">{legend}</ul></section>\n'
    )


def _notes(language: Language) -> str:
    said = site_words(language)
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in site_notes(language))
    return f'<section id="notes"><h2>{escape(said["notes"])}</h2><dl>{items}</dl></section>\n'


def _footer(comparison: SiteComparison, language: Language) -> str:
    said = site_words(language)
    texts = [said["street_source"].format(source=comparison.today.network.source)]
    texts.append(said["made_by"].format(version=__version__))
    return f"<footer>{''.join(f'<p>{escape(text)}</p>' for text in texts)}</footer>\n"
