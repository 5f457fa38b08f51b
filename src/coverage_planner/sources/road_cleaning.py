"""What reading a road layer changed: a table of counts, a layer of places, and the streets before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

#: What may be found, in the order of tables -> what it means.
FINDINGS: Final[Mapping[str, str]] = {
    "empty row": "a row that cannot be used: no geometry, no length, or no line",
    "duplicate": "a line that repeats another; it is left out",
    "overlap": "a piece that runs along another line; both are kept",
    "crossing": "two lines cross at grade without a common vertex; they are cut and meet there",
    "end on a line": "a line has a vertex, mostly its end, on another that has none there; they meet there",
    "joined end": "an end that stopped short of another line and was joined to it",
    "kept apart: bridge": "a line passes another by a bridge; they do not meet",
    "kept apart: tunnel": "a line passes another by a tunnel; they do not meet",
    "kept apart: motorway": "a line crosses a motorway, which nothing crosses at grade; they do not meet",
    "kept apart: layer": "a line passes another on another layer; they do not meet",
    "kept apart: itself": "a line off the ground that crosses itself, such as a spiral ramp; it does not meet itself",
    "near end of another level": "an end within the tolerance of a line of another level; it was not joined",
    "dangling end": "an end that meets nothing",
}
_COLUMNS: Final = ("what", "row", "other_row", "length_m")


@dataclass
class RoadCleaning:
    """What reading a road layer changed; handed to `read_roads`, which fills it.

    Attributes
    ----------
    source
        File name.
    columns
        Name here -> column of the file that it was read from.
    totals
        What -> (count, length in metres): the layer before and after.
    before, after
        The lines as they came in, and the streets between nodes that they became; metric CRS, None until filled.
    before_main, after_main
        Which of these belong to the largest connected part.
    """

    source: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    totals: dict[str, tuple[int, float]] = field(default_factory=dict)
    before: gpd.GeoSeries | None = None
    after: gpd.GeoSeries | None = None
    before_main: NDArray[np.bool_] | None = None
    after_main: NDArray[np.bool_] | None = None
    _found: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        what: str,
        rows: NDArray[np.int64],
        geometry: Any,
        *,
        other_rows: NDArray[np.int64] | None = None,
        length_m: NDArray[np.float64] | None = None,
    ) -> None:
        """Note places of one kind.

        Parameters
        ----------
        what
            One of `FINDINGS`.
        rows
            Feature numbers from 1.
        geometry
            Where: an array of geometries in the metric CRS; None for rows without a place.
        other_rows
            The other line's row, where there is one.
        length_m
            How much of street it concerns; by default the length of the geometry.
        """
        others = np.zeros(len(rows), dtype=np.int64) if other_rows is None else other_rows
        if length_m is None:
            length_m = np.nan_to_num(shapely.length(geometry))
        places = np.asarray(geometry, dtype=object)
        for row, other, metres, place in zip(rows, others, length_m, places, strict=True):
            self._found.append(
                {"what": what, "row": int(row), "other_row": int(other) or pd.NA, "length_m": float(metres),
                 "geometry": place}
            )  # fmt: skip

    @property
    def changes(self) -> gpd.GeoDataFrame:
        """All findings: ``what``, ``row``, ``other_row`` (NA where none), ``length_m``, ``geometry`` (metric CRS)."""
        order = {what: number for number, what in enumerate(FINDINGS)}
        rows = sorted(self._found, key=lambda found: (order[found["what"]], found["row"]))
        table = pd.DataFrame({name: [found[name] for found in rows] for name in _COLUMNS})
        table = table.astype({"what": "object", "row": "int64", "other_row": "Int64", "length_m": "float64"})
        return gpd.GeoDataFrame(table, geometry=[found["geometry"] for found in rows], crs=self.crs)

    @property
    def crs(self) -> pyproj.CRS | None:
        """The metric CRS of all places; None until filled."""
        return None if self.before is None else self.before.crs

    def summary(self) -> pd.DataFrame:
        """Count what was found.

        Returns
        -------
        DataFrame
            ``what``, ``count``, ``length_m``. First the layer: 'lines' as they came in, the parts that they fall into
            when they meet at their ends only, and when they meet at shared vertices (``length_m``: of the largest),
            'segments' after the cleaning and the parts that these fall into. Then one row per kind of `FINDINGS` that
            occurs.
        """
        rows: list[tuple[str, int, float]] = [(what, count, metres) for what, (count, metres) in self.totals.items()]
        for what in FINDINGS:
            of_kind = [found["length_m"] for found in self._found if found["what"] == what]
            if of_kind:
                rows.append((what, len(of_kind), float(sum(of_kind))))
        return pd.DataFrame(rows, columns=["what", "count", "length_m"]).astype(
            {"count": "int64", "length_m": "float64"}
        )

    def keep_within(self, region: Any) -> None:
        """Drop findings outside a region; those without a place stay."""
        self._found = [
            found for found in self._found if found["geometry"] is None or region.intersects(found["geometry"])
        ]
