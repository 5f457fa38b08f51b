"""How the comparison page writes names and numbers."""

import math
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage_planner.report.panel import escape
from coverage_planner.report.popups import number

NOTHING = "–"
#: With one decimal, less than this would read 0.
_TINY = 0.1


def records_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, without its geometry."""
    plain = table.drop(columns=table.geometry.name) if isinstance(table, gpd.GeoDataFrame) else table
    return [{str(key): value for key, value in record.items()} for record in plain.to_dict("records")]


def site_name(record: Mapping[str, Any]) -> str:
    """Return what people call a site: its name, else its id."""
    name = record.get("name")
    return str(record["id"]) if not isinstance(name, str) or not name else name


def amount(value: float) -> str:
    """Write demand or cost; a dash where there is none, and never 0 for what is not."""
    if math.isnan(value):
        return NOTHING
    return unit_cost(value) if 0 < value < _TINY else number(float(value))


def minutes_of(seconds: float) -> str:
    """Write seconds as minutes with one decimal; a dash where there are none."""
    return NOTHING if math.isnan(seconds) else f"{seconds / 60:.1f}"


def share_of(share: float) -> str:
    """Write a share in percent without decimals, but so that only all is 100 % and only nothing is 0 %."""
    if math.isnan(share):
        return NOTHING
    if 0 < share < 0.01:  # noqa: PLR2004 - below one percent
        return "<1\u00a0%"
    if 0.99 < share < 1:  # noqa: PLR2004 - above 99 percent
        return ">99\u00a0%"
    return f"{share:.0%}".replace("%", "\u00a0%")


def unit_cost(value: float) -> str:
    """Write a cost per person with three significant digits."""
    decimals = 0 if value == 0 else max(0, 2 - math.floor(math.log10(value)))
    return f"{value:,.{min(decimals, 9)}f}"


def row(tag: str, cells: list[str]) -> str:
    """Return a row of cells that are HTML already."""
    return f"<tr>{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"


def badge(no: int) -> str:
    """Return the mark with a site's number."""
    return f'<span class="no">{no}</span>'


def wide(name: str, inside: str, said: Mapping[str, str]) -> str:
    """Put something into a box that scrolls sideways on a phone; the keyboard reaches it, and it has a name."""
    label = escape(said["scroll"].format(name=name))
    return f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{inside}</div>'


def section(key: str, said: Mapping[str, str], *parts: str) -> str:
    """Return a section with its heading."""
    return f'<section id="{key}"><h2>{escape(said[key])}</h2>{"".join(parts)}</section>\n'


def note(text: str) -> str:
    """Return a remark under a heading."""
    return f'<p class="small">{escape(text)}</p>'
