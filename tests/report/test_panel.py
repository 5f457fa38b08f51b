"""How people travel, in words."""

from dataclasses import replace

import pytest

from coverage_planner.network.modes import DEFAULT_MODES
from coverage_planner.report.panel import mode_text
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
