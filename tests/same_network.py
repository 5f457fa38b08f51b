"""Whether two networks are equal in every field, bit for bit."""

from dataclasses import fields

import numpy as np
import shapely
from pandas.testing import assert_frame_equal

from coverage_planner.network.road_network import ModeGraph, RoadNetwork


def assert_same_network(one: RoadNetwork, other: RoadNetwork) -> None:
    for name in ("nodes", "edges", "obstacles"):
        assert_same_layer(getattr(one, name), getattr(other, name))
    assert_frame_equal(one.islands, other.islands, check_exact=True)
    assert one.source == other.source
    assert list(one.graphs) == list(other.graphs)
    for name, graph in one.graphs.items():
        assert_same_graph(graph, other.graphs[name])
    compared = {"nodes", "edges", "obstacles", "islands", "source", "graphs"}
    assert {field.name for field in fields(RoadNetwork)} == compared


def assert_same_layer(one, other) -> None:
    assert type(one) is type(other)
    assert one.crs == other.crs
    assert one.crs.to_string() == other.crs.to_string()
    assert_frame_equal(one.drop(columns="geometry"), other.drop(columns="geometry"), check_exact=True)
    assert list(one.columns) == list(other.columns)
    assert type(one.index) is type(other.index)
    assert shapely.to_wkb(one.geometry.to_numpy()).tolist() == shapely.to_wkb(other.geometry.to_numpy()).tolist()


def assert_same_graph(one: ModeGraph, other: ModeGraph) -> None:
    assert one.mode == other.mode
    assert list(one.mode.class_speeds_kph.items()) == list(other.mode.class_speeds_kph.items())
    for field in fields(ModeGraph):
        if field.name == "mode":
            continue
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert isinstance(b, np.ndarray), field.name
        assert (a.dtype, a.shape) == (b.dtype, b.shape), field.name
        assert a.tobytes() == b.tobytes(), field.name
        assert b.flags.c_contiguous, field.name
        assert b.flags.writeable, field.name
