"""Services, hours, hubs, capacity and equity as planners read them: every figure where it belongs, beside its name."""

import re
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest

from coverage_planner.errors import SourceError
from coverage_planner.report.circle_columns import CIRCLE_LAYERS, CIRCLE_TABLES
from coverage_planner.report.circle_layers import circle_layers
from coverage_planner.report.circle_tables import circle_tables, describe_stations
from coverage_planner.report.hours_sheet import spread_hours
from coverage_planner.report.results import read_results, write_results
from coverage_planner.report.speech import speech
from coverage_planner.report.table_columns import SYNTHETIC_NOTE
from coverage_planner.report.tables import measure_outcome, report_tables
from coverage_planner.report.workbook import write_workbook
from drawn_circle import MOMENT, draw_study
from drawn_outcome import HOSTILE, draw_outcome

GROUPS = (("骑手", "walk", 360.0), ("司机", "drive", 300.0))


@pytest.fixture(scope="module")
def outcomes():
    return draw_outcome(groups=GROUPS), draw_outcome(proposed=True, groups=GROUPS)


@pytest.fixture(scope="module")
def study(outcomes):
    return draw_study(*outcomes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, outcomes):
    study = draw_study(outcomes[0])
    home = tmp_path_factory.mktemp("圈") / "结果 甲"
    return write_results(outcomes[0], home, circle=study, title="<b>试点</b>", datum="gcj02", language="en")


@pytest.fixture(scope="module")
def tables(outcomes, study):
    today, plan = outcomes
    return report_tables(measure_outcome(plan, today), plan.network, circle=study)


def rows_of(table: pd.DataFrame, **where) -> pd.DataFrame:
    return table[np.logical_and.reduce([table[name] == value for name, value in where.items()])]


def test_without_a_circle_its_tables_have_their_columns_and_no_rows(outcomes):
    today, _ = outcomes
    found = report_tables(measure_outcome(today), today.network)
    for name, columns in CIRCLE_TABLES.items():
        assert list(found[name]) == list(columns)
        assert found[name].empty
    assert all(layer.empty for layer in circle_layers(None, today.network.crs).values())
    assert found["by_facility"][["hub_id", "level_filled"]].isna().all(axis=None)


def test_every_table_and_layer_says_something(tables, study, outcomes):
    assert all(len(tables[name]) for name in CIRCLE_TABLES)
    assert all(len(layer) for layer in circle_layers(study, outcomes[0].network.crs).values())


def test_the_headline_of_a_group_says_who_is_fully_served_and_who_is_served_at_night(tables, study):
    row = rows_of(tables["overall"], scenario="现状", group="骑手").iloc[0]
    assert row[["full_demand_share", "open_week_share", "full_week_share"]].tolist() == [0.25, 0.375, 0.125]
    assert np.isnan(row["unassigned_demand"])
    covered, present = 0.0, 0.0
    for record in study.today.groups["骑手"].hours.to_dict("records"):
        if record["service"] == "any" and record["kind"] == "ordinary" and (record["hour"] >= 22 or record["hour"] < 6):
            covered, present = covered + record["covered_demand"], present + record["demand"]
    assert covered > 0
    assert row["open_night_share"] == pytest.approx(covered / present)


def test_services_of_each_group_and_of_all_stand_beside_their_change(tables, study):
    table = tables["by_service"]
    assert len(table) == 2 * 4 * 3  # scenarios, services, groups with all together
    for place, circle in enumerate(study.circles):
        for name, group in circle.groups.items():
            for service in group.services.to_dict("records"):
                (row,) = rows_of(table, scenario=circle.scenario, group=name, service=service["service"]).to_dict(
                    "records"
                )
                assert row["covered_demand"] == service["covered_demand"]
                assert row["n_offering"] == service["n_facilities"]
                assert row["cutoff_min"] == pytest.approx(service["cutoff_s"] / 60, nan_ok=True)
                change = [row["change_covered_demand_share"], row["change_covered_hour_share"]]
                assert change == (pytest.approx([np.nan] * 2, nan_ok=True) if place == 0 else [0.125, 0.0625])
    together = rows_of(table, group="(all)", scenario="方案A", service="any").iloc[0]
    assert together["covered_demand_share"] == 0.875
    assert np.isnan(together["cutoff_min"])


def test_one_group_is_not_added_up_to_itself():
    alone = draw_study(draw_outcome())
    tables = circle_tables(alone)
    assert set(tables["by_service"]["group"]) == set(tables["by_hour"]["group"]) == {"骑手"}


def test_hours_stand_in_their_order_with_the_cutoff_of_their_service(tables, study):
    rows = rows_of(tables["by_hour"], scenario="现状", group="骑手", service="toilet")
    hours = study.today.groups["骑手"].hours
    expected = hours[hours["service"] == "toilet"]
    assert rows["slot"].tolist() == expected["slot"].tolist()
    assert rows["day_kind"].tolist() == expected["kind"].tolist()
    assert set(rows["cutoff_min"]) == {5.0}
    assert set(rows["mode"]) == {"walk (4.8 km/h)"}
    np.testing.assert_array_equal(rows["covered_demand"], expected["covered_demand"])


def test_reasons_add_up_to_the_demand_that_is_not_served(tables, study):
    table = tables["reasons"]
    for circle in study.circles:
        for name, group in circle.groups.items():
            for service, moment, column in (("full", None, "reason"), ("any", MOMENT, f"reason {MOMENT}")):
                rows = rows_of(table, scenario=circle.scenario, group=name, service=service)
                rows = rows[rows["moment"].isna() if moment is None else rows["moment"] == moment]
                expected: dict[str, list[float]] = {}
                for record in group.points.to_dict("records"):
                    if isinstance(record[column], str):
                        expected.setdefault(record[column], []).append(record["demand"])
                found = rows.set_index("reason")
                assert found["n_points"].to_dict() == {reason: len(all_) for reason, all_ in expected.items()}
                assert found["uncovered_demand"].to_dict() == {reason: sum(all_) for reason, all_ in expected.items()}
                assert rows["uncovered_demand"].is_monotonic_decreasing
                np.testing.assert_allclose(
                    rows["uncovered_demand_share"], rows["uncovered_demand"] / sum(group.points["demand"])
                )


def test_stations_say_what_their_level_adds_their_hours_and_their_hub(tables, outcomes, study):
    table = tables["by_facility"]
    satellite = rows_of(table, scenario="现状", group="骑手", id="F2").iloc[0]
    assert satellite[["level", "hub_id", "services", "opening_hours", "level_filled"]].tolist() == [
        "satellite", "F1", "water", "Mo-Su 07:00-23:00", "services",
    ]  # fmt: skip
    assert satellite["open_h_per_week"] == 7 * 16
    hub = rows_of(table, scenario="方案A", group="司机", id="F1").iloc[0]
    assert hub["open_h_per_week"] == 7 * 24
    assert hub["hub_id"] is None
    assert len(table) == 2 * (2 + 3)  # the mobile stop is none of them
    measured = measure_outcome(outcomes[0]).facilities
    before = measured.copy()
    describe_stations(measured, study)
    pd.testing.assert_frame_equal(measured, before)


def test_hubs_and_satellites_carry_names_and_who_does_not_count(tables):
    assert tables["hubs"][["scenario", "id", "name", "n_satellites", "most_satellites"]].to_numpy().tolist() == [
        [scenario, "F1", "江北服务中心", 1, 5.0] for scenario in ("现状", "方案A")
    ]
    known = rows_of(tables["satellites"], scenario="方案A")
    assert known[["id", "hub_id", "hub_name", "counts"]].to_numpy().tolist() == [
        ["F2", "F1", "江北服务中心", True],
        ["C7", None, None, False],
    ]
    assert known["time_min"].iloc[0] == 7.5
    assert known["hub_lack"].tolist() == [None, "hubs_full"]
    assert tables["hubs"]["lat"].between(28.6, 28.7).all()


def test_lines_lead_from_the_hub_to_each_satellite_that_has_one(study, outcomes):
    links = circle_layers(study, outcomes[0].network.crs)["hub_links"]
    assert links["id"].tolist() == ["F2", "F2"]
    stations = outcomes[0].scenario.facilities.set_index("id").geometry
    assert [line.coords[:] for line in links.geometry] == [[stations["F1"].coords[0], stations["F2"].coords[0]]] * 2


def test_capacity_ranks_shortages_and_stands_beside_the_floating_catchment(tables, study):
    circle = study.today
    rows = rows_of(tables["capacity"], scenario="现状").set_index("id")
    for record in circle.capacity.facilities.to_dict("records"):
        row = rows.loc[record["id"]]
        assert row["nearest_demand"] == record["nearest_demand"]
        assert row["room"] == pytest.approx(record["capacity"], nan_ok=True)
        assert row["full"] == record["full"]
    short = rows["shortage"] > 0
    assert rows.loc[short, "shortage_rank"].sort_values().tolist() == list(range(1, short.sum() + 1))
    assert rows.loc[~short, "shortage_rank"].isna().all()
    np.testing.assert_array_equal(rows["ratio"], circle.access.facilities["ratio"])
    assert rows["mean_time_min"].iloc[0] * 60 == pytest.approx(circle.capacity.facilities["mean_time_s"].iloc[0])


def test_one_measure_of_capacity_alone_leaves_the_other_empty(outcomes):
    study = draw_study(outcomes[0])
    study.today.capacity = None
    table = circle_tables(study)["capacity"]
    assert table["room"].isna().all()
    assert not table["full"].any()
    assert table["supply"].notna().all()
    study.today.access = None
    assert circle_tables(study)["capacity"].empty


def test_a_group_that_passes_by_has_no_equity_and_without_levels_there_are_no_hubs(outcomes):
    study = draw_study(outcomes[0])
    study.today.groups["司机"].equity = None
    study.today.hubs = None
    tables = circle_tables(study)
    assert set(tables["equity"]["group"]) == {"骑手"}
    assert tables["hubs"].empty
    assert tables["satellites"].empty
    assert circle_layers(study, outcomes[0].network.crs)["hub_links"].empty


def test_a_lorenz_curve_keeps_a_row_for_each_half_percent_its_first_and_its_last(outcomes):
    study = draw_study(outcomes[0])
    people = np.linspace(0, 1, 20_001)
    curve = pd.DataFrame({"people_share": people, "time_share": people**2})
    group = study.today.groups["骑手"]
    group.equity = replace(group.equity, lorenz=curve)
    table = rows_of(circle_tables(study)["lorenz"], group="骑手")
    assert len(table) in range(200, 203)
    assert table["people_share"].iloc[[0, -1]].tolist() == [0.0, 1.0]
    gaps = np.diff(table["people_share"])
    assert gaps.max() <= 0.0101
    assert np.allclose(table["time_share"], table["people_share"] ** 2)


def test_what_lies_in_the_circles_stands_beside_the_stations_name(tables):
    table = tables["in_circle"]
    assert rows_of(table, scenario="现状", layer="企业")[
        ["id", "name", "n_inside", "unit", "count_inside", "counted"]
    ].to_numpy().tolist() == [
        ["(all)", None, 3, "家", 321.0, "名职工"],
        ["F1", "江北服务中心", 3, "家", 321.0, "名职工"],
        ["F2", HOSTILE, 3, "家", 321.0, "名职工"],
    ]


def test_points_unserved_at_a_moment_are_those_with_a_reason(study, outcomes):
    layer = circle_layers(study, outcomes[0].network.crs)["unserved_at"]
    rows = rows_of(layer, scenario="现状", group="骑手", moment=MOMENT)
    points = study.today.groups["骑手"].points
    missing = points[points[f"reason {MOMENT}"].notna()]
    assert rows["id"].tolist() == missing["id"].tolist()
    assert rows["reason"].tolist() == missing[f"reason {MOMENT}"].tolist()
    demand = outcomes[0].groups["骑手"].group.demand.set_index("id").geometry
    assert all(demand[label].equals(point) for label, point in zip(rows["id"], rows.geometry, strict=True))


def test_the_sheet_of_hours_has_a_row_for_each_day_and_a_column_for_each_hour(tables):
    by_hour = tables["by_hour"]
    wide = spread_hours(by_hour)
    assert list(wide)[6:] == [f"{hour}:00" for hour in range(24)]
    assert len(wide) == len(by_hour) / 24
    for record in by_hour.sample(50, random_state=1).to_dict("records"):
        row = rows_of(wide, **{name: record[name] for name in ("scenario", "group", "service", "day")})
        assert row[f"{record['hour']:.0f}:00"].tolist() == pytest.approx([record["covered_demand_share"]], nan_ok=True)


def test_key_figures_show_the_circle_where_there_is_one(tmp_path, tables, outcomes):
    without = report_tables(measure_outcome(outcomes[0]), outcomes[0].network)
    shown = {}
    for name, found in (("with", tables), ("without", without)):
        write_workbook({"overall": found["overall"]}, tmp_path / f"{name}.xlsx", language="zh")
        book = openpyxl.load_workbook(tmp_path / f"{name}.xlsx")
        shown[name] = {row[3].value: row[4].value for row in book["关键指标"].iter_rows() if row[0].value == "骑手"}
        book.close()
    assert shown["with"].keys() - shown["without"].keys() == {
        "全部必需服务覆盖率", "在场时有站点开放的覆盖率", "在场时可得全部必需服务的覆盖率", "夜间在场时有站点开放的覆盖率",
    }  # fmt: skip
    assert shown["with"]["全部必需服务覆盖率"] == 0.25


def test_whole_numbers_that_may_be_missing_are_written_whole(folder):
    lines = (folder / "hubs.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1].split(",")[3:5] == ["1", "5"]


def test_our_words_are_said_in_the_language_of_the_workbook(tmp_path, tables):
    named = ("overall", "by_service", "reasons", "equity_by_area", "in_circle", "by_facility")
    noted = {name: tables[name] for name in named} | {"by_hour": tables["by_hour"].assign(note=SYNTHETIC_NOTE)}
    write_workbook(noted, tmp_path / "summary.xlsx", language="zh")
    book = openpyxl.load_workbook(tmp_path / "summary.xlsx")

    def column(sheet: str, heading: str) -> set:
        header, *rows = ([cell.value for cell in row] for row in book[sheet].iter_rows())
        return {row[header.index(heading)] for row in rows}

    assert column("分服务", "服务") == {"饮水", "厕所", "任一开放站点", "全部必需服务"}
    assert column("分服务", "组别") == {"骑手", "司机", "各人群合计"}
    assert column("分时段", "星期或日期") == {"周一", "周二", "2025-10-03", "2025-09-28"}
    assert column("分时段", "日期类型") == {"平常日", "节假日", "调休上班"}
    assert column("未服务原因", "时刻") == {None, "周三 23:00"}
    assert column("未服务原因", "原因") == {"该时段站点未开放", "有阻隔，绕行过远"}
    assert column("公平性分区域", "范围类型") == {"社区", "街道"}
    assert "全部站点（每点只计一次）" in column("圈内概况", "编号")
    assert column("各站点", "按级别补充的内容") == {"服务"}
    assert column("分时段", "备注") == {SYNTHETIC_NOTE}
    (rule,) = book["分时段"].conditional_formatting
    assert re.fullmatch(r"G2:AD\d+", str(rule.sqref))
    assert speech("en").say("moment", "We 23:00") == "Wed 23:00"
    assert speech("zh").say("moment", "2025-10-03 15:00") == "2025-10-03 15:00"
    assert speech("zh").say("service", "看海") == "看海"
    book.close()


def test_the_three_lists_are_tables_and_a_workbook_of_their_own(folder, outcomes, tables):
    columns = ["need_id", "lack", "required", "nearest_for_demand", "nearest_time_min"]
    assert tables["needs"][columns].iloc[0].tolist() == ["N001", "service", True, 40.0, 7.0]
    columns = ["id", "change", "planned", "mean_time_min"]
    assert tables["resources"][columns].iloc[0].tolist() == ["C7", "open_site", True, 4.0]
    assert tables["planned_services"]["services"].tolist() == ["water;toilet"]
    book = openpyxl.load_workbook(folder / "three_lists.xlsx")
    assert book.sheetnames == ["Needs", "Resources", "Services"]
    book.close()
    study = draw_study(outcomes[0])
    study.lists = None
    assert circle_tables(study)["needs"].empty


def test_a_folder_tells_what_counts_and_misses_a_table_that_it_had(folder):
    results = read_results(folder)
    told = results.run["results"]["circle"]
    assert results.tables["hubs"]["most_satellites"].tolist() == [5.0]
    assert told["required"] == ["water", "toilet"]
    assert told["cutoffs_s"] == {"toilet": 300.0}
    assert told["days"]["2025-10-03"] == "2025-10-03"
    assert told["served"]["现状"]["骑手"] == {"any": 0.375, "full": 0.125}
    assert results.tables["hubs"]["lon"].tolist() == pytest.approx([115.7741379], abs=1e-6)
    page = (folder / "hours.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "<h1>&lt;b&gt;试点&lt;/b&gt;</h1>" in page
    assert set(CIRCLE_LAYERS) <= set(results.run["results"]["features"])
    lorenz = folder / "lorenz.csv"
    lorenz.rename(folder / "away")
    with pytest.raises(SourceError, match=r"missing 1: lorenz\.csv"):
        read_results(folder)
    (folder / "away").rename(lorenz)
