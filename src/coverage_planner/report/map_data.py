"""Outcomes -> MapData: all that a page of maps shows and counts with, in no language; see docs/map-data.md."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.errors import InputError, SourceError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M
from coverage_planner.report.certificate import say_certificate
from coverage_planner.report.drawing import WGS84
from coverage_planner.report.map_data_groups import farthest_ms, needs_of, pack_groups
from coverage_planner.report.map_data_scenarios import REASON_CODES, describe_scenario
from coverage_planner.report.map_data_stations import list_candidates, list_sites, plain_records, unite_stations
from coverage_planner.report.map_data_streets import (
    Clip,
    area_paths,
    clip_streets,
    ground_pieces,
    pack_modes,
    pack_streets,
)
from coverage_planner.report.siting_tables import Choice
from coverage_planner.report.tables import is_proposed, measure_sites
from coverage_planner.scenario.scenario import Outcome
from coverage_planner.siting.solution import Solution
from coverage_planner.sources.services import SERVICES

if TYPE_CHECKING:
    from coverage_planner.coverage.week import Week
    from coverage_planner.scenario.circle import Circle, CircleStudy

#: Number of the data's form; it rises when a key changes its meaning.
FORMAT = 1
_PARTS = frozenset(
    {
        "title",
        "synthetic",
        "attributions",
        "bounds",
        "direction",
        "tiles",
        "streets",
        "ground",
        "modes",
        "groups",
        "stations",
        "open",
        "week",
        "services",
        "communities",
        "study_area",
        "candidates",
        "sites",
        "certificate",
        "scenarios",
    }
)
#: What is shown is framed by points at least every so many metres, so that it is still framed in degrees.
_FRAME_M = 5000.0
#: No access leg is longer: what has no limit, JSON cannot say.
_FAR_M = 1e7


@dataclass(frozen=True, eq=False)
class MapData:
    """All that a page of maps shows and counts with, in no language.

    Attributes
    ----------
    content
        Plain JSON; docs/map-data.md says what each key holds.
    """

    content: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse what is no map data, or of a later form."""
        form = self.content.get("format")
        if not isinstance(form, int):
            raise InputError(
                f"map data must say their form under 'format', got {form!r}; make them with map_data or read_map_data"
            )
        if form > FORMAT:
            raise InputError(f"map data must be of form {FORMAT} or earlier, got {form}; update coverage-planner")


def map_data(
    outcomes: Sequence[Outcome],
    *,
    circles: "Sequence[Circle] | None" = None,
    candidates: gpd.GeoDataFrame | None = None,
    choice: Choice | Solution | None = None,
    sites: Sequence[str] | None = None,
    title: str | None = None,
    synthetic: bool = False,
    tiles: Sequence[Mapping[str, Any]] = (),
    approval: str | None = None,
    boundary_source: str | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> MapData:
    """Gather what a page of maps shows and counts with.

    Parameters
    ----------
    outcomes
        The scenarios, today's first, evaluated for the same groups on one network.
    circles
        Their services, hours, levels and capacities, in the same order; None where these are not looked at.
    candidates
        Where sites could have opened (columns of the candidates table).
    choice
        How the proposed sites of the last scenario were chosen.
    sites
        Ids of proposed sites of the last scenario, in the order in which they are numbered; by default that of the
        scenario.
    title
        Heading; the scenarios' names by default.
    synthetic
        Whether the data are made up.
    tiles
        Online base maps, off at first (`map_tiles.base_maps`).
    approval
        The map approval number (审图号).
    boundary_source
        Where the boundaries come from.
    snap_limit_m
        Farthest access leg, metres, as for the outcomes.

    Returns
    -------
    MapData
        Format 1.

    Raises
    ------
    InputError
        No outcome; other groups, demand or networks; circles of other scenarios; nothing to show.
    """
    _require_alike(outcomes)
    first, last = outcomes[0], outcomes[-1]
    network = first.network
    groups = [found.group for found in first.groups.values()]
    circle = None if circles is None else circles[0]
    longest_ms = {group.name: farthest_ms(group, needs_of(group, circle)) for group in groups}
    modes = list(dict.fromkeys(group.mode for group in groups))
    clip = clip_streets(first, groups, longest_ms)
    stations = unite_stations(outcomes, circles)
    chosen = Choice(choice, candidates) if isinstance(choice, Solution) else choice
    has_sites = bool(is_proposed(last.scenario.facilities).any())
    figures = measure_sites(last, first if len(outcomes) > 1 else None) if has_sites else None
    content = {
        "format": FORMAT,
        "title": title or " → ".join(outcome.scenario.name for outcome in outcomes),
        "synthetic": bool(synthetic),
        "attributions": [network.source] if network.source else [],
        "bounds": _bounds(first),
        "direction": first.headline.times.direction,
        "approval": approval,
        "boundary_source": boundary_source,
        "snap_limit_m": min(float(snap_limit_m), _FAR_M),
        "tiles": [dict(layer) for layer in tiles],
        "streets": pack_streets(network, clip),
        "ground": ground_pieces(network, clip),
        "modes": pack_modes(network, clip, modes),
        "groups": pack_groups(
            outcomes,
            circles,
            stations,
            clip,
            modes=modes,
            bands_s={name: sorted(found.isochrones["cutoff_s"]) for name, found in first.groups.items()},
            snap_limit_m=snap_limit_m,
        ),
        "stations": stations.records,
        "open": stations.pack_open(),
        "week": None if circle is None else _week(circle.offer.week, circle.rules.moments, circle.rules.night),
        "services": _service_names(stations.records),
        "communities": _communities(first, clip),
        "study_area": _study_area(first, clip),
        "candidates": list_candidates(candidates),
        "sites": [] if figures is None else list_sites(last, stations.rows[-1], figures, chosen, sites),
        "certificate": None if chosen is None else _certificate(chosen),
        "scenarios": [
            describe_scenario(outcome, None if circles is None else circles[number], stations, number, clip)
            for number, outcome in enumerate(outcomes)
        ],
        "reasons": list(REASON_CODES),
    }
    return MapData(content)


def gather_map_data(
    outcome: Outcome,
    baseline: Outcome | None = None,
    *,
    candidates: gpd.GeoDataFrame | None = None,
    choice: Choice | Solution | None = None,
    circle: "CircleStudy | None" = None,
    title: str | None = None,
    synthetic: bool = False,
) -> MapData | None:
    """Gather the map data of a results folder; None where both scenarios are on different streets.

    Parameters
    ----------
    outcome, baseline
        The scenario proposed (or the only one), and today.
    candidates, choice, circle, title, synthetic
        As for `report.results.write_results`.
    """
    outcomes = [outcome] if baseline is None else [baseline, outcome]
    if baseline is not None and not _same_streets(baseline.network, outcome.network):
        return None
    circles = None if circle is None else [_circle_of(circle, named.scenario.name) for named in outcomes]
    return map_data(outcomes, circles=circles, candidates=candidates, choice=choice, title=title, synthetic=synthetic)


def _circle_of(study: "CircleStudy", scenario: str) -> "Circle":
    """Return the circle of a scenario."""
    for circle in study.circles:
        if circle.scenario == scenario:
            return circle
    raise InputError(
        f"the circles must hold one of scenario {scenario!r}, got {[circle.scenario for circle in study.circles]}; "
        "measure the circle of each outcome"
    )


def write_map_data(data: MapData, path: str | PathLike[str]) -> Path:
    """Write map data to a JSON file.

    Parameters
    ----------
    data
        The data.
    path
        The file, for example ``map_data.json`` in a results folder.

    Returns
    -------
    pathlib.Path
        The file.
    """
    file = Path(path)
    text = json.dumps(data.content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8", newline="\n")
    return file


def read_map_data(path: str | PathLike[str]) -> MapData:
    """Read what `write_map_data` wrote.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    SourceError
        There is no such file, or it is no JSON.
    InputError
        It holds no map data, or data of a later form.
    """
    file = Path(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(
            f"map data must be a readable file, got: {error}; check the path, or run the plan again"
        ) from error
    except ValueError as error:
        raise SourceError(f"{file} must be JSON in UTF-8, got: {error}; write the map data again") from error
    if not isinstance(content, dict):
        raise InputError(f"{file} must hold map data, got JSON that is no object; write the map data again")
    data = MapData(content)
    if lacking := sorted(_PARTS - content.keys()):
        raise InputError(f"{file} must hold all parts of map data, lacks {name_some(lacking)}; run the plan again")
    return data


# --- what they are made of ---


def _require_alike(outcomes: Sequence[Outcome]) -> None:
    """Refuse scenarios that cannot stand on one map."""
    if not outcomes:
        raise InputError("map data must be of at least one scenario, got none; give the outcome of evaluate")
    first = outcomes[0]
    for outcome in outcomes[1:]:
        if not _same_streets(outcome.network, first.network):
            raise InputError(
                f"scenarios of one map must be on one network, got another for {outcome.scenario.name!r} than for "
                f"{first.scenario.name!r}; evaluate all on the same network"
            )
        if list(outcome.groups) != list(first.groups):
            raise InputError(
                f"scenarios of one map must have the same groups, got {list(outcome.groups)} for "
                f"{outcome.scenario.name!r} and {list(first.groups)} for {first.scenario.name!r}; evaluate all for the "
                "same groups"
            )
        for name, found in outcome.groups.items():
            here, there = first.groups[name].times.demand_ids, found.times.demand_ids
            if not np.array_equal(here, there):
                apart = name_some(sorted(set(here) ^ set(there)))
                raise InputError(
                    f"group {name!r} must have the same demand points in {first.scenario.name!r} and "
                    f"{outcome.scenario.name!r} to be compared, got {len(here)} and {len(there)} points, ids in only "
                    f"one of them {apart}; evaluate both scenarios with the same Group"
                )


def _same_streets(network: RoadNetwork, other: RoadNetwork) -> bool:
    """Whether two networks have the same streets and the same times on them."""
    if network is other:
        return True
    ends = [found.edges[["u", "v"]].to_numpy() for found in (network, other)]
    if not np.array_equal(*ends) or network.graphs.keys() != other.graphs.keys():
        return False
    return all(
        np.array_equal(graph.forward_ms, other.graphs[name].forward_ms)
        and np.array_equal(graph.backward_ms, other.graphs[name].backward_ms)
        and np.array_equal(graph.delay_ms, other.graphs[name].delay_ms)
        for name, graph in network.graphs.items()
    ) and bool(shapely.equals(network.edges.geometry.to_numpy(), other.edges.geometry.to_numpy()).all())


def _bounds(outcome: Outcome) -> list[list[float]]:
    """Return south-west and north-east corner of what is shown first, latitude first."""
    for table in (outcome.study_area, outcome.communities, outcome.network.edges, outcome.scenario.facilities):
        if table is not None and not table.empty:
            left, below, right, above = table.total_bounds
            # points and no polygon: the table may lie on one line, or at one place
            x = np.linspace(left, right, 2 + int((right - left) / _FRAME_M))
            y = np.linspace(below, above, 2 + int((above - below) / _FRAME_M))
            grid = shapely.points(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
            places = gpd.GeoSeries(grid, crs=table.crs).to_crs(WGS84)
            west, south, east, north = np.round(places.total_bounds, 6).tolist()
            return [[south, west], [north, east]]
    raise InputError(
        "a map must have something to show: study area, communities, streets and stations are all empty; "
        "check the plan's inputs"
    )


def _week(week: "Week", moments: Sequence[str], night: tuple[int, int]) -> dict[str, Any]:
    labels = week.labels()
    slots = plain_records(labels.assign(date=labels["date"].astype(str)), ("day", "hour", "kind", "date"))
    return {
        "slot_min": int(week.slot_min),
        "n_ordinary": int(week.n_ordinary),
        "slots": slots,
        "moments": list(moments),
        "night": list(night),
    }


def _service_names(stations: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Return the names of the catalogue's services, and of those that stations offer besides."""
    offered = dict.fromkeys(service for station in stations for service in station["services"])
    own = {service: {"zh": service, "en": service} for service in offered if service not in SERVICES}
    return {key: {"zh": service.zh, "en": service.en} for key, service in SERVICES.items()} | own


def _communities(outcome: Outcome, clip: Clip) -> list[dict[str, Any]]:
    communities = outcome.communities
    if communities is None:
        return []
    records = plain_records(communities, ("id", "name", "subdistrict"))
    return [
        record | {"paths": paths} for record, paths in zip(records, area_paths(communities.geometry, clip), strict=True)
    ]


def _study_area(outcome: Outcome, clip: Clip) -> list[Any] | None:
    area = outcome.study_area
    if area is None or area.empty:
        return None
    (paths,) = area_paths(gpd.GeoSeries([shapely.union_all(area.geometry.to_numpy())], crs=area.crs), clip)
    return list(paths)


def _certificate(choice: Choice) -> dict[str, str]:
    return {language: say_certificate(choice.solution, language, choice.question) for language in ("zh", "en")}
