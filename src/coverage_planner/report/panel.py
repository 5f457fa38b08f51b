"""Text of pages: escaped for HTML, and how people travel in words."""

import html
from collections.abc import Mapping

from coverage_planner.network.modes import Mode


def escape(text: object) -> str:
    """Return text that shows as it is in HTML; braces too, because branca renders pages as templates."""
    return html.escape(str(text), quote=True).replace("{", "&#123;").replace("}", "&#125;")


def mode_text(mode: Mode, words: Mapping[str, str]) -> str:
    """Say a mode, its speed and its delays, for example 'on foot 4.8 km/h'."""
    name = words.get(mode.name, mode.name)
    waits = (("mode_junction_delay", mode.junction_delay_s), ("mode_signal_delay", mode.signal_delay_s))
    delays = "".join(words[key].format(seconds=f"{seconds:g}") for key, seconds in waits if seconds)
    if mode.class_speeds_kph:
        return words["mode_class_speeds"].format(mode=name, factor=f"{mode.urban_factor:g}") + delays
    speed = f"{mode.speed_kph:g} × {mode.urban_factor:g}" if mode.drives else f"{mode.speed_kph:g}"
    if mode.pushing_speed_kph is not None:
        delays = words["mode_pushing"].format(speed=f"{mode.pushing_speed_kph:g}") + delays
    return words["mode_speed"].format(mode=name, speed=speed) + delays
