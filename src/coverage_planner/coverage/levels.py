"""1 + N: hubs (服务中心) and their satellites (驿站): what a level offers, and which satellite belongs to which hub."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.hub_matching import NEVER, match_hubs
from coverage_planner.errors import ConfigError, InputError, SchemaError, name_some
from coverage_planner.schema import check_table
from coverage_planner.traveltime.times import TravelTimes
from coverage_planner.units import MS_PER_S, to_milliseconds

HUB, SATELLITE = "hub", "satellite"

#: Why a satellite has no hub.
NO_HUB_IN_RADIUS, HUBS_FULL = "no_hub_in_radius", "hubs_full"

_MM_PER_M = 1000
#: What a level gives, in the order in which `level_filled` names it.
_GIVEN = ("services", "opening_hours", "capacity")


@dataclass(frozen=True)
class Level:
    """What a station of a level offers where it says nothing itself.

    Attributes
    ----------
    name
        'hub', 'satellite', or a level of the planner's own.
    services
        Ids of services; none: the level says nothing about them.
    opening_hours
        OpenStreetMap grammar; None: the level says nothing about them.
    capacity
        People at a time; None: the level says nothing about it.
    """

    name: str
    services: tuple[str, ...] = ()
    opening_hours: str | None = None
    capacity: float | None = None

    def __post_init__(self) -> None:
        """Refuse a negative capacity."""
        if self.capacity is not None and not 0 <= self.capacity < np.inf:
            raise ConfigError(
                f"capacity of level {self.name!r} must be people at a time, at least 0, got {self.capacity:g}; correct "
                "it, or leave it out"
            )


@dataclass(frozen=True)
class Levels:
    """The levels of a network of stations, and how satellites belong to hubs.

    Attributes
    ----------
    levels
        Name -> level; 'hub' and 'satellite' must be there.
    most_satellites
        How many satellites a hub looks after at most (N); None: any number.
    radius_m
        Longest straight line from satellite to hub, metres; None: any.
    radius_s
        Longest travel time from satellite to hub, seconds; None: any. With both radii both must hold.
    unassigned_count
        Whether satellites without a hub serve people.
    """

    levels: Mapping[str, Level] = field(
        default_factory=lambda: MappingProxyType({HUB: Level(HUB), SATELLITE: Level(SATELLITE)})
    )
    most_satellites: int | None = None
    radius_m: float | None = None
    radius_s: float | None = None
    unassigned_count: bool = True

    def __post_init__(self) -> None:
        """Check that hub and satellite are there, and the ranges of the numbers."""
        missing = [name for name in (HUB, SATELLITE) if name not in self.levels]
        if missing:
            raise ConfigError(
                f"levels must have {HUB!r} and {SATELLITE!r}, got {', '.join(self.levels) or 'none'}; add "
                f"{', '.join(missing)}, an empty Level if it offers nothing of its own"
            )
        renamed = [f"{name!r} is {level.name!r}" for name, level in self.levels.items() if level.name != name]
        if renamed:
            raise ConfigError(f"levels must stand under their own names, not so {name_some(renamed)}; correct them")
        for name, radius in (("radius_m", self.radius_m), ("radius_s", self.radius_s)):
            if radius is not None and not 0 < radius < np.inf:
                raise ConfigError(f"{name} of a hub must be positive, got {radius:g}; correct it, or leave it out")
        if self.most_satellites is not None and self.most_satellites < 0:
            raise ConfigError(
                f"most_satellites of a hub must be at least 0, got {self.most_satellites}; correct it, or leave it out"
            )

    @property
    def bound(self) -> bool:
        """Whether anything depends on which hub a satellite has: a number, a radius, or whether it counts."""
        limits = (self.most_satellites, self.radius_m, self.radius_s)
        return not self.unassigned_count or any(limit is not None for limit in limits)


@dataclass(frozen=True, eq=False)
class HubAssignment:
    """Which satellite belongs to which hub.

    Attributes
    ----------
    satellites
        One row per satellite, in the table's order: ``id``, ``hub_id`` (NA where it has none), ``distance_m`` (straight
        line to its hub, to the millimetre; NaN without one), ``time_s`` (to its hub; NaN without one or without travel
        times), ``nearest_hub_id`` and ``nearest_hub_m`` (whatever room and radius say; NA and NaN where there is no
        hub), ``lack`` (None; 'no_hub_in_radius', or 'hubs_full': hubs in the radius are taken by others).
    hubs
        One row per hub, in the table's order: ``id``, ``n_satellites``, ``most_satellites`` (NA: any number),
        ``mean_distance_m`` (NaN without satellites).
    """

    satellites: pd.DataFrame
    hubs: pd.DataFrame

    @property
    def unassigned(self) -> NDArray[np.object_]:
        """Ids of the satellites without a hub."""
        return self.satellites.loc[self.satellites["hub_id"].isna(), "id"].to_numpy(dtype=object)


def apply_levels(facilities: gpd.GeoDataFrame, levels: Levels, *, site_level: str = SATELLITE) -> gpd.GeoDataFrame:
    """Give stations what their level offers where they say nothing of their own.

    Services, opening hours and capacity are each given only to a station that states none: a station that lists its
    services offers these and no others. Stations without a level are left as they are, but for proposed sites.

    Parameters
    ----------
    facilities
        Columns ``id``, ``level`` and optionally ``services``, ``opening_hours``, ``capacity`` and ``proposed`` (bool).
    levels
        What each level offers.
    site_level
        Level of proposed sites that state none.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows and columns, ``level``, ``services``, ``opening_hours`` and ``capacity`` there and filled in, and
        ``level_filled``: which of the last three came from the level, separated by ';'; None where nothing did.

    Raises
    ------
    ConfigError
        `site_level` is none of the levels.
    CrsError, SchemaError
        The table is no table of facilities, or levels in it are unknown.
    """
    check_table(facilities, "facilities")
    if site_level not in levels.levels:
        raise ConfigError(
            f"the level of proposed sites must be one of {', '.join(levels.levels)}, got {site_level!r}; correct it"
        )
    level = _read_levels(facilities, levels)
    if "proposed" in facilities:
        proposed = np.array([not pd.isna(new) and bool(new) for new in facilities["proposed"]], dtype=bool)
        level[proposed & pd.isna(level)] = site_level
    columns: dict[str, pd.Series] = {"level": _as_text(level, facilities)}
    filled = np.full((len(facilities), len(_GIVEN)), fill_value=False)
    for place, name in enumerate(_GIVEN):
        stated = facilities[name] if name in facilities else pd.Series(None, index=facilities.index, dtype=object)
        values, blank = stated.to_numpy(dtype=object).copy(), _is_blank(stated)
        for label, kind in levels.levels.items():
            given = ";".join(kind.services) or None if name == "services" else getattr(kind, name)
            if given is not None:
                here = blank & (level == label)
                values[here], filled[here, place] = given, True
        if name == "capacity":
            numbers = np.array([np.nan if pd.isna(value) else float(value) for value in values], dtype=np.float64)
            columns[name] = pd.Series(numbers, index=facilities.index)
        else:
            columns[name] = _as_text(values, facilities)
    names = [";".join(name for name, here in zip(_GIVEN, row, strict=True) if here) or None for row in filled]
    columns["level_filled"] = _as_text(np.array([*names, None], dtype=object)[:-1], facilities)
    return facilities.assign(**columns)


def assign_hubs(facilities: gpd.GeoDataFrame, levels: Levels, *, times: TravelTimes | None = None) -> HubAssignment:
    """Assign satellites to hubs: as many as can be, then nearest in total, then in the order of the table.

    A pair may be when its straight line is at most ``radius_m`` and its travel time at most ``radius_s``; a hub has at
    most ``most_satellites``. Of all assignments with most satellites the least sum of travel times is taken (whole
    milliseconds) where there is a radius in time, else the least sum of straight lines (whole millimetres). Of equal
    ones the one in which the first satellite of the table has the first hub that it can have, then the second, and so
    on; having none comes last. Stations of other levels, or of none, take no part.

    Parameters
    ----------
    facilities
        Columns ``id``, ``geometry`` and ``level``; metric CRS.
    levels
        Number, radii.
    times
        Travel times of the hubs (rows) and the satellites (columns), each in the order of the table, searched at least
        ``radius_s`` far; to be given where there is a ``radius_s``, and only there.

    Returns
    -------
    HubAssignment
        Satellites with their hubs, hubs with the number of their satellites.

    Raises
    ------
    ConfigError
        Times are missing or not asked for, or were not searched far enough.
    CrsError, SchemaError
        The table is no table of facilities, or levels in it are unknown.
    InputError
        There are satellites and no hub, though a number, a radius or not counting depends on hubs; or the times are
        those of other stations.
    """
    check_table(facilities, "facilities")
    level = _read_levels(facilities, levels)
    hubs, satellites = facilities[level == HUB], facilities[level == SATELLITE]
    if len(satellites) and hubs.empty and levels.bound:
        raise InputError(
            f"satellites must have hubs to belong to; got {len(satellites)} satellites and no station of the level "
            f"{HUB!r}, satellites {name_some(satellites['id'])}; mark the hubs in the column 'level', or leave out "
            "most_satellites and the radius and let satellites without a hub count"
        )
    cost, allowed, distance_mm, time_ms = _price(hubs, satellites, levels, times)
    hub = match_hubs(np.where(allowed, cost, NEVER), levels.most_satellites)
    return _describe(hubs, satellites, hub, allowed, distance_mm, time_ms, levels)


def mark_counting(facilities: gpd.GeoDataFrame, levels: Levels, assignment: HubAssignment) -> NDArray[np.bool_]:
    """Say which stations count: all, or all but the satellites without a hub where these do not.

    Parameters
    ----------
    facilities
        The stations.
    levels
        Whether satellites without a hub count.
    assignment
        Of these stations.

    Returns
    -------
    numpy.ndarray
        Shape (f,), bool: ``Offer.counts``.
    """
    if levels.unassigned_count:
        return np.ones(len(facilities), dtype=bool)
    return np.asarray(~facilities["id"].isin(assignment.unassigned))


def _read_levels(facilities: gpd.GeoDataFrame, levels: Levels) -> NDArray[np.object_]:
    """Return each station's level, None where it states none."""
    if "level" not in facilities:
        return np.full(len(facilities), None, dtype=object)
    blank = _is_blank(facilities["level"])
    level = np.array(facilities["level"].to_numpy(dtype=object))
    level[blank] = None
    unknown = ~blank & ~np.isin(level.astype(str), list(levels.levels))
    if unknown.any():
        rows = zip(facilities["id"][unknown], level[unknown], strict=True)
        raise SchemaError(
            f"levels of stations must be among {', '.join(levels.levels)}; not so in "
            f"{name_some(f'{label} ({word})' for label, word in rows)}; correct them or leave them blank"
        )
    return level


def _is_blank(column: pd.Series) -> NDArray[np.bool_]:
    """Say where a cell is missing, or text without a letter."""
    cells = column.to_numpy(dtype=object)
    return np.array([bool(pd.isna(cell)) or not str(cell).strip(" ;\t\n") for cell in cells], dtype=bool)


def _as_text(values: NDArray[np.object_], facilities: gpd.GeoDataFrame) -> pd.Series:
    """Return texts as a column, None where there is none."""
    texts = [None if pd.isna(value) else value for value in values]
    return pd.Series(texts, index=facilities.index, dtype=object)


def _price(
    hubs: gpd.GeoDataFrame, satellites: gpd.GeoDataFrame, levels: Levels, times: TravelTimes | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64] | None]:
    """Return, in the shape (satellites, hubs), what each pair costs, whether it may be, its millimetres and times."""
    xy_hubs, xy_satellites = (shapely.get_coordinates(table.geometry.to_numpy()) for table in (hubs, satellites))
    away = xy_satellites[:, np.newaxis, :] - xy_hubs[np.newaxis, :, :]
    distance_mm = np.rint(np.hypot(away[..., 0], away[..., 1]) * _MM_PER_M).astype(np.int64)
    allowed = np.ones(distance_mm.shape, dtype=bool)
    if levels.radius_m is not None:
        allowed &= distance_mm <= levels.radius_m * _MM_PER_M
    if levels.radius_s is None:
        if times is not None:
            raise ConfigError(
                "travel times between hubs and satellites must be given only where levels have a radius_s; got times "
                "and none; set radius_s, or leave the times out"
            )
        return distance_mm, allowed, distance_mm, None
    if times is None:
        raise ConfigError(
            f"travel times between hubs and satellites must be given where levels have a radius_s ({levels.radius_s:g} "
            "s); got none; compute them with travel_times(network, hubs, satellites, ...)"
        )
    for table, ids, what in ((hubs, times.facility_ids, "hubs"), (satellites, times.demand_ids, "satellites")):
        if not np.array_equal(table["id"].to_numpy(dtype=object), ids):
            raise InputError(
                f"rows and columns of the travel times must be the hubs and the satellites, in the order of the table; "
                f"got {name_some(ids)} for the {what} {name_some(table['id'])}; compute them for these"
            )
    near = times.within(levels.radius_s)
    time_ms = np.full(distance_mm.shape, NEVER)
    rows = np.repeat(np.arange(len(hubs)), np.diff(near.indptr))
    time_ms[near.indices, rows] = to_milliseconds(near.seconds.astype(np.float64))
    return time_ms, allowed & (time_ms < NEVER), distance_mm, time_ms


def _describe(
    hubs: gpd.GeoDataFrame,
    satellites: gpd.GeoDataFrame,
    hub: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    distance_mm: NDArray[np.int64],
    time_ms: NDArray[np.int64] | None,
    levels: Levels,
) -> HubAssignment:
    """Write down who belongs to whom."""
    names = np.array([*hubs["id"], None], dtype=object)  # the last one, at -1, is nobody
    each = np.arange(len(hub))
    has = hub >= 0
    distance_m, time_s, nearest_m = (np.full(len(hub), np.nan) for _ in range(3))
    distance_m[has] = distance_mm[each[has], hub[has]] / _MM_PER_M
    if time_ms is not None:
        time_s[has] = time_ms[each[has], hub[has]] / MS_PER_S
    nearest = np.full(len(hub), -1)
    if len(hubs):
        nearest = distance_mm.argmin(axis=1)
        nearest_m = distance_mm[each, nearest] / _MM_PER_M
    lack = np.where(allowed.any(axis=1), HUBS_FULL, NO_HUB_IN_RADIUS).astype(object)
    lack[has] = None
    table = pd.DataFrame(
        {
            "id": satellites["id"].to_numpy(dtype=object),
            "hub_id": names[hub],
            "distance_m": distance_m,
            "time_s": time_s,
            "nearest_hub_id": names[nearest],
            "nearest_hub_m": nearest_m,
            "lack": lack,
        }
    )
    count = np.bincount(hub[has], minlength=len(hubs))
    total_mm = np.zeros(len(hubs), dtype=np.int64)
    np.add.at(total_mm, hub[has], distance_mm[each[has], hub[has]])
    summary = pd.DataFrame(
        {
            "id": hubs["id"].to_numpy(dtype=object),
            "n_satellites": count,
            "most_satellites": pd.array([levels.most_satellites] * len(hubs), dtype="Int64"),
            "mean_distance_m": np.divide(total_mm, count * _MM_PER_M, out=np.full(len(hubs), np.nan), where=count > 0),
        }
    )
    return HubAssignment(table, summary)
