"""Times of stations and candidates together: one search for each speed, over places found once."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import Positions, snap_points
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.other_speed import scale_graph, scale_times
from coverage_planner.scenario.scenario import Group
from coverage_planner.traveltime.detours import describe_detours, pick_stretches, place_starts, search_detours
from coverage_planner.traveltime.engine import check_limit, entry_delays, search_pairs
from coverage_planner.traveltime.times import Direction, TravelTimes
from coverage_planner.units import MS_PER_S, to_milliseconds

_Pairs = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class SearchPlaces:
    """Where stations, candidates and demand touch the streets: the same at every speed.

    Attributes
    ----------
    network, graph, group
        The streets, those of the group's mode, and who travels.
    direction
        As of the times of today.
    doors
        Places of the stations, then of the candidates.
    n_stations
        How many of them are stations.
    delay_ms
        What each door takes, parking included; None where none takes time.
    demands
        Places of each demand table; for groups that pass by where each stretch begins.
    stretches
        The stretches of each table, for groups that pass by; else empty.
    """

    network: RoadNetwork
    graph: ModeGraph
    group: Group
    direction: Direction
    doors: Positions
    n_stations: int
    delay_ms: NDArray[np.int64] | None
    demands: tuple[Positions, ...]
    stretches: tuple[gpd.GeoDataFrame, ...]

    @property
    def lost_candidates(self) -> NDArray[np.object_]:
        """Ids of the candidates without a street."""
        return self.doors.ids[self.n_stations :][~self.doors.snapped[self.n_stations :]]


@dataclass(frozen=True, eq=False)
class FoundTimes:
    """Times of the stations, and of the candidates, to one demand table."""

    existing: TravelTimes
    candidates: TravelTimes


def find_places(
    network: RoadNetwork,
    group: Group,
    stations: gpd.GeoDataFrame,
    candidates: gpd.GeoDataFrame,
    demands: Sequence[gpd.GeoDataFrame],
    *,
    direction: Direction,
    snap_limit_m: float,
) -> SearchPlaces:
    """Find where everything touches the streets.

    Parameters
    ----------
    network
        The network, built for the mode of the group.
    group
        Who travels.
    stations, candidates
        Columns ``id``, ``geometry``, optionally ``entry_delay_s``.
    demands
        Demand tables, for groups that pass by stretches of main road.
    direction
        'to_facility' or 'from_facility'.
    snap_limit_m
        Farthest a point may lie from its street, metres.

    Raises
    ------
    ConfigError, CrsError, InputError, NetworkError, SchemaError
        As of `travel_times` and `detour_times`.
    """
    graph = network.graph(group.mode)
    parked = [with_parking(table, group.parking_s) for table in (stations, candidates)]
    delays = [entry_delays(table) for table in parked]
    delay_ms = None
    if any(delay is not None for delay in delays):
        zeros = (np.zeros(len(table), dtype=np.int64) for table in parked)
        delay_ms = np.concatenate([none if own is None else own for own, none in zip(delays, zeros, strict=True)])
    passing = group.visit == "pass"
    stretches = [pick_stretches(network, table, group.mode).to_crs(network.crs) for table in demands if passing]
    if passing:
        places = [place_starts(network, graph, table) for table in stretches]
    else:
        places = [snap_points(network, table, group.mode, limit_m=snap_limit_m) for table in demands]
    return SearchPlaces(
        network,
        graph,
        group,
        direction,
        _join([snap_points(network, table, group.mode, limit_m=snap_limit_m) for table in parked]),
        len(stations),
        delay_ms,
        tuple(places),
        tuple(stretches),
    )


def search_at_speed(
    places: SearchPlaces, factor: float, limit_s: float, *, n_demands: int, threads: int | None = None
) -> list[FoundTimes]:
    """Search once from all stations and candidates to the first demand tables, at another speed.

    Parameters
    ----------
    places
        What `find_places` found.
    factor
        Of the speed, on streets and access legs; delays at junctions and doors, and parking, stay.
    limit_s
        How far to search, seconds.
    n_demands
        How many of the demand tables to search for.
    threads
        How many threads; all processors by default. The result does not depend on it.

    Raises
    ------
    ConfigError
        The limit is no time; people pass by, junctions delay them and the speed is another: how long passing without
        a stop then takes is not known.
    NetworkError
        A street takes longer than the engine counts.
    """
    graph = scale_graph(places.graph, factor)
    limit_ms = check_limit(limit_s)
    targets = places.demands[:n_demands]
    if places.group.visit == "pass":
        stretches = _faster(places, factor, n_demands)
        found = search_detours(
            places.network, graph, places.doors, stretches, limit_ms=limit_ms, threads=threads, progress=None,
            delay_ms=places.delay_ms,
        )  # fmt: skip
    else:
        found = search_pairs(
            places.network, graph, places.doors, _join(targets), limit_ms=limit_ms,
            reverse=places.direction == "to_facility", threads=threads, progress=None, delay_ms=places.delay_ms,
        )  # fmt: skip
    described = graph.mode.describe() if places.group.visit == "stay" else describe_detours(graph.mode)
    ends = np.cumsum([len(target.ids) for target in targets]).tolist()
    return [
        _split(places, found, target, (end - len(target.ids), end), limit_s, described)
        for target, end in zip(targets, ends, strict=True)
    ]


def _split(
    places: SearchPlaces,
    found: _Pairs,
    target: Positions,
    columns: tuple[int, int],
    limit_s: float,
    described: str,
) -> FoundTimes:
    """Cut out the times to one demand table, of stations and of candidates."""
    crs = places.network.crs
    doors, snaps = places.doors.to_frame(crs), target.to_frame(crs)
    parts = []
    for begin, end in ((0, places.n_stations), (places.n_stations, len(doors))):
        indptr, indices, milliseconds = _cut(found, (begin, end), columns)
        parts.append(
            TravelTimes(
                facility_ids=places.doors.ids[begin:end],
                demand_ids=target.ids,
                indptr=indptr,
                indices=indices,
                seconds=(milliseconds / MS_PER_S).astype(np.float32),
                limit_s=float(limit_s),
                direction=places.direction,
                mode_name=places.group.mode,
                mode_description=described,
                facility_snaps=doors.iloc[begin:end].reset_index(drop=True),
                demand_snaps=snaps,
            )
        )
    return FoundTimes(*parts)


def _faster(places: SearchPlaces, factor: float, n_demands: int) -> gpd.GeoDataFrame:
    """Put the stretches together, their passing times at another speed."""
    stretches = pd.concat(places.stretches[:n_demands], ignore_index=True)
    if factor == 1:
        return stretches
    if places.graph.delay_ms.any():
        raise ConfigError(
            f"speed_factors must be (1.0,) for a group that passes by and waits at junctions ({places.group.name!r} "
            f"by {places.group.mode!r}), got {factor:g}; leave the other speeds out, or compare sites for another group"
        )
    pass_ms = scale_times(to_milliseconds(stretches["pass_s"].to_numpy(dtype=np.float64)), factor)
    return stretches.assign(pass_s=pass_ms / MS_PER_S)


def _join(positions: Sequence[Positions]) -> Positions:
    names = [field.name for field in fields(Positions)]
    return Positions(**{name: np.concatenate([getattr(one, name) for one in positions]) for name in names})


def _cut(pairs: _Pairs, rows: tuple[int, int], columns: tuple[int, int]) -> _Pairs:
    """Keep the rows and columns from the first number to the second, exclusive."""
    indptr, indices, milliseconds = pairs
    begin, end = int(indptr[rows[0]]), int(indptr[rows[1]])
    row = np.repeat(np.arange(rows[1] - rows[0]), np.diff(indptr[rows[0] : rows[1] + 1]))
    found = indices[begin:end]
    keep = (found >= columns[0]) & (found < columns[1])
    counts = np.bincount(row[keep], minlength=rows[1] - rows[0])
    first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return first, found[keep] - np.int32(columns[0]), milliseconds[begin:end][keep]
