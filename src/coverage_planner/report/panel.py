"""The title box and the legend of a map, as HTML with every text escaped."""

import html
from collections.abc import Mapping, Sequence

import numpy as np

from coverage_planner.network.modes import Mode
from coverage_planner.report.popups import minutes_text, number, percent
from coverage_planner.scenario.scenario import GroupOutcome, Outcome
from coverage_planner.units import speed_mps

SHARES = ("covered_demand_share", "covered_point_share", "covered_area_share", "covered_road_share")


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


def who_text(outcome: Outcome, group: GroupOutcome, words: Mapping[str, str]) -> str:
    """Say which group travels how, how fast, how long and which way."""
    mode = mode_text(outcome.network.graph(group.group.mode).mode, words)
    way = words["detour" if group.group.visit == "pass" else group.times.direction]
    return " · ".join([group.group.name, mode, minutes_text(group.group.cutoff_s, words), way])


def title_html(
    outcome: Outcome,
    baseline: Outcome | None,
    group_name: str,
    *,
    title: str | None,
    synthetic: bool,
    words: Mapping[str, str],
) -> str:
    """Return the title box: what is shown, for whom, the shares, and what a straight line would have claimed."""
    group = outcome.groups[group_name]
    before = None if baseline is None else baseline.groups[group_name]
    names = [outcome.scenario.name] if baseline is None else [baseline.scenario.name, outcome.scenario.name]
    scenarios = " → ".join(names)
    parts = [f"<h1>{escape(title or scenarios)}</h1>"]
    if title:
        parts.append(f"<p>{escape(scenarios)}</p>")
    parts.append(f'<p class="cp-who">{escape(who_text(outcome, group, words))}</p>')
    parts.append(_headline(group, before, words))
    parts.append(_straight_line(outcome, group, words))
    parts.append(_details(outcome, baseline, group_name, words))
    if synthetic:
        parts.append(f'<p class="cp-synthetic">{escape(words["synthetic"])}</p>')
    return "".join(parts)


def _share(group: GroupOutcome, column: str) -> float:
    row = group.shares.iloc[0]
    return float(row[column]) if column in row else float("nan")


def _points(difference: float, words: Mapping[str, str]) -> str:
    return words["percent_points"].format(points=f"{difference * 100:+.1f}")


def _headline(group: GroupOutcome, before: GroupOutcome | None, words: Mapping[str, str]) -> str:
    share = _share(group, SHARES[0])
    shown = f"<b>{escape(percent(share))}</b>"
    if before is not None:
        was = _share(before, SHARES[0])
        gain = "" if np.isnan(share - was) else f" <small>{escape(_points(share - was, words))}</small>"
        shown = f"<span>{escape(percent(was))} →</span> {shown}{gain}"
    demand = words["covered_of_all"].format(
        covered=number(_share(group, "covered_demand")), all=number(_share(group, "demand"))
    )
    caption = f"{words[SHARES[0]]} · {demand}"
    return f'<p class="cp-headline">{shown}</p><p class="cp-caption">{escape(caption)}</p>'


def _straight_line(outcome: Outcome, group: GroupOutcome, words: Mapping[str, str]) -> str:
    claim = _share(group, "straight_line_demand_share")
    if np.isnan(claim):
        return ""
    mode = outcome.network.graph(group.group.mode).mode
    texts = {"share": percent(claim), "points": _points(claim - _share(group, SHARES[0]), words)}
    if mode.class_speeds_kph:
        text = words["straight_line_no_radius"].format(**texts)
    else:
        radius_m = speed_mps(mode.speed_kph * mode.urban_factor) * group.group.cutoff_s
        text = words["straight_line"].format(radius=f"{radius_m:,.0f} m", **texts)
    return f'<p class="cp-straight">{escape(text)}</p>'


def _details(outcome: Outcome, baseline: Outcome | None, group_name: str, words: Mapping[str, str]) -> str:
    outcomes = [outcome] if baseline is None else [baseline, outcome]
    head = _cells("th", [words["measure"], *(o.scenario.name for o in outcomes)])
    rows = [
        _cells("td", [words[column], *(percent(_share(o.groups[group_name], column)) for o in outcomes)])
        for column in SHARES
    ]
    for name, group in outcome.groups.items():
        if name != group_name:
            shares = [percent(_share(o.groups[name], SHARES[0])) if name in o.groups else "–" for o in outcomes]
            rows.append(_cells("td", [who_text(outcome, group, words), *shares]))
    return (
        f"<details><summary>{escape(words['more'])}</summary>"
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></details>"
    )


def _cells(tag: str, texts: Sequence[str]) -> str:
    first, *rest = (escape(text) for text in texts)
    return f'<tr><th scope="row">{first}</th>' + "".join(f"<{tag}>{text}</{tag}>" for text in rest) + "</tr>"


def label_html(key: str, text: str, swatch: str = "", keys: Sequence[tuple[str, str]] = ()) -> str:
    """Return a layer's entry in the legend.

    Parameters
    ----------
    key
        The layer's name in the page (``data-layer``).
    text
        What people read; escaped here.
    swatch
        HTML of the layer's sign, from the functions below.
    keys
        Sign and text of each class of the layer; texts are escaped here.
    """
    row = f'<span class="cp-row" data-layer="{escape(key)}">{swatch}<b>{escape(text)}</b></span>'
    if not keys:
        return row
    shown = "".join(f"<span>{sign}{escape(meaning)}</span>" for sign, meaning in keys)
    return f'{row}<span class="cp-keys">{shown}</span>'


def swatch(colour: str, *, opacity: float = 1.0, border: str | None = None) -> str:
    """Return the sign of a filled area."""
    edge = f";border:{border}" if border else ""
    alpha = f"{round(opacity * 255):02x}"
    return f'<i class="cp-swatch" style="background:{colour}{alpha}{edge}"></i>'


def line_sign(colour: str, *, weight: float = 2.0, dashed: bool = False) -> str:
    """Return the sign of a line."""
    style = "dashed" if dashed else "solid"
    return f'<i class="cp-line" style="border-top:{weight:g}px {style} {colour}"></i>'


def dot_sign(colour: str) -> str:
    """Return the sign of a small circle."""
    return f'<i class="cp-dot" style="background:{colour}"></i>'


def mark_sign(class_name: str, size: int) -> str:
    """Return the sign of a mark that map.css styles."""
    return f'<i class="cp-key {class_name}" style="width:{size}px;height:{size}px"></i>'
