"""The cells by which records are counted: hexagons, or streets."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from coverage_planner.errors import InputError
from coverage_planner.sources.hexagons import (
    hexagon_centres,
    hexagon_polygons,
    hexagons_at,
    pack_hexagons,
    unpack_hexagons,
)
from coverage_planner.sources.nearest_streets import NearestStreets

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

#: Metres.
_JUST_INSIDE_M = 0.01


class HexagonCells:
    """Cells that are hexagons; `missing` says why a record is in none."""

    kind, missing = "hexagon", ""

    def __init__(self, cell_m: float | None) -> None:
        self.cell_m = float(cell_m or 0.0)

    def keys_at(self, x: _Floats, y: _Floats) -> _Ints:
        """Return the cell of each position."""
        return pack_hexagons(*hexagons_at(x, y, self.cell_m))

    def columns(self, keys: _Ints, area: Any) -> dict[str, Any]:
        """Return id, geometry and what else is known of cells; their points lie in the area where it is given."""
        q, r = unpack_hexagons(keys)
        points = np.asarray(shapely.points(*hexagon_centres(q, r, self.cell_m)), dtype=object)
        if area is not None:
            away = ~np.asarray(shapely.intersects(area, points), dtype=np.bool_)
            cut = shapely.intersection(hexagon_polygons(q[away], r[away], self.cell_m), area)
            inside = np.asarray(shapely.point_on_surface(cut), dtype=object)
            points[away] = _brought_inside(np.where(shapely.is_empty(inside), points[away], inside), area)
        ids = [f"h{one}_{other}" for one, other in zip(q.tolist(), r.tolist(), strict=True)]
        return {"id": ids, "geometry": points}


class StreetCells:
    """Cells that are streets; `missing` says why a record is in none."""

    kind = "street"

    def __init__(self, streets: gpd.GeoDataFrame, crs: CRS, area: Any, within_m: float) -> None:
        lines = np.asarray(streets.geometry.to_crs(crs).array, dtype=object)
        usable = ~shapely.is_missing(lines) & (shapely.length(lines) > 0)
        if area is not None:
            usable &= shapely.intersects(area, lines)
        self.rows = np.flatnonzero(usable)
        if not len(self.rows):
            raise InputError("streets must have a line in the study area, got none; check both")
        self.lines = lines[self.rows]
        self.streets = streets
        self.nearest = NearestStreets(self.lines, within_m)
        self.missing = f"no street within {within_m:g} m"

    def keys_at(self, x: _Floats, y: _Floats) -> _Ints:
        """Return the cell of each position, `nearest_streets.NONE` where no street is near."""
        return self.nearest.find(x, y)

    def columns(self, keys: _Ints, area: Any) -> dict[str, Any]:
        """Return id, geometry and what else is known of cells; their points lie in the area where it is given."""
        lines = self.lines[keys]
        points = np.asarray(shapely.line_interpolate_point(lines, 0.5, normalized=True), dtype=object)
        if area is not None:
            away = np.flatnonzero(~shapely.intersects(area, points))
            middles = np.array([_middle_inside(line, area) for line in lines[away]], dtype=object)
            points[away] = _brought_inside(middles, area)
        rows = self.rows[keys]
        table = {"id": [f"s{row}" for row in rows.tolist()], "geometry": points}
        for name in ("id", "name"):
            if name in self.streets:
                values = self.streets[name].to_numpy(dtype=object)[rows]
                table[name] = values if name == "name" else [str(value) for value in values]
        return table


def _brought_inside(points: NDArray[Any], area: Any) -> NDArray[Any]:
    """Move points that rounding puts beyond the border of the area to just inside of it."""
    beyond = np.flatnonzero(~shapely.intersects(area, points))
    within = shapely.buffer(area, -_JUST_INSIDE_M) if len(beyond) else area
    moved = points.copy()
    if len(beyond) and not within.is_empty:
        moved[beyond] = shapely.get_point(shapely.shortest_line(within, points[beyond]), 0)
    return moved


def _middle_inside(line: Any, area: Any) -> Any:
    """Return the middle of the longest part of a street inside the area."""
    parts = shapely.get_parts(shapely.intersection(line, area))
    longest = parts[int(np.argmax(shapely.length(parts)))]
    return shapely.line_interpolate_point(longest, 0.5, normalized=True) if longest.length else longest.centroid
