"""The check page as text: every finding is there, everything from data is escaped, nothing is asked of a network."""

import json
import re
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from coverage_planner.report.check_folder import write_check_folder, write_check_page
from coverage_planner.report.check_page import check_page
from coverage_planner.report.check_page_map import MOST_PLACES, MOST_POINTS, draw_layers
from coverage_planner.report.check_page_record import check_record, findings_table
from coverage_planner.report.check_page_text import check_text, snap_classes
from coverage_planner.report.check_page_words import check_words, input_name
from coverage_planner.report.findings import (
    SNAP_CLASSES_M,
    CheckReport,
    Finding,
    InputCheck,
    Said,
    SnapCheck,
    StreetCheck,
    snap_counts,
    sort_findings,
)
from drawn_outcome import HOSTILE, draw_network

CRS = "EPSG:32650"


def points_at(*places, **columns):
    ids = [f"S{n}" for n in range(1, len(places) + 1)]
    return gpd.GeoDataFrame({"id": ids, **columns}, geometry=gpd.points_from_xy(*zip(*places, strict=True)), crs=CRS)


def snap(counts=(3, 1, 0, 0, 0, 0, 0, 0)):
    return SnapCheck("walk (4.8 km/h)", 200.0, counts, too_far=2, barred=1, on_island=1, median_m=4.2, p95_m=9.0)


def draw_report(text="名称 name", **changes):
    network = draw_network()
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())[:3]
    points = gpd.GeoDataFrame(
        {"id": [text, "S2", "S3"], "name": [text] * 3}, geometry=gpd.points_from_xy(*xy.T), crs=network.edges.crs
    )
    checks = (
        InputCheck("[roads]", "roads", text, read=10, rejected=0, kept=10),
        InputCheck(
            "[facilities]", "facilities", f"{text}.csv", read=5, rejected=2, kept=3, snap=snap(), points=points,
            how=(Said(text, text),), datum=Said(text, text), datum_fits=False,
        ),
        InputCheck("[[groups]] 1 demand", "demand", f"{text}.xlsx", group=text),
    )  # fmt: skip
    findings = (
        Finding("error", "unreadable", "[[groups]] 1 demand", Said(text, text), Said(text, text)),
        Finding(
            "warning", "x", "[facilities]", Said(text, text), rows=tuple(range(2, 40)), ids=(text,) * 38,
        ),
        Finding("note", "y", "[facilities]", Said(text, text), ids=(text,), where=points.geometry.iloc[:1]),
    )  # fmt: skip
    modes = pd.DataFrame(
        [{"mode": "walk", "described": "walk (4.8 km/h)", "open_km": 12.5, "island_km": 0.5, "islands": 2}]
    )
    streets = StreetCheck(network.edges, modes, network.edges.iloc[:1], network.obstacles, text)
    report = CheckReport(text, text, "zh", checks, findings, streets=streets, synthetic=True)
    return replace(report, **changes)


def script_of(page):
    return json.loads(re.search(r"^checkPage\((.*)\);$", page, re.MULTILINE)[1])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_of_a_report_stands_in_the_page(language):
    report = draw_report(language=language)
    page = check_page(report)
    words = check_words(language)
    assert f'<html lang="{"zh-CN" if language == "zh" else "en"}">' in page
    assert page.count('<li id="f') == 3
    assert words["unreadable"] in page
    assert words["verdict_error"] in page
    for row in (2, 16, 39):
        assert re.search(rf"\b{row}\b", page)
    assert "<svg" in page
    assert words["fits_not"] in page


@pytest.mark.parametrize(
    "hostile", [HOSTILE, "</script><script>alert(1)</script>", "{{ 7*7 }}", "<!--", '"><img src=x>']
)
def test_text_of_data_stays_text(hostile):
    page = check_page(draw_report(hostile))
    body = page[page.index("<body>") : page.index("<script>")]
    assert hostile not in body
    assert "<img" not in body
    assert page.count("</script>") == page.count("<script>") == 3
    assert json.dumps(hostile, ensure_ascii=False)[1:-1] in json.dumps(script_of(page), ensure_ascii=False)


def test_nothing_is_asked_of_a_network():
    page = check_page(draw_report())
    ours = page[: page.index("<script>")]  # Leaflet's own script holds a link to its home page
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|url\((?!data:|#)|@import""", ours)
    assert "sourceMappingURL" not in page


def test_a_report_without_any_place_has_no_map():
    page = check_page(CheckReport("计划", "plan.toml", "zh", (), (Finding("error", "plan", "", Said("坏", "bad")),)))
    assert "<script>" not in page
    assert "坏" in page


def test_bright_lines_between_levels():
    findings = [
        Finding("note", "a", "[roads]", Said("a", "a")),
        Finding("error", "b", "[facilities]", Said("b", "b")),
        Finding("warning", "c", "[facilities]", Said("c", "c"), rows=(1,)),
        Finding("warning", "d", "[facilities]", Said("d", "d"), rows=(1, 2)),
        Finding("warning", "e", "", Said("e", "e")),
    ]
    ordered = sort_findings(findings, ["[roads]", "[facilities]"])
    assert [finding.code for finding in ordered] == ["b", "e", "d", "c", "a"]


@pytest.mark.parametrize(
    ("levels", "code"), [((), 0), (("note",), 0), (("note", "warning"), 1), (("warning", "error"), 2)]
)
def test_exit_codes(levels, code):
    findings = tuple(Finding(level, "x", "", Said("x", "x")) for level in levels)
    assert CheckReport("n", "f", "en", (), findings).exit_code == code


def test_classes_of_distances_hold_every_point():
    metres = np.array([0.0, 4.9, 5.0, 19.9, 150.0, 199.0, 200.0, np.nan])
    counts = snap_counts(metres, 200.0)
    assert sum(counts) == 7
    assert counts == (2, 1, 1, 0, 0, 0, 0, 3)
    check = snap(counts=counts)
    assert [high for _, high, _ in check.classes()] == list(SNAP_CLASSES_M)
    assert snap_counts(np.array([55.0, 59.0]), 60.0)[-1] == 2
    shown = snap_classes(check, check_words("en"))
    assert sum(count for _, count in shown) == 7 + 2 + 1


def test_a_limit_between_two_classes_closes_the_last_one():
    check = SnapCheck("walk", 60.0, snap_counts(np.array([55.0, 3.0]), 60.0), 0, 0, 0, 29.0, 52.0)
    assert check.classes()[-1] == (50.0, 60.0, 1)
    assert check.classes()[0] == (0.0, 5.0, 1)


def test_many_points_are_thinned_and_that_is_said():
    n = MOST_POINTS + 500
    many = points_at(*((500_000.0 + i, 3_300_000.0) for i in range(n)))
    where = many.geometry
    report = CheckReport(
        "n", "f", "en", (InputCheck("[facilities]", "facilities", "s.csv", read=n, rejected=0, kept=n, points=many),),
        (Finding("warning", "x", "[facilities]", Said("x", "x"), where=where),),
    )  # fmt: skip
    layers = {layer["key"]: layer for layer in draw_layers(report, check_words("en"))}
    assert len(layers["input-[facilities]"]["pieces"][0]["path"]) == 2 * MOST_POINTS
    assert len(layers["finding-0"]["pieces"][0]["path"]) == 2 * MOST_PLACES
    assert f"{MOST_POINTS:,} of {n:,} points" in check_page(report)


def test_json_has_plain_numbers_and_the_places():
    report = draw_report()
    record = json.loads(json.dumps(check_record(report), allow_nan=False))
    facilities = record["inputs"][1]
    assert facilities["kept"] == 3
    assert facilities["datum"]["fits"] is False
    assert facilities["snap"]["behind_an_obstacle"] == 1
    assert record["inputs"][2]["read"] is None
    ((lon, lat),) = record["findings"][2]["places"]
    expected = report.inputs[1].points.to_crs("EPSG:4326").geometry.iloc[0]
    assert (lon, lat) == (pytest.approx(expected.x, abs=1e-6), pytest.approx(expected.y, abs=1e-6))


def test_the_table_of_findings_has_a_line_per_row():
    table = findings_table(draw_report())
    assert len(table) == 1 + 38 + 1
    assert table["row"].dropna().tolist() == list(range(2, 40))
    assert list(table["level"].unique()) == ["error", "warning", "note"]


def test_the_terminal_says_the_same(capsys):
    text = "\n".join(check_text(draw_report("站\n\x1b[2J点", language="en")))
    assert "\x1b" not in text
    assert "could not be read" in text
    assert "rows 2, 3, 4" in text
    assert "26 more" in text
    assert capsys.readouterr().out == ""


def test_what_is_written_is_whole(tmp_path):
    report = draw_report()
    page = write_check_page(report, tmp_path / "检查 页.html")
    assert page.read_text(encoding="utf-8") == check_page(report)
    folder = write_check_folder(report, tmp_path / "检查")
    assert (folder / "check.html").read_text(encoding="utf-8") == check_page(report)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["检查", "检查 页.html"]


def test_a_layer_is_not_called_demand():
    layer = InputCheck("[[layers]] 1 企业", "layer", "firms.csv", group="企业")
    assert [input_name(layer, check_words(language)) for language in ("zh", "en")] == ["图层（企业）", "Layer (企业)"]
