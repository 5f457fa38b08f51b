"""Every figure of the tables counted again, pair by pair."""

import itertools
import math
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely import Point

from coverage_planner.coverage.gaps import explain_uncovered
from coverage_planner.errors import ConfigError, InputError, SchemaError, SourceError
from coverage_planner.report.circle_columns import LIST_TABLES
from coverage_planner.report.csv_tables import guard, read_csv, unguard, write_csv
from coverage_planner.report.result_layers import report_layers
from coverage_planner.report.table_columns import COLUMNS, LAYERS, SHEETS, SYNTHETIC_NOTE, TABLES, set_types
from coverage_planner.report.tables import NO_SUBDISTRICT, is_proposed, measure_outcome, report_tables
from coverage_planner.scenario.evaluate import evaluate
from coverage_planner.scenario.scenario import Group, Scenario
from coverage_planner.schema import Rejections
from coverage_planner.sources.datum import DATUMS
from drawn_outcome import (
    CRS,
    at,
    draw_candidates,
    draw_communities,
    draw_demand,
    draw_facilities,
    draw_network,
    draw_outcome,
    frame,
)

GROUPS = (("骑手", "walk", 420.0), ("司机", "walk", 240.0))


def draw_sites() -> gpd.GeoDataFrame:
    """Three sites: two that overlap, one beside a station."""
    return frame(
        {"id": ["C7", "C8", "C9"], "name": ["门卫室", None, "=1+1"], "kind": "gatehouse", "cost": [12.5, np.nan, 3.0],
         "gap_id": ["G01", "G01", None]},
        [Point(at(4, 1)), Point(at(4, 2)), Point(at(1, 2))],
    )  # fmt: skip


@pytest.fixture(scope="module")
def both():
    """Today and proposed, with the real engine: times beyond the cutoff are known too."""
    network, demand = draw_network(), draw_demand()
    groups = [Group(name, mode, cutoff, demand) for name, mode, cutoff in GROUPS]
    today = Scenario("现状", draw_facilities())
    plan = today.with_sites("方案A", draw_sites())
    outcomes = [evaluate(s, network, groups, communities=draw_communities()) for s in (today, plan)]
    measured = measure_outcome(outcomes[1], outcomes[0])
    tables = report_tables(measured, network)
    return SimpleNamespace(today=outcomes[0], plan=outcomes[1], measured=measured, tables=tables, network=network)


def reach_of(outcome, name) -> dict[str, dict[str, float]]:
    """Demand point -> station -> seconds, within the cutoff; by hand from the list of pairs."""
    group = outcome.groups[name]
    reach = {label: {} for label in group.group.demand["id"]}
    for pair in group.times.to_frame().itertuples():
        if pair.time_s <= group.group.cutoff_s:
            reach[pair.demand_id][pair.facility_id] = float(pair.time_s)
    return reach


def weights_of(outcome, name) -> dict[str, float]:
    demand = outcome.groups[name].group.demand
    return dict(zip(demand["id"], demand["demand"], strict=True))


def rows_of(table: pd.DataFrame, **where) -> pd.DataFrame:
    return table[np.logical_and.reduce([table[column] == value for column, value in where.items()])]


def mean(pairs) -> float:
    """Mean of (value, weight)."""
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total else math.nan


def close(found, expected):
    return found == pytest.approx(expected, rel=1e-6, nan_ok=True)


def test_the_scenarios_differ_and_leave_somebody_uncovered(both):
    # without this the counts below would prove little
    overall = rows_of(both.tables["overall"], group="骑手")
    assert 0 < overall["covered_demand"].iloc[0] < overall["covered_demand"].iloc[1] < overall["demand"].iloc[1]


def test_overall_counts_each_demand_point_once(both):
    table = both.tables["overall"]
    assert list(zip(table["group"], table["scenario"], strict=True)) == [
        (name, scenario) for name, _, _ in GROUPS for scenario in ("现状", "方案A")
    ]
    for outcome, (name, _, cutoff) in itertools.product((both.today, both.plan), GROUPS):
        row = rows_of(table, group=name, scenario=outcome.scenario.name).iloc[0]
        reach, weights = reach_of(outcome, name), weights_of(outcome, name)
        covered = [label for label in reach if reach[label]]
        assert close(row["covered_demand"], sum(weights[label] for label in covered))
        assert close(row["demand"], sum(weights.values()))
        assert close(row["covered_demand_share"], sum(weights[label] for label in covered) / sum(weights.values()))
        assert close(row["covered_point_share"], len(covered) / len(reach))
        assert close(row["mean_time_min"], mean([(min(reach[c].values()) / 60, weights[c]) for c in covered]))
        assert row["n_points"] == len(reach)
        assert row["n_facilities"] == len(outcome.scenario.facilities)
        assert row["mode"] == "walk (4.8 km/h)"
        assert row["speed_kph"] == 4.8
        assert row["direction"] == "to_facility"
        assert close(row["cutoff_min"], cutoff / 60)
        assert close(row["straight_line_radius_m"], cutoff * 4.8 / 3.6)
        stations = outcome.scenario.facilities.geometry
        near = [
            weights[label]
            for label, place in zip(weights, outcome.groups[name].group.demand.geometry, strict=True)
            if stations.distance(place).min() <= cutoff * 4.8 / 3.6
        ]
        assert close(row["straight_line_demand_share"], sum(near) / sum(weights.values()))
        assert 0 < row["covered_area_share"] < 1
        assert 0 < row["covered_road_share"] < 1


def test_by_car_the_radius_is_the_one_whose_share_stands_beside_it():
    network, demand = draw_network(), draw_demand()
    outcome = evaluate(Scenario("t", draw_facilities()), network, [Group("drivers", "drive", 60.0, demand)])
    assert outcome.headline.shares["straight_line_radius_m"].iloc[0] == 60.0 * 30 * 0.6 / 3.6
    overall = report_tables(measure_outcome(outcome), network)["overall"]
    assert list(overall["straight_line_radius_m"]) == [60.0 * 30 * 0.6 / 3.6]


def test_changes_stand_beside_the_proposed_scenario_only(both):
    table = both.tables["overall"]
    changes = [name for name in table if name.startswith("change_")]
    assert len(changes) == 6
    for name, _, _ in GROUPS:
        today, plan = (rows_of(table, group=name, scenario=s).iloc[0] for s in ("现状", "方案A"))
        assert today[changes].isna().all()
        for change in changes:
            measure = change.removeprefix("change_")
            assert close(plan[change], plan[measure] - today[measure])
    for name in ("by_community", "by_subdistrict"):
        areas = both.tables[name]
        assert rows_of(areas, scenario="现状")["change_covered_demand"].isna().all()
        assert rows_of(areas, scenario="方案A")["change_covered_demand"].notna().all()


def test_communities_count_the_points_inside_and_add_up_to_all(both):
    communities = draw_communities()
    for outcome, (name, _, _) in itertools.product((both.today, both.plan), GROUPS):
        table = rows_of(both.tables["by_community"], group=name, scenario=outcome.scenario.name)
        reach, weights = reach_of(outcome, name), weights_of(outcome, name)
        demand = outcome.groups[name].group.demand.set_index("id").geometry
        assert table["id"].to_list() == communities["id"].to_list()
        assert table["subdistrict"].to_list() == [*communities["subdistrict"].iloc[:3], None]
        for row, area in zip(table.itertuples(), communities.geometry, strict=True):
            inside = [label for label in reach if area.covers(demand[label])]
            covered = [label for label in inside if reach[label]]
            assert row.n_points == len(inside)
            assert close(row.demand, sum(weights[label] for label in inside))
            assert close(row.covered_demand, sum(weights[label] for label in covered))
            assert close(row.covered_demand_share, mean([(label in covered, weights[label]) for label in inside]))
            assert close(row.covered_point_share, len(covered) / len(inside) if inside else math.nan)
            assert close(row.mean_time_min, mean([(min(reach[c].values()) / 60, weights[c]) for c in covered]))
        overall = rows_of(both.tables["overall"], group=name, scenario=outcome.scenario.name).iloc[0]
        for measure in ("demand", "covered_demand", "n_points"):  # the communities tile the demand
            assert close(table[measure].sum(), overall[measure])
        assert close(np.nansum(table["change_covered_demand"]), np.nan_to_num(overall["change_covered_demand"]))


def test_subdistricts_add_up_their_communities_and_those_without_one_stand_together(both):
    communities, subdistricts = both.tables["by_community"], both.tables["by_subdistrict"]
    keys = ["group", "scenario", "name"]
    named = communities.assign(name=communities["subdistrict"].fillna(NO_SUBDISTRICT))
    sums = named.groupby(keys)[["n_points", "demand", "covered_demand"]].sum()
    found = subdistricts.set_index(keys)[["n_points", "demand", "covered_demand"]]
    pd.testing.assert_frame_equal(found.sort_index(), sums.sort_index(), check_index_type=False)
    assert subdistricts["name"].head(3).to_list() == ["滨江街道", "南岸街道", NO_SUBDISTRICT]


@pytest.mark.parametrize(
    "communities", [None, draw_communities().drop(columns="subdistrict"), draw_communities().iloc[:0]]
)
def test_without_subdistricts_their_table_has_no_rows(communities):
    outcome = draw_outcome(communities=communities)
    tables = report_tables(measure_outcome(outcome), outcome.network)
    assert list(tables["by_subdistrict"]) == list(TABLES["by_subdistrict"])
    assert tables["by_subdistrict"].empty
    assert len(tables["by_community"]) == (0 if communities is None else len(communities))


def test_sites_tell_new_from_overlapping_demand(both):
    to_lon_lat = Transformer.from_crs(CRS, 4326, always_xy=True)
    sites = draw_sites()
    for name, _, _ in GROUPS:
        before, reach, weights = reach_of(both.today, name), reach_of(both.plan, name), weights_of(both.plan, name)
        table = rows_of(both.tables["by_site"], group=name)
        assert table["id"].to_list() == ["C7", "C8", "C9"]
        assert table["number"].to_list() == [1, 2, 3]
        assert table["name"].to_list() == ["门卫室", None, "=1+1"]
        for row, place in zip(table.itertuples(), sites.geometry, strict=True):
            mine = [label for label in reach if row.id in reach[label]]
            others = {other for other in sites["id"] if other != row.id}
            new = [label for label in mine if not before[label]]

            def total(labels, weights=weights):
                return sum(weights[label] for label in labels)

            assert close(row.catchment_demand, total(mine))
            assert close(row.newly_covered_demand, total(new))
            assert close(row.overlap_existing_demand, total([label for label in mine if before[label]]))
            assert close(row.overlap_sites_demand, total([label for label in mine if others & set(reach[label])]))
            assert close(row.exclusive_demand, total([label for label in mine if set(reach[label]) == {row.id}]))
            nearest = [label for label in new if min(reach[label], key=reach[label].get) == row.id]
            assert close(row.newly_covered_nearest_demand, total(nearest))
            assert close(row.mean_time_min, mean([(reach[label][row.id] / 60, weights[label]) for label in mine]))
            assert (row.lon, row.lat) == pytest.approx(to_lon_lat.transform(place.x, place.y), abs=1e-7)
        gain = rows_of(both.tables["overall"], group=name, scenario="方案A")["change_covered_demand"].iloc[0]
        left = {label for label, covered in before.items() if not covered}
        for row in table.itertuples():  # no order of opening was given: as they stand in the table
            mine = {label for label in left if row.id in reach[label]}
            assert close(row.added_demand, sum(weights[label] for label in mine))
            left -= mine
        assert close(table["added_demand"].sum(), gain)
        assert close(table["newly_covered_nearest_demand"].sum(), gain)
        assert table["newly_covered_demand"].sum() >= gain
    assert both.tables["by_site"]["overlap_sites_demand"].gt(0).any()
    assert both.tables["by_site"]["overlap_existing_demand"].gt(0).any()


def test_sites_add_demand_in_their_order_of_opening(both):
    ordered = draw_sites().assign(order=[3, 2, 1])
    name, mode, cutoff = GROUPS[0]
    plan = both.today.scenario.with_sites("方案B", ordered)
    outcome = evaluate(plan, both.network, [Group(name, mode, cutoff, draw_demand())])
    table = report_tables(measure_outcome(outcome), both.network)["by_site"].set_index("id")
    before, reach, weights = reach_of(both.today, name), reach_of(outcome, name), weights_of(outcome, name)
    left = {label for label, covered in before.items() if not covered}
    for site in ("C9", "C8", "C7"):
        mine = {label for label in left if site in reach[label]}
        assert close(table.loc[site, "added_demand"], sum(weights[label] for label in mine))
        left -= mine
    first = rows_of(both.tables["by_site"], group=name).set_index("id")
    assert table.loc["C7", "added_demand"] < first.loc["C7", "added_demand"]  # what C8 covers too now counts there


def test_sites_without_a_baseline_are_measured_against_the_stations_that_exist(both):
    alone = report_tables(measure_outcome(both.plan), both.network)["by_site"]
    pd.testing.assert_frame_equal(alone, both.tables["by_site"])


def test_stations_have_catchment_and_exclusive_demand(both):
    table = both.tables["by_facility"]
    assert len(table) == len(GROUPS) * (2 + 5)
    for outcome, (name, _, _) in itertools.product((both.today, both.plan), GROUPS):
        reach, weights = reach_of(outcome, name), weights_of(outcome, name)
        for row in rows_of(table, group=name, scenario=outcome.scenario.name).itertuples():
            mine = [label for label in reach if row.id in reach[label]]
            assert close(row.catchment_demand, sum(weights[label] for label in mine))
            alone = [label for label in mine if len(reach[label]) == 1]
            assert close(row.exclusive_demand, sum(weights[label] for label in alone))
            assert close(row.mean_time_min, mean([(reach[label][row.id] / 60, weights[label]) for label in mine]))
            assert row.proposed == row.id.startswith("C")


def test_gaps_hold_the_uncovered_demand_and_a_place_inside_them(both):
    to_metres = Transformer.from_crs(4326, CRS, always_xy=True)
    for outcome, (name, _, _) in itertools.product((both.today, both.plan), GROUPS):
        table = rows_of(both.tables["gaps"], group=name, scenario=outcome.scenario.name)
        shapes = outcome.groups[name].gaps.geometry
        overall = rows_of(both.tables["overall"], group=name, scenario=outcome.scenario.name).iloc[0]
        assert close(table["uncovered_demand"].sum(), overall["demand"] - overall["covered_demand"])
        assert table["rank"].to_list() == list(range(1, len(table) + 1))
        for row, shape in zip(table.itertuples(), shapes, strict=True):
            assert shape.covers(Point(to_metres.transform(row.lon, row.lat)))


def test_islands_are_in_kilometres():
    network = draw_network()
    x, y = at(0, 0)
    islands = pd.DataFrame({"mode": ["walk"], "component": [1], "length_m": [1500.0], "edges": [7], "x": [x], "y": [y]})
    outcome = draw_outcome(network=replace(network, islands=islands))
    table = report_tables(measure_outcome(outcome), outcome.network)["islands"]
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(x, y)
    assert table.to_dict("records") == [
        {"mode": "walk", "component": 1, "length_km": 1.5, "edges": 7, "lon": pytest.approx(lon, abs=1e-7),
         "lat": pytest.approx(lat, abs=1e-7)}
    ]  # fmt: skip


def test_rejected_rows_are_passed_on_and_other_tables_refused(both):
    rejections = Rejections()
    rejections.add(source="站点.csv", table="facilities", labels=["007"], reason="经度为空", row_numbers=[8])
    table = report_tables(both.measured, both.network, rejected=rejections.to_frame())["rejected"]
    assert table.to_dict("records") == [
        {"table": "facilities", "source": "站点.csv", "row": 8, "id": "007", "reason": "经度为空"}
    ]
    with pytest.raises(SchemaError, match=r"rejected must have the columns .*'reason'"):
        report_tables(both.measured, both.network, rejected=rejections.to_frame().drop(columns="reason"))


def test_synthetic_data_say_so_in_every_table(both):
    for name, table in report_tables(both.measured, both.network, synthetic=True).items():
        assert list(table) == [*TABLES[name], "note"]
        assert set(table["note"]) <= {SYNTHETIC_NOTE}
    assert all("note" not in table for table in both.tables.values())


def test_scenarios_that_cannot_be_compared_are_refused(both):
    with pytest.raises(ConfigError, match="different names"):
        measure_outcome(both.today, both.today)
    other = draw_outcome(proposed=True, groups=(("骑手", "walk", 360.0),))
    with pytest.raises(InputError, match="same groups"):
        measure_outcome(other, both.today)
    moved = replace(both.network, edges=both.network.edges.to_crs(32651))
    with pytest.raises(InputError, match=r"one CRS.*32651.*32650"):
        measure_outcome(both.plan, replace(both.today, network=moved))


# --- layers ---


def test_demand_has_its_nearest_station_and_time_in_both_scenarios(both):
    layer = report_layers(both.measured, both.plan, both.today)["demand"]
    assert len(layer) == len(GROUPS) * 24
    for name, _, cutoff in GROUPS:
        rows = rows_of(layer, group=name)
        for role, outcome in (("today", both.today), ("proposed", both.plan)):
            group = outcome.groups[name]
            pairs = group.times.to_frame()
            reasons = explain_uncovered(group.coverage, group.group.demand, both.network, outcome.scenario.facilities)
            for row, reason in zip(rows.to_dict("records"), reasons, strict=True):
                mine = pairs[pairs["demand_id"] == row["id"]]
                nearest = mine.loc[mine["time_s"].idxmin()] if len(mine) else None
                assert row[f"facility_id_{role}"] == (None if nearest is None else nearest["facility_id"])
                assert close(row[f"time_s_{role}"], math.nan if nearest is None else float(nearest["time_s"]))
                assert row[f"covered_{role}"] == (nearest is not None and nearest["time_s"] <= cutoff)
                assert row[f"reason_{role}"] == reason
        snaps = both.today.groups[name].times.demand_snaps
        assert rows["access_m"].to_numpy() == pytest.approx(snaps["access_m"].to_numpy(), nan_ok=True)
        assert rows["snap_status"].to_list() == snaps["status"].to_list()
        assert set(rows["snap_status"]) == {"snapped", "behind an obstacle"}  # some stand in the river


def test_stations_stand_once_with_both_scenarios_side_by_side(both):
    layer = report_layers(both.measured, both.plan, both.today)["facilities"]
    table = both.tables["by_facility"]
    assert len(layer) == len(GROUPS) * 5
    for row in layer.to_dict("records"):
        for role, scenario in (("today", "现状"), ("proposed", "方案A")):
            match = rows_of(table, group=row["group"], id=row["id"], scenario=scenario)
            expected = match["catchment_demand"].iloc[0] if len(match) else math.nan
            assert close(row[f"catchment_demand_{role}"], expected)
        assert row["proposed"] == math.isnan(row["catchment_demand_today"])
    hub = rows_of(layer, id="F1").iloc[0]
    assert (hub["services"], hub["opening_hours"], hub["capacity"]) == ("休息;充电;饮水", "Mo-Su 08:00-22:00", 40.0)


def test_a_station_that_closes_keeps_its_row(both):
    plan = Scenario("关闭", draw_facilities().iloc[[0]])
    groups = [Group(name, mode, cutoff, draw_demand()) for name, mode, cutoff in GROUPS]
    closed = evaluate(plan, both.network, groups)
    layer = report_layers(measure_outcome(closed, both.today), closed, both.today)["facilities"]
    row = rows_of(layer, group="骑手", id="F2").iloc[0]
    assert row["catchment_demand_today"] > 0
    assert math.isnan(row["catchment_demand_proposed"])
    assert not row["proposed"]


def test_a_scenario_alone_leaves_out_the_columns_of_the_other(both):
    layers = report_layers(measure_outcome(both.today), both.today)
    for name in ("demand", "facilities"):
        assert list(layers[name])[:-1] == [column for column in LAYERS[name][1] if not column.endswith("_proposed")]
    layers = report_layers(measure_outcome(both.plan), both.plan)
    for name in ("demand", "facilities"):
        assert list(layers[name])[:-1] == [column for column in LAYERS[name][1] if not column.endswith("_today")]


def test_candidates_that_were_chosen_are_marked(both):
    layer = report_layers(both.measured, both.plan, both.today, draw_candidates().assign(id=["C7", "C70"]))[
        "candidates"
    ]
    assert layer["chosen"].to_list() == [True, False]
    assert report_layers(both.measured, both.plan, both.today)["candidates"].empty


def test_streets_and_isochrones_carry_scenario_group_and_mode(both):
    layers = report_layers(both.measured, both.plan, both.today)
    streets = layers["reached_streets"]
    for outcome, (name, _, _) in itertools.product((both.today, both.plan), GROUPS):
        pieces = outcome.groups[name].reached_streets
        rows = rows_of(streets, group=name, scenario=outcome.scenario.name)
        assert rows["length_m"].sum() == pytest.approx(pieces["length_m"].sum())
        assert rows["length_m"].to_numpy() == pytest.approx(rows.geometry.length.to_numpy(), abs=1e-6)
        assert rows["highway"].to_list() == both.network.edges["highway"].iloc[pieces["edge"]].to_list()
        bands = rows_of(layers["isochrones"], group=name, scenario=outcome.scenario.name)
        assert bands["cutoff_s"].to_list() == outcome.groups[name].isochrones["cutoff_s"].to_list()
    assert set(streets["mode"]) == {"walk (4.8 km/h)"}


def test_layers_are_in_the_networks_crs_whatever_the_inputs_were_in():
    other = {"study_area": draw_outcome().study_area.to_crs(32651), "communities": draw_communities().to_crs(32649)}
    outcome = draw_outcome(**other)
    for name, layer in report_layers(measure_outcome(outcome), outcome, None, draw_candidates().to_crs(32651)).items():
        assert layer.crs == CRS, name
        if len(layer):
            assert layer.total_bounds == pytest.approx([380_500, 3_170_500, 380_500, 3_170_500], abs=2500), name


# --- columns and cells ---


def test_every_column_of_every_table_and_layer_is_described_in_both_languages():
    named = {name for columns in (*TABLES.values(), *(c for _, c in LAYERS.values())) for name in columns} | {"note"}
    named |= {f"{axis}_{datum}" for axis in ("lon", "lat") for datum in DATUMS if datum != "wgs84"}
    assert named == set(COLUMNS)
    assert set(SHEETS) == {"key_figures", *TABLES} - {*LIST_TABLES}
    for table in TABLES.values():
        for language in ("zh", "en"):
            headings = [COLUMNS[name].heading(language) for name in table]
            assert len(set(headings)) == len(headings)


@pytest.mark.parametrize("text", ["=1+1", "+86 27", "-5", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''=1"])
def test_text_that_could_be_a_formula_is_guarded_once(text):
    assert guard(text) == f"'{text}"
    assert unguard(guard(text)) == text


@pytest.mark.parametrize("text", ["1-2", "'quoted'", "a=b", "'", "滨江花园", ""])
def test_other_text_is_left_alone(text):
    assert guard(text) == unguard(text) == text


@pytest.fixture(scope="module")
def csv_path(tmp_path_factory):
    return tmp_path_factory.mktemp("tables") / "text.csv"


@given(st.lists(st.text(st.characters(codec="utf-8") | st.sampled_from("'=+-@,\"\r\n\t"), max_size=12), max_size=8))
def test_any_text_comes_back_from_csv(csv_path, texts):
    table = set_types(pd.DataFrame({"name": pd.Series(texts, dtype=object), "rank": range(len(texts))}))
    write_csv(table, csv_path)
    pd.testing.assert_frame_equal(read_csv(csv_path), table)


@given(st.lists(st.floats(), max_size=8))
def test_any_number_comes_back_from_csv(csv_path, numbers):
    table = set_types(pd.DataFrame({"demand": np.array(numbers, dtype=float), "proposed": [n > 0 for n in numbers]}))
    write_csv(table, csv_path)
    pd.testing.assert_frame_equal(read_csv(csv_path), table, check_exact=True)


def test_control_characters_and_empty_text_are_made_writable():
    texts = ["a\x00b\x1f", "", None, np.nan, "\ud800", "换\n行"]
    table = set_types(pd.DataFrame({"name": pd.Series(texts, dtype=object)}))
    assert table["name"].to_list() == ["a\ufffdb\ufffd", None, None, None, "\ufffd", "换\n行"]


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("id,weight\r\nA,1\r\n", "weight"),
        ("id,demand\r\nA,many\r\n", "many"),
        ("id,rank\r\nA,\r\n", "NaN|nan"),
        ("id,proposed\r\nA,maybe\r\n", "flag"),
        ('id\r\n"A', "EOF"),
        ("", "No columns"),
    ],
)
def test_a_spoilt_csv_file_is_named(csv_path, text, match):
    csv_path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(SourceError, match=rf"text\.csv must .*({match})"):
        read_csv(csv_path)


def test_a_station_that_does_not_say_whether_it_is_proposed_exists():
    stations = draw_facilities().assign(proposed=pd.Series([None, True], dtype=object))
    assert is_proposed(stations).tolist() == [False, True]
    assert is_proposed(draw_facilities()).tolist() == [False, False]
