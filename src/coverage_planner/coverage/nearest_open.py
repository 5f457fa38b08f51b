"""The nearest station that is open: a travel time for every demand point and slot."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coverage_planner.coverage.offer import Offer, require_described
from coverage_planner.coverage.serving import require_same_stations
from coverage_planner.errors import ConfigError, name_some
from coverage_planner.traveltime.times import TravelTimes


def nearest_open(
    times: TravelTimes, offer: Offer, slots: Sequence[int] | NDArray[np.integer], *, services: Sequence[str] = ()
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Find each demand point's nearest station that counts and is open, slot by slot.

    Exact within the limit of the times, with no search: the pairs are put in order of time once, without those that are
    farther than a station that is open in all these slots, and slots in which the same stations are open share one pass
    over them. It takes 8 k bytes per demand point for the answer, and 24 bytes per pair on the way.

    Parameters
    ----------
    times
        Sparse travel times; what is farther than their limit is not found.
    offer
        What these stations offer, rows in the same order.
    slots
        Numbers of slots of the offer's week, k of them, in any order.
    services
        Ask for a station that offers all of these; by default for any.

    Returns
    -------
    tuple
        Seconds of shape (d, k), float32, NaN where no station is open within the limit; and the row of that station in
        the facilities table, int32, -1 where none. Equal times go to the station that stands first in the table.

    Raises
    ------
    ConfigError
        A slot does not exist, or a service was not looked for in the offer.
    InputError
        The offer is that of other stations.
    """
    require_same_stations(times, offer)
    require_described(offer, services)
    wanted = _checked_slots(offer, slots)
    open_ = offer.open[:, wanted] & offer.counted(services)[:, np.newaxis]
    patterns, which = np.unique(open_, axis=1, return_inverse=True)
    n_demand = len(times.demand_ids)
    seconds = np.full((n_demand, patterns.shape[1]), np.nan, dtype=np.float32)
    facility = np.full((n_demand, patterns.shape[1]), -1, dtype=np.int32)
    points, rows, sorted_s = _pairs_by_time(times, open_)
    for pattern in range(patterns.shape[1]):
        there = np.flatnonzero(patterns[rows, pattern])
        reached = points[there]
        first = np.ones(len(there), dtype=bool)
        first[1:] = reached[1:] != reached[:-1]
        winners = there[first]
        seconds[points[winners], pattern] = sorted_s[winners]
        facility[points[winners], pattern] = rows[winners]
    which = which.reshape(-1)
    return seconds[:, which], facility[:, which]


def _pairs_by_time(
    times: TravelTimes, open_: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return point, station and seconds of the pairs, by point, then time, then station.

    Stations that are never open are left out, and pairs farther than a station that always is: nobody goes there.
    """
    longest_s = np.full(len(times.demand_ids), np.inf, dtype=np.float32)
    for facility in np.flatnonzero(open_.all(axis=1)):
        pairs = slice(times.indptr[facility], times.indptr[facility + 1])
        reached = times.indices[pairs]
        longest_s[reached] = np.minimum(longest_s[reached], times.seconds[pairs])
    rows = np.repeat(np.arange(len(times.facility_ids), dtype=np.int32), np.diff(times.indptr))
    kept = np.flatnonzero(np.any(open_, axis=1)[rows] & (times.seconds <= longest_s[times.indices]))
    # rows ascend already, and the sort leaves equal ones as they stand
    order = kept[np.lexsort((times.seconds[kept], times.indices[kept]))]
    return times.indices[order], rows[order], times.seconds[order]


def _checked_slots(offer: Offer, slots: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    wanted = np.asarray(slots, dtype=np.int64).reshape(-1)
    n_slots = len(offer.week.starts)
    beyond = wanted[(wanted < 0) | (wanted >= n_slots)]
    if len(beyond):
        raise ConfigError(
            f"slots must be between 0 and {n_slots - 1}, the last of the week, got {name_some(beyond.tolist())}; "
            "Week.slot() finds one by its day and hour"
        )
    return wanted
