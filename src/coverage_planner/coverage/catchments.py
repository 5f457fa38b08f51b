"""How much demand lies in the catchment of each facility, added up during the search.

For comparing very many candidates: 10,000 of them with 1,000,000 demand points may have billions of pairs within reach,
which no table needs to hold.
"""

from collections.abc import Sequence
from typing import get_args

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage_planner.errors import ConfigError
from coverage_planner.network.road_network import RoadNetwork
from coverage_planner.network.snap import SNAP_LIMIT_M, snap_points
from coverage_planner.schema import check_table
from coverage_planner.traveltime.engine import entry_delays, sum_pairs
from coverage_planner.traveltime.reach import check_cutoffs
from coverage_planner.traveltime.times import Direction
from coverage_planner.units import MS_PER_S, Progress


def measure_catchments(
    network: RoadNetwork,
    facilities: gpd.GeoDataFrame,
    demand: gpd.GeoDataFrame,
    *,
    mode: str,
    cutoffs_s: Sequence[float],
    direction: Direction = "to_facility",
    snap_limit_m: float = SNAP_LIMIT_M,
    threads: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Add up the demand within each cutoff of every facility, overlaps counted, without storing the travel times.

    Parameters
    ----------
    network
        The network, built for `mode`.
    facilities
        Stations or candidates: columns ``id``, ``geometry`` (points), optionally ``entry_delay_s``; metric CRS.
    demand
        Demand points: columns ``id``, ``demand``, ``geometry`` (points); metric CRS.
    mode
        Name of a mode of the network.
    cutoffs_s
        Cutoffs in seconds; a time equal to one counts as within it.
    direction
        'to_facility' (workers travel to the station) or 'from_facility'.
    snap_limit_m
        Farthest a point may lie from its street, metres; points beyond are in no catchment.
    threads
        How many threads; all processors by default. The result does not depend on it.
    progress
        Called with (facilities done, facilities in all).

    Returns
    -------
    pandas.DataFrame
        One row per facility and rising cutoff: ``facility_id``, ``cutoff_s``, ``catchment_points``,
        ``catchment_demand``, ``mean_time_s`` (demand-weighted; NaN where there is no demand).

    Raises
    ------
    ConfigError
        A cutoff is not positive or repeats, the number of threads is not positive, or the direction is unknown.
    CrsError, NetworkError, SchemaError
        No metric CRS; no such mode in the network; the demand has no weights.
    """
    if direction not in get_args(Direction):
        raise ConfigError(f"direction must be one of {', '.join(get_args(Direction))}, got {direction!r}")
    check_table(demand, "demand")
    cutoffs_ms = check_cutoffs(cutoffs_s)
    sources = snap_points(network, facilities, mode, limit_m=snap_limit_m)
    points, sums, weighted_ms = sum_pairs(
        network,
        network.graph(mode),
        sources,
        snap_points(network, demand, mode, limit_m=snap_limit_m),
        demand["demand"].to_numpy(dtype=np.float64),
        cutoffs_ms=cutoffs_ms,
        reverse=direction == "to_facility",
        threads=threads,
        progress=progress,
        delay_ms=entry_delays(facilities),
    )
    with np.errstate(invalid="ignore"):
        mean_time_s = weighted_ms / sums / MS_PER_S
    return pd.DataFrame(
        {
            "facility_id": np.repeat(sources.ids, len(cutoffs_ms)),
            "cutoff_s": np.tile(np.asarray(cutoffs_ms) / MS_PER_S, len(sources.ids)),
            "catchment_points": points.ravel(),
            "catchment_demand": sums.ravel(),
            "mean_time_s": mean_time_s.ravel(),
        }
    )
