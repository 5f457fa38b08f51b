"""Scenarios (which stations are open), groups (who travels, how, how far) and what comes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, get_args

import geopandas as gpd
import pandas as pd

from coverage_planner.coverage.measure import Coverage
from coverage_planner.coverage.service_tables import check_profile, profile_rows
from coverage_planner.errors import ConfigError, InputError, SchemaError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes

#: 'stay': people start where they are and go to a station. 'pass': they drive past on main roads, and a station serves
#: them if the detour is short.
Visit = Literal["stay", "pass"]

#: What can be done about a station.
ActionKind = Literal["open", "upgrade", "close"]


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
        Where they are and how many (columns ``id``, ``demand``); metric CRS. For `visit` 'pass' the stretches of main
        road that they drive on (`network.main_roads.build_stretches`).
    visit
        'stay' (the default) or 'pass'; for 'pass' `cutoff_s` is the longest detour.
    parking_s
        What arriving costs besides the way, seconds: parking, locking the bicycle.
    profile
        How many of them are about at each hour: index ``kind`` (of the demand points; '' for all others), columns 0 to
        23, each row the shares of the day, which add up to 1. None: as many at every hour.
    required
        Ids of the services that they need to be fully served; None: those that the plan requires of everybody.
    """

    name: str
    mode: str
    cutoff_s: float
    demand: gpd.GeoDataFrame
    visit: Visit = "stay"
    parking_s: float = 0.0
    profile: pd.DataFrame | None = None
    required: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Check the cutoff, the demand table and the profile."""
        if not self.cutoff_s > 0:
            raise ConfigError(f"group {self.name!r}: cutoff_s must be positive, got {self.cutoff_s:g}")
        if not 0 <= self.parking_s < self.cutoff_s:
            raise ConfigError(
                f"group {self.name!r}: parking_s must be at least 0 and below the cutoff of {self.cutoff_s:g} s, got "
                f"{self.parking_s:g}; correct it"
            )
        if self.visit not in get_args(Visit):
            raise ConfigError(
                f"group {self.name!r}: visit must be one of {', '.join(get_args(Visit))}, got {self.visit!r}"
            )
        check_table(self.demand, "demand", what=f"demand of group {self.name!r}")
        if self.demand.empty:
            raise InputError(f"group {self.name!r} must have at least one demand point, got none; check its demand")
        if self.profile is not None:
            check_profile(self.profile, f"profile of group {self.name!r}")
            try:
                profile_rows(self.profile, self.demand)
            except InputError as error:
                raise InputError(f"group {self.name!r}: {error}") from error


@dataclass(frozen=True)
class Action:
    """One decision about one place: to open it, to upgrade it, to close it.

    Attributes
    ----------
    kind
        'open', 'upgrade' or 'close'.
    site
        Id of the candidate or station.
    changes
        Columns of the facilities table and their new values, for 'upgrade'.
    """

    kind: ActionKind
    site: str
    changes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse unknown kinds."""
        if self.kind not in get_args(ActionKind):
            raise ConfigError(f"an action's kind must be one of {', '.join(get_args(ActionKind))}, got {self.kind!r}")


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
    actions
        The decisions that led from the stations of today to these, in order.
    mobile
        Stops of service buses and vending trucks (`read_mobile_stops`): stations at certain hours, which count where
        hours do (`measure_circle`) and nowhere else.
    """

    name: str
    facilities: gpd.GeoDataFrame
    actions: tuple[Action, ...] = ()
    mobile: gpd.GeoDataFrame | None = None

    def __post_init__(self) -> None:
        """Check the facilities table, and that mobile stops have ids of their own."""
        check_table(self.facilities, "facilities", what=f"facilities of scenario {self.name!r}")
        if self.mobile is not None:
            check_table(self.mobile, "facilities", what=f"mobile stops of scenario {self.name!r}")
            both = self.mobile["id"][self.mobile["id"].isin(self.facilities["id"])]
            if len(both):
                raise SchemaError(
                    f"mobile stops of scenario {self.name!r} must have other ids than its stations, got "
                    f"{name_some(both)} in both; rename them"
                )

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
        opened = tuple(Action("open", str(label)) for label in new["id"])
        table = gpd.GeoDataFrame(pd.concat([old, new], ignore_index=True), crs=self.facilities.crs)
        return Scenario(name, table, (*self.actions, *opened), self.mobile)


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
