"""Who is served with what at which hour: services x hours as bit masks over one sparse table of travel times.

The times of all pairs of station and demand point are computed once. A service, its cutoff, an hour and whether a
station counts only choose among these pairs; so the answer for every service and every hour is a logical OR over the
pairs of each demand point, 64 hours at a time, and no search is repeated.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coverage_planner.coverage.offer import ANY, FULL, Needs, Offer, require_described
from coverage_planner.coverage.week import Week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.traveltime.times import TravelTimes

_WORD = 64


@dataclass(frozen=True, eq=False)
class Served:
    """Who is served with what in which slot.

    Attributes
    ----------
    demand_ids
        Shape (d,), text: labels of the demand points.
    services, required
        Ids of the s services looked at, and of those that everybody needs.
    week
        The h slots.
    bits
        Shape (d, s + 2, words), uint64: bit k of word j is slot 64 j + k. Rows: each service, 'any', 'full'. It takes
        8 (s + 2) words bytes per demand point: 240 for 8 services and 168 hours.
    """

    demand_ids: NDArray[np.object_]
    services: tuple[str, ...]
    required: tuple[str, ...]
    week: Week
    bits: NDArray[np.uint64]

    def __post_init__(self) -> None:
        """Check the shape of the bits."""
        shape = (len(self.demand_ids), len(self.services) + 2, count_words(len(self.week.starts)))
        if self.bits.shape != shape or self.bits.dtype != np.uint64:
            raise InputError(f"Served.bits must be uint64 in the shape {shape}, got {self.bits.dtype} in "
                             f"{self.bits.shape}; make it with serve()")  # fmt: skip

    @property
    def rows(self) -> tuple[str, ...]:
        """What the rows of the bits are: each service, 'any', 'full'."""
        return (*self.services, ANY, FULL)

    def row(self, what: str) -> int:
        """Return the row of a service, of 'any' or of 'full'.

        Raises
        ------
        ConfigError
            There is no such row.
        """
        if what not in self.rows:
            raise ConfigError(f"what must be one of {', '.join(self.rows)}, got {what!r}; correct it")
        return self.rows.index(what)

    def slots(self, what: str) -> NDArray[np.bool_]:
        """Shape (d, h): who is served in which slot."""
        return unpack_slots(self.bits[:, self.row(what)], len(self.week.starts))

    def at(self, what: str, slot: int) -> NDArray[np.bool_]:
        """Shape (d,): who is served in one slot.

        Raises
        ------
        ConfigError
            There is no such row or slot.
        """
        n_slots = len(self.week.starts)
        if not 0 <= slot < n_slots:
            raise ConfigError(f"slot must be between 0 and {n_slots - 1}, got {slot}; Week.slot() finds one by its day")
        word, bit = divmod(slot, _WORD)
        return (self.bits[:, self.row(what), word] >> np.uint64(bit) & np.uint64(1)).astype(bool)

    def ever(self, what: str) -> NDArray[np.bool_]:
        """Shape (d,): who is served in some slot of the ordinary week."""
        return np.asarray((self.bits[:, self.row(what)] & self._ordinary()).any(axis=1))

    def always(self, what: str) -> NDArray[np.bool_]:
        """Shape (d,): who is served in every slot of the ordinary week."""
        ordinary = self._ordinary()
        return np.asarray((self.bits[:, self.row(what)] & ordinary == ordinary).all(axis=1))

    def _ordinary(self) -> NDArray[np.uint64]:
        slots = np.zeros((1, len(self.week.starts)), dtype=bool)
        slots[:, self.week.ordinary] = True
        return pack_slots(slots).reshape(-1)


def serve(times: TravelTimes, offer: Offer, needs: Needs, cutoff_s: float) -> Served:
    """Find who is served with what in every slot.

    A demand point is served with a service in a slot when a station that counts and offers it is open during the whole
    slot and its travel time is at most the cutoff of the service. It is *fully* served in a slot when it is served with
    every required service in that slot, by one or several stations. 'any' asks for a station that counts and is open,
    whatever it offers, within the group's cutoff.

    Parameters
    ----------
    times
        Sparse travel times, searched at least as far as the longest cutoff.
    offer
        What these stations offer, rows in the same order.
    needs
        The services looked at, those required, and their cutoffs.
    cutoff_s
        The group's longest acceptable time in seconds; equal counts as covered.

    Returns
    -------
    Served
        Bits for every demand point, service and slot.

    Raises
    ------
    ConfigError
        A cutoff is beyond the limit of the search, or a service is unknown or was not looked for in the offer.
    InputError
        The offer is that of other stations.
    """
    require_same_stations(times, offer)
    require_described(offer, needs.services)
    _require_searched(times, needs, cutoff_s)
    cutoffs_s = [needs.cutoff_s(service, cutoff_s) for service in needs.services] + [float(cutoff_s)]
    columns = [offer.services.index(service) for service in needs.services]
    chosen = np.column_stack((offer.offers[:, columns], np.ones(len(offer.counts), dtype=bool)))
    open_ = pack_slots(offer.open)
    bits = np.zeros((len(times.demand_ids), len(needs.services) + 2, open_.shape[1]), dtype=np.uint64)
    # a demand point stands at most once in the row of a station: |= at fancy indices loses nothing
    for facility in np.flatnonzero(offer.counts & offer.open.any(axis=1)):
        pairs = slice(times.indptr[facility], times.indptr[facility + 1])
        points, seconds_of = times.indices[pairs], times.seconds[pairs]
        rows = np.flatnonzero(chosen[facility])
        near = {cut: points[seconds_of <= np.float32(cut)] for cut in {cutoffs_s[row] for row in rows}}
        for word in np.flatnonzero(open_[facility]):
            for row in rows:
                bits[near[cutoffs_s[row]], row, word] |= open_[facility, word]
    required = [needs.services.index(service) for service in needs.required] or [len(needs.services)]
    bits[:, -1] = np.bitwise_and.reduce(bits[:, required], axis=1)
    return Served(times.demand_ids, needs.services, needs.required, offer.week, bits)


def count_words(n_slots: int) -> int:
    """Return how many words of 64 bits hold so many slots."""
    return -(-n_slots // _WORD)


def pack_slots(slots: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Pack (n, h) slots into (n, words) words; bit k of word j is slot 64 j + k, and bits beyond the last are 0."""
    n, n_slots = slots.shape
    padded = np.zeros((n, count_words(n_slots) * 8), dtype=np.uint8)
    packed = np.packbits(slots, axis=1, bitorder="little")
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64)


def unpack_slots(words: NDArray[np.uint64], n_slots: int) -> NDArray[np.bool_]:
    """Unpack (n, words) words into (n, h) slots; the reverse of `pack_slots`."""
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=1, count=n_slots, bitorder="little").astype(bool)


def require_same_stations(times: TravelTimes, offer: Offer) -> None:
    """Raise unless times and offer have the very stations, in the same order.

    Raises
    ------
    InputError
        Other stations, or another order.
    """
    if np.array_equal(times.facility_ids, offer.facility_ids):
        return
    only_one = sorted({str(label) for label in set(times.facility_ids) ^ set(offer.facility_ids)})
    where = f"ids in only one of them {name_some(only_one)}" if only_one else "in another order"
    raise InputError(
        "the offer must be that of the facilities the travel times were computed for, in the same order; got "
        f"{len(offer.facility_ids)} for {len(times.facility_ids)}, {where}; describe the offer of the same table"
    )


def _require_searched(times: TravelTimes, needs: Needs, cutoff_s: float) -> None:
    times.require_cutoff(cutoff_s)
    beyond = [f"{service} = {needs.cutoffs_s[service]:g} s" for service in needs.cutoffs_s
              if needs.cutoffs_s[service] > times.limit_s]  # fmt: skip
    if beyond:
        raise ConfigError(
            f"cutoffs of services must be at most the limit of the search ({times.limit_s:g} s), got "
            f"{name_some(beyond)}; search again with a larger limit_s"
        )
