"""Demand of a group from several sources: all of it there, each point with its origin."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from coverage_planner.cli import main
from coverage_planner.config import DemandSource, read_plan
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.pipeline import checks
from coverage_planner.pipeline.demand import put_together, scale_demand
from coverage_planner.pipeline.inputs import read_inputs
from coverage_planner.pipeline.streets import prepare_streets
from coverage_planner.schema import Rejections
from drawn import draw_points
from drawn_plan import COMMUNITIES, PEOPLE, PLAN, draw_plan, write_layer, write_points
from osm_drawing import place, write_osm


def sources_of(*labels, group=None):
    return [DemandSource(Path(f"{number}.csv"), label=label, group=group) for number, label in enumerate(labels)]


def table_of(ids, demand, **columns):
    places = [(10.0 * place, 0.0) for place in range(len(ids))]
    return draw_points(*places).assign(id=ids, demand=demand, **columns)


def test_points_of_all_sources_stand_together_with_their_origin():
    tables = [table_of(["a", "b"], [1.0, 2.0]), table_of(["c"], [4.0], source="street 9", group="trucks")]
    found = put_together(sources_of("orders", "counts", group="riders"), tables)
    assert found["id"].tolist() == ["a", "b", "c"]
    assert found["demand"].tolist() == [1.0, 2.0, 4.0]
    assert found["source"].tolist() == ["orders", "orders", "counts: street 9"]
    assert found["group"].tolist() == ["riders", "riders", "trucks"]
    assert found.crs == tables[0].crs
    assert "source" not in tables[0].columns


def test_ids_that_stand_in_two_sources_are_told_apart():
    found = put_together(sources_of("x", None), [table_of(["a", "b"], 1.0), table_of(["b"], 1.0)])
    assert found["id"].tolist() == ["x/a", "x/b", "1.csv/b"]
    assert found["source"].tolist() == ["x", "x", "1.csv"]


def test_one_source_stays_as_it_is():
    table = table_of(["a"], [1.0])
    assert put_together(sources_of(None), [table]) is table
    assert put_together(sources_of("orders"), [table])["source"].tolist() == ["orders"]


def test_sources_of_one_label_are_refused():
    with pytest.raises(ConfigError, match=r"told apart by their labels, got 1: x more than once"):
        put_together(sources_of("x", "x"), [table_of(["a"], 1.0), table_of(["b"], 1.0)])


def test_each_source_is_scaled_to_its_own_sum():
    source = DemandSource(Path("a.csv"), sum=30.0)
    assert scale_demand(table_of(["a", "b"], [1.0, 2.0]), source, "walkers")["demand"].tolist() == [10.0, 20.0]
    with pytest.raises(InputError, match=r"demand of walkers must not be all zero, got 1 points of a\.csv"):
        scale_demand(table_of(["a"], [0.0]), source, "walkers")


def group_of(*sources):
    return [{**PLAN["groups"][0], "demand": list(sources) if len(sources) > 1 else sources[0]}]


def counted_layer(folder):
    """Communities of the drawn plan with 100, 200, 300 and 400 people; the first reaches 3 steps west of the area."""
    boxes = [(10, 11, 20, 18), *(row[3:] for row in COMMUNITIES[1:])]
    return write_layer(
        folder / "counts.geojson",
        [({"名称": f"社区{n}", "人口": 100 * n}, box) for n, box in enumerate(boxes, start=1)],
    )


def read_demand_of(folder, *sources):
    plan = read_plan(draw_plan(folder, groups=group_of(*sources), siting=None, communities=None))
    rejected = Rejections()
    streets = prepare_streets(plan, rejected)
    return read_inputs(plan, streets, rejected), rejected


def test_a_plan_spreads_head_counts_over_its_streets(tmp_path):
    folder = tmp_path / "规划 一"
    folder.mkdir()
    counted_layer(folder)
    with pytest.warns(UserWarning, match=r"of 1,000 demand of walkers in counts\.geojson lies outside the study area"):
        inputs, rejected = read_demand_of(folder, {"file": "counts.geojson", "spread": "streets", "spacing_m": 50})
    demand = inputs.demand["walkers"]
    sums = demand.groupby("name")["demand"].sum()
    assert sums.drop("社区1").to_dict() == pytest.approx({"社区2": 200.0, "社区3": 300.0, "社区4": 400.0})
    # of its three upright streets one lies outside, and of those across three parts in ten
    assert 50.0 < sums["社区1"] < 80.0
    assert set(demand["kind"]) == {"street"}
    assert rejected.rows == []
    [row] = [row for row in inputs.rows if row["table"].startswith("demand")]
    assert (row["read"], row["rejected"], row["kept"]) == (4, 0, 4)


def test_a_plan_puts_points_and_head_counts_together(tmp_path):
    folder = tmp_path / "规划 一"
    folder.mkdir()
    counted_layer(folder)
    with pytest.warns(UserWarning, match="lies outside the study area"):
        inputs, _ = read_demand_of(
            folder,
            {"file": "demand.csv", "label": "orders", "sum": 700.0},
            {"file": "counts.geojson", "spread": "streets", "label": "residents", "group": "older"},
        )
    demand = inputs.demand["walkers"]
    orders = demand[demand["source"] == "orders"]
    assert orders["demand"].sum() == pytest.approx(700.0)
    assert len(orders) == len(PEOPLE)
    assert orders["group"].isna().all()
    others = demand[demand["source"] != "orders"]
    assert others["source"].str.startswith("residents: ").all()
    assert set(others["group"]) == {"older"}
    assert [row["table"] for row in inputs.rows if row["table"].startswith("demand")] == ["demand of walkers"] * 2


def test_the_results_keep_where_demand_comes_from(tmp_path):
    sources = [
        {"file": "demand.csv", "label": "orders"},
        {"file": "riders.csv", "label": "count", "group": "night shift"},
    ]
    group = {"name": "walkers", "mode": "walk", "cutoff_min": 10, "demand": sources}
    plan = draw_plan(tmp_path / "规划", groups=[group], siting=None)
    assert main(["plan", str(plan), "--out", str(tmp_path / "out")]) == 0
    layer = gpd.read_file(tmp_path / "out" / "result.gpkg", layer="demand")
    parts = layer.groupby("source")["part"].agg(lambda texts: set(texts.dropna())).to_dict()
    assert parts == {"orders": set(), "count": {"night shift"}}
    assert set(layer["group"]) == {"walkers"}
    assert layer["demand"].sum() == pytest.approx(sum(PEOPLE.values()) + 16.0)


def test_a_place_drawn_twice_counts_once_and_is_said(tmp_path):
    folder = tmp_path / "规划 一"
    folder.mkdir()
    corners = {1: (15.0, 12.0), 2: (15.4, 12.0), 3: (15.4, 12.4), 4: (15.0, 12.4)}
    tags = {"amenity": "restaurant", "name": "周记面馆"}
    nodes = {**corners, 9: (15.2, 12.2, tags), 10: (20.0, 20.0, tags)}
    write_osm(folder / "places.osm", nodes, [(7, [1, 2, 3, 4, 1], {"building": "yes", **tags})])
    inputs, rejected = read_demand_of(
        folder, {"file": "places.osm", "osm": ["restaurants"], "weights": {"restaurants": 4}}
    )
    assert inputs.demand["walkers"]["demand"].tolist() == [4.0, 4.0]
    [remark] = [row for row in rejected.remarks if row["table"] == "demand"]
    assert (remark["id"], remark["given"]) == ("w7", "n9")
    assert remark["remark"] == "drawn a second time, as a node inside it: counted once"


def test_communities_get_their_subdistricts_from_a_layer_of_its_own(tmp_path):
    folder = tmp_path / "规划 一"
    plan = draw_plan(folder, communities={"file": "parts.geojson", "subdistricts": "街道.geojson"}, siting=None)
    write_layer(folder / "parts.geojson", [({"name": row[1]}, row[3:]) for row in COMMUNITIES])
    write_layer(folder / "街道.geojson", [({"name": "西"}, (13, 11, 20, 25)), ({"name": "东"}, (20, 11, 29, 25))])
    rejected = Rejections()
    read = read_plan(plan)
    inputs = read_inputs(read, prepare_streets(read, rejected), rejected)
    assert dict(zip(inputs.communities["name"], inputs.communities["subdistrict"], strict=True)) == {
        "河西社区": "西", "山南社区": "西", "东门社区": "东", "花园社区": "东",
    }  # fmt: skip


def test_a_plan_counts_records_by_hexagon_and_by_street(tmp_path):
    folder = tmp_path / "规划 一"
    folder.mkdir()
    spots = {(18, 15): 12, (24, 21): 9, (40, 30): 20}  # the last outside the study area
    rows = [(*place(*corner), "2025-09-22 12:00:00") for corner, n in spots.items() for _ in range(n)]
    rows += [(*place(18, 15), "2025-09-22 20:00:00")] * 5
    write_points(folder / "orders.csv", ["经度", "纬度", "下单时间"], rows)
    asked = {"file": "orders.csv", "cell_m": 200, "minimum": 10, "hours": [11, 14]}
    with pytest.warns(UserWarning, match="of orders.csv") as caught:
        inputs, _ = read_demand_of(folder, asked)
    said = [str(one.message) for one in caught]
    for part in ("20 of 46 records of orders.csv lie outside", "5 of 46 records of orders.csv are of other times"):
        assert any(part in text for text in said), said
    assert any(text.startswith("1 of 2 cells of orders.csv have fewer than 10 records") for text in said), said
    assert inputs.demand["walkers"]["demand"].tolist() == [12.0]
    with pytest.warns(UserWarning, match="of 46 records of orders.csv lie outside the study area"):
        inputs, rejected = read_demand_of(folder, {"file": "orders.csv", "on_streets": True, "minimum": 1})
    assert sorted(inputs.demand["walkers"]["demand"]) == [9.0, 17.0]
    assert set(inputs.demand["walkers"]["kind"]) == {"street"}
    assert rejected.rows == []


def test_a_part_of_the_demand_that_is_less_than_one_is_not_said_to_be_none():
    demand = table_of(["a", "b"], [0.25, 5999.75])
    near = np.array([True, False])
    assert checks._part_of(demand, near) == "0.25 of 6000"
    assert checks._part_of(demand, ~near) == "6000 of 6000"
    assert checks._part_of(demand, near & ~near) == "0 of 6000"
