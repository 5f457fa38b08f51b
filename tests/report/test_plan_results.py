"""Comparing saved results gives the very tables that comparing the outcomes does; what differs is named."""

from dataclasses import replace

import pandas as pd
import pytest

from coverage_planner.errors import ConfigError, InputError, SourceError
from coverage_planner.report.plan_columns import PLAN_COLUMNS, PLAN_LAYERS, PLAN_SHEETS, PLAN_TABLES
from coverage_planner.report.plan_results import compare_read, compare_results
from coverage_planner.report.plan_tables import plan_layers, plan_tables
from coverage_planner.report.results import read_results, write_results
from coverage_planner.scenario.compare import compare
from drawn_circle import draw_study
from drawn_plans import PLAN_B, draw_three

pytestmark = pytest.mark.slow

GROUPS = (("骑手", "walk", 360.0), ("司机", "walk", 300.0))


@pytest.fixture(scope="module")
def outcomes():
    return draw_three(GROUPS)


@pytest.fixture(scope="module")
def studies(outcomes):
    today, *plans = outcomes
    return [draw_study(today, plan) for plan in plans]


@pytest.fixture(scope="module")
def folders(outcomes, studies, tmp_path_factory):
    home = tmp_path_factory.mktemp("plans")
    today, *plans = outcomes
    return [
        write_results(plan, home / name, baseline=today, circle=study)
        for plan, name, study in zip(plans, ("甲 A", "乙 B"), studies, strict=True)
    ]


@pytest.fixture(scope="module")
def read(folders):
    return [read_results(folder) for folder in folders]


def same_tables(one, other):
    for name, table in one.items():
        plain = [pd.DataFrame(t).drop(columns="geometry", errors="ignore") for t in (table, other[name])]
        pd.testing.assert_frame_equal(*plain, check_exact=True, obj=name)


def test_saved_results_give_the_very_tables_of_the_outcomes(outcomes, studies, folders):
    circles = [studies[0].today, studies[0].latest, studies[1].latest]
    there = compare(outcomes, circles=circles)
    back = compare_results(folders)

    assert [plan.name for plan in back.plans] == ["现状", "方案A", PLAN_B]
    same_tables(plan_tables(there), plan_tables(back))
    same_tables(plan_layers(there), plan_layers(back))
    for name, layer in plan_layers(there).items():
        assert layer.geometry.geom_equals(plan_layers(back)[name].geometry).all()
    tables = plan_tables(back)
    assert {name for name, table in tables.items() if table.empty} == set()
    overall = back.overall.set_index(["scenario", "group"])
    for key, row in there.overall.set_index(["scenario", "group"]).iterrows():
        assert overall.loc[key, "covered_demand"] == row["covered_demand"]
        assert overall.loc[key, "mean_time_s"] == pytest.approx(row["mean_time_s"])


def test_plans_take_the_names_given_and_folders_names_where_runs_repeat(read, folders):
    assert [p.name for p in compare_read(read, folders, names=["东", "南"]).plans] == ["现状", "东", "南"]
    twice = [read[0], read[0]]
    assert [p.name for p in compare_read(twice, folders).plans] == ["现状", "甲 A", "乙 B"]


@pytest.mark.parametrize("names", [["东"], ["东", "东"], ["东", "现状"], ["东", "南", "西"]])
def test_names_that_do_not_fit_are_refused(read, folders, names):
    with pytest.raises(ConfigError, match="the 2 folders that propose something must each have a name of its own"):
        compare_read(read, folders, names=names)


def test_today_alone_is_no_comparison(outcomes, tmp_path):
    folder = write_results(outcomes[0], tmp_path / "r")
    with pytest.raises(ConfigError, match="at least two scenarios, got 1: 现状"):
        compare_results([folder])


def test_what_is_no_results_folder_is_refused(folders, tmp_path):
    with pytest.raises(SourceError, match="must be a results folder"):
        compare_results([*folders, tmp_path])


def changed_run(read, **changes):
    one, other = read
    return [one, replace(other, run={**other.run, "results": {**other.run["results"], **changes}})]


def changed_group(read, **changes):
    groups = read[1].run["results"]["groups"]
    return changed_run(read, groups=[{**groups[0], **changes}, *groups[1:]])


def changed_layer(read, name, **changes):
    one, other = read
    return [one, replace(other, layers={**other.layers, name: other.layers[name].assign(**changes)})]


def changed_roads(read, digest):
    return replace(read, run={**read.run, "inputs": [{"table": "roads", "sha256": digest}]})


def test_what_differs_is_named(read, folders):
    one, other = read
    demand = other.layers["demand"]
    facilities = other.tables["by_facility"]
    moved = facilities.assign(id=facilities["id"].where(facilities["id"] != "F2", "F8"))
    layer = other.layers["facilities"]
    places = layer.assign(id=layer["id"].where(layer["id"] != "F2", "F8"))
    services = other.tables["by_service"]
    cases = {
        "same streets": changed_run(read, streets="elsewhere"),
        "same coordinate system": changed_run(read, crs="EPSG:32651"),
        "same street file": [changed_roads(one, "a" * 9), changed_roads(other, "b" * 9)],
        "same groups": changed_run(read, groups=other.run["results"]["groups"][:1]),
        "same mode and speed of group '骑手'": changed_group(read, mode="walk (5 km/h)"),
        "same cutoff in seconds of group '骑手'": changed_group(read, cutoff_s=600.0),
        "same direction of group '骑手'": changed_group(read, direction="from_facility"),
        "same demand of group '骑手'": changed_layer(read, "demand", demand=demand["demand"] + 1),
        "same times of today of group '骑手'": changed_layer(read, "demand", time_s_today=demand["time_s_today"] + 1),
        r"same stations of today \(only in one of them: 2: F2, F8\)": [
            one,
            replace(
                other, tables={**other.tables, "by_facility": moved}, layers={**other.layers, "facilities": places}
            ),
        ],
        "same services and hours of today": [
            one,
            replace(other, tables={**other.tables, "by_service": services.assign(covered_hour_share=0.5)}),
        ],
    }
    for message, results in cases.items():
        with pytest.raises(InputError, match=f"must have the {message}.*, got .* run both plans"):
            compare_read(results, folders)


def test_every_column_has_headings_of_its_own():
    for tables in (PLAN_TABLES, {name: columns for name, (_, columns) in PLAN_LAYERS.items()}):
        for name, columns in tables.items():
            for language in ("zh", "en"):
                headings = [PLAN_COLUMNS[column].heading(language) for column in columns]
                assert len(set(headings)) == len(headings), name
    assert set(PLAN_SHEETS) == {"summary", *PLAN_TABLES}
