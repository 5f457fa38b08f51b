"""The groups of a map's data: where their demand and the stations touch the streets, in the engine's own milliseconds.

Times are those that `scenario.group_times` works with: the same snapping, the same rounding, parking at the station's
door, searched in the same direction. So a search in the page gives the very numbers of the tables.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.areas import assign_areas
from coverage_planner.coverage.service_tables import profile_rows
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import snap_points
from coverage_planner.report import drawing
from coverage_planner.report.map_data_stations import Stations
from coverage_planner.report.map_data_streets import Clip, to_ms
from coverage_planner.report.packed import pack
from coverage_planner.scenario.group_times import with_parking
from coverage_planner.scenario.scenario import Group, Outcome
from coverage_planner.traveltime._lane_kernels import FAR
from coverage_planner.traveltime.engine import Links, entry_delays, link_positions, seed_times
from coverage_planner.units import MS_PER_S

if TYPE_CHECKING:
    from coverage_planner.coverage.offer import Needs
    from coverage_planner.scenario.circle import Circle
    from coverage_planner.traveltime.times import TravelTimes

_HOURS = 24


def needs_of(group: Group, circle: "Circle | None") -> "Needs | None":
    """Return what a group needs; None where no services are looked at."""
    return None if circle is None else circle.rules.needs(group)


def farthest_ms(group: Group, needs: "Needs | None") -> int:
    """Return the longest time that counts for a group, milliseconds."""
    cutoffs = [] if needs is None else [needs.cutoff_s(service, group.cutoff_s) for service in needs.services]
    return max(to_ms(seconds) for seconds in (group.cutoff_s, *cutoffs))


def pack_groups(
    outcomes: Sequence[Outcome],
    circles: "Sequence[Circle] | None",
    stations: Stations,
    clip: Clip,
    *,
    modes: Sequence[str],
    bands_s: Mapping[str, Sequence[float]],
    snap_limit_m: float,
) -> list[dict[str, Any]]:
    """Return the key ``groups``.

    Parameters
    ----------
    outcomes, circles
        The scenarios and their circles, or None.
    stations
        Their stations.
    clip
        The streets kept.
    modes
        The modes, in the order of the key ``modes``.
    bands_s
        Group name -> cutoffs of its bands, seconds.
    snap_limit_m
        Farthest access leg, metres.
    """
    first = outcomes[0]
    packed = []
    for name, outcome in first.groups.items():
        group, needs = outcome.group, needs_of(outcome.group, None if circles is None else circles[0])
        services = () if needs is None else needs.services
        passes = group.visit == "pass"
        links = None if passes else _link(first, group, stations, clip, snap_limit_m)
        longest_ms = farthest_ms(group, needs)
        packed.append(
            {
                "name": name,
                "mode": list(modes).index(group.mode),
                "visit": group.visit,
                "cutoff_ms": to_ms(group.cutoff_s),
                "bands_ms": [to_ms(seconds) for seconds in bands_s[name]],
                "parking_ms": to_ms(group.parking_s),
                "services": list(services),
                "required": [] if needs is None else list(needs.required),
                "cutoffs_ms": {} if needs is None else {s: to_ms(needs.cutoff_s(s, group.cutoff_s)) for s in services},
                "points": _pack_points(first, group) | (links["points"] if links else {}),
                "stations": links["stations"] if links else None,
                "pairs": _pack_pairs(outcomes, circles, name, stations, longest_ms) if passes else None,
                "profile": None if group.profile is None else pack(group.profile.to_numpy(dtype=np.float64), "f64"),
            }
        )
    return packed


def _pack_points(outcome: Outcome, group: Group) -> dict[str, Any]:
    """Describe demand points: where, how many, of which kind, in which community."""
    demand = group.demand
    places = shapely.point_on_surface(demand.geometry.to_numpy())
    kind = np.zeros(len(demand), dtype=np.int64)
    if group.profile is not None:
        kind = profile_rows(group.profile, demand)
    community = np.full(len(demand), -1)
    if outcome.communities is not None:
        community = assign_areas(demand, outcome.communities).to_numpy()
    return {
        "n": len(demand),
        "place": pack(drawing.micro_degrees(shapely.get_coordinates(places), demand.crs), "i32", delta=True, stride=2),
        "weight": pack(demand["demand"].to_numpy(dtype=np.float64), "f64"),
        "kind": pack(kind, "u8"),
        "community": pack(community, "i32"),
    }


def _link(outcome: Outcome, group: Group, stations: Stations, clip: Clip, snap_limit_m: float) -> dict[str, Any]:
    """Describe how demand points and stations hang on the streets."""
    network = outcome.network
    reverse = outcome.headline.times.direction == "to_facility"
    graph = network.graph(group.mode)
    doors = with_parking(stations.table, group.parking_s)
    starts = link_positions(
        network,
        graph,
        snap_points(network, doors, group.mode, limit_m=snap_limit_m),
        reverse=reverse,
        delay_ms=entry_delays(doors),
    )
    ends = link_positions(
        network, graph, snap_points(network, _points(network, group), group.mode, limit_m=snap_limit_m), reverse=reverse
    )
    offset = np.where(ends.arriving < FAR, ends.arriving + ends.access[:, np.newaxis], -1)
    seed = seed_times(starts)
    return {
        "points": _pack_links(ends, clip) | {"offset": _pack_times(offset, ends, clip)},
        "stations": _pack_links(starts, clip)
        | {
            "fraction": pack(starts.fraction, "f64"),  # round a station inside a street pieces of it are reached
            "seed": _pack_times(np.where(seed < FAR, seed, -1), starts, clip),
        },
    }


def _points(network: RoadNetwork, group: Group) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"id": group.demand["id"].to_numpy(dtype=object)},
        geometry=group.demand.geometry.to_crs(network.crs).to_numpy(),
        crs=network.crs,
    )


def _kept(links: Links, clip: Clip) -> NDArray[np.int32]:
    """Return the new number of each position's street; -1 where it has none, or one that is left out."""
    edge = np.where(links.edge >= 0, links.edge, 0)
    return np.where(links.edge >= 0, clip.new_edge[edge], -1).astype(np.int32)


def _pack_links(links: Links, clip: Clip) -> dict[str, Any]:
    edge = _kept(links, clip)
    return {
        "edge": pack(edge, "i32"),
        "along": _pack_times(links.along, links, clip),
        "access": pack(np.where(edge >= 0, links.access, -1), "i32"),
    }


def _pack_times(times: NDArray[np.int64], links: Links, clip: Clip) -> dict[str, Any]:
    return pack(np.where(_kept(links, clip)[:, np.newaxis] >= 0, times, -1), "i32")


def _pack_pairs(
    outcomes: Sequence[Outcome], circles: "Sequence[Circle] | None", name: str, stations: Stations, longest_ms: int
) -> dict[str, Any]:
    """Return the detours to every station, rows as in the key ``stations``."""
    columns: list[NDArray[np.int32]] = [np.empty(0, dtype=np.int32)] * len(stations.records)
    times_ms: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)] * len(stations.records)
    for number, outcome in enumerate(outcomes):
        times: TravelTimes = outcome.groups[name].times if circles is None else circles[number].groups[name].times
        for row, station in enumerate(stations.rows[number][: len(times.facility_ids)]):
            pairs = slice(times.indptr[row], times.indptr[row + 1])
            ms = np.rint(times.seconds[pairs].astype(np.float64) * MS_PER_S).astype(np.int64)
            near = ms <= longest_ms
            columns[station], times_ms[station] = times.indices[pairs][near], ms[near]
    first = np.concatenate(([0], np.cumsum([len(found) for found in columns])))
    return {
        "first": pack(first, "i32"),
        "point": pack(np.concatenate([*columns, np.empty(0, dtype=np.int32)]), "i32"),
        "ms": pack(np.concatenate([*times_ms, np.empty(0, dtype=np.int64)]), "i32"),
    }
