"""Modes say their speeds, and refuse those that nobody has."""

import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.network.modes import DEFAULT_MODES, Mode


def test_a_mode_says_its_speed():
    taxi = Mode("taxi", "motorcar", 30.0, urban_factor=0.5)

    assert DEFAULT_MODES["walk"].describe() == "walk (4.8 km/h)"
    assert DEFAULT_MODES["ebike"].describe() == "ebike (15 km/h)"
    assert DEFAULT_MODES["drive"].describe() == "drive (class speeds x 0.6)"
    assert taxi.describe() == "taxi (30 km/h x 0.5)"


def test_default_speeds_are_those_of_the_methods():
    assert {name: DEFAULT_MODES[name].speed_kph for name in ("walk", "bicycle", "ebike")} == {
        "walk": 4.8,
        "bicycle": 12.0,
        "ebike": 15.0,
    }


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), 1000.0])
def test_an_impossible_speed_is_refused(wrong):
    with pytest.raises(ConfigError, match=r"mode 'x': speed_kph must be positive"):
        Mode("x", "foot", wrong)
    with pytest.raises(ConfigError, match="access_speed_kph"):
        Mode("x", "foot", 5.0, access_speed_kph=wrong)
    with pytest.raises(ConfigError, match=r"class_speeds_kph\.primary"):
        Mode("x", "motorcar", 5.0, class_speeds_kph={"primary": wrong})
