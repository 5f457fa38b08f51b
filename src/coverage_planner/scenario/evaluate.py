"""What a scenario means for every group."""

from collections.abc import Mapping, Sequence

import geopandas as gpd
import numpy as np
import shapely

from coverage_planner.coverage.gaps import find_gaps
from coverage_planner.coverage.measure import Coverage, measure_coverage
from coverage_planner.coverage.shares import (
    covered_area_share,
    covered_road_share,
    straight_line_share,
    table_shares,
)
from coverage_planner.errors import ConfigError, name_some
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.scenario.group_times import group_times, with_parking
from coverage_planner.scenario.scenario import Group, GroupOutcome, Outcome, Scenario
from coverage_planner.schema import check_table, require_metric
from coverage_planner.traveltime.engine import entry_delays
from coverage_planner.traveltime.isochrone import cell_times, contour, tabulate_bands
from coverage_planner.traveltime.reach import check_cutoffs, reached_pieces, search_reach, street_table
from coverage_planner.traveltime.street_grid import StreetGrid, build_street_grid, choose_cell_m
from coverage_planner.traveltime.times import Direction, TravelTimes
from coverage_planner.units import MS_PER_S, Progress, speed_mps

#: How far beyond the cutoff to search, so that the nearest station of uncovered demand is known too.
LIMIT_PER_CUTOFF = 2.0

#: Cells of a grid at most; a larger study area gets larger cells, so that the grid fits an office computer.
_MOST_CELLS = 10_000_000


def build_grids(
    network: RoadNetwork,
    groups: Sequence[Group],
    *,
    study_area: gpd.GeoDataFrame | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
) -> dict[str, StreetGrid]:
    """Build the grid under each group's isochrones, to be used for every scenario.

    Parameters
    ----------
    network
        The network.
    groups
        The groups.
    study_area
        Polygons to report for; None: the box around the groups' demand, as far as there are streets.
    snap_limit_m
        Farthest access leg, metres.

    Returns
    -------
    dict
        Group name -> grid; groups that travel alike share one, groups that pass by have none. Cells are those of
        `choose_cell_m`, or larger where the grid would have more than ten million.

    Raises
    ------
    CrsError
        The study area has no metric CRS.
    NetworkError
        The network has not the mode of a group.
    """
    if study_area is None:
        boxes = np.array([group.demand.geometry.to_crs(network.crs).total_bounds for group in groups])
        streets = network.edges.total_bounds  # a place farther from them than the access leg has no time
        box = np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
        box = np.clip(box, np.tile(streets[:2], 2), np.tile(streets[2:], 2)) + snap_limit_m * np.array([-1, -1, 1, 1])
    else:
        require_metric(study_area, "study area")
        box = study_area.geometry.to_crs(network.crs).total_bounds
    bounds = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    grids: dict[str, StreetGrid] = {}
    alike: dict[tuple[str, float], StreetGrid] = {}
    needed_m = float(np.ceil(np.sqrt((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) / _MOST_CELLS)))
    for group in _staying(groups):
        finest_m = choose_cell_m(group.cutoff_s * speed_mps(network.graph(group.mode).mode.speed_kph))
        cell_m = max(finest_m, needed_m)
        key = (group.mode, cell_m)
        if key not in alike:
            alike[key] = build_street_grid(network, group.mode, cell_m=cell_m, bounds=bounds, limit_m=snap_limit_m)
        grids[group.name] = alike[key]
    return grids


def evaluate(
    scenario: Scenario,
    network: RoadNetwork,
    groups: Sequence[Group],
    *,
    study_area: gpd.GeoDataFrame | None = None,
    communities: gpd.GeoDataFrame | None = None,
    bands_s: Mapping[str, Sequence[float]] | None = None,
    grids: Mapping[str, StreetGrid] | None = None,
    limits_s: Mapping[str, float] | None = None,
    snap_limit_m: float = SNAP_LIMIT_M,
    direction: Direction = "to_facility",
    progress: Progress | None = None,
) -> Outcome:
    """Evaluate a scenario for every group.

    Parameters
    ----------
    scenario
        The stations that are open.
    network
        The network, built for the modes of all groups.
    groups
        Who travels; the first is the headline group.
    study_area
        Polygons to report for, metric CRS. Demand is not filtered: give the demand inside.
    communities
        Areas to report by (``id``, ``name``, ``subdistrict``), carried into the outcome.
    bands_s
        Group name -> cutoffs of the isochrone bands in seconds, the largest being the group's cutoff; thirds of the
        cutoff by default.
    grids
        Grids of `build_grids` for the same network, groups and study area, to save time over several scenarios.
    limits_s
        Group name -> how far to search at least, seconds, where a service may be farther than twice the cutoff.
    snap_limit_m
        Farthest access leg, metres.
    direction
        'to_facility' (workers travel to the station) or 'from_facility'.
    progress
        Called with (groups done, groups in all).

    Returns
    -------
    Outcome
        Times, coverage, shares, isochrones, reached streets and gaps of every group.

    Raises
    ------
    ConfigError
        No group, a group's name repeats, bands do not end at the cutoff or are for no group, or a grid is missing or
        for another network or mode.
    CrsError, SchemaError
        The study area has no metric CRS; the communities lack columns.
    NetworkError
        The network has not the mode of a group.
    """
    names = [group.name for group in groups]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"groups must be at least one, with names that do not repeat, got {name_some(names)}")
    for what, given in (("bands_s", bands_s), ("limits_s", limits_s)):
        unknown = [name for name in given or {} if name not in names]
        if unknown:
            raise ConfigError(
                f"{what} must be for groups among {', '.join(names)}, got {name_some(unknown)}; correct it"
            )
    if study_area is not None:
        require_metric(study_area, "study area")
        study_area = study_area.to_crs(network.crs)
    if communities is not None:
        check_table(communities, "areas", what="communities")
    if grids is None:
        grids = build_grids(network, groups, study_area=study_area, snap_limit_m=snap_limit_m)
    _check_grids(grids, network, groups)
    times = group_times(
        network,
        scenario.facilities,
        groups,
        limit_s={g.name: max(g.cutoff_s * LIMIT_PER_CUTOFF, (limits_s or {}).get(g.name, 0.0)) for g in groups},
        snap_limit_m=snap_limit_m,
        direction=direction,
    )
    outcomes = {}
    for done, group in enumerate(groups):
        bands = (bands_s or {}).get(group.name) or [group.cutoff_s / 3, group.cutoff_s * 2 / 3, group.cutoff_s]
        outcomes[group.name] = _evaluate_group(
            scenario, network, group, times[group.name], study_area, bands, grids.get(group.name), snap_limit_m
        )
        if progress is not None:
            progress(done + 1, len(groups))
    return Outcome(scenario, network, outcomes, study_area, communities)


def _check_grids(grids: Mapping[str, StreetGrid], network: RoadNetwork, groups: Sequence[Group]) -> None:
    """Raise unless there is a grid of this network for every group's mode."""
    lacking = [group.name for group in _staying(groups) if group.name not in grids]
    if lacking:
        raise ConfigError(
            f"grids must have one of every group, missing {name_some(lacking)}; build them with build_grids for these "
            "groups"
        )
    for group in _staying(groups):
        grids[group.name].require_built_for(network, group.mode)


def _staying(groups: Sequence[Group]) -> list[Group]:
    """Leave out the groups that pass by: a detour belongs to a road and a direction, not to a place."""
    return [group for group in groups if group.visit == "stay"]


def _evaluate_group(
    scenario: Scenario,
    network: RoadNetwork,
    group: Group,
    times: TravelTimes,
    study_area: gpd.GeoDataFrame | None,
    bands_s: Sequence[float],
    grid: StreetGrid | None,
    snap_limit_m: float,
) -> GroupOutcome:
    cutoffs_ms = check_cutoffs(bands_s)
    if cutoffs_ms[-1] != round(group.cutoff_s * MS_PER_S):
        raise ConfigError(
            f"the largest band of group {group.name!r} must be its cutoff ({group.cutoff_s:g} s), "
            f"got {cutoffs_ms[-1] / MS_PER_S:g} s; change the bands or the cutoff"
        )
    graph = network.graph(group.mode)
    coverage = measure_coverage(times, group.demand, group.cutoff_s)
    if grid is None:  # they pass by: a detour belongs to a stretch of road, not to a place
        straight_line = (float("nan"), float("nan"))
        streets = _no_streets(network)
        bands = tabulate_bands([], [], cutoffs_ms, graph=graph, cell_m=float("nan"), crs=network.crs)
        area_share, road_share = float("nan"), _passed_share(coverage, group.demand)
    else:
        facilities = with_parking(scenario.facilities, group.parking_s)
        reach = search_reach(
            network,
            graph,
            snap_points(network, facilities, group.mode, limit_m=snap_limit_m),
            limit_ms=cutoffs_ms[-1],
            direction=times.direction,
            delay_ms=entry_delays(facilities),
        )
        streets = street_table(network, reach.streets, reached_pieces(reach, cutoffs_ms), cutoffs_ms)
        field = cell_times(grid, graph, reach)
        shapes = contour(graph, grid, reach, cutoffs_ms)
        if study_area is not None:
            shapes = list(shapely.intersection(np.array(shapes, dtype=object), study_area.geometry.union_all()))
        bands = tabulate_bands(shapes, [""], cutoffs_ms, graph=graph, cell_m=grid.cell_m, crs=network.crs)
        area_share = covered_area_share(grid, field, group.cutoff_s, study_area)
        road_share = covered_road_share(network, group.mode, streets, group.cutoff_s, study_area)
        way_s = group.cutoff_s - group.parking_s
        straight_line = straight_line_share(group.demand.to_crs(network.crs), facilities, graph.mode, way_s)
    shares = table_shares(coverage, area_share=area_share, road_share=road_share, straight_line=straight_line)
    return GroupOutcome(
        group=group,
        times=times,
        coverage=coverage,
        shares=shares,
        isochrones=bands,
        reached_streets=_inside(streets, study_area),
        gaps=find_gaps(coverage, group.demand, network, scenario.facilities),
    )


def _no_streets(network: RoadNetwork) -> gpd.GeoDataFrame:
    """Return the table of reached streets without a row."""
    kinds = {"edge": np.int64, "time_s": np.float64, "band_s": np.float64, "length_m": np.float64}
    return gpd.GeoDataFrame({name: np.empty(0, kind) for name, kind in kinds.items()}, geometry=[], crs=network.crs)


def _passed_share(coverage: Coverage, stretches: gpd.GeoDataFrame) -> float:
    """Length of the stretches of main road whose drivers are covered, as a share of all."""
    length_m = stretches["length_m"].to_numpy(dtype=np.float64)
    return float(length_m[coverage.covered].sum() / length_m.sum())


def _inside(streets: gpd.GeoDataFrame, study_area: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Keep the street pieces that touch the study area."""
    if study_area is None or streets.empty:
        return streets
    area = study_area.geometry.union_all()
    shapely.prepare(area)
    return streets[np.asarray(shapely.intersects(area, streets.geometry.to_numpy()))].reset_index(drop=True)
