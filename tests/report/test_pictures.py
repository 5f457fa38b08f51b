"""Pictures of the report: bars as long as the cells say, maps in which a metre is as long both ways."""

import warnings

import geopandas as gpd
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from coverage_planner.report import charts
from coverage_planner.report.fonts import choose_lettering, lettered
from coverage_planner.report.picture_ground import joined, read_ground
from coverage_planner.report.pictures import MapPicture, Surroundings, surroundings
from coverage_planner.report.speech import speech

LETTERING = choose_lettering(["plain"])


@pytest.fixture(autouse=True)
def settings_stay_as_they_were():
    before = dict(mpl.rcParams)
    with lettered(LETTERING), warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert dict(mpl.rcParams) == before


def around(width, height):
    return Surroundings((0.0, 0.0, width, height), None, [], None, LETTERING, "nobody")


def test_bars_are_as_long_as_the_shares_say():
    figure = charts.chart_pairs(["a", "b"], [0.25, np.nan], [0.5, 1.0], LETTERING)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    np.testing.assert_array_equal(widths, [0.25, np.nan, 0.5, 1.0])
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["a", "b"]
    assert figure.axes[0].yaxis_inverted()  # the first stands on top


def test_sites_add_up_in_their_order():
    sites = pd.DataFrame({"number": [1, 2], "added_demand": [30.0, 10.0]})
    figure = charts.chart_sites(sites, 0.5, 100.0, speech("en"), "today")
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == pytest.approx([0.5, 0.8, 0.9])
    assert charts.chart_sites(sites, 0.5, 0.0, speech("en"), "today") is None


def test_every_hour_has_its_own_share_and_nights_go_over_midnight():
    shares = np.linspace(0, 1, 48)
    rows = pd.DataFrame(
        {
            "scenario": "now", "group": "g", "service": "any", "day_kind": "ordinary", "covered_demand_share": shares,
            "day": np.repeat(["Mo", "Tu"], 24), "hour": np.tile(np.arange(24.0), 2),
        }
    )  # fmt: skip
    figure = charts.chart_hours(rows, ["now"], "g", (22, 6), speech("zh"))
    steps = next(patch for patch in figure.axes[0].patches if hasattr(patch, "get_data"))
    np.testing.assert_array_equal(steps.get_data().values, shares)
    np.testing.assert_array_equal(steps.get_data().edges, np.arange(49.0))
    shaded = sorted(
        (float(patch.get_x()), float(patch.get_x() + patch.get_width()))
        for patch in figure.axes[0].patches
        if hasattr(patch, "get_x")
    )
    assert shaded == [(0, 6), (22, 24), (24, 30), (46, 48)]


@pytest.mark.parametrize(
    "chart", [charts.chart_pairs, charts.chart_changes, charts.chart_amounts], ids=lambda chart: chart.__name__
)
def test_nothing_is_drawn_of_nothing(chart):
    assert chart([], [], None, LETTERING) is None


def test_names_are_no_formulas_and_long_ones_take_two_lines():
    name = "$x_1$ the stations within reach lack the service, and so on for ever and ever"
    figure = charts.chart_changes([name], [0.0], [1.0], LETTERING)
    picture = charts.finish(figure, LETTERING)
    assert picture.uri.startswith("data:image/")
    (label,) = figure.axes[0].get_yticklabels()
    assert label.get_text().startswith("$x_1$")
    assert label.get_text().count("\n") == 1
    assert label.get_text().endswith("…")


def test_the_smaller_file_is_taken_and_the_same_picture_is_the_same_file():
    few = charts.finish(charts.chart_pairs(["a"], [0.5], None, LETTERING), LETTERING)
    again = charts.finish(charts.chart_pairs(["a"], [0.5], None, LETTERING), LETTERING)
    assert few == again
    crowd = charts.new_figure(3.0)
    axes = crowd.subplots()
    axes.scatter(*np.random.default_rng(1).random((2, 4000)), s=1)
    many = charts.finish(crowd, LETTERING)
    assert many.mime == "image/png"
    assert many.content.startswith(b"\x89PNG")
    assert many.size == (643, 288)


@settings(max_examples=8, deadline=None)
@given(
    width=st.floats(200, 80_000), ratio=st.floats(0.15, 6), panels=st.integers(1, 5),
)  # fmt: skip
def test_a_metre_is_as_long_both_ways_and_nothing_leaves_the_page(width, ratio, panels):
    drawing = MapPicture(around(width, width * ratio), panels=panels)
    figure = drawing.finish("N")
    scales = []
    for axes in figure.axes:
        place = axes.get_position()
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        scales += [
            place.width * figure.get_figwidth() / (east - west), place.height * figure.get_figheight() / (north - south)
        ]  # fmt: skip
        assert place.x0 > -1e-9
        assert place.x1 < 1 + 1e-9
    assert len(figure.axes) == panels
    assert scales == pytest.approx([scales[0]] * len(scales))
    assert figure.get_figheight() <= charts.MOST_HEIGHT_IN + 1e-9
    said = next(text.get_text() for text in figure.axes[0].texts if text.get_text().endswith("m"))
    number, unit = said.split()
    length = float(number) * (1000 if unit == "km" else 1)
    assert number.strip("0.")[:1] in {"1", "2", "5"}
    assert 0.08 * width < length <= 0.22 * width * (1 + 1e-9)


def test_what_is_shown_is_the_study_area_or_else_all_there_is():
    empty = gpd.GeoDataFrame({"id": []}, geometry=[], crs="EPSG:32650")
    points = gpd.GeoDataFrame({"id": ["a", "b"]}, geometry=[Point(0, 0), Point(1000, 400)], crs="EPSG:32650")
    area = gpd.GeoDataFrame({"id": ["s"]}, geometry=[box(100, 100, 300, 200)], crs="EPSG:32650")
    layers = {"study_area": empty, "communities": empty, "demand": points, "facilities": empty, "isochrones": empty}
    assert surroundings(layers, None, LETTERING, "").extent == (-30.0, -30.0, 1030.0, 430.0)
    layers["study_area"] = area
    assert surroundings(layers, None, LETTERING, "").extent == (94.0, 94.0, 306.0, 206.0)


def test_lines_are_told_apart_in_one_path():
    points, codes = joined(np.arange(10.0).reshape(5, 2), np.array([3]))
    assert codes.tolist() == [1, 2, 2, 1, 2]
    assert joined(np.empty((0, 2)), np.array([], dtype=int))[1].tolist() == []
    assert points.shape == (5, 2)


def test_a_folder_without_map_data_has_no_ground(tmp_path):
    assert read_ground(tmp_path, "EPSG:32650") is None
    (tmp_path / "map_data.json").write_text('{"format": 99}', encoding="utf-8")
    assert read_ground(tmp_path, "EPSG:32650") is None
