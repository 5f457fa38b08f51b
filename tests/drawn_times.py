"""Travel times without streets: from a table of seconds."""

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import csr_array

from coverage_planner.traveltime.times import TravelTimes

CRS = "EPSG:32650"


def make_times(seconds, facility_ids, demand_ids, *, limit_s=900.0, direction="to_facility", mode="walk"):
    """Times from a dense array; facilities in rows, NaN or more than the limit is no pair."""
    seconds = np.asarray(seconds, dtype=np.float64).reshape(len(facility_ids), len(demand_ids))
    rows, columns = np.nonzero(seconds <= limit_s)
    return make_sparse_times(
        rows, columns, seconds[rows, columns], facility_ids, demand_ids,
        limit_s=limit_s, direction=direction, mode=mode,
    )  # fmt: skip


def make_sparse_times(
    rows, columns, seconds, facility_ids, demand_ids, *, limit_s=900.0, direction="to_facility", mode="walk"
):
    """Times from triplets; a pair at zero seconds stays a pair."""
    rows, columns, seconds = np.asarray(rows), np.asarray(columns), np.asarray(seconds, dtype=np.float64)
    order = np.lexsort((columns, rows))
    shape = (len(facility_ids), len(demand_ids))
    place = csr_array((np.arange(1, len(order) + 1), (rows[order], columns[order])), shape=shape)
    empty = gpd.GeoDataFrame({"id": []}, geometry=[], crs=CRS)
    return TravelTimes(
        facility_ids=np.array(facility_ids, dtype=object),
        demand_ids=np.array(demand_ids, dtype=object),
        indptr=place.indptr.astype(np.int64),
        indices=place.indices.astype(np.int32),
        seconds=seconds[order].astype(np.float32),
        limit_s=limit_s,
        direction=direction,
        mode_name=mode,
        mode_description=f"{mode} (drawn)",
        facility_snaps=empty,
        demand_snaps=empty,
    )


def make_demand(weights, ids=None):
    """Demand points in a row, one metre apart."""
    ids = [f"D{k}" for k in range(len(weights))] if ids is None else ids
    return gpd.GeoDataFrame(
        {"id": np.array(ids, dtype=object), "demand": np.asarray(weights, dtype=float)},
        geometry=shapely.points(np.arange(len(ids), dtype=float), np.zeros(len(ids))),
        crs=CRS,
    )


def make_candidates(ids, cost=None):
    """Candidates in a row, one metre apart."""
    table = gpd.GeoDataFrame(
        {"id": np.array(ids, dtype=object)},
        geometry=shapely.points(np.arange(len(ids), dtype=float), np.ones(len(ids))),
        crs=CRS,
    )
    return table if cost is None else table.assign(cost=np.asarray(cost, dtype=float))
