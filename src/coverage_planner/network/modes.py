"""Modes of travel with their editable speeds and delays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from coverage_planner.errors import ConfigError

#: Which family of access rules a mode follows (`network.access`).
Rules = Literal["foot", "bicycle", "motorcar", "hgv"]
#: The families that drive: as fast as the street allows.
_DRIVING = frozenset({"motorcar", "hgv"})

#: Free speed by road class where `maxspeed` is missing, km/h.
DRIVE_SPEEDS_KPH: Mapping[str, float] = {
    "motorway": 100, "motorway_link": 50, "trunk": 80, "trunk_link": 40, "primary": 60, "primary_link": 40,
    "secondary": 50, "secondary_link": 40, "tertiary": 40, "tertiary_link": 30, "unclassified": 30,
    "residential": 30, "living_street": 15, "service": 20, "road": 30, "track": 15,
}  # fmt: skip

#: No junction or signal holds anybody for as long, s.
MOST_DELAY_S = 3600.0


@dataclass(frozen=True)
class Mode:
    """How a group travels.

    Attributes
    ----------
    name
        The label used in plan files and results.
    rules
        The family of access rules: 'foot', 'bicycle' (bicycles and e-bikes), 'motorcar' or 'hgv' (trucks).
    speed_kph
        Average speed on every street, km/h; for driving the speed where neither `maxspeed` nor the class says.
    class_speeds_kph
        Free speed by road class; only for driving.
    urban_factor
        Share of the free speed that traffic and signals leave; only for driving.
    access_speed_kph
        Speed of the straight access leg between a point and the street, always on foot.
    junction_delay_s
        Seconds lost at each junction passed; see `network.delays` for what a junction is. Zero unless set.
    signal_delay_s
        Seconds lost at each signalised junction or crossing passed, in place of `junction_delay_s` (the larger counts).
    pushing_speed_kph
        Speed of who gets off and pushes, where one may walk but not ride: on footways, against one-way streets. None:
        nobody gets off, but where a tag says so (``bicycle=dismount``, then at `access_speed_kph`). Only for 'bicycle'.
    """

    name: str
    rules: Rules
    speed_kph: float
    class_speeds_kph: Mapping[str, float] = field(default_factory=dict)
    urban_factor: float = 1.0
    access_speed_kph: float = 4.8
    junction_delay_s: float = 0.0
    signal_delay_s: float = 0.0
    pushing_speed_kph: float | None = None

    def __post_init__(self) -> None:
        """Refuse unknown rules, speeds that are not positive, and delays that are negative."""
        if self.rules not in get_args(Rules):
            raise ConfigError(
                f"mode {self.name!r}: rules must be one of {', '.join(get_args(Rules))}, got {self.rules!r}"
            )
        if self.pushing_speed_kph is not None and self.rules != "bicycle":
            raise ConfigError(
                f"mode {self.name!r}: pushing_speed_kph must be left out unless rules = 'bicycle', got rules = "
                f"{self.rules!r}; nobody pushes a car, and who walks has nothing to push"
            )
        for label, value in (
            ("speed_kph", self.speed_kph),
            ("pushing_speed_kph", self.speed_kph if self.pushing_speed_kph is None else self.pushing_speed_kph),
            ("access_speed_kph", self.access_speed_kph),
            ("urban_factor", self.urban_factor),
            *((f"class_speeds_kph.{name}", speed) for name, speed in self.class_speeds_kph.items()),
        ):
            if not 0 < value < 1000:  # noqa: PLR2004 - a bound no vehicle on a street reaches
                raise ConfigError(f"mode {self.name!r}: {label} must be positive and below 1000, got {value:g}")
        for label, delay_s in (("junction_delay_s", self.junction_delay_s), ("signal_delay_s", self.signal_delay_s)):
            if not 0 <= delay_s < MOST_DELAY_S:
                raise ConfigError(
                    f"mode {self.name!r}: {label} must be at least 0 and below {MOST_DELAY_S:g}, got {delay_s:g}"
                )

    @property
    def drives(self) -> bool:
        """Whether the street says how fast the mode goes: cars and trucks."""
        return self.rules in _DRIVING

    @property
    def has_delays(self) -> bool:
        """Whether passing a junction or a signal costs this mode time."""
        return self.junction_delay_s > 0 or self.signal_delay_s > 0

    def describe(self) -> str:
        """Say the mode, its speed and its delays, as results must; a street's own `maxspeed` comes first for cars."""
        if self.class_speeds_kph:
            speed = f"class speeds x {self.urban_factor:g}"
        elif self.drives:
            speed = f"{self.speed_kph:g} km/h x {self.urban_factor:g}"
        else:
            speed = f"{self.speed_kph:g} km/h"
        if self.pushing_speed_kph is not None:
            speed = f"{speed}, pushed {self.pushing_speed_kph:g} km/h"
        waits = [(self.junction_delay_s, "junction"), (self.signal_delay_s, "signal")]
        return f"{self.name} ({', '.join([speed, *(f'{wait:g} s per {at}' for wait, at in waits if wait)])})"


#: Walk 4.8 km/h, bicycle 12, e-bike 15 on average (25 is the legal top speed, GB 17761), drive by class.
DEFAULT_MODES: Mapping[str, Mode] = {
    "walk": Mode("walk", "foot", 4.8),
    "bicycle": Mode("bicycle", "bicycle", 12.0),
    "ebike": Mode("ebike", "bicycle", 15.0),
    "drive": Mode("drive", "motorcar", 30.0, class_speeds_kph=DRIVE_SPEEDS_KPH, urban_factor=0.6),
}

#: The default modes and others that a plan may name without spelling them out. A network is not built for these unless
#: asked to: each mode more cuts streets at more places. The courier gets off the e-bike and walks the last leg; the
#: truck is slower than a car between signals.
PRESET_MODES: Mapping[str, Mode] = {
    **DEFAULT_MODES,
    "courier": Mode("courier", "bicycle", 15.0, pushing_speed_kph=4.8),
    "truck": Mode("truck", "hgv", 30.0, class_speeds_kph=DRIVE_SPEEDS_KPH, urban_factor=0.5),
}
