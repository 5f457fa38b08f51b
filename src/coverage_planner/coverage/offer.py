"""What every station offers at which hour, and what people need: services, their cutoffs, opening hours."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.coverage.week import Week
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.schema import check_table
from coverage_planner.sources.services import SERVICES, find_service

#: Some counted station is open, whatever it offers.
ANY = "any"
#: All required services are there, from one or several stations.
FULL = "full"
RESERVED = (ANY, FULL)


@dataclass(frozen=True, eq=False)
class Offer:
    """What every station offers, and when.

    Attributes
    ----------
    facility_ids
        Shape (f,), text: labels, in the order of the facilities table.
    services
        Ids of the services that were looked for, s of them.
    offers
        Shape (f, s): whether a station offers a service.
    week
        The h slots of the representative week and of the special dates.
    open
        Shape (f, h): whether a station is open during the whole slot.
    counts
        Shape (f,): whether a station counts at all; False for those that serve nobody by rule, such as a satellite
        without a hub where the plan says so.
    """

    facility_ids: NDArray[np.object_]
    services: tuple[str, ...]
    offers: NDArray[np.bool_]
    week: Week
    open: NDArray[np.bool_]
    counts: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check the names of the services and the shapes against each other."""
        require_names(self.services)
        n, s, h = len(self.facility_ids), len(self.services), len(self.week.starts)
        for name, values, shape in (
            ("offers", self.offers, (n, s)),
            ("open", self.open, (n, h)),
            ("counts", self.counts, (n,)),
        ):
            if values.shape != shape or values.dtype != np.bool_:
                raise InputError(
                    f"Offer.{name} must be true or false in the shape {shape} ({n} facilities, {s} services, {h} slots "
                    f"of the week), got {values.dtype} in {values.shape}; make it from the same table and week"
                )

    def counted(self, services: Iterable[str]) -> NDArray[np.bool_]:
        """Shape (f,): which stations count and offer every one of these services by themselves."""
        columns = [self.services.index(service) for service in services]
        return self.counts & self.offers[:, columns].all(axis=1)


@dataclass(frozen=True)
class Needs:
    """Which services are looked at, which of them everybody needs, and how far each may be.

    Attributes
    ----------
    services
        Ids of all services that coverage is measured for.
    required
        Those that a demand point must have to be fully served, among `services`. None: to be fully served is to
        have a counted station that is open within the group's cutoff.
    cutoffs_s
        Service -> its longest acceptable time in seconds; services without an entry have the group's.
    """

    services: tuple[str, ...]
    required: tuple[str, ...] = ()
    cutoffs_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Check that the services are named once and the others are among them."""
        require_names(self.services)
        require_names(self.required, "required services")
        for name, given in (("required services", self.required), ("services with a cutoff", self.cutoffs_s)):
            others = [service for service in given if service not in self.services]
            if others:
                raise ConfigError(
                    f"{name} must be among the services that are looked at ({', '.join(self.services) or 'none'}), got "
                    f"{name_some(others)}; add them there or correct the name"
                )
        wrong = [f"{service} = {seconds:g}" for service, seconds in self.cutoffs_s.items() if not 0 < seconds < np.inf]
        if wrong:
            raise ConfigError(f"cutoffs of services must be positive seconds, got {name_some(wrong)}; correct them")

    def cutoff_s(self, service: str, group_cutoff_s: float) -> float:
        """Return the longest acceptable time of a service for a group, seconds."""
        return float(self.cutoffs_s.get(service, group_cutoff_s))


def describe_offer(
    facilities: gpd.GeoDataFrame,
    *,
    services: Sequence[str],
    week: Week,
    open_: NDArray[np.bool_],
    counts: NDArray[np.bool_] | None = None,
) -> Offer:
    """Read from the facilities table what each station offers.

    A station without an entry in ``services`` offers none of them; it still counts as a place that is open. Stations
    may offer services that the catalogue does not know.

    Parameters
    ----------
    facilities
        Columns ``id`` and ``services`` (ids separated by ';').
    services
        Ids of the services to look for: those of `sources.services.SERVICES` and any that a station offers.
    week
        The slots.
    open_
        Shape (f, h): when each station is open (`coverage.hours.open_slots`).
    counts
        Shape (f,): which stations count; all by default.

    Returns
    -------
    Offer
        Stations in rows, in the order of the table.

    Raises
    ------
    ConfigError
        A service is unknown, named twice, or called 'any' or 'full'.
    CrsError, SchemaError
        The table is no table of facilities.
    InputError
        `open_` or `counts` has another shape.

    Warns
    -----
    UserWarning
        Stations say nothing about their services.
    """
    check_table(facilities, "facilities")
    require_names(services)
    listed = _listed(facilities)
    require_known(services, (service for of in listed for service in of), "services")
    silent = [str(label) for label, of in zip(facilities["id"], listed, strict=True) if not of]
    if services and silent:
        warnings.warn(
            f"stations that say nothing about their services count as offering none of them: {name_some(silent)}; "
            "fill in their column 'services', or give them a level that has services",
            stacklevel=2,
        )
    offers = np.array([[service in of for service in services] for of in listed], dtype=bool)
    return Offer(
        facility_ids=facilities["id"].to_numpy(dtype=object),
        services=tuple(services),
        offers=offers.reshape(len(facilities), len(services)),
        week=week,
        open=np.asarray(open_),
        counts=np.ones(len(facilities), dtype=bool) if counts is None else np.asarray(counts),
    )


def _listed(facilities: gpd.GeoDataFrame) -> list[frozenset[str]]:
    """Split the column ``services`` of each station; nothing where it is blank or there is no such column."""
    if "services" not in facilities:
        return [frozenset()] * len(facilities)
    cells = ("" if pd.isna(cell) else str(cell) for cell in facilities["services"])
    return [frozenset(filter(None, (part.strip() for part in cell.split(";")))) for cell in cells]


def require_names(services: Sequence[str], what: str = "services") -> None:
    """Raise unless services are named once each, and none like a row of the results.

    Raises
    ------
    ConfigError
        A name is taken, blank or repeated.
    """
    taken = [service for service in services if service in RESERVED or not service.strip()]
    if taken:
        raise ConfigError(
            f"{what} must have names other than {', '.join(RESERVED)} and not be blank, got {name_some(taken)}; rename"
        )
    repeated = sorted({service for service in services if list(services).count(service) > 1})
    if repeated:
        raise ConfigError(f"{what} must be named once each; named twice {name_some(repeated)}; remove the repeats")


def require_known(services: Sequence[str], offered: Iterable[str], what: str) -> None:
    """Raise unless every service is in the catalogue or offered by a station.

    Parameters
    ----------
    services
        Ids to check.
    offered
        Ids that stations offer.
    what
        What the services are, for the message.

    Raises
    ------
    ConfigError
        Services are unknown; the message says which known ones are written alike or mean the same.
    """
    known = dict.fromkeys((*SERVICES, *offered))
    unknown = [service for service in services if service not in known]
    if not unknown:
        return
    meant = {service: _meant(service, list(known)) for service in unknown}
    named = [f"{service!r} (did you mean {near!r}?)" if near else repr(service) for service, near in meant.items()]
    raise ConfigError(
        f"{what} must be ids of the catalogue or offered by a station; unknown {name_some(named)}; "
        "correct the name, or name a station that offers it"
    )


def require_described(offer: Offer, services: Sequence[str]) -> None:
    """Raise unless every one of these services was looked for in the offer.

    Raises
    ------
    ConfigError
        A service is unknown, or was not looked for.
    """
    require_known(services, offer.services, "needed services")
    missing = [service for service in services if service not in offer.services]
    if missing:
        raise ConfigError(
            f"needed services must have been looked for in the offer ({', '.join(offer.services) or 'none'}); not so "
            f"{name_some(missing)}; name them in describe_offer(services=...)"
        )


def _meant(service: str, known: list[str]) -> str | None:
    near = get_close_matches(service, known, n=1)
    return find_service(service) or (near[0] if near else None)
