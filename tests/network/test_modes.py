"""Modes say their speeds, and refuse those that nobody has."""

from dataclasses import replace

import pytest

from coverage_planner.errors import ConfigError
from coverage_planner.network.modes import DEFAULT_MODES, PRESET_MODES, Mode


def test_a_mode_says_its_speed():
    taxi = Mode("taxi", "motorcar", 30.0, urban_factor=0.5)

    assert DEFAULT_MODES["walk"].describe() == "walk (4.8 km/h)"
    assert DEFAULT_MODES["ebike"].describe() == "ebike (15 km/h)"
    assert DEFAULT_MODES["drive"].describe() == "drive (class speeds x 0.6)"
    assert taxi.describe() == "taxi (30 km/h x 0.5)"
    assert PRESET_MODES["truck"].describe() == "truck (class speeds x 0.5)"
    assert [name for name, mode in PRESET_MODES.items() if mode.drives] == ["drive", "truck"]


def test_a_mode_says_its_delays_where_it_has_any():
    drive = replace(DEFAULT_MODES["drive"], junction_delay_s=2.5, signal_delay_s=20)
    assert drive.describe() == "drive (class speeds x 0.6, 2.5 s per junction, 20 s per signal)"
    assert Mode("e", "bicycle", 15.0, junction_delay_s=4).describe() == "e (15 km/h, 4 s per junction)"
    assert Mode("t", "motorcar", 30.0, signal_delay_s=9).describe() == "t (30 km/h x 1, 9 s per signal)"


def test_no_default_mode_has_delays():
    assert not any(mode.has_delays for mode in DEFAULT_MODES.values())
    assert Mode("e", "bicycle", 15.0, junction_delay_s=1).has_delays
    assert Mode("e", "bicycle", 15.0, signal_delay_s=1).has_delays


@pytest.mark.parametrize("key", ["junction_delay_s", "signal_delay_s"])
@pytest.mark.parametrize("wrong", [-0.001, float("nan"), float("inf"), 3600.0])
def test_an_impossible_delay_is_refused(key, wrong):
    with pytest.raises(ConfigError, match=f"mode 'x': {key} must be at least 0 and below 3600, got"):
        Mode("x", "bicycle", 15.0, **{key: wrong})


def test_default_speeds_are_those_of_the_methods():
    assert {name: DEFAULT_MODES[name].speed_kph for name in ("walk", "bicycle", "ebike")} == {
        "walk": 4.8,
        "bicycle": 12.0,
        "ebike": 15.0,
    }


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), 1000.0])
def test_an_impossible_speed_is_refused(wrong):
    with pytest.raises(ConfigError, match="pushing_speed_kph must be positive"):
        Mode("x", "bicycle", 15.0, pushing_speed_kph=wrong)
    with pytest.raises(ConfigError, match=r"mode 'x': speed_kph must be positive"):
        Mode("x", "foot", wrong)
    with pytest.raises(ConfigError, match="access_speed_kph"):
        Mode("x", "foot", 5.0, access_speed_kph=wrong)
    with pytest.raises(ConfigError, match=r"class_speeds_kph\.primary"):
        Mode("x", "motorcar", 5.0, class_speeds_kph={"primary": wrong})


def test_only_who_rides_a_bicycle_gets_off_and_pushes():
    for rules in ("foot", "motorcar", "hgv"):
        with pytest.raises(ConfigError, match="pushing_speed_kph must be left out unless rules = 'bicycle'"):
            Mode("x", rules, 5.0, pushing_speed_kph=4.8)
    assert PRESET_MODES["courier"].describe() == "courier (15 km/h, pushed 4.8 km/h)"


def test_a_plan_may_name_more_modes_than_a_network_is_built_for_by_default():
    assert list(DEFAULT_MODES) == ["walk", "bicycle", "ebike", "drive"]
    assert list(PRESET_MODES)[: len(DEFAULT_MODES)] == list(DEFAULT_MODES)
    assert all(mode.name == name for name, mode in PRESET_MODES.items())
