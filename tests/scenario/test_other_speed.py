"""The same streets at another speed: against networks built anew with that speed, and against fractions."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_planner.errors import ConfigError
from coverage_planner.network.build import build_network
from coverage_planner.network.modes import PRESET_MODES
from coverage_planner.scenario.other_speed import scale_graph, scale_times
from drawn import draw_roads

PLACES = {"A": (0, 0), "B": (301, 0), "C": (602, 7), "D": (3, 250), "E": (300, 251), "F": (615, 250)}
ROADS = draw_roads(
    PLACES,
    [("ABC", {"highway": "primary", "oneway": "yes", "maxspeed": "50"}), ("DEF", {}), ("AD", {}),
     ("BE", {"highway": "footway"}), ("CF", {}), (["A", (150, 40), "B"], {"highway": "service"})],
)  # fmt: skip


@given(ms=st.integers(-1, 2**30), tenths=st.integers(2, 50))
@settings(max_examples=60)
def test_times_are_divided_and_rounded_half_up_without_binary_fractions(ms, tenths):
    found = int(scale_times(np.array([ms]), tenths / 10)[0])
    if ms < 0:
        assert found == ms
        return
    exact = Fraction(ms) / Fraction(tenths, 10)
    assert Fraction(found) - exact <= Fraction(1, 2)
    assert exact - Fraction(found) < Fraction(1, 2)


@pytest.mark.parametrize("name", ["walk", "courier", "drive"])
@pytest.mark.parametrize("factor", [0.8, 1.0, 1.2])
def test_a_scaled_graph_is_that_of_a_network_built_with_the_other_speed(name, factor):
    mode = replace(PRESET_MODES[name], junction_delay_s=7.0)
    faster = replace(mode, access_speed_kph=mode.access_speed_kph * factor)
    if mode.drives:  # maxspeed counts before the class: what traffic leaves of either
        faster = replace(faster, urban_factor=mode.urban_factor * factor)
    else:
        pushed = None if mode.pushing_speed_kph is None else mode.pushing_speed_kph * factor
        faster = replace(faster, speed_kph=mode.speed_kph * factor, pushing_speed_kph=pushed)
    scaled = scale_graph(build_network(ROADS, modes={name: mode}).graph(name), factor)
    built = build_network(ROADS, modes={name: faster}).graph(name)
    assert (scaled.delay_ms == built.delay_ms).all()
    assert scaled.delay_ms.any()
    for field in ("forward_ms", "backward_ms", "weights_ms", "reverse_weights_ms"):
        one, other = getattr(scaled, field).astype(int), getattr(built, field).astype(int)
        assert (np.abs(one - other) <= 1).all(), field
    for field in ("indptr", "heads", "reverse_indptr", "reverse_heads", "component", "island", "snappable"):
        assert (getattr(scaled, field) == getattr(built, field)).all(), field
    assert scaled.mode.access_speed_kph == faster.access_speed_kph
    assert scaled.mode.describe() == faster.describe()


@pytest.mark.parametrize("factor", [0.0, -1.0, 0.19, 5.1, float("nan"), float("inf")])
def test_a_factor_that_is_no_speed_is_refused(factor):
    with pytest.raises(ConfigError, match=r"a factor of speed must be a number from 0\.2 to 5"):
        scale_times(np.array([1000]), factor)
