"""What the title box says of a mode."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from coverage_planner.network.modes import DEFAULT_MODES, PRESET_MODES
from coverage_planner.report.panel import mode_text, who_text
from coverage_planner.report.words import words


@pytest.mark.parametrize(
    ("mode", "delays", "zh", "en"),
    [
        ("walk", {}, "步行 4.8 km/h", "on foot 4.8 km/h"),
        ("ebike", {"signal_delay_s": 20}, "电动自行车 15 km/h，每处信号灯 20 秒", "by e-bike 15 km/h, 20 s per signal"),
        (
            "ebike",
            {"pushing_speed_kph": 4.5},
            "电动自行车 15 km/h，推行 4.5 km/h",
            "by e-bike 15 km/h, pushed 4.5 km/h",
        ),
        (
            "drive",
            {"junction_delay_s": 2.5, "signal_delay_s": 20},
            "驾车，按道路等级车速 × 0.6，每个路口 2.5 秒，每处信号灯 20 秒",
            "by car, road class speeds × 0.6, 2.5 s per junction, 20 s per signal",
        ),
    ],
)
def test_a_mode_is_said_with_its_speed_and_its_delays(mode, delays, zh, en):
    slow = replace(DEFAULT_MODES[mode], **delays)
    assert mode_text(slow, words("zh")) == zh
    assert mode_text(slow, words("en")) == en


@pytest.mark.parametrize(
    ("visit", "zh", "en"), [("stay", "前往站点", "to the station"), ("pass", "路过绕行", "detour of who passes by")]
)
def test_who_passes_by_makes_a_detour(visit, zh, en):
    network = SimpleNamespace(graph=lambda mode: SimpleNamespace(mode=PRESET_MODES[mode]))
    group = SimpleNamespace(
        group=SimpleNamespace(name="卡车", mode="truck", cutoff_s=600.0, visit=visit),
        times=SimpleNamespace(direction="to_facility"),
    )
    said = [who_text(SimpleNamespace(network=network), group, words(language)) for language in ("zh", "en")]
    assert said[0] == f"卡车 · 货车，按道路等级车速 × 0.5 · 10 分钟 · {zh}"
    assert said[1] == f"卡车 · by truck, road class speeds × 0.5 · 10 min · {en}"
