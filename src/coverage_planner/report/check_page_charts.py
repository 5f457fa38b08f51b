"""Distances to the streets as a small chart: SVG with text, so that it prints and can be read out."""

from collections.abc import Mapping

from coverage_planner.report.check_page_text import snap_classes
from coverage_planner.report.findings import SnapCheck
from coverage_planner.report.panel import escape

_ROW, _LABEL, _BAR, _COUNT = 20, 96, 190, 64
_INK, _LOST = "#3f6f8f", "#b3541e"


def histogram_svg(snap: SnapCheck, title: str, words: Mapping[str, str]) -> str:
    """Return bars of the points per class of distance; what has no street is in another colour.

    Parameters
    ----------
    snap
        The counts.
    title
        What the chart is called for those who cannot see it.
    words
        Texts by key.
    """
    classes = snap_classes(snap, words)
    lost = sum(1 for count in (snap.too_far, snap.barred) if count)
    most = max(1, *(count for _, count in classes))
    rows = []
    for number, (label, count) in enumerate(classes):
        y = number * _ROW
        width = _BAR * count / most
        colour = _LOST if number >= len(classes) - lost else _INK
        rows.append(
            f'<text x="{_LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{_LABEL}" y="{y + 3}" width="{width:.1f}" height="{_ROW - 6}" fill="{colour}"/>'
            f'<text x="{_LABEL + width + 6:.1f}" y="{y + 14}" class="count">{count:,}</text>'
        )
    width, height = _LABEL + _BAR + _COUNT, len(classes) * _ROW
    return (
        f'<svg class="bars" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title)}">{"".join(rows)}</svg>'
    )
