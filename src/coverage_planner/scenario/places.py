"""Places that all groups share: who finds room, and how many places there are per person within reach."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.capacity import Assignment, assign_with_room
from coverage_planner.coverage.floating_catchment import FloatingCatchment, floating_catchment
from coverage_planner.coverage.offer import Offer
from coverage_planner.coverage.service_tables import hour_shares
from coverage_planner.coverage.week import Week
from coverage_planner.scenario.circle_rules import CircleRules
from coverage_planner.scenario.scenario import Group
from coverage_planner.traveltime.times import TravelTimes


@dataclass(frozen=True, eq=False)
class Shared:
    """What all groups share, and each group's part of it.

    Attributes
    ----------
    capacity, access
        Of all groups together, None where not asked for; ``points`` have the columns ``group`` and ``id``.
    of_groups
        Group name -> its points (and parts) of both, with the stations of all groups together.
    """

    capacity: Assignment | None
    access: FloatingCatchment | None
    of_groups: Mapping[str, tuple[Assignment | None, FloatingCatchment | None]]


def share_places(
    groups: Mapping[str, Group],
    times: Mapping[str, TravelTimes],
    facilities: gpd.GeoDataFrame,
    offer: Offer,
    rules: CircleRules,
) -> Shared:
    """Let all groups compete for the same places.

    Parameters
    ----------
    groups, times
        Group name -> group, and its times to `facilities`.
    facilities
        Stations and mobile stops; column ``capacity`` (places; missing or infinite: no limit, and no supply in
        floating catchments).
    offer
        Which of them count, and when they are open; one that is open in no slot of the ordinary week, nor at the
        moment of capacity, has no places.
    rules
        ``people_per_place``, ``capacity_at``, ``bands_s``, ``band_weights``.

    Returns
    -------
    Shared
        Within its own cutoff each person goes to the nearest station with room, by that person's own mode.
    """
    if rules.people_per_place is None:
        return Shared(None, None, dict.fromkeys(groups, (None, None)))
    names = pd.DataFrame(
        {
            "group": np.repeat(list(groups), [len(group.demand) for group in groups.values()]),
            "id": np.concatenate([group.demand["id"].to_numpy(dtype=object) for group in groups.values()]),
        }
    )
    places = facilities["capacity"] if "capacity" in facilities else pd.Series(np.nan, index=facilities.index)
    moment = rules.capacity_at
    ever_open = offer.counts & offer.open[:, offer.week.ordinary].any(axis=1)
    open_ = ever_open if moment is None else offer.counts & offer.open[:, offer.week.slot(moment)]
    seats = np.where(ever_open | open_, places.to_numpy(dtype=float, na_value=np.nan), 0.0)
    longest_s = max(group.cutoff_s for group in groups.values())
    found = assign_with_room(
        _side_by_side([times[name].within(group.cutoff_s) for name, group in groups.items()], longest_s),
        _put_together([_about(group, moment, offer.week) for group in groups.values()], facilities),
        seats * rules.people_per_place,
        cutoff_s=longest_s,
        open_=open_,
    )
    number = found.parts["demand_id"].astype(np.int64).to_numpy()
    capacity = replace(
        found,
        points=_named(found.points, names),
        parts=found.parts.assign(group=names["group"].to_numpy()[number], demand_id=names["id"].to_numpy()[number]),
    )
    access = None
    if rules.bands_s:
        reach_s = rules.bands_s[-1]
        floating = floating_catchment(
            _side_by_side([times[name].within(reach_s) for name in groups], reach_s),
            _put_together([group.demand for group in groups.values()], facilities),
            np.where(np.isfinite(seats), seats, 0.0),
            bands_s=rules.bands_s,
            weights=rules.band_weights,
        )
        access = replace(floating, points=_named(floating.points, names))
    return Shared(
        capacity,
        access,
        {
            name: (
                _part_of_capacity(capacity, name),
                None if access is None else replace(access, points=_own(access.points, name)),
            )
            for name in groups
        },
    )


def _named(points: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Give points of several groups, which are numbered, their own ids and the names of their groups."""
    return pd.concat([names, points.drop(columns="id")], axis=1)


def _part_of_capacity(shared: Assignment, group: str) -> Assignment:
    """Return the points and parts of one group; stations stay as all groups share them."""
    return replace(shared, points=_own(shared.points, group), parts=_own(shared.parts, group))


def _own(table: pd.DataFrame, group: str) -> pd.DataFrame:
    return table[table["group"] == group].drop(columns="group").reset_index(drop=True)


def _about(group: Group, moment: str | None, week: Week) -> gpd.GeoDataFrame:
    """Return the group's demand, or how much of it is about in the slot of a moment."""
    if moment is None:
        return group.demand
    kinds, shares = hour_shares(group.demand, group.profile, week)
    return group.demand.assign(demand=group.demand["demand"] * shares[kinds, week.slot(moment)])


def _put_together(tables: Sequence[gpd.GeoDataFrame], facilities: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put the demand of several groups into one table; points are numbered, as ids may repeat between groups."""
    points = np.concatenate([table.geometry.to_crs(facilities.crs).to_numpy() for table in tables])
    weights = np.concatenate([table["demand"].to_numpy(dtype=np.float64) for table in tables])
    return gpd.GeoDataFrame({"id": _numbers(len(points)), "demand": weights}, geometry=points, crs=facilities.crs)


def _numbers(n: int) -> NDArray[np.object_]:
    return np.array([str(number) for number in range(n)], dtype=object)


def _side_by_side(tables: Sequence[TravelTimes], limit_s: float) -> TravelTimes:
    """Put the columns of several groups' times beside each other; rows are the same stations."""
    n_rows = len(tables[0].facility_ids)
    sizes = [len(table.demand_ids) for table in tables]
    first = np.cumsum([0, *sizes[:-1]])
    rows = np.concatenate([np.repeat(np.arange(n_rows), np.diff(table.indptr)) for table in tables])
    order = np.argsort(rows, kind="stable")
    columns = np.concatenate([table.indices + at for table, at in zip(tables, first, strict=True)])
    snaps = pd.concat([table.demand_snaps for table in tables], ignore_index=True)
    return replace(
        tables[0],
        demand_ids=_numbers(sum(sizes)),
        indptr=np.sum([table.indptr for table in tables], axis=0, dtype=np.int64),
        indices=columns[order].astype(np.int32),
        seconds=np.concatenate([table.seconds for table in tables])[order],
        limit_s=limit_s,
        demand_snaps=gpd.GeoDataFrame(snaps, crs=tables[0].demand_snaps.crs),
    )
