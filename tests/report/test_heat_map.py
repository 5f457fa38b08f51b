"""Coverage by hour as a picture and as a page: every share where it belongs, readable, and nothing but text of ours."""

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError, SchemaError
from coverage_planner.report.heat_map import draw_hours, ink
from coverage_planner.report.hour_rows import share_text
from coverage_planner.report.hours_page import hours_page
from coverage_planner.report.styles import SHARE_ENDS, luminance, ramp
from drawn_circle import DAYS, SPECIAL, draw_by_hour
from drawn_outcome import HOSTILE

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def by_hour():
    tables = [
        draw_by_hour().assign(scenario=scenario, group=group, mode="walk (4.8 km/h)", cutoff_min=15.0)
        for scenario in ("现状", HOSTILE)
        for group in (HOSTILE, "(all)")
    ]
    return pd.concat(tables, ignore_index=True)


def one(what: str = "any") -> pd.DataFrame:
    table = draw_by_hour()
    return table[table["service"] == what]


def drawn(picture) -> ET.Element:
    return ET.fromstring(str(picture))  # noqa: S314 - our own text


def cells_of(root: ET.Element) -> list[tuple[float, float, str, str]]:
    """Left, top, colour and what is said of each cell, column of the whole day included."""
    return [
        (float(rect.get("x")), float(rect.get("y")), group.get("fill"), rect.find(f"{SVG}title").text)
        for group in root.iter(f"{SVG}g")
        for rect in group.findall(f"{SVG}rect")
        if rect.get("height") in {"26", "18"} and rect.find(f"{SVG}title") is not None
    ]


def figures_of(root: ET.Element) -> dict[tuple[float, float], str]:
    """Text of each figure by the middle of its cell."""
    return {
        (float(text.get("x")), float(text.get("y"))): text.text
        for group in root.iter(f"{SVG}g")
        if group.get("pointer-events") == "none"
        for text in group.iter(f"{SVG}text")
    }


def texts_of(root: ET.Element) -> list[str]:
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def test_each_slot_has_a_cell_with_its_share_at_its_day_and_hour():
    table = one()
    root = drawn(draw_hours(table))
    cells, figures = cells_of(root), figures_of(root)
    assert len(cells) == len(figures) == len(table) + 9  # and the whole day, for each of nine days
    rows = sorted({top for _, top, _, _ in cells})
    columns = sorted({left for left, _, _, _ in cells})
    assert len(rows) == 9
    assert len(columns) == 25
    days = [*DAYS, *(date for date, _ in SPECIAL)]
    for record in table.to_dict("records"):
        top, left = rows[days.index(record["day"])], columns[int(record["hour"])]
        assert figures[left + 18, top + 17] == share_text(record["covered_demand_share"])
        said = next(said for x, y, _, said in cells if (x, y) == (left, top))
        assert f" {record['hour']:.0f}:00–{record['hour'] + 1:.0f}:00：" in said
        assert said.endswith(f"开放站点 {record['n_open']}")
    for day, top in zip(days, rows, strict=True):
        of_day = table[table["day"] == day]
        whole = sum(of_day["covered_demand"]) / sum(of_day["demand"])
        assert figures[columns[24] + 27, top + 17] == share_text(whole)


def test_special_days_stand_below_the_week_with_their_kind_in_both_languages():
    chinese, english = (texts_of(drawn(draw_hours(one(), language=language))) for language in ("zh", "en"))
    for texts, said in (
        (chinese, ["周一", "周日", "2025-10-03 周五", "节假日", "2025-09-28 周日", "调休上班", "夜间", "全天"]),
        (english, ["Mon", "Sun", "2025-10-03 Fri", "holiday", "2025-09-28 Sun", "make-up workday", "night", "all day"]),
    ):
        places = [texts.index(text) for text in said[:6]]
        assert places == sorted(places)
        assert set(said) <= set(texts)


def test_without_hints_the_picture_is_half_as_large_and_looks_the_same():
    full, bare = draw_hours(one()), draw_hours(one(), hints=False)
    assert len(str(bare)) < 0.55 * len(str(full))
    assert figures_of(drawn(bare)) == figures_of(drawn(full))
    assert texts_of(drawn(bare)) == texts_of(drawn(full))
    cells = {
        (float(x), float(y), path.get("fill"))
        for path in drawn(bare).iter(f"{SVG}path")
        for x, y in re.findall(r"M(\S+) (\S+?)h", path.get("d"))
    }
    assert cells == {(x, y, colour) for x, y, colour, _ in cells_of(drawn(full))}


@pytest.mark.parametrize(("slot_min", "lines"), [(30, 2), (15, 4)])
def test_shorter_slots_are_lines_of_their_day(slot_min, lines):
    minutes = np.arange(0, 24 * 60, slot_min)
    table = pd.DataFrame(
        {
            "slot": np.arange(len(minutes)), "date": "2025-11-12", "day": "We", "kind": "ordinary",
            "hour": minutes / 60, "demand": 10.0, "covered_demand": np.arange(len(minutes)) % 11,
        }
    )  # fmt: skip
    root = drawn(draw_hours(table, language="en"))
    cells = cells_of(root)
    tops = sorted({top for left, top, _, _ in cells if left < 1000})
    assert len(tops) == lines
    lefts = sorted({left for left, _, _, _ in cells})
    figures = figures_of(root)
    for place, minute in enumerate(minutes.tolist()):
        top, left = tops[minute % 60 // slot_min], lefts[minute // 60]
        assert figures[left + 18, top + 13] == share_text(place % 11 / 10)
    assert {f":{start:02d}" for start in range(0, 60, slot_min)} <= set(texts_of(root))


@given(st.floats(0, 1))
@settings(max_examples=60)
def test_a_figure_is_a_whole_percent_that_never_passes_for_none_or_all(share):
    said = share_text(share)
    assert (said == "0") == (share == 0)
    assert (said == "100") == (share == 1)
    if said.isdigit():
        assert abs(int(said) - 100 * share) <= 0.5 + 1e-9


def test_colours_get_darker_with_the_share_and_their_figures_are_readable():
    lightness = [luminance(colour) for colour in ramp(SHARE_ENDS, 10)]
    assert lightness == sorted(lightness, reverse=True)
    assert all(a - b > 0.02 for a, b in pairwise(lightness))
    for colour in (*ramp(SHARE_ENDS, 10), "#ffffff"):
        light, dark = sorted((luminance(colour), luminance(ink(colour))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
    by_share = {}
    table = one().assign(covered_demand=lambda table: table["slot"] % 101 / 100 * table["demand"])
    for _, _, colour, said in cells_of(drawn(draw_hours(table))):
        if found := re.search(r"：([0-9.]+)%", said):
            by_share[float(found[1])] = luminance(colour)
    shades = [by_share[share] for share in sorted(by_share)]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 10


def test_a_slot_without_demand_has_a_dash_and_no_colour():
    root = drawn(draw_hours(one()))
    cells = [cell for cell in cells_of(root) if " 3:00–4:00" in cell[3]]
    assert {(colour, "–" in said) for _, _, colour, said in cells} == {("#ffffff", True)}
    assert [figures_of(root)[left + 18, top + 17] for left, top, _, _ in cells] == ["–"] * 9
    assert any("该时段无需求" in text for text in texts_of(root))


def test_the_picture_says_whom_it_is_for_and_takes_the_first_where_nothing_is_asked(by_hour):
    first = texts_of(drawn(draw_hours(by_hour)))[1]
    assert first == f"现状 · {HOSTILE} · 饮水 · 步行 (4.8 km/h) · 15 分钟"
    asked = draw_hours(by_hour, scenario="现状", group="(all)", service="full", language="en", title=HOSTILE)
    title, how = texts_of(drawn(asked))[:2]
    assert title == HOSTILE
    assert how == "现状 · all groups together · all required services · on foot (4.8 km/h) · 15 min"


def test_names_that_mean_harm_stay_text_and_nothing_is_asked_of_the_network(by_hour):
    svg = str(draw_hours(by_hour, title=HOSTILE))
    page = hours_page(by_hour, title=HOSTILE, synthetic=True)
    for text in (svg, page):
        assert "<script" not in text
        assert not re.search(r"(?:src|href)=|url\(|@import|javascript:", text)
        assert set(re.findall(r"https?://[^\"' ]+", text)) == {"http://www.w3.org/2000/svg"}
        assert "{{" not in text
    assert page.startswith("<!DOCTYPE html>")
    assert "合成数据" in page


def test_a_long_title_is_cut_within_the_picture_and_kept_whole_beside_it(by_hour):
    long = "很长的名称" * 40
    text = drawn(draw_hours(by_hour, title=long)).find(f"{SVG}text")
    assert text.find(f"{SVG}title").text == long
    shown = text.find(f"{SVG}title").tail
    assert shown.endswith("…")
    assert len(shown) * 18 < 1090


def test_the_same_table_gives_the_same_picture_in_any_order(by_hour):
    shuffled = by_hour.sample(frac=1, random_state=3).sort_values(["scenario", "group", "service"], kind="stable")
    wanted = {"scenario": "现状", "group": "(all)", "service": "any"}
    assert str(draw_hours(shuffled, **wanted)) == str(draw_hours(by_hour, **wanted))
    assert draw_hours(by_hour, **wanted)._repr_html_().count("<svg") == 1


@pytest.mark.parametrize(
    ("night", "bars"), [((22, 6), [(0, 6), (22, 24)]), ((0, 5), [(0, 5)]), ((22, 24), [(22, 24)]), (None, []), ((6, 6), [])]
)  # fmt: skip
def test_the_night_is_marked_above_the_hours(night, bars):
    root = drawn(draw_hours(one(), night=night))
    found = [
        ((float(rect.get("x")) - 144) / 36, (float(rect.get("x")) + float(rect.get("width")) - 144) / 36)
        for rect in root.iter(f"{SVG}rect")
        if rect.get("height") == "4" and rect.find(f"{SVG}title") is not None
    ]
    assert sorted(found) == bars


def test_what_cannot_be_drawn_is_refused(by_hour):
    with pytest.raises(ConfigError, match="service must be one that the table of hours holds"):
        draw_hours(by_hour, service="tea")
    with pytest.raises(ConfigError, match="language must be one of"):
        draw_hours(by_hour, language="fr")
    with pytest.raises(SchemaError, match="missing 1: demand"):
        draw_hours(by_hour.drop(columns="demand"))
    with pytest.raises(SchemaError, match="one row per slot for each scenario"):
        draw_hours(draw_by_hour().drop(columns="service"))


def test_the_page_has_a_picture_for_each_choice_and_a_button_for_each_value(by_hour):
    page = hours_page(by_hour[~((by_hour["group"] == "(all)") & (by_hour["service"] == "toilet"))])
    assert page.count("<svg") == 2 * 2 * 4 - 2
    assert page.count("此项无数据。") == 2
    assert page.count('type="radio"') == 2 + 2 + 4
    labels = re.findall(r'<label for="([a-z]+)-(\d)">([^<]+)</label>', page)
    assert [text for name, _, text in labels if name == "service"] == ["任一开放站点", "全部必需服务", "饮水", "厕所"]
    assert [text for name, _, text in labels if name == "group"][1] == "各人群合计"
    rules = re.findall(r"^(?:#\w+-\d:checked~)+#p-\d-\d-\d\{display:block\}$", page, re.MULTILINE)
    assert len(rules) == page.count('class="picture"') == 16


def test_a_page_of_one_picture_needs_no_choice_and_a_page_of_none_says_so():
    alone = hours_page(one().drop(columns="service"))
    assert alone.count("<svg") == 1
    assert 'type="radio"' not in alone
    assert "#p-{display:block}" in alone
    assert "此项无数据。" in hours_page(one().head(0))
