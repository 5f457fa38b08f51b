"""What counts as served: services, hours, levels, places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from coverage_planner.coverage.levels import Levels
from coverage_planner.coverage.offer import Needs
from coverage_planner.coverage.week import Week
from coverage_planner.errors import ConfigError
from coverage_planner.scenario.scenario import Group
from coverage_planner.sources.calendar import Calendar


@dataclass(frozen=True)
class CircleRules:
    """What counts as served.

    Attributes
    ----------
    week, calendar
        The slots that are looked at, and which days are holidays.
    services, required
        Ids of the services that are counted; those that one must all reach to be fully served.
    cutoffs_s
        Service -> longest acceptable time in seconds, where it is not the group's cutoff.
    unstated_hours
        Opening hours of stations that say none.
    moments
        Moments for which gaps are drawn, such as 'We 23:00'.
    night
        First and last hour of the night.
    levels
        What hubs and satellites offer and how they belong together; None where levels mean nothing.
    people_per_place
        People that one place serves in a day, or in the slot of `capacity_at`; None: capacity is not looked at.
    capacity_at
        The moment at which capacity is looked at: the people who come in that slot, the stations open in it. None:
        everybody, whatever the hour, and the stations that open at some time of the ordinary week.
    bands_s, band_weights
        Bands of the floating catchment; none: it is not measured.
    """

    week: Week
    calendar: Calendar
    services: tuple[str, ...]
    required: tuple[str, ...]
    cutoffs_s: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    unstated_hours: str = "24/7"
    moments: tuple[str, ...] = ()
    night: tuple[int, int] = (22, 6)
    levels: Levels | None = None
    people_per_place: float | None = None
    capacity_at: str | None = None
    bands_s: tuple[float, ...] = ()
    band_weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse moments that the week does not have, and required services that are not counted."""
        for moment in (*self.moments, *((self.capacity_at,) if self.capacity_at else ())):
            self.week.slot(moment)
        missing = [service for service in self.required if service not in self.services]
        if missing:
            raise ConfigError(f"required services must be counted, not so {', '.join(missing)}; count them too")

    def needs(self, group: Group) -> Needs:
        """Return what a group needs: services that it alone requires are counted for it too."""
        required = self.required if group.required is None else group.required
        services = tuple(dict.fromkeys((*self.services, *required)))
        return Needs(services, required, self.cutoffs_s)

    def farthest_s(self, group: Group) -> float:
        """Return how far must be searched for a group, seconds."""
        return max(group.cutoff_s, *self.cutoffs_s.values(), *self.bands_s, 0.0)
