"""What layers of the map are made of: a scenario as one group sees it, and an entry of the legend."""

from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.report.drawing import Piece
from coverage_planner.report.popups import Words
from coverage_planner.scenario.scenario import GroupOutcome, Outcome

#: What is wider or higher than this is a whole city, seen from farther away and drawn more coarsely.
CITY_M = 20_000.0


@dataclass(frozen=True)
class MapLayer:
    """One entry of the legend: its name in the page, its HTML, what it draws, and whether it is on at first.

    Of the layers with `exclusive`, one is on at a time.
    """

    key: str
    label: str
    pieces: list[Piece]
    shown: bool
    exclusive: bool = False


@dataclass(frozen=True, eq=False)
class View:
    """A scenario as one group sees it.

    Attributes
    ----------
    outcome, group_name, words
        What is drawn, for whom, in which words.
    window
        The part of the world worth drawing, in the network's CRS; None for all of it.
    named
        Whether layers say which scenario they belong to.
    """

    outcome: Outcome
    group_name: str
    words: Words
    window: shapely.Geometry | None
    named: bool

    @property
    def group(self) -> GroupOutcome:
        """The group's outcome."""
        return self.outcome.groups[self.group_name]

    @cached_property
    def is_city(self) -> bool:
        """Whether a whole city is drawn, not a district."""
        edges = self.outcome.network.edges
        west, south, east, north = edges.total_bounds if self.window is None else shapely.bounds(self.window)
        return bool(max(east - west, north - south) > CITY_M)

    @property
    def line_tolerance_m(self) -> float:
        """How far drawn lines may be off."""
        return 3.0 if self.is_city else 1.0

    def simple(self, shape: shapely.Geometry) -> shapely.Geometry:
        """Return a polygon simplified for drawing, valid as before."""
        tolerance_m = 6.0 if self.is_city else 2.0
        return shapely.make_valid(shapely.simplify(shape, tolerance_m, preserve_topology=True))

    def layer_text(self, key: str) -> str:
        """Return a layer's text, with the scenario's name where there are two."""
        text = self.words[key]
        if not self.named:
            return text
        return self.words["in_scenario"].format(layer=text, scenario=self.outcome.scenario.name)

    def inside(self, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the rows that touch the window."""
        if self.window is None or table.empty:
            return table
        return table.iloc[np.sort(table.sindex.query(self.window, predicate="intersects"))]
