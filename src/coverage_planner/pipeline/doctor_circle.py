"""What is wrong with services, hours, levels and profiles of a plan."""

import warnings
from collections.abc import Iterator, Mapping, Sequence

import geopandas as gpd
import pandas as pd

from coverage_planner.config import Plan
from coverage_planner.coverage.hours import open_slots
from coverage_planner.coverage.levels import apply_levels
from coverage_planner.coverage.offer import describe_offer
from coverage_planner.coverage.service_tables import profile_rows
from coverage_planner.errors import CoveragePlannerError
from coverage_planner.pipeline.circle import circle_rules
from coverage_planner.pipeline.doctor_reading import of_message
from coverage_planner.pipeline.services import rename_services
from coverage_planner.report.findings import Finding
from coverage_planner.sources.profiles import read_profile


def find_odd_circle(
    plan: Plan,
    facilities: gpd.GeoDataFrame | None,
    mobile: gpd.GeoDataFrame | None,
    people: Mapping[int, Sequence[gpd.GeoDataFrame]],
) -> Iterator[Finding]:
    """Find settings and columns that a run would refuse or warn of.

    Parameters
    ----------
    plan
        The plan.
    facilities, mobile
        Its stations and mobile stops as they were read; None where they could not be.
    people
        Number of a group, from 1 -> its tables of demand, those of them that could be read.
    """
    yield from _odd_profiles(plan, people)
    if not plan.circle or facilities is None or (plan.mobile and mobile is None):
        return
    also = plan.services.also
    stations = rename_services(facilities, also)
    stops = None if mobile is None else rename_services(mobile, also)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            rules = circle_rules(plan, stations, stops)
            if rules is None:
                return
            if stops is not None:
                joined = pd.concat([stations, stops.to_crs(stations.crs)], ignore_index=True)
                stations = gpd.GeoDataFrame(joined, crs=stations.crs)
            if rules.levels is not None:
                stations = apply_levels(stations, rules.levels)
            texts = stations["opening_hours"].tolist() if "opening_hours" in stations else [None] * len(stations)
            ids = stations["id"].tolist()
            open_ = open_slots(texts, rules.week, rules.calendar, unstated=rules.unstated_hours, ids=ids).open
            describe_offer(stations, services=rules.services, week=rules.week, open_=open_)
        except CoveragePlannerError as error:
            yield of_message("error", "services and hours", "[facilities]", str(error))
    for message in dict.fromkeys(str(warning.message) for warning in caught):
        yield of_message("warning", "services and hours", "[facilities]", message)


def _odd_profiles(plan: Plan, people: Mapping[int, Sequence[gpd.GeoDataFrame]]) -> Iterator[Finding]:
    """Find profiles that cannot be read, and kinds of demand that have no row in them."""
    for number, group in enumerate(plan.groups, start=1):
        if group.profile is not None and group.profile.is_file():
            try:
                profile = read_profile(group.profile)
                for demand in people.get(number, ()):
                    profile_rows(profile, demand)
            except CoveragePlannerError as error:
                yield of_message("error", "profile", f"[[groups]] {number}", str(error))
