"""Demand of a group from several sources: all of it there, each point with its origin."""

from pathlib import Path

import pytest

from coverage_planner.config import DemandSource
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.pipeline.demand import put_together, scale_demand
from drawn import draw_points


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
