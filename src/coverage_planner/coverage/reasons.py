"""Why a demand point is not served with a service at an hour."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.gaps import REASONS, STATION_REASONS, name_spatial_reasons
from coverage_planner.coverage.measure import require_same_rows
from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer, require_described
from coverage_planner.coverage.serving import require_same_stations, serve
from coverage_planner.errors import ConfigError, InputError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.traveltime.times import TravelTimes

#: Why a demand point is unserved: without a station within the cutoff those of `gaps.REASONS`, else one of these:
#:
#: - capacity_full: a station would serve it, but some of its demand finds no room.
#: - closed_then, without_service, satellite_without_hub: what the station within the cutoff lacks that lacks least,
#:   by `LACKS`.
SERVICE_REASONS = (*REASONS, *STATION_REASONS)

#: What a station within the cutoff lacks -> the reason, the least lack first. A point gets the reason of the first row
#: that some station within its cutoff is in: (closed then, without the service, does not count).
LACKS: tuple[tuple[tuple[bool, bool, bool], str], ...] = (
    ((True, False, False), "closed_then"),
    ((False, True, False), "without_service"),
    ((False, False, True), "satellite_without_hub"),
    ((True, False, True), "satellite_without_hub"),
    ((True, True, False), "without_service"),
    ((False, True, True), "without_service"),
    ((True, True, True), "without_service"),
)

_NO_STATION = len(LACKS) + 1


def explain_unserved(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    offer: Offer,
    *,
    cutoff_s: float,
    needs: Needs | None = None,
    service: str | None = None,
    slot: int | None = None,
    turned_away: NDArray[np.bool_] | None = None,
) -> pd.Series:
    """Say for each demand point why it is not served with a service at an hour.

    Parameters
    ----------
    times
        Travel times of these facilities and demand points.
    demand, network, facilities
        What the times were computed for.
    offer
        What these stations offer, and when.
    cutoff_s
        The group's longest acceptable time, seconds; equal counts.
    needs
        Cutoffs of services, and which are required; None: every service has the group's cutoff.
    service
        Id of a service; 'full': all required services; None or 'any': any station that is open.
    slot
        Slot of the offer's week; None: served at no slot of the ordinary week.
    turned_away
        Shape (d,): points some of whose demand finds no room (``Assignment.points.unassigned_demand > 0``) though a
        station within the cutoff was open: that one is full.

    Returns
    -------
    pandas.Series
        Index of `demand`; one of `SERVICE_REASONS`, None where the point is served.

    Raises
    ------
    ConfigError
        The cutoff is beyond the limit of the search; the service was not looked for in the offer; the slot does not
        exist; 'full' is asked for without `needs`.
    InputError
        Offer, tables, network or `turned_away` are not those of the travel times.
    NetworkError
        The network was not built for the mode.

    Notes
    -----
    A point without any station within the cutoff of the service, whatever the station offers, has the first reason of
    `gaps.REASONS` that applies, by that cutoff. Any other unserved point has only stations within the cutoff that lack
    something; its reason is that of the first row of `LACKS` that one of them is in. Without a slot, a station is
    closed when it is open in no slot of the ordinary week.

    'full' has the reason of the first required service, in the order of ``needs.required``, that is lacking. Without a
    slot it may be that each is served at some slot and never all at once: then some station is closed when the others
    are open, and the reason is closed_then.

    A point that is served by these rules, and turned away, has capacity_full.
    """
    require_same_stations(times, offer)
    require_same_rows(demand, times.demand_ids, "demand")
    require_same_rows(facilities, times.facility_ids, "facilities")
    _check_turned_away(turned_away, times)
    asked = _checked_services(offer, needs, service)
    slots = _checked_slots(offer, slot)
    needs = needs or Needs(offer.services)
    reason = np.full(len(times.demand_ids), None, dtype=object)
    spatial: dict[float, NDArray[np.object_]] = {}
    for what in asked:
        cutoff = needs.cutoff_s(what, cutoff_s)
        lack = _find_least_lack(times, offer, what, cutoff, slots)
        if (lack == _NO_STATION).any() and cutoff not in spatial:
            spatial[cutoff] = name_spatial_reasons(times, demand, network, facilities, cutoff)
        named = np.array([None, *(word for _, word in LACKS), None], dtype=object)[lack]
        named = np.where(lack == _NO_STATION, spatial.get(cutoff, named), named)
        reason = np.where(pd.isna(reason), named, reason)
    served = pd.isna(reason)
    if slot is None and len(asked) > 1:
        together = serve(times, offer, Needs(asked, asked, _cutoffs(needs, asked)), cutoff_s).ever(FULL)
        reason[served & ~together] = "closed_then"
    if turned_away is not None:
        reason[pd.isna(reason) & turned_away] = "capacity_full"
    return pd.Series(reason, index=demand.index, name="reason", dtype=object)


def _checked_services(offer: Offer, needs: Needs | None, service: str | None) -> tuple[str, ...]:
    """Return the services that are asked for, all of which a point must have."""
    if service == FULL:
        if needs is None:
            raise ConfigError("service 'full' needs `needs`, which say what services are required; got none; give them")
        require_described(offer, needs.required)
        return needs.required or (ANY,)
    if service in (None, ANY):
        return (ANY,)
    require_described(offer, [str(service)])
    return (str(service),)


def _checked_slots(offer: Offer, slot: int | None) -> slice:
    n_slots = len(offer.week.starts)
    if slot is None:
        return offer.week.ordinary
    if not 0 <= slot < n_slots:
        raise ConfigError(f"slot must be between 0 and {n_slots - 1}, got {slot}; Week.slot() finds one by its day")
    return slice(slot, slot + 1)


def _check_turned_away(turned_away: NDArray[np.bool_] | None, times: TravelTimes) -> None:
    if turned_away is None:
        return
    shape = (len(times.demand_ids),)
    if turned_away.shape != shape or turned_away.dtype != np.bool_:
        raise InputError(
            f"turned_away must be true or false for each demand point, in the shape {shape}; got {turned_away.dtype} "
            f"in {turned_away.shape}; take it from the assignment of these points"
        )


def _cutoffs(needs: Needs, services: tuple[str, ...]) -> dict[str, float]:
    return {service: needs.cutoffs_s[service] for service in services if service in needs.cutoffs_s}


def _find_least_lack(times: TravelTimes, offer: Offer, service: str, cutoff_s: float, slots: slice) -> NDArray[np.int8]:
    """Shape (d,): 0 where a station within the cutoff lacks nothing, else 1 + the first row of `LACKS`, or 8."""
    times.require_cutoff(cutoff_s)
    without = np.zeros(len(offer.counts), dtype=bool)
    if service != ANY:
        without = ~offer.offers[:, offer.services.index(service)]
    lacks = np.column_stack((~offer.open[:, slots].any(axis=1), without, ~offer.counts))
    rank = np.zeros(len(lacks), dtype=np.int8)
    for row, (lack, _) in enumerate(LACKS, start=1):
        rank[(lacks == lack).all(axis=1)] = row
    near = times.seconds <= np.float32(cutoff_s)
    least = np.full(len(times.demand_ids), _NO_STATION, dtype=np.int8)
    np.minimum.at(least, times.indices[near], np.repeat(rank, np.diff(times.indptr))[near])
    return least
