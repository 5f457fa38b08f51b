"""The plan file (TOML) -> checked settings.

Each table of the plan file is a frozen dataclass here; its fields are the keys, their types and bounds. Minutes stand
in the plan file, seconds here: `cutoff_min` becomes `cutoff_s`. docs/plan-file.md explains every key.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from itertools import chain, pairwise
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from pyproj import CRS
from pyproj.exceptions import CRSError

from coverage_planner.config.circle import (
    CapacitySettings,
    HourSettings,
    LayerSource,
    LevelsSettings,
    MainRoads,
    ServiceSettings,
    check_circle,
    levels_by_id,
    name_services,
    services_by_id,
)
from coverage_planner.config.keys import S_PER_MIN, at_least, did_you_mean, in_minutes, more_than, read_settings
from coverage_planner.config.report import ReportSettings
from coverage_planner.config.siting import SitingSettings, check_siting
from coverage_planner.config.sources import (
    AreaSource,
    CommunitySource,
    DemandSource,
    PointSource,
    RoadSource,
    check_point_source,
    check_roads,
)
from coverage_planner.errors import ConfigError, SourceError, name_some
from coverage_planner.network.modes import DRIVE_SPEEDS_KPH, PRESET_MODES, Mode
from coverage_planner.report.map_tiles import check_template, check_tianditu_key
from coverage_planner.sources.datum import Datum


@dataclass(frozen=True)
class GroupSettings:
    """One of [[groups]]: who travels, how, how far."""

    name: str
    mode: str
    cutoff_s: float = in_minutes("cutoff_min")
    demand: DemandSource | tuple[DemandSource, ...] | None = None
    main_roads: MainRoads | None = None
    speed_kph: float | None = more_than(0, None)
    parking_s: float = field(default=0.0, metadata={"key": "parking_min", "factor": S_PER_MIN, "at_least": 0})
    profile: Path | None = None
    required: tuple[str, ...] | None = None

    @property
    def sources(self) -> tuple[DemandSource, ...]:
        """Where its demand comes from: one input, several put together, or none (it drives past)."""
        if self.demand is None:
            return ()
        return self.demand if isinstance(self.demand, tuple) else (self.demand,)


@dataclass(frozen=True)
class CandidateSettings:
    """Table [candidates]: where sites may open besides the premises."""

    spacing_m: float = more_than(0, 150.0)
    reach_s: float | None = in_minutes("reach_min", None)


@dataclass(frozen=True)
class SnapSettings:
    """Table [snap]: how far a point may lie from its street, and what counts as an island."""

    limit_m: float = more_than(0, 200.0)
    small_component_m: float = at_least(0, 2000.0)


@dataclass(frozen=True)
class MapSettings:
    """Table [map]: online base maps, off at first, and what a published map must say."""

    tiles: str | None = None
    tiles_attribution: str | None = None
    tianditu_key: str | None = None
    osm: bool = False
    approval_number: str | None = None
    boundary_source: str | None = None


@dataclass(frozen=True)
class OutputSettings:
    """Table [output]: what longitudes and latitudes of the tables are written in."""

    datum: Datum = "wgs84"


@dataclass(frozen=True)
class BandSettings:
    """Table [bands]: upper bounds of the time bands shown for the headline group."""

    cutoffs_s: tuple[float, ...] = in_minutes("minutes", ())


#: Tables of the plan file that ask for services, hours, levels and capacity to be counted.
_CIRCLE = frozenset({"services", "hours", "levels", "capacity", "mobile", "layers"})


@dataclass(frozen=True)
class Plan:
    """A plan file, checked.

    Attributes
    ----------
    name, language, crs, synthetic
        Title; language of maps and tables; projected CRS in metres or None (UTM zone); whether any data are made up.
    roads, study_area, communities, facilities, premises
        Where the data are; None where the plan has none.
    groups
        At least one; the first is the headline group.
    siting
        None where nothing is to be proposed; `siting.group` is the name of a group.
    candidates, snap, map, output
        Settings with their defaults filled in.
    services, hours, levels, capacity, mobile, layers
        What stations offer, when, and how they belong together; stops of service buses; layers that are counted inside
        the circles. Services stand by their ids.
    circle
        Whether any of these is asked for.
    report
        What stands on the cover of report.html; None where no report is asked for.
    bands
        `bands.cutoffs_s` ascends to the headline group's cutoff; thirds of it where the plan does not say.
    modes
        Name -> mode: the preset modes with the plan's changes, and the plan's own.
    path
        The plan file; relative paths in it start from its folder.
    """

    name: str
    roads: RoadSource
    facilities: PointSource
    groups: tuple[GroupSettings, ...]
    language: Literal["zh", "en"] = "zh"
    crs: str | None = None
    synthetic: bool = False
    study_area: AreaSource | None = None
    communities: CommunitySource | None = None
    premises: PointSource | None = None
    siting: SitingSettings | None = None
    candidates: CandidateSettings = field(default_factory=CandidateSettings)
    snap: SnapSettings = field(default_factory=SnapSettings)
    bands: BandSettings = field(default_factory=BandSettings)
    map: MapSettings = field(default_factory=MapSettings)
    output: OutputSettings = field(default_factory=OutputSettings)
    services: ServiceSettings = field(default_factory=ServiceSettings)
    hours: HourSettings = field(default_factory=HourSettings)
    levels: LevelsSettings | None = None
    capacity: CapacitySettings | None = None
    mobile: tuple[PointSource, ...] = ()
    layers: tuple[LayerSource, ...] = ()
    report: ReportSettings | None = None
    circle: bool = field(default=False, metadata={"key": None})
    modes: Mapping[str, Mode] = field(default_factory=lambda: dict(PRESET_MODES))
    path: Path = field(default=Path(), metadata={"key": None})


def read_plan(path: str | PathLike[str], *, require_files: bool = True) -> Plan:
    """Read a plan file and check every key of it.

    Parameters
    ----------
    path
        A TOML file in UTF-8. Relative paths in it start from its own folder.
    require_files
        Raise where a file that it names is missing; else `missing_files` says which.

    Returns
    -------
    Plan
        The settings, with defaults filled in, paths absolute and minutes turned into seconds.

    Raises
    ------
    SourceError
        The plan file is missing or unreadable.
    ConfigError
        It is not TOML; a key is unknown, missing, of the wrong type or out of bounds; keys contradict each other; or
        files that it names are missing (all of them are listed). The message names the table and key.
    """
    file = Path(path).absolute()
    table = _toml(file)
    if "modes" in table:
        table = {**table, "modes": _with_default_modes(table["modes"])}
    plan = read_settings(Plan, table, "", file.parent)
    headline = plan.groups[0]
    plan = replace(
        _with_own_speeds(plan),
        path=file,
        siting=plan.siting and replace(plan.siting, group=plan.siting.group or headline.name),
        bands=plan.bands if plan.bands.cutoffs_s else BandSettings(_thirds(headline.cutoff_s)),
        services=services_by_id(plan.services),
        levels=plan.levels and levels_by_id(plan.levels, plan.services),
        circle=not _CIRCLE.isdisjoint(table),
    )
    if plan.siting:
        check_siting(plan.siting)
    check_groups(plan)
    _check_bands(plan)
    _check_crs(plan)
    for at, source in chain(point_sources(plan), circle_sources(plan)):
        check_point_source(source, at)
    _check_map(plan.map)
    check_roads(plan.roads)
    check_circle(plan)
    missing = missing_files(plan)
    if missing and require_files:
        raise ConfigError(
            f"every file that {file.name} names must exist, missing {name_some(missing, most=len(missing))}; correct "
            f"the paths (they start from {file.parent})"
        )
    return plan


def _with_own_speeds(plan: Plan) -> Plan:
    """Give each group with a speed of its own a mode of its own; services that groups require get their ids."""
    modes, groups = dict(plan.modes), []
    for number, group in enumerate(plan.groups, start=1):
        required = group.required and tuple(name_services(group.required, plan.services.also))
        mode = modes.get(group.mode)
        if group.speed_kph is not None and mode is not None:
            if mode.drives:
                raise ConfigError(
                    f"[[groups]] {number} must not have speed_kph, as the streets say how fast cars go; remove it and "
                    f"set [modes.{group.mode}] urban_factor or class_speeds_kph"
                )
            own = f"{group.mode} {group.speed_kph:g}"
            modes[own] = replace(mode, name=own, speed_kph=group.speed_kph)
            groups.append(replace(group, mode=own, required=required))
        else:
            groups.append(replace(group, required=required))
    return replace(plan, modes=modes, groups=tuple(groups))


def missing_files(plan: Plan) -> list[str]:
    """Return the key and path of every file that a plan names and that is not there."""
    wanted = [(at, named) for at, named in _files(plan, "") if named != plan.roads.file or not plan.roads.is_network]
    return [f"{at} ({named})" for at, named in wanted if not named.is_file()]


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{file.name} must be TOML, got: {error}; texts stand in quotes, and Windows paths in 'single quotes' or "
            "with / instead of \\"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file.name} must be text in UTF-8, got other bytes; save it as UTF-8") from error
    except OSError as error:
        raise SourceError(f"the plan must be a readable file, got: {error}; check the path") from error


def _with_default_modes(given: Any) -> Any:
    """Fill a plan's [modes] tables up with the preset modes, so that a table says only what differs."""
    if not isinstance(given, dict) or not all(isinstance(table, dict) for table in given.values()):
        return given  # refused, with its path, like any key of the wrong type
    filled: dict[str, Any] = {}
    for name in {**PRESET_MODES, **given}:
        table, at = given.get(name, {}), f"[modes.{name}]"
        preset = asdict(PRESET_MODES[name]) if name in PRESET_MODES else {}
        base = {key: value for key, value in preset.items() if value is not None}
        if base and table.get("rules", base["rules"]) != base["rules"]:
            base = {}  # another kind of travel: nothing of the default mode fits
        if not base and not {"rules", "speed_kph"} <= table.keys():
            raise ConfigError(
                f"{at} must have rules and speed_kph, as {name!r} with these rules is none of the preset modes "
                f"({', '.join(PRESET_MODES)}{did_you_mean(name, PRESET_MODES)}); add them or correct the name"
            )
        if "name" in table:
            raise ConfigError(f"{at} has no key 'name', as the table's own name is the mode's; remove it")
        drives = table.get("rules", base.get("rules")) in ("motorcar", "hgv")
        if not drives and {"class_speeds_kph", "urban_factor"} & table.keys():
            raise ConfigError(
                f"{at} must have rules = 'motorcar' or 'hgv' for class_speeds_kph and urban_factor; remove them"
            )
        speeds = table.get("class_speeds_kph", {})
        for road_class in speeds if isinstance(speeds, dict) else ():
            if road_class not in DRIVE_SPEEDS_KPH:
                raise ConfigError(
                    f"{at} class_speeds_kph has no key {road_class!r}{did_you_mean(road_class, DRIVE_SPEEDS_KPH)}; "
                    f"its keys are {', '.join(DRIVE_SPEEDS_KPH)}"
                )
        merged = {**base.get("class_speeds_kph", {}), **speeds} if isinstance(speeds, dict) else speeds
        filled[name] = {**base, **table, "name": name, "class_speeds_kph": merged}
    return filled


def _thirds(cutoff_s: float) -> tuple[float, ...]:
    return cutoff_s / 3, cutoff_s * 2 / 3, cutoff_s


def _check_map(given: MapSettings) -> None:
    if given.tiles is not None:
        if not given.tiles_attribution:
            raise ConfigError("[map] tiles_attribution must be given with tiles, got none; name the tiles' owner")
        check_template(given.tiles, "[map] tiles")
    if given.tianditu_key is not None:
        check_tianditu_key(given.tianditu_key, "[map] tianditu_key")


def _check_bands(plan: Plan) -> None:
    bands_s, cutoff_s = plan.bands.cutoffs_s, plan.groups[0].cutoff_s
    if any(later <= earlier for earlier, later in pairwise(bands_s)) or bands_s[-1] != cutoff_s:
        minutes = [band_s / S_PER_MIN for band_s in bands_s]
        raise ConfigError(
            f"[bands] minutes must ascend to the headline group's cutoff of {cutoff_s / S_PER_MIN:g}, got {minutes}; "
            "correct them"
        )


def check_groups(plan: Plan) -> None:
    """Refuse groups that repeat or travel by no known mode, and a [siting] for none of them.

    Raises
    ------
    ConfigError
        The message names the key.
    """
    names = {group.name: group for group in plan.groups}
    for number, group in enumerate(plan.groups, start=1):
        if names[group.name] is not group:
            raise ConfigError(f"[[groups]] {number} name must not repeat, got {group.name!r} twice; rename one")
        if group.mode not in plan.modes:
            raise ConfigError(
                f"[[groups]] {number} mode must be one of {', '.join(plan.modes)}, got {group.mode!r}"
                f"{did_you_mean(group.mode, plan.modes)}; correct it or define [modes.{group.mode}]"
            )
    if plan.siting and plan.siting.group not in names:
        raise ConfigError(
            f"[siting] group must be the name of a group ({', '.join(names)}), got {plan.siting.group!r}"
            f"{did_you_mean(plan.siting.group, names)}; correct it"
        )


def _check_crs(plan: Plan) -> None:
    for key, text, metric in (("crs", plan.crs, True), ("[roads] source_crs", plan.roads.source_crs, False)):
        try:
            crs = CRS.from_user_input(text) if text else None
        except CRSError as error:
            raise ConfigError(f"{key} must be a CRS that PROJ knows, got {text!r}; for example 'EPSG:32650'") from error
        if metric and crs and not (crs.is_projected and crs.axis_info[0].unit_conversion_factor == 1.0):
            raise ConfigError(f"{key} must be projected and in metres, got {text!r} ({crs.name}); for example "
                              "'EPSG:32650', or leave it out")  # fmt: skip


def point_sources(plan: Plan) -> Iterator[tuple[str, PointSource]]:
    """Yield the tables of points of a plan, with the name that each has in the plan file."""
    yield "[facilities]", plan.facilities
    if plan.premises:
        yield "[premises]", plan.premises
    for number, group in enumerate(plan.groups, start=1):
        for place, source in enumerate(group.sources, start=1):
            yield f"[[groups]] {number} demand" + (f" {place}" if len(group.sources) > 1 else ""), source


def circle_sources(plan: Plan) -> Iterator[tuple[str, PointSource]]:
    """Yield the stops of service buses and the layers of a plan, with the name that each has in the plan file."""
    for number, stops in enumerate(plan.mobile, start=1):
        yield f"[[mobile]] {number}", stops
    for number, layer in enumerate(plan.layers, start=1):
        yield f"[[layers]] {number}", layer


def _files(settings: Any, at: str) -> Iterator[tuple[str, Path]]:
    """Yield the key and path of every file that a plan names."""
    for f in fields(settings):
        value = getattr(settings, f.name)
        if isinstance(value, Path) and f.name != "path":
            yield f"{at} {f.name}", value
        elif isinstance(value, tuple) and any(is_dataclass(item) for item in value):
            for number, item in enumerate(value, start=1):
                yield from _files(item, f"{at} {f.name} {number}" if at else f"[[{f.name}]] {number}")
        elif is_dataclass(value):
            yield from _files(value, f"{at} {f.name}" if at else f"[{f.name}]")
