"""What pages with maps carry: every script once, in an order that runs, and words for all that the scripts say."""

import re
from itertools import takewhile

import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.report import map_words as spoken
from coverage_planner.report import styles
from coverage_planner.report.map_assets import SCRIPTS, STYLES, map_options, map_scripts, map_style
from coverage_planner.report.map_words import map_words
from coverage_planner.report.page_parts import asset

_SAID = re.compile(r"""\b(?:say|or)\((?:"(\w+)"|`(\w+?)\$\{)""")
#: Words that the scripts ask for by a key they put together: beginnings of keys, all of which must lead somewhere.
_TOPICS = re.compile(r"const topics = \[([^]]+)]")


def names_in(script: str) -> list[str]:
    return re.findall(r"^const (\w+) = ", script, flags=re.MULTILINE)


def test_each_script_brings_one_name_and_stands_once():
    assert len(set(SCRIPTS)) == len(SCRIPTS)
    names = [names_in(asset(name)) for name in SCRIPTS if name != "shared.js"]
    assert all(len(found) == 1 for found in names)
    assert len({found[0] for found in names}) == len(names)
    assert map_scripts().count('"use strict";') == len(SCRIPTS)
    assert all(asset(name) in map_style() for name in STYLES)


def test_what_a_script_uses_when_it_starts_stands_before_it():
    known: set[str] = set()
    for name in SCRIPTS:
        text = asset(name)
        first = "\n".join(takewhile(lambda line: "function" not in line, text.splitlines()))
        used = set(re.findall(r"(?<![\w.])(coverage[A-Z]\w+)", first)) - set(names_in(text))
        assert used <= known, name
        known |= set(names_in(text))


def test_all_that_the_scripts_say_has_words_in_both_languages():
    scripts = "".join(asset(name) for name in SCRIPTS)
    zh, en = map_words("zh"), map_words("en")
    assert zh.keys() == en.keys()
    whole = {found[0] for found in _SAID.findall(scripts) if found[0]}
    begun = {found[1] for found in _SAID.findall(scripts) if found[1]}
    assert whole <= zh.keys(), sorted(whole - zh.keys())
    assert begun
    assert all(any(key.startswith(start) for key in zh) for start in begun), begun
    topics = re.findall(r'"(\w+)"', _TOPICS.search(scripts)[1])
    assert all(f"help_{topic}{end}" in zh for topic in topics for end in ("", "_title"))


def test_no_words_are_left_over():
    scripts = "".join(asset(name) for name in SCRIPTS)
    begun = tuple(found[1] for found in _SAID.findall(scripts) if found[1])
    named = set(re.findall(r"[\"'`](\w+)[\"'`]", scripts))
    own = spoken._SAID.keys()
    assert [key for key in own if key not in named and not key.startswith(begun)] == []


def test_the_page_is_told_its_language_and_the_colours_of_the_styles():
    options = map_options("en", group="riders")
    assert (options["language"], options["lang"], options["group"]) == ("en", "en", "riders")
    assert options["colours"]["bands"][2] == styles.ramp(styles.BAND_ENDS, 3)
    assert options["colours"]["gap"] == styles.GAP
    assert map_options("zh")["lang"] == "zh-CN"


def test_an_unknown_language_is_refused():
    with pytest.raises(ConfigError, match="language must be one of"):
        map_words("de")


@pytest.mark.parametrize("colour", [styles.GAINED, styles.LOST, styles.CLOSED, styles.WAY, *styles.NEAREST])
def test_lines_that_tell_something_stand_out_from_the_paper(colour):
    contrast = 1.05 / (styles.luminance(colour) + 0.05)
    assert contrast >= 3.0  # WCAG 2.2, 1.4.11


def test_what_is_gained_lost_and_kept_differs_in_grey():
    grey = sorted(styles.luminance(colour) for colour in (styles.GAINED, styles.LOST, styles.KEPT))
    assert grey[1] - grey[0] > 0.1
    assert grey[2] - grey[1] > 0.1
