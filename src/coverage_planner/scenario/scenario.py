"""Scenarios (which stations are open), groups (who travels, how, how far) and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import pandas as pd

from coverage_planner.coverage.measure import Coverage
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes


@dataclass(frozen=True, eq=False)
class Group:
    """People who travel alike: the headline group walks, riders and drivers stand beside it.

    Attributes
    ----------
    name
        Label without repeats among the groups of a plan.
    mode
        Name of a mode the network was built for.
    cutoff_s
        Longest acceptable time in seconds.
    demand
        Where they are and how many (columns ``id``, ``demand``); metric CRS.
    """

    name: str
    mode: str
    cutoff_s: float
    demand: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        """Check the cutoff and the demand table."""
        if not self.cutoff_s > 0:
            raise ConfigError(f"group {self.name!r}: cutoff_s must be positive, got {self.cutoff_s:g}")
        check_table(self.demand, "demand", what=f"demand of group {self.name!r}")
        if self.demand.empty:
            raise InputError(f"group {self.name!r} must have at least one demand point, got none; check its demand")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A name and the stations open in it.

    Attributes
    ----------
    name
        For example 'today' or 'plan A'.
    facilities
        The stations (column ``id`` and those of the facilities schema). Column ``proposed`` (bool) tells new sites
        from stations that exist; absent means that all exist.
    """

    name: str
    facilities: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        """Check the facilities table."""
        check_table(self.facilities, "facilities", what=f"facilities of scenario {self.name!r}")

    def with_sites(self, name: str, sites: gpd.GeoDataFrame) -> "Scenario":
        """Return a scenario in which `sites` are open besides the stations of this one.

        Parameters
        ----------
        name
            The new scenario's name.
        sites
            Rows of a candidates table, for example ``solution.sites``.

        Raises
        ------
        SchemaError
            A site has the id of a station.
        """
        new = sites.to_crs(self.facilities.crs).assign(proposed=True)
        old = self.facilities if "proposed" in self.facilities else self.facilities.assign(proposed=False)
        return Scenario(name, gpd.GeoDataFrame(pd.concat([old, new], ignore_index=True), crs=self.facilities.crs))


@dataclass(frozen=True, eq=False)
class GroupOutcome:
    """What a scenario means for one group.

    Attributes
    ----------
    group
        The group.
    times, coverage
        Travel times within the search limit, and who is covered.
    shares
        One row: ``covered_demand_share``, ``covered_point_share``, ``covered_area_share`` (of the study area, or of
        the places within the access limit of a street where none is given), ``covered_road_share`` (street length
        reached), ``straight_line_demand_share`` (what a circle of cutoff x speed would have claimed), ``demand``,
        ``covered_demand``, ``mean_time_s`` (demand-weighted over covered demand), ``mode``, ``cutoff_s``.
    isochrones
        Bands merged over the facilities: ``cutoff_s``, ``geometry`` (where the nearest facility is within cutoff_s).
    reached_streets
        Street pieces within the cutoff: ``edge``, ``time_s`` (at the piece's farther end), ``band_s``, ``geometry``.
    gaps
        `find_gaps` of this coverage.
    """

    group: Group
    times: TravelTimes
    coverage: Coverage
    shares: pd.DataFrame
    isochrones: gpd.GeoDataFrame
    reached_streets: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame


@dataclass(frozen=True, eq=False)
class Outcome:
    """A scenario evaluated for every group.

    Attributes
    ----------
    scenario, network
        What was evaluated, on which streets.
    groups
        Group name -> `GroupOutcome`, in the order given; the first is the headline group.
    study_area
        The polygon results are reported for (one row), or None.
    communities
        Areas (``id``, ``name``, ``subdistrict``) results are reported by, or None.
    """

    scenario: Scenario
    network: RoadNetwork
    groups: Mapping[str, GroupOutcome]
    study_area: gpd.GeoDataFrame | None
    communities: gpd.GeoDataFrame | None

    @property
    def headline(self) -> GroupOutcome:
        """The first group's outcome."""
        return next(iter(self.groups.values()))
