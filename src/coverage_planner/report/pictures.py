"""Maps of the report as pictures, drawn with matplotlib from the layers of result.gpkg."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from coverage_planner.report import styles
from coverage_planner.report.charts import MOST_HEIGHT_IN, WIDTH_IN
from coverage_planner.report.fonts import Lettering, drawable
from coverage_planner.report.picture_ground import Ground, Line, joined

#: Room around the study area, as a share of its longer side.
_MARGIN = 0.03
_HALO = withStroke(linewidth=2.0, foreground="white")
#: Gaps that get their rank written in.
_MOST_NUMBERS = 12
_COMMUNITY = "#8f8a80"
_M_PER_KM = 1000.0
#: Above each of several panels.
_TITLE_IN = 0.22
_BETWEEN_IN = 0.06
_MOST_COLUMNS = 3
#: A single map is no taller than this.
MOST_MAP_IN = 7.3
_POLYGON = shapely.GeometryType.POLYGON
_LINE = shapely.GeometryType.LINESTRING


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What all maps of a report have in common.

    Attributes
    ----------
    extent
        West, south, east and north of what is shown, metres.
    outline
        The study area; None where there is none.
    communities
        Their geometries.
    ground
        Streets and water; None where the folder has none.
    lettering
        The fonts.
    source
        Whose data they are, to stand in the picture.
    """

    extent: tuple[float, float, float, float]
    outline: shapely.Geometry | None
    communities: Sequence[shapely.Geometry]
    ground: Ground | None
    lettering: Lettering
    source: str


class MapPicture:
    """A map that is being drawn; every method adds something on top."""

    def __init__(self, around: Surroundings, *, panels: int = 1) -> None:
        west, south, east, north = around.extent
        title = _TITLE_IN if panels > 1 else 0.0
        columns, scale = _layout(east - west, north - south, panels, title)
        rows = -(-panels // columns)
        width, height = scale * (east - west), scale * (north - south)
        self.around = around
        self.n_points = 0
        self._pixels = max(min(1.0, width / WIDTH_IN), 0.7)
        whole = rows * (height + title)
        self.figure = Figure(figsize=(WIDTH_IN, whole), facecolor="white")
        self._axes: list[Axes] = []
        for number in range(panels):
            row, column = divmod(number, columns)
            left = (column + 0.5) * WIDTH_IN / columns - width / 2
            bottom = whole - (row + 1) * (height + title)
            axes = self.figure.add_axes((left / WIDTH_IN, bottom / whole, width / WIDTH_IN, height / whole))
            axes.set_xlim(west, east)
            axes.set_ylim(south, north)
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set_edgecolor("#c9ced2")
            self._axes.append(axes)
        for number in range(panels):
            self.panel(number)
            self._draw_ground()
        self.panel(0)

    def panel(self, number: int, title: str = "") -> None:
        """Draw on another of the maps from here on."""
        self.axes = self._axes[number]
        if title:
            self.axes.set_title(drawable(title, self.around.lettering), fontsize=8.5, pad=3, loc="left")

    # --- what can be added ---

    def areas(self, shapes: Iterable[shapely.Geometry], colour: str, **look: Any) -> None:
        """Fill polygons; `look` holds further properties of matplotlib patches."""
        patches = [PathPatch(_outline(polygon)) for polygon in _polygons(shapes)]
        self._count(patch.get_path().vertices for patch in patches)
        settings: dict[str, Any] = {
            "facecolor": colour,
            "edgecolor": "none",
            "linewidth": 0.0,
            "zorder": 2,
            "rasterized": True,
        } | look
        self.axes.add_collection(PatchCollection(patches, **settings), autolim=False)

    def lines(self, shapes: Iterable[shapely.Geometry], colour: str, width: float, **look: Any) -> None:
        """Draw lines."""
        parts = shapely.get_parts(np.asarray(list(shapes), dtype=object))
        coordinates, owner = shapely.get_coordinates(parts[shapely.get_type_id(parts) == _LINE], return_index=True)
        self._line(joined(coordinates, np.flatnonzero(np.diff(owner)) + 1), colour, width, **look)

    def _marks(self, points: gpd.GeoSeries, size: float, marker: str) -> None:
        """Draw points as marks of stations; `size` is their area in square points."""
        self.axes.scatter(
            points.x, points.y, s=size * self._pixels, c=styles.STATION, marker=marker, edgecolor="white",
            linewidth=0.9 * self._pixels, zorder=7,
        )  # fmt: skip

    def stops(self, stops: gpd.GeoDataFrame) -> None:
        """Draw the stops of service buses as triangles."""
        self._marks(stops.geometry, 34.0, "^")

    def stations(self, stations: gpd.GeoDataFrame) -> None:
        """Draw stations: hubs as large squares, others as small ones."""
        hubs = stations["level"].isin(["hub"]) if "level" in stations else np.zeros(len(stations), dtype=bool)
        for part, size in ((stations[~hubs], 22.0), (stations[hubs], 60.0)):
            self._marks(part.geometry, size, "s")

    def sites(self, sites: gpd.GeoDataFrame) -> None:
        """Draw proposed sites with their number."""
        for number, point in zip(sites["number"], sites.geometry, strict=True):
            self.axes.scatter(
                [point.x], [point.y], s=130 * self._pixels, c=styles.SITE, edgecolor="white",
                linewidth=1.1 * self._pixels, zorder=8,
            )  # fmt: skip
            self.axes.text(
                point.x, point.y, f"{number:d}", color="white", ha="center", va="center_baseline",
                fontsize=7.5 * self._pixels**0.5, fontweight="bold", zorder=9,
            )  # fmt: skip

    def numbers(self, shapes: gpd.GeoSeries, numbers: Iterable[int]) -> None:
        """Write numbers into the first few areas."""
        for shape, number in list(zip(shapes, numbers, strict=True))[:_MOST_NUMBERS]:
            place = shape.representative_point()
            self.axes.text(
                place.x, place.y, f"{number:d}", color="#5b2209", ha="center", va="center", fontsize=8,
                fontweight="bold", path_effects=[_HALO], zorder=6, clip_on=True,
            )  # fmt: skip

    def finish(self, north: str) -> Figure:
        """Add scale bar, north arrow and source line; return the figure."""
        for number, axes in enumerate(self._axes):
            _scale_bar(axes)
            if number == 0:
                _north_arrow(axes, north)
        if len(self._axes) == 1:  # several small maps have it below them, where it covers nothing
            only = self._axes[0]
            only.text(
                0.993, 0.008, drawable(self.around.source, self.around.lettering), transform=only.transAxes,
                ha="right", va="bottom", fontsize=5.8, color="#3d444a", path_effects=[_HALO], zorder=20,
            )  # fmt: skip
        return self.figure

    # --- what lies below ---

    def _draw_ground(self) -> None:
        around = self.around
        if around.ground is not None:
            rings = [_ring_outline(area) for area in around.ground.water]
            self.axes.add_collection(
                PatchCollection(
                    [PathPatch(ring) for ring in rings], facecolor=styles.WATER, edgecolor="none", zorder=0.5,
                    rasterized=True,
                ),
                autolim=False,
            )  # fmt: skip
            self._line(around.ground.waterways, styles.WATER, 1.6, zorder=0.6)
            for kind, streets in around.ground.streets.items():
                weight = styles.STREET_CLASSES[min(kind, len(styles.STREET_CLASSES) - 1)].weight
                self._line(streets, "#c9c5be", 0.28 * weight * self._pixels, zorder=1)
            self._line(around.ground.railways, styles.RAILWAY, 0.8, linestyle=(0, (5, 2)), zorder=1.1)
        boundaries = [shapely.boundary(shape) for shape in around.communities]
        self.lines(boundaries, _COMMUNITY, 0.35 * self._pixels, zorder=4, alpha=0.8)
        if around.outline is not None:
            border = shapely.boundary(around.outline)
            self.lines([border], styles.STUDY_AREA, 1.1 * self._pixels, zorder=4.5, linestyle=(0, (6, 2)))

    def _line(self, vertices: Line, colour: str, width: float, **look: Any) -> None:
        """Draw any number of lines as one path, which is much faster than one by one."""
        points, codes = vertices
        if not len(points):
            return
        settings: dict[str, Any] = {"zorder": 3, "capstyle": "round", "joinstyle": "round", "rasterized": True} | look
        self.n_points += len(points)
        line = PathPatch(Outline(points, codes), edgecolor=colour, facecolor="none", linewidth=width, **settings)
        self.axes.add_artist(line)

    def _count(self, paths: Iterable[Any]) -> None:
        self.n_points += sum(len(path) for path in paths)


def _layout(width_m: float, height_m: float, panels: int, title: float) -> tuple[int, float]:
    """Return the number of columns at which the panels are largest, and their scale in inches per metre."""
    found = []
    for columns in range(1, min(panels, _MOST_COLUMNS) + 1):
        rows = -(-panels // columns)
        room = (WIDTH_IN - (columns - 1) * _BETWEEN_IN) / columns
        tallest = (MOST_HEIGHT_IN if panels > 1 else MOST_MAP_IN) / rows - title
        found.append((min(room / width_m, tallest / height_m), -columns))
    scale, columns = max(found)
    return -columns, scale


def surroundings(
    layers: Mapping[str, gpd.GeoDataFrame], ground: Ground | None, lettering: Lettering, source: str
) -> Surroundings:
    """Return what all maps of a report have in common.

    Parameters
    ----------
    layers
        Of result.gpkg, in a metric CRS.
    ground
        Streets and water.
    lettering
        The fonts.
    source
        Whose data they are.
    """
    area, communities = layers["study_area"], layers["communities"].drop_duplicates("id")
    outline = shapely.union_all(area.geometry.to_numpy()) if len(area) else None
    known = [layers[name] for name in ("demand", "facilities", "isochrones") if len(layers[name])]
    bounds = np.array([area.total_bounds] if len(area) else [layer.total_bounds for layer in known])
    bounds = bounds[~np.isnan(bounds).any(axis=1)] if len(bounds) else bounds  # bands that nobody is in have none
    west, south, east, north = (*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)) if len(bounds) else (0, 0, 1, 1)
    room = max(east - west, north - south, 100.0) * _MARGIN
    extent = (float(west - room), float(south - room), float(east + room), float(north + room))
    return Surroundings(extent, outline, list(communities.geometry), ground, lettering, source)


# --- geometry ---


def _polygons(shapes: Iterable[shapely.Geometry]) -> NDArray[Any]:
    parts = shapely.get_parts(shapely.get_parts(np.asarray(list(shapes), dtype=object)))  # of parts of collections too
    found: NDArray[Any] = parts[(shapely.get_type_id(parts) == _POLYGON) & ~shapely.is_empty(parts)]
    return found


def _outline(polygon: shapely.Geometry) -> Outline:
    return _ring_outline([shapely.get_coordinates(ring) for ring in shapely.get_rings(polygon)])


def _ring_outline(rings: Sequence[NDArray[np.float64]]) -> Outline:
    codes = []
    for ring in rings:
        codes += [Outline.MOVETO, *[Outline.LINETO] * (len(ring) - 2), Outline.CLOSEPOLY]
    return Outline(np.concatenate(rings), codes)


# --- scale and north ---


def _scale_bar(axes: Axes) -> None:
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    length = _round_length((east - west) * 0.22)
    x, y = west + (east - west) * 0.025, south + (north - south) * 0.035
    height = (north - south) * 0.008
    for part, colour in ((0, "#20262b"), (1, "white")):
        axes.add_patch(
            Rectangle(
                (x + part * length / 2, y), length / 2, height, facecolor=colour, edgecolor="#20262b", linewidth=0.7,
                zorder=20,
            )
        )  # fmt: skip
    said = f"{length / _M_PER_KM:g} km" if length >= _M_PER_KM else f"{length:g} m"
    axes.text(
        x + length / 2, y + 1.6 * height, said, ha="center", va="bottom", fontsize=7, path_effects=[_HALO], zorder=20
    )


def _round_length(most: float) -> float:
    """Return the largest 1, 2 or 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(most))
    return max(part * power for part in (1, 2, 5) if part * power <= most)


def _north_arrow(axes: Axes, north: str) -> None:
    x, y, size = 0.965, 0.905, 0.03
    ratio = axes.get_window_extent().width / axes.get_window_extent().height
    half = size * 0.36
    for side, colour in ((-1, "#20262b"), (1, "white")):
        corners = [(x, y + size * ratio), (x + side * half, y - size * ratio * 0.5), (x, y - size * ratio * 0.2)]
        axes.add_patch(
            Polygon(corners, transform=axes.transAxes, facecolor=colour, edgecolor="#20262b", linewidth=0.7, zorder=20)
        )
    axes.text(
        x, y + size * ratio * 1.15, north, transform=axes.transAxes, ha="center", va="bottom", fontsize=8.5,
        fontweight="bold", path_effects=[_HALO], zorder=20,
    )  # fmt: skip
