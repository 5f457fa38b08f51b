"""Charts of the report, drawn with matplotlib from the exported tables: no figure in them stands nowhere else."""

import base64
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from PIL import Image

from coverage_planner.report import styles
from coverage_planner.report.fonts import Lettering, drawable
from coverage_planner.report.speech import Speech

#: Width between the margins of an A4 page, inches.
WIDTH_IN = 6.7
#: Height that leaves room for heading, legend and caption on one page.
MOST_HEIGHT_IN = 8.2
DPI = 200
#: Beyond this many points a picture is smaller and opens faster as PNG: it is not even tried as SVG.
_MOST_SVG_POINTS = 40_000
_COLOURS = 255
_NEARLY_WHITE = 250

TODAY = "#7d8790"
PROPOSED = "#11644f"
_INK = "#333a40"
_GRID = "#e3e6e8"
_NIGHT = "#e9ebf3"
_BAR = 0.38
_HOURS = 24
#: Bars that fit on a page.
MOST_BARS = 24
_LINE_IN = 0.27
#: Letters in a line of a label.
_LINE_LETTERS = 30


@dataclass(frozen=True)
class Picture:
    """A picture as it stands in a page.

    Attributes
    ----------
    mime
        'image/svg+xml' or 'image/png'.
    content
        The file.
    size
        Width and height in pixels of 1/96 inch.
    """

    mime: str
    content: bytes
    size: tuple[int, int]

    @property
    def uri(self) -> str:
        """Return the picture as an address that asks nobody."""
        return f"data:{self.mime};base64,{base64.b64encode(self.content).decode('ascii')}"


def finish(figure: Figure, lettering: Lettering, *, n_points: int = 0) -> Picture:
    """Write a figure as SVG or as PNG of 200 dpi, whichever is smaller.

    Parameters
    ----------
    figure
        The figure; call it inside `fonts.lettered`.
    lettering
        Where it keeps letters as text, the picture is SVG.
    n_points
        How many points its lines and areas have together.
    """
    width, height = (round(float(inches) * 96) for inches in figure.get_size_inches())
    svg = png = None
    if lettering.as_text or n_points <= _MOST_SVG_POINTS:
        page = BytesIO()
        figure.savefig(page, format="svg", dpi=DPI, metadata={"Date": None, "Creator": None})
        svg = page.getvalue()
    if not lettering.as_text:
        png = _as_png(figure)
    if png is None or (svg is not None and len(svg) <= len(png)):
        return Picture("image/svg+xml", svg or b"", (width, height))
    return Picture("image/png", png, (width, height))


def _as_png(figure: Figure) -> bytes:
    """Draw with a palette of few colours: a third of the size, and nobody sees it."""
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())
    image = Image.fromarray(pixels[:, :, :3].copy())
    page = BytesIO()
    few = image.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.reshape(few.getpalette() or [], (-1, 3))
    palette[palette.min(axis=1) >= _NEARLY_WHITE] = 255  # the paper stays white
    few.putpalette(palette.ravel().tolist())
    few.save(page, format="PNG", dpi=(DPI, DPI))
    return page.getvalue()


def new_figure(height_in: float) -> Figure:
    """Return an empty figure as wide as the page."""
    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained", facecolor="white")


# --- the charts; each returns None where there is nothing to draw ---


def chart_hours(
    by_hour: pd.DataFrame, scenarios: Sequence[str], group: str, night: tuple[int, int] | None, said: Speech
) -> Figure | None:
    """Draw coverage over the hours of the ordinary week: any open station, and all required services.

    Parameters
    ----------
    by_hour
        The table ``by_hour``.
    scenarios
        Today, and the proposed one where there is one.
    group
        Whose coverage.
    night
        From and to hour of the night, shaded.
    said
        The language.
    """
    rows = by_hour[(by_hour["group"] == group) & (by_hour["day_kind"] == "ordinary")]
    rows = rows[rows["service"].isin(["any", "full"])]
    if rows.empty:
        return None
    figure = new_figure(2.7)
    axes = figure.subplots()
    days = list(dict.fromkeys(rows["day"]))
    looks = {"any": "-", "full": (0, (2.2, 1.2))}
    for scenario, colour in zip(scenarios, (TODAY, PROPOSED) if len(scenarios) > 1 else (PROPOSED,), strict=False):
        for what, dashes in looks.items():
            part = rows[(rows["scenario"] == scenario) & (rows["service"] == what)]
            if part.empty:
                continue
            hours = part["day"].map({day: place for place, day in enumerate(days)}) * _HOURS + part["hour"]
            step = _HOURS * len(days) / len(part)
            axes.stairs(
                part["covered_demand_share"].to_numpy(), [*hours, hours.iloc[-1] + step], baseline=None, color=colour,
                linestyle=dashes, linewidth=1.5,
            )  # fmt: skip
    for place in range(len(days)):
        if night is not None:
            _shade_night(axes, place * _HOURS, night)
        axes.axvline(place * _HOURS, color="#b6bcc1", linewidth=0.6, zorder=0)
    axes.set_xlim(0, _HOURS * len(days))
    axes.set_xticks([(place + 0.5) * _HOURS for place in range(len(days))], [str(said.say("day", day)) for day in days])
    axes.tick_params(axis="x", length=0)
    _share_axis(axes, "y")
    _plain(axes)
    return figure


def _shade_night(axes: Axes, start: float, night: tuple[int, int]) -> None:
    begin, end = night
    spans = [(begin, end)] if begin < end else [(0, end), (begin, _HOURS)]
    for first, last in spans:
        axes.axvspan(start + first, start + last, color=_NIGHT, zorder=0, linewidth=0)


def chart_pairs(
    labels: Sequence[str], today: Sequence[float], proposed: Sequence[float] | None, lettering: Lettering
) -> Figure | None:
    """Draw shares as bars, today above the proposed scenario.

    Parameters
    ----------
    labels
        What each bar is of, from the top.
    today, proposed
        Shares from 0 to 1; None where only one scenario was evaluated.
    lettering
        The fonts.
    """
    if not len(labels):
        return None
    figure = new_figure(0.6 + _LINE_IN * len(labels) * (1.3 if proposed is not None else 1.0))
    axes = figure.subplots()
    places = np.arange(len(labels), dtype=float)
    if proposed is None:
        axes.barh(places, today, height=2 * _BAR, color=PROPOSED)
    else:
        axes.barh(places - _BAR / 2, today, height=_BAR, color=TODAY)
        axes.barh(places + _BAR / 2, proposed, height=_BAR, color=PROPOSED)
    _names(axes, labels, lettering)
    _share_axis(axes, "x")
    _plain(axes)
    return figure


def chart_changes(
    labels: Sequence[str], today: Sequence[float], proposed: Sequence[float] | None, lettering: Lettering
) -> Figure | None:
    """Draw the shares of areas as points, joined from today to the proposed scenario.

    Parameters
    ----------
    labels
        Areas, from the top.
    today, proposed
        Shares from 0 to 1; None where only one scenario was evaluated.
    lettering
        The fonts.
    """
    if not len(labels):
        return None
    figure = new_figure(0.6 + _LINE_IN * len(labels))
    axes = figure.subplots()
    places = np.arange(len(labels), dtype=float)
    if proposed is None:
        axes.scatter(today, places, s=34, color=PROPOSED, zorder=3, clip_on=False)
    else:
        axes.hlines(places, today, proposed, color="#9fb8af", linewidth=3, zorder=2)
        axes.scatter(today, places, s=34, facecolor="white", edgecolor=TODAY, linewidth=1.6, zorder=3, clip_on=False)
        axes.scatter(proposed, places, s=34, color=PROPOSED, zorder=4, clip_on=False)
    _names(axes, labels, lettering)
    _share_axis(axes, "x")
    _plain(axes)
    return figure


def chart_lorenz(lorenz: pd.DataFrame, scenarios: Sequence[str], group: str, said: Speech) -> Figure | None:
    """Draw the Lorenz curves of access time, and the straight line of equal times.

    Parameters
    ----------
    lorenz
        The table ``lorenz``.
    scenarios, group, said
        As for `chart_hours`.
    """
    rows = lorenz[lorenz["group"] == group]
    if rows.empty:
        return None
    figure = new_figure(3.6)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="#9aa1a7", linewidth=1, linestyle=(0, (1, 1.5)))
    for scenario, colour in zip(scenarios, (TODAY, PROPOSED) if len(scenarios) > 1 else (PROPOSED,), strict=False):
        part = rows[rows["scenario"] == scenario]
        axes.plot(part["people_share"], part["time_share"], color=colour, linewidth=1.8)
    _share_axis(axes, "x")
    _share_axis(axes, "y")
    axes.set_aspect("equal")
    axes.set_xlabel(said.heading("people_share"))
    axes.set_ylabel(said.heading("time_share"))
    _plain(axes)
    return figure


def chart_amounts(
    labels: Sequence[str], today: Sequence[float], proposed: Sequence[float] | None, lettering: Lettering
) -> Figure | None:
    """Draw uncovered demand by reason as bars, today above the proposed scenario.

    Parameters
    ----------
    labels
        Reasons, from the top.
    today, proposed
        Uncovered demand; None where only one scenario was evaluated.
    lettering
        The fonts.
    """
    if not len(labels):
        return None
    figure = new_figure(0.6 + _LINE_IN * len(labels) * (1.4 if proposed is not None else 1.0))
    axes = figure.subplots()
    places = np.arange(len(labels), dtype=float)
    if proposed is None:
        axes.barh(places, today, height=2 * _BAR, color=styles.GAP)
    else:
        axes.barh(places - _BAR / 2, today, height=_BAR, color="#ecc0ab", edgecolor=styles.GAP, linewidth=0.8)
        axes.barh(places + _BAR / 2, proposed, height=_BAR, color=styles.GAP)
    _names(axes, labels, lettering)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="x", color=_GRID)
    axes.locator_params(axis="x", nbins=6)
    _plain(axes)
    return figure


def chart_sites(sites: pd.DataFrame, today: float, demand: float, said: Speech, first: str) -> Figure | None:
    """Draw how the covered share grows as the sites open one after another.

    Parameters
    ----------
    sites
        Rows of ``by_site`` of one group, in the order of opening.
    today
        Share covered before the first, 0 to 1.
    demand
        All demand.
    said
        The language.
    first
        What stands below the bar of today.
    """
    if sites.empty or not demand > 0:
        return None
    reached = today + np.concatenate([[0.0], np.cumsum(sites["added_demand"].to_numpy())]) / demand
    figure = new_figure(2.8)
    axes = figure.subplots()
    places = np.arange(len(reached))
    axes.bar(places, reached, width=0.55, color=[TODAY, *[styles.SITE] * len(sites)])
    axes.plot(places, reached, color=_INK, linewidth=1, marker="o", markersize=3)
    few = len(reached) <= MOST_BARS
    if few:
        for place, share in zip(places, reached, strict=True):
            axes.annotate(
                f"{share * 100:.1f} %", (place, share), (0, 3), textcoords="offset points", ha="center", fontsize=7.5
            )
    labels = [first, *(f"{number:d}" for number in sites["number"])]
    axes.set_xticks(places if few else places[::5], labels if few else labels[::5])
    axes.set_xlabel(said.heading("number"))
    _share_axis(axes, "y")
    axes.set_ylim(0, 1.08)
    _plain(axes)
    return figure


# --- what they share ---


def _names(axes: Axes, labels: Sequence[str], lettering: Lettering) -> None:
    axes.set_yticks(np.arange(len(labels)), [_short(drawable(label, lettering)) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)


def _short(label: str) -> str:
    """Break a long label into at most two lines; a line holds half as many Chinese characters as Latin ones."""
    most = _LINE_LETTERS if label.isascii() else _LINE_LETTERS // 2
    return "\n".join(textwrap.wrap(label, most, max_lines=2, placeholder="…")) or label


def _share_axis(axes: Axes, which: str) -> None:
    axis: Any = axes.xaxis if which == "x" else axes.yaxis
    limits: Mapping[str, Any] = {"x": axes.set_xlim, "y": axes.set_ylim}
    limits[which](0, 1.012)  # marks and lines at 100 % stay whole
    axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axis.set_major_formatter(PercentFormatter(1.0, symbol=" %", decimals=0))
    axes.grid(axis=which, color=_GRID)  # type: ignore[arg-type]


def _plain(axes: Axes) -> None:
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color("#aab1b6")
    axes.tick_params(colors=_INK, labelsize=8.5)
