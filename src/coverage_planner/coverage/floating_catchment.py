"""Two-step floating catchments: how much supply there is for each person, shared with all who reach it too."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from coverage_planner.coverage.measure import require_same_rows
from coverage_planner.errors import ConfigError, InputError, name_some
from coverage_planner.schema import check_table, require_metric
from coverage_planner.traveltime.times import TravelTimes

#: Weights of three zones as Luo & Qi (2009) use them (a Gaussian that falls slowly), for 0-10, 10-20 and 20-30 minutes.
LUO_QI_WEIGHTS = (1.0, 0.68, 0.22)


@dataclass(frozen=True, eq=False)
class FloatingCatchment:
    """Supply per head by floating catchments.

    Attributes
    ----------
    facilities
        One row per facility, in the table's order: ``id``, ``supply``, ``demand_in_catchment`` (weighted by zone),
        ``ratio`` (supply / demand_in_catchment; NaN where the catchment holds no demand).
    points
        One row per demand point, in the table's order: ``id``, ``access`` (supply per unit of demand; 0 where no
        facility is within reach; NaN where one within reach has no ratio, which only points without demand can have).
    bands_s, weights
        Upper ends of the zones, seconds, and their weights.
    """

    facilities: pd.DataFrame
    points: pd.DataFrame
    bands_s: tuple[float, ...]
    weights: tuple[float, ...]


def floating_catchment(
    times: TravelTimes,
    demand: gpd.GeoDataFrame,
    supply: NDArray[np.float64],
    *,
    bands_s: Sequence[float],
    weights: Sequence[float],
) -> FloatingCatchment:
    """Measure access by enhanced two-step floating catchments (E2SFCA).

    With time *t* between point *i* and facility *j*, weight *W(t)* of the zone that *t* lies in (0 beyond the last),
    demand *P* and supply *S*::

        R_j = S_j / sum over i of P_i W(t_ij)          step 1: supply per head in each facility's catchment
        A_i = sum over j of R_j W(t_ij)                step 2: what is within reach of each point

    (Luo & Qi 2009; with one band and weight 1 the 2SFCA of Luo & Wang 2003.) The sum over all points of P_i A_i is the
    supply of the facilities that have demand in their catchment: supply is handed out once.

    A point's access depends on facilities up to one reach away (the last band), and these on demand up to two reaches
    away. **Facilities must be given up to one reach and demand up to two reaches beyond the study area**, or access
    near its border is wrong: too high where demand is missing, too low where facilities are. `find_without_margin`
    names the points concerned.

    Parameters
    ----------
    times
        Sparse travel times of these demand points.
    demand
        The demand table the times were computed for (columns ``id``, ``demand``).
    supply
        Shape (f,): places, staff or square metres of each facility; 0 for one that is closed.
    bands_s
        Upper ends of the zones, seconds, ascending; a time equal to one lies within it. The last is the reach and at
        most ``times.limit_s``.
    weights
        One weight per zone, above 0 and never rising, for example `LUO_QI_WEIGHTS`.

    Returns
    -------
    FloatingCatchment
        Tables of facilities and points.

    Raises
    ------
    ConfigError
        Bands that do not ascend or lie beyond the limit; weights that rise, are not positive or not one per band.
    InputError
        The demand table is not the one the times were computed for; supply of another length, missing or negative.
    """
    check_table(demand, "demand")
    require_same_rows(demand, times.demand_ids, "demand")
    bands, zone_weights = _check_bands(times, bands_s, weights)
    stock = _check_supply(times, supply)
    n_facilities, n_points = len(times.facility_ids), len(times.demand_ids)
    people = demand["demand"].to_numpy(dtype=np.float64)

    zone = np.searchsorted(bands, times.seconds)  # the first band that is not below the time
    within = zone < len(bands)
    rows = np.repeat(np.arange(n_facilities), np.diff(times.indptr))[within]
    columns, weight = times.indices[within], zone_weights[zone[within]]
    shared_by = np.bincount(rows, weights=people[columns] * weight, minlength=n_facilities).astype(np.float64)
    ratio = np.divide(stock, shared_by, out=np.full(n_facilities, np.nan), where=shared_by > 0)
    access = np.bincount(columns, weights=ratio[rows] * weight, minlength=n_points).astype(np.float64)
    return FloatingCatchment(
        facilities=pd.DataFrame(
            {"id": times.facility_ids, "supply": stock, "demand_in_catchment": shared_by, "ratio": ratio}
        ),
        points=pd.DataFrame({"id": times.demand_ids, "access": access}),
        bands_s=tuple(float(band) for band in bands_s),
        weights=tuple(float(value) for value in weights),
    )


def find_without_margin(
    demand: gpd.GeoDataFrame,
    demand_extent: gpd.GeoDataFrame,
    facility_extent: gpd.GeoDataFrame,
    *,
    reach_m: float,
) -> pd.Series:
    """Find the points whose floating-catchment access may be wrong because the data end too near.

    Parameters
    ----------
    demand
        Points whose access is reported, metric CRS.
    demand_extent, facility_extent
        Polygons within which all demand, and all facilities, are given; metric CRS.
    reach_m
        What the last band reaches at most, metres: its seconds times the mode's fastest speed.

    Returns
    -------
    pandas.Series
        Index of `demand`; True where less than `reach_m` of facilities, or less than two times `reach_m` of demand, is
        given around the point. The others are right for certain: no street is shorter than a straight line.

    Raises
    ------
    CrsError
        A table has no metric CRS.
    ConfigError
        The reach is not positive.
    """
    if not reach_m > 0:
        raise ConfigError(f"reach_m must be positive, got {reach_m:g}; give the last band times the fastest speed")
    require_metric(demand, "demand")
    short = np.zeros(len(demand), dtype=np.bool_)
    for extent, what, needed_m in (
        (demand_extent, "demand_extent", 2.0 * reach_m),
        (facility_extent, "facility_extent", reach_m),
    ):
        require_metric(extent, what)
        points = demand.geometry.to_crs(extent.crs).to_numpy()
        area = extent.geometry.union_all()
        shapely.prepare(area)
        edge = area.boundary
        shapely.prepare(edge)
        # What lies on the border is given, so a border exactly that far away is far enough.
        short |= ~shapely.intersects(area, points) | shapely.dwithin(edge, points, np.nextafter(needed_m, 0.0))
    return pd.Series(short, index=demand.index, name="without_margin")


def _check_bands(
    times: TravelTimes, bands_s: Sequence[float], weights: Sequence[float]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    bands, given = np.asarray(bands_s, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if not len(bands) or not (np.diff(np.append(0.0, bands)) > 0).all():
        raise ConfigError(
            f"bands_s must be one or more ascending times above 0, got {list(bands_s)}; put them in order"
        )
    times.require_cutoff(float(bands[-1]))
    if given.shape != bands.shape:
        raise ConfigError(
            f"weights must have one value per band ({len(bands)}), got {list(weights)}; add or remove some"
        )
    if not (np.isfinite(given).all() and (given > 0).all() and (np.diff(given) <= 0).all()):
        raise ConfigError(
            f"weights must be above 0 and never rise with the time, got {list(weights)}; "
            f"for example {list(LUO_QI_WEIGHTS)} for three bands"
        )
    return bands.astype(np.float32), given


def _check_supply(times: TravelTimes, supply: NDArray[Any]) -> NDArray[np.float64]:
    stock = np.asarray(supply, dtype=np.float64)
    if stock.shape != times.facility_ids.shape:
        raise InputError(
            f"supply must have one value per facility of the times, got shape {stock.shape} for "
            f"{len(times.facility_ids)} facilities; take it from the table the times were computed for"
        )
    wrong = ~(np.isfinite(stock) & (stock >= 0))
    if wrong.any():
        raise InputError(
            f"supply must be finite and at least 0, not so in facilities {name_some(times.facility_ids[wrong])}; "
            "fill it in, 0 for a facility that serves nobody"
        )
    return stock
