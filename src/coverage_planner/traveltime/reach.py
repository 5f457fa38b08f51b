"""How far one gets: times from the nearest facility to every place on the streets, and the pieces reached.

For an edge (u, v) of time c, the part reached from u is min(c, T - d(u)), likewise from v where travel that way is
allowed. Where the parts meet, the whole edge is reached; otherwise two pieces are. Around a facility inside an edge a
piece is reached even when neither end is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import ModeGraph, RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, Positions, snap_points
from coverage_planner.traveltime._lane_kernels import FAR
from coverage_planner.traveltime._reach_kernels import cut_lines, cut_pieces, times_at
from coverage_planner.traveltime._sweep_kernels import NOBODY
from coverage_planner.traveltime.each import search_each
from coverage_planner.traveltime.engine import entry_delays, link_positions, seed_times
from coverage_planner.traveltime.nearest import make_seeds, sweep
from coverage_planner.traveltime.street_arrays import StreetArrays, street_arrays
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import LONGEST_MS, MS_PER_S, Progress, to_milliseconds

_LABEL = np.int64(0xFFFFFFFF)
#: Bands are numbered in a byte.
_MOST_CUTOFFS = 255


@dataclass(frozen=True, eq=False)
class Reach:
    """Times from the nearest facility over the streets of one mode.

    Attributes
    ----------
    streets
        The streets in the direction of search.
    dist
        Shape (n,), int32: milliseconds until one has passed each node; `FAR` beyond the limit.
    label
        Shape (n,), int32: row of the facility that is nearest to each node, -1 beyond the limit.
    nodes
        The nodes within the limit, rising.
    seeds
        Shape (s, 4): edge, place along it, milliseconds from the door and row of each facility on a street, by edge.
    """

    streets: StreetArrays
    dist: NDArray[np.int32]
    label: NDArray[np.int32]
    nodes: NDArray[np.int32]
    seeds: NDArray[np.float64]


def search_reach(
    network: RoadNetwork,
    graph: ModeGraph,
    positions: Positions,
    *,
    limit_ms: int,
    direction: Direction,
    delay_ms: NDArray[np.int64] | None = None,
) -> Reach:
    """Search from all positions at once; each place keeps the time of the nearest, of equally near ones the first.

    Parameters
    ----------
    network, graph
        The network and the graph of the mode.
    positions
        Where the facilities touch the streets.
    limit_ms
        How far to search, milliseconds.
    direction
        'to_facility' searches back, 'from_facility' forth.
    delay_ms
        Shape (facilities,): what each door takes besides the access leg.
    """
    reverse = check_direction(direction) == "to_facility"
    links = link_positions(network, graph, positions, reverse=reverse, delay_ms=delay_ms)
    rows = np.flatnonzero(positions.snapped)
    starts = make_seeds(links.ends[rows], seed_times(links)[rows], np.column_stack([rows, rows]))
    best = sweep(graph.entering if reverse else graph.leaving, starts, limit_ms=limit_ms)[:, 0]
    within = best != NOBODY
    seeds = np.column_stack([links.edge, links.fraction, links.access, np.arange(len(links.edge))])[rows]
    return Reach(
        streets=street_arrays(network, graph, reverse=reverse),
        dist=np.where(within, best >> 32, FAR).astype(np.int32),
        label=np.where(within, best & _LABEL, -1).astype(np.int32),
        nodes=np.flatnonzero(within).astype(np.int32),
        seeds=np.ascontiguousarray(seeds[np.argsort(seeds[:, 0], kind="stable")], dtype=np.float64),
    )


def place_times(reach: Reach, edge: NDArray[np.int32], fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time in milliseconds at places on edges, access legs left out.

    Parameters
    ----------
    reach
        A search.
    edge, fraction
        Shape (p,): edge numbers (negative: nowhere) and places along them, 0 at u, 1 at v.

    Returns
    -------
    numpy.ndarray
        Shape (p,); ``inf`` where not reached.
    """
    times: NDArray[np.float64] = times_at(
        reach.streets.edges, reach.dist, reach.seeds, edge.astype(np.int32), fraction.astype(np.float64)
    )
    return times


def reached_pieces(reach: Reach, cutoffs_ms: Sequence[int]) -> pd.DataFrame:
    """Cut the streets where the time passes a cutoff.

    Parameters
    ----------
    reach
        A search.
    cutoffs_ms
        Rising cutoffs, milliseconds.

    Returns
    -------
    pandas.DataFrame
        One row per piece: ``edge``, ``start``, ``stop`` (fractions along the edge, start < stop), ``time_ms`` (the
        largest time on it), ``band`` (number of the first cutoff that is not below it). Sorted by edge and start.
    """
    streets = reach.streets
    cutoffs = np.asarray(cutoffs_ms, dtype=np.float64)
    return _tabulate_pieces(
        cut_pieces(streets.edges, streets.near_first, streets.near_edges, reach.dist, reach.seeds, reach.nodes, cutoffs)
    )


def _tabulate_pieces(pieces: NDArray[np.float64]) -> pd.DataFrame:
    """Put compiled pieces into a table, by edge; along an edge they are in order."""
    pieces = pieces[np.argsort(pieces[:, 0], kind="stable")]
    return pd.DataFrame(
        {
            "edge": pieces[:, 0].astype(np.int32),
            "start": pieces[:, 1],
            "stop": pieces[:, 2],
            "time_ms": pieces[:, 3],
            "band": pieces[:, 4].astype(np.int64),
        }
    )


def draw_pieces(network: RoadNetwork, streets: StreetArrays, pieces: pd.DataFrame) -> NDArray[np.object_]:
    """Cut the pieces' geometry out of their edges."""
    edge = pieces["edge"].to_numpy(dtype=np.int32)
    start, stop = pieces["start"].to_numpy(), pieces["stop"].to_numpy()
    lines: NDArray[np.object_] = network.edges.geometry.to_numpy()[edge]
    partial = np.flatnonzero((start > 0) | (stop < 1))
    if len(partial):
        xy, offsets = cut_lines(streets.edges, streets.line, edge[partial], start[partial], stop[partial])
        lines[partial] = shapely.from_ragged_array(shapely.GeometryType.LINESTRING, xy, (offsets,))
    return lines


def check_cutoffs(cutoffs_s: Sequence[float]) -> list[int]:
    """Return cutoffs as rising milliseconds.

    Raises
    ------
    ConfigError
        There are none or more than 255, or one is not positive or too large for the engine, or one repeats.
    """
    if len(cutoffs_s) > _MOST_CUTOFFS:
        raise ConfigError(
            f"cutoffs_s must be at most {_MOST_CUTOFFS} cutoffs, got {len(cutoffs_s)}; ask for fewer bands"
        )
    within = all(0 < cutoff < LONGEST_MS / MS_PER_S for cutoff in cutoffs_s)
    rising = sorted({int(to_milliseconds(cutoff)) for cutoff in cutoffs_s}) if within else []
    if not rising or rising[0] <= 0 or len(rising) < len(cutoffs_s):
        raise ConfigError(
            f"cutoffs_s must be positive seconds below {LONGEST_MS // MS_PER_S} without repeats, got "
            f"{list(cutoffs_s)}; correct them"
        )
    return rising


def check_direction(direction: Direction) -> Direction:
    """Return the direction if there is such a one.

    Raises
    ------
    ConfigError
        It is neither 'to_facility' nor 'from_facility'.
    """
    if direction not in get_args(Direction):
        raise ConfigError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}; correct it")
    return direction


def reached_streets(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    *,
    mode: str,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_facility",
    overlap: Literal["separate", "union"] = "union",
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> gpd.GeoDataFrame:
    """Cut out the street pieces within the cutoffs of a facility.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    mode
        Name of a mode of the network.
    cutoffs_s
        Cutoffs in seconds, from the facility's door to the place on the street.
    direction
        'to_facility' or 'from_facility'.
    overlap
        'union': pieces within the cutoffs of the nearest facility. 'separate': the pieces of each facility by itself;
        a street that several reach is there as often.
    snap_limit_m
        Farthest a facility may lie from its street, metres.
    threads
        How many threads for separate pieces; all processors by default. The result does not depend on it.
    progress
        Called with (facilities done, facilities in all) for separate pieces.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per piece: ``edge``, ``time_s`` (the largest time on it), ``band_s`` (the cutoff it is within and beyond
        the one before), ``length_m``, ``geometry``, by edge and along it; with 'separate' ``facility_id`` before them,
        in the order of the facilities.

    Raises
    ------
    ConfigError
        A cutoff is not positive or repeats, or there is no such direction or overlap.
    """
    cutoffs_ms = check_cutoffs(cutoffs_s)
    if overlap not in ("separate", "union"):
        raise ConfigError(f"overlap must be 'separate' or 'union' for streets, got {overlap!r}; correct it")
    reverse = check_direction(direction) == "to_facility"
    graph = network.graph(mode)
    positions = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    limit_ms, delay_ms = cutoffs_ms[-1], entry_delays(facilities)
    streets = street_arrays(network, graph, reverse=reverse)
    if overlap == "union":
        reach = search_reach(network, graph, positions, limit_ms=limit_ms, direction=direction, delay_ms=delay_ms)
        return street_table(network, streets, reached_pieces(reach, cutoffs_ms), cutoffs_ms)
    cutoffs = np.asarray(cutoffs_ms, dtype=np.float64)

    def cut(nodes: NDArray[np.int32], dist: NDArray[np.int32], seeds: NDArray[np.float64]) -> NDArray[np.float64]:
        pieces: NDArray[np.float64] = cut_pieces(
            streets.edges, streets.near_first, streets.near_edges, dist, seeds, nodes, cutoffs
        )
        return pieces

    found = dict(
        search_each(
            network, graph, positions, cut, limit_ms=limit_ms, reverse=reverse, delay_ms=delay_ms, threads=threads,
            progress=progress,
        )
    )  # fmt: skip
    tables = [
        street_table(network, streets, _tabulate_pieces(found[row]), cutoffs_ms).assign(facility_id=facility_id)
        for row, facility_id in enumerate(positions.ids)
        if row in found
    ]
    empty = street_table(network, streets, _tabulate_pieces(np.empty((0, 5))), cutoffs_ms)
    table = pd.concat(tables, ignore_index=True) if tables else empty.assign(facility_id=pd.Series(dtype=object))
    return table[["facility_id", *empty.columns]]


def street_table(
    network: RoadNetwork, streets: StreetArrays, pieces: pd.DataFrame, cutoffs_ms: Sequence[int]
) -> gpd.GeoDataFrame:
    """Turn pieces into the table of `reached_streets`; barriers, which have no length, are left out."""
    length_m = network.edges["length_m"].to_numpy()[pieces["edge"].to_numpy()]
    pieces, length_m = pieces[length_m > 0], length_m[length_m > 0]
    columns: dict[str, Any] = {
        "edge": pieces["edge"].to_numpy(),
        "time_s": pieces["time_ms"].to_numpy() / MS_PER_S,
        "band_s": np.asarray(cutoffs_ms)[pieces["band"].to_numpy()] / MS_PER_S,
        "length_m": length_m * (pieces["stop"] - pieces["start"]).to_numpy(),
    }
    return gpd.GeoDataFrame(columns, geometry=draw_pieces(network, streets, pieces), crs=network.crs)
