"""What the map of the comparison page draws: streets, stations, gaps, the sites, and whom each of them reaches."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.report import drawing, styles
from coverage_planner.report.drawing import WGS84, Piece
from coverage_planner.report.popups import Popup, number
from coverage_planner.report.site_page_text import amount, site_name
from coverage_planner.scenario.compare_sites import SiteComparison

#: So many streets around the sites are drawn in full; of more, those of the classes up to tertiary.
_MOST_STREETS = 30_000
_MAIN_CLASSES = 3
#: How far around what is shown streets are drawn, metres.
_AROUND_M = 400.0


def map_content(comparison: SiteComparison, sites: list[dict[str, Any]], said: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page's script draws, as JSON can hold it.

    Returns
    -------
    dict
        ``bounds`` (south-west, north-east, latitude first), ``pieces`` of `drawing` (bottom to top), ``stations``,
        ``points`` and ``sites`` with ``path`` (steps of positions); ``names`` of the stations; of each site ``name``,
        ``text``, ``new`` and ``old`` (numbers of points, each as the step from the one before).
    """
    reached, numbers = _reached(comparison, len(sites))
    box = _box(comparison, reached)
    stations = comparison.today.scenario.facilities
    names = [site_name(record) for record in stations.to_dict("records")]
    of: list[dict[str, Any]] = []
    for no, record in enumerate(sites):
        begin, end = comparison.reach.indptr[no], comparison.reach.indptr[no + 1]
        points, is_new = numbers[comparison.reach.indices[begin:end]], comparison.reach.data[begin:end] == 2  # noqa: PLR2004
        text = said["chosen"].format(
            new=amount(record["newly_covered_demand"]), overlap=amount(record["overlap_existing_demand"])
        )
        of.append(
            {
                "name": site_name(record), "text": text,
                "new": _steps(points[is_new]), "old": _steps(points[~is_new]),
            }
        )  # fmt: skip
    return {
        "pieces": _pieces(comparison, box, said),
        "stations": {"path": _path(stations), "names": names},
        "points": {"path": _path(reached)},
        "sites": {"path": _path(comparison.table.iloc[: len(sites)]), "of": of},
        "bounds": _bounds(box, comparison.today.network.crs),
    }


def _reached(comparison: SiteComparison, n_sites: int) -> tuple[gpd.GeoDataFrame, np.ndarray]:
    """Return the demand points that a site reaches, and the number of each point among them."""
    demand = comparison.outcome.group.demand
    used = np.zeros(len(demand), dtype=bool)
    used[comparison.reach.indices[: comparison.reach.indptr[n_sites]]] = True
    numbers = np.cumsum(used) - 1
    return demand[used], numbers


def _steps(numbers: np.ndarray) -> list[int]:
    """Return rising numbers as steps, which take fewer characters."""
    steps: list[int] = np.diff(np.sort(numbers), prepend=0).tolist()
    return steps


def _path(points: gpd.GeoDataFrame) -> list[int]:
    pieces = drawing.dots(points.geometry, pane="", style={})
    return list(pieces[0]["path"]) if pieces else []


def _box(comparison: SiteComparison, reached: gpd.GeoDataFrame) -> tuple[float, float, float, float]:
    """Return the box around the sites and whom they reach, in the network's CRS."""
    crs = comparison.today.network.crs
    tables = [table.geometry.to_crs(crs).total_bounds for table in (comparison.table, reached) if len(table)]
    bounds = np.array(tables)
    low, high = bounds[:, :2].min(axis=0) - _AROUND_M, bounds[:, 2:].max(axis=0) + _AROUND_M
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _bounds(box: tuple[float, float, float, float], crs: Any) -> list[list[float]]:
    west, south, east, north = gpd.GeoSeries([shapely.box(*box)], crs=crs).to_crs(WGS84).total_bounds.tolist()
    return [[round(south, 6), round(west, 6)], [round(north, 6), round(east, 6)]]


def _pieces(comparison: SiteComparison, box: tuple[float, float, float, float], said: Mapping[str, str]) -> list[Piece]:
    network, frame = comparison.today.network, shapely.box(*box)
    pieces: list[Piece] = []
    water = network.obstacles[(network.obstacles["kind"] == "water").to_numpy(dtype=bool)]
    style: dict[str, object] = {"stroke": False, "fillColor": styles.WATER, "fillOpacity": 0.8}
    for shape in shapely.simplify(shapely.intersection(water.geometry.to_numpy(), frame), 3.0):
        pieces += drawing.area(shape, network.crs, pane="ground", style=style)
    near = network.edges[shapely.intersects(network.edges.geometry.to_numpy(), frame)]
    classes = near["highway"].map(styles.street_class).to_numpy()
    most = len(styles.STREET_CLASSES) if len(near) <= _MOST_STREETS else _MAIN_CLASSES
    for place in range(most - 1, -1, -1):
        kind = styles.STREET_CLASSES[place]
        style = {"color": styles.STREET, "weight": kind.weight, "opacity": kind.opacity}
        pieces += drawing.lines(near.geometry[classes == place], pane="streets", style=style, tolerance_m=2.0)
    outline: dict[str, object] = {"fill": False, "color": styles.STUDY_AREA, "weight": 1.6, "dashArray": "6 4"}
    if comparison.today.study_area is not None:
        for shape in shapely.simplify(comparison.today.study_area.geometry.to_numpy(), 5.0):
            pieces += drawing.area(shape, comparison.today.study_area.crs, pane="areas", style=outline)
    filled: dict[str, object] = {
        "color": styles.GAP, "weight": 1.2, "opacity": 0.9, "fillColor": styles.GAP, "fillOpacity": 0.14,
    }  # fmt: skip
    gaps = comparison.outcome.gaps
    for record in gaps.to_dict("records"):
        rows = [(said["uncovered"], number(record["uncovered_demand"]))]
        popup = Popup(said["gap_popup"].format(id=record["id"]), rows)
        shape = shapely.simplify(record[gaps.geometry.name], 2.0)
        pieces += drawing.area(shape, gaps.crs, pane="gaps", style=filled, popup=popup)
    return pieces
