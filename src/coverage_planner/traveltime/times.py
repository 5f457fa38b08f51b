"""Sparse travel times between facilities and demand points."""

from dataclasses import dataclass
from typing import Literal, get_args

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from coverage_planner.errors import ConfigError, InputError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.traveltime.engine import check_limit, entry_delays, search_pairs
from coverage_planner.units import MS_PER_S, Progress

Direction = Literal["to_facility", "from_facility"]


@dataclass(frozen=True, eq=False)
class TravelTimes:
    """Times of all pairs within the limit, CSR, facilities in rows, demand points in columns.

    Attributes
    ----------
    facility_ids, demand_ids
        Shapes (f,) and (d,), text: labels of rows and columns, in the order of the tables given.
    indptr, indices, seconds
        CSR arrays: shapes (f + 1,), (pairs,), (pairs,); columns ascending within a row; float32 seconds from door to
        door, access legs included. A pair that is not stored is farther than the limit.
    limit_s
        How far the search went, seconds.
    direction
        'to_facility': from the demand point to the facility (the default everywhere); 'from_facility': back.
    mode_name, mode_description
        The mode and its speed, for example 'walk' and 'walk (4.8 km/h)'.
    facility_snaps, demand_snaps
        One row per facility and demand point: ``id``, ``edge``, ``fraction`` (along the edge), ``access_m``,
        ``on_island``, ``status`` ('snapped', 'too far', 'behind an obstacle', 'no street for the mode'), ``geometry``
        (the street position).
    """

    facility_ids: NDArray[np.object_]
    demand_ids: NDArray[np.object_]
    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    seconds: NDArray[np.float32]
    limit_s: float
    direction: Direction
    mode_name: str
    mode_description: str
    facility_snaps: gpd.GeoDataFrame
    demand_snaps: gpd.GeoDataFrame

    def __post_init__(self) -> None:
        """Check the shapes against each other."""
        n_rows, n_columns = len(self.facility_ids), len(self.demand_ids)
        if len(self.indptr) != n_rows + 1:
            raise InputError(f"indptr must have one row more than facility_ids: it has {len(self.indptr) - 1} rows, "
                             f"facility_ids has {n_rows} labels")  # fmt: skip
        if len(self.indices) != len(self.seconds) or len(self.indices) != self.indptr[-1]:
            raise InputError(f"indices and seconds must have indptr[-1] = {self.indptr[-1]} entries, "
                             f"got {len(self.indices)} and {len(self.seconds)}")  # fmt: skip
        if len(self.indices) and (self.indices.min() < 0 or self.indices.max() >= n_columns):
            raise InputError(f"indices must lie between 0 and {n_columns - 1}, the columns of demand_ids")

    def matrix(self) -> csr_array:
        """Return the times as a scipy CSR array; note that an explicit zero is a pair at zero seconds."""
        shape = (len(self.facility_ids), len(self.demand_ids))
        return csr_array((self.seconds, self.indices, self.indptr), shape=shape)

    def within(self, cutoff_s: float) -> "TravelTimes":
        """Return only the pairs with a time of at most `cutoff_s` seconds.

        Raises
        ------
        ConfigError
            The cutoff is not positive or beyond the limit of the search.
        """
        self.require_cutoff(cutoff_s)
        keep = self.seconds <= np.float32(cutoff_s)
        counts = np.add.reduceat(np.append(keep, False), self.indptr[:-1]) if len(self.facility_ids) else keep[:0]
        counts = np.where(np.diff(self.indptr) > 0, counts, 0)
        indptr = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        return TravelTimes(
            self.facility_ids, self.demand_ids, indptr, self.indices[keep], self.seconds[keep], cutoff_s,
            self.direction, self.mode_name, self.mode_description, self.facility_snaps, self.demand_snaps,
        )  # fmt: skip

    def require_cutoff(self, cutoff_s: float) -> None:
        """Raise unless 0 < `cutoff_s` <= limit.

        Raises
        ------
        ConfigError
            The cutoff is not positive or beyond the limit of the search.
        """
        if not 0 < cutoff_s <= self.limit_s:
            raise ConfigError(
                f"cutoff_s must be positive and at most the limit of the search ({self.limit_s:g} s), "
                f"got {cutoff_s:g}; search again with a larger limit_s"
            )

    def to_frame(self) -> pd.DataFrame:
        """Return the pairs as a table: facility_id, demand_id, time_s."""
        rows = np.repeat(np.arange(len(self.facility_ids)), np.diff(self.indptr))
        return pd.DataFrame(
            {
                "facility_id": self.facility_ids[rows],
                "demand_id": self.demand_ids[self.indices],
                "time_s": self.seconds,
            }
        )


def travel_times(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    mode: str,
    limit_s: float,
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> TravelTimes:
    """Compute the travel time of every facility and demand point within a limit.

    Bounded Dijkstra from each facility (Dijkstra 1959), on the reversed graph when people travel to it. Facilities and
    demand points sit at their exact place on the street; the straight access legs at both ends are walked and counted.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Stations or candidates: columns ``id``, ``geometry`` (points), metric CRS. A column ``entry_delay_s`` adds what
        the door itself takes: stairs, a gate, parking.
    demand
        Demand points: columns ``id``, ``geometry`` (points), metric CRS.
    mode
        Name of a mode of the network.
    limit_s
        How far to search, seconds from door to door.
    direction
        'to_facility' (workers travel to the station) or 'from_facility'.
    snap_limit_m
        Farthest a point may lie from its street, metres; points beyond have no times and stand in the snap tables.
    threads
        How many threads; all processors by default. The result does not depend on it.
    progress
        Called with (facilities done, facilities in all).

    Returns
    -------
    TravelTimes
        Sparse times, facilities in rows, demand points in columns.

    Raises
    ------
    ConfigError
        The limit, the snap limit or the number of threads is not positive, or the direction is unknown.
    CrsError, NetworkError
        No metric CRS; no such mode in the network.
    SchemaError
        An entry delay is negative.
    """
    if direction not in get_args(Direction):
        raise ConfigError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
    limit_ms = check_limit(limit_s)
    graph = network.graph(mode)
    sources = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    targets = snap_points(network, demand, mode, limit_m=snap_limit_m)
    indptr, indices, milliseconds = search_pairs(
        network,
        graph,
        sources,
        targets,
        limit_ms=limit_ms,
        reverse=direction == "to_facility",
        threads=threads,
        progress=progress,
        delay_ms=entry_delays(facilities),
    )
    return TravelTimes(
        facility_ids=sources.ids,
        demand_ids=targets.ids,
        indptr=indptr,
        indices=indices,
        seconds=(milliseconds / MS_PER_S).astype(np.float32),
        limit_s=float(limit_s),
        direction=direction,
        mode_name=mode,
        mode_description=graph.mode.describe(),
        facility_snaps=sources.to_frame(network.crs),
        demand_snaps=targets.to_frame(network.crs),
    )
