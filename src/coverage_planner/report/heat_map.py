"""Coverage by hour of the week as a picture: days in rows, hours in columns, one SVG text without script or link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from coverage_planner.report import styles
from coverage_planner.report.heat_map_words import hour_words
from coverage_planner.report.hour_rows import NEEDED, choose_rows, clock, how_text, share_text
from coverage_planner.report.panel import escape
from coverage_planner.report.speech import speech
from coverage_planner.report.words import Language, words

#: From this many tenths on a cell has the next colour.
CLASSES: Final = 10

_EDGE, _LABEL, _CELL, _GAP, _ALL = 16, 128, 36, 10, 54
_HOURS = 24
_CELLS_LEFT = _EDGE + _LABEL
_ALL_LEFT = _CELLS_LEFT + _HOURS * _CELL + _GAP
WIDTH: Final = _ALL_LEFT + _ALL + _EDGE
_TOP, _HIGH, _LOW, _DAY_GAP = 96, 26, 18, 3
_MIN_PER_HOUR = 60
_SWATCH = 44
_UNKNOWN, _DASH = "#ffffff", "#b9b4a8"
_NIGHT = "#3d4a63"
_FONTS: Final[Mapping[Language, str]] = {
    "zh": "'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', 'Segoe UI', Roboto, Arial, sans-serif",
    "en": "'Segoe UI', Roboto, 'Noto Sans', Arial, 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif",
}
_WIDE_FROM = "\u1100"
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


@dataclass(frozen=True)
class HourPicture:
    """A picture that notebooks show as it is; ``str(picture)`` is its SVG text."""

    svg: str

    def __str__(self) -> str:
        """Return the SVG text."""
        return self.svg

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return f'<div style="max-width:{WIDTH}px;overflow-x:auto">{self.svg}</div>'


def draw_hours(
    by_hour: pd.DataFrame,
    *,
    scenario: str | None = None,
    group: str | None = None,
    service: str | None = None,
    title: str | None = None,
    night: tuple[int, int] | None = (22, 6),
    hints: bool = True,
    language: Language = "zh",
) -> HourPicture:
    """Draw the share of the demand present that is covered, for each hour of the week and each special day.

    Days stand in rows, holidays and make-up workdays below the week; hours stand in columns. Where slots are shorter
    than an hour, a day has one line per quarter or half of an hour. The colours differ in lightness alone as much as
    the shares do, so that a grey print shows the same. The column at the right is the whole day's share.

    Parameters
    ----------
    by_hour
        `measure_hours`, or the table ``by_hour`` of a results folder: ``slot``, ``date``, ``day``, ``kind`` or
        ``day_kind``, ``hour``, ``demand``, ``covered_demand``; optionally ``n_open``, ``scenario``, ``group``,
        ``service``, ``mode``, ``cutoff_min``.
    scenario, group, service
        Which of the table's scenarios, groups and services is drawn; the first by default. Services are ids of the
        catalogue, 'any' (a station that is open) and 'full' (all required services).
    title
        First line; 'Coverage by hour of the week' by default.
    night
        From and to hour of what is marked as night; None marks nothing.
    hints
        Whether a cell says its figures in full where one points at it; without, the picture is less than half as large.
    language
        'zh' or 'en'.

    Returns
    -------
    HourPicture
        Shows itself in notebooks; ``str()`` gives an SVG document without script, link or outside file, all texts
        escaped.

    Raises
    ------
    ConfigError
        Unknown language, or a scenario, group or service that the table does not hold.
    SchemaError
        The table lacks columns, or has two rows for one slot.
    """
    words(language)
    table = choose_rows(by_hour, {"scenario": scenario, "group": group, "service": service})
    return HourPicture(_Drawing(table, title, night, language, hints=hints).svg())


# --- the drawing ---


class _Drawing:
    """One picture: what stands where, and in which words."""

    def __init__(
        self,
        table: pd.DataFrame,
        title: str | None,
        night: tuple[int, int] | None,
        language: Language,
        *,
        hints: bool,
    ) -> None:
        self.language, self.night, self.hints = language, night, hints
        self.said, self.speech = hour_words(language), speech(language)
        self.title = title or self.said["title"]
        self.how = how_text(table, language)
        self.service = str(table["service"].iloc[0]) if "service" in table and len(table) else "any"
        minutes = np.rint(table["hour"].to_numpy(dtype=float) * _MIN_PER_HOUR).astype(int)
        self.starts = sorted(set((minutes % _MIN_PER_HOUR).tolist())) or [0]
        self.slot_min = _MIN_PER_HOUR // len(self.starts)
        known = [name for name in (*NEEDED, "n_open") if name in table]
        rows = table[known].assign(minute=minutes).sort_values("slot", kind="stable")
        self.days: dict[str, list[dict[str, Any]]] = {}
        for record in rows.to_dict("records"):
            share = _share(float(record["covered_demand"]), float(record["demand"]))
            named = {str(name): value for name, value in record.items()}
            self.days.setdefault(str(record["day"]), []).append({**named, "share": share})
        self.height_of_line = _HIGH if len(self.starts) == 1 else _LOW
        self.colours = styles.ramp(styles.SHARE_ENDS, CLASSES)

    def svg(self) -> str:
        """Return the SVG document."""
        tops = self._tops()
        legend_top = (tops[-1] if tops else _TOP) + len(self.starts) * self.height_of_line + 26
        height = legend_top + 78
        lang = "zh-CN" if self.language == "zh" else "en"
        label = escape(f"{self.title}: {self.how}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" lang="{lang}" role="img" aria-label="{label}" '
            f'font-family="{_FONTS[self.language]}" fill="#26241f">'
            f'<rect width="100%" height="100%" fill="#ffffff"/>{self._head()}{self._cells(tops)}'
            f"{self._legend(legend_top)}</svg>"
        )

    def _tops(self) -> list[int]:
        """Return where each day begins; special days stand a little apart."""
        tops, y = [], _TOP
        days = list(self.days)
        for place, day in enumerate(days):
            if place:
                y += len(self.starts) * self.height_of_line + (_DAY_GAP if len(self.starts) > 1 else 0)
                special = day not in _DAYS
                y += (12 if days[place - 1] in _DAYS else 4) if special else 0
            tops.append(y)
        return tops

    def _head(self) -> str:
        room = WIDTH - 2 * _EDGE
        parts = [
            _text(_EDGE, 30, _fit(self.title, room, 18), 'font-size="18" font-weight="600"', full=self.title),
            _text(_EDGE, 52, _fit(self.how, room, 13), 'font-size="13" fill="#57534a"', full=self.how),
            '<g font-size="10.5" text-anchor="middle" fill="#57534a">',
        ]
        parts += [_text(_CELLS_LEFT + (hour + 0.5) * _CELL, _TOP - 8, f"{hour}–{hour + 1}") for hour in range(_HOURS)]
        parts.append(_text(_ALL_LEFT + _ALL / 2, _TOP - 8, self.said["all_day"]))
        parts.append("</g>")
        parts += [
            f'<rect x="{_CELLS_LEFT + start * _CELL}" y="{_TOP - 25}" width="{(end - start) * _CELL}" height="4" '
            f'fill="{_NIGHT}"><title>{escape(self.said["night"])}</title></rect>'
            for start, end in self._nights()
        ]
        return "".join(parts)

    def _nights(self) -> list[tuple[int, int]]:
        if self.night is None or self.night[0] == self.night[1]:
            return []
        start, end = self.night
        spans = [(start, end)] if start < end else [(start, _HOURS), (0, end)]
        return [(a, b) for a, b in spans if a < b]

    def _cells(self, tops: Sequence[int]) -> str:
        rects: dict[str, list[str]] = {}
        figures: dict[str, list[str]] = {}
        labels = []
        for (day, rows), top in zip(self.days.items(), tops, strict=True):
            labels.append(self._day_label(day, rows[0], top))
            for record in rows:
                x, line = self._place(int(record["minute"]), top)
                said = self._said_of(day, record) if self.hints else ""
                self._cell(rects, figures, (x, line, _CELL), record["share"], said)
            total = {name: sum(float(record[name]) for record in rows) for name in ("covered_demand", "demand")}
            share = _share(total["covered_demand"], total["demand"])
            middle = top + (len(self.starts) - 1) * self.height_of_line / 2
            said = self._sentence(self._day_name(day), "0:00", "24:00", share, total)
            self._cell(rects, figures, (_ALL_LEFT, middle, _ALL), share, said)
        drawn = "".join(self._painted(colour, "".join(found)) for colour, found in rects.items())
        size = 11 if len(self.starts) == 1 else 10
        texts = "".join(f'<g fill="{colour}">{"".join(found)}</g>' for colour, found in figures.items())
        return (
            f'<g stroke="#ffffff" stroke-width="1">{drawn}</g>'
            f'<g font-size="{size}" text-anchor="middle" pointer-events="none">{texts}</g>{"".join(labels)}'
        )

    def _painted(self, colour: str, cells: str) -> str:
        edge = f' stroke="{_DASH}" stroke-dasharray="2 2"' if colour == _UNKNOWN else ""
        return f'<g fill="{colour}"{edge}>{cells}</g>' if self.hints else f'<path fill="{colour}"{edge} d="{cells}"/>'

    def _place(self, minute: int, top: int) -> tuple[float, float]:
        line = self.starts.index(minute % _MIN_PER_HOUR)
        return _CELLS_LEFT + (minute // _MIN_PER_HOUR) * _CELL, top + line * self.height_of_line

    def _cell(
        self,
        rects: dict[str, list[str]],
        figures: dict[str, list[str]],
        box: tuple[float, float, float],
        share: float,
        said: str,
    ) -> None:
        x, y, width = box
        colour = self._colour(share)
        height = self.height_of_line
        if self.hints:
            cell = f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}"><title>{escape(said)}</title></rect>'
        else:
            cell = f"M{x:g} {y:g}h{width}v{height}h-{width}z"
        rects.setdefault(colour, []).append(cell)
        figures.setdefault(ink(colour), []).append(
            _text(x + width / 2, y + self.height_of_line / 2 + 4, share_text(share))
        )

    def _colour(self, share: float) -> str:
        return _UNKNOWN if np.isnan(share) else self.colours[min(int(share * CLASSES), CLASSES - 1)]

    def _day_name(self, day: object) -> str:
        return str(self.speech.say("day", day))

    def _day_label(self, day: str, first: Mapping[str, Any], top: float) -> str:
        middle = top + len(self.starts) * self.height_of_line / 2
        right = _CELLS_LEFT - (8 if len(self.starts) == 1 else 32)
        parts = []
        if day in _DAYS:
            parts.append(_text(right, middle + 4, self._day_name(day), 'font-size="12" text-anchor="end"'))
        else:
            weekday = self._day_name(_DAYS[pd.Timestamp(first["date"]).weekday()])
            kind = str(self.speech.say("day_kind", first["day_kind"]))
            at = 'font-size="11" text-anchor="end"'
            parts.append(_text(right, middle - 1, f"{day} {weekday}", at))
            parts.append(_text(right, middle + 11, kind, 'font-size="10.5" text-anchor="end" fill="#8a3d12"'))
        if len(self.starts) > 1:
            at = 'font-size="9.5" text-anchor="end" fill="#6b665b"'
            parts += [
                _text(_CELLS_LEFT - 6, top + (line + 0.5) * self.height_of_line + 3.5, f":{start:02d}", at)
                for line, start in enumerate(self.starts)
            ]
        return "".join(parts)

    def _said_of(self, day: object, record: Mapping[str, Any]) -> str:
        start = int(record["minute"])
        return self._sentence(self._day_name(day), clock(start), clock(start + self.slot_min), record["share"], record)

    def _sentence(self, day: str, from_: str, to: str, share: float, record: Mapping[str, Any]) -> str:
        said = "–" if np.isnan(share) else f"{share:.1%}"
        text = self.said["cell"].format(
            day=day, from_=from_, to=to, share=said, covered=f"{record['covered_demand']:,.0f}",
            all=f"{record['demand']:,.0f}",
        )  # fmt: skip
        n_open = record.get("n_open", np.nan)
        return text if pd.isna(n_open) else text + self.said["open"].format(n=f"{int(n_open):,}")

    def _legend(self, top: float) -> str:
        parts = ['<g font-size="10.5" text-anchor="middle" fill="#57534a">']
        for place, colour in enumerate(self.colours):
            x = _CELLS_LEFT + place * _SWATCH
            parts.append(f'<rect x="{x}" y="{top}" width="{_SWATCH}" height="12" fill="{colour}"/>')
        parts += [
            _text(_CELLS_LEFT + place * _SWATCH, top + 25, f"{place * 100 // CLASSES}{'%' if place == CLASSES else ''}")
            for place in range(CLASSES + 1)
        ]
        parts.append("</g>")
        x = _CELLS_LEFT + CLASSES * _SWATCH + 30
        at = 'font-size="11" fill="#57534a"'
        if any(np.isnan(record["share"]) for rows in self.days.values() for record in rows):
            parts.append(
                f'<rect x="{x}" y="{top}" width="18" height="12" fill="{_UNKNOWN}" stroke="{_DASH}" '
                'stroke-dasharray="2 2"/>'
            )
            parts.append(_text(x + 24, top + 10, f"– {self.said['no_demand']}", at))
            x += 150
        if self._nights():
            parts.append(f'<rect x="{x}" y="{top + 4}" width="22" height="4" fill="{_NIGHT}"/>')
            parts.append(_text(x + 28, top + 10, self.said["night"], at))
        means = self.said.get(f"means_{self.service}", self.said["means_service"])
        parts.append(_text(_CELLS_LEFT, top + 48, means, 'font-size="11.5"'))
        parts.append(_text(_CELLS_LEFT, top + 65, self.said["exact"], at))
        return "".join(parts)


def ink(colour: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    light = styles.luminance(colour)
    return "#000000" if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else "#ffffff"


def _text(x: float, y: float, text: str, attributes: str = "", *, full: str = "") -> str:
    said = f"<title>{escape(full)}</title>" if full and full != text else ""
    space = " " if attributes else ""
    return f'<text x="{x:g}" y="{y:g}"{space}{attributes}>{said}{escape(text)}</text>'


def _fit(text: str, room: float, size: float) -> str:
    """Cut a text that is longer than the room there is; letters are reckoned wider than most are."""
    widths = np.cumsum([size * (1.0 if char >= _WIDE_FROM else 0.62) for char in text])
    if not len(text) or widths[-1] <= room:
        return text
    return text[: int(np.searchsorted(widths, room - size))].rstrip() + "…"


def _share(covered: float, all_: float) -> float:
    return covered / all_ if all_ > 0 else float("nan")
