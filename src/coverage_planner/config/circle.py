"""The tables of a plan file that say what stations offer, when, for whom, and how they belong together."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from coverage_planner.config.keys import S_PER_MIN, at_least, did_you_mean, in_minutes, more_than
from coverage_planner.config.sources import PointSource
from coverage_planner.errors import ConfigError, name_some
from coverage_planner.sources.services import SERVICES, find_service

if TYPE_CHECKING:
    from coverage_planner.config.plan import Plan

#: The basic services that a plan requires where it does not say: the '5' of '5 + X'.
BASIC_SERVICES = tuple(SERVICES)[:5]
#: Lengths of a slot, minutes.
_SLOTS_MIN = (15, 30, 60)
_MOMENT = re.compile(r"(?:(?:Mo|Tu|We|Th|Fr|Sa|Su)|\d{4}-\d{2}-\d{2}) \d{2}:\d{2}")
_HOURS_PER_DAY = 24


@dataclass(frozen=True)
class MainRoads:
    """Table [groups.main_roads]: people who drive past, as weights on the main roads."""

    per_km: Mapping[str, float] = field(metadata={"at_least": 0})
    sum: float | None = more_than(0, None)
    spacing_m: float = more_than(0, 500.0)
    ahead_m: float = more_than(0, 2000.0)


@dataclass(frozen=True)
class ServiceSettings:
    """Table [services]: which services count, which of them everybody needs, and how far each may be."""

    counted: tuple[str, ...] = ()
    required: tuple[str, ...] = BASIC_SERVICES
    cutoffs_s: Mapping[str, float] = field(
        default_factory=dict, metadata={"key": "cutoff_min", "factor": S_PER_MIN, "more_than": 0}
    )
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class HourSettings:
    """Table [hours]: the week that is looked at, and the moments and nights that are asked about."""

    calendar: Path | None = None
    week_of: str | None = None
    dates: tuple[str, ...] = ()
    slot_min: Literal[15, 30, 60] = 60
    unstated: str = "24/7"
    moments: tuple[str, ...] = ("We 23:00",)
    night: tuple[int, ...] = at_least(0, (22, 6))


@dataclass(frozen=True)
class LevelSettings:
    """Tables [levels.hub] and [levels.satellite]: what a station of the level offers where it says nothing itself."""

    services: tuple[str, ...] = ()
    opening_hours: str | None = None
    capacity: float | None = at_least(0, None)


@dataclass(frozen=True)
class LevelsSettings:
    """Table [levels]: hubs (服务中心) and their satellites (驿站)."""

    most_satellites: int | None = at_least(0, None)
    radius_m: float | None = more_than(0, None)
    radius_s: float | None = in_minutes("radius_min", None)
    unassigned_count: bool = True
    hub: LevelSettings = field(default_factory=LevelSettings)
    satellite: LevelSettings = field(default_factory=LevelSettings)


@dataclass(frozen=True)
class CapacitySettings:
    """Table [capacity]: how many people one place serves, and the bands of the floating catchment."""

    people_per_place: float = more_than(0)
    at: str | None = None
    bands_s: tuple[float, ...] = in_minutes("bands_min", ())
    band_weights: tuple[float, ...] = more_than(0, ())


@dataclass(frozen=True)
class LayerSource(PointSource):
    """One of [[layers]]: points that are counted inside the circles, for example firms."""

    name: str = ""
    count: str | None = None
    unit: str = "个"
    unit_en: str = ""
    counted: str = "人"
    counted_en: str = "people"


def check_circle(plan: "Plan") -> None:
    """Refuse services, moments, dates and bands that contradict each other.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    _check_hours(plan.hours)
    if plan.capacity is not None:
        _check_capacity(plan.capacity)
    if plan.levels is not None and plan.levels.most_satellites == 0 and not plan.levels.unassigned_count:
        raise ConfigError(
            "[levels] most_satellites must be at least 1 where satellites without a hub do not count, got 0: no "
            "satellite would count; raise it, or set unassigned_count = true"
        )
    names = [layer.name for layer in plan.layers]
    for number, name in enumerate(names, start=1):
        if not name or name in names[: number - 1]:
            raise ConfigError(f"[[layers]] {number} must have a name that does not repeat, got {name!r}; give one")
    for number, group in enumerate(plan.groups, start=1):
        if (group.demand is None) == (group.main_roads is None):
            raise ConfigError(
                f"[[groups]] {number} must have demand (people who start where they are) or main_roads (people who "
                f"drive past), got {'neither' if group.demand is None else 'both'}; give one of them"
            )


def _check_hours(hours: HourSettings) -> None:
    for key, given in (("week_of", (hours.week_of,) if hours.week_of else ()), ("dates", hours.dates)):
        for text in given:
            try:
                dt.date.fromisoformat(text)
            except ValueError as error:
                raise ConfigError(f"[hours] {key} must be dates such as '2025-10-03', got {text!r}; correct it") from (
                    error
                )
    for text in hours.moments:
        require_moment(text, "[hours] moments")
    repeated = [text for text in dict.fromkeys(hours.moments) if hours.moments.count(text) > 1]
    if repeated:
        raise ConfigError(f"[hours] moments must not repeat, got twice {name_some(repeated)}; remove the repeats")
    night = hours.night
    if len(night) != 2 or max(night) > _HOURS_PER_DAY or night[0] == night[1]:  # noqa: PLR2004 - from and to
        raise ConfigError(
            f"[hours] night must be two different hours of the day, from and to, such as [22, 6], got {list(night)}; "
            "correct it"
        )


def require_moment(text: str, at: str) -> None:
    """Raise unless a text is a day of the week or a date, and a time of day."""
    if not _MOMENT.fullmatch(text):
        raise ConfigError(
            f"{at} must be a day and a time such as 'We 23:00' or '2025-10-03 15:00', got {text!r}; days are Mo, Tu, "
            "We, Th, Fr, Sa, Su; correct it"
        )


def _check_capacity(capacity: CapacitySettings) -> None:
    if capacity.at is not None:
        require_moment(capacity.at, "[capacity] at")
    bands, weights = capacity.bands_s, capacity.band_weights
    if list(bands) != sorted(set(bands)):
        raise ConfigError(
            f"[capacity] bands_min must ascend, got {[band / S_PER_MIN for band in bands]}; put them in order"
        )
    if len(weights) != len(bands):
        raise ConfigError(
            f"[capacity] band_weights must have one weight per band of bands_min ({len(bands)}), got {len(weights)}; "
            "for example bands_min = [5, 10, 15], band_weights = [1.0, 0.68, 0.22]"
        )
    if any(weight > 1 for weight in weights):
        raise ConfigError(f"[capacity] band_weights must be at most 1, got {list(weights)}; correct them")


def name_services(given: Mapping[str, object] | tuple[str, ...], also: Mapping[str, object]) -> list[str]:
    """Return the ids of services that a plan names by id or by any of their names.

    A text that neither the catalogue nor `also` knows stands for a service of the planner's own.
    """
    return [text if text in also else find_service(text) or text for text in given]


def services_by_id(settings: ServiceSettings) -> ServiceSettings:
    """Return the table [services] with ids in place of names.

    Raises
    ------
    ConfigError
        A service, or a spelling of one, stands there twice.
    """
    also = _keys_by_id("[services] also", settings.also, {})
    spellings = [text for texts in also.values() for text in texts]
    repeated = [text for text in dict.fromkeys(spellings) if spellings.count(text) > 1]
    if repeated:
        raise ConfigError(
            f"[services] also must have each spelling once, got twice {name_some(repeated)}; remove the repeats"
        )
    return replace(
        settings,
        counted=tuple(name_services(settings.counted, also)),
        required=tuple(name_services(settings.required, also)),
        cutoffs_s=_keys_by_id("[services] cutoff_min", settings.cutoffs_s, also),
        also=also,
    )


def _keys_by_id(at: str, given: Mapping[str, Any], also: Mapping[str, object]) -> dict[str, Any]:
    """Return a table by services with ids in place of names."""
    ids = name_services(tuple(given), also)
    repeated = [text for text, service in zip(given, ids, strict=True) if ids.count(service) > 1]
    if repeated:
        raise ConfigError(f"{at} must name each service once, got {name_some(repeated)} for the same; keep one of them")
    return dict(zip(ids, given.values(), strict=True))


def levels_by_id(levels: LevelsSettings, settings: ServiceSettings) -> LevelsSettings:
    """Return the table [levels] with ids in place of names of services."""
    hub, satellite = (
        replace(level, services=tuple(name_services(level.services, settings.also)))
        for level in (levels.hub, levels.satellite)
    )
    return replace(levels, hub=hub, satellite=satellite)


def known_services(settings: ServiceSettings, offered: set[str], groups: Mapping[str, tuple[str, ...]]) -> None:
    """Refuse services that neither the catalogue nor any station nor the plan's own list knows.

    Parameters
    ----------
    settings
        Table [services], by id.
    offered
        Ids that stations or levels offer.
    groups
        Group name -> the services that it requires.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    known = dict.fromkeys((*SERVICES, *settings.also, *sorted(offered)))
    lists = {
        "[services] counted": settings.counted,
        "[services] required": settings.required,
        "[services] cutoff_min": tuple(settings.cutoffs_s),
        **{f"required of group {name!r}": services for name, services in groups.items()},
    }
    for key, services in lists.items():
        strange = [service for service in services if service not in known]
        if strange:
            raise ConfigError(
                f"{key} must be services of the catalogue, of [services.also] or of a station, got "
                f"{name_some(strange)}{did_you_mean(strange[0], known)}; the catalogue is {', '.join(SERVICES)}"
            )
