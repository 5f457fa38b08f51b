"""Coverage by hour as one HTML page: a picture for every scenario, group and service, chosen without any script."""

from collections.abc import Mapping, Sequence

import pandas as pd

from coverage_planner import __version__
from coverage_planner.report.heat_map import draw_hours
from coverage_planner.report.heat_map_words import hour_words
from coverage_planner.report.hour_rows import CHOSEN, check_hours
from coverage_planner.report.page_parts import asset
from coverage_planner.report.panel import escape
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language

_LANG = {"zh": "zh-CN", "en": "en"}
#: What is shown first where the table holds it.
_SHOWN_FIRST = {"service": ("any", "full")}
#: Pictures whose cells say their figures in full; in all of them they would make the page twice as large.
_WITH_HINTS = ("any", "full")


def hours_page(
    by_hour: pd.DataFrame,
    *,
    title: str | None = None,
    night: tuple[int, int] | None = (22, 6),
    language: Language = "zh",
    synthetic: bool = False,
) -> str:
    """Return a page that shows coverage by hour of the week, one picture at a time.

    The page is one file that asks no network and has no script: which picture is shown is chosen by plain radio
    buttons, with the mouse or the keyboard. It prints on a page that lies across, without the buttons.

    Parameters
    ----------
    by_hour
        As for `draw_hours`, with ``scenario``, ``group`` and ``service`` where there are several.
    title
        Heading of the page.
    night
        From and to hour of what is marked as night; None marks nothing.
    language
        'zh' or 'en'.
    synthetic
        Whether the data are made up; the page then says so.

    Returns
    -------
    str
        An HTML document; all texts escaped.

    Raises
    ------
    ConfigError
        Unknown language.
    SchemaError
        The table lacks columns, or has two rows for one slot of a picture.
    """
    said = hour_words(language)
    table = check_hours(by_hour)
    choices = {name: _ordered(name, table[name]) for name in CHOSEN if name in table and len(table)}
    parts = dict(iter(table.groupby(list(choices), sort=False))) if choices else {}
    pictures, rules = [], []
    reachable = f'role="group" tabindex="0" aria-label="{escape(said["page"])}"'  # it scrolls sideways on a phone
    for numbers, wanted in _combinations(choices):
        rows = parts.get(tuple(wanted.values()), table if not choices else table.head(0))
        hints = wanted.get("service", "any") in _WITH_HINTS
        drawn = draw_hours(rows, night=night, hints=hints, language=language).svg if len(rows) else ""
        shown = drawn or f"<p>{escape(said['none'])}</p>"
        place = "-".join(map(str, numbers))
        chosen = "".join(f"#{name}-{number}:checked~" for name, number in zip(choices, numbers, strict=True))
        rules.append(f"{chosen}#p-{place}{{display:block}}")
        pictures.append(f'<div class="picture" id="p-{place}" {reachable}>{shown}</div>')
    heading = escape(title or said["page"])
    about = f'<p class="kind">{escape(said["page"])}</p>' if title else ""
    note = f'<p class="synthetic">{escape(said["synthetic"])}</p>' if synthetic else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{_LANG[language]}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="generator" content="coverage-planner hours">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(said['page'])}{f' · {escape(title)}' if title else ''}</title>\n"
        f"<style>\n{asset('hours.css')}{chr(10).join(rules)}\n</style>\n</head>\n<body>\n<main>\n"
        f"<header>{about}<h1>{heading}</h1>{note}</header>\n"
        f"{_buttons(choices, said, language)}\n{chr(10).join(pictures)}\n"
        f"<footer>coverage-planner {__version__}</footer>\n</main>\n</body>\n</html>\n"
    )


def _ordered(name: str, values: pd.Series) -> list[object]:
    """Return the different values, the one that is shown first in front."""
    known = list(dict.fromkeys(values))
    first = [value for value in _SHOWN_FIRST.get(name, ()) if value in known]
    return [*first, *(value for value in known if value not in first)]


def _combinations(choices: Mapping[str, Sequence[object]]) -> list[tuple[list[int], dict[str, object]]]:
    found: list[tuple[list[int], dict[str, object]]] = [([], {})]
    for name, values in choices.items():
        found = [
            ([*numbers, number], {**wanted, name: value})
            for numbers, wanted in found
            for number, value in enumerate(values)
        ]
    return found


def _buttons(choices: Mapping[str, Sequence[object]], said: Mapping[str, str], language: Language) -> str:
    """Return the radio buttons: all siblings of the pictures, so that a style alone can show what is chosen."""
    parts, said_by = [], speech(language)
    for name, values in choices.items():
        parts.append(f'<b class="choice" id="{name}">{escape(said[name])}</b>')
        for number, value in enumerate(values):
            checked = " checked" if number == 0 else ""
            parts.append(
                f'<input type="radio" name="{name}" id="{name}-{number}" aria-describedby="{name}"{checked}>'
                f'<label for="{name}-{number}">{escape(str(said_by.say(name, value)))}</label>'
            )
    if parts:
        parts.append(f'<p class="keys">{escape(said["keys"])}</p>')
    return "".join(parts)
