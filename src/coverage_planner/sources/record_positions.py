"""Coordinates of records -> metres in the study area's CRS, chunk by chunk."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from coverage_planner.errors import ConfigError, CrsError, DatumError, InputError
from coverage_planner.sources.datum import Datum, check_datum, to_wgs84
from coverage_planner.sources.ranges import (
    check_metres,
    check_not_metres,
    check_not_swapped,
    exchanged,
    range_faults,
    region_of,
)
from coverage_planner.sources.segments import WGS84, choose_crs, parse_crs

_Floats = NDArray[np.float64]
_Mask = NDArray[np.bool_]

#: Around the study area's box, for the shift of the datums and for bent edges: degrees and metres.
_SLACK_DEG, _SLACK_M = 0.03, 3000.0
Wrong = tuple[_Mask, str]


class Positions:
    """Turns pairs of numbers into positions in metres.

    Attributes
    ----------
    crs
        Of the result.
    in_degrees
        Whether the numbers are longitudes and latitudes.
    area
        The study area in `crs`, prepared, or None.
    """

    def __init__(
        self, source: str, datum: Datum, source_crs: Any, crs: Any, study_area: gpd.GeoDataFrame | None
    ) -> None:
        given = None if source_crs is None else parse_crs(source_crs)
        self.in_degrees = given is None or not given.is_projected
        self.datum = check_datum(datum, source)
        self._metric = None if self.in_degrees else given
        if not self.in_degrees and self.datum in ("gcj02", "bd09"):
            raise DatumError(
                f"records with datum {datum!r} must be in longitude and latitude, got {source} with source_crs "
                f"{source_crs!r}; leave one of the two out"
            )
        if crs is None and study_area is None:
            raise ConfigError(
                f"the CRS in which {source} is counted must be known, got neither crs nor study_area; say one of them"
            )
        if study_area is not None:
            _check_area(study_area)
        self._region = region_of(study_area)
        nowhere = np.empty(0)
        self.crs: CRS = choose_crs(nowhere, nowhere, WGS84, crs, study_area)
        from_crs = WGS84 if self.in_degrees else given
        self._to_metric = Transformer.from_crs(from_crs, self.crs, always_xy=True)
        self.area: Any = None
        self._box = (-np.inf, -np.inf, np.inf, np.inf)
        if study_area is not None:
            self.area = study_area.to_crs(self.crs).union_all()
            shapely.prepare(self.area)
            west, south, east, north = study_area.to_crs(from_crs).total_bounds
            slack = _SLACK_DEG if self.in_degrees else _SLACK_M
            self._box = (west - slack, south - slack, east + slack, north + slack)

    def wrong(self, x: _Floats, y: _Floats, x_wrong: _Mask, y_wrong: _Mask) -> list[Wrong]:
        """Return which pairs are no positions, and why."""
        names = ("longitude", "latitude") if self.in_degrees else ("x", "y")
        unit = "a number of degrees" if self.in_degrees else "a number of metres"
        faults: list[Wrong] = [
            (x_wrong, f"{names[0]} is not {unit}"),
            (y_wrong, f"{names[1]} is not {unit}"),
            (np.isnan(x), f"{names[0]} is blank"),
            (np.isnan(y), f"{names[1]} is blank"),
            ((x == 0) & (y == 0), f"{names[0]} and {names[1]} are zero"),
        ]
        return [*faults, *range_faults(x, y)] if self.in_degrees else faults

    def check_sensible(self, x: _Floats, y: _Floats, source: str) -> None:
        """Raise InputError when most of some positions are exchanged, or in other units than they should be."""
        if self._metric is not None:
            check_metres(x, y, self._metric, source, self._region, "exchange the two in `columns`")
            return
        check_not_metres(x, y, source, self._region)
        swapped = exchanged(x, y, self._region)
        check_not_swapped(x, y, source, swapped=swapped, advice="exchange the two in `columns`")

    def in_metres(self, x: _Floats, y: _Floats) -> tuple[_Floats, _Floats, _Mask]:
        """Return positions in `crs` and which of them lie in the study area; those far from it are not converted."""
        west, south, east, north = self._box
        near = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        x, y = x[near], y[near]
        if self.in_degrees:
            x, y = to_wgs84(x, y, self.datum)
        x, y = self._to_metric.transform(x, y)
        inside = np.isfinite(x) & np.isfinite(y)
        if self.area is not None:
            inside &= shapely.intersects_xy(self.area, x, y)
        kept = near.copy()
        kept[near] = inside
        return x[inside], y[inside], kept


def _check_area(study_area: gpd.GeoDataFrame) -> None:
    if study_area.crs is None:
        raise CrsError("study_area must have a CRS, got none; set it with .set_crs(...)")
    if study_area.empty or study_area.geometry.is_empty.all():
        raise InputError("study_area must hold at least one polygon, got none; check the file it was read from")
